//! Bets that learn: which lengths get more picks than promised, and which servers among equals.
//!
//! Candidates are put into bins: the length of the joined queue, the rank of that length among
//! those seen, and the server. A bin has been joined c times where e were expected; its weight is
//! w = (c + 1/2) / (e + 1/2), and the bet is on the law Q(x) = P(x) w(x) / sum of P w. The weights
//! are those before the pick, so that Q is a law given the past and Q(x)/P(x) has mean 1 under P.
//!
//! | bets | given | see |
//! |---|---|---|
//! | length, rank of the length | nothing; that the joined queue is no shortest | lengths that count for less than they are: idle ones told from others only, saturation |
//! | the same ranks, tilted | the same | the same from the first pick on, since nothing is learned |
//! | server; edge | the level of the joined queue | weights of servers, uneven shares among equals |
//!
//! Given an event of the past and of x, such as "x is no shortest", Q is P where it does not
//! happen, and redistributes P's mass where it does: a law again.
//!
//! # Source
//! Likelihood ratios of predictable laws: Waudby-Smith and Ramdas (2024), section 2.

use std::collections::HashMap;

use crate::stats::log_mean_exp;
use crate::stats::tilts::{self, TiltedBets};

/// The tilts of the rank of a length.
const TILTS: [f64; 10] = tilts::signed([0.05, 0.1, 0.25, 0.5, 1.0]);

/// Longer queues, and later ranks, share a bin.
const LAST_BIN: usize = 63;

/// Servers and edges are learned one by one, up to so many.
const MOST_BINS: usize = 1 << 20;

/// What is learned, in the order of the wealths.
pub(super) const NAMES: [&str; 8] = [
    "length of the joined queue",
    "rank of the joined length",
    "length of the joined queue that is no shortest",
    "rank of the joined length that is no shortest",
    "server among equals",
    "edge among equals",
    "rank of the joined length, tilted",
    "rank of the joined length that is no shortest, tilted",
];

/// Counts against what was expected, and the wealth won by them.
#[derive(Clone, Debug, Default)]
struct Learner {
    /// How often a bin was joined, and how often that was expected.
    bins: Vec<(f64, f64)>,
    log_wealth: f64,
}

impl Learner {
    fn weight(&self, bin: usize) -> f64 {
        self.bins.get(bin).map_or(1.0, |(seen, expected)| (seen + 0.5) / (expected + 0.5))
    }

    /// The law `shares` (any multiple of one) of candidates in these bins, the one at `chosen` of
    /// which was taken.
    fn observe(&mut self, candidates: &[(usize, f64)], chosen: usize) {
        let total: f64 = candidates.iter().map(|&(_, p)| p).sum();
        let first = candidates[chosen].0;
        // No choice between bins, nothing to learn.
        if candidates.iter().all(|&(bin, p)| bin == first || p == 0.0) {
            return;
        }
        let mean: f64 = candidates.iter().map(|&(bin, p)| p / total * self.weight(bin)).sum();
        self.log_wealth += (self.weight(first) / mean).ln();
        for &(bin, p) in candidates {
            if bin >= self.bins.len() {
                self.bins.resize(bin + 1, (0.0, 0.0));
            }
            self.bins[bin].1 += p / total;
        }
        self.bins[first].0 += 1.0;
    }
}

/// All bets that learn.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    learners: [Learner; 6],
    tilted: [TiltedBets<{ TILTS.len() }>; 2],
}

impl Learned {
    /// Nothing is learned yet.
    pub(super) fn new() -> Self {
        Self {
            learners: Default::default(),
            tilted: [TiltedBets::new(&TILTS), TiltedBets::new(&TILTS)],
        }
    }

    /// Takes a pick that the law allows. `servers` are the candidates, and `edge` is the number of
    /// the first one's edge.
    pub(super) fn observe(
        &mut self,
        servers: &[u32],
        edge: usize,
        seen: &[u32],
        law: &[f64],
        place: usize,
    ) {
        if seen.len() < 2 {
            return;
        }
        let mut levels: Vec<u32> = seen.to_vec();
        levels.sort_unstable();
        levels.dedup();
        let rank = |i: usize| levels.partition_point(|&level| level < seen[i]);
        let ranks: Vec<usize> = (0..seen.len()).map(rank).collect();
        if levels.len() > 1 {
            for given in [false, true] {
                // Given that the joined queue is no shortest, the shortest are no candidates.
                if given && ranks[place] == 0 {
                    continue;
                }
                let among: Vec<usize> =
                    (0..seen.len()).filter(|&i| !given || ranks[i] > 0).collect();
                let chosen = among.partition_point(|&i| i < place);
                let bins = |bin: &dyn Fn(usize) -> usize| -> Vec<(usize, f64)> {
                    among.iter().map(|&i| (bin(i).min(LAST_BIN), law[i])).collect()
                };
                let offset = if given { 2 } else { 0 };
                let by_length = bins(&|i| seen[i] as usize);
                self.learners[offset].observe(&by_length, chosen);
                let by_rank = bins(&|i| ranks[i]);
                self.learners[offset + 1].observe(&by_rank, chosen);
                let highest = levels.len() - 1;
                let value = |i: usize| 2.0 * ranks[i] as f64 / highest as f64 - 1.0;
                let possible = || among.iter().filter(|&&i| law[i] > 0.0);
                if possible().any(|&i| ranks[i] != ranks[place]) {
                    let total: f64 = possible().map(|&i| law[i]).sum();
                    let mean = |theta: f64| {
                        let terms = possible().map(|&i| law[i] * (theta * value(i)).exp());
                        (terms.sum::<f64>() / total).ln()
                    };
                    self.tilted[usize::from(given)].bet(value(place), &TILTS.map(mean));
                }
            }
        }
        let among: Vec<usize> = (0..seen.len()).filter(|&i| seen[i] == seen[place]).collect();
        let chosen = among.partition_point(|&i| i < place);
        if edge + seen.len() <= MOST_BINS {
            let by_edge: Vec<_> = among.iter().map(|&i| (edge + i, law[i])).collect();
            self.learners[5].observe(&by_edge, chosen);
        }
        if servers.iter().all(|&server| (server as usize) < MOST_BINS) {
            let by_server: Vec<_> = among.iter().map(|&i| (servers[i] as usize, law[i])).collect();
            self.learners[4].observe(&by_server, chosen);
        }
    }

    /// ln of the wealth of each bet, in the order of [`NAMES`].
    pub(super) fn log_wealths(&self) -> [f64; NAMES.len()] {
        let mut all = [0.0; NAMES.len()];
        for (log, learner) in all.iter_mut().zip(&self.learners) {
            *log = learner.log_wealth;
        }
        for (log, tilted) in all[self.learners.len()..].iter_mut().zip(&self.tilted) {
            *log = log_mean_exp(tilted.log_wealth.iter().copied());
        }
        all
    }

    /// ln of their mean.
    pub(super) fn log_e(&self) -> f64 {
        log_mean_exp(self.log_wealths().iter().copied())
    }
}

/// Where the edges of each task type begin.
pub(super) fn edge_offsets(degrees: impl Iterator<Item = usize>) -> HashMap<u32, usize> {
    let mut offset = 0;
    let of = |(task_type, degree)| {
        let from = offset;
        offset += degree;
        (task_type, from)
    };
    (0..).zip(degrees).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: [u32; 4] = [3, 1, 0, 2];

    /// Some picks, far from the law.
    fn some() -> Learned {
        let mut learned = Learned::new();
        for place in [0, 3, 3, 2, 1, 3, 0] {
            learned.observe(&SERVERS, 2, &[1, 0, 2, 1], &[0.3, 0.4, 0.1, 0.2], place);
            learned.observe(&SERVERS, 2, &[1, 1, 1, 1], &[0.25; 4], place);
        }
        learned
    }

    #[test]
    fn every_bet_is_a_martingale_under_the_law() {
        let learned = some();
        let before = learned.log_wealths();
        for (seen, law) in [
            ([1, 0, 2, 1], [0.3, 0.4, 0.1, 0.2]),
            ([0, 0, 3, 3], [0.25, 0.5, 0.0, 0.25]),
            ([2, 2, 2, 2], [0.25, 0.5, 0.0, 0.25]),
            ([9, 70, 80, 64], [0.125, 0.125, 0.5, 0.25]),
            ([0, 1, 2, 3], [1.0, 0.0, 0.0, 0.0]),
        ] {
            let mut means = [0.0; NAMES.len()];
            for (place, p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                let mut next = learned.clone();
                next.observe(&SERVERS, 2, &seen, &law, place);
                for (at, mean) in means.iter_mut().enumerate() {
                    // Of tilted bets the mean wealth is one capital, too.
                    *mean += p * (next.log_wealths()[at] - before[at]).exp();
                }
            }
            for (name, mean) in NAMES.iter().zip(means) {
                assert!((mean - 1.0).abs() < 1e-12, "{name} at {seen:?}: {mean}");
            }
        }
    }

    #[test]
    fn what_is_uneven_is_learned() {
        // A server that gets half of what it should among three that are alike.
        let mut learned = Learned::new();
        for pick in 0..1200usize {
            let place = [0, 1, 0, 1, 2, 0][pick % 6 * usize::from(pick % 5 > 0)];
            learned.observe(&[0, 1, 2], 0, &[1, 1, 1], &[1.0 / 3.0; 3], place);
        }
        let [length, rank, .., tilted, _] = learned.log_wealths();
        assert_eq!([length, rank, tilted], [0.0; 3], "one level, no bet on lengths");
        assert!(learned.log_wealths()[4] > 20.0, "{:?}", learned.log_wealths());
        assert!(learned.log_e() > 15.0);
    }
}
