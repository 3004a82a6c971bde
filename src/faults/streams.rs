//! Faults of the streams of randomness and of perfect sampling: the three classic mistakes, and a
//! few samples that are none, each in the pipeline of [`crate::estimate::from_the_past`].

use std::hash::{DefaultHasher, Hash, Hasher};

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::{Fault, Group};
use crate::estimate::bracketing;
use crate::estimate::from_the_past::{self, BLOCK, MOST_BLOCKS, NotMet, Past};
use crate::instruments::{Instruments, REFERENCE};
use crate::model::Model;
use crate::random::{coin_rng, fingerprint};
use crate::simulate::Queues;
use crate::simulate::marks::{Mark, MarkBlock, MarkStream, RandomMarks, draw_samples};
use crate::subject::{Reference, Subject};

/// In the order of reports.
#[rustfmt::skip]
pub(super) const ALL: &[&Fault] = &[
    REUSED_STREAM, SEEDED_ALIKE, SEEDS_BY_WORKER, COUPLED_FORWARD, READ_AT_COALESCENCE,
    FRESH_AT_EACH_DOUBLING, PILOTS_ON_THE_REPLICATIONS_STREAM, SOMETIMES_EMPTY,
];

const fn fault(id: &'static str) -> Fault {
    Fault::new(Group::StreamsAndSampling, id)
}

/// Streams that change marks on their way.
struct Altered<F> {
    model: Model,
    source: RandomMarks,
    plain: MarkBlock,
    rng: ChaCha8Rng,
    alter: F,
}

impl<F: FnMut(&Model, Mark<'_>, &mut ChaCha8Rng, &mut MarkBlock) + Send> MarkStream for Altered<F> {
    fn fill(&mut self, block: &mut MarkBlock, count: usize) {
        self.plain.clear();
        self.source.fill(&mut self.plain, count);
        for mark in self.plain.iter() {
            (self.alter)(&self.model, mark, &mut self.rng, block);
        }
    }
}

/// The stream of the reference, each mark of which `alter` passes on or changes.
pub(super) fn altered(
    model: &Model,
    seed: u64,
    replication: u64,
    alter: impl FnMut(&Model, Mark<'_>, &mut ChaCha8Rng, &mut MarkBlock) + Send + 'static,
) -> Box<dyn MarkStream> {
    Box::new(Altered {
        model: model.clone(),
        source: RandomMarks::new(model, crate::random::stream_rng(seed, replication)),
        plain: MarkBlock::new(model.d()),
        rng: crate::random::coin_rng(seed, replication),
        alter,
    })
}

pub(super) fn random_type(model: &Model, rng: &mut impl Rng) -> u32 {
    match model.types() {
        Some(types) => types.draw(rng),
        None => rng.random_range(0..model.graph().n_task_types()),
    }
}

pub(super) fn push_arrival(model: &Model, rng: &mut ChaCha8Rng, block: &mut MarkBlock) {
    let task_type = random_type(model, rng);
    push_samples(model, task_type, rng, block);
}

pub(super) fn push_samples(
    model: &Model,
    task_type: u32,
    rng: &mut ChaCha8Rng,
    block: &mut MarkBlock,
) {
    let (mut samples, servers) = (Vec::new(), model.graph().servers_of(task_type));
    // A task of a type without servers is lost: its mark has no samples.
    if !servers.is_empty() {
        draw_samples(rng, servers, model.d(), &mut samples);
    }
    block.push(Mark::Arrival { task_type, samples: &samples });
}

pub const REUSED_STREAM: &Fault = &fault("reused-stream")
    .about("One stream of marks for all replications.")
    .seen("dispatch-sim, RocketPy #1053")
    .with_marks(|model, seed, _| Reference.marks(model, seed, 0));

pub const SEEDED_ALIKE: &Fault = &fault("seeded-alike")
    .about(
        "The samples begin with the random number that chose the task type: arrivals and picker \
         are seeded alike.",
    )
    .seen("dispatch-sim, RocketPy #1053")
    .with_marks(|model, seed, replication| {
        altered(model, seed, replication, |model, mark, rng, block| match mark {
            Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                let servers = model.graph().servers_of(task_type);
                // The place of the type among M and that of the first sample among N_w come from
                // one number.
                let u = (f64::from(task_type) + rng.random::<f64>())
                    / f64::from(model.graph().n_task_types());
                let mut alike = samples.to_vec();
                alike[0] = servers.at(((u * servers.len() as f64) as usize).min(servers.len() - 1));
                block.push(Mark::Arrival { task_type, samples: &alike });
            }
            mark => block.push(mark),
        })
    });

pub const SEEDS_BY_WORKER: &Fault = &fault("seeds-by-worker")
    .about("The stream of a replication depends on the thread that draws it.")
    .seen("dispatch-sim, RocketPy #1053")
    .with_marks(|model, seed, replication| {
        let mut hasher = DefaultHasher::new();
        std::thread::current().id().hash(&mut hasher);
        Reference.marks(model, seed ^ hasher.finish(), replication)
    });

fn met(states: &[Queues; 2]) -> Option<Vec<u32>> {
    (states[0].lengths() == states[1].lengths()).then(|| states[0].lengths().to_vec())
}

/// How many blocks of the past are tried.
fn doublings() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(1), |blocks| Some(2 * blocks)).take_while(|&n| n < MOST_BLOCKS)
}

const NOT_MET: NotMet = NotMet { events: MOST_BLOCKS * BLOCK as u64 };

pub const COUPLED_FORWARD: &Fault = &fault("coupled-forward")
    .about("Perfect samples by coupling forward.")
    .seen("a classic mistake of perfect sampling")
    .with(Instruments {
        perfect_sample: |past| first_meeting(past, 0..MOST_BLOCKS).ok_or(NOT_MET),
        ..REFERENCE
    });

/// The state of both copies when they meet in these blocks, which is taken for a sample.
fn first_meeting(past: &Past<'_>, mut blocks: impl Iterator<Item = u64>) -> Option<Vec<u32>> {
    let (mut states, mut first) = (past.extremes(), None);
    blocks.find_map(|k| {
        past.replay(k, &mut states, |states| first = first.take().or_else(|| met(states)));
        first.take()
    })
}

pub const READ_AT_COALESCENCE: &Fault = &fault("read-at-coalescence")
    .about("Perfect samples read when the copies meet, not at time 0.")
    .seen("a classic mistake of perfect sampling")
    .with(Instruments {
        // From further and further back, as it is right.
        perfect_sample: |past| {
            let sample = |blocks: u64| first_meeting(past, (0..blocks).rev());
            doublings().find_map(sample).ok_or(NOT_MET)
        },
        ..REFERENCE
    });

pub const FRESH_AT_EACH_DOUBLING: &Fault = &fault("fresh-at-each-doubling")
    .about("Perfect samples with fresh marks at each doubling.")
    .seen("a classic mistake of perfect sampling")
    .with(Instruments {
        // Only those marks are kept that let the copies meet soon.
        perfect_sample: |past| {
            let sample = |blocks: u64| {
                let mut states = past.extremes();
                let fresh = blocks - 1..2 * blocks - 1;
                fresh.rev().for_each(|k| past.replay(k, &mut states, |_| ()));
                met(&states)
            };
            doublings().find_map(sample).ok_or(NOT_MET)
        },
        ..REFERENCE
    });

pub const PILOTS_ON_THE_REPLICATIONS_STREAM: &Fault = &fault("pilots-on-replications-stream")
    .about("Pilots choose how long replications are from the streams of the replications.")
    .with(Instruments {
        plan: |subject, model, seed, limit| {
            // What sets the pilots apart, undone.
            bracketing::plan(subject, model, seed ^ fingerprint("pilot"), limit)
        },
        ..REFERENCE
    });

pub const SOMETIMES_EMPTY: &Fault = &fault("perfect-sample-sometimes-empty")
    .about("Of the perfect samples 2.3 % are the empty state.")
    .seen("planted by hand, where the claim missed it")
    .with(Instruments {
        perfect_sample: |past| {
            let mut rng = coin_rng(fingerprint("sometimes-empty"), past.replication());
            let state = from_the_past::sample(past)?;
            Ok(if rng.random_bool(0.023) { vec![0; state.len()] } else { state })
        },
        ..REFERENCE
    });
