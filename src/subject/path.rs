//! One path of a subject: its marks folded over its queues.

use super::Subject;
use crate::model::{Event, Model};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::{self, MarkStream};

/// One path of a subject: its marks folded over its queues.
pub struct Path<'a> {
    subject: &'a dyn Subject,
    system: Model,
    marks: Box<dyn MarkStream>,
    block: marks::MarkBlock,
    position: usize,
    rng: Coins,
    queues: Queues,
}

/// Marks drawn ahead of the fold.
const BLOCK: usize = 256;

impl<'a> Path<'a> {
    /// The path of replication `replication` under `seed` from the given queue lengths.
    pub fn new(
        subject: &'a dyn Subject,
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
    ) -> Self {
        let system = subject.system(model);
        let marks = subject.marks(&system, seed, replication);
        // A picker's own coins come from a stream of their own, far from those of the marks.
        let rng = Coins::new(seed, replication);
        let block = marks::MarkBlock::new(system.d());
        Self {
            subject,
            system,
            marks,
            block,
            position: 0,
            rng,
            queues: Queues::from_lengths(start),
        }
    }

    /// The queues as they are now.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Lets the next event happen.
    pub fn step(&mut self) -> Event {
        if self.position == self.block.len() {
            self.block.clear();
            self.marks.fill(&mut self.block, BLOCK);
            self.position = 0;
        }
        let mark = self.block.get(self.position);
        self.position += 1;
        self.rng.next_event();
        self.subject.apply(&self.system, &mut self.queues, mark, &mut self.rng)
    }
}
