//! `fluidcheck power`.

use std::process::ExitCode;

use clap::Args;

use super::common::{check_claims, probability, progress_bar};
use super::output::{Failure, print, print_json};
use fluidcheck::power::{self, Depth, Options};
use fluidcheck::report;

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
    let bar = progress_bar(0, arguments.quiet);
    let matrix = power::matrix(&options, &|all| {
        bar.set_length(all as u64);
        bar.inc(1);
    });
    bar.finish_and_clear();
    if arguments.json {
        print_json(&report::power::json(&matrix))?;
    } else {
        print(report::power::text(&matrix, true).as_bytes())?;
    }
    Ok(ExitCode::from(u8::from(!matrix.is_complete())))
}
