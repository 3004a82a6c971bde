//! The solver of (3.5) against Taylor series.
//!
//! For small d the derivatives of (3.5) at a state follow from each other by Cauchy products: the
//! coefficients of q_i(t) = sum_k a_(i,k) t^k obey (k + 1) a_(i,k+1) = lambda ([q_(i-1)^d]_k -
//! [q_i^d]_k) - (a_(i,k) - a_(i+1,k)). Nothing of the solver is used. Two orders of the series are
//! run, and their difference is added to what is permitted, beside the accuracy claimed. That is
//! ten times the solver's tolerance, which is kept to at its steps; between them its interpolant
//! has one order less.

use crate::claims::cases::Outcome;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults;
use crate::theory::mean_field::{
    Boundary, Options, Start, fixed_point_vec, right_hand_side, solve, steady_state_distance,
};

/// The solution of (3.5) at the default tolerances, and its distance from q*.
pub(crate) const ODE_SOLUTION: Claim = Claim {
    id: "ode-solution",
    source: "(3.5), (4.44)",
    paper: &["(3.5)", "(4.44)"],
    statement: "solve() gives the solution of (3.5) within 10^-8, at given times and between steps",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::ONE_SAMPLE_MORE],
    run: ode_solution,
};

const CASES: u64 = 10;

/// The accuracy claimed at the default tolerance of 10^-9.
const ACCURACY: f64 = 1e-8;

/// Levels of the series: no server gets so many more tasks by [`END`].
const LEVELS: usize = 48;
const END: f64 = 4.0;
/// A 32nd, so that all times looked at are whole steps.
const STEP: f64 = 1.0 / 32.0;

fn ode_solution(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, CASES, "trajectories of (3.5), against Taylor series", |case, _| {
        let (lambda, d) = [(0.8, 2), (0.5, 1), (0.9, 3), (0.3, 2), (0.95, 5)][(case % 5) as usize];
        let (start, q): (Start, Vec<f64>) = match case % 4 {
            0 => (Start::Empty, vec![]),
            1 => (Start::Level(3), vec![1.0; 3]),
            2 => (Start::Geometric(0.25), (1..=LEVELS).map(|i| 0.25f64.powi(i as i32)).collect()),
            _ => (Start::Occupancy(vec![0.75, 0.5, 0.125]), vec![0.75, 0.5, 0.125]),
        };
        trajectory(setting, lambda, d, &start, q)
    })
}

fn trajectory(
    setting: &Setting<'_>,
    lambda: f64,
    d: u32,
    start: &Start,
    mut q: Vec<f64>,
) -> Outcome {
    q.resize(LEVELS, 0.0);
    let steps = (END / STEP) as usize;
    let asked: Vec<f64> = (0..=steps).step_by(5).map(|k| k as f64 * STEP).chain([END]).collect();
    let what = format!("lambda {lambda}, d {d}, {start}");
    let path = match (setting.instruments.trajectory)(lambda, d, start, &asked) {
        Ok(path) => path,
        Err(error) => return Outcome::violated(format!("{what}: {error}")),
    };
    let (mut coarse, mut error) = (q.clone(), 0.0);
    let mut slack = f64::INFINITY;
    for k in 0..=steps {
        let time = k as f64 * STEP;
        // Roundings of the series: some per step and level, none of which grows.
        let permitted = ACCURACY + error + (k * LEVELS) as f64 * f64::EPSILON;
        let mut looks = Vec::new();
        match path.at(time) {
            Ok(between) => looks.push(("between the times", between)),
            Err(error) => {
                return Outcome::violated(format!("{what}, time {time}: {error}"));
            }
        }
        if let Some(at) = asked.iter().position(|&t| t == time) {
            looks.push(("as asked for", path.q[at].clone()));
            let l1: f64 =
                (0..LEVELS).map(|i| (q[i] - fixed_point(lambda, d, i + 1)).abs()).sum::<f64>()
                    + tail(lambda, d, LEVELS);
            let other = steady_state_distance(&path.q[at], lambda, d).l1;
            for stated in [path.l1_to_fixed_point[at], other] {
                // Each of the levels may be off by as much.
                let margin = LEVELS as f64 * permitted - (stated - l1).abs();
                if margin.is_nan() || margin < 0.0 {
                    let found = format!(
                        "{what}, time {time}: distance {stated} from q*, by the series {l1}"
                    );
                    return Outcome::violated(found).by(margin);
                }
            }
        }
        for (how, given) in looks {
            for i in 0..LEVELS.max(given.len()) {
                let at = |q: &[f64]| q.get(i).copied().unwrap_or(0.0);
                let margin = permitted - (at(&given) - at(&q)).abs();
                if margin.is_nan() || margin < 0.0 {
                    let found = format!(
                        "{what}, time {time}, {how}: q_{} = {}, by the series {}",
                        i + 1,
                        at(&given),
                        at(&q)
                    );
                    return Outcome::violated(found).by(margin);
                }
                slack = slack.min(margin);
            }
        }
        advance(lambda, d, &mut q, 30);
        advance(lambda, d, &mut coarse, 24);
        // The flow does not expand in l1, so the local errors add up.
        error = q.iter().zip(&coarse).map(|(a, b)| (a - b).abs()).sum();
    }
    let found = fixed_points(lambda, d)
        .or_else(|| truncated(lambda, d, start))
        .or_else(|| settled(setting, lambda, d, start));
    found.map_or_else(
        || Outcome::holds(slack),
        |found| Outcome::violated(format!("{what}: {found}")),
    )
}

/// One step of the series of this order.
fn advance(lambda: f64, d: u32, q: &mut [f64], order: usize) {
    let n = q.len();
    // a[i][k], with the constant q_0 = 1 in front.
    let mut a = vec![vec![0.0; order + 1]; n + 2];
    a[0][0] = 1.0;
    for (a, &q) in a[1..].iter_mut().zip(q.iter()) {
        a[0] = q;
    }
    // powers[i][p] is the series of q_i^(p + 1).
    let mut powers = vec![vec![vec![0.0; order + 1]; d as usize]; n + 1];
    for k in 0..order {
        for i in 0..=n {
            powers[i][0][k] = a[i][k];
            for p in 1..d as usize {
                powers[i][p][k] = (0..=k).map(|j| powers[i][p - 1][j] * a[i][k - j]).sum();
            }
        }
        let last = d as usize - 1;
        for i in 1..=n {
            let arriving = lambda * (powers[i - 1][last][k] - powers[i][last][k]);
            a[i][k + 1] = (arriving - (a[i][k] - a[i + 1][k])) / (k + 1) as f64;
        }
    }
    for (q, a) in q.iter_mut().zip(&a[1..]) {
        *q = a.iter().rev().fold(0.0, |sum, c| sum * STEP + c);
    }
}

/// q*_i by its recursion q*_i = lambda (q*_(i-1))^d.
fn fixed_point(lambda: f64, d: u32, i: usize) -> f64 {
    (0..i).fold(1.0, |q: f64, _| lambda * q.powi(d as i32))
}

fn tail(lambda: f64, d: u32, from: usize) -> f64 {
    (from + 1..from + 400).map(|i| fixed_point(lambda, d, i)).take_while(|&q| q > 0.0).sum()
}

/// The list of q* and the distance of short states, against the recursion.
fn fixed_points(lambda: f64, d: u32) -> Option<String> {
    let list = fixed_point_vec(lambda, d, 12);
    for (i, &given) in list.iter().enumerate() {
        let own = fixed_point(lambda, d, i + 1);
        // The recursion loses d^i roundings.
        let permitted =
            (1.0 + f64::from(d).powi(i as i32 + 1)) * 4.0 * f64::EPSILON * own + f64::MIN_POSITIVE;
        let off = (given - own).abs();
        if off.is_nan() || off > permitted {
            return Some(format!(
                "lambda {lambda}, d {d}: q*_{} = {given}, by its recursion {own}",
                i + 1
            ));
        }
    }
    (0..4).find_map(|levels| {
        let given = steady_state_distance(&list[..levels], lambda, d);
        let l1 = tail(lambda, d, levels);
        let squares: f64 =
            (levels + 1..levels + 400).map(|i| fixed_point(lambda, d, i).powi(2)).sum();
        let off = |a: f64, b: f64| (a - b).abs() > 1e5 * f64::EPSILON * b;
        (off(given.l1, l1) || off(given.squared_l2, squares)).then(|| {
            format!(
                "lambda {lambda}, d {d}: the first {levels} of q* have distances {given:?} \
                from q*, the rest sums to {l1} and {squares}"
            )
        })
    })
}

/// The two truncations, the tail of the start, and the bound on what a coarse truncation leaves
/// out.
fn truncated(lambda: f64, d: u32, start: &Start) -> Option<String> {
    const DYADIC: [f64; 3] = [0.75, 0.5, 0.25];
    let slopes = |boundary| {
        let mut dq = [0.0; 3];
        right_hand_side(0.5, d, &DYADIC, boundary, &mut dq);
        dq
    };
    // Upper and lower differ by the departures from the last level: exact in these numbers.
    let (lower, upper) = (slopes(Boundary::Zero), slopes(Boundary::Upper));
    if upper != [lower[0], lower[1], lower[2] + DYADIC[2]] {
        return Some(format!("truncated at q = {DYADIC:?} the slopes are {lower:?} and {upper:?}"));
    }
    for levels in 0..6 {
        let tail: f64 = (levels + 1..levels + 300).map(|i| start.fraction(i)).sum();
        if (start.tail(levels) - tail).abs() > 1e-12 {
            return Some(format!(
                "beyond level {levels} the start has {} tasks per server, summed up {tail}",
                start.tail(levels)
            ));
        }
    }
    const LATE: f64 = 6.0;
    let coarse = Options { truncation_tolerance: 0.5, least_levels: 1, ..Options::default() };
    let solutions =
        [coarse, Options::default()].map(|options| solve(lambda, d, start, &[LATE], &options));
    let [Ok(coarse), Ok(fine)] = solutions else {
        return Some("no solution with a coarse truncation".to_owned());
    };
    let at = |q: &[f64], i: usize| q.get(i).copied().unwrap_or(0.0);
    let apart: f64 = (0..coarse.levels.max(fine.levels))
        .map(|i| (at(&coarse.q[0], i) - at(&fine.q[0], i)).abs())
        .sum();
    let permitted =
        coarse.truncation_bound + fine.truncation_bound + 2.0 * LEVELS as f64 * ACCURACY;
    (apart.is_nan() || apart > permitted).then(|| {
        format!(
            "{} levels are {apart} away from {} of them, said to be at most {permitted}",
            coarse.levels, fine.levels
        )
    })
}

/// Long after the start, where the integration may have ended: at q*.
fn settled(setting: &Setting<'_>, lambda: f64, d: u32, start: &Start) -> Option<String> {
    // The distances fall at rates of some 0.02 and more.
    const LAST: f64 = 2_000.0;
    let path = match (setting.instruments.trajectory)(lambda, d, start, &[LAST]) {
        Ok(path) => path,
        Err(error) => return Some(error.to_string()),
    };
    let at = |i: usize| path.q[0].get(i).copied().unwrap_or(0.0);
    let away =
        (0..LEVELS).map(|i| (at(i) - fixed_point(lambda, d, i + 1)).abs()).fold(0.0, f64::max);
    (away.is_nan() || away > ACCURACY)
        .then(|| format!("at time {LAST} a level is {away} away from q*"))
}
