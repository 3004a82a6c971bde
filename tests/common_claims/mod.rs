//! Small inputs for the suites of single statements: built from raw numbers, so that proptest and
//! quickcheck shrink them.

use fluidcheck::claims::{self, CheckOptions, Evidence};
use fluidcheck::estimate::bracketing::Samples;
use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::model::Model;
use proptest::test_runner::{Config, TestRunner};

/// The evidence of a claim on a model.
#[allow(dead_code)]
pub fn evidence<'a>(id: &str, under: impl Into<UnderCheck<'a>>, model: &Model) -> Evidence {
    let under = under.into();
    // Samples have a seed of their own.
    let samples = Samples::new(under.subject, model, 1, 4_000_000);
    let options =
        CheckOptions { seed: 7, instruments: under.instruments, ..CheckOptions::default() };
    let setting = options.setting(under.subject, model, &samples);
    claims::find(id).expect("a claim of the registry").evaluate(&setting)
}

/// Types {0}, {0, 1}: irregular, and the smallest graph on which random routing and JSQ(2) differ.
#[allow(dead_code)]
pub fn private2() -> Model {
    let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)
        .expect("valid");
    Model::new(graph, 0.3, 2).expect("valid")
}

/// A fraction a / n, b / n with 0 <= b < a <= n from three raw numbers.
#[allow(dead_code)]
pub fn pair((a, b): (u16, u16), n: u64) -> (u64, u64) {
    let a = u64::from(a) % n + 1;
    (a, u64::from(b) % a)
}

/// A model and two ordered states from raw numbers: 1 to 6 servers, 1 to 5 types of any nonempty
/// sets of servers, d 1 to 3.
#[allow(dead_code)]
pub fn small_system(
    n: u8,
    masks: &[u8],
    lengths: &[(u8, u8)],
    d: u8,
) -> (Model, Vec<u32>, Vec<u32>) {
    let n = u32::from(n % 6) + 1;
    let all = (1u32 << n) - 1;
    let mut masks: Vec<u32> = masks.iter().take(5).map(|&mask| u32::from(mask) % all + 1).collect();
    if masks.is_empty() {
        masks.push(all);
    }
    let edges: Vec<_> = masks
        .iter()
        .zip(0..)
        .flat_map(|(mask, w)| (0..n).filter(move |v| mask >> v & 1 == 1).map(move |v| (v, w)))
        .collect();
    let graph = BipartiteGraph::from_edges(n, masks.len() as u32, &edges, Isolated::Refuse)
        .expect("no type is empty");
    let of = |v: u32| lengths.get(v as usize).copied().unwrap_or((0, 0));
    let upper: Vec<u32> = (0..n).map(|v| u32::from(of(v).1 % 6)).collect();
    let lower = (0..n).zip(&upper).map(|(v, &x)| x - u32::from(of(v).0 % 6).min(x)).collect();
    (Model::new(graph, 0.8, u32::from(d % 3) + 1).expect("valid"), lower, upper)
}

/// Runs a property on random inputs with a fixed seed and gives the shrunk counterexample, if there
/// is one.
pub fn counterexample<S: proptest::strategy::Strategy>(
    strategy: S,
    check: impl Fn(S::Value) -> Result<(), String>,
) -> Option<S::Value>
where
    S::Value: Clone,
{
    let config = Config { cases: 5000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    match runner
        .run(&strategy, |value| check(value).map_err(proptest::test_runner::TestCaseError::fail))
    {
        Err(proptest::test_runner::TestError::Fail(_, value)) => Some(value),
        _ => None,
    }
}
