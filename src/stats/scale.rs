//! Observations in [low, high], seen as observations in [0, 1].

/// An interval that every observation lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// [0, 1].
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };

    /// [low, high].
    ///
    /// # Panics
    /// Unless low < high, both finite.
    pub fn new(low: f64, high: f64) -> Self {
        assert!(
            low < high && (high - low).is_finite(),
            "[{low}, {high}] is no interval of observations"
        );
        Self { low, high }
    }

    /// Where x lies, from 0 at the low end to 1 at the high one; outside for an x outside.
    pub fn unit(self, x: f64) -> f64 {
        (x - self.low) / (self.high - self.low)
    }

    /// An observation, which must lie inside.
    ///
    /// # Panics
    /// If it lies outside, or is NaN.
    pub(super) fn observation(self, x: f64) -> f64 {
        assert!(
            (self.low..=self.high).contains(&x),
            "observation {x} outside [{}, {}]",
            self.low,
            self.high
        );
        // Rounding may lead out by a last digit.
        self.unit(x).clamp(0.0, 1.0)
    }

    /// The inverse of [`Scale::unit`].
    pub fn back(self, u: f64) -> f64 {
        if u == 1.0 { self.high } else { self.low + (self.high - self.low) * u }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_exact_and_the_way_back_leads_back() {
        let scale = Scale::new(-3.0, 0.1);
        assert_eq!((scale.unit(-3.0), scale.unit(0.1)), (0.0, 1.0));
        assert_eq!((scale.back(0.0), scale.back(1.0)), (-3.0, 0.1));
        assert_eq!(Scale::new(2.0, 6.0).unit(3.0), 0.25);
        assert_eq!(Scale::new(2.0, 6.0).back(0.25), 3.0);
    }

    #[test]
    #[should_panic(expected = "observation 2 outside")]
    fn observations_outside_are_refused() {
        Scale::UNIT.observation(2.0);
    }
}
