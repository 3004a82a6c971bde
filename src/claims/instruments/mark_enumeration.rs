//! All marks of a small system, enumerated with their weights, against its transition rates: the
//! uniformised chain is the chain.
//!
//! # Source
//! Section 2; uniformisation as in [`crate::simulate::marks`].

use std::collections::BTreeMap;

use num_traits::{One, Zero};
use rand::RngExt;

use crate::claims::cases::Outcome;
use crate::claims::states::state;
use crate::claims::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::model::{Event, Model};
use crate::num::ratio::{self, Ratio};
use crate::random::Coin;
use crate::random::alias_table::AliasTable;
use crate::simulate::marks::{BytesRng, OwnedMark, arrival_coin};
use crate::simulate::{Queues, all_marks};

/// Marks and rates, also below a cap.
pub(crate) const ENUMERATED_MARKS: Claim = Claim {
    id: "enumerated-marks",
    source: "section 2, uniformised",
    paper: &["Section 2"],
    statement: "the weights of all marks sum to 1, those that cause a transition to its rate / \
        ((1 + lambda) N)",
    kind: Kind::Exact,
    scope: Scope::Graph,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Markov,
    hypotheses: &[],
    rejects: &[faults::RATES_ONE_SAMPLE_LESS, faults::ARRIVAL_RATE_INVERTED],
    run: enumerated_marks,
};

/// The most marks that are summed up for each state.
pub(in crate::claims) const MOST: usize = 2_000;

/// All marks of a model, unless there are too many.
pub(in crate::claims) fn marks_up_to_most(model: &Model) -> Option<Vec<(OwnedMark, Ratio)>> {
    let marks: Vec<_> = all_marks::enumerate(model).ok()?.take(MOST + 1).collect();
    (marks.len() <= MOST).then_some(marks)
}

fn enumerated_marks(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let Some(own) = marks_up_to_most(setting.model) else {
        return Evidence::not_applicable(format!(
            "enumerated for at most {MOST} marks, here there are more"
        ));
    };
    let graph = setting.model.graph();
    let n = graph.n_servers();
    // (1 + lambda) N, not taken from the model's own method.
    let rate = (Ratio::one() + setting.model.load().exact()) * ratio::whole(n.into());
    setting.cases(claim, 12, "states, every mark", |case, rng| {
        // Every other state with another number of samples, 1 to 6.
        let d = (case % 2 == 1).then_some((case / 2 % 6 + 1) as u32);
        let other =
            d.and_then(|d| Model::with_load(graph.clone(), setting.model.load().clone(), d).ok());
        let other_marks = other.as_ref().and_then(marks_up_to_most);
        let (model, marks) = match (&other, &other_marks) {
            (Some(model), Some(marks)) => (model, marks),
            _ => (setting.model, &own),
        };
        let all: Ratio = marks.iter().map(|(_, weight)| weight).sum();
        if !all.is_one() {
            return Outcome::violated(format!("the weights of all marks sum to {}", show(&all)));
        }
        if case == 0
            && let Some(found) = biased_coin(setting.model)
        {
            return Outcome::violated(found);
        }
        let weights: Vec<u128> = (0..2 + case % 6).map(|_| rng.random_range(0..5)).collect();
        if let Some(found) = other_shares(&weights) {
            return Outcome::violated(found);
        }
        let lengths = state(case, rng, n);
        let cap = lengths.iter().copied().max().unwrap_or(0);
        let mut caused: BTreeMap<Event, Ratio> = BTreeMap::new();
        for (mark, weight) in marks {
            let mut queues = Queues::of(model, lengths.clone());
            let event = queues.apply(mark.as_mark());
            if let Event::Arrival { server, .. } | Event::Service { server } = event
                && queues.lengths()[server as usize] != lengths[server as usize]
            {
                *caused.entry(event).or_insert_with(Ratio::zero) += weight;
            }
            let mut capped = Queues::of(model, lengths.clone());
            capped.apply_capped(mark.as_mark(), cap);
            let below: Vec<u32> = queues.lengths().iter().map(|&x| x.min(cap)).collect();
            if capped.lengths() != below {
                let found = format!(
                    "below cap {cap}, {mark:?} leads to {:?}, not to {below:?}",
                    capped.lengths()
                );
                return Outcome::violated(found).at(&[&lengths]);
            }
        }
        let mut rates: BTreeMap<Event, Ratio> = BTreeMap::new();
        for (event, at_rate) in (setting.instruments.transitions)(model, &lengths) {
            *rates.entry(event).or_insert_with(Ratio::zero) += at_rate / &rate;
        }
        rates.retain(|_, rate| !rate.is_zero());
        if caused == rates {
            return Outcome::holds(0.0);
        }
        let (zero, events) = (Ratio::zero(), caused.keys().chain(rates.keys()));
        let differs = |event: &&Event| {
            caused.get(event).unwrap_or(&zero) != rates.get(event).unwrap_or(&zero)
        };
        let found = events.clone().find(differs).map_or_else(String::new, |event| {
            let [by_marks, by_rates] =
                [&caused, &rates].map(|of| show(of.get(event).unwrap_or(&zero)));
            format!(
                "{}: {event:?} has probability {by_marks} by the marks, {by_rates} by the \
                rates",
                model.policy()
            )
        });
        Outcome::violated(found).at(&[&lengths])
    })
}

/// How often task types are drawn where every pair of a column and a number comes up once: M times
/// their weight, unless the table is wrong.
fn other_shares(weights: &[u128]) -> Option<String> {
    let (count, total) = (weights.len() as u64, weights.iter().sum::<u128>() as u64);
    if total == 0 {
        return None;
    }
    let table = AliasTable::new(weights);
    let mut drawn = vec![0u128; weights.len()];
    for (column, number) in
        (0..count).flat_map(|column| (0..total).map(move |number| (column, number)))
    {
        let bytes = [word(column, count), word(number, total)].map(u32::to_le_bytes).concat();
        drawn[table.draw(&mut BytesRng::new(&bytes)) as usize] += 1;
    }
    let expected: Vec<u128> = weights.iter().map(|weight| weight * u128::from(count)).collect();
    (drawn != expected).then(|| {
        format!(
            "task types with rates in the ratio of {weights:?} are drawn {drawn:?} \
            times, not {expected:?}"
        )
    })
}

/// Amid the words from which a uniform integer below `of` comes out as `number`.
fn word(number: u64, of: u64) -> u32 {
    (((number << 32) + (1 << 31)) / of) as u32
}

/// The coin between arrival and service, tossed with every number that it can draw: heads on lambda
/// / (1 + lambda) of them.
fn biased_coin(model: &Model) -> Option<String> {
    const MOST_NUMBERS: u64 = 4096;
    let probability = model.load().exact() / (Ratio::one() + model.load().exact());
    let all = u64::try_from(probability.denom()).ok().filter(|&all| all <= MOST_NUMBERS)?;
    let coin = arrival_coin(model);
    let heads = (0..all)
        .filter(|&number| coin.toss(&mut BytesRng::new(&word(number, all).to_le_bytes())))
        .count();
    let found = Ratio::new(heads.into(), all.into());
    // A coin of another denominator may come up heads on as many of these numbers.
    let differs = found != probability || coin != Coin::new(&probability);
    differs.then(|| {
        let [found, probability] = [&found, &probability].map(show);
        format!(
            "heads on {found} of its numbers, by {coin:?}: an event is an arrival with probability \
             {probability}"
        )
    })
}
