//! The power of the registry: which claim rejects which wrong model, on which input, at which cost.
//!
//! A check that cannot fail is worse than none. So every claim is run on the *proving settings*, small systems of many kinds with several loads and d,
//! with the reference and with each fault. The reference must get the expected verdict everywhere and a telling one somewhere; every
//! fault must be rejected by some claim; every claim must reject each fault that it lists.
//!
//! | part of the matrix | run |
//! |---|---|
//! | pairs that a claim lists | on all its settings until one rejects |
//! | other pairs, with [`Depth::Full`] | on the [`Setting::of_matrix`] ones; a statistical claim only against faults of the system that runs, and only if it looks at the system at all, since nothing else moves its data |
//!
//! A claim that stands for an error of the printed paper rejects a fault where its expected violation is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use crate::claims::{self, CasePlan, Claim, Evidence, Expected, Kind, Scope, Setting as Checked, Verdict};
use crate::faults::Fault;
use crate::graph::{BipartiteGraph, GraphError, Isolated};
use crate::machinery::UnderCheck;
use crate::marks::{Mark, MarkStream};
use crate::model::{Event, Model};
use crate::randomness::Coins;
use crate::simulate::Queues;
use crate::stationary::Samples;
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

/// Types from their servers.
fn from_types(n: u32, types: &[&[u32]]) -> Result<BipartiteGraph, GraphError> {
    let edges: Vec<_> = types.iter().zip(0..).flat_map(|(servers, w)| servers.iter().map(move |&v| (v, w))).collect();
    BipartiteGraph::from_edges(n, types.len() as u32, &edges, Isolated::Refuse)
}

/// The proving graphs, the smallest first.
fn graphs() -> Result<Vec<(&'static str, BipartiteGraph)>, GraphError> {
    let cycle: Vec<_> = (0..5).flat_map(|w| [(w, w), ((w + 1) % 5, w)]).collect();
    let two_components: Vec<_> = (0..4).flat_map(|v| (0..2).map(move |k| (v, v / 2 * 2 + k))).collect();
    // Every server v of 12 serves the types w of 8 with v w + v + 3 w < 20 or v = w modulo 8: degrees from 1 to 8.
    let irregular: Vec<_> =
        (0..12).flat_map(|v| (0..8).map(move |w| (v, w))).filter(|&(v, w)| v * w + v + 3 * w < 20 || v % 8 == w).collect();
    Ok(vec![
        ("k22", from_types(2, &[&[0, 1], &[0, 1]])?),
        ("private2", from_types(2, &[&[0], &[0, 1]])?),
        ("path3", from_types(3, &[&[0, 1], &[1, 2]])?),
        ("k32", from_types(3, &[&[0, 1, 2], &[0, 1, 2]])?),
        ("more types than servers", from_types(3, &[&[0], &[0, 1], &[1, 2], &[0, 1, 2], &[2]])?),
        ("idle server", from_types(4, &[&[0, 1], &[0, 2], &[2]])?),
        ("cycle5", BipartiteGraph::from_edges(5, 5, &cycle, Isolated::Refuse)?),
        ("twocomp_regular_4", BipartiteGraph::from_edges(4, 4, &two_components, Isolated::Refuse)?),
        ("hub and leaves", from_types(6, &[&[0], &[0, 1, 2, 3, 4, 5], &[1, 2], &[3, 4, 5], &[5, 0]])?),
        ("irregular12", BipartiteGraph::from_edges(12, 8, &irregular, Isolated::Refuse)?),
        ("regular, its degrees by component", from_types(4, &[&[0, 1], &[0, 1], &[2], &[3]])?),
        ("complete6x3, implicit", BipartiteGraph::complete(6, 3)?),
    ])
}

/// Where statistical claims prove their power: as few settings as show every fault, since each costs seconds.
const STATISTICAL: [&str; 4] = [
    "k22, lambda 0.8, d 2",
    "path3, lambda 0.3, d 2",
    "more types than servers, lambda 0.3, d 2",
    "hub and leaves, lambda 0.3, d 2",
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
    let graphs = graphs().expect("the proving graphs are valid");
    let loads = [(0.3, 2), (0.8, 2), (0.3, 1), (0.8, 3)];
    graphs
        .into_iter()
        .flat_map(|(name, graph)| loads.map(|(lambda, d)| (format!("{name}, lambda {lambda}, d {d}"), graph.clone(), lambda, d)))
        .map(|(name, graph, lambda, d)| Setting {
            statistical: STATISTICAL.contains(&name.as_str()),
            of_matrix: OF_MATRIX.contains(&name.as_str()),
            model: Model::new(graph, lambda, d).expect("the proving loads are valid"),
            name,
        })
        .collect()
}

/// The settings of a claim: theories are checked once whatever the graph.
pub fn settings_of<'a>(claim: &Claim, settings: &'a [Setting]) -> Vec<&'a Setting> {
    match (claim.scope, claim.kind) {
        (Scope::Theory, _) => settings.iter().take(1).collect(),
        (Scope::Graph, Kind::Statistical) => settings.iter().filter(|setting| setting.statistical).collect(),
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
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Rejected on the setting of this name, after so many cases, events or replications.
    Rejected {
        /// The setting.
        setting: String,
        /// The cost.
        cases: u64,
    },
    /// Every verdict was the one of the reference.
    Accepted,
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
    /// For each fault of [`Fault::ALL`].
    pub cells: Vec<Cell>,
    /// Settings where the reference did not get the expected verdict, with what was found.
    pub failures: Vec<String>,
    /// Whether the reference got a verdict that says something on some setting: neither vacuous nor not applicable.
    pub telling: bool,
    /// CPU seconds of all its checks.
    pub seconds: f64,
}

impl Line {
    /// The faults that the claim rejects.
    pub fn rejects(&self) -> impl Iterator<Item = Fault> + '_ {
        Fault::ALL.iter().zip(&self.cells).filter(|(_, cell)| matches!(cell, Cell::Rejected { .. })).map(|(&fault, _)| fault)
    }

    /// The faults that the claim lists and does not reject.
    pub fn missed(&self) -> impl Iterator<Item = Fault> + '_ {
        self.claim.rejects.iter().copied().filter(|fault| !self.rejects().any(|rejected| rejected == *fault))
    }

    /// Whether the claim has shown that it can fail. An erratum has by its expected violation.
    pub fn has_power(&self) -> bool {
        self.rejects().next().is_some() || self.claim.expected == Expected::Violated
    }
}

/// The matrix claims x faults.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// In the order of the registry.
    pub lines: Vec<Line>,
    /// Whether every claim is there; some alone cannot reject all faults.
    pub whole: bool,
    /// The seed of all randomness.
    pub seed: u64,
    /// The error probability of each statistical check.
    pub alpha: f64,
}

impl Matrix {
    /// Faults that no claim rejects.
    pub fn survivors(&self) -> Vec<Fault> {
        Fault::ALL
            .iter()
            .copied()
            .filter(|fault| self.lines.iter().all(|line| line.rejects().all(|other| other != *fault)))
            .collect()
    }

    /// Whether every claim has power, rejects what it lists and says something, and the reference passes.
    pub fn claims_are_sound(&self) -> bool {
        self.lines
            .iter()
            .all(|line| line.has_power() && line.failures.is_empty() && line.telling && line.missed().next().is_none())
    }

    /// Whether, besides, every fault is rejected, if all claims were run.
    pub fn is_complete(&self) -> bool {
        (!self.whole || self.survivors().is_empty()) && self.claims_are_sound()
    }
}

/// The evidence of a claim about one system.
pub fn evaluate(claim: &Claim, under: UnderCheck<'_>, model: &Model, seed: u64, alpha: f64) -> Evidence {
    let plan = CasePlan { seed, effort: 1, only: None };
    let samples = Samples::new(under.subject, model, seed, 1_000_000);
    claim.evaluate(&Checked { subject: under.subject, machinery: under.machinery, model, plan, alpha, samples: &samples })
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

    fn pick(&self, model: &Model, task_type: u32, samples: &[u32], lengths: &[u32], rng: &mut Coins) -> u32 {
        self.note().pick(model, task_type, samples, lengths, rng)
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        self.note().apply(model, queues, mark, rng)
    }
}

/// One check of the matrix: a claim against a fault.
type Task = (usize, usize);

/// The faults that a claim is run against.
fn faults_for(claim: &Claim, options: &Options, asks_the_subject: bool) -> Vec<usize> {
    let wanted = |fault: &Fault| {
        let can_tell = claim.kind != Kind::Statistical || fault.changes_the_system() && asks_the_subject;
        claim.rejects.contains(fault) || options.depth == Depth::Full && can_tell
    };
    (0..Fault::ALL.len()).filter(|&at| wanted(&Fault::ALL[at])).collect()
}

/// Fills the matrix. `progress` is called after each claim and fault, from any thread, with the number of all.
pub fn matrix(options: &Options, progress: &(dyn Fn(usize) + Sync)) -> Matrix {
    let settings = settings();
    let claims: Vec<&'static Claim> =
        claims::all().filter(|claim| options.only.is_empty() || options.only.iter().any(|id| id == claim.id)).collect();
    // At most so many: a claim that does not ask the subject is spared some.
    let all = claims.iter().map(|claim| 1 + faults_for(claim, options, true).len()).sum();
    let references: Vec<(usize, Done)> = (0..claims.len())
        .into_par_iter()
        .with_max_len(1)
        .map(|at| {
            let start = Instant::now();
            let mut done = reference(claims[at], &settings, options);
            done.seconds = start.elapsed().as_secs_f64();
            progress(all);
            (at, done)
        })
        .collect();
    let mut tasks: Vec<Task> = Vec::new();
    for (at, done) in &references {
        tasks.extend(faults_for(claims[*at], options, done.asks_the_subject).into_iter().map(|fault| (*at, fault)));
    }
    // The long ones first.
    tasks.sort_by_key(|&(at, _)| (claims[at].kind != Kind::Statistical, at));
    let done: Vec<(Task, Done)> = tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|(at, fault)| {
            let start = Instant::now();
            let mut done = against(claims[at], Fault::ALL[fault], &settings, options);
            done.seconds = start.elapsed().as_secs_f64();
            progress(all);
            ((at, fault), done)
        })
        .collect();
    let mut lines: Vec<Line> = claims
        .into_iter()
        .map(|claim| Line {
            claim,
            cells: vec![Cell::NotRun; Fault::ALL.len()],
            failures: Vec::new(),
            telling: false,
            seconds: 0.0,
        })
        .collect();
    for (at, done) in references {
        let line = &mut lines[at];
        (line.failures, line.telling, line.seconds) = (done.failures, done.telling, done.seconds);
    }
    for ((at, fault), done) in done {
        lines[at].seconds += done.seconds;
        lines[at].cells[fault] = done.cell;
    }
    Matrix { lines, whole: options.only.is_empty(), seed: options.seed, alpha: options.alpha }
}

struct Done {
    cell: Cell,
    failures: Vec<String>,
    telling: bool,
    asks_the_subject: bool,
    seconds: f64,
}

fn reference(claim: &Claim, settings: &[Setting], options: &Options) -> Done {
    let mut done = Done { cell: Cell::Accepted, failures: Vec::new(), telling: false, asks_the_subject: false, seconds: 0.0 };
    for setting in settings_of(claim, settings) {
        let subject = Watched::default();
        let evidence = evaluate(claim, UnderCheck::system(&subject), &setting.model, options.seed, options.alpha);
        done.asks_the_subject |= subject.0.into_inner();
        if !claim.is_expected(evidence.verdict) {
            done.failures.push(format!("{} on {}: {} ({})", claim.id, setting.name, evidence.verdict, evidence.summary));
        }
        done.telling |= evidence.verdict != Verdict::NotApplicable && !evidence.vacuous;
    }
    done
}

fn against(claim: &Claim, fault: Fault, settings: &[Setting], options: &Options) -> Done {
    let listed = claim.rejects.contains(&fault);
    let mut cell = Cell::Accepted;
    for setting in settings_of(claim, settings) {
        // Theories have one setting, whichever it is.
        if !listed && claim.scope == Scope::Graph && !setting.of_matrix {
            continue;
        }
        let evidence = evaluate(claim, UnderCheck::both(&fault), &setting.model, options.seed, options.alpha);
        let rejected = match claim.expected {
            Expected::Holds => evidence.verdict == Verdict::Violated,
            // The error of the print must be seen; where it is not, the fault is.
            Expected::Violated => !claim.is_expected(evidence.verdict),
        };
        if rejected {
            cell = Cell::Rejected { setting: setting.name.clone(), cases: evidence.cases };
            break;
        }
        if evidence.verdict == Verdict::Inconclusive {
            cell = Cell::Inconclusive;
        }
    }
    Done { cell, failures: Vec::new(), telling: false, asks_the_subject: true, seconds: 0.0 }
}
