//! Readers of text that strangers write: graph files, specs, numbers.

use num_traits::{One, Zero};

use super::input::one_line;
use crate::graph::format::{self, Format, fuzz_round_trip};
use crate::graph::{BipartiteGraph, spec as specs};
use crate::model::Load;
use crate::model::policy::Policy;
use crate::num::input_limits::MAX_NUMBER;
use crate::num::ratio::{self, Ratio};
use crate::theory::mean_field::Start;

/// Bytes as an edge list.
///
/// # Panics
/// If an error takes more than one line, or a graph does not come back.
pub fn edge_list(bytes: &[u8]) {
    fuzz_round_trip(bytes, Format::EdgeList);
}

/// Bytes as a CSV file.
///
/// # Panics
/// As [`edge_list`].
pub fn csv(bytes: &[u8]) {
    fuzz_round_trip(bytes, Format::Csv);
}

/// Bytes as a Matrix Market file.
///
/// # Panics
/// As [`edge_list`].
pub fn matrix_market(bytes: &[u8]) {
    fuzz_round_trip(bytes, Format::MatrixMarket);
}

/// Bytes as a graph spec; what is not UTF-8 is replaced.
///
/// # Panics
/// If an error takes more than one line, or a spec does not come back.
pub fn spec(bytes: &[u8]) {
    specs::fuzz_round_trip(&String::from_utf8_lossy(bytes));
}

/// Bytes as a number that is read exactly, as a load, as a start, and as a policy, which has
/// numbers too; what is not UTF-8 is replaced.
///
/// # Panics
/// If an error takes more than one line, or a value does not come back from its own text.
pub fn number(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match ratio::parse(&text) {
        Ok(value) => {
            let written = value.to_string();
            // A fraction with a large exponent is longer than what is read.
            if written.len() <= MAX_NUMBER {
                assert_eq!(ratio::parse(&written), Ok(value), "{written}");
            }
        }
        Err(error) => short(&error),
    }
    match Load::parse(&text) {
        Ok(load) => {
            assert!(load.exact() > &Ratio::zero() && load.exact() < &Ratio::one());
            assert!(load.value() > 0.0 && load.value() < 1.0);
            let again = Load::try_from(load.value()).expect("the double of a load is a load");
            assert_eq!(again.value(), load.value());
        }
        Err(error) => short(&error),
    }
    match Start::parse(&text) {
        Ok(start) => {
            assert_eq!(Start::parse(&start.to_string()).as_ref(), Ok(&start));
            let q = start.fractions(8);
            let falls = q.windows(2).all(|pair| pair[0] >= pair[1]);
            assert!(falls && q.iter().all(|q| (0.0..=1.0).contains(q)), "{q:?}");
        }
        Err(error) => short(&error),
    }
    match text.parse::<Policy>() {
        Ok(policy) => assert_eq!(policy.to_string().parse().as_ref(), Ok(&policy)),
        Err(error) => short(&error),
    }
}

/// `ratio::parse` keeps the text as it was; the command line blanks out control characters, so only
/// its own words are looked at.
fn short(error: &dyn std::error::Error) {
    let message = error.to_string();
    assert!(message.len() < 1000, "an error is short: {message:?}");
}

/// Bytes as a rates file for a graph of three task types, with the ids and with labels.
///
/// # Panics
/// If an error takes more than one line, or the relative rates are negative or do not have mean 1.
pub fn rates(bytes: &[u8]) {
    let graph = BipartiteGraph::complete(2, 3).expect("both sides have a vertex");
    let names = |side: &[&str]| side.iter().map(|&name| name.to_owned()).collect();
    let labelled = graph.clone().with_labels(names(&["x", "y"]), names(&["a", "b b", "0"]));
    let labelled = labelled.expect("a label for each");
    for graph in [graph, labelled] {
        match format::read_rates(bytes, "fuzz", graph) {
            Ok(graph) => {
                let relative: Vec<Ratio> = (0..3).map(|w| graph.relative_rate(w)).collect();
                assert!(relative.iter().all(|rate| *rate >= Ratio::zero()), "{relative:?}");
                assert_eq!(relative.iter().sum::<Ratio>(), ratio::whole(3));
            }
            Err(error) => one_line(&error),
        }
    }
}
