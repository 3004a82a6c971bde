//! The fewest picks that could tell a wrong picker from its promise.
//!
//! With the true law Q known, the best bet against the promised P is Q/P itself; its wealth grows
//! by the Kullback-Leibler distance of Q from P a pick, in the mean along the truth's own path. So
//! a test with error probability alpha needs about ln(1/alpha) over that distance. Not to know the
//! truth among r rivals costs ln r more.
//!
//! # Source
//! Wald (1945); Kelly (1956).

use super::picks::{Pick, Picks};
use super::starts::{events_of_segment, start_of_segment};
use crate::model::{Event, Model};
use crate::num::ratio;
use crate::random::{Coins, fingerprint, stream_rng};
use crate::subject::{Path, Subject};

/// Laws with more sequences of samples are not enumerated.
const MOST_SEQUENCES: u64 = 1 << 16;

/// How far the picks of a wrong subject are from those of the model's policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The mean Kullback-Leibler distance of a pick, truth to promise; infinite where the promise
    /// never makes some pick.
    pub per_pick: f64,
    /// Picks per event.
    pub picks: f64,
}

impl Divergence {
    /// The fewest events after which a test with this error probability may be expected to reject:
    /// 1 where a single pick can.
    pub fn least_events(self, alpha: f64) -> f64 {
        let picks = ((1.0 / alpha).ln() / self.per_pick).max(1.0);
        picks / self.picks
    }
}

/// The distance of a subject's picks from the promise of `model`, over that many events of its own
/// paths, from the starts of `transition-law`. `None` where the law of its picks is not known: it
/// draws for itself, it has too many sequences of samples, or its turns are hidden.
///
/// What alters the marks themselves is not seen; the caller knows whether something does.
pub fn divergence(
    subject: &dyn Subject,
    model: &Model,
    seed: u64,
    events: u64,
) -> Option<Divergence> {
    let system = subject.system(model);
    let graph = model.graph();
    let same_graph = system.graph().n_edges() == graph.n_edges();
    if !subject.is_function_of_marks() || !same_graph || system.policy().takes_turns() {
        return None;
    }
    let n = graph.n_servers();
    let mut starts = stream_rng(seed ^ fingerprint("least-events"), 0);
    let mut coins = Coins::new(seed, 0);
    let (mut sum, mut picks) = (0.0, 0u64);
    let mut lengths = start_of_segment(&mut starts, n, 0);
    let mut promise = Picks::of(model, &lengths);
    let mut truth = Picks::of(&system, &lengths);
    let mut path = Path::new(subject, model, seed, 1, lengths.clone());
    for event in 1..=events {
        match path.step() {
            Event::Arrival { task_type, server } => {
                let place = graph.servers_of(task_type).position(server)?;
                let seen = promise.seen(task_type, &lengths);
                let law = law_of(
                    subject,
                    &system,
                    task_type,
                    truth.all_seen(task_type, &lengths),
                    &mut coins,
                )?;
                if let Pick::Law(promised) = promise.next(task_type, &seen) {
                    let terms = law.iter().zip(&promised).filter(|(q, _)| **q > 0.0);
                    sum += terms.map(|(q, p)| q * (q / p).ln()).sum::<f64>();
                }
                picks += 1;
                promise.joined(task_type, place, &lengths);
                truth.joined(task_type, place, &lengths);
                lengths[server as usize] += 1;
            }
            Event::Service { server } => {
                if lengths[server as usize] > 0 {
                    promise.served(server);
                    truth.served(server);
                    lengths[server as usize] -= 1;
                }
            }
            Event::Lost { .. } => {}
        }
        if event.is_multiple_of(events_of_segment(n)) {
            let segment = event / events_of_segment(n);
            lengths = start_of_segment(&mut starts, n, segment);
            promise.restart(&lengths);
            truth.restart(&lengths);
            path = Path::new(subject, model, seed, 1 + segment, lengths.clone());
        }
    }
    let picks_per_event = picks as f64 / events as f64;
    Some(Divergence { per_pick: sum / picks as f64, picks: picks_per_event })
}

/// The law of a pick of a function of marks: that of the samples.
fn law_of(
    subject: &dyn Subject,
    system: &Model,
    task_type: u32,
    seen: &[u32],
    coins: &mut Coins,
) -> Option<Vec<f64>> {
    let servers = system.graph().servers_of(task_type);
    let n = servers.len() as u64;
    let weights = system.weights_of(task_type);
    // n^d, or what a shuffle has.
    let d = if system.policy().paper_d().is_some() { system.d() } else { system.d().min(n as u32) };
    if n.checked_pow(d).is_none_or(|sequences| sequences > MOST_SEQUENCES) {
        return None;
    }
    let all = system.policy().all_samples(n as u32, weights.as_deref()).ok()?;
    let mut law = vec![0.0; n as usize];
    for (samples, probability) in all {
        let mut samples: Vec<u32> = samples.iter().map(|&i| servers.at(i as usize)).collect();
        // A mark has d samples, the last one repeated where there are fewer.
        let last = *samples.last()?;
        samples.resize(samples.len().max(system.d() as usize), last);
        coins.next_event();
        let server = subject.pick(system, task_type, &samples, seen, coins);
        law[servers.position(server)?] += ratio::to_f64(&probability);
    }
    Some(law)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults;
    use crate::graph::BipartiteGraph;
    use crate::subject::{Follows, Reference};

    fn model(n: u32, d: u32) -> Model {
        Model::new(BipartiteGraph::complete(n, 1).unwrap(), 0.8, d).unwrap()
    }

    #[test]
    fn the_right_picker_is_at_no_distance() {
        let found = divergence(&Reference, &model(3, 2), 1, 2_000).unwrap();
        assert!(found.per_pick.abs() < 1e-12 && (0.3..0.6).contains(&found.picks), "{found:?}");
    }

    #[test]
    fn distances_are_those_of_the_laws() {
        // Two servers, one queue longer: random has 1/2 and 1/2, the promise 3/4 and 1/4; equal
        // ones are no difference.
        let random = Follows("random".parse().unwrap());
        let found = divergence(&random, &model(2, 2), 1, 20_000).unwrap();
        let of_unequal = 0.5 * (0.5f64 / 0.75).ln() + 0.5 * (0.5f64 / 0.25).ln();
        assert!(found.per_pick > 0.5 * of_unequal && found.per_pick < of_unequal, "{found:?}");
        // The longest of two is never joined by a scan of all.
        let all = Model::with_policy(
            BipartiteGraph::complete(2, 1).unwrap(),
            crate::model::Load::try_from(0.8).unwrap(),
            "jsq(all)".parse().unwrap(),
            None,
        );
        let found = divergence(&random, &all.unwrap(), 1, 2_000).unwrap();
        assert_eq!(found.per_pick, f64::INFINITY);
        assert!((found.least_events(1e-6) - 1.0 / found.picks).abs() < 1e-12);
    }

    #[test]
    fn what_draws_for_itself_has_no_known_law() {
        let own = faults::LENGTHS_IGNORED_FOR_5_PERCENT;
        assert_eq!(divergence(own, &model(3, 2), 1, 100), None);
        assert_eq!(divergence(faults::IDLE_ELSE_FIRST_DRAWN, &model(3, 30), 1, 100), None);
        let known = divergence(faults::IDLE_ELSE_FIRST_DRAWN, &model(3, 2), 1, 5_000).unwrap();
        assert!(known.per_pick > 0.01, "{known:?}");
    }
}
