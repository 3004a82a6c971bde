//! How a graph stands: its figures, what Theorem 3.1 asks of it, and whether there is a steady
//! state.
//!
//! | statement | here |
//! |---|---|
//! | (2.1), (2.3), Theorem 3.1's hypotheses | [`Standing::failing`] |
//! | Remark 1: a set S of servers that gets more than it serves | [`Standing::bottleneck`] |
//!
//! *None* is decided in exact rationals: the rate lambda f(S) of the tasks that only the set S can
//! serve is at least |S|. It does not rest on how S was found. *Exists* rests on a split of each
//! type's work over its servers, rounded outwards.
//!
//! # Source
//! Remark 1 and [`crate::theory::stability`].

use num_traits::One;
use serde::Serialize;

use super::{D, FigureError};
use crate::graph::metrics;
use crate::model::{Model, loads};
use crate::num::ratio::{self, Ratio};
use crate::theory::stability::{Bounds, Effort, critical_load_bounds, ratio_of_set};

/// When the bounds on the critical load are close enough.
const EFFORT: Effort = Effort { gap: 1e-3, steps: 1_000 };

/// Whether a steady state exists at the load of section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SteadyState {
    /// lambda is below the lower bound on the critical load.
    Exists,
    /// lambda is at or above the upper bound.
    None,
    /// lambda is between the bounds.
    Undecided,
}

impl SteadyState {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::None => "none",
            Self::Undecided => "undecided",
        }
    }
}

/// What is known of one graph at one load.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Edges.
    pub edges: u64,
    /// Task types without a server, whose tasks are lost.
    pub isolated: u32,
    /// The share of tasks that are lost.
    pub lost: f64,
    /// (2.1).
    pub rho: f64,
    /// (2.3).
    pub phi: f64,
    /// (2.3).
    pub gamma: f64,
    /// Below this load there is a steady state.
    pub critical_lower: f64,
    /// At or above this load there is none.
    pub critical_upper: f64,
    /// The set S that gives the upper bound |S| / f(S), ascending.
    pub bottleneck: Vec<u32>,
    /// lambda f(S): the rate of the tasks that only S can serve.
    pub bottleneck_rate: f64,
    /// Whether lambda is below, above or between the bounds.
    pub steady_state: SteadyState,
    /// Which hypotheses of Theorem 3.1 fail, with their figures; none if it applies.
    pub failing: Vec<String>,
}

impl Standing {
    /// The standing of a model.
    ///
    /// # Errors
    /// [`FigureError::Stability`] where the graph has no edge.
    pub fn of(model: &Model) -> Result<Self, FigureError> {
        let graph = model.graph();
        let Bounds { lower, upper, bottleneck, .. } = critical_load_bounds(graph, D, EFFORT)?;
        let lambda = model.load().exact();
        let rho = loads::rho(model);
        let (phi, gamma) = (metrics::phi(graph), metrics::gamma(graph));
        // Without overload a figure suffices, and exact sums over large degrees are long.
        let (rate, overloaded) = if upper <= 1.001 * model.lambda() {
            let exact = ratio_of_set(graph, D, &bottleneck);
            let size = ratio::whole(bottleneck.len() as u64);
            let overloaded = exact.as_ref().is_some_and(|exact| lambda >= exact);
            (exact.map_or(0.0, |exact| ratio::to_f64(&(lambda * size / exact))), overloaded)
        } else {
            (model.lambda() * bottleneck.len() as f64 / upper, false)
        };
        let steady_state = match overloaded {
            true => SteadyState::None,
            // The lower bound is rounded outwards by more than the rounding of lambda.
            false if model.lambda() < lower => SteadyState::Exists,
            false => SteadyState::Undecided,
        };
        let isolated = graph.isolated_task_types().len() as u32;
        Ok(Self {
            edges: graph.n_edges(),
            isolated,
            lost: f64::from(isolated) / f64::from(graph.n_task_types()),
            failing: failing(&rho, &phi, &gamma, isolated),
            rho: ratio::to_f64(&rho),
            phi: ratio::to_f64(&phi),
            gamma: ratio::to_f64(&gamma),
            critical_lower: lower,
            critical_upper: upper,
            bottleneck,
            bottleneck_rate: rate,
            steady_state,
        })
    }
}

/// The hypotheses of Theorem 3.1 that fail.
fn failing(rho: &Ratio, phi: &Ratio, gamma: &Ratio, isolated: u32) -> Vec<String> {
    let one = Ratio::one();
    let [r, p, g] = [rho, phi, gamma].map(ratio::to_f64);
    let all = [
        (*rho >= one, format!("rho = {r:.3} >= 1")),
        (*phi > one, format!("phi = {p:.3} > 1")),
        (*gamma > one, format!("gamma = {g:.3} > 1")),
        (isolated > 0, format!("{isolated} task types have no server")),
    ];
    all.into_iter().filter(|(fails, _)| *fails).map(|(_, why)| why).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::spec::Spec;

    #[test]
    fn known_graphs_stand_where_they_are_known_to() {
        // Critical loads 4/5 (types {0}, {0, 1}), 1 (path: by symmetry and subsets) and 1
        // (regular).
        let overloaded = "edges:n=2,m=2,e=0-0;0-1;1-1";
        let table = [
            (overloaded, 0.8, SteadyState::None, 1),
            (overloaded, 0.79, SteadyState::Exists, 1),
            ("path:n=3", 0.8, SteadyState::Exists, 1),
            ("cycle:n=5", 0.8, SteadyState::Exists, 0),
        ];
        for (spec, lambda, expected, failing) in table {
            let graph = Spec::parse(spec).unwrap().build(1, Default::default()).unwrap();
            let standing = Standing::of(&Model::new(graph, lambda, D).unwrap()).unwrap();
            assert_eq!(standing.steady_state, expected, "{spec}, lambda = {lambda}");
            assert!(standing.critical_lower <= standing.critical_upper, "{spec}");
            assert_eq!(standing.failing.len(), failing, "{spec}: {:?}", standing.failing);
        }
    }
}
