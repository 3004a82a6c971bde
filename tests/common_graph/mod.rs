//! The cases of testdata/graph_metrics.json, shared by the suites of metrics and stability.

use fluidcheck::graph::{BipartiteGraph, Isolated};
use fluidcheck::num::ratio::{self, Ratio};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct File {
    origin: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct Case {
    pub name: String,
    pub servers: u32,
    pub task_types: u32,
    pub types: Vec<Vec<u32>>,
    pub rho_over_lambda: String,
    pub phi: String,
    pub gamma: String,
    pub regular: bool,
    pub components: u32,
    pub server_loads: Vec<String>,
    pub critical: Vec<Critical>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct Critical {
    pub d: u32,
    pub lambda_c: String,
    pub bottleneck: Vec<u32>,
    pub maximisers: u32,
}

impl Case {
    pub fn graph(&self) -> BipartiteGraph {
        let edges: Vec<_> = (0..)
            .zip(&self.types)
            .flat_map(|(w, servers)| servers.iter().map(move |&v| (v, w)))
            .collect();
        BipartiteGraph::from_edges(self.servers, self.task_types, &edges, Isolated::Refuse).unwrap()
    }
}

pub fn cases() -> Vec<Case> {
    let cases = serde_json::from_str::<File>(include_str!("../../testdata/graph_metrics.json"))
        .unwrap()
        .cases;
    assert_eq!(cases.len(), 10);
    cases
}

pub fn fraction(text: &str) -> Ratio {
    ratio::parse(text).unwrap()
}
