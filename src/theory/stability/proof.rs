//! From bounds in floating point to the exact critical load.
//!
//! Let S have ratio U, c = 1 / U, and let a split have loads l_v, all at most rounding off. A set
//! S' with a ratio below U has f(S') > c |S'|, while f(S') <= sum over S' of l_v. So S' holds no
//! server with l_v < c - e, where e is the sum of (l_v - c)^+ over its component: only the servers
//! of about the largest load are left, mostly S itself. These are searched exactly, piece by piece.

use super::certificate::margin;
use super::equal::no_part_is_worse;
use super::flow::over_flows;
use super::load_bounds::{Solver, pieces};
use super::subsets::over_subsets;
use super::work::{Work, busiest, forced};
use super::{Critical, Effort};
use crate::graph::{BipartiteGraph, metrics};
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// Pieces of at most so many servers are enumerated, larger ones searched by max-flow.
const ENUMERATED: usize = 12;
/// The most sample sets of one max-flow.
const SAMPLE_SETS: usize = 4096;
/// The most pieces.
const PIECES: usize = 4096;
/// The most edges with which anything but even splits is tried.
const MOST_EDGES: u64 = 1_000_000;
/// The most edges times passes that are spent beyond the bounds, where the gap is the obstacle.
const EDGE_PASSES: u64 = 30_000_000;

/// The exact critical load from a solver that has run, if it can be had with little more work.
pub(super) fn prove(
    solver: &mut Solver<'_>,
    graph: &BipartiteGraph,
    law: SampleLaw,
) -> Option<Critical> {
    if let Some(critical) = by_even_split(solver, graph, law) {
        return Some(critical);
    }
    if graph.n_edges() > MOST_EDGES {
        return None;
    }
    let passes = (EDGE_PASSES / graph.n_edges().max(1)).min(20_000) as u32;
    let most = solver.steps + passes;
    for gap in [1e-4, 1e-6, 1e-8, 1e-10, 1e-12] {
        if solver.upper > solver.lower * (1.0 + gap) {
            if solver.steps >= most {
                return None;
            }
            solver.run(Effort { gap, steps: most });
        }
        if let Some(critical) = among_the_busiest(solver, graph, law) {
            return Some(critical);
        }
    }
    None
}

/// Where even splits give no server more than 1 / U they prove U: all of d = 1, and regular graphs.
fn by_even_split(solver: &Solver<'_>, graph: &BipartiteGraph, law: SampleLaw) -> Option<Critical> {
    let loads = metrics_loads(graph);
    let margin = 4.0 * margin(graph, law);
    let most = loads.iter().copied().fold(0.0, f64::max);
    if !law.is_single() && most * solver.upper > 1.0 + 2.0 * margin {
        return None;
    }
    let near = (0..graph.n_servers()).filter(|&v| loads[v as usize] >= most * (1.0 - margin));
    let (most, server) = busiest(graph, near)?;
    if law.is_single() {
        return Some(Critical { lambda: most.recip(), bottleneck: vec![server] });
    }
    let lambda = ratio_of(graph, law, &solver.bottleneck)?;
    (&most * &lambda == ratio::whole(1))
        .then(|| Critical { lambda, bottleneck: solver.bottleneck.clone() })
}

/// The load of each server at lambda = 1 where each type splits evenly.
fn metrics_loads(graph: &BipartiteGraph) -> Vec<f64> {
    let scale = f64::from(graph.n_servers()) / f64::from(graph.n_task_types());
    let shares: Vec<f64> = (0..graph.n_task_types())
        .map(|w| scale * graph.relative_rate_f64(w) / graph.task_degree(w) as f64)
        .collect();
    (0..graph.n_servers())
        .map(|v| graph.task_types_of(v).iter().map(|w| shares[w as usize]).sum())
        .collect()
}

fn among_the_busiest(
    solver: &Solver<'_>,
    graph: &BipartiteGraph,
    law: SampleLaw,
) -> Option<Critical> {
    let margin = 8.0 * margin(graph, law);
    // Above: loads rounded upwards. Below: c rounded downwards.
    let least = (1.0 - margin) / solver.upper;
    let components = metrics::components(graph);
    let mut excess = vec![0.0; components.count as usize];
    for (load, &at) in solver.load.iter().zip(&components.of_server) {
        excess[at as usize] += (load * (1.0 + margin) - least).max(0.0);
    }
    let close = |v: u32| {
        let (load, excess) = (
            solver.load[v as usize] * (1.0 + margin),
            excess[components.of_server[v as usize] as usize],
        );
        excess > 0.0 && load >= least - excess * (1.0 + margin)
    };
    let busiest: Vec<u32> = (0..graph.n_servers()).filter(|&v| close(v)).collect();
    let lambda = ratio_of(graph, law, &solver.bottleneck)?;
    let mut best = Critical { lambda, bottleneck: solver.bottleneck.clone() };
    let pieces = pieces(graph, law, &busiest);
    if pieces.len() > PIECES {
        return None;
    }
    for piece in pieces {
        // First what is quick for large pieces too; the other two also find a smaller set where
        // there is one.
        if piece.len() > ENUMERATED
            && piece == solver.bottleneck
            && no_part_is_worse(graph, law, &piece)
        {
            continue;
        }
        let work = Work::of(graph, law, piece)?;
        if work.types.is_empty() {
            continue;
        }
        let found = if work.servers.len() <= ENUMERATED {
            over_subsets(&work)
        } else {
            over_flows(&work, &vec![true; work.servers.len()], SAMPLE_SETS).ok()?
        };
        // The search's set over the solver's where both are as good: no part of it is one.
        if found.lambda < best.lambda
            || (found.lambda == best.lambda && found.bottleneck.len() <= best.bottleneck.len())
        {
            best = found;
        }
    }
    Some(best)
}

fn ratio_of(graph: &BipartiteGraph, law: SampleLaw, set: &[u32]) -> Option<Ratio> {
    Some(ratio::whole(set.len() as u64) / forced(graph, law, set)?)
}
