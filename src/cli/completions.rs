//! `serinus completions`: the shell's help in typing.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::fault::Fault;
use super::{Answer, Command, output};

/// Print completions for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<Answer, Fault> {
        let mut script = Vec::new();
        generate(self.shell, &mut Command::command(), "serinus", &mut script);
        output::write(None, &String::from_utf8_lossy(&script))?;
        Ok(Answer::Done)
    }
}
