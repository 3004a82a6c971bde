//! Streams of observations whose mean given the past is known: what tests and intervals are tried
//! on.
//!
//! | source | hardest for |
//! |---|---|
//! | coins of mean 1/50, 1/2, 49/50 | large gains that are rare, fair ones, frequent gains with rare losses |
//! | two values next to each other, three values | small variances; values inside the range |
//! | given the past, coins while behind and small steps while ahead | independence that nothing may rest on |

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A stream of observations in [0, 1] whose every conditional mean is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// What reports call it.
    pub name: &'static str,
    /// The mean given the past, at all times.
    pub mean: f64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// 0 or 1.
    Coin,
    /// `mean - step` or `mean + step`, equally likely.
    Steps(f64),
    /// 0 with probability 1/4, 1 with the same, else (4 mean - 1) / 2.
    Three,
    /// A coin while the sum is at most its mean, steps of 1/8 while it is above.
    Dependent,
}

/// The sources, each at the edge of the null for a bound at its mean.
pub const SOURCES: [Source; 6] = [
    Source { name: "coin of mean 1/2", mean: 0.5, kind: Kind::Coin },
    Source { name: "coin of mean 1/50", mean: 0.02, kind: Kind::Coin },
    Source { name: "coin of mean 49/50", mean: 0.98, kind: Kind::Coin },
    Source { name: "two values near 3/10", mean: 0.3, kind: Kind::Steps(0.1) },
    Source { name: "three values of mean 2/5", mean: 0.4, kind: Kind::Three },
    Source { name: "dependent, mean 1/2 given the past", mean: 0.5, kind: Kind::Dependent },
];

impl Source {
    /// A coin that shows 1 with probability `mean`, 0 otherwise.
    ///
    /// # Panics
    /// Unless 0 <= mean <= 1.
    pub fn coin(mean: f64) -> Self {
        assert!((0.0..=1.0).contains(&mean), "no coin has mean {mean}");
        Self { name: "coin", mean, kind: Kind::Coin }
    }

    /// A stream from the beginning.
    pub fn stream(self, mut rng: ChaCha8Rng) -> impl FnMut() -> f64 {
        let mut ahead = 0.0;
        move || {
            let x = self.value(rng.random(), ahead);
            ahead += x - self.mean;
            x
        }
    }

    /// The next observation, by a uniform variable and how far the sum of those before is above its
    /// mean.
    fn value(self, u: f64, ahead: f64) -> f64 {
        let steps = |step: f64| if u < 0.5 { self.mean - step } else { self.mean + step };
        let coin = f64::from(u8::from(u < self.mean));
        match self.kind {
            Kind::Coin => coin,
            Kind::Steps(step) => steps(step),
            Kind::Three if u < 0.25 => 0.0,
            Kind::Three if u < 0.5 => 1.0,
            Kind::Three => (4.0 * self.mean - 1.0) / 2.0,
            Kind::Dependent if ahead > 0.0 => steps(0.125),
            Kind::Dependent => coin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;
    use crate::stats::mean_test::MeanTest;

    #[test]
    fn every_source_has_its_values_at_the_edges_of_their_probabilities() {
        let below = |u: f64| u.next_down();
        let table = [
            (0, 0.0, vec![(0.0, 1.0), (below(0.5), 1.0), (0.5, 0.0), (below(1.0), 0.0)]),
            (1, 0.0, vec![(below(0.02), 1.0), (0.02, 0.0)]),
            (3, 0.0, vec![(0.0, 0.3 - 0.1), (below(0.5), 0.3 - 0.1)]),
            (3, 0.0, vec![(0.5, 0.3 + 0.1), (below(1.0), 0.3 + 0.1)]),
            (4, 0.0, vec![(0.0, 0.0), (below(0.25), 0.0), (0.25, 1.0), (below(0.5), 1.0)]),
            (4, 0.0, vec![(0.5, (4.0 * 0.4 - 1.0) / 2.0)]),
            (5, 0.0, vec![(below(0.5), 1.0), (0.5, 0.0)]),
            (5, -0.5, vec![(below(0.5), 1.0), (0.5, 0.0)]),
            (5, 0.5, vec![(below(0.5), 0.375), (0.5, 0.625)]),
        ];
        for (n, ahead, values) in table {
            for (u, x) in values {
                let source = SOURCES[n];
                assert_eq!(source.value(u, ahead), x, "{}, u = {u}, {ahead} ahead", source.name);
            }
        }
    }

    #[test]
    fn a_stream_knows_how_far_it_is_ahead() {
        for source in SOURCES {
            let (mut draw, mut rng, mut past) =
                (source.stream(stream_rng(3, 0)), stream_rng(3, 0), Vec::new());
            for _ in 0..200 {
                let ahead: f64 = past.iter().fold(0.0, |sum, x| sum + (x - source.mean));
                let x = draw();
                assert_eq!(x, source.value(rng.random(), ahead), "{}", source.name);
                past.push(x);
            }
        }
    }

    #[test]
    fn every_source_has_its_mean_and_stays_in_the_unit_interval() {
        for source in SOURCES {
            let mut draw = source.stream(stream_rng(1, 0));
            let mut test = MeanTest::new(source.mean, 1e-9);
            let mut sum = 0.0;
            for _ in 0..100_000 {
                let x = draw();
                test.observe(x);
                sum += x;
            }
            assert_eq!(test.decision(), None, "{}", source.name);
            // Ten standard errors of a fair coin.
            let off = (sum / 1e5 - source.mean).abs();
            assert!(off < 10.0 * 0.5 / 1e5f64.sqrt(), "{}", source.name);
        }
    }
}
