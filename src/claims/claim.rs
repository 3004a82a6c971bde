//! A claim as a value: what is stated, how it is checked, on what.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Serialize, Serializer};

use super::hypothesis::Hypothesis;
use super::policies::Policies;
use super::setting::Setting;
use super::verdict::{Evidence, Verdict};
use crate::faults::Fault;
use crate::random::DrawsForEver;

/// How a claim is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By integers, rationals or a proved rounding bound; one counterexample violates it.
    Exact,
    /// On every event of every path; one bad event violates it.
    Pathwise,
    /// By a sequential test with a stated error probability.
    Statistical,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Exact => "exact",
            Self::Pathwise => "pathwise",
            Self::Statistical => "statistical",
        })
    }
}

/// The verdict that a sound check gives on the reference model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expected {
    /// The statement is right.
    Holds,
    /// The statement is wrong as printed.
    Violated(Erratum),
}

impl Serialize for Expected {
    /// The verdict alone; the kind of error has a key of its own.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Holds => "holds",
            Self::Violated(_) => "violated",
        })
    }
}

/// In what a statement is wrong as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Erratum {
    /// In what it states or in how it is proved.
    Substance,
    /// In an index or a letter. The paper was read by OCR, so that the slip may be the reader's.
    Symbol,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A theorem about numbers or about graphs that the claim makes itself: checked once, whatever
    /// the graph.
    Theory,
    /// The graph at hand: checked on each.
    Graph,
}

/// What a statistical claim can see.
///
/// A *holds* excludes every system that is off by the effect or more: without a number here it
/// would say nothing. It is the limit, margin or tilt that the check itself uses; a check that must
/// choose a coarser one (a large graph, a small budget) says so in its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// The smallest deviation that *holds* excludes.
    pub smallest: &'static str,
    /// How many observations that takes: the largest number over the battery of `fluidcheck verify
    /// --seed 1 --alpha 1e-6`, rounded up. They grow with ln(1 / alpha).
    pub observations: u64,
    /// What one observation is.
    pub unit: &'static str,
}

/// One statement of the paper, in the form in which it is checked: all there is to know of it but
/// its row in the [registry](super::all).
#[derive(Debug)]
pub struct Claim {
    /// The id by which reports, `--only` and the catalogue name it.
    pub id: &'static str,
    /// Where it stands in the paper, in words.
    pub source: &'static str,
    /// The numbered statements of the paper that it covers, by their labels in the
    /// [catalogue](super::catalogue), the one that it is about first.
    pub paper: &'static [&'static str],
    /// What is claimed, in at most 120 characters.
    pub statement: &'static str,
    /// How it is checked.
    pub kind: Kind,
    /// What it is about.
    pub scope: Scope,
    /// What a sound check says of the reference.
    pub expected: Expected,
    /// The smallest effect that a statistical claim must detect; `None` for exact and pathwise
    /// claims, of which one counterexample is enough.
    pub effect: Option<Effect>,
    /// The policies for which it is proved.
    pub policies: Policies,
    /// Where it does not apply.
    pub hypotheses: &'static [Hypothesis],
    /// The wrong models that it must reject; never empty.
    pub rejects: &'static [&'static Fault],
    /// The check itself; called only where all hypotheses are met. It gets the claim for its id,
    /// which names its random streams.
    pub run: fn(&Claim, &Setting<'_>) -> Evidence,
}

impl Claim {
    /// Checks the policy and the hypotheses, then the claim. A check that panics has *crashed*,
    /// with the message as its witness; but a picker that draws for ever has not the law that is
    /// claimed.
    #[doc(hidden)]
    pub fn evaluate(&self, setting: &Setting<'_>) -> Evidence {
        // A panic must neither hide other checks nor pass for a finding: it may come from a bug of
        // the check as well as from the code under check.
        catch_unwind(AssertUnwindSafe(|| match self.inapplicable(setting) {
            Some(why) => Evidence::not_applicable(why),
            None => (self.run)(self, setting).of_something(),
        }))
        .unwrap_or_else(|panic| match panic.downcast_ref::<DrawsForEver>() {
            // An erratum is violated by its own numbers only.
            Some(found) if self.expected == Expected::Holds => {
                Evidence::violated(0, found.to_string())
            }
            Some(found) => Evidence::crashed(&found.to_string()),
            None => Evidence::crashed(message(&*panic)),
        })
    }

    /// Why the claim says nothing of this policy or this system.
    fn inapplicable(&self, setting: &Setting<'_>) -> Option<String> {
        let of_policy = self.policies.failure(setting.model.policy());
        of_policy.or_else(|| self.hypotheses.iter().find_map(|one| one.failure(setting)))
    }

    /// The error in print that it stands for, if any.
    pub fn erratum(&self) -> Option<Erratum> {
        match self.expected {
            Expected::Holds => None,
            Expected::Violated(erratum) => Some(erratum),
        }
    }

    /// Whether `verdict` is what a sound check of the reference gives.
    pub fn is_expected(&self, verdict: Verdict) -> bool {
        match (self.expected, verdict) {
            (_, Verdict::NotApplicable) => true,
            (Expected::Holds, verdict) => verdict == Verdict::Holds,
            (Expected::Violated(_), verdict) => verdict == Verdict::Violated,
        }
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
