//! Figures 2, 3 and 4 of section 5 as claims: M = N, d = 2, lambda = 0.8.
//!
//! | figure | claim |
//! |---|---|
//! | 2, mean queue lengths | [`FIG_2`]: random regular graphs against independent figures, the complete graph against q* |
//! | 3, paths from empty | [`FIG_3`]: dense graphs follow (3.5), those of degree 3 do not |
//! | 4, tails | [`FIG_4`]: the complete graph has the tail of q*, degree 3 a heavier one |
//!
//! "Steady state" here is the state from empty at t = 40: at or below the steady state in the mean,
//! with what is missing some exp(-0.158 t) (the spectral gap of (3.5) at this load), far below the
//! margins. It is not certified from above. The N are moderate at the everyday effort; 8 times the
//! effort takes ten times the N, 64 times a hundred times.
//!
//! **Geometric graphs of mean degree 3 and ln N have no steady state at this load**: a set of
//! servers gets more than it serves, which is certified by its own figures. What section 5 plots of
//! them is a transient, and grows with the time of the run. For mean degree (ln N)^2 and sqrt(N)
//! the critical load is above 0.8: there is a steady state, although rho(G) >= 1 and Theorem 3.1
//! says nothing about it. Both are verdicts of `fig-2`.
//!
//! **The other points of geometric curves have no verdict here.** At mean degrees 3 and ln N a mean
//! length or a tail in "steady state" is a property of the run's length, which the print does not
//! state; at (ln N)^2 the distance from q* has one in `cor-3.4`, at this load, certified from both
//! sides. The plots of figures 2 and 4 are drawn with intervals by `fluidcheck figures`.
//!
//! # Source
//! Section 5. The independent figures are from an event-list simulator apart from this crate, N = M
//! = 10^4, three digits.

use std::error::Error;

use super::states_at_times::{l1, solution, states};
use super::steady_distance::sum_from;
use super::{limit, model, most};
use crate::claims::parts::{Findings, Part, exactly};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::generate::{self, Norm, Reach, Sites};
use crate::theory::stability::{Effort, critical_load_bounds};

/// Mean queue lengths from empty, clipped to 0.2 around 1.928, 1.801, 1.639 and 1.566 for k = 3, 4,
/// 10, 100; geometric graphs of mean degree 3 and ln N have no steady state, those of (ln N)^2 and
/// sqrt(N) have one (N = 1000, or more with --effort; lambda = 0.8, d = 2).
pub(crate) const FIG_2: Claim = Claim {
    id: "fig-2",
    source: "section 5, figure 2",
    paper: &["Figure 2"],
    statement: "mean queue lengths at t = 40 are within 0.07 of 1.928 to 1.566 on regular \
        graphs, of the limit on complete ones",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a mean queue length off by 0.07",
        observations: 400,
        unit: "replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::FIXED_POINT_ONE_CHOICE_MORE,
        faults::ONE_SAMPLE_LESS,
        faults::ONE_SAMPLE_MORE,
        faults::SAMPLED_FROM_EVERYWHERE,
    ],
    run: fig_2,
};

/// Paths: with D the largest l1 distance from (3.5) at t = 1, 2, 5, E min(0.03, D) <= 0.02 on the
/// complete graph with N = 10^5, E min(0.15, D) <= 0.05 on random regular graphs with N = 10^4, k =
/// (ln N)^2, and E min(1, D) >= 0.05 with k = 3 (lambda = 0.8, d = 2).
pub(crate) const FIG_3: Claim = Claim {
    id: "fig-3",
    source: "section 5, figure 3",
    paper: &["Figure 3"],
    statement: "from empty, paths stay close to (3.5) on complete graphs and regular ones, k = \
        (ln N)^2, and not for k = 3",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "an l1 distance from (3.5) of 0.02 (complete), 0.05 (k = 84); one below 0.05 \
            for k = 3",
        observations: 150,
        unit: "paths",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DROPPED_DEPARTURES, faults::ONE_SAMPLE_MORE],
    run: fig_3,
};

/// Tails from empty: on the complete graph q_2, q_3 and q_4, clipped to three times the margin
/// around q*_i, are within 0.05, 0.05 and 0.02 of it; with k = 3, E q_i >= 6/5 q*_3, 2 q*_4, 8 q*_5
/// for i = 3, 4, 5, so in steady state too (N = 1000, or more with --effort; lambda = 0.8, d = 2).
pub(crate) const FIG_4: Claim = Claim {
    id: "fig-4",
    source: "section 5, figure 4",
    paper: &["Figure 4"],
    statement: "at t = 40, q_2 to q_4 are close to q* on complete graphs, and tails are heavier \
        on regular ones with k = 3",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "q_2, q_3 off by 0.05, q_4 by 0.02; tails of degree 3 below 6/5, 2, 8 times \
            q*_3, q*_4, q*_5",
        observations: 180,
        unit: "replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::FIXED_POINT_ONE_CHOICE_MORE,
        faults::FIXED_POINT_AS_PRINTED,
        faults::SAMPLED_FROM_EVERYWHERE,
    ],
    run: fig_4,
};

const LAMBDA: f64 = 0.8;
const D: u32 = 2;

/// Degree and mean queue length of random regular graphs, N = M = 10^4.
const MEAN_QUEUE_LENGTHS: [(u32, f64); 4] = [(3, 1.928), (4, 1.801), (10, 1.639), (100, 1.566)];

/// When a path from empty counts as settled.
const SETTLED: f64 = 40.0;

/// N of figures 2 and 4.
fn size(setting: &Setting<'_>) -> u32 {
    match setting.plan.effort {
        0..8 => 1_000,
        8..64 => 10_000,
        64.. => 100_000,
    }
}

fn fig_2(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let n = size(setting);
    let fixed_point = limit(setting, LAMBDA, D);
    let mut findings = Findings::new(setting.alpha);
    let share = setting.alpha / (2.0 * (MEAN_QUEUE_LENGTHS.len() + 1) as f64);
    let complete = ("complete".to_owned(), generate::complete(n, n), sum_from(&fixed_point, 1));
    let regular = MEAN_QUEUE_LENGTHS.map(|(k, length)| {
        let seed = setting.seed(&format!("{} graphs", claim.id)) ^ u64::from(k);
        let graph = generate::random_regular(n, n, k, seed);
        (format!("k = {k}"), graph, length)
    });
    for (name, graph, length) in std::iter::once(complete).chain(regular) {
        let model = model(graph, LAMBDA, D);
        let (range, start) = ((length - 0.2, length + 0.2), vec![0; n as usize]);
        let seed = setting.seed(&format!("{} {name}", claim.id));
        let what = format!("{name}, N = {n}");
        let parts = vec![
            Part::at_most(&what, range, length + 0.07, 0.0, share),
            Part::at_least(&what, range, length - 0.07, 0.0, share),
        ];
        let parts = findings.settle(parts, most(setting), |replication| {
            let reached = states(setting, &model, seed, replication, &start, &[SETTLED]);
            let mean = sum_from(&reached[0], 1);
            vec![(mean, mean); 2]
        });
        if findings.is_violated() {
            return findings.evidence();
        }
        findings.note(format!(
            "as on a complete graph with d = {:.2} choices",
            effective_choices(parts[0].mean().0)
        ));
    }
    for (name, degree) in [
        ("3", 3.0),
        ("ln N", f64::from(n).ln()),
        ("(ln N)^2", f64::from(n).ln().powi(2)),
        ("sqrt(N)", f64::from(n).sqrt()),
    ] {
        let settles = degree > 10.0;
        match critical_bounds(setting, n, degree, setting.seed(&format!("{} sites", claim.id))) {
            Ok((lower, upper, servers)) if !settles && upper <= LAMBDA => {
                findings.holds(LAMBDA - upper);
                findings.note(format!(
                    "geometric, mean degree {name}: no steady state, its figure is a transient \
                     (critical load at most {upper:.3} by a set of {servers} servers, at least \
                     {lower:.3})"
                ));
            }
            Ok((lower, upper, _)) if !settles => {
                findings.violated(format!(
                    "geometric, mean degree {name}: the critical load is only known to be in \
                     [{lower:.3}, {upper:.3}]"
                ));
            }
            Ok((lower, ..)) if lower > LAMBDA => {
                findings.holds(lower - LAMBDA);
                findings.note(format!(
                    "geometric, mean degree {name}: a steady state exists (critical load at least \
                     {lower:.3})"
                ));
            }
            Ok((lower, ..)) => findings.open(format!(
                "geometric, mean degree {name}: not certified to have a steady state (critical \
                 load at least {lower:.3})"
            )),
            Err(error) => findings.open(format!("geometric, mean degree {name}: {error}")),
        }
    }
    findings.evidence()
}

/// Bounds on the critical load of a geometric graph, and the size of the set that proves the upper
/// one.
fn critical_bounds(
    setting: &Setting<'_>,
    n: u32,
    degree: f64,
    seed: u64,
) -> Result<(f64, f64, usize), Box<dyn Error>> {
    let norm = Norm::EUCLIDEAN;
    let sites = Sites::uniform(n, n, 2, seed)?;
    let radius = Reach::MeanDegree(degree).radius(n, 2, norm)?;
    let graph = (setting.instruments.geometric)(&sites, radius, norm)?;
    let bounds = critical_load_bounds(&graph, D, Effort { gap: 0.1, steps: 2_000 })?;
    Ok((bounds.lower, bounds.upper, bounds.bottleneck.len()))
}

/// The d, not whole in general, of which q* has this mean queue length: the larger the mean, the
/// smaller d.
fn effective_choices(mean: f64) -> f64 {
    let length =
        |d: f64| -> f64 { (1..200).map(|i| LAMBDA.powf((d.powi(i) - 1.0) / (d - 1.0))).sum() };
    let (mut low, mut high) = (1.0 + 1e-6, 64.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if length(middle) > mean { low = middle } else { high = middle }
    }
    low
}

fn fig_3(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let mut findings = Findings::new(setting.alpha);
    let share = setting.alpha / 3.0;
    let degree = 10_000f64.ln().powi(2) as u32;
    let seed = setting.seed(&format!("{} graphs", claim.id));
    let regular = |k| generate::random_regular(10_000, 10_000, k, seed ^ u64::from(k));
    let rows = [
        ("complete, N = 100000".to_owned(), generate::complete(100_000, 100_000), 0.03, 0.02, true),
        (format!("k = {degree}, N = 10000"), regular(degree), 0.15, 0.05, true),
        ("k = 3, N = 10000".to_owned(), regular(3), 1.0, 0.05, false),
    ];
    for (name, graph, clip, limit, below) in rows {
        let model = model(graph, LAMBDA, D);
        let times = [1, 2, 5];
        let expected = solution(setting, &model, &[], &times);
        let start = vec![0; model.graph().n_servers() as usize];
        let seed = setting.seed(&format!("{} {name}", claim.id));
        let part = if below { Part::at_most } else { Part::at_least };
        let part = part(name, (0.0, clip), limit, expected.error, share);
        findings.settle_one(part, most(setting), |replication| {
            let reached = states(setting, &model, seed, replication, &start, &times.map(f64::from));
            let apart = reached
                .iter()
                .zip(&expected.q)
                .map(|(q, expected)| l1(q, expected))
                .fold(0.0, f64::max);
            exactly(apart)
        });
        if findings.is_violated() {
            break;
        }
    }
    findings.evidence()
}

fn fig_4(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let n = size(setting);
    let fixed_point = limit(setting, LAMBDA, D);
    let mut findings = Findings::new(setting.alpha);
    let share = setting.alpha / 9.0;
    let start = vec![0; n as usize];
    let at = |q: &[f64], i: usize| q.get(i - 1).copied().unwrap_or(0.0);

    let complete = model(generate::complete(n, n), LAMBDA, D);
    let parts = [(2, 0.05), (3, 0.05), (4, 0.02)].into_iter().flat_map(|(i, margin)| {
        let (target, name) = (at(&fixed_point, i), format!("complete, N = {n}: q_{i}"));
        let range = (target - 3.0 * margin, target + 3.0 * margin);
        [
            Part::at_most(&name, range, target + margin, 0.0, share),
            Part::at_least(&name, range, target - margin, 0.0, share),
        ]
    });
    let path = setting.seed(&format!("{} complete", claim.id));
    findings.settle(parts.collect(), most(setting), |replication| {
        let reached = states(setting, &complete, path, replication, &start, &[SETTLED]);
        (2..=4).flat_map(|i| [(at(&reached[0], i), at(&reached[0], i)); 2]).collect()
    });
    if findings.is_violated() {
        return findings.evidence();
    }

    let seed = setting.seed(&format!("{} graph", claim.id));
    let sparse = model(generate::random_regular(n, n, 3, seed), LAMBDA, D);
    let factors = [(3, 1.2), (4, 2.0), (5, 8.0)];
    let parts = factors.map(|(i, factor)| {
        let least = factor * at(&fixed_point, i);
        // Clipping from above makes a mean smaller, never larger.
        let name = format!("k = 3, N = {n}: q_{i}");
        Part::at_least(name, (0.0, (4.0 * least).min(1.0)), least, 0.0, share)
    });
    let path = setting.seed(&format!("{} degree 3", claim.id));
    findings.settle(parts.into(), most(setting), |replication| {
        let reached = states(setting, &sparse, path, replication, &start, &[SETTLED]);
        factors.map(|(i, _)| (at(&reached[0], i), at(&reached[0], i))).into()
    });
    findings.evidence()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_number_of_choices_of_a_fixed_point_is_its_own() {
        for d in [2u32, 3] {
            let mean: f64 =
                (1..60).map(|i| crate::theory::mean_field::fixed_point(LAMBDA, d, i)).sum();
            assert!((effective_choices(mean) - f64::from(d)).abs() < 1e-9, "d = {d}");
        }
    }
}
