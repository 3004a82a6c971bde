//! The numbers of a text with few digits: for texts that are stored and compared, since the last
//! bits of a float differ between platforms.

/// The text with each decimal number rounded to so many significant digits, and each whole number
/// of more than `longest` digits too. What is not a number, digits in a name among them, stays.
///
/// ```
/// use fluidcheck::num::figures_in_text::rounded;
/// let text = "q_12 = 0.12345 in 123456 of 1234 paths, wealth 1e12.34, off by 1.5e-11, 1/3";
/// let short = "q_12 = 0.12 in 120000 of 1234 paths, wealth 1e12, off by 0, 1/3";
/// assert_eq!(rounded(text, 2, 4), short);
/// ```
pub fn rounded(text: &str, digits: usize, longest: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_name = out.ends_with(|c: char| c.is_alphanumeric() || "_.^".contains(c));
        let length = if in_name { 0 } else { number(rest) };
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (figure, behind) = rest.split_at(length);
        out.push_str(&of_figure(figure, digits, longest));
        rest = behind;
    }
    out
}

/// How much of the text's head is a number: digits, a fraction, an exponent.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let fraction = |from: usize| match bytes.get(from) {
        Some(b'.') if digits(from + 1) > 0 => 1 + digits(from + 1),
        _ => 0,
    };
    let mut end = digits(0);
    if end == 0 {
        return 0;
    }
    end += fraction(end);
    if bytes.get(end) == Some(&b'e') {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let power = digits((end + 1 + sign).min(bytes.len()));
        if power > 0 {
            end += 1 + sign + power;
            // A power of ten with an exponent that is not whole.
            end += fraction(end);
        }
    }
    end
}

fn of_figure(figure: &str, digits: usize, longest: usize) -> String {
    let is_whole = figure.bytes().all(|b| b.is_ascii_digit());
    if is_whole && figure.len() <= longest {
        return figure.to_owned();
    }
    match figure.split_once('e') {
        Some((mantissa, power)) if power.contains('.') => {
            format!("{mantissa}e{}", significant(power.parse().unwrap_or(f64::NAN), digits))
        }
        _ => significant(figure.parse().unwrap_or(f64::NAN), digits),
    }
}

/// A number with so many significant digits; rounding noise, below 1e-9 in size, is 0.
pub fn significant(x: f64, digits: usize) -> String {
    if x.abs() < 1e-9 {
        return "0".to_owned();
    }
    let short = format!("{x:.*e}", digits.saturating_sub(1));
    match short.parse::<f64>() {
        Ok(value) if (1e-3..1e6).contains(&value.abs()) => value.to_string(),
        _ => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_names_are_not() {
        let table = [
            ("", ""),
            ("jsq(2), q_10^1234567 at 3", "jsq(2), q_10^1234567 at 3"),
            ("-0.0123456.", "-0.012."),
            ("1..3", "1..3"),
            ("12345 1234", "12000 1234"),
            ("9.99e239, 2.04e-5; 1e-12", "1.0e240, 2.0e-5; 0"),
            ("1e2e", "100e"),
            ("1.5é 0.996", "1.5é 1"),
            ("1e", "1e"),
            ("7e+", "7e+"),
            ("1234567.8%", "1.2e6%"),
            ("wealth 1e-3.456", "wealth 1e-3.5"),
        ];
        for (text, short) in table {
            assert_eq!(rounded(text, 2, 4), short, "{text}");
        }
        assert_eq!(rounded("123456789 1.234567", 4, usize::MAX), "123456789 1.235");
    }

    #[test]
    fn what_is_rounded_stays() {
        for text in ["0.12345 987654 1.5e-300 0.99999", "1e-10 99999.9"] {
            let once = rounded(text, 2, 4);
            assert_eq!(rounded(&once, 2, 4), once);
        }
    }
}
