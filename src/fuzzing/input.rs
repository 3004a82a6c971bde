//! Choices read from bytes: what a fuzzer changes when it changes one of them.

use num_traits::Signed;

use crate::graph::{BipartiteGraph, Isolated};
use crate::model::{Load, Model};
use crate::num::ratio::{Ratio, ratio};
use crate::simulate::marks::{BytesMarks, MarkBlock, MarkStream};

/// Bytes read from the front, zeros after their end.
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl Input<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// A number below `n`, which is at most 256.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        u32::from(self.byte()) % n
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from(self.u32()) << 32 | u64::from(self.u32())
    }

    /// A graph of at most `most` <= 8 servers and as many task types, isolated ones included.
    pub(super) fn graph(&mut self, most: u32) -> BipartiteGraph {
        let (n, m) = (1 + self.below(most), 1 + self.below(most));
        if self.below(8) == 7 {
            return BipartiteGraph::complete(n, m).expect("both sides have a vertex");
        }
        // One byte a type: bit v tells whether server v is compatible.
        let masks: Vec<u8> = (0..m).map(|_| self.byte()).collect();
        let pairs = (0..n).flat_map(|v| (0..m).map(move |w| (v, w)));
        let edges: Vec<_> = pairs.filter(|&(v, w)| masks[w as usize] >> v & 1 == 1).collect();
        BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).expect("different edges in range")
    }

    pub(super) fn model(&mut self, most: u32, most_choices: u32) -> Model {
        let graph = self.graph(most);
        let d = 1 + self.below(most_choices);
        let load = Load::new(ratio(1 + i64::from(self.byte()), 257)).expect("1/257 to 256/257");
        Model::with_load(graph, load, d).expect("at least one sample")
    }

    /// The same model, in one case of four with rates of its types' own.
    pub(super) fn rated(&mut self, model: Model) -> Model {
        if self.below(4) != 3 {
            return model;
        }
        let graph = model.graph();
        // Of one type no rate may be zero, else no task would ever come.
        let rates: Vec<Ratio> = (0..graph.n_task_types())
            .map(|w| ratio(self.below(6).max(u32::from(w == 0)).into(), 1))
            .collect();
        let graph = graph.clone().with_rates(&rates).expect("small rates, the first positive");
        Model::with_load(graph, model.load().clone(), model.d()).expect("the same d")
    }

    pub(super) fn lengths(&mut self, n: u32, below: u32) -> Vec<u32> {
        (0..n).map(|_| self.below(below)).collect()
    }

    /// A permutation of 0 to n - 1.
    pub(super) fn permutation(&mut self, n: u32) -> Vec<u32> {
        let mut all: Vec<u32> = (0..n).collect();
        for i in (1..n).rev() {
            all.swap(i as usize, self.below(i + 1) as usize);
        }
        all
    }

    /// The marks that the rest of the bytes gives, some four bytes a mark.
    pub(super) fn marks(&self, model: &Model, at_most: usize) -> MarkBlock {
        let mut block = MarkBlock::new(model.d());
        BytesMarks::from_bytes(model, self.0).fill(&mut block, (1 + self.0.len() / 4).min(at_most));
        block
    }
}

/// A refusal, in one short line.
pub(super) fn one_line(error: &dyn std::error::Error) {
    let message = error.to_string();
    let is_line = !message.contains('\n') && message.len() < 1000;
    assert!(is_line, "an error is one line: {message:?}");
}

/// Whether a float is within `units` 2^-52 of an exact value, relative to it.
pub(super) fn near(approximate: f64, exact: &Ratio, units: u64) {
    let given = Ratio::from_float(approximate).expect("a finite number");
    let error = (given - exact).abs();
    assert!(
        error <= exact.abs() * Ratio::new(units.into(), (1u64 << 52).into()),
        "{approximate} is not near {exact}"
    );
}
