//! The critical load by enumerating all sets of servers in Gray code order.

use std::collections::HashMap;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Pow;

use super::{Critical, StabilityError, check};
use crate::graph::BipartiteGraph;
use crate::ratio::{self, Ratio};

/// The largest N whose 2^N sets are enumerated.
pub const MAX_SERVERS: u32 = 20;

/// The critical load, exact, with the maximising set of least sum of 2^v as bottleneck.
///
/// # Errors
/// More than [`MAX_SERVERS`] servers, d out of range, no edge.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, Isolated, stability::critical_load_by_subsets}, ratio::ratio};
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// let critical = critical_load_by_subsets(&graph, 2)?;
/// assert_eq!((critical.lambda, critical.bottleneck), (ratio(4, 5), vec![0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn critical_load_by_subsets(graph: &BipartiteGraph, d: u32) -> Result<Critical, StabilityError> {
    check(graph, d)?;
    let n = graph.n_servers();
    if n > MAX_SERVERS {
        return Err(StabilityError::TooManyServers { servers: n });
    }
    // Equal neighbourhoods count together.
    let mut types: HashMap<u32, u64> = HashMap::new();
    for w in 0..graph.n_task_types() {
        let mask = graph.servers_of(w).iter().fold(0, |mask, v| mask | 1 << v);
        *types.entry(mask).or_default() += 1;
    }
    types.remove(&0);
    // All degrees are at most 20, so the common denominator is small before the power.
    let common = types.keys().fold(1u64, |common, mask| common.lcm(&u64::from(mask.count_ones())));
    let power = |j: u64| Pow::pow(BigInt::from(j), d);
    let scale = power(common);
    // gains[U][j]: what f M / N times the scale gains when |S ∩ U| goes from j to j + 1.
    let tables: Vec<(u32, Vec<BigInt>)> = types
        .iter()
        .map(|(&mask, &count)| {
            let unit = power(common / u64::from(mask.count_ones())) * count;
            (mask, (0..u64::from(mask.count_ones())).map(|j| (power(j + 1) - power(j)) * &unit).collect())
        })
        .collect();
    let total: BigInt = &scale * graph.n_task_types();
    let (best_f, best) = match i128::try_from(total.clone() * 32).ok() {
        // f |S'| is compared with f' |S|, both below 32 times the total.
        Some(_) => {
            let small = |x: &BigInt| i128::try_from(x.clone()).expect("a gain is at most the total");
            let tables: Vec<_> = tables.iter().map(|(mask, gains)| (*mask, gains.iter().map(small).collect())).collect();
            let (f, set) = enumerate(n, &tables, |a: &i128, b: u32| a * i128::from(b));
            (BigInt::from(f), set)
        }
        None => enumerate(n, &tables, |a: &BigInt, b: u32| a * b),
    };
    // |S| / ((N / M) f / scale).
    let lambda = Ratio::new(BigInt::from(best.count_ones()) * scale * graph.n_task_types(), best_f * n);
    debug_assert!(lambda > ratio::whole(0));
    Ok(Critical { lambda, bottleneck: (0..n).filter(|v| best >> v & 1 == 1).collect() })
}

/// The largest f(S) / |S| as f(S) and S, with the least S as a binary number among equals.
fn enumerate<T>(n: u32, tables: &[(u32, Vec<T>)], times: impl Fn(&T, u32) -> T) -> (T, u32)
where
    T: Clone + Default + PartialOrd + for<'a> std::ops::AddAssign<&'a T> + for<'a> std::ops::SubAssign<&'a T>,
{
    let around: Vec<Vec<usize>> = (0..n).map(|v| (0..tables.len()).filter(|&t| tables[t].0 >> v & 1 == 1).collect()).collect();
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
