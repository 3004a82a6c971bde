//! Do the tests and intervals err as rarely as they say? Measured where the truth is known, at the
//! edge of the null.
//!
//! Each procedure runs on many independent streams and may be stopped at its worst time: an error
//! at any time counts. The number of errors is then compared with the stated probability by the
//! exact binomial law ([`binomial::clopper_pearson`]), not by the procedures themselves.
//!
//! | source | hardest for |
//! |---|---|
//! | coins of mean 1/50, 1/2, 49/50 | large gains that are rare, fair ones, frequent gains with rare losses |
//! | two values next to each other, three values | small variances; values inside the range |
//! | given the past, coins while behind and small steps while ahead | independence that nothing may rest on |
//!
//! # Source
//! Ville's inequality is what is measured; Clopper and Pearson (1934) for the comparison.

use std::cell::RefCell;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1};
use rayon::prelude::*;
use serde::Serialize;

use crate::claims::event_test::{EventTest, PickTest};
use crate::graph::BipartiteGraph;
use crate::model::{Event, Model};
use crate::random::{fingerprint, stream_rng};
use crate::simulate::Queues;
use crate::simulate::marks::{DrawnAhead, RandomMarks};
use crate::stats::betting_interval::BettingInterval;
use crate::stats::binomial;
use crate::stats::counts::{CountInterval, CountTest};
use crate::stats::decision::Decision;
use crate::stats::distribution::{DiscreteLaw, DistributionTest, TwoSample};
use crate::stats::empirical_bernstein::EmpiricalBernstein;
use crate::stats::equivalence::Equivalence;
use crate::stats::known_streams::{SOURCES, Source};
use crate::stats::mean_test::MeanTest;
use crate::stats::poisson_gaps::GapTest;
use crate::stats::procedure::{IntervalProcedure, MeanProcedure};
use crate::stats::scale::Scale;

/// Streams on which something went wrong, out of `streams`; the same whatever the number of
/// threads.
pub fn errors(streams: u64, seed: u64, wrong: impl Fn(ChaCha8Rng) -> bool + Sync) -> u64 {
    (0..streams).into_par_iter().map(|stream| u64::from(wrong(stream_rng(seed, stream)))).sum()
}

/// Streams on which a test decides at any time up to `length`; at the edge of the null each such is
/// an error.
pub fn decided<T: MeanProcedure>(
    source: Source,
    length: u64,
    streams: u64,
    seed: u64,
    make: impl Fn() -> T + Sync,
) -> u64 {
    errors(streams, seed, |rng| {
        let (mut draw, mut test) = (source.stream(rng), make());
        (0..length).any(|_| {
            test.observe(draw());
            test.decision().is_some()
        })
    })
}

/// Streams on which an interval excludes the mean at any time up to `length`.
pub fn missed<T: IntervalProcedure>(
    source: Source,
    length: u64,
    streams: u64,
    seed: u64,
    make: impl Fn() -> T + Sync,
) -> u64 {
    errors(streams, seed, |rng| {
        let (mut draw, mut interval) = (source.stream(rng), make());
        (0..length).any(|_| {
            interval.observe(draw());
            interval.excludes(source.mean)
        })
    })
}

/// How often a procedure erred, against what it states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// The test or interval.
    pub procedure: &'static str,
    /// Where its observations came from.
    pub source: &'static str,
    /// The error probability that it states.
    pub alpha: f64,
    /// Independent streams.
    pub streams: u64,
    /// Streams with an error.
    pub errors: u64,
    /// The lower end of the Clopper-Pearson interval of the error probability.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

impl Trial {
    /// Whether the stated error probability is refuted.
    pub fn errs_too_often(&self) -> bool {
        self.lower > self.alpha
    }
}

/// How the procedures are tried.
#[derive(Clone, Copy, Debug)]
pub struct Trials {
    /// The seed.
    pub seed: u64,
    /// The error probability stated to each procedure.
    pub alpha: f64,
    /// Streams for each procedure, shared out over its sources.
    pub streams: u64,
    /// The probability with which any trial is blamed wrongly; shared out over the trials.
    pub chance: f64,
}

/// Observations of a stream of means.
const LENGTH: u64 = 200;

/// Observations of a stream for a procedure that looks at all of its past at each of them.
const SHORT: u64 = 32;

/// The margin of the equivalence tests and laws that are tried.
const MARGIN: f64 = 0.05;

/// The errors of a procedure on so many streams of a source, under a seed, with what it states.
type OnMeans = fn(Source, u64, u64, f64) -> u64;

/// The procedures that are tried on streams of means.
const ON_MEANS: [(&str, OnMeans); 7] = [
    ("betting test", |source, streams, seed, alpha| {
        decided(source, LENGTH, streams, seed, || MeanTest::new(source.mean, alpha))
    }),
    ("test of counts", |source, streams, seed, alpha| {
        decided(source, LENGTH, streams, seed, || CountTest::new(source.mean, alpha))
    }),
    ("betting interval", |source, streams, seed, alpha| {
        missed(source, SHORT, streams, seed, || BettingInterval::new(0.0, 1.0, alpha))
    }),
    ("interval of counts", |source, streams, seed, alpha| {
        missed(source, LENGTH, streams, seed, || CountInterval::new(alpha))
    }),
    ("empirical Bernstein", |source, streams, seed, alpha| {
        missed(source, LENGTH, streams, seed, || EmpiricalBernstein::new(1.0, alpha))
    }),
    ("equivalence, upper edge", |source, streams, seed, alpha| {
        at_an_edge(source, streams, seed, alpha, source.mean - MARGIN)
    }),
    ("equivalence, lower edge", |source, streams, seed, alpha| {
        at_an_edge(source, streams, seed, alpha, source.mean + MARGIN)
    }),
];

/// At an edge of the margin either verdict is wrong: the mean is inside, and means outside are as
/// close as one likes.
fn at_an_edge(source: Source, streams: u64, seed: u64, alpha: f64, target: f64) -> u64 {
    errors(streams, seed, |rng| {
        let mut draw = source.stream(rng);
        let mut test = Equivalence::new(Scale::UNIT, target, MARGIN, alpha);
        (0..LENGTH).any(|_| {
            test.observe(draw());
            test.decision().is_some()
        })
    })
}

/// Whether a procedure errs on a stream, at a stated error probability.
type IsWrong = fn(ChaCha8Rng, f64) -> bool;

/// The other procedures, each with its source, whether it is wrong on a stream, and of how many
/// streams it gets one: where all rivals follow each event, a stream takes a hundred times as long.
const OTHERS: [(&str, &str, IsWrong, u64); 6] = [
    ("law, stated exactly", "three values", |rng, alpha| law_is_wrong(rng, alpha, 0.0), 1),
    ("law, at its margin", "three values", |rng, alpha| law_is_wrong(rng, alpha, MARGIN), 1),
    ("two samples", "three values", pair_is_wrong, 1),
    ("gaps", "Exp(1)", gaps_are_wrong, 1),
    ("events", "paths of two servers", path_is_wrong, 2),
    ("picks", "paths of two servers", picks_are_wrong, 8),
];

/// A trial to come: procedure, source, streams, and the errors among them under a seed.
type Plan = (&'static str, &'static str, u64, Box<dyn Fn(u64) -> u64>);

fn plans(&Trials { alpha, streams, .. }: &Trials) -> Vec<Plan> {
    let each = streams.div_ceil(SOURCES.len() as u64);
    let on_means = SOURCES.into_iter().flat_map(|source| {
        ON_MEANS.map(|(procedure, count)| -> Plan {
            let count = move |seed| count(source, each, seed, alpha);
            (procedure, source.name, each, Box::new(count))
        })
    });
    let others = OTHERS.map(|(procedure, source, wrong, one_in)| -> Plan {
        let each = streams.div_ceil(one_in);
        let count = move |seed| errors(each, seed, |rng| wrong(rng, alpha));
        (procedure, source, each, Box::new(count))
    });
    on_means.chain(others).collect()
}

/// Tries every procedure at the edge of its null. `progress` hears of each trial.
pub fn measure(trials: &Trials, progress: &dyn Fn(&Trial)) -> Vec<Trial> {
    let plans = plans(trials);
    let chance = trials.chance / plans.len() as f64;
    plans
        .into_iter()
        .map(|(procedure, source, streams, count)| {
            let errors =
                count(trials.seed ^ fingerprint(procedure) ^ fingerprint(source).rotate_left(32));
            let (lower, upper) = binomial::clopper_pearson(errors, streams, chance);
            let trial =
                Trial { procedure, source, alpha: trials.alpha, streams, errors, lower, upper };
            progress(&trial);
            trial
        })
        .collect()
}

/// The values 0, 1, 3 with probabilities 1/4, 1/4, 1/2, against that law or one that is `margin`
/// away from it.
fn law_is_wrong(mut rng: ChaCha8Rng, alpha: f64, margin: f64) -> bool {
    let stated = DiscreteLaw::new([(0.0, 0.25), (1.0, 0.25 - margin), (3.0, 0.5 + margin)]);
    let mut test = DistributionTest::new(stated, margin, alpha);
    (0..4 * LENGTH).any(|_| {
        test.observe(three_values(&mut rng));
        test.distance().decision.is_some()
    })
}

fn pair_is_wrong(mut rng: ChaCha8Rng, alpha: f64) -> bool {
    let mut test = TwoSample::new(0.0, alpha);
    (0..2 * LENGTH).any(|_| {
        test.observe_first(three_values(&mut rng));
        test.observe_second(three_values(&mut rng));
        test.distance().decision.is_some()
    })
}

fn three_values(rng: &mut ChaCha8Rng) -> f64 {
    [0.0, 1.0, 3.0, 3.0][rng.random_range(0..4)]
}

fn gaps_are_wrong(mut rng: ChaCha8Rng, alpha: f64) -> bool {
    let mut test = GapTest::new(alpha, false);
    (0..3 * LENGTH).any(|_| {
        test.observe(Exp1.sample(&mut rng));
        test.decision() == Some(Decision::Violated)
    })
}

thread_local! {
    static MODEL: Model = BipartiteGraph::complete(2, 2)
        .ok()
        .and_then(|graph| Model::new(graph, 0.8, 2).ok())
        .expect("the graph and the load are constants");
    /// A test without picks and its error probability: to list all rivals takes longer than a path.
    static PICKS: RefCell<Option<(f64, PickTest)>> = const { RefCell::new(None) };
}

/// Whether a test fed with a path from empty ever rejects; `observe` says so.
fn rejects_on_a_path(
    rng: ChaCha8Rng,
    model: &Model,
    events: u64,
    mut observe: impl FnMut(Event, &[u32]) -> bool,
) -> bool {
    let mut queues = Queues::empty(2);
    let mut marks = DrawnAhead::in_blocks(RandomMarks::new(model, rng), model.d(), events as usize);
    (0..events).any(|_| {
        let before = queues.lengths().to_vec();
        marks.next_mark().is_some_and(|mark| observe(queues.apply(mark), &before))
    })
}

fn path_is_wrong(rng: ChaCha8Rng, alpha: f64) -> bool {
    MODEL.with(|model| {
        let mut test = EventTest::new(model, &[0, 0], alpha);
        rejects_on_a_path(rng, model, LENGTH / 2, |event, _| {
            test.observe(event);
            test.decision() == Some(Decision::Violated)
        })
    })
}

fn picks_are_wrong(rng: ChaCha8Rng, alpha: f64) -> bool {
    let fresh = |model: &Model| PickTest::new(model, &[0, 0], alpha);
    MODEL.with(|model| {
        let mut test = PICKS.with_borrow_mut(|kept| match kept {
            Some((of, test)) if *of == alpha => test.clone(),
            _ => kept.insert((alpha, fresh(model))).1.clone(),
        });
        rejects_on_a_path(rng, model, LENGTH / 4, |event, before| {
            test.observe(event, before);
            test.is_violated()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::mean_test::Side;

    #[test]
    fn trials_of_laws_and_events_err_on_some_streams_and_only_as_often_as_they_are_allowed() {
        for (name, _, wrong, _) in OTHERS {
            let (many, few) =
                (errors(200, 1, |rng| wrong(rng, 0.999)), errors(200, 1, |rng| wrong(rng, 1e-9)));
            assert_eq!(few, 0, "{name}");
            assert!(many > 0 && many < 200, "{name}: {many}");
        }
    }

    #[test]
    fn no_procedure_errs_more_often_than_it_states_at_its_worst_time() {
        let trials = Trials { seed: 1, alpha: 0.1, streams: 24_000, chance: 1e-9 };
        let tried = measure(&trials, &|_| {});
        for trial in &tried {
            assert!(!trial.errs_too_often(), "{trial:?}");
        }
        // Tests that never err would have no power either.
        assert!(tried.iter().filter(|trial| trial.errors > trial.streams / 100).count() > 10);
        // Other levels, at less cost.
        for alpha in [0.01, 0.5] {
            let trials = Trials { seed: 2, alpha, streams: 6_000, chance: 1e-9 };
            assert!(
                measure(&trials, &|_| {}).iter().all(|trial| !trial.errs_too_often()),
                "alpha = {alpha}"
            );
        }
    }

    #[test]
    fn a_procedure_that_states_half_of_its_errors_is_found_out() {
        // The edge of the null is hard enough to tell alpha from 2 alpha.
        let fair = SOURCES[0];
        let errors = decided(fair, 1000, 4_000, 5, || MeanTest::on(Scale::UNIT, 0.5, 0.4, 0.4));
        let (lower, upper) = binomial::clopper_pearson(errors, 4_000, 1e-9);
        assert!(lower > 0.4 && upper < 0.8, "{errors} in 4000");
    }

    /// Decides at its n-th observation, and excludes everything from then on.
    struct After(u64);

    impl MeanProcedure for After {
        fn observe(&mut self, _: f64) {
            self.0 = self.0.saturating_sub(1);
        }
        fn decision(&self) -> Option<Side> {
            (self.0 == 0).then_some(Side::Above)
        }
    }

    impl IntervalProcedure for After {
        fn observe(&mut self, _: f64) {
            self.0 = self.0.saturating_sub(1);
        }
        fn ends(&self) -> (f64, f64) {
            (0.0, if self.0 == 0 { 0.0 } else { 1.0 })
        }
    }

    #[test]
    fn every_stream_with_an_error_at_any_time_counts_once() {
        assert_eq!([true, false].map(|wrong| errors(7, 1, |_| wrong)), [7, 0]);
        for (n, streams) in [(1, 7), (10, 7), (11, 0)] {
            assert_eq!(decided(SOURCES[0], 10, 7, 1, || After(n)), streams, "decides at {n} of 10");
            assert_eq!(missed(SOURCES[0], 10, 7, 1, || After(n)), streams, "misses at {n} of 10");
        }
    }

    #[test]
    fn a_trial_is_blamed_for_a_lower_end_above_what_it_states_only() {
        for (lower, blamed) in [(0.09, false), (0.1, false), (0.11, true)] {
            let trial = Trial {
                procedure: "test",
                source: "coin",
                alpha: 0.1,
                streams: 100,
                errors: 20,
                lower,
                upper: 0.3,
            };
            assert_eq!(trial.errs_too_often(), blamed, "{lower}");
        }
    }

    #[test]
    fn every_trial_has_the_interval_of_its_share_and_sees_some_errors() {
        let trials = Trials { seed: 1, alpha: 0.5, streams: 600, chance: 1e-9 };
        let tried = measure(&trials, &|_| {});
        assert_eq!(tried.len(), 6 * 7 + 6);
        for trial in &tried {
            let interval = binomial::clopper_pearson(trial.errors, trial.streams, 1e-9 / 48.0);
            assert_eq!((trial.lower, trial.upper), interval, "{trial:?}");
            assert!(!trial.errs_too_often(), "{trial:?}");
        }
        // What never errs on any stream measures nothing. The two bands of two samples are too wide
        // to err in 600 streams.
        let names = ON_MEANS.map(|(name, _)| name).into_iter().chain(OTHERS.map(|(name, ..)| name));
        for procedure in names.filter(|&name| name != "two samples") {
            let of_it = tried.iter().filter(|trial| trial.procedure == procedure);
            assert!(of_it.map(|trial| trial.errors).sum::<u64>() > 0, "{procedure}");
        }
    }

    #[test]
    fn errors_are_the_same_on_one_thread_and_on_many() {
        let count = || decided(SOURCES[5], 50, 500, 9, || MeanTest::new(0.5, 0.3));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(count);
        assert_eq!(
            one,
            rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(count)
        );
    }
}
