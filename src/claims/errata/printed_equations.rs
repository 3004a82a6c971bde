//! Errata of the mean field: the exponent of Corollary 3.4, the rate of (4.44).

use super::{corrected, printed};
use crate::claims::section_3::{evidence, fixed_point, gap, rate};
use crate::claims::{Claim, mean_field};
use crate::faults;

/// Corollary 3.4 with d_i read as d i, the only reading under which it has a value.
pub(crate) const COR_3_4_PRINTED: Claim = printed(
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
