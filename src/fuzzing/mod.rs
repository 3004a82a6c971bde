//! What the fuzz targets call; `cargo test` replays their corpora through the same functions.
//!
//! Stage 17 of 18: it drives everything below with bytes.
//!
//! | target | bytes become | what must hold |
//! |---|---|---|
//! | [`edge_list`], [`csv()`], [`matrix_market`] | a graph file | refused in one line, or the graph comes back |
//! | [`spec`] | a graph spec | refused in one line, or the spec comes back |
//! | [`number`] | a load, a fraction, a start | refused in one line, or the value comes back |
//! | [`rates`] | a rates file | refused in one line, or rates with mean 1 |
//! | [`checkpoint`] | a checkpoint, or the body of one | refused in one line, or the same bytes come back |
//! | [`generated()`] | a small spec of any family | the sizes and degrees of its family, and every format gives it back |
//! | [`marks`] | a graph, a start, marks | conservation, the recounted occupancy, the block-wise fold |
//! | [`oracle`] | a graph, a start, a path of the plain simulator | the fold of marks makes the same path from the same samples |
//! | [`couplings`] | a graph, two ordered starts, marks | the order of Prop. 3.9 at every event, and (4.13) for every U |
//! | [`assignment`] | lengths of the servers of one type | (4.12) against all sample sequences |
//! | [`generator`] | a graph, two ordered states | Lemmas 4.2 and 4.5 and the drift of Prop. 4.1 by all marks; (4.4), (4.20), (4.42) |
//! | [`metrics`] | a graph, a relabelling, a set of servers | the identities of (2.1), (2.3); Remark 1 by sets, by flow, by bounds |
//! | [`divided_difference`] | two pairs of fractions | Lemma 4.4, (4.19), Lemma C.1 |
//! | [`results()`] | the results of a suite | JSON gives every value back, and the table stays a table |
//!
//! Each function returns on any bytes, and panics only where an invariant is broken. Graphs, starts
//! and parameters take a byte or four per choice, zeros where the bytes end; marks take the words
//! that are left, as in [`crate::simulate::marks::BytesMarks`], and a seeded generator takes over
//! after them. So the fuzzer reaches every rare case by changing one byte, every run ends, and a
//! crash replays from its file alone.
//!
//! # Source
//! Section 2, Remark 1, Proposition 3.9, Lemmas 4.2, 4.4, 4.5 and C.1, (4.4), (4.12), (4.13),
//! (4.19), (4.20), (4.42).

mod degree_figures;
mod differences;
mod event_order;
mod folds;
mod generated;
mod input;
mod pairs;
mod pick_law;
mod readers;
mod results;
mod transitions;

pub use degree_figures::metrics;
pub use differences::divided_difference;
pub use event_order::oracle;
pub use folds::marks;
pub use generated::generated;
pub use pairs::couplings;
pub use pick_law::assignment;
pub use readers::{csv, edge_list, matrix_market, number, rates, spec};
pub use results::{checkpoint, results};
pub use transitions::generator;

/// A fuzz target: bytes in, a panic where an invariant is broken.
pub type Target = fn(&[u8]);

macro_rules! named {
    ($($target:ident)*) => { [$((stringify!($target), $target)),*] };
}

/// All targets by name; a folder of the corpus has the name of its target.
pub const TARGETS: [(&str, Target); 16] = named! {
    edge_list csv matrix_market spec number rates checkpoint generated marks oracle couplings
    assignment generator metrics divided_difference results
};

#[cfg(test)]
mod tests {
    use super::*;

    /// So short that Miri can run it too.
    #[test]
    fn the_fold_and_its_couplings_keep_their_invariants_on_a_few_bytes() {
        let starts = if cfg!(miri) { &[3u8][..] } else { &[0, 3, 90] };
        for &start in starts {
            let bytes: Vec<u8> =
                (0..24).map(|i: u8| i.wrapping_mul(37).wrapping_add(start)).collect();
            for target in [marks, oracle, couplings] {
                target(&bytes);
            }
        }
    }
}
