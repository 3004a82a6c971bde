//! The steady state of the complete graph by its occupancy, Q_1 >= Q_2 >= ..., with a proved error.
//!
//! The occupancy is a Markov chain: Q_i goes up at rate lambda N (q_(i-1)^d - q_i^d) and down at
//! rate N (q_i - q_(i+1)). It is solved on a window, lower_i <= Q_i <= upper_i for i <= L and Q_(L+1)
//! = 0, whose borders what would cross them does not cross.
//!
//! # The error
//! Let A be the generator *without* a window, pi its law, f a function of q, and h the solution of A
//! h = pi f - f. Every probability vector p on finitely many states has
//!
//! pi f - p f = p A h = sum_x r(x) h(x), r = p A, sum_x r(x) = 0.
//!
//! So any p will do, however it was found, if the differences of h are bounded. Let |f(q) - f(q')| <=
//! sum_(i <= L) w_i |q_i - q'_i|. For two coupled states in order, Delta_i = q'_i - q_i >= 0 stays so
//! (Proposition 3.9), and by Lemma 4.2
//!
//! d/dt E sum_(j >= i) Delta_j = lambda E ((q'_(i-1))^d - (q_(i-1))^d) - E Delta_i <= lambda d E
//! Delta_(i-1) - E Delta_i, Delta_0 = 0.
//!
//! With y_i = w_i + lambda d y_(i+1), y_(L+1) = 0, the function V = sum_i y_i sum_(j >= i) Delta_j
//! has a drift of at most -sum_i w_i E Delta_i: the integral of |E f(X'(t)) - E f(X(t))| over all t
//! is at most V(0). Through the meet of two states, which need not be in order,
//!
//! |h(x) - h(x')| <= sum_j Y_j |q_j(x) - q_j(x')|, Y_j = y_1 + ... + y_j (y_1 + ... + y_L for j > L).
//!
//! The error is therefore at most sum_j Y_j T_j, where T_j gathers |r(x)| |q_j(x) - q_j(m)| inside
//! the window, for any fixed state m, and the flow over each border of Q_j, 1/N for each crossing.
//! (4.22) is the same argument with y_i = theta^i; here the weights are those of f, and the bound is
//! of the order of the true error.
//!
//! Above L, E q_(L+1) = lambda E q_L^d by (4.10), and E q_(i+1) <= lambda E q_i from there on.
//!
//! Windows start around q* with the covariance of [`refined`] and grow where the flow over a border
//! counts most, until the error is as small as asked for. Rates are exact in doubles up to one
//! rounding while N^d < 2^53; the roundings of sums are part of |r|.
//!
//! # Source
//! (4.10), Lemma 4.2 and the proof of Theorem 3.8, which they sharpen; classical for h.

use super::Value;
use super::acceleration::Anderson;
use super::error::ExactError;
use crate::theory::mean_field::{Refined, fixed_point, refined};

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

/// Cycles on one window; what is then left is part of the error.
const MOST_CYCLES: usize = 120;

/// Cycles without acceleration after one that did not help.
const PLAIN: usize = 4;

/// Windows that are tried.
const MOST_WINDOWS: usize = 60;

/// Standard deviations of the first window on either side.
const FIRST: f64 = 4.0;

/// So few servers have no window but for the number of levels.
const FEW: u32 = 8;

/// Levels at most.
const MOST_LEVELS: usize = 24;

/// The steady state of JSQ(d) on N servers that serve all tasks, the mean queue length within
/// `accuracy`.
///
/// # Errors
/// [`ExactError::Parameters`] for lambda outside of (0, 1), d below 2 or N^d from 2^53 on, where
/// rates are no longer exact; [`ExactError::TooManyStates`] where more than `most_states` are
/// needed.
///
/// ```
/// use fluidcheck::theory::exact::complete_graph;
/// let law = complete_graph(16, 0.5, 2, 1e-6, 100_000)?;
/// // E q_1 = lambda.
/// assert!(law.q[0].lower <= 0.5 && 0.5 <= law.q[0].upper);
/// assert!(law.mean_queue_length.error() <= 1e-6);
/// # Ok::<(), fluidcheck::theory::exact::ExactError>(())
/// ```
pub fn complete_graph(
    n: u32,
    lambda: f64,
    d: u32,
    accuracy: f64,
    most_states: u64,
) -> Result<CompleteLaw, ExactError> {
    let constants = refined(lambda, d)?;
    let exact = f64::from(n).powi(d as i32) < 9e15;
    if d < 2 || n == 0 || !exact {
        return Err(ExactError::Complete { n, d });
    }
    let rates = Rates::new(n, lambda, d);
    let mut window = Window::first(n, lambda, d, &constants);
    let mut law = Vec::new();
    for _ in 0..MOST_WINDOWS {
        let states = window.count();
        if states > most_states as f64 {
            break;
        }
        let numbers = Numbers::new(&window);
        law = match law.as_slice() {
            [] => guess(&window, &numbers, n, &constants),
            _ => law,
        };
        let solved = Solved::new(&rates, &window, &numbers, law, accuracy / 10.0);
        let found = solved.law(&rates, &window, &numbers);
        if found.mean_queue_length.error() <= accuracy {
            return Ok(found);
        }
        let larger = window.widened(&solved.borders, &rates, accuracy);
        law = moved(&window, &numbers, &larger, &solved.law);
        window = larger;
    }
    Err(ExactError::TooManyStates {
        servers: n,
        cap: window.levels() as u32,
        needed: format!("{:.0}", window.count()),
        most: most_states,
    })
}

/// The rates of the occupancy chain.
struct Rates {
    n: u32,
    lambda: f64,
    d: u32,
    /// k^d, exactly.
    powers: Vec<f64>,
    /// lambda N / N^d.
    unit: f64,
}

impl Rates {
    fn new(n: u32, lambda: f64, d: u32) -> Self {
        let powers: Vec<f64> =
            (0..=u64::from(n)).map(|k| (0..d).fold(1.0, |power, _| power * k as f64)).collect();
        let unit = lambda * f64::from(n) / powers[n as usize];
        Self { n, lambda, d, powers, unit }
    }

    /// The rate at which Q_i goes up from `own`, where Q_(i-1) is `below`.
    #[inline]
    fn up(&self, below: u32, own: u32) -> f64 {
        self.unit * (self.powers[below as usize] - self.powers[own as usize])
    }
}

/// Bounds on Q_1, ..., Q_L; both nonincreasing.
#[derive(Clone, Debug, PartialEq)]
struct Window {
    lower: Vec<u32>,
    upper: Vec<u32>,
}

impl Window {
    /// Around q* + b / N with the standard deviations sqrt(S_ii / N).
    fn first(n: u32, lambda: f64, d: u32, constants: &Refined) -> Self {
        if n <= FEW {
            let levels = constants.bias.len().max(FEW as usize);
            return Self { lower: vec![0; levels], upper: vec![n; levels] };
        }
        let servers = f64::from(n);
        let mut window = Self { lower: Vec::new(), upper: Vec::new() };
        for (at, bias) in constants.bias.iter().enumerate() {
            let mean = servers * fixed_point(lambda, d, at as u32 + 1) + bias;
            let wide = FIRST * (servers * constants.covariance[at][at]).max(0.0).sqrt();
            if at > 0 && mean + wide < 0.02 {
                break;
            }
            window.lower.push((mean - wide).floor().clamp(0.0, servers) as u32);
            window.upper.push((mean + wide + 1.0).ceil().min(servers) as u32);
        }
        window.in_order()
    }

    /// The smallest window around this one whose bounds do not increase.
    fn in_order(mut self) -> Self {
        for i in 1..self.lower.len() {
            self.lower[i] = self.lower[i].min(self.lower[i - 1]);
        }
        for i in (1..self.upper.len()).rev() {
            self.upper[i - 1] = self.upper[i - 1].max(self.upper[i]);
        }
        self
    }

    fn levels(&self) -> usize {
        self.lower.len()
    }

    /// How many states.
    fn count(&self) -> f64 {
        // States of the levels from i on, by the largest Q_i.
        let mut above = vec![1.0; self.upper[0] as usize + 2];
        for (&lower, &upper) in self.lower.iter().zip(&self.upper).rev() {
            let mut sum = 0.0;
            let mut here = vec![0.0; self.upper[0] as usize + 2];
            for (k, here) in here.iter_mut().enumerate() {
                if (lower as usize..=upper as usize).contains(&k) {
                    sum += above[k];
                }
                *here = sum;
            }
            above = here;
        }
        above.last().copied().unwrap_or(0.0)
    }

    /// Wider where the flow over a border counts most.
    fn widened(&self, borders: &[(f64, f64)], rates: &Rates, accuracy: f64) -> Self {
        let mut window = self.clone();
        let (n, weights) = (f64::from(rates.n), rates.weights_of_mean(self.levels()));
        let share = accuracy / (6 * self.levels()) as f64;
        for (at, &(down, up)) in borders.iter().enumerate() {
            let weight = weights[at.min(weights.len() - 1)] / n;
            if at == self.levels() {
                if up * weight > share && at < MOST_LEVELS {
                    let more = ((up * weight / share).ln() / 2.0).ceil() as usize;
                    let more = more.clamp(1, MOST_LEVELS - at);
                    let most = if n <= FEW.into() { rates.n } else { 1 };
                    window.lower.extend(vec![0; more]);
                    window.upper.extend(vec![most; more]);
                }
                continue;
            }
            let width = f64::from(self.upper[at] - self.lower[at]);
            let step = |flow: f64| match flow * weight / share {
                excess if excess <= 1.0 => 0,
                excess => (1.0 + width * 0.12 * excess.ln()) as u32,
            };
            window.lower[at] = self.lower[at].saturating_sub(step(down));
            window.upper[at] = (self.upper[at] + step(up)).min(rates.n);
        }
        window.in_order()
    }
}

impl Rates {
    /// Y_1, ..., Y_L for weights w_1, ..., w_L.
    fn weights(&self, w: &[f64]) -> Vec<f64> {
        let mut y = w.to_vec();
        for i in (0..y.len() - 1).rev() {
            y[i] += self.lambda * f64::from(self.d) * y[i + 1];
        }
        let mut sum = 0.0;
        for y in &mut y {
            sum += *y;
            *y = sum;
        }
        y
    }

    fn weights_of_mean(&self, levels: usize) -> Vec<f64> {
        self.weights(&vec![1.0; levels])
    }
}

/// The numbers of the states of a window, in lexicographic order.
struct Numbers {
    /// How many states begin with a smaller Q_i, all before it being equal.
    before: Vec<Vec<u32>>,
    count: usize,
}

impl Numbers {
    fn new(window: &Window) -> Self {
        let mut before = Vec::new();
        // States of the levels from i on, by the largest Q_i.
        let mut above = vec![1u32; window.upper[0] as usize + 1];
        for (&lower, &upper) in window.lower.iter().zip(&window.upper).rev() {
            let mut sum = 0;
            let (mut smaller, mut here) = (above.clone(), above.clone());
            for k in 0..above.len() {
                smaller[k] = sum;
                if (lower as usize..=upper as usize).contains(&k) {
                    sum += above[k];
                }
                here[k] = sum;
            }
            before.push(smaller);
            above = here;
        }
        before.reverse();
        Self { before, count: above[above.len() - 1] as usize }
    }

    /// The number of a state of the window.
    fn of(&self, state: &[u32]) -> usize {
        self.before.iter().zip(state).map(|(before, &q)| before[q as usize] as usize).sum()
    }
}

/// A state of a window and its number, which moves through all states.
struct Cursor<'a> {
    window: &'a Window,
    /// Q_0 = N, Q_1, ..., Q_L, 0.
    q: Vec<u32>,
}

impl<'a> Cursor<'a> {
    fn least(window: &'a Window, n: u32) -> Self {
        Self { window, q: [&[n], &*window.lower, &[0]].concat() }
    }

    fn greatest(window: &'a Window, n: u32) -> Self {
        Self { window, q: [&[n], &*window.upper, &[0]].concat() }
    }

    fn state(&self) -> &[u32] {
        &self.q[1..self.q.len() - 1]
    }

    fn next(&mut self) -> bool {
        for i in (1..=self.window.levels()).rev() {
            if self.q[i] < self.window.upper[i - 1].min(self.q[i - 1]) {
                self.q[i] += 1;
                self.q[i + 1..=self.window.levels()].copy_from_slice(&self.window.lower[i..]);
                return true;
            }
        }
        false
    }

    fn previous(&mut self) -> bool {
        for i in (1..=self.window.levels()).rev() {
            if self.q[i] > self.window.lower[i - 1] {
                self.q[i] -= 1;
                for j in i + 1..=self.window.levels() {
                    self.q[j] = self.window.upper[j - 1].min(self.q[j - 1]);
                }
                return true;
            }
        }
        false
    }
}

/// Independent levels, each a bell around q* + b / N.
fn guess(window: &Window, numbers: &Numbers, n: u32, constants: &Refined) -> Vec<f64> {
    let servers = f64::from(n);
    let bells: Vec<Vec<f64>> = (0..window.levels())
        .map(|at| {
            let middle = f64::midpoint(window.lower[at].into(), window.upper[at].into());
            let variance = constants.covariance.get(at).map_or(0.0, |row| servers * row[at]);
            (0..=window.upper[at])
                .map(|k| (-(f64::from(k) - middle).powi(2) / (2.0 * variance + 1.0)).exp())
                .collect()
        })
        .collect();
    let mut law = Vec::with_capacity(numbers.count);
    let mut cursor = Cursor::least(window, n);
    loop {
        let levels = bells.iter().zip(cursor.state());
        law.push(levels.map(|(bell, &q)| bell[q as usize]).product::<f64>().max(1e-200));
        if !cursor.next() {
            return law;
        }
    }
}

/// The law on a larger window; a little is put where the smaller one has nothing.
fn moved(window: &Window, numbers: &Numbers, larger: &Window, law: &[f64]) -> Vec<f64> {
    let count = larger.count();
    let floor = 1e-12 / count;
    let mut new = Vec::with_capacity(count as usize);
    let mut cursor = Cursor::least(larger, larger.upper[0]);
    loop {
        let (inside, above) = cursor.state().split_at(window.levels());
        let bounds = window.lower.iter().zip(&window.upper);
        let is_known = above.iter().all(|&q| q == 0)
            && inside.iter().zip(bounds).all(|(q, (low, high))| (low..=high).contains(&q));
        new.push(if is_known { law[numbers.of(inside)].max(floor) } else { floor });
        if !cursor.next() {
            return new;
        }
    }
}

/// A law on a window, and what its residual says.
struct Solved {
    law: Vec<f64>,
    /// sum_x |r(x)| |q_j(x) - q_j(m)| inside the window, j = 1, ..., L; m is q*, rounded.
    inside: Vec<f64>,
    /// The flow over the lower and the upper border of Q_1, ..., Q_(L+1).
    borders: Vec<(f64, f64)>,
}

/// Roundings of a flow into or out of a state, relatively: differences of exact powers, a product,
/// another with a probability, and a sum over at most two terms for each level.
const ROUNDINGS: f64 = (2 * MOST_LEVELS + 8) as f64 * f64::EPSILON;

impl Solved {
    /// Sweeps until the residual inside adds no more than `enough` to the mean queue length.
    fn new(rates: &Rates, window: &Window, numbers: &Numbers, law: Vec<f64>, enough: f64) -> Self {
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

    fn inside_on(&self, weights: &[f64]) -> f64 {
        weights.iter().zip(&self.inside).map(|(weight, part)| weight * part).sum()
    }

    /// What the flow over all borders adds.
    fn over_borders(&self, weights: &[f64], n: u32) -> f64 {
        let at = |j: usize| weights[j.min(weights.len() - 1)] / f64::from(n);
        self.borders.iter().enumerate().map(|(j, (down, up))| at(j) * (down + up)).sum()
    }

    /// Gauss-Seidel.
    fn sweep(&mut self, rates: &Rates, window: &Window, numbers: &Numbers, upwards: bool) {
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

    fn normalise(&mut self) {
        let sum: f64 = self.law.iter().sum();
        self.law.iter_mut().for_each(|p| *p /= sum);
    }

    /// The flow into a state of the window, and the rate out of it; borders are not crossed.
    #[inline]
    fn flows(
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
    fn balance(&mut self, rates: &Rates, window: &Window) {
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
    fn look(&mut self, rates: &Rates, window: &Window, numbers: &Numbers) {
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
    fn law(&self, rates: &Rates, window: &Window, numbers: &Numbers) -> CompleteLaw {
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
        let over = |w: &[f64], flow: fn(&(f64, f64)) -> f64| -> f64 {
            let weights = rates.weights(w);
            let flows = self.borders.iter().map(flow).enumerate();
            flows.map(|(at, flow)| weights[at.min(levels - 1)] * flow / n).sum()
        };
        let (down, up): (fn(&(f64, f64)) -> f64, _) =
            (|flows| flows.0, |flows: &(f64, f64)| flows.1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::model::Model;
    use crate::theory::exact::{Options, stationary};

    #[test]
    fn small_systems_agree_with_the_solver_of_any_graph() {
        for (n, lambda, d) in [(2, 0.5, 2), (3, 0.6, 2), (4, 0.4, 3)] {
            let model = Model::new(BipartiteGraph::complete(n, 1).unwrap(), lambda, d).unwrap();
            let other = stationary(&model, &Options::default()).unwrap();
            let law = complete_graph(n, lambda, d, 1e-7, 200_000).unwrap();
            for (i, (a, b)) in law.q.iter().zip(&other.q).enumerate() {
                assert!(a.lower <= b.upper && b.lower <= a.upper, "q_{} {a:?} {b:?}", i + 1);
            }
            let (a, b) = (law.mean_queue_length, other.mean_queue_length);
            assert!(a.lower <= b.upper && b.lower <= a.upper && a.error() <= 1e-7, "{a:?} {b:?}");
        }
    }
}
