//! Commands that need a steady state refuse where there is none, and warn where that is open.

use super::output::{Failure, warn};
use crate::model::Model;
use crate::num::ratio;
use crate::theory::stability::{CriticalLoad, critical_load};

/// Refuses a load at or above the critical one, where a simulation would only show a transient;
/// warns between the bounds.
pub fn require_steady_state(model: &Model) -> Result<(), Failure> {
    // A graph without a critical load has a steady state at every load.
    let Ok(critical) = critical_load(model.graph(), model.d()) else { return Ok(()) };
    let (lambda, d) = (model.load().exact(), model.d());
    let named = format!("bottleneck: {}", model.graph().first_server_names(&critical.bottleneck));
    let bound = value(&critical);
    match critical.stable(lambda) {
        Some(true) => {}
        Some(false) => {
            return Err(Failure::Message(format!(
                "lambda = {lambda} is at or above the critical load, {bound} for d = {d}: there is \
                 no steady state ({named}); use a lower --lambda, or --transient"
            )));
        }
        None => warn(&format!(
            "lambda = {lambda} is between the bounds on the critical load, {bound} for d = {d}: \
             there may be no steady state ({named}), and the result may be a transient"
        )),
    }
    Ok(())
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
