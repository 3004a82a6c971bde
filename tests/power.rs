//! The power of the registry: every claim rejects the faults that it lists and accepts the
//! reference. The snapshot is the matrix of the listed pairs; `fluidcheck power` fills the whole.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, Verdict};
use fluidcheck::faults::{Fault, Group};
use fluidcheck::report;
use fluidcheck::suite::power_matrix::{Options, matrix};

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
fn every_group_has_faults_and_every_fault_has_a_name_of_its_own() {
    let ids: BTreeSet<&str> = Fault::ALL.iter().map(Fault::id).collect();
    assert_eq!(ids.len(), Fault::ALL.len());
    for group in Group::ALL {
        assert!(Fault::ALL.iter().any(|fault| fault.group() == *group), "{group:?} is empty");
    }
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
