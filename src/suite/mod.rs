//! The suite: every claim on every graph, under one error budget.
//!
//! Stage 14 of 18: it runs the claims, on graphs and against faults.
//!
//! Each check is a pure function of the claim, the model and the seed, so that the result does not
//! depend on the number of threads. Claims of [`Scope::Theory`] run once, those of [`Scope::Graph`]
//! on each input.

pub mod battery;
pub mod calibration;
pub mod foreseen;
pub mod power_matrix;
pub mod trials;
pub mod witnesses;

use std::cmp::Reverse;
use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claims::{
    self, CheckOptions, Claim, Evidence, Excluded, Group, Kind, Policies, Scope, Verdict, Witness,
};
use crate::estimate::bracketing::{Samples, pilot_limit};
use crate::instruments::UnderCheck;
use crate::model::Model;
use crate::model::policy::Base;
use crate::num::float_bits;
use crate::stats::ledger::Ledger;
use crate::stats::spending;

/// A graph of the suite.
#[derive(Clone, Debug)]
pub struct Input {
    /// What reports call the graph.
    pub name: String,
    /// What a user writes to name it on the command line: a spec or a path, with the options that
    /// it needs.
    pub arguments: Vec<String>,
    /// Graph, load and policy.
    pub model: Model,
    /// Whether it is there for its policy alone: what does not apply to that, does not look at it,
    /// or takes long for what another check implies is left out.
    pub brief: bool,
    /// Whether it is a graph of the battery, of which is known which claims do not apply.
    pub of_battery: bool,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed of all randomness.
    pub seed: u64,
    /// The error probability of all statistical checks together.
    pub alpha: f64,
    /// Scales the number of random cases.
    pub effort: u32,
    /// Only these claims; all if empty.
    pub only: Vec<String>,
    /// Also the claims of [`Scope::Theory`], where `only` is empty.
    pub theory: bool,
    /// Not these.
    pub except: Vec<String>,
    /// Replay one case.
    pub case: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        let (only, except) = (Vec::new(), Vec::new());
        Self { seed: 1, alpha: 1e-6, effort: 1, only, theory: true, except, case: None }
    }
}

/// One claim on one graph.
#[derive(Clone)]
pub struct Row {
    /// The claim.
    pub claim: &'static Claim,
    /// The graph's name; `None` for a claim of [`Scope::Theory`].
    pub graph: Option<String>,
    /// The policy, with the graph.
    pub policy: Option<String>,
    /// What was found.
    pub evidence: Evidence,
    /// Wall time of the check.
    pub seconds: f64,
    /// The error probability that its procedures were given.
    pub spent: f64,
    /// Whether it does not apply, on a graph of the battery where it is known to apply; or stands
    /// for an error in print, and is violated by another witness than that error's.
    pub is_unforeseen: bool,
}

impl Row {
    /// Whether the verdict is the one that a sound check of the reference gives.
    pub fn is_expected(&self) -> bool {
        self.claim.is_expected(self.evidence.verdict) && !self.is_unforeseen
    }
}

/// A finished check by its place in the [`selection`]: what is kept of a row, so that a suite can
/// go on later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// The place.
    pub at: usize,
    /// What was found.
    #[serde(with = "EvidenceToTheBit")]
    pub evidence: Evidence,
    /// Wall time of the check.
    #[serde(with = "float_bits")]
    pub seconds: f64,
    /// The error probability that its procedures were given.
    #[serde(with = "float_bits")]
    pub spent: f64,
}

/// [`Evidence`] with its floats as bits.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Evidence")]
struct EvidenceToTheBit {
    verdict: Verdict,
    #[serde(with = "float_bits::optional")]
    slack: Option<f64>,
    vacuous: bool,
    cases: u64,
    summary: String,
    witness: Option<Witness>,
    /// Powers of two, which decimals keep.
    excluded: Option<Excluded>,
}

/// How a suite ended, in the order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every verdict as expected.
    AsExpected,
    /// Some claims undecided within the budget.
    SomeInconclusive,
    /// Some verdicts contradict what is expected.
    SomeViolated,
    /// Some checks panicked.
    SomeCrashed,
}

/// The results of a suite, in the order of the registry.
pub struct Suite {
    /// One row for each claim and graph.
    pub rows: Vec<Row>,
    /// How the error probability was shared out.
    pub ledger: Ledger,
    /// The seed of all randomness.
    pub seed: u64,
    /// How many checks were asked for; more than there are rows where the suite was interrupted.
    pub asked: usize,
}

impl Suite {
    /// What is known when these checks have ended, all or some, in any order.
    ///
    /// # Panics
    /// If a place is beyond the [`selection`].
    pub fn of(inputs: &[Input], options: &Options, mut finished: Vec<Finished>) -> Self {
        let checks = selection(inputs, options);
        finished.sort_by_key(|finished| finished.at);
        let rows = finished.into_iter().map(|finished| {
            let (claim, input) = checks[finished.at];
            row(claim, &inputs[input], finished, options)
        });
        Self {
            rows: rows.collect(),
            ledger: ledger(inputs, options),
            seed: options.seed,
            asked: checks.len(),
        }
    }

    /// Whether checks are missing.
    pub fn is_partial(&self) -> bool {
        self.rows.len() < self.asked
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        let of = |row: &Row| match (row.is_expected(), row.evidence.verdict) {
            (true, _) => Outcome::AsExpected,
            (false, Verdict::Inconclusive) => Outcome::SomeInconclusive,
            (false, Verdict::Crashed) => Outcome::SomeCrashed,
            (false, _) => Outcome::SomeViolated,
        };
        self.rows.iter().map(of).max().unwrap_or(Outcome::AsExpected)
    }
}

/// The checks that `options` select, in the order of the registry.
pub fn selection(inputs: &[Input], options: &Options) -> Vec<(&'static Claim, usize)> {
    let wanted = |claim: &Claim| {
        let chosen = if options.only.is_empty() {
            options.theory || claim.scope == Scope::Graph
        } else {
            options.only.iter().any(|id| id == claim.id)
        };
        chosen && !options.except.iter().any(|id| id == claim.id)
    };
    let on = |claim: &Claim| match claim.scope {
        Scope::Theory => 0..inputs.len().min(1),
        Scope::Graph => 0..inputs.len(),
    };
    claims::all()
        .filter(|claim| wanted(claim))
        .flat_map(|claim| on(claim).map(move |input| (claim, input)))
        .filter(|&(claim, input)| {
            claim.scope == Scope::Theory
                || !inputs[input].brief
                || is_of_policy(claim, &inputs[input])
        })
        .collect()
}

/// Whether a claim says of the policy of a brief input what no other check says.
fn is_of_policy(claim: &Claim, input: &Input) -> bool {
    let policy = input.model.policy();
    // Tasks are counted along the paths of each policy; the rest of what is stated for all of them
    // looks at the graph or at the clock.
    let looks = claim.policies != Policies::Any || claim.kind == Kind::Pathwise;
    let long = match claim.id {
        // `exact-law` has E q_1(infinity), E q_i(t), and on so few servers the laws of more samples
        // are known.
        "flow-balance" | "transient-law" => true,
        "exact-law" | "perfect-sampling" => matches!(policy.base(), Base::Jsq { d: 3.., .. }),
        _ => false,
    };
    looks && !long && claim.policies.contains(policy)
}

/// How the error probability of a suite is shared out.
pub fn ledger(inputs: &[Input], options: &Options) -> Ledger {
    let checks =
        selection(inputs, options).into_iter().filter(|(claim, _)| claim.kind == Kind::Statistical);
    Ledger::equal(
        options.alpha,
        checks.map(|(claim, i)| (claim.id.to_owned(), inputs[i].name.clone())),
    )
}

/// The row of a finished check.
pub fn row(claim: &'static Claim, input: &Input, finished: Finished, options: &Options) -> Row {
    let graph = (claim.scope == Scope::Graph).then(|| input.name.clone());
    let policy = graph.as_ref().map(|_| input.model.policy().to_string());
    let Finished { evidence, seconds, spent, .. } = finished;
    let mut row = Row { claim, graph, policy, evidence, seconds, spent, is_unforeseen: false };
    let known_to_apply = input.of_battery && foreseen::is_foreseen(&row) == Some(false);
    let other_witness = options.case.is_none() && witnesses::is_own(&row) == Some(false);
    row.is_unforeseen = known_to_apply || other_witness;
    row
}

/// Runs the selected claims on all inputs. `progress` is called after each check with the row, from
/// any thread.
pub fn run(
    under: UnderCheck<'_>,
    inputs: &[Input],
    options: &Options,
    progress: &(dyn Fn(&Row) + Sync),
) -> Suite {
    let checks = selection(inputs, options);
    resume(under, inputs, options, Vec::new(), &|finished| {
        let (claim, input) = checks[finished.at];
        progress(&row(claim, &inputs[input], finished.clone(), options));
    })
}

/// Runs the selected claims but for those that have `finished` in an earlier run with the same
/// inputs and options: together the same suite, since no check looks at another's result.
/// `progress` is called after each check, from any thread.
///
/// # Panics
/// If a place is beyond the [`selection`].
pub fn resume(
    under: UnderCheck<'_>,
    inputs: &[Input],
    options: &Options,
    mut finished: Vec<Finished>,
    progress: &(dyn Fn(&Finished) + Sync),
) -> Suite {
    let checks = selection(inputs, options);
    let ledger = ledger(inputs, options);
    // By position, not by name: two inputs may have the same.
    let mut entries =
        ledger.entries.chunks(2).map(|pair| pair.iter().map(|entry| entry.alpha).sum::<f64>());
    let share = |(claim, _): &(&Claim, usize)| match claim.kind {
        Kind::Statistical => entries.next().unwrap_or(0.0),
        _ => options.alpha,
    };
    let shares: Vec<f64> = checks.iter().map(share).collect();
    // Group by group, so that reports can be printed as they come. Within a group statistical
    // checks and large graphs take longest: started first, they do not hold up its end.
    let mut missing = vec![true; checks.len()];
    finished.iter().for_each(|finished| missing[finished.at] = false);
    let mut order: Vec<usize> = (0..checks.len()).filter(|&at| missing[at]).collect();
    order.sort_by_cached_key(|&at| {
        let (claim, input) = checks[at];
        let size = match claim.scope {
            Scope::Theory => u32::MAX,
            Scope::Graph => inputs[input].model.graph().n_servers(),
        };
        (Group::of(claim), claim.kind != Kind::Statistical, Reverse(size))
    });
    let samples = inputs.iter().map(|Input { model, .. }| {
        let limit = pilot_limit(model) * u64::from(options.effort);
        Samples::new(under.subject, model, options.seed, limit)
    });
    let samples: Vec<_> = samples.collect();
    // A bridge hands out the checks in their order, which halving the list would not.
    let new: Vec<Finished> = order
        .into_iter()
        .par_bridge()
        .map(|at| {
            let (claim, input) = checks[at];
            let start = Instant::now();
            let (evidence, spent) = spending::recorded(|| {
                check(under, claim, &inputs[input], &samples[input], options, shares[at])
            });
            let seconds = start.elapsed().as_secs_f64();
            let finished = Finished { at, evidence, seconds, spent };
            progress(&finished);
            finished
        })
        .collect();
    finished.extend(new);
    Suite::of(inputs, options, finished)
}

fn check(
    under: UnderCheck<'_>,
    claim: &'static Claim,
    input: &Input,
    samples: &Samples<'_>,
    options: &Options,
    alpha: f64,
) -> Evidence {
    let how = CheckOptions {
        brief: input.brief,
        seed: options.seed,
        alpha,
        effort: options.effort,
        case: options.case,
        instruments: under.instruments,
        ..CheckOptions::default()
    };
    let mut evidence = claim.evaluate(&how.setting(under.subject, &input.model, samples));
    if let Some(witness) = &mut evidence.witness {
        witness.replay = replay(claim, input, options, alpha, Some(witness.case));
    }
    evidence
}

/// The shell line that sees a check again, or one case of it.
fn replay(
    claim: &Claim,
    input: &Input,
    options: &Options,
    alpha: f64,
    case: Option<u64>,
) -> String {
    let mut words = vec!["fluidcheck".to_owned(), "verify".to_owned()];
    if claim.scope == Scope::Graph {
        words.extend(input.arguments.iter().cloned());
    }
    let mut say = |option: &str, value: String| words.extend([option.to_owned(), value]);
    if claim.scope == Scope::Graph {
        say("--lambda", input.model.load().exact().to_string());
        match input.model.policy().paper_d() {
            Some(d) => say("-d", d.to_string()),
            None => say("--policy", input.model.policy().to_string()),
        }
    }
    say("--only", claim.id.to_owned());
    say("--seed", options.seed.to_string());
    if claim.kind == Kind::Statistical {
        // Alone in its suite, the check gets the share that it had.
        say("--alpha", format!("{alpha:e}"));
    } else if let Some(case) = case {
        say("--case", case.to_string());
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=:,./+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// How often each verdict was given, expected or not.
pub fn tally(suite: &Suite) -> [(Verdict, usize); 5] {
    let count = |verdict| suite.rows.iter().filter(|row| row.evidence.verdict == verdict).count();
    Verdict::ALL.map(|verdict| (verdict, count(verdict)))
}

/// Whether a claim stands for an error in the printed paper.
pub fn is_erratum(claim: &Claim) -> bool {
    claim.erratum().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theories_are_checked_where_asked_for_or_named() {
        let inputs = &battery::inputs()[..1];
        let ids = |theory, only: &[&str]| -> Vec<&str> {
            let only = only.iter().map(|id| (*id).to_owned()).collect();
            let options = Options { theory, only, ..Options::default() };
            selection(inputs, &options).iter().map(|(claim, _)| claim.id).collect()
        };
        assert_eq!(ids(true, &[]).len(), claims::all().count());
        let graph = ids(false, &[]);
        assert!(graph.contains(&"eq-2.1") && !graph.contains(&"eq-4.19"));
        assert_eq!(ids(false, &["eq-4.19", "eq-2.1"]), ["eq-2.1", "eq-4.19"]);
    }
}
