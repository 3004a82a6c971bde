//! A pick from random numbers: the samples of a mark, and who of them gets the task.

use std::collections::BTreeMap;

use num_traits::One;
use rand::Rng;

use super::law::{repeated, sequences};
use super::{Base, Policy, PolicyError, Sampling, Ties};
use crate::num::ratio::Ratio;
use crate::random::{below, wide_below};

/// A pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The place of the candidate that gets the task.
    pub place: u32,
    /// Whether others were as good.
    pub tied: bool,
}

/// What a mark holds.
enum Samples {
    /// This many samples.
    Drawn(u32, Sampling),
    /// All candidates in a random order.
    Shuffled,
    /// All candidates, ascending.
    Ascending,
    /// The candidate whose turn it is.
    InTurn,
}

impl Policy {
    fn sampled(&self) -> Samples {
        match self.base {
            Base::Jsq { d, sampling } | Base::Longest { d, sampling } => {
                Samples::Drawn(d, sampling)
            }
            Base::Random => Samples::Drawn(1, Sampling::Replacement),
            Base::RoundRobin => Samples::InTurn,
            Base::JsqAll if self.ties != Ties::Fair => Samples::Ascending,
            Base::JsqAll | Base::Rule(_) => Samples::Shuffled,
        }
    }

    /// Samples, who wins a tie first: with a fixed order of ties the order of sampling is none.
    fn in_order(&self, mut samples: Vec<u32>) -> Vec<u32> {
        match self.ties {
            Ties::Lowest => samples.sort_unstable(),
            Ties::Highest => samples.sort_unstable_by(|a, b| b.cmp(a)),
            Ties::Fair | Ties::RoundRobin => {}
        }
        samples
    }

    /// The samples of a mark, places among n candidates, at least one: where several are equally
    /// good the first wins, unless ties take turns.
    ///
    /// `turn` is the number of picks so far, and `weights` has one for each candidate.
    ///
    /// # Panics
    /// If n is 0, or no weight is positive.
    pub(crate) fn samples(
        &self,
        n: u32,
        weights: Option<&[u64]>,
        turn: u64,
        rng: &mut impl Rng,
    ) -> Vec<u32> {
        self.in_order(match (self.sampled(), weights) {
            (Samples::InTurn, _) => vec![(turn % u64::from(n)) as u32],
            (Samples::Ascending, _) => (0..n).collect(),
            (Samples::Shuffled, _) => distinct(n, n, rng),
            (Samples::Drawn(d, Sampling::Replacement), None) => {
                (0..d).map(|_| below(rng, n)).collect()
            }
            (Samples::Drawn(d, Sampling::Distinct), None) => distinct(d.min(n), n, rng),
            (Samples::Drawn(d, Sampling::Replacement), Some(weights)) => {
                (0..d).map(|_| weighted_place(weights, rng)).collect()
            }
            (Samples::Drawn(d, Sampling::Distinct), Some(weights)) => {
                let mut left = weights.to_vec();
                let positive = weights.iter().filter(|weight| **weight > 0).count();
                (0..(d as usize).min(positive))
                    .map(|_| {
                        let place = weighted_place(&left, rng);
                        left[place as usize] = 0;
                        place
                    })
                    .collect()
            }
        })
    }

    /// All that [`Policy::samples`] can be at the first turn, with their probabilities.
    ///
    /// # Errors
    /// [`PolicyError::TooManyTerms`].
    pub(crate) fn all_samples(
        &self,
        n: u32,
        weights: Option<&[u64]>,
    ) -> Result<Vec<(Vec<u32>, Ratio)>, PolicyError> {
        let equal = vec![1; n as usize];
        let mut all: BTreeMap<Vec<u32>, Ratio> = BTreeMap::new();
        let mut add = |drawn: &[usize], probability: &Ratio| {
            let order = self.in_order(drawn.iter().map(|&i| i as u32).collect());
            *all.entry(order).or_default() += probability;
        };
        match self.sampled() {
            Samples::InTurn => return Ok(vec![(vec![0], Ratio::one())]),
            Samples::Ascending => {
                return Ok(vec![(self.in_order((0..n).collect()), Ratio::one())]);
            }
            Samples::Shuffled => sequences(&equal, n, &mut add)?,
            Samples::Drawn(d, Sampling::Distinct) => {
                sequences(weights.unwrap_or(&equal), d, &mut add)?;
            }
            Samples::Drawn(d, Sampling::Replacement) => {
                repeated(weights.unwrap_or(&equal), d, &mut add)?;
            }
        }
        Ok(all.into_iter().collect())
    }

    /// Who gets the task: a function of the samples of a mark, of the length seen at each
    /// candidate, and of the place that is first in turn (modulo n).
    ///
    /// # Panics
    /// If there is no candidate, or a sample is none.
    pub fn pick(
        &self,
        samples: &[u32],
        lengths: &[u32],
        weights: Option<&[u64]>,
        turn: u64,
    ) -> Choice {
        let n = lengths.len();
        let place = (turn % n as u64) as usize;
        let alone = |place| Choice { place, tied: false };
        match self.base {
            Base::RoundRobin => alone(place as u32),
            Base::Random => alone(samples[0]),
            // A mark may repeat the last sample.
            Base::Rule(rule) => alone((rule.pick)(&samples[..n.min(samples.len())], lengths)),
            Base::JsqAll => self.settle(&self.best_of_all(lengths, weights), samples, place, n),
            Base::Jsq { .. } | Base::Longest { .. } => {
                let longest = matches!(self.base, Base::Longest { .. });
                let key = |i: &u32| {
                    let length = i64::from(lengths[*i as usize]);
                    if longest { -length } else { length }
                };
                let least = samples.iter().map(key).min();
                let mut tied: Vec<usize> =
                    samples.iter().filter(|i| Some(key(i)) == least).map(|&i| i as usize).collect();
                tied.sort_unstable();
                tied.dedup();
                self.settle(&tied, samples, place, n)
            }
        }
    }

    /// Who wins among the tied, given the order of the samples.
    fn settle(&self, tied: &[usize], samples: &[u32], turn: usize, n: usize) -> Choice {
        let by_samples = || samples.iter().map(|&i| i as usize).find(|i| tied.contains(i));
        let winner = self.tied_winner(tied, turn, n).or_else(by_samples).unwrap_or(tied[0]);
        Choice { place: winner as u32, tied: tied.len() > 1 }
    }
}

/// This many different places of n in a random order.
fn distinct(count: u32, n: u32, rng: &mut impl Rng) -> Vec<u32> {
    // A few of many are drawn until they differ; else the first places of a shuffle.
    if count <= 8 && n >= 2 * count {
        let mut drawn = Vec::with_capacity(count as usize);
        while drawn.len() < count as usize {
            let place = below(rng, n);
            if !drawn.contains(&place) {
                drawn.push(place);
            }
        }
        return drawn;
    }
    let mut places: Vec<u32> = (0..n).collect();
    for at in 0..count {
        places.swap(at as usize, (at + below(rng, n - at)) as usize);
    }
    places.truncate(count as usize);
    places
}

/// A place with probability proportional to its weight.
fn weighted_place(weights: &[u64], rng: &mut impl Rng) -> u32 {
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let mut left = wide_below(rng, total);
    for (place, &weight) in weights.iter().enumerate() {
        if left < u128::from(weight) {
            return place as u32;
        }
        left -= u128::from(weight);
    }
    unreachable!("a number below the total lies within some weight")
}
