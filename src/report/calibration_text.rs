//! The calibration of the suite as text and as one JSON object.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::claims::Kind;
use crate::suite::calibration::{Alarm, Calibration, Tally};
use crate::suite::trials::Trial;

/// Claim by claim, then the tests and intervals, the false alarms, and the verdict.
pub fn text(calibration: &Calibration) -> String {
    let mut text = String::new();
    let width =
        calibration.tallies.iter().map(|tally| tally.claim.id.len()).max().unwrap_or(0).max(5);
    let _ = writeln!(
        text,
        "{:width$}  {:>8}  {:>8}  {:>8}  {:>12}  {:>10}  runs with an alarm (95 %)",
        "claim", "checks", "alarms", "runs", "inconclusive", "budget"
    );
    for tally in &calibration.tallies {
        let Tally {
            claim, checks, alarms, runs_with_alarm, inconclusive, budget, interval, ..
        } = tally;
        let budget = match claim.kind {
            Kind::Statistical => format!("{budget:.2e}"),
            _ => "none".to_owned(),
        };
        let _ = writeln!(
            text,
            "{:width$}  {checks:>8}  {alarms:>8}  {runs_with_alarm:>8}  {inconclusive:>12}  \
            {budget:>10}  [{:.4}, {:.4}]",
            claim.id, interval.0, interval.1
        );
    }
    if !calibration.trials.is_empty() {
        let _ = writeln!(
            text,
            "\n{:26}  {:36}  {:>8}  {:>8}  error probability",
            "test or interval", "source", "streams", "errors"
        );
        for Trial { procedure, source, alpha, streams, errors, lower, upper } in &calibration.trials
        {
            let _ = writeln!(
                text,
                "{procedure:26}  {source:36}  {streams:>8}  {errors:>8}  in [{lower:.4}, \
                 {upper:.4}], stated {alpha}"
            );
        }
    }
    if !calibration.alarms.is_empty() {
        text.push_str("\nFalse alarms\n");
        for Alarm { seed, id, graph, verdict, summary, replay, .. } in &calibration.alarms {
            let graph = graph.as_deref().unwrap_or("its own graphs");
            let _ = writeln!(text, "  seed {seed}: {id} is {verdict} on {graph}: {summary}");
            let _ = writeln!(text, "    {replay}");
        }
    }
    let excesses = calibration.excesses();
    if !excesses.is_empty() {
        text.push_str("\nAbove the budget by more than chance allows, or crashed\n");
        for excess in &excesses {
            let _ = writeln!(text, "  {excess}");
        }
    }
    let _ = writeln!(
        text,
        "\n{} of {} runs (seeds from {}) had a false alarm; the budget allows {} in expectation \
         (alpha = {:e}): {}.",
        calibration.runs_with_alarm,
        calibration.runs,
        calibration.seed,
        calibration.runs as f64 * calibration.alpha,
        calibration.alpha,
        if excesses.is_empty() { "within the budget" } else { "NOT within the budget" }
    );
    text
}

/// `{"runs", "seed", "alpha", "runs_with_alarm", "lower", "upper", "within_budget", "excesses", "claims": [...], "alarms": [...], "tests": [...]}`.
pub fn json(calibration: &Calibration) -> Value {
    let claim = |tally: &Tally| {
        json!({
            "id": tally.claim.id, "kind": tally.claim.kind, "checks": tally.checks,
            "alarms": tally.alarms, "runs_with_alarm": tally.runs_with_alarm,
            "inconclusive": tally.inconclusive, "crashes": tally.crashes, "budget": tally.budget,
            "lower": tally.interval.0, "upper": tally.interval.1,
        })
    };
    let claims: Vec<_> = calibration.tallies.iter().map(claim).collect();
    let alarm = |Alarm { seed, id, graph, policy, verdict, summary, replay }: &Alarm| {
        json!({
            "seed": seed, "id": id, "graph": graph, "policy": policy, "verdict": verdict,
            "evidence": summary, "replay": replay,
        })
    };
    let alarms: Vec<_> = calibration.alarms.iter().map(alarm).collect();
    let excesses = calibration.excesses();
    json!({
        "runs": calibration.runs, "seed": calibration.seed, "alpha": calibration.alpha,
        "runs_with_alarm": calibration.runs_with_alarm,
        "lower": calibration.interval.0, "upper": calibration.interval.1,
        "within_budget": excesses.is_empty(), "excesses": excesses, "claims": claims,
        "alarms": alarms,
        "tests": calibration.trials,
    })
}
