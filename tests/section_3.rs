//! The claims of section 3: geometric and regular graphs, and the mean-field equations.

mod proving;

use fluidcheck::claims::Verdict;
use fluidcheck::faults;
use fluidcheck::graph::generate::random_regular;
use fluidcheck::model::Model;
use fluidcheck::subject::Reference;
use proptest::prelude::*;
use proving::{SmallGraph, evaluate, model, small_graphs};

#[test]
fn a_regular_graph_of_two_kinds_of_components_is_regular_only_by_its_edges() {
    let two_kinds = model(4, &[&[0, 1], &[0, 1], &[2], &[3]], 0.8, 2);
    let evidence = evaluate("eq-3.3-graph", &Reference, &two_kinds);
    assert!(evidence.verdict == Verdict::Holds && !evidence.vacuous);
    assert_eq!(
        evaluate("eq-3.3-graph", faults::REGULARITY_BY_GLOBAL_DEGREES, &two_kinds).verdict,
        Verdict::Violated
    );
}

#[test]
fn an_irregular_graph_holds_vacuously() {
    assert!(evaluate("eq-3.3-graph", &Reference, &model(2, &[&[0], &[0, 1]], 0.8, 2)).vacuous);
}

#[test]
fn lost_edges_of_section_5s_multigraphs_break_regularity() {
    let graph = random_regular(30, 30, 3, 5).unwrap();
    let model = Model::new(graph, 0.8, 2).unwrap();
    assert_eq!(evaluate("eq-3.3", faults::MULTI_EDGES_ERASED, &model).verdict, Verdict::Violated);
}

proptest! {
    #[test]
    fn regularity_is_judged_edge_by_edge_on_every_small_graph(graph in small_graphs()) {
        let evidence = evaluate("eq-3.3-graph", &Reference, &graph.model(0.8, 2));
        prop_assert_eq!(evidence.verdict, Verdict::Holds, "{}", evidence.summary);
    }
}

#[test]
fn quickcheck_finds_no_graph_that_violates_section_3_either() {
    fn holds(graph: SmallGraph) -> bool {
        evaluate("eq-3.3-graph", &Reference, &graph.model(0.8, 2)).verdict == Verdict::Holds
    }
    quickcheck::quickcheck(holds as fn(SmallGraph) -> bool);
}
