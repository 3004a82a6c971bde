//! The critical load of any graph, exactly or between bounds, whichever its size allows.

use num_traits::Zero;

use super::load_bounds::Solver;
use super::proof::prove;
use super::{
    Bounds, Critical, Effort, StabilityError, check, critical_load_bounds, critical_load_by_subsets,
};
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::Model;
use crate::model::policy::{Base, PolicyError, Sampling};
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
/// those of now.
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
    if !model.policy().joins_a_shortest() {
        return Err(PolicyError::undefined(model.policy(), "critical load that is proved").into());
    }
    if model.graph().n_servers() > MAX_WEIGHTED {
        return weighted_bounds(model);
    }
    by_weighted_subsets(model).map(CriticalLoad::from)
}

/// Bounds for weighted samples on graphs whose sets are too many.
///
/// From below: the split of each task's work to its first sample, which leaves to no set less than
/// what only it can serve. From above: the servers by falling load of that split, set by set.
fn weighted_bounds(model: &Model) -> Result<CriticalLoad, StabilityError> {
    // Above the rounding of sums of as many positive terms as a graph has edges.
    const ROUNDING: f64 = 1e-6;
    let (graph, policy) = (model.graph(), model.policy());
    check(graph, SampleLaw::All)?;
    let (d, distinct) = match policy.base() {
        Base::Jsq { d, sampling } => (d, sampling == Sampling::Distinct),
        _ => (1, false),
    };
    let n = graph.n_servers() as usize;
    let scale = n as f64 / f64::from(graph.n_task_types());
    let weight = |v: u32| model.weights().map_or(1.0, |weights| weights[v as usize] as f64);
    let types = || (0..graph.n_task_types()).filter(|&w| graph.task_degree(w) > 0);
    let total = |w: u32| graph.servers_of(w).iter().map(weight).sum::<f64>();
    let mut loads = vec![0.0; n];
    for w in types() {
        let unit = scale * graph.relative_rate_f64(w) / total(w);
        graph.servers_of(w).iter().for_each(|v| loads[v as usize] += unit * weight(v));
    }
    let mut order: Vec<u32> = (0..graph.n_servers()).collect();
    order.sort_by(|&a, &b| loads[b as usize].total_cmp(&loads[a as usize]));
    // g of the part of each type's servers that is inside the set.
    let forced = |inside: f64, left: usize, total: f64| match (distinct && d > 1, left) {
        (_, 0) => 1.0,
        // Some sample may fall outside; how likely, is left open.
        (true, _) => 0.0,
        (false, _) => (inside / total).powi(d as i32),
    };
    let mut parts: Vec<(f64, usize, f64)> = (0..graph.n_task_types())
        .map(|w| {
            let positive = graph.servers_of(w).iter().filter(|&v| weight(v) > 0.0).count();
            (0.0, positive, total(w))
        })
        .collect();
    let (mut work, mut best) = (0.0, (f64::INFINITY, 0));
    for (size, &v) in (1..).zip(&order) {
        for w in graph.task_types_of(v).iter().filter(|_| weight(v) > 0.0) {
            let (inside, left, total) = &mut parts[w as usize];
            let before = if *inside > 0.0 { forced(*inside, *left, *total) } else { 0.0 };
            (*inside, *left) = (*inside + weight(v), *left - 1);
            let more = forced(*inside, *left, *total) - before;
            work += scale * graph.relative_rate_f64(w) * more;
        }
        if work > 0.0 && (size as f64 / work) < best.0 {
            best = (size as f64 / work, size);
        }
    }
    let most = loads.iter().copied().fold(0.0, f64::max);
    let mut bottleneck = order[..best.1].to_vec();
    bottleneck.sort_unstable();
    Ok(CriticalLoad {
        lower: (1.0 - ROUNDING) / most,
        upper: best.0 * (1.0 + ROUNDING),
        exact: None,
        bottleneck,
    })
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

/// The largest N whose sets are enumerated where samples are weighted; above it there are bounds.
const MAX_WEIGHTED: u32 = 14;

/// The least |S| / f(S), set by set: with weights f is no function of sizes.
fn by_weighted_subsets(model: &Model) -> Result<Critical, StabilityError> {
    let (graph, policy) = (model.graph(), model.policy());
    check(graph, SampleLaw::All)?;
    let n = graph.n_servers();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Load;
    use crate::num::ratio::ratio;

    #[test]
    fn bounds_with_weights_hold_the_value_of_all_sets() {
        let graph = crate::graph::generate::cycle(5).unwrap();
        let load = Load::new(ratio(1, 2)).unwrap();
        for text in ["jsq(2), weights=w", "jsq(2), distinct, weights=w", "random, weights=w"] {
            for weights in [[1, 1, 1, 1, 1], [1, 2, 3, 4, 5], [9, 1, 1, 0, 1]] {
                let weights = weights.map(|weight| ratio(weight, 1)).to_vec();
                let model = Model::with_policy(
                    graph.clone(),
                    load.clone(),
                    text.parse().unwrap(),
                    Some(weights),
                );
                let model = model.unwrap();
                let exact = ratio::to_f64(&by_weighted_subsets(&model).unwrap().lambda);
                let CriticalLoad { lower, upper, .. } = weighted_bounds(&model).unwrap();
                assert!(lower <= exact && exact <= upper, "{text}: {lower} {exact} {upper}");
                let tight = text.starts_with("random");
                assert!(!tight || upper / lower < 1.001, "{text}: {lower} {exact} {upper}");
            }
        }
    }
}
