//! (4.10): in steady state each level gains as many tasks as it loses.
//!
//! A queue falls from i + 1 to i tasks at the rate q_(i+1), for each server, and rises from i to
//! i + 1 or from any longer one at the rate
//!
//! F_i = (lambda / M) sum_w r_w g_w(Q_i^w),
//!
//! where g_w(s) is the probability that all samples of a task of type w lie within a given s of its
//! servers. The generator applied to sum_(i < j <= n) Q_j has mean 0 in steady state, since that
//! sum is bounded by n N: E q_(i+1) - E q_(n+1) = E F_i - E F_n. As n grows both subtracted terms
//! vanish, so that E q_(i+1) = E F_i for every ergodic system, without any moment.
//!
//! | i | claim | |
//! |---|---|---|
//! | 0 | `flow-balance` | F_0 = lambda: sees what is served, and no pick |
//! | 1, 2, 3 | `eq-4.10` | sees one sample more or less, and how samples are drawn, where Corollary 4.3 is blind |
//!
//! Copies from empty and from above bracket q_(i+1) and F_i, both of which increase with the state;
//! where they have met, the difference is known.
//!
//! # Source
//! (4.10). Deviation from the print: it argues for a derivative of sum_j E Q_j, which it does not
//! show to be finite.

use super::parts::Part;
use super::statistical::{decide, resolution, undecided};
use super::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::estimate::bracketing::{NoCoalescence, START_ERROR, Sample, Samples, averaging_plan};
use crate::faults;

/// Flow balance: in steady state the busy fraction is the load.
pub(crate) const FLOW_BALANCE: Claim = Claim {
    id: "flow-balance",
    source: "(4.10) with i = 0",
    paper: &["(4.10)"],
    statement: "E q_1(infinity) = lambda, within 1 % (or the margin stated, at most 5 %)",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "E q_1(infinity) off by 1 %, on large graphs by the margin stated, at most 5 %",
        observations: 4_000,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::JoinsAShortest),
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::BelowCriticalLoad],
    rejects: &[faults::SLOW_SERVICE, faults::IDLE_SERVERS_SERVE],
    run: flow_balance,
};

/// (4.10) at the levels that say something of picks.
pub(crate) const EQ_4_10: Claim = Claim {
    id: "eq-4.10",
    source: "(4.10) with i >= 1",
    paper: &["(4.10)"],
    statement: "E q_(i+1)(infinity) = (lambda/M) sum_w r_w E g_w(Q_i^w), i = 1, 2, 3, within 0.02 \
        (or the margin stated)",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "the two sides of (4.10) apart by 0.02, i = 1, 2, 3, or by the margin stated, \
            at most 0.1",
        observations: 7_000,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::EqualSamples, &Policies::Monotone),
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::BelowCriticalLoad],
    rejects: &[
        faults::ONE_SAMPLE_LESS,
        faults::ONE_SAMPLE_MORE,
        faults::SAMPLING_WITHOUT_REPLACEMENT,
        faults::SLOW_SERVICE,
    ],
    run: eq_4_10,
};

/// Fewer servers than these make a small system, of which copies meet soon.
const LARGE: u32 = 500;

/// Events for which the margins of a small system are chosen: many systems share the time of a
/// suite.
const MOST_EVENTS: u64 = 50_000_000;

/// Those of a large one.
const MOST_EVENTS_OF_LARGE: u64 = 300_000_000;

/// A margin above this share of lambda excludes too little for a pass.
const WIDEST: f64 = 0.05;

/// The same for a difference of two q.
const WIDEST_DIFFERENCE: f64 = 0.1;

/// The levels i of `eq-4.10`.
const LEVELS: std::ops::RangeInclusive<usize> = 1..=3;

fn flow_balance(_: &Claim, setting: &Setting<'_>) -> Evidence {
    let (model, lambda) = (setting.model, setting.model.lambda());
    let share = setting.alpha / 2.0;
    let effort = u64::from(setting.plan.effort);
    // Tasks per server that the upper start may leave out; of a large system alone.
    let planned = (model.graph().n_servers() >= LARGE)
        .then(|| averaging_plan(model, 1e-3 * lambda))
        .flatten();
    let own = planned.map(|(plan, excess)| {
        let seed = setting.seed("flow-balance on a large graph");
        (Samples::planned(setting.subject, model, seed, plan), excess)
    });
    let (samples, error, budget) = match &own {
        Some((samples, excess)) => (samples, *excess, MOST_EVENTS_OF_LARGE),
        None => (setting.samples, START_ERROR, MOST_EVENTS),
    };
    let plan = match samples.plan() {
        Ok(plan) => plan,
        Err(NoCoalescence { events }) => return undecided(events),
    };
    // The cost of a bet grows with the range. Beyond twice its mean the busy fraction of many
    // servers has next to no weight.
    let (highest, name) = match own {
        Some(_) if lambda < 0.5 => (2.0 * lambda, "E min(2 lambda, q_1(infinity))"),
        _ => (1.0, "E q_1(infinity)"),
    };
    let finest = 0.01 * lambda / highest;
    let margin = highest * resolution(budget * effort, &plan, finest, share);
    if margin > WIDEST * lambda {
        return too_wide(margin / lambda * 100.0, WIDEST * 100.0, " % of lambda");
    }
    let range = (0.0, highest);
    let parts = vec![
        Part::at_most(name, range, (lambda + margin).min(highest), error, share),
        Part::at_least(name, range, lambda - margin, 0.0, share),
    ];
    decide(setting, samples, parts, |sample, _| sample.q(1))
}

fn eq_4_10(_: &Claim, setting: &Setting<'_>) -> Evidence {
    let servers = setting.model.graph().n_servers();
    if servers >= LARGE {
        let why = format!("needs fewer than {LARGE} servers, here {servers}");
        return Evidence::not_applicable(why);
    }
    let share = setting.alpha / (2 * LEVELS.count()) as f64;
    let plan = match setting.samples.plan() {
        Ok(plan) => plan,
        Err(NoCoalescence { events }) => return undecided(events),
    };
    // The difference has a range of 2.
    let finest = if setting.plan.brief { 0.02 } else { 0.01 };
    let margin =
        2.0 * resolution(MOST_EVENTS * u64::from(setting.plan.effort), &plan, finest, share);
    if margin > WIDEST_DIFFERENCE {
        return too_wide(margin, WIDEST_DIFFERENCE, "");
    }
    let parts = LEVELS.flat_map(|i| {
        let (name, range) = (format!("E (q_{} - F_{i})", i + 1), (-1.0, 1.0));
        [
            Part::at_most(&*name, range, margin, START_ERROR, share),
            Part::at_least(&*name, range, -margin, START_ERROR, share),
        ]
    });
    let parts = parts.collect();
    decide(setting, setting.samples, parts, |sample, at| imbalance(sample, 1 + at / 2))
}

/// q_(i+1) - F_i, averaged over the window, from below and above.
fn imbalance(sample: &Sample, i: usize) -> (f64, f64) {
    let at = |values: &[f64], i: usize| values.get(i - 1).copied().unwrap_or(0.0);
    let (least, most) = &sample.joined;
    let q = |values: &[f64]| at(values, i + 1);
    let bounds = (q(&sample.lower) - at(most, i), q(&sample.upper) - at(least, i));
    // Copies that lost their order bracket nothing; `decide` says so.
    (bounds.0.min(bounds.1), bounds.0.max(bounds.1))
}

fn too_wide(margin: f64, widest: f64, unit: &str) -> Evidence {
    let summary = format!(
        "the budget tells a difference of {margin:.2}{unit} only, and a pass needs one of at most \
         {widest:.2}{unit}: more with --effort"
    );
    Evidence::of_test(Verdict::Inconclusive, 0, summary)
}
