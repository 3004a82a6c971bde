//! Tests and intervals on data for which their ends, their wealth or their verdict is known without
//! chance.
//!
//! Procedures that hold at all times are wider than needed at any one, so that a threshold that is
//! a little wrong errs no more often than stated: no number of streams shows it. Formulas do.
//!
//! # Source
//! As in the modules of [`crate::stats`].

use crate::claims::event_test::EventTest;
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::random::stream_rng;
use crate::simulate::Queues;
use crate::simulate::marks::{DrawnAhead, RandomMarks};
use crate::stats::betting_interval::BettingInterval;
use crate::stats::binomial;
use crate::stats::counts::CountInterval;
use crate::stats::decision::Decision;
use crate::stats::distribution::{DiscreteLaw, DistributionTest};
use crate::stats::empirical_bernstein::EmpiricalBernstein;
use crate::stats::equivalence::Equivalence;
use crate::stats::mean_test::{MeanTest, Side};
use crate::stats::poisson_gaps::GapTest;
use crate::stats::procedure::IntervalProcedure;
use crate::stats::scale::Scale;

const ROUNDING: f64 = 1e-9;

fn differs(a: f64, b: f64) -> bool {
    (a - b).is_nan() || (a - b).abs() > ROUNDING
}

/// What is wrong with the tests of means, of events and of gaps.
pub(super) fn tests() -> Option<String> {
    wealth().or_else(equivalence).or_else(events).or_else(binomial)
}

/// Over all sequences of coins at the bound the wealth of each side is nonnegative and 1 on
/// average, and the first to reach its threshold decides.
fn wealth() -> Option<String> {
    const TOSSES: u32 = 10;
    const ALPHA: f64 = 0.4;
    for bound in [0.5, 0.2] {
        let mut means = [0.0; 2];
        for code in 0..1u32 << TOSSES {
            let mut test = MeanTest::new(bound, ALPHA);
            let mut first = None;
            for toss in 0..TOSSES {
                test.observe(f64::from(code >> toss & 1));
                let wealth = test.wealth();
                if wealth.iter().any(|wealth| wealth.is_nan() || *wealth < 0.0) {
                    return Some(format!("a bet at the bound {bound} leaves {wealth:?}"));
                }
                // Each side has half of the error probability.
                let crossed = |side: usize| wealth[side] >= 2.0 / ALPHA;
                first = first.or(if crossed(0) {
                    Some(Side::Above)
                } else {
                    crossed(1).then_some(Side::Below)
                });
                if test.decision() != first {
                    return Some(format!(
                        "wealth {wealth:?} at the bound {bound} gives {:?}, not {first:?}",
                        test.decision()
                    ));
                }
            }
            let ones = code.count_ones() as i32;
            let p = bound.powi(ones) * (1.0 - bound).powi(TOSSES as i32 - ones);
            means.iter_mut().zip(test.wealth()).for_each(|(mean, wealth)| *mean += p * wealth);
        }
        if means.iter().any(|&mean| differs(mean, 1.0)) {
            return Some(format!(
                "bets on coins at the bound {bound} win {means:?} on average, not 1"
            ));
        }
    }
    None
}

/// Constant data as good as the target, or as far off as three halves of the margin, on either
/// side.
fn equivalence() -> Option<String> {
    let margin = 0.2;
    [
        (0.5, Decision::Holds),
        (0.5 + 1.5 * margin, Decision::Violated),
        (0.5 - 1.5 * margin, Decision::Violated),
    ]
    .into_iter()
    .find_map(|(value, expected)| {
        let mut test = Equivalence::new(Scale::UNIT, 0.5, margin, 0.01);
        let found = (0..10_000).find_map(|_| {
            test.observe(value);
            test.decision()
        });
        (found != Some(expected)).then(|| format!("{value} against 0.5 within {margin}: {found:?}"))
    })
}

/// Events and gaps that are off by much more than what must be seen.
fn events() -> Option<String> {
    const ALPHA: f64 = 1e-9;
    const MOST: usize = 40_000;
    let model =
        |d| BipartiteGraph::complete(2, 2).ok().and_then(|graph| Model::new(graph, 0.8, d).ok());
    let (two, one) = model(2).zip(model(1))?;
    let mut marks = DrawnAhead::new(RandomMarks::new(&one, stream_rng(1, 0)), 1);
    let mut queues = Queues::empty(2);
    let mut test = EventTest::new(&two, queues.lengths(), ALPHA);
    let found = (0..MOST).find_map(|_| {
        test.observe(queues.apply(marks.next_mark()?));
        test.decision()
    });
    if found != Some(Decision::Violated) {
        return Some(format!(
            "the test of events finds {found:?} where tasks sample one server in place of two"
        ));
    }
    // The quantiles of an exponential law, in an order that hides nothing; a tenth too long.
    let gap = |k: usize| -1.1 * (-((k * 7919 % 9973) as f64 + 0.5) / 9973.0).ln_1p();
    let mut test = GapTest::new(ALPHA, true);
    let found = (0..MOST).find_map(|k| {
        test.observe(gap(k));
        test.decision()
    });
    (found != Some(Decision::Violated))
        .then(|| format!("the test of gaps finds {found:?} where gaps are a tenth too long"))
}

/// Clopper and Pearson's interval, by which procedures are judged, where it is known in closed
/// form.
fn binomial() -> Option<String> {
    let (n, alpha) = (12, 0.1);
    let root = (alpha / 2.0f64).powf(1.0 / n as f64);
    let (none, all) =
        (binomial::clopper_pearson(0, n, alpha), binomial::clopper_pearson(n, n, alpha));
    // One success: P(Bin >= 1) = 1 - (1 - p)^n.
    let one = binomial::clopper_pearson(1, n, alpha).0;
    let wrong = none.0 != 0.0
        || differs(none.1, 1.0 - root)
        || differs(all.0, root)
        || all.1 != 1.0
        || differs(one, 1.0 - (1.0 - alpha / 2.0f64).powf(1.0 / n as f64));
    wrong.then(|| format!("0, 1 and {n} successes of {n}: {none:?}, from {one}, {all:?}"))
}

/// What is wrong with the ends of the intervals.
pub(super) fn intervals() -> Option<String> {
    let alpha = 0.2;
    let compare = |what: &str, found: (f64, f64), known: (f64, f64)| {
        let wrong = differs(found.0, known.0) || differs(found.1, known.1);
        wrong.then(|| format!("{what}: the interval {found:?}, by its formula {known:?}"))
    };
    // Zeros only: (n + 1) (1 - m)^n = alpha.
    let n = 30;
    let mut counts = CountInterval::new(alpha);
    counts.observe_many(0.0, n);
    let known = 1.0 - (alpha / (n as f64 + 1.0)).powf(1.0 / n as f64);
    let found = compare("counts", counts.ends(), (0.0, known));
    // Theorem 2 of the source, its sums written out.
    let values: Vec<f64> = (0..60u32).map(|k| f64::from(k * 7 % 5) / 4.0).collect();
    let mut bernstein = EmpiricalBernstein::new(1.0, alpha);
    values.iter().for_each(|&x| bernstein.observe(x));
    let log = (2.0 / alpha).ln();
    let (mut known, mut sums) = ((0.0f64, 1.0f64), [0.0; 3]);
    let mut squares = 0.25;
    for (t, &x) in (1..).zip(&values) {
        let mean =
            |count: usize| (0.5 + values[..count].iter().sum::<f64>()) / (count as f64 + 1.0);
        let bet = (2.0 * log / (squares * (t as f64).ln_1p())).sqrt().min(0.75);
        let psi = (x - mean(t - 1)).powi(2) * (-(1.0 - bet).ln() - bet);
        sums = [sums[0] + bet, sums[1] + bet * x, sums[2] + psi];
        squares += (x - mean(t)).powi(2);
        let (centre, half) = (sums[1] / sums[0], (log + sums[2]) / sums[0]);
        known = (known.0.max(centre - half), known.1.min(centre + half));
    }
    let found = found.or_else(|| compare("empirical Bernstein", bernstein.ends(), known));
    found.or_else(betting)
}

/// Ones only: the lower end m has a mean of (1 + b (1 / m - 1))^n over the bets b of 2 / alpha. At
/// m = 1/2 each factor is 1 + b.
fn betting() -> Option<String> {
    let mean_of_powers =
        |n: i32| (0..24).map(|k| (1.0 + 0.95 * 0.6f64.powi(k)).powi(n)).sum::<f64>() / 24.0;
    [10, 30].into_iter().find_map(|n| {
        // With this error probability the end is 1/2.
        let alpha = 2.0 / mean_of_powers(n);
        let mut interval = BettingInterval::new(0.0, 1.0, alpha);
        interval.observe_many(1.0, n as u64);
        let (lower, upper) = interval.ends();
        (differs(lower, 0.5) || upper != 1.0).then(|| {
            format!(
                "betting, {n} ones at alpha = {alpha}: [{lower}, {upper}], the lower end is 1/2"
            )
        })
    })
}

/// What is wrong with the bands around distribution functions.
pub(super) fn bands() -> Option<String> {
    let alpha = 0.2;
    let mut test = DistributionTest::new(DiscreteLaw::new([(0.0, 0.5), (1.0, 0.5)]), 0.0, alpha);
    // Zeros only are 1/2 away. The looks: 8, 10, 12, 15, and a quarter more each.
    let (mut seen, mut next, mut lower) = (0u64, 8u64, 0.0f64);
    (1..=12).find_map(|look| {
        while seen < next {
            test.observe(0.0);
            seen += 1;
        }
        let k = f64::from(look);
        let band = ((2.0 / (alpha / 2.0) * k * (k + 1.0)).ln() / (2.0 * seen as f64)).sqrt();
        lower = lower.max(0.5 - band);
        next += next / 4;
        differs(test.distance().lower, lower).then(|| {
            format!(
                "look {look} at {seen} zeros: at least {} away, by the inequality {lower}",
                test.distance().lower
            )
        })
    })
}
