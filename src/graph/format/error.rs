//! Why a graph file was refused: the place, the value, the rule and what to do, in one line.

use std::{fmt, io};

use thiserror::Error;

use crate::graph::GraphError;
use crate::graph::rates::RatesError;
pub(super) use crate::graph::spec::shown;
use crate::num::input_limits::{MAX_EDGES, MAX_LINE, MAX_UNUSED_VERTICES};

/// A problem and its place. Displays as one line, `file:line: problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; `None` where the problem is the whole file.
    pub line: Option<u64>,
    /// What is wrong there.
    pub problem: Problem,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for FormatError {}

/// What is wrong with a graph file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The operating system refused.
    #[error("cannot {action}: {message}: {}", if *action == "write" { "check that the folder \
        exists, may be written to and has space" } else { "check the path and its permissions" })]
    Io {
        /// `"read"`, `"write"`.
        action: &'static str,
        /// Its kind.
        kind: io::ErrorKind,
        /// Its text.
        message: String,
    },
    /// The path is a directory.
    #[error("is a directory: name a file")]
    Directory,
    /// An extension that belongs to no format.
    #[error(
        "unknown extension `{0}`: use .txt, .el, .edges, .tsv, .csv, .mtx or .mm, or name \
        the format"
    )]
    Extension(String),
    /// Nothing but blanks and comments; and what a file must hold.
    #[error("the file has no edges: {0}")]
    Empty(&'static str),
    /// A byte that is no UTF-8, by its position in the line or field from 1.
    #[error("byte {0} is not UTF-8: save the file as UTF-8 text")]
    NotUtf8(usize),
    /// A line or record longer than [`MAX_LINE`].
    #[error("line longer than {MAX_LINE} bytes: is this a graph file?")]
    LongLine,
    /// Too few or too many fields.
    #[error("{found} field{} instead of {expected}: {rule}", if *found == 1 { "" } else { "s" })]
    Fields {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: &'static str,
        /// What they are.
        rule: &'static str,
    },
    /// A field that is no id or count.
    #[error(
        "field {column} ({field}) is `{value}`: it must be a whole number from {least} to {most}"
    )]
    Number {
        /// Position of the field, from 1.
        column: usize,
        /// What it stands for.
        field: &'static str,
        /// What was given.
        value: String,
        /// The smallest allowed.
        least: u64,
        /// The largest allowed.
        most: u64,
    },
    /// An id beyond the declared number.
    #[error(
        "field {column} ({field}) is {value}, but {declared} {side} are declared: ids run from \
        {first} to {last}"
    )]
    OutOfRange {
        /// Position of the field, from 1.
        column: usize,
        /// What it stands for.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The declared number.
        declared: u64,
        /// `"servers"` or `"task types"`.
        side: &'static str,
        /// The first id of the format.
        first: u64,
        /// The last id.
        last: u64,
    },
    /// The first line of an edge list is a declaration, but not a right one.
    #[error(
        "`{0}` is not a valid declaration: write `# servers=N task_types=M` once, before the \
        edges"
    )]
    Declaration(String),
    /// The same edge on two lines.
    #[error(
        "duplicate edge (server {server}, task type {task_type}), first seen on line {first}: \
        remove one"
    )]
    DuplicateEdge {
        /// The line of the first of the two.
        first: u64,
        /// The name of the server.
        server: String,
        /// The name of the task type.
        task_type: String,
    },
    /// Many more vertices than the edges use.
    #[error(
        "{count} {side} with {edges} edges: at most {MAX_UNUSED_VERTICES} more than edges are \
        accepted; check the counts and ids"
    )]
    UnusedVertices {
        /// How many vertices.
        count: u64,
        /// `"servers"` or `"task types"`.
        side: &'static str,
        /// How many edges.
        edges: usize,
    },
    /// More edges or labels than 32 bits count.
    #[error("more than {} {what}: this is the limit of a graph", u32::MAX - 1)]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
    /// A complete graph with more edges than are written.
    #[error("{0} edges are too many for a file (at most {MAX_EDGES}): use the spec instead")]
    TooLong(u64),
    /// The header of a CSV file.
    #[error("the header is `{0}`: it must be `server,task_type`, or `server,task_type,rate`")]
    Header(String),
    /// A CSV row with both fields empty.
    #[error(
        "both fields are empty: write server,task_type, or leave one empty to declare a vertex \
        without an edge"
    )]
    EmptyRow,
    /// Quotes of a CSV field that do not match.
    #[error("field {column}: {rule}")]
    Quotes {
        /// Position of the field, from 1.
        column: usize,
        /// What is wrong and what to do.
        rule: &'static str,
    },
    /// The first line of a Matrix Market file.
    #[error(
        "the first line is `{0}`: it must be `%%MatrixMarket matrix coordinate pattern \
        general` or similar, or `% bip`"
    )]
    Banner(String),
    /// A kind of matrix that is no compatibility graph.
    #[error("`{value}` is not supported: {rule}")]
    Unsupported {
        /// What was found.
        value: String,
        /// What is supported.
        rule: &'static str,
    },
    /// A symmetric matrix that is not square.
    #[error("{rows} rows and {columns} columns: a symmetric matrix is square")]
    NotSquare {
        /// Rows declared.
        rows: u64,
        /// Columns declared.
        columns: u64,
    },
    /// A diagonal entry of a skew-symmetric matrix, by its row and column from 1.
    #[error(
        "entry ({0}, {0}) is on the diagonal, which is empty in a skew-symmetric matrix: \
        remove it"
    )]
    Diagonal(u64),
    /// A field that is no number of the right kind: the value of an entry, an arrival rate.
    #[error("field {column} ({field}) is `{value}`: it must be {rule}")]
    Value {
        /// Position of the field, from 1.
        column: usize,
        /// What it stands for.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// Fewer or more entries than declared.
    #[error(
        "{found} entries, but {declared} are declared: is the file complete? Correct the counts \
        or the entries"
    )]
    Count {
        /// How many there are (at the first one too many, one more than declared).
        found: u64,
        /// How many are declared.
        declared: u64,
    },
    /// A label that cannot be written: empty, or used twice on one side.
    #[error("label `{label}` of {side} cannot be written: labels must be distinct and not empty")]
    Label {
        /// The label.
        label: String,
        /// `"servers"` or `"task types"`.
        side: &'static str,
    },
    /// A task type with two different rates.
    #[error(
        "task type {task_type} has rate {value} here but {other} on line {first}: give it one rate"
    )]
    ContradictingRates {
        /// The name of the task type.
        task_type: String,
        /// The rate on this line.
        value: String,
        /// The rate on the line before.
        other: String,
        /// That line.
        first: u64,
    },
    /// A task type that stands twice in a rates file.
    #[error("duplicate rate of task type {task_type}, first seen on line {first}: remove one")]
    DuplicateRate {
        /// The name of the task type.
        task_type: String,
        /// The line of the first of the two.
        first: u64,
    },
    /// The first task type without a rate, where rates are given.
    #[error(
        "task type {0} has no rate: give one to every task type (0 if none of its tasks \
        arrive) or to none"
    )]
    MissingRate(String),
    /// A rate on a row without a task type.
    #[error("the rate `{0}` has no task type: name one or remove the rate")]
    RateOfNothing(String),
    /// A rates file names what is no task type of the graph.
    #[error("the graph has no task type `{value}`: {rule}")]
    UnknownTaskType {
        /// What was found.
        value: String,
        /// What its task types are called.
        rule: &'static str,
    },
    /// A weights file does not begin with its header.
    #[error("the first line is `{0}`: it must be `server,weight`")]
    WeightHeader(String),
    /// A weights file names what is no server of the graph.
    #[error("the graph has no server `{0}`: they are called by their labels, or by ids from 0")]
    UnknownServer(String),
    /// A server that stands twice in a weights file.
    #[error("duplicate weight of server {server}, first seen on line {first}: remove one")]
    DuplicateWeight {
        /// The name of the server.
        server: String,
        /// The line of the first of the two.
        first: u64,
    },
    /// The first server without a weight.
    #[error("server {0} has no weight: give one to every server (0 if it gets no task)")]
    MissingWeight(String),
    /// Rates that are none.
    #[error(transparent)]
    Rates(#[from] RatesError),
    /// A format without a place for rates.
    #[error(
        "this format cannot hold arrival rates, and those of this graph differ: write an edge \
        list or CSV"
    )]
    NoPlaceForRates,
    /// What was read is no compatibility graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl Problem {
    pub(super) fn io(action: &'static str, error: &io::Error) -> Self {
        // An error that wraps a temporary file's name says nothing to a user but its kind.
        let message = if error.raw_os_error().is_some() {
            error.to_string()
        } else {
            error.kind().to_string()
        };
        Self::Io { action, kind: error.kind(), message }
    }

    pub(super) fn at(self, file: &str, line: u64) -> FormatError {
        FormatError { file: file.to_owned(), line: Some(line), problem: self }
    }

    pub(super) fn of(self, file: &str) -> FormatError {
        FormatError { file: file.to_owned(), line: None, problem: self }
    }
}
