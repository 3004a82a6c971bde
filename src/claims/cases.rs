//! Running an exact or pathwise claim over many cases, each replayable by its index.

use rand_chacha::ChaCha8Rng;

use super::verdict::{Evidence, Verdict, Witness};
use super::{Claim, Setting};
use crate::random::stream_rng;

/// What one case showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The claim holds here, with this slack (0 for an equality).
    Holds {
        /// Distance from the bound.
        slack: f64,
        /// Whether the bound is trivial here.
        vacuous: bool,
    },
    /// The case does not meet the claim's premise and counts for nothing.
    Skipped,
    /// A counterexample.
    Violated {
        /// Distance from the bound, negative; NaN where there is no figure.
        slack: f64,
        /// The numbers.
        found: String,
        /// The event of a path, for pathwise claims.
        event: Option<u64>,
        /// The queue lengths involved.
        states: Vec<Vec<u32>>,
    },
}

impl Outcome {
    /// Holds with a slack, not vacuous.
    pub fn holds(slack: f64) -> Self {
        Self::Holds { slack, vacuous: false }
    }

    /// The least slack of several comparisons; of none, infinite, which says nothing.
    pub fn least(slack: f64, vacuous: bool) -> Self {
        let none = slack.is_infinite();
        Self::Holds { slack: if none { 0.0 } else { slack }, vacuous: none || vacuous }
    }

    /// A counterexample without a figure or states.
    pub fn violated(found: impl Into<String>) -> Self {
        Self::Violated { slack: f64::NAN, found: found.into(), event: None, states: Vec::new() }
    }

    /// The same counterexample with its distance from the bound.
    pub fn by(mut self, distance: f64) -> Self {
        if let Self::Violated { slack, .. } = &mut self {
            *slack = distance;
        }
        self
    }

    /// The same counterexample with the queue lengths involved.
    pub fn at(mut self, lengths: &[&[u32]]) -> Self {
        if let Self::Violated { states, .. } = &mut self {
            *states = lengths.iter().map(|s| s.to_vec()).collect();
        }
        self
    }

    /// The same counterexample at an event of a path.
    pub fn at_event(mut self, index: u64) -> Self {
        if let Self::Violated { event, .. } = &mut self {
            *event = Some(index);
        }
        self
    }
}

impl Setting<'_> {
    /// Runs `check` on cases `0..count`, each with its own randomness, until the first
    /// counterexample.
    ///
    /// Low case indices should be the listed and the edge cases, so that a violation is found in
    /// its simplest form; `check` gets the case's index and its generator. `what` names the cases
    /// in the summary.
    pub fn cases(
        &self,
        claim: &Claim,
        count: u64,
        what: &str,
        mut check: impl FnMut(u64, &mut ChaCha8Rng) -> Outcome,
    ) -> Evidence {
        let (plan, seed) = (&self.plan, self.seed(claim.id));
        let (first, count) = plan.only.map_or((0, count), |case| (case, 1));
        let (mut seen, mut informative, mut least) = (0, 0, None::<f64>);
        // Not first..first + count: a case number may be the largest there is.
        for case in (0..count).map(|i| first + i) {
            match check(case, &mut stream_rng(seed, case)) {
                Outcome::Skipped => {}
                Outcome::Holds { slack, vacuous } => {
                    seen += 1;
                    informative += u64::from(!vacuous);
                    least = Some(least.map_or(slack, |l| l.min(slack)));
                }
                Outcome::Violated { slack, found, event, states } => {
                    let summary = found.clone();
                    return Evidence {
                        slack: slack.is_finite().then_some(slack),
                        witness: Some(Witness {
                            found,
                            case,
                            event,
                            states,
                            replay: String::new(),
                        }),
                        ..Evidence::violated(seen + 1, summary)
                    };
                }
            }
        }
        let verdict = if seen == 0 { Verdict::Inconclusive } else { Verdict::Holds };
        let summary = if seen == 0 {
            format!("no {what} met the premise")
        } else if informative == 0 {
            format!("{seen} {what}, the bound trivial in all")
        } else {
            format!("{seen} {what}")
        };
        Evidence {
            slack: least,
            vacuous: seen > 0 && informative == 0,
            ..Evidence::of_test(verdict, seen, summary)
        }
    }
}
