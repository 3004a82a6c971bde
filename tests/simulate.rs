//! Section 2: a path is a fold of marks. Conservation, occupancy, looking, and marks against the
//! generator.

use std::collections::BTreeMap;

use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::{Event, Model};
use fluidcheck::num::ratio::{Ratio, ratio, whole};
use fluidcheck::random::event_clock::TimeError;
use fluidcheck::random::stream_rng;
use fluidcheck::simulate::all_marks::enumerate;
use fluidcheck::simulate::event_list::Oracle;
use fluidcheck::simulate::marks::{
    BytesMarks, Mark, MarkBlock, MarkStream, OwnedMark, RandomMarks, ReplayedMarks, first_shortest,
};
use fluidcheck::simulate::occupancy::{LocalOccupancy, Occupancy};
use fluidcheck::simulate::{Observer, Queues, SimulateError, Simulation, TimeAverage};
use proptest::prelude::*;
use rayon::prelude::*;

/// Any small model, isolated task types and servers without a type among them, with queue lengths.
fn models() -> impl Strategy<Value = (Model, Vec<u32>)> {
    (1u32..6, 1u32..5, 1u32..6, 1u32..20).prop_flat_map(|(n, m, d, twentieths)| {
        let edges = proptest::collection::vec(any::<bool>(), (n * m) as usize);
        (edges, proptest::collection::vec(0u32..4, n as usize)).prop_map(
            move |(present, lengths)| {
                let all = (0..n).flat_map(|v| (0..m).map(move |w| (v, w)));
                let edges: Vec<_> = all
                    .zip(present)
                    .filter(|&(_, present)| present)
                    .map(|(edge, _)| edge)
                    .collect();
                let graph = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).unwrap();
                (Model::new(graph, f64::from(twentieths) / 20.0, d).unwrap(), lengths)
            },
        )
    })
}

/// Checks everything that is kept from event to event against a recount.
struct Recount {
    start: u64,
    local: LocalOccupancy,
    graph: BipartiteGraph,
    sums: Vec<u128>,
    before: Vec<u32>,
}

impl Observer for Recount {
    fn before(&mut self, _: Option<f64>, _: Mark<'_>, queues: &Queues) {
        self.before = queues.lengths().to_vec();
        for (i, sum) in self.sums.iter_mut().enumerate() {
            *sum += queues.lengths().iter().filter(|&&length| length as usize >= i).count() as u128;
        }
    }

    fn after(&mut self, _: Option<f64>, mark: Mark<'_>, event: Event, queues: &Queues) {
        let mut expected = self.before.clone();
        match (mark, event) {
            (Mark::Arrival { task_type, samples }, Event::Arrival { task_type: seen, server }) => {
                assert_eq!(task_type, seen);
                assert!(samples.iter().all(|&v| self.graph.servers_of(task_type).contains(v)));
                assert_eq!(server, first_shortest(samples, &self.before));
                self.local.raise(server, expected[server as usize]);
                expected[server as usize] += 1;
            }
            (Mark::Arrival { task_type, samples: [] }, Event::Lost { .. }) => {
                assert!(self.graph.isolated_task_types().contains(&task_type));
            }
            (Mark::Service { server }, Event::Service { server: seen }) => {
                assert_eq!(server, seen);
                if expected[server as usize] > 0 {
                    self.local.lower(server, expected[server as usize]);
                    expected[server as usize] -= 1;
                }
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(queues.lengths(), expected);
        assert_eq!(queues.occupancy(), &Occupancy::of(&expected));
        assert_eq!(queues.total(), queues.occupancy().total());
        assert_eq!(self.start + queues.arrivals() - queues.departures(), queues.total());
        for w in 0..self.graph.n_task_types() {
            let local: Vec<u32> =
                self.graph.servers_of(w).iter().map(|v| expected[v as usize]).collect();
            assert_eq!(self.local.of_task_type(w), &Occupancy::of(&local));
        }
    }
}

proptest! {
    #[test]
    fn everything_counted_along_a_path_equals_a_recount_after_every_event((model, start) in models(), seed: u64) {
        let graph = model.graph().clone();
        let mut recount = Recount {
            start: start.iter().map(|&length| u64::from(length)).sum(),
            local: LocalOccupancy::of(&graph, &start),
            graph,
            sums: vec![0; 40],
            before: vec![],
        };
        let mut seen = Simulation::new(&model, seed, 0, start.clone()).unwrap();
        seen.observe_events(150, &mut recount);
        let mut averaged = Simulation::new(&model, seed, 0, start).unwrap();
        let mut average = TimeAverage::starting_at(averaged.queues());
        averaged.average_events(150, &mut average);
        prop_assert_eq!(averaged.queues(), seen.queues());
        prop_assert_eq!(average.events(), 150);
        for (i, &sum) in recount.sums.iter().enumerate() {
            prop_assert_eq!(average.sum(i), sum, "Q_{}", i);
        }
    }

    #[test]
    fn folding_all_marks_gives_the_rates_of_the_generator((model, lengths) in models()) {
        let mut weights = Ratio::default();
        let mut folded: BTreeMap<Event, Ratio> = BTreeMap::new();
        for (mark, weight) in enumerate(&model).unwrap() {
            let mut queues = Queues::from_lengths(lengths.clone());
            let event = queues.apply(mark.as_mark());
            weights += &weight;
            if queues.lengths() != lengths {
                *folded.entry(event).or_default() += weight;
            }
        }
        prop_assert_eq!(weights, whole(1));
        let events = (whole(1) + model.load().exact()) * whole(model.graph().n_servers().into());
        let rates: BTreeMap<Event, Ratio> =
            model.transitions(&lengths).into_iter().map(|(event, rate)| (event, rate / &events)).collect();
        prop_assert_eq!(folded, rates);
    }

    #[test]
    fn looking_more_often_never_changes_the_path(
        (model, start) in models(),
        seed: u64,
        mut grid in proptest::collection::vec(0.0f64..60.0, 0..20),
        steps in 0u64..50,
    ) {
        grid.push(60.0);
        grid.sort_by(f64::total_cmp);
        let mut rare = Simulation::new(&model, seed, 3, start.clone()).unwrap();
        rare.advance_to(60.0).unwrap();
        let mut often = Simulation::new(&model, seed, 3, start.clone()).unwrap();
        for &time in &grid {
            often.advance_to(time).unwrap();
            prop_assert_eq!(often.time(), time);
            // A look at the next event is not an event.
            prop_assert!(often.next_time() >= time);
        }
        let mut seen = Simulation::new(&model, seed, 3, start).unwrap();
        seen.step_events(steps);
        if seen.time() < 60.0 {
            seen.observe_until(60.0, &mut Nobody).unwrap();
            prop_assert_eq!(seen.queues(), rare.queues());
        }
        prop_assert_eq!(often.queues(), rare.queues());
        prop_assert_eq!(often.events(), rare.events());
    }

    #[test]
    fn a_look_at_the_time_of_an_event_comes_before_it((model, start) in models(), seed: u64, pick: prop::sample::Index) {
        let mut path = Timed::default();
        Simulation::new(&model, seed, 0, start.clone()).unwrap().observe_until(80.0, &mut path).unwrap();
        prop_assume!(!path.0.is_empty());
        prop_assert!(path.0.is_sorted_by(|a, b| a.time <= b.time));
        let time = pick.get(&path.0).time;
        let look = |time: f64| {
            let mut simulation = Simulation::new(&model, seed, 0, start.clone()).unwrap();
            simulation.advance_to(time).unwrap();
            simulation
        };
        let at = look(time);
        let first = path.0.iter().position(|seen| seen.time == time).unwrap();
        prop_assert_eq!(at.events(), first as u64);
        prop_assert_eq!(at.queues().lengths(), &path.0[first].before[..]);
        let beyond = look(time.next_up());
        let last = path.0.iter().rposition(|seen| seen.time == time).unwrap();
        prop_assert_eq!(beyond.events(), last as u64 + 1);
        prop_assert_eq!(beyond.queues().lengths(), &path.0[last].after[..]);
        prop_assert_eq!(at.clone().next_time(), time);
    }

    #[test]
    fn a_path_cannot_go_back((model, start) in models(), seed: u64, steps in 1u64..700) {
        let mut simulation = Simulation::new(&model, seed, 0, start).unwrap();
        simulation.step_events(steps);
        let now = simulation.time();
        let refused = Err(SimulateError::Time(TimeError::Backwards { asked: now, now }));
        prop_assert_eq!(simulation.advance_to(now), refused, "the state before the last event is gone");
        simulation.advance_to(now.next_up()).unwrap();
        for asked in [f64::NAN, f64::INFINITY, -1.0] {
            let error = simulation.advance_to(asked).unwrap_err();
            prop_assert!(matches!(error, SimulateError::Time(TimeError::NotATime(..))), "{}", error);
        }
        prop_assert_eq!(simulation.events(), steps);
    }

    #[test]
    fn a_mark_keeps_the_order_also_with_a_cap((model, lower) in models(), more in proptest::collection::vec(0u32..3, 5), cap in 0u32..8) {
        let upper: Vec<u32> = lower.iter().zip(more).map(|(l, more)| (l + more).min(cap)).collect();
        let lower: Vec<u32> = lower.iter().zip(&upper).map(|(&l, &u)| l.min(u)).collect();
        for (mark, _) in enumerate(&model).unwrap() {
            let (mut l, mut u) = (Queues::from_lengths(lower.clone()), Queues::from_lengths(upper.clone()));
            l.apply_capped(mark.as_mark(), cap);
            u.apply_capped(mark.as_mark(), cap);
            prop_assert!(l.lengths().iter().zip(u.lengths()).all(|(l, u)| l <= u && *u <= cap), "{:?}", mark);
        }
    }

    #[test]
    fn bytes_become_marks_of_the_model_whatever_they_are((model, start) in models(), bytes: Vec<u8>) {
        let mut block = MarkBlock::new(model.d());
        BytesMarks::from_bytes(&model, &bytes).fill(&mut block, 300);
        prop_assert_eq!(block.len(), 300);
        let mut queues = Queues::from_lengths(start);
        for mark in block.iter() {
            match mark {
                Mark::Arrival { task_type, samples } => {
                    prop_assert!(samples.iter().all(|&v| model.graph().servers_of(task_type).contains(v)));
                }
                Mark::Service { server } => prop_assert!(server < model.graph().n_servers()),
            }
            queues.apply(mark);
        }
        let mut again = MarkBlock::new(model.d());
        ReplayedMarks::new(block.clone()).fill(&mut again, 1000);
        prop_assert_eq!(again, block);
    }

    #[test]
    fn littles_law_holds_on_every_path_of_the_plain_simulator((model, start) in models(), seed: u64) {
        let mut oracle = Oracle::new(&model, seed, 0, start.clone()).unwrap();
        oracle.advance_to(20.0);
        prop_assert_eq!(oracle.time(), 20.0);
        let lengths = oracle.lengths();
        let total: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        prop_assert_eq!(total, oracle.total());
        prop_assert_eq!(oracle.occupancy(), Occupancy::of(&lengths).counts().to_vec());
        prop_assert_eq!(oracle.delays().len() as u64, oracle.departures());
        let (spent, integral) = (oracle.delays().iter().sum::<f64>() + oracle.ages(), oracle.task_time());
        // The same sum in another order: at most 10^4 terms, each rounded a few times.
        prop_assert!((spent - integral).abs() <= 1e-10 * integral.max(1.0), "{} {}", spent, integral);
    }
}

struct Nobody;

impl Observer for Nobody {}

#[derive(Debug)]
struct Seen {
    time: f64,
    before: Vec<u32>,
    after: Vec<u32>,
}

#[derive(Default)]
struct Timed(Vec<Seen>);

impl Observer for Timed {
    fn before(&mut self, time: Option<f64>, _: Mark<'_>, queues: &Queues) {
        self.0.push(Seen { time: time.unwrap(), before: queues.lengths().to_vec(), after: vec![] });
    }

    fn after(&mut self, _: Option<f64>, _: Mark<'_>, _: Event, queues: &Queues) {
        self.0.last_mut().unwrap().after = queues.lengths().to_vec();
    }
}

#[test]
fn first_shortest_is_the_first_of_all_minima() {
    fn agrees(picks: Vec<u8>, lengths: Vec<u8>) -> bool {
        // Few lengths, so that ties are common.
        let lengths: Vec<u32> = lengths.into_iter().map(|length| u32::from(length % 4)).collect();
        if picks.is_empty() || lengths.is_empty() {
            return true;
        }
        let samples: Vec<u32> =
            picks.iter().map(|&pick| u32::from(pick) % lengths.len() as u32).collect();
        // `min_by_key` returns the first of equal minima.
        samples.iter().min_by_key(|&&v| lengths[v as usize])
            == Some(&first_shortest(&samples, &lengths))
    }
    quickcheck::quickcheck(agrees as fn(Vec<u8>, Vec<u8>) -> bool);
}

#[test]
fn the_number_of_threads_does_not_change_a_result() {
    let model = Model::new(BipartiteGraph::complete(20, 10).unwrap(), 0.8, 2).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let path = |replication| {
            let mut simulation = Simulation::new(&model, 5, replication, vec![]).unwrap();
            simulation.advance_to(20.0).unwrap();
            simulation.queues().clone()
        };
        pool.install(|| (0..40u64).into_par_iter().map(path).collect::<Vec<_>>())
    };
    let one = run(1);
    assert_eq!(one, run(4));
    assert_ne!(one[0], one[1], "replications have randomness of their own");
}

#[test]
fn a_start_of_the_wrong_length_is_refused() {
    let model = Model::new(BipartiteGraph::complete(3, 1).unwrap(), 0.5, 2).unwrap();
    let error = Simulation::new(&model, 1, 0, vec![0; 2]).unwrap_err();
    assert_eq!(error, SimulateError::StartLength { given: 2, needed: 3 });
    assert!(Oracle::new(&model, 1, 0, vec![0; 4]).is_err());
}

#[test]
fn random_marks_are_as_frequent_as_the_list_of_all_marks_says() {
    // Types of degree 1, 2 and 0: 1 + 4 + 1 marks of arrivals, 3 of services.
    let graph =
        BipartiteGraph::from_edges(3, 3, &[(0, 0), (0, 1), (2, 1)], Isolated::Drop).unwrap();
    let model =
        Model::with_load(graph, fluidcheck::model::Load::new(ratio(2, 3)).unwrap(), 2).unwrap();
    let mut block = MarkBlock::new(2);
    let n = 400_000;
    RandomMarks::new(&model, stream_rng(11, 0)).fill(&mut block, n);
    let mut counts: Vec<(OwnedMark, Ratio, usize)> =
        enumerate(&model).unwrap().map(|(mark, p)| (mark, p, 0)).collect();
    assert_eq!(counts.len(), 9);
    for mark in block.iter() {
        let mark = OwnedMark::from(mark);
        counts.iter_mut().find(|(listed, _, _)| *listed == mark).expect("a mark of the list").2 +=
            1;
    }
    // Hoeffding for nine frequencies with a total error probability of 1e-6.
    let distance = ((2.0 * 9.0 / 1e-6f64).ln() / (2.0 * n as f64)).sqrt();
    for (mark, probability, count) in counts {
        let error = count as f64 / n as f64 - fluidcheck::num::ratio::to_f64(&probability);
        assert!(error.abs() <= distance, "{mark:?}: {error}");
    }
}

proptest! {
    #[test]
    fn marks_do_not_depend_on_how_many_are_asked_for_at_a_time((model, _) in models(), seed: u64, sizes in proptest::collection::vec(0usize..150, 1..8)) {
        let (mut pieces, mut whole) = (MarkBlock::new(model.d()), MarkBlock::new(model.d()));
        let mut stream = RandomMarks::new(&model, stream_rng(seed, 0));
        sizes.iter().for_each(|&size| stream.fill(&mut pieces, size));
        RandomMarks::new(&model, stream_rng(seed, 0)).fill(&mut whole, sizes.iter().sum());
        prop_assert!(pieces.iter().eq(whole.iter()));
        prop_assert_eq!(pieces.len(), whole.len());
    }
}
