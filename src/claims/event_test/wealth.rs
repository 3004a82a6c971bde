//! A product of very many factors.

/// The product, whose logarithm is taken of many factors together: that is several times as fast
/// as adding up logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wealth {
    log: f64,
    recent: f64,
}

impl Wealth {
    pub(super) const ONE: Self = Self { log: 0.0, recent: 1.0 };

    /// Takes a factor above 1e-100 and below 1e100.
    #[inline]
    pub(super) fn multiply(&mut self, factor: f64) {
        self.recent *= factor;
        if !(1e-200..=1e200).contains(&self.recent) {
            *self = Self { log: self.ln(), recent: 1.0 };
        }
    }

    /// ln of the product.
    pub(super) fn ln(&self) -> f64 {
        self.log + self.recent.ln()
    }
}

impl Default for Wealth {
    fn default() -> Self {
        Self::ONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_of_a_product_is_the_sum_of_logarithms() {
        let (mut wealth, mut sum) = (Wealth::ONE, 0.0);
        for factor in [0.5, 3.0, 1e-90, 1e80, 1e80, 1e80, 1e-99, 1e-99, 7.0].iter().cycle().take(90)
        {
            wealth.multiply(*factor);
            sum += factor.ln();
        }
        assert!((wealth.ln() - sum).abs() < 1e-9, "{} {sum}", wealth.ln());
    }
}
