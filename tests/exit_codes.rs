//! What the commands say of verdicts that a sound harness never gives: exit codes, the sign of a
//! slack, and what is vacuous, from outside.
//!
//! The harness checks itself with the reference, so that nothing is violated, crashes or is vacuous
//! at will. Such verdicts are written into the checkpoint of a finished run, which the command then
//! reads and reports.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fluidcheck::checkpoint::{self, Progress};
use fluidcheck::claims::{Evidence, Verdict};
use fluidcheck::suite::power_matrix::{Cell, Found};
use serde_json::Value;
use tempfile::TempDir;

fn run(folder: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .current_dir(folder)
        .args(line.split(' '))
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

/// A report on one line: where it is broken depends on its width.
fn unwrapped(output: &Output) -> String {
    stdout(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reports a finished run again, after a change of what it found.
fn reported(
    folder: &Path,
    line: &str,
    options: &str,
    change: impl FnOnce(&mut Progress),
) -> Output {
    let file = folder.join("c");
    let mut kept = checkpoint::decode(&fs::read(&file).unwrap()).unwrap();
    change(&mut kept.progress);
    fs::write(&file, checkpoint::encode(&kept.run, &kept.progress).unwrap()).unwrap();
    run(folder, &format!("{line} --checkpoint c{options}"))
}

fn evidence(verdict: Verdict, slack: Option<f64>, vacuous: bool) -> Evidence {
    Evidence { slack, vacuous, ..Evidence::of_test(verdict, 7, "planted") }
}

#[test]
fn verify_ends_with_the_code_of_the_worst_verdict_and_says_which() {
    use Verdict::{Crashed, Holds, Inconclusive, NotApplicable, Violated};
    let (sound, printed) = ("eq-2.1,eq-2.3", "err-4.41-printed,eq-2.3");
    // The verdict of the first claim if another one is planted, that of the second, the exit code,
    // and what is said.
    let table = [
        (sound, Some(Holds), Holds, 0, "Every verdict is as expected."),
        (sound, Some(NotApplicable), Holds, 0, "Every verdict is as expected."),
        (sound, Some(Inconclusive), Holds, 3, "Some claims were not decided within the budget."),
        (sound, Some(Violated), Holds, 1, "eq-2.1 is violated"),
        (sound, Some(Violated), Inconclusive, 1, "Some verdicts are NOT as expected"),
        (sound, Some(Inconclusive), Violated, 1, "Some verdicts are NOT as expected"),
        (sound, Some(Crashed), Holds, 1, "eq-2.1 crashed"),
        (sound, Some(Violated), Crashed, 1, "Some checks CRASHED, which says nothing"),
        (printed, None, Holds, 0, "Every verdict is as expected."),
        (printed, None, Inconclusive, 3, "Some claims were not decided within the budget."),
        (printed, Some(Violated), Holds, 1, "is violated, but not by its known error"),
        (printed, Some(Holds), Holds, 1, "err-4.41-printed is holds"),
        (printed, Some(Crashed), Holds, 1, "err-4.41-printed crashed"),
        (printed, Some(Inconclusive), Holds, 3, "err-4.41-printed is inconclusive"),
    ];
    let folder = TempDir::new().unwrap();
    for (ids, first, second, code, said) in table {
        let line = format!("verify path:n=3 --lambda 0.6 --only {ids}");
        let _ = fs::remove_file(folder.path().join("c"));
        let output = run(folder.path(), &format!("{line} --checkpoint c"));
        assert_eq!(output.status.code(), Some(0), "{ids}");
        let printed_first = ids == printed;
        let plant = |progress: &mut Progress| {
            let Progress::Verify(finished) = progress else { panic!("a run of verify") };
            assert_eq!(finished.len(), 2);
            for one in finished {
                // In the order of the registry, errata last.
                let is_first = (one.at == 0) != printed_first;
                let planted = if is_first { first } else { Some(second) };
                if let Some(planted) = planted {
                    one.evidence = evidence(planted, None, false);
                }
            }
        };
        let output = reported(folder.path(), &line, "", plant);
        let text = unwrapped(&output);
        assert_eq!(output.status.code(), Some(code), "{ids} {first:?}, {second}: {text}");
        assert!(text.contains(said), "{ids} {first:?}, {second}: {said:?} in {text}");
        let output = reported(folder.path(), &line, " --json", |_| ());
        assert_eq!(output.status.code(), Some(code), "{ids} {first:?}, {second}, as JSON");
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = found["claims"].as_array().unwrap();
        let ok = rows.iter().all(|row| row["ok"] == true);
        assert_eq!(ok, code == 0, "{ids} {first:?}, {second}");
    }
}

#[test]
fn a_check_that_cannot_decide_ends_with_3() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), "verify path:n=3 --lambda 1e-6 --only cor-4.3");
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
}

#[test]
fn the_sign_of_a_slack_and_what_is_vacuous_are_in_the_table_and_in_json() {
    let table = [
        (Verdict::Violated, Some(-0.25), false, "slack -0.2500"),
        (Verdict::Violated, Some(-2.5e-7), false, "slack -2.50e-7"),
        (Verdict::Holds, Some(0.25), false, "slack 0.2500"),
        (Verdict::Holds, Some(0.0), false, "slack 0\n"),
        (Verdict::Holds, None, true, "holds, vacuous"),
        (Verdict::Holds, None, false, "holds  exact, 7 cases\n"),
    ];
    let line = "verify path:n=3 --lambda 0.6 --only eq-2.1";
    let folder = TempDir::new().unwrap();
    run(folder.path(), &format!("{line} --checkpoint c"));
    for (verdict, slack, vacuous, said) in table {
        let plant = |progress: &mut Progress| {
            let Progress::Verify(finished) = progress else { panic!("a run of verify") };
            finished[0].evidence = evidence(verdict, slack, vacuous);
        };
        let text = stdout(&reported(folder.path(), line, " --verbose", plant));
        assert!(text.contains(said), "{said:?} in {text}");
        let text = unwrapped(&reported(folder.path(), line, "", |_| ()));
        assert_eq!(text.contains("the bound is trivial here: eq-2.1"), vacuous, "{text}");
        let output = reported(folder.path(), line, " --json", |_| ());
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let row = &found["claims"][0];
        assert_eq!(row["slack"].as_f64(), slack);
        assert_eq!(row["vacuous"], vacuous);
        assert_eq!((&row["cases"], &row["ok"]), (&7.into(), &(verdict == Verdict::Holds).into()));
    }
}

#[test]
fn power_ends_with_1_where_a_check_crashed_or_accepts_what_it_must_reject() {
    let line = "power --quick --only eq-2.1";
    let table = [
        (None, 0, "the reference passes everywhere"),
        (Some(Cell::Accepted), 1, "eq-2.1 accepts "),
        (Some(Cell::NotApplicable), 1, "eq-2.1 does not apply to "),
        (Some(Cell::Inconclusive), 1, "eq-2.1 does not decide on "),
        (
            Some(Cell::Crashed { setting: "k22".to_owned(), found: "planted".to_owned() }),
            1,
            "(k22): planted",
        ),
    ];
    for (cell, code, said) in table {
        let folder = TempDir::new().unwrap();
        assert_eq!(run(folder.path(), &format!("{line} --checkpoint c")).status.code(), Some(0));
        let plant = |progress: &mut Progress| {
            let Progress::Power(checks) = progress else { panic!("a run of power") };
            let mut cells = checks.iter_mut().filter_map(|check| match &mut check.found {
                Found::Fault(_, cell) => Some(cell),
                Found::Reference { .. } => None,
            });
            if let (Some(planted), Some(first)) = (cell, cells.next()) {
                *first = planted;
            }
        };
        let output = reported(folder.path(), line, "", plant);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{said:?} in {text}");
    }
}

#[test]
fn calibrate_ends_with_0_where_no_budget_is_exceeded() {
    let folder = TempDir::new().unwrap();
    let output =
        run(folder.path(), "calibrate --runs 2 --only eq-2.1,err-4.41-printed --streams 0");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn calibrate_ends_with_1_where_a_budget_is_exceeded() {
    let folder = TempDir::new().unwrap();
    let line = "calibrate --runs 1 --only eq-2.1 --streams 0 --checkpoint c";
    assert_eq!(run(folder.path(), line).status.code(), Some(0));
    let file = folder.path().join("c");
    let text = fs::read_to_string(&file).unwrap();
    let (header, result) = text.trim_end().split_once('\n').unwrap();
    let mut result: Value = serde_json::from_str(result).unwrap();
    // An exact claim has no budget at all.
    result["claims"][0]["alarms"] = 1.into();
    result["alarms"] = serde_json::json!([{
        "seed": 1, "id": "eq-2.1", "graph": "planted", "policy": null, "verdict": "violated",
        "summary": "planted", "replay": "none",
    }]);
    fs::write(&file, format!("{header}\n{result}\n")).unwrap();
    let output = run(folder.path(), line);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("NOT within the budget"), "{text}");
}

#[test]
fn bad_use_ends_with_2_and_one_line() {
    let folder = TempDir::new().unwrap();
    let table = [
        ("verify no-such-file", "no-such-file"),
        ("verify --only eq-2.l", "eq-2.1"),
        ("verify --alpha 2", "--alpha"),
        ("verify --effort 0", "--effort"),
        ("power --only eq-2.l", "eq-2.1"),
        ("power --alpha -1", "--alpha"),
        ("calibrate --runs 0", "--runs"),
        ("calibrate --only eq-2.l", "eq-2.1"),
        ("no-such-command", "no-such-command"),
    ];
    for (line, said) in table {
        let output = run(folder.path(), line);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{line}: {told}");
        assert!(told.contains(said), "{line}: {said:?} in {told}");
        assert!(output.stdout.is_empty(), "{line}");
    }
}
