//! An exact alias table: outcomes of given whole weights from two uniform integers.
//!
//! With M outcomes of weights w_i and sum S, a column of M is drawn, then a whole number below S:
//! the outcome is the column itself where the number is below the column's threshold, else the
//! column's alias. Vose's construction moves whole numbers only: M w_i is cut into columns of S, so
//! that every outcome keeps exactly M w_i of the M S equally likely pairs.
//!
//! # Source
//! Vose, *A linear algorithm for generating random numbers with a given distribution*, IEEE
//! Transactions on Software Engineering 17 (1991), in whole numbers.

use rand::Rng;

use super::{below, wide_below};

/// A column: the numbers below the threshold are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    threshold: u128,
    alias: u32,
}

/// Outcomes `0..M` with probabilities in the ratio of whole weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AliasTable {
    columns: Vec<Column>,
    total: u128,
}

impl AliasTable {
    /// The table of these weights.
    ///
    /// # Panics
    /// If there are none, 2^32 or more, or their sum is 0 or above 2^96.
    pub(crate) fn new(weights: &[u128]) -> Self {
        let count = u32::try_from(weights.len())
            .expect("outcomes are task types, of which there are below 2^32");
        let total: u128 = weights.iter().sum();
        assert!(total > 0 && total <= 1 << 96, "weights that can be drawn");
        // M w_i < 2^128: the sum is at most 2^96 and M below 2^32.
        let mut left: Vec<u128> = weights.iter().map(|weight| weight * u128::from(count)).collect();
        let mut columns: Vec<Column> =
            (0..count).map(|i| Column { threshold: total, alias: i }).collect();
        let (mut short, mut long): (Vec<u32>, Vec<u32>) =
            (0..count).partition(|&i| left[i as usize] < total);
        // What is left adds up to total times the open columns, so that a short one never lacks a
        // long one.
        while let (Some(i), Some(&j)) = (short.pop(), long.last()) {
            columns[i as usize] = Column { threshold: left[i as usize], alias: j };
            left[j as usize] -= total - left[i as usize];
            if left[j as usize] < total {
                long.pop();
                short.push(j);
            }
        }
        Self { columns, total }
    }

    /// The same table with the two sides of every threshold exchanged: a wrong one, for
    /// [`crate::faults`].
    pub(crate) fn swapped(&self) -> Self {
        let swap = |column: &Column| Column { threshold: self.total - column.threshold, ..*column };
        Self { columns: self.columns.iter().map(swap).collect(), total: self.total }
    }

    /// The outcome of a column drawn uniformly.
    #[inline]
    pub(crate) fn settle(&self, column: u32, rng: &mut impl Rng) -> u32 {
        let Column { threshold, alias } = self.columns[column as usize];
        let number = match u32::try_from(self.total) {
            Ok(total) => below(rng, total).into(),
            Err(_) => wide_below(rng, self.total),
        };
        if number < threshold { column } else { alias }
    }

    /// An outcome.
    pub(crate) fn draw(&self, rng: &mut impl Rng) -> u32 {
        let column = below(rng, self.columns.len() as u32);
        self.settle(column, rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::tests::Words;

    /// How many of the M S pairs of a column and a number give each outcome, by listing the table.
    fn shares(table: &AliasTable) -> Vec<u128> {
        let mut shares = vec![0; table.columns.len()];
        for (i, column) in table.columns.iter().enumerate() {
            assert!(column.threshold <= table.total);
            shares[i] += column.threshold;
            shares[column.alias as usize] += table.total - column.threshold;
        }
        shares
    }

    #[test]
    fn every_outcome_has_exactly_its_weight_among_the_pairs() {
        let large = (1u128 << 96) - 7;
        let lists: [&[u128]; 7] = [
            &[1],
            &[0, 1],
            &[2, 3, 0],
            &[5, 1, 1, 1, 1, 1],
            &[7; 9],
            &[large, 3, 0, 4],
            &[large / 3, large / 3, 1, 0, large / 3],
        ];
        // And all lists of four weights from 0 to 4, but for the one without any.
        let all = (1..5u128.pow(4)).map(|code| (0..4).map(|i| code / 5u128.pow(i) % 5).collect());
        for weights in lists.map(<[u128]>::to_vec).into_iter().chain(all) {
            let count = weights.len() as u128;
            let expected: Vec<u128> = weights.iter().map(|weight| weight * count).collect();
            assert_eq!(shares(&AliasTable::new(&weights)), expected, "{weights:?}");
        }
        assert_ne!(shares(&AliasTable::new(&[2, 3, 0]).swapped()), [6, 9, 0]);
    }

    #[test]
    fn every_pair_of_a_column_and_a_number_drawn_once_gives_the_weights() {
        // The middle of the words from which a uniform integer below `of` comes out as `number`.
        let word =
            |number: u32, of: u32| (((u64::from(number) << 32) + (1 << 31)) / u64::from(of)) as u32;
        for weights in [&[0u128, 5][..], &[2, 3, 0], &[5, 1, 1, 1, 1, 1], &[4, 0, 4, 0, 1], &[1]] {
            let (table, count) = (AliasTable::new(weights), weights.len() as u32);
            let mut drawn = vec![0; weights.len()];
            for column in 0..count {
                for number in 0..table.total as u32 {
                    let words = vec![word(column, count), word(number, table.total as u32)];
                    drawn[table.draw(&mut Words(words.into_iter())) as usize] += 1;
                }
            }
            assert_eq!(
                drawn,
                weights.iter().map(|weight| weight * u128::from(count)).collect::<Vec<_>>(),
                "{weights:?}"
            );
        }
    }

    #[test]
    fn the_draw_reads_the_table_as_it_is_listed() {
        // Number 0 of 5 in a column of threshold 0 is the alias, since no number is below 0.
        let table = AliasTable::new(&[0, 5]);
        let mut rng = crate::random::stream_rng(1, 0);
        assert!((0..100).all(|_| table.draw(&mut rng) == 1));
        let wide = AliasTable::new(&[1 << 90, 0, 1 << 90]);
        let drawn: Vec<u32> = (0..100).map(|_| wide.draw(&mut rng)).collect();
        assert!(drawn.contains(&0) && drawn.contains(&2) && !drawn.contains(&1));
    }
}
