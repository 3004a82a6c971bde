use num_traits::{One, Zero};

use super::*;
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::num::ratio::{Ratio, ratio};
use crate::random::stream_rng;

fn policy(text: &str) -> Policy {
    text.parse().unwrap()
}

/// Policies without weights whose law needs no memory.
const PLAIN: [&str; 16] = [
    "jsq(1)",
    "jsq(2)",
    "jsq(3), replacement",
    "jsq(2), distinct",
    "jsq(3), distinct, ties lowest",
    "jsq(2), ties highest",
    "jsq(2), ties round-robin",
    "jsq(all)",
    "jsq(all), ties lowest",
    "jsq(all), ties round-robin",
    "random",
    "round-robin",
    "first",
    "idle-first",
    "longest(2)",
    "longest(2), distinct, ties lowest",
];

#[test]
fn a_policy_is_read_in_any_order_and_written_in_one() {
    let table = [
        ("jsq(2)", "jsq(2), replacement"),
        ("distinct,jsq( 3 )", "jsq(3), distinct"),
        ("ties  lowest , jsq(all)", "jsq(all), ties lowest"),
        ("per-type, late(2), jsq(2), ties fair", "jsq(2), replacement, late(2), per-type"),
        ("of=given, weights=w.csv, jsq(2)", "jsq(2), replacement, weights=w.csv, of=given"),
        ("of=in-flight, idle-first", "idle-first"),
        ("longest(2)", "longest(2), replacement"),
    ];
    for (text, canonical) in table {
        assert_eq!(policy(text).to_string(), canonical);
        assert_eq!(policy(canonical), policy(text), "{text}");
    }
}

#[test]
fn what_is_no_policy_is_refused_with_its_place_and_what_is_possible() {
    let table = [
        ("jsq(0)", "policy, item 1: the number of samples D = 0 is outside 1 to"),
        ("distinct, jsq(2000000)", "policy, item 2: the number of samples D = 2000000"),
        ("jsq(99999999999999)", "the number of samples D = 99999999999999"),
        ("jsq(2), late(0)", "policy, item 2: the number of picks k = 0 is outside 1 to 65536"),
        ("jqs(2)", "policy, item 1: `jqs(2)` is unknown; did you mean `jsq(2)`?"),
        ("jsq(2), tie lowest", "`tie lowest` is unknown; did you mean `ties lowest`?"),
        ("jsq(two)", "`jsq(two)` is unknown"),
        ("jsq(2", "`jsq(2` is unknown; did you mean `jsq(2)`?"),
        ("", "`` is unknown; did you mean `jsq(2)`?"),
        ("jsq(2) distinct", "`jsq(2) distinct` is unknown; did you mean `jsq(2), distinct`?"),
        ("distinct", "policy `distinct` names no base: write one of jsq(D), jsq(all)"),
        ("jsq(2), random", "policy, item 2: `random` comes after another base: keep one"),
        ("jsq(all), distinct", "policy: jsq(all) takes no sampling"),
        ("round-robin, weights=w", "policy: round-robin takes no weights"),
        ("random, ties lowest", "policy: random takes no ties"),
        ("random, early", "policy: random takes no sight"),
        ("jsq(2), weights=", "`weights=` is unknown; did you mean `weights=FILE`?"),
    ];
    for (text, message) in table {
        let error = text.parse::<Policy>().unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn the_paper_s_policy_has_the_law_of_4_12() {
    let model = Model::new(BipartiteGraph::complete(5, 1).unwrap(), 0.5, 3).unwrap();
    for lengths in [[0; 5], [3, 1, 1, 0, 3], [4, 3, 2, 1, 0], [1, 1, 1, 1, 2]] {
        let law = policy("jsq(3)").law(&lengths, None, 0).unwrap();
        let known: Vec<Ratio> =
            model.assignment(0, &lengths).into_iter().map(|(_, share)| share).collect();
        assert_eq!(law, known);
    }
}

/// The law by all samples of marks, each through [`Policy::pick`].
fn by_enumeration(policy: &Policy, lengths: &[u32], turn: u64) -> Vec<Ratio> {
    let mut law = vec![Ratio::zero(); lengths.len()];
    for (samples, probability) in policy.all_samples(lengths.len() as u32, None).unwrap() {
        law[policy.pick(&samples, lengths, None, turn).place as usize] += probability;
    }
    law
}

#[test]
fn the_law_is_that_of_all_samples_through_the_pick() {
    for text in PLAIN {
        let policy = policy(text);
        for n in 1..=4usize {
            for code in 0..3usize.pow(n as u32) {
                let lengths: Vec<u32> =
                    (0..n).map(|i| (code / 3usize.pow(i as u32) % 3) as u32).collect();
                for turn in 0..n as u64 {
                    let law = policy.law(&lengths, None, turn).unwrap();
                    assert_eq!(
                        law,
                        by_enumeration(&policy, &lengths, turn),
                        "{text} on {lengths:?}, turn {turn}"
                    );
                    assert_eq!(law.iter().sum::<Ratio>(), Ratio::one(), "{text}");
                }
            }
        }
    }
}

#[test]
fn the_law_of_a_tail_is_g() {
    for text in PLAIN {
        let policy = policy(text);
        let Some(law) = policy.sample_law() else { continue };
        for (s, n) in [(1, 1), (1, 3), (2, 3), (3, 3), (2, 5)] {
            // The task joins the s long queues where all samples lie among them.
            let lengths: Vec<u32> = (0..n).map(|i| u32::from(i < s)).collect();
            let shares = policy.law(&lengths, None, 0).unwrap();
            let joined: Ratio = shares[..s as usize].iter().sum();
            assert_eq!(joined, law.all_within(s, n), "{text}");
        }
    }
}

#[test]
fn weights_share_samples_in_proportion() {
    let weights = [1, 0, 3];
    let law = |text: &str, lengths: &[u32]| policy(text).law(lengths, Some(&weights), 0).unwrap();
    assert_eq!(law("random, weights=w", &[5, 0, 9]), [ratio(1, 4), ratio(0, 1), ratio(3, 4)]);
    // Both samples the first: 1/16; else the last, which is shorter.
    assert_eq!(law("jsq(2), weights=w", &[1, 0, 0]), [ratio(1, 16), ratio(0, 1), ratio(15, 16)]);
    // Two different ones of positive weight: always both.
    assert_eq!(
        law("jsq(2), distinct, weights=w", &[1, 0, 0]),
        [ratio(0, 1), ratio(0, 1), ratio(1, 1)]
    );
    // (length + 1) / weight: 1 against 3/3, a tie; then 1 against 4/3.
    assert_eq!(law("jsq(all), weights=w", &[0, 0, 2]), [ratio(1, 2), ratio(0, 1), ratio(1, 2)]);
    assert_eq!(law("jsq(all), weights=w", &[0, 0, 3]), [ratio(1, 1), ratio(0, 1), ratio(0, 1)]);
    assert!(matches!(
        policy("jsq(2), weights=w").law(&[0, 0], Some(&weights), 0),
        Err(PolicyError::Weights { given: 3, candidates: 2, .. })
    ));
    assert_eq!(policy("first").law(&[], None, 0), Err(PolicyError::NoCandidate));
}

#[test]
fn picks_have_their_law_by_frequency_of_all_small_draws() {
    // Shares within 5 standard errors of 20 000 draws, at a fixed seed: a regression test.
    let mut rng = stream_rng(7, 0);
    let weights = [1, 2, 0, 5];
    for text in ["jsq(2), weights=w", "jsq(2), distinct, weights=w", "jsq(all)", "idle-first"] {
        let policy = policy(text);
        let lengths = [1, 0, 0, 0];
        let law = policy.law_f64(&lengths, Some(&weights), 0).unwrap();
        let mut counts = [0u32; 4];
        for _ in 0..20_000 {
            let samples = policy.samples(4, policy.weights().map(|_| &weights[..]), 0, &mut rng);
            counts[policy.pick(&samples, &lengths, Some(&weights), 0).place as usize] += 1;
        }
        for (count, share) in counts.iter().zip(law) {
            let error = (share * (1.0 - share) / 20_000.0).sqrt();
            let seen = f64::from(*count) / 20_000.0;
            assert!((seen - share).abs() <= 5.0 * error, "{text}: {seen} for {share}");
        }
    }
}

#[test]
fn a_late_policy_sees_what_the_pick_before_saw_and_an_early_one_what_it_left() {
    let late = policy("jsq(2), late(2)");
    let mut memory = Memory::new(&late, 1, &[9, 9]);
    let mut seen = Vec::new();
    for state in [[0, 0], [1, 0], [1, 1], [2, 1]] {
        seen.push(memory.seen(0, &state).to_vec());
        memory.joined(0, 0, false, &state);
    }
    assert_eq!(seen, [[9, 9], [9, 9], [0, 0], [1, 0]]);
    let early = policy("jsq(2), early");
    let mut memory = Memory::new(&early, 1, &[9, 9]);
    assert_eq!(memory.seen(0, &[3, 3]), [3, 3]);
    memory.joined(0, 1, false, &[3, 3]);
    assert_eq!(memory.seen(0, &[0, 0]), [3, 4]);
}

#[test]
fn a_balancer_of_one_type_sees_its_own_tasks_alone() {
    let given = policy("jsq(all), of=given, per-type");
    let mut memory = Memory::new(&given, 2, &[5, 5]);
    memory.joined(1, 1, false, &[5, 5]);
    memory.served(1);
    assert_eq!((memory.seen(0, &[5, 5]), memory.seen(1, &[5, 5])), (&[0, 0][..], &[0, 1][..]));
    let own = policy("jsq(all), per-type");
    let mut memory = Memory::new(&own, 2, &[1, 0]);
    memory.joined(1, 0, false, &[1, 0]);
    memory.joined(0, 0, false, &[2, 0]);
    assert_eq!((memory.seen(0, &[3, 0]), memory.seen(1, &[3, 0])), (&[1, 0][..], &[1, 0][..]));
    // The task of the start leaves first, then that of type 1.
    memory.served(0);
    assert_eq!(memory.seen(1, &[2, 0]), [1, 0]);
    memory.served(0);
    assert_eq!((memory.seen(0, &[1, 0]), memory.seen(1, &[1, 0])), (&[1, 0][..], &[0, 0][..]));
}

#[test]
fn a_pointer_moves_only_where_two_are_tied() {
    let policy = policy("jsq(all), ties round-robin");
    let graph = BipartiteGraph::complete(3, 1).unwrap();
    let servers = graph.servers_of(0);
    let mut memory = Memory::new(&policy, 1, &[0, 0, 0]);
    let mut picks = Vec::new();
    for lengths in [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]] {
        let choice = policy.pick(&[0], &lengths, None, memory.turn(0, servers));
        memory.joined(0, choice.place, choice.tied, &lengths);
        picks.push(choice.place);
    }
    assert_eq!(picks, [0, 1, 2, 2, 0]);
}

#[test]
fn the_declared_policies_differ_and_are_read_back_from_their_text() {
    let all = Policy::declared();
    assert_eq!(all.len(), 16 + 4 + 2 + rules::RULES.len() + 1 + 15);
    for (at, declared) in all.iter().enumerate() {
        assert_eq!(policy(&declared.to_string()), *declared);
        assert!(!all[..at].contains(declared), "{declared}");
    }
}
