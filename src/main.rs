//! The command `fluidcheck`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
