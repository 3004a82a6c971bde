//! Solving (3.5): how many levels are kept, and the proof that they are enough.
//!
//! The lower and the upper truncation ([`Boundary`](super::Boundary)) are integrated as one system,
//! with common steps, so that their difference shows the truncation and not the integration.
//!
//! # The bound
//! Let l <= q <= u be the lower truncation, the solution, and the upper truncation, and D =
//! sum_(i<=L) (u_i - l_i). The sums telescope: D' = -lambda (u_L^d - l_L^d) - (u_1 - l_1) + u_L <=
//! u_L, and u_L never decreases, since u_L' = lambda (u_(L-1)^d - u_L^d) >= 0. So D(s) <= t u_L(t)
//! for all s <= t. The tasks above L obey (sum_(i>L) q_i)' = lambda q_L^d - q_(L+1) <= lambda
//! u_L^d, so they stay below their start plus lambda t u_L(t)^d. The sum of both is
//! [`Trajectory::truncation_bound`]; L grows until it is below [`Options::truncation_tolerance`].
//! Where the integration ends early at q* ([`Trajectory::settled_at`]), t is that time; from there
//! on both the solution and what is returned stay near q*.
//!
//! # Nonexpansive in l1
//! For ordered solutions q <= r of (3.5) the sums telescope to (sum_i (r_i - q_i))' = -(r_1 - q_1)
//! <= 0; the lower truncation has one more term, -lambda (r_L^d - q_L^d). Any pair of states lies
//! between its componentwise minimum and maximum, which are as far apart as the pair, and the flow
//! keeps the order, so that no two solutions move apart. Local errors are therefore not amplified,
//! and the distance to q* never grows.

use super::check_parameters;
use super::error::OdeError;
use super::fixed_point::{fixed_point_tail, fixed_point_vec};
use super::right_hand_side::{Boundary, right_hand_side};
use super::stepper::{Problem, Stepper, Stop, System};
use super::trajectory::{Trajectory, confine};
use crate::model::start::Start;

/// How accurately to solve, and how much work to spend at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The relative error wanted in each q_i; between steps, and summed over a long run, the error
    /// can be a few times larger ([`Trajectory::integration_error`] estimates it).
    pub relative_tolerance: f64,
    /// The error wanted in a q_i near 0. Far below what is printed, so that the tails, which are
    /// doubly exponentially small, keep correct digits as well.
    pub absolute_tolerance: f64,
    /// The permitted effect of the truncation, in l1.
    pub truncation_tolerance: f64,
    /// Keep at least this many levels.
    pub least_levels: usize,
    /// Keep at most this many levels.
    pub most_levels: usize,
    /// Take at most this many steps, accepted or not.
    pub most_steps: u64,
    /// Keep what [`Trajectory::at`] needs; without it only the times asked for are known, and
    /// memory does not grow with the steps.
    pub dense: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            relative_tolerance: 1e-9,
            absolute_tolerance: 1e-18,
            truncation_tolerance: 1e-11,
            least_levels: 10,
            most_levels: 20_000,
            most_steps: 200_000,
            dense: true,
        }
    }
}

impl Options {
    fn validate(&self) -> Result<(), OdeError> {
        let table = [
            ("relative tolerance", self.relative_tolerance, 1e-14, 0.1),
            ("absolute tolerance", self.absolute_tolerance, 1e-290, 0.1),
            ("truncation tolerance", self.truncation_tolerance, 1e-290, 1.0),
        ];
        for (name, given, least, most) in table {
            if !(given >= least && given <= most) {
                return Err(OdeError::Tolerance { name, given, least, most });
            }
        }
        Ok(())
    }
}

/// The largest product of steps and levels of which dense output is kept: 64 bytes each, 256 MiB in
/// all.
const MOST_STORED: usize = 1 << 22;

fn is_too_much(steps: usize, levels: usize) -> bool {
    steps.saturating_mul(levels) > MOST_STORED
}

/// Both truncations at L levels: the lower in the first half, the upper in the second.
struct Bracket {
    lambda: f64,
    d: u32,
    levels: usize,
}

impl System for Bracket {
    fn dimension(&self) -> usize {
        2 * self.levels
    }

    fn slope(&self, y: &[f64], slope: &mut [f64]) {
        let (lower, upper) = y.split_at(self.levels);
        let (lower_slope, upper_slope) = slope.split_at_mut(self.levels);
        right_hand_side(self.lambda, self.d, lower, Boundary::Zero, lower_slope);
        right_hand_side(self.lambda, self.d, upper, Boundary::Upper, upper_slope);
    }

    fn confine(&self, y: &mut [f64]) -> bool {
        let (lower, upper) = y.split_at_mut(self.levels);
        // Both, so no short circuit.
        confine(lower) | confine(upper)
    }

    /// With c_i = lambda d q_i^(d-1), the derivative has -(1 + c_i) on its diagonal and becomes
    /// symmetric with sqrt(c_i) beside it, as at q*; the c_i fall with i, so that Gershgorin bounds
    /// its eigenvalues by (1 + sqrt(c_1))^2.
    fn fastest_rate(&self, y: &[f64]) -> f64 {
        let c = self.lambda * f64::from(self.d) * y[self.levels].powf(f64::from(self.d - 1));
        (1.0 + c.sqrt()).powi(2)
    }
}

/// Solves (3.5) from `start` and returns the solution at `times`, in their order.
///
/// ```
/// use fluidcheck::theory::mean_field::{solve, Options, Start};
/// let path = solve(0.8, 2, &Start::Empty, &[0.0, 1.0, 50.0], &Options::default())?;
/// assert!((path.q[1][0] - 0.4622652208883748).abs() < 1e-9);
/// assert!(path.l1_to_fixed_point[2] < 3e-4 && path.truncation_bound < 1e-11);
/// # Ok::<(), fluidcheck::theory::mean_field::OdeError>(())
/// ```
///
/// # Errors
/// [`OdeError`] where the start is no state, for parameters, times or tolerances out of range, and
/// where the permitted levels or steps do not suffice.
pub fn solve(
    lambda: f64,
    d: u32,
    start: &Start,
    times: &[f64],
    options: &Options,
) -> Result<Trajectory, OdeError> {
    check_parameters(lambda, d)?;
    options.validate()?;
    start.validate()?;
    for (position, &given) in times.iter().enumerate() {
        if !(given.is_finite() && given >= 0.0) {
            return Err(OdeError::Time { position, given });
        }
    }
    let end = times.iter().copied().fold(0.0, f64::max);
    let wanted = options.truncation_tolerance;
    let mut levels = first_levels(lambda, d, start, end, options)?;
    let mut truncations = 1;
    loop {
        let mut path = integrate(lambda, d, start, times, levels, options)?;
        if path.truncation_bound <= wanted {
            path.truncations = truncations;
            return Ok(path);
        }
        if levels >= options.most_levels {
            return Err(OdeError::TooManyLevels { levels, bound: path.truncation_bound, wanted });
        }
        levels = (levels + levels / 4 + 2).min(options.most_levels);
        truncations += 1;
    }
}

/// A first guess at the number of levels: those of the start, plus those that arrivals fill. Only
/// speed depends on it.
pub(crate) fn first_levels(
    lambda: f64,
    d: u32,
    start: &Start,
    end: f64,
    options: &Options,
) -> Result<usize, OdeError> {
    let wanted = options.truncation_tolerance;
    let most = options.most_levels;
    let first_below = |tail: &dyn Fn(usize) -> f64| {
        // Both tails fall with the level.
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = low + (high - low) / 2;
            if tail(middle) <= wanted { high = middle } else { low = middle + 1 }
        }
        low
    };
    let of_start = |level: usize| start.tail(level).max(end * start.fraction(level + 1));
    if of_start(most) > wanted {
        return Err(OdeError::TooManyLevels { levels: most, bound: of_start(most), wanted });
    }
    let steady = first_below(&|level| end * at_level(lambda, d, level + 1));
    // No server gets more tasks than lambda d t plus some standard deviations, as in a pure birth
    // process.
    let mean = lambda * f64::from(d) * end;
    let born = mean + 8.0 * mean.sqrt() + 20.0;
    let arriving = if born < steady as f64 { born as usize } else { steady };
    Ok((first_below(&of_start) + arriving + 1).max(options.least_levels).clamp(1, most.max(1)))
}

fn at_level(lambda: f64, d: u32, level: usize) -> f64 {
    super::fixed_point(lambda, d, u32::try_from(level).unwrap_or(u32::MAX))
}

/// Both truncations, from a common start.
fn stepper(lambda: f64, d: u32, first: &[f64], end: f64, options: &Options) -> Stepper<Bracket> {
    Stepper::new(Problem {
        system: Bracket { lambda, d, levels: first.len() },
        start: [first, first].concat(),
        end,
        relative_tolerance: options.relative_tolerance,
        absolute_tolerance: options.absolute_tolerance,
    })
}

/// One truncation, from 0 to the last of `times` or until q* is reached.
fn integrate(
    lambda: f64,
    d: u32,
    start: &Start,
    times: &[f64],
    levels: usize,
    options: &Options,
) -> Result<Trajectory, OdeError> {
    let (first, end) = (start.fractions(levels), times.iter().copied().fold(0.0, f64::max));
    let fixed_point = fixed_point_vec(lambda, d, levels);
    let beyond = fixed_point_tail(lambda, d, levels);
    // sum_i abs(q_i - q*_i), levels beyond those kept included.
    let distance = |q: &[f64]| {
        q.iter().zip(&fixed_point).map(|(q, target)| (q - target).abs()).sum::<f64>() + beyond
    };
    let near = options.relative_tolerance * 1e-3;
    let mut stepper = stepper(lambda, d, &first, end, options);
    let mut waiting: Vec<usize> = (0..times.len()).collect();
    // Latest first, so that the next one is at the end of the list.
    waiting.sort_by(|&a, &b| times[b].total_cmp(&times[a]));
    let mut q = vec![first.clone(); times.len()];
    waiting.retain(|&k| times[k] > 0.0);
    let mut segments = Vec::new();
    let mut truncation_error: f64 = 0.0;
    let mut settled_at = None;
    while stepper.time() < end {
        let work = stepper.work();
        if work.steps + work.rejected >= options.most_steps {
            let (steps, reached) = (options.most_steps, stepper.time());
            return Err(OdeError::TooManySteps { steps, reached, end });
        }
        if stepper.step()? == Stop::Rejected {
            continue;
        }
        let due =
            |waiting: &[usize], time: f64| waiting.last().copied().filter(|&k| times[k] <= time);
        if (options.dense || due(&waiting, stepper.time()).is_some())
            && let Some(segment) = stepper.segment(levels)
        {
            while let Some(k) = due(&waiting, stepper.time()) {
                segment.evaluate(times[k], &mut q[k]);
                confine(&mut q[k]);
                waiting.pop();
            }
            if options.dense {
                segments.push(segment);
                if is_too_much(segments.len(), levels) {
                    let (steps, reached) = (segments.len(), stepper.time());
                    return Err(OdeError::TooMuchOutput { steps, levels, reached, end });
                }
            }
        }
        let (lower, upper) = stepper.state().split_at(levels);
        truncation_error =
            lower.iter().zip(upper).map(|(l, u)| (u - l).abs()).fold(truncation_error, f64::max);
        if distance(lower) <= near {
            settled_at = Some(stepper.time());
            break;
        }
    }
    let (settled, upper) = stepper.state().split_at(levels);
    for k in waiting {
        q[k].copy_from_slice(settled);
    }
    let last = upper.last().copied().unwrap_or(1.0);
    let t = stepper.time();
    let truncation_bound = t * last + start.tail(levels) + lambda * t * last.powf(d.into());
    Ok(Trajectory {
        times: times.to_vec(),
        l1_to_fixed_point: q.iter().map(|q| distance(q)).collect(),
        q,
        levels,
        truncation_error,
        truncation_bound,
        integration_error: stepper.local_errors(),
        work: stepper.work(),
        truncations: 1,
        settled_at,
        segments,
        first,
        settled: settled.to_vec(),
        end,
        fixed_point,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_half_or_both_of_a_bracket_are_confined() {
        let bracket = Bracket { lambda: 0.8, d: 2, levels: 2 };
        let (inside, outside) = ([0.5, 0.25], [0.5, 0.75]);
        for (lower, upper) in
            [(inside, inside), (outside, inside), (inside, outside), (outside, outside)]
        {
            let mut y = [lower, upper].concat();
            assert_eq!(
                bracket.confine(&mut y),
                lower == outside || upper == outside,
                "{lower:?} {upper:?}"
            );
            assert!(y[1] <= y[0] && y[3] <= y[2], "{y:?}");
        }
    }

    #[test]
    fn dense_output_is_kept_up_to_its_limit() {
        for (steps, levels, refused) in [
            (1 << 21, 2, false),
            ((1 << 21) + 1, 2, true),
            (1 << 22, 1, false),
            (usize::MAX, 2, true),
        ] {
            assert_eq!(is_too_much(steps, levels), refused, "{steps} x {levels}");
        }
    }

    #[test]
    fn attempts_are_counted_up_to_their_limit() {
        let run = |most_steps| {
            solve(0.8, 2, &Start::Level(3), &[30.0], &Options { most_steps, ..Options::default() })
        };
        let work = run(1000).unwrap().work;
        assert!(work.rejected > 1, "{work:?}");
        let attempts = work.steps + work.rejected;
        assert_eq!(run(attempts).unwrap().work, work);
        assert!(
            matches!(run(attempts - 1), Err(OdeError::TooManySteps { steps, .. }) if steps == attempts - 1)
        );
    }

    #[test]
    fn the_bounds_are_those_of_the_header() {
        // Few levels, so that all of their terms matter.
        let (lambda, d, levels, start, t) = (0.8, 2, 4, Start::Geometric(0.5), 2.0);
        let options = Options::default();
        let path = integrate(lambda, d, &start, &[0.0, t], levels, &options).unwrap();
        let first = start.fractions(levels);
        let mut stepper = stepper(lambda, d, &first, t, &options);
        let mut width: f64 = 0.0;
        while stepper.time() < t {
            stepper.step().unwrap();
            width = (0..levels)
                .map(|i| stepper.state()[levels + i] - stepper.state()[i])
                .fold(width, f64::max);
        }
        let last = stepper.state()[2 * levels - 1];
        assert_eq!(path.truncation_bound, t * last + 0.0625 + lambda * t * last.powf(2.0));
        assert_eq!(path.truncation_error, width);
        assert!(width > 1e-3 && path.settled_at.is_none());
        // One level is near to q* only where nothing of q* lies beyond it.
        assert_eq!(integrate(0.9, 1, &Start::Empty, &[0.1], 1, &options).unwrap().settled_at, None);
        for (q, l1) in path.q.iter().zip(&path.l1_to_fixed_point) {
            let exact = crate::theory::mean_field::steady_state_distance(q, lambda, d).l1;
            assert!((l1 - exact).abs() < 1e-14 * exact, "{l1} against {exact}");
        }
    }
}
