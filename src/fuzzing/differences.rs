//! The divided difference of Lemmas 4.4 and C.1.

use num_traits::Signed;

use super::input::{Input, near};
use crate::model;
use crate::num::ratio::{self, Ratio};

/// Bytes as two pairs of fractions in [0, 1] and d <= 16: the divided difference and what is
/// claimed of it.
///
/// # Panics
/// If it is not (x^d - y^d) / (x - y), not symmetric, or Lemma 4.4, (4.19) or Lemma C.1 (with both
/// constants) fails.
pub fn divided_difference(bytes: &[u8]) {
    let mut input = Input(bytes);
    let d = 1 + input.below(16);
    let denominator = input.u32().max(1);
    let [x1, y1, x2, y2] = [(); 4].map(|()| {
        let numerator = u64::from(input.u32()) % (u64::from(denominator) + 1);
        Ratio::new(numerator.into(), denominator.into())
    });
    let value = |x: &Ratio, y: &Ratio| model::divided_difference(x, y, d);
    let whole = |n: u64| ratio::whole(n);
    for (x, y) in [(&x1, &y1), (&x2, &y2), (&x1, &x1)] {
        let difference = ratio::power(x, d) - ratio::power(y, d);
        let given = value(x, y);
        assert_eq!(given, value(y, x), "symmetric in x = {x}, y = {y}, d = {d}");
        if x == y {
            let derivative = whole(d.into()) * ratio::power(x, d - 1);
            assert_eq!(given, derivative, "the derivative at x = {x}, d = {d}");
        } else {
            assert_eq!(given, &difference / (x - y), "x = {x}, y = {y}, d = {d}");
        }
        assert!(given <= whole(d.into()), "(4.19) at x = {x}, y = {y}, d = {d}");
        let [a, b] = [x, y].map(ratio::to_f64);
        let binary = [a, b].map(|float| Ratio::from_float(float).expect("a finite number"));
        // 3 d 2^-53 is at most 2 d 2^-52.
        let rounded = model::divided_difference_f64(a, b, d);
        near(rounded, &value(&binary[0], &binary[1]), 2 * u64::from(d));
    }
    let (low, high) =
        (value((&x1).min(&x2), (&y1).min(&y2)), value((&x1).max(&x2), (&y1).max(&y2)));
    assert!(low <= high, "Lemma 4.4 between {x1}, {x2} and {y1}, {y2}, d = {d}");
    let distance = (&x1 - &x2).abs() + (&y1 - &y2).abs();
    let change = (value(&x1, &y1) - value(&x2, &y2)).abs();
    let d = u64::from(d);
    for (form, constant) in [("sharp", d * (d - 1) / 2), ("printed", ((1 << d) - 1) * (d - 1))] {
        let most = whole(constant) * &distance;
        assert!(change <= most, "Lemma C.1, {form}, at {x1}, {y1}, {x2}, {y2}, d = {d}");
    }
}
