//! The wrong models, each a value: what it gets wrong, where such an error was seen, and the wrong
//! part of the system or of the instruments.
//!
//! Stage 12 of 18: wrong subjects and instruments stand below the claims that name them.
//!
//! A fault is one small wrong part in the right pipeline. Every claim lists those that it must
//! reject ([`crate::claims::Claim::rejects`]), and a test proves every pair; the reference model
//! passes under the same budget.
//!
//! A new fault is one constant in the file of its group and its name in that file's `ALL`; then the
//! claims that must reject it list it.
//!
//! What is wrong depends on what is promised: `jsq(2), distinct` is a fault of
//! `jsq(2), replacement` and the reverse. [`Fault::of`] names the promised policy, where it is not
//! the paper's.
//!
//! # Source
//! The errors of the printed text, and those seen in public simulators and balancers.

#![allow(missing_docs, reason = "what a fault gets wrong stands in its `about`, not above it")]

mod formulas;
mod graph_and_path;
mod picks;
mod policies;
mod statistics;
mod streams;

use std::fmt;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};

use crate::instruments::{Instruments, REFERENCE, UnderCheck};
use crate::model::{Event, Model};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::{Mark, MarkStream};
use crate::subject::{Follows, Reference, Subject};

pub use formulas::*;
pub use graph_and_path::*;
pub use picks::*;
pub use policies::*;
pub use statistics::*;
pub use streams::*;

/// Every fault, group by group.
pub static ALL: LazyLock<Vec<&Fault>> = LazyLock::new(|| {
    [picks::ALL, policies::ALL, graph_and_path::ALL, streams::ALL, statistics::ALL, formulas::ALL]
        .concat()
});

/// A wrong model. Two are equal if their ids are.
#[derive(Clone, Copy)]
pub struct Fault {
    /// The name that reports use.
    pub id: &'static str,
    /// What it gets wrong, in one sentence.
    pub about: &'static str,
    /// What it concerns.
    pub group: Group,
    /// The policy that a system with this fault promises and does not follow, as text; `None` is
    /// the paper's, `jsq(d), replacement` with the d of the system.
    pub of: Option<&'static str>,
    /// Where such an error was seen.
    pub seen: &'static str,
    /// The system that runs.
    pub system: System,
    /// The formulas, estimates and tests.
    pub instruments: Instruments,
}

impl Fault {
    /// Nothing is wrong yet, and it was seen nowhere.
    const fn new(group: Group, id: &'static str) -> Self {
        let system = System {
            model: None,
            marks: None,
            pick: None,
            apply: None,
            couple: None,
            function_of_marks: true,
        };
        let seen = "constructed";
        Self { id, about: "", group, of: None, seen, system, instruments: REFERENCE }
    }

    const fn promising(self, policy: &'static str) -> Self {
        Self { of: Some(policy), ..self }
    }

    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    const fn seen(self, seen: &'static str) -> Self {
        Self { seen, ..self }
    }

    const fn with(self, instruments: Instruments) -> Self {
        Self { instruments, ..self }
    }

    const fn running(self, model: fn(&Model) -> Model) -> Self {
        Self { system: System { model: Some(model), ..self.system }, ..self }
    }

    const fn with_marks(self, marks: Marks) -> Self {
        Self { system: System { marks: Some(marks), ..self.system }, ..self }
    }

    const fn picking(self, pick: Pick) -> Self {
        Self { system: System { pick: Some(pick), ..self.system }, ..self }
    }

    const fn with_own_samples(self) -> Self {
        Self { system: System { function_of_marks: false, ..self.system }, ..self }
    }

    const fn applying(self, apply: Apply) -> Self {
        Self { system: System { apply: Some(apply), ..self.system }, ..self }
    }

    const fn coupling(self, couple: Couple) -> Self {
        Self { system: System { couple: Some(couple), ..self.system }, ..self }
    }

    /// The system that promises what this fault breaks, like `model` but for the policy.
    ///
    /// # Panics
    /// Never: a test reads the policy of every fault.
    pub fn promised(&self, model: &Model) -> Model {
        self.of.map_or_else(|| model.clone(), |policy| with_policy(model, policy))
    }

    /// Whether the system that runs is another one. No other fault moves what a path shows.
    pub fn changes_the_system(&self) -> bool {
        let System { model, marks, pick, apply, couple, function_of_marks: _ } = self.system;
        model.is_some() || marks.is_some() || pick.is_some() || apply.is_some() || couple.is_some()
    }
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

impl<'a> From<&'a Fault> for UnderCheck<'a> {
    fn from(fault: &'a Fault) -> Self {
        Self { subject: fault, instruments: &fault.instruments }
    }
}

/// What a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The model and its picker.
    ModelAndPicker,
    /// The graph that runs, and the path on it.
    GraphAndPath,
    /// Streams of randomness and perfect sampling.
    StreamsAndSampling,
    /// The tests themselves.
    Statistics,
    /// The formulas of the theory.
    Theory,
}

impl Group {
    /// Every group with the heading that reports use.
    pub const ALL: &[(Self, &str)] = &[
        (Self::ModelAndPicker, "The model and its picker."),
        (Self::GraphAndPath, "The graph that runs, and the path on it."),
        (Self::StreamsAndSampling, "Streams of randomness and perfect sampling."),
        (Self::Statistics, "The tests themselves."),
        (Self::Theory, "The formulas of the theory."),
    ];
}

type Marks = fn(&Model, u64, u64) -> Box<dyn MarkStream>;
type Pick = fn(&Model, u32, &[u32], &[u32], &mut Coins) -> u32;
type Apply = fn(&Model, &mut Queues, Mark<'_>) -> Event;
type Couple = fn(&Model, &mut Queues, &mut Queues, Mark<'_>, &mut Coins);

/// The parts of the system that a fault replaces; `None` is the reference.
#[derive(Clone, Copy)]
pub struct System {
    /// The system that runs when another is asked for.
    pub model: Option<fn(&Model) -> Model>,
    /// The stream of marks of a replication, given the model, the seed and the replication.
    pub marks: Option<Marks>,
    /// The server that gets a task, given the model, its type, the samples and the lengths.
    pub pick: Option<Pick>,
    /// Lets a mark act on the queues and tells what happened.
    pub apply: Option<Apply>,
    /// Lets one mark act on two systems.
    pub couple: Option<Couple>,
    /// Whether the pick depends on the samples and lengths only. Coins of a coupled system count as
    /// marks here: a coupling must find out.
    pub function_of_marks: bool,
}

impl Subject for Fault {
    fn name(&self) -> String {
        self.id.to_owned()
    }

    fn system(&self, model: &Model) -> Model {
        self.system.model.map_or_else(|| model.clone(), |other| other(model))
    }

    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        let reference: Marks = |model, seed, replication| Reference.marks(model, seed, replication);
        self.system.marks.unwrap_or(reference)(model, seed, replication)
    }

    fn pick(
        &self,
        model: &Model,
        task_type: u32,
        samples: &[u32],
        lengths: &[u32],
        rng: &mut Coins,
    ) -> u32 {
        match self.system.pick {
            Some(pick) => pick(model, task_type, samples, lengths, rng),
            None => Reference.pick(model, task_type, samples, lengths, rng),
        }
    }

    fn is_function_of_marks(&self) -> bool {
        self.system.function_of_marks
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        match (self.system.apply, self.system.pick, mark) {
            (Some(apply), _, mark) => apply(model, queues, mark),
            (None, Some(pick), Mark::Arrival { task_type, samples }) if !samples.is_empty() => {
                let server = pick(model, task_type, samples, queues.seen(task_type), rng);
                queues.join_of(task_type, samples, server);
                Event::Arrival { task_type, server }
            }
            (None, _, mark) => queues.apply(mark),
        }
    }

    fn couple(
        &self,
        model: &Model,
        lower: &mut Queues,
        upper: &mut Queues,
        mark: Mark<'_>,
        rng: &mut Coins,
    ) {
        if let Some(couple) = self.system.couple {
            return couple(model, lower, upper, mark, rng);
        }
        let mut same = rng.clone();
        self.apply(model, lower, mark, rng);
        self.apply(model, upper, mark, &mut same);
        rng.go_on_behind(same);
    }
}

/// The model on another graph, where there is one with the same load.
fn on_graph(model: &Model, graph: Option<crate::graph::BipartiteGraph>) -> Model {
    graph
        .and_then(|graph| model.changed(graph, model.load().clone()).ok())
        .unwrap_or_else(|| model.clone())
}

/// The model with the policy of this text.
fn with_policy(model: &Model, policy: &'static str) -> Model {
    let policy = policy.parse().expect("a test reads the policy of every fault");
    Follows::instead(model, &policy)
}

/// The model with another number of samples.
fn with_samples(model: &Model, d: u32) -> Model {
    Model::with_load(model.graph().clone(), model.load().clone(), d)
        .unwrap_or_else(|_| model.clone())
}
