//! Paths: the fold of marks against recounts.

use super::input::Input;
use crate::graph::BipartiteGraph;
use crate::model::Event;
use crate::simulate::marks::Mark;
use crate::simulate::occupancy::{LocalOccupancy, Occupancy};
use crate::simulate::{Queues, TimeAverage};

/// Bytes as a graph, a start and marks: the fold of single marks against a recount, and the fold of
/// blocks against it.
///
/// # Panics
/// If a mark is none of the model's, a task joins another server than the first of its shortest
/// samples, more changes than one queue by one, the counts are not those of the queues, or the fold
/// of blocks ends elsewhere.
pub fn marks(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(8, 6);
    let graph = model.graph();
    let start = input.lengths(graph.n_servers(), 4);
    let split = usize::from(input.byte());
    let block = input.marks(&model, 256);

    let mut queues = Queues::from_lengths(start.clone());
    let mut local = LocalOccupancy::of(graph, &start);
    let mut sums: Vec<u128> = Vec::new();
    let (before_all, mut services) = (queues.total(), 0);
    for mark in block.iter() {
        let before = queues.lengths().to_vec();
        let counts = Occupancy::of(&before);
        sums.resize(sums.len().max(counts.counts().len()), 0);
        sums.iter_mut().zip(counts.counts()).for_each(|(sum, &count)| *sum += u128::from(count));
        let event = queues.apply(mark);
        let expected = after(graph, model.d(), mark, event, &before);
        assert_eq!(queues.lengths(), expected, "{mark:?} at {before:?}");
        match event {
            Event::Arrival { server, .. } => local.raise(server, before[server as usize]),
            Event::Service { server } if before[server as usize] > 0 => {
                local.lower(server, before[server as usize])
            }
            Event::Service { .. } | Event::Lost { .. } => {}
        }
        services += u64::from(matches!(mark, Mark::Service { .. }));
        assert_eq!(queues.occupancy(), &Occupancy::of(&expected), "the occupancy of {expected:?}");
        let recount = LocalOccupancy::of(graph, &expected);
        for w in 0..graph.n_task_types() {
            let (kept, recount) = (local.of_task_type(w), recount.of_task_type(w));
            assert_eq!(kept, recount, "task type {w} at {expected:?}");
        }
        assert_eq!(queues.total(), expected.iter().map(|&length| u64::from(length)).sum::<u64>());
        let gone = queues.total() + queues.departures();
        assert_eq!(before_all + queues.arrivals(), gone, "tasks are conserved");
    }
    let counted = queues.arrivals() + queues.lost() + services;
    assert_eq!(counted, block.len() as u64, "every mark is counted once");
    assert!(queues.departures() <= services);

    // In two blocks, cut anywhere.
    let split = split.min(block.len());
    let mut folded = Queues::from_lengths(start);
    let mut average = TimeAverage::starting_at(&folded);
    folded.apply_all(&block, 0..split, &mut average);
    folded.apply_all(&block, split..block.len(), &mut average);
    assert_eq!(folded, queues, "the fold of blocks");
    assert_eq!(average.events(), block.len() as u64);
    for (i, &sum) in (1..).zip(&sums) {
        assert_eq!(average.sum(i), sum, "the sum of Q_{i}");
    }
}

/// The queues after a mark, with the mark and its event checked against the definitions.
fn after(graph: &BipartiteGraph, d: u32, mark: Mark<'_>, event: Event, before: &[u32]) -> Vec<u32> {
    let mut lengths = before.to_vec();
    match mark {
        Mark::Arrival { task_type, samples } => {
            let servers = graph.servers_of(task_type);
            let drawn = if servers.is_empty() { 0 } else { d as usize };
            assert_eq!(samples.len(), drawn, "d samples, or none");
            assert!(samples.iter().all(|&v| servers.contains(v)), "{samples:?} of {servers:?}");
            let shortest = samples.iter().map(|&v| before[v as usize]).min();
            match samples.iter().find(|&&v| Some(before[v as usize]) == shortest) {
                None => assert_eq!(event, Event::Lost { task_type }),
                Some(&server) => {
                    assert_eq!(event, Event::Arrival { task_type, server });
                    lengths[server as usize] += 1;
                }
            }
        }
        Mark::Service { server } => {
            assert_eq!(event, Event::Service { server });
            lengths[server as usize] = before[server as usize].saturating_sub(1);
        }
    }
    lengths
}
