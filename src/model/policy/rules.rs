//! Policies that decide on all their candidates in a random order, each one value.
//!
//! A new policy of this kind is one constant in this file and its name in [`RULES`]: its text is
//! then read by `--policy`, it is simulated, solved and checked, and the test below compares its
//! law with its picks over all orders of up to four candidates. What draws a fixed number of
//! samples, or has ties, weights or turns of its own, is a [`super::Base`].

use std::hash::{Hash, Hasher};

use num_traits::{One, Zero};

use crate::num::ratio::{self, Ratio};

/// A policy that decides on all its candidates, given in a uniform random order.
#[derive(Debug)]
pub struct Rule {
    /// Its item in the text of a policy: letters and hyphens.
    pub name: &'static str,
    /// Which candidate it takes, in a few words.
    pub about: &'static str,
    /// The place of the candidate that gets the task, given all places in a random order and the
    /// length at each place.
    pub pick: fn(order: &[u32], lengths: &[u32]) -> u32,
    /// The probability of each place, given the length at each; n >= 1 of them.
    pub law: fn(lengths: &[u32]) -> Vec<Ratio>,
    /// Whether two systems that share the random order stay ordered: longer queues everywhere
    /// before a task joins are so after it. `monotone-marks` checks what is said here.
    pub monotone: bool,
    /// Whether it treats all candidates alike.
    pub exchangeable: bool,
}

/// Every rule.
pub const RULES: &[&Rule] = &[&FIRST, &IDLE_FIRST];

/// Every base of a policy, as messages name them.
pub(super) fn bases() -> String {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    format!(
        "jsq(D), jsq(all), longest(D), with a number D, random, round-robin, {}",
        rules.join(", ")
    )
}

/// The lowest candidate.
pub const FIRST: Rule = Rule {
    name: "first",
    about: "the lowest candidate",
    pick: |_, _| 0,
    law: |lengths| uniform_among(lengths, |i| i == 0),
    monotone: true,
    exchangeable: false,
};

/// An idle candidate, else any.
pub const IDLE_FIRST: Rule = Rule {
    name: "idle-first",
    about: "a uniform idle candidate; where none is idle, a uniform candidate",
    pick: |order, lengths| {
        let idle = order.iter().find(|&&i| lengths[i as usize] == 0);
        *idle.unwrap_or(&order[0])
    },
    law: |lengths| {
        let idle = lengths.contains(&0);
        uniform_among(lengths, |i| !idle || lengths[i] == 0)
    },
    // From lengths (0, 1) and (1, 1): the first always joins server 0, the second may join 1.
    monotone: true,
    exchangeable: true,
};

/// Equal probabilities for the chosen places.
pub fn uniform_among(lengths: &[u32], chosen: impl Fn(usize) -> bool) -> Vec<Ratio> {
    let count = (0..lengths.len()).filter(|&i| chosen(i)).count();
    let share = Ratio::one() / ratio::whole(count.max(1) as u64);
    (0..lengths.len()).map(|i| if chosen(i) { share.clone() } else { Ratio::zero() }).collect()
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

impl Hash for Rule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(n: u32) -> Vec<Vec<u32>> {
        let mut all = vec![Vec::new()];
        for _ in 0..n {
            all = all
                .into_iter()
                .flat_map(|order: Vec<u32>| {
                    let free = (0..n).filter(|i| !order.contains(i)).collect::<Vec<_>>();
                    free.into_iter().map(move |i| [&order[..], &[i]].concat())
                })
                .collect();
        }
        all
    }

    #[test]
    fn the_law_of_every_rule_is_that_of_its_picks_over_all_orders() {
        for rule in RULES {
            for n in 1..=4u32 {
                for code in 0..4u32.pow(n) {
                    let lengths: Vec<u32> = (0..n).map(|i| code / 4u32.pow(i) % 4).collect();
                    let all = orders(n);
                    let mut counts = vec![0u64; n as usize];
                    all.iter().for_each(|order| counts[(rule.pick)(order, &lengths) as usize] += 1);
                    let total = ratio::whole(all.len() as u64);
                    let by_picks: Vec<Ratio> =
                        counts.into_iter().map(|count| ratio::whole(count) / &total).collect();
                    assert_eq!((rule.law)(&lengths), by_picks, "{} on {lengths:?}", rule.name);
                }
            }
        }
    }

    #[test]
    fn names_of_rules_are_items_of_a_policy_and_differ() {
        for (at, rule) in RULES.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(!rule.name.is_empty() && rule.name.chars().all(plain), "{}", rule.name);
            assert!(RULES[..at].iter().all(|other| other.name != rule.name), "{}", rule.name);
        }
    }
}
