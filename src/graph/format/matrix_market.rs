//! Matrix Market, and the files of the KONECT collection: rows are servers, columns task types, ids
//! from 1.
//!
//! Read are coordinate matrices (pattern, real, integer) and dense arrays (real, integer), each
//! general, symmetric or skew-symmetric: what `scipy.io.mmwrite` writes, which picks the symmetry
//! by itself. An entry that is not zero is an edge. KONECT files start with `% bip`, perhaps
//! followed by `% edges rows columns`, and hold `row column [weight [time]]`.
//!
//! # Source
//! Boisvert, Pozo, Remington, *The Matrix Market exchange formats*, NISTIR 5935; the KONECT
//! handbook, section on the file format.

use std::io::{self, BufRead, Write};

use super::collect::{Edges, End, Lines, Names, among, number};
use super::error::shown;
use super::{FormatError, Options, Problem};
use crate::graph::BipartiteGraph;
use crate::graph::spec::decimal;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Pattern,
    Real,
    Integer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    General,
    Symmetric,
    Skew,
}

enum Banner {
    Coordinate(Field, Symmetry),
    Array(Field, Symmetry),
    Konect,
}

fn banner(text: &str) -> Result<Banner, Problem> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_ascii_whitespace().collect();
    if let ["%", kind, ..] = words[..]
        && ["bip", "sym", "asym"].contains(&kind)
    {
        if kind != "bip" {
            let rule = "only bipartite KONECT networks (`% bip`) are compatibility graphs";
            return Err(Problem::Unsupported { value: shown(text), rule });
        }
        return Ok(Banner::Konect);
    }
    let ["%%matrixmarket", "matrix", layout, field, symmetry] = words[..] else {
        return Err(Problem::Banner(shown(text)));
    };
    let unsupported =
        |value: &str, rule: &'static str| Err(Problem::Unsupported { value: shown(value), rule });
    let symmetry = match symmetry {
        "general" => Symmetry::General,
        "symmetric" => Symmetry::Symmetric,
        "skew-symmetric" => Symmetry::Skew,
        other => {
            return unsupported(other, "the symmetries are general, symmetric and skew-symmetric");
        }
    };
    let field = match field {
        "pattern" => Field::Pattern,
        "real" | "double" => Field::Real,
        "integer" | "unsigned-integer" => Field::Integer,
        other => return unsupported(other, "the fields are pattern, real and integer"),
    };
    match layout {
        "coordinate" => Ok(Banner::Coordinate(field, symmetry)),
        "array" if field == Field::Pattern => {
            unsupported("array pattern", "a dense array holds real or integer values")
        }
        "array" => Ok(Banner::Array(field, symmetry)),
        other => unsupported(other, "the layouts are coordinate and array"),
    }
}

/// Whether a value stands for an edge.
fn is_edge(text: &str, column: usize, field: Field) -> Result<bool, Problem> {
    let refused = |rule| Problem::Value { column, field: "value", value: shown(text), rule };
    match field {
        Field::Pattern => Ok(true),
        Field::Integer => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(refused("a whole number"));
            }
            Ok(digits.bytes().any(|b| b != b'0'))
        }
        Field::Real => {
            let value = decimal(text)
                .ok_or_else(|| refused("a finite number within the range of doubles"))?;
            let mantissa = text.split(['e', 'E']).next().unwrap_or("");
            if value == 0.0 && mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
                return Err(refused("0 or large enough for a double, this one rounds to 0"));
            }
            Ok(value != 0.0)
        }
    }
}

/// Sizes and counts stay far below overflow: their product fits in `u64`.
const LARGEST: u64 = u32::MAX as u64;

pub(super) fn read(
    reader: impl BufRead,
    file: &str,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    let mut lines = Lines::new(reader, file);
    let rule = "write a `%%MatrixMarket` banner, the sizes, and the entries";
    let Some(first) = lines.next()? else { return Err(Problem::Empty(rule).of(file)) };
    let kind = banner(first).map_err(|problem| problem.at(file, 1))?;
    match kind {
        Banner::Konect => konect(lines, options),
        Banner::Coordinate(field, symmetry) => coordinate(lines, field, symmetry, options),
        Banner::Array(field, symmetry) => array(lines, field, symmetry, options),
    }
}

/// The next line that is neither blank nor a comment, with the work done on it and errors placed.
fn next_line<R: BufRead, T>(
    lines: &mut Lines<'_, R>,
    mut parse: impl FnMut(&[&str]) -> Result<T, Problem>,
) -> Result<Option<T>, FormatError> {
    loop {
        let Some(text) = lines.next()? else { return Ok(None) };
        let text = text.trim_ascii();
        if text.is_empty() || text.starts_with('%') {
            continue;
        }
        // Five fields are more than any line may have; a line of a million is not split further.
        let fields: Vec<&str> = text.split_ascii_whitespace().take(5).collect();
        let parsed = parse(&fields);
        return parsed.map(Some).map_err(|problem| problem.at(lines.file, lines.line));
    }
}

fn sizes<R: BufRead, const K: usize>(
    lines: &mut Lines<'_, R>,
    symmetry: Symmetry,
    expected: &'static str,
    rule: &'static str,
) -> Result<[u64; K], FormatError> {
    let sizes = next_line(lines, |fields| {
        let fields: [&str; K] = fields.try_into().map_err(|_| Problem::Fields {
            found: fields.len(),
            expected,
            rule,
        })?;
        let mut sizes = [0; K];
        for (i, name) in ["rows", "columns", "entries"].into_iter().take(K).enumerate() {
            sizes[i] = number(fields[i], i + 1, name, 0, LARGEST)?;
        }
        if symmetry != Symmetry::General && sizes[0] != sizes[1] {
            return Err(Problem::NotSquare { rows: sizes[0], columns: sizes[1] });
        }
        Ok(sizes)
    })?;
    let rule = "the line of sizes is missing: write `rows columns entries`";
    sizes.ok_or_else(|| Problem::Empty(rule).of(lines.file))
}

/// Row and column of an entry, checked, from 0.
fn place(fields: &[&str], rows: u64, columns: u64) -> Result<(u32, u32), Problem> {
    let row = number(fields[0], 1, "row", 1, LARGEST)?;
    let column = number(fields[1], 2, "column", 1, LARGEST)?;
    among([row, column], (rows, columns), ["row", "column"], 1)?;
    Ok((row as u32 - 1, column as u32 - 1))
}

fn finish(
    edges: Edges,
    file: &str,
    (servers, task_types): (u64, u64),
    mirrored: bool,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    edges.into_graph(End { file, servers, task_types, options, names: Names::From(1) }, mirrored)
}

/// The edges among the entries (row, column, whether it is an edge), and how many entries there
/// are: as many as are declared.
fn entries<R: BufRead>(
    lines: &mut Lines<'_, R>,
    declared: Option<u64>,
    mut next: impl FnMut(&mut Lines<'_, R>) -> Result<Option<(u32, u32, bool)>, FormatError>,
) -> Result<(Edges, u64), FormatError> {
    let (mut edges, mut found) = (Edges::default(), 0);
    while let Some((v, w, edge)) = next(lines)? {
        found += 1;
        let at = |problem: Problem| problem.at(lines.file, lines.line);
        if let Some(declared) = declared.filter(|&declared| found > declared) {
            return Err(at(Problem::Count { found, declared }));
        }
        if edge {
            edges.push(lines.line, v, w).map_err(at)?;
        }
    }
    match declared.filter(|&declared| found < declared) {
        Some(declared) => Err(Problem::Count { found, declared }.of(lines.file)),
        None => Ok((edges, found)),
    }
}

fn coordinate<R: BufRead>(
    mut lines: Lines<'_, R>,
    field: Field,
    symmetry: Symmetry,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    let [rows, columns, declared] =
        sizes(&mut lines, symmetry, "3", "rows, columns and number of entries")?;
    let (expected, rule) = match field {
        Field::Pattern => ("2", "row and column"),
        _ => ("3", "row, column and value"),
    };
    let (edges, _) = entries(&mut lines, Some(declared), |lines| {
        next_line(lines, |fields| {
            if fields.len() != if field == Field::Pattern { 2 } else { 3 } {
                return Err(Problem::Fields { found: fields.len(), expected, rule });
            }
            let (v, w) = place(fields, rows, columns)?;
            let edge = is_edge(fields.get(2).unwrap_or(&""), 3, field)?;
            if symmetry == Symmetry::Skew && v == w && edge {
                return Err(Problem::Diagonal(u64::from(v) + 1));
            }
            Ok((v, w, edge))
        })
    })?;
    finish(edges, lines.file, (rows, columns), symmetry != Symmetry::General, options)
}

fn array<R: BufRead>(
    mut lines: Lines<'_, R>,
    field: Field,
    symmetry: Symmetry,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    let [rows, columns] = sizes(&mut lines, symmetry, "2", "rows and columns")?;
    // Columns one after the other; of a symmetric matrix the part on and below the diagonal, of a
    // skew one that below it.
    let first_row = |column: u64| match symmetry {
        Symmetry::General => 0,
        Symmetry::Symmetric => column,
        Symmetry::Skew => column + 1,
    };
    let declared = match symmetry {
        Symmetry::General => rows * columns,
        Symmetry::Symmetric => (u128::from(rows) * (u128::from(rows) + 1) / 2) as u64,
        Symmetry::Skew => rows * rows.saturating_sub(1) / 2,
    };
    let (mut row, mut column) = (first_row(0), 0);
    let rule = "one value a line, column by column";
    let (edges, _) = entries(&mut lines, Some(declared), |lines| {
        next_line(lines, |fields| {
            let [value] = fields else {
                return Err(Problem::Fields { found: fields.len(), expected: "1", rule });
            };
            let entry = (row as u32, column as u32, is_edge(value, 1, field)?);
            row += 1;
            if row == rows {
                column += 1;
                row = first_row(column);
            }
            Ok(entry)
        })
    })?;
    finish(edges, lines.file, (rows, columns), symmetry != Symmetry::General, options)
}

fn konect<R: BufRead>(
    mut lines: Lines<'_, R>,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    let mut declared = None;
    // The sizes are a comment too, and only the second line may hold them.
    let mut held: Option<String> = None;
    if let Some(second) = lines.next()? {
        if let Some(comment) = second.strip_prefix('%') {
            declared = konect_sizes(comment).map_err(|problem| problem.at(lines.file, 2))?;
        } else {
            held = Some(second.to_owned());
        }
    }
    let (rows, columns) =
        declared.map_or((LARGEST - 1, LARGEST - 1), |(_, rows, columns)| (rows, columns));
    let parse = |fields: &[&str]| {
        if !(2..=4).contains(&fields.len()) {
            let (expected, rule) = ("2 to 4", "row, column, weight and time");
            return Err(Problem::Fields { found: fields.len(), expected, rule });
        }
        let (v, w) = place(fields, rows, columns)?;
        let edge = fields.get(2).map_or(Ok(true), |weight| is_edge(weight, 3, Field::Real))?;
        fields.get(3).map_or(Ok(true), |time| is_edge(time, 4, Field::Real))?;
        Ok((v, w, edge))
    };
    let mut largest = (0, 0);
    let count = declared.map(|(count, ..)| count);
    let (edges, found) = entries(&mut lines, count, |lines| {
        let entry = match held.take() {
            Some(text) if !text.trim_ascii().is_empty() => {
                let fields: Vec<&str> = text.split_ascii_whitespace().take(5).collect();
                Some(parse(&fields).map_err(|problem| problem.at(lines.file, lines.line))?)
            }
            _ => next_line(lines, parse)?,
        };
        if let Some((v, w, _)) = entry {
            largest = (largest.0.max(u64::from(v) + 1), largest.1.max(u64::from(w) + 1));
        }
        Ok(entry)
    })?;
    if found == 0 && declared.is_none() {
        let rule = "write one `row column` pair on each line";
        return Err(Problem::Empty(rule).of(lines.file));
    }
    let sizes = declared.map_or(largest, |(_, rows, columns)| (rows, columns));
    finish(edges, lines.file, sizes, false, options)
}

/// `edges rows columns`, or any other comment.
fn konect_sizes(comment: &str) -> Result<Option<(u64, u64, u64)>, Problem> {
    let fields: Vec<&str> = comment.split_ascii_whitespace().take(4).collect();
    let [edges, rows, columns] = fields[..] else { return Ok(None) };
    if !edges.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let size = |text, column, field| number(text, column, field, 0, LARGEST);
    Ok(Some((size(edges, 1, "edges")?, size(rows, 2, "rows")?, size(columns, 3, "columns")?)))
}

pub(super) fn write(graph: &BipartiteGraph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "%%MatrixMarket matrix coordinate pattern general")?;
    writeln!(out, "{} {} {}", graph.n_servers(), graph.n_task_types(), graph.n_edges())?;
    graph
        .iter_edges()
        .try_for_each(|(v, w)| writeln!(out, "{} {}", u64::from(v) + 1, u64::from(w) + 1))
}
