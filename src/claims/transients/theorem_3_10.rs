//! Theorem 3.10 and Corollary 3.11: paths stay near the solution of (3.5), at all times of an
//! interval together.
//!
//! The supremum is over *all* times, also between events, where the solution moves and the system
//! does not. Time is cut into cells; with m the middle of a cell of length h, a state q seen in the
//! cell and any time s of it, | |q - qbar(s)| - |q - qbar(m)| | <= (lambda + 1) h / 2 in l2, since
//! tasks come at rate at most lambda and go at rate at most 1 per server. So the supremum is known
//! from both sides.
//!
//! The squared distance is at most 0.1 unless more than 0.2 N events fall into the interval, or the
//! start is as far off; in the systems of `thm-3.10`, where 0.09 N are expected and N = 10^4, that
//! has a probability below 10^-150, so that clipping at 0.1 changes nothing.
//!
//! # Source
//! Theorem 3.10 with c = 6 (2 (rho0 K + d + 1)^2 + 1), K = d (d - 1) / 2, and 2 lambda t in place
//! of lambda t (see the errata); Corollary 3.11.

use rand::RngExt;

use crate::claims::parts::{Findings, Part};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::{BipartiteGraph, generate, metrics};
use crate::model::{Model, loads};
use crate::num::ratio;
use crate::random::event_clock::{Clock, Timeline};
use crate::random::start_rng;
use crate::subject::Path;
use crate::theory::constants::{PathBound, path_bound, path_constant};
use crate::theory::mean_field::Start;

/// (3.6) where it says something: on the complete graph with N = M = 10^4 at t = 0.05, from one
/// task everywhere and from i.i.d. queues (at t = 1 the bound is vacuous).
pub(crate) const THM_3_10: Claim = Claim {
    id: "thm-3.10",
    source: "Theorem 3.10, (3.6)",
    paper: &["Theorem 3.10", "(3.6)"],
    statement: "E sup_(s <= t) sum_i (q_i(s) - qbar_i(s))^2 is at most the bound (3.6) with its \
        explicit constants",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "E sup of the squared distance above its bound of some 0.001",
        observations: 2_800,
        unit: "paths",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DROPPED_DEPARTURES],
    run: thm_3_10,
};

/// Convergence of paths: E min(1, sup_(s <= 3) |q(s) - qbar(s)|) falls from above 0.12 to below
/// 0.12 along complete, random regular, circulant graphs, disjoint unions and Erdos-Renyi graphs
/// (lambda = 0.8, d = 2, from i.i.d. queues).
pub(crate) const COR_3_11: Claim = Claim {
    id: "cor-3.11",
    source: "Corollary 3.11",
    paper: &["Corollary 3.11", "(3.7)"],
    statement: "the largest distance from (3.5) until t = 3 falls below 0.12 along graphs as \
        max(phi, gamma) falls",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a sparse member within 0.12 of (3.5), or a dense one not",
        observations: 2_200,
        unit: "paths",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DROPPED_DEPARTURES, faults::JOIN_LONGEST],
    run: cor_3_11,
};

/// Squared distances of `thm-3.10` are clipped here.
const CLIP: f64 = 0.1;

const LAMBDA: f64 = 0.8;
const D: u32 = 2;

/// A solution of (3.5) at the middles of cells.
struct Solution {
    middles: Vec<Vec<f64>>,
    cell: f64,
}

impl Solution {
    fn new(setting: &Setting<'_>, start: &Start, until: f64, cells: u32) -> Result<Self, String> {
        let cell = until / f64::from(cells);
        let times: Vec<f64> = (0..cells).map(|k| (f64::from(k) + 0.5) * cell).collect();
        let solved = (setting.instruments.trajectory)(LAMBDA, D, start, &times)
            .map_err(|error| error.to_string())?;
        Ok(Self { middles: solved.q, cell })
    }
}

/// The supremum of the l2 distance of one path to the solution, from below and above.
fn supremum(
    setting: &Setting<'_>,
    model: &Model,
    solution: &Solution,
    seed: u64,
    replication: u64,
    start: Vec<u32>,
) -> (f64, f64) {
    let n = f64::from(model.graph().n_servers());
    let mut path = Path::new(setting.subject, model, seed, replication, start);
    let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
    let mut largest: f64 = 0.0;
    for (k, middle) in solution.middles.iter().enumerate() {
        let distance = |path: &Path<'_>| {
            let counts = path.queues().occupancy().counts();
            let at = |i: usize| counts.get(i).map_or(0.0, |&count| count as f64 / n);
            (0..counts.len().max(middle.len()))
                .map(|i| (at(i) - middle.get(i).copied().unwrap_or(0.0)).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        largest = largest.max(distance(&path));
        // Each event moves the state by at most 1 / N: few looks suffice where events are many.
        let every = (model.graph().n_servers() as u64 / 500).max(1);
        let advanced = timeline.advance_to((k + 1) as f64 * solution.cell, |events| {
            for event in 1..=events {
                path.step();
                if event % every == 0 {
                    largest = largest.max(distance(&path));
                }
            }
        });
        debug_assert!(advanced.is_ok(), "cells are ascending times");
        largest = largest.max(distance(&path));
    }
    let unseen = (model.graph().n_servers() as u64 / 500) as f64 / n;
    let inside = (LAMBDA + 1.0) * solution.cell / 2.0;
    ((largest - inside).max(0.0), largest + inside + unseen)
}

/// Starts and what enters (3.6) from them.
struct Begin {
    name: &'static str,
    start: Start,
    /// E sum_i q_i(0)^2.
    squares: f64,
    /// E sum_i (M^-1 sum_w |q_i^w(0) - qbar_i(0)|)^2 on the complete graph.
    spread: f64,
}

fn begins(n: f64) -> [Begin; 2] {
    [
        Begin { name: "one task everywhere", start: Start::Level(1), squares: 1.0, spread: 0.0 },
        // q_1(0) is binomial: its second moment is 1/4 + 1/(4 N), its variance 1/(4 N).
        Begin {
            name: "i.i.d., empty or one task",
            start: Start::Occupancy(vec![0.5]),
            squares: 0.25 + 0.25 / n,
            spread: 0.25 / n,
        },
    ]
}

/// Queue lengths of a start.
fn lengths(start: &Start, n: u32, seed: u64, replication: u64) -> Vec<u32> {
    match start {
        Start::Level(level) => vec![*level; n as usize],
        Start::Occupancy(q) => {
            let mut rng = start_rng(seed, replication);
            let one = q.first().copied().unwrap_or(0.0);
            (0..n).map(|_| u32::from(rng.random_bool(one))).collect()
        }
        _ => vec![0; n as usize],
    }
}

fn thm_3_10(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let n = 10_000;
    let model = match generate::complete(n, n).map(|graph| Model::new(graph, LAMBDA, D)) {
        Ok(Ok(model)) => model,
        _ => return Evidence::not_applicable("the complete graph of this claim could not be made"),
    };
    let rho0 = loads::rho(&model);
    let figures = |begin: &Begin| PathBound {
        lambda: LAMBDA,
        rho0: ratio::to_f64(&rho0),
        d: D,
        phi: ratio::to_f64(&metrics::phi(model.graph())),
        gamma: ratio::to_f64(&metrics::gamma(model.graph())),
        start_squares: begin.squares,
        start_spread: begin.spread,
        c: ratio::to_f64(&path_constant(&rho0, &(setting.instruments.lipschitz_constant)(D), D)),
    };
    let (t, share) = (0.05, setting.alpha / 2.0);
    let begins = begins(n.into());
    let parts: Vec<Part> = begins
        .iter()
        .map(|begin| {
            let name = format!("from {}, t = {t}: E sup", begin.name);
            Part::at_most(name, (0.0, CLIP), path_bound(&figures(begin), t), 0.0, share)
        })
        .collect();
    let mut solutions = Vec::new();
    for begin in &begins {
        match Solution::new(setting, &begin.start, t, 50) {
            Ok(solution) => solutions.push(solution),
            Err(error) => return Evidence::violated(0, error),
        }
    }
    let seed = setting.seed(claim.id);
    let mut findings = Findings::new(setting.alpha);
    findings.settle(parts, 40_000 * u64::from(setting.plan.effort), |replication| {
        let figure = |(solution, begin): (&Solution, &Begin)| {
            let start = lengths(&begin.start, n, seed, replication);
            let (low, high) = supremum(setting, &model, solution, seed, replication, start);
            (low * low, high * high)
        };
        solutions.iter().zip(&begins).map(figure).collect()
    });
    for t in [1.0, 0.3] {
        findings.note(format!(
            "at t = {t} the bound is {:.1e}: vacuous",
            path_bound(&figures(&begins[0]), t)
        ));
    }
    findings.evidence()
}

/// The families, a sparse and a dense member of each.
fn families(seed: u64) -> Vec<(&'static str, [Option<BipartiteGraph>; 2])> {
    use generate::{circulant, complete, disjoint_union, erdos_renyi, random_regular};
    let copies = |count: usize, n: u32| {
        let part = complete(n, n).ok()?;
        disjoint_union(&vec![part; count]).ok()
    };
    vec![
        ("complete", [complete(10, 10).ok(), complete(1000, 1000).ok()]),
        (
            "random regular",
            [random_regular(12, 12, 3, seed).ok(), random_regular(1000, 1000, 100, seed).ok()],
        ),
        ("circulant", [circulant(12, 3).ok(), circulant(1000, 150).ok()]),
        ("disjoint union", [copies(3, 4), copies(4, 250)]),
        (
            "Erdos-Renyi",
            [
                erdos_renyi(12, 12, 6.0, seed, crate::graph::Isolated::Drop).ok(),
                erdos_renyi(800, 800, 200.0, seed, crate::graph::Isolated::Drop).ok(),
            ],
        ),
    ]
}

/// Between the distances of the sparse and of the dense members.
const LIMIT: f64 = 0.12;

fn cor_3_11(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let until = 3.0;
    let begin = Start::Occupancy(vec![0.5]);
    let solution = match Solution::new(setting, &begin, until, 300) {
        Ok(solution) => solution,
        Err(error) => return Evidence::violated(0, error),
    };
    let seed = setting.seed(claim.id);
    let families = families(seed);
    let share = setting.alpha / (2.0 * families.len() as f64);
    let mut findings = Findings::new(setting.alpha);
    for (at, (name, members)) in (0..).zip(families) {
        let mut distances = Vec::new();
        for (dense, graph) in [(false, &members[0]), (true, &members[1])] {
            let Some(graph) = graph else {
                return Evidence::not_applicable(format!(
                    "the {name} graphs of this claim could not be made"
                ));
            };
            let distance = metrics::phi(graph).max(metrics::gamma(graph));
            distances.push(ratio::to_f64(&distance));
            let n = graph.n_servers();
            let Ok(model) = Model::new(graph.clone(), LAMBDA, D) else { continue };
            let own = seed.wrapping_add(2 * at + u64::from(dense));
            let (what, range) = (format!("{name}, N = {n}: E min(1, sup)"), (0.0, 1.0));
            let part = if dense {
                Part::at_most(what, range, LIMIT, 0.0, share)
            } else {
                Part::at_least(what, range, LIMIT, 0.0, share)
            };
            findings.settle_one(part, 4_000 * u64::from(setting.plan.effort), |replication| {
                let start = lengths(&begin, n, own, replication);
                supremum(setting, &model, &solution, own, replication, start)
            });
        }
        findings.note(format!(
            "{name}: max(phi, gamma) from {:.3} to {:.3}",
            distances[0], distances[1]
        ));
    }
    findings.evidence()
}
