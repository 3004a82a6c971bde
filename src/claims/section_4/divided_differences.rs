//! The divided difference (x^d - y^d) / (x - y): Lemma 4.4 and (4.19).
//!
//! Arguments are a / n and b / n, so that n^(d - 1) times the divided difference is the integer
//! sum_k a^k b^(d - 1 - k); the production code, exact and in floating point, is compared with that
//! sum.
//!
//! # Source
//! Section 4.2, Appendix A.

use num_bigint::BigInt;
use num_integer::binomial;
use num_traits::{Pow, Zero};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::model::divided_difference_f64;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};

/// Lemma 4.4.
pub(crate) const LEMMA_4_4: Claim = Claim {
    id: "lemma-4.4",
    source: "Lemma 4.4, (4.11)",
    paper: &["Lemma 4.4", "(4.11)"],
    statement: "(x^d - y^d) / (x - y) is nondecreasing in both arguments, 0 <= y < x <= 1, \
        exactly and in floating point",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::PAIRS_NOT_ORDERED, faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: lemma_4_4,
};

/// Lemma 4.4 for samples that are different servers, or all of them.
///
/// In place of (s / n)^d they have g(s) = C(s, d') / C(n, d'), d' = min(d, n), and 1{s = n}, on
/// integers 0 <= s <= n only. The step g(s) - g(s - 1) is C(s - 1, d' - 1) / C(n, d') by Pascal's
/// rule, and 1{s = n}: it does not fall in s. So g is convex on integers. (g(a) - g(b)) / (a - b)
/// is the mean of the steps from b + 1 to a; a further step at the upper end is at least each of
/// them, and without the least step, at the lower end, the mean does not fall. Hence (4.13) keeps
/// the order with them too: its proof needs (4.11) for a = Q_i^w, b = Q_(i + 1)^w alone.
pub(crate) const LEMMA_4_4_DISTINCT: Claim = Claim {
    id: "lemma-4.4-distinct",
    source: "Lemma 4.4, (4.11), for other samples",
    paper: &["Lemma 4.4", "(4.11)"],
    statement: "(g(a) - g(b)) / (a - b), b < a <= n, is nondecreasing in both for g(s) = C(s, d') \
        / C(n, d') and for 1{s = n}",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::SOME_SAMPLE_WITHIN],
    run: lemma_4_4_distinct,
};

/// (4.19).
pub(crate) const EQ_4_19: Claim = Claim {
    id: "eq-4.19",
    source: "(4.19)",
    paper: &["(4.19)"],
    statement: "x^d - y^d <= d (x - y) for 0 <= y <= x <= 1",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: eq_4_19,
};

/// The largest d tried.
const MOST_CHOICES: u32 = 12;

/// The common denominators whose pairs are all tried.
const SMALL: u64 = 4;

/// The pairs (a, b) with 0 <= b < a <= n.
fn pairs(n: u64) -> impl Iterator<Item = (u64, u64)> + Clone {
    (1..=n).flat_map(|a| (0..a).map(move |b| (a, b)))
}

/// All (n, first pair, second pair) of small n.
fn small_pairs_of_pairs() -> Vec<(u64, [(u64, u64); 2])> {
    (1..=SMALL)
        .flat_map(|n| {
            pairs(n).flat_map(move |first| pairs(n).map(move |second| (n, [first, second])))
        })
        .collect()
}

/// sum_k a^k b^(d - 1 - k), term by term.
fn integer_sum(a: &BigInt, b: &BigInt, d: u32) -> BigInt {
    (0..d).map(|k| Pow::pow(a, k) * Pow::pow(b, d - 1 - k)).sum()
}

fn lemma_4_4(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let small = small_pairs_of_pairs();
    let exhaustive = small.len() as u64 * u64::from(MOST_CHOICES);
    let count = exhaustive + 600 * u64::from(setting.plan.effort.max(1));
    let what = "pairs of pairs and d, all of them for denominators up to 4";
    setting.cases(claim, count, what, |case, rng| {
        let d = (case % u64::from(MOST_CHOICES)) as u32 + 1;
        let (n, [first, second]) = if case < exhaustive {
            small[(case / u64::from(MOST_CHOICES)) as usize]
        } else {
            let n = rng.random_range(1..=1000);
            (n, [random_pair(rng, n), random_pair(rng, n)])
        };
        divided_differences_at(setting, n, first, second, d)
    })
}

/// Up to this n every d is tried, and every pair of a and b.
const MOST_CANDIDATES: u64 = 12;

fn lemma_4_4_distinct(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let laws = u64::from(MOST_CHOICES) + 1;
    let what = "values of n and samples, d of them or all, every a and b";
    setting.cases(claim, MOST_CANDIDATES * laws, what, |case, _| {
        let (n, d) = (case / laws + 1, (case % laws) as u32);
        let law = if d == 0 { SampleLaw::All } else { SampleLaw::Distinct(d) };
        if n > MOST_CANDIDATES { Outcome::Skipped } else { steps_at(setting, law, n) }
    })
}

/// One law of samples among n candidates: g against binomial coefficients, then the quotients.
fn steps_at(setting: &Setting<'_>, law: SampleLaw, n: u64) -> Outcome {
    let g: Vec<Ratio> = (0..=n).map(|s| (setting.instruments.all_within)(law, s, n)).collect();
    let drawn = u64::from(law.choices()).min(n);
    let at = format!("n = {n}, {drawn} different samples");
    for (s, given) in (0..=n).zip(&g) {
        let right = Ratio::new(binomial(s, drawn).into(), binomial(n, drawn).into());
        if *given != right {
            return Outcome::violated(format!("{at}: g({s}) = {given}, by binomials {right}"));
        }
    }
    let quotient = |a: u64, b: u64| (&g[a as usize] - &g[b as usize]) / ratio::whole(a - b);
    let mut least = f64::INFINITY;
    for (a, b) in pairs(n) {
        // Neighbours are enough: from (a, b) to any pair that is not below it leads a way first up
        // in a, then in b.
        let above = [(a + 1, b), (a, b + 1)].into_iter().filter(|&(a, b)| b < a && a <= n);
        for (a2, b2) in above {
            let slack = quotient(a2, b2) - quotient(a, b);
            if slack < Ratio::zero() {
                let found = format!("{at}: the quotient falls from ({a}, {b}) to ({a2}, {b2})");
                return Outcome::violated(found).by(ratio::to_f64(&slack));
            }
            least = least.min(ratio::to_f64(&slack));
        }
    }
    // With one sample all quotients are 1 / n.
    Outcome::least(least, drawn == 1)
}

fn random_pair(rng: &mut ChaCha8Rng, n: u64) -> (u64, u64) {
    let a = rng.random_range(1..=n);
    (a, rng.random_range(0..a))
}

/// One case of Lemma 4.4: both pairs over the denominator n.
fn divided_differences_at(
    setting: &Setting<'_>,
    n: u64,
    first: (u64, u64),
    second: (u64, u64),
    d: u32,
) -> Outcome {
    let fraction = |a: u64| Ratio::new(a.into(), n.into());
    let mut values = Vec::new();
    for (a, b) in [first, second] {
        let sum = integer_sum(&a.into(), &b.into(), d);
        let difference = Pow::pow(BigInt::from(a), d) - Pow::pow(BigInt::from(b), d);
        let right = Ratio::new(sum.clone(), Pow::pow(BigInt::from(n), d - 1));
        let given = (setting.instruments.divided_difference)(&fraction(a), &fraction(b), d);
        if given != right || sum * BigInt::from(a - b) != difference {
            let [given, right] = [&given, &right].map(show);
            let found = format!("d = {d}, x = {a}/{n}, y = {b}/{n}: {given}, the sum is {right}");
            return Outcome::violated(found);
        }
        if let Some(found) = rounds_too_far(a as f64 / n as f64, b as f64 / n as f64, d) {
            return Outcome::violated(found);
        }
        values.push(given);
    }
    let (x1, y1, x2, y2) =
        (fraction(first.0), fraction(first.1), fraction(second.0), fraction(second.1));
    if !(setting.instruments.pairs_are_ordered)((&x1, &y1), (&x2, &y2)) {
        return Outcome::Skipped;
    }
    let slack = ratio::to_f64(&(&values[1] - &values[0]));
    if values[0] > values[1] {
        let [first, second] = [&values[0], &values[1]].map(show);
        let found = format!("d = {d}: {first} at ({x1}, {y1}) above {second} at ({x2}, {y2})");
        return Outcome::violated(found).by(slack);
    }
    // In floating point the order may be lost only within the rounding of both values.
    let float =
        |(a, b): (u64, u64)| divided_difference_f64(a as f64 / n as f64, b as f64 / n as f64, d);
    let (low, high) = (float(first), float(second));
    // The arguments are rounded as well, which costs up to d - 1 more roundings, and one for the
    // comparison.
    let rounding = f64::from(4 * d + 1) * f64::EPSILON;
    if low > high * (1.0 + rounding) {
        return Outcome::violated(format!(
            "d = {d}: in floating point {low} at ({x1}, {y1}) above {high} at ({x2}, {y2})"
        ))
        .by(high - low);
    }
    // For d = 1 both are 1, and where a pair is compared with itself there is nothing to see.
    Outcome::Holds { slack, vacuous: d == 1 || first == second }
}

/// Compares the floating-point divided difference with the exact one at the same binary arguments.
///
/// Term k takes k roundings in its power, then at most two in each of the d - 1 - k remaining steps
/// and one on entry: at most 2 d - 1 in all, none of them with cancellation, so the relative error
/// is below (1 + u)^(2 d - 1) - 1 < 3 d u, u = 2^-53.
fn rounds_too_far(x: f64, y: f64, d: u32) -> Option<String> {
    let (x_exact, y_exact, given) = (
        Ratio::from_float(x)?,
        Ratio::from_float(y)?,
        Ratio::from_float(divided_difference_f64(x, y, d))?,
    );
    // Both arguments as integers over 2^k.
    let scale = x_exact.denom().max(y_exact.denom()).clone();
    let integer = |value: &Ratio| value.numer() * (&scale / value.denom());
    let exact = Ratio::new_raw(
        integer_sum(&integer(&x_exact), &integer(&y_exact), d),
        Pow::pow(&scale, d - 1),
    );
    let error = if given > exact { &given - &exact } else { &exact - &given };
    let allowed = &exact * Ratio::new(BigInt::from(3 * d), BigInt::from(1u64 << 53));
    (error > allowed || (exact.is_zero() && !given.is_zero())).then(|| {
        let (given, exact) = (ratio::to_f64(&given), ratio::to_f64(&exact));
        format!("d = {d}, x = {x:e}, y = {y:e}: in floating point {given}, exactly {exact}")
    })
}

fn eq_4_19(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    const N: u64 = 12;
    let pairs: Vec<(u64, u64)> = (0..=N).flat_map(|a| (0..=a).map(move |b| (a, b))).collect();
    let exhaustive = pairs.len() as u64 * u64::from(MOST_CHOICES);
    let count = exhaustive + 400 * u64::from(setting.plan.effort.max(1));
    let what = "pairs x >= y and d, all of them for the denominator 12";
    setting.cases(claim, count, what, |case, rng| {
        let d = (case % u64::from(MOST_CHOICES)) as u32 + 1;
        let (n, a, b) = if case < exhaustive {
            // From (1, 1) down, where the bound is attained.
            let (a, b) = pairs[pairs.len() - 1 - (case / u64::from(MOST_CHOICES)) as usize];
            (N, a, b)
        } else {
            let n = rng.random_range(1..=100_000);
            let a = rng.random_range(0..=n);
            (n, a, rng.random_range(0..=a))
        };
        let (x, y) = (Ratio::new(a.into(), n.into()), Ratio::new(b.into(), n.into()));
        let factor = (setting.instruments.divided_difference)(&x, &y, d);
        let left = ratio::power(&x, d) - ratio::power(&y, d);
        let bound = ratio::whole(d.into()) * (&x - &y);
        let slack = ratio::to_f64(&(&bound - &left));
        if left != &factor * (&x - &y) {
            let [left, factor] = [&left, &factor].map(show);
            let found = format!(
                "x = {x}, y = {y}, d = {d}: x^d - y^d = {left}, the divided difference is {factor}"
            );
            return Outcome::violated(found).by(slack);
        }
        // The factor d xi^(d - 1) is at most d also where x = y.
        if left > bound || factor > ratio::whole(d.into()) {
            let [left, bound, factor] = [&left, &bound, &factor].map(show);
            let found = format!("x = {x}, y = {y}, d = {d}: {left} above {bound}, factor {factor}");
            return Outcome::violated(found).by(slack);
        }
        // Trivial: x^d - y^d <= 1.
        Outcome::Holds { slack, vacuous: bound >= ratio::whole(1) }
    })
}
