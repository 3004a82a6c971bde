//! How long does it take to read, build, draw and measure a graph?

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use fluidcheck::graph::format::{self, Format};
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::{BipartiteGraph, Isolated, metrics};
use fluidcheck::num::ratio::{ratio, to_f64};
use fluidcheck::theory::stability::{Effort, critical_load_bounds};

fn build(text: &str) -> BipartiteGraph {
    Spec::parse(text).unwrap().build(1, Isolated::Refuse).unwrap()
}

fn files(c: &mut Criterion) {
    let graph = build("regular:n=10000,k=10");
    for (name, format) in [
        ("edge list", Format::EdgeList),
        ("csv", Format::Csv),
        ("matrix market", Format::MatrixMarket),
    ] {
        let mut text = Vec::new();
        format::write(&graph, format, &mut text).unwrap();
        let read = || format::read(text.as_slice(), format, "bench", Isolated::Refuse).unwrap();
        assert_eq!(read(), graph);
        c.bench_function(&format!("read 1e5 edges, {name}"), |b| b.iter(read));
    }
    let edges: Vec<_> = graph.iter_edges().collect();
    c.bench_function("build the rows of 1e5 edges", |b| {
        b.iter_batched_ref(
            || edges.clone(),
            |edges| BipartiteGraph::from_edges(10_000, 10_000, edges, Isolated::Refuse).unwrap(),
            BatchSize::LargeInput,
        )
    });
}

fn generators(c: &mut Criterion) {
    for (name, text, edges) in [
        ("regular", "regular:n=10000,k=10", 100_000..=100_000),
        ("geometric", "geometric:n=10000,degree=100", 980_000..=1_020_000),
    ] {
        let spec = Spec::parse(text).unwrap();
        assert!(edges.contains(&build(text).n_edges()));
        c.bench_function(&format!("draw {name}, N = 1e4"), |b| {
            b.iter(|| spec.build(black_box(1), Isolated::Refuse).unwrap())
        });
    }
}

fn figures(c: &mut Criterion) {
    let regular = build("regular:n=10000,k=10");
    assert_eq!(metrics::phi(&regular), ratio(0, 1));
    assert_eq!(metrics::gamma(&regular), ratio(1, 10));
    let geometric = build("geometric:n=10000,degree=100");
    assert!((to_f64(&metrics::phi(&geometric)) - metrics::phi_f64(&geometric)).abs() < 1e-12);
    for (name, graph) in [("regular", regular), ("geometric", geometric)] {
        c.bench_function(&format!("exact largest load, {name}, N = 1e4"), |b| {
            b.iter(|| metrics::max_server_load(&graph))
        });
        c.bench_function(&format!("exact phi, {name}, N = 1e4"), |b| {
            b.iter(|| metrics::phi(&graph))
        });
        c.bench_function(&format!("exact gamma, {name}, N = 1e4"), |b| {
            b.iter(|| metrics::gamma(&graph))
        });
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/us-sites-100km.csv");
    let us = format::read_path(path.as_ref(), None, Isolated::Refuse).unwrap();
    let hundred = || critical_load_bounds(&us, 2, Effort { gap: 0.0, steps: 100 }).unwrap();
    let bounds = hundred();
    assert!(bounds.lower < 0.373_288 && bounds.upper > 0.373_161);
    c.bench_function("critical load of the US graph, 100 steps", |b| b.iter(hundred));
}

criterion_group!(graph, files, generators, figures);
criterion_main!(graph);
