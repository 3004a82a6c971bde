//! Task types with arrival rates of their own: what is read, what is refused, and what the figures
//! and laws are where they are known by hand.

use std::fmt::Write;

use fluidcheck::claims::{self, Verdict};
use fluidcheck::faults;
use fluidcheck::graph::format::{self, Format};
use fluidcheck::graph::{BipartiteGraph, Isolated, metrics};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::model::{Event, Model, loads};
use fluidcheck::num::ratio::{Ratio, ratio, whole};
use fluidcheck::random::stream_rng;
use fluidcheck::simulate::marks::{Mark, MarkBlock, MarkStream, RandomMarks};
use fluidcheck::suite::{battery, power_matrix};
use fluidcheck::theory::exact::{self, Options};

fn with_rates(graph: BipartiteGraph, rates: &[(i64, i64)]) -> BipartiteGraph {
    graph.with_rates(&rates.iter().map(|&(a, b)| ratio(a, b)).collect::<Vec<_>>()).unwrap()
}

/// Two servers, each with a type of its own: two queues that know nothing of each other.
fn two_queues(rates: &[(i64, i64)]) -> BipartiteGraph {
    with_rates(
        BipartiteGraph::from_edges(2, 2, &[(0, 0), (1, 1)], Isolated::Refuse).unwrap(),
        rates,
    )
}

/// Graph files with something wrong about their rates.
const FILES: &[(&str, Format, &str)] = &[
    ("two values for a type", Format::EdgeList, "0 0 1\n1 0 2\n"),
    ("a type without a rate", Format::EdgeList, "0 0 1\n1 1\n"),
    ("a declared type without a rate", Format::EdgeList, "# servers=2 task_types=2\n0 0 1\n1 0\n"),
    ("no number", Format::EdgeList, "0 0 hot\n"),
    ("NaN", Format::EdgeList, "0 0 nan\n"),
    ("infinite", Format::EdgeList, "0 0 inf\n"),
    ("negative", Format::EdgeList, "0 0 1\n0 1 -1/2\n"),
    ("too large", Format::EdgeList, "0 0 1e999\n"),
    ("all zero", Format::EdgeList, "0 0 0\n0 1 0.0\n"),
    ("no common unit", Format::EdgeList, "0 0 1\n0 1 1e-40\n"),
    ("four fields", Format::EdgeList, "0 0 1 1\n"),
    ("a dash without a rate", Format::EdgeList, "- 0\n"),
    (
        "two values for a label",
        Format::Csv,
        "server,task_type,rate\na,mail,1\nb,mail,\nc,mail,1.5\n",
    ),
    ("a label without a rate", Format::Csv, "server,task_type,rate\na,mail,1\nb,photo,\nc,photo\n"),
    ("no rates in a column of rates", Format::Csv, "server,task_type,rate\na,mail,\n"),
    ("a rate of nothing", Format::Csv, "server,task_type,rate\na,mail,1\nb,,2\n"),
    ("a rate without a header", Format::Csv, "server,task_type\na,mail,1\n"),
    ("another third column", Format::Csv, "server,task_type,weight\na,mail,1\n"),
    ("no number in CSV", Format::Csv, "server,task_type,rate\na,mail,1 2\n"),
];

/// Rates files for a graph with the task types 0 and 1, or photo and `e, mail`.
const RATES: &[(&str, bool, &str)] = &[
    ("empty", false, ""),
    ("unknown id", false, "0 1\n2 1\n"),
    ("negative id", false, "-1 1\n"),
    ("label where there are ids", false, "photo 1\n"),
    ("id where there are labels", true, "0 1\n"),
    ("missing", false, "# only one\n1 3\n"),
    ("missing label", true, "task_type,rate\nphoto,3\n"),
    ("twice", false, "0 1\n1 1\n0 1\n"),
    ("twice in CSV", true, "task_type,rate\nphoto,3\nphoto,4\n"),
    ("negative", false, "0 1\n1 -2\n"),
    ("NaN", false, "0 1\n1 NaN\n"),
    ("no number", false, "0 1\n1 much\n"),
    ("blank", true, "task_type,rate\nphoto,\n"),
    ("all zero", false, "0 0\n1 0/5\n"),
    ("one field", false, "0\n"),
    ("three fields", false, "0 1 2\n"),
    ("three fields in CSV", true, "task_type,rate\nphoto,1,2\n"),
    ("a comma in a label", true, "task_type,rate\ne, mail,1\n"),
    ("an open quote", true, "task_type,rate\n\"photo,1\n"),
    ("another header", true, "type,rate\nphoto,1\n"),
];

#[test]
fn what_is_no_rate_is_refused_with_file_line_and_value() {
    let mut table = String::new();
    for &(name, kind, text) in FILES {
        let error = format::read(text.as_bytes(), kind, "graph", Isolated::Drop).expect_err(name);
        let _ = writeln!(table, "{name}\n    {error}");
    }
    let plain = BipartiteGraph::complete(2, 2).unwrap();
    let labelled = plain
        .clone()
        .with_labels(vec!["a".into(), "b".into()], vec!["photo".into(), "e, mail".into()])
        .unwrap();
    for &(name, labels, text) in RATES {
        let graph = if labels { labelled.clone() } else { plain.clone() };
        let error = format::read_rates(text.as_bytes(), "rates", graph).expect_err(name);
        let _ = writeln!(table, "rates file: {name}\n    {error}");
    }
    let error = format::write(&two_queues(&[(1, 1), (2, 1)]), Format::MatrixMarket, Vec::new())
        .unwrap_err();
    let _ = writeln!(table, "written as a matrix\n    {error}");
    assert!(table.lines().count() == 2 * (FILES.len() + RATES.len() + 1), "an error is one line");
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("rates_errors", table);
    });
}

#[test]
fn rates_are_read_from_graph_files_and_rates_files_alike() {
    let read = |text: &str, kind| {
        format::read(text.as_bytes(), kind, "g", Isolated::Drop).unwrap_or_else(|e| panic!("{e}"))
    };
    let hot = |graph: BipartiteGraph| graph.rates().map(|rates| rates.weights().to_vec());
    let edges = "0 0 1.5\n1 0\n1 1 3/4 # half of it\n1 0 3/2\n";
    assert_eq!(
        format::read(edges.as_bytes(), Format::EdgeList, "g", Isolated::Drop).unwrap_err().line,
        Some(4),
        "an edge given twice"
    );
    assert_eq!(
        hot(read("0 0 1.5\n1 0 3/2\n1 1 3/4 # half\n- 2 0\n", Format::EdgeList)),
        Some(vec![2, 1, 0])
    );
    assert_eq!(
        hot(read("server,task_type,rate\n a,x,\nb,x, 2 \nb,y,1e0\n,z,0\n", Format::Csv)),
        Some(vec![2, 1, 0])
    );
    // All alike are no rates at all, and so is a third column without them.
    assert_eq!(hot(read("0 0 7\n1 0 7.0\n1 1 14/2\n", Format::EdgeList)), None);
    let graph = BipartiteGraph::complete(2, 3).unwrap();
    for text in
        ["0 2\n1 1 # c\n# c\n\n2 0\n", "\u{feff}# c\n task_type , rate \n2,0\r\n0,1\n\"1\",0.5\n"]
    {
        assert_eq!(
            hot(format::read_rates(text.as_bytes(), "r", graph.clone())
                .unwrap_or_else(|e| panic!("{e}"))),
            Some(vec![2, 1, 0])
        );
    }
    // Values of matrices and weights of networks stay what they were: no rates.
    assert_eq!(
        hot(read(
            "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 5\n2 2 1\n",
            Format::MatrixMarket
        )),
        None
    );
    assert_eq!(hot(read("% bip weighted\n1 1 5\n2 2 1\n", Format::MatrixMarket)), None);
}

#[test]
fn the_figures_of_a_graph_weigh_task_types_by_their_rates() {
    // Types {0} at three quarters of all tasks and {0, 1}: loads 3/2 + 1/4 and 1/4.
    let edges = [(0, 0), (0, 1), (1, 1)];
    let graph = with_rates(
        BipartiteGraph::from_edges(2, 2, &edges, Isolated::Refuse).unwrap(),
        &[(3, 1), (1, 1)],
    );
    assert_eq!(
        [metrics::server_load(&graph, 0), metrics::server_load(&graph, 1)],
        [ratio(7, 4), ratio(1, 4)]
    );
    assert_eq!((metrics::phi(&graph), metrics::gamma(&graph)), (ratio(3, 4), ratio(7, 8)));
    assert_eq!(loads::rho(&Model::new(graph, 0.4, 2).unwrap()), ratio(7, 10));
    // On the complete graph it does not matter who asks.
    let complete = with_rates(BipartiteGraph::complete(3, 2).unwrap(), &[(5, 1), (0, 1)]);
    assert_eq!((metrics::phi(&complete), metrics::gamma(&complete)), (ratio(0, 1), ratio(1, 3)));
    // A type that is isolated and never arrives loses nothing.
    let lost = BipartiteGraph::from_edges(1, 2, &[(0, 0)], Isolated::Drop).unwrap();
    assert_eq!(
        [lost.lost_share(), with_rates(lost.clone(), &[(1, 1), (0, 1)]).lost_share()],
        [ratio(1, 2), ratio(0, 1)]
    );
}

#[test]
fn arrival_rates_add_up_to_lambda_n_and_transitions_follow_them() {
    let model = Model::new(battery::hot_types(), 0.6, 2).unwrap();
    let rates: Vec<Ratio> = (0..4).map(|w| model.arrival_rate(w)).collect();
    // lambda N = 9/5 in the ratio 6 : 2 : 1 : 0.
    assert_eq!(rates, [ratio(6, 5), ratio(2, 5), ratio(1, 5), ratio(0, 1)]);
    let mut by_type = vec![whole(0); 4];
    for (event, rate) in model.transitions(&[0, 2, 1]) {
        if let Event::Arrival { task_type, .. } = event {
            by_type[task_type as usize] += rate;
        }
    }
    assert_eq!(by_type, rates);
}

#[test]
fn queues_that_know_nothing_of_each_other_have_their_product_law() {
    // Loads 9/10 and 3/10 at lambda = 3/5: E q_i is the mean of the two geometric tails.
    let model = Model::new(two_queues(&[(3, 1), (1, 1)]), 0.6, 2).unwrap();
    let law = exact::stationary(&model, &Options::default()).unwrap();
    for (i, q) in (1..=8).zip(&law.q) {
        let known = f64::midpoint(0.9f64.powi(i), 0.3f64.powi(i));
        assert!(q.lower <= known && known <= q.upper, "q_{i} = {known}, solved {q:?}");
    }
    assert!((law.mean_queue_length.value - f64::midpoint(9.0, 3.0 / 7.0)).abs() < 1e-6);
    // One queue gets everything, the other is always empty; the dropped type of rate 0 loses
    // nothing.
    let alone = Model::new(two_queues(&[(1, 1), (0, 1)]), 0.4, 3).unwrap();
    let law = exact::stationary(&alone, &Options::default()).unwrap();
    assert!(
        (law.q[0].value - 0.4).abs() < 1e-9 && (law.q[1].value - 0.32).abs() < 1e-9,
        "{:?}",
        &law.q[..2]
    );
}

#[test]
fn types_with_the_same_servers_are_one_stream_whatever_their_rates() {
    let split = with_rates(
        BipartiteGraph::from_edges(2, 3, &[(0, 0), (0, 1), (0, 2), (1, 2)], Isolated::Refuse)
            .unwrap(),
        &[(1, 3), (2, 3), (2, 1)],
    );
    let joined = with_rates(
        BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse).unwrap(),
        &[(1, 1), (2, 1)],
    );
    let law = |graph| {
        exact::stationary(&Model::new(graph, 0.6, 2).unwrap(), &Options::default()).unwrap()
    };
    let (split, joined) = (law(split), law(joined));
    for (a, b) in split.q.iter().zip(&joined.q) {
        assert!((a.value - b.value).abs() < 1e-12);
    }
}

/// On the graph of the battery a type that never arrives gives them away at once; here the
/// frequencies must.
#[test]
fn wrong_frequencies_of_types_are_told_from_right_ones() {
    let claim = claims::find("transition-law").unwrap();
    let graph = with_rates(BipartiteGraph::complete(2, 3).unwrap(), &[(2, 1), (3, 1), (2, 1)]);
    let model = Model::new(graph, 0.5, 2).unwrap();
    let verdict = |under| power_matrix::evaluate(claim, under, &model, 1, 1e-6).verdict;
    assert_eq!(verdict(UnderCheck::reference()), Verdict::Holds);
    assert_eq!(verdict(UnderCheck::from(faults::RATES_IGNORED)), Verdict::Violated);
    assert_eq!(verdict(UnderCheck::from(faults::ALIAS_SIDES_SWAPPED)), Verdict::Violated);
}

#[test]
fn marks_of_unequal_rates_are_a_stream_of_their_own_and_stay_as_they_are() {
    let model = Model::new(battery::hot_types(), 0.6, 2).unwrap();
    let mut block = MarkBlock::new(2);
    RandomMarks::new(&model, stream_rng(1, 0)).fill(&mut block, 24);
    let shown: Vec<String> = block
        .iter()
        .map(|mark| match mark {
            Mark::Arrival { task_type, samples } => {
                format!("{task_type}:{}{}", samples[0], samples[1])
            }
            Mark::Service { server } => format!("s{server}"),
        })
        .collect();
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("rates_marks", shown.join(" "));
    });
}
