//! The mean field: the differential equations (3.5), their fixed point q*, and the rate at which it
//! is approached.
//!
//! | statement | here | claim |
//! |---|---|---|
//! | q*_i = lambda^((d^i - 1)/(d - 1)) | [`fixed_point`], [`fixed_point_vec`] | `ode-fixed-point` |
//! | (3.5) | [`right_hand_side`], [`solve`], with a proved error [`Enclosure`] | `ode-order` |
//! | c2 of (4.44) | [`spectral_gap`] | `eq-4.44` |
//! | sum_i abs(q_i - q*_i), sum_i (q_i - q*_i)^2 of (4.44) and Theorem 3.1 | [`steady_state_distance`] | `eq-4.44` |
//! | N (E q - q*) and N Cov q on complete graphs | [`refined`](refined()) | `rate-complete` |
//! | the three claims against any implementation | [`crate::claims::mean_field`] | all of the above |
//!
//! States list q_1, q_2, ...; q_0 = 1 is never stored. The number of levels is chosen by the
//! solver, with a proved bound on the effect of the others.
//!
//! # Source
//! Rutten and Mukherjee, *Mean-field analysis for load balancing on spatial graphs*, (3.5), (4.44).

mod enclosure;
mod error;
mod fixed_point;
mod linearisation;
mod polynomial;
mod refined;
mod right_hand_side;
mod stepper;
mod tableau;
mod trajectory;
mod truncation;

pub use crate::model::start::{MAX_LEVEL, Start, StartError};
pub use enclosure::Enclosure;
pub use error::OdeError;
pub use fixed_point::{SteadyStateDistance, fixed_point, fixed_point_vec, steady_state_distance};
pub use linearisation::{SpectralGap, Spectrum, spectral_gap};
pub use refined::{Refined, refined};
pub use right_hand_side::{Boundary, right_hand_side};
#[doc(hidden)]
pub use stepper::{Problem, Segment, Stepper, Stop, System, Work};
pub use trajectory::Trajectory;
pub(crate) use truncation::first_levels;
pub use truncation::{Options, solve};

use crate::model::MAX_CHOICES;

pub(crate) fn check_parameters(lambda: f64, d: u32) -> Result<(), OdeError> {
    if !(lambda > 0.0 && lambda < 1.0) {
        return Err(OdeError::Load(lambda));
    }
    if d == 0 || d > MAX_CHOICES {
        return Err(OdeError::Choices(d));
    }
    Ok(())
}
