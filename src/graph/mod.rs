//! Bipartite compatibility graphs of servers and task types.
//!
//! Stage 4 of 18: graphs are data, and know no model and no load.
//!
//! | idea | here |
//! |---|---|
//! | G = (V, W, E), N, M, N_v, N_w (section 2) | [`BipartiteGraph`] |
//! | rho, phi, gamma of (2.1) and (2.3), Definition 3.5 | [`metrics`] |
//! | the exact criterion of ergodicity (Remark 1) | [`crate::theory::stability`] |
//! | the families of graphs of sections 3.2 and 5 | [`generate`] |
//! | arrival rates that differ between task types | [`rates`] |
//! | files and specs | [`mod@format`], [`spec`], [`source`] |
//!
//! Both directions of adjacency are kept in compressed rows of `u32` ids. The complete graph is
//! implicit: it costs no memory, whatever its size. A graph never changes after construction and
//! has no multi-edges, since the law of the samples of a task type is uniform over distinct
//! servers.
//!
//! # Source
//! Rutten and Mukherjee, *Mean-field analysis for load balancing on spatial graphs*, section 2.

pub mod format;
pub mod generate;
pub mod metrics;
pub mod rates;
pub mod source;
pub mod spec;

use std::sync::Arc;

use thiserror::Error;

use self::rates::Rates;

/// Why a set of edges is not a compatibility graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// `n_servers == 0`.
    #[error("the graph has no servers: give at least one")]
    NoServers,
    /// `n_task_types == 0`.
    #[error("the graph has no task types: give at least one")]
    NoTaskTypes,
    /// An edge names a server or a task type that does not exist.
    #[error("edge {edge}: {what} {id} is out of range: ids run from 0 to {}", count - 1)]
    OutOfRange {
        /// Position of the edge in the input, from 0.
        edge: usize,
        /// `"server"` or `"task type"`.
        what: &'static str,
        /// The one named.
        id: u32,
        /// How many there are.
        count: u32,
    },
    /// The same edge twice.
    #[error(
        "edges {first} and {second} are the same (server {server}, task type {task_type}): \
        remove one"
    )]
    DuplicateEdge {
        /// Position of the first of the two in the input, from 0.
        first: usize,
        /// Position of the second.
        second: usize,
        /// The server of both.
        server: u32,
        /// The task type of both.
        task_type: u32,
    },
    /// Task types without any compatible server.
    #[error("{} task type{} ({}) ha{} no compatible server: add an edge, or use --isolated drop \
        (their tasks are lost)",
        task_types.len(), if task_types.len() == 1 { "" } else { "s" }, first_names(names, task_types.len()),
        if task_types.len() == 1 { "s" } else { "ve" })]
    IsolatedTaskTypes {
        /// Their ids, ascending.
        task_types: Vec<u32>,
        /// The labels of the first `NAMED` (ids where there are no labels), in the same order.
        names: Vec<String>,
    },
    /// A label list has another length than the side of the graph that it names.
    #[error("{given} labels for {needed} {side}: give one for each")]
    LabelCount {
        /// `"servers"` or `"task types"`.
        side: &'static str,
        /// How many labels were given.
        given: usize,
        /// How many are needed.
        needed: usize,
    },
}

/// How many isolated task types an error names.
pub(crate) const NAMED: usize = 10;

/// The characters of a name that a list of names shows.
const LONGEST_NAME: usize = 60;

/// The first names, then how many more.
fn first_names(names: &[String], all: usize) -> String {
    let mut text = names.join(", ");
    if all > names.len() {
        text.push_str(&format!(" and {} more", all - names.len()));
    }
    text
}

/// A name as it may stand in a line: labels may be as long as a line of a file.
fn shortened(mut name: String) -> String {
    if let Some((end, _)) = name.char_indices().nth(LONGEST_NAME) {
        name.truncate(end);
        name.push_str("...");
    }
    name
}

/// What to do with task types that have no compatible server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolated {
    /// Refuse the graph and name them.
    #[default]
    Refuse,
    /// Keep them (M does not change), and lose their tasks: the load is lower than lambda.
    Drop,
}

/// Compressed rows: the neighbours of every vertex of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows {
    /// Row i is `neighbours[offsets[i]..offsets[i + 1]]`, ascending.
    offsets: Vec<usize>,
    neighbours: Vec<u32>,
}

impl Rows {
    fn row(&self, i: u32) -> &[u32] {
        &self.neighbours[self.offsets[i as usize]..self.offsets[i as usize + 1]]
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Edges {
    Complete,
    Sparse { by_server: Rows, by_task_type: Rows },
}

/// A compatibility graph: which server may process which task type.
///
/// Servers are `0..n_servers()`, task types `0..n_task_types()`. Cloning is cheap.
///
/// ```
/// use fluidcheck::graph::{BipartiteGraph, Isolated};
/// // Types {0} and {0, 1}: the first of the graphs whose critical load is not 1.
/// let graph = BipartiteGraph::from_edges(2, 2, &[(0, 0), (0, 1), (1, 1)], Isolated::Refuse)?;
/// assert_eq!(graph.servers_of(1).iter().collect::<Vec<_>>(), [0, 1]);
/// assert_eq!(graph.server_degree(0), 2);
/// # Ok::<(), fluidcheck::graph::GraphError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BipartiteGraph {
    n_servers: u32,
    n_task_types: u32,
    edges: Arc<Edges>,
    isolated: Arc<Vec<u32>>,
    server_labels: Option<Arc<Vec<String>>>,
    task_type_labels: Option<Arc<Vec<String>>>,
    rates: Option<Rates>,
}

/// Two graphs are equal if their vertices, edges, labels and relative rates are: the implicit
/// complete graph equals the explicit one.
impl PartialEq for BipartiteGraph {
    fn eq(&self, other: &Self) -> bool {
        let edges = match (&*self.edges, &*other.edges) {
            (Edges::Sparse { by_server: a, .. }, Edges::Sparse { by_server: b, .. }) => a == b,
            // One of them has all pairs of the same vertices, so the count decides.
            _ => self.n_edges() == other.n_edges(),
        };
        (self.n_servers, self.n_task_types) == (other.n_servers, other.n_task_types)
            && edges
            && self.server_labels == other.server_labels
            && self.task_type_labels == other.task_type_labels
            && self.rates == other.rates
    }
}

impl Eq for BipartiteGraph {}

/// The neighbours of one vertex, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours<'a> {
    /// All of `0..n`.
    All(u32),
    /// The listed ones.
    Some(&'a [u32]),
}

impl<'a> Neighbours<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::All(n) => *n as usize,
            Self::Some(list) => list.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbour at `position`, counted from 0 in ascending order.
    ///
    /// # Panics
    /// If `position >= len()`.
    #[inline]
    pub fn at(&self, position: usize) -> u32 {
        match self {
            Self::All(n) => {
                assert!(position < *n as usize, "position {position} of {n} neighbours");
                position as u32
            }
            Self::Some(list) => list[position],
        }
    }

    /// Whether `vertex` is among them.
    pub fn contains(&self, vertex: u32) -> bool {
        self.position(vertex).is_some()
    }

    /// The position of `vertex`, counted from 0 in ascending order; `None` where it is not among
    /// them.
    pub fn position(&self, vertex: u32) -> Option<usize> {
        match self {
            Self::All(n) => (vertex < *n).then_some(vertex as usize),
            Self::Some(list) => list.binary_search(&vertex).ok(),
        }
    }

    /// In ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u32> + Clone + use<'a> {
        let this = *self;
        (0..self.len()).map(move |position| this.at(position))
    }
}

impl BipartiteGraph {
    /// The complete graph, every server compatible with every task type. Takes no memory for edges.
    ///
    /// # Errors
    /// [`GraphError::NoServers`], [`GraphError::NoTaskTypes`].
    pub fn complete(n_servers: u32, n_task_types: u32) -> Result<Self, GraphError> {
        Self::not_empty(n_servers, n_task_types)?;
        Ok(Self::plain(n_servers, n_task_types, Edges::Complete, Vec::new()))
    }

    /// Without labels, and with equal rates.
    fn plain(n_servers: u32, n_task_types: u32, edges: Edges, isolated: Vec<u32>) -> Self {
        Self {
            n_servers,
            n_task_types,
            edges: Arc::new(edges),
            isolated: Arc::new(isolated),
            server_labels: None,
            task_type_labels: None,
            rates: None,
        }
    }

    /// The graph with the edges `(server, task_type)`, in any order.
    ///
    /// # Errors
    /// Ids out of range, an edge given twice, an empty side, and, with [`Isolated::Refuse`], task
    /// types without a server. Servers without a task type are fine: they idle, and count in N.
    pub fn from_edges(
        n_servers: u32,
        n_task_types: u32,
        edges: &[(u32, u32)],
        isolated: Isolated,
    ) -> Result<Self, GraphError> {
        Self::not_empty(n_servers, n_task_types)?;
        for (edge, &(server, task_type)) in edges.iter().enumerate() {
            for (what, id, count) in
                [("server", server, n_servers), ("task type", task_type, n_task_types)]
            {
                if id >= count {
                    return Err(GraphError::OutOfRange { edge, what, id, count });
                }
            }
        }
        // Two counting sorts: filling the rows of one side in the order of the other sorts them.
        let unsorted = rows(n_task_types, edges.iter().map(|&(v, w)| (w, v)));
        let by_server = rows(n_servers, transposed(&unsorted));
        let by_task_type = rows(n_task_types, transposed(&by_server));
        drop(unsorted);
        for (w, row) in (0..n_task_types).map(|w| (w, by_task_type.row(w))) {
            if let Some(pair) = row.windows(2).find(|pair| pair[0] == pair[1]) {
                let (server, task_type) = (pair[0], w);
                let mut at = (0..edges.len()).filter(|&i| edges[i] == (server, task_type));
                let (first, second) = (at.next().unwrap_or(0), at.next().unwrap_or(0));
                return Err(GraphError::DuplicateEdge { first, second, server, task_type });
            }
        }
        let alone: Vec<u32> =
            (0..n_task_types).filter(|&w| by_task_type.row(w).is_empty()).collect();
        if isolated == Isolated::Refuse && !alone.is_empty() {
            let names = alone.iter().take(NAMED).map(u32::to_string).collect();
            return Err(GraphError::IsolatedTaskTypes { task_types: alone, names });
        }
        Ok(Self::plain(n_servers, n_task_types, Edges::Sparse { by_server, by_task_type }, alone))
    }

    fn not_empty(n_servers: u32, n_task_types: u32) -> Result<(), GraphError> {
        match (n_servers, n_task_types) {
            (0, _) => Err(GraphError::NoServers),
            (_, 0) => Err(GraphError::NoTaskTypes),
            _ => Ok(()),
        }
    }

    /// The same graph with names for its vertices.
    ///
    /// # Errors
    /// [`GraphError::LabelCount`] unless there is one label for each server and task type.
    pub fn with_labels(
        mut self,
        servers: Vec<String>,
        task_types: Vec<String>,
    ) -> Result<Self, GraphError> {
        let sides = [
            ("servers", servers.len(), self.n_servers),
            ("task types", task_types.len(), self.n_task_types),
        ];
        for (side, given, needed) in sides {
            if given != needed as usize {
                return Err(GraphError::LabelCount { side, given, needed: needed as usize });
            }
        }
        self.server_labels = Some(Arc::new(servers));
        self.task_type_labels = Some(Arc::new(task_types));
        Ok(self)
    }

    /// N, the number of servers.
    pub fn n_servers(&self) -> u32 {
        self.n_servers
    }

    /// M, the number of task types, isolated ones included.
    pub fn n_task_types(&self) -> u32 {
        self.n_task_types
    }

    /// |E|, the number of compatible pairs.
    pub fn n_edges(&self) -> u64 {
        match &*self.edges {
            Edges::Complete => u64::from(self.n_servers) * u64::from(self.n_task_types),
            Edges::Sparse { by_server, .. } => by_server.neighbours.len() as u64,
        }
    }

    /// Whether this is the implicit complete graph of [`BipartiteGraph::complete`].
    pub fn is_implicit_complete(&self) -> bool {
        matches!(*self.edges, Edges::Complete)
    }

    /// N_w, the servers compatible with `task_type`.
    ///
    /// # Panics
    /// If `task_type >= n_task_types()`.
    #[inline]
    pub fn servers_of(&self, task_type: u32) -> Neighbours<'_> {
        match &*self.edges {
            Edges::Complete => {
                let m = self.n_task_types;
                assert!(task_type < m, "task type {task_type} of {m}");
                Neighbours::All(self.n_servers)
            }
            Edges::Sparse { by_task_type, .. } => Neighbours::Some(by_task_type.row(task_type)),
        }
    }

    /// N_v, the task types compatible with `server`.
    ///
    /// # Panics
    /// If `server >= n_servers()`.
    #[inline]
    pub fn task_types_of(&self, server: u32) -> Neighbours<'_> {
        match &*self.edges {
            Edges::Complete => {
                assert!(server < self.n_servers, "server {server} of {}", self.n_servers);
                Neighbours::All(self.n_task_types)
            }
            Edges::Sparse { by_server, .. } => Neighbours::Some(by_server.row(server)),
        }
    }

    /// d_w, the number of servers compatible with `task_type`.
    pub fn task_degree(&self, task_type: u32) -> usize {
        self.servers_of(task_type).len()
    }

    /// d_v, the number of task types compatible with `server`; 0 is allowed.
    pub fn server_degree(&self, server: u32) -> usize {
        self.task_types_of(server).len()
    }

    /// All edges `(server, task_type)`, by server, then by task type.
    pub fn iter_edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.n_servers).flat_map(|v| self.task_types_of(v).iter().map(move |w| (v, w)))
    }

    /// The task types without a server, whose tasks are lost; empty unless [`Isolated::Drop`] was
    /// chosen.
    pub fn isolated_task_types(&self) -> &[u32] {
        &self.isolated
    }

    /// Whether the vertices have names.
    pub fn has_labels(&self) -> bool {
        self.server_labels.is_some()
    }

    /// The name of `server`: its label, or its id.
    ///
    /// # Panics
    /// If `server >= n_servers()` and there are labels.
    pub fn server_name(&self, server: u32) -> String {
        self.server_labels
            .as_ref()
            .map_or_else(|| server.to_string(), |labels| labels[server as usize].clone())
    }

    /// The names of the first ten of these servers, long ones cut short, and how many more there
    /// are.
    ///
    /// # Panics
    /// As [`BipartiteGraph::server_name`].
    pub fn first_server_names(&self, servers: &[u32]) -> String {
        let names: Vec<String> =
            servers.iter().take(NAMED).map(|&v| shortened(self.server_name(v))).collect();
        if names.is_empty() { "none".to_owned() } else { first_names(&names, servers.len()) }
    }

    /// The name of `task_type`: its label, or its id.
    ///
    /// # Panics
    /// If `task_type >= n_task_types()` and there are labels.
    pub fn task_type_name(&self, task_type: u32) -> String {
        self.task_type_labels
            .as_ref()
            .map_or_else(|| task_type.to_string(), |labels| labels[task_type as usize].clone())
    }
}

fn rows(n: u32, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Rows {
    let mut offsets = vec![0usize; n as usize + 1];
    let mut count = 0;
    for (from, _) in pairs.clone() {
        offsets[from as usize + 1] += 1;
        count += 1;
    }
    for i in 0..n as usize {
        offsets[i + 1] += offsets[i];
    }
    let mut next = offsets.clone();
    let mut neighbours = vec![0; count];
    for (from, to) in pairs {
        neighbours[next[from as usize]] = to;
        next[from as usize] += 1;
    }
    Rows { offsets, neighbours }
}

fn transposed(rows: &Rows) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
    (0..rows.offsets.len() as u32 - 1).flat_map(move |i| rows.row(i).iter().map(move |&j| (j, i)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_hold_the_same_edges_in_ascending_order() {
        let edges = [(2, 1), (0, 1), (1, 0), (2, 0)];
        let graph = BipartiteGraph::from_edges(4, 2, &edges, Isolated::Refuse).unwrap();
        assert_eq!(graph.servers_of(0), Neighbours::Some(&[1, 2]));
        assert_eq!(graph.servers_of(1), Neighbours::Some(&[0, 2]));
        assert_eq!(graph.task_types_of(2), Neighbours::Some(&[0, 1]));
        assert_eq!(graph.server_degree(3), 0);
        assert_eq!(graph.iter_edges().collect::<Vec<_>>(), [(0, 1), (1, 0), (2, 0), (2, 1)]);
    }

    #[test]
    fn the_implicit_complete_graph_answers_as_the_explicit_one() {
        let implicit = BipartiteGraph::complete(3, 2).unwrap();
        let edges: Vec<_> = implicit.iter_edges().collect();
        let explicit = BipartiteGraph::from_edges(3, 2, &edges, Isolated::Refuse).unwrap();
        for w in 0..2 {
            assert!(implicit.servers_of(w).iter().eq(explicit.servers_of(w).iter()));
        }
        assert_eq!(implicit.n_edges(), explicit.n_edges());
        assert_eq!(implicit, explicit);
        assert_ne!(
            implicit,
            BipartiteGraph::from_edges(3, 2, &edges[1..], Isolated::Refuse).unwrap()
        );
    }

    #[test]
    fn what_is_no_graph_is_refused_with_the_edge_that_shows_it() {
        let build =
            |n, m, edges: &[(u32, u32)]| BipartiteGraph::from_edges(n, m, edges, Isolated::Refuse);
        assert_eq!(build(0, 1, &[]), Err(GraphError::NoServers));
        assert_eq!(build(1, 0, &[]), Err(GraphError::NoTaskTypes));
        assert_eq!(
            build(2, 1, &[(0, 0), (2, 0)]),
            Err(GraphError::OutOfRange { edge: 1, what: "server", id: 2, count: 2 })
        );
        assert_eq!(
            build(2, 1, &[(0, 0), (1, 0), (0, 0)]),
            Err(GraphError::DuplicateEdge { first: 0, second: 2, server: 0, task_type: 0 })
        );
        let error = build(2, 3, &[(0, 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 task types (0, 2) have no compatible server: add an edge, or use --isolated drop \
            (their tasks are lost)"
        );
    }

    #[test]
    fn dropped_task_types_still_count() {
        let graph = BipartiteGraph::from_edges(1, 2, &[(0, 1)], Isolated::Drop).unwrap();
        assert_eq!((graph.n_task_types(), graph.isolated_task_types()), (2, &[0u32][..]));
    }
}
