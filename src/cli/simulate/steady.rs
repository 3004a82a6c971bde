//! What `simulate` says of the steady state.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Arguments;
use super::table::{Columns, columns, interval, levels, line, quantile_line};
use crate::cli::common::{put_policy, rates_object};
use crate::cli::delay;
use crate::cli::output::{Failure, print, print_json};
use crate::estimate::{Estimated, Intervals, SteadyState};
use crate::model::Model;
use crate::theory::mean_field::fixed_point_vec;

/// Adds Student's interval to a guaranteed one.
fn beside(mut interval: Value, (lower, upper): (f64, f64)) -> Value {
    interval["student"] = json!({ "lower": lower, "upper": upper });
    interval
}

fn with_student(levels: Vec<Value>, student: &[(f64, f64)]) -> Vec<Value> {
    levels.into_iter().zip(student).map(|(level, &ends)| beside(level, ends)).collect()
}

/// How many levels have an interval that says more than the level below it and kappa do; the first
/// two are always told.
fn told(q: &[Estimated], kappa: f64) -> usize {
    let says_more = |at: &usize| {
        let (below, level) = (q[at - 1], q[*at]);
        level.lower > 0.0 || level.upper < below.upper * kappa * (1.0 - 1e-9)
    };
    (2..q.len()).rev().find(says_more).map_or(q.len().min(2), |last| last + 1)
}

pub(super) fn print_steady_state(
    arguments: &Arguments,
    model: &Model,
    estimate: &SteadyState,
    partial: bool,
) -> Result<(), Failure> {
    let (lambda, d) = (model.lambda(), model.limit_d());
    let fixed_point = d.map(|d| fixed_point_vec(lambda, d, estimate.q.len()));
    let limit: Option<f64> = d.map(|d| fixed_point_vec(lambda, d, 4096).iter().sum());
    let limit_delay = delay::limit(model);
    let shown = told(&estimate.q, estimate.kappa);
    let student = estimate.student.mean_queue_length;
    let student_of_delay = estimate.student.mean_delay;
    if arguments.long_run.json {
        let mut value = json!({
            "graph": arguments.system.graph,
            "partial": partial,
            "lambda": lambda,
            "seed": arguments.seed,
            "confidence": arguments.confidence,
            "intervals": arguments.intervals.words().0,
            "q": with_student(levels(&estimate.q[..shown]), &estimate.student.q),
            "levels_cut": estimate.q.len() - shown,
            "mean_queue_length": beside(interval(&estimate.mean_queue_length), student),
            "mean_delay": beside(interval(&estimate.mean_delay), student_of_delay),
            "delay": estimate.delay.map(|found| delay::object(&found, delay::interval)),
            "delay_over_fixed_point": estimate.delay.zip(limit_delay).map(|(found, limit)| {
                delay::object(&delay::ratio(&found, &limit), delay::interval)
            }),
            "fixed_point_delay": limit_delay.map(|limit| delay::object(&limit, delay::value)),
            "fixed_point": fixed_point,
            "fixed_point_mean_queue_length": limit,
            "kappa": (estimate.kappa < 1.0).then_some(estimate.kappa),
            "start_level": estimate.start_level,
            "start_error": estimate.start_error,
            "certified": estimate.start_error.is_some(),
            "isolated_task_types": model.graph().isolated_task_types().len(),
            "rates": rates_object(model.graph()),
            "replications": estimate.replications,
            "coalesced": estimate.met,
            "precision_reached": estimate.precise,
            "events": estimate.events,
            "events_per_second": estimate.events as f64 / estimate.seconds,
            "seconds": estimate.seconds,
        });
        put_policy(&mut value, model.policy());
        return print_json(&value);
    }
    let mut text = arguments.system.heading("steady state", model);
    let kinds = match Intervals::from(arguments.intervals) {
        Intervals::Guaranteed => Columns::Both,
        Intervals::Student => Columns::One,
    };
    columns(&mut text, kinds, d.map(|_| "q*"));
    let other = |ends| (kinds == Columns::Both).then_some(ends);
    for (i, (e, &ends)) in estimate.q.iter().zip(&estimate.student.q).enumerate().take(shown) {
        let limit = fixed_point.as_ref().map(|q| q[i]);
        line(&mut text, &format!("q_{}", i + 1), e, other(ends), limit);
    }
    line(&mut text, "mean queue length", &estimate.mean_queue_length, other(student), limit);
    if let Some(found) = &estimate.delay {
        let limit_mean = limit_delay.map(|limit| limit.mean.value);
        line(&mut text, "mean delay", &estimate.mean_delay, other(student_of_delay), limit_mean);
        for (name, value, limit) in delay::quantiles(found, limit_delay.as_ref()) {
            quantile_line(&mut text, kinds, &name, &value, limit);
        }
        if estimate.replications > 0 {
            text.push_str(&delay::compared(found, limit_delay.as_ref()));
        }
    }
    if estimate.q.len() > shown {
        let cut = estimate.q.len() - shown;
        let _ = writeln!(text, "{cut} further levels: nothing beyond what the last one implies");
    }
    let confidence = match kinds {
        Columns::One => arguments.joint_confidence(),
        Columns::Both => format!(
            "all guaranteed intervals hold at once with probability {}, Student's approximately",
            arguments.confidence
        ),
    };
    let _ = writeln!(text, "{confidence}\n{}", delay::ASSUMED);
    let (replications, seed) = (estimate.replications, arguments.seed);
    if replications == 0 {
        let _ = writeln!(
            text,
            "no replication: these bounds follow from E q_(i+1) <= {:.6} E q_i",
            estimate.kappa
        );
    } else {
        let certified = match estimate.start_error {
            Some(error) => format!("adds {error:.1e} to upper ends"),
            None => "a guess, not certified".to_owned(),
        };
        let (level, events) = (estimate.start_level, estimate.events);
        let rate = events as f64 / estimate.seconds;
        let _ = writeln!(
            text,
            "{replications} replications, bracketed from empty and from {level} tasks at each \
             server ({certified})\nseed {seed}, {events} events, {rate:.2e} per second",
        );
    }
    text.push_str(super::note(partial));
    print(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_say_nothing_of_their_own_are_not_told() {
        let level = |lower: f64, upper: f64| Estimated {
            mean: f64::midpoint(lower, upper),
            lower,
            upper,
            standard_error: 0.0,
        };
        let implied = [level(0.5, 0.5), level(0.0, 0.25), level(0.0, 0.125)];
        assert_eq!((told(&implied, 0.5), told(&implied[..1], 0.5)), (2, 1));
        let seen = [level(0.5, 0.5), level(0.0, 0.25), level(0.01, 0.125), level(0.0, 0.0625)];
        assert_eq!(told(&seen, 0.5), 3);
        let less = [level(0.5, 0.5), level(0.0, 0.25), level(0.0, 0.125), level(0.0, 0.06)];
        assert_eq!(told(&less, 0.5), 4);
    }
}
