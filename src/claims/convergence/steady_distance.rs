//! Steady states of graphs of a few thousand servers, bracketed at a time that is fixed beforehand.
//!
//! [`crate::estimate::bracketing`] starts its upper copy above *every* queue of the steady state,
//! with L of some ln(N / error) / ln(1 / rho). Claims about averages need less. Let Z start from
//! X(infinity) and Y from min(X(infinity), L), on common marks. One task more stays one task more
//! or vanishes: sum_i (q_i(Z) - q_i(Y)) is never larger than at the start, where its mean is at
//! most
//!
//! sum_(i > L) E q_i(infinity) <= rho^(L + 1) / (1 - rho) by Corollary 4.3; where rho(G) is too
//! large, with kappa = lambda / lambda_c in place of rho (`cor-4.3-critical`).
//!
//! Y lies between the copies from empty and from L, and Z is stationary. So a function of q that
//! changes by at most the l1 distance is known in the mean up to the bracket and that error,
//! whatever N; for rho = 1/2 and an error of 10^-3, L is 10.
//!
//! The number of events is a function of L, lambda and N alone. Too few of them make a bracket
//! wide, never wrong.
//!
//! # Source
//! Proposition 3.9 and Corollary 4.3.

use crate::estimate::bracketing::{self, Plan, Sample, UpperStart, geometric_tail, least_level};
use crate::model::{Model, loads};
use crate::subject::Subject;

/// q_1, q_2, ... from empty and from L.
pub(super) type Bracket = (Vec<f64>, Vec<f64>);

/// A steady state of which bracketing replications can be drawn.
pub(super) struct SteadyState<'a> {
    subject: &'a dyn Subject,
    model: Model,
    seed: u64,
    /// rho(G), or kappa: E q_i(infinity) is at most its i-th power.
    rho: f64,
    /// How far what is observed may be from the steady state, in tasks per server.
    error: f64,
    plan: Plan,
}

/// Loads up to which L is small enough to be left soon.
const HIGHEST_LOAD: f64 = 0.93;

impl<'a> SteadyState<'a> {
    /// The steady state of `model`, up to `error` tasks per server; `None` where rho(G) is so
    /// large, or beyond 1, that no run of a second leaves L.
    pub(super) fn new(
        subject: &'a dyn Subject,
        model: Model,
        error: f64,
        seed: u64,
    ) -> Option<Self> {
        let rho = loads::rho_f64(&model);
        Self::by_load(subject, model, rho, error, seed)
    }

    /// The same by kappa = lambda / lambda_c in place of rho(G), where lambda_c is at least
    /// `critical`.
    pub(super) fn by_critical_load(
        subject: &'a dyn Subject,
        model: Model,
        critical: f64,
        error: f64,
        seed: u64,
    ) -> Option<Self> {
        let kappa = model.lambda() / critical;
        Self::by_load(subject, model, kappa, error, seed)
    }

    fn by_load(
        subject: &'a dyn Subject,
        model: Model,
        load: f64,
        error: f64,
        seed: u64,
    ) -> Option<Self> {
        // Rounded upwards: the error increases in the load.
        let rho = load * (1.0 + 1e-9);
        if rho.is_nan() || rho > HIGHEST_LOAD {
            return None;
        }
        let level = least_level(|level| geometric_tail(rho, level), error);
        let error = geometric_tail(rho, level);
        let (n, lambda) = (f64::from(model.graph().n_servers()), model.lambda());
        // From L tasks everywhere total work falls at rate 1 - lambda; then the last differences
        // vanish.
        let time = 1.3 * f64::from(level) / (1.0 - lambda) + 6.0 / (1.0 - lambda);
        let events = (time * n * (1.0 + lambda)).ceil() as u64;
        // One look, at the end.
        let start = UpperStart { level, error: Some(error) };
        let plan = Plan { start, warm_up: events - 1, window: 1, every: 1, top: 0 };
        Some(Self { subject, model, seed, rho, error, plan })
    }

    /// A bound on the mean of sum_i |q_i(Z) - q_i(Y)|.
    pub(super) fn error(&self) -> f64 {
        self.error
    }

    /// A bound on the mean of | sum_i |q_i(Z) - q_i|^p - sum_i |q_i(Y) - q_i|^p | for any q of
    /// values in [0, 1].
    ///
    /// For p >= 1 the p-th power has slope p at most. For p < 1 it is p-Hoelder with constant 1: n
    /// levels give at most n^(1 - p) (sum)^p, and the levels above them, since q_i(Y) <= q_i(Z), at
    /// most sum_(i > n) (E q_i(infinity))^p.
    pub(super) fn error_of_power(&self, p: f64) -> f64 {
        if p >= 1.0 {
            return p * self.error;
        }
        let above = |n: i32| self.rho.powf(p * f64::from(n + 1)) / (1.0 - self.rho.powf(p));
        (1..200)
            .map(|n| f64::from(n).powf(1.0 - p) * self.error.powf(p) + above(n))
            .fold(f64::INFINITY, f64::min)
    }

    /// Replication `replication`.
    pub(super) fn draw(&self, replication: u64) -> Bracket {
        Sample::draw(self.subject, &self.model, &self.plan, self.seed, replication).last
    }
}

/// sum_i |q_i - target_i|^p from below and above, where each q_i is only known to lie in the
/// bracket.
pub(super) fn distance((from_empty, from_above): &Bracket, target: &[f64], p: f64) -> (f64, f64) {
    bracketing::distance((from_empty, from_above), target, |x| x.powf(p))
}

/// sum_(i >= from) q_i.
pub(super) fn sum_from(q: &[f64], from: usize) -> f64 {
    q.iter().skip(from - 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::subject::Reference;

    #[test]
    fn a_single_server_is_bracketed_around_its_exact_law() {
        // M/M/1 at lambda = 1/2: the mean queue length is 1.
        let model = Model::new(BipartiteGraph::complete(1, 1).unwrap(), 0.5, 1).unwrap();
        let steady = SteadyState::new(&Reference, model, 1e-3, 5).unwrap();
        let n = 20_000;
        let (mut low, mut high) = (0.0, 0.0);
        for r in 0..n {
            let (lower, upper) = steady.draw(r);
            low += lower.iter().sum::<f64>() / n as f64;
            high += upper.iter().sum::<f64>() / n as f64;
        }
        // The standard deviation of a mean of 20000 with variance 2 is 0.01. The number of events
        // is made for large systems: a single queue meets later, which makes its bracket wide.
        assert!(low <= 1.06 && high >= 0.94 && high - low < 0.5, "{low} to {high}");
        assert!(steady.error() <= 1e-3);
    }

    #[test]
    fn distances_know_what_the_bracket_knows() {
        let bracket = (vec![0.5, 0.1], vec![0.5, 0.3]);
        let (least, most) = distance(&bracket, &[0.4, 0.2], 1.0);
        assert!((least - 0.1).abs() < 1e-15 && (most - 0.2).abs() < 1e-15);
        let (least, most) = distance(&bracket, &[0.4, 0.4, 0.1], 2.0);
        assert!(
            (least - (0.01 + 0.01 + 0.01)).abs() < 1e-15
                && (most - (0.01 + 0.09 + 0.01)).abs() < 1e-15
        );
    }

    #[test]
    fn powers_below_one_cost_more_of_the_error() {
        let model = Model::new(BipartiteGraph::complete(10, 10).unwrap(), 0.5, 2).unwrap();
        let steady = SteadyState::new(&Reference, model, 1e-6, 5).unwrap();
        assert!(steady.error_of_power(2.0) <= 2e-6);
        assert!(
            steady.error_of_power(0.5) > steady.error().sqrt() && steady.error_of_power(0.5) < 0.02
        );
    }
}
