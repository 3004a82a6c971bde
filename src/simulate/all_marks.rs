//! All marks of a small model with their exact probabilities.
//!
//! # Source
//! Section 2; uniformisation as in [`super::marks`].

use num_traits::One;
use thiserror::Error;

use super::marks::{OwnedMark, padded};
use crate::model::Model;
use crate::num::ratio::{self, Ratio};

/// The most marks that [`enumerate`] lists.
pub const MAX_ENUMERATED: u64 = 1 << 24;

/// Why the marks of a model cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MarksError {
    /// There are more than [`MAX_ENUMERATED`].
    #[error(
        "the model has more than {MAX_ENUMERATED} marks: take a smaller graph, smaller degrees or \
         fewer samples"
    )]
    TooMany,
}

/// All marks of a model with their exact probabilities, which sum to 1. Zero-probability marks do
/// not occur.
///
/// # Errors
/// [`MarksError::TooMany`] above [`MAX_ENUMERATED`].
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model, num::ratio::{Ratio, ratio}, simulate::all_marks::enumerate};
/// let model = Model::new(BipartiteGraph::complete(2, 1)?, 0.5, 2)?;
/// let marks: Vec<_> = enumerate(&model)?.collect();
/// assert_eq!(marks.len(), 4 + 2);
/// assert_eq!(marks.iter().map(|(_, weight)| weight).sum::<Ratio>(), ratio(1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn enumerate(
    model: &Model,
) -> Result<impl Iterator<Item = (OwnedMark, Ratio)> + use<'_>, MarksError> {
    let graph = model.graph();
    let mut count = u64::from(graph.n_servers());
    let arriving = move || (0..graph.n_task_types()).filter(move |&w| graph.weight(w) > 0);
    for w in arriving() {
        let sequences = sequences(model, w).ok_or(MarksError::TooMany)?;
        count = count.checked_add(sequences).ok_or(MarksError::TooMany)?;
        if count > MAX_ENUMERATED {
            return Err(MarksError::TooMany);
        }
    }
    let lambda = model.load().exact();
    let unit = lambda / (Ratio::one() + lambda) / Ratio::from_integer(graph.total_weight().into());
    let each_server = (Ratio::one() + lambda).recip() / ratio::whole(graph.n_servers().into());
    let arrivals = arriving().flat_map(move |task_type| {
        let weight = &unit * Ratio::from_integer(graph.weight(task_type).into());
        samples(model, task_type).map(move |(samples, probability)| {
            (OwnedMark::Arrival { task_type, samples }, &weight * probability)
        })
    });
    let services = (0..graph.n_servers())
        .map(move |server| (OwnedMark::Service { server }, each_server.clone()));
    Ok(arrivals.chain(services))
}

/// How many lists of samples a type has, at most; `None` where they are too many.
fn sequences(model: &Model, task_type: u32) -> Option<u64> {
    let degree = model.graph().task_degree(task_type).max(1) as u32;
    match model.policy().paper_d() {
        Some(d) => u64::from(degree).checked_pow(d),
        // All of them are made here: small systems only.
        None => {
            let weights = model.weights_of(task_type);
            let all = model.policy().all_samples(degree, weights.as_deref());
            all.ok().map(|all| all.len() as u64)
        }
    }
}

/// The lists of samples of a type with their probabilities.
fn samples(model: &Model, task_type: u32) -> Box<dyn Iterator<Item = (Vec<u32>, Ratio)> + '_> {
    let servers = model.graph().servers_of(task_type);
    let degree = servers.len() as u64;
    if degree == 0 {
        return Box::new(std::iter::once((Vec::new(), Ratio::one())));
    }
    let d = model.d() as usize;
    let Some(choices) = model.policy().paper_d() else {
        let weights = model.weights_of(task_type);
        let all = model.policy().all_samples(degree as u32, weights.as_deref());
        return Box::new(all.unwrap_or_default().into_iter().map(move |(places, probability)| {
            let mut samples = vec![0; d];
            padded(&places, servers, &mut samples);
            (samples, probability)
        }));
    };
    let all = degree.pow(choices);
    let probability = Ratio::new(1.into(), all.into());
    Box::new((0..all).map(move |mut code| {
        // The digits of the code in base d_w are the positions of the samples.
        let samples = (0..choices)
            .map(|_| {
                let server = servers.at((code % degree) as usize);
                code /= degree;
                server
            })
            .collect();
        (samples, probability.clone())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{BipartiteGraph, Isolated};
    use crate::num::ratio::ratio;

    #[test]
    fn too_many_marks_are_refused_before_any_is_listed() {
        let model = Model::new(BipartiteGraph::complete(1000, 1).unwrap(), 0.5, 1024).unwrap();
        assert_eq!(enumerate(&model).err(), Some(MarksError::TooMany));
        let model = Model::new(BipartiteGraph::complete(2, u32::MAX).unwrap(), 0.5, 20).unwrap();
        assert_eq!(enumerate(&model).err(), Some(MarksError::TooMany));
    }

    #[test]
    fn marks_have_the_weights_of_their_types() {
        let graph = BipartiteGraph::complete(2, 3)
            .unwrap()
            .with_rates(&[ratio(1, 2), ratio(0, 1), ratio(1, 1)])
            .unwrap();
        let model = Model::new(graph, 0.5, 1).unwrap();
        let weights: Vec<Ratio> = enumerate(&model).unwrap().map(|(_, weight)| weight).collect();
        assert_eq!(
            weights,
            [ratio(1, 18), ratio(1, 18), ratio(1, 9), ratio(1, 9), ratio(1, 3), ratio(1, 3)]
        );
    }

    #[test]
    fn an_isolated_type_has_one_mark_of_full_weight() {
        let graph = BipartiteGraph::from_edges(1, 2, &[(0, 1)], Isolated::Drop).unwrap();
        let model = Model::new(graph, 0.5, 3).unwrap();
        let marks: Vec<_> = enumerate(&model).unwrap().collect();
        assert_eq!(marks[0], (OwnedMark::Arrival { task_type: 0, samples: vec![] }, ratio(1, 6)));
        assert_eq!(marks.len(), 3);
    }
}
