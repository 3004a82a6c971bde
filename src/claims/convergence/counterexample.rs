//! The counterexample of section 1.2: congestion in one place of a spatial graph.
//!
//! A fifth of the servers have ten tasks each, the others none. On the circulant graph, where task
//! type w has the servers w, ..., w + k - 1 around a circle, the loaded servers are neighbours: the
//! task types among them find no idle server, and their queues go on at load lambda. (3.5), from
//! the same q(0), sends nearly all tasks elsewhere. The graph is regular with k = (ln N)^2, so that
//! Corollary 3.6 applies to its steady state all the same.
//!
//! On the complete graph it does not matter which servers are loaded: the control.
//!
//! # Source
//! Section 1.2, "a simple counterexample"; Theorem 3.10 for the control.

use super::states_at_times::{l1, solution, states};
use super::steady_distance::{SteadyState, distance};
use super::{limit, model, most};
use crate::claims::parts::{Findings, Part, exactly};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::graph::generate::{self, GenerateError};

/// The transient of a spatial graph does not follow (3.5), its steady state does: on a circulant
/// graph, k = (ln N)^2, E min(1, D(4)) >= 0.2 for the l1 distance D from (3.5) at N = 10^3 and
/// 10^4, yet E min(0.2, D*) <= 0.1 from q* in steady state; the same start on the complete graph: E
/// min(0.1, D(4)) <= 0.05 (lambda = 1/2, d = 2).
pub(crate) const COUNTEREXAMPLE_1_2: Claim = Claim {
    id: "counterexample-1.2",
    source: "section 1.2",
    paper: &["Section 1.2"],
    statement: "from ten tasks at N / 5 neighbouring servers, a spatial graph does not follow \
        (3.5), a complete one does",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a distance from (3.5) below 0.2 on the spatial graph, above 0.05 on the \
            complete one",
        observations: 180,
        unit: "paths",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::SAMPLED_FROM_EVERYWHERE,
        faults::DROPPED_DEPARTURES,
        faults::ONE_SAMPLE_LESS,
    ],
    run: counterexample,
};

const LAMBDA: f64 = 0.5;
const D: u32 = 2;

/// When paths are compared with (3.5).
const TIME: u32 = 4;

/// Tasks at each loaded server.
const TASKS: u32 = 10;

/// One server in so many is loaded.
const ONE_IN: u32 = 5;

fn counterexample(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let share = setting.alpha / 4.0;
    let mut findings = Findings::new(setting.alpha);
    for n in [1_000, 10_000] {
        let k = f64::from(n).ln().powi(2) as u32;
        transient(claim, setting, &mut findings, generate::circulant(n, k), |error| {
            let name = format!("circulant, N = {n}, k = {k}: E min(1, D({TIME}))");
            Part::at_least(name, (0.0, 1.0), 0.2, error, share)
        });
        if findings.is_violated() {
            return findings.evidence();
        }
    }
    transient(claim, setting, &mut findings, generate::complete(10_000, 10_000), |error| {
        let name = format!("complete, N = 10000: E min(0.1, D({TIME}))");
        Part::at_most(name, (0.0, 0.1), 0.05, error, share)
    });
    if !findings.is_violated() {
        steady(setting, &mut findings, setting.seed(&format!("{} steady", claim.id)), share);
    }
    findings.evidence()
}

/// The distance from (3.5) at [`TIME`].
fn transient(
    claim: &Claim,
    setting: &Setting<'_>,
    findings: &mut Findings,
    graph: Result<BipartiteGraph, GenerateError>,
    part: impl Fn(f64) -> Part,
) {
    let model = model(graph, LAMBDA, D);
    let n = model.graph().n_servers();
    let loaded = n / ONE_IN;
    let start: Vec<u32> = (0..n).map(|v| if v < loaded { TASKS } else { 0 }).collect();
    let from = vec![f64::from(loaded) / f64::from(n); TASKS as usize];
    let expected = solution(setting, &model, &from, &[TIME]);
    let seed = setting.seed(claim.id);
    findings.settle_one(part(expected.error), most(setting), |replication| {
        let reached = states(setting, &model, seed, replication, &start, &[f64::from(TIME)]);
        exactly(l1(&reached[0], &expected.q[0]))
    });
}

/// The distance from q* in steady state, on the circulant graph.
fn steady(setting: &Setting<'_>, findings: &mut Findings, seed: u64, share: f64) {
    let (n, k) = (1_000, 47);
    let model = model(generate::circulant(n, k), LAMBDA, D);
    let Some(steady) = SteadyState::new(setting.subject, model, 0.005, seed) else {
        return findings.open("the circulant graph has rho(G) > lambda");
    };
    let fixed_point = limit(setting, LAMBDA, D);
    let name = format!("circulant, N = {n}, k = {k}: E min(0.2, D*)");
    let part = Part::at_most(name, (0.0, 0.2), 0.1, steady.error(), share);
    findings.settle_one(part, most(setting), |r| distance(&steady.draw(r), &fixed_point, 1.0));
}
