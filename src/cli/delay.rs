//! The delay of tasks in the objects and tables of `simulate` and `exact`.

use serde_json::{Map, Value, json};

use crate::model::Model;
use crate::theory::delay::Delay;
use crate::theory::exact;

/// What delays are stated for.
pub const ASSUMED: &str = "delays: FIFO servers, exponential services of mean 1";

/// The delay at q*, where the policy has such a limit.
pub fn limit(model: &Model) -> Option<Delay> {
    model.limit_d().map(|d| Delay::at_the_fixed_point(model.lambda(), d))
}

/// An object with one member for the mean and each quantile.
pub fn object(delay: &Delay, of: impl Fn(&exact::Value) -> Value) -> Value {
    let members = delay.rows().map(|(name, value)| (name.to_owned(), of(&value)));
    Value::Object(Map::from_iter(members))
}

/// A value alone.
pub fn value(value: &exact::Value) -> Value {
    json!(value.value)
}

/// A value with its interval; null for an end that is not known.
pub fn interval(value: &exact::Value) -> Value {
    json!({ "mean": value.value, "lower": value.lower, "upper": value.upper })
}

/// The bounds alone.
pub fn bounds(value: &exact::Value) -> Value {
    json!({ "lower": value.lower, "upper": value.upper })
}

/// The quantiles by the names of their rows, each with that of the limit.
pub fn quantiles(delay: &Delay, limit: Option<&Delay>) -> Vec<(String, exact::Value, Option<f64>)> {
    let limits = limit.map(Delay::rows);
    let row = |(at, (name, value)): (usize, (&str, exact::Value))| {
        (format!("delay {name}"), value, limits.map(|limits| limits[at].1.value))
    };
    delay.rows().into_iter().enumerate().skip(1).map(row).collect()
}

/// The delay as a multiple of that of the limit, which is full flexibility on infinitely many
/// servers.
pub fn ratio(delay: &Delay, limit: &Delay) -> Delay {
    let over = |value: exact::Value, limit: exact::Value| exact::Value {
        value: value.value / limit.value,
        lower: value.lower / limit.value,
        upper: value.upper / limit.value,
    };
    Delay {
        mean: over(delay.mean, limit.mean),
        p50: over(delay.p50, limit.p50),
        p90: over(delay.p90, limit.p90),
        p99: over(delay.p99, limit.p99),
        p999: over(delay.p999, limit.p999),
    }
}

/// A line that says how much longer tasks stay than at q*.
pub fn compared(delay: &Delay, limit: Option<&Delay>) -> String {
    let Some(limit) = limit else { return String::new() };
    let Delay { mean, p99, .. } = ratio(delay, limit);
    format!("mean delay {:.3} times, p99 {:.3} times that of q*\n", mean.value, p99.value)
}
