//! The power of the registry: which claim rejects which wrong model, on which input, at which cost.
//!
//! A check that cannot fail is worse than none. So every claim is run on the *proving settings*,
//! small systems of many kinds with several loads and d, with the reference and with each fault.
//! The reference must get the expected verdict everywhere and a telling one somewhere; every fault
//! must be rejected by some claim; every claim must reject each fault that it lists.
//!
//! | part of the matrix | run |
//! |---|---|
//! | pairs that a claim lists | on all its settings until one rejects |
//! | other pairs, with [`Depth::Full`] | on the [`Setting::of_matrix`] ones; a statistical claim only against faults of the system that runs, and only if it looks at the system at all, since nothing else moves its data |
//!
//! A claim that stands for an error of the printed paper rejects a fault where its expected
//! violation is gone.
//!
//! A check that panics rejects nothing: the pair has *crashed*, and the matrix is not complete.
//!
//! A fault of another policy than the paper's ([`Fault::of`]) runs on the same graphs and loads,
//! under a promise of that policy; it counts as rejected only where the reference gets the expected
//! verdict under that promise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claims::event_test::divergence;
use crate::claims::{self, CheckOptions, Claim, Evidence, Expected, Kind, Scope, Verdict};
use crate::faults::{self, Fault, System};
use crate::graph::{BipartiteGraph, GraphError, Isolated};
use crate::instruments::UnderCheck;
use crate::model::{Event, Model};
use crate::random::Coins;
use crate::simulate::Queues;
use crate::simulate::marks::{Mark, MarkStream};
use crate::subject::{Reference, Subject};

/// A system on which power is proved.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Graph, load and d in words.
    pub name: String,
    /// The system.
    pub model: Model,
    /// Whether statistical claims, which take seconds, are run on it too.
    pub statistical: bool,
    /// Whether pairs that no claim lists are run on it.
    pub of_matrix: bool,
}

impl Setting {
    /// Its name, with the policy that a fault breaks in place of d.
    fn name_under(&self, fault: &Fault) -> String {
        match (fault.of, self.name.rsplit_once(", d ")) {
            (Some(policy), Some((rest, _))) => format!("{rest}, {policy}"),
            _ => self.name.clone(),
        }
    }
}

/// Types from their servers.
fn from_types(n: u32, types: &[&[u32]]) -> Result<BipartiteGraph, GraphError> {
    let of =
        |(servers, w): (&&[u32], u32)| servers.iter().map(move |&v| (v, w)).collect::<Vec<_>>();
    let edges: Vec<_> = types.iter().zip(0..).flat_map(of).collect();
    BipartiteGraph::from_edges(n, types.len() as u32, &edges, Isolated::Refuse)
}

/// The proving graphs, the smallest first.
fn graphs() -> Result<Vec<(&'static str, BipartiteGraph)>, GraphError> {
    let cycle: Vec<_> = (0..5).flat_map(|w| [(w, w), ((w + 1) % 5, w)]).collect();
    let two_components: Vec<_> =
        (0..4).flat_map(|v| (0..2).map(move |k| (v, v / 2 * 2 + k))).collect();
    // Every server v of 12 serves the types w of 8 with v w + v + 3 w < 20 or v = w modulo 8:
    // servers of 2 to 7 task types, task types of 1 to 12 servers.
    let irregular: Vec<_> = (0..12)
        .flat_map(|v| (0..8).map(move |w| (v, w)))
        .filter(|&(v, w)| v * w + v + 3 * w < 20 || v % 8 == w)
        .collect();
    let hub: &[&[u32]] = &[&[0], &[0, 1, 2, 3, 4, 5], &[1, 2], &[3, 4, 5], &[5, 0]];
    Ok(vec![
        ("k22", from_types(2, &[&[0, 1], &[0, 1]])?),
        ("private2", from_types(2, &[&[0], &[0, 1]])?),
        ("path3", from_types(3, &[&[0, 1], &[1, 2]])?),
        ("k32", from_types(3, &[&[0, 1, 2], &[0, 1, 2]])?),
        ("more types than servers", from_types(3, &[&[0], &[0, 1], &[1, 2], &[0, 1, 2], &[2]])?),
        ("idle server", from_types(4, &[&[0, 1], &[0, 2], &[2]])?),
        ("cycle5", BipartiteGraph::from_edges(5, 5, &cycle, Isolated::Refuse)?),
        ("twocomp_regular_4", BipartiteGraph::from_edges(4, 4, &two_components, Isolated::Refuse)?),
        ("hub and leaves", from_types(6, hub)?),
        ("irregular12", BipartiteGraph::from_edges(12, 8, &irregular, Isolated::Refuse)?),
        ("regular, its degrees by component", from_types(4, &[&[0, 1], &[0, 1], &[2], &[3]])?),
        ("complete6x3, implicit", BipartiteGraph::complete(6, 3)?),
        ("hot types", super::battery::hot_types()),
        ("two unequal components", from_types(5, &[&[0, 1], &[1, 2], &[3, 4]])?),
        ("rates of many digits", super::battery::many_digits()),
    ])
}

/// Where statistical claims prove their power: as few settings as show every fault, since each
/// costs seconds.
const STATISTICAL: [&str; 5] = [
    "k22, lambda 0.8, d 2",
    "path3, lambda 0.3, d 2",
    "more types than servers, lambda 0.3, d 2",
    "hub and leaves, lambda 0.3, d 2",
    "hot types, lambda 0.3, d 2",
];

/// Where pairs that no claim lists are tried.
const OF_MATRIX: [&str; 4] = [
    "private2, lambda 0.8, d 2",
    "more types than servers, lambda 0.3, d 2",
    "hub and leaves, lambda 0.8, d 3",
    "complete6x3, implicit, lambda 0.8, d 2",
];

/// Every proving setting.
///
/// # Panics
/// Never: the graphs and loads are constants that a test makes.
pub fn settings() -> Vec<Setting> {
    let graphs = graphs().expect("the graphs are constants that a test makes");
    let setting = |name: &str, graph: &BipartiteGraph, lambda: f64, d: u32| {
        let name = format!("{name}, lambda {lambda}, d {d}");
        let model = Model::new(graph.clone(), lambda, d);
        Setting {
            statistical: STATISTICAL.contains(&name.as_str()),
            of_matrix: OF_MATRIX.contains(&name.as_str()),
            model: model.expect("the loads are constants that a test makes"),
            name,
        }
    };
    let loads = [(0.3, 2), (0.8, 2), (0.3, 1), (0.8, 3), (0.5, 4)];
    let of = |(name, graph)| loads.map(|(lambda, d)| setting(name, &graph, lambda, d));
    graphs.into_iter().flat_map(of).collect()
}

/// The settings of a claim: theories are checked once whatever the graph.
pub fn settings_of<'a>(claim: &Claim, settings: &'a [Setting]) -> Vec<&'a Setting> {
    match (claim.scope, claim.kind) {
        (Scope::Theory, _) => settings.iter().take(1).collect(),
        (Scope::Graph, Kind::Statistical) => {
            settings.iter().filter(|setting| setting.statistical).collect()
        }
        (Scope::Graph, _) => settings.iter().collect(),
    }
}

/// How much of the matrix to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The pairs that claims list, and the reference.
    Listed,
    /// All pairs.
    Full,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed of all randomness.
    pub seed: u64,
    /// The error probability of each statistical check.
    pub alpha: f64,
    /// How much.
    pub depth: Depth,
    /// Only these claims; all if empty.
    pub only: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 20_260_731, alpha: 1e-6, depth: Depth::Listed, only: Vec::new() }
    }
}

/// What a claim says to a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Rejected on the setting of this name, after so many cases, events or replications.
    Rejected {
        /// The setting.
        setting: String,
        /// The cost.
        cases: u64,
        /// The fewest events that could do, where the law of a wrong picker is known
        /// ([`divergence`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        least: Option<u64>,
    },
    /// Every verdict was the one of the reference, and some did apply.
    Accepted,
    /// The claim applied nowhere.
    NotApplicable,
    /// The check panicked.
    Crashed {
        /// The setting.
        setting: String,
        /// What the panic said.
        found: String,
    },
    /// Undecided somewhere, rejected nowhere.
    Inconclusive,
    /// The pair was not run.
    NotRun,
}

/// A claim with what it says to the reference and to the faults.
#[derive(Clone, Debug)]
pub struct Line {
    /// The claim.
    pub claim: &'static Claim,
    /// For each fault of [`faults::ALL`].
    pub cells: Vec<Cell>,
    /// Settings where the reference did not get the expected verdict, with what was found.
    pub failures: Vec<String>,
    /// Whether the reference got a verdict that says something on some setting: neither vacuous nor
    /// not applicable.
    pub telling: bool,
    /// Seconds of all its checks.
    pub seconds: f64,
}

impl Line {
    /// The faults that the claim rejects.
    pub fn rejects(&self) -> impl Iterator<Item = &'static Fault> + '_ {
        let cells = faults::ALL.iter().zip(&self.cells);
        cells.filter(|(_, cell)| matches!(cell, Cell::Rejected { .. })).map(|(&fault, _)| fault)
    }

    /// The faults that the claim lists and does not reject.
    pub fn missed(&self) -> impl Iterator<Item = &'static Fault> + '_ {
        let rejected = |fault: &&Fault| self.rejects().any(|rejected| rejected == *fault);
        self.claim.rejects.iter().copied().filter(move |fault| !rejected(fault))
    }

    /// The faults that made a check panic, each with the setting and the message.
    pub fn crashed(&self) -> impl Iterator<Item = (&'static Fault, &str, &str)> {
        faults::ALL.iter().zip(&self.cells).filter_map(|(&fault, cell)| match cell {
            Cell::Crashed { setting, found } => Some((fault, setting.as_str(), found.as_str())),
            _ => None,
        })
    }

    /// Whether the claim has shown that it can fail. An erratum has by its expected violation.
    pub fn has_power(&self) -> bool {
        self.rejects().next().is_some() || self.claim.erratum().is_some()
    }
}

/// The matrix claims x faults.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// In the order of the registry.
    pub lines: Vec<Line>,
    /// Whether every claim is there; some alone cannot reject all faults.
    pub whole: bool,
    /// How many checks are missing, at most; 0 unless the run was interrupted.
    pub missing: usize,
    /// The seed of all randomness.
    pub seed: u64,
    /// The error probability of each statistical check.
    pub alpha: f64,
}

impl Matrix {
    /// The matrix of these finished checks, all or some, in any order.
    ///
    /// # Panics
    /// If a check is not one of these claims ([`Check::is_in`]).
    pub fn of(options: &Options, finished: impl IntoIterator<Item = Check>) -> Self {
        let empty = |claim| {
            let cells = vec![Cell::NotRun; faults::ALL.len()];
            Line { claim, cells, failures: Vec::new(), telling: false, seconds: 0.0 }
        };
        let mut lines: Vec<Line> = claims_of(options).into_iter().map(empty).collect();
        let mut missing = most_checks(options);
        for check in finished {
            let line = &mut lines[check.claim];
            missing = missing.saturating_sub(1);
            line.seconds += check.microseconds as f64 / 1e6;
            match check.found {
                Found::Reference { failures, telling, .. } => {
                    (line.failures, line.telling) = (failures, telling)
                }
                Found::Fault(fault, cell) => line.cells[fault] = cell,
            }
        }
        let (whole, seed, alpha) = (options.only.is_empty(), options.seed, options.alpha);
        Self { lines, whole, missing, seed, alpha }
    }

    /// Faults that no claim rejects.
    pub fn survivors(&self) -> Vec<&'static Fault> {
        let survives =
            |fault: &&Fault| !self.lines.iter().any(|line| line.rejects().any(|f| f == *fault));
        faults::ALL.iter().copied().filter(survives).collect()
    }

    /// Whether every claim has power, rejects what it lists and says something, none crashed, and
    /// the reference passes.
    pub fn claims_are_sound(&self) -> bool {
        self.lines.iter().all(|line| {
            line.has_power()
                && line.failures.is_empty()
                && line.telling
                && line.missed().next().is_none()
                && line.crashed().next().is_none()
        })
    }

    /// Whether, besides, every fault is rejected, if all claims were run.
    pub fn is_complete(&self) -> bool {
        self.missing == 0 && (!self.whole || self.survivors().is_empty()) && self.claims_are_sound()
    }
}

/// The evidence of a claim about one system.
pub fn evaluate(
    claim: &Claim,
    under: UnderCheck<'_>,
    model: &Model,
    seed: u64,
    alpha: f64,
) -> Evidence {
    let options = CheckOptions {
        seed,
        alpha,
        pilot_events: Some(1_000_000),
        instruments: under.instruments,
        ..CheckOptions::default()
    };
    claim.check_with(under.subject, model, &options)
}

/// The reference, which notes whether anybody asks it.
#[derive(Default)]
struct Watched(AtomicBool);

impl Watched {
    fn note(&self) -> &Reference {
        self.0.store(true, Ordering::Relaxed);
        &Reference
    }
}

impl Subject for Watched {
    fn name(&self) -> String {
        Reference.name()
    }

    fn system(&self, model: &Model) -> Model {
        self.note().system(model)
    }

    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        self.note().marks(model, seed, replication)
    }

    fn pick(
        &self,
        model: &Model,
        task_type: u32,
        samples: &[u32],
        lengths: &[u32],
        rng: &mut Coins,
    ) -> u32 {
        self.note().pick(model, task_type, samples, lengths, rng)
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        self.note().apply(model, queues, mark, rng)
    }

    fn couple(
        &self,
        model: &Model,
        lower: &mut Queues,
        upper: &mut Queues,
        mark: Mark<'_>,
        rng: &mut Coins,
    ) {
        self.note().couple(model, lower, upper, mark, rng);
    }
}

/// One finished check of the matrix: a claim against the reference or against a fault.
///
/// Written as a list without names: there are some thousands of them, and a checkpoint should fit
/// twice on a small disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(usize, u64, Found)", into = "(usize, u64, Found)")]
pub struct Check {
    /// The claim's place in [`claims_of`].
    pub claim: usize,
    /// How long it took.
    pub microseconds: u64,
    /// What it met and said.
    pub found: Found,
}

impl From<(usize, u64, Found)> for Check {
    fn from((claim, microseconds, found): (usize, u64, Found)) -> Self {
        Self { claim, microseconds, found }
    }
}

impl From<Check> for (usize, u64, Found) {
    fn from(check: Check) -> Self {
        (check.claim, check.microseconds, check.found)
    }
}

/// What a check of the matrix found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// With the reference.
    Reference {
        /// Settings without the expected verdict, with what was found.
        failures: Vec<String>,
        /// Whether some verdict says something.
        telling: bool,
        /// Whether the claim asked the subject for anything: if not, no fault of the subject can
        /// make a difference.
        asks_the_subject: bool,
    },
    /// With the fault of this place in [`faults::ALL`]: what the claim says to it.
    Fault(usize, Cell),
}

impl Check {
    fn is_of_a_fault(&self) -> bool {
        matches!(self.found, Found::Fault(..))
    }

    /// Whether its places exist.
    pub fn is_in(&self, claims: &[&'static Claim]) -> bool {
        let fault = match self.found {
            Found::Reference { .. } => true,
            Found::Fault(fault, _) => fault < faults::ALL.len(),
        };
        self.claim < claims.len() && fault
    }
}

/// The faults that a claim is run against.
fn faults_for(claim: &Claim, options: &Options, asks_the_subject: bool) -> Vec<usize> {
    let wanted = |fault: &&Fault| {
        let can_tell =
            claim.kind != Kind::Statistical || fault.changes_the_system() && asks_the_subject;
        claim.rejects.contains(fault) || options.depth == Depth::Full && can_tell
    };
    (0..faults::ALL.len()).filter(|&at| wanted(&faults::ALL[at])).collect()
}

/// The claims that `options` select, in the order of the registry.
pub fn claims_of(options: &Options) -> Vec<&'static Claim> {
    claims::all()
        .filter(|claim| options.only.is_empty() || options.only.iter().any(|id| id == claim.id))
        .collect()
}

/// How many checks there are, at most: a claim that does not ask the subject is spared some.
pub fn most_checks(options: &Options) -> usize {
    claims_of(options).iter().map(|claim| 1 + faults_for(claim, options, true).len()).sum()
}

/// Fills the matrix. `progress` is called after each check, from any thread.
pub fn matrix(options: &Options, progress: &(dyn Fn(&Check) + Sync)) -> Matrix {
    resume(options, Vec::new(), progress)
}

/// Fills what is missing in a matrix of which an earlier run with the same options has `finished`
/// some checks.
///
/// # Panics
/// If a check is not one of these claims ([`Check::is_in`]).
pub fn resume(
    options: &Options,
    finished: Vec<Check>,
    progress: &(dyn Fn(&Check) + Sync),
) -> Matrix {
    let settings = settings();
    let claims = claims_of(options);
    let mut asks = vec![None; claims.len()];
    let mut known = vec![false; claims.len() * faults::ALL.len()];
    let mut note = |check: &Check| match check.found {
        Found::Reference { asks_the_subject, .. } => asks[check.claim] = Some(asks_the_subject),
        Found::Fault(fault, _) => known[check.claim * faults::ALL.len() + fault] = true,
    };
    finished.iter().for_each(&mut note);
    let timed = |claim: usize, run: &dyn Fn() -> Found| {
        let start = Instant::now();
        let found = run();
        let check = Check { claim, microseconds: start.elapsed().as_micros() as u64, found };
        progress(&check);
        check
    };
    let missing = (0..claims.len())
        .filter(|&at| finished.iter().all(|check| check.claim != at || check.is_of_a_fault()));
    let references: Vec<Check> = missing
        .collect::<Vec<_>>()
        .into_par_iter()
        .with_max_len(1)
        .map(|at| timed(at, &|| reference(claims[at], &settings, options)))
        .collect();
    references.iter().for_each(&mut note);
    let mut tasks: Vec<(usize, usize)> = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let mut faults = faults_for(claim, options, asks[at].unwrap_or(true));
        faults.retain(|fault| !known[at * faults::ALL.len() + fault]);
        tasks.extend(faults.into_iter().map(|fault| (at, fault)));
    }
    // The long ones first.
    tasks.sort_by_key(|&(at, _)| (claims[at].kind != Kind::Statistical, at));
    let cell =
        |at: usize, fault: usize| against(claims[at], faults::ALL[fault], &settings, options);
    let cells: Vec<Check> = tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|(at, fault)| timed(at, &|| Found::Fault(fault, cell(at, fault))))
        .collect();
    let all = finished.into_iter().chain(references).chain(cells);
    Matrix { missing: 0, ..Matrix::of(options, all) }
}

fn reference(claim: &Claim, settings: &[Setting], options: &Options) -> Found {
    let (mut failures, mut telling, mut asks_the_subject) = (Vec::new(), false, false);
    for setting in settings_of(claim, settings) {
        let subject = Watched::default();
        let under = UnderCheck::system(&subject);
        let evidence = evaluate(claim, under, &setting.model, options.seed, options.alpha);
        asks_the_subject |= subject.0.into_inner();
        if !claim.is_expected(evidence.verdict) {
            failures.push(format!(
                "{} on {}: {} ({})",
                claim.id, setting.name, evidence.verdict, evidence.summary
            ));
        }
        let says_nothing = matches!(evidence.verdict, Verdict::NotApplicable | Verdict::Crashed);
        telling |= !says_nothing && !evidence.vacuous;
    }
    Found::Reference { failures, telling, asks_the_subject }
}

fn against(claim: &Claim, fault: &Fault, settings: &[Setting], options: &Options) -> Cell {
    let listed = claim.rejects.contains(&fault);
    let mut cell = Cell::NotApplicable;
    for setting in settings_of(claim, settings) {
        // Theories have one setting, whichever it is.
        if !listed && claim.scope == Scope::Graph && !setting.of_matrix {
            continue;
        }
        let model = fault.promised(&setting.model);
        let check = |under| evaluate(claim, under, &model, options.seed, options.alpha);
        let evidence = check(UnderCheck::from(fault));
        if evidence.verdict == Verdict::Crashed {
            let setting = setting.name_under(fault);
            return Cell::Crashed { setting, found: evidence.summary };
        }
        let rejected = match claim.expected {
            Expected::Holds => evidence.verdict == Verdict::Violated,
            // The error of the print must be seen; where it is not, the fault is.
            Expected::Violated(_) => !claim.is_expected(evidence.verdict),
        };
        // The line's own check of the reference is under the paper's policy.
        let promise_can_be_kept = || {
            fault.of.is_none() || claim.is_expected(check(UnderCheck::system(&Reference)).verdict)
        };
        if rejected && promise_can_be_kept() {
            let setting = setting.name_under(fault);
            let least = least_events(claim, fault, &model, options);
            cell = Cell::Rejected { setting, cases: evidence.cases, least };
            break;
        }
        cell = match (cell, evidence.verdict) {
            (Cell::Inconclusive, _) | (_, Verdict::Inconclusive) => Cell::Inconclusive,
            (cell, Verdict::NotApplicable) => cell,
            _ => Cell::Accepted,
        };
    }
    cell
}

/// Events over which the distance of a wrong picker is averaged.
const AVERAGED: u64 = 4_000;

/// The fewest events that could reject a wrong picker; `None` of other claims, and where the law of
/// the picker is not known.
fn least_events(claim: &Claim, fault: &Fault, model: &Model, options: &Options) -> Option<u64> {
    let System { marks, apply, couple, .. } = fault.system;
    let picks_alone = marks.is_none() && apply.is_none() && couple.is_none();
    if claim.id != "transition-law" || !picks_alone {
        return None;
    }
    let found = divergence(fault, model, options.seed, AVERAGED)?;
    (found.per_pick > 0.0).then(|| found.least_events(options.alpha).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::{Erratum, find};

    /// What a claim of the registry with another check says to a fault of the picker.
    fn cell(
        expected: Expected,
        run: fn(&Claim, &claims::Setting<'_>) -> Evidence,
        applies: bool,
    ) -> Cell {
        let known = find("eq-4.12").unwrap();
        let hypotheses: &[claims::Hypothesis] =
            if applies { &[] } else { &[claims::Hypothesis::ServersAtMost(0)] };
        let claim = Claim { expected, run, hypotheses, id: "planted", ..*known };
        against(&claim, faults::JOIN_LONGEST, &settings()[..2], &Options::default())
    }

    #[test]
    fn a_crash_rejects_nothing_and_a_claim_that_does_not_apply_accepts_nothing() {
        let listed = settings().into_iter().any(|setting| setting.of_matrix);
        assert!(listed && find("eq-4.12").unwrap().rejects.contains(&faults::JOIN_LONGEST));
        let holds = |_: &Claim, _: &claims::Setting<'_>| Evidence::of_test(Verdict::Holds, 1, "");
        for expected in [Expected::Holds, Expected::Violated(Erratum::Substance)] {
            let crashed = cell(expected, |_, _| panic!("planted"), true);
            assert!(matches!(crashed, Cell::Crashed { .. }), "{crashed:?}");
            assert_eq!(cell(expected, holds, false), Cell::NotApplicable);
        }
        assert_eq!(cell(Expected::Holds, holds, true), Cell::Accepted);
        let violated = |_: &Claim, _: &claims::Setting<'_>| Evidence::violated(7, "");
        let rejected = cell(Expected::Holds, violated, true);
        assert!(matches!(rejected, Cell::Rejected { cases: 7, least: None, .. }), "{rejected:?}");
    }

    #[test]
    fn a_matrix_with_a_crash_is_not_complete() {
        let options = Options { only: vec!["eq-4.12".to_owned()], ..Options::default() };
        let claim = claims_of(&options)[0];
        let crashing = faults::ALL.iter().position(|fault| !claim.rejects.contains(fault)).unwrap();
        let matrix = |crash: bool| {
            let rejected = || Cell::Rejected { setting: "k22".to_owned(), cases: 1, least: None };
            let of = |(at, fault): (usize, &&'static Fault)| {
                let cell = if at == crashing && crash {
                    Cell::Crashed { setting: "k22".to_owned(), found: "planted".to_owned() }
                } else if claim.rejects.contains(fault) {
                    rejected()
                } else {
                    Cell::Accepted
                };
                Check { claim: 0, microseconds: 1, found: Found::Fault(at, cell) }
            };
            let found =
                Found::Reference { failures: Vec::new(), telling: true, asks_the_subject: true };
            let reference = Check { claim: 0, microseconds: 1, found };
            let checks = faults::ALL.iter().enumerate().map(of).chain([reference]);
            Matrix::of(&options, checks.collect::<Vec<_>>())
        };
        assert!(matrix(false).claims_are_sound() && !matrix(true).claims_are_sound());
        assert!(!matrix(true).is_complete());
    }

    #[test]
    fn what_says_nothing_or_is_vacuous_on_every_setting_is_not_telling() {
        let holds = |_: &Claim, _: &claims::Setting<'_>| Evidence::of_test(Verdict::Holds, 1, "");
        let vacuous = |_: &Claim, _: &claims::Setting<'_>| Evidence {
            vacuous: true,
            ..Evidence::of_test(Verdict::Holds, 1, "")
        };
        let nowhere: &[claims::Hypothesis] = &[claims::Hypothesis::ServersAtMost(0)];
        type Run = fn(&Claim, &claims::Setting<'_>) -> Evidence;
        let table: [(Run, &'static [claims::Hypothesis], bool); 3] =
            [(holds, &[], true), (vacuous, &[], false), (holds, nowhere, false)];
        for (run, hypotheses, expected) in table {
            let claim = Claim { run, hypotheses, id: "planted", ..*find("eq-4.12").unwrap() };
            let found = reference(&claim, &settings()[..2], &Options::default());
            let Found::Reference { failures, telling, .. } = found else { panic!("{found:?}") };
            assert_eq!((telling, failures.len()), (expected, 0));
        }
    }

    #[test]
    fn what_a_claim_does_not_decide_it_does_not_reject() {
        let open =
            |_: &Claim, _: &claims::Setting<'_>| Evidence::of_test(Verdict::Inconclusive, 1, "");
        assert_eq!(cell(Expected::Holds, open, true), Cell::Inconclusive);
    }
}
