//! What the reports say of results that no sound run gives, and of what is known without a run: the
//! figures and verdicts that somebody reads off them.

use fluidcheck::claims::{self, Claim, Evidence, Excluded, Group, Verdict, Witness};
use fluidcheck::faults;
use fluidcheck::report::page::{Look, Page};
use fluidcheck::report::sections::Report;
use fluidcheck::report::{calibration_text, explanation, json, policies, power_text, sections};
use fluidcheck::stats::ledger::Ledger;
use fluidcheck::suite::calibration::{Alarm, Calibration, Tally};
use fluidcheck::suite::power_matrix::{Cell, Line, Matrix};
use fluidcheck::suite::trials::Trial;
use fluidcheck::suite::{Row, Suite};
use serde_json::json;

fn claim(id: &str) -> &'static Claim {
    claims::find(id).unwrap()
}

/// The lines with single spaces, without the empty ones: how wide columns are is a matter of taste.
fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).filter(|line| !line.is_empty()).collect()
}

fn shown(write: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::new(Look::PLAIN);
    write(&mut page);
    page.into_text()
}

fn alarm(verdict: Verdict, graph: Option<&str>, summary: &str) -> Alarm {
    let graph = graph.map(str::to_owned);
    Alarm {
        seed: 4,
        id: "cor-4.3".to_owned(),
        policy: graph.as_ref().map(|_| "jsq(2), replacement".to_owned()),
        graph,
        verdict,
        summary: summary.to_owned(),
        replay: "fluidcheck verify".to_owned(),
    }
}

fn calibration(alarms: Vec<Alarm>, crashes: Vec<Alarm>, trials: Vec<Trial>) -> Calibration {
    let tally = |id, (checks, alarms, budget): (u64, u64, f64)| Tally {
        claim: claim(id),
        checks,
        alarms,
        runs_with_alarm: alarms,
        inconclusive: 3,
        crashes: 0,
        budget,
        interval: (0.125, 0.5),
    };
    let of_cor = (10, alarms.len() as u64, 0.05);
    Calibration {
        runs: 5,
        seed: 3,
        alpha: 0.1,
        tallies: vec![tally("eq-2.1", (20, 0, 0.0)), tally("cor-4.3", of_cor)],
        runs_with_alarm: alarms.len() as u64,
        interval: (0.25, 0.75),
        alarms,
        crashes,
        trials,
    }
}

fn trial(errors: u64, lower: f64) -> Trial {
    let (procedure, source) = ("betting test", "coin of mean 1/2");
    Trial { procedure, source, alpha: 0.1, streams: 50, errors, lower, upper: 0.875 }
}

const HEADING: &str = "claim checks alarms runs inconclusive budget runs with an alarm (95 %)";

#[test]
fn a_calibration_within_its_budget_has_a_line_for_each_claim_and_the_verdict_alone() {
    let sound = calibration(Vec::new(), Vec::new(), Vec::new());
    assert_eq!(
        lines(&calibration_text::text(&sound)),
        [
            HEADING,
            "eq-2.1 20 0 0 3 none [0.1250, 0.5000]",
            "cor-4.3 10 0 0 3 5.00e-2 [0.1250, 0.5000]",
            "0 of 5 runs (seeds from 3) had a false alarm; the budget allows 0.5 in expectation \
             (alpha = 1e-1): within the budget.",
        ]
    );
    let found = calibration_text::json(&sound);
    assert_eq!((&found["within_budget"], &found["excesses"]), (&json!(true), &json!([])));
}

#[test]
fn a_calibration_lists_its_trials_its_alarms_and_what_exceeds_the_budget() {
    let alarms = vec![
        alarm(Verdict::Violated, Some("cycle:n=5"), "too large"),
        alarm(Verdict::Holds, None, "no error"),
    ];
    let crashes = vec![alarm(Verdict::Crashed, None, "a panic")];
    let bad = calibration(alarms, crashes, vec![trial(7, 0.125), trial(6, 0.0625)]);
    let crash = "cor-4.3 crashed on its own graphs, seed 4: a panic";
    let errs = "betting test on coin of mean 1/2: 7 errors on 50 streams, stated error \
                probability 0.1";
    assert_eq!(
        lines(&calibration_text::text(&bad)),
        [
            HEADING,
            "eq-2.1 20 0 0 3 none [0.1250, 0.5000]",
            "cor-4.3 10 2 2 3 5.00e-2 [0.1250, 0.5000]",
            "test or interval source streams errors error probability",
            "betting test coin of mean 1/2 50 7 in [0.1250, 0.8750], stated 0.1",
            "betting test coin of mean 1/2 50 6 in [0.0625, 0.8750], stated 0.1",
            "False alarms",
            "seed 4: cor-4.3 is violated on cycle:n=5: too large",
            "fluidcheck verify",
            "seed 4: cor-4.3 is holds on its own graphs: no error",
            "fluidcheck verify",
            "Above the budget by more than chance allows, or crashed",
            crash,
            errs,
            "2 of 5 runs (seeds from 3) had a false alarm; the budget allows 0.5 in expectation \
             (alpha = 1e-1): NOT within the budget.",
        ]
    );
    let found = calibration_text::json(&bad);
    assert_eq!(
        (&found["within_budget"], &found["excesses"]),
        (&json!(false), &json!([crash, errs]))
    );
    assert_eq!(
        found["claims"][1],
        json!({
            "id": "cor-4.3", "kind": "statistical", "checks": 10, "alarms": 2,
            "runs_with_alarm": 2, "inconclusive": 3, "crashes": 0, "budget": 0.05,
            "lower": 0.125, "upper": 0.5,
        })
    );
    assert_eq!((&found["lower"], &found["upper"]), (&json!(0.25), &json!(0.75)));
    assert_eq!(found["alarms"][0]["graph"], "cycle:n=5");
    assert_eq!(
        (&found["alarms"][1]["verdict"], &found["tests"][1]["errors"]),
        (&json!("holds"), &json!(6))
    );
}

fn rejected(cases: u64, least: Option<u64>) -> Cell {
    Cell::Rejected { setting: "k22".to_owned(), cases, least }
}

/// What a claim says to the first faults that it lists; it accepts the others.
fn line(id: &str, cells: &[Cell]) -> Line {
    let claim = claim(id);
    let mut said = vec![Cell::Accepted; faults::ALL.len()];
    for (fault, cell) in claim.rejects.iter().zip(cells) {
        said[faults::ALL.iter().position(|other| other == fault).unwrap()] = cell.clone();
    }
    let failures = Vec::new();
    Line { claim, cells: said, failures, telling: true, seconds: 1.5 }
}

fn matrix(whole: bool, missing: usize, lines: Vec<Line>) -> Matrix {
    Matrix { lines, whole, missing, seed: 9, alpha: 1e-3 }
}

#[test]
fn the_matrix_of_some_claims_has_the_faults_that_they_reject_with_their_costs() {
    let law = line("transition-law", &[]);
    let law = Line { cells: vec![Cell::NotRun; faults::ALL.len()], ..law };
    let sound = line("eq-2.1", &[rejected(99, Some(98)), rejected(100, Some(99))]);
    let printed = line("err-4.41-printed", &[]);
    let some = matrix(false, 0, vec![sound.clone(), printed]);
    let table = lines(&power_text::text(&some, true));
    let faults = table.iter().filter(|line| line.contains("eq-2.1 ("));
    assert_eq!(
        faults.collect::<Vec<_>>(),
        [
            "rho-with-server-degrees eq-2.1 (99, at least 98)",
            "rho-replaced-by-lambda eq-2.1 (1.0e2, at least 99)",
        ]
    );
    let from = table.iter().position(|line| line.starts_with("Number of faults")).unwrap();
    assert_eq!(
        table[from + 1..],
        [
            "eq-2.1 2".to_owned(),
            "err-4.41-printed 0 (its printed form fails as expected)".to_owned(),
            format!(
                "2 of {} faults are rejected by 2 claims; the reference passes everywhere.",
                faults::ALL.len()
            ),
            "Seed 9; each statistical check errs with probability at most 1e-3.".to_owned(),
        ]
    );
    assert!(!table.iter().any(|line| line.contains("NO CLAIM")), "{table:#?}");
    assert_eq!(table.iter().filter(|line| line.contains("eq-2.1")).count(), 3, "{table:#?}");
    let found = power_text::json(&some);
    assert_eq!((&found["complete"], &found["partial"]), (&json!(true), &json!(false)));
    assert_eq!(found["problems"], json!([]));
    let of_claim = &found["claims"][0];
    assert_eq!(of_claim["rejects"], json!(["rho-with-server-degrees", "rho-replaced-by-lambda"]));
    assert_eq!(of_claim["costs"][0]["least"], 98);
    assert_eq!(of_claim["accepts"].as_array().unwrap().len(), faults::ALL.len() - 2);
    let formulas = found["groups"].as_array().unwrap().last().unwrap();
    let of_fault = |id: &str| {
        let mut faults = formulas["faults"].as_array().unwrap().iter();
        faults.find(|fault| fault["id"] == id).unwrap()["rejected_by"].clone()
    };
    assert_eq!(of_fault("rho-replaced-by-lambda"), json!(["eq-2.1"]));

    // All that is wrong with a claim, and a whole matrix in which others reject nothing.
    let unread = Line { telling: false, failures: vec!["on k22".to_owned()], ..law };
    let whole = matrix(true, 0, vec![sound, unread]);
    let problems = power_text::problems(&whole);
    let has = |problem: &str| problems.iter().any(|line| line == problem);
    assert!(has("the reference fails on k22"), "{problems:#?}");
    assert!(has("transition-law rejects no fault"), "{problems:#?}");
    assert!(has("transition-law is vacuous or not applicable everywhere"), "{problems:#?}");
    assert!(has("transition-law accepts join-longest, which it must reject"), "{problems:#?}");
    let unrejected = |line: &&String| line.starts_with("no claim rejects ");
    assert_eq!(problems.iter().filter(unrejected).count(), faults::ALL.len() - 2);
    assert!(!problems.iter().any(|line| line.starts_with("eq-2.1 ")), "{problems:#?}");
    let table = lines(&power_text::text(&whole, false));
    assert!(table.contains(&"join-longest NO CLAIM".to_owned()), "{table:#?}");
    assert!(table.contains(&"rho-with-server-degrees eq-2.1".to_owned()), "{table:#?}");
    assert!(table.contains(&"transition-law 0".to_owned()), "{table:#?}");
    assert!(table.iter().any(|line| line.ends_with("the reference does NOT pass.")));
}

#[test]
fn of_a_matrix_that_was_interrupted_nothing_is_said_that_the_missing_checks_may_change() {
    for whole in [true, false] {
        let known = matrix(whole, 3, vec![line("eq-2.1", &[rejected(7, None)])]);
        assert!(power_text::problems(&known).is_empty(), "{:?}", power_text::problems(&known));
        let table = lines(&power_text::text(&known, true));
        assert!(!table.iter().any(|line| line.contains("NO CLAIM")), "{table:#?}");
        assert!(table.contains(&"rho-with-server-degrees eq-2.1 (7)".to_owned()), "{table:#?}");
        let partial = "PARTIAL: interrupted, up to 3 checks are missing; nothing is known of them.";
        assert!(table.contains(&partial.to_owned()), "{table:#?}");
        assert!(table.iter().any(|line| line.ends_with("the reference passes so far.")));
        assert_eq!(power_text::json(&known)["partial"], true);
    }
}

#[test]
fn the_page_of_policies_says_of_each_which_methods_take_it() {
    let text = shown(policies::explain);
    assert!(text.starts_with("policies: "), "{text}");
    let table: Vec<&str> =
        text.lines().skip_while(|line| !line.trim().starts_with("critical ")).collect();
    assert_eq!(
        table[0].split_whitespace().collect::<Vec<_>>().join(" "),
        "critical exact at times ordered (3.5)"
    );
    let objects = policies::object();
    for (policy, cells) in [
        ("jsq(2), replacement", ["yes", "yes", "yes", "yes", "yes"]),
        ("jsq(all)", ["yes", "yes", "yes", "yes", "regular"]),
        ("jsq(all), ties round-robin", ["yes", "-", "-", "-", "regular"]),
        ("round-robin", ["-", "-", "-", "yes", "-"]),
        ("first", ["-", "-", "yes", "yes", "-"]),
        ("longest(2), replacement", ["-", "-", "-", "-", "-"]),
        ("jsq(2), distinct, of=given", ["-", "-", "-", "yes", "-"]),
    ] {
        let row = table.iter().find_map(|line| line.strip_prefix(&format!("  {policy:<33}")));
        let row = row.unwrap_or_else(|| panic!("{policy} in {table:#?}"));
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), cells, "{policy}");
        let declared = objects["declared"].as_array().unwrap();
        let object = declared.iter().find(|object| object["policy"] == policy).unwrap();
        let known = ["critical_load", "exact_steady_state", "exact_at_times", "monotone"];
        for (name, cell) in known.into_iter().zip(cells) {
            assert_eq!(object[name], cell == "yes", "{policy}, {name}");
        }
        assert_eq!(object["limit_d"].is_number(), cells[4] == "yes", "{policy}");
    }
}

#[test]
fn claims_are_explained_with_what_is_expected_and_an_empty_line_between_two() {
    let text = shown(|page| {
        explanation::explain(page, claim("err-2.2-printed"));
        explanation::explain(page, claim("eq-2.1"));
    });
    let (printed, sound) = text.split_once("\n\n").expect("two paragraphs");
    assert!(printed.starts_with("err-2.2-printed: ") && sound.starts_with("eq-2.1: "), "{text}");
    let says = |text: &str, line: &str| lines(text).iter().any(|found| found.starts_with(line));
    assert!(says(printed, "needs nothing"), "{printed}");
    assert!(says(printed, "expected violated: this is an error of the printed paper"), "{printed}");
    assert!(says(printed, "excludes nothing: a pass would mean that the check lost"), "{printed}");
    assert!(says(sound, "needs a server for every task type; at most"), "{sound}");
    assert!(says(sound, "expected holds"), "{sound}");
    assert!(says(sound, "excludes any deviation in a case that was tried"), "{sound}");
    let letter = shown(|page| explanation::explain(page, claim("err-rem-1-printed")));
    assert!(lines(&letter).join(" ").contains("the slip may be the reader's"), "{letter}");
    let of = |id| explanation::object(claim(id))["erratum"].clone();
    let errata = ["err-2.2-printed", "err-rem-1-printed", "eq-2.1"].map(of);
    assert_eq!(errata, [json!("substance"), json!("symbol"), json!(null)]);
    let law = shown(|page| explanation::explain(page, claim("transition-law")));
    let smallest = claim("transition-law").effect.as_ref().unwrap().smallest;
    assert!(lines(&law).join(" ").contains(&format!("excludes {smallest}")), "{law}");
    assert_eq!(explanation::object(claim("transition-law"))["excludes"], smallest);
}

#[test]
fn the_list_of_claims_has_a_paragraph_for_each_group() {
    let text = shown(explanation::list);
    let titles: Vec<&str> =
        text.split("\n\n").map(|paragraph| paragraph.lines().next().unwrap()).collect();
    let mut groups: Vec<Group> = claims::all().map(Group::of).collect();
    groups.sort();
    groups.dedup();
    assert_eq!(titles.len(), groups.len(), "{titles:#?}");
    for (title, group) in titles.iter().zip(groups) {
        assert!(group.title().starts_with(title), "{title}");
    }
}

#[test]
fn json_has_the_rivals_of_a_pick_and_says_ok_of_what_is_expected_and_foreseen() {
    let excluded = Excluded {
        share: Some(0.25),
        rivals: vec![("random".to_owned(), Some(0.25)), ("first".to_owned(), None)],
        same_law: vec!["jsq(3), distinct".to_owned()],
        not_tried: vec!["jsq(all)".to_owned()],
        mixture: Some("half of each".to_owned()),
    };
    let row = |evidence: Evidence, is_unforeseen| Row {
        claim: claim("transition-law"),
        graph: Some("cycle:n=5".to_owned()),
        policy: Some("jsq(2), replacement".to_owned()),
        evidence,
        seconds: 0.5,
        spent: 0.0,
        is_unforeseen,
    };
    let holds = Evidence::of_test(Verdict::Holds, 3, "");
    let told = Evidence { excluded: Some(excluded), slack: Some(-0.125), ..holds.clone() };
    let rows = vec![row(told, false), row(holds, true)];
    let suite = Suite { rows, ledger: Ledger::equal(0.1, []), seed: 2, asked: 2 };
    let found = json::suite(&suite);
    let [first, second] = &found["claims"].as_array().unwrap()[..] else { panic!("two rows") };
    assert_eq!(
        first["rivals"],
        json!([
            { "policy": "random", "excluded_share": 0.25 },
            { "policy": "first", "excluded_share": null },
        ])
    );
    assert_eq!(first["excluded_share"], 0.25);
    assert_eq!(first["same_law"], json!(["jsq(3), distinct"]));
    assert_eq!(first["not_tried"], json!(["jsq(all)"]));
    assert_eq!(first["mixture"], "half of each");
    assert_eq!((&first["slack"], &first["ok"]), (&json!(-0.125), &json!(true)));
    assert_eq!((second.get("rivals"), &second["ok"]), (None, &json!(false)));
}

/// A row of a claim on a graph, or on its own graphs.
fn row(id: &str, graph: Option<&str>, evidence: Evidence) -> Row {
    let policy = graph.map(|_| "jsq(2), replacement".to_owned());
    let graph = graph.map(str::to_owned);
    let (seconds, spent, is_unforeseen) = (0.5, 0.0, false);
    Row { claim: claim(id), graph, policy, evidence, seconds, spent, is_unforeseen }
}

fn unforeseen(row: Row) -> Row {
    Row { is_unforeseen: true, ..row }
}

/// Rows of every kind, one of which is missing; in the order in which checks end.
fn rows_of_every_kind() -> Suite {
    let holds = |cases| Evidence::of_test(Verdict::Holds, cases, "seen");
    let vacuous = || Evidence { vacuous: true, slack: Some(0.0), ..holds(4) };
    let witness = Witness {
        event: Some(3),
        states: vec![vec![1; 40], vec![2; 41]],
        replay: "fluidcheck verify --case 7".to_owned(),
        ..Witness::default()
    };
    let lost = Evidence::violated(5, "a task is lost");
    let lost = Evidence { witness: Some(witness), slack: Some(-0.00025), ..lost };
    let away = |n: u32| Evidence::not_applicable(format!("needs at most 7 servers, here {n}"));
    let rows = vec![
        row("conservation", Some("a"), lost),
        row("eq-2.1", Some("b"), Evidence { slack: Some(0.25), ..holds(999_999) }),
        row("eq-2.1", Some("a"), Evidence { slack: Some(1e5), ..holds(1) }),
        row("eq-2.1", Some("c"), away(8)),
        unforeseen(row("eq-2.3", Some("a"), away(9))),
        row("eq-4.12", Some("a"), vacuous()),
        row("eq-4.12", Some("b"), away(10)),
        row("cor-4.3", Some("a"), Evidence::of_test(Verdict::Holds, 20, "mean 1")),
        row("cor-4.3", Some("b"), Evidence::of_test(Verdict::Inconclusive, 30, "mean 2")),
        row("lemma-4.2", Some("a"), Evidence::not_applicable("needs d >= 2, here d = 1")),
        row("lemma-4.2", Some("b"), Evidence::not_applicable("needs d >= 2, here d = 1")),
        row("thm-3.8", Some("a"), holds(123_456)),
        row("lemma-4.4", None, Evidence::of_test(Verdict::Crashed, 0, "the check panicked")),
        row("err-2.2-printed", None, Evidence::violated(1, "as known")),
        unforeseen(row("err-4.41-printed", None, Evidence::violated(1, "otherwise"))),
        row("err-4.47-printed", None, holds(3)),
        row("err-rem-1-printed", None, Evidence::violated(6, "as known")),
    ];
    let of_cor = ["a", "b"].map(|graph| ("cor-4.3".to_owned(), graph.to_owned()));
    Suite { rows, ledger: Ledger::equal(0.125, of_cor), seed: 2, asked: 18 }
}

const WIDE: Look = Look { width: 400, color: false };

/// Without the lines of statements, which the docs have.
fn without_statements(text: &str) -> String {
    let is_statement = |line: &str| claims::all().any(|claim| line.contains(claim.statement));
    let lines: Vec<&str> = text.lines().filter(|line| !is_statement(line)).collect();
    lines.join("\n")
}

#[test]
fn rows_of_every_kind_are_reported_by_group_and_by_claim() {
    let suite = rows_of_every_kind();
    let texts = [false, true].map(|verbose| sections::text(&suite, WIDE, verbose));
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("report", without_statements(&texts.join("\n=====\n\n")));
    });
}

#[test]
fn sections_are_printed_in_their_order_once_all_their_checks_have_ended() {
    let suite = rows_of_every_kind();
    let find = |id: &str, graph: &str| {
        let is_it = |row: &&Row| row.claim.id == id && row.graph.as_deref() == Some(graph);
        suite.rows.iter().find(is_it).unwrap().clone()
    };
    let ids = ["cor-4.3", "cor-4.3", "eq-2.1", "eq-4.12", "eq-2.1"].map(claim);
    let mut report = Report::new(Some("the title".to_owned()), ids, WIDE, false);
    assert_eq!(report.finished(find("eq-2.1", "a")), "");
    assert_eq!(report.finished(find("cor-4.3", "a")), "");
    assert_eq!(
        lines(&report.finished(find("eq-2.1", "b"))),
        [
            "the title",
            "holds Section 2: the model of graph, arrivals, samples and queues (2 checks): no \
             counterexample in 1,000,000 cases",
        ]
    );
    let rows = [("eq-2.1", "a"), ("eq-2.1", "b"), ("cor-4.3", "a")].map(|(id, at)| find(id, at));
    let known = Suite { rows: rows.to_vec(), ..rows_of_every_kind() };
    let smallest = claim("cor-4.3").effect.as_ref().unwrap().smallest;
    let rest = lines(&report.rest(&known));
    let first = format!(
        "holds Corollary 4.3: E q_i(infinity) <= rho^i (1 of 2 checks): excludes {smallest} \
         (cor-4.3)"
    );
    assert_eq!(rest[0], first);
    let totals = "3 checks: 3 hold. Every verdict so far is as expected.";
    assert!(rest.contains(&totals.to_owned()), "{rest:#?}");
    assert!(!rest.iter().any(|line| line.contains("Section 2")), "{rest:#?}");
}

#[test]
fn totals_say_what_was_expected_and_whether_anything_rests_on_chance() {
    let end = |rows: &[Row]| {
        let asked = rows.len();
        let suite = Suite { rows: rows.to_vec(), ledger: Ledger::equal(0.1, []), seed: 2, asked };
        let text = sections::text(&suite, WIDE, false);
        let lines = lines(&text);
        lines[lines.len() - 2..].join(" | ")
    };
    let holds = row("eq-2.1", Some("a"), Evidence::of_test(Verdict::Holds, 1, ""));
    let refuted = row("err-2.2-printed", None, Evidence::violated(1, ""));
    let open = row("eq-2.1", Some("b"), Evidence::of_test(Verdict::Inconclusive, 1, ""));
    let violated = row("eq-2.1", Some("b"), Evidence::violated(1, ""));
    let chance = "| Seed 2. No check is statistical: nothing here rests on chance.";
    for (rows, said) in [
        (vec![holds.clone()], "1 check: 1 holds. Every verdict is as expected."),
        (
            vec![holds.clone(), refuted.clone()],
            "2 checks: 1 holds, 1 violated as expected. Every verdict is as expected.",
        ),
        (
            vec![holds.clone(), violated.clone()],
            "2 checks: 1 holds, 1 violated. Some verdicts are NOT as expected: see above.",
        ),
        (
            vec![holds.clone(), open],
            "2 checks: 1 holds, 1 inconclusive. Some claims were not decided within the budget.",
        ),
        (
            vec![holds, violated, refuted],
            "3 checks: 1 holds, 2 violated (1 as expected). Some verdicts are NOT as expected: \
             see above.",
        ),
    ] {
        assert_eq!(end(&rows), format!("{said} {chance}"));
    }
}

#[test]
fn what_up_to_twelve_statistical_checks_saw_is_told_and_of_more_if_asked() {
    let seen = Evidence::of_test(Verdict::Holds, 1, "seen");
    for (checks, in_short, in_full) in [(0, false, false), (12, true, true), (13, false, true)] {
        let mut rows = vec![row("eq-2.1", Some("a"), seen.clone())];
        rows.extend(vec![row("cor-4.3", Some("a"), seen.clone()); checks]);
        let asked = rows.len();
        let suite = Suite { rows, ledger: Ledger::equal(0.1, []), seed: 2, asked };
        for (verbose, told) in [(false, in_short), (true, in_full)] {
            let text = sections::text(&suite, WIDE, verbose);
            let has = text.contains("What the statistical checks saw");
            assert_eq!(has, told, "{checks} checks, verbose {verbose}: {text}");
            let lines = text.matches("\n  cor-4.3 on a: seen\n").count();
            assert_eq!(lines > 0, told, "{checks} checks, verbose {verbose}: {text}");
        }
    }
}

#[test]
fn equal_shares_of_the_error_probability_are_one_line_and_more_than_three_claims_are_counted() {
    let ids = ["p", "q", "r", "s"]
        .iter()
        .flat_map(|id| ["a", "b"].map(|graph| ((*id).to_owned(), graph.to_owned())));
    let checks = ids.chain([("t".to_owned(), "a".to_owned())]);
    let ledger = Ledger::equal(0.9, checks);
    let said = |verbose| lines(&sections::ledger(&ledger, WIDE, verbose))[1..].to_vec();
    let (single, sum) = ("5.00e-2: t", "9.00e-1 together");
    assert_eq!(said(false), ["5.00e-2 on each of 2 graphs: 4 claims", single, sum]);
    assert_eq!(said(true), ["5.00e-2 on each of 2 graphs: p, q, r, s", single, sum]);
    let mut unequal = ledger.clone();
    unequal.entries.iter_mut().filter(|entry| entry.claim == "p").for_each(|entry| {
        entry.alpha = 0.025;
    });
    assert_eq!(
        lines(&sections::ledger(&unequal, WIDE, false))[1..],
        [
            "2.50e-2 on each of 2 graphs: p",
            "5.00e-2 on each of 2 graphs: q, r, s",
            single,
            "8.00e-1 together",
        ]
    );
}
