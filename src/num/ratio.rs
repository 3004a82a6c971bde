//! Exact rational numbers, and the decimal text from which they come.
//!
//! Claims that are called *exact* compare values of [`Ratio`]; `f64` appears when a value
//! is printed. A decimal such as `0.8` means the fraction 4/5, not the binary number next to it.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Pow, ToPrimitive, Zero};
use thiserror::Error;

use super::input_limits::{MAX_EXPONENT, MAX_NUMBER};

/// An exact rational number of unbounded size, always in lowest terms.
pub type Ratio = BigRational;

/// Why a text is not a number that can be read exactly.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RatioError {
    /// The text is neither a decimal nor a fraction.
    #[error("`{0}` is not a number: write a decimal such as 0.8 or a fraction such as 4/5")]
    Syntax(String),
    /// The exponent is so large that the exact value would not fit in memory.
    #[error(
        "`{0}` has an exponent outside -{MAX_EXPONENT}..{MAX_EXPONENT}: write a number of ordinary \
         size"
    )]
    Exponent(String),
}

/// The fraction `numerator / denominator`.
///
/// # Panics
/// If `denominator` is 0.
pub fn ratio(numerator: i64, denominator: i64) -> Ratio {
    Ratio::new(BigInt::from(numerator), BigInt::from(denominator))
}

/// The whole number `n`.
pub fn whole(n: u64) -> Ratio {
    Ratio::from_integer(BigInt::from(n))
}

/// `base^exponent`, with `0^0 = 1`.
pub fn power(base: &Ratio, exponent: u32) -> Ratio {
    if exponent == 0 {
        return Ratio::one();
    }
    Pow::pow(base, exponent)
}

/// The nearest `f64`; infinite only beyond the range of `f64`.
pub fn to_f64(value: &Ratio) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// The shortest decimal text that names this double and no other, with an exponent where it would
/// be long otherwise.
pub fn shortest(value: f64) -> String {
    let ordinary = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    if ordinary { value.to_string() } else { format!("{value:e}") }
}

/// Reads a decimal (`0.8`, `1e-3`) or a fraction (`4/5`) without rounding.
///
/// # Errors
/// [`RatioError`] where the text is neither, NaN and infinities included.
///
/// ```
/// use fluidcheck::num::ratio::{parse, ratio};
/// assert_eq!(parse("0.8"), Ok(ratio(4, 5)));
/// assert_eq!(parse("2/6"), Ok(ratio(1, 3)));
/// assert!(parse("nan").is_err());
/// ```
pub fn parse(text: &str) -> Result<Ratio, RatioError> {
    let syntax = || RatioError::Syntax(text.chars().take(60).collect());
    let text = text.trim();
    if text.len() > MAX_NUMBER {
        return Err(syntax());
    }
    if let Some((numerator, denominator)) = text.split_once('/') {
        let numerator: BigInt = integer(numerator.trim()).ok_or_else(syntax)?;
        let denominator: BigInt = integer(denominator.trim()).ok_or_else(syntax)?;
        if denominator.is_zero() {
            return Err(syntax());
        }
        return Ok(Ratio::new(numerator, denominator));
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(syntax());
            }
            let exponent = exponent
                .parse::<i32>()
                .ok()
                .filter(|e| e.unsigned_abs() <= MAX_EXPONENT)
                .ok_or_else(|| RatioError::Exponent(text.to_owned()))?;
            (mantissa, exponent)
        }
        None => (text, 0),
    };
    let (digits, scale) = match mantissa.split_once('.') {
        Some((before, after)) => {
            if !after.bytes().all(|b| b.is_ascii_digit()) {
                return Err(syntax());
            }
            (format!("{before}{after}"), after.len() as i32)
        }
        None => (mantissa.to_owned(), 0),
    };
    let digits = integer(&digits).ok_or_else(syntax)?;
    let shift = exponent - scale;
    let ten = Pow::pow(BigInt::from(10), shift.unsigned_abs());
    Ok(if shift < 0 { Ratio::new(digits, ten) } else { Ratio::from_integer(digits * ten) })
}

fn integer(text: &str) -> Option<BigInt> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// The fraction that the shortest decimal text of `value` names: `0.8` becomes 4/5.
///
/// `None` for NaN and the infinities.
pub fn from_shortest_decimal(value: f64) -> Option<Ratio> {
    parse(&format!("{value:e}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_the_fraction_they_name() {
        let table = [
            ("0.8", ratio(4, 5)),
            (".5", ratio(1, 2)),
            ("-1", ratio(-1, 1)),
            ("1e-3", ratio(1, 1000)),
            ("2.50E+1", ratio(25, 1)),
            ("4/5", ratio(4, 5)),
        ];
        for (text, value) in table {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "nan", "inf", "1e", "1/0", "0x10", "1.2.3", "--1", "1_000", "1e+-3", "."] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(matches!(parse("1e500"), Err(RatioError::Exponent(..))));
    }

    #[test]
    fn a_float_stands_for_its_shortest_decimal() {
        assert_eq!(from_shortest_decimal(0.8), Some(ratio(4, 5)));
        assert_eq!(from_shortest_decimal(f64::NAN), None);
        assert_eq!(from_shortest_decimal(f64::INFINITY), None);
    }
}
