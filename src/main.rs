//! The `serinus` command.

fn main() -> std::process::ExitCode {
    serinus::cli::main(std::env::args_os())
}
