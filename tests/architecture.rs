//! The stages of `src/`: a module imports from its own stage and from those below it only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folders of `src/`, the lowest first.
const STAGES: [&str; 18] = [
    "num",
    "random",
    "stats",
    "graph",
    "model",
    "theory",
    "simulate",
    "subject",
    "estimate",
    "figures",
    "instruments",
    "faults",
    "claims",
    "suite",
    "checkpoint",
    "report",
    "fuzzing",
    "cli",
];

/// Base names that stand in more than one folder, with `mod.rs` and `error.rs` apart.
const MOST_HOMONYMS: usize = 12;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The folders of a file below `src/`, its own name last unless it is `mod.rs`.
fn module(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(source()).unwrap().with_extension("");
    let mut names: Vec<String> =
        relative.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// The code outside of comments and of what only tests compile.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = line.len() - line.trim_start().len();
            let item = lines.next().unwrap_or_default();
            if !item.trim_end().ends_with(';') {
                let end = format!("{}}}", " ".repeat(indent));
                lines.by_ref().find(|line| *line == end);
            }
            continue;
        }
        let comment = line.trim_start().starts_with("//");
        kept.push_str(if comment { "" } else { line.split(" // ").next().unwrap_or(line) });
        kept.push('\n');
    }
    kept
}

/// The modules that a file imports, by `use` and by inline paths, as paths from the crate's root.
fn imports(file: &Path) -> BTreeSet<Vec<String>> {
    let (module, code) = (module(file), code(file));
    let mut found = BTreeSet::new();
    for (start, word) in [("crate::", 1), ("super::", 0)]
        .into_iter()
        .flat_map(|(word, root)| code.match_indices(word).map(move |(at, _)| (at, root)))
    {
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            continue;
        }
        let mut rest = &code[start..];
        let mut path = if word == 1 { Vec::new() } else { module.clone() };
        rest = rest.strip_prefix("crate::").unwrap_or(rest);
        while let Some(after) = rest.strip_prefix("super::") {
            path.pop();
            rest = after;
        }
        let names = |text: &str| -> String {
            text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        if let Some(group) = rest.strip_prefix('{') {
            // Only the first names of a group matter for its stage.
            let inside = group.split(';').next().unwrap_or(group);
            for part in inside.split([',', '{', '}']) {
                let name = names(part.trim());
                if path.is_empty() && STAGES.contains(&name.as_str()) {
                    found.insert(vec![name]);
                }
            }
        } else {
            while let name = names(rest)
                && !name.is_empty()
            {
                rest = &rest[name.len()..];
                path.push(name);
                match rest.strip_prefix("::") {
                    Some(after) => rest = after,
                    None => break,
                }
            }
        }
        if !path.is_empty() {
            found.insert(path);
        }
    }
    found
}

fn stage(name: &str) -> Option<usize> {
    STAGES.iter().position(|stage| *stage == name)
}

#[test]
fn every_folder_of_src_is_a_stage() {
    let mut folders: Vec<String> = std::fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut stages = STAGES.map(str::to_owned);
    stages.sort();
    assert_eq!(folders, stages);
}

#[test]
fn a_stage_imports_only_from_itself_and_from_stages_below() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in files(&source()) {
        let Some(own) = module(&file).first().and_then(|first| stage(first)) else { continue };
        for path in imports(&file) {
            let Some(other) = stage(&path[0]) else { continue };
            seen += 1;
            if other > own {
                wrong.push(format!("{} imports {}", file.display(), path.join("::")));
            }
        }
    }
    assert!(seen > 500, "the reader of imports found only {seen}");
    assert!(wrong.is_empty(), "imports that go up:\n{}", wrong.join("\n"));
}

/// The module whose file a path leads to.
fn target(path: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    (1..=path.len()).rev().map(|n| path[..n].to_vec()).find(|prefix| modules.contains(prefix))
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let all = files(&source());
    let modules: BTreeSet<Vec<String>> = all.iter().map(|file| module(file)).collect();
    // Folders stand for their contents between folders; a folder's own head may name its files.
    let mut arrows: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for file in &all {
        let from = module(file);
        if from.len() < 2 {
            continue;
        }
        for path in imports(file) {
            let Some(to) = target(&path, &modules) else { continue };
            // Siblings of a folder, seen as wholes.
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if common < from.len() && common < to.len() {
                let (a, b) = (from[..=common].to_vec(), to[..=common].to_vec());
                arrows.entry(a).or_default().insert(b);
            }
        }
    }
    assert!(arrows.len() > 50, "the reader of imports found only {} arrows", arrows.len());
    // Depth first; a module that is met again while it is open closes a circle.
    fn visit(
        at: &Vec<String>,
        arrows: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
        open: &mut Vec<Vec<String>>,
        done: &mut BTreeSet<Vec<String>>,
    ) {
        let circle = open.iter().position(|other| other == at);
        if let Some(start) = circle {
            let names: Vec<String> = open[start..].iter().map(|m| m.join("::")).collect();
            panic!("a circle of imports: {}", names.join(" -> "));
        }
        if !done.contains(at) {
            open.push(at.clone());
            for next in arrows.get(at).into_iter().flatten() {
                visit(next, arrows, open, done);
            }
            open.pop();
            done.insert(at.clone());
        }
    }
    let mut done = BTreeSet::new();
    for at in arrows.keys() {
        visit(at, &arrows, &mut Vec::new(), &mut done);
    }
}

#[test]
fn few_base_names_stand_in_more_than_one_folder() {
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(&source()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name != "mod.rs" && name != "error.rs" {
            *folders.entry(name).or_default() += 1;
        }
    }
    let homonyms: Vec<&String> =
        folders.iter().filter(|(_, folders)| **folders > 1).map(|(name, _)| name).collect();
    assert!(homonyms.len() <= MOST_HOMONYMS, "{} of them: {homonyms:?}", homonyms.len());
}

/// Files with lines of more than 100 characters, other than rows of tables in docs: examples of the
/// docs, bodies of `proptest!`, which the formatter leaves alone, and a page written as it is
/// printed.
const LONG_LINES: &[&str] = &[
    "claims/mean_field/equilibrium.rs",
    "estimate/from_the_past.rs",
    "figures/draw/geometric_table.rs",
    "graph/format/mod.rs",
    "graph/format/rate_file.rs",
    "graph/generate/geometric.rs",
    "graph/metrics.rs",
    "graph/mod.rs",
    "report/calibration_text.rs",
    "report/power_text.rs",
    "simulate/all_marks.rs",
    "simulate/coupled/mod.rs",
    "simulate/coupled/shared_mass.rs",
    "stats/betting_interval.rs",
    "stats/binomial.rs",
    "stats/counts.rs",
    "stats/distribution/tests.rs",
    "stats/histogram.rs",
    "subject/mod.rs",
    "theory/constants.rs",
    "theory/mean_field/stepper.rs",
    "theory/mean_field/truncation.rs",
    "theory/stability/certificate.rs",
    "theory/stability/mod.rs",
    "theory/stability/subsets.rs",
];

#[test]
fn no_line_of_src_has_more_than_100_characters_but_in_a_few_files() {
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for file in files(&source()) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, line) in (1..).zip(text.lines()) {
            let row = ["//! |", "/// |"].iter().any(|start| line.trim_start().starts_with(start));
            if line.chars().count() > 100 && !row {
                let name = file.strip_prefix(source()).unwrap().display().to_string();
                found.entry(name).or_default().push(at);
            }
        }
    }
    let listed: BTreeSet<&str> = LONG_LINES.iter().copied().collect();
    let new: Vec<_> = found.iter().filter(|(name, _)| !listed.contains(name.as_str())).collect();
    assert!(new.is_empty(), "too long: {new:?}");
    let gone: Vec<_> = listed.iter().filter(|name| !found.contains_key(**name)).collect();
    assert!(gone.is_empty(), "no longer needed in the list: {gone:?}");
}
