//! Section 2: rho, phi, gamma and the criterion of ergodicity.

use num_traits::Zero;

use super::cases::{Outcome, run};
use super::{Claim, Evidence, Expected, Kind, Scope, Setting, show};
use crate::faults::Fault;
use crate::model::Model;
use crate::ratio::{self, Ratio};

/// The claims of section 2.
pub const CLAIMS: &[Claim] = &[EQ_2_1];

/// (2.1): the busiest server carries at least the average load.
pub const EQ_2_1: Claim = Claim {
    id: "eq-2.1",
    source: "(2.1)",
    statement: "rho(G) is the largest random-routing load, at least lambda, with equality iff all server loads are equal",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    hypotheses: &[super::Hypothesis::NoIsolatedTaskTypes],
    rejects: &[Fault::RhoWithServerDegrees],
    check: eq_2_1,
};

/// The load of every server under random routing, summed edge by edge from the definition.
fn loads(model: &Model) -> Vec<Ratio> {
    let graph = model.graph();
    let rate = model.load().exact() * ratio::whole(graph.n_servers().into()) / ratio::whole(graph.n_task_types().into());
    let mut loads = vec![Ratio::zero(); graph.n_servers() as usize];
    for w in 0..graph.n_task_types() {
        let share = &rate / ratio::whole(graph.servers_of(w).len().max(1) as u64);
        for v in graph.servers_of(w).iter() {
            loads[v as usize] += &share;
        }
    }
    loads
}

fn eq_2_1(setting: &Setting<'_>) -> Evidence {
    run(&setting.plan, "eq-2.1", 1, "graphs, rho recomputed edge by edge", |_, _| {
        let loads = loads(setting.model);
        let lambda = setting.model.load().exact();
        let rho = setting.subject.rho(setting.model);
        let Some(largest) = loads.iter().max() else { return Outcome::Skipped };
        let equal = loads.iter().all(|load| load == largest);
        let slack = ratio::to_f64(&(&rho - lambda));
        if rho != *largest {
            Outcome::violated(slack, format!("rho(G) = {}, but the busiest server has load {}", show(&rho), show(largest)))
        } else if rho < *lambda || (rho == *lambda) != equal {
            Outcome::violated(slack, format!("rho(G) = {} with lambda = {}, loads equal: {equal}", show(&rho), show(lambda)))
        } else {
            Outcome::holds(slack)
        }
    })
}
