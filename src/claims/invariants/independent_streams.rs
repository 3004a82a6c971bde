//! Replications are driven by streams of their own.
//!
//! Two replications with the same marks are one replication counted twice, and every interval built
//! on them is too short. Pilots that choose how long replications are, and the blocks of the past
//! from which perfect samples come, are no replications either: the choice of a window by the very
//! marks that are averaged in it favours what it looks for. Which streams they draw from is seen by
//! a subject that writes down what it is asked for. Equal first marks of two independent streams
//! have the probability of a chance coincidence, and so many marks are compared that it is below
//! 10^-15.
//!
//! # Source
//! None in the paper; a fault of public simulators.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Trial;
use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::estimate::bracketing::{Plan, Sample, UpperStart};
use crate::estimate::from_the_past::Past;
use crate::faults;
use crate::instruments::Instruments;
use crate::model::{Event, Model};
use crate::num::ratio;
use crate::random::event_clock::Clock;
use crate::random::{Coins, clock_rng, coin_rng, start_rng, stream_rng};
use crate::simulate::Queues;
use crate::simulate::marks::{DrawnAhead, Mark, MarkStream, OwnedMark};
use crate::subject::{Reference, Subject};
use rand::Rng;

/// Streams of replications, pilots and blocks of the past; one drawn again, on whichever thread,
/// has the same marks.
pub(crate) const INDEPENDENT_STREAMS: Claim = Claim {
    id: "independent-streams",
    source: "section 5, independent replications",
    paper: &["Section 5"],
    statement: "no two replications, pilots or blocks of the past share marks or event times; \
        threads change nothing",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::REUSED_STREAM,
        faults::SEEDS_BY_WORKER,
        faults::PILOTS_ON_THE_REPLICATIONS_STREAM,
    ],
    run: independent_streams,
};

/// Up to this many servers of a type the lists of samples are looked at one by one.
const MOST_SERVERS: usize = 8;

/// Longer prefixes are not compared.
const MOST_MARKS: f64 = 4000.0;

/// How many marks two independent streams share with a probability below 10^-15.
fn n_marks(setting: &Setting<'_>) -> Option<usize> {
    let (graph, lambda) = (setting.model.graph(), setting.model.lambda());
    let same_arrival: f64 = (0..graph.n_task_types())
        .map(|w| {
            let of_type = graph.weight(w) as f64 / graph.total_weight() as f64;
            same_samples(setting.model, w) * of_type * of_type
        })
        .sum();
    let same_mark = (1.0 / f64::from(graph.n_servers()) + lambda * lambda * same_arrival)
        / (1.0 + lambda).powi(2);
    let needed = (1e-15f64.ln() / same_mark.ln()).ceil();
    (needed <= MOST_MARKS).then_some(needed as usize)
}

/// The probability that two arrivals of a type have the same samples, or a bound on it.
fn same_samples(model: &Model, task_type: u32) -> f64 {
    let (policy, n) = (model.policy(), model.graph().servers_of(task_type).len());
    if let Some(d) = policy.paper_d() {
        return (n.max(1) as f64).powi(-i32::try_from(d).unwrap_or(i32::MAX));
    }
    // Others may take turns, or look at all servers in a fixed order.
    match policy.all_samples(n.max(1) as u32, model.weights_of(task_type).as_deref()) {
        Ok(all) if n <= MOST_SERVERS => {
            all.iter().map(|(_, p)| ratio::to_f64(p)).map(|p| p * p).sum()
        }
        _ => 1.0,
    }
}

fn independent_streams(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let Some(n_marks) = n_marks(setting) else {
        return Evidence::not_applicable(format!(
            "needs marks that differ: the first {MOST_MARKS} of independent streams may be equal \
             by chance"
        ));
    };
    setting.cases(claim, 3, "seeds with eight replications", |case, _| {
        let seed = setting.seed(claim.id).wrapping_add(case);
        let trial = Trial { setting: *setting, seed, case, events: 0 };
        match all_differ(trial, n_marks) {
            Ok(()) => Outcome::holds(0.0),
            Err(found) => trial.violated(0, found, &[]),
        }
    })
}

/// What is shared by, or not the same in, replications of this seed.
fn all_differ(Trial { setting, seed, case, .. }: Trial<'_>, n_marks: usize) -> Result<(), String> {
    let replications: Vec<u64> = (0..6).chain([1 << 20, 1 << 40]).collect();
    let clock = |seed, replication| Clock::new(setting.model.event_rate(), seed, replication);
    let draw_many = |seed: u64, replication: u64, count: usize| -> Vec<OwnedMark> {
        let stream = setting.subject.marks(setting.model, seed, replication);
        let mut marks = DrawnAhead::new(stream, setting.model.d());
        (0..count).filter_map(|_| marks.next_mark().map(OwnedMark::from)).collect()
    };
    let draw = |seed: u64, replication: u64| draw_many(seed, replication, n_marks);
    let found = shared_words(seed, &replications)
        .or_else(|| steps_alike(&clock(seed, case)))
        .or_else(|| repeats(&draw_many(seed, 0, FOLLOWED), 3 * n_marks / 2));
    if let Some(found) = found {
        return Err(found);
    }
    // Names of the marks and times seen so far.
    let mut seen: Vec<(Vec<OwnedMark>, String)> = Vec::new();
    let mut times: BTreeMap<Vec<u64>, u64> = BTreeMap::new();
    for (seed, replication) in replications.iter().map(|&r| (seed, r)).chain([(seed ^ 1 << 63, 0)])
    {
        let name = format!("seed {seed}, replication {replication}");
        let marks = draw(seed, replication);
        if marks != draw(seed, replication) {
            return Err(format!("{name}: other marks when drawn again"));
        }
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| draw(seed, replication)).join());
        if !elsewhere.is_ok_and(|elsewhere| elsewhere == marks) {
            return Err(format!("{name}: other marks when another thread draws them"));
        }
        if let Some((_, other)) = seen.iter().find(|(other, _)| *other == marks) {
            return Err(format!("{name} has the same first {n_marks} marks as {other}"));
        }
        seen.push((marks, name));
        let first = clock(seed, replication).times_in(0).iter().map(|t| t.to_bits()).collect();
        if let Some(other) = times.insert(first, replication) {
            return Err(format!(
                "replications {replication} and {other} have the same event times"
            ));
        }
    }
    for Asked { name, seed, replication } in asked(setting.instruments, setting.model, seed) {
        let marks = draw(seed, replication);
        if let Some((_, other)) = seen.iter().find(|(other, _)| *other == marks) {
            return Err(format!("{name} has the same first {n_marks} marks as {other}"));
        }
        seen.push((marks, name));
    }
    Ok(())
}

/// Events after which a pilot gives up: more than small systems need for all their pilots. On a
/// large one only the first few are seen, which are numbered alike.
const PILOTED: u64 = 20_000;

/// Blocks of the past that are looked at, of the first replications.
const BLOCKS: u64 = 4;

/// A stream that somebody asked for.
struct Asked {
    name: String,
    seed: u64,
    replication: u64,
}

/// What pilots, replications that go on from them, and blocks of the past draw from, where it is
/// not the stream of a replication that is looked at already.
fn asked(instruments: &Instruments, model: &Model, seed: u64) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    let mut take = |witness: &AskedFor, name: &dyn Fn(usize) -> String| {
        let streams = std::mem::take(&mut *witness.lock());
        all.extend(streams.into_iter().enumerate().map(|(at, (seed, replication))| {
            let name = format!("{} (seed {seed}, replication {replication})", name(at));
            Asked { name, seed, replication }
        }));
    };
    let witness = AskedFor::default();
    // Whether the pilots found a plan does not matter here.
    let _ = (instruments.plan)(&witness, model, seed, PILOTED);
    take(&witness, &|pilot| format!("pilot {pilot}"));
    let start = UpperStart { level: 1, error: None };
    let plan = Plan { start, warm_up: 0, window: 1, every: 1, top: 0 };
    // The stream of replication 0 is looked at already; any other would be a new one.
    Sample::draw(&witness, model, &plan, seed, 0);
    witness.lock().retain(|&stream| stream != (seed, 0));
    take(&witness, &|_| "the sample of replication 0".to_owned());
    // Blocks are numbered without regard to the policy, and replayed under the paper's only.
    if model.policy().paper_d().is_some() {
        for replication in 0..2 {
            let past = Past::new(&witness, model, 1, seed, replication);
            let mut states = past.extremes();
            (0..BLOCKS).for_each(|k| past.replay(k, &mut states, |_| ()));
            take(&witness, &|k| format!("block {k} of the past of replication {replication}"));
        }
    }
    all
}

/// The reference, which writes down the seeds and replications whose marks it is asked for.
#[derive(Default)]
struct AskedFor(Mutex<Vec<(u64, u64)>>);

impl AskedFor {
    fn lock(&self) -> MutexGuard<'_, Vec<(u64, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subject for AskedFor {
    fn name(&self) -> String {
        Reference.name()
    }

    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        self.lock().push((seed, replication));
        Reference.marks(model, seed, replication)
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        Reference.apply(model, queues, mark, rng)
    }
}

/// Where two generators of different purpose, seed or replication give the same 128 bits: chance
/// has a probability below 10^-27.
fn shared_words(seed: u64, replications: &[u64]) -> Option<String> {
    let mut seen: BTreeMap<(u64, u64), String> = BTreeMap::new();
    // No bit of a seed or of a replication may be left out: those that differ in one bit are
    // compared by their first words.
    const OTHER: u64 = 100;
    let bits = || (0..64).map(|bit| 1u64 << bit);
    let many = replications.iter().map(|&replication| (seed, replication, 256));
    let few = bits()
        .chain([0])
        .map(|bit| (seed, OTHER ^ bit, 4))
        .chain(bits().map(|bit| (seed ^ bit, 0, 4)));
    let all: Vec<(u64, u64, usize)> = many.chain(few).collect();
    for purpose in ["marks", "clock", "coins", "start"] {
        for &(seed, replication, words) in &all {
            let name = format!("the {purpose} of seed {seed}, replication {replication}");
            let mut rng = match purpose {
                "marks" => stream_rng(seed, replication),
                "clock" => clock_rng(seed, replication),
                "start" => start_rng(seed, replication),
                _ => coin_rng(seed, replication),
            };
            for _ in 0..words {
                if let Some(other) = seen.insert((rng.next_u64(), rng.next_u64()), name.clone()) {
                    return Some(format!("{name} share random numbers with {other}"));
                }
            }
        }
    }
    None
}

/// Marks of one stream that are looked through for repetitions.
const FOLLOWED: usize = 640;

/// Where a stream repeats itself: `length` marks in a row that came before.
fn repeats(marks: &[OwnedMark], length: usize) -> Option<String> {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    // Hashes first: two of them agree by chance once in 10^14 streams.
    let hash = |marks: &[OwnedMark]| {
        let mut hasher = DefaultHasher::new();
        marks.hash(&mut hasher);
        hasher.finish()
    };
    marks.windows(length).enumerate().find_map(|(at, window)| {
        let before = seen.insert(hash(window), at)?;
        Some(format!("the {length} marks from the {at}th on are those from the {before}th on"))
    })
}

/// Steps of a clock that share random numbers, and with them the places of their events: by chance
/// three of a step agree with others to 12 digits with a probability below 10^-12.
fn steps_alike(clock: &Clock) -> Option<String> {
    const STEPS: u64 = 24;
    let width = clock.start_of(1);
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    for step in 0..STEPS {
        let places = clock
            .times_in(step)
            .into_iter()
            .map(|time| ((time - clock.start_of(step)) / width * 1e12).round() as u64);
        let (places, mut shared) = (places.collect::<Vec<u64>>(), 0);
        for place in &places {
            shared +=
                u32::from((place - place.min(&1)..=place + 1).any(|near| seen.contains_key(&near)));
        }
        if shared >= 3 {
            return Some(format!(
                "step {step} of a clock has {shared} events at the places of those of earlier steps"
            ));
        }
        seen.extend(places.into_iter().map(|place| (place, step)));
    }
    None
}
