//! Each system of a coupled pair, looked at alone, is the model.
//!
//! The order of the two systems is checked by `prop-3.9-samples` and `prop-3.9-mass`; here are
//! their marginals, the thinned one at its own load. Given the state, an event adds a task at
//! server v with probability lambda / (1 + lambda_upper) times the mean of (4.12) over task types,
//! and takes one from a busy server with probability 1 / ((1 + lambda_upper) N).

use crate::claims::{
    Claim, Effect, Evidence, Expected, Hypothesis, Kind, Policies, Scope, Setting, Verdict,
};
use crate::faults;
use crate::model::{Load, Model};
use crate::num::ratio;
use crate::random::event_clock::{Clock, Timeline};
use crate::random::stream_rng;
use crate::simulate::coupled::{Coupled, Coupling};
use crate::stats::decision::Decision;
use crate::stats::tilts::{self, TiltedBets};
use crate::subject::random_lengths;

/// Marginals of the couplings, each system at its own load.
pub(crate) const COUPLING_LAW: Claim = Claim {
    id: "coupling-law",
    source: "Proposition 3.9, (4.13)",
    paper: &["Proposition 3.9", "(4.13)"],
    statement: "each system of the crate's three couplings, alone, gains and loses tasks with \
        the model's probabilities",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "odds of an arrival or a departure off by the factor exp(0.3)",
        observations: 62_000,
        unit: "events",
    }),
    policies: Policies::FairSamples,
    hypotheses: &[Hypothesis::NoIsolatedTaskTypes, Hypothesis::ServersAtMost(12)],
    rejects: &[faults::ONE_SAMPLE_MORE],
    run: coupling_law,
};

const FEATURES: [&str; 5] = [
    "an arrival",
    "a departure",
    "an arrival at the last server",
    "a departure from the last server",
    "an arrival at a shortest queue",
];

/// The features of which *holds* excludes a tilt of 0.3; the others may be too rare, and can only
/// speak against the claim.
const DECISIVE: usize = 2;

/// The bets on the features of one system.
type Bets = [TiltedBets<8>; FEATURES.len()];

/// Events of each coupling at least, for the features that are not decisive.
const LEAST_EVENTS: u64 = 20_000;

/// Events of each coupling at most: enough for a load of 1/1000.
const MOST_EVENTS: u64 = 2_000_000;

fn coupling_law(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    Evidence::or_violated(|cases| coupling_law_or(claim, setting, cases))
}

/// What is found of the couplings, or what is against them after so many events.
fn coupling_law_or(
    claim: &Claim,
    setting: &Setting<'_>,
    cases: &mut u64,
) -> Result<Evidence, String> {
    let model = setting.model;
    let n = model.graph().n_servers();
    let own_seed = setting.seed(claim.id);
    let less = Load::new(model.load().exact() * ratio::ratio(5, 7))
        .map_err(|_| "five sevenths of the load are refused")?;
    let couplings = [
        ("shared marks", Coupling::SharedMarks, model.load().clone()),
        ("thinning", Coupling::Thinned { lower: less.clone() }, less),
        ("shared mass", Coupling::SharedMass, model.load().clone()),
    ];
    if Coupled::new(vec![0; n as usize + 1], vec![0; n as usize + 1])
        .is_ok_and(|mut pair| pair.join(0, 0, 1).is_ok())
    {
        return Err("a task that joins another server in the upper system breaks no order".into());
    }
    // Two systems of three couplings, each with all features.
    let share = setting.alpha / (6 * FEATURES.len()) as f64;
    let mut most = f64::NEG_INFINITY;
    for (at, (name, coupling, lower_load)) in couplings.into_iter().enumerate() {
        let lower = random_lengths(&mut stream_rng(own_seed, at as u64), n, 2);
        let upper = lower.iter().map(|x| x + 1).collect();
        let coupled = setting.instruments.coupled;
        let mut pair = coupled(model, coupling, own_seed, at as u64, lower, upper)
            .map_err(|error| format!("{name}: {error}"))?;
        // All simulators have one clock; as many events as it has until then are as good as any
        // other number.
        let (until, rate) = (400.0 / f64::from(n), (1.0 + model.load().value()) * f64::from(n));
        let mut clock = Timeline::new(Clock::new(rate, own_seed, at as u64));
        let mut rung = 0;
        if clock.advance_to(until, |count| rung += count).is_err()
            || pair.advance_to(until).is_err()
            || pair.pair().events() != rung
        {
            return Err(format!(
                "{name}: {} events until {until}, by a clock of rate {rate} {rung}",
                pair.pair().events()
            ));
        }
        let mut tests =
            [FEATURES; 2].map(|features| features.map(|_| TiltedBets::new(&tilts::OF_INDICATOR)));
        let loads = [lower_load.value(), model.load().value()];
        for event in 0..MOST_EVENTS * u64::from(setting.plan.effort) {
            let before =
                [pair.pair().lower().lengths().to_vec(), pair.pair().upper().lengths().to_vec()];
            pair.step().map_err(|error| format!("{name}: {error}"))?;
            let after = [pair.pair().lower().lengths(), pair.pair().upper().lengths()];
            for (((before, after), load), tests) in
                before.iter().zip(after).zip(loads).zip(&mut tests)
            {
                observe(model, load, before, after, tests);
            }
            *cases += 1;
            if !(event + 1).is_multiple_of(1024) {
                continue;
            }
            let rejected = |bets: &TiltedBets<8>| decision(bets, share) == Some(Decision::Violated);
            if let Some(at) = tests.iter().flatten().position(rejected) {
                let system = if at < FEATURES.len() { "lower" } else { "upper" };
                let what = FEATURES[at % FEATURES.len()];
                return Err(format!(
                    "{name}, {system} system, rejected after {event} events: {what}"
                ));
            }
            if event >= LEAST_EVENTS && holds(&tests, share) {
                break;
            }
        }
        if !holds(&tests, share) {
            let found = format!("{name}: {cases} events exclude too little");
            return Ok(Evidence::of_test(Verdict::Inconclusive, *cases, found));
        }
        most = tests.iter().flatten().map(|bets| bets.strongest().0).fold(most, f64::max);
    }
    let found = format!(
        "{cases} events exclude tilts of 0.3 in the log-odds of an arrival or a departure, the \
         largest wealth 1e{:.3}",
        most / std::f64::consts::LN_10
    );
    Ok(Evidence::of_test(Verdict::Holds, *cases, found))
}

fn decision(bets: &TiltedBets<8>, share: f64) -> Option<Decision> {
    bets.decision(tilts::EXCLUDED, share)
}

fn holds(tests: &[Bets; 2], share: f64) -> bool {
    tests
        .iter()
        .flat_map(|tests| &tests[..DECISIVE])
        .all(|bets| decision(bets, share) == Some(Decision::Holds))
}

/// Puts one event of one system before its tests.
fn observe(model: &Model, load: f64, before: &[u32], after: &[u32], tests: &mut Bets) {
    let n = before.len();
    let (m, rate) = (model.graph().n_task_types(), 1.0 + model.load().value());
    let joins = (0..n).find(|&v| after[v] > before[v]);
    let leaves = (0..n).find(|&v| after[v] < before[v]);
    let busy = before.iter().filter(|&&x| x > 0).count() as f64;
    let last = n as u32 - 1;
    let shortest = before.iter().copied().min().unwrap_or(0);
    let (mut to_last, mut to_shortest) = (0.0, 0.0);
    for w in 0..m {
        let of_type = model.graph().weight(w) as f64 / model.graph().total_weight() as f64;
        for (v, p) in model.assignment_f64(w, before) {
            to_last += if v == last { p * of_type } else { 0.0 };
            to_shortest += if before[v as usize] == shortest { p * of_type } else { 0.0 };
        }
    }
    let ring = 1.0 / (rate * n as f64);
    let from_last = if before[n - 1] > 0 { ring } else { 0.0 };
    tests[0].bet_on(joins.is_some(), load / rate);
    tests[1].bet_on(leaves.is_some(), busy * ring);
    tests[2].bet_on(joins == Some(n - 1), load / rate * to_last);
    tests[3].bet_on(leaves == Some(n - 1), from_last);
    if let Some(v) = joins {
        // Where all servers are shortest the sum may round to either side of 1.
        let p: f64 = if before.iter().all(|&x| x == shortest) { 1.0 } else { to_shortest };
        tests[4].bet_on(before[v] == shortest, p.min(1.0));
    }
}
