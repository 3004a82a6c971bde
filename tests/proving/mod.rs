//! What the tests of claims share.

// Each test binary uses its own part.
#![allow(dead_code)]

use fluidcheck::claims::{self, CheckOptions, Evidence};
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::model::Model;

/// The claim `id` on one system.
pub fn evaluate<'a>(id: &str, under: impl Into<UnderCheck<'a>>, model: &Model) -> Evidence {
    let under = under.into();
    let options = CheckOptions {
        pilot_events: Some(1_000_000),
        instruments: under.instruments,
        ..CheckOptions::default()
    };
    claims::find(id).unwrap().check_with(under.subject, model, &options)
}

/// Any system, for claims that make their own.
pub fn any_model() -> Model {
    model(2, &[&[0], &[0, 1]], 0.8, 2)
}

/// The system whose task types have the given servers.
pub fn model(n: u32, types: &[&[u32]], lambda: f64, d: u32) -> Model {
    let edges: Vec<_> =
        (0..).zip(types).flat_map(|(w, servers)| servers.iter().map(move |&v| (v, w))).collect();
    let graph = BipartiteGraph::from_edges(n, types.len() as u32, &edges, Isolated::Drop).unwrap();
    Model::new(graph, lambda, d).unwrap()
}

/// Any graph with 1 to 6 servers and 1 to 5 task types, none of them isolated, as a list of sets of
/// servers.
#[derive(Clone, Debug)]
pub struct SmallGraph {
    /// N.
    pub n: u32,
    /// The servers of each task type as bits, never 0.
    pub types: Vec<u32>,
}

impl SmallGraph {
    /// The system on this graph.
    pub fn model(&self, lambda: f64, d: u32) -> Model {
        let sets: Vec<Vec<u32>> = self
            .types
            .iter()
            .map(|set| (0..self.n).filter(|v| set >> v & 1 == 1).collect())
            .collect();
        model(self.n, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>(), lambda, d)
    }
}

/// Small graphs, shrinking to fewer servers and types.
pub fn small_graphs() -> impl proptest::strategy::Strategy<Value = SmallGraph> {
    use proptest::prelude::*;
    (1..=6u32).prop_flat_map(|n| {
        prop::collection::vec(1..1u32 << n, 1..=5).prop_map(move |types| SmallGraph { n, types })
    })
}

impl quickcheck::Arbitrary for SmallGraph {
    fn arbitrary(g: &mut quickcheck::Gen) -> Self {
        let n = 1 + u32::arbitrary(g) % 6;
        let count = 1 + u32::arbitrary(g) % 5;
        Self { n, types: (0..count).map(|_| 1 + u32::arbitrary(g) % ((1 << n) - 1)).collect() }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let (whole, count) = (self.clone(), self.types.len());
        let fewer = (0..count).filter(move |_| count > 1).map(move |gone| {
            let mut smaller = whole.clone();
            smaller.types.remove(gone);
            smaller
        });
        let whole = self.clone();
        let sparser = (0..count).flat_map(move |w| {
            let whole = whole.clone();
            (0..whole.n).filter_map(move |v| {
                let mut smaller = whole.clone();
                smaller.types[w] &= !(1 << v);
                (smaller.types[w] != 0 && smaller.types[w] != whole.types[w]).then_some(smaller)
            })
        });
        Box::new(fewer.chain(sparser))
    }
}
