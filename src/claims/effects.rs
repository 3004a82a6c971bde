//! What a pass excludes is what the claim says: for each statistical claim a system, an instrument
//! or a mean just outside of the stated effect, which the claim's own check must not pass.
//!
//! A margin three times as wide would otherwise go unnoticed: the reference and the faults are on
//! the same sides of both. "Just outside" is 1.5 times the effect. The numbers stand in this table
//! a second time, in words and as figures, so that neither the text of a claim nor its check can be
//! changed alone.
//!
//! Left out, since nothing at hand is off by just so much: the fitted bounds of `thm-3.1`, the odds
//! of services, servers and ties of `transition-law` and `marks-law` (those of arrivals are there),
//! and `random-graphs`. The claims about tests and intervals are tried in their own files.

use rand::RngExt;

use super::parts::trial;
use super::{CheckOptions, Evidence, Kind, Verdict, all, find};
use crate::estimate::bracketing::Samples;
use crate::estimate::{Estimated, from_the_past};
use crate::graph::BipartiteGraph;
use crate::instruments::{Instruments, REFERENCE};
use crate::model::loads;
use crate::model::{Load, Model};
use crate::num::ratio::{Ratio, ratio};
use crate::random::{coin_rng, fingerprint};
use crate::simulate::coupled::CoupledSimulation;
use crate::simulate::event_list::Oracle;
use crate::subject::{Reference, Subject};
use crate::theory::constants::{Mixing, martingale_bound};
use crate::theory::mean_field::fixed_point;

/// Two alike servers at load 3/5, so that rho = lambda.
fn model() -> Model {
    let graph = BipartiteGraph::complete(2, 2).unwrap();
    Model::with_load(graph, Load::new(ratio(3, 5)).unwrap(), 2).unwrap()
}

fn check(id: &str, subject: &dyn Subject, instruments: &Instruments) -> Evidence {
    let (claim, model) = (find(id).unwrap(), model());
    let options = CheckOptions { instruments, ..CheckOptions::default() };
    let samples = Samples::new(subject, &model, 1, 1_000_000);
    claim.evaluate(&options.setting(subject, &model, &samples))
}

/// The effect of a claim in words has these numbers.
fn assert_states(id: &str, words: &str) {
    let smallest = find(id).unwrap().effect.unwrap().smallest;
    assert!(smallest.contains(words), "{id} excludes {smallest}, not {words}");
}

/// sum of q*_i from the i-th on.
fn tail(lambda: f64, from: u32) -> f64 {
    (from..40).map(|i| fixed_point(lambda, 2, i)).sum()
}

/// Claims on means: id, the effect in words, the part's name, the mean just outside.
fn means() -> Vec<(&'static str, &'static str, String, f64)> {
    let q = |i| fixed_point(0.8, 2, i);
    let mut rows = vec![
        ("flow-balance", "1 %", "E q_1(infinity)", 0.6 * 1.015),
        ("flow-balance", "1 %", "E q_1(infinity)", 0.6 * 0.985),
        ("eq-4.10", "apart by 0.02", "E (q_2 - F_1)", 0.03),
        ("eq-4.10", "apart by 0.02", "E (q_4 - F_3)", -0.03),
        // By anything: here by a tenth. On two alike servers rho = lambda.
        ("cor-4.3", "above rho^i", "E q_2(infinity)", 0.36 * 1.1),
        ("cor-4.3", "above rho^i", "E q_3(infinity)", 0.216 * 1.1),
        ("exact-law", "E q_i(2) off by 0.02", "E q_1(2)", f64::NAN),
        ("exact-law", "E q_i(infinity) by 0.015", "E q_1(infinity)", 0.6 + 1.5 * 0.015),
        ("exact-law", "E q_i(infinity) by 0.015", "E q_1(infinity)", 0.6 - 1.5 * 0.015),
        ("prop-4.1-ergodic", "0.2 apart", "P(copies have not met", 1.5 * 0.2),
        ("cor-3.2", "0.07 at N = 1000", "N = 1000, k = 32, p = 1", 1.5 * 0.07),
        ("cor-3.2", "0.018 on the complete", "complete, N = 100000: E min(0.02, D)", 0.02),
        ("rem-2", "0.5 (p = 1/2)", "N = 1000, k = 32, p = 0.5", 1.5 * 0.5),
        ("rem-2", "0.0001 (p = 3)", "N = 1000, k = 32, p = 3", 1.5 * 0.0001),
        ("cor-3.4", "3 %", "k = 2, p = 2: mean degree / (N vol)", 1.045),
        ("cor-3.4", "3 %", "k = 3, p = 4: mean degree / (N vol)", 0.955),
        ("cor-3.6", "0.035 for k = 60", "circulant, N = 3600, k = 60", 1.5 * 0.035),
        ("cor-3.6", "0.035 for k = 60", "random regular, N = 3600, k = 60", 1.5 * 0.035),
        ("cor-3.6", "0.035 for k = 60", "union of complete graphs, N = 3600, k = 60", 1.5 * 0.035),
        ("cor-3.4", "0.04 at N = 1500", "mean degree sqrt(N) = 39, N = 1500", 1.5 * 0.04),
        (
            "cor-3.6",
            "below 0.06 for k = 3",
            "k = 3, N = 10000: E min(1, sum_(i >= 3) q_i)",
            tail(0.6, 3) + 0.06 / 1.5,
        ),
        ("fig-2", "0.07", "complete, N = 1000", tail(0.8, 1) + 1.5 * 0.07),
        ("fig-3", "0.02 (complete)", "complete, N = 100000", 1.5 * 0.02),
        ("fig-3", "0.05 (k = 84)", "k = 84, N = 10000", 1.5 * 0.05),
        ("fig-3", "below 0.05 for k = 3", "k = 3, N = 10000", 0.05 / 1.5),
        ("fig-4", "q_2, q_3 off by 0.05", "complete, N = 1000: q_2", q(2) + 1.5 * 0.05),
        ("fig-4", "q_2, q_3 off by 0.05", "complete, N = 1000: q_3", q(3) - 1.5 * 0.05),
        ("fig-4", "q_4 by 0.02", "complete, N = 1000: q_4", q(4) - 1.5 * 0.02),
        ("fig-4", "below 6/5, 2, 8 times", "k = 3, N = 1000: q_3", 1.2 / 1.5 * q(3)),
        ("fig-4", "below 6/5, 2, 8 times", "k = 3, N = 1000: q_4", 2.0 / 1.5 * q(4)),
        ("fig-4", "below 6/5, 2, 8 times", "k = 3, N = 1000: q_5", 8.0 / 1.5 * q(5)),
        ("thm-3.1", "0.05 on the complete graph", "complete 2000, p = 1", 1.5 * 0.05),
        (
            "thm-3.1",
            "k = 3 within 0.06",
            "regular 1000, k = 3: E min(1, sum_(i >= 2) q_i)",
            tail(0.5, 2) + 0.06 / 1.5,
        ),
        (
            "rate-complete",
            "off by 15 %",
            "lambda = 0.8, d = 2, N = 64: E sum_i q_i - sum_i q*_i",
            (1.0 + 1.5 * 0.15) * 1.605441 / 64.0,
        ),
        (
            "rate-complete",
            "off by 15 %",
            "lambda = 0.8, d = 2, N = 64: E sum_i (q_i - q*_i)^2",
            (1.0 - 1.5 * 0.15) * 1.484253 / 64.0,
        ),
        (
            "counterexample-1.2",
            "below 0.2 on the spatial",
            "circulant, N = 1000, k = 47: E min(1, D(4))",
            0.2 / 1.5,
        ),
        (
            "counterexample-1.2",
            "below 0.2 on the spatial",
            "circulant, N = 10000, k = 84: E min(1, D(4))",
            0.2 / 1.5,
        ),
        (
            "counterexample-1.2",
            "above 0.05 on the complete one",
            "complete, N = 10000: E min(0.1, D(4))",
            1.5 * 0.05,
        ),
        ("cor-3.11", "within 0.045", "circulant, N = 10000, k = 3: E min(0.16, sup)", 0.045 / 1.5),
        ("cor-3.11", "within 0.035", "circulant, N = 10000, k = 150", 1.5 * 0.035),
        ("mixing-in-N", "an interval of length 3", "cycle, N = 100: D(1)", 0.1 / 1.5),
        ("mixing-in-N", "an interval of length 3", "cycle, N = 10000: E min", 1.2 * 0.1),
        ("thm-3.10", "0.00001 at N = 10^6", "complete, N = 10^6, one task everywhere", 1.1),
        ("thm-3.10", "above its bound", "Erdos-Renyi, N = 800", 1.5),
        ("eq-4.40", "E sup above its bound", "complete, N = 10^4", 1.5),
        ("eq-4.40", "term in phi", "two complete, N = 206250 + 93750, without phi", 1.0 / 1.5),
    ]
    .into_iter()
    .map(|(id, words, name, mean)| (id, words, name.to_owned(), mean))
    .collect::<Vec<_>>();
    // What the test of the law at a time knows by itself.
    let options = crate::theory::exact::Options::default();
    let start = crate::theory::mean_field::Start::Empty;
    let law = crate::theory::exact::transient(&model(), &start, &[2.0], &options).unwrap();
    let at_2 = rows.iter_mut().find(|row| row.3.is_nan()).unwrap();
    at_2.3 = law[0].q[0].value + 1.5 * 0.02;
    let steady = crate::theory::exact::stationary(&model(), &options).unwrap();
    let tail = |t| crate::theory::delay::tail(0.6, &steady.q, 1.0, t).value;
    for (t, off) in [(1.0, 0.06), (4.0, -0.06)] {
        let name = format!("P(delay > {t})");
        rows.push(("delay-law", "off by 0.04", name, tail(t) + off));
    }
    rows.extend(bounds());
    for (k, length) in [(3, 1.928), (4, 1.801), (10, 1.639), (100, 1.566)] {
        rows.push(("fig-2", "0.07", format!("k = {k}, N = 1000"), length - 1.5 * 0.07));
    }
    rows
}

/// Claims on bounds that are computed, here a second time.
fn bounds() -> Vec<(&'static str, &'static str, String, f64)> {
    let model = model();
    let rho = loads::rho(&model);
    let mixing = Mixing::new(&rho, 2).bound(0.0);
    let gamma = 1.0 / 2.0;
    let martingale = martingale_bound(0.6, 2, gamma, 10.0);
    let long = martingale_bound(0.8, 2, 1.0 / 1000.0, 30.0);
    vec![
        ("thm-3.8", "above its bound by anything", "E min(".to_owned(), 1.1 * mixing),
        (
            "lemma-c.2",
            "above its bound by anything",
            "from empty: E sum at t = 10".to_owned(),
            1.1 * martingale,
        ),
        (
            "lemma-c.2-long",
            "above 0.0004",
            "from empty: E sum at t = 30".to_owned(),
            // 0.0004 t^2 and a little.
            1.1 * long,
        ),
    ]
}

#[test]
fn no_claim_on_a_mean_passes_one_just_outside_of_its_effect() {
    let mut passed = Vec::new();
    for (id, words, name, mean) in means() {
        assert_states(id, words);
        let run = || check(id, &Reference, &REFERENCE);
        let (evidence, met) = trial::with(&name, mean, run);
        assert!(met > 0, "{id} has no part `{name}`: {}", evidence.summary);
        // Where the budget does not tell it from the effect, it is left open.
        if matches!(evidence.verdict, Verdict::Holds | Verdict::Crashed) {
            passed.push(format!("{id}, {name} = {mean}: {}", evidence.summary));
        }
    }
    assert!(passed.is_empty(), "{passed:#?}");
}

/// The same claims hold where every part sees what speaks for it.
#[test]
fn every_claim_on_a_mean_passes_means_inside() {
    for id in ["cor-3.2", "rem-2", "cor-3.4", "cor-3.6", "fig-3", "fig-4", "cor-3.11", "eq-4.40"] {
        let (evidence, _) = trial::with("", 0.0, || check(id, &Reference, &REFERENCE));
        assert_eq!(evidence.verdict, Verdict::Holds, "{id}: {}", evidence.summary);
    }
}

/// The reference at a load whose odds of an arrival are off by exp of this many hundredths.
struct Tilted<const HUNDREDTHS: i32>;

fn tilted(model: &Model, by: f64) -> Model {
    let load = Load::try_from(model.lambda() * by.exp()).unwrap();
    Model::with_load(model.graph().clone(), load, model.d()).unwrap()
}

impl<const HUNDREDTHS: i32> Subject for Tilted<HUNDREDTHS> {
    fn name(&self) -> String {
        format!("arrivals tilted by {HUNDREDTHS}")
    }

    fn system(&self, model: &Model) -> Model {
        tilted(model, f64::from(HUNDREDTHS) / 100.0)
    }
}

/// Every interval moved by this much of its mean, or by an amount.
fn moved(q: &mut Estimated, factor: f64, amount: f64) {
    for end in [&mut q.lower, &mut q.mean, &mut q.upper] {
        *end = *end * factor + amount;
    }
}

/// 1.1 times the critical load by sets, and half as far again.
fn ergodic_up_to(model: &Model, times: Ratio) -> Option<bool> {
    let law = model.policy().sample_law()?;
    let critical = crate::theory::stability::critical_load_by_subsets(model.graph(), law).ok()?;
    Some(*model.load().exact() < critical.lambda * times)
}

const LAW_AT_TIMES_OFF: Instruments = Instruments {
    transient: |model, start, times, options| {
        let mut estimate = (REFERENCE.transient)(model, start, times, options)?;
        // All levels at the second time alike, that their sum is the mean.
        let q = &mut estimate.q[1];
        moved(&mut q[0], 1.0, 1.5 * 0.06);
        estimate.mean_queue_length[1] += 1.5 * 0.06;
        Ok(estimate)
    },
    ..REFERENCE
};

/// An interval of this width around its mean.
fn widened(q: &mut Estimated, width: f64) {
    (q.lower, q.upper) = (q.mean - width / 2.0, q.mean + width / 2.0);
}

const WIDE_AT_TIMES: Instruments = Instruments {
    transient: |model, start, times, options| {
        let mut estimate = (REFERENCE.transient)(model, start, times, options)?;
        widened(&mut estimate.q[0][1], 1.5 * 0.06);
        Ok(estimate)
    },
    ..REFERENCE
};

const WIDE_DELAY: Instruments = Instruments {
    steady_state: |model, options| {
        let mut estimate = (REFERENCE.steady_state)(model, options)?;
        let delay = estimate.mean_delay.mean;
        widened(&mut estimate.mean_delay, 2.0 * 0.15 * delay);
        Ok(estimate)
    },
    ..REFERENCE
};

const DELAY_OFF: Instruments = Instruments {
    steady_state: |model, options| {
        let mut estimate = (REFERENCE.steady_state)(model, options)?;
        moved(&mut estimate.mean_delay, 1.15, 0.0);
        moved(&mut estimate.mean_queue_length, 1.15, 0.0);
        Ok(estimate)
    },
    ..REFERENCE
};

const BUSY_OFF: Instruments = Instruments {
    steady_state: |model, options| {
        let mut estimate = (REFERENCE.steady_state)(model, options)?;
        moved(&mut estimate.q[0], 0.85, 0.0);
        Ok(estimate)
    },
    ..REFERENCE
};

const CLOCK_OFF: Instruments = Instruments {
    event_times: |model, seed, path, until| {
        let mut times = (REFERENCE.event_times)(model, seed, path, until * 1.015)?;
        times.iter_mut().for_each(|time| *time /= 1.015);
        Ok(times)
    },
    ..REFERENCE
};

const ORACLE_OFF: Instruments = Instruments {
    oracle: |model, seed, path, start| Oracle::new(&tilted(model, 0.075), seed, path, start),
    ..REFERENCE
};

const COUPLING_OFF: Instruments = Instruments {
    coupled: |model, coupling, seed, path, lower, upper| {
        CoupledSimulation::new(&tilted(model, 0.45), coupling, seed, path, lower, upper)
    },
    ..REFERENCE
};

const GROWTH_OFF: Instruments =
    Instruments { is_ergodic: |model| ergodic_up_to(model, ratio(23, 20)), ..REFERENCE };

const STABILITY_OFF: Instruments =
    Instruments { is_ergodic: |model| ergodic_up_to(model, ratio(17, 20)), ..REFERENCE };

const FULL_TOO_OFTEN: Instruments = Instruments {
    perfect_sample: |past| {
        let mut rng = coin_rng(fingerprint("full-too-often"), past.replication());
        let state = from_the_past::sample(past)?;
        let full = vec![3; state.len()];
        // Of all others so many that the full state has 0.015 more than its law, which is below
        // 0.1 here.
        Ok(if rng.random_bool(0.0165) { full } else { state })
    },
    ..REFERENCE
};

#[test]
fn no_claim_passes_a_system_or_an_instrument_just_outside_of_its_effect() {
    let arrivals: [&dyn Subject; 2] = [&Tilted::<8>, &Tilted::<-8>];
    let mut passed = Vec::new();
    let coarse: [&dyn Subject; 2] = [&Tilted::<45>, &Tilted::<-45>];
    let table: [(&str, &str, &dyn Subject, &Instruments); 17] = [
        ("transition-law", "an arrival off by the factor exp(0.05)", arrivals[0], &REFERENCE),
        ("transition-law", "an arrival off by the factor exp(0.05)", arrivals[1], &REFERENCE),
        ("marks-law", "exp(0.3)", coarse[0], &REFERENCE),
        ("marks-law", "exp(0.3)", coarse[1], &REFERENCE),
        ("lemma-4.5", "the drift of Q_i^w", coarse[0], &REFERENCE),
        ("lemma-4.5", "exp(0.3)", coarse[1], &REFERENCE),
        ("coupling-law", "exp(0.3)", &Reference, &COUPLING_OFF),
        ("oracle-law", "as transition-law", &Reference, &ORACLE_OFF),
        ("event-times", "1 %", &Reference, &CLOCK_OFF),
        ("transient-law", "0.06", &Reference, &LAW_AT_TIMES_OFF),
        ("transient-law", "0.06", &Reference, &WIDE_AT_TIMES),
        ("steady-law", "the mean delay off by 10 %", &Reference, &WIDE_DELAY),
        ("steady-law", "the mean delay off by 10 %", &Reference, &DELAY_OFF),
        ("steady-law", "E q_i(infinity)", &Reference, &BUSY_OFF),
        ("rem-1-growth", "a tenth away", &Reference, &GROWTH_OFF),
        ("rem-1-growth", "a tenth away", &Reference, &STABILITY_OFF),
        ("perfect-sampling", "0.01 of the samples beyond its law", &Reference, &FULL_TOO_OFTEN),
    ];
    for (id, words, subject, instruments) in table {
        assert_states(id, words);
        let evidence = check(id, subject, instruments);
        if matches!(evidence.verdict, Verdict::Holds | Verdict::Crashed) {
            passed.push(format!("{id}, {words}, {}: {}", subject.name(), evidence.summary));
        }
    }
    assert!(passed.is_empty(), "{passed:#?}");
}

/// Where a system just outside is rejected before the effect is asked for, the evidence of the
/// right one tells what its pass excludes, from the number that decides.
#[test]
fn a_pass_tells_the_effect_that_is_stated() {
    let table = [
        ("marks-law", "exp(0.3)", "exclude tilts of 0.3 in the log-odds"),
        ("lemma-4.5", "exp(0.3)", "exclude tilts of 0.3 of the change"),
        ("perfect-sampling", "0.01 of the samples", "no single state gets 0.01 of the samples"),
    ];
    for (id, words, told) in table {
        assert_states(id, words);
        let evidence = check(id, &Reference, &REFERENCE);
        assert_eq!(evidence.verdict, Verdict::Holds, "{id}: {}", evidence.summary);
        assert!(evidence.summary.contains(told), "{id}: {}", evidence.summary);
    }
}

#[test]
fn every_statistical_claim_is_tried_just_outside_or_named_as_left_out() {
    // What their own files try, and what is said above.
    let elsewhere = ["random-graphs", "sequential-tests", "intervals-cover", "distribution-test"];
    let source = include_str!("effects.rs");
    for claim in all().filter(|claim| claim.kind == Kind::Statistical) {
        let tried = source.contains(&format!("(\"{}\"", claim.id))
            || source.contains(&format!("            \"{}\",", claim.id));
        assert!(tried || elsewhere.contains(&claim.id), "{}", claim.id);
    }
}
