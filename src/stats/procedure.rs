//! What a test and an interval are to those who use them, so that one can be put in place of another: a claim
//! calibrates whatever the machinery hands it, a faulty procedure included.

use super::events::Decision;

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

impl<T: MeanProcedure + ?Sized> MeanProcedure for Box<T> {
    fn observe(&mut self, x: f64) {
        (**self).observe(x);
    }

    fn decision(&self) -> Option<Side> {
        (**self).decision()
    }
}

impl<T: IntervalProcedure + ?Sized> IntervalProcedure for Box<T> {
    fn observe(&mut self, x: f64) {
        (**self).observe(x);
    }

    fn ends(&self) -> (f64, f64) {
        (**self).ends()
    }

    fn excludes(&self, mean: f64) -> bool {
        (**self).excludes(mean)
    }
}

/// The intervals that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalKind {
    /// [`super::confidence::EmpiricalBernstein`], on which estimates rest.
    EmpiricalBernstein,
    /// [`super::hedged::BettingInterval`].
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
