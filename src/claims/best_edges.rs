//! `inspect --improve`: which edges raise the critical load of Remark 1 most.
//!
//! What is promised is greedy: each edge is the best single one to add after those before it, it
//! does not lower the critical load, and the list ends early only where every edge that could help
//! would lower it. Here all edges that are missing are tried and all sets of servers are weighed,
//! by [`super::small_graphs`], so that neither the bottleneck nor the solver is trusted. Which of
//! equally good edges is taken, and what is done where not all can be tried, is not looked at.
//!
//! # Source
//! Remark 1, with replacement; the suggestions are not in the paper.

use super::cases::Outcome;
use super::small_graphs::{self, adjacency};
use super::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};
use crate::random::below;
use crate::theory::stability::{Addition, CriticalLoad};

/// Edges asked for: the second shows whether the first was added.
const STEPS: usize = 2;

/// Servers up to which every missing edge is weighed by all sets of servers.
const MOST_SERVERS: u32 = 6;

/// By how servers are sampled.
const LAWS: [SampleLaw; 5] = [
    SampleLaw::Replacement(1),
    SampleLaw::Replacement(2),
    SampleLaw::Replacement(3),
    SampleLaw::Distinct(2),
    SampleLaw::All,
];

/// Suggested edges against all that are missing, on small graphs with and without rates.
pub(crate) const BEST_EDGES: Claim = Claim {
    id: "best-edges",
    source: "Remark 1, `inspect --improve`",
    paper: &["Remark 1"],
    statement: "no edge to add gives a higher critical load than the one suggested, none of which \
        lowers it",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::IMPROVE_OFFERS_THE_BUSIEST],
    run: best_edges,
};

fn best_edges(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let listed: Vec<_> = small_graphs::listed()
        .into_iter()
        .map(|(_, graph)| graph)
        .filter(|graph| graph.n_servers() <= MOST_SERVERS)
        .collect();
    let laws = LAWS.len() as u64;
    let count = (listed.len() as u64 + 40 * u64::from(setting.plan.effort)) * laws;
    let what = "graphs with a law of the samples, by all missing edges and all sets of servers";
    setting.cases(claim, count, what, |case, rng| {
        let law = LAWS[(case % laws) as usize];
        let graph = match listed.get((case / laws) as usize) {
            Some(graph) => graph.clone(),
            None => {
                let Ok(graph) = small_graphs::random(rng) else { return Outcome::Skipped };
                if below(rng, 2) == 0 {
                    graph
                } else {
                    let rate = |_| ratio::whole(u64::from(1 + below(rng, 4)));
                    let rates: Vec<Ratio> = (0..graph.n_task_types()).map(rate).collect();
                    let Ok(graph) = graph.with_rates(&rates) else { return Outcome::Skipped };
                    graph
                }
            }
        };
        let Some(critical) = small_graphs::critical_load(&graph, law) else {
            return Outcome::Skipped;
        };
        let rates: Vec<Ratio> = (0..graph.n_task_types()).map(|w| graph.relative_rate(w)).collect();
        let at = format!("{law:?}, {}, rates {:?}", adjacency(&graph), shown(&rates));
        match (setting.instruments.improve)(&graph, law, STEPS) {
            Ok(additions) => match greedy(graph, law, critical, &additions) {
                Ok(slack) => Outcome::holds(slack),
                Err(found) => Outcome::violated(format!("{found}; {at}")),
            },
            Err(error) => Outcome::violated(format!("no edge could be judged: {error}; {at}")),
        }
    })
}

fn shown(values: &[Ratio]) -> Vec<String> {
    values.iter().map(show).collect()
}

/// By how much the edges raise the critical load `now` of the graph, all together.
fn greedy(
    mut graph: BipartiteGraph,
    law: SampleLaw,
    mut now: Ratio,
    additions: &[Addition],
) -> Result<f64, String> {
    let first = now.clone();
    for step in 0..STEPS {
        let all = missing(&graph, law);
        let best = all.iter().max_by(|a, b| a.critical.cmp(&b.critical));
        let Some(Addition { server, task_type, critical: given, .. }) = additions.get(step) else {
            return match best {
                Some(best) if best.critical > now => Err(format!(
                    "no edge {} is suggested, yet {best} raises the critical load from {}",
                    step + 1,
                    show(&now)
                )),
                _ => Ok(ratio::to_f64(&(now - first))),
            };
        };
        let name = format!("edge {}, server {server} to type {task_type},", step + 1);
        let own = all.iter().find(|edge| (edge.server, edge.task_type) == (*server, *task_type));
        let (Some(own), Some(best)) = (own, best) else {
            return Err(format!("{name} is there already or cannot be added"));
        };
        let value = &own.critical;
        if !is_value(given, value) {
            let said = given.exact.as_ref().map(show);
            let (lower, upper, value) = (given.lower, given.upper, show(value));
            return Err(format!(
                "{name} is said to give {said:?}, in [{lower}, {upper}], and gives {value}"
            ));
        }
        if *value < now {
            let [value, now] = [value, &now].map(show);
            return Err(format!("{name} lowers the critical load from {now} to {value}"));
        }
        if *value < best.critical {
            return Err(format!("{name} gives {}, but {best}", show(value)));
        }
        now = value.clone();
        graph = own.graph.clone();
    }
    Ok(ratio::to_f64(&(now - first)))
}

fn is_value(given: &CriticalLoad, value: &Ratio) -> bool {
    match &given.exact {
        Some(exact) => exact == value,
        None => {
            [given.lower, given.upper].iter().all(|bound| bound.is_finite()) && {
                let [lower, upper] = [given.lower, given.upper].map(Ratio::from_float);
                lower.is_some_and(|lower| lower <= *value)
                    && upper.is_some_and(|upper| upper >= *value)
            }
        }
    }
}

/// An edge that could be added.
struct Edge {
    server: u32,
    task_type: u32,
    critical: Ratio,
    graph: BipartiteGraph,
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { server, task_type, critical, .. } = self;
        write!(f, "server {server} to type {task_type} gives {}", show(critical))
    }
}

/// All edges that are not there, with what they do.
fn missing(graph: &BipartiteGraph, law: SampleLaw) -> Vec<Edge> {
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let rates: Vec<Ratio> = (0..m).map(|w| graph.relative_rate(w)).collect();
    let add = |server: u32, task_type: u32| {
        let edges: Vec<(u32, u32)> = graph.iter_edges().chain([(server, task_type)]).collect();
        // The edge was missing and the rates are those of the graph: both are accepted.
        let larger = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).ok()?;
        let larger = if graph.rates().is_some() { larger.with_rates(&rates).ok()? } else { larger };
        let critical = small_graphs::critical_load(&larger, law)?;
        Some(Edge { server, task_type, critical, graph: larger })
    };
    let all = (0..n).flat_map(|v| (0..m).map(move |w| (v, w)));
    let free = |&(v, w): &(u32, u32)| graph.servers_of(w).iter().all(|other| other != v);
    all.filter(free).filter_map(|(v, w)| add(v, w)).collect()
}
