//! Bets on the picks in each small state by itself, and how far from the promised law the counts
//! still allow the true one to be.
//!
//! A state is a task type, the lengths that the policy sees, and whose turn it is, where it takes
//! turns. In each one the Krichevsky-Trofimov predictor bets against the promised law P: the
//! candidate x, seen c times among n picks, has (c + 1/2) / (n + k/2) among the k candidates that P
//! allows. The factor predictor(x) / P(x) has mean 1 under P.
//!
//! | wealth over all states | loses | sees |
//! |---|---|---|
//! | the product | the price of learning, once for each state | one fault everywhere, weakly |
//! | the mean, with weights 6 / (pi k)^2 for the k-th state found | 2 ln k + 0.5 | one bad state among good ones |
//!
//! The weights sum to 1 over all k, and states not found yet have wealth 1. Which state comes next
//! is known before its pick, so the mean is a martingale from 1, too.
//!
//! **Distance.** Suppose that all picks in a state have one law q, not known. Then the product of
//! predictor(x) / q(x) is a supermartingale from 1, so that q has, with error probability alpha_k
//! at any time,
//!
//! > n KL(c/n, q) <= ln(1 / alpha_k) + ln(likelihood of c/n) - ln(product of the predictors).
//!
//! The total variation from P is the largest q(A) - P(A) over sets A of candidates. Given q(A), the
//! divergence is least where q is proportional to the counts within A and outside, and is then that
//! of two outcomes; so the largest q(A) is an upper confidence limit of one share, by bisection.
//! alpha_k is alpha times the weight of the state: all states at once.
//!
//! # Source
//! Krichevsky, Trofimov (1981); Ville's inequality.

use std::f64::consts::PI;

use rustc_hash::FxHashMap;

use super::wealth::Wealth;
use crate::stats::log_mean_exp;

/// States with more candidates come again too rarely, and have many sets.
const MOST_CANDIDATES: usize = 5;

/// States with more tasks come again too rarely.
const MOST_TASKS: u32 = 24;

/// States that are kept.
const MOST_STATES: usize = 1024;

/// What tells a state from others: task type, turn, lengths seen.
type Key = (u32, u64, Vec<u32>);

/// One state and its picks.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) task_type: u32,
    pub(super) lengths: Vec<u32>,
    /// The promised law.
    pub(super) law: Vec<f64>,
    pub(super) counts: Vec<u64>,
    pub(super) picks: u64,
    /// The product of predictor / P.
    wealth: Wealth,
    /// The product of the predictors.
    predicted: Wealth,
}

impl State {
    /// ln of the product of predictor / P.
    pub(super) fn log_wealth(&self) -> f64 {
        self.wealth.ln()
    }

    fn observe(&mut self, place: usize) {
        let possible = self.law.iter().filter(|&&p| p > 0.0).count() as f64;
        let predicted = (self.counts[place] as f64 + 0.5) / (self.picks as f64 + 0.5 * possible);
        self.predicted.multiply(predicted);
        self.wealth.multiply(predicted / self.law[place]);
        self.counts[place] += 1;
        self.picks += 1;
    }

    /// The largest distance from the promised law, in total variation, of a law that the counts
    /// allow with error probability `alpha`.
    fn distance(&self, alpha: f64) -> f64 {
        let n = self.picks as f64;
        if self.picks == 0 {
            return 1.0;
        }
        let seen = |count: &u64| *count as f64 / n;
        let likelihood: f64 = self
            .counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|count| *count as f64 * seen(count).ln())
            .sum();
        let most = ((1.0 / alpha).ln() + likelihood - self.predicted.ln()) / n;
        let sets = 1..(1u32 << self.counts.len()) - 1;
        let distance = sets.map(|set| {
            let within = |of: &dyn Fn(usize) -> f64| -> f64 {
                (0..self.counts.len()).filter(|i| set >> i & 1 == 1).map(of).sum()
            };
            let share = within(&|i| seen(&self.counts[i]));
            upper_share(share, most) - within(&|i| self.law[i])
        });
        distance.fold(0.0, f64::max).min(1.0)
    }
}

/// The largest q with KL(share, q) <= `most`, of two outcomes.
fn upper_share(share: f64, most: f64) -> f64 {
    let term = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
    let divergence = |q: f64| term(share, q) + term(1.0 - share, 1.0 - q);
    let (mut low, mut high) = (share.min(1.0), 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if divergence(middle) <= most { low = middle } else { high = middle }
    }
    // Above the limit rather than below.
    high
}

/// The weight of the k-th state found, k >= 1.
fn weight(k: usize) -> f64 {
    6.0 / (PI * k as f64).powi(2)
}

/// Every small state found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    places: FxHashMap<Key, usize>,
    states: Vec<State>,
}

impl States {
    /// Takes a pick that the promised law allows.
    pub(super) fn observe(
        &mut self,
        task_type: u32,
        turn: u64,
        lengths: &[u32],
        law: &[f64],
        place: usize,
    ) {
        let choice = law.iter().filter(|&&p| p > 0.0).count() > 1;
        let total = lengths.iter().fold(0u32, |sum, &length| sum.saturating_add(length));
        if !choice || lengths.len() > MOST_CANDIDATES || total > MOST_TASKS {
            return;
        }
        let key = (task_type, turn, lengths.to_vec());
        let at = match self.places.get(&key) {
            Some(&at) => at,
            None if self.states.len() == MOST_STATES => return,
            None => {
                self.places.insert(key, self.states.len());
                self.states.push(State {
                    task_type,
                    lengths: lengths.to_vec(),
                    law: law.to_vec(),
                    counts: vec![0; law.len()],
                    picks: 0,
                    wealth: Wealth::ONE,
                    predicted: Wealth::ONE,
                });
                self.states.len() - 1
            }
        };
        self.states[at].observe(place);
    }

    /// ln of the product of all wealths.
    pub(super) fn log_product(&self) -> f64 {
        self.states.iter().map(State::log_wealth).sum()
    }

    /// ln of the weighted mean of the wealths.
    pub(super) fn log_mean(&self) -> f64 {
        let weighted = || {
            let all = self.states.iter().zip(1..);
            all.map(|(state, k)| state.log_wealth() + weight(k).ln())
        };
        let found: f64 = (1..=self.states.len()).map(weight).sum();
        let others = (1.0 - found).max(0.0).ln();
        let terms = weighted().chain([others]);
        // A sum, not a mean.
        log_mean_exp(terms) + (self.states.len() as f64 + 1.0).ln()
    }

    /// The state on which the most was won, weighted.
    pub(super) fn worst(&self) -> Option<&State> {
        let won = |&(state, k): &(&State, usize)| state.log_wealth() + weight(k).ln();
        let all = self.states.iter().zip(1..);
        all.max_by(|a, b| won(a).total_cmp(&won(b))).map(|(state, _)| state)
    }

    /// The most visited states that make up at least half of the picks: how many they are, the
    /// fewest picks in one, and the largest distance from the promised law that the counts of one
    /// still allow, for all states at once with error probability `alpha`. `None` where there was
    /// no pick.
    pub(super) fn usual_distance(&self, alpha: f64) -> Option<(usize, u64, f64)> {
        let mut all: Vec<(&State, usize)> = self.states.iter().zip(1..).collect();
        all.sort_by_key(|(state, _)| std::cmp::Reverse(state.picks));
        let total: u64 = all.iter().map(|(state, _)| state.picks).sum();
        let mut sum = 0;
        let enough = all.iter().position(|(state, _)| {
            sum += state.picks;
            2 * sum >= total
        })?;
        let usual = &all[..=enough];
        let distance = |&(state, k): &(&State, usize)| state.distance(alpha * weight(k));
        let largest = usual.iter().map(distance).fold(0.0, f64::max);
        Some((usual.len(), usual[enough].0.picks, largest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two states with some picks.
    fn some() -> States {
        let mut states = States::default();
        for place in [0, 0, 1, 2, 0] {
            states.observe(0, 0, &[0, 1, 1], &[0.5, 0.25, 0.25], place);
        }
        states.observe(1, 0, &[1, 1], &[0.5, 0.5], 1);
        states
    }

    #[test]
    fn product_and_mean_are_martingales_under_the_law() {
        let table: [(u32, &[u32], &[f64]); 4] = [
            (0, &[0, 1, 1], &[0.5, 0.25, 0.25]),
            (1, &[1, 1], &[0.5, 0.5]),
            // Not seen before; a candidate that is never taken.
            (2, &[2, 0, 1], &[0.125, 0.875, 0.0]),
            // No choice, and no bet.
            (2, &[0, 5], &[1.0, 0.0]),
        ];
        let states = some();
        let (product, average) = (states.log_product(), states.log_mean());
        for (task_type, lengths, law) in table {
            let mut means = [0.0; 2];
            for (place, p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                let mut next = states.clone();
                next.observe(task_type, 0, lengths, law, place);
                means[0] += p * (next.log_product() - product).exp();
                means[1] += p * (next.log_mean() - average).exp();
            }
            for mean in means {
                assert!((mean - 1.0).abs() < 1e-12, "{lengths:?}: {mean}");
            }
        }
    }

    #[test]
    fn the_weights_sum_to_one() {
        let sum: f64 = (1..100_000).map(weight).sum();
        assert!((sum - 1.0).abs() < 1e-4);
        assert!(States::default().log_mean().abs() < 1e-12);
    }

    #[test]
    fn one_bad_state_is_seen_among_good_ones() {
        let mut states = States::default();
        for pick in 0..6000usize {
            // 100 states, of which one is wrong.
            let state = pick as u32 % 100;
            let place = if state == 50 { 0 } else { pick / 100 % 2 };
            states.observe(state, 0, &[1, 1], &[0.5, 0.5], place);
        }
        // 60 picks of one server, 2^-60 by the law.
        assert!(states.log_mean() > 25.0, "{}", states.log_mean());
        assert!(states.log_product() < 0.0);
        assert_eq!(states.worst().map(|state| state.task_type), Some(50));
    }

    #[test]
    fn the_distance_falls_as_counts_grow_and_lies_on_the_limit() {
        let mut last = 1.0;
        let mut states = States::default();
        for pick in 0..4000usize {
            states.observe(0, 0, &[0, 1], &[0.75, 0.25], usize::from(pick % 4 == 3));
            let picks = pick + 1;
            if [40, 400, 4000].contains(&picks) {
                let (_, of, distance) = states.usual_distance(1e-6).unwrap();
                assert!(of == picks as u64 && distance < last, "{picks}: {distance}");
                last = distance;
            }
        }
        assert!((0.02..0.08).contains(&last), "{last}");
        // 4000 picks, 3/4 and 1/4: KL of the limit by hand.
        let most = 0.01;
        let q = upper_share(0.25, most);
        let kl = 0.25 * (0.25 / q).ln() + 0.75 * (0.75 / (1.0 - q)).ln();
        assert!(q > 0.25 && (kl - most).abs() < 1e-9, "{q}: {kl}");
        assert!((upper_share(0.0, most) - (1.0 - (-most).exp())).abs() < 1e-9);
    }

    #[test]
    fn large_states_are_left_alone() {
        let mut states = States::default();
        states.observe(0, 0, &[0; 6], &[1.0 / 6.0; 6], 0);
        states.observe(0, 0, &[20, 20], &[0.5, 0.5], 0);
        assert!(states.states.is_empty() && states.usual_distance(1e-6).is_none());
    }
}
