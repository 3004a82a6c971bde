//! What all formats share: bounded lines, and edges that know their lines.

use std::io::{BufRead, Read};

use super::error::shown;
use super::{FormatError, MAX_LINE, Options, Problem};
use crate::graph::spec::digits;
use crate::graph::{BipartiteGraph, GraphError, NAMED};

/// Lines of at most [`MAX_LINE`] bytes, without their ends and without a byte order mark.
pub(super) struct Lines<'a, R> {
    reader: R,
    pub(super) file: &'a str,
    pub(super) line: u64,
    buffer: Vec<u8>,
}

impl<'a, R: BufRead> Lines<'a, R> {
    pub(super) fn new(reader: R, file: &'a str) -> Self {
        Self { reader, file, line: 0, buffer: Vec::new() }
    }

    /// The number of the next line, and the reader in front of it.
    pub(super) fn rest(self) -> (u64, R) {
        (self.line + 1, self.reader)
    }

    pub(super) fn next(&mut self) -> Result<Option<&str>, FormatError> {
        self.buffer.clear();
        let read =
            self.reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut self.buffer);
        self.line += 1;
        let read = read.map_err(|error| Problem::io("read", &error).at(self.file, self.line))?;
        if read == 0 {
            self.line -= 1;
            return Ok(None);
        }
        if read > MAX_LINE {
            return Err(Problem::LongLine.at(self.file, self.line));
        }
        let mut bytes = self.buffer.as_slice();
        bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if self.line == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        let text = std::str::from_utf8(bytes).map(Some);
        text.map_err(|error| Problem::NotUtf8(error.valid_up_to() + 1).at(self.file, self.line))
    }
}

/// A whole number from `least` to `most`, written with digits alone.
pub(super) fn number(
    text: &str,
    column: usize,
    field: &'static str,
    least: u64,
    most: u64,
) -> Result<u64, Problem> {
    let value = digits(text).filter(|n| (least..=most).contains(n));
    value.ok_or_else(|| Problem::Number { column, field, value: shown(text), least, most })
}

/// Refuses ids of a server and a task type, the first two fields, that are not among so many that
/// are declared, counted from `first`.
pub(super) fn among(
    ids: [u64; 2],
    declared: (u64, u64),
    fields: [&'static str; 2],
    first: u64,
) -> Result<(), Problem> {
    for (i, declared, side) in [(0, declared.0, "servers"), (1, declared.1, "task types")] {
        let (column, field, value, end) = (i + 1, fields[i], ids[i], declared + first);
        if value >= end {
            let last = end - 1;
            return Err(Problem::OutOfRange { column, field, value, declared, side, first, last });
        }
    }
    Ok(())
}

/// Edges in the order of the file, and their lines.
#[derive(Default)]
pub(super) struct Edges {
    pub(super) list: Vec<(u32, u32)>,
    /// Where lines were skipped: before this edge, so many. Empty if edge i stands on line i + 1.
    skips: Vec<(u32, u32)>,
    last_line: u64,
}

impl Edges {
    /// Lines must increase from edge to edge.
    pub(super) fn push(&mut self, line: u64, server: u32, task_type: u32) -> Result<(), Problem> {
        if self.list.len() >= u32::MAX as usize - 1 {
            return Err(Problem::TooMany { what: "edges" });
        }
        let mut skipped = line - self.last_line - 1;
        while skipped > 0 {
            let part = skipped.min(u64::from(u32::MAX));
            self.skips.push((self.list.len() as u32, part as u32));
            skipped -= part;
        }
        self.last_line = line;
        self.list.push((server, task_type));
        Ok(())
    }

    fn line_of(&self, edge: usize) -> u64 {
        let before = self.skips.partition_point(|&(first, _)| first as usize <= edge);
        1 + edge as u64
            + self.skips[..before].iter().map(|&(_, skipped)| u64::from(skipped)).sum::<u64>()
    }

    /// The graph, with errors that name lines and labels.
    ///
    /// With `mirrored`, an edge (v, w) off the diagonal stands for (w, v) too.
    pub(super) fn into_graph(
        mut self,
        end: End<'_>,
        mirrored: bool,
    ) -> Result<BipartiteGraph, FormatError> {
        let given = self.list.len();
        if mirrored {
            let mirror: Vec<_> =
                self.list.iter().filter(|(v, w)| v != w).map(|&(v, w)| (w, v)).collect();
            if given + mirror.len() >= u32::MAX as usize {
                return Err(Problem::TooMany { what: "edges" }.of(end.file));
            }
            self.list.extend(mirror);
        }
        for (side, count) in [("servers", end.servers), ("task types", end.task_types)] {
            if count > u64::from(u32::MAX)
                || count > self.list.len() as u64 + end.options.max_unused
            {
                return Err(
                    Problem::UnusedVertices { count, side, edges: self.list.len() }.of(end.file)
                );
            }
        }
        let graph = BipartiteGraph::from_edges(
            end.servers as u32,
            end.task_types as u32,
            &self.list,
            end.options.isolated,
        );
        graph.map_err(|error| match error {
            GraphError::DuplicateEdge { first, second, server, task_type } => {
                let line = |edge: usize| match edge.checked_sub(given) {
                    None => self.line_of(edge),
                    Some(mirror) => {
                        let off_diagonal =
                            (0..given).filter(|&e| self.list[e].0 != self.list[e].1).nth(mirror);
                        self.line_of(off_diagonal.unwrap_or(0))
                    }
                };
                let (a, b) = (line(first), line(second));
                let (server, task_type) = (end.names.name(0, server), end.names.name(1, task_type));
                Problem::DuplicateEdge { first: a.min(b), server, task_type }.at(end.file, a.max(b))
            }
            GraphError::IsolatedTaskTypes { task_types, .. } => {
                let names = task_types.iter().take(NAMED).map(|&w| end.names.name(1, w)).collect();
                Problem::Graph(GraphError::IsolatedTaskTypes { task_types, names }).of(end.file)
            }
            other => Problem::Graph(other).of(end.file),
        })
    }
}

/// What is known at the end of a file.
pub(super) struct End<'a> {
    pub(super) file: &'a str,
    pub(super) servers: u64,
    pub(super) task_types: u64,
    pub(super) options: Options,
    pub(super) names: Names<'a>,
}

/// What vertices are called in a file.
pub(super) enum Names<'a> {
    /// By their ids, which start from this number.
    From(u64),
    /// By their labels: the servers', then the task types'.
    Labels([&'a [String]; 2]),
}

impl Names<'_> {
    fn name(&self, side: usize, id: u32) -> String {
        match self {
            Self::From(first) => (u64::from(id) + first).to_string(),
            Self::Labels(labels) => shown(&labels[side][id as usize]),
        }
    }
}
