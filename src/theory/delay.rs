//! The law of the time in system of a task, from the expected fractions E q_i of the steady state.
//!
//! A task that joins a queue as its k-th leaves after k services, one after the other: servers are
//! FIFO and services are exponential with mean 1, whatever came before, so its delay has the Erlang
//! law of k. In the steady state as many tasks raise a queue from i to i + 1 as services lower one
//! from i + 1 to i, that is P(X = i + 1) for each server and unit of time; summed over all levels
//! from i on it is the rate of tasks that find at least i others. Hence
//!
//! P(a task finds at least i) = E q_(i+1) / E q_1, and
//!
//! P(delay > t) = e^-t sum_i (t^i / i!) E q_(i+1) / E q_1,
//!
//! the mean of this probability over a Poisson number of services. E q_1 is the rate of accepted
//! tasks: lambda without what is lost. Nothing is assumed of the policy but that it does not look
//! at service times.
//!
//! The tail increases in every E q_i, so bounds on these are bounds on every quantile.
//!
//! # Source
//! Rate conservation at each level; Little's law for the mean.

use num_traits::{One, Zero};

use super::exact::Value;
use super::mean_field::fixed_point_vec;
use super::poisson::Poisson;
use super::stability::CriticalLoad;
use crate::model::Model;
use crate::num::ratio::{self, Ratio};

/// The time in system of a task in the steady state, in mean service times: FIFO servers, unit
/// exponential services. Upper ends are infinite where nothing is known of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// The mean; at least 1.
    pub mean: Value,
    /// The time that half of the tasks exceed.
    pub p50: Value,
    /// The time that one task in 10 exceeds.
    pub p90: Value,
    /// The time that one task in 100 exceeds.
    pub p99: Value,
    /// The time that one task in 1000 exceeds.
    pub p999: Value,
}

impl Delay {
    /// The mean and the quantiles with their names in JSON.
    pub fn rows(&self) -> [(&'static str, Value); 5] {
        let Self { mean, p50, p90, p99, p999 } = *self;
        [("mean", mean), ("p50", p50), ("p90", p90), ("p99", p99), ("p999", p999)]
    }

    /// With each of the five changed.
    pub(crate) fn map(self, change: impl Fn(Value) -> Value) -> Self {
        let Self { mean, p50, p90, p99, p999 } = self;
        let [p50, p90, p99, p999] = [p50, p90, p99, p999].map(&change);
        Self { mean: change(mean), p50, p90, p99, p999 }
    }

    /// From bounds on E q_1, E q_2, ... and on the mean queue length; `None` where no task is
    /// accepted.
    ///
    /// `accepted` is the rate of accepted tasks for each server, E q_1. For every i >= 1, E q_(i+1)
    /// is at most `kappa` E q_i, with `kappa` in (0, 1]: 1 says only that it does not increase.
    pub fn new(accepted: f64, q: &[Value], mean_queue_length: Value, kappa: f64) -> Option<Self> {
        if !(accepted > 0.0 && accepted.is_finite()) {
            return None;
        }
        let found = Found::new(accepted, q, kappa);
        // No task leaves before it is served.
        let mean = |queue: f64| (queue / accepted).max(1.0);
        let Value { value, lower, upper } = mean_queue_length;
        let mean = Value { value: mean(value), lower: mean(lower), upper: mean(upper) };
        Some(Self::of(mean, |left| found.quantile(left)))
    }

    /// With full flexibility on infinitely many servers: the law from q*, without bounds.
    ///
    /// # Panics
    /// Unless 0 < lambda < 1 and d >= 1.
    pub fn at_the_fixed_point(lambda: f64, d: u32) -> Self {
        assert!(lambda > 0.0 && lambda < 1.0 && d >= 1, "no q* for lambda = {lambda}, d = {d}");
        if d == 1 {
            // Independent M/M/1 queues, where a list of q* would have no end.
            return Self::exponential(1.0 - lambda);
        }
        let mut q = fixed_point_vec(lambda, d, LEVELS_OF_THE_LIMIT);
        q.truncate(q.iter().position(|&q| q < NEGLIGIBLE).unwrap_or(q.len()).max(1));
        let mean = exact((q.iter().sum::<f64>() / lambda).max(1.0));
        let found = Curve { levels: q.iter().map(|q| q / lambda).collect(), kappa: 0.0 };
        Self::of(mean, |left| {
            let (low, high) = found.quantile(left);
            exact(f64::midpoint(low, high))
        })
    }

    /// An exponential time of this rate.
    fn exponential(rate: f64) -> Self {
        Self::of(exact(1.0 / rate), |left| exact(-left.ln() / rate))
    }

    /// From the mean and the time that a share of the tasks exceeds.
    fn of(mean: Value, exceeded_by: impl Fn(f64) -> Value) -> Self {
        let [p50, p90, p99, p999] = [0.5, 0.1, 0.01, 0.001].map(exceeded_by);
        Self { mean, p50, p90, p99, p999 }
    }
}

/// P(delay > t) for t >= 0, from what [`Delay::new`] takes; P(delay > t) = 1 at t = 0.
pub fn tail(accepted: f64, q: &[Value], kappa: f64, t: f64) -> Value {
    let Found { value, lower, upper } = Found::new(accepted, q, kappa);
    // The weights of a Poisson law carry relative rounding only.
    Value {
        value: value.tail(t),
        lower: lower.tail(t) * (1.0 - ROUNDING),
        upper: (upper.tail(t) * (1.0 + ROUNDING)).min(1.0),
    }
}

/// A value that is its own bounds.
fn exact(value: f64) -> Value {
    Value { value, lower: value, upper: value }
}

/// What the critical load says of the delay, for policies that join a shortest of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certified {
    /// At or above lambda / (critical load), up to the rounding of one division.
    pub kappa: f64,
    /// Mean and quantiles that the delay does not exceed; `None` where kappa is not below 1.
    pub at_most: Option<Delay>,
}

impl Certified {
    /// E q_(i+1) <= kappa E q_i, so that a task finds i others with probability at most kappa^i: a
    /// geometric number of services, and the delay is below an exponential time of rate 1 - kappa.
    ///
    /// `None` for policies that join no shortest queue, or compare lengths by weights: levels then
    /// do not fall one by one.
    pub fn new(model: &Model, critical: &CriticalLoad) -> Option<Self> {
        if !model.policy().joins_a_shortest() {
            return None;
        }
        let lambda = model.load().exact();
        // The bounds of a search are doubles, the proved load is a fraction.
        let least = critical.exact.clone().or_else(|| Ratio::from_float(critical.lower))?;
        if least <= Ratio::zero() {
            return None;
        }
        let kappa = lambda / least;
        let rate = Ratio::one() - &kappa;
        let at_most = (rate > Ratio::zero()).then(|| Delay::exponential(ratio::to_f64(&rate)));
        Some(Self { kappa: ratio::to_f64(&kappa), at_most })
    }
}

/// Levels of q* for d >= 2, whose exponents double at least.
const LEVELS_OF_THE_LIMIT: usize = 4096;

/// What no quantile here can tell from 0.
const NEGLIGIBLE: f64 = 1e-18;

/// Relative: more than the rounding of a tail, which is a sum of positive terms.
const ROUNDING: f64 = 1e-10;

/// Later quantiles are not looked for: their upper ends are infinite.
const LATEST: f64 = 1e8;

/// P(a task finds at least i others at its server), i = 0, 1, ...
#[derive(Debug)]
struct Curve {
    /// From 1 on, never increasing.
    levels: Vec<f64>,
    /// How it falls from level to level beyond.
    kappa: f64,
}

impl Curve {
    /// P(delay > t).
    fn tail(&self, t: f64) -> f64 {
        let last = self.levels.last().copied().unwrap_or(1.0);
        let services = Poisson::new(t);
        let level = |k: usize| match self.levels.get(k) {
            Some(&level) => level,
            None => {
                let beyond = (k + 1 - self.levels.len()).min(i32::MAX as usize) as i32;
                last * self.kappa.powi(beyond)
            }
        };
        (services.first as usize..).zip(&services.weights).map(|(k, w)| w * level(k)).sum()
    }

    /// Two neighbouring times before and after which P(delay > t) = left; infinite ones where there
    /// is no such time, or none before [`LATEST`].
    fn quantile(&self, left: f64) -> (f64, f64) {
        let (mut low, mut high) = (0.0, 1.0);
        while self.tail(high) > left {
            (low, high) = (high, 2.0 * high);
            if high > LATEST {
                return (f64::INFINITY, f64::INFINITY);
            }
        }
        while high - low > 1e-13 * high {
            let middle = f64::midpoint(low, high);
            *(if self.tail(middle) > left { &mut low } else { &mut high }) = middle;
        }
        (low, high)
    }
}

/// What tasks find, between bounds.
struct Found {
    value: Curve,
    lower: Curve,
    upper: Curve,
}

impl Found {
    fn new(accepted: f64, q: &[Value], kappa: f64) -> Self {
        let share = |of: fn(&Value) -> f64| {
            let rest = q.iter().skip(1).map(move |q| (of(q) / accepted).clamp(0.0, 1.0));
            std::iter::once(1.0).chain(rest).collect::<Vec<f64>>()
        };
        let (mut value, mut lower, mut upper) =
            (share(|q| q.value), share(|q| q.lower), share(|q| q.upper));
        for i in 1..upper.len() {
            upper[i] = upper[i].min(upper[i - 1] * kappa);
        }
        for i in (1..lower.len()).rev() {
            lower[i - 1] = lower[i - 1].max(lower[i]);
        }
        for i in 1..value.len() {
            // Estimates of rare levels can be out of order.
            value[i] = value[i].min(value[i - 1]).max(lower[i]).min(upper[i]);
        }
        // The list may end where a queue still has more: as between its last two levels.
        let falls = match value[..] {
            [.., before, last] if before > 0.0 => (last / before).min(kappa),
            _ => 0.0,
        };
        Self {
            value: Curve { levels: value, kappa: falls },
            lower: Curve { levels: lower, kappa: 0.0 },
            upper: Curve { levels: upper, kappa },
        }
    }

    /// The time that the share `left` of the tasks exceeds; its ends are rounded outwards.
    fn quantile(&self, left: f64) -> Value {
        let (low, high) = self.value.quantile(left);
        let lower = self.lower.quantile(left * (1.0 + ROUNDING)).0;
        // Where tasks that find more than is listed are too many, time does not help.
        let last = self.upper.levels.last().copied().unwrap_or(1.0);
        let open = self.upper.kappa >= 1.0 && last >= left * (1.0 - ROUNDING);
        let upper = match open {
            true => f64::INFINITY,
            false => self.upper.quantile(left * (1.0 - ROUNDING)).1,
        };
        let value = f64::midpoint(low, high);
        Value { value, lower: lower.min(value), upper: upper.max(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::exact::stationary;
    use super::super::stability::critical_load_of;
    use super::*;
    use crate::graph::{BipartiteGraph, Isolated};
    use crate::model::policy::{Base, Policy};

    /// -ln of the shares that exceed p50, p90, p99 and p999.
    const EXPONENTIAL: [f64; 4] = [
        std::f64::consts::LN_2,
        std::f64::consts::LN_10,
        4.605_170_185_988_091,
        6.907_755_278_982_137,
    ];

    fn quantiles(delay: &Delay) -> [Value; 4] {
        [delay.p50, delay.p90, delay.p99, delay.p999]
    }

    #[test]
    fn a_list_that_ends_early_goes_on_as_between_its_last_levels() {
        let lambda = 0.98;
        let q: Vec<_> = (1..=40).map(|i| exact(f64::powi(lambda, i))).collect();
        let delay = Delay::new(lambda, &q, exact(lambda / (1.0 - lambda)), 0.99).unwrap();
        for (found, unit) in quantiles(&delay).iter().zip(EXPONENTIAL) {
            let right = unit / (1.0 - lambda);
            assert!((found.value / right - 1.0).abs() < 1e-6, "{found:?}, {right}");
            assert!(found.lower <= right && right <= found.upper, "{found:?}, {right}");
        }
    }

    #[test]
    fn the_delay_of_m_m_1_is_exponential_with_rate_1_minus_lambda() {
        for lambda in [0.1, 0.5, 0.8, 0.99] {
            let levels = (45.0 / -f64::ln(lambda)) as i32;
            let q: Vec<_> = (1..=levels).map(|i| exact(f64::powi(lambda, i))).collect();
            let queue = exact(lambda / (1.0 - lambda));
            let delay = Delay::new(lambda, &q, queue, lambda).unwrap();
            assert!((delay.mean.value - 1.0 / (1.0 - lambda)).abs() < 1e-9, "{lambda}: {delay:?}");
            for (found, unit) in quantiles(&delay).iter().zip(EXPONENTIAL) {
                let true_one = unit / (1.0 - lambda);
                assert!((found.value / true_one - 1.0).abs() < 1e-9, "{lambda}: {found:?}");
                assert!(found.lower <= true_one && true_one <= found.upper, "{lambda}: {found:?}");
                assert!(found.error() < 1e-7 * true_one, "{lambda}: {found:?}");
            }
            // A list that ends early leaves its upper ends to kappa, which is exact here.
            let short = Delay::new(lambda, &q[..3], queue, lambda).unwrap();
            for (short, whole) in quantiles(&short).iter().zip(quantiles(&delay)) {
                assert!((short.upper / whole.upper - 1.0).abs() < 1e-9, "{lambda}: {short:?}");
                assert!(short.lower <= whole.lower, "{lambda}: {short:?}");
            }
        }
    }

    #[test]
    fn the_fixed_point_of_one_choice_is_m_m_1_and_that_of_two_is_better() {
        for (found, unit) in quantiles(&Delay::at_the_fixed_point(0.75, 1)).iter().zip(EXPONENTIAL)
        {
            assert!((found.value - 4.0 * unit).abs() < 1e-12, "{found:?}");
        }
        // lambda = 1/2, d = 2: P(finds >= i) = 2^(2 - 2^(i+1)), that is 1, 1/4, 1/64, 2^-14, ...
        let delay = Delay::at_the_fixed_point(0.5, 2);
        let mean = 1.0 + 0.25 + 1.0 / 64.0 + f64::powi(2.0, -14) + f64::powi(2.0, -30);
        assert!((delay.mean.value - mean).abs() < 1e-12, "{delay:?}");
        for (found, left) in quantiles(&delay).iter().zip([0.5, 0.1, 0.01, 0.001]) {
            let t = found.value;
            let terms = [1.0, t / 4.0, t.powi(2) / 2.0 / 64.0, t.powi(3) / 6.0 * 0.5f64.powi(14)];
            let rest = t.powi(4) / 24.0 * 0.5f64.powi(30);
            let tail = (-t).exp() * (terms.iter().sum::<f64>() + rest);
            assert!((tail / left - 1.0).abs() < 1e-9, "{found:?}: {tail}");
        }
    }

    #[test]
    fn bounds_on_q_become_bounds_on_quantiles_and_no_mean_is_below_one_service() {
        let between =
            |lower: f64, upper: f64| Value { value: f64::midpoint(lower, upper), lower, upper };
        let q = [between(0.4, 0.6), between(0.0, 0.25), between(0.0, 0.125)];
        let delay = Delay::new(0.5, &q, between(0.3, 1.0), 1.0).unwrap();
        assert_eq!((delay.mean.lower, delay.mean.upper), (1.0, 2.0), "{delay:?}");
        // From below, all tasks find an empty server.
        for (found, unit) in quantiles(&delay).iter().zip(EXPONENTIAL) {
            assert!((found.lower / unit - 1.0).abs() < 1e-9, "{found:?}");
        }
        // From above, a quarter of the tasks may wait for ever.
        let open = |left: Value| left.upper == f64::INFINITY;
        assert!(!open(delay.p50) && open(delay.p90) && open(delay.p99) && open(delay.p999));
        // A level that is observed more often than the one below it, by chance.
        let crossed = [exact(0.5), between(0.0, 0.1), between(0.02, 0.3)];
        let delay = Delay::new(0.5, &crossed, between(0.5, 1.0), 0.5).unwrap();
        let straight = [exact(0.5), between(0.02, 0.1), between(0.02, 0.1)];
        let other = Delay::new(0.5, &straight, between(0.5, 1.0), 0.5).unwrap();
        let ends = |delay: &Delay| quantiles(delay).map(|found| (found.lower, found.upper));
        assert_eq!(ends(&delay), ends(&other));
        assert_eq!(Delay::new(0.0, &q, exact(0.0), 1.0), None, "no task is accepted");
    }

    #[test]
    fn late_quantiles_beyond_the_range_are_infinite_and_end() {
        let q = [exact(0.999_999_999), exact(0.999_999_998)];
        let delay = Delay::new(q[0].value, &q, exact(1e9), 1.0 - 1e-12).unwrap();
        assert!(delay.p50.upper == f64::INFINITY && delay.p50.lower > 1.0, "{delay:?}");
    }

    #[test]
    fn the_critical_load_bounds_the_exact_delay_and_is_attained_by_m_m_1() {
        let one = Model::new(BipartiteGraph::complete(1, 1).unwrap(), 0.8, 1).unwrap();
        let certified = Certified::new(&one, &critical_load_of(&one).unwrap()).unwrap();
        let most = certified.at_most.unwrap();
        assert!((certified.kappa - 0.8).abs() < 1e-15 && (most.mean.value - 5.0).abs() < 1e-12);
        assert!((most.p99.value - 5.0 * 100f64.ln()).abs() < 1e-12, "{most:?}");
        // Critical load 4/5, where rho(G) is 3/2 lambda.
        let edges = [(0, 0), (0, 1), (1, 1)];
        let graph = BipartiteGraph::from_edges(2, 2, &edges, Isolated::Refuse).unwrap();
        let model = Model::new(graph.clone(), 0.5, 2).unwrap();
        let critical = critical_load_of(&model).unwrap();
        let certified = Certified::new(&model, &critical).unwrap();
        assert!((certified.kappa - 0.625).abs() < 1e-15, "{certified:?}");
        let law = stationary(&model, &Default::default()).unwrap();
        let exact = Delay::new(0.5, &law.q, law.mean_queue_length, 1.0).unwrap();
        let most = certified.at_most.unwrap().rows();
        for ((name, value), (_, most)) in exact.rows().into_iter().zip(most) {
            assert!(value.upper < most.value, "{name}: {value:?} above {most:?}");
        }
        let above = model.changed(graph, 0.85.try_into().unwrap()).unwrap();
        assert_eq!(Certified::new(&above, &critical).unwrap().at_most, None);
        let blind = Policy::of_base(Base::RoundRobin).unwrap();
        let load = model.load().clone();
        let blind = Model::with_policy(model.graph().clone(), load, blind, None).unwrap();
        assert_eq!(Certified::new(&blind, &critical), None, "it compares no lengths");
    }
}
