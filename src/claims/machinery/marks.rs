//! All marks of a small system, enumerated with their weights, against its transition rates: the uniformised chain is the chain.
//!
//! # Source
//! Section 2; uniformisation as in [`crate::marks`].

use std::collections::BTreeMap;

use num_traits::{One, Zero};

use super::super::cases::{Outcome, run};
use super::super::states::state;
use super::super::{Claim, Evidence, Expected, Kind, Scope, Setting, show};
use crate::faults::Fault;
use crate::marks::enumerate;
use crate::model::Event;
use crate::ratio::{self, Ratio};
use crate::simulate::Queues;

/// Marks and rates.
pub(super) const ENUMERATED_MARKS: Claim = Claim {
    id: "enumerated-marks",
    source: "section 2, uniformised",
    statement: "the weights of all marks sum to 1, and those of the marks that cause a transition to its rate / ((1 + lambda) N), also below a cap",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    hypotheses: &[],
    rejects: &[Fault::RatesOneSampleLess, Fault::ArrivalRateInverted],
    check: enumerated_marks,
};

/// The most marks that are summed up for each state.
const MOST: usize = 2_000;

fn enumerated_marks(setting: &Setting<'_>) -> Evidence {
    let model = setting.model;
    let marks: Vec<_> = match enumerate(model) {
        Ok(marks) => marks.take(MOST + 1).collect(),
        Err(error) => return Evidence::not_applicable(error.to_string()),
    };
    if marks.len() > MOST {
        return Evidence::not_applicable(format!("enumerated for at most {MOST} marks, here there are more"));
    }
    let n = model.graph().n_servers();
    let all: Ratio = marks.iter().map(|(_, weight)| weight).sum();
    // (1 + lambda) N, not taken from the model's own method.
    let rate = (Ratio::one() + model.load().exact()) * ratio::whole(n.into());
    run(&setting.plan, "enumerated-marks", 12, "states, every mark", |case, rng| {
        if !all.is_one() {
            return Outcome::violated(f64::NAN, format!("the weights of all marks sum to {}", show(&all)));
        }
        let lengths = state(case, rng, n);
        let cap = lengths.iter().copied().max().unwrap_or(0);
        let mut caused: BTreeMap<Event, Ratio> = BTreeMap::new();
        for (mark, weight) in &marks {
            let mut queues = Queues::from_lengths(lengths.clone());
            let event = queues.apply(mark.as_mark());
            if let Event::Arrival { server, .. } | Event::Service { server } = event
                && queues.lengths()[server as usize] != lengths[server as usize]
            {
                *caused.entry(event).or_insert_with(Ratio::zero) += weight;
            }
            let mut capped = Queues::from_lengths(lengths.clone());
            capped.apply_capped(mark.as_mark(), cap);
            let below: Vec<u32> = queues.lengths().iter().map(|&x| x.min(cap)).collect();
            if capped.lengths() != below {
                let found = format!("below cap {cap}, {mark:?} leads to {:?}, not to {below:?}", capped.lengths());
                return Outcome::violated_at(f64::NAN, found, &[&lengths]);
            }
        }
        let mut rates: BTreeMap<Event, Ratio> = BTreeMap::new();
        for (event, at_rate) in setting.machinery.transitions(model, &lengths) {
            *rates.entry(event).or_insert_with(Ratio::zero) += at_rate / &rate;
        }
        rates.retain(|_, rate| !rate.is_zero());
        if caused == rates {
            return Outcome::holds(0.0);
        }
        let (zero, events) = (Ratio::zero(), caused.keys().chain(rates.keys()));
        let differs = |event: &&Event| caused.get(event).unwrap_or(&zero) != rates.get(event).unwrap_or(&zero);
        let found = events.clone().find(differs).map_or_else(String::new, |event| {
            let [by_marks, by_rates] = [&caused, &rates].map(|of| show(of.get(event).unwrap_or(&zero)));
            format!("{event:?} has probability {by_marks} by the marks, {by_rates} by the rates")
        });
        Outcome::violated_at(f64::NAN, found, &[&lengths])
    })
}
