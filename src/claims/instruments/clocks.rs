//! When events happen, and the plain simulator.
//!
//! `transition-law` looks at the order of events; here are their times. The plain simulator has no
//! rings of idle servers: they are put in between its events at random, as many as the uniformised
//! chain has, so that the same test applies.

use rand::RngExt;

use crate::claims::event_test::EventTest;
use crate::claims::{Claim, Effect, Evidence, Expected, Kind, Policies, Scope, Setting, Verdict};
use crate::faults;
use crate::model::Event;
use crate::random::{coin_rng, stream_rng};
use crate::stats::decision::Decision;
use crate::stats::poisson_gaps::GapTest;
use crate::subject::random_lengths;

/// The times of events.
pub(crate) const EVENT_TIMES: Claim = Claim {
    id: "event-times",
    source: "section 2, Poisson arrivals and exponential services, uniformised",
    paper: &["Section 2"],
    statement: "the events of a path come as a Poisson process of rate (1 + lambda) N",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "a rate of events off by 1 %",
        observations: 620_000,
        unit: "events",
    }),
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::SLOW_CLOCK],
    run: event_times,
};

/// The plain simulator.
pub(crate) const ORACLE_LAW: Claim = Claim {
    id: "oracle-law",
    source: "section 2, (4.12)",
    paper: &["Section 2", "(4.12)"],
    statement: "each event of the plain event-list simulator has its exact law given the state \
        before it, and its time too",
    kind: Kind::Statistical,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: Some(Effect {
        smallest: "as transition-law; a rate of events off by 3 %",
        observations: 360_000,
        unit: "events",
    }),
    policies: Policies::Observable,
    hypotheses: &[],
    rejects: &[faults::ONE_SAMPLE_MORE],
    run: oracle_law,
};

/// Expected events of one path; independent paths laid end to end are one Poisson process.
const EVENTS_OF_PATH: f64 = 20_000.0;

/// (1 + lambda) N, not taken from the model's own method, which is under check.
fn rate(setting: &Setting<'_>) -> f64 {
    (1.0 + setting.model.load().value()) * f64::from(setting.model.graph().n_servers())
}

fn event_times(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let rate = rate(setting);
    let horizon = EVENTS_OF_PATH / rate;
    let mut test = GapTest::new(setting.alpha, false);
    let mut carried = 0.0;
    let (model, seed) = (setting.model, setting.seed(claim.id));
    for path in 0..150 * u64::from(setting.plan.effort) {
        let times = match (setting.instruments.event_times)(model, seed, path, horizon) {
            Ok(times) => times,
            Err(error) => {
                return Evidence::violated(path, format!("the simulation stops: {error}"));
            }
        };
        let mut last = -carried;
        for time in times {
            test.observe((time - last) * rate);
            last = time;
        }
        carried = horizon - last;
        if test.decision().is_some() {
            break;
        }
    }
    gaps_evidence(&test, setting.alpha)
}

fn gaps_evidence(test: &GapTest, alpha: f64) -> Evidence {
    let (gaps, excludes, alpha) = (test.gaps(), test.excludes(), alpha / 2.0);
    let (verdict, summary) = match test.decision() {
        Some(Decision::Violated) => (
            Verdict::Violated,
            format!(
                "rejected after {gaps} gaps with wealth 1e{:.1} (error probability {alpha:.1e}); \
                 strongest: {}",
                test.log_e() / std::f64::consts::LN_10,
                test.strongest()
            ),
        ),
        Some(Decision::Holds) => (
            Verdict::Holds,
            format!("{gaps} gaps exclude {excludes} (error probability {alpha:.1e})"),
        ),
        None => (Verdict::Inconclusive, format!("{gaps} gaps are too few to exclude {excludes}")),
    };
    Evidence::of_test(verdict, gaps, summary)
}

fn oracle_law(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    Evidence::or_violated(|seen| oracle_law_or(claim, setting, seen))
}

/// What is found of the plain simulator, or what is against it after so many events.
fn oracle_law_or(claim: &Claim, setting: &Setting<'_>, seen: &mut u64) -> Result<Evidence, String> {
    let (model, make) = (setting.model, setting.instruments.oracle);
    let n = model.graph().n_servers();
    let own_seed = setting.seed(claim.id);
    let mut starts = stream_rng(own_seed, 0);
    let start = random_lengths(&mut starts, n, 3);
    let mut rng = coin_rng(own_seed, 0);
    let half = setting.alpha / 2.0;
    let (mut events, mut gaps) = (EventTest::new(model, &start, half), GapTest::new(half, true));
    let mut oracle = make(model, own_seed, 1, start).map_err(|error| error.to_string())?;
    let most = EventTest::most_events(model, setting.plan.effort);
    let rate = rate(setting);
    // As in `transition-law`: other starts show choices that one path rarely has. No gap goes on
    // from one path to the next, and none is kept from the end of a path, which is a fixed number
    // of its events.
    let segment = 16 * u64::from(n).max(16);
    while *seen < most {
        if *seen > 0 && seen.is_multiple_of(segment) {
            if oracle.lengths() != events.lengths() {
                break;
            }
            let start = random_lengths(&mut starts, n, 3);
            events.restart(&start);
            let path = 1 + *seen / segment;
            oracle = make(model, own_seed, path, start).map_err(|error| error.to_string())?;
        }
        let n_idle = n - events.busy();
        // In the uniformised chain each event is a ring of an idle server with this probability.
        let p_idle = f64::from(n_idle) / rate;
        if rng.random_bool(p_idle.min(1.0)) {
            // By rejection: N / idle tries for a share of idle / N of the events.
            let server = loop {
                let server = rng.random_range(0..n);
                if events.lengths()[server as usize] == 0 {
                    break server;
                }
            };
            events.observe(Event::Service { server });
        } else {
            let before = oracle.time();
            let event = oracle.step().ok_or("the list of events is empty")?;
            gaps.observe((oracle.time() - before) * (rate - f64::from(n_idle)));
            if let Event::Service { server } = event
                && events.lengths().get(server as usize) == Some(&0)
            {
                return Err(format!("a task leaves server {server}, which has none"));
            }
            events.observe(event);
        }
        *seen = events.events();
        let decisions = [events.decision(), gaps.decision()];
        if decisions.contains(&Some(Decision::Violated)) || decisions == [Some(Decision::Holds); 2]
        {
            break;
        }
    }
    if oracle.lengths() != events.lengths() {
        return Err("the queues differ from what the events add up to".to_owned());
    }
    let (verdict, summary) = match (events.decision(), gaps.decision()) {
        (Some(Decision::Violated), _) => {
            return Err(format!("rejected after {seen} events; strongest: {}", events.strongest()));
        }
        (Some(Decision::Holds), Some(Decision::Holds)) => {
            let (excludes, gaps) = (EventTest::excludes(), gaps.excludes());
            (Verdict::Holds, format!("{seen} events exclude {excludes}, and {gaps}"))
        }
        (Some(Decision::Holds), _) | (_, Some(Decision::Violated)) => {
            return Ok(gaps_evidence(&gaps, half));
        }
        _ => {
            let needed = events.needed_in_words();
            let found =
                format!("{seen} events excluded nothing; {needed} would do: more with --effort");
            (Verdict::Inconclusive, found)
        }
    };
    Ok(Evidence::of_test(verdict, *seen, summary))
}
