//! For which policies a statement is proved.
//!
//! The paper is about `jsq(d), replacement` with fair ties. Some of its statements do not look at
//! how a task chooses; the proofs of others use one property of the choice, and hold wherever a
//! policy has it. A claim says by its [`Policies`] which it is, and is *not applicable* to the
//! rest.

use std::fmt;

use crate::model::policy::{Policy, Ties};

/// The policies for which a statement is proved and its check is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policies {
    /// All: the statement does not look at how a task chooses, or is about systems of its own.
    Any,
    /// The paper's: d samples with replacement, the first shortest of them.
    Paper,
    /// A shortest of the samples gets the task, and these do not depend on the state: what is
    /// stated follows from g(S), the probability that all samples lie within S.
    JoinsAShortest,
    /// The same without weights: g is a function g(s) of the size of S, with g(s) <= s / n.
    EqualSamples,
    /// The same with fair ties: a level's share of the tasks is split evenly over its servers.
    FairSamples,
    /// Systems that share their marks stay ordered.
    Monotone,
    /// The law of a pick is a function of task type and queue lengths.
    Markov,
    /// The law of a pick follows from the events before it.
    Observable,
    /// Those in each of these classes.
    Both(&'static Self, &'static Self),
}

impl Policies {
    /// `None` if the policy is one of them, else why not.
    pub fn failure(self, policy: &Policy) -> Option<String> {
        if let Self::Both(one, other) = self {
            return one.failure(policy).or_else(|| other.failure(policy));
        }
        (!self.contains(policy)).then(|| format!("proved for {self}, here `{policy}`"))
    }

    /// Whether the policy is one of them.
    pub fn contains(self, policy: &Policy) -> bool {
        let equal = || policy.sample_law().is_some();
        match self {
            Self::Any => true,
            Self::Paper => policy.paper_d().is_some(),
            Self::JoinsAShortest => policy.joins_a_shortest(),
            Self::EqualSamples => equal(),
            Self::FairSamples => equal() && policy.ties() == Ties::Fair,
            Self::Monotone => policy.is_monotone(),
            Self::Markov => policy.is_markov(),
            Self::Observable => policy.is_observable(),
            Self::Both(one, other) => one.contains(policy) && other.contains(policy),
        }
    }
}

impl fmt::Display for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any policy",
            Self::Paper => "jsq(D), replacement",
            Self::JoinsAShortest => "policies that join a shortest of their samples",
            Self::EqualSamples => {
                "policies that join a shortest of their samples, drawn without weights"
            }
            Self::FairSamples => {
                "policies that join a shortest of their samples, drawn without weights, with fair \
                 ties"
            }
            Self::Monotone => "policies whose shared marks keep the order of two systems",
            Self::Markov => "policies that choose by task type and queue lengths alone",
            Self::Observable => "policies whose choice follows from the events before it",
            Self::Both(one, other) => return write!(f, "{one}, and {other}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Policies; 8] = [
        Policies::Any,
        Policies::Paper,
        Policies::JoinsAShortest,
        Policies::EqualSamples,
        Policies::FairSamples,
        Policies::Monotone,
        Policies::Markov,
        Policies::Observable,
    ];

    #[test]
    fn the_policy_of_the_paper_is_in_every_class_and_one_without_any_is_told_why() {
        let paper: Policy = "jsq(2)".parse().unwrap();
        let late: Policy = "longest(2), ties round-robin, late(2)".parse().unwrap();
        for class in CLASSES {
            assert_eq!(class.failure(&paper), None);
            let why = class.failure(&late);
            assert_eq!(why.is_none(), class == Policies::Any, "{class:?}: {why:?}");
        }
        assert_eq!(
            Policies::Paper.failure(&late).unwrap(),
            format!("proved for jsq(D), replacement, here `{late}`")
        );
    }

    #[test]
    fn the_classes_of_the_declared_policies_are_those_of_their_laws() {
        let count = |class: Policies| {
            Policy::declared().iter().filter(|policy| class.contains(policy)).count()
        };
        assert_eq!(count(Policies::Any), Policy::declared().len());
        // jsq(2) to jsq(5).
        assert_eq!(count(Policies::Paper), 4);
        // Two samplings, two orders of ties; jsq(all) with four; random.
        assert_eq!(count(Policies::EqualSamples), 16 + 4 + 1);
        assert_eq!(count(Policies::FairSamples), 8 + 1 + 1);
        let both = Policies::Both(&Policies::EqualSamples, &Policies::Monotone);
        assert_eq!(count(both), 16 + 3 + 1);
        assert!(both.failure(&"round-robin".parse().unwrap()).is_some());
    }
}
