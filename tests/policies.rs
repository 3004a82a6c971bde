//! Policies other than the paper's: figures that are known otherwise, and what the commands say.
//!
//! Origin of the figures: an exact solver, a search for overloaded sets and a simulator that share
//! no code with this crate; see also testdata/policy_reference.json.

use std::path::Path;
use std::process::{Command, Output};

use approx::assert_abs_diff_eq;
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::{BipartiteGraph, Isolated, format};
use fluidcheck::model::policy::{Policy, rules};
use fluidcheck::model::{Load, Model};
use fluidcheck::num::ratio::ratio;
use fluidcheck::theory::exact::{self, Law, Options};
use fluidcheck::theory::stability::{critical_load, critical_load_by_flow, critical_load_of};
use serde_json::Value;

fn model(graph: &str, lambda: &str, policy: &str) -> Model {
    let graph = Spec::parse(graph).unwrap().build(1, Isolated::Refuse).unwrap();
    let policy = policy.parse().unwrap();
    Model::with_policy(graph, Load::parse(lambda).unwrap(), policy, None).unwrap()
}

fn law(graph: &str, lambda: &str, policy: &str) -> Law {
    exact::stationary(&model(graph, lambda, policy), &Options::default()).unwrap()
}

fn fluidcheck(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&said(&fluidcheck(arguments))).expect("stdout is one JSON value")
}

#[test]
fn the_independent_laws_of_distinct_samples_are_met_server_by_server() {
    let known: Value =
        serde_json::from_str(include_str!("../testdata/policy_reference.json")).unwrap();
    for case in known["cases"].as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap();
        let found = law(text("graph"), &case["lambda"].to_string(), text("policy"));
        // What the reference cut off shows in its last digits.
        let accuracy = 1e-9 + 20.0 * case["top"].as_f64().unwrap();
        for (value, known) in found.q.iter().zip(case["q"].as_array().unwrap()) {
            assert_abs_diff_eq!(value.value, known.as_f64().unwrap(), epsilon = accuracy);
        }
        let mean = case["mean_queue_length"].as_f64().unwrap();
        assert_abs_diff_eq!(found.mean_queue_length.value, mean, epsilon = 5.0 * accuracy);
        for (server, known) in found.per_server.iter().zip(case["per_server"].as_array().unwrap()) {
            let (value, known) = (server.mean_queue_length, known.as_f64().unwrap());
            assert_abs_diff_eq!(value.value, known, epsilon = 5.0 * accuracy);
            assert!(value.lower <= known + 5.0 * accuracy && known <= value.upper + 1e-9);
        }
    }
}

#[test]
fn the_independent_means_on_complete_graphs_are_met() {
    let table = [
        ("complete:n=2,m=1", "jsq(2), replacement", 2.614356),
        ("complete:n=2,m=1", "jsq(2), distinct", 2.364589),
        ("complete:n=2,m=1", "jsq(all)", 2.364589),
        ("complete:n=3,m=1", "jsq(2), replacement", 2.212558),
        ("complete:n=3,m=1", "jsq(2), distinct", 2.007996),
        ("complete:n=3,m=1", "jsq(all)", 1.82843),
        ("complete:n=3,m=1", "jsq(3), distinct", 1.82843),
        ("complete:n=2,m=1", "random", 4.0),
    ];
    for (graph, policy, known) in table {
        let found = law(graph, "0.8", policy);
        // The figures for three servers are from a chain cut where it shows in the sixth digit.
        assert_abs_diff_eq!(found.mean_queue_length.value, known, epsilon = 1e-5);
        assert!(found.error < 1e-8, "{policy}: {}", found.error);
    }
}

/// Ties to the lowest move tasks between servers and leave the mean as it is.
#[test]
fn the_shares_of_the_tasks_with_ties_to_the_lowest_are_known() {
    // Servers that ties tell apart have no symmetry, so many states; a small cap is enough here.
    let law = |policy| {
        let options = Options { cap: Some(30), ..Options::default() };
        exact::stationary(&model("complete:n=3,m=1", "0.8", policy), &options).unwrap()
    };
    let [fair, lowest, highest] =
        ["jsq(all)", "jsq(all), ties lowest", "jsq(all), ties highest"].map(law);
    assert_abs_diff_eq!(
        fair.mean_queue_length.value,
        lowest.mean_queue_length.value,
        epsilon = 1e-7
    );
    for (v, share) in [0.366152, 0.336374, 0.297474].into_iter().enumerate() {
        assert_abs_diff_eq!(lowest.per_server[v].busy.value / 2.4, share, epsilon = 6e-7);
        assert_abs_diff_eq!(highest.per_server[2 - v].busy.value / 2.4, share, epsilon = 6e-7);
        assert_abs_diff_eq!(fair.per_server[v].busy.value, 0.8, epsilon = 1e-7);
    }
}

#[test]
fn the_independent_laws_with_weights_are_met_server_by_server() {
    // A direct solution of the balance equations of two servers up to 100 or 140 tasks each, by
    // sparse elimination; the two mean lengths and the fractions of time that they are busy.
    let table = [
        ("jsq(2), weights=w", [2.080322920798, 4.190214857369], [0.713774782047, 0.886225217953]),
        ("jsq(all), weights=w", [1.497589664605, 3.867432478506], [0.692997116694, 0.907002883306]),
        (
            "jsq(all), ties lowest, weights=w",
            [1.550696823180, 3.535091329009],
            [0.718621329436, 0.881378670564],
        ),
    ];
    for (policy, means, busy) in table {
        let weights = Some(vec![ratio(1, 3), ratio(2, 3)]);
        let graph = BipartiteGraph::complete(2, 1).unwrap();
        let load = Load::parse("0.8").unwrap();
        let model = Model::with_policy(graph, load, policy.parse().unwrap(), weights).unwrap();
        let found = exact::stationary(&model, &Options::default()).unwrap();
        for (server, (mean, busy)) in found.per_server.iter().zip(means.into_iter().zip(busy)) {
            assert_abs_diff_eq!(server.mean_queue_length.value, mean, epsilon = 1e-6);
            assert_abs_diff_eq!(server.busy.value, busy, epsilon = 1e-6);
        }
    }
}

/// A regression test: the seed is fixed.
#[test]
fn estimates_are_certified_between_rho_of_1_and_the_critical_load() {
    // rho(G) = 6/5; the critical load is 1.
    for policy in ["jsq(2)", "jsq(2), distinct", "jsq(all)", "jsq(2), ties lowest"] {
        let model = model("path:n=3", "0.8", policy);
        let options =
            fluidcheck::estimate::Options { replications: Some(64), ..Default::default() };
        let found = model.steady_state(&options).unwrap();
        // A bracket that is far narrower than the interval.
        let near = Options { cap: Some(30), ..Options::default() };
        let exact = exact::stationary(&model, &near).unwrap().mean_queue_length;
        // Tasks per server that the start may leave out.
        assert!(found.start_error.is_some_and(|error| error < 0.1), "{policy}");
        let interval = found.mean_queue_length;
        assert!(interval.lower <= exact.upper && exact.lower <= interval.upper, "{policy}");
    }
}

#[test]
fn servers_one_by_one_average_to_the_whole_and_are_bracketed() {
    for (graph, policy) in [
        ("path:n=3", "jsq(2), replacement"),
        ("edges:n=3,m=2,e=0-0;1-0;1-1", "jsq(2), distinct"),
        ("path:n=3", "jsq(all), ties lowest"),
    ] {
        let found = law(graph, "0.5", policy);
        let n = found.per_server.len() as f64;
        let mean = |of: fn(&exact::Server) -> exact::Value| {
            found.per_server.iter().map(|server| of(server).value).sum::<f64>() / n
        };
        assert_abs_diff_eq!(
            mean(|server| server.mean_queue_length),
            found.mean_queue_length.value,
            epsilon = 1e-12
        );
        assert_abs_diff_eq!(mean(|server| server.busy), found.q[0].value, epsilon = 1e-12);
        for server in &found.per_server {
            for value in [server.mean_queue_length, server.busy] {
                assert!(value.lower <= value.value && value.value <= value.upper, "{value:?}");
                assert!(value.error() < 1e-8, "{value:?}");
            }
        }
    }
    // A server without a task type is always empty; the others keep their places.
    let isolated = law("edges:n=3,m=1,e=2-0", "0.25", "jsq(all)");
    let means: Vec<f64> = isolated.per_server.iter().map(|s| s.mean_queue_length.value).collect();
    assert_eq!(means[..2], [0.0, 0.0]);
    assert_abs_diff_eq!(means[2], 3.0, epsilon = 1e-8);
}

#[test]
fn critical_loads_of_three_types_on_three_servers_are_known() {
    let graph = "edges:n=3,m=3,e=0-0;1-0;0-1;1-1;0-2;1-2;2-2";
    for (policy, known) in [
        ("jsq(2), replacement", ratio(9, 11)),
        ("jsq(2), distinct", ratio(6, 7)),
        ("jsq(2), distinct, ties lowest", ratio(6, 7)),
        ("jsq(all)", ratio(1, 1)),
        ("jsq(3), distinct", ratio(1, 1)),
        ("random", ratio(3, 4)),
    ] {
        let model = model(graph, "0.5", policy);
        assert_eq!(critical_load_of(&model).unwrap().exact, Some(known.clone()), "{policy}");
        let law = model.policy().sample_law().unwrap();
        let by_flow = critical_load_by_flow(model.graph(), law).unwrap();
        assert_eq!(by_flow.lambda, known, "{policy}");
    }
}

/// The brackets were found by independent code.
#[test]
fn critical_loads_of_the_american_graph_lie_in_the_known_brackets() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/us-sites-100km.csv");
    let graph = format::read_path(&path, None, Isolated::Refuse).unwrap();
    for (policy, lower, upper) in [
        ("jsq(2), distinct", 0.38087, 0.38128),
        ("jsq(3), distinct", 0.43715, 0.43810),
        ("jsq(all)", 0.48630, 0.50373),
    ] {
        let law = policy.parse::<Policy>().unwrap().sample_law().unwrap();
        let found = critical_load(&graph, law).unwrap();
        assert!(found.upper - found.lower <= 1e-4 * found.upper, "{policy}: {found:?}");
        // The brackets are rounded to five digits.
        assert!(lower - 5e-6 <= found.lower && found.upper <= upper + 5e-6, "{policy}: {found:?}");
    }
}

#[test]
fn every_output_names_the_policy_in_full() {
    let policies = ["jsq(3), replacement", "jsq(2), distinct", "jsq(all)", "random", "idle-first"];
    for policy in policies {
        let d = if policy == "jsq(3), replacement" { Value::from(3) } else { Value::Null };
        let few = &["--replications", "4", "--intervals", "student"][..];
        let lines: [&[&str]; 3] = [
            &["inspect", "cycle:n=4", "--lambda", "0.5"],
            &["simulate", "cycle:n=4", "--lambda", "0.5"],
            &["simulate", "cycle:n=4", "--lambda", "0.5", "--transient"],
        ];
        for line in lines {
            let more = if line[0] == "simulate" { few } else { &[] };
            let line = [line, &["--policy", policy], more].concat();
            let text = said(&fluidcheck(&line));
            assert!(text.contains(policy), "{line:?}: {text}");
            let found = json(&[&line[..], &["--json"]].concat());
            assert_eq!((&found["policy"], &found["d"]), (&policy.into(), &d), "{line:?}");
        }
        let limits = ["q*", "(3.5)"].map(|limit| {
            let line = ["simulate", "cycle:n=4", "--lambda", "0.5", "--policy", policy];
            let transient: &[&str] = if limit == "q*" { &[] } else { &["--transient"] };
            said(&fluidcheck(&[&line, few, transient].concat())).contains(limit)
        });
        // On a cycle all task types have two servers, so that jsq(all) is jsq(2), distinct.
        assert_eq!(limits, [policy != "idle-first"; 2], "{policy}");
    }
    let short = json(&["exact", "cycle:n=3", "-d", "3", "--lambda", "0.5", "--json"]);
    assert_eq!((&short["policy"], &short["d"]), (&"jsq(3), replacement".into(), &3.into()));
    let ode = json(&["ode", "--policy", "jsq(2), distinct", "--json"]);
    assert_eq!((&ode["policy"], &ode["d"]), (&"jsq(2), distinct".into(), &2.into()));
}

#[test]
fn exact_gives_laws_at_times_where_no_steady_state_is_solved() {
    for policy in ["idle-first", "first"] {
        let line = ["exact", "cycle:n=3", "--lambda", "0.5", "--policy", policy, "--times", "1"];
        let output = fluidcheck(&line);
        assert!(said(&output).contains("t = 1, from empty"), "{policy}");
        let warning = String::from_utf8(output.stderr).unwrap();
        assert!(warning.starts_with(&format!("warning: `{policy}`")), "{warning}");
    }
}

#[test]
fn simulate_warns_where_no_critical_load_is_proved() {
    let few = ["--replications", "4", "--intervals", "student"];
    for policy in ["first", "idle-first", "round-robin", "jsq(2), distinct, late(2)"] {
        let line = ["simulate", "complete:n=2,m=2", "--lambda", "0.3", "--policy", policy];
        let output = fluidcheck(&[&line[..], &few].concat());
        let warning = String::from_utf8_lossy(&output.stderr);
        assert!(warning.contains(&format!("`{policy}` has no critical load")), "{warning}");
    }
}

#[test]
fn policies_without_a_critical_load_run_on_any_number_of_servers() {
    // Sets of servers as bits of a word would end at 32 and at 64.
    for n in [16, 32, 40, 64] {
        let graph = format!("complete:n={n},m=2");
        for policy in ["idle-first", "round-robin", "jsq(2), replacement, late(1)"] {
            let line = ["inspect", &graph, "--lambda", "0.3", "--policy", policy];
            let found = said(&fluidcheck(&line));
            assert!(!found.contains("overloaded for"), "{found}");
        }
    }
    let wide = ["simulate", "complete:n=1100,m=1100", "--transient", "--times", "0.01"];
    let some = ["--replications", "2", "--policy", "jsq(all)"];
    assert!(said(&fluidcheck(&[&wide[..], &some].concat())).contains("t = 0.01"));
}

#[test]
fn policies_are_compared_by_exact_delays_on_small_graphs() {
    let found = json(&["inspect", "complete:n=3,m=1", "--compare-policies", "--json"]);
    let rows = found["compare_policies"].as_array().unwrap();
    let known = [
        ("jsq(2), replacement", 2.212558),
        ("jsq(2), distinct", 2.007996),
        ("jsq(all)", 1.82843),
        ("random", 4.0),
    ];
    assert_eq!(rows.len(), known.len());
    for (row, (policy, mean)) in rows.iter().zip(known) {
        assert_eq!(row["policy"], policy);
        assert_eq!(row["mean_delay"]["kind"], "exact", "{row}");
        let delay = row["mean_delay"]["mean"].as_f64().unwrap();
        assert_abs_diff_eq!(delay, mean / 0.8, epsilon = 1.3e-5);
        assert_eq!(row["critical_lambda"]["exact"], "1");
    }
    // 2/3 for random, 4/5 and 1 for two samples.
    let line = ["inspect", "edges:n=2,m=2,e=0-0;0-1;1-1", "--lambda", "0.7", "-d", "3"];
    let found = json(&[&line[..], &["--compare-policies", "--json"]].concat());
    let kinds: Vec<&Value> = found["compare_policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["mean_delay"]["kind"])
        .collect();
    assert_eq!(kinds, ["exact", "exact", "exact", "none"]);
    let text = said(&fluidcheck(&[&line[..], &["--compare-policies"]].concat()));
    assert!(
        text.contains("policies compared at lambda = 7/10\n") && text.contains("none"),
        "{text}"
    );
}

/// Replica 3: every task type has three random servers.
fn replicas(types: u32, servers: u32) -> BipartiteGraph {
    let mut state = 12_345u64;
    let mut draw = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % servers
    };
    let mut edges = Vec::new();
    for w in 0..types {
        let mut chosen = Vec::new();
        while chosen.len() < 3 {
            let v = draw();
            if !chosen.contains(&v) {
                chosen.push(v);
            }
        }
        edges.extend(chosen.into_iter().map(|v| (v, w)));
    }
    BipartiteGraph::from_edges(servers, types, &edges, Isolated::Refuse).unwrap()
}

/// At lambda = 0.9 the least loaded policies still differ by more than their intervals; at 0.7
/// rho(G) is almost 1, which must not make the runs long.
#[test]
fn policies_are_compared_by_intervals_on_large_graphs() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("replicas.csv");
    let mut file = Vec::from("server,task_type\n");
    for (v, w) in replicas(1000, 60).iter_edges() {
        file.extend_from_slice(format!("{v},{w}\n").as_bytes());
    }
    std::fs::write(&path, file).unwrap();
    let path = path.to_str().unwrap();
    for lambda in ["0.7", "0.9"] {
        let found = json(&["inspect", path, "--lambda", lambda, "--compare-policies", "--json"]);
        let rows = found["compare_policies"].as_array().unwrap();
        let end = |at: usize, end: &str| rows[at]["mean_delay"][end].as_f64().unwrap();
        for row in &rows[..3] {
            let delay = &row["mean_delay"];
            assert_eq!(delay["kind"], "estimated", "{row}");
            let [lower, upper] = ["lower", "upper"].map(|end| delay[end].as_f64().unwrap());
            assert!(1.0 < lower && lower < upper && upper < 1.1 * lower, "{row}");
        }
        assert!(end(0, "lower") > end(1, "upper") && end(1, "lower") > end(2, "upper"));
    }
}

#[test]
fn explain_policies_has_every_item_and_rule_within_80_columns() {
    let text = said(&fluidcheck(&["explain", "policies"]));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in rules::RULES {
        let line = format!("{} {}", rule.name, rule.about);
        assert!(unwrapped.contains(&line), "{line}");
    }
    for policy in Policy::declared() {
        assert!(text.contains(&policy.to_string()), "{policy}");
    }
    let found = json(&["explain", "policies", "--json"]);
    assert_eq!(found["policies"]["declared"].as_array().unwrap().len(), Policy::declared().len());
}
