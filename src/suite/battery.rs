//! The battery: the graphs on which `fluidcheck verify` runs without a graph of the user's.
//!
//! Small enough for exact arithmetic, and different in what the theory looks at: regular or not,
//! connected or not, N equal to M or not, rho below and above 1, dense and sparse, random and
//! deterministic, two components that differ, four samples, four dimensions, one with hot task
//! types, one with rates of many digits, and one real graph. Those are for the paper's policy;
//! every other declared one has a small graph of its own, at a load that it carries.

use super::Input;

use crate::graph::format::{self, Format};
use crate::graph::spec::Spec;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::policy::Policy;
use crate::model::{Load, Model, ModelError};
use crate::num::ratio::{Ratio, ratio};

/// The real graph: 2968 airfields of the contiguous USA (servers) and 901 postal areas (task
/// types), compatible within 100 km.
pub const US_SITES: &[u8] = include_bytes!("../../data/us-sites-100km.csv");

/// The real graph's name in reports, and its path in the project.
pub const US_SITES_PATH: &str = "data/us-sites-100km.csv";

/// Three servers and four task types whose arrival rates differ, one of them 0.
pub const HOT_TYPES: &[u8] = include_bytes!("../../data/hot-types.csv");

/// The name of that graph in reports, and its path in the project.
pub const HOT_TYPES_PATH: &str = "data/hot-types.csv";

/// Three servers and three task types, the sum of whose whole rates is above 2^32.
pub const MANY_DIGITS: &[u8] = include_bytes!("../../data/many-digits.csv");

/// The name of that graph in reports, and its path in the project.
pub const MANY_DIGITS_PATH: &str = "data/many-digits.csv";

/// Spec, seed of the graph, lambda as a fraction, d.
const SPECS: &[(&str, u64, (i64, i64), u32)] = &[
    ("complete:n=2,m=2", 1, (4, 5), 2),
    ("path:n=3", 1, (3, 5), 2),
    ("path:n=3", 1, (4, 5), 2),
    ("edges:n=2,m=2,e=0-0;0-1;1-1", 1, (3, 5), 3),
    ("cycle:n=5", 1, (4, 5), 2),
    ("complete:n=20,m=8", 1, (7, 10), 1),
    ("complete:n=30,m=12", 1, (4, 5), 3),
    ("circulant:n=24,k=5", 1, (4, 5), 2),
    ("regular:n=30,m=20,k=4", 1, (4, 5), 2),
    ("2*cycle:n=4+complete:n=4,m=4", 1, (3, 4), 2),
    // Neither the same size nor the same loads.
    ("path:n=3+complete:n=2,m=1", 1, (2, 5), 2),
    ("complete:n=6,m=3", 1, (4, 5), 4),
    ("erdos-renyi:n=30,m=30,degree=9", 2, (1, 2), 2),
    // An edge is there with probability 23/24.
    ("erdos-renyi:n=12,m=10,degree=11.5", 1, (4, 5), 2),
    ("geometric:n=60,m=60,degree=15,dim=2,p=2", 3, (2, 5), 2),
    ("geometric:n=40,m=40,degree=10,dim=4,p=inf", 1, (2, 5), 2),
];

/// Where other policies run: complete and not, and small enough for every exact law.
const SMALL: [(&str, (i64, i64)); 3] =
    [("complete:n=3,m=1", (4, 5)), ("path:n=3", (3, 5)), ("complete:n=2,m=2", (4, 5))];

/// What policies carry whose critical load is not proved: one server takes a third of all tasks.
const LIGHT: (i64, i64) = (1, 4);

/// The graphs of the battery with their loads for the paper's policy, the real one last; then those
/// for the other declared policies.
///
/// # Panics
/// Never: the specs and the file are part of the crate, and a test builds them.
pub fn inputs() -> Vec<Input> {
    let mut inputs: Vec<Input> = SPECS
        .iter()
        .map(|&(text, graph_seed, load, d)| {
            let spec = Spec::parse(text).expect("SPECS is a constant that a test parses");
            let graph = spec
                .build(graph_seed, Isolated::Refuse)
                .expect("SPECS is a constant that a test builds");
            let mut arguments = vec![text.to_owned()];
            if spec.is_random() {
                arguments.extend(["--graph-seed".to_owned(), graph_seed.to_string()]);
            }
            input(graph, arguments, load, paper(d), false)
        })
        .collect();
    let file = |graph, path: &str, load| input(graph, vec![path.to_owned()], load, paper(2), false);
    inputs.push(file(hot_types(), HOT_TYPES_PATH, (3, 5)));
    inputs.push(file(many_digits(), MANY_DIGITS_PATH, (3, 5)));
    inputs.push(file(us_sites(), US_SITES_PATH, (1, 5)));
    let others = Policy::declared()
        .into_iter()
        .filter(|policy| inputs.iter().all(|Input { model, .. }| model.policy() != policy));
    let others: Vec<Policy> = others.collect();
    inputs.extend((0..).zip(others).map(|(at, policy)| small(at, policy)));
    inputs
}

/// The graphs of the battery for one policy: all that it has, or the small ones. `weights` are
/// those of the servers of a graph.
///
/// # Errors
/// Those of `weights`, and of a model that they do not fit.
pub fn inputs_of<E: From<ModelError>>(
    policy: &Policy,
    weights: impl Fn(&BipartiteGraph) -> Result<Option<Vec<Ratio>>, E>,
) -> Result<Vec<Input>, E> {
    // Those that are there for their policy alone have more graphs where it is asked for.
    let of_policy = |input: &Input| input.model.policy() == policy && !input.brief;
    let known: Vec<Input> = inputs().into_iter().filter(of_policy).collect();
    if !known.is_empty() {
        return Ok(known);
    }
    let on = |(text, load): (&str, (i64, i64))| {
        let (graph, load) = (built(text), load_for(policy, load));
        let weights = weights(&graph)?;
        let model = Model::with_policy(graph, load, policy.clone(), weights)?;
        let arguments = vec![text.to_owned()];
        Ok(Input { name: name(text, &model), arguments, model, brief: false, of_battery: false })
    };
    SMALL.into_iter().map(on).collect()
}

/// One small graph for a policy without weights.
fn small(at: usize, policy: Policy) -> Input {
    let (text, load) = SMALL[at % SMALL.len()];
    let load = if policy.joins_a_shortest() { load } else { LIGHT };
    input(built(text), vec![text.to_owned()], load, policy, true)
}

/// The load of a small graph for a policy.
fn load_for(policy: &Policy, load: (i64, i64)) -> Load {
    // Weights may send most tasks to one server.
    let own = policy.joins_a_shortest() && policy.weights().is_none();
    let (numerator, denominator) = if own { load } else { LIGHT };
    Load::new(ratio(numerator, denominator)).expect("the loads are constants that a test makes")
}

fn built(text: &str) -> BipartiteGraph {
    let spec = Spec::parse(text).expect("SMALL is a constant that a test parses");
    spec.build(1, Isolated::Refuse).expect("SMALL is a constant that a test builds")
}

fn paper(d: u32) -> Policy {
    Policy::jsq(d).expect("d is a constant of at least 1")
}

/// A graph, which the first of its arguments names.
fn input(
    graph: BipartiteGraph,
    arguments: Vec<String>,
    (numerator, denominator): (i64, i64),
    policy: Policy,
    brief: bool,
) -> Input {
    let load = Load::new(ratio(numerator, denominator))
        .expect("the loads are constants that a test makes");
    let model = Model::with_policy(graph, load, policy, None)
        .expect("a load is valid, and the policy has no weights");
    Input { name: name(&arguments[0], &model), arguments, model, brief, of_battery: true }
}

/// What reports call a system: its graph with load and policy.
pub fn name(graph: &str, model: &Model) -> String {
    format!("{graph} (lambda = {}, {})", model.load().exact(), model.policy())
}

/// The graph of hot task types.
///
/// # Panics
/// Never: the file is part of the crate, and a test reads it.
pub fn hot_types() -> BipartiteGraph {
    of_file(HOT_TYPES, HOT_TYPES_PATH)
}

/// The graph with rates of many digits.
///
/// # Panics
/// Never: the file is part of the crate, and a test reads it.
pub fn many_digits() -> BipartiteGraph {
    of_file(MANY_DIGITS, MANY_DIGITS_PATH)
}

fn of_file(bytes: &[u8], path: &str) -> BipartiteGraph {
    format::read(bytes, Format::Csv, path, Isolated::Refuse)
        .expect("the file is part of the crate, and a test reads it")
}

/// The real graph.
///
/// # Panics
/// Never: the file is part of the crate, and a test reads it.
pub fn us_sites() -> BipartiteGraph {
    of_file(US_SITES, US_SITES_PATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_policy_has_a_graph_of_the_battery() {
        let inputs = inputs();
        for policy in Policy::declared() {
            let of_policy = |input: &&Input| *input.model.policy() == policy;
            assert!(inputs.iter().any(|input| of_policy(&input)), "{policy}");
        }
        let none = |_: &BipartiteGraph| Ok::<_, ModelError>(None);
        let other = inputs_of(&"jsq(7), distinct".parse().unwrap(), none).unwrap();
        assert_eq!(other.len(), SMALL.len());
        assert_eq!(other[1].name, "path:n=3 (lambda = 3/5, jsq(7), distinct)");
        let known = inputs_of(&Policy::jsq(3).unwrap(), none).unwrap();
        assert!(
            known.iter().all(|input| input.name.ends_with(", jsq(3), replacement)")),
            "{known:?}"
        );
    }

    #[test]
    fn every_graph_of_the_battery_can_be_built() {
        assert!(inputs().len() > SPECS.len() + 2);
        assert_eq!(hot_types().rates().unwrap().weights(), [6, 2, 1, 0]);
        let digits = many_digits().rates().unwrap().weights().iter().sum::<u128>();
        assert!(digits > 1 << 32, "{digits}");
        let sites = us_sites();
        let sizes = (sites.n_servers(), sites.n_task_types(), sites.n_edges());
        assert_eq!(sizes, (2968, 901, 16193));
    }
}
