//! A law on a window of occupancies, solved, and what its residual says of the steady state.
//!
//! Gauss-Seidel sweeps after an aggregation by the number of tasks, which is what mixes slowest;
//! what is still slow, the acceleration finds. The bounds are those of [`super::complete_graph()`].

use super::Value;
use super::acceleration::Anderson;
use super::occupancy_window::{Cursor, MOST_LEVELS, Numbers, Rates, Window};
use crate::theory::mean_field::fixed_point;

/// Cycles on one window; what is then left is part of the error.
const MOST_CYCLES: usize = 120;

/// Cycles without acceleration after one that did not help.
const PLAIN: usize = 4;

/// The steady state of a complete graph.
#[derive(Clone, Debug, PartialEq)]
pub struct CompleteLaw {
    /// E q_1, ..., E q_L.
    pub q: Vec<Value>,
    /// E sum_i q_i over all levels.
    pub mean_queue_length: Value,
    /// E sum_i (q_i - q*_i)^2 over all levels.
    pub squared_distance: Value,
    /// States of the last window.
    pub states: u64,
}

/// A law on a window, and what its residual says.
pub(super) struct Solved {
    pub(super) law: Vec<f64>,
    /// sum_x |r(x)| |q_j(x) - q_j(m)| inside the window, j = 1, ..., L; m is q*, rounded.
    inside: Vec<f64>,
    /// The flow over the lower and the upper border of Q_1, ..., Q_(L+1).
    pub(super) borders: Vec<(f64, f64)>,
}

/// Roundings of a flow into or out of a state, relatively: differences of exact powers, a product,
/// another with a probability, and a sum over at most two terms for each level.
const ROUNDINGS: f64 = (2 * MOST_LEVELS + 8) as f64 * f64::EPSILON;

impl Solved {
    /// Sweeps until the residual inside adds no more than `enough` to the mean queue length.
    pub(super) fn new(
        rates: &Rates,
        window: &Window,
        numbers: &Numbers,
        law: Vec<f64>,
        enough: f64,
    ) -> Self {
        let weights = rates.weights_of_mean(window.levels());
        let mut solved = Self { law, inside: Vec::new(), borders: Vec::new() };
        let mut anderson = Anderson::default();
        let mut before = solved.law.clone();
        let (mut last, mut plain_until) = (f64::INFINITY, 0);
        let mut best: Option<(f64, Vec<f64>)> = None;
        for cycle in 0..MOST_CYCLES {
            before.copy_from_slice(&solved.law);
            solved.balance(rates, window);
            solved.sweep(rates, window, numbers, true);
            solved.sweep(rates, window, numbers, false);
            if cycle >= plain_until {
                anderson.step(&before, &mut solved.law);
            }
            if cycle % 3 < 2 {
                continue;
            }
            solved.normalise();
            solved.look(rates, window, numbers);
            let error = solved.inside_on(&weights);
            if error > last {
                // Far from the solution the past is a bad guide.
                anderson = Anderson::default();
                plain_until = cycle + PLAIN;
            }
            last = error;
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, solved.law.clone()));
            }
            // No better than a window deserves that will be left for a larger one.
            if error <= enough.max(0.02 * solved.over_borders(&weights, rates.n)) {
                break;
            }
        }
        if let Some((_, law)) = best {
            solved.law = law;
        }
        solved.look(rates, window, numbers);
        solved
    }

    pub(super) fn inside_on(&self, weights: &[f64]) -> f64 {
        weights.iter().zip(&self.inside).map(|(weight, part)| weight * part).sum()
    }

    /// What the flow over all borders adds.
    pub(super) fn over_borders(&self, weights: &[f64], n: u32) -> f64 {
        let at = |j: usize| weights[j.min(weights.len() - 1)] / f64::from(n);
        self.borders.iter().enumerate().map(|(j, (down, up))| at(j) * (down + up)).sum()
    }

    /// Gauss-Seidel.
    pub(super) fn sweep(
        &mut self,
        rates: &Rates,
        window: &Window,
        numbers: &Numbers,
        upwards: bool,
    ) {
        let mut cursor = match upwards {
            true => Cursor::least(window, rates.n),
            false => Cursor::greatest(window, rates.n),
        };
        let mut number = if upwards { 0 } else { numbers.count - 1 };
        loop {
            let (inflow, out) = self.flows(rates, window, numbers, &cursor.q, number);
            if out > 0.0 {
                self.law[number] = inflow / out;
            }
            if !(if upwards { cursor.next() } else { cursor.previous() }) {
                break;
            }
            number = if upwards { number + 1 } else { number - 1 };
        }
        self.normalise();
    }

    pub(super) fn normalise(&mut self) {
        let sum: f64 = self.law.iter().sum();
        self.law.iter_mut().for_each(|p| *p /= sum);
    }

    /// The flow into a state of the window, and the rate out of it; borders are not crossed.
    #[inline]
    pub(super) fn flows(
        &self,
        rates: &Rates,
        window: &Window,
        numbers: &Numbers,
        q: &[u32],
        number: usize,
    ) -> (f64, f64) {
        let (mut inflow, mut out) = (0.0, 0.0);
        for i in 1..=window.levels() {
            let (below, own, above) = (q[i - 1], q[i], q[i + 1]);
            let (lower, upper) = (window.lower[i - 1], window.upper[i - 1]);
            let before = &numbers.before[i - 1];
            let here = before[own as usize];
            if own > lower {
                out += f64::from(own - above);
                if own > above {
                    let source = number - (here - before[own as usize - 1]) as usize;
                    inflow += self.law[source] * rates.up(below, own - 1);
                }
            }
            if own < upper && own < below {
                out += rates.up(below, own);
                let source = number + (before[own as usize + 1] - here) as usize;
                inflow += self.law[source] * f64::from(own + 1 - above);
            }
        }
        (inflow, out)
    }

    /// Gives the number of tasks its exact law for the present law inside each number: what mixes
    /// slowest.
    pub(super) fn balance(&mut self, rates: &Rates, window: &Window) {
        let levels = window.levels();
        let most: u32 = window.upper.iter().sum();
        let zeros = || vec![0.0; most as usize + 1];
        let (mut mass, mut up, mut down) = (zeros(), zeros(), zeros());
        let mut cursor = Cursor::least(window, rates.n);
        for p in &self.law {
            let q = &cursor.q;
            let total: u32 = cursor.state().iter().sum();
            let (mut raised, mut lowered) = (0.0, 0.0);
            for i in 1..=levels {
                if q[i] < window.upper[i - 1] {
                    raised += rates.up(q[i - 1], q[i]);
                }
                if q[i] > window.lower[i - 1] {
                    lowered += f64::from(q[i] - q[i + 1]);
                }
            }
            mass[total as usize] += p;
            up[total as usize] += p * raised;
            down[total as usize] += p * lowered;
            cursor.next();
        }
        let least = window.lower.iter().sum::<u32>() as usize;
        let mut factors = zeros();
        factors[least] = 1.0;
        for total in least..most as usize {
            if !(mass[total] > 0.0 && down[total + 1] > 0.0) {
                return;
            }
            factors[total + 1] = factors[total] * up[total] / down[total + 1];
        }
        let sum: f64 = factors.iter().zip(&mass).map(|(factor, mass)| factor * mass).sum();
        if !(sum.is_finite() && sum > 0.0) {
            return;
        }
        let mut cursor = Cursor::least(window, rates.n);
        for p in &mut self.law {
            *p *= factors[cursor.state().iter().sum::<u32>() as usize] / sum;
            cursor.next();
        }
    }

    /// The residual: inside, and over the borders.
    pub(super) fn look(&mut self, rates: &Rates, window: &Window, numbers: &Numbers) {
        let levels = window.levels();
        let n = f64::from(rates.n);
        let middle: Vec<f64> = (1..=levels)
            .map(|i| {
                let mean = n * fixed_point(rates.lambda, rates.d, i as u32);
                mean.round()
            })
            .collect();
        let mut inside = vec![0.0; levels];
        let mut borders = vec![(0.0, 0.0); levels + 1];
        let mut cursor = Cursor::least(window, rates.n);
        for number in 0..numbers.count {
            let (q, p) = (&cursor.q, self.law[number]);
            let (inflow, out) = self.flows(rates, window, numbers, q, number);
            let outflow = p * out;
            let residual = (inflow - outflow).abs() + (inflow + outflow) * ROUNDINGS;
            for i in 1..=levels {
                inside[i - 1] += residual * (f64::from(q[i]) - middle[i - 1]).abs() / n;
                if q[i] == window.upper[i - 1] {
                    borders[i - 1].1 += p * rates.up(q[i - 1], q[i]);
                }
                if q[i] == window.lower[i - 1] {
                    borders[i - 1].0 += p * f64::from(q[i] - q[i + 1]);
                }
            }
            borders[levels].1 += p * rates.up(q[levels], 0);
            cursor.next();
        }
        (self.inside, self.borders) = (inside, borders);
    }

    /// Expectations with the bounds of the module.
    pub(super) fn law(&self, rates: &Rates, window: &Window, numbers: &Numbers) -> CompleteLaw {
        let (levels, n) = (window.levels(), f64::from(rates.n));
        let target: Vec<f64> =
            (1..=levels).map(|i| fixed_point(rates.lambda, rates.d, i as u32)).collect();
        let (mut q, mut squares, mut power) = (vec![0.0; levels], 0.0, 0.0);
        let mut cursor = Cursor::least(window, rates.n);
        for p in &self.law {
            let state = cursor.state();
            for ((sum, &count), target) in q.iter_mut().zip(state).zip(&target) {
                let fraction = f64::from(count) / n;
                *sum += p * fraction;
                squares += p * (fraction - target).powi(2);
            }
            power += p * rates.powers[state[levels - 1] as usize] / rates.powers[rates.n as usize];
            cursor.next();
        }
        // Sums of as many terms as states.
        let summing = numbers.count as f64 * f64::EPSILON;
        // What f gains from one more task at the end of the queues with Q_j of them: upper borders
        // keep such tasks out, lower ones keep them in.
        let over = |w: &[f64], is_up: bool| -> f64 {
            let weights = rates.weights(w);
            let flows = self.borders.iter().map(|(down, up)| if is_up { up } else { down });
            flows.enumerate().map(|(at, flow)| weights[at.min(levels - 1)] * flow / n).sum()
        };
        let (down, up) = (false, true);
        // f is the difference of two increasing functions with the slopes `rise` and `fall`.
        let around = |value: f64, rise: &[f64], fall: &[f64], beyond: f64| {
            let slopes: Vec<f64> = rise.iter().zip(fall).map(|(a, b)| a.max(*b)).collect();
            let weights = rates.weights(&slopes);
            let inside: f64 = weights.iter().zip(&self.inside).map(|(w, part)| w * part).sum();
            let inside = inside + summing * value.abs();
            let below = (inside + over(rise, down) + over(fall, up)) * (1.0 + 1e-9);
            let above = (inside + over(rise, up) + over(fall, down)) * (1.0 + 1e-9);
            Value { value, lower: (value - below).max(0.0), upper: value + above + beyond }
        };
        let none = vec![0.0; levels];
        let of_level = |i: usize, slope: f64| {
            let mut slopes = none.clone();
            slopes[i] = slope;
            slopes
        };
        // E q_(L+1) = lambda E q_L^d, and a power has slope d at most.
        let next = around(power, &of_level(levels - 1, f64::from(rates.d)), &none, 0.0).upper;
        let beyond = rates.lambda * next / (1.0 - rates.lambda) * (1.0 + 1e-9);
        let beyond_target: f64 =
            (1..=40).map(|i| fixed_point(rates.lambda, rates.d, (levels + i) as u32)).sum();
        // sum_i (q_i^2 - 2 q*_i q_i + q*_i^2), where E q_1 = lambda is known.
        let squares = squares + 2.0 * rates.lambda * (q[0] - rates.lambda);
        let mut fall: Vec<f64> = target.iter().map(|q| 2.0 * q).collect();
        fall[0] = 0.0;
        CompleteLaw {
            q: (0..levels).map(|i| around(q[i], &of_level(i, 1.0), &none, 0.0)).collect(),
            mean_queue_length: around(q.iter().sum(), &vec![1.0; levels], &none, beyond),
            squared_distance: around(squares, &vec![2.0; levels], &fall, beyond + beyond_target),
            states: numbers.count as u64,
        }
    }
}
