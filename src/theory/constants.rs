//! The explicit constants of Theorems 3.8, 3.10 and 3.1, as their proofs give them.
//!
//! | statement | here |
//! |---|---|
//! | theta = min(1 / (2 rho0 d), rho0) of the proof of Theorem 3.8 | [`mixing_theta`] |
//! | its exponent a = ln theta / ln rho0, c1 of (4.26), (4.27), c2 of (4.28), the bound (4.29) | [`Mixing`] |
//! | c = 6 (2 (rho0 K + d + 1)^2 + 1) of (4.37), (4.38) | [`path_constant`] |
//! | K = (2^d - 1)(d - 1) of (C.3) | [`printed_lipschitz_constant`] |
//! | (3.6) | [`path_bound`] |
//! | (4.40) in the mean | [`local_path_bound`] |
//! | (4.41) | [`global_path_bound`] |
//! | (C.4) | [`martingale_bound`] |
//! | t = sqrt(ln(1/eta) / (2 c3)) of (4.46) | [`comparison_time`] |
//!
//! # Source
//! Sections 4.2 to 4.4 and appendix C. Deviation from the print: (3.6) is proved only with 2 lambda t
//! in its first term, since the last step of (4.41) loses a factor 2. The alpha <= 1 of Theorem 3.8
//! is 1 / alpha of its proof, where alpha >= 1: one letter for two things, and no error.

use crate::num::ratio::{self, Ratio, ratio};

/// theta = min(1 / (2 rho0 d), rho0): small enough for theta rho0 d <= 1/2 in (4.16) and for theta
/// <= rho0 in (4.26).
///
/// # Panics
/// If rho0 or d is 0.
pub fn mixing_theta(rho0: &Ratio, d: u32) -> Ratio {
    let contraction = (rho0 * ratio::whole(2 * u64::from(d))).recip();
    contraction.min(rho0.clone())
}

/// The constants of Theorem 3.8 for one rho0 and d.
///
/// ```
/// use fluidcheck::{num::ratio::ratio, theory::constants::Mixing};
/// let mixing = Mixing::new(&ratio(4, 5), 2);
/// assert_eq!(mixing.theta, 0.3125);
/// // No better than rho0 / (1 - rho0) = 4, which Corollary 4.3 gives for nothing, until t is about 50.
/// assert!(mixing.bound(50.0) > 4.0 && mixing.bound(51.0) < 4.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixing {
    /// theta.
    pub theta: f64,
    /// a = ln theta / ln rho0 >= 1, called alpha in the proof.
    pub exponent: f64,
    /// c1 of (4.27): (1/2) (rho0 theta / (1 - rho0 theta)) ((1 - rho0)(1 - theta) / theta)^(1 + a).
    pub c1: f64,
    /// c2 of (4.28): (theta / (1 - theta)) (rho0 / (1 - rho0)).
    pub c2: f64,
}

impl Mixing {
    /// The constants for 0 < rho0 < 1 and d >= 1.
    ///
    /// # Panics
    /// If rho0 or d is 0.
    pub fn new(rho0: &Ratio, d: u32) -> Self {
        Self::with_theta(rho0, &mixing_theta(rho0, d))
    }

    /// The constants for another theta, meaningful for theta <= rho0.
    pub fn with_theta(rho0: &Ratio, theta: &Ratio) -> Self {
        let (rho0, theta) = (ratio::to_f64(rho0), ratio::to_f64(theta));
        let exponent = theta.ln() / rho0.ln();
        let product = rho0 * theta;
        let c1 = 0.5 * product / (1.0 - product)
            * ((1.0 - rho0) * (1.0 - theta) / theta).powf(1.0 + exponent);
        let c2 = theta / (1.0 - theta) * rho0 / (1.0 - rho0);
        Self { theta, exponent, c1, c2 }
    }

    /// (4.29): the bound on sum_i E Delta_i(t), 1 / (theta (c2^-a + c1 a t)^(1/a)).
    pub fn bound(&self, t: f64) -> f64 {
        let a = self.exponent;
        (self.theta * (self.c2.powf(-a) + self.c1 * a * t).powf(a.recip())).recip()
    }

    /// The time from which on [`Mixing::bound`] is at most `target`; 0 if it always is.
    pub fn time_to(&self, target: f64) -> f64 {
        let a = self.exponent;
        (((self.theta * target).powf(-a) - self.c2.powf(-a)) / (self.c1 * a)).max(0.0)
    }
}

/// K = (2^d - 1)(d - 1), the constant of Lemma C.1 as its proof gives it; the sharp one is d (d -
/// 1) / 2.
pub fn printed_lipschitz_constant(d: u32) -> Ratio {
    (ratio::power(&ratio(2, 1), d) - ratio(1, 1)) * ratio::whole(u64::from(d.saturating_sub(1)))
}

/// c = 6 (2 (rho0 K + d + 1)^2 + 1) of Theorem 3.10, from (4.37) and (4.38).
///
/// ```
/// use fluidcheck::{num::ratio::ratio, theory::constants};
/// // 355.92 with the K = 3 of the paper for d = 2, 179.28 with the sharp K = 1.
/// assert_eq!(constants::path_constant(&ratio(4, 5), &constants::printed_lipschitz_constant(2), 2), ratio(35592, 100));
/// assert_eq!(constants::path_constant(&ratio(4, 5), &ratio(1, 1), 2), ratio(17928, 100));
/// ```
pub fn path_constant(rho0: &Ratio, k: &Ratio, d: u32) -> Ratio {
    let c1 = rho0 * k + ratio::whole(u64::from(d) + 1);
    (&c1 * &c1 * ratio(2, 1) + ratio(1, 1)) * ratio(6, 1)
}

/// The figures of a graph and a start that enter (3.6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathBound {
    /// lambda.
    pub lambda: f64,
    /// rho0 >= rho(G).
    pub rho0: f64,
    /// d.
    pub d: u32,
    /// phi(G).
    pub phi: f64,
    /// gamma(G).
    pub gamma: f64,
    /// E sum_i q_i(0)^2.
    pub start_squares: f64,
    /// E sum_i (M^-1 sum_w |q_i^w(0) - qbar_i(0)|)^2.
    pub start_spread: f64,
    /// c, see [`path_constant`].
    pub c: f64,
}

/// (C.4): the bound on E sum_i M^-1 sum_w sup_(s <= t) M_i^w(s)^2 / d_w^2, that is 4 t (rho0 d + 1)
/// gamma.
pub fn martingale_bound(rho0: f64, d: u32, gamma: f64, t: f64) -> f64 {
    4.0 * t * (rho0 * f64::from(d) + 1.0) * gamma
}

/// (3.6) at time t, with 2 lambda t in its first term; infinite where exp(c t^2) overflows.
pub fn path_bound(figures: &PathBound, t: f64) -> f64 {
    global_path_bound(figures, t, local_path_bound(figures, t))
}

/// (4.41): the bound on the global distances from one on the local ones, with 2 lambda t.
pub fn global_path_bound(figures: &PathBound, t: f64, local: f64) -> f64 {
    let PathBound { lambda, phi, start_squares, .. } = *figures;
    2.0 * phi * phi * (2.0 * lambda * t + start_squares) + 2.0 * local
}

/// (4.40) at time t in the mean, its martingales bounded by (C.4): the bound on E sup_(s <= t)
/// sum_i (M^-1 sum_w |q_i^w(s) - qbar_i(s)|)^2.
pub fn local_path_bound(figures: &PathBound, t: f64) -> f64 {
    let PathBound { rho0, d, phi, gamma, start_spread, c, .. } = *figures;
    let inner =
        (t * f64::from(d) * phi).powi(2) + start_spread + martingale_bound(rho0, d, gamma, t);
    // 0 times infinity is 0 here: what is multiplied is a bound on something that is 0.
    if inner == 0.0 { 0.0 } else { 6.0 * (c * t * t).exp() * inner }
}

/// t = sqrt(ln(1/eta) / (2 c3)), given ln(1/eta): where exp(c3 t^2) is eta^(-1/2).
pub fn comparison_time(log_inverse_eta: f64, c3: f64) -> f64 {
    (log_inverse_eta / (2.0 * c3)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_of_theorem_3_8_are_those_of_its_proof() {
        // Solved independently in Python for rho0 = 0.8, d = 2.
        let mixing = Mixing::new(&ratio(4, 5), 2);
        let table = [
            ("theta", mixing.theta, 0.3125, 1e-15),
            ("a", mixing.exponent, 5.2126, 1e-4),
            ("c1", mixing.c1, 1.0157e-3, 1e-7),
            ("c2", mixing.c2, 1.81818, 1e-5),
            ("below the moment bound", mixing.time_to(4.0), 50.65, 5e-3),
            ("below 0.1", mixing.time_to(0.1), 1.3e10, 5e8),
        ];
        for (name, value, known, accuracy) in table {
            assert!((value - known).abs() <= accuracy, "{name}: {value}");
        }
        assert_eq!(mixing.time_to(100.0), 0.0);
    }

    #[test]
    fn theta_is_capped_where_the_load_is_small() {
        assert_eq!(mixing_theta(&ratio(1, 10), 2), ratio(1, 10));
        assert_eq!(Mixing::new(&ratio(1, 10), 2).exponent, 1.0);
    }

    #[test]
    fn the_bound_on_paths_is_useful_only_for_short_times() {
        let c = ratio::to_f64(&path_constant(&ratio(4, 5), &ratio(1, 1), 2));
        let figures = PathBound {
            lambda: 0.8,
            rho0: 0.8,
            d: 2,
            phi: 0.0,
            gamma: 1e-4,
            start_squares: 0.0,
            start_spread: 0.0,
            c,
        };
        assert!(path_bound(&figures, 0.1) < 0.01);
        assert!(path_bound(&figures, 0.3) > 1.0);
        assert_eq!(path_bound(&figures, 0.0), 0.0);
        assert_eq!(path_bound(&figures, 1e3), f64::INFINITY);
        assert_eq!(path_bound(&PathBound { gamma: 0.0, ..figures }, 1e3), 0.0);
    }
}
