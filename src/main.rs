//! The command `fluidcheck`.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::todo, clippy::unimplemented))]

fn main() -> std::process::ExitCode {
    fluidcheck::cli::main()
}
