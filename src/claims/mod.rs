//! The registry: every checkable statement of the paper as a value.
//!
//! | word | meaning |
//! |---|---|
//! | claim | one statement in the form in which it is checked, with its hypothesis, its expected verdict and the faults that it must reject |
//! | case | one input of a check; replayable by its index |
//! | evidence | what a check saw: verdict, slack, vacuity, cases, witness |
//! | slack | distance from the bound at its closest |
//! | fault | a wrong model ([`crate::faults::Fault`]) |
//!
//! | statements | file in `src/claims/` |
//! |---|---|
//! | (2.1) to (2.3), Remark 1 | `section_2.rs` |
//! | Remark 1 against simulated queues | `growth.rs` |
//! | Definitions 3.3 and 3.5, (3.3), (3.5), (4.44) | `section_3.rs` |
//! | Lemmas 4.2, 4.4, 4.5 as identities, Proposition 4.1's drift, (4.4) to (4.49) | `section_4/` |
//! | appendix A, Lemma C.1 | `appendices.rs` |
//! | Proposition 3.9, (4.14), conservation, looks, streams | `pathwise/` |
//! | (4.12) event by event, (4.10), Corollary 4.3, Proposition 4.1's steady state | `statistical.rs` |
//! | small systems solved exactly; perfect samples | `laws.rs`, `perfect.rs` |
//! | Theorems 3.8 and 3.10, Corollary 3.11, Lemmas 4.5 and C.2 along paths, their constants | `paths/` |
//! | section 1.2, Theorem 3.1, Corollaries 3.2, 3.4, 3.6, Remark 2, figures 2 to 4 | `limits/` |
//! | clocks, the plain simulator, estimates, solutions, graphs, files, the tests themselves | `machinery/` |
//! | errors of the print | `errata.rs`, `errata/` |
//! | the smallest effect that each statistical claim must detect | `effects.rs` |
//!
//! `cargo test`, `fluidcheck verify` and the tests of power all run [`all`], and a test compares it with
//! the catalogue of the paper's statements, so that none is forgotten.
//!
//! Printed forms that are wrong stay in the registry with the expected verdict *violated*, beside the
//! corrected forms: a printed form that suddenly holds means that the check lost its power.

mod appendices;
mod bounded;
pub mod cases;
mod effects;
mod errata;
mod graphs;
mod growth;
mod laws;
mod limits;
mod machinery;
mod paths;
mod pathwise;
mod perfect;
mod section_2;
mod section_3;
mod section_4;
mod states;
mod statistical;
mod verdict;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use num_traits::One;
use serde::Serialize;

pub use cases::CasePlan;
pub use effects::{Effect, effect_of};
pub use verdict::{Evidence, Verdict, Witness};

use crate::faults::Fault;
use crate::graph::metrics;
use crate::machinery::Machinery;
use crate::model::Model;
use crate::ratio::{self, Ratio};
use crate::stationary::Samples;
use crate::subject::Subject;

/// How a claim is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By integers, rationals or a proved rounding bound; one counterexample violates it.
    Exact,
    /// On every event of every path; one bad event violates it.
    Pathwise,
    /// By a sequential test with a stated error probability.
    Statistical,
}

/// The verdict that a sound check gives on the reference model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// The statement is right.
    Holds,
    /// The statement is wrong as printed (an erratum).
    Violated,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A theorem about numbers or about graphs that the claim makes itself: checked once, whatever the graph.
    Theory,
    /// The graph at hand: checked on each.
    Graph,
}

/// A premise of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hypothesis {
    /// rho(G) < 1.
    RhoBelowOne,
    /// max(phi, gamma) <= 1.
    PhiAndGammaAtMostOne,
    /// Every task type has a server.
    NoIsolatedTaskTypes,
    /// All task types have the same arrival rate, as in section 2. Without it the limit of (3.5) and q* need not be what a system comes close to.
    EqualRates,
    /// d >= 2, and some task type has two servers: else queues are those of M/M/1, which attain the bounds.
    TwoChoices,
    /// The subject's picker is a function of the mark.
    FunctionOfMarks,
    /// At most this many edges, so that exact arithmetic over the whole graph ends soon.
    EdgesAtMost(u64),
    /// At most this many servers.
    ServersAtMost(u32),
    /// At most this many servers for a task type on average, so that every event can be looked at from all sides.
    MeanTaskDegreeAtMost(u64),
}

impl Hypothesis {
    /// `None` if it is met, else the figure that fails it.
    pub fn failure(&self, setting: &Setting<'_>) -> Option<String> {
        let graph = setting.model.graph();
        match *self {
            Self::RhoBelowOne => {
                let rho = metrics::rho(setting.model);
                (rho >= Ratio::one())
                    .then(|| format!("needs rho(G) < 1, here rho(G) = {}", show(&rho)))
            }
            Self::PhiAndGammaAtMostOne => {
                let (phi, gamma) = (metrics::phi(graph), metrics::gamma(graph));
                (phi > Ratio::one() || gamma > Ratio::one()).then(|| {
                    format!(
                        "needs max(phi, gamma) <= 1, here phi = {}, gamma = {}",
                        show(&phi),
                        show(&gamma)
                    )
                })
            }
            Self::NoIsolatedTaskTypes => {
                let isolated = graph.isolated_task_types().len();
                (isolated > 0)
                    .then(|| format!("needs a server for every task type, here {isolated} have none and their tasks are lost"))
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
                    none.then(|| "needs a task type with two servers to choose from, here none has more than one".to_owned())
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

/// A fraction with few digits as it is, else rounded.
pub fn show(value: &Ratio) -> String {
    let text = value.to_string();
    if text.len() <= 15 { text } else { format!("{:.6}", ratio::to_f64(value)) }
}

/// What a claim is checked on.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The system under check.
    pub subject: &'a dyn Subject,
    /// The formulas, estimates and tests under check.
    pub machinery: &'a dyn Machinery,
    /// Graph, load and d.
    pub model: &'a Model,
    /// The cases of exact and pathwise claims; its seed is that of statistical ones too.
    pub plan: CasePlan,
    /// The error probability of this check, both directions together; unused by exact and pathwise claims.
    pub alpha: f64,
    /// Steady-state samples, shared by the claims that look at the same system.
    pub samples: &'a Samples<'a>,
}

/// One statement of the paper, in the form in which it is checked.
#[derive(Debug)]
pub struct Claim {
    /// The id by which reports, `--only` and the catalogue name it.
    pub id: &'static str,
    /// Where it stands in the paper.
    pub source: &'static str,
    /// What is claimed, in one line.
    pub statement: &'static str,
    /// How it is checked.
    pub kind: Kind,
    /// What it is about.
    pub scope: Scope,
    /// What a sound check says of the reference.
    pub expected: Expected,
    /// Where it does not apply.
    pub hypotheses: &'static [Hypothesis],
    /// The wrong models that it must reject; never empty.
    pub rejects: &'static [Fault],
    /// The check itself; called only where all hypotheses are met.
    pub check: fn(&Setting<'_>) -> Evidence,
}

impl Claim {
    /// Checks the hypotheses, then the claim. A check that panics is *violated*, with the message as its witness.
    pub fn evaluate(&self, setting: &Setting<'_>) -> Evidence {
        for hypothesis in self.hypotheses {
            if let Some(why) = hypothesis.failure(setting) {
                return Evidence::not_applicable(why);
            }
        }
        // A check only panics where the code under check broke an invariant: that is a violation, and must not hide other checks.
        catch_unwind(AssertUnwindSafe(|| (self.check)(setting)))
            .unwrap_or_else(|panic| broken(&*panic))
    }

    /// Whether `verdict` is what a sound check of the reference gives.
    pub fn is_expected(&self, verdict: Verdict) -> bool {
        match (self.expected, verdict) {
            (_, Verdict::NotApplicable) => true,
            (Expected::Holds, verdict) => verdict == Verdict::Holds,
            (Expected::Violated, verdict) => verdict == Verdict::Violated,
        }
    }
}

/// The evidence of a check that panicked.
fn broken(panic: &(dyn Any + Send)) -> Evidence {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let found = format!(
        "the check stopped on a broken invariant: {}",
        text.unwrap_or("no message").replace('\n', " ")
    );
    Evidence {
        verdict: Verdict::Violated,
        slack: None,
        vacuous: false,
        cases: 0,
        summary: found.clone(),
        witness: Some(Witness { found, ..Witness::default() }),
    }
}

/// Every claim, in the order of the paper, errata last.
pub fn all() -> impl Iterator<Item = &'static Claim> {
    [
        section_2::CLAIMS,
        section_3::CLAIMS,
        section_4::CLAIMS,
        appendices::CLAIMS,
        pathwise::CLAIMS,
        statistical::CLAIMS,
        laws::CLAIMS,
        perfect::CLAIMS,
        paths::CLAIMS,
        limits::CLAIMS,
        machinery::CLAIMS,
        errata::CLAIMS,
    ]
    .into_iter()
    .flatten()
}

/// The claim with this id.
pub fn find(id: &str) -> Option<&'static Claim> {
    all().find(|claim| claim.id == id)
}
