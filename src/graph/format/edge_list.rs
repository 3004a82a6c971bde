//! Edge lists: `server task_type` on each line, ids from 0, blanks or tabs between, `#` before comments.
//!
//! Before the edges a line `# servers=N task_types=M` may declare the sizes; without it they are one more than the largest ids.

use std::io::{self, BufRead, Write};

use super::collect::{Edges, End, Lines, number};
use super::error::shown;
use super::{FormatError, Options, Problem};
use crate::graph::BipartiteGraph;

const LARGEST_ID: u64 = u32::MAX as u64 - 1;
const LARGEST_COUNT: u64 = u32::MAX as u64;

pub(super) fn read(reader: impl BufRead, file: &str, options: Options) -> Result<BipartiteGraph, FormatError> {
    let mut lines = Lines::new(reader, file);
    let mut declared: Option<(u64, u64)> = None;
    let (mut edges, mut servers, mut task_types) = (Edges::default(), 0, 0);
    while let Some(text) = lines.next()? {
        let parsed = line(text, declared);
        let line = lines.line;
        match parsed.map_err(|problem| problem.at(file, line))? {
            Line::Nothing => {}
            Line::Declaration { value, .. } if declared.is_some() || !edges.list.is_empty() => {
                return Err(Problem::Declaration { value }.at(file, line));
            }
            Line::Declaration { servers, task_types, .. } => declared = Some((servers, task_types)),
            Line::Edge(server, task_type) => {
                edges.push(line, server as u32, task_type as u32).map_err(|problem| problem.at(file, line))?;
                (servers, task_types) = (servers.max(server + 1), task_types.max(task_type + 1));
            }
        }
    }
    if edges.list.is_empty() && declared.is_none() {
        return Err(Problem::Empty { rule: "write one `server task_type` pair of ids on each line" }.of(file));
    }
    let (servers, task_types) = declared.unwrap_or((servers, task_types));
    let name = |id: u32| id.to_string();
    let Options { isolated, max_unused } = options;
    edges.into_graph(End { file, servers, task_types, isolated, max_unused, server_name: &name, task_type_name: &name }, false)
}

enum Line {
    Nothing,
    Declaration { servers: u64, task_types: u64, value: String },
    Edge(u64, u64),
}

fn line(text: &str, declared: Option<(u64, u64)>) -> Result<Line, Problem> {
    let (text, comment) = text.split_once('#').unwrap_or((text, ""));
    let mut fields = text.split_ascii_whitespace();
    let Some(server) = fields.next() else {
        return declaration(comment);
    };
    let rule = "server and task type, ids from 0 separated by blanks or tabs (for commas use the CSV format)";
    let found = 1 + fields.clone().count();
    let (Some(task_type), 2) = (fields.next(), found) else {
        return Err(Problem::Fields { found, expected: "2", rule });
    };
    let server = number(server, 1, "server", 0, LARGEST_ID)?;
    let task_type = number(task_type, 2, "task type", 0, LARGEST_ID)?;
    if let Some((servers, task_types)) = declared {
        let sides = [(1, "server", server, servers, "servers"), (2, "task type", task_type, task_types, "task types")];
        for (column, field, value, declared, side) in sides {
            if value >= declared {
                return Err(Problem::OutOfRange { column, field, value, declared, side, first: 0, last: declared - 1 });
            }
        }
    }
    Ok(Line::Edge(server, task_type))
}

/// `servers=N task_types=M` is a declaration, what starts alike and is none an error, all else a comment.
fn declaration(comment: &str) -> Result<Line, Problem> {
    let mut words = comment.split_ascii_whitespace();
    let Some(servers) = words.next().and_then(|word| word.strip_prefix("servers=")) else {
        return Ok(Line::Nothing);
    };
    let task_types = words.next().and_then(|word| word.strip_prefix("task_types="));
    let (Some(task_types), None) = (task_types, words.next()) else {
        return Err(Problem::Declaration { value: shown(comment.trim()) });
    };
    let servers = number(servers, 1, "servers", 1, LARGEST_COUNT)?;
    let task_types = number(task_types, 2, "task types", 1, LARGEST_COUNT)?;
    Ok(Line::Declaration { servers, task_types, value: shown(comment.trim()) })
}

pub(super) fn write(graph: &BipartiteGraph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# servers={} task_types={}", graph.n_servers(), graph.n_task_types())?;
    graph.iter_edges().try_for_each(|(v, w)| writeln!(out, "{v} {w}"))
}
