//! Theorem 3.8: how fast two copies of the system come together.
//!
//! In `thm-3.8` the first copy starts empty, the second from the steady state, and both share their
//! marks. The second start is bracketed: two further copies, from empty and from L everywhere
//! ([`crate::estimate::bracketing`]), have run before, and by Proposition 3.9 the sum of the
//! differences is monotone in the second start. What the copy from L leaves out has a probability
//! of at most [`START_ERROR`] times its number of tasks, far below what a test can see.
//!
//! **As an equality.** The bound is far above what it bounds, and says nothing of the coupling. Let
//! D(t) = E N^-1 sum_v |X2_v(t) - X1_v(t)|. As long as the copies keep their order, D(t) is the
//! difference of the mean queue lengths, E mean X(infinity) - E mean X(t), which the exact law of a
//! small system gives. A coupling that loses the order, or lets one copy act without the other, has
//! a larger D(t), though each copy by itself be right: systems driven apart, departures that are
//! not shared. On graphs of at most [`SMALL`] servers D(1) and D(3) are held against their exact
//! values, from both sides.
//!
//! # Source
//! Theorem 3.8, (4.27) to (4.29). `alpha <= 1` of the statement is at least 1 in its proof and
//! enters as 1 / alpha.

use crate::claims::parts::{Findings, Part, are_open};
use crate::claims::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::estimate::bracketing::{Plan, START_ERROR};
use crate::faults;
use crate::model::loads;
use crate::model::start::Start;
use crate::num::ratio;
use crate::random::event_clock::{Clock, Timeline};
use crate::simulate::Queues;
use crate::subject::Pair;
use crate::theory::constants::Mixing;
use crate::theory::exact;

/// Theorem 3.8 with the constants of its proof: the sum clipped at a multiple of its bound, at t =
/// 0 and where the bound is 0.9 rho / (1 - rho).
pub(crate) const THM_3_8: Claim = Claim {
    id: "thm-3.8",
    source: "Theorem 3.8, (4.29)",
    paper: &["Theorem 3.8", "(3.4)", "(4.29)"],
    statement: "sum_i E Delta_i(t) <= 1 / (theta (c2^-a + c1 a t)^(1/a)), from empty against the \
        steady state; exactly, if N <= 3",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "sum_i E Delta_i(t), clipped, above its bound by anything",
        observations: 250,
        unit: "replications",
    }),
    policies: Policies::Paper,
    hypotheses: &[
        Hypothesis::EqualRates,
        Hypothesis::NoIsolatedTaskTypes,
        Hypothesis::RhoBelowOne,
        Hypothesis::TwoChoices,
        Hypothesis::FunctionOfMarks,
    ],
    rejects: &[
        faults::MIXING_THETA_DROPPED,
        faults::INDEPENDENT_SYSTEMS,
        faults::DEPARTURES_NOT_COUPLED,
    ],
    run: thm_3_8,
};

/// The sum is clipped at such a multiple of its bound b, the largest that can be paid for: what
/// lies beyond has hardly any weight in large systems.
const CLIPS: [f64; 2] = [4.0, LEAST_CLIP];
const LEAST_CLIP: f64 = 1.5;

/// Samples of the steady state that are looked at for t = 0; some ten times what the clip needs.
const SAMPLES: usize = 2000;

/// Events that the check may take.
const MOST_EVENTS: u64 = 60_000_000;

/// Graphs of so many servers have an exact law at once.
const SMALL: u32 = 3;

/// Where D(t) is held against its exact value.
const TIMES: [f64; 2] = [1.0, 3.0];

/// What a pass excludes of D(t), as a share of it.
const MARGIN: f64 = 0.15;

fn thm_3_8(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let rho = loads::rho(model);
    let bound = |t: f64| (setting.instruments.mixing_bound)(&rho, model.d(), t);
    let trivial = ratio::to_f64(&rho) / (1.0 - ratio::to_f64(&rho));
    let mixing = Mixing::new(&rho, model.d());
    let (speaks, later) = (mixing.time_to(trivial), mixing.time_to(0.9 * trivial));
    let says = format!(
        "the bound is below rho / (1 - rho) = {trivial:.3}, which Corollary 4.3 gives for nothing, \
         from t = {speaks:.3e} on, below 0.1 from t = {:.3e} on",
        mixing.time_to(0.1)
    );
    let plan = match setting.samples.plan() {
        Ok(plan) => plan,
        Err(gave_up) => {
            let found = format!(
                "two copies had not met after {} events; {says}; more with --effort",
                gave_up.events
            );
            return open(found);
        }
    };
    let equality = match equality(setting) {
        Ok(equality) => equality,
        Err(why) => return open(format!("no exact law: {why}; {says}")),
    };
    // Half for each of the bound and the equality, where there are both.
    let of_bound = if equality.is_some() { setting.alpha / 2.0 } else { setting.alpha };
    let share = of_bound / 2.0;
    let most = MOST_EVENTS * u64::from(setting.plan.effort);
    let cost = |t: f64| plan.warm_up as f64 + 2.0 * t * model.event_rate();
    // Even without variance a bet on a mean of [0, 1] needs some ln(1 / alpha) observations for
    // each multiple of the bound that the range holds.
    let needed = |clip: f64| 1.5 * (2.0 / share).ln() * clip;
    let affordable = |clip: f64, t: f64| t.is_finite() && needed(clip) * cost(t) <= most as f64;
    let clip = CLIPS.into_iter().find(|&clip| affordable(clip, later)).unwrap_or(LEAST_CLIP);
    let part = |t: f64| {
        let range = (0.0, clip * bound(t));
        let name = format!("E min({clip} b, sum_i Delta_i({t:.4}))");
        Part::at_most(name, range, bound(t), START_ERROR * range.1, share)
    };
    // At t = 0 the sum is the mean queue length, which the shared samples know.
    let mut now = [part(0.0)];
    let mut samples = 0;
    let sampled = setting.samples.each(SAMPLES, |_, sample| {
        now[0].observe(sample.mean_queue_length());
        samples += 1;
        are_open(&now)
    });
    if let Err(gave_up) = sampled {
        return open(format!("two copies had not met after {} events", gave_up.events));
    }
    let mut findings = Findings::new(setting.alpha);
    findings.enter(samples, &now);
    findings.note(says);
    let speaks_here = affordable(clip, later);
    if speaks_here {
        let (mut then, seed) = ([part(later)], setting.seed(claim.id));
        let (mut spent, mut replication) = (0, 0);
        while are_open(&then) && spent <= 2 * most {
            let (apart, events) = differences(setting, &plan, &[later], (seed, replication));
            then[0].observe(apart[0]);
            spent += events;
            replication += 1;
        }
        findings.enter(replication, &then);
    } else {
        let needed = needed(clip) * cost(later);
        findings.note(format!(
            "t = {later:.3e} is left out: it needs about {needed:.1e} events, more with --effort"
        ));
    }
    // At t = 0 the bound is above the trivial one.
    let vacuous = !speaks_here && equality.is_none();
    if let Some(parts) = equality {
        let seed = setting.seed("thm-3.8, as an equality");
        let most = most / (plan.warm_up + 1);
        findings.settle(parts, most, |replication| {
            let (apart, _) = differences(setting, &plan, &TIMES, (seed, replication));
            // Each against its limit from above and from below.
            apart.into_iter().flat_map(|figure| [figure, figure]).collect()
        });
    }
    Evidence { vacuous, ..findings.evidence() }
}

/// The parts that hold D(t) at each of [`TIMES`] against its exact value, from above and from
/// below, with half of alpha; `None` on larger graphs. D(t) is clipped at a number of tasks beyond
/// which the steady state, and so the difference, has next to nothing.
fn equality(setting: &Setting<'_>) -> Result<Option<Vec<Part>>, exact::ExactError> {
    let model = setting.model;
    if model.graph().n_servers() > SMALL {
        return Ok(None);
    }
    let options = exact::Options::default();
    let steady = exact::stationary(model, &options)?;
    let laws = exact::transient(model, &Start::Empty, &TIMES, &options)?;
    // By convexity E (mean X - C)^+ is at most the mean of E (X_v - C)^+.
    let beyond = |clip: usize| -> f64 { steady.q.iter().skip(clip).map(|q| q.upper).sum() };
    let share = setting.alpha / 4.0 / TIMES.len() as f64;
    let part = |(t, law): (f64, &exact::Law)| {
        let low = steady.mean_queue_length.lower - law.mean_queue_length.upper;
        let high = steady.mean_queue_length.upper - law.mean_queue_length.lower;
        let margin = MARGIN * low;
        let clip = (1..steady.q.len()).find(|&clip| beyond(clip) < 0.1 * margin);
        let clip = clip.unwrap_or(steady.q.len());
        let (name, range) = (format!("D({t})"), (0.0, clip as f64));
        let error = START_ERROR * range.1;
        [
            Part::at_most(&*name, range, high + margin, error, share),
            Part::at_least(&*name, range, low - margin - beyond(clip), error, share),
        ]
    };
    Ok(Some(TIMES.into_iter().zip(&laws).flat_map(part).collect()))
}

fn open(summary: String) -> Evidence {
    Evidence::of_test(Verdict::Inconclusive, 0, summary)
}

/// One replication: a bracket of the steady state, then the copy from empty against it. How far
/// they are apart at these ascending times, between bounds, and the events that it took.
fn differences(
    setting: &Setting<'_>,
    plan: &Plan,
    times: &[f64],
    (seed, replication): (u64, u64),
) -> (Vec<(f64, f64)>, u64) {
    let model = setting.model;
    let n = model.graph().n_servers() as usize;
    let mut steady =
        Pair::new(setting.subject, model, seed, replication, vec![0; n], vec![plan.start.level; n]);
    steady.advance(plan.warm_up);
    let mut spent = plan.warm_up;
    let starts = [steady.lower(), steady.upper()].map(|queues| queues.lengths().to_vec());
    let mut from = |start: &[u32]| -> Vec<f64> {
        // Marks and times of their own, the same for both ends of the bracket.
        let mut pair =
            Pair::new(setting.subject, model, !seed, replication, vec![0; n], start.to_vec());
        let mut timeline = Timeline::new(Clock::new(model.event_rate(), !seed, replication));
        let at = |&t: &f64| {
            let advanced = timeline.advance_to(t, |events| pair.advance(events));
            debug_assert!(advanced.is_ok(), "the times of the claim are times");
            apart(pair.lower(), pair.upper())
        };
        let all = times.iter().map(at).collect();
        spent += timeline.events();
        all
    };
    let low = from(&starts[0]);
    let high = if starts[0] == starts[1] { low.clone() } else { from(&starts[1]) };
    (low.into_iter().zip(high).collect(), spent)
}

/// sum_i abs(q_i(2) - q_i(1)) of ordered states; of others the sum over the servers, which is
/// larger.
pub(super) fn apart(lower: &Queues, upper: &Queues) -> f64 {
    let sum: u64 =
        lower.lengths().iter().zip(upper.lengths()).map(|(&l, &u)| u64::from(l.abs_diff(u))).sum();
    sum as f64 / lower.lengths().len() as f64
}
