//! Lines and objects of estimates with their intervals.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::estimate::Estimated;
use crate::theory::exact;

/// Which intervals a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// Those of one kind.
    One,
    /// Guaranteed ones, and Student's beside them.
    Both,
}

pub(super) fn interval(e: &Estimated) -> Value {
    json!({
        "mean": e.mean, "lower": e.lower, "upper": e.upper, "standard_error": e.standard_error,
    })
}

pub(super) fn levels(q: &[Estimated]) -> Vec<Value> {
    let level = |(i, e): (usize, &Estimated)| {
        let mut level = interval(e);
        level["i"] = json!(i);
        level
    };
    (1..).zip(q).map(level).collect()
}

/// The names of the columns, the last of them that of the limit, if the policy has one.
pub(super) fn columns(text: &mut String, kinds: Columns, limit: Option<&str>) {
    let (above, more) = match kinds {
        Columns::One => (String::new(), String::new()),
        Columns::Both => (
            format!("{:>51}  {:>20}\n", "guaranteed", "Student's t"),
            format!("  {:>9}  {:>9}", "lower", "upper"),
        ),
    };
    let limit = limit.map(|name| format!("  {name:>9}")).unwrap_or_default();
    let [mean, error, lower, upper] = ["mean", "s.e.", "lower", "upper"];
    let _ = writeln!(
        text,
        "{above}{:>18}  {mean:>9}  {error:>9}  {lower:>9}  {upper:>9}{more}{limit}",
        ""
    );
}

/// A number, or a sign that there is none.
fn number(x: f64) -> String {
    if x.is_nan() { format!("{:>9}", "-") } else { format!("{x:>9.6}") }
}

/// A line of an estimate, with the ends of Student's interval where the table has them.
pub(super) fn line(
    text: &mut String,
    name: &str,
    e: &Estimated,
    student: Option<(f64, f64)>,
    limit: Option<f64>,
) {
    let ends = |(lower, upper)| format!("  {}  {}", number(lower), number(upper));
    let _ = writeln!(
        text,
        "{name:>18}  {}  {}{}{}{}",
        number(e.mean),
        number(e.standard_error),
        ends((e.lower, e.upper)),
        student.map(ends).unwrap_or_default(),
        last(limit)
    );
}

/// A line without a standard error: quantiles follow from the intervals of all q_i.
pub(super) fn quantile_line(
    text: &mut String,
    kinds: Columns,
    name: &str,
    value: &exact::Value,
    limit: Option<f64>,
) {
    let exact::Value { value, lower, upper } = *value;
    let gap = if kinds == Columns::Both { 22 } else { 0 };
    let _ = writeln!(
        text,
        "{name:>18}  {}  {:>9}  {}  {}{:gap$}{}",
        number(value),
        "",
        number(lower),
        number(upper),
        "",
        last(limit)
    );
}

fn last(limit: Option<f64>) -> String {
    limit.map(|limit| format!("  {limit:>9.6}")).unwrap_or_default()
}
