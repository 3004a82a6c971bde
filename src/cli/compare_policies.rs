//! `fluidcheck inspect --compare-policies`: one graph and load under several policies.
//!
//! The mean delay is exact where the states are few, else estimated from a stated seed and with a
//! budget of events that depends on the number of servers alone.

use std::fmt::Write;

use serde_json::{Value, json};

use super::common::put_policy;
use super::output::Failure;
use super::steady_state::{bounds, value};
use crate::estimate::delay::{MeanDelay, by_littles_law, mean_delay, without_choice};
use crate::estimate::{EstimateError, Estimated, Intervals, Options};
use crate::model::policy::{Base, Policy};
use crate::model::{Model, ModelError};
use crate::theory::exact::{self, ExactError};
use crate::theory::stability::{CriticalLoad, critical_load_of};

/// States of a component up to which a delay is exact.
const MOST_STATES: u64 = 100_000;

/// The seed of the estimates.
const SEED: u64 = 1;

/// The probability with which the interval of one policy holds.
const CONFIDENCE: f64 = 0.95;

/// The relative half-width at which an estimate stops.
const PRECISION: f64 = 0.005;

/// Events of one estimate, for each server.
const EVENTS_FOR_EACH_SERVER: u64 = 40_000;

/// Few servers do with more events, many with fewer.
const EVENTS: (u64, u64) = (24_000_000, 120_000_000);

/// The mean delay of a policy.
enum Delay {
    /// Between bounds, which differ by errors of rounding.
    Exact { mean: f64, lower: f64, upper: f64 },
    /// With an interval.
    Estimated(MeanDelay),
    /// lambda is at or above the critical load.
    None,
    /// The copies from empty and from above had not met in the budget.
    Open(EstimateError),
}

/// What is known of one policy.
pub struct Compared {
    policy: Policy,
    critical: CriticalLoad,
    delay: Delay,
}

/// `jsq(D)` in both samplings, `jsq(all)` and `random` on the model's graph, at its load. D is that
/// of the model's policy, 2 where it has none.
pub fn compare(model: &Model) -> Result<Vec<Compared>, Failure> {
    let d = if let Base::Jsq { d, .. } = model.policy().base() { d } else { 2 };
    let policies = [
        Policy::jsq(d)?,
        Policy::jsq_distinct(d)?,
        Policy::of_base(Base::JsqAll)?,
        Policy::of_base(Base::Random)?,
    ];
    policies.into_iter().map(|policy| of_one(model, policy)).collect()
}

fn of_one(model: &Model, policy: Policy) -> Result<Compared, Failure> {
    let with = |policy: &Policy| -> Result<Model, ModelError> {
        Model::with_policy(model.graph().clone(), model.load().clone(), policy.clone(), None)
    };
    let model = with(&policy)?;
    let critical = critical_load_of(&model)?;
    let delay = if critical.stable(model.load().exact()) == Some(false) {
        Delay::None
    } else {
        delay_of(&model, &critical)?
    };
    Ok(Compared { policy, critical, delay })
}

fn delay_of(model: &Model, critical: &CriticalLoad) -> Result<Delay, Failure> {
    if let Some(exact::Value { value, lower, upper }) = without_choice(model) {
        return Ok(Delay::Exact { mean: value, lower, upper });
    }
    let options = exact::Options { most_states: MOST_STATES, ..exact::Options::default() };
    match exact::stationary(model, &options) {
        Ok(law) => {
            let of = |value: f64| by_littles_law(model, value);
            let exact::Value { value, lower, upper } = law.mean_queue_length;
            return Ok(Delay::Exact { mean: of(value), lower: of(lower), upper: of(upper) });
        }
        Err(ExactError::TooManyStates { .. } | ExactError::Undecided { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let servers = u64::from(model.graph().n_servers());
    let options = Options {
        seed: SEED,
        confidence: CONFIDENCE,
        precision: PRECISION,
        events: (EVENTS_FOR_EACH_SERVER * servers).clamp(EVENTS.0, EVENTS.1),
        intervals: Intervals::Student,
        ..Options::default()
    };
    let kappa = model.lambda() / critical.lower * (1.0 + 1e-12);
    if kappa >= 1.0 {
        return Ok(Delay::Open(EstimateError::NoSteadyState { events: 0 }));
    }
    Ok(match mean_delay(model, kappa, &options) {
        Ok(estimate) => Delay::Estimated(estimate),
        Err(error) => Delay::Open(error),
    })
}

/// For programs.
pub fn object(all: &[Compared]) -> Value {
    let row = |compared: &Compared| {
        let mut value = json!({ "critical_lambda": bounds(&compared.critical) });
        put_policy(&mut value, &compared.policy);
        value["mean_delay"] = match &compared.delay {
            Delay::Exact { mean, lower, upper } => {
                json!({ "kind": "exact", "mean": mean, "lower": lower, "upper": upper })
            }
            Delay::Estimated(estimate) => {
                let Estimated { mean, lower, upper, .. } = estimate.delay;
                json!({
                    "kind": "estimated", "mean": mean, "lower": lower, "upper": upper,
                    "confidence": CONFIDENCE, "intervals": "student", "seed": SEED,
                    "replications": estimate.replications, "events": estimate.events,
                })
            }
            Delay::None => json!({ "kind": "none" }),
            Delay::Open(error) => json!({ "kind": "open", "why": error.to_string() }),
        };
        value
    };
    all.iter().map(row).collect()
}

/// For people.
pub fn table(model: &Model, all: &[Compared]) -> String {
    let mut text = format!("policies compared at lambda = {}\n", model.load().exact());
    let _ = writeln!(text, "  {:<22}{:<25}mean delay", "policy", "critical load");
    let mut estimated = false;
    for Compared { policy, critical, delay } in all {
        let delay = match delay {
            Delay::Exact { mean, .. } => format!("{mean:.6}, exact"),
            Delay::Estimated(estimate) => {
                let Estimated { mean, lower, upper, .. } = estimate.delay;
                estimated = true;
                format!("{mean:.4} in [{lower:.4}, {upper:.4}]")
            }
            Delay::None => "none: no steady state".to_owned(),
            Delay::Open(_) => "not known: budget spent".to_owned(),
        };
        let _ = writeln!(text, "  {:<22}{:<25}{delay}", policy.to_string(), value(critical));
    }
    if estimated {
        let _ = writeln!(
            text,
            "  seed {SEED}; each interval holds with probability {CONFIDENCE}, approximately \
             (Student's t)"
        );
    }
    text
}
