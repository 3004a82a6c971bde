//! A proved bound on the error of a solution of (3.5).
//!
//! # The bound
//! Let q be the solution, and p any path of nonnegative, finitely many levels. With e_i = p_i - q_i
//! and g_i = lambda (p_i^d - q_i^d), of the sign of e_i, and g_0 = 0,
//!
//! (sum_i |e_i|)' <= sum_i (|g_(i-1)| - |g_i| - |e_i| + |e_(i+1)|) + defect <= -|e_1| + defect,
//!
//! where the defect is sum_i |p_i' - f_i(p)|, f the right-hand side of (3.5). So the l1 distance is
//! at most that of the starts and the integral of the defect: nothing is amplified. No order and no
//! smallness is needed. What p lacks above its L levels is part of its defect, lambda p_L^d at
//! level L + 1, and of the distance of the starts.
//!
//! # The path
//! In steps: the Taylor polynomial of the solution through the point that was reached, of degree
//! [`ORDER`], with floating-point coefficients, which *define* p. Its defect is a polynomial whose
//! low coefficients vanish but for rounding; [`Polynomial`] bounds all of it. The next step begins
//! at the rounded end, set to 0 where it is negative, which brings it nearer to q >= 0; the
//! rounding is added to the bound.
//!
//! Where p_i may fall below 0 inside of a step, x^d stands for |x|^(d-1) x in the argument, which
//! keeps signs; the difference, at most 2 |x|^d for each of the four places where p_i^d enters, is
//! added.
//!
//! The load is the binary number that is given. `powf` is taken to be right to two units in the
//! last place, for starts q_i = r^i.
//!
//! # Source
//! (3.5). The inequality is [`truncation`](super::truncation)'s, for any two paths. Moore,
//! *Interval Analysis*, for Taylor series with bounds.

use super::check_parameters;
use super::error::OdeError;
use super::polynomial::{Coefficients, ORDER, Polynomial, product_at, products_of_power, upwards};
use crate::model::start::Start;

/// The solution of (3.5), at one time at a time, within a proved distance.
///
/// ```
/// use fluidcheck::theory::mean_field::{Enclosure, Start, fixed_point};
/// let mut solution = Enclosure::new(0.8, 2, &Start::Empty, 12)?;
/// solution.advance_to(100.0)?;
/// assert!(solution.error() < 1e-10);
/// assert!((solution.q()[0] - fixed_point(0.8, 2, 1)).abs() < 1e-6);
/// # Ok::<(), fluidcheck::theory::mean_field::OdeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Enclosure {
    lambda: f64,
    d: u32,
    products: Vec<(usize, usize)>,
    time: f64,
    q: Vec<f64>,
    error: f64,
    steps: u64,
}

/// The last term of a Taylor polynomial may be so large, in l1.
const LAST_TERM: f64 = 1e-16;

/// Beyond this the powers that are left out are no longer the smaller ones.
const LONGEST_STEP: f64 = 1.0;

/// A step of more defect per unit of time is halved, above a least length: only speed and the size
/// of the bound depend on these.
const DEFECT: f64 = 1e-11;
const LEAST_STEP: f64 = 1e-3;

/// More than any check needs.
const MOST_STEPS: u64 = 50_000;

impl Enclosure {
    /// The solution at time 0, with this many levels.
    ///
    /// # Errors
    /// [`OdeError::Load`], [`OdeError::Choices`], [`OdeError::Start`].
    pub fn new(lambda: f64, d: u32, start: &Start, levels: usize) -> Result<Self, OdeError> {
        check_parameters(lambda, d)?;
        start.validate()?;
        let q = start.fractions(levels.max(1));
        let rounding = match start {
            Start::Geometric(_) => 4.0 * f64::EPSILON * q.iter().sum::<f64>(),
            _ => 0.0,
        };
        let lacking = rounding + start.tail(q.len()) * (1.0 + 1e-10);
        let error = if lacking > 0.0 { upwards(lacking) } else { 0.0 };
        Ok(Self { lambda, d, products: products_of_power(d), time: 0.0, q, error, steps: 0 })
    }

    /// The time reached.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// q_1, ..., q_L.
    pub fn q(&self) -> &[f64] {
        &self.q
    }

    /// A proved bound on sum_i |[`Enclosure::q`]_i - q_i|, over all levels of the solution.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// Goes on to a time; one in the past is no error and changes nothing.
    ///
    /// # Errors
    /// [`OdeError::Time`] for one that is not finite, [`OdeError::TooManySteps`].
    pub fn advance_to(&mut self, time: f64) -> Result<(), OdeError> {
        if !(time.is_finite() && time >= 0.0) {
            return Err(OdeError::Time { position: 0, given: time });
        }
        while self.time < time {
            if self.steps >= MOST_STEPS {
                let (steps, reached) = (MOST_STEPS, self.time);
                return Err(OdeError::TooManySteps { steps, reached, end: time });
            }
            self.step_towards(time);
        }
        Ok(())
    }

    /// One step, at most to this time.
    fn step_towards(&mut self, end: f64) {
        let longest = end - self.time;
        let taylor = self.taylor();
        // Of two terms, as one may vanish by chance.
        let natural = [ORDER - 1, ORDER]
            .map(|k| {
                let term: f64 = taylor.iter().map(|c| c[k].abs()).sum();
                (LAST_TERM / term).powf(1.0 / k as f64)
            })
            .into_iter()
            .fold(LONGEST_STEP, f64::min);
        // Not a last step of no length.
        let mut step = if natural < 0.9 * longest { natural.min(longest / 2.0) } else { longest };
        let (mut paths, mut inside, mut above) = self.path(&taylor, step);
        while inside > DEFECT * step && step > LEAST_STEP {
            step /= 2.0;
            (paths, inside, above) = self.path(&taylor, step);
        }
        let mut rounding = 0.0;
        for (q, path) in self.q.iter_mut().zip(&paths) {
            // The small terms first.
            *q = path.c.iter().rev().sum::<f64>().max(0.0);
            rounding += (ORDER + 2) as f64 * f64::EPSILON * path.norm();
        }
        // The sum of the times is rounded; the solution moves by lambda + 1 at most per unit.
        rounding += 2.0 * f64::EPSILON * (self.time + step) * (1.0 + self.lambda);
        self.error = upwards(self.error + inside + above + rounding);
        self.time = if step == longest { end } else { self.time + step };
        self.steps += 1;
    }

    /// The path over a step of this length, whose time is scaled to \[0, 1\], and bounds on the
    /// integral of its defect, at the levels that are kept and above them.
    fn path(&self, taylor: &[Coefficients], step: f64) -> (Vec<Polynomial>, f64, f64) {
        let scaled = |c: &Coefficients| {
            let (mut c, mut power) = (*c, 1.0);
            for c in &mut c {
                *c *= power;
                power *= step;
            }
            Polynomial::exactly(c)
        };
        let paths: Vec<Polynomial> = taylor.iter().map(scaled).collect();
        let (inside, above) = self.defect(&paths, step);
        (paths, inside, above)
    }

    /// The Taylor coefficients of all levels, by the recursion that (3.5) gives.
    fn taylor(&self) -> Vec<Coefficients> {
        let count = self.products.len() + 1;
        // The powers of level i at i * count + 0, 1, ..., the last of which is q_i^d.
        let mut powers = vec![[0.0; ORDER + 1]; self.q.len() * count];
        for (of_level, &q) in powers.chunks_exact_mut(count).zip(&self.q) {
            of_level[0][0] = q;
        }
        for k in 0..=ORDER {
            for of_level in powers.chunks_exact_mut(count) {
                for (at, &(a, b)) in self.products.iter().enumerate() {
                    of_level[at + 1][k] = product_at(&of_level[a], &of_level[b], k);
                }
            }
            if k == ORDER {
                break;
            }
            let mut arriving = f64::from(u8::from(k == 0));
            for i in 0..self.q.len() {
                let (this, staying) = (powers[i * count][k], powers[i * count + count - 1][k]);
                let above = powers.get((i + 1) * count).map_or(0.0, |c| c[k]);
                let slope = self.lambda * (arriving - staying) - (this - above);
                powers[i * count][k + 1] = slope / (k as f64 + 1.0);
                arriving = staying;
            }
        }
        powers.into_iter().step_by(count).collect()
    }

    /// Bounds on the integral of the defect, at the levels of these paths and above them.
    fn defect(&self, paths: &[Polynomial], step: f64) -> (f64, f64) {
        let mut one = Polynomial::exactly([0.0; ORDER + 1]);
        one.c[0] = 1.0;
        let none = Polynomial::exactly([0.0; ORDER + 1]);
        let (arrivals, d) = (step * self.lambda, self.d);
        let mut arriving = one;
        let mut sum = 0.0;
        for (i, path) in paths.iter().enumerate() {
            let staying = self.power(path);
            let above = paths.get(i + 1).unwrap_or(&none);
            let (mut found, mut sizes) = (0.0, 0.0);
            for k in 0..=ORDER {
                let slope = if k < ORDER { (k as f64 + 1.0) * path.c[k + 1] } else { 0.0 };
                let (comes, stays) = (arriving.c[k], staying.c[k]);
                let (here, next) = (path.c[k], above.c[k]);
                found += (slope - (arrivals * (comes - stays) - step * (here - next))).abs();
                sizes += slope.abs()
                    + arrivals * (comes.abs() + stays.abs())
                    + step * (here.abs() + next.abs());
            }
            let rounding = 8.0 * f64::EPSILON * sizes;
            let negative = (-path.least()).max(0.0);
            let signs = if d > 1 { 8.0 * arrivals * negative.powf(d.into()) } else { 0.0 };
            sum += found + rounding + arrivals * (arriving.error + staying.error) + signs;
            arriving = staying;
        }
        // Level L + 1 stands still, although tasks come.
        (upwards(sum), upwards(arrivals * (arriving.norm() + arriving.error)))
    }

    /// p^d.
    fn power(&self, path: &Polynomial) -> Polynomial {
        let mut powers = vec![*path];
        for &(a, b) in &self.products {
            powers.push(powers[a].times(&powers[b]));
        }
        powers[self.products.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mean_field::{Boundary, Options, right_hand_side, solve};

    #[test]
    fn it_agrees_with_the_solver_within_what_both_say() {
        let starts =
            [Start::Empty, Start::Level(3), Start::Geometric(0.7), Start::Occupancy(vec![0.5])];
        for (lambda, d) in [(0.8, 2), (0.7, 1), (0.9, 3), (0.5, 10)] {
            for start in &starts {
                let solved = solve(lambda, d, start, &[0.3, 7.0], &Options::default()).unwrap();
                let mut enclosure = Enclosure::new(lambda, d, start, solved.levels).unwrap();
                for (t, q) in [0.3, 7.0].into_iter().zip(&solved.q) {
                    enclosure.advance_to(t).unwrap();
                    assert_eq!(enclosure.time(), t);
                    let apart: f64 = enclosure.q().iter().zip(q).map(|(a, b)| (a - b).abs()).sum();
                    assert!(apart < 1e-8, "{lambda} {d} {start} {t}: {apart:e}");
                    assert!(enclosure.error() < 1e-9, "{start} {t}: {:e}", enclosure.error());
                }
            }
        }
    }

    #[test]
    fn few_levels_have_an_error_that_covers_what_they_leave_out() {
        for levels in [2, 4, 8] {
            let mut few = Enclosure::new(0.8, 2, &Start::Level(2), levels).unwrap();
            let mut many = Enclosure::new(0.8, 2, &Start::Level(2), 30).unwrap();
            for t in [0.5, 1.0, 4.0] {
                few.advance_to(t).unwrap();
                many.advance_to(t).unwrap();
                let at = |i: usize| few.q().get(i).copied().unwrap_or(0.0);
                let apart: f64 = many.q().iter().enumerate().map(|(i, q)| (q - at(i)).abs()).sum();
                assert!(apart <= few.error() + many.error(), "{levels} {t}: {apart}");
                assert!(levels > 2 || few.error() < 50.0 * apart, "{t}: {apart}");
            }
        }
    }

    #[test]
    fn the_taylor_polynomial_has_the_slope_of_the_right_hand_side() {
        let enclosure = Enclosure::new(0.75, 3, &Start::Geometric(0.5), 4).unwrap();
        let mut slopes = [0.0; 4];
        right_hand_side(0.75, 3, enclosure.q(), Boundary::Zero, &mut slopes);
        for (c, slope) in enclosure.taylor().iter().zip(slopes) {
            assert!((c[1] - slope).abs() < 1e-15);
        }
    }

    #[test]
    fn what_is_no_system_no_start_or_no_time_is_refused() {
        assert!(Enclosure::new(1.0, 2, &Start::Empty, 5).is_err());
        assert!(Enclosure::new(0.5, 0, &Start::Empty, 5).is_err());
        assert!(Enclosure::new(0.5, 2, &Start::Geometric(2.0), 5).is_err());
        let mut enclosure = Enclosure::new(0.5, 2, &Start::Empty, 5).unwrap();
        for time in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(enclosure.advance_to(time), Err(OdeError::Time { .. })));
        }
    }
}
