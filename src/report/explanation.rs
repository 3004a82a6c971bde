//! A claim explained: what it states, how it is checked, what it rejects.

use serde_json::{Value, json};

use super::page::Page;
use super::page::Tone::{Faint, Plain, Strong};
use super::sections::number;
use crate::claims::{Claim, Effect, Erratum, Expected, Group, Kind, Scope, all};

/// Everything that is known of a claim without running it.
pub fn explain(page: &mut Page, claim: &Claim) {
    if !page.is_empty() {
        page.gap();
    }
    page.paragraph(2, &[(Strong, claim.id), (Plain, &format!(": {}", claim.source))]);
    let mut entry = |name: &str, text: &str| {
        page.paragraph(13, &[(Faint, &format!("  {name:11}")), (Plain, text)]);
    };
    entry("states", claim.statement);
    entry("group", &Group::of(claim).title());
    entry("checked", &how(claim));
    entry("policies", &claim.policies.to_string());
    let needs: Vec<_> = claim.hypotheses.iter().map(ToString::to_string).collect();
    entry("needs", &if needs.is_empty() { "nothing".to_owned() } else { needs.join("; ") });
    entry("expected", expected(claim));
    entry("excludes", excludes(claim));
    entry("run alone", &format!("fluidcheck verify --only {}", claim.id));
    if claim.rejects.is_empty() {
        entry("faults", "none of its own: the printed form is the wrong model that is rejected");
        return;
    }
    let models = number(claim.rejects.len(), "wrong model");
    entry("faults", &format!("it must reject {models}"));
    for fault in claim.rejects {
        page.paragraph(6, &[(Plain, &format!("    {}: ", fault.id)), (Faint, fault.about)]);
    }
}

fn how(claim: &Claim) -> String {
    let how = match claim.kind {
        Kind::Exact => "in integers, fractions or with a proved rounding error, case by case",
        Kind::Pathwise => "at every event of simulated paths",
        Kind::Statistical => "by sequential tests that may stop at any time",
    };
    let on = match claim.scope {
        Scope::Theory => "once, on numbers or graphs of its own",
        Scope::Graph => "on each graph",
    };
    let budget = match &claim.effect {
        Some(Effect { observations, unit, .. }) => format!(
            "; about {observations} {unit} decide it at --alpha 1e-6, and --effort raises the \
             budget"
        ),
        None => "; --effort raises the number of random cases".to_owned(),
    };
    format!("{}, {how}; {on}{budget}", claim.kind)
}

fn expected(claim: &Claim) -> &'static str {
    match claim.expected {
        Expected::Holds => "holds",
        Expected::Violated(Erratum::Substance) => "violated: this is an error of the printed paper",
        Expected::Violated(Erratum::Symbol) => {
            "violated: an index or a letter is wrong in the paper as it was read, by OCR, so that \
             the slip may be the reader's"
        }
    }
}

fn excludes(claim: &Claim) -> &'static str {
    match (claim.expected, &claim.effect) {
        (Expected::Violated(_), _) => "nothing: a pass would mean that the check lost its power",
        (_, Some(effect)) => effect.smallest,
        (_, None) => {
            "any deviation in a case that was tried: one counterexample violates the claim"
        }
    }
}

/// The same for programs.
pub fn object(claim: &Claim) -> Value {
    let mut value = row(claim);
    let faults = claim.rejects.iter();
    value["rejects"] = faults.map(|f| json!({ "id": f.id, "about": f.about })).collect();
    value["group"] = json!(Group::of(claim).title());
    value["policies"] = json!(claim.policies.to_string());
    value["hypotheses"] = claim.hypotheses.iter().map(ToString::to_string).collect();
    value["checked"] = json!(how(claim));
    value["excludes"] = json!(excludes(claim));
    value
}

/// A claim in the list, for programs.
pub fn row(claim: &Claim) -> Value {
    json!({
        "id": claim.id, "source": claim.source, "statement": claim.statement, "kind": claim.kind,
        "expected": claim.expected, "erratum": claim.erratum(), "rejects": claim.rejects,
        "effect": claim.effect,
    })
}

/// Every claim, group by group.
pub fn list(page: &mut Page) {
    let mut claims: Vec<&Claim> = all().collect();
    claims.sort_by_key(|claim| Group::of(claim));
    for of_group in claims.chunk_by(|a, b| Group::of(a) == Group::of(b)) {
        if !page.is_empty() {
            page.gap();
        }
        page.paragraph(2, &[(Strong, &Group::of(of_group[0]).title())]);
        for claim in of_group {
            let statement = format!(": {}", claim.statement);
            let source = format!("  {} ", claim.source);
            page.paragraph(
                4,
                &[(Strong, &format!("  {}", claim.id)), (Faint, &source), (Plain, &statement[1..])],
            );
            if let Some(Effect { smallest, .. }) = &claim.effect {
                page.paragraph(6, &[(Faint, &format!("    excludes {smallest}"))]);
            }
        }
    }
}
