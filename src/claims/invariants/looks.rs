//! What a look at a time sees: the state after all events before it and before all later ones,
//! whoever else has looked.
//!
//! The times come from one run in which every event is shown, the states from the plain fold of the
//! marks; looks at few and at many times must agree with both.
//!
//! # Source
//! Section 2; public simulators record the state after the event that crosses the time, or change
//! the path by looking.

use super::Trial;
use crate::claims::cases::Outcome;
use crate::claims::states::ordered_pair;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::simulate::marks::Mark;
use crate::simulate::{Observer, Queues, SimulateError, Simulation};
use crate::subject::{Path, Reference};

/// Looks.
pub(crate) const LOOKS: Claim = Claim {
    id: "looks",
    source: "section 2, states at given times",
    paper: &["Section 2"],
    statement: "a look at t sees the state after the events before t and before those from t on, \
        and looking more often changes nothing",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::RECORDED_AFTER_EVENT, faults::LOOKING_DRAWS],
    run: looks,
};

/// Events of a path.
const EVENTS: u64 = 64;

fn looks(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, 8, "paths, looked at rarely and often", |case, rng| {
        let start = ordered_pair(case + 1, rng, setting.model.graph().n_servers()).1;
        let seed = setting.seed(claim.id);
        let trial = Trial { setting: *setting, seed, case, events: EVENTS };
        match differing(trial, &start) {
            Ok(None) => Outcome::holds(0.0),
            Ok(Some((event, found))) => trial.violated(event as u64, found, &[&start]),
            Err(error) => trial.violated(0, error, &[&start]),
        }
    })
}

/// The times of the first events of a path.
struct Times(Vec<f64>);

impl Observer for Times {
    fn before(&mut self, time: Option<f64>, _: Mark<'_>, _: &Queues) {
        self.0.extend(time);
    }
}

/// The first look that sees another state than the fold of the marks, and the event after which it
/// comes.
fn differing(
    Trial { setting, seed, case, events }: Trial<'_>,
    start: &[u32],
) -> Result<Option<(usize, String)>, SimulateError> {
    let model = setting.model;
    let mut times = Times(Vec::new());
    let horizon = events as f64 / model.event_rate();
    Simulation::new(model, seed, case, start.to_vec())?.observe_until(horizon, &mut times)?;
    let mut path = Path::new(&Reference, model, seed, case, start.to_vec());
    let mut states = vec![start.to_vec()];
    for _ in &times.0 {
        path.step();
        states.push(path.queues().lengths().to_vec());
    }
    // At every event, and between; then at the middle and the end only.
    let often: Vec<f64> = times.0.iter().flat_map(|&time| [time, time.next_up()]).collect();
    let mut ascending = often.clone();
    ascending.dedup();
    for looks in [&ascending[..], &[horizon / 2.0, horizon]] {
        let seen = (setting.instruments.states_at)(model, seed, case, start.to_vec(), looks)?;
        for (&time, seen) in looks.iter().zip(&seen) {
            let before = times.0.partition_point(|&event| event < time);
            if *seen != states[before] {
                let found = format!(
                    "a look at t = {time} of {} looks sees {seen:?}, after the {before} events \
                     before it the queues are {:?}",
                    looks.len(),
                    states[before]
                );
                return Ok(Some((before, found)));
            }
        }
    }
    Ok(None)
}
