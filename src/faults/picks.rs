//! Faults of the model and its picker.

use num_traits::One;
use rand::RngExt;

use super::streams::{altered, push_arrival, push_samples};
use super::{Fault, Group, on_graph, with_samples};
use crate::graph::BipartiteGraph;
use crate::instruments::{Instruments, REFERENCE};
use crate::model::{Event, Model};
use crate::num::ratio::{self, Ratio};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::event_list::Oracle;
use crate::simulate::marks::{Mark, MarkStream, RandomMarks, first_shortest};

/// In the order of reports.
#[rustfmt::skip]
pub(super) const ALL: &[&Fault] = &[
    SAMPLING_WITHOUT_REPLACEMENT, ONE_SAMPLE_LESS, ONE_SAMPLE_MORE, TIES_TO_LOWEST, JOIN_LONGEST,
    SERVICE_NOT_COUNTED, STALE_LENGTHS, CLASH_TAKES_NEXT, TWO_SHORTEST_COIN, SLOW_SERVICE,
    IDLE_SERVERS_SERVE, ARRIVAL_RATE_INVERTED, ARRIVALS_BY_DEGREE, RATES_IGNORED,
    ALIAS_SIDES_SWAPPED, RATES_ONE_SAMPLE_LESS, COMPARED_WITH_ITSELF, NEVER_RETURNS,
    SAMPLED_FROM_BELOW, SAMPLED_FROM_EVERYWHERE, IDLE_ELSE_FIRST_DRAWN, LENGTHS_FROM_4_ALIKE,
    LENGTHS_IGNORED_FOR_5_PERCENT, LENGTHS_IGNORED_FOR_10_PERCENT, SECOND_SAMPLE_FIXED,
    LAST_SERVER_SKIPPED, LENGTHS_SATURATE, LENGTHS_WITHIN_32_EQUAL, TIES_OF_TWO_TO_THE_FIRST,
    TIES_OF_MANY_TO_THE_FIRST,
    RANDOM_OF_TWO, ONE_OF_THE_TWO_LONGEST, FEW_SERVERS_SCANNED, UNEVEN_SHARES, ROTATED_PLAN,
    POOR_GENERATOR,
];

const fn fault(id: &'static str) -> Fault {
    Fault::new(Group::ModelAndPicker, id)
}

/// One of `samples` among those that `better` cannot improve, the first.
fn best(samples: &[u32], better: impl Fn(u32, u32) -> bool) -> u32 {
    samples[1..].iter().fold(samples[0], |best, &v| if better(v, best) { v } else { best })
}

pub const SAMPLING_WITHOUT_REPLACEMENT: &Fault = &fault("sampling-without-replacement")
    .about("The d samples are distinct servers.")
    .seen("yarp PR 2065, envoy #11006")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        let drawn = distinct(rng, servers.len(), samples.len());
        let drawn: Vec<u32> = drawn.into_iter().map(|i| servers.at(i)).collect();
        first_shortest(&drawn, lengths)
    })
    .with_own_samples()
    .with(Instruments { assignment: assignment_of_distinct, ..REFERENCE });

/// `n` distinct positions of `0..of`, uniformly.
fn distinct(rng: &mut Coins, of: usize, n: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = Vec::with_capacity(n);
    while positions.len() < n.min(of) {
        let position = rng.random_range(0..of);
        if !positions.contains(&position) {
            positions.push(position);
        }
    }
    positions
}

fn assignment_of_distinct(model: &Model, task_type: u32, lengths: &[u32]) -> Vec<(u32, Ratio)> {
    let servers: Vec<u32> = model.graph().servers_of(task_type).iter().collect();
    let count = servers.len() as u64;
    let choose = |k: u64| -> Ratio {
        let factors = 0..u64::from(model.d()).min(count);
        factors.map(|i| ratio::whole(k.saturating_sub(i))).product()
    };
    let all = choose(count);
    let at_least = |x: u32| servers.iter().filter(|&&u| lengths[u as usize] >= x).count() as u64;
    let share = |v: u32| {
        let (n, m) = (at_least(lengths[v as usize]), at_least(lengths[v as usize] + 1));
        (choose(n) - choose(m)) / &all / ratio::whole(n - m)
    };
    servers.iter().map(|&v| (v, share(v))).collect()
}

pub const ONE_SAMPLE_LESS: &Fault = &fault("one-sample-less")
    .about("d - 1 samples (at least one).")
    .picking(|_, _, samples, lengths, _| {
        first_shortest(&samples[..samples.len().saturating_sub(1).max(1)], lengths)
    });

pub const ONE_SAMPLE_MORE: &Fault = &fault("one-sample-more")
    .about("d + 1 samples.")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        let mut drawn = samples.to_vec();
        drawn.push(servers.at(rng.random_range(0..servers.len())));
        first_shortest(&drawn, lengths)
    })
    .with_own_samples()
    .with(Instruments {
        oracle: |model, seed, replication, start| {
            Oracle::new(&one_more(model), seed, replication, start)
        },
        coupled: |model, coupling, seed, replication, lower, upper| {
            (REFERENCE.coupled)(&one_more(model), coupling, seed, replication, lower, upper)
        },
        transient: |model, start, times, options| {
            (REFERENCE.transient)(&one_more(model), start, times, options)
        },
        steady_state: |model, options| (REFERENCE.steady_state)(&one_more(model), options),
        trajectory: |lambda, d, start, times| (REFERENCE.trajectory)(lambda, d + 1, start, times),
        ..REFERENCE
    });

fn one_more(model: &Model) -> Model {
    with_samples(model, model.d() + 1)
}

pub const TIES_TO_LOWEST: &Fault = &fault("ties-to-lowest")
    .about("Ties go to the lowest index (herding).")
    .seen("dynamo PR 9516, sozu #1412")
    .picking(|_, _, samples, lengths, _| {
        best(samples, |a, b| (lengths[a as usize], a) < (lengths[b as usize], b))
    })
    .with(Instruments { assignment: assignment_of_lowest, ..REFERENCE });

/// The server of rank r by (length, index) gets ((n - r)^d - (n - r - 1)^d) / n^d.
fn assignment_of_lowest(model: &Model, task_type: u32, lengths: &[u32]) -> Vec<(u32, Ratio)> {
    let servers: Vec<u32> = model.graph().servers_of(task_type).iter().collect();
    let key = |v: u32| (lengths[v as usize], v);
    let rank = |v: u32| servers.iter().filter(|&&u| key(u) < key(v)).count() as u64;
    let count = servers.len() as u64;
    let power = |k: u64| ratio::power(&(ratio::whole(k) / ratio::whole(count)), model.d());
    servers.iter().map(|&v| (v, power(count - rank(v)) - power(count - rank(v) - 1))).collect()
}

pub const JOIN_LONGEST: &Fault = &fault("join-longest")
    .about("The longest of the samples gets the task.")
    .picking(|_, _, samples, lengths, _| {
        let length = |v: u32| lengths[v as usize];
        best(samples, |a, b| length(a) > length(b))
    });

pub const SERVICE_NOT_COUNTED: &Fault = &fault("service-not-counted")
    .about("Lengths are compared without the task in service.")
    .seen("r-simmer #196")
    .picking(|_, _, samples, lengths, _| {
        let waiting = |v: u32| lengths[v as usize].saturating_sub(1);
        best(samples, |a, b| waiting(a) < waiting(b))
    });

pub const STALE_LENGTHS: &Fault = &fault("stale-lengths")
    .about(
        "Lengths are compared as they were before the last change of the server with the \
         highest index sampled.",
    )
    .picking(|_, _, samples, lengths, _| {
        // The highest server sampled is judged as if it still were empty.
        let stale = samples.iter().copied().max();
        let seen = |v: u32| if Some(v) == stale { 0 } else { lengths[v as usize] };
        best(samples, |a, b| seen(a) < seen(b))
    });

pub const CLASH_TAKES_NEXT: &Fault = &fault("clash-takes-next")
    .about("On a clash of the two samples the next server is taken.")
    .seen("traefik #13643")
    .picking(|model, task_type, samples, lengths, _| {
        let servers = model.graph().servers_of(task_type);
        let mut drawn = samples.to_vec();
        if drawn.len() > 1 && drawn[0] == drawn[1] {
            let at = servers.iter().position(|v| v == drawn[0]).unwrap_or(0);
            drawn[1] = servers.at((at + 1) % servers.len());
        }
        first_shortest(&drawn, lengths)
    });

pub const TWO_SHORTEST_COIN: &Fault = &fault("two-shortest-coin")
    .about("All servers are scanned, and a coin decides between the two shortest.")
    .seen("sozu #1411")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        // From anywhere on, so that the first idle ones are near also where there are 10^5 servers.
        let (n, from) = (servers.len(), rng.random_range(0..servers.len()));
        let shortest = two_shortest((from..n).chain(0..from).map(|i| servers.at(i)), lengths);
        shortest[rng.random_range(0..n.min(2))].unwrap_or(samples[0])
    })
    .with_own_samples();

/// The shortest two of `servers`, of equal ones the first.
fn two_shortest(servers: impl Iterator<Item = u32>, lengths: &[u32]) -> [Option<u32>; 2] {
    let length = |v: u32| lengths[v as usize];
    let (mut first, mut second): (Option<u32>, Option<u32>) = (None, None);
    for v in servers {
        if first.is_none_or(|first| length(v) < length(first)) {
            (first, second) = (Some(v), first);
        } else if second.is_none_or(|second| length(v) < length(second)) {
            second = Some(v);
        }
        // Idle ones cannot be beaten.
        if second.is_some_and(|second| length(second) == 0) {
            break;
        }
    }
    [first, second]
}

pub const SLOW_SERVICE: &Fault = &fault("slow-service")
    .about("Services happen at rate 0.95.")
    .with_marks(|model, seed, replication| {
        altered(model, seed, replication, |model, mark, rng, block| {
            // One service mark in twenty becomes the mark of an arrival with its rate: the ratio of
            // the rates is what a path shows.
            let to_arrival =
                matches!(mark, Mark::Service { .. }) && rng.random_bool(slow_share(model.lambda()));
            if to_arrival {
                push_arrival(model, rng, block);
            } else {
                block.push(mark);
            }
        })
    });

/// The share of service marks to turn into arrivals, so that arrivals and services come at lambda :
/// 0.95.
fn slow_share(lambda: f64) -> f64 {
    1.0 - 0.95 * (1.0 + lambda) / (0.95 + lambda)
}

pub const IDLE_SERVERS_SERVE: &Fault = &fault("idle-servers-serve")
    .about("The clock of an idle server serves the next busy one of a hundred.")
    .applying(idle_serve)
    .with(Instruments { transitions: transitions_with_idle, ..REFERENCE });

/// How far [`IDLE_SERVERS_SERVE`] looks for a busy server: in a system of 10^5 with hardly a task
/// it would look for ever.
const FAR: u32 = 100;

fn idle_serve(model: &Model, queues: &mut Queues, mark: Mark<'_>) -> Event {
    let Mark::Service { server } = mark else { return queues.apply(mark) };
    let n = model.graph().n_servers();
    let mut near = (0..n.min(FAR)).map(|i| (server + i) % n);
    let server = near.find(|&v| queues.lengths()[v as usize] > 0).unwrap_or(server);
    queues.serve(server);
    Event::Service { server }
}

fn transitions_with_idle(model: &Model, lengths: &[u32]) -> Vec<(Event, Ratio)> {
    let mut transitions = model.transitions(lengths);
    let n = model.graph().n_servers();
    for idle in (0..n).filter(|&v| lengths[v as usize] == 0) {
        let helped = (0..n).map(|i| (idle + i) % n).find(|&v| lengths[v as usize] > 0);
        transitions.extend(helped.map(|server| (Event::Service { server }, Ratio::one())));
    }
    transitions
}

pub const ARRIVAL_RATE_INVERTED: &Fault = &fault("arrival-rate-inverted")
    .about("Arrivals at rate lambda M / N.")
    .with_marks(|model, seed, replication| {
        altered(model, seed, replication, |model, mark, rng, block| {
            let servers = model.graph().n_servers();
            let (n, m) = (f64::from(servers), f64::from(model.graph().n_task_types()));
            // Total arrival rate lambda M^2 / N against services at rate N.
            let arrivals = model.lambda() * m * m / n;
            if rng.random_bool(arrivals / (arrivals + n)) {
                push_arrival(model, rng, block);
            } else if matches!(mark, Mark::Service { .. }) {
                block.push(mark);
            } else {
                block.push(Mark::Service { server: rng.random_range(0..servers) });
            }
        })
    })
    .with(Instruments {
        transitions: |model, lengths| {
            let (n, m) = (model.graph().n_servers(), model.graph().n_task_types());
            let factor = Ratio::new(m.into(), n.into());
            let mut transitions = model.transitions(lengths);
            for (event, rate) in &mut transitions {
                if matches!(event, Event::Arrival { .. }) {
                    *rate *= &factor * &factor;
                }
            }
            transitions
        },
        ..REFERENCE
    });

pub const ARRIVALS_BY_DEGREE: &Fault = &fault("arrivals-by-degree")
    .about("Task types arrive in proportion to their degrees.")
    .with_marks(arrivals_by_degree);

fn arrivals_by_degree(model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
    let graph = model.graph();
    let degrees = (0..graph.n_task_types()).map(|w| graph.task_degree(w));
    let most = degrees.max().unwrap_or(1).max(1);
    altered(model, seed, replication, move |model, mark, rng, block| match mark {
        Mark::Arrival { .. } => {
            let graph = model.graph();
            // A uniform edge: the type comes up in proportion to its degree.
            let task_type = loop {
                let w = rng.random_range(0..graph.n_task_types());
                if rng.random_range(0..most) < graph.task_degree(w) {
                    break w;
                }
            };
            push_samples(model, task_type, rng, block);
        }
        mark => block.push(mark),
    })
}

pub const RATES_IGNORED: &Fault = &fault("rates-ignored")
    .about("Task types arrive at equal rates although rates are given.")
    .running(|model| {
        let graph = model.graph();
        let equal = vec![Ratio::one(); graph.n_task_types() as usize];
        on_graph(model, graph.rates().and_then(|_| graph.clone().with_rates(&equal).ok()))
    });

pub const ALIAS_SIDES_SWAPPED: &Fault = &fault("alias-sides-swapped")
    .about("The alias table of unequal rates has the two sides of its thresholds exchanged.")
    .with_marks(|model, seed, replication| {
        let right = RandomMarks::new(model, crate::random::stream_rng(seed, replication));
        match model.types() {
            Some(types) => Box::new(right.with_types(types.swapped())),
            None => Box::new(right),
        }
    });

pub const RATES_ONE_SAMPLE_LESS: &Fault = &fault("rates-one-sample-less")
    .about("The transition rates use d - 1 samples.")
    .with(Instruments {
        transitions: |model, lengths| {
            with_samples(model, (model.d() - 1).max(1)).transitions(lengths)
        },
        ..REFERENCE
    });

pub const COMPARED_WITH_ITSELF: &Fault = &fault("compared-with-itself")
    .about("All samples are the first one: a server is compared with itself.")
    .seen("yarp PR 2065, envoy #11006")
    .picking(|_, _, samples, _, _| samples[0]);

pub const NEVER_RETURNS: &Fault = &fault("never-returns")
    .about("Samples until d different servers are found, for ever where there are fewer.")
    .seen("skipper PR 1507")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        let mut drawn: Vec<u32> = Vec::with_capacity(samples.len());
        while drawn.len() < samples.len() {
            let server = servers.at(rng.random_range(0..servers.len()));
            if !drawn.contains(&server) {
                drawn.push(server);
            }
        }
        first_shortest(&drawn, lengths)
    })
    .with_own_samples();

pub const SAMPLED_FROM_BELOW: &Fault = &fault("sampled-from-below")
    .about("The task of a type with a single server v goes to any of the servers 0 to v.")
    .seen("matlab_queues, Simulate.m")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        match servers.len() {
            1 => rng.random_range(0..=servers.at(0)),
            _ => first_shortest(samples, lengths),
        }
    })
    .with_own_samples();

pub const SAMPLED_FROM_EVERYWHERE: &Fault = &fault("sampled-from-everywhere")
    .about(
        "The samples come from all servers, as if every server were compatible with every task \
         type.",
    )
    .running(|model| {
        let graph = model.graph();
        let all = BipartiteGraph::complete(graph.n_servers(), graph.n_task_types());
        on_graph(model, all.ok().map(|all| all.with_rates_of(graph)))
    })
    .with_own_samples();

pub const IDLE_ELSE_FIRST_DRAWN: &Fault = &fault("idle-else-first-drawn")
    .about("The first idle one of the samples gets the task; where none is idle, the first.")
    .picking(|_, _, samples, lengths, _| {
        best(samples, |a, b| lengths[a as usize] == 0 && lengths[b as usize] > 0)
    });

pub const LENGTHS_FROM_4_ALIKE: &Fault = &fault("lengths-from-4-alike")
    .about("Queues of 4 tasks and more count as equally long.")
    .picking(|_, _, samples, lengths, _| shortest_up_to(4, samples, lengths));

pub const LENGTHS_SATURATE: &Fault = &fault("lengths-saturate")
    .about("Lengths are kept in four bits, and saturate at 15.")
    .picking(|_, _, samples, lengths, _| shortest_up_to(15, samples, lengths));

/// The first shortest of the samples where no length counts for more than `most`.
fn shortest_up_to(most: u32, samples: &[u32], lengths: &[u32]) -> u32 {
    let seen = |v: u32| lengths[v as usize].min(most);
    best(samples, |a, b| seen(a) < seen(b))
}

pub const LENGTHS_IGNORED_FOR_5_PERCENT: &Fault = &fault("lengths-ignored-for-5-percent")
    .about("One task of twenty joins its first sample, whatever the lengths.")
    .picking(|_, _, samples, lengths, rng| shortest_but_for(0.05, samples, lengths, rng))
    .with_own_samples();

pub const LENGTHS_IGNORED_FOR_10_PERCENT: &Fault = &fault("lengths-ignored-for-10-percent")
    .about("One task of ten joins its first sample, whatever the lengths.")
    .picking(|_, _, samples, lengths, rng| shortest_but_for(0.1, samples, lengths, rng))
    .with_own_samples();

/// The first shortest of the samples, but the first one for this share of the tasks.
fn shortest_but_for(share: f64, samples: &[u32], lengths: &[u32], rng: &mut Coins) -> u32 {
    if rng.random_bool(share) { samples[0] } else { first_shortest(samples, lengths) }
}

pub const SECOND_SAMPLE_FIXED: &Fault = &fault("second-sample-fixed")
    .about("The second sample is always the first server of the task type.")
    .seen("servicetalk #3543")
    .picking(|model, task_type, samples, lengths, _| {
        let mut drawn = samples.to_vec();
        if let Some(second) = drawn.get_mut(1) {
            *second = model.graph().servers_of(task_type).at(0);
        }
        first_shortest(&drawn, lengths)
    });

pub const LAST_SERVER_SKIPPED: &Fault = &fault("last-server-skipped")
    .about("The last server of a task type is never sampled, but where it is the only one.")
    .seen("brpc #3426, rippled #3559")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        let others = servers.len().saturating_sub(1).max(1);
        let drawn: Vec<u32> =
            samples.iter().map(|_| servers.at(rng.random_range(0..others))).collect();
        first_shortest(&drawn, lengths)
    })
    .with_own_samples();

pub const LENGTHS_WITHIN_32_EQUAL: &Fault = &fault("lengths-within-32-equal")
    .about("A sample is better only if it is shorter by more than 32 tasks.")
    .picking(|_, _, samples, lengths, _| {
        best(samples, |a, b| lengths[a as usize].saturating_add(32) < lengths[b as usize])
    });

pub const TIES_OF_TWO_TO_THE_FIRST: &Fault = &fault("ties-of-two-to-the-first")
    .about("Of two servers that are equally long the first gets the task; of more, any.")
    .seen("go-zero #567")
    .picking(|model, task_type, samples, lengths, _| {
        let servers = model.graph().servers_of(task_type);
        let all_equal =
            || servers.iter().all(|v| lengths[v as usize] == lengths[samples[0] as usize]);
        if servers.len() == 2 && all_equal() {
            servers.at(0)
        } else {
            first_shortest(samples, lengths)
        }
    });

pub const TIES_OF_MANY_TO_THE_FIRST: &Fault = &fault("ties-of-many-to-the-first")
    .about("Where six servers or more are all equally long, the first gets the task.")
    .picking(|model, task_type, samples, lengths, _| {
        let servers = model.graph().servers_of(task_type);
        let all_equal =
            || servers.iter().all(|v| lengths[v as usize] == lengths[samples[0] as usize]);
        if servers.len() >= 6 && all_equal() {
            servers.at(0)
        } else {
            first_shortest(samples, lengths)
        }
    });

pub const RANDOM_OF_TWO: &Fault = &fault("random-of-two")
    .about("Where a task has two servers, lengths are not looked at.")
    .seen("npm cassandra-driver 4.10.0")
    .promising("jsq(2), distinct")
    .picking(|model, task_type, samples, lengths, _| {
        let few = model.graph().task_degree(task_type) == 2;
        if few { samples[0] } else { first_shortest(samples, lengths) }
    });

pub const ONE_OF_THE_TWO_LONGEST: &Fault = &fault("one-of-the-two-longest")
    .about("All servers are sorted by length, and one of the last two gets the task.")
    .seen("sozu-lib 2.1.0")
    .promising("jsq(2), distinct")
    .picking(|model, task_type, _, lengths, rng| {
        let mut servers: Vec<u32> = model.graph().servers_of(task_type).iter().collect();
        servers.sort_by_key(|&v| std::cmp::Reverse(lengths[v as usize]));
        servers[rng.random_range(0..servers.len().min(2))]
    })
    .with_own_samples();

pub const FEW_SERVERS_SCANNED: &Fault = &fault("few-servers-scanned")
    .about("Of up to three servers all are compared, ties to the first; of more, the samples.")
    .seen("npm moleculer 0.15.2")
    .picking(|model, task_type, samples, lengths, _| {
        let servers: Vec<u32> = model.graph().servers_of(task_type).iter().collect();
        first_shortest(if servers.len() <= 3 { &servers } else { samples }, lengths)
    });

pub const UNEVEN_SHARES: &Fault = &fault("uneven-shares")
    .about("Servers own unequal parts of a ring, and are sampled in proportion to them.")
    .seen("haproxy 2.6.12")
    .picking(|model, task_type, samples, lengths, rng| {
        let servers = model.graph().servers_of(task_type);
        // Parts of 6, 4 and 5 in turn.
        let accepted = |v: u32, rng: &mut Coins| rng.random_range(0..6) < [6, 4, 5][v as usize % 3];
        let draw = |rng: &mut Coins| loop {
            let v = servers.at(rng.random_range(0..servers.len()));
            if accepted(v, rng) {
                break v;
            }
        };
        let drawn: Vec<u32> = samples.iter().map(|_| draw(rng)).collect();
        first_shortest(&drawn, lengths)
    })
    .with_own_samples();

pub const ROTATED_PLAN: &Fault = &fault("rotated-plan")
    .about("The samples are the first ones of a list that is rotated by one after each task.")
    .with_marks(|model, seed, replication| {
        let mut rotation = 0;
        altered(model, seed, replication, move |model, mark, _, block| match mark {
            Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                let servers = model.graph().servers_of(task_type);
                rotation += 1;
                let sample = |k: usize| servers.at((rotation + k) % servers.len());
                let samples: Vec<u32> = (0..samples.len()).map(sample).collect();
                block.push(Mark::Arrival { task_type, samples: &samples });
            }
            mark => block.push(mark),
        })
    });

pub const POOR_GENERATOR: &Fault = &fault("poor-generator")
    .about("Samples are the last digits of a linear congruential generator.")
    .with_marks(|model, seed, replication| {
        let mut state = seed ^ replication;
        altered(model, seed, replication, move |model, mark, _, block| match mark {
            Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                let servers = model.graph().servers_of(task_type);
                let mut next = |_: &u32| {
                    // That of Numerical Recipes, modulo 2^32.
                    state = (1_664_525 * (state & 0xffff_ffff) + 1_013_904_223) & 0xffff_ffff;
                    servers.at((state % servers.len() as u64) as usize)
                };
                let samples: Vec<u32> = samples.iter().map(&mut next).collect();
                block.push(Mark::Arrival { task_type, samples: &samples });
            }
            mark => block.push(mark),
        })
    });
