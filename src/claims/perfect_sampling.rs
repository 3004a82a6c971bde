//! Perfect samples against the exact law of the capped chain.
//!
//! The law pi of a system of at most two servers with queues of at most three tasks is found by
//! iterating its uniformised transitions. Samples are independent. Three tests look at them.
//!
//! **The joint law is only ever rejected**, by the mean of martingales from 1 under pi: the
//! likelihood ratio of the Krichevsky-Trofimov predictor, which finds any law in the end; and
//! contaminations 1 + p (R(x)/pi(x) - 1), which find sooner that a share p of the samples is of a
//! law R: a single state, or the state of a forward simulation from empty or full after
//! [`FORWARD`] events.
//!
//! **No single state gets more than [`EXCESS`] of the samples beyond its law.** For a state s and
//! an excess e the contamination of s with p = e / (1 - pi(s)) has the factor
//!
//! > f = (pi(s) + e) / pi(s) at s, (1 - pi(s) - e) / (1 - pi(s)) elsewhere.
//!
//! Let s have probability q >= pi(s) + e given the samples before, whatever the other states have.
//! The mean of 1/f is then linear in q, decreasing, and 1 at q = pi(s) + e: the inverse of the
//! product is a supermartingale from 1, and once it reaches 1 / alpha, the excess e is rejected
//! with error probability alpha (Ville). As in [`super::event_test::rivals`], -ln of the product is
//! convex in e and 0 at 0, so that all larger excesses are rejected with it, and neither the
//! excesses nor the states need a union: of the states with the largest true excess, the excess
//! of one would be rejected wrongly.
//!
//! **The mean fill and the probability of the empty state** are shown to be within a margin.
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
use crate::stats::{log_mean_exp, spending};

/// Coupling from the past; each state's excess, the mean fill and the empty share.
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
        smallest: "one state that gets 0.01 of the samples beyond its law; the mean fill or the \
            probability of the empty state off by 0.02",
        observations: 110_000,
        unit: "samples",
    }),
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::ServersAtMost(2), Hypothesis::FunctionOfMarks],
    rejects: &[
        faults::COUPLED_FORWARD,
        faults::READ_AT_COALESCENCE,
        faults::FRESH_AT_EACH_DOUBLING,
        faults::SOMETIMES_EMPTY,
        faults::TIES_TO_LOWEST,
    ],
    run: perfect_sampling,
};

const CAP: u32 = 3;
const MARGIN: f64 = 0.02;

/// What no single state may get beyond its law.
const EXCESS: f64 = 0.01;

/// The excesses that are bet on, the largest first; shares of a forward simulation, too.
const EXCESSES: [f64; 8] = [0.1, 0.05, 0.02, EXCESS, 0.005, 0.002, 0.001, 0.0005];

/// Lengths of forward simulations.
const FORWARD: [u32; 3] = [2, 8, 32];

/// Samples at least and at most; some four times what the excess should need of a state with
/// probability 1/2, so that chance does not leave a claim open.
const SAMPLES: (u64, u64) = (30_000, 500_000);

/// Samples between looks.
const LOOK: u64 = 16;

/// Products of the factors 1 + p (R(x)/pi(x) - 1) for one law R and several shares.
struct Contamination {
    /// ln of each factor, by share and state.
    factors: Vec<Vec<f64>>,
    log: Vec<f64>,
}

impl Contamination {
    fn new(law: &[f64], other: &[f64], shares: impl Iterator<Item = f64>) -> Self {
        let factor = |share: f64, (pi, r): (&f64, &f64)| (1.0 - share + share * r / pi).ln();
        let of_share = |share| law.iter().zip(other).map(|pair| factor(share, pair)).collect();
        let factors: Vec<Vec<f64>> = shares.map(of_share).collect();
        Self { log: vec![0.0; factors.len()], factors }
    }

    /// Of a single state, by excess.
    fn of_state(law: &[f64], state: usize) -> Self {
        let mut other = vec![0.0; law.len()];
        other[state] = 1.0;
        let most = 1.0 - law[state];
        let shares = EXCESSES.into_iter().filter(|excess| *excess < most);
        Self::new(law, &other, shares.map(|excess| excess / most))
    }

    fn observe(&mut self, state: usize) {
        for (log, factors) in self.log.iter_mut().zip(&self.factors) {
            *log += factors[state];
        }
    }

    /// How many of the shares, from the largest on, are rejected with this error probability.
    fn rejected(&self, alpha: f64) -> usize {
        let needed = (1.0 / alpha).ln();
        self.log.iter().take_while(|&&log| -log >= needed).count()
    }
}

/// All bets on the joint law.
struct JointLaw {
    law: Vec<f64>,
    counts: Vec<u64>,
    seen: u64,
    log_predicted: f64,
    states: Vec<Contamination>,
    forward: Vec<Contamination>,
}

impl JointLaw {
    fn new(model: &Model) -> Self {
        let moves = capped_moves(model);
        let law = stationary(&moves);
        let full = law.len() - 1;
        let starts = [0, full].into_iter().flat_map(|start| FORWARD.map(|events| (start, events)));
        let forward = starts.map(|(start, events)| {
            let mut other = vec![0.0; law.len()];
            other[start] = 1.0;
            let after = (0..events).fold(other, |other, _| step(&moves, &other));
            Contamination::new(&law, &after, EXCESSES.into_iter())
        });
        Self {
            counts: vec![0; law.len()],
            seen: 0,
            log_predicted: 0.0,
            states: (0..law.len()).map(|state| Contamination::of_state(&law, state)).collect(),
            forward: forward.collect(),
            law,
        }
    }

    /// `state` is `None` for what is no state of the capped chain.
    fn observe(&mut self, state: Option<usize>) {
        self.seen += 1;
        let Some(state) = state else {
            self.log_predicted = f64::INFINITY;
            return;
        };
        // (count + 1/2) / (seen + states / 2) against the exact probability.
        let seen = (self.seen - 1) as f64;
        let predicted = (self.counts[state] as f64 + 0.5) / (seen + self.law.len() as f64 / 2.0);
        self.log_predicted += (predicted / self.law[state]).ln();
        self.counts[state] += 1;
        self.states.iter_mut().chain(&mut self.forward).for_each(|one| one.observe(state));
    }

    /// ln of the mean wealth against the law: half of it is the predictor's.
    fn log_wealth(&self) -> f64 {
        let contaminations = self.states.iter().chain(&self.forward);
        let logs: Vec<f64> = contaminations.flat_map(|one| one.log.iter().copied()).collect();
        let halves = [self.log_predicted, log_mean_exp(logs.into_iter())];
        if self.log_predicted == f64::INFINITY {
            return f64::INFINITY;
        }
        log_mean_exp(halves.into_iter())
    }

    /// The least excess that is rejected of every state; `None` where some state has none.
    fn excluded_excess(&self, alpha: f64) -> Option<f64> {
        // An excess that a state cannot have is rejected of it anyway.
        let impossible = |one: &Contamination| EXCESSES.len() - one.log.len();
        let rejected = self.states.iter().map(|one| impossible(one) + one.rejected(alpha)).min()?;
        rejected.checked_sub(1).map(|last| EXCESSES[last])
    }
}

fn perfect_sampling(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let mut joint = JointLaw::new(model);
    let n = model.graph().n_servers();
    let fill = |state: &[u32]| f64::from(state.iter().sum::<u32>()) / f64::from(n * CAP);
    let of_law = joint.law.iter().enumerate();
    let exact_fill: f64 = of_law.map(|(state, p)| p * fill(&lengths(state, n))).sum();
    // Half for what rejects the joint law, a quarter for what no state gets, an eighth for each
    // part.
    let (of_law, of_excess, of_part) =
        (setting.alpha / 2.0, setting.alpha / 4.0, setting.alpha / 8.0);
    spending::record(of_law + of_excess);
    let mut parts = [
        Part::within("the mean fill", exact_fill, MARGIN, of_part),
        Part::within("the empty share", joint.law[0], MARGIN, of_part),
    ];
    let seed = setting.seed(claim.id);
    let effort = u64::from(setting.plan.effort);
    let (least, most) = (SAMPLES.0 * effort, SAMPLES.1 * effort);
    let mut verdict = Verdict::Inconclusive;
    let mut found = String::new();
    while joint.seen < most {
        let past = Past::new(setting.subject, model, CAP, seed, joint.seen);
        let state = match (setting.instruments.perfect_sample)(&past) {
            Ok(state) => state,
            Err(error) => {
                found = error.to_string();
                break;
            }
        };
        joint.observe(number(&state, n));
        let figures = [fill(&state), f64::from(u8::from(state.iter().all(|&x| x == 0)))];
        for (part, figure) in parts.iter_mut().zip(figures) {
            part.observe((figure, figure));
        }
        if !joint.seen.is_multiple_of(LOOK) && joint.seen < most {
            continue;
        }
        let wealth = joint.log_wealth();
        if wealth >= (1.0 / of_law).ln() {
            verdict = Verdict::Violated;
            let power = wealth / std::f64::consts::LN_10;
            found = format!("the joint law is rejected with wealth 1e{power:.1}");
            break;
        }
        match parts::verdict(&parts) {
            Verdict::Violated => {
                verdict = Verdict::Violated;
                found =
                    "the mean fill or the empty share is further off than the margin".to_owned();
                break;
            }
            Verdict::Holds
                if joint.seen >= least
                    && joint.excluded_excess(of_excess).is_some_and(|excess| excess <= EXCESS) =>
            {
                verdict = Verdict::Holds;
                break;
            }
            _ => {}
        }
    }
    let excluded = match joint.excluded_excess(of_excess) {
        _ if verdict == Verdict::Violated => String::new(),
        Some(excess) => {
            format!(", no single state gets {excess} of the samples or more beyond its law")
        }
        None => ", no excess of a single state is excluded".to_owned(),
    };
    let mut findings = Findings::new(setting.alpha);
    let separator = if found.is_empty() { "" } else { "; " };
    findings.add(
        verdict,
        joint.seen,
        format!(
            "{found}{separator}{} samples{excluded}, exact mean fill {exact_fill:.4}, seen {:.5}, \
             empty with probability {:.4}, seen {:.5}",
            joint.seen,
            parts[0].mean().0,
            joint.law[0],
            parts[1].mean().0
        ),
    );
    findings.evidence()
}

/// The number of a state; `None` where a queue is beyond the cap.
fn number(state: &[u32], n: u32) -> Option<usize> {
    let is_state = state.len() == n as usize && state.iter().all(|&length| length <= CAP);
    let side = CAP as usize + 1;
    is_state.then(|| state.iter().rev().fold(0, |index, &length| index * side + length as usize))
}

/// The queue lengths of a state's number, the first server's in the last digit.
fn lengths(state: usize, n: u32) -> Vec<u32> {
    let side = CAP as usize + 1;
    (0..n).map(|v| (state / side.pow(v) % side) as u32).collect()
}

/// The moves of the capped chain from each state, with the probability that an event is that move.
fn capped_moves(model: &Model) -> Vec<Vec<(usize, f64)>> {
    let n = model.graph().n_servers();
    let side = CAP as usize + 1;
    (0..side.pow(n))
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
        .collect()
}

/// The law one event later.
fn step(moves: &[Vec<(usize, f64)>], law: &[f64]) -> Vec<f64> {
    let mut next = law.to_vec();
    for (from, moves) in moves.iter().enumerate() {
        for &(to, p) in moves {
            next[from] -= law[from] * p;
            next[to] += law[from] * p;
        }
    }
    next
}

/// The steady-state law.
fn stationary(moves: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let law = vec![1.0 / moves.len() as f64; moves.len()];
    // Sixteen states at most, which forget their start at a rate far above 1 / 100 an event at
    // every load.
    (0..20_000).fold(law, |law, _| step(moves, &law))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;

    fn joint() -> JointLaw {
        let graph = BipartiteGraph::complete(2, 2).unwrap();
        JointLaw::new(&Model::new(graph, 0.8, 2).unwrap())
    }

    /// The mean over a law of what one sample gives.
    fn mean(law: &[f64], figure: impl Fn(usize) -> f64) -> f64 {
        law.iter().enumerate().map(|(state, p)| p * figure(state)).sum()
    }

    #[test]
    fn every_factor_has_mean_1_under_the_law() {
        let joint = joint();
        assert_eq!(joint.states.len(), 16);
        for one in joint.states.iter().chain(&joint.forward) {
            for factors in &one.factors {
                let mean = mean(&joint.law, |state| factors[state].exp());
                assert!((mean - 1.0).abs() < 1e-12, "{mean}");
            }
        }
    }

    #[test]
    fn the_inverse_has_mean_1_at_its_excess_and_less_beyond_wherever_the_rest_goes() {
        let joint = joint();
        for (state, one) in joint.states.iter().enumerate() {
            for (excess, factors) in EXCESSES.into_iter().zip(&one.factors) {
                for more in [1.0, 1.5, 4.0] {
                    let q = joint.law[state] + more * excess;
                    // All of the rest to one other state, or to all alike.
                    let other = (state + 5) % joint.law.len();
                    let alone = q / factors[state].exp() + (1.0 - q) / factors[other].exp();
                    assert!(alone < 1.0 + 1e-12, "{state} {excess}: {alone}");
                    assert!(more > 1.0 || (alone - 1.0).abs() < 1e-12, "{alone}");
                }
            }
        }
    }

    #[test]
    fn an_excess_is_excluded_where_every_state_rejects_it() {
        let mut joint = joint();
        assert_eq!(joint.excluded_excess(1e-6), None);
        joint.states.iter_mut().for_each(|one| one.log[..5].fill(-20.0));
        assert_eq!(joint.excluded_excess(1e-6), Some(0.005));
        joint.states[7].log[4] = -13.0;
        assert_eq!(joint.excluded_excess(1e-6), Some(EXCESS));
        // A gap ends the shares that are rejected.
        joint.states[7].log[1] = -13.0;
        assert_eq!(joint.excluded_excess(1e-6), Some(0.1));
    }

    #[test]
    fn what_is_no_state_refutes_the_law() {
        let mut joint = joint();
        assert_eq!(number(&[0, 3], 2), Some(12));
        assert_eq!(number(&[4, 0], 2), None);
        joint.observe(None);
        joint.observe(Some(0));
        assert_eq!(joint.log_wealth(), f64::INFINITY);
    }

    #[test]
    fn the_predictor_is_that_of_krichevsky_and_trofimov() {
        let mut joint = joint();
        let expected = |counts_and_seen: [(f64, f64); 4], states: [usize; 4]| {
            let of = |((count, seen), state): ((f64, f64), usize)| -> f64 {
                ((count + 0.5) / (seen + 8.0) / joint.law[state]).ln()
            };
            counts_and_seen.into_iter().zip(states).map(of).sum::<f64>()
        };
        let states = [0, 3, 0, 0];
        let expected = expected([(0.0, 0.0), (0.0, 1.0), (1.0, 2.0), (2.0, 3.0)], states);
        states.iter().for_each(|&state| joint.observe(Some(state)));
        assert!((joint.log_predicted - expected).abs() < 1e-12, "{}", joint.log_predicted);
        assert_eq!((joint.seen, joint.counts[0], joint.counts[3]), (4, 3, 1));
    }
}
