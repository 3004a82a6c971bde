//! What a policy remembers of its path: whose turn it is, what picks of the past saw, and whose
//! tasks are where.

use std::collections::VecDeque;

use super::{Base, Of, Policy, Sight, Ties};
use crate::graph::Neighbours;

/// What one balancer remembers: the only one, or that of a task type.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Balancer {
    /// The picks so far for `round-robin`, the server after the last tie's winner for ties in turn.
    turn: u64,
    /// What the picks saw that a late one looks back to, the oldest first; what an early one sees.
    seen: VecDeque<Vec<u32>>,
    /// What it counts itself: tasks that it gave, or with a balancer for each type those of them
    /// that are in the system.
    own: Vec<u32>,
}

/// What a policy remembers, along one path.
///
/// A path tells it of every task that [joins](Memory::joined) and [leaves](Memory::served).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    balancers: Vec<Balancer>,
    /// The types of the tasks at each server, the next to leave first; `u32::MAX` for tasks of the
    /// start. Only where each type's balancer sees its own tasks alone.
    tasks: Vec<VecDeque<u32>>,
    base: Base,
    ties: Ties,
    sight: Sight,
    of: Of,
    per_type: bool,
}

impl Memory {
    /// The memory at the start of a path, with all queues of the system.
    pub fn new(policy: &Policy, n_task_types: u32, lengths: &[u32]) -> Self {
        let counts_itself = policy.of == Of::Given || policy.per_type;
        let own = if counts_itself { vec![0; lengths.len()] } else { Vec::new() };
        let first = if counts_itself { own.clone() } else { lengths.to_vec() };
        // An early pick has nothing to be early about at first: it sees the lengths of now.
        let seen = if matches!(policy.sight, Sight::Late(_)) { vec![first] } else { Vec::new() };
        let balancer = Balancer { turn: 0, seen: seen.into(), own };
        let count = if policy.per_type { n_task_types.max(1) as usize } else { 1 };
        let in_flight = policy.per_type && policy.of == Of::InFlight;
        let tasks = lengths.iter().map(|&length| vec![u32::MAX; length as usize].into());
        Self {
            balancers: vec![balancer; count],
            tasks: if in_flight { tasks.collect() } else { Vec::new() },
            base: policy.base,
            ties: policy.ties,
            sight: policy.sight,
            of: policy.of,
            per_type: policy.per_type,
        }
    }

    fn at(&self, task_type: u32) -> usize {
        if self.per_type { task_type as usize } else { 0 }
    }

    /// The place among `servers`, those of this type, that is first in turn.
    pub fn turn(&self, task_type: u32, servers: Neighbours<'_>) -> u64 {
        let turn = self.balancers[self.at(task_type)].turn;
        if self.ties == Ties::RoundRobin {
            return servers.iter().take_while(|&v| u64::from(v) < turn).count() as u64;
        }
        turn
    }

    /// The lengths of all servers that the next pick of this type is decided on, given those of
    /// now.
    pub fn seen<'a>(&'a self, task_type: u32, now: &'a [u32]) -> &'a [u32] {
        let balancer = &self.balancers[self.at(task_type)];
        balancer.seen.front().map_or_else(|| self.now(balancer, now), Vec::as_slice)
    }

    fn now<'a>(&self, balancer: &'a Balancer, lengths: &'a [u32]) -> &'a [u32] {
        if self.of == Of::Given || self.per_type { &balancer.own } else { lengths }
    }

    /// A task of this type is about to join `server`; `tied` tells whether the pick was a tie, and
    /// `lengths` are those before it joins.
    pub fn joined(&mut self, task_type: u32, server: u32, tied: bool, lengths: &[u32]) {
        let at = self.at(task_type);
        let looks_back = self.sight != Sight::Now;
        let now = looks_back.then(|| self.now(&self.balancers[at], lengths).to_vec());
        let balancer = &mut self.balancers[at];
        if self.base == Base::RoundRobin {
            balancer.turn += 1;
        } else if self.ties == Ties::RoundRobin && tied {
            balancer.turn = u64::from(server) + 1;
        }
        if let Some(own) = balancer.own.get_mut(server as usize) {
            *own += 1;
        }
        if let Some(tasks) = self.tasks.get_mut(server as usize) {
            tasks.push_back(task_type);
        }
        match (self.sight, now) {
            (Sight::Now, _) | (_, None) => {}
            (Sight::Early, Some(mut after)) => {
                after[server as usize] += 1;
                balancer.seen = [after].into();
            }
            (Sight::Late(k), Some(now)) => {
                // At the front stands what the pick k picks earlier saw; at first the start.
                balancer.seen.push_back(now);
                if balancer.seen.len() > k as usize {
                    balancer.seen.pop_front();
                }
            }
        }
    }

    /// A task leaves `server`.
    pub fn served(&mut self, server: u32) {
        let leaves = self.tasks.get_mut(server as usize).and_then(VecDeque::pop_front);
        let balancer = leaves.and_then(|task_type| self.balancers.get_mut(task_type as usize));
        if let Some(own) = balancer.and_then(|balancer| balancer.own.get_mut(server as usize)) {
            *own = own.saturating_sub(1);
        }
    }
}
