//! The rates of the occupancy chain, and windows of occupancies: which Q_1 >= ... >= Q_L are
//! followed, their numbers, and all of them in turn.

use crate::theory::mean_field::{Refined, fixed_point};

/// Standard deviations of the first window on either side.
const FIRST: f64 = 4.0;

/// So few servers have no window but for the number of levels.
const FEW: u32 = 8;

/// Levels at most.
pub(super) const MOST_LEVELS: usize = 24;

/// The rates of the occupancy chain.
pub(super) struct Rates {
    pub(super) n: u32,
    pub(super) lambda: f64,
    pub(super) d: u32,
    /// k^d, exactly.
    pub(super) powers: Vec<f64>,
    /// lambda N / N^d.
    unit: f64,
}

impl Rates {
    pub(super) fn new(n: u32, lambda: f64, d: u32) -> Self {
        let powers: Vec<f64> =
            (0..=u64::from(n)).map(|k| (0..d).fold(1.0, |power, _| power * k as f64)).collect();
        let unit = lambda * f64::from(n) / powers[n as usize];
        Self { n, lambda, d, powers, unit }
    }

    /// The rate at which Q_i goes up from `own`, where Q_(i-1) is `below`.
    #[inline]
    pub(super) fn up(&self, below: u32, own: u32) -> f64 {
        self.unit * (self.powers[below as usize] - self.powers[own as usize])
    }

    /// Y_1, ..., Y_L for weights w_1, ..., w_L.
    pub(super) fn weights(&self, w: &[f64]) -> Vec<f64> {
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

    pub(super) fn weights_of_mean(&self, levels: usize) -> Vec<f64> {
        self.weights(&vec![1.0; levels])
    }
}

/// Bounds on Q_1, ..., Q_L; both nonincreasing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) lower: Vec<u32>,
    pub(super) upper: Vec<u32>,
}

impl Window {
    /// Around q* + b / N with the standard deviations sqrt(S_ii / N).
    pub(super) fn first(n: u32, lambda: f64, d: u32, constants: &Refined) -> Self {
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
    pub(super) fn in_order(mut self) -> Self {
        for i in 1..self.lower.len() {
            self.lower[i] = self.lower[i].min(self.lower[i - 1]);
        }
        for i in (1..self.upper.len()).rev() {
            self.upper[i - 1] = self.upper[i - 1].max(self.upper[i]);
        }
        self
    }

    pub(super) fn levels(&self) -> usize {
        self.lower.len()
    }

    /// How many states.
    pub(super) fn count(&self) -> f64 {
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
    pub(super) fn widened(&self, borders: &[(f64, f64)], rates: &Rates, accuracy: f64) -> Self {
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

/// The numbers of the states of a window, in lexicographic order.
pub(super) struct Numbers {
    /// How many states begin with a smaller Q_i, all before it being equal.
    pub(super) before: Vec<Vec<u32>>,
    pub(super) count: usize,
}

impl Numbers {
    pub(super) fn new(window: &Window) -> Self {
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
    pub(super) fn of(&self, state: &[u32]) -> usize {
        self.before.iter().zip(state).map(|(before, &q)| before[q as usize] as usize).sum()
    }
}

/// A state of a window and its number, which moves through all states.
pub(super) struct Cursor<'a> {
    window: &'a Window,
    /// Q_0 = N, Q_1, ..., Q_L, 0.
    pub(super) q: Vec<u32>,
}

impl<'a> Cursor<'a> {
    pub(super) fn least(window: &'a Window, n: u32) -> Self {
        Self { window, q: [&[n], &*window.lower, &[0]].concat() }
    }

    pub(super) fn greatest(window: &'a Window, n: u32) -> Self {
        Self { window, q: [&[n], &*window.upper, &[0]].concat() }
    }

    pub(super) fn state(&self) -> &[u32] {
        &self.q[1..self.q.len() - 1]
    }

    pub(super) fn next(&mut self) -> bool {
        for i in (1..=self.window.levels()).rev() {
            if self.q[i] < self.window.upper[i - 1].min(self.q[i - 1]) {
                self.q[i] += 1;
                self.q[i + 1..=self.window.levels()].copy_from_slice(&self.window.lower[i..]);
                return true;
            }
        }
        false
    }

    pub(super) fn previous(&mut self) -> bool {
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
pub(super) fn guess(window: &Window, numbers: &Numbers, n: u32, constants: &Refined) -> Vec<f64> {
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
pub(super) fn moved(window: &Window, numbers: &Numbers, larger: &Window, law: &[f64]) -> Vec<f64> {
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
