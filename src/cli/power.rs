//! `fluidcheck power`.

use std::process::ExitCode;

use clap::Args;

use super::common::{check_claims, probability};
use super::long_run::{LongRun, LongRunOptions};
use super::output::{Failure, print, print_json};
use crate::checkpoint::Run;
use crate::report;
use crate::suite::power_matrix::{self, Check, Depth, Matrix, Options};

#[derive(Args)]
pub struct Arguments {
    /// Run only the pairs that the claims list
    #[arg(long)]
    quick: bool,
    /// Run only these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Seed of all cases and paths
    #[arg(long, default_value_t = Options::default().seed, allow_negative_numbers = true)]
    seed: u64,
    /// Error probability of each statistical check
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "1e-6")]
    alpha: f64,
    #[command(flatten)]
    long_run: LongRunOptions,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    check_claims("--only", arguments.only.iter())?;
    let options = Options {
        seed: arguments.seed,
        alpha: arguments.alpha,
        depth: if arguments.quick { Depth::Listed } else { Depth::Full },
        only: arguments.only.clone(),
    };
    let claims = power_matrix::claims_of(&options);
    let fits = |kept: &Vec<Check>| match kept.iter().all(|check| check.is_in(&claims)) {
        true => Ok(()),
        false => Err("it has a check that this run does not have".to_owned()),
    };
    let what = (power_matrix::most_checks(&options) as u64, "checks");
    let run = LongRun::open(&arguments.long_run, Run::of_power(&options), what, fits)?;
    let json = arguments.long_run.json;
    let known = options.clone();
    let matrix = run.watch(
        move |kept| drop(report(&Matrix::of(&known, kept), json)),
        |earlier| {
            run.bar.set_position(earlier.len() as u64);
            power_matrix::resume(&options, earlier, &|check| {
                run.update(|kept| kept.push(check.clone()));
                run.bar.inc(1);
            })
        },
    );
    report(&matrix, json)?;
    Ok(ExitCode::from(u8::from(!matrix.is_complete())))
}

fn report(matrix: &Matrix, json: bool) -> Result<(), Failure> {
    match json {
        true => print_json(&report::power_text::json(matrix)),
        false => print(&report::power_text::text(matrix, true)),
    }
}
