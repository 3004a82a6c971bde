//! Errata of constants: Theorem 3.8, (4.47), Lemma C.1.

use super::{corrected, printed};
use crate::claims::cases::Outcome;
use crate::claims::{Claim, show};
use crate::faults;
use crate::instruments::Instruments;
use crate::num::ratio::{self, Ratio, ratio};
use crate::theory::constants::{self, Mixing};

/// Case 0 is the load and d of section 5.
fn rho0_and_d(case: u64) -> (Ratio, u32) {
    match case {
        0 => (ratio(4, 5), 2),
        _ => (ratio(1 + (case % 19) as i64, 20), 1 + (case / 19 % 6) as u32),
    }
}

/// Theorem 3.8's range of alpha.
pub(crate) const THM_3_8_PRINTED: Claim = printed(
    "err-thm-3.8-printed",
    "Theorem 3.8",
    &["Theorem 3.8"],
    "alpha = ln theta / ln rho0 of the proof is at most 1",
    |claim, setting| {
        setting.cases(claim, 115, "pairs of rho0 and d", |case, _| {
            let (rho0, d) = rho0_and_d(case);
            let theta = constants::mixing_theta(&rho0, d);
            let exponent = Mixing::with_theta(&rho0, &theta).exponent;
            // ln theta / ln rho0 <= 1 iff theta >= rho0, for both are below 1.
            if theta >= rho0 {
                return Outcome::holds(1.0 - exponent);
            }
            let (rho0, theta) = (show(&rho0), show(&theta));
            Outcome::violated(format!(
                "rho0 = {rho0}, d = {d}: theta = {theta}, alpha = {exponent}"
            ))
            .by(1.0 - exponent)
        })
    },
);

/// What the proof of Theorem 3.8 needs of theta, and gets.
pub(crate) const THM_3_8_CORRECTED: Claim = corrected(
    "err-thm-3.8-corrected",
    "Theorem 3.8, (4.16), (4.26) to (4.29)",
    &["Theorem 3.8", "(4.28)", "(4.29)"],
    "theta rho0 d <= 1/2 and theta <= rho0, so that alpha >= 1; the bound starts at c2 / theta \
        and falls to 0",
    &[faults::MIXING_THETA_NOT_CAPPED],
    |claim, setting| {
        setting.cases(claim, 115, "pairs of rho0 and d", |case, _| {
            let (rho0, d) = rho0_and_d(case);
            let theta = (setting.instruments.mixing_theta)(&rho0, d);
            let contraction = &theta * &rho0 * ratio::whole(d.into());
            let at = format!("rho0 = {}, d = {d}, theta = {}", show(&rho0), show(&theta));
            if contraction > ratio(1, 2) || theta > rho0 {
                let (contraction, capped) = (show(&contraction), theta <= rho0);
                return Outcome::violated(format!(
                    "{at}: theta rho0 d = {contraction}, theta <= rho0: {capped}"
                ));
            }
            let mixing = Mixing::with_theta(&rho0, &theta);
            // (4.28): the bound at time 0, above the moment bound rho0 / (1 - rho0) that holds at
            // all times.
            let start = (mixing.bound(0.0) * mixing.theta / mixing.c2 - 1.0).abs();
            let times: Vec<f64> = (0..60).map(|k| mixing.bound(2f64.powi(k) - 1.0)).collect();
            if start > 1e-9 || times.windows(2).any(|pair| pair[1] >= pair[0]) {
                return Outcome::violated(format!("{at}: bounds {times:?}, c2 = {}", mixing.c2));
            }
            Outcome::holds(mixing.exponent - 1.0)
        })
    },
);

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

/// Lemma C.1 with the constant of its proof.
pub(crate) const C_1_PRINTED: Claim = corrected(
    "err-c.1-printed",
    "Lemma C.1, (C.3)",
    &["Lemma C.1", "(C.3)"],
    "the divided differences have the Lipschitz constant K = (2^d - 1)(d - 1), which is larger \
        than needed",
    &[faults::DIVIDED_DIFFERENCE_SHIFTED],
    |claim, setting| {
        setting.cases(claim, LIPSCHITZ_CASES, "pairs of pairs", |case, _| {
            lipschitz(setting.instruments, case, false, &constants::printed_lipschitz_constant)
        })
    },
);

/// Lemma C.1 with the sharp constant.
pub(crate) const C_1_CORRECTED: Claim = corrected(
    "err-c.1-corrected",
    "Lemma C.1",
    &["Lemma C.1"],
    "K = d (d - 1) / 2 is enough, and attained in the limit at (1, 1)",
    &[faults::LIPSCHITZ_TOO_SMALL],
    |claim, setting| {
        setting.cases(claim, LIPSCHITZ_CASES, "pairs of pairs", |case, _| {
            lipschitz(setting.instruments, case, true, &setting.instruments.lipschitz_constant)
        })
    },
);

/// d from 1 to 7; for each, close to (1, 1), then all pairs of a grid of quarters.
const LIPSCHITZ_CASES: u64 = 7 * 101;

fn lipschitz(
    instruments: &Instruments,
    case: u64,
    sharp: bool,
    constant: &dyn Fn(u32) -> Ratio,
) -> Outcome {
    let (d, index) = (1 + (case % 7) as u32, case / 7);
    let k = constant(d);
    let near_one = |steps: i64| ratio(1_000_000 - steps, 1_000_000);
    let pairs: Vec<(Ratio, Ratio)> =
        (0..=4).flat_map(|x| (0..x).map(move |y| (ratio(x, 4), ratio(y, 4)))).collect();
    let (first, second) = match index {
        0 => ((near_one(0), near_one(1)), (near_one(1), near_one(2))),
        _ => (pairs[(index - 1) as usize / 10].clone(), pairs[(index - 1) as usize % 10].clone()),
    };
    let distance = |a: &Ratio, b: &Ratio| if a > b { a - b } else { b - a };
    let difference = distance(
        &(instruments.divided_difference)(&first.0, &first.1, d),
        &(instruments.divided_difference)(&second.0, &second.1, d),
    );
    let bound = &k * (distance(&first.0, &second.0) + distance(&first.1, &second.1));
    let slack = ratio::to_f64(&(&bound - &difference));
    // Within 2 10^-6 of (1, 1) each of the d (d - 1) / 2 products in the gradient lost at most 2 d
    // 10^-6 of itself.
    let attained = index > 0
        || !sharp
        || difference >= &bound * (ratio(1, 1) - ratio(2 * i64::from(d), 1_000_000));
    if difference <= bound && attained {
        return Outcome::holds(slack);
    }
    let ((x1, y1), (x2, y2)) = (first, second);
    let [difference, bound] = [&difference, &bound].map(show);
    let found = format!(
        "d = {d}, pairs ({x1}, {y1}) and ({x2}, {y2}): {difference} against K (...) = {bound}, K = \
         {k}"
    );
    Outcome::violated(found).by(slack)
}
