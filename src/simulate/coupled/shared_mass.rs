//! The paper's coupling (4.13): the two systems share as much probability mass as they can at every
//! server.
//!
//! | statement | here |
//! |---|---|
//! | (4.13) as a partition of [0, 1) | [`shared_mass_intervals`] |
//! | its paths | [`SharedMass`] |
//!
//! Everything is in integers. With n servers of N_w at least as long as v and m strictly longer,
//! (4.12) is (n^d - m^d) / (n - m) over d_w^d, and the first factor is the sum of n^k m^(d-1-k)
//! over k < d, a whole number. So (4.13) is decided by a uniform integer below d_w^d, the marginals
//! are exact, and rounding can never break the order: a task that goes to different servers has p1
//! > p2 at the lower system's server, exactly.
//!
//! # Source
//! Proposition 3.9, (4.12), (4.13).

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Zero};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{Coupled, OrderViolation};
use crate::model::Model;
use crate::model::policy::Ties;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::Ratio;
use crate::random::{Coin, below, wide_below};
use crate::simulate::marks::{Mark, arrival_coin};

/// The values of U that send the task to these servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The least U.
    pub from: Ratio,
    /// The supremum of U, not included.
    pub to: Ratio,
    /// The server in the lower system.
    pub server1: u32,
    /// The server in the upper system.
    pub server2: u32,
}

/// (4.13) for an arrival of this type: intervals in ascending order that partition [0, 1). Empty
/// for an isolated type.
///
/// Adjacent intervals are split wherever (4.13) starts a new term; empty terms are left out.
///
/// # Panics
/// If `task_type` is out of range or a state is shorter than N.
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model, num::ratio::ratio, simulate::coupled::shared_mass_intervals};
/// let model = Model::new(BipartiteGraph::complete(2, 1)?, 0.5, 2)?;
/// let cells = shared_mass_intervals(&model, 0, &[0, 0], &[1, 0]);
/// // p1 = (1/2, 1/2), p2 = (1/4, 3/4): three quarters are shared.
/// let servers: Vec<_> = cells.iter().map(|cell| (cell.server1, cell.server2)).collect();
/// assert_eq!(servers, [(0, 0), (1, 1), (0, 1)]);
/// assert_eq!(cells[2].from, ratio(3, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shared_mass_intervals(
    model: &Model,
    task_type: u32,
    lower: &[u32],
    upper: &[u32],
) -> Vec<Interval> {
    let all = BigInt::from(total(model, task_type));
    let mut from = BigUint::zero();
    large_cells(model, task_type, lower, upper)
        .into_iter()
        .map(|(width, server1, server2)| {
            let to = &from + width;
            let ratio = |x: &BigUint| Ratio::new(x.clone().into(), all.clone());
            let interval = Interval { from: ratio(&from), to: ratio(&to), server1, server2 };
            from = to;
            interval
        })
        .collect()
}

/// The law of the samples, where (4.12) with g in place of x^d is the law of a pick.
///
/// (4.13) keeps the order wherever (g(a) - g(b)) / (a - b) does not fall in a nor in b: where g is
/// convex on whole numbers, as (s/n)^d, C(s, d)/C(n, d) and 1{s = n} are.
pub(super) fn law_of(model: &Model) -> Option<SampleLaw> {
    let policy = model.policy();
    policy.sample_law().filter(|_| policy.ties() == Ties::Fair)
}

/// Whole numbers up to d_w^d.
trait Whole:
    Clone + Ord + Zero + One + From<u32> + for<'a> std::ops::Sub<&'a Self, Output = Self>
{
}

impl Whole for u128 {}
impl Whole for BigUint {}

/// What masses are multiples of: d_w^d; for other samples their number times a multiple of all
/// differences that it is divided by.
fn total(model: &Model, task_type: u32) -> BigUint {
    let degree = model.graph().task_degree(task_type);
    match law_of(model) {
        Some(law) if model.policy().paper_d().is_none() => {
            let n = degree as u64;
            multiple(degree) * law.ways(n, n).magnitude()
        }
        _ => BigUint::from(degree).pow(model.d()),
    }
}

/// The least common multiple of 1, ..., n.
fn multiple(n: usize) -> BigUint {
    (1..=n).fold(BigUint::one(), |lcm, k| lcm.lcm(&BigUint::from(k)))
}

/// The share of each of the servers of a level times [`total`]: at least as long are `at_least`,
/// longer `longer` of the servers.
type Level<'a, T> = dyn Fn(usize, usize) -> T + 'a;

/// d_w^d times the share in (4.12).
fn with_replacement<T: Whole>(d: u32) -> impl Fn(usize, usize) -> T {
    move |at_least, longer| {
        let (at_least, longer) = (T::from(at_least as u32), T::from(longer as u32));
        let (mut sum, mut power) = (T::zero(), T::one());
        for _ in 0..d {
            sum = sum * at_least.clone() + power.clone();
            power = power * longer.clone();
        }
        sum
    }
}

/// (4.12) for each server of N_w, ascending, times [`total`].
fn masses<T: Whole>(
    model: &Model,
    task_type: u32,
    lengths: &[u32],
    level: &Level<'_, T>,
) -> Vec<T> {
    let servers = model.graph().servers_of(task_type);
    let mut sorted: Vec<u32> = servers.iter().map(|v| lengths[v as usize]).collect();
    sorted.sort_unstable();
    // By level, so that equal queues are computed once.
    let mut levels: Vec<(u32, T)> = Vec::new();
    let mut at = 0;
    while at < sorted.len() {
        let next = sorted.partition_point(|&x| x <= sorted[at]);
        levels.push((sorted[at], level(sorted.len() - at, sorted.len() - next)));
        at = next;
    }
    let mass_of = |length| levels[levels.partition_point(|(level, _)| *level < length)].1.clone();
    servers.iter().map(|v| mass_of(lengths[v as usize])).collect()
}

/// The cells of an arrival of any policy with [`law_of`].
fn large_cells(
    model: &Model,
    task_type: u32,
    lower: &[u32],
    upper: &[u32],
) -> Vec<(BigUint, u32, u32)> {
    let degree = model.graph().task_degree(task_type);
    match law_of(model) {
        Some(law) if model.policy().paper_d().is_none() => {
            let ways = |s: usize| law.ways(s as u64, degree as u64).magnitude().clone();
            let multiple = multiple(degree);
            let level = |at_least: usize, longer: usize| {
                (ways(at_least) - ways(longer)) * &multiple / (at_least - longer)
            };
            cells(model, task_type, lower, upper, &level)
        }
        _ => cells(model, task_type, lower, upper, &with_replacement(model.d())),
    }
}

/// (4.13) times [`total`]: widths with the servers of both systems, in the order of U.
fn cells<T: Whole>(
    model: &Model,
    task_type: u32,
    lower: &[u32],
    upper: &[u32],
    level: &Level<'_, T>,
) -> Vec<(T, u32, u32)> {
    let servers = model.graph().servers_of(task_type);
    let [p1, p2] = [lower, upper].map(|lengths| masses(model, task_type, lengths, level));
    let mut cells = Vec::with_capacity(servers.len());
    let (mut rest1, mut rest2) = (Vec::new(), Vec::new());
    for ((server, p1), p2) in servers.iter().zip(p1).zip(p2) {
        let shared = p1.clone().min(p2.clone());
        if p1 > shared {
            rest1.push((server, p1 - &shared));
        } else if p2 > shared {
            rest2.push((server, p2 - &shared));
        }
        if !shared.is_zero() {
            cells.push((shared, server, server));
        }
    }
    // What is left has the same total in both systems; both are laid out from the same place.
    let (mut rest1, mut rest2) = (rest1.into_iter(), rest2.into_iter());
    let (mut one, mut two) = (rest1.next(), rest2.next());
    while let (Some((server1, mass1)), Some((server2, mass2))) = (one.take(), two.take()) {
        let width = mass1.clone().min(mass2.clone());
        let next = |mass: T, server, rest: &mut std::vec::IntoIter<(u32, T)>| {
            if mass > width { Some((server, mass - &width)) } else { rest.next() }
        };
        one = next(mass1, server1, &mut rest1);
        two = next(mass2, server2, &mut rest2);
        cells.push((width, server1, server2));
    }
    cells
}

/// The random numbers of (4.13): event by event a service of a uniform server, or a task type and
/// U.
///
/// An arrival costs d_w log d_w steps.
#[derive(Clone, Debug)]
pub struct SharedMass<R = ChaCha8Rng> {
    model: Model,
    coin: Coin,
    rng: R,
}

impl<R: Rng> SharedMass<R> {
    /// The coupling that this generator drives.
    pub fn new(model: &Model, rng: R) -> Self {
        Self { model: model.clone(), coin: arrival_coin(model), rng }
    }

    /// Applies the next event to both systems.
    ///
    /// # Errors
    /// [`OrderViolation`].
    ///
    /// # Panics
    /// If the pair has other servers than the model.
    pub fn step(&mut self, pair: &mut Coupled) -> Result<(), OrderViolation> {
        let graph = self.model.graph();
        if !self.coin.toss(&mut self.rng) {
            return pair.apply(Mark::Service { server: below(&mut self.rng, graph.n_servers()) });
        }
        let task_type = match self.model.types() {
            Some(types) => types.draw(&mut self.rng),
            None => below(&mut self.rng, graph.n_task_types()),
        };
        let degree = graph.task_degree(task_type) as u128;
        if degree == 0 {
            return pair.apply(Mark::Arrival { task_type, samples: &[] });
        }
        let (lower, upper) = (pair.lower().lengths(), pair.upper().lengths());
        // Within u128 wherever the total d_w^d is: no mass exceeds it.
        let small = self.model.policy().paper_d().and_then(|d| Some((d, degree.checked_pow(d)?)));
        let servers = match small {
            Some((d, all)) => {
                let u = wide_below(&mut self.rng, all);
                let level = with_replacement::<u128>(d);
                find(cells(&self.model, task_type, lower, upper, &level), u)
            }
            None => {
                let u = big_below(&mut self.rng, &total(&self.model, task_type));
                find(large_cells(&self.model, task_type, lower, upper), u)
            }
        };
        let (server1, server2) =
            servers.expect("the widths of the cells add up to the total, and U is below it");
        pair.join(task_type, server1, server2)
    }
}

fn find<T: Whole>(cells: Vec<(T, u32, u32)>, mut u: T) -> Option<(u32, u32)> {
    for (width, server1, server2) in cells {
        if u < width {
            return Some((server1, server2));
        }
        u = u - &width;
    }
    None
}

/// Uniform below `n` by rejection.
fn big_below(rng: &mut impl Rng, n: &BigUint) -> BigUint {
    let bits = n.bits();
    let mut words = vec![0u32; bits.div_ceil(32) as usize];
    loop {
        words.iter_mut().for_each(|word| *word = rng.next_u32());
        let u = BigUint::new(words.clone()) >> (words.len() as u64 * 32 - bits);
        if u < *n {
            return u;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::random::stream_rng;

    #[test]
    fn small_and_large_integers_give_the_same_cells() {
        let model = Model::new(BipartiteGraph::complete(5, 1).unwrap(), 0.5, 4).unwrap();
        let (lower, upper) = ([0, 2, 2, 1, 0], [3, 2, 2, 1, 5]);
        let small = cells::<u128>(&model, 0, &lower, &upper, &with_replacement(4));
        let large = large_cells(&model, 0, &lower, &upper);
        assert_eq!(small.iter().map(|cell| cell.0).sum::<u128>(), 5u128.pow(4));
        assert!(small.into_iter().map(|(w, a, b)| (BigUint::from(w), a, b)).eq(large));
    }

    #[test]
    fn masses_of_other_samples_have_the_law_of_the_policy() {
        let graph = BipartiteGraph::complete(5, 1).unwrap();
        let load = crate::model::Load::try_from(0.5).unwrap();
        let (lower, upper) = ([0, 2, 2, 1, 0], [3, 2, 2, 1, 5]);
        for text in ["jsq(2), distinct", "jsq(4), distinct", "jsq(all)", "random"] {
            let model =
                Model::with_policy(graph.clone(), load.clone(), text.parse().unwrap(), None);
            let model = model.unwrap();
            let mut laws = [vec![Ratio::zero(); 5], vec![Ratio::zero(); 5]];
            for interval in shared_mass_intervals(&model, 0, &lower, &upper) {
                let width = &interval.to - &interval.from;
                laws[0][interval.server1 as usize] += &width;
                laws[1][interval.server2 as usize] += width;
            }
            for (law, lengths) in laws.iter().zip([&lower, &upper]) {
                let known = model.policy().law(lengths, None, 0).unwrap();
                assert_eq!(*law, known, "{text}");
            }
        }
    }

    #[test]
    fn a_total_beyond_128_bits_is_no_obstacle() {
        let model = Model::new(BipartiteGraph::complete(7, 1).unwrap(), 0.5, 60).unwrap();
        let mut pair = Coupled::new(vec![0; 7], vec![1, 0, 2, 0, 0, 3, 0]).unwrap();
        let mut mass = SharedMass::new(&model, stream_rng(1, 0));
        // Miri takes a second for each.
        let events = if cfg!(miri) { 5 } else { 2000 };
        for _ in 0..events {
            mass.step(&mut pair).unwrap();
        }
        assert_eq!(pair.events(), events);
    }

    #[test]
    fn a_cell_ends_before_its_upper_end() {
        let cells: Vec<(u128, u32, u32)> = vec![(1, 0, 0), (2, 1, 1), (1, 2, 0)];
        let found: Vec<_> = (0..5).map(|u| find(cells.clone(), u)).collect();
        assert_eq!(found, [Some((0, 0)), Some((1, 1)), Some((1, 1)), Some((2, 0)), None]);
    }

    #[test]
    fn uniform_integers_reach_both_ends() {
        let mut rng = stream_rng(1, 0);
        let mut seen = [[false; 3]; 2];
        for _ in 0..200 {
            seen[0][wide_below(&mut rng, 3) as usize] = true;
            seen[1][usize::try_from(big_below(&mut rng, &BigUint::from(3u32))).unwrap()] = true;
        }
        assert_eq!(seen, [[true; 3]; 2]);
        assert_eq!(wide_below(&mut rng, 1), 0);
    }
}
