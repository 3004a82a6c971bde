//! Draws for the generators, fixed here so that a seed gives the same graph whatever the version of
//! `rand`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The one stream of a generator.
pub(super) struct Stream(ChaCha8Rng);

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform on `0..n` without bias (Lemire's multiplication with rejection).
    ///
    /// # Panics
    /// If `n` is 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "no number is below 0");
        let reject = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(n);
            if product as u64 >= reject {
                return (product >> 64) as u64;
            }
        }
    }

    /// Uniform on the multiples of 2^-53 in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (0.5 / (1u64 << 52) as f64)
    }

    /// A uniform permutation (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}
