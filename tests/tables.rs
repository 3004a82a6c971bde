//! The tables of claims that people read: in `README.md`, in `docs/statements.md`, which is a part
//! of the first page of the library's documentation, and in `docs/catalogue.md`, all made from the
//! registry and from the catalogue of the paper's statements.
//!
//! `FLUIDCHECK_WRITE_TABLES=1 cargo test tables` writes them anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluidcheck::claims::catalogue::{STATEMENTS, Statement, group_of, groups};
use fluidcheck::claims::{self, Claim};

/// What a generated table stands between.
const BEGIN: &str = "<!-- table of claims: begin -->";
const END: &str = "<!-- table of claims: end -->";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the crate") {
        let path = entry.expect("an entry of a folder").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The file under `src/claims/` that holds each claim: the one with its id, which is typed once.
fn files() -> BTreeMap<&'static str, String> {
    let folder = root("src/claims");
    let mut paths = Vec::new();
    rust_files(&folder, &mut paths);
    paths.sort();
    let mut files = BTreeMap::new();
    // A file of tests alone names the claims that it tries.
    for path in paths.into_iter().filter(|path| !path.ends_with("effects.rs")) {
        let text = fs::read_to_string(&path).expect("a source file");
        // Documentation and tests may name a claim.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines: Vec<&str> = code.lines().map(str::trim).collect();
        for claim in claims::all() {
            let id = format!("\"{}\",", claim.id);
            if lines.iter().any(|line| *line == id || *line == format!("id: {id}")) {
                let short = path.strip_prefix(&folder).expect("a file of the folder");
                let twice = files.insert(claim.id, short.to_string_lossy().replace('\\', "/"));
                assert_eq!(twice, None, "{} is in two files", claim.id);
            }
        }
    }
    files
}

/// Ids in Markdown; `x-printed` and `x-corrected` side by side are `x-*`.
fn code(ids: &[&str]) -> String {
    let both = |place: &str| ids.contains(&&*format!("{place}-printed"));
    let short = ids.iter().filter_map(|id| match id.strip_suffix("-corrected") {
        Some(place) if both(place) => None,
        _ => match id.strip_suffix("-printed") {
            Some(place) if ids.contains(&&*format!("{place}-corrected")) => {
                Some(format!("`{place}-*`"))
            }
            _ => Some(format!("`{id}`")),
        },
    });
    short.collect::<Vec<_>>().join(", ")
}

/// A file as the path of its module.
fn module(file: &str) -> String {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if path.is_empty() { String::new() } else { format!("`{}`", path.replace('/', "::")) }
}

/// `(4.23)`, `(4.24)`, `(4.25)` as `(4.23) to (4.25)`, two as `(4.41), (4.42)`.
fn labels(statements: &[&Statement]) -> String {
    match statements {
        [first, .., last] if statements.len() > 2 && first.label.starts_with('(') => {
            format!("{} to {}", first.label, last.label)
        }
        _ => statements.iter().map(|s| s.label).collect::<Vec<_>>().join(", "),
    }
}

/// Claims by file, in the order of the registry.
fn by_file<'a>(
    claims: &[&'static Claim],
    files: &'a BTreeMap<&'static str, String>,
) -> Vec<(&'a str, Vec<&'static str>)> {
    let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
    for claim in claims {
        let file = files[claim.id].as_str();
        match rows.iter_mut().find(|(other, _)| *other == file) {
            Some((_, ids)) => ids.push(claim.id),
            None => rows.push((file, vec![claim.id])),
        }
    }
    rows
}

/// Statement of the paper, the modules to look at, claims: a part of the library's first page.
fn statements(files: &BTreeMap<&'static str, String>) -> String {
    let mut table = "\n# Statement of the paper -> where it lives -> claim\n\n\
         Statements without a claim, each with its reason, are in `docs/catalogue.md`.\n\n\
         | statement | computed in | checked in `claims` | claims |\n|---|---|---|---|\n"
        .to_owned();
    let covered: Vec<&Statement> = STATEMENTS.iter().filter(|s| s.uncovered.is_none()).collect();
    let ids = |s: &Statement| s.claims().map(|claim| claim.id).collect::<Vec<_>>();
    let alike = |a: &&Statement, b: &&Statement| {
        ids(a) == ids(b) && a.here == b.here && a.label.starts_with('(') == b.label.starts_with('(')
    };
    for group in covered.chunk_by(alike) {
        let claims: Vec<&Claim> = group[0].claims().collect();
        let here = module(group[0].here);
        for (file, ids) in by_file(&claims, files) {
            let (labels, file) = (labels(group), module(file));
            table.push_str(&format!("| {labels} | {here} | {file} | {} |\n", code(&ids)));
        }
    }
    let rest: Vec<&Claim> = claims::all().filter(|claim| claim.paper.is_empty()).collect();
    for (file, ids) in by_file(&rest, files) {
        let file = module(file);
        table.push_str(&format!("| none, the crate's own | | {file} | {} |\n", code(&ids)));
    }
    table
}

/// A row for each group of statements.
fn of_readme(files: &BTreeMap<&'static str, String>) -> String {
    let mut table =
        "| statement of the paper | claims | where, in `src/claims/` |\n|---|---|---|\n".to_owned();
    let mut row = |title: &str, claims: Vec<&'static Claim>| {
        let rows = by_file(&claims, files);
        let ids: Vec<&str> = claims.iter().map(|claim| claim.id).collect();
        let files: Vec<&str> = rows.iter().map(|(file, _)| *file).collect();
        let files = files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
        table.push_str(&format!("| {title} | {} | {files} |\n", code(&ids)));
    };
    for group in groups() {
        let is_of = |claim: &&Claim| group_of(claim).is_some_and(|s| s.label == group.label);
        row(&format!("{}: {}", group.label, group.text), claims::all().filter(is_of).collect());
    }
    row(
        "none: files and the tests themselves",
        claims::all().filter(|claim| claim.paper.is_empty()).collect(),
    );
    table
}

/// The whole catalogue, those statements too that no claim covers.
fn catalogue(files: &BTreeMap<&'static str, String>) -> String {
    let uncovered = STATEMENTS.iter().filter(|statement| statement.uncovered.is_some()).count();
    let mut page = format!(
        "# The statements of the paper and their claims\n\n\
         Every numbered statement of Rutten and Mukherjee, *Mean-field analysis for load balancing \
         on spatial graphs*, in its order: {} statements, {} of them covered by {} claims. Made \
         from `src/claims/catalogue.rs` and the registry by \
         `FLUIDCHECK_WRITE_TABLES=1 cargo test tables`.\n\n\
         | statement | what it says | claims, or why there is none |\n|---|---|---|\n",
        STATEMENTS.len(),
        STATEMENTS.len() - uncovered,
        claims::all().filter(|claim| !claim.paper.is_empty()).count(),
    );
    for statement in STATEMENTS {
        let ids: Vec<&str> = statement.claims().map(|claim| claim.id).collect();
        let covered = statement.uncovered.map_or_else(|| code(&ids), str::to_owned);
        page.push_str(&format!("| {} | {} | {covered} |\n", statement.label, statement.text));
    }
    page.push_str(
        "\n# The claims\n\n| claim | what is claimed | kind | file in `src/claims/` |\n\
         |---|---|---|---|\n",
    );
    for claim in claims::all() {
        let (statement, kind) = (claim.statement.replace('|', "\\|"), format!("{:?}", claim.kind));
        page.push_str(&format!(
            "| `{}` | {statement} | {} | `{}` |\n",
            claim.id,
            kind.to_lowercase(),
            files[claim.id]
        ));
    }
    page
}

/// `text` with this table between the markers, of which each stands on a line of its own.
fn inserted(text: &str, table: &str) -> String {
    let (begin, end) = (format!("{BEGIN}\n"), format!("{END}\n"));
    let (before, rest) = text.split_once(&begin).expect("the marker of the begin");
    let (_, after) = rest.split_once(&end).expect("the marker of the end");
    // A blank line: Markdown takes a table only after one.
    format!("{before}{begin}\n{table}\n{end}{after}")
}

/// Compares, or writes where that is wanted.
fn settle(path: &str, wanted: impl FnOnce(&str) -> String) {
    let path = root(path);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&text);
    if env::var_os("FLUIDCHECK_WRITE_TABLES").is_some() {
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        return fs::write(&path, wanted).expect("a file that can be written");
    }
    if let Some((old, new)) = text.lines().zip(wanted.lines()).find(|(old, new)| old != new) {
        let name = path.display();
        panic!("{name} has\n  {old}\nthe registry gives\n  {new}\n{HOW}");
    }
    assert_eq!(text.lines().count(), wanted.lines().count(), "{}: {HOW}", path.display());
}

const HOW: &str = "FLUIDCHECK_WRITE_TABLES=1 cargo test tables writes the tables anew";

#[test]
fn tables_of_the_readme_are_those_of_the_registry() {
    settle("README.md", |text| inserted(text, &of_readme(&files())));
}

#[test]
fn tables_of_the_library_are_those_of_the_registry() {
    settle("docs/statements.md", |_| statements(&files()));
}

#[test]
fn tables_of_the_catalogue_are_those_of_the_registry() {
    settle("docs/catalogue.md", |_| catalogue(&files()));
}

#[test]
fn tables_name_files_that_are_there_and_every_claim_has_one() {
    let files = files();
    for claim in claims::all() {
        assert!(files.contains_key(claim.id), "the id {} is in no file of src/claims", claim.id);
    }
    for statement in STATEMENTS.iter().filter(|statement| !statement.here.is_empty()) {
        assert!(root("src").join(statement.here).is_file(), "{} is gone", statement.here);
    }
}
