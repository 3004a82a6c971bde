//! How the samples of an arrival are drawn, as far as it decides who can be overloaded: the
//! probability g(s) that all of them lie within a given set of s of the n candidates.
//!
//! | samples | g(s) |
//! |---|---|
//! | d with replacement, the paper's | (s / n)^d |
//! | d different ones | C(s, d') / C(n, d'), d' = min(d, n) |
//! | all candidates | 1 where s = n, else 0 |
//!
//! All three are supermodular in the set: g(s) - g(s - 1) does not fall in s. A plain number d
//! stands for d samples with replacement.
//!
//! # Source
//! (4.12) for samples with replacement; (2.2) as printed for different ones.

use num_bigint::BigInt;
use num_traits::{One, Pow, Zero};

use super::MAX_CHOICES;
use crate::num::ratio::{self, Ratio};

/// The law of the samples of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleLaw {
    /// This many independent samples; a server may be drawn twice.
    Replacement(u32),
    /// This many different servers, or all where there are fewer.
    Distinct(u32),
    /// All candidates.
    All,
}

impl From<u32> for SampleLaw {
    /// d samples with replacement.
    fn from(d: u32) -> Self {
        Self::Replacement(d)
    }
}

impl SampleLaw {
    /// The number of samples, `u32::MAX` for all.
    pub fn choices(self) -> u32 {
        match self {
            Self::Replacement(d) | Self::Distinct(d) => d,
            Self::All => u32::MAX,
        }
    }

    /// Whether the number of samples is within 1 to [`MAX_CHOICES`].
    pub(crate) fn is_valid(self) -> bool {
        self == Self::All || (1..=MAX_CHOICES).contains(&self.choices())
    }

    /// Whether there is one sample, so that nothing is chosen.
    pub fn is_single(self) -> bool {
        self.choices() == 1
    }

    /// g(s) among n >= 1 candidates, s <= n; exact.
    pub fn all_within(self, s: u64, n: u64) -> Ratio {
        match self {
            Self::Replacement(d) => ratio::power(&Ratio::new(s.into(), n.into()), d),
            _ => Ratio::new(self.ways(s, n), self.ways(n, n)),
        }
    }

    /// g(s) as a double, by at most d factors.
    pub fn all_within_f64(self, s: usize, n: usize) -> f64 {
        match self {
            Self::Replacement(d) => (s as f64 / n as f64).powi(d as i32),
            Self::Distinct(d) => {
                let d = (d as usize).min(n);
                let factor = |k: usize| (s - k) as f64 / (n - k) as f64;
                if s < d { 0.0 } else { (0..d).map(factor).product() }
            }
            Self::All => f64::from(u8::from(s == n)),
        }
    }

    /// g(s) times [`SampleLaw::denominator`]^[`SampleLaw::exponent`]: s^d, C(s, d') or 1{s = n}.
    pub(crate) fn ways(self, s: u64, n: u64) -> BigInt {
        match self {
            Self::Replacement(d) => Pow::pow(BigInt::from(s), d),
            Self::Distinct(d) => {
                let d = u64::from(d).min(n);
                if s < d {
                    return BigInt::zero();
                }
                // Each prefix of the product is a binomial coefficient, so it divides.
                (0..d).fold(BigInt::one(), |ways, k| ways * (s - k) / (k + 1))
            }
            Self::All => BigInt::from(u8::from(s == n)),
        }
    }

    /// n, C(n, d') or 1.
    pub(crate) fn denominator(self, n: u64) -> BigInt {
        match self {
            Self::Replacement(_) => n.into(),
            _ => self.ways(n, n),
        }
    }

    /// The power of the denominator: d with replacement, else 1.
    pub(crate) fn exponent(self) -> u32 {
        if let Self::Replacement(d) = self { d } else { 1 }
    }

    /// What the ways depend on beside s: nothing, d' or n.
    pub(crate) fn ways_key(self, n: u64) -> u64 {
        match self {
            Self::Replacement(_) => 0,
            Self::Distinct(d) => u64::from(d).min(n),
            Self::All => n,
        }
    }

    /// [`SampleLaw::ways`] from its key.
    pub(crate) fn ways_by_key(self, s: u64, key: u64) -> BigInt {
        match self {
            Self::Replacement(_) => self.ways(s, s.max(1)),
            // d' of d' candidates or more: choose d' of s.
            Self::Distinct(_) => Self::Distinct(key as u32).ways(s, s.max(key)),
            Self::All => self.ways(s, key),
        }
    }

    /// Rounding of g in units of 2^-52, at most.
    pub(crate) fn rounding(self) -> f64 {
        if self == Self::All { 0.0 } else { 4.0 * f64::from(self.choices()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ratio::ratio;

    const LAWS: [SampleLaw; 7] = [
        SampleLaw::Replacement(1),
        SampleLaw::Replacement(2),
        SampleLaw::Replacement(5),
        SampleLaw::Distinct(1),
        SampleLaw::Distinct(2),
        SampleLaw::Distinct(5),
        SampleLaw::All,
    ];

    #[test]
    fn g_is_the_share_of_the_sample_sequences_inside_the_set() {
        for n in 1..=4u64 {
            for s in 0..=n {
                for d in 1..=3u32 {
                    let (mut all, mut inside, mut distinct, mut distinct_inside) = (0, 0, 0, 0);
                    for code in 0..n.pow(d) {
                        let drawn: Vec<u64> = (0..d).map(|k| code / n.pow(k) % n).collect();
                        let within = drawn.iter().all(|&v| v < s);
                        (all, inside) = (all + 1, inside + i64::from(within));
                        let different = (1..drawn.len()).all(|k| !drawn[..k].contains(&drawn[k]));
                        distinct += i64::from(different);
                        distinct_inside += i64::from(different && within);
                    }
                    let known = ratio(inside, all);
                    assert_eq!(SampleLaw::Replacement(d).all_within(s, n), known);
                    if u64::from(d) <= n {
                        let known = ratio(distinct_inside, distinct);
                        assert_eq!(SampleLaw::Distinct(d).all_within(s, n), known, "{s} {n} {d}");
                    }
                }
                assert_eq!(SampleLaw::All.all_within(s, n), ratio(i64::from(s == n), 1));
                assert_eq!(SampleLaw::Distinct(9).all_within(s, n), ratio(i64::from(s == n), 1));
            }
        }
    }

    #[test]
    fn floats_ways_and_keys_say_the_same_and_g_is_convex() {
        for law in LAWS {
            for n in 1..=9u64 {
                let g: Vec<Ratio> = (0..=n).map(|s| law.all_within(s, n)).collect();
                for s in 0..=n {
                    let float = law.all_within_f64(s as usize, n as usize);
                    assert!((float - ratio::to_f64(&g[s as usize])).abs() < 1e-14, "{law:?}");
                    let whole = Pow::pow(law.denominator(n), law.exponent());
                    assert_eq!(g[s as usize], Ratio::new(law.ways(s, n), whole), "{law:?}");
                    assert_eq!(law.ways_by_key(s, law.ways_key(n)), law.ways(s, n), "{law:?}");
                }
                let steps: Vec<Ratio> = g.windows(2).map(|pair| &pair[1] - &pair[0]).collect();
                assert!(steps.is_sorted(), "{law:?}, n = {n}");
            }
        }
    }
}
