//! The critical load of any graph, exactly or between bounds, whichever its size allows.

use super::{Bounds, Effort, StabilityError, critical_load_bounds, critical_load_by_subsets};
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::ratio::{self, Ratio};

/// Graphs with at most this many servers are enumerated.
const ENUMERATED: u32 = 16;

/// The critical load as far as it could be found.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalLoad {
    /// Below this load there is a steady state; the nearest number to the exact value where there is one, else rounded downwards.
    pub lower: f64,
    /// At or above this load there is none; rounded likewise, upwards.
    pub upper: f64,
    /// The exact value, where the graph was small enough or is complete.
    pub exact: Option<Ratio>,
    /// The set of servers that proves the upper bound, ascending.
    pub bottleneck: Vec<u32>,
}

impl CriticalLoad {
    /// Whether there is a steady state at this load; `None` between the bounds.
    pub fn stable(&self, lambda: &Ratio) -> Option<bool> {
        if let Some(exact) = &self.exact {
            return Some(lambda < exact);
        }
        let lambda = ratio::to_f64(lambda);
        // lambda is rounded once; the bounds are rounded outwards by more than that.
        if lambda < self.lower {
            Some(true)
        } else if lambda >= self.upper {
            Some(false)
        } else {
            None
        }
    }
}

/// The critical load: exact for at most 16 servers and for the complete graph, else bounds with a relative gap of 1e-4 where 10 000 passes over the edges reach it.
///
/// # Errors
/// d out of range, no edge.
pub fn critical_load(graph: &BipartiteGraph, d: u32) -> Result<CriticalLoad, StabilityError> {
    if graph.is_implicit_complete() || graph.n_servers() > ENUMERATED {
        let Bounds { lower, upper, bottleneck, .. } = critical_load_bounds(graph, d, Effort::default())?;
        let exact = graph.is_implicit_complete().then(|| ratio::whole(1));
        return Ok(CriticalLoad { lower, upper, exact, bottleneck });
    }
    let critical = critical_load_by_subsets(graph, d)?;
    let value = ratio::to_f64(&critical.lambda);
    Ok(CriticalLoad { lower: value, upper: value, exact: Some(critical.lambda), bottleneck: critical.bottleneck })
}

/// The certified critical load, if lambda is at or above it: then there is no steady state.
pub fn no_steady_state(model: &Model) -> Option<CriticalLoad> {
    critical_load(model.graph(), model.d()).ok().filter(|critical| critical.stable(model.load().exact()) == Some(false))
}
