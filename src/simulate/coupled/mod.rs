//! Two systems driven together so that X1 <= X2 stays true for every server (Proposition 3.9).
//!
//! | statement | here |
//! |---|---|
//! | Prop. 3.9 by shared marks | [`Coupling::SharedMarks`], [`Coupled::apply`] |
//! | the same with a smaller load in the lower system | [`Coupling::Thinned`] |
//! | the same with a buffer cap | [`Coupled::capped`] |
//! | Prop. 3.9 by (4.13), shared probability mass | [`Coupling::SharedMass`], [`shared_mass`] |
//! | X1 <= X2 | [`check_order`], [`OrderViolation`] |
//!
//! Shared marks: the map of a mark keeps the order. Suppose the lower system's task joins v and the
//! upper's joins u, and the order breaks at v: then X1_v = X2_v and v differs from u. But X2_u <=
//! X2_v = X1_v <= X1_u <= X2_u, so that all are equal, and then both v and u are minimal in both
//! systems, and the first of them in the sample sequence is the same. This holds for any number of
//! starts at once, which (4.13) does not give, and for every policy with
//! [`Policy::is_monotone`](crate::model::policy::Policy::is_monotone).
//!
//! The order is checked on every event, at the servers that the event touches; no other server can
//! break it.
//!
//! # Source
//! Proposition 3.9, (4.12), (4.13).

#[doc(hidden)]
pub mod shared_mass;

use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use super::Queues;
use super::marks::{DrawnAhead, Mark, RandomMarks};
use crate::model::{Event, Load, Model};
use crate::random::event_clock::{Clock, TimeError, Timeline};
use crate::random::{Coin, coin_rng, stream_rng};
pub use shared_mass::{Interval, SharedMass, shared_mass_intervals};

/// A server whose queue is longer in the lower system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "after {event_index} events server {server} has {lower} tasks in the lower system and {upper} \
     in the upper"
)]
pub struct OrderViolation {
    /// How many events had been applied; 0 at the start.
    pub event_index: u64,
    /// The server.
    pub server: u32,
    /// Its queue in the lower system.
    pub lower: u32,
    /// Its queue in the upper system.
    pub upper: u32,
}

/// Why two systems cannot be coupled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CouplingError {
    /// A start is not one length per server.
    #[error(
        "the starts have {lower} and {upper} queue lengths for {needed} servers: give one per \
         server"
    )]
    StartLength {
        /// Lengths of the lower start.
        lower: usize,
        /// Lengths of the upper start.
        upper: usize,
        /// N.
        needed: usize,
    },
    /// The starts are not ordered.
    #[error("the starts are not ordered: {0}")]
    Start(#[from] OrderViolation),
    /// A queue of the upper start is above the cap.
    #[error("server {server} starts with {length} tasks, above the cap of {cap}")]
    AboveCap {
        /// The server.
        server: u32,
        /// Its queue in the upper start.
        length: u32,
        /// The cap.
        cap: u32,
    },
    /// The lower system has the greater load.
    #[error("the lower system's load {lower} is above the upper's {upper}")]
    Load {
        /// lambda of the lower system.
        lower: String,
        /// lambda of the upper system.
        upper: String,
    },
    /// (4.13) is about systems without a cap.
    #[error("shared mass couples systems without a cap: take shared marks")]
    CappedMass,
    /// (4.13) is about policies that join a shortest of samples, ties fair.
    #[error(
        "shared mass couples systems of jsq(D), jsq(all) or random with fair ties and no weights, \
         not of `{policy}`: take shared marks"
    )]
    NoMass {
        /// The policy.
        policy: String,
    },
}

/// Why a coupled run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CoupledRunError {
    /// The order broke.
    #[error(transparent)]
    Order(#[from] OrderViolation),
    /// The time asked for is none, or in the past.
    #[error(transparent)]
    Time(#[from] TimeError),
}

/// Compares all queues of two systems.
///
/// # Errors
/// [`OrderViolation`] at the first server that is longer in `lower`, with the event index 0.
///
/// # Panics
/// If the systems have different numbers of servers.
pub fn check_order(lower: &Queues, upper: &Queues) -> Result<(), OrderViolation> {
    assert_eq!(lower.lengths().len(), upper.lengths().len(), "two systems with the same servers");
    let mut pairs = (0..).zip(lower.lengths().iter().zip(upper.lengths()));
    let longer = pairs.find(|(_, (l, u))| l > u);
    longer.map_or(Ok(()), |(server, (&lower, &upper))| {
        Err(OrderViolation { event_index: 0, server, lower, upper })
    })
}

fn check_lengths(lower: &[u32], upper: &[u32], needed: usize) -> Result<(), CouplingError> {
    let (lower, upper) = (lower.len(), upper.len());
    let fit = lower == needed && upper == needed;
    if fit { Ok(()) } else { Err(CouplingError::StartLength { lower, upper, needed }) }
}

/// Applies one mark to any number of states: the grand coupling.
pub fn apply_to_all<'q>(
    mark: Mark<'_>,
    cap: u32,
    states: impl IntoIterator<Item = &'q mut Queues>,
) {
    for queues in states {
        queues.apply_capped(mark, cap);
    }
}

/// Two ordered states, the servers where they differ, and a check of the order at every event.
///
/// ```
/// use fluidcheck::simulate::{coupled::Coupled, marks::Mark};
/// let mut pair = Coupled::new(vec![0, 0], vec![1, 0])?;
/// pair.apply(Mark::Service { server: 0 })?;
/// assert!(pair.coalesced());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Coupled {
    lower: Queues,
    upper: Queues,
    cap: u32,
    differs: Vec<bool>,
    differing: u32,
    events: u64,
}

impl Coupled {
    /// Two systems from ordered starts.
    ///
    /// # Errors
    /// [`CouplingError::StartLength`] for starts of different lengths, [`CouplingError::Start`].
    pub fn new(lower: Vec<u32>, upper: Vec<u32>) -> Result<Self, CouplingError> {
        Self::capped(lower, upper, u32::MAX)
    }

    /// Two systems in which a task that would join a queue of `cap` tasks is lost.
    ///
    /// # Errors
    /// As [`Coupled::new`], and [`CouplingError::AboveCap`].
    pub fn capped(lower: Vec<u32>, upper: Vec<u32>, cap: u32) -> Result<Self, CouplingError> {
        Self::with(Queues::from_lengths(lower), Queues::from_lengths(upper), cap)
    }

    /// Two systems in which tasks choose by the policy of `model`, and one that would join a queue
    /// of `cap` tasks is lost.
    ///
    /// # Errors
    /// As [`Coupled::capped`].
    pub fn of(
        model: &Model,
        lower: Vec<u32>,
        upper: Vec<u32>,
        cap: u32,
    ) -> Result<Self, CouplingError> {
        Self::with(Queues::of(model, lower), Queues::of(model, upper), cap)
    }

    fn with(lower: Queues, upper: Queues, cap: u32) -> Result<Self, CouplingError> {
        check_lengths(lower.lengths(), upper.lengths(), lower.lengths().len())?;
        let mut above = (0..).zip(upper.lengths()).filter(|&(_, &length)| length > cap);
        if let Some((server, &length)) = above.next() {
            return Err(CouplingError::AboveCap { server, length, cap });
        }
        let pairs = lower.lengths().iter().zip(upper.lengths());
        let differs: Vec<bool> = pairs.map(|(l, u)| l != u).collect();
        let differing = differs.iter().filter(|&&differs| differs).count() as u32;
        check_order(&lower, &upper)?;
        Ok(Self { lower, upper, cap, differs, differing, events: 0 })
    }

    /// The system whose queues are nowhere longer.
    pub fn lower(&self) -> &Queues {
        &self.lower
    }

    /// The system whose queues are nowhere shorter.
    pub fn upper(&self) -> &Queues {
        &self.upper
    }

    /// The number of events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// At how many servers the two systems differ.
    pub fn differing(&self) -> u32 {
        self.differing
    }

    /// Whether the two systems are equal. Under one load they then stay so.
    pub fn coalesced(&self) -> bool {
        self.differing == 0
    }

    /// Applies one mark to both.
    ///
    /// # Errors
    /// [`OrderViolation`], after the event has been applied.
    pub fn apply(&mut self, mark: Mark<'_>) -> Result<(), OrderViolation> {
        let lower = self.lower.apply_capped(mark, self.cap);
        let upper = self.upper.apply_capped(mark, self.cap);
        self.settle(&[lower, upper])
    }

    /// Applies a mark to the upper system only.
    ///
    /// # Errors
    /// [`OrderViolation`], where the mark is a service.
    pub fn apply_upper(&mut self, mark: Mark<'_>) -> Result<(), OrderViolation> {
        let upper = self.upper.apply_capped(mark, self.cap);
        self.settle(&[upper])
    }

    /// A task joins a server in each system.
    ///
    /// # Errors
    /// [`OrderViolation`], after both have joined.
    pub fn join(&mut self, task_type: u32, lower: u32, upper: u32) -> Result<(), OrderViolation> {
        // A single sample leaves no choice.
        let joins = |queues: &mut Queues, server| {
            queues.apply_capped(Mark::Arrival { task_type, samples: &[server] }, self.cap)
        };
        let events = [joins(&mut self.lower, lower), joins(&mut self.upper, upper)];
        self.settle(&events)
    }

    fn settle(&mut self, events: &[Event]) -> Result<(), OrderViolation> {
        self.events += 1;
        for event in events {
            let (Event::Arrival { server, .. } | Event::Service { server }) = *event else {
                continue;
            };
            let v = server as usize;
            let (lower, upper) = (self.lower.lengths()[v], self.upper.lengths()[v]);
            match (self.differs[v], lower != upper) {
                (false, true) => self.differing += 1,
                (true, false) => self.differing -= 1,
                _ => {}
            }
            self.differs[v] = lower != upper;
            if lower > upper {
                return Err(OrderViolation { event_index: self.events, server, lower, upper });
            }
        }
        Ok(())
    }
}

/// How two systems share their randomness.
#[derive(Clone, Debug, PartialEq)]
pub enum Coupling {
    /// The same marks, hence the same samples.
    SharedMarks,
    /// The same marks, of which the lower system takes an arrival only with probability (its load)
    /// / (the upper's load).
    Thinned {
        /// The load of the lower system; the model's own is the upper's.
        lower: Load,
    },
    /// (4.13): the same task types and the same uniform number, and the same potential departures.
    SharedMass,
}

/// Two coupled paths in time.
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model, simulate::coupled::{CoupledSimulation, Coupling}};
/// let model = Model::new(BipartiteGraph::complete(10, 10)?, 0.8, 2)?;
/// let mut pair = CoupledSimulation::new(&model, Coupling::SharedMarks, 1, 0, vec![0; 10], vec![3; 10])?;
/// let events = pair.run_until_coalesced(1_000_000)?;
/// assert!(events.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CoupledSimulation {
    pair: Coupled,
    source: Source,
    timeline: Timeline,
}

#[derive(Clone, Debug)]
enum Source {
    Marks(Box<MarkSource>),
    Mass(Box<SharedMass>),
}

#[derive(Clone, Debug)]
struct MarkSource {
    marks: DrawnAhead,
    thinning: Option<(Coin, ChaCha8Rng)>,
}

impl CoupledSimulation {
    /// Two systems of one model (the lower one perhaps with a smaller load) from ordered starts.
    ///
    /// # Errors
    /// [`CouplingError`].
    pub fn new(
        model: &Model,
        coupling: Coupling,
        seed: u64,
        replication: u64,
        lower: Vec<u32>,
        upper: Vec<u32>,
    ) -> Result<Self, CouplingError> {
        Self::capped(model, coupling, seed, replication, lower, upper, u32::MAX)
    }

    /// The same where a task that would join a queue of `cap` tasks is lost.
    ///
    /// # Errors
    /// [`CouplingError`].
    pub fn capped(
        model: &Model,
        coupling: Coupling,
        seed: u64,
        replication: u64,
        lower: Vec<u32>,
        upper: Vec<u32>,
        cap: u32,
    ) -> Result<Self, CouplingError> {
        let needed = model.graph().n_servers() as usize;
        check_lengths(&lower, &upper, needed)?;
        let from_marks = |thinning| {
            let marks = RandomMarks::new(model, stream_rng(seed, replication));
            let marks = DrawnAhead::new(marks, model.d());
            Source::Marks(Box::new(MarkSource { marks, thinning }))
        };
        let source = match coupling {
            Coupling::SharedMarks => from_marks(None),
            Coupling::Thinned { lower } => {
                let upper = model.load();
                if lower.exact() > upper.exact() {
                    let [lower, upper] = [&lower, upper].map(|load| load.exact().to_string());
                    return Err(CouplingError::Load { lower, upper });
                }
                let coin = Coin::new(&(lower.exact() / upper.exact()));
                from_marks(Some((coin, coin_rng(seed, replication))))
            }
            Coupling::SharedMass if cap < u32::MAX => return Err(CouplingError::CappedMass),
            Coupling::SharedMass if shared_mass::law_of(model).is_none() => {
                return Err(CouplingError::NoMass { policy: model.policy().to_string() });
            }
            Coupling::SharedMass => {
                Source::Mass(Box::new(SharedMass::new(model, stream_rng(seed, replication))))
            }
        };
        let timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
        Ok(Self { pair: Coupled::of(model, lower, upper, cap)?, source, timeline })
    }

    /// The two states.
    pub fn pair(&self) -> &Coupled {
        &self.pair
    }

    /// Where the paths are, as in [`Timeline::time`].
    pub fn time(&self) -> f64 {
        self.timeline.time()
    }

    /// Applies the next event to both.
    ///
    /// # Errors
    /// [`OrderViolation`].
    pub fn step(&mut self) -> Result<(), OrderViolation> {
        let Self { pair, source, timeline } = self;
        timeline.advance_by(1, |_| {});
        source.step(pair)
    }

    /// Applies all events strictly before `time`.
    ///
    /// # Errors
    /// [`CoupledRunError`].
    pub fn advance_to(&mut self, time: f64) -> Result<(), CoupledRunError> {
        let Self { pair, source, timeline } = self;
        let mut order = Ok(());
        timeline.advance_to(time, |count| {
            for _ in 0..count {
                order = order.and_then(|()| source.step(pair));
            }
        })?;
        Ok(order?)
    }

    /// Runs until the systems are equal; the number of events so far, or `None` after `max_events`
    /// more events.
    ///
    /// # Errors
    /// [`OrderViolation`].
    pub fn run_until_coalesced(&mut self, max_events: u64) -> Result<Option<u64>, OrderViolation> {
        let end = self.pair.events.saturating_add(max_events);
        while self.pair.events < end && !self.pair.coalesced() {
            self.step()?;
        }
        Ok(self.pair.coalesced().then_some(self.pair.events))
    }
}

impl Source {
    fn step(&mut self, pair: &mut Coupled) -> Result<(), OrderViolation> {
        match self {
            Self::Marks(source) => {
                let MarkSource { marks, thinning } = &mut **source;
                // Random marks never end.
                let Some(mark) = marks.take(1).next() else { return Ok(()) };
                let taken = match (thinning, mark) {
                    (Some((coin, rng)), Mark::Arrival { .. }) => coin.toss(rng),
                    _ => true,
                };
                if taken { pair.apply(mark) } else { pair.apply_upper(mark) }
            }
            Self::Mass(mass) => mass.step(pair),
        }
    }
}
