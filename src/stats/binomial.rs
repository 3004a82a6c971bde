//! Exact tails of the binomial law, and the Clopper-Pearson interval.
//!
//! | question | here |
//! |---|---|
//! | ln P(Bin(n, p) = k), k real | [`ln_binomial`] |
//! | P(Bin(n, p) >= k), P(Bin(n, p) <= k) | [`at_least`], [`at_most`] |
//! | which p explain k successes in n trials? | [`clopper_pearson`] |
//!
//! Deviation from statrs, which has these as well and with which the tests compare: its continued
//! fraction of the incomplete beta function ends after 140 terms, where some sqrt(n) are needed,
//! and its ln of a binomial coefficient is a difference of numbers near n ln n. Both lose digits
//! from about 10^5 trials on; here 10^9 keep all but the last.
//!
//! # Source
//! Loader (2000), *Fast and accurate computation of binomial probabilities*: (2), (3) and its
//! series of the error of Stirling's formula. Clopper and Pearson (1934), Biometrika 26, 404-413.

use statrs::function::gamma::ln_gamma;

/// ln sqrt(2 pi).
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;

/// ln x! minus Stirling's formula, for x > 0.
fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * x.ln() + x - LN_SQRT_2_PI;
    }
    // Loader, section 4: 1/(12x) - 1/(360x^3) + 1/(1260x^5) - 1/(1680x^7) + 1/(1188x^9); what
    // follows is below 2^-53 from 16 on.
    let y = 1.0 / (x * x);
    (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x
}

/// x ln(x / m) + m - x, for x, m > 0: Loader's (3), without its cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let v = (x - m) / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).ln() + m - x;
    }
    // ln(x / m) = 2 artanh v, and x - m = v (x + m).
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for j in 1..1000 {
        power *= v * v;
        let next = sum + power / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// ln of n! / (k! (n - k)!) p^k (1 - p)^(n - k), with gamma functions where k is no integer.
///
/// # Panics
/// Unless 0 <= k <= n and 0 <= p <= 1.
pub fn ln_binomial(n: f64, k: f64, p: f64) -> f64 {
    assert!(
        (0.0..=n).contains(&k) && (0.0..=1.0).contains(&p),
        "no binomial law has n = {n}, k = {k}, p = {p}"
    );
    if k == 0.0 {
        return if n == 0.0 { 0.0 } else { n * (-p).ln_1p() };
    }
    if k == n {
        return n * p.ln();
    }
    if p == 0.0 || p == 1.0 {
        return f64::NEG_INFINITY;
    }
    let rest = n - k;
    stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance(k, n * p)
        - deviance(rest, n * (1.0 - p))
        + 0.5 * (n / k / rest).ln()
        - LN_SQRT_2_PI
}

/// P(Bin(n, p) >= k).
///
/// # Panics
/// Unless 0 <= p <= 1.
pub fn at_least(n: u64, p: f64, k: u64) -> f64 {
    match k {
        0 => 1.0,
        _ if k > n => 0.0,
        // The tail beyond the mean is summed, so that small probabilities keep their digits.
        _ if k as f64 > n as f64 * p => upper_tail(n, p, k),
        _ => 1.0 - upper_tail(n, 1.0 - p, n - k + 1),
    }
}

/// P(Bin(n, p) <= k).
///
/// # Panics
/// Unless 0 <= p <= 1.
pub fn at_most(n: u64, p: f64, k: u64) -> f64 {
    if k >= n { 1.0 } else { at_least(n, 1.0 - p, n - k) }
}

/// P(Bin(n, p) >= k) for k above the mean, or just below: terms fall from the first on, or almost.
fn upper_tail(n: u64, p: f64, k: u64) -> f64 {
    let mut term = ln_binomial(n as f64, k as f64, p).exp();
    let odds = p / (1.0 - p);
    let mut sum = 0.0;
    for j in k..=n {
        sum += term;
        if term <= sum * f64::EPSILON / 4.0 {
            break;
        }
        term *= (n - j) as f64 / (j + 1) as f64 * odds;
    }
    sum.min(1.0)
}

/// The p under which k successes in n trials are not too few and not too many, each with
/// probability `alpha / 2`.
///
/// It covers the true p with probability at least 1 - alpha, for a number of trials that was fixed
/// before.
///
/// ```
/// let (lower, upper) = fluidcheck::stats::binomial::clopper_pearson(0, 100, 0.05);
/// assert_eq!(lower, 0.0);
/// assert!((upper - (1.0 - 0.025f64.powf(0.01))).abs() < 1e-12);
/// ```
///
/// # Panics
/// Unless k <= n, n > 0 and 0 < alpha < 1.
pub fn clopper_pearson(k: u64, n: u64, alpha: f64) -> (f64, f64) {
    assert!(k <= n && n > 0, "{k} successes in {n} trials");
    assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
    super::spending::record(alpha);
    // The tails are monotone in p; each end is taken on the outer side of its last bracket.
    let end = |mut outer: f64, mut inner: f64, rejected: &dyn Fn(f64) -> bool| {
        for _ in 0..100 {
            let middle = f64::midpoint(outer, inner);
            if middle == outer || middle == inner {
                break;
            }
            *(if rejected(middle) { &mut outer } else { &mut inner }) = middle;
        }
        outer
    };
    let estimate = k as f64 / n as f64;
    let lower =
        if k == 0 { 0.0 } else { end(0.0, estimate, &|p| at_least(n, p, k) <= alpha / 2.0) };
    let upper = if k == n { 1.0 } else { end(1.0, estimate, &|p| at_most(n, p, k) <= alpha / 2.0) };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;
    use statrs::distribution::{Binomial, Discrete, DiscreteCDF};
    use statrs::function::beta::inv_beta_reg;

    #[test]
    fn the_probabilities_are_those_of_fractions_computed_by_hand() {
        // Bin(4, 1/2) and Bin(3, 1/3).
        for (n, p, k, exact) in
            [(4, 0.5, 3, 5.0 / 16.0), (4, 0.5, 2, 11.0 / 16.0), (3, 1.0 / 3.0, 1, 19.0 / 27.0)]
        {
            assert_relative_eq!(at_least(n, p, k), exact, max_relative = 1e-14);
            assert_relative_eq!(at_most(n, p, k - 1), 1.0 - exact, max_relative = 1e-14);
        }
        assert_relative_eq!(ln_binomial(4.0, 2.0, 0.5), (6.0f64 / 16.0).ln(), max_relative = 1e-14);
    }

    #[test]
    fn certain_and_impossible_outcomes_are_exact() {
        let of_five = [(5, 0.0, 0, 1.0), (5, 0.0, 1, 0.0), (5, 1.0, 5, 1.0), (5, 1.0, 6, 0.0)];
        for (n, p, k, exact) in of_five.into_iter().chain([(0, 0.3, 0, 1.0)]) {
            assert_eq!(at_least(n, p, k), exact, "P(Bin({n}, {p}) >= {k})");
        }
        assert_eq!((at_most(5, 1.0, 4), at_most(5, 0.0, 0), at_most(5, 0.5, 5)), (0.0, 1.0, 1.0));
    }

    #[test]
    fn a_billion_trials_keep_their_digits() {
        // At its mode the law is 1 / sqrt(2 pi n / 4) (1 - 1 / (4 n) + ...).
        let n = 1e9;
        let mode = 0.5 * (2.0 / (std::f64::consts::PI * n)).ln() - 1.0 / (4.0 * n);
        assert!((ln_binomial(n, n / 2.0, 0.5) - mode).abs() < 1e-13);
        // One half, and half of the mode beyond.
        let half = 0.5 + 0.5 * mode.exp();
        assert!((at_least(1_000_000_000, 0.5, 500_000_000) - half).abs() < 1e-9);
    }

    #[test]
    fn the_parts_keep_their_digits_where_the_plain_formulas_lose_them() {
        // In 40 digits. Loader's (3) at 10^9 and 10^9 + 1000 is a difference of numbers near 1000.
        let deviance_9 = deviance(1e9, 1e9 + 1e3);
        assert_relative_eq!(deviance_9, 4.999_996_666_669_167e-4, max_relative = 1e-13);
        assert_relative_eq!(deviance(3.0, 4.0), 0.136_953_782_644_657_2, max_relative = 1e-14);
        assert_relative_eq!(stirling_error(16.0), 0.005_207_655_919_609_64, epsilon = 1e-15);
    }

    #[test]
    fn clopper_and_pearson_are_beta_quantiles() {
        for (k, n, alpha) in [(3u64, 20u64, 0.05), (1, 10, 0.01), (9, 10, 1e-6), (40, 100, 0.2)] {
            let (lower, upper) = clopper_pearson(k, n, alpha);
            let (k, n) = (k as f64, n as f64);
            let beta = [(k, n - k + 1.0, alpha / 2.0), (k + 1.0, n - k, 1.0 - alpha / 2.0)];
            for (end, (a, b, p)) in [lower, upper].into_iter().zip(beta) {
                assert_relative_eq!(end, inv_beta_reg(a, b, p), max_relative = 1e-7);
            }
        }
        assert_eq!(clopper_pearson(7, 7, 0.1).1, 1.0);
    }

    proptest! {
        #[test]
        fn tails_are_those_of_statrs_where_it_is_exact(n in 1u64..400, share in 0.0..1.0f64, p in 0.001..0.999f64) {
            let k = (share * n as f64) as u64;
            let law = Binomial::new(p, n).unwrap();
            prop_assert!((ln_binomial(n as f64, k as f64, p) - law.ln_pmf(k)).abs() < 1e-9);
            prop_assert!((at_most(n, p, k) - law.cdf(k)).abs() < 1e-9);
            let fewer = if k == 0 { 0.0 } else { at_most(n, p, k - 1) };
            prop_assert!((at_least(n, p, k) + fewer - 1.0).abs() < 1e-12);
        }
    }
}
