//! Poisson weights that neither underflow nor lose digits for large means.
//!
//! From the largest weight outwards by the ratio of neighbours, then normalised: only relative
//! rounding, and no factorial.
//!
//! # Source
//! Fox and Glynn, "Computing Poisson probabilities"; the normalisation makes logarithms
//! unnecessary.

/// The weights of a Poisson law on a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Poisson {
    /// The first number of events in the window.
    pub(super) first: u64,
    /// Weights of `first`, `first + 1`, ...
    pub(super) weights: Vec<f64>,
    /// A bound on the probability outside of the window.
    pub(super) outside: f64,
}

impl Poisson {
    /// The law with this mean; the window leaves out less than about 1e-16.
    pub(super) fn new(mean: f64) -> Self {
        /// Relative to the largest weight, which is above 1 / (4 sqrt(mean + 1)).
        const NEGLIGIBLE: f64 = 1e-26;
        let mode = mean.floor();
        let (mut below, mut above) = (Vec::new(), vec![1.0]);
        let (mut k, mut weight) = (mode, 1.0);
        let mut outside = 0.0;
        while k > 0.0 {
            weight *= k / mean;
            k -= 1.0;
            if weight < NEGLIGIBLE {
                // The ratios decrease downwards: a geometric series.
                outside += weight / (1.0 - (k / mean).min(1.0 - f64::EPSILON));
                break;
            }
            below.push(weight);
        }
        let first = k as u64 + u64::from(weight < NEGLIGIBLE);
        (k, weight) = (mode, 1.0);
        loop {
            k += 1.0;
            weight *= mean / k;
            if weight < NEGLIGIBLE {
                outside += weight / (1.0 - mean / (k + 1.0));
                break;
            }
            above.push(weight);
        }
        below.reverse();
        below.append(&mut above);
        let sum: f64 = below.iter().sum();
        below.iter_mut().for_each(|weight| *weight /= sum);
        Self { first, weights: below, outside: outside / sum }
    }

    /// The last number of events in the window.
    pub(super) fn last(&self) -> u64 {
        self.first + self.weights.len() as u64 - 1
    }

    /// The weight of k events; 0 outside of the window.
    pub(super) fn weight(&self, k: u64) -> f64 {
        k.checked_sub(self.first)
            .and_then(|at| self.weights.get(at as usize))
            .copied()
            .unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_mean_and_the_variance_of_the_law() {
        for mean in [0.0, 1e-9, 0.3, 1.0, 7.5, 1234.5, 1e6] {
            let law = Poisson::new(mean);
            let moment = |power: i32| -> f64 {
                let terms = (law.first..).zip(&law.weights);
                terms.map(|(k, w)| w * (k as f64 - mean).powi(power)).sum()
            };
            let scale = mean.max(1.0);
            assert!((moment(0) - 1.0).abs() < 1e-13, "{mean}");
            assert!(moment(1).abs() < 1e-11 * scale, "{mean}: {}", moment(1));
            assert!((moment(2) - mean).abs() < 1e-10 * scale, "{mean}: {}", moment(2));
            assert!(law.outside < 1e-20 && law.last() >= mean as u64);
        }
        assert_eq!(Poisson::new(0.0).weights, [1.0]);
        assert!((Poisson::new(2.0).weight(3) - (-2.0f64).exp() * 8.0 / 6.0).abs() < 1e-15);
    }
}
