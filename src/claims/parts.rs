//! Is the mean of a clipped figure above or below a limit, or within a margin of a target? The
//! parts of which statistical claims are made, and what they say together.
//!
//! A bet on a mean needs a bounded variable, and ln(1 / alpha) observations for each multiple of
//! the limit that the range holds, even without any variance. A distance is therefore clipped, to a
//! small multiple of its limit, and the claims say so: "E min(b, D) <= l". That is less than "E D
//! <= l" by what the mean of D has beyond b; along a sequence it is the same, since Corollary 4.3
//! makes the distances uniformly integrable.
//!
//! # Source
//! [`crate::stats::mean_test`].

use super::verdict::{Evidence, Verdict};
use crate::stats::decision::Decision;
use crate::stats::equivalence::Equivalence;
use crate::stats::mean_test::{MeanTest, Side};
use crate::stats::scale::Scale;

/// One part of a claim: where the mean of a figure, clipped to a range, is.
pub(super) struct Part {
    name: String,
    low: f64,
    high: f64,
    /// The limit, or the target.
    limit: f64,
    /// How far the mean of what is observed may be from the mean that is claimed.
    error: f64,
    count: u64,
    sums: (f64, f64),
    test: Test,
}

#[allow(clippy::large_enum_variant, reason = "a claim has few parts")]
enum Test {
    /// On one side of the limit.
    Side { below: bool, test: MeanTest },
    /// Within this margin of the target.
    Within { margin: f64, test: Equivalence },
}

impl Part {
    /// The mean of a figure clipped to `low..=high` is at most `limit`; at most `error` off in what
    /// is observed.
    pub(super) fn at_most(
        name: impl Into<String>,
        range: (f64, f64),
        limit: f64,
        error: f64,
        alpha: f64,
    ) -> Self {
        Self::on_a_side(true, name.into(), range, limit, error, alpha)
    }

    /// The same with at least `limit`.
    pub(super) fn at_least(
        name: impl Into<String>,
        range: (f64, f64),
        limit: f64,
        error: f64,
        alpha: f64,
    ) -> Self {
        Self::on_a_side(false, name.into(), range, limit, error, alpha)
    }

    /// The mean of a figure in [0, 1] is within `margin` of `target`.
    pub(super) fn within(name: impl Into<String>, target: f64, margin: f64, alpha: f64) -> Self {
        let test = Equivalence::new(Scale::UNIT, target, margin, alpha);
        Self::new(name.into(), (0.0, 1.0), target, 0.0, Test::Within { margin, test })
    }

    fn on_a_side(
        below: bool,
        name: String,
        (low, high): (f64, f64),
        limit: f64,
        error: f64,
        alpha: f64,
    ) -> Self {
        let scaled = (limit - (low - error)) / (high - low + 2.0 * error);
        let test = Test::Side { below, test: MeanTest::new(scaled, alpha) };
        Self::new(name, (low, high), limit, error, test)
    }

    fn new(name: String, (low, high): (f64, f64), limit: f64, error: f64, test: Test) -> Self {
        Self { name, low, high, limit, error, count: 0, sums: (0.0, 0.0), test }
    }

    /// Takes a replication in which the figure is only known to lie in `least..=most`.
    pub(super) fn observe(&mut self, (least, most): (f64, f64)) {
        #[cfg(test)]
        let (least, most) = trial::figure(self).map_or((least, most), exactly);
        let (least, most) = (least.clamp(self.low, self.high), most.clamp(self.low, self.high));
        self.count += 1;
        self.sums = (self.sums.0 + least, self.sums.1 + most);
        let width = self.high - self.low + 2.0 * self.error;
        // Downwards by the error for what rests on the lower end, upwards for the upper; the range
        // is wider by as much.
        let (least, most) =
            ((least - self.low) / width, (most - self.low + 2.0 * self.error) / width);
        let (least, most) = (least.clamp(0.0, 1.0), most.clamp(0.0, 1.0));
        match &mut self.test {
            Test::Side { test, .. } => test.observe_between(least, most),
            Test::Within { test, .. } => test.observe_between(least, most),
        }
    }

    /// Whether the part was decided, and for the claim.
    pub(super) fn supports(&self) -> Option<bool> {
        match &self.test {
            Test::Side { below, test } => {
                test.decision().map(|side| (side == Side::Below) == *below)
            }
            Test::Within { test, .. } => test.decision().map(|found| found == Decision::Holds),
        }
    }

    /// What the part says by itself.
    fn verdict(&self) -> Verdict {
        Verdict::of(self.supports() == Some(false), self.supports() == Some(true))
    }

    /// How many replications were observed.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The observed mean from below and above, without the error.
    pub(super) fn mean(&self) -> (f64, f64) {
        let count = self.count.max(1) as f64;
        (self.sums.0 / count, self.sums.1 / count)
    }

    /// How far the observed mean, its error included, is from the limit.
    fn slack(&self) -> f64 {
        let (least, most) = self.mean();
        let (above, below) = (least - self.error - self.limit, self.limit - most - self.error);
        match self.test {
            Test::Side { below: true, .. } => below,
            Test::Side { below: false, .. } => above,
            Test::Within { margin, .. } => margin + above.min(below),
        }
    }

    /// What is claimed, how it stands and what was seen.
    pub(super) fn shown(&self) -> String {
        let relation = match self.test {
            Test::Side { below: true, .. } => "<=",
            Test::Side { below: false, .. } => ">=",
            Test::Within { .. } => {
                let mean = f64::midpoint(self.mean().0, self.mean().1);
                return format!(
                    "{} = {:.6}, seen {mean:.4} in {} replications",
                    self.name, self.limit, self.count
                );
            }
        };
        let standing = match self.supports() {
            Some(true) => "certified",
            Some(false) => "rejected",
            None => "open",
        };
        let (least, most) = self.mean();
        let seen = if most - least < 5e-4 * most.abs() {
            format!("{most:.4}")
        } else {
            format!("{least:.4} to {most:.4}")
        };
        format!(
            "{} {relation} {:.4} {standing} (mean {seen}, n = {})",
            self.name, self.limit, self.count
        )
    }

    /// The same with what else is rejected: the end of the interval on the side of the verdict.
    pub(super) fn shown_with_end(&self) -> String {
        let Test::Side { below, test } = &self.test else { return self.shown() };
        let of_scale =
            |x: f64| self.low - self.error + x * (self.high - self.low + 2.0 * self.error);
        let rejects = |below: bool| {
            if below {
                format!("rejects any above {:.6}", of_scale(test.upper()))
            } else {
                format!("rejects any below {:.6}", of_scale(test.lower()))
            }
        };
        let standing = match self.supports() {
            Some(true) => format!("certified, {}", rejects(*below)),
            Some(false) => format!("rejected, {}", rejects(!below)),
            None => test.needed().map_or("open".to_owned(), |needed| {
                format!("open, about {needed} replications would do")
            }),
        };
        let relation = if *below { "<=" } else { ">=" };
        format!("{} {relation} {:.6} {standing}", self.name, self.limit)
    }
}

/// A figure that is known without bounds.
pub(super) fn exactly(figure: f64) -> (f64, f64) {
    (figure, figure)
}

/// What two findings say together: a rejected one decides, an open one leaves open.
fn together(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Violated, _) | (_, Verdict::Violated) => Verdict::Violated,
        (Verdict::Holds, other) => other,
        (undecided, _) => undecided,
    }
}

/// What these parts say together.
pub(super) fn verdict(parts: &[Part]) -> Verdict {
    parts.iter().map(Part::verdict).fold(Verdict::Holds, together)
}

/// Whether some part is undecided and none rejected.
pub(super) fn are_open(parts: &[Part]) -> bool {
    verdict(parts) == Verdict::Inconclusive
}

/// The findings of a claim that is made of parts.
pub(super) struct Findings {
    verdict: Verdict,
    cases: u64,
    slack: f64,
    notes: Vec<String>,
    alpha: f64,
}

impl Findings {
    /// Nothing found yet, with this error probability in all.
    pub(super) fn new(alpha: f64) -> Self {
        Self { verdict: Verdict::Holds, cases: 0, slack: f64::INFINITY, notes: Vec::new(), alpha }
    }

    /// Observes replications 0, 1, ... until all parts are decided, one against the claim, or
    /// `most` are spent. `replicate` gives the figure of each part, between bounds.
    pub(super) fn settle(
        &mut self,
        mut parts: Vec<Part>,
        most: u64,
        mut replicate: impl FnMut(u64) -> Vec<(f64, f64)>,
    ) -> Vec<Part> {
        let mut spent = 0;
        while spent < most && are_open(&parts) {
            #[cfg(test)]
            let figures = if trial::is_on() {
                vec![exactly(f64::NAN); parts.len()]
            } else {
                replicate(spent)
            };
            #[cfg(not(test))]
            let figures = replicate(spent);
            debug_assert_eq!(figures.len(), parts.len());
            for (part, figure) in parts.iter_mut().zip(figures) {
                // A decided part is left alone: its count is the one that decided it.
                if part.supports().is_none() {
                    part.observe(figure);
                }
            }
            spent += 1;
        }
        self.enter(spent, &parts);
        parts
    }

    /// The same for one part.
    pub(super) fn settle_one(
        &mut self,
        part: Part,
        most: u64,
        mut figure: impl FnMut(u64) -> (f64, f64),
    ) {
        self.settle(vec![part], most, |replication| vec![figure(replication)]);
    }

    /// Takes over parts that were observed elsewhere, by so many replications.
    pub(super) fn enter(&mut self, cases: u64, parts: &[Part]) {
        self.cases += cases;
        for part in parts {
            self.slack = self.slack.min(part.slack());
            self.add(part.verdict(), 0, part.shown());
        }
    }

    /// A finding of a test of another kind, without a slack.
    pub(super) fn add(&mut self, verdict: Verdict, cases: u64, found: impl Into<String>) {
        self.cases += cases;
        self.verdict = together(self.verdict, verdict);
        self.notes.push(found.into());
    }

    /// Whether a part has already been rejected, so that more work is idle.
    pub(super) fn is_violated(&self) -> bool {
        self.verdict == Verdict::Violated
    }

    /// A fact for the summary that no verdict rests on.
    pub(super) fn note(&mut self, fact: impl Into<String>) {
        self.notes.push(fact.into());
    }

    /// An exact fact that holds with this slack.
    pub(super) fn holds(&mut self, slack: f64) {
        self.cases += 1;
        self.slack = self.slack.min(slack);
    }

    /// An exact fact that fails.
    pub(super) fn violated(&mut self, found: impl Into<String>) {
        self.add(Verdict::Violated, 0, found);
    }

    /// Something that could not be made or decided.
    pub(super) fn open(&mut self, why: impl Into<String>) {
        self.add(Verdict::Inconclusive, 0, why);
    }

    /// The evidence.
    pub(super) fn evidence(self) -> Evidence {
        let mut summary = self.notes.join("; ");
        summary.push_str(&format!(" (error probability {:.1e})", self.alpha));
        if self.verdict == Verdict::Inconclusive {
            summary.push_str("; more with --effort");
        }
        let slack =
            (self.slack.is_finite() && self.verdict != Verdict::Violated).then_some(self.slack);
        Evidence { slack, ..Evidence::of_test(self.verdict, self.cases, summary) }
    }
}

/// Figures of a test's choice in place of those that a claim observes: what do the claim's own
/// parts say to a mean just outside of what it states?
#[cfg(test)]
pub(super) mod trial {
    use std::cell::RefCell;

    use super::{Part, Test};

    /// How the name of a part begins, and its figure; others get one that speaks for the claim.
    type Trial = (String, f64);

    thread_local! {
        static TRIAL: RefCell<Option<Trial>> = const { RefCell::new(None) };
        static MET: RefCell<u64> = const { RefCell::new(0) };
    }

    /// What `run` gives where all parts of this name see this figure, and how often one did; of no
    /// name, where all speak for the claim.
    pub(in crate::claims) fn with<R>(name: &str, figure: f64, run: impl FnOnce() -> R) -> (R, u64) {
        MET.set(0);
        TRIAL.set(Some((name.to_owned(), figure)));
        let result = run();
        TRIAL.set(None);
        (result, MET.take())
    }

    pub(super) fn is_on() -> bool {
        TRIAL.with_borrow(Option::is_some)
    }

    pub(super) fn figure(part: &Part) -> Option<f64> {
        TRIAL.with_borrow(|trial| {
            trial.as_ref().map(|(name, figure)| {
                if !name.is_empty() && part.name.starts_with(name) {
                    MET.set(MET.take() + 1);
                    return *figure;
                }
                let limit = part.limit.clamp(part.low, part.high);
                match part.test {
                    Test::Side { below: true, .. } => f64::midpoint(part.low, limit),
                    Test::Side { below: false, .. } => f64::midpoint(limit, part.high),
                    Test::Within { .. } => limit,
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_judged_with_its_error_and_its_bounds_against_the_claim() {
        use Verdict::{Holds, Inconclusive, Violated};
        let (unit, other) = ((0.0, 1.0), (1.0, 2.0));
        let most = |range, limit, error| Part::at_most("x", range, limit, error, 1e-6);
        let least = |range, limit| Part::at_least("x", range, limit, 0.0, 1e-6);
        let table = [
            ("below", most(unit, 0.5, 0.0), (0.3, 0.3), Holds),
            ("above", most(unit, 0.5, 0.0), (0.7, 0.7), Violated),
            ("at least", least(unit, 0.5), (0.7, 0.7), Holds),
            ("not at least", least(unit, 0.5), (0.3, 0.3), Violated),
            ("between bounds", most(unit, 0.5, 0.0), (0.3, 0.7), Inconclusive),
            ("within its error", most(unit, 0.5, 0.3), (0.3, 0.3), Inconclusive),
            ("its error above", most(unit, 0.5, 0.1), (0.7, 0.7), Violated),
            // The observed mean 0.4 may stand for 0.5.
            ("an error as large as the distance", most(unit, 0.5, 0.1), (0.4, 0.4), Inconclusive),
            ("clipped", most(other, 1.5, 0.0), (9.0, 9.0), Violated),
            ("clipped from below", least(other, 1.5), (-9.0, -9.0), Violated),
            ("within", Part::within("x", 0.5, 0.1, 1e-6), (0.45, 0.45), Holds),
            ("not within", Part::within("x", 0.5, 0.1, 1e-6), (0.35, 0.35), Violated),
            ("at its edge", Part::within("x", 0.5, 0.1, 1e-6), (0.3, 0.5), Inconclusive),
        ];
        for (name, part, figure, verdict) in table {
            let mut findings = Findings::new(1e-6);
            findings.settle_one(part, 10_000, |_| figure);
            assert_eq!(findings.evidence().verdict, verdict, "{name}");
        }
    }
}
