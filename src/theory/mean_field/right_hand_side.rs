//! The right-hand side of (3.5), cut off after finitely many levels from below and from above.
//!
//! | statement | here |
//! |---|---|
//! | (3.5) dq_i/dt = lambda (q_(i-1)^d - q_i^d) - (q_i - q_(i+1)), q_0 = 1 | [`right_hand_side`] |
//! | q_(L+1) = 0, or q_(L+1) = q_L | [`Boundary`] |
//!
//! # Why the two boundaries bracket the solution
//! (3.5) is quasi-monotone: the right-hand side of q_i increases with q_(i-1) and q_(i+1), the only
//! other coordinates in it. By Kamke's comparison theorem, a larger right-hand side of level L or a
//! larger start keeps the first L levels of the solution larger at all times. A solution of (3.5)
//! that starts nonincreasing in i with values in \[0, 1\] remains so, hence 0 <= q_(L+1) <= q_L for
//! all t: with the start cut after L levels, `Zero` stays below it and `Upper` above, whatever the
//! tail of the start. The mass of that tail enters through q_(L+1) alone.
//!
//! # Source
//! (3.5). Coppel, *Stability and Asymptotic Behavior of Differential Equations* (1965), p. 29, for
//! Kamke's theorem.

/// What stands for q_(L+1) when only q_1, ..., q_L are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// q_(L+1) = 0: the lower bracket. Tasks that would lift a server above L are lost.
    Zero,
    /// q_(L+1) = q_L: the upper bracket. Servers at level L never serve.
    Upper,
}

/// Writes dq_1/dt, ..., dq_L/dt of the truncated (3.5) to `dq`, where `q` lists q_1, ..., q_L.
///
/// ```
/// use fluidcheck::theory::mean_field::{right_hand_side, Boundary};
/// let mut dq = [0.0; 2];
/// right_hand_side(0.5, 2, &[0.5, 0.125], Boundary::Zero, &mut dq);
/// assert_eq!(dq, [0.0, 0.5 * (0.25 - 0.015625) - 0.125]); // q* but for the cut
/// ```
///
/// # Panics
/// If the two slices have different lengths.
pub fn right_hand_side(lambda: f64, d: u32, q: &[f64], boundary: Boundary, dq: &mut [f64]) {
    assert_eq!(q.len(), dq.len(), "one derivative per level");
    let Some((&last, before)) = q.split_last() else { return };
    let mut arriving = 1.0; // q_(i-1)^d
    for (i, (&this, &above)) in before.iter().zip(&q[1..]).enumerate() {
        let staying = power(this, d);
        dq[i] = lambda * (arriving - staying) - (this - above);
        arriving = staying;
    }
    let leaving = match boundary {
        Boundary::Zero => last,
        Boundary::Upper => 0.0,
    };
    dq[q.len() - 1] = lambda * (arriving - power(last, d)) - leaving;
}

/// q^d; the two small cases are those of almost every run.
#[inline]
fn power(q: f64, d: u32) -> f64 {
    match d {
        1 => q,
        2 => q * q,
        _ => i32::try_from(d).map_or_else(|_| q.powf(d.into()), |d| q.powi(d)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_gains_arrivals_from_below_and_loses_departures_to_it() {
        // Dyadic, so exact; every power, level and boundary by (3.5) itself.
        let q = [0.75, 0.5, 0.25];
        for d in [1, 2, 3, 4] {
            let arrivals = |below: f64, q: f64| 0.5 * (below.powi(d) - q.powi(d));
            for (boundary, leaving) in [(Boundary::Zero, 0.25), (Boundary::Upper, 0.0)] {
                let mut dq = [f64::NAN; 3];
                right_hand_side(0.5, d as u32, &q, boundary, &mut dq);
                let last = arrivals(0.5, 0.25) - leaving;
                assert_eq!(
                    dq,
                    [arrivals(1.0, 0.75) - 0.25, arrivals(0.75, 0.5) - 0.25, last],
                    "d {d}"
                );
            }
        }
        right_hand_side(0.5, 2, &[], Boundary::Zero, &mut []);
    }
}
