//! Wealth from bets on tilted laws.
//!
//! A figure f of an outcome has a known law given the past. For a tilt theta the wealth is
//! multiplied by exp(theta f) / E exp(theta f), the likelihood ratio of the tilted law against the
//! known one. Under the known law that is a martingale from 1, and so is the mean over any list of
//! figures and tilts.
//!
//! *Violated*: the mean wealth reaches 2 / alpha, [`rejects`] (Ville). *Holds*: for each figure the
//! alternatives "every outcome is tilted by at least theta0" are rejected, for both signs:
//! [`TiltedBets::lost`] with [`threshold`]. The inverse wealth of theta0 is a supermartingale under
//! every theta >= theta0, since g = ln E exp(. f) is convex with g(0) = 0 and therefore g(theta0) +
//! g(theta - theta0) <= g(theta). Each verdict has half of alpha.
//!
//! # Source
//! Ville's inequality. Likelihood ratios as e-processes: Waudby-Smith and Ramdas (2024), section 2.

use super::decision::Decision;
use super::log_mean_exp;
use super::spending;

/// Each size with both signs: index 2 k for +sizes\[k\], 2 k + 1 for -sizes\[k\].
///
/// # Panics
/// Unless N = 2 K.
pub const fn signed<const K: usize, const N: usize>(sizes: [f64; K]) -> [f64; N] {
    assert!(N == 2 * K, "two signs of each size");
    let mut tilts = [0.0; N];
    let mut k = 0;
    while k < K {
        (tilts[2 * k], tilts[2 * k + 1]) = (sizes[k], -sizes[k]);
        k += 1;
    }
    tilts
}

/// The tilts of an indicator that is judged by itself.
pub const OF_INDICATOR: [f64; 8] = signed([0.1, 0.3, 1.0, 0.03]);

/// The position of the size among [`OF_INDICATOR`] that *holds* excludes: 0.3.
pub const EXCLUDED: usize = 1;

/// The bets on one figure, one for each of N tilts as [`signed`] gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct TiltedBets<const N: usize> {
    tilts: &'static [f64; N],
    /// ln of the wealth, by tilt.
    pub log_wealth: [f64; N],
    /// Outcomes that could have been otherwise.
    pub bets: u64,
}

impl<const N: usize> TiltedBets<N> {
    /// Wealth 1 on each of these tilts.
    pub const fn new(tilts: &'static [f64; N]) -> Self {
        Self { tilts, log_wealth: [0.0; N], bets: 0 }
    }

    /// Takes a value of the figure; `log_means` are ln E exp(theta f), by tilt.
    #[inline]
    pub fn bet(&mut self, value: f64, log_means: &[f64; N]) {
        self.bets += 1;
        for ((log, tilt), log_mean) in self.log_wealth.iter_mut().zip(self.tilts).zip(log_means) {
            *log += tilt * value - log_mean;
        }
    }

    /// Takes whether an event of probability `p` happened. No bet where p is 0 or 1: what is then
    /// impossible refutes the law outright, and gives `false`.
    #[inline]
    pub fn bet_on(&mut self, hit: bool, p: f64) -> bool {
        if p > 0.0 && p < 1.0 {
            let value = f64::from(u8::from(hit));
            self.bet(value, &self.tilts.map(|theta| log_mean_of_event(theta, p)));
            return true;
        }
        let possible = hit == (p >= 1.0);
        if !possible {
            self.log_wealth = [f64::INFINITY; N];
        }
        possible
    }

    /// Whether both alternatives of the size at position `k` have lost so much.
    pub fn lost(&self, k: usize, threshold: f64) -> bool {
        self.alternatives(k).into_iter().all(|log| log <= -threshold)
    }

    /// ln of the wealth on the size at position `k`, for both signs.
    pub fn alternatives(&self, k: usize) -> [f64; 2] {
        [self.log_wealth[2 * k], self.log_wealth[2 * k + 1]]
    }

    /// The most that was won, and whether by a tilt upwards.
    pub fn strongest(&self) -> (f64, bool) {
        let first = (f64::NEG_INFINITY, true);
        self.log_wealth.iter().enumerate().fold(first, |best, (index, &log)| {
            if log > best.0 { (log, index.is_multiple_of(2)) } else { best }
        })
    }

    /// The verdict on this figure alone; *holds* excludes the size at position `k`, or says that
    /// nothing could have been otherwise.
    pub fn decision(&self, k: usize, alpha: f64) -> Option<Decision> {
        spending::record_asked(self, alpha);
        // Infinite wealth has no mean.
        if self.log_wealth[0] == f64::INFINITY || rejects(self.log_wealth.iter().copied(), alpha) {
            return Some(Decision::Violated);
        }
        (self.bets == 0 || self.lost(k, threshold(1, alpha))).then_some(Decision::Holds)
    }
}

/// ln E exp(theta f) for the indicator f of an event of probability p.
#[inline]
pub fn log_mean_of_event(theta: f64, p: f64) -> f64 {
    (p * theta.exp_m1()).ln_1p()
}

/// Whether the mean of these wealths, given in logarithms, rejects the known laws.
pub fn rejects(log_wealths: impl Iterator<Item = f64> + Clone, alpha: f64) -> bool {
    log_mean_exp(log_wealths) >= (2.0 / alpha).ln()
}

/// What each alternative must have lost, in logarithms: half of alpha over both signs of so many
/// figures.
pub fn threshold(figures: usize, alpha: f64) -> f64 {
    (4.0 * figures as f64 / alpha).ln()
}

/// About how many outcomes would exclude all alternatives, if the rest is as informative as the
/// `seen` so far; `None` where one of them has not lost anything yet.
pub fn needed(seen: u64, threshold: f64, alternatives: impl Iterator<Item = f64>) -> Option<f64> {
    let slowest = alternatives.fold(f64::NEG_INFINITY, f64::max);
    (slowest < 0.0).then(|| (seen as f64 * threshold / -slowest).ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILTS: [f64; 4] = signed([0.5, 2.0]);

    #[test]
    fn every_wealth_is_a_martingale_under_the_known_law() {
        assert_eq!(TILTS, [0.5, -0.5, 2.0, -2.0]);
        let (p, mut hit, mut missed) = (0.3, TiltedBets::new(&TILTS), TiltedBets::new(&TILTS));
        assert!(hit.bet_on(true, p) && missed.bet_on(false, p));
        for (hit, missed) in hit.log_wealth.iter().zip(missed.log_wealth) {
            assert!((p * hit.exp() + (1.0 - p) * missed.exp() - 1.0).abs() < 1e-12);
        }
        assert_eq!((hit.strongest().1, missed.strongest().1), (true, false));
    }

    #[test]
    fn what_is_certain_is_no_bet_and_what_is_impossible_refutes() {
        let mut bets = TiltedBets::new(&TILTS);
        assert!(bets.bet_on(true, 1.0) && bets.bet_on(false, 0.0));
        assert_eq!((bets.bets, bets.decision(0, 1e-6)), (0, Some(Decision::Holds)));
        assert!(!bets.bet_on(false, 1.0));
        assert_eq!(bets.decision(0, 1e-6), Some(Decision::Violated));
    }

    #[test]
    fn verdicts_are_given_at_their_thresholds() {
        let lost = (4.0f64 / 1e-6).ln();
        let mut bets = TiltedBets { bets: 1, ..TiltedBets::new(&TILTS) };
        assert_eq!(bets.decision(1, 1e-6), None);
        bets.log_wealth[2..].fill(-lost);
        assert_eq!((bets.decision(1, 1e-6), bets.decision(0, 1e-6)), (Some(Decision::Holds), None));
        bets.log_wealth[3] *= 1.0 - 1e-9;
        assert_eq!(bets.decision(1, 1e-6), None);
        assert_eq!(needed(100, lost, [-lost / 4.0, -lost].into_iter()), Some(400.0));
        assert_eq!(needed(100, lost, [0.0, -lost].into_iter()), None);
        // The mean of four, one of them rich.
        bets.log_wealth = [(8.0f64 / 1e-6).ln() + 1e-9, -lost, -lost, -lost];
        assert_eq!(bets.decision(1, 1e-6), Some(Decision::Violated));
        bets.log_wealth[0] -= 1e-6;
        assert_eq!(bets.decision(0, 1e-6), None);
    }
}
