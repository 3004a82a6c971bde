//! Which error probability a check has really spent, to be held against the
//! [`ledger`](super::ledger).
//!
//! A ledger says what each check may spend. What it spends is said by the procedures themselves:
//! each records the error probability that it is given, where it is made, or where it decides if it
//! gets it only then. A check that hands all of its share to each of its parts spends more than its
//! share, and a test sees it.
//!
//! Records go to the innermost [`recorded`] of the thread. What runs on other threads in between is
//! not recorded: replications do, tests do not.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// What was recorded since a scope was opened.
#[derive(Default)]
struct Spent {
    made: f64,
    /// The most that each procedure of an address was asked with.
    asked: BTreeMap<usize, f64>,
}

thread_local! {
    static SCOPES: RefCell<Vec<Spent>> = const { RefCell::new(Vec::new()) };
}

/// A scope, closed however it is left.
struct Scope;

impl Scope {
    fn open() -> Self {
        SCOPES.with_borrow_mut(|scopes| scopes.push(Spent::default()));
        Self
    }

    fn sum(&self) -> f64 {
        SCOPES.with_borrow(|scopes| {
            scopes.last().map_or(0.0, |spent| spent.made + spent.asked.values().sum::<f64>())
        })
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(Vec::pop);
    }
}

/// What `run` gives, with the sum of the error probabilities of all procedures in it.
pub fn recorded<R>(run: impl FnOnce() -> R) -> (R, f64) {
    let scope = Scope::open();
    let result = run();
    (result, scope.sum())
}

/// What `run` gives, its procedures not recorded: they are looked at, and no verdict is theirs.
pub(crate) fn apart<R>(run: impl FnOnce() -> R) -> R {
    recorded(run).0
}

/// A procedure is made that errs with this probability.
pub(crate) fn record(alpha: f64) {
    SCOPES.with_borrow_mut(|scopes| {
        if let Some(spent) = scopes.last_mut() {
            spent.made += alpha;
        }
    });
}

/// A procedure is asked, perhaps not for the first time, and errs with this probability.
pub(crate) fn record_asked<T>(procedure: &T, alpha: f64) {
    let address = std::ptr::from_ref(procedure).addr();
    SCOPES.with_borrow_mut(|scopes| {
        if let Some(spent) = scopes.last_mut() {
            let most = spent.asked.entry(address).or_insert(0.0);
            *most = most.max(alpha);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::betting_interval::BettingInterval;
    use crate::stats::binomial::clopper_pearson;
    use crate::stats::counts::{CountInterval, CountTest};
    use crate::stats::distribution::{DiscreteLaw, DistributionTest, TwoSample};
    use crate::stats::empirical_bernstein::EmpiricalBernstein;
    use crate::stats::equivalence::Equivalence;
    use crate::stats::mean_test::MeanTest;
    use crate::stats::poisson_gaps::GapTest;
    use crate::stats::scale::Scale;
    use crate::stats::tilts::{OF_INDICATOR, TiltedBets};

    #[test]
    fn every_procedure_records_the_error_probability_that_it_is_given() {
        let law = || DiscreteLaw::new([(0.0, 0.5), (1.0, 0.5)]);
        let bets = TiltedBets::new(&OF_INDICATOR);
        let procedures: [(&str, &dyn Fn(f64)); 10] = [
            ("mean", &|alpha| _ = MeanTest::new(0.5, alpha)),
            ("equivalence", &|alpha| _ = Equivalence::new(Scale::UNIT, 0.5, 0.1, alpha)),
            ("counts", &|alpha| _ = CountTest::new(0.5, alpha)),
            ("interval of counts", &|alpha| _ = CountInterval::new(alpha)),
            ("interval by betting", &|alpha| _ = BettingInterval::new(0.0, 1.0, alpha)),
            ("empirical Bernstein", &|alpha| _ = EmpiricalBernstein::new(1.0, alpha)),
            ("law", &|alpha| _ = DistributionTest::new(law(), 0.1, alpha)),
            ("two laws", &|alpha| _ = TwoSample::new(0.1, alpha)),
            ("gaps", &|alpha| _ = GapTest::new(alpha, false)),
            ("binomial", &|alpha| assert!(clopper_pearson(1, 2, alpha).1 < 1.0)),
        ];
        for (name, make) in procedures {
            let spent = recorded(|| make(0.25)).1;
            assert!((spent - 0.25).abs() < 1e-12, "{name}: {spent}");
        }
        let asked = || [0.125, 0.25, 0.25].map(|alpha| bets.decision(0, alpha));
        assert_eq!(recorded(asked).1, 0.25, "asked again and again, it errs once");
    }

    #[test]
    fn scopes_are_apart_and_closed_however_they_are_left() {
        let (inner, outer) = recorded(|| {
            record(0.5);
            apart(|| record(0.25));
            let inner = recorded(|| record(0.125)).1;
            let unwinding = || apart(|| -> u8 { std::panic::resume_unwind(Box::new("planted")) });
            assert!(std::panic::catch_unwind(unwinding).is_err());
            record(0.25);
            inner
        });
        assert_eq!((inner, outer), (0.125, 0.75));
        record(0.5);
        assert_eq!(recorded(|| ()).1, 0.0);
    }
}
