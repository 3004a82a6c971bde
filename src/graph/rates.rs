//! Arrival rates that differ between task types.
//!
//! The model of the paper gives every task type the rate lambda N / M. A system with hot types is the same chain with rates
//! lambda N r_w / (r_1 + ... + r_M): the total stays lambda N, and lambda the load per server. Only the ratios of the rates matter,
//! so they are kept as whole numbers in lowest terms: every figure that follows from them is exact.
//!
//! # Source
//! Section 2, where all rates are equal; the claims that need this say so.

use std::sync::Arc;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use thiserror::Error;

use crate::ratio::{self, Ratio};

/// The sum of the rates in lowest whole numbers stays at or below 2^96, so that sums, products with M and alias tables fit 128 bits.
pub const MAX_TOTAL_BITS: u64 = 96;

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
    #[error("task type {task_type}: rate {rate} is negative: a rate is 0 (no task of this type arrives) or more")]
    Negative {
        /// The task type.
        task_type: u32,
        /// What was given.
        rate: String,
    },
    /// All rates are 0.
    #[error("all rates are 0: no task would ever arrive, give one task type a positive rate")]
    AllZero,
    /// The rates have no common unit of reasonable size.
    #[error("the rates have no common unit within 2^{MAX_TOTAL_BITS} of their sum: round them to fewer digits")]
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
        if let Some((task_type, rate)) = rates.iter().enumerate().find(|(_, rate)| rate.is_negative()) {
            return Err(RatesError::Negative { task_type: task_type as u32, rate: rate.to_string() });
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
        let whole: Vec<BigInt> = rates.iter().map(|rate| rate.numer() * (&unit / rate.denom())).collect();
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
        ratio::whole(self.weights.len() as u64) * Ratio::new(self.weights[task_type as usize].into(), self.total.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratio::ratio;

    #[test]
    fn only_the_ratios_of_rates_matter() {
        let rates = |list: &[(i64, i64)]| Rates::new(&list.iter().map(|&(a, b)| ratio(a, b)).collect::<Vec<_>>());
        let found = rates(&[(1, 2), (3, 4), (0, 1)]).unwrap().unwrap();
        assert_eq!((found.weights(), found.total()), (&[2u128, 3, 0][..], 5));
        assert_eq!(found.relative(1), ratio(9, 5));
        assert_eq!(rates(&[(200, 1), (300, 1), (0, 1)]).unwrap(), Some(found));
        assert_eq!(rates(&[(7, 3), (7, 3)]), Ok(None));
    }

    #[test]
    fn numbers_that_are_no_rates_are_refused() {
        assert_eq!(Rates::new(&[ratio(1, 1), ratio(-1, 2)]), Err(RatesError::Negative { task_type: 1, rate: "-1/2".into() }));
        assert_eq!(Rates::new(&[ratio(0, 1), ratio(0, 1)]), Err(RatesError::AllZero));
        let tiny = ratio::power(&ratio(1, 10), 40);
        assert_eq!(Rates::new(&[ratio(1, 1), tiny]), Err(RatesError::TooFine));
    }
}
