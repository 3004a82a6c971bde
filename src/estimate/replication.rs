//! One replication of a [`Layout`].

use super::layout::Layout;
use crate::model::Model;
use crate::subject::{Pair, Reference};

/// What one replication saw, averaged over the window of either copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Replication {
    /// q_1, q_2, ... of the copy from empty.
    pub lower: Vec<f64>,
    /// The same of the copy from above.
    pub upper: Vec<f64>,
    /// Whether the two had met before the upper window.
    pub met: bool,
    /// Whether the copies may change places: then the smaller mean is the lower one. Where they do
    /// not, their windows differ, and means are what they are.
    unordered: bool,
}

fn add(sums: &mut Vec<u64>, counts: &[u64]) {
    sums.resize(sums.len().max(counts.len()), 0);
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

impl Replication {
    /// Replication `at` under `seed`.
    pub fn draw(model: &Model, layout: &Layout, seed: u64, at: u64) -> Self {
        let n = model.graph().n_servers() as usize;
        let start = layout.start.level;
        let mut pair = Pair::new(&Reference, model, seed, at, vec![0; n], vec![start; n]);
        pair.advance(layout.lower_before * layout.every);
        // Of the lower copy, of the upper one, and of both in the upper window once they have met.
        let (mut lower, mut upper, mut both) = (Vec::new(), Vec::new(), Vec::new());
        for _ in layout.lower_before..layout.upper_before {
            pair.advance(layout.every);
            add(&mut lower, pair.lower().occupancy().counts());
        }
        let met = pair.met();
        for _ in layout.upper_before..layout.segments {
            pair.advance(layout.every);
            let counts = pair.lower().occupancy().counts();
            if pair.met() {
                add(&mut both, counts);
            } else {
                add(&mut lower, counts);
                add(&mut upper, pair.upper().occupancy().counts());
            }
        }
        add(&mut lower, &both);
        add(&mut upper, &both);
        let average = |sums: Vec<u64>, before: u64| -> Vec<f64> {
            let all = (layout.segments - before) as f64 * n as f64;
            sums.into_iter().map(|sum| sum as f64 / all).collect()
        };
        Self {
            lower: average(lower, layout.lower_before),
            upper: average(upper, layout.upper_before),
            met,
            unordered: layout.start.error.is_none(),
        }
    }

    /// q_i of both copies; 0 beyond the longest queue. `i >= 1`.
    pub fn q(&self, i: u32) -> (f64, f64) {
        let at = |q: &[f64]| q.get(i as usize - 1).copied().unwrap_or(0.0);
        self.in_order(at(&self.lower), at(&self.upper))
    }

    /// The sum of q_i over i > `from`.
    pub fn sum_above(&self, from: usize) -> (f64, f64) {
        let sum = |q: &[f64]| q.iter().skip(from).sum();
        self.in_order(sum(&self.lower), sum(&self.upper))
    }

    fn in_order(&self, lower: f64, upper: f64) -> (f64, f64) {
        if self.unordered { (lower.min(upper), lower.max(upper)) } else { (lower, upper) }
    }
}
