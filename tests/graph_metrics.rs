//! (2.1), (2.3), Definition 3.5: the figures of graphs against independent ones, and the laws they
//! obey.

mod common_graph;

use common_graph::{cases, fraction};
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::{BipartiteGraph, Isolated, generate, metrics};
use fluidcheck::model::{Model, loads};
use fluidcheck::num::ratio::{Ratio, ratio, to_f64, whole};
use proptest::prelude::*;

#[test]
fn every_figure_equals_the_independent_one_exactly() {
    for case in cases() {
        let graph = case.graph();
        let name = &case.name;
        assert_eq!(metrics::max_server_load(&graph), fraction(&case.rho_over_lambda), "{name}");
        let model = Model::new(graph.clone(), 0.8, 2).unwrap();
        assert_eq!(loads::rho(&model), fraction(&case.rho_over_lambda) * ratio(4, 5), "{name}");
        assert_eq!(metrics::phi(&graph), fraction(&case.phi), "{name}");
        assert_eq!(metrics::gamma(&graph), fraction(&case.gamma), "{name}");
        assert_eq!(metrics::is_regular(&graph), case.regular, "{name}");
        assert_eq!(metrics::components(&graph).count, case.components, "{name}");
        let loads: Vec<Ratio> = case.server_loads.iter().map(|l| fraction(l)).collect();
        assert_eq!(
            (0..case.servers).map(|v| metrics::server_load(&graph, v)).collect::<Vec<_>>(),
            loads,
            "{name}"
        );
        let busiest: Vec<u32> = (0..case.servers)
            .filter(|&v| loads[v as usize] == fraction(&case.rho_over_lambda))
            .collect();
        assert_eq!(metrics::busiest_servers(&graph), busiest, "{name}");
        assert_eq!(metrics::min_server_load(&graph), loads.iter().min().unwrap().clone(), "{name}");
    }
}

#[test]
fn the_implicit_complete_graph_has_the_figures_of_the_explicit_one() {
    let implicit = BipartiteGraph::complete(3, 2).unwrap();
    let edges: Vec<_> = implicit.iter_edges().collect();
    let explicit = BipartiteGraph::from_edges(3, 2, &edges, Isolated::Refuse).unwrap();
    let model = |graph: &BipartiteGraph| Model::new(graph.clone(), 0.5, 2).unwrap();
    assert_eq!(loads::rho(&model(&implicit)), loads::rho(&model(&explicit)));
    assert_eq!(metrics::phi(&implicit), metrics::phi(&explicit));
    assert_eq!(metrics::gamma(&implicit), metrics::gamma(&explicit));
    assert_eq!(metrics::busiest_servers(&implicit), metrics::busiest_servers(&explicit));
    assert_eq!(metrics::components(&implicit), metrics::components(&explicit));
    assert_eq!(metrics::is_regular(&implicit), metrics::is_regular(&explicit));
    assert_eq!(metrics::task_degrees(&implicit), metrics::task_degrees(&explicit));
    assert_eq!(metrics::server_degrees(&implicit), metrics::server_degrees(&explicit));
    assert_eq!(metrics::gamma_f64(&implicit), metrics::gamma_f64(&explicit));
}

/// Arbitrary edges on at most 9 by 9 vertices, each task type with at least one server.
fn graphs() -> impl Strategy<Value = (u32, u32, Vec<(u32, u32)>)> {
    (1u32..10, 1u32..10).prop_flat_map(|(n, m)| {
        prop::collection::vec(prop::collection::btree_set(0..n, 1..=n as usize), m as usize)
            .prop_map(move |types| {
                let edges = (0..)
                    .zip(types)
                    .flat_map(|(w, servers)| servers.into_iter().map(move |v| (v, w)))
                    .collect();
                (n, m, edges)
            })
    })
}

proptest! {
    #[test]
    fn exact_figures_follow_their_definitions_and_floats_follow_the_exact_ones((n, m, edges) in graphs()) {
        let graph = BipartiteGraph::from_edges(n, m, &edges, Isolated::Refuse).unwrap();
        let mut degrees = vec![0u64; m as usize];
        edges.iter().for_each(|e| degrees[e.1 as usize] += 1);
        let mut loads = vec![whole(0); n as usize];
        for &(v, w) in &edges {
            loads[v as usize] += Ratio::new(n.into(), m.into()) / whole(degrees[w as usize]);
        }
        let max = loads.iter().max().unwrap();
        prop_assert_eq!(&metrics::max_server_load(&graph), max);
        prop_assert_eq!(&metrics::min_server_load(&graph), loads.iter().min().unwrap());
        let gamma = degrees.iter().map(|&d| whole(d).recip()).sum::<Ratio>() / whole(m.into());
        prop_assert_eq!(metrics::gamma(&graph), gamma.clone());
        prop_assert!((metrics::gamma_f64(&graph) - to_f64(&gamma)).abs() <= f64::from(m + 3) * f64::EPSILON * to_f64(&gamma));
        prop_assert!((metrics::phi_f64(&graph) - to_f64(&metrics::phi(&graph))).abs() <= f64::from(m + 5) * f64::EPSILON * to_f64(max));
        // rho >= lambda: the mean over all servers is lambda.
        prop_assert!(*max >= whole(1));
        prop_assert!(*max <= whole(1) + metrics::phi(&graph));
        // The union-find of the test against the search of the crate.
        let mut root: Vec<usize> = (0..(n + m) as usize).collect();
        for &(v, w) in &edges {
            let (a, b) = (root[v as usize], root[(n + w) as usize]);
            root.iter_mut().for_each(|r| if *r == b { *r = a });
        }
        let components = metrics::components(&graph);
        let number = |x: usize| if x < n as usize { components.of_server[x] } else { components.of_task_type[x - n as usize] };
        for x in 0..root.len() {
            for y in 0..x {
                prop_assert_eq!(root[x] == root[y], number(x) == number(y));
            }
        }
        let distinct: std::collections::BTreeSet<_> = root.iter().collect();
        prop_assert_eq!(components.count as usize, distinct.len());
    }

    #[test]
    fn names_do_not_matter((n, m, edges) in graphs(), seed in any::<u64>()) {
        let shuffled = |n: u32, salt: u64| {
            let mut ids: Vec<u32> = (0..n).collect();
            ids.sort_by_key(|&i| (u64::from(i) + 1).wrapping_mul(seed | 1).wrapping_add(salt).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            ids
        };
        let (servers, types) = (shuffled(n, 1), shuffled(m, 2));
        let renamed: Vec<_> = edges.iter().rev().map(|&(v, w)| (servers[v as usize], types[w as usize])).collect();
        let a = BipartiteGraph::from_edges(n, m, &edges, Isolated::Refuse).unwrap();
        let b = BipartiteGraph::from_edges(n, m, &renamed, Isolated::Refuse).unwrap();
        prop_assert_eq!(metrics::max_server_load(&a), metrics::max_server_load(&b));
        prop_assert_eq!(metrics::phi(&a), metrics::phi(&b));
        prop_assert_eq!(metrics::gamma(&a), metrics::gamma(&b));
        prop_assert_eq!(metrics::is_regular(&a), metrics::is_regular(&b));
        prop_assert_eq!(metrics::components(&a).count, metrics::components(&b).count);
    }

    #[test]
    fn a_union_of_equal_graphs_has_the_figures_of_one((n, m, edges) in graphs(), copies in 1usize..4) {
        let one = BipartiteGraph::from_edges(n, m, &edges, Isolated::Refuse).unwrap();
        let all = generate::disjoint_union(&vec![one.clone(); copies]).unwrap();
        prop_assert_eq!(metrics::max_server_load(&one), metrics::max_server_load(&all));
        prop_assert_eq!(metrics::phi(&one), metrics::phi(&all));
        prop_assert_eq!(metrics::gamma(&one), metrics::gamma(&all));
        prop_assert_eq!(metrics::is_regular(&one), metrics::is_regular(&all));
        prop_assert_eq!(metrics::components(&one).count * copies as u32, metrics::components(&all).count);
    }
}

#[test]
fn exact_figures_of_large_graphs_take_no_time() {
    // Regular: all 10^5 servers are candidates. Geometric: hundreds of distinct degrees.
    for (text, phi_is_zero) in
        [("regular:n=100000,k=10", true), ("geometric:n=20000,degree=140", false)]
    {
        let graph = Spec::parse(text).unwrap().build(1, Isolated::Refuse).unwrap();
        let phi = metrics::phi(&graph);
        assert_eq!(phi == whole(0), phi_is_zero, "{text}");
        assert!((metrics::phi_f64(&graph) - to_f64(&phi)).abs() < 1e-12, "{text}");
        assert!(
            (metrics::gamma_f64(&graph) / to_f64(&metrics::gamma(&graph)) - 1.0).abs() < 1e-11,
            "{text}"
        );
    }
}
