//! The fixed point q* of (3.5), and how far a state is from it.
//!
//! Deviation from the print: Corollary 3.4 prints the exponent as (d_i - 1)/(d - 1); (d^i - 1)/(d -
//! 1) is meant, which is 1 + d + ... + d^(i-1), hence i for d = 1.
//!
//! # Source
//! Section 3.1 and (4.44).

/// q*_i = lambda^(1 + d + ... + d^(i-1)): the fraction of servers with at least i tasks in the
/// limit; 1 for i = 0.
///
/// The exponent is summed in integers, exactly while it is below 2^53. Beyond the range of `f64`
/// the result underflows to 0, for lambda in (0, 1). Relative error: two units in the last place
/// where the exponent is exact (that of one call of `powf`), and (exponent) abs(ln lambda) 2^-53 on
/// top beyond, which is at most 745 * 2^-53 where the result is not 0.
///
/// ```
/// use fluidcheck::theory::mean_field::fixed_point;
/// assert_eq!(fixed_point(0.5, 2, 2), 0.125); // exponent 3
/// assert_eq!(fixed_point(0.5, 1, 3), 0.125); // d = 1 is geometric
/// assert_eq!(fixed_point(0.9, 1000, 1000), 0.0);
/// ```
pub fn fixed_point(lambda: f64, d: u32, i: u32) -> f64 {
    power_of_load(lambda, exponent(d, i))
}

/// q*_1, ..., q*_levels.
pub fn fixed_point_vec(lambda: f64, d: u32, levels: usize) -> Vec<f64> {
    let mut exponent = Some(0u128);
    (0..levels)
        .map(|_| {
            exponent = next_exponent(exponent, d);
            power_of_load(lambda, exponent)
        })
        .collect()
}

/// 1 + d + ... + d^(i-1); `None` beyond `u128`.
fn exponent(d: u32, i: u32) -> Option<u128> {
    if d <= 1 {
        // d = 0 is no model; its empty powers leave the exponent 1 from i = 1 on.
        return Some(if d == 1 { i.into() } else { i.min(1).into() });
    }
    let mut sum = Some(0);
    for _ in 0..i {
        sum = next_exponent(sum, d);
        sum?;
    }
    sum
}

/// e -> d e + 1, the Horner step of the geometric sum.
fn next_exponent(exponent: Option<u128>, d: u32) -> Option<u128> {
    exponent?.checked_mul(d.into())?.checked_add(1)
}

fn power_of_load(lambda: f64, exponent: Option<u128>) -> f64 {
    match exponent {
        // Not powi: repeated squaring loses a bit per squaring.
        Some(e) => lambda.powf(e as f64),
        // The largest lambda below 1 is 1 - 2^-53, and already its power 2^63 is 0.
        None => lambda.powf(f64::INFINITY),
    }
}

/// sum_{i > from} q*_i.
///
/// Relative error below 2^-50 plus that of the terms: the sum ends when the next term, which for d
/// >= 2 is at most lambda^(d^i) times the last, no longer counts.
pub(super) fn fixed_point_tail(lambda: f64, d: u32, from: usize) -> f64 {
    if d == 1 {
        return lambda.powf(from as f64 + 1.0) / (1.0 - lambda);
    }
    let mut sum = 0.0;
    let mut i = u32::try_from(from).unwrap_or(u32::MAX);
    while let Some(next) = i.checked_add(1) {
        i = next;
        let term = fixed_point(lambda, d, i);
        sum += term;
        if term <= sum * f64::EPSILON / 64.0 {
            break;
        }
    }
    sum
}

/// How far a state is from q*, over all levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SteadyStateDistance {
    /// sum_i abs(q_i - q*_i), the middle of (4.44); for states on one side of q*, the difference of
    /// the mean queue lengths.
    pub l1: f64,
    /// sum_i (q_i - q*_i)^2, the left of (4.44).
    pub squared_l2: f64,
}

/// The distance of q_1, q_2, ... from q*; levels beyond the list count as q_i = 0.
///
/// ```
/// use fluidcheck::theory::mean_field::steady_state_distance;
/// let distance = steady_state_distance(&[], 0.5, 1);
/// assert_eq!((distance.l1, distance.squared_l2), (1.0, 1.0 / 3.0));
/// ```
pub fn steady_state_distance(q: &[f64], lambda: f64, d: u32) -> SteadyStateDistance {
    let (mut l1, mut squared_l2) = (0.0, 0.0);
    for (q, target) in q.iter().zip(fixed_point_vec(lambda, d, q.len())) {
        l1 += (q - target).abs();
        squared_l2 += (q - target).powi(2);
    }
    let beyond = q.len();
    let tail_of_squares = if d == 1 {
        lambda.powf(2.0 * (beyond as f64 + 1.0)) / (1.0 - lambda * lambda)
    } else {
        // (q*_i)^2 is the fixed point at the load lambda^2.
        fixed_point_tail(lambda * lambda, d, beyond)
    };
    SteadyStateDistance {
        l1: l1 + fixed_point_tail(lambda, d, beyond),
        squared_l2: squared_l2 + tail_of_squares,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ratio::{self, Ratio};

    #[test]
    fn the_fixed_point_has_the_exponents_of_the_paper() {
        // lambda = 1/2 and whole exponents: products of halves, so equality is exact.
        let table = [
            ("all of the system", 2, 0, 1.0),
            ("one level is the load", 7, 1, 0.5),
            ("d = 1 is geometric", 1, 3, 0.125),
            ("d = 2 doubles", 2, 2, 0.125),
            ("d = 3, two levels: exponent 4", 3, 2, 0.0625),
            ("d = 2, exponent 1023", 2, 10, 2f64.powi(-1023)),
            ("d = 2, exponent 2047 underflows", 2, 11, 0.0),
            ("beyond u128", 1024, u32::MAX, 0.0),
            ("d = 1, beyond the range", 1, u32::MAX, 0.0),
        ];
        for (name, d, i, q) in table {
            assert_eq!(fixed_point(0.5, d, i), q, "{name}");
        }
    }

    #[test]
    fn the_list_and_the_single_level_agree() {
        for d in [1, 2, 3, 1024] {
            let list = fixed_point_vec(0.97, d, 40);
            for (i, q) in (1..).zip(list) {
                assert_eq!(q, fixed_point(0.97, d, i));
            }
        }
    }

    #[test]
    fn the_fixed_point_is_the_exact_power_to_two_units_in_the_last_place() {
        for lambda in [0.8, 0.95, 0.3] {
            let exact = Ratio::from_float(lambda).unwrap();
            for (d, i) in [(1, 40), (2, 6), (3, 4), (5, 3), (40, 2)] {
                let target = ratio::power(&exact, exponent(d, i).unwrap() as u32);
                let difference = Ratio::from_float(fixed_point(lambda, d, i)).unwrap() / target
                    - ratio::whole(1);
                assert!(
                    ratio::to_f64(&difference).abs() < 2.0 * f64::EPSILON,
                    "{lambda} {d} {i}: {difference}"
                );
            }
        }
    }

    #[test]
    fn distances_count_the_levels_beyond_a_state_as_empty() {
        // lambda = 1/2: q* is 2^-i for d = 1, and 2^-1, 2^-3, 2^-7, 2^-15, ... for d = 2.
        let two = 2f64;
        let table = [
            // 1/2 + 0 + 3/8, then 1/8; 1/4 + 9/64, then 4^-4 / (1 - 1/4).
            ("d = 1, three levels", 1, vec![1.0, 0.25, 0.5], 1.0, 0.25 + 9.0 / 64.0 + 1.0 / 192.0),
            ("d = 1, none", 1, vec![], 1.0, 1.0 / 3.0),
            (
                "d = 2, two levels",
                2,
                vec![1.0, 0.0],
                0.625 + two.powi(-7) + two.powi(-15) + two.powi(-31),
                0.25 + 1.0 / 64.0 + two.powi(-14) + two.powi(-30),
            ),
        ];
        for (name, d, q, l1, squared_l2) in table {
            let distance = steady_state_distance(&q, 0.5, d);
            assert!((distance.l1 - l1).abs() < 1e-15, "{name}: {distance:?}");
            assert!((distance.squared_l2 - squared_l2).abs() < 1e-15, "{name}: {distance:?}");
        }
    }

    #[test]
    fn tails_continue_the_sum() {
        for (lambda, d) in [(0.8, 2), (0.999, 2), (0.7, 1), (0.9, 3)] {
            let whole = fixed_point_tail(lambda, d, 0);
            let head: f64 = fixed_point_vec(lambda, d, 3).iter().sum();
            assert!((whole - head - fixed_point_tail(lambda, d, 3)).abs() < 1e-12 * whole);
            let distance = steady_state_distance(&fixed_point_vec(lambda, d, 5), lambda, d);
            assert_eq!(distance.l1, fixed_point_tail(lambda, d, 5));
        }
    }
}
