//! The constants of Theorems 3.8 and 3.10, from the equations of their proofs instead of their
//! solutions.
//!
//! A bound with a wrong constant may still hold. So the constants are put back into the equations
//! that define them: theta makes (4.16) and (4.26) work and is as large as it may be; rho0^a =
//! theta; the bound starts where the potential starts and solves V' = -(c1 / c2) ... of (4.27)
//! along its way; c of (4.38) is rebuilt from the Lipschitz constant.
//!
//! The alpha of Theorem 3.8, at most 1, is 1 / a: its proof calls a = ln theta / ln rho0 >= 1 by
//! the same letter. For rho0 = 4/5, d = 2 it is 5.213.
//!
//! # Source
//! (4.16), (4.26) to (4.29), (4.37), (4.38), (3.6), (4.46), (C.4).

use rand::RngExt;

use super::theorem_3_10::global_bound;
use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::num::ratio::{self, Ratio, ratio};
use crate::theory::constants::{Mixing, PathBound, comparison_time, path_constant};

/// The constants.
pub(crate) const BOUNDS_CONSTANTS: Claim = Claim {
    id: "bounds-constants",
    source: "(4.16), (4.26) to (4.29), (4.37), (4.38), (4.46), (C.4)",
    paper: &[
        "Theorem 3.8",
        "(4.27)",
        "(4.28)",
        "(4.29)",
        "Theorem 3.10",
        "(3.6)",
        "(4.46)",
        "(C.4)",
    ],
    statement: "the explicit constants of Theorems 3.8 and 3.10 and of Lemma C.2 satisfy the \
        equations of the proofs that define them",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::MIXING_THETA_NOT_CAPPED,
        faults::MIXING_THETA_DROPPED,
        faults::MARTINGALE_BOUND_TIMELESS,
        faults::PATH_BOUND_WITHOUT_PHI,
    ],
    run: bounds_constants,
};

/// Relative differences above this are no rounding: some hundred operations, powers among them
/// whose exponents stay below 300.
const ROUNDING: f64 = 1e-10;

fn differs(a: f64, b: f64) -> bool {
    (a - b).is_nan() || (a - b).abs() > ROUNDING * a.abs().max(b.abs()).max(1e-300)
}

fn bounds_constants(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, 300, "loads, d and times", |case, rng| {
        let rho0 = if case < 19 {
            ratio(case as i64 + 1, 20)
        } else {
            ratio(rng.random_range(1..100), 100)
        };
        let d = rng.random_range(2..=6u32);
        let t = f64::from(rng.random_range(0..2000u32)) / 16.0;
        match wrong(setting, &rho0, d, t) {
            None => Outcome::holds(0.0),
            Some(found) => Outcome::violated(format!("rho0 = {rho0}, d = {d}, t = {t}: {found}")),
        }
    })
}

fn wrong(setting: &Setting<'_>, rho0: &Ratio, d: u32, t: f64) -> Option<String> {
    let theta = (setting.instruments.mixing_theta)(rho0, d);
    let whole_d = ratio::whole(d.into());
    let half = ratio(1, 2);
    // As large as theta rho0 d <= 1/2 and theta <= rho0 let it be.
    let contraction = &theta * rho0 * &whole_d;
    if contraction > half || theta > *rho0 || (contraction < half && theta < *rho0) {
        return Some(format!("theta = {theta} is not min(1 / (2 rho0 d), rho0)"));
    }
    let mixing = Mixing::new(rho0, d);
    let (r, th, a) = (ratio::to_f64(rho0), ratio::to_f64(&theta), mixing.exponent);
    if differs(mixing.theta, th) || differs((a * r.ln()).exp(), th) || a < 1.0 {
        return Some(format!("rho0^a = {} where theta = {th}, a = {a}", (a * r.ln()).exp()));
    }
    // (4.27) solved for c1, in logarithms: ln c1 = ln(1/2) + ln(rho0 theta) - ln(1 - rho0 theta) +
    // (1 + a) ln((1 - rho0)(1 - theta) / theta).
    let log_c1 = 0.5f64.ln() + (r * th).ln() - (-r * th).ln_1p()
        + (1.0 + a) * ((-r).ln_1p() + (-th).ln_1p() - th.ln());
    if differs(mixing.c1.ln(), log_c1) {
        return Some(format!("ln c1 = {}, by (4.27) {log_c1}", mixing.c1.ln()));
    }
    // (4.28): c2 is the sum over i of theta^i times the tails sum_(j >= i) rho0^j, without the
    // geometric factor: sum theta^i rho0 / (1 - rho0).
    let c2: f64 = (1..4000).map(|i| th.powi(i)).sum::<f64>() * r / (1.0 - r);
    if differs(mixing.c2, c2) {
        return Some(format!("c2 = {}, the sum of (4.28) is {c2}", mixing.c2));
    }
    // (4.29): (theta bound)^-a grows linearly, from c2^-a with slope c1 a.
    let bound = (setting.instruments.mixing_bound)(rho0, d, t);
    let grown = (-a * (th * bound).ln()).exp();
    let line = (-a * c2.ln()).exp() + log_c1.exp() * a * t;
    if differs(grown, line) && bound.is_finite() && grown > 0.0 {
        return Some(format!("(theta bound)^-a = {grown}, by (4.29) {line}"));
    }
    if mixing.time_to(bound) > t * (1.0 + 1e-6) + 1e-6 {
        return Some(format!(
            "the bound {bound} is said to be reached at {} only",
            mixing.time_to(bound)
        ));
    }
    // (4.37), (4.38) with the sharp K: c1 = rho0 K + d + 1, c = 6 (2 c1^2 + 1).
    let k = (setting.instruments.lipschitz_constant)(d);
    let c = path_constant(rho0, &k, d);
    let inner = rho0 * &k + &whole_d + ratio(1, 1);
    if (&c / ratio(6, 1) - ratio(1, 1)) / ratio(2, 1) != &inner * &inner {
        return Some(format!("c = {c} is not 6 (2 (rho0 K + d + 1)^2 + 1)"));
    }
    // (C.4) at gamma = 1/4: Doob's 4 times the rate of jumps, at most rho0 d + 1 for each server of
    // a task type.
    let found = (setting.instruments.martingale_bound)(r, d, 0.25, t);
    let expected = t * (r * f64::from(d) + 1.0);
    if differs(found, expected) {
        return Some(format!("(C.4) gives {found} for gamma = 1/4, its factors {expected}"));
    }
    path_bound_wrong(setting, rho0, d, t / 1000.0, &c)
}

/// (3.6) is the sum of what each of its causes gives alone.
fn path_bound_wrong(
    setting: &Setting<'_>,
    rho0: &Ratio,
    d: u32,
    t: f64,
    c: &Ratio,
) -> Option<String> {
    let (rho, c, lambda) = (ratio::to_f64(rho0), ratio::to_f64(c), 0.9 * ratio::to_f64(rho0));
    let none = PathBound {
        lambda,
        rho0: rho,
        d,
        phi: 0.0,
        gamma: 0.0,
        start_squares: 0.0,
        start_spread: 0.0,
        c,
    };
    let growth = 12.0 * (c * t * t).exp();
    let d = f64::from(d);
    let table = [
        ("nothing", none, 0.0),
        ("gamma", PathBound { gamma: 0.25, ..none }, growth * t * (rho * d + 1.0)),
        ("the start's spread", PathBound { start_spread: 0.5, ..none }, growth / 2.0),
        ("phi", PathBound { phi: 0.5, ..none }, lambda * t + growth * (t * d / 2.0).powi(2)),
        (
            "phi and the start's squares",
            PathBound { phi: 0.5, start_squares: 2.0, ..none },
            1.0 + lambda * t + growth * (t * d / 2.0).powi(2),
        ),
    ];
    for (what, figures, expected) in table {
        let found = global_bound(setting, &figures, t);
        if differs(found, expected) && expected.is_finite() {
            return Some(format!("(3.6) gives {found} for {what}, its terms {expected}"));
        }
    }
    // (4.46): exp(c3 t^2) = eta^(-1/2).
    let (log_inverse_eta, c3) = (3.0 + 50.0 * t, 2.5);
    let time = comparison_time(log_inverse_eta, c3);
    differs(c3 * time * time, log_inverse_eta / 2.0).then(|| {
        format!("c3 t^2 = {}, ln(1/eta) / 2 = {}", c3 * time * time, log_inverse_eta / 2.0)
    })
}
