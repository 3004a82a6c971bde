//! The critical load: up to which lambda a system has a steady state.
//!
//! With d samples drawn with replacement, all of them fall into a set S of servers with probability
//! (|S ∩ N_w| / d_w)^d, and then S must serve the task. The system is ergodic iff for every nonempty S
//!
//! (lambda N / M) sum_w (|S ∩ N_w| / d_w)^d < |S|,
//!
//! so that the critical load is the least |S| over g(S) = (N / M) sum_w (|S ∩ N_w| / d_w)^d. rho(G) < 1 is the case where random
//! routing already is stable: sufficient, not necessary.
//!
//! | question | here |
//! |---|---|
//! | small graphs, exact, by enumeration | [`critical_load_by_subsets`] |
//! | small graphs, exact, by maximum flow | [`critical_load_by_flow`] |
//! | any graph, bounds from both sides | [`critical_load_bounds`] |
//! | whichever fits | [`critical_load`], [`no_steady_state`] |
//!
//! Deviation from the print: (2.2) samples without replacement, the model of section 2 with.
//!
//! # Source
//! Remark 1; Cardinaels, Borst and van Leeuwaarden, Queueing Systems 93 (2019) 227-268, in the form for samples with replacement.

mod bounds;
mod flow;
mod subsets;

use thiserror::Error;

use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::ratio::{self, Ratio};

pub use bounds::{Bounds, critical_load_bounds};
pub use flow::{MAX_SAMPLE_SETS, critical_load_by_flow};
pub use subsets::{MAX_SERVERS, critical_load_by_subsets};

/// Why an exact critical load cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StabilityError {
    /// Too many servers to enumerate their subsets.
    #[error("{given} servers are too many to enumerate their subsets: at most {MAX_SERVERS}; take the bounds instead")]
    TooManyServers {
        /// N.
        given: u32,
    },
    /// Too many sets of samples for a flow network.
    #[error("the graph has more than {MAX_SAMPLE_SETS} sets of {d} samples: too many for an exact flow; take the bounds instead")]
    TooManySampleSets {
        /// d.
        d: u32,
    },
    /// No task type has a server, so that every load is stable.
    #[error("no task type has a server: there is no critical load")]
    NoEdges,
}

/// An exact critical load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Critical {
    /// The least |S| / g(S). It can exceed 1 only where isolated task types lose their tasks.
    pub lambda: Ratio,
    /// A set S that attains it: the smallest, and of these the first in lexicographic order, when enumerated.
    pub bottleneck: Vec<u32>,
}

/// The critical load as far as it could be found.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalLoad {
    /// Below this load there is a steady state.
    pub lower: f64,
    /// Above this load there is none.
    pub upper: f64,
    /// The exact value, where the graph was small enough.
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
        // One rounding of lambda: the bounds have margins far above it.
        if lambda < self.lower {
            Some(true)
        } else if lambda > self.upper {
            Some(false)
        } else {
            None
        }
    }
}

/// g(S) = (N / M) sum_w (|S ∩ N_w| / d_w)^d, exact; `inside[v]` says whether server v is in S.
///
/// # Panics
/// If `inside` is shorter than N.
pub fn forced_load(graph: &BipartiteGraph, d: u32, inside: &[bool]) -> Ratio {
    let mut sum = ratio::whole(0);
    for w in 0..graph.n_task_types() {
        let servers = graph.servers_of(w);
        let count = servers.iter().filter(|&v| inside[v as usize]).count();
        if count > 0 {
            sum += ratio::power(&Ratio::new(count.into(), servers.len().into()), d);
        }
    }
    sum * ratio::whole(graph.n_servers().into()) / ratio::whole(graph.n_task_types().into())
}

/// Graphs with at most this many servers are enumerated.
const ENUMERATED: u32 = 16;

/// The critical load: exact on small and on complete graphs, else within a relative gap of 1e-4 where the work allows.
///
/// # Errors
/// [`StabilityError::NoEdges`].
pub fn critical_load(graph: &BipartiteGraph, d: u32) -> Result<CriticalLoad, StabilityError> {
    let exact = |critical: Critical| {
        let value = ratio::to_f64(&critical.lambda);
        CriticalLoad { lower: value, upper: value, exact: Some(critical.lambda), bottleneck: critical.bottleneck }
    };
    if graph.n_edges() == 0 {
        return Err(StabilityError::NoEdges);
    }
    if graph.is_implicit_complete() {
        // (s / N)^d N / s increases in s: the whole is the bottleneck.
        return Ok(exact(Critical { lambda: ratio::whole(1), bottleneck: (0..graph.n_servers()).collect() }));
    }
    if graph.n_servers() <= ENUMERATED {
        return critical_load_by_subsets(graph, d).map(exact);
    }
    let Bounds { lower, upper, bottleneck, .. } = critical_load_bounds(graph, d, 1e-4)?;
    Ok(CriticalLoad { lower, upper, exact: None, bottleneck })
}

/// The certified critical load, if lambda is at or above it: then there is no steady state.
pub fn no_steady_state(model: &Model) -> Option<CriticalLoad> {
    critical_load(model.graph(), model.d()).ok().filter(|critical| critical.stable(model.load().exact()) == Some(false))
}
