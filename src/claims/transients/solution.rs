//! How far a path is from the solution of (3.5), at all times of an interval together.
//!
//! The supremum is over *all* times, also between events, where the solution moves and the system
//! does not. Time is cut into cells; with m the middle of a cell of length h, a state q seen in the
//! cell and any time s of it, | |q - qbar(s)| - |q - qbar(m)| | <= (lambda + 1) h / 2 in l2, since
//! tasks come at rate at most lambda and go at rate at most 1 per server. States are looked at
//! every few events, of which each moves them by a known length at most. So the supremum is known
//! from both sides.
//!
//! The solution is the one that the instruments give. That it is the solution is proved for it:
//! [`Enclosure`] bounds its l1 distance from the right one, which is added on both sides, and one
//! that is further off than [`MOST_OFF`] is none.

use crate::claims::Setting;
use crate::model::{Event, Model};
use crate::random::event_clock::{Clock, Timeline};
use crate::simulate::occupancy::LocalOccupancy;
use crate::subject::Path;
use crate::theory::mean_field::{Enclosure, Start};

/// The solution of (3.5) at the middles of cells.
pub(super) struct Solution {
    middles: Vec<Vec<f64>>,
    cell: f64,
    lambda: f64,
    /// A proved bound on the l1 distance from the right solution, at any of the middles.
    error: f64,
}

/// A solution further from the right one, in l1, is wrong: some thousand times what solvers are
/// asked for, and far below every distance that the claims tell apart.
const MOST_OFF: f64 = 1e-6;

impl Solution {
    /// The solution from `start` in so many cells.
    ///
    /// # Errors
    /// A text, where the solution under check is not that of (3.5).
    pub(super) fn new(
        setting: &Setting<'_>,
        (lambda, d): (f64, u32),
        start: &Start,
        until: f64,
        cells: u32,
    ) -> Result<Self, String> {
        let cell = until / f64::from(cells);
        let times: Vec<f64> = (0..cells).map(|k| (f64::from(k) + 0.5) * cell).collect();
        let solved = (setting.instruments.trajectory)(lambda, d, start, &times)
            .map_err(|error| error.to_string())?;
        let mut right =
            Enclosure::new(lambda, d, start, solved.levels).map_err(|error| error.to_string())?;
        let mut error: f64 = 0.0;
        for (time, q) in times.iter().zip(&solved.q) {
            right.advance_to(*time).map_err(|error| error.to_string())?;
            let apart: f64 = right.q().iter().zip(q).map(|(a, b)| (a - b).abs()).sum();
            if apart - right.error() > MOST_OFF {
                return Err(format!(
                    "from {start} the solution of (3.5) given for t = {time} is {apart:.3e} off \
                     in l1"
                ));
            }
            error = error.max(apart + right.error());
        }
        Ok(Self { middles: solved.q, cell, lambda, error })
    }

    /// What the supremum may be off for the time inside of cells and the solution's own error.
    fn unsure(&self) -> f64 {
        (self.lambda + 1.0) * self.cell / 2.0 + self.error
    }
}

/// A norm of the distance of a state from q_1, q_2, ...
trait Distance {
    /// The norm now.
    fn from(&self, path: &Path<'_>, middle: &[f64]) -> f64;
    /// The queue of this server has so many tasks now.
    fn moved(&mut self, server: u32, length: u32);
    /// By how much an event changes the norm at most.
    fn per_event(&self) -> f64;
}

/// (sum_i (q_i - qbar_i)^2)^(1/2).
struct Global(f64);

impl Distance for Global {
    fn from(&self, path: &Path<'_>, middle: &[f64]) -> f64 {
        let counts = path.queues().occupancy().counts();
        let at = |i: usize| counts.get(i).map_or(0.0, |&count| count as f64 / self.0);
        let square = |i: usize| (at(i) - middle.get(i).copied().unwrap_or(0.0)).powi(2);
        (0..counts.len().max(middle.len())).map(square).sum::<f64>().sqrt()
    }

    fn moved(&mut self, _: u32, _: u32) {}

    fn per_event(&self) -> f64 {
        self.0.recip()
    }
}

/// (sum_i (M^-1 sum_w |q_i^w - qbar_i|)^2)^(1/2).
struct Local {
    local: LocalOccupancy,
    lengths: Vec<u32>,
    degrees: Vec<f64>,
    per_event: f64,
}

impl Local {
    fn of(model: &Model, lengths: &[u32]) -> Self {
        let graph = model.graph();
        let m = graph.n_task_types();
        let degrees: Vec<f64> = (0..m).map(|w| graph.task_degree(w) as f64).collect();
        let moves = |v: u32| -> f64 {
            graph.task_types_of(v).iter().map(|w| degrees[w as usize].recip()).sum()
        };
        let most = (0..graph.n_servers()).map(moves).fold(0.0, f64::max);
        let per_event = most / f64::from(m);
        let local = LocalOccupancy::of(graph, lengths);
        Self { local, lengths: lengths.to_vec(), degrees, per_event }
    }
}

impl Distance for Local {
    fn from(&self, path: &Path<'_>, middle: &[f64]) -> f64 {
        let levels = path.queues().occupancy().counts().len().max(middle.len());
        let m = self.degrees.len() as f64;
        let mean = |i: usize| -> f64 {
            let limit = middle.get(i).copied().unwrap_or(0.0);
            let apart = |(w, degree): (u32, &f64)| {
                (self.local.at_least(w, i + 1) as f64 / degree - limit).abs()
            };
            (0..).zip(&self.degrees).map(apart).sum::<f64>() / m
        };
        (0..levels).map(|i| mean(i).powi(2)).sum::<f64>().sqrt()
    }

    fn moved(&mut self, server: u32, length: u32) {
        let before = std::mem::replace(&mut self.lengths[server as usize], length);
        (before..length).for_each(|length| self.local.raise(server, length));
        (length..before).rev().for_each(|length| self.local.lower(server, length + 1));
    }

    fn per_event(&self) -> f64 {
        self.per_event
    }
}

/// How a path begins, and how often it is looked at.
pub(super) struct Begin {
    /// The seed and the replication.
    pub(super) stream: (u64, u64),
    /// The queue lengths.
    pub(super) lengths: Vec<u32>,
    /// Looks are so many events apart, in servers: N / `looks`.
    pub(super) looks: u32,
}

/// The supremum of the l2 distance of one path to the solution, from below and above.
pub(super) fn supremum(
    setting: &Setting<'_>,
    model: &Model,
    solution: &Solution,
    begin: Begin,
) -> (f64, f64) {
    let global = Global(f64::from(model.graph().n_servers()));
    follow(setting, model, solution, begin, global)
}

/// The same of the local distances, averaged over task types: the norm of (4.40).
pub(super) fn local_supremum(
    setting: &Setting<'_>,
    model: &Model,
    solution: &Solution,
    begin: Begin,
) -> (f64, f64) {
    let local = Local::of(model, &begin.lengths);
    follow(setting, model, solution, begin, local)
}

fn follow(
    setting: &Setting<'_>,
    model: &Model,
    solution: &Solution,
    begin: Begin,
    mut distance: impl Distance,
) -> (f64, f64) {
    let Begin { stream: (seed, replication), lengths, looks } = begin;
    let every = u64::from(model.graph().n_servers() / looks).max(1);
    let mut path = Path::new(setting.subject, model, seed, replication, lengths);
    let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
    let mut largest: f64 = 0.0;
    for (k, middle) in solution.middles.iter().enumerate() {
        largest = largest.max(distance.from(&path, middle));
        let advanced = timeline.advance_to((k + 1) as f64 * solution.cell, |events| {
            for event in 1..=events {
                step(&mut path, &mut distance);
                if event % every == 0 {
                    largest = largest.max(distance.from(&path, middle));
                }
            }
        });
        debug_assert!(advanced.is_ok(), "cells are ascending times");
        largest = largest.max(distance.from(&path, middle));
    }
    let unseen = (every - 1) as f64 * distance.per_event();
    ((largest - solution.unsure()).max(0.0), largest + solution.unsure() + unseen)
}

/// Lets the next event happen, and tells the distance which queue may have changed.
fn step(path: &mut Path<'_>, distance: &mut impl Distance) {
    let (Event::Arrival { server, .. } | Event::Service { server }) = path.step() else { return };
    if let Some(&length) = path.queues().lengths().get(server as usize) {
        distance.moved(server, length);
    }
}
