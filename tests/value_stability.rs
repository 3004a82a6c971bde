//! The numbers that a seed stands for. A change here makes every seed in an old report worthless: it is a breaking change.

use fluidcheck::clock::Clock;
use fluidcheck::coupling::{CoupledSimulation, Coupling};
use fluidcheck::graph::BipartiteGraph;
use fluidcheck::marks::{Mark, MarkBlock, MarkStream, RandomMarks};
use fluidcheck::model::Model;
use fluidcheck::oracle::Oracle;
use fluidcheck::randomness::{clock_rng, coin_rng, stream_rng};
use fluidcheck::simulate::Simulation;
use rand::Rng;

fn model() -> Model {
    Model::new(BipartiteGraph::complete(10, 7).unwrap(), 0.8, 2).unwrap()
}

#[test]
fn value_stability_generators() {
    let words =
        [stream_rng(1, 0), stream_rng(1, 1), stream_rng(2, 0), clock_rng(1, 0), coin_rng(1, 0)].map(|mut rng| rng.next_u64());
    assert_eq!(words, []);
}

#[test]
fn value_stability_marks() {
    let mut block = MarkBlock::new(2);
    RandomMarks::new(&model(), stream_rng(1, 0)).fill(&mut block, 8);
    let marks: Vec<String> = block
        .iter()
        .map(|mark| match mark {
            Mark::Arrival { task_type, samples } => format!("{task_type}: {samples:?}"),
            Mark::Service { server } => format!("serve {server}"),
        })
        .collect();
    assert_eq!(marks, [""; 0]);
}

#[test]
fn value_stability_clock() {
    let clock = Clock::new(18.0, 1, 0);
    let numbers: Vec<u32> = (0..8).map(|step| clock.events_in(step)).collect();
    assert_eq!(numbers, []);
    assert_eq!(clock.times_in(1)[..3], []);
}

#[test]
fn value_stability_paths() {
    let mut simulation = Simulation::new(&model(), 1, 0, vec![]).unwrap();
    simulation.advance_to(1000.0).unwrap();
    assert_eq!((simulation.events(), simulation.queues().lengths()), (0, &[][..]));
    let mut pair = CoupledSimulation::new(&model(), Coupling::SharedMass, 1, 0, vec![0; 10], vec![1; 10]).unwrap();
    for _ in 0..100 {
        pair.step().unwrap();
    }
    assert_eq!((pair.pair().lower().lengths(), pair.pair().upper().lengths()), (&[][..], &[][..]));
    let mut oracle = Oracle::new(&model(), 1, 0, vec![]).unwrap();
    oracle.advance_to(100.0);
    assert_eq!((oracle.arrivals(), oracle.departures()), (0, 0));
}
