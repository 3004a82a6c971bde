//! The command `fluidcheck`.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::todo, clippy::unimplemented))]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
