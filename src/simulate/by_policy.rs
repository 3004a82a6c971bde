//! Picks of policies other than "the first shortest of the samples": what is compared, seen or
//! remembered differs.
//!
//! # Source
//! The definitions of [`crate::model::policy`].

use crate::model::Model;
use crate::model::policy::{Memory, Ties};

/// A policy along one path.
#[derive(Clone, Debug)]
pub(super) struct ByPolicy {
    model: Model,
    memory: Memory,
}

impl PartialEq for ByPolicy {
    /// Whether they remember the same.
    fn eq(&self, other: &Self) -> bool {
        self.memory == other.memory
    }
}

impl Eq for ByPolicy {}

impl ByPolicy {
    /// The policy of a model at the start of a path; `None` where the first shortest of the samples
    /// gets the task.
    pub(super) fn of(model: &Model, lengths: &[u32]) -> Option<Box<Self>> {
        let (policy, types) = (model.policy(), model.graph().n_task_types());
        let new = || {
            let memory = Memory::new(policy, types, lengths);
            Box::new(Self { model: model.clone(), memory })
        };
        (!policy.is_first_shortest()).then(new)
    }

    /// The server that gets a task, and whether others were as good.
    pub(super) fn pick(&self, task_type: u32, samples: &[u32], lengths: &[u32]) -> (u32, bool) {
        let servers = self.model.graph().servers_of(task_type);
        let seen = self.memory.seen(task_type, lengths);
        pick(&self.model, task_type, samples, seen, self.memory.turn(task_type, servers))
    }

    /// The lengths that the next pick for this type is decided on, of all servers.
    pub(super) fn seen<'a>(&'a self, task_type: u32, lengths: &'a [u32]) -> &'a [u32] {
        self.memory.seen(task_type, lengths)
    }

    /// A task whose mark has these samples is about to join a server that somebody else picked.
    pub(super) fn joined_by(
        &mut self,
        task_type: u32,
        samples: &[u32],
        server: u32,
        lengths: &[u32],
    ) {
        // Only a pointer asks whether there was a tie.
        let asks = self.model.policy().ties() == Ties::RoundRobin;
        let tied = asks && self.pick(task_type, samples, lengths).1;
        self.joined(task_type, server, tied, lengths);
    }

    /// A task is about to join.
    pub(super) fn joined(&mut self, task_type: u32, server: u32, tied: bool, lengths: &[u32]) {
        self.memory.joined(task_type, server, tied, lengths);
    }

    /// A task has left.
    pub(super) fn served(&mut self, server: u32) {
        self.memory.served(server);
    }
}

/// The pick of a model's policy from these samples, given the lengths that it sees and the place
/// that is first in turn; and whether others were as good.
pub(crate) fn pick(
    model: &Model,
    task_type: u32,
    samples: &[u32],
    seen: &[u32],
    turn: u64,
) -> (u32, bool) {
    let servers = model.graph().servers_of(task_type);
    let seen: Vec<u32> = servers.iter().map(|v| seen[v as usize]).collect();
    // Samples are compatible servers; another one has no place, and is passed over.
    let places: Vec<u32> = samples
        .iter()
        .filter_map(|&sample| servers.position(sample))
        .map(|place| place as u32)
        .collect();
    let weights = model.weights_of(task_type);
    let choice = model.policy().pick(&places, &seen, weights.as_deref(), turn);
    (servers.at(choice.place as usize), choice.tied)
}
