//! Remark 1 against simulated queues: a tenth above the critical load they grow, a tenth below they
//! do not.
//!
//! While queues are what they may be, a set S is given tasks at a rate of at least lambda f(S) and
//! serves at most |S|, so that at a load a tenth above |S| / f(S) the expected number of tasks
//! grows by |S| / 10 in a unit of time, from the first event on: a bound and no estimate. Below the
//! critical load the number of tasks has a limit law, and its growth over a long time tends to 0.
//!
//! # Source
//! Remark 1, with replacement; Proposition 4.1.

use super::parts::{Findings, Part, exactly};
use super::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting, small_graphs};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::model::{Load, Model};
use crate::num::ratio::{Ratio, ratio};
use crate::subject::Path;

/// The criterion against the growth of queues: E min(0.4, X(t) / t) is at least 0.05 where Remark 1
/// says that there is no steady state, and at most that where it says that there is one: a tenth
/// above and below the critical load, d = 1, 2, 3, and at lambda = 0.9 for types {0}, {0,1}, which
/// (2.2) as printed calls ergodic.
pub(crate) const REM_1_GROWTH: Claim = Claim {
    id: "rem-1-growth",
    source: "Remark 1, with replacement; Proposition 4.1",
    paper: &["Remark 1"],
    statement: "from empty until t = 800, tasks pile up by 0.05 t or more above the critical \
        load, and by less below it",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "queues that grow or not on the wrong side of the critical load, a tenth away \
            from it",
        observations: 1_600,
        unit: "replications",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[
        faults::SAMPLING_WITHOUT_REPLACEMENT,
        faults::ONE_SAMPLE_LESS,
        faults::LAST_SERVER_NEVER_SERVED,
        faults::RHO_NECESSARY,
    ],
    run: growth,
};

/// When queues are looked at.
const TIME: f64 = 800.0;
/// Half of the least growth that is proved above the critical load.
const LIMIT: f64 = 0.05;
const MOST: f64 = 0.4;

/// Graphs whose bottleneck is one server of two, and two of three.
const GRAPHS: &[(&str, u32, &[&[u32]])] = &[
    ("types {0}, {0,1}", 2, &[&[0], &[0, 1]]),
    ("types {0,1}, {0,1}, {0,1,2}", 3, &[&[0, 1], &[0, 1], &[0, 1, 2]]),
];

fn growth(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let mut systems: Vec<(String, BipartiteGraph, u32, Ratio)> = Vec::new();
    for (name, n, types) in GRAPHS {
        let types: Vec<Vec<u32>> = types.iter().map(|servers| servers.to_vec()).collect();
        let Ok(graph) = small_graphs::of_task_types(*n, &types) else { continue };
        for d in 1..=3 {
            let Some(critical) = small_graphs::critical_load(&graph, d) else { continue };
            for times in [ratio(9, 10), ratio(11, 10)] {
                systems.push(((*name).to_owned(), graph.clone(), d, &critical * times));
            }
        }
        if *n == 2 {
            systems.push(((*name).to_owned(), graph, 2, ratio(9, 10)));
        }
    }
    let share = setting.alpha / systems.len() as f64;
    let mut findings = Findings::new(setting.alpha);
    for (at, (name, graph, d, load)) in (0u64..).zip(systems) {
        let Ok(model) = Load::new(load).and_then(|load| Model::with_load(graph, load, d)) else {
            continue;
        };
        let Some(ergodic) = (setting.instruments.is_ergodic)(&model) else { continue };
        let title = format!("{name}, d = {d}, lambda = {:.4}: growth", model.lambda());
        let part = if ergodic {
            Part::at_most(title, (0.0, MOST), LIMIT, 0.0, share)
        } else {
            Part::at_least(title, (0.0, MOST), LIMIT, 0.0, share)
        };
        let (n, seed) = (model.graph().n_servers(), setting.seed(claim.id) ^ at << 32);
        let events = (TIME * model.event_rate()) as u64;
        findings.settle_one(part, 3_000 * u64::from(setting.plan.effort), |replication| {
            let mut path =
                Path::new(setting.subject, &model, seed, replication, vec![0; n as usize]);
            path.advance(events);
            exactly(path.queues().total() as f64 / TIME)
        });
        if findings.is_violated() {
            break;
        }
    }
    findings.evidence()
}
