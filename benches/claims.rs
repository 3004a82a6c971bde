//! How long does a verdict take? Exact and pathwise claims, the event-level test, one sample of the
//! steady state.
//!
//! The verdict of everything that is timed is asserted first.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fluidcheck::claims::event_test::EventTest;
use fluidcheck::claims::{self, CasePlan, Kind, Scope, Setting, Verdict};
use fluidcheck::estimate::bracketing::{Sample, Samples, pilot_limit, plan};
use fluidcheck::graph::generate::random_regular;
use fluidcheck::instruments::REFERENCE;
use fluidcheck::model::Model;
use fluidcheck::subject::{Path, Reference};
use fluidcheck::suite::battery::us_sites;

fn models() -> [(&'static str, Model); 2] {
    let regular = random_regular(60, 40, 4, 1).expect("a regular graph");
    [
        ("regular 60 x 40", Model::new(regular, 0.8, 2).expect("a model")),
        ("real 2968 x 901", Model::new(us_sites(), 0.2, 2).expect("a model")),
    ]
}

fn exact_claims(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exact and pathwise claims about one graph");
    group.sample_size(10);
    for (name, model) in models() {
        let samples = Samples::new(&Reference, &model, 1, 1);
        let plan = CasePlan { seed: 1, effort: 1, only: None };
        let setting = Setting {
            subject: &Reference,
            instruments: &REFERENCE,
            model: &model,
            plan,
            alpha: 1e-6,
            samples: &samples,
        };
        let run = || {
            let about_the_graph = |claim: &&claims::Claim| {
                claim.kind != Kind::Statistical && claim.scope == Scope::Graph
            };
            claims::all()
                .filter(about_the_graph)
                .map(|claim| claim.is_expected(claim.evaluate(&setting).verdict))
                .collect::<Vec<_>>()
        };
        assert!(run().into_iter().all(|expected| expected));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(run())));
    }
    group.finish();
}

fn event_test(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event-level test");
    let events = 20_000;
    group.throughput(Throughput::Elements(events));
    for (name, model) in models() {
        let n = model.graph().n_servers() as usize;
        let run = || {
            let mut test = EventTest::new(&model, &vec![0; n], 1e-6);
            let mut path = Path::new(&Reference, &model, 1, 0, vec![0; n]);
            for _ in 0..events {
                test.observe(path.step());
            }
            test.log_e()
        };
        assert!(run() < 0.0, "the reference loses bets");
        group.bench_function(name, |bencher| bencher.iter(|| black_box(run())));
    }
    group.finish();
}

fn steady_state_sample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one sample of the steady state");
    group.sample_size(10);
    let [(name, model), _] = models();
    let plan = plan(&Reference, &model, 1, pilot_limit(&model)).expect("the copies meet");
    assert!(Sample::draw(&Reference, &model, &plan, 1, 0).met);
    group.bench_function(name, |bencher| {
        bencher.iter(|| black_box(Sample::draw(&Reference, &model, &plan, 1, 0)))
    });
    group.finish();
}

fn one_verdict(criterion: &mut Criterion) {
    let [(_, model), _] = models();
    let samples = Samples::new(&Reference, &model, 1, 1);
    let plan = CasePlan { seed: 1, effort: 1, only: None };
    let setting = Setting {
        subject: &Reference,
        instruments: &REFERENCE,
        model: &model,
        plan,
        alpha: 1e-6,
        samples: &samples,
    };
    for id in ["lemma-4.4", "lemma-c.1", "eq-4.12", "prop-3.9-mass"] {
        let claim = claims::find(id).expect("a claim of the registry");
        assert_eq!(claim.evaluate(&setting).verdict, Verdict::Holds);
        criterion
            .bench_function(id, |bencher| bencher.iter(|| black_box(claim.evaluate(&setting))));
    }
}

criterion_group!(benches, exact_claims, event_test, steady_state_sample, one_verdict);
criterion_main!(benches);
