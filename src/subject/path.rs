//! One path of a subject: its marks folded over its queues.

use super::Subject;
use crate::model::{Event, Model};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::{DrawnAhead, Mark, MarkStream};

/// Marks drawn ahead of the fold.
const BLOCK: usize = 256;

/// What moves the systems of a subject: its marks one by one, and the coins of its picker.
pub struct Drive<'a> {
    subject: &'a dyn Subject,
    system: Model,
    marks: DrawnAhead<Box<dyn MarkStream>>,
    coins: Coins,
}

impl<'a> Drive<'a> {
    /// The marks and coins of replication `replication` under `seed`.
    pub fn new(subject: &'a dyn Subject, model: &Model, seed: u64, replication: u64) -> Self {
        let system = subject.system(model);
        let marks = subject.marks(&system, seed, replication);
        let marks = DrawnAhead::in_blocks(marks, system.d(), BLOCK);
        // A picker's own coins come from a stream of their own, far from those of the marks.
        Self { subject, system, marks, coins: Coins::new(seed, replication) }
    }

    /// The system that runs.
    pub fn system(&self) -> &Model {
        &self.system
    }

    /// Lets the next mark act; `None` at the end of the marks.
    #[inline]
    pub fn next<T>(
        &mut self,
        act: impl FnOnce(&dyn Subject, &Model, Mark<'_>, &mut Coins) -> T,
    ) -> Option<T> {
        let mark = self.marks.next_mark()?;
        self.coins.next_event();
        Some(act(self.subject, &self.system, mark, &mut self.coins))
    }
}

/// One path of a subject: its marks folded over its queues.
pub struct Path<'a> {
    drive: Drive<'a>,
    queues: Queues,
}

impl<'a> Path<'a> {
    /// The path of replication `replication` under `seed` from the given queue lengths.
    pub fn new(
        subject: &'a dyn Subject,
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
    ) -> Self {
        let drive = Drive::new(subject, model, seed, replication);
        let queues = Queues::of(drive.system(), start);
        Self { drive, queues }
    }

    /// The queues as they are now.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Lets the next event happen.
    ///
    /// # Panics
    /// At the end of the subject's marks.
    pub fn step(&mut self) -> Event {
        let Self { drive, queues } = self;
        drive
            .next(|subject, system, mark, coins| subject.apply(system, queues, mark, coins))
            .expect("the marks of a subject never end")
    }

    /// Lets the next `events` events happen.
    pub fn advance(&mut self, events: u64) {
        for _ in 0..events {
            self.step();
        }
    }
}
