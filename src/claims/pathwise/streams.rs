//! Replications are driven by streams of their own.
//!
//! Two replications with the same marks are one replication counted twice, and every interval built on them is too
//! short. Equal first marks of two independent streams have the probability of a chance coincidence, and so many marks
//! are compared that it is below 10^-15.
//!
//! # Source
//! None in the paper; a fault of public simulators.

use std::collections::BTreeMap;

use super::super::cases::{Outcome, run};
use super::super::{Claim, Evidence, Expected, Kind, Scope, Setting};
use super::{path_seed, violated_at_event};
use crate::clock::Clock;
use crate::faults::Fault;
use crate::marks::{DrawnAhead, OwnedMark};
use crate::randomness::{clock_rng, coin_rng, stream_rng};
use rand::Rng;

/// Streams of replications.
pub const INDEPENDENT_STREAMS: Claim = Claim {
    id: "independent-streams",
    source: "section 5, independent replications",
    statement: "no two replications share a stream of marks or of event times, and one replication gives the same marks again, whichever thread draws them",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    hypotheses: &[],
    rejects: &[Fault::ReusedStream, Fault::SeedsByWorker],
    check: independent_streams,
};

/// Longer prefixes are not compared.
const MOST_MARKS: f64 = 4000.0;

/// How many marks two independent streams share with a probability below 10^-15.
fn n_marks(setting: &Setting<'_>) -> Option<usize> {
    let (graph, lambda) = (setting.model.graph(), setting.model.lambda());
    let d = i32::try_from(setting.model.d()).unwrap_or(i32::MAX);
    let same_arrival: f64 = (0..graph.n_task_types())
        .map(|w| {
            let of_type = graph.weight(w) as f64 / graph.total_weight() as f64;
            (graph.servers_of(w).len().max(1) as f64).powi(-d) * of_type * of_type
        })
        .sum();
    let same_mark = (1.0 / f64::from(graph.n_servers()) + lambda * lambda * same_arrival) / (1.0 + lambda).powi(2);
    let needed = (1e-15f64.ln() / same_mark.ln()).ceil();
    (needed <= MOST_MARKS).then_some(needed as usize)
}

fn independent_streams(setting: &Setting<'_>) -> Evidence {
    let Some(n_marks) = n_marks(setting) else {
        return Evidence::not_applicable(format!(
            "needs marks that differ: the first {MOST_MARKS} of independent streams may be equal by chance"
        ));
    };
    let replications: Vec<u64> = (0..6).chain([1 << 20, 1 << 40]).collect();
    run(&setting.plan, "independent-streams", 3, "seeds with eight replications", |case, _| {
        let seed = path_seed(setting, "independent-streams").wrapping_add(case);
        if let Some(found) = shared_words(seed, &replications) {
            return violated_at_event(setting, case, 0, found, &[]);
        }
        let draw = |seed: u64, replication: u64| -> Vec<OwnedMark> {
            let mut stream = setting.subject.marks(setting.model, seed, replication);
            let mut marks = DrawnAhead::new(&mut *stream, setting.model.d());
            (0..n_marks).filter_map(|_| marks.take(1).next().map(OwnedMark::from)).collect()
        };
        // Labels of the marks and times seen so far.
        let mut seen: Vec<(Vec<OwnedMark>, String)> = Vec::new();
        let mut times: BTreeMap<Vec<u64>, u64> = BTreeMap::new();
        for (seed, replication) in replications.iter().map(|&r| (seed, r)).chain([(seed ^ 1 << 63, 0)]) {
            let marks = draw(seed, replication);
            if marks != draw(seed, replication) {
                return violated_at_event(
                    setting,
                    case,
                    0,
                    format!("seed {seed}, replication {replication}: other marks when drawn again"),
                    &[],
                );
            }
            let elsewhere = std::thread::scope(|scope| scope.spawn(|| draw(seed, replication)).join());
            if !elsewhere.is_ok_and(|elsewhere| elsewhere == marks) {
                let found = format!("seed {seed}, replication {replication}: other marks when another thread draws them");
                return violated_at_event(setting, case, 0, found, &[]);
            }
            if let Some((_, other)) = seen.iter().find(|(other, _)| *other == marks) {
                let found = format!("seed {seed}, replication {replication} has the same first {n_marks} marks as {other}");
                return violated_at_event(setting, case, 0, found, &[]);
            }
            seen.push((marks, format!("seed {seed}, replication {replication}")));
            let first =
                Clock::new(setting.model.event_rate(), seed, replication).times_in(0).iter().map(|t| t.to_bits()).collect();
            if let Some(other) = times.insert(first, replication) {
                return violated_at_event(
                    setting,
                    case,
                    0,
                    format!("replications {replication} and {other} have the same event times"),
                    &[],
                );
            }
        }
        Outcome::holds(0.0)
    })
}

/// Where two generators of different purpose, seed or replication give the same 128 bits: chance has a probability below 10^-27.
fn shared_words(seed: u64, replications: &[u64]) -> Option<String> {
    let mut seen: BTreeMap<(u64, u64), String> = BTreeMap::new();
    for purpose in ["marks", "clock", "coins"] {
        for (seed, replication) in replications.iter().map(|&r| (seed, r)).chain([(seed ^ 1, 0)]) {
            let name = format!("the {purpose} of seed {seed}, replication {replication}");
            let mut rng = match purpose {
                "marks" => stream_rng(seed, replication),
                "clock" => clock_rng(seed, replication),
                _ => coin_rng(seed, replication),
            };
            for _ in 0..256 {
                if let Some(other) = seen.insert((rng.next_u64(), rng.next_u64()), name.clone()) {
                    return Some(format!("{name} share random numbers with {other}"));
                }
            }
        }
    }
    None
}
