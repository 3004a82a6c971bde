//! The command line as scripts see it: exit codes, one-line errors, JSON shapes, and figures that
//! are known otherwise.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fluidcheck::num::figures_in_text;
use serde_json::Value;
use tempfile::TempDir;

fn fluidcheck(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

fn json(arguments: &[&str]) -> Value {
    let output = fluidcheck(Path::new(env!("CARGO_MANIFEST_DIR")), arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("stdout is one JSON value")
}

/// Files with something wrong, by name.
const FILES: &[(&str, &[u8])] = &[
    ("empty.txt", b""),
    ("empty.csv", b""),
    ("empty.mtx", b""),
    ("header.csv", b"server,task_type\n"),
    ("comment.txt", b"# nothing here\n"),
    ("range.txt", b"# servers=2 task_types=2\n0 0\n1 1\n2 0\n"),
    ("negative.txt", b"0 0\n-1 0\n"),
    ("overflow.txt", b"0 0\n99999999999 0\n"),
    ("word.txt", b"0 0\nzero 0\n"),
    ("nan.txt", b"NaN 0\n"),
    ("huge_number.txt", b"1e400 0\n"),
    ("one_field.txt", b"0 0\n1\n"),
    ("four_fields.txt", b"0 0\n1 0 7 9\n"),
    ("duplicate.txt", b"0 0\n1 0\n0 0\n"),
    ("not_utf8.txt", b"0 0\n\xff\xfe 1\n"),
    ("four_billion.txt", b"# servers=4000000000 task_types=1\n0 0\n"),
    ("isolated.txt", b"# servers=2 task_types=3\n0 0\n1 2\n"),
    ("wrong_header.csv", b"a,b\n1,2\n"),
    ("short_row.csv", b"server,task_type\nx\n"),
    ("long_row.csv", b"server,task_type\nx,y,z\n"),
    ("open_quote.csv", b"server,task_type\n\"x,y\n"),
    ("duplicate.csv", b"server,task_type\nx,y\nx,y\n"),
    ("isolated.csv", b"server,task_type\nx,y\n,lonely\n"),
    ("no_banner.mtx", b"2 2 1\n1 1\n"),
    ("zero_based.mtx", b"%%MatrixMarket matrix coordinate pattern general\n2 2 1\n0 1\n"),
    ("too_few.mtx", b"%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 1\n"),
    ("too_many.mtx", b"%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 1\n2 2\n"),
    ("out_of_range.mtx", b"%%MatrixMarket matrix coordinate pattern general\n2 2 1\n3 1\n"),
    ("nan.mtx", b"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 nan\n"),
    ("complex.mtx", b"%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 0\n"),
];

/// Command lines that are wrong whatever the files.
const LINES: &[&str] = &[
    "inspect",
    "inspect missing.csv",
    "inspect cycle:n=5 --rates missing.csv",
    "inspect cycle:n=5 --rates folder",
    "inspect cycle:n=2 --rates four_fields.txt",
    "inspect folder",
    "inspect cycle:n=5 --lambda 0",
    "inspect cycle:n=5 --lambda 1",
    "inspect cycle:n=5 --lambda -1",
    "inspect cycle:n=5 --lambda nan",
    "inspect cycle:n=5 --lambda 1e400",
    "inspect cycle:n=5 --lambda 1/0",
    "inspect cycle:n=5 -d 0",
    "inspect cycle:n=5 -d 1025",
    "inspect cycle:n=5 -d -1",
    "inspect cycle:n=5 --improve 0",
    "inspect cycle:n=5,q=3",
    "inspect cycle:n=5,n=5",
    "inspect cycle:",
    "inspect cycle:n=two",
    "inspect cycle:n=99999999999",
    "inspect circle:n=5",
    "inspect regular:n=5,m=3,k=2",
    "inspect regular:n=5,m=5,k=6",
    "inspect geometric:n=100,degree=5000",
    "inspect geometric:n=100,degree=1 --graph-seed 1",
    "inspect edges:n=2,m=1,e=0-0;0-0",
    "ode --times -1",
    "ode --times nan",
    "ode --start level:x",
    "ode --start geometric:1",
    "ode --lambda 2",
    "ode -d 0",
    "ode --tolerance 0",
    "simulate cycle:n=5 --replications 0",
    "simulate cycle:n=5 --precision 2",
    "simulate cycle:n=5 --confidence 1",
    "simulate cycle:n=5 --events 0",
    "simulate cycle:n=5 --time-limit -1",
    "simulate edges:n=2,m=2,e=0-0;0-1;1-1 --lambda 0.9",
    "simulate edges:n=14,m=2,e=0-0;0-1;1-1;2-1;3-1;4-1;5-1;6-1;7-1;8-1;9-1;10-1;11-1;12-1;13-1 --lambda 0.2",
    "exact edges:n=2,m=2,e=0-0;0-1;1-1 --lambda 0.9",
    "verify --only nothing",
    "verify --only thm-3,eq-2.1",
    "explain tm-3.8",
    "verify --color sometimes",
    "verify --alpha 0",
    "verify --effort 0",
    "verify --seed -1",
    "generate cycle:n=5",
    "generate cycle:n=5 -o graph.xyz",
    "generate cycle:n=5 -o folder",
    "generate cycle:n=5 -o no/such/folder.csv",
    "figures",
    "figures -o empty.txt",
    "figures -o empty.txt/folder",
    "figures -o new --only fig-5",
    "figures -o new --max-n 99",
    "figures -o new --replications 1",
    "frobnicate",
    "completions tcsh",
];

#[test]
fn every_bad_input_gets_one_line_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let mut lines: Vec<String> = LINES.iter().map(|line| (*line).to_owned()).collect();
    for (name, content) in FILES {
        fs::write(folder.path().join(name), content).unwrap();
        lines.push(format!("inspect {name}"));
    }
    let mut table = String::new();
    for line in lines {
        let output = fluidcheck(folder.path(), &line.split(' ').collect::<Vec<_>>());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(output.stdout.is_empty(), "{line} printed a result");
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
        table.push_str(&format!("{line}\n    {said}"));
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("command_line_errors", table);
    });
}

#[test]
fn help_texts_have_an_example_each() {
    let mut all = String::new();
    for command in [
        "",
        "verify",
        "explain",
        "power",
        "calibrate",
        "inspect",
        "simulate",
        "exact",
        "ode",
        "generate",
        "figures",
        "completions",
    ] {
        let arguments: Vec<&str> =
            command.split(' ').filter(|word| !word.is_empty()).chain(["--help"]).collect();
        let output = fluidcheck(Path::new("."), &arguments);
        assert!(output.status.success());
        let help = text(&output.stdout);
        assert!(help.contains("Example"), "{command} has no example");
        all.push_str(&format!("== fluidcheck {command}\n{help}\n"));
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("command_line_help", all);
    });
}

#[test]
fn figures_replaces_its_own_files_only_and_prints_what_they_hold() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    for (name, text) in
        [("notes.txt", "mine"), ("fig-1.svg", "old"), ("fig-2.svg", "of another run")]
    {
        fs::write(folder.path().join("out").join(name), text).unwrap();
    }
    let output = fluidcheck(
        folder.path(),
        &["figures", "-o", "out", "--only", "fig-1", "--seed", "3", "--json"],
    );
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    assert_eq!(
        (read("notes.txt").as_str(), read("fig-2.svg").as_str()),
        ("mine", "of another run")
    );
    assert!(read("fig-1.svg").contains("</svg>"));
    let mut names: Vec<_> = fs::read_dir(folder.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["fig-1.csv", "fig-1.svg", "fig-2.svg", "notes.txt"]);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = printed["figures"]["fig-1"].as_array().unwrap();
    assert_eq!(
        (rows.len() + 1, &printed["seed"]),
        (read("fig-1.csv").lines().count(), &Value::from(3))
    );

    let output = fluidcheck(folder.path(), &["figures", "-o", "new/inner", "--only", "fig-1"]);
    assert_eq!(text(&output.stdout), "fig-1: global against local edges (fig-1.csv, fig-1.svg)\n");
    assert!(folder.path().join("new/inner/fig-1.csv").is_file());
}

#[test]
fn inspect_gives_the_figures_that_are_known_as_fractions() {
    // Worked out with exact fractions by independent code: rho / lambda, phi, gamma, critical loads
    // for d = 1, 2, 3.
    let table = [
        ("complete:n=2,m=2", "4/5", "0", "1/2", ["1", "1", "1"]),
        ("path:n=3", "6/5", "1/2", "1/2", ["2/3", "1", "1"]),
        ("edges:n=2,m=2,e=0-0;0-1;1-1", "6/5", "1/2", "3/4", ["2/3", "4/5", "8/9"]),
        ("cycle:n=5", "4/5", "0", "1/2", ["1", "1", "1"]),
        ("edges:n=3,m=2,e=0-0;1-0;0-1;1-1", "6/5", "1", "1/2", ["2/3", "2/3", "2/3"]),
        ("circulant:n=8,k=3", "4/5", "0", "1/3", ["1", "1", "1"]),
    ];
    for (graph, rho, phi, gamma, critical) in table {
        for (d, critical) in ["1", "2", "3"].iter().zip(critical) {
            let found = json(&["inspect", graph, "--lambda", "0.8", "-d", d, "--json"]);
            let exact = &found["exact"];
            assert_eq!(
                (
                    exact["rho"].as_str(),
                    exact["phi"].as_str(),
                    exact["gamma"].as_str(),
                    exact["critical_lambda"].as_str()
                ),
                (Some(rho), Some(phi), Some(gamma), Some(critical)),
                "{graph}, d = {d}"
            );
            assert!(
                found["critical_lambda"]["lower"].is_number()
                    && found["rho"].is_number()
                    && found["stable"].is_boolean()
            );
        }
    }
}

#[test]
fn ode_gives_the_independent_solution() {
    // Solved independently by Taylor integration in 80-bit arithmetic: lambda = 0.8, d = 2, from
    // empty.
    let found = json(&["ode", "--lambda", "0.8", "-d", "2", "--times", "0.1", "--json"]);
    let q = found["q"][0].as_array().unwrap();
    for (value, known) in
        q.iter().zip([7.597_978_909_130_34e-2, 1.541_318_954_702_74e-4, 2.751_645_879_222_85e-10])
    {
        assert!((value.as_f64().unwrap() - known).abs() < 1e-11, "{value} against {known}");
    }
}

/// A regression test: the seed is fixed, the intervals hold with probability 0.95 over seeds.
#[test]
fn simulate_brackets_the_exact_law_of_two_servers() {
    let found =
        json(&["simulate", "complete:n=2,m=2", "--precision", "0.05", "--seed", "2", "--json"]);
    let inside = |interval: &Value, exact: f64| {
        interval["lower"].as_f64().unwrap() <= exact && exact <= interval["upper"].as_f64().unwrap()
    };
    // Stationary law by independent code: the truncated generator, cap 60.
    for (i, exact) in
        [0.8, 0.5903848007271439, 0.4133945919464884, 0.2801743324572304].into_iter().enumerate()
    {
        assert!(inside(&found["q"][i], exact), "{}", found["q"][i]);
    }
    assert!(inside(&found["mean_queue_length"], 2.614356466352043));
}

#[test]
fn a_budget_below_one_replication_gives_what_the_critical_load_implies() {
    let found = json(&[
        "simulate",
        "complete:n=1000,m=9",
        "--lambda",
        "0.75",
        "--events",
        "1000",
        "--json",
    ]);
    assert_eq!((&found["replications"], &found["precision_reached"]), (&0.into(), &false.into()));
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(number(&found["q"][0]["lower"]), 0.75);
    // 3/4 / (1 - 3/4) tasks, and a delay of 4.
    for (name, lower, upper) in [("mean_queue_length", 0.75, 3.0), ("mean_delay", 1.0, 4.0)] {
        let ends = (number(&found[name]["lower"]), number(&found[name]["upper"]));
        assert!((ends.0 - lower).abs() < 1e-9 && (ends.1 - upper).abs() < 1e-9, "{name}: {ends:?}");
    }
    assert!(found["mean_queue_length"]["mean"].is_null(), "{found}");
    // Exponential of rate 1/4 from above.
    assert!((number(&found["delay"]["p99"]["upper"]) - 4.0 * 100f64.ln()).abs() < 1e-6, "{found}");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let run = |threads: &str, arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
            .env("RAYON_NUM_THREADS", threads)
            .args(arguments)
            .output()
            .unwrap();
        let mut value: Value = serde_json::from_slice(&output.stdout).unwrap();
        strip_times(&mut value);
        value
    };
    let lines: [&[&str]; 3] = [
        &["simulate", "path:n=3", "--lambda", "0.6", "--replications", "100", "--json"],
        &["simulate", "path:n=3", "--transient", "--replications", "100", "--json"],
        &[
            "verify",
            "cycle:n=4",
            "--only",
            "eq-4.12,prop-3.9-samples,transition-law,cor-4.3",
            "--json",
        ],
    ];
    for line in lines {
        assert_eq!(run("1", line), run("7", line), "{line:?}");
    }
}

/// Wall times are the only part of a result that a machine may change.
fn strip_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("seconds");
            fields.remove("events_per_second");
            fields.values_mut().for_each(strip_times);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_times),
        _ => {}
    }
}

#[test]
fn verify_says_why_theorems_do_not_apply_and_never_calls_that_holding() {
    let found = json(&[
        "verify",
        "path:n=3",
        "--lambda",
        "0.8",
        "--only",
        "cor-4.3,eq-4.4,err-4.41-printed",
        "--json",
    ]);
    let row = |id: &str| {
        found["claims"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone()
    };
    assert_eq!(row("cor-4.3")["verdict"], "not_applicable");
    assert_eq!(row("cor-4.3")["applicable"], false);
    assert_eq!(row("cor-4.3")["evidence"], "needs rho(G) < 1, here rho(G) = 6/5");
    assert_eq!(row("eq-4.4")["verdict"], "holds");
    assert_eq!(
        (&row("err-4.41-printed")["verdict"], &row("err-4.41-printed")["expected"]),
        (&"violated".into(), &"violated".into())
    );
    assert_eq!(row("err-4.41-printed")["erratum"], "substance");
    assert_eq!((&found["seed"], &found["alpha"]), (&1.into(), &1e-6.into()));
}

#[test]
fn lost_tasks_are_said_in_every_output() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("g.txt"), "# servers=2 task_types=4\n0 0\n1 1\n0 3\n").unwrap();
    for line in [
        "inspect g.txt",
        "simulate g.txt --replications 20",
        "simulate g.txt --transient --replications 20",
        "verify g.txt --only eq-4.12",
        "generate g.txt -o -",
    ] {
        let arguments: Vec<&str> = line
            .split(' ')
            .chain(["--isolated", "drop", "--lambda", "0.3"])
            .filter(|word| !line.starts_with("generate") || !["--lambda", "0.3"].contains(word))
            .collect();
        let output = fluidcheck(folder.path(), &arguments);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains("tasks are lost"),
            "{line}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn rates_go_with_any_graph_and_are_written_back() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rates.csv"), "task_type,rate\n1,1/2\n0,1.5\n").unwrap();
    let run = |line: &str| {
        let output = fluidcheck(folder.path(), &line.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        output.stdout
    };
    // Servers of path:n=3 have the loads 9/8, 3/2 and 3/8 times lambda if the first of two types
    // gets three tasks in four.
    for name in ["rated.txt", "rated.csv"] {
        run(&format!("generate path:n=3 --rates rates.csv -o {name}"));
    }
    for graph in ["path:n=3 --rates rates.csv", "rated.txt", "rated.csv"] {
        let found: Value =
            serde_json::from_slice(&run(&format!("inspect {graph} --lambda 0.6 --json"))).unwrap();
        assert_eq!(found["exact"]["rho"], "9/10", "{graph}");
        assert_eq!(
            found["rates"],
            serde_json::json!({ "equal": false, "least": 0.5, "largest": 1.5 }),
            "{graph}"
        );
    }
    let exact: Value =
        serde_json::from_slice(&run("exact rated.txt --lambda 0.6 --times 1 --json")).unwrap();
    assert!((exact["q"][0].as_f64().unwrap() - 0.6).abs() < 1e-9);
    let simulated =
        text(&run("simulate rated.csv --lambda 0.6 --replications 20 --transient --times 1"));
    assert!(
        simulated.contains("task types arrive at rates from 1/2 to 3/2 times the mean"),
        "{simulated}"
    );
    let verified = text(&run(
        "verify path:n=3 --rates rates.csv --lambda 0.6 --only eq-2.1,lemma-4.2,thm-3.8",
    ));
    assert!(verified.contains("path:n=3 --rates rates.csv"), "{verified}");
    assert!(
        verified.contains("needs equal arrival rates, here from 1/2 to 3/2 times the mean"),
        "{verified}"
    );
    let refused = fluidcheck(folder.path(), &["inspect", "cycle:n=3", "--rates", "rates.csv"]);
    assert_eq!((refused.status.code(), text(&refused.stderr).lines().count()), (Some(2), 1));
}

#[test]
fn formats_convert_into_each_other_and_back() {
    let folder = TempDir::new().unwrap();
    for (from, to) in
        [("cycle:n=7", "a.csv"), ("a.csv", "b.mtx"), ("b.mtx", "c.txt"), ("c.txt", "d.csv")]
    {
        let output = fluidcheck(folder.path(), &["generate", from, "-o", to]);
        assert!(output.status.success(), "{from} to {to}: {}", text(&output.stderr));
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("a.csv"), read("d.csv"));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .args(["generate", "complete:n=300,m=300", "-o", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let output = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .args(["ode", "--json"])
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).starts_with("error: standard output:"),
        "{}",
        text(&output.stderr)
    );
}

/// An interrupted suite says what it knows, marks it as partial, and does not end as if all were
/// well.
#[cfg(unix)]
#[test]
fn ctrl_c_prints_the_verdicts_so_far_and_exits_with_130() {
    use std::process::{Command, Stdio};
    // So much effort that nothing but the signal ends it.
    let child = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .args(["verify", "--effort", "1000", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let sent =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(130));
    let result: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("one whole JSON object");
    assert_eq!(result["partial"], true);
    assert!(
        (result["claims"].as_array().expect("a list").len() as u64)
            < result["checks"].as_u64().expect("a number")
    );
}

/// Servers {0, 1}, types {0} and {0, 1}: 2/3, 4/5 and 8/9; with server 1 on type 0 too, every load
/// below 1 is served.
#[test]
fn inspect_gives_the_critical_load_for_each_d_and_the_edge_to_add() {
    let found =
        json(&["inspect", "edges:n=2,m=2,e=0-0;0-1;1-1", "-d", "4", "--improve", "1", "--json"]);
    let exact: Vec<_> = found["critical_lambda_by_d"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["exact"].as_str().unwrap())
        .collect();
    assert_eq!(exact, ["2/3", "4/5", "8/9", "16/17"]);
    assert_eq!(found["exact"]["critical_lambda"], "16/17");
    assert_eq!(found["bottleneck"], serde_json::json!(["0"]));
    let added = &found["improve"][0];
    assert_eq!(
        (&added["server"], &added["task_type"], &added["exact"]),
        (&"1".into(), &"0".into(), &"1".into())
    );
    assert_eq!(added["all_tried"], true);
    let components = json(&["inspect", "2*cycle:n=3+edges:n=1,m=4,e=0-0;0-1;0-2;0-3", "--json"]);
    assert_eq!(components["limiting_component"]["servers"], 1);
}

/// Lines of a report, none of which may be longer than the width or drive a terminal.
fn report(environment: &[(&str, &str)], arguments: &[&str], width: usize) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .env_remove("COLUMNS")
        .env_remove("NO_COLOR")
        .envs(environment.iter().copied())
        .args(arguments)
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    for line in said.lines() {
        let plain = console::strip_ansi_codes(line);
        assert!(plain.chars().count() <= width, "{width}: {plain}");
        assert!(!plain.contains(char::is_control), "{plain:?}");
    }
    said
}

const SOME: &[&str] = &[
    "verify",
    "--only",
    "eq-2.1,rem-1,cor-4.3,lemma-4.4,graph-sides,err-2.2-printed,err-rem-1-printed",
];

#[test]
fn verify_prints_a_paragraph_for_each_group_of_statements_in_the_width_that_is_asked_for() {
    let narrow = report(&[], SOME, 80);
    let wide = report(&[("COLUMNS", "200")], SOME, 200);
    assert!(wide.lines().count() < narrow.lines().count(), "{wide}");
    let starts: Vec<_> =
        wide.lines().filter(|line| line.starts_with("holds") && line.contains(" checks")).collect();
    assert_eq!(starts.len(), 2, "{wide}");
    for (part, why) in [
        (
            "Corollary 4.3: E q_i(infinity) <= rho^i (36 checks, 3 not applicable): excludes",
            "excludes",
        ),
        (
            "refuted       as expected, 1 printed statement in substance: (2.2) (err-2.2-printed)",
            "errata",
        ),
        (
            "1 printed statement in an index or a letter (the paper was read by OCR: the slip may be",
            "slips",
        ),
        ("\n  1 check: needs rho(G) < 1, here rho(G) = 6/5\n", "a line each"),
        ("Every verdict is as expected.", "the verdict"),
        ("36 statistical checks: the probability that any is wrong is at most 1e-6", "alpha"),
    ] {
        assert!(wide.contains(part), "{why}: {wide}");
    }
    assert!(!wide.contains("slack"), "{wide}");
    let verbose = report(&[], &[SOME, &["-v"]].concat(), 80);
    assert!(verbose.contains("slack") && verbose.contains("holds 33/36, n/a 3"), "{verbose}");
    assert!(verbose.contains("violated (expected)"), "{verbose}");
}

#[test]
fn colours_are_for_terminals_or_who_asks_for_them() {
    let plain = report(&[], SOME, 80);
    assert!(!plain.contains('\u{1b}'));
    let colored = report(&[("NO_COLOR", "1")], &[SOME, &["--color", "always"]].concat(), 80);
    assert!(colored.contains("\u{1b}[32m"));
    assert_eq!(console::strip_ansi_codes(&colored), plain);
    assert_eq!(report(&[("CLICOLOR", "1")], &[SOME, &["--color", "never"]].concat(), 80), plain);
    let explained = report(&[], &["explain", "thm-3.8", "--color", "always"], 80);
    assert!(explained.contains('\u{1b}'));
}

#[test]
fn explain_says_what_a_claim_states_how_it_is_checked_and_what_it_rejects() {
    let explained = report(&[], &["explain", "transition-law"], 80);
    for part in ["statistical, by sequential tests", "excludes", "faults", "    join-longest: "] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    let found = json(&["explain", "thm-3.8", "--json"]);
    let claim = &found["claims"][0];
    assert_eq!(claim["source"], "Theorem 3.8, (4.29)");
    assert!(claim["hypotheses"].as_array().unwrap().contains(&"rho(G) < 1".into()));
    assert!(claim["rejects"][0]["about"].is_string() && claim["excludes"].is_string());
    assert_eq!(report(&[], &["explain"], 80), report(&[], &["verify", "--list"], 80));
}

/// Nothing but its reader or a signal ends this: the first group is decided soon, and the second
/// has too many cases.
const ENDLESS: &[&str] = &["verify", "cycle:n=5", "--only", "eq-2.1,lemma-4.4", "--effort", "1000"];

#[cfg(unix)]
#[test]
fn a_group_is_printed_while_others_run_and_once_only() {
    use std::io::{BufRead, BufReader, Read};
    let mut child = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .args(ENDLESS)
        .env("COLUMNS", "200")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert_eq!(first, "cycle:n=5 (lambda = 4/5, jsq(2), replacement)\n");
    lines.read_line(&mut first).unwrap();
    assert!(
        first.contains("holds         Section 2: the model")
            && first.contains("(1 check): no counterexample"),
        "{first}"
    );
    assert!(child.try_wait().unwrap().is_none(), "the second group is under way");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("PARTIAL: interrupted after 1 of 2 checks"), "{rest}");
    assert!(!rest.contains("Section 2: the model"), "{rest}");
}

#[cfg(unix)]
#[test]
fn a_suite_that_nobody_reads_ends_and_does_not_look_like_a_success() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .args(ENDLESS)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(130), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_suite_whose_results_cannot_be_written_ends_in_one_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .args(ENDLESS)
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.starts_with("error: standard output:"), "{said}");
}

#[test]
fn theories_are_checked_without_a_graph_or_with_all_and_not_with_a_graph_alone() {
    let others = fluidcheck::claims::all().map(|claim| claim.id);
    let others: Vec<_> = others.filter(|id| !["eq-2.1", "eq-4.19"].contains(id)).collect();
    let except = others.join(",");
    let graph = ["path:n=3", "--lambda", "0.6"];
    for (arguments, theory) in [
        (&[][..], true),
        (&graph[..], false),
        (&[&graph[..], &["--all"]].concat(), true),
        (&["--policy", "random"], false),
    ] {
        let all = [&["verify", "--json", "--except", &except], arguments].concat();
        let found = json(&all);
        let rows = found["claims"].as_array().unwrap();
        let has = |id: &str| rows.iter().any(|row| row["id"] == id);
        assert_eq!((has("eq-2.1"), has("eq-4.19")), (true, theory), "{arguments:?}");
    }
}

#[test]
fn only_checks_a_theory_with_a_graph_too() {
    let found = json(&["verify", "path:n=3", "--only", "eq-4.19,eq-2.1", "--json"]);
    let ids: Vec<_> = found["claims"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, ["eq-2.1", "eq-4.19"]);
}

/// What command lines print, with few digits: the last ones need not be the same everywhere. How
/// long it took is left out.
fn printed(lines: &[String]) -> String {
    let mut shown = String::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let output = fluidcheck(Path::new(env!("CARGO_MANIFEST_DIR")), &words);
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        let mut said = text(&output.stdout);
        if words.contains(&"--json") {
            let mut value: Value = serde_json::from_str(&said).unwrap();
            strip_times(&mut value);
            said = serde_json::to_string_pretty(&value).unwrap() + "\n";
        }
        let few = |line: &str| match line.strip_suffix(" per second") {
            Some(timed) => timed.rsplit_once(", ").unwrap().0.to_owned(),
            None => figures_in_text::rounded(line, 6, usize::MAX),
        };
        let said: Vec<String> = said.lines().map(few).collect();
        shown.push_str(&format!("$ fluidcheck {line}\n{}\n\n", said.join("\n")));
    }
    shown
}

fn print_as_before(snapshot: &str, lines: &[String]) {
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!(snapshot, printed(lines));
    });
}

#[test]
fn exact_laws_and_compared_policies_are_shown_for_people_and_for_programs() {
    let uneven = "edges:n=2,m=2,e=0-0;0-1;1-1";
    let lines = [
        format!("exact {uneven} --lambda 0.3 --times 0,1"),
        format!("exact {uneven} --lambda 0.3 --times 1 --start level:2 --json"),
        "exact edges:n=2,m=2,e=0-0;1-0 --isolated drop --lambda 0.5".to_owned(),
        format!("inspect {uneven} --lambda 0.7 -d 3 --compare-policies"),
        format!("inspect {uneven} --lambda 0.7 -d 3 --compare-policies --json"),
    ];
    print_as_before("small_systems", &lines);
}

#[test]
fn graphs_and_simulations_are_shown_for_people_and_for_programs() {
    let parts = "2*cycle:n=3+edges:n=1,m=4,e=0-0;0-1;0-2;0-3 --lambda 0.3";
    let few = "complete:n=2,m=1 --lambda 0.3 --replications 20";
    let lines = [
        format!("inspect {parts} -d 3"),
        format!("inspect {parts} --policy jsq(all)"),
        format!("inspect {parts} --json"),
        "inspect data/hot-types.csv --lambda 0.5 --policy random".to_owned(),
        format!("simulate {few}"),
        format!("simulate {few} --intervals student"),
        format!("simulate {few} --intervals student --json"),
        "simulate data/hot-types.csv --lambda 0.3 --policy random --replications 10".to_owned(),
        format!("simulate {few} --transient --times 1,2 --start level:2"),
        format!("simulate {few} --transient --times 1 --intervals student --json"),
    ];
    print_as_before("simulated", &lines);
}
