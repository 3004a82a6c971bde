//! Two systems that share all marks never move apart, whatever their states.
//!
//! Let m be the lower bound of both, server by server, and let it run on the same marks. By the
//! order of Proposition 3.9 it stays below both. Along an ordered pair the sum of the differences
//! never grows: an arrival adds one task to each system, and a service takes one from the lower
//! only if it takes one from the upper. So
//!
//! sum_v |X_v - X'_v| <= sum_v (X_v - m_v) + sum_v (X'_v - m_v),
//!
//! where both sums never grow, with equality at the start; and any event may be the start. What is
//! needed is one map of marks that keeps the order. The coupling (4.13) keeps the order of ordered
//! pairs, and moves others apart: its map is made for the pair.
//!
//! # Source
//! None in the paper; from Proposition 3.9 by shared samples.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::proposition_3_9::events_of_path;
use super::{PATHS, Trial};
use crate::claims::cases::Outcome;
use crate::claims::states::state;
use crate::claims::{Claim, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::simulate::Queues;
use crate::subject::Drive;

/// The distance of two systems on common marks.
pub(crate) const NON_EXPANSION: Claim = Claim {
    id: "non-expansion",
    source: "from Proposition 3.9, not in print",
    paper: &["Proposition 3.9"],
    statement: "sum_v |X_v - X'_v| of two systems that share all marks never grows, whatever their \
        states",
    kind: Kind::Pathwise,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Both(&Policies::Monotone, &Policies::Markov),
    hypotheses: &[Hypothesis::FunctionOfMarks],
    rejects: &[
        faults::INDEPENDENT_TIE_COINS,
        faults::FIRST_AND_LAST_MINIMISER,
        faults::JOIN_LONGEST,
        faults::DEPARTURES_NOT_COUPLED,
        faults::INDEPENDENT_SYSTEMS,
    ],
    run: non_expansion,
};

/// Two states, neither above the other as a rule.
pub(super) fn two_states(rng: &mut ChaCha8Rng, n: u32) -> [Vec<u32>; 2] {
    // Beyond the cases that are listed.
    [(); 2].map(|()| state(1000 + rng.random_range(0..1000), rng, n))
}

fn apart(one: &Queues, other: &Queues) -> u64 {
    one.lengths().iter().zip(other.lengths()).map(|(x, y)| u64::from(x.abs_diff(*y))).sum()
}

fn non_expansion(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let events = events_of_path(setting, 60_000, u64::from(setting.model.d()));
    let (seed, n) = (setting.seed(claim.id), setting.model.graph().n_servers());
    setting.cases(claim, PATHS, "pairs of paths, every event", |case, rng| {
        let trial = Trial { setting: *setting, seed, case, events };
        let mut drive = Drive::new(setting.subject, setting.model, seed, case);
        let begin = |rng: &mut ChaCha8Rng, drive: &Drive<'_>| {
            two_states(rng, n).map(|lengths| Queues::of(drive.system(), lengths))
        };
        let [mut one, mut other] = begin(rng, &drive);
        let mut before = apart(&one, &other);
        for event in 0..events {
            let next = drive.next(|subject, system, mark, coins| {
                subject.couple(system, &mut one, &mut other, mark, coins);
            });
            if next.is_none() {
                break;
            }
            // What never grows by an event does not grow by many.
            if !trial.looks_at_all(event) {
                continue;
            }
            let now = apart(&one, &other);
            if now > before {
                let found = format!("the distance grows from {before} to {now}");
                return trial.violated(event, found, &[one.lengths(), other.lengths()]);
            }
            before = now;
            if now == 0 {
                [one, other] = begin(rng, &drive);
                before = apart(&one, &other);
            }
        }
        Outcome::holds(0.0)
    })
}
