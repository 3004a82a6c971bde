//! `fluidcheck ode`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;

use super::common::{ModelOptions, times};
use super::output::{Failure, print, print_json};
use crate::theory::mean_field::{Options, Spectrum, Start, solve, spectral_gap};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelOptions,
    /// Times at which to print the solution
    #[arg(long, value_delimiter = ',', value_parser = times,
        default_value = "0,1,2,5,10,20,50,100", allow_negative_numbers = true)]
    times: Vec<f64>,
    /// State at time 0: empty, level:3 (3 tasks at each server), geometric:0.9 (q_i = 0.9^i)
    #[arg(long, default_value = "empty")]
    start: String,
    /// Relative tolerance of the integration
    #[arg(long, default_value_t = 1e-9, allow_negative_numbers = true)]
    tolerance: f64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let load = arguments.model.load()?;
    let (policy, d) = arguments.model.limit()?;
    let start = Start::parse(&arguments.start)?;
    let options = Options { relative_tolerance: arguments.tolerance, ..Options::default() };
    let solution = solve(load.value(), d, &start, &arguments.times, &options)?;
    let gap = spectral_gap(load.value(), d)?;
    let means: Vec<f64> = solution.q.iter().map(|q| q.iter().sum()).collect();
    if arguments.json {
        print_json(&serde_json::json!({
            "lambda": load.value(),
            "policy": policy.to_string(),
            "d": d,
            "start": start.to_string(),
            "times": solution.times,
            "q": solution.q,
            "mean_queue_length": means,
            "fixed_point": solution.fixed_point,
            "l1_to_fixed_point": solution.l1_to_fixed_point,
            "spectral_gap": gap.gap,
            "levels": solution.levels,
            "truncation_error": solution.truncation_bound,
            "integration_error": solution.integration_error,
            "steps": solution.work.steps,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let shown = 8.min(solution.levels);
    let mut text = String::new();
    let _ = writeln!(text, "(3.5) with lambda = {}, {policy}, start {start}", load.exact());
    let _ = write!(text, "{:>10}", "t");
    for i in 1..=shown {
        let _ = write!(text, "  {:>10}", format!("q_{i}"));
    }
    let _ = writeln!(text, "  {:>10}  {:>12}", "mean queue", "l1 to q*");
    let row = |text: &mut String, name: &str, q: &[f64]| {
        let _ = write!(text, "{name:>10}");
        for value in &q[..shown] {
            let _ = write!(text, "  {value:>10.6}");
        }
        let _ = write!(text, "  {:>10.6}", q.iter().sum::<f64>());
    };
    for (at, q) in solution.q.iter().enumerate() {
        row(&mut text, &solution.times[at].to_string(), q);
        let _ = writeln!(text, "  {:>12.6e}", solution.l1_to_fixed_point[at]);
    }
    row(&mut text, "q*", &solution.fixed_point);
    let _ = writeln!(text);
    let kind = match gap.spectrum {
        Spectrum::Discrete => "spectral gap",
        Spectrum::Continuous => "bottom of the continuous spectrum",
    };
    let _ = writeln!(text, "{kind} at q*: {:.12}", gap.gap);
    let _ = writeln!(
        text,
        "error: at most {1:.1e} from truncation at {0} levels, about {3:.1e} from integration \
        ({2} steps)",
        solution.levels, solution.truncation_bound, solution.work.steps, solution.integration_error
    );
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
