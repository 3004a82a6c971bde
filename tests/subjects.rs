//! What a subject is given: the lengths that the promised policy sees, and for two copies the same
//! coins.

use std::sync::Mutex;

use fluidcheck::claims::{self, Verdict};
use fluidcheck::graph::BipartiteGraph;
use fluidcheck::model::{Event, Load, Model};
use fluidcheck::random::{Coins, stream_rng};
use fluidcheck::simulate::Queues;
use fluidcheck::simulate::marks::{DrawnAhead, RandomMarks, first_shortest};
use fluidcheck::subject::{Pair, Picker, Reference, Subject};
use rand::{Rng, RngExt};

fn model(policy: &str) -> Model {
    let graph = BipartiteGraph::complete(3, 1).unwrap();
    let load = Load::try_from(0.5).unwrap();
    Model::with_policy(graph, load, policy.parse().unwrap(), None).unwrap()
}

/// Two samples of its own, with replacement.
fn two_samples() -> impl Subject {
    Picker::new("two samples", |_, servers, lengths: &[u32], rng: &mut Coins| {
        let mut draw = || servers.at(rng.random_range(0..servers.len()));
        first_shortest(&[draw(), draw()], lengths)
    })
}

#[test]
fn copies_of_a_picker_that_draws_for_itself_share_its_coins_and_meet() {
    let (model, subject) = (model("jsq(2)"), two_samples());
    for replication in 0..20 {
        let (lower, upper) = (vec![0; 3], vec![4; 3]);
        let mut pair = Pair::new(&subject, &model, 1, replication, lower, upper);
        for _ in 0..5_000 {
            pair.advance(1);
            let mut pairs = pair.lower().lengths().iter().zip(pair.upper().lengths());
            assert!(pairs.all(|(lower, upper)| lower <= upper), "samples are shared, so is order");
        }
        assert!(pair.met(), "replication {replication}");
    }
}

#[test]
fn a_picker_with_a_state_of_its_own_says_so_and_never_meets() {
    struct Stateful(Mutex<u32>);
    impl Subject for Stateful {
        fn name(&self) -> String {
            "stateful".to_owned()
        }

        fn pick(&self, _: &Model, _: u32, samples: &[u32], _: &[u32], _: &mut Coins) -> u32 {
            let mut turn = self.0.lock().unwrap();
            *turn += 1;
            samples[*turn as usize % samples.len()]
        }

        fn is_function_of_marks_and_coins(&self) -> bool {
            false
        }
    }
    let subject = Stateful(Mutex::new(0));
    let mut pair = Pair::new(&subject, &model("jsq(2)"), 1, 0, vec![0; 3], vec![1; 3]);
    pair.advance(5_000);
    assert!(!pair.met());
}

#[test]
fn the_next_event_has_fresh_coins_whichever_copy_drew_more() {
    let words: Vec<u32> = {
        let mut coins = Coins::new(5, 0);
        (0..6).map(|_| coins.next_u32()).collect()
    };
    for (own, of_the_copy) in [(1, 3), (3, 1), (2, 2), (0, 0)] {
        let mut coins = Coins::new(5, 0);
        let mut copy = coins.clone();
        let drawn: Vec<u32> = (0..own).map(|_| coins.next_u32()).collect();
        let copied: Vec<u32> = (0..of_the_copy).map(|_| copy.next_u32()).collect();
        assert_eq!((&drawn[..], &copied[..]), (&words[..own], &words[..of_the_copy]));
        coins.go_on_behind(copy);
        assert_eq!(coins.next_u32(), words[own.max(of_the_copy)], "{own} and {of_the_copy}");
    }
}

#[test]
fn what_a_policy_remembers_is_a_part_of_the_state() {
    for policy in ["jsq(all), late(3)", "jsq(2), distinct, early", "jsq(all), ties round-robin"] {
        let model = model(policy);
        let (mut only_lengths, mut together) = (0, 0);
        for replication in 0..50 {
            let starts = [vec![0, 0, 0], vec![1, 0, 2]];
            let [mut a, mut b] = starts.map(|start| Queues::of(&model, start));
            let mut marks =
                DrawnAhead::new(RandomMarks::new(&model, stream_rng(2, replication)), model.d());
            let mut met = false;
            for _ in 0..2_000 {
                let mark = marks.next_mark().unwrap();
                a.apply(mark);
                b.apply(mark);
                assert!(!met || a.is_in_the_state_of(&b), "{policy}: one state, one future");
                met |= a.is_in_the_state_of(&b);
                only_lengths += u32::from(!met && a.lengths() == b.lengths());
            }
            together += u32::from(met);
        }
        assert!(only_lengths > 0, "{policy}: equal lengths are met before equal memories");
        assert!(together > 0, "{policy}");
    }
}

#[test]
fn a_picker_is_shown_what_the_promised_policy_sees() {
    let shortest_of_two = Picker::new("mine", |_, servers, lengths: &[u32], rng: &mut Coins| {
        let n = servers.len();
        let first = rng.random_range(0..n);
        let second = (first + rng.random_range(1..n)) % n;
        first_shortest(&[servers.at(first), servers.at(second)], lengths)
    });
    for sight in ["", ", early", ", late(1)", ", late(8)", ", of=given"] {
        let model = model(&format!("jsq(2), distinct{sight}"));
        let evidence = claims::find("transition-law").unwrap().check(&shortest_of_two, &model);
        assert_eq!(evidence.verdict, Verdict::Holds, "{sight}: {}", evidence.summary);
    }
}

#[test]
fn a_subject_without_a_pick_of_its_own_follows_the_promised_policy() {
    struct Plain;
    impl Subject for Plain {
        fn name(&self) -> String {
            "plain".to_owned()
        }
    }
    for policy in ["jsq(all)", "longest(2)", "idle-first", "jsq(2), distinct, late(2)"] {
        let model = model(policy);
        let mut queues = [(); 2].map(|()| Queues::of(&model, vec![2, 0, 1]));
        let rng = stream_rng(4, 0);
        let mut marks = DrawnAhead::new(RandomMarks::new(&model, rng), model.d());
        let mut coins = Coins::new(1, 0);
        for _ in 0..2_000 {
            let mark = marks.next_mark().unwrap();
            let by_default: Event = Plain.apply(&model, &mut queues[0], mark, &mut coins);
            assert_eq!(by_default, Reference.apply(&model, &mut queues[1], mark, &mut coins));
        }
        assert_eq!(queues[0], queues[1], "{policy}");
    }
}
