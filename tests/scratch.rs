//! s
use fluidcheck::claims::{self, *};
use fluidcheck::faults::Fault;
use fluidcheck::graph::spec::Spec;
use fluidcheck::graph::Isolated;
use fluidcheck::model::Model;
use fluidcheck::stationary::Samples;
use fluidcheck::subject::{Reference, Subject};
use fluidcheck::suite::pilot_limit;

fn show(subject: &dyn Subject, id: &str, spec: &str, lambda: f64, d: u32, seed: u64) {
    let graph = Spec::parse(spec).unwrap().build(1, Isolated::Refuse).unwrap();
    let model = Model::new(graph, lambda, d).unwrap();
    let samples = Samples::new(subject, &model, seed, pilot_limit(&model));
    let setting = Setting { subject, model: &model, plan: CasePlan { seed, effort: 1, only: None }, alpha: 1e-7, samples: &samples };
    let t = std::time::Instant::now();
    let e = claims::find(id).unwrap().evaluate(&setting);
    println!("{:28} {id:18} {spec:22} {lambda} {d}: {} [{:.2}s] {} ", subject.name(), e.verdict, t.elapsed().as_secs_f64(), e.summary);
}

#[test]
fn scratch() {
    let ids = ["transition-law", "flow-balance", "cor-4.3", "prop-4.1-ergodic"];
    for id in ids {
        for (spec, l) in [("complete:n=2,m=2", 0.8), ("path:n=3", 0.6), ("cycle:n=5", 0.8), ("complete:n=30,m=12", 0.8), ("regular:n=30,m=20,k=4", 0.8), ("geometric:n=60,m=60,degree=15", 0.3)] {
            show(&Reference, id, spec, l, 2, 1);
        }
    }
    show(&Reference, "thm-3.1", "path:n=3", 0.6, 2, 1);
    for claim in claims::all().filter(|c| c.kind == Kind::Statistical) {
        for f in claim.rejects {
            if claim.id == "thm-3.1" { show(f, claim.id, "path:n=3", 0.6, 2, 1); continue; }
            for (spec, l) in [("complete:n=2,m=2", 0.8), ("path:n=3", 0.6), ("regular:n=30,m=20,k=4", 0.8)] {
                show(f, claim.id, spec, l, 2, 1);
            }
        }
    }
    let _ = Fault::ALL;
}
