//! What a crate that depends on the library has to build.

use std::collections::BTreeSet;
use std::process::Command;

/// The most crates that the library may take, itself included.
const MOST: usize = 36;

/// The crates of a build with these arguments; `None` where there is no cargo to ask.
fn crates(arguments: &[&str]) -> Option<BTreeSet<String>> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "-e", "normal", "--prefix", "none"])
        .args(["-f", "{p}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .inspect_err(|error| println!("not looked at: {cargo} does not run: {error}"))
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let named = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Some(text.lines().filter(|line| !line.is_empty()).map(named).collect())
}

#[test]
fn the_library_alone_takes_few_crates_and_none_of_the_command() {
    let (Some(library), Some(all)) = (crates(&["--no-default-features"]), crates(&[])) else {
        return;
    };
    assert!(library.len() <= MOST, "{} crates: {library:?}", library.len());
    for of_the_command in [
        "clap",
        "clap_complete",
        "ctrlc",
        "indicatif",
        "plotters",
        "serde_json",
        "sha2",
        "tempfile",
    ] {
        let is_it = |name: &&String| name.split(' ').next() == Some(of_the_command);
        assert!(all.iter().any(|name| is_it(&name)), "{of_the_command} has no other name now");
        assert!(!library.iter().any(|name| is_it(&name)), "{of_the_command} is in the library");
    }
}
