//! The bets of [`EventTest`] against laws written out by hand, and its verdicts at their
//! thresholds.

use super::*;
use crate::graph::{BipartiteGraph, Isolated, generate};
use crate::model::Load;
use crate::model::policy::{Memory, Policy};
use crate::random::stream_rng;
use crate::simulate::Queues;
use crate::simulate::marks::{DrawnAhead, RandomMarks};

/// Three servers; task types {0, 1, 2}, {0, 1}, {2}; lambda = 1/2, d = 2: a third of all events are
/// arrivals.
fn three() -> Model {
    let edges = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 2)];
    Model::new(BipartiteGraph::from_edges(3, 3, &edges, Isolated::Refuse).unwrap(), 0.5, 2).unwrap()
}

/// Every event in a state with its probability, idle servers that ring included.
fn law(model: &Model, lengths: &[u32]) -> Vec<(Event, f64)> {
    let graph = model.graph();
    let (n, m, lambda) = (graph.n_servers(), graph.n_task_types(), model.lambda());
    let services =
        (0..n).map(|server| (Event::Service { server }, 1.0 / f64::from(n) / (1.0 + lambda)));
    let arrivals = (0..m).flat_map(|task_type| {
        let arrival = move |(server, p)| {
            (Event::Arrival { task_type, server }, p * lambda / (1.0 + lambda) / f64::from(m))
        };
        model.assignment_f64(task_type, lengths).into_iter().map(arrival)
    });
    services.chain(arrivals).collect()
}

/// Everything that is multiplied at an event, in logarithms.
fn capitals(test: &EventTest) -> Vec<f64> {
    let one_by_one = [test.types.log_wealth, test.servers.log_wealth];
    let edges = test.edge_log_wealth.iter().flatten().copied();
    test.bets.iter().flat_map(|bets| bets.log_wealth).chain(edges).chain(one_by_one).collect()
}

#[test]
fn every_capital_is_a_martingale_under_the_exact_law() {
    // Degrees 3, 2, 1, and 3, 1, 1, whose largest deviation from the mean is not 1.
    let uneven = BipartiteGraph::from_edges(
        3,
        3,
        &[(0, 0), (1, 0), (2, 0), (1, 1), (2, 2)],
        Isolated::Refuse,
    )
    .unwrap();
    let models = [three(), Model::new(uneven, 0.8, 3).unwrap()];
    let starts = [[0, 0, 0], [1, 0, 2], [1, 1, 1], [2, 1, 1], [0, 3, 3], [1, 0, 1]];
    for (model, start) in models.iter().flat_map(|model| starts.map(|start| (model, start))) {
        let mut test = EventTest::new(model, &start, 1e-6);
        // Any past: the predictors of types and servers have seen something.
        for event in
            [Event::Arrival { task_type: 0, server: 1 }, Event::Arrival { task_type: 2, server: 2 }]
        {
            test.observe(event);
        }
        for server in [1, 1, 2] {
            test.observe(Event::Service { server });
        }
        let before = capitals(&test);
        let mut means = vec![0.0; before.len()];
        for (event, p) in law(model, test.lengths()) {
            let mut next = test.clone();
            next.observe(event);
            assert!(next.impossible.is_none());
            for (mean, (after, before)) in means.iter_mut().zip(capitals(&next).iter().zip(&before))
            {
                *mean += p * (after - before).exp();
            }
        }
        for (index, mean) in means.iter().enumerate() {
            assert!((mean - 1.0).abs() < 1e-12, "capital {index} from {start:?}: {mean}");
        }
    }
}

#[test]
fn each_bet_is_the_likelihood_ratio_of_its_feature() {
    // The picks of type 0 in (1, 0, 1): server 1 with 1 - (2/3)^2 = 5/9, the tied servers 0 and 2
    // with 2/9 each.
    let (ninths, thirds) = (1.0 / 9.0, 1.0 / 3.0);
    let rank = [(-1.0, thirds), (0.0, thirds), (1.0, thirds)];
    let hit = |p: f64| [(1.0, p), (0.0, 1.0 - p), (0.0, 0.0)];
    let picks = [(-1.0, 2.0 * ninths), (0.0, 5.0 * ninths), (1.0, 2.0 * ninths)];
    type Row = (usize, f64, [(f64, f64); 3]);
    let table: [Row; 9] = [
        // Feature, its value, and its law: first an arrival of type 0 at server 2, then a service
        // there, in (1, 0, 2).
        (0, 1.0, hit(thirds)),
        (1, -1.0, rank),
        (2, 1.0, rank),
        (3, 0.0, hit(5.0 * ninths)),
        (4, 1.0, picks),
        (5, 1.0, picks),
        (6, 1.0, hit(2.0 * thirds)),
        (7, 1.0, rank),
        (8, 1.0, hit(thirds)),
    ];
    let mut test = EventTest::new(&three(), &[1, 0, 1], 1e-6);
    test.observe(Event::Arrival { task_type: 0, server: 2 });
    let arrival = test.clone();
    test.observe(Event::Service { server: 2 });
    for (feature, value, law) in table {
        let bets = if feature < 6 { &arrival } else { &test };
        for (index, log) in bets.bets[feature].log_wealth.iter().enumerate() {
            let theta = [0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0][index / 2] * [1.0, -1.0][index % 2];
            let ratio =
                theta * value - law.iter().map(|(v, p)| p * f64::exp(theta * v)).sum::<f64>().ln();
            let name = FEATURES[feature].0;
            assert!((log - ratio).abs() < 1e-12, "{name} at {theta}: {log}, not {ratio}");
        }
        assert!(bets.bets[feature].bets > 0);
    }
    for (edge, p) in [2.0 * ninths, 5.0 * ninths, 2.0 * ninths].into_iter().enumerate() {
        for (log, theta) in test.edge_log_wealth[edge].into_iter().zip([-2.0, 1.0]) {
            let ratio = if edge == 2 { theta } else { 0.0 } - (1.0 - p + p * f64::exp(theta)).ln();
            assert!((log - ratio).abs() < 1e-12, "edge {edge} at {theta}");
        }
    }
    // One of three, predicted as (1 + 1/2) / (1 + 3/2) after it was seen once.
    test.observe(Event::Arrival { task_type: 0, server: 1 });
    assert!((test.types.log_wealth - 1.8f64.ln()).abs() < 1e-12 && test.servers.log_wealth == 0.0);
    test.observe(Event::Service { server: 2 });
    assert!((test.servers.log_wealth - 1.8f64.ln()).abs() < 1e-12);
    let wealth: f64 = capitals(&test).iter().map(|log| log.exp()).sum();
    let edges: f64 = test.edge_log_wealth.iter().flatten().map(|log| log.exp()).sum();
    assert!(
        (test.log_e() - ((wealth - edges + 1.0) / 129.0).ln()).abs() < 1e-12,
        "the edges wait for their look"
    );
}

#[test]
fn the_edges_count_from_their_first_look_on() {
    let mut test = EventTest::new(&three(), &[0, 0, 0], 1e-6);
    for n in 1..=EDGES_EVERY {
        assert_eq!(test.edges, 0.0);
        let event = [Event::Arrival { task_type: 1, server: 0 }, Event::Service { server: 0 }]
            [n as usize % 2];
        test.observe(event);
    }
    let mean = test.edge_log_wealth.iter().flatten().map(|log| log.exp()).sum::<f64>() / 12.0;
    let edges = test.edges;
    assert!((edges - mean.ln()).abs() < 1e-9 && edges > 100.0, "{edges} and {mean}");
    // A type with one server has no choice to bet on.
    assert_eq!(test.edge_log_wealth[5], [0.0, 0.0]);
}

#[test]
fn what_a_model_never_does_ends_the_test_at_once() {
    let edges = [(0, 0), (1, 0), (0, 1)];
    let model =
        Model::new(BipartiteGraph::from_edges(2, 3, &edges, Isolated::Drop).unwrap(), 0.5, 2)
            .unwrap();
    let arrival = |task_type, server| Event::Arrival { task_type, server };
    let (no_type, no_server) = (Some("task type 3 of 3"), Some("server 2 of 2"));
    let table = [
        ("a type that there is not", arrival(3, 0), no_type),
        ("a lost type that there is not", Event::Lost { task_type: 3 }, no_type),
        ("an arrival at a server that there is not", arrival(0, 2), no_server),
        ("a service of a server that there is not", Event::Service { server: 2 }, no_server),
        ("no edge", arrival(1, 1), Some("not compatible")),
        ("lost although it has servers", Event::Lost { task_type: 1 }, Some("was lost although")),
        ("lost since it has none", Event::Lost { task_type: 2 }, None),
        ("an idle server of an empty system", Event::Service { server: 0 }, None),
    ];
    for (name, event, why) in table {
        let mut test = EventTest::new(&model, &[0, 0], 1e-6);
        test.observe(event);
        assert_eq!(test.log_e() == f64::INFINITY, why.is_some(), "{name}");
        assert_eq!(test.decision(), why.map(|_| Decision::Violated), "{name}");
        let strongest = test.strongest();
        assert!(why.is_none_or(|why| strongest.contains(why)), "{name}: {strongest}");
    }
    // The only server is the shortest one, whoever says otherwise: with one level the pick has no
    // choice.
    for (feature, hit, p, what) in [
        (3, false, 1.0, "pick of a shortest where its probability is 1"),
        (6, true, 0.0, "service of the busy where its probability is 0"),
    ] {
        let mut test = EventTest::new(&model, &[0, 0], 1e-6);
        test.bet_on(feature, hit, p);
        assert_eq!(test.strongest(), format!("impossible under the model: {what}"));
    }
}

#[test]
fn the_queues_follow_the_events_and_a_new_path_begins_where_it_says() {
    let mut test = EventTest::new(&three(), &[0, 2, 0], 1e-6);
    assert_eq!((test.busy(), test.lengths(), test.events()), (1, &[0, 2, 0][..], 0));
    for (event, busy, lengths) in [
        (Event::Arrival { task_type: 0, server: 0 }, 2, [1, 2, 0]),
        (Event::Arrival { task_type: 0, server: 1 }, 2, [1, 3, 0]),
        (Event::Service { server: 0 }, 1, [0, 3, 0]),
        (Event::Service { server: 1 }, 1, [0, 2, 0]),
        (Event::Service { server: 2 }, 1, [0, 2, 0]),
    ] {
        test.observe(event);
        assert_eq!((test.busy(), test.lengths()), (busy, &lengths[..]), "{event:?}");
    }
    test.restart(&[1, 0, 4]);
    assert_eq!((test.busy(), test.lengths(), test.events()), (2, &[1, 0, 4][..], 5));
}

#[test]
fn violated_is_said_at_two_over_alpha_on_the_looks() {
    for (events, factor, decision) in [
        (15, 1.0 + 1e-9, Some(Decision::Violated)),
        (15, 1.0 - 1e-9, None),
        // Not one of each sixteen.
        (14, 1.0 + 1e-9, None),
    ] {
        let mut test = EventTest::new(&three(), &[1, 0, 1], 0.5);
        test.types.log_wealth = 20.0;
        test.events = events;
        let mut ahead = test.clone();
        ahead.observe(Event::Service { server: 0 });
        test.alpha = 2.0 * factor / ahead.log_e().exp();
        test.observe(Event::Service { server: 0 });
        assert_eq!(test.decision(), decision, "after {} events, {factor}", events + 1);
    }
}

#[test]
fn holds_is_said_once_every_alternative_has_lost_enough() {
    let complete = |n: u32| Model::new(generate::complete(n, 1).unwrap(), 0.5, 2).unwrap();
    for (servers, last_counts) in [(256, true), (257, false)] {
        let mut test = EventTest::new(&complete(servers), &vec![0; servers as usize], 1e-6);
        // Two verdicts, two signs, nine features.
        let threshold = (36.0f64 / 1e-6).ln();
        assert!((test.threshold() - threshold).abs() < 1e-12);
        assert_eq!(
            (test.decision(), test.needed()),
            (None, Some(0)),
            "no event, nothing to exclude yet"
        );
        test.events = 100;
        test.bets.iter_mut().for_each(|bets| bets.bets = 1);
        test.bets[1].bets = 0;
        for feature in [0, 2, 3, 4, 5, 6, 7] {
            // The tilts 0.05 and 1/4, both signs.
            let first = if feature == 0 { 2 } else { 6 };
            test.bets[feature].log_wealth[first..first + 2].fill(-threshold);
        }
        assert_eq!(
            test.decision(),
            (!last_counts).then_some(Decision::Holds),
            "{servers}: the last server"
        );
        test.bets[8].log_wealth[10..12].fill(-threshold);
        assert_eq!((test.decision(), test.needed()), (Some(Decision::Holds), Some(100)));
        test.bets[4].log_wealth[7] = -threshold / 4.0;
        assert_eq!((test.decision(), test.needed()), (None, Some(400)));
        test.bets[4].log_wealth[7] = 0.0;
        assert_eq!((test.decision(), test.needed()), (None, None));
    }
}

#[test]
fn the_strongest_feature_is_the_one_that_won_most() {
    let fresh = || EventTest::new(&three(), &[0, 0, 0], 1e-6);
    assert_eq!(fresh().strongest(), "task type by itself: uneven");
    type Row = (&'static str, fn(&mut EventTest));
    let table: [Row; 5] = [
        ("task type by itself: uneven", |test| test.types.log_wealth = 3.0),
        ("server by itself: uneven", |test| test.servers.log_wealth = 3.0),
        ("edge by itself: uneven", |test| test.edges = 3.0),
        ("pick among ties: too often or too high", |test| test.bets[5].log_wealth[4] = 3.0),
        ("arrival share: too rare or too low", |test| test.bets[0].log_wealth[13] = 3.0),
    ];
    for (name, win) in table {
        let mut test = fresh();
        test.bets[7].log_wealth[0] = 2.0;
        win(&mut test);
        assert_eq!(test.strongest(), name);
    }
    assert!(EventTest::excludes().contains("0.05"));
}

#[test]
fn where_there_is_no_choice_there_is_nothing_to_exclude() {
    let alone = Model::new(generate::complete(1, 1).unwrap(), 0.5, 2).unwrap();
    let mut test = EventTest::new(&alone, &[0], 1e-6);
    for _ in 0..4 {
        test.observe(Event::Arrival { task_type: 0, server: 0 });
        test.observe(Event::Service { server: 0 });
    }
    let varying = FEATURES.iter().zip(&test.bets).filter(|(_, bets)| bets.bets > 0);
    assert_eq!(varying.map(|(feature, _)| feature.0).collect::<Vec<_>>(), ["arrival share"]);
}

#[test]
fn outcomes_one_by_one_are_bet_on_against_their_own_probabilities() {
    // The plug-in of n = 2: 1/2 at first, then (1 + 1/2) / (1 + 1) for what was seen; the stated
    // ones are 1/4 and 3/4.
    let mut one = OneByOne::new(2);
    one.observe(0, 0.5);
    assert!((one.log_wealth - 2f64.ln()).abs() < 1e-15);
    one.observe(1, 1.5);
    assert!((one.log_wealth - (2.0 * 0.25 / 0.75f64).ln()).abs() < 1e-15);
}

#[test]
fn every_alternative_shares_half_of_alpha() {
    let model = Model::new(BipartiteGraph::complete(3, 2).unwrap(), 0.8, 2).unwrap();
    let test = EventTest::new(&model, &[0; 3], 0.01);
    // Two signs of nine features.
    assert!((test.threshold() - (18.0f64 / 0.005).ln()).abs() < 1e-12);
}

#[test]
fn every_capital_is_a_martingale_under_every_declared_policy() {
    let graph = || three().graph().clone();
    for policy in Policy::declared().into_iter().filter(|policy| policy.paper_d().is_none()) {
        let load = Load::try_from(0.5).unwrap();
        let model = Model::with_policy(graph(), load, policy.clone(), None).unwrap();
        for (replication, start) in [[0, 0, 0], [1, 0, 2], [3, 3, 3]].into_iter().enumerate() {
            let mut queues = Queues::of(&model, start.to_vec());
            let mut memory = Memory::new(&policy, 3, &start);
            let mut test = EventTest::new(&model, &start, 1e-6);
            let rng = stream_rng(5, replication as u64);
            let mut marks = DrawnAhead::new(RandomMarks::new(&model, rng), model.d());
            for _ in 0..30 {
                let before = capitals(&test);
                let mut means = vec![0.0; before.len()];
                for (event, p) in law(&model, &[0; 3]) {
                    // Of this law only types and services are used: picks are those of the memory.
                    let Event::Arrival { task_type, server } = event else {
                        add(&mut means, &test, event, p, &before);
                        continue;
                    };
                    let servers = model.graph().servers_of(task_type);
                    if server != servers.at(0) {
                        continue;
                    }
                    let rate = model.lambda() / (1.0 + model.lambda()) / 3.0;
                    let seen = memory.seen(task_type, queues.lengths());
                    let seen: Vec<u32> = servers.iter().map(|v| seen[v as usize]).collect();
                    let turn = memory.turn(task_type, servers);
                    let shares = policy.law_f64(&seen, None, turn).unwrap();
                    for (server, share) in servers.iter().zip(shares).filter(|pick| pick.1 > 0.0) {
                        let event = Event::Arrival { task_type, server };
                        add(&mut means, &test, event, rate * share, &before);
                    }
                }
                for (index, mean) in means.iter().enumerate() {
                    assert!((mean - 1.0).abs() < 1e-12, "{policy}, capital {index}: {mean}");
                }
                let mark = marks.next_mark().unwrap();
                let lengths = queues.lengths().to_vec();
                let departures = queues.departures();
                let event = queues.apply(mark);
                match event {
                    Event::Arrival { task_type, server } => {
                        let servers = model.graph().servers_of(task_type);
                        let seen = servers.iter().map(|v| lengths[v as usize]).collect::<Vec<_>>();
                        let all = (0..seen.len() as u32).collect::<Vec<_>>();
                        let tied = policy.pick(&all, &seen, None, 0).tied;
                        memory.joined(task_type, server, tied, &lengths);
                    }
                    Event::Service { server } if queues.departures() > departures => {
                        memory.served(server);
                    }
                    Event::Service { .. } | Event::Lost { .. } => {}
                }
                test.observe(event);
                assert!(test.impossible.is_none(), "{policy}: {}", test.strongest());
            }
        }
    }
}

/// Adds what every capital is multiplied by at an event of probability `p`.
fn add(means: &mut [f64], test: &EventTest, event: Event, p: f64, before: &[f64]) {
    let mut next = test.clone();
    next.observe(event);
    for (mean, (after, before)) in means.iter_mut().zip(capitals(&next).iter().zip(before)) {
        *mean += p * (after - before).exp();
    }
}

#[test]
fn a_pick_that_a_policy_never_makes_ends_the_test_at_once() {
    let arrival = |server| Event::Arrival { task_type: 0, server };
    // Start, servers that get tasks of type {0, 1, 2}, and whether that can be.
    let table: [(&str, [u32; 3], &[u32], bool); 9] = [
        ("jsq(2), distinct", [0, 1, 2], &[1], true),
        ("jsq(2), distinct", [0, 1, 2], &[2], false),
        ("first", [5, 0, 0], &[0, 0], true),
        ("first", [5, 0, 0], &[1], false),
        // Any first place.
        ("round-robin", [0, 0, 0], &[2, 0, 1, 2], true),
        ("round-robin", [0, 0, 0], &[2, 1], false),
        ("jsq(all), ties round-robin", [0, 0, 0], &[1, 2, 0, 0], true),
        ("jsq(all), ties round-robin", [0, 0, 0], &[1, 0], false),
        ("jsq(all), late(1)", [1, 0, 1], &[1, 2], false),
    ];
    for (policy, start, servers, possible) in table {
        let load = Load::try_from(0.5).unwrap();
        let graph = three().graph().clone();
        let model = Model::with_policy(graph, load, policy.parse().unwrap(), None).unwrap();
        let mut test = EventTest::new(&model, &start, 1e-6);
        servers.iter().for_each(|&server| test.observe(arrival(server)));
        assert_eq!(test.impossible.is_none(), possible, "{policy} {servers:?}");
        assert!(possible || test.strongest().contains(policy), "{}", test.strongest());
        // Another path begins: nothing is remembered.
        let mut test = EventTest::new(&model, &start, 1e-6);
        for &server in servers {
            test.observe(arrival(server));
            test.restart(&[0, 0, 0]);
        }
        let fixed = ["first", "jsq(2), distinct"].contains(&policy);
        assert!(possible || fixed || test.impossible.is_none(), "{policy}: a new path");
    }
}
