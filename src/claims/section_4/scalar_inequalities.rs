//! The scalar inequalities of the proofs.
//!
//! | statement | claim | how |
//! |---|---|---|
//! | (4.23) to (4.25): the linear program and its dual solution | `eq-4.23` | rationals; the optimum of the primal is greedy |
//! | ln(1/x) sqrt(x) <= 2 / sqrt(ln(1/x)) | `eq-4.46` | proved on each cell of a grid |
//! | x <= 1 / sqrt(ln(1/x)) | `eq-4.48` | the same |
//! | (4.49): the Chernoff bound | `eq-4.49` | against the exact binomial tail |
//!
//! Where a side is not rational it is evaluated in floating point, and a case in which the two
//! sides are closer than the rounding can tell apart counts for nothing.
//!
//! # Source
//! Sections 4.2, 4.4 and 4.5.

use num_bigint::BigInt;
use num_integer::binomial;
use num_traits::{One, Pow, Zero};

use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::num::ratio::{self, Ratio};

/// (4.23) to (4.25); the dual value is (4.24).
pub(crate) const EQ_4_23: Claim = Claim {
    id: "eq-4.23",
    source: "(4.23), (4.24), (4.25)",
    paper: &["(4.23)", "(4.24)", "(4.25)"],
    statement: "y_i = (theta^i0 - theta^i)^+, z = theta^i0 is dual feasible, its value at most \
        the primal's; (4.25) follows",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DUAL_NOT_TRUNCATED],
    run: eq_4_23,
};

/// The elementary inequality of (4.46).
pub(crate) const EQ_4_46: Claim = Claim {
    id: "eq-4.46",
    source: "(4.46)",
    paper: &["(4.46)"],
    statement: "ln(1/x) sqrt(x) <= 2 / sqrt(ln(1/x)) for 0 < x < 1",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LOGARITHM_CONSTANTS_TOO_SMALL],
    run: eq_4_46,
};

/// The elementary inequality of (4.48).
pub(crate) const EQ_4_48: Claim = Claim {
    id: "eq-4.48",
    source: "(4.48)",
    paper: &["(4.48)"],
    statement: "x <= 1 / sqrt(ln(1/x)) for 0 < x < 1",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LOGARITHM_CONSTANTS_TOO_SMALL],
    run: eq_4_48,
};

/// (4.49).
pub(crate) const EQ_4_49: Claim = Claim {
    id: "eq-4.49",
    source: "(4.49)",
    paper: &["(4.49)"],
    statement: "P(|B - E B| >= eps E B) <= 2 exp(-eps^2 E B / 3) for binomial B and 0 < eps <= 1/2",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::CHERNOFF_ONE_SIDED],
    run: eq_4_49,
};

/// Relative error of a few operations and one call of exp, ln or pow of the standard library,
/// generously.
const ROUNDING: f64 = 1e-12;

/// The largest index of the dual solution that is looked at; beyond it y_i only grows towards
/// theta^i0.
const DUAL_LEVELS: u32 = 8;

fn eq_4_23(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let tenths: Vec<Ratio> =
        (1..10).map(|k| ratio::ratio(k, 10)).chain([ratio::ratio(19, 20)]).collect();
    // eta as a share of its largest value rho0 / (1 - rho0).
    let shares: Vec<Ratio> =
        [(1, 1), (99, 100), (9, 10), (1, 2), (1, 3), (1, 10), (1, 100), (1, 1000)]
            .map(|(a, b)| ratio::ratio(a, b))
            .to_vec();
    // theta = min(1 / (2 rho0 d), rho0) as in the proof for d = 1 to 4, and half and a tenth of
    // rho0.
    const THETAS: usize = 6;
    let count = (tenths.len() * shares.len() * THETAS) as u64;
    let what = "values of rho0, theta and eta, every i0 up to the paper's and two more";
    setting.cases(claim, count, what, |case, _| {
        let case = case as usize;
        let (Some(rho0), share) =
            (tenths.get(case / (THETAS * shares.len())), &shares[case / THETAS % shares.len()])
        else {
            return Outcome::Skipped;
        };
        let theta = match case % THETAS {
            4 => rho0 * ratio::ratio(1, 2),
            5 => rho0 * ratio::ratio(1, 10),
            d => (ratio::whole(2 * (d as u64 + 1)) * rho0).recip().min(rho0.clone()),
        };
        linear_program(setting, rho0, &theta, &(share * rho0 / (Ratio::one() - rho0)))
    })
}

/// sum_(i >= from) x^i for 0 < x < 1.
fn geometric_tail(x: &Ratio, from: u32) -> Ratio {
    ratio::power(x, from) / (Ratio::one() - x)
}

fn linear_program(setting: &Setting<'_>, rho0: &Ratio, theta: &Ratio, eta: &Ratio) -> Outcome {
    let at = format!("rho0 = {rho0}, theta = {theta}, eta = {}", show(eta));
    let product = rho0 * theta;
    // The weights theta^i fall, so the cheapest x fills the constraints from infinity down to index
    // k + 1 and puts the rest on k.
    let (mut k, mut tail) = (1, geometric_tail(rho0, 2));
    while tail > *eta {
        k += 1;
        tail *= rho0;
    }
    let rest = eta - geometric_tail(rho0, k + 1);
    if rest > ratio::power(rho0, k) {
        return Outcome::Skipped;
    }
    let optimum = rest * ratio::power(theta, k) + geometric_tail(&product, k + 1);
    // i0 = ceil(ln((1 - rho0) eta) / ln rho0): the first with rho0^i0 <= (1 - rho0) eta.
    let paper = if geometric_tail(rho0, k) <= *eta { k } else { k + 1 };
    let tried = (1..=(paper + 2).min(12)).chain((paper > 10).then_some(paper));
    let mut slack = f64::INFINITY;
    for i0 in tried {
        let z = ratio::power(theta, i0);
        let last = i0 + DUAL_LEVELS;
        let mut value = eta * &z;
        for i in 1..=last {
            let y = (setting.instruments.dual_solution)(theta, i0, i);
            if y < Ratio::zero() || &z - &y > ratio::power(theta, i) {
                let y = show(&y);
                return Outcome::violated(format!("{at}, i0 = {i0}: y_{i} = {y} is not feasible"));
            }
            if !y.is_zero() {
                value -= ratio::power(rho0, i) * y;
            }
        }
        value -= &z * geometric_tail(rho0, last + 1) - geometric_tail(&product, last + 1);
        // (4.24), right side.
        let printed = (eta - geometric_tail(rho0, i0)) * &z + geometric_tail(&product, i0);
        if value != printed {
            let [value, printed] = [&value, &printed].map(show);
            let found = format!("{at}, i0 = {i0}: the dual value is {value}, (4.24) has {printed}");
            return Outcome::violated(found);
        }
        slack = slack.min(ratio::to_f64(&((&optimum - &value) / &optimum)));
        if value > optimum {
            let [value, optimum] = [&value, &optimum].map(show);
            let found = format!("{at}, i0 = {i0}: dual {value} above primal {optimum}");
            return Outcome::violated(found).by(slack);
        }
        if i0 == paper {
            // (4.25): first line to last, the exponent real in its last step.
            let middle = geometric_tail(&product, i0);
            let (rho, theta, eta) = (ratio::to_f64(rho0), ratio::to_f64(theta), ratio::to_f64(eta));
            let exponent = (rho * theta).ln() / rho.ln();
            let last = rho * theta / (1.0 - rho * theta) * ((1.0 - rho) * eta).powf(exponent);
            // The exponent multiplies the relative error of its base.
            if value < middle || ratio::to_f64(&middle) < last * (1.0 - ROUNDING * (1.0 + exponent))
            {
                let [value, middle] = [&value, &middle].map(show);
                let found = format!("{at}, i0 = {i0}: {value} >= {middle} >= {last:e} fails");
                return Outcome::violated(found).by(slack);
            }
        }
    }
    Outcome::holds(slack)
}

/// Proves g(u) = u^p exp(-c u) <= bound on u > 0, u = ln(1/x), by cells of width 1/64 up to `end`
/// and one cell for the rest.
///
/// g' = g (p / u - c), so on a cell \[a, b\] the factor u^p is at most b^p and the factor exp(-c u)
/// at most exp(-c a): the cell is proved if b^p exp(-c a) is below the bound. Beyond `end` > p / c
/// the derivative is negative.
fn logarithm_inequality(
    claim: &Claim,
    setting: &Setting<'_>,
    (p, c): (f64, f64),
    end: u32,
    bound: f64,
) -> Evidence {
    const CELLS: u32 = 64;
    let count = u64::from(CELLS * end) + 1;
    setting.cases(claim, count, "cells of ln(1/x), each proved", |case, _| {
        let (from, to) = (case as f64 / f64::from(CELLS), (case + 1) as f64 / f64::from(CELLS));
        let last = case + 1 >= count;
        let g = |rising: f64, falling: f64| rising.powf(p) * (-c * falling).exp();
        let upper = if last { g(from, from) } else { g(to, from) } * (1.0 + ROUNDING);
        if upper <= bound {
            return Outcome::holds(bound - upper);
        }
        // Not proved: is it refuted? Look inside.
        let worst = (0..=16)
            .map(|k| from + (to - from) * f64::from(k) / 16.0)
            .max_by(|a, b| g(*a, *a).total_cmp(&g(*b, *b)))
            .unwrap_or(from);
        let value = g(worst, worst) * (1.0 - ROUNDING);
        if value > bound {
            Outcome::violated(format!(
                "at ln(1/x) = {worst}: left side over right side is {} of {bound}",
                g(worst, worst)
            ))
            .by(bound - value)
        } else {
            Outcome::Skipped
        }
    })
}

fn eq_4_46(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    // u sqrt(x) sqrt(u) = u^(3/2) exp(-u / 2), largest at u = 3.
    logarithm_inequality(claim, setting, (1.5, 0.5), 40, setting.instruments.logarithm_constants.0)
}

fn eq_4_48(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    // x sqrt(u) = u^(1/2) exp(-u), largest at u = 1/2.
    logarithm_inequality(claim, setting, (0.5, 1.0), 20, setting.instruments.logarithm_constants.1)
}

fn eq_4_49(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    const NS: [u64; 10] = [1, 2, 3, 5, 10, 20, 30, 40, 50, 60];
    const PS: [(u64, u64); 8] =
        [(1, 100), (1, 10), (1, 4), (1, 3), (1, 2), (2, 3), (9, 10), (99, 100)];
    const EPSILONS: [(u64, u64); 6] = [(1, 2), (1, 3), (1, 4), (1, 10), (1, 100), (49, 100)];
    let count = (NS.len() * PS.len() * EPSILONS.len()) as u64;
    setting.cases(claim, count, "values of n, p and eps, the binomial tail exact", |case, _| {
        let case = case as usize;
        let Some(&n) = NS.get(case / (PS.len() * EPSILONS.len())) else {
            return Outcome::Skipped;
        };
        let ((a, b), epsilon) =
            (PS[case / EPSILONS.len() % PS.len()], EPSILONS[case % EPSILONS.len()]);
        // |k - n a / b| >= eps n a / b, times b eps_denominator.
        let distance = |k: u64| (k * b).abs_diff(n * a) * epsilon.1;
        let weight = |k: u64| {
            BigInt::from(binomial(u128::from(n), u128::from(k)))
                * Pow::pow(BigInt::from(a), k)
                * Pow::pow(BigInt::from(b - a), n - k)
        };
        let tail: BigInt = (0..=n)
            .filter(|&k| distance(k) >= epsilon.0 * n * a)
            .map(weight)
            .fold(BigInt::zero(), |sum, w| sum + w);
        let tail = ratio::to_f64(&Ratio::new(tail, Pow::pow(BigInt::from(b), n)));
        let (mean, eps) = (n as f64 * a as f64 / b as f64, epsilon.0 as f64 / epsilon.1 as f64);
        let bound = (setting.instruments.chernoff_bound)(mean, eps);
        let slack = bound - tail;
        if tail > bound * (1.0 + ROUNDING) {
            Outcome::violated(format!(
                "n = {n}, p = {a}/{b}, eps = {eps}: tail {tail}, bound {bound}"
            ))
            .by(slack)
        } else if tail > bound * (1.0 - ROUNDING) {
            Outcome::Skipped
        } else {
            Outcome::Holds { slack, vacuous: bound >= 1.0 }
        }
    })
}
