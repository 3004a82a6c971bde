//! The law of the paths: both simulators against small systems that were solved exactly.
//!
//! Intervals are empirical Bernstein intervals over independent replications (Audibert, Munos,
//! Szepesvari 2009, theorem 1), valid for any law on [0, 1]. Each test says its error probability;
//! seeds are fixed, so a failure stays one.

use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::Model;
use fluidcheck::random::event_clock::{Clock, Timeline};
use fluidcheck::simulate::Simulation;
use fluidcheck::simulate::event_list::Oracle;
use rayon::prelude::*;

const ALPHA: f64 = 1e-6;

/// Half the width of an interval for the mean of values in [0, 1] with error probability `alpha`.
fn half_width(values: &[f64], alpha: f64) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    let log = (3.0 / alpha).ln();
    (mean, (2.0 * variance * log / n).sqrt() + 3.0 * log / n)
}

fn check(name: &str, samples: &[[f64; 2]], exact: [f64; 2], at_most: f64) {
    for (i, exact) in exact.into_iter().enumerate() {
        let values: Vec<f64> = samples.iter().map(|sample| sample[i]).collect();
        let (mean, half) = half_width(&values, ALPHA / 2.0);
        assert!(
            (mean - exact).abs() <= half,
            "{name}: q_{} is {mean} +- {half}, not {exact}",
            i + 1
        );
        assert!(half < at_most, "{name}: {half} is too wide to see a fault");
    }
}

fn by_marks(model: &Model, replications: u64, time: f64) -> Vec<[f64; 2]> {
    let path = |replication| {
        let mut simulation = Simulation::new(model, 1, replication, vec![]).unwrap();
        simulation.advance_to(time).unwrap();
        let occupancy = simulation.queues().occupancy();
        [occupancy.fraction(1), occupancy.fraction(2)]
    };
    (0..replications).into_par_iter().map(path).collect()
}

fn by_event_list(model: &Model, replications: u64, time: f64) -> Vec<[f64; 2]> {
    let path = |replication| {
        let mut oracle = Oracle::new(model, 2, replication, vec![]).unwrap();
        oracle.advance_to(time);
        let (counts, n) = (oracle.occupancy(), f64::from(model.graph().n_servers()));
        [1, 2].map(|i| counts.get(i - 1).map_or(0.0, |&count| count as f64 / n))
    };
    (0..replications).into_par_iter().map(path).collect()
}

#[test]
fn the_transient_of_three_servers_in_a_path_is_the_exact_one() {
    let graph =
        BipartiteGraph::from_edges(3, 2, &[(0, 0), (1, 0), (1, 1), (2, 1)], Isolated::Refuse)
            .unwrap();
    let model = Model::new(graph, 0.6, 2).unwrap();
    // Solved independently by uniformisation of the truncated generator in Python.
    let exact = [0.33425897, 0.05707075];
    check("marks", &by_marks(&model, 200_000, 1.0), exact, 0.005);
    check("event list", &by_event_list(&model, 200_000, 1.0), exact, 0.005);
}

#[test]
fn the_steady_state_of_two_servers_is_the_exact_one() {
    let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.8, 2).unwrap();
    // Solved independently with exact fractions in Python; E q_1 = lambda. Time 1000 stands for
    // infinity: already a single queue at this load forgets its start at rate (1 - sqrt 0.8)^2 =
    // 0.011, so that exp(-11) is left.
    let exact = [0.8, 0.59038480];
    check("marks", &by_marks(&model, 40_000, 1000.0), exact, 0.015);
    check("event list", &by_event_list(&model, 4_000, 1000.0), exact, 0.06);
}

#[test]
fn the_number_of_events_before_a_time_is_poisson() {
    let (rate, n) = (3.6, 200_000u64);
    let count = |replication| {
        let mut timeline = Timeline::new(Clock::new(rate, 3, replication));
        timeline.advance_to(1.0, |_| {}).unwrap();
        timeline.events() as usize
    };
    let counts: Vec<usize> = (0..n).into_par_iter().map(count).collect();
    let mut probability = (-rate).exp();
    for k in 0..10 {
        let hits: Vec<f64> = counts.iter().map(|&count| f64::from(u8::from(count == k))).collect();
        let (frequency, half) = half_width(&hits, ALPHA / 10.0);
        assert!(
            (frequency - probability).abs() <= half,
            "{k} events: {frequency} +- {half}, not {probability}"
        );
        probability *= rate / (k + 1) as f64;
    }
}
