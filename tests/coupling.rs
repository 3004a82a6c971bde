//! Proposition 3.9: two coupled systems stay ordered, and each of them is the model.

use std::collections::BTreeMap;

use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::{Load, Model};
use fluidcheck::num::ratio::{Ratio, ratio, whole};
use fluidcheck::random::stream_rng;
use fluidcheck::simulate::Queues;
use fluidcheck::simulate::all_marks::enumerate;
use fluidcheck::simulate::coupled::{
    Coupled, CoupledRunError, CoupledSimulation, Coupling, CouplingError, apply_to_all,
    check_order, shared_mass_intervals,
};
use fluidcheck::simulate::marks::{Mark, MarkBlock, MarkStream, RandomMarks};
use proptest::prelude::*;

/// Any small model with two ordered states.
fn ordered() -> impl Strategy<Value = (Model, Vec<u32>, Vec<u32>)> {
    (1u32..6, 1u32..5, 1u32..5, 1u32..20).prop_flat_map(|(n, m, d, twentieths)| {
        let edges = proptest::collection::vec(any::<bool>(), (n * m) as usize);
        let pairs = proptest::collection::vec((0u32..4, 0u32..3), n as usize);
        (edges, pairs).prop_map(move |(present, pairs)| {
            let all = (0..n).flat_map(|v| (0..m).map(move |w| (v, w)));
            let edges: Vec<_> =
                all.zip(present).filter(|&(_, present)| present).map(|(edge, _)| edge).collect();
            let graph = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).unwrap();
            let model = Model::new(graph, f64::from(twentieths) / 20.0, d).unwrap();
            let (lower, more): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
            let upper = lower.iter().zip(more).map(|(l, more)| l + more).collect();
            (model, lower, upper)
        })
    })
}

fn couplings(model: &Model) -> Vec<Coupling> {
    let half = Load::new(model.load().exact() / whole(2)).unwrap();
    vec![Coupling::SharedMarks, Coupling::SharedMass, Coupling::Thinned { lower: half }]
}

proptest! {
    #[test]
    fn the_order_is_kept_on_every_event_of_every_coupling((model, lower, upper) in ordered(), seed: u64) {
        for coupling in couplings(&model) {
            let mut pair = CoupledSimulation::new(&model, coupling, seed, 0, lower.clone(), upper.clone()).unwrap();
            for _ in 0..300 {
                prop_assert_eq!(pair.step(), Ok(()));
                let pair = pair.pair();
                prop_assert_eq!(check_order(pair.lower(), pair.upper()), Ok(()));
                let differing = pair.lower().lengths().iter().zip(pair.upper().lengths()).filter(|(l, u)| l != u).count();
                prop_assert_eq!(pair.differing() as usize, differing);
                // (4.14), for the whole system.
                for i in 0..10 {
                    prop_assert!(pair.lower().occupancy().at_least(i) <= pair.upper().occupancy().at_least(i));
                }
            }
            prop_assert_eq!(pair.pair().events(), 300);
        }
    }

    #[test]
    fn the_order_is_kept_with_a_cap((model, lower, upper) in ordered(), seed: u64) {
        for coupling in [Coupling::SharedMarks, Coupling::Thinned { lower: Load::new(model.load().exact() / whole(3)).unwrap() }] {
            let mut pair = CoupledSimulation::capped(&model, coupling, seed, 0, lower.clone(), upper.clone(), 6).unwrap();
            for _ in 0..300 {
                prop_assert_eq!(pair.step(), Ok(()));
            }
            prop_assert!(pair.pair().upper().lengths().iter().all(|&length| length <= 6));
        }
    }

    #[test]
    fn one_stream_of_marks_keeps_any_number_of_states_in_order((model, lower, upper) in ordered(), seed: u64) {
        let top: Vec<u32> = upper.iter().map(|length| length + 1).collect();
        let mut states = [lower, upper, top].map(Queues::from_lengths);
        let mut block = MarkBlock::new(model.d());
        RandomMarks::new(&model, stream_rng(seed, 0)).fill(&mut block, 200);
        for mark in block.iter() {
            apply_to_all(mark, u32::MAX, &mut states);
            prop_assert_eq!(check_order(&states[0], &states[1]), Ok(()));
            prop_assert_eq!(check_order(&states[1], &states[2]), Ok(()));
        }
    }

    #[test]
    fn the_shared_mass_has_exact_marginals_and_every_u_keeps_the_order((model, lower, upper) in ordered()) {
        check_intervals(&model, &lower, &upper);
    }

    #[test]
    fn all_marks_keep_the_order_and_give_each_system_its_rates((model, lower, upper) in ordered()) {
        let mut rates = [BTreeMap::new(), BTreeMap::new()];
        for (mark, weight) in enumerate(&model).unwrap() {
            let mut pair = Coupled::new(lower.clone(), upper.clone()).unwrap();
            prop_assert_eq!(pair.apply(mark.as_mark()), Ok(()));
            for (rates, (after, before)) in rates.iter_mut().zip([(pair.lower(), &lower), (pair.upper(), &upper)]) {
                if after.lengths() != before {
                    *rates.entry(after.lengths().to_vec()).or_insert_with(Ratio::default) += &weight;
                }
            }
        }
        let events = (whole(1) + model.load().exact()) * whole(model.graph().n_servers().into());
        for (rates, before) in rates.into_iter().zip([&lower, &upper]) {
            let total: Ratio = rates.into_values().sum();
            let exact: Ratio = model.transitions(before).into_iter().map(|(_, rate)| rate).sum();
            prop_assert_eq!(total, exact / &events);
        }
    }

    #[test]
    fn how_often_somebody_looks_changes_no_coupled_path((model, lower, upper) in ordered(), seed: u64) {
        for coupling in couplings(&model) {
            let start = || CoupledSimulation::new(&model, coupling.clone(), seed, 0, lower.clone(), upper.clone()).unwrap();
            let (mut rare, mut often) = (start(), start());
            rare.advance_to(30.0).unwrap();
            for k in 0..=60 {
                often.advance_to(f64::from(k) / 2.0).unwrap();
            }
            prop_assert_eq!(rare.pair().lower(), often.pair().lower());
            prop_assert_eq!(rare.pair().upper(), often.pair().upper());
            let back = matches!(rare.advance_to(1.0), Err(CoupledRunError::Time(_)));
            prop_assert!(back);
        }
    }
}

fn check_intervals(model: &Model, lower: &[u32], upper: &[u32]) {
    for w in 0..model.graph().n_task_types() {
        let cells = shared_mass_intervals(model, w, lower, upper);
        let mut marginals = [BTreeMap::new(), BTreeMap::new()];
        let mut shared = Ratio::default();
        let mut end = Ratio::default();
        for cell in &cells {
            assert_eq!(cell.from, end, "the intervals leave no gap");
            assert!(cell.to > cell.from);
            end = cell.to.clone();
            let width = &cell.to - &cell.from;
            if cell.server1 == cell.server2 {
                shared += &width;
            } else {
                let v = cell.server1 as usize;
                assert!(
                    lower[v] < upper[v],
                    "{cell:?} breaks the order of {lower:?} and {upper:?}"
                );
            }
            *marginals[0].entry(cell.server1).or_insert_with(Ratio::default) += &width;
            *marginals[1].entry(cell.server2).or_insert_with(Ratio::default) += &width;
        }
        if model.graph().servers_of(w).is_empty() {
            assert!(cells.is_empty());
            continue;
        }
        assert_eq!(end, whole(1));
        let exact = [lower, upper].map(|lengths| model.assignment(w, lengths));
        for (marginal, exact) in marginals.iter().zip(&exact) {
            let positive = exact.iter().filter(|(_, p)| *p != Ratio::default()).cloned();
            assert_eq!(*marginal, positive.collect::<BTreeMap<_, _>>());
        }
        // As much mass as possible is shared.
        let most: Ratio =
            exact[0].iter().zip(&exact[1]).map(|((_, a), (_, b))| a.min(b).clone()).sum();
        assert_eq!(shared, most);
    }
}

#[test]
fn the_shared_mass_is_right_for_all_ordered_states_of_three_servers() {
    for d in 1..=3 {
        let model = Model::new(BipartiteGraph::complete(3, 1).unwrap(), 0.8, d).unwrap();
        let state = |code: u32| [code % 3, code / 3 % 3, code / 9];
        for (lower, upper) in (0..27).flat_map(|a| (0..27).map(move |b| (state(a), state(b)))) {
            if lower.iter().zip(&upper).all(|(l, u)| l <= u) {
                check_intervals(&model, &lower, &upper);
            }
        }
    }
}

#[test]
fn the_intervals_are_those_written_out_in_4_13() {
    // d_w = 3, d = 2, lower (0, 0, 1), upper (2, 0, 1): p1 = (4, 4, 1)/9, p2 = (1, 5, 3)/9.
    let model = Model::new(BipartiteGraph::complete(3, 1).unwrap(), 0.5, 2).unwrap();
    let cells = shared_mass_intervals(&model, 0, &[0, 0, 1], &[2, 0, 1]);
    let found: Vec<_> =
        cells.into_iter().map(|cell| (cell.to, cell.server1, cell.server2)).collect();
    let expected = [
        (ratio(1, 9), 0, 0),
        (ratio(5, 9), 1, 1),
        (ratio(6, 9), 2, 2),
        (ratio(7, 9), 0, 1),
        (ratio(9, 9), 0, 2),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_thinned_lower_system_has_its_own_load() {
    let model = Model::new(BipartiteGraph::complete(10, 10).unwrap(), 0.8, 2).unwrap();
    let lower = Load::parse("0.2").unwrap();
    let mut pair =
        CoupledSimulation::new(&model, Coupling::Thinned { lower }, 1, 0, vec![0; 10], vec![0; 10])
            .unwrap();
    for _ in 0..90_000 {
        pair.step().unwrap();
    }
    // Hoeffding at 1e-6: 40 000 arrivals of the upper system, of which the lower takes a quarter.
    let (took, of) = (pair.pair().lower().arrivals() as f64, pair.pair().upper().arrivals() as f64);
    assert!(
        (took / of - 0.25).abs() <= ((2.0 / 1e-6f64).ln() / (2.0 * of)).sqrt(),
        "{took} of {of}"
    );
}

#[test]
fn coupled_systems_meet_and_stay_together() {
    let model = Model::new(BipartiteGraph::complete(10, 5).unwrap(), 0.8, 2).unwrap();
    for coupling in [Coupling::SharedMarks, Coupling::SharedMass] {
        let mut pair =
            CoupledSimulation::new(&model, coupling, 1, 0, vec![0; 10], vec![5; 10]).unwrap();
        assert_eq!(pair.run_until_coalesced(10), Ok(None));
        let met =
            pair.run_until_coalesced(1_000_000).unwrap().expect("a meeting of a stable system");
        assert_eq!(met, pair.pair().events());
        for _ in 0..1000 {
            pair.step().unwrap();
            assert_eq!(pair.pair().lower().lengths(), pair.pair().upper().lengths());
        }
        assert_eq!(pair.run_until_coalesced(10), Ok(Some(met + 1000)));
    }
}

#[test]
fn starts_that_cannot_be_coupled_are_refused() {
    let model = Model::new(BipartiteGraph::complete(2, 1).unwrap(), 0.5, 2).unwrap();
    let start = |coupling, lower: &[u32], upper: &[u32], cap| {
        CoupledSimulation::capped(&model, coupling, 1, 0, lower.to_vec(), upper.to_vec(), cap)
            .unwrap_err()
    };
    let error = start(Coupling::SharedMarks, &[0, 2], &[1, 1], u32::MAX);
    assert_eq!(
        error.to_string(),
        "the starts are not ordered: after 0 events server 1 has 2 tasks in the lower system and 1 in the upper"
    );
    for (lower, upper) in [(&[0][..], &[0, 0][..]), (&[0, 0], &[0]), (&[0], &[0])] {
        let (lengths, needed) = ((lower.len(), upper.len()), 2);
        let expected = CouplingError::StartLength { lower: lengths.0, upper: lengths.1, needed };
        assert_eq!(start(Coupling::SharedMarks, lower, upper, 9), expected);
    }
    assert!(matches!(
        start(Coupling::SharedMarks, &[0, 0], &[0, 9], 8),
        CouplingError::AboveCap { server: 1, .. }
    ));
    assert_eq!(start(Coupling::SharedMass, &[0, 0], &[0, 0], 8), CouplingError::CappedMass);
    let more = Coupling::Thinned { lower: Load::parse("0.6").unwrap() };
    assert!(matches!(start(more, &[0, 0], &[0, 0], 9), CouplingError::Load { .. }));
}

#[test]
fn a_broken_order_is_reported_at_its_event_and_server() {
    let mut pair = Coupled::new(vec![1, 1], vec![1, 2]).unwrap();
    pair.join(0, 1, 0).unwrap();
    let violation = pair.join(0, 1, 0).unwrap_err();
    assert_eq!(
        (violation.event_index, violation.server, violation.lower, violation.upper),
        (2, 1, 3, 2)
    );
}

#[test]
fn starts_at_the_cap_and_equal_loads_can_be_coupled() {
    let model = Model::new(BipartiteGraph::complete(2, 1).unwrap(), 0.5, 2).unwrap();
    let same = Coupling::Thinned { lower: Load::parse("0.5").unwrap() };
    let mut pair =
        CoupledSimulation::capped(&model, same, 1, 0, vec![0, 8], vec![0, 8], 8).unwrap();
    assert_eq!(pair.time(), 0.0);
    pair.advance_to(50.0).unwrap();
    assert_eq!(pair.time(), 50.0);
    assert!(pair.pair().events() > 0 && pair.pair().coalesced());
}

#[test]
fn a_mark_is_applied_to_every_state() {
    let mut states = [vec![0, 1], vec![2, 1], vec![3, 3]].map(Queues::from_lengths);
    apply_to_all(Mark::Arrival { task_type: 0, samples: &[0, 1] }, 3, &mut states);
    apply_to_all(Mark::Service { server: 1 }, 3, &mut states);
    let lengths: Vec<_> = states.iter().map(|queues| queues.lengths().to_vec()).collect();
    assert_eq!(lengths, [[1, 0], [2, 1], [3, 2]]);
}
