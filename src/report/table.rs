//! The results of a suite as a table for a terminal, and the details of what was not expected.

use std::fmt::Write;

use crate::claims::{Claim, Kind, Verdict};
use crate::stats::ledger::Ledger;
use crate::suite::{Outcome, Row, Suite, is_erratum, tally};

/// One line per claim over all its graphs, then every row that is not as expected, then the totals.
pub fn suite(suite: &Suite) -> String {
    let mut text = String::new();
    let claims = by_claim(&suite.rows);
    let width = claims.iter().map(|(claim, _)| claim.id.len()).max().unwrap_or(0).max(5);
    let _ = writeln!(
        text,
        "{:width$}  {:11}  {:26}  {:>10}  {:>9}  statement",
        "claim", "kind", "verdict", "slack", "cases"
    );
    for (claim, rows) in &claims {
        let slack = rows.iter().filter_map(|row| row.evidence.slack).min_by(f64::total_cmp);
        let cases = rows.iter().fold(0u64, |sum, row| sum.saturating_add(row.evidence.cases));
        let _ = writeln!(
            text,
            "{:width$}  {:11}  {:26}  {:>10}  {:>9}  {}",
            claim.id,
            kind(claim.kind),
            verdicts(claim, rows),
            slack.map_or_else(|| "-".to_owned(), figure),
            cases,
            claim.statement,
        );
    }
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for row in suite.rows.iter().filter(|row| row.evidence.verdict == Verdict::NotApplicable) {
        let reason =
            format!("{}: {}", row.graph.as_deref().unwrap_or("theory"), row.evidence.summary);
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    if !reasons.is_empty() {
        text.push_str("\nNot applicable:\n");
        for (reason, count) in reasons {
            let _ =
                writeln!(text, "  {reason} ({count} claim{})", if count == 1 { "" } else { "s" });
        }
    }
    let statistical: Vec<_> = suite
        .rows
        .iter()
        .filter(|row| {
            row.claim.kind == Kind::Statistical && row.evidence.verdict != Verdict::NotApplicable
        })
        .collect();
    if !statistical.is_empty() && statistical.len() <= 12 {
        text.push_str("\nStatistical claims:\n");
        for row in statistical {
            let _ = writeln!(
                text,
                "  {} on {}: {}",
                row.claim.id,
                row.graph.as_deref().unwrap_or("its own graphs"),
                row.evidence.summary
            );
        }
    }
    for row in suite.rows.iter().filter(|row| !row.is_expected()) {
        details(&mut text, row);
    }
    totals(&mut text, suite);
    text
}

fn by_claim(rows: &[Row]) -> Vec<(&'static Claim, Vec<&Row>)> {
    let mut claims: Vec<(&'static Claim, Vec<&Row>)> = Vec::new();
    for row in rows {
        match claims.last_mut() {
            Some((claim, of_claim)) if claim.id == row.claim.id => of_claim.push(row),
            _ => claims.push((row.claim, vec![row])),
        }
    }
    claims
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Exact => "exact",
        Kind::Pathwise => "pathwise",
        Kind::Statistical => "statistical",
    }
}

/// `holds 9/10, n/a 1`, with `!` before what is not expected.
fn verdicts(claim: &Claim, rows: &[&Row]) -> String {
    let count = |verdict| rows.iter().filter(|row| row.evidence.verdict == verdict).count();
    let mut parts = Vec::new();
    for verdict in [Verdict::Violated, Verdict::Inconclusive, Verdict::Holds] {
        let n = count(verdict);
        if n > 0 {
            let mark = if claim.is_expected(verdict) { "" } else { "! " };
            parts.push(if rows.len() == 1 {
                format!("{mark}{verdict}")
            } else {
                format!("{mark}{verdict} {n}/{}", rows.len())
            });
        }
    }
    match count(Verdict::NotApplicable) {
        0 => {}
        n if rows.len() == 1 => debug_assert!(n == 1 && parts.is_empty()),
        n => parts.push(format!("n/a {n}")),
    }
    if parts.is_empty() {
        parts.push("not applicable".to_owned());
    }
    if is_erratum(claim) && parts[0].starts_with("violated") {
        parts[0].push_str(" (expected)");
    }
    if rows.iter().all(|row| row.evidence.vacuous || row.evidence.verdict == Verdict::NotApplicable)
        && rows.iter().any(|row| row.evidence.vacuous)
    {
        parts.push("vacuous".to_owned());
    }
    parts.join(", ")
}

fn figure(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e5).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

fn details(text: &mut String, row: &Row) {
    let _ = write!(text, "\n{} is {}", row.claim.id, row.evidence.verdict);
    if let Some(graph) = &row.graph {
        let _ = write!(text, " on {graph}");
    }
    let _ = writeln!(text, "\n  claim:    {} {}", row.claim.source, row.claim.statement);
    let _ = writeln!(text, "  found:    {}", row.evidence.summary);
    if let Some(witness) = &row.evidence.witness {
        if let Some(event) = witness.event {
            let _ = writeln!(text, "  event:    {event}");
        }
        for state in &witness.states {
            let _ = writeln!(text, "  state:    {}", lengths(state));
        }
        let _ = writeln!(text, "  replay:   {}", witness.replay);
    }
}

/// The first lengths of a state; JSON has them all.
fn lengths(state: &[u32]) -> String {
    let shown: Vec<_> = state.iter().take(40).map(u32::to_string).collect();
    let more =
        if state.len() > 40 { format!(" ... ({} servers)", state.len()) } else { String::new() };
    format!("{}{more}", shown.join(" "))
}

fn totals(text: &mut String, suite: &Suite) {
    let parts: Vec<_> = tally(suite)
        .into_iter()
        .filter(|&(_, n)| n > 0)
        .map(|(verdict, n)| format!("{n} {verdict}"))
        .collect();
    let errata = suite.rows.iter().filter(|row| is_erratum(row.claim) && row.is_expected()).count();
    if suite.is_partial() {
        let _ = writeln!(
            text,
            "\nPARTIAL: interrupted after {} of {} checks; nothing is known of the others.",
            suite.rows.len(),
            suite.asked
        );
    }
    let _ = writeln!(text, "\n{} checks: {}.", suite.rows.len(), parts.join(", "));
    if errata > 0 {
        let _ =
            writeln!(text, "{errata} of the violated are errors of the printed paper, expected.");
    }
    let verdict = match suite.outcome() {
        Outcome::AsExpected if suite.is_partial() => "Every verdict so far is as expected.",
        Outcome::AsExpected => "Every verdict is as expected.",
        Outcome::SomeInconclusive => "Some claims were not decided within the budget.",
        Outcome::SomeViolated => "Some verdicts are NOT as expected: see above.",
    };
    let _ = writeln!(text, "{verdict}");
    if !suite.ledger.entries.is_empty() {
        let _ = writeln!(
            text,
            "Seed {}. The {} statistical checks err at all with probability at most {:e}; exact and pathwise ones have no such error.",
            suite.seed,
            suite.ledger.entries.len() / 2,
            suite.ledger.alpha,
        );
        text.push_str(&ledger(&suite.ledger));
    } else {
        let _ = writeln!(
            text,
            "Seed {}. No statistical check among them: nothing here rests on chance.",
            suite.seed
        );
    }
}

/// How the error probability is shared out, in one line for claims of equal shares: claims x
/// graphs, for each of two directions.
pub fn ledger(ledger: &Ledger) -> String {
    let mut groups: Vec<(usize, f64, Vec<&str>)> = Vec::new();
    for (claim, graphs, alpha) in ledger.by_claim() {
        let each = alpha / (2 * graphs) as f64;
        match groups
            .iter_mut()
            .find(|group| group.0 == graphs && (group.1 - each).abs() <= 1e-9 * each)
        {
            Some(group) => group.2.push(claim),
            None => groups.push((graphs, each, vec![claim])),
        }
    }
    let mut text = String::from("Of these, a wrong holds and a wrong violated each have\n");
    for (graphs, each, claims) in groups {
        let on =
            if graphs == 1 { "once".to_owned() } else { format!("on each of {graphs} graphs") };
        let _ = writeln!(text, "  {each:.2e} {on}: {}", claims.join(", "));
    }
    let _ = writeln!(text, "  together {:.2e}", ledger.spent());
    text
}
