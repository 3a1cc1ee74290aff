//! Where results go: standard output, or a file that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::fault::Fault;

/// Writes to a file, or to standard output when there is none or it is `-`.
pub(super) fn write(to: Option<&Path>, text: &str) -> Result<(), Fault> {
    match to {
        Some(path) if path != Path::new("-") => {
            replace(path, text).map_err(|source| Fault::Output { path: path.display().to_string(), source })
        }
        _ => {
            let mut out = io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            written.map_err(|source| Fault::Output { path: "standard output".to_owned(), source })
        }
    }
}

/// Adds to the end of a file, which is made when it is not there.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Fault> {
    let add = || OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes());
    add().map_err(|source| Fault::Output { path: path.display().to_string(), source })
}

/// Writes beside the file and renames: a reader sees the old content or the new, never a part.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // Devices and pipes are written to, not replaced; a link is followed, so that it stays a link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|m| !m.is_file()) {
        return OpenOptions::new().write(true).open(&path)?.write_all(text.as_bytes());
    }
    let (temporary, mut file) = beside(&path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let kept = fs::metadata(&path).map(|m| m.permissions());
    let done = written.and_then(|()| {
        if let Ok(permissions) = kept {
            fs::set_permissions(&temporary, permissions)?;
        }
        fs::rename(&temporary, &path)
    });
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy().into_owned();
    let mut attempt = 0_u32;
    loop {
        let temporary = path.with_file_name(format!(".{name}.{}.{attempt}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}
