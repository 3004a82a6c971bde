//! Arrival rates in files: the third column of graph files, and rates files.
//!
//! A rate belongs to a task type, so that a graph file may give it on any line of the type, and
//! more than once if it is the same. Rates are decimals or fractions, read exactly.

use std::collections::HashMap;
use std::io::BufRead;

use num_traits::Signed;

use super::collect::Lines;
use super::error::shown;
use super::records::Records;
use super::{FormatError, Problem};
use crate::graph::BipartiteGraph;
use crate::graph::spec::digits;
use crate::num::ratio::{self, Ratio};

/// Rates as they were read, by task type: each with its text and its line. Texts are at most as
/// long as [`ratio::parse`] accepts.
#[derive(Default)]
pub(super) struct RateColumn(HashMap<u32, (Box<str>, u64)>);

fn parse(text: &str, column: usize) -> Result<Ratio, Problem> {
    let value = ratio::parse(text).ok().filter(|rate| !rate.is_negative());
    let rule = "a number of at least 0 and of ordinary size, such as 0.8 or 4/5";
    value.ok_or_else(|| Problem::Value { column, field: "rate", value: shown(text), rule })
}

impl RateColumn {
    /// Takes the rate of a task type from field `column` of a line.
    pub(super) fn push(
        &mut self,
        line: u64,
        task_type: u32,
        text: &str,
        column: usize,
        name: impl Fn() -> String,
    ) -> Result<(), Problem> {
        let text = text.trim();
        match self.0.get(&task_type) {
            Some((before, _)) if **before == *text => {}
            Some((before, first)) => {
                if parse(text, column)? != parse(before, column)? {
                    let (task_type, value) = (shown(&name()), shown(text));
                    let (other, first) = (before.to_string(), *first);
                    return Err(Problem::ContradictingRates { task_type, value, other, first });
                }
            }
            None => {
                parse(text, column)?;
                self.0.insert(task_type, (text.into(), line));
            }
        }
        Ok(())
    }

    fn line_of(&self, task_type: u32) -> Option<u64> {
        self.0.get(&task_type).map(|(_, line)| *line)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The graph with these rates.
    pub(super) fn apply(
        self,
        graph: BipartiteGraph,
        file: &str,
    ) -> Result<BipartiteGraph, FormatError> {
        let m = graph.n_task_types();
        // Before anything of size M is made.
        if self.0.len() < m as usize {
            let missing = (0..m).find(|w| !self.0.contains_key(w)).unwrap_or(0);
            return Err(Problem::MissingRate(shown(&graph.task_type_name(missing))).of(file));
        }
        let rate = |w: u32| {
            self.0.get(&w).map_or_else(
                || Ok(ratio::whole(0)),
                |(text, line)| parse(text, 2).map_err(|problem| problem.at(file, *line)),
            )
        };
        let rates = (0..m).map(rate).collect::<Result<Vec<_>, _>>()?;
        graph.with_rates(&rates).map_err(|error| Problem::Rates(error).of(file))
    }
}

/// How task types are found by the names that reports use.
enum Names {
    Ids(u32),
    Labels(HashMap<String, u32>),
}

impl Names {
    fn of(graph: &BipartiteGraph) -> Self {
        let m = graph.n_task_types();
        if graph.has_labels() {
            Self::Labels((0..m).map(|w| (graph.task_type_name(w), w)).collect())
        } else {
            Self::Ids(m)
        }
    }

    fn find(&self, text: &str) -> Result<u32, Problem> {
        let (found, rule) = match self {
            Self::Ids(m) => {
                let id = digits(text).filter(|id| id < m);
                (id, "they are called by their ids, from 0")
            }
            Self::Labels(labels) => {
                (labels.get(text).copied(), "they are called by their labels in the graph file")
            }
        };
        found.ok_or_else(|| Problem::UnknownTaskType { value: shown(text), rule })
    }
}

/// The graph with the arrival rates of a rates file in place of its own; `name` stands for the file
/// in errors.
///
/// Each line is `task_type rate`, with `#` before comments; or, after a header `task_type,rate`, a
/// CSV row (comments before the header only). Task types go by the names that reports use: their
/// labels, or their ids from 0 where the graph has no labels. Every task type needs exactly one
/// rate, a decimal or a fraction, 0 or more.
///
/// # Errors
/// [`FormatError`], with the line.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, format}, num::ratio::ratio};
/// let graph = format::read_rates("0 3  # hot\n1 1\n".as_bytes(), "example", BipartiteGraph::complete(2, 2)?)?;
/// assert_eq!(graph.relative_rate(0), ratio(3, 2));
/// let error = format::read_rates("0 3\n1 nan\n".as_bytes(), "example", graph).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "example:2: field 2 (rate) is `nan`: it must be a number of at least 0 and of ordinary size, \
///     such as 0.8 or 4/5"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_rates(
    reader: impl BufRead,
    file: &str,
    graph: BipartiteGraph,
) -> Result<BipartiteGraph, FormatError> {
    let names = Names::of(&graph);
    let mut rates = RateColumn::default();
    let mut take = |line: u64, task_type: &str, rate: &str| {
        let id = names.find(task_type)?;
        if let Some(first) = rates.line_of(id) {
            return Err(Problem::DuplicateRate { task_type: shown(task_type), first });
        }
        rates.push(line, id, rate, 2, || task_type.to_owned())
    };
    let mut lines = Lines::new(reader, file);
    let is_csv = loop {
        let Some(text) = lines.next()? else { break false };
        let text = text.split('#').next().unwrap_or("").trim();
        if text.is_empty() {
            continue;
        }
        if text.split(',').map(str::trim).eq(["task_type", "rate"]) {
            break true;
        }
        let mut fields = text.split_ascii_whitespace();
        let taken = match (fields.next(), fields.next(), fields.count()) {
            (Some(task_type), Some(rate), 0) => {
                let (task_type, rate) = (task_type.to_owned(), rate.to_owned());
                take(lines.line, &task_type, &rate)
            }
            (_, second, more) => {
                let rule = "task type and rate, separated by blanks (for labels with blanks write \
                    CSV with the header `task_type,rate`)";
                let found = 1 + usize::from(second.is_some()) + more;
                Err(Problem::Fields { found, expected: "2", rule })
            }
        };
        taken.map_err(|problem| problem.at(lines.file, lines.line))?;
    };
    if is_csv {
        let (line, reader) = lines.rest();
        let mut records = Records::new(reader, file, line);
        while let Some(line) = records.next()? {
            let mut row = || {
                let rule = "task type and rate (quote labels that contain commas)";
                match records.fields("2", rule)?[..] {
                    [task_type, rate] => take(line, task_type, rate),
                    ref other => Err(Problem::Fields { found: other.len(), expected: "2", rule }),
                }
            };
            row().map_err(|problem| problem.at(file, line))?;
        }
    }
    rates.apply(graph, file)
}
