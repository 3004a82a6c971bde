//! Faults of the tests and intervals: wrong procedures in the place of right ones.

use super::Fault;
use crate::instruments::Machinery;
use crate::stats::distribution::{DiscreteLaw, DistributionTest, Law};
use crate::stats::mean_test::{MeanTest, Side};
use crate::stats::procedure::{IntervalKind, IntervalProcedure, LawProcedure, MeanProcedure};
use crate::stats::scale::Scale;
use crate::subject::Reference;

/// How often something is tried again.
const ATTEMPTS: u64 = 8;

pub(super) fn mean_test(fault: Fault, bound: f64, alpha: f64) -> Box<dyn MeanProcedure> {
    match fault {
        Fault::OneSidedByAbsolute => Box::new(OnlyAbove(Reference.mean_test(bound, alpha))),
        Fault::ThresholdOfOneSide => Box::new(MeanTest::on(Scale::UNIT, bound, alpha, alpha)),
        _ => Reference.mean_test(bound, alpha),
    }
}

pub(super) fn interval(fault: Fault, kind: IntervalKind, alpha: f64) -> Box<dyn IntervalProcedure> {
    let right = Reference.interval(kind, alpha);
    match fault {
        Fault::InsideOnce => Box::new(InsideOnce { interval: right, hull: None }),
        Fault::IntervalOfAnother => Box::new(SecondMoment(right)),
        Fault::ContainsEstimate => {
            Box::new(ContainsEstimate { interval: right, sum: 0.0, count: 0.0 })
        }
        Fault::IntervalTooWide => Box::new(Everything),
        _ => right,
    }
}

pub(super) fn law_test(
    fault: Fault,
    law: DiscreteLaw,
    margin: f64,
    alpha: f64,
) -> Box<dyn LawProcedure> {
    match fault {
        Fault::RightEdgeForLeft => Box::new(DistributionTest::new(RightEdges(law), margin, alpha)),
        _ => Reference.law_test(law, margin, alpha),
    }
}

pub(super) fn conduct(fault: Fault, attempt: &dyn Fn(u64) -> Option<Side>) -> Option<Side> {
    match fault {
        Fault::RetriedTest => (0..ATTEMPTS).find_map(attempt),
        // Nothing decided: nothing speaks against the claim.
        Fault::SeedChosen => {
            (0..ATTEMPTS).map(attempt).find(Option::is_none).unwrap_or_else(|| attempt(0))
        }
        _ => Reference.conduct(attempt),
    }
}

/// |a| - b where |a - b| is meant: what lies below never counts.
struct OnlyAbove(Box<dyn MeanProcedure>);

impl MeanProcedure for OnlyAbove {
    fn observe(&mut self, x: f64) {
        self.0.observe(x);
    }

    fn decision(&self) -> Option<Side> {
        self.0.decision().filter(|&side| side == Side::Above)
    }
}

struct InsideOnce {
    interval: Box<dyn IntervalProcedure>,
    hull: Option<(f64, f64)>,
}

impl IntervalProcedure for InsideOnce {
    fn observe(&mut self, x: f64) {
        self.interval.observe(x);
        if self.hull.is_none() {
            // Running intervals only shrink: whatever was inside later was inside of the first.
            self.hull = Some(self.interval.ends());
        }
    }

    fn ends(&self) -> (f64, f64) {
        self.hull.unwrap_or((0.0, 1.0))
    }
}

struct SecondMoment(Box<dyn IntervalProcedure>);

impl IntervalProcedure for SecondMoment {
    fn observe(&mut self, x: f64) {
        self.0.observe(x * x);
    }

    fn ends(&self) -> (f64, f64) {
        self.0.ends()
    }

    fn excludes(&self, mean: f64) -> bool {
        self.0.excludes(mean)
    }
}

struct ContainsEstimate {
    interval: Box<dyn IntervalProcedure>,
    sum: f64,
    count: f64,
}

impl IntervalProcedure for ContainsEstimate {
    fn observe(&mut self, x: f64) {
        self.sum += x;
        self.count += 1.0;
        self.interval.observe(x);
    }

    fn ends(&self) -> (f64, f64) {
        self.interval.ends()
    }

    fn excludes(&self, _: f64) -> bool {
        self.interval.excludes(self.sum / self.count)
    }
}

struct Everything;

impl IntervalProcedure for Everything {
    fn observe(&mut self, _: f64) {}

    fn ends(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
}

struct RightEdges(DiscreteLaw);

impl Law for RightEdges {
    fn at_most(&self, x: f64) -> f64 {
        self.0.at_most(x)
    }

    fn below(&self, x: f64) -> f64 {
        self.0.at_most(x)
    }
}
