//! Lemma 4.4: (x^d - y^d) / (x - y) is nondecreasing in x and in y. In exact integers: x = a / n, y
//! = b / n.

mod common_claims;

mod lemma_4_4 {
    use fluidcheck::faults;
    use fluidcheck::instruments::{Instruments, REFERENCE};
    use fluidcheck::model::divided_difference_f64;
    use fluidcheck::num::ratio::{Ratio, ratio};
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::common_claims::{counterexample, pair};

    type Raw = (u16, (u16, u16), (u16, u16), u8);

    /// n^(d - 1) (x^d - y^d) / (x - y) by long division: the quotient of a^d - b^d and a - b.
    fn quotient(a: u64, b: u64, d: u32) -> BigInt {
        let (rest, step) =
            (BigInt::from(a).pow(d) - BigInt::from(b).pow(d), BigInt::from(a) - BigInt::from(b));
        assert_eq!(&rest % &step, BigInt::from(0), "a - b divides a^d - b^d");
        rest / step
    }

    fn value(instruments: &Instruments, (a, b): (u64, u64), n: u64, d: u32) -> Ratio {
        (instruments.divided_difference)(
            &Ratio::new(a.into(), n.into()),
            &Ratio::new(b.into(), n.into()),
            d,
        )
    }

    /// The lemma at two pairs: the value is the quotient, and ordered pairs have ordered values.
    fn holds_at(
        instruments: &Instruments,
        n: u64,
        first: (u64, u64),
        second: (u64, u64),
        d: u32,
    ) -> Result<(), String> {
        let fraction = |a: u64| Ratio::new(a.into(), n.into());
        for (a, b) in [first, second] {
            let right = Ratio::new(quotient(a, b, d), BigInt::from(n).pow(d - 1));
            let given = value(instruments, (a, b), n, d);
            if given != right {
                return Err(format!("d = {d}: {given} at ({a}, {b}) / {n}, by division {right}"));
            }
        }
        let ordered = (instruments.pairs_are_ordered)(
            (&fraction(first.0), &fraction(first.1)),
            (&fraction(second.0), &fraction(second.1)),
        );
        if ordered && quotient(first.0, first.1, d) > quotient(second.0, second.1, d) {
            return Err(format!("d = {d}: falls from {first:?} / {n} to {second:?} / {n}"));
        }
        Ok(())
    }

    fn holds_at_raw(instruments: &Instruments, (n, first, second, d): Raw) -> Result<(), String> {
        let n = u64::from(n % 1000) + 1;
        holds_at(instruments, n, pair(first, n), pair(second, n), u32::from(d % 12) + 1)
    }

    /// The nearest f64 and its exact value.
    fn float(a: u64, n: u64) -> (f64, Ratio) {
        let x = a as f64 / n as f64;
        (x, Ratio::from_float(x).expect("finite"))
    }

    /// 3 d roundings of 2^-53 bound the relative error, and nothing is lost at x = y.
    fn rounds_well((n, (a, b), _, d): Raw) -> Result<(), String> {
        let (n, d) = (u64::from(n) + 1, u32::from(d % 12) + 1);
        let (a, b) = (u64::from(a) % n + 1, u64::from(b) % (n + 1));
        let ((x, x_exact), (y, y_exact)) = (float(a, n), float(b, n));
        // Summed term by term, not by Horner's rule.
        let exact: Ratio =
            (0..d).map(|k| x_exact.pow(k as i32) * y_exact.pow((d - 1 - k) as i32)).sum();
        let error = Ratio::from_float(divided_difference_f64(x, y, d)).expect("finite") - &exact;
        let allowed = exact * Ratio::new((3 * d).into(), BigInt::from(1u64 << 53));
        (error <= allowed && -error.clone() <= allowed)
            .then_some(())
            .ok_or_else(|| format!("x = {x}, y = {y}, d = {d}: error {error}"))
    }

    proptest! {
        #[test]
        fn is_monotone_at_random_pairs(raw in any::<Raw>()) {
            prop_assert_eq!(holds_at_raw(&REFERENCE, raw), Ok(()));
        }

        #[test]
        fn rounds_within_the_proved_bound(raw in any::<Raw>()) {
            prop_assert_eq!(rounds_well(raw), Ok(()));
        }
    }

    #[test]
    fn is_monotone_at_the_pairs_of_quickcheck() {
        quickcheck::quickcheck(
            (|raw: Raw| holds_at_raw(&REFERENCE, raw)) as fn(Raw) -> Result<(), String>,
        );
    }

    #[test]
    fn rounds_within_the_proved_bound_at_the_pairs_of_quickcheck() {
        quickcheck::quickcheck(rounds_well as fn(Raw) -> Result<(), String>);
    }

    #[test]
    fn is_monotone_at_all_pairs_with_denominator_up_to_five() {
        for n in 1..=5 {
            let pairs = || (1..=n).flat_map(|a| (0..a).map(move |b| (a, b)));
            for (first, second) in
                pairs().flat_map(|first| pairs().map(move |second| (first, second)))
            {
                for d in 1..=12 {
                    holds_at(&REFERENCE, n, first, second, d).unwrap();
                }
            }
        }
    }

    #[test]
    fn has_the_values_worked_out_by_hand() {
        let table = [
            ("d = 1 is constant", 1, (1, 0), 1, ratio(1, 1)),
            ("d = 2 is x + y", 2, (3, 1), 4, ratio(1, 1)),
            ("d = 3 is x^2 + x y + y^2", 3, (3, 1), 4, ratio(13, 16)),
            ("the whole interval", 12, (1, 0), 1, ratio(1, 1)),
        ];
        for (name, d, pair, n, right) in table {
            assert_eq!(value(&REFERENCE, pair, n, d), right, "{name}");
        }
        // Continued to x = y it is the derivative d x^(d - 1).
        assert_eq!((REFERENCE.divided_difference)(&ratio(1, 2), &ratio(1, 2), 3), ratio(3, 4));
    }

    #[test]
    fn without_the_order_of_the_pairs_the_lemma_fails_and_shrinks() {
        let raw = counterexample(any::<Raw>(), |raw| {
            holds_at_raw(&faults::PAIRS_NOT_ORDERED.instruments, raw)
        })
        .expect("rejected");
        // For d = 1 the value is constant, so that 2 is the least d that can fail.
        assert!(raw.3 % 12 == 1, "{raw:?}");
    }

    #[test]
    fn one_term_more_is_noticed() {
        assert!(
            counterexample(any::<Raw>(), |raw| holds_at_raw(
                &faults::DIVIDED_DIFFERENCE_SHIFTED.instruments,
                raw
            ))
            .is_some()
        );
    }
}
