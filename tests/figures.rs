//! The figures of the paper as files: rows, drawings, and the sets that prove that there is no
//! steady state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fluidcheck::figures::draw::{Figure, Made};
use fluidcheck::figures::{LAMBDA, Options, Study, System, geometric_rows};
use fluidcheck::graph::Isolated;
use fluidcheck::graph::spec::Spec;
use fluidcheck::num::ratio::{Ratio, ratio, whole};
use serde_json::Value;

const SMALL: Options = Options { seed: 1, max_n: 100, replications: 2 };

/// Everything at the smallest size, on one thread.
static MADE: LazyLock<BTreeMap<Figure, Made>> = LazyLock::new(|| all(1));

fn all(threads: usize) -> BTreeMap<Figure, Made> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let study = Study::new(SMALL);
        Figure::ALL
            .into_iter()
            .map(|figure| (figure, figure.make(&study, &|_: &System| ()).unwrap()))
            .collect()
    })
}

fn file<'a>(made: &'a Made, name: &str) -> &'a str {
    let (_, content) = made
        .files
        .iter()
        .find(|(known, _)| known == name)
        .unwrap_or_else(|| panic!("no file {name}"));
    std::str::from_utf8(content).unwrap()
}

fn rows(figure: Figure) -> &'static Vec<Value> {
    MADE[&figure].rows.as_array().unwrap()
}

fn number(row: &Value, field: &str) -> f64 {
    row[field].as_f64().unwrap_or_else(|| panic!("no number {field} in {row}"))
}

#[test]
fn files_do_not_depend_on_the_number_of_threads() {
    for (figure, made) in all(5) {
        assert_eq!(made.files, MADE[&figure].files, "{}", figure.id());
    }
}

/// A regression test: integers, and figures of simulations rounded far above what platforms may
/// differ in. Bounds on the critical load and the sets behind them are not among them: the solver
/// may find better ones.
#[test]
fn the_rows_of_the_smallest_size_are_known() {
    let mut table = String::new();
    let shown = |row: &Value, field: &str| match &row[field] {
        Value::Number(number) if !number.is_i64() => format!("{:.4}", number.as_f64().unwrap()),
        value => value.to_string(),
    };
    let columns = [
        (Figure::Fig2, "graph isolated_task_types steady_state regime time estimate lower upper"),
        (Figure::Section5, "graph edges rho phi gamma theorem_3_1_fails distance"),
    ];
    for (figure, columns) in columns {
        table.push_str(&format!("{}: {columns}\n", figure.id()));
        for row in rows(figure) {
            let fields: Vec<String> = columns.split(' ').map(|field| shown(row, field)).collect();
            table.push_str(&format!("  {}\n", fields.join(" ")));
        }
    }
    for (figure, made) in MADE.iter() {
        table.push_str(&format!(
            "{}: {} rows; {}\n",
            figure.id(),
            rows(*figure).len(),
            made.summary
        ));
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("figures_rows", table);
    });
}

#[test]
fn every_csv_file_has_a_header_seed_and_intervals_that_hold_their_means() {
    for (figure, made) in MADE.iter() {
        let csv = file(made, &format!("{}.csv", figure.id()));
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header = reader.headers().unwrap().clone();
        assert_eq!((&header[0], &header[1]), ("seed", "n"), "{}", figure.id());
        assert_eq!(reader.records().count(), rows(*figure).len(), "{}", figure.id());
        for row in rows(*figure).iter().filter(|row| row.get("estimate").is_some()) {
            let (lower, mean, upper) =
                (number(row, "lower"), number(row, "estimate"), number(row, "upper"));
            assert!(lower <= mean && mean <= upper && number(row, "level") == 0.95, "{row}");
            assert!(row["regime"] != "steady state" || row["time"].is_null(), "{row}");
        }
    }
}

/// Each circle is filled and outlined: two elements.
fn circles(made: &Made, name: &str) -> usize {
    let svg = roxmltree::Document::parse(file(made, name))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    svg.descendants().filter(|node| node.has_tag_name("circle")).count() / 2
}

#[test]
fn drawings_are_well_formed_and_hold_every_point() {
    let of_degree_3 = |row: &&Value| row["degree_rule"] == "3";
    // Circles are the marks of servers, of degree 3, of q_1: those in the panels, and those of the
    // legend.
    assert_eq!(circles(&MADE[&Figure::Fig1], "fig-1.svg"), 2 * 60 + 1);
    assert_eq!(
        circles(&MADE[&Figure::Fig2], "fig-2.svg"),
        rows(Figure::Fig2).iter().filter(of_degree_3).count() + 2
    );
    let marked = |row: &&Value| row["i"] == 1 && number(row, "time") % 2.0 == 0.0;
    assert_eq!(
        circles(&MADE[&Figure::Fig3], "fig-3.svg"),
        rows(Figure::Fig3).iter().filter(marked).count() + 1
    );
    let inside = |row: &&Value| number(row, "i") <= 20.0 && number(row, "estimate") >= 1e-6;
    assert_eq!(
        circles(&MADE[&Figure::Fig4], "fig-4.svg"),
        rows(Figure::Fig4).iter().filter(of_degree_3).filter(inside).count() + 3
    );
    for (figure, title) in [
        (Figure::Fig2, "transient"),
        (Figure::Fig3, "Nothing here is a steady state"),
        (Figure::Fig4, "transient"),
    ] {
        assert!(
            file(&MADE[&figure], &format!("{}.svg", figure.id())).contains(title),
            "{} does not say so",
            figure.id()
        );
    }
}

/// What anybody would write who does not trust us: lambda f(S) >= |S| from a list of edges, in
/// fractions, M = N.
fn proves_that_there_is_no_steady_state(edges: &[(u32, u32)], servers: &BTreeSet<u32>) -> bool {
    let mut types: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
    for (v, w) in edges {
        let (inside, all) = types.entry(*w).or_default();
        *inside += i64::from(servers.contains(v));
        *all += 1;
    }
    let f: Ratio =
        types.values().map(|&(inside, all)| ratio(inside, all) * ratio(inside, all)).sum();
    ratio(4, 5) * f >= whole(servers.len() as u64)
}

#[test]
fn certificates_convince_who_does_not_trust_the_solver() {
    let mut none = 0;
    for row in rows(Figure::Section5) {
        let spec = Spec::parse(row["graph"].as_str().unwrap()).unwrap();
        let graph = spec.build(row["seed"].as_u64().unwrap(), Isolated::Drop).unwrap();
        let edges: Vec<_> = graph.iter_edges().collect();
        let Some(name) = row["bottleneck_file"].as_str() else {
            assert_eq!(row["steady_state"], "exists", "{row}");
            assert!(number(row, "critical_lower") > LAMBDA && row["time"].is_null(), "{row}");
            continue;
        };
        assert_eq!(row["steady_state"], "none", "{row}");
        let mut servers: BTreeSet<u32> = file(&MADE[&Figure::Section5], name)
            .lines()
            .map(|line| line.parse().unwrap())
            .collect();
        assert!(proves_that_there_is_no_steady_state(&edges, &servers), "{name}");
        // The checker is no rubber stamp: what lies outside the set proves nothing.
        let outside = (0..graph.n_servers()).filter(|v| !servers.contains(v));
        let idlest = outside.min_by_key(|&v| graph.server_degree(v)).unwrap();
        servers = [idlest].into();
        assert!(!proves_that_there_is_no_steady_state(&edges, &servers), "{name}");
        none += 1;
    }
    assert_eq!(none, 4, "two graphs at two times");
    let text = file(&MADE[&Figure::Section5], "section-5.md");
    assert!(
        text.contains("2 of the 2 realisations of these degrees above\nhave no steady state"),
        "{text}"
    );
}

#[test]
fn theorem_3_1_is_said_to_apply_where_its_hypotheses_hold_and_nowhere_else() {
    for row in rows(Figure::Section5) {
        let met =
            number(row, "rho") < 1.0 && number(row, "phi") <= 1.0 && number(row, "gamma") <= 1.0;
        let met = met && row["isolated_task_types"] == 0;
        assert_eq!(row["theorem_3_1_applies"], met, "{row}");
        assert_eq!(row["theorem_3_1_fails"] == "", met, "{row}");
    }
    assert_eq!(geometric_rows::shown(&SMALL).len(), 4);
}
