//! Options that several commands share, and how they are read.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use console::Term;
use num_traits::Zero;
use serde_json::{Value, json};

use super::output::{Failure, warn};
use crate::claims;
use crate::graph::format::{self, Format};
use crate::graph::source::{self, GraphSource};
use crate::graph::{BipartiteGraph, Isolated};
use crate::model::policy::Policy;
use crate::model::{Load, Model, ModelError};
use crate::num::input_limits::MIN_PROBABILITY;
use crate::num::ratio;
use crate::report::page::Look;

/// How a graph is read.
#[derive(Args, Clone)]
pub struct GraphOptions {
    /// Seed of random graph specs
    #[arg(long, default_value_t = 1, value_name = "SEED", allow_negative_numbers = true)]
    pub graph_seed: u64,
    /// Format of the graph file [default: from the file extension]
    #[arg(long, value_enum)]
    pub format: Option<FormatName>,
    /// What to do with task types that have no server
    #[arg(long, value_enum, default_value = "refuse")]
    pub isolated: IsolatedChoice,
    /// Read the arrival rates of the task types from FILE: lines `task_type rate`, or CSV with the
    /// header `task_type,rate`. Only their ratios matter: lambda is still the load per server
    #[arg(long, value_name = "FILE")]
    pub rates: Option<PathBuf>,
}

/// The formats of graph files.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// Lines `server task_type [rate]`, ids from 0
    EdgeList,
    /// Header `server,task_type` or `server,task_type,rate`, any labels
    Csv,
    /// Matrix Market coordinate or array, and KONECT-style files
    MatrixMarket,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::EdgeList => Self::EdgeList,
            FormatName::Csv => Self::Csv,
            FormatName::MatrixMarket => Self::MatrixMarket,
        }
    }
}

/// What to do with isolated task types.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IsolatedChoice {
    /// Refuse the graph, and name them
    Refuse,
    /// Keep the graph; their tasks are lost, and every output says so
    Drop,
}

impl GraphOptions {
    /// Reads or makes the graph.
    pub fn load(&self, text: &str) -> Result<BipartiteGraph, Failure> {
        let isolated = match self.isolated {
            IsolatedChoice::Refuse => Isolated::Refuse,
            IsolatedChoice::Drop => Isolated::Drop,
        };
        let mut graph =
            source::load(text, self.format.map(Format::from), self.graph_seed, isolated)?;
        if let Some(path) = &self.rates {
            graph = format::read_rates_path(path, graph)?;
        }
        let lost = graph.isolated_task_types().len();
        if lost > 0 {
            let (all, left) = (graph.n_task_types(), 1.0 - ratio::to_f64(&graph.lost_share()));
            warn(&format!(
                "{lost} of {all} task types have no server; their tasks are lost, and the load per \
                 server is {left:.6} lambda"
            ));
        }
        Ok(graph)
    }

    /// The words by which a user names this graph again.
    pub fn arguments(&self, text: &str) -> Vec<String> {
        let random =
            matches!(GraphSource::parse(text), Ok(GraphSource::Spec(spec)) if spec.is_random());
        let format = self.format.and_then(|name| name.to_possible_value());
        let drops = self.isolated == IsolatedChoice::Drop;
        let options = [
            ("--graph-seed", random.then(|| self.graph_seed.to_string())),
            ("--format", format.map(|format| format.get_name().to_owned())),
            ("--isolated", drops.then(|| "drop".to_owned())),
            ("--rates", self.rates.as_ref().map(|path| path.display().to_string())),
        ];
        let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
        std::iter::once(text.to_owned()).chain(given.flatten()).collect()
    }
}

/// How unequal the rates of the task types are, for people; `None` if they are equal.
pub fn unequal_rates(graph: &BipartiteGraph) -> Option<String> {
    graph.rates()?;
    let (least, most) = graph.rate_range();
    Some(format!("from {} to {} times the mean", claims::show(&least), claims::show(&most)))
}

/// The policy of a model, for programs: its text in full; the paper's d and the number of samples
/// where it is `jsq(d), replacement`, else null.
pub fn put_policy(value: &mut Value, policy: &Policy) {
    value["policy"] = json!(policy.to_string());
    value["d"] = json!(policy.paper_d());
}

/// The relative rates' range, for programs.
pub fn rates_object(graph: &BipartiteGraph) -> Value {
    let (least, most) = graph.rate_range();
    json!({
        "equal": graph.rates().is_none(),
        "least": ratio::to_f64(&least),
        "largest": ratio::to_f64(&most),
    })
}

/// lambda and the policy.
#[derive(Args, Clone)]
pub struct ModelOptions {
    /// Load per server, between 0 and 1: a decimal or a fraction
    #[arg(long, default_value = "0.8", allow_negative_numbers = true)]
    pub lambda: String,
    /// Number of servers that each task samples, with replacement: short for --policy
    /// 'jsq(D), replacement' [default: 2]
    #[arg(
        short = 'd',
        long = "choices",
        value_name = "D",
        allow_negative_numbers = true,
        conflicts_with = "policy"
    )]
    d: Option<u32>,
    /// How tasks choose among their servers: 'jsq(2), distinct', 'jsq(all)', 'random', ...;
    /// `fluidcheck explain policies` lists the items
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
}

impl ModelOptions {
    /// The load.
    pub fn load(&self) -> Result<Load, Failure> {
        Ok(Load::parse(&self.lambda)?)
    }

    /// The policy, where `--policy` names one.
    pub fn policy(&self) -> Result<Option<Policy>, Failure> {
        Ok(self.policy.as_deref().map(str::parse).transpose()?)
    }

    /// The policy, by `--policy` or by d, 2 if neither is given.
    pub fn chosen_policy(&self) -> Result<Policy, Failure> {
        if let Some(policy) = self.policy()? {
            return Ok(policy);
        }
        let given = self.d.unwrap_or(2);
        Ok(Policy::jsq(given).map_err(|_| ModelError::Choices { given })?)
    }

    /// The policy and the d of (3.5), without a graph.
    pub fn limit(&self) -> Result<(Policy, u32), Failure> {
        let policy = self.chosen_policy()?;
        match policy.limit_d() {
            Some(d) => Ok((policy, d)),
            None => Err(Failure::Message(format!(
                "`{policy}` has no limit (3.5) without a graph: possible are jsq(D) and random, \
                 without weights, on the lengths of now; `fluidcheck simulate` takes any policy"
            ))),
        }
    }

    /// The model on `graph`.
    pub fn model(&self, graph: BipartiteGraph) -> Result<Model, Failure> {
        let load = self.load()?;
        if graph.n_edges() == 0 {
            return Err(Failure::Message(
                "no task type has a server: all tasks are lost at any load".to_owned(),
            ));
        }
        let Some(policy) = self.policy()? else {
            return Ok(Model::with_load(graph, load, self.d.unwrap_or(2))?);
        };
        let Some(file) = policy.weights().map(str::to_owned) else {
            return Ok(Model::with_policy(graph, load, policy, None)?);
        };
        let weights = format::read_weights_path(Path::new(&file), &graph)?;
        let none = |&w: &u32| {
            let mut servers = graph.servers_of(w).iter();
            graph.task_degree(w) > 0 && servers.all(|v| weights[v as usize].is_zero())
        };
        if let Some(w) = (0..graph.n_task_types()).find(none) {
            return Err(Failure::Message(format!(
                "{file}: no server of task type {} has a positive weight: give one of its {} \
                 servers a weight above 0",
                graph.task_type_name(w),
                graph.task_degree(w)
            )));
        }
        Model::with_policy(graph, load, policy, Some(weights))
            .map_err(|error| Failure::Message(format!("{file}: {error}")))
    }
}

/// A graph of the user's with its load and policy.
#[derive(Args, Clone)]
pub struct SystemOptions {
    /// Graph file or spec
    #[arg(value_name = "GRAPH")]
    pub graph: String,
    #[command(flatten)]
    pub options: GraphOptions,
    #[command(flatten)]
    model: ModelOptions,
}

impl SystemOptions {
    /// Reads or makes the graph, once the load is known to be one.
    pub fn model(&self) -> Result<Model, Failure> {
        self.model.load()?;
        self.model.model(self.options.load(&self.graph)?)
    }

    /// The first lines of a table for people: what of which system, and how its tasks arrive.
    pub fn heading(&self, what: &str, model: &Model) -> String {
        let (load, policy) = (model.load().exact(), model.policy());
        let isolated = model.graph().isolated_task_types().len();
        let mut text = format!("{what} of {}, lambda = {load}, {policy}\n", self.graph);
        if isolated > 0 {
            text.push_str(&format!("{isolated} task types have no server: their tasks are lost\n"));
        }
        if let Some(rates) = unequal_rates(model.graph()) {
            let limit =
                if model.limit_d().is_some() { "; q* is the limit for equal rates" } else { "" };
            text.push_str(&format!("task types arrive at rates {rates}{limit}\n"));
        }
        text
    }
}

/// A probability strictly between 0 and 1, and not so small that a share of it is 0.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < MIN_PROBABILITY => {
            Err(format!("must be at least {MIN_PROBABILITY:e}, such as 1e-6"))
        }
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("must be a number strictly between 0 and 1, such as 1e-6".to_owned()),
    }
}

/// A list of times.
pub fn times(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("must be a finite time of at least 0, such as 0.1,1,10".to_owned()),
    }
}

/// Whether progress may be shown: on a terminal, and not when asked to be quiet.
pub fn shows_progress(quiet: bool) -> bool {
    !quiet && std::io::stderr().is_terminal()
}

/// Refuses ids that no claim has, given by `option`.
pub fn check_claims<'a>(
    option: &str,
    mut ids: impl Iterator<Item = &'a String>,
) -> Result<(), Failure> {
    match ids.find_map(|id| claims::find(id).err()) {
        None => Ok(()),
        Some(error) => Err(Failure::Message(format!("{option}: {error}"))),
    }
}

/// How text for people looks.
#[derive(Args, Clone, Copy)]
pub struct LookOptions {
    /// When to colour the text
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    color: Color,
}

/// When to colour.
#[derive(Clone, Copy, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set or CLICOLOR is 0
    Auto,
    /// Into files and pipes too
    Always,
    /// Not at all
    Never,
}

impl LookOptions {
    /// Colours as asked for; lines as long as COLUMNS says, else as the terminal is wide.
    pub fn look(self) -> Look {
        let stated = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let terminal = Term::stdout();
        let width = match stated.or_else(|| terminal.size_checked().map(|(_, width)| width)) {
            // Narrower columns would hold a word each.
            Some(width) if width > 0 => usize::from(width).max(40),
            _ => Look::PLAIN.width,
        };
        let color = match self.color {
            // An empty NO_COLOR counts as none.
            Color::Auto => {
                console::colors_enabled()
                    && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty())
            }
            Color::Always => true,
            Color::Never => false,
        };
        Look { width, color }
    }
}
