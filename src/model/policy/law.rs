//! The exact law of a pick.

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::rules::uniform_among;
use super::{Base, Policy, PolicyError, Sampling, Ties};
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// Terms of an exact law of weighted distinct samples.
const MOST_TERMS: u64 = 2_000_000;

impl Policy {
    /// The probability that all samples lie within `set` of the candidates, exact: with weights a
    /// function of the set and not only of its size.
    ///
    /// # Errors
    /// [`PolicyError::Undefined`] for policies that do not join a shortest of samples,
    /// [`PolicyError::Weights`], [`PolicyError::TooManyTerms`].
    pub fn all_within(
        &self,
        set: &[usize],
        n: usize,
        weights: Option<&[u64]>,
    ) -> Result<Ratio, PolicyError> {
        let weights = self.fitting(weights, n)?;
        if let Some(law) = self.sample_law() {
            return Ok(law.all_within(set.len() as u64, n as u64));
        }
        match (self.base, weights) {
            (Base::Jsq { d, sampling }, Some(weights)) if self.joins_a_shortest() => {
                all_within_weighted(set, weights, d, sampling)
            }
            (Base::Random, Some(weights)) => {
                all_within_weighted(set, weights, 1, Sampling::Replacement)
            }
            _ => Err(PolicyError::undefined(self, "critical load that is proved")),
        }
    }

    /// The law of the samples, where it decides alone who can be overloaded: for policies that join
    /// a shortest sample, without weights.
    pub fn sample_law(&self) -> Option<SampleLaw> {
        if !self.joins_a_shortest() || self.weights.is_some() {
            return None;
        }
        match self.base {
            Base::Jsq { d, sampling } => Some(sampled(d, sampling)),
            Base::JsqAll => Some(SampleLaw::All),
            Base::Random => Some(SampleLaw::Replacement(1)),
            _ => None,
        }
    }

    /// The law of a pick, exact: a probability for each candidate, in their order.
    ///
    /// `lengths` are those that the policy sees, one for each candidate; `weights` theirs, where
    /// the policy has any; `turn` is the first place that a turn may take, for `round-robin` and
    /// `ties round-robin` (candidate `turn` modulo n comes first).
    ///
    /// # Errors
    /// [`PolicyError::NoCandidate`], [`PolicyError::Weights`], [`PolicyError::TooManyTerms`].
    pub fn law(
        &self,
        lengths: &[u32],
        weights: Option<&[u64]>,
        turn: u64,
    ) -> Result<Vec<Ratio>, PolicyError> {
        let n = lengths.len();
        let weights = self.fitting(weights, n)?;
        let turn = (turn % n as u64) as usize;
        match self.base {
            Base::Rule(rule) => Ok((rule.law)(lengths)),
            Base::RoundRobin => Ok(uniform_among(lengths, |i| i == turn)),
            Base::JsqAll => {
                let best = self.best_of_all(lengths, weights);
                let chosen = self.tied_winner(&best, turn, n);
                Ok(uniform_among(lengths, |i| {
                    chosen.map_or(best.contains(&i), |winner| winner == i)
                }))
            }
            Base::Random => self.by_order(&vec![0; n], weights, turn, 1, Sampling::Replacement),
            Base::Jsq { d, sampling } => self.by_order(lengths, weights, turn, d, sampling),
            Base::Longest { d, sampling } => {
                let most = lengths.iter().max().copied().unwrap_or(0);
                let turned: Vec<u32> = lengths.iter().map(|length| most - length).collect();
                self.by_order(&turned, weights, turn, d, sampling)
            }
        }
    }

    /// [`Policy::law`] rounded to the nearest doubles.
    ///
    /// # Errors
    /// As [`Policy::law`].
    pub fn law_f64(
        &self,
        lengths: &[u32],
        weights: Option<&[u64]>,
        turn: u64,
    ) -> Result<Vec<f64>, PolicyError> {
        Ok(self.law(lengths, weights, turn)?.iter().map(ratio::to_f64).collect())
    }

    /// The candidates that `jsq(all)` may choose, ascending.
    pub(super) fn best_of_all(&self, lengths: &[u32], weights: Option<&[u64]>) -> Vec<usize> {
        let weights = weights.filter(|_| self.weights.is_some());
        // Costs (length + 1) / weight are compared crosswise; a weight of 0 costs too much.
        let cost = |i: usize| {
            let weight = weights.map_or(1, |weights| weights[i]);
            (u128::from(lengths[i]) + 1, u128::from(weight))
        };
        let mut best: Vec<usize> = Vec::new();
        for i in (0..lengths.len()).filter(|&i| cost(i).1 > 0) {
            let (own, least) = (cost(i), best.first().map(|&first| cost(first)));
            match least.map(|least| (own.0 * least.1).cmp(&(least.0 * own.1))) {
                Some(std::cmp::Ordering::Greater) => {}
                Some(std::cmp::Ordering::Equal) => best.push(i),
                Some(std::cmp::Ordering::Less) | None => best = vec![i],
            }
        }
        best
    }

    /// Who wins among the tied, ascending; `None` where chance decides.
    pub(super) fn tied_winner(&self, tied: &[usize], turn: usize, n: usize) -> Option<usize> {
        match self.ties {
            Ties::Fair => None,
            Ties::Lowest => tied.first().copied(),
            Ties::Highest => tied.last().copied(),
            Ties::RoundRobin => tied.iter().copied().min_by_key(|i| (i + n - turn) % n),
        }
    }

    /// The law where the best of the samples in an order of the candidates wins.
    fn by_order(
        &self,
        lengths: &[u32],
        weights: Option<&[u64]>,
        turn: usize,
        d: u32,
        sampling: Sampling,
    ) -> Result<Vec<Ratio>, PolicyError> {
        let n = lengths.len();
        if let (Some(weights), Ties::Fair) = (weights, self.ties) {
            return weighted_fair(lengths, weights, d, sampling);
        }
        // Fair ties without weights: members of a level are alike, so the level's mass is shared.
        let rank = |i: usize| match self.ties {
            Ties::Fair => 0,
            Ties::Lowest => i,
            Ties::Highest => n - 1 - i,
            Ties::RoundRobin => (i + n - turn) % n,
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&i| (lengths[i], rank(i)));
        let within = |tail: &[usize]| -> Result<Ratio, PolicyError> {
            match weights {
                None => Ok(sampled(d, sampling).all_within(tail.len() as u64, n as u64)),
                Some(weights) => all_within_weighted(tail, weights, d, sampling),
            }
        };
        let mut law = vec![Ratio::zero(); n];
        let mut from = 0;
        while from < n {
            let same = |i: &usize| self.ties == Ties::Fair && lengths[*i] == lengths[order[from]];
            let to = from + order[from..].iter().take_while(|i| same(i)).count().max(1);
            let mass = within(&order[from..])? - within(&order[to..])?;
            let share = mass / ratio::whole((to - from) as u64);
            order[from..to].iter().for_each(|&i| law[i] = share.clone());
            from = to;
        }
        Ok(law)
    }

    /// Whether candidates with these weights have a law that can be computed.
    ///
    /// # Errors
    /// [`PolicyError::Weights`] where none is positive, [`PolicyError::TooManyTerms`].
    pub(crate) fn accepts(&self, weights: &[u64]) -> Result<(), PolicyError> {
        self.fitting(Some(weights), weights.len())?;
        match self.base {
            Base::Jsq { d, sampling: Sampling::Distinct }
            | Base::Longest { d, sampling: Sampling::Distinct } => draws(weights, d).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The weights, if the policy has any, checked against the number of candidates.
    fn fitting<'a>(
        &self,
        weights: Option<&'a [u64]>,
        candidates: usize,
    ) -> Result<Option<&'a [u64]>, PolicyError> {
        if candidates == 0 {
            return Err(PolicyError::NoCandidate);
        }
        if self.weights.is_none() {
            return Ok(None);
        }
        let weights = weights.unwrap_or(&[]);
        let positive = weights.iter().filter(|weight| **weight > 0).count();
        if weights.len() != candidates || positive == 0 {
            return Err(PolicyError::Weights { given: weights.len(), candidates, positive });
        }
        Ok(Some(weights))
    }
}

/// The sum of weights.
fn sum(weights: impl Iterator<Item = u64>) -> Ratio {
    Ratio::from_integer(weights.map(BigInt::from).sum())
}

fn sampled(d: u32, sampling: Sampling) -> SampleLaw {
    match sampling {
        Sampling::Replacement => SampleLaw::Replacement(d),
        Sampling::Distinct => SampleLaw::Distinct(d),
    }
}

/// The probability that all of d weighted samples lie within a set.
fn all_within_weighted(
    set: &[usize],
    weights: &[u64],
    d: u32,
    sampling: Sampling,
) -> Result<Ratio, PolicyError> {
    match sampling {
        Sampling::Replacement => {
            let inside = sum(set.iter().map(|&i| weights[i]));
            Ok(ratio::power(&(inside / sum(weights.iter().copied())), d))
        }
        Sampling::Distinct => {
            let mut law = Ratio::zero();
            sequences(weights, d, &mut |drawn, probability| {
                if drawn.iter().all(|i| set.contains(i)) {
                    law += probability;
                }
            })?;
            Ok(law)
        }
    }
}

/// The law with weights where the first sampled of the shortest wins.
fn weighted_fair(
    lengths: &[u32],
    weights: &[u64],
    d: u32,
    sampling: Sampling,
) -> Result<Vec<Ratio>, PolicyError> {
    let n = lengths.len();
    let mut law = vec![Ratio::zero(); n];
    if sampling == Sampling::Distinct {
        sequences(weights, d, &mut |drawn, probability| {
            let best = drawn.iter().copied().min_by_key(|&i| lengths[i]);
            if let Some(best) = best {
                law[best] += probability;
            }
        })?;
        return Ok(law);
    }
    // Given the least length sampled, each sample of that length is the first of them equally
    // often, so that a level's mass is shared in proportion to the weights.
    let total = sum(weights.iter().copied());
    let of = |chosen: &dyn Fn(u32) -> bool| {
        sum((0..n).filter(|&i| chosen(lengths[i])).map(|i| weights[i]))
    };
    for (i, share) in law.iter_mut().enumerate() {
        let level = of(&|length| length == lengths[i]);
        if level.is_zero() {
            continue;
        }
        let (from, above) = (of(&|length| length >= lengths[i]), of(&|length| length > lengths[i]));
        let mass = ratio::power(&(from / &total), d) - ratio::power(&(above / &total), d);
        *share = mass * ratio::whole(weights[i]) / level;
    }
    Ok(law)
}

/// How many different candidates are drawn.
fn draws(weights: &[u64], d: u32) -> Result<usize, PolicyError> {
    let positive = weights.iter().filter(|weight| **weight > 0).count();
    let count = (d as usize).min(positive);
    let terms = (0..count as u64)
        .try_fold(1u64, |terms, k| terms.checked_mul(positive as u64 - k))
        .filter(|terms| *terms <= MOST_TERMS);
    terms.map(|_| count).ok_or(PolicyError::TooManyTerms { d, n: weights.len() })
}

/// All ordered draws of min(d, positive weights) different candidates with their probabilities.
pub(super) fn sequences(
    weights: &[u64],
    d: u32,
    visit: &mut dyn FnMut(&[usize], &Ratio),
) -> Result<(), PolicyError> {
    let count = draws(weights, d)?;
    fn descend(
        weights: &[u64],
        left: &Ratio,
        count: usize,
        drawn: &mut Vec<usize>,
        probability: &Ratio,
        visit: &mut dyn FnMut(&[usize], &Ratio),
    ) {
        if drawn.len() == count {
            return visit(drawn, probability);
        }
        for i in 0..weights.len() {
            if weights[i] == 0 || drawn.contains(&i) {
                continue;
            }
            let weight = ratio::whole(weights[i]);
            let next = probability * &weight / left;
            drawn.push(i);
            descend(weights, &(left - weight), count, drawn, &next, visit);
            drawn.pop();
        }
    }
    let total = sum(weights.iter().copied());
    descend(weights, &total, count, &mut Vec::new(), &Ratio::one(), visit);
    Ok(())
}

/// All ordered draws of d candidates with replacement, with their probabilities.
pub(super) fn repeated(
    weights: &[u64],
    d: u32,
    visit: &mut dyn FnMut(&[usize], &Ratio),
) -> Result<(), PolicyError> {
    let n = weights.len();
    let terms = (n as u64).checked_pow(d).filter(|terms| *terms <= MOST_TERMS);
    let Some(terms) = terms else { return Err(PolicyError::TooManyTerms { d, n }) };
    let total = sum(weights.iter().copied());
    for mut code in 0..terms {
        let mut drawn = Vec::with_capacity(d as usize);
        for _ in 0..d {
            drawn.push((code % n as u64) as usize);
            code /= n as u64;
        }
        let probability: Ratio = drawn.iter().map(|&i| ratio::whole(weights[i]) / &total).product();
        if !probability.is_zero() {
            visit(&drawn, &probability);
        }
    }
    Ok(())
}
