//! Which run a checkpoint belongs to: everything that its result depends on.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Problem, hexadecimal};
use crate::estimate;
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::model::Model;
use crate::suite::{self, Input, power_matrix, selection};

/// What a result depends on, by name, in the order in which two runs are compared. The number of
/// threads is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run(Vec<(String, String)>);

impl Run {
    /// A run of this command, by this version.
    pub fn new(command: &str) -> Self {
        Self(Vec::new())
            .with("command", command)
            .with("the version of fluidcheck", env!("CARGO_PKG_VERSION"))
    }

    /// The same run, which depends on this too.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    fn with_model(self, model: &Model) -> Self {
        self.with("lambda", model.load().exact()).with("the policy", model.policy())
    }

    /// A run of `verify`.
    pub fn of_suite(inputs: &[Input], options: &suite::Options) -> Self {
        Self::new("verify").with_suite(inputs, options)
    }

    /// A run of `calibrate`, however many seeds it has: the seed is the first.
    pub fn of_calibration(inputs: &[Input], options: &suite::Options) -> Self {
        Self::new("calibrate").with_suite(inputs, options)
    }

    fn with_suite(self, inputs: &[Input], options: &suite::Options) -> Self {
        let checks = selection(inputs, options);
        let registry = Fingerprint::of(|digest| {
            for (claim, input) in &checks {
                digest.text(claim.id);
                digest.number(*input as u64);
            }
        });
        let content = Fingerprint::of(|digest| {
            for input in inputs {
                digest.text(&input.name);
                digest.model(&input.model);
            }
        });
        let mut ids: Vec<_> = checks.iter().map(|(claim, _)| claim.id).collect();
        ids.dedup();
        let case = options.case.map_or_else(|| "all".to_owned(), |case| case.to_string());
        let run = match inputs {
            [input] => self.with("the graph", input.arguments.join(" ")).with_model(&input.model),
            _ => self.with("the graph", format!("{} built-in graphs", inputs.len())),
        };
        run.with("the content of the graph", content)
            .with("the choice of claims", named(&ids))
            .with("the registry of claims", registry)
            .with("the seed", options.seed)
            .with("alpha", options.alpha)
            .with("the effort", options.effort)
            .with("the case", case)
    }

    /// A run of `power`.
    pub fn of_power(options: &power_matrix::Options) -> Self {
        let claims = power_matrix::claims_of(options);
        let ids: Vec<_> = claims.iter().map(|claim| claim.id).collect();
        let registry = Fingerprint::of(|digest| {
            ids.iter()
                .chain(faults::ALL.iter().map(|fault| &fault.id))
                .for_each(|id| digest.text(id));
            for setting in power_matrix::settings() {
                digest.text(&setting.name);
                digest.model(&setting.model);
            }
        });
        Self::new("power")
            .with("the choice of claims", named(&ids))
            .with("the registry of claims", registry)
            .with("the depth", format!("{:?}", options.depth))
            .with("the seed", options.seed)
            .with("alpha", options.alpha)
    }

    /// A run of `simulate`; `what` is estimated of the graph that the user named by `words`.
    ///
    /// The time limit is no part of it: it says when to stop, and what comes out after a number of
    /// replications depends on that number only.
    pub fn of_estimate(
        words: &str,
        model: &Model,
        what: &str,
        options: &estimate::Options,
    ) -> Self {
        let many = options.replications.map(|n| n.to_string());
        Self::new("simulate")
            .with("what is estimated", what)
            .with("the graph", words)
            .with_model(model)
            .with("the content of the graph", Fingerprint::of(|digest| digest.model(model)))
            .with("the seed", options.seed)
            .with("the confidence", options.confidence)
            .with("the precision", options.precision)
            .with("the event budget", options.events)
            .with("the number of replications", many.as_deref().unwrap_or("as many as needed"))
            .with("the kind of intervals", format!("{:?}", options.intervals))
    }

    /// Whether a checkpoint of the run `there` is one of this.
    pub(super) fn compare(&self, there: &Self) -> Result<(), Problem> {
        let different = self.0.iter().zip(&there.0).find(|(here, there)| here != there);
        match different {
            Some(((name, here), (other, there))) if name == other => Err(Problem::OtherRun {
                what: name.clone(),
                there: shown(there, 60),
                here: shown(here, 60),
            }),
            None if self.0.len() == there.0.len() => Ok(()),
            _ => Err(Problem::content("it lists other parameters")),
        }
    }
}

fn named(ids: &[&str]) -> String {
    if ids.len() <= 3 { ids.join(", ") } else { format!("{} claims", ids.len()) }
}

/// A text as it may stand in a message of one line, cut after so many characters.
pub(super) fn shown(value: &str, at_most: usize) -> String {
    let mut text: String =
        value.chars().take(at_most).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(at_most).is_some() {
        text.push_str("...");
    }
    text
}

/// A hash of content.
#[derive(Default)]
struct Fingerprint(Sha256);

impl Fingerprint {
    /// Half of the digest of what `add` adds: 128 bits are enough to tell graphs apart.
    fn of(add: impl FnOnce(&mut Self)) -> String {
        let mut digest = Self::default();
        add(&mut digest);
        hexadecimal(&digest.0.finalize()[..16])
    }

    fn number(&mut self, x: u64) {
        self.0.update(x.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        // With its length, so that no two lists of texts run into one.
        self.number(text.len() as u64);
        self.0.update(text);
    }

    fn graph(&mut self, graph: &BipartiteGraph) {
        self.number(u64::from(graph.n_servers()));
        self.number(u64::from(graph.n_task_types()));
        self.number(u64::from(graph.is_implicit_complete()));
        if !graph.is_implicit_complete() {
            for w in 0..graph.n_task_types() {
                self.number(graph.task_degree(w) as u64);
                for v in graph.servers_of(w).iter() {
                    self.0.update(v.to_le_bytes());
                }
            }
        }
        self.number(u64::from(graph.has_labels()));
        if graph.has_labels() {
            (0..graph.n_servers()).for_each(|v| self.text(&graph.server_name(v)));
            (0..graph.n_task_types()).for_each(|w| self.text(&graph.task_type_name(w)));
        }
        let weights = graph.rates().map_or(&[][..], |rates| rates.weights());
        self.number(weights.len() as u64);
        for weight in weights {
            self.0.update(weight.to_le_bytes());
        }
    }

    fn model(&mut self, model: &Model) {
        self.graph(model.graph());
        self.text(&model.load().exact().to_string());
        self.text(&model.policy().to_string());
        // What the file of the weights holds, not only its name.
        let weights = model.weights().unwrap_or_default();
        self.number(weights.len() as u64);
        weights.iter().for_each(|&weight| self.number(weight));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Isolated;
    use crate::num::ratio::ratio;

    #[test]
    fn any_difference_of_a_graph_shows_in_its_fingerprint() {
        let edges =
            |list: &[(u32, u32)]| BipartiteGraph::from_edges(2, 2, list, Isolated::Refuse).unwrap();
        let base = edges(&[(0, 0), (1, 1)]);
        let labels = |names: [&str; 2]| {
            base.clone().with_labels(names.map(str::to_owned).to_vec(), vec![String::new(); 2])
        };
        let graphs = [
            base.clone(),
            edges(&[(0, 1), (1, 0)]),
            edges(&[(0, 0), (0, 1), (1, 1)]),
            BipartiteGraph::complete(2, 2).unwrap(),
            labels(["ab", "c"]).unwrap(),
            labels(["a", "bc"]).unwrap(),
            base.clone().with_rates(&[ratio(1, 1), ratio(2, 1)]).unwrap(),
            base.clone().with_rates(&[ratio(2, 1), ratio(1, 1)]).unwrap(),
        ];
        let prints: std::collections::BTreeSet<_> =
            graphs.iter().map(|graph| Fingerprint::of(|print| print.graph(graph))).collect();
        assert_eq!(prints.len(), graphs.len());
    }

    #[test]
    fn any_difference_of_a_policy_shows_in_the_fingerprint_of_a_model() {
        let model = |policy: &str, weights: [i64; 2]| {
            let graph = BipartiteGraph::complete(2, 2).unwrap();
            let weights = weights.map(|weight| ratio(weight, 1)).to_vec();
            let load = crate::model::Load::try_from(0.5).unwrap();
            Model::with_policy(graph, load, policy.parse().unwrap(), Some(weights)).unwrap()
        };
        let models = [
            model("jsq(2)", [1, 1]),
            model("jsq(2), distinct", [1, 1]),
            model("jsq(all)", [1, 1]),
            model("jsq(2), weights=w", [1, 1]),
            model("jsq(2), weights=w", [1, 2]),
        ];
        let prints: std::collections::BTreeSet<_> =
            models.iter().map(|model| Fingerprint::of(|print| print.model(model))).collect();
        assert_eq!(prints.len(), models.len());
    }

    #[test]
    fn the_first_difference_is_named() {
        let run = |seed| Run::new("verify").with("the seed", seed).with("d", 2);
        assert_eq!(run(1).compare(&run(1)), Ok(()));
        let other =
            Problem::OtherRun { what: "the seed".into(), there: "2".into(), here: "1".into() };
        assert_eq!(run(1).compare(&run(2)), Err(other));
        assert!(matches!(run(1).compare(&run(1).with("more", 1)), Err(Problem::Content { .. })));
    }
}
