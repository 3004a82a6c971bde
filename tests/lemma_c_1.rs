//! Lemma C.1: the divided difference is Lipschitz, with the paper's constant (2^d - 1)(d - 1) and
//! the sharp d (d - 1) / 2.

mod common_claims;

mod lemma_c_1 {
    use fluidcheck::claims::Verdict;
    use fluidcheck::faults;
    use fluidcheck::instruments::{Instruments, REFERENCE, UnderCheck};
    use fluidcheck::num::ratio::{Ratio, ratio, whole};
    use num_traits::Zero;
    use proptest::prelude::*;

    use super::common_claims::{counterexample, evidence, pair, private2};

    type Raw = (u16, (u16, u16), (u16, u16), u8);

    fn paper(d: u32) -> Ratio {
        whole(((1 << d) - 1) * u64::from(d - 1))
    }

    fn absolute(value: Ratio) -> Ratio {
        if value < Ratio::zero() { -value } else { value }
    }

    /// The difference quotient of two different pairs.
    fn slope(
        instruments: &Instruments,
        n: u64,
        first: (u64, u64),
        second: (u64, u64),
        d: u32,
    ) -> Option<Ratio> {
        let fraction = |a: u64| Ratio::new(a.into(), n.into());
        let value =
            |(a, b): (u64, u64)| (instruments.divided_difference)(&fraction(a), &fraction(b), d);
        let distance = fraction(first.0.abs_diff(second.0) + first.1.abs_diff(second.1));
        (!distance.is_zero()).then(|| absolute(value(first) - value(second)) / distance)
    }

    /// Both constants bound the slope; no order between the pairs is assumed.
    fn holds_at(
        instruments: &Instruments,
        n: u64,
        first: (u64, u64),
        second: (u64, u64),
        d: u32,
    ) -> Result<(), String> {
        let Some(slope) = slope(instruments, n, first, second, d) else { return Ok(()) };
        for (name, constant) in
            [("the paper's", paper(d)), ("the sharp", (instruments.lipschitz_constant)(d))]
        {
            if slope > constant {
                return Err(format!(
                    "d = {d}: slope {slope} between {first:?} / {n} and {second:?} / {n}, {name} K is {constant}"
                ));
            }
        }
        Ok(())
    }

    fn holds_at_raw(instruments: &Instruments, (n, first, second, d): Raw) -> Result<(), String> {
        let n = u64::from(n % 1000) + 1;
        holds_at(instruments, n, pair(first, n), pair(second, n), u32::from(d % 12) + 1)
    }

    proptest! {
        #[test]
        fn bounds_the_slope_at_random_pairs(raw in any::<Raw>()) {
            prop_assert_eq!(holds_at_raw(&REFERENCE, raw), Ok(()));
        }
    }

    #[test]
    fn bounds_the_slope_at_the_pairs_of_quickcheck() {
        quickcheck::quickcheck(
            (|raw: Raw| holds_at_raw(&REFERENCE, raw)) as fn(Raw) -> Result<(), String>,
        );
    }

    #[test]
    fn bounds_the_slope_at_all_pairs_with_denominator_up_to_five() {
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
    fn the_constants_are_those_of_the_table() {
        for (d, printed, sharp) in [(1, 0, 0), (2, 3, 1), (3, 14, 3), (4, 45, 6), (12, 45_045, 66)]
        {
            assert_eq!(
                (paper(d), (REFERENCE.lipschitz_constant)(d)),
                (whole(printed), whole(sharp)),
                "d = {d}"
            );
        }
    }

    #[test]
    fn every_smaller_constant_fails_near_one_one() {
        for d in 2..=12 {
            let sharp = (REFERENCE.lipschitz_constant)(d);
            let mut last = Ratio::zero();
            for n in [10, 100, 10_000, 1_000_000] {
                let slope = slope(&REFERENCE, n, (n, n - 1), (n - 1, n - 2), d).unwrap();
                // It rises to the sharp constant and stays below it; for d = 2 it is 1 everywhere.
                assert!(slope <= sharp && slope >= last, "d = {d}, n = {n}: {slope}");
                last = slope;
            }
            assert!(last > sharp * ratio(99_990, 100_000), "d = {d}: {last}");
        }
    }

    #[test]
    fn a_constant_below_the_sharp_one_fails_and_shrinks() {
        let raw = counterexample(any::<Raw>(), |raw| {
            holds_at_raw(&faults::LIPSCHITZ_TOO_SMALL.instruments, raw)
        })
        .expect("rejected");
        assert!(raw.3 % 12 == 1, "the least d with a slope is 2: {raw:?}");
    }

    #[test]
    fn a_constant_above_the_sharp_one_is_not_sharp() {
        let too_large = Instruments {
            lipschitz_constant: |d| (REFERENCE.lipschitz_constant)(d) * ratio(11, 10),
            ..REFERENCE
        };
        let under = UnderCheck { instruments: &too_large, ..UnderCheck::reference() };
        assert_eq!(evidence("lemma-c.1-sharp", under, &private2()).verdict, Verdict::Violated);
    }
}
