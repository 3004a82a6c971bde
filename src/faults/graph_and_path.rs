//! Faults of the graph that runs and of the path on it, coupled paths among them.

use std::collections::BTreeSet;

use num_traits::Zero;
use rand::RngExt;

use super::streams::random_type;
use super::{Fault, Group, on_graph};
use crate::graph::format::{Format, FormatError};
use crate::graph::generate::{GenerateError, Norm, Sites};
use crate::graph::{BipartiteGraph, Isolated};
use crate::instruments::{Instruments, REFERENCE, RunningOccupancy};
use crate::model::{Event, Model};
use crate::num::ratio::Ratio;
use crate::random::Coins;
use crate::simulate::coupled::Interval;
use crate::simulate::marks::{Mark, first_shortest};
use crate::simulate::{Queues, Simulation};

/// In the order of reports.
#[rustfmt::skip]
pub(super) const ALL: &[&Fault] = &[
    MISSING_EDGE, LAST_SERVER_NEVER_SERVED, GHOST_DEPARTURES, DROPPED_ARRIVALS,
    OCCUPANCY_OFF_BY_ONE, TORUS_WITHOUT_WRAP, MULTI_EDGES_ERASED, SYMMETRIC_NOT_EXPANDED,
    SLOW_CLOCK, PRODUCT_INSTEAD_OF_MINIMUM, INDEPENDENT_TIE_COINS, FIRST_AND_LAST_MINIMISER,
    DEPARTURES_NOT_COUPLED, INDEPENDENT_SYSTEMS, SLOT_LEFT_UNSET, WRAPS_TOO_EARLY,
    ISOLATED_FORGOTTEN, RECORDED_AFTER_EVENT, LOOKING_DRAWS, STRANDED_QUEUE, UNFINISHED_COUNTED,
    OCCUPANCY_DRIFTS,
];

const fn fault(id: &'static str) -> Fault {
    Fault::new(Group::GraphAndPath, id)
}

pub const MISSING_EDGE: &Fault = &fault("missing-edge")
    .about("One edge of the graph is missing, if it has at most 100 000.")
    .running(without_an_edge);

fn without_an_edge(model: &Model) -> Model {
    let graph = model.graph();
    // To list the edges of a large graph for each path costs more than the path, and no path shows
    // one of so many.
    if graph.n_edges() > 100_000 {
        return model.clone();
    }
    let mut edges: Vec<_> = graph.iter_edges().collect();
    // The first edge whose loss leaves no task type without a server.
    if let Some(lost) = edges.iter().position(|&(_, w)| graph.task_degree(w) > 1) {
        edges.remove(lost);
    }
    let less = with_edges(graph.n_servers(), graph.n_task_types(), edges).ok();
    on_graph(model, less.map(|less| less.with_rates_of(graph)))
}

fn with_edges(
    n: u32,
    m: u32,
    edges: impl IntoIterator<Item = (u32, u32)>,
) -> Result<BipartiteGraph, GenerateError> {
    let edges: Vec<_> = edges.into_iter().collect();
    Ok(BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop)?)
}

pub const LAST_SERVER_NEVER_SERVED: &Fault = &fault("last-server-never-served")
    .about("The last server is never served.")
    .applying(|model, queues, mark| match mark {
        Mark::Service { server } if server + 1 == model.graph().n_servers() => {
            Event::Service { server: 0 }
        }
        mark => queues.apply(mark),
    });

pub const GHOST_DEPARTURES: &Fault = &fault("ghost-departures")
    .about("The clock of an idle server counts as an arrival and a departure.")
    .applying(|_, queues, mark| match mark {
        Mark::Service { server } if queues.lengths()[server as usize] == 0 => {
            queues.join(server);
            queues.serve(server);
            Event::Service { server }
        }
        mark => queues.apply(mark),
    });

pub const DROPPED_ARRIVALS: &Fault = &fault("dropped-arrivals")
    .about("Tasks that would join a queue of three or more vanish, but are reported as arrivals.")
    .applying(|_, queues, mark| match mark {
        Mark::Arrival { task_type, samples } if !samples.is_empty() => {
            let server = first_shortest(samples, queues.lengths());
            if queues.lengths()[server as usize] < 3 {
                queues.join(server);
            }
            Event::Arrival { task_type, server }
        }
        mark => queues.apply(mark),
    });

pub const OCCUPANCY_OFF_BY_ONE: &Fault = &fault("occupancy-off-by-one")
    .about("The occupancy counts queues longer than i where it should count those of at least i.")
    .with(Instruments {
        occupancy: |lengths| (REFERENCE.occupancy)(lengths).into_iter().skip(1).collect(),
        ..REFERENCE
    });

pub const TORUS_WITHOUT_WRAP: &Fault = &fault("torus-without-wrap")
    .about(
        "Distances of a geometric graph are measured on the cube: the torus does not wrap \
         around.",
    )
    .with(Instruments { geometric: on_the_cube, ..REFERENCE });

fn on_the_cube(sites: &Sites, radius: f64, norm: Norm) -> Result<BipartiteGraph, GenerateError> {
    let p = norm.p();
    let apart = |v: u32, w: u32| {
        let along = sites.server(v).iter().zip(sites.task_type(w)).map(|(x, y)| (x - y).abs());
        if p.is_infinite() {
            along.fold(0.0, f64::max)
        } else {
            along.map(|t| t.powf(p)).sum::<f64>().powf(p.recip())
        }
    };
    let (n, m) = (sites.n_servers(), sites.n_task_types());
    let pairs = (0..n).flat_map(|v| (0..m).map(move |w| (v, w)));
    with_edges(n, m, pairs.filter(|&(v, w)| apart(v, w) <= radius))
}

pub const MULTI_EDGES_ERASED: &Fault = &fault("multi-edges-erased")
    .about(
        "A half-edge matching whose surplus copies of an edge are left out, so that degrees \
         fall short.",
    )
    .with(Instruments {
        random_regular: |n, m, k, seed| matching(n, m, k, seed, false),
        ..REFERENCE
    });

/// A fresh matching of half-edges, the second copy of an edge forgotten, or its slot left at 0.
fn matching(
    n: u32,
    m: u32,
    k: u32,
    seed: u64,
    slots_at_0: bool,
) -> Result<BipartiteGraph, GenerateError> {
    let graph = (REFERENCE.random_regular)(n, m, k, seed)?;
    if n == 0 || m == 0 {
        return Ok(graph);
    }
    let mut rng = crate::random::stream_rng(seed, 0);
    let half_edges = 0..u64::from(n) * u64::from(k);
    let mut types: Vec<u32> = half_edges.map(|i| (i % u64::from(m)) as u32).collect();
    for i in (1..types.len()).rev() {
        types.swap(i, rng.random_range(0..=i));
    }
    let mut edges = BTreeSet::new();
    for (v, w) in (0..n).flat_map(|v| vec![v; k as usize]).zip(types) {
        if !edges.insert((v, w)) && slots_at_0 {
            edges.insert((0, w));
        }
    }
    with_edges(n, m, edges)
}

pub const SYMMETRIC_NOT_EXPANDED: &Fault = &fault("symmetric-not-expanded")
    .about("A symmetric matrix is read as if it were general: the mirrored edges are missing.")
    .with(Instruments {
        read_graph: |text, format| {
            let text = String::from_utf8_lossy(text).replace("skew-symmetric", "general");
            (REFERENCE.read_graph)(text.replace("symmetric", "general").as_bytes(), format)
        },
        ..REFERENCE
    });

pub const SLOW_CLOCK: &Fault =
    &fault("slow-clock").about("A clock that runs 2 % slow.").with(Instruments {
        event_times: |model, seed, replication, until| {
            let times = (REFERENCE.event_times)(model, seed, replication, until / 1.02)?;
            Ok(times.into_iter().map(|time| time * 1.02).collect())
        },
        ..REFERENCE
    });

pub const PRODUCT_INSTEAD_OF_MINIMUM: &Fault = &fault("product-instead-of-minimum")
    .about("The shared mass of (4.13) is the product, not the minimum.")
    .with(Instruments { shared_mass: product_mass, ..REFERENCE });

/// Two independent choices: mass p1 p2 for every pair of servers.
fn product_mass(model: &Model, task_type: u32, lower: &[u32], upper: &[u32]) -> Vec<Interval> {
    let (first, second) = (model.assignment(task_type, lower), model.assignment(task_type, upper));
    let mut to = Ratio::zero();
    let mut intervals = Vec::new();
    for (server1, p1) in &first {
        for (server2, p2) in &second {
            let from = to.clone();
            to += p1 * p2;
            let (server1, server2) = (*server1, *server2);
            intervals.push(Interval { from, to: to.clone(), server1, server2 });
        }
    }
    intervals
}

pub const INDEPENDENT_TIE_COINS: &Fault = &fault("independent-tie-coins")
    .about("Two coupled systems break ties by coins of their own.")
    .picking(|_, _, samples, lengths, rng| {
        let length = |v: u32| lengths[v as usize];
        let least = length(first_shortest(samples, lengths));
        let tied: Vec<u32> = samples.iter().copied().filter(|&v| length(v) == least).collect();
        tied[rng.random_range(0..tied.len())]
    });

pub const FIRST_AND_LAST_MINIMISER: &Fault = &fault("first-and-last-minimiser")
    .about("The tie goes to the first sample in one system and to the last in the other.")
    .coupling(|_, lower, upper, mark, _| {
        lower.apply(mark);
        if let Mark::Arrival { task_type, samples } = mark {
            let samples: Vec<u32> = samples.iter().rev().copied().collect();
            upper.apply(Mark::Arrival { task_type, samples: &samples });
        } else {
            upper.apply(mark);
        }
    });

pub const DEPARTURES_NOT_COUPLED: &Fault = &fault("departures-not-coupled")
    .about("Arrivals are coupled, departures are not.")
    .coupling(departures_not_coupled);

fn departures_not_coupled(
    model: &Model,
    lower: &mut Queues,
    upper: &mut Queues,
    mark: Mark<'_>,
    rng: &mut Coins,
) {
    lower.apply(mark);
    let mut own = || Mark::Service { server: rng.random_range(0..model.graph().n_servers()) };
    upper.apply(if let Mark::Service { .. } = mark { own() } else { mark });
}

pub const INDEPENDENT_SYSTEMS: &Fault = &fault("independent-systems")
    .about("The two systems are driven by independent randomness.")
    .coupling(|model, lower, upper, mark, rng| match mark {
        Mark::Arrival { samples, .. } if !samples.is_empty() => {
            lower.apply(mark);
            let task_type = random_type(model, rng);
            let servers = model.graph().servers_of(task_type);
            if !servers.is_empty() {
                let draw = |_| servers.at(rng.random_range(0..servers.len()));
                let drawn: Vec<u32> = samples.iter().map(draw).collect();
                upper.join(first_shortest(&drawn, upper.lengths()));
            }
        }
        mark => departures_not_coupled(model, lower, upper, mark, rng),
    });

pub const SLOT_LEFT_UNSET: &Fault = &fault("slot-left-unset")
    .about("Surplus copies of an edge leave a slot unset: they become edges to server 0.")
    .seen("simuTwoLocalChoice")
    .with(Instruments {
        random_regular: |n, m, k, seed| matching(n, m, k, seed, true),
        ..REFERENCE
    });

pub const WRAPS_TOO_EARLY: &Fault = &fault("wraps-too-early")
    .about("A circulant graph wraps around one place too early.")
    .seen("simuTwoLocalChoice")
    .with(Instruments { circulant: circulant_modulo_one_less, ..REFERENCE });

fn circulant_modulo_one_less(n: u32, k: u32) -> Result<BipartiteGraph, GenerateError> {
    let graph = (REFERENCE.circulant)(n, k)?;
    if n < 2 {
        return Ok(graph);
    }
    let wrapped = |(v, w): (u32, u32)| if v < w { ((n + v) % (n - 1), w) } else { (v, w) };
    with_edges(n, n, graph.iter_edges().map(wrapped).collect::<BTreeSet<_>>())
}

pub const ISOLATED_FORGOTTEN: &Fault = &fault("isolated-forgotten")
    .about(
        "Task types without a server are left out of M, so that the load is another one than \
         stated.",
    )
    .seen("matlab_queues, Simulate.m")
    .with(Instruments { read_graph: without_isolated, ..REFERENCE });

fn without_isolated(text: &[u8], format: Format) -> Result<BipartiteGraph, FormatError> {
    let graph = (REFERENCE.read_graph)(text, format)?;
    let left: Vec<u32> = (0..graph.n_task_types()).filter(|&w| graph.task_degree(w) > 0).collect();
    let edges: Vec<_> = (0..)
        .zip(&left)
        .flat_map(|(new, &w)| graph.servers_of(w).iter().map(move |v| (v, new)))
        .collect();
    Ok(with_edges(graph.n_servers(), left.len() as u32, edges).unwrap_or(graph))
}

pub const RECORDED_AFTER_EVENT: &Fault = &fault("recorded-after-event")
    .about("The state at a time is recorded after the event that crosses it.")
    .seen("matlab_queues, Simulate.m")
    .with(Instruments {
        states_at: |model, seed, replication, start, looks| {
            let mut simulation = Simulation::new(model, seed, replication, start)?;
            let late = |&time: &f64| {
                // The loop ends with the event that crosses the time.
                let next = simulation.next_time().max(time);
                simulation.advance_to(next.next_up())?;
                Ok(simulation.queues().lengths().to_vec())
            };
            looks.iter().map(late).collect()
        },
        ..REFERENCE
    });

pub const LOOKING_DRAWS: &Fault = &fault("looking-draws")
    .about("Each look draws a random number of the path: looking more often changes it.")
    .seen("rebop #26")
    .with(Instruments {
        states_at: |model, seed, replication, start, looks| {
            // The path that goes on after a look is another one.
            let look = |(before, &time): (u64, &f64)| {
                let mut simulation =
                    Simulation::new(model, seed ^ before, replication, start.clone())?;
                simulation.advance_to(time)?;
                Ok(simulation.queues().lengths().to_vec())
            };
            (0..).zip(looks).map(look).collect()
        },
        ..REFERENCE
    });

pub const STRANDED_QUEUE: &Fault = &fault("stranded-queue")
    .about("A server that has three tasks or more is not served: its clock serves the next one.")
    .seen("inference-sim PR 325")
    .applying(|model, queues, mark| match mark {
        Mark::Service { server } if queues.lengths()[server as usize] >= 3 => {
            let server = (server + 1) % model.graph().n_servers();
            queues.serve(server);
            Event::Service { server }
        }
        mark => queues.apply(mark),
    });

pub const UNFINISHED_COUNTED: &Fault = &fault("unfinished-counted")
    .about("Tasks unfinished at the horizon count as finished.")
    .seen("dispatch-sim, main.rs")
    .with(Instruments { departures: |queues| queues.departures() + queues.total(), ..REFERENCE });

pub const OCCUPANCY_DRIFTS: &Fault = &fault("occupancy-drifts")
    .about("The occupancy is summed up in floating point, so that it drifts.")
    .seen("rmf_tool, JSQd_simulate.cc")
    .with(Instruments {
        running_occupancy: |lengths| {
            let occupancy = (REFERENCE.running_occupancy)(lengths);
            let top = lengths.iter().copied().max().unwrap_or(0) as usize;
            let fractions = (1..=top).map(|i| occupancy.fraction(i)).collect();
            Box::new(Fractions { fractions, of_one: 1.0 / lengths.len() as f64 })
        },
        ..REFERENCE
    });

/// q_1, q_2, ... kept by adding and taking away 1 / N.
struct Fractions {
    fractions: Vec<f64>,
    of_one: f64,
}

impl RunningOccupancy for Fractions {
    fn raise(&mut self, length_before: u32) {
        let at = length_before as usize;
        if at >= self.fractions.len() {
            self.fractions.resize(at + 1, 0.0);
        }
        self.fractions[at] += self.of_one;
    }

    fn lower(&mut self, length_before: u32) {
        self.fractions[length_before as usize - 1] -= self.of_one;
    }

    fn fraction(&self, i: usize) -> f64 {
        if i == 0 { 1.0 } else { self.fractions.get(i - 1).copied().unwrap_or(0.0) }
    }
}
