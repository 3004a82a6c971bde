//! Statements about paths and transients, along the subject's own paths.
//!
//! | statement | claims |
//! |---|---|
//! | Theorem 3.8, its explicit constants | [`mixing`]: `thm-3.8`, `mixing-in-N` |
//! | Theorem 3.10, (3.6), and Corollary 3.11 | [`limit`]: `thm-3.10`, `cor-3.11` |
//! | Lemma 4.5 and Lemma C.2, (C.4) | [`martingale`]: `lemma-4.5`, `lemma-c.2` |
//! | the constants of these theorems, from the equations of their proofs | [`constants`]: `bounds-constants` |
//!
//! Bets need bounded variables: each claim says how its figure is bounded, and why what is cut off has no weight.

mod constants;
mod limit;
mod martingale;
mod mixing;

use super::{Claim, Evidence, Setting, Verdict, Witness};
use crate::stats::betting::{MeanTest, Side};

/// The claims about paths.
pub const CLAIMS: &[Claim] = &[
    mixing::THM_3_8,
    mixing::MIXING_IN_N,
    limit::THM_3_10,
    limit::COR_3_11,
    martingale::LEMMA_4_5,
    martingale::LEMMA_C_2,
    constants::BOUNDS_CONSTANTS,
];

/// A seed of the claim's own.
fn seed(setting: &Setting<'_>, claim: &str) -> u64 {
    setting.plan.seed ^ crate::randomness::fingerprint(claim)
}

/// One mean of a figure in [0, range], claimed to be at most, or at least, a bound.
struct Part {
    name: String,
    bound: f64,
    range: f64,
    below: bool,
    sum: f64,
    test: MeanTest,
}

impl Part {
    fn new(name: String, bound: f64, range: f64, below: bool, alpha: f64) -> Self {
        Self { name, bound, range, below, sum: 0.0, test: MeanTest::new(bound / range, alpha) }
    }

    /// Takes a figure known to lie between `low` and `high`.
    fn observe(&mut self, low: f64, high: f64) {
        self.sum += high;
        self.test.observe_between((low / self.range).clamp(0.0, 1.0), (high / self.range).clamp(0.0, 1.0));
    }

    fn supports(&self) -> Option<bool> {
        self.test.decision().map(|side| (side == Side::Below) == self.below)
    }

    fn mean(&self) -> f64 {
        self.sum / self.test.count().max(1) as f64
    }

    /// How far the mean stayed from the bound.
    fn slack(&self) -> f64 {
        if self.below { self.bound - self.mean() } else { self.mean() - self.bound }
    }

    fn shown(&self) -> String {
        let standing = match self.supports() {
            Some(true) => "certified",
            Some(false) => "rejected",
            None => "open",
        };
        let relation = if self.below { "<=" } else { ">=" };
        format!("{} {relation} {:.4e} {standing} (mean {:.3e}, n = {})", self.name, self.bound, self.mean(), self.test.count())
    }
}

/// The evidence of several parts, with notes on what no verdict rests on.
fn evidence(parts: &[Part], notes: &[String], alpha: f64) -> Evidence {
    let verdict = if parts.iter().any(|part| part.supports() == Some(false)) {
        Verdict::Violated
    } else if parts.iter().all(|part| part.supports() == Some(true)) {
        Verdict::Holds
    } else {
        Verdict::Inconclusive
    };
    let mut said: Vec<String> = parts.iter().map(Part::shown).collect();
    said.extend(notes.iter().cloned());
    let mut summary = format!("{} (error probability {alpha:.1e})", said.join("; "));
    if verdict == Verdict::Inconclusive {
        summary.push_str("; more with --effort");
    }
    Evidence {
        verdict,
        slack: parts.iter().map(Part::slack).min_by(f64::total_cmp),
        vacuous: false,
        cases: parts.iter().map(|part| part.test.count()).sum(),
        witness: (verdict == Verdict::Violated).then(|| Witness { found: summary.clone(), ..Witness::default() }),
        summary,
    }
}

/// Whether some part still is open and none rejected.
fn undecided(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.supports().is_none()) && !parts.iter().any(|part| part.supports() == Some(false))
}
