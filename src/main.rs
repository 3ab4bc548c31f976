//! Parses arguments, runs the command, ends with its exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    hsmboot::cli::main()
}
