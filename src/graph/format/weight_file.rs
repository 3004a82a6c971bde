//! Weights of servers in files, as policies with `weights=FILE` need them.
//!
//! CSV with the header `server,weight` and one row for each server. Weights are decimals or
//! fractions of at least 0, read exactly; only their ratios matter.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use num_traits::Signed;

use super::error::shown;
use super::records::Records;
use super::{FormatError, Problem};
use crate::graph::BipartiteGraph;
use crate::num::ratio::{self, Ratio};

const RULE: &str = "server and weight (quote labels that contain commas)";

/// The weight of each server of `graph`; `name` stands for the file in errors.
///
/// Servers go by the names that reports use: their labels, or their ids from 0 where the graph has
/// no labels. Every server needs exactly one weight.
///
/// # Errors
/// [`FormatError`], with the line.
///
/// ```
/// use fluidcheck::{graph::{BipartiteGraph, format}, num::ratio::ratio};
/// let graph = BipartiteGraph::complete(2, 1)?;
/// let text = "server,weight\n1,0.5\n0,2\n";
/// let weights = format::read_weights(text.as_bytes(), "example", &graph)?;
/// assert_eq!(weights, [ratio(2, 1), ratio(1, 2)]);
/// let error = format::read_weights("server,weight\n0,2\n".as_bytes(), "example", &graph);
/// assert_eq!(
///     error.unwrap_err().to_string(),
///     "example: server 1 has no weight: give one to every server (0 if it gets no task)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_weights(
    reader: impl BufRead,
    name: &str,
    graph: &BipartiteGraph,
) -> Result<Vec<Ratio>, FormatError> {
    let ids: HashMap<String, u32> =
        (0..graph.n_servers()).map(|v| (graph.server_name(v), v)).collect();
    let mut weights: Vec<Option<(Ratio, u64)>> = vec![None; graph.n_servers() as usize];
    let mut records = Records::new(reader, name, 1);
    let mut header = false;
    while let Some(line) = records.next()? {
        let mut row = || {
            let fields = records.fields("2", RULE)?;
            let [server, weight] = fields[..] else {
                return Err(Problem::Fields { found: fields.len(), expected: "2", rule: RULE });
            };
            let (server, weight) = (server.trim().trim_start_matches('\u{feff}'), weight.trim());
            if !header {
                header = true;
                let known = server == "server" && weight == "weight";
                let text = || shown(&format!("{server},{weight}"));
                return if known { Ok(()) } else { Err(Problem::WeightHeader(text())) };
            }
            let id = ids.get(server).copied();
            let unknown = || Problem::UnknownServer(shown(server));
            let place = id.and_then(|v| weights.get_mut(v as usize)).ok_or_else(unknown)?;
            let rule = "a number of at least 0 and of ordinary size, such as 2 or 4/5";
            let value = ratio::parse(weight).ok().filter(|weight| !weight.is_negative());
            let wrong =
                || Problem::Value { column: 2, field: "weight", value: shown(weight), rule };
            let value = value.ok_or_else(wrong)?;
            if let Some((_, first)) = place {
                return Err(Problem::DuplicateWeight { server: shown(server), first: *first });
            }
            *place = Some((value, line));
            Ok(())
        };
        row().map_err(|problem| problem.at(name, line))?;
    }
    if !header {
        return Err(Problem::WeightHeader(String::new()).of(name));
    }
    let missing = |v: usize| Problem::MissingWeight(shown(&graph.server_name(v as u32))).of(name);
    let each = weights.into_iter().enumerate();
    each.map(|(v, weight)| weight.map(|(weight, _)| weight).ok_or_else(|| missing(v))).collect()
}

/// [`read_weights`] from a file.
///
/// # Errors
/// [`FormatError`].
pub fn read_weights_path(path: &Path, graph: &BipartiteGraph) -> Result<Vec<Ratio>, FormatError> {
    let (file, name) = super::open(path)?;
    read_weights(file, &name, graph)
}
