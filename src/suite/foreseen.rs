//! Where claims are known not to apply: on the battery, each with the reason.
//!
//! *Not applicable* needs no other evidence, so that a claim with a hypothesis turned round, or
//! with one that nothing meets, would pass for ever. On the battery the claims, the graphs and the
//! reasons are therefore stored, and any other *not applicable* is unexpected. A graph of the
//! user's has no such list.
//!
//! `FLUIDCHECK_WRITE_TABLES=1 cargo test --test battery` writes the list anew.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::Row;
use crate::claims::Verdict;

/// The list, a [`line`] for each claim and graph.
const LIST: &str = include_str!("../../snapshots/not_applicable.txt");

static LINES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| LIST.lines().collect());

/// Whether the battery is known to have this row; `None` for a claim that applies.
pub(super) fn is_foreseen(row: &Row) -> Option<bool> {
    line(row).map(|line| LINES.contains(line.as_str()))
}

/// The line of a claim that does not apply: claim, graph, and the reason without the figures of the
/// graph.
pub fn line(row: &Row) -> Option<String> {
    (row.evidence.verdict == Verdict::NotApplicable).then(|| {
        let graph = row.graph.as_deref().unwrap_or("its own graphs");
        let summary = &row.evidence.summary;
        let reason = summary.split_once(", here ").map_or(summary.as_str(), |(reason, _)| reason);
        format!("{} | {graph} | {reason}", row.claim.id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{Evidence, all};
    use crate::suite::{Finished, Options, battery, row};

    #[test]
    fn a_claim_that_does_not_apply_is_expected_where_the_list_has_it_for_that_reason() {
        let inputs = battery::inputs();
        let found = |claim: &str, input: usize, why: &str, of_battery: bool| {
            let claim = all().find(|other| other.id == claim).unwrap();
            let evidence = Evidence::not_applicable(why);
            let mut input = inputs[input].clone();
            input.of_battery = of_battery;
            let finished = Finished { at: 0, evidence, seconds: 0.0, spent: 0.0 };
            row(claim, &input, finished, &Options::default()).is_expected()
        };
        let path = inputs.iter().position(|input| input.name.starts_with("path:n=3 (lambda = 4/5"));
        let (path, why) = (path.unwrap(), "needs rho(G) < 1, here rho(G) = 6/5");
        assert!(found("cor-4.3", path, why, true));
        assert!(!found("cor-4.3", path, "needs d >= 2, here d = 2", true));
        assert!(!found("eq-2.1", path, why, true));
        assert!(found("eq-2.1", path, why, false), "a user's graph has no list");
    }

    #[test]
    fn every_line_of_the_list_names_a_claim_and_a_graph_of_the_battery() {
        let inputs = battery::inputs();
        for line in LINES.iter() {
            let [id, graph, _] = line.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            assert!(all().any(|claim| claim.id == id), "{line}");
            let of_battery = inputs.iter().any(|input| input.name == graph);
            assert!(of_battery || graph == "its own graphs", "{line}");
        }
    }
}
