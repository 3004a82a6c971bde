//! The subject's laws on small systems against the exact solver.
//!
//! In the steady state through the bracketing samples that other claims share, at a fixed time
//! through independent paths from empty. Each E q_i is an equivalence: *holds* means that a
//! difference of more than the margin was rejected, *violated* that one within it was.
//!
//! # Source
//! Section 2; [`crate::theory::exact`].

use num_traits::One;

use super::verdict::Witness;
use super::{Claim, Evidence, Expected, Hypothesis, Kind, Scope, Setting, Verdict};
use crate::faults;
use crate::model::{Model, loads};
use crate::num::ratio::{self, Ratio};
use crate::random::event_clock::{Clock, Timeline};
use crate::random::fingerprint;
use crate::stats::decision::Decision;
use crate::stats::equivalence::Equivalence;
use crate::stats::scale::Scale;
use crate::subject::Path;
use crate::theory::exact::{self, Value};
use crate::theory::mean_field::Start;

/// The claims about laws.
pub const CLAIMS: &[Claim] = &[EXACT_LAW];

/// Simulated against exact.
pub const EXACT_LAW: Claim = Claim {
    id: "exact-law",
    source: "section 2, small systems solved exactly",
    statement: "E q_i(2) from empty and E q_i(infinity), i = 1, 2, 3, are those of the exact solver, within 0.02 and 0.015",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
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
    check: exact_law,
};

const MARGIN_AT_TIME: f64 = 0.02;

/// The samples are averages over windows, and so tell smaller differences.
const MARGIN_IN_STEADY_STATE: f64 = 0.015;

/// The time of the transient law.
const TIME: f64 = 2.0;

/// The levels that are compared.
const LEVELS: usize = 3;

/// One E q_i under test.
struct Part {
    name: String,
    exact: Value,
    sum: f64,
    count: u64,
    test: Equivalence,
}

impl Part {
    fn new(name: String, exact: Value, margin: f64, alpha: f64) -> Self {
        // What the solver leaves open is added to what is permitted.
        Self {
            test: Equivalence::new(Scale::UNIT, exact.value, margin + exact.error(), alpha),
            name,
            exact,
            sum: 0.0,
            count: 0,
        }
    }

    fn observe(&mut self, lower: f64, upper: f64) {
        if self.test.decision().is_none() {
            self.sum += f64::midpoint(lower, upper);
            self.count += 1;
            self.test.observe_between(lower.clamp(0.0, 1.0), upper.clamp(0.0, 1.0));
        }
    }

    fn shown(&self) -> String {
        let mean = self.sum / self.count.max(1) as f64;
        format!(
            "{} = {:.6}, seen {mean:.4} in {} replications",
            self.name, self.exact.value, self.count
        )
    }
}

fn open(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.test.decision().is_none())
        && !parts.iter().any(|part| part.test.decision() == Some(Decision::Violated))
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
            "the exact solver finds {found} tasks per server at t = 1, by its own q_1 until then {stays} must be there"
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
        return Some(format!(
            "the exact solver with a cap of 4 says [{}, {}], without one {}",
            low.lower, low.upper, fine.value
        ));
    }
    let busy = law.q[0];
    (busy.lower > accepted + ROUNDING || busy.upper < accepted - ROUNDING).then(|| {
        format!(
            "the exact solver finds E q_1(infinity) = {} in [{}, {}], the accepted load is {accepted}",
            busy.value, busy.lower, busy.upper
        )
    })
}

fn violated(found: String, cases: u64) -> Evidence {
    let witness = Some(Witness { found: found.clone(), ..Witness::default() });
    Evidence {
        verdict: Verdict::Violated,
        slack: None,
        vacuous: false,
        cases,
        summary: found,
        witness,
    }
}

fn exact_law(setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let options =
        exact::Options { most_states: 20_000, tolerance: 1e-4, ..exact::Options::default() };
    let share = setting.alpha / (2 * LEVELS) as f64;
    let mut notes = Vec::new();
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
                .map(|i| Part::new(format!("E q_{i}({TIME})"), at(law, i), MARGIN_AT_TIME, share))
        })
        .collect();
    let stationary = exact::stationary(model, &options);
    if let Some(found) =
        unbalanced(model, &options, &laws[..laws.len() - 1], stationary.as_ref().ok())
    {
        return violated(found, 0);
    }
    let n = model.graph().n_servers() as usize;
    let seed = setting.plan.seed ^ fingerprint("exact-law");
    for replication in 0..80_000 * u64::from(setting.plan.effort) {
        if !open(&parts) {
            break;
        }
        let mut path = Path::new(setting.subject, model, seed, replication, vec![0; n]);
        let mut timeline = Timeline::new(Clock::new(model.event_rate(), seed, replication));
        let advanced = timeline.advance_to(TIME, |events| {
            for _ in 0..events {
                path.step();
            }
        });
        debug_assert!(advanced.is_ok(), "the time of the claim is a time");
        for (i, part) in (1..).zip(&mut parts) {
            let q = path.queues().occupancy().fraction(i);
            part.observe(q, q);
        }
    }
    let mut undecided = false;
    match stationary {
        // The upper copies of the samples then start from a guess.
        Ok(_) if loads::rho(model) >= Ratio::one() => {
            notes.push("no steady state is compared, since rho(G) >= 1".to_owned())
        }
        Ok(law) => {
            let mut steady: Vec<Part> = (1..=LEVELS)
                .map(|i| {
                    Part::new(
                        format!("E q_{i}(infinity)"),
                        at(&law, i),
                        MARGIN_IN_STEADY_STATE,
                        share,
                    )
                })
                .collect();
            let most = 4_000 * setting.plan.effort as usize;
            let sampled = setting.samples.each(most, |_, sample| {
                for (i, part) in (1..).zip(&mut steady) {
                    let (lower, upper) = sample.q(i);
                    part.observe(lower, upper);
                }
                open(&steady)
            });
            if let Err(gave_up) = sampled {
                undecided = true;
                notes.push(format!("two copies had not met after {} events", gave_up.events));
            }
            parts.extend(steady);
        }
        Err(error) => notes.push(format!("no steady state is compared: {error}")),
    }
    let verdict = if parts.iter().any(|part| part.test.decision() == Some(Decision::Violated)) {
        Verdict::Violated
    } else if undecided || open(&parts) {
        Verdict::Inconclusive
    } else {
        Verdict::Holds
    };
    let mut said: Vec<String> = parts.iter().map(Part::shown).collect();
    said.extend(notes);
    let summary = format!("{} (error probability {:.1e})", said.join("; "), setting.alpha);
    Evidence {
        verdict,
        slack: None,
        vacuous: false,
        cases: parts.iter().map(|part| part.count).max().unwrap_or(0),
        witness: (verdict == Verdict::Violated)
            .then(|| Witness { found: summary.clone(), ..Witness::default() }),
        summary,
    }
}
