//! Observations in [0, 1] as a short list of weighted values, for sums of concave functions.
//!
//! An observation is split between the two grid points around it, in the proportion that keeps its
//! value: a concave function is at least its chord, so that the sum over the grid points is at most
//! the sum over the observations, and never more in favour of a bet. Values on the grid (0, 1 and
//! fractions of few binary digits among them) are kept as they are. Each octave below 1/2 has 64
//! cells, mirrored above: the relative width of a cell, seen from the nearer end, is at most 1/64
//! down to 2^-20.

use std::collections::BTreeMap;

/// Bits of a mantissa that make no difference between grid points.
const DROPPED: u32 = 46;

/// Below this there is one cell.
const FINEST: f64 = 1.0 / (1 << 20) as f64;

/// Weights of grid points.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// By the bits of the grid point: nonnegative floats are ordered as their bits.
    weights: BTreeMap<u64, f64>,
}

impl Histogram {
    /// Adds an observation in [0, 1], `weight` times.
    pub fn add(&mut self, x: f64, weight: f64) {
        let (low, high) = cell(x);
        if low == high {
            *self.weights.entry(low.to_bits()).or_insert(0.0) += weight;
            return;
        }
        let share = ((x - low) / (high - low)).clamp(0.0, 1.0);
        *self.weights.entry(low.to_bits()).or_insert(0.0) += weight * (1.0 - share);
        *self.weights.entry(high.to_bits()).or_insert(0.0) += weight * share;
    }

    /// Grid points and their weights, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        self.weights.iter().map(|(&bits, &weight)| (f64::from_bits(bits), weight))
    }

    /// The same, seen from 1; descending observations, exactly mirrored.
    pub fn mirrored(&self) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        self.iter().map(|(x, weight)| (1.0 - x, weight))
    }
}

/// The grid points around x: the same one twice if x is on the grid.
fn cell(x: f64) -> (f64, f64) {
    if x > 0.5 {
        // 1 - x is exact from 1/2 on, and so is the way back from a grid point.
        let (low, high) = cell(1.0 - x);
        return (1.0 - high, 1.0 - low);
    }
    if x < FINEST {
        return if x == 0.0 { (0.0, 0.0) } else { (0.0, FINEST) };
    }
    let bits = x.to_bits() >> DROPPED;
    let low = f64::from_bits(bits << DROPPED);
    if low == x { (x, x) } else { (low, f64::from_bits((bits + 1) << DROPPED)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_on_the_grid_stay_as_they_are() {
        for x in [0.0, FINEST, 0.25, 0.375, 0.5, 0.75, 1.0 - FINEST, 1.0] {
            assert_eq!(cell(x), (x, x));
        }
        assert_eq!(cell(FINEST / 2.0), (0.0, FINEST));
    }

    proptest! {
        #[test]
        fn splitting_keeps_weight_and_mean_and_never_raises_a_concave_sum(x in 0.0..=1.0f64, m in 0.01..0.99f64, bet in 0.0..0.95f64) {
            let mut histogram = Histogram::default();
            histogram.add(x, 3.0);
            let (weight, sum) = histogram.iter().fold((0.0, 0.0), |(w, s), (v, weight)| (w + weight, s + v * weight));
            prop_assert!((weight - 3.0).abs() < 1e-14 && (sum - 3.0 * x).abs() < 1e-14);
            let gain = |v: f64| (bet * (v / m - 1.0)).ln_1p();
            let split: f64 = histogram.iter().map(|(v, weight)| weight * gain(v)).sum();
            prop_assert!(split <= 3.0 * gain(x) + 1e-12);
            // The chord of a logarithm over a cell of relative width 1/64 loses at most (1/64)^2 /
            // 8.
            prop_assert!(!(FINEST..=0.5).contains(&x) || split >= 3.0 * (gain(x) - 1.0 / 32768.0) - 1e-12);
        }
    }
}
