//! Statistical claims, decided by sequential tests with a stated error probability.
//!
//! | claim | evidence |
//! |---|---|
//! | `transition-law` | every event of one path against its exact conditional law, picks also against every other declared policy ([`super::event_test`]) |
//! | `cor-4.3`, `prop-4.1-ergodic`, and [`super::flow_balance`] | independent replications that bracket the steady state ([`crate::estimate::bracketing`]) |
//!
//! *Holds* means that the opposite was rejected, *violated* that the claim was, *inconclusive* that
//! neither happened. Each side has half of the check's error probability, and each part of a claim
//! an equal share of that.

use super::event_test::starts::{events_of_segment, start_of_segment};
use super::event_test::{EventTest, PickTest};
use super::parts::{self, Findings, Part, are_open};
use super::verdict::Witness;
use super::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::estimate::bracketing::{NoCoalescence, Plan, START_ERROR, Sample, Samples};
use crate::faults;
use crate::model::{Event, loads};
use crate::num::ratio;
use crate::random::stream_rng;
use crate::stats::decision::Decision;
use crate::stats::mean_test::{MeanTest, Side};
use crate::subject::Path;

/// Events for which the stated effects of a claim on the steady state are chosen; large systems
/// need long replications.
fn most_events(setting: &Setting<'_>) -> u64 {
    let everyday = if setting.model.graph().n_servers() < 500 { 200_000_000 } else { 600_000_000 };
    everyday * u64::from(setting.plan.effort)
}

/// The smallest effect that a claim on a mean of [0, 1] can be asked to see within [`most_events`]:
/// even without any variance, a bet needs ln(1 / alpha) / effect observations.
pub(super) fn resolution(most_events: u64, plan: &Plan, finest: f64, alpha: f64) -> f64 {
    // Above the floor, for the variance that there is; the budget itself is twice as much.
    let affordable = (most_events / plan.events()).max(1) as f64;
    (1.4 * (2.0 / alpha).ln() / affordable).max(finest)
}

/// (4.12) and the rates of section 2, event by event along one path.
pub(crate) const TRANSITION_LAW: Claim = Claim {
    id: "transition-law",
    source: "section 2, (4.12)",
    paper: &["Section 2", "(4.12)"],
    statement: "given the state before it, each event has its exact law: type, server by (4.12), \
        service",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "any other declared policy in place of the promised one, or in that share of \
            the picks which the evidence states for it; odds of an arrival off by the factor \
            exp(0.05), of a service, a server or a place among ties by exp(0.25), of the last \
            server by e",
        observations: 230_000,
        unit: "events",
    }),
    policies: Policies::Observable,
    hypotheses: &[Hypothesis::MeanTaskDegreeAtMost(2000)],
    rejects: &[
        faults::SAMPLING_WITHOUT_REPLACEMENT,
        faults::ONE_SAMPLE_LESS,
        faults::ONE_SAMPLE_MORE,
        faults::TIES_TO_LOWEST,
        faults::JOIN_LONGEST,
        faults::SERVICE_NOT_COUNTED,
        faults::STALE_LENGTHS,
        faults::CLASH_TAKES_NEXT,
        faults::TWO_SHORTEST_COIN,
        faults::SLOW_SERVICE,
        faults::IDLE_SERVERS_SERVE,
        faults::ARRIVAL_RATE_INVERTED,
        faults::RATES_IGNORED,
        faults::ALIAS_SIDES_SWAPPED,
        faults::ARRIVALS_BY_DEGREE,
        faults::MISSING_EDGE,
        faults::LAST_SERVER_NEVER_SERVED,
        faults::COMPARED_WITH_ITSELF,
        faults::NEVER_RETURNS,
        faults::SAMPLED_FROM_BELOW,
        faults::STRANDED_QUEUE,
        faults::SEEDED_ALIKE,
        faults::SAMPLING_WITH_REPLACEMENT,
        faults::SCAN_TIES_TO_LOWEST,
        faults::IDLE_ELSE_ANY,
        faults::DECIDED_ONE_ARRIVAL_LATE,
        faults::DECIDED_BEFORE_DEPARTURES,
        faults::DEPARTURES_NOT_HEARD_OF,
        faults::COUNTER_FOR_EACH_TYPE,
        faults::IDLE_ELSE_FIRST_DRAWN,
        faults::LENGTHS_FROM_4_ALIKE,
        faults::LENGTHS_IGNORED_FOR_5_PERCENT,
        faults::LENGTHS_IGNORED_FOR_10_PERCENT,
        faults::SECOND_SAMPLE_FIXED,
        faults::LAST_SERVER_SKIPPED,
        faults::LENGTHS_SATURATE,
        faults::LENGTHS_WITHIN_32_EQUAL,
        faults::TIES_OF_TWO_TO_THE_FIRST,
        faults::TIES_OF_MANY_TO_THE_FIRST,
        faults::RANDOM_OF_TWO,
        faults::ONE_OF_THE_TWO_LONGEST,
        faults::FEW_SERVERS_SCANNED,
        faults::UNEVEN_SHARES,
        faults::ROTATED_PLAN,
        faults::POOR_GENERATOR,
    ],
    run: transition_law,
};

/// Picks of a pass among a few candidates, for each unit of effort: the share that a rival may
/// decide falls as one over the root of it.
const PICKS: u64 = 100_000;

/// Candidates up to which a pass takes so many picks; of more, each pick costs and tells more.
const FEW_CANDIDATES: u64 = 6;

/// Picks are judged by themselves, and decide first; arrivals and services with the coarser
/// features of all events by the other half of the error probability.
fn transition_law(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let n = model.graph().n_servers();
    let seed = setting.seed(claim.id);
    let mut starts = stream_rng(seed, 0);
    let start = start_of_segment(&mut starts, n, 0);
    let half = setting.alpha / 2.0;
    let mut picks = PickTest::new(model, &start, half);
    let mut test = EventTest::new(model, &start, half);
    let mut path = Path::new(setting.subject, model, seed, 1, start);
    let segment = events_of_segment(n);
    let most = EventTest::most_events(model, setting.plan.effort);
    let graph = model.graph();
    let candidates = graph.n_edges() / u64::from(graph.n_task_types());
    let enough = PICKS * u64::from(setting.plan.effort) * FEW_CANDIDATES
        / candidates.clamp(FEW_CANDIDATES, 5 * FEW_CANDIDATES)
        / if setting.plan.brief { 4 } else { 1 };
    let mut honest;
    let (decision, event, length_before) = loop {
        let event = path.step();
        let length_before = server_of(event).and_then(|v| test.lengths().get(v).copied());
        picks.observe(event, test.lengths());
        test.observe(event);
        let events = test.events();
        let decision = match test.decision() {
            _ if picks.is_violated() => Some(Decision::Violated),
            Some(Decision::Holds) => {
                test.rest();
                // A pass goes on, since more picks exclude more, and until each rival is told.
                let looks = picks.picks() >= enough && events.is_multiple_of(256);
                (looks && picks.tells_all()).then_some(Decision::Holds)
            }
            decision => decision,
        };
        // A subject that reports other events than it lets happen is wrong whatever the law of its
        // reports.
        let ends = decision.is_some() || events >= most;
        if ends || events.is_multiple_of(segment) {
            honest = test.lengths() == path.queues().lengths();
            if ends || !honest {
                break (decision, event, length_before);
            }
            let segments = events / segment;
            let start = start_of_segment(&mut starts, n, segments);
            test.restart(&start);
            picks.restart(&start);
            path = Path::new(setting.subject, model, seed, 1 + segments, start);
        }
    };
    let events = test.events();
    let evidence =
        |verdict, summary| Evidence::of_test(verdict, events, summary).excluding(picks.excluded());
    let violated = |summary: String, found: String, states: Vec<Vec<u32>>| Evidence {
        witness: Some(Witness { found, event: Some(events - 1), states, ..Witness::default() }),
        ..evidence(Verdict::Violated, summary)
    };
    match decision {
        _ if !honest => {
            let found =
                format!("after {events} events the queues differ from what the events add up to");
            let states = vec![test.lengths().to_vec(), path.queues().lengths().to_vec()];
            violated(found.clone(), found, states)
        }
        Some(Decision::Violated) => {
            let (what, won, strongest) = if picks.is_violated() {
                (format!("{} picks", picks.picks()), picks.log_e(), picks.strongest())
            } else {
                (format!("{events} events"), test.log_e(), test.strongest())
            };
            let summary = format!(
                "rejected after {what} with wealth 1e{:.1} (error probability {:.1e}); strongest: \
                 {strongest}",
                won / std::f64::consts::LN_10,
                half / 2.0,
            );
            let mut before = test.lengths().to_vec();
            if let (Some(server), Some(length)) = (server_of(event), length_before) {
                before[server] = length;
            }
            let found = format!("{summary}; the last event: {}", in_words(event, length_before));
            violated(summary, found, vec![before])
        }
        Some(Decision::Holds) => {
            let found = format!(
                "{} picks: {}; {events} events exclude {} (error probability {:.1e})",
                picks.picks(),
                picks.excludes(),
                EventTest::excludes(),
                half / 2.0
            );
            evidence(Verdict::Holds, found)
        }
        None => {
            let of_events = match test.decision() {
                Some(_) => format!("{events} events exclude {}", EventTest::excludes()),
                None => format!(
                    "{events} events excluded neither the law nor {}; {} would do",
                    EventTest::excludes(),
                    test.needed_in_words()
                ),
            };
            let of_picks = format!("{} picks: {}", picks.picks(), picks.excludes());
            evidence(Verdict::Inconclusive, format!("{of_events}: more with --effort; {of_picks}"))
        }
    }
}

/// The server whose queue an event may change.
fn server_of(event: Event) -> Option<usize> {
    match event {
        Event::Arrival { server, .. } | Event::Service { server } => Some(server as usize),
        Event::Lost { .. } => None,
    }
}

/// An event for a witness; `length` is that of its server's queue before it.
fn in_words(event: Event, length: Option<u32>) -> String {
    let queue = length.map_or(String::new(), |length| format!(", whose queue had {length}"));
    match event {
        Event::Arrival { task_type, server } => {
            format!("a task of type {task_type} joined server {server}{queue}")
        }
        Event::Lost { task_type } => format!("a task of type {task_type} was lost"),
        Event::Service { server } => format!("the clock of server {server} rang{queue}"),
    }
}

/// Runs bracketing samples through the parts until all are decided, or one against the claim.
pub(super) fn decide(
    setting: &Setting<'_>,
    samples: &Samples<'_>,
    mut parts: Vec<Part>,
    mut measure: impl FnMut(&Sample, usize) -> (f64, f64),
) -> Evidence {
    let (mut seen, mut ordered) = (0u64, true);
    // Twice what the stated effects should need.
    let most = 2 * most_events(setting);
    let outcome = samples.each(usize::MAX, |plan, sample| {
        seen += 1;
        ordered &= sample.ordered;
        // Decided parts go on: the ends that they reject come nearer.
        for (at, part) in parts.iter_mut().enumerate() {
            part.observe(measure(sample, at));
        }
        ordered && seen * plan.events() <= most && are_open(&parts)
    });
    if let Err(NoCoalescence { events }) = outcome {
        return undecided(events);
    }
    if !ordered {
        let why = "needs a subject that keeps the order of two copies on common marks, from empty \
            and from above: these did not stay in order, and bracket nothing";
        return Evidence::not_applicable(why.to_owned());
    }
    let shown = parts.iter().map(Part::shown_with_end).collect::<Vec<_>>().join(", ");
    let mut findings = Findings::new(setting.alpha);
    findings.add(parts::verdict(&parts), seen, format!("{shown} by {seen} replications"));
    findings.evidence()
}

pub(super) fn undecided(events: u64) -> Evidence {
    let summary = format!(
        "two copies on common marks, from empty and from above, had not met after {events} events; \
         more with --effort"
    );
    Evidence::of_test(Verdict::Inconclusive, 0, summary)
}

/// Corollary 4.3: geometric moments of the steady state.
///
/// It needs no equal rates: in steady state E Q_i = (lambda N / M) sum_w r_w E (q_(i-1)^w)^d by
/// Lemma 4.2, which is at most (lambda N / M) sum_w r_w E q_(i-1)^w <= rho E Q_(i-1) by (4.4), with
/// the rho of these rates. For i = 1 it is an equality where rho = lambda.
///
/// Other samples have g(s) in place of (s / n)^d, and g(s) <= s / n: all samples lie within a set
/// of s servers only if the first one does, which is uniform. So E Q_i <= rho E Q_(i-1) for them
/// too, whatever the ties.
pub(crate) const COR_4_3: Claim = Claim {
    id: "cor-4.3",
    source: "Corollary 4.3",
    paper: &["Corollary 4.3"],
    statement: "E q_i(infinity) <= rho(G)^i for i = 2, 3, 4 as far as the budget resolves (i = 1 \
        is flow-balance)",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "E q_i(infinity) above rho^i, i = 2, 3, 4, by anything",
        observations: 300,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::EqualSamples, &Policies::Monotone),
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::RhoBelowOne, Hypothesis::TwoChoices],
    rejects: &[faults::MOMENT_BOUND_SHIFTED],
    run: cor_4_3,
};

fn cor_4_3(_: &Claim, setting: &Setting<'_>) -> Evidence {
    let rho = loads::rho(setting.model);
    let share = setting.alpha / 3.0;
    let plan = match setting.samples.plan() {
        Ok(plan) => plan,
        Err(NoCoalescence { events }) => return undecided(events),
    };
    let bound = |i| ratio::to_f64(&(setting.instruments.moment_bound)(&rho, i));
    if bound(2) <= 2.0 * START_ERROR {
        let found = format!(
            "rho^2 = {:.1e} is less than what the samples leave out of the steady state, \
             {START_ERROR:.0e}: no number of them would do at this load",
            bound(2)
        );
        return Evidence::of_test(Verdict::Inconclusive, 0, found);
    }
    // Below the resolution of the budget a mean cannot be told from its bound, be it 0; i = 2 is
    // always tried.
    let finest = resolution(most_events(setting), &plan, 0.0, share);
    let tried: Vec<u32> = (2..=4).filter(|&i| i == 2 || bound(i) >= finest).collect();
    let part = |&i: &u32| {
        let limit = (bound(i) - START_ERROR).clamp(0.0, 1.0);
        Part::at_most(format!("E q_{i}(infinity)"), (0.0, 1.0), limit, 0.0, share)
    };
    let parts = tried.iter().map(part).collect();
    let mut evidence =
        decide(setting, setting.samples, parts, |sample, at| sample.q(at as u32 + 2));
    if let Some(left) = (2..=4).find(|i| !tried.contains(i)) {
        evidence.summary.push_str(&format!(
            "; i = {left} and above left out: a bound of {:.1e} needs {:.0} replications, more \
             with --effort",
            bound(left),
            1.4 * (2.0 / share).ln() / bound(left)
        ));
    }
    evidence
}

/// Proposition 4.1: one law whatever the start, by a stated time and within 0.2 or the distance
/// stated; the number of tasks does not grow for ever.
pub(crate) const ERGODIC: Claim = Claim {
    id: "prop-4.1-ergodic",
    source: "Proposition 4.1",
    paper: &["Proposition 4.1"],
    statement: "the laws from empty and from L tasks everywhere come within 0.2 of each other in \
        total variation",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "laws from empty and from above 0.2 apart in total variation",
        observations: 120,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::JoinsAShortest),
    hypotheses: &[Hypothesis::BelowCriticalLoad, Hypothesis::FunctionOfMarks],
    rejects: &[faults::LAST_SERVER_NEVER_SERVED],
    run: ergodic,
};

fn ergodic(_: &Claim, setting: &Setting<'_>) -> Evidence {
    let plan = match setting.samples.plan() {
        Ok(plan) => plan,
        Err(NoCoalescence { events }) => return growth(setting, events),
    };
    // Coupling inequality: the distance is at most the probability that coupled copies have not
    // met.
    let limit = resolution(most_events(setting), &plan, 0.2, setting.alpha / 2.0);
    let (level, time) = (plan.start.level, plan.warm_up as f64 / setting.model.event_rate());
    let name = format!(
        "P(copies have not met after {} events, t about {time:.0}, from L = {level})",
        plan.warm_up
    );
    let part = Part::at_most(name, (0.0, 1.0), limit.min(1.0), 0.0, setting.alpha / 2.0);
    let mut evidence = decide(setting, setting.samples, vec![part], |sample, _| {
        let apart = f64::from(u8::from(!sample.met));
        (apart, apart)
    });
    if evidence.verdict == Verdict::Violated {
        // Only the time that the pilots chose is refuted: later the laws may still come together.
        evidence.verdict = Verdict::Inconclusive;
        evidence.witness = None;
    }
    evidence
}

/// Does the number of tasks still grow when the copies have not met? Then there is no steady state.
///
/// With g = total / (total + s), the mean of g at event 2 k exceeds that at event k by at most 0.1
/// where the law has settled by event k; linear growth makes it 1/6. A difference above 0.1
/// violates the claim, anything else leaves it open.
fn growth(setting: &Setting<'_>, events: u64) -> Evidence {
    let model = setting.model;
    let n = model.graph().n_servers();
    let steps = (2_000 * u64::from(n)).min(events / 8).max(1);
    let seed = setting.seed("growth");
    let totals = |replication: u64| {
        let mut path = Path::new(setting.subject, model, seed, replication, vec![0; n as usize]);
        [steps, steps].map(|steps| {
            path.advance(steps);
            path.queues().total() as f64
        })
    };
    let most = (200_000_000 * u64::from(setting.plan.effort) / (2 * steps)).min(2_000);
    // Even steady growth needs some hundred replications to be certain of.
    if most < 300 {
        return undecided(events);
    }
    let scale = totals(0)[0].max(1.0);
    let mut test = MeanTest::new(0.55, setting.alpha / 2.0);
    for replication in 1..=most {
        let [early, late] = totals(replication).map(|total| total / (total + scale));
        test.observe((late - early + 1.0) / 2.0);
        if test.decision().is_some() {
            break;
        }
    }
    let mut evidence = undecided(events);
    evidence.cases = test.count();
    if test.decision() == Some(Side::Above) {
        evidence.verdict = Verdict::Violated;
        evidence.summary = format!(
            "the number of tasks still grows between events {steps} and {}: certified by {} \
             replications (error probability {:.1e})",
            2 * steps,
            test.count(),
            setting.alpha / 2.0
        );
        evidence.witness = Some(Witness { found: evidence.summary.clone(), ..Witness::default() });
    }
    evidence
}
