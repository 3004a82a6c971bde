//! Loads of servers under random routing: rho(G) of (2.1).
//!
//! The figures of the graph alone, without lambda, are in [`crate::graph::metrics`].
//!
//! # Source
//! Section 2, (2.1). No deviation from the print where all rates are equal.

use super::Model;
use crate::graph::metrics::{max_server_load, max_server_load_f64};
use crate::num::ratio::Ratio;

/// (2.1): rho(G) = max_v (lambda N / M) sum_{w in N_v} r_w / d_w, exact; all r_w are 1 in print.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, Isolated}, model::{Model, loads}, num::ratio::ratio};
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// assert_eq!(loads::rho(&Model::new(graph, 0.8, 2)?), ratio(6, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rho(model: &Model) -> Ratio {
    model.load().exact() * max_server_load(model.graph())
}

/// rho(G) in floating point; relative error below (max_v d_v + 5) 2^-52.
pub fn rho_f64(model: &Model) -> f64 {
    model.lambda() * max_server_load_f64(model.graph())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{BipartiteGraph, Isolated};
    use crate::num::ratio::ratio;

    #[test]
    fn an_isolated_task_type_counts_in_m_and_adds_nothing() {
        let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (1, 0)], Isolated::Drop).unwrap();
        let model = Model::new(graph, 0.25, 2).unwrap();
        // Powers of two: floats are exact.
        assert_eq!((rho(&model), rho_f64(&model)), (ratio(1, 8), 0.125));
    }
}
