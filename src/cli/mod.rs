//! The `serinus` command. [`main`] is called by the binary and by the wheel's console script.
//!
//! Data go to standard output, talk to standard error. The exit code is 0 for promote, 1 for rollback, 2 for an error and
//! 3 for hold.

mod check;
mod completions;
mod config_args;
mod data_args;
mod demo;
mod drill;
mod fault;
mod init;
mod judge;
mod kayenta;
mod monitor;
mod output;
mod plan;
mod progress;
mod render;
mod replay;
mod report;
mod route;
mod schema;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(feature = "python")]
pub(crate) use check::told as outlook_text;
#[cfg(feature = "python")]
pub(crate) use plan::rate as requests_per_minute;

use crate::judge::Decision;
use fault::Fault;

/// Judges canary releases: promote, hold or roll back, with the evidence.
#[derive(Debug, Parser)]
#[command(
    name = "serinus",
    version,
    about,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 promote, 1 rollback, 2 error, 3 hold. Data go to standard output, talk to standard error."
)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Judge(judge::Judge),
    Demo(demo::Demo),
    Check(check::Check),
    Init(init::Init),
    Schema(schema::Schema),
    Report(report::Report),
    Kayenta(kayenta::Kayenta),
    Plan(plan::Plan),
    Replay(replay::Replay),
    Drill(drill::Drill),
    Monitor(monitor::Monitor),
    Route(route::Route),
    Completions(completions::Completions),
}

/// What a command that ran to its end says to the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It did what was asked.
    Done,
    /// It judged.
    Decision(Decision),
    /// It judged, with an exit code of the user's own for hold.
    HoldAs(u8),
}

/// Exit code of an error: usage, config or data.
const ERROR: u8 = 2;

impl Answer {
    fn code(self) -> u8 {
        match self {
            Answer::Done | Answer::Decision(Decision::Promote) => 0,
            Answer::Decision(Decision::Rollback) => 1,
            Answer::Decision(Decision::Hold) => 3,
            Answer::HoldAs(code) => code,
        }
    }
}

/// Runs the command line, the program's name being the first argument, and says how the process should end.
///
/// ```
/// // An unknown command is a fault of usage: code 2.
/// let code = serinus::cli::main(["serinus", "wobble"]);
/// assert_eq!(code, std::process::ExitCode::from(2));
/// ```
pub fn main<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    ExitCode::from(run(args))
}

/// [`main`], with the exit code as a number.
pub fn run<I, T>(args: I) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let command = match Command::try_parse_from(args) {
        Ok(command) => command,
        Err(error) => {
            // Help and version go to standard output and are no error.
            let code = if error.use_stderr() { ERROR } else { 0 };
            let _ = error.print();
            return code;
        }
    };
    match command.action.run() {
        Ok(answer) => answer.code(),
        Err(fault) if fault.is_closed_pipe() => 0,
        Err(fault) => {
            eprintln!("error: {}", fault.to_string().replace('\n', "\n  "));
            ERROR
        }
    }
}

impl Action {
    fn run(self) -> Result<Answer, Fault> {
        match self {
            Action::Judge(command) => command.run(),
            Action::Demo(command) => command.run(),
            Action::Check(command) => command.run(),
            Action::Init(command) => command.run(),
            Action::Schema(command) => command.run(),
            Action::Report(command) => command.run(),
            Action::Kayenta(command) => command.run(),
            Action::Plan(command) => command.run(),
            Action::Replay(command) => command.run(),
            Action::Drill(command) => command.run(),
            Action::Monitor(command) => command.run(),
            Action::Route(command) => command.run(),
            Action::Completions(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    #[test]
    fn each_decision_has_its_exit_code() {
        let codes = [Decision::Promote, Decision::Rollback, Decision::Hold].map(|d| Answer::Decision(d).code());
        assert_eq!(codes, [0, 1, 3]);
    }
}
