//! Perfect samples of the capped chain: coupling from the past.
//!
//! With a buffer cap B the chain stays monotone in its marks, so that all starts lie between the
//! copies from empty and from full. The marks of the past are replayed from further and further
//! back, until the two copies have met by time 0: their state then has exactly the law of the
//! capped steady state. Three mistakes are classic, and are faults that the claim
//! `perfect-sampling` rejects: to couple forward, to read the state when the copies meet instead of
//! at time 0, and to draw fresh marks at each doubling.
//!
//! Block k of the past is a pure function of seed, replication and k, so that nothing is stored and
//! results do not depend on threads. The capped chain lies below the uncapped one; [`cap_for`]
//! bounds by how much.
//!
//! # Source
//! Propp and Wilson (1996), Random Structures and Algorithms 9, 223-252; Proposition 3.9 with a
//! cap.

use super::bracketing::{Tail, least_level};
use crate::model::Model;
use crate::random::{Coins, fingerprint};
use crate::simulate::Queues;
use crate::simulate::marks::{DrawnAhead, Mark};
use crate::subject::Subject;

/// Events of a block of the past.
pub const BLOCK: usize = 16;

/// Why there is no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the copies from empty and from full had not met after {events} events of the past: use a \
    smaller cap or a lower load"
)]
pub struct NotMet {
    /// How far back was tried.
    pub events: u64,
}

/// A buffer cap, and how much it can matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// B.
    pub level: u32,
    /// A bound on the probability that the uncapped steady state is at the cap anywhere, or comes
    /// to it within the window; `None` where no bound is known: not certified.
    pub error: Option<f64>,
}

/// The least cap with N E q_B (1 + window) below `error`; the given `guess` where no bound on E q_B
/// is known.
pub fn cap_for(model: &Model, window: f64, error: f64, guess: u32) -> Cap {
    let Some(tail) = Tail::of(model) else {
        return Cap { level: guess, error: None };
    };
    let bound = |level: u32| tail.reached(level) * (1.0 + window);
    let level = least_level(bound, error);
    Cap { level, error: Some(bound(level)) }
}

/// The past of one replication.
pub struct Past<'a> {
    subject: &'a dyn Subject,
    system: Model,
    cap: u32,
    seed: u64,
    replication: u64,
}

impl<'a> Past<'a> {
    /// The past of replication `replication` under `seed`, of a system with queues of at most `cap`
    /// tasks.
    pub fn new(
        subject: &'a dyn Subject,
        model: &Model,
        cap: u32,
        seed: u64,
        replication: u64,
    ) -> Self {
        Self { subject, system: subject.system(model), cap, seed, replication }
    }

    /// The replication.
    pub fn replication(&self) -> u64 {
        self.replication
    }

    /// The least and the greatest state.
    pub fn extremes(&self) -> [Queues; 2] {
        let n = self.system.graph().n_servers() as usize;
        [0, self.cap].map(|length| Queues::of(&self.system, vec![length; n]))
    }

    /// Lets block `k` act on both states: events -BLOCK (k + 1) to -BLOCK k. `seen` is told after
    /// each event.
    pub fn replay(&self, k: u64, states: &mut [Queues; 2], mut seen: impl FnMut(&[Queues; 2])) {
        // Each block has streams of its own.
        let seed = self.seed ^ fingerprint("past").wrapping_mul(2 * k + 1);
        let marks = self.subject.marks(&self.system, seed, self.replication);
        for mark in DrawnAhead::in_blocks(marks, self.system.d(), BLOCK).take(BLOCK) {
            for state in states.iter_mut() {
                // The same coins for both copies.
                self.step(state, mark, &mut Coins::new(seed, self.replication));
            }
            seen(states);
        }
    }

    fn step(&self, state: &mut Queues, mark: Mark<'_>, coins: &mut Coins) {
        match mark {
            Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                let server =
                    self.subject.pick(&self.system, task_type, samples, state.lengths(), coins);
                if state.lengths().get(server as usize).is_some_and(|&length| length < self.cap) {
                    state.join(server);
                }
            }
            mark => {
                self.subject.apply(&self.system, state, mark, coins);
            }
        }
    }
}

/// The most blocks of the past that are tried.
pub const MOST_BLOCKS: u64 = 1 << 20;

/// One exact sample of the steady state of the capped chain, by binary back-off.
///
/// # Errors
/// [`NotMet`] after [`MOST_BLOCKS`].
///
/// ```
/// use fluidcheck::{estimate::from_the_past::{Past, sample}, graph::BipartiteGraph, model::Model, subject::Reference};
/// let model = Model::new(BipartiteGraph::complete(2, 2)?, 0.8, 2)?;
/// let state = sample(&Past::new(&Reference, &model, 40, 1, 0))?;
/// assert!(state.len() == 2 && state.iter().all(|&length| length <= 40));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sample(past: &Past<'_>) -> Result<Vec<u32>, NotMet> {
    let mut blocks = 1;
    loop {
        let mut states = past.extremes();
        for k in (0..blocks).rev() {
            past.replay(k, &mut states, |_| ());
        }
        let [lower, upper] = states;
        if lower.lengths() == upper.lengths() {
            return Ok(lower.lengths().to_vec());
        }
        if blocks >= MOST_BLOCKS {
            return Err(NotMet { events: blocks * BLOCK as u64 });
        }
        blocks *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{BipartiteGraph, Isolated};
    use crate::subject::Reference;

    fn model() -> Model {
        Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.8, 2).unwrap()
    }

    #[test]
    fn a_start_further_back_gives_the_same_state() {
        for replication in 0..200 {
            let past = Past::new(&Reference, &model(), 5, 9, replication);
            let known = sample(&past).unwrap();
            let mut states = past.extremes();
            (0..512).rev().for_each(|k| past.replay(k, &mut states, |_| ()));
            assert_eq!(states[0].lengths(), known, "replication {replication}");
        }
    }

    #[test]
    fn samples_do_not_depend_on_the_thread() {
        let one = |r| sample(&Past::new(&Reference, &model(), 5, 3, r)).unwrap();
        let draw = || (0..50).map(one).collect::<Vec<_>>();
        let elsewhere = std::thread::scope(|scope| scope.spawn(draw).join().unwrap());
        assert_eq!(draw(), elsewhere);
    }

    #[test]
    fn the_cap_is_certified_below_the_critical_load_only() {
        let cap = cap_for(&model(), 100.0, 1e-9, 7);
        assert!(cap.error.is_some_and(|error| error <= 1e-9) && cap.level > 80, "{cap:?}");
        // Types {0}, {0, 1}: rho = 3/2 lambda, and the critical load is 4/5.
        let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse);
        let model = |lambda| Model::new(graph.clone().unwrap(), lambda, 2).unwrap();
        assert!(cap_for(&model(0.75), 100.0, 1e-9, 7).error.is_some_and(|error| error <= 1e-9));
        assert_eq!(cap_for(&model(0.8), 100.0, 1e-9, 7), Cap { level: 7, error: None });
    }
}
