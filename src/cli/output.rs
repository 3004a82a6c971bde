//! What goes where: results to stdout, one line of error to stderr, and the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::report::page::one_line;

/// Usage and input errors.
pub const USAGE: u8 = 2;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// Something to tell in one line, exit code 2.
    Message(String),
    /// Whoever read our output has gone: nothing is left to say.
    ClosedPipe,
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Message(error.to_string())
    }
}

/// Writes lines for people to stdout. Labels of a graph file and what a checkpoint keeps may hold
/// anything, and must not drive the terminal.
///
/// # Errors
/// As [`print_bytes`].
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(harmless(text).as_bytes())
}

/// Writes to stdout as it is.
///
/// # Errors
/// A closed pipe, or a message when stdout cannot be written (a full disk).
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Message(format!(
            "standard output: {error}: the result is incomplete; free some space or redirect it"
        )),
    })
}

/// Writes one JSON object and a line end.
///
/// # Errors
/// As [`print_bytes`].
pub fn print_json(value: &Value) -> Result<(), Failure> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::Message(error.to_string()))?;
    text.push('\n');
    print_bytes(text.as_bytes())
}

/// A note on stderr that does not end the command.
pub fn warn(message: &str) {
    let _ = writeln!(io::stderr(), "warning: {}", one_line(message));
}

/// Prints a usage error in one line, help and version as they are.
pub fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match print(&error.render().to_string()) {
                Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
                Err(failure) => finish(Err(failure)),
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(io::stderr(), "{}", error.render());
            ExitCode::from(USAGE)
        }
        _ => {
            // The first paragraph says what is wrong; the usage lines below it would make it many
            // lines.
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let before_usage = |line: &&str| !line.starts_with("Usage:");
            let said: Vec<_> = text.lines().map(str::trim).take_while(before_usage).collect();
            let said = said.join(" ");
            let said = said.split("For more information").next().unwrap_or_default();
            finish(Err(Failure::Message(format!("{} (see --help)", said.trim()))))
        }
    }
}

/// The exit code, after the last words on stderr.
pub fn finish(result: Result<ExitCode, Failure>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(report(failure)),
    }
}

/// Says why a command ended early; the exit code.
pub fn report(failure: Failure) -> u8 {
    if let Failure::Message(message) = failure {
        let _ = writeln!(io::stderr(), "error: {}", one_line(&message));
    }
    USAGE
}

/// The same for many lines.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}
