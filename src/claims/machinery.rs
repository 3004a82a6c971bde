//! What the paper takes for granted and its figures rest on: clocks, a second simulator, estimates, solutions, files, tests.
//!
//! A wrong part here leaves every statement of the paper true and every figure of the crate wrong.
//!
//! | part | claims |
//! |---|---|
//! | [`clocks`] | `event-times`, `oracle-law` |
//! | [`couplings`] | `coupling-law` |
//! | [`marks`] | `enumerated-marks` |
//! | [`draws`] | `marks-law` |
//! | [`estimates`] | `transient-law`, `steady-law` |
//! | [`solutions`] | `ode-solution` |
//! | [`graphs`] | `graph-sides`, `named-graphs`, `formats`, `random-graphs` |
//! | [`tests`] | `sequential-tests`, `intervals-cover`, `distribution-test` |
//!
//! # Source
//! Section 2 for the laws, (3.5) for the solution.

mod clocks;
mod couplings;
mod draws;
mod estimates;
mod graphs;
mod indicator;
mod known;
mod marks;
mod solutions;
mod tests;

use super::Claim;
use super::verdict::{Evidence, Verdict, Witness};

/// The claims on the crate's own parts.
pub const CLAIMS: &[Claim] = &[
    clocks::EVENT_TIMES,
    clocks::ORACLE_LAW,
    couplings::COUPLING_LAW,
    marks::ENUMERATED_MARKS,
    draws::MARKS_LAW,
    estimates::TRANSIENT_LAW,
    estimates::STEADY_LAW,
    solutions::ODE_SOLUTION,
    graphs::GRAPH_SIDES,
    graphs::NAMED_GRAPHS,
    graphs::FORMATS,
    graphs::RANDOM_GRAPHS,
    tests::SEQUENTIAL_TESTS,
    tests::INTERVALS_COVER,
    tests::DISTRIBUTION_TEST,
];

/// Evidence of a sequential test.
pub(super) fn evidence(verdict: Verdict, cases: u64, summary: String) -> Evidence {
    let witness = (verdict == Verdict::Violated)
        .then(|| Witness { found: summary.clone(), ..Witness::default() });
    Evidence { verdict, slack: None, vacuous: false, cases, summary, witness }
}

/// A seed of the claim's own.
fn seed(setting: &super::Setting<'_>, claim: &str) -> u64 {
    setting.plan.seed ^ crate::randomness::fingerprint(claim)
}
