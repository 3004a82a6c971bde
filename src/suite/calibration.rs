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
//! # Source
//! Clopper and Pearson (1934); the union bound.

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
#[derive(Clone)]
pub struct Alarm {
    /// The seed of its run: `verify` sees it again.
    pub seed: u64,
    /// The row.
    pub row: Row,
}

/// What came of a claim over all runs and graphs.
#[derive(Clone)]
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
#[derive(Clone)]
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
        excesses.extend(self.crashes.iter().map(|Alarm { seed, row }| {
            let on = row.graph.as_deref().unwrap_or("its own graphs");
            format!("{} crashed on {on}, seed {seed}: {}", row.claim.id, row.evidence.summary)
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
    let ledger = suite::ledger(inputs, &options.suite);
    let selected = suite::selection(inputs, &options.suite);
    let mut tallies: Vec<Tally> = claims::all()
        .filter(|claim| selected.iter().any(|(other, _)| other.id == claim.id))
        .map(|claim| Tally {
            claim,
            checks: 0,
            alarms: 0,
            runs_with_alarm: 0,
            inconclusive: 0,
            crashes: 0,
            budget: ledger.share_of(claim.id),
            interval: (0.0, 1.0),
        })
        .collect();
    let (mut alarms, mut crashes, mut runs_with_alarm) = (Vec::new(), Vec::new(), 0);
    for run in 0..options.runs {
        let seed = options.suite.seed.wrapping_add(run);
        let results =
            suite::run(under, inputs, &suite::Options { seed, ..options.suite.clone() }, &|row| {
                progress(run, row)
            });
        let mut any = false;
        for tally in &mut tallies {
            let of_claim = || results.rows.iter().filter(|row| row.claim.id == tally.claim.id);
            let count = |what: &dyn Fn(&&Row) -> bool| of_claim().filter(what).count() as u64;
            let false_alarms = count(&|row| is_false_alarm(row));
            tally.checks += count(&|row| row.evidence.verdict != Verdict::NotApplicable);
            tally.inconclusive += count(&|row| row.evidence.verdict == Verdict::Inconclusive);
            tally.crashes += count(&|row| row.evidence.verdict == Verdict::Crashed);
            tally.alarms += false_alarms;
            tally.runs_with_alarm += u64::from(false_alarms > 0);
            any |= false_alarms > 0;
        }
        runs_with_alarm += u64::from(any);
        for row in results.rows {
            if row.evidence.verdict == Verdict::Crashed {
                crashes.push(Alarm { seed, row });
            } else if is_false_alarm(&row) {
                alarms.push(Alarm { seed, row });
            }
        }
    }
    let interval = |alarms| match options.runs {
        0 => (0.0, 1.0),
        runs => binomial::clopper_pearson(alarms, runs, 0.05),
    };
    for tally in &mut tallies {
        tally.interval = interval(tally.runs_with_alarm);
    }
    let Options { runs, streams, suite: suite::Options { seed, alpha, .. } } = *options;
    let chance = CHANCE / 2.0;
    let trials = match streams {
        0 => Vec::new(),
        streams => trials::measure(&Trials { seed, alpha, streams, chance }, tried),
    };
    let interval = interval(runs_with_alarm);
    Calibration { runs, seed, alpha, tallies, runs_with_alarm, interval, alarms, crashes, trials }
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
