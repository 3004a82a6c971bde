//! Corollary 3.4: random geometric graphs with mean degree (ln N)^2 and sqrt(N).
//!
//! | part | checked |
//! |---|---|
//! | (4.50), the degrees | k = 1, 2, 3 and several p: the probability that some degree is off its mean by the factor epsilon; the mean itself, N vol(ball) |
//! | (4.51) to (4.53) | on those graphs, with the epsilon that they realise, up to the rounding of the sums |
//! | phi -> 0 | sqrt(N): E phi(G) is above a line at N = 100 and below it at N = 3000. (ln N)^2: figures in the summary only, since phi falls as (ln N)^(-1/2): .6 from N = 100 to 3000 |
//! | convergence, lambda = 2/5 | the distance from q* of the bracketed steady state, by rho(G) < 1 |
//! | convergence, lambda = 4/5 | the same by kappa = lambda / lambda_c < 1, from a certificate of the critical load |
//! | the controls | mean degree 3 at lambda = 2/5, where no steady state need exist, and a random regular graph of degree 3 at 4/5: further away than each limit |
//!
//! At lambda = 0.8, the load of section 5, rho(G) is above 1 for these graphs at every N that can
//! be reached: Theorem 3.1 says nothing about them there, although a steady state exists, which the
//! critical load shows. Both controls are looked at from empty, where E sum_(i >= 2) q_i(t) is a
//! lower bound on that of a steady state, if there is one. A graph that misses the premises is
//! drawn again, [`DRAWS`] times at most; then the claim stays open.
//!
//! # Source
//! Definition 3.3, Corollary 3.4, (4.50) to (4.53). Deviation from the print: (4.52) sums over N_v.

use super::states_at_times::states;
use super::steady_distance::{SteadyState, distance, sum_from};
use super::{limit, most};
use crate::claims::parts::{Findings, Part, exactly};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::generate::{self, GenerateError, Norm, Reach, Sites};
use crate::graph::{BipartiteGraph, metrics};
use crate::model::{Model, loads};
use crate::num::ratio;
use crate::theory::stability::{Effort, critical_load_bounds};

/// Geometric graphs, k = 1, 2, 3, p = 3/2, 2, 4: the mean degree, clipped to 9 % around N
/// vol(ball), is within 3 % of it; some degree is off by epsilon < 1/2 with at most the probability
/// of (4.50), here 1/4; (4.51) to (4.53) with the epsilon realised; E phi falls through 0.9 for
/// sqrt(N); for mean degree (ln N)^2 and sqrt(N), E min(3/2 b, D) <= b for this sum D, b = 0.06 at
/// N = 400 (900) and 0.04 at N = 1500 (lambda = 2/5, rho(G) <= 0.9), b = 0.25 at N = 1000 (lambda =
/// 4/5, kappa <= 0.93; mean degree (ln N)^2); mean degree 3 and degree 3: E sum_(i >= 2) (q_i -
/// q*_i) >= 0.1 and 0.27 (d = 2).
pub(crate) const COR_3_4: Claim = Claim {
    id: "cor-3.4",
    source: "Corollary 3.4, (4.50) to (4.53)",
    paper: &["Corollary 3.4", "(4.50)", "(4.51)", "(4.52)", "(4.53)"],
    statement: "geometric graphs have the degrees of (4.50) to (4.53), and E sum_i \
        |q_i(infinity) - q*_i| falls with N",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a mean degree off by 3 %; a mean distance from q* of 0.04 at N = 1500",
        observations: 750,
        unit: "graphs and replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::TORUS_WITHOUT_WRAP, faults::ONE_SAMPLE_LESS],
    run: cor_3_4,
};

const LAMBDA: f64 = 0.4;
const D: u32 = 2;

/// Servers, and as many task types, of the graphs whose degrees are looked at.
const SIZE: u32 = 400;

/// Their mean degree: so large that epsilon of (4.50) is below 1/2, where the last step of (4.52)
/// holds.
const DEGREE: f64 = 126.0;

/// How often a graph that misses the premises is drawn again.
const DRAWS: u64 = 20;

/// Their dimensions k and norms p.
const SHAPES: [(u32, f64); 5] = [(1, 2.0), (2, 1.5), (2, 2.0), (3, 1.5), (3, 4.0)];

/// What (4.50) gives for all [`SHAPES`] together.
const OFF: f64 = 0.25;

/// Graphs of each shape on which (4.51) to (4.53) are checked.
const LOOKED_AT: u64 = 4;

fn cor_3_4(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let mut findings = Findings::new(setting.alpha);
    // The degrees, E phi twice, four distances, two controls, and one distance at the higher load.
    let share = setting.alpha / (1 + 2 * SHAPES.len() + 2 + 4 + 3) as f64;
    let purpose = |what: &str| setting.seed(&format!("{} {what}", claim.id));
    degrees(setting, &mut findings, purpose("degrees"), share);
    for (name, degree, sizes, line) in SEQUENCES {
        if findings.is_violated() {
            return findings.evidence();
        }
        if let Some(line) = line {
            let named = (name, degree);
            irregularity(setting, &mut findings, named, line, purpose("phi"), share);
        }
        for (n, limit) in sizes {
            if findings.is_violated() {
                return findings.evidence();
            }
            let (named, seed) = ((name, degree(f64::from(n))), purpose(name) ^ u64::from(n));
            steady(setting, &mut findings, named, (n, LAMBDA), limit, seed, share);
        }
    }
    if !findings.is_violated() {
        controls(setting, &mut findings, purpose("controls"), share);
    }
    if !findings.is_violated() {
        let degree = ("(ln N)^2", 1_000f64.ln().powi(2));
        let seed = purpose("critical load");
        steady(setting, &mut findings, degree, (1_000, HIGH_LAMBDA), 0.25, seed, share);
    }
    if !findings.is_violated() {
        reached(setting, &mut findings, purpose("figures"));
    }
    findings.evidence()
}

/// A mean degree as a function of N, with N and the limits of distances, and a line for E phi where
/// it falls within reach.
type Sequence = (&'static str, fn(f64) -> f64, [(u32, f64); 2], Option<f64>);

const SEQUENCES: [Sequence; 2] = [
    ("(ln N)^2", |n| n.ln().powi(2), [(400, 0.06), (1_500, 0.04)], None),
    ("sqrt(N)", f64::sqrt, [(900, 0.06), (1_500, 0.04)], Some(0.9)),
];

/// The load of section 5.
const HIGH_LAMBDA: f64 = 0.8;

/// E phi is above the line at N = 100 and below it at N = 3000.
fn irregularity(
    setting: &Setting<'_>,
    findings: &mut Findings,
    (name, degree): (&str, fn(f64) -> f64),
    line: f64,
    seed: u64,
    share: f64,
) {
    let mut at = |n: u32, part: Part| {
        let mut failed = None;
        findings.settle_one(part, most(setting), |replication| {
            let own = seed ^ (replication * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            match graph(setting, n, degree(f64::from(n)), (2, 2.0), own) {
                Ok(graph) => exactly(metrics::phi_f64(&graph)),
                Err(error) => {
                    failed.get_or_insert(error);
                    exactly(0.0)
                }
            }
        });
        if let Some(error) = failed {
            findings.violated(format!("mean degree {name}, N = {n}: {error}"));
        }
    };
    let named = |n: u32, clip: f64| format!("mean degree {name}, N = {n}: E min({clip}, phi)");
    // Clipping from above makes a mean smaller, never larger.
    at(100, Part::at_least(named(100, 3.0), (0.0, 3.0), line, 0.0, share));
    let clip = 1.2 * line;
    at(3_000, Part::at_most(named(3_000, clip), (0.0, clip), line, 0.0, share));
}

/// Fixed degrees, from empty: the excess of sum_(i >= 2) q_i over that of q*.
fn controls(setting: &Setting<'_>, findings: &mut Findings, seed: u64, share: f64) {
    let n = 1_000;
    let geometric = graph(setting, n, 3.0, (2, 2.0), seed);
    let regular = generate::random_regular(n, n, 3, seed);
    for (name, graph, lambda, time, away) in [
        ("geometric, mean degree 3", geometric, LAMBDA, 20.0, 0.1),
        ("regular, k = 3", regular, HIGH_LAMBDA, 40.0, 0.27),
    ] {
        let model = match graph.map(|graph| Model::new(graph, lambda, D)) {
            Ok(Ok(model)) => model,
            Ok(Err(error)) => return findings.open(error.to_string()),
            Err(error) => return findings.violated(format!("{name}: {error}")),
        };
        let least = sum_from(&limit(setting, lambda, D), 2) + away;
        let part = format!("{name}, lambda = {lambda}, N = {n}: E min(3, sum_(i >= 2) q_i)");
        let part = Part::at_least(part, (0.0, 3.0), least, 0.0, share);
        let start = vec![0; n as usize];
        findings.settle_one(part, most(setting), |replication| {
            let reached = states(setting, &model, seed, replication, &start, &[time]);
            exactly(sum_from(&reached[0], 2))
        });
        if findings.is_violated() {
            return;
        }
    }
}

/// The geometric graph of the instruments with n servers and task types.
fn graph(
    setting: &Setting<'_>,
    n: u32,
    degree: f64,
    (k, p): (u32, f64),
    seed: u64,
) -> Result<BipartiteGraph, GenerateError> {
    let norm = Norm::new(p)?;
    (setting.instruments.geometric)(
        &Sites::uniform(n, n, k, seed)?,
        Reach::MeanDegree(degree).radius(n, k, norm)?,
        norm,
    )
}

/// (4.50): the largest relative deviation of a degree from its mean; (4.51) to (4.53) on the first
/// graphs.
fn degrees(setting: &Setting<'_>, findings: &mut Findings, seed: u64, share: f64) {
    // 2 N exp(-epsilon^2 E d_v / 3) + 2 M exp(-epsilon^2 E d_w / 3) = OFF / the number of shapes.
    let each = OFF / SHAPES.len() as f64;
    let epsilon = (3.0 / DEGREE * (4.0 * f64::from(SIZE) / each).ln()).sqrt();
    let mut failed = None;
    let mut slack = f64::INFINITY;
    let name = format!("P(some degree off by {epsilon:.3} of its mean)");
    let mut parts = vec![Part::at_most(name, (0.0, 1.0), OFF, 0.0, share)];
    for (k, p) in SHAPES {
        let (name, range) = (format!("k = {k}, p = {p}: mean degree / (N vol)"), (0.91, 1.09));
        parts.push(Part::at_most(&name, range, 1.03, 0.0, share));
        parts.push(Part::at_least(&name, range, 0.97, 0.0, share));
    }
    findings.settle(parts, most(setting), |replication| {
        let mut off = false;
        let mut figures = vec![(0.0, 0.0)];
        for (at, shape) in (0..).zip(SHAPES) {
            let replication = replication * SHAPES.len() as u64 + at;
            let own = seed ^ replication.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let graph = match graph(setting, SIZE, DEGREE, shape, own) {
                Ok(graph) => graph,
                Err(error) => {
                    failed.get_or_insert(format!("k = {}, p = {}: {error}", shape.0, shape.1));
                    figures.extend([(0.0, 0.0); 2]);
                    continue;
                }
            };
            let mean = graph.n_edges() as f64 / f64::from(SIZE) / DEGREE;
            figures.extend([(mean, mean); 2]);
            let realised = deviation(&graph);
            off |= realised >= epsilon;
            if replication < LOOKED_AT * SHAPES.len() as u64 {
                match inequalities(setting, &graph, realised) {
                    Ok(least) => slack = slack.min(least),
                    Err(found) => {
                        failed.get_or_insert(format!("k = {}, p = {}: {found}", shape.0, shape.1));
                    }
                }
            }
        }
        let off = f64::from(u8::from(off));
        figures[0] = (off, off);
        figures
    });
    match failed {
        Some(found) => findings.violated(found),
        None => findings.holds(slack),
    }
}

/// max over all servers and task types of |degree / mean degree - 1|.
fn deviation(graph: &BipartiteGraph) -> f64 {
    let servers = (0..graph.n_servers()).map(|v| graph.server_degree(v));
    let task_types = (0..graph.n_task_types()).map(|w| graph.task_degree(w));
    servers.chain(task_types).map(|degree| (degree as f64 / DEGREE - 1.0).abs()).fold(0.0, f64::max)
}

/// (4.51) to (4.53) with this epsilon: the least slack, or what fails.
fn inequalities(
    setting: &Setting<'_>,
    graph: &BipartiteGraph,
    epsilon: f64,
) -> Result<f64, String> {
    if epsilon >= 1.0 {
        return Ok(f64::INFINITY);
    }
    let loads = metrics::server_loads_f64(graph);
    let (phi, gamma) = ((setting.instruments.phi)(graph), (setting.instruments.gamma)(graph));
    let (phi, gamma) = (ratio::to_f64(&phi), ratio::to_f64(&gamma));
    // The sums have at most N terms of one sign, and the bounds a few operations.
    let rounding = (f64::from(SIZE) + 16.0) * f64::EPSILON;
    let (least, largest) = loads
        .iter()
        .fold((f64::INFINITY, 0.0), |(a, b), &load| (f64::min(a, load), f64::max(b, load)));
    let fewest = (0..graph.n_task_types()).map(|w| graph.task_degree(w)).min().unwrap_or(0) as f64;
    let up = (1.0 + epsilon) / (1.0 - epsilon);
    let of_half = if epsilon <= 0.5 { 4.0 * epsilon - phi } else { f64::INFINITY };
    let checks = [
        ("(4.51), lower", least - 1.0 / up),
        ("(4.51), upper", up - largest),
        ("(4.52)", 2.0 * epsilon / (1.0 - epsilon) - phi),
        ("(4.52), with epsilon <= 1/2", of_half),
        ("(4.53), first step", 1.0 / fewest - gamma),
        ("(4.53), second step", 1.0 / ((1.0 - epsilon) * DEGREE) - 1.0 / fewest),
    ];
    let mut slack = f64::INFINITY;
    for (what, margin) in checks {
        if margin.is_nan() || margin < -rounding * up {
            return Err(format!("{what} fails by {margin:e} with epsilon = {epsilon}"));
        }
        slack = slack.min(margin.max(0.0));
    }
    Ok(slack)
}

/// The distance from q* in steady state, on the first graph drawn that meets the premises.
fn steady(
    setting: &Setting<'_>,
    findings: &mut Findings,
    (name, degree): (&str, f64),
    (n, lambda): (u32, f64),
    limit_of: f64,
    seed: u64,
    share: f64,
) {
    let what = format!("mean degree {name} = {degree:.0}, N = {n}");
    let mut missed = Vec::new();
    for draw in 0..DRAWS {
        let own = seed ^ draw.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let graph = match graph(setting, n, degree, (2, 2.0), own) {
            Ok(graph) => graph,
            Err(error) => return findings.violated(format!("{what}: {error}")),
        };
        let phi = metrics::phi_f64(&graph);
        let isolated = !graph.isolated_task_types().is_empty();
        let model = match Model::new(graph, lambda, D) {
            Ok(model) => model,
            Err(error) => return findings.open(error.to_string()),
        };
        let rho = loads::rho_f64(&model);
        let error = limit_of / 50.0;
        // Theorem 3.1's own premises at the lower load, a certificate of stability at the higher.
        let (load, steady) = if lambda == LAMBDA {
            let steady = SteadyState::new(setting.subject, model, error, own);
            (format!("rho = {rho:.3}"), steady.filter(|_| rho <= 0.9 && phi <= 1.0))
        } else {
            let effort = Effort { gap: 0.05, steps: 200 };
            let lower = critical_load_bounds(model.graph(), D, effort).map_or(0.0, |b| b.lower);
            let steady = SteadyState::by_critical_load(setting.subject, model, lower, error, own);
            (format!("rho = {rho:.3}, kappa <= {:.3}", lambda / lower), steady)
        };
        let Some(steady) = steady.filter(|_| !isolated) else {
            missed.push(format!("{load}, phi = {phi:.3}"));
            continue;
        };
        let fixed_point = limit(setting, lambda, D);
        let name = format!("{what}, {load}");
        let part = Part::at_most(name, (0.0, 1.5 * limit_of), limit_of, steady.error(), share);
        findings.settle_one(part, most(setting), |r| distance(&steady.draw(r), &fixed_point, 1.0));
        if !missed.is_empty() {
            findings.note(format!("{} graphs before it miss the premises", missed.len()));
        }
        return;
    }
    findings.open(format!("{what}: {DRAWS} graphs miss the premises ({})", missed.join("; ")));
}

/// phi and gamma at the N reached.
fn reached(setting: &Setting<'_>, findings: &mut Findings, seed: u64) {
    let sizes: &[u32] =
        if setting.plan.effort < 8 { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000] };
    for (name, degree) in
        [("(ln N)^2", (|n| n.ln().powi(2)) as fn(f64) -> f64), ("sqrt(N)", f64::sqrt)]
    {
        for &n in sizes {
            let degree = degree(f64::from(n));
            match graph(setting, n, degree, (2, 2.0), seed) {
                Ok(graph) => {
                    let (phi, gamma) = (metrics::phi_f64(&graph), metrics::gamma_f64(&graph));
                    let rho =
                        0.8 * metrics::server_loads_f64(&graph).iter().copied().fold(0.0, f64::max);
                    let met = if rho < 1.0 && phi <= 1.0 { "met" } else { "not met" };
                    findings.note(format!(
                        "mean degree {name} = {degree:.0}, N = {n}: phi = {phi:.3}, gamma = \
                         {gamma:.4}; Theorem 3.1's hypotheses at lambda = 0.8: {met} (rho = \
                         {rho:.2})"
                    ));
                }
                Err(error) => findings.violated(format!("mean degree {name}, N = {n}: {error}")),
            }
        }
    }
}
