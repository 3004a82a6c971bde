//! The linearisation of (3.5) at q*, and its spectral gap: the exponential rate c2 of (4.44).
//!
//! With c_i = lambda d (q*_i)^(d-1) the derivative of (3.5) at q* is tridiagonal: c_(i-1) below the
//! diagonal, -(1 + c_i) on it, 1 above it. Scaling makes it symmetric, with sqrt(c_i) between i and
//! i + 1. Let A be minus this symmetric matrix: the gap is the bottom of its spectrum.
//!
//! # The bracket
//! Cut A after L levels. The cut matrix is a compression of A, so its least eigenvalue is at least
//! the gap. Conversely, with b = sqrt(c_L), A is at least the block diagonal matrix with b taken
//! from both diagonal entries at the cut. By Gershgorin the second block is at least 1 -
//! sqrt(c_(L+1)) - b, so that the gap is at least the lesser of this and the least eigenvalue of
//! the first block. For d >= 2 the c_i fall doubly exponentially and both ends meet after a few
//! levels; the rest of the spectrum accumulates at 1 only. For d = 1 all c_i are lambda, the
//! spectrum is the interval from (1 - sqrt(lambda))^2 to (1 + sqrt(lambda))^2, and distances decay
//! with an extra factor t^(-3/2).
//!
//! Deviation from the print: (4.44) says that the rate depends on lambda only; it depends on d, and
//! on the tail of the start (from q_i(0) = r^i it is at most 1 - r, as the far tail is only
//! transported).
//!
//! # Source
//! (4.44). Parlett, *The Symmetric Eigenvalue Problem*, section 3.3, for counting eigenvalues by
//! Sturm sequences.

use super::check_parameters;
use super::error::OdeError;
use super::fixed_point::fixed_point;

/// What the gap is the bottom of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spectrum {
    /// d >= 2: eigenvalues; those above the gap accumulate at 1.
    Discrete,
    /// d = 1: an interval, without eigenvalues; no purely exponential decay.
    Continuous,
}

/// The spectral gap of (3.5) at q*, as a bracket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralGap {
    /// The gap: the upper end of the bracket, which converges faster.
    pub gap: f64,
    /// The lower end of the bracket.
    pub least: f64,
    /// The levels kept; 0 where the gap is known in closed form.
    pub levels: usize,
    /// The kind of spectrum.
    pub spectrum: Spectrum,
}

/// Levels suffice long before this: c_i is doubly exponentially small.
const MOST_LEVELS: u32 = 4096;

/// The spectral gap of the linearisation of (3.5) at q*, with a bracket as narrow as rounding
/// permits.
///
/// ```
/// use fluidcheck::theory::mean_field::spectral_gap;
/// assert!((spectral_gap(0.8, 2)?.gap - 0.157864655954).abs() < 1e-12);
/// // d = 1 in closed form: (1 - sqrt(lambda))^2.
/// assert_eq!(spectral_gap(0.25, 1)?.gap, 0.25);
/// # Ok::<(), fluidcheck::theory::mean_field::OdeError>(())
/// ```
///
/// # Errors
/// [`OdeError::Load`], [`OdeError::Choices`].
pub fn spectral_gap(lambda: f64, d: u32) -> Result<SpectralGap, OdeError> {
    check_parameters(lambda, d)?;
    if d == 1 {
        // (1 - lambda) / (1 + sqrt(lambda)) does not cancel near 1.
        let gap = ((1.0 - lambda) / (1.0 + lambda.sqrt())).powi(2);
        return Ok(SpectralGap { gap, least: gap, levels: 0, spectrum: Spectrum::Continuous });
    }
    let coupling =
        |i: u32| lambda * f64::from(d) * fixed_point(lambda, d, i).powf(f64::from(d - 1));
    let mut c = Vec::new();
    loop {
        let next = c.len() as u32 + 1;
        c.push(coupling(next));
        let (last, beyond) = (c[c.len() - 1], coupling(next + 1));
        // Only once the cut no longer moves the eigenvalue: sqrt(c_L) below rounding.
        if last.sqrt() > f64::EPSILON / 8.0 && next < MOST_LEVELS {
            continue;
        }
        let gap = least_eigenvalue(&c, 0.0).min(1.0);
        let rest = 1.0 - beyond.sqrt() - last.sqrt();
        let least = least_eigenvalue(&c, last.sqrt()).min(rest);
        return Ok(SpectralGap {
            gap,
            least: least.min(gap),
            levels: c.len(),
            spectrum: Spectrum::Discrete,
        });
    }
}

/// The least eigenvalue of the matrix with 1 + c_i on the diagonal and sqrt(c_i) beside it, `taken`
/// subtracted from the last entry.
fn least_eigenvalue(c: &[f64], taken: f64) -> f64 {
    let (mut low, mut high) = (-taken, 1.0 + c[c.len() - 1]);
    // Bisection to the last bit: the interval halves until it holds no further number.
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        if has_eigenvalue_below(c, taken, middle) { high = middle } else { low = middle }
    }
}

/// Whether a pivot of the factorisation of the matrix less x is negative (Sylvester's law of
/// inertia).
fn has_eigenvalue_below(c: &[f64], taken: f64, x: f64) -> bool {
    let mut previous = None;
    for (i, &here) in c.iter().enumerate() {
        let entry = 1.0 + here - x - if i + 1 == c.len() { taken } else { 0.0 };
        let pivot = match previous {
            None => entry,
            Some((before, pivot)) => entry - before / pivot,
        };
        // A pivot of 0 makes the next one minus infinity.
        if pivot < 0.0 {
            return true;
        }
        previous = Some((here, pivot));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_levels_have_the_eigenvalue_of_the_quadratic_equation() {
        // (1 + a - x)(1 + b - taken - x) = a.
        let (a, b): (f64, f64) = (0.75, 0.25);
        for taken in [0.0, 0.1, 1.5] {
            let (first, second) = (1.0 + a, 1.0 + b - taken);
            let least =
                (first + second - ((first - second) * (first - second) + 4.0 * a).sqrt()) / 2.0;
            assert!((least_eigenvalue(&[a, b], taken) - least).abs() < 1e-15, "{taken}");
        }
        // One level, above 1 where nothing is taken.
        assert!((least_eigenvalue(&[a], 0.0) - 1.75).abs() < 1e-15);
    }

    #[test]
    fn the_bracket_closes_for_loads_up_to_one() {
        for lambda in [1e-3, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0 - 1e-6] {
            for d in [2, 3, 10, 1024] {
                let gap = spectral_gap(lambda, d).unwrap();
                assert!(gap.gap > 0.0 && gap.gap <= 1.0, "{lambda} {d} {gap:?}");
                assert!(gap.gap - gap.least < 1e-15, "{lambda} {d} {gap:?}");
            }
        }
    }

    #[test]
    fn more_load_means_a_smaller_gap() {
        for d in [1, 2, 3] {
            let gaps: Vec<f64> =
                (1..50).map(|k| spectral_gap(f64::from(k) / 50.0, d).unwrap().gap).collect();
            assert!(gaps.windows(2).all(|pair| pair[1] < pair[0]), "d = {d}: {gaps:?}");
        }
    }
}
