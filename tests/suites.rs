//! What a suite hands on to its checks and tells of them: replay lines, cases, shares, the seconds
//! and the graphs of the matrix of power, the numbers of a calibration.

use std::collections::BTreeSet;

use fluidcheck::claims::{self, CheckOptions, Verdict};
use fluidcheck::faults;
use fluidcheck::instruments::UnderCheck;
use fluidcheck::stats::{binomial, spending};
use fluidcheck::subject::Reference;
use fluidcheck::suite::calibration::{self, CHANCE};
use fluidcheck::suite::power_matrix::{self, Cell, Check, Found, Matrix};
use fluidcheck::suite::{self, Input, Options, Row, battery};

fn input(name: &str) -> Input {
    battery::inputs().into_iter().find(|input| input.name.starts_with(name)).unwrap()
}

fn run(under: UnderCheck<'_>, input: Input, only: &str, change: impl FnOnce(&mut Options)) -> Row {
    let mut options = Options { only: vec![only.to_owned()], ..Options::default() };
    change(&mut options);
    let rows = suite::run(under, &[input], &options, &|_| ()).rows;
    <[Row; 1]>::try_from(rows)
        .unwrap_or_else(|_| panic!("one claim on one graph"))
        .into_iter()
        .next()
        .unwrap()
}

fn replay(under: UnderCheck<'_>, input: Input, only: &str, alpha: f64) -> (u64, String) {
    let row = run(under, input, only, |options| (options.alpha, options.seed) = (alpha, 5));
    let witness = row.evidence.witness.expect("a violation has a witness");
    (witness.case, witness.replay)
}

#[test]
fn a_replay_names_the_graph_the_load_the_policy_the_seed_and_the_case_or_the_share() {
    let longest = || UnderCheck::from(faults::JOIN_LONGEST);
    let (case, line) = replay(longest(), input("complete:n=2,m=2 (lambda = 4/5"), "eq-4.12", 1e-6);
    assert_eq!(
        line,
        format!(
            "fluidcheck verify complete:n=2,m=2 --lambda 4/5 -d 2 --only eq-4.12 --seed 5 --case \
             {case}"
        )
    );
    let random = input("erdos-renyi:n=12");
    let (_, line) = replay(longest(), random, "transition-law", 0.25);
    assert_eq!(
        line,
        "fluidcheck verify erdos-renyi:n=12,m=10,degree=11.5 --graph-seed 1 --lambda 4/5 -d 2 \
         --only transition-law --seed 5 --alpha 2.5e-1"
    );
    let printed = "err-4.41-printed";
    let (case, line) = replay(UnderCheck::reference(), input("path:n=3"), printed, 1e-6);
    assert_eq!(line, format!("fluidcheck verify --only {printed} --seed 5 --case {case}"));
}

#[test]
fn a_case_that_is_asked_for_is_the_only_one() {
    let rows = [None, Some(1)].map(|case| {
        run(UnderCheck::reference(), input("path:n=3"), "eq-4.12", |options| options.case = case)
    });
    assert!(rows[0].evidence.cases > 1);
    assert_eq!(rows[1].evidence.cases, 1);
}

#[test]
fn a_check_spends_what_the_suite_has_for_it() {
    for alpha in [0.2, 1e-3] {
        let inputs = ["path:n=3", "cycle:n=5"].map(input);
        let only = vec!["transition-law".to_owned()];
        let options = Options { alpha, only, ..Options::default() };
        for row in suite::run(UnderCheck::reference(), &inputs, &options, &|_| ()).rows {
            let of_share = row.spent / (alpha / 2.0);
            assert!(of_share > 0.9 && of_share <= 1.0 + 1e-9, "{} of {alpha}", row.spent);
        }
        let claim = claims::find("transition-law").unwrap();
        let model = input("path:n=3").model;
        let (_, spent) = spending::recorded(|| {
            power_matrix::evaluate(claim, UnderCheck::reference(), &model, 1, alpha)
        });
        assert!(spent > 0.9 * alpha && spent <= alpha * (1.0 + 1e-9), "{spent} of {alpha}");
    }
}

#[test]
fn without_samples_perfect_sampling_decides_nothing_and_may_spend_all_that_it_has() {
    let claim = claims::find("perfect-sampling").unwrap();
    let model = input("complete:n=2,m=2").model;
    let options = CheckOptions { alpha: 0.25, effort: 0, ..CheckOptions::default() };
    let check = || claim.check_with(&Reference, &model, &options);
    let (evidence, spent) = spending::recorded(check);
    assert_eq!((evidence.verdict, evidence.cases), (Verdict::Inconclusive, 0));
    assert!((spent - 0.25).abs() < 1e-12, "{spent}");
}

#[test]
fn the_excluded_share_of_picks_is_that_of_the_rival_told_worst() {
    let row = run(UnderCheck::reference(), input("complete:n=20,m=8"), "transition-law", |_| ());
    let excluded = row.evidence.excluded.expect("picks are judged");
    let shares: Vec<f64> = excluded.rivals.iter().filter_map(|(_, share)| *share).collect();
    let (least, most) =
        (shares.iter().copied().fold(1.0, f64::min), shares.iter().copied().fold(0.0, f64::max));
    assert!(least < most, "{:?}", excluded.rivals);
    assert_eq!((excluded.share, shares.len()), (Some(most), excluded.rivals.len()));
}

#[test]
fn a_violation_is_held_against_a_known_witness_of_errors_in_print_only() {
    let wrong = UnderCheck::from(faults::JOIN_LONGEST);
    let row = run(wrong, input("path:n=3"), "eq-4.12", |_| ());
    assert!(row.evidence.verdict == Verdict::Violated && !row.is_unforeseen);
}

#[test]
fn the_irregular_graph_of_the_matrix_has_many_degrees() {
    let settings = power_matrix::settings();
    let is_it = |setting: &&power_matrix::Setting| setting.name.starts_with("irregular12");
    let graph = settings.iter().find(is_it).unwrap().model.graph();
    assert_eq!(graph.n_servers(), 12);
    let of_types: Vec<usize> = (0..8).map(|w| graph.servers_of(w).len()).collect();
    assert_eq!(of_types, [12, 10, 6, 5, 3, 2, 2, 1]);
    let mut of_servers = [0; 12];
    for (v, _) in graph.iter_edges() {
        of_servers[v as usize] += 1;
    }
    assert_eq!(of_servers, [7, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2]);
}

#[test]
fn a_line_of_the_matrix_has_the_seconds_of_all_its_checks_and_knows_how_many_are_missing() {
    let only = vec!["eq-2.1".to_owned()];
    let options = power_matrix::Options { only, ..power_matrix::Options::default() };
    let lists = claims::find("eq-2.1").unwrap().rejects.len();
    assert_eq!(power_matrix::most_checks(&options), 1 + lists);
    let none = Matrix::of(&options, []);
    assert_eq!((none.missing, none.is_complete()), (1 + lists, false));
    let reference = Found::Reference { failures: vec![], telling: true, asks_the_subject: false };
    let check = |microseconds, found| Check { claim: 0, microseconds, found };
    let accepted = Found::Fault(0, Cell::Accepted);
    let some = Matrix::of(&options, [check(1_500_000, reference), check(250_000, accepted)]);
    assert_eq!((some.lines[0].seconds, some.missing), (1.75, lists - 1));
}

#[test]
fn checks_of_other_claims_and_faults_are_none_of_a_matrix() {
    let claims = [claims::find("eq-2.1").unwrap()];
    let is_in = |claim, fault| {
        let found = Found::Fault(fault, Cell::Accepted);
        Check { claim, microseconds: 1, found }.is_in(&claims)
    };
    let last = faults::ALL.len() - 1;
    assert!(is_in(0, 0) && is_in(0, last));
    assert!(!is_in(1, 0) && !is_in(0, last + 1) && !is_in(1, last + 1));
}

#[test]
fn what_is_missing_in_a_matrix_is_run_and_nothing_else() {
    let only = vec!["eq-2.1".to_owned(), "eq-4.12".to_owned()];
    let options = power_matrix::Options { only, ..power_matrix::Options::default() };
    let run = |earlier: Vec<Check>| {
        let new = std::sync::Mutex::new(Vec::new());
        let matrix = power_matrix::resume(&options, earlier, &|check| {
            new.lock().unwrap().push(check.clone());
        });
        let cells: Vec<_> = matrix.lines.iter().map(|line| line.cells.clone()).collect();
        ((cells, matrix.missing), new.into_inner().unwrap())
    };
    let (whole, checks) = run(Vec::new());
    assert_eq!((whole.1, checks.len()), (0, power_matrix::most_checks(&options)));
    let is_reference = |check: &Check| matches!(check.found, Found::Reference { .. });
    let asks: Vec<bool> = (0..2)
        .map(|claim| {
            let mut of_claim = checks.iter().filter(|check| check.claim == claim);
            match of_claim.find(|check| is_reference(check)).unwrap().found {
                Found::Reference { asks_the_subject, telling, .. } => {
                    assert!(telling);
                    asks_the_subject
                }
                Found::Fault(..) => unreachable!(),
            }
        })
        .collect();
    assert_eq!(asks, [false, true], "the formula for rho asks no picker, the law of picks does");
    let keys = |checks: &[Check]| -> BTreeSet<(usize, Option<usize>)> {
        let of = |check: &Check| match check.found {
            Found::Reference { .. } => (check.claim, None),
            Found::Fault(fault, _) => (check.claim, Some(fault)),
        };
        checks.iter().map(of).collect()
    };
    let (earlier, missing): (Vec<Check>, Vec<Check>) =
        checks.iter().cloned().enumerate().fold((vec![], vec![]), |(mut a, mut b), (at, check)| {
            if at % 3 == 0 {
                a.push(check)
            } else {
                b.push(check)
            }
            (a, b)
        });
    let (again, new) = run(earlier);
    assert_eq!(again, whole);
    assert_eq!((keys(&new), new.len()), (keys(&missing), missing.len()));
}

fn place(fault: &faults::Fault) -> usize {
    faults::ALL.iter().position(|other| *other == fault).unwrap()
}

/// What a claim says to one fault.
fn cell(id: &str, fault: &faults::Fault) -> Cell {
    let only = vec![id.to_owned()];
    let options = power_matrix::Options { only, ..power_matrix::Options::default() };
    let check = |found| Check { claim: 0, microseconds: 1, found };
    let reference = Found::Reference { failures: vec![], telling: true, asks_the_subject: true };
    let others = (0..faults::ALL.len()).filter(|&at| at != place(fault));
    let mut earlier: Vec<Check> = others.map(|at| check(Found::Fault(at, Cell::NotRun))).collect();
    earlier.push(check(reference));
    power_matrix::resume(&options, earlier, &|_| ()).lines[0].cells[place(fault)].clone()
}

#[test]
fn a_rejection_names_its_setting_and_of_a_known_law_of_picks_the_fewest_events() {
    let Cell::Rejected { setting, least, cases } = cell("transition-law", faults::JOIN_LONGEST)
    else {
        panic!("a wrong picker")
    };
    assert_eq!(setting, "k22, lambda 0.8, d 2");
    assert!(least.is_some_and(|least| 10 < least && least <= cases), "{least:?} of {cases}");
    let Cell::Rejected { setting, least, .. } = cell("transition-law", faults::SLOW_SERVICE) else {
        panic!("a wrong clock")
    };
    assert_eq!((setting.as_str(), least), ("k22, lambda 0.8, d 2", None));
    let Cell::Rejected { setting, least, .. } = cell("eq-4.12", faults::JOIN_LONGEST) else {
        panic!("a wrong law")
    };
    assert_eq!((setting.as_str(), least), ("k22, lambda 0.3, d 2", None));
}

#[test]
fn a_fault_of_another_policy_is_rejected_on_a_setting_that_names_that_policy() {
    let rejects = claims::find("transition-law").unwrap().rejects;
    let fault = rejects.iter().find(|fault| fault.of.is_some()).expect("faults of every policy");
    let Cell::Rejected { setting, .. } = cell("transition-law", fault) else {
        panic!("a fault that the claim lists")
    };
    let policy = fault.of.unwrap();
    assert!(
        setting.ends_with(&format!(", {policy}")) && setting.contains(", lambda "),
        "{setting}"
    );
    assert!(!setting.contains(", d "), "{setting}");
}

#[test]
fn the_whole_matrix_spares_statistical_claims_what_cannot_move_their_data() {
    let full = |id: &str| {
        let only = vec![id.to_owned()];
        let depth = power_matrix::Depth::Full;
        power_matrix::Options { depth, only, ..power_matrix::Options::default() }
    };
    let rejects = claims::find("transition-law").unwrap().rejects;
    let can_tell = |fault: &&&faults::Fault| rejects.contains(*fault) || fault.changes_the_system();
    let some = faults::ALL.iter().filter(can_tell).count();
    assert!(some < faults::ALL.len());
    assert_eq!(power_matrix::most_checks(&full("transition-law")), 1 + some);
    assert_eq!(power_matrix::most_checks(&full("eq-2.1")), 1 + faults::ALL.len());
    // Of one that does not even ask the subject, those that it lists are all that is run.
    let check = |found| Check { claim: 0, microseconds: 1, found };
    let reference = Found::Reference { failures: vec![], telling: true, asks_the_subject: false };
    let listed = rejects.iter().map(|fault| check(Found::Fault(place(fault), Cell::NotRun)));
    let earlier = listed.chain([check(reference)]).collect();
    let matrix =
        power_matrix::resume(&full("transition-law"), earlier, &|_| panic!("all is known"));
    assert_eq!(matrix.missing, 0);
}

#[test]
fn a_calibration_shares_its_chance_of_blame_out_over_runs_and_trials() {
    let inputs = &battery::inputs()[..1];
    let suite = Options { only: vec!["eq-2.1".to_owned()], alpha: 0.1, ..Options::default() };
    let options = calibration::Options { runs: 1, suite, streams: 17 };
    let reference = UnderCheck::reference();
    let mut found = calibration::run(reference, inputs, &options, &|_, _| (), &|_| ());
    assert!(found.trials.len() > 40, "every procedure on every source");
    let share = CHANCE / 2.0 / found.trials.len() as f64;
    for trial in &found.trials {
        let (lower, upper) = binomial::clopper_pearson(trial.errors, trial.streams, share);
        assert_eq!((trial.lower, trial.upper), (lower, upper), "{trial:?}");
    }
    // With a budget of 1/10 a run, 28 alarms or more in 100 runs have probability 3.5e-7, 29 or
    // more 9e-8; half of 1e-6 is for one claim and for the suite.
    found.trials.clear();
    found.runs = 100;
    found.tallies[0].budget = 0.1;
    for (alarms, excesses) in [(27, 0), (28, 0), (29, 2)] {
        found.runs_with_alarm = alarms;
        found.tallies[0].runs_with_alarm = alarms;
        assert_eq!(found.excesses().len(), excesses, "{alarms} of 100 at 0.1");
    }
}
