//! Ctrl-C and termination: say what is known so far, then end.

use std::io::{self, Write};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The exit code of a command that was interrupted, as shells have it for the signal of Ctrl-C.
pub const INTERRUPTED: i32 = 130;

type Words = Box<dyn FnOnce() + Send>;

/// What is done at the first signal; the lock is held while it is, so that nothing else is printed
/// between.
static LAST_WORDS: Mutex<Option<Words>> = Mutex::new(None);

fn last_words() -> MutexGuard<'static, Option<Words>> {
    LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C (or a termination signal) ends the process with exit code 130, after one line
/// or what [`on_interrupt`] says.
///
/// Where no handler can be set the signal keeps its default effect, which is to end the process
/// without last words.
pub fn install() {
    on_interrupt(|| say("interrupted: no result"));
    let _ = ctrlc::try_set_handler(|| {
        let mut words = last_words();
        if let Some(words) = words.take() {
            words();
        }
        process::exit(INTERRUPTED);
    });
}

/// Does this in place of the one line: on a thread of its own, while the work goes on.
pub fn on_interrupt(words: impl FnOnce() + Send + 'static) {
    *last_words() = Some(Box::new(words));
}

/// The work is done and its result about to be printed: a signal from here on adds nothing to it.
/// Does not return where one came before.
pub fn finishing() {
    *last_words() = None;
}

/// One line on stderr. Nobody is left to tell where that cannot be written.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
