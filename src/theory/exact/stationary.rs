//! The stationary law of a capped chain, and how far a computed law can be from it.
//!
//! Gauss-Seidel sweeps over the states, each followed by an aggregation: given the law inside the
//! levels of a function that transitions change by at most 1 (the number of tasks; the length of
//! one queue), the law of the level is known in closed form. The former settles what mixes fast,
//! the latter what mixes slowly; what is still slow, the acceleration finds.
//!
//! # The error of a computed law
//! Let A be the generator, pi its law, f nondecreasing and h the solution of A h = pi f - f. For
//! any probability vector p with residual r = p A,
//!
//! pi f - p f = p A h = sum_x r(x) h(x), and sum_x r(x) = 0, hence |pi f - p f| <= (1/2) |r|_1 s
//! with s = max h - min h.
//!
//! The chain is monotone, so that s = h(full) - h(empty), and s can be measured: let p' be any
//! probability vector with residual r' for the chain that also jumps from empty to full at rate 1.
//! Then p' f - p f = p'(empty) s + (r - r') h, hence
//!
//! s (p'(empty) - (|r|_1 + |r'|_1) / 2) <= p' f - p f.
//!
//! Most of the law is far below the full state, where h is far smaller: with s_k = h(k, ..., k) -
//! h(empty), measured by jumps to (k, ..., k), the error is at most sum_x |r(x)| s_k over the x
//! below (k, ..., k), plus sum |r(x)| s over the others. (The error of measuring s_k is again at
//! most |r| s.)
//!
//! Residuals include what rounding can hide. No tolerance is involved: a law that is not solved
//! well has a large residual, and a large error is reported.
//!
//! # Source
//! Perturbation of Markov chains (Schweitzer); iterative aggregation and disaggregation (Koury,
//! McAllister, Stewart).

use super::acceleration::Anderson;
use super::jump_rates::{Generator, Levels};

/// The most cycles; what is then left is part of the error.
const MOST_CYCLES: usize = 10_000;

/// Cycles without a residual that is smaller by a tenth, after which rounding is all that is left.
const PATIENCE: usize = 60;

/// Cycles without acceleration after one that did not help.
const PLAIN: usize = 8;

/// The fraction at or above level k that is far out: there h may be large.
const FAR: f64 = 1e-7;

/// A capped chain with extra jumps to the full state.
pub(super) struct Chain<'a> {
    pub(super) generator: &'a Generator,
    /// The rate of jumps to the full state; empty where there are none.
    jumps: Vec<f64>,
    /// Where the empty state jumps to at rate 1.
    shaken: Option<usize>,
}

/// When a solution is good enough.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Goal {
    /// When rounding hides what is left.
    Rounding,
    /// When the tail shows how it falls.
    Tail,
    /// When the residual is small next to the probability of empty, with which spans are measured.
    Magnitude,
}

/// A probability vector and how far it is from being stationary.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    pub(super) law: Vec<f64>,
    residual: Residual,
}

/// The residual p A of a law.
#[derive(Clone, Copy, Debug, Default)]
struct Residual {
    /// (1/2) |p A|_1 as computed.
    seen: f64,
    /// What rounding can hide of it.
    hidden: f64,
    /// |p A|_1 outside of the states below (k, ..., k), rounding included.
    far: f64,
}

impl Residual {
    /// A bound on (1/2) |p A|_1.
    fn half(&self) -> f64 {
        (self.seen + self.hidden) * (1.0 + 1e-9)
    }
}

impl<'a> Chain<'a> {
    /// Tasks that would pass the cap are lost: below the chain without a cap.
    pub(super) fn lower(generator: &'a Generator) -> Self {
        Self { generator, jumps: Vec::new(), shaken: None }
    }

    /// A task that would pass the cap fills the system: above the chain without a cap while that
    /// has no queue above it.
    pub(super) fn upper(generator: &'a Generator) -> Self {
        let mut jumps = generator.refused.clone();
        // A jump from full to full is none.
        jumps[generator.full] = 0.0;
        Self { generator, jumps, shaken: None }
    }

    /// The same chain with jumps from empty to `target` at rate 1.
    fn shaken(&self, target: usize) -> Self {
        Self { generator: self.generator, jumps: self.jumps.clone(), shaken: Some(target) }
    }

    fn jump(&self, state: usize) -> f64 {
        self.jumps.get(state).copied().unwrap_or(0.0)
    }

    /// The rate out of a state, jumps included.
    fn out(&self, state: usize) -> f64 {
        let shaken = if state == self.generator.empty && self.shaken.is_some() { 1.0 } else { 0.0 };
        self.generator.out[state] + self.jump(state) + shaken
    }

    /// The flow into a state, where `jumping` flows to the full one.
    fn inflow(&self, law: &[f64], state: usize, jumping: f64) -> f64 {
        let mut inflow = self.generator.inflow(law, state);
        if state == self.generator.full {
            inflow += jumping;
        }
        if self.shaken == Some(state) {
            inflow += law[self.generator.empty];
        }
        inflow
    }

    fn jumping(&self, law: &[f64]) -> f64 {
        self.jumps.iter().zip(law).map(|(jump, p)| jump * p).sum()
    }

    /// Solves from `start` to the goal, or until rounding hides what is left.
    fn solve(&self, start: Vec<f64>, goal: Goal, far: u32) -> Solved {
        let generator = self.generator;
        let mut law = start;
        normalise(&mut law);
        let mut best = Solved { residual: self.residual(&law, far), law: law.clone() };
        let (mut since, mut mark) = (0, best.residual.seen);
        let mut anderson = Anderson::default();
        let (mut plain_until, mut last) = (0, best.residual.seen);
        let mut before = law.clone();
        for cycle in 0..MOST_CYCLES {
            before.copy_from_slice(&law);
            // The total every time: it is what couples all servers.
            self.aggregate(&generator.levels[0], &mut law);
            self.sweep(&mut law, true);
            for levels in &generator.levels[1..] {
                self.aggregate(levels, &mut law);
            }
            self.sweep(&mut law, false);
            normalise(&mut law);
            if cycle >= plain_until && goal != Goal::Magnitude {
                anderson.step(&before, &mut law);
            }
            // A look costs as much as a sweep.
            if cycle % 2 == 0 {
                continue;
            }
            normalise(&mut law);
            let residual = self.residual(&law, far);
            since += 2;
            if residual.seen > last {
                // Far from the solution the past is a bad guide.
                anderson = Anderson::default();
                plain_until = cycle + PLAIN;
            }
            last = residual.seen;
            if residual.seen < best.residual.seen {
                if residual.seen < 0.9 * mark {
                    since = 0;
                    mark = residual.seen;
                }
                best.law.copy_from_slice(&law);
                best.residual = residual;
            }
            if (goal == Goal::Magnitude && best.residual.half() <= 0.05 * best.law[generator.empty])
                || (goal == Goal::Tail && best.residual.half() <= 1e-7)
                || best.residual.seen <= 0.3 * best.residual.hidden
                || since >= PATIENCE
            {
                break;
            }
        }
        best
    }

    fn sweep(&self, law: &mut [f64], upwards: bool) {
        let jumping = self.jumping(law);
        let step = |law: &mut [f64], state: usize| {
            let out = self.out(state);
            if out > 0.0 {
                law[state] = self.inflow(law, state, jumping) / out;
            }
        };
        if upwards {
            (0..law.len()).for_each(|state| step(law, state));
        } else {
            (0..law.len()).rev().for_each(|state| step(law, state));
        }
    }

    /// Gives the levels their exact law for the present law inside each of them.
    fn aggregate(&self, levels: &Levels, law: &mut [f64]) {
        let zeros = || vec![0.0; levels.count];
        let (mut mass, mut up, mut down, mut jumps) = (zeros(), zeros(), zeros(), zeros());
        for (state, &level) in levels.of.iter().enumerate() {
            let (level, p) = (level as usize, law[state]);
            mass[level] += p;
            up[level] += p * levels.up[state];
            down[level] += p * levels.down[state];
            jumps[level] += p * self.jump(state);
        }
        let shaken = self.shaken.map_or(0, |target| levels.of[target] as usize);
        let empty = self.generator.empty;
        // Between levels l and l + 1 as much goes down as goes up; jumps go to the top. All terms
        // are positive.
        let mut new = zeros();
        new[0] = 1.0;
        let mut jumping = 0.0;
        for level in 0..levels.count - 1 {
            if mass[level] > 0.0 {
                jumping += new[level] * jumps[level] / mass[level];
                let shaking = if level < shaken { law[empty] / mass[0] } else { 0.0 };
                let upwards = new[level] * up[level] / mass[level] + jumping + shaking;
                if down[level + 1] > 0.0 {
                    new[level + 1] = upwards * mass[level + 1] / down[level + 1];
                }
            }
        }
        let factor = |(new, mass): (&f64, &f64)| if *mass > 0.0 { new / mass } else { 0.0 };
        let factors: Vec<f64> = new.iter().zip(&mass).map(factor).collect();
        if factors.iter().all(|factor| factor.is_finite()) {
            law.iter_mut().zip(&levels.of).for_each(|(p, &level)| *p *= factors[level as usize]);
            normalise(law);
        }
    }

    /// The residual; states that are not below (far, ..., far) are far out.
    fn residual(&self, law: &[f64], far: u32) -> Residual {
        let generator = self.generator;
        let jumping = self.jumping(law);
        // Rates, products, and sums over at most 2 N + 2 terms.
        let each = generator.rounding + (2 * generator.space.servers() + 6) as f64 * f64::EPSILON;
        let mut residual = Residual::default();
        for state in 0..law.len() {
            let inflow = self.inflow(law, state, jumping);
            let outflow = law[state] * self.out(state);
            let (seen, hidden) = ((inflow - outflow).abs(), (inflow + outflow) * each);
            residual.seen += 0.5 * seen;
            residual.hidden += 0.5 * hidden;
            if generator.space.state(state).iter().any(|&length| length > far) {
                residual.far += seen + hidden;
            }
        }
        // The sum over all refusals has as many roundings as terms.
        if !self.jumps.is_empty() {
            residual.far += jumping * law.len() as f64 * f64::EPSILON;
        }
        residual
    }
}

/// Makes the sum 1.
pub(super) fn normalise(law: &mut [f64]) {
    let sum: f64 = law.iter().sum();
    if sum > 0.0 {
        law.iter_mut().for_each(|p| *p /= sum);
    }
}

/// q_1, ..., q_B and their sum, the mean queue length.
pub(super) fn with_mean(mut q: Vec<f64>) -> Vec<f64> {
    q.push(q.iter().sum());
    q
}

/// Expectations under a stationary law with a bound on the error of each: q_1, ..., q_B and the
/// mean queue length.
#[derive(Clone, Debug)]
pub(super) struct Expectations {
    pub(super) values: Vec<f64>,
    pub(super) errors: Vec<f64>,
    /// h(full) - h(empty) of each function, from above.
    pub(super) spans: Vec<f64>,
    /// The rate of refused tasks.
    pub(super) refused: f64,
    /// p, where the next solution can begin.
    pub(super) law: Vec<f64>,
}

/// A law with the share `moved` of its mass spread over all states: where a start has none to speak
/// of, factors make none.
pub(super) fn spread(law: &[f64], moved: f64) -> Vec<f64> {
    let each = moved / law.len() as f64;
    law.iter().map(|p| (1.0 - moved) * p + each).collect()
}

/// About the law of the chain that loses tasks at the cap, to see how its tail falls.
pub(super) fn rough(generator: &Generator, start: Vec<f64>) -> Vec<f64> {
    Chain::lower(generator).solve(start, Goal::Tail, generator.space.cap()).law
}

/// Solves a chain and bounds the errors as the module says.
pub(super) fn expectations(chain: &Chain<'_>, start: Vec<f64>) -> Expectations {
    let generator = chain.generator;
    let cap = generator.space.cap();
    let mut solved = chain.solve(start, Goal::Rounding, cap);
    let q = generator.fractions(&solved.law);
    let far = q.iter().position(|q| *q < FAR).map_or(cap, |i| (i + 1) as u32);
    solved.residual = chain.residual(&solved.law, far);
    let values = with_mean(q);
    let whole = spans(chain, &solved, &values, cap, None);
    let near =
        if far == cap { whole.clone() } else { spans(chain, &solved, &values, far, Some(&whole)) };
    let summing = generator.len() as f64 * f64::EPSILON;
    let half = solved.residual.half();
    let errors = values
        .iter()
        .zip(near.iter().zip(&whole))
        .map(|(value, (near, whole))| {
            (half * whole).min(2.0 * half * near + solved.residual.far * whole) + summing * value
        })
        .collect();
    let refused = generator.refusals(&solved.law);
    Expectations { values, errors, spans: whole, refused, law: solved.law }
}

/// h(k, ..., k) - h(empty) of every function, from above; for k below the cap, `whole` are those of
/// the cap.
fn spans(
    chain: &Chain<'_>,
    solved: &Solved,
    values: &[f64],
    k: u32,
    whole: Option<&[f64]>,
) -> Vec<f64> {
    let generator = chain.generator;
    let target = generator.space.number(&vec![k; generator.space.servers()]);
    let shaken = chain.shaken(target);
    // The order of magnitude is enough.
    let mut other = shaken.solve(spread(&solved.law, 0.1), Goal::Magnitude, k);
    if 2.0 * (solved.residual.half() + other.residual.half()) > other.law[generator.empty] {
        other = shaken.solve(other.law, Goal::Rounding, k);
    }
    let empty = other.law[generator.empty];
    let residuals = solved.residual.half() + other.residual.half();
    let summing = generator.len() as f64 * f64::EPSILON;
    let above = with_mean(generator.fractions(&other.law));
    let spans = values.iter().zip(&above).enumerate().map(|(i, (value, above))| {
        let difference = (above - value).max(0.0) + summing * above;
        let span = match whole {
            Some(whole) => (difference + residuals * whole[i]) / empty,
            None if empty > residuals => difference / (empty - residuals),
            None => f64::INFINITY,
        };
        span * (1.0 + 1e-9)
    });
    spans.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::model::Model;
    use crate::theory::exact::component::Component;

    #[test]
    fn the_upper_chain_fills_the_system_where_the_lower_one_loses_a_task() {
        // Two servers, all compatible, cap 1, arrivals at rate 1: with one server busy, both
        // samples fall on it with probability 1/4. By totals, the lower chain has weights 1, 1,
        // 3/8, the upper one 1, 1, 1/2.
        let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.5, 2).unwrap();
        let mut component = Component::all(&model, 100).unwrap().remove(0);
        let symmetries = component.symmetries();
        let generator = Generator::new(&mut component, 1, &symmetries);
        let q_1 = |chain: &Chain<'_>| {
            let found = expectations(chain, vec![1.0; generator.len()]);
            assert!(found.errors.iter().all(|error| *error < 1e-12), "{:?}", found.errors);
            found.values[0]
        };
        assert!((q_1(&Chain::lower(&generator)) - 0.875 / 2.375).abs() < 1e-14);
        assert!((q_1(&Chain::upper(&generator)) - 1.0 / 2.5).abs() < 1e-14);
    }

    #[test]
    fn a_law_that_is_not_solved_well_has_a_large_error() {
        // M/M/1 at 1/2 up to 20 tasks, held against a start that is left as it is: the true error
        // is below the bound.
        let model = Model::new(BipartiteGraph::complete(1, 1).unwrap(), 0.5, 1).unwrap();
        let mut component = Component::all(&model, 100).unwrap().remove(0);
        let generator = Generator::new(&mut component, 20, &[vec![0]]);
        let chain = Chain::lower(&generator);
        let solved = expectations(&chain, vec![1.0; generator.len()]);
        let mut law: Vec<f64> =
            solved.law.iter().enumerate().map(|(i, p)| p * 1.001f64.powi(i as i32)).collect();
        normalise(&mut law);
        let residual = chain.residual(&law, 20);
        let wrong = Solved { law, residual };
        let values = with_mean(generator.fractions(&wrong.law));
        for (i, span) in spans(&chain, &wrong, &values, 20, None).iter().enumerate() {
            let (error, bound) =
                ((values[i] - solved.values[i]).abs(), wrong.residual.half() * span);
            assert!(error <= bound && bound < 0.1, "{i}: {error} against {bound}");
        }
    }
}
