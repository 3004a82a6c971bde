//! Two seeds give two samples: a statistical claim that ignores its seed looks at the same one
//! again and again, and its error probability then says nothing.

use std::collections::BTreeMap;

use fluidcheck::claims::{self, Kind, Verdict};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::suite::{self, Options, battery};

/// Large, so that the checks end soon.
const ALPHA: f64 = 0.2;

/// Graphs of the battery on each of which some claims apply and take little time.
const GRAPHS: &[&str] = &["complete:n=2,m=2 (lambda = 4/5, jsq(2), replacement)"];

/// They take most of the time, on graphs of their own: only with `FLUIDCHECK_SEEDS` set.
const SLOW: &[&str] = &["steady-law", "cor-3.2"];

/// What was found on each graph, by claim.
fn found(seed: u64) -> BTreeMap<&'static str, Vec<String>> {
    let inputs: Vec<_> =
        battery::inputs().into_iter().filter(|input| GRAPHS.contains(&&*input.name)).collect();
    assert_eq!(inputs.len(), GRAPHS.len());
    let slow_too = std::env::var_os("FLUIDCHECK_SEEDS").is_some();
    let of_chance = claims::all()
        .filter(|claim| claim.kind == Kind::Statistical && (slow_too || !SLOW.contains(&claim.id)));
    let only = of_chance.map(|claim| claim.id.to_owned()).collect();
    let options = Options { seed, alpha: ALPHA, only, ..Options::default() };
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for row in suite::run(UnderCheck::reference(), &inputs, &options, &|_| ()).rows {
        let entry = found.entry(row.claim.id).or_default();
        if row.evidence.verdict != Verdict::NotApplicable {
            let (cases, slack) = (row.evidence.cases, row.evidence.slack);
            entry.push(format!("{}, {cases} cases, slack {slack:?}", row.evidence.summary));
        }
    }
    found
}

#[test]
fn every_statistical_claim_finds_something_else_under_another_seed() {
    let [one, other] = [1, 2].map(found);
    let silent: Vec<_> = one.iter().filter(|(_, found)| found.is_empty()).collect();
    assert!(silent.is_empty(), "on none of the graphs: {silent:#?}");
    let alike: Vec<_> = one.iter().filter(|(id, found)| other[*id] == **found).collect();
    assert!(alike.is_empty(), "the same under two seeds: {alike:#?}");
}
