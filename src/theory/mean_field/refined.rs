//! The constants of the rate 1/N on complete graphs: the refined mean field.
//!
//! On the complete graph of N servers q moves by jumps of 1/N, and x = q - q* is of the order
//! N^(-1/2). With c_i = lambda d (q*_i)^(d-1), the derivative A of (3.5) at q* is tridiagonal:
//! c_(i-1) below the diagonal, -(1 + c_i) on it, 1 above it. At q* level i is raised as often as it
//! is lowered, so that the jumps of q_i have the rate 2 N (q*_i - q*_(i+1)).
//!
//! | limit | equation | here |
//! |---|---|---|
//! | S_ij = lim N Cov(q_i, q_j) | A S + S A^T + diag(2 (q*_i - q*_(i+1))) = 0 (Lyapunov) | [`Refined::covariance`] |
//! | b_i = lim N (E q_i - q*_i) | b_1 = 0, b_(i+1) = c_i b_i + lambda (d (d - 1) / 2) (q*_i)^(d-2) S_ii | [`Refined::bias`] |
//! | C1 = lim N (E sum_i q_i - sum_i q*_i) | sum_i b_i | [`Refined::mean_queue_length`] |
//! | C2 = lim N E sum_i (q_i - q*_i)^2 | sum_i S_ii: the square of the bias is of the order N^-2 | [`Refined::squared_distance`] |
//!
//! The second row is (4.10), E q_(i+1) = lambda E q_i^d, to the second order in x. It has an exact
//! form at every N. With B_i(q) = q^d - (q*_i)^d - d (q*_i)^(d-1) (q - q*_i) >= 0 and weights a_i =
//! 1 + c_(i+1) a_(i+1),
//!
//! E sum_i (q_i - q*_i) = lambda sum_i a_i E B_i(q_i),
//!
//! for d = 2 a weighted sum of E (q_i - q*_i)^2: (4.10) times a_i, summed over i >= 0, where what
//! is linear in x cancels. So the mean queue length is never below that of q*, and both distances
//! fall at the same rate.
//!
//! Levels are followed until c_i is below 2^-60; what is cut is doubly exponentially small for d >=
//! 2. For d = 1 the queues are independent and the constants known: E q_i = q*_i, and N E sum_i
//! (q_i - q*_i)^2 = lambda / (1 - lambda) - lambda^2 / (1 - lambda^2).
//!
//! # Source
//! Gast and Van Houdt, "A refined mean field approximation" (2017), for the expansion. Not in the
//! paper, whose Theorem 3.1 has a rate in ln N only.

use super::check_parameters;
use super::error::OdeError;
use super::fixed_point::fixed_point;

/// The first correction to q* on complete graphs, in units of 1/N.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// b_1, b_2, ...: lim N (E q_i - q*_i); empty for d = 1, where all are 0.
    pub bias: Vec<f64>,
    /// S: lim N Cov(q_i, q_j), row by row; empty for d = 1.
    pub covariance: Vec<Vec<f64>>,
    /// C1 = lim N (E sum_i q_i - sum_i q*_i).
    pub mean_queue_length: f64,
    /// C2 = lim N E sum_i (q_i - q*_i)^2.
    pub squared_distance: f64,
}

/// Where levels end: beyond, c_i is below this.
const NEGLIGIBLE: f64 = 1.0 / (1u64 << 60) as f64;

/// The first correction to q* on complete graphs.
///
/// ```
/// use fluidcheck::theory::mean_field::refined;
/// let constants = refined(0.8, 2)?;
/// assert!((constants.mean_queue_length - 1.6054407510).abs() < 1e-9);
/// assert!((constants.squared_distance - 1.4842529764).abs() < 1e-9);
/// # Ok::<(), fluidcheck::theory::mean_field::OdeError>(())
/// ```
///
/// # Errors
/// [`OdeError::Load`], [`OdeError::Choices`].
pub fn refined(lambda: f64, d: u32) -> Result<Refined, OdeError> {
    check_parameters(lambda, d)?;
    if d == 1 {
        // 1 - lambda^2 does not cancel in this form.
        let squared_distance = lambda / ((1.0 - lambda) * (1.0 + lambda));
        let (bias, covariance) = (Vec::new(), Vec::new());
        return Ok(Refined { bias, covariance, mean_queue_length: 0.0, squared_distance });
    }
    let choices = f64::from(d);
    let q = |i: usize| fixed_point(lambda, d, i as u32);
    let slope = |i: usize| lambda * choices * q(i).powf(choices - 1.0);
    // At least three levels, so that a bias and a covariance beside the diagonal are there.
    let levels = (1..).find(|&i| i >= 3 && slope(i) < NEGLIGIBLE).unwrap_or(3);
    let covariance = covariance(levels, slope, |i| 2.0 * (q(i) - q(i + 1)));
    let curvature = |i: usize| lambda * choices * (choices - 1.0) / 2.0 * q(i).powf(choices - 2.0);
    let mut bias = vec![0.0];
    for i in 1..levels {
        bias.push(slope(i) * bias[i - 1] + curvature(i) * covariance[i - 1][i - 1]);
    }
    let squared_distance = (0..levels).map(|i| covariance[i][i]).sum();
    Ok(Refined { mean_queue_length: bias.iter().sum(), bias, covariance, squared_distance })
}

/// S with A S + S A^T + diag(noise) = 0 on levels 1..=`levels`, by elimination on the triangle i <=
/// j.
fn covariance(
    levels: usize,
    slope: impl Fn(usize) -> f64,
    noise: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let place = |i: usize, j: usize| {
        let (i, j) = (i.min(j), i.max(j));
        i * levels - i * (i + 1) / 2 + j
    };
    let size = levels * (levels + 1) / 2;
    let mut rows = vec![vec![0.0; size + 1]; size];
    for i in 0..levels {
        for j in i..levels {
            let row = &mut rows[place(i, j)];
            // (A S + S A^T)_ij: row i of A against column j, and row j against column i.
            for (of, other) in [(i, j), (j, i)] {
                row[place(of, other)] -= 1.0 + slope(of + 1);
                if of > 0 {
                    row[place(of - 1, other)] += slope(of);
                }
                if of + 1 < levels {
                    row[place(of + 1, other)] += 1.0;
                }
            }
            if i == j {
                row[size] = -noise(i + 1);
            }
        }
    }
    let solution = eliminate(rows);
    (0..levels).map(|i| (0..levels).map(|j| solution[place(i, j)]).collect()).collect()
}

/// The solution of a linear system, the right-hand side last in each row, with the largest pivot.
fn eliminate(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let size = rows.len();
    for column in 0..size {
        let largest =
            |&a: &usize, &b: &usize| rows[a][column].abs().total_cmp(&rows[b][column].abs());
        let pivot = (column..size).max_by(largest).unwrap_or(column);
        rows.swap(column, pivot);
        let (above, below) = rows.split_at_mut(column + 1);
        let above = &above[column];
        for row in below {
            let factor = row[column] / above[column];
            if factor != 0.0 {
                let pairs = row[column..].iter_mut().zip(&above[column..]);
                pairs.for_each(|(value, above)| *value -= factor * above);
            }
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| rows[row][k] * solution[k]).sum();
        solution[row] = (rows[row][size] - known) / rows[row][row];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_those_found_independently() {
        // Computed apart from this crate (dense Lyapunov solver of another library), nine digits.
        let table = [
            (0.5, 0.5380803300705106, 0.29143255062660794),
            (0.8, 1.4842529764152006, 1.6054407510273532),
        ];
        for (lambda, squares, mean) in table {
            let found = refined(lambda, 2).unwrap();
            assert!((found.squared_distance - squares).abs() < 1e-9, "{lambda}: {found:?}");
            assert!((found.mean_queue_length - mean).abs() < 1e-9, "{lambda}: {found:?}");
        }
        let covariance = refined(0.5, 2).unwrap().covariance;
        for (i, value) in
            [0.344099025050735, 0.18380738970964372, 0.010142909873804642].into_iter().enumerate()
        {
            assert!((covariance[i][i] - value).abs() < 1e-9, "level {i}");
        }
    }

    #[test]
    fn the_residual_of_the_lyapunov_equation_is_rounding() {
        for (lambda, d) in
            [(0.1, 2), (0.5, 3), (0.9, 2), (0.99, 2), (0.999, 4), (0.7, 40), (0.1, 1024)]
        {
            let found = refined(lambda, d).unwrap();
            let (s, levels) = (&found.covariance, found.bias.len());
            let q = |i: usize| fixed_point(lambda, d, i as u32);
            let slope = |i: usize| lambda * f64::from(d) * q(i).powf(f64::from(d) - 1.0);
            let at = |i: usize, j: usize| if i < levels && j < levels { s[i][j] } else { 0.0 };
            let moved = |i: usize, j: usize| {
                let before = if i > 0 { slope(i) * at(i - 1, j) } else { 0.0 };
                before - (1.0 + slope(i + 1)) * at(i, j) + at(i + 1, j)
            };
            for (i, row) in s.iter().enumerate() {
                for j in 0..levels {
                    let noise = if i == j { 2.0 * (q(i + 1) - q(i + 2)) } else { 0.0 };
                    let residual = moved(i, j) + moved(j, i) + noise;
                    assert!(residual.abs() < 1e-9 * (1.0 + row[i]), "{lambda} {d} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn independent_queues_have_no_bias() {
        // N E sum_i (q_i - q*_i)^2 = sum_i q*_i (1 - q*_i).
        let lambda: f64 = 0.6;
        let direct: f64 = (1..200).map(|i| lambda.powi(i)).map(|q| q * (1.0 - q)).sum();
        let found = refined(lambda, 1).unwrap();
        assert!((found.squared_distance - direct).abs() < 1e-12);
        assert_eq!(found.mean_queue_length, 0.0);
    }
}
