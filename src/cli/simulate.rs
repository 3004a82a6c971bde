//! `fluidcheck simulate`.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::common::{SystemOptions, probability, put_policy, rates_object, times, unequal_rates};
use super::interrupt::say;
use super::long_run::{LongRun, LongRunOptions};
use super::output::{Failure, print, print_json, warn};
use super::steady_state::require_steady_state;
use crate::checkpoint::Run;
use crate::estimate::{
    Intervals, Options, SteadyKept, SteadyRun, Transient, TransientKept, TransientRun, beforehand,
};
use crate::model::Model;
use crate::theory::mean_field::{self, Start};
use crate::theory::stability::critical_load_of;

mod steady;
mod table;

use self::steady::print_steady_state;
use self::table::{Columns, columns, levels, line};

#[derive(Args, Clone)]
pub struct Arguments {
    #[command(flatten)]
    system: SystemOptions,
    /// Simulate the state at --times from --start instead of the steady state
    #[arg(long)]
    transient: bool,
    /// Times of a transient
    #[arg(long, value_delimiter = ',', value_parser = times, default_value = "0.5,1,2,5",
        allow_negative_numbers = true)]
    times: Vec<f64>,
    /// State at time 0 of a transient: empty, level:3 (3 tasks at each server), geometric:0.9
    /// (independent queues with P(X >= i) = 0.9^i)
    #[arg(long, default_value = "empty")]
    start: String,
    /// Seed of all paths
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Number of independent replications [default: as many as --precision needs; 1000 for a
    /// transient]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    replications: Option<u64>,
    /// Probability that all intervals hold at once
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "0.95")]
    confidence: f64,
    /// Stop when the interval of the mean queue length has this relative half-width
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "0.01")]
    precision: f64,
    /// Kind of intervals
    #[arg(long, value_enum, default_value = "guaranteed")]
    intervals: IntervalKind,
    /// Event budget over all replications and pilots
    #[arg(long, default_value_t = 400_000_000, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
    /// Time budget, including the time before a run was resumed; the result then depends on the
    /// speed of the machine
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    time_limit: Option<f64>,
    #[command(flatten)]
    long_run: LongRunOptions,
}

/// The kinds of intervals.
#[derive(Clone, Copy, ValueEnum)]
enum IntervalKind {
    /// Hold at the stated confidence for any number of replications; wide if there are few
    Guaranteed,
    /// Student's t over replications, the usual approximation, for large graphs
    Student,
}

impl From<IntervalKind> for Intervals {
    fn from(kind: IntervalKind) -> Self {
        match kind {
            IntervalKind::Guaranteed => Self::Guaranteed,
            IntervalKind::Student => Self::Student,
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1e9 => Ok(value),
        _ => Err("must be a positive number of seconds, such as 30".to_owned()),
    }
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let start = Start::parse(&arguments.start)?;
    let model = arguments.system.model()?;
    let options = Options {
        seed: arguments.seed,
        confidence: arguments.confidence,
        precision: arguments.precision,
        events: arguments.events,
        replications: arguments.replications,
        intervals: arguments.intervals.into(),
        time_limit: arguments.time_limit.map(Duration::from_secs_f64),
    };
    if arguments.transient {
        transient(arguments, &model, &start, &options)
    } else {
        steady_state(arguments, &model, &options)
    }
}

fn steady_state(
    arguments: &Arguments,
    model: &Model,
    options: &Options,
) -> Result<ExitCode, Failure> {
    require_steady_state(model)?;
    let resumed = |kept: &Option<SteadyKept>| {
        let resume = |kept| SteadyRun::resume(model, options, kept).ok_or_else(misfit);
        kept.as_ref().map(resume).transpose()
    };
    let of = Run::of_estimate(&words(arguments), model, "the steady state", options);
    let what = (options.events, "events of the budget");
    let run = LongRun::open(&arguments.long_run, of, what, |kept| resumed(kept).map(|_| ()))?;
    let tell = {
        let (arguments, model, options) = (arguments.clone(), model.clone(), options.clone());
        move |kept: Option<SteadyKept>| {
            let known = match kept {
                Some(kept) => SteadyRun::resume(&model, &options, &kept).map(|run| run.estimate()),
                None => beforehand(&model),
            };
            match known {
                Some(known) => {
                    let _ = print_steady_state(&arguments, &model, &known, true);
                }
                None => nothing_known(),
            }
        }
    };
    let estimate = run.watch(tell, |earlier| {
        let mut work = match resumed(&earlier) {
            Ok(Some(work)) => work,
            _ => SteadyRun::new(model, options)?,
        };
        while !work.is_done() {
            work.advance();
            run.update(|kept| *kept = work.kept());
            run.bar.set_position(work.events().min(options.events));
        }
        Ok::<_, Failure>(work.estimate())
    })?;
    if estimate.start_error.is_none() {
        warn(&uncertified(model));
    }
    if estimate.replications == 0 {
        warn(
            "the event budget allows no replication: raise --events; the bounds follow from the \
             critical load alone",
        );
    } else if !estimate.precise && arguments.replications.is_none() {
        warn(
            "the budget ran out before the precision was reached: raise --events, --time-limit or \
             --precision",
        );
    }
    print_steady_state(arguments, model, &estimate, false)?;
    Ok(ExitCode::SUCCESS)
}

/// Why nothing bounds how far the steady state is above the upper start.
fn uncertified(model: &Model) -> String {
    let policy = model.policy();
    if !policy.is_monotone() {
        return format!(
            "`{policy}` does not keep the order of two systems on common marks: the intervals span \
             what copies from empty and from above show, and are not certified"
        );
    }
    let why = match critical_load_of(model).map(|critical| critical.stable(model.load().exact())) {
        Ok(Some(true)) => format!("no start above the steady state of `{policy}` is known"),
        Ok(_) => "lambda is not certified to be below the critical load".to_owned(),
        Err(_) => format!("no load is known below which `{policy}` has a steady state"),
    };
    format!(
        "{why}: the upper ends are not certified; they assume that the start is above the steady \
         state"
    )
}

fn transient(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    options: &Options,
) -> Result<ExitCode, Failure> {
    let times = &arguments.times[..];
    let accuracy = mean_field::Options::default();
    let field = model
        .limit_d()
        .map(|d| mean_field::solve(model.lambda(), d, start, times, &accuracy))
        .transpose()?;
    let resumed = |kept: &Option<TransientKept>| {
        let resume =
            |kept| TransientRun::resume(model, start, times, options, kept).ok_or_else(misfit);
        kept.as_ref().map(resume).transpose()
    };
    let at: Vec<_> = times.iter().map(f64::to_string).collect();
    let at = format!("times {} from {start}", at.join(","));
    let of = Run::of_estimate(&words(arguments), model, &at, options);
    let what = (options.events, "events of the budget");
    let run = LongRun::open(&arguments.long_run, of, what, |kept| resumed(kept).map(|_| ()))?;
    let tell = {
        let (arguments, model, options) = (arguments.clone(), model.clone(), options.clone());
        let (start, field) = (start.clone(), field.clone());
        move |kept: Option<TransientKept>| {
            let Some(kept) = kept else { return nothing_known() };
            let resumed = TransientRun::resume(&model, &start, &arguments.times, &options, &kept);
            if let Some(run) = resumed {
                let field = field.as_ref();
                let _ = print_transient(&arguments, &model, &start, &run.estimate(), field, true);
            }
        }
    };
    let estimate = run.watch(tell, |earlier| {
        let mut work = match resumed(&earlier) {
            Ok(Some(work)) => work,
            _ => TransientRun::new(model, start, times, options)?,
        };
        while !work.is_done() {
            work.advance()?;
            run.update(|kept| *kept = work.kept());
            run.bar.set_position(work.events().min(options.events));
        }
        Ok::<_, Failure>(work.estimate())
    })?;
    print_transient(arguments, model, start, &estimate, field.as_ref(), false)?;
    Ok(ExitCode::SUCCESS)
}

/// The words by which the user names the graph.
fn words(arguments: &Arguments) -> String {
    arguments.system.options.arguments(&arguments.system.graph).join(" ")
}

fn misfit() -> String {
    "its sums cannot come from such a run".to_owned()
}

fn nothing_known() {
    say("interrupted before the first replication finished: no result");
}

fn note(partial: bool) -> &'static str {
    if partial { "PARTIAL: interrupted after these replications.\n" } else { "" }
}

impl Arguments {
    fn joint_confidence(&self) -> String {
        let Self { confidence, intervals, .. } = self;
        format!("all intervals hold at once with probability {confidence}{}", intervals.words().1)
    }
}

impl IntervalKind {
    /// The name for programs, and what is added to a confidence.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Guaranteed => ("guaranteed", ""),
            Self::Student => ("student", ", approximately (Student's t)"),
        }
    }
}

fn print_transient(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    estimate: &Transient,
    field: Option<&mean_field::Trajectory>,
    partial: bool,
) -> Result<(), Failure> {
    if arguments.long_run.json {
        let at: Vec<_> = estimate
            .times
            .iter()
            .zip(estimate.q.iter().zip(&estimate.mean_queue_length))
            .enumerate()
            .map(|(at, (t, (q, mean)))| {
                let limit = field.map(|field| &field.q[at]);
                json!({
                    "t": t, "q": levels(q), "mean_queue_length": mean,
                    "mean_field": limit,
                    "mean_field_mean_queue_length": limit.map(|q| q.iter().sum::<f64>()),
                })
            })
            .collect();
        let mut value = json!({
            "graph": arguments.system.graph, "partial": partial, "lambda": model.lambda(),
            "start": start.to_string(),
            "seed": arguments.seed, "confidence": arguments.confidence, "times": estimate.times,
            "at": at,
            "isolated_task_types": model.graph().isolated_task_types().len(),
            "rates": rates_object(model.graph()),
            "replications": estimate.replications, "events": estimate.events,
            "events_per_second": estimate.events as f64 / estimate.seconds,
            "seconds": estimate.seconds,
        });
        put_policy(&mut value, model.policy());
        return print_json(&value);
    }
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}, lambda = {}, {}, from {start}",
        arguments.system.graph,
        model.load().exact(),
        model.policy()
    );
    if let Some(rates) = unequal_rates(model.graph()) {
        let limit = field.map(|_| "; (3.5) is the limit for equal rates").unwrap_or_default();
        let _ = writeln!(text, "task types arrive at rates {rates}{limit}");
    }
    columns(&mut text, Columns::One, field.map(|_| "(3.5)"));
    for (at, t) in estimate.times.iter().enumerate() {
        let _ = writeln!(text, "t = {t}");
        for (i, e) in (1..).zip(&estimate.q[at]) {
            let target = field.map(|field| field.q[at].get(i - 1).copied().unwrap_or(0.0));
            line(&mut text, &format!("q_{i}"), e, None, target);
        }
        let mean = estimate.mean_queue_length[at];
        let _ = write!(text, "{:>18}  {mean:>9.6}", "mean queue length");
        if let Some(field) = field {
            let limit: f64 = field.q[at].iter().sum();
            let _ = write!(text, "  {:>9}  {:>9}  {limit:>9.6}", "", "");
        }
        text.push('\n');
    }
    let (confidence, seed) = (arguments.joint_confidence(), arguments.seed);
    let (replications, events) = (estimate.replications, estimate.events);
    let _ = writeln!(
        text,
        "{confidence}\n{replications} independent replications, seed {seed}, {events} events"
    );
    text.push_str(note(partial));
    print(&text)
}
