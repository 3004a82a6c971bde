//! Running an exact or pathwise claim over many cases, each replayable by its index.

use rand_chacha::ChaCha8Rng;

use super::verdict::{Evidence, Verdict, Witness};
use crate::random::{fingerprint, stream_rng};

/// Which cases to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CasePlan {
    /// The seed of all cases.
    pub seed: u64,
    /// Scales the number of random cases; 1 is the everyday effort.
    pub effort: u32,
    /// Replay this case alone.
    pub only: Option<u64>,
}

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

    /// A counterexample without states.
    pub fn violated(slack: f64, found: impl Into<String>) -> Self {
        Self::Violated { slack, found: found.into(), event: None, states: Vec::new() }
    }

    /// A counterexample at the given states.
    pub fn violated_at(slack: f64, found: impl Into<String>, states: &[&[u32]]) -> Self {
        Self::Violated {
            slack,
            found: found.into(),
            event: None,
            states: states.iter().map(|s| s.to_vec()).collect(),
        }
    }
}

/// Runs `check` on cases `0..count`, each with its own randomness, until the first counterexample.
///
/// Low case indices should be the listed and the edge cases, so that a violation is found in its
/// simplest form; `check` gets the case's index and its generator. `what` names the cases in the
/// summary.
pub fn run(
    plan: &CasePlan,
    claim: &str,
    count: u64,
    what: &str,
    mut check: impl FnMut(u64, &mut ChaCha8Rng) -> Outcome,
) -> Evidence {
    let (first, count) = plan.only.map_or((0, count), |case| (case, 1));
    let (mut seen, mut informative, mut least) = (0, 0, None::<f64>);
    // Not first..first + count: a case number may be the largest there is.
    for case in (0..count).map(|i| first + i) {
        match check(case, &mut stream_rng(plan.seed ^ fingerprint(claim), case)) {
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
                    witness: Some(Witness { found, case, event, states, replay: String::new() }),
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
