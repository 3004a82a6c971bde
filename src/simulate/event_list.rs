//! The model simulated in the plainest way: an event list with exponential clocks, straight from
//! the description.
//!
//! | statement of section 2 | here |
//! |---|---|
//! | tasks of each type arrive as a Poisson process of rate lambda N / M, times its relative rate | an exponential time to the next one, type by type |
//! | service times are exponential with mean 1, first come first served | drawn when a service starts |
//! | a task joins the shortest of d sampled servers, ties broken at random | [`Oracle::step`] |
//! | delays of tasks | [`Oracle::delays`] |
//!
//! This is a witness against [`crate::simulate`], so it shares nothing with it but graph, model and
//! the generator of random numbers; it is slow on purpose. Services take time only while there is a
//! task, where the other rings clocks of idle servers; ties are broken by a further draw, where the
//! other takes the first sample.
//!
//! The tie-breaking draw is uniform over the *distinct* sampled servers of minimal length. Weighing
//! them by how often they were sampled would do as well: given the set of minimal samples, all
//! servers of the same length are exchangeable, and both give (4.12).
//!
//! # Source
//! Section 2.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1};
use thiserror::Error;

use crate::model::policy::Memory;
use crate::model::{Event, Model};
use crate::random::stream_rng;

/// Why the plain simulator cannot start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OracleError {
    /// The start is not one length per server.
    #[error(
        "the start has {given} queue lengths for {needed} servers: give one per server, or none to \
         start empty"
    )]
    StartLength {
        /// How many were given.
        given: usize,
        /// N.
        needed: usize,
    },
}

/// An entry of the event list.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    time: f64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Arrival { task_type: u32 },
    Completion { server: u32 },
}

impl Eq for Entry {}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.total_cmp(&other.time).then(self.what.cmp(&other.what))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A path of the plain simulator.
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model, simulate::event_list::Oracle};
/// let model = Model::new(BipartiteGraph::complete(5, 5)?, 0.8, 2)?;
/// let mut oracle = Oracle::new(&model, 1, 0, vec![])?;
/// oracle.advance_to(10.0);
/// assert_eq!(oracle.arrivals() - oracle.departures(), oracle.total());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Oracle<R = ChaCha8Rng> {
    model: Model,
    rng: R,
    time: f64,
    list: BinaryHeap<Reverse<Entry>>,
    // The arrival times of the tasks of each server, the one in service first.
    queues: Vec<VecDeque<f64>>,
    started_with: u64,
    arrivals: u64,
    departures: u64,
    lost: u64,
    delays: Vec<f64>,
    task_time: f64,
    // Of the last event; empty unless a task joined a server.
    samples: Vec<u32>,
    // What the policy remembers.
    memory: Memory,
    // The picks so far, of all types or of each.
    picks: Vec<u64>,
}

impl Oracle {
    /// A path from these queue lengths, or from empty queues if none are given. Tasks of the start
    /// arrive at time 0.
    ///
    /// # Errors
    /// [`OracleError::StartLength`].
    pub fn new(
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
    ) -> Result<Self, OracleError> {
        Self::with_rng(model, stream_rng(seed, replication), start)
    }
}

impl<R: Rng> Oracle<R> {
    /// [`Oracle::new`] with any generator of random numbers.
    ///
    /// # Errors
    /// [`OracleError::StartLength`].
    pub fn with_rng(model: &Model, rng: R, start: Vec<u32>) -> Result<Self, OracleError> {
        let n = model.graph().n_servers() as usize;
        let start = if start.is_empty() { vec![0; n] } else { start };
        if start.len() != n {
            return Err(OracleError::StartLength { given: start.len(), needed: n });
        }
        let (policy, types) = (model.policy(), model.graph().n_task_types());
        let counters = if policy.per_type() { types as usize } else { 1 };
        let mut oracle = Self {
            memory: Memory::new(policy, types, &start),
            picks: vec![0; counters],
            model: model.clone(),
            rng,
            time: 0.0,
            list: BinaryHeap::new(),
            started_with: start.iter().map(|&length| u64::from(length)).sum(),
            queues: start
                .into_iter()
                .map(|length| VecDeque::from(vec![0.0; length as usize]))
                .collect(),
            arrivals: 0,
            departures: 0,
            lost: 0,
            delays: Vec::new(),
            task_time: 0.0,
            samples: Vec::new(),
        };
        for task_type in 0..model.graph().n_task_types() {
            oracle.schedule_arrival(task_type);
        }
        for server in 0..model.graph().n_servers() {
            if !oracle.queues[server as usize].is_empty() {
                oracle.start_service(server);
            }
        }
        Ok(oracle)
    }

    fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.rng)
    }

    fn schedule_arrival(&mut self, task_type: u32) {
        let graph = self.model.graph();
        if graph.weight(task_type) == 0 {
            return;
        }
        let equal =
            self.model.lambda() * f64::from(graph.n_servers()) / f64::from(graph.n_task_types());
        let rate = equal * graph.relative_rate_f64(task_type);
        let time = self.time + self.exponential() / rate;
        self.list.push(Reverse(Entry { time, what: What::Arrival { task_type } }));
    }

    fn start_service(&mut self, server: u32) {
        let time = self.time + self.exponential();
        self.list.push(Reverse(Entry { time, what: What::Completion { server } }));
    }

    /// The time of the next event.
    pub fn next_time(&self) -> f64 {
        // Some task type has a positive rate, and its next arrival is always in the list.
        self.list.peek().map_or(f64::INFINITY, |Reverse(entry)| entry.time)
    }

    /// Applies the next event.
    pub fn step(&mut self) -> Option<Event> {
        let Reverse(entry) = self.list.pop()?;
        self.pass_to(entry.time);
        self.samples.clear();
        Some(match entry.what {
            What::Arrival { task_type } => {
                self.schedule_arrival(task_type);
                match self.pick(task_type) {
                    None => {
                        self.lost += 1;
                        Event::Lost { task_type }
                    }
                    Some(server) => {
                        self.queues[server as usize].push_back(self.time);
                        self.arrivals += 1;
                        if self.queues[server as usize].len() == 1 {
                            self.start_service(server);
                        }
                        Event::Arrival { task_type, server }
                    }
                }
            }
            What::Completion { server } => {
                let queue = &mut self.queues[server as usize];
                if let Some(arrived) = queue.pop_front() {
                    self.delays.push(self.time - arrived);
                    self.departures += 1;
                    self.memory.served(server);
                }
                if !self.queues[server as usize].is_empty() {
                    self.start_service(server);
                }
                Event::Service { server }
            }
        })
    }

    /// JSQ(d): the shortest of d servers sampled with replacement, ties broken at random. `None`
    /// for an isolated type.
    fn pick(&mut self, task_type: u32) -> Option<u32> {
        let servers = self.model.graph().servers_of(task_type);
        if servers.is_empty() {
            return None;
        }
        if self.model.policy().paper_d().is_none() {
            return Some(self.pick_by_policy(task_type));
        }
        let sampled: Vec<u32> = (0..self.model.d())
            .map(|_| servers.at(self.rng.random_range(0..servers.len())))
            .collect();
        self.samples.clone_from(&sampled);
        let length = |v: u32| self.queues[v as usize].len();
        let shortest = sampled.iter().map(|&v| length(v)).min()?;
        let mut minimal: Vec<u32> =
            sampled.into_iter().filter(|&v| length(v) == shortest).collect();
        minimal.sort_unstable();
        minimal.dedup();
        Some(minimal[self.rng.random_range(0..minimal.len())])
    }

    /// The pick of another policy, by its own sampler and not by marks.
    fn pick_by_policy(&mut self, task_type: u32) -> u32 {
        let policy = self.model.policy();
        let servers = self.model.graph().servers_of(task_type);
        let lengths = self.lengths();
        let seen = self.memory.seen(task_type, &lengths);
        let seen: Vec<u32> = servers.iter().map(|v| seen[v as usize]).collect();
        let weights = self.model.weights_of(task_type);
        let picks = &mut self.picks[if policy.per_type() { task_type as usize } else { 0 }];
        let places =
            policy.samples(servers.len() as u32, weights.as_deref(), *picks, &mut self.rng);
        *picks += 1;
        let turn = self.memory.turn(task_type, servers);
        let choice = policy.pick(&places, &seen, weights.as_deref(), turn);
        let server = servers.at(choice.place as usize);
        self.samples = places.iter().map(|&i| servers.at(i as usize)).collect();
        self.memory.joined(task_type, server, choice.tied, &lengths);
        server
    }

    fn pass_to(&mut self, time: f64) {
        self.task_time += self.total() as f64 * (time - self.time);
        self.time = time;
    }

    /// Applies all events strictly before `time`. Does nothing for times in the past.
    pub fn advance_to(&mut self, time: f64) {
        while self.next_time() < time {
            self.step();
        }
        if time > self.time && time.is_finite() {
            self.pass_to(time);
        }
    }

    /// The servers that the task of the last event sampled, in the order of sampling; none if the
    /// last event was no arrival or the task was lost.
    pub fn last_samples(&self) -> &[u32] {
        &self.samples
    }

    /// Where the path is.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// The queue lengths, tasks in service included.
    pub fn lengths(&self) -> Vec<u32> {
        self.queues.iter().map(|queue| queue.len() as u32).collect()
    }

    /// Q_1, Q_2, ... by counting.
    pub fn occupancy(&self) -> Vec<u64> {
        let longest = self.queues.iter().map(VecDeque::len).max().unwrap_or(0);
        (1..=longest)
            .map(|i| self.queues.iter().filter(|queue| queue.len() >= i).count() as u64)
            .collect()
    }

    /// The number of tasks, those of the start included.
    pub fn total(&self) -> u64 {
        self.started_with + self.arrivals - self.departures
    }

    /// Tasks that have joined a queue since the start.
    pub fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Tasks that have been served.
    pub fn departures(&self) -> u64 {
        self.departures
    }

    /// Tasks lost because their type is isolated.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The time from arrival to departure of every task served so far, in the order of departures.
    pub fn delays(&self) -> &[f64] {
        &self.delays
    }

    /// How long the tasks still present have been there, added up.
    pub fn ages(&self) -> f64 {
        self.queues.iter().flatten().map(|arrived| self.time - arrived).sum()
    }

    /// The number of tasks integrated over time. Little's law, path by path: it is the sum of all
    /// delays and ages.
    pub fn task_time(&self) -> f64 {
        self.task_time
    }
}
