//! Files and command lines of strangers: each gets exit code 2, nothing on stdout, and one line
//! that says what is wrong.
//!
//! `testdata/bad_inputs/` holds the files, as other tools write them or as they are broken by hand,
//! and `lines.txt` there the command lines. To add one, put it there and look at the change of the
//! snapshot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bad_inputs")
}

fn fluidcheck(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fluidcheck"))
        .current_dir(folder())
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// What stderr says, if all the rest is as it must be for a bad input.
fn refusal(line: &str) -> String {
    let output = fluidcheck(&line.split(' ').collect::<Vec<_>>());
    let said = String::from_utf8(output.stderr).expect("errors are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{line}: {said}");
    assert!(output.stdout.is_empty(), "{line} printed a result");
    let errors = said.lines().filter(|line| line.starts_with("error: ")).count();
    let warnings = said.lines().filter(|line| line.starts_with("warning: ")).count();
    assert_eq!((errors, said.lines().count()), (1, 1 + warnings), "{line}: {said}");
    assert!(said.len() < 600, "{line}: {} bytes", said.len());
    said
}

#[test]
fn every_bad_file_and_line_has_its_message_in_the_table() {
    let lines = fs::read_to_string(folder().join("lines.txt")).unwrap();
    let mut files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.retain(|name| name != "lines.txt");
    files.sort();
    let files = files.iter().map(|name| format!("inspect {name}"));
    let lines = lines.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    let (mut table, mut rows) = (String::new(), 0);
    for line in files.chain(lines) {
        table.push_str(&format!(
            "{line}\n    {}\n",
            refusal(&line).trim_end().replace('\n', "\n    ")
        ));
        rows += 1;
    }
    assert!(rows >= 150, "{rows} rows");
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("bad_inputs", table);
    });
}

/// What other tools write and is meant as it should be read.
#[test]
fn unusual_files_that_are_right_are_read_right() {
    let mapped = [
        (
            "upper_banner.mtx",
            "%%MATRIXMARKET MATRIX COORDINATE PATTERN GENERAL\n2 2 2\n1 1\n2 2\n",
            (2, 2, 2),
        ),
        (
            "lower_banner.mtx",
            "%%matrixmarket matrix coordinate real general\n%comment\n\n2 3 3\n\n1 1 1.0\n2 2 -1\n1 3 5e-1\n\n",
            (2, 3, 3),
        ),
        (
            "stored_zero.mtx",
            "%%MatrixMarket matrix coordinate integer general\n2 1 2\n1 1 1\n2 1 0\n",
            (2, 1, 1),
        ),
        ("array.mtx", "%%MatrixMarket matrix array real general\n2 2\n1\n0\n0\n1\n", (2, 2, 2)),
        (
            "skew.mtx",
            "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 3\n",
            (2, 2, 2),
        ),
        ("konect.mm", "% bip weighted\n% 2 2 2\n1 1 1 1167609600\n2 2 1 1167609601\n", (2, 2, 2)),
        ("snap.txt", "# Nodes: 4 Edges: 2\n# FromNodeId\tToNodeId\n0\t1\n1\t0\n", (2, 2, 2)),
        ("crlf.txt", "\u{feff}0 0\r\n1 0\r\n", (2, 1, 2)),
        ("bom.csv", "\u{feff}server,task_type\r\n\"a,\n\"\"b\",c\r\n", (1, 1, 1)),
        ("apostrophes.csv", "server,task_type\n'a','b'\n", (1, 1, 1)),
        ("blank_rows.csv", "server,task_type\n\na,b\n\n", (1, 1, 1)),
    ];
    let folder = tempfile::TempDir::new().unwrap();
    for (name, content, (servers, task_types, edges)) in mapped {
        fs::write(folder.path().join(name), content).unwrap();
        let path = folder.path().join(name);
        let output = fluidcheck(&["inspect", path.to_str().unwrap(), "--lambda", "1/2", "--json"]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let sizes = ["servers", "task_types", "edges"].map(|key| found[key].as_u64());
        assert_eq!(sizes, [Some(servers), Some(task_types), Some(edges)], "{name}");
    }
}

#[test]
fn a_line_of_a_gigabyte_is_refused_after_its_first_megabyte() {
    let folder = tempfile::TempDir::new().unwrap();
    for name in ["long.txt", "long.csv", "long.mtx"] {
        let path = folder.path().join(name);
        // A sparse file: zero bytes without a line end that take no space on the disk.
        fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
        let output = fluidcheck(&["inspect", path.to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("longer than 1048576 bytes"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused_in_one_line() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("closed.csv");
    fs::write(&path, "server,task_type\na,b\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Who may read it nevertheless (root) cannot see it.
    if fs::File::open(&path).is_err() {
        let said = refusal(&format!("inspect {}", path.display()));
        assert!(said.contains("Permission denied"), "{said}");
        let said = refusal(&format!("simulate cycle:n=3 --rates {}", path.display()));
        assert!(said.contains("Permission denied"), "{said}");
    }
}

#[test]
fn labels_do_not_drive_the_terminal_or_fill_it() {
    let folder = tempfile::TempDir::new().unwrap();
    // The name of the file stands in the table too.
    let path = folder.path().join("\u{1b}c.csv");
    let labels = ["\u{1b}[2Ja", "b\u{9b}31m", "c\nerror: forged", &"d".repeat(100_000)];
    for label in labels {
        // The first server is the only one that can do x and y: the bottleneck.
        let text =
            format!("server,task_type\n\"{label}\",x\n\"{label}\",y\nother,z\n\"{label}\",z\n");
        fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let output = fluidcheck(&["inspect", path, "--improve", "1"]);
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success());
        assert!(!table.replace('\n', "").contains(char::is_control), "{table:?}");
        assert!(
            table.lines().all(|line| line.starts_with("  ") || line.ends_with(" c.csv")),
            "{table:?}"
        );
        assert!(table.contains("bottleneck") && table.len() < 10_000, "{} bytes", table.len());
        let said = refusal(&format!("simulate {path} --lambda 0.99"));
        assert!(
            said.contains("bottleneck: ") && !said.trim_end().contains(char::is_control),
            "{said:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn arguments_and_names_that_are_no_text_are_refused_in_one_line() {
    use std::os::unix::ffi::OsStrExt;
    let bad = std::ffi::OsStr::from_bytes(b"gr\xffph.txt");
    for arguments in [
        vec![bad],
        vec!["inspect".as_ref(), bad],
        vec!["inspect".as_ref(), "cycle:n=3".as_ref(), "--lambda".as_ref(), bad],
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_fluidcheck")).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(output.stdout.is_empty());
    }
}
