//! The generator of the chain: what the proofs compute with it, against all marks of a small model.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use super::input::Input;
use crate::graph::metrics;
use crate::model::{Model, loads};
use crate::num::ratio::{self, Ratio};
use crate::simulate::{Queues, all_marks};

/// Bytes as a graph of at most four servers and task types, d <= 3, and two ordered states.
///
/// # Panics
/// If the generator is not the sum over all marks; if Lemma 4.2, Lemma 4.5 or the drift of
/// Proposition 4.1 fails; or (4.4), (4.20), (4.42).
pub fn generator(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(4, 3);
    let n = model.graph().n_servers();
    // Long queues are as good as short ones here: only one more level is looked at.
    let lengths = |input: &mut Input<'_>| {
        if input.below(8) == 7 { input.lengths(n, 12) } else { input.lengths(n, 4) }
    };
    let lower = lengths(&mut input);
    let upper: Vec<u32> =
        input.lengths(n, 4).iter().zip(&lower).map(|(more, length)| more + length).collect();
    let model = input.rated(model);
    let state = State::new(&model, &lower);
    let top = upper.iter().max().map_or(1, |&longest| longest + 1);
    // Between them nothing is different, and the fractions take their time.
    for i in (1..=top).filter(|&i| i <= 3 || i == top) {
        lemma_4_2(&state, i);
        load_inequalities(&model, &lower, &upper, i);
        for w in 0..model.graph().n_task_types() {
            lemma_4_5(&state, w, i);
        }
    }
    drift(&state);
}

/// How many of `servers` have at least `i` tasks.
fn at_least(servers: impl Iterator<Item = u32>, lengths: &[u32], i: u32) -> u64 {
    servers.filter(|&v| lengths[v as usize] >= i).count() as u64
}

/// q_i^w, 0 for an isolated type.
fn local(model: &Model, lengths: &[u32], w: u32, i: u32) -> Ratio {
    let servers = model.graph().servers_of(w);
    if servers.is_empty() {
        return Ratio::zero();
    }
    Ratio::new(at_least(servers.iter(), lengths, i).into(), servers.len().into())
}

/// sum_w r_w f(w), r_w = lambda N / M where all types are alike.
fn over_types(model: &Model, f: impl Fn(u32) -> Ratio) -> Ratio {
    (0..model.graph().n_task_types()).map(|w| model.arrival_rate(w) * f(w)).sum()
}

/// A state, and where all marks lead from it.
struct State<'a> {
    model: &'a Model,
    lengths: &'a [u32],
    /// Each next state with the weights of its marks added up: the marks are many, the states few.
    next: BTreeMap<Vec<u32>, Ratio>,
}

impl<'a> State<'a> {
    fn new(model: &'a Model, lengths: &'a [u32]) -> Self {
        let mut next: BTreeMap<Vec<u32>, Ratio> = BTreeMap::new();
        for (mark, weight) in all_marks::enumerate(model).expect("at most 4 + 4 * 4^3 marks") {
            let mut queues = Queues::from_lengths(lengths.to_vec());
            queues.apply(mark.as_mark());
            *next.entry(queues.lengths().to_vec()).or_insert_with(Ratio::zero) += weight;
        }
        Self { model, lengths, next }
    }

    /// The generator by [`Model::generator`] and by all marks: rate (1 + lambda) N, each with its
    /// weight.
    fn both_ways(&self, f: impl Fn(&[u32]) -> Ratio) -> Ratio {
        let Self { model, lengths, next } = self;
        let given = model.generator(lengths, &f);
        let before = f(lengths);
        let rate =
            (Ratio::one() + model.load().exact()) * ratio::whole(model.graph().n_servers().into());
        let by_marks: Ratio =
            next.iter().map(|(lengths, weight)| weight * (f(lengths) - &before)).sum();
        assert_eq!(given, rate * by_marks, "at {lengths:?}, by transitions and by marks");
        given
    }
}

fn lemma_4_2(state: &State<'_>, i: u32) {
    let (model, lengths) = (state.model, state.lengths);
    let tail = |x: &[u32]| {
        ratio::whole(x.iter().map(|&length| u64::from((length + 1).saturating_sub(i))).sum())
    };
    let arrivals = over_types(model, |w| ratio::power(&local(model, lengths, w, i - 1), model.d()));
    let right = arrivals - ratio::whole(at_least(0..model.graph().n_servers(), lengths, i));
    assert_eq!(state.both_ways(tail), right, "Lemma 4.2, i = {i}, at {lengths:?}");
}

/// The integrand of (4.30), with Q_i^w - Q_(i+1)^w as it should read in (B.6).
fn lemma_4_5(state: &State<'_>, w: u32, i: u32) {
    let (model, lengths) = (state.model, state.lengths);
    let graph = model.graph();
    let count = |x: &[u32]| ratio::whole(at_least(graph.servers_of(w).iter(), x, i));
    let joins: Ratio = graph
        .servers_of(w)
        .iter()
        .filter(|&v| lengths[v as usize] == i - 1)
        .map(|v| {
            graph.task_types_of(v).iter().fold(Ratio::zero(), |sum, other| {
                let (x, y) = (local(model, lengths, other, i - 1), local(model, lengths, other, i));
                let degree = ratio::whole(graph.task_degree(other) as u64);
                let share = (ratio::power(&x, model.d()) - ratio::power(&y, model.d()))
                    / ((x - y) * degree);
                sum + model.arrival_rate(other) * share
            })
        })
        .sum();
    let leaves = at_least(graph.servers_of(w).iter(), lengths, i)
        - at_least(graph.servers_of(w).iter(), lengths, i + 1);
    let right = joins - ratio::whole(leaves);
    assert_eq!(state.both_ways(count), right, "Lemma 4.5, type {w}, i = {i}, at {lengths:?}");
}

/// (4.5) and (4.9): the drift of V = sum_v x_v (x_v + 1) / 2.
fn drift(state: &State<'_>) {
    let (model, lengths) = (state.model, state.lengths);
    let potential =
        |x: &[u32]| ratio::whole(x.iter().map(|&l| u64::from(l) * (u64::from(l) + 1) / 2).sum());
    let (rho, n) = (loads::rho(model), ratio::whole(model.graph().n_servers().into()));
    let total = ratio::whole(lengths.iter().map(|&length| u64::from(length)).sum());
    let bound = &rho * &n - (Ratio::one() - &rho) * total;
    assert!(state.both_ways(potential) <= bound, "the drift at {lengths:?}, rho = {rho}");
}

/// (4.4) and (4.20) for the pair, (4.42) for the lower state.
fn load_inequalities(model: &Model, lower: &[u32], upper: &[u32], i: u32) {
    let (rho, phi) = (loads::rho(model), metrics::phi(model.graph()));
    let count = |x: &[u32]| ratio::whole(at_least(0..model.graph().n_servers(), x, i));
    let offered = |x: &[u32]| over_types(model, |w| local(model, x, w, i));
    assert!(offered(lower) <= &rho * count(lower), "(4.4), i = {i}, at {lower:?}");
    let most = &rho * (count(upper) - count(lower));
    assert!(offered(upper) - offered(lower) <= most, "(4.20), i = {i}, {lower:?} to {upper:?}");
    let seen = offered(lower) / model.load().exact();
    assert!((seen - count(lower)).abs() <= phi * count(lower), "(4.42), i = {i}, at {lower:?}");
}
