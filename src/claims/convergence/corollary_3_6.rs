//! Corollary 3.6: regular sequences with diverging degree converge, those of degree 3 do not.
//!
//! Random, circulant (deterministic), and disjoint unions of complete graphs (many components), k =
//! sqrt(N). Degree 3 is the control: it is looked at from empty, where every E sum_(i >= 3) q_i(t)
//! is a lower bound on that of the steady state, and its excess over sum_(i >= 3) q*_i one on the
//! l1 distance from q*. That excess does not fall with N, and is certified to be above [`AWAY`];
//! both limits of the sequences lie below it, so that a sequence that stays where degree 3 is
//! fails.
//!
//! # Source
//! Corollary 3.6; section 5 for degree 3.

use super::states_at_times::states;
use super::steady_distance::{SteadyState, distance, sum_from};
use super::{limit, model, most};
use crate::claims::parts::{Findings, Part, exactly};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::graph::generate::{self, GenerateError};

/// With D for this sum, on random regular graphs, circulants and unions of complete graphs with k =
/// sqrt(N): E min(3/2 b, D) <= b = 0.055 at N = 1296 and 0.035 at N = 3600; random regular graphs
/// with k = 3: E D >= 0.06 at N = 10^3 and 10^4 (lambda = 3/5, d = 2).
pub(crate) const COR_3_6: Claim = Claim {
    id: "cor-3.6",
    source: "Corollary 3.6, section 5",
    paper: &["Corollary 3.6"],
    statement: "E sum_i |q_i(infinity) - q*_i| falls with N on regular graphs with k = sqrt(N), \
        and does not for k = 3",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a mean distance from q* of 0.035 for k = 60; one below 0.06 for k = 3",
        observations: 500,
        unit: "replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::SAMPLED_FROM_EVERYWHERE, faults::ONE_SAMPLE_LESS],
    run: cor_3_6,
};

const LAMBDA: f64 = 0.6;
const D: u32 = 2;

/// When degree 3 is looked at from empty.
const TIME: f64 = 20.0;

/// By how much degree 3 stays away from q*.
const AWAY: f64 = 0.06;

/// k of the sequences, and the limits of their distances.
const LIMITS: [(u32, f64); 2] = [(36, 0.055), (60, 0.035)];

type Sequence = (&'static str, fn(u32, u64) -> Result<BipartiteGraph, GenerateError>);

/// Sequences with N = k^2 servers and degree k, as functions of k and a seed.
const SEQUENCES: [Sequence; 3] = [
    ("random regular", |k, seed| generate::random_regular(k * k, k * k, k, seed)),
    ("circulant", |k, _| generate::circulant(k * k, k)),
    ("union of complete graphs", |k, _| {
        generate::disjoint_union(&vec![generate::complete(k, k)?; k as usize])
    }),
];

fn cor_3_6(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let share = setting.alpha / (2 * SEQUENCES.len() + 2) as f64;
    let fixed_point = limit(setting, LAMBDA, D);
    let mut findings = Findings::new(setting.alpha);
    for n in [1_000, 10_000] {
        let seed = setting.seed(&format!("{} degree 3", claim.id)) ^ u64::from(n);
        stays_away(setting, &mut findings, &fixed_point, (n, seed), share);
        if findings.is_violated() {
            return findings.evidence();
        }
    }
    for (name, graph) in SEQUENCES {
        for (k, limit) in LIMITS {
            let seed = setting.seed(&format!("{} {name}", claim.id));
            let model = model(graph(k, seed), LAMBDA, D);
            let Some(steady) = SteadyState::new(setting.subject, model, limit / 50.0, seed) else {
                findings.open(format!("{name}, k = {k}: rho(G) > lambda"));
                continue;
            };
            let name = format!("{name}, N = {}, k = {k}", k * k);
            let part = Part::at_most(name, (0.0, 1.5 * limit), limit, steady.error(), share);
            findings.settle_one(part, most(setting), |replication| {
                distance(&steady.draw(replication), &fixed_point, 1.0)
            });
            if findings.is_violated() {
                return findings.evidence();
            }
        }
    }
    findings.evidence()
}

/// Degree 3, from empty.
fn stays_away(
    setting: &Setting<'_>,
    findings: &mut Findings,
    fixed_point: &[f64],
    (n, seed): (u32, u64),
    share: f64,
) {
    let model = model(generate::random_regular(n, n, 3, seed), LAMBDA, D);
    let least = sum_from(fixed_point, 3) + AWAY;
    // Clipping from above makes a mean smaller, never larger.
    let name = format!("k = 3, N = {n}: E min(1, sum_(i >= 3) q_i)");
    let part = Part::at_least(name, (0.0, 1.0), least, 0.0, share);
    let start = vec![0; n as usize];
    findings.settle_one(part, most(setting), |replication| {
        let reached = states(setting, &model, seed, replication, &start, &[TIME]);
        exactly(sum_from(&reached[0], 3))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_lies_below_what_the_control_is_certified_to_keep() {
        assert!(LIMITS.iter().all(|(_, limit)| *limit < AWAY));
    }
}
