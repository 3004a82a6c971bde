//! The largest inputs that are accepted, all in one place.
//!
//! Whoever writes a file or a command line may be a stranger. What a file costs is bounded by its
//! length: about 20 bytes of memory for each edge, and for each vertex, of which there may be at
//! most [`MAX_UNUSED_VERTICES`] more than edges. A spec is a short text for a large graph, so that
//! its sizes have maxima of their own. Beyond any of these there is an error of one line that names
//! the value and the maximum; nothing is allocated for it.
//!
//! Time is bounded too, but by options rather than by maxima: `--events`, `--time-limit`,
//! `--states`.

/// The longest line of a graph file, or CSV record, in bytes; refused by [`crate::graph::format`].
pub const MAX_LINE: usize = 1 << 20;

/// How many more vertices than edges a file may declare or imply on one side: a line that declares
/// four billion servers is an error of [`crate::graph::format`], not an allocation.
pub const MAX_UNUSED_VERTICES: u64 = 1 << 20;

/// The most servers, and the most task types, of a graph made from a [`crate::graph::spec`].
pub const MAX_VERTICES: u32 = 1 << 24;

/// The largest number of copies of a term of a [`crate::graph::spec`], and of terms.
pub const MAX_COPIES: u32 = 1 << 20;

/// The most edges that a generator makes ([`crate::graph::generate`]), at about 20 bytes each while
/// the graph is built, and that are written to a file ([`crate::graph::format`]).
pub const MAX_EDGES: u64 = 1 << 26;

/// The largest dimension of a geometric graph ([`crate::graph::generate`]): a cell has up to 3^dim
/// neighbours.
pub const MAX_DIMENSION: u32 = 8;

/// The largest d of a [`crate::model`], so that powers and sample blocks stay of ordinary size.
pub const MAX_CHOICES: u32 = 1024;

/// The longest text that [`super::ratio`] reads as an exact number, in bytes: longer ones would
/// make numbers whose arithmetic takes unbounded time.
pub const MAX_NUMBER: usize = 60;

/// The largest decimal exponent of an exact number, up or down; refused by [`super::ratio`].
pub const MAX_EXPONENT: u32 = 400;

/// How far lambda of a [`crate::model`] must be from 0 and from 1: nearer, quotients such as
/// lambda / (1 - lambda) are no ordinary doubles.
pub const MIN_LOAD: f64 = 1e-12;

/// The least error probability that may be asked for on the command line: a suite shares it out,
/// and every share must be positive.
pub const MIN_PROBABILITY: f64 = 1e-100;

/// The most tasks of a server at the start: of all of them, or on average; refused by
/// [`crate::theory::mean_field`].
pub const MAX_LEVEL: u32 = 100_000;
