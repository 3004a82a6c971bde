//! Errata: printed and corrected forms stand side by side, and the counterexamples are simple.
//! Their verdicts are in `claims.rs`, their power in `power.rs`.

mod proving;

use fluidcheck::claims::{self, Verdict};
use fluidcheck::subject::Reference;
use proving::{any_model, evaluate};

#[test]
fn every_printed_form_has_its_corrected_one() {
    for claim in claims::all() {
        if let Some(place) = claim.id.strip_suffix("-printed") {
            assert!(claims::find(&format!("{place}-corrected")).is_ok(), "{}", claim.id);
        }
    }
}

#[test]
fn the_counterexamples_are_the_simplest_known() {
    let table = [
        ("err-4.41-printed", "N = 2, 1 arrivals: sum of q_i^2 is 4/4, the bound 3/4"),
        (
            "err-2.2-printed",
            "lambda = 0.9, d = 2, task types [[0], [0, 1]]: called ergodic, yet S = [0] grows at rate 1/8",
        ),
        (
            "err-3.3-printed",
            "complete 3 x 2: task types [[0, 1, 2], [0, 1, 2]]: the middle of (3.3) is 1/3, phi(G) = 0",
        ),
        ("err-4.47-printed", "c1' = 1, c2' = 1, c3 = 4/2, ln(1/eta) = 4, alpha = 1: 1/2 > 1/3"),
        ("err-def-3.5-printed", "regular, and phi(G) = 1"),
        ("err-5-multi-edges-printed", "N = 10: a multi-edge has probability 0.885"),
        ("err-thm-3.8-printed", "rho0 = 4/5, d = 2: theta = 5/16, alpha = 5.21"),
    ];
    for (id, text) in table {
        let evidence = evaluate(id, &Reference, &any_model());
        assert_eq!(evidence.verdict, Verdict::Violated, "{id}");
        assert!(evidence.summary.contains(text), "{id}: {}", evidence.summary);
        assert!(evidence.witness.is_some(), "{id}");
    }
}
