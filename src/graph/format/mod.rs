//! Graph files: edge lists, CSV with labels, Matrix Market.
//!
//! | format | extensions | ids | labels |
//! |---|---|---|---|
//! | [`Format::EdgeList`]: `server task_type [rate]`, `#` comments, optional `# servers=N task_types=M` | `.txt` `.el` `.edges` `.tsv`, none | from 0 | no |
//! | [`Format::Csv`]: header `server,task_type` or `server,task_type,rate` | `.csv` | by first appearance | yes |
//! | [`Format::MatrixMarket`]: rows servers, columns task types; KONECT files too | `.mtx` `.mm` | from 1 | no |
//!
//! A third column of edge lists and CSV is the arrival rate of the task type (a decimal or a
//! fraction; only ratios matter). If one type has a rate, all must. Values of Matrix Market
//! entries, weights and times of KONECT files are no rates: they only tell whether there is an
//! edge. A rates file ([`read_rates`]) goes with any graph: lines `task_type rate` or CSV with the
//! header `task_type,rate`.
//!
//! Files are read as a stream, with about 20 bytes of memory for each edge, whatever the length of
//! the text. A graph that is written and read again is the same graph, ids included; labels are
//! carried by CSV only. Windows line ends and a byte order mark are accepted.
//!
//! Every error names the file, the line, the value, the rule and what to do.

mod collect;
mod csv;
mod edge_list;
mod error;
mod matrix_market;
mod rate_file;
mod records;
mod weight_file;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::str::FromStr;

pub use crate::num::input_limits::{MAX_LINE, MAX_UNUSED_VERTICES};
pub use error::{FormatError, Problem};
pub use rate_file::read_rates;
pub use weight_file::{read_weights, read_weights_path};

use super::{BipartiteGraph, Isolated};
use crate::num::input_limits::MAX_EDGES;

/// How a graph is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `server task_type` on each line.
    EdgeList,
    /// `server,task_type` with labels.
    Csv,
    /// The exchange format of sparse matrices.
    MatrixMarket,
}

impl Format {
    /// The format that belongs to the extension of a path, in any case; without extension, an edge
    /// list.
    ///
    /// # Errors
    /// [`Problem::Extension`].
    pub fn of_path(path: &Path) -> Result<Self, FormatError> {
        let extension =
            path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "" | "txt" | "el" | "edges" | "tsv" => Ok(Self::EdgeList),
            "csv" => Ok(Self::Csv),
            "mtx" | "mm" => Ok(Self::MatrixMarket),
            other => Err(Problem::Extension(error::shown(other)).of(&path.display().to_string())),
        }
    }
}

impl FromStr for Format {
    type Err = String;

    /// `edge-list`, `csv` or `matrix-market`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "edge-list" => Ok(Self::EdgeList),
            "csv" => Ok(Self::Csv),
            "matrix-market" => Ok(Self::MatrixMarket),
            other => Err(format!(
                "unknown graph format `{}`: use edge-list, csv or matrix-market",
                error::shown(other)
            )),
        }
    }
}

/// How the content of a file becomes a graph.
#[derive(Clone, Copy)]
struct Options {
    isolated: Isolated,
    max_unused: u64,
}

/// Reads a graph; `name` stands for the file in errors.
///
/// # Errors
/// [`FormatError`], with the line.
///
/// ```
/// use fluidcheck::graph::{Isolated, format::{self, Format}};
/// let graph = format::read("0 0\n1 0 # the hub\n".as_bytes(), Format::EdgeList, "example", Isolated::Refuse)?;
/// assert_eq!(graph.task_degree(0), 2);
/// let error = format::read("0 x\n".as_bytes(), Format::EdgeList, "example", Isolated::Refuse).unwrap_err();
/// assert_eq!(error.to_string(), "example:1: field 2 (task type) is `x`: it must be a whole number from 0 to 4294967294");
/// # Ok::<(), fluidcheck::graph::format::FormatError>(())
/// ```
pub fn read(
    reader: impl BufRead,
    format: Format,
    name: &str,
    isolated: Isolated,
) -> Result<BipartiteGraph, FormatError> {
    read_with(reader, format, name, Options { isolated, max_unused: MAX_UNUSED_VERTICES })
}

fn read_with(
    reader: impl BufRead,
    format: Format,
    name: &str,
    options: Options,
) -> Result<BipartiteGraph, FormatError> {
    match format {
        Format::EdgeList => edge_list::read(reader, name, options),
        Format::Csv => csv::read(reader, name, options),
        Format::MatrixMarket => matrix_market::read(reader, name, options),
    }
}

/// Reads a graph file in the given format, or in that of its extension.
///
/// # Errors
/// [`FormatError`].
pub fn read_path(
    path: &Path,
    format: Option<Format>,
    isolated: Isolated,
) -> Result<BipartiteGraph, FormatError> {
    // Before the extension: a missing file is the plainer complaint.
    let (file, name) = open(path)?;
    let format = format.map_or_else(|| Format::of_path(path), Ok)?;
    read(file, format, &name, isolated)
}

/// A file to be read, and its name in errors.
fn open(path: &Path) -> Result<(BufReader<File>, String), FormatError> {
    let name = path.display().to_string();
    let refused = |error: std::io::Error| Problem::io("read", &error).of(&name);
    if fs::metadata(path).map_err(refused)?.is_dir() {
        return Err(Problem::Directory.of(&name));
    }
    let file = File::open(path).map_err(refused)?;
    Ok((BufReader::with_capacity(1 << 16, file), name))
}

/// [`read_rates`] from a file.
///
/// # Errors
/// [`FormatError`].
pub fn read_rates_path(path: &Path, graph: BipartiteGraph) -> Result<BipartiteGraph, FormatError> {
    let (file, name) = open(path)?;
    read_rates(file, &name, graph)
}

/// Writes a graph.
///
/// # Errors
/// What the writer refuses, more than [`MAX_EDGES`] edges of an implicit complete graph, for CSV
/// labels that are empty or used twice ([`Problem::Label`]), and for Matrix Market rates that
/// differ ([`Problem::NoPlaceForRates`]).
pub fn write(
    graph: &BipartiteGraph,
    format: Format,
    writer: impl Write,
) -> Result<(), FormatError> {
    write_named(graph, format, writer, "output")
}

fn write_named(
    graph: &BipartiteGraph,
    format: Format,
    writer: impl Write,
    name: &str,
) -> Result<(), FormatError> {
    // The complete graph is implicit, and may have far more edges than anybody wants in a file.
    if graph.n_edges() > MAX_EDGES && graph.is_implicit_complete() {
        return Err(Problem::TooLong(graph.n_edges()).of(name));
    }
    let mut writer = BufWriter::new(writer);
    let written = match format {
        Format::EdgeList => edge_list::write(graph, &mut writer),
        Format::Csv => return csv::write(graph, name, &mut writer),
        Format::MatrixMarket if graph.rates().is_some() => {
            return Err(Problem::NoPlaceForRates.of(name));
        }
        Format::MatrixMarket => matrix_market::write(graph, &mut writer),
    };
    written.and_then(|()| writer.flush()).map_err(|error| Problem::io("write", &error).of(name))
}

/// Writes a graph file in the given format, or in that of its extension.
///
/// The file appears under its name only when it is complete. What exists and is no ordinary file,
/// such as a pipe, is written to directly.
///
/// # Errors
/// [`FormatError`].
#[cfg(feature = "cli")]
pub fn write_path(
    graph: &BipartiteGraph,
    path: &Path,
    format: Option<Format>,
) -> Result<(), FormatError> {
    write_path_by_way_of(graph, path, format, |_| ())
}

/// The same, where `temporary` hears of the temporary file before it is written, for whoever has to
/// remove it if the process is ended.
///
/// # Errors
/// As [`write_path`].
#[cfg(feature = "cli")]
pub fn write_path_by_way_of(
    graph: &BipartiteGraph,
    path: &Path,
    format: Option<Format>,
    temporary: impl FnOnce(&Path),
) -> Result<(), FormatError> {
    let name = path.display().to_string();
    let refused = |error: std::io::Error| Problem::io("write", &error).of(&name);
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(Problem::Directory.of(&name));
    }
    let format = format.map_or_else(|| Format::of_path(path), Ok)?;
    if existing.is_some_and(|metadata| !metadata.is_file()) {
        let file = File::options().write(true).open(path).map_err(refused)?;
        return write_named(graph, format, file, &name);
    }
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; a graph file is as open as any other.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(refused)?;
    temporary(file.path());
    write_named(graph, format, &mut file, &name)?;
    file.persist(path).map_err(|error| refused(error.error))?;
    Ok(())
}

/// Reads bytes as a graph file; if they are one, writes the graph, reads it again and compares. The
/// subject of the fuzzer.
///
/// Returns whether the bytes were a graph.
///
/// # Panics
/// If the graph does not come back, which is a bug.
#[doc(hidden)]
pub fn fuzz_round_trip(bytes: &[u8], format: Format) -> bool {
    // A smaller limit, so that the fuzzer does not spend its time on empty rows.
    let options = Options { isolated: Isolated::Drop, max_unused: 1 << 12 };
    let graph = match read_with(bytes, format, "fuzz", options) {
        Ok(graph) => graph,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n'), "an error is one line: {text:?}");
            return false;
        }
    };
    let mut text = Vec::new();
    write(&graph, format, &mut text).expect("what was read can be written");
    let again = read_with(text.as_slice(), format, "fuzz", options);
    assert_eq!(again.as_ref(), Ok(&graph), "the graph did not come back");
    true
}
