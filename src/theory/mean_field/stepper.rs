//! Adaptive integration of an autonomous system of ordinary differential equations, step by step.
//!
//! The method is Dormand and Prince's of order 8 with error estimates of orders 5 and 3 and an
//! interpolant of order 7, since figures of 1e-9 are wanted at arbitrary times: an interpolant of
//! order 4 would force short steps. The steps depend on the problem and its end alone, never on the
//! times at which somebody looks.
//!
//! Deviation from the source: the error norm is the maximum over the components, not the root mean
//! square, because a truncation adds components near 0, which must not dilute the error of the
//! others.
//!
//! # Source
//! Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd edition, sections
//! II.4, II.5 and II.10.

use super::error::OdeError;
use super::tableau::{DENSE, ERROR_3, ERROR_5, STAGES};

/// An autonomous system y' = f(y).
pub trait System {
    /// The number of components.
    fn dimension(&self) -> usize;

    /// Writes f(y) to `slope`.
    fn slope(&self, y: &[f64], slope: &mut [f64]);

    /// Moves `y` into the region that no solution leaves, without moving it away from any point of
    /// that region; tells whether it moved. By default there is no such region.
    fn confine(&self, _y: &mut [f64]) -> bool {
        false
    }

    /// A bound on the modulus of the eigenvalues of the derivative of f at `y`; 0 where none is
    /// known.
    fn fastest_rate(&self, _y: &[f64]) -> f64 {
        0.0
    }
}

/// What to integrate: a system, its state at time 0, the end, and the tolerances.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem<S> {
    /// The system.
    pub system: S,
    /// y(0).
    pub start: Vec<f64>,
    /// Integrate from 0 to here.
    pub end: f64,
    /// The error wanted, relative to each component.
    pub relative_tolerance: f64,
    /// The error wanted in a component near 0.
    pub absolute_tolerance: f64,
}

/// Why [`Stepper::step`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// A step was accepted; the end is not reached.
    Step,
    /// The end is reached, with this step or before it.
    Reached,
    /// The error estimate was too large: nothing moved, the next attempt is shorter.
    Rejected,
}

/// How much work an integration took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps accepted.
    pub steps: u64,
    /// Steps rejected.
    pub rejected: u64,
    /// Evaluations of the right-hand side.
    pub evaluations: u64,
}

/// The state of an integration.
#[derive(Clone, Debug)]
pub struct Stepper<S> {
    problem: Problem<S>,
    time: f64,
    state: Vec<f64>,
    next_length: f64,
    after_rejection: bool,
    work: Work,
    local_errors: f64,
    /// Slopes of the stages of the last attempt; 12 is the slope at its end.
    stages: Vec<Vec<f64>>,
    scratch: Vec<f64>,
    /// The slope at `state`.
    slope: Vec<f64>,
    /// The last accepted step: where it started, its length, both ends before confinement.
    last: Option<(f64, f64)>,
    last_start: Vec<f64>,
    last_end: Vec<f64>,
}

const SAFETY: f64 = 0.9;
const LARGEST_GROWTH: f64 = 6.0;
const LARGEST_CUT: f64 = 1.0 / 3.0;

/// The tolerances are those wanted of the solution; one step gets a tenth, since the errors of some
/// ten steps add up before a contracting flow has forgotten the first. No bound: that is
/// [`Stepper::local_errors`].
const SHARE_OF_A_STEP: f64 = 0.1;

/// The longest step in units of the fastest decay time. The method is stable to about 6; the
/// estimate of the error notices instability only after it has grown, and lets through errors of a
/// hundred times the tolerance (seen for lambda = 0.8, d = 2 from empty near t = 40, where the
/// smooth solution no longer limits the steps).
const STABLE: f64 = 5.0;

/// to = from + h sum_j a_j k_j.
fn advance(to: &mut [f64], from: &[f64], h: f64, weights: &[(usize, f64)], stages: &[Vec<f64>]) {
    to.copy_from_slice(from);
    for &(j, a) in weights {
        for (to, k) in to.iter_mut().zip(&stages[j]) {
            *to += h * a * k;
        }
    }
}

impl<S: System> Stepper<S> {
    /// Starts at time 0.
    ///
    /// # Panics
    /// If the start does not have the dimension of the system.
    pub fn new(problem: Problem<S>) -> Self {
        let n = problem.system.dimension();
        assert_eq!(problem.start.len(), n, "the start has the dimension of the system");
        let mut stepper = Self {
            time: 0.0,
            state: problem.start.clone(),
            next_length: 0.0,
            after_rejection: false,
            work: Work::default(),
            local_errors: 0.0,
            stages: vec![vec![0.0; n]; STAGES.len()],
            scratch: vec![0.0; n],
            slope: vec![0.0; n],
            last: None,
            last_start: vec![0.0; n],
            last_end: vec![0.0; n],
            problem,
        };
        stepper.problem.system.slope(&stepper.state, &mut stepper.slope);
        stepper.work.evaluations = 1;
        stepper.next_length = stepper.first_length();
        stepper
    }

    /// The time reached.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The state at [`Stepper::time`].
    pub fn state(&self) -> &[f64] {
        &self.state
    }

    /// The problem.
    pub fn problem(&self) -> &Problem<S> {
        &self.problem
    }

    /// The work so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// The sum over the accepted steps of the estimated local error, each summed over the
    /// components.
    ///
    /// The estimate belongs to the formulas of lower order, so it exceeds the error of the method
    /// where steps are short. In a system whose flow brings no two states further apart in l1, this
    /// sum bounds the global error.
    pub(crate) fn local_errors(&self) -> f64 {
        self.local_errors
    }

    fn permitted(&self, before: f64, after: f64) -> f64 {
        SHARE_OF_A_STEP
            * (self.problem.absolute_tolerance
                + self.problem.relative_tolerance * before.abs().max(after.abs()))
    }

    /// Hairer's first guess: as long as an Euler step, its second derivative included, is harmless.
    fn first_length(&mut self) -> f64 {
        let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let scale: Vec<f64> = self.state.iter().map(|&y| self.permitted(y, y)).collect();
        let size = largest(&mut self.state.iter().zip(&scale).map(|(y, s)| (y / s).abs()));
        let speed = largest(&mut self.slope.iter().zip(&scale).map(|(f, s)| (f / s).abs()));
        let euler = if size < 1e-5 || speed < 1e-5 { 1e-6 } else { 0.01 * size / speed }
            .min(self.problem.end);
        if euler <= 0.0 {
            return self.problem.end;
        }
        for ((to, y), f) in self.scratch.iter_mut().zip(&self.state).zip(&self.slope) {
            *to = y + euler * f;
        }
        self.problem.system.slope(&self.scratch, &mut self.stages[0]);
        self.work.evaluations += 1;
        let bends = self.stages[0].iter().zip(&self.slope).zip(&scale);
        let bend = largest(&mut bends.map(|((f1, f0), s)| ((f1 - f0) / s).abs())) / euler;
        let length = if speed.max(bend) <= 1e-15 {
            (euler * 1e-3).max(1e-6)
        } else {
            (0.01 / speed.max(bend)).powf(1.0 / 8.0)
        };
        length.min(100.0 * euler).min(self.problem.end)
    }

    /// Attempts one step.
    ///
    /// # Errors
    /// [`OdeError::StepTooSmall`] where the step size no longer moves the time.
    pub fn step(&mut self) -> Result<Stop, OdeError> {
        let remaining = self.problem.end - self.time;
        if remaining <= 0.0 {
            return Ok(Stop::Reached);
        }
        // A step that would leave a sliver is stretched over it.
        let length = self.next_length.min(STABLE / self.problem.system.fastest_rate(&self.state));
        let to_end = 1.01 * length >= remaining;
        let h = if to_end { remaining } else { length };
        // Negated, so that NaN is refused.
        if !(0.1 * h > f64::EPSILON * self.time && h >= f64::MIN_POSITIVE) {
            return Err(OdeError::StepTooSmall { reached: self.time, step: h });
        }
        self.stages[0].copy_from_slice(&self.slope);
        for (s, weights) in STAGES.iter().enumerate().take(12).skip(1) {
            advance(&mut self.scratch, &self.state, h, weights, &self.stages);
            self.problem.system.slope(&self.scratch, &mut self.stages[s]);
        }
        self.work.evaluations += 11;
        advance(&mut self.scratch, &self.state, h, STAGES[12], &self.stages);

        let (error, l1) = self.error(h);
        let factor = if error.is_finite() { SAFETY * error.powf(-1.0 / 8.0) } else { LARGEST_CUT };
        if error.is_nan() || error > 1.0 {
            self.work.rejected += 1;
            self.after_rejection = true;
            self.next_length = h * factor.clamp(LARGEST_CUT, SAFETY);
            return Ok(Stop::Rejected);
        }
        self.next_length =
            h * factor.clamp(LARGEST_CUT, if self.after_rejection { 1.0 } else { LARGEST_GROWTH });
        self.after_rejection = false;
        self.work.steps += 1;
        self.local_errors += l1;

        std::mem::swap(&mut self.last_start, &mut self.state);
        self.last_end.copy_from_slice(&self.scratch);
        self.problem.system.slope(&self.last_end, &mut self.stages[12]);
        self.work.evaluations += 1;
        self.state.copy_from_slice(&self.last_end);
        if self.problem.system.confine(&mut self.state) {
            self.problem.system.slope(&self.state, &mut self.slope);
            self.work.evaluations += 1;
        } else {
            self.slope.copy_from_slice(&self.stages[12]);
        }
        self.last = Some((self.time, h));
        self.time = if to_end { self.problem.end } else { self.time + h };
        Ok(if to_end { Stop::Reached } else { Stop::Step })
    }

    /// The estimated error of the attempt that ends in `scratch`: its largest share of what is
    /// permitted, and its l1 norm.
    fn error(&self, h: f64) -> (f64, f64) {
        let (mut fifth, mut third, mut fifth_l1) = (0.0f64, 0.0f64, 0.0);
        for i in 0..self.state.len() {
            let sum = |weights: &[(usize, f64)]| {
                weights.iter().map(|&(j, e)| e * self.stages[j][i]).sum::<f64>().abs()
            };
            let permitted = self.permitted(self.state[i], self.scratch[i]);
            let (e5, e3) = (sum(ERROR_5), sum(ERROR_3));
            if !(e5.is_finite() && e3.is_finite() && self.scratch[i].is_finite()) {
                // f64::max would hide NaN.
                return (f64::NAN, f64::NAN);
            }
            fifth = fifth.max(e5 / permitted);
            third = third.max(e3 / permitted);
            fifth_l1 += e5;
        }
        let scale = (fifth * fifth + 0.01 * third * third).sqrt();
        if scale.is_infinite() {
            // The error would come out as 0.
            return (f64::NAN, f64::NAN);
        }
        let shrink = if scale > 0.0 { fifth / scale } else { 0.0 };
        (h * fifth * shrink, h * fifth_l1 * shrink)
    }

    /// The solution inside the last accepted step, for its first `keep` components; `None` before
    /// the first.
    ///
    /// Costs three evaluations of the right-hand side.
    pub fn segment(&mut self, keep: usize) -> Option<Segment> {
        let (start, h) = self.last?;
        for (s, weights) in STAGES.iter().enumerate().skip(13) {
            advance(&mut self.scratch, &self.last_start, h, weights, &self.stages);
            self.problem.system.slope(&self.scratch, &mut self.stages[s]);
        }
        self.work.evaluations += 3;
        let keep = keep.min(self.state.len());
        let mut terms = Vec::with_capacity(keep * TERMS);
        for i in 0..keep {
            let rise = self.last_end[i] - self.last_start[i];
            let bend = h * self.stages[0][i] - rise;
            terms.extend([self.last_start[i], rise, bend, rise - h * self.stages[12][i] - bend]);
            terms.extend(DENSE.map(|weights| {
                h * weights.iter().map(|&(j, d)| d * self.stages[j][i]).sum::<f64>()
            }));
        }
        Some(Segment { start, length: h, terms })
    }
}

const TERMS: usize = 8;

/// The solution over one step, as a polynomial of degree 7 per component.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    start: f64,
    length: f64,
    /// Eight per component.
    terms: Vec<f64>,
}

impl Segment {
    /// Where it begins.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Where it ends.
    pub fn end(&self) -> f64 {
        self.start + self.length
    }

    /// Writes the first components at time `t` to `to`; 0 beyond those that were kept.
    pub fn evaluate(&self, t: f64, to: &mut [f64]) {
        let s = ((t - self.start) / self.length).clamp(0.0, 1.0);
        let r = 1.0 - s;
        to.fill(0.0);
        for (to, c) in to.iter_mut().zip(self.terms.chunks_exact(TERMS)) {
            *to = c[0]
                + s * (c[1]
                    + r * (c[2] + s * (c[3] + r * (c[4] + s * (c[5] + r * (c[6] + s * c[7]))))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x' = v, v' = -x.
    struct Oscillator;

    impl System for Oscillator {
        fn dimension(&self) -> usize {
            2
        }

        fn slope(&self, y: &[f64], slope: &mut [f64]) {
            slope[0] = y[1];
            slope[1] = -y[0];
        }
    }

    /// x' = f(x).
    struct Scalar<F>(F);

    impl<F: Fn(f64) -> f64> System for Scalar<F> {
        fn dimension(&self) -> usize {
            1
        }

        fn slope(&self, y: &[f64], slope: &mut [f64]) {
            slope[0] = (self.0)(y[0]);
        }
    }

    fn stepper<S: System>(system: S, start: &[f64], tolerance: f64, end: f64) -> Stepper<S> {
        Stepper::new(Problem {
            system,
            start: start.to_vec(),
            end,
            relative_tolerance: tolerance,
            absolute_tolerance: tolerance,
        })
    }

    fn oscillate(tolerance: f64, end: f64) -> Stepper<Oscillator> {
        stepper(Oscillator, &[1.0, 0.0], tolerance, end)
    }

    #[test]
    fn a_rotation_keeps_its_phase_at_the_ends_and_inside_the_steps() {
        let mut stepper = oscillate(1e-10, 20.0);
        let mut inside = [0.0; 2];
        loop {
            let stop = stepper.step().unwrap();
            if stop != Stop::Rejected {
                assert!((stepper.state()[0] - stepper.time().cos()).abs() < 1e-8);
                let segment = stepper.segment(2).unwrap();
                for share in [0.0, 0.1, 0.5, 0.77, 1.0] {
                    let t = segment.start() + share * (segment.end() - segment.start());
                    segment.evaluate(t, &mut inside);
                    assert!(
                        (inside[0] - t.cos()).abs() < 1e-8 && (inside[1] + t.sin()).abs() < 1e-8,
                        "{t}"
                    );
                }
            }
            if stop == Stop::Reached {
                break;
            }
        }
        assert_eq!(stepper.time(), 20.0);
        assert_eq!(stepper.step(), Ok(Stop::Reached));
    }

    #[test]
    fn steps_of_equal_length_converge_with_order_eight_and_the_interpolant_with_seven() {
        // Fixed steps: the length is set before each attempt, and the tolerance accepts everything.
        let errors = |n: u32| {
            let mut stepper = oscillate(1e6, 4.0);
            let mut middle: f64 = 0.0;
            for _ in 0..n {
                stepper.next_length = 4.0 / f64::from(n);
                assert_ne!(stepper.step(), Ok(Stop::Rejected));
                let segment = stepper.segment(1).unwrap();
                let t = 0.3 * segment.start() + 0.7 * segment.end();
                let mut x = [0.0];
                segment.evaluate(t, &mut x);
                middle = middle.max((x[0] - t.cos()).abs());
            }
            ((stepper.state()[0] - 4f64.cos()).hypot(stepper.state()[1] + 4f64.sin()), middle)
        };
        let (coarse, fine) = (errors(4), errors(8));
        let order = ((coarse.0 / fine.0).log2(), (coarse.1 / fine.1).log2());
        assert!(order.0 > 7.5, "{coarse:?} {fine:?} {order:?}");
        assert!(order.1 > 7.0, "{coarse:?} {fine:?} {order:?}");
    }

    #[test]
    fn a_slope_that_is_no_number_ends_in_an_error() {
        let broken = Scalar(|x| if x > 0.5 { f64::NAN } else { 1.0 });
        let mut stepper = stepper(broken, &[0.0], 1e-9, 1.0);
        let error = (0..10_000).find_map(|_| stepper.step().err());
        assert!(
            matches!(error, Some(OdeError::StepTooSmall { reached, .. }) if reached > 0.4 && reached < 1.0),
            "{error:?}"
        );
    }

    #[test]
    fn a_step_that_does_not_move_the_time_is_refused_at_any_time() {
        let least = f64::MIN_POSITIVE;
        for (time, length, moves) in [
            (0.0, least / 2.0, false),
            (0.0, 0.0, false),
            (0.0, least, true),
            (1.0, 1e-15, false),
            (1.0, 1e-14, true),
            (100.0, 1e-13, false),
            (100.0, 1e-12, true),
        ] {
            let mut stepper = oscillate(1e-9, 1000.0);
            (stepper.time, stepper.next_length) = (time, length);
            let expected = if moves {
                Ok(Stop::Step)
            } else {
                Err(OdeError::StepTooSmall { reached: time, step: length })
            };
            assert_eq!(stepper.step(), expected, "{length:e} at {time}");
        }
    }

    #[test]
    fn the_local_errors_are_those_of_the_order_five_formula_shrunk_by_that_of_order_three() {
        // II.10 of the source: h |e_5| e_5 / sqrt(e_5^2 + e_3^2 / 100), e in units of what is
        // permitted, h |e_5| in l1.
        let mut stepper = oscillate(1e-3, 20.0);
        let mut total = 0.0;
        for length in [0.5, 1.0, 1.5] {
            stepper.next_length = length;
            assert_eq!(stepper.step(), Ok(Stop::Step));
            let e = |weights: &[(usize, f64)], i: usize| {
                weights.iter().map(|&(j, e)| e * stepper.stages[j][i]).sum::<f64>().abs()
            };
            let permitted =
                |i: usize| stepper.permitted(stepper.last_start[i], stepper.last_end[i]);
            let largest = |weights: &[(usize, f64)]| {
                (0..2).map(|i| e(weights, i) / permitted(i)).fold(0.0, f64::max)
            };
            let (fifth, third) = (largest(ERROR_5), largest(ERROR_3));
            let shrink = 1.0 / (1.0 + (0.1 * third / fifth).powi(2)).sqrt();
            assert!(shrink < 0.9, "{shrink}");
            total += length * (e(ERROR_5, 0) + e(ERROR_5, 1)) * shrink;
            assert!(
                (stepper.local_errors() - total).abs() < 1e-12 * total,
                "{} against {total}",
                stepper.local_errors()
            );
        }
    }

    #[test]
    fn a_system_at_rest_is_followed_without_a_rejection() {
        let mut stepper = stepper(Scalar(|_| 0.0), &[0.25], 1e-9, 1.0);
        while stepper.step().unwrap() != Stop::Reached {}
        assert_eq!(
            (stepper.work().rejected, stepper.state(), stepper.local_errors()),
            (0, [0.25].as_slice(), 0.0)
        );
    }

    #[test]
    fn an_error_is_seen_however_large_it_is() {
        for jump in [10.0, 1e100, 1e200, 1e300, f64::MAX, f64::INFINITY, f64::NAN] {
            let system = Scalar(|x| if x > 0.5 { jump } else { 1.0 });
            let mut stepper = stepper(system, &[0.0], 1e-9, 1.0);
            stepper.next_length = 1.0;
            assert_eq!(stepper.step(), Ok(Stop::Rejected), "{jump:e}");
            assert_eq!((stepper.time(), stepper.state()), (0.0, [0.0].as_slice()), "{jump:e}");
        }
    }
}
