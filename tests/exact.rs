//! The exact solver against laws that are known otherwise: independent solutions, product forms, a
//! dense solution of its own generator.

use approx::assert_abs_diff_eq;
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::model::{Event, Model};
use fluidcheck::num::ratio;
use fluidcheck::theory::exact::{self, ExactError, Law, Options};
use fluidcheck::theory::mean_field::Start;
use proptest::prelude::*;
use serde_json::Value;

fn model(graph: &str, lambda: f64, d: u32) -> Model {
    let graph = Spec::parse(graph).unwrap().build(1, Isolated::Refuse).unwrap();
    Model::new(graph, lambda, d).unwrap()
}

fn stationary(graph: &str, lambda: f64, d: u32) -> Law {
    exact::stationary(&model(graph, lambda, d), &Options::default()).unwrap()
}

/// Whether a value that is known up to `accuracy` lies between the bounds.
fn brackets(value: &exact::Value, known: f64, accuracy: f64) -> bool {
    value.lower <= known + accuracy
        && known - accuracy <= value.upper
        && value.lower <= value.value
        && value.value <= value.upper
}

/// The origin of the cases: see testdata/exact_reference.json.
#[test]
fn the_independent_solutions_are_met_to_nine_digits() {
    let known: Value =
        serde_json::from_str(include_str!("../testdata/exact_reference.json")).unwrap();
    for (name, case) in known["cases"].as_object().unwrap() {
        let graph = match name.split('/').next() {
            Some("K22") => "complete:n=2,m=2",
            Some("path3") => "path:n=3",
            other => panic!("no graph is called {other:?}"),
        };
        let model =
            model(graph, case["lambda"].as_f64().unwrap(), case["d"].as_u64().unwrap() as u32);
        let law = exact::stationary(&model, &Options::default()).unwrap();
        let compare = |law: &Law, q: &Value, place: &str| {
            for (value, known) in law.q.iter().zip(q.as_array().unwrap()) {
                let known = known.as_f64().unwrap();
                assert_abs_diff_eq!(value.value, known, epsilon = 1e-9);
                assert!(brackets(value, known, 1e-9), "{name} {place}: {value:?} against {known}");
            }
        };
        compare(&law, &case["q"], "steady state");
        assert_abs_diff_eq!(
            law.mean_queue_length.value,
            case["mean_queue_length"].as_f64().unwrap(),
            epsilon = 1e-9
        );
        assert!(
            law.truncation_error < 1e-10 && law.error < 1e-8,
            "{name}: {} {}",
            law.truncation_error,
            law.error
        );
        let (times, q): (Vec<f64>, Vec<&Value>) = case["transient"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(t, q)| (t.parse::<f64>().unwrap(), q))
            .unzip();
        for (law, q) in exact::transient(&model, &Start::Empty, &times, &Options::default())
            .unwrap()
            .iter()
            .zip(q)
        {
            compare(law, q, "transient");
            assert!(law.error < 1e-9);
        }
    }
}

#[test]
fn product_forms_are_met() {
    // Random routing on a complete graph: independent M/M/1 queues. More task types than servers
    // change nothing.
    for (graph, lambda) in [
        ("complete:n=1,m=1", 0.1),
        ("complete:n=1,m=5", 0.9),
        ("complete:n=2,m=3", 0.7),
        ("complete:n=3,m=1", 0.5),
    ] {
        let law = stationary(graph, lambda, 1);
        for (i, q) in (1..).zip(&law.q) {
            assert_abs_diff_eq!(q.value, f64::powi(lambda, i), epsilon = 1e-11);
            assert!(brackets(q, f64::powi(lambda, i), 0.0), "{graph}: {q:?}");
        }
        assert!(
            brackets(&law.mean_queue_length, lambda / (1.0 - lambda), 0.0),
            "{graph}: {:?}",
            law.mean_queue_length
        );
    }
}

#[test]
fn tasks_that_arrive_are_served_whatever_the_graph() {
    // E q_1 = lambda. The second system has rho(G) > 1, a critical load of 4/5 and one server
    // without a task type of its own.
    let cases = [
        ("circulant:n=4,k=2", 0.4, 2),
        ("edges:n=2,m=2,e=0-0;0-1;1-1", 0.65, 2),
        ("star:n=3", 0.5, 3),
        ("complete:n=2,m=2", 0.5, 1024),
    ];
    for (graph, lambda, d) in cases {
        let law = stationary(graph, lambda, d);
        assert_abs_diff_eq!(law.q[0].value, lambda, epsilon = 1e-10);
        assert!(brackets(&law.q[0], lambda, 0.0), "{graph}: {:?}", law.q[0]);
        assert!(law.truncation_error < 1e-10, "{graph}: {}", law.truncation_error);
    }
}

#[test]
fn components_are_solved_one_by_one() {
    let (one, many) =
        (stationary("complete:n=2,m=2", 0.6, 2), stationary("15*complete:n=2,m=2", 0.6, 2));
    assert_abs_diff_eq!(one.mean_queue_length.value, many.mean_queue_length.value, epsilon = 1e-13);
    assert_eq!(one.states, many.states);
    // A lone server beside: an average over servers.
    let mixed = stationary("complete:n=2,m=2+complete:n=1,m=1", 0.6, 2);
    let alone = stationary("complete:n=1,m=1", 0.6, 2);
    let average = (2.0 * one.q[1].value + alone.q[1].value) / 3.0;
    assert_abs_diff_eq!(mixed.q[1].value, average, epsilon = 1e-12);
}

#[test]
fn the_transient_law_begins_at_the_start_and_ends_in_the_steady_state() {
    let model = model("path:n=3", 0.5, 2);
    let start = Start::Level(3);
    let laws = exact::transient(&model, &start, &[400.0, 0.0, 1e5], &Options::default()).unwrap();
    let steady = exact::stationary(&model, &Options::default()).unwrap();
    for i in 0..6 {
        assert_abs_diff_eq!(laws[1].q[i].value, start.fraction(i + 1), epsilon = 1e-14);
        assert_abs_diff_eq!(laws[0].q[i].value, steady.q[i].value, epsilon = 1e-10);
        assert_abs_diff_eq!(laws[2].q[i].value, steady.q[i].value, epsilon = 1e-10);
    }
}

#[test]
fn servers_without_a_task_type_only_serve_what_they_start_with() {
    let graph = BipartiteGraph::from_edges(3, 1, &[(0, 0)], Isolated::Refuse).unwrap();
    let model = Model::new(graph, 0.3, 2).unwrap();
    let law = &exact::transient(&model, &Start::Level(1), &[2.0], &Options::default()).unwrap()[0];
    let alone = BipartiteGraph::complete(1, 1).unwrap();
    // The one type has rate lambda N / M = 0.9.
    let alone = &exact::transient(
        &Model::new(alone, 0.9, 2).unwrap(),
        &Start::Level(1),
        &[2.0],
        &Options::default(),
    )
    .unwrap()[0];
    assert_abs_diff_eq!(
        law.q[0].value,
        (alone.q[0].value + 2.0 * f64::exp(-2.0)) / 3.0,
        epsilon = 1e-12
    );
}

#[test]
fn a_larger_cap_narrows_the_bracket_from_both_sides() {
    let model = model("cycle:n=3", 0.7, 2);
    let laws: Vec<Law> = [8, 12, 16, 24]
        .map(|cap| {
            exact::stationary(&model, &Options { cap: Some(cap), ..Options::default() }).unwrap()
        })
        .to_vec();
    let exact = exact::stationary(&model, &Options::default()).unwrap();
    for pair in laws.windows(2) {
        for (wide, narrow) in pair[0].q.iter().zip(&pair[1].q) {
            assert!(
                wide.lower <= narrow.lower + 1e-10 && narrow.upper <= wide.upper + 1e-10,
                "{wide:?} {narrow:?}"
            );
        }
    }
    for law in &laws {
        assert!(law.q.iter().zip(&exact.q).all(|(q, exact)| brackets(q, exact.value, 1e-10)));
        assert!(brackets(&law.mean_queue_length, exact.mean_queue_length.value, 1e-9));
    }
}

#[test]
fn refusals_say_what_is_needed_and_what_to_do() {
    let mut told = String::new();
    let mut tell =
        |result: Result<Law, ExactError>| told.push_str(&format!("{}\n", result.unwrap_err()));
    let options = Options::default();
    tell(exact::stationary(&model("edges:n=2,m=2,e=0-0;0-1;1-1", 0.8, 2), &options));
    tell(exact::stationary(&model("complete:n=30,m=3", 0.8, 2), &options));
    tell(exact::stationary(&model("cycle:n=6", 0.8, 2), &options));
    // Near the critical load the states would be made, and found too few, for minutes.
    tell(exact::stationary(&model("complete:n=1", 0.999999, 2), &options));
    tell(exact::stationary(&model("edges:n=2,m=2,e=0-0;0-1;1-1", 0.6666666, 1), &options));
    tell(exact::stationary(
        &model("complete:n=2,m=2", 0.8, 2),
        &Options { cap: Some(1_000_000), ..options.clone() },
    ));
    tell(exact::stationary(
        &model("complete:n=2,m=2", 0.8, 2),
        &Options { cap: Some(0), ..options.clone() },
    ));
    let transient = |start, t| {
        exact::transient(&model("cycle:n=3", 0.5, 2), &start, &[t], &options)
            .map(|mut laws| laws.remove(0))
    };
    tell(transient(Start::Empty, f64::NAN));
    tell(transient(Start::Empty, 1e300));
    tell(transient(Start::Level(500), 1.0));
    tell(transient(Start::Geometric(2.0), 1.0));
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("exact_refusals", told);
    });
}

/// (E q_1, ...) of the chain that loses tasks at the cap, by dense elimination without subtractions
/// (Grassmann, Taksar, Heyman).
fn dense(model: &Model, cap: u32) -> Vec<f64> {
    let n = model.graph().n_servers() as usize;
    let side = cap as usize + 1;
    let states = side.pow(n as u32);
    let lengths = |state: usize| -> Vec<u32> {
        (0..n).map(|v| (state / side.pow(v as u32) % side) as u32).collect()
    };
    let mut rates = vec![vec![0.0; states]; states];
    for (state, row) in rates.iter_mut().enumerate() {
        for (event, rate) in model.transitions(&lengths(state)) {
            match event {
                Event::Arrival { server, .. } if lengths(state)[server as usize] < cap => {
                    row[state + side.pow(server)] += ratio::to_f64(&rate);
                }
                Event::Service { server } => row[state - side.pow(server)] += ratio::to_f64(&rate),
                Event::Arrival { .. } | Event::Lost { .. } => {}
            }
        }
    }
    // States that cannot be reached from empty come last and are eliminated first; their rows lead
    // on.
    for last in (1..states).rev() {
        let (others, leaving) = rates.split_at_mut(last);
        let leaving = &leaving[0][..last];
        let out: f64 = leaving.iter().sum();
        for row in others {
            let share = row[last] / out;
            row.iter_mut().zip(leaving).for_each(|(rate, onwards)| *rate += share * onwards);
        }
    }
    let mut law = vec![1.0; states];
    for state in 1..states {
        let out: f64 = rates[state][..state].iter().sum();
        law[state] = (0..state).map(|from| law[from] * rates[from][state]).sum::<f64>() / out;
    }
    let sum: f64 = law.iter().sum();
    let at_least = |i: u32| -> f64 {
        let mass =
            |state: usize| law[state] * lengths(state).iter().filter(|&&x| x >= i).count() as f64;
        (0..states).map(mass).sum::<f64>() / sum / n as f64
    };
    (1..=cap).map(at_least).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn small_caps_give_what_dense_elimination_gives(
        n in 1u32..=3,
        sets in prop::collection::vec(1u32..8, 1..5),
        lambda in 0.05f64..0.95,
        d in 1u32..5,
        cap in 1u32..=4,
    ) {
        let edges: Vec<(u32, u32)> =
            (0..).zip(&sets).flat_map(|(w, set)| (0..n).filter(move |v| set >> v & 1 == 1).map(move |v| (v, w))).collect();
        prop_assume!(!edges.is_empty());
        let graph = BipartiteGraph::from_edges(n, sets.len() as u32, &edges, Isolated::Drop).unwrap();
        let model = Model::new(graph, lambda, d).unwrap();
        match exact::stationary(&model, &Options { cap: Some(cap), ..Options::default() }) {
            Ok(law) => for (value, known) in law.q.iter().zip(dense(&model, cap)) {
                prop_assert!((value.value - known).abs() < 1e-12, "{} against {known}", value.value);
                prop_assert!(value.lower <= known + 1e-12 && known <= value.upper + 1e-12);
            },
            Err(ExactError::NoSteadyState { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
