//! Faults of the tests and intervals: wrong procedures in the place of right ones.

use super::{Fault, Group};
use crate::instruments::{Instruments, REFERENCE};
use crate::stats::distribution::{DiscreteLaw, DistributionTest, Law};
use crate::stats::mean_test::{MeanTest, Side};
use crate::stats::procedure::{IntervalProcedure, MeanProcedure};
use crate::stats::scale::Scale;

/// In the order of reports.
#[rustfmt::skip]
pub(super) const ALL: &[&Fault] = &[
    RETRIED_TEST, SEED_CHOSEN, ONE_SIDED_BY_ABSOLUTE, THRESHOLD_OF_ONE_SIDE, RIGHT_EDGE_FOR_LEFT,
    INSIDE_ONCE, INTERVAL_OF_ANOTHER, CONTAINS_ESTIMATE, INTERVAL_TOO_WIDE,
];

const fn fault(id: &'static str) -> Fault {
    Fault::new(Group::Statistics, id)
}

/// How often something is tried again.
const ATTEMPTS: u64 = 8;

pub const RETRIED_TEST: &Fault = &fault("retried-test")
    .about("A test is tried up to eight times, until it decides.")
    .seen("ert PR 1225")
    .with(Instruments { conduct: |attempt| (0..ATTEMPTS).find_map(attempt), ..REFERENCE });

pub const SEED_CHOSEN: &Fault = &fault("seed-chosen")
    .about("Of eight seeds the first is reported whose test lets the claim pass.")
    .seen("SBSCL PR 54")
    .with(Instruments {
        // Nothing decided: nothing speaks against the claim.
        conduct: |attempt| {
            (0..ATTEMPTS).map(attempt).find(Option::is_none).unwrap_or_else(|| attempt(0))
        },
        ..REFERENCE
    });

pub const ONE_SIDED_BY_ABSOLUTE: &Fault = &fault("one-sided-by-absolute")
    .about("A misplaced absolute value makes a two-sided test one-sided.")
    .seen("JumpProcesses.jl, hop_rates.jl")
    .with(Instruments {
        mean_test: |bound, alpha| Box::new(OnlyAbove((REFERENCE.mean_test)(bound, alpha))),
        ..REFERENCE
    });

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

pub const THRESHOLD_OF_ONE_SIDE: &Fault = &fault("threshold-of-one-side")
    .about("Each of two sides has the critical value of a one-sided test.")
    .seen("ran PR 277")
    .with(Instruments {
        mean_test: |bound, alpha| Box::new(MeanTest::on(Scale::UNIT, bound, alpha, alpha)),
        ..REFERENCE
    });

pub const RIGHT_EDGE_FOR_LEFT: &Fault = &fault("right-edge-for-left")
    .about("The right edge of a distribution function stands for the left one where it jumps.")
    .seen("rand PR 1494")
    .with(Instruments {
        law_test: |law, margin, alpha| {
            Box::new(DistributionTest::new(RightEdges(law), margin, alpha))
        },
        ..REFERENCE
    });

struct RightEdges(DiscreteLaw);

impl Law for RightEdges {
    fn at_most(&self, x: f64) -> f64 {
        self.0.at_most(x)
    }

    fn below(&self, x: f64) -> f64 {
        self.0.at_most(x)
    }
}

pub const INSIDE_ONCE: &Fault = &fault("inside-once")
    .about("A mean passes if it was inside of the running interval once.")
    .seen("gateway-api PR 2814")
    .with(Instruments {
        interval: |kind, alpha| {
            Box::new(InsideOnce { interval: (REFERENCE.interval)(kind, alpha), hull: None })
        },
        ..REFERENCE
    });

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

pub const INTERVAL_OF_ANOTHER: &Fault = &fault("interval-of-another")
    .about("The interval is formed for the second moment, and read as one for the mean.")
    .seen("personalization PR 55")
    .with(Instruments {
        interval: |kind, alpha| Box::new(SecondMoment((REFERENCE.interval)(kind, alpha))),
        ..REFERENCE
    });

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

pub const CONTAINS_ESTIMATE: &Fault = &fault("contains-estimate")
    .about("The interval is asked whether it contains the sample mean, which it always does.")
    .seen("qsv PR 4250")
    .with(Instruments {
        interval: |kind, alpha| {
            let interval = (REFERENCE.interval)(kind, alpha);
            Box::new(ContainsEstimate { interval, sum: 0.0, count: 0.0 })
        },
        ..REFERENCE
    });

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

pub const INTERVAL_TOO_WIDE: &Fault = &fault("interval-too-wide")
    .about("The interval is all that is possible.")
    .seen("gateway-api-inference-extension PR 1561")
    .with(Instruments { interval: |_, _| Box::new(Everything), ..REFERENCE });

struct Everything;

impl IntervalProcedure for Everything {
    fn observe(&mut self, _: f64) {}

    fn ends(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
}
