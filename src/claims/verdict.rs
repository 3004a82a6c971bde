//! Verdicts, and the evidence behind them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a check found. Never a bool: "not refuted" is not "holds".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Exact and pathwise claims: no counterexample among all cases, of which there is one at
    /// least. Statistical ones: the opposite was rejected.
    Holds,
    /// A counterexample, or the claim itself was rejected.
    Violated,
    /// Neither happened within the budget.
    Inconclusive,
    /// A hypothesis of the claim fails on this input.
    NotApplicable,
    /// The check panicked: nothing is known of the claim, and the check or the code under it is
    /// broken. Never expected, and never a violation or a rejection.
    Crashed,
}

impl Verdict {
    /// Every verdict, in the order of totals.
    pub const ALL: [Self; 5] =
        [Self::Holds, Self::Violated, Self::Inconclusive, Self::NotApplicable, Self::Crashed];

    /// What a test says that may have rejected the claim, or its opposite.
    pub(super) fn of(rejected: bool, shown: bool) -> Self {
        match (rejected, shown) {
            (true, _) => Self::Violated,
            (false, true) => Self::Holds,
            (false, false) => Self::Inconclusive,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not applicable",
            Self::Crashed => "crashed",
        })
    }
}

/// Where and how a claim failed, enough to see it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    /// The numbers that contradict the claim, in words.
    pub found: String,
    /// The index of the case, which `--case` replays.
    pub case: u64,
    /// The event of the path, counted from 0, for pathwise claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Queue lengths, one list for each system involved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Vec<u32>>,
    /// The shell line, or the line of Rust, that sees it again; filled in by the runner.
    pub replay: String,
}

/// The outcome of a check, with everything a reader needs to weigh it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// What was found.
    pub verdict: Verdict,
    /// How far the measured side stayed from the bound at its closest, in the claim's own unit;
    /// negative for a violation.
    pub slack: Option<f64>,
    /// Whether the bound says no more than the trivial one in every case seen.
    pub vacuous: bool,
    /// How many cases, events or replications were looked at.
    pub cases: u64,
    /// What was done and found, in one line.
    pub summary: String,
    /// The counterexample of a violation, or the message of a crash.
    pub witness: Option<Witness>,
    /// What a pass of a policy's picks excludes; of other claims `None`.
    pub excluded: Option<Excluded>,
}

/// How much of a policy's picks another declared one can still decide, in every state alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Excluded {
    /// The largest share of the picks that a single rival of the list can decide; `None` unless the
    /// verdict is *holds*.
    pub share: Option<f64>,
    /// Every declared policy of another law on this graph, in its canonical text, with its own
    /// share; `None` where it stands as a whole.
    pub rivals: Vec<(String, Option<f64>)>,
    /// Declared policies with the same law on this graph, which no pick can tell apart.
    pub same_law: Vec<String>,
    /// Rivals that are not tried on a graph of this size.
    pub not_tried: Vec<String>,
    /// A mixture of rivals that is the promised policy itself, in words: no pick tells them apart.
    pub mixture: Option<String>,
}

impl Evidence {
    /// What a test found after so many cases, events or replications: no slack, not vacuous, the
    /// summary as the witness of a violation or a crash.
    pub fn of_test(verdict: Verdict, cases: u64, summary: impl Into<String>) -> Self {
        let summary = summary.into();
        let witness = matches!(verdict, Verdict::Violated | Verdict::Crashed)
            .then(|| Witness { found: summary.clone(), ..Witness::default() });
        Self { verdict, slack: None, vacuous: false, cases, summary, witness, excluded: None }
    }

    /// A violation after so many cases; `found` is the witness too.
    pub fn violated(cases: u64, found: impl Into<String>) -> Self {
        Self::of_test(Verdict::Violated, cases, found)
    }

    /// A check that panicked with this message.
    pub(super) fn crashed(message: &str) -> Self {
        let message = message.replace('\n', " ");
        Self::of_test(Verdict::Crashed, 0, format!("the check panicked: {message}"))
    }

    /// With what a pass of picks excludes.
    pub(super) fn excluding(self, excluded: Excluded) -> Self {
        let share = excluded.share.filter(|_| self.verdict == Verdict::Holds);
        Self { excluded: Some(Excluded { share, ..excluded }), ..self }
    }

    /// The same, but *inconclusive* where it holds of no case at all: what looked at nothing has
    /// excluded nothing.
    pub(super) fn of_something(mut self) -> Self {
        if self.verdict == Verdict::Holds && self.cases == 0 {
            self.verdict = Verdict::Inconclusive;
            self.summary = format!("no case was looked at: {}", self.summary);
        }
        self
    }

    /// What a check gives that may find its claim violated on the way; it counts what it has seen.
    pub(super) fn or_violated(check: impl FnOnce(&mut u64) -> Result<Self, String>) -> Self {
        let mut seen = 0;
        check(&mut seen).unwrap_or_else(|found| Self::violated(seen, found))
    }

    /// A claim whose hypothesis fails; `why` names the hypothesis and the figure that fails it.
    pub fn not_applicable(why: impl Into<String>) -> Self {
        Self::of_test(Verdict::NotApplicable, 0, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_has_a_share_that_it_excludes() {
        for verdict in Verdict::ALL {
            let excluded = Excluded { share: Some(0.25), ..Excluded::default() };
            let found = Evidence::of_test(verdict, 1, "").excluding(excluded).excluded.unwrap();
            assert_eq!(found.share, (verdict == Verdict::Holds).then_some(0.25), "{verdict}");
        }
    }
}
