//! Pathwise claims: what must hold at every event of every path.
//!
//! | part | claims |
//! |---|---|
//! | [`proposition_3_9`] | `prop-3.9-mass`, `prop-3.9-samples`, `eq-4.14` |
//! | [`conservation`] | `conservation` |
//! | [`looks`] | `looks` |
//! | [`independent_streams`] | `independent-streams` |
//!
//! One bad event violates a claim; the witness names the seed, the case and the event.

mod conservation;
mod independent_streams;
mod looks;
mod proposition_3_9;

use super::cases::Outcome;
use super::{Claim, Setting};

/// The pathwise claims.
pub const CLAIMS: &[Claim] = &[
    proposition_3_9::PROP_3_9_MASS,
    proposition_3_9::PROP_3_9_SAMPLES,
    proposition_3_9::EQ_4_14,
    conservation::CONSERVATION,
    looks::LOOKS,
    independent_streams::INDEPENDENT_STREAMS,
];

/// A counterexample at an event of a path, with what is needed to see it again.
fn violated_at_event(
    setting: &Setting<'_>,
    case: u64,
    event: u64,
    found: impl AsRef<str>,
    states: &[&[u32]],
) -> Outcome {
    let graph = setting.model.graph();
    let found = format!(
        "{} (event {event} of case {case}, seed {}, {} servers, {} task types, {} edges)",
        found.as_ref(),
        setting.plan.seed,
        graph.n_servers(),
        graph.n_task_types(),
        graph.n_edges(),
    );
    Outcome::Violated {
        slack: f64::NAN,
        found,
        event: Some(event),
        states: states.iter().map(|s| s.to_vec()).collect(),
    }
}

/// How many paths each claim follows per unit of effort.
const PATHS: u64 = 16;

/// The seed of the paths of one case.
fn path_seed(setting: &Setting<'_>, claim: &str) -> u64 {
    setting.plan.seed ^ crate::random::fingerprint(claim)
}

/// Whether the whole state is looked at after this event: always on small graphs, now and then on
/// large ones.
fn looks_at_all(n_servers: u32, event: u64) -> bool {
    n_servers <= 64 || event.is_multiple_of(u64::from(n_servers.max(256)))
}
