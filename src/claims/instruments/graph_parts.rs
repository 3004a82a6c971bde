//! The graph that runs is the graph that was given: both sides, refusals, files, and the laws of
//! random graphs.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::claims::cases::Outcome;
use crate::claims::small_graphs::{self, adjacency};
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting, Verdict};
use crate::faults;
use crate::graph::format::{self, Format};
use crate::graph::generate::{self, GenerateError, Sites};
use crate::graph::{BipartiteGraph, GraphError, Isolated};
use crate::num::ratio::{self, Ratio};
use crate::stats::decision::Decision;
use crate::stats::tilts::{self, TiltedBets};

/// One graph, whichever side one looks from: each server and task type lists the other; double
/// edges and isolated task types are refused.
pub(crate) const GRAPH_SIDES: Claim = Claim {
    id: "graph-sides",
    source: "section 2",
    paper: &["Section 2"],
    statement: "the system that runs has the edges and rates that were given; malformed graphs \
        are refused",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[crate::claims::Hypothesis::EdgesAtMost(1 << 20)],
    rejects: &[faults::MISSING_EDGE, faults::RATES_IGNORED],
    run: graph_sides,
};

/// Graphs by name; random regular ones have the stated degrees, and a union the edges of its parts
/// apart.
pub(crate) const NAMED_GRAPHS: Claim = Claim {
    id: "named-graphs",
    source: "sections 2 and 5",
    paper: &["Section 2", "Section 5"],
    statement: "complete, circulant, cycle, path, star, regular graphs and unions have the edges \
        of their definitions",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::MULTI_EDGES_ERASED, faults::SLOT_LEFT_UNSET, faults::WRAPS_TOO_EARLY],
    run: named_graphs,
};

/// Files: edge lists count from 0, Matrix Market from 1, a symmetric matrix has both halves, and a
/// task type without servers still counts.
pub(crate) const FORMATS: Claim = Claim {
    id: "formats",
    source: "files of graphs",
    paper: &[],
    statement: "a graph written and read again is the same graph, in every format",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::SYMMETRIC_NOT_EXPANDED, faults::ISOLATED_FORGOTTEN],
    run: formats,
};

/// Random graphs.
pub(crate) const RANDOM_GRAPHS: Claim = Claim {
    id: "random-graphs",
    source: "Definition 3.3, section 5",
    paper: &["Definition 3.3", "Section 5"],
    statement: "places are uniform, Erdos-Renyi edges independent of the stated probability, \
        half-edges matched without preference",
    kind: Kind::Statistical,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "odds of an edge, a place or a match off by the factor exp(0.3)",
        observations: 4_100,
        unit: "graphs",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::MULTI_EDGES_ERASED],
    run: random_graphs,
};

fn graph_sides(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, 1, "graph, edge by edge", |_, rng| {
        let given = setting.model.graph();
        let system = setting.subject.system(setting.model);
        sides(given, system.graph(), rng).map_or_else(|| Outcome::holds(0.0), Outcome::violated)
    })
}

fn sides(given: &BipartiteGraph, graph: &BipartiteGraph, rng: &mut ChaCha8Rng) -> Option<String> {
    let (n, m) = (given.n_servers(), given.n_task_types());
    if (graph.n_servers(), graph.n_task_types()) != (n, m) {
        let (n_servers, n_task_types) = (graph.n_servers(), graph.n_task_types());
        let found = format!("{n} servers and {m} task types became {n_servers} and {n_task_types}");
        return Some(found);
    }
    if let Some(w) = (0..m).find(|&w| graph.relative_rate(w) != given.relative_rate(w)) {
        let [given, found] = [given, graph].map(|graph| graph.relative_rate(w));
        return Some(format!(
            "task type {w} has {given} times the mean rate, in the system that runs {found}"
        ));
    }
    let rates: Vec<Ratio> =
        (0..m).map(|_| ratio::ratio(rng.random_range(1..=9), rng.random_range(1..=9))).collect();
    let sum: Ratio = rates.iter().sum();
    match graph.clone().with_rates(&rates) {
        Ok(rated)
            if rates.iter().zip(0..).all(|(rate, w)| {
                rated.relative_rate(w) * &sum == rate * ratio::whole(m.into())
            }) => {}
        _ => return Some("rates become others".to_owned()),
    }
    // One rounding of the exact rate, and a little for its quotient.
    let is_rounded = |w: u32| {
        let exact = ratio::to_f64(&graph.relative_rate(w));
        (graph.relative_rate_f64(w) - exact).abs() <= 2.0 * f64::EPSILON * exact
    };
    if let Some(w) = (0..m).find(|&w| !is_rounded(w)) {
        let (exact, rounded) = (graph.relative_rate(w), graph.relative_rate_f64(w));
        return Some(format!("task type {w} has {exact} times the mean rate, rounded {rounded}"));
    }
    let of_types: Vec<(u32, u32)> =
        (0..m).flat_map(|w| graph.servers_of(w).iter().map(move |v| (v, w))).collect();
    let mut of_servers: Vec<(u32, u32)> =
        (0..n).flat_map(|v| graph.task_types_of(v).iter().map(move |w| (v, w))).collect();
    let wanted: Vec<(u32, u32)> =
        (0..m).flat_map(|w| given.servers_of(w).iter().map(move |v| (v, w))).collect();
    of_servers.sort_unstable_by_key(|&(v, w)| (w, v));
    if of_types != wanted {
        return Some(format!("{} edges became {}", wanted.len(), of_types.len()));
    }
    if of_types != of_servers {
        let (from_types, from_servers) = (of_types.len(), of_servers.len());
        return Some(format!(
            "{from_types} edges seen from the task types, {from_servers} others from the servers"
        ));
    }
    if of_types.windows(2).any(|pair| (pair[0].1, pair[0].0) >= (pair[1].1, pair[1].0)) {
        return Some("neighbours that do not ascend".to_owned());
    }
    if graph.n_edges() != of_types.len() as u64 {
        return Some(format!("{} edges counted, {} listed", graph.n_edges(), of_types.len()));
    }
    let alone: Vec<u32> = (0..m).filter(|&w| graph.servers_of(w).is_empty()).collect();
    if graph.isolated_task_types() != alone {
        let isolated_task_types = graph.isolated_task_types();
        return Some(format!("isolated task types {alone:?} are named as {isolated_task_types:?}"));
    }
    for _ in 0..200 {
        let (v, w) = (rng.random_range(0..n), rng.random_range(0..m));
        let (listed, last) =
            (graph.servers_of(w).iter().any(|u| u == v), graph.servers_of(w).iter().last());
        let edges = [(v, listed), (last.unwrap_or(v), last.is_some())];
        if let Some((v, there)) =
            edges.into_iter().find(|&(v, there)| graph.servers_of(w).contains(v) != there)
        {
            return Some(format!(
                "server {v} is among those of task type {w}: {there}, said otherwise"
            ));
        }
    }
    // The same edges in another order, then with one twice, then with a task type that has none.
    let mut edges = of_types;
    for i in (1..edges.len()).rev() {
        edges.swap(i, rng.random_range(0..=i));
    }
    match BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop) {
        Ok(again)
            if again.iter_edges().count() == edges.len()
                && edges.iter().all(|&(v, w)| again.task_types_of(v).contains(w)) => {}
        other => {
            return Some(format!(
                "the edges in another order make {:?}",
                other.map(|graph| graph.n_edges())
            ));
        }
    }
    let twice: Vec<_> = edges.iter().copied().chain(edges.first().copied()).collect();
    if !edges.is_empty()
        && !matches!(
            BipartiteGraph::from_edges(n, m, &twice, Isolated::Drop),
            Err(GraphError::DuplicateEdge { .. })
        )
    {
        return Some("an edge given twice is not refused".to_owned());
    }
    if let Some(more) = m.checked_add(1) {
        let isolated = |choice| BipartiteGraph::from_edges(n, more, &edges, choice);
        if !matches!(isolated(Isolated::Refuse), Err(GraphError::IsolatedTaskTypes { .. })) {
            return Some("a task type without servers is dropped in silence".to_owned());
        }
        if isolated(Isolated::Drop).map(|graph| graph.isolated_task_types().contains(&m))
            != Ok(true)
        {
            return Some("a task type without servers, kept on request, is not named".to_owned());
        }
        // Where it has three times the rate of each other type, and no other is isolated.
        let rates: Vec<Ratio> =
            (0..more).map(|w| ratio::whole(if w == m { 3 } else { 1 })).collect();
        let lost = isolated(Isolated::Drop)
            .ok()
            .and_then(|graph| graph.with_rates(&rates).ok())
            .map(|graph| graph.lost_share());
        let expected =
            Ratio::new((3 + given.isolated_task_types().len()).into(), (u64::from(m) + 3).into());
        if lost.as_ref() != Some(&expected) {
            return Some(format!("a share of {lost:?} of the tasks has no server, not {expected}"));
        }
    }
    None
}

fn named_graphs(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, 24, "sizes, every graph of them", |case, rng| {
        let n = 3 + case as u32;
        let k = rng.random_range(1..=n);
        match differing(setting, n, k, rng.random_range(1..=9)) {
            Ok(None) => Outcome::holds(0.0),
            Ok(Some(what)) => Outcome::violated(format!(
                "{what} with n = {n}, k = {k} has other edges than its definition"
            )),
            Err(error) => Outcome::violated(format!("n = {n}, k = {k}: {error}")),
        }
    })
}

/// The first graph that is not what its name says.
fn differing(
    setting: &Setting<'_>,
    n: u32,
    k: u32,
    m: u32,
) -> Result<Option<&'static str>, GenerateError> {
    let is = |graph: &BipartiteGraph, m: u32, edge: &dyn Fn(u32, u32) -> bool| {
        (graph.n_servers(), graph.n_task_types()) == (n, m)
            && (0..m).all(|w| graph.servers_of(w).iter().eq((0..n).filter(|&v| edge(v, w))))
            && (0..n).all(|v| graph.task_types_of(v).iter().eq((0..m).filter(|&w| edge(v, w))))
    };
    let circulant = (setting.instruments.circulant)(n, k)?;
    let cycle = generate::cycle(n)?;
    // By server, as the random ones are given.
    let regular = (setting.instruments.random_regular)(n, n, k, u64::from(k))?;
    let degrees = (0..n).all(|v| {
        regular.task_types_of(v).len() == k as usize && regular.servers_of(v).len() == k as usize
    });
    let union =
        generate::disjoint_union(&[circulant.clone(), generate::complete(n, m)?, cycle.clone()])?;
    let parts = |v: u32, w: u32| match (v / n, w) {
        (0, w) if w < n => (v + n - w) % n < k,
        (1, w) => (n..n + m).contains(&w),
        (2, w) if w >= n + m => (v % n + n - (w - n - m)) % n < 2,
        _ => false,
    };
    let united = (union.n_servers(), union.n_task_types()) == (3 * n, 2 * n + m)
        && (0..2 * n + m)
            .all(|w| union.servers_of(w).iter().eq((0..3 * n).filter(|&v| parts(v, w))));
    let table = [
        ("the complete graph", is(&generate::complete(n, m)?, m, &|_, _| true)),
        ("the circulant graph", is(&circulant, n, &|v, w| (v + n - w) % n < k)),
        ("the cycle", is(&cycle, n, &|v, w| (v + n - w) % n < 2)),
        ("the path", is(&generate::path(n)?, n - 1, &|v, w| v == w || v == w + 1)),
        ("the star", is(&generate::star(n)?, n - 1, &|v, w| v == 0 || v == w + 1)),
        ("the random regular graph", degrees),
        ("the union", united),
    ];
    Ok(table.iter().find(|(_, right)| !right).map(|&(what, _)| what))
}

/// A file, its format, and the servers of each task type in it.
type File = (&'static str, Format, u32, &'static [&'static [u32]]);

const FILES: &[File] = &[
    ("0 0\n1 0\n2 1\n", Format::EdgeList, 3, &[&[0, 1], &[2]]),
    ("# servers=4 task_types=2\n3 0 # last\n0 1\n", Format::EdgeList, 4, &[&[3], &[0]]),
    ("# servers=2 task_types=3\n0 0\n1 2\n", Format::EdgeList, 2, &[&[0], &[], &[1]]),
    ("server,task_type\nb,x\na,x\nb,y\n", Format::Csv, 2, &[&[0, 1], &[0]]),
    (
        "%%MatrixMarket matrix coordinate pattern general\n3 2 3\n1 1\n3 1\n2 2\n",
        Format::MatrixMarket,
        3,
        &[&[0, 2], &[1]],
    ),
    (
        "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 4\n1 1\n2 1\n3 2\n3 3\n",
        Format::MatrixMarket,
        3,
        &[&[0, 1], &[0, 2], &[1, 2]],
    ),
    (
        "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 -1.5\n",
        Format::MatrixMarket,
        2,
        &[&[1], &[0]],
    ),
    (
        "%%MatrixMarket matrix coordinate integer general\n2 2 3\n1 1 1\n2 1 0\n2 2 7\n",
        Format::MatrixMarket,
        2,
        &[&[0], &[1]],
    ),
    (
        "%%MatrixMarket matrix array real general\n2 2\n1\n0\n1\n1\n",
        Format::MatrixMarket,
        2,
        &[&[0], &[0, 1]],
    ),
    ("% bip unweighted\n% 3 3 2\n1 1\n3 1\n2 2\n", Format::MatrixMarket, 3, &[&[0, 2], &[1]]),
];

fn formats(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let listed = FILES.len() as u64;
    setting.cases(claim, listed + 60, "files, listed, and written and read again", |case, rng| {
        if let Some(&(text, format, n, types)) = FILES.get(case as usize) {
            return match (setting.instruments.read_graph)(text.as_bytes(), format) {
                Ok(graph) if holds(&graph, n, types) => Outcome::holds(0.0),
                Ok(graph) => {
                    Outcome::violated(format!("{text:?} is read as {}", adjacency(&graph)))
                }
                Err(error) => Outcome::violated(format!("{text:?}: {error}")),
            };
        }
        let Ok(graph) = small_graphs::random(rng) else { return Outcome::Skipped };
        let format = [Format::EdgeList, Format::MatrixMarket][(case % 2) as usize];
        let mut text = Vec::new();
        if let Err(error) = format::write(&graph, format, &mut text) {
            return Outcome::violated(format!("{}: {error}", adjacency(&graph)));
        }
        match (setting.instruments.read_graph)(&text, format) {
            Ok(again) if again.iter_edges().eq(graph.iter_edges()) && again == graph => {
                Outcome::holds(0.0)
            }
            Ok(again) => {
                let [graph, again] = [&graph, &again].map(adjacency);
                Outcome::violated(format!("{graph} comes back as {again}"))
            }
            Err(error) => Outcome::violated(format!("{}: {error}", String::from_utf8_lossy(&text))),
        }
    })
}

fn holds(graph: &BipartiteGraph, n: u32, types: &[&[u32]]) -> bool {
    graph.n_servers() == n
        && graph.n_task_types() as usize == types.len()
        && (0..)
            .zip(types)
            .all(|(w, servers)| graph.servers_of(w).iter().eq(servers.iter().copied()))
}

fn random_graphs(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    const FEATURES: [&str; 6] = [
        "a coordinate above 1/2",
        "a coordinate of a server above 1/2 where that of a task type is",
        "an Erdos-Renyi edge",
        "an Erdos-Renyi edge at the first server or task type",
        "the regular edge of the first server and task type",
        "the regular edge of the last server and the first task type",
    ];
    let mut all = FEATURES.map(|_| TiltedBets::new(&tilts::OF_INDICATOR));
    let own_seed = setting.seed(claim.id);
    for graph in 0..8000 * u64::from(setting.plan.effort) {
        let seed = own_seed.wrapping_add(graph);
        if let Err(error) = look(setting, seed, &mut all) {
            return Evidence::violated(graph, error);
        }
        let share = setting.alpha / all.len() as f64;
        let decisions = all.each_ref().map(|bets| bets.decision(tilts::EXCLUDED, share));
        if let Some(at) = decisions.iter().position(|&found| found == Some(Decision::Violated)) {
            let found = format!("rejected after {} cases: {}", all[at].bets, FEATURES[at]);
            return Evidence::violated(graph, found);
        }
        if decisions.iter().all(|&found| found == Some(Decision::Holds)) {
            let most = all.iter().map(|bets| bets.strongest().0).fold(f64::NEG_INFINITY, f64::max);
            let found = format!(
                "{} graphs exclude tilts of 0.3 in the log-odds, the largest wealth 1e{:.3}",
                graph + 1,
                most / std::f64::consts::LN_10
            );
            return Evidence::of_test(Verdict::Holds, graph + 1, found);
        }
    }
    Evidence::of_test(Verdict::Inconclusive, 0, "the graphs exclude nothing".to_owned())
}

/// Puts one graph of each kind before the tests; an error where a generator fails.
fn look(setting: &Setting<'_>, seed: u64, all: &mut [TiltedBets<8>; 6]) -> Result<(), String> {
    let sites = Sites::uniform(20, 20, 2, seed).map_err(|error| error.to_string())?;
    for i in 0..20 {
        for (x, y) in sites.server(i).iter().zip(sites.task_type(i)) {
            all[0].bet_on(*x > 0.5, 0.5);
            all[0].bet_on(*y > 0.5, 0.5);
            all[1].bet_on((*x > 0.5) == (*y > 0.5), 0.5);
        }
    }
    let (n, m, degree) = (16, 12, 5.0);
    let graph = generate::erdos_renyi(n, m, degree, seed, Isolated::Drop)
        .map_err(|error| error.to_string())?;
    let p = degree / f64::from(n);
    for (v, w) in (0..n).flat_map(|v| (0..m).map(move |w| (v, w))) {
        let edge = graph.servers_of(w).iter().any(|u| u == v);
        all[2].bet_on(edge, p);
        if v == 0 || w == 0 {
            all[3].bet_on(edge, p);
        }
    }
    // One pair of each graph for each test: the pairs of one graph are not independent. Small, so
    // that repairs are common.
    let (n, m, k) = (6, 6, 3);
    let graph =
        (setting.instruments.random_regular)(n, m, k, seed).map_err(|error| error.to_string())?;
    for (indicator, (v, w)) in [(4, (0, 0)), (5, (n - 1, 0))] {
        // All task types are alike, so that each has k / m of the edges of a server.
        all[indicator]
            .bet_on(graph.servers_of(w).iter().any(|u| u == v), f64::from(k) / f64::from(m));
    }
    Ok(())
}
