//! Two systems of a subject on one stream of marks.

use super::Subject;
use crate::model::Model;
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::{MarkBlock, MarkStream};

/// Marks drawn ahead of the fold.
const BLOCK: usize = 256;

/// Two systems on one stream of marks.
pub struct Pair<'a> {
    subject: &'a dyn Subject,
    system: Model,
    marks: Box<dyn MarkStream>,
    block: MarkBlock,
    position: usize,
    rng: Coins,
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
        let system = subject.system(model);
        let met = lower == upper;
        Self {
            subject,
            marks: subject.marks(&system, seed, replication),
            block: MarkBlock::new(system.d()),
            position: 0,
            rng: Coins::new(seed, replication),
            lower: Queues::from_lengths(lower),
            upper: Queues::from_lengths(upper),
            met,
            system,
        }
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
    pub fn advance(&mut self, events: u64) {
        for _ in 0..events {
            if self.position == self.block.len() {
                self.block.clear();
                self.marks.fill(&mut self.block, BLOCK);
                self.position = 0;
            }
            let mark = self.block.get(self.position);
            self.position += 1;
            self.rng.next_event();
            if self.met {
                self.subject.apply(&self.system, &mut self.lower, mark, &mut self.rng);
            } else {
                self.subject.couple(
                    &self.system,
                    &mut self.lower,
                    &mut self.upper,
                    mark,
                    &mut self.rng,
                );
                // In order, equal totals mean equal states; a subject without order is looked at in
                // full.
                self.met = self.lower.total() == self.upper.total()
                    && self.subject.is_function_of_marks()
                    && self.lower.lengths() == self.upper.lengths();
            }
        }
    }
}
