//! Appendices A and C: the expansions of the divided difference and its Lipschitz constant.
//!
//! | statement | claim |
//! |---|---|
//! | (A.1), the same as (C.2) | `eq-A.1` |
//! | (A.2) | `eq-A.2` |
//! | Lemma C.1 with the paper's constant (2^d - 1)(d - 1) | `lemma-c.1` |
//! | Lemma C.1 with the sharp constant d (d - 1) / 2 | `lemma-c.1-sharp` |
//!
//! The constant that the paper prints holds and is larger than needed from d = 2 on: no error.
//!
//! # Source
//! Appendices A and C.

use num_bigint::BigInt;
use num_integer::binomial;
use num_traits::{One, Pow, Zero};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::cases::Outcome;
use super::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::num::ratio::{self, Ratio};

/// (A.1).
pub(crate) const EQ_A_1: Claim = Claim {
    id: "eq-A.1",
    source: "(A.1), (C.2)",
    paper: &["(A.1)", "(C.2)"],
    statement: "(x^d - y^d) / (x - y) = sum_(i = 1)^d binom(d, i) (x - y)^(i - 1) y^(d - i)",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: |claim, setting| expansions(claim, setting, 1),
};

/// (A.2).
pub(crate) const EQ_A_2: Claim = Claim {
    id: "eq-A.2",
    source: "(A.2)",
    paper: &["(A.2)"],
    statement: "the derivative of (x^d - y^d) / (x - y) in y is sum_(i = 2)^d binom(d, i) (x - \
        y)^(i - 2) y^(d - i) >= 0",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: |claim, setting| expansions(claim, setting, 2),
};

/// Lemma C.1 with the constant of its proof.
pub(crate) const LEMMA_C_1: Claim = Claim {
    id: "lemma-c.1",
    source: "Lemma C.1, (C.3)",
    paper: &["Lemma C.1", "(C.1)", "(C.3)"],
    statement: "the divided difference is Lipschitz with K = (2^d - 1)(d - 1), the pairs in any \
        order",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: |claim, setting| lipschitz(claim, setting, false),
};

/// Lemma C.1 with the smallest constant; the printed one holds as well: 3 against 1 for d = 2.
pub(crate) const LEMMA_C_1_SHARP: Claim = Claim {
    id: "lemma-c.1-sharp",
    source: "Lemma C.1, sharpened",
    paper: &["Lemma C.1", "(C.1)"],
    statement: "the divided difference is Lipschitz with K = d (d - 1) / 2, and with no smaller \
        K, as pairs near (1, 1) show",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LIPSCHITZ_TOO_SMALL, faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: |claim, setting| lipschitz(claim, setting, true),
};

/// The largest d tried.
const MOST_CHOICES: u32 = 12;

/// A case of the expansions: d, and x > y over a common denominator.
fn expansion_case(case: u64, rng: &mut ChaCha8Rng) -> (u32, u64, u64, u64) {
    const N: u64 = 6;
    let d = (case % u64::from(MOST_CHOICES)) as u32 + 1;
    let index = case / u64::from(MOST_CHOICES);
    let mut small = (1..=N).flat_map(|a| (0..a).map(move |b| (a, b)));
    if let Some((a, b)) = small.nth(index as usize) {
        return (d, N, a, b);
    }
    let n = rng.random_range(1..=1000);
    let a = rng.random_range(1..=n);
    (d, n, a, rng.random_range(0..a))
}

/// sum_(i >= least) binom(d, i) (a - b)^(i - least) b^(d - i), in integers.
fn binomial_sum(a: u64, b: u64, d: u32, least: u32) -> BigInt {
    let (step, b) = (BigInt::from(a - b), BigInt::from(b));
    (least..=d)
        .map(|i| {
            BigInt::from(binomial(u64::from(d), u64::from(i)))
                * Pow::pow(&step, i - least)
                * Pow::pow(&b, d - i)
        })
        .sum()
}

/// The divided difference, or its derivative in y, against its expansion from i = `least` on: 21
/// pairs with denominator 6, then random ones, each with d = 1 to 12.
fn expansions(claim: &Claim, setting: &Setting<'_>, least: u32) -> Evidence {
    let count = u64::from(MOST_CHOICES) * (21 + 30 * u64::from(setting.plan.effort.max(1)));
    setting.cases(claim, count, "pairs x > y and d", |case, rng| {
        let (d, n, a, b) = expansion_case(case, rng);
        let (x, y) = (Ratio::new(a.into(), n.into()), Ratio::new(b.into(), n.into()));
        let value = (setting.instruments.divided_difference)(&x, &y, d);
        let power = Pow::pow(BigInt::from(n), d.saturating_sub(least));
        let right = Ratio::new(binomial_sum(a, b, d, least), power);
        if least == 1 {
            if value == right {
                return Outcome::holds(0.0);
            }
            let [value, right] = [&value, &right].map(show);
            let at = format!("d = {d}, x = {x}, y = {y}");
            return Outcome::violated(format!("{at}: {value}, the expansion is {right}"));
        }
        // The quotient rule: (x^d - y^d) / (x - y)^2 - d y^(d - 1) / (x - y).
        let left = (value - ratio::whole(d.into()) * ratio::power(&y, d - 1)) / (&x - &y);
        let slack = ratio::to_f64(&left);
        if left == right && left >= Ratio::zero() {
            return Outcome::Holds { slack, vacuous: d == 1 };
        }
        let [left, right] = [&left, &right].map(show);
        let at = format!("d = {d}, x = {x}, y = {y}");
        Outcome::violated(format!("{at}: derivative {left}, the expansion is {right}")).by(slack)
    })
}

/// A case of Lemma C.1: d and two pairs x > y over a common denominator, in no order.
fn lipschitz_case(case: u64, rng: &mut ChaCha8Rng) -> (u32, u64, [(u64, u64); 2]) {
    let d = (case % u64::from(MOST_CHOICES)) as u32 + 1;
    let index = (case / u64::from(MOST_CHOICES)) as usize;
    const N: u64 = 4;
    let pairs = || (1..=N).flat_map(|a| (0..a).map(move |b| (a, b)));
    // First the corner (1, 1), where the constant is attained in the limit.
    let corner = [
        [(1_000_000, 999_999), (999_999, 999_998)],
        [(1_000_000, 999_999), (1_000_000, 999_998)],
        [(1_000_000, 0), (999_999, 0)],
    ];
    if let Some(&near) = corner.get(index) {
        return (d, 1_000_000, near);
    }
    if let Some(both) = pairs()
        .flat_map(|first| pairs().map(move |second| [first, second]))
        .nth(index - corner.len())
    {
        return (d, N, both);
    }
    let n = rng.random_range(1..=1000);
    let mut pair = || {
        let a = rng.random_range(1..=n);
        (a, rng.random_range(0..a))
    };
    (d, n, [pair(), pair()])
}

/// |difference of the divided differences| and |x1 - x2| + |y1 - y2|, with the pairs in words.
fn lipschitz_sides(
    setting: &Setting<'_>,
    d: u32,
    n: u64,
    pairs: [(u64, u64); 2],
) -> (Ratio, Ratio, String) {
    let [(a1, b1), (a2, b2)] = pairs;
    let value = |a: u64, b: u64| {
        (setting.instruments.divided_difference)(
            &Ratio::new(a.into(), n.into()),
            &Ratio::new(b.into(), n.into()),
            d,
        )
    };
    let (first, second) = (value(a1, b1), value(a2, b2));
    let difference = if first > second { first - second } else { second - first };
    let distance = Ratio::new((a1.abs_diff(a2) + b1.abs_diff(b2)).into(), n.into());
    (difference, distance, format!("d = {d}, pairs ({a1}, {b1}) / {n} and ({a2}, {b2}) / {n}"))
}

fn within(
    setting: &Setting<'_>,
    constant: &Ratio,
    d: u32,
    n: u64,
    pairs: [(u64, u64); 2],
) -> Outcome {
    let (difference, distance, at) = lipschitz_sides(setting, d, n, pairs);
    let bound = constant * &distance;
    let slack = ratio::to_f64(&(&bound - &difference));
    if difference > bound {
        let [difference, bound] = [&difference, &bound].map(show);
        let found =
            format!("{at}: {difference} above K times the distance = {bound} with K = {constant}");
        return Outcome::violated(found).by(slack);
    }
    // Trivial: both values lie between 0 and d. A pair and itself, or d = 1, say nothing.
    Outcome::Holds {
        slack,
        vacuous: d == 1 || distance.is_zero() || bound >= ratio::whole(d.into()),
    }
}

/// 3 corners and 100 small pairs of pairs, then random ones, each with d = 1 to 12.
fn lipschitz(claim: &Claim, setting: &Setting<'_>, sharp: bool) -> Evidence {
    let count = u64::from(MOST_CHOICES) * (103 + 80 * u64::from(setting.plan.effort.max(1)));
    setting.cases(claim, count, "pairs of pairs in any order, and d", |case, rng| {
        let (d, n, pairs) = lipschitz_case(case, rng);
        if !sharp {
            return within(setting, &ratio::whole(((1 << d) - 1) * u64::from(d - 1)), d, n, pairs);
        }
        let constant = (setting.instruments.lipschitz_constant)(d);
        // Both partial derivatives at distance at most delta from (1, 1) are at least (d (d - 1) /
        // 2)(1 - delta)^(d - 2), so the quotient of the first listed case is at least (1 - 3 (d -
        // 2) / n) of the sharp constant: a larger one is not sharp.
        if case < u64::from(MOST_CHOICES) && d > 1 {
            let (difference, distance, at) = lipschitz_sides(setting, d, n, pairs);
            let attained = difference / distance;
            let lost = Ratio::new((3 * u64::from(d)).into(), n.into());
            if attained < &constant * (Ratio::one() - lost) {
                let attained = show(&attained);
                return Outcome::violated(format!(
                    "{at}: the quotient is {attained}, so K = {constant} is not attained near (1, \
                     1)"
                ));
            }
        }
        within(setting, &constant, d, n, pairs)
    })
}
