//! Where randomness comes from: one generator per purpose and replication, a pure function of a
//! seed.
//!
//! Stage 2 of 18: everything that draws stands above it, and it knows only numbers.
//!
//! | use | here |
//! |---|---|
//! | marks of replication r, and anything else with its own stream number | [`stream_rng`] |
//! | the clock of replication r | [`clock_rng`] |
//! | the coins of a coupling of replication r | [`coin_rng`] |
//! | what a picker may draw, event by event | [`Coins`] |
//! | a seed of its own for a named purpose | [`fingerprint`] |
//! | an exactly uniform integer | [`below`], [`wide_below`] |
//! | an event of rational probability | [`Coin`] |
//!
//! Seeds by worker would make results depend on the number of threads; seeds by replication do not.
//! Streams of ChaCha8 under one key never overlap. Clocks and coins have keys of their own, so that
//! they share no number with the marks whatever stream numbers a caller chooses.

pub(crate) mod alias_table;
pub mod event_clock;

use std::fmt;

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::num::ratio::Ratio;

/// The generator of one replication: the key from `seed`, the stream number from `stream`.
pub fn stream_rng(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// The generator of the event times of one replication.
pub fn clock_rng(seed: u64, replication: u64) -> ChaCha8Rng {
    keyed(seed, b"clock", replication)
}

/// The generator of the random start of one replication.
pub fn start_rng(seed: u64, replication: u64) -> ChaCha8Rng {
    stream_rng(seed ^ fingerprint("start"), replication)
}

/// The generator of a coupling's own coins in one replication.
pub fn coin_rng(seed: u64, replication: u64) -> ChaCha8Rng {
    keyed(seed, b"coins", replication)
}

/// The random numbers of a picker in one replication, not without end: a picker that draws for ever
/// is stopped and reported.
///
/// Public balancers hang where they look for two distinct servers and there is but one.
#[derive(Clone, Debug)]
pub struct Coins {
    seed: u64,
    replication: u64,
    /// Made when the first coin is asked for: many short replications of pickers that ask for none
    /// would else spend their time on keys.
    rng: Option<Box<ChaCha8Rng>>,
    left: u32,
}

impl Coins {
    /// The most 32-bit words for one event; a picker that needs more never returns.
    pub const MOST: u32 = 1 << 22;

    /// The coins of one replication, those of [`coin_rng`].
    pub fn new(seed: u64, replication: u64) -> Self {
        Self { seed, replication, rng: None, left: Self::MOST }
    }

    /// Another event begins.
    #[inline]
    pub fn next_event(&mut self) {
        self.left = Self::MOST;
    }

    /// Goes on behind whatever was drawn for this event here and by `other`, a copy made since it
    /// began: the next event has fresh coins.
    #[inline]
    pub fn go_on_behind(&mut self, other: Self) {
        if other.left < self.left {
            *self = other;
        }
    }

    #[inline]
    fn spend(&mut self, words: usize) {
        match u32::try_from(words).ok().and_then(|words| self.left.checked_sub(words)) {
            Some(left) => self.left = left,
            None => exhausted(),
        }
    }

    #[inline]
    fn rng(&mut self) -> &mut ChaCha8Rng {
        let (seed, replication) = (self.seed, self.replication);
        self.rng.get_or_insert_with(|| Box::new(coin_rng(seed, replication)))
    }
}

/// What a picker is left with that draws for ever: a finding about the picker, unlike every other
/// panic.
#[derive(Clone, Copy, Debug)]
pub struct DrawsForEver;

impl fmt::Display for DrawsForEver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = Coins::MOST;
        write!(f, "the picker drew more than {most} random words for one task: it does not return")
    }
}

/// Leaves the picker by unwinding, the only way out of somebody else's loop; whoever runs a check
/// catches it and reports a violation.
#[cold]
fn exhausted() -> ! {
    std::panic::resume_unwind(Box::new(DrawsForEver))
}

impl rand::rand_core::TryRng for Coins {
    type Error = std::convert::Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.spend(1);
        Ok(self.rng().next_u32())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.spend(2);
        Ok(self.rng().next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.spend(bytes.len().div_ceil(4));
        self.rng().fill_bytes(bytes);
        Ok(())
    }
}

fn keyed(seed: u64, purpose: &[u8; 5], stream: u64) -> ChaCha8Rng {
    // The last stream number under the seed's own key serves only to make keys.
    let mut key = [0; 32];
    stream_rng(seed, u64::MAX).fill_bytes(&mut key);
    for (byte, letter) in key.iter_mut().zip(purpose) {
        *byte ^= letter;
    }
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

/// A number made of a name (FNV-1a), by which a claim or a purpose gets a seed of its own whatever
/// the order of things.
pub fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// A uniform integer in `0..n`, without bias: Lemire's multiplication with rejection.
///
/// Not rand's `random_range`, whose default accepts a small bias, and whose stream may change with
/// its version.
///
/// # Panics
/// If `n` is 0.
#[inline]
pub fn below(rng: &mut impl Rng, n: u32) -> u32 {
    assert!(n > 0, "no integer is below 0");
    let mut product = u64::from(rng.next_u32()) * u64::from(n);
    if (product as u32) < n {
        product = redraw(rng, n, product);
    }
    (product >> 32) as u32
}

#[cold]
fn redraw(rng: &mut impl Rng, n: u32, mut product: u64) -> u64 {
    // 2^32 mod n of the lower halves are surplus.
    let surplus = n.wrapping_neg() % n;
    while (product as u32) < surplus {
        product = u64::from(rng.next_u32()) * u64::from(n);
    }
    product
}

/// A uniform integer in `0..n`, without bias, for `n` of any size: rejection of 128 bits cut to the
/// length of `n`.
///
/// # Panics
/// If `n` is 0.
pub fn wide_below(rng: &mut impl Rng, n: u128) -> u128 {
    assert!(n > 0, "no integer is below 0");
    let surplus_bits = (n - 1).leading_zeros();
    if surplus_bits >= 128 {
        return 0;
    }
    loop {
        let word = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        let u = word >> surplus_bits;
        if u < n {
            return u;
        }
    }
}

/// A coin of rational probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coin(Law);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    /// `heads` of `all` equally likely cases: exact.
    Cases { heads: u32, all: u32 },
    /// 64 uniform bits below the threshold.
    Threshold(u64),
}

impl Coin {
    /// A coin of this probability: exact where its denominator is below 2^32, else with an error
    /// below 2^-63.
    ///
    /// # Panics
    /// If the probability is outside [0, 1].
    pub fn new(probability: &Ratio) -> Self {
        let (heads, all) = (probability.numer(), probability.denom());
        assert!(
            heads.sign() != num_bigint::Sign::Minus && heads <= all,
            "a probability is from 0 to 1, not {probability}"
        );
        Self(match (heads.to_u32(), all.to_u32()) {
            (Some(heads), Some(all)) => Law::Cases { heads, all },
            _ => {
                let threshold: BigInt = (heads << 64) / all;
                Law::Threshold(threshold.to_u64().unwrap_or(u64::MAX))
            }
        })
    }

    /// Whether heads come up.
    #[inline]
    pub fn toss(self, rng: &mut impl Rng) -> bool {
        match self.0 {
            Law::Cases { heads, all } => below(rng, all) < heads,
            Law::Threshold(threshold) => rng.next_u64() < threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ratio;

    /// Yields given words, then panics: a draw that wants more hangs no test.
    pub(super) struct Words(pub(super) std::vec::IntoIter<u32>);

    impl rand::rand_core::TryRng for Words {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(self.0.next().expect("one more word than the draw needs"))
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            unreachable!("integers are drawn from 32-bit words")
        }
        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
            unreachable!("integers are drawn from 32-bit words")
        }
    }

    #[test]
    fn every_integer_has_the_same_number_of_accepted_words() {
        // n = 3 * 2^30: word x gives floor(3x / 4), so 0, 0, 1, 2, ...; the surplus 2^30 words are
        // the multiples of 4.
        let n = 3 << 30;
        for (words, drawn) in
            [(vec![0, 1], 0), (vec![2], 1), (vec![3], 2), (vec![4, 5], 3), (vec![u32::MAX], n - 1)]
        {
            let mut rng = Words(words.clone().into_iter());
            assert_eq!(below(&mut rng, n), drawn, "{words:?}");
            assert!(rng.0.next().is_none(), "{words:?} are all needed");
        }
        assert_eq!(below(&mut Words(vec![u32::MAX].into_iter()), 1), 0);
    }

    #[test]
    fn purposes_and_replications_have_streams_of_their_own() {
        let first = |mut rng: ChaCha8Rng| rng.next_u64();
        let all = [
            first(stream_rng(1, 0)),
            first(stream_rng(1, 1)),
            first(stream_rng(2, 0)),
            first(clock_rng(1, 0)),
            first(clock_rng(1, 1)),
            first(coin_rng(1, 0)),
        ];
        let distinct = std::collections::HashSet::from(all);
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_coin_of_few_digits_is_exact_and_one_of_many_nearly() {
        assert_eq!(Coin::new(&ratio::ratio(4, 9)), Coin(Law::Cases { heads: 4, all: 9 }));
        let Coin(Law::Threshold(threshold)) =
            Coin::new(&ratio::parse("0.123456789012345").unwrap())
        else {
            panic!("a denominator above 2^32")
        };
        assert!((threshold as f64 / 2f64.powi(64) - 0.123456789012345).abs() < 1e-16);
    }
}
