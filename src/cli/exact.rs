//! `fluidcheck exact`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::common::{SystemOptions, put_policy, rates_object, times};
use super::delay;
use super::output::{Failure, print, print_json, warn};
use crate::estimate::delay::arrivals;
use crate::model::Model;
use crate::theory::delay::Delay;
use crate::theory::exact::{self, ExactError, Law, MOST_STATES, Options};
use crate::theory::mean_field::{Start, fixed_point_vec};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    system: SystemOptions,
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
    let start = Start::parse(&arguments.start)?;
    let model = arguments.system.model()?;
    let options =
        Options { cap: arguments.cap, most_states: arguments.states, ..Options::default() };
    if !model.policy().is_markov() {
        return Err(Failure::Message(format!(
            "`{}` decides on more than the queue lengths of now, which are the states here: there \
             is no exact law, in the steady state or at given times; use `fluidcheck simulate`, or \
             `fluidcheck simulate --transient`",
            model.policy()
        )));
    }
    let steady = match steady_state(&model, &options) {
        // The law at given times needs no steady state.
        Err(Unsolved::Open(why)) if !arguments.times.is_empty() => {
            warn(&why);
            None
        }
        Err(Unsolved::Open(why)) => return Err(Failure::Message(why)),
        Err(Unsolved::Error(error)) => return Err(error.into()),
        Ok(law) => Some(law),
    };
    let transient = exact::transient(&model, &start, &arguments.times, &options)?;
    if arguments.json {
        print_json(&whole_object(arguments, &model, &start, steady.as_ref(), &transient))?;
    } else {
        print(&tables(arguments, &model, &start, steady.as_ref(), &transient))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Why there is no law of the steady state.
enum Unsolved {
    /// There is none, or none that can be told; laws at given times there are.
    Open(String),
    /// An error of any law.
    Error(ExactError),
}

/// The law of the steady state, of a policy that decides on the lengths of now.
fn steady_state(model: &Model, options: &Options) -> Result<Law, Unsolved> {
    exact::stationary(model, options).map_err(|error| match error {
        ExactError::NoCriticalLoad { .. }
        | ExactError::NoSteadyState { .. }
        | ExactError::Undecided { .. } => Unsolved::Open(error.to_string()),
        error => Unsolved::Error(error),
    })
}

/// Levels that are worth showing: beyond, q_i is below what doubles can tell from 0 here.
fn levels(law: &Law) -> usize {
    law.q.iter().rposition(|q| q.value > 1e-16).map_or(0, |last| last + 1).max(20).min(law.q.len())
}

fn object(law: &Law) -> Value {
    let (levels, mean) = (levels(law), &law.mean_queue_length);
    let list =
        |end: fn(&exact::Value) -> f64| law.q.iter().take(levels).map(end).collect::<Vec<_>>();
    json!({
        "q": list(|q| q.value),
        "mean_queue_length": mean.value,
        "truncation_error": law.truncation_error,
        "error": law.error,
        "bounds": {
            "q": { "lower": list(|q| q.lower), "upper": list(|q| q.upper) },
            "mean_queue_length": { "lower": mean.lower, "upper": mean.upper },
        },
        "cap": law.cap,
        "states": law.states,
    })
}

/// The delay of the tasks in the steady state, as far as the bounds on its law tell.
fn delay_of(model: &Model, law: &Law) -> Option<Delay> {
    // Beyond its list the law says that q_i does not increase, which is enough here.
    Delay::new(arrivals(model), &law.q, law.mean_queue_length, 1.0)
}

/// The servers one by one, by the names of the file.
fn per_server(model: &Model, law: &Law) -> Vec<Value> {
    let bounds = |value: &exact::Value| {
        let exact::Value { value, lower, upper } = value;
        json!({ "value": value, "lower": lower, "upper": upper })
    };
    let of = |(v, server): (u32, &exact::Server)| {
        json!({
            "server": model.graph().server_name(v),
            "mean_queue_length": bounds(&server.mean_queue_length),
            "busy": bounds(&server.busy),
        })
    };
    (0..).zip(&law.per_server).map(of).collect()
}

fn whole_object(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    steady: Option<&Law>,
    transient: &[Law],
) -> Value {
    let mut value = match steady {
        Some(law) => object(law),
        None => json!({ "q": null, "mean_queue_length": null, "truncation_error": null }),
    };
    let found = steady.and_then(|law| delay_of(model, law));
    value["delay"] = found.map(|found| delay::object(&found, delay::value)).into();
    if let Some(found) = &found {
        value["bounds"]["delay"] = delay::object(found, delay::bounds);
    }
    let limit = delay::limit(model);
    value["fixed_point_delay"] = limit.map(|limit| delay::object(&limit, delay::value)).into();
    let over =
        |(found, limit): (Delay, Delay)| delay::object(&delay::ratio(&found, &limit), delay::value);
    value["delay_over_fixed_point"] = found.zip(limit).map(over).into();
    let at = |(time, law): (&f64, &Law)| {
        let mut value = object(law);
        value["time"] = json!(time);
        value
    };
    let at: Vec<Value> = arguments.times.iter().zip(transient).map(at).collect();
    value["per_server"] = steady.map(|law| per_server(model, law)).into();
    value["graph"] = json!(arguments.system.graph);
    value["lambda"] = json!(model.lambda());
    put_policy(&mut value, model.policy());
    value["choices"] = json!(model.policy().paper_d());
    value["isolated_task_types"] = json!(model.graph().isolated_task_types().len());
    value["rates"] = rates_object(model.graph());
    if !arguments.times.is_empty() {
        value["start"] = json!(start.to_string());
        value["times"] = json!(arguments.times);
        value["transient"] = json!(at);
    }
    value
}

fn tables(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    steady: Option<&Law>,
    transient: &[Law],
) -> String {
    let mut text = arguments.system.heading("exact law", model);
    if let Some(law) = steady {
        let limit = model.limit_d().map(|d| {
            (fixed_point_vec(model.lambda(), d, law.q.len()), mean_at_limit(model.lambda(), d))
        });
        let column = if limit.is_some() { format!("  {:>14}", "q*") } else { String::new() };
        let _ = writeln!(text, "{:>18}  {:>14}{column}", "steady state", "expected");
        let mut row = |name: &str, value: f64, target: Option<f64>| {
            let target = target.map(|target| format!("  {target:>14.12}")).unwrap_or_default();
            let _ = writeln!(text, "{name:>18}  {value:>14.12}{target}");
        };
        for (i, q) in law.q.iter().enumerate().take(shown(law)) {
            row(&format!("q_{}", i + 1), q.value, limit.as_ref().map(|(q, _)| q[i]));
        }
        let mean = law.mean_queue_length.value;
        row("mean queue length", mean, limit.as_ref().map(|(_, mean)| *mean));
        if let Some(found) = delay_of(model, law) {
            delay_rows(&mut text, &found, delay::limit(model).as_ref());
        }
        closing(&mut text, law);
    }
    for (time, law) in arguments.times.iter().zip(transient) {
        let _ = writeln!(text, "t = {time}, from {start}");
        for (i, q) in (1..).zip(&law.q).take(shown(law)) {
            let _ = writeln!(text, "{:>18}  {:>14.12}", format!("q_{i}"), q.value);
        }
        let mean = law.mean_queue_length.value;
        let _ = writeln!(text, "{:>18}  {mean:>14.12}", "mean queue length");
        closing(&mut text, law);
    }
    text
}

/// The mean delay and its quantiles, with as many digits as their bounds can be close.
fn delay_rows(text: &mut String, found: &Delay, limit: Option<&Delay>) {
    let mean = ("mean delay".to_owned(), found.mean, limit.map(|limit| limit.mean.value));
    for (name, value, target) in [mean].into_iter().chain(delay::quantiles(found, limit)) {
        let target = target.map(|target| format!("  {target:>14.9}")).unwrap_or_default();
        let _ = writeln!(text, "{name:>18}  {:>14.9}{target}", value.value);
    }
    text.push_str(&delay::compared(found, limit));
    let error = found.rows().iter().map(|(_, value)| value.error()).fold(0.0, f64::max);
    let _ = writeln!(text, "{}; error at most {error:.1e}", delay::ASSUMED);
}

/// The mean queue length of q*.
fn mean_at_limit(lambda: f64, d: u32) -> f64 {
    fixed_point_vec(lambda, d, 4096).iter().sum()
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
