//! The results of a suite as one JSON object.

use serde::Serialize;
use serde_json::Value;

use crate::claims::{Expected, Kind, Verdict, Witness};
use crate::suite::{Row, Suite};

/// One claim on one graph.
#[derive(Serialize)]
struct ClaimRow<'a> {
    id: &'a str,
    source: &'a str,
    statement: &'a str,
    kind: Kind,
    /// `null` for claims that are not about a graph.
    graph: Option<&'a str>,
    verdict: Verdict,
    expected: Expected,
    /// Whether the verdict is as expected.
    ok: bool,
    applicable: bool,
    vacuous: bool,
    slack: Option<f64>,
    evidence: &'a str,
    witness: Option<&'a Witness>,
    cases: u64,
    seconds: f64,
}

/// The whole suite: `{"claims": [...], "seed", "alpha", "ledger", "partial", "checks"}`.
pub fn suite(suite: &Suite) -> Value {
    let claims: Vec<_> = suite.rows.iter().map(row).collect();
    serde_json::json!({
        "claims": claims,
        "seed": suite.seed,
        "alpha": suite.ledger.alpha,
        "ledger": suite.ledger.entries,
        "partial": suite.is_partial(),
        "checks": suite.asked,
    })
}

fn row(row: &Row) -> Value {
    let evidence = &row.evidence;
    let claim = ClaimRow {
        id: row.claim.id,
        source: row.claim.source,
        statement: row.claim.statement,
        kind: row.claim.kind,
        graph: row.graph.as_deref(),
        verdict: evidence.verdict,
        expected: row.claim.expected,
        ok: row.is_expected(),
        applicable: evidence.verdict != Verdict::NotApplicable,
        vacuous: evidence.vacuous,
        slack: evidence.slack.filter(|slack| slack.is_finite()),
        evidence: &evidence.summary,
        witness: evidence.witness.as_ref(),
        cases: evidence.cases,
        seconds: row.seconds,
    };
    serde_json::to_value(claim).unwrap_or(Value::Null)
}
