//! The matrix claims x faults as text and as one JSON object.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::claims::Claim;
use crate::faults::{self, Fault, Group};
use crate::suite::power_matrix::{Cell, Line, Matrix};

/// For each group its faults with the claims that reject them, then what is wrong, then the totals.
///
/// With `costs`, each claim is followed by the cases, events or replications that it took, and by
/// the fewest that could have done, where that is known.
pub fn text(matrix: &Matrix, costs: bool) -> String {
    let mut text = String::new();
    for (group, heading) in Group::ALL {
        let _ = writeln!(text, "{heading}");
        for fault in faults_of(*group) {
            let rejecting = rejecting(matrix, fault);
            if rejecting.is_empty() && (!matrix.whole || matrix.missing > 0) {
                continue;
            }
            let named = |(claim, cases, least): &(&Claim, u64, Option<u64>)| match (costs, least) {
                (true, Some(least)) => {
                    format!("{} ({}, at least {})", claim.id, cost(*cases), cost(*least))
                }
                (true, None) => format!("{} ({})", claim.id, cost(*cases)),
                (false, _) => claim.id.to_owned(),
            };
            let by: Vec<_> = rejecting.iter().map(named).collect();
            let by = if by.is_empty() { "NO CLAIM".to_owned() } else { by.join(", ") };
            let _ = writeln!(text, "  {:32} {by}", fault.id);
        }
        text.push('\n');
    }
    text.push_str("Number of faults that each claim rejects\n");
    for line in &matrix.lines {
        let is_erratum = line.rejects().next().is_none() && line.has_power();
        let note = if is_erratum { "  (its printed form fails as expected)" } else { "" };
        let _ = writeln!(text, "  {:32} {}{note}", line.claim.id, line.rejects().count());
    }
    let problems = problems(matrix);
    if !problems.is_empty() {
        text.push_str("\nProblems\n");
        for problem in problems {
            let _ = writeln!(text, "  {problem}");
        }
    }
    if matrix.missing > 0 {
        let _ = writeln!(
            text,
            "\nPARTIAL: interrupted, up to {} checks are missing; nothing is known of them.",
            matrix.missing
        );
    }
    let rejected = faults::ALL.len() - matrix.survivors().len();
    let _ = writeln!(
        text,
        "\n{rejected} of {} faults are rejected by {} claims; the reference {}.",
        faults::ALL.len(),
        matrix.lines.len(),
        match (matrix.lines.iter().all(|line| line.failures.is_empty()), matrix.missing) {
            (false, _) => "does NOT pass",
            (true, 0) => "passes everywhere",
            (true, _) => "passes so far",
        }
    );
    let _ = writeln!(
        text,
        "Seed {}; each statistical check errs with probability at most {:e}.",
        matrix.seed, matrix.alpha
    );
    text
}

/// The whole matrix:
/// `{"faults": [id], "claims": [{"id", "rejects": [id], ...}], "groups", "survivors", "complete", "partial", "seed", "alpha"}`.
pub fn json(matrix: &Matrix) -> Value {
    let claims: Vec<_> = matrix.lines.iter().map(claim).collect();
    let object = |fault: &Fault| {
        let by: Vec<_> = rejecting(matrix, fault).iter().map(|(claim, ..)| claim.id).collect();
        let policy = fault.of.unwrap_or("jsq(D), replacement");
        json!({ "id": fault.id, "about": fault.about, "policy": policy, "rejected_by": by })
    };
    let group = |(group, _): &(Group, &str)| {
        let faults: Vec<_> = faults_of(*group).map(object).collect();
        json!({ "group": group, "faults": faults })
    };
    let groups: Vec<_> = Group::ALL.iter().map(group).collect();
    json!({
        "faults": faults::ALL.iter().map(|fault| fault.id).collect::<Vec<_>>(),
        "claims": claims,
        "groups": groups,
        "survivors": matrix.survivors().iter().map(|fault| fault.id).collect::<Vec<_>>(),
        "problems": problems(matrix),
        "complete": matrix.is_complete(),
        "partial": matrix.missing > 0,
        "seed": matrix.seed,
        "alpha": matrix.alpha,
    })
}

fn faults_of(group: Group) -> impl Iterator<Item = &'static Fault> {
    faults::ALL.iter().copied().filter(move |fault| fault.group == group)
}

fn claim(line: &Line) -> Value {
    let pairs = || faults::ALL.iter().map(|fault| fault.id).zip(&line.cells);
    let cost = |(id, cell): (&str, &Cell)| match cell {
        Cell::Rejected { setting, cases, least } => {
            Some(json!({ "fault": id, "setting": setting, "cases": cases, "least": least }))
        }
        _ => None,
    };
    let costs: Vec<_> = pairs().filter_map(cost).collect();
    let ids = |wanted: fn(&Cell) -> bool| {
        pairs().filter(|(_, cell)| wanted(cell)).map(|(id, _)| id).collect::<Vec<_>>()
    };
    json!({
        "id": line.claim.id,
        "kind": line.claim.kind,
        "expected": line.claim.expected,
        "rejects": ids(|cell| matches!(cell, Cell::Rejected { .. })),
        "costs": costs,
        "accepts": ids(|cell| *cell == Cell::Accepted),
        "inconclusive": ids(|cell| *cell == Cell::Inconclusive),
        "not_applicable": ids(|cell| *cell == Cell::NotApplicable),
        "crashed": ids(|cell| matches!(cell, Cell::Crashed { .. })),
        "telling": line.telling,
        "seconds": line.seconds,
    })
}

fn rejecting(matrix: &Matrix, fault: &Fault) -> Vec<(&'static Claim, u64, Option<u64>)> {
    let at = faults::ALL.iter().position(|&other| other == fault);
    let cell = |line: &Line| at.and_then(|at| line.cells.get(at).cloned());
    let rejected = |line: &Line| match cell(line) {
        Some(Cell::Rejected { cases, least, .. }) => Some((line.claim, cases, least)),
        _ => None,
    };
    matrix.lines.iter().filter_map(rejected).collect()
}

/// What keeps the matrix from being complete, a line each.
pub fn problems(matrix: &Matrix) -> Vec<String> {
    let all_done = matrix.missing == 0;
    let survivors = if matrix.whole && all_done { matrix.survivors() } else { Vec::new() };
    let survivor = |fault: &&Fault| format!("no claim rejects {}: {}", fault.id, fault.about);
    let mut problems: Vec<String> = survivors.iter().map(survivor).collect();
    for line in &matrix.lines {
        problems
            .extend(line.failures.iter().map(|failure| format!("the reference fails {failure}")));
        let crash = |(fault, setting, found): (&Fault, &str, &str)| {
            format!("{} crashed on {} ({setting}): {found}", line.claim.id, fault.id)
        };
        problems.extend(line.crashed().map(crash));
        // What was not run yet is no problem.
        if !all_done {
            continue;
        }
        let id = line.claim.id;
        let missed = |fault: &Fault| {
            let at = faults::ALL.iter().position(|&other| other == fault);
            let what = match at.and_then(|at| line.cells.get(at)) {
                Some(Cell::NotApplicable) => "does not apply to",
                Some(Cell::Inconclusive) => "does not decide on",
                Some(Cell::Crashed { .. }) => "crashes on",
                _ => "accepts",
            };
            format!("{id} {what} {}, which it must reject", fault.id)
        };
        problems.extend(line.missed().map(missed));
        if !line.has_power() {
            problems.push(format!("{id} rejects no fault"));
        }
        if !line.telling {
            problems.push(format!("{id} is vacuous or not applicable everywhere"));
        }
    }
    problems
}

/// A count with two digits: enough to compare costs.
fn cost(cases: u64) -> String {
    if cases < 100 { cases.to_string() } else { format!("{:.1e}", cases as f64) }
}
