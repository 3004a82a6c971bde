//! The calibration of the suite as text and as one JSON object.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::claims::Kind;
use crate::suite::calibration::{Calibration, Tally};

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
        let Tally { claim, checks, alarms, runs_with_alarm, inconclusive, budget, interval } =
            tally;
        let budget = if claim.kind == Kind::Statistical {
            format!("{budget:.2e}")
        } else {
            "none".to_owned()
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
        for trial in &calibration.trials {
            let _ = writeln!(
                text,
                "{:26}  {:36}  {:>8}  {:>8}  in [{:.4}, {:.4}], stated {}",
                trial.procedure,
                trial.source,
                trial.streams,
                trial.errors,
                trial.lower,
                trial.upper,
                trial.alpha
            );
        }
    }
    if !calibration.alarms.is_empty() {
        text.push_str("\nFalse alarms\n");
        for alarm in &calibration.alarms {
            let graph = alarm.row.graph.as_deref().unwrap_or("its own graphs");
            let evidence = &alarm.row.evidence;
            let _ = writeln!(
                text,
                "  seed {}: {} is {} on {graph}: {}",
                alarm.seed, alarm.row.claim.id, evidence.verdict, evidence.summary
            );
        }
    }
    let excesses = calibration.excesses();
    if !excesses.is_empty() {
        text.push_str("\nAbove the budget by more than chance allows\n");
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
    let claims: Vec<_> = calibration
        .tallies
        .iter()
        .map(|tally| {
            json!({
                "id": tally.claim.id, "kind": tally.claim.kind, "checks": tally.checks,
                "alarms": tally.alarms,
                "runs_with_alarm": tally.runs_with_alarm, "inconclusive": tally.inconclusive,
                "budget": tally.budget,
                "lower": tally.interval.0, "upper": tally.interval.1,
            })
        })
        .collect();
    let alarms: Vec<_> = calibration
        .alarms
        .iter()
        .map(|alarm| {
            json!({
                "seed": alarm.seed, "id": alarm.row.claim.id, "graph": alarm.row.graph,
                "verdict": alarm.row.evidence.verdict, "evidence": alarm.row.evidence.summary,
            })
        })
        .collect();
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
