//! How many arrivals a second does one core simulate? The fold of marks beside the plain event
//! list.
//!
//! `cargo bench --bench simulate`; throughput counts arrivals. Answers are asserted before anything
//! is timed.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::Model;
use fluidcheck::simulate::event_list::Oracle;
use fluidcheck::simulate::{Simulation, TimeAverage};

const N: u32 = 10_000;

/// Task type w is compatible with the servers w, w + 1, ..., w + k - 1 around a circle.
fn circulant(n: u32, k: u32) -> BipartiteGraph {
    let edges: Vec<(u32, u32)> =
        (0..n).flat_map(|w| (0..k).map(move |j| ((w + j) % n, w))).collect();
    BipartiteGraph::from_edges(n, n, &edges, Isolated::Refuse)
        .expect("k distinct servers for each type")
}

fn arrivals_per_second(criterion: &mut Criterion) {
    let graphs = [
        ("complete", BipartiteGraph::complete(N, N).expect("a graph")),
        ("circulant of degree 10", circulant(N, 10)),
    ];
    for (name, graph) in graphs {
        let model = Model::new(graph, 0.8, 2).expect("a stable model");
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);

        let mut simulation = Simulation::new(&model, 1, 0, vec![]).expect("an empty start");
        simulation.advance_to(50.0).expect("a time ahead");
        let mut average = TimeAverage::starting_at(simulation.queues());
        simulation.average_events(4_000_000, &mut average);
        // By Little's law E q_1 = lambda; over 200 units of time the average of 10^4 servers is far
        // closer than this.
        assert!((average.mean(1) - 0.8).abs() < 0.01, "{}", average.mean(1));
        let queues = simulation.queues();
        assert_eq!(queues.arrivals() - queues.departures(), queues.total());

        // 4 of 9 events are arrivals.
        let events = 900_000;
        group.throughput(Throughput::Elements(events * 4 / 9));
        group.bench_function(BenchmarkId::from_parameter("marks"), |bencher| {
            bencher.iter(|| {
                simulation.step_events(events);
                simulation.queues().total()
            });
        });
        group.bench_function(BenchmarkId::from_parameter("marks, averaged"), |bencher| {
            bencher.iter(|| {
                let mut average = TimeAverage::starting_at(simulation.queues());
                simulation.average_events(events, &mut average);
                average.mean(1)
            });
        });

        let mut oracle = Oracle::new(&model, 1, 0, vec![]).expect("an empty start");
        oracle.advance_to(50.0);
        let (before, from) = (oracle.task_time(), oracle.time());
        oracle.advance_to(100.0);
        let mean = (oracle.task_time() - before) / (oracle.time() - from) / f64::from(N);
        assert!(
            (mean - average.mean_queue_length()).abs() < 0.03,
            "{mean} {}",
            average.mean_queue_length()
        );
        assert_eq!(oracle.arrivals() - oracle.departures(), oracle.total());
        let arrivals = 80_000;
        group.throughput(Throughput::Elements(arrivals));
        group.bench_function(BenchmarkId::from_parameter("event list"), |bencher| {
            bencher.iter(|| {
                let end = oracle.arrivals() + arrivals;
                while oracle.arrivals() < end {
                    oracle.step();
                }
                oracle.total()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, arrivals_per_second);
criterion_main!(benches);
