//! Are the times of the events of a path those of a Poisson process of known rate?
//!
//! The gaps between the events of a Poisson process, in units of their mean, are independent with
//! the law Exp(1); where the rate depends on the state, the gaps are measured by the rate of the
//! state they begin in. Tilts of three features are bet on as in [`super::tilts`].
//!
//! | feature | null law | sees |
//! |---|---|---|
//! | the gap itself, against Exp(r) | Exp(1) | a clock that runs fast or slow |
//! | the gap is longer than its median | 1/2 | events in bunches, at the right rate on average |
//! | a window of 500 mean gaps has a number of events near its mean | a sum of Poisson probabilities | a constant number of events a step |
//!
//! Exp(1 + c) is the law Exp(1) of a gap x tilted by c in the figure -x, with
//! E exp(-c x) = 1 / (1 + c).
//!
//! # Source
//! Ville's inequality; order statistics of the Poisson process are classical.

use super::decision::Decision;
use super::log_mean_exp;
use super::spending;
use super::tilts::{self, TiltedBets};

/// The length of a window in mean gaps; no divisor of anything that a clock might count in.
const WINDOW: f64 = 500.0;

/// A number of events within this distance of [`WINDOW`] is near it: about every second one.
const NEAR: u64 = 14;

/// Relative changes of the rate.
const RATES: [f64; 10] = tilts::signed([0.005, 0.01, 0.03, 0.1, 0.3]);

/// Tilts of an indicator.
const TILTS: [f64; 8] = tilts::signed([0.1, 0.3, 1.0, 3.0]);

/// How often the mixture is looked at.
const LOOK_EVERY: u64 = 64;

/// The positions of the smallest effects that "holds" excludes.
const LEAST_LONG: usize = 1;
const LEAST_NEAR: usize = 2;

/// The sequential test of event times against a Poisson process.
#[derive(Clone, Debug)]
pub struct GapTest {
    rates: TiltedBets<{ RATES.len() }>,
    long: TiltedBets<{ TILTS.len() }>,
    near: TiltedBets<{ TILTS.len() }>,
    p_near: f64,
    /// The position in RATES of the smallest change that "holds" excludes.
    finest: usize,
    in_window: u64,
    since_window: f64,
    gaps: u64,
    alpha: f64,
    violated: bool,
    impossible: bool,
}

impl GapTest {
    /// A test that is wrong with probability at most `alpha`, half for each verdict. *Holds*
    /// excludes a rate that is off by 1 %, or by 3 % if `coarse`.
    ///
    /// # Panics
    /// Unless 0 < alpha < 1.
    pub fn new(alpha: f64, coarse: bool) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        Self {
            rates: TiltedBets::new(&RATES),
            long: TiltedBets::new(&TILTS),
            near: TiltedBets::new(&TILTS),
            p_near: probability_near(),
            finest: if coarse { 2 } else { 1 },
            in_window: 0,
            since_window: 0.0,
            gaps: 0,
            alpha,
            violated: false,
            impossible: false,
        }
    }

    /// Takes the next gap, in units of its mean under the null.
    pub fn observe(&mut self, gap: f64) {
        self.gaps += 1;
        // Beyond 1000 means the probability is below 10^-400.
        if !(0.0..1000.0).contains(&gap) {
            (self.impossible, self.violated) = (true, true);
            return;
        }
        self.rates.bet(-gap, &RATES.map(|change| -change.ln_1p()));
        self.long.bet_on(gap > std::f64::consts::LN_2, 0.5);
        self.since_window += gap;
        while self.since_window >= WINDOW {
            self.near.bet_on(self.in_window.abs_diff(WINDOW as u64) <= NEAR, self.p_near);
            (self.in_window, self.since_window) = (0, self.since_window - WINDOW);
        }
        self.in_window += 1;
        // The mixture costs more than the bets, and may be looked at whenever one likes.
        if self.gaps.is_multiple_of(LOOK_EVERY) {
            self.violated |= self.log_e() >= (2.0 / self.alpha).ln();
        }
    }

    /// ln of the mixture's wealth.
    pub fn log_e(&self) -> f64 {
        if self.impossible {
            return f64::INFINITY;
        }
        let indicators = self.long.log_wealth.iter().chain(&self.near.log_wealth);
        log_mean_exp(self.rates.log_wealth.iter().chain(indicators).copied())
    }

    /// What has been decided so far.
    pub fn decision(&self) -> Option<Decision> {
        if self.violated {
            return Some(Decision::Violated);
        }
        let threshold = tilts::threshold(3, self.alpha);
        let all = self.rates.lost(self.finest, threshold)
            && self.long.lost(LEAST_LONG, threshold)
            && self.near.lost(LEAST_NEAR, threshold);
        all.then_some(Decision::Holds)
    }

    /// How many gaps there were.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The feature on which the most has been won.
    pub fn strongest(&self) -> &'static str {
        if self.impossible {
            return "a gap that is no length of time";
        }
        let all = [
            (self.rates.strongest().0, "the rate of the events"),
            (self.long.strongest().0, "the share of long gaps"),
            (self.near.strongest().0, "the spread of the number of events"),
        ];
        all.iter().fold(all[0], |best, &other| if other.0 > best.0 { other } else { best }).1
    }

    /// The smallest effects that a verdict *holds* excludes, in words.
    pub fn excludes(&self) -> String {
        format!("a rate off by {} %", 100.0 * RATES[2 * self.finest])
    }
}

/// P(|Poisson(WINDOW) - WINDOW| <= NEAR), relative to the whole law so that no factorial is needed.
fn probability_near() -> f64 {
    let mean = WINDOW as u64;
    // Weights relative to that of the mode; below 10^-300 beyond.
    let (mut near, mut all) = (1.0, 1.0);
    let mut weight = 1.0;
    for k in (0..mean).rev() {
        weight *= (k + 1) as f64 / WINDOW;
        all += weight;
        near += if mean - k <= NEAR { weight } else { 0.0 };
    }
    weight = 1.0;
    for k in mean + 1..=4 * mean {
        weight *= WINDOW / k as f64;
        all += weight;
        near += if k - mean <= NEAR { weight } else { 0.0 };
    }
    near / all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;
    use rand_distr::{Distribution, Exp1};

    fn outcome(mut gap: impl FnMut() -> f64) -> Option<Decision> {
        let mut test = GapTest::new(1e-6, false);
        (0..2_000_000).find_map(|_| {
            test.observe(gap());
            test.decision()
        })
    }

    #[test]
    fn a_poisson_process_holds_and_its_caricatures_are_rejected() {
        let mut rng = stream_rng(3, 0);
        let mut exp = || -> f64 { Exp1.sample(&mut rng) };
        assert_eq!(outcome(&mut exp), Some(Decision::Holds));
        assert_eq!(outcome(|| 1.02 * exp()), Some(Decision::Violated));
        assert_eq!(outcome(|| 0.98 * exp()), Some(Decision::Violated));
        // Regular events: the right rate, no spread.
        assert_eq!(outcome(|| 1.0), Some(Decision::Violated));
        assert_eq!(outcome(|| -exp()), Some(Decision::Violated));
    }

    fn signed<const N: usize>(sizes: [f64; N]) -> impl Iterator<Item = f64> {
        sizes.into_iter().flat_map(|size| [size, -size])
    }

    #[test]
    fn each_bet_is_the_likelihood_ratio_of_its_feature() {
        let mut test = GapTest::new(1e-6, false);
        [0.5, 1.0, 0.75].into_iter().for_each(|gap| test.observe(gap));
        // Exp(1 + c) against Exp(1): (1 + c) exp(-c x) at x = 1/2, 1 and 3/4.
        let changes = signed([0.005, 0.01, 0.03, 0.1, 0.3]);
        for (log, change) in test.rates.log_wealth.into_iter().zip(changes) {
            let ratio = 3.0 * (1.0 + change).ln() - 2.25 * change;
            assert!((log - ratio).abs() < 1e-12, "rate {change}");
        }
        // Two of the three are longer than ln 2.
        for (log, tilt) in test.long.log_wealth.into_iter().zip(signed([0.1, 0.3, 1.0, 3.0])) {
            let ratio = 2.0 * tilt - 3.0 * (0.5 + 0.5 * tilt.exp()).ln();
            assert!((log - ratio).abs() < 1e-12, "tilt {tilt}");
        }
        assert_eq!((test.near.log_wealth, test.gaps()), ([0.0; 8], 3));
        let logs = test.rates.log_wealth.iter().chain(&test.long.log_wealth);
        let wealth: f64 = logs.map(|log| log.exp()).sum();
        assert!((test.log_e() - ((wealth + 8.0) / 26.0).ln()).abs() < 1e-12);
    }

    #[test]
    fn a_window_is_judged_by_the_events_that_began_in_it() {
        let p = probability_near();
        for (name, events, gap, hits, misses, rest) in [
            ("the fewest that are near", 486, 1.0, 1.0, 0.0, 0.5),
            ("one less", 485, 1.0, 0.0, 1.0, 0.5),
            ("the most that are near", 514, 1.0, 1.0, 0.0, 0.5),
            ("one more", 515, 1.0, 0.0, 1.0, 0.5),
            ("not yet", 500, 0.25, 0.0, 0.0, 499.75),
            ("just so", 500, 0.5, 1.0, 0.0, 0.0),
            ("a gap beyond the next window", 500, 999.0, 1.0, 1.0, 498.5),
        ] {
            let mut test = GapTest::new(1e-6, false);
            (test.in_window, test.since_window) = (events, 499.5);
            test.observe(gap);
            for (log, tilt) in test.near.log_wealth.into_iter().zip(signed([0.1, 0.3, 1.0, 3.0])) {
                let ratio = hits * tilt - (hits + misses) * (1.0 - p + p * tilt.exp()).ln();
                assert!((log - ratio).abs() < 1e-12, "{name}, tilt {tilt}");
            }
            let begun = if hits + misses > 0.0 { 1 } else { events + 1 };
            assert_eq!((test.in_window, test.since_window), (begun, rest), "{name}");
        }
    }

    #[test]
    fn verdicts_are_given_at_their_thresholds() {
        for (gaps, factor, decision) in [
            (63, 1.0 + 1e-9, Some(Decision::Violated)),
            (63, 1.0 - 1e-9, None),
            (62, 1.0 + 1e-9, None),
        ] {
            let mut test = GapTest::new(0.5, false);
            (test.long.log_wealth[0], test.gaps) = (20.0, gaps);
            let mut ahead = test.clone();
            ahead.observe(1.0);
            test.alpha = 2.0 * factor / ahead.log_e().exp();
            test.observe(1.0);
            assert_eq!(test.decision(), decision, "after {} gaps, {factor}", gaps + 1);
        }
        for (coarse, finest, words) in
            [(false, 2, "a rate off by 1 %"), (true, 4, "a rate off by 3 %")]
        {
            let mut test = GapTest::new(1e-6, coarse);
            // Two verdicts, two signs, three features; tilts of 0.3 and 1.
            let lost = -(12.0f64 / 1e-6).ln();
            test.rates.log_wealth[finest..finest + 2].fill(lost);
            test.long.log_wealth[2..4].fill(lost);
            test.near.log_wealth[4..6].fill(lost);
            assert_eq!((test.decision(), test.excludes().as_str()), (Some(Decision::Holds), words));
            let short_of_it: [fn(&mut GapTest, usize); 6] = [
                |test, finest| test.rates.log_wealth[finest] *= 1.0 - 1e-9,
                |test, finest| test.rates.log_wealth[finest + 1] *= 1.0 - 1e-9,
                |test, _| test.long.log_wealth[2] *= 1.0 - 1e-9,
                |test, _| test.long.log_wealth[3] *= 1.0 - 1e-9,
                |test, _| test.near.log_wealth[4] *= 1.0 - 1e-9,
                |test, _| test.near.log_wealth[5] *= 1.0 - 1e-9,
            ];
            for (index, win_back) in short_of_it.into_iter().enumerate() {
                let mut test = test.clone();
                win_back(&mut test, finest);
                assert_eq!(test.decision(), None, "alternative {index}");
            }
        }
    }

    #[test]
    fn the_strongest_feature_is_the_one_that_won_most() {
        type Row = (&'static str, fn(&mut GapTest));
        let table: [Row; 4] = [
            ("the rate of the events", |test| test.rates.log_wealth[3] = 2.0),
            ("the share of long gaps", |test| test.long.log_wealth[7] = 2.0),
            ("the spread of the number of events", |test| test.near.log_wealth[0] = 2.0),
            ("a gap that is no length of time", |test| test.observe(1000.0)),
        ];
        for (name, win) in table {
            let mut test = GapTest::new(1e-6, false);
            (test.rates.log_wealth[0], test.long.log_wealth[0]) = (1.0, 1.0);
            win(&mut test);
            assert_eq!(test.strongest(), name);
        }
        assert_eq!(GapTest::new(0.1, false).strongest(), "the rate of the events");
    }

    #[test]
    fn the_probability_of_a_number_near_the_mean_is_that_of_the_poisson_law() {
        use statrs::distribution::{DiscreteCDF, Poisson};
        let law = Poisson::new(WINDOW).unwrap();
        let exact = law.cdf(WINDOW as u64 + NEAR) - law.cdf(WINDOW as u64 - NEAR - 1);
        assert!((probability_near() - exact).abs() < 1e-9, "{exact}");
        assert!((0.4..0.6).contains(&exact));
    }
}
