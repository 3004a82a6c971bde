//! No balanced graph beats the complete graph of as many servers.
//!
//! Let phi(G) = 0, with the rates of the task types as weights, and samples with replacement. Then
//! sum_(j >= i) E q_j(G) >= sum_(j >= i) E q_j(K_N) for every i, at every time from the same start
//! and in steady state.
//!
//! **Proof.** Write x_(1) >= ... >= x_(N) for the lengths in order, ties broken by the servers'
//! names, and S_k(x) = x_(1) + ... + x_(k). Let x be the state of K_N and y that of G, and S_k(x)
//! <= S_k(y) for all k. Both chains have potential services at rate 1 at each rank, which are
//! shared, and arrivals at rate lambda N, shared too.
//!
//! *Arrivals.* A task joins one of the first k ranks if all its samples are among them. On K_N that
//! has the probability (k/N)^d. On G it is the mean over the task types w of (|T ∩ N_w| / d_w)^d, T
//! the first k servers, hence by Jensen's inequality at least the d-th power of the mean of |T ∩
//! N_w| / d_w, which is k/N where phi(G) = 0. So the ranks that the tasks join can be coupled with
//! R_x >= R_y. Adding to rank R raises S_k from the first rank on with the same length, r(R). The
//! order fails only where r(R_x) <= k < r(R_y) and S_k(x) = S_k(y). Let c be the length at rank
//! R_x: x has it from rank k to rank R_x >= R_y > k. Since S_(k-1) and S_(k+1) are in order, y_(k)
//! <= x_(k) = c = x_(k+1) <= y_(k+1) <= y_(k): y has c at k and at k + 1, and S_(k+1)(x) =
//! S_(k+1)(y). So it goes on up to k = r(R_y) - 1, where y_(k+1) = c = y_(k): but r(R_y) is the
//! first rank of its length.
//!
//! *Services* at rank r lower S_k from the last rank on with the length of r. Where x_(r) = 0,
//! S_k(x) = S_(r-1)(x) <= S_(r-1)(y) <= S_k(y) - y_(r) for k >= r. Otherwise the order fails only
//! for a k between the last rank of y_(r) and that of x_(r), with S_k(x) = S_k(y), and the same
//! argument leads downwards to the last rank of y_(r), where the next of y is as long: a
//! contradiction.
//!
//! So weak majorisation is kept, and sum_v (X_v - i + 1)^+ = sum_(j >= i) Q_j is one of the
//! functions that it orders. The steady states are limits in time.
//!
//! # Source
//! None in the paper. Weak majorisation of queues under sampling: Turner, "The effect of increasing
//! routing choice on resource pooling" (1998), for complete graphs.

use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::generate::{self, GenerateError};
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::Model;
use crate::theory::exact::{self, Law, Options};

/// Sums of q from each level on, on exact laws of small balanced graphs.
pub(crate) const COMPLETE_GRAPH_FROM_BELOW: Claim = Claim {
    id: "complete-graph-from-below",
    source: "weak majorisation, not in print",
    paper: &["Theorem 3.1"],
    statement: "sum_(j >= i) E q_j(infinity) is no less than on the complete graph, with \
        replacement, where phi(G) = 0",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LAW_ONE_SAMPLE_MORE],
    run: complete_graph_from_below,
};

type Graph = fn() -> Result<BipartiteGraph, GenerateError>;

/// Balanced graphs, and the cap of their law.
const BALANCED: [(&str, Graph, u32); 6] = [
    ("cycle of 3", || generate::cycle(3), 16),
    ("cycle of 4", || generate::cycle(4), 9),
    ("circulant of 4, k = 3", || generate::circulant(4, 3), 9),
    ("twice 2 x 1", || generate::disjoint_union(&vec![generate::complete(2, 1)?; 2]), 30),
    ("cycle of 5", || generate::cycle(5), 7),
    ("pairs and all of 4", pairs_and_all, 9),
];

/// Types {0, 1}, {2, 3} and {0, 1, 2, 3}: degrees differ, loads do not.
fn pairs_and_all() -> Result<BipartiteGraph, GenerateError> {
    let edges = [(0, 0), (1, 0), (2, 1), (3, 1), (0, 2), (1, 2), (2, 2), (3, 2)];
    let graph = BipartiteGraph::from_edges(4, 3, &edges, Isolated::Refuse);
    Ok(graph.expect("a list of eight different edges is a graph"))
}

const CHOICES: [u32; 2] = [2, 3];
const LOADS: [f64; 3] = [0.3, 0.5, 0.8];

/// Levels from which sums are compared.
const LEVELS: usize = 5;

fn complete_graph_from_below(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let count = BALANCED.len() * CHOICES.len() * LOADS.len();
    setting.cases(claim, count as u64, "small balanced graphs", |case, _| {
        let at = case as usize;
        let (name, graph, cap) = BALANCED[at % BALANCED.len()];
        let d = CHOICES[at / BALANCED.len() % CHOICES.len()];
        let lambda = LOADS[at / BALANCED.len() / CHOICES.len() % LOADS.len()];
        let Ok(Ok(model)) = graph().map(|graph| Model::new(graph, lambda, d)) else {
            return Outcome::Skipped;
        };
        let n = model.graph().n_servers();
        let options = Options { cap: Some(cap), ..Options::default() };
        let complete = generate::complete(n, 1).map(|graph| Model::new(graph, lambda, d));
        let Ok(Ok(complete)) = complete else { return Outcome::Skipped };
        let laws = (setting.instruments.stationary)(&model, &options)
            .and_then(|law| Ok((law, exact::stationary(&complete, &options)?)));
        let (law, best) = match laws {
            Ok(laws) => laws,
            Err(error) => return Outcome::violated(format!("{name}: {error}")),
        };
        let mut least = f64::INFINITY;
        for i in 1..=LEVELS {
            let (most, bound) = (sum_from(&law, i).1, sum_from(&best, i).0 * (1.0 - 1e-12));
            if most < bound {
                let found = format!(
                    "{name}, lambda = {lambda}, d = {d}: the sum from level {i} on is at most \
                     {most:e}, on the complete graph at least {bound:e}"
                );
                return Outcome::violated(found).by(most - bound);
            }
            least = least.min(most - bound);
        }
        Outcome::least(least, false)
    })
}

/// sum_(j >= i) E q_j between bounds.
fn sum_from(law: &Law, i: usize) -> (f64, f64) {
    let before = &law.q[..i - 1];
    let (low, high): (f64, f64) =
        (before.iter().map(|q| q.lower).sum(), before.iter().map(|q| q.upper).sum());
    (law.mean_queue_length.lower - high, law.mean_queue_length.upper - low)
}
