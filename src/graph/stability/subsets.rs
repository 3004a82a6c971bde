//! The critical load of a small graph by enumeration of all sets of servers.

use super::{Critical, StabilityError, forced_load};
use crate::graph::BipartiteGraph;
use crate::ratio::{self, Ratio};

/// The most servers whose subsets are enumerated.
pub const MAX_SERVERS: u32 = 24;

/// The exact critical load: the least |S| / g(S) over all nonempty sets S of servers.
///
/// Takes 2^N steps of the degrees' order: subsets are passed in Gray code, so that consecutive ones differ in one server.
///
/// # Errors
/// [`StabilityError::TooManyServers`], [`StabilityError::NoEdges`].
///
/// ```
/// use fluidcheck::graph::{BipartiteGraph, Isolated, stability::critical_load_by_subsets};
/// use fluidcheck::ratio::ratio;
/// // Types {0} and {0, 1}.
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// assert_eq!(critical_load_by_subsets(&graph, 2)?.lambda, ratio(4, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn critical_load_by_subsets(graph: &BipartiteGraph, d: u32) -> Result<Critical, StabilityError> {
    let n = graph.n_servers();
    if n > MAX_SERVERS {
        return Err(StabilityError::TooManyServers { given: n });
    }
    if graph.n_edges() == 0 {
        return Err(StabilityError::NoEdges);
    }
    // shares[w][k] = (k / d_w)^d.
    let shares: Vec<Vec<f64>> = (0..graph.n_task_types())
        .map(|w| {
            let degree = graph.task_degree(w);
            (0..=degree).map(|k| (k as f64 / degree.max(1) as f64).powi(d as i32)).collect()
        })
        .collect();
    // A first pass in floating point leaves few candidates for exact arithmetic. Terms are recomputed, never
    // subtracted, so that each sum has a relative error below M 2^-50, far inside the margin of 1e-9.
    let mut counts = vec![0usize; graph.n_task_types() as usize];
    let mut members = 0u32;
    let mut best = f64::INFINITY;
    let mut candidates: Vec<(u32, f64)> = Vec::new();
    for step in 1u32..1 << n {
        let flipped = step.trailing_zeros();
        members ^= 1 << flipped;
        let joins = members >> flipped & 1 == 1;
        for w in graph.task_types_of(flipped).iter() {
            if joins {
                counts[w as usize] += 1;
            } else {
                counts[w as usize] -= 1;
            }
        }
        let sum: f64 = counts.iter().zip(&shares).map(|(&count, shares)| shares[count]).sum();
        if sum > 0.0 {
            let ratio = f64::from(members.count_ones()) / sum;
            if ratio <= best * (1.0 + 1e-9) {
                best = best.min(ratio);
                candidates.push((members, ratio));
                if candidates.len() > 4096 {
                    candidates.retain(|&(_, ratio)| ratio <= best * (1.0 + 1e-9));
                }
            }
        }
    }
    candidates.retain(|&(_, ratio)| ratio <= best * (1.0 + 1e-9));
    let servers = |members: u32| (0..n).filter(move |v| members >> v & 1 == 1).collect::<Vec<_>>();
    let mut least: Option<(Ratio, Vec<u32>)> = None;
    for (members, _) in candidates {
        let inside: Vec<bool> = (0..n).map(|v| members >> v & 1 == 1).collect();
        let lambda = ratio::whole(u64::from(members.count_ones())) / forced_load(graph, d, &inside);
        let set = servers(members);
        let key = |lambda: &Ratio, set: &Vec<u32>| (lambda.clone(), set.len(), set.clone());
        if least.as_ref().is_none_or(|(known, of)| key(&lambda, &set) < key(known, of)) {
            least = Some((lambda, set));
        }
    }
    least.map(|(lambda, bottleneck)| Critical { lambda, bottleneck }).ok_or(StabilityError::NoEdges)
}
