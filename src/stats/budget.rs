//! One error probability for a whole suite, shared out in a ledger.
//!
//! By the union bound the suite errs at all with probability at most the sum of its entries,
//! whatever the dependence between the checks.

use serde::Serialize;

/// One entry: who may err with which probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The claim.
    pub claim: String,
    /// The graph on which it is checked.
    pub graph: String,
    /// Its share.
    pub alpha: f64,
}

/// The shares of all statistical checks of a suite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ledger {
    /// The error probability of the suite.
    pub alpha: f64,
    /// The shares.
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// Equal shares of `alpha` for every `(claim, graph)`.
    pub fn equal(alpha: f64, checks: impl IntoIterator<Item = (String, String)>) -> Self {
        let checks: Vec<_> = checks.into_iter().collect();
        let share = alpha / checks.len().max(1) as f64;
        let entries = checks.into_iter().map(|(claim, graph)| Entry { claim, graph, alpha: share }).collect();
        Self { alpha, entries }
    }

    /// What the entries add up to.
    pub fn spent(&self) -> f64 {
        self.entries.iter().map(|entry| entry.alpha).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_never_add_up_to_more_than_the_suite_may_spend() {
        for n in [1, 3, 7, 1000] {
            let ledger = Ledger::equal(1e-6, (0..n).map(|i| (i.to_string(), "g".to_owned())));
            assert!(ledger.spent() <= 1e-6 * (1.0 + 1e-12));
        }
    }
}
