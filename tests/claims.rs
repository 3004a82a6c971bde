//! Every claim as a test of its own, named by its id: `cargo test thm_3_8`, `cargo test eq_4_12`.
//!
//! Each is run on the reference, on the proving settings that it applies to, until some of them say
//! something; a theory is run once. The faults that it must reject are the matrix of `power.rs`.

use fluidcheck::claims::{self, Claim, Kind, Scope, Verdict};
use fluidcheck::instruments::UnderCheck;
use fluidcheck::stats::spending;
use fluidcheck::subject::Reference;
use fluidcheck::suite::power_matrix::{Setting, evaluate, settings, settings_of};
use libtest_mimic::{Arguments, Failed, Trial};

const SEED: u64 = 1;

/// The error probability of each statistical check. The seed is fixed: these are regression tests.
const ALPHA: f64 = 1e-4;

/// The id as the name of a test: `prop-4.1-drift` is `prop_4_1_drift`.
fn name(claim: &Claim) -> String {
    claim.id.to_lowercase().replace(['.', '-'], "_")
}

/// How many settings must say something.
fn wanted(claim: &Claim) -> usize {
    match (claim.scope, claim.kind) {
        (Scope::Theory, _) | (_, Kind::Statistical) => 1,
        (Scope::Graph, _) => 4,
    }
}

fn holds(claim: &Claim, settings: &[Setting]) -> Result<(), Failed> {
    let mut telling = 0;
    for setting in settings_of(claim, settings) {
        let under = UnderCheck::system(&Reference);
        let (evidence, spent) =
            spending::recorded(|| evaluate(claim, under, &setting.model, SEED, ALPHA));
        if !claim.is_expected(evidence.verdict) {
            let expected = claim.expected;
            return Err(format!("{}: {expected:?} expected, {evidence:#?}", setting.name).into());
        }
        let is_statistical = claim.kind == Kind::Statistical;
        // Pilots and exact claims spend nothing; what a test decided has cost something.
        if is_statistical && evidence.cases > 0 && spent == 0.0 || spent > ALPHA * (1.0 + 1e-9) {
            return Err(format!("{}: {spent:e} spent of {ALPHA:e}", setting.name).into());
        }
        telling += usize::from(evidence.verdict != Verdict::NotApplicable && !evidence.vacuous);
        if telling == wanted(claim) {
            break;
        }
    }
    if telling == 0 { Err("no proving setting says anything".into()) } else { Ok(()) }
}

fn main() {
    let arguments = Arguments::from_args();
    let trials =
        claims::all().map(|claim| Trial::test(name(claim), move || holds(claim, &settings())));
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
