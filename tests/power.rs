//! The power of the registry: every claim rejects the faults that it lists, accepts the reference,
//! and no statement of the paper is forgotten. The snapshot is the matrix of the listed pairs;
//! `fluidcheck power` fills the whole.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, Verdict};
use fluidcheck::faults::{self, Group};
use fluidcheck::report;
use fluidcheck::suite::power_matrix::{Options, matrix};

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
    ("Remark 1", &["rem-1", "rem-1-graph", "rem-1-growth"]),
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
    ("section 2, laws of small systems", &["exact-law"]),
    ("Proposition 3.9, perfect samples", &["perfect-sampling"]),
    ("section 2, uniformised", &["enumerated-marks", "marks-law"]),
    ("Proposition 3.9, each system alone", &["coupling-law"]),
    ("section 2, estimates", &["transient-law", "steady-law"]),
    ("(3.5), its solution", &["ode-solution"]),
    ("section 2, the graph that runs", &["graph-sides", "formats"]),
    ("Definition 3.3, section 5, graphs", &["named-graphs", "random-graphs"]),
    (
        "the tests behind the verdicts",
        &["sequential-tests", "intervals-cover", "distribution-test"],
    ),
    ("errata: (2.2)", &["err-2.2-printed", "err-2.2-corrected"]),
    ("errata: Remark 1", &["err-rem-1-printed", "err-rem-1-corrected"]),
    ("errata: (3.3)", &["err-3.3-printed", "err-3.3-corrected"]),
    ("errata: Definition 3.5", &["err-def-3.5-printed", "err-def-3.5-corrected"]),
    ("errata: (4.52)", &["err-4.52-printed", "err-4.52-corrected"]),
    (
        "errata: section 5, multi-edges",
        &["err-5-multi-edges-printed", "err-5-multi-edges-corrected"],
    ),
    (
        "errata: section 5, steady state",
        &["err-5-steady-state-printed", "err-5-steady-state-corrected"],
    ),
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
    ("Theorem 3.8", &["thm-3.8", "mixing-in-N"]),
    ("Theorem 3.10, Corollary 3.11", &["thm-3.10", "cor-3.11"]),
    ("the constants of Theorems 3.8 and 3.10", &["bounds-constants"]),
    ("Corollary 3.2, Remark 2, as sequences", &["cor-3.2", "rem-2"]),
    ("Corollary 3.4, (4.50) to (4.53)", &["cor-3.4"]),
    ("Corollary 3.6, as sequences", &["cor-3.6"]),
    ("the counterexample of section 1.2", &["counterexample-1.2"]),
    ("Lemma 4.5, Lemma C.2 along paths", &["lemma-4.5", "lemma-c.2"]),
    ("figures 2 to 4", &["fig-2", "fig-3", "fig-4"]),
];

#[test]
fn every_fault_is_rejected_every_claim_rejects_what_it_lists_and_the_reference_passes() {
    let matrix = matrix(&Options::default(), &|_| ());
    let problems = report::power_text::problems(&matrix);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(matrix.is_complete());
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("power", report::power_text::text(&matrix, false));
    });
}

#[test]
fn every_group_has_faults_and_every_fault_has_a_name_and_a_sentence() {
    let ids: BTreeSet<&str> = faults::ALL.iter().map(|fault| fault.id).collect();
    assert_eq!(ids.len(), faults::ALL.len());
    for fault in faults::ALL.iter() {
        assert!(fault.about.ends_with('.') && !fault.seen.is_empty(), "{fault:?}");
    }
    for group in Group::ALL {
        assert!(faults::ALL.iter().any(|fault| fault.group == *group), "{group:?} is empty");
    }
}

/// A fault that its group's list forgets would be proved by nobody.
#[test]
fn every_fault_of_the_source_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/faults");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let defined: usize = files
        .map(|file| std::fs::read_to_string(file).unwrap().matches(": &Fault =").count())
        .sum();
    assert_eq!(faults::ALL.len(), defined);
}

#[test]
fn every_claim_that_should_hold_rejects_a_fault_and_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for claim in claims::all() {
        assert!(ids.insert(claim.id), "{} is there twice", claim.id);
        assert!(
            !claim.rejects.is_empty() || claim.is_expected(Verdict::Violated),
            "{} rejects nothing",
            claim.id
        );
    }
}

#[test]
fn the_registry_is_the_catalogue_of_the_papers_statements() {
    let named: BTreeSet<&str> = CATALOGUE.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    let there: BTreeSet<&str> = claims::all().map(|claim| claim.id).collect();
    assert_eq!(
        named.difference(&there).collect::<Vec<_>>(),
        [&""; 0],
        "statements without their claim"
    );
    assert_eq!(
        there.difference(&named).collect::<Vec<_>>(),
        [&""; 0],
        "claims that no statement of the catalogue names"
    );
}
