//! What is known of a steady state, from replications or without one.

use super::Estimated;
use super::layout::Known;
use crate::model::Model;
use crate::theory::delay::Delay;
use crate::theory::exact;

/// An estimate of the steady state.
#[derive(Clone, Debug, PartialEq)]
pub struct SteadyState {
    /// E q_i(infinity), i = 1, 2, ... Where the steady state is certified, E q_1 is the rate of
    /// accepted tasks, and its interval a point.
    pub q: Vec<Estimated>,
    /// The expected queue length of a server, the task in service included.
    pub mean_queue_length: Estimated,
    /// The expected time in system of a task, in mean service times; at least 1. NaN where no task
    /// is accepted.
    pub mean_delay: Estimated,
    /// Mean and quantiles of the time in system, FIFO; they hold together with the intervals of
    /// `q`. `None` where no task is accepted.
    pub delay: Option<Delay>,
    /// Intervals by Student's t, whatever the others are.
    pub student: Student,
    /// How much the upper start may lower the upper ends, which it is added to, in tasks per
    /// server; `None` where it is not certified.
    pub start_error: Option<f64>,
    /// Tasks at each server at the upper start; 0 where there is no replication.
    pub start_level: u32,
    /// E q_(i+1) <= kappa E q_i; 1 where nothing better is known.
    pub kappa: f64,
    /// Replications run; 0 where the events do not allow one, and all follows from kappa.
    pub replications: u64,
    /// The share of them whose two systems had met before the upper window.
    pub met: f64,
    /// Events simulated, those of pilots included.
    pub events: u64,
    /// Wall time.
    pub seconds: f64,
    /// Whether the precision was reached.
    pub precise: bool,
}

/// Lower and upper ends by Student's t over the replications: no guarantee, and infinite for fewer
/// than two.
#[derive(Clone, Debug, PartialEq)]
pub struct Student {
    /// Of E q_1, E q_2, ...
    pub q: Vec<(f64, f64)>,
    /// Of the mean queue length.
    pub mean_queue_length: (f64, f64),
    /// Of the mean time in system.
    pub mean_delay: (f64, f64),
}

/// By Little's law; no task leaves before it is served.
pub(super) fn mean_delay(queue: &Estimated, accepted: f64) -> Estimated {
    let delay = |queue: f64| if accepted > 0.0 { (queue / accepted).max(1.0) } else { f64::NAN };
    Estimated {
        mean: delay(queue.mean),
        lower: delay(queue.lower),
        upper: delay(queue.upper),
        standard_error: queue.standard_error / accepted,
    }
}

/// What is known without a replication.
pub(super) fn without_replications(known: &Known) -> SteadyState {
    let between = |lower: f64, upper: f64| Estimated {
        mean: f64::NAN,
        lower,
        upper,
        standard_error: f64::NAN,
    };
    let Known { busy, kappa } = *known;
    let first = Estimated { mean: busy, lower: busy, upper: busy, standard_error: 0.0 };
    let mean_queue_length = between(busy, known.queue());
    let value = |e: &Estimated| exact::Value { value: e.upper, lower: e.lower, upper: e.upper };
    let unknown = |value: exact::Value| exact::Value { value: f64::NAN, ..value };
    let delay = Delay::new(busy, &[value(&first)], value(&mean_queue_length), kappa);
    SteadyState {
        q: vec![first],
        mean_delay: mean_delay(&mean_queue_length, busy),
        delay: delay.map(|delay| delay.map(unknown)),
        student: Student {
            q: vec![(busy, busy)],
            mean_queue_length: (0.0, f64::INFINITY),
            mean_delay: (1.0, f64::INFINITY),
        },
        mean_queue_length,
        start_error: Some(0.0),
        start_level: 0,
        kappa,
        replications: 0,
        met: f64::NAN,
        events: 0,
        seconds: 0.0,
        precise: false,
    }
}

/// What is known of a steady state before any replication; `None` where nothing is certified.
pub fn beforehand(model: &Model) -> Option<SteadyState> {
    Known::of(model).as_ref().map(without_replications)
}
