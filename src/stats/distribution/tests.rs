//! The distances and bands of [`DistributionTest`] and [`TwoSample`], by hand and on streams.

use super::*;
use crate::random::stream_rng;
use proptest::prelude::*;
use rand::RngExt;

fn coin(p: f64) -> DiscreteLaw {
    DiscreteLaw::new([(0.0, 1.0 - p), (1.0, p)])
}

#[test]
fn the_bands_add_up_to_alpha_and_shrink_as_one_over_the_root() {
    let mut sample = Sample::new(1e-6);
    let mut spent = 0.0;
    let mut looks = Vec::new();
    for n in 1..=100_000u32 {
        if sample.observe(f64::from(n % 10)) {
            spent += 2.0 * (-2.0 * sample.counted as f64 * sample.band() * sample.band()).exp();
            looks.push(sample.counted);
        }
    }
    assert!(spent < 1e-6 && spent > 0.9e-6, "{spent}");
    assert_eq!(looks[..5], [8, 10, 12, 15, 18]);
    let k = looks.len() as f64;
    let band = ((2e6f64.ln() + (k * (k + 1.0)).ln()) / (2.0 * sample.counted as f64)).sqrt();
    assert!((sample.band() - band).abs() < 1e-12 && looks.len() < 50, "{k} looks");
}

#[test]
fn the_distance_from_a_law_with_jumps_looks_at_both_edges() {
    let mut sample = Sample::new(0.5);
    for n in 0..8 {
        sample.observe(f64::from(n / 4));
    }
    // Half zeros, half ones: distance 0 from the fair coin, 0.2 from the coin of 0.7; all of it
    // from what lies elsewhere.
    assert_eq!(sample.distance(&coin(0.5)), 0.0);
    assert!((sample.distance(&coin(0.7)) - 0.2).abs() < 1e-15);
    assert_eq!(sample.distance(&DiscreteLaw::new([(5.0, 1.0)])), 1.0);
    assert_eq!(sample.distance(&DiscreteLaw::new([(-5.0, 1.0)])), 1.0);
    assert_eq!(sample.distance(&DiscreteLaw::new([(-1.0, 0.25), (0.0, 0.25), (2.0, 0.5)])), 0.5);
    // Uniform on [0, 1]: F_n(0) - F(0) = 1/2 and F(1-) - F_n(1-) = 1/2.
    assert_eq!(sample.distance(&ContinuousLaw(|x: f64| x.clamp(0.0, 1.0))), 0.5);
}

#[test]
fn a_true_law_holds_within_a_margin_and_a_false_one_is_violated() {
    let law = DiscreteLaw::new([(0.0, 0.25), (1.0, 0.25), (3.0, 0.5)]);
    let outcome = |rotation: f64| {
        let mut rng = stream_rng(4, 0);
        let mut test = DistributionTest::new(law.clone(), 0.05, 1e-6);
        (0..200_000).find_map(|_| {
            let u = (rng.random::<f64>() + rotation) % 1.0;
            test.observe([0.0, 1.0, 3.0, 3.0][(4.0 * u) as usize]);
            test.distance().decision
        })
    };
    assert_eq!(outcome(0.0), Some(Decision::Holds));
    let mut shifted = DistributionTest::new(law.clone(), 0.05, 1e-6);
    let mut needed = None;
    for n in 0..10_000u32 {
        shifted.observe([0.0, 1.0, 1.0, 3.0, 3.0][n as usize % 5]);
        if n == 100 {
            needed = shifted.needed();
        }
    }
    // Masses 0.2, 0.4, 0.4 in place of 1/4, 1/4, 1/2: F(1) is off by 0.1.
    assert_eq!(shifted.distance().decision, Some(Decision::Violated));
    assert!(
        shifted.distance().lower > 0.05
            && shifted.distance().lower < 0.1
            && shifted.distance().upper > 0.1
    );
    assert!((3000..10_000).contains(&needed.unwrap()), "{needed:?}");
}

#[test]
fn two_samples_of_one_law_hold_and_of_two_laws_do_not() {
    let outcome = |p: f64| {
        let mut test = TwoSample::new(0.1, 1e-6);
        let mut rng = stream_rng(6, 0);
        for _ in 0..20_000 {
            test.observe_first(f64::from(u8::from(rng.random_bool(0.5))));
            test.observe_second(f64::from(u8::from(rng.random_bool(p))));
        }
        (test.distance().decision, test.distance().lower, test.distance().upper)
    };
    assert_eq!(outcome(0.5).0, Some(Decision::Holds));
    let (decision, lower, upper) = outcome(0.8);
    assert_eq!(decision, Some(Decision::Violated));
    assert!(lower < 0.3 && 0.3 < upper);
}

#[test]
fn a_law_ends_at_one_whatever_its_sum_is_rounded_to() {
    let tenths = DiscreteLaw::new((0..10).map(|v| (f64::from(v), 0.1)));
    assert_eq!((tenths.at_most(9.0), tenths.below(10.0), tenths.below(0.0)), (1.0, 1.0, 0.0));
    let uniform = ContinuousLaw(|x: f64| x);
    assert_eq!((uniform.at_most(0.25), uniform.below(0.25)), (0.25, 0.25));
}

#[test]
fn a_look_sees_the_share_of_all_observations_so_far_at_each_value() {
    // Looks at 8, 10, 12 and 15; old values between, below and above new ones.
    let stream = [3.0, 1.0, 3.0, 5.0, 7.0, 5.0, 5.0, 9.0, 0.0, 4.0, 5.0, 3.0, 8.0, -2.0, 10.0];
    let mut sample = Sample::new(0.1);
    for (seen, &x) in (1..).zip(&stream) {
        if sample.observe(x) {
            let mut values = stream[..seen].to_vec();
            values.sort_by(f64::total_cmp);
            values.dedup();
            let up_to = |value: f64| stream[..seen].iter().filter(|&&x| x <= value).count() as u64;
            assert_eq!(
                sample.values,
                values.iter().map(|&value| (value, up_to(value))).collect::<Vec<_>>(),
                "after {seen}"
            );
        }
    }
    assert_eq!((sample.looks, sample.at_most(3.0), sample.below(3.0)), (4, 6.0 / 15.0, 3.0 / 15.0));
    assert_eq!((sample.at_most(-3.0), sample.below(11.0)), (0.0, 1.0));
}

#[test]
fn both_sides_of_a_distance_are_seen_at_inner_jumps() {
    // 1, 1, 2, 2, 3, 3, 4, 4. F(2-) = 0.9 against F_n(2-) = 1/4; F(3) = 0.1 against F_n(3) = 3/4.
    let mut sample = Sample::new(0.1);
    for n in 0..8 {
        sample.observe(f64::from(1 + n / 2));
    }
    let early = DiscreteLaw::new([(1.5, 0.9), (5.0, 0.1)]);
    let late = DiscreteLaw::new([(0.0, 0.1), (3.5, 0.9)]);
    assert!((sample.distance(&early) - 0.65).abs() < 1e-15, "{}", sample.distance(&early));
    assert!((sample.distance(&late) - 0.65).abs() < 1e-15, "{}", sample.distance(&late));
}

#[test]
fn a_claim_of_distance_zero_is_not_violated_by_its_own_law() {
    let mut test = DistributionTest::new(coin(0.5), 0.0, 0.5);
    for n in 0..8 {
        LawProcedure::observe(&mut test, f64::from(n % 2));
    }
    assert_eq!(
        (LawProcedure::decision(&test), test.distance().lower, test.count()),
        (None, 0.0, 8)
    );
    let band = (16f64.ln() / 16.0).sqrt();
    assert!(
        (test.distance().upper - band).abs() < 1e-12,
        "ln(2 / (1/4) * 2) after one look: {}",
        test.distance().upper
    );
    let mut wrong = DistributionTest::new(coin(0.0), 0.0, 0.5);
    (0..8).for_each(|_| LawProcedure::observe(&mut wrong, 1.0));
    assert_eq!(LawProcedure::decision(&wrong), Some(Decision::Violated));
}

#[test]
fn two_samples_add_their_bands() {
    let mut test = TwoSample::new(0.1, 0.5);
    (0..80).for_each(|n| test.observe_first(f64::from(n % 2)));
    assert_eq!((test.distance().lower, test.distance().upper), (0.0, 1.0), "one of two");
    (0..80).for_each(|_| test.observe_second(1.0));
    // The last look before 80 observations of each is the twelfth, at 78; alpha / 4 for each
    // sample.
    let band = ((2.0f64 * 8.0 * 12.0 * 13.0).ln() / 156.0).sqrt();
    assert!(
        (test.distance().lower - (0.5 - 2.0 * band)).abs() < 1e-12,
        "{}",
        test.distance().lower
    );
    assert!(
        (test.distance().upper - (0.5 + 2.0 * band)).abs() < 1e-12,
        "{}",
        test.distance().upper
    );
}

proptest! {
    #[test]
    fn a_sample_is_at_no_distance_from_its_own_law(values in prop::collection::vec(0u8..6, 8)) {
        let mut sample = Sample::new(0.1);
        values.iter().for_each(|&x| { sample.observe(f64::from(x)); });
        let law = DiscreteLaw::new((0..6u8).map(|v| (f64::from(v), values.iter().filter(|&&x| x == v).count() as f64 / 8.0)));
        prop_assert!(sample.distance(&law) < 1e-12);
        prop_assert_eq!(sample.distance(&sample), 0.0);
    }
}
