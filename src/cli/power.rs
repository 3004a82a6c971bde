//! `fluidcheck power`.

use std::process::ExitCode;

use clap::Args;

use super::checkpoint::CheckpointOptions;
use super::common::{check_claims, probability, progress_bar};
use super::interrupt::{finishing, on_interrupt};
use super::output::{Failure, print, print_json};
use crate::checkpoint::{Progress, Run};
use crate::report;
use crate::suite::power_matrix::{self, Check, Depth, Matrix, Options};

#[derive(Args)]
pub struct Arguments {
    /// Only the pairs that the claims list
    #[arg(long)]
    quick: bool,
    /// Only these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Seed of all cases and paths
    #[arg(long, default_value_t = Options::default().seed, allow_negative_numbers = true)]
    seed: u64,
    /// Error probability of each statistical check
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "1e-6")]
    alpha: f64,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    check_claims("--only", arguments.only.iter())?;
    let options = Options {
        seed: arguments.seed,
        alpha: arguments.alpha,
        depth: if arguments.quick { Depth::Listed } else { Depth::Full },
        only: arguments.only.clone(),
    };
    let most = power_matrix::most_checks(&options);
    let keeper = arguments.checkpoint.open(
        Run::of_power(&options),
        Progress::Power(Vec::new()),
        |progress| fits(progress, &options),
        |progress| {
            Some(finished(progress))
                .filter(|list| !list.is_empty())
                .map(|list| format!("{} of at most {most} checks", list.len()))
        },
    )?;
    let earlier = finished(&keeper.progress());
    let bar = progress_bar(most as u64, arguments.quiet);
    bar.set_position(earlier.len() as u64);
    {
        let (keeper, options, bar) = (keeper.clone(), options.clone(), bar.clone());
        let (checkpoint, json) = (arguments.checkpoint.clone(), arguments.json);
        on_interrupt(move || {
            bar.finish_and_clear();
            checkpoint.interrupted(&keeper);
            let _ = report(&Matrix::of(&options, finished(&keeper.progress())), json);
        });
    }
    let matrix = power_matrix::resume(&options, earlier, &|check| {
        keeper.update(|progress| {
            if let Progress::Power(list) = progress {
                list.push(check.clone());
            }
        });
        bar.inc(1);
    });
    arguments.checkpoint.finished(&keeper);
    finishing();
    bar.finish_and_clear();
    report(&matrix, arguments.json)?;
    Ok(ExitCode::from(u8::from(!matrix.is_complete())))
}

/// The checks that a checkpoint has.
fn finished(progress: &Progress) -> Vec<Check> {
    match progress {
        Progress::Power(list) => list.clone(),
        _ => Vec::new(),
    }
}

fn fits(progress: &Progress, options: &Options) -> Result<(), String> {
    let Progress::Power(list) = progress else {
        return Err("it keeps another kind of progress".to_owned());
    };
    let claims = power_matrix::claims_of(options);
    if list.iter().all(|check| check.is_in(&claims)) {
        Ok(())
    } else {
        Err("it has a check that this run has not".to_owned())
    }
}

fn report(matrix: &Matrix, json: bool) -> Result<(), Failure> {
    if json {
        print_json(&report::power_text::json(matrix))
    } else {
        print(&report::power_text::text(matrix, true))
    }
}
