//! What is being checked: the trait, and the reference model.
//!
//! Stage 8 of 18: it stands on the simulator, whose parts a subject replaces.
//!
//! A claim never calls the model directly: it asks a [`Subject`]. The reference, every fault of
//! [`crate::faults`] and a user's own dispatcher are subjects, so that three things are one: the
//! harness proves its power (each fault must be rejected), a researcher checks a policy, and the
//! author of a load balancer checks real code.
//!
//! To check a policy, implement [`Subject::name`] and [`Subject::pick`]; everything else defaults
//! to the reference. What is promised is the policy of the model: [`Model::with_policy`].
//!
//! | subject | here |
//! |---|---|
//! | the model itself, whatever its policy | [`Reference`] |
//! | a picker as a closure | [`Picker`] |
//! | another policy than the promised one | [`Follows`] |

mod follows;
mod pair;
mod path;

use rand::Rng;

use crate::model::{Event, Model};
#[doc(inline)]
pub use crate::random::Coins;
use crate::simulate::marks::{self, Mark, MarkStream, RandomMarks};
use crate::simulate::{Queues, by_policy};

pub use follows::Follows;
#[doc(hidden)]
pub use pair::Pair;
pub use path::{Drive, Path};

/// A system under check. All defaults are the reference.
pub trait Subject: Sync {
    /// A short name for reports.
    fn name(&self) -> String;

    /// The system that really runs when `model` is asked for; a fault may have lost an edge.
    fn system(&self, model: &Model) -> Model {
        model.clone()
    }

    /// The stream of marks that drives replication `replication` under `seed`.
    fn marks(&self, model: &Model, seed: u64, replication: u64) -> Box<dyn MarkStream> {
        Box::new(RandomMarks::new(model, crate::random::stream_rng(seed, replication)))
    }

    /// Which server of N_w gets the task. `samples` are those of a mark of the model's policy: for
    /// `jsq(d), replacement` d servers drawn uniformly from N_w with replacement, for `jsq(all)`
    /// all of N_w in the order in which ties are settled ([`RandomMarks`]). `lengths` are what the
    /// policy sees: the queue lengths of now, but for `early`, `late(k)`, `of=given` and
    /// `per-type`.
    ///
    /// The default is the policy's pick; where ties take turns, that of the first turn, since
    /// `lengths` do not tell whose turn it is. A subject that leaves the pick to the policy has
    /// [`Queues::apply`] for its [`Subject::apply`], as [`Reference`] does: the queues know.
    ///
    /// A picker that draws for itself ignores `samples` and uses `rng`; it then is no function of
    /// marks, and says so by [`Subject::is_function_of_marks`].
    fn pick(
        &self,
        model: &Model,
        task_type: u32,
        samples: &[u32],
        lengths: &[u32],
        rng: &mut Coins,
    ) -> u32 {
        let _ = rng;
        if model.policy().is_first_shortest() {
            return marks::first_shortest(samples, lengths);
        }
        by_policy::pick(model, task_type, samples, lengths, 0).0
    }

    /// Whether [`Subject::pick`] depends on the samples and lengths only. Claims that look at all
    /// samples, and those of order under shared marks, need it.
    fn is_function_of_marks(&self) -> bool {
        true
    }

    /// Whether [`Subject::pick`] depends on nothing but its arguments, `rng` among them: two
    /// systems in one state then stay together under shared marks and coins. A picker that keeps a
    /// state of its own from task to task says no.
    fn is_function_of_marks_and_coins(&self) -> bool {
        true
    }

    /// Lets `mark` act on the queues and tells what happened.
    fn apply(&self, model: &Model, queues: &mut Queues, mark: Mark<'_>, rng: &mut Coins) -> Event {
        match mark {
            Mark::Arrival { task_type, samples } if !samples.is_empty() => {
                let server = self.pick(model, task_type, samples, queues.seen(task_type), rng);
                queues.join_of(task_type, samples, server);
                Event::Arrival { task_type, server }
            }
            mark => queues.apply(mark),
        }
    }

    /// Lets one shared mark act on two systems, the first of which starts below the second. Both
    /// get the same coins.
    fn couple(
        &self,
        model: &Model,
        lower: &mut Queues,
        upper: &mut Queues,
        mark: Mark<'_>,
        rng: &mut Coins,
    ) {
        let mut same = rng.clone();
        self.apply(model, lower, mark, rng);
        self.apply(model, upper, mark, &mut same);
        rng.go_on_behind(same);
    }
}

/// The model as the paper defines it, run by the crate's own simulator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Subject for Reference {
    fn name(&self) -> String {
        "reference".to_owned()
    }

    fn apply(&self, _: &Model, queues: &mut Queues, mark: Mark<'_>, _: &mut Coins) -> Event {
        queues.apply(mark)
    }

    fn couple(
        &self,
        _: &Model,
        lower: &mut Queues,
        upper: &mut Queues,
        mark: Mark<'_>,
        _: &mut Coins,
    ) {
        // No coins to copy.
        lower.apply(mark);
        upper.apply(mark);
    }
}

/// A picker given as a closure `(task_type, compatible servers, queue lengths, rng) -> server`,
/// which depends on these arguments alone.
///
/// ```no_run
/// use fluidcheck::subject::Picker;
/// use rand::RngExt;
/// // Random routing: one sample.
/// let picker = Picker::new("random", |_, servers, _, rng| servers.at(rng.random_range(0..servers.len())));
/// ```
pub struct Picker<F> {
    name: String,
    pick: F,
}

impl<F> Picker<F>
where
    F: Fn(u32, crate::graph::Neighbours<'_>, &[u32], &mut Coins) -> u32 + Sync,
{
    /// A subject that differs from the reference in its picker.
    pub fn new(name: impl Into<String>, pick: F) -> Self {
        Self { name: name.into(), pick }
    }
}

impl<F> Subject for Picker<F>
where
    F: Fn(u32, crate::graph::Neighbours<'_>, &[u32], &mut Coins) -> u32 + Sync,
{
    fn name(&self) -> String {
        self.name.clone()
    }

    fn pick(
        &self,
        model: &Model,
        task_type: u32,
        _: &[u32],
        lengths: &[u32],
        rng: &mut Coins,
    ) -> u32 {
        (self.pick)(task_type, model.graph().servers_of(task_type), lengths, rng)
    }

    fn is_function_of_marks(&self) -> bool {
        false
    }
}

/// A uniform random start: lengths 0 to `top` at each server.
pub(crate) fn random_lengths(rng: &mut impl Rng, n: u32, top: u32) -> Vec<u32> {
    use rand::RngExt;
    (0..n).map(|_| rng.random_range(0..=top)).collect()
}
