//! Checking one claim on one system, in one call.

use thiserror::Error;

use super::{CasePlan, Claim, Evidence, Kind, Setting};
use crate::estimate::bracketing::{Samples, pilot_limit};
use crate::instruments::{Instruments, REFERENCE};
use crate::model::Model;
use crate::subject::Subject;

/// There is no claim with this id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no claim has the id `{id}`: {}", hint(.nearest))]
pub struct UnknownClaim {
    /// What was asked for.
    pub id: String,
    /// The ids that are most like it, the nearest first.
    pub nearest: Vec<&'static str>,
}

fn hint(nearest: &[&str]) -> String {
    match nearest {
        [] => "`fluidcheck explain` lists all claims".to_owned(),
        ids => format!("did you mean {}?", ids.join(" or ")),
    }
}

/// The claim with this id.
///
/// # Errors
/// [`UnknownClaim`], with the nearest ids.
///
/// ```
/// let error = fluidcheck::claims::find("transitions-law").unwrap_err();
/// assert_eq!(error.nearest[0], "transition-law");
/// ```
pub fn find(id: &str) -> Result<&'static Claim, UnknownClaim> {
    super::all()
        .find(|claim| claim.id == id)
        .ok_or_else(|| UnknownClaim { id: id.to_owned(), nearest: nearest(id) })
}

/// The ids that are most like a text, the nearest first: what a person may have meant.
fn nearest(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let mut ids: Vec<(f64, &str)> = super::all()
        .map(|claim| {
            let id = claim.id.to_lowercase();
            let contained = !text.is_empty() && id.contains(&text);
            (strsim::jaro_winkler(&text, &id) + f64::from(u8::from(contained)), claim.id)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    ids.sort_by(|a, b| b.0.total_cmp(&a.0));
    ids.truncate(4);
    ids.into_iter().map(|(_, id)| id).collect()
}

/// How one claim is checked; the default is seed 1 and an error probability of 1e-6.
#[derive(Clone, Copy)]
pub struct CheckOptions<'a> {
    /// The seed of all cases, paths and samples.
    pub seed: u64,
    /// The error probability of a statistical claim, both directions together.
    pub alpha: f64,
    /// Multiplies the random cases of exact claims and the budgets of statistical ones.
    pub effort: u32,
    /// Replay this case of an exact or pathwise claim alone, as a witness names it.
    pub case: Option<u64>,
    /// After how many events two copies from empty and from above that have not met give up; by
    /// default chosen from the size and the load.
    pub pilot_events: Option<u64>,
    /// Whether a pass may exclude less, since the same is looked at closely elsewhere.
    #[doc(hidden)]
    pub brief: bool,
    /// The formulas and tests to check with: the crate's own, unless these are under check.
    #[doc(hidden)]
    pub instruments: &'a Instruments,
}

impl Default for CheckOptions<'_> {
    fn default() -> Self {
        Self {
            seed: 1,
            alpha: 1e-6,
            effort: 1,
            case: None,
            pilot_events: None,
            brief: false,
            instruments: &REFERENCE,
        }
    }
}

impl<'a> CheckOptions<'a> {
    /// What claims share that are checked on the same system.
    #[doc(hidden)]
    pub fn setting(
        &self,
        subject: &'a dyn Subject,
        model: &'a Model,
        samples: &'a Samples<'a>,
    ) -> Setting<'a> {
        let Self { seed, effort, case, brief, .. } = *self;
        let plan = CasePlan { seed, effort, only: case, brief };
        let (instruments, alpha) = (self.instruments, self.alpha);
        Setting { subject, instruments, model, plan, alpha, samples }
    }
}

impl Claim {
    /// Checks the claim on `subject` where `model` is asked for, with seed 1 and an error
    /// probability of 1e-6.
    ///
    /// ```
    /// use fluidcheck::{claims, graph::BipartiteGraph, model::Model, subject::Reference};
    /// let model = Model::new(BipartiteGraph::complete(3, 1)?, 0.8, 2)?;
    /// let evidence = claims::find("eq-4.12")?.check(&Reference, &model);
    /// assert_eq!(evidence.verdict, claims::Verdict::Holds);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self, subject: &dyn Subject, model: &Model) -> Evidence {
        self.check_with(subject, model, &CheckOptions::default())
    }

    /// The same with other options. The witness of a violation replays by the line of Rust that it
    /// carries.
    pub fn check_with(
        &self,
        subject: &dyn Subject,
        model: &Model,
        options: &CheckOptions<'_>,
    ) -> Evidence {
        let limit = options
            .pilot_events
            .unwrap_or_else(|| pilot_limit(model).saturating_mul(options.effort.into()));
        let samples = Samples::new(subject, model, options.seed, limit);
        let mut evidence = self.evaluate(&options.setting(subject, model, &samples));
        if let Some(witness) = &mut evidence.witness {
            witness.replay = self.replay(subject, model, options, witness.case);
        }
        evidence
    }

    /// The line of Rust that sees a violation again, and on what.
    fn replay(
        &self,
        subject: &dyn Subject,
        model: &Model,
        options: &CheckOptions<'_>,
        case: u64,
    ) -> String {
        let CheckOptions { seed, alpha, effort, pilot_events, .. } = options;
        let mut fields = vec![format!("seed: {seed}")];
        match self.kind {
            Kind::Statistical => {
                fields.push(format!("alpha: {alpha:e}"));
                fields.push(format!("effort: {effort}"));
            }
            Kind::Exact | Kind::Pathwise => fields.push(format!("case: Some({case})")),
        }
        fields.extend(pilot_events.map(|events| format!("pilot_events: Some({events})")));
        let graph = model.graph();
        format!(
            "fluidcheck::claims::find({:?})?.check_with(&subject, &model, &CheckOptions {{ {}, \
             ..CheckOptions::default() }}) // {}: N = {}, M = {}, {} edges, lambda = {}, {}",
            self.id,
            fields.join(", "),
            subject.name(),
            graph.n_servers(),
            graph.n_task_types(),
            graph.n_edges(),
            model.load().exact(),
            model.policy()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::section_2::EQ_2_1;
    use crate::claims::{Erratum, Expected, Verdict};
    use crate::graph::BipartiteGraph;
    use crate::subject::Reference;

    const WRONG: Expected = Expected::Violated(Erratum::Substance);

    /// What a claim with another check, and another expectation, gives.
    fn found(expected: Expected, run: fn(&Claim, &Setting<'_>) -> Evidence) -> (Verdict, bool) {
        let claim = Claim { expected, run, ..EQ_2_1 };
        let model = Model::new(BipartiteGraph::complete(2, 1).unwrap(), 0.5, 2).unwrap();
        let evidence = claim.check(&Reference, &model);
        (evidence.verdict, claim.is_expected(evidence.verdict))
    }

    #[test]
    fn a_panic_is_a_crash_and_never_an_expected_violation() {
        for expected in [Expected::Holds, WRONG] {
            assert_eq!(found(expected, |_, _| panic!("planted")), (Verdict::Crashed, false));
        }
        let claim = Claim { run: |_, _| panic!("line 1\n{}", 2), ..EQ_2_1 };
        let model = Model::new(BipartiteGraph::complete(2, 1).unwrap(), 0.5, 2).unwrap();
        let evidence = claim.check(&Reference, &model);
        assert_eq!(evidence.summary, "the check panicked: line 1 2");
        assert!(evidence.witness.is_some_and(|witness| !witness.replay.is_empty()));
    }

    #[test]
    fn what_holds_of_no_case_is_inconclusive() {
        let of = |cases, expected| match cases {
            0 => found(expected, |_, _| Evidence::of_test(Verdict::Holds, 0, "")),
            _ => found(expected, |_, _| Evidence::of_test(Verdict::Holds, 1, "")),
        };
        assert_eq!(of(0, Expected::Holds), (Verdict::Inconclusive, false));
        assert_eq!(of(1, Expected::Holds), (Verdict::Holds, true));
        assert_eq!(of(1, WRONG), (Verdict::Holds, false));
        // A violation needs no case: its witness is the numbers themselves.
        assert_eq!(found(WRONG, |_, _| Evidence::violated(0, "1 > 0")), (Verdict::Violated, true));
    }

    #[test]
    fn what_was_mistyped_is_found_again() {
        for (typed, meant) in [
            ("thm3.8", "thm-3.8"),
            ("Thm-3.8", "thm-3.8"),
            ("transition", "transition-law"),
            ("cor4.3", "cor-4.3"),
            ("eq-a.1", "eq-A.1"),
            ("multi-edges", "err-5-multi-edges-printed"),
        ] {
            assert!(nearest(typed).contains(&meant), "{typed}: {:?}", nearest(typed));
        }
        assert!(nearest("").is_empty() && nearest("xyzzy").is_empty());
    }
}
