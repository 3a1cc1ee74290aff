//! Long work beside the interpreter: it is released meanwhile, and Ctrl-C is heard.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

use super::errors::SerinusError;

/// How long Ctrl-C may wait.
const TICK: Duration = Duration::from_millis(50);

enum Note<T> {
    Say(String),
    Done(T),
}

/// Says how far the work is.
pub(super) type Tell<'a> = &'a (dyn Fn(String) + Sync);

/// Runs the work on a thread of its own. On Ctrl-C it raises at once; the thread ends by itself, and its answer is
/// dropped. What the work tells goes to `sys.stderr`.
pub(super) fn run<T: Send + 'static>(py: Python<'_>, work: impl FnOnce(Tell<'_>) -> T + Send + 'static) -> PyResult<T> {
    let (send, mut receive) = channel();
    let worker = move |send: Sender<Note<T>>| {
        let teller = std::sync::Mutex::new(send.clone());
        let tell = |text: String| {
            if let Ok(send) = teller.lock() {
                let _ = send.send(Note::Say(text));
            }
        };
        // No one listens after Ctrl-C.
        let _ = send.send(Note::Done(work(&tell)));
    };
    thread::Builder::new()
        .name("serinus".to_owned())
        .spawn(move || worker(send))
        .map_err(|e| SerinusError::new_err(format!("no thread could be started: {e}")))?;
    loop {
        let (back, note) = py.detach(move || {
            let note = receive.recv_timeout(TICK);
            (receive, note)
        });
        receive = back;
        match note {
            Ok(Note::Done(answer)) => return Ok(answer),
            Ok(Note::Say(text)) => {
                let stderr = py.import("sys")?.getattr("stderr")?;
                if !stderr.is_none() {
                    stderr.call_method1("write", (format!("{text}\n"),))?;
                }
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => return Err(failed()),
        }
    }
}

/// Runs work that ends before Ctrl-C would be heard on this thread; what it tells is not said.
pub(super) fn run_here<T: Send>(py: Python<'_>, work: impl FnOnce(Tell<'_>) -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(|| work(&|_| {})))).map_err(|_| failed())
}

fn failed() -> PyErr {
    SerinusError::new_err("serinus failed inside; this is a fault of the library, please report it with the data")
}
