//! Two systems of a subject on one stream of marks.

use super::Subject;
use super::path::Drive;
use crate::model::Model;
use crate::simulate::Queues;

/// Two systems on one stream of marks.
pub struct Pair<'a> {
    drive: Drive<'a>,
    lower: Queues,
    upper: Queues,
    met: bool,
}

impl<'a> Pair<'a> {
    /// Both systems of replication `replication` under `seed`.
    pub fn new(
        subject: &'a dyn Subject,
        model: &Model,
        seed: u64,
        replication: u64,
        lower: Vec<u32>,
        upper: Vec<u32>,
    ) -> Self {
        let met = lower == upper;
        let drive = Drive::new(subject, model, seed, replication);
        let [lower, upper] = [lower, upper].map(|start| Queues::of(drive.system(), start));
        Self { drive, lower, upper, met }
    }

    /// The lower system.
    pub fn lower(&self) -> &Queues {
        &self.lower
    }

    /// The upper system; after the two have met, they are one.
    pub fn upper(&self) -> &Queues {
        if self.met { &self.lower } else { &self.upper }
    }

    /// Whether the two systems are in the same state, and therefore remain so.
    pub fn met(&self) -> bool {
        self.met
    }

    /// Lets `events` shared marks act.
    ///
    /// # Panics
    /// At the end of the subject's marks.
    pub fn advance(&mut self, events: u64) {
        let Self { drive, lower, upper, met } = self;
        for _ in 0..events {
            let next = drive.next(|subject, system, mark, coins| {
                if *met {
                    subject.apply(system, lower, mark, coins);
                } else {
                    subject.couple(system, lower, upper, mark, coins);
                    // Unequal totals are the quickest sign of unequal states. What the policy
                    // remembers is a part of the state.
                    *met = lower.total() == upper.total()
                        && subject.is_function_of_marks_and_coins()
                        && lower.is_in_the_state_of(upper);
                }
            });
            next.expect("the marks of a subject never end");
        }
    }
}
