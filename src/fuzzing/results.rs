//! The results of a suite, written and read back, and checkpoints.

use serde_json::Value;

use super::input::Input;
use crate::checkpoint::{self, Progress};
use crate::claims::{self, Evidence, Excluded, Verdict, Witness};
use crate::estimate::{self, Intervals};
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::report::{self, page::Look};
use crate::stats::ledger::Ledger;
use crate::suite::{Row, Suite, power_matrix};
use crate::theory::mean_field::Start;

/// Up to 15 characters of any kind, such as a label in a stranger's file has.
fn text(input: &mut Input<'_>) -> String {
    let length = input.below(16);
    let character = |_| match input.below(4) {
        3 => char::from_u32(input.u32() % 0x11_0000).unwrap_or('?'),
        _ => char::from(input.byte()),
    };
    (0..length).map(character).collect()
}

fn row(input: &mut Input<'_>) -> Row {
    let all: Vec<_> = claims::all().collect();
    let claim = all[input.u32() as usize % all.len()];
    let verdict = Verdict::ALL[input.below(5) as usize];
    let witness = (verdict == Verdict::Violated).then(|| Witness {
        found: text(input),
        case: input.u64(),
        event: (input.below(2) == 1).then(|| u64::from(input.u32())),
        states: (0..input.below(3))
            .map(|_| (0..input.below(4)).map(|_| input.u32()).collect())
            .collect(),
        replay: text(input),
    });
    let evidence = Evidence {
        verdict,
        // Of any bits, so that NaN, infinities and numbers next to 0 occur.
        slack: (input.below(2) == 1).then(|| f64::from_bits(input.u64())),
        vacuous: input.below(2) == 1,
        cases: input.u64(),
        summary: text(input),
        witness,
        excluded: (input.below(2) == 1).then(|| {
            let mut share = || (input.below(2) == 1).then(|| 0.5f64.powi(input.below(11) as i32));
            let (most, of_one) = (share(), share());
            let rivals = vec![(text(input), of_one)];
            Excluded { share: most, rivals, ..Excluded::default() }
        }),
    };
    Row {
        claim,
        graph: (input.below(4) > 0).then(|| text(input)),
        policy: None,
        evidence,
        seconds: f64::from(input.u32()) / 1024.0,
        spent: f64::from(input.u32()) / 1e12,
        is_unforeseen: verdict == Verdict::NotApplicable && input.below(2) == 1,
    }
}

/// Bytes as the results of a suite of at most eight rows.
///
/// # Panics
/// If the JSON is not read back as the same values, a row or its figures are missing, or the table
/// has a control character.
pub fn results(bytes: &[u8]) {
    let mut input = Input(bytes);
    let seed = input.u64();
    let rows: Vec<Row> = (0..input.below(9)).map(|_| row(&mut input)).collect();
    let checks =
        rows.iter().map(|row| (row.claim.id.to_owned(), row.graph.clone().unwrap_or_default()));
    let ledger = Ledger::equal(1e-6, checks);
    let asked = rows.len() + input.below(3) as usize;
    let suite = Suite { rows, ledger, seed, asked };

    let value = report::json::suite(&suite);
    let written = serde_json::to_string_pretty(&value).expect("a value is written");
    let read: Value = serde_json::from_str(&written).expect("what was written is JSON");
    assert_eq!(read, value, "every number and text comes back");
    assert_eq!(read["seed"].as_u64(), Some(seed));
    let claims = read["claims"].as_array().expect("a list of claims");
    assert_eq!(claims.len(), suite.rows.len());
    for (read, row) in claims.iter().zip(&suite.rows) {
        assert_eq!(read["id"], row.claim.id);
        assert_eq!(read["cases"].as_u64(), Some(row.evidence.cases));
        assert_eq!(read["graph"].as_str(), row.graph.as_deref());
        let slack = row.evidence.slack.filter(|slack| slack.is_finite()).map(f64::to_bits);
        assert_eq!(read["slack"].as_f64().map(f64::to_bits), slack, "to the last bit");
        assert_eq!(read["evidence"].as_str(), Some(row.evidence.summary.as_str()));
        if let Some(witness) = &row.evidence.witness {
            assert_eq!(read["witness"]["case"].as_u64(), Some(witness.case));
        }
    }
    let table = report::sections::text(&suite, Look::PLAIN, seed % 2 == 1);
    assert!(table.ends_with('\n'), "a table ends its last line");
}

/// Bytes as a checkpoint: as they are, and as the body under a right checksum, so that the fuzzer
/// gets behind it.
///
/// # Panics
/// If a changed bit is not noticed, what is no checkpoint takes more than one line to refuse, one
/// that is read is not written again as it was, or a run that goes on from it cannot say what it
/// knows.
pub fn checkpoint(bytes: &[u8]) {
    // Of a file that is sound but for one bit, nothing is read.
    let mut damaged = checkpoint::sealed(bytes);
    let sum: usize = bytes.iter().map(|&byte| usize::from(byte)).sum();
    let at = damaged.len() - 1 - sum % bytes.len().max(1);
    damaged[at] ^= 1;
    let found = checkpoint::decode(&damaged);
    assert_eq!(found, Err(checkpoint::Problem::Damaged), "bit 0 of byte {at}");
    for bytes in [bytes.to_vec(), checkpoint::sealed(bytes)] {
        match checkpoint::decode(&bytes) {
            Ok(read) => {
                let written = checkpoint::encode(&read.run, &read.progress)
                    .expect("what was read can be written");
                let again = checkpoint::decode(&written).expect("what was written can be read");
                let again = checkpoint::encode(&again.run, &again.progress);
                assert_eq!(again, Ok(written), "the same bytes come back");
                go_on(&read.progress);
            }
            Err(problem) => {
                let message = problem.to_string();
                let is_line = !message.contains(char::is_control) && message.len() < 2000;
                assert!(is_line, "an error is one line: {message:?}");
            }
        }
    }
}

/// What a command does first with what it has read: nothing of it may be taken on trust.
fn go_on(progress: &Progress) {
    let graph = BipartiteGraph::complete(2, 2).expect("both sides have a vertex");
    let model = Model::new(graph, 0.8, 2).expect("a load, and a sample");
    match progress {
        // The results of a suite have a target of their own.
        Progress::Verify(_) | Progress::Steady(None) | Progress::Transient(None) => {}
        Progress::Power(checks) => {
            // A few claims: the matrix of all takes its time.
            let only = ["eq-2.1", "eq-4.12", "transition-law"].map(str::to_owned).to_vec();
            let options = power_matrix::Options { only, ..power_matrix::Options::default() };
            let claims = power_matrix::claims_of(&options);
            let known = checks.iter().filter(|check| check.is_in(&claims)).cloned();
            let matrix = power_matrix::Matrix::of(&options, known);
            let table = report::power_text::text(&matrix, true);
            assert!(table.ends_with('\n'), "a table ends its last line");
            assert!(report::power_text::json(&matrix).is_object(), "one JSON object");
        }
        Progress::Steady(Some(kept)) => {
            for intervals in [Intervals::Guaranteed, Intervals::Student] {
                let options = estimate::Options { intervals, ..estimate::Options::default() };
                if let Some(run) = estimate::SteadyRun::resume(&model, &options, kept) {
                    let (known, _) = (run.estimate(), run.is_done());
                    assert_eq!(known.replications, kept.replications());
                    assert_eq!(run.kept().as_ref(), Some(kept), "what was kept is kept");
                }
            }
        }
        Progress::Transient(Some(kept)) => {
            // One, two or three times: the file knows how many.
            for times in [&[1.0][..], &[1.0, 0.5], &[3.0, 2.0, 1.0]] {
                let options = estimate::Options::default();
                if let Some(run) =
                    estimate::TransientRun::resume(&model, &Start::Empty, times, &options, kept)
                {
                    let (known, _) = (run.estimate(), run.is_done());
                    assert_eq!(known.replications, kept.replications());
                    assert_eq!(run.kept().as_ref(), Some(kept), "what was kept is kept");
                }
            }
        }
    }
}
