//! What the paper takes for granted and its figures rest on: clocks, a second simulator, estimates,
//! solutions, files, tests.
//!
//! A wrong part here leaves every statement of the paper true and every figure of the crate wrong.
//!
//! | part | claims |
//! |---|---|
//! | [`clocks`] | `event-times`, `oracle-law` |
//! | [`coupled_laws`] | `coupling-law` |
//! | [`mark_enumeration`] | `enumerated-marks` |
//! | [`mark_draws`] | `marks-law` |
//! | [`estimates`] | `transient-law`, `steady-law` |
//! | [`solutions`] | `ode-solution` |
//! | [`graph_parts`] | `graph-sides`, `named-graphs`, `formats`, `random-graphs` |
//! | [`procedures`] | `sequential-tests`, `intervals-cover`, `distribution-test` |
//!
//! # Source
//! Section 2 for the laws, (3.5) for the solution.

mod clocks;
mod coupled_laws;
mod estimates;
mod graph_parts;
mod known;
mod mark_draws;
mod mark_enumeration;
mod procedures;
mod solutions;

use super::Claim;
use super::verdict::{Evidence, Verdict, Witness};

/// The claims on the crate's own parts.
pub const CLAIMS: &[Claim] = &[
    clocks::EVENT_TIMES,
    clocks::ORACLE_LAW,
    coupled_laws::COUPLING_LAW,
    mark_enumeration::ENUMERATED_MARKS,
    mark_draws::MARKS_LAW,
    estimates::TRANSIENT_LAW,
    estimates::STEADY_LAW,
    solutions::ODE_SOLUTION,
    graph_parts::GRAPH_SIDES,
    graph_parts::NAMED_GRAPHS,
    graph_parts::FORMATS,
    graph_parts::RANDOM_GRAPHS,
    procedures::SEQUENTIAL_TESTS,
    procedures::INTERVALS_COVER,
    procedures::DISTRIBUTION_TEST,
];

/// Evidence of a sequential test.
pub(super) fn evidence(verdict: Verdict, cases: u64, summary: String) -> Evidence {
    let witness = (verdict == Verdict::Violated)
        .then(|| Witness { found: summary.clone(), ..Witness::default() });
    Evidence { verdict, slack: None, vacuous: false, cases, summary, witness }
}

/// A seed of the claim's own.
fn seed(setting: &super::Setting<'_>, claim: &str) -> u64 {
    setting.plan.seed ^ crate::random::fingerprint(claim)
}
