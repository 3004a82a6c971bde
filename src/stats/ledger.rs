//! One error probability for a whole suite, shared out in a ledger: over claims, graphs and
//! directions.
//!
//! By the union bound the suite errs at all with probability at most the sum of its entries,
//! whatever the dependence between the checks.

use serde::Serialize;

use crate::stats::decision::Decision;

/// One entry: who may give which verdict wrongly, and with which probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The claim.
    pub claim: String,
    /// The graph on which it is checked.
    pub graph: String,
    /// The verdict that may be wrong: *holds* although the claim is false, or *violated* although
    /// it is true.
    pub direction: Decision,
    /// Its share.
    pub alpha: f64,
}

/// The shares of all statistical checks of a suite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ledger {
    /// The error probability of the suite.
    pub alpha: f64,
    /// The shares, two for each check: one for each direction.
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// Equal shares of `alpha` for every `(claim, graph)`, halved between its directions.
    pub fn equal(alpha: f64, checks: impl IntoIterator<Item = (String, String)>) -> Self {
        let checks: Vec<_> = checks.into_iter().collect();
        let share = alpha / checks.len() as f64 / 2.0;
        let entries = checks.into_iter().flat_map(|(claim, graph)| {
            let entry = |direction| Entry {
                claim: claim.clone(),
                graph: graph.clone(),
                direction,
                alpha: share,
            };
            [entry(Decision::Holds), entry(Decision::Violated)]
        });
        Self { alpha, entries: entries.collect() }
    }

    /// The share of a claim on a graph, both directions together; 0 if it is not in the ledger.
    pub fn share(&self, claim: &str, graph: &str) -> f64 {
        let entries = self.entries.iter().filter(|e| e.claim == claim && e.graph == graph);
        entries.map(|entry| entry.alpha).sum()
    }

    /// What the entries of a claim add up to, over all graphs and directions.
    pub fn share_of(&self, claim: &str) -> f64 {
        // From +0: the sum of no `f64` is -0, and would be shown so.
        let entries = self.entries.iter().filter(|entry| entry.claim == claim);
        entries.fold(0.0, |sum, entry| sum + entry.alpha)
    }

    /// The claims in the order of the ledger, each with its number of graphs and its share, all
    /// graphs and directions together.
    pub fn by_claim(&self) -> Vec<(&str, usize, f64)> {
        let mut claims: Vec<(&str, usize, f64)> = Vec::new();
        for entry in &self.entries {
            if claims.last().is_none_or(|last| last.0 != entry.claim) {
                claims.push((&entry.claim, 0, 0.0));
            }
            if let Some((_, graphs, alpha)) = claims.last_mut() {
                *graphs += usize::from(entry.direction == Decision::Holds);
                *alpha += entry.alpha;
            }
        }
        claims
    }

    /// What the entries add up to.
    pub fn spent(&self) -> f64 {
        self.entries.iter().map(|entry| entry.alpha).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_check_has_two_directions_with_equal_shares() {
        let checks =
            [("a", "g"), ("a", "h"), ("b", "g")].map(|(c, g)| (c.to_owned(), g.to_owned()));
        let ledger = Ledger::equal(0.12, checks);
        assert_eq!(ledger.entries.len(), 6);
        assert_eq!(
            (ledger.entries[0].direction, ledger.entries[1].direction),
            (Decision::Holds, Decision::Violated)
        );
        for (claim, graph, share) in
            [("a", "g", 0.04), ("a", "h", 0.04), ("b", "g", 0.04), ("b", "h", 0.0)]
        {
            assert!((ledger.share(claim, graph) - share).abs() < 1e-15, "{claim} on {graph}");
        }
        for ((claim, graphs, share), row) in
            [("a", 2, 0.08), ("b", 1, 0.04)].into_iter().zip(ledger.by_claim())
        {
            assert_eq!((row.0, row.1), (claim, graphs));
            assert!(
                (row.2 - share).abs() < 1e-15 && (ledger.share_of(claim) - share).abs() < 1e-15,
                "{claim}"
            );
        }
        assert_eq!(ledger.by_claim().len(), 2);
    }

    proptest! {
        #[test]
        fn the_shares_never_add_up_to_more_than_the_suite_may_spend(count in 0usize..300) {
            let checks = (0..count).map(|i| (i.to_string(), "g".to_owned()));
            let ledger = Ledger::equal(1e-6, checks);
            prop_assert!(ledger.spent() <= 1e-6 * (1.0 + 1e-12));
            prop_assert!(count == 0 || ledger.spent() >= 1e-6 * (1.0 - 1e-12));
        }
    }
}
