//! The subject's laws on small systems against the exact solver.
//!
//! In the steady state through the bracketing samples that other claims share, at a fixed time
//! through independent paths from empty. Each E q_i is an equivalence: *holds* means that a
//! difference of more than the margin was rejected, *violated* that one within it was.
//!
//! # Source
//! Section 2; [`crate::theory::exact`].

use super::parts::{self, Findings, Part, are_open};
use super::{Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting};
use crate::estimate::bracketing::upper_start;
use crate::faults;
use crate::model::Model;
use crate::num::ratio;
use crate::random::event_clock::{Clock, Timeline};
use crate::subject::Path;
use crate::theory::exact::{self, Value};
use crate::theory::mean_field::Start;

/// Simulated against exact.
pub(crate) const EXACT_LAW: Claim = Claim {
    id: "exact-law",
    source: "section 2, small systems solved exactly",
    paper: &["Section 2"],
    statement: "E q_i(2) from empty and E q_i(infinity), i = 1, 2, 3, are those of the exact \
        solver, within 0.02 and 0.015",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "E q_i(2) off by 0.02, E q_i(infinity) by 0.015, i = 1, 2, 3",
        observations: 20_000,
        unit: "replications",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::ServersAtMost(3)],
    rejects: &[
        faults::ONE_SAMPLE_LESS,
        faults::JOIN_LONGEST,
        faults::SERVICE_NOT_COUNTED,
        faults::STALE_LENGTHS,
        faults::TWO_SHORTEST_COIN,
        faults::IDLE_SERVERS_SERVE,
        faults::ARRIVAL_RATE_INVERTED,
        faults::COMPARED_WITH_ITSELF,
        faults::LAST_SERVER_NEVER_SERVED,
        faults::STRANDED_QUEUE,
    ],
    run: exact_law,
};

const MARGIN_AT_TIME: f64 = 0.02;

/// The samples are averages over windows, and so tell smaller differences.
const MARGIN_IN_STEADY_STATE: f64 = 0.015;

/// The time of the transient law.
const TIME: f64 = 2.0;

/// The levels that are compared.
const LEVELS: usize = 3;

/// One E q_i against its exact value; what the solver leaves open is added to what is permitted.
fn part(name: String, exact: Value, margin: f64, alpha: f64) -> Part {
    Part::within(name, exact.value, margin + exact.error(), alpha)
}

/// Shows a figure of each part to those that are still undecided.
fn observe(parts: &mut [Part], figure: impl Fn(u32) -> (f64, f64)) {
    for (i, part) in (1..).zip(parts) {
        if part.supports().is_none() {
            part.observe(figure(i));
        }
    }
}

/// Places and weights of Gauss and Legendre on [0, 1], exact for polynomials of degree 15: below
/// 10^-11 for the rates of small systems.
fn nodes() -> impl Iterator<Item = (f64, f64)> {
    const NODES: [(f64, f64); 4] = [
        (0.183_434_642_495_649_8, 0.362_683_783_378_362),
        (0.525_532_409_916_329, 0.313_706_645_877_887_3),
        (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
        (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
    ];
    NODES.into_iter().flat_map(|(x, weight)| [x, -x].map(|x| (f64::midpoint(1.0, x), weight / 2.0)))
}

/// What comes in must go out or stay: the laws of the solver against the flow of tasks, d/dt E
/// (tasks per server) = accepted load - E q_1.
///
/// `laws` are those at the [`nodes`], then at t = 1; `law` is that of the steady state.
fn unbalanced(
    model: &Model,
    options: &exact::Options,
    laws: &[exact::Law],
    law: Option<&exact::Law>,
) -> Option<String> {
    const ROUNDING: f64 = 1e-9;
    let accepted = model.lambda() * (1.0 - ratio::to_f64(&model.graph().lost_share()));
    let (last, laws) = laws.split_last()?;
    let left: f64 =
        laws.iter().zip(nodes()).map(|(law, (_, weight))| law.q[0].value * weight).sum();
    let error =
        laws.iter().map(|law| law.q[0].error()).fold(last.mean_queue_length.error(), f64::max);
    let (stays, found) = (accepted - left, last.mean_queue_length.value);
    if (found - stays).is_nan() || (found - stays).abs() > 2.0 * error + ROUNDING {
        return Some(format!(
            "the exact solver finds {found} tasks per server at t = 1, by its own q_1 until then \
             {stays} must be there"
        ));
    }
    let law = law?;
    // With a low cap the ends are far apart, and around the same law.
    let low = exact::stationary(model, &exact::Options { cap: Some(4), ..options.clone() }).ok()?;
    let mut pairs =
        low.q.iter().zip(&law.q).take(6).chain([(&low.mean_queue_length, &law.mean_queue_length)]);
    let outside = pairs.find(|(low, fine)| {
        fine.value < low.lower - fine.error() || fine.value > low.upper + fine.error()
    });
    if let Some((low, fine)) = outside {
        let (lower, upper, fine) = (low.lower, low.upper, fine.value);
        return Some(format!(
            "the exact solver with a cap of 4 says [{lower}, {upper}], without one {fine}"
        ));
    }
    let busy = law.q[0];
    (busy.lower > accepted + ROUNDING || busy.upper < accepted - ROUNDING).then(|| {
        format!(
            "the exact solver finds E q_1(infinity) = {} in [{}, {}], the accepted load is \
             {accepted}",
            busy.value, busy.lower, busy.upper
        )
    })
}

fn exact_law(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let options =
        exact::Options { most_states: 20_000, tolerance: 1e-4, ..exact::Options::default() };
    let share = setting.alpha / (2 * LEVELS) as f64;
    let mut findings = Findings::new(setting.alpha);
    let at = |law: &exact::Law, i: usize| law.q.get(i - 1).copied().unwrap_or_default();
    let times: Vec<f64> = nodes().map(|(place, _)| place).chain([1.0, TIME]).collect();
    let laws = match exact::transient(model, &Start::Empty, &times, &options) {
        Ok(laws) => laws,
        Err(error) => return Evidence::not_applicable(error.to_string()),
    };
    let mut parts: Vec<Part> = laws[laws.len() - 1..]
        .iter()
        .flat_map(|law| {
            (1..=LEVELS)
                .map(|i| part(format!("E q_{i}({TIME})"), at(law, i), MARGIN_AT_TIME, share))
        })
        .collect();
    let stationary = (setting.instruments.stationary)(model, &options);
    if let Some(found) =
        unbalanced(model, &options, &laws[..laws.len() - 1], stationary.as_ref().ok())
    {
        findings.violated(found);
        return findings.evidence();
    }
    let n = model.graph().n_servers() as usize;
    let seed = setting.seed(claim.id);
    for replication in 0..80_000 * u64::from(setting.plan.effort) {
        if !are_open(&parts) {
            break;
        }
        let mut path = Path::new(setting.subject, model, seed, replication, vec![0; n]);
        let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
        let advanced = timeline.advance_to(TIME, |events| path.advance(events));
        debug_assert!(advanced.is_ok(), "the time of the claim is a time");
        let q = |i| path.queues().occupancy().fraction(i as usize);
        observe(&mut parts, |i| (q(i), q(i)));
    }
    let mut notes = Vec::new();
    let mut unmet = None;
    match stationary {
        // The upper copies of the samples then start from a guess.
        Ok(_) if upper_start(model, 0).error.is_none() => notes
            .push("no steady state is compared, since no start above it is certified".to_owned()),
        Ok(law) => {
            let name = |i| format!("E q_{i}(infinity)");
            let mut steady: Vec<Part> = (1..=LEVELS)
                .map(|i| part(name(i), at(&law, i), MARGIN_IN_STEADY_STATE, share))
                .collect();
            let most = 4_000 * setting.plan.effort as usize;
            let sampled = setting.samples.each(most, |_, sample| {
                observe(&mut steady, |i| sample.q(i));
                are_open(&steady)
            });
            unmet = sampled.err();
            parts.extend(steady);
        }
        Err(error) => notes.push(format!("no steady state is compared: {error}")),
    }
    let cases = parts.iter().map(Part::count).max().unwrap_or(0);
    let shown = parts.iter().map(Part::shown).collect::<Vec<_>>().join("; ");
    findings.add(parts::verdict(&parts), cases, shown);
    if let Some(gave_up) = unmet {
        findings.open(format!("two copies had not met after {} events", gave_up.events));
    }
    notes.into_iter().for_each(|note| findings.note(note));
    findings.evidence()
}
