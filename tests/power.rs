//! The power of the registry: every claim rejects the faults that it lists, accepts the reference, and no statement of
//! the paper is forgotten.
//!
//! Each claim is run on the proving settings: small graphs of many kinds, with several loads and d.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, CasePlan, Claim, Evidence, Kind, Scope, Setting, Verdict};
use fluidcheck::faults::Fault;
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::Model;
use fluidcheck::subject::{Reference, Subject};
use rayon::prelude::*;

/// The error probability of each check, so small that a rerun under another seed passes as well.
const ALPHA: f64 = 1e-6;

/// Faults that only statistical claims can see: their pickers or clocks draw randomness of their own.
const LEFT_TO_STATISTICAL: &[Fault] = &[
    Fault::OneSampleMore,
    Fault::TwoShortestCoin,
    Fault::SlowService,
    Fault::ArrivalsByDegree,
    Fault::MissingEdge,
    Fault::LastServerNeverServed,
    Fault::MomentBoundShifted,
];

fn graph(n: u32, m: u32, edges: &[(u32, u32)]) -> BipartiteGraph {
    BipartiteGraph::from_edges(n, m, edges, Isolated::Refuse).expect("a proving graph is valid")
}

/// Types from their servers.
fn from_types(n: u32, types: &[&[u32]]) -> BipartiteGraph {
    let edges: Vec<_> = types.iter().zip(0..).flat_map(|(servers, w)| servers.iter().map(move |&v| (v, w))).collect();
    graph(n, types.len() as u32, &edges)
}

/// The proving graphs, the smallest first.
fn graphs() -> Vec<(&'static str, BipartiteGraph)> {
    let cycle: Vec<_> = (0..5).flat_map(|w| [(w, w), ((w + 1) % 5, w)]).collect();
    let two_components: Vec<_> = (0..4).flat_map(|v| (0..2).map(move |k| (v, v / 2 * 2 + k))).collect();
    // Every server v of 12 serves the types w of 8 with v w + v + 3 w < 20 or v = w: degrees from 1 to 8.
    let irregular: Vec<_> = (0..12).flat_map(|v| (0..8).map(move |w| (v, w))).filter(|&(v, w)| v * w + v + 3 * w < 20 || v % 8 == w).collect();
    vec![
        ("k22", from_types(2, &[&[0, 1], &[0, 1]])),
        ("private2", from_types(2, &[&[0], &[0, 1]])),
        ("path3", from_types(3, &[&[0, 1], &[1, 2]])),
        ("k32", from_types(3, &[&[0, 1, 2], &[0, 1, 2]])),
        ("more types than servers", from_types(3, &[&[0], &[0, 1], &[1, 2], &[0, 1, 2], &[2]])),
        ("idle server", from_types(4, &[&[0, 1], &[0, 2], &[2]])),
        ("cycle5", graph(5, 5, &cycle)),
        ("twocomp_regular_4", graph(4, 4, &two_components)),
        ("hub and leaves", from_types(6, &[&[0], &[0, 1, 2, 3, 4, 5], &[1, 2], &[3, 4, 5], &[5, 0]])),
        ("irregular12", graph(12, 8, &irregular)),
        ("regular, its degrees by component", from_types(4, &[&[0, 1], &[0, 1], &[2], &[3]])),
        ("complete6x3, implicit", BipartiteGraph::complete(6, 3).expect("not empty")),
    ]
}

/// Graph, load and d of every proving setting.
fn models() -> Vec<(String, Model)> {
    let loads = [(0.3, 2), (0.8, 2), (0.3, 1), (0.8, 3)];
    graphs()
        .into_iter()
        .flat_map(|(name, graph)| loads.map(|(lambda, d)| (format!("{name}, lambda {lambda}, d {d}"), (graph.clone(), lambda, d))))
        .map(|(name, (graph, lambda, d))| (name, Model::new(graph, lambda, d).expect("a proving model is valid")))
        .collect()
}

fn evaluate(claim: &Claim, subject: &dyn Subject, model: &Model) -> Evidence {
    let plan = CasePlan { seed: 20_260_731, effort: 1, only: None };
    let samples = fluidcheck::stationary::Samples::new(subject, model, 1, 1_000_000);
    claim.evaluate(&Setting { subject, model, plan, alpha: ALPHA, samples: &samples })
}

/// The settings of a claim: theories are checked once whatever the graph, and statistical tests cost much more than the others.
fn settings_of<'a>(claim: &Claim, models: &'a [(String, Model)]) -> &'a [(String, Model)] {
    match (claim.scope, claim.kind) {
        (Scope::Theory, _) => &models[..1],
        (Scope::Graph, Kind::Statistical) => &models[..8],
        (Scope::Graph, _) => models,
    }
}

#[test]
fn the_reference_gets_the_expected_verdict_on_every_proving_setting_and_a_telling_one_somewhere() {
    let models = models();
    let claims: Vec<&Claim> = claims::all().collect();
    let failures: Vec<String> = claims
        .par_iter()
        .flat_map_iter(|claim| {
            let mut failures = Vec::new();
            let mut telling = false;
            for (name, model) in settings_of(claim, &models) {
                let evidence = evaluate(claim, &Reference, model);
                if !claim.is_expected(evidence.verdict) {
                    failures.push(format!("{} on {name}: {} ({})", claim.id, evidence.verdict, evidence.summary));
                }
                telling |= evidence.verdict != Verdict::NotApplicable && !evidence.vacuous;
            }
            if !telling {
                failures.push(format!("{}: vacuous or not applicable everywhere", claim.id));
            }
            failures
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_claim_rejects_each_fault_that_it_lists() {
    let models = models();
    let pairs: Vec<(&Claim, &Fault)> = claims::all().flat_map(|claim| claim.rejects.iter().map(move |fault| (claim, fault))).collect();
    let survivors: Vec<String> = pairs
        .par_iter()
        .filter(|(claim, fault)| {
            // A fault of an erratum must turn the expected violation into something else.
            let rejected = |(_, model): &(String, Model)| {
                let verdict = evaluate(claim, *fault, model).verdict;
                if claim.is_expected(Verdict::Violated) { !claim.is_expected(verdict) } else { verdict == Verdict::Violated }
            };
            !settings_of(claim, &models).iter().any(rejected)
        })
        .map(|(claim, fault)| format!("{} accepts {}", claim.id, fault.id()))
        .collect();
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

#[test]
fn every_fault_is_rejected_by_some_claim() {
    let rejected: BTreeSet<Fault> = claims::all().flat_map(|claim| claim.rejects).copied().collect();
    let survivors: Vec<&str> =
        Fault::ALL.iter().filter(|fault| !rejected.contains(fault) && !LEFT_TO_STATISTICAL.contains(fault)).map(Fault::id).collect();
    assert!(survivors.is_empty(), "no claim rejects {survivors:?}");
}

#[test]
fn every_claim_that_should_hold_rejects_a_fault_and_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for claim in claims::all() {
        assert!(ids.insert(claim.id), "{} is there twice", claim.id);
        assert!(!claim.rejects.is_empty() || claim.is_expected(Verdict::Violated), "{} rejects nothing", claim.id);
    }
}
