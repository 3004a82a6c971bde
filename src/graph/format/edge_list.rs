//! Edge lists: `server task_type` on each line, ids from 0, blanks or tabs between, `#` before
//! comments.
//!
//! A third column is the arrival rate of the task type, and not a weight of the edge: lines of one
//! type that contradict each other are an error. It may be left out where another line of the type
//! has it. `- task_type rate` gives the rate of a type without a server.
//!
//! Before the edges a line `# servers=N task_types=M` may declare the sizes; without it they are
//! one more than the largest ids.

use std::io::{self, BufRead, Write};

use super::collect::{Edges, End, Lines, Names, among, number};
use super::error::shown;
use super::rate_file::RateColumn;
use super::{FormatError, Options, Problem};
use crate::graph::BipartiteGraph;

const LARGEST_ID: u64 = u32::MAX as u64 - 1;
const LARGEST_COUNT: u64 = u32::MAX as u64;

pub(super) fn read(
    reader: impl BufRead,
    file: &str,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    let mut lines = Lines::new(reader, file);
    let mut declared: Option<(u64, u64)> = None;
    let (mut edges, mut servers, mut task_types) = (Edges::default(), 0, 0);
    let mut rates = RateColumn::default();
    while let Some(text) = lines.next()? {
        let parsed = line(text, declared);
        let line = lines.line;
        match parsed.map_err(|problem| problem.at(file, line))? {
            Line::Nothing => {}
            Line::Declaration { value, .. }
                if declared.is_some() || !edges.list.is_empty() || !rates.is_empty() =>
            {
                return Err(Problem::Declaration(value).at(file, line));
            }
            Line::Declaration { servers, task_types, .. } => declared = Some((servers, task_types)),
            Line::Edge { server, task_type, rate } => {
                let at = |problem: Problem| problem.at(file, line);
                if let Some(server) = server {
                    edges.push(line, server as u32, task_type as u32).map_err(at)?;
                    servers = servers.max(server + 1);
                }
                task_types = task_types.max(task_type + 1);
                if let Some(rate) = rate {
                    let name = || task_type.to_string();
                    rates.push(line, task_type as u32, &rate, 3, name).map_err(at)?;
                }
            }
        }
    }
    if edges.list.is_empty() && declared.is_none() {
        let rule = "write one `server task_type` pair of ids on each line";
        return Err(Problem::Empty(rule).of(file));
    }
    let (servers, task_types) = declared.unwrap_or((servers, task_types));
    let end = End { file, servers, task_types, options, names: Names::From(0) };
    let graph = edges.into_graph(end, false)?;
    if rates.is_empty() { Ok(graph) } else { rates.apply(graph, file) }
}

enum Line {
    Nothing,
    Declaration {
        servers: u64,
        task_types: u64,
        value: String,
    },
    /// Without a server, the rate of a task type that has none.
    Edge {
        server: Option<u64>,
        task_type: u64,
        rate: Option<String>,
    },
}

fn line(text: &str, declared: Option<(u64, u64)>) -> Result<Line, Problem> {
    let (text, comment) = text.split_once('#').unwrap_or((text, ""));
    let mut fields = text.split_ascii_whitespace();
    let Some(server) = fields.next() else { return declaration(comment) };
    let rule = "server and task type, ids from 0 separated by blanks or tabs, and perhaps the \
        rate of the task type (for commas use the CSV format)";
    let found = 1 + fields.clone().count();
    let (Some(task_type), rate, 2 | 3) = (fields.next(), fields.next(), found) else {
        return Err(Problem::Fields { found, expected: "2 or 3", rule });
    };
    let server = if server == "-" && rate.is_some() {
        None
    } else {
        Some(number(server, 1, "server", 0, LARGEST_ID)?)
    };
    let task_type = number(task_type, 2, "task type", 0, LARGEST_ID)?;
    if let Some(declared) = declared {
        among([server.unwrap_or(0), task_type], declared, ["server", "task type"], 0)?;
    }
    Ok(Line::Edge { server, task_type, rate: rate.map(str::to_owned) })
}

/// `servers=N task_types=M` is a declaration, what starts alike and is none an error, all else a
/// comment.
fn declaration(comment: &str) -> Result<Line, Problem> {
    let mut words = comment.split_ascii_whitespace();
    let Some(servers) = words.next().and_then(|word| word.strip_prefix("servers=")) else {
        return Ok(Line::Nothing);
    };
    let task_types = words.next().and_then(|word| word.strip_prefix("task_types="));
    let (Some(task_types), None) = (task_types, words.next()) else {
        return Err(Problem::Declaration(shown(comment.trim())));
    };
    let servers = number(servers, 1, "servers", 1, LARGEST_COUNT)?;
    let task_types = number(task_types, 2, "task types", 1, LARGEST_COUNT)?;
    Ok(Line::Declaration { servers, task_types, value: shown(comment.trim()) })
}

pub(super) fn write(graph: &BipartiteGraph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# servers={} task_types={}", graph.n_servers(), graph.n_task_types())?;
    if graph.rates().is_none() {
        return graph.iter_edges().try_for_each(|(v, w)| writeln!(out, "{v} {w}"));
    }
    graph.iter_edges().try_for_each(|(v, w)| writeln!(out, "{v} {w} {}", graph.weight(w)))?;
    graph.isolated_task_types().iter().try_for_each(|&w| writeln!(out, "- {w} {}", graph.weight(w)))
}
