//! Convergence: what becomes of the steady state and of paths along sequences of graphs.
//!
//! The claims make their own graphs, from the seed of the suite. What they rest on: clipped means
//! between bounds ([`super::parts`]), steady states bracketed at a fixed time
//! ([`steady_distance`]), states and solutions at given times ([`states_at_times`]). What is seen
//! from empty alone is at or below the steady state, in the mean, at every time: lower bounds on
//! the distance from q* need no more.

pub(super) mod complete_from_below;
pub(super) mod corollary_3_2;
pub(super) mod corollary_3_4;
pub(super) mod corollary_3_6;
pub(super) mod counterexample;
pub(super) mod figures_2_to_4;
pub(super) mod lower_bounds;
pub(super) mod rate_complete;
mod states_at_times;
mod steady_distance;
pub(super) mod theorem_3_1;

use super::Setting;
use crate::graph::BipartiteGraph;
use crate::graph::generate::GenerateError;
use crate::model::Model;

/// Levels of q* that are looked at: the next is below the least positive number for every load of
/// these claims.
const LEVELS: u32 = 40;

/// q*_1, q*_2, ... of Theorem 3.1, as the instruments under check have it.
fn limit(setting: &Setting<'_>, lambda: f64, d: u32) -> Vec<f64> {
    (1..=LEVELS).map(|i| (setting.instruments.fixed_point)(lambda, d, i)).collect()
}

/// Replications after which a part is left open; some times what the stated effects should need.
fn most(setting: &Setting<'_>) -> u64 {
    1000 * u64::from(setting.plan.effort)
}

/// A model on a graph of the claim's own.
///
/// # Panics
/// Where the generators or the loads of a claim, which are constants, are refused.
fn model(graph: Result<BipartiteGraph, GenerateError>, lambda: f64, d: u32) -> Model {
    Model::new(
        graph.expect("the graphs of the claims are constants that every run makes"),
        lambda,
        d,
    )
    .expect("the loads of the claims are constants in (0, 1)")
}
