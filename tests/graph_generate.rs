//! Sections 3.2 and 5: the generators make the graphs they say they make, and the same ones for
//! ever.

use std::collections::HashSet;

use fluidcheck::graph::generate::{self, GenerateError, MAX_EDGES, Norm, Reach, Sites};
use fluidcheck::graph::spec::{Spec, SpecBuildError};
use fluidcheck::graph::{BipartiteGraph, GraphError, Isolated, metrics};
use proptest::prelude::*;

fn build(text: &str) -> BipartiteGraph {
    Spec::parse(text).unwrap().build(1, Isolated::Refuse).unwrap_or_else(|e| panic!("{e}"))
}

proptest! {
    #[test]
    fn regular_graphs_are_regular_and_simple(l in 1u32..12, k in 1u32..12, scale in 1u32..8, seed in any::<u64>()) {
        // n k = m l with l <= n and k <= m.
        let (n, m) = (l * scale, k * scale);
        let graph = generate::random_regular(n, m, k, seed).unwrap();
        prop_assert!((0..n).all(|v| graph.server_degree(v) == k as usize));
        prop_assert!((0..m).all(|w| graph.task_degree(w) == l as usize));
        let distinct: HashSet<_> = graph.iter_edges().collect();
        prop_assert_eq!(distinct.len() as u32, n * k);
        prop_assert!(metrics::is_regular(&graph));
    }

    #[test]
    fn geometric_graphs_hold_exactly_the_pairs_within_the_radius(
        n in 1u32..60, m in 1u32..20, dim in 1u32..4, p in prop::sample::select(vec![1.0, 1.5, 2.0, 3.0, f64::INFINITY]),
        radius in prop_oneof![0.01f64..0.2, 0.2f64..0.6, 0.6f64..2.0, Just(0.5), Just(1.0 / 3.0), Just(0.25)], seed in any::<u64>(),
    ) {
        let sites = Sites::uniform(n, m, dim, seed).unwrap();
        let graph = sites.within(radius, Norm::new(p).unwrap(), Isolated::Drop).unwrap();
        // Brute force over all pairs and all images of the torus.
        for w in 0..m {
            for v in 0..n {
                let apart: Vec<f64> = sites.server(v).iter().zip(sites.task_type(w))
                    .map(|(x, y)| [-1.0, 0.0, 1.0].iter().map(|shift| (x - y + shift).abs()).fold(f64::INFINITY, f64::min)).collect();
                let distance = if p == f64::INFINITY { apart.iter().copied().fold(0.0, f64::max) } else {
                    apart.iter().map(|t| t.powf(p)).sum::<f64>().powf(1.0 / p)
                };
                if (distance - radius).abs() > 1e-12 {
                    prop_assert_eq!(graph.servers_of(w).contains(v), distance <= radius, "distance {}, radius {}", distance, radius);
                }
            }
        }
    }
}

/// Six standard errors of a mean of Poisson-like degrees; the seeds are fixed, so these are
/// regression tests.
#[test]
fn mean_degrees_are_the_ones_asked_for() {
    let table = [
        ("geometric:n=20000,m=20000,degree=14,dim=1,p=1", 14.0),
        ("geometric:n=20000,m=20000,degree=14,dim=2,p=1", 14.0),
        ("geometric:n=20000,m=20000,degree=14,dim=2,p=2", 14.0),
        ("geometric:n=20000,m=20000,degree=14,dim=3,p=3", 14.0),
        ("geometric:n=20000,m=20000,degree=14,dim=3,p=inf", 14.0),
        ("erdos-renyi:n=20000,m=10000,degree=14", 14.0),
    ];
    for (text, degree) in table {
        let graph = Spec::parse(text).unwrap().build(1, Isolated::Drop).unwrap();
        let mean = metrics::task_degrees(&graph).mean;
        let error = 6.0 * (2.0 * degree / 10_000.0f64).sqrt();
        assert!((mean - degree).abs() < error, "{text}: {mean}");
    }
}

#[test]
fn the_unit_balls_have_their_known_volumes() {
    let pi = std::f64::consts::PI;
    let table = [
        (1.0, 2, 2.0),
        (2.0, 2, pi),
        (f64::INFINITY, 3, 8.0),
        (2.0, 3, 4.0 * pi / 3.0),
        (1.0, 3, 4.0 / 3.0),
        (3.0, 1, 2.0),
    ];
    for (p, dim, volume) in table {
        let got = Norm::new(p).unwrap().unit_ball(dim);
        assert!((got / volume - 1.0).abs() < 1e-12, "p = {p}, dim = {dim}: {got}");
    }
}

#[test]
fn small_families_have_the_edges_of_their_definition() {
    let edges = |text: &str| build(text).iter_edges().collect::<Vec<_>>();
    assert_eq!(edges("path:n=3"), [(0, 0), (1, 0), (1, 1), (2, 1)]);
    assert_eq!(edges("cycle:n=3"), [(0, 0), (0, 2), (1, 0), (1, 1), (2, 1), (2, 2)]);
    assert_eq!(edges("star:n=3"), [(0, 0), (0, 1), (1, 0), (2, 1)]);
    assert_eq!(edges("circulant:n=3,k=1"), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(edges("2*path:n=2+complete:n=1"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)]);
    assert_eq!(edges("edges:n=2,m=2,e=0-0;0-1;1-1"), [(0, 0), (0, 1), (1, 1)]);
    assert!(build("complete:n=5").is_implicit_complete());
}

/// FNV-1a over the edges; a change here changes what every seed in every report means.
fn hash(graph: &BipartiteGraph) -> u64 {
    let bytes = graph.iter_edges().flat_map(|(v, w)| [v.to_le_bytes(), w.to_le_bytes()].concat());
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[test]
fn value_stability_of_every_random_generator() {
    let table = [
        ("regular:n=1000,m=500,k=3", 0xa22a_d695_731d_752d),
        ("regular:n=10,m=10,k=7", 0xd420_ecd6_7067_de75),
        ("regular:n=10,m=10,k=5", 0x378d_6c3f_a12f_7015),
        ("geometric:n=1000,degree=14", 0x5e33_270e_18a8_cd70),
        ("geometric:n=100,radius=0.25,dim=3,p=inf", 0x9392_d3c6_6d3f_8c59),
        ("erdos-renyi:n=1000,m=500,degree=20", 0xc69b_01f7_3649_c1d7),
    ];
    for (text, expected) in table {
        assert_eq!(hash(&build(text)), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_generated_is_refused_with_the_reason() {
    assert!(matches!(
        generate::random_regular(3, 2, 1, 0),
        Err(GenerateError::NotDivisible { n: 3, m: 2, k: 1 })
    ));
    assert!(matches!(
        generate::random_regular(3, 2, 3, 0),
        Err(GenerateError::Parameter { parameter: "k", .. })
    ));
    let reach = Reach::MeanDegree(80.0);
    assert!(matches!(
        reach.radius(100, 2, Norm::new(2.0).unwrap()),
        Err(GenerateError::BallWraps { .. })
    ));
    assert!(matches!(
        generate::erdos_renyi(10, 10, 10.5, 0, Isolated::Refuse),
        Err(GenerateError::Parameter { parameter: "degree", .. })
    ));
    assert!(matches!(
        generate::circulant(1 << 20, 1 << 11),
        Err(GenerateError::TooManyEdges(edges)) if edges > MAX_EDGES
    ));
    for (text, p) in [("p", f64::NAN), ("p", 0.5)] {
        assert!(
            matches!(Norm::new(p), Err(GenerateError::Parameter { parameter, .. }) if parameter == text)
        );
    }
    // Isolated task types pass through the choice of the caller.
    let sparse = Spec::parse("erdos-renyi:n=50,degree=1").unwrap();
    assert!(matches!(
        sparse.build(1, Isolated::Refuse),
        Err(SpecBuildError::Term {
            source: GenerateError::Graph(GraphError::IsolatedTaskTypes { .. }),
            ..
        })
    ));
    assert!(!sparse.build(1, Isolated::Drop).unwrap().isolated_task_types().is_empty());
}

#[test]
fn the_ends_of_every_range_of_a_geometric_graph_are_allowed_and_what_is_beyond_is_refused() {
    let is_refused = |found: Result<f64, GenerateError>, name: &str| matches!(found, Err(GenerateError::Parameter { parameter, .. }) if parameter == name);
    let norm = Norm::new(f64::INFINITY).unwrap();
    for given in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        assert!(is_refused(Reach::Radius(given).radius(4, 1, norm), "radius"), "{given}");
        assert!(is_refused(Reach::MeanDegree(given).radius(4, 1, norm), "degree"), "{given}");
    }
    // A ball of radius 1/2 just does not meet itself.
    let half = 4.0 * norm.unit_ball(1) * 0.5;
    assert_eq!(Reach::MeanDegree(half).radius(4, 1, norm).unwrap(), 0.5);
    assert!(Reach::MeanDegree(half * 1.01).radius(4, 1, norm).is_err());
    assert_eq!(Reach::Radius(0.75).radius(4, 1, norm).unwrap(), 0.75);

    for (dim, allowed) in [(0, false), (1, true), (8, true), (9, false)] {
        assert_eq!(Sites::uniform(3, 2, dim, 1).is_ok(), allowed, "{dim} dimensions");
    }
    let sites = Sites::uniform(70_000, 70_000, 1, 1).unwrap();
    assert_eq!((sites.n_servers(), sites.n_task_types()), (70_000, 70_000));
    let coordinates = |n: u64, dim| Sites::uniform(n as u32, 1, dim, 1);
    for (n, dim) in [(MAX_EDGES, 1), (MAX_EDGES / 4, 4)] {
        assert!(matches!(coordinates(n, dim), Err(GenerateError::TooManyEdges(_))), "{n}, {dim}");
    }
}

#[test]
fn a_radius_beyond_the_torus_reaches_everything() {
    for radius in [1.0, 1.5, 5.0, 7.5] {
        let sites = Sites::uniform(40, 5, 1, 3).unwrap();
        let graph = sites.within(radius, Norm::new(2.0).unwrap(), Isolated::Refuse).unwrap();
        assert_eq!(graph.n_edges(), 200, "radius {radius}");
    }
}

#[test]
fn a_norm_knows_its_p() {
    for p in [1.0, 2.5, f64::INFINITY] {
        assert_eq!(Norm::new(p).unwrap().p(), p);
    }
}

#[test]
fn the_ends_of_every_range_of_the_other_graphs_are_allowed_and_what_is_beyond_is_refused() {
    let name = |found: Result<BipartiteGraph, GenerateError>| match found {
        Err(GenerateError::Parameter { parameter, .. }) => Some(parameter),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    };
    for (k, refused) in [(0, true), (1, false), (3, false), (4, true)] {
        let refused = refused.then_some("k");
        assert_eq!(name(generate::circulant(3, k)), refused, "k = {k}");
        assert_eq!(name(generate::random_regular(3, 3, k, 1)), refused, "k = {k}");
    }
    for (n, of_cycle, of_tree) in [(1, true, true), (2, true, false), (3, false, false)] {
        assert_eq!(name(generate::cycle(n)), of_cycle.then_some("n"), "n = {n}");
        assert_eq!(name(generate::path(n)), of_tree.then_some("n"), "n = {n}");
        assert_eq!(name(generate::star(n)), of_tree.then_some("n"), "n = {n}");
    }
    let random = |n, degree| generate::erdos_renyi(n, n, degree, 1, Isolated::Drop);
    for degree in [0.0, -1.0, 3.5, f64::NAN] {
        assert_eq!(name(random(3, degree)), Some("degree"), "{degree}");
    }
    assert!(random(3, 3.0).unwrap().is_implicit_complete());
    // The expected edges count, not the pairs.
    assert!(random(1 << 14, 1.0).is_ok());
    let is_large = |found: Result<BipartiteGraph, GenerateError>, most: u64| matches!(found, Err(GenerateError::TooManyEdges(edges)) if edges == most);
    assert!(is_large(random(1 << 14, 8192.0), 1 << 27));
    assert!(is_large(generate::random_regular(1 << 24, 1 << 24, 8, 1), 1 << 27));
    assert!(is_large(generate::path((1 << 25) + 1), (1 << 26) + 2));
}

#[test]
fn a_union_has_at_most_as_many_vertices_on_a_side_as_a_graph() {
    let wide = generate::complete(1 << 24, 1).unwrap();
    let many = [wide.clone(), wide.clone()];
    assert!(matches!(
        generate::disjoint_union(&many),
        Err(GenerateError::TooManyVertices { side: "servers", count }) if count == 1 << 25
    ));
    assert_eq!(generate::disjoint_union(&many[..1]).unwrap().n_servers(), 1 << 24);
}
