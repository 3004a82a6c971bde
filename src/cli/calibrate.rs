//! `fluidcheck calibrate`.

use std::process::ExitCode;

use clap::Args;

use super::common::{check_claims, probability};
use super::long_run::bar;
use super::output::{Failure, print, print_json};
use crate::instruments::UnderCheck;
use crate::report;
use crate::suite::calibration::{self, Options};
use crate::suite::{self, battery};

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
    let bar = bar(checks * arguments.runs, "checks", arguments.quiet);
    let calibration = calibration::run(
        UnderCheck::reference(),
        &inputs,
        &options,
        &|run, row| {
            bar.set_message(format!(", run {}, last: {}", run + 1, row.claim.id));
            bar.inc(1);
        },
        &|trial| bar.set_message(format!(", last: {} on {}", trial.procedure, trial.source)),
    );
    bar.finish_and_clear();
    if arguments.json {
        print_json(&report::calibration_text::json(&calibration))?;
    } else {
        print(&report::calibration_text::text(&calibration))?;
    }
    Ok(ExitCode::from(u8::from(!calibration.excesses().is_empty())))
}
