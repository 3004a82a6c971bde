//! The witnesses of the errors in print.
//!
//! A printed form that is wrong is expected to be violated: a bug of its check would violate it as
//! well. What contradicts each is therefore stored, case, states and numbers, and a violation with
//! any other witness is unexpected, whatever the seed and the effort. Replaying another case is not
//! held against it.
//!
//! `FLUIDCHECK_WRITE_TABLES=1 cargo test --test errata` writes the list anew.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Row, is_erratum};
use crate::claims::Verdict;
use crate::num::figures_in_text;

/// The list, a [`line`] for each erratum.
const LIST: &str = include_str!("../../snapshots/errata.txt");

/// Significant digits of what is not an exact number.
const DIGITS: usize = 4;

static LINES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    LIST.lines().filter_map(|line| Some((line.split_once(" | ")?.0, line))).collect()
});

/// Whether a violated erratum has its own witness; `None` for any other row.
pub(super) fn is_own(row: &Row) -> Option<bool> {
    line(row).map(|line| LINES.get(row.claim.id) == Some(&line.as_str()))
}

/// The line of a violated erratum: claim, case, event, states, and what was found, with few digits
/// of what is not exact.
pub fn line(row: &Row) -> Option<String> {
    (is_erratum(row.claim) && row.evidence.verdict == Verdict::Violated).then(|| {
        let witness = row.evidence.witness.clone().unwrap_or_default();
        let event = witness.event.map_or(String::new(), |event| format!(", event {event}"));
        let states = match &witness.states[..] {
            [] => String::new(),
            states => format!(", queues {states:?}"),
        };
        let found = figures_in_text::rounded(&witness.found, DIGITS, usize::MAX);
        format!("{} | case {}{event}{states} | {found}", row.claim.id, witness.case)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{Evidence, Witness, all, find};
    use crate::suite::{Finished, Options, battery, row};

    #[test]
    fn every_erratum_has_one_line_and_nothing_else_has() {
        let errata: Vec<&str> = all().filter(|claim| is_erratum(claim)).map(|one| one.id).collect();
        let mut listed: Vec<&str> =
            LIST.lines().filter_map(|line| line.split(" | ").next()).collect();
        assert_eq!(listed.len(), errata.len());
        listed.sort_by_key(|id| all().position(|claim| claim.id == *id));
        assert_eq!(listed, errata);
    }

    #[test]
    fn an_erratum_is_violated_as_expected_by_its_own_witness_only() {
        let input = &battery::inputs()[0];
        let expected = |id: &str, witness: Option<Witness>, replayed: Option<u64>| {
            let found = witness.as_ref().map_or("", |witness| &witness.found).to_owned();
            let evidence = Evidence { witness, ..Evidence::violated(1, found) };
            let finished = Finished { at: 0, evidence, seconds: 0.0, spent: 0.0 };
            let options = Options { case: replayed, ..Options::default() };
            row(find(id).unwrap(), input, finished, &options).is_expected()
        };
        let found = "N = 2, 1 arrivals: sum of q_i^2 is 4/4, the bound 3/4".to_owned();
        let states = vec![vec![1, 0], vec![1, 1]];
        let own = Witness { found, states, event: Some(0), ..Witness::default() };
        let others = [
            Witness { found: own.found.replace("3/4", "2/4"), ..own.clone() },
            Witness { case: 1, ..own.clone() },
            Witness { event: None, ..own.clone() },
            Witness { states: vec![], ..own.clone() },
            Witness { found: String::new(), ..own.clone() },
        ];
        let id = "err-4.41-printed";
        assert!(expected(id, Some(own.clone()), None));
        for other in others {
            assert!(!expected(id, Some(other.clone()), None), "{other:?}");
            assert!(expected(id, Some(other), Some(3)), "a case that was asked for");
        }
        assert!(!expected(id, None, None), "a violation without a witness");
        assert!(!expected("err-4.47-printed", Some(own), None), "the witness of another erratum");
    }

    #[test]
    fn the_last_bits_of_a_float_make_no_other_witness() {
        let line = LINES["err-5-multi-edges-printed"];
        assert!(line.contains("probability 0.8856,"), "{line}");
        assert_eq!(figures_in_text::rounded(line, DIGITS, usize::MAX), line);
    }
}
