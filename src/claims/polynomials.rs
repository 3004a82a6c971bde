//! Lemmas 4.4 and C.1 for all arguments at once, as identities of polynomials.
//!
//! | statement | claim |
//! |---|---|
//! | Lemma 4.4, for each d <= 12 and all x, y >= 0 | `lemma-4.4-polynomial` |
//! | Lemma C.1, K = d (d - 1) / 2, for each d <= 12 and all x, y <= 1 | `lemma-c.1-polynomial` |
//!
//! P(x, y) is the polynomial of degree d or less in each variable that has the values of the code
//! at all integers 0 <= x, y <= d; it is unique. If (x - y) P = x^d - y^d, coefficient by
//! coefficient, P is the divided difference.
//!
//! **Lemma 4.4.** A polynomial without a negative coefficient does not fall in any variable, as
//! long as none of them is negative.
//!
//! **Lemma C.1.** By the mean value theorem along x, then along y, |P(x1, y1) - P(x2, y2)| is at
//! most the largest partial derivative on [0, 1]^2 times |x1 - x2| + |y1 - y2|. Without a negative
//! coefficient in it, a derivative is largest at (1, 1), where it is the sum of its coefficients.
//! So that sum is a constant that does, and no smaller one does.
//!
//! `lemma-4.4` and `lemma-c.1-sharp` try the code itself, in floating point too.
//!
//! # Source
//! Section 4.2 and Appendix C; the proofs by coefficients are not in print.

use num_traits::{One, Signed, Zero};

use super::cases::Outcome;
use super::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::num::ratio::{self, Ratio};

/// Lemma 4.4 for all arguments.
pub(crate) const LEMMA_4_4_POLYNOMIAL: Claim = Claim {
    id: "lemma-4.4-polynomial",
    source: "Lemma 4.4, for all arguments",
    paper: &["Lemma 4.4", "(4.11)"],
    statement: "for each d <= 12, no coefficient of (x^d - y^d) / (x - y) is negative, and so it \
        is nondecreasing in all x, y >= 0",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: lemma_4_4,
};

/// Lemma C.1 for all arguments, with the smallest constant.
pub(crate) const LEMMA_C_1_POLYNOMIAL: Claim = Claim {
    id: "lemma-c.1-polynomial",
    source: "Lemma C.1 sharpened, for all arguments",
    paper: &["Lemma C.1", "(C.1)"],
    statement: "for each d <= 12, the largest partial derivative of (x^d - y^d) / (x - y) on [0, \
        1]^2 is K = d (d - 1) / 2",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LIPSCHITZ_TOO_SMALL, faults::DIVIDED_DIFFERENCE_SHIFTED],
    run: lemma_c_1,
};

/// The largest d.
const MOST_CHOICES: u64 = 12;

/// The coefficient of x^i y^j in row i, column j.
type Coefficients = Vec<Vec<Ratio>>;

/// The coefficients of the polynomial of least degree that has these values at 0, 1, 2, ...
fn interpolate(values: &[Ratio]) -> Vec<Ratio> {
    // Newton: the sum of the k-th difference at 0 times binom(x, k).
    let mut coefficients = vec![Ratio::zero(); values.len()];
    let mut differences = values.to_vec();
    let mut binomial = vec![Ratio::one()];
    for k in 0..values.len() {
        for (sum, factor) in coefficients.iter_mut().zip(&binomial) {
            *sum += &differences[0] * factor;
        }
        differences = differences.windows(2).map(|pair| &pair[1] - &pair[0]).collect();
        // binom(x, k + 1) = binom(x, k) (x - k) / (k + 1).
        let mut next = vec![Ratio::zero(); binomial.len() + 1];
        let (k, divisor) = (ratio::whole(k as u64), ratio::whole(k as u64 + 1));
        for (power, factor) in binomial.iter().enumerate() {
            next[power + 1] += factor / &divisor;
            next[power] -= factor * &k / &divisor;
        }
        binomial = next;
    }
    coefficients
}

fn transposed(rows: Coefficients) -> Coefficients {
    let columns = rows.first().map_or(0, Vec::len);
    (0..columns).map(|j| rows.iter().map(|row| row[j].clone()).collect()).collect()
}

/// P, from the values of the code.
fn divided_difference(setting: &Setting<'_>, d: u32) -> Coefficients {
    let nodes = || (0..=u64::from(d)).map(ratio::whole);
    let value = |x: &Ratio, y: &Ratio| (setting.instruments.divided_difference)(x, y, d);
    // Along y at each x, then along x for each power of y.
    let by_power_of_y = nodes().map(|x| {
        let along_y: Vec<Ratio> = nodes().map(|y| value(&x, &y)).collect();
        interpolate(&along_y)
    });
    let columns = transposed(by_power_of_y.collect());
    transposed(columns.iter().map(|values| interpolate(values)).collect())
}

/// Where (x - y) P is not x^d - y^d.
fn is_not_the_quotient(p: &Coefficients, d: u32) -> Option<String> {
    let at = |i: Option<usize>, j: Option<usize>| {
        let row = i.and_then(|i| p.get(i))?;
        j.and_then(|j| row.get(j)).cloned()
    };
    let degree = d as usize;
    let all = (0..=p.len()).flat_map(|i| (0..=p.len()).map(move |j| (i, j)));
    all.into_iter().find_map(|(i, j)| {
        let [shifted_x, shifted_y] = [at(i.checked_sub(1), Some(j)), at(Some(i), j.checked_sub(1))]
            .map(Option::unwrap_or_default);
        let product = shifted_x - shifted_y;
        let right = match (i, j) {
            (i, 0) if i == degree => Ratio::one(),
            (0, j) if j == degree => -Ratio::one(),
            _ => Ratio::zero(),
        };
        (product != right).then(|| {
            let [product, right] = [&product, &right].map(show);
            format!("d = {d}: x^{i} y^{j} has the coefficient {product} in (x - y) P, not {right}")
        })
    })
}

/// The first negative coefficient of a polynomial.
fn negative(of: &Coefficients) -> Option<(usize, usize)> {
    let all = of.iter().enumerate();
    all.flat_map(|(i, row)| row.iter().enumerate().map(move |(j, value)| (i, j, value)))
        .find(|(_, _, value)| value.is_negative())
        .map(|(i, j, _)| (i, j))
}

/// The derivative in x.
fn derivative(p: &Coefficients) -> Coefficients {
    let row = |(i, row): (u64, &Vec<Ratio>)| row.iter().map(|c| c * ratio::whole(i)).collect();
    (1..).zip(p.iter().skip(1)).map(row).collect()
}

fn lemma_4_4(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, MOST_CHOICES, "values of d, all arguments", |case, _| {
        let d = case as u32 + 1;
        let p = divided_difference(setting, d);
        if let Some(found) = is_not_the_quotient(&p, d) {
            return Outcome::violated(found);
        }
        match negative(&p) {
            Some((i, j)) => {
                Outcome::violated(format!("d = {d}: the coefficient of x^{i} y^{j} is negative"))
            }
            // With one sample P is 1.
            None => Outcome::Holds { slack: 0.0, vacuous: d == 1 },
        }
    })
}

fn lemma_c_1(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    setting.cases(claim, MOST_CHOICES, "values of d, all arguments in [0, 1]", |case, _| {
        let d = case as u32 + 1;
        let p = divided_difference(setting, d);
        if let Some(found) = is_not_the_quotient(&p, d) {
            return Outcome::violated(found);
        }
        let constant = (setting.instruments.lipschitz_constant)(d);
        for (variable, of) in [("x", p.clone()), ("y", transposed(p))] {
            let derivative = derivative(&of);
            if let Some((i, j)) = negative(&derivative) {
                return Outcome::violated(format!(
                    "d = {d}: the derivative in {variable} has a negative coefficient, at powers \
                     {i} and {j}"
                ));
            }
            let largest = derivative.iter().flatten().sum::<Ratio>();
            if largest != constant {
                let largest = show(&largest);
                return Outcome::violated(format!(
                    "d = {d}: the largest derivative in {variable} is {largest}, K = {constant}"
                ));
            }
        }
        Outcome::Holds { slack: 0.0, vacuous: d == 1 }
    })
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;

    use super::*;
    use crate::num::ratio::ratio;

    #[test]
    fn a_polynomial_is_found_from_its_values() {
        // 2 - x / 3 + x^3 at 0, 1, 2, 3, 4.
        let value = |x: i64| Ratio::new(BigInt::from(6 - x + 3 * x * x * x), 3.into());
        let values: Vec<Ratio> = (0..=4).map(value).collect();
        let expected = [ratio(2, 1), -ratio(1, 3), ratio(0, 1), ratio(1, 1), ratio(0, 1)];
        assert_eq!(interpolate(&values), expected);
    }

    #[test]
    fn the_parts_of_the_proofs_can_fail() {
        let whole = |rows: [[i64; 2]; 2]| -> Coefficients {
            rows.map(|row| row.map(|c| Ratio::from_integer(c.into())).to_vec()).to_vec()
        };
        // d = 2: x + y.
        let right = whole([[0, 1], [1, 0]]);
        assert_eq!(is_not_the_quotient(&right, 2), None);
        assert_eq!(derivative(&right), [[ratio(1, 1), ratio(0, 1)]]);
        for wrong in [whole([[0, 1], [1, 1]]), whole([[0, 2], [1, 0]]), whole([[1, 1], [1, 0]])] {
            assert!(is_not_the_quotient(&wrong, 2).is_some(), "{wrong:?}");
        }
        assert!(is_not_the_quotient(&right, 3).is_some());
        assert_eq!(negative(&whole([[0, 1], [-1, 0]])), Some((1, 0)));
    }
}
