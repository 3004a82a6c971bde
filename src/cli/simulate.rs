//! `fluidcheck simulate`.

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::checkpoint::CheckpointOptions;
use super::common::{
    GraphOptions, ModelOptions, probability, rates_object, shows_progress, times, unequal_rates,
};
use super::interrupt::{finishing, on_interrupt, say};
use super::output::{Failure, print, print_json, warn};
use super::steady_state::require_steady_state;
use crate::checkpoint::{Keeper, Progress, Run};
use crate::estimate::{
    Estimated, Intervals, Options, SteadyRun, SteadyState, Transient, TransientRun,
};
use crate::model::Model;
use crate::theory::mean_field::{self, Start, fixed_point_vec};

#[derive(Args, Clone)]
pub struct Arguments {
    /// Graph file or spec
    #[arg(value_name = "GRAPH")]
    graph: String,
    #[command(flatten)]
    options: GraphOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// The state at --times from --start, in place of the steady state
    #[arg(long)]
    transient: bool,
    /// Times of a transient
    #[arg(long, value_delimiter = ',', value_parser = times, default_value = "0.5,1,2,5", allow_negative_numbers = true)]
    times: Vec<f64>,
    /// Start of a transient: empty, level:3, geometric:0.9 (independent and alike over the servers)
    #[arg(long, default_value = "empty")]
    start: String,
    /// Seed of all paths
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Exactly this many independent replications; without it, as many as --precision needs (a
    /// transient: 1000)
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    replications: Option<u64>,
    /// Probability with which all intervals hold together
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "0.95")]
    confidence: f64,
    /// Relative half-width of the mean queue length's interval at which to stop
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "0.01")]
    precision: f64,
    /// How intervals are made
    #[arg(long, value_enum, default_value = "guaranteed")]
    intervals: IntervalKind,
    /// Most events to spend, all replications together
    #[arg(long, default_value_t = 400_000_000, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
    /// Most seconds to spend, those before a resumption included; the result then depends on the
    /// machine's speed
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    time_limit: Option<f64>,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

/// The kinds of intervals.
#[derive(Clone, Copy, ValueEnum)]
enum IntervalKind {
    /// Hold at the stated confidence whatever the number of replications; wide where these are few
    Guaranteed,
    /// Student's t over replications, the usual approximation: for large graphs
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
    arguments.model.load()?;
    let start = Start::parse(&arguments.start)?;
    let graph = arguments.options.load(&arguments.graph)?;
    let model = arguments.model.model(graph)?;
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
    let resumed = |progress: &Progress| match progress {
        Progress::Steady(Some(kept)) => {
            SteadyRun::resume(model, options, kept).map(Some).ok_or_else(misfit)
        }
        Progress::Steady(None) => Ok(None),
        _ => Err(misfit()),
    };
    let what = Run::of_estimate(&words(arguments), model, "the steady state", options);
    let keeper =
        open(arguments, what, Progress::Steady(None), |progress| resumed(progress).map(|_| ()))?;
    {
        let (keeper, arguments, model, options) =
            (keeper.clone(), arguments.clone(), model.clone(), options.clone());
        on_interrupt(move || {
            arguments.checkpoint.interrupted(&keeper);
            let known = keeper.progress();
            let Progress::Steady(Some(kept)) = &known else { return nothing_known() };
            if let Some(run) = SteadyRun::resume(&model, &options, kept) {
                let _ = print_steady_state(&arguments, &model, &run.estimate(), true);
            }
        });
    }
    let mut run = match resumed(&keeper.progress()) {
        Ok(Some(run)) => run,
        _ => SteadyRun::new(model, options)?,
    };
    let bar = progress(arguments.quiet, options);
    bar.set_position(run.events());
    while !run.is_done() {
        run.advance();
        keeper.update(|progress| *progress = Progress::Steady(run.kept()));
        bar.set_position(run.events().min(options.events));
    }
    arguments.checkpoint.finished(&keeper);
    finishing();
    bar.finish_and_clear();
    let estimate = run.estimate();
    if estimate.start_error.is_none() {
        warn(
            "rho(G) >= 1: the upper ends are not certified, they rest on a guess of a start above the steady state",
        );
    }
    if !estimate.precise && arguments.replications.is_none() {
        warn(
            "the budget ended before the precision was reached: allow more with --events, ask for less with --precision, or \
             on large graphs take the usual approximate --intervals student",
        );
    }
    print_steady_state(arguments, model, &estimate, false)?;
    Ok(ExitCode::SUCCESS)
}

fn transient(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    options: &Options,
) -> Result<ExitCode, Failure> {
    let times = &arguments.times[..];
    let field = mean_field::solve(
        model.lambda(),
        model.d(),
        start,
        times,
        &mean_field::Options::default(),
    )?;
    let resumed = |progress: &Progress| match progress {
        Progress::Transient(Some(kept)) => {
            TransientRun::resume(model, start, times, options, kept).map(Some).ok_or_else(misfit)
        }
        Progress::Transient(None) => Ok(None),
        _ => Err(misfit()),
    };
    let at: Vec<_> = times.iter().map(f64::to_string).collect();
    let what = Run::of_estimate(
        &words(arguments),
        model,
        &format!("times {} from {start}", at.join(",")),
        options,
    );
    let keeper =
        open(arguments, what, Progress::Transient(None), |progress| resumed(progress).map(|_| ()))?;
    {
        let (keeper, arguments, model, options) =
            (keeper.clone(), arguments.clone(), model.clone(), options.clone());
        let (start, field) = (start.clone(), field.clone());
        on_interrupt(move || {
            arguments.checkpoint.interrupted(&keeper);
            let known = keeper.progress();
            let Progress::Transient(Some(kept)) = &known else { return nothing_known() };
            if let Some(run) =
                TransientRun::resume(&model, &start, &arguments.times, &options, kept)
            {
                let _ = print_transient(&arguments, &model, &start, &run.estimate(), &field, true);
            }
        });
    }
    let mut run = match resumed(&keeper.progress()) {
        Ok(Some(run)) => run,
        _ => TransientRun::new(model, start, times, options)?,
    };
    let bar = progress(arguments.quiet, options);
    bar.set_position(run.events());
    while !run.is_done() {
        run.advance()?;
        keeper.update(|progress| *progress = Progress::Transient(run.kept()));
        bar.set_position(run.events().min(options.events));
    }
    arguments.checkpoint.finished(&keeper);
    finishing();
    bar.finish_and_clear();
    print_transient(arguments, model, start, &run.estimate(), &field, false)?;
    Ok(ExitCode::SUCCESS)
}

/// The words by which the user names the graph.
fn words(arguments: &Arguments) -> String {
    arguments.options.arguments(&arguments.graph).join(" ")
}

fn open(
    arguments: &Arguments,
    run: Run,
    nothing: Progress,
    fits: impl Fn(&Progress) -> Result<(), String>,
) -> Result<Arc<Keeper>, Failure> {
    let amount = |progress: &Progress| {
        let replications = match progress {
            Progress::Steady(kept) => kept.as_ref()?.replications(),
            Progress::Transient(kept) => kept.as_ref()?.replications(),
            _ => return None,
        };
        Some(format!("{replications} replications"))
    };
    arguments.checkpoint.open(run, nothing, fits, amount)
}

fn misfit() -> String {
    "its sums are not those of such a run".to_owned()
}

fn nothing_known() {
    say("no replication has ended: nothing is known");
}

fn progress(quiet: bool, options: &Options) -> ProgressBar {
    if !shows_progress(quiet) {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} events of the budget, {elapsed}");
    ProgressBar::new(options.events)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn interval(e: &Estimated) -> Value {
    json!({ "mean": e.mean, "lower": e.lower, "upper": e.upper, "standard_error": e.standard_error })
}

fn levels(q: &[Estimated]) -> Vec<Value> {
    (1..)
        .zip(q)
        .map(|(i, e)| json!({ "i": i, "mean": e.mean, "lower": e.lower, "upper": e.upper, "standard_error": e.standard_error }))
        .collect()
}

fn print_steady_state(
    arguments: &Arguments,
    model: &Model,
    estimate: &SteadyState,
    partial: bool,
) -> Result<(), Failure> {
    let fixed_point = fixed_point_vec(model.lambda(), model.d(), estimate.q.len());
    let limit: f64 = fixed_point_vec(model.lambda(), model.d(), 4096).iter().sum();
    let isolated = model.graph().isolated_task_types().len();
    if arguments.json {
        return print_json(&json!({
            "graph": arguments.graph,
            "partial": partial,
            "lambda": model.lambda(),
            "d": model.d(),
            "seed": arguments.seed,
            "confidence": arguments.confidence,
            "intervals": if matches!(arguments.intervals, IntervalKind::Guaranteed) { "guaranteed" } else { "student" },
            "q": levels(&estimate.q),
            "mean_queue_length": interval(&estimate.mean_queue_length),
            "mean_delay": interval(&estimate.mean_delay),
            "fixed_point": fixed_point,
            "fixed_point_mean_queue_length": limit,
            "start_level": estimate.plan.start.level,
            "start_error": estimate.start_error,
            "isolated_task_types": isolated,
            "rates": rates_object(model.graph()),
            "replications": estimate.replications,
            "coalesced": estimate.met,
            "precision_reached": estimate.precise,
            "events": estimate.events,
            "events_per_second": estimate.events as f64 / estimate.seconds,
            "seconds": estimate.seconds,
        }));
    }
    let mut text = String::new();
    let _ = writeln!(
        text,
        "steady state of {}, lambda = {}, d = {}",
        arguments.graph,
        model.load().exact(),
        model.d()
    );
    if isolated > 0 {
        let _ = writeln!(text, "{isolated} task types have no server: their tasks are lost");
    }
    if let Some(rates) = unequal_rates(model.graph()) {
        let _ =
            writeln!(text, "task types arrive at rates {rates}; q* is the limit for equal rates");
    }
    let _ = writeln!(
        text,
        "{:>18}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
        "", "mean", "s.e.", "lower", "upper", "q*"
    );
    for ((i, e), target) in (1..).zip(&estimate.q).zip(&fixed_point) {
        line(&mut text, &format!("q_{i}"), e, Some(*target));
    }
    line(&mut text, "mean queue length", &estimate.mean_queue_length, Some(limit));
    line(&mut text, "mean delay", &estimate.mean_delay, Some(limit / model.lambda()));
    let certified = match estimate.start_error {
        Some(error) => format!("but for {error:.1e}"),
        None => "by a guess, not certified".to_owned(),
    };
    let _ = writeln!(
        text,
        "all intervals hold together with probability {}{}; {} replications bracketed from empty and from {} tasks everywhere ({certified})\nseed {}, {} events, {:.2e} a second",
        arguments.confidence,
        approximately(arguments.intervals),
        estimate.replications,
        estimate.plan.start.level,
        arguments.seed,
        estimate.events,
        estimate.events as f64 / estimate.seconds,
    );
    note_partial(&mut text, partial);
    print(&text)
}

fn note_partial(text: &mut String, partial: bool) {
    if partial {
        text.push_str("PARTIAL: interrupted after these replications.\n");
    }
}

fn approximately(kind: IntervalKind) -> &'static str {
    match kind {
        IntervalKind::Guaranteed => "",
        IntervalKind::Student => ", approximately (Student's t)",
    }
}

fn line(text: &mut String, name: &str, e: &Estimated, target: Option<f64>) {
    let _ = write!(
        text,
        "{name:>18}  {:>9.6}  {:>9.6}  {:>9.6}  {:>9.6}",
        e.mean, e.standard_error, e.lower, e.upper
    );
    let _ = match target {
        Some(target) => writeln!(text, "  {target:>9.6}"),
        None => writeln!(text),
    };
}

fn print_transient(
    arguments: &Arguments,
    model: &Model,
    start: &Start,
    estimate: &Transient,
    field: &mean_field::Trajectory,
    partial: bool,
) -> Result<(), Failure> {
    if arguments.json {
        let at: Vec<_> = estimate
            .times
            .iter()
            .zip(&estimate.q)
            .zip(field.q.iter().zip(&estimate.mean_queue_length))
            .map(|((t, q), (limit, mean))| {
                json!({
                    "t": t, "q": levels(q), "mean_queue_length": mean,
                    "mean_field": limit, "mean_field_mean_queue_length": limit.iter().sum::<f64>(),
                })
            })
            .collect();
        return print_json(&json!({
            "graph": arguments.graph, "partial": partial, "lambda": model.lambda(), "d": model.d(), "start": start.to_string(),
            "seed": arguments.seed, "confidence": arguments.confidence, "times": estimate.times, "at": at,
            "isolated_task_types": model.graph().isolated_task_types().len(), "rates": rates_object(model.graph()),
            "replications": estimate.replications, "events": estimate.events,
            "events_per_second": estimate.events as f64 / estimate.seconds, "seconds": estimate.seconds,
        }));
    }
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}, lambda = {}, d = {}, from {start}",
        arguments.graph,
        model.load().exact(),
        model.d()
    );
    if let Some(rates) = unequal_rates(model.graph()) {
        let _ = writeln!(
            text,
            "task types arrive at rates {rates}; (3.5) is the limit for equal rates"
        );
    }
    let _ = writeln!(
        text,
        "{:>18}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
        "", "mean", "s.e.", "lower", "upper", "(3.5)"
    );
    for (at, t) in estimate.times.iter().enumerate() {
        let _ = writeln!(text, "t = {t}");
        for (i, e) in (1..).zip(&estimate.q[at]) {
            line(
                &mut text,
                &format!("q_{i}"),
                e,
                Some(field.q[at].get(i - 1).copied().unwrap_or(0.0)),
            );
        }
        let limit: f64 = field.q[at].iter().sum();
        let _ = writeln!(
            text,
            "{:>18}  {:>9.6}  {:>9}  {:>9}  {limit:>9.6}",
            "mean queue length", estimate.mean_queue_length[at], "", ""
        );
    }
    let _ = writeln!(
        text,
        "all intervals hold together with probability {}{}; {} independent replications, seed {}, {} events",
        arguments.confidence,
        approximately(arguments.intervals),
        estimate.replications,
        arguments.seed,
        estimate.events
    );
    note_partial(&mut text, partial);
    print(&text)
}
