//! `transition-law` under every declared policy: the reference holds, and whoever follows another
//! declared policy of another law is violated.

use fluidcheck::claims::{self, CheckOptions, Evidence, Verdict};
use fluidcheck::graph::{BipartiteGraph, generate};
use fluidcheck::model::policy::{Memory, Policy};
use fluidcheck::model::{Event, Load, Model};
use fluidcheck::random::{Coins, stream_rng};
use fluidcheck::simulate::Queues;
use fluidcheck::simulate::marks::{DrawnAhead, RandomMarks};
use fluidcheck::subject::{Follows, Reference, Subject};
use rayon::prelude::*;

fn graphs() -> [(&'static str, BipartiteGraph); 2] {
    let complete = BipartiteGraph::complete(3, 1).unwrap();
    [("complete:n=3,m=1", complete), ("path:n=3", generate::path(3).unwrap())]
}

fn model(graph: &BipartiteGraph, policy: &Policy) -> Model {
    let load = Load::try_from(0.5).unwrap();
    Model::with_policy(graph.clone(), load, policy.clone(), None).unwrap()
}

fn check(subject: &dyn Subject, model: &Model) -> Evidence {
    let options = CheckOptions { brief: true, ..CheckOptions::default() };
    claims::find("transition-law").unwrap().check_with(subject, model, &options)
}

/// Whether on some path of `followed` the law of a pick is another one than that of `promised`.
fn laws_differ(graph: &BipartiteGraph, promised: &Policy, followed: &Policy) -> bool {
    let system = model(graph, followed);
    let policies = [promised, followed];
    for replication in 0..20 {
        let start = vec![replication as u32 % 4, 0, replication as u32 / 4 % 4];
        let mut queues = Queues::of(&system, start.clone());
        let mut memories = policies.map(|policy| Memory::new(policy, graph.n_task_types(), &start));
        let rng = stream_rng(3, replication);
        let mut marks = DrawnAhead::new(RandomMarks::new(&system, rng), system.d());
        for _ in 0..150 {
            let (lengths, departures) = (queues.lengths().to_vec(), queues.departures());
            match queues.apply(marks.next_mark().unwrap()) {
                Event::Arrival { task_type, server } => {
                    let servers = graph.servers_of(task_type);
                    let [a, b] = [0, 1].map(|i| {
                        let seen = memories[i].seen(task_type, &lengths);
                        let seen: Vec<u32> = servers.iter().map(|v| seen[v as usize]).collect();
                        let turn = memories[i].turn(task_type, servers);
                        let all: Vec<u32> = (0..seen.len() as u32).collect();
                        let tied = policies[i].pick(&all, &seen, None, turn).tied;
                        (policies[i].law(&seen, None, turn).unwrap(), tied)
                    });
                    if a.0 != b.0 {
                        return true;
                    }
                    memories[0].joined(task_type, server, a.1, &lengths);
                    memories[1].joined(task_type, server, b.1, &lengths);
                }
                Event::Service { server } if queues.departures() > departures => {
                    memories.iter_mut().for_each(|memory| memory.served(server));
                }
                Event::Service { .. } | Event::Lost { .. } => {}
            }
        }
    }
    false
}

#[test]
fn under_every_declared_policy_the_reference_holds() {
    for (name, graph) in graphs() {
        for policy in Policy::declared() {
            let evidence = check(&Reference, &model(&graph, &policy));
            println!("{name}, {policy}: {} {}", evidence.verdict, evidence.cases);
            assert_eq!(evidence.verdict, Verdict::Holds, "{name}, {policy}: {}", evidence.summary);
        }
    }
}

#[test]
fn whoever_follows_another_declared_policy_is_violated_where_the_laws_differ() {
    for (name, graph) in graphs() {
        let all = Policy::declared();
        let pairs: Vec<_> = all.iter().flat_map(|p| all.iter().map(move |r| (p, r))).collect();
        let wrong = |&(promised, followed): &(&Policy, &Policy)| {
            let differ = laws_differ(&graph, promised, followed);
            let evidence = check(&Follows(followed.clone()), &model(&graph, promised));
            let expected = if differ { Verdict::Violated } else { Verdict::Holds };
            (evidence.verdict != expected).then(|| {
                let (verdict, summary) = (evidence.verdict, evidence.summary);
                format!("{name}: {promised} promised, {followed} followed: {verdict}, {summary}")
            })
        };
        let wrong: Vec<String> = pairs.par_iter().filter_map(wrong).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn a_counter_may_begin_anywhere() {
    // Paths that begin their turns at the second place.
    struct Second;
    impl Subject for Second {
        fn name(&self) -> String {
            "second".to_owned()
        }

        fn pick(
            &self,
            model: &Model,
            task_type: u32,
            samples: &[u32],
            _: &[u32],
            _: &mut Coins,
        ) -> u32 {
            let servers = model.graph().servers_of(task_type);
            let place = servers.iter().position(|v| v == samples[0]).unwrap();
            servers.at((place + 1) % servers.len())
        }
    }
    let policy = "round-robin".parse().unwrap();
    for (name, graph) in graphs() {
        let evidence = check(&Second, &model(&graph, &policy));
        assert_eq!(evidence.verdict, Verdict::Holds, "{name}: {}", evidence.summary);
    }
}
