//! The numbers that a seed stands for. A change here makes every seed in an old report worthless:
//! it is a breaking change.

use fluidcheck::graph::BipartiteGraph;
use fluidcheck::model::Model;
use fluidcheck::random::event_clock::Clock;
use fluidcheck::random::{clock_rng, coin_rng, stream_rng};
use fluidcheck::simulate::Simulation;
use fluidcheck::simulate::coupled::{CoupledSimulation, Coupling};
use fluidcheck::simulate::event_list::Oracle;
use fluidcheck::simulate::marks::{Mark, MarkBlock, MarkStream, RandomMarks};
use rand::Rng;

fn model() -> Model {
    Model::new(BipartiteGraph::complete(10, 7).unwrap(), 0.8, 2).unwrap()
}

#[test]
fn value_stability_generators() {
    let words =
        [stream_rng(1, 0), stream_rng(1, 1), stream_rng(2, 0), clock_rng(1, 0), coin_rng(1, 0)]
            .map(|mut rng| rng.next_u64());
    assert_eq!(
        words,
        [
            7424550030962593201,
            15715005604373573095,
            16257866876066601925,
            3465210055044808330,
            9001349656046625414
        ]
    );
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
    assert_eq!(
        marks,
        [
            "serve 4",
            "serve 0",
            "4: [8, 0]",
            "1: [4, 2]",
            "serve 2",
            "serve 7",
            "serve 4",
            "serve 1"
        ]
    );
}

#[test]
fn value_stability_clock() {
    let clock = Clock::new(18.0, 1, 0);
    let numbers: Vec<u32> = (0..8).map(|step| clock.events_in(step)).collect();
    assert_eq!(numbers, [242, 251, 250, 280, 224, 248, 267, 284]);
    assert_eq!(
        clock.times_in(1)[..3],
        [14.282944082419137, 14.313723168038962, 14.382846102501556]
    );
}

#[test]
fn value_stability_paths() {
    let mut simulation = Simulation::new(&model(), 1, 0, vec![]).unwrap();
    simulation.advance_to(1000.0).unwrap();
    assert_eq!(
        (simulation.events(), simulation.queues().lengths()),
        (18025, &[1, 2, 2, 2, 3, 2, 2, 3, 0, 4][..])
    );
}

#[test]
fn value_stability_coupled_paths() {
    let mut pair =
        CoupledSimulation::new(&model(), Coupling::SharedMass, 1, 0, vec![0; 10], vec![3; 10])
            .unwrap();
    for _ in 0..20 {
        pair.step().unwrap();
    }
    assert_eq!(
        (pair.pair().lower().lengths(), pair.pair().upper().lengths()),
        (&[1, 1, 2, 1, 0, 1, 1, 1, 1, 0][..], &[1, 3, 4, 4, 1, 3, 3, 3, 3, 3][..])
    );
}

#[test]
fn value_stability_event_list() {
    let mut oracle = Oracle::new(&model(), 1, 0, vec![]).unwrap();
    oracle.advance_to(100.0);
    assert_eq!((oracle.arrivals(), oracle.departures()), (796, 786));
}
