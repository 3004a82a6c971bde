//! What the next pick of a policy can be, given the events before it.
//!
//! A policy that remembers has its law given what it remembers, and that follows from the events
//! seen. Two things do not: where a counter or a pointer stood at first, which a balancer may
//! choose as it likes. A turn is a bet only once earlier picks have told whose it is; before, and
//! after it, what no first place allows is impossible.
//!
//! | policy | what is learnt |
//! |---|---|
//! | `round-robin` | the counter modulo the least common multiple of the degrees seen |
//! | `jsq(all), ties round-robin` | the server after the winner of the last tie |
//! | ties in turn among hidden samples | nothing: they have no law given the events |
//!
//! # Source
//! The definitions of [`crate::model::policy`]; the Chinese remainder theorem.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::policy::{Base, Memory, Policy, Sampling, Ties};
use crate::model::{Model, divided_difference_f64};

/// What is known of a pick before it is made, a number for each candidate.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pick {
    /// The probabilities.
    Law(Vec<f64>),
    /// One of these, nobody knows which.
    OneOf(Vec<bool>),
}

impl Pick {
    /// Whether the candidate at this place may get the task.
    pub(super) fn allows(&self, place: usize) -> bool {
        match self {
            Self::Law(shares) => shares[place] > 0.0,
            Self::OneOf(allowed) => allowed[place],
        }
    }
}

/// A counter, as far as picks have told it: it is `rest` modulo `modulus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counter {
    rest: u128,
    modulus: u128,
}

impl Counter {
    const UNKNOWN: Self = Self { rest: 0, modulus: 1 };

    /// The places among `n` that it may point to: those that are alike modulo a divisor of n.
    fn places(self, n: u64) -> (u64, u64) {
        let divisor = gcd(self.modulus, n.into());
        ((self.rest % divisor) as u64, divisor as u64)
    }

    /// It pointed to this place among `n`, and goes on by one.
    fn pointed_to(self, place: u64, n: u64) -> Self {
        let (place, n) = (u128::from(place), u128::from(n));
        let divisor = gcd(self.modulus, n);
        let step = n / divisor;
        let known = match self.modulus.checked_mul(step) {
            // rest + modulus t = place modulo n.
            Some(modulus) if self.rest % divisor == place % divisor => {
                let ahead = (place + n - self.rest % n) % n / divisor;
                let t = ahead * inverse(self.modulus / divisor % step, step) % step;
                Self { rest: self.rest + self.modulus * t, modulus }
            }
            // A contradiction has ended the test; more digits than fit are left unknown.
            _ => self,
        };
        Self { rest: (known.rest + 1) % known.modulus, ..known }
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The inverse of `a` modulo `n`, which have no common divisor; 0 for n = 1.
fn inverse(a: u128, n: u128) -> u128 {
    // r = s a modulo n for both pairs; moduli are below 2^64, so that no product is too large.
    let (mut r, mut s) = ((n, a), (0, 1 % n));
    while r.1 > 0 {
        let times = r.0 / r.1 % n;
        r = (r.1, r.0 % r.1);
        s = (s.1, (s.0 + n - times * s.1 % n) % n);
    }
    s.0
}

/// Where a turn stands, for each balancer.
#[derive(Clone, Debug)]
enum Turns {
    None,
    Counters(Vec<Counter>),
    /// Whether the pointer is known.
    Pointers(Vec<bool>),
}

impl Turns {
    fn of(model: &Model) -> Self {
        let policy = model.policy();
        let types = model.graph().n_task_types() as usize;
        let balancers = if policy.per_type() { types } else { 1 };
        match (policy.base(), policy.ties()) {
            (Base::RoundRobin, _) => Self::Counters(vec![Counter::UNKNOWN; balancers]),
            (_, Ties::RoundRobin) => Self::Pointers(vec![false; balancers]),
            _ => Self::None,
        }
    }
}

/// The picks of a policy along one path.
#[derive(Clone, Debug)]
pub(super) struct Picks {
    model: Model,
    /// Where the law depends on what was before.
    memory: Option<Memory>,
    turns: Turns,
    /// The same policy with fair ties: who may win one.
    fair: Policy,
    /// For each number of candidates, the probability of the k-th best of them where no two are
    /// equally good.
    by_rank: FxHashMap<usize, Arc<[f64]>>,
    /// Laws of other kinds, by task type and lengths seen.
    laws: FxHashMap<(u32, Vec<u32>), Vec<f64>>,
}

/// Probabilities that are kept: exact ones take long, and states come again.
const KEPT: usize = 1 << 20;

impl Picks {
    /// The picks of the model's policy, from these lengths on.
    pub(super) fn of(model: &Model, start: &[u32]) -> Self {
        let policy = model.policy();
        let fair = policy.clone().with_ties(Ties::Fair).unwrap_or_else(|_| policy.clone());
        let mut picks = Self {
            model: model.clone(),
            memory: None,
            turns: Turns::None,
            fair,
            by_rank: FxHashMap::default(),
            laws: FxHashMap::default(),
        };
        picks.restart(start);
        picks
    }

    /// Another path begins: nothing is remembered.
    pub(super) fn restart(&mut self, start: &[u32]) {
        let (policy, types) = (self.model.policy(), self.model.graph().n_task_types());
        let remembers = !policy.is_markov() && policy.base() != Base::RoundRobin;
        self.memory = remembers.then(|| Memory::new(policy, types, start));
        self.turns = Turns::of(&self.model);
    }

    fn balancer(&self, task_type: u32) -> usize {
        if self.model.policy().per_type() { task_type as usize } else { 0 }
    }

    /// The lengths of all servers that the next pick is decided on.
    pub(super) fn all_seen<'a>(&'a self, task_type: u32, lengths: &'a [u32]) -> &'a [u32] {
        self.memory.as_ref().map_or(lengths, |memory| memory.seen(task_type, lengths))
    }

    /// The lengths of the candidates that the next pick is decided on.
    pub(super) fn seen(&self, task_type: u32, lengths: &[u32]) -> Vec<u32> {
        let seen = self.all_seen(task_type, lengths);
        self.model.graph().servers_of(task_type).iter().map(|v| seen[v as usize]).collect()
    }

    /// The place that is first in turn for the next pick, as far as it is known; 0 without turns.
    pub(super) fn turn(&self, task_type: u32) -> u64 {
        let servers = self.model.graph().servers_of(task_type);
        match &self.turns {
            Turns::Pointers(_) => {
                self.memory.as_ref().map_or(0, |memory| memory.turn(task_type, servers))
            }
            Turns::None | Turns::Counters(_) => 0,
        }
    }

    /// What the next pick can be, given what it sees.
    pub(super) fn next(&mut self, task_type: u32, seen: &[u32]) -> Pick {
        let n = seen.len();
        let mut turn = 0;
        let balancer = self.balancer(task_type);
        match &self.turns {
            Turns::None => {}
            Turns::Counters(counters) => {
                let (place, divisor) = counters[balancer].places(n as u64);
                let may = |i: &usize| *i as u64 % divisor == place;
                if divisor < n as u64 {
                    return Pick::OneOf((0..n).map(|i| may(&i)).collect());
                }
                return Pick::Law((0..n).map(|i| f64::from(u8::from(may(&i)))).collect());
            }
            Turns::Pointers(_) if !self.model.policy().is_observable() => {
                return Pick::OneOf(vec![true; n]);
            }
            Turns::Pointers(known) => {
                if !known[balancer] && self.is_tied(task_type, seen) {
                    let fair = self.fair.clone();
                    let law = self.law(&fair, task_type, seen, 0);
                    return law.map_or(Pick::OneOf(vec![true; n]), |law| {
                        Pick::OneOf(law.into_iter().map(|share| share > 0.0).collect())
                    });
                }
                let servers = self.model.graph().servers_of(task_type);
                turn = self.memory.as_ref().map_or(0, |memory| memory.turn(task_type, servers));
            }
        }
        let policy = self.model.policy().clone();
        let law = self.law(&policy, task_type, seen, turn);
        law.map_or(Pick::OneOf(vec![true; n]), Pick::Law)
    }

    /// Whether several of all candidates are equally good.
    fn is_tied(&self, task_type: u32, seen: &[u32]) -> bool {
        let all: Vec<u32> = (0..seen.len() as u32).collect();
        let weights = self.model.weights_of(task_type);
        self.model.policy().pick(&all, seen, weights.as_deref(), 0).tied
    }

    /// The law of a pick; `None` where it has too many terms, which no model lets happen.
    fn law(
        &mut self,
        policy: &Policy,
        task_type: u32,
        seen: &[u32],
        turn: u64,
    ) -> Option<Vec<f64>> {
        if policy.weights().is_none() && !matches!(policy.base(), Base::Rule(_)) {
            return self.by_order(policy, seen, turn);
        }
        let key = (if policy.weights().is_some() { task_type } else { 0 }, seen.to_vec());
        // Turns begin elsewhere each time.
        if let Some(law) = self.laws.get(&key).filter(|_| !policy.takes_turns()) {
            return Some(law.clone());
        }
        let weights = self.model.weights_of(task_type);
        let law = policy.law_f64(seen, weights.as_deref(), turn).ok()?;
        if !policy.takes_turns() && policy == self.model.policy() {
            if self.laws.len() * seen.len() >= KEPT {
                self.laws.clear();
            }
            self.laws.insert(key, law.clone());
        }
        Some(law)
    }

    /// The law where the best of samples that are alike wins: the k-th best of all candidates gets
    /// the task with a probability that depends on k alone, and fair ties share theirs.
    fn by_order(&mut self, policy: &Policy, seen: &[u32], turn: u64) -> Option<Vec<f64>> {
        let n = seen.len();
        let by_rank = match self.by_rank.get(&n) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<[f64]> = by_rank(policy, n)?.into();
                self.by_rank.insert(n, new.clone());
                new
            }
        };
        let place = (turn % n as u64) as usize;
        let key = |i: usize| match policy.base() {
            Base::Random => 0,
            Base::Longest { .. } => u32::MAX - seen[i],
            _ => seen[i],
        };
        let among_tied = |i: usize| match policy.ties() {
            Ties::Fair | Ties::Lowest => i,
            Ties::Highest => n - 1 - i,
            Ties::RoundRobin => (i + n - place) % n,
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by_key(|&i| (key(i), among_tied(i)));
        let mut law = vec![0.0; n];
        if policy.ties() != Ties::Fair {
            order.iter().zip(by_rank.iter()).for_each(|(&i, &share)| law[i] = share);
            return Some(law);
        }
        let mut from = 0;
        while from < n {
            let level = order[from..].iter().take_while(|&&i| key(i) == key(order[from])).count();
            let share = by_rank[from..from + level].iter().sum::<f64>() / level as f64;
            order[from..from + level].iter().for_each(|&i| law[i] = share);
            from += level;
        }
        Some(law)
    }

    /// A task is about to join the candidate at this place.
    pub(super) fn joined(&mut self, task_type: u32, place: usize, lengths: &[u32]) {
        let balancer = self.balancer(task_type);
        let servers = self.model.graph().servers_of(task_type);
        let (server, n) = (servers.at(place), servers.len() as u64);
        let mut tied = false;
        match &mut self.turns {
            Turns::None => {}
            Turns::Counters(counters) => {
                counters[balancer] = counters[balancer].pointed_to(place as u64, n);
            }
            Turns::Pointers(_) => {
                let seen = self.seen(task_type, lengths);
                tied = self.is_tied(task_type, &seen);
            }
        }
        if let Turns::Pointers(known) = &mut self.turns {
            known[balancer] |= tied;
        }
        if let Some(memory) = &mut self.memory {
            memory.joined(task_type, server, tied, lengths);
        }
    }

    /// A task leaves.
    pub(super) fn served(&mut self, server: u32) {
        if let Some(memory) = &mut self.memory {
            memory.served(server);
        }
    }
}

/// The probability of the k-th best of n candidates, no two of which are equally good.
pub(super) fn by_rank(policy: &Policy, n: usize) -> Option<Vec<f64>> {
    let numbers = || (0..n as u32).collect::<Vec<_>>();
    match policy.base() {
        // Sums of positive terms; exact powers of many samples would be long numbers.
        Base::Jsq { d, sampling: Sampling::Replacement }
        | Base::Longest { d, sampling: Sampling::Replacement } => {
            let share = |k: usize| (n - k) as f64 / n as f64;
            let of_rank = |k| divided_difference_f64(share(k), share(k + 1), d) / n as f64;
            Some((0..n).map(of_rank).collect())
        }
        Base::Longest { .. } => {
            let mut law = policy.law_f64(&numbers(), None, 0).ok()?;
            law.reverse();
            Some(law)
        }
        _ => policy.law_f64(&numbers(), None, 0).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{BipartiteGraph, Isolated};
    use crate::model::Load;

    fn model(policy: &Policy) -> Model {
        // Degrees 4, 2, 3 and 1.
        let edges =
            [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (2, 1), (1, 2), (2, 2), (3, 2), (3, 3)];
        let graph = BipartiteGraph::from_edges(4, 4, &edges, Isolated::Refuse).unwrap();
        Model::with_policy(graph, Load::try_from(0.5).unwrap(), policy.clone(), None).unwrap()
    }

    #[test]
    fn laws_by_order_are_those_of_the_policy() {
        for policy in Policy::declared().iter().filter(|policy| !policy.takes_turns()) {
            let mut picks = Picks::of(&model(policy), &[0; 4]);
            for code in 0..256u32 {
                let seen: Vec<u32> = (0..4).map(|i| code / 4u32.pow(i) % 4).collect();
                let Pick::Law(law) = picks.next(0, &seen) else { panic!("{policy}: no law") };
                let exact = policy.law_f64(&seen, None, 0).unwrap();
                for (share, exact) in law.iter().zip(&exact) {
                    let sound = (share - exact).abs() < 1e-15 && (*share > 0.0) == (*exact > 0.0);
                    assert!(sound, "{policy} {seen:?}: {law:?}, not {exact:?}");
                }
            }
        }
    }

    #[test]
    fn laws_with_weights_are_kept_and_are_those_of_the_policy() {
        let policy: Policy = "jsq(2), distinct, weights=w".parse().unwrap();
        let graph = BipartiteGraph::complete(3, 1).unwrap();
        let weights = [1, 0, 3].map(crate::num::ratio::whole).to_vec();
        let load = Load::try_from(0.5).unwrap();
        let model = Model::with_policy(graph, load, policy.clone(), Some(weights)).unwrap();
        let mut picks = Picks::of(&model, &[0; 3]);
        for seen in [[0, 0, 1], [2, 1, 0], [0, 0, 1]] {
            let law = policy.law_f64(&seen, Some(&[1, 0, 3]), 0).unwrap();
            assert_eq!(picks.next(0, &seen), Pick::Law(law));
        }
        assert_eq!(picks.laws.len(), 2);
    }

    #[test]
    fn a_counter_is_known_by_the_places_it_pointed_to() {
        for first in 0..60u64 {
            let mut counter = Counter::UNKNOWN;
            for (at, n) in [4u64, 2, 3, 6, 1, 5, 4, 5, 12].into_iter().enumerate() {
                let place = (first + at as u64) % n;
                let (rest, divisor) = counter.places(n);
                assert_eq!(place % divisor, rest, "{first}, pick {at}: the place is allowed");
                counter = counter.pointed_to(place, n);
            }
            let known = u128::from(first + 9) % 60;
            assert_eq!(counter, Counter { rest: known, modulus: 60 });
        }
        // What would need more than 128 bits is left unknown, and what is known stays.
        let mut large = Counter { rest: 5, modulus: u128::MAX / 2 };
        large = large.pointed_to(1, 1 << 20);
        assert_eq!(large, Counter { rest: 6, modulus: u128::MAX / 2 });
    }

    #[test]
    fn a_turn_is_a_law_once_its_place_is_known() {
        let policy: Policy = "round-robin".parse().unwrap();
        let mut picks = Picks::of(&model(&policy), &[0; 4]);
        let one = |picks: &mut Picks, task_type, n| picks.next(task_type, &vec![0; n]);
        assert_eq!(one(&mut picks, 0, 4), Pick::OneOf(vec![true; 4]));
        assert_eq!(one(&mut picks, 3, 1), Pick::Law(vec![1.0]));
        picks.joined(1, 1, &[0; 4]);
        // The counter was odd, and is even.
        assert_eq!(one(&mut picks, 0, 4), Pick::OneOf(vec![true, false, true, false]));
        assert_eq!(one(&mut picks, 1, 2), Pick::Law(vec![1.0, 0.0]));
        picks.joined(0, 2, &[0; 4]);
        assert_eq!(one(&mut picks, 0, 4), Pick::Law(vec![0.0, 0.0, 0.0, 1.0]));
        assert_eq!(one(&mut picks, 2, 3), Pick::OneOf(vec![true; 3]));
        picks.restart(&[0; 4]);
        assert_eq!(one(&mut picks, 1, 2), Pick::OneOf(vec![true; 2]));
    }

    #[test]
    fn a_pointer_is_known_after_the_first_tie() {
        let policy: Policy = "jsq(all), ties round-robin".parse().unwrap();
        let mut picks = Picks::of(&model(&policy), &[0; 4]);
        assert_eq!(picks.next(0, &[1, 0, 1, 1]), Pick::Law(vec![0.0, 1.0, 0.0, 0.0]));
        picks.joined(0, 1, &[1, 0, 1, 1]);
        let tied = [1, 2, 1, 1];
        assert_eq!(picks.next(0, &tied), Pick::OneOf(vec![true, false, true, true]));
        picks.joined(0, 2, &tied);
        assert_eq!(picks.next(0, &[0; 4]), Pick::Law(vec![0.0, 0.0, 0.0, 1.0]));
        // Servers 0 and 2: after 2 comes 0.
        assert_eq!(picks.next(1, &[0; 2]), Pick::Law(vec![1.0, 0.0]));
        let hidden: Policy = "jsq(2), ties round-robin".parse().unwrap();
        let mut picks = Picks::of(&model(&hidden), &[0; 4]);
        picks.joined(0, 2, &tied);
        assert_eq!(picks.next(0, &tied), Pick::OneOf(vec![true; 4]));
    }
}
