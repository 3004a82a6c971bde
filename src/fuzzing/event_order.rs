//! Two simulators, written apart, on the same choices.

use super::input::Input;
use crate::model::Event;
use crate::simulate::Queues;
use crate::simulate::event_list::Oracle;
use crate::simulate::marks::{BytesRng, Mark};
use crate::simulate::occupancy::Occupancy;

/// Bytes as a graph, a start and a path of the plain simulator, whose samples the fold of marks
/// gets too.
///
/// Where samples tie, the plain simulator draws among them, and the fold takes the first: the
/// samples are exchangeable, so the drawn one is put first, and nothing but a really shorter queue
/// may then be chosen instead.
///
/// # Panics
/// If the two paths part, or either loses count of its tasks.
pub fn oracle(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(8, 5);
    let start = input.lengths(model.graph().n_servers(), 4);
    let events = 16 + u32::from(input.byte());
    let model = input.rated(model);
    let plain = Oracle::with_rng(&model, BytesRng::new(input.0), start.clone());
    let mut plain = plain.expect("one length per server");
    let mut fold = Queues::from_lengths(start);
    for _ in 0..events {
        // Of an exponential variable from bytes even infinity is possible; time then ends.
        if !plain.next_time().is_finite() {
            break;
        }
        let Some(event) = plain.step() else { break };
        let mut samples = plain.last_samples().to_vec();
        let mark = match event {
            Event::Service { server } => Mark::Service { server },
            Event::Lost { task_type } => Mark::Arrival { task_type, samples: &[] },
            Event::Arrival { task_type, server } => {
                assert_eq!(samples.len(), model.d() as usize, "d samples");
                let drawn = samples.iter().position(|&v| v == server);
                samples.swap(0, drawn.expect("the chosen server was sampled"));
                Mark::Arrival { task_type, samples: &samples }
            }
        };
        assert_eq!(fold.apply(mark), event, "at {:?}", fold.lengths());
        assert_eq!(fold.lengths(), plain.lengths(), "after {event:?}");
        assert_eq!(fold.occupancy().counts(), plain.occupancy(), "after {event:?}");
        assert_eq!(fold.occupancy(), &Occupancy::of(fold.lengths()));
        assert_eq!(
            (fold.total(), fold.arrivals(), fold.departures(), fold.lost()),
            (plain.total(), plain.arrivals(), plain.departures(), plain.lost())
        );
    }
    assert_eq!(plain.delays().len() as u64, plain.departures(), "one delay for each task served");
    // Little's law, path by path.
    let (tasks, delays) = (plain.task_time(), plain.delays().iter().sum::<f64>() + plain.ages());
    assert!(
        (tasks - delays).abs() <= 1e-9 * (1.0 + tasks.abs()),
        "{tasks} task time, {delays} of delays and ages"
    );
}
