//! What a test and an interval are to those who use them, so that one can be put in place of
//! another: a claim calibrates whatever the instruments hand it, a faulty procedure included.

use crate::stats::decision::Decision;

/// What a test of a mean against a bound has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// "The mean is at least the bound" was rejected.
    Below,
    /// "The mean is at most the bound" was rejected.
    Above,
}

/// Decides on which side of a bound the mean of a stream lies.
pub trait MeanProcedure {
    /// Takes the next observation.
    fn observe(&mut self, x: f64);
    /// What has been decided so far.
    fn decision(&self) -> Option<Side>;
}

/// Says where the mean of a stream lies, at all times together.
pub trait IntervalProcedure {
    /// Takes the next observation.
    fn observe(&mut self, x: f64);
    /// The interval.
    fn ends(&self) -> (f64, f64);
    /// Whether this mean has been excluded.
    fn excludes(&self, mean: f64) -> bool {
        let (lower, upper) = self.ends();
        mean < lower || mean > upper
    }
}

/// Decides whether a law is as stated.
pub trait LawProcedure {
    /// Takes the next observation.
    fn observe(&mut self, x: f64);
    /// What has been decided so far.
    fn decision(&self) -> Option<Decision>;
}

/// The intervals that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalKind {
    /// [`super::empirical_bernstein::EmpiricalBernstein`], on which estimates rest.
    EmpiricalBernstein,
    /// [`super::betting_interval::BettingInterval`].
    Betting,
    /// [`super::counts::CountInterval`].
    Counts,
}

impl IntervalKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::EmpiricalBernstein, Self::Betting, Self::Counts];

    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmpiricalBernstein => "empirical Bernstein",
            Self::Betting => "betting interval",
            Self::Counts => "interval of counts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::betting_interval::BettingInterval;
    use crate::stats::counts::{CountInterval, CountTest};
    use crate::stats::empirical_bernstein::EmpiricalBernstein;
    use crate::stats::mean_test::MeanTest;

    #[test]
    fn every_test_of_a_mean_hears_its_observations_and_says_its_decision() {
        let tests: [Box<dyn MeanProcedure>; 2] =
            [Box::new(MeanTest::new(0.5, 0.01)), Box::new(CountTest::new(0.5, 0.01))];
        for mut test in tests {
            assert_eq!(test.decision(), None);
            (0..100).for_each(|_| test.observe(1.0));
            assert_eq!(test.decision(), Some(Side::Above));
        }
    }

    #[test]
    fn every_interval_hears_its_observations_and_excludes_what_lies_outside() {
        let intervals: [Box<dyn IntervalProcedure>; 3] = [
            Box::new(EmpiricalBernstein::new(1.0, 0.01)),
            Box::new(BettingInterval::new(0.0, 1.0, 0.01)),
            Box::new(CountInterval::new(0.01)),
        ];
        for (mut interval, kind) in intervals.into_iter().zip(IntervalKind::ALL) {
            let name = kind.name();
            assert!(interval.ends() == (0.0, 1.0) && !interval.excludes(0.1), "{name}");
            (0..200).for_each(|n| interval.observe(f64::from(n % 2)));
            let (lower, upper) = interval.ends();
            assert!(
                0.2 < lower && lower < 0.5 && 0.5 < upper && upper < 0.8,
                "{name}: [{lower}, {upper}]"
            );
            assert!(
                interval.excludes(lower - 1e-6)
                    && interval.excludes(upper + 1e-6)
                    && !interval.excludes(0.5),
                "{name}"
            );
        }
        assert_eq!(
            IntervalKind::ALL.map(IntervalKind::name),
            ["empirical Bernstein", "betting interval", "interval of counts"]
        );
    }

    #[test]
    fn an_interval_keeps_its_ends() {
        struct Fixed;
        impl IntervalProcedure for Fixed {
            fn observe(&mut self, _: f64) {}
            fn ends(&self) -> (f64, f64) {
                (0.25, 0.75)
            }
        }
        assert_eq!(
            [0.2, 0.25, 0.5, 0.75, 0.8].map(|mean| Fixed.excludes(mean)),
            [true, false, false, false, true]
        );
    }
}
