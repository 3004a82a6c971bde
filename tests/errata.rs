//! Errata: printed and corrected forms stand side by side, the counterexamples are simple, and each
//! is violated by its own one only. Their verdicts are in `claims.rs`, their power in `power.rs`.

mod proving;

use std::{env, fs};

use fluidcheck::claims::{self, Claim, Erratum, Expected, Verdict};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::subject::Reference;
use fluidcheck::suite::{self, Options, Outcome, Suite, battery, witnesses};
use proving::{any_model, evaluate};

/// Printed forms whose right form is a claim of its own.
const RIGHT: &[(&str, &str)] = &[("err-5-tail-printed", "tail-from-below")];

#[test]
fn every_printed_form_is_an_erratum_and_has_its_corrected_one() {
    for claim in claims::all() {
        assert_eq!(claim.id.ends_with("-printed"), claim.erratum().is_some(), "{}", claim.id);
        if let Some(place) = claim.id.strip_suffix("-printed") {
            let elsewhere = RIGHT.iter().find(|(printed, _)| *printed == claim.id);
            let right = elsewhere.map_or(format!("{place}-corrected"), |(_, id)| id.to_string());
            let right = claims::find(&right).unwrap_or_else(|_| panic!("{}: {right}", claim.id));
            assert_eq!(right.expected, Expected::Holds, "{}", claim.id);
        }
    }
}

#[test]
fn what_may_be_a_slip_of_the_ocr_is_an_index_or_a_letter() {
    let symbols = claims::all().filter(|claim| claim.erratum() == Some(Erratum::Symbol));
    let ids: Vec<&str> = symbols.map(|claim| claim.id).collect();
    let known = ["rem-1", "3.3", "4.52", "cor-3.4", "b.6", "c.5"];
    assert_eq!(ids, known.map(|place| format!("err-{place}-printed")));
}

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/errata.txt");

/// All errata.
fn errata(options: Options) -> Suite {
    let errata = claims::all().filter(|claim| suite::is_erratum(claim));
    let only = errata.map(|claim: &Claim| claim.id.to_owned()).collect();
    let options = Options { only, ..options };
    suite::run(UnderCheck::reference(), &battery::inputs()[..1], &options, &|_| ())
}

#[test]
fn each_erratum_is_violated_by_its_stored_witness_whatever_the_seed_and_the_effort() {
    for (seed, effort) in [(1, 1), (2, 1), (20_261_129, 3)] {
        let suite = errata(Options { seed, effort, ..Options::default() });
        let lines: Vec<String> = suite.rows.iter().filter_map(witnesses::line).collect();
        if env::var_os("FLUIDCHECK_WRITE_TABLES").is_some() {
            fs::write(LIST, lines.join("\n") + "\n").unwrap();
        }
        let stored = fs::read_to_string(LIST).unwrap();
        let stored: Vec<&str> = stored.lines().collect();
        assert_eq!(lines, stored, "FLUIDCHECK_WRITE_TABLES=1 writes the list anew; seed {seed}");
        assert_eq!(suite.outcome(), Outcome::AsExpected, "seed {seed}: the binary has the list");
    }
}

#[test]
fn another_case_of_an_erratum_may_be_replayed() {
    let suite = errata(Options { case: Some(7), ..Options::default() });
    let violated = suite.rows.iter().filter(|row| row.evidence.verdict == Verdict::Violated);
    assert!(violated.clone().count() > 3);
    for row in violated {
        assert!(row.is_expected(), "{}", row.claim.id);
    }
}

#[test]
fn the_counterexamples_are_the_simplest_known() {
    let table = [
        ("err-4.41-printed", "N = 2, 1 arrivals: sum of q_i^2 is 4/4, the bound 3/4"),
        (
            "err-2.2-printed",
            "task types [[0, 1], [0, 1], [0, 1, 2]], d = 2: critical load 6/7 by (2.2), yet at 9/11 \
             S = [0, 1] gets all",
        ),
        (
            "err-3.3-printed",
            "complete 3 x 2: task types [[0, 1, 2], [0, 1, 2]]: the middle of (3.3) is 1/3, phi(G) = 0",
        ),
        ("err-4.47-printed", "c1' = 1, c2' = 1, c3 = 4/2, ln(1/eta) = 4, alpha = 1: 1/2 > 1/3"),
        ("err-4.33-printed", "from empty at s = 0 the divisor is qbar_1 - qbar_2 = 0 - 0"),
        ("err-4.48-printed", "alpha = 1/2, ln(1/eta) = 1/16: 4 > 2, and n times as much"),
        ("err-5-tail-printed", "E q_8 >= (4/15)^8 > (4/5)^54 >= (4/5)^"),
        ("err-5-multi-edges-printed", "N = 10: a multi-edge has probability 0.885"),
    ];
    for (id, text) in table {
        let evidence = evaluate(id, &Reference, &any_model());
        assert_eq!(evidence.verdict, Verdict::Violated, "{id}");
        assert!(evidence.summary.contains(text), "{id}: {}", evidence.summary);
        assert!(evidence.witness.is_some(), "{id}");
    }
}
