//! The critical load by enumerating all sets of servers in Gray code order.

use num_bigint::BigInt;

use super::work::Work;
use super::{Critical, StabilityError, check};
use crate::graph::BipartiteGraph;
use crate::model::sample_law::SampleLaw;

/// The largest N whose 2^N sets are enumerated.
pub const MAX_SERVERS: u32 = 20;

/// The critical load, exact, with the maximising set of least sum of 2^v as bottleneck; no part of
/// it is a maximising set.
///
/// # Errors
/// More than [`MAX_SERVERS`] servers, d out of range, no edge.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, Isolated}, num::ratio::ratio, theory::stability::critical_load_by_subsets};
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// let critical = critical_load_by_subsets(&graph, 2)?;
/// assert_eq!((critical.lambda, critical.bottleneck), (ratio(4, 5), vec![0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn critical_load_by_subsets(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
) -> Result<Critical, StabilityError> {
    let law = law.into();
    check(graph, law)?;
    let n = graph.n_servers();
    if n > MAX_SERVERS {
        return Err(StabilityError::TooManyServers { servers: n });
    }
    // All degrees are at most 20, so their common multiple is short.
    let work = Work::of(graph, law, (0..n).collect())
        .ok_or(StabilityError::TooManyServers { servers: n })?;
    Ok(over_subsets(&work))
}

/// The least |S| / f(S) over the sets of at most [`MAX_SERVERS`] servers that are given some work.
pub(super) fn over_subsets(work: &Work) -> Critical {
    let n = work.servers.len() as u32;
    // gains[U][j]: what the sum gains when |S ∩ U| goes from j to j + 1.
    let tables: Vec<(u32, Vec<BigInt>)> = work
        .types
        .iter()
        .map(|(positions, key, unit)| {
            let mask = positions.iter().fold(0, |mask, v| mask | 1 << v);
            (
                mask,
                (0..positions.len())
                    .map(|j| (work.ways(j + 1, *key) - work.ways(j, *key)) * unit)
                    .collect(),
            )
        })
        .collect();
    let total: BigInt = work.sum(&vec![true; n as usize]);
    let (sum, set) = match i128::try_from(total * 32).ok() {
        // f |S'| is compared with f' |S|, both below 32 times the total.
        Some(_) => {
            let small = |x: &BigInt| {
                i128::try_from(x.clone()).expect("a gain is at most the total, which fits")
            };
            let tables: Vec<_> = tables
                .iter()
                .map(|(mask, gains)| (*mask, gains.iter().map(small).collect()))
                .collect();
            let (f, set) = enumerate(n, &tables, |a: &i128, b: u32| a * i128::from(b));
            (BigInt::from(f), set)
        }
        None => enumerate(n, &tables, |a: &BigInt, b: u32| a * b),
    };
    let bottleneck = work.named((0..n as usize).filter(|v| set >> v & 1 == 1));
    Critical { lambda: work.lambda(bottleneck.len(), &sum), bottleneck }
}

/// The largest f(S) / |S| as f(S) and S, with the least S as a binary number among equals.
fn enumerate<T>(n: u32, tables: &[(u32, Vec<T>)], times: impl Fn(&T, u32) -> T) -> (T, u32)
where
    T: Clone
        + Default
        + PartialOrd
        + for<'a> std::ops::AddAssign<&'a T>
        + for<'a> std::ops::SubAssign<&'a T>,
{
    let around: Vec<Vec<usize>> = (0..n)
        .map(|v| (0..tables.len()).filter(|&t| tables[t].0 >> v & 1 == 1).collect())
        .collect();
    let (mut set, mut f) = (0u32, T::default());
    let mut best = (T::default(), 1u32);
    for step in 1u32..1 << n {
        let v = step.trailing_zeros();
        set ^= 1 << v;
        for &t in &around[v as usize] {
            let (mask, gains) = &tables[t];
            let inside = (set & mask).count_ones() as usize;
            if set >> v & 1 == 1 { f += &gains[inside - 1] } else { f -= &gains[inside] }
        }
        let (new, old) = (times(&f, best.1.count_ones()), times(&best.0, set.count_ones()));
        if new > old || (new == old && set < best.1) {
            best = (f.clone(), set);
        }
    }
    best
}
