//! Theorem 3.8: no constant of its bound depends on N.
//!
//! Let D(t) = E N^-1 sum_v |X2_v(t) - X1_v(t)|, with X1 from empty, X2 from the steady state and
//! common marks, and T the time at which D falls to [`EPSILON`]. For a family of graphs two times
//! t1 < t2 are fixed, and D(t1) >= EPSILON >= D(t2) is certified at the smallest and at the largest
//! N: then T lies in [t1, t2] at both, and the two differ by at most t2 - t1. A time to mix that
//! grows by 1 for each unit of ln N would differ by 4.6 from N = 100 to N = 10^4. Systems driven by
//! independent randomness, or with departures that are not shared, never come that near: D(t2)
//! stays above EPSILON at every N.
//!
//! The steady state is bracketed from below and from above, and only on the side that is needed. D
//! increases with the second start, since the first is the least of all (Proposition 3.9). From
//! below: X(s) from empty. From above: X(s) from L tasks everywhere, which is above X(infinity) but
//! for the tasks beyond L; those stay or vanish, and are at most rho^(L + 1) / (1 - rho) per server
//! in the mean (Corollary 4.3), which is added to D(t2). A shorter s makes a bracket wide, never
//! wrong.
//!
//! D(t2) is clipped, see [`clip`]: in large systems this changes nothing, since another mark moves
//! the sum by one task at most (claim `non-expansion`).
//!
//! # Source
//! Theorem 3.8; Proposition 3.9; Corollary 4.3.

use super::theorem_3_8::apart;
use crate::claims::parts::{Findings, Part, exactly};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::estimate::bracketing::{geometric_tail, least_level};
use crate::faults;
use crate::graph::generate::{GenerateError, Norm, Reach, circulant, cycle, geometric};
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::{Model, loads};
use crate::random::event_clock::{Clock, Timeline};
use crate::subject::Pair;

/// The time to mix at N = 100 and at N = 10^4, on circulant graphs of degree (ln N)^2 and on
/// cycles, and at N = 100 and 2000 on geometric graphs of mean degree (ln N)^2 (lambda = 3/10, d =
/// 2).
pub(crate) const MIXING_IN_N: Claim = Claim {
    id: "mixing-in-N",
    source: "Theorem 3.8: no constant depends on N",
    paper: &["Theorem 3.8"],
    statement: "the time until E N^-1 sum_v |X2_v - X1_v| <= 1/10, from empty and X(infinity), is \
        for N = 100 as for 10^4, up to 3",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a time to mix outside of an interval of length 3 at one of the sizes",
        observations: 800,
        unit: "replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::INDEPENDENT_SYSTEMS, faults::DEPARTURES_NOT_COUPLED],
    run: mixing_in_n,
};

const LAMBDA: f64 = 0.3;
const D: u32 = 2;

/// The systems have mixed when this many tasks per server are apart.
const EPSILON: f64 = 0.1;

/// Where the distance at the later time is clipped, in a system of so many servers.
fn clip(n: u32) -> f64 {
    if n < 1_000 { 0.3 } else { 0.15 }
}

/// What the start from above may lack, in tasks per server.
const BEYOND: f64 = 0.01;

/// How long the bracket runs from below, in units of time.
const FROM_BELOW: f64 = 4.0;

/// How long it runs from above once the start has been served.
const MORE: f64 = 5.0;

/// A family of graphs, by N and a seed, and two times between which it mixes.
struct Family {
    name: &'static str,
    graph: fn(u32, u64) -> Result<BipartiteGraph, GenerateError>,
    times: (f64, f64),
}

const FAMILIES: [Family; 3] = [
    Family {
        name: "circulant, k = (ln N)^2",
        graph: |n, _| circulant(n, degree(n) as u32),
        times: (0.5, 3.0),
    },
    Family { name: "cycle", graph: |n, _| cycle(n), times: (1.0, 4.0) },
    Family { name: "geometric, degree (ln N)^2", graph: light_geometric, times: (0.5, 3.0) },
];

fn degree(n: u32) -> f64 {
    f64::from(n).ln().powi(2)
}

/// The largest rho(G) of a graph from which a start above is soon left.
const HIGHEST_LOAD: f64 = 0.7;

/// The first geometric graph, of successive seeds, that has a server for every task type and
/// rho(G) at most [`HIGHEST_LOAD`]: the premises, not the outcome, choose it.
fn light_geometric(n: u32, seed: u64) -> Result<BipartiteGraph, GenerateError> {
    let draw = |seed| {
        let reach = Reach::MeanDegree(degree(n));
        geometric(n, n, 2, Norm::EUCLIDEAN, reach, seed, Isolated::Refuse)
    };
    let is_light = |graph: &BipartiteGraph| {
        Model::new(graph.clone(), LAMBDA, D)
            .is_ok_and(|model| loads::rho_f64(&model) <= HIGHEST_LOAD)
    };
    let later = (0..50).map(|k| draw(seed.wrapping_add(k)));
    later.flatten().find(is_light).map_or_else(|| draw(seed), Ok)
}

fn mixing_in_n(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let seed = setting.seed(claim.id);
    let sizes = if setting.plan.effort > 1 { 3 } else { 2 };
    let share = setting.alpha / (2 * FAMILIES.len() * sizes) as f64;
    let mut findings = Findings::new(setting.alpha);
    for at in 0..sizes as u64 {
        for (family, Family { name, graph, times }) in (0..).zip(&FAMILIES) {
            let n = [100, 10_000, 100_000][at as usize];
            let own = seed.wrapping_add(16 * at + family);
            let model = match graph(n, own).map(|graph| Model::new(graph, LAMBDA, D)) {
                Ok(Ok(model)) => model,
                _ => {
                    findings.open(format!("{name}, N = {n}: this graph could not be made"));
                    continue;
                }
            };
            let rho = loads::rho_f64(&model) * (1.0 + 1e-9);
            if rho > HIGHEST_LOAD {
                findings.open(format!("{name}, N = {n}: rho(G) = {rho:.3} is too near to 1"));
                continue;
            }
            let tail = |level| geometric_tail(rho, level);
            let level = least_level(tail, BEYOND);
            // From L tasks everywhere total work falls at rate 1 - rho or so.
            let from_above = f64::from(level) / (1.0 - rho) + MORE;
            let most = 2_000 * u64::from(setting.plan.effort);
            let early = Part::at_least(
                format!("{name}, N = {n}: D({})", times.0),
                (0.0, 1.0),
                EPSILON,
                0.0,
                share,
            );
            findings.settle_one(early, most, |replication| {
                let run = Run { start: 0, before: FROM_BELOW, until: times.0 };
                exactly(run.distance(setting, &model, (own, replication)))
            });
            let late = Part::at_most(
                format!("{name}, N = {n}: E min({}, D({}))", clip(n), times.1),
                (0.0, clip(n)),
                EPSILON,
                tail(level),
                share,
            );
            findings.settle_one(late, most, |replication| {
                let run = Run { start: level, before: from_above, until: times.1 };
                exactly(run.distance(setting, &model, (!own, replication)))
            });
            if findings.is_violated() {
                return findings.evidence();
            }
        }
    }
    findings.evidence()
}

/// Two copies, one of which has run before.
struct Run {
    /// Tasks at each server where the second copy begins.
    start: u32,
    /// How long it runs by itself.
    before: f64,
    /// How long both run then, the other from empty.
    until: f64,
}

impl Run {
    /// The tasks per server by which the two differ at the end.
    fn distance(
        &self,
        setting: &Setting<'_>,
        model: &Model,
        (seed, replication): (u64, u64),
    ) -> f64 {
        let n = model.graph().n_servers() as usize;
        let run = |pair: &mut Pair<'_>, seed, time| {
            let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
            let advanced = timeline.advance_to(time, |events| pair.advance(events));
            debug_assert!(advanced.is_ok(), "the times of the claim are times");
        };
        let pair =
            |seed, lower, upper| Pair::new(setting.subject, model, seed, replication, lower, upper);
        // Both ends alike: one copy.
        let mut first = pair(seed, vec![self.start; n], vec![self.start; n]);
        run(&mut first, seed, self.before);
        let begun = first.lower().lengths().to_vec();
        // Marks and times of its own.
        let other = seed ^ crate::random::fingerprint("from the steady state");
        let mut both = pair(other, vec![0; n], begun);
        run(&mut both, other, self.until);
        apart(both.lower(), both.upper())
    }
}
