//! Where exact claims look: the d, the levels and the sizes with which each calls the formulas under
//! check, for review.
//!
//! A loop over d that has come to stay at 2, or one over graphs that sees the first one only, gives
//! the same verdict on the same number of cases. It shows here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fluidcheck::claims::{self, CheckOptions, Kind};
use fluidcheck::graph::BipartiteGraph;
use fluidcheck::instruments::{Instruments, REFERENCE};
use fluidcheck::model::Model;
use fluidcheck::subject::Reference;

type Seen = BTreeMap<&'static str, BTreeSet<u64>>;

thread_local! {
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen::new()) };
}

fn see(what: &'static str, value: impl Into<u64>) {
    let value = value.into();
    SEEN.with_borrow_mut(|seen| {
        seen.entry(what).or_default().insert(value);
    });
}

fn see_model(what: [&'static str; 2], model: &Model) {
    see(what[0], model.d());
    see(what[1], model.graph().n_servers());
}

/// The reference, which remembers what it was asked.
const RECORDING: Instruments = Instruments {
    rho: |model| {
        see("rho, N", model.graph().n_servers());
        (REFERENCE.rho)(model)
    },
    phi: |graph| {
        see("phi, N", graph.n_servers());
        (REFERENCE.phi)(graph)
    },
    gamma: |graph| {
        see("gamma, N", graph.n_servers());
        (REFERENCE.gamma)(graph)
    },
    is_regular: |graph| {
        see("regular, N", graph.n_servers());
        (REFERENCE.is_regular)(graph)
    },
    is_ergodic: |model| {
        see_model(["ergodic, d", "ergodic, N"], model);
        (REFERENCE.is_ergodic)(model)
    },
    assignment: |model, task_type, lengths| {
        see_model(["(4.12), d", "(4.12), N"], model);
        (REFERENCE.assignment)(model, task_type, lengths)
    },
    shared_mass: |model, task_type, lower, upper| {
        see_model(["(4.13), d", "(4.13), N"], model);
        (REFERENCE.shared_mass)(model, task_type, lower, upper)
    },
    transitions: |model, lengths| {
        see_model(["transitions, d", "transitions, N"], model);
        (REFERENCE.transitions)(model, lengths)
    },
    occupancy: |lengths| {
        see("occupancy, N", lengths.len() as u64);
        (REFERENCE.occupancy)(lengths)
    },
    all_within: |law, inside, all| {
        see("g(s), n", all);
        (REFERENCE.all_within)(law, inside, all)
    },
    divided_difference: |x, y, d| {
        see("divided difference, d", d);
        (REFERENCE.divided_difference)(x, y, d)
    },
    lipschitz_constant: |d| {
        see("K, d", d);
        (REFERENCE.lipschitz_constant)(d)
    },
    dual_solution: |theta, i0, i| {
        see("dual solution, i0", i0);
        see("dual solution, i", i);
        (REFERENCE.dual_solution)(theta, i0, i)
    },
    fixed_point: |lambda, d, i| {
        see("q*, d", d);
        see("q*, i", i);
        (REFERENCE.fixed_point)(lambda, d, i)
    },
    right_hand_side: |lambda, d, q, dq| {
        see("(3.5), d", d);
        (REFERENCE.right_hand_side)(lambda, d, q, dq);
    },
    moment_bound: |rho, i| {
        see("moments, i", i);
        (REFERENCE.moment_bound)(rho, i)
    },
    mixing_theta: |rho0, d| {
        see("theta, d", d);
        (REFERENCE.mixing_theta)(rho0, d)
    },
    mixing_bound: |rho0, d, t| {
        see("(4.29), d", d);
        (REFERENCE.mixing_bound)(rho0, d, t)
    },
    ..REFERENCE
};

/// `1-3, 5`.
fn ranges(values: &BTreeSet<u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &value in values {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => ranges.push((value, value)),
        }
    }
    let of_range = |(first, last): (u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.into_iter().map(of_range).collect::<Vec<_>>().join(", ")
}

#[test]
fn exact_claims_look_where_they_looked_before() {
    let model = Model::new(BipartiteGraph::complete(2, 2).unwrap(), 0.6, 2).unwrap();
    let options = CheckOptions { instruments: &RECORDING, ..CheckOptions::default() };
    let mut text = String::new();
    for claim in claims::all().filter(|claim| claim.kind == Kind::Exact) {
        SEEN.take();
        claim.check_with(&Reference, &model, &options);
        for (what, values) in SEEN.take() {
            let _ = writeln!(text, "{}: {what} = {}", claim.id, ranges(&values));
        }
    }
    // Beside what is reviewed, the case that went unnoticed.
    assert!(text.contains("lemma-c.1: divided difference, d = 1-12"), "{text}");
    insta::with_settings!({
        snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("ranges", text);
    });
}
