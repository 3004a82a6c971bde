//! Policies: how a task chooses among its compatible servers, as values with an exact law.
//!
//! A policy is a base (what is sampled and compared), how ties are broken, weights, and what the
//! picker sees of the queues. Its text form is a list of items separated by commas, in any order:
//!
//! | item | meaning |
//! |---|---|
//! | `jsq(D)` | the shortest of D samples; `replacement` (the default) or `distinct` |
//! | `jsq(all)` | the shortest of all candidates |
//! | `random` | one sample, lengths ignored |
//! | `round-robin` | the c-th pick takes candidate c modulo n |
//! | `first` | the lowest candidate |
//! | `idle-first` | a uniform idle candidate; where none is idle, a uniform candidate |
//! | `longest(D)` | the longest of D samples |
//! | `ties fair`, `lowest`, `highest`, `round-robin` | who wins among the shortest sampled |
//! | `weights=FILE` | samples in proportion to weights; `jsq(all)` compares (length + 1) / weight |
//! | `early`, `late(k)` | decided on the lengths after the pick before, or that the k-th pick before saw |
//! | `of=in-flight`, `of=given` | lengths are tasks in the system, or tasks given since the start |
//! | `per-type` | counters, pointers and delays are kept for each task type apart |
//!
//! The canonical text has the order base, sampling, ties, weights, sight; it always states the
//! sampling of `jsq(D)` and `longest(D)`, and never a default of another item.
//!
//! | idea | here |
//! |---|---|
//! | the law of a pick, by differences of g over an order of the candidates | [`Policy::law`] |
//! | g(S): the probability that all samples lie within S | [`SampleLaw::all_within`] |
//! | a pick from random numbers | [`Policy::pick`] |
//! | what is kept along a path | [`Memory`] |
//!
//! For policies that join a shortest sample the law follows from g alone: sort the candidates from
//! the one that wins against all others to the one that loses; candidate i gets the task if all
//! samples lie in the tail that begins with i, but not in the tail after it.
//!
//! `ties fair` means that the first sampled one among the shortest wins. Without weights each of
//! them is equally likely; with weights each is likely in proportion to its weight (with
//! replacement), as shared marks need it.
//!
//! # Source
//! Section 2 and (4.12) for `jsq(d), replacement`; the other laws are those of products in use.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_traits::{One, Zero};
use rand::Rng;
use thiserror::Error;

use super::MAX_CHOICES;
use super::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};
use crate::random::{below, wide_below};

/// What is sampled, and what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// The shortest of `d` samples.
    Jsq {
        /// The number of samples, 1 to [`MAX_CHOICES`].
        d: u32,
        /// How they are drawn.
        sampling: Sampling,
    },
    /// The shortest of all candidates.
    JsqAll,
    /// A uniform candidate.
    Random,
    /// The candidates in turn.
    RoundRobin,
    /// The lowest candidate.
    First,
    /// A uniform idle candidate, else a uniform one.
    IdleFirst,
    /// The longest of `d` samples.
    Longest {
        /// The number of samples, 1 to [`MAX_CHOICES`].
        d: u32,
        /// How they are drawn.
        sampling: Sampling,
    },
}

/// How samples are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// Independently: a server may be drawn twice, as in the paper.
    #[default]
    Replacement,
    /// One after another without those drawn: min(d, n) different servers.
    Distinct,
}

/// Who wins among the shortest of the sampled servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ties {
    /// The first that was sampled.
    #[default]
    Fair,
    /// The lowest candidate.
    Lowest,
    /// The highest candidate.
    Highest,
    /// The next one after the winner of the last tie, cyclically.
    RoundRobin,
}

/// Which lengths a pick is decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sight {
    /// Those of now.
    #[default]
    Now,
    /// Those right after the task of the pick before joined: only departures since are missed.
    Early,
    /// Those that the pick this many picks earlier saw, k >= 1.
    Late(u32),
}

/// What the picker takes for a length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Of {
    /// Tasks in the system, the one in service included.
    #[default]
    InFlight,
    /// Tasks given to the server since the start: departures are never seen.
    Given,
}

/// The largest delay of [`Sight::Late`].
pub const MAX_LATE: u32 = 1 << 16;

/// A policy.
///
/// ```
/// use fluidcheck::model::policy::Policy;
/// use fluidcheck::num::ratio::ratio;
/// let policy: Policy = "distinct, jsq(2)".parse()?;
/// assert_eq!(policy.to_string(), "jsq(2), distinct");
/// // Of two candidates with lengths 1 and 0 the second always wins.
/// assert_eq!(policy.law(&[1, 0], None, 0)?, [ratio(0, 1), ratio(1, 1)]);
/// # Ok::<(), fluidcheck::model::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    base: Base,
    ties: Ties,
    weights: Option<String>,
    sight: Sight,
    of: Of,
    per_type: bool,
}

/// Why a text or a combination is no policy, or has no law of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// An item is unknown.
    #[error("policy, item {at}: `{item}` is unknown; did you mean `{nearest}`?")]
    Unknown {
        /// Its place, from 1.
        at: usize,
        /// What was given.
        item: String,
        /// The valid item that is most like it.
        nearest: String,
    },
    /// No base was named.
    #[error("policy `{text}` names no base: write one of {BASES}")]
    NoBase {
        /// What was given.
        text: String,
    },
    /// An item of this kind was given before.
    #[error("policy, item {at}: `{item}` comes after another {kind}: keep one of them")]
    Twice {
        /// Its place, from 1.
        at: usize,
        /// What was given.
        item: String,
        /// What both are.
        kind: &'static str,
    },
    /// A number of samples or of picks is out of range.
    #[error("policy, item {at}: {what} = {given} is outside 1 to {most}")]
    Range {
        /// Its place, from 1.
        at: usize,
        /// What the number is.
        what: &'static str,
        /// What was given.
        given: String,
        /// The largest value.
        most: u32,
    },
    /// Two items do not go together.
    #[error("policy: {base} takes no {item}: {instead}")]
    Combination {
        /// The base.
        base: String,
        /// The item that does not fit.
        item: &'static str,
        /// What is possible.
        instead: &'static str,
    },
    /// Weights do not fit the candidates, or are all 0.
    #[error(
        "{given} weights for {candidates} candidates, {positive} of them positive: every candidate needs one, and some must be positive"
    )]
    Weights {
        /// How many weights there are.
        given: usize,
        /// How many candidates there are.
        candidates: usize,
        /// How many weights are positive.
        positive: usize,
    },
    /// Weights have no common denominator of ordinary size.
    #[error(
        "the weights of the servers of task type {task_type} need numbers beyond 2^64 over a common denominator: round them"
    )]
    LongWeights {
        /// The task type.
        task_type: u32,
    },
    /// There is no candidate.
    #[error("there is no candidate to choose from")]
    NoCandidate,
    /// The exact law would take too long.
    #[error(
        "the exact law of {d} distinct weighted samples of {n} candidates needs too many terms: take fewer samples or equal weights"
    )]
    TooManyTerms {
        /// The number of samples.
        d: u32,
        /// The number of candidates.
        n: usize,
    },
    /// What the policy sees is no function of the state.
    #[error("`{policy}` has no {what}: possible are jsq(D), jsq(all) without weights, random")]
    Undefined {
        /// The policy.
        policy: String,
        /// What was asked for.
        what: &'static str,
    },
}

/// The bases, as messages name them.
const BASES: &str =
    "jsq(D), jsq(all), random, round-robin, first, idle-first, longest(D) with a number D";

/// Every item without a number, and examples of those with one, for suggestions.
const ITEMS: [&str; 21] = [
    "jsq(2)",
    "jsq(all)",
    "random",
    "round-robin",
    "first",
    "idle-first",
    "longest(2)",
    "replacement",
    "distinct",
    "ties fair",
    "ties lowest",
    "ties highest",
    "ties round-robin",
    "weights=FILE",
    "early",
    "late(1)",
    "of=in-flight",
    "of=given",
    "per-type",
    "jsq(3)",
    "late(2)",
];

/// Terms of an exact law of weighted distinct samples.
const MOST_TERMS: u64 = 2_000_000;

impl Policy {
    /// The paper's policy: the shortest of d samples drawn with replacement, ties fair.
    ///
    /// # Errors
    /// [`PolicyError::Range`] where d is 0 or above [`MAX_CHOICES`].
    pub fn jsq(d: u32) -> Result<Self, PolicyError> {
        Self::of_base(Base::Jsq { d, sampling: Sampling::Replacement })
    }

    /// The shortest of min(d, n) different servers, ties fair.
    ///
    /// # Errors
    /// As [`Policy::jsq`].
    pub fn jsq_distinct(d: u32) -> Result<Self, PolicyError> {
        Self::of_base(Base::Jsq { d, sampling: Sampling::Distinct })
    }

    /// A base with all defaults.
    ///
    /// # Errors
    /// [`PolicyError::Range`].
    pub fn of_base(base: Base) -> Result<Self, PolicyError> {
        if let Base::Jsq { d, .. } | Base::Longest { d, .. } = base
            && !(1..=MAX_CHOICES).contains(&d)
        {
            return Err(samples_out_of_range(1, &d.to_string()));
        }
        let (ties, sight, of) = (Ties::Fair, Sight::Now, Of::InFlight);
        Ok(Self { base, ties, weights: None, sight, of, per_type: false })
    }

    /// The same with ties broken otherwise.
    ///
    /// # Errors
    /// [`PolicyError::Combination`] where the base compares no lengths.
    pub fn with_ties(self, ties: Ties) -> Result<Self, PolicyError> {
        Self { ties, ..self }.checked()
    }

    /// What is sampled and compared.
    pub fn base(&self) -> Base {
        self.base
    }

    /// Who wins a tie.
    pub fn ties(&self) -> Ties {
        self.ties
    }

    /// The file of the weights.
    pub fn weights(&self) -> Option<&str> {
        self.weights.as_deref()
    }

    /// Which lengths a pick is decided on.
    pub fn sight(&self) -> Sight {
        self.sight
    }

    /// What is taken for a length.
    pub fn of(&self) -> Of {
        self.of
    }

    /// Whether counters and delays are kept for each task type apart.
    pub fn per_type(&self) -> bool {
        self.per_type
    }

    /// The d of the paper for `jsq(d), replacement` with fair ties and plain sight.
    pub fn paper_d(&self) -> Option<u32> {
        match self.base {
            Base::Jsq { d, sampling: Sampling::Replacement } if *self == Self::jsq(d).ok()? => {
                Some(d)
            }
            _ => None,
        }
    }

    /// Whether the law of a pick is a function of task type and queue lengths alone.
    pub fn is_markov(&self) -> bool {
        let turns = self.base == Base::RoundRobin || self.ties == Ties::RoundRobin;
        !turns && self.sight == Sight::Now && self.of == Of::InFlight
    }

    /// Whether the pick is a shortest of the samples, and the samples do not look at the state: the
    /// critical load then follows from [`SampleLaw::all_within`].
    pub fn joins_a_shortest(&self) -> bool {
        let base = matches!(self.base, Base::Jsq { .. } | Base::JsqAll | Base::Random);
        // Weights change what jsq(all) compares.
        let compares_lengths = self.weights.is_none() || self.base != Base::JsqAll;
        base && compares_lengths && self.sight == Sight::Now && self.of == Of::InFlight
    }

    /// The entries of a mark: samples of an arrival, at most, where a type has up to `degree`
    /// servers.
    pub(crate) fn samples_of(&self, degree: usize) -> u32 {
        match self.base {
            Base::Jsq { d, .. } | Base::Longest { d, .. } => d,
            Base::Random | Base::RoundRobin | Base::First => 1,
            Base::JsqAll | Base::IdleFirst => degree.max(1) as u32,
        }
    }

    /// Whether the first shortest of the samples of [`Policy::candidates_in_order`] is the pick, so
    /// that a path is a fold of marks and keeps the order of its starts.
    pub fn is_first_shortest(&self) -> bool {
        let base = match self.base {
            Base::Jsq { .. } => true,
            Base::JsqAll => self.weights.is_none(),
            Base::Random | Base::RoundRobin | Base::First => true,
            Base::IdleFirst | Base::Longest { .. } => false,
        };
        let sight = self.sight == Sight::Now && self.of == Of::InFlight;
        base && sight && self.ties != Ties::RoundRobin
    }

    /// Places among the candidates, the winner among equals first: the samples of a mark, for
    /// policies with [`Policy::is_first_shortest`].
    ///
    /// # Panics
    /// As [`Policy::samples`].
    pub(crate) fn candidates_in_order(
        &self,
        n: u32,
        weights: Option<&[u64]>,
        turn: u64,
        rng: &mut impl Rng,
    ) -> Vec<u32> {
        match (self.base, self.ties) {
            (Base::First, _) => vec![0],
            (Base::RoundRobin, _) => vec![(turn % u64::from(n)) as u32],
            (Base::JsqAll, Ties::Lowest) => (0..n).collect(),
            (Base::JsqAll, Ties::Highest) => (0..n).rev().collect(),
            (_, ties) => {
                let mut samples = self.samples(n, weights, rng);
                match ties {
                    Ties::Lowest => samples.sort_unstable(),
                    Ties::Highest => samples.sort_unstable_by(|a, b| b.cmp(a)),
                    Ties::Fair | Ties::RoundRobin => {}
                }
                samples
            }
        }
    }

    /// All that [`Policy::candidates_in_order`] can be at a first turn, with their probabilities.
    ///
    /// # Errors
    /// [`PolicyError::TooManyTerms`].
    pub(crate) fn all_in_order(
        &self,
        n: u32,
        weights: Option<&[Ratio]>,
    ) -> Result<Vec<(Vec<u32>, Ratio)>, PolicyError> {
        let equal = vec![Ratio::one(); n as usize];
        let weights = weights.unwrap_or(&equal);
        let certain = |order: Vec<u32>| Ok(vec![(order, Ratio::one())]);
        let (count, sampling) = match (self.base, self.ties) {
            (Base::First | Base::RoundRobin, _) => return certain(vec![0]),
            (Base::JsqAll, Ties::Lowest) => return certain((0..n).collect()),
            (Base::JsqAll, Ties::Highest) => return certain((0..n).rev().collect()),
            (Base::Jsq { d, sampling } | Base::Longest { d, sampling }, _) => (d, sampling),
            (Base::Random, _) => (1, Sampling::Replacement),
            (Base::JsqAll | Base::IdleFirst, _) => (n, Sampling::Distinct),
        };
        let mut all: std::collections::BTreeMap<Vec<u32>, Ratio> = Default::default();
        let mut add = |drawn: &[usize], probability: &Ratio| {
            let mut order: Vec<u32> = drawn.iter().map(|&i| i as u32).collect();
            match self.ties {
                Ties::Lowest => order.sort_unstable(),
                Ties::Highest => order.sort_unstable_by(|a, b| b.cmp(a)),
                Ties::Fair | Ties::RoundRobin => {}
            }
            *all.entry(order).or_default() += probability;
        };
        match sampling {
            Sampling::Distinct => sequences(weights, count, &mut add)?,
            Sampling::Replacement => repeated(weights, count, &mut add)?,
        }
        Ok(all.into_iter().collect())
    }

    /// Whether all candidates are alike to it: no weights, no fixed order, no turns.
    pub fn is_exchangeable(&self) -> bool {
        let turns = matches!(self.base, Base::First | Base::RoundRobin);
        !turns && self.ties == Ties::Fair && self.weights.is_none()
    }

    /// Whether the order of the lengths decides, not how much they differ.
    pub fn looks_at_order_only(&self) -> bool {
        let sizes = matches!(self.base, Base::IdleFirst);
        !sizes && (self.weights.is_none() || self.base != Base::JsqAll)
    }

    /// The probability that all samples lie within `set` of the candidates, exact: with weights a
    /// function of the set and not only of its size.
    ///
    /// # Errors
    /// [`PolicyError::Undefined`] for policies that do not join a shortest of samples,
    /// [`PolicyError::Weights`], [`PolicyError::TooManyTerms`].
    pub fn all_within(
        &self,
        set: &[usize],
        n: usize,
        weights: Option<&[Ratio]>,
    ) -> Result<Ratio, PolicyError> {
        let weights = self.fitting(weights, n)?;
        if let Some(law) = self.sample_law() {
            return Ok(law.all_within(set.len() as u64, n as u64));
        }
        match (self.base, weights) {
            (Base::Jsq { d, sampling }, Some(weights)) if self.joins_a_shortest() => {
                all_within_weighted(set, weights, d, sampling)
            }
            (Base::Random, Some(weights)) => {
                all_within_weighted(set, weights, 1, Sampling::Replacement)
            }
            _ => Err(PolicyError::Undefined {
                policy: self.to_string(),
                what: "critical load that is proved",
            }),
        }
    }

    /// The law of the samples, where it decides alone who can be overloaded: for policies that join
    /// a shortest sample, without weights.
    pub fn sample_law(&self) -> Option<SampleLaw> {
        if !self.joins_a_shortest() || self.weights.is_some() {
            return None;
        }
        match self.base {
            Base::Jsq { d, sampling } => Some(sampled(d, sampling)),
            Base::JsqAll => Some(SampleLaw::All),
            Base::Random => Some(SampleLaw::Replacement(1)),
            _ => None,
        }
    }

    /// The law of a pick, exact: a probability for each candidate, in their order.
    ///
    /// `lengths` are those that the policy sees, one for each candidate; `weights` theirs, where
    /// the policy has any; `turn` is the first place that a turn may take, for `round-robin` and
    /// `ties round-robin` (candidate `turn` modulo n comes first).
    ///
    /// # Errors
    /// [`PolicyError::NoCandidate`], [`PolicyError::Weights`], [`PolicyError::TooManyTerms`].
    pub fn law(
        &self,
        lengths: &[u32],
        weights: Option<&[Ratio]>,
        turn: u64,
    ) -> Result<Vec<Ratio>, PolicyError> {
        let n = lengths.len();
        let weights = self.fitting(weights, n)?;
        let turn = (turn % n as u64) as usize;
        let uniform_among = |chosen: &dyn Fn(usize) -> bool| -> Vec<Ratio> {
            let count = (0..n).filter(|&i| chosen(i)).count();
            let share = Ratio::new(BigInt::one(), count.max(1).into());
            (0..n).map(|i| if chosen(i) { share.clone() } else { Ratio::zero() }).collect()
        };
        match self.base {
            Base::First => Ok(uniform_among(&|i| i == 0)),
            Base::RoundRobin => Ok(uniform_among(&|i| i == turn)),
            Base::IdleFirst => {
                let idle = lengths.contains(&0);
                Ok(uniform_among(&|i| !idle || lengths[i] == 0))
            }
            Base::JsqAll => {
                let best = self.best_of_all(lengths, weights);
                let chosen = self.tied_winner(&best, turn, n);
                Ok(uniform_among(&|i| chosen.map_or(best.contains(&i), |winner| winner == i)))
            }
            Base::Random => self.by_order(&vec![0; n], weights, turn, 1, Sampling::Replacement),
            Base::Jsq { d, sampling } => self.by_order(lengths, weights, turn, d, sampling),
            Base::Longest { d, sampling } => {
                let most = lengths.iter().max().copied().unwrap_or(0);
                let turned: Vec<u32> = lengths.iter().map(|length| most - length).collect();
                self.by_order(&turned, weights, turn, d, sampling)
            }
        }
    }

    /// [`Policy::law`] rounded to the nearest doubles.
    ///
    /// # Errors
    /// As [`Policy::law`].
    pub fn law_f64(
        &self,
        lengths: &[u32],
        weights: Option<&[Ratio]>,
        turn: u64,
    ) -> Result<Vec<f64>, PolicyError> {
        Ok(self.law(lengths, weights, turn)?.iter().map(ratio::to_f64).collect())
    }

    /// The candidates that `jsq(all)` may choose.
    fn best_of_all(&self, lengths: &[u32], weights: Option<&[Ratio]>) -> Vec<usize> {
        let cost = |i: usize| -> Option<Ratio> {
            let load = ratio::whole(u64::from(lengths[i]) + 1);
            match weights.map(|weights| &weights[i]) {
                None => Some(load),
                Some(weight) if weight.is_zero() => None,
                Some(weight) => Some(load / weight),
            }
        };
        let costs: Vec<Option<Ratio>> = (0..lengths.len()).map(cost).collect();
        let least = costs.iter().flatten().min();
        (0..lengths.len()).filter(|&i| costs[i].is_some() && costs[i].as_ref() == least).collect()
    }

    /// Who wins among the tied, ascending; `None` where chance decides.
    fn tied_winner(&self, tied: &[usize], turn: usize, n: usize) -> Option<usize> {
        match self.ties {
            Ties::Fair => None,
            Ties::Lowest => tied.first().copied(),
            Ties::Highest => tied.last().copied(),
            Ties::RoundRobin => tied.iter().copied().min_by_key(|i| (i + n - turn) % n),
        }
    }

    /// The law where the best of the samples in an order of the candidates wins.
    fn by_order(
        &self,
        lengths: &[u32],
        weights: Option<&[Ratio]>,
        turn: usize,
        d: u32,
        sampling: Sampling,
    ) -> Result<Vec<Ratio>, PolicyError> {
        let n = lengths.len();
        if let (Some(weights), Ties::Fair) = (weights, self.ties) {
            return weighted_fair(lengths, weights, d, sampling);
        }
        // Fair ties without weights: members of a level are alike, so the level's mass is shared.
        let rank = |i: usize| match self.ties {
            Ties::Fair => 0,
            Ties::Lowest => i,
            Ties::Highest => n - 1 - i,
            Ties::RoundRobin => (i + n - turn) % n,
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&i| (lengths[i], rank(i)));
        let within = |tail: &[usize]| -> Result<Ratio, PolicyError> {
            match weights {
                None => Ok(sampled(d, sampling).all_within(tail.len() as u64, n as u64)),
                Some(weights) => all_within_weighted(tail, weights, d, sampling),
            }
        };
        let mut law = vec![Ratio::zero(); n];
        let mut from = 0;
        while from < n {
            let same = |i: &usize| self.ties == Ties::Fair && lengths[*i] == lengths[order[from]];
            let to = from + order[from..].iter().take_while(|i| same(i)).count().max(1);
            let mass = within(&order[from..])? - within(&order[to..])?;
            let share = mass / ratio::whole((to - from) as u64);
            order[from..to].iter().for_each(|&i| law[i] = share.clone());
            from = to;
        }
        Ok(law)
    }

    /// The weights, if the policy has any, checked against the number of candidates.
    fn fitting<'a>(
        &self,
        weights: Option<&'a [Ratio]>,
        candidates: usize,
    ) -> Result<Option<&'a [Ratio]>, PolicyError> {
        if candidates == 0 {
            return Err(PolicyError::NoCandidate);
        }
        if self.weights.is_none() {
            return Ok(None);
        }
        let weights = weights.unwrap_or(&[]);
        let positive = weights.iter().filter(|weight| **weight > Ratio::zero()).count();
        if weights.len() != candidates || positive == 0 {
            return Err(PolicyError::Weights { given: weights.len(), candidates, positive });
        }
        Ok(Some(weights))
    }

    /// Samples in their order, places among the candidates: what a mark of this policy holds.
    ///
    /// `jsq(all)` gives all candidates in a random order where ties are fair, else none. Weights
    /// are whole numbers here.
    ///
    /// # Panics
    /// If n is 0, or no weight is positive.
    pub fn samples(&self, n: u32, weights: Option<&[u64]>, rng: &mut impl Rng) -> Vec<u32> {
        let (count, sampling) = match self.base {
            Base::Jsq { d, sampling } | Base::Longest { d, sampling } => (d, sampling),
            Base::Random => (1, Sampling::Replacement),
            Base::JsqAll if self.ties == Ties::Fair => (n, Sampling::Distinct),
            Base::IdleFirst => (n, Sampling::Distinct),
            Base::JsqAll | Base::RoundRobin | Base::First => return Vec::new(),
        };
        let weights = if self.base == Base::JsqAll { None } else { weights };
        match (sampling, weights) {
            (Sampling::Replacement, None) => (0..count).map(|_| below(rng, n)).collect(),
            (Sampling::Distinct, None) => {
                // The first places of a shuffle.
                let mut places: Vec<u32> = (0..n).collect();
                let count = count.min(n);
                for at in 0..count {
                    places.swap(at as usize, (at + below(rng, n - at)) as usize);
                }
                places.truncate(count as usize);
                places
            }
            (Sampling::Replacement, Some(weights)) => {
                (0..count).map(|_| weighted_place(weights, rng)).collect()
            }
            (Sampling::Distinct, Some(weights)) => {
                let mut left = weights.to_vec();
                let positive = weights.iter().filter(|weight| **weight > 0).count();
                (0..(count as usize).min(positive))
                    .map(|_| {
                        let place = weighted_place(&left, rng);
                        left[place as usize] = 0;
                        place
                    })
                    .collect()
            }
        }
    }

    /// The place of the candidate that gets the task: a function of the samples, of the lengths
    /// seen, and of the turn. The turn after the pick comes with it.
    ///
    /// # Panics
    /// If there is no candidate, or a sample is none.
    pub fn pick(
        &self,
        samples: &[u32],
        lengths: &[u32],
        weights: Option<&[Ratio]>,
        turn: u64,
    ) -> (u32, u64) {
        let n = lengths.len();
        let place = (turn % n as u64) as usize;
        match self.base {
            Base::First => (0, turn),
            Base::RoundRobin => (place as u32, turn + 1),
            Base::Random => (samples[0], turn),
            Base::IdleFirst => {
                let idle = samples.iter().find(|&&i| lengths[i as usize] == 0);
                (*idle.unwrap_or(&samples[0]), turn)
            }
            Base::JsqAll => {
                let best = self.best_of_all(lengths, weights);
                self.settle(&best, samples, place, n, turn)
            }
            Base::Jsq { .. } | Base::Longest { .. } => {
                let longest = matches!(self.base, Base::Longest { .. });
                let key = |i: &u32| {
                    let length = i64::from(lengths[*i as usize]);
                    if longest { -length } else { length }
                };
                let least = samples.iter().map(key).min();
                let mut tied: Vec<usize> =
                    samples.iter().filter(|i| Some(key(i)) == least).map(|&i| i as usize).collect();
                tied.sort_unstable();
                tied.dedup();
                self.settle(&tied, samples, place, n, turn)
            }
        }
    }

    /// Who wins among the tied, given the order of the samples.
    fn settle(
        &self,
        tied: &[usize],
        samples: &[u32],
        place: usize,
        n: usize,
        turn: u64,
    ) -> (u32, u64) {
        let by_samples = || samples.iter().map(|&i| i as usize).find(|i| tied.contains(i));
        let winner =
            self.tied_winner(tied, place, n).or_else(by_samples).unwrap_or_else(|| tied[0]);
        // Only a real tie moves the pointer.
        let moves = self.ties == Ties::RoundRobin && tied.len() > 1;
        (winner as u32, if moves { winner as u64 + 1 } else { turn })
    }

    /// Refuses what does not go together.
    fn checked(self) -> Result<Self, PolicyError> {
        let compares = matches!(self.base, Base::Jsq { .. } | Base::JsqAll | Base::Longest { .. });
        let refuse = |item, instead| {
            let base = BaseText(self.base).to_string();
            Err(PolicyError::Combination { base, item, instead })
        };
        if self.ties != Ties::Fair && !compares {
            return refuse("ties", "ties are those of jsq(D), jsq(all) and longest(D)");
        }
        if self.weights.is_some() && !(compares || self.base == Base::Random) {
            return refuse("weights", "weights are those of jsq(D), jsq(all), random, longest(D)");
        }
        let sees = compares || self.base == Base::IdleFirst;
        if !sees && (self.sight != Sight::Now || self.of != Of::InFlight) {
            return refuse("sight", "early, late(k) and of= are for policies that compare lengths");
        }
        Ok(self)
    }
}

/// Picks of the past that a policy looks back at, along one path.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The turn of each counter: one, or one for each task type.
    turns: Vec<u64>,
    /// What the picks saw that a late one looks back to, the oldest first; for each counter.
    seen: Vec<std::collections::VecDeque<Vec<u32>>>,
    /// Tasks given to each server since the start; for each counter.
    given: Vec<Vec<u32>>,
    sight: Sight,
    of: Of,
    per_type: bool,
}

impl Memory {
    /// The memory at the start of a path, with all queues of the system.
    pub fn new(policy: &Policy, n_task_types: u32, lengths: &[u32]) -> Self {
        let counters = if policy.per_type { n_task_types.max(1) as usize } else { 1 };
        let given = vec![0; lengths.len()];
        let first = if policy.of == Of::Given { given.clone() } else { lengths.to_vec() };
        // An early pick has nothing to be early about at first: it sees the lengths of now.
        let kept = if matches!(policy.sight, Sight::Late(_)) { vec![first] } else { Vec::new() };
        Self {
            turns: vec![0; counters],
            seen: vec![kept.into(); counters],
            given: vec![given; counters],
            sight: policy.sight,
            of: policy.of,
            per_type: policy.per_type,
        }
    }

    fn counter(&self, task_type: u32) -> usize {
        if self.per_type { task_type as usize } else { 0 }
    }

    /// The turn of this type's counter.
    pub fn turn(&self, task_type: u32) -> u64 {
        self.turns[self.counter(task_type)]
    }

    /// The lengths of all servers that the next pick of this type is decided on, given those of now.
    pub fn seen<'a>(&'a self, task_type: u32, now: &'a [u32]) -> &'a [u32] {
        let counter = self.counter(task_type);
        let now = if self.of == Of::Given { &self.given[counter] } else { now };
        self.seen[counter].front().map_or(now, Vec::as_slice)
    }

    /// A task of this type joined `server`; `before` and `after` are the lengths around that, and
    /// `turn` is what the pick made of the turn.
    pub fn picked(
        &mut self,
        task_type: u32,
        server: u32,
        before: &[u32],
        after: &[u32],
        turn: u64,
    ) {
        let counter = self.counter(task_type);
        self.turns[counter] = turn;
        let given = &mut self.given[counter];
        let seen = |given: &[u32], lengths: &[u32]| {
            if self.of == Of::Given { given.to_vec() } else { lengths.to_vec() }
        };
        let now = seen(given, before);
        given[server as usize] += 1;
        let kept = &mut self.seen[counter];
        match self.sight {
            Sight::Now => {}
            Sight::Early => *kept = [seen(given, after)].into(),
            Sight::Late(k) => {
                // At the front stands what the pick k picks earlier saw; at first the start.
                kept.push_back(now);
                if kept.len() > k as usize {
                    kept.pop_front();
                }
            }
        }
    }
}

fn sampled(d: u32, sampling: Sampling) -> SampleLaw {
    match sampling {
        Sampling::Replacement => SampleLaw::Replacement(d),
        Sampling::Distinct => SampleLaw::Distinct(d),
    }
}

/// The probability that all of d weighted samples lie within a set.
fn all_within_weighted(
    set: &[usize],
    weights: &[Ratio],
    d: u32,
    sampling: Sampling,
) -> Result<Ratio, PolicyError> {
    let total: Ratio = weights.iter().sum();
    let inside: Ratio = set.iter().map(|&i| &weights[i]).sum();
    match sampling {
        Sampling::Replacement => Ok(ratio::power(&(inside / total), d)),
        Sampling::Distinct => {
            let mut law = Ratio::zero();
            sequences(weights, d, &mut |drawn, probability| {
                if drawn.iter().all(|i| set.contains(i)) {
                    law += probability;
                }
            })?;
            Ok(law)
        }
    }
}

/// The law with weights where the first sampled of the shortest wins.
fn weighted_fair(
    lengths: &[u32],
    weights: &[Ratio],
    d: u32,
    sampling: Sampling,
) -> Result<Vec<Ratio>, PolicyError> {
    let n = lengths.len();
    let mut law = vec![Ratio::zero(); n];
    if sampling == Sampling::Distinct {
        sequences(weights, d, &mut |drawn, probability| {
            let best = drawn.iter().copied().min_by_key(|&i| lengths[i]);
            if let Some(best) = best {
                law[best] += probability;
            }
        })?;
        return Ok(law);
    }
    // Given the least length sampled, each sample of that length is the first of them equally
    // often, so that a level's mass is shared in proportion to the weights.
    let total: Ratio = weights.iter().sum();
    let weight_from = |least: u32| -> Ratio {
        (0..n).filter(|&i| lengths[i] >= least).map(|i| &weights[i]).sum()
    };
    for (i, share) in law.iter_mut().enumerate() {
        let level: Ratio = (0..n).filter(|&j| lengths[j] == lengths[i]).map(|j| &weights[j]).sum();
        if level.is_zero() {
            continue;
        }
        let (from, above) = (weight_from(lengths[i]), weight_from(lengths[i].saturating_add(1)));
        let mass = ratio::power(&(from / &total), d) - ratio::power(&(above / &total), d);
        *share = mass * &weights[i] / level;
    }
    Ok(law)
}

/// All ordered draws of min(d, positive weights) different candidates with their probabilities.
fn sequences(
    weights: &[Ratio],
    d: u32,
    visit: &mut dyn FnMut(&[usize], &Ratio),
) -> Result<(), PolicyError> {
    let positive = weights.iter().filter(|weight| **weight > Ratio::zero()).count();
    let count = (d as usize).min(positive);
    let terms = (0..count as u64)
        .try_fold(1u64, |terms, k| terms.checked_mul(positive as u64 - k))
        .filter(|terms| *terms <= MOST_TERMS);
    if terms.is_none() {
        return Err(PolicyError::TooManyTerms { d, n: weights.len() });
    }
    fn descend(
        weights: &[Ratio],
        left: &Ratio,
        count: usize,
        drawn: &mut Vec<usize>,
        probability: &Ratio,
        visit: &mut dyn FnMut(&[usize], &Ratio),
    ) {
        if drawn.len() == count {
            return visit(drawn, probability);
        }
        for i in 0..weights.len() {
            if weights[i].is_zero() || drawn.contains(&i) {
                continue;
            }
            let next = probability * &weights[i] / left;
            drawn.push(i);
            descend(weights, &(left - &weights[i]), count, drawn, &next, visit);
            drawn.pop();
        }
    }
    let total: Ratio = weights.iter().sum();
    descend(weights, &total, count, &mut Vec::new(), &Ratio::one(), visit);
    Ok(())
}

/// All ordered draws of d candidates with replacement, with their probabilities.
fn repeated(
    weights: &[Ratio],
    d: u32,
    visit: &mut dyn FnMut(&[usize], &Ratio),
) -> Result<(), PolicyError> {
    let n = weights.len();
    let terms = (n as u64).checked_pow(d).filter(|terms| *terms <= MOST_TERMS);
    let Some(terms) = terms else { return Err(PolicyError::TooManyTerms { d, n }) };
    let total: Ratio = weights.iter().sum();
    for mut code in 0..terms {
        let mut drawn = Vec::with_capacity(d as usize);
        for _ in 0..d {
            drawn.push((code % n as u64) as usize);
            code /= n as u64;
        }
        let probability: Ratio = drawn.iter().map(|&i| &weights[i] / &total).product();
        if !probability.is_zero() {
            visit(&drawn, &probability);
        }
    }
    Ok(())
}

/// A place with probability proportional to its weight.
fn weighted_place(weights: &[u64], rng: &mut impl Rng) -> u32 {
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let mut left = wide_below(rng, total);
    for (place, &weight) in weights.iter().enumerate() {
        if left < u128::from(weight) {
            return place as u32;
        }
        left -= u128::from(weight);
    }
    unreachable!("a number below the total lies within some weight")
}

struct BaseText(Base);

impl fmt::Display for BaseText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |f: &mut fmt::Formatter<'_>, name, d, sampling| match sampling {
            Sampling::Replacement => write!(f, "{name}({d}), replacement"),
            Sampling::Distinct => write!(f, "{name}({d}), distinct"),
        };
        match self.0 {
            Base::Jsq { d, sampling } => of(f, "jsq", d, sampling),
            Base::Longest { d, sampling } => of(f, "longest", d, sampling),
            Base::JsqAll => f.write_str("jsq(all)"),
            Base::Random => f.write_str("random"),
            Base::RoundRobin => f.write_str("round-robin"),
            Base::First => f.write_str("first"),
            Base::IdleFirst => f.write_str("idle-first"),
        }
    }
}

impl fmt::Display for Policy {
    /// The canonical text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", BaseText(self.base))?;
        match self.ties {
            Ties::Fair => {}
            Ties::Lowest => f.write_str(", ties lowest")?,
            Ties::Highest => f.write_str(", ties highest")?,
            Ties::RoundRobin => f.write_str(", ties round-robin")?,
        }
        if let Some(file) = &self.weights {
            write!(f, ", weights={file}")?;
        }
        match self.sight {
            Sight::Now => {}
            Sight::Early => f.write_str(", early")?,
            Sight::Late(k) => write!(f, ", late({k})")?,
        }
        if self.of == Of::Given {
            f.write_str(", of=given")?;
        }
        if self.per_type {
            f.write_str(", per-type")?;
        }
        Ok(())
    }
}

/// An item of a policy's text.
enum Item {
    Base(Base),
    Sampling(Sampling),
    Ties(Ties),
    Weights(String),
    Sight(Sight),
    Of(Of),
    PerType,
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let (mut base, mut sampling, mut ties) = (None, None, None);
        let (mut weights, mut sight, mut of, mut per_type) = (None, None, None, None);
        for (at, item) in (1..).zip(text.split(',').map(str::trim)) {
            let (kind, twice) = match parse_item(at, item)? {
                Item::Base(value) => ("base", base.replace(value).is_some()),
                Item::Sampling(value) => ("sampling", sampling.replace(value).is_some()),
                Item::Ties(value) => ("ties", ties.replace(value).is_some()),
                Item::Weights(value) => ("weights", weights.replace(value).is_some()),
                Item::Sight(value) => ("sight", sight.replace(value).is_some()),
                Item::Of(value) => ("of=", of.replace(value).is_some()),
                Item::PerType => ("per-type", per_type.replace(()).is_some()),
            };
            if twice {
                return Err(PolicyError::Twice { at, item: item.to_owned(), kind });
            }
        }
        let Some(base) = base else {
            return Err(PolicyError::NoBase { text: text.chars().take(60).collect() });
        };
        let base = match (base, sampling) {
            (base, None) => base,
            (Base::Jsq { d, .. }, Some(sampling)) => Base::Jsq { d, sampling },
            (Base::Longest { d, .. }, Some(sampling)) => Base::Longest { d, sampling },
            (base, Some(_)) => {
                return Err(PolicyError::Combination {
                    base: BaseText(base).to_string(),
                    item: "sampling",
                    instead: "replacement and distinct are for jsq(D) and longest(D)",
                });
            }
        };
        Self {
            base,
            ties: ties.unwrap_or_default(),
            weights,
            sight: sight.unwrap_or_default(),
            of: of.unwrap_or_default(),
            per_type: per_type.is_some(),
        }
        .checked()
    }
}

fn samples_out_of_range(at: usize, given: &str) -> PolicyError {
    let given = given.chars().take(30).collect();
    PolicyError::Range { at, what: "the number of samples D", given, most: MAX_CHOICES }
}

fn parse_item(at: usize, item: &str) -> Result<Item, PolicyError> {
    let unknown = || {
        let nearest = ITEMS
            .into_iter()
            .min_by_key(|known| distance(&item.to_lowercase(), known))
            .unwrap_or("jsq(2)");
        PolicyError::Unknown {
            at,
            item: item.chars().take(60).collect(),
            nearest: nearest.to_owned(),
        }
    };
    let words: Vec<&str> = item.split_whitespace().collect();
    if let ["ties", which] = words[..] {
        return Ok(Item::Ties(match which {
            "fair" => Ties::Fair,
            "lowest" => Ties::Lowest,
            "highest" => Ties::Highest,
            "round-robin" => Ties::RoundRobin,
            _ => return Err(unknown()),
        }));
    }
    if let Some(file) = item.strip_prefix("weights=").filter(|file| !file.is_empty()) {
        return Ok(Item::Weights(file.to_owned()));
    }
    if let Some((name, rest)) = item.split_once('(') {
        let Some(inside) = rest.strip_suffix(')') else { return Err(unknown()) };
        let (name, inside) = (name.trim(), inside.trim());
        if name == "jsq" && inside == "all" {
            return Ok(Item::Base(Base::JsqAll));
        }
        let number = inside.parse::<u32>().ok();
        let digits = !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit());
        let sampling = Sampling::default();
        return match (name, number) {
            ("jsq" | "longest", Some(d)) if (1..=MAX_CHOICES).contains(&d) => {
                Ok(Item::Base(if name == "jsq" {
                    Base::Jsq { d, sampling }
                } else {
                    Base::Longest { d, sampling }
                }))
            }
            ("jsq" | "longest", _) if digits => Err(samples_out_of_range(at, inside)),
            ("late", Some(k)) if (1..=MAX_LATE).contains(&k) => Ok(Item::Sight(Sight::Late(k))),
            ("late", _) if digits => Err(PolicyError::Range {
                at,
                what: "the number of picks k",
                given: inside.chars().take(30).collect(),
                most: MAX_LATE,
            }),
            _ => Err(unknown()),
        };
    }
    Ok(match item {
        "random" => Item::Base(Base::Random),
        "round-robin" => Item::Base(Base::RoundRobin),
        "first" => Item::Base(Base::First),
        "idle-first" => Item::Base(Base::IdleFirst),
        "replacement" => Item::Sampling(Sampling::Replacement),
        "distinct" => Item::Sampling(Sampling::Distinct),
        "early" => Item::Sight(Sight::Early),
        "of=in-flight" => Item::Of(Of::InFlight),
        "of=given" => Item::Of(Of::Given),
        "per-type" => Item::PerType,
        _ => return Err(unknown()),
    })
}

/// The number of insertions, deletions and exchanges of letters between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().take(60).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let changed = diagonal + usize::from(letter != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::model::Model;
    use crate::num::ratio::ratio;
    use crate::random::stream_rng;

    fn policy(text: &str) -> Policy {
        text.parse().unwrap()
    }

    /// Policies without weights whose law needs no memory.
    const PLAIN: [&str; 16] = [
        "jsq(1)",
        "jsq(2)",
        "jsq(3), replacement",
        "jsq(2), distinct",
        "jsq(3), distinct, ties lowest",
        "jsq(2), ties highest",
        "jsq(2), ties round-robin",
        "jsq(all)",
        "jsq(all), ties lowest",
        "jsq(all), ties round-robin",
        "random",
        "round-robin",
        "first",
        "idle-first",
        "longest(2)",
        "longest(2), distinct, ties lowest",
    ];

    #[test]
    fn a_policy_is_read_in_any_order_and_written_in_one() {
        let table = [
            ("jsq(2)", "jsq(2), replacement"),
            ("distinct,jsq( 3 )", "jsq(3), distinct"),
            ("ties  lowest , jsq(all)", "jsq(all), ties lowest"),
            ("per-type, late(2), jsq(2), ties fair", "jsq(2), replacement, late(2), per-type"),
            ("of=given, weights=w.csv, jsq(2)", "jsq(2), replacement, weights=w.csv, of=given"),
            ("of=in-flight, idle-first", "idle-first"),
            ("longest(2)", "longest(2), replacement"),
        ];
        for (text, canonical) in table {
            assert_eq!(policy(text).to_string(), canonical);
            assert_eq!(policy(canonical), policy(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused_with_its_place_and_what_is_possible() {
        let table = [
            ("jsq(0)", "policy, item 1: the number of samples D = 0 is outside 1 to"),
            ("distinct, jsq(2000000)", "policy, item 2: the number of samples D = 2000000"),
            ("jsq(99999999999999)", "the number of samples D = 99999999999999"),
            ("jsq(2), late(0)", "policy, item 2: the number of picks k = 0 is outside 1 to 65536"),
            ("jqs(2)", "policy, item 1: `jqs(2)` is unknown; did you mean `jsq(2)`?"),
            ("jsq(2), tie lowest", "`tie lowest` is unknown; did you mean `ties lowest`?"),
            ("jsq(two)", "`jsq(two)` is unknown"),
            ("jsq(2", "`jsq(2` is unknown; did you mean `jsq(2)`?"),
            ("", "`` is unknown"),
            ("distinct", "policy `distinct` names no base: write one of jsq(D), jsq(all)"),
            ("jsq(2), random", "policy, item 2: `random` comes after another base: keep one"),
            ("jsq(all), distinct", "policy: jsq(all) takes no sampling"),
            ("round-robin, weights=w", "policy: round-robin takes no weights"),
            ("random, ties lowest", "policy: random takes no ties"),
            ("first, early", "policy: first takes no sight"),
            ("jsq(2), weights=", "`weights=` is unknown; did you mean `weights=FILE`?"),
        ];
        for (text, message) in table {
            let error = text.parse::<Policy>().unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn the_paper_s_policy_has_the_law_of_4_12() {
        let model = Model::new(BipartiteGraph::complete(5, 1).unwrap(), 0.5, 3).unwrap();
        for lengths in [[0; 5], [3, 1, 1, 0, 3], [4, 3, 2, 1, 0], [1, 1, 1, 1, 2]] {
            let law = policy("jsq(3)").law(&lengths, None, 0).unwrap();
            let known: Vec<Ratio> =
                model.assignment(0, &lengths).into_iter().map(|(_, share)| share).collect();
            assert_eq!(law, known);
        }
    }

    /// The law by all ordered samples, each through [`Policy::pick`].
    fn by_enumeration(policy: &Policy, lengths: &[u32], turn: u64) -> Vec<Ratio> {
        let n = lengths.len() as u32;
        let (count, distinct) = match policy.base() {
            Base::Jsq { d, sampling } | Base::Longest { d, sampling } => {
                let distinct = sampling == Sampling::Distinct;
                (if distinct { d.min(n) } else { d }, distinct)
            }
            Base::Random => (1, false),
            Base::IdleFirst => (n, true),
            Base::JsqAll if policy.ties() == Ties::Fair => (n, true),
            _ => (0, false),
        };
        let mut all: Vec<Vec<u32>> = vec![Vec::new()];
        for _ in 0..count {
            all = all
                .into_iter()
                .flat_map(|samples| {
                    (0..n)
                        .filter(|i| !distinct || !samples.contains(i))
                        .map(|i| samples.iter().copied().chain([i]).collect())
                        .collect::<Vec<_>>()
                })
                .collect();
        }
        let mut law = vec![Ratio::zero(); lengths.len()];
        for samples in &all {
            let (place, _) = policy.pick(samples, lengths, None, turn);
            law[place as usize] += Ratio::new(BigInt::one(), all.len().into());
        }
        law
    }

    #[test]
    fn the_law_is_that_of_all_samples_through_the_pick() {
        for text in PLAIN {
            let policy = policy(text);
            for n in 1..=4usize {
                for code in 0..3usize.pow(n as u32) {
                    let lengths: Vec<u32> =
                        (0..n).map(|i| (code / 3usize.pow(i as u32) % 3) as u32).collect();
                    for turn in 0..n as u64 {
                        let law = policy.law(&lengths, None, turn).unwrap();
                        assert_eq!(
                            law,
                            by_enumeration(&policy, &lengths, turn),
                            "{text} on {lengths:?}, turn {turn}"
                        );
                        assert_eq!(law.iter().sum::<Ratio>(), Ratio::one(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_law_of_a_tail_is_g() {
        for text in PLAIN {
            let policy = policy(text);
            let Some(law) = policy.sample_law() else { continue };
            for (s, n) in [(1, 1), (1, 3), (2, 3), (3, 3), (2, 5)] {
                // The task joins the s long queues where all samples lie among them.
                let lengths: Vec<u32> = (0..n).map(|i| u32::from(i < s)).collect();
                let shares = policy.law(&lengths, None, 0).unwrap();
                let joined: Ratio = shares[..s as usize].iter().sum();
                assert_eq!(joined, law.all_within(s, n), "{text}");
            }
        }
    }

    #[test]
    fn weights_share_samples_in_proportion() {
        let weights = [ratio(1, 1), ratio(0, 1), ratio(3, 1)];
        let law =
            |text: &str, lengths: &[u32]| policy(text).law(lengths, Some(&weights), 0).unwrap();
        assert_eq!(law("random, weights=w", &[5, 0, 9]), [ratio(1, 4), ratio(0, 1), ratio(3, 4)]);
        // Both samples the first: 1/16; else the last, which is shorter.
        assert_eq!(
            law("jsq(2), weights=w", &[1, 0, 0]),
            [ratio(1, 16), ratio(0, 1), ratio(15, 16)]
        );
        // Two different ones of positive weight: always both.
        assert_eq!(
            law("jsq(2), distinct, weights=w", &[1, 0, 0]),
            [ratio(0, 1), ratio(0, 1), ratio(1, 1)]
        );
        // (length + 1) / weight: 1 against 3/3, a tie; then 1 against 4/3.
        assert_eq!(law("jsq(all), weights=w", &[0, 0, 2]), [ratio(1, 2), ratio(0, 1), ratio(1, 2)]);
        assert_eq!(law("jsq(all), weights=w", &[0, 0, 3]), [ratio(1, 1), ratio(0, 1), ratio(0, 1)]);
        assert!(matches!(
            policy("jsq(2), weights=w").law(&[0, 0], Some(&weights), 0),
            Err(PolicyError::Weights { given: 3, candidates: 2, .. })
        ));
        assert_eq!(policy("first").law(&[], None, 0), Err(PolicyError::NoCandidate));
    }

    #[test]
    fn picks_have_their_law_by_frequency_of_all_small_draws() {
        // Shares within 5 standard errors of 20 000 draws, at a fixed seed: a regression test.
        let mut rng = stream_rng(7, 0);
        let weights = [ratio(1, 1), ratio(2, 1), ratio(0, 1), ratio(5, 1)];
        for text in ["jsq(2), weights=w", "jsq(2), distinct, weights=w", "jsq(all)", "idle-first"] {
            let policy = policy(text);
            let lengths = [1, 0, 0, 0];
            let law = policy.law_f64(&lengths, Some(&weights), 0).unwrap();
            let mut counts = [0u32; 4];
            for _ in 0..20_000 {
                let whole = policy.weights().map(|_| &[1u64, 2, 0, 5][..]);
                let samples = policy.samples(4, whole, &mut rng);
                counts[policy.pick(&samples, &lengths, Some(&weights), 0).0 as usize] += 1;
            }
            for (count, share) in counts.iter().zip(law) {
                let error = (share * (1.0 - share) / 20_000.0).sqrt();
                let seen = f64::from(*count) / 20_000.0;
                assert!((seen - share).abs() <= 5.0 * error, "{text}: {seen} for {share}");
            }
        }
    }

    #[test]
    fn a_late_policy_sees_what_the_pick_before_saw_and_an_early_one_what_it_left() {
        let late = policy("jsq(2), late(2)");
        let mut memory = Memory::new(&late, 1, &[9, 9]);
        let states = [[0, 0], [1, 0], [1, 1], [2, 1]];
        let mut seen = Vec::new();
        for state in states {
            seen.push(memory.seen(0, &state).to_vec());
            memory.picked(0, 0, &state, &[state[0] + 1, state[1]], 0);
        }
        assert_eq!(seen, [[9, 9], [9, 9], [0, 0], [1, 0]]);
        let early = policy("jsq(2), early");
        let mut memory = Memory::new(&early, 1, &[9, 9]);
        assert_eq!(memory.seen(0, &[3, 3]), [3, 3]);
        memory.picked(0, 1, &[3, 3], &[3, 4], 0);
        assert_eq!(memory.seen(0, &[0, 0]), [3, 4]);
        let given = policy("jsq(all), of=given, per-type");
        let mut memory = Memory::new(&given, 2, &[5, 5]);
        memory.picked(1, 1, &[5, 5], &[5, 6], 0);
        assert_eq!((memory.seen(0, &[5, 6]), memory.seen(1, &[5, 6])), (&[0, 0][..], &[0, 1][..]));
    }

    #[test]
    fn a_pointer_moves_only_where_two_are_tied() {
        let policy = policy("jsq(all), ties round-robin");
        let mut turn = 0;
        let mut picks = Vec::new();
        for lengths in [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]] {
            let (place, next) = policy.pick(&[], &lengths, None, turn);
            picks.push(place);
            turn = next;
        }
        assert_eq!(picks, [0, 1, 2, 2, 0]);
    }
}
