//! Are the marks of a stream independent draws of the stated law?
//!
//! Each feature of a mark has a known probability whatever the marks before it, and few values of
//! it. So numbers of cases and hits are enough, and hundreds of thousands of marks cost no more
//! than drawing them: what is rare, slight, or shows only from one mark to the next is seen here.
//!
//! The wealth of bets on tilts, as in [`crate::stats::tilts`], is a function of these numbers.
//!
//! # Source
//! Section 2; Ville's inequality.

use crate::claims::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::faults;
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::Model;
use crate::simulate::marks::{DrawnAhead, Mark};
use crate::stats::spending;
use crate::stats::tilts;

/// Draws without a look at queues.
pub(crate) const MARKS_LAW: Claim = Claim {
    id: "marks-law",
    source: "section 2, uniformised",
    paper: &["Section 2"],
    statement: "whatever the marks before, the next one has its stated law: arrival, type, \
        samples, or a server's clock",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "odds of a kind, type, sample or server, given the mark before, off by the \
            factor exp(0.3)",
        observations: 600_000,
        unit: "marks",
    }),
    policies: Policies::Paper,
    hypotheses: &[Hypothesis::EdgesAtMost(1 << 22)],
    rejects: &[faults::SLOW_SERVICE, faults::ARRIVAL_RATE_INVERTED, faults::ALIAS_SIDES_SWAPPED],
    run: |claim, setting| Evidence::or_violated(|seen| marks_law(claim, setting, seen)),
};

/// Marks of a graph; more where arrivals are rare.
const MARKS: f64 = 600_000.0;
/// Marks that are drawn at a time; whole blocks of them.
const BLOCK: usize = 4096;
/// Tilts of the log-odds; *holds* excludes [`EXCLUDED`], both ways.
const TILTS: [f64; 12] = tilts::signed([0.02, 0.05, 0.1, 0.3, 1.0, 2.0]);
const EXCLUDED: f64 = 0.3;
/// From this variance of its number of hits on a feature is certain to exclude that tilt.
const ENOUGH: f64 = 6_000.0;

/// An event whose probability depends on the group that the past puts it in.
struct Feature {
    what: &'static str,
    groups: Vec<Group>,
}

#[derive(Clone, Copy)]
struct Group {
    p: f64,
    seen: u64,
    hits: u64,
}

impl Feature {
    fn new(what: &'static str, probabilities: impl IntoIterator<Item = f64>) -> Self {
        Self {
            what,
            groups: probabilities.into_iter().map(|p| Group { p, seen: 0, hits: 0 }).collect(),
        }
    }

    #[inline]
    fn observe(&mut self, group: usize, hit: bool) {
        let group = &mut self.groups[group];
        group.seen += 1;
        group.hits += u64::from(hit);
    }

    fn open(&self) -> impl Iterator<Item = &Group> + Clone {
        self.groups.iter().filter(|group| group.p > 0.0 && group.p < 1.0)
    }

    /// Whether what cannot be has happened, or what must be has not.
    fn is_impossible(&self) -> bool {
        self.groups.iter().any(|group| {
            group.p <= 0.0 && group.hits > 0 || group.p >= 1.0 && group.hits < group.seen
        })
    }

    fn log_wealth(&self, tilt: f64) -> f64 {
        self.open()
            .map(|group| {
                let log_mean = tilts::log_mean_of_event(tilt, group.p);
                group.hits as f64 * tilt - group.seen as f64 * log_mean
            })
            .sum()
    }

    fn variance(&self) -> f64 {
        self.open().map(|group| group.seen as f64 * group.p * (1.0 - group.p)).sum()
    }
}

/// Every feature of a stream, and the marks before.
struct Draws<'a> {
    model: &'a Model,
    arrival: [Feature; 3],
    types: [Feature; 3],
    samples: [Feature; 5],
    servers: [Feature; 4],
    /// The place of each task type's degree among the groups.
    degrees: Vec<usize>,
    was_arrival: Option<bool>,
    last_type: Option<u32>,
    last_sample: Option<u32>,
    last_server: Option<u32>,
}

impl<'a> Draws<'a> {
    fn new(model: &'a Model) -> Self {
        let graph = model.graph();
        let (n, m) = (graph.n_servers(), graph.n_task_types());
        let arrival = model.lambda() / (1.0 + model.lambda());
        let of_type = |w: u32| graph.weight(w % m) as f64 / graph.total_weight() as f64;
        let mut known: Vec<usize> = (0..m).map(|w| graph.task_degree(w)).collect();
        known.sort_unstable();
        known.dedup();
        let one_of =
            |what| Feature::new(what, known.iter().map(|&degree| 1.0 / degree.max(1) as f64));
        let server = |what| Feature::new(what, [1.0 / f64::from(n)]);
        Self {
            arrival: ["an arrival", "an arrival after an arrival", "an arrival after a service"]
                .map(|what| Feature::new(what, [arrival])),
            types: [
                Feature::new("the last task type", [of_type(m - 1)]),
                Feature::new("the task type of the arrival before", (0..m).map(of_type)),
                Feature::new(
                    "the next task type after the one before",
                    (0..m).map(|w| of_type(w + 1)),
                ),
            ],
            samples: [
                one_of("a sample that is the first server of its task type"),
                one_of("a sample that is the last server of its task type"),
                one_of("a sample that is the first sample again"),
                one_of("a sample that is the one before again"),
                one_of("a first sample that is the last one of the arrival before"),
            ],
            servers: [
                server("the clock of the first server"),
                server("the clock of the last server"),
                server("the same clock as before"),
                server("the next clock after the one before"),
            ],
            degrees: (0..m)
                .map(|w| known.partition_point(|&degree| degree < graph.task_degree(w)))
                .collect(),
            model,
            was_arrival: None,
            last_type: None,
            last_sample: None,
            last_server: None,
        }
    }

    /// Takes the next mark; what is wrong with it whatever its probability.
    fn observe(&mut self, mark: Mark<'_>) -> Result<(), String> {
        let graph = self.model.graph();
        let is_arrival = matches!(mark, Mark::Arrival { .. });
        self.arrival[0].observe(0, is_arrival);
        if let Some(before) = self.was_arrival.replace(is_arrival) {
            self.arrival[if before { 1 } else { 2 }].observe(0, is_arrival);
        }
        match mark {
            Mark::Arrival { task_type, samples } => {
                let m = graph.n_task_types();
                if task_type >= m {
                    return Err(format!("an arrival of task type {task_type} of {m}"));
                }
                self.types[0].observe(0, task_type == m - 1);
                if let Some(before) = self.last_type.replace(task_type) {
                    self.types[1].observe(before as usize, task_type == before);
                    self.types[2].observe(before as usize, task_type == (before + 1) % m);
                }
                self.observe_samples(task_type, samples)
            }
            Mark::Service { server } => {
                let n = graph.n_servers();
                if server >= n {
                    return Err(format!("the clock of server {server} of {n}"));
                }
                self.servers[0].observe(0, server == 0);
                self.servers[1].observe(0, server == n - 1);
                if let Some(before) = self.last_server.replace(server) {
                    self.servers[2].observe(0, server == before);
                    self.servers[3].observe(0, server == (before + 1) % n);
                }
                Ok(())
            }
        }
    }

    fn observe_samples(&mut self, task_type: u32, samples: &[u32]) -> Result<(), String> {
        let servers = self.model.graph().servers_of(task_type);
        let wanted = if servers.is_empty() { 0 } else { self.model.d() as usize };
        if samples.len() != wanted {
            let n_samples = samples.len();
            return Err(format!("{n_samples} samples of task type {task_type}, not {wanted}"));
        }
        let Some((&first, &last)) = samples.first().zip(samples.last()) else { return Ok(()) };
        let group = self.degrees[task_type as usize];
        let (lowest, highest) = (servers.at(0), servers.at(servers.len() - 1));
        for (at, &sample) in samples.iter().enumerate() {
            if !servers.contains(sample) {
                return Err(format!(
                    "server {sample} is sampled for task type {task_type}, which it is not \
                     compatible with"
                ));
            }
            self.samples[0].observe(group, sample == lowest);
            self.samples[1].observe(group, sample == highest);
            if at > 0 {
                self.samples[2].observe(group, sample == first);
            }
            if at > 1 {
                self.samples[3].observe(group, sample == samples[at - 1]);
            }
        }
        if let Some(before) = self.last_sample.replace(last)
            && servers.contains(before)
        {
            self.samples[4].observe(group, first == before);
        }
        Ok(())
    }

    fn features(&self) -> impl Iterator<Item = &Feature> + Clone {
        self.arrival.iter().chain(&self.types).chain(&self.samples).chain(&self.servers)
    }

    /// The verdict, with what is most against the law.
    fn verdict(&self, alpha: f64) -> (Verdict, String) {
        spending::record_asked(self, alpha);
        if let Some(feature) = self.features().find(|feature| feature.is_impossible()) {
            return (Verdict::Violated, format!("against its law outright: {}", feature.what));
        }
        let wealth = || {
            self.features().flat_map(move |feature| {
                TILTS.into_iter().map(move |tilt| (feature, tilt, feature.log_wealth(tilt)))
            })
        };
        if tilts::rejects(wealth().map(|(_, _, log)| log), alpha) {
            let strongest = wealth().max_by(|a, b| a.2.total_cmp(&b.2));
            let found = strongest.map_or_else(String::new, |(feature, tilt, _)| {
                let how = if tilt > 0.0 { "too frequent" } else { "too rare" };
                format!("{} is {how}", feature.what)
            });
            return (Verdict::Violated, found);
        }
        let needed: Vec<&Feature> = self.arrival[..1]
            .iter()
            .chain(self.features().skip(1).filter(|feature| feature.variance() >= ENOUGH))
            .collect();
        let threshold = tilts::threshold(self.features().count(), alpha);
        let excluded = |feature: &&Feature| {
            [EXCLUDED, -EXCLUDED].iter().all(|&tilt| feature.log_wealth(tilt) <= -threshold)
        };
        let verdict = Verdict::of(false, needed.iter().all(excluded));
        // The largest may be 1, of a feature that nothing was bet on.
        let least = wealth().map(|(_, _, log)| log).fold(f64::INFINITY, f64::min);
        let found = format!(
            "{} features exclude tilts of {EXCLUDED} in the log-odds, the least wealth 1e{:.3}",
            needed.len(),
            least / std::f64::consts::LN_10
        );
        (verdict, found)
    }
}

fn marks_law(claim: &Claim, setting: &Setting<'_>, seen: &mut u64) -> Result<Evidence, String> {
    let model = setting.model;
    let system = setting.subject.system(model);
    let mut draws = Draws::new(model);
    let marks =
        (MARKS * (0.03 / model.lambda()).clamp(1.0, 4.0)) as u64 * u64::from(setting.plan.effort);
    let marks = marks.next_multiple_of(BLOCK as u64);
    let stream = setting.subject.marks(&system, setting.seed(claim.id), 0);
    let mut stream = DrawnAhead::in_blocks(stream, system.d(), BLOCK);
    while *seen < marks {
        let mark =
            stream.next_mark().ok_or_else(|| format!("the stream ends after {seen} marks"))?;
        *seen += 1;
        draws.observe(mark)?;
    }
    without_servers(setting, setting.seed(&format!("{}, isolated", claim.id)))?;
    let ((verdict, found), alpha) = (draws.verdict(setting.alpha), setting.alpha / 2.0);
    let summary = format!("{seen} marks: {found} (error probability {alpha:.1e})");
    Ok(Evidence::of_test(verdict, *seen, summary))
}

/// A task type without servers has no samples, whatever the graph at hand.
fn without_servers(setting: &Setting<'_>, seed: u64) -> Result<(), String> {
    let graph = BipartiteGraph::from_edges(2, 2, &[(0, 1), (1, 1)], Isolated::Drop)
        .map_err(|error| error.to_string())?;
    let model = Model::with_load(graph, setting.model.load().clone(), setting.model.d())
        .map_err(|error| error.to_string())?;
    let system = setting.subject.system(&model);
    let stream = setting.subject.marks(&system, seed, 0);
    let mut draws = Draws::new(&model);
    let mut stream = DrawnAhead::in_blocks(stream, system.d(), 256);
    stream.take(256).try_for_each(|mark| draws.observe(mark))
}
