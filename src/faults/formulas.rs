//! Faults of the formulas of the theory.

use num_traits::{One, Zero};

use super::{Fault, Group};
use crate::graph::{BipartiteGraph, Isolated};
use crate::instruments::{Instruments, REFERENCE};
use crate::model::Model;
use crate::model::policy::{Choice, Policy};
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};
use crate::theory::exact::{self, ExactError, Law};
use crate::theory::mean_field::{OdeError, Start, Trajectory};
use crate::theory::stability::{Addition, StabilityError, critical_load};

/// In the order of reports.
#[rustfmt::skip]
pub(super) const ALL: &[&Fault] = &[
    REGULARITY_BY_GLOBAL_DEGREES, RHO_WITH_SERVER_DEGREES, RHO_REPLACED_BY_LAMBDA,
    PHI_WITH_SERVER_DEGREES, PHI_WITH_SIDES_SWAPPED, GAMMA_OF_SERVERS, RHO_NECESSARY,
    PAIRS_NOT_ORDERED, LIPSCHITZ_TOO_SMALL, DIVIDED_DIFFERENCE_SHIFTED, DUAL_NOT_TRUNCATED,
    LOGARITHM_CONSTANTS_TOO_SMALL, CHERNOFF_ONE_SIDED, FIXED_POINT_AS_PRINTED, FIXED_POINT_SHIFTED,
    FIXED_POINT_ONE_CHOICE_MORE, DROPPED_DEPARTURES, MOMENT_BOUND_SHIFTED, MIXING_THETA_NOT_CAPPED,
    MARTINGALE_BOUND_TIMELESS, VARIANCE_OF_MARKS_HALVED, VARIANCE_AT_TIME_HALVED,
    MIXING_THETA_DOUBLED, MIXING_THETA_DROPPED,
    COMPARISON_TIME_AS_PRINTED, TIES_BY_QUEUES, SOME_SAMPLE_WITHIN, IMPROVE_OFFERS_THE_BUSIEST,
    LAW_ONE_SAMPLE_LESS, LAW_ONE_SAMPLE_MORE, LAW_WITHOUT_REPLACEMENT,
];

const fn fault(id: &'static str) -> Fault {
    Fault::new(Group::Theory, id)
}

pub const REGULARITY_BY_GLOBAL_DEGREES: &Fault = &fault("regularity-by-global-degrees")
    .about("A test of regularity that looks at global degrees only.")
    .with(Instruments {
        is_regular: |graph| {
            all_equal((0..graph.n_servers()).map(|v| graph.server_degree(v)))
                && all_equal((0..graph.n_task_types()).map(|w| graph.task_degree(w)))
        },
        ..REFERENCE
    });

fn all_equal(mut degrees: impl Iterator<Item = usize>) -> bool {
    let first = degrees.next();
    degrees.all(|degree| Some(degree) == first)
}

pub const RHO_WITH_SERVER_DEGREES: &Fault =
    &fault("rho-with-server-degrees").about("rho with d_v in place of d_w.").with(Instruments {
        rho: |model| {
            let graph = model.graph();
            // sum over N_v of r_w / d_v: 1 for every server with a task type, where all rates are
            // equal.
            let mean = |v: u32| -> Ratio {
                let sum: u128 = graph.task_types_of(v).iter().map(|w| graph.weight(w)).sum();
                Ratio::new(sum.into(), graph.server_degree(v).max(1).into())
            };
            let largest = (0..graph.n_servers()).map(mean).max().unwrap_or_else(Ratio::zero);
            largest * model.unit_rate()
        },
        ..REFERENCE
    });

pub const RHO_REPLACED_BY_LAMBDA: &Fault = &fault("rho-replaced-by-lambda")
    .about("rho replaced by lambda.")
    .with(Instruments { rho: |model| model.load().exact().clone(), ..REFERENCE });

pub const PHI_WITH_SERVER_DEGREES: &Fault =
    &fault("phi-with-server-degrees").about("phi with d_v in place of d_w.").with(Instruments {
        phi: |graph| {
            largest_deviation(graph, |v| {
                let own = if graph.server_degree(v) > 0 { Ratio::one() } else { Ratio::zero() };
                own * n_over_m(graph)
            })
        },
        ..REFERENCE
    });

fn n_over_m(graph: &BipartiteGraph) -> Ratio {
    Ratio::new(graph.n_servers().into(), graph.n_task_types().into())
}

/// The largest of |load - 1| over the servers.
fn largest_deviation(graph: &BipartiteGraph, load: impl Fn(u32) -> Ratio) -> Ratio {
    let deviations = (0..graph.n_servers()).map(|v| {
        let deviation = load(v) - Ratio::one();
        if deviation < Ratio::zero() { -deviation } else { deviation }
    });
    deviations.max().unwrap_or_else(Ratio::zero)
}

pub const PHI_WITH_SIDES_SWAPPED: &Fault =
    &fault("phi-with-sides-swapped").about("phi with M and N swapped.").with(Instruments {
        phi: |graph| {
            let part = |w: u32| ratio::whole(graph.task_degree(w) as u64).recip();
            largest_deviation(graph, |v| {
                let sum: Ratio = graph.task_types_of(v).iter().map(part).sum();
                sum / n_over_m(graph)
            })
        },
        ..REFERENCE
    });

pub const GAMMA_OF_SERVERS: &Fault =
    &fault("gamma-of-servers").about("gamma averages 1 / d_v over servers.").with(Instruments {
        gamma: |graph| {
            let degrees = (0..graph.n_servers()).map(|v| graph.server_degree(v) as u64);
            let sum: Ratio = degrees.filter(|&d| d > 0).map(|d| ratio::whole(d).recip()).sum();
            sum / ratio::whole(graph.n_servers().into())
        },
        ..REFERENCE
    });

pub const RHO_NECESSARY: &Fault = &fault("rho-necessary")
    .about("rho(G) < 1 reported as necessary for ergodicity.")
    .with(Instruments {
        is_ergodic: |model| Some((REFERENCE.rho)(model) < Ratio::one()),
        ..REFERENCE
    });

pub const PAIRS_NOT_ORDERED: &Fault = &fault("pairs-not-ordered")
    .about("Lemma 4.4 without the order of its two pairs.")
    .with(Instruments { pairs_are_ordered: |_, _| true, ..REFERENCE });

pub const TIES_BY_QUEUES: &Fault = &fault("ties-by-queues")
    .about("A coupling in which the queues decide ties, not the order of the samples.")
    .with(Instruments {
        pick: |policy, samples, lengths, weights, turn| {
            let choice = policy.pick(samples, lengths, weights, turn);
            let total: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
            let as_short = |place: &u32| lengths[*place as usize] == lengths[choice.place as usize];
            let last = samples.iter().rev().copied().find(as_short);
            match last {
                Some(place) if choice.tied && total % 2 == 1 => Choice { place, ..choice },
                _ => choice,
            }
        },
        ..REFERENCE
    });

pub const SOME_SAMPLE_WITHIN: &Fault = &fault("some-sample-within")
    .about("g as the probability that some sample lies within a set, not that all do.")
    .with(Instruments {
        all_within: |law, s, n| Ratio::one() - law.all_within(n - s, n),
        ..REFERENCE
    });

pub const LIPSCHITZ_TOO_SMALL: &Fault = &fault("lipschitz-too-small")
    .about("Lemma C.1 with a constant below the sharp one.")
    .with(Instruments {
        lipschitz_constant: |d| (REFERENCE.lipschitz_constant)(d) * ratio::ratio(9, 10),
        ..REFERENCE
    });

pub const DIVIDED_DIFFERENCE_SHIFTED: &Fault = &fault("divided-difference-shifted")
    .about("The divided difference with d + 1 terms.")
    .with(Instruments {
        divided_difference: |x, y, d| (REFERENCE.divided_difference)(x, y, d + 1),
        ..REFERENCE
    });

pub const DUAL_NOT_TRUNCATED: &Fault = &fault("dual-not-truncated")
    .about("The dual solution of (4.23) without its truncation at 0.")
    .with(Instruments {
        dual_solution: |theta, i0, i| ratio::power(theta, i0) - ratio::power(theta, i),
        ..REFERENCE
    });

pub const LOGARITHM_CONSTANTS_TOO_SMALL: &Fault = &fault("logarithm-constants-too-small")
    .about(
        "Constants of the inequalities of (4.46) and (4.48) below the maxima of their left \
         sides.",
    )
    // The maxima are 3^(3/2) exp(-3/2) = 1.159 and exp(-1/2) / sqrt(2) = 0.429.
    .with(Instruments { logarithm_constants: (1.0, 0.4), ..REFERENCE });

pub const CHERNOFF_ONE_SIDED: &Fault = &fault("chernoff-one-sided")
    .about("(4.49) without the factor 2 for its two tails.")
    .with(Instruments {
        chernoff_bound: |mean, epsilon| (REFERENCE.chernoff_bound)(mean, epsilon) / 2.0,
        ..REFERENCE
    });

pub const FIXED_POINT_AS_PRINTED: &Fault = &fault("fixed-point-as-printed")
    .about("q*_i with exponent (d i - 1) / (d - 1), as printed in Corollary 3.4.")
    .seen("the printed text, Corollary 3.4")
    .with(Instruments {
        fixed_point: |lambda, d, i| match d {
            1 => (REFERENCE.fixed_point)(lambda, d, i),
            _ => lambda.powf((f64::from(d) * f64::from(i) - 1.0) / (f64::from(d) - 1.0)),
        },
        ..REFERENCE
    });

pub const FIXED_POINT_SHIFTED: &Fault =
    &fault("fixed-point-shifted").about("q*_i with the exponent of i + 1.").with(Instruments {
        fixed_point: |lambda, d, i| (REFERENCE.fixed_point)(lambda, d, i + 1),
        ..REFERENCE
    });

pub const FIXED_POINT_ONE_CHOICE_MORE: &Fault =
    &fault("fixed-point-one-choice-more").about("q* for d + 1 samples.").with(Instruments {
        fixed_point: |lambda, d, i| (REFERENCE.fixed_point)(lambda, d + 1, i),
        ..REFERENCE
    });

pub const DROPPED_DEPARTURES: &Fault =
    &fault("dropped-departures").about("(3.5) without its departure term.").with(Instruments {
        right_hand_side: arrivals_only,
        trajectory: trajectory_of_arrivals,
        ..REFERENCE
    });

fn arrivals_only(lambda: f64, d: u32, q: &[f64], dq: &mut [f64]) {
    (REFERENCE.right_hand_side)(lambda, d, q, dq);
    for (i, change) in dq.iter_mut().enumerate() {
        *change += q[i] - q.get(i + 1).copied().unwrap_or(0.0);
    }
}

/// By Euler's method: what is wrong is far larger than its error.
fn trajectory_of_arrivals(
    lambda: f64,
    d: u32,
    start: &Start,
    times: &[f64],
) -> Result<Trajectory, OdeError> {
    let mut solved = (REFERENCE.trajectory)(lambda, d, start, times)?;
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    let (mut now, mut q) = (0.0, start.fractions(solved.levels));
    let mut dq = vec![0.0; q.len()];
    for at in order {
        let steps = ((times[at] - now) * 200.0).ceil().clamp(1.0, 1e5);
        let step = (times[at] - now) / steps;
        for _ in 0..steps as u32 {
            arrivals_only(lambda, d, &q, &mut dq);
            q.iter_mut().zip(&dq).for_each(|(q, dq)| *q = (*q + step * dq).clamp(0.0, 1.0));
        }
        now = times[at];
        solved.q[at].clone_from(&q);
    }
    Ok(solved)
}

pub const MOMENT_BOUND_SHIFTED: &Fault = &fault("moment-bound-shifted")
    .about("The moment bound rho^(i + 1).")
    .with(Instruments { moment_bound: |rho, i| ratio::power(rho, i + 1), ..REFERENCE });

pub const MIXING_THETA_NOT_CAPPED: &Fault = &fault("mixing-theta-not-capped")
    .about("theta = 1 / (2 rho0 d) in the proof of Theorem 3.8, not capped by rho0.")
    .with(Instruments {
        mixing_theta: |rho0, d| (rho0 * ratio::whole(2 * u64::from(d))).recip(),
        ..REFERENCE
    });

pub const MARTINGALE_BOUND_TIMELESS: &Fault =
    &fault("martingale-bound-timeless").about("(C.4) without the factor t.").with(Instruments {
        martingale_bound: |rho0, d, gamma, _| (REFERENCE.martingale_bound)(rho0, d, gamma, 1.0),
        ..REFERENCE
    });

pub const VARIANCE_OF_MARKS_HALVED: &Fault = &fault("variance-of-marks-halved")
    .about("Half the variance in the bound on deviations after a number of marks.")
    .with(Instruments {
        exponent_of_marks: |s, marks| (REFERENCE.exponent_of_marks)(s, marks / 2.0),
        ..REFERENCE
    });

pub const VARIANCE_AT_TIME_HALVED: &Fault = &fault("variance-at-time-halved")
    .about("Half the variance in the bound on deviations at a fixed time.")
    .with(Instruments {
        exponent_at_time: |s, expected| (REFERENCE.exponent_at_time)(s, expected / 2.0),
        ..REFERENCE
    });

pub const MIXING_THETA_DOUBLED: &Fault = &fault("mixing-theta-doubled")
    .about("theta in the proof of Theorem 3.8 is twice as large, so that theta rho0 d is 1.")
    .with(Instruments {
        mixing_theta: |rho0, d| (REFERENCE.mixing_theta)(rho0, d) * ratio::whole(2),
        ..REFERENCE
    });

pub const MIXING_THETA_DROPPED: &Fault = &fault("mixing-theta-dropped")
    .about("(4.29) without the factor 1 / theta.")
    .with(Instruments {
        mixing_bound: |rho0, d, t| {
            let theta = ratio::to_f64(&(REFERENCE.mixing_theta)(rho0, d));
            (REFERENCE.mixing_bound)(rho0, d, t) * theta
        },
        ..REFERENCE
    });

pub const COMPARISON_TIME_AS_PRINTED: &Fault = &fault("comparison-time-as-printed")
    .about("t = sqrt(ln(1/eta)) in (4.46), without 2 c3, as the first step of (4.47) reads.")
    .seen("the printed text, (4.47)")
    .with(Instruments {
        comparison_time: |log_inverse_eta, _| log_inverse_eta.sqrt(),
        ..REFERENCE
    });

pub const IMPROVE_OFFERS_THE_BUSIEST: &Fault = &fault("improve-offers-the-busiest")
    .about("Edges to add that lead to the servers of the bottleneck in place of those outside.")
    .with(Instruments { improve: edges_to_the_bottleneck, ..REFERENCE });

fn edges_to_the_bottleneck(
    graph: &BipartiteGraph,
    law: SampleLaw,
    count: usize,
) -> Result<Vec<Addition>, StabilityError> {
    let (mut graph, mut additions) = (graph.clone(), Vec::new());
    while additions.len() < count {
        let bottleneck = critical_load(&graph, law)?.bottleneck;
        let free = |&(v, w): &(u32, u32)| !graph.servers_of(w).contains(v);
        let all = (0..graph.n_task_types()).flat_map(|w| bottleneck.iter().map(move |&v| (v, w)));
        let missing: Vec<(u32, u32)> = all.filter(free).collect();
        let Some(&(server, task_type)) = missing.first() else { break };
        let edges: Vec<_> = graph.iter_edges().chain([(server, task_type)]).collect();
        let (n, m) = (graph.n_servers(), graph.n_task_types());
        graph = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop)
            .expect("the edges of a graph and one that is missing make a graph")
            .with_rates_of(&graph);
        let critical = critical_load(&graph, law)?;
        let tried = missing.len();
        additions.push(Addition { server, task_type, critical, tried, all_tried: true });
    }
    Ok(additions)
}

/// The exact law of the same system under another policy.
fn law_under(model: &Model, policy: &str, options: &exact::Options) -> Result<Law, ExactError> {
    let (graph, load) = (model.graph().clone(), model.load().clone());
    let policy = policy.parse::<Policy>().ok();
    let other = policy.and_then(|policy| Model::with_policy(graph, load, policy, None).ok());
    exact::stationary(other.as_ref().unwrap_or(model), options)
}

pub const LAW_ONE_SAMPLE_LESS: &Fault = &fault("law-one-sample-less")
    .about("The exact law is that of d - 1 samples.")
    .with(Instruments {
        stationary: |model, options| match model.policy().paper_d() {
            Some(d) if d > 1 => law_under(model, &format!("jsq({})", d - 1), options),
            _ => exact::stationary(model, options),
        },
        ..REFERENCE
    });

pub const LAW_ONE_SAMPLE_MORE: &Fault = &fault("law-one-sample-more")
    .about("The exact law is that of d + 1 samples.")
    .with(Instruments {
        stationary: |model, options| match model.policy().paper_d() {
            Some(d) => law_under(model, &format!("jsq({})", d + 1), options),
            None => exact::stationary(model, options),
        },
        ..REFERENCE
    });

pub const LAW_WITHOUT_REPLACEMENT: &Fault = &fault("law-without-replacement")
    .about("The exact law is that of distinct samples.")
    .with(Instruments {
        stationary: |model, options| match model.policy().paper_d() {
            Some(d) => law_under(model, &format!("jsq({d}), distinct"), options),
            None => exact::stationary(model, options),
        },
        ..REFERENCE
    });
