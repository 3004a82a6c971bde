//! Where a claim does not apply: the premises of statements, and the sizes that a check can bear.

use std::fmt;

use num_traits::One;

use super::setting::Setting;
use crate::graph::metrics;
use crate::model::loads;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};
use crate::theory::stability::critical_load_of;

/// A premise of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hypothesis {
    /// rho(G) < 1.
    RhoBelowOne,
    /// lambda is below the critical load of graph and policy, so that there is a steady state;
    /// rho(G) < 1 is enough for it.
    BelowCriticalLoad,
    /// max(phi, gamma) <= 1.
    PhiAndGammaAtMostOne,
    /// Every task type has a server.
    NoIsolatedTaskTypes,
    /// All task types have the same arrival rate, as in section 2. Without it the limit of (3.5)
    /// and q* need not be what a system comes close to.
    EqualRates,
    /// d >= 2 samples, and some task type has two servers: else queues are those of M/M/1, which
    /// attain the bounds.
    TwoChoices,
    /// The subject's picker is a function of the mark.
    FunctionOfMarks,
    /// At most this many edges, so that exact arithmetic over the whole graph ends soon.
    EdgesAtMost(u64),
    /// At most this many servers.
    ServersAtMost(u32),
    /// At most this many servers for a task type on average, so that every event can be looked at
    /// from all sides.
    MeanTaskDegreeAtMost(u64),
}

impl Hypothesis {
    /// `None` if it is met, else the figure that fails it.
    pub fn failure(&self, setting: &Setting<'_>) -> Option<String> {
        let graph = setting.model.graph();
        match *self {
            Self::RhoBelowOne => {
                let rho = loads::rho(setting.model);
                (rho >= Ratio::one())
                    .then(|| format!("needs rho(G) < 1, here rho(G) = {}", show(&rho)))
            }
            Self::BelowCriticalLoad => above_critical_load(setting),
            Self::PhiAndGammaAtMostOne => {
                let (phi, gamma) = (metrics::phi(graph), metrics::gamma(graph));
                (phi > Ratio::one() || gamma > Ratio::one()).then(|| {
                    let [phi, gamma] = [&phi, &gamma].map(show);
                    format!("needs max(phi, gamma) <= 1, here phi = {phi}, gamma = {gamma}")
                })
            }
            Self::NoIsolatedTaskTypes => {
                let isolated = graph.isolated_task_types().len();
                (isolated > 0).then(|| {
                    format!(
                        "needs a server for every task type, here {isolated} have \
                        none and their tasks are lost"
                    )
                })
            }
            Self::EqualRates => graph.rates().is_some().then(|| {
                let (least, most) = graph.rate_range();
                format!(
                    "needs equal arrival rates, here from {} to {} times the mean",
                    show(&least),
                    show(&most)
                )
            }),
            Self::TwoChoices => {
                let none = (0..graph.n_task_types()).all(|w| graph.task_degree(w) < 2);
                let policy = setting.model.policy();
                // Other policies are refused by what a claim is proved for.
                if policy.sample_law().is_some_and(SampleLaw::is_single) {
                    Some(format!("needs d >= 2, here {policy}"))
                } else {
                    none.then(|| {
                        "needs a task type with two servers to choose from, here none \
                        has more than one"
                            .to_owned()
                    })
                }
            }
            Self::FunctionOfMarks => (!setting.subject.is_function_of_marks()).then(|| {
                format!(
                    "needs a picker that is a function of the samples, {} draws for itself",
                    setting.subject.name()
                )
            }),
            Self::EdgesAtMost(limit) => (graph.n_edges() > limit).then(|| {
                format!("exact arithmetic over at most {limit} edges, here {}", graph.n_edges())
            }),
            Self::MeanTaskDegreeAtMost(limit) => {
                let mean = graph.n_edges() / u64::from(graph.n_task_types());
                (mean > limit).then(|| {
                    format!(
                        "looked at for at most {limit} servers a task type on average, here {mean}"
                    )
                })
            }
            Self::ServersAtMost(limit) => (graph.n_servers() > limit).then(|| {
                format!("enumerated for at most {limit} servers, here {}", graph.n_servers())
            }),
        }
    }
}

/// Why lambda is not below the critical load, or not known to be.
fn above_critical_load(setting: &Setting<'_>) -> Option<String> {
    let model = setting.model;
    // Each sample is uniform, so that no set of servers gets more than from random routing.
    if model.policy().sample_law().is_some() && loads::rho(model) < Ratio::one() {
        return None;
    }
    let lambda = model.load().exact();
    match critical_load_of(model) {
        Ok(critical) => (critical.stable(lambda) != Some(true)).then(|| {
            let (lower, upper) = (critical.lower, critical.upper);
            let range = match &critical.exact {
                Some(exact) => show(exact),
                None => format!("one in [{lower}, {upper}]"),
            };
            format!(
                "needs lambda below the critical load, here lambda = {} and {range}",
                show(lambda)
            )
        }),
        Err(error) => Some(format!("needs lambda below a critical load that is known: {error}")),
    }
}

impl fmt::Display for Hypothesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RhoBelowOne => f.write_str("rho(G) < 1"),
            Self::BelowCriticalLoad => f.write_str("a load below the critical one"),
            Self::PhiAndGammaAtMostOne => f.write_str("max(phi, gamma) <= 1"),
            Self::NoIsolatedTaskTypes => f.write_str("a server for every task type"),
            Self::EqualRates => f.write_str("equal arrival rates"),
            Self::TwoChoices => f.write_str("d >= 2 and a task type with two servers"),
            Self::FunctionOfMarks => f.write_str("a picker that is a function of the samples"),
            Self::EdgesAtMost(limit) => {
                write!(f, "at most {limit} edges (exact arithmetic over the whole graph)")
            }
            Self::ServersAtMost(limit) => write!(f, "at most {limit} servers (exact enumeration)"),
            Self::MeanTaskDegreeAtMost(limit) => {
                write!(f, "at most {limit} servers per task type on average")
            }
        }
    }
}

/// A fraction with few digits as it is, else rounded.
pub fn show(value: &Ratio) -> String {
    let text = value.to_string();
    if text.len() <= 15 { text } else { format!("{:.6}", ratio::to_f64(value)) }
}
