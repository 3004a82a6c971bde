//! Corollary 3.11: paths converge to (3.5) where degrees grow with N, and do not where they do not.
//!
//! The distance of a path from (3.5) has two parts: fluctuations, of order N^(-1/2) on every graph,
//! and what a sparse graph does otherwise than (3.5), whatever its size. Only the second is about
//! the graph. So members of a family are compared at the *same* N, so large that fluctuations are a
//! third of the line: those of degree 3 (or 4) stay above it, those of large degree below. Then N
//! grows: at degree 3 the distance stays above the line, at degree sqrt(N) it falls from above the
//! line to below it.
//!
//! The lower bounds are the control: a system that converges whatever the graph, such as one whose
//! samples come from all servers, fails them; one that converges to another limit fails the upper
//! ones. Means are clipped, at 3/2 of the line where they must be below it, which leaves a distance
//! beyond it with probability 2/3 at most, and at four times the line where they must be above it,
//! which costs nothing.
//!
//! # Source
//! Corollary 3.11.

use rand::RngExt;

use super::solution::{Begin, Solution, supremum};
use crate::claims::parts::{Findings, Part};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::generate::{GenerateError, circulant, complete, disjoint_union};
use crate::graph::generate::{erdos_renyi, random_regular};
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::Model;
use crate::num::ratio;
use crate::random::start_rng;
use crate::theory::mean_field::Start;

/// Convergence of paths: on graphs with N = 10^4, E min(0.06, sup_(s <= 3) |q(s) - qbar(s)|) is at
/// most 0.035 for large degrees and E min(0.16, sup) at least 0.045 for degrees of 3 to 6; at
/// degree 3 it is so for N = 1000 too, at degree sqrt(N) it is above 0.045 at N = 400 (lambda =
/// 0.8, d = 2, from i.i.d. queues of 0 or 3 tasks).
pub(crate) const COR_3_11: Claim = Claim {
    id: "cor-3.11",
    source: "Corollary 3.11",
    paper: &["Corollary 3.11", "(3.7)"],
    statement: "until t = 3 paths keep within 0.035 of (3.5) at N = 10^4 where degrees grow with \
        N, at degree 3 beyond 0.045",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a graph of degree 3 within 0.045 of (3.5), or one of large degree not \
            within 0.035",
        observations: 550,
        unit: "paths",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::DROPPED_DEPARTURES,
        faults::JOIN_LONGEST,
        faults::ONE_SAMPLE_LESS,
        faults::ONE_SAMPLE_MORE,
        faults::SLOW_SERVICE,
        faults::STALE_LENGTHS,
        faults::SAMPLED_FROM_EVERYWHERE,
    ],
    run: cor_3_11,
};

const LAMBDA: f64 = 0.8;
const D: u32 = 2;

/// Until when paths are compared with (3.5).
const UNTIL: f64 = 3.0;

/// Tasks at half of the servers; the others have none.
const TASKS: u32 = 3;

/// Between the distances at small and at large degrees, and how far both are certified to be away.
const LINE: f64 = 0.04;
const AWAY: f64 = 0.005;

/// Distances that must be below the line are clipped here.
const CLIP: f64 = 0.06;

/// On which side of the line a graph must be.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Above,
    Below,
}

struct Row {
    name: String,
    graph: Result<BipartiteGraph, GenerateError>,
    side: Side,
}

fn rows(seed: u64, effort: u32) -> Vec<Row> {
    use Side::{Above, Below};
    const N: u32 = 10_000;
    let copies = |count: usize, n: u32| -> Result<BipartiteGraph, GenerateError> {
        disjoint_union(&vec![complete(n, n)?; count])
    };
    let row = |name: &str, graph, side| Row { name: name.to_owned(), graph, side };
    let regular = |n: u32, k: u32, side| Row {
        name: format!("random regular, N = {n}, k = {k}"),
        graph: random_regular(n, n, k, seed),
        side,
    };
    // Dropped tasks of isolated types would lower the load: at mean degree 6 there are some 25.
    let random = |degree: f64| erdos_renyi(N, N, degree, seed, Isolated::Drop);
    let mut rows = vec![
        row("complete, N = 10000", complete(N, N), Below),
        regular(N, 3, Above),
        regular(N, 100, Below),
        row("circulant, N = 10000, k = 3", circulant(N, 3), Above),
        row("circulant, N = 10000, k = 150", circulant(N, 150), Below),
        row("union of complete graphs, N = 10000, k = 4", copies(2_500, 4), Above),
        row("union of complete graphs, N = 10000, k = 250", copies(40, 250), Below),
        row("Erdos-Renyi, N = 10000, degree 6", random(6.0), Above),
        row("Erdos-Renyi, N = 10000, degree 100", random(100.0), Below),
        // N grows: by degree 3, and by degree sqrt(N), whose next member is the one of k = 100.
        regular(1_000, 3, Above),
        regular(400, 20, Above),
    ];
    if effort > 1 {
        // (ln N)^2: sqrt(N) has 3 10^7 edges.
        rows.extend([regular(100_000, 3, Above), regular(100_000, 132, Below)]);
    }
    rows
}

fn cor_3_11(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let start = Start::Occupancy(vec![0.5; TASKS as usize]);
    let solution = match Solution::new(setting, (LAMBDA, D), &start, UNTIL, 1_200) {
        Ok(solution) => solution,
        Err(error) => return Evidence::violated(0, error),
    };
    let seed = setting.seed(claim.id);
    let rows = rows(seed, setting.plan.effort);
    let share = setting.alpha / rows.len() as f64;
    let mut findings = Findings::new(setting.alpha);
    for (at, row) in (0..).zip(rows) {
        let Row { name, graph, side } = row;
        let model = match graph.map(|graph| Model::new(graph, LAMBDA, D)) {
            Ok(Ok(model)) => model,
            _ => {
                findings.open(format!("{name}: this graph could not be made"));
                continue;
            }
        };
        let graph = model.graph();
        let n = graph.n_servers();
        if side == Side::Below {
            let largest = metrics::phi(graph).max(metrics::gamma(graph));
            findings.note(format!("max(phi, gamma) = {:.3}", ratio::to_f64(&largest)));
        }
        let part = match side {
            Side::Above => {
                let name = format!("{name}: E min({}, sup)", 4.0 * LINE);
                Part::at_least(name, (0.0, 4.0 * LINE), LINE + AWAY, 0.0, share)
            }
            Side::Below => {
                let name = format!("{name}: E min({CLIP}, sup)");
                Part::at_most(name, (0.0, CLIP), LINE - AWAY, 0.0, share)
            }
        };
        let own = seed.wrapping_add(at);
        findings.settle_one(part, 1_000 * u64::from(setting.plan.effort), |replication| {
            let mut rng = start_rng(own, replication);
            let lengths = (0..n).map(|_| TASKS * u32::from(rng.random_bool(0.5))).collect();
            let begin = Begin { stream: (own, replication), lengths, looks: 1_000 };
            supremum(setting, &model, &solution, begin)
        });
        if findings.is_violated() {
            break;
        }
    }
    findings.evidence()
}
