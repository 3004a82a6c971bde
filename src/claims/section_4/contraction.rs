//! How the weighted distance V of two ordered systems falls: the core of Theorem 3.8.
//!
//! Two systems with X_v^1 <= X_v^2 share their marks; Delta_j = Q_j^2 - Q_j^1, and V = sum_i
//! theta^i sum_(j >= i) |Delta_j|.
//!
//! | statement | claim |
//! |---|---|
//! | (4.16): the generator of the coupled pair applied to V | `eq-4.16` |
//! | (4.21), (4.22): V as a sum over j, and against sum_j Delta_j | `eq-4.22` |
//!
//! The absolute values are what sees the coupling. With signed differences V is the difference of
//! two functions, one of each system, and any coupling with the right marginals has its generator.
//! Where the order is kept, a mark changes |Delta_j| as it changes Delta_j, so that by (4.1)
//!
//! G V = sum_i theta^i ((lambda N / M) sum_w r_w (g_w(Q_(i-1)^(w,2)) - g_w(Q_(i-1)^(w,1))) -
//! Delta_i).
//!
//! A sample that lies within the longer set and not within the shorter one has a member between
//! them, so g_w(t) - g_w(s) <= d (t - s) / d_w for d samples, with replacement or distinct; for all
//! samples d is the largest degree. By (4.20) the sum over w is at most rho d Delta_(i-1), and G V
//! at most sum_i theta^i (theta rho d - 1) Delta_i, which theta rho d <= 1/2 takes to -1/2 sum_i
//! theta^i Delta_i. That rho < 1 is not needed; it enters at (4.23).
//!
//! (4.21) is the exchange of sums: V = sum_j Delta_j (theta + ... + theta^j); each of these sums
//! lies between theta and theta / (1 - theta) as 0 < theta < 1.
//!
//! All marks are enumerated with their probabilities under the model, so that a subject that draws
//! marks by another law, as slow servers do, is for `transition-law` and not for these claims.
//!
//! # Source
//! Section 4.2, proof of Theorem 3.8.

use num_traits::{One, Zero};

use super::drift_identities::{arriving, unit_rate};
use crate::claims::cases::Outcome;
use crate::claims::instruments::mark_enumeration::{MOST, marks_up_to_most};
use crate::claims::states::{counts, levels, n_listed_pairs, ordered_pair};
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::model::Model;
use crate::model::sample_law::SampleLaw;
use crate::num::ratio::{self, Ratio};
use crate::random::Coins;
use crate::simulate::Queues;

/// (4.16).
pub(crate) const EQ_4_16: Claim = Claim {
    id: "eq-4.16",
    source: "(4.16)",
    paper: &["(4.16)", "(4.18)"],
    statement: "V = sum_i theta^i sum_(j >= i) |Delta_j| of an ordered pair changes at the rate of \
        (4.1), and as (4.16) says",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Both(&Policies::EqualSamples, &Policies::Monotone),
    hypotheses: &[],
    rejects: &[
        faults::INDEPENDENT_SYSTEMS,
        faults::DEPARTURES_NOT_COUPLED,
        faults::ONE_SAMPLE_LESS,
        faults::ONE_SAMPLE_MORE,
        faults::MIXING_THETA_DOUBLED,
    ],
    run: eq_4_16,
};

/// (4.21) and (4.22).
pub(crate) const EQ_4_22: Claim = Claim {
    id: "eq-4.22",
    source: "(4.21), (4.22)",
    paper: &["(4.21)", "(4.22)"],
    statement: "theta sum_j Delta_j <= V = sum_j Delta_j (theta + ... + theta^j) <= theta / (1 - \
        theta) sum_j Delta_j",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::EqualSamples,
    hypotheses: &[],
    rejects: &[faults::OCCUPANCY_OFF_BY_ONE],
    run: eq_4_22,
};

/// How many samples are one too few to lie within a set, at most: d, or all servers of a type.
fn samples(model: &Model) -> u32 {
    match model.policy().sample_law() {
        Some(SampleLaw::Replacement(d) | SampleLaw::Distinct(d)) => d,
        _ => {
            let graph = model.graph();
            let degrees = (0..graph.n_task_types()).map(|w| graph.task_degree(w) as u32);
            degrees.max().unwrap_or(1).max(1)
        }
    }
}

/// theta, theta^2, ..., as many as there are levels.
fn powers(theta: &Ratio, levels: usize) -> Vec<Ratio> {
    (1..levels).map(|i| ratio::power(theta, i as u32)).collect()
}

/// |Delta_1|, |Delta_2|, ..., by the occupancy under check.
fn distances(setting: &Setting<'_>, lower: &[u32], upper: &[u32], levels: usize) -> Vec<u64> {
    let [low, up] = [lower, upper].map(|x| (setting.instruments.occupancy)(x));
    let of = |q: &[u64], j: usize| q.get(j).copied().unwrap_or(0);
    (0..levels).map(|j| of(&low, j).abs_diff(of(&up, j))).collect()
}

fn eq_4_16(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, graph) = (setting.model, setting.model.graph());
    let Some(marks) = marks_up_to_most(model) else {
        return Evidence::not_applicable(format!(
            "enumerated for at most {MOST} marks, here there are more"
        ));
    };
    let n = graph.n_servers();
    let d = samples(model);
    let rho = (setting.instruments.rho)(model);
    if rho.is_zero() {
        return Evidence::not_applicable("needs a task type with servers".to_owned());
    }
    let theta = (setting.instruments.mixing_theta)(&rho, d);
    let (rate, unit) =
        ((Ratio::one() + model.load().exact()) * ratio::whole(n.into()), unit_rate(model));
    let affordable = (60_000 / marks.len() as u64).clamp(12, 200);
    let count = (n_listed_pairs(n).min(60) + affordable) * u64::from(setting.plan.effort);
    setting.cases(claim, count, "ordered pairs of states, every mark", |case, rng| {
        let (lower, upper) = ordered_pair(case, rng, n);
        // One more level: a task may join the longest queue.
        let levels = levels(&[&upper]) + 1;
        let powers = powers(&theta, levels);
        let before = distances(setting, &lower, &upper, levels);
        let mut coins = Coins::new(setting.plan.seed, case);
        // The rate at which each |Delta_j| changes; V counts it theta + ... + theta^j times.
        let mut rates = vec![Ratio::zero(); levels];
        for (mark, weight) in &marks {
            let [mut low, mut up] = [&lower, &upper].map(|start| Queues::of(model, start.clone()));
            coins.next_event();
            setting.subject.couple(model, &mut low, &mut up, mark.as_mark(), &mut coins);
            let after = distances(setting, low.lengths(), up.lengths(), levels);
            for ((sum, before), after) in rates.iter_mut().zip(&before).zip(after) {
                if after > *before {
                    *sum += weight * ratio::whole(after - before);
                } else if after < *before {
                    *sum -= weight * ratio::whole(before - after);
                }
            }
        }
        let (mut drift, mut counted) = (Ratio::zero(), Ratio::zero());
        for (sum, power) in rates.iter().zip(&powers) {
            counted += power;
            drift += sum * &rate * &counted;
        }
        let [Some(low), Some(up)] = [&lower, &upper].map(|x| arriving(model, x, levels)) else {
            return Outcome::Skipped;
        };
        let [q_low, q_up] = [&lower, &upper].map(|x| counts(0..n, x, levels));
        let delta = |i: usize| ratio::whole(q_up[i] - q_low[i]);
        let by_levels: Ratio = (1..levels)
            .map(|i| &powers[i - 1] * (&unit * (&up[i - 1] - &low[i - 1]) - delta(i)))
            .sum();
        if drift != by_levels {
            let [drift, by_levels] = [&drift, &by_levels].map(show);
            let found = format!("V changes at the rate {drift}, by (4.1) {by_levels}");
            return Outcome::violated(found).at(&[&lower, &upper]);
        }
        let factor = &theta * &rho * ratio::whole(d.into()) - Ratio::one();
        let weighted: Ratio = (1..levels).map(|i| &powers[i - 1] * delta(i)).sum();
        let bounds = [&factor * &weighted, -&weighted / ratio::whole(2)];
        let slack = ratio::to_f64(&(&bounds[0] - &drift));
        if drift > bounds[0] || bounds[0] > bounds[1] {
            let [first, second] = [&bounds[0], &bounds[1]].map(show);
            let found = format!("{} <= {first} <= {second} is false", show(&drift));
            return Outcome::violated(found).by(slack).at(&[&lower, &upper]);
        }
        Outcome::Holds { slack, vacuous: lower == upper }
    })
}

fn eq_4_22(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let n = setting.model.graph().n_servers();
    let rho = (setting.instruments.rho)(setting.model);
    if rho.is_zero() {
        return Evidence::not_applicable("needs a task type with servers".to_owned());
    }
    let theta = (setting.instruments.mixing_theta)(&rho, samples(setting.model));
    let count = (n_listed_pairs(n).min(60) + 100) * u64::from(setting.plan.effort);
    setting.cases(claim, count, "ordered pairs of states", |case, rng| {
        let (lower, upper) = ordered_pair(case, rng, n);
        let levels = levels(&[&upper]);
        let powers = powers(&theta, levels);
        // As it is defined: for each i the sum over j >= i.
        let (mut found, mut tail) = (Ratio::zero(), 0);
        for (power, distance) in
            powers.iter().zip(distances(setting, &lower, &upper, levels - 1)).rev()
        {
            tail += distance;
            found += power * ratio::whole(tail);
        }
        // Counted server by server: a task at place j of its queue counts theta + ... + theta^j.
        let mut at_place = vec![0u64; levels];
        for (&low, &up) in lower.iter().zip(&upper) {
            at_place[low as usize..up as usize].iter_mut().for_each(|count| *count += 1);
        }
        let (mut by_tasks, mut worth) = (Ratio::zero(), Ratio::zero());
        for (&count, power) in at_place.iter().zip(&powers) {
            worth += power;
            by_tasks += &worth * ratio::whole(count);
        }
        let tasks = ratio::whole(at_place.iter().sum());
        let above = &theta / (Ratio::one() - &theta) * &tasks;
        let below = &theta * &tasks;
        if found != by_tasks || found < below || found > above {
            let [found, by_tasks, below, above] = [&found, &by_tasks, &below, &above].map(show);
            let found = format!("{below} <= V = {found} = {by_tasks} <= {above} is false");
            return Outcome::violated(found).at(&[&lower, &upper]);
        }
        let slack = ratio::to_f64(&(&found - &below).min(&above - &found));
        Outcome::Holds { slack, vacuous: lower == upper }
    })
}
