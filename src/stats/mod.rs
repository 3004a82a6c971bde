//! Sequential tests with stated error probabilities.
//!
//! Stage 3 of 18: it works on plain numbers, and knows no queue and no graph.
//!
//! | question | here |
//! |---|---|
//! | is the mean of a variable in [0, 1] above (below) a bound? | [`mean_test::MeanTest`] |
//! | the same from counts, in batches of any size | [`counts::CountTest`] |
//! | is a mean within a margin of a target? | [`equivalence::Equivalence`] |
//! | where is the mean, at every time together? | [`betting_interval::BettingInterval`], [`counts::CountInterval`], [`empirical_bernstein::EmpiricalBernstein`] |
//! | how large is it at least, where it may be any size? | [`lower_bound::LowerBound`] |
//! | how large is it at least, of variables that may be large? | [`lower_bound::LowerBound`] |
//! | is a whole law as stated, are two laws alike? | [`distribution::DistributionTest`], [`distribution::TwoSample`] |
//! | do outcomes have their known laws, given the past? | [`tilts::TiltedBets`] |
//! | are the times of events those of a Poisson process? | [`poisson_gaps::GapTest`] |
//! | how is the error probability of a suite shared out? | [`ledger::Ledger`] |
//! | what has a check really spent of it? | [`spending`] |
//! | do the tests themselves err as rarely as they say? | [`known_streams`], by the binomial law of [`binomial`] |
//!
//! All tests are e-processes: under the null hypothesis their wealth is a nonnegative
//! supermartingale that starts at 1, so that by Ville's inequality it *ever* reaches 1 / alpha with
//! probability at most alpha. They may be looked at after every observation, and stopped for any
//! reason.
//!
//! # Source
//! Waudby-Smith and Ramdas, *Estimating means of bounded random variables by betting*, JRSS B 86
//! (2024), 1-27.

pub mod betting_interval;
pub mod binomial;
pub mod counts;
pub mod decision;
pub mod distribution;
pub mod empirical_bernstein;
pub mod equivalence;
mod histogram;
pub mod known_streams;
pub mod ledger;
pub mod lower_bound;
pub mod mean_test;
pub mod poisson_gaps;
pub mod procedure;
pub mod scale;
pub mod spending;
pub mod tilts;

/// ln of the mean of exp over `logs`, without overflow.
pub(crate) fn log_mean_exp(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let (sum, count) =
        logs.fold((0.0, 0u32), |(sum, count), log| (sum + (log - largest).exp(), count + 1));
    largest + (sum / f64::from(count)).ln()
}

#[cfg(test)]
mod tests {
    use super::log_mean_exp;

    #[test]
    fn the_mean_of_exponentials_is_taken_without_overflow() {
        let none = f64::NEG_INFINITY;
        for (name, logs, log) in [
            ("1 and 3", vec![0.0, 3f64.ln()], 2f64.ln()),
            (
                "the same beyond the range of numbers",
                vec![2000.0, 2000.0 + 3f64.ln()],
                2000.0 + 2f64.ln(),
            ),
            ("the same below it", vec![-2000.0, -2000.0 + 3f64.ln()], -2000.0 + 2f64.ln()),
            ("0 and 4", vec![none, 4f64.ln()], 2f64.ln()),
            ("one", vec![-5.0], -5.0),
        ] {
            assert!((log_mean_exp(logs.into_iter()) - log).abs() < 1e-12, "{name}");
        }
        assert_eq!(log_mean_exp([none, none].into_iter()), none);
    }
}
