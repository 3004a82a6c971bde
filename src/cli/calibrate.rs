//! `fluidcheck calibrate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::common::{check_claims, probability};
use super::interrupt::{finishing, on_interrupt, say};
use super::long_run::bar;
use super::output::{Failure, print, print_json, warn};
use crate::checkpoint::{Lines, Run};
use crate::instruments::UnderCheck;
use crate::report;
use crate::suite::calibration::{self, Options, RunResult};
use crate::suite::{self, Input, battery};

#[derive(Args)]
pub struct Arguments {
    /// Number of runs of the suite, each with the next seed
    #[arg(long, default_value_t = 10, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    runs: u64,
    /// Run only these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave out these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    except: Vec<String>,
    /// Error probability of a run and of each test that is tried: large, so that errors are seen
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "0.1")]
    alpha: f64,
    /// Seed of the first run
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Number of streams on which each test and interval is tried; 0 skips them
    #[arg(long, default_value_t = 100_000, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    streams: u64,
    /// Save each finished run as a line of FILE; run the same command again to resume, with more
    /// --runs to extend
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Show no progress bar
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    check_claims("--only, --except", arguments.only.iter().chain(&arguments.except))?;
    let inputs = battery::inputs();
    let suite = suite::Options {
        seed: arguments.seed,
        alpha: arguments.alpha,
        only: arguments.only.clone(),
        except: arguments.except.clone(),
        ..suite::Options::default()
    };
    let checks = suite::selection(&inputs, &suite).len() as u64;
    let options = Options { runs: arguments.runs, suite, streams: arguments.streams };
    let (kept, earlier) = match &arguments.checkpoint {
        Some(path) => Kept::open(path, &inputs, &options)?,
        None => (Kept::default(), Vec::new()),
    };
    let bar = bar(checks * arguments.runs, "checks", arguments.quiet);
    bar.set_position(checks * (earlier.len() as u64).min(arguments.runs));
    let (last, for_last, runs) = (kept.clone(), bar.clone(), arguments.runs);
    on_interrupt(move || {
        for_last.finish_and_clear();
        last.last_words(runs);
    });
    let calibration = calibration::resume(
        UnderCheck::reference(),
        &inputs,
        &options,
        earlier,
        &|run, row| {
            bar.set_message(format!(", run {}, last: {}", run + 1, row.claim.id));
            bar.inc(1);
        },
        &mut |result| bar.suspend(|| kept.add(result)),
        &|trial| bar.set_message(format!(", last: {} on {}", trial.procedure, trial.source)),
    );
    kept.end();
    finishing();
    bar.finish_and_clear();
    if arguments.json {
        print_json(&report::calibration_text::json(&calibration))?;
    } else {
        print(&report::calibration_text::text(&calibration))?;
    }
    Ok(ExitCode::from(u8::from(!calibration.excesses().is_empty())))
}

/// The file of the finished runs, if there is to be one.
#[derive(Clone, Default)]
struct Kept(Option<Arc<Mutex<Saved>>>);

struct Saved {
    lines: Lines,
    name: String,
    /// Runs in the file.
    runs: u64,
    /// Runs that could not be written yet.
    unwritten: u64,
}

impl Kept {
    /// Opens the file; also the runs that it has.
    fn open(
        path: &Path,
        inputs: &[Input],
        options: &Options,
    ) -> Result<(Self, Vec<RunResult>), Failure> {
        let claims = calibration::claims_of(inputs, &options.suite);
        let fits = |run, result: &RunResult| result.fits(&claims, options, run);
        let run = Run::of_calibration(inputs, &options.suite);
        let opened = Lines::open(path, &run, fits)?;
        let (name, runs) = (path.display().to_string(), opened.found.len() as u64);
        if let Some(line) = opened.torn {
            say(&format!("{name}: line {line} has no end and was dropped: its run is repeated"));
        }
        if runs > 0 {
            say(&format!("resumed: {runs} runs from {name}"));
        }
        let saved = Saved { lines: opened.lines, name, runs, unwritten: 0 };
        Ok((Self(Some(Arc::new(Mutex::new(saved)))), opened.found))
    }

    /// Adds a run. A file that cannot be written is told and tried again after the next run.
    fn add(&self, result: &RunResult) {
        let Some(saved) = &self.0 else { return };
        let mut saved = saved.lock().unwrap_or_else(PoisonError::into_inner);
        match saved.lines.add(result) {
            Ok(()) => {
                saved.runs += saved.unwritten + 1;
                saved.unwritten = 0;
            }
            Err(error) => {
                if saved.unwritten == 0 {
                    warn(&format!("{error}; the calibration continues and tries again"));
                }
                saved.unwritten += 1;
            }
        }
    }

    /// Says so where the file lacks runs in the end.
    fn end(&self) {
        let Some(saved) = &self.0 else { return };
        let saved = saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.unwritten > 0 {
            warn(&format!("{}: could not save the last {} runs", saved.name, saved.unwritten));
        }
    }

    /// What is told at a signal, once no line is being written.
    fn last_words(&self, runs: u64) {
        let Some(saved) = &self.0 else { return say("interrupted: no result") };
        let saved = saved.lock().unwrap_or_else(PoisonError::into_inner);
        say(&format!(
            "interrupted: {} of {runs} runs are in {}, run the same command again to resume",
            saved.runs.min(runs),
            saved.name
        ));
    }
}
