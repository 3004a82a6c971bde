//! Errata of constants: (4.47), (4.48).

use super::{corrected, printed};
use crate::claims::Claim;
use crate::claims::cases::Outcome;
use crate::faults;
use crate::instruments::Instruments;
use crate::num::ratio;

/// (4.47), first step, where all square roots are whole.
pub(crate) const EQ_4_47_PRINTED: Claim = printed(
    "err-4.47-printed",
    "(4.47), first step",
    &["(4.47)"],
    "1 / (c1' + c2' t) <= 1 / (c1' + c2' sqrt(ln(1/eta))) at t = sqrt(ln(1/eta) / (2 c3))",
    |claim, setting| {
        setting.cases(claim, 100, "choices of the constants", |case, _| {
            // Case 0: c1' = c2' = 1, c3 = 2, ln(1/eta) = 4, where 1/2 <= 1/3 is claimed. 2 c3 = k^2
            // and t = s; the power alpha keeps order.
            let whole = |n: u64| ratio::whole(n);
            let (k, s, c1, c2) =
                (2 + case % 3, 1 + case / 3 % 3, 1 + case / 9 % 3, 1 + case / 27 % 3);
            let left = (whole(c1) + whole(c2 * s)).recip();
            let right = (whole(c1) + whole(c2 * s * k)).recip();
            let slack = ratio::to_f64(&(&right - &left));
            if left <= right {
                return Outcome::holds(slack);
            }
            Outcome::violated(format!(
                "c1' = {c1}, c2' = {c2}, c3 = {}/2, ln(1/eta) = {}, alpha = 1: {left} > {right}",
                k * k,
                k * k * s * s
            ))
            .by(slack)
        })
    },
);

/// (4.46) and (4.47) at the right time: both terms are at most (2 c3)^(alpha/2) / (c2'
/// sqrt(ln(1/eta)))^alpha + c4' / (c3 sqrt(ln(1/eta)))^alpha.
pub(crate) const EQ_4_47_CORRECTED: Claim = corrected(
    "err-4.47-corrected",
    "(4.46), (4.47)",
    &["(4.47)", "(4.46)"],
    "at t = sqrt(ln(1/eta) / (2 c3)), both terms of (4.45) are at most those of (4.47) with 2 c3 \
        kept",
    &[faults::COMPARISON_TIME_AS_PRINTED],
    |claim, setting| {
        setting.cases(claim, 3 * 4 * 3 * 3, "choices of the constants", |case, _| {
            comparison(setting.instruments, case)
        })
    },
);

fn comparison(instruments: &Instruments, case: u64) -> Outcome {
    let pick = |from: &[f64], digit: u64| from[(digit % from.len() as u64) as usize];
    let c3 = pick(&[2.0, 1.0, 10.0], case);
    // ln(1/eta) from 2 c3, where the case begins, to far beyond.
    let log = 2.0 * c3 * pick(&[1.0, 1.5, 4.0, 30.0], case / 3);
    let alpha = pick(&[1.0, 0.5, 0.1], case / 12);
    let (c1, c2, c4) =
        [(1.0, 1.0, 1.0), (0.1, 3.0, 50.0), (7.0, 0.2, 0.01)][(case / 36 % 3) as usize];
    let t = (instruments.comparison_time)(log, c3);
    let first = (c1 + c2 * t).powf(-alpha);
    let second = c4 * t * t * (c3 * t * t - log).exp();
    let (first_bound, second_bound) = (
        (2.0 * c3).powf(alpha / 2.0) * (c2 * log.sqrt()).powf(-alpha),
        c4 * (c3 * log.sqrt()).powf(-alpha),
    );
    // Both inequalities are strict by far more than rounding: c1' > 0, and L^(3/2) exp(-L/2) <=
    // 1.16 < 2.
    let slack = (first_bound - first).min(second_bound - second);
    if slack > 0.0 {
        return Outcome::holds(slack);
    }
    Outcome::violated(format!(
        "c3 = {c3}, ln(1/eta) = {log}, alpha = {alpha}, t = {t}: {first} against \
             {first_bound}, {second} against {second_bound}"
    ))
    .by(slack)
}

/// (4.48) for (3.1): where eta > 1/e, the power 1/2 of its last line is not that of (4.47).
///
/// (4.47) has c (ln(1/eta))^(-alpha/2) for small eta, and (3.1) is to be the same for all. Case 0
/// is alpha = 1/2, where the quotient at ln(1/eta) = n^-4 is n.
pub(crate) const EQ_4_48_PRINTED: Claim = printed(
    "err-4.48-printed",
    "(4.48) for (3.1)",
    &["(4.48)"],
    "1 / sqrt(ln(1/eta)) of (4.48) is at most c (ln(1/eta))^(-alpha/2) of (4.47), with a c up to \
        10^6, eta < 1",
    |claim, setting| {
        const ALPHAS: [(u32, u32); 4] = [(1, 2), (1, 1), (1, 3), (2, 3)];
        setting.cases(claim, ALPHAS.len() as u64, "values of alpha", |case, _| {
            let Some(&(p, q)) = ALPHAS.get(case as usize) else { return Outcome::Skipped };
            // At ln(1/eta) = n^-2q all powers are whole: n^q against n^p.
            let sides = |n: u64| {
                let power = |exponent| ratio::power(&ratio::whole(n), exponent);
                (power(q), power(p))
            };
            let (left, right) = sides(2);
            let slack = ratio::to_f64(&(&right - &left));
            let holds_with = |c: u64| {
                let (left, right) = sides(c + 1);
                left <= right * ratio::whole(c)
            };
            if [1, 100, 1_000_000].into_iter().any(holds_with) {
                return Outcome::holds(slack);
            }
            let eta = ratio::power(&ratio::whole(2), 2 * q);
            Outcome::violated(format!(
                "alpha = {p}/{q}, ln(1/eta) = 1/{eta}: {left} > {right}, and {} times as much at \
                 ln(1/eta) = n^-{} for n = 2, 3, ...",
                if q - p == 1 { "n".to_owned() } else { format!("n^{}", q - p) },
                2 * q
            ))
            .by(slack)
        })
    },
);

/// (4.48) by 1 <= (2 c3 / ln(1/eta))^(alpha/2) and x <= (ln(1/x))^(-alpha/2).
///
/// The former is the case at hand. The latter: for ln(1/x) <= 1 its right side is at least 1, and
/// beyond it is at least that of alpha = 1, which has claim `eq-4.48`.
pub(crate) const EQ_4_48_CORRECTED: Claim = corrected(
    "err-4.48-corrected",
    "(4.48), (3.1)",
    &["(4.48)"],
    "where ln(1/eta) < 2 c3, both terms at t = 1 are at most a constant times \
        (ln(1/eta))^(-alpha/2), as in (4.47)",
    &[faults::LOGARITHM_CONSTANTS_TOO_SMALL],
    |claim, setting| {
        setting.cases(claim, 3 * 7 * 3 * 3, "choices of the constants", |case, _| {
            large_eta(setting.instruments, case)
        })
    },
);

fn large_eta(instruments: &Instruments, case: u64) -> Outcome {
    let pick = |from: &[f64], digit: u64| from[(digit % from.len() as u64) as usize];
    let c3 = pick(&[1.0, 2.0, 10.0], case);
    let log = 2.0 * c3 * pick(&[0.25, 1e-8, 0.01, 0.05, 0.1, 0.5, 0.9], case / 3);
    let alpha = pick(&[1.0, 0.5, 0.1], case / 21);
    let (c1, c2, c4) =
        [(1.0, 1.0, 1.0), (0.1, 3.0, 50.0), (7.0, 0.2, 0.01)][(case / 63 % 3) as usize];
    let power = log.powf(-alpha / 2.0);
    let first = f64::powf(c1 + c2, -alpha);
    let second = c4 * f64::exp(c3 - log);
    let first_bound = (2.0 * c3).powf(alpha / 2.0) * first * power;
    let second_bound = c4 * c3.exp() * instruments.logarithm_constants.1 * power;
    // Strict by more than rounding: 0.9^0.05 < 0.995, and L^(alpha/2) exp(-L) <= 0.82 for alpha >=
    // 0.1.
    let slack = (1.0 - first / first_bound).min(1.0 - second / second_bound);
    if slack > 1e-12 {
        return Outcome::holds(slack);
    }
    Outcome::violated(format!(
        "c3 = {c3}, ln(1/eta) = {log}, alpha = {alpha}: {first} against {first_bound}, {second} \
         against {second_bound}"
    ))
    .by(slack)
}
