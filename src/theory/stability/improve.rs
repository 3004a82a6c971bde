//! Which edges to add: greedily, those that raise the critical load most.
//!
//! An added edge (v, w) can only help against the bottleneck S if w has servers in S and v is
//! outside: then less of the type's work must be done in S. Each step tries such edges and keeps
//! the best. Greedy is not optimal: two edges may do together what no two greedy ones do, and where
//! several sets are equally bad no single edge raises the critical load at all.

use std::cmp::Ordering;

use super::load_bounds::certified_bounds;
use super::{CriticalLoad, Effort, StabilityError, check, critical_load, critical_load_within};
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::sample_law::SampleLaw;

/// All edges are tried where edges of the graph times edges to try are at most this.
const ALL: usize = 200_000;
/// Else the types whose work in the bottleneck falls most, each with the servers outside that have
/// the least load.
const TYPES: usize = 16;
const SERVERS: usize = 2;

/// An edge to add, and the critical load with it and those before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Addition {
    /// The server.
    pub server: u32,
    /// The task type that it is made compatible with.
    pub task_type: u32,
    /// The critical load then.
    pub critical: CriticalLoad,
    /// How many edges were tried for this step.
    pub tried: usize,
    /// Whether these were all that could help.
    pub all_tried: bool,
}

/// Up to `count` edges, each the best to add after those before it; fewer where all that is left
/// would lower the critical load.
///
/// Of equal values the edge is kept that leaves the bottleneck the least work, then the least type
/// and server. Where not all edges can be tried, those are whose type loads the bottleneck least
/// with one more server, to the least loaded servers outside.
///
/// # Errors
/// d out of range, no edge.
pub fn improve(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    count: usize,
) -> Result<Vec<Addition>, StabilityError> {
    let law = law.into();
    check(graph, law)?;
    if graph.is_implicit_complete() {
        // No edge is missing, and these may be too many to list.
        return Ok(Vec::new());
    }
    let mut additions: Vec<Addition> = Vec::new();
    let mut graph = graph.clone();
    let mut now = critical_load(&graph, law)?;
    while additions.len() < count {
        let Some((addition, larger)) = best_addition(&graph, law, &now.bottleneck)? else { break };
        // An edge brings work to its server too.
        let lowers = match (&addition.critical.exact, &now.exact) {
            (Some(then), Some(now)) => then < now,
            _ => addition.critical.upper < now.lower,
        };
        if lowers {
            break;
        }
        now = addition.critical.clone();
        additions.push(addition);
        graph = larger;
    }
    Ok(additions)
}

fn best_addition(
    graph: &BipartiteGraph,
    law: SampleLaw,
    bottleneck: &[u32],
) -> Result<Option<(Addition, BipartiteGraph)>, StabilityError> {
    let mut inside = vec![false; graph.n_servers() as usize];
    bottleneck.iter().for_each(|&v| inside[v as usize] = true);
    let outside: Vec<u32> = (0..graph.n_servers()).filter(|&v| !inside[v as usize]).collect();
    // By how much less work of the type is left in the bottleneck.
    let mut types: Vec<(f64, u32)> = (0..graph.n_task_types())
        .filter_map(|w| {
            let part = graph.servers_of(w).iter().filter(|&v| inside[v as usize]).count();
            let degree = graph.task_degree(w);
            let less = graph.relative_rate_f64(w)
                * (law.all_within_f64(part, degree) - law.all_within_f64(part, degree + 1));
            (less > 0.0).then_some((less, w))
        })
        .collect();
    types.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let free = |w: u32| {
        let servers = graph.servers_of(w);
        move |v: &u32| !servers.contains(*v)
    };
    let all: usize =
        types.iter().map(|&(_, w)| outside.iter().filter(|v| free(w)(v)).count()).sum();
    let all_tried = all.saturating_mul(graph.n_edges() as usize) <= ALL;
    let candidates: Vec<(f64, u32, u32)> = if all_tried {
        types
            .iter()
            .flat_map(|&(less, w)| {
                outside.iter().filter(move |v| free(w)(v)).map(move |&v| (less, w, v))
            })
            .collect()
    } else {
        let load = loads(graph, law)?;
        let mut by_load = outside.clone();
        by_load.sort_by(|&a, &b| load[a as usize].total_cmp(&load[b as usize]).then(a.cmp(&b)));
        let few = types.iter().take(TYPES);
        few.flat_map(|&(less, w)| {
            by_load.iter().filter(move |v| free(w)(v)).take(SERVERS).map(move |&v| (less, w, v))
        })
        .collect()
    };
    let mut best: Option<(f64, Addition, BipartiteGraph)> = None;
    for &(less, task_type, server) in &candidates {
        let larger = with_edge(graph, server, task_type);
        let critical = if all_tried {
            critical_load(&larger, law)?
        } else {
            critical_load_within(&larger, law, Effort::for_graph(&larger))?
        };
        let better = best.as_ref().is_none_or(|(best_less, best, _)| {
            match order(&critical, &best.critical) {
                Ordering::Equal => less > *best_less,
                order => order == Ordering::Greater,
            }
        });
        if better {
            best = Some((
                less,
                Addition { server, task_type, critical, tried: candidates.len(), all_tried },
                larger,
            ));
        }
    }
    Ok(best.map(|(_, addition, larger)| (addition, larger)))
}

/// By exact values where both are known, else by the lower bounds.
fn order(a: &CriticalLoad, b: &CriticalLoad) -> Ordering {
    match (&a.exact, &b.exact) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => a.lower.total_cmp(&b.lower),
    }
}

fn loads(graph: &BipartiteGraph, law: SampleLaw) -> Result<Vec<f64>, StabilityError> {
    let (_, split) = certified_bounds(graph, law, Effort::for_graph(graph))?;
    let mut load = vec![0.0; graph.n_servers() as usize];
    let servers = (0..graph.n_task_types()).flat_map(|w| graph.servers_of(w).iter());
    servers.zip(split).for_each(|(v, share)| load[v as usize] += share);
    Ok(load)
}

fn with_edge(graph: &BipartiteGraph, server: u32, task_type: u32) -> BipartiteGraph {
    rebuilt(graph, graph.iter_edges().chain([(server, task_type)]).collect())
}

fn rebuilt(graph: &BipartiteGraph, edges: Vec<(u32, u32)>) -> BipartiteGraph {
    BipartiteGraph::from_edges(graph.n_servers(), graph.n_task_types(), &edges, Isolated::Drop)
        .expect(
            "the edges of a graph are different and in range, and the new one is taken from \
            those that are missing",
        )
        .with_rates_of(graph)
}
