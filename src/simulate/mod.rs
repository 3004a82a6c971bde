//! Simulation: the fold of marks over queue lengths, the clock that says when, and those who look.
//!
//! Stage 7 of 18: it runs the model, and must agree with the theory below without using it.
//!
//! | idea | here |
//! |---|---|
//! | the monotone map of a mark, also with a buffer cap | [`Queues::apply`], [`Queues::apply_capped`] |
//! | a path in time | [`Simulation`] |
//! | looking, at given times and at every event | [`Observer`] |
//! | time averages of q_i | [`TimeAverage`] |
//!
//! A look at time t gives the state *before* an event at t. Looking more often never changes the
//! path, since neither the marks nor the clock know of looks.
//!
//! # Source
//! Section 2; uniformisation as in [`crate::simulate::marks`].

#[doc(hidden)]
pub mod all_marks;
pub(crate) mod by_policy;
pub mod coupled;
#[doc(hidden)]
pub mod event_list;
pub mod marks;
#[doc(hidden)]
pub mod occupancy;

use std::ops::Range;

use crate::model::{Event, Model};
use crate::random::event_clock::{Clock, TimeError, Timeline};
use crate::random::stream_rng;
use crate::simulate::by_policy::ByPolicy;
use crate::simulate::marks::{DrawnAhead, Kind, Mark, MarkBlock, RandomMarks, first_shortest};
use crate::simulate::occupancy::Occupancy;
use thiserror::Error;

/// Why a simulation cannot be started or continued as asked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SimulateError {
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
    /// The time asked for is none, or in the path's past.
    #[error(transparent)]
    Time(#[from] TimeError),
}

/// Queue lengths with all that is counted about them.
///
/// ```
/// use fluidcheck::{model::Event, simulate::{Queues, marks::Mark}};
/// let mut queues = Queues::from_lengths(vec![2, 1, 1]);
/// let event = queues.apply(Mark::Arrival { task_type: 0, samples: &[0, 2, 1] });
/// assert_eq!(event, Event::Arrival { task_type: 0, server: 2 });
/// assert_eq!((queues.lengths(), queues.occupancy().counts()), (&[2, 1, 2][..], &[3, 2][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queues {
    lengths: Vec<u32>,
    occupancy: Occupancy,
    total: u64,
    arrivals: u64,
    departures: u64,
    lost: u64,
    /// How tasks choose, where it is not the first shortest of the samples.
    policy: Option<Box<ByPolicy>>,
}

impl Queues {
    /// Queues of these lengths in which tasks choose by the policy of `model`, nothing counted or
    /// remembered yet.
    pub fn of(model: &Model, lengths: Vec<u32>) -> Self {
        Self { policy: ByPolicy::of(model, &lengths), ..Self::from_lengths(lengths) }
    }

    /// `n` empty queues.
    pub fn empty(n: u32) -> Self {
        Self::from_lengths(vec![0; n as usize])
    }

    /// `n` queues of length `cap`, the greatest state of a system with that cap.
    pub fn full(n: u32, cap: u32) -> Self {
        Self::from_lengths(vec![cap; n as usize])
    }

    /// Queues of these lengths in which a task joins the first shortest of its samples, nothing
    /// counted yet: any policy of which marks hold the samples in the order of preference. Others
    /// need [`Queues::of`].
    pub fn from_lengths(lengths: Vec<u32>) -> Self {
        let occupancy = Occupancy::of(&lengths);
        let total = occupancy.total();
        Self { lengths, occupancy, total, arrivals: 0, departures: 0, lost: 0, policy: None }
    }

    /// The queue lengths, tasks in service included.
    #[inline]
    pub fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// Q_i.
    #[inline]
    pub fn occupancy(&self) -> &Occupancy {
        &self.occupancy
    }

    /// The number of tasks.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Tasks that have joined a queue; lost ones are not among them.
    pub fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// Tasks that have been served.
    pub fn departures(&self) -> u64 {
        self.departures
    }

    /// Tasks lost, by isolation or at the cap.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// A task joins `server`.
    ///
    /// # Panics
    /// If there is no such server, or its queue has `u32::MAX` tasks.
    #[inline]
    pub fn join(&mut self, server: u32) {
        let length = &mut self.lengths[server as usize];
        let before = *length;
        *length = before.checked_add(1).expect("a queue of fewer than 2^32 tasks");
        self.occupancy.raise(before);
        self.total += 1;
        self.arrivals += 1;
    }

    /// A task of this type, whose mark has these samples, joins `server`, which somebody else
    /// picked: what the policy given to [`Queues::of`] remembers takes note.
    ///
    /// # Panics
    /// As [`Queues::join`], or if there is no such type.
    #[inline]
    pub fn join_of(&mut self, task_type: u32, samples: &[u32], server: u32) {
        if let Some(policy) = &mut self.policy {
            policy.joined_by(task_type, samples, server, &self.lengths);
        }
        self.join(server);
    }

    /// The lengths that the pick for a task of this type is decided on: those of now, or what the
    /// policy given to [`Queues::of`] sees in their place.
    #[inline]
    pub fn seen(&self, task_type: u32) -> &[u32] {
        match &self.policy {
            None => &self.lengths,
            Some(policy) => policy.seen(task_type, &self.lengths),
        }
    }

    /// Whether marks act alike on both from now on: equal lengths, and the same remembered.
    pub fn is_in_the_state_of(&self, other: &Self) -> bool {
        self.lengths == other.lengths && self.policy == other.policy
    }

    /// `server` finishes a task, if it has one; whether it had.
    ///
    /// # Panics
    /// If there is no such server.
    #[inline]
    pub fn serve(&mut self, server: u32) -> bool {
        let length = &mut self.lengths[server as usize];
        let before = *length;
        if before == 0 {
            return false;
        }
        *length = before - 1;
        self.occupancy.lower(before);
        self.total -= 1;
        self.departures += 1;
        if let Some(policy) = &mut self.policy {
            policy.served(server);
        }
        true
    }

    /// The server that a task with these samples joins: the first shortest of them, or the pick of
    /// the policy given to [`Queues::of`].
    ///
    /// # Panics
    /// If there is no sample, or one names a server that does not exist.
    #[inline]
    pub fn pick(&self, task_type: u32, samples: &[u32]) -> u32 {
        match &self.policy {
            None => first_shortest(samples, &self.lengths),
            Some(policy) => policy.pick(task_type, samples, &self.lengths).0,
        }
    }

    /// The map of a mark: an arrival joins the first of its shortest samples, or the pick of the
    /// policy given to [`Queues::of`]; a service takes a task if there is one.
    ///
    /// # Panics
    /// If the mark names a server that does not exist.
    #[inline]
    pub fn apply(&mut self, mark: Mark<'_>) -> Event {
        self.apply_capped(mark, u32::MAX)
    }

    /// The map of a mark where a task that would join a queue of `cap` tasks or more is lost. Keeps
    /// the order of two states with no queue above the cap: where the greater state loses the task,
    /// all its samples are at the cap.
    ///
    /// # Panics
    /// If the mark names a server that does not exist.
    #[inline]
    pub fn apply_capped(&mut self, mark: Mark<'_>, cap: u32) -> Event {
        match mark {
            Mark::Arrival { task_type, samples: [] } => {
                self.lost += 1;
                Event::Lost { task_type }
            }
            Mark::Arrival { task_type, samples } => {
                let (server, tied) = match &self.policy {
                    None => (first_shortest(samples, &self.lengths), false),
                    Some(policy) => policy.pick(task_type, samples, &self.lengths),
                };
                if self.lengths[server as usize] >= cap {
                    self.lost += 1;
                    return Event::Lost { task_type };
                }
                if let Some(policy) = &mut self.policy {
                    policy.joined(task_type, server, tied, &self.lengths);
                }
                self.join(server);
                Event::Arrival { task_type, server }
            }
            Mark::Service { server } => {
                self.serve(server);
                Event::Service { server }
            }
        }
    }

    /// [`Queues::apply`] for marks of a block in order, where only the changes of Q_i are of
    /// interest.
    pub(crate) fn apply_all(
        &mut self,
        block: &MarkBlock,
        range: Range<usize>,
        changes: &mut impl Changes,
    ) {
        let d = if self.policy.is_some() { u32::MAX } else { block.d() };
        match d {
            1 => self.apply_alike::<1>(block, range, changes),
            2 => self.apply_alike::<2>(block, range, changes),
            3 => self.apply_alike::<3>(block, range, changes),
            4 => self.apply_alike::<4>(block, range, changes),
            _ => {
                for i in range {
                    let departures = self.departures;
                    match self.apply(block.get(i)) {
                        Event::Arrival { server, .. } => {
                            changes.change(self.lengths[server as usize] as usize, 1)
                        }
                        Event::Service { server } if self.departures > departures => {
                            changes.change(self.lengths[server as usize] as usize + 1, -1);
                        }
                        Event::Service { .. } | Event::Lost { .. } => changes.change(0, 0),
                    }
                }
            }
        }
    }

    /// The same for D samples without a branch on the kind of mark, which nothing can predict: a
    /// service is read as D samples of its server, and differs by the sign of the change only.
    fn apply_alike<const D: usize>(
        &mut self,
        block: &MarkBlock,
        range: Range<usize>,
        changes: &mut impl Changes,
    ) {
        let (heads, samples) = block.parts(range);
        let lengths = &mut self.lengths[..];
        let (mut arrivals, mut departures, mut lost) = (0, 0, 0);
        for (&(kind, _), samples) in heads.iter().zip(samples.as_chunks::<D>().0) {
            let mut server = samples[0];
            let mut before = lengths[server as usize];
            for &other in &samples[1..] {
                let length = lengths[other as usize];
                (server, before) = if length < before { (other, length) } else { (server, before) };
            }
            let joins = (kind == Kind::Arrival) & (before < u32::MAX);
            let leaves = (kind == Kind::Service) & (before > 0);
            let change = i64::from(joins) - i64::from(leaves);
            lengths[server as usize] = before.wrapping_add_signed(change as i32);
            let level = before as usize + usize::from(joins);
            self.occupancy.shift(level, change);
            changes.change(level, change);
            arrivals += u64::from(joins);
            departures += u64::from(leaves);
            lost += u64::from((kind != Kind::Service) & !joins);
        }
        self.arrivals += arrivals;
        self.departures += departures;
        self.lost += lost;
        self.total = self.total + arrivals - departures;
    }
}

/// Who wants to know how Q_i changes.
pub(crate) trait Changes {
    /// The next event changes Q at `level` by -1, 0 or 1.
    fn change(&mut self, level: usize, change: i64);
}

/// Nobody.
struct Unseen;

impl Changes for Unseen {
    #[inline]
    fn change(&mut self, _: usize, _: i64) {}
}

impl Changes for TimeAverage {
    #[inline]
    fn change(&mut self, level: usize, change: i64) {
        self.events += 1;
        if level >= self.now.len() {
            self.now.resize(level + 1, 0);
            self.shifts.resize(level + 1, 0);
        }
        self.now[level] = self.now[level].wrapping_add_signed(change);
        self.shifts[level] += i128::from(change) * i128::from(self.events);
    }
}

/// Somebody who looks at a path. Every method may be left out.
pub trait Observer {
    /// The state before any event at this time, where a path was observed until then.
    fn at(&mut self, time: f64, queues: &Queues) {
        let _ = (time, queues);
    }

    /// The state before an event. The time is given where the run knows it.
    fn before(&mut self, time: Option<f64>, mark: Mark<'_>, queues: &Queues) {
        let _ = (time, mark, queues);
    }

    /// The state after an event.
    fn after(&mut self, time: Option<f64>, mark: Mark<'_>, event: Event, queues: &Queues) {
        let _ = (time, mark, event, queues);
    }
}

/// Exact averages of q_i over events.
///
/// Events of the uniformised chain come at a constant rate whatever the state, so the average over
/// events of the state before the event has the expectation of the average over time. Sums are
/// integers: nothing drifts.
///
/// A change of Q_i by one at event k counts in the states before events k + 1, k + 2, ...; so a sum
/// over n states is n Q_i(now) less the sum of the signed (k + 1), and a change costs one addition
/// whatever the number of levels.
#[derive(Clone, Debug, Default)]
pub struct TimeAverage {
    n_servers: u64,
    events: u64,
    // Over the changes of Q_i, the sum of (events so far, this one included) times the sign.
    shifts: Vec<i128>,
    now: Vec<u64>,
}

impl TimeAverage {
    /// An average that starts at this state.
    pub fn starting_at(queues: &Queues) -> Self {
        let occupancy = queues.occupancy();
        let now: Vec<u64> = std::iter::once(occupancy.n_servers())
            .chain(occupancy.counts().iter().copied())
            .collect();
        Self { n_servers: occupancy.n_servers(), events: 0, shifts: vec![0; now.len()], now }
    }

    /// The next event leaves all queues as they are.
    pub fn nothing(&mut self) {
        self.change(0, 0);
    }

    /// At the next event a queue of this length gets one more task.
    pub fn raise(&mut self, length_before: u32) {
        self.change(length_before as usize + 1, 1);
    }

    /// At the next event a queue of this length loses a task.
    pub fn lower(&mut self, length_before: u32) {
        self.change(length_before as usize, -1);
    }

    /// The number of events averaged over.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The sum of Q_i over the states before the events.
    pub fn sum(&self, i: usize) -> u128 {
        let (Some(&now), Some(&shift)) = (self.now.get(i), self.shifts.get(i)) else { return 0 };
        // A sum of nonnegative terms; negative only where the counts belong to other queues.
        u128::try_from(i128::from(now) * i128::from(self.events) - shift).unwrap_or(0)
    }

    /// The average of q_i; NaN before the first event.
    pub fn mean(&self, i: usize) -> f64 {
        self.sum(i) as f64 / (u128::from(self.n_servers) * u128::from(self.events)) as f64
    }

    /// The averages of q_1, q_2, ... up to the longest queue seen.
    pub fn means(&self) -> Vec<f64> {
        (1..self.now.len()).map(|i| self.mean(i)).collect()
    }

    /// The average number of tasks per server.
    pub fn mean_queue_length(&self) -> f64 {
        let tasks: u128 = (1..self.now.len()).map(|i| self.sum(i)).sum();
        tasks as f64 / (u128::from(self.n_servers) * u128::from(self.events)) as f64
    }
}

/// A path of the model: random marks folded over queues, and the clock of their times.
///
/// A pure function of model, seed, replication and start.
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model, simulate::Simulation};
/// let model = Model::new(BipartiteGraph::complete(100, 100)?, 0.8, 2)?;
/// let mut simulation = Simulation::new(&model, 1, 0, vec![])?;
/// simulation.advance_to(5.0)?;
/// let queues = simulation.queues();
/// assert_eq!(queues.arrivals() - queues.departures(), queues.total());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    marks: DrawnAhead,
    queues: Queues,
    timeline: Timeline,
}

impl Simulation {
    /// The path of a replication from these queue lengths, or from empty queues if none are given.
    ///
    /// # Errors
    /// [`SimulateError::StartLength`].
    pub fn new(
        model: &Model,
        seed: u64,
        replication: u64,
        start: Vec<u32>,
    ) -> Result<Self, SimulateError> {
        let n = model.graph().n_servers();
        if !start.is_empty() && start.len() != n as usize {
            return Err(SimulateError::StartLength { given: start.len(), needed: n as usize });
        }
        let marks = RandomMarks::new(model, stream_rng(seed, replication));
        Ok(Self {
            marks: DrawnAhead::new(marks, model.d()),
            queues: Queues::of(model, if start.is_empty() { vec![0; n as usize] } else { start }),
            timeline: Timeline::new(Clock::new(model.event_rate(), seed, replication)),
        })
    }

    /// The state.
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.marks.stream().model()
    }

    /// The number of events so far.
    pub fn events(&self) -> u64 {
        self.timeline.events()
    }

    /// Where the path is: the last time advanced to, or the time of the last event if that is
    /// later.
    pub fn time(&self) -> f64 {
        self.timeline.time()
    }

    /// The time of the next event, which is not applied.
    pub fn next_time(&mut self) -> f64 {
        self.timeline.next_time()
    }

    /// Applies the next `count` events.
    pub fn step_events(&mut self, count: u64) {
        let Self { marks, queues, timeline } = self;
        timeline.advance_by(count, |some| fold(marks, queues, some, &mut Unseen));
    }

    /// Applies the next `count` events and shows each to the observer, without times.
    pub fn observe_events(&mut self, count: u64, observer: &mut impl Observer) {
        let Self { marks, queues, timeline } = self;
        timeline.advance_by(count, |some| fold_shown(marks, queues, some, None, observer));
    }

    /// Applies the next `count` events and counts them in the average.
    pub fn average_events(&mut self, count: u64, average: &mut TimeAverage) {
        let Self { marks, queues, timeline } = self;
        timeline.advance_by(count, |some| fold(marks, queues, some, average));
    }

    /// Applies all events strictly before `time`.
    ///
    /// # Errors
    /// [`SimulateError::Time`].
    pub fn advance_to(&mut self, time: f64) -> Result<(), SimulateError> {
        let Self { marks, queues, timeline } = self;
        Ok(timeline.advance_to(time, |some| fold(marks, queues, some, &mut Unseen))?)
    }

    /// Applies all events strictly before `time` and shows each to the observer with its time, then
    /// the state at `time`.
    ///
    /// # Errors
    /// [`SimulateError::Time`].
    pub fn observe_until(
        &mut self,
        time: f64,
        observer: &mut impl Observer,
    ) -> Result<(), SimulateError> {
        let Self { marks, queues, timeline } = self;
        timeline.advance_timed(time, |times| {
            let count = times.len() as u64;
            fold_shown(marks, queues, count, Some(times), observer);
        })?;
        observer.at(time, queues);
        Ok(())
    }
}

/// The fold: the next `count` marks of an endless stream.
fn fold(marks: &mut DrawnAhead, queues: &mut Queues, count: u64, changes: &mut impl Changes) {
    let mut left = count as usize;
    while left > 0 {
        let (block, range) = marks.take_range(left);
        left -= range.len();
        queues.apply_all(block, range, changes);
    }
}

/// The fold, mark by mark before somebody's eyes; `times` are those of the marks.
fn fold_shown(
    marks: &mut DrawnAhead,
    queues: &mut Queues,
    count: u64,
    times: Option<&[f64]>,
    observer: &mut impl Observer,
) {
    let mut left = count as usize;
    while left > 0 {
        let done = count as usize - left;
        let some = marks.take(left);
        left -= some.len();
        for (i, mark) in (done..).zip(some) {
            let time = times.map(|times| times[i]);
            observer.before(time, mark, queues);
            let event = queues.apply(mark);
            observer.after(time, mark, event, queues);
        }
    }
}
