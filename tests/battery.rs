//! The whole battery for a fixed seed: what every claim says of every graph, for review.
//!
//! A claim that is dropped, that runs on the first graph only, that has become vacuous or has
//! nothing to look at any more shows in `snapshots/battery.snap`; one that does not apply any more,
//! in `snapshots/not_applicable.txt`, which `fluidcheck verify` reads too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::{env, fs};

use fluidcheck::claims::{self, Kind, Verdict};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::num::figures_in_text::{self, significant};
use fluidcheck::suite::{self, Options, Row, Suite, battery, foreseen};

/// The error probability of the suite: large, so that it ends soon. The seed is fixed: this is a
/// regression test.
const ALPHA: f64 = 1e-2;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/not_applicable.txt");

/// Two digits: streams are the same everywhere, the last bit of a float need not be.
fn rounded(cases: u64) -> String {
    if cases < 100 { cases.to_string() } else { format!("{:.1e}", cases as f64) }
}

/// `holds, vacuous, 1.2e3, slack 0.03`; of a statistical claim with the means and limits that its
/// evidence tells.
fn found(row: &Row) -> String {
    let evidence = &row.evidence;
    let mut text = evidence.verdict.to_string();
    if evidence.verdict == Verdict::NotApplicable {
        return text;
    }
    if evidence.vacuous {
        text.push_str(", vacuous");
    }
    let _ = write!(text, ", {}", rounded(evidence.cases));
    if let Some(slack) = evidence.slack {
        let _ = write!(text, ", slack {}", significant(slack, 1));
    }
    if row.claim.kind == Kind::Statistical {
        let _ = write!(text, ": {}", figures_in_text::rounded(&evidence.summary, 2, 4));
    }
    text
}

/// For each claim its kind and what a *holds* excludes, then what was found, with the graphs of
/// which it was.
fn table(suite: &Suite) -> String {
    let mut text = String::new();
    for claim in claims::all() {
        let rows = suite.rows.iter().filter(|row| row.claim.id == claim.id);
        let excludes =
            claim.effect.as_ref().map_or("a counterexample in the cases", |effect| effect.smallest);
        let _ = writeln!(text, "{} ({}): excludes {excludes}", claim.id, claim.kind);
        for row in rows {
            let graph = row.graph.as_deref().unwrap_or("its own graphs");
            let _ = writeln!(text, "  {graph}: {}", found(row));
        }
    }
    text
}

#[test]
fn every_claim_says_of_every_graph_of_the_battery_what_it_said_before() {
    let inputs = battery::inputs();
    let options = Options { alpha: ALPHA, ..Options::default() };
    let suite = suite::run(UnderCheck::reference(), &inputs, &options, &|_| ());
    assert_eq!(suite.rows.len(), suite.asked);

    let list: Vec<String> = suite.rows.iter().filter_map(foreseen::line).collect();
    if env::var_os("FLUIDCHECK_WRITE_TABLES").is_some() {
        fs::write(LIST, list.join("\n") + "\n").unwrap();
    }
    let stored = fs::read_to_string(LIST).unwrap();
    let stored: BTreeSet<&str> = stored.lines().collect();
    let list: BTreeSet<&str> = list.iter().map(String::as_str).collect();
    let news: Vec<_> = stored.symmetric_difference(&list).collect();
    assert!(news.is_empty(), "FLUIDCHECK_WRITE_TABLES=1 writes the list anew: {news:#?}");

    let mut telling: BTreeMap<&str, bool> = BTreeMap::new();
    for row in &suite.rows {
        let evidence = &row.evidence;
        assert!(
            row.claim.is_expected(evidence.verdict) || evidence.verdict == Verdict::Inconclusive,
            "{} on {:?}: {evidence:?}",
            row.claim.id,
            row.graph
        );
        assert!(evidence.verdict != Verdict::Holds || evidence.cases > 0, "{}", row.claim.id);
        let applies = evidence.verdict != Verdict::NotApplicable;
        *telling.entry(row.claim.id).or_default() |= applies && !evidence.vacuous;
    }
    // By the records of the procedures themselves, not by the books.
    let graph = |row: &Row| row.graph.clone().unwrap_or_else(|| inputs[0].name.clone());
    let too_much = suite.rows.iter().filter_map(|row| {
        let share = suite.ledger.share(row.claim.id, &graph(row));
        let (id, spent) = (row.claim.id, row.spent);
        let told = || format!("{id} on {}: {spent:e} of {share:e}", graph(row));
        (spent > share * (1.0 + 1e-9)).then(told)
    });
    let too_much: Vec<String> = too_much.collect();
    assert!(too_much.is_empty(), "more spent than the ledger allows: {too_much:#?}");
    let spent: f64 = suite.rows.iter().map(|row| row.spent).sum();
    assert!(spent <= ALPHA * (1.0 + 1e-9) && spent > 0.5 * ALPHA, "{spent} spent in all");

    for claim in claims::all() {
        assert!(telling[claim.id], "{} says nothing on the battery", claim.id);
    }
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("battery", table(&suite));
    });
}
