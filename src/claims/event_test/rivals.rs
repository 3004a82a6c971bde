//! Bets on contamination: a share of the picks follows another declared policy.
//!
//! P is the law of the promised policy given the past, R that of a rival, and x the pick. For each
//! rival and each share p of [`SHARES`] the factor
//!
//! > f = ((1 - p) P(x) + p R(x)) / P(x) = 1 + p (R(x)/P(x) - 1)
//!
//! is multiplied up, in logarithms. One product serves both verdicts.
//!
//! **Against P.** The mean of f under P is sum over P(x) > 0 of (1 - p) P(x) + p R(x) <= 1, so the
//! product is a supermartingale from 1, and so is its mean over rivals and shares.
//!
//! **For P.** Suppose that each pick follows R with probability at least p0, else P: the past
//! decides on the probability q >= p0. Then the mean of 1/f at p0 is at most 1: with u = R/P, f =
//! 1 + p0 (u - 1), it is E_P (1 + q (u - 1)) / f, which is linear in q and 1 at q = p0. Its slope
//! is E_P h(u), h(u) = (u - 1) / (1 + p0 (u - 1)), which is concave and increasing in u, so that
//! E_P h(u) <= h(E_P u) <= h(1) = 0 (Jensen). So the inverse of the product at p0 is a
//! supermartingale from 1 under every such contamination, and reaching 1 / alpha rejects it with
//! error probability alpha (Ville), whenever it is looked at.
//!
//! **No union over the shares.** l(p) = -ln product at p is a sum of functions -ln(1 + p (u - 1)),
//! each convex in p and 0 at 0. So l(p) >= (p / p0) l(p0) for p > p0: what is rejected at p0 is
//! rejected at every larger share. If the truth is a share p* of R, a least rejected share of at
//! most p* means that p* itself is rejected, which has probability at most alpha.
//!
//! **No union over the rivals**, for the largest of their shares. If some rival contaminates with
//! at least that share, take of those that do the one with the largest share, which depends on the
//! truth only: its own share, at least the printed one, is then rejected wrongly.
//!
//! The statement is about one rival at a time, and about shares that do not depend on the state: a
//! mixture of rivals may be P itself (`jsq(2), replacement` is `random` with 1/n and `jsq(2),
//! distinct` else). Faults of some states are the business of [`super::by_state`].
//!
//! A rival that remembers is fed with the events of the path: its memory is that of a balancer
//! whose earlier picks were those seen. Its turns begin at the first place, as the sampler's do.
//!
//! | law of a rival | how |
//! |---|---|
//! | the best of samples | by rank among all candidates, kept for each number of them |
//! | a turn | 0 or 1 |
//! | a rule | its exact law, kept for each vector of lengths seen |
//!
//! Where R(x) = 0 the factor is 1 - p; where P(x) = 0 the promise is refuted, and there is no bet.
//!
//! # Source
//! Ville's inequality; Jensen's inequality.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::picks::by_rank;
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::model::policy::{Base, Memory, Policy, Ties};
use crate::num::ratio;
use crate::stats::log_mean_exp;

/// The shares of the picks that follow a rival, the largest first.
pub(super) const SHARES: [f64; 11] = {
    let mut shares = [1.0; 11];
    let mut k = 1;
    while k < shares.len() {
        shares[k] = shares[k - 1] / 2.0;
        k += 1;
    }
    shares
};

/// Rivals with memories copy all lengths at each pick, and are asked up to so many servers.
const REMEMBERED: usize = 4096;

/// Laws of rules that are kept.
const KEPT: usize = 1 << 16;

/// Candidates for which the law of a rule, exact, is taken at every pick; of more at one pick of so
/// many times that.
const RULES_AT_EVERY_PICK: u64 = 64;

/// A product of factors 1 + p (u - 1), for each share p.
///
/// Logarithms are taken of many factors together, which is at least 30 times as fast.
#[derive(Clone, Debug)]
struct Products {
    log: [f64; SHARES.len()],
    recent: [f64; SHARES.len()],
    count: u32,
}

impl Products {
    const ONE: Self = Self { log: [0.0; SHARES.len()], recent: [1.0; SHARES.len()], count: 0 };

    /// `u` is R(x)/P(x), finite.
    fn multiply(&mut self, u: f64) {
        for (product, share) in self.recent.iter_mut().zip(SHARES) {
            // Not 1 + p (u - 1), which for p = 1 loses the digits of a small u.
            *product *= (1.0 - share) + share * u;
        }
        self.count += 1;
        // Between 1e-292 and 1e292 unless one factor is extreme, and then by itself.
        let is_extreme = !(1e-6..=1e6).contains(&u);
        if self.count >= 32 || is_extreme {
            self.count = 0;
            let are_near_one = self.recent.iter().all(|recent| (1e-100..=1e100).contains(recent));
            if is_extreme || !are_near_one {
                self.log = self.log_wealth();
                self.recent = [1.0; SHARES.len()];
            }
        }
    }

    fn log_wealth(&self) -> [f64; SHARES.len()] {
        let mut all = self.log;
        for (log, product) in all.iter_mut().zip(self.recent) {
            *log += product.ln();
        }
        all
    }
}

/// Another policy than the promised one.
#[derive(Clone, Debug)]
pub(super) struct Rival {
    pub(super) policy: Policy,
    view: usize,
    products: Products,
}

impl Rival {
    /// ln of the wealth against the promise, by share.
    pub(super) fn log_wealth(&self) -> [f64; SHARES.len()] {
        self.products.log_wealth()
    }

    /// The least share that is rejected with this error probability; `None` where not even the
    /// whole policy is.
    pub(super) fn excluded_share(&self, alpha: f64) -> Option<f64> {
        let needed = (1.0 / alpha).ln();
        let log = self.log_wealth();
        // An up-set: the first that stands ends it.
        let rejected = log.iter().take_while(|&&log| -log >= needed).count();
        rejected.checked_sub(1).map(|last| SHARES[last])
    }
}

/// What rivals see of the queues: those of one sight share a memory.
#[derive(Clone, Debug)]
struct View {
    like: Policy,
    memory: Option<Memory>,
}

impl View {
    fn restart(&mut self, n_task_types: u32, start: &[u32]) {
        self.memory =
            (!self.like.is_markov()).then(|| Memory::new(&self.like, n_task_types, start));
    }

    fn serves(&self, policy: &Policy) -> bool {
        let key = |policy: &Policy| {
            let turns = (policy.base() == Base::RoundRobin, policy.ties() == Ties::RoundRobin);
            (policy.sight(), policy.of(), policy.per_type(), turns)
        };
        key(&self.like) == key(policy)
    }
}

/// The lengths of the candidates that a pick was decided on, counted from one place.
struct Around<'a> {
    seen: &'a [u32],
    place: usize,
    /// Candidates that are shorter, equally long (this one included), longer; equally long ones at
    /// lower places.
    shorter: usize,
    tied: usize,
    longer: usize,
    tied_before: usize,
    turn: usize,
}

impl<'a> Around<'a> {
    fn new(seen: &'a [u32], place: usize, turn: u64) -> Self {
        let chosen = seen[place];
        let count = |among: &[u32], test: &dyn Fn(u32) -> bool| {
            among.iter().filter(|&&length| test(length)).count()
        };
        let shorter = count(seen, &|length| length < chosen);
        let tied = count(seen, &|length| length == chosen);
        let tied_before = count(&seen[..place], &|length| length == chosen);
        let turn = (turn % seen.len() as u64) as usize;
        let longer = seen.len() - shorter - tied;
        Self { seen, place, shorter, tied, longer, tied_before, turn }
    }

    /// The rank among all candidates where ties are by a fixed order or in turn, and how many are
    /// alike from there on.
    fn ranks(&self, policy: &Policy) -> (usize, usize) {
        let better = match policy.base() {
            Base::Random => return (0, self.seen.len()),
            Base::Longest { .. } => self.longer,
            _ => self.shorter,
        };
        let tied_before = match policy.ties() {
            Ties::Fair => return (better, self.tied),
            Ties::Lowest => self.tied_before,
            Ties::Highest => self.tied - 1 - self.tied_before,
            Ties::RoundRobin => {
                let n = self.seen.len();
                let after = |i: usize| (i + n - self.turn) % n;
                let chosen = self.seen[self.place];
                let first = |&(i, &length): &(usize, &u32)| {
                    length == chosen && after(i) < after(self.place)
                };
                self.seen.iter().enumerate().filter(first).count()
            }
        };
        (better + tied_before, 1)
    }
}

/// The bets on every rival.
#[derive(Clone, Debug)]
pub(super) struct Rivals {
    graph: BipartiteGraph,
    promise: Policy,
    views: Vec<View>,
    rivals: Vec<Rival>,
    /// Declared policies with the law of the promised one on this graph, itself included.
    pub(super) equal: Vec<Policy>,
    /// Those that are not bet on, since their memories would be too large.
    pub(super) left_out: Vec<Policy>,
    /// By number of candidates and policy; empty where it was not asked for.
    by_rank: Vec<Vec<Option<Arc<[f64]>>>>,
    rules: FxHashMap<(usize, Vec<u32>), Arc<[f64]>>,
    picks: u64,
}

impl Rivals {
    /// The rivals of the model's policy, along a path from these lengths.
    pub(super) fn of(model: &Model, start: &[u32]) -> Self {
        let (graph, promise) = (model.graph(), &without_equal_weights(model));
        let degrees = degrees(graph, promise);
        let mut all = Self {
            graph: graph.clone(),
            promise: promise.clone(),
            views: Vec::new(),
            rivals: Vec::new(),
            equal: Vec::new(),
            left_out: Vec::new(),
            by_rank: Vec::new(),
            rules: FxHashMap::default(),
            picks: 0,
        };
        for policy in Policy::declared() {
            if have_one_law(promise, &policy, &degrees) {
                all.equal.push(policy);
            } else if !policy.is_markov() && start.len() > REMEMBERED {
                all.left_out.push(policy);
            } else {
                let known = all.views.iter().position(|view| view.serves(&policy));
                let view = known.unwrap_or(all.views.len());
                if known.is_none() {
                    all.views.push(View { like: policy.clone(), memory: None });
                }
                all.rivals.push(Rival { policy, view, products: Products::ONE });
            }
        }
        all.restart(start);
        all
    }

    /// Two rivals of which the promise is a mixture, with one share in every state, in words; the
    /// first such pair of the list.
    pub(super) fn mixture(&self) -> Option<String> {
        let degrees = degrees(&self.graph, &self.promise);
        let of = |policy: &Policy| {
            let now = policy.is_markov() && policy.weights().is_none() && !policy.takes_turns();
            let laws = now.then(|| degrees.iter().map(|&n| laws(policy, n)));
            let laws: Vec<_> = laws?.collect::<Option<_>>()?;
            Some(laws.into_iter().flatten().flatten().collect::<Vec<f64>>())
        };
        let promised = of(&self.promise)?;
        let all: Vec<(&Policy, Vec<f64>)> = self
            .rivals
            .iter()
            .filter_map(|rival| Some((&rival.policy, of(&rival.policy)?)))
            .collect();
        let pairs = all.iter().enumerate().flat_map(|(i, a)| all[..i].iter().map(move |b| (b, a)));
        pairs.filter_map(|((first, a), (second, b))| {
            let share = share_of_first(&promised, a, b)?;
            Some(format!(
                "and here `{}` is `{first}` for {:.4} of the picks and `{second}` for the others",
                self.promise, share
            ))
        })
        .next()
    }

    /// Another path begins: nothing is remembered.
    pub(super) fn restart(&mut self, start: &[u32]) {
        let types = self.graph.n_task_types();
        self.views.iter_mut().for_each(|view| view.restart(types, start));
    }

    /// Each rival whose law is another one.
    pub(super) fn all(&self) -> &[Rival] {
        &self.rivals
    }

    /// Bets on the pick of the candidate at `place`, which has probability `promised` > 0, or no
    /// bet where that is not known; then lets all memories take notice of it. `lengths` are those
    /// before the task joins.
    pub(super) fn observe(
        &mut self,
        task_type: u32,
        place: usize,
        promised: Option<f64>,
        lengths: &[u32],
    ) {
        self.picks += 1;
        let graph = self.graph.clone();
        let servers = graph.servers_of(task_type);
        for view in 0..self.views.len() {
            let memory = self.views[view].memory.as_ref();
            let all = memory.map_or(lengths, |memory| memory.seen(task_type, lengths));
            let turn = memory.map_or(0, |memory| memory.turn(task_type, servers));
            let seen: Vec<u32> = servers.iter().map(|v| all[v as usize]).collect();
            if let Some(promised) = promised {
                let around = Around::new(&seen, place, turn);
                for rival in 0..self.rivals.len() {
                    if self.rivals[rival].view == view
                        && let Some(share) = self.share(rival, &around)
                    {
                        self.rivals[rival].products.multiply(share / promised);
                    }
                }
            }
            if let Some(memory) = &mut self.views[view].memory {
                let least = seen.iter().min();
                let tied = seen.iter().filter(|&length| Some(length) == least).count() > 1;
                memory.joined(task_type, servers.at(place), tied, lengths);
            }
        }
    }

    /// A task leaves.
    pub(super) fn served(&mut self, server: u32) {
        self.views.iter_mut().filter_map(|view| view.memory.as_mut()).for_each(|memory| {
            memory.served(server);
        });
    }

    /// The promise has just been refuted by a pick that it never makes: rivals that never make it
    /// are so, too.
    pub(super) fn refute_those_that_never(&mut self, task_type: u32, place: usize, now: &[u32]) {
        let graph = self.graph.clone();
        let servers = graph.servers_of(task_type);
        for rival in 0..self.rivals.len() {
            let memory = self.views[self.rivals[rival].view].memory.as_ref();
            let all = memory.map_or(now, |memory| memory.seen(task_type, now));
            let turn = memory.map_or(0, |memory| memory.turn(task_type, servers));
            let seen: Vec<u32> = servers.iter().map(|v| all[v as usize]).collect();
            if self.share(rival, &Around::new(&seen, place, turn)) == Some(0.0) {
                self.rivals[rival].products.multiply(0.0);
            }
        }
    }

    /// The probability that a rival gives to the place; `None` where the pick is not bet on, which
    /// is decided before it is made.
    fn share(&mut self, rival: usize, around: &Around<'_>) -> Option<f64> {
        let n = around.seen.len();
        let policy = &self.rivals[rival].policy;
        match policy.base() {
            Base::RoundRobin => Some(f64::from(u8::from(around.turn == around.place))),
            Base::Rule(rule) => {
                let every = 1 + (n as u64 - 1) / RULES_AT_EVERY_PICK;
                if !self.picks.is_multiple_of(every) {
                    return None;
                }
                let key = (rival, around.seen.to_vec());
                if let Some(law) = self.rules.get(&key) {
                    return Some(law[around.place]);
                }
                let law: Arc<[f64]> = (rule.law)(around.seen).iter().map(ratio::to_f64).collect();
                if self.rules.len() * n >= KEPT {
                    self.rules.clear();
                }
                self.rules.insert(key, law.clone());
                Some(law[around.place])
            }
            Base::Random => Some(1.0 / n as f64),
            _ => {
                if self.by_rank.len() <= n {
                    self.by_rank.resize(n + 1, Vec::new());
                }
                if self.by_rank[n].is_empty() {
                    let of = |rival: &Rival| by_rank(&rival.policy, n).map(Arc::from);
                    self.by_rank[n] = self.rivals.iter().map(of).collect();
                }
                let by_rank = self.by_rank[n][rival].as_ref()?;
                Some(of_rank(&self.rivals[rival].policy, by_rank, around))
            }
        }
    }

    /// ln of the mean wealth over all rivals and shares, against the promise.
    pub(super) fn log_e(&self) -> f64 {
        let all: Vec<f64> = self.rivals.iter().flat_map(Rival::log_wealth).collect();
        if all.is_empty() { 0.0 } else { log_mean_exp(all.iter().copied()) }
    }

    /// The largest share of the picks that a single rival can decide, in every state alike, and
    /// that rival; `None` in place of the share where a rival stands as a whole policy.
    pub(super) fn excluded_share(&self, alpha: f64) -> Option<(Option<f64>, &Policy)> {
        let shares = self.rivals.iter().map(|rival| (rival.excluded_share(alpha), &rival.policy));
        let size = |share: Option<f64>| share.unwrap_or(f64::INFINITY);
        shares.fold(None, |most, next| match most {
            Some((share, _)) if size(share) >= size(next.0) => most,
            _ => Some(next),
        })
    }

    /// Declared policies of another law that the picks have not refuted, as whole policies, against
    /// a law whose likelihood is exp(`log_mixture`) times that of the promise.
    ///
    /// The likelihood of a mixture of laws over that of a law R is a martingale under R, whatever
    /// the laws.
    pub(super) fn standing(&self, log_mixture: f64, alpha: f64) -> Vec<&Policy> {
        let needed = (1.0 / alpha).ln();
        let whole = |rival: &&Rival| log_mixture - rival.log_wealth()[0] < needed;
        self.rivals.iter().filter(whole).map(|rival| &rival.policy).collect()
    }
}

/// The probability of a place by its rank: that of the ranks that are alike, shared.
fn of_rank(policy: &Policy, by_rank: &[f64], around: &Around<'_>) -> f64 {
    let (first, alike) = around.ranks(policy);
    by_rank[first..first + alike].iter().sum::<f64>() / alike as f64
}

/// Numbers of candidates on which laws are compared: those of the graph, the large ones by one that
/// tells all declared policies and the promised one from each other.
fn degrees(graph: &BipartiteGraph, promise: &Policy) -> Vec<usize> {
    let samples = match promise.base() {
        Base::Jsq { d, .. } | Base::Longest { d, .. } => d as usize,
        _ => 0,
    };
    let enough = (samples + 1).clamp(8, 64);
    let mut all: Vec<usize> =
        (0..graph.n_task_types()).map(|w| graph.task_degree(w).min(enough)).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|&n| n > 0);
    all
}

/// Lengths that tell laws apart: all different in both orders, with idle servers and without, ties
/// at all, at the shortest, at the longest.
fn telling_lengths(n: usize) -> Vec<Vec<u32>> {
    let up: Vec<u32> = (0..n as u32).collect();
    let down = up.iter().rev().copied().collect();
    let busy = up.iter().map(|length| length + 1).collect();
    let two_short = up.iter().map(|length| length.saturating_sub(1)).collect();
    let two_long = up.iter().map(|&length| length.min(n.saturating_sub(2) as u32)).collect();
    vec![up, down, busy, two_short, two_long, vec![0; n], vec![1; n]]
}

/// The laws of a policy without weights and turns on all of [`telling_lengths`].
fn laws(policy: &Policy, n: usize) -> Option<Vec<Vec<f64>>> {
    let by_rank = by_rank(policy, n)?;
    let law = |lengths: Vec<u32>| match policy.base() {
        Base::Rule(rule) => (rule.law)(&lengths).iter().map(ratio::to_f64).collect(),
        _ => {
            let share = |place| of_rank(policy, &by_rank, &Around::new(&lengths, place, 0));
            (0..n).map(share).collect()
        }
    };
    Some(telling_lengths(n).into_iter().map(law).collect())
}

/// The share of the first law, strictly between 0 and 1, in a mixture of two that is `mixed`.
fn share_of_first(mixed: &[f64], first: &[f64], second: &[f64]) -> Option<f64> {
    let apart = |at: &usize| (first[*at] - second[*at]).abs();
    let at = (0..mixed.len()).max_by(|a, b| apart(a).total_cmp(&apart(b)))?;
    let share = (mixed[at] - second[at]) / (first[at] - second[at]);
    let mix = |(a, b): (&f64, &f64)| share * a + (1.0 - share) * b;
    let mut all = first.iter().zip(second).zip(mixed);
    let is_inside = share > 1e-9 && share < 1.0 - 1e-9;
    (is_inside && all.all(|(both, mixed)| (mix(both) - mixed).abs() < 1e-12)).then_some(share)
}

/// The policy of a model, without weights where those of each task type are equal.
fn without_equal_weights(model: &Model) -> Policy {
    let policy = model.policy();
    let are_equal = |w| {
        let weights = model.weights_of(w).unwrap_or_default();
        weights.iter().all(|weight| *weight > 0 && *weight == weights[0])
    };
    if (0..model.graph().n_task_types()).all(are_equal) {
        policy.clone().without_weights()
    } else {
        policy.clone()
    }
}

/// Whether two policies have one law on candidates of these numbers.
///
/// Those of the best of samples differ by their shares by rank, or by their ties, and the rules by
/// what is idle or first; policies with other memories do where lengths or turns make a difference
/// at all. Weights of one of them are taken for a difference.
fn have_one_law(promise: &Policy, other: &Policy, degrees: &[usize]) -> bool {
    if promise == other || degrees.iter().all(|&n| n == 1) {
        return true;
    }
    let turns = promise.takes_turns() || other.takes_turns();
    if turns || promise.weights().is_some() || other.weights().is_some() {
        return false;
    }
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    let sees = |policy: &Policy| (policy.sight(), policy.of(), policy.per_type());
    degrees.iter().all(|&n| {
        let (Some(ours), Some(theirs)) = (laws(promise, n), laws(other, n)) else { return false };
        let alike = ours.iter().zip(&theirs).all(|(a, b)| near(a, b));
        alike && (sees(promise) == sees(other) || ours.iter().all(|law| near(law, &ours[0])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Isolated;
    use crate::model::Load;

    fn model(graph: BipartiteGraph, policy: &Policy) -> Model {
        let load = Load::try_from(0.5).unwrap();
        Model::with_policy(graph, load, policy.clone(), None).unwrap()
    }

    /// Task types of 3, 2 and 1 servers.
    fn three() -> BipartiteGraph {
        let edges = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 2)];
        BipartiteGraph::from_edges(3, 3, &edges, Isolated::Refuse).unwrap()
    }

    /// All rivals after some picks and departures.
    fn after_some_picks(promise: &Policy) -> (Rivals, [u32; 3]) {
        let mut rivals = Rivals::of(&model(three(), promise), &[2, 0, 1]);
        for (place, lengths) in [(1, [2, 0, 1]), (0, [2, 1, 1]), (2, [3, 1, 1])] {
            rivals.observe(0, place, None, &lengths);
        }
        rivals.served(0);
        rivals.observe(1, 1, None, &[2, 1, 2]);
        (rivals, [2, 2, 2])
    }

    /// The law of each rival in the present state.
    fn laws(rivals: &Rivals, lengths: &[u32]) -> Vec<Vec<f64>> {
        let (mut rivals, count) = (rivals.clone(), rivals.rivals.len());
        let graph = rivals.graph.clone();
        let servers = graph.servers_of(0);
        let law = |rival: usize| -> Vec<f64> {
            let memory = rivals.views[rivals.rivals[rival].view].memory.clone();
            let all = memory.as_ref().map_or(lengths, |memory| memory.seen(0, lengths)).to_vec();
            let turn = memory.as_ref().map_or(0, |memory| memory.turn(0, servers));
            let seen: Vec<u32> = servers.iter().map(|v| all[v as usize]).collect();
            let share = |place| rivals.share(rival, &Around::new(&seen, place, turn)).unwrap();
            (0..seen.len()).map(share).collect()
        };
        (0..count).map(law).collect()
    }

    #[test]
    fn shares_of_rivals_are_their_exact_laws() {
        for promise in ["jsq(7), replacement", "jsq(2), replacement"] {
            let mut rivals = Rivals::of(&model(three(), &promise.parse().unwrap()), &[0; 3]);
            for rival in 0..rivals.rivals.len() {
                let policy = rivals.rivals[rival].policy.clone();
                for code in 0..64u32 {
                    let seen: Vec<u32> = (0..3).map(|i| code / 4u32.pow(i) % 4).collect();
                    for turn in 0..3 {
                        let law = policy.law_f64(&seen, None, turn).unwrap();
                        for (place, exact) in law.into_iter().enumerate() {
                            let around = Around::new(&seen, place, turn);
                            let share = rivals.share(rival, &around).unwrap();
                            let sound = (share - exact).abs() < 1e-12;
                            assert!(
                                sound && (share > 0.0) == (exact > 0.0),
                                "{policy} {seen:?}, turn {turn}, place {place}: {share}, {exact}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_wealth_is_a_supermartingale_under_the_promise() {
        for promise in Policy::declared().iter().filter(|policy| policy.is_markov()) {
            let (rivals, _) = after_some_picks(promise);
            for lengths in [[2, 2, 2], [0, 1, 2], [1, 0, 0], [5, 5, 4]] {
                let law = promise.law_f64(&lengths, None, 0).unwrap();
                let mut means = vec![[0.0; SHARES.len()]; rivals.rivals.len()];
                for (place, &p) in law.iter().enumerate().filter(|(_, p)| **p > 0.0) {
                    let mut next = rivals.clone();
                    next.observe(0, place, Some(p), &lengths);
                    for (means, rival) in means.iter_mut().zip(&next.rivals) {
                        for (mean, log) in means.iter_mut().zip(rival.log_wealth()) {
                            *mean += p * log.exp();
                        }
                    }
                }
                let laws = laws(&rivals, &lengths);
                for ((means, rival), other) in means.iter().zip(&rivals.rivals).zip(laws) {
                    // What R does where P never goes is lost.
                    let kept: f64 =
                        other.iter().zip(&law).filter(|(_, p)| **p > 0.0).map(|(r, _)| r).sum();
                    for (mean, share) in means.iter().zip(SHARES) {
                        let exact = (1.0 - share) + share * kept;
                        let policy = &rival.policy;
                        assert!(
                            (mean - exact).abs() < 1e-12 && *mean < 1.0 + 1e-12,
                            "{promise} against {policy} at {share}, {lengths:?}: {mean}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_inverse_is_a_supermartingale_under_every_larger_contamination() {
        for promise in Policy::declared().iter().filter(|policy| policy.is_markov()) {
            let (rivals, _) = after_some_picks(promise);
            for lengths in [[2, 2, 2], [0, 1, 2], [1, 0, 0], [5, 5, 4]] {
                let law = promise.law_f64(&lengths, None, 0).unwrap();
                for (rival, other) in rivals.rivals.iter().zip(laws(&rivals, &lengths)) {
                    for share in SHARES {
                        for q in [share, (1.5 * share).min(1.0), 1.0] {
                            let mean: f64 = law
                                .iter()
                                .zip(&other)
                                .map(|(p, r)| {
                                    let (at_q, at_share) =
                                        ((1.0 - q) * p + q * r, (1.0 - share) * p + share * r);
                                    if *p > 0.0 && at_q > 0.0 { at_q * p / at_share } else { 0.0 }
                                })
                                .sum();
                            let policy = &rival.policy;
                            assert!(mean < 1.0 + 1e-12, "{policy} {share} {q}: {mean}");
                            let all = q < 1.0 && q <= share;
                            assert!(!all || (mean - 1.0).abs() < 1e-12, "{policy} {share}: {mean}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_rejected_shares_are_an_up_set_and_the_least_is_told() {
        let mut rival =
            Rival { policy: "random".parse().unwrap(), view: 0, products: Products::ONE };
        let mut previous = None;
        for picks in 0..4000u32 {
            // Two of three picks speak for the promise.
            rival.products.multiply(if picks % 3 == 0 { 1.5 } else { 0.5 });
            let log = rival.log_wealth();
            let least = rival.excluded_share(1e-6);
            let rejected = SHARES.iter().zip(log).filter(|(_, log)| -log >= 1e6f64.ln());
            assert_eq!(least, rejected.map(|(share, _)| *share).next_back());
            if picks % 3 == 2 {
                assert!(previous.is_none() || least <= previous, "after {picks}");
                previous = least;
            }
        }
        assert!(previous.is_some_and(|share| share < 0.1));
        // One pick that the rival never makes refutes the whole policy only.
        let mut rival = Rival { products: Products::ONE, ..rival };
        rival.products.multiply(0.0);
        assert_eq!(rival.excluded_share(1e-6), Some(1.0));
        assert!((rival.log_wealth()[1] - 0.5f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn products_in_parts_are_the_sums_of_logarithms() {
        let mut products = Products::ONE;
        let mut logs = [0.0; SHARES.len()];
        for k in 0..200 {
            let u = [1.0, 0.25, 3.0, 1e-9, 1e8, 0.9][k % 6];
            products.multiply(u);
            for (log, share) in logs.iter_mut().zip(SHARES) {
                *log += (share * (u - 1.0)).ln_1p();
            }
        }
        for (log, sum) in products.log_wealth().into_iter().zip(logs) {
            assert!((log - sum).abs() < 1e-5, "{log}, not {sum}");
        }
    }

    #[test]
    fn rivals_with_memories_follow_the_law_of_their_own_path() {
        use super::super::picks::{Pick, Picks};
        // Picks, and services (`None` in place of the server) of server 0.
        let events = [Some(1), None, Some(0), Some(2), None, Some(1), Some(1), None, Some(0)];
        let start = [2, 0, 1];
        let promise = "jsq(7), replacement".parse().unwrap();
        let mut rivals = Rivals::of(&model(three(), &promise), &start);
        let of = |policy: &Policy| Picks::of(&model(three(), policy), &start);
        let mut alone: Vec<Picks> = rivals.rivals.iter().map(|rival| of(&rival.policy)).collect();
        let mut lengths = start;
        for event in events.into_iter().cycle().take(60) {
            let Some(place) = event else {
                if lengths[0] > 0 {
                    rivals.served(0);
                    alone.iter_mut().for_each(|picks| picks.served(0));
                    lengths[0] -= 1;
                }
                continue;
            };
            let laws = laws(&rivals, &lengths);
            for ((rival, picks), law) in rivals.rivals.iter().zip(&mut alone).zip(laws) {
                let seen = picks.seen(0, &lengths);
                if let Pick::Law(exact) = picks.next(0, &seen)
                    && !rival.policy.takes_turns()
                {
                    let near = exact.iter().zip(&law).all(|(a, b)| (a - b).abs() < 1e-12);
                    assert!(near, "{} at {lengths:?}: {law:?}, not {exact:?}", rival.policy);
                }
                picks.joined(0, place, &lengths);
            }
            rivals.observe(0, place, None, &lengths);
            lengths[place] += 1;
        }
    }

    #[test]
    fn policies_of_one_law_are_listed_and_not_bet_on() {
        let complete = |n| BipartiteGraph::complete(n, 1).unwrap();
        let table: [(&str, u32, &[&str]); 5] = [
            ("jsq(all)", 2, &["jsq(2), distinct", "jsq(5), distinct", "jsq(all)"]),
            ("jsq(all)", 4, &["jsq(4), distinct", "jsq(5), distinct", "jsq(all)"]),
            ("jsq(all)", 5, &["jsq(5), distinct", "jsq(all)"]),
            ("jsq(2), replacement", 3, &["jsq(2), replacement"]),
            ("jsq(all), late(1)", 2, &["jsq(2), distinct, late(1)", "jsq(all), late(1)"]),
        ];
        for (promise, n, equal) in table {
            let rivals =
                Rivals::of(&model(complete(n), &promise.parse().unwrap()), &vec![0; n as usize]);
            for text in equal {
                let policy: Policy = text.parse().unwrap();
                assert!(rivals.equal.contains(&policy), "{promise}, {n} servers: {text}");
                assert!(rivals.rivals.iter().all(|rival| rival.policy != policy));
            }
            let all = rivals.equal.len() + rivals.rivals.len() + rivals.left_out.len();
            assert_eq!(all, Policy::declared().len());
        }
        let alone = Rivals::of(&model(complete(1), &"random".parse().unwrap()), &[0]);
        assert!(alone.rivals.is_empty() && alone.log_e() == 0.0);
        assert_eq!(alone.excluded_share(1e-6), None);
    }

    #[test]
    fn a_promise_that_is_a_mixture_of_rivals_says_so() {
        let complete = |n| BipartiteGraph::complete(n, 1).unwrap();
        let of = |n, policy: &str| {
            Rivals::of(&model(complete(n), &policy.parse().unwrap()), &vec![0; n as usize])
                .mixture()
        };
        let words = of(4, "jsq(2), replacement").unwrap();
        assert!(words.contains("`random` for 0.2500") || words.contains("0.7500"), "{words}");
        let words = of(2, "jsq(all)").unwrap();
        assert!(words.contains("ties lowest") && words.contains("ties highest"), "{words}");
        assert_eq!(of(4, "first"), None);
        let two_degrees = model(three(), &"jsq(2), replacement".parse().unwrap());
        assert_eq!(Rivals::of(&two_degrees, &[0; 3]).mixture(), None, "1/3 and 1/2 are two shares");
    }

    #[test]
    fn equal_weights_are_none() {
        let policy: Policy = "jsq(2), replacement, weights=FILE".parse().unwrap();
        let load = Load::try_from(0.5).unwrap();
        let equal = |weights: &[u64]| {
            let weights = Some(weights.iter().map(|&x| ratio::whole(x)).collect());
            let complete = BipartiteGraph::complete(3, 1).unwrap();
            let model =
                Model::with_policy(complete, load.clone(), policy.clone(), weights).unwrap();
            Rivals::of(&model, &[0; 3]).equal.len()
        };
        assert_eq!((equal(&[2, 2, 2]), equal(&[2, 1, 2])), (1, 0));
    }
}
