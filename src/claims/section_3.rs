//! Section 3: geometric and regular graphs, and the mean-field equations.
//!
//! | statement | claim |
//! |---|---|
//! | Definition 3.3 | [`DEF_3_3`] |
//! | Definition 3.5 and (3.3), on graphs of its own and on the graph at hand | [`EQ_3_3`], [`EQ_3_3_GRAPH`] |
//! | q* of Theorem 3.1, the solution of (3.5), its limit (4.44) | [`ODE_FIXED_POINT`], [`ODE_ORDER`], [`EQ_4_44`] |
//!
//! The claims about (3.5) put the subject's right-hand side and fixed point into
//! [`super::mean_field`].
//!
//! # Source
//! Section 3; (4.44). Deviation from the print: none. Definition 3.5 implies phi = 0 wherever (2.1)
//! and (2.3) are defined, that is where every task type has a server: sum over E of 1 / d_w = M,
//! and by the definition it is (M / N) times the number of servers with an edge: all have one.
//! The claims say so of the servers, since the harness also knows graphs whose types lose tasks: 2
//! servers, types {0} and {}, pass the test edge by edge and have phi = 1. The converse is false
//! (types {0}, {1}, {0, 1}, {0, 1}) and not claimed.

use num_traits::Zero;

use super::cases::Outcome;
use super::mean_field::{self, Measured};
use super::small_graphs::{self, Loads};
use super::verdict::Verdict;
use super::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::graph::generate::{Norm, Reach, Sites, disjoint_union};
use crate::graph::{BipartiteGraph, metrics};
use crate::instruments::Instruments;
use crate::random::below;
use crate::theory::mean_field::{OdeError, spectral_gap};

/// Definition 3.3, against all pairs of points; the volume is that of the ball.
pub(crate) const DEF_3_3: Claim = Claim {
    id: "def-3.3",
    source: "Definition 3.3",
    paper: &["Definition 3.3"],
    statement: "(v, w) is an edge iff their p-norm distance on the unit torus is at most r; a \
        mean degree sets r by volume",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::TORUS_WITHOUT_WRAP],
    run: def_3_3,
};

/// Dimension and p; the volume of the unit ball where it is known in closed form.
const NORMS: &[(u32, f64, Option<f64>)] = &[
    (1, 2.0, Some(2.0)),
    (2, 2.0, Some(std::f64::consts::PI)),
    (2, 1.0, Some(2.0)),
    (2, f64::INFINITY, Some(4.0)),
    (3, 2.0, Some(4.0 * std::f64::consts::PI / 3.0)),
    (3, 1.0, Some(4.0 / 3.0)),
    (2, 1.5, None),
    (2, 3.0, None),
    (3, 7.0, None),
];

fn def_3_3(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let count = NORMS.len() as u64 * 4 * u64::from(setting.plan.effort);
    setting.cases(claim, count, "geometric graphs, against all pairs of points", |case, rng| {
        let (dim, p, ball) = NORMS[(case % NORMS.len() as u64) as usize];
        let (n, m) = (60 + below(rng, 90), 40 + below(rng, 60));
        let Ok(norm) = Norm::new(p) else { return Outcome::Skipped };
        // From a few neighbours each to balls that meet themselves around the torus.
        let reach = match case / NORMS.len() as u64 % 4 {
            0 => Reach::MeanDegree(3.0),
            1 => Reach::MeanDegree(15.0),
            2 => Reach::Radius(0.4),
            _ => Reach::Radius(0.6),
        };
        let (Ok(radius), Ok(sites)) =
            (reach.radius(n, dim, norm), Sites::uniform(n, m, dim, setting.plan.seed ^ case))
        else {
            return Outcome::Skipped;
        };
        if let (Reach::MeanDegree(degree), Some(ball)) = (reach, ball) {
            // The logarithms of Gamma functions behind the volume are good to 13 digits.
            let mean = f64::from(n) * ball * radius.powi(dim as i32);
            if (mean / degree - 1.0).abs() > 1e-12 {
                return Outcome::violated(format!(
                    "mean degree {degree} asked, radius {radius} in dim {dim}, p {p} gives {mean}"
                ));
            }
        }
        match (setting.instruments.geometric)(&sites, radius, norm) {
            Ok(graph) => edges_are_near_pairs(&graph, &sites, radius, p),
            Err(error) => {
                Outcome::violated(format!("no graph of {n} servers and {m} types: {error}"))
            }
        }
    })
}

/// Every pair of points, but for those whose distance differs from the radius by no more than
/// rounding can.
fn edges_are_near_pairs(graph: &BipartiteGraph, sites: &Sites, radius: f64, p: f64) -> Outcome {
    // A difference is off by 2^-53, each power by a few (p + 1) units, sum and root by a few more;
    // 2^-40 covers both sides amply.
    let unsure = radius * (p.min(100.0) + 10.0) * 2f64.powi(-44);
    let mut least = f64::INFINITY;
    for w in 0..graph.n_task_types() {
        let mut compatible = vec![false; graph.n_servers() as usize];
        graph.servers_of(w).iter().for_each(|v| compatible[v as usize] = true);
        for v in 0..graph.n_servers() {
            let distance = torus_distance(sites.server(v), sites.task_type(w), p);
            let margin = (distance - radius).abs();
            if margin <= unsure {
                continue;
            }
            least = least.min(margin);
            if compatible[v as usize] != (distance < radius) {
                let (x, y) = (sites.server(v), sites.task_type(w));
                let edge = compatible[v as usize];
                return Outcome::violated(format!(
                    "server {v} at {x:?} and type {w} at {y:?}: distance {distance} for p = \
                         {p}, radius {radius}, edge: {edge}"
                ))
                .by(-margin);
            }
        }
    }
    Outcome::holds(least)
}

/// The shortest way from x to any of the copies of y, one step around the torus in each direction.
fn torus_distance(x: &[f64], y: &[f64], p: f64) -> f64 {
    let along = x.iter().zip(y).map(|(x, y)| {
        [y - 1.0, *y, y + 1.0].iter().map(|y| (x - y).abs()).fold(f64::INFINITY, f64::min)
    });
    if p.is_infinite() {
        along.fold(0.0, f64::max)
    } else {
        along.map(|t| t.powf(p)).sum::<f64>().powf(p.recip())
    }
}

/// Definition 3.5 and what it implies, on graphs made for it.
pub(crate) const EQ_3_3: Claim = Claim {
    id: "eq-3.3",
    source: "Definition 3.5, (3.3), Corollary 3.6",
    paper: &["(3.3)", "Definition 3.5", "Corollary 3.6"],
    statement: "N d_v = M d_w on every edge, no server isolated: phi(G) = 0, rho(G) = lambda, \
        equal degrees by component",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::REGULARITY_BY_GLOBAL_DEGREES, faults::MULTI_EDGES_ERASED],
    run: eq_3_3,
};

fn eq_3_3(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let listed = small_graphs::listed();
    let random = 60 * u64::from(setting.plan.effort);
    let what = "graphs, regular or not, connected or not";
    setting.cases(claim, listed.len() as u64 + random, what, |case, rng| {
        if let Some((_, graph)) = listed.get(case as usize) {
            return regularity(setting, graph);
        }
        let mut part = || {
            // n = m l / k, so that the half-edges match.
            let (m, k) = (2 + below(rng, 9), 1 + below(rng, 4));
            let n = m * (1 + below(rng, 2));
            (setting.instruments.random_regular)(n, m, k.min(m), u64::from(below(rng, u32::MAX)))
        };
        let graph = match case % 4 {
            0 => small_graphs::random(rng).map_err(Into::into),
            1 => part(),
            // Regular only if the parts agree in N / M, whatever their degrees.
            2 => part().and_then(|first| disjoint_union(&[first, part()?])),
            _ => part().and_then(|first| disjoint_union(&[first.clone(), first.clone(), first])),
        };
        let Ok(graph) = graph else { return Outcome::Skipped };
        if case % 4 == 3 && !small_graphs::is_regular(&graph) {
            return Outcome::violated(format!(
                "copies of a random regular graph are not regular: {}",
                small_graphs::adjacency(&graph)
            ));
        }
        regularity(setting, &graph)
    })
}

/// Definition 3.5 on the graph at hand; what it implies, only if every server has an edge.
pub(crate) const EQ_3_3_GRAPH: Claim = Claim {
    id: "eq-3.3-graph",
    source: "Definition 3.5, (3.3)",
    paper: &["(3.3)", "Definition 3.5"],
    statement: "this graph is called regular iff N d_v = M d_w on every edge; if so, phi(G) = 0 \
        and rho(G) = lambda",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    // Definition 3.5 is about the graph, phi and rho are about the rates too.
    policies: Policies::Any,
    hypotheses: &[Hypothesis::EqualRates, Hypothesis::EdgesAtMost(1 << 22)],
    rejects: &[faults::REGULARITY_BY_GLOBAL_DEGREES],
    run: eq_3_3_graph,
};

fn eq_3_3_graph(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting
        .cases(claim, 1, "graph, edge by edge", |_, _| regularity(setting, setting.model.graph()))
}

fn regularity(setting: &Setting<'_>, graph: &BipartiteGraph) -> Outcome {
    let regular = small_graphs::is_regular(graph);
    let said = (setting.instruments.is_regular)(graph);
    let violated =
        |what: String| Outcome::violated(format!("{what}; {}", small_graphs::adjacency(graph)));
    if said != regular {
        return violated(format!("called regular: {said}, edge by edge: {regular}"));
    }
    let components = metrics::components(graph);
    if !small_graphs::are_components(
        graph,
        &components.of_server,
        &components.of_task_type,
        components.count,
    ) {
        return violated(format!("{} components given", components.count));
    }
    if !regular || !small_graphs::every_server_has_an_edge(graph) {
        return Outcome::Holds { slack: 0.0, vacuous: true };
    }
    let (phi, lambda) = ((setting.instruments.phi)(graph), setting.model.load().exact());
    if !phi.is_zero() {
        return violated(format!("regular, but phi(G) = {}", show(&phi)));
    }
    if graph.n_edges() <= 1 << 18 && !Loads::of(graph).phi().is_zero() {
        return violated("regular, but the loads differ".to_owned());
    }
    let Ok(model) = setting.model.changed(graph.clone(), setting.model.load().clone()) else {
        return Outcome::Skipped;
    };
    let rho = (setting.instruments.rho)(&model);
    if rho != *lambda {
        let [rho, lambda] = [&rho, lambda].map(show);
        return violated(format!("regular, but rho(G) = {rho} with lambda = {lambda}"));
    }
    if let Some((v, w)) = unequal_in_a_component(graph) {
        return violated(format!(
            "regular, but degrees differ in the component of server {v}, server {w}"
        ));
    }
    Outcome::holds(0.0)
}

/// Two servers of one component with different degrees, or whose task types have: along edges, both
/// sides must stay the same.
fn unequal_in_a_component(graph: &BipartiteGraph) -> Option<(u32, u32)> {
    let degree = |v: u32| graph.task_types_of(v).iter().count();
    (0..graph.n_task_types()).find_map(|w| {
        // Servers joined by a type have the same degree; so, step by step, have all of a component.
        let first = graph.servers_of(w).iter().next()?;
        graph.servers_of(w).iter().find(|&v| degree(v) != degree(first)).map(|v| (first, v))
    })
}

/// q* is the fixed point of (3.5).
pub(crate) const ODE_FIXED_POINT: Claim = Claim {
    id: "ode-fixed-point",
    source: "Theorem 3.1, (3.5)",
    paper: &["(3.5)", "Theorem 3.1"],
    statement: "q*_i = lambda^((d^i - 1)/(d - 1)) is a fixed point of (3.5), and the only \
        summable one",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::FIXED_POINT_AS_PRINTED,
        faults::FIXED_POINT_SHIFTED,
        faults::FIXED_POINT_ONE_CHOICE_MORE,
        faults::DROPPED_DEPARTURES,
    ],
    run: |_, setting| evidence(Ok(fixed_point(setting.instruments))),
};

/// [`mean_field::fixed_point`] of a subject.
pub(super) fn fixed_point(instruments: &Instruments) -> Measured {
    mean_field::fixed_point(&instruments.fixed_point, &instruments.right_hand_side)
}

/// (3.5) is quasi-monotone: exactly on a grid of states, and along solutions with a proved error.
pub(crate) const ODE_ORDER: Claim = Claim {
    id: "ode-order",
    source: "(3.5)",
    paper: &["(3.5)"],
    statement: "solutions of (3.5) keep the order of their starts, stay nonincreasing in [0, 1], \
        and increase to q* from empty",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DROPPED_DEPARTURES],
    run: |_, setting| evidence(mean_field::order(&setting.instruments.right_hand_side)),
};

/// (4.44): exponential approach, with the rate that the linearisation and the tail of the start
/// give: 1 - r from q_i(0) = r^i with 1 - r below the spectral gap. From empty the rate is proved
/// from both sides, with explicit constants ([`mean_field::rate`]).
pub(crate) const EQ_4_44: Claim = Claim {
    id: "eq-4.44",
    source: "(4.44)",
    paper: &["(4.44)"],
    statement: "sum_i |qbar_i(t) - q*_i| falls exponentially: at the spectral gap from light \
        tails, slower from heavy ones",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DROPPED_DEPARTURES],
    run: |_, setting| match misplaced_gap() {
        Some(found) => violated(f64::NAN, 1, found),
        None => evidence(rate(setting.instruments, &gap)),
    },
};

/// A gap that is no eigenvalue of the linearisation: the characteristic polynomial of its first
/// levels, by the three-term recursion, has its first change of sign there.
fn misplaced_gap() -> Option<String> {
    const LEVELS: u32 = 14;
    [(0.8, 2), (0.5, 2), (0.9, 3), (0.95, 2)].into_iter().find_map(|(lambda, d): (f64, u32)| {
        let q = |i: u32| (0..i).fold(1.0, |q: f64, _| lambda * q.powi(d as i32));
        let c: Vec<f64> =
            (1..=LEVELS).map(|i| lambda * f64::from(d) * q(i).powi(d as i32 - 1)).collect();
        // Minors of A - x: all positive below the least eigenvalue, the last one negative just
        // above it.
        let is_below = |x: f64| {
            let (mut before, mut minor) = (1.0, 1.0 + c[0] - x);
            let mut positive = minor > 0.0;
            for pair in c.windows(2) {
                (before, minor) = (minor, (1.0 + pair[1] - x) * minor - pair[0] * before);
                positive &= minor > 0.0;
            }
            positive
        };
        let gap = gap(lambda, d);
        (!is_below(gap * (1.0 - 1e-9)) || is_below(gap * (1.0 + 1e-9))).then(|| {
            format!(
                "lambda {lambda}, d {d}: {gap} is not the least eigenvalue of the linearisation"
            )
        })
    })
}

/// The spectral gap; NaN, which fails every comparison, where there is none.
pub(super) fn gap(lambda: f64, d: u32) -> f64 {
    spectral_gap(lambda, d).map_or(f64::NAN, |gap| gap.gap)
}

/// [`mean_field::rate`] of a subject.
pub(super) fn rate(
    instruments: &Instruments,
    gap: &dyn Fn(f64, u32) -> f64,
) -> Result<Measured, OdeError> {
    mean_field::rate(&instruments.right_hand_side, gap)
}

/// What a check of (3.5) found, as evidence. Its comparisons have no index to replay: all of them
/// run at once, in a fixed order.
pub(super) fn evidence(measured: Result<Measured, OdeError>) -> Evidence {
    match measured {
        Ok(measured) if measured.slack >= 0.0 => {
            let summary =
                format!("{} comparisons, least margin at {}", measured.cases, measured.worst);
            Evidence {
                slack: Some(measured.slack),
                ..Evidence::of_test(Verdict::Holds, measured.cases, summary)
            }
        }
        Ok(measured) => violated(measured.slack, measured.cases, measured.worst),
        // A right-hand side that cannot be integrated is none of (3.5).
        Err(error) => violated(f64::NAN, 1, error.to_string()),
    }
}

fn violated(slack: f64, cases: u64, found: String) -> Evidence {
    Evidence { slack: slack.is_finite().then_some(slack), ..Evidence::violated(cases, found) }
}
