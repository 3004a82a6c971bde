//! `--checkpoint FILE`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::interrupt::say;
use super::output::{Failure, warn};
use crate::checkpoint::{Keeper, Progress, Run};

#[derive(Args, Clone)]
pub struct CheckpointOptions {
    /// Keep what is finished in this file; the same command goes on from there, to the same result
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl CheckpointOptions {
    /// What is known from earlier, or `nothing`, and where it is kept. `amount` says how much it
    /// is, for a line on stderr.
    pub fn open(
        &self,
        run: Run,
        nothing: Progress,
        fits: impl Fn(&Progress) -> Result<(), String>,
        amount: impl Fn(&Progress) -> Option<String>,
    ) -> Result<Arc<Keeper>, Failure> {
        let Some(path) = &self.checkpoint else {
            return Ok(Arc::new(Keeper::in_memory(run, nothing)));
        };
        let complain =
            |error: &_| warn(&format!("{error}; the run goes on without, and tries again"));
        let keeper = Keeper::open(path, run, nothing, fits, Box::new(complain))?;
        if let Some(amount) = amount(&keeper.progress()) {
            say(&format!("resumed: {amount} from {}", path.display()));
        }
        Ok(Arc::new(keeper))
    }

    /// Writes what is known as the last words before the process ends.
    pub fn interrupted(&self, keeper: &Keeper) {
        match &self.checkpoint {
            None => say("interrupted"),
            Some(path) if keeper.flush() => {
                say(&format!(
                    "interrupted: {} has what is finished, the same command goes on from there",
                    path.display()
                ));
            }
            Some(path) => say(&format!(
                "interrupted: {} could not be written and has an earlier state at best",
                path.display()
            )),
        }
    }

    /// Writes what is known before the result is printed.
    pub fn finished(&self, keeper: &Keeper) {
        if let (Some(path), false) = (&self.checkpoint, keeper.flush()) {
            warn(&format!("{}: the finished run could not be kept in it", path.display()));
        }
    }
}
