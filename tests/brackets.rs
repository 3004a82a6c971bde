//! Where brackets start, how long pilots may take, and what a sample says of its copies, each by
//! its definition.

use fluidcheck::estimate::bracketing::{
    Plan, START_ERROR, Sample, UpperStart, least_level, pilot_limit, plan, tail_bound, upper_start,
};
use fluidcheck::graph::Isolated;
use fluidcheck::graph::spec::Spec;
use fluidcheck::model::policy::Policy;
use fluidcheck::model::{Load, Model};
use fluidcheck::subject::Reference;

fn model(graph: &str, lambda: f64, d: u32) -> Model {
    Model::new(Spec::parse(graph).unwrap().build(1, Isolated::Refuse).unwrap(), lambda, d).unwrap()
}

#[test]
fn the_upper_start_is_the_least_level_that_no_server_of_all_is_likely_to_exceed() {
    for (servers, lambda) in [(1, 0.7), (20, 0.7), (300, 0.4)] {
        let model = model(&format!("complete:n={servers},m=1"), lambda, 2);
        let UpperStart { level, error } = upper_start(&model, 0);
        let above = |level: u32| f64::from(servers) * tail_bound(lambda, lambda, level + 1);
        let error = error.expect("below the critical load an error is known");
        assert!((error / above(level) - 1.0).abs() < 1e-6, "{error:e}, {:e}", above(level));
        assert!(error <= START_ERROR && above(level - 1) > START_ERROR, "{servers}, {level}");
    }
}

/// A regression test: over all seeds, at least half of the runs have all their intervals right.
#[test]
fn intervals_hold_together_about_as_often_as_stated_or_more() {
    use fluidcheck::estimate::{Estimated, Options};
    use fluidcheck::theory::exact;
    for (graph, lambda, d) in [("path:n=3", 0.6, 2), ("complete:n=1,m=1", 0.7, 1)] {
        let model = model(graph, lambda, d);
        let law = exact::stationary(&model, &exact::Options::default()).unwrap();
        let right = |interval: &Estimated, exact: f64| {
            interval.lower <= exact + 1e-9 && exact <= interval.upper + 1e-9
        };
        let runs = 30;
        let wrong = (0..runs).filter(|&seed| {
            let options = Options {
                seed,
                confidence: 0.5,
                precision: 0.05,
                events: 300_000,
                ..Options::default()
            };
            let found = model.steady_state(&options).unwrap();
            let levels = found.q.iter().zip(&law.q).all(|(q, exact)| right(q, exact.value));
            let queue = right(&found.mean_queue_length, law.mean_queue_length.value);
            let width = found.mean_queue_length.upper - found.mean_queue_length.lower;
            assert!(width < 0.5 * law.mean_queue_length.value, "{graph}: {found:?}");
            !(levels && queue)
        });
        assert!(wrong.count() <= 15, "{graph}");
    }
}

#[test]
fn the_least_level_is_the_first_and_ends_at_two_to_the_20th() {
    for first in [1, 2, 3, 1000, (1 << 20) - 1, 1 << 20] {
        let bound = |level: u32| if level < first { 1.0 } else { 0.25 };
        assert_eq!((least_level(bound, 0.5), least_level(bound, 0.25)), (first, first));
    }
    assert_eq!(least_level(|_| 1.0, 0.5), 1 << 20);
}

#[test]
fn a_pilot_may_take_longer_on_many_servers_and_next_to_the_critical_load() {
    assert_eq!(pilot_limit(&model("complete:n=2,m=1", 0.5, 2)), 4_000_000);
    assert_eq!(pilot_limit(&model("complete:n=1000,m=1", 0.5, 2)), 20_000_000);
    assert_eq!(pilot_limit(&model("complete:n=2,m=1", 0.999, 2)), 100_000_000);
    // rho is 3/2 lambda, and the critical load 4/5.
    let uneven = "edges:n=2,m=2,e=0-0;0-1;1-1";
    assert_eq!(pilot_limit(&model(uneven, 0.799, 2)), 100_000_000);
    assert_eq!(pilot_limit(&model(uneven, 0.5, 2)), 4_000_000);
}

#[test]
fn copies_that_meet_within_the_window_had_not_met_before_it() {
    let model = model("complete:n=2,m=1", 0.5, 2);
    let start = UpperStart { level: 20, error: None };
    for (warm_up, met) in [(0, false), (20_000, true)] {
        let plan = Plan { start, warm_up, window: 20_000, every: 100, top: 5 };
        let sample = Sample::draw(&Reference, &model, &plan, 1, 0);
        assert_eq!((sample.met, sample.ordered), (met, true));
        assert_eq!(sample.last.0, sample.last.1, "in the end they have met");
        let (low, high) = sample.mean_queue_length();
        assert_eq!(low == high, met, "{low}, {high}");
    }
}

#[test]
fn a_plan_starts_where_it_is_certified_or_well_above_what_a_path_has_seen_and_warms_up() {
    let certified = model("complete:n=20,m=1", 0.7, 2);
    let plan_of = |model: &Model| plan(&Reference, model, 1, pilot_limit(model)).unwrap();
    let known = plan_of(&certified);
    let start = upper_start(&certified, 0);
    assert_eq!((known.start.level, known.start.error), (start.level, start.error));
    assert_eq!(known.every, 5);
    // The slowest pilot and a quarter, in steps of `every`; no queue empties at once.
    let slowest = (1..).map(|step| step * known.every);
    let mut slowest = slowest.take_while(|events| events + events / 4 <= known.warm_up);
    let met = slowest.find(|events| events + events / 4 == known.warm_up).unwrap_or(0);
    assert!(met > u64::from(start.level), "{known:?}");
    assert!(known.top > 1 && known.window >= 64 * known.every, "{known:?}");

    let graph = Spec::parse("complete:n=2,m=1").unwrap().build(1, Isolated::Refuse).unwrap();
    let policy: Policy = "jsq(2), early".parse().unwrap();
    let load = Load::parse("0.3").unwrap();
    let unproved = plan_of(&Model::with_policy(graph, load, policy, None).unwrap());
    let UpperStart { level, error } = unproved.start;
    assert!(error.is_none() && level >= 12 && level.is_multiple_of(2), "{unproved:?}");
    assert!(level > unproved.top, "{unproved:?}");
}
