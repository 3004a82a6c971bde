//! The corpora of the fuzzer, replayed through the functions that its targets call.
//!
//! Files with a dot in their names are kept on purpose: seeds, and every input that once crashed,
//! by what is special about it. Others are the fuzzer's own. The corpora are in the repository
//! only: `fuzz/` is a package of its own, so that the published crate has none, and there is
//! nothing to replay there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fluidcheck::checkpoint;
use fluidcheck::fuzzing::TARGETS;
use fluidcheck::graph::format::{self, Format};
use fluidcheck::graph::{BipartiteGraph, Isolated, spec};

/// `fuzz/`, or `None` with a note in the published crate.
fn fuzz_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if folder.exists() {
        return Some(folder);
    }
    println!(
        "no fuzz/ here: the corpora are in the repository, not in the published crate; nothing replayed"
    );
    None
}

/// The files of one corpus, sorted by name.
fn corpus(folder: &Path, target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder.join("corpus").join(target))
        .unwrap_or_else(|error| panic!("{target}: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

#[test]
fn every_file_of_every_corpus_keeps_every_invariant() {
    let Some(folder) = fuzz_folder() else { return };
    for (name, target) in TARGETS {
        let files = corpus(&folder, name);
        assert!(files.len() >= 4, "{name}: {} files, a target has a few seeds", files.len());
        for (file, bytes) in files {
            println!("fuzz/corpus/{name}/{file}");
            target(&bytes);
        }
    }
}

#[test]
fn targets_corpora_and_library_functions_have_the_same_names() {
    let Some(folder) = fuzz_folder() else { return };
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (what, ending) in [("corpus", ""), ("fuzz_targets", ".rs")] {
        let entries = fs::read_dir(folder.join(what)).unwrap();
        let found: BTreeSet<String> = entries
            .map(|entry| {
                entry.unwrap().file_name().to_string_lossy().trim_end_matches(ending).to_owned()
            })
            .collect();
        assert_eq!(found, names, "fuzz/{what}");
    }
    // Readers of text have the words of their grammar in a dictionary.
    let dictionaries: BTreeSet<String> = fs::read_dir(folder.join("dictionaries"))
        .unwrap()
        .map(|entry| {
            entry.unwrap().file_name().to_string_lossy().trim_end_matches(".dict").to_owned()
        })
        .collect();
    let readers = ["edge_list", "csv", "matrix_market", "spec", "number", "rates", "checkpoint"]
        .map(str::to_owned);
    assert_eq!(dictionaries, BTreeSet::from(readers), "fuzz/dictionaries");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert_eq!(manifest.matches("[[bin]]").count(), names.len(), "targets of fuzz/Cargo.toml");
    for name in names {
        let shim =
            fs::read_to_string(folder.join("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(
            shim.contains(&format!("fluidcheck::fuzzing::{name}(bytes)")),
            "{name}.rs calls another function"
        );
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "fuzz/Cargo.toml misses {name}"
        );
    }
}

#[test]
fn bad_files_of_the_corpora_are_refused_and_the_others_accepted() {
    let Some(folder) = fuzz_folder() else { return };
    let mut seen = 0;
    for (target, format) in [
        ("edge_list", Some(Format::EdgeList)),
        ("csv", Some(Format::Csv)),
        ("matrix_market", Some(Format::MatrixMarket)),
        ("spec", None),
    ] {
        for (name, bytes) in
            corpus(&folder, target).into_iter().filter(|(name, _)| name.contains('.'))
        {
            let accepted = match format {
                Some(format) => format::fuzz_round_trip(&bytes, format),
                None => spec::fuzz_round_trip(&String::from_utf8_lossy(&bytes)),
            };
            assert_eq!(accepted, !name.starts_with("bad_"), "{target}/{name}");
            seen += 1;
        }
    }
    assert!(seen >= 21, "{seen} files");
}

#[test]
fn what_exceeds_the_sizes_of_a_matrix_market_file_is_found_where_it_stands() {
    let Some(folder) = fuzz_folder() else { return };
    for (name, bytes) in corpus(&folder, "matrix_market") {
        let line = match name.as_str() {
            "bad_row_beyond_header.mtx" => Some(3),
            "bad_more_entries_than_declared.mtx" => Some(4),
            "bad_array_longer_than_declared.mtx" => Some(5),
            "bad_count.mtx" | "bad_four_billion_rows.mtx" | "bad_four_billion_columns.mm" => None,
            _ => continue,
        };
        let error = format::read(bytes.as_slice(), Format::MatrixMarket, &name, Isolated::Drop)
            .expect_err(&name);
        assert_eq!(error.line, line, "{error}");
    }
}

/// The fuzzer's target compares what it reads with what it writes and reads again: a bit lost at
/// the first reading it does not miss.
#[test]
fn checkpoints_of_the_corpus_come_back_bit_by_bit() {
    let Some(folder) = fuzz_folder() else { return };
    let mut seen = 0;
    for (name, bytes) in
        corpus(&folder, "checkpoint").into_iter().filter(|(name, _)| name.ends_with(".checkpoint"))
    {
        let read = checkpoint::decode(&bytes).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(checkpoint::encode(&read.run, &read.progress).as_ref(), Ok(&bytes), "{name}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen} files");
}

#[test]
fn bad_rates_of_the_corpus_are_refused_by_their_reader_and_the_others_accepted() {
    let Some(folder) = fuzz_folder() else { return };
    let names = |side: &[&str]| side.iter().map(|&name| name.to_owned()).collect();
    let graph = BipartiteGraph::complete(2, 3).unwrap();
    let labelled =
        graph.clone().with_labels(names(&["x", "y"]), names(&["a", "b b", "0"])).unwrap();
    for (name, bytes) in corpus(&folder, "rates").into_iter().filter(|(name, _)| name.contains('.'))
    {
        let graph = if name.ends_with(".csv") { &labelled } else { &graph };
        match format::read_rates(bytes.as_slice(), "rates", graph.clone()) {
            Ok(_) => assert!(!name.starts_with("bad_"), "{name} is accepted"),
            // One bad number is found where it stands.
            Err(error) => {
                assert!(name.starts_with("bad_"), "{name}: {error}");
                let placed = ["bad_nan", "bad_negative", "bad_twice"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix));
                assert_eq!(error.line.is_some(), placed, "{name}: {error}");
            }
        }
    }
}

#[test]
fn every_target_takes_no_bytes_and_many_of_any_value() {
    for (name, target) in TARGETS {
        println!("{name}");
        target(&[]);
        for value in [0, 1, 7, 127, 255] {
            target(&[value; 300]);
        }
    }
}

#[test]
fn the_targets_of_the_theory_run_on_pseudorandom_bytes() {
    use rand::Rng;
    let mut rng = fluidcheck::random::stream_rng(1, 0);
    let readers = ["edge_list", "csv", "matrix_market", "spec", "number", "rates", "checkpoint"];
    let targets =
        TARGETS.iter().filter(|(name, _)| !readers.contains(name)).map(|&(_, target)| target);
    for round in 0..200 {
        let mut bytes = vec![0; 20 + round];
        rng.fill_bytes(&mut bytes);
        targets.clone().for_each(|target| target(&bytes));
    }
}

/// Found by a run of one byte repeated: the table added up case counts as a damaged or foreign
/// checkpoint may state them.
#[test]
fn counts_of_cases_whose_sum_has_more_than_64_bits_are_shown() {
    fluidcheck::fuzzing::results(&[255; 300]);
}

/// Found by the fuzzer: the JSON reader's reason quotes names as they stand in the file, line feeds
/// and escapes included.
#[test]
fn a_checkpoint_with_control_characters_in_a_name_is_refused_in_one_line() {
    use sha2::{Digest, Sha256};
    let body = r#"{"run":[],"progress":{"\n\u001b[31m":[]}}"#;
    let sum: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let problem = checkpoint::decode(format!("fluidcheck-checkpoint 1 {sum}\n{body}").as_bytes())
        .unwrap_err();
    assert!(matches!(problem, checkpoint::Problem::Content { .. }), "{problem}");
    assert!(!problem.to_string().contains(char::is_control), "{problem:?}");
}
