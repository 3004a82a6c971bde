//! The model: a graph, the load lambda and a policy, and its exact transition rates.
//!
//! Stage 5 of 18: it joins a graph, a load and a policy, and knows nothing of paths.
//!
//! | statement | here |
//! |---|---|
//! | how a task chooses, JSQ(d) in the paper | [`policy::Policy`] |
//! | lambda, arrival rate lambda N / M per task type (section 2), times its relative rate | [`Model`], [`Load`] |
//! | (4.12), the law of the server that gets a task | [`Model::assignment`], [`Model::assignment_f64`] |
//! | the generator applied to a function of the state | [`Model::generator`], [`Model::transitions`] |
//!
//! Queue lengths are `&[u32]` of length N, the task in service included.
//!
//! # Source
//! Section 2 and (4.12). Sampling is *with* replacement by default, as in the text of section 2;
//! (2.2) as printed samples without.

pub mod loads;
pub mod policy;
pub mod sample_law;
pub mod start;

use std::sync::Arc;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Zero};
use thiserror::Error;

use self::policy::{Policy, PolicyError};
use crate::graph::BipartiteGraph;
use crate::num::input_limits::MIN_LOAD;
use crate::num::ratio::{self, Ratio, RatioError};
use crate::random::alias_table::AliasTable;

pub use crate::num::input_limits::MAX_CHOICES;

/// Why parameters do not make a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// lambda is outside (0, 1).
    #[error(
        "lambda = {given} is outside (0, 1): the load per server must be positive and below the \
        service rate 1, such as 0.8"
    )]
    Load {
        /// What was given.
        given: String,
    },
    /// lambda is inside (0, 1), but too near to its ends for arithmetic in doubles.
    #[error(
        "lambda = {given} is too close to 0 or 1: it must be at least {MIN_LOAD:e} away from both"
    )]
    Extreme {
        /// What was given.
        given: String,
    },
    /// lambda is not a number.
    #[error("lambda: {0}")]
    NotANumber(#[from] RatioError),
    /// The policy does not fit the graph, or its weights do not.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// d is 0 or above [`MAX_CHOICES`].
    #[error(
        "d = {given} is outside 1 to {MAX_CHOICES}: every arrival samples at least one server \
        (the theorems need d >= 2)"
    )]
    Choices {
        /// What was given.
        given: u32,
    },
}

impl ModelError {
    /// The same error with lambda as the user wrote it.
    fn said_as(self, text: &str) -> Self {
        let given = text.to_owned();
        match self {
            Self::Load { .. } => Self::Load { given },
            Self::Extreme { .. } => Self::Extreme { given },
            other => other,
        }
    }
}

/// The load per server lambda, 0 < lambda < 1, exact and as `f64`.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    exact: Ratio,
    value: f64,
}

impl Load {
    /// The load that is exactly `exact`.
    ///
    /// # Errors
    /// [`ModelError::Load`] outside (0, 1), [`ModelError::Extreme`] within [`MIN_LOAD`] of 0 or 1.
    pub fn new(exact: Ratio) -> Result<Self, ModelError> {
        let value = ratio::to_f64(&exact);
        if exact <= Ratio::zero() || exact >= Ratio::one() {
            return Err(ModelError::Load { given: exact.to_string() });
        }
        // Written so that NaN would be refused too.
        if !(MIN_LOAD..=1.0 - MIN_LOAD).contains(&value) {
            return Err(ModelError::Extreme { given: exact.to_string() });
        }
        Ok(Self { exact, value })
    }

    /// Reads a decimal or a fraction: `0.8` and `4/5` are the same load.
    ///
    /// # Errors
    /// [`ModelError::NotANumber`], [`ModelError::Load`].
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        Self::new(ratio::parse(text)?).map_err(|error| error.said_as(text.trim()))
    }

    /// lambda as a fraction.
    pub fn exact(&self) -> &Ratio {
        &self.exact
    }

    /// lambda as the nearest `f64`.
    pub fn value(&self) -> f64 {
        self.value
    }
}

impl TryFrom<f64> for Load {
    type Error = ModelError;

    /// The fraction that the shortest decimal text of the number names: 0.8 is 4/5.
    fn try_from(value: f64) -> Result<Self, ModelError> {
        let given = format!("{value:e}");
        let exact = ratio::from_shortest_decimal(value)
            .ok_or_else(|| ModelError::Load { given: given.clone() })?;
        Self::new(exact).map_err(|error| error.said_as(&given))
    }
}

/// Queue lengths that a path may remember, at most: a quarter of a gigabyte.
const MOST_REMEMBERED: u64 = 1 << 26;

/// Rational weights as whole numbers.
fn over_common_denominator(weights: &[Ratio]) -> Result<Vec<u64>, PolicyError> {
    let common = weights.iter().fold(BigInt::one(), |lcm, weight| lcm.lcm(weight.denom()));
    let common = Ratio::from_integer(common);
    let whole = |weight: &Ratio| u64::try_from((weight * &common).to_integer());
    weights.iter().map(whole).collect::<Result<_, _>>().map_err(|_| PolicyError::LongWeights)
}

/// What can happen next, seen from the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// A task of `task_type` joins `server`.
    Arrival {
        /// The type of the task.
        task_type: u32,
        /// The server that gets it.
        server: u32,
    },
    /// A task of an isolated type arrives and is lost.
    Lost {
        /// The type of the task.
        task_type: u32,
    },
    /// The service clock of `server` rings; a task leaves if there is one.
    Service {
        /// The server.
        server: u32,
    },
}

/// A system: a graph, its load and its policy, the paper's JSQ(d) or another. Never changes after
/// construction.
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model};
/// let model = Model::new(BipartiteGraph::complete(2, 2)?, 0.8, 2)?;
/// // Lengths 1 and 0: only two samples of server 0 send the task there.
/// assert_eq!(model.assignment_f64(0, &[1, 0]), [(0, 0.25), (1, 0.75)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    graph: BipartiteGraph,
    lambda: Load,
    policy: Policy,
    /// The weight of each server over their common denominator, where the policy has weights.
    weights: Option<Arc<[u64]>>,
    /// Samples of an arrival.
    d: u32,
    /// The law of the type of a task, where rates differ.
    types: Option<Arc<AliasTable>>,
}

impl Model {
    /// A model from a load given as a number, read as the decimal it prints as.
    ///
    /// # Errors
    /// [`ModelError`] where lambda is not inside (0, 1) or d is 0 or above [`MAX_CHOICES`].
    pub fn new(graph: BipartiteGraph, lambda: f64, d: u32) -> Result<Self, ModelError> {
        Self::with_load(graph, Load::try_from(lambda)?, d)
    }

    /// A model from an exact load.
    ///
    /// # Errors
    /// [`ModelError::Choices`].
    pub fn with_load(graph: BipartiteGraph, lambda: Load, d: u32) -> Result<Self, ModelError> {
        let policy = Policy::jsq(d).map_err(|_| ModelError::Choices { given: d })?;
        Self::with_policy(graph, lambda, policy, None)
    }

    /// A model whose tasks choose by any policy. `weights` has one entry for each server, where the
    /// policy has weights.
    ///
    /// # Errors
    /// [`ModelError::Policy`] where weights are missing, are too many or too few, are all 0 for
    /// some task type, or where exact laws would be too long.
    pub fn with_policy(
        graph: BipartiteGraph,
        lambda: Load,
        policy: Policy,
        weights: Option<Vec<Ratio>>,
    ) -> Result<Self, ModelError> {
        let candidates = graph.n_servers() as usize;
        let weights: Option<Arc<[u64]>> = match (policy.weights(), weights) {
            (None, _) => None,
            (Some(_), Some(weights)) if weights.len() == candidates => {
                Some(over_common_denominator(&weights)?.into())
            }
            (Some(_), weights) => {
                let weights = weights.unwrap_or_default();
                let positive = weights.iter().filter(|weight| **weight > Ratio::zero()).count();
                let given = weights.len();
                return Err(PolicyError::Weights { given, candidates, positive }.into());
            }
        };
        let degrees = || (0..graph.n_task_types()).map(|w| graph.task_degree(w));
        // Only some policies ask for the degree, and most graphs have many types.
        let largest = if policy.paper_d().is_some() { 0 } else { degrees().max().unwrap_or(0) };
        let d = policy.samples_of(largest);
        if let policy::Sight::Late(k) = policy.sight()
            && u64::from(k) * candidates as u64 > MOST_REMEMBERED
        {
            return Err(PolicyError::LongMemory { k, servers: graph.n_servers() }.into());
        }
        let types = graph.rates().map(|rates| Arc::new(AliasTable::new(rates.weights())));
        let model = Self { graph, lambda, policy, weights, d, types };
        if model.weights.is_some() {
            for w in (0..model.graph.n_task_types()).filter(|&w| model.graph.task_degree(w) > 0) {
                model.policy.accepts(&model.weights_of(w).unwrap_or_default())?;
            }
        }
        Ok(model)
    }

    /// How a task chooses.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The weight of each server, over a common denominator; `None` where the policy has none.
    pub fn weights(&self) -> Option<&[u64]> {
        self.weights.as_deref()
    }

    /// The weights of the servers of a task type, ascending; `None` where the policy has none.
    pub fn weights_of(&self, task_type: u32) -> Option<Vec<u64>> {
        let weights = self.weights.as_ref()?;
        let servers = self.graph.servers_of(task_type);
        Some(servers.iter().map(|v| weights[v as usize]).collect())
    }

    /// The same policy, weights included, on another graph with the same servers or another load.
    ///
    /// # Errors
    /// As [`Model::with_policy`].
    pub fn changed(&self, graph: BipartiteGraph, lambda: Load) -> Result<Self, ModelError> {
        let weights = self.weights().map(|all| all.iter().map(|&x| ratio::whole(x)).collect());
        Self::with_policy(graph, lambda, self.policy.clone(), weights)
    }

    /// The compatibility graph.
    pub fn graph(&self) -> &BipartiteGraph {
        &self.graph
    }

    /// lambda, the load per server.
    pub fn lambda(&self) -> f64 {
        self.lambda.value
    }

    /// lambda, exact.
    pub fn load(&self) -> &Load {
        &self.lambda
    }

    /// d, the number of samples per arrival; for policies that look at all servers of a type, the
    /// largest task degree.
    pub fn d(&self) -> u32 {
        self.d
    }

    /// The d of the mean-field equation (3.5) for this policy; `None` where it has no such limit.
    /// `jsq(all)` is `jsq(n), distinct` where every task type has n servers.
    pub fn limit_d(&self) -> Option<u32> {
        let all = self.policy.base() == policy::Base::JsqAll && self.policy.joins_a_shortest();
        if !all {
            return self.policy.limit_d();
        }
        let degree = |w| self.graph.task_degree(w) as u32;
        let alike = (0..self.graph.n_task_types()).all(|w| degree(w) == self.d);
        (alike && self.d <= MAX_CHOICES).then_some(self.d)
    }

    /// The arrival rate of a task type, exact: lambda N / M times its relative rate. Over all types
    /// they add up to lambda N.
    ///
    /// # Panics
    /// If `task_type` is out of range and the rates are not equal.
    pub fn arrival_rate(&self, task_type: u32) -> Ratio {
        self.unit_rate() * Ratio::from_integer(self.graph.weight(task_type).into())
    }

    /// The arrival rate of a task type of weight 1 ([`BipartiteGraph::weight`]): lambda N / M where
    /// all rates are equal.
    pub fn unit_rate(&self) -> Ratio {
        self.lambda.exact()
            * Ratio::new(self.graph.n_servers().into(), self.graph.total_weight().into())
    }

    /// How types of tasks are drawn; `None` where all are equally likely.
    pub(crate) fn types(&self) -> Option<&Arc<AliasTable>> {
        self.types.as_ref()
    }

    /// (1 + lambda) N, the rate of the uniformised chain's events.
    pub fn event_rate(&self) -> f64 {
        (1.0 + self.lambda.value) * f64::from(self.graph.n_servers())
    }

    /// (4.12), or its like for another policy: for each server of N_w, ascending, the probability
    /// that it gets a task of this type.
    ///
    /// `lengths` are those that the policy sees, and a turn begins with the lowest server. For
    /// JSQ(d) with replacement, with n servers of N_w at least as long as v and m strictly longer,
    /// it is ((n / d_w)^d - (m / d_w)^d) / (n - m). Empty for an isolated task type.
    ///
    /// # Panics
    /// If `task_type` is out of range or `lengths` is shorter than N.
    pub fn assignment(&self, task_type: u32, lengths: &[u32]) -> Vec<(u32, Ratio)> {
        let Some(d) = self.policy.paper_d() else { return self.law(task_type, lengths) };
        self.by_length(task_type, lengths, |at_least, longer, degree| {
            let fraction = |count: usize| ratio::power(&Ratio::new(count.into(), degree.into()), d);
            (fraction(at_least) - fraction(longer)) / ratio::whole((at_least - longer) as u64)
        })
    }

    /// (4.12) in floating point; each entry has a relative error below (d + 3) 2^-51.
    ///
    /// # Panics
    /// As [`Model::assignment`].
    pub fn assignment_f64(&self, task_type: u32, lengths: &[u32]) -> Vec<(u32, f64)> {
        let Some(d) = self.policy.paper_d() else {
            let law = self.law(task_type, lengths).into_iter();
            return law.map(|(v, share)| (v, ratio::to_f64(&share))).collect();
        };
        // The divided difference as a sum of positive terms: no cancellation.
        self.by_length(task_type, lengths, |at_least, longer, degree| {
            let (x, y) = (at_least as f64 / degree as f64, longer as f64 / degree as f64);
            divided_difference_f64(x, y, d) / degree as f64
        })
    }

    /// The law of the policy's pick.
    fn law(&self, task_type: u32, lengths: &[u32]) -> Vec<(u32, Ratio)> {
        let servers = self.graph.servers_of(task_type);
        let seen: Vec<u32> = servers.iter().map(|v| lengths[v as usize]).collect();
        // Weights were tried when the model was made; without candidates there is no law.
        let law = self.policy.law(&seen, self.weights_of(task_type).as_deref(), 0);
        servers.iter().zip(law.unwrap_or_default()).collect()
    }

    fn by_length<T: Clone>(
        &self,
        task_type: u32,
        lengths: &[u32],
        share: impl Fn(usize, usize, usize) -> T,
    ) -> Vec<(u32, T)> {
        let servers = self.graph.servers_of(task_type);
        let mut sorted: Vec<u32> = servers.iter().map(|v| lengths[v as usize]).collect();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        // Descending, so that a position is the number of strictly longer queues.
        let mut levels: Vec<(u32, T)> = Vec::new();
        let mut longer = 0;
        while longer < sorted.len() {
            let length = sorted[longer];
            let at_least = sorted.partition_point(|&x| x >= length);
            levels.push((length, share(at_least, longer, sorted.len())));
            longer = at_least;
        }
        let share_of = |length: u32| {
            let at = levels.partition_point(|&(x, _)| x > length);
            levels[at].1.clone()
        };
        servers.iter().map(|v| (v, share_of(lengths[v as usize]))).collect()
    }

    /// Every transition that changes the state, with its exact rate: arrivals by type and server,
    /// services of busy servers.
    ///
    /// # Panics
    /// If `lengths.len() != N`.
    pub fn transitions(&self, lengths: &[u32]) -> Vec<(Event, Ratio)> {
        assert_eq!(lengths.len(), self.graph.n_servers() as usize, "one queue length per server");
        let unit = self.unit_rate();
        let mut all = Vec::new();
        for task_type in (0..self.graph.n_task_types()).filter(|&w| self.graph.weight(w) > 0) {
            let rate = &unit * Ratio::from_integer(self.graph.weight(task_type).into());
            for (server, probability) in self.assignment(task_type, lengths) {
                if !probability.is_zero() {
                    all.push((Event::Arrival { task_type, server }, &rate * probability));
                }
            }
        }
        let busy = (0..self.graph.n_servers()).filter(|&v| lengths[v as usize] > 0);
        all.extend(busy.map(|server| (Event::Service { server }, Ratio::one())));
        all
    }

    /// The generator applied to `f` at `lengths`: sum over transitions of rate times (f(after) -
    /// f(before)).
    ///
    /// # Panics
    /// If `lengths.len() != N`.
    pub fn generator(&self, lengths: &[u32], f: impl Fn(&[u32]) -> Ratio) -> Ratio {
        let before = f(lengths);
        let mut state = lengths.to_vec();
        let mut sum = Ratio::zero();
        for (event, rate) in self.transitions(lengths) {
            match event {
                Event::Arrival { server, .. } => {
                    state[server as usize] += 1;
                    sum += rate * (f(&state) - &before);
                    state[server as usize] -= 1;
                }
                Event::Service { server } => {
                    state[server as usize] -= 1;
                    sum += rate * (f(&state) - &before);
                    state[server as usize] += 1;
                }
                Event::Lost { .. } => {}
            }
        }
        sum
    }
}

/// (x^d - y^d) / (x - y) = sum_k x^k y^(d-1-k), continued to x = y; exact.
pub fn divided_difference(x: &Ratio, y: &Ratio, d: u32) -> Ratio {
    // Horner in x over the powers of y.
    let (mut sum, mut power) = (Ratio::zero(), Ratio::one());
    for _ in 0..d {
        sum = sum * x + &power;
        power *= y;
    }
    sum
}

/// [`divided_difference`] in floating point for x, y >= 0; relative error below (3 d) 2^-53, since
/// no term is negative.
pub fn divided_difference_f64(x: f64, y: f64, d: u32) -> f64 {
    let (mut sum, mut power) = (0.0, 1.0);
    for _ in 0..d {
        sum = sum * x + power;
        power *= y;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Isolated;
    use crate::num::ratio::ratio;

    #[test]
    fn a_load_outside_the_open_interval_is_refused() {
        for text in ["0", "1", "-1", "1.5", "1e350"] {
            assert!(matches!(Load::parse(text), Err(ModelError::Load { .. })), "{text}");
        }
        for text in ["1e-350", "1e-13", "0.9999999999999", "0.99999999999999999999"] {
            assert!(matches!(Load::parse(text), Err(ModelError::Extreme { .. })), "{text}");
        }
        assert!(matches!(Load::parse("nan"), Err(ModelError::NotANumber(_))));
        assert!(Load::try_from(f64::NAN).is_err());
        assert_eq!(Load::parse("0.8"), Load::try_from(0.8));
    }

    #[test]
    fn without_samples_there_is_no_model() {
        let graph = BipartiteGraph::complete(1, 1).unwrap();
        assert_eq!(Model::new(graph, 0.5, 0), Err(ModelError::Choices { given: 0 }));
    }

    #[test]
    fn assignment_probabilities_follow_4_12() {
        let graph =
            BipartiteGraph::from_edges(3, 1, &[(0, 0), (1, 0), (2, 0)], Isolated::Refuse).unwrap();
        let model = Model::new(graph, 0.5, 2).unwrap();
        // Two shortest share 1 - 1/9, the longest keeps 1/9.
        let exact = model.assignment(0, &[2, 5, 2]);
        assert_eq!(exact, [(0, ratio(4, 9)), (1, ratio(1, 9)), (2, ratio(4, 9))]);
        for ((_, exact), (_, float)) in exact.iter().zip(model.assignment_f64(0, &[2, 5, 2])) {
            assert!((ratio::to_f64(exact) - float).abs() < 1e-15);
        }
    }

    #[test]
    fn the_generator_of_the_total_is_arrivals_less_busy_servers() {
        let model = Model::new(BipartiteGraph::complete(3, 2).unwrap(), 0.8, 2).unwrap();
        let total = |x: &[u32]| ratio::whole(x.iter().map(|&l| u64::from(l)).sum());
        assert_eq!(model.generator(&[0, 4, 1], total), ratio(12, 5) - ratio(2, 1));
    }
}
