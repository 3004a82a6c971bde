//! The power of the registry: every claim rejects the faults that it lists and accepts the
//! reference. The snapshot is the matrix of the listed pairs; `fluidcheck power` fills the whole.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, Verdict};
use fluidcheck::faults::{self, Group};
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
fn every_group_has_faults_and_every_fault_has_a_name_and_a_sentence() {
    let ids: BTreeSet<&str> = faults::ALL.iter().map(|fault| fault.id).collect();
    assert_eq!(ids.len(), faults::ALL.len());
    for fault in faults::ALL.iter() {
        assert!(fault.about.ends_with('.') && !fault.seen.is_empty(), "{fault:?}");
    }
    for (group, _) in Group::ALL {
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
