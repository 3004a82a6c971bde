//! The critical load of any graph, exactly or between bounds, whichever its size allows.

use num_traits::Zero;

use super::load_bounds::Solver;
use super::proof::prove;
use super::{
    Bounds, Critical, Effort, StabilityError, check, critical_load_bounds, critical_load_by_subsets,
};
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::Model;
use crate::model::policy::Base;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// Graphs with at most this many servers are enumerated.
const ENUMERATED: u32 = 12;

/// The critical load as far as it could be found.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalLoad {
    /// Below this load there is a steady state; the nearest number to the exact value where there
    /// is one, else rounded downwards.
    pub lower: f64,
    /// At or above this load there is none; rounded likewise, upwards.
    pub upper: f64,
    /// The exact value, where it could be proved.
    pub exact: Option<Ratio>,
    /// The set of servers that proves the upper bound, ascending, and in one piece; a small one is
    /// preferred where several do.
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

impl From<Critical> for CriticalLoad {
    fn from(critical: Critical) -> Self {
        let value = ratio::to_f64(&critical.lambda);
        Self {
            lower: value,
            upper: value,
            exact: Some(critical.lambda),
            bottleneck: critical.bottleneck,
        }
    }
}

/// The critical load: exact where that is quick, else bounds of the gap of [`Effort::for_graph`].
///
/// Exact for d = 1, for at most 12 servers, for complete and regular graphs, and wherever few
/// servers remain that could be part of a worse bottleneck than the one found.
///
/// # Errors
/// d out of range, no edge.
pub fn critical_load(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
) -> Result<CriticalLoad, StabilityError> {
    critical_load_within(graph, law, Effort::for_graph(graph))
}

/// [`critical_load`] with bounds of this effort where the exact value is not quick.
///
/// # Errors
/// d out of range, no edge.
pub fn critical_load_within(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    effort: Effort,
) -> Result<CriticalLoad, StabilityError> {
    let law = law.into();
    check(graph, law)?;
    if graph.is_implicit_complete() {
        let bottleneck = critical_load_bounds(graph, law, effort)?.bottleneck;
        return Ok(Critical { lambda: ratio::whole(1), bottleneck }.into());
    }
    if graph.n_servers() <= ENUMERATED {
        return Ok(critical_load_by_subsets(graph, law)?.into());
    }
    let mut solver = Solver::new(graph, law);
    // For d = 1 nothing can be split.
    solver.run(if law.is_single() { Effort { steps: 0, ..effort } } else { effort });
    if let Some(critical) = prove(&mut solver, graph, law) {
        return Ok(critical.into());
    }
    let Bounds { lower, upper, bottleneck, .. } = solver.into_certified().0;
    Ok(CriticalLoad { lower, upper, exact: None, bottleneck })
}

/// The critical load of a model's graph under its policy.
///
/// # Errors
/// As [`critical_load`]; [`StabilityError::Policy`] for policies that compare no lengths or not
/// those of now, and [`StabilityError::TooManyWeighted`] for weights on more than [`MAX_WEIGHTED`].
pub fn critical_load_of(model: &Model) -> Result<CriticalLoad, StabilityError> {
    if let Some(law) = model.policy().sample_law() {
        return critical_load(model.graph(), law);
    }
    if model.policy().base() == Base::JsqAll
        && model.policy().is_monotone()
        && model.policy().is_markov()
    {
        return critical_load(&without_weightless(model)?, SampleLaw::All);
    }
    by_weighted_subsets(model).map(CriticalLoad::from)
}

/// The graph without the edges of servers of weight 0, which `jsq(all)` never picks. What is
/// compared grows without bound with a queue, so that a set of servers is overloaded only by tasks
/// that no other server can serve.
fn without_weightless(model: &Model) -> Result<BipartiteGraph, StabilityError> {
    let graph = model.graph();
    let positive = |v: u32| model.weights().is_none_or(|weights| weights[v as usize] > 0);
    let edges: Vec<(u32, u32)> = graph.iter_edges().filter(|&(v, _)| positive(v)).collect();
    let rates: Vec<Ratio> = (0..graph.n_task_types()).map(|w| graph.relative_rate(w)).collect();
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    // Every type has a server of positive weight, or the model was refused.
    let graph = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).ok();
    graph.and_then(|graph| graph.with_rates(&rates).ok()).ok_or(StabilityError::NoEdges)
}

/// The largest N whose sets are enumerated where samples are weighted.
pub const MAX_WEIGHTED: u32 = 14;

/// The least |S| / f(S), set by set: with weights f is no function of sizes.
fn by_weighted_subsets(model: &Model) -> Result<Critical, StabilityError> {
    let (graph, policy) = (model.graph(), model.policy());
    check(graph, SampleLaw::All)?;
    let n = graph.n_servers();
    if n > MAX_WEIGHTED {
        return Err(StabilityError::TooManyWeighted { servers: n });
    }
    let types: Vec<(Vec<u32>, Option<Vec<u64>>, Ratio)> = (0..graph.n_task_types())
        .filter(|&w| graph.task_degree(w) > 0)
        .map(|w| {
            (graph.servers_of(w).iter().collect(), model.weights_of(w), graph.relative_rate(w))
        })
        .collect();
    let scale = Ratio::new(n.into(), graph.n_task_types().into());
    let mut best: Option<Critical> = None;
    for code in 1u32..1 << n {
        let mut f = Ratio::zero();
        for (servers, weights, rate) in &types {
            let inside: Vec<usize> =
                (0..servers.len()).filter(|&i| code >> servers[i] & 1 == 1).collect();
            f += policy.all_within(&inside, servers.len(), weights.as_deref())? * rate;
        }
        if f.is_zero() {
            continue;
        }
        let lambda = ratio::whole(code.count_ones().into()) / (f * &scale);
        if best.as_ref().is_none_or(|best| lambda < best.lambda) {
            let bottleneck = (0..n).filter(|v| code >> v & 1 == 1).collect();
            best = Some(Critical { lambda, bottleneck });
        }
    }
    best.ok_or(StabilityError::NoEdges)
}

/// The certified critical load, if lambda is at or above it: then there is no steady state.
pub fn no_steady_state(model: &Model) -> Option<CriticalLoad> {
    critical_load_of(model)
        .ok()
        .filter(|critical| critical.stable(model.load().exact()) == Some(false))
}
