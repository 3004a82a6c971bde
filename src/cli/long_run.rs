//! Long runs: what is wrapped around the work of `verify`, `power` and `simulate`. A bar shows the
//! progress, a file keeps it, and a signal prints what is known.

use std::path::PathBuf;
use std::process;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::common::shows_progress;
use super::interrupt::{INTERRUPTED, finishing, on_interrupt, say};
use super::output::{self, Failure, warn};
use crate::checkpoint::{Keeper, Progress, Run};
use crate::estimate::{SteadyKept, TransientKept};
use crate::suite::{Finished, power_matrix::Check};

/// The options of every long run.
#[derive(Args, Clone)]
pub struct LongRunOptions {
    /// Save progress to FILE; run the same command again to resume
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Show no progress bar
    #[arg(long)]
    quiet: bool,
}

/// What a command keeps of its run.
pub trait Kept: Clone {
    /// Before the first part is finished.
    const NOTHING: Progress;

    /// Its place in the progress of a run, if that is one of this command.
    fn of(progress: &mut Progress) -> Option<&mut Self>;

    /// How much is finished; `None` if nothing is.
    fn amount(&self) -> Option<String>;
}

macro_rules! kept {
    ($kept:ty, $variant:ident, $nothing:expr, $amount:expr) => {
        impl Kept for $kept {
            const NOTHING: Progress = Progress::$variant($nothing);

            fn of(progress: &mut Progress) -> Option<&mut Self> {
                match progress {
                    Progress::$variant(kept) => Some(kept),
                    _ => None,
                }
            }

            fn amount(&self) -> Option<String> {
                $amount(self)
            }
        }
    };
}

fn checks<T>(list: &[T]) -> Option<String> {
    (!list.is_empty()).then(|| format!("{} checks", list.len()))
}

kept!(Vec<Finished>, Verify, Vec::new(), |list: &Self| checks(list));
kept!(Vec<Check>, Power, Vec::new(), |list: &Self| checks(list));
kept!(Option<SteadyKept>, Steady, None, |kept: &Self| {
    kept.as_ref().map(|kept| format!("{} replications", kept.replications()))
});
kept!(Option<TransientKept>, Transient, None, |kept: &Self| {
    kept.as_ref().map(|kept| format!("{} replications", kept.replications()))
});

/// A run that is watched.
pub struct LongRun<K> {
    keeper: Arc<Keeper>,
    file: Option<PathBuf>,
    /// The bar; hidden unless stderr is a terminal.
    pub bar: ProgressBar,
    earlier: K,
}

impl<K: Kept> LongRun<K> {
    /// Opens the checkpoint, if there is to be one. `fits` says why what it has cannot be of this
    /// run; the bar counts `most` of `what`.
    ///
    /// # Errors
    /// A checkpoint that cannot be used.
    pub fn open(
        options: &LongRunOptions,
        run: Run,
        (most, what): (u64, &str),
        fits: impl Fn(&K) -> Result<(), String>,
    ) -> Result<Self, Failure> {
        let keeper = match &options.checkpoint {
            None => Keeper::in_memory(run, K::NOTHING),
            Some(path) => {
                let complain =
                    |error: &_| warn(&format!("{error}; the run continues and tries again"));
                let fits = |progress: &Progress| match K::of(&mut progress.clone()) {
                    Some(kept) => fits(kept),
                    None => Err("it keeps another kind of progress".to_owned()),
                };
                Keeper::open(path, run, K::NOTHING, fits, Box::new(complain))?
            }
        };
        let earlier: K = known(&keeper);
        if let (Some(path), Some(amount)) = (&options.checkpoint, earlier.amount()) {
            say(&format!("resumed: {amount} from {}", path.display()));
        }
        let bar = bar(most, what, options.quiet);
        Ok(Self { keeper: Arc::new(keeper), file: options.checkpoint.clone(), bar, earlier })
    }

    /// Does the work, from what is known from earlier. Ends the process at a signal, after `tell`
    /// has told what is known then.
    pub fn watch<T>(&self, tell: impl FnOnce(K) + Send + 'static, work: impl FnOnce(K) -> T) -> T {
        let (keeper, file, bar) = (self.keeper.clone(), self.file.clone(), self.bar.clone());
        on_interrupt(move || {
            bar.finish_and_clear();
            say(&interrupted(&keeper, file.as_ref()));
            tell(known(&keeper));
        });
        let result = work(self.earlier.clone());
        if let (Some(path), false) = (&self.file, self.keeper.flush()) {
            warn(&format!("{}: could not save the finished run", path.display()));
        }
        finishing();
        self.bar.finish_and_clear();
        result
    }

    /// Keeps more.
    pub fn update(&self, change: impl FnOnce(&mut K)) {
        self.keeper.update(|progress| {
            if let Some(kept) = K::of(progress) {
                change(kept);
            }
        });
    }

    /// Ends the process, since nobody can read the results any more.
    pub fn abandon(&self, failure: Failure) -> ! {
        finishing();
        self.bar.finish_and_clear();
        self.keeper.flush();
        process::exit(match failure {
            Failure::ClosedPipe => INTERRUPTED,
            message => output::report(message).into(),
        })
    }
}

fn known<K: Kept>(keeper: &Keeper) -> K {
    let mut progress = keeper.progress();
    K::of(&mut progress).cloned().expect("a keeper is opened with progress of this kind")
}

fn interrupted(keeper: &Keeper, file: Option<&PathBuf>) -> String {
    let Some(path) = file.map(|path| path.display()) else { return "interrupted".to_owned() };
    if keeper.flush() {
        format!("interrupted: progress saved to {path}, run the same command again to resume")
    } else {
        format!(
            "interrupted: could not save the latest progress to {path}, which holds an earlier \
             state at best"
        )
    }
}

/// A bar that counts `most` of `what`, on a terminal only.
pub fn bar(most: u64, what: &str, quiet: bool) -> ProgressBar {
    if !shows_progress(quiet) {
        return ProgressBar::hidden();
    }
    let template = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{elapsed}}{{msg}}");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(most).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
