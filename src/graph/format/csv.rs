//! CSV: header `server,task_type`, then one edge a row, with any text as labels; or
//! `server,task_type,rate` with arrival rates of the task types.
//!
//! Ids are given by first appearance. A row with an empty server or task type declares a vertex
//! without an edge. A rate may be left empty where another row of the task type has it. Labels that
//! are exactly the decimal ids, in order on both sides, mean that there are no labels. Quotes
//! follow RFC 4180 strictly: a quote left open would otherwise swallow the rest of the file.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use super::collect::{Edges, End, Names};
use super::error::shown;
use super::rate_file::RateColumn;
use super::records::Records;
use super::{FormatError, Options, Problem};
use crate::graph::BipartiteGraph;

const RULE: &str = "server and task type (quote labels that contain commas)";
const RATED_RULE: &str = "server, task type and rate (quote labels that contain commas)";

/// Labels of one side, numbered by first appearance.
#[derive(Default)]
struct Labels(HashMap<String, u32>);

impl Labels {
    fn id(&mut self, label: &str, what: &'static str) -> Result<u32, Problem> {
        if let Some(&id) = self.0.get(label) {
            return Ok(id);
        }
        let id = self.0.len() as u32;
        if id >= u32::MAX - 1 {
            return Err(Problem::TooMany { what });
        }
        self.0.insert(label.to_owned(), id);
        Ok(id)
    }

    fn into_list(self) -> Vec<String> {
        let mut list = vec![String::new(); self.0.len()];
        self.0.into_iter().for_each(|(label, id)| list[id as usize] = label);
        list
    }
}

/// The bytes after a byte order mark, if there is one: a reader may give less than three bytes at
/// once.
fn skip_byte_order_mark(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < 3 {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        head.push(buffer[0]);
        reader.consume(1);
        if !b"\xef\xbb\xbf".starts_with(&head) {
            break;
        }
    }
    Ok(if head == b"\xef\xbb\xbf" { Vec::new() } else { head })
}

pub(super) fn read(
    mut reader: impl BufRead,
    file: &str,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    let head =
        skip_byte_order_mark(&mut reader).map_err(|error| Problem::io("read", &error).of(file))?;
    let reader = io::Read::chain(head.as_slice(), reader);
    let mut records = Records::new(reader, file, 1);
    let empty = Problem::Empty("write the header `server,task_type` and one edge a row");
    let Some(line) = records.next()? else { return Err(empty.of(file)) };
    let header = records
        .fields("2", RULE)
        .map(|fields| fields.into_iter().map(str::trim).collect::<Vec<_>>());
    let rated = match header.as_deref() {
        Ok(["server", "task_type"]) => false,
        Ok(["server", "task_type", "rate"]) => true,
        _ => return Err(Problem::Header(shown(&records.shown())).at(file, line)),
    };
    let (mut servers, mut task_types, mut edges) =
        (Labels::default(), Labels::default(), Edges::default());
    let mut rates = RateColumn::default();
    while let Some(line) = records.next()? {
        let mut row = || {
            let (expected, rule) = if rated { ("3", RATED_RULE) } else { ("2", RULE) };
            let (server, task_type, rate) = match records.fields(expected, rule)?[..] {
                [server, task_type] => (server, task_type, ""),
                [server, task_type, rate] if rated => (server, task_type, rate.trim()),
                ref other => return Err(Problem::Fields { found: other.len(), expected, rule }),
            };
            let w = match (server, task_type) {
                ("", "") => return Err(Problem::EmptyRow),
                (server, "") if rate.is_empty() => {
                    return servers.id(server, "servers").map(|_| ());
                }
                (_, "") => return Err(Problem::RateOfNothing(shown(rate))),
                ("", task_type) => task_types.id(task_type, "task types")?,
                (server, task_type) => {
                    let (v, w) =
                        (servers.id(server, "servers")?, task_types.id(task_type, "task types")?);
                    edges.push(line, v, w)?;
                    w
                }
            };
            if rate.is_empty() {
                Ok(())
            } else {
                rates.push(line, w, rate, 3, || task_type.to_owned())
            }
        };
        row().map_err(|problem| problem.at(file, line))?;
    }
    let (servers, task_types) = (servers.into_list(), task_types.into_list());
    if servers.is_empty() && task_types.is_empty() {
        return Err(empty.of(file));
    }
    let graph = edges.into_graph(
        End {
            file,
            servers: servers.len() as u64,
            task_types: task_types.len() as u64,
            // Each is declared by a row of its own.
            options: Options { max_unused: u64::from(u32::MAX), ..options },
            names: Names::Labels([&servers, &task_types]),
        },
        false,
    )?;
    let ids =
        |labels: &[String]| labels.iter().enumerate().all(|(i, label)| *label == i.to_string());
    let graph = if ids(&servers) && ids(&task_types) {
        graph
    } else {
        graph.with_labels(servers, task_types).map_err(|error| Problem::Graph(error).of(file))?
    };
    if rated { rates.apply(graph, file) } else { Ok(graph) }
}

/// A row to be written: an edge, or a vertex that must be named before its first edge to keep its
/// id.
enum Row {
    Edge(u32, u32),
    Server(u32),
    TaskType(u32),
}

/// Calls `row` for every row in an order in which first appearance gives back the ids.
fn rows<E>(
    graph: &BipartiteGraph,
    edges: impl Iterator<Item = (u32, u32)>,
    mut row: impl FnMut(Row) -> Result<(), E>,
) -> Result<(), E> {
    let (mut servers, mut task_types) = (0, 0);
    for (v, w) in edges {
        (servers..v).try_for_each(|v| row(Row::Server(v)))?;
        (task_types..w).try_for_each(|w| row(Row::TaskType(w)))?;
        row(Row::Edge(v, w))?;
        (servers, task_types) = (servers.max(v + 1), task_types.max(w + 1));
    }
    (servers..graph.n_servers()).try_for_each(|v| row(Row::Server(v)))?;
    (task_types..graph.n_task_types()).try_for_each(|w| row(Row::TaskType(w)))
}

pub(super) fn write(
    graph: &BipartiteGraph,
    file: &str,
    out: &mut dyn Write,
) -> Result<(), FormatError> {
    let sides = [("servers", graph.n_servers(), true), ("task types", graph.n_task_types(), false)];
    for (side, count, servers) in sides.into_iter().filter(|_| graph.has_labels()) {
        let mut seen = std::collections::HashSet::new();
        for id in 0..count {
            let label = if servers { graph.server_name(id) } else { graph.task_type_name(id) };
            if label.is_empty() || seen.contains(&label) {
                return Err(Problem::Label { label: shown(&label), side }.of(file));
            }
            seen.insert(label);
        }
    }
    let by_task_type =
        || (0..graph.n_task_types()).flat_map(|w| graph.servers_of(w).iter().map(move |v| (v, w)));
    let declarations = |edges: &mut dyn Iterator<Item = (u32, u32)>| {
        let mut count = 0u64;
        let counted: Result<(), std::convert::Infallible> = rows(graph, edges, |row| {
            count += u64::from(!matches!(row, Row::Edge(..)));
            Ok(())
        });
        counted.map_or(u64::MAX, |()| count)
    };
    // Both orders are right; the one with fewer extra rows is nearer to what a person would write.
    let by_server = declarations(&mut graph.iter_edges()) <= declarations(&mut by_task_type());
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    let refused = |error: csv::Error| Problem::io("write", &io::Error::from(error)).of(file);
    let columns = if graph.rates().is_some() { 3 } else { 2 };
    writer.write_record(&["server", "task_type", "rate"][..columns]).map_err(refused)?;
    let mut row = |row: Row| {
        let rate = |w| graph.weight(w).to_string();
        let fields = match row {
            Row::Edge(v, w) => [graph.server_name(v), graph.task_type_name(w), rate(w)],
            Row::Server(v) => [graph.server_name(v), String::new(), String::new()],
            Row::TaskType(w) => [String::new(), graph.task_type_name(w), rate(w)],
        };
        writer.write_record(&fields[..columns])
    };
    if by_server {
        rows(graph, graph.iter_edges(), &mut row)
    } else {
        rows(graph, by_task_type(), &mut row)
    }
    .map_err(refused)?;
    writer.flush().map_err(|error| Problem::io("write", &error).of(file))
}
