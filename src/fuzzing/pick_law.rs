//! The law of the server that gets a task, (4.12).

use num_traits::One;

use super::input::{Input, near};
use super::pairs::partition_of_mass;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::{Load, Model};
use crate::num::ratio::{Ratio, ratio};
use crate::simulate::marks::first_shortest;

/// Bytes as the queues of at most five servers: (4.12) against all d_w^d sample sequences, d <= 4.
///
/// # Panics
/// If (4.12) is not the law of a uniform choice among the shortest samples, not that of the first
/// of them, does not sum to 1, or its floating-point form is off by more than its documented error.
pub fn assignment(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (n, degree, d) = (5, 1 + input.below(5), 1 + input.below(4));
    let servers = &input.permutation(n)[..degree as usize];
    let lengths: Vec<u32> = (0..n).map(|_| input.below(4)).collect();
    let edges: Vec<(u32, u32)> = servers.iter().map(|&v| (v, 0)).collect();
    let graph =
        BipartiteGraph::from_edges(n, 1, &edges, Isolated::Refuse).expect("different servers");
    let model =
        Model::with_load(graph, Load::new(ratio(1, 2)).expect("a load"), d).expect("a sample");

    // Split ties evenly: 60 is divisible by every number of servers.
    let (mut first, mut evenly) = ([0i64; 5], [0i64; 5]);
    let all = i64::from(degree).pow(d);
    for code in 0..all {
        let samples: Vec<u32> = (0..d)
            .map(|k| servers[(code / i64::from(degree).pow(k) % i64::from(degree)) as usize])
            .collect();
        first[first_shortest(&samples, &lengths) as usize] += 60;
        let shortest = samples.iter().map(|&v| lengths[v as usize]).min();
        let mut minimal: Vec<u32> =
            samples.into_iter().filter(|&v| Some(lengths[v as usize]) == shortest).collect();
        minimal.sort_unstable();
        minimal.dedup();
        minimal.iter().for_each(|&v| evenly[v as usize] += 60 / minimal.len() as i64);
    }
    let exact = model.assignment(0, &lengths);
    let float = model.assignment_f64(0, &lengths);
    assert_eq!(exact.iter().map(|(_, p)| p).sum::<Ratio>(), Ratio::one());
    let entries = exact.iter().map(|&(v, _)| v);
    assert!(entries.eq(model.graph().servers_of(0).iter()), "one for each compatible server");
    for ((server, p), (same, approximate)) in exact.iter().zip(float) {
        let v = *server as usize;
        assert_eq!(same, *server);
        let [evenly, first] = [evenly[v], first[v]].map(|weight| ratio(weight, 60 * all));
        assert_eq!(p, &evenly, "ties split evenly, {lengths:?}, d = {d}");
        assert_eq!(p, &first, "the first of the shortest, {lengths:?}, d = {d}");
        near(approximate, p, (u64::from(d) + 3) * 2);
    }
    partition_of_mass(&model, 0, &lengths, &lengths);
}
