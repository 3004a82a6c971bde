//! The claims of section 4 on arbitrary small graphs, with shrinking.

mod common_claims;

use common_claims::{counterexample, small_system};
use fluidcheck::claims::{self, CheckOptions, Scope, Verdict};
use fluidcheck::faults;
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::model::Model;
use fluidcheck::subject::Reference;
use proptest::prelude::*;

/// Servers, task types as bit masks, d, and which case of each claim.
type Raw = (u8, Vec<u8>, u8, u8);

/// The exact and pathwise claims about graphs whose checks are here.
const IDS: [&str; 9] = [
    "lemma-4.2",
    "eq-4.4",
    "prop-4.1-drift",
    "eq-4.12",
    "eq-4.13",
    "eq-4.20",
    "lemma-4.5-drift",
    "eq-4.39",
    "eq-4.42",
];

/// One case of each of these claims on one graph.
fn no_counterexample<'a>(
    under: impl Into<UnderCheck<'a>>,
    ids: &[&str],
    (n, masks, d, case): &Raw,
) -> Result<(), String> {
    let under = under.into();
    let (model, ..) = small_system(*n, masks, &[], *d);
    let options = CheckOptions {
        seed: 3,
        case: Some((*case).into()),
        pilot_events: Some(1),
        instruments: under.instruments,
        ..CheckOptions::default()
    };
    for id in ids {
        let claim = claims::find(id).map_err(|error| error.to_string())?;
        let evidence = claim.check_with(under.subject, &model, &options);
        if evidence.verdict == Verdict::Violated {
            return Err(format!("{id}: {}", evidence.summary));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_claim_of_section_4_has_a_counterexample(raw in any::<Raw>()) {
        prop_assert_eq!(no_counterexample(&Reference, &IDS, &raw), Ok(()));
    }
}

#[test]
fn no_claim_of_section_4_has_a_counterexample_of_quickcheck() {
    fn property(raw: Raw) -> Result<(), String> {
        no_counterexample(&Reference, &IDS, &raw)
    }
    quickcheck::quickcheck(property as fn(Raw) -> Result<(), String>);
}

#[test]
fn faults_have_counterexamples_on_small_graphs() {
    let table = [
        ("lemma-4.2", faults::RATES_ONE_SAMPLE_LESS),
        ("lemma-4.2", faults::IDLE_SERVERS_SERVE),
        ("eq-4.4", faults::RHO_REPLACED_BY_LAMBDA),
        ("eq-4.12", faults::TIES_TO_LOWEST),
        ("eq-4.12", faults::SAMPLING_WITHOUT_REPLACEMENT),
        ("eq-4.13", faults::PRODUCT_INSTEAD_OF_MINIMUM),
        ("eq-4.20", faults::RHO_REPLACED_BY_LAMBDA),
        ("eq-4.42", faults::PHI_WITH_SIDES_SWAPPED),
    ];
    for (id, fault) in table {
        assert!(
            counterexample(any::<Raw>(), |raw| no_counterexample(fault, &[id], &raw)).is_some(),
            "{id} and {}",
            fault.id
        );
    }
}

#[test]
fn a_violation_replays_by_its_case() {
    let (model, ..) = small_system(2, &[0, 6], &[], 1);
    for claim in
        claims::all().filter(|claim| claim.scope == Scope::Graph && IDS.contains(&claim.id))
    {
        for &fault in claim.rejects {
            let options = CheckOptions {
                seed: 11,
                pilot_events: Some(1),
                instruments: &fault.instruments,
                ..CheckOptions::default()
            };
            let first = claim.check_with(fault, &model, &options);
            let Some(witness) = first.witness else { continue };
            let only = CheckOptions { case: Some(witness.case), ..options };
            let again = claim.check_with(fault, &model, &only);
            assert_eq!(
                again.witness.map(|w| w.found),
                Some(witness.found),
                "{} and {}",
                claim.id,
                fault.id
            );
        }
    }
}

#[test]
fn corollary_4_3_says_nothing_where_no_task_type_has_a_choice_and_speaks_where_one_has() {
    let pairs = |edges: &[(u32, u32)]| {
        let graph =
            BipartiteGraph::from_edges(2, 2, edges, Isolated::Refuse).expect("a valid graph");
        Model::new(graph, 0.5, 2).expect("a valid model")
    };
    // Two M/M/1 queues attain the bound: no number of samples would decide.
    let apart = common_claims::evidence("cor-4.3", &Reference, &pairs(&[(0, 0), (1, 1)]));
    assert_eq!(apart.verdict, Verdict::NotApplicable, "{}", apart.summary);
    let joined =
        common_claims::evidence("cor-4.3", &Reference, &pairs(&[(0, 0), (1, 0), (0, 1), (1, 1)]));
    assert_eq!(joined.verdict, Verdict::Holds, "{}", joined.summary);
}

#[test]
fn corollary_4_3_says_that_no_sample_would_do_where_its_bound_is_below_what_samples_leave_out() {
    let model = Model::new(BipartiteGraph::complete(2, 2).expect("a valid graph"), 1e-6, 2)
        .expect("a valid model");
    let evidence = common_claims::evidence("cor-4.3", &Reference, &model);
    assert_eq!(evidence.verdict, Verdict::Inconclusive, "{}", evidence.summary);
    assert!(evidence.summary.contains("rho^2 = 1.0e-12"), "{}", evidence.summary);
}
