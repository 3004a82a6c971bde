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
//! | `first`, `idle-first`, ... | the [`rules`]: the lowest candidate; a uniform idle one, else any |
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
//! | the text form | [`Policy`] is `FromStr` and `Display`; errors [`PolicyError`] |
//! | the law of a pick, by differences of g over an order of the candidates | [`Policy::law`] |
//! | g(S): the probability that all samples lie within S | [`SampleLaw::all_within`](super::sample_law::SampleLaw::all_within) |
//! | a pick from random numbers | [`Policy::pick`] |
//! | what is kept along a path | [`Memory`] |
//! | policies that decide on all candidates in a random order, one value each | [`rules`] |
//! | those that a check compares with each other | [`Policy::declared`] |
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

mod error;
mod law;
mod memory;
mod picking;
pub mod rules;
mod text;

#[cfg(test)]
mod tests;

use super::MAX_CHOICES;
pub use error::PolicyError;
pub use memory::Memory;
pub use picking::Choice;
use rules::Rule;
use text::BaseText;

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
    /// One of [`rules::RULES`].
    Rule(&'static Rule),
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
            return Err(error::samples_out_of_range(1, &d.to_string()));
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

    /// The same policy where all servers are alike.
    pub(crate) fn without_weights(self) -> Self {
        Self { weights: None, ..self }
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
            Base::Jsq { d, sampling: Sampling::Replacement } if self.is_plain() => Some(d),
            _ => None,
        }
    }

    /// The d of the mean-field equation (3.5) that `jsq(d)` shares with other policies, where
    /// degrees are large: the sampling and the ties make no difference then, and `random` is d = 1.
    pub fn limit_d(&self) -> Option<u32> {
        let d = match self.base {
            Base::Jsq { d, .. } => d,
            Base::Random => 1,
            _ => return None,
        };
        (self.weights.is_none() && self.sees_now()).then_some(d)
    }

    /// Fair ties, no weights, the lengths of now.
    fn is_plain(&self) -> bool {
        self.ties == Ties::Fair && self.weights.is_none() && self.sees_now()
    }

    /// Whether it sees the queue lengths as they are.
    fn sees_now(&self) -> bool {
        let own = self.per_type && self.looks_at_lengths();
        self.sight == Sight::Now && self.of == Of::InFlight && !own
    }

    fn looks_at_lengths(&self) -> bool {
        !matches!(self.base, Base::Random | Base::RoundRobin)
    }

    /// Whether its picks take turns: by a counter, or by a pointer to the last tie's winner.
    pub fn takes_turns(&self) -> bool {
        self.base == Base::RoundRobin || self.ties == Ties::RoundRobin
    }

    /// Whether the law of a pick is a function of task type and queue lengths alone.
    pub fn is_markov(&self) -> bool {
        !self.takes_turns() && self.sees_now()
    }

    /// Whether the law of a pick follows from the events before it. It does not where ties among
    /// hidden samples move a pointer.
    pub fn is_observable(&self) -> bool {
        self.ties != Ties::RoundRobin || self.base == Base::JsqAll
    }

    /// Whether the pick is a shortest of the samples, and the samples do not look at the state: the
    /// critical load then follows from
    /// [`SampleLaw::all_within`](super::sample_law::SampleLaw::all_within).
    pub fn joins_a_shortest(&self) -> bool {
        let base = matches!(self.base, Base::Jsq { .. } | Base::JsqAll | Base::Random);
        // Weights change what jsq(all) compares.
        let compares_lengths = self.weights.is_none() || self.base != Base::JsqAll;
        base && compares_lengths && self.sees_now()
    }

    /// Whether two systems that share their marks stay ordered: samples in their order, one random
    /// order of all candidates, or one counter. Where ties are by a fixed order, it is shared, too.
    ///
    /// Suppose the lower system's task joins v, the upper's joins u, and the order breaks at v:
    /// then v is as long in both systems. What is compared, the length or (length + 1) / weight,
    /// increases with a candidate's own length only, so v and u are minimal in both systems, and
    /// the shared order makes them one. Tasks given so far are the same in both systems, which then
    /// pick alike. `monotone-marks` checks what is said here.
    ///
    /// Both systems begin with equal memories: where [`Policy::is_markov`] is false, this says
    /// nothing of a system that is in its steady state.
    pub fn is_monotone(&self) -> bool {
        if self.of == Of::Given {
            return true;
        }
        let base = match self.base {
            Base::Jsq { .. } | Base::JsqAll | Base::Random | Base::RoundRobin => true,
            Base::Rule(rule) => rule.monotone,
            // A queue that grows becomes the longest.
            Base::Longest { .. } => false,
        };
        base && self.sees_now() && self.ties != Ties::RoundRobin
    }

    /// Whether the first shortest of the samples of a mark is the pick, so that a path is a fold of
    /// marks over queue lengths.
    pub(crate) fn is_first_shortest(&self) -> bool {
        let base = match self.base {
            Base::Jsq { .. } | Base::Random | Base::RoundRobin => true,
            Base::JsqAll => self.weights.is_none(),
            Base::Rule(_) | Base::Longest { .. } => false,
        };
        base && self.sees_now() && self.ties != Ties::RoundRobin
    }

    /// The entries of a mark: samples of an arrival, at most, where a type has up to `degree`
    /// servers.
    pub(crate) fn samples_of(&self, degree: usize) -> u32 {
        match self.base {
            Base::Jsq { d, sampling: Sampling::Replacement }
            | Base::Longest { d, sampling: Sampling::Replacement } => d,
            Base::Jsq { d, .. } | Base::Longest { d, .. } => d.min(degree.max(1) as u32),
            Base::Random | Base::RoundRobin => 1,
            Base::JsqAll | Base::Rule(_) => degree.max(1) as u32,
        }
    }

    /// Whether all candidates are alike to it: no weights, no fixed order, no turns.
    pub fn is_exchangeable(&self) -> bool {
        let base = match self.base {
            Base::Rule(rule) => rule.exchangeable,
            base => base != Base::RoundRobin,
        };
        base && self.ties == Ties::Fair && self.weights.is_none()
    }

    /// Whether the order of the lengths decides, not how much they differ.
    pub(crate) fn looks_at_order_only(&self) -> bool {
        let sizes = matches!(self.base, Base::Rule(_));
        !sizes && (self.weights.is_none() || self.base != Base::JsqAll)
    }

    /// The policies that a check compares with each other: `jsq(2)` to `jsq(5)` in both samplings
    /// with ties fair and to the lowest, `jsq(all)` with its four ties, `random`, `round-robin`,
    /// the rules, `longest(2)`, and those that see other lengths than those of now.
    pub fn declared() -> Vec<Self> {
        let plain = |base| Self {
            base,
            ties: Ties::Fair,
            weights: None,
            sight: Sight::Now,
            of: Of::InFlight,
            per_type: false,
        };
        let both = [Sampling::Replacement, Sampling::Distinct];
        let jsq = |d| both.map(|sampling| plain(Base::Jsq { d, sampling }));
        let mut all = Vec::new();
        for policy in (2..=5).flat_map(jsq) {
            all.extend([policy.clone(), Self { ties: Ties::Lowest, ..policy }]);
        }
        let ties = [Ties::Fair, Ties::Lowest, Ties::Highest, Ties::RoundRobin];
        all.extend(ties.map(|ties| Self { ties, ..plain(Base::JsqAll) }));
        all.extend([plain(Base::Random), plain(Base::RoundRobin)]);
        all.extend(rules::RULES.iter().map(|&rule| plain(Base::Rule(rule))));
        all.push(plain(Base::Longest { d: 2, sampling: Sampling::Replacement }));
        for policy in jsq(2).into_iter().chain([plain(Base::JsqAll)]) {
            let sights = [Sight::Early, Sight::Late(1), Sight::Late(2), Sight::Late(8)];
            all.extend(sights.map(|sight| Self { sight, ..policy.clone() }));
            all.push(Self { of: Of::Given, ..policy });
        }
        all
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
        if !self.looks_at_lengths() && (self.sight != Sight::Now || self.of != Of::InFlight) {
            return refuse("sight", "early, late(k) and of= are for policies that look at lengths");
        }
        Ok(self)
    }
}
