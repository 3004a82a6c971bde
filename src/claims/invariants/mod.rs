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

pub(super) mod conservation;
pub(super) mod independent_streams;
pub(super) mod looks;
pub(super) mod proposition_3_9;

use super::Setting;
use super::cases::Outcome;

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
    Outcome::violated(found).at(states).at_event(event)
}

/// How many paths each claim follows per unit of effort.
const PATHS: u64 = 16;

/// Whether the whole state is looked at after this event: always on small graphs, now and then on
/// large ones.
fn looks_at_all(n_servers: u32, event: u64) -> bool {
    n_servers <= 64 || event.is_multiple_of(u64::from(n_servers.max(256)))
}
