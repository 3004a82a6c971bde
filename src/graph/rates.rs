//! Arrival rates that differ between task types.
//!
//! The model of the paper gives every task type the rate lambda N / M. A system with hot types is
//! the same chain with rates lambda N r_w / (r_1 + ... + r_M): the total stays lambda N, and lambda
//! the load per server. Only the ratios of the rates matter, so they are kept as whole numbers in
//! lowest terms: every figure that follows from them is exact.
//!
//! # Source
//! Section 2, where all rates are equal; the claims that need this say so.

use std::sync::Arc;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use thiserror::Error;

use super::BipartiteGraph;
use crate::num::ratio::{self, Ratio};

/// The sum of the rates in lowest whole numbers stays at or below 2^96, so that sums, products with
/// M and alias tables fit 128 bits.
pub(crate) const MAX_TOTAL_BITS: u64 = 96;

/// Why numbers are not arrival rates.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RatesError {
    /// Another number of rates than task types.
    #[error("{given} rates for {needed} task types: give one for each")]
    Count {
        /// How many were given.
        given: usize,
        /// M.
        needed: usize,
    },
    /// A rate below 0.
    #[error(
        "task type {task_type}: rate {rate} is negative: give 0 (no task of this type arrives) or \
        more"
    )]
    Negative {
        /// The task type.
        task_type: u32,
        /// What was given.
        rate: String,
    },
    /// All rates are 0.
    #[error("all rates are 0, so no task arrives: give some task type a positive rate")]
    AllZero,
    /// The rates have no common unit of reasonable size.
    #[error(
        "the rates need more than {MAX_TOTAL_BITS} bits over a common denominator: round them to \
        fewer digits"
    )]
    TooFine,
}

/// Relative arrival rates of the task types, not all equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    weights: Arc<Vec<u128>>,
    total: u128,
}

impl Rates {
    /// The rates in lowest whole numbers; `None` where they are all equal.
    ///
    /// # Errors
    /// [`RatesError`] but for [`RatesError::Count`].
    pub fn new(rates: &[Ratio]) -> Result<Option<Self>, RatesError> {
        if let Some((task_type, rate)) =
            rates.iter().enumerate().find(|(_, rate)| rate.is_negative())
        {
            let (task_type, rate) = (task_type as u32, rate.to_string());
            return Err(RatesError::Negative { task_type, rate });
        }
        if rates.iter().all(Zero::is_zero) {
            return Err(RatesError::AllZero);
        }
        let mut unit = BigInt::from(1);
        for rate in rates {
            unit = unit.lcm(rate.denom());
            if unit.bits() > 2 * MAX_TOTAL_BITS {
                return Err(RatesError::TooFine);
            }
        }
        let whole: Vec<BigInt> =
            rates.iter().map(|rate| rate.numer() * (&unit / rate.denom())).collect();
        let common = whole.iter().fold(BigInt::zero(), |common, weight| common.gcd(weight));
        let whole: Vec<BigInt> = whole.into_iter().map(|weight| weight / &common).collect();
        let total: BigInt = whole.iter().sum();
        if total.bits() > MAX_TOTAL_BITS {
            return Err(RatesError::TooFine);
        }
        if whole.iter().all(|weight| *weight == whole[0]) {
            return Ok(None);
        }
        let fits = |weight: &BigInt| weight.to_u128().ok_or(RatesError::TooFine);
        let weights = whole.iter().map(fits).collect::<Result<_, _>>()?;
        Ok(Some(Self { weights: Arc::new(weights), total: fits(&total)? }))
    }

    /// The rates in lowest whole numbers, one for each task type.
    pub fn weights(&self) -> &[u128] {
        &self.weights
    }

    /// The sum of [`Rates::weights`], at most 2^96.
    pub fn total(&self) -> u128 {
        self.total
    }

    /// The rate of `task_type` over the mean rate: 1 for all types if rates are equal.
    ///
    /// # Panics
    /// If `task_type` is out of range.
    pub fn relative(&self, task_type: u32) -> Ratio {
        self.over_mean(self.weights[task_type as usize])
    }

    fn over_mean(&self, weight: u128) -> Ratio {
        ratio::whole(self.weights.len() as u64) * Ratio::new(weight.into(), self.total.into())
    }
}

impl BipartiteGraph {
    /// The same graph with an arrival rate for each task type; only their ratios matter.
    ///
    /// # Errors
    /// [`RatesError`] unless there is one rate, 0 or more, for each task type, and one is positive.
    ///
    /// ```
    /// use fluidcheck::{graph::BipartiteGraph, num::ratio::ratio};
    /// let graph = BipartiteGraph::complete(2, 2)?.with_rates(&[ratio(3, 1), ratio(1, 1)])?;
    /// assert_eq!(graph.relative_rate(0), ratio(3, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_rates(mut self, rates: &[Ratio]) -> Result<Self, RatesError> {
        let (given, needed) = (rates.len(), self.n_task_types as usize);
        if given != needed {
            return Err(RatesError::Count { given, needed });
        }
        self.rates = Rates::new(rates)?;
        Ok(self)
    }

    /// The same graph with the rates of another one.
    ///
    /// # Panics
    /// If the two have different numbers of task types.
    pub(crate) fn with_rates_of(mut self, other: &Self) -> Self {
        assert_eq!(self.n_task_types, other.n_task_types, "a rate for each task type");
        self.rates.clone_from(&other.rates);
        self
    }

    /// The relative arrival rates; `None` where all are equal, as in the paper.
    pub fn rates(&self) -> Option<&Rates> {
        self.rates.as_ref()
    }

    /// The arrival rate of `task_type` over the mean rate, so that tasks of it arrive at lambda N /
    /// M times this; 1 where all are equal.
    ///
    /// # Panics
    /// If `task_type` is out of range and the rates are not equal.
    pub fn relative_rate(&self, task_type: u32) -> Ratio {
        self.rates.as_ref().map_or_else(Ratio::one, |rates| rates.relative(task_type))
    }

    /// [`BipartiteGraph::relative_rate`] as the nearest `f64`.
    ///
    /// # Panics
    /// As [`BipartiteGraph::relative_rate`].
    pub(crate) fn relative_rate_f64(&self, task_type: u32) -> f64 {
        self.rates.as_ref().map_or(1.0, |rates| ratio::to_f64(&rates.relative(task_type)))
    }

    /// What [`BipartiteGraph::relative_rate`] is made of: the weight of `task_type`, a whole
    /// number; 1 where all rates are equal.
    ///
    /// Tasks of it arrive at lambda N times this over the sum of all weights.
    ///
    /// # Panics
    /// As [`BipartiteGraph::relative_rate`].
    #[inline]
    pub fn weight(&self, task_type: u32) -> u128 {
        self.rates.as_ref().map_or(1, |rates| rates.weights[task_type as usize])
    }

    /// The sum of all weights, at most 2^96; M where all rates are equal.
    pub(crate) fn total_weight(&self) -> u128 {
        self.rates.as_ref().map_or(self.n_task_types.into(), Rates::total)
    }

    /// The share of all tasks that is lost because their type is isolated.
    pub fn lost_share(&self) -> Ratio {
        let lost: u128 = self.isolated.iter().map(|&w| self.weight(w)).sum();
        Ratio::new(lost.into(), self.total_weight().into())
    }

    /// The least and the largest relative rate; 1 and 1 where all are equal.
    pub(crate) fn rate_range(&self) -> (Ratio, Ratio) {
        let Some(rates) = &self.rates else { return (Ratio::one(), Ratio::one()) };
        let of = |weight: Option<&u128>| rates.over_mean(*weight.unwrap_or(&0));
        (of(rates.weights.iter().min()), of(rates.weights.iter().max()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ratio::ratio;

    #[test]
    fn only_the_ratios_of_rates_matter() {
        let rates = |list: &[(i64, i64)]| {
            Rates::new(&list.iter().map(|&(a, b)| ratio(a, b)).collect::<Vec<_>>())
        };
        let found = rates(&[(1, 2), (3, 4), (0, 1)]).unwrap().unwrap();
        assert_eq!((found.weights(), found.total()), (&[2u128, 3, 0][..], 5));
        assert_eq!(found.relative(1), ratio(9, 5));
        assert_eq!(rates(&[(200, 1), (300, 1), (0, 1)]).unwrap(), Some(found));
        assert_eq!(rates(&[(7, 3), (7, 3)]), Ok(None));
    }

    #[test]
    fn numbers_that_are_no_rates_are_refused() {
        assert_eq!(
            Rates::new(&[ratio(1, 1), ratio(-1, 2)]),
            Err(RatesError::Negative { task_type: 1, rate: "-1/2".into() })
        );
        assert_eq!(Rates::new(&[ratio(0, 1), ratio(0, 1)]), Err(RatesError::AllZero));
        let tiny = ratio::power(&ratio(1, 10), 40);
        assert_eq!(Rates::new(&[ratio(1, 1), tiny]), Err(RatesError::TooFine));
    }
}
