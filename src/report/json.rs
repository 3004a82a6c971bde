//! The results of a suite as one JSON object.

use serde_json::{Value, json};

use crate::claims::Verdict;
use crate::suite::{Row, Suite};

/// The whole suite: `{"claims": [...], "seed", "alpha", "ledger", "partial", "checks"}`.
pub fn suite(suite: &Suite) -> Value {
    let claims: Vec<_> = suite.rows.iter().map(row).collect();
    json!({
        "claims": claims,
        "seed": suite.seed,
        "alpha": suite.ledger.alpha,
        "ledger": suite.ledger.entries,
        "partial": suite.is_partial(),
        "checks": suite.asked,
    })
}

/// One claim on one graph; `graph` is `null` for claims that are not about one, and `ok` says
/// whether the verdict is as expected. Where picks are judged, `excluded_share` is the largest of
/// those of `rivals`, `null` unless the verdict is *holds*.
fn row(row: &Row) -> Value {
    let (claim, evidence) = (row.claim, &row.evidence);
    let mut value = json!({
        "id": claim.id,
        "source": claim.source,
        "statement": claim.statement,
        "kind": claim.kind,
        "graph": row.graph,
        "policy": row.policy,
        "verdict": evidence.verdict,
        "expected": claim.expected,
        "erratum": claim.erratum(),
        "ok": row.is_expected(),
        "applicable": evidence.verdict != Verdict::NotApplicable,
        "vacuous": evidence.vacuous,
        "slack": evidence.slack.filter(|slack| slack.is_finite()),
        "evidence": evidence.summary,
        "witness": evidence.witness,
        "cases": evidence.cases,
        "seconds": row.seconds,
    });
    if let (Some(excluded), Some(value)) = (&evidence.excluded, value.as_object_mut()) {
        let rivals: Vec<Value> =
            excluded.rivals.iter().map(|(policy, share)| rival(policy, *share)).collect();
        value.insert("excluded_share".into(), json!(excluded.share));
        value.insert("rivals".into(), json!(rivals));
        value.insert("same_law".into(), json!(excluded.same_law));
        value.insert("not_tried".into(), json!(excluded.not_tried));
        value.insert("mixture".into(), json!(excluded.mixture));
    }
    value
}

/// A declared policy with the share of the picks that it may still decide; `null` where it stands
/// as a whole.
fn rival(policy: &str, share: Option<f64>) -> Value {
    json!({ "policy": policy, "excluded_share": share })
}
