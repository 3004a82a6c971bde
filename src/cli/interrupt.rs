//! Ctrl-C: say what is known so far, then end.

use std::process;

/// The exit code of a command that was interrupted, as shells have it for the signal of Ctrl-C.
pub const INTERRUPTED: i32 = 130;

/// Runs `last_words` at the first Ctrl-C (or termination signal), on a thread of its own, and ends the process.
///
/// Where no handler can be set the signal keeps its default effect, which is to end the process without last words.
pub fn on_interrupt(last_words: impl FnOnce() + Send + 'static) {
    let mut last_words = Some(last_words);
    let _ = ctrlc::try_set_handler(move || {
        if let Some(last_words) = last_words.take() {
            last_words();
        }
        process::exit(INTERRUPTED);
    });
}
