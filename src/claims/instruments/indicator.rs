//! A sequential test of events whose probability given the past is known.
//!
//! # Source
//! Ville's inequality, as in [`crate::claims::event_test`].

use crate::claims::Verdict;
use crate::stats::log_mean_exp;

/// An indicator whose conditional probability given the past is known, tilted both ways.
pub(super) struct Indicator {
    /// In words.
    pub(super) what: &'static str,
    log_wealth: [f64; TILTS.len()],
    /// Outcomes that could have been otherwise.
    bets: u64,
    /// How many outcomes there were.
    pub(super) seen: u64,
}

const TILTS: [f64; 8] = [0.1, -0.1, 0.3, -0.3, 1.0, -1.0, 0.03, -0.03];

impl Indicator {
    /// A test of the event named.
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, log_wealth: [0.0; TILTS.len()], bets: 0, seen: 0 }
    }

    /// Takes an outcome and its probability.
    pub(super) fn observe(&mut self, hit: bool, p: f64) {
        self.seen += 1;
        if p <= 0.0 || p >= 1.0 {
            // No bet; what cannot be refutes the law outright.
            if hit != (p >= 1.0) {
                self.log_wealth = [f64::INFINITY; TILTS.len()];
            }
            return;
        }
        self.bets += 1;
        for (log, tilt) in self.log_wealth.iter_mut().zip(TILTS) {
            *log += if hit { tilt } else { 0.0 } - (p * tilt.exp_m1()).ln_1p();
        }
    }

    /// *Holds*: tilts of 0.3 both ways are rejected, or nothing could have been otherwise.
    pub(super) fn verdict(&self, alpha: f64) -> Verdict {
        if self.log_wealth[0] == f64::INFINITY
            || log_mean_exp(self.log_wealth.iter().copied()) >= (2.0 / alpha).ln()
        {
            Verdict::Violated
        } else if self.bets == 0
            || self.log_wealth[2..4].iter().all(|&log| log <= -(4.0 / alpha).ln())
        {
            Verdict::Holds
        } else {
            Verdict::Inconclusive
        }
    }
}
