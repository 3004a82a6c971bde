//! The power of the registry: every claim rejects the faults that it lists, accepts the reference, and no statement of
//! the paper is forgotten.
//!
//! Each claim is run on the proving settings: small graphs of many kinds, with several loads and d.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, CasePlan, Claim, Evidence, Kind, Scope, Setting, Verdict};
use fluidcheck::faults::Fault;
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::machinery::UnderCheck;
use fluidcheck::model::Model;
use rayon::prelude::*;

/// The error probability of each check, so small that a rerun under another seed passes as well.
const ALPHA: f64 = 1e-6;

/// The paper's statements that the registry checks, and the claims that do it.
const CATALOGUE: &[(&str, &[&str])] = &[
    ("Lemma 4.2, (4.1) to (4.3)", &["lemma-4.2"]),
    ("(4.4)", &["eq-4.4"]),
    ("Proposition 4.1, (4.5) to (4.9)", &["prop-4.1-drift"]),
    ("Lemma 4.4, (4.11)", &["lemma-4.4"]),
    ("(4.12)", &["eq-4.12"]),
    ("(4.13)", &["eq-4.13", "prop-3.9-mass"]),
    ("Proposition 3.9", &["prop-3.9-mass", "prop-3.9-samples"]),
    ("(4.14)", &["eq-4.14"]),
    ("(4.19)", &["eq-4.19"]),
    ("(4.20)", &["eq-4.20"]),
    ("(4.23) to (4.25)", &["eq-4.23"]),
    ("Lemma 4.5, (4.30), (4.31)", &["lemma-4.5-drift"]),
    ("(4.39)", &["eq-4.39"]),
    ("(4.42)", &["eq-4.42"]),
    ("(4.46)", &["eq-4.46"]),
    ("(4.48)", &["eq-4.48"]),
    ("(4.49)", &["eq-4.49"]),
    ("(A.1), (C.2)", &["eq-A.1"]),
    ("(A.2)", &["eq-A.2"]),
    ("Lemma C.1", &["lemma-c.1", "lemma-c.1-sharp"]),
    ("section 2, every path", &["conservation", "looks"]),
    ("section 5, replications", &["independent-streams"]),
    ("(2.1)", &["eq-2.1"]),
    ("(2.3)", &["eq-2.3"]),
    ("Remark 1", &["rem-1", "rem-1-graph"]),
    ("Definition 3.3", &["def-3.3"]),
    ("Definition 3.5, (3.3), Corollary 3.6", &["eq-3.3", "eq-3.3-graph"]),
    ("(3.5), q*", &["ode-fixed-point", "ode-order"]),
    ("(4.44)", &["eq-4.44"]),
    ("Theorem 3.1, Remark 2", &["thm-3.1"]),
    ("Corollary 4.3", &["cor-4.3"]),
    ("(4.10)", &["flow-balance"]),
    ("Proposition 4.1, one law whatever the start", &["prop-4.1-ergodic"]),
    ("section 2, the law of each event", &["transition-law"]),
    ("section 2, the times of events", &["event-times"]),
    ("section 2, the plain simulator", &["oracle-law"]),
    ("Proposition 3.9, each system alone", &["coupling-law"]),
    ("section 2, estimates", &["transient-law", "steady-law"]),
    ("(3.5), its solution", &["ode-solution"]),
    ("section 2, the graph that runs", &["graph-sides", "formats"]),
    ("Definition 3.3, section 5, graphs", &["named-graphs", "random-graphs"]),
    ("the tests behind the verdicts", &["sequential-tests", "intervals-cover", "distribution-test"]),
    ("errata: (2.2)", &["err-2.2-printed", "err-2.2-corrected"]),
    ("errata: Remark 1", &["err-rem-1-printed", "err-rem-1-corrected"]),
    ("errata: (3.3)", &["err-3.3-printed", "err-3.3-corrected"]),
    ("errata: Definition 3.5", &["err-def-3.5-printed", "err-def-3.5-corrected"]),
    ("errata: (4.52)", &["err-4.52-printed", "err-4.52-corrected"]),
    ("errata: section 5, multi-edges", &["err-5-multi-edges-printed", "err-5-multi-edges-corrected"]),
    ("errata: section 5, steady state", &["err-5-steady-state-printed", "err-5-steady-state-corrected"]),
    ("errata: Corollary 3.4", &["err-cor-3.4-printed", "err-cor-3.4-corrected"]),
    ("errata: (4.44)", &["err-4.44-printed", "err-4.44-corrected"]),
    ("errata: Theorem 3.8", &["err-thm-3.8-printed", "err-thm-3.8-corrected"]),
    ("errata: Theorem 3.10", &["err-thm-3.10-corrected"]),
    ("errata: (4.41)", &["err-4.41-printed", "err-4.41-corrected"]),
    ("errata: (4.47)", &["err-4.47-printed", "err-4.47-corrected"]),
    ("errata: (4.10)", &["err-4.10-corrected"]),
    ("errata: (B.6)", &["err-b.6-printed", "err-b.6-corrected"]),
    ("errata: (C.5)", &["err-c.5-printed", "err-c.5-corrected"]),
    ("errata: Lemma C.1", &["err-c.1-printed", "err-c.1-corrected"]),
    // Statements whose claims need the full engine of sequential tests, which the registry does not have yet.
    ("Theorem 3.8", &[]),
    ("Theorem 3.10, Corollary 3.11", &[]),
    ("Corollaries 3.2, 3.4 and 3.6 as rates", &[]),
    ("the counterexample of section 1.2", &[]),
    ("Lemma 4.5, Lemma C.2 along paths", &[]),
    ("figures 2 to 4", &[]),
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
    let irregular: Vec<_> =
        (0..12).flat_map(|v| (0..8).map(move |w| (v, w))).filter(|&(v, w)| v * w + v + 3 * w < 20 || v % 8 == w).collect();
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
        .flat_map(|(name, graph)| {
            loads.map(|(lambda, d)| (format!("{name}, lambda {lambda}, d {d}"), (graph.clone(), lambda, d)))
        })
        .map(|(name, (graph, lambda, d))| (name, Model::new(graph, lambda, d).expect("a proving model is valid")))
        .collect()
}

fn evaluate(claim: &Claim, under: UnderCheck<'_>, model: &Model) -> Evidence {
    let plan = CasePlan { seed: 20_260_731, effort: 1, only: None };
    let samples = fluidcheck::stationary::Samples::new(under.subject, model, 1, 1_000_000);
    claim.evaluate(&Setting { subject: under.subject, machinery: under.machinery, model, plan, alpha: ALPHA, samples: &samples })
}

/// Where statistical claims prove their power: as few settings as show every fault, since each costs seconds.
const STATISTICAL: [&str; 4] = [
    "k22, lambda 0.8, d 2",
    "path3, lambda 0.3, d 2",
    "more types than servers, lambda 0.3, d 2",
    "hub and leaves, lambda 0.3, d 2",
];

/// The settings of a claim: theories are checked once whatever the graph.
fn settings_of<'a>(claim: &Claim, models: &'a [(String, Model)]) -> Vec<&'a (String, Model)> {
    match (claim.scope, claim.kind) {
        (Scope::Theory, _) => models.iter().take(1).collect(),
        (Scope::Graph, Kind::Statistical) => models.iter().filter(|(name, _)| STATISTICAL.contains(&name.as_str())).collect(),
        (Scope::Graph, _) => models.iter().collect(),
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
                let evidence = evaluate(claim, UnderCheck::reference(), model);
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
    let pairs: Vec<(&Claim, &Fault)> =
        claims::all().flat_map(|claim| claim.rejects.iter().map(move |fault| (claim, fault))).collect();
    let survivors: Vec<String> = pairs
        .par_iter()
        .filter(|(claim, fault)| {
            // A fault of an erratum must turn the expected violation into something else.
            let rejected = |(_, model): &(String, Model)| {
                let verdict = evaluate(claim, UnderCheck::both(*fault), model).verdict;
                if claim.is_expected(Verdict::Violated) { !claim.is_expected(verdict) } else { verdict == Verdict::Violated }
            };
            !settings_of(claim, &models).into_iter().any(rejected)
        })
        .map(|(claim, fault)| format!("{} accepts {}", claim.id, fault.id()))
        .collect();
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

#[test]
fn every_fault_is_rejected_by_some_claim() {
    let rejected: BTreeSet<Fault> = claims::all().flat_map(|claim| claim.rejects).copied().collect();
    let survivors: Vec<&str> = Fault::ALL.iter().filter(|fault| !rejected.contains(fault)).map(Fault::id).collect();
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

#[test]
fn the_registry_is_the_catalogue_of_the_papers_statements() {
    let named: BTreeSet<&str> = CATALOGUE.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    let there: BTreeSet<&str> = claims::all().map(|claim| claim.id).collect();
    assert_eq!(named.difference(&there).collect::<Vec<_>>(), [&""; 0], "statements without their claim");
    assert_eq!(there.difference(&named).collect::<Vec<_>>(), [&""; 0], "claims that no statement of the catalogue names");
}
