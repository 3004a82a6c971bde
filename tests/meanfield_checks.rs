//! The checks behind `ode-fixed-point`, `ode-order` and `eq-4.44` pass the right model and reject
//! wrong ones.

use fluidcheck::claims::mean_field;
use fluidcheck::theory::mean_field::{Boundary, fixed_point, right_hand_side, spectral_gap};

type Flow = fn(f64, u32, &[f64], &mut [f64]);
type Gap = fn(f64, u32) -> f64;

const LOWER: Flow = |lambda, d, q, dq| right_hand_side(lambda, d, q, Boundary::Zero, dq);
const UPPER: Flow = |lambda, d, q, dq| right_hand_side(lambda, d, q, Boundary::Upper, dq);

fn below(q: &[f64], i: usize) -> f64 {
    if i == 0 { 1.0 } else { q[i - 1] }
}

fn above(q: &[f64], i: usize) -> f64 {
    q.get(i + 1).copied().unwrap_or(0.0)
}

/// (3.5) without its departure term.
const NO_DEPARTURES: Flow = |lambda, d, q, dq| {
    for i in 0..q.len() {
        dq[i] = lambda * (below(q, i).powi(d as i32) - q[i].powi(d as i32));
    }
};

/// Departures q_i in place of q_i - q_(i+1).
const WHOLE_LEVEL_SERVES: Flow = |lambda, d, q, dq| {
    for i in 0..q.len() {
        dq[i] = lambda * (below(q, i).powi(d as i32) - q[i].powi(d as i32)) - q[i];
    }
};

const ONE_SAMPLE_MORE: Flow = |lambda, d, q, dq| LOWER(lambda, d + 1, q, dq);

const SLOW_SERVICE: Flow = |lambda, d, q, dq| {
    for i in 0..q.len() {
        dq[i] = lambda * (below(q, i).powi(d as i32) - q[i].powi(d as i32))
            - 0.999 * (q[i] - above(q, i));
    }
};

/// Arrivals at level i that fall with q_(i-1): no order.
const LONGEST_QUEUE: Flow = |lambda, d, q, dq| {
    let upwards = |q: f64| (1.0 - q).powi(d as i32);
    for i in 0..q.len() {
        let next = above(q, i);
        dq[i] = lambda * (upwards(next) - upwards(q[i])) - (q[i] - next);
    }
};

fn gap(lambda: f64, d: u32) -> f64 {
    spectral_gap(lambda, d).unwrap().gap
}

#[test]
fn the_right_model_passes_all_three_checks() {
    for flow in [LOWER, UPPER] {
        let measured = mean_field::fixed_point(&fixed_point, &flow);
        assert!(measured.slack >= 0.0 && measured.cases > 5000, "{measured}");
    }
    let measured = mean_field::order(&LOWER).unwrap();
    assert!(measured.slack >= 0.0 && measured.cases > 100_000, "{measured}");
    let measured = mean_field::rate(&LOWER, &gap).unwrap();
    assert!(measured.slack > 0.0 && measured.cases > 500, "{measured}");
}

#[test]
fn every_wrong_exponent_is_rejected() {
    type FixedPoint = fn(f64, u32, u32) -> f64;
    let faults: [(&str, FixedPoint); 6] = [
        ("as printed in Corollary 3.4", |lambda, d, i| {
            if d == 1 {
                lambda.powf(i.into())
            } else {
                lambda.powf((f64::from(d) * f64::from(i) - 1.0) / f64::from(d - 1))
            }
        }),
        ("i + 1", |lambda, d, i| fixed_point(lambda, d, i + 1)),
        ("i - 1", |lambda, d, i| fixed_point(lambda, d, i.saturating_sub(1))),
        ("d + 1", |lambda, d, i| fixed_point(lambda, d + 1, i)),
        ("exponent one too large", |lambda, d, i| lambda * fixed_point(lambda, d, i)),
        ("four units in the last place", |lambda, d, i| {
            fixed_point(lambda, d, i) * (1.0 + 4.0 * f64::EPSILON)
        }),
    ];
    for (name, fault) in faults {
        let measured = mean_field::fixed_point(&fault, &LOWER);
        assert!(measured.slack < 0.0, "{name}: {measured}");
    }
}

#[test]
fn every_wrong_right_hand_side_loses_the_fixed_point() {
    for (name, flow) in [
        ("no departures", NO_DEPARTURES),
        ("the whole level serves", WHOLE_LEVEL_SERVES),
        ("one sample more", ONE_SAMPLE_MORE),
        ("service slower by a thousandth", SLOW_SERVICE),
        ("joins the longest queue", LONGEST_QUEUE),
    ] {
        let measured = mean_field::fixed_point(&fixed_point, &flow);
        assert!(measured.slack < 0.0, "{name}: {measured}");
    }
}

#[test]
fn the_check_of_order_rejects_what_has_no_order_or_leaves_the_region() {
    for (name, flow) in [
        ("no departures", NO_DEPARTURES),
        ("joins the longest queue", LONGEST_QUEUE),
        ("slow service", SLOW_SERVICE),
    ] {
        let measured = mean_field::order(&flow);
        assert!(
            measured.as_ref().is_ok_and(|measured| measured.slack < 0.0),
            "{name}: {measured:?}"
        );
    }
}

#[test]
fn the_check_of_the_rate_rejects_wrong_gaps_and_wrong_flows() {
    let gaps: [(&str, Gap); 5] = [
        ("1 - lambda", |lambda, _| 1.0 - lambda),
        ("that of d = 1, as if the rate depended on lambda only", |lambda, _| gap(lambda, 1)),
        ("d + 1", |lambda, d| gap(lambda, d + 1)),
        ("larger by a hundredth", |lambda, d| 1.01 * gap(lambda, d)),
        ("smaller by a hundredth", |lambda, d| 0.99 * gap(lambda, d)),
    ];
    for (name, wrong) in gaps {
        let measured = mean_field::rate(&LOWER, &wrong).unwrap();
        assert!(measured.slack < 0.0, "{name}: {measured}");
    }
    for (name, flow) in [("one sample more", ONE_SAMPLE_MORE), ("slow service", SLOW_SERVICE)] {
        let measured = mean_field::rate(&flow, &gap).unwrap();
        assert!(measured.slack < 0.0, "{name}: {measured}");
    }
}
