//! The states at which claims are checked, and counts taken from raw queue lengths.
//!
//! Nothing here calls the production code for occupancies, degrees or probabilities: a claim
//! compares that code with these counts.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Zero;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::graph::BipartiteGraph;
use crate::num::ratio::Ratio;

/// The listed states: edge cases of every size.
const LISTED: u64 = 8;

/// The largest number of servers whose states with lengths up to 2 are all listed.
const EXHAUSTIVE: u32 = 4;

/// The state number `case` of `n` servers: listed ones, then for few servers all with lengths up to
/// 2, then random ones.
pub(super) fn state(case: u64, rng: &mut ChaCha8Rng, n: u32) -> Vec<u32> {
    if case < LISTED {
        return (0..n).map(|v| listed(case, v, n)).collect();
    }
    let index = case - LISTED;
    if n <= EXHAUSTIVE && index < 3u64.pow(n) {
        return (0..n).map(|v| (index / 3u64.pow(v) % 3) as u32).collect();
    }
    let top = [1, 2, 3, 6, 20][rng.random_range(0..5)];
    (0..n).map(|_| rng.random_range(0..=top)).collect()
}

fn listed(case: u64, v: u32, n: u32) -> u32 {
    let (first, last) = (v == 0, v + 1 == n);
    let either = |chosen: bool, these: u32, others: u32| if chosen { these } else { others };
    match case {
        0 => 0,
        1 => 1,
        2 => either(first, 9, 0),
        3 => either(last, 9, 0),
        4 => v % 4,
        5 => either(last, 0, 2),
        6 => either(v.is_multiple_of(2), 30, 1),
        _ => either(first, 0, 5),
    }
}

/// How many pairs [`ordered_pair`] lists before it draws at random.
pub(super) fn n_listed_pairs(n: u32) -> u64 {
    2 * LISTED + if n <= 3 { 6u64.pow(n) } else { 0 }
}

/// The pair number `case` of states of `n` servers, the first nowhere above the second.
pub(super) fn ordered_pair(case: u64, rng: &mut ChaCha8Rng, n: u32) -> (Vec<u32>, Vec<u32>) {
    if case < 2 * LISTED {
        let upper = state(case / 2, rng, n);
        let lower = if case.is_multiple_of(2) {
            vec![0; n as usize]
        } else {
            upper.iter().map(|x| x - x.min(&1)).collect()
        };
        return (lower, upper);
    }
    let index = case - 2 * LISTED;
    if n <= 3 && index < 6u64.pow(n) {
        const PAIRS: [(u32, u32); 6] = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        return (0..n).map(|v| PAIRS[(index / 6u64.pow(v) % 6) as usize]).unzip();
    }
    let upper = state(LISTED + 3u64.pow(EXHAUSTIVE) + index, rng, n);
    // Often equal at a server: that is where the order is in danger.
    let lower = upper
        .iter()
        .map(|&x| if rng.random_range(0..2) == 0 { x } else { rng.random_range(0..=x) })
        .collect();
    (lower, upper)
}

/// Q_0, Q_1, ..., Q_(levels - 1) of the listed servers, counted one by one.
pub(super) fn counts(
    servers: impl Iterator<Item = u32> + Clone,
    lengths: &[u32],
    levels: usize,
) -> Vec<u64> {
    let mut counts = vec![0; levels];
    for v in servers {
        for count in counts.iter_mut().take(lengths[v as usize] as usize + 1) {
            *count += 1;
        }
    }
    counts
}

/// The number of levels after which no state of `states` has a server.
pub(super) fn levels(states: &[&[u32]]) -> usize {
    states.iter().flat_map(|s| s.iter()).max().map_or(0, |&top| top as usize) + 3
}

/// How many random states a check that looks at every edge can afford.
pub(super) fn affordable(graph: &BipartiteGraph, d: u32, effort: u32) -> u64 {
    let cost = (graph.n_edges() + u64::from(graph.n_servers()) + 100) * (1 + u64::from(d) / 8);
    (150_000 / cost).clamp(6, 150) * u64::from(effort.max(1))
}

/// A sum of fractions kept apart by key, so that the many terms of one degree share a small
/// denominator.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupedSum(BTreeMap<usize, Ratio>);

impl GroupedSum {
    /// Adds a term of group `key`.
    pub(super) fn add(&mut self, key: usize, value: &Ratio) {
        *self.0.entry(key).or_insert_with(Ratio::zero) += value;
    }

    /// Adds all of another sum.
    pub(super) fn merge(&mut self, other: &Self) {
        for (&key, value) in &other.0 {
            self.add(key, value);
        }
    }

    /// The sum.
    pub(super) fn total(&self) -> Ratio {
        self.0.values().sum()
    }
}

/// Sums of 1 / d_w over edges, as integers over one common denominator.
pub(super) struct EdgeWeights {
    /// The least common multiple of all d_w.
    pub(super) denominator: BigInt,
    /// For every task type, denominator / d_w; 0 if it is isolated.
    pub(super) weight: Vec<BigInt>,
    /// What stands for M: the sum of all rates.
    pub(super) total: BigInt,
}

impl EdgeWeights {
    /// Counts the degrees of all task types.
    pub(super) fn of(graph: &BipartiteGraph) -> Self {
        let degrees: Vec<usize> =
            (0..graph.n_task_types()).map(|w| graph.servers_of(w).iter().count()).collect();
        let distinct: BTreeSet<usize> = degrees.iter().copied().filter(|&n| n > 0).collect();
        let denominator = distinct.iter().fold(BigInt::from(1), |lcm, &n| lcm.lcm(&n.into()));
        let share = |&n: &usize| if n > 0 { &denominator / n } else { BigInt::zero() };
        let weight = degrees.iter().map(share).collect();
        Self { denominator, weight, total: graph.n_task_types().into() }
    }

    /// The same with each task type counted with its arrival rate.
    pub(super) fn with_rates(graph: &BipartiteGraph) -> Self {
        let mut all = Self::of(graph);
        (0..).zip(&mut all.weight).for_each(|(w, weight)| *weight *= graph.weight(w));
        all.total = graph.total_weight().into();
        all
    }
}

/// Every sequence of `d` of the numbers `0..n`, in lexicographic order.
pub(super) fn for_each_sequence(n: usize, d: u32, mut visit: impl FnMut(&[usize])) {
    let mut sequence = vec![0; d as usize];
    // Digits of a counter, not an odometer in place: rustc 1.95 with thin LTO and one codegen unit
    // loses the odometer's `fill`, and with it a sample sequence.
    for code in 0..n.pow(d) {
        let mut rest = code;
        for sample in sequence.iter_mut().rev() {
            *sample = rest % n;
            rest /= n;
        }
        visit(&sequence);
    }
}

/// The largest number d_w^d of sample sequences that is enumerated.
pub(super) const SEQUENCES: u64 = 200_000;

/// d_w^d where it is at most [`SEQUENCES`].
pub(super) fn n_sequences(degree: usize, d: u32) -> Option<u64> {
    (degree as u64).checked_pow(d).filter(|&all| (1..=SEQUENCES).contains(&all))
}

/// The law of the server that gets the task, by looking at every sample sequence and splitting each
/// tie evenly.
///
/// Returned as weights of the servers whose lengths are `local`, and the sum of all weights.
pub(super) fn law_by_enumeration(local: &[u32], d: u32) -> (Vec<u64>, u64) {
    let most_tied = local.len().min(d as usize) as u64;
    let unit = (1..=most_tied).fold(1, |lcm: u64, k| lcm.lcm(&k));
    let mut weights = vec![0; local.len()];
    let (mut total, mut tied) = (0, Vec::new());
    for_each_sequence(local.len(), d, |sequence| {
        let mut least = u32::MAX;
        for &s in sequence {
            if local[s] < least {
                least = local[s];
                tied.clear();
            }
            if local[s] == least && !tied.contains(&s) {
                tied.push(s);
            }
        }
        for &s in &tied {
            weights[s] += unit / tied.len() as u64;
        }
        total += unit;
    });
    (weights, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;

    #[test]
    fn the_pairs_are_ordered_and_few_servers_get_all_small_ones() {
        for n in 1..=6 {
            for case in 0..n_listed_pairs(n) + 50 {
                let (lower, upper) = ordered_pair(case, &mut stream_rng(1, case), n);
                assert!(lower.iter().zip(&upper).all(|(a, b)| a <= b) && lower.len() == n as usize);
            }
        }
        let all: BTreeSet<_> =
            (16..16 + 36).map(|case| ordered_pair(case, &mut stream_rng(1, case), 2)).collect();
        assert_eq!(all.len(), 36);
    }

    #[test]
    fn two_servers_of_equal_length_share_and_the_longer_needs_both_samples() {
        assert_eq!(law_by_enumeration(&[4, 4], 2), (vec![4, 4], 8));
        assert_eq!(law_by_enumeration(&[1, 0], 2), (vec![2, 6], 8));
        assert_eq!(law_by_enumeration(&[3], 1024), (vec![1], 1));
    }
}
