//! Where a claim does not apply: the premises of statements, and the sizes that a check can bear.

use std::fmt;

use num_traits::One;

use super::setting::Setting;
use crate::graph::metrics;
use crate::model::loads;
use crate::num::ratio::{self, Ratio};

/// A premise of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hypothesis {
    /// rho(G) < 1.
    RhoBelowOne,
    /// max(phi, gamma) <= 1.
    PhiAndGammaAtMostOne,
    /// Every task type has a server.
    NoIsolatedTaskTypes,
    /// All task types have the same arrival rate, as in section 2. Without it the limit of (3.5)
    /// and q* need not be what a system comes close to.
    EqualRates,
    /// d >= 2, and some task type has two servers: else queues are those of M/M/1, which attain the
    /// bounds.
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
                if setting.model.d() < 2 {
                    Some(format!("needs d >= 2, here d = {}", setting.model.d()))
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

impl fmt::Display for Hypothesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RhoBelowOne => f.write_str("rho(G) < 1"),
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
