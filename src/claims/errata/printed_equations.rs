//! Errata of the mean field: the exponent of Corollary 3.4, the rate of (4.44), the tail of section
//! 5.

use num_traits::{One, ToPrimitive, Zero};

use super::{corrected, misread, printed};
use crate::claims::cases::Outcome;
use crate::claims::section_3::{evidence, fixed_point, gap, rate};
use crate::claims::{Claim, mean_field, small_graphs};
use crate::faults;
use crate::instruments::Instruments;
use crate::num::ratio::{self, Ratio, ratio};

/// Corollary 3.4 with d_i read as d i, the only reading under which it has a value.
pub(crate) const COR_3_4_PRINTED: Claim = misread(
    "err-cor-3.4-printed",
    "Corollary 3.4",
    &["Corollary 3.4"],
    "lambda^((d i - 1)/(d - 1)) is the fixed point of (3.5)",
    |_, setting| {
        let exponent = |d: u32, i: u32| {
            if d == 1 {
                f64::from(i)
            } else {
                (f64::from(d) * f64::from(i) - 1.0) / f64::from(d - 1)
            }
        };
        evidence(Ok(mean_field::fixed_point(
            &|lambda, d, i| lambda.powf(exponent(d, i)),
            &setting.instruments.right_hand_side,
        )))
    },
);

/// Corollary 3.4 with the exponent of Theorem 3.1.
pub(crate) const COR_3_4_CORRECTED: Claim = corrected(
    "err-cor-3.4-corrected",
    "Corollary 3.4, Theorem 3.1",
    &["Corollary 3.4", "Theorem 3.1"],
    "lambda^((d^i - 1)/(d - 1)) is the fixed point of (3.5)",
    &[faults::FIXED_POINT_AS_PRINTED, faults::FIXED_POINT_SHIFTED],
    |_, setting| evidence(Ok(fixed_point(setting.instruments))),
);

/// (4.44) with constants that depend on lambda only: the gap of d = 2 for every d.
pub(crate) const EQ_4_44_PRINTED: Claim = printed(
    "err-4.44-printed",
    "(4.44)",
    &["(4.44)"],
    "the rate c2 depends on lambda only (here the spectral gap of d = 2)",
    |_, setting| evidence(rate(setting.instruments, &|lambda, _| gap(lambda, 2))),
);

/// (4.44) with the gap of lambda and d, and the slower rate of heavy-tailed starts.
pub(crate) const EQ_4_44_CORRECTED: Claim = corrected(
    "err-4.44-corrected",
    "(4.44)",
    &["(4.44)"],
    "the rate is the spectral gap of lambda and d from light tails, min(gap, 1 - r) from q_i(0) \
        = r^i",
    &[faults::DROPPED_DEPARTURES],
    |_, setting| evidence(rate(setting.instruments, &gap)),
);

/// Section 5 on tails at fixed degree: double exponential "with a slightly lower value of d".
///
/// Whatever that value d' > 1, the lower bound of `tail-from-below` is exponential and is above it
/// from some i on; a constant factor only moves that i. Case 0 is about the d' that fits degree 3.
pub(crate) const TAIL_PRINTED: Claim = printed(
    "err-5-tail-printed",
    "section 5, tails",
    &["Section 5", "Figure 4"],
    "degree 3, d = 2, lambda = 4/5: E q_i(infinity) <= lambda^((d'^i - 1)/(d' - 1)) for a d' \
        in (1, 2), every i",
    |claim, setting| {
        const LOWER: [(i64, i64); 5] = [(153, 100), (19, 10), (5, 4), (11, 10), (101, 100)];
        setting.cases(claim, LOWER.len() as u64, "values of d'", |case, _| {
            let Some(&(a, b)) = LOWER.get(case as usize) else { return Outcome::Skipped };
            double_exponential(setting.instruments, &ratio(a, b))
        })
    },
);

/// Whether the lower bound (lambda gamma^(d-1))^i stays below the double exponential of `lower`,
/// which is at most lambda to the whole part of its exponent: a comparison of rationals.
fn double_exponential(instruments: &Instruments, lower: &Ratio) -> Outcome {
    // Larger exponents make rationals of more digits than there is time for.
    const LARGEST: u32 = 5000;
    let three = [0u32, 1, 2];
    let types: Vec<Vec<u32>> = (0..8).map(|w| three.map(|k| (w + k) % 8).to_vec()).collect();
    let Ok(graph) = small_graphs::of_task_types(8, &types) else { return Outcome::Skipped };
    let lambda = ratio(4, 5);
    // d - 1 = 1.
    let base = &lambda * (instruments.gamma)(&graph);
    // (d'^i - 1)/(d' - 1) = 1 + d' + ... + d'^(i-1).
    let (mut exponent, mut power, mut bound) = (Ratio::zero(), Ratio::one(), Ratio::one());
    for i in 1..=LARGEST {
        exponent += &power;
        power *= lower;
        bound *= &base;
        let Some(whole) = exponent.to_integer().to_u32().filter(|&whole| whole <= LARGEST) else {
            break;
        };
        if bound > ratio::power(&lambda, whole) {
            return Outcome::violated(format!(
                "E q_{i} >= ({base})^{i} > ({lambda})^{whole} >= \
                 ({lambda})^((d'^{i} - 1)/(d' - 1)) for d' = {lower}"
            ));
        }
    }
    Outcome::holds(0.0)
}
