//! The claims by statements of the paper, for reports: a group is told by where its claims stand in
//! the paper, so that a new claim needs no entry of its own.

use super::Claim;

/// Claims that are reported together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(usize);

/// Titles, and the beginnings of the sources that belong to each, in the order of reports.
const GROUPS: &[(&str, &[&str])] = &[
    ("Model: section 2, (4.12)", &["section 2", "(4.12)"]),
    ("Section 2: (2.1) to (2.3)", &["(2.1)", "(2.2)", "(2.3)"]),
    ("Remark 1: stability", &["Remark 1"]),
    ("Definitions 3.3 and 3.5, (3.3): graphs", &["Definition", "(3.3)"]),
    (
        "Theorem 3.1, Remark 2, Corollaries 3.2, 3.4, 3.6: distance to q*",
        &["Theorem 3.1", "Remark 2", "Corollary 3.2", "Corollary 3.4", "Corollary 3.6", "(4.52)"],
    ),
    ("Theorem 3.8: mixing", &["Theorem 3.8", "(4.16)"]),
    ("Proposition 3.9, (4.13), (4.14): order", &["Proposition 3.9", "(4.13)", "(4.14)"]),
    (
        "Theorem 3.10, Corollary 3.11, (3.5): mean-field limit",
        &["Theorem 3.10", "Corollary 3.11", "(3.5)"],
    ),
    ("Proposition 4.1: drift and ergodicity", &["Proposition 4.1"]),
    ("Lemma 4.2: generator", &["Lemma 4.2"]),
    ("Corollary 4.3, (4.10): tails", &["Corollary 4.3", "(4.10)"]),
    ("Lemmas 4.4 and C.1, appendix A: divided differences", &["Lemma 4.4", "Lemma C.1", "(A."]),
    ("Lemmas 4.5 and C.2, (B.6), (C.5): martingales", &["Lemma 4.5", "Lemma C.2", "(B.", "(C."]),
    ("Section 4: inequalities and rates", &["(4."]),
    ("Sections 1.2 and 5: counterexample and figures", &["section 1.2", "section 5"]),
    ("Other statements", &[]),
    ("The harness itself: clocks, estimates, files, tests", &["harness"]),
];

impl Group {
    /// The group of a claim.
    pub fn of(claim: &Claim) -> Self {
        // `Theorem 3.1` is no beginning of `Theorem 3.10`.
        let begins = |start: &&str| {
            let rest = claim.source.strip_prefix(*start);
            rest.is_some_and(|rest| start.starts_with('(') || !rest.starts_with(char::is_numeric))
        };
        let found = GROUPS.iter().position(|(_, starts)| starts.iter().any(|start| begins(&start)));
        Self(found.unwrap_or(GROUPS.len() - 2))
    }

    /// What reports call it.
    pub fn title(self) -> &'static str {
        GROUPS[self.0].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::all;

    #[test]
    fn every_group_has_claims_and_every_claim_a_group_of_its_statement() {
        let others = Group(GROUPS.len() - 2);
        for claim in all() {
            assert_ne!(Group::of(claim), others, "{}: `{}` has no group", claim.id, claim.source);
        }
        for at in (0..GROUPS.len()).map(Group).filter(|&group| group != others) {
            assert!(all().any(|claim| Group::of(claim) == at), "{}", at.title());
        }
        let title = |id| Group::of(crate::claims::find(id).unwrap()).title();
        assert!(title("thm-3.1").starts_with("Theorem 3.1,"));
        assert!(title("thm-3.10").starts_with("Theorem 3.10,"));
        assert!(title("eq-4.4").starts_with("Section 4") && title("eq-4.12").starts_with("Model"));
    }
}
