//! A solved trajectory of (3.5): figures at the times asked for, and the solution at every time
//! between.

use super::error::OdeError;
use super::stepper::{Segment, Work};

/// The solution of (3.5) from one start, with bounds on what it leaves out.
///
/// Three errors are kept apart. *Truncation*: levels above [`Trajectory::levels`] are cut, and
/// [`Trajectory::truncation_bound`] is a proved bound on its effect. *Integration*:
/// [`Trajectory::integration_error`] sums the estimated local errors, which the flow of (3.5) does
/// not amplify in l1. *Stopping early*: see [`Trajectory::settled_at`].
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// The times, in the order in which they were asked for.
    pub times: Vec<f64>,
    /// `q[k][i - 1]` is q_i at `times[k]`, for i = 1 to [`Trajectory::levels`].
    pub q: Vec<Vec<f64>>,
    /// sum_i abs(q_i - q*_i) at each of the times. Levels above [`Trajectory::levels`] count as
    /// empty; their tasks are part of [`Trajectory::truncation_bound`].
    pub l1_to_fixed_point: Vec<f64>,
    /// q*_1, ..., q*_levels.
    pub fixed_point: Vec<f64>,
    /// The number L of levels kept.
    pub levels: usize,
    /// The width of the bracket: the largest difference, over all levels and all ends of steps,
    /// between the upper and the lower truncation, rounding and the common integration error of
    /// tiny values included. The figures are those of the lower one.
    pub truncation_error: f64,
    /// A proved bound, valid at every time up to the end, on sum_i (upper_i - lower_i) plus the
    /// tasks above level L.
    pub truncation_bound: f64,
    /// The sum of the estimated local errors of the steps, in l1, of both truncations together.
    pub integration_error: f64,
    /// The work of the last, finest truncation.
    pub work: Work,
    /// How many truncations were tried.
    pub truncations: u32,
    /// From this time on the state is returned unchanged, because it is closer to q*, in l1, than a
    /// thousandth of the relative tolerance. The flow brings no state further from q*, so that the
    /// error is below two thousandths.
    pub settled_at: Option<f64>,
    pub(super) segments: Vec<Segment>,
    pub(super) first: Vec<f64>,
    pub(super) settled: Vec<f64>,
    pub(super) end: f64,
}

impl Trajectory {
    /// The last time at which the solution is known: the latest of the times asked for.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// q_1, ..., q_L at any time from 0 to [`Trajectory::end`].
    ///
    /// # Errors
    /// [`OdeError::OutsideTrajectory`]; [`OdeError::NotDense`] where dense output was declined.
    pub fn at(&self, t: f64) -> Result<Vec<f64>, OdeError> {
        let mut q = vec![0.0; self.levels];
        self.write_at(t, &mut q)?;
        Ok(q)
    }

    /// Writes q_1, q_2, ... at time `t` to all of `q`, zeros above level L; costs nothing but a
    /// search and eight products per level.
    ///
    /// # Errors
    /// As [`Trajectory::at`]; then `q` is as before.
    pub(crate) fn write_at(&self, t: f64, q: &mut [f64]) -> Result<(), OdeError> {
        // Negated, so that NaN is refused.
        if !(t >= 0.0 && t <= self.end) {
            return Err(OdeError::OutsideTrajectory { given: t, end: self.end });
        }
        if t == 0.0 {
            write_prefix(&self.first, q);
        } else if self.settled_at.is_some_and(|settled| t > settled) {
            write_prefix(&self.settled, q);
        } else if let Some(last) = self.segments.len().checked_sub(1) {
            // The last segment's end may round to just below the end of the trajectory.
            let at = self.segments.partition_point(|segment| segment.end() < t).min(last);
            self.segments[at].evaluate(t, q);
            confine(q);
        } else {
            return Err(OdeError::NotDense(t));
        }
        Ok(())
    }
}

fn write_prefix(state: &[f64], q: &mut [f64]) {
    let n = state.len().min(q.len());
    q[..n].copy_from_slice(&state[..n]);
    q[n..].fill(0.0);
}

/// Makes `q` nonincreasing with values in \[0, 1\]; tells whether anything moved.
///
/// The exact solution r has these properties. Clamping brings no q_i away from r_i. Where q_i >
/// q_(i-1), lowering q_i to q_(i-1) leaves max_j abs(q_j - r_j) no larger: if q_(i-1) >= r_i the
/// component comes closer, and otherwise r_i - q_(i-1) <= r_(i-1) - q_(i-1).
pub(super) fn confine(q: &mut [f64]) -> bool {
    let mut moved = false;
    let mut most = 1.0;
    for q in q {
        let inside = q.max(0.0).min(most);
        moved |= inside != *q;
        *q = inside;
        most = inside;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::{Options, Start, solve};

    fn confined(segment: &Segment, levels: usize, t: f64) -> Vec<f64> {
        let mut q = vec![0.0; levels];
        segment.evaluate(t, &mut q);
        confine(&mut q);
        q
    }

    #[test]
    fn a_trajectory_is_known_up_to_its_end_and_stands_still_once_settled() {
        let path = solve(0.5, 2, &Start::Level(1), &[300.0, 2.0], &Options::default()).unwrap();
        assert_eq!(path.end(), 300.0);
        let settled = path.settled_at.unwrap();
        assert!(
            settled > 2.0 && settled < 300.0 && path.segments.last().unwrap().end() == settled,
            "{settled}"
        );
        for t in [settled.next_up(), 2.0 * settled, 300.0] {
            assert_eq!(path.at(t).unwrap(), path.q[0], "{t}");
        }
        // Up to there it still moves: the segments answer.
        let last = path.segments.last().unwrap();
        for t in [settled, 0.5 * (last.start() + settled)] {
            assert_eq!(path.at(t).unwrap(), confined(last, path.levels, t), "{t}");
        }
        assert_ne!(path.at(0.5 * (last.start() + settled)).unwrap(), path.q[0]);
        // Without dense output what has settled is known all the same.
        let options = Options { dense: false, ..Options::default() };
        let sparse = solve(0.5, 2, &Start::Level(1), &[300.0], &options).unwrap();
        assert_eq!(
            (sparse.settled_at, sparse.at(settled.next_up())),
            (Some(settled), Ok(path.q[0].clone()))
        );
        assert_eq!(sparse.at(settled), Err(OdeError::NotDense(settled)));
        assert_eq!(path.at(0.0).unwrap(), Start::Level(1).fractions(path.levels));
        assert_eq!(
            path.at(300.0f64.next_up()),
            Err(OdeError::OutsideTrajectory { given: 300.0f64.next_up(), end: 300.0 })
        );
    }

    #[test]
    fn each_time_belongs_to_the_segment_that_it_ends_or_lies_in() {
        let path = solve(0.8, 2, &Start::Empty, &[5.0], &Options::default()).unwrap();
        assert!(path.settled_at.is_none() && path.segments.len() > 3);
        for segment in &path.segments {
            for t in [0.5 * (segment.start() + segment.end()), segment.end().min(5.0)] {
                assert_eq!(path.at(t).unwrap(), confined(segment, path.levels, t), "{t}");
            }
        }
        // Beyond the levels that were kept nothing is left of what was there.
        let mut longer = vec![f64::NAN; path.levels + 2];
        path.write_at(5.0, &mut longer).unwrap();
        assert_eq!(longer[path.levels..], [0.0, 0.0]);
        path.write_at(0.0, &mut longer).unwrap();
        assert_eq!(longer, vec![0.0; path.levels + 2]);
    }

    #[test]
    fn what_is_confined_is_in_order_and_says_whether_it_moved() {
        for (from, to) in [
            ([1.0, 0.5, 0.5], [1.0, 0.5, 0.5]),
            ([1.25, 0.5, -0.5], [1.0, 0.5, 0.0]),
            ([0.5, 0.75, 0.25], [0.5, 0.5, 0.25]),
            ([0.5, 0.25, 0.375], [0.5, 0.25, 0.25]),
        ] {
            let mut q = from;
            assert_eq!((confine(&mut q), q), (from != to, to));
        }
    }
}
