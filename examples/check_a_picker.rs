//! Does my picker really sample two servers uniformly? Checks a load balancer's, event by event.
//!
//! This one takes, on a tie, the first server in its list: herding, a fault seen in public
//! balancers. `cargo run --release --example check_a_picker` finds it within a few thousand events.

use fluidcheck::{
    claims,
    graph::BipartiteGraph,
    model::Model,
    subject::{Picker, Subject},
};
use rand::RngExt;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::new(BipartiteGraph::complete(10, 1)?, 0.8, 2)?;
    let picker = Picker::new("mine", |_, servers, lengths, rng| {
        let mut draw = || servers.at(rng.random_range(0..servers.len()));
        let (a, b) = (draw(), draw());
        // The fault: `min` on equal lengths prefers the lower index.
        std::cmp::min_by_key(a.min(b), a.max(b), |&v| lengths[v as usize])
    });
    let evidence = claims::find("transition-law")?.check(&picker, &model);
    println!("{}: {}", picker.name(), evidence.verdict);
    if let Some(witness) = evidence.witness {
        println!("{}\n{:?}\n{}", witness.found, witness.states, witness.replay);
    }
    Ok(())
}
