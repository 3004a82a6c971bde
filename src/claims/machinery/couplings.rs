//! Each system of a coupled pair, looked at alone, is the model.
//!
//! The order of the two systems is checked by `prop-3.9-samples` and `prop-3.9-mass`; here are their marginals, the thinned
//! one at its own load. Given the state, an event adds a task at server v with probability lambda / (1 + lambda_upper) times the
//! mean of (4.12) over task types, and takes one from a busy server with probability 1 / ((1 + lambda_upper) N).

use super::super::{Claim, Evidence, Expected, Hypothesis, Kind, Scope, Setting, Verdict};
use super::indicator::Indicator;
use super::{evidence, seed};
use crate::coupling::Coupling;
use crate::faults::Fault;
use crate::model::{Load, Model};
use crate::randomness::stream_rng;
use crate::ratio;
use crate::subject::random_lengths;

/// Marginals of the couplings.
pub(super) const COUPLING_LAW: Claim = Claim {
    id: "coupling-law",
    source: "Proposition 3.9, (4.13)",
    statement: "each system of the three couplings of the crate, alone, gains and loses tasks with the probabilities of the model at its load",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::ServersAtMost(12)],
    rejects: &[Fault::OneSampleMore],
    check: coupling_law,
};

const FEATURES: [&str; 4] = ["an arrival", "a departure", "an arrival at the last server", "a departure from the last server"];

/// Events of a coupling: enough for the rarest feature on the largest graph.
const MOST_EVENTS: u64 = 200_000;

fn coupling_law(setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let n = model.graph().n_servers();
    let own_seed = seed(setting, "coupling-law");
    let Ok(less) = Load::new(model.load().exact() * ratio::ratio(5, 7)) else {
        return evidence(Verdict::Violated, 0, "five sevenths of the load are refused".to_owned());
    };
    let couplings = [
        ("shared marks", Coupling::SharedMarks, model.load().clone()),
        ("thinning", Coupling::Thinned { lower: less.clone() }, less),
        ("shared mass", Coupling::SharedMass, model.load().clone()),
    ];
    // Two systems of three couplings, each with all features.
    let share = setting.alpha / (6 * FEATURES.len()) as f64;
    let mut cases = 0;
    for (at, (name, coupling, lower_load)) in couplings.into_iter().enumerate() {
        let lower = random_lengths(&mut stream_rng(own_seed, at as u64), n, 2);
        let upper = lower.iter().map(|x| x + 1).collect();
        let mut pair = match setting.subject.coupled(model, coupling, own_seed, at as u64, lower, upper) {
            Ok(pair) => pair,
            Err(error) => return evidence(Verdict::Violated, cases, format!("{name}: {error}")),
        };
        let mut tests = [FEATURES, FEATURES].map(|features| features.map(Indicator::new));
        let loads = [lower_load.value(), model.load().value()];
        for event in 0..MOST_EVENTS * u64::from(setting.plan.effort) {
            let before = [pair.pair().lower().lengths().to_vec(), pair.pair().upper().lengths().to_vec()];
            if let Err(error) = pair.step() {
                return evidence(Verdict::Violated, cases, format!("{name}: {error}"));
            }
            let after = [pair.pair().lower().lengths(), pair.pair().upper().lengths()];
            for (((before, after), load), tests) in before.iter().zip(after).zip(loads).zip(&mut tests) {
                observe(model, load, before, after, tests);
            }
            cases += 1;
            if !event.is_multiple_of(256) {
                continue;
            }
            let verdicts: Vec<Verdict> = tests.iter().flatten().map(|test| test.verdict(share)).collect();
            if let Some(at) = verdicts.iter().position(|&verdict| verdict == Verdict::Violated) {
                let system = if at < FEATURES.len() { "lower" } else { "upper" };
                let what = FEATURES[at % FEATURES.len()];
                return evidence(
                    Verdict::Violated,
                    cases,
                    format!("{name}, {system} system, rejected after {event} events: {what}"),
                );
            }
            if verdicts.iter().all(|&verdict| verdict == Verdict::Holds) {
                break;
            }
        }
        if tests.iter().flatten().any(|test| test.verdict(share) != Verdict::Holds) {
            return evidence(Verdict::Inconclusive, cases, format!("{name}: {cases} events exclude too little"));
        }
    }
    evidence(Verdict::Holds, cases, format!("{cases} events exclude tilts of 0.3 in the log-odds"))
}

/// Puts one event of one system before its tests.
fn observe(model: &Model, load: f64, before: &[u32], after: &[u32], tests: &mut [Indicator; FEATURES.len()]) {
    let n = before.len();
    let (m, rate) = (model.graph().n_task_types(), 1.0 + model.load().value());
    let joins = (0..n).find(|&v| after[v] > before[v]);
    let leaves = (0..n).find(|&v| after[v] < before[v]);
    let busy = before.iter().filter(|&&x| x > 0).count() as f64;
    let last = n as u32 - 1;
    let to_last: f64 = (0..m)
        .filter(|&w| model.graph().servers_of(w).contains(last))
        .flat_map(|w| model.assignment_f64(w, before))
        .filter(|&(v, _)| v == last)
        .map(|(_, p)| p / f64::from(m))
        .sum();
    let ring = 1.0 / (rate * n as f64);
    let from_last = if before[n - 1] > 0 { ring } else { 0.0 };
    tests[0].observe(joins.is_some(), load / rate);
    tests[1].observe(leaves.is_some(), busy * ring);
    tests[2].observe(joins == Some(n - 1), load / rate * to_last);
    tests[3].observe(leaves == Some(n - 1), from_last);
}
