//! Which loads have a steady state: the exact criterion of ergodicity and the critical load.
//!
//! With sampling with replacement the system is ergodic iff for every nonempty set S of servers
//!
//! (lambda N / M) sum_w r_w (|S ∩ N_w| / d_w)^d < |S|,
//!
//! the rate of the tasks that only S can serve against its service rate; r_w is the type's
//! [relative rate](BipartiteGraph::relative_rate), 1 in the paper. The least lambda that breaks it
//! is the **critical load**, min_S |S| / f(S) with f(S) = (N / M) sum_w r_w (|S ∩ N_w| / d_w)^d.
//! rho(G) < 1 implies it and is not necessary.
//!
//! | what | graphs | here |
//! |---|---|---|
//! | exact, by enumerating all S | N <= 20 | [`critical_load_by_subsets`] |
//! | exact, by max-flow from sample sets to servers | few sample sets | [`critical_load_by_flow`] |
//! | certified from both sides | all | [`critical_load_bounds`], [`certified_bounds`] |
//! | whichever of these fits, and the exact value from the bounds where few servers decide | all | [`critical_load`], [`no_steady_state`] |
//! | ergodic or not, exact | as the exact ones | [`is_ergodic`] |
//! | checks of a bottleneck and of a split that do not trust the solver | all | [`verify_upper`], [`verify_lower`], [`verify_lower_f64`] |
//! | which edges to add | all | [`improve()`] |
//!
//! Several sets may have the least ratio. [`critical_load_by_subsets`] and
//! [`critical_load_by_flow`] give one of which no part has it too; the others prefer small ones.
//!
//! Without isolated task types the critical load is at most 1 (S = V). Where their tasks are
//! dropped ([`Isolated::Drop`](crate::graph::Isolated::Drop)), the load that arrives is lower than
//! lambda, and the critical lambda may exceed 1.
//!
//! # Source
//! Remark 1. Deviation: (2.2) as printed samples without replacement, while the model of section 2
//! samples with; the weights here are those of the model.

mod certificate;
mod critical;
mod equal;
mod flow;
mod improve;
mod load_bounds;
mod proof;
mod subsets;
mod work;

pub use certificate::{
    CertificateError, exact_split, verify_lower, verify_lower_f64, verify_upper,
};
pub use critical::{
    CriticalLoad, critical_load, critical_load_of, critical_load_within, no_steady_state,
};
#[doc(hidden)]
pub use flow::{MAX_SAMPLE_SETS, critical_load_by_flow};
pub use improve::{Addition, improve};
pub use load_bounds::{Bounds, Effort, certified_bounds, critical_load_bounds};
#[doc(hidden)]
pub use subsets::{MAX_SERVERS, critical_load_by_subsets};

use thiserror::Error;

use crate::graph::BipartiteGraph;
use crate::model::policy::PolicyError;
use crate::model::sample_law::SampleLaw;
use crate::model::{MAX_CHOICES, Model};
use crate::num::ratio::{self, Ratio};

/// Why there is no critical load to be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StabilityError {
    /// Too many servers to enumerate their sets.
    #[error(
        "{servers} servers, above {MAX_SERVERS}: their sets are too many to enumerate, use the \
         max-flow form or the bounds"
    )]
    TooManyServers {
        /// How many there are.
        servers: u32,
    },
    /// Too many sample sets for the max-flow form.
    #[error("more than {MAX_SAMPLE_SETS} sets of servers can be sampled together: use the bounds")]
    TooManySampleSets {
        /// The number of samples.
        d: u32,
    },
    /// The number of samples is 0 or above [`MAX_CHOICES`].
    #[error(
        "{given} samples are outside 1 to {MAX_CHOICES}: every arrival samples at least one server"
    )]
    Choices {
        /// What was given.
        given: u32,
    },
    /// The policy has no critical load that is proved.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Every task type is isolated or has rate 0: no task ever joins a server, and no load is
    /// critical.
    #[error("no task type with a positive rate has a server: all tasks are lost at any load")]
    NoEdges,
}

/// A critical load and a set of servers that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Critical {
    /// The system is ergodic below this lambda, and has no steady state at or above it.
    pub lambda: Ratio,
    /// A set S with |S| / f(S) = lambda, ascending; each function says which if there are several.
    pub bottleneck: Vec<u32>,
}

fn check(graph: &BipartiteGraph, law: SampleLaw) -> Result<(), StabilityError> {
    if !law.is_valid() {
        return Err(StabilityError::Choices { given: law.choices() });
    }
    let joins = |w| {
        graph.task_degree(w) > 0
            && graph.rates().is_none_or(|rates| rates.weights()[w as usize] > 0)
    };
    if !(0..graph.n_task_types()).any(joins) {
        return Err(StabilityError::NoEdges);
    }
    Ok(())
}

/// |S| / f(S) of one set of servers, exact; `None` where f(S) = 0. An upper bound on the critical load.
///
/// # Panics
/// If a server is out of range.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, Isolated}, num::ratio::ratio, theory::stability::ratio_of_set};
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// assert_eq!(ratio_of_set(&graph, 2, &[0]), Some(ratio(4, 5)));
/// # Ok::<(), fluidcheck::graph::GraphError>(())
/// ```
pub fn ratio_of_set(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    servers: &[u32],
) -> Option<Ratio> {
    let mut set = servers.to_vec();
    set.sort_unstable();
    set.dedup();
    let f = work::forced_by_terms(graph, law.into(), &set);
    (f > Ratio::from_integer(0.into())).then(|| ratio::whole(set.len() as u64) / f)
}

/// Whether the model has a steady state, exactly: lambda below the critical load.
///
/// By subsets up to [`MAX_SERVERS`] servers, else by [`critical_load`] if its bounds decide, else
/// by max-flow.
///
/// # Errors
/// [`StabilityError::TooManySampleSets`] for graphs too large to decide exactly.
pub fn is_ergodic(model: &Model) -> Result<bool, StabilityError> {
    let (graph, lambda) = (model.graph(), model.load().exact());
    if check(graph, SampleLaw::All) == Err(StabilityError::NoEdges) {
        return Ok(true);
    }
    let Some(law) = model.policy().sample_law() else {
        let undecided = StabilityError::TooManyServers { servers: graph.n_servers() };
        return critical_load_of(model)?.stable(lambda).ok_or(undecided);
    };
    if graph.n_servers() <= MAX_SERVERS && !graph.is_implicit_complete() {
        return Ok(*lambda < critical_load_by_subsets(graph, law)?.lambda);
    }
    match critical_load(graph, law)?.stable(lambda) {
        Some(stable) => Ok(stable),
        None => Ok(*lambda < critical_load_by_flow(graph, law)?.lambda),
    }
}
