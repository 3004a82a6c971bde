//! The error budget of the default suite: over claims, graphs and directions, and never more than
//! the suite may spend.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, Kind};
use fluidcheck::report::{page::Look, sections};
use fluidcheck::stats::decision::Decision;
use fluidcheck::suite::{self, Options, battery};

#[test]
fn the_budget_of_the_default_suite_is_shared_out_over_claims_graphs_and_directions() {
    let inputs = battery::inputs();
    let ledger = suite::ledger(&inputs, &Options::default());
    assert!(ledger.spent() <= 1e-6 * (1.0 + 1e-12), "{} spent", ledger.spent());
    assert!(ledger.entries.iter().all(|entry| entry.alpha > 0.0));
    for direction in [Decision::Holds, Decision::Violated] {
        let half: f64 = ledger
            .entries
            .iter()
            .filter(|entry| entry.direction == direction)
            .map(|entry| entry.alpha)
            .sum();
        assert!((half - 0.5e-6).abs() < 1e-15);
    }
    let there: BTreeSet<&str> = ledger.entries.iter().map(|entry| entry.claim.as_str()).collect();
    let statistical: BTreeSet<&str> = claims::all()
        .filter(|claim| claim.kind == Kind::Statistical)
        .map(|claim| claim.id)
        .collect();
    assert_eq!(there, statistical);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("ledger", sections::ledger(&ledger, Look::PLAIN, true));
    });
}
