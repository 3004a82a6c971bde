//! The families of graphs of sections 3.2 and 5, and small ones for tests.
//!
//! | family | here |
//! |---|---|
//! | full flexibility | [`complete`] |
//! | random regular graphs (Corollary 3.6, section 5) | [`random_regular`] |
//! | geometric graphs on the unit torus (Corollary 3.4, section 5) | [`geometric`], [`Sites`] |
//! | sparse random graphs with independent edges | [`erdos_renyi`] |
//! | deterministic regular graphs | [`circulant`], [`cycle`] |
//! | irregular ones | [`star`], [`path`] |
//! | several components | [`disjoint_union`] |
//!
//! A random generator draws from one `ChaCha8Rng` of its seed, and from nothing else: a seed gives
//! the same graph on every machine and thread count. (Non-integral powers and logarithms come from
//! the platform; where two platforms round them differently, a pair exactly at the threshold may
//! differ.)
//!
//! # Source
//! Section 3.2, Definition 3.5 and section 5. Section 5 keeps the multi-edges of the half-edge
//! matching; here they are switched away, see [`random_regular`].

mod geometric;
mod random;
mod regular;

pub use crate::num::input_limits::MAX_EDGES;
pub use geometric::{Norm, Reach, Sites, geometric};
pub use regular::random_regular;

use thiserror::Error;

use super::{BipartiteGraph, GraphError, Isolated};
use crate::num::input_limits::MAX_VERTICES;
use random::Stream;

/// Why a generator cannot make the graph asked for.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A parameter is outside its range.
    #[error("{parameter} = {given} is outside {range}: {rule}")]
    Parameter {
        /// Its name in specs.
        parameter: &'static str,
        /// What was given.
        given: String,
        /// What is allowed.
        range: String,
        /// Why.
        rule: &'static str,
    },
    /// n k is not a multiple of m.
    #[error(
        "n k = {n} * {k} is not a multiple of m = {m}: every task type needs the same whole \
        number n k / m of servers; change n, m or k"
    )]
    NotDivisible {
        /// Number of servers.
        n: u32,
        /// Number of task types.
        m: u32,
        /// Degree of a server.
        k: u32,
    },
    /// The mean degree needs a ball that meets itself around the torus.
    #[error(
        "degree = {degree} needs radius {radius:.4}, and a ball of radius above 1/2 overlaps \
        itself on the unit torus: use a degree of at most {largest:.4}, or give the radius"
    )]
    BallWraps {
        /// The mean degree asked for.
        degree: f64,
        /// The radius it would need.
        radius: f64,
        /// The mean degree at radius 1/2.
        largest: f64,
    },
    /// More edges than [`MAX_EDGES`].
    #[error(
        "the graph would have {0} edges or more, above {MAX_EDGES}: make it smaller or sparser"
    )]
    TooManyEdges(u64),
    /// A side of a union has more than [`MAX_VERTICES`] vertices.
    #[error(
        "the union has {count} {side} or more, above {MAX_VERTICES}: join fewer or smaller graphs"
    )]
    TooManyVertices {
        /// `"servers"` or `"task types"`.
        side: &'static str,
        /// How many.
        count: u64,
    },
    /// The result is no compatibility graph, isolated task types included.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

fn outside(
    parameter: &'static str,
    given: impl ToString,
    range: impl Into<String>,
    rule: &'static str,
) -> GenerateError {
    GenerateError::Parameter { parameter, given: given.to_string(), range: range.into(), rule }
}

fn check_edges(edges: u64) -> Result<(), GenerateError> {
    if edges > MAX_EDGES { Err(GenerateError::TooManyEdges(edges)) } else { Ok(()) }
}

/// Refuses a union with more vertices on a side than there may be.
pub(super) fn check_vertices(servers: u64, task_types: u64) -> Result<(), GenerateError> {
    let sides = [("servers", servers), ("task types", task_types)];
    match sides.into_iter().find(|&(_, count)| count > u64::from(MAX_VERTICES)) {
        Some((side, count)) => Err(GenerateError::TooManyVertices { side, count }),
        None => Ok(()),
    }
}

/// The complete graph, implicit: it takes no memory for edges.
///
/// # Errors
/// An empty side.
pub fn complete(n: u32, m: u32) -> Result<BipartiteGraph, GenerateError> {
    Ok(BipartiteGraph::complete(n, m)?)
}

/// Each of the n m pairs is an edge with probability `degree / n`, independently: `degree` is the
/// mean degree of a task type.
///
/// Skips from edge to edge by geometric variables, in time linear in the edges.
///
/// # Errors
/// A degree outside (0, n], an empty side, more than [`MAX_EDGES`] expected edges, and isolated
/// task types where they are refused: about a share exp(-degree) of all is isolated.
pub fn erdos_renyi(
    n: u32,
    m: u32,
    degree: f64,
    seed: u64,
    isolated: Isolated,
) -> Result<BipartiteGraph, GenerateError> {
    BipartiteGraph::not_empty(n, m)?;
    if !(degree > 0.0 && degree <= f64::from(n)) {
        let (range, rule) =
            (format!("(0, n = {n}]"), "it is the mean number of servers of a task type");
        return Err(outside("degree", degree, range, rule));
    }
    let probability = degree / f64::from(n);
    let pairs = u64::from(n) * u64::from(m);
    if probability == 1.0 {
        return complete(n, m);
    }
    check_edges((probability * pairs as f64) as u64)?;
    let mut stream = Stream::new(seed);
    let log_missing = (-probability).ln_1p();
    let mut edges = Vec::new();
    let mut next = 0u64;
    loop {
        // P(skip >= j) = (1 - p)^j; 1 - unit is in (0, 1], so the logarithm is finite.
        let skip = (1.0 - stream.unit()).ln() / log_missing;
        if skip >= (pairs - next) as f64 {
            break;
        }
        next += skip as u64;
        if next >= pairs {
            break;
        }
        edges.push(((next % u64::from(n)) as u32, (next / u64::from(n)) as u32));
        next += 1;
    }
    Ok(BipartiteGraph::from_edges(n, m, &edges, isolated)?)
}

/// n servers and n task types, type w with the servers w, w + 1, ..., w + k - 1 modulo n.
///
/// # Errors
/// `k` outside 1 to n, more than [`MAX_EDGES`] edges.
pub fn circulant(n: u32, k: u32) -> Result<BipartiteGraph, GenerateError> {
    BipartiteGraph::not_empty(n, n)?;
    if k == 0 || k > n {
        return Err(outside("k", k, format!("1 to n = {n}"), "a task type has k distinct servers"));
    }
    check_edges(u64::from(n) * u64::from(k))?;
    let server = |w: u32, j: u32| ((u64::from(w) + u64::from(j)) % u64::from(n)) as u32;
    let edges: Vec<_> = (0..n).flat_map(|w| (0..k).map(move |j| (server(w, j), w))).collect();
    Ok(BipartiteGraph::from_edges(n, n, &edges, Isolated::Refuse)?)
}

/// The edges of a cycle on n servers as task types: type i has the servers i and i + 1 modulo n.
///
/// # Errors
/// `n` below 3.
pub fn cycle(n: u32) -> Result<BipartiteGraph, GenerateError> {
    if n < 3 {
        return Err(outside("n", n, "3 and above", "a shorter cycle has a double edge"));
    }
    circulant(n, 2)
}

/// The edges of a path on n servers as task types: type i has the servers i and i + 1.
///
/// # Errors
/// `n` below 2.
pub fn path(n: u32) -> Result<BipartiteGraph, GenerateError> {
    tree(n, "a path of one server has no edge", |i| i)
}

/// The edges of a star on n servers as task types: type i has the servers 0 and i + 1.
///
/// # Errors
/// `n` below 2.
pub fn star(n: u32) -> Result<BipartiteGraph, GenerateError> {
    tree(n, "a star of one server has no edge", |_| 0)
}

/// Type i has the servers `before(i)` and i + 1.
fn tree(
    n: u32,
    rule: &'static str,
    before: fn(u32) -> u32,
) -> Result<BipartiteGraph, GenerateError> {
    if n < 2 {
        return Err(outside("n", n, "2 and above", rule));
    }
    check_edges(2 * u64::from(n))?;
    let edges: Vec<_> = (0..n - 1).flat_map(|i| [(before(i), i), (i + 1, i)]).collect();
    Ok(BipartiteGraph::from_edges(n, n - 1, &edges, Isolated::Refuse)?)
}

/// The graphs side by side: ids are shifted in the order given, labels are dropped.
///
/// Isolated task types of the parts stay as they were accepted there. One graph alone is returned
/// as it is.
///
/// # Errors
/// No graph at all, more than [`MAX_VERTICES`] vertices on a side, more than [`MAX_EDGES`] edges.
pub fn disjoint_union(graphs: &[BipartiteGraph]) -> Result<BipartiteGraph, GenerateError> {
    if let [graph] = graphs {
        return Ok(graph.clone());
    }
    let vertices = |of: fn(&BipartiteGraph) -> u32| graphs.iter().map(|g| u64::from(of(g))).sum();
    check_vertices(vertices(BipartiteGraph::n_servers), vertices(BipartiteGraph::n_task_types))?;
    check_edges(graphs.iter().map(|g| g.n_edges()).fold(0, u64::saturating_add))?;
    let mut edges = Vec::new();
    let (mut server, mut task_type) = (0, 0);
    for graph in graphs {
        edges.extend(graph.iter_edges().map(|(v, w)| (v + server, w + task_type)));
        server += graph.n_servers();
        task_type += graph.n_task_types();
    }
    Ok(BipartiteGraph::from_edges(server, task_type, &edges, Isolated::Drop)?)
}
