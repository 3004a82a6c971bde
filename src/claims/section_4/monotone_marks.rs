//! The property by which the coupling of Proposition 3.9 reaches beyond JSQ(d): shared marks keep
//! the order of ordered states.
//!
//! Checked for every declared policy, and for some more of each kind, by the picks and memories of
//! the policies themselves: all ordered pairs of small states, every mark. A policy that looks at
//! nothing but the queues is settled by one mark. One that remembers starts with both systems at
//! equal memories, and is tried on every short sequence of marks and services.
//!
//! | policies | order | why |
//! |---|---|---|
//! | `jsq(D)`, both samplings; `jsq(all)`; ties fair or in a fixed order; weights | kept | what is compared grows with a candidate's own queue only, and the first minimiser wins: [`Policy::is_monotone`] |
//! | `random`, `round-robin`, `first`, `of=given` | kept | the pick does not look at the queues |
//! | `idle-first` | kept | an idle candidate of the upper system is idle in the lower one |
//! | `longest(D)` | lost | a queue that grows becomes the longest |
//! | ties round-robin | lost | the pointers part where only one system has a tie |
//! | `early`, `late(k)` | lost | the lower system may look back to queues that were shorter, and follow |
//! | `per-type`, of two types or more | lost | the tasks that a type counts are not those in front |
//!
//! What is not claimed to keep the order must have a counterexample: else the claim says too
//! little.
//!
//! # Source
//! The remark after Proposition 3.9 on other policies.

use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::instruments::Instruments;
use crate::model::policy::{Memory, Policy};

/// Shared marks keep the order, or there is a counterexample.
pub(crate) const MONOTONE_MARKS: Claim = Claim {
    id: "monotone-marks",
    source: "Proposition 3.9 for other policies",
    paper: &["Proposition 3.9"],
    statement: "shared marks keep the order of small states for each policy called monotone, and \
        break it for each other one",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::TIES_BY_QUEUES],
    run: monotone_marks,
};

/// Beside the declared ones.
const MORE: &[&str] = &[
    "jsq(2), ties highest",
    "jsq(2), ties round-robin",
    "jsq(2), distinct, ties round-robin",
    "jsq(2), weights=w",
    "jsq(2), distinct, weights=w",
    "jsq(all), weights=w",
    "random, weights=w",
    "longest(2), distinct",
    "longest(2), of=given",
    "jsq(2), distinct, per-type",
    "round-robin, per-type",
    "jsq(2), late(1), of=given",
];

/// The weights of candidates, where a policy has any.
const WEIGHTS: [u64; 3] = [1, 2, 4];

fn policies() -> Vec<Policy> {
    let more = MORE.iter().filter_map(|text| text.parse().ok());
    Policy::declared().into_iter().chain(more).collect()
}

fn monotone_marks(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let policies = policies();
    let kept = policies.iter().filter(|policy| policy.is_monotone()).count();
    let what = format!(
        "policies, {kept} of them monotone: all ordered pairs of small states, every shared mark"
    );
    setting.cases(claim, policies.len() as u64, &what, |case, _| {
        let Some(policy) = policies.get(case as usize) else { return Outcome::Skipped };
        match (first_disorder(setting.instruments, policy), policy.is_monotone()) {
            (Err(found), _) => Outcome::violated(format!("{policy}: {found}")),
            (Ok(Some(disorder)), true) => {
                let Disorder { starts: [lower, upper], marks, ends } = disorder;
                let [low, up] = ends;
                let found = format!(
                    "{policy}: after {marks} from {lower:?} and {upper:?} the queues are {low:?} \
                     and {up:?}"
                );
                Outcome::violated(found).at(&[&lower, &upper])
            }
            (Ok(None), false) => Outcome::violated(format!(
                "{policy} is said not to keep the order, and keeps it in every case tried"
            )),
            _ => Outcome::holds(0.0),
        }
    })
}

/// Two ordered systems that shared marks have put out of order.
struct Disorder {
    starts: [Vec<u32>; 2],
    /// The marks, in words.
    marks: String,
    ends: [Vec<u32>; 2],
}

/// What both systems see.
#[derive(Clone)]
enum Shared {
    /// A task of this type, with these samples.
    Arrival(u32, Vec<u32>),
    /// The clock of this server.
    Service(u32),
}

/// Servers, task types that may join each of them, the longest queue of a start, marks of a
/// sequence.
type Sizes = (u32, u32, u32, usize);

/// For a policy that looks at the queues of now alone: one mark is enough.
const WITHOUT_MEMORY: &[Sizes] = &[(1, 1, 3, 1), (2, 1, 3, 1), (3, 1, 3, 1)];

/// Late picks need some marks until the systems see what differs.
const WITH_MEMORY: &[Sizes] = &[(1, 1, 2, 3), (2, 1, 2, 4), (3, 1, 1, 3)];

/// With one type, its own tasks at a server stand behind those of the start, and keep the order.
const PER_TYPE: &[Sizes] = &[(2, 2, 1, 6)];

/// The first ordered pair of starts that some sequence of marks puts out of order.
fn first_disorder(instruments: &Instruments, policy: &Policy) -> Result<Option<Disorder>, String> {
    let sizes = match policy {
        policy if policy.per_type() => PER_TYPE,
        policy if policy.is_markov() => WITHOUT_MEMORY,
        _ => WITH_MEMORY,
    };
    for &(n, types, top, most) in sizes {
        let graph = BipartiteGraph::complete(n, types).map_err(|error| error.to_string())?;
        let weights = policy.weights().map(|_| &WEIGHTS[..n as usize]);
        let samples = policy.all_samples(n, weights).map_err(|error| error.to_string())?;
        let of_type = |w| samples.iter().map(move |(list, _)| Shared::Arrival(w, list.clone()));
        let arrivals = (0..types).flat_map(of_type);
        let marks: Vec<Shared> = arrivals.chain((0..n).map(Shared::Service)).collect();
        let tree = Tree { instruments, policy, graph, weights, marks };
        for starts in ordered_starts(n, top) {
            let systems = starts
                .clone()
                .map(|lengths| System { memory: Memory::new(policy, types, &lengths), lengths });
            let mut path = Vec::new();
            if let Some(ends) = tree.disorder_below(&systems, most, &mut path) {
                return Ok(Some(Disorder { starts, marks: tree.in_words(&path), ends }));
            }
        }
    }
    Ok(None)
}

/// All pairs of states of n servers with lengths up to `top`, the first nowhere above the second.
fn ordered_starts(n: u32, top: u32) -> Vec<[Vec<u32>; 2]> {
    let mut all = vec![[Vec::new(), Vec::new()]];
    for _ in 0..n {
        all = all
            .into_iter()
            .flat_map(|[lower, upper]: [Vec<u32>; 2]| {
                let pairs = (0..=top).flat_map(move |u| (0..=u).map(move |l| (l, u)));
                pairs.map(move |(l, u)| [[&lower[..], &[l]].concat(), [&upper[..], &[u]].concat()])
            })
            .collect();
    }
    all
}

/// One of the two systems.
#[derive(Clone)]
struct System {
    lengths: Vec<u32>,
    memory: Memory,
}

/// Every sequence of marks.
struct Tree<'a> {
    instruments: &'a Instruments,
    policy: &'a Policy,
    graph: BipartiteGraph,
    weights: Option<&'a [u64]>,
    marks: Vec<Shared>,
}

impl Tree<'_> {
    /// The states after a sequence of at most `left` marks that puts the systems out of order;
    /// `path` is then that sequence.
    fn disorder_below(
        &self,
        systems: &[System; 2],
        left: usize,
        path: &mut Vec<usize>,
    ) -> Option<[Vec<u32>; 2]> {
        if left == 0 {
            return None;
        }
        for (at, mark) in self.marks.iter().enumerate() {
            let mut next = systems.clone();
            next.iter_mut().for_each(|system| self.apply(mark, system));
            path.push(at);
            let [lower, upper] = &next;
            if lower.lengths.iter().zip(&upper.lengths).any(|(l, u)| l > u) {
                return Some(next.map(|system| system.lengths));
            }
            let below = self.disorder_below(&next, left - 1, path);
            if below.is_some() {
                return below;
            }
            path.pop();
        }
        None
    }

    fn apply(&self, mark: &Shared, System { lengths, memory }: &mut System) {
        match mark {
            Shared::Arrival(task_type, samples) => {
                let turn = memory.turn(*task_type, self.graph.servers_of(*task_type));
                let seen = memory.seen(*task_type, lengths);
                let choice =
                    (self.instruments.pick)(self.policy, samples, seen, self.weights, turn);
                memory.joined(*task_type, choice.place, choice.tied, lengths);
                lengths[choice.place as usize] += 1;
            }
            Shared::Service(server) => {
                let length = &mut lengths[*server as usize];
                if *length > 0 {
                    *length -= 1;
                    memory.served(*server);
                }
            }
        }
    }

    fn in_words(&self, path: &[usize]) -> String {
        let words = path.iter().map(|&at| match &self.marks[at] {
            Shared::Arrival(w, samples) => format!("a task of type {w} with samples {samples:?}"),
            Shared::Service(server) => format!("a service at {server}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruments::REFERENCE;

    #[test]
    fn every_policy_beside_the_declared_ones_is_one() {
        assert_eq!(policies().len(), Policy::declared().len() + MORE.len());
    }

    #[test]
    fn a_policy_is_called_monotone_where_no_shared_mark_breaks_the_order() {
        let said = |policy: &Policy| {
            let found = first_disorder(&REFERENCE, policy).unwrap();
            found.is_none()
        };
        let wrong = policies().into_iter().filter(|policy| said(policy) != policy.is_monotone());
        assert_eq!(wrong.collect::<Vec<_>>(), []);
    }
}
