//! Polynomials on [0, 1] with a bound on what they leave out.
//!
//! A [`Polynomial`] stands for every function that differs from its sum of c_k s^k by at most
//! `error`, uniformly in s. A product keeps the first [`ORDER`] + 1 coefficients, and its bound has
//! the others, in absolute value, and all rounding: n products and n - 1 sums in any order are off
//! by at most n u / (1 - n u) of the sum of absolute values, u = 2^-53. Bounds are sums and
//! products of numbers that are not negative; [`upwards`] covers their own rounding.
//!
//! # Source
//! Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1; Makino and Berz, Taylor
//! models.

/// The highest power that is kept.
pub(super) const ORDER: usize = 18;

/// c_0, ..., c_ORDER.
pub(super) type Coefficients = [f64; ORDER + 1];

/// A bound that is out of some hundred operations on numbers that are not negative, rounded
/// upwards: by far more than they can be off, underflow included.
pub(super) fn upwards(bound: f64) -> f64 {
    bound * (1.0 + 1e-12) + f64::MIN_POSITIVE
}

/// A function on [0, 1], up to an error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Polynomial {
    pub(super) c: Coefficients,
    /// A bound on the distance of the function from the polynomial, everywhere.
    pub(super) error: f64,
}

impl Polynomial {
    /// The polynomial itself.
    pub(super) fn exactly(c: Coefficients) -> Self {
        Self { c, error: 0.0 }
    }

    /// A bound on the polynomial: the sum of the absolute values of its coefficients.
    pub(super) fn norm(&self) -> f64 {
        self.c.iter().map(|c| c.abs()).sum()
    }

    /// The least value on [0, 1] is at least this.
    pub(super) fn least(&self) -> f64 {
        self.c[0] + self.c[1..].iter().map(|c| c.min(0.0)).sum::<f64>() - self.error
    }

    /// The product of two functions.
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut c = [0.0; ORDER + 1];
        for (k, c) in c.iter_mut().enumerate() {
            *c = product_at(&self.c, &other.c, k);
        }
        // With each c_i of the one go the powers above ORDER - i of the other.
        let (mut tail, mut cut) = (0.0, 0.0);
        for i in 1..=ORDER {
            tail += other.c[ORDER + 1 - i].abs();
            cut += self.c[i].abs() * tail;
        }
        let (a, b) = (self.norm(), other.norm());
        let rounding = (ORDER + 2) as f64 * f64::EPSILON * a * b;
        let error = cut + rounding + a * other.error + self.error * (b + other.error);
        Self { c, error: upwards(error) }
    }
}

/// Coefficient k of a product.
pub(super) fn product_at(a: &Coefficients, b: &Coefficients, k: usize) -> f64 {
    a[..=k].iter().zip(b[..=k].iter().rev()).map(|(a, b)| a * b).sum()
}

/// Which products give x^d: each of two earlier ones, where number 0 is x. Empty for d = 1.
pub(super) fn products_of_power(d: u32) -> Vec<(usize, usize)> {
    let mut products = Vec::new();
    for bit in (0..d.max(1).ilog2()).rev() {
        let last = products.len();
        products.push((last, last));
        if d >> bit & 1 == 1 {
            products.push((last + 1, 0));
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ratio::{self, Ratio};
    use num_traits::{One, Signed, Zero};

    fn exact(c: &Coefficients, s: &Ratio) -> Ratio {
        let terms = c.iter().rev().map(|&c| Ratio::from_float(c).unwrap());
        terms.fold(Ratio::zero(), |sum, c| sum * s + c)
    }

    #[test]
    fn a_product_is_within_its_error_of_the_exact_one() {
        let a = std::array::from_fn(|k| 0.7f64.powi(k as i32) / 3.0);
        let b = std::array::from_fn(|k| 0.9f64.powi(k as i32) / (k as f64 + 1.0));
        let product = Polynomial::exactly(a).times(&Polynomial::exactly(b));
        let mut largest = 0.0f64;
        for k in 0..=20 {
            let s = ratio::ratio(k, 20);
            let off = exact(&a, &s) * exact(&b, &s) - exact(&product.c, &s);
            largest = largest.max(ratio::to_f64(&off.abs()));
        }
        assert!(largest <= product.error && largest > 0.99 * product.error, "{largest:e}");
        // What the factors are off goes into the product.
        let off = Polynomial { error: 0.5, ..Polynomial::exactly(a) };
        let norm = Polynomial::exactly(b).norm();
        assert!(off.times(&Polynomial::exactly(b)).error >= product.error + 0.5 * norm - 1e-12);
    }

    #[test]
    fn the_least_value_is_no_larger_than_any() {
        let a: Coefficients = std::array::from_fn(|k| (-0.5f64).powi(k as i32));
        let least = Ratio::from_float(Polynomial::exactly(a).least()).unwrap();
        for k in 0..=20 {
            assert!(exact(&a, &ratio::ratio(k, 20)) >= least);
        }
    }

    #[test]
    fn powers_are_made_of_products() {
        for d in 1..=70 {
            let mut powers = vec![Ratio::one() * ratio::ratio(3, 2)];
            for (a, b) in products_of_power(d) {
                powers.push(&powers[a] * &powers[b]);
            }
            assert_eq!(*powers.last().unwrap(), ratio::power(&ratio::ratio(3, 2), d), "{d}");
        }
    }
}
