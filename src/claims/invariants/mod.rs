//! Pathwise claims: what must hold at every event of every path.
//!
//! One bad event violates a claim; the witness names the seed, the case and the event.

pub(super) mod concentration;
pub(super) mod conservation;
pub(super) mod independent_streams;
pub(super) mod looks;
pub(super) mod non_expansion;
pub(super) mod proposition_3_9;

use std::fmt::Display;

use super::Setting;
use super::cases::Outcome;

/// A path of a pathwise claim, as its check follows it.
#[derive(Clone, Copy)]
struct Trial<'a> {
    setting: Setting<'a>,
    seed: u64,
    case: u64,
    /// How many events are followed.
    events: u64,
}

impl Trial<'_> {
    /// A counterexample at an event, with what is needed to see it again.
    fn violated(&self, event: u64, found: impl Display, states: &[&[u32]]) -> Outcome {
        let (graph, seed) = (self.setting.model.graph(), self.setting.plan.seed);
        let found = format!(
            "{found} (event {event} of case {}, seed {seed}, {} servers, {} task types, {} edges)",
            self.case,
            graph.n_servers(),
            graph.n_task_types(),
            graph.n_edges(),
        );
        Outcome::violated(found).at(states).at_event(event)
    }

    /// Whether the whole state is looked at after this event: always on small graphs, now and then
    /// on large ones, and at the end.
    fn looks_at_all(&self, event: u64) -> bool {
        looks_at_all(self.setting.model.graph().n_servers(), event) || event + 1 == self.events
    }
}

/// How many paths each claim follows per unit of effort.
const PATHS: u64 = 16;

/// [`Trial::looks_at_all`] but for the end.
fn looks_at_all(n_servers: u32, event: u64) -> bool {
    n_servers <= 64 || event.is_multiple_of(u64::from(n_servers.max(256)))
}
