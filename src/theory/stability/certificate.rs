//! What proves a bound on the critical load, and checks of it that do not trust who found it.
//!
//! | bound | certificate | check |
//! |---|---|---|
//! | upper | a set S of servers: no steady state at or above \|S\| / f(S) | [`verify_upper`], exact |
//! | lower | a split of each type's work such that any k of its servers get at least what only they can do: ergodic below 1 / max load | [`verify_lower`], exact; [`verify_lower_f64`], rounded outwards |
//!
//! A split is a list over types, and in each over its servers in ascending order, of the load that
//! a server gets from a type at lambda = 1. Where every k servers of type w get at least (N / M)
//! r_w (k / d_w)^d together, the load of any set S is at least f(S), and at most |S| times the
//! largest.
//!
//! # Source
//! Remark 1; the work that only S can do is supermodular in S, and depends within one type on the
//! size of S only.

use num_traits::{One, Zero};
use thiserror::Error;

use super::{StabilityError, check, ratio_of_set};
use crate::graph::BipartiteGraph;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::Ratio;

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The graph has no critical load.
    #[error(transparent)]
    Graph(#[from] StabilityError),
    /// A server that does not exist.
    #[error("server {server} is out of range, there are {n_servers}")]
    ServerOutOfRange {
        /// The server named.
        server: u32,
        /// N.
        n_servers: u32,
    },
    /// The set is empty, or no task must be served inside it.
    #[error("the {size} servers of the set have no work that only they can do: they bound no load")]
    NoWork {
        /// How many servers it has.
        size: usize,
    },
    /// Another number of shares than edges.
    #[error("{given} shares for {needed} edges: give one for each")]
    Shares {
        /// How many were given.
        given: usize,
        /// How many there are.
        needed: usize,
    },
    /// Some servers of a type get less than they must.
    #[error(
        "task type {task_type}: the {servers} servers with the least get {given} together, less \
         than the {needed} that only they can do"
    )]
    Infeasible {
        /// The task type.
        task_type: u32,
        /// How many servers.
        servers: usize,
        /// What they get.
        given: String,
        /// What they must get.
        needed: String,
    },
}

/// The upper bound |S| / f(S), exact.
///
/// # Errors
/// A set without work, a server out of range.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, Isolated}, num::ratio::ratio, theory::stability::verify_upper};
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// assert_eq!(verify_upper(&graph, 2, &[0])?, ratio(4, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_upper(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    servers: &[u32],
) -> Result<Ratio, CertificateError> {
    let law = law.into();
    check(graph, law)?;
    if let Some(&server) = servers.iter().find(|&&v| v >= graph.n_servers()) {
        return Err(CertificateError::ServerOutOfRange { server, n_servers: graph.n_servers() });
    }
    ratio_of_set(graph, law, servers).ok_or(CertificateError::NoWork { size: servers.len() })
}

/// The lower bound 1 / max load of a split, exact.
///
/// # Errors
/// A split that gives some servers of a type less than only they can do, or has another shape than
/// the graph.
pub fn verify_lower(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    split: &[Ratio],
) -> Result<Ratio, CertificateError> {
    let law = law.into();
    check(graph, law)?;
    shape(graph, split.len())?;
    let scale = Ratio::new(graph.n_servers().into(), graph.n_task_types().into());
    let mut load = vec![Ratio::zero(); graph.n_servers() as usize];
    let mut rest = split;
    for task_type in 0..graph.n_task_types() {
        let (mut part, after) =
            (rest[..graph.task_degree(task_type)].to_vec(), &rest[graph.task_degree(task_type)..]);
        rest = after;
        graph
            .servers_of(task_type)
            .iter()
            .zip(&part)
            .for_each(|(v, share)| load[v as usize] += share);
        part.sort_unstable();
        let mut given = Ratio::zero();
        for (at, share) in part.iter().enumerate() {
            given += share;
            let of_all = law.all_within(at as u64 + 1, part.len() as u64);
            let needed = of_all * &scale * graph.relative_rate(task_type);
            if given < needed {
                let (given, needed) = (given.to_string(), needed.to_string());
                return Err(CertificateError::Infeasible {
                    task_type,
                    servers: at + 1,
                    given,
                    needed,
                });
            }
        }
    }
    Ok(load.into_iter().max().unwrap_or_else(Ratio::one).recip())
}

/// The lower bound 1 / max load of a split that is feasible up to rounding, rounded downwards.
///
/// No sum here has a negative term or more than |E| terms, and a term is a power of d factors and a
/// few products: each is within a relative (|E| + 4 d + 64) 2^-52 of the exact one. The split is
/// raised by the factor that it lacks, which must be within twice that of 1.
///
/// # Errors
/// As [`verify_lower`].
pub fn verify_lower_f64(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    split: &[f64],
) -> Result<f64, CertificateError> {
    let law = law.into();
    check(graph, law)?;
    shape(graph, split.len())?;
    let margin = margin(graph, law);
    let scale = f64::from(graph.n_servers()) / f64::from(graph.n_task_types());
    let mut load = vec![0.0; graph.n_servers() as usize];
    let mut factor: f64 = 1.0;
    let mut rest = split;
    let mut part = Vec::new();
    for task_type in 0..graph.n_task_types() {
        let (shares, after) = rest.split_at(graph.task_degree(task_type));
        rest = after;
        graph
            .servers_of(task_type)
            .iter()
            .zip(shares)
            .for_each(|(v, share)| load[v as usize] += share);
        let work = scale * graph.relative_rate_f64(task_type);
        part.clear();
        part.extend_from_slice(shares);
        part.sort_unstable_by(f64::total_cmp);
        let mut given = 0.0;
        for (at, &share) in part.iter().enumerate() {
            given += share;
            let needed = work * law.all_within_f64(at + 1, shares.len());
            // Of a negative share, or none at all, nothing follows.
            if !(share >= 0.0 && needed <= given * (1.0 + 2.0 * margin)) {
                let (given, needed) = (given.to_string(), needed.to_string());
                return Err(CertificateError::Infeasible {
                    task_type,
                    servers: at + 1,
                    given,
                    needed,
                });
            }
            if needed > given {
                factor = factor.max(needed / given);
            }
        }
    }
    let largest = load.into_iter().fold(0.0, f64::max);
    Ok((1.0 - 4.0 * margin) / (largest * factor))
}

/// The exact split nearest to one in floating point that is feasible: its numbers as they are, each
/// type raised to what it lacks.
///
/// # Errors
/// Another shape than the graph, a share that is negative or not finite, a type with work whose
/// split gives all of nothing.
pub fn exact_split(
    graph: &BipartiteGraph,
    law: impl Into<SampleLaw>,
    split: &[f64],
) -> Result<Vec<Ratio>, CertificateError> {
    let law = law.into();
    check(graph, law)?;
    shape(graph, split.len())?;
    let scale = Ratio::new(graph.n_servers().into(), graph.n_task_types().into());
    let mut exact = Vec::with_capacity(split.len());
    let mut rest = split;
    for task_type in 0..graph.n_task_types() {
        let (shares, after) = rest.split_at(graph.task_degree(task_type));
        rest = after;
        let infeasible =
            |servers: usize, given: &dyn ToString, needed: &Ratio| CertificateError::Infeasible {
                task_type,
                servers,
                given: given.to_string(),
                needed: needed.to_string(),
            };
        let mut part = Vec::new();
        for share in shares {
            match Ratio::from_float(*share) {
                Some(value) if *share >= 0.0 => part.push(value),
                _ => return Err(infeasible(1, share, &Ratio::zero())),
            }
        }
        let mut sorted: Vec<&Ratio> = part.iter().collect();
        sorted.sort_unstable();
        let (mut given, mut factor) = (Ratio::zero(), Ratio::one());
        for (at, share) in sorted.into_iter().enumerate() {
            given += share;
            let of_all = law.all_within(at as u64 + 1, part.len() as u64);
            let needed = of_all * &scale * graph.relative_rate(task_type);
            if needed > given {
                if given.is_zero() {
                    return Err(infeasible(at + 1, &given, &needed));
                }
                factor = factor.max(needed / &given);
            }
        }
        exact.extend(part.into_iter().map(|share| share * &factor));
    }
    Ok(exact)
}

/// The relative rounding error of the sums that bounds are made of.
pub(super) fn margin(graph: &BipartiteGraph, law: SampleLaw) -> f64 {
    (graph.n_edges() as f64 + law.rounding() + 64.0) * f64::EPSILON
}

fn shape(graph: &BipartiteGraph, given: usize) -> Result<(), CertificateError> {
    let needed = graph.n_edges() as usize;
    if given == needed { Ok(()) } else { Err(CertificateError::Shares { given, needed }) }
}
