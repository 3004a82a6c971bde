//! The figures of section 2 and Remark 1 on arbitrary graphs.

use num_traits::{One, Signed, Zero};

use super::input::{Input, near};
use crate::graph::{BipartiteGraph, Isolated, metrics as figures};
use crate::model::{Model, loads};
use crate::num::ratio::{self, Ratio, ratio};
use crate::theory::stability::{
    Effort, critical_load_bounds, critical_load_by_flow, critical_load_by_subsets, is_ergodic,
    ratio_of_set,
};

/// Bytes as a graph of at most six servers, a relabelling and a set of servers: section 2's figures
/// and Remark 1.
///
/// # Panics
/// If rho, phi or gamma differ from their definitions, change under relabelling, or the ways to the
/// critical load disagree.
pub fn metrics(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(6, 4);
    let (graph, d) = (model.graph(), model.d());
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let (servers, task_types) = (input.permutation(n), input.permutation(m));
    let edges: Vec<(u32, u32)> =
        graph.iter_edges().map(|(v, w)| (servers[v as usize], task_types[w as usize])).collect();
    let relabelled =
        BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).expect("a relabelling of a graph");

    // The definitions, term by term.
    let share = |w: u32| ratio(1, graph.task_degree(w) as i64);
    let scale = ratio(n.into(), m.into());
    let loads: Vec<Ratio> =
        (0..n).map(|v| graph.task_types_of(v).iter().map(share).sum::<Ratio>() * &scale).collect();
    let (max, min) = (loads.iter().max().expect("a server"), loads.iter().min().expect("a server"));
    let (rho, phi, gamma) = (loads::rho(&model), figures::phi(graph), figures::gamma(graph));
    assert_eq!(rho, max * model.load().exact(), "(2.1)");
    let deviations = loads.iter().map(|load| (load - Ratio::one()).abs());
    assert_eq!(phi, deviations.max().expect("a server"), "phi of (2.3)");
    let served: Vec<u32> = (0..m).filter(|&w| graph.task_degree(w) > 0).collect();
    let sum: Ratio = served.iter().map(|&w| share(w)).sum();
    assert_eq!(gamma, sum / ratio::whole(m.into()), "gamma of (2.3)");
    let all = &scale * ratio::whole(served.len() as u64);
    assert_eq!(loads.iter().sum::<Ratio>(), all, "every task that is not lost is served once");
    assert_eq!((&figures::max_server_load(graph), &figures::min_server_load(graph)), (max, min));
    let busiest: Vec<u32> = (0..n).filter(|&v| loads[v as usize] == *max).collect();
    assert_eq!(figures::busiest_servers(graph), busiest);
    near(loads::rho_f64(&model), &rho, u64::from(m) + 5);
    near(figures::gamma_f64(graph), &gamma, u64::from(m) + 3);
    let regular = graph
        .iter_edges()
        .all(|(v, w)| n as usize * graph.server_degree(v) == m as usize * graph.task_degree(w));
    assert_eq!(figures::is_regular(graph), regular, "Definition 3.5");
    let evenly = regular && (0..n).all(|v| graph.server_degree(v) > 0);
    assert!(!evenly || phi.is_zero(), "regular, every server with an edge, and phi = {phi}");

    let mut sizes = [graph, &relabelled].map(|graph| figures::components(graph).sizes());
    sizes.iter_mut().for_each(|sizes| sizes.sort_unstable());
    assert_eq!(sizes[0], sizes[1], "the components of a relabelling");
    let same = Model::with_load(relabelled.clone(), model.load().clone(), d).expect("a model");
    let others = (loads::rho(&same), figures::phi(&relabelled), figures::gamma(&relabelled));
    assert_eq!((rho, phi, gamma), others, "the figures of a relabelling");
    assert_eq!(figures::is_regular(&relabelled), regular);

    let set: Vec<u32> = (0..n).filter(|_| input.byte() & 1 == 1).collect();
    critical_loads(&model, &relabelled, max, &set);
}

/// Remark 1 by all sets, by flow and by bounds; `max_load` is the largest load at lambda = 1.
fn critical_loads(model: &Model, relabelled: &BipartiteGraph, max_load: &Ratio, set: &[u32]) {
    let (graph, d) = (model.graph(), model.d());
    let Ok(critical) = critical_load_by_subsets(graph, d) else {
        let found = (graph.n_edges(), is_ergodic(model));
        assert_eq!(found, (0, Ok(true)), "only a graph without edges has no critical load");
        return;
    };
    let flow = critical_load_by_flow(graph, d).expect("few sample sets");
    assert_eq!(critical.lambda, flow.lambda, "by sets and by flow");
    for bottleneck in [&critical.bottleneck, &flow.bottleneck] {
        let ratio = ratio_of_set(graph, d, bottleneck);
        assert_eq!(ratio.as_ref(), Some(&critical.lambda), "{bottleneck:?}");
    }
    let same = critical_load_by_subsets(relabelled, d).expect("the same edges");
    assert_eq!(same.lambda, critical.lambda);
    let ratio = ratio_of_set(graph, d, set);
    assert!(ratio.is_none_or(|bound| bound >= critical.lambda), "{set:?} is below the least");
    // With 40 samples, what a single server must do is below the rounding of its load.
    for (d, exact) in
        [(d, &critical.lambda), (40, &critical_load_by_subsets(graph, 40).expect("an edge").lambda)]
    {
        let bounds =
            critical_load_bounds(graph, d, Effort { gap: 1e-3, steps: 50 }).expect("an edge");
        let [lower, upper] = [bounds.lower, bounds.upper]
            .map(|bound| Ratio::from_float(bound).expect("a finite bound"));
        assert!(lower <= *exact && *exact <= upper, "{bounds:?} around {exact}, d = {d}");
    }
    assert_eq!(is_ergodic(model), Ok(*model.load().exact() < critical.lambda));
    // Random routing is one way to route, the only one with a single sample; one more sample never
    // hurts.
    let random = max_load.recip();
    assert!(critical.lambda >= random, "rho(G) < 1 is enough");
    assert_eq!(critical_load_by_subsets(graph, 1).expect("an edge").lambda, random);
    assert!(critical_load_by_subsets(graph, d + 1).expect("an edge").lambda >= critical.lambda);
    if graph.isolated_task_types().is_empty() {
        assert!(critical.lambda <= Ratio::one(), "the set of all servers");
    }
}
