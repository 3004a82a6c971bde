//! What keeps a steady state away from q*: association, and a gamma that does not vanish.
//!
//! **`association`.** The queue lengths are a monotone Markov chain whose jumps lead up or down in
//! the order of states, never to a state that is neither. So from a deterministic start they are
//! associated at every fixed time (Harris 1977), and in steady state: cov(f(X), g(X)) >= 0 for all
//! increasing f and g. The same holds with a cap at which tasks are lost, which is where it is
//! checked, for f = 1{X_u >= i} and g = 1{X_v >= j}, all i and j. **Not** after a fixed number of
//! events: that number makes arrivals at one server exclude those at another. On K_(2,2) after one
//! event the covariance is negative, the control.
//!
//! Let G be server-transitive, of task degree n, d = 2, and r = i - 1. By (4.10) E q_i = lambda
//! M^-1 sum_w E (q_r^w)^2, and with p = E q_r = P(X_v >= r) for every v, E (q_r^w)^2 = n^-2 (n p +
//! sum_(u != v) P(X_u, X_v >= r)) >= p / n + (1 - 1/n) p^2. For i = 2, p = lambda: E q_2 - q*_2 >=
//! lambda^2 (1 - lambda) / n, where 1/n = gamma. No rate in gamma is faster than linear.
//!
//! **`gamma-necessary`.** With replacement and d >= 2, E q_i >= (lambda gamma^(d-1))^i by
//! `tail-from-below`, whereas q*_i = lambda^((d^i - 1)/(d - 1)) is below half of that for some i.
//! So with x = (lambda gamma^(d-1))^i > 2 q*_i, E sum_j |q_j - q*_j| >= E q_i - q*_i >= x / 2 on
//! every ergodic graph with at least this gamma, whatever N: where gamma does not tend to 0, the
//! distance does not. The control samples distinct servers: with all pairs of servers as types,
//! gamma = 1/2 at every N, JSQ(2) on the complete graph results, and E q_i is *below* (lambda /
//! 2)^i.
//!
//! # Source
//! Harris, "A correlation inequality for Markov processes in partially ordered state spaces"
//! (1977). Section 5 for gamma -> 0 as necessary, read off a simulation there.

use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::generate::{self, GenerateError};
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::{Load, Model};
use crate::num::ratio::ratio;
use crate::theory::exact::{JointLaw, Law, Options, joint_after};
use crate::theory::mean_field::fixed_point;

/// Covariances of all pairs of servers and levels at 0.2, 1, 4 and 60 services, on capped systems;
/// the bound on E q_i with that on q_2, on the exact law of server-transitive graphs.
pub(crate) const ASSOCIATION: Claim = Claim {
    id: "association",
    source: "Harris's inequality, not in print",
    paper: &["Theorem 3.1"],
    statement: "queues are associated at fixed times; server-transitive, d = 2: E q_2(infinity) - \
        q*_2 >= lambda^2 (1 - lambda) gamma",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LAW_AFTER_EVENTS, faults::LAW_ONE_SAMPLE_MORE],
    run: association,
};

/// The lower bound x / 2 at the first i with x > 2 q*_i, on the exact law.
pub(crate) const GAMMA_NECESSARY: Claim = Claim {
    id: "gamma-necessary",
    source: "section 5, proved by tail-from-below",
    paper: &["Section 5"],
    statement: "E sum_j |q_j(infinity) - q*_j| >= x / 2, x = (lambda gamma^(d-1))^i > 2 q*_i: \
        gamma -> 0 is necessary",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LAW_WITHOUT_REPLACEMENT],
    run: gamma_necessary,
};

/// Rounding of a computed probability, some hundred steps of a chain.
const ROUNDING: f64 = 1e-11;

/// When covariances are looked at.
const TIMES: [f64; 4] = [0.2, 1.0, 4.0, 60.0];

type Graph = fn() -> Result<BipartiteGraph, GenerateError>;

/// Small graphs, symmetric and not: the name, the graph, the cap of the joint law.
const SMALL: [(&str, Graph, u32); 5] = [
    ("complete 2 x 2", || generate::complete(2, 2), 5),
    ("path of 3", || generate::path(3), 4),
    ("cycle of 3", || generate::cycle(3), 4),
    ("star of 3", || generate::star(3), 4),
    ("cycle of 4", || generate::cycle(4), 3),
];

/// Policies that keep the order of states.
const MONOTONE: [&str; 4] = ["jsq(2)", "jsq(3)", "jsq(2), distinct", "jsq(all)"];

/// Server-transitive graphs of one task degree, and the cap of their law.
const TRANSITIVE: [(&str, Graph, u32); 6] = [
    ("complete 2 x 1", || generate::complete(2, 1), 30),
    ("complete 3 x 1", || generate::complete(3, 1), 20),
    ("cycle of 3", || generate::cycle(3), 16),
    ("cycle of 4", || generate::cycle(4), 10),
    ("circulant of 4, k = 3", || generate::circulant(4, 3), 10),
    ("cycle of 5", || generate::cycle(5), 7),
];

/// Loads, in tenths.
const LOADS: [i64; 3] = [3, 5, 8];

fn with_policy(graph: BipartiteGraph, tenths: i64, policy: &str) -> Model {
    let policy = policy.parse().expect("the policies of a claim are constants");
    let load = Load::new(ratio(tenths, 10)).expect("the loads of a claim lie in (0, 1)");
    Model::with_policy(graph, load, policy, None).expect("small graphs have every policy")
}

fn association(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let covariances = SMALL.len() * MONOTONE.len() * LOADS.len();
    let bounds = TRANSITIVE.len() * LOADS.len();
    let count = (1 + bounds + covariances) as u64;
    setting.cases(claim, count, "small systems, all servers, levels and times", |case, _| {
        let at = case as usize;
        if at == 0 {
            return control();
        }
        if at <= bounds {
            let (name, graph, cap) = TRANSITIVE[(at - 1) % TRANSITIVE.len()];
            let tenths = LOADS[(at - 1) / TRANSITIVE.len()];
            return transitive(setting, name, graph, cap, tenths);
        }
        let at = at - 1 - bounds;
        let (name, graph, cap) = SMALL[at % SMALL.len()];
        let policy = MONOTONE[at / SMALL.len() % MONOTONE.len()];
        let tenths = LOADS[at / SMALL.len() / MONOTONE.len() % LOADS.len()];
        let Ok(graph) = graph() else { return Outcome::Skipped };
        let model = with_policy(graph, tenths, policy);
        let mut least = f64::INFINITY;
        for t in TIMES {
            let law = match (setting.instruments.joint_law)(&model, cap, t) {
                Ok(law) => law,
                Err(error) => return Outcome::violated(format!("{name}, {policy}: {error}")),
            };
            let (covariance, place) = least_covariance(&law, cap);
            if covariance < -ROUNDING {
                let found = format!(
                    "{name}, {policy}, lambda = 0.{tenths}, cap {cap}, t = {t}: the covariance of \
                     {place} is {covariance:e}"
                );
                return Outcome::violated(found).by(covariance);
            }
            least = least.min(covariance.max(0.0));
        }
        Outcome::least(least, false)
    })
}

/// After one event the covariance of two servers is negative.
fn control() -> Outcome {
    let model = with_policy(complete_pair(), 8, "jsq(2)");
    match joint_after(&model, 2, 1) {
        Ok(law) => match least_covariance(&law, 2) {
            (covariance, _) if covariance < -1e-3 => Outcome::least(-covariance, false),
            (covariance, _) => Outcome::violated(format!(
                "the control, one event on K_(2,2), has the least covariance {covariance:e}"
            )),
        },
        Err(error) => Outcome::violated(error.to_string()),
    }
}

fn complete_pair() -> BipartiteGraph {
    generate::complete(2, 2).expect("two servers make a graph")
}

/// The least covariance of 1{X_u >= i} and 1{X_v >= j}, u != v, and whose it is.
fn least_covariance(law: &JointLaw, cap: u32) -> (f64, String) {
    let n = law.first().map_or(0, |(state, _)| state.len());
    let mut least = (f64::INFINITY, String::new());
    for u in 0..n {
        for v in u + 1..n {
            // P(X_u >= i, X_v >= j) for all i and j at once.
            let levels = cap as usize + 2;
            let mut both = vec![vec![0.0; levels + 1]; levels + 1];
            law.iter().for_each(|(state, p)| both[state[u] as usize][state[v] as usize] += p);
            for i in (0..levels).rev() {
                for j in (0..levels).rev() {
                    both[i][j] += both[i + 1][j] + both[i][j + 1] - both[i + 1][j + 1];
                }
            }
            for i in 1..=cap as usize {
                for j in 1..=cap as usize {
                    let covariance = both[i][j] - both[i][0] * both[0][j];
                    if covariance < least.0 {
                        least = (covariance, format!("X_{u} >= {i} and X_{v} >= {j}"));
                    }
                }
            }
        }
    }
    least
}

fn exact_law(setting: &Setting<'_>, model: &Model, cap: u32) -> Result<Law, Outcome> {
    let options = Options { cap: Some(cap), ..Options::default() };
    (setting.instruments.stationary)(model, &options)
        .map_err(|error| Outcome::violated(error.to_string()))
}

/// The bounds on a server-transitive graph, d = 2.
fn transitive(setting: &Setting<'_>, name: &str, graph: Graph, cap: u32, tenths: i64) -> Outcome {
    let Ok(graph) = graph() else { return Outcome::Skipped };
    let degree = graph.task_degree(0) as f64;
    let gamma = metrics::gamma_f64(&graph);
    let model = with_policy(graph, tenths, "jsq(2)");
    let lambda = model.lambda();
    let law = match exact_law(setting, &model, cap) {
        Ok(law) => law,
        Err(outcome) => return outcome,
    };
    let second = law.q[1].upper - fixed_point(lambda, 2, 2);
    let linear = lambda * lambda * (1.0 - lambda) * gamma * (1.0 - 1e-12);
    if second < linear {
        let found = format!(
            "{name}, lambda = {lambda}: q_2 - q*_2 is at most {second:e}, lambda^2 (1 - lambda) \
             gamma = {linear:e}"
        );
        return Outcome::violated(found).by(second - linear);
    }
    let mut least = second - linear;
    // Near the cap the bracket of the law says nothing.
    for (i, pair) in (2..=cap as usize / 2).zip(law.q.windows(2)) {
        let p = pair[0].lower;
        let bound = lambda * (p / degree + (1.0 - 1.0 / degree) * p * p) * (1.0 - 1e-12);
        if pair[1].upper < bound {
            let found = format!(
                "{name}, lambda = {lambda}: E q_{i} is at most {:e}, the bound {bound:e}",
                pair[1].upper
            );
            return Outcome::violated(found).by(pair[1].upper - bound);
        }
        least = least.min(pair[1].upper - bound);
    }
    Outcome::least(least, false)
}

/// Graphs with replacement, irregular ones too, and the cap of their law.
const WITH_REPLACEMENT: [(&str, Graph, u32); 6] = [
    ("complete 2 x 1", || generate::complete(2, 1), 30),
    ("path of 3", || generate::path(3), 16),
    ("star of 3", || generate::star(3), 16),
    ("cycle of 3", || generate::cycle(3), 16),
    ("cycle of 4", || generate::cycle(4), 10),
    ("cycle of 5", || generate::cycle(5), 7),
];

fn gamma_necessary(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let ds = [2, 3];
    let count = 1 + WITH_REPLACEMENT.len() * LOADS.len() * ds.len();
    setting.cases(claim, count as u64, "small systems, the first i that tells", |case, _| {
        let Some(at) = (case as usize).checked_sub(1) else { return distinct_control() };
        let (name, graph, cap) = WITH_REPLACEMENT[at % WITH_REPLACEMENT.len()];
        let tenths = LOADS[at / WITH_REPLACEMENT.len() % LOADS.len()];
        let d = ds[at / WITH_REPLACEMENT.len() / LOADS.len() % ds.len()];
        let Ok(graph) = graph() else { return Outcome::Skipped };
        let gamma = metrics::gamma_f64(&graph);
        let model = with_policy(graph, tenths, &format!("jsq({d})"));
        let lambda = model.lambda();
        let step = lambda * gamma.powi(d as i32 - 1);
        let tells = |i: &u32| step.powi(*i as i32) > 2.0 * fixed_point(lambda, d, *i);
        // Beyond, the bracket of the law says nothing.
        let Some(i) = (1..=cap / 2).find(tells) else { return Outcome::Skipped };
        let law = match exact_law(setting, &model, cap) {
            Ok(law) => law,
            // Stars and paths may have no steady state at this load.
            Err(_) if !model_is_stable(&model) => return Outcome::Skipped,
            Err(outcome) => return outcome,
        };
        let bound = 0.5 * step.powi(i as i32) * (1.0 - 1e-12);
        let away = law.q[i as usize - 1].upper - fixed_point(lambda, d, i);
        if away < bound {
            let found = format!(
                "{name}, lambda = {lambda}, d = {d}: E q_{i} - q*_{i} is at most {away:e}, half of \
                 (lambda gamma^(d-1))^{i} is {bound:e}"
            );
            return Outcome::violated(found).by(away - bound);
        }
        Outcome::least(away - bound, false)
    })
}

fn model_is_stable(model: &Model) -> bool {
    let law = model.policy().sample_law();
    let critical =
        law.and_then(|law| crate::claims::small_graphs::critical_load(model.graph(), law));
    critical.is_some_and(|critical| *model.load().exact() < critical)
}

/// All pairs of N servers as task types, distinct samples: gamma = 1/2, and E q_i is certified to
/// be below (lambda / 2)^i.
fn distinct_control() -> Outcome {
    let n = 4;
    let pairs = (0..n).flat_map(|u| (u + 1..n).map(move |v| (u, v)));
    let edges: Vec<(u32, u32)> =
        (0..).zip(pairs).flat_map(|(w, (u, v))| [(u, w), (v, w)]).collect();
    let graph = BipartiteGraph::from_edges(n, n * (n - 1) / 2, &edges, Isolated::Refuse);
    let Ok(graph) = graph else { return Outcome::Skipped };
    let gamma = metrics::gamma_f64(&graph);
    let (tenths, cap, i) = (3, 12, 4);
    let model = with_policy(graph, tenths, "jsq(2), distinct");
    // Not the law under check: the control is known.
    let options = Options { cap: Some(cap), ..Options::default() };
    let law = match crate::theory::exact::stationary(&model, &options) {
        Ok(law) => law,
        Err(error) => return Outcome::violated(error.to_string()),
    };
    let (most, bound) = (law.q[i - 1].upper, (model.lambda() * gamma).powi(i as i32));
    if most < bound {
        return Outcome::least(bound - most, false);
    }
    Outcome::violated(format!(
        "the control, distinct samples from pairs, has E q_{i} up to {most:e}, not below {bound:e}"
    ))
}
