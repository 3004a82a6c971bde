//! A subject that follows another policy than the one that is promised.

use super::{Coins, Reference, Subject};
use crate::model::policy::Policy;
use crate::model::{Event, Model};
use crate::simulate::Queues;
use crate::simulate::marks::Mark;

/// The model with this policy in place of its own: right where the two have one law, else wrong
/// relative to what the model promises.
///
/// ```
/// use fluidcheck::claims::{self, Verdict};
/// use fluidcheck::{graph::BipartiteGraph, model::Model, subject::Follows};
/// // The model promises samples with replacement.
/// let model = Model::new(BipartiteGraph::complete(3, 1)?, 0.5, 2)?;
/// let subject = Follows("jsq(2), distinct".parse()?);
/// let evidence = claims::find("transition-law")?.check(&subject, &model);
/// assert_eq!(evidence.verdict, Verdict::Violated);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Follows(pub Policy);

impl Follows {
    /// The model with another policy; the model itself where that has weights, which a subject does
    /// not know.
    pub(crate) fn instead(model: &Model, policy: &Policy) -> Model {
        Model::with_policy(model.graph().clone(), model.load().clone(), policy.clone(), None)
            .unwrap_or_else(|_| model.clone())
    }
}

impl Subject for Follows {
    fn name(&self) -> String {
        self.0.to_string()
    }

    fn system(&self, model: &Model) -> Model {
        Self::instead(model, &self.0)
    }

    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        Reference.apply(model, queues, mark, rng)
    }
}
