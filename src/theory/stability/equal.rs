//! A proof that no part of a set has a lower ratio than the set: a split that gives all its servers
//! exactly the same load.
//!
//! The split is searched for in floating point with more work for the parts than there is, so that
//! it has some room. It is rounded to fractions, each type's total inside the set is set right, and
//! what the loads are off by is moved along a tree of servers that share a type. The result is then
//! checked from scratch, so that nothing rests on how it was made; there is none where a part of
//! the set is as bad as the set.

use std::collections::HashMap;

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::Effort;
use super::load_bounds::Solver;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// The most edges inside the set.
const EDGES: usize = 100_000;
/// The most edges times passes of each search.
const EDGE_PASSES: u64 = 10_000_000;

/// Whether f(S') |set| <= f(set) |S'| is proved for all S' inside `set` (ascending, in one piece).
pub(super) fn no_part_is_worse(graph: &BipartiteGraph, law: SampleLaw, set: &[u32]) -> bool {
    [1e-2, 1e-4, 1e-6].into_iter().any(|slack| with_slack(graph, law, set, slack))
}

/// The same with this share of the way from the work of the parts to even shares as room.
fn with_slack(graph: &BipartiteGraph, law: SampleLaw, set: &[u32], slack: f64) -> bool {
    if set.iter().map(|&v| graph.server_degree(v)).sum::<usize>() > EDGES {
        return false;
    }
    let position: HashMap<u32, usize> = set.iter().copied().zip(0..).collect();
    let mut touched: Vec<u32> = set.iter().flat_map(|&v| graph.task_types_of(v).iter()).collect();
    touched.sort_unstable();
    touched.dedup();
    let scale = Ratio::new(graph.n_servers().into(), graph.n_task_types().into());
    // What any j of the type's servers must be given.
    let needed = |w: u32, j: usize| {
        law.all_within(j as u64, graph.task_degree(w) as u64) * graph.relative_rate(w) * &scale
    };
    let inside =
        |w: u32| graph.servers_of(w).iter().filter_map(|v| position.get(&v).map(|&at| at as u32));
    touched.retain(|&w| needed(w, inside(w).count()) > Ratio::zero());
    let edges: Vec<(u32, u32)> =
        (0u32..).zip(&touched).flat_map(|(at, &w)| inside(w).map(move |v| (v, at))).collect();
    let work = touched.iter().map(|&w| ratio::to_f64(&needed(w, inside(w).count()))).collect();
    let Ok(part) =
        BipartiteGraph::from_edges(set.len() as u32, touched.len() as u32, &edges, Isolated::Drop)
    else {
        return false;
    };
    let mut solver = Solver::of_part(&part, law, work, slack);
    solver.run(Effort { gap: 1e-10, steps: (EDGE_PASSES / edges.len() as u64) as u32 });
    let mut split: Vec<Vec<(usize, Ratio)>> = Vec::with_capacity(touched.len());
    for (at, &w) in (0..).zip(&touched) {
        let mut part: Vec<(usize, Ratio)> =
            solver.shares_of(at).map(|(v, share)| (v as usize, rounded(share))).collect();
        let given: Ratio = part.iter().map(|(_, share)| share).sum();
        let more = (needed(w, part.len()) - given) / ratio::whole(part.len() as u64);
        part.iter_mut().for_each(|(_, share)| *share += &more);
        split.push(part);
    }
    let loads = |split: &[Vec<(usize, Ratio)>]| {
        let mut loads = vec![Ratio::zero(); set.len()];
        split.iter().flatten().for_each(|(v, share)| loads[*v] += share);
        loads
    };
    let mut lacking = loads(&split);
    let level = lacking.iter().sum::<Ratio>() / ratio::whole(set.len() as u64);
    lacking.iter_mut().for_each(|load| *load = &level - &*load);
    for (child, parent, at) in tree(&split, set.len()).into_iter().rev() {
        let moved = std::mem::take(&mut lacking[child]);
        for (v, share) in &mut split[at] {
            if *v == child {
                *share += &moved;
            } else if *v == parent {
                *share -= &moved;
            }
        }
        lacking[parent] += moved;
    }
    // From here on nothing is trusted: f(S') is at most what S' is given, which is the level for
    // each of its servers.
    let feasible = touched.iter().zip(&split).all(|(&w, part)| {
        let mut shares: Vec<&Ratio> = part.iter().map(|(_, share)| share).collect();
        shares.sort_unstable();
        let mut given = Ratio::zero();
        shares.into_iter().enumerate().all(|(at, share)| {
            given += share;
            given >= needed(w, at + 1)
        })
    });
    let total: Ratio = touched.iter().zip(&split).map(|(&w, part)| needed(w, part.len())).sum();
    feasible
        && level.clone() * ratio::whole(set.len() as u64) == total
        && loads(&split).iter().all(|load| *load == level)
}

/// A share to 80 binary places, so that fractions stay short.
fn rounded(share: f64) -> Ratio {
    let unit: BigInt = BigInt::one() << 80;
    let share = Ratio::from_float(share).unwrap_or_else(Ratio::zero);
    Ratio::new((share * Ratio::from_integer(unit.clone())).to_integer(), unit)
}

/// Children with their parents and a type of both, parents first, from position 0 on.
fn tree(split: &[Vec<(usize, Ratio)>], n: usize) -> Vec<(usize, usize, usize)> {
    let mut around = vec![Vec::new(); n];
    (0..)
        .zip(split)
        .for_each(|(at, part): (usize, _)| part.iter().for_each(|(v, _)| around[*v].push(at)));
    let (mut reached, mut seen) = (vec![false; n], vec![false; split.len()]);
    let (mut order, mut edges) = (vec![0], Vec::new());
    reached[0] = true;
    let mut next = 0;
    while let Some(&parent) = order.get(next) {
        next += 1;
        for &at in &around[parent] {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            for (child, _) in &split[at] {
                if !std::mem::replace(&mut reached[*child], true) {
                    order.push(*child);
                    edges.push((*child, parent, at));
                }
            }
        }
    }
    edges
}
