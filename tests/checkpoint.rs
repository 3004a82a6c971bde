//! Long runs: whatever happens to the process, the disk or the checkpoint, the result is that of an
//! uninterrupted run or an error that leaves the file as it is.
//!
//! `FLUIDCHECK_KILLS=100 cargo test --test checkpoint kill` kills each command a hundred times.

#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fluidcheck::checkpoint::{self, Checkpoint, Problem, Progress};
use fluidcheck::random::{below, stream_rng};
use serde_json::Value;
use tempfile::TempDir;

/// A second or two of each command that keeps checkpoints, in many parts.
const RUNS: &[&str] = &[
    "verify cycle:n=5 --only eq-4.12,eq-2.1,cor-4.3,flow-balance,prop-3.9-mass --json",
    "power --only eq-4.20 --json",
    "simulate regular:n=200,k=4 --events 30000000 --json",
    "simulate complete:n=50 --transient --replications 20000 --json",
];

/// The same kinds of runs, in a moment.
const SHORT: &[&str] = &[
    "verify cycle:n=5 --only eq-4.12,eq-2.1,lemma-4.5,flow-balance,thm-3.1 --json",
    "power --quick --only eq-4.4,eq-2.1 --json",
    "simulate path:n=3 --lambda 0.6 --replications 300 --json",
    "simulate path:n=3 --transient --start level:2 --times 2,1 --replications 300 --json",
];

fn command(folder: &Path, line: &str, threads: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fluidcheck"));
    command.current_dir(folder).args(line.split(' ')).env("RAYON_NUM_THREADS", threads.to_string());
    command
}

fn run(folder: &Path, line: &str, threads: u32) -> Output {
    command(folder, line, threads).output().expect("the binary runs")
}

fn kept(line: &str) -> String {
    format!("{line} --checkpoint c")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

/// A result without what the clock says.
fn timeless(stdout: &[u8]) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| name != "seconds" && name != "events_per_second");
                fields.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(stdout).expect("stdout is one JSON value");
    strip(&mut value);
    value
}

fn checkpoint_in(folder: &Path) -> Option<Checkpoint> {
    let bytes = fs::read(folder.join("c")).ok()?;
    Some(checkpoint::decode(&bytes).expect("a checkpoint is whole at every moment"))
}

/// A run that is killed at random moments, again and again, on one thread and on four, ends with
/// the result of one that is not.
fn survives_kills(line: &str, seed: u64) {
    let kills: u32 = std::env::var("FLUIDCHECK_KILLS")
        .map_or(3, |text| text.parse().expect("FLUIDCHECK_KILLS is a number"));
    let folder = TempDir::new().unwrap();
    let expected = timeless(&run(folder.path(), line, 2).stdout);
    let mut moments = stream_rng(seed, 0);
    let (mut killed, mut finished, mut resumed) = (0, 0, 0);
    loop {
        let log = File::create(folder.path().join("err")).unwrap();
        let out = File::create(folder.path().join("out")).unwrap();
        let threads = if below(&mut moments, 2) == 0 { 1 } else { 4 };
        let mut child =
            command(folder.path(), &kept(line), threads).stdout(out).stderr(log).spawn().unwrap();
        let deadline =
            Instant::now() + Duration::from_micros(u64::from(below(&mut moments, 800_000)));
        let mut status = child.try_wait().unwrap();
        while status.is_none() && (killed == kills || Instant::now() < deadline) {
            sleep(Duration::from_micros(500));
            status = child.try_wait().unwrap();
        }
        let said = fs::read_to_string(folder.path().join("err")).unwrap();
        assert!(!said.contains("error"), "{said}");
        resumed += u32::from(said.contains("resumed: "));
        if status.is_some() {
            assert_eq!(
                timeless(&fs::read(folder.path().join("out")).unwrap()),
                expected,
                "after {killed} kills"
            );
            finished += 1;
            if killed == kills {
                break;
            }
            fs::remove_file(folder.path().join("c")).unwrap();
            continue;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        checkpoint_in(folder.path());
        // out, err, the checkpoint, and at most one temporary file, however many kills.
        assert!(fs::read_dir(folder.path()).unwrap().count() <= 4);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left over");
    println!("{line}: {killed} kills, {resumed} resumptions, {finished} finished");
}

#[test]
fn verify_survives_kills_at_random_moments() {
    survives_kills(RUNS[0], 11);
}

#[test]
fn power_survives_kills_at_random_moments() {
    survives_kills(RUNS[1], 12);
}

#[test]
fn a_steady_state_survives_kills_at_random_moments() {
    survives_kills(RUNS[2], 13);
}

#[test]
fn a_transient_survives_kills_at_random_moments() {
    survives_kills(RUNS[3], 14);
}

#[test]
fn a_finished_run_prints_the_same_report_at_once_to_the_byte() {
    for line in SHORT {
        let folder = TempDir::new().unwrap();
        let first = run(folder.path(), &kept(line), 4);
        let again = run(folder.path(), &kept(line), 1);
        assert!(stderr(&again).contains("resumed: "), "{}", stderr(&again));
        assert_eq!((&first.stdout, first.status.code()), (&again.stdout, again.status.code()));
        assert_eq!(timeless(&run(folder.path(), line, 1).stdout), timeless(&first.stdout));
    }
}

/// From every part of a finished suite or matrix, that is, from whatever moment.
#[test]
fn what_is_missing_is_filled_in_on_one_thread_and_on_four() {
    for line in &SHORT[..2] {
        let folder = TempDir::new().unwrap();
        let expected = run(folder.path(), &kept(line), 2);
        let whole = checkpoint_in(folder.path()).unwrap();
        for (part, threads) in [(0, 1), (1, 4), (2, 1), (3, 4)] {
            let mut progress = whole.progress.clone();
            let mut at = 0;
            let mut of_part = || {
                at += 1;
                at % 4 == part
            };
            match &mut progress {
                Progress::Verify(list) => list.retain(|_| of_part()),
                Progress::Power(list) => list.retain(|_| of_part()),
                _ => unreachable!("neither keeps replications"),
            }
            fs::write(folder.path().join("c"), checkpoint::encode(&whole.run, &progress).unwrap())
                .unwrap();
            let output = run(folder.path(), &kept(line), threads);
            assert_eq!(timeless(&output.stdout), timeless(&expected.stdout), "{line}, part {part}");
            assert_eq!(output.status.code(), expected.status.code());
        }
    }
}

/// Runs and checkpoints that do not belong together, each with its message.
#[test]
fn a_checkpoint_that_is_not_of_this_run_is_refused_in_one_line_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("graph.csv"), "server,task_type\na,x\nb,x\nb,y\n").unwrap();
    let verify = "verify graph.csv --lambda 0.3 --only eq-2.1 --checkpoint c";
    let simulate = "simulate graph.csv --lambda 0.3 --replications 2 --checkpoint c";
    let transient = "simulate graph.csv --lambda 0.3 --transient --replications 2 --checkpoint c";
    let power = "power --quick --only eq-2.1 --checkpoint c";
    let other = |line: &str, more: &str| format!("{line} {more}");
    let with = |from: &str, to: &str| verify.replace(from, to);
    // What wrote the file, what is run then.
    let lines = [
        (verify, other(verify, "--seed 2")),
        (verify, other(verify, "-d 3")),
        (verify, other(verify, "--alpha 1e-7")),
        (verify, other(verify, "--effort 2")),
        (verify, other(verify, "--case 3")),
        (verify, other(verify, "--isolated drop")),
        (verify, with("0.3", "0.4")),
        (verify, with("eq-2.1", "eq-2.1,eq-2.3")),
        (verify, with("eq-2.1", "eq-2.3")),
        (verify, with("graph.csv --lambda 0.3", "path:n=3")),
        (verify, with(" graph.csv --lambda 0.3", "")),
        (verify, simulate.to_owned()),
        (verify, power.to_owned()),
        (power, other(power, "--seed 2")),
        (power, other(power, "--alpha 1e-7")),
        (power, power.replace("--quick ", "")),
        (power, power.replace("eq-2.1", "eq-2.3")),
        (simulate, transient.to_owned()),
        (simulate, other(simulate, "--seed 2")),
        (simulate, other(simulate, "--events 1000")),
        (simulate, other(simulate, "--confidence 0.9")),
        (simulate, other(simulate, "--precision 0.1")),
        (simulate, other(simulate, "--intervals student")),
        (simulate, simulate.replace("--replications 2 ", "")),
        (transient, other(transient, "--times 1")),
        (transient, other(transient, "--start level:1")),
    ];
    let mut table = String::new();
    let mut refuse = |folder: &Path, what: &str, line: &str| {
        let before = fs::read(folder.join("c")).unwrap();
        let output = run(folder, line, 2);
        assert_eq!(
            (output.status.code(), output.stdout.len()),
            (Some(2), 0),
            "{what}, {line}: {}",
            stderr(&output)
        );
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert_eq!(fs::read(folder.join("c")).unwrap(), before, "{what}, {line}");
        table.push_str(&format!("{what} <- {line}\n    {}", stderr(&output)));
    };
    let mut written = "";
    for (wrote, line) in lines {
        if wrote != written {
            let _ = fs::remove_file(folder.path().join("c"));
            assert_eq!(run(folder.path(), wrote, 2).status.code(), Some(0), "{wrote}");
            written = wrote;
        }
        refuse(folder.path(), wrote, &line);
    }
    // The same words, another graph behind them.
    fs::remove_file(folder.path().join("c")).unwrap();
    assert_eq!(run(folder.path(), verify, 2).status.code(), Some(0));
    let sound = fs::read(folder.path().join("c")).unwrap();
    fs::write(folder.path().join("graph.csv"), "server,task_type\na,x\nb,x\nb,z\n").unwrap();
    refuse(folder.path(), "another content of graph.csv", verify);
    fs::write(folder.path().join("graph.csv"), "server,task_type\na,x\nb,x\nb,y\n").unwrap();
    // No checkpoints, or not any more.
    let text = String::from_utf8(sound.clone()).unwrap();
    let reseal = |progress: Progress| {
        let run = checkpoint::decode(&sound).unwrap().run;
        checkpoint::encode(&run, &progress).unwrap()
    };
    let Progress::Verify(list) = checkpoint::decode(&sound).unwrap().progress else {
        panic!("verify keeps checks")
    };
    let mut beyond = list[0].clone();
    beyond.at = 1 << 40;
    let damaged: [(&str, Vec<u8>); 11] = [
        ("an empty file", Vec::new()),
        ("a graph", fs::read(folder.path().join("graph.csv")).unwrap()),
        ("noise", (0..2000u32).map(|k| (k.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
        ("the first 5 bytes", sound[..5].to_vec()),
        ("the header", sound[..sound.iter().position(|&byte| byte == b'\n').unwrap()].to_vec()),
        ("all but the last byte", sound[..sound.len() - 1].to_vec()),
        ("one more byte", [&sound[..], b" "].concat()),
        ("another figure", text.replacen("\"cases\":", "\"cases\":1", 1).into_bytes()),
        ("another format", text.replacen(" 1 ", " 2 ", 1).into_bytes()),
        ("a check twice", reseal(Progress::Verify(vec![list[0].clone(), list[0].clone()]))),
        ("a check that is not there", reseal(Progress::Verify(vec![beyond]))),
    ];
    for (what, bytes) in &damaged {
        fs::write(folder.path().join("c"), bytes).unwrap();
        refuse(folder.path(), what, verify);
    }
    // Places where no file can be.
    for place in ["folder", "missing/c", "graph.csv/c", "/dev/full", ""] {
        let _ = fs::create_dir(folder.path().join("folder"));
        refuse(
            folder.path(),
            "a place",
            &verify.replace("--checkpoint c", &format!("--checkpoint {place}")),
        );
    }
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("checkpoint_messages", table);
    });
}

#[test]
fn a_file_cut_short_anywhere_or_with_any_bit_changed_is_refused() {
    let folder = TempDir::new().unwrap();
    run(folder.path(), &kept(SHORT[0]), 2);
    let sound = fs::read(folder.path().join("c")).unwrap();
    for end in 0..sound.len() {
        let problem = checkpoint::decode(&sound[..end]).expect_err("a prefix is no checkpoint");
        assert_eq!(
            problem,
            if end == 0 { Problem::Empty } else { Problem::Damaged },
            "the first {end} bytes"
        );
    }
    let mut changed = sound.clone();
    for bit in 0..8 * sound.len() {
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(checkpoint::decode(&changed).is_err(), "bit {bit}");
        changed[bit / 8] ^= 1 << (bit % 8);
    }
}

/// No file may grow beyond half a kilobyte: what a full disk does, without a disk.
fn cramped(folder: &Path, line: &str) -> Output {
    let line = format!("trap '' XFSZ; ulimit -f 1; exec \"$0\" {line}");
    Command::new("sh")
        .current_dir(folder)
        .args(["-c", &line, env!("CARGO_BIN_EXE_fluidcheck")])
        .output()
        .unwrap()
}

#[test]
fn without_space_the_run_goes_on_says_so_once_and_keeps_the_old_checkpoint() {
    for line in SHORT {
        let folder = TempDir::new().unwrap();
        let expected = timeless(&run(folder.path(), line, 2).stdout);
        let told = |output: &Output| {
            assert_eq!(output.status.code(), Some(0));
            assert_eq!(timeless(&output.stdout), expected, "{line}");
            let said = stderr(output);
            let complaints =
                said.lines().filter(|line| line.starts_with("warning: c: cannot write: ")).count();
            let last = said
                .lines()
                .filter(|line| line.starts_with("warning: c: could not save the finished run"))
                .count();
            assert_eq!((complaints, last), (1, 1), "{said}");
        };
        told(&cramped(folder.path(), &kept(line)));
        // A checkpoint of nothing may be short enough.
        let left = fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name() != "c")
            .count();
        assert_eq!(left, 0, "nothing half written is left");
        // From an old checkpoint that lacks something, and is longer than what may be written.
        let _ = fs::remove_file(folder.path().join("c"));
        run(folder.path(), &kept(line), 2);
        let Checkpoint { run: this, progress } = checkpoint_in(folder.path()).unwrap();
        let less = match progress {
            Progress::Verify(list) => Progress::Verify(list[1..].to_vec()),
            Progress::Power(list) => Progress::Power(list[1..].to_vec()),
            Progress::Steady(_) => Progress::Steady(None),
            Progress::Transient(_) => Progress::Transient(None),
        };
        let old = checkpoint::encode(&this, &less).unwrap();
        fs::write(folder.path().join("c"), &old).unwrap();
        told(&cramped(folder.path(), &kept(line)));
        assert_eq!(fs::read(folder.path().join("c")).unwrap(), old);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_on_a_full_disk_is_an_error_and_the_finished_run_is_kept() {
    for line in SHORT {
        let folder = TempDir::new().unwrap();
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(folder.path(), &kept(line), 2).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(stderr(&output).starts_with("error: standard output:"), "{}", stderr(&output));
        let again = run(folder.path(), &kept(line), 2);
        assert!(
            again.status.success() && stderr(&again).starts_with("resumed: "),
            "{}",
            stderr(&again)
        );
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_is_told_before_the_work() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let set = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    // Who may write nevertheless (root) cannot see it.
    if File::create(folder.path().join("probe")).is_err() {
        let output = run(folder.path(), &kept(SHORT[0]), 2);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).starts_with("error: c: cannot write: Permission denied"),
            "{}",
            stderr(&output)
        );
    }
    set(0o755);
}

fn signal(child: &Child, name: &str) {
    let sent =
        Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

/// Waits for something that a process must do in the end.
fn wait_until(what: impl Fn() -> bool) {
    while !what() {
        sleep(Duration::from_millis(5));
    }
}

fn is_begun(folder: &Path) -> bool {
    match checkpoint_in(folder).map(|checkpoint| checkpoint.progress) {
        Some(Progress::Verify(list)) => !list.is_empty(),
        Some(Progress::Power(list)) => !list.is_empty(),
        Some(Progress::Steady(kept)) => kept.is_some(),
        Some(Progress::Transient(kept)) => kept.is_some(),
        None => false,
    }
}

/// Runs that nothing but a signal ends, and that soon have something to tell.
const ENDLESS: &[(&str, &str)] = &[
    ("verify cycle:n=5 --effort 1000 --only eq-2.1,eq-2.3,transition-law,cor-4.3 --json", "-INT"),
    ("power --json", "-TERM"),
    ("simulate cycle:n=5 --events 1000000000000 --precision 1e-9 --json", "-INT"),
    (
        "simulate path:n=3 --transient --replications 1000000000 --events 1000000000000 --json",
        "-TERM",
    ),
];

#[test]
fn a_signal_prints_what_is_known_and_keeps_it_and_the_run_goes_on_from_there() {
    for (line, name) in ENDLESS {
        let folder = TempDir::new().unwrap();
        for again in [false, true] {
            let log = File::create(folder.path().join("err")).unwrap();
            let child = command(folder.path(), &kept(line), 4)
                .stdout(Stdio::piped())
                .stderr(log)
                .spawn()
                .unwrap();
            let said = || fs::read_to_string(folder.path().join("err")).unwrap();
            wait_until(|| {
                if again { said().starts_with("resumed: ") } else { is_begun(folder.path()) }
            });
            // Meanwhile nobody else may use the file.
            let second = run(folder.path(), &kept(line), 1);
            assert_eq!(second.status.code(), Some(2));
            assert!(
                stderr(&second).starts_with("error: c: is in use by another process"),
                "{}",
                stderr(&second)
            );
            signal(&child, name);
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(130), "{line}: {}", said());
            assert_eq!(timeless(&output.stdout)["partial"], true, "{line}");
            let last = "interrupted: progress saved to c, run the same command again to resume";
            assert_eq!(said().lines().last(), Some(last), "{line}");
        }
    }
}

#[test]
fn a_command_without_parts_ends_in_one_line_at_a_signal() {
    let folder = TempDir::new().unwrap();
    let mut child = command(folder.path(), "exact complete:n=5,m=5 --lambda 0.9", 1);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_millis(500));
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0));
    assert_eq!(stderr(&output), "interrupted: no result\n");
}

#[test]
fn an_interrupted_generate_leaves_no_file() {
    let folder = TempDir::new().unwrap();
    let child = command(folder.path(), "generate complete:n=4000,m=4000 -o graph.txt", 1)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Once some of it has been written, the process is known to have told where.
    let begun = || {
        fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .any(|entry| entry.metadata().is_ok_and(|file| file.len() > 0))
    };
    wait_until(begun);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(130), "interrupted\n".to_owned()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A calibration of moments a run, with a file of its runs.
const CALIBRATE: &str = "calibrate --only eq-2.1,eq-4.19 --streams 0 --json --checkpoint c";

#[test]
fn a_calibration_goes_on_from_its_file_to_the_result_of_one_sitting() {
    let calibrate =
        |folder: &Path, runs: u32| run(folder, &format!("{CALIBRATE} --runs {runs}"), 2);
    let folder = TempDir::new().unwrap();
    let whole = calibrate(folder.path(), 4);
    assert_eq!((whole.status.code(), stderr(&whole)), (Some(0), String::new()));
    let text = fs::read_to_string(folder.path().join("c")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "a header and a line a run");
    let plain = run(folder.path(), &CALIBRATE.replace("checkpoint c", "runs 4"), 2);
    assert_eq!(plain.stdout, whole.stdout, "the file changes no result");
    // Killed before the third run, killed while its line was written, and extended.
    let halfway = |torn: &str| format!("{}\n{torn}", lines[..3].join("\n"));
    let torn = "c: line 4 has no end and was dropped: its run is repeated\n";
    for (kept, said) in [(halfway(""), ""), (halfway(&lines[3][..40]), torn)] {
        fs::write(folder.path().join("c"), kept).unwrap();
        let fewer = calibrate(folder.path(), 1);
        assert_eq!(timeless(&fewer.stdout)["runs"], 1);
        assert_eq!(stderr(&fewer), format!("{said}resumed: 2 runs from c\n"));
        let resumed = calibrate(folder.path(), 4);
        assert_eq!(stderr(&resumed), "resumed: 2 runs from c\n");
        assert_eq!(resumed.stdout, whole.stdout);
    }
    // Other options.
    let before = fs::read(folder.path().join("c")).unwrap();
    for (more, what) in [
        ("--seed 2", "line 1: the seed is `1`, but `2` in this run: repeat the options"),
        ("--alpha 0.2", "line 1: alpha is `0.1`, but `0.2` in this run: repeat the options"),
        ("--except eq-4.19", "line 1: the choice of claims is `eq-2.1, eq-4.19`, but `eq-2.1` in"),
    ] {
        let output = run(folder.path(), &format!("{CALIBRATE} --runs 4 {more}"), 2);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        let said = stderr(&output);
        assert!(
            said.starts_with(&format!("error: c: {what}")) && said.lines().count() == 1,
            "{said}"
        );
        assert_eq!(fs::read(folder.path().join("c")).unwrap(), before);
    }
    // A line that is none of the next run.
    let swapped = [lines[0], lines[2], lines[1]].join("\n") + "\n";
    fs::write(folder.path().join("c"), swapped).unwrap();
    let said = stderr(&calibrate(folder.path(), 4));
    let expected = "error: c: line 2: the seed is `2`, but the run after the last has 1: remove \
        this line and those below it to repeat their runs, or name another file\n";
    assert_eq!(said, expected);
}

#[test]
fn a_calibration_that_is_interrupted_keeps_its_finished_runs() {
    let folder = TempDir::new().unwrap();
    let line = format!("{CALIBRATE} --runs 1000000");
    let runs =
        || fs::read_to_string(folder.path().join("c")).map_or(0, |text| text.lines().count());
    for kept in [3, 5] {
        let child = command(folder.path(), &line, 2).stderr(Stdio::piped()).spawn().unwrap();
        wait_until(|| runs() > kept);
        let second = run(folder.path(), &line, 1);
        assert!(stderr(&second).starts_with("error: c: is in use by another process"));
        signal(&child, "-INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let said = stderr(&output);
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with("interrupted: ") && last.contains(" runs are in c, "), "{said}");
    }
}
