//! The tests behind the verdicts, tried where the truth is known.
//!
//! They are judged by exact binomial tails, not by themselves.

use rand::RngExt;

use super::super::{Claim, Evidence, Expected, Kind, Scope, Setting, Verdict};
use super::{evidence, seed};
use crate::faults::Fault;
use crate::randomness::stream_rng;
use crate::stats::betting::Side;
use crate::stats::confidence::EmpiricalBernstein;

/// The tests of means, and the intervals.
pub(super) const SEQUENTIAL_TESTS: Claim = Claim {
    id: "sequential-tests",
    source: "Ville's inequality",
    statement: "tests of means and intervals err with at most their stated probability at the worst stopping time, and decide for the right side where the mean is off",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    hypotheses: &[],
    rejects: &[Fault::RetriedTest],
    check: sequential_tests,
};

const STREAMS: u64 = 1500;
const LENGTH: usize = 400;

/// The error probability stated to the tests, and the one that *holds* excludes.
const STATED: f64 = 0.1;
const EXCLUDED: f64 = 0.2;

fn sequential_tests(setting: &Setting<'_>) -> Evidence {
    let share = setting.alpha / 8.0;
    let mut verdict = Verdict::Holds;
    let mut summaries = Vec::new();
    let mut cases = 0;
    for (at, (what, bound)) in
        [("test of 1/2", 0.5), ("test of 1/5", 0.2), ("interval of 1/2", 0.5), ("interval of 1/5", 0.2)].into_iter().enumerate()
    {
        let interval = at >= 2;
        let mut errors = 0;
        for stream in 0..STREAMS {
            let mut rng = stream_rng(seed(setting, "sequential-tests").wrapping_add(at as u64), stream);
            let mut coin = || f64::from(u8::from(rng.random_bool(bound)));
            errors += u64::from(if interval {
                let mut interval = EmpiricalBernstein::new(1.0, STATED);
                (0..LENGTH).for_each(|_| interval.observe(coin()));
                // The running intersection: a miss at any time stays one.
                interval.lower() > bound || interval.upper() < bound
            } else {
                let mut test = setting.machinery.mean_test(bound, STATED);
                (0..LENGTH).for_each(|_| test.observe(coin()));
                test.decision().is_some()
            });
        }
        cases += STREAMS;
        let found = if binomial_tail(STREAMS, STATED, errors, true) <= share {
            Verdict::Violated
        } else if binomial_tail(STREAMS, EXCLUDED, errors, false) <= share {
            Verdict::Holds
        } else {
            Verdict::Inconclusive
        };
        summaries.push(format!("{what}: {errors} errors in {STREAMS}, stated {STATED}"));
        verdict = worse(verdict, found);
    }
    // Where the mean is off, the right side, and an interval that shrinks around the mean.
    for (mean, bound, side) in
        [(0.8, 0.5, Side::Above), (0.2, 0.5, Side::Below), (0.05, 0.2, Side::Below), (0.5, 0.2, Side::Above)]
    {
        let mut rng = stream_rng(seed(setting, "sequential-tests, power"), (1000.0 * mean) as u64);
        let mut test = setting.machinery.mean_test(bound, share);
        let mut interval = EmpiricalBernstein::new(2.0, share);
        for _ in 0..4000 {
            let x = f64::from(u8::from(rng.random_bool(mean)));
            test.observe(x);
            interval.observe(2.0 * x);
        }
        cases += 1;
        let (lower, upper) = (interval.lower(), interval.upper());
        if test.decision().is_some_and(|decided| decided != side) || 2.0 * mean < lower || 2.0 * mean > upper {
            summaries
                .push(format!("mean {mean}: {:?} of {bound}, interval of twice the mean [{lower}, {upper}]", test.decision()));
            verdict = Verdict::Violated;
        } else if test.decision().is_none() || upper - lower > 0.5 {
            summaries.push(format!("mean {mean}: undecided against {bound}, interval [{lower}, {upper}]"));
            verdict = Verdict::Violated;
        }
    }
    evidence(verdict, cases, summaries.join("; "))
}

fn worse(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (Verdict::Violated, _) | (_, Verdict::Violated) => Verdict::Violated,
        (Verdict::Holds, other) => other,
        (undecided, _) => undecided,
    }
}

/// P(Bin(n, p) >= k), or P(Bin(n, p) <= k); term by term in logarithms.
fn binomial_tail(n: u64, p: f64, k: u64, at_least: bool) -> f64 {
    let mut log_choose = 0.0;
    let mut sum = 0.0;
    for j in 0..=n {
        if (j >= k) == at_least || j == k {
            sum += (log_choose + j as f64 * p.ln() + (n - j) as f64 * (-p).ln_1p()).exp();
        }
        log_choose += ((n - j) as f64 / (j + 1) as f64).ln();
    }
    sum
}
