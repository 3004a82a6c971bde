//! Bets that learn: which lengths get more picks than promised, which servers among equals, and
//! what comes in turn.
//!
//! Candidates are put into bins. A bin has been joined c times where e were expected; its weight is
//! w = (c + 1/2) / (e + 1/2), and the bet is on the law Q(x) = P(x) w(x) / sum of P w. The weights
//! are those before the pick, so that Q is a law given the past and Q(x)/P(x) has mean 1 under P.
//!
//! | bins | given | see |
//! |---|---|---|
//! | length, rank of the length | nothing; that the joined queue is no shortest | lengths that count for less than they are: idle ones told from others only, saturation |
//! | the same ranks, tilted | the same | the same from the first pick on, since nothing is learned |
//! | server; edge | the level of the joined queue | weights of servers, uneven shares among equals |
//! | place | that all candidates are equally long | who gets a tie of all, too rare a state to be watched by itself among many candidates |
//! | place after the number of picks, of all types or of this one | nothing | plans and samples in rotation |
//! | step from the place before; both places | nothing | samples that follow from those before, poor generators |
//!
//! Given an event of the past and of x, such as "x is no shortest", Q is P where it does not
//! happen, and redistributes P's mass where it does: a law again.
//!
//! # Source
//! Likelihood ratios of predictable laws: Waudby-Smith and Ramdas (2024), section 2.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::wealth::Wealth;
use crate::stats::log_mean_exp;
use crate::stats::tilts::{self, TiltedBets};

/// The tilts of the rank of a length.
const TILTS: [f64; 4] = tilts::signed([0.25, 1.0]);

/// Longer queues, and later ranks, share a bin.
const LAST_BIN: usize = 63;

/// Servers, edges and pairs of places are learned one by one, up to so many.
const MOST_BINS: usize = 1 << 20;

/// What is learned by bins, in the order of the wealths; what is tilted follows.
const LENGTH: usize = 0;
const RANK: usize = 1;
const GIVEN: usize = 2;
const SERVER: usize = 4;
const EDGE: usize = 5;
const TURN: usize = 6;
const TURN_OF_TYPE: usize = 7;
const STEP: usize = 8;
const BOTH_PLACES: usize = 9;
const ALL_EQUAL: usize = 10;
const LEARNERS: usize = 11;

/// What is bet on, in the order of the wealths.
pub(super) const NAMES: [&str; 13] = [
    "length of the joined queue",
    "rank of the joined length",
    "length of the joined queue that is no shortest",
    "rank of the joined length that is no shortest",
    "server among equals",
    "edge among equals",
    "place after the number of picks",
    "place after the number of picks of the type",
    "step from the place before",
    "place after the place before",
    "place where all are equal",
    "rank of the joined length, tilted",
    "rank of the joined length that is no shortest, tilted",
];

/// Counts against what was expected, and the wealth won by them.
#[derive(Clone, Debug, Default)]
struct Learner {
    /// How often a bin was joined, and how often that was expected.
    bins: Vec<(f64, f64)>,
    wealth: Wealth,
}

impl Learner {
    fn weight(&self, bin: usize) -> f64 {
        self.bins.get(bin).map_or(1.0, |(seen, expected)| (seen + 0.5) / (expected + 0.5))
    }

    /// The candidates at these places, the one at `place` of which was taken; `law` is any multiple
    /// of theirs.
    fn observe(
        &mut self,
        among: &[usize],
        law: &[f64],
        place: usize,
        bin: impl Fn(usize) -> usize,
    ) {
        let first = bin(place);
        // No choice between bins, nothing to learn.
        if among.iter().all(|&i| law[i] == 0.0 || bin(i) == first) {
            return;
        }
        let total: f64 = among.iter().map(|&i| law[i]).sum();
        let weighted: f64 = among.iter().map(|&i| law[i] * self.weight(bin(i))).sum();
        self.wealth.multiply(self.weight(first) * total / weighted);
        for &i in among {
            let bin = bin(i);
            if bin >= self.bins.len() {
                self.bins.resize(bin + 1, (0.0, 0.0));
            }
            self.bins[bin].1 += law[i] / total;
        }
        self.bins[first].0 += 1.0;
    }
}

/// What a path has brought so far.
#[derive(Clone, Debug, Default)]
struct Turns {
    picks: usize,
    /// By task type: how many picks, and the place of the last one.
    of_type: FxHashMap<u32, (usize, usize)>,
}

/// All bets that learn.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    learners: [Learner; LEARNERS],
    tilted: [TiltedBets<{ TILTS.len() }>; 2],
    /// exp(theta c_k) of the k-th of so many levels and one more, by tilt and k.
    of_ranks: Vec<Option<OfRanks>>,
    turns: Turns,
}

/// Numbers by tilt and rank.
type OfRanks = Arc<[Vec<f64>; TILTS.len()]>;

/// The candidates of a pick.
pub(super) struct Candidates<'a> {
    pub(super) task_type: u32,
    pub(super) servers: &'a [u32],
    /// The number of the first one's edge.
    pub(super) edge: usize,
    /// The lengths that the policy sees.
    pub(super) seen: &'a [u32],
    pub(super) law: &'a [f64],
}

impl Learned {
    /// Nothing is learned yet.
    pub(super) fn new() -> Self {
        Self {
            learners: Default::default(),
            tilted: [TiltedBets::new(&TILTS), TiltedBets::new(&TILTS)],
            of_ranks: Vec::new(),
            turns: Turns::default(),
        }
    }

    /// Another path begins: what comes next does not follow from what came before.
    pub(super) fn restart(&mut self) {
        self.turns = Turns::default();
    }

    /// Takes a pick that the law allows.
    pub(super) fn observe(&mut self, of: &Candidates<'_>, place: usize) {
        let n = of.seen.len();
        if n > 1 {
            let all: Vec<usize> = (0..n).collect();
            self.bet_on_lengths(of, &all, place);
            self.bet_among_equals(of, &all, place);
            self.bet_where_all_are_equal(of, &all, place);
            self.bet_on_turns(of, &all, place);
        }
        self.turns.picks += 1;
        let (picks, last) = self.turns.of_type.entry(of.task_type).or_default();
        (*picks, *last) = (*picks + 1, place);
    }

    fn bet_on_lengths(&mut self, of: &Candidates<'_>, all: &[usize], place: usize) {
        let (seen, law) = (of.seen, of.law);
        let mut levels: Vec<u32> = seen.to_vec();
        levels.sort_unstable();
        levels.dedup();
        if levels.len() == 1 {
            return;
        }
        let rank = |i: usize| levels.partition_point(|&level| level < seen[i]);
        let ranks: Vec<usize> = all.iter().map(|&i| rank(i)).collect();
        let longer: Vec<usize> = all.iter().copied().filter(|&i| ranks[i] > 0).collect();
        let highest = levels.len() - 1;
        let value = |rank: usize| 2.0 * rank as f64 / highest as f64 - 1.0;
        if self.of_ranks.len() <= highest {
            self.of_ranks.resize(highest + 1, None);
        }
        let tilted = self.of_ranks[highest]
            .get_or_insert_with(|| {
                let of = |theta| (0..=highest).map(|rank| f64::exp(theta * value(rank))).collect();
                Arc::new(TILTS.map(of))
            })
            .clone();
        for (given, among) in [(false, all), (true, longer.as_slice())] {
            // Given that the joined queue is no shortest, the shortest are no candidates.
            if given && ranks[place] == 0 {
                continue;
            }
            let offset = if given { GIVEN } else { 0 };
            self.learners[LENGTH + offset]
                .observe(among, law, place, |i| (seen[i] as usize).min(LAST_BIN));
            self.learners[RANK + offset].observe(among, law, place, |i| ranks[i].min(LAST_BIN));
            let possible = || among.iter().filter(|&&i| law[i] > 0.0);
            if possible().any(|&i| ranks[i] != ranks[place]) {
                let total: f64 = possible().map(|&i| law[i]).sum();
                let means: [f64; TILTS.len()] = std::array::from_fn(|k| {
                    let sum: f64 = possible().map(|&i| law[i] * tilted[k][ranks[i]]).sum();
                    (sum / total).ln()
                });
                self.tilted[usize::from(given)].bet(value(ranks[place]), &means);
            }
        }
    }

    fn bet_among_equals(&mut self, of: &Candidates<'_>, all: &[usize], place: usize) {
        let equal = |i: &usize| of.seen[*i] == of.seen[place];
        let among: Vec<usize> = all.iter().copied().filter(equal).collect();
        if of.edge + of.seen.len() <= MOST_BINS {
            self.learners[EDGE].observe(&among, of.law, place, |i| of.edge + i);
        }
        if of.servers.iter().all(|&server| (server as usize) < MOST_BINS) {
            let server = |i: usize| of.servers[i] as usize;
            self.learners[SERVER].observe(&among, of.law, place, server);
        }
    }

    /// Among many candidates states come again too rarely, but for those where all are equal.
    fn bet_where_all_are_equal(&mut self, of: &Candidates<'_>, all: &[usize], place: usize) {
        if of.seen.iter().all(|&length| length == of.seen[0]) {
            self.learners[ALL_EQUAL].observe(all, of.law, place, |i| i);
        }
    }

    fn bet_on_turns(&mut self, of: &Candidates<'_>, all: &[usize], place: usize) {
        let n = of.seen.len();
        let after = |picks: usize| move |i: usize| (i + n - picks % n) % n;
        let before = self.turns.of_type.get(&of.task_type).copied();
        let picks = self.turns.picks;
        self.learners[TURN].observe(all, of.law, place, after(picks));
        // With one type of task it is the same.
        let (of_type, last) = before.unwrap_or((0, 0));
        if of_type != picks {
            self.learners[TURN_OF_TYPE].observe(all, of.law, place, after(of_type));
        }
        // The place before that of this type, where there was one.
        if of_type > 0 {
            self.learners[STEP].observe(all, of.law, place, after(last));
            if n * n <= MOST_BINS {
                self.learners[BOTH_PLACES].observe(all, of.law, place, |i| last * n + i);
            }
        }
    }

    /// ln of the wealth of each bet, in the order of [`NAMES`].
    pub(super) fn log_wealths(&self) -> [f64; NAMES.len()] {
        let mut all = [0.0; NAMES.len()];
        for (log, learner) in all.iter_mut().zip(&self.learners) {
            *log = learner.wealth.ln();
        }
        for (log, tilted) in all[LEARNERS..].iter_mut().zip(&self.tilted) {
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
pub(super) fn edge_offsets(degrees: impl Iterator<Item = usize>) -> FxHashMap<u32, usize> {
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

    fn of<'a>(seen: &'a [u32], law: &'a [f64]) -> Candidates<'a> {
        Candidates { task_type: 1, servers: &SERVERS[..seen.len()], edge: 2, seen, law }
    }

    /// Some picks, far from the law.
    fn some() -> Learned {
        let mut learned = Learned::new();
        for place in [0, 3, 3, 2, 1, 3, 0] {
            learned.observe(&of(&[1, 0, 2, 1], &[0.3, 0.4, 0.1, 0.2]), place);
            learned.observe(&of(&[1, 1, 1, 1], &[0.25; 4]), place);
            learned.observe(&Candidates { task_type: 0, ..of(&[1; 4], &[0.25; 4]) }, place);
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
                next.observe(&of(&seen, &law), place);
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
            learned.observe(&of(&[1, 1, 1], &[1.0 / 3.0; 3]), place);
        }
        let [length, rank, .., tilted, _] = learned.log_wealths();
        assert_eq!([length, rank, tilted], [0.0; 3], "one level, no bet on lengths");
        assert!(learned.log_wealths()[4] > 20.0, "{:?}", learned.log_wealths());
        assert!(learned.log_e() > 15.0);
    }

    #[test]
    fn what_comes_in_turn_is_seen_at_once() {
        // Of four equal ones the next; of four the one by a poor generator; either among pairs that
        // the law allows.
        type PlaceOf = fn(usize) -> usize;
        let table: [(&str, usize, PlaceOf); 4] = [
            ("in turn", TURN, |pick| pick % 4),
            ("in turn, the first of two", TURN, |pick| (pick + pick / 4 % 2) % 4),
            ("x + 3", STEP, |pick| 3 * pick % 4),
            ("a poor generator", BOTH_PLACES, |pick| [0, 2, 3, 1][pick % 4]),
        ];
        for (name, at, place) in table {
            let mut learned = Learned::new();
            (0..60).for_each(|pick| learned.observe(&of(&[1; 4], &[0.25; 4]), place(pick)));
            assert!(learned.log_wealths()[at] > 12.0, "{name}: {:?}", learned.log_wealths());
        }
        let mut begun_anew = Learned::new();
        for _ in 0..60 {
            begun_anew.restart();
            begun_anew.observe(&of(&[1; 4], &[0.25; 4]), 2);
        }
        assert_eq!(begun_anew.log_wealths()[STEP], 0.0, "nothing came before");
    }

    #[test]
    fn who_gets_a_tie_of_all_is_seen_among_many_right_picks() {
        // One pick of 50 finds all equal, and takes the first; the others are right.
        let (servers, law): (Vec<u32>, _) = ((0..10).collect(), [0.1; 10]);
        let mut learned = Learned::new();
        for pick in 0..1500 {
            let is_equal = pick % 50 == 0;
            let mut seen = [2; 10];
            seen[9] = if is_equal { 2 } else { 3 };
            let of =
                Candidates { servers: &servers, edge: 0, seen: &seen, law: &law, task_type: 0 };
            learned.observe(&of, if is_equal { 0 } else { (7 * pick + pick / 10) % 10 });
        }
        let wealths = learned.log_wealths();
        assert!(wealths[ALL_EQUAL] > 30.0, "{wealths:?}");
        assert!(wealths[SERVER] < 15.0, "{wealths:?}");
    }
}
