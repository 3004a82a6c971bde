//! Where a graph comes from: a spec, or a file.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::format::{self, Format, FormatError, Problem};
use super::spec::{self, Spec, SpecBuildError, SpecError};
use super::{BipartiteGraph, Isolated};

/// Why there is no graph.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A spec that cannot be read.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A spec that describes no graph.
    #[error(transparent)]
    Build(#[from] SpecBuildError),
    /// A file that cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// No such file, and the text has a colon as specs have.
    #[error(
        "`{text}` is neither a file nor a graph spec: the families of specs \
        are {}",
        spec::family_names()
    )]
    Neither {
        /// What was given.
        text: String,
    },
}

/// A graph spec or the path of a graph file.
#[derive(Clone, Debug, PartialEq)]
pub enum GraphSource {
    /// A graph named in one line.
    Spec(Spec),
    /// A file.
    File(PathBuf),
}

impl GraphSource {
    /// A spec where the text starts as one, else a path. Write `./cycle:n=4` for a file of such a
    /// name.
    ///
    /// # Errors
    /// [`LoadError::Spec`].
    pub fn parse(text: &str) -> Result<Self, LoadError> {
        if Spec::looks_like(text) {
            Ok(Self::Spec(Spec::parse(text)?))
        } else {
            Ok(Self::File(Path::new(text).to_owned()))
        }
    }

    /// Makes or reads the graph. `format` concerns files, `graph_seed` random specs.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(
        &self,
        format: Option<Format>,
        graph_seed: u64,
        isolated: Isolated,
    ) -> Result<BipartiteGraph, LoadError> {
        match self {
            Self::Spec(spec) => Ok(spec.build(graph_seed, isolated)?),
            Self::File(path) => format::read_path(path, format, isolated).map_err(|error| {
                let text = path.to_string_lossy();
                match error.problem {
                    Problem::Io { kind: io::ErrorKind::NotFound, .. } if text.contains(':') => {
                        LoadError::Neither { text: spec::shown(&text) }
                    }
                    _ => error.into(),
                }
            }),
        }
    }
}

/// Reads a spec or a file: [`GraphSource::parse`], then [`GraphSource::load`].
///
/// # Errors
/// [`LoadError`].
///
/// ```
/// use fluidcheck::graph::{Isolated, source::load};
/// assert_eq!(load("cycle:n=5", None, 0, Isolated::Refuse)?.n_edges(), 10);
/// # Ok::<(), fluidcheck::graph::source::LoadError>(())
/// ```
pub fn load(
    text: &str,
    format: Option<Format>,
    graph_seed: u64,
    isolated: Isolated,
) -> Result<BipartiteGraph, LoadError> {
    GraphSource::parse(text)?.load(format, graph_seed, isolated)
}
