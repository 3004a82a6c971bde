//! How often the suite is wrong: run under many seeds, and its tests tried on streams whose truth
//! is known.
//!
//! A *false alarm* is a verdict contrary to the expected one; *inconclusive* is none. The suite's
//! error probability is shared out over its claims ([`Ledger`](crate::stats::ledger::Ledger)), and
//! the number of runs with a false alarm is compared with the budget by the exact binomial law.
//! Exact and pathwise claims have no budget: one false alarm of theirs is one too many.
//!
//! With the suite's default of 1e-6 a thousand runs say little more than that nothing is badly
//! wrong: none is expected. A large alpha, such as the default 0.1 here, gives every check a chance
//! to err, so that a test whose errors exceed their share shows. Most do not come near it, since a
//! test that decides soon has spent little of its budget; the streams of [`trials`] are at the
//! edge, where they do.
//!
//! A run is a pure function of the suite and its seed. What the calibration needs of it is a
//! [`RunResult`], a value that can be kept, and the calibration is a fold of those.
//!
//! # Source
//! Clopper and Pearson (1934); the union bound.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::trials::{self, Trial, Trials};
use crate::claims::{self, Claim, Verdict};
use crate::instruments::UnderCheck;
use crate::stats::binomial;
use crate::suite::{self, Input, Row};

/// The probability with which a correct suite is said to exceed its budget.
pub const CHANCE: f64 = 1e-6;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many seeds.
    pub runs: u64,
    /// The suite; its seed is that of the first run, the next runs take the next numbers.
    pub suite: suite::Options,
    /// Streams for each test and interval; none are tried if 0.
    pub streams: u64,
}

/// A verdict contrary to the expected one, or a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The seed of its run.
    pub seed: u64,
    /// The claim.
    pub id: String,
    /// The graph's name; `None` for a claim that is not about a graph.
    pub graph: Option<String>,
    /// The policy, with the graph.
    pub policy: Option<String>,
    /// What was found.
    pub verdict: Verdict,
    /// What was done and found, in one line.
    pub summary: String,
    /// The shell line that sees it again.
    pub replay: String,
}

/// What came of a claim in one run, over all graphs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The claim.
    pub id: String,
    /// Checks that applied.
    pub checks: u64,
    /// Checks with a false alarm.
    pub alarms: u64,
    /// Checks that were not decided.
    pub inconclusive: u64,
    /// Checks that panicked.
    pub crashes: u64,
}

/// What the calibration keeps of a run of the suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// The seed of the run.
    pub seed: u64,
    /// Wall time of the run. Nothing depends on it.
    pub seconds: f64,
    /// Claim by claim, in the order of the registry.
    pub claims: Vec<Counts>,
    /// The false alarms and the crashes, in the order of the suite.
    pub alarms: Vec<Alarm>,
}

impl RunResult {
    fn of(inputs: &[Input], options: &suite::Options, rows: &[Row], seconds: f64) -> Self {
        let of_claim = |claim: &'static Claim| {
            let rows = || rows.iter().filter(|row| row.claim.id == claim.id);
            let count = |what: &dyn Fn(&&Row) -> bool| rows().filter(what).count() as u64;
            let with = |verdict| count(&|row| row.evidence.verdict == verdict);
            Counts {
                id: claim.id.to_owned(),
                checks: count(&|row| row.evidence.verdict != Verdict::NotApplicable),
                alarms: count(&|row| is_false_alarm(row)),
                inconclusive: with(Verdict::Inconclusive),
                crashes: with(Verdict::Crashed),
            }
        };
        let alarm = |(row, (claim, input)): (&Row, (&Claim, usize))| {
            let is_crash = row.evidence.verdict == Verdict::Crashed;
            (is_crash || is_false_alarm(row)).then(|| Alarm {
                seed: options.seed,
                id: row.claim.id.to_owned(),
                graph: row.graph.clone(),
                policy: row.policy.clone(),
                verdict: row.evidence.verdict,
                summary: row.evidence.summary.clone(),
                replay: match &row.evidence.witness {
                    Some(witness) => witness.replay.clone(),
                    // An erratum that holds, or a claim that does not apply: no case shows it.
                    None => suite::replay(claim, &inputs[input], options, options.alpha, None),
                },
            })
        };
        let selection = suite::selection(inputs, options);
        Self {
            seed: options.seed,
            seconds,
            claims: claims_of(inputs, options).into_iter().map(of_claim).collect(),
            // A whole suite has a row for each check of the selection, in its order.
            alarms: rows.iter().zip(selection).filter_map(alarm).collect(),
        }
    }

    /// Whether this can be the result of run `run` of such a calibration.
    ///
    /// # Errors
    /// What does not fit: its name, its value, and what it must be.
    pub fn fits(
        &self,
        claims: &[&Claim],
        options: &Options,
        run: u64,
    ) -> Result<(), (String, String, String)> {
        let differs = |what: &str, found: &dyn ToString, rule: String| {
            Err((what.to_owned(), found.to_string(), rule))
        };
        let seed = seed_of(options, run);
        if self.seed != seed {
            return differs("the seed", &self.seed, format!("the run after the last has {seed}"));
        }
        let expected = claims.iter().map(|claim| claim.id);
        let mut pairs = self.claims.iter().map(|counts| counts.id.as_str()).zip(expected);
        if let Some((found, expected)) = pairs.find(|(found, expected)| found != expected) {
            return differs("a claim", &found, format!("this run has {expected} there"));
        }
        if self.claims.len() != claims.len() {
            let rule = format!("this run has {}", claims.len());
            return differs("the number of claims", &self.claims.len(), rule);
        }
        for counts in &self.claims {
            let listed = |crash: bool| {
                let of_claim = self.alarms.iter().filter(|alarm| alarm.id == counts.id);
                of_claim.filter(|alarm| (alarm.verdict == Verdict::Crashed) == crash).count() as u64
            };
            for (name, count, listed) in [
                ("alarms", counts.alarms, listed(false)),
                ("crashes", counts.crashes, listed(true)),
            ] {
                if count != listed {
                    let what = format!("the number of {name} of {}", counts.id);
                    return differs(&what, &count, format!("the line lists {listed}"));
                }
            }
        }
        match self.alarms.iter().find(|alarm| claims.iter().all(|claim| claim.id != alarm.id)) {
            Some(alarm) => differs("the claim of an alarm", &alarm.id, "not of this run".into()),
            None => Ok(()),
        }
    }
}

/// The claims that are run, in the order of the registry.
pub fn claims_of(inputs: &[Input], options: &suite::Options) -> Vec<&'static Claim> {
    let selected = suite::selection(inputs, options);
    let is_selected = |claim: &&Claim| selected.iter().any(|(other, _)| other.id == claim.id);
    claims::all().filter(is_selected).collect()
}

/// The seed of a run.
fn seed_of(options: &Options, run: u64) -> u64 {
    options.suite.seed.wrapping_add(run)
}

/// What came of a claim over all runs and graphs.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The claim.
    pub claim: &'static Claim,
    /// Checks that applied.
    pub checks: u64,
    /// Checks with a false alarm.
    pub alarms: u64,
    /// Runs with a false alarm.
    pub runs_with_alarm: u64,
    /// Checks that were not decided.
    pub inconclusive: u64,
    /// Checks that panicked.
    pub crashes: u64,
    /// The probability of a false alarm in a run that the ledger allows.
    pub budget: f64,
    /// The Clopper-Pearson interval of that probability.
    pub interval: (f64, f64),
}

/// The whole of it.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// How many seeds.
    pub runs: u64,
    /// The first seed.
    pub seed: u64,
    /// The error probability of the suite in each run.
    pub alpha: f64,
    /// Claim by claim, in the order of the registry.
    pub tallies: Vec<Tally>,
    /// Runs with any false alarm.
    pub runs_with_alarm: u64,
    /// The Clopper-Pearson interval of the probability of such a run.
    pub interval: (f64, f64),
    /// The false alarms.
    pub alarms: Vec<Alarm>,
    /// The checks that panicked: no alarms, and not excused by any budget.
    pub crashes: Vec<Alarm>,
    /// The tests and intervals themselves.
    pub trials: Vec<Trial>,
}

impl Calibration {
    /// What is known when these runs have ended; no tests and intervals are tried. Of more results
    /// than `options` has runs the first count.
    ///
    /// # Panics
    /// If a result is not one of this calibration: see [`RunResult::fits`].
    pub fn of(inputs: &[Input], options: &Options, results: &[RunResult]) -> Self {
        let ledger = suite::ledger(inputs, &options.suite);
        let runs = options.runs.min(results.len() as u64);
        let results = &results[..runs as usize];
        let interval = |alarms| match runs {
            0 => (0.0, 1.0),
            runs => binomial::clopper_pearson(alarms, runs, 0.05),
        };
        let tally = |(at, claim): (usize, &'static Claim)| {
            let of_claim = || results.iter().map(|result| &result.claims[at]);
            assert!(of_claim().all(|counts| counts.id == claim.id), "{}", claim.id);
            let sum = |count: &dyn Fn(&Counts) -> u64| of_claim().map(count).sum();
            let runs_with_alarm = sum(&|counts| u64::from(counts.alarms > 0));
            Tally {
                claim,
                checks: sum(&|counts| counts.checks),
                alarms: sum(&|counts| counts.alarms),
                runs_with_alarm,
                inconclusive: sum(&|counts| counts.inconclusive),
                crashes: sum(&|counts| counts.crashes),
                budget: ledger.share_of(claim.id),
                interval: interval(runs_with_alarm),
            }
        };
        let claims = claims_of(inputs, &options.suite).into_iter().enumerate();
        let has_alarm = |result: &&RunResult| result.claims.iter().any(|counts| counts.alarms > 0);
        let runs_with_alarm = results.iter().filter(has_alarm).count() as u64;
        let all = || results.iter().flat_map(|result| &result.alarms);
        let listed = |crash: bool| {
            all().filter(|alarm| (alarm.verdict == Verdict::Crashed) == crash).cloned().collect()
        };
        Self {
            runs,
            seed: options.suite.seed,
            alpha: options.suite.alpha,
            tallies: claims.map(tally).collect(),
            runs_with_alarm,
            interval: interval(runs_with_alarm),
            alarms: listed(false),
            crashes: listed(true),
            trials: Vec::new(),
        }
    }

    /// What exceeds its budget by more than chance, in words, and every crash; for a sound suite
    /// anything does with probability at most [`CHANCE`].
    pub fn excesses(&self) -> Vec<String> {
        // Half for the runs, claim by claim and all together; the other half for the trials, which
        // have their intervals from it.
        let share = CHANCE / 2.0 / (self.tallies.len() + 1) as f64;
        let exceeds = |alarms: u64, budget: f64| {
            alarms > 0 && binomial::at_least(self.runs, budget.min(1.0), alarms) <= share
        };
        let mut excesses: Vec<String> = self
            .tallies
            .iter()
            .filter(|tally| exceeds(tally.runs_with_alarm, tally.budget))
            .map(|tally| {
                let Tally { claim, runs_with_alarm, budget, .. } = tally;
                format!(
                    "{}: false alarms in {runs_with_alarm} of {} runs, budget {budget:.2e} per run",
                    claim.id, self.runs
                )
            })
            .collect();
        if exceeds(self.runs_with_alarm, self.alpha) {
            excesses.push(format!(
                "the suite: false alarms in {} of {} runs, budget {:e} per run",
                self.runs_with_alarm, self.runs, self.alpha
            ));
        }
        excesses.extend(self.crashes.iter().map(|Alarm { seed, id, graph, summary, .. }| {
            let on = graph.as_deref().unwrap_or("its own graphs");
            format!("{id} crashed on {on}, seed {seed}: {summary}")
        }));
        excesses.extend(self.trials.iter().filter(|trial| trial.errs_too_often()).map(|trial| {
            format!(
                "{} on {}: {} errors on {} streams, stated error probability {}",
                trial.procedure, trial.source, trial.errors, trial.streams, trial.alpha
            )
        }));
        excesses
    }
}

/// Runs the suite under each seed, then tries the tests. `progress` is called with the number of a
/// run and each of its rows, from any thread; `tried` with each trial.
pub fn run(
    under: UnderCheck<'_>,
    inputs: &[Input],
    options: &Options,
    progress: &(dyn Fn(u64, &Row) + Sync),
    tried: &dyn Fn(&Trial),
) -> Calibration {
    resume(under, inputs, options, Vec::new(), progress, &mut |_| {}, tried)
}

/// Goes on after the runs that have ended in an earlier calibration with the same inputs and
/// options, but for their number: together the same calibration. `ended` is called after each new
/// run, before the next begins.
///
/// # Panics
/// If an earlier result is not one of this calibration: see [`RunResult::fits`].
pub fn resume(
    under: UnderCheck<'_>,
    inputs: &[Input],
    options: &Options,
    earlier: Vec<RunResult>,
    progress: &(dyn Fn(u64, &Row) + Sync),
    ended: &mut dyn FnMut(&RunResult),
    tried: &dyn Fn(&Trial),
) -> Calibration {
    let mut results = earlier;
    for run in results.len() as u64..options.runs {
        let suite = suite::Options { seed: seed_of(options, run), ..options.suite.clone() };
        let start = Instant::now();
        let rows = suite::run(under, inputs, &suite, &|row| progress(run, row)).rows;
        let result = RunResult::of(inputs, &suite, &rows, start.elapsed().as_secs_f64());
        ended(&result);
        results.push(result);
    }
    let mut calibration = Calibration::of(inputs, options, &results);
    let Options { streams, suite: suite::Options { seed, alpha, .. }, .. } = *options;
    if streams > 0 {
        let chance = CHANCE / 2.0;
        calibration.trials = trials::measure(&Trials { seed, alpha, streams, chance }, tried);
    }
    calibration
}

fn is_false_alarm(row: &Row) -> bool {
    !row.is_expected() && !matches!(row.evidence.verdict, Verdict::Inconclusive | Verdict::Crashed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults;
    use crate::suite::battery;

    fn calibrate(under: UnderCheck<'_>, only: &str, runs: u64) -> Calibration {
        let only = only.split(',').map(str::to_owned).collect();
        let suite = suite::Options { alpha: 0.1, only, ..suite::Options::default() };
        let options = Options { runs, suite, streams: 0 };
        run(under, &battery::inputs()[..1], &options, &|_, _| {}, &|_| {})
    }

    #[test]
    fn a_sound_suite_keeps_its_budget_and_the_runs_have_seeds_of_their_own() {
        let calibration = calibrate(UnderCheck::reference(), "transition-law,eq-2.1", 8);
        assert_eq!(calibration.excesses(), [""; 0]);
        let [exact, law] = &calibration.tallies[..] else { panic!("two claims were asked for") };
        let (exact, law) = if exact.claim.id == "eq-2.1" { (exact, law) } else { (law, exact) };
        assert_eq!((exact.checks, exact.budget, law.checks), (8, 0.0, 8));
        assert!((law.budget - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_system_exceeds_the_budget() {
        let wrong = calibrate(UnderCheck::from(faults::JOIN_LONGEST), "transition-law", 12);
        assert_eq!((wrong.runs_with_alarm, wrong.alarms.len()), (12, 12));
        // The claim itself, and the suite that consists of it.
        assert_eq!(wrong.excesses().len(), 2);
        assert_eq!(wrong.alarms[3].seed, 4);
    }

    #[test]
    fn a_calibration_that_goes_on_is_that_of_one_sitting() {
        let inputs = &battery::inputs()[..2];
        // A wrong system, so that there are alarms to keep.
        let under = UnderCheck::from(faults::JOIN_LONGEST);
        let only = ["transition-law", "eq-2.1", "rem-1"].map(str::to_owned).to_vec();
        let suite = suite::Options { alpha: 0.1, only, ..suite::Options::default() };
        let options = |runs| Options { runs, suite: suite.clone(), streams: 0 };
        let mut whole = Vec::new();
        let at_once = resume(
            under,
            inputs,
            &options(4),
            Vec::new(),
            &|_, _| {},
            &mut |result| {
                whole.push(result.clone());
            },
            &|_| {},
        );
        assert!(whole.len() == 4 && !at_once.alarms.is_empty());
        assert!(at_once.alarms.iter().all(|alarm| alarm.replay.contains("fluidcheck verify ")));
        let claims = claims_of(inputs, &suite);
        let shown = |calibration: &Calibration| format!("{calibration:?}");
        for kept in 0..=4 {
            let text = serde_json::to_string(&whole[..kept]).unwrap();
            let earlier: Vec<RunResult> = serde_json::from_str(&text).unwrap();
            for (run, result) in (0..).zip(&earlier) {
                assert_eq!(result.fits(&claims, &options(4), run), Ok(()));
                assert!(result.fits(&claims, &options(4), run + 1).is_err());
                assert!(result.fits(&claims[1..], &options(4), run).is_err());
            }
            let mut new = 0;
            let resumed =
                resume(under, inputs, &options(4), earlier, &|_, _| {}, &mut |_| new += 1, &|_| {});
            assert_eq!((new, shown(&resumed)), (4 - kept, shown(&at_once)));
            // Fewer runs are those that come first.
            let fewer = Calibration::of(inputs, &options(kept as u64), &whole);
            let cut = Calibration::of(inputs, &options(4), &whole[..kept]);
            assert_eq!(shown(&fewer), shown(&cut));
        }
    }

    #[test]
    fn counts_that_the_lists_do_not_bear_out_do_not_fit() {
        let (inputs, mut kept) = (&battery::inputs()[..1], Vec::new());
        let suite = suite::Options { only: vec!["eq-2.1".to_owned()], ..Default::default() };
        let options = Options { runs: 1, suite, streams: 0 };
        resume(
            UnderCheck::reference(),
            inputs,
            &options,
            Vec::new(),
            &|_, _| {},
            &mut |result| {
                kept.push(result.clone());
            },
            &|_| {},
        );
        let claims = claims_of(inputs, &options.suite);
        let why = |change: &dyn Fn(&mut RunResult)| {
            let mut changed = kept[0].clone();
            change(&mut changed);
            changed.fits(&claims, &options, 0).unwrap_err().0
        };
        assert_eq!(why(&|result| result.seed = 3), "the seed");
        assert_eq!(why(&|result| result.claims[0].id.push('x')), "a claim");
        assert_eq!(why(&|result| result.claims.clear()), "the number of claims");
        assert_eq!(why(&|result| result.claims[0].alarms = 1), "the number of alarms of eq-2.1");
        assert_eq!(why(&|result| result.claims[0].crashes = 1), "the number of crashes of eq-2.1");
    }

    #[test]
    fn chance_alone_is_no_excess() {
        let mut calibration = calibrate(UnderCheck::reference(), "transition-law", 1);
        calibration.runs = 100;
        for (alarms, excess) in [(10, false), (25, false), (40, true)] {
            calibration.runs_with_alarm = alarms;
            calibration.tallies[0].runs_with_alarm = alarms;
            assert_eq!(!calibration.excesses().is_empty(), excess, "{alarms} of 100 at 0.1");
        }
        calibration.runs_with_alarm = 0;
        calibration.tallies[0].runs_with_alarm = 1;
        calibration.tallies[0].budget = 0.0;
        assert_eq!(calibration.excesses().len(), 1, "an exact claim has no budget");
    }
}
