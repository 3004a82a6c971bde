//! Errata of the proof of Theorem 3.10: its quotients and its constant.
//!
//! (4.33) and (4.34) divide by qbar_(i-1)(s) - qbar_i(s), which is 0 where two levels are equal.
//! From empty, the start of Theorem 3.1, they are at s = 0, from i = 2 on, and Lemma C.1 wants them
//! to differ. By continuity the quotient is d x^(d-1) at x = y, with which both hold. That qbar_0 =
//! 1 is nowhere said.

use num_traits::{One, Signed, Zero};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::printed_steps::{arrivals, local, over_states, rate};
use super::{corrected, printed};
use crate::claims::cases::Outcome;
use crate::claims::small_graphs::Loads;
use crate::claims::{Claim, show};
use crate::faults;
use crate::instruments::Instruments;
use crate::model::Model;
use crate::num::ratio::{self, Ratio, ratio};

/// The divisor of (4.33) and (4.34) at the start.
pub(crate) const EQ_4_33_PRINTED: Claim = printed(
    "err-4.33-printed",
    "(4.33), (4.34)",
    &["(4.33)", "(4.34)"],
    "(qbar_(i-1)^d - qbar_i^d) / (qbar_(i-1) - qbar_i) is defined at s = 0 from empty and other \
        starts, every i",
    |claim, setting| {
        setting.cases(claim, 12, "starts and levels", |case, _| {
            let i = 1 + (case + 1) % 4;
            let (name, share): (&str, fn(u64) -> Ratio) = match case / 4 {
                0 => ("empty", |i| ratio::whole(u64::from(i == 0))),
                1 => ("one task everywhere", |i| ratio::whole(u64::from(i <= 1))),
                _ => ("q_i(0) = 2^-i", |i| ratio::power(&ratio(1, 2), i as u32)),
            };
            let (below, above) = (share(i - 1), share(i));
            let divisor = &below - &above;
            if !divisor.is_zero() {
                return Outcome::holds(ratio::to_f64(&divisor));
            }
            Outcome::violated(format!(
                "from {name} at s = 0 the divisor is qbar_{} - qbar_{i} = {below} - {above}",
                i - 1
            ))
        })
    },
);

/// (4.33) and (4.34), type by type, with the quotient extended by continuity.
pub(crate) const EQ_4_33_CORRECTED: Claim = corrected(
    "err-4.33-corrected",
    "(4.33), (4.34)",
    &["(4.33)", "(4.34)"],
    "(4.33) and (4.34) hold for all qbar, equal levels and the empty start included, if the \
        quotient is d x^(d-1) there",
    &[faults::DIVIDED_DIFFERENCE_SHIFTED, faults::PHI_WITH_SERVER_DEGREES],
    |claim, setting| {
        over_states(claim, setting, 150, |model, lengths, rng| {
            extended(setting.instruments, model, lengths, rng)
        })
    },
);

/// Any nonincreasing qbar with qbar_0 = 1, often with equal levels; (1, 0, 0, ...) where the state
/// is empty.
fn any_bar(lengths: &[u32], levels: u32, rng: &mut ChaCha8Rng) -> Vec<Ratio> {
    let is_empty = lengths.iter().all(|&length| length == 0);
    let mut bar = vec![Ratio::one()];
    let mut twelfths = if is_empty { 0 } else { 12 };
    for _ in 1..=levels {
        twelfths = rng.random_range(0..=twelfths);
        bar.push(ratio(twelfths, 12));
    }
    bar
}

fn extended(
    instruments: &Instruments,
    model: &Model,
    lengths: &[u32],
    rng: &mut ChaCha8Rng,
) -> Outcome {
    let (graph, d) = (model.graph(), model.d());
    // Beyond the longest queue by one level more, where nothing arrives.
    let levels = lengths.iter().copied().max().unwrap_or(0) + 2;
    let bar = any_bar(lengths, levels, rng);
    let (k, phi) = ((instruments.lipschitz_constant)(d), (instruments.phi)(graph));
    let degree = ratio::whole(d.into());
    let scale = Ratio::new(graph.n_servers().into(), graph.n_task_types().into());
    let inverse = |w: u32| ratio::whole(graph.servers_of(w).len() as u64).recip();
    let mut least = f64::INFINITY;
    for i in 1..=levels {
        let (above, below) = (&bar[i as usize], &bar[i as usize - 1]);
        let difference = ratio::power(below, d) - ratio::power(above, d);
        let quotient = (instruments.divided_difference)(below, above, d);
        let right = if below == above {
            &degree * ratio::power(below, d - 1)
        } else {
            &difference / (below - above)
        };
        if quotient != right {
            let found =
                format!("d = {d}, levels {below} and {above}: quotient {quotient}, not {right}");
            return Outcome::violated(found).at(&[lengths]);
        }
        // d_(i-1)^w + d_i^w.
        let apart = |w: u32| {
            (local(graph, w, lengths, i - 1).1 - below).abs()
                + (local(graph, w, lengths, i).1 - above).abs()
        };
        for w in (0..graph.n_task_types()).filter(|&w| !graph.servers_of(w).is_empty()) {
            let servers = graph.servers_of(w);
            let near = |of: &dyn Fn(u32) -> Ratio, v: u32| -> Ratio {
                &scale * graph.task_types_of(v).iter().map(of).sum::<Ratio>()
            };
            let of_type = |other: u32| {
                let (x, y) =
                    (local(graph, other, lengths, i - 1).1, local(graph, other, lengths, i).1);
                (instruments.divided_difference)(&x, &y, d) * inverse(other)
            };
            let of_distance = |other: u32| &k * inverse(other) * apart(other);
            let joining = servers.iter().filter(|&v| lengths[v as usize] + 1 == i);
            let left = (&scale * arrivals(model, w, lengths, i) * inverse(w) - &difference).abs();
            let middle =
                inverse(w) * joining.map(|v| (near(&of_type, v) - &quotient).abs()).sum::<Ratio>();
            let free = local(graph, w, lengths, i - 1).1 - local(graph, w, lengths, i).1;
            let last = inverse(w) * servers.iter().map(|v| near(&of_distance, v)).sum::<Ratio>()
                + &degree * &phi * free;
            let first_bound = &middle + &degree * apart(w);
            let slack =
                ratio::to_f64(&(&first_bound - &left)).min(ratio::to_f64(&(&last - &middle)));
            if left > first_bound || middle > last {
                let [left, first_bound, middle, last] =
                    [&left, &first_bound, &middle, &last].map(show);
                let bar = bar.iter().map(show).collect::<Vec<_>>().join(", ");
                let found = format!(
                    "level {i}, type {w}, qbar {bar}, d = {d}: (4.33) {left} <= {first_bound}, \
                     (4.34) {middle} <= {last}"
                );
                return Outcome::violated(found).by(slack).at(&[lengths]);
            }
            least = least.min(slack);
        }
    }
    Outcome::least(least, false)
}

/// (4.33) to (4.35), summed over w, with the sharp K: what the explicit constant c = 6 (2 (rho0 K +
/// d + 1)^2 + 1) of Theorem 3.10 rests on.
pub(crate) const THM_3_10_ARRIVALS: Claim = corrected(
    "thm-3.10-arrivals",
    "Theorem 3.10, (4.33) to (4.38)",
    &["Theorem 3.10", "(4.33)", "(4.34)", "(4.35)"],
    "arrivals at level i differ from (3.5)'s by (rho K + d)(d_(i-1) + d_i) + d phi (q_(i-1) - \
        q_i) at most",
    &[faults::PHI_WITH_SERVER_DEGREES],
    |claim, setting| {
        over_states(claim, setting, 150, |model, lengths, rng| {
            integrand(setting.instruments, model, lengths, rng)
        })
    },
);

fn integrand(
    instruments: &Instruments,
    model: &Model,
    lengths: &[u32],
    rng: &mut ChaCha8Rng,
) -> Outcome {
    let (graph, lambda, d) = (model.graph(), model.load().exact(), model.d());
    let levels = lengths.iter().copied().max().unwrap_or(0) + 1;
    // 0 where the state is empty, so that only phi is left.
    let bar = any_bar(lengths, levels, rng);
    let (k, rho, phi) =
        ((instruments.lipschitz_constant)(d), (instruments.rho)(model), (instruments.phi)(graph));
    if rho != lambda * Loads::of(graph).max() {
        return Outcome::violated(format!("rho(G) = {rho}"));
    }
    let degree = ratio::whole(d.into());
    let mut least = f64::INFINITY;
    for i in 1..=levels {
        let (above, below) = (&bar[i as usize], &bar[i as usize - 1]);
        let target = lambda * (ratio::power(below, d) - ratio::power(above, d));
        let (mut left, mut right) = (Ratio::zero(), Ratio::zero());
        for w in 0..graph.n_task_types() {
            let size = ratio::whole(graph.servers_of(w).iter().count() as u64);
            let (here, before) = (local(graph, w, lengths, i).1, local(graph, w, lengths, i - 1).1);
            left += (rate(model) * arrivals(model, w, lengths, i) / size - &target).abs();
            right += (&rho * &k + &degree) * ((&before - below).abs() + (&here - above).abs())
                + &degree * &phi * (&before - &here);
        }
        let slack = ratio::to_f64(&(&right - &left));
        least = least.min(slack);
        if left > right {
            let [left, right] = [&left, &right].map(show);
            let found = format!("level {i}, qbar {bar:?}, d = {d}: {left} above {right}");
            return Outcome::violated(found).by(slack).at(&[lengths]);
        }
    }
    Outcome::holds(least)
}
