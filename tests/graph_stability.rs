//! Remark 1: the critical load by subsets, by max-flow and by certified bounds, against independent
//! figures.

mod common_graph;

use common_graph::{cases, fraction};
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::{Load, Model, loads};
use fluidcheck::num::ratio::{Ratio, power, ratio, to_f64, whole};
use fluidcheck::suite::battery::us_sites;
use fluidcheck::theory::stability::{
    CertificateError, Effort, MAX_SAMPLE_SETS, StabilityError, certified_bounds, critical_load,
    critical_load_bounds, critical_load_by_flow, critical_load_by_subsets, exact_split, improve,
    is_ergodic, ratio_of_set, verify_lower, verify_lower_f64, verify_upper,
};
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
    let model =
        |lambda: Ratio, d| Model::with_load(graph.clone(), Load::new(lambda).unwrap(), d).unwrap();
    assert_eq!(is_ergodic(&model(ratio(4, 5), 2)), Ok(false));
    let below = model(ratio(799, 1000), 2);
    assert_eq!(is_ergodic(&below), Ok(true));
    assert!(loads::rho(&below) > whole(1));
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
    assert_eq!(
        critical_load_by_subsets(&build("cycle:n=21"), 2),
        Err(StabilityError::TooManyServers { servers: 21 })
    );
    assert_eq!(
        critical_load_by_flow(&build("complete:n=1000"), 2),
        Err(StabilityError::TooManySampleSets { d: 2 })
    );
    const { assert!(MAX_SAMPLE_SETS < 1000 * 999 / 2) };
    assert_eq!(
        critical_load_by_flow(&build("cycle:n=3"), 0),
        Err(StabilityError::Choices { given: 0 })
    );
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

/// The least |S| / f(S) over all sets, term by term.
fn by_definition(graph: &BipartiteGraph, d: u32) -> Option<Ratio> {
    let f = |set: u32| -> Ratio {
        (0..graph.n_task_types())
            .filter(|&w| graph.task_degree(w) > 0)
            .map(|w| {
                let inside =
                    graph.servers_of(w).iter().filter(|v| set >> v & 1 == 1).count() as i64;
                power(&ratio(inside, graph.task_degree(w) as i64), d) * graph.relative_rate(w)
            })
            .sum::<Ratio>()
            * ratio(graph.n_servers().into(), graph.n_task_types().into())
    };
    let ratios = (1u32..1 << graph.n_servers()).map(|set| (whole(set.count_ones().into()), f(set)));
    ratios.filter(|(_, f)| *f > whole(0)).map(|(size, f)| size / f).min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn all_ways_to_the_critical_load_agree_as_fractions_with_and_without_rates(
        (n, types) in (1u32..8).prop_flat_map(|n| {
            (Just(n), prop::collection::vec((prop::collection::btree_set(0..n, 0..=n as usize), 0i64..4), 1..8))
        }),
        with_rates in any::<bool>(),
        idle in 0u32..12,
        d in 1u32..5,
    ) {
        let edges: Vec<_> = (0..).zip(&types).flat_map(|(w, (servers, _))| servers.iter().map(move |&v| (v, w))).collect();
        let build = |n| {
            let graph = BipartiteGraph::from_edges(n, types.len() as u32, &edges, Isolated::Drop).unwrap();
            let rates: Vec<Ratio> = types.iter().map(|(_, rate)| whole(*rate as u64)).collect();
            if with_rates { graph.with_rates(&rates).unwrap_or_else(|_| graph_without_rates(n, &types, &edges)) } else { graph }
        };
        let graph = build(n);
        let Some(critical) = by_definition(&graph, d) else {
            prop_assert_eq!(critical_load_by_subsets(&graph, d), Err(StabilityError::NoEdges));
            prop_assert_eq!(critical_load(&graph, d), Err(StabilityError::NoEdges));
            return Ok(());
        };
        let (subsets, flow) = (critical_load_by_subsets(&graph, d).unwrap(), critical_load_by_flow(&graph, d).unwrap());
        let (bounds, split) = certified_bounds(&graph, d, Effort { gap: 1e-6, steps: 300 }).unwrap();
        prop_assert_eq!(&subsets.lambda, &critical);
        prop_assert_eq!(&flow.lambda, &critical);
        prop_assert_eq!(flow.bottleneck.len() <= subsets.bottleneck.len(), true, "{:?} is not the smallest, {:?} is smaller", flow, subsets);
        for set in [&subsets.bottleneck, &flow.bottleneck] {
            prop_assert_eq!(ratio_of_set(&graph, d, set), Some(critical.clone()));
        }
        prop_assert!(bounds.lower <= to_f64(&critical) && to_f64(&critical) <= bounds.upper, "{:?}, {}", bounds, critical);
        prop_assert!(verify_upper(&graph, d, &bounds.bottleneck).unwrap() >= critical);
        let exact = verify_lower(&graph, d, &exact_split(&graph, d, &split).unwrap()).unwrap();
        prop_assert!(exact <= critical && to_f64(&exact) >= bounds.lower, "{} is no better than {:?}", exact, bounds);
        // The same graph with servers that idle: its N is beyond enumeration, so that the way from
        // bounds to fractions is taken.
        let larger = build(n + 13 + idle);
        let found = critical_load(&larger, d).unwrap();
        prop_assert_eq!(found.exact, Some(&critical * ratio(n.into(), (n + 13 + idle).into())));
        let set = verify_upper(&larger, d, &found.bottleneck).unwrap();
        prop_assert_eq!(set, &critical * ratio(n.into(), (n + 13 + idle).into()));
        if types.iter().all(|(servers, _)| !servers.is_empty()) {
            prop_assert!(critical <= whole(1));
        }
    }
}

fn graph_without_rates(
    n: u32,
    types: &[(std::collections::BTreeSet<u32>, i64)],
    edges: &[(u32, u32)],
) -> BipartiteGraph {
    BipartiteGraph::from_edges(n, types.len() as u32, edges, Isolated::Drop).unwrap()
}

#[test]
fn a_certificate_that_is_wrong_is_refused() {
    let graph = build("edges:n=3,m=2,e=0-0;0-1;1-1");
    // N / M = 3/2: type 0 has all its work at server 0, type 1 at least 3/8 at each of its two.
    let good = [ratio(3, 2), ratio(3, 8), ratio(9, 8)];
    assert_eq!(verify_lower(&graph, 2, &good), Ok(ratio(8, 15)));
    assert_eq!(verify_upper(&graph, 2, &[0]), Ok(ratio(8, 15)));
    let infeasible = |split: [Ratio; 3]| match verify_lower(&graph, 2, &split) {
        Err(CertificateError::Infeasible { task_type, servers, .. }) => (task_type, servers),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        infeasible([ratio(3, 2), ratio(1, 4), ratio(5, 4)]),
        (1, 1),
        "less than only server 0 can do"
    );
    assert_eq!(
        infeasible([ratio(3, 2), ratio(3, 8), ratio(1, 1)]),
        (1, 2),
        "work that is not counted"
    );
    assert_eq!(
        infeasible([ratio(1, 1), ratio(3, 8), ratio(9, 8)]),
        (0, 1),
        "work that is not counted"
    );
    assert_eq!(infeasible([ratio(3, 2), ratio(-3, 8), ratio(15, 8)]), (1, 1), "a negative share");
    assert_eq!(
        verify_lower(&graph, 2, &good[1..]),
        Err(CertificateError::Shares { given: 2, needed: 3 })
    );
    let float = |split: [f64; 3]| verify_lower_f64(&graph, 2, &split);
    assert!((8.0 / 15.0 - float([1.5, 0.375, 1.125]).unwrap()).abs() < 1e-12);
    for split in [
        [1.5, 0.25, 1.25],
        [1.5, 0.375, 1.0],
        [1.5, -0.375, 1.875],
        [f64::NAN, 0.375, 1.125],
        [1.5, 0.375, f64::NAN],
    ] {
        assert!(matches!(float(split), Err(CertificateError::Infeasible { .. })), "{split:?}");
    }
    assert_eq!(verify_upper(&graph, 2, &[]), Err(CertificateError::NoWork { size: 0 }));
    assert_eq!(
        verify_upper(&graph, 2, &[2]),
        Err(CertificateError::NoWork { size: 1 }),
        "a server without task types"
    );
    assert_eq!(
        verify_upper(&graph, 2, &[3]),
        Err(CertificateError::ServerOutOfRange { server: 3, n_servers: 3 })
    );
    assert_eq!(verify_upper(&graph, 2, &[0, 0]), Ok(ratio(8, 15)), "a server counts once");
}

#[test]
fn the_component_that_is_overloaded_first_decides() {
    // N / M = 22 / 24: the cycles carry 12 / 11, the two servers with four types half of it.
    let graph = build("2*cycle:n=10+edges:n=2,m=4,e=0-0;0-1;1-1;0-2;1-2;1-3");
    let found = critical_load(&graph, 2).unwrap();
    assert_eq!((found.exact, found.bottleneck), (Some(ratio(6, 11)), vec![20, 21]));
}

/// Found by the fuzzer at d = 4: a share is a load minus another, and rounding took all of it. From
/// the command line, `-d 40` was enough.
#[test]
fn shares_smaller_than_the_rounding_of_a_load_still_prove_a_bound() {
    let graph =
        Spec::parse("erdos-renyi:n=60,m=60,degree=5").unwrap().build(1, Isolated::Drop).unwrap();
    for d in [2, 4, 16, 40, 300, 1024] {
        let (bounds, split) = certified_bounds(&graph, d, Effort::default()).unwrap();
        assert!(
            bounds.lower <= bounds.upper && bounds.upper / bounds.lower <= 1.001,
            "d = {d}: {bounds:?}"
        );
        assert_eq!(verify_lower_f64(&graph, d, &split), Ok(bounds.lower));
        let set = verify_upper(&graph, d, &bounds.bottleneck).unwrap();
        assert!(to_f64(&set) <= bounds.upper, "d = {d}: {bounds:?}");
    }
}

#[test]
fn symmetric_graphs_have_bounds_that_meet_at_once() {
    for text in ["complete:n=1000000", "regular:n=1000,k=3", "cycle:n=100"] {
        let bounds = critical_load_bounds(&build(text), 2, Effort::default()).unwrap();
        assert!(
            bounds.steps == 0 && bounds.lower > 1.0 - 1e-9 && bounds.upper < 1.0 + 1e-9,
            "{text}: {bounds:?}"
        );
    }
}

/// The reference intervals come from an independent program.
#[test]
fn the_us_graph_has_no_steady_state_at_the_usual_load() {
    let graph = us_sites();
    assert!((loads::rho_f64(&Model::new(graph.clone(), 0.8, 2).unwrap()) - 3.4977).abs() < 0.003);
    for (d, lower, upper) in
        [(1, 0.228_725, 0.228_727), (2, 0.373_161, 0.373_288), (3, 0.433_885, 0.434_226)]
    {
        let (bounds, split) = certified_bounds(&graph, d, Effort::default()).unwrap();
        assert!(bounds.lower <= upper + 1e-6 && bounds.upper >= lower, "d = {d}: {bounds:?}");
        assert!(bounds.upper / bounds.lower <= 1.0001, "d = {d}: {bounds:?}");
        assert!(verify_lower_f64(&graph, d, &split).unwrap() >= bounds.lower);
        let set = verify_upper(&graph, d, &bounds.bottleneck).unwrap();
        assert!((to_f64(&set) / bounds.upper - 1.0).abs() < 1e-9 && to_f64(&set) <= bounds.upper);
        // Few servers can be in a worse set, so that the fraction itself can be proved.
        let exact = critical_load(&graph, d).unwrap();
        let fraction = exact.exact.unwrap();
        assert!(
            bounds.lower <= to_f64(&fraction) && to_f64(&fraction) <= bounds.upper,
            "d = {d}: {fraction}, {bounds:?}"
        );
        assert_eq!(verify_upper(&graph, d, &exact.bottleneck), Ok(fraction));
    }
}

#[test]
fn the_first_edge_to_add_is_the_best_of_all() {
    for (text, d) in [
        ("edges:n=3,m=4,e=0-0;0-1;1-1;1-2;2-3", 2),
        ("edges:n=4,m=3,e=0-0;1-0;1-1;2-2", 3),
        ("path:n=4", 1),
    ] {
        let graph = build(text);
        let all =
            (0..graph.n_servers()).flat_map(|v| (0..graph.n_task_types()).map(move |w| (v, w)));
        let best = all
            .filter(|&(v, w)| !graph.servers_of(w).contains(v))
            .map(|edge| {
                let edges: Vec<_> = graph.iter_edges().chain([edge]).collect();
                let larger = BipartiteGraph::from_edges(
                    graph.n_servers(),
                    graph.n_task_types(),
                    &edges,
                    Isolated::Refuse,
                )
                .unwrap();
                by_definition(&larger, d).unwrap()
            })
            .max()
            .unwrap();
        let additions = improve(&graph, d, 3).unwrap();
        assert_eq!(additions[0].critical.exact, Some(best), "{text}");
        assert!(
            additions[0].all_tried
                && additions
                    .windows(2)
                    .all(|pair| pair[0].critical.exact <= pair[1].critical.exact)
        );
    }
    // Every type has all servers: nothing to add.
    assert_eq!(improve(&build("complete:n=3,m=2"), 2, 5), Ok(vec![]));
}
