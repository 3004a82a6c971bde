//! The law of the time in system, seen on tagged tasks.
//!
//! [`crate::theory::delay`] derives P(delay > t) = e^-t sum_i (t^i / i!) E q_(i+1) / E q_1 from the
//! rates at which queues rise and fall, and users get quantiles by it. Here tasks are followed
//! through a simulated system: from a state of the steady state, at some numbers of events that are
//! fixed beforehand, the task of that event, if one came and was accepted, is followed until the
//! services before it and its own are done (FIFO). An arrival does not look at the state, so that
//! what such a task finds has the law of the steady state.
//!
//! Events follow each other after exponential times of rate (1 + lambda) N whatever happens, so
//! that a task that left at the k-th event after its own had P(delay > t) = P(a Poisson number of
//! mean (1 + lambda) N t is below k): this is observed in place of a clock.
//!
//! # Source
//! Not in the paper: rate conservation at each level.

use statrs::distribution::{DiscreteCDF, Poisson};

use super::parts::{Findings, Part};
use super::{Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting};
use crate::estimate::bracketing::{Plan, START_ERROR, upper_start};
use crate::faults;
use crate::model::Event;
use crate::num::ratio;
use crate::subject::{Pair, Path};
use crate::theory::exact;

/// Delays of tagged tasks against the law from E q_i.
pub(crate) const DELAY_LAW: Claim = Claim {
    id: "delay-law",
    source: "rate conservation at each level, not in print",
    paper: &["Section 2"],
    statement: "tagged tasks have P(delay > t) = e^-t sum_i (t^i/i!) E q_(i+1)/E q_1, t = 1, 4, \
        within 0.04",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "P(delay > 1) or P(delay > 4) off by 0.04, by 0.1 on the graphs of one policy",
        observations: 5_000,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::ServersAtMost(3), Hypothesis::BelowCriticalLoad],
    rejects: &[
        faults::DELAY_OF_WAITING,
        faults::ONE_SAMPLE_LESS,
        faults::SLOW_SERVICE,
        faults::STRANDED_QUEUE,
    ],
    run: delay_law,
};

/// Where the law is looked at.
const TIMES: [f64; 2] = [1.0, 4.0];

/// What a pass excludes, besides what the exact solver leaves open.
const MARGIN: f64 = 0.04;
const MARGIN_IN_BRIEF: f64 = 0.1;

/// Tasks of one replication at most, and the events between two of them for each server.
const TAGGED: u64 = 8;
const APART: u64 = 4;

/// A task that has not left after so many events is late for every time of the claim.
const LATEST: u64 = 20_000;

fn delay_law(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    if upper_start(model, 0).error.is_none() {
        return Evidence::not_applicable("needs a start above the steady state; none is certified");
    }
    let options =
        exact::Options { most_states: 20_000, tolerance: 1e-3, ..exact::Options::default() };
    let law = match (setting.instruments.stationary)(model, &options) {
        Ok(law) => law,
        Err(error) => return Evidence::not_applicable(error.to_string()),
    };
    let plan = match setting.samples.plan() {
        Ok(plan) => plan,
        Err(gave_up) => return super::statistical::undecided(gave_up.events),
    };
    let accepted = model.lambda() * (1.0 - ratio::to_f64(&model.graph().lost_share()));
    let share = setting.alpha / TIMES.len() as f64;
    // Of all events so many are the arrival of an accepted task.
    let arrivals = accepted / (1.0 + model.lambda());
    let margin = if setting.plan.brief { MARGIN_IN_BRIEF } else { MARGIN };
    let part = |t: f64| {
        let tail = (setting.instruments.delay_tail)(accepted, &law.q, 1.0, t);
        let name = format!("P(delay > {t})");
        let margin = margin + tail.error();
        let (low, high) = (tail.value - margin, tail.value + margin);
        let (range, error, half) = ((0.0, 1.0 / arrivals), START_ERROR, share / 2.0);
        [
            Part::at_most(&*name, range, high, error, half),
            Part::at_least(&*name, range, low, error, half),
        ]
    };
    let parts = TIMES.into_iter().flat_map(part).collect();
    let tails = TIMES.map(|t| Tails::new(model.event_rate() * t));
    let mut findings = Findings::new(setting.alpha);
    let seed = setting.seed(claim.id);
    let most = 40_000 * u64::from(setting.plan.effort);
    findings.settle(parts, most, |replication| {
        let figure = |exceeds: Option<[f64; 2]>, at: usize| match exceeds {
            Some(sums) => (sums[at], sums[at]),
            None => (0.0, 1.0 / arrivals),
        };
        let sums = followed(setting, &plan, (seed, replication), &tails);
        let sums = sums.map(|sums| sums.map(|sum| sum / (TAGGED as f64 * arrivals)));
        (0..2 * TIMES.len()).map(|at| figure(sums, at / 2)).collect()
    });
    findings.evidence()
}

/// P(a Poisson number of some mean is below k), k = 0, 1, ...
struct Tails(Vec<f64>);

impl Tails {
    fn new(mean: f64) -> Self {
        let enough = (mean + 12.0 * mean.sqrt() + 30.0) as u64;
        let law = Poisson::new(mean).expect("event rates and times are positive and finite");
        Self(std::iter::once(0.0).chain((0..enough).map(|k| law.cdf(k))).collect())
    }

    fn below(&self, events: u64) -> f64 {
        self.0.get(events as usize).copied().unwrap_or(1.0)
    }
}

/// A task that is followed.
struct Tagged {
    server: usize,
    /// Tasks that leave its server up to it, itself included.
    ahead: u32,
    since: u64,
}

/// For each time the sum of P(delay > t), given its events, over the tagged tasks of one
/// replication; `None` where the bracket of the steady state was still open.
fn followed(
    setting: &Setting<'_>,
    plan: &Plan,
    (seed, replication): (u64, u64),
    tails: &[Tails; 2],
) -> Option<[f64; 2]> {
    let (subject, model) = (setting.subject, setting.model);
    let n = model.graph().n_servers() as usize;
    let mut pair =
        Pair::new(subject, model, seed, replication, vec![0; n], vec![plan.start.level; n]);
    pair.advance(plan.warm_up);
    if !pair.met() {
        return None;
    }
    // Marks of its own, which know nothing of the state.
    let mut path = Path::new(subject, model, !seed, replication, pair.lower().lengths().to_vec());
    let mut before = path.queues().lengths().to_vec();
    let (mut tagged, mut sums): (Vec<Tagged>, _) = (Vec::new(), [0.0; 2]);
    let apart = APART * n as u64;
    let mut event = 0;
    while event < TAGGED * apart || !tagged.is_empty() {
        let happened = path.step();
        let lengths = path.queues().lengths();
        tagged.retain_mut(|task| {
            task.since += 1;
            task.ahead -= u32::from(lengths[task.server] < before[task.server]);
            let leaves = task.ahead == 0 || task.since >= LATEST;
            if leaves {
                for (sum, tail) in sums.iter_mut().zip(tails) {
                    *sum += tail.below(task.since);
                }
            }
            !leaves
        });
        if event.is_multiple_of(apart)
            && event < TAGGED * apart
            && let Event::Arrival { server, .. } = happened
        {
            let server = server as usize;
            tagged.push(Tagged { server, ahead: lengths[server].max(1), since: 0 });
        }
        before.copy_from_slice(lengths);
        event += 1;
    }
    Some(sums)
}
