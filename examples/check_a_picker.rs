//! Is my "power of two" one? Checks the picker of a load balancer, event by event.
//!
//! The picker below samples two servers and, on a tie, takes the first one in its list: herding, a
//! fault seen in public balancers. `cargo run --release --example check_a_picker` finds it within a
//! few thousand events.

use fluidcheck::claims::{self, CasePlan, Setting};
use fluidcheck::estimate::bracketing::Samples;
use fluidcheck::graph::spec::Spec;
use fluidcheck::instruments::REFERENCE;
use fluidcheck::model::Model;
use fluidcheck::subject::Picker;
use rand::RngExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = Spec::parse("complete:n=10,m=1")?.build(1, Default::default())?;
    let model = Model::new(graph, 0.8, 2)?;
    let picker = Picker::new("mine", |_, servers, lengths, rng| {
        let mut draw = || servers.at(rng.random_range(0..servers.len()));
        let (a, b) = (draw(), draw());
        // The fault: `min` on equal lengths prefers the lower index.
        std::cmp::min_by_key(a.min(b), a.max(b), |&v| lengths[v as usize])
    });
    let claim = claims::find("transition-law").ok_or("no such claim")?;
    let samples = Samples::new(&picker, &model, 1, 1_000_000);
    let plan = CasePlan { seed: 1, effort: 1, only: None };
    let evidence = claim.evaluate(&Setting {
        subject: &picker,
        instruments: &REFERENCE,
        model: &model,
        plan,
        alpha: 1e-6,
        samples: &samples,
    });
    println!("{}: {}\n{}", claim.id, evidence.verdict, evidence.summary);
    Ok(())
}
