//! How far what a system shows can be from its mean, on every graph.
//!
//! Let f be sum_v X_v, or sum_v (X_v - k)^+, or Q_i: increasing, and moved by at most 1 by one task
//! more. Marks are independent, and a policy keeps the order of two systems on common marks. Two
//! systems that differ by one task then do so for ever or meet (their distance never grows). Hence
//! f, from a fixed start,
//!
//! - rises by 0 to 1 if a mark, say the k-th, is an arrival, against no mark at all;
//! - falls by 0 to 1 if it is the ring of a server, or by nothing if the server is idle or the task
//!   is lost.
//!
//! **A fixed number of marks.** Given the marks before the k-th, the mean of f as a function of it
//! lies within an interval of length 2, and by Hoeffding's lemma its deviation is sub-Gaussian with
//! variance 2^2 / 4 = 1: ln E exp(s (f - E f)) <= s^2 K / 2 after K marks. The constant is attained
//! in the limit of many tasks at each server and lambda = 1, where f - f(0) is a sum of independent
//! signs. A mean over looks is moved by a mark in the share of the looks that come after it:
//! [`variance_of_looks`].
//!
//! **A fixed time.** The number of marks is Poisson, of mean m = (1 + lambda) N t, and a mark
//! more moves f by at most 1: ln E exp(s (f - E f)) <= m (e^|s| - 1 - |s|). In n slots with a
//! mark of probability p = m / n each, given the slots before, a slot moves the mean of f by
//! delta with probability p, |delta| <= 1, and its factor exp(-s p E delta) (1 + p E (exp(s
//! delta) - 1)) is at most exp(p (e^|s| - 1 - |s|)); then n to infinity. Hence Bennett's
//! inequality, [`bennett_exponent`]. Hoeffding's lemma alone fails here: nothing bounds the
//! number of marks.
//!
//! **From above.** Of a steady state with E q_(i+1) <= kappa E q_i and E q_1 = b, sum_v (X_v - m)^+
//! has mean N b kappa^m / (1 - kappa). The system from m tasks at each server and the steady state
//! on common marks, with the lower bound of both between them, give
//!
//! E f(X(infinity)) <= E f(from m) + N b kappa^m / (1 - kappa): [`beyond`].
//!
//! # Source
//! None in the paper; Hoeffding 1963, McDiarmid 1989 for bounded differences; `non-expansion` for
//! their size; `cor-4.3-critical` for the tail of the steady state.

use statrs::function::erf::erfc;

/// The variance proxy of the mean over looks of f / N, in units of N^-2, after independent marks:
/// sum over the marks of the square of the share of looks after it. `before` segments of `every`
/// marks pass without a look, then `looks` segments end in a look each.
///
/// # Panics
/// Without looks.
pub fn variance_of_looks(before: u64, looks: u64, every: u64) -> f64 {
    assert!(looks > 0, "a mean needs a look");
    let (before, looks) = (before as f64, looks as f64);
    // Segment before + j is seen by looks j, ..., looks: sum over j of (j / looks)^2.
    every as f64 * (before + (looks + 1.0) * (2.0 * looks + 1.0) / (6.0 * looks))
}

/// ln E exp(s (f - E f)) at most, after so many marks.
pub fn exponent_of_marks(s: f64, marks: f64) -> f64 {
    s * s * marks / 2.0
}

/// ln E exp(s (f - E f)) at most, at a time up to which so many marks are expected: the larger of
/// both signs of s.
pub fn exponent_at_time(s: f64, expected: f64) -> f64 {
    expected * (s.abs().exp_m1() - s.abs())
}

/// h(u) = (1 + u) ln(1 + u) - u, of Bennett's inequality: a deviation by r of the mean of R
/// systems of N servers at time t has probability at most exp(-E h(r / ((1 + lambda) t))) to either
/// side, where E = (1 + lambda) N t R is the expected number of all marks.
///
/// `u >= -1`.
pub fn bennett_exponent(u: f64) -> f64 {
    (1.0 + u) * u.ln_1p() - u
}

/// The mean per server of the tasks beyond the m-th of their queue, at most: b kappa^m / (1 -
/// kappa), where b is the mean share of busy servers.
///
/// # Panics
/// Unless 0 < kappa < 1.
pub fn beyond(busy: f64, kappa: f64, level: u32) -> f64 {
    assert!(kappa > 0.0 && kappa < 1.0, "no tail falls by kappa = {kappa}");
    // Upwards by more than the rounding.
    busy * kappa.powf(f64::from(level)) / (1.0 - kappa) * (1.0 + 1e-9)
}

/// How far the sum of so many independent deviations, each sub-Gaussian with this variance, is ever
/// above 0, but for a probability `alpha`: at every count together, and least at about `expected`
/// of them.
///
/// The mixture over s > 0 of exp(s S - s^2 V / 2), V = count * variance, by the positive half of a
/// normal density of variance 1 / rho is sqrt(rho / (V + rho)) exp(S^2 / (2 (V + rho))) times twice
/// the normal probability below S / sqrt(V + rho), so at least 1.95 times where that is 2 or more:
/// Ville's inequality.
///
/// # Panics
/// Unless 0 < alpha < 1.
pub fn ever(variance: f64, count: f64, expected: f64, alpha: f64) -> f64 {
    assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
    let twice = if alpha <= 0.06 { 1.95 } else { 1.0 };
    let log = -(twice * alpha).ln();
    let log = log.max(0.0);
    let at_best = 2.0 * log + (1.0 + 2.0 * log).ln() + 1.0;
    let (v, rho) = (variance * count, variance * expected.max(1.0) / at_best);
    ((v + rho) * (2.0 * log + (v / rho).ln_1p())).sqrt()
}

/// E (Z - x)^+ at most, for Z sub-Gaussian with this standard deviation: the integral from x on of
/// min(1, exp(-u^2 / (2 sigma^2))).
pub fn mean_beyond(sigma: f64, x: f64) -> f64 {
    let whole = |x: f64| {
        sigma
            * (std::f64::consts::PI / 2.0).sqrt()
            * erfc(x / (sigma * std::f64::consts::SQRT_2))
            * (1.0 + 1e-9)
    };
    if x >= 0.0 { whole(x) } else { whole(0.0) - x }
}

/// The least mu with mu + E (floor - Z)^+ >= at_least for some Z of mean mu, sub-Gaussian with this
/// standard deviation: what a bound from below on the mean of max(Z, floor) says of that of Z.
/// Minus infinity where it says nothing.
pub fn mean_without_floor(at_least: f64, floor: f64, sigma: f64) -> f64 {
    let most = |mu: f64| mu + mean_beyond(sigma, mu - floor);
    // Below the floor, `most` is constant; from there on it increases.
    if at_least.is_nan() || at_least <= most(floor) {
        return f64::NEG_INFINITY;
    }
    let (mut low, mut high) = (floor, at_least);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        *(if most(middle) < at_least { &mut low } else { &mut high }) = middle;
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_of_looks_is_the_sum_over_all_marks() {
        for (before, looks, every) in [(0, 1, 1), (3, 1, 2), (5, 7, 1), (2, 10, 4)] {
            let sum = (1..=before + looks)
                .map(|segment| {
                    let seen = (before + 1..=before + looks).filter(|&look| look >= segment);
                    every as f64 * (seen.count() as f64 / looks as f64).powi(2)
                })
                .sum::<f64>();
            let found = variance_of_looks(before, looks, every);
            assert!((found - sum).abs() < 1e-9, "{before}, {looks}, {every}: {found}, {sum}");
        }
    }

    #[test]
    fn the_mean_beyond_a_point_is_the_integral() {
        for x in [-1.5, -0.2, 0.0, 0.3, 2.0] {
            let step = 1e-4;
            let tail = |u: f64| if u < 0.0 { 1.0 } else { (-u * u / (2.0 * 0.49)).exp() };
            let sum =
                (0..80_000).map(|k| step * tail(x + (f64::from(k) + 0.5) * step)).sum::<f64>();
            assert!((mean_beyond(0.7, x) - sum).abs() < 1e-6, "{x}: {sum}");
        }
    }

    #[test]
    fn a_floor_far_below_costs_nothing_and_one_at_the_mean_says_nothing() {
        assert!((mean_without_floor(1.0, 0.0, 0.1) - 1.0).abs() < 1e-9);
        assert_eq!(mean_without_floor(1.0, 0.99, 0.1), f64::NEG_INFINITY);
        let some = mean_without_floor(1.0, 0.8, 0.1);
        assert!(0.98 < some && some < 1.0, "{some}");
        assert!(some + mean_beyond(0.1, some - 0.8) <= 1.0 + 1e-9);
    }

    #[test]
    fn the_bound_at_all_counts_is_little_above_that_at_one() {
        let alpha = 1e-3;
        let once = (2.0 * (1.0f64 / alpha).ln() * 100.0).sqrt();
        let ever = ever(1.0, 100.0, 100.0, alpha);
        assert!(once < ever && ever < 1.2 * once, "{once}, {ever}");
    }
}
