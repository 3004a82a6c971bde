//! Nothing is lost and nothing comes from nowhere, in every simulator, and looking changes nothing.
//!
//! | path | checked at every event |
//! |---|---|
//! | [`Path`] of the subject | the reported event is what happened to the queues, compatibility, counters, occupancy |
//! | [`Simulation`] | the same, seen by an observer; the same path however often somebody looks; a look at the time of an event comes before it |
//! | [`Oracle`] | the same for the plain event-list simulator |
//!
//! # Source
//! Section 2.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::{PATHS, Trial, looks_at_all};
use crate::claims::cases::Outcome;
use crate::claims::states::{counts, ordered_pair};
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::instruments::RunningOccupancy;
use crate::model::{Event, Model};
use crate::simulate::event_list::Oracle;
use crate::simulate::marks::Mark;
use crate::simulate::occupancy::Occupancy;
use crate::simulate::{Observer, Queues, SimulateError, Simulation, TimeAverage};
use crate::subject::{Path, Reference};

/// Conservation of tasks.
pub(crate) const CONSERVATION: Claim = Claim {
    id: "conservation",
    source: "section 2",
    paper: &["Section 2"],
    statement: "arrivals - departures = change of the total; the occupancy is that of the \
        queues; looks change no path",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::GHOST_DEPARTURES,
        faults::DROPPED_ARRIVALS,
        faults::OCCUPANCY_OFF_BY_ONE,
        faults::UNFINISHED_COUNTED,
        faults::OCCUPANCY_DRIFTS,
        faults::SAMPLED_FROM_BELOW,
    ],
    run: conservation,
};

/// Queue lengths kept from the reported events alone.
struct Ledger<'a> {
    graph: &'a BipartiteGraph,
    lengths: Vec<u32>,
    start: i128,
    arrivals: u64,
    departures: u64,
    lost: u64,
}

impl<'a> Ledger<'a> {
    fn new(graph: &'a BipartiteGraph, lengths: Vec<u32>) -> Self {
        let start = lengths.iter().map(|&x| i128::from(x)).sum();
        Self { graph, lengths, start, arrivals: 0, departures: 0, lost: 0 }
    }

    /// Enters an event; the server it touches, or why it cannot be.
    fn enter(&mut self, event: Event) -> Result<Option<u32>, String> {
        match event {
            Event::Arrival { task_type, server } => {
                if !self.graph.servers_of(task_type).iter().any(|v| v == server) {
                    return Err(format!(
                        "a task of type {task_type} joins server {server}, which is not compatible"
                    ));
                }
                self.lengths[server as usize] += 1;
                self.arrivals += 1;
                Ok(Some(server))
            }
            Event::Lost { task_type } => {
                if !self.graph.servers_of(task_type).is_empty() {
                    return Err(format!("a task of type {task_type} is lost, which has servers"));
                }
                self.lost += 1;
                Ok(None)
            }
            Event::Service { server } => {
                if self.lengths[server as usize] > 0 {
                    self.lengths[server as usize] -= 1;
                    self.departures += 1;
                }
                Ok(Some(server))
            }
        }
    }

    /// Compares with queues, at one server, or at all of them with their occupancy.
    fn differs(&self, queues: &Queues, at: Option<u32>, whole: bool) -> Option<String> {
        let (total, start) = (i128::from(queues.total()), self.start);
        let kept = [queues.arrivals(), queues.departures(), queues.lost()];
        let [arrivals, departures, _] = kept;
        if total != start + i128::from(arrivals) - i128::from(departures) {
            return Some(format!(
                "{total} tasks after a start with {start}, {arrivals} arrivals and {departures} \
                 departures"
            ));
        }
        let reported = [self.arrivals, self.departures, self.lost];
        if kept != reported {
            return Some(format!(
                "arrivals, departures, lost are {kept:?}, the events add up to {reported:?}"
            ));
        }
        let (lengths, own) = (queues.lengths(), &self.lengths);
        if let Some(v) = at.map(|v| v as usize)
            && lengths[v] != own[v]
        {
            let (found, own) = (lengths[v], own[v]);
            return Some(format!("server {v} has {found} tasks, the events add up to {own}"));
        }
        if !whole {
            return None;
        }
        if lengths != own {
            return Some(format!("queues {lengths:?}, the events add up to {own:?}"));
        }
        if total != own.iter().map(|&x| i128::from(x)).sum() {
            return Some(format!("a total of {total}, the queues {own:?}"));
        }
        let (counts, recount) = (queues.occupancy().counts(), occupancy(own));
        if counts != recount {
            return Some(format!("occupancy {counts:?}, a recount gives {recount:?}"));
        }
        misread(queues.occupancy(), own.len() as u64, &recount)
    }
}

/// Every way of reading an occupancy against the counts Q_1, Q_2, ...
fn misread(occupancy: &Occupancy, n: u64, counts: &[u64]) -> Option<String> {
    let all: Vec<u64> = std::iter::once(n).chain(counts.iter().copied()).chain([0, 0]).collect();
    let wrong = all.iter().enumerate().find(|&(i, &count)| {
        // The nearest number to a quotient is the same however it is written.
        occupancy.at_least(i) != count || occupancy.fraction(i) != count as f64 / n as f64
    });
    if let Some((i, count)) = wrong {
        let (whole, share) = (occupancy.at_least(i), occupancy.fraction(i));
        return Some(format!("Q_{i} = {count} of {n} is read as {whole} and {share}"));
    }
    let total: u64 = counts.iter().sum();
    let (read, at) = (occupancy.total(), occupancy.n_servers());
    (read != total || at != n)
        .then(|| format!("{total} tasks at {n} servers are read as {read} at {at}"))
}

/// Q_1, Q_2, ... by counting.
fn occupancy(lengths: &[u32]) -> Vec<u64> {
    let top = lengths.iter().copied().max().unwrap_or(0) as usize;
    counts(0..lengths.len() as u32, lengths, top + 1).split_off(1)
}

fn conservation(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let n = u64::from(setting.model.graph().n_servers());
    // A few events per server, at least some hundreds, and not for ever on huge graphs.
    let events = (4 * n).clamp(400, 40_000) * u64::from(setting.plan.effort.max(1));
    let seed = setting.seed(claim.id);
    setting.cases(claim, PATHS, "paths, every event", |case, rng| {
        let trial = Trial { setting: *setting, seed, case, events };
        let start = ordered_pair(case + 1, rng, n as u32).1;
        match case % 4 {
            0 | 2 => subject_path(trial, start),
            1 => simulation_path(trial, &start),
            _ => oracle_path(trial, start),
        }
    })
}

fn subject_path(trial: Trial<'_>, start: Vec<u32>) -> Outcome {
    let Trial { setting, seed, case, events } = trial;
    let n = setting.model.graph().n_servers();
    let system = setting.subject.system(setting.model);
    let mut ledger = Ledger::new(system.graph(), start.clone());
    let mut running = (setting.instruments.running_occupancy)(&start);
    let mut followed = start.clone();
    let mut path = Path::new(setting.subject, setting.model, seed, case, start);
    for event in 0..events {
        let happened = path.step();
        let whole = trial.looks_at_all(event);
        let queues = path.queues();
        let found = match ledger.enter(happened) {
            Err(found) => Some(found),
            Ok(at) => ledger.differs(queues, at, whole).or_else(|| {
                follow(&mut *running, &mut followed, at, queues);
                let given = whole.then(|| (setting.instruments.occupancy)(queues.lengths()))?;
                let recount = occupancy(&ledger.lengths);
                if given != recount {
                    return Some(format!(
                        "Q_1, Q_2, ... are given as {given:?}, a recount gives {recount:?}"
                    ));
                }
                let (given, counted) =
                    ((setting.instruments.departures)(queues), ledger.departures);
                if given != counted {
                    return Some(format!(
                        "{given} tasks are said to be finished, the events add up to {counted}"
                    ));
                }
                // The nearest number to a quotient is one number: what is kept along the path may
                // not drift from it.
                let drifted = (1..=recount.len())
                    .find(|&i| running.fraction(i) != recount[i - 1] as f64 / f64::from(n))?;
                let (kept, count) = (running.fraction(drifted), recount[drifted - 1]);
                Some(format!("q_{drifted} is kept as {kept:e}, a recount gives {count} / {n}"))
            }),
        };
        if let Some(found) = found {
            let found = format!("{happened:?}: {found}");
            return trial.violated(event, found, &[queues.lengths(), &ledger.lengths]);
        }
    }
    Outcome::holds(0.0)
}

/// Lets the occupancy that is kept along the path follow the queue that an event has touched.
fn follow(
    running: &mut dyn RunningOccupancy,
    lengths: &mut [u32],
    touched: Option<u32>,
    queues: &Queues,
) {
    let Some(v) = touched.map(|v| v as usize) else { return };
    let (before, now) = (lengths[v], queues.lengths()[v]);
    match now.cmp(&before) {
        Ordering::Greater => running.raise(before),
        Ordering::Less => running.lower(before),
        Ordering::Equal => {}
    }
    lengths[v] = now;
}

/// Sees every event of a simulation.
struct Auditor<'a> {
    ledger: Ledger<'a>,
    /// Whether a task joins the first shortest of its samples.
    joins_first_shortest: bool,
    events: u64,
    last_time: f64,
    found: Option<(u64, String)>,
}

impl Observer for Auditor<'_> {
    fn before(&mut self, time: Option<f64>, _: Mark<'_>, queues: &Queues) {
        let whole = looks_at_all(self.ledger.graph.n_servers(), self.events);
        let mut found = self.ledger.differs(queues, None, whole);
        if let Some(time) = time {
            if time < self.last_time {
                found = Some(format!("an event at {time} after one at {}", self.last_time));
            }
            self.last_time = time;
        }
        if self.found.is_none() {
            self.found = found.map(|found| (self.events, format!("before the event: {found}")));
        }
    }

    fn after(&mut self, _: Option<f64>, mark: Mark<'_>, event: Event, queues: &Queues) {
        let whole = looks_at_all(self.ledger.graph.n_servers(), self.events);
        let shortest = shortest(mark, &self.ledger.lengths);
        let found = match self.ledger.enter(event) {
            Err(found) => Some(found),
            Ok(at) => self.ledger.differs(queues, at, whole),
        };
        let found = found.or_else(|| {
            let fits = match (mark, event) {
                (Mark::Service { server: rung }, Event::Service { server }) => rung == server,
                (
                    Mark::Arrival { task_type: of, samples },
                    Event::Arrival { task_type, server },
                ) => {
                    let fits = shortest == Some(server) || !self.joins_first_shortest;
                    of == task_type && samples.contains(&server) && fits
                }
                (Mark::Arrival { task_type: of, samples: [] }, Event::Lost { task_type }) => {
                    of == task_type
                }
                _ => false,
            };
            (!fits).then(|| format!("{mark:?} gave {event:?}"))
        });
        if self.found.is_none() {
            self.found = found.map(|found| (self.events, found));
        }
        self.events += 1;
    }
}

/// The first of the shortest among the samples.
fn shortest(mark: Mark<'_>, lengths: &[u32]) -> Option<u32> {
    match mark {
        Mark::Arrival { samples, .. } => {
            samples.iter().copied().min_by_key(|&v| lengths.get(v as usize))
        }
        Mark::Service { .. } => None,
    }
}

fn simulation_path(trial: Trial<'_>, start: &[u32]) -> Outcome {
    let model = trial.setting.model;
    let horizon = trial.events as f64 / model.event_rate();
    // Also with so many samples that the fold has no short way for them.
    let many = Model::with_load(model.graph().clone(), model.load().clone(), model.d() + 4).ok();
    for model in [Some(model), many.as_ref()].into_iter().flatten() {
        match simulations(model, trial, start, horizon) {
            Ok(None) => {}
            Ok(Some((event, found))) => return trial.violated(event, found, &[start]),
            Err(error) => {
                let found = format!("the simulation stops: {error}");
                return trial.violated(0, found, &[start]);
            }
        }
    }
    Outcome::holds(0.0)
}

/// One path looked at in four ways; the event and the difference where they disagree.
fn simulations(
    model: &Model,
    Trial { seed, case, .. }: Trial<'_>,
    start: &[u32],
    horizon: f64,
) -> Result<Option<(u64, String)>, SimulateError> {
    let fresh = || Simulation::new(model, seed, case, start.to_vec());
    // Every event shown.
    let mut shown = fresh()?;
    let ledger = Ledger::new(model.graph(), start.to_vec());
    let joins_first_shortest = model.policy().is_first_shortest();
    let mut auditor =
        Auditor { ledger, joins_first_shortest, events: 0, last_time: 0.0, found: None };
    shown.observe_until(horizon, &mut auditor)?;
    if auditor.found.is_some() {
        return Ok(auditor.found);
    }
    let events = shown.events();
    if auditor.events != events || auditor.last_time >= horizon && events > 0 {
        return Ok(Some((
            events,
            format!(
                "{} events seen of {events}, the last at {} before {horizon}",
                auditor.events, auditor.last_time
            ),
        )));
    }
    // One look at the end; many looks; by number of events; and the fold of the marks.
    let mut once = fresh()?;
    once.advance_to(horizon)?;
    let mut often = fresh()?;
    for k in 1..=50 {
        often.advance_to(horizon * f64::from(k) / 50.0)?;
    }
    let mut counted = fresh()?;
    counted.step_events(events);
    let mut path = Path::new(&Reference, model, seed, case, start.to_vec());
    path.advance(events);
    for (what, queues, n_events) in [
        ("one look", once.queues(), once.events()),
        ("many looks", often.queues(), often.events()),
        ("a number of events", counted.queues(), counted.events()),
        ("the fold of the marks", path.queues(), events),
    ] {
        if n_events != events || queues != shown.queues() {
            return Ok(Some((
                events,
                format!(
                    "by {what} {n_events} events and queues {:?}, shown {events} and {:?}",
                    queues.lengths(),
                    shown.queues().lengths()
                ),
            )));
        }
    }
    if let Some(found) = averages(fresh()?, &mut fresh()?, events) {
        return Ok(Some((events, found)));
    }
    // A look at the time of an event gives the state before it.
    let mut looking = fresh()?;
    for _ in 0..50 {
        let time = looking.next_time();
        let (before, n_events) = (looking.queues().clone(), looking.events());
        looking.advance_to(time)?;
        if looking.events() != n_events || *looking.queues() != before {
            return Ok(Some((
                n_events,
                format!("a look at {time}, the time of event {n_events}, comes after the event"),
            )));
        }
        looking.advance_to(time.next_up())?;
        if looking.events() == n_events {
            return Ok(Some((
                n_events,
                format!("no event after {time}, the time of event {n_events}"),
            )));
        }
    }
    Ok(None)
}

/// The averages that the fold keeps against sums over the states before all events.
fn averages(mut fast: Simulation, shown: &mut Simulation, events: u64) -> Option<String> {
    struct Sums(Vec<u128>);
    impl Observer for Sums {
        fn before(&mut self, _: Option<f64>, _: Mark<'_>, queues: &Queues) {
            let counts = occupancy(queues.lengths());
            self.0.resize(self.0.len().max(counts.len()), 0);
            self.0.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u128::from(count));
        }
    }
    // A recount costs N steps.
    let n = shown.model().graph().n_servers();
    let events = events.min(4_000_000 / u64::from(n)).max(1);
    let mut sums = Sums(Vec::new());
    shown.observe_events(events, &mut sums);
    let mut average = TimeAverage::starting_at(fast.queues());
    fast.average_events(events, &mut average);
    let all = (u64::from(n) * events) as f64;
    let wrong = (1..=sums.0.len() + 1).find(|&i| {
        let sum = sums.0.get(i - 1).copied().unwrap_or(0);
        average.sum(i) != sum || average.mean(i) != sum as f64 / all
    });
    if let Some(i) = wrong {
        let sum = sums.0.get(i - 1).copied().unwrap_or(0);
        let (kept, mean) = (average.sum(i), average.mean(i));
        return Some(format!(
            "over {events} events Q_{i} adds up to {sum}, averaged as {kept} ({mean})"
        ));
    }
    let tasks: u128 = sums.0.iter().sum();
    (average.events() != events || average.mean_queue_length() != tasks as f64 / all).then(|| {
        let mean_queue_length = average.mean_queue_length();
        format!("{tasks} tasks over {events} events are averaged as {mean_queue_length}")
    })
}

fn oracle_path(trial: Trial<'_>, start: Vec<u32>) -> Outcome {
    let Trial { setting, seed, case, events } = trial;
    let mut ledger = Ledger::new(setting.model.graph(), start.clone());
    let mut oracle = match Oracle::new(setting.model, seed, case, start) {
        Ok(oracle) => oracle,
        Err(error) => return trial.violated(0, error, &[]),
    };
    // When the tasks of each server arrived: first come, first served.
    let mut waiting: Vec<VecDeque<f64>> =
        ledger.lengths.iter().map(|&x| VecDeque::from(vec![0.0; x as usize])).collect();
    // It copies its queues to show them, so large graphs get fewer looks.
    for event in 0..events {
        let Some(happened) = oracle.step() else {
            return trial.violated(event, "the list of events is empty", &[&ledger.lengths]);
        };
        if let Event::Service { server } = happened
            && ledger.lengths[server as usize] == 0
        {
            let found = format!("a task leaves server {server}, which has none");
            return trial.violated(event, found, &[&ledger.lengths]);
        }
        let mut delay = None;
        if let Event::Arrival { server, .. } = happened {
            waiting[server as usize].push_back(oracle.time());
        } else if let Event::Service { server } = happened {
            delay = waiting[server as usize].pop_front().map(|arrived| oracle.time() - arrived);
        }
        let mut found = ledger.enter(happened).err();
        if delay.is_some() && oracle.delays().last().copied() != delay {
            found = Some(format!(
                "a delay of {:?}, first come, first served {delay:?}",
                oracle.delays().last()
            ));
        }
        let (total, arrivals, departures) =
            (oracle.total(), oracle.arrivals(), oracle.departures());
        if ledger.start + i128::from(arrivals) - i128::from(departures) != i128::from(total)
            || [arrivals, departures, oracle.lost()]
                != [ledger.arrivals, ledger.departures, ledger.lost]
        {
            found = Some(format!("{total} tasks, {arrivals} arrivals, {departures} departures"));
        } else if trial.looks_at_all(event)
            && (oracle.lengths() != ledger.lengths
                || oracle.occupancy() != occupancy(&ledger.lengths))
        {
            found = Some(format!(
                "queues {:?} with occupancy {:?}, the events add up to {:?}",
                oracle.lengths(),
                oracle.occupancy(),
                ledger.lengths
            ));
        }
        if let Some(found) = found {
            let found = format!("plain simulator, {happened:?}: {found}");
            return trial.violated(event, found, &[&ledger.lengths]);
        }
    }
    // Little's law on the path.
    let (spent, integral) =
        (oracle.delays().iter().sum::<f64>() + oracle.ages(), oracle.task_time());
    let off = (spent - integral).abs();
    if off.is_nan() || off > 1e-9 * integral.max(1.0) {
        let found = format!(
            "plain simulator: delays and ages add up to {spent}, the number of tasks integrates to \
             {integral}"
        );
        return trial.violated(events, found, &[&ledger.lengths]);
    }
    // A look at the time of an event gives the state before it, as in the other simulator.
    let (time, total) =
        (oracle.next_time(), oracle.arrivals() + oracle.departures() + oracle.lost());
    oracle.advance_to(time);
    if oracle.arrivals() + oracle.departures() + oracle.lost() != total || oracle.time() != time {
        let found = format!(
            "plain simulator: a look at {time}, the time of event {events}, comes after the event"
        );
        return trial.violated(events, found, &[&ledger.lengths]);
    }
    Outcome::holds(0.0)
}
