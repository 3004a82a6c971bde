//! Perfect samples against the exact law of the capped chain.
//!
//! The law of a system of at most two servers with queues of at most three tasks is found by
//! iterating its uniformised transitions. Samples are independent. The joint law is rejected by the
//! likelihood ratio of the Krichevsky-Trofimov predictor against it, which is a martingale under
//! the null; *holds* means that the mean fill and the probability of the empty state were shown to
//! be within a margin of the exact ones.
//!
//! # Source
//! [`crate::estimate::from_the_past`]; Ville's inequality.

use super::parts::{self, Findings, Part};
use super::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::estimate::from_the_past::Past;
use crate::faults;
use crate::model::{Event, Model};
use crate::num::ratio;
use crate::stats::spending;

/// Coupling from the past; the mean fill and the empty share within 0.02.
pub(crate) const PERFECT_SAMPLING: Claim = Claim {
    id: "perfect-sampling",
    source: "Proposition 3.9 with a buffer cap",
    paper: &["Proposition 3.9"],
    statement: "coupling from the past gives the joint steady-state law of the chain with \
        buffers for three tasks",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "the mean fill or the probability of the empty state off by 0.02",
        observations: 30_000,
        unit: "samples",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::ServersAtMost(2), Hypothesis::FunctionOfMarks],
    rejects: &[
        faults::COUPLED_FORWARD,
        faults::READ_AT_COALESCENCE,
        faults::FRESH_AT_EACH_DOUBLING,
        faults::TIES_TO_LOWEST,
    ],
    run: perfect_sampling,
};

const CAP: u32 = 3;
const MARGIN: f64 = 0.02;

fn perfect_sampling(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let law = capped_law(model);
    let n = model.graph().n_servers();
    let fill = |state: usize| f64::from(lengths(state, n).iter().sum::<u32>()) / f64::from(n * CAP);
    let exact_fill: f64 = law.iter().enumerate().map(|(state, p)| p * fill(state)).sum();
    let share = setting.alpha / 4.0;
    // The joint law is only ever rejected; the parts have the other half.
    spending::record(setting.alpha / 2.0);
    let mut parts = [
        Part::within("the mean fill", exact_fill, MARGIN, share),
        Part::within("the empty share", law[0], MARGIN, share),
    ];
    let mut counts = vec![0u64; law.len()];
    let (mut log_wealth, mut seen) = (0.0f64, 0u64);
    let seed = setting.seed(claim.id);
    let most = 60_000 * u64::from(setting.plan.effort);
    let mut verdict = Verdict::Inconclusive;
    let mut found = String::new();
    while seen < most {
        let past = Past::new(setting.subject, model, CAP, seed, seen);
        let state = match (setting.instruments.perfect_sample)(&past) {
            Ok(state) => state,
            Err(error) => {
                found = error.to_string();
                break;
            }
        };
        let at = state
            .iter()
            .rev()
            .fold(0, |index, &length| index * (CAP as usize + 1) + length as usize);
        let p = law.get(at).copied().unwrap_or(0.0);
        // (count + 1/2) / (seen + states / 2) against the exact probability.
        let predicted = (counts.get(at).copied().unwrap_or(0) as f64 + 0.5)
            / (seen as f64 + law.len() as f64 / 2.0);
        log_wealth += (predicted / p).ln();
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
        seen += 1;
        for (part, figure) in parts.iter_mut().zip([fill(at), f64::from(u8::from(at == 0))]) {
            part.observe((figure, figure));
        }
        if log_wealth >= (2.0 / setting.alpha).ln() {
            verdict = Verdict::Violated;
            found = format!(
                "the joint law is rejected with wealth 1e{:.1}",
                log_wealth / std::f64::consts::LN_10
            );
            break;
        }
        match parts::verdict(&parts) {
            Verdict::Violated => {
                verdict = Verdict::Violated;
                found =
                    "the mean fill or the empty share is further off than the margin".to_owned();
                break;
            }
            // Some more samples than the margins need: the joint law is then seen more sharply.
            Verdict::Holds if seen >= most / 2 => {
                verdict = Verdict::Holds;
                break;
            }
            _ => {}
        }
    }
    let mut findings = Findings::new(setting.alpha);
    let separator = if found.is_empty() { "" } else { "; " };
    findings.add(
        verdict,
        seen,
        format!(
            "{found}{separator}{seen} samples, exact mean fill {exact_fill:.4}, seen {:.5}, \
             empty with probability {:.4}, seen {:.5}",
            parts[0].mean().0,
            law[0],
            parts[1].mean().0
        ),
    );
    findings.evidence()
}

/// The queue lengths of a state's number, the first server's in the last digit.
fn lengths(state: usize, n: u32) -> Vec<u32> {
    let side = CAP as usize + 1;
    (0..n).map(|v| (state / side.pow(v) % side) as u32).collect()
}

/// The steady-state law of the capped chain.
fn capped_law(model: &Model) -> Vec<f64> {
    let n = model.graph().n_servers();
    let side = CAP as usize + 1;
    let states = side.pow(n);
    let moves: Vec<Vec<(usize, f64)>> = (0..states)
        .map(|state| {
            let now = lengths(state, n);
            model
                .transitions(&now)
                .into_iter()
                .filter_map(|(event, rate)| {
                    let to = match event {
                        Event::Arrival { server, .. } if now[server as usize] < CAP => {
                            state + side.pow(server)
                        }
                        Event::Service { server } => state - side.pow(server),
                        _ => return None,
                    };
                    Some((to, ratio::to_f64(&rate) / model.event_rate()))
                })
                .collect()
        })
        .collect();
    let mut law = vec![1.0 / states as f64; states];
    // Sixteen states at most, which forget their start at a rate far above 1 / 100 an event at
    // every load.
    for _ in 0..20_000 {
        let mut next = law.clone();
        for (from, moves) in moves.iter().enumerate() {
            for &(to, p) in moves {
                next[from] -= law[from] * p;
                next[to] += law[from] * p;
            }
        }
        law = next;
    }
    law
}
