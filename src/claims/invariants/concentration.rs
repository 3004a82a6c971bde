//! One mark more, or another mark, moves what is counted by at most 1, or 2, for ever; and means
//! over all marks are as close to their expectations as that makes them.
//!
//! Two systems in one state part by one mark. By non-expansion their distance sum_v |X_v - X'_v|
//! never exceeds what it is then: 1 against no mark at all, 2 between two marks. Two arrivals, or
//! two rings, are each within 1 of no mark, on the same side of it, so that sums and Q_i differ by
//! at most 1 for ever; an arrival and a ring differ by at most 2.
//!
//! The bounds on the exponential moments of a deviation follow, as the module
//! [`concentration`](crate::theory::concentration) derives them. They are compared with the exact
//! moments of two servers, also from states so high that no server becomes idle: the sum then has
//! independent steps, of variance 4 lambda / (1 + lambda)^2 by the mark where the bound has 1.
//!
//! # Source
//! None in the paper; from non-expansion, Hoeffding's lemma and Bennett's inequality.

use std::collections::HashMap;

use super::non_expansion::two_states;
use super::{PATHS, Trial, proposition_3_9::events_of_path};
use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::num::ratio;
use crate::simulate::Queues;
use crate::simulate::all_marks::enumerate;
use crate::simulate::marks::{Mark, OwnedMark};
use crate::subject::{Coins, Drive};

/// What one mark can do, and what all marks do together.
pub(crate) const CONCENTRATION: Claim = Claim {
    id: "concentration",
    source: "from Proposition 3.9, not in print",
    paper: &["Proposition 3.9"],
    statement: "a mark changed moves Q_i, sum X by <= 1 or 2 for ever: E exp(s (sum X - E)) <= \
        exp(s^2 K/2) after K marks",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::FunctionOfMarks],
    rejects: &[
        faults::VARIANCE_OF_MARKS_HALVED,
        faults::VARIANCE_AT_TIME_HALVED,
        faults::INDEPENDENT_TIE_COINS,
        faults::JOIN_LONGEST,
        faults::DEPARTURES_NOT_COUPLED,
    ],
    run: concentration,
};

fn concentration(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let events = events_of_path(setting, 30_000, u64::from(setting.model.d()));
    let seed = setting.seed(claim.id);
    setting.cases(claim, PATHS, "exact laws and pairs of paths, every event", |case, rng| {
        // The first cases are few and exact.
        if let Some(start) = STARTS.get(case as usize) {
            return exact_exponents(setting, start);
        }
        let trial = Trial { setting: *setting, seed, case, events };
        let n = setting.model.graph().n_servers();
        one_mark(&trial, || two_states(rng, n)[0].clone())
    })
}

/// Whether a mark can only raise.
fn raises(mark: &OwnedMark) -> bool {
    matches!(mark, OwnedMark::Arrival { .. })
}

/// Two systems that part by one mark, now and then by a mark more.
fn one_mark(trial: &Trial<'_>, mut start: impl FnMut() -> Vec<u32>) -> Outcome {
    let setting = &trial.setting;
    let mut drive = Drive::new(setting.subject, setting.model, trial.seed, trial.case);
    let begin = |drive: &Drive<'_>, lengths: Vec<u32>| {
        [lengths.clone(), lengths].map(|lengths| Queues::of(drive.system(), lengths))
    };
    let [mut one, mut other] = begin(&drive, start());
    // The mark that acted on `one` alone; what may differ since the two parted.
    let (mut alone, mut most, mut changed) = (None, 0, false);
    for event in 0..trial.events {
        let parted = most > 0;
        let next = drive.next(|subject, system, mark, coins| {
            let owned = OwnedMark::from(mark);
            if parted {
                subject.couple(system, &mut one, &mut other, mark, coins);
            } else if let Some(first) = &alone {
                subject.apply(system, &mut other, mark, coins);
                most = if raises(first) == raises(&owned) { 1 } else { 2 };
            } else {
                subject.apply(system, &mut one, mark, coins);
                // Every other time nothing takes the place of the mark.
                if changed {
                    alone = Some(owned);
                } else {
                    most = 1;
                }
            }
        });
        if next.is_none() {
            break;
        }
        if most == 0 || !trial.looks_at_all(event) {
            continue;
        }
        if let Some(found) = too_far(&one, &other, most) {
            return trial.violated(event, found, &[one.lengths(), other.lengths()]);
        }
        if one.lengths() == other.lengths() {
            changed = !changed;
            (alone, most) = (None, 0);
            [one, other] = begin(&drive, start());
        }
    }
    Outcome::holds(0.0)
}

/// Where a count differs by more than `most`.
fn too_far(one: &Queues, other: &Queues, most: u64) -> Option<String> {
    let apart = one.total().abs_diff(other.total());
    if apart > most {
        return Some(format!("the sums differ by {apart}, not by at most {most}"));
    }
    let longest = one.occupancy().counts().len().max(other.occupancy().counts().len());
    (1..=longest).find_map(|i| {
        let q = [one, other].map(|queues| queues.occupancy().at_least(i));
        let apart = q[0].abs_diff(q[1]);
        (apart > most).then(|| format!("Q_{i} differs by {apart}, not by at most {most}"))
    })
}

/// Queues of two servers from which exact laws are computed: empty, uneven, and so long that no
/// server becomes idle.
const STARTS: [[u32; 2]; 3] = [[0, 0], [0, 3], [50, 50]];

/// Marks after which the first law is looked at.
const MARKS: u32 = 16;

/// The expected number of marks up to the fixed time, and the most that are followed: the rest is
/// bounded.
const EXPECTED: f64 = 3.0;

const MOST_MARKS: u32 = 24;

/// The laws of sum_v X_v after 0, 1, ... marks in the system of two servers, one type for each and
/// one for both; `None` where the policy needs more than a graph.
fn laws(setting: &Setting<'_>, start: &[u32; 2]) -> Option<Vec<HashMap<u64, f64>>> {
    let edges = [(0, 0), (1, 1), (0, 2), (1, 2)];
    let graph = BipartiteGraph::from_edges(2, 3, &edges, crate::graph::Isolated::Refuse).ok()?;
    let load = crate::model::Load::try_from(0.8).ok()?;
    let policy = setting.model.policy().clone();
    let model = Model::with_policy(graph, load, policy, None).ok()?;
    let system = setting.subject.system(&model);
    let marks: Vec<(OwnedMark, f64)> =
        enumerate(&system).ok()?.map(|(mark, weight)| (mark, ratio::to_f64(&weight))).collect();
    let mut coins = Coins::new(0, 0);
    let mut states = HashMap::from([(start.to_vec(), 1.0)]);
    let mut laws = Vec::new();
    for _ in 0..=MOST_MARKS {
        let mut law = HashMap::new();
        let mut next = HashMap::new();
        for (lengths, probability) in &states {
            let total = lengths.iter().map(|&x| u64::from(x)).sum::<u64>();
            *law.entry(total).or_insert(0.0) += probability;
            for (mark, weight) in &marks {
                let mut queues = Queues::of(&system, lengths.clone());
                let mark: Mark<'_> = mark.as_mark();
                setting.subject.apply(&system, &mut queues, mark, &mut coins);
                *next.entry(queues.lengths().to_vec()).or_insert(0.0) += probability * weight;
            }
        }
        laws.push(law);
        states = next;
    }
    Some(laws)
}

/// ln E exp(s (f - E f)), f counted from `origin`, at most: the law lacks no more than `lacking` of
/// E exp(s f) and of E f.
fn exponent(law: &HashMap<u64, f64>, s: f64, origin: f64, lacking: (f64, f64)) -> f64 {
    let mean = |of: &dyn Fn(f64) -> f64| {
        law.iter().map(|(&f, weight)| weight * of(f as f64 - origin)).sum::<f64>()
    };
    (mean(&|f| (s * f).exp()) + lacking.0).ln() - s * mean(&|f| f) + s.abs() * lacking.1
}

/// Both bounds against the exact laws from this start.
fn exact_exponents(setting: &Setting<'_>, start: &[u32; 2]) -> Outcome {
    let Some(laws) = laws(setting, start) else { return Outcome::Skipped };
    let origin = f64::from(start[0] + start[1]);
    let mut at_time: HashMap<u64, f64> = HashMap::new();
    let mut weight = (-EXPECTED).exp();
    for (k, law) in (0u32..).zip(&laws) {
        for (&total, probability) in law {
            *at_time.entry(total).or_insert(0.0) += weight * probability;
        }
        weight *= EXPECTED / f64::from(k + 1);
    }
    let mut least = f64::INFINITY;
    for s in [-1.0f64, -0.5, -0.1, 0.1, 0.5, 1.0] {
        // Each mark moves f by at most 1: what more than MOST_MARKS marks add is at most twice the
        // first term of a series that falls by more than half from term to term.
        let next = f64::from(MOST_MARKS + 1);
        let lacking = (2.0 * weight * (next * s.abs()).exp(), 2.0 * weight * next);
        let bounds = [
            (
                "after marks",
                exponent(&laws[MARKS as usize], s, origin, (0.0, 0.0)),
                (setting.instruments.exponent_of_marks)(s, f64::from(MARKS)),
            ),
            (
                "at a time",
                exponent(&at_time, s, origin, lacking),
                (setting.instruments.exponent_at_time)(s, EXPECTED),
            ),
        ];
        for (when, exact, bound) in bounds {
            let slack = bound - exact;
            if slack < 0.0 {
                let found =
                    format!("{when}, s = {s}: ln E exp(s (sum X - E)) = {exact:.6} > {bound:.6}");
                return Outcome::violated(found).by(slack).at(&[start]);
            }
            least = least.min(slack);
        }
    }
    Outcome::least(least, false)
}
