//! The law of a capped chain at given times, by uniformisation.
//!
//! The law at t is the mixture of the laws after k steps with Poisson weights. The error is bounded
//! from both sides: the capped chain is below the chain without a cap, and under shared samples
//! each task that was refused leaves at most one task more in the latter, which adds at most 1/n to
//! each q_i and to the mean queue length of n servers. So
//!
//! 0 <= E f(X(t)) - E f(X_B(t)) <= (1/n) E(tasks refused until t + tasks of the start above B).
//!
//! Steps end early where nothing moves any more: |P_(k+1) - P_k|_1 never increases in k, so what k'
//! further steps can change is at most k' times that.
//!
//! # Source
//! Jensen's uniformisation; Proposition 3.9 for the order.

use super::error::ExactError;
use super::jump_rates::Generator;
use super::stationary::with_mean;
use crate::theory::mean_field::Start;
use crate::theory::poisson::Poisson;

/// More steps than this take longer than anybody waits.
const MOST_STEPS: f64 = 1e9;

/// What is left to move when steps end.
const STILL: f64 = 1e-14;

/// Expectations at one time: q_1, ..., q_B and the mean queue length, and what has to be added for
/// an upper end.
#[derive(Clone, Debug)]
pub(super) struct AtTime {
    pub(super) values: Vec<f64>,
    /// Both ends are within this of the values.
    pub(super) rounding: f64,
    /// The upper end is above the lower one by at most this.
    pub(super) refused: f64,
}

/// The law of independent queues with P(X_v >= i) = q_i(0), cut off at the cap.
fn initial_law(generator: &Generator, start: &Start) -> Vec<f64> {
    let space = &generator.space;
    let at_least = |i: u32| if i == 0 { 1.0 } else { start.fraction(i as usize) };
    let cap = space.cap();
    let of_length: Vec<f64> = (0..=cap)
        .map(|i| if i == cap { at_least(i) } else { at_least(i) - at_least(i + 1) })
        .collect();
    let of_state = |number: usize| {
        let lengths = space.state(number).iter().map(|&length| of_length[length as usize]);
        space.weight(number) * lengths.product::<f64>()
    };
    (0..generator.len()).map(of_state).collect()
}

/// Expectations at `times`, in their order.
///
/// # Errors
/// [`ExactError::TooManySteps`].
pub(super) fn at_times(
    generator: &Generator,
    start: &Start,
    times: &[f64],
) -> Result<Vec<AtTime>, ExactError> {
    let n = generator.space.servers() as f64;
    // A little above the largest rate, so that the chain of the steps has no period.
    let rate = 1.02 * generator.out.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    if let Some(&given) = times.iter().find(|&&t| rate * t > MOST_STEPS) {
        return Err(ExactError::TooManySteps { given, steps: rate * given, most: MOST_STEPS });
    }
    let weights: Vec<Poisson> = times.iter().map(|t| Poisson::new(rate * t)).collect();
    let last = weights.iter().map(Poisson::last).max().unwrap_or(0);
    let mut law = initial_law(generator, start);
    let mut next = vec![0.0; law.len()];
    let cap = generator.space.cap() as usize;
    let beyond = start.tail(cap);
    let mut sums = vec![vec![0.0; cap + 1]; times.len()];
    let mut rounding = vec![0.0; times.len()];
    let mut refused_at = vec![0.0; times.len()];
    // Tasks refused in the first k steps, expected: the integral up to t is its mixture.
    let mut refused = 0.0;
    // Of all weights that are still to come at each time.
    let mut left = vec![1.0; times.len()];
    let stays: Vec<f64> = generator.out.iter().map(|out| 1.0 - out / rate).collect();
    let each = generator.rounding + (2 * generator.space.servers() + 4) as f64 * f64::EPSILON;
    for k in 0..=last {
        let needed = weights.iter().any(|law| law.weight(k) > 0.0);
        let q = if needed { with_mean(generator.fractions(&law)) } else { Vec::new() };
        for (at, poisson) in weights.iter().enumerate() {
            let weight = poisson.weight(k);
            if weight > 0.0 {
                sums[at].iter_mut().zip(&q).for_each(|(sum, q)| *sum += weight * q);
                refused_at[at] += weight * refused;
                rounding[at] += weight * k as f64 * each;
                left[at] -= weight;
            }
        }
        if k == last {
            break;
        }
        refused += generator.refusals(&law) / rate;
        let mut change = 0.0;
        for state in 0..law.len() {
            next[state] = law[state] * stays[state] + generator.inflow(&law, state) / rate;
            change += (next[state] - law[state]).abs();
        }
        std::mem::swap(&mut law, &mut next);
        let further = (last - k) as f64;
        if change * further < STILL {
            let q = with_mean(generator.fractions(&law));
            let flow = generator.refusals(&law) / rate;
            for (at, poisson) in weights.iter().enumerate() {
                let rest = left[at].max(0.0);
                sums[at].iter_mut().zip(&q).for_each(|(sum, q)| *sum += rest * q);
                let mean: f64 =
                    (k + 1..=poisson.last()).map(|j| poisson.weight(j) * (j - k - 1) as f64).sum();
                refused_at[at] += rest * refused + flow * mean;
                rounding[at] += rest * (k as f64 * each) + change * further * (cap as f64 + 1.0);
            }
            break;
        }
    }
    Ok(weights
        .iter()
        .zip(sums)
        .zip(rounding.into_iter().zip(refused_at))
        .map(|((poisson, values), (rounding, refused))| {
            let mean = values.last().copied().unwrap_or(0.0);
            AtTime {
                rounding: rounding * (1.0 + mean)
                    + poisson.outside * (cap as f64 + 1.0)
                    + 1e-15 * (1.0 + mean),
                refused: refused / n + beyond,
                values,
            }
        })
        .collect())
}
