//! Remark 1: the critical load by subsets, by max-flow and by certified bounds, against independent figures.

mod common_graph;

use std::path::Path;

use common_graph::{cases, fraction};
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::stability::{
    Effort, MAX_SAMPLE_SETS, StabilityError, critical_load_bounds, critical_load_by_flow, critical_load_by_subsets, is_ergodic,
    ratio_of_set,
};
use fluidcheck::graph::{BipartiteGraph, Isolated, format, metrics};
use fluidcheck::model::{Load, Model};
use fluidcheck::ratio::{Ratio, ratio, to_f64, whole};
use proptest::prelude::*;

fn build(text: &str) -> BipartiteGraph {
    Spec::parse(text).unwrap().build(1, Isolated::Refuse).unwrap()
}

#[test]
fn critical_loads_and_bottlenecks_equal_the_independent_ones_exactly() {
    let mut compared = 0;
    for case in cases() {
        let graph = case.graph();
        for expected in &case.critical {
            let name = format!("{}, d = {}", case.name, expected.d);
            let by_subsets = critical_load_by_subsets(&graph, expected.d).unwrap();
            assert_eq!(by_subsets.lambda, fraction(&expected.lambda_c), "{name}");
            assert_eq!(by_subsets.bottleneck, expected.bottleneck, "{name}");
            let by_flow = critical_load_by_flow(&graph, expected.d).unwrap();
            assert_eq!(by_flow.lambda, by_subsets.lambda, "{name}");
            if expected.maximisers == 1 {
                assert_eq!(by_flow.bottleneck, expected.bottleneck, "{name}");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 30);
}

#[test]
fn ergodic_is_strict_at_the_critical_load_and_rho_below_one_is_not_necessary() {
    let graph = build("edges:n=2,m=2,e=0-0;0-1;1-1");
    let model = |lambda: Ratio, d| Model::with_load(graph.clone(), Load::new(lambda).unwrap(), d).unwrap();
    assert_eq!(is_ergodic(&model(ratio(4, 5), 2)), Ok(false));
    let below = model(ratio(799, 1000), 2);
    assert_eq!(is_ergodic(&below), Ok(true));
    assert!(metrics::rho(&below) > whole(1));
    // At 0.9 the criterion as printed, without replacement, would call it ergodic.
    assert_eq!(is_ergodic(&model(ratio(9, 10), 2)), Ok(false));
}

#[test]
fn dropped_tasks_raise_the_critical_load_above_one() {
    let graph = BipartiteGraph::from_edges(1, 2, &[(0, 0)], Isolated::Drop).unwrap();
    assert_eq!(critical_load_by_subsets(&graph, 2).unwrap().lambda, whole(2));
    assert_eq!(critical_load_by_flow(&graph, 2).unwrap().lambda, whole(2));
    let nothing = BipartiteGraph::from_edges(1, 1, &[], Isolated::Drop).unwrap();
    assert_eq!(critical_load_by_subsets(&nothing, 2), Err(StabilityError::NoEdges));
}

#[test]
fn what_is_too_large_is_refused() {
    assert_eq!(critical_load_by_subsets(&build("cycle:n=21"), 2), Err(StabilityError::TooManyServers { servers: 21 }));
    assert_eq!(critical_load_by_flow(&build("complete:n=1000"), 2), Err(StabilityError::TooManySampleSets { d: 2 }));
    const { assert!(MAX_SAMPLE_SETS < 1000 * 999 / 2) };
    assert_eq!(critical_load_by_flow(&build("cycle:n=3"), 0), Err(StabilityError::Choices { given: 0 }));
}

#[test]
fn large_d_needs_large_integers_and_stays_exact() {
    let graph = build("edges:n=3,m=3,e=0-0;0-1;1-1;0-2;1-2;2-2");
    for d in [40, 1024] {
        let critical = critical_load_by_subsets(&graph, d).unwrap();
        assert_eq!(critical, critical_load_by_flow(&graph, d).unwrap(), "d = {d}");
        assert_eq!(Some(critical.lambda), ratio_of_set(&graph, d, &critical.bottleneck), "d = {d}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn subsets_flow_and_bounds_agree(
        (n, m, edges) in (1u32..8, 1u32..8).prop_flat_map(|(n, m)| {
            prop::collection::vec(prop::collection::btree_set(0..n, 1..=n as usize), m as usize).prop_map(move |types| {
                let edges: Vec<_> = (0..).zip(types).flat_map(|(w, s)| s.into_iter().map(move |v| (v, w))).collect();
                (n, m, edges)
            })
        }),
        d in 1u32..5,
    ) {
        let graph = BipartiteGraph::from_edges(n, m, &edges, Isolated::Refuse).unwrap();
        let exact = critical_load_by_subsets(&graph, d).unwrap();
        let flow = critical_load_by_flow(&graph, d).unwrap();
        prop_assert_eq!(&exact.lambda, &flow.lambda);
        for set in [&exact.bottleneck, &flow.bottleneck] {
            prop_assert_eq!(ratio_of_set(&graph, d, set), Some(exact.lambda.clone()));
        }
        prop_assert!(exact.lambda <= whole(1));
        // rho < 1 implies the criterion: the critical load is at least 1 / max load.
        prop_assert!(&exact.lambda * metrics::max_server_load(&graph) >= whole(1));
        if d == 1 {
            prop_assert_eq!(&exact.lambda * metrics::max_server_load(&graph), whole(1));
        }
        let bounds = critical_load_bounds(&graph, d, Effort { gap: 1e-6, steps: 300 }).unwrap();
        prop_assert!(bounds.lower <= to_f64(&exact.lambda) && to_f64(&exact.lambda) <= bounds.upper, "{:?}, {}", bounds, exact.lambda);
        prop_assert!(ratio_of_set(&graph, d, &bounds.bottleneck).unwrap() >= exact.lambda);
    }
}

#[test]
fn symmetric_graphs_have_bounds_that_meet_at_once() {
    for text in ["complete:n=1000000", "regular:n=1000,k=3", "cycle:n=100"] {
        let bounds = critical_load_bounds(&build(text), 2, Effort::default()).unwrap();
        assert!(bounds.steps == 0 && bounds.lower > 1.0 - 1e-9 && bounds.upper < 1.0 + 1e-9, "{text}: {bounds:?}");
    }
}

/// The reference intervals come from an independent program.
#[test]
fn the_us_graph_has_no_steady_state_at_the_usual_load() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/us-sites-100km.csv");
    let graph = format::read_path(&path, None, Isolated::Refuse).unwrap();
    assert!((metrics::rho_f64(&Model::new(graph.clone(), 0.8, 2).unwrap()) - 3.4977).abs() < 0.003);
    for (d, lower, upper) in [(1, 0.228_725, 0.228_727), (2, 0.373_161, 0.373_288), (3, 0.433_885, 0.434_226)] {
        let bounds = critical_load_bounds(&graph, d, Effort::default()).unwrap();
        assert!(bounds.lower <= upper && bounds.upper >= lower, "d = {d}: {bounds:?}");
        assert!(bounds.upper / bounds.lower < 1.001_001, "d = {d}: {bounds:?}");
        let exact = ratio_of_set(&graph, d, &bounds.bottleneck).unwrap();
        assert!((to_f64(&exact) / bounds.upper - 1.0).abs() < 1e-9 && to_f64(&exact) <= bounds.upper);
    }
}
