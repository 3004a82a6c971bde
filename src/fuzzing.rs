//! What the fuzz targets call; `cargo test` replays their corpora through the same functions.
//!
//! | target | bytes become | what must hold |
//! |---|---|---|
//! | [`edge_list`], [`csv()`], [`matrix_market`] | a graph file | refused in one line, or the graph comes back |
//! | [`spec`] | a graph spec | refused in one line, or the spec comes back |
//! | [`marks`] | a graph, a start, marks | conservation, the recounted occupancy, the block-wise fold |
//! | [`couplings`] | a graph, two ordered starts, marks | the order of Prop. 3.9 at every event, and (4.13) for every U |
//! | [`assignment`] | lengths of the servers of one type | (4.12) against all sample sequences |
//! | [`metrics`] | a graph, a relabelling, a set of servers | the identities of (2.1), (2.3); Remark 1 by sets, by flow, by bounds |
//! | [`divided_difference`] | two pairs of fractions | Lemma 4.4, (4.19), Lemma C.1 |
//!
//! Each function returns on any bytes, and panics only where an invariant is broken. Graphs, starts and parameters take
//! a byte or four per choice, zeros where the bytes end; marks take the words that are left, as in [`BytesMarks`]. So the fuzzer
//! reaches every rare case by changing one byte, and a crash replays from its file alone.
//!
//! # Source
//! Section 2, Remark 1, Proposition 3.9, Lemmas 4.4 and C.1, (4.12), (4.13), (4.19).

use num_traits::{One, Signed, Zero};

use crate::coupling::{Coupled, SharedMass, check_order, shared_mass_intervals};
use crate::graph::format::{Format, fuzz_round_trip};
use crate::graph::stability::{
    Effort, critical_load_bounds, critical_load_by_flow, critical_load_by_subsets, is_ergodic, ratio_of_set,
};
use crate::graph::{self, BipartiteGraph, Isolated, metrics as figures};
use crate::marks::{BytesMarks, BytesRng, Mark, MarkBlock, MarkStream, first_shortest};
use crate::model::{self, Event, Load, Model};
use crate::occupancy::{LocalOccupancy, Occupancy};
use crate::ratio::{self, Ratio, ratio};
use crate::simulate::{Queues, TimeAverage};

/// A fuzz target: bytes in, a panic where an invariant is broken.
pub type Target = fn(&[u8]);

/// All targets by name; a folder of the corpus has the name of its target.
pub const TARGETS: [(&str, Target); 9] = [
    ("edge_list", edge_list),
    ("csv", csv),
    ("matrix_market", matrix_market),
    ("spec", spec),
    ("marks", marks),
    ("couplings", couplings),
    ("assignment", assignment),
    ("metrics", metrics),
    ("divided_difference", divided_difference),
];

/// Bytes as an edge list.
///
/// # Panics
/// If an error takes more than one line, or a graph does not come back.
pub fn edge_list(bytes: &[u8]) {
    fuzz_round_trip(bytes, Format::EdgeList);
}

/// Bytes as a CSV file.
///
/// # Panics
/// As [`edge_list`].
pub fn csv(bytes: &[u8]) {
    fuzz_round_trip(bytes, Format::Csv);
}

/// Bytes as a Matrix Market file.
///
/// # Panics
/// As [`edge_list`].
pub fn matrix_market(bytes: &[u8]) {
    fuzz_round_trip(bytes, Format::MatrixMarket);
}

/// Bytes as a graph spec; what is not UTF-8 is replaced.
///
/// # Panics
/// If an error takes more than one line, or a spec does not come back.
pub fn spec(bytes: &[u8]) {
    graph::spec::fuzz_round_trip(&String::from_utf8_lossy(bytes));
}

/// Bytes read from the front, zeros after their end.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// A number below `n`, which is at most 256.
    fn below(&mut self, n: u32) -> u32 {
        u32::from(self.byte()) % n
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// A graph of at most `most` <= 8 servers and as many task types, isolated ones included.
    fn graph(&mut self, most: u32) -> BipartiteGraph {
        let (n, m) = (1 + self.below(most), 1 + self.below(most));
        if self.below(8) == 7 {
            return BipartiteGraph::complete(n, m).expect("both sides have a vertex");
        }
        // One byte a type: bit v tells whether server v is compatible.
        let masks: Vec<u8> = (0..m).map(|_| self.byte()).collect();
        let edges: Vec<(u32, u32)> = (0..n)
            .flat_map(|v| (0..m).filter(|&w| masks[w as usize] >> v & 1 == 1).map(|w| (v, w)).collect::<Vec<_>>())
            .collect();
        BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).expect("different edges in range")
    }

    fn model(&mut self, most: u32, most_choices: u32) -> Model {
        let graph = self.graph(most);
        let d = 1 + self.below(most_choices);
        let load = Load::new(ratio(1 + i64::from(self.byte()), 257)).expect("1/257 to 256/257");
        Model::with_load(graph, load, d).expect("at least one sample")
    }

    fn lengths(&mut self, n: u32, below: u32) -> Vec<u32> {
        (0..n).map(|_| self.below(below)).collect()
    }

    /// A permutation of 0 to n - 1.
    fn permutation(&mut self, n: u32) -> Vec<u32> {
        let mut all: Vec<u32> = (0..n).collect();
        for i in (1..n).rev() {
            all.swap(i as usize, self.below(i + 1) as usize);
        }
        all
    }

    /// The marks that the rest of the bytes gives, some four bytes a mark.
    fn marks(&self, model: &Model, at_most: usize) -> MarkBlock {
        let mut block = MarkBlock::new(model.d());
        BytesMarks::from_bytes(model, self.0).fill(&mut block, (1 + self.0.len() / 4).min(at_most));
        block
    }
}

/// Bytes as a graph, a start and marks: the fold of single marks against a recount, and the fold of blocks against it.
///
/// # Panics
/// If a mark is none of the model's, a task joins another server than the first of its shortest samples, more changes than one queue by one,
/// the counts are not those of the queues, or the fold of blocks ends elsewhere.
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
            Event::Service { server } if before[server as usize] > 0 => local.lower(server, before[server as usize]),
            Event::Service { .. } | Event::Lost { .. } => {}
        }
        services += u64::from(matches!(mark, Mark::Service { .. }));
        assert_eq!(queues.occupancy(), &Occupancy::of(&expected), "the occupancy of {expected:?}");
        let recount = LocalOccupancy::of(graph, &expected);
        for w in 0..graph.n_task_types() {
            assert_eq!(local.of_task_type(w), recount.of_task_type(w), "task type {w} at {expected:?}");
        }
        assert_eq!(queues.total(), expected.iter().map(|&length| u64::from(length)).sum::<u64>());
        assert_eq!(before_all + queues.arrivals(), queues.total() + queues.departures(), "tasks are conserved");
    }
    assert_eq!(queues.arrivals() + queues.lost() + services, block.len() as u64, "every mark is counted once");
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
            assert_eq!(samples.len(), if servers.is_empty() { 0 } else { d as usize }, "d samples, or none");
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

/// Bytes as a graph, two ordered starts and marks: Proposition 3.9 by shared marks, capped, thinned and by (4.13).
///
/// # Panics
/// If an order breaks, two equal systems part, or (4.13) is not a partition of [0, 1) with the marginals of (4.12).
pub fn couplings(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(6, 5);
    let n = model.graph().n_servers();
    let lower = input.lengths(n, 4);
    let upper: Vec<u32> = input.lengths(n, 4).iter().zip(&lower).map(|(more, length)| more + length).collect();
    let cap = upper.iter().max().expect("a server") + input.below(3);
    // Bit i tells whether the thinned system takes the arrivals whose number is i modulo 8.
    let taken = input.byte();
    let block = input.marks(&model, 128);

    let pair = |cap| Coupled::capped(lower.clone(), upper.clone(), cap).expect("ordered starts below the cap");
    let (mut shared, mut capped, mut thinned) = (pair(u32::MAX), pair(cap), pair(u32::MAX));
    let mut arrivals = 0u32;
    for mark in block.iter() {
        let equal = [shared.coalesced(), capped.coalesced()];
        shared.apply(mark).expect("shared marks keep the order");
        capped.apply(mark).expect("shared marks keep the order below a cap");
        match mark {
            Mark::Arrival { .. } if taken >> (arrivals % 8) & 1 == 0 => thinned.apply_upper(mark).expect("an arrival above"),
            _ => thinned.apply(mark).expect("shared marks keep the order of two loads"),
        }
        arrivals += u32::from(matches!(mark, Mark::Arrival { .. }));
        for pair in [&shared, &capped, &thinned] {
            ordered(pair);
        }
        assert!(capped.upper().lengths().iter().all(|&length| length <= cap), "no queue is above the cap");
        assert!(!equal[0] || shared.coalesced(), "equal systems stay equal");
        assert!(!equal[1] || capped.coalesced(), "equal systems stay equal below a cap");
    }

    let mut mass = SharedMass::new(&model, BytesRng::new(input.0));
    let mut pair = pair(u32::MAX);
    // (4.13) is looked at for every type and every U, so that a few events are enough.
    for _ in 0..block.len().min(12) {
        for w in 0..model.graph().n_task_types() {
            partition_of_mass(&model, w, pair.lower().lengths(), pair.upper().lengths());
        }
        mass.step(&mut pair).expect("shared mass keeps the order");
        ordered(&pair);
    }
}

/// The pair's own order check looks at the servers of the event; this one at all.
fn ordered(pair: &Coupled) {
    assert_eq!(check_order(pair.lower(), pair.upper()), Ok(()));
    let differing = pair.lower().lengths().iter().zip(pair.upper().lengths()).filter(|(l, u)| l != u).count();
    assert_eq!(pair.differing() as usize, differing, "the servers that differ");
}

/// (4.13) at one pair of states: it covers [0, 1) once, has both marginals, and every U keeps the order.
fn partition_of_mass(model: &Model, task_type: u32, lower: &[u32], upper: &[u32]) {
    let cells = shared_mass_intervals(model, task_type, lower, upper);
    let mut to = Ratio::zero();
    for cell in &cells {
        assert!(cell.from == to && cell.from < cell.to, "{cell:?} after {to}");
        to.clone_from(&cell.to);
        let (one, two) = (cell.server1 as usize, cell.server2 as usize);
        assert!(one == two || lower[one] < upper[one], "{cell:?} breaks the order of {lower:?} and {upper:?}");
    }
    assert_eq!(to, if model.graph().task_degree(task_type) == 0 { Ratio::zero() } else { Ratio::one() });
    let marginal = |server, first: bool| -> Ratio {
        cells
            .iter()
            .filter(|cell| if first { cell.server1 == server } else { cell.server2 == server })
            .map(|c| &c.to - &c.from)
            .sum()
    };
    for (lengths, first) in [(lower, true), (upper, false)] {
        for (server, probability) in model.assignment(task_type, lengths) {
            assert_eq!(marginal(server, first), probability, "server {server} at {lengths:?}");
        }
    }
}

/// Bytes as the queues of at most five servers: (4.12) against all d_w^d sample sequences, d <= 4.
///
/// # Panics
/// If (4.12) is not the law of a uniform choice among the shortest samples, not that of the first of them, does not sum to 1, or
/// its floating-point form is off by more than its documented error.
pub fn assignment(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (n, degree, d) = (5, 1 + input.below(5), 1 + input.below(4));
    let servers = &input.permutation(n)[..degree as usize];
    let lengths: Vec<u32> = (0..n).map(|_| input.below(4)).collect();
    let edges: Vec<(u32, u32)> = servers.iter().map(|&v| (v, 0)).collect();
    let graph = BipartiteGraph::from_edges(n, 1, &edges, Isolated::Refuse).expect("different servers");
    let model = Model::with_load(graph, Load::new(ratio(1, 2)).expect("a load"), d).expect("a sample");

    // Split ties evenly: 60 is divisible by every number of servers.
    let (mut first, mut evenly) = ([0i64; 5], [0i64; 5]);
    let all = i64::from(degree).pow(d);
    for code in 0..all {
        let samples: Vec<u32> = (0..d).map(|k| servers[(code / i64::from(degree).pow(k) % i64::from(degree)) as usize]).collect();
        first[first_shortest(&samples, &lengths) as usize] += 60;
        let shortest = samples.iter().map(|&v| lengths[v as usize]).min();
        let mut minimal: Vec<u32> = samples.into_iter().filter(|&v| Some(lengths[v as usize]) == shortest).collect();
        minimal.sort_unstable();
        minimal.dedup();
        minimal.iter().for_each(|&v| evenly[v as usize] += 60 / minimal.len() as i64);
    }
    let exact = model.assignment(0, &lengths);
    let float = model.assignment_f64(0, &lengths);
    assert_eq!(exact.iter().map(|(_, p)| p).sum::<Ratio>(), Ratio::one());
    assert!(exact.iter().map(|&(v, _)| v).eq(model.graph().servers_of(0).iter()), "one entry for each compatible server");
    for ((server, p), (same, approximate)) in exact.iter().zip(float) {
        let v = *server as usize;
        assert_eq!((p, same), (&ratio(evenly[v], 60 * all), *server), "ties split evenly, {lengths:?}, d = {d}");
        assert_eq!(p, &ratio(first[v], 60 * all), "the first of the shortest, {lengths:?}, d = {d}");
        near(approximate, p, (u64::from(d) + 3) * 2);
    }
    partition_of_mass(&model, 0, &lengths, &lengths);
}

/// Whether a float is within `units` 2^-52 of an exact value, relative to it.
fn near(approximate: f64, exact: &Ratio, units: u64) {
    let given = Ratio::from_float(approximate).expect("a finite number");
    let error = (given - exact).abs();
    assert!(error <= exact.abs() * Ratio::new(units.into(), (1u64 << 52).into()), "{approximate} is not near {exact}");
}

/// Bytes as a graph of at most six servers, a relabelling and a set of servers: section 2's figures and Remark 1.
///
/// # Panics
/// If rho, phi or gamma differ from their definitions, change under relabelling, or the ways to the critical load disagree.
pub fn metrics(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(6, 4);
    let (graph, d) = (model.graph(), model.d());
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let (servers, task_types) = (input.permutation(n), input.permutation(m));
    let edges: Vec<(u32, u32)> = graph.iter_edges().map(|(v, w)| (servers[v as usize], task_types[w as usize])).collect();
    let relabelled = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).expect("a relabelling of a graph");

    // The definitions, term by term.
    let share = |w: u32| ratio(1, graph.task_degree(w) as i64);
    let scale = ratio(n.into(), m.into());
    let loads: Vec<Ratio> = (0..n).map(|v| graph.task_types_of(v).iter().map(share).sum::<Ratio>() * &scale).collect();
    let (max, min) = (loads.iter().max().expect("a server"), loads.iter().min().expect("a server"));
    let (rho, phi, gamma) = (figures::rho(&model), figures::phi(graph), figures::gamma(graph));
    assert_eq!(rho, max * model.load().exact(), "(2.1)");
    assert_eq!(phi, loads.iter().map(|load| (load - Ratio::one()).abs()).max().expect("a server"), "phi of (2.3)");
    let served: Vec<u32> = (0..m).filter(|&w| graph.task_degree(w) > 0).collect();
    assert_eq!(gamma, served.iter().map(|&w| share(w)).sum::<Ratio>() / ratio::whole(m.into()), "gamma of (2.3)");
    assert_eq!(
        loads.iter().sum::<Ratio>(),
        &scale * ratio::whole(served.len() as u64),
        "every task that is not lost is served once"
    );
    assert_eq!((&figures::max_server_load(graph), &figures::min_server_load(graph)), (max, min));
    let busiest: Vec<u32> = (0..n).filter(|&v| loads[v as usize] == *max).collect();
    assert_eq!(figures::busiest_servers(graph), busiest);
    near(figures::rho_f64(&model), &rho, u64::from(m) + 5);
    near(figures::gamma_f64(graph), &gamma, u64::from(m) + 3);
    let regular = graph.iter_edges().all(|(v, w)| n as usize * graph.server_degree(v) == m as usize * graph.task_degree(w));
    assert_eq!(figures::is_regular(graph), regular, "Definition 3.5");
    let no_bare_server = (0..n).all(|v| graph.server_degree(v) > 0);
    assert!(!regular || !no_bare_server || phi.is_zero(), "regular, every server with an edge, and phi = {phi}");

    let mut sizes = [graph, &relabelled].map(|graph| figures::components(graph).sizes());
    sizes.iter_mut().for_each(|sizes| sizes.sort_unstable());
    assert_eq!(sizes[0], sizes[1], "the components of a relabelling");
    let same = Model::with_load(relabelled.clone(), model.load().clone(), d).expect("a model");
    let others = (figures::rho(&same), figures::phi(&relabelled), figures::gamma(&relabelled));
    assert_eq!((rho, phi, gamma), others, "the figures of a relabelling");
    assert_eq!(figures::is_regular(&relabelled), regular);

    let set: Vec<u32> = (0..n).filter(|_| input.byte() & 1 == 1).collect();
    critical_loads(&model, &relabelled, max, &set);
}

/// Remark 1 by all sets, by flow and by bounds; `max_load` is the largest load at lambda = 1.
fn critical_loads(model: &Model, relabelled: &BipartiteGraph, max_load: &Ratio, set: &[u32]) {
    let (graph, d) = (model.graph(), model.d());
    let Ok(critical) = critical_load_by_subsets(graph, d) else {
        assert_eq!((graph.n_edges(), is_ergodic(model)), (0, Ok(true)), "only a graph without edges has no critical load");
        return;
    };
    let flow = critical_load_by_flow(graph, d).expect("few sample sets");
    assert_eq!(critical.lambda, flow.lambda, "by sets and by flow");
    for bottleneck in [&critical.bottleneck, &flow.bottleneck] {
        assert_eq!(ratio_of_set(graph, d, bottleneck).as_ref(), Some(&critical.lambda), "{bottleneck:?}");
    }
    assert_eq!(critical_load_by_subsets(relabelled, d).expect("the same edges").lambda, critical.lambda);
    assert!(ratio_of_set(graph, d, set).is_none_or(|bound| bound >= critical.lambda), "{set:?} is below the least ratio");
    let bounds = critical_load_bounds(graph, d, Effort { gap: 1e-3, steps: 50 }).expect("an edge");
    let [lower, upper] = [bounds.lower, bounds.upper].map(|bound| Ratio::from_float(bound).expect("a finite bound"));
    assert!(lower <= critical.lambda && critical.lambda <= upper, "{bounds:?} around {}", critical.lambda);
    assert_eq!(is_ergodic(model), Ok(*model.load().exact() < critical.lambda));
    // Random routing is one way to route, the only one with a single sample; one more sample never hurts.
    let random = max_load.recip();
    assert!(critical.lambda >= random, "rho(G) < 1 is enough");
    assert_eq!(critical_load_by_subsets(graph, 1).expect("an edge").lambda, random);
    assert!(critical_load_by_subsets(graph, d + 1).expect("an edge").lambda >= critical.lambda);
    if graph.isolated_task_types().is_empty() {
        assert!(critical.lambda <= Ratio::one(), "the set of all servers");
    }
}

/// Bytes as two pairs of fractions in [0, 1] and d <= 16: the divided difference and what is claimed of it.
///
/// # Panics
/// If it is not (x^d - y^d) / (x - y), not symmetric, or Lemma 4.4, (4.19) or Lemma C.1 (with both constants) fails.
pub fn divided_difference(bytes: &[u8]) {
    let mut input = Input(bytes);
    let d = 1 + input.below(16);
    let denominator = input.u32().max(1);
    let [x1, y1, x2, y2] = [(); 4].map(|()| {
        let numerator = u64::from(input.u32()) % (u64::from(denominator) + 1);
        Ratio::new(numerator.into(), denominator.into())
    });
    let value = |x: &Ratio, y: &Ratio| model::divided_difference(x, y, d);
    let whole = |n: u64| ratio::whole(n);
    for (x, y) in [(&x1, &y1), (&x2, &y2), (&x1, &x1)] {
        let difference = ratio::power(x, d) - ratio::power(y, d);
        let given = value(x, y);
        assert_eq!(given, value(y, x), "symmetric in x = {x}, y = {y}, d = {d}");
        if x == y {
            assert_eq!(given, whole(d.into()) * ratio::power(x, d - 1), "the derivative at x = {x}, d = {d}");
        } else {
            assert_eq!(given, &difference / (x - y), "x = {x}, y = {y}, d = {d}");
        }
        assert!(given <= whole(d.into()), "(4.19) at x = {x}, y = {y}, d = {d}");
        let [a, b] = [x, y].map(ratio::to_f64);
        let binary = [a, b].map(|float| Ratio::from_float(float).expect("a finite number"));
        // 3 d 2^-53 is at most 2 d 2^-52.
        near(model::divided_difference_f64(a, b, d), &value(&binary[0], &binary[1]), 2 * u64::from(d));
    }
    let (low, high) = (value((&x1).min(&x2), (&y1).min(&y2)), value((&x1).max(&x2), (&y1).max(&y2)));
    assert!(low <= high, "Lemma 4.4 between {x1}, {x2} and {y1}, {y2}, d = {d}");
    let distance = (&x1 - &x2).abs() + (&y1 - &y2).abs();
    let change = (value(&x1, &y1) - value(&x2, &y2)).abs();
    let d = u64::from(d);
    assert!(change <= whole(d * (d - 1) / 2) * &distance, "Lemma C.1, sharp, at {x1}, {y1}, {x2}, {y2}, d = {d}");
    assert!(change <= whole(((1 << d) - 1) * (d - 1)) * &distance, "Lemma C.1 at {x1}, {y1}, {x2}, {y2}, d = {d}");
}
