//! Figure 1: edges that reach everywhere against edges that are local, at the same mean degree ln
//! N.
//!
//! Both graphs have the same places; only the geometric one looks at them.
//!
//! # Source
//! Figure 1. Deviation: bipartite graphs, as everywhere else in the paper.

use serde::Serialize;

use super::study::Options;
use super::{DegreeRule, FigureError};
use crate::graph::generate::{Norm, Reach, Sites, erdos_renyi};
use crate::graph::{BipartiteGraph, Isolated};

/// Servers, and task types; few enough to see the edges.
pub const N: u32 = 60;

/// One edge, with the places of its ends on the unit torus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The seed of places and edges.
    pub seed: u64,
    /// N = M.
    pub n: u32,
    /// `erdos-renyi` or `geometric`.
    pub graph: &'static str,
    /// The mean degree asked for.
    pub degree: f64,
    /// The server.
    pub server: u32,
    /// The task type.
    pub task_type: u32,
    /// Place of the server.
    pub server_x: f64,
    /// Place of the server.
    pub server_y: f64,
    /// Place of the task type.
    pub task_type_x: f64,
    /// Place of the task type.
    pub task_type_y: f64,
}

/// The two graphs and their places.
#[derive(Clone, Debug)]
pub struct Topologies {
    /// The places.
    pub sites: Sites,
    /// Every pair alike.
    pub global: BipartiteGraph,
    /// Pairs within a distance.
    pub local: BipartiteGraph,
    /// The mean degree asked for.
    pub degree: f64,
}

impl Topologies {
    /// The graphs of a seed.
    ///
    /// # Errors
    /// None at this size.
    pub fn new(seed: u64) -> Result<Self, FigureError> {
        let degree = (100.0 * DegreeRule::Log.degree(N)).round() / 100.0;
        let norm = Norm::new(2.0)?;
        let sites = Sites::uniform(N, N, 2, seed)?;
        let local =
            sites.within(Reach::MeanDegree(degree).radius(N, 2, norm)?, norm, Isolated::Drop)?;
        let global = erdos_renyi(N, N, degree, seed, Isolated::Drop)?;
        Ok(Self { sites, global, local, degree })
    }

    /// Both graphs with their names.
    pub fn both(&self) -> [(&'static str, &BipartiteGraph); 2] {
        [("erdos-renyi", &self.global), ("geometric", &self.local)]
    }
}

/// The rows of figure 1.
///
/// # Errors
/// None at this size.
pub fn rows(options: &Options) -> Result<Vec<Row>, FigureError> {
    let both = Topologies::new(options.seed)?;
    let mut rows = Vec::new();
    for (name, graph) in both.both() {
        rows.extend(graph.iter_edges().map(|(server, task_type)| {
            let (v, w) = (both.sites.server(server), both.sites.task_type(task_type));
            Row {
                seed: options.seed,
                n: N,
                graph: name,
                degree: both.degree,
                server,
                task_type,
                server_x: v[0],
                server_y: v[1],
                task_type_x: w[0],
                task_type_y: w[1],
            }
        }));
    }
    Ok(rows)
}
