//! The smallest effect that each statistical claim must detect, and what that takes.
//!
//! A *holds* excludes every system that is off by the effect or more: without a number here it
//! would say nothing. The effects are the limits, margins and tilts that the checks themselves use;
//! a check that must choose a coarser one (a large graph, a small budget) says so in its evidence.
//!
//! The observations are those of `fluidcheck verify --seed 1 --alpha 1e-6`, the largest number over
//! the battery, rounded up: what it took the reference to be told from a system that is off by the
//! effect. They grow with ln(1 / alpha).
//!
//! A test compares this table with the registry.

use serde::Serialize;

/// What a statistical claim can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    #[serde(skip)]
    id: &'static str,
    /// The smallest deviation that *holds* excludes.
    pub smallest: &'static str,
    /// How many observations that takes.
    pub observations: u64,
    /// What one observation is.
    pub unit: &'static str,
}

const fn effect(
    id: &'static str,
    smallest: &'static str,
    observations: u64,
    unit: &'static str,
) -> Effect {
    Effect { id, smallest, observations, unit }
}

/// A row for each statistical claim.
const EFFECTS: &[Effect] = &[
    effect(
        "transition-law",
        "odds of an arrival off by the factor exp(0.05), of a service, a server or a place among ties by exp(0.25), of the last server by e",
        230_000,
        "events",
    ),
    effect("flow-balance", "E q_1(infinity) off by 1 %", 4_000, "replications"),
    effect("cor-4.3", "E q_i(infinity) above rho^i, i = 2, 3, 4, by anything", 300, "replications"),
    effect(
        "prop-4.1-ergodic",
        "laws from empty and from above 0.2 apart in total variation",
        120,
        "replications",
    ),
    effect(
        "rem-1-growth",
        "queues that grow or not on the wrong side of the critical load, a tenth away from it",
        1_600,
        "replications",
    ),
    effect(
        "exact-law",
        "E q_i(2) off by 0.02, E q_i(infinity) by 0.015, i = 1, 2, 3",
        20_000,
        "replications",
    ),
    effect(
        "perfect-sampling",
        "the mean fill or the probability of the empty state off by 0.02",
        30_000,
        "samples",
    ),
    effect(
        "thm-3.8",
        "sum_i E Delta_i(t), clipped, above its bound by anything",
        250,
        "replications",
    ),
    effect(
        "mixing-in-N",
        "a time to mix that grows by 1 for each unit of ln N",
        1_800,
        "replications",
    ),
    effect(
        "thm-3.10",
        "E sup of the squared distance above its bound of some 0.001",
        2_800,
        "paths",
    ),
    effect("cor-3.11", "a sparse member within 0.12 of (3.5), or a dense one not", 2_200, "paths"),
    effect(
        "lemma-4.5",
        "the drift of Q_i^w or the rate of its jumps off by the factor exp(0.3)",
        130_000,
        "events",
    ),
    effect("lemma-c.2", "the mean above its bound by anything", 120, "paths"),
    effect(
        "counterexample-1.2",
        "a distance from (3.5) below 0.2 on the spatial graph, above 0.05 on the complete one",
        180,
        "paths",
    ),
    effect(
        "thm-3.1",
        "a mean distance from q* of twice what the fitted bound gives, or of 0.05 on the complete graph",
        700,
        "replications",
    ),
    effect(
        "cor-3.2",
        "a mean distance from q* of 0.07 at N = 1000, of 0.018 on the complete graph with N = 10^5",
        260,
        "replications",
    ),
    effect(
        "rem-2",
        "sum_i E |q_i - q*_i|^p of 0.5 (p = 1/2) or 0.0001 (p = 3) at N = 1000",
        270,
        "replications",
    ),
    effect(
        "cor-3.4",
        "a mean degree off by 3 %; a mean distance from q* of 0.1 at N = 1500",
        450,
        "graphs and replications",
    ),
    effect(
        "cor-3.6",
        "a mean distance from q* of 0.12 for k = 40; one below 0.04 for k = 3",
        640,
        "replications",
    ),
    effect("fig-2", "a mean queue length off by 0.07", 400, "replications"),
    effect(
        "fig-3",
        "an l1 distance from (3.5) of 0.02 (complete), 0.05 (k = 84); one below 0.05 for k = 3",
        150,
        "paths",
    ),
    effect(
        "fig-4",
        "q_2, q_3 off by 0.05, q_4 by 0.02; tails of degree 3 below 6/5, 2, 8 times q*_3, q*_4, q*_5",
        180,
        "replications",
    ),
    effect("event-times", "a rate of events off by 1 %", 620_000, "events"),
    effect("oracle-law", "as transition-law; a rate of events off by 3 %", 360_000, "events"),
    effect(
        "coupling-law",
        "odds of an arrival or a departure off by the factor exp(0.3)",
        62_000,
        "events",
    ),
    effect(
        "marks-law",
        "odds of a kind, type, sample or server, given the mark before, off by the factor exp(0.3)",
        600_000,
        "marks",
    ),
    effect("transient-law", "E q_i(t) off by 0.06", 60_000, "replications"),
    effect("steady-law", "E q_i(infinity) or the mean delay off by 10 %", 12_000, "replications"),
    effect(
        "random-graphs",
        "odds of an edge, a place or a match off by the factor exp(0.3)",
        4_100,
        "graphs",
    ),
    effect(
        "sequential-tests",
        "1.5 times the stated error probability; a mean off by 1/10 missed on half of the streams",
        10_000,
        "streams",
    ),
    effect(
        "intervals-cover",
        "1.5 times the stated error probability; an interval that keeps a mean 3/20 away",
        9_100,
        "streams",
    ),
    effect(
        "distribution-test",
        "1.5 times the stated error probability; a law 1/5 away accepted",
        1_100,
        "streams",
    ),
];

/// The effect that the claim with this id must detect; `None` for exact and pathwise claims, of
/// which one counterexample is enough.
pub fn effect_of(id: &str) -> Option<&'static Effect> {
    EFFECTS.iter().find(|effect| effect.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{Kind, all};

    #[test]
    fn every_statistical_claim_and_no_other_states_the_smallest_effect_that_it_must_detect() {
        for claim in all() {
            assert_eq!(
                effect_of(claim.id).is_some(),
                claim.kind == Kind::Statistical,
                "{}",
                claim.id
            );
        }
        let statistical = all().filter(|claim| claim.kind == Kind::Statistical).count();
        assert_eq!(EFFECTS.len(), statistical, "a row for a claim that is gone, or two for one");
    }
}
