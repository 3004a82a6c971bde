//! How the replications of a steady state are laid out: from where, how long, where they look.
//!
//! A copy from empty and one from m tasks at each server share their marks. The mean of the first
//! at any number of events is below that of the steady state, that of the second above, but for
//! [`beyond`]. Each is looked at in a window of its own up to the end: the upper one comes down
//! later. Either side of an interval has three parts,
//!
//! | part | falls with |
//! |---|---|
//! | what the copy still lacks in its window | later windows |
//! | what lies above the upper start | m, which takes time to leave |
//! | the deviation of the mean over all replications | more of them, and so shorter ones |
//!
//! and pilots, on randomness of their own, say how large these are for each layout. The one that
//! needs the fewest events for the precision is taken, or the narrowest within the budget. The
//! choice can make an interval wide, never wrong.
//!
//! # Source
//! [`concentration`](crate::theory::concentration) for [`beyond`] and the size of deviations.

use serde::{Deserialize, Serialize};

use super::Options;
use super::bracketing::{UpperStart, least_level};
use super::delay::arrivals;
use crate::model::{Model, loads};
use crate::num::{float_bits, ratio};
use crate::random::fingerprint;
use crate::simulate::Queues;
use crate::subject::{Pair, Path, Reference};
use crate::theory::concentration::{beyond, ever, mean_beyond, variance_of_looks};
use crate::theory::stability::critical_load_of;

/// How the replications of a steady state are laid out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The upper start; its error is in tasks per server, the most by which it may lie below the
    /// steady state.
    pub start: UpperStart,
    /// Events between two looks.
    pub every: u64,
    /// Segments of so many events before the window of the copy from empty.
    pub lower_before: u64,
    /// The same of the copy from above.
    pub upper_before: u64,
    /// All segments: both windows end there.
    pub segments: u64,
    /// Replications that are expected to do.
    pub expected: u64,
    /// E q_1, E q_2, ... as a pilot saw them, which decides about widths alone.
    #[serde(with = "float_bits::list")]
    pub centres: Vec<f64>,
    /// The variance of a mean over a window, as a pilot saw it.
    #[serde(with = "float_bits")]
    pub variance: f64,
    /// Events of the pilots.
    pub piloted: u64,
}

impl Layout {
    /// Events of one replication.
    pub fn events(&self) -> u64 {
        self.segments * self.every
    }

    /// Of the copy from empty and of the one from above: what a mean over the window can deviate
    /// by, as a sub-Gaussian standard deviation.
    pub fn sigmas(&self, n: f64) -> (f64, f64) {
        let sigma =
            |before| variance_of_looks(before, self.segments - before, self.every).sqrt() / n;
        (sigma(self.lower_before), sigma(self.upper_before))
    }

    /// The mean of what is estimated, that of the queue beyond the first task.
    pub fn centre_of_the_rest(&self) -> f64 {
        self.centres.iter().skip(1).sum()
    }

    /// Whether it can have been made of this model with these options: what a file says of it costs
    /// no more time and memory than one that was made.
    pub fn may_be_of(&self, model: &Model, options: &Options) -> bool {
        let n = u64::from(model.graph().n_servers());
        let most = options.events.max(LEAST_EVENTS);
        let level = f64::from(self.start.level) * n as f64;
        let error = self.start.error.is_none_or(|error| (0.0..1e9).contains(&error));
        (1..=n.max(EVERY)).contains(&self.every)
            && self.lower_before <= self.upper_before
            && self.upper_before < self.segments
            && self.segments.checked_mul(self.every).is_some_and(|events| events <= most)
            && (1..=1 << 60).contains(&self.expected)
            && self.start.level >= 1
            && (error && level <= 64.0 * 1e9)
            && self.start.level <= 1 << 24
            && self.centres.len() <= 1 << 20
            && self.centres.iter().all(|q| (0.0..=1.0).contains(q))
            && (0.0..1e18).contains(&self.variance)
            && self.piloted <= 4 * most
    }
}

/// What a slow machine simulates; a layout never depends on the machine that makes it.
const EVENTS_PER_SECOND: f64 = 2e7;

/// Pairs of pilots, at most: copies that meet late are few, and make most of the difference.
const PILOTS: u64 = 512;

/// The most events between two looks of small systems.
const EVERY: u64 = 4;

/// A replication may have so many events, whatever the budget.
const LEAST_EVENTS: u64 = 1 << 22;

/// What is proved of a steady state, and needed for a bound from above.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// E q_1: all accepted tasks are served.
    pub busy: f64,
    /// E q_(i+1) <= kappa E q_i, for every i >= 1; rounded upwards, below 1.
    pub kappa: f64,
}

impl Known {
    /// `None` at or above the critical load, for a policy without one, where marks do not keep the
    /// order, and without a task.
    pub fn of(model: &Model) -> Option<Self> {
        let policy = model.policy();
        let proved = policy.is_monotone() && policy.is_markov() && policy.joins_a_shortest();
        let busy = arrivals(model);
        if !proved || busy <= 0.0 {
            return None;
        }
        let up = 1.0 + 1e-12;
        let rho = ratio::to_f64(&loads::rho(model)) * up;
        // (4.4) needs that a server gets at most its share of the samples.
        let by_rho = (rho < 1.0 && policy.weights().is_none()).then_some(rho);
        // No load is below the share of busy servers.
        if by_rho.is_some_and(|rho| rho <= busy * (1.0 + 1e-9)) {
            return Some(Self { busy, kappa: rho });
        }
        let by_criterion = critical_load_of(model).ok().map(|critical| {
            let least = critical.exact.as_ref().map_or(critical.lower, ratio::to_f64);
            model.lambda() / least * up
        });
        let kappa = by_rho.unwrap_or(1.0).min(by_criterion.unwrap_or(1.0));
        (kappa < 1.0 && kappa > 0.0).then_some(Self { busy, kappa })
    }

    /// The most tasks for each server.
    pub fn queue(&self) -> f64 {
        self.busy / (1.0 - self.kappa) * (1.0 + 1e-12)
    }
}

/// Segments of the upper window that are worth a layout of their own grow by this factor.
const STEP: f64 = 1.3;

/// Tasks beyond the first of each server's queue, by servers.
pub fn rest(queues: &Queues, n: f64) -> f64 {
    (queues.total() - queues.occupancy().at_least(1)) as f64 / n
}

/// What pilots saw.
struct Pilots {
    /// How much the copy from empty lacks, segment by segment.
    lacks: Vec<f64>,
    /// Levels of the upper start, the highest first, each with how much the copy from there has too
    /// much.
    exceeds: Vec<(u32, Vec<f64>)>,
    /// The variance of means over 1, 2, 4, ... looks.
    variances: Vec<f64>,
    centres: Vec<f64>,
    events: u64,
}

/// Two copies on common marks until they meet, or differ by at most `enough`, or `most` segments
/// have passed; what they differ by at each segment's end.
fn together(pair: &mut Pair<'_>, (every, most, enough): (u64, u64, f64), n: f64) -> Vec<f64> {
    let mut apart = Vec::new();
    while !pair.met() && (apart.len() as u64) < most {
        pair.advance(every);
        apart.push(rest(pair.upper(), n) - rest(pair.lower(), n));
        // Not by what is pushed: it is 0 for a while where the copies differ in first tasks. A low
        // start may lie below a state of the steady state.
        if pair.upper().total().abs_diff(pair.lower().total()) as f64 / n <= enough {
            break;
        }
    }
    apart
}

/// Levels of upper starts that are tried, at most.
const LEVELS: usize = 7;

/// The level with little enough above it, and lower ones.
fn levels(known: &Known, options: &Options, most: u32) -> Vec<u32> {
    let mut excess = options.precision * known.busy / 16.0;
    let mut levels: Vec<u32> = Vec::new();
    while levels.len() < LEVELS {
        let level = least_level(|level| beyond(known.busy, known.kappa, level), excess).min(most);
        if levels.last() != Some(&level) {
            levels.push(level);
        }
        if level == 1 {
            break;
        }
        // Where the highest one is out of reach, nothing is gained by others next to it.
        excess = (3.0 * excess).max(3.0 * beyond(known.busy, known.kappa, level));
    }
    levels
}

fn add(sums: &mut Vec<f64>, terms: &[f64]) {
    sums.resize(sums.len().max(terms.len()), 0.0);
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}

impl Pilots {
    fn run(model: &Model, known: &Known, options: &Options, every: u64) -> Self {
        let graph = model.graph();
        let (n, seed) = (f64::from(graph.n_servers()), options.seed ^ fingerprint("layout"));
        let servers = graph.n_servers() as usize;
        let pair = |id, lower, upper| Pair::new(&Reference, model, seed, id, lower, upper);
        // A sixteenth of the budget for each of the parts.
        let most = (options.events / 16 / every).max(1);
        // Queues empty at a rate of 1 - kappa at least: in half of the segments that may pass.
        let time = (most * every) as f64 / model.event_rate() / 2.0;
        let levels = levels(known, options, ((time * (1.0 - known.kappa)) as u32).max(1));
        let enough = options.precision * known.busy / 100.0;
        let limits = (every, most, enough);
        let mut first = pair(0, vec![0; servers], vec![levels[0]; servers]);
        let slowest = together(&mut first, limits, n).len() as u64;
        let mut events = slowest * every;
        // One long path of the steady state, for variances, centres and independent states: those
        // in which copies meet are short ones.
        let looks = (50 * slowest).max(200_000 / every).min(options.events / 24 / every).max(2);
        let kept = ((1 << 22) / u64::from(graph.n_servers())).clamp(1, PILOTS);
        let mut path = Path::new(&Reference, model, seed, 1, first.upper().lengths().to_vec());
        let mut sums: Vec<u64> = Vec::new();
        let (mut seen, mut states) = (Vec::with_capacity(looks as usize), Vec::new());
        for look in 1..=looks {
            path.advance(every);
            let counts = path.queues().occupancy().counts();
            sums.resize(sums.len().max(counts.len()), 0);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            seen.push(rest(path.queues(), n));
            if look * kept / looks > (look - 1) * kept / looks {
                states.push(path.queues().lengths().to_vec());
            }
        }
        events += looks * every;
        let centres =
            sums.iter().map(|&sum| (sum as f64 / (looks as f64 * n)).clamp(0.0, 1.0)).collect();
        // Differences of copies vary little: few pilots do.
        let (mut lacks, mut rounds) = (Vec::new(), 0u64);
        let mut exceeds: Vec<(u32, Vec<f64>)> =
            levels.into_iter().map(|level| (level, Vec::new())).collect();
        let begun = events;
        // Large systems average over their servers.
        let least = (400 / servers as u64).clamp(1, 24);
        // The last states first: they are the furthest from the start.
        while let Some(state) = states.pop() {
            let spent = events - begun;
            let tried = rounds >= least && spent >= options.events / 32;
            if rounds > 0 && (tried || spent >= options.events / 8) {
                break;
            }
            let mut below = pair(2 + 2 * rounds, vec![0; servers], state.clone());
            let apart = together(&mut below, limits, n);
            events += apart.len() as u64 * every;
            add(&mut lacks, &apart);
            for (level, exceeds) in &mut exceeds {
                // On the same marks, lest the luckiest level be taken for the best.
                let mut above = pair(3 + 2 * rounds, state.clone(), vec![*level; servers]);
                let apart = together(&mut above, limits, n);
                events += apart.len() as u64 * every;
                add(exceeds, &apart);
            }
            rounds += 1;
        }
        let mean = |sums: Vec<f64>| -> Vec<f64> {
            let mut means: Vec<f64> =
                sums.into_iter().map(|sum| sum.max(0.0) / rounds as f64).collect();
            // What copies differ by falls in the mean: no dip is believed.
            for at in (1..means.len()).rev() {
                means[at - 1] = means[at - 1].max(means[at]);
            }
            means
        };
        let exceeds = exceeds.into_iter().map(|(level, sums)| (level, mean(sums))).collect();
        Self { lacks: mean(lacks), exceeds, variances: variances(&seen), centres, events }
    }
}

/// The variance of means over 1, 2, 4, ... successive values; at least eight means each.
fn variances(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut means: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let mut found = Vec::new();
    loop {
        found.push(means.iter().map(|mean| mean * mean).sum::<f64>() / means.len() as f64);
        if means.len() < 16 {
            return found;
        }
        means = means.chunks_exact(2).map(|two| f64::midpoint(two[0], two[1])).collect();
    }
}

/// The variance of a mean over so many looks.
fn variance(variances: &[f64], looks: u64) -> f64 {
    let last = variances.len() - 1;
    let at = (looks.ilog2() as usize).min(last);
    // Beyond what was seen, as that of independent parts.
    variances[at] * (1u64 << at) as f64 / looks as f64
}

/// How many standard deviations from the centre the floor and the ceiling are: what a longer reach
/// costs by its range, some ln(1 / alpha) / R of it, is then about what it saves beyond.
pub fn reach(expected: u64) -> f64 {
    (2.0 * ((expected as f64 + 2.0) / 4.0).ln().max(1.0)).sqrt().max(2.0)
}

/// The shares of the error probability of a side that its bounds by range and by marks have: which
/// of them will be the better one is known beforehand.
pub fn shares(expected: u64) -> (f64, f64) {
    if expected >= 25 { (0.9, 0.1) } else { (0.1, 0.9) }
}

/// The half of an interval on one side: a deviation of either kind.
fn deviation((sigma, variance, natural): (f64, f64, f64), replications: u64, alpha: f64) -> f64 {
    let r = replications as f64;
    let (of_range, of_marks) = shares(replications);
    let by_marks = ever(sigma * sigma, r, r, alpha * of_marks) / r;
    let log = -(alpha * of_range).ln();
    let reach = reach(replications) * sigma;
    let (range, loss) =
        if reach < natural { (reach, mean_beyond(sigma, reach)) } else { (natural, 0.0) };
    let by_range = (2.0 * variance * log / r).sqrt() + range * log / r + loss;
    by_marks.min(by_range)
}

/// A layout with what is expected of it.
#[derive(Clone, Copy)]
struct Candidate {
    width: f64,
    level: u32,
    lower_before: u64,
    upper_before: u64,
    segments: u64,
    replications: u64,
}

/// Sums of a list up to each of its places.
struct Sums(Vec<f64>);

impl Sums {
    fn of(list: &[f64]) -> Self {
        let mut sum = 0.0;
        let add = |x: &f64| {
            sum += x;
            sum
        };
        Self(std::iter::once(0.0).chain(list.iter().map(add).collect::<Vec<_>>()).collect())
    }

    /// The mean over places `from..to`; 0 beyond the list.
    fn mean(&self, from: u64, to: u64) -> f64 {
        let at = |place: u64| self.0[(place as usize).min(self.0.len() - 1)];
        (at(to) - at(from)) / (to - from) as f64
    }
}

struct Search<'a> {
    pilots: &'a Pilots,
    known: &'a Known,
    every: u64,
    n: f64,
    alpha: f64,
    lacks: Sums,
    exceeds: Vec<(u32, Sums)>,
}

/// 0, 1, 2, ... growing by [`STEP`], up to `most`.
fn grid(most: u64) -> impl Iterator<Item = u64> + Clone {
    let next = move |&at: &u64| {
        let next = ((at as f64 * STEP) as u64).max(at + 1);
        (at < most).then_some(next.min(most))
    };
    std::iter::successors(Some(0), next)
}

impl Search<'_> {
    /// The narrowest layout within so many events.
    fn narrowest(&self, events: u64) -> Option<Candidate> {
        let Self { pilots, known, every, n, alpha, .. } = *self;
        let centre = pilots.centres.iter().skip(1).sum::<f64>().max(1e-9);
        let mut best: Option<Candidate> = None;
        for &(level, ref exceeds) in &self.exceeds {
            let longest = exceeds.0.len() as u64;
            let excess = beyond(known.busy, known.kappa, level);
            let above = (f64::from(level) - centre).max(centre);
            for upper_before in grid(longest) {
                for looks in grid(4096.max(4 * longest)).skip(1) {
                    let segments = upper_before + looks;
                    let replications = (events / (segments * every)).min(1 << 40);
                    if replications == 0 {
                        break;
                    }
                    let side = |before: u64, natural: f64| {
                        let looks = segments - before;
                        let sigma = variance_of_looks(before, looks, every).sqrt() / n;
                        let variance = variance(&pilots.variances, looks);
                        deviation((sigma, variance, natural), replications, alpha)
                    };
                    let upper =
                        side(upper_before, above) + excess + exceeds.mean(upper_before, segments);
                    if best.is_some_and(|best| upper >= best.width) {
                        continue;
                    }
                    for lower_before in grid(upper_before.min(pilots.lacks.len() as u64)) {
                        let lower =
                            side(lower_before, centre) + self.lacks.mean(lower_before, segments);
                        let width = upper + lower;
                        if best.is_none_or(|best| width < best.width) {
                            best = Some(Candidate {
                                width,
                                level,
                                lower_before,
                                upper_before,
                                segments,
                                replications,
                            });
                        }
                    }
                }
            }
        }
        best
    }
}

/// The layout for these options; `None` where a single replication needs more events than there
/// may be. `alpha` is the error probability of one side of the mean queue length.
pub fn layout(model: &Model, known: &Known, options: &Options, alpha: f64) -> Option<Layout> {
    let servers = u64::from(model.graph().n_servers());
    let (n, every) = (servers as f64, servers.div_ceil(4).max(EVERY));
    // A time limit is a limit on events, too, so that pilots leave time for what they choose.
    let in_time = |limit: std::time::Duration| (limit.as_secs_f64() * EVENTS_PER_SECOND) as u64;
    let events = options.time_limit.map_or(u64::MAX, in_time).min(options.events);
    let options = &Options { events, ..options.clone() };
    if every > events / 64 {
        return None;
    }
    let pilots = Pilots::run(model, known, options, every);
    let budget = events.saturating_sub(pilots.events).max(events / 4);
    let of_level = |(level, list): &(u32, Vec<f64>)| (*level, Sums::of(list));
    let (lacks, exceeds) = (Sums::of(&pilots.lacks), pilots.exceeds.iter().map(of_level).collect());
    let search = Search { pilots: &pilots, known, every, n, alpha, lacks, exceeds };
    let wanted = 2.0 * options.precision * pilots.centres.iter().sum::<f64>();
    let mut found = search.narrowest(budget)?;
    // Fewer events may do.
    let mut fewer = budget;
    while found.width < wanted && fewer > LEAST_EVENTS / 4 {
        fewer -= fewer / 3;
        match search.narrowest(fewer) {
            Some(less) if less.width < 0.95 * wanted => found = less,
            _ => break,
        }
    }
    let looks = found.segments - found.upper_before;
    Some(Layout {
        start: UpperStart {
            level: found.level,
            error: Some(beyond(known.busy, known.kappa, found.level)),
        },
        every,
        lower_before: found.lower_before,
        upper_before: found.upper_before,
        segments: found.segments,
        expected: options.replications.unwrap_or(found.replications),
        variance: variance(&pilots.variances, looks),
        centres: pilots.centres,
        piloted: pilots.events,
    })
}
