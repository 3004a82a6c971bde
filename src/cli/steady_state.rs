//! Commands that need a steady state refuse where there is none, and warn where that is open.

use serde_json::{Value, json};

use super::output::{Failure, warn};
use crate::model::Model;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio;
use crate::theory::stability::{CriticalLoad, StabilityError, critical_load, critical_load_of};

/// Refuses a load at or above the critical one, where a simulation would only show a transient;
/// warns between the bounds, and where the policy has no critical load that is proved.
pub fn require_steady_state(model: &Model) -> Result<(), Failure> {
    let (lambda, policy) = (model.load().exact(), model.policy());
    let critical = match critical_load_of(model) {
        Ok(critical) => critical,
        // A graph without a critical load has a steady state at every load.
        Err(StabilityError::NoEdges) => return Ok(()),
        Err(error) => {
            if let Some(most) = most_of_any_policy(model)
                && most.stable(lambda) == Some(false)
            {
                return Err(Failure::Message(format!(
                    "lambda = {lambda} is at or above the critical load of every policy, {}: there \
                     is no steady state ({}); use a lower --lambda, or --transient",
                    value(&most),
                    bottleneck(model, &most)
                )));
            }
            let why = unknown(model, &error);
            warn(&format!("{why}, and the result may be a transient"));
            return Ok(());
        }
    };
    let (named, bound) = (bottleneck(model, &critical), value(&critical));
    match critical.stable(lambda) {
        Some(true) => {}
        Some(false) => {
            return Err(Failure::Message(format!(
                "lambda = {lambda} is at or above the critical load, {bound} for {policy}: there \
                 is no steady state ({named}); use a lower --lambda, or --transient"
            )));
        }
        None => warn(&format!(
            "lambda = {lambda} is between the bounds on the critical load, {bound} for {policy}: \
             there may be no steady state ({named}), and the result may be a transient"
        )),
    }
    Ok(())
}

/// The critical load of `jsq(all)`: at or above it some servers get more tasks that nobody else can
/// serve than they serve, whatever the policy.
pub fn most_of_any_policy(model: &Model) -> Option<CriticalLoad> {
    critical_load(model.graph(), SampleLaw::All).ok()
}

/// Why nothing tells whether there is a steady state.
pub fn unknown(model: &Model, error: &StabilityError) -> String {
    let (lambda, policy) = (model.load().exact(), model.policy());
    let open = format!("whether there is a steady state at lambda = {lambda} is not known");
    match error {
        StabilityError::Policy(_) => {
            format!("`{policy}` has no critical load that is proved: {open}")
        }
        error => format!("{error}: {open}"),
    }
}

fn bottleneck(model: &Model, critical: &CriticalLoad) -> String {
    format!("bottleneck: {}", model.graph().first_server_names(&critical.bottleneck))
}

/// A critical load in words.
pub fn value(critical: &CriticalLoad) -> String {
    match &critical.exact {
        Some(exact) => both(exact),
        None => format!("in [{:.6}, {:.6}]", critical.lower, critical.upper),
    }
}

/// A fraction with few digits and its decimal, else the decimal.
pub fn both(value: &ratio::Ratio) -> String {
    let decimal = format!("{:.6}", ratio::to_f64(value));
    let exact = crate::claims::show(value);
    if exact == decimal { decimal } else { format!("{exact} = {decimal}") }
}

/// A critical load for programs.
pub fn bounds(critical: &CriticalLoad) -> Value {
    json!({
        "lower": critical.lower,
        "upper": critical.upper,
        "exact": critical.exact.as_ref().map(ToString::to_string),
    })
}
