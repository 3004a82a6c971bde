//! The generator of a component with a cap, sparse, by the transitions into each state.
//!
//! Services keep their rate 1; a task that would join a queue of B tasks is not let in, and its
//! rate is kept apart.

use std::cmp::Ordering;

use super::component::Component;
use super::space::Space;

/// A function on the states that transitions change by at most 1.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    pub(super) of: Vec<u32>,
    pub(super) count: usize,
    /// The rates at which each state goes a level up and down.
    pub(super) up: Vec<f64>,
    pub(super) down: Vec<f64>,
}

impl Levels {
    fn new(generator: &Generator, level: impl Fn(&[u32]) -> u32) -> Self {
        let states = generator.len();
        let of: Vec<u32> = (0..states).map(|number| level(generator.space.state(number))).collect();
        let count = of.iter().max().map_or(1, |most| *most as usize + 1);
        let (mut up, mut down) = (vec![0.0; states], vec![0.0; states]);
        for state in 0..states {
            for (from, rate) in generator.sources_of(state) {
                match of[from].cmp(&of[state]) {
                    Ordering::Less => up[from] += rate,
                    Ordering::Greater => down[from] += rate,
                    Ordering::Equal => {}
                }
            }
        }
        Self { of, count, up, down }
    }

    /// The number of tasks first, then each queue by itself; where servers are exchanged, by its
    /// rank, which no permutation changes.
    fn all(generator: &Generator) -> Vec<Self> {
        let space = &generator.space;
        let mut all = vec![Self::new(generator, |state| state.iter().sum())];
        let queues = if space.servers() > 1 { space.servers() } else { 0 };
        for v in 0..queues {
            all.push(Self::new(generator, |state| {
                if !space.has_symmetry() {
                    return state[v];
                }
                let mut sorted = state.to_vec();
                sorted.sort_unstable();
                sorted[v]
            }));
        }
        all
    }
}

/// The sparse generator of the capped chain.
#[derive(Clone, Debug)]
pub(super) struct Generator {
    pub(super) space: Space,
    /// Where the transitions into each state begin.
    begin: Vec<u32>,
    from: Vec<u32>,
    rate: Vec<f64>,
    /// The rate out of each state, what is not let in left out.
    pub(super) out: Vec<f64>,
    /// The rate of the tasks that are not let in.
    pub(super) refused: Vec<f64>,
    /// By what the law is aggregated.
    pub(super) levels: Vec<Levels>,
    /// Relative error of a rate.
    pub(super) rounding: f64,
    /// The number of the empty state and of the full one.
    pub(super) empty: usize,
    pub(super) full: usize,
}

impl Generator {
    pub(super) fn new(component: &mut Component<'_>, cap: u32, symmetries: &[Vec<usize>]) -> Self {
        let n = component.n_servers();
        let space = Space::new(n, cap, symmetries);
        let states = space.len();
        let mut to: Vec<u32> = Vec::with_capacity(states * 2 * n);
        let mut rates: Vec<f64> = Vec::with_capacity(states * 2 * n);
        let mut ends: Vec<u32> = Vec::with_capacity(states);
        let (mut out, mut refused) = (Vec::with_capacity(states), Vec::with_capacity(states));
        let mut arrivals = vec![0.0; n];
        let mut state = vec![0; n];
        for number in 0..states {
            state.copy_from_slice(space.state(number));
            component.arrival_rates(&state, &mut arrivals);
            let (mut all, mut lost) = (0.0, 0.0);
            for v in 0..n {
                if arrivals[v] > 0.0 && state[v] == cap {
                    lost += arrivals[v];
                } else if arrivals[v] > 0.0 {
                    state[v] += 1;
                    to.push(space.number(&state) as u32);
                    rates.push(arrivals[v]);
                    all += arrivals[v];
                    state[v] -= 1;
                }
                if state[v] > 0 {
                    state[v] -= 1;
                    to.push(space.number(&state) as u32);
                    rates.push(1.0);
                    all += 1.0;
                    state[v] += 1;
                }
            }
            ends.push(to.len() as u32);
            out.push(all);
            refused.push(lost);
        }
        let mut begin = vec![0u32; states + 1];
        to.iter().for_each(|&target| begin[target as usize + 1] += 1);
        for i in 0..states {
            begin[i + 1] += begin[i];
        }
        let mut next = begin.clone();
        let (mut from, mut rate) = (vec![0; to.len()], vec![0.0; to.len()]);
        let mut at = 0;
        for (number, &end) in ends.iter().enumerate() {
            for i in at..end as usize {
                let place = &mut next[to[i] as usize];
                from[*place as usize] = number as u32;
                rate[*place as usize] = rates[i];
                *place += 1;
            }
            at = end as usize;
        }
        let (empty, full) = (space.number(&vec![0; n]), space.number(&vec![cap; n]));
        // (4.12) in floating point has (d + 3) 2^-51; then three products and a sum over the
        // streams.
        let rounding =
            (2.0 * (f64::from(component.d()) + 3.0) + 4.0 + component.n_streams() as f64)
                * f64::EPSILON;
        let levels = Vec::new();
        let mut generator =
            Self { space, begin, from, rate, out, refused, levels, rounding, empty, full };
        generator.levels = Levels::all(&generator);
        generator
    }

    /// How many states.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// The flow into a state.
    #[inline]
    pub(super) fn inflow(&self, law: &[f64], state: usize) -> f64 {
        self.sources_of(state).map(|(from, rate)| law[from] * rate).sum()
    }

    /// The transitions into a state: from where, with which rate.
    #[inline]
    pub(super) fn sources_of(&self, state: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.begin[state] as usize..self.begin[state + 1] as usize;
        let sources = self.from[range.clone()].iter().zip(&self.rate[range]);
        sources.map(|(&from, &rate)| (from as usize, rate))
    }

    /// The rate of refused tasks under a law.
    pub(super) fn refusals(&self, law: &[f64]) -> f64 {
        law.iter().zip(&self.refused).map(|(p, rate)| p * rate).sum()
    }

    /// q_1, ..., q_B of a law.
    pub(super) fn fractions(&self, law: &[f64]) -> Vec<f64> {
        let mut of_length = vec![0.0; self.space.cap() as usize + 1];
        for (number, p) in law.iter().enumerate() {
            self.space.state(number).iter().for_each(|&length| of_length[length as usize] += p);
        }
        let mut above = 0.0;
        let each = of_length[1..].iter().rev().map(|p| {
            above += p / self.space.servers() as f64;
            above
        });
        let mut q: Vec<f64> = each.collect();
        q.reverse();
        q
    }

    /// The mean length and the busy fraction of each server of the component under a law; servers
    /// that a symmetry exchanges are alike.
    pub(super) fn per_server(&self, law: &[f64], symmetries: &[Vec<usize>]) -> Vec<(f64, f64)> {
        let n = self.space.servers();
        // A state stands for its images, under which a sum over an orbit stays as it is.
        let orbits: Vec<Vec<usize>> = (0..n)
            .map(|v| {
                let mut orbit: Vec<usize> = symmetries.iter().map(|by| by[v]).collect();
                orbit.sort_unstable();
                orbit.dedup();
                orbit
            })
            .collect();
        let mut sums = vec![(0.0, 0.0); n];
        for (number, p) in law.iter().enumerate() {
            for (sum, &length) in sums.iter_mut().zip(self.space.state(number)) {
                sum.0 += p * f64::from(length);
                sum.1 += p * f64::from(u8::from(length > 0));
            }
        }
        let mean = |orbit: &Vec<usize>, of: fn(&(f64, f64)) -> f64| {
            orbit.iter().map(|&v| of(&sums[v])).sum::<f64>() / orbit.len() as f64
        };
        orbits.iter().map(|orbit| (mean(orbit, |sum| sum.0), mean(orbit, |sum| sum.1))).collect()
    }
}
