//! `fluidcheck exact`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::common::{GraphOptions, ModelOptions, rates_object, times, unequal_rates};
use super::output::{Failure, print, print_json, warn};
use crate::model::Model;
use crate::theory::exact::{self, ExactError, Law, MOST_STATES, Options};
use crate::theory::mean_field::{Start, fixed_point_vec};

#[derive(Args)]
pub struct Arguments {
    /// Graph file or spec
    #[arg(value_name = "GRAPH")]
    graph: String,
    #[command(flatten)]
    options: GraphOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// Also compute the law at these times
    #[arg(long, value_delimiter = ',', value_parser = times, allow_negative_numbers = true)]
    times: Vec<f64>,
    /// State at time 0: empty, level:3 (3 tasks at each server), geometric:0.9 (independent queues
    /// with P(X >= i) = 0.9^i)
    #[arg(long, default_value = "empty")]
    start: String,
    /// Truncate queues at B tasks [default: chosen from the target error]
    #[arg(long, value_name = "B", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(1..))]
    cap: Option<u32>,
    /// Largest number of states of a connected component
    #[arg(long, default_value_t = MOST_STATES, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(2..=100_000_000))]
    states: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.model.load()?;
    let start = Start::parse(&arguments.start)?;
    let graph = arguments.options.load(&arguments.graph)?;
    let model = arguments.model.model(graph)?;
    let options =
        Options { cap: arguments.cap, most_states: arguments.states, ..Options::default() };
    let steady = match exact::stationary(&model, &options) {
        // The law at given times needs no steady state.
        Err(error @ ExactError::NoSteadyState { .. }) if !arguments.times.is_empty() => {
            warn(&error.to_string());
            None
        }
        other => Some(other?),
    };
    let transient = exact::transient(&model, &start, &arguments.times, &options)?;
    if arguments.json {
        return print_object(arguments, &model, &start, steady.as_ref(), &transient);
    }
    print_tables(arguments, &model, &start, steady.as_ref(), &transient)
}

/// Levels that are worth showing: beyond, q_i is below what doubles can tell from 0 here.
fn levels(law: &Law) -> usize {
    law.q.iter().rposition(|q| q.value > 1e-16).map_or(0, |last| last + 1).max(20).min(law.q.len())
}

fn object(law: &Law) -> Value {
    let levels = levels(law);
    let list =
        |end: fn(&exact::Value) -> f64| law.q.iter().take(levels).map(end).collect::<Vec<_>>();
    json!({
        "q": list(|q| q.value),
        "mean_queue_length": law.mean_queue_length.value,
        "truncation_error": law.truncation_error,
        "error": law.error,
        "bounds": {
            "q": { "lower": list(|q| q.lower), "upper": list(|q| q.upper) },
            "mean_queue_length": {
                "lower": law.mean_queue_length.lower,
                "upper": law.mean_queue_length.upper,
            },
        },
        "cap": law.cap,
        "states": law.states,
    })
}

fn print_object(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    steady: Option<&Law>,
    transient: &[Law],
) -> Result<ExitCode, Failure> {
    let mut value = match steady {
        Some(law) => object(law),
        None => json!({ "q": null, "mean_queue_length": null, "truncation_error": null }),
    };
    let at: Vec<Value> = arguments
        .times
        .iter()
        .zip(transient)
        .map(|(time, law)| {
            let mut value = object(law);
            value["time"] = json!(time);
            value
        })
        .collect();
    value["graph"] = json!(arguments.graph);
    value["lambda"] = json!(model.lambda());
    value["d"] = json!(model.d());
    value["choices"] = json!(model.d());
    value["isolated_task_types"] = json!(model.graph().isolated_task_types().len());
    value["rates"] = rates_object(model.graph());
    if !arguments.times.is_empty() {
        value["start"] = json!(start.to_string());
        value["times"] = json!(arguments.times);
        value["transient"] = json!(at);
    }
    print_json(&value)?;
    Ok(ExitCode::SUCCESS)
}

fn print_tables(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    steady: Option<&Law>,
    transient: &[Law],
) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "exact law of {}, lambda = {}, d = {}",
        arguments.graph,
        model.load().exact(),
        model.d()
    );
    let isolated = model.graph().isolated_task_types().len();
    if isolated > 0 {
        let _ = writeln!(text, "{isolated} task types have no server: their tasks are lost");
    }
    if let Some(rates) = unequal_rates(model.graph()) {
        let _ =
            writeln!(text, "task types arrive at rates {rates}; q* is the limit for equal rates");
    }
    if let Some(law) = steady {
        let limit: f64 = fixed_point_vec(model.lambda(), model.d(), 4096).iter().sum();
        let fixed_point = fixed_point_vec(model.lambda(), model.d(), law.q.len());
        let _ = writeln!(text, "{:>18}  {:>14}  {:>14}", "steady state", "expected", "q*");
        for ((i, q), target) in (1..).zip(&law.q).zip(&fixed_point).take(shown(law)) {
            let _ = writeln!(text, "{:>18}  {:>14.12}  {target:>14.12}", format!("q_{i}"), q.value);
        }
        let _ = writeln!(
            text,
            "{:>18}  {:>14.12}  {limit:>14.12}",
            "mean queue length", law.mean_queue_length.value
        );
        closing(&mut text, law);
    }
    for (time, law) in arguments.times.iter().zip(transient) {
        let _ = writeln!(text, "t = {time}, from {start}");
        for (i, q) in (1..).zip(&law.q).take(shown(law)) {
            let _ = writeln!(text, "{:>18}  {:>14.12}", format!("q_{i}"), q.value);
        }
        let _ =
            writeln!(text, "{:>18}  {:>14.12}", "mean queue length", law.mean_queue_length.value);
        closing(&mut text, law);
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Levels of the table.
fn shown(law: &Law) -> usize {
    law.q.iter().rposition(|q| q.value >= 5e-7).map_or(1, |last| last + 1).min(40)
}

fn closing(text: &mut String, law: &Law) {
    let _ = writeln!(
        text,
        "error at most {:.1e}, rounding included; {:.1e} from truncation at {} tasks; {} states",
        law.error, law.truncation_error, law.cap, law.states
    );
}
