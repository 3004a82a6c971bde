//! Graphs of every family, small ones, from choices that a fuzzer makes.

use super::input::{Input, one_line};
use crate::graph::format::{self, Format};
use crate::graph::spec::Spec;
use crate::graph::{BipartiteGraph, Isolated, metrics};

/// One term, as a user would write it.
fn term(input: &mut Input<'_>) -> String {
    let (n, m, k) = (1 + input.below(40), 1 + input.below(40), 1 + input.below(12));
    // Quarters, so that degrees and radii are no whole numbers only; one in four is far too large
    // or too small.
    let scale = [1.0, 1.0, 1e-9, 1e9][input.below(4) as usize];
    let quarter = |k: u32, scale: f64| f64::from(k) * scale / 4.0;
    match input.below(9) {
        0 => format!("complete:n={n},m={m}"),
        1 => format!("regular:n={n},m={m},k={k}"),
        2 => {
            let dim = 1 + input.below(3);
            let p = ["1", "1.5", "2", "7", "inf"][input.below(5) as usize];
            format!("geometric:n={n},m={m},degree={},dim={dim},p={p}", quarter(k, scale))
        }
        3 => {
            let dim = 1 + input.below(3);
            let radius = f64::from(1 + input.below(255)) * scale / 200.0;
            format!("geometric:n={n},m={m},radius={radius:e},dim={dim},p=inf")
        }
        4 => format!("erdos-renyi:n={n},m={m},degree={}", quarter(k, scale)),
        5 => format!("circulant:n={n},k={k}"),
        6 => format!("cycle:n={n}"),
        7 => format!("path:n={n}"),
        _ => format!("star:n={n}"),
    }
}

/// Bytes as a union of at most three small terms with copies, and a seed.
///
/// # Panics
/// If an error takes more than one line, the same seed gives another graph, a regular graph is not
/// regular, the rows of the two sides are not each other's transposes, or a format does not give
/// the graph back.
pub fn generated(bytes: &[u8]) {
    let mut input = Input(bytes);
    let seed = u64::from(input.u32());
    let isolated = if input.below(2) == 0 { Isolated::Drop } else { Isolated::Refuse };
    let terms = 1 + input.below(3);
    let text: Vec<String> =
        (0..terms).map(|_| format!("{}*{}", 1 + input.below(3), term(&mut input))).collect();
    let text = text.join("+");
    let spec = Spec::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let graph = match spec.build(seed, isolated) {
        Ok(graph) => graph,
        Err(error) => return one_line(&error),
    };
    assert_eq!(spec.build(seed, isolated).as_ref(), Ok(&graph), "{text} twice");
    sides(&graph);
    let refused = isolated == Isolated::Refuse && !graph.isolated_task_types().is_empty();
    assert!(!refused, "{text} has isolated task types that were refused");
    let regular = ["regular", "complete", "circulant", "cycle"];
    if terms == 1 && regular.iter().any(|family| text.contains(family)) {
        assert!(metrics::is_regular(&graph), "{text}");
    }
    let formats = [Format::EdgeList, Format::Csv, Format::MatrixMarket];
    // Of a large graph one, so that the fuzzer gets on.
    let only = (graph.n_edges() > 1000).then_some(seed as usize % 3);
    for (_, to) in (0..).zip(formats).filter(|&(at, _)| only.is_none_or(|only| only == at)) {
        let mut file = Vec::new();
        format::write(&graph, to, &mut file).expect("a small graph without labels can be written");
        let back = format::read(file.as_slice(), to, "file", Isolated::Drop);
        assert_eq!(back.as_ref(), Ok(&graph), "{text} as {to:?}");
    }
}

/// Both directions of adjacency tell the same edges.
fn sides(graph: &BipartiteGraph) {
    let mut there: Vec<(u32, u32)> = (0..graph.n_task_types())
        .flat_map(|w| graph.servers_of(w).iter().map(move |v| (v, w)))
        .collect();
    there.sort_unstable();
    assert!(graph.iter_edges().eq(there.iter().copied()), "the edges by server and by task type");
    assert_eq!(graph.n_edges(), there.len() as u64);
    assert!(there.windows(2).all(|pair| pair[0] < pair[1]), "an edge twice");
}
