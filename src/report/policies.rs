//! The grammar of policies explained, and what is known of each.

use serde_json::{Value, json};

use super::page::Page;
use super::page::Tone::{Faint, Plain, Strong};
use crate::model::MAX_CHOICES;
use crate::model::policy::{Base, MAX_LATE, Policy, rules};

/// Items of one kind, each with its meaning; the rules are among the bases.
type Kind = (&'static str, &'static [(&'static str, &'static str)]);

/// Every item but the rules.
const KINDS: [Kind; 5] = [
    (
        "base: one of them",
        &[
            ("jsq(D)", "joins the shortest of D samples"),
            ("jsq(all)", "joins the shortest of all its servers"),
            ("random", "joins one sample, whatever the lengths"),
            ("round-robin", "the c-th task takes server c modulo n of its n servers, c from 0"),
            ("longest(D)", "joins the longest of D samples"),
        ],
    ),
    (
        "sampling, of jsq(D) and longest(D)",
        &[
            ("replacement", "samples are independent, as in the paper; the default"),
            ("distinct", "samples are different servers, all n where D is larger"),
        ],
    ),
    (
        "ties, of jsq(D), jsq(all) and longest(D): who wins among the shortest sampled",
        &[
            ("ties fair", "the first one sampled; the default"),
            ("ties lowest", "the first by server number, by appearance for labels"),
            ("ties highest", "the last"),
            ("ties round-robin", "the next one after the winner of the last tie, cyclically"),
        ],
    ),
    (
        "weights, of jsq(D), jsq(all), random and longest(D)",
        &[(
            "weights=FILE",
            "CSV `server,weight`: samples are drawn in proportion to weights, lengths compared as \
             they are; jsq(all) compares (length + 1) / weight",
        )],
    ),
    (
        "sight: which lengths a task is decided on",
        &[
            ("early", "those right after the task before joined: departures since are missed"),
            ("late(K)", "those that the task K tasks before saw; at first those of the start"),
            ("of=in-flight", "a length is the number of tasks in the system; the default"),
            ("of=given", "a length is the number of tasks given since the start"),
            ("per-type", "counters, pointers, delays and counts are those of each task type alone"),
        ],
    ),
];

/// A method, and whether it takes a policy.
type Method = (&'static str, fn(&Policy) -> &'static str);

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "-" }
}

/// The methods, with the policies without weights that they take.
const METHODS: [Method; 5] = [
    ("critical", |policy| yes(policy.sample_law().is_some())),
    ("exact", |policy| yes(is_solved(policy))),
    ("at times", |policy| yes(is_exact_at_times(policy))),
    ("ordered", |policy| yes(policy.is_monotone())),
    ("(3.5)", |policy| {
        let depends = policy.base() == Base::JsqAll && policy.joins_a_shortest();
        if depends { "regular" } else { yes(policy.limit_d().is_some()) }
    }),
];

/// Whether the exact steady state is computed.
fn is_solved(policy: &Policy) -> bool {
    policy.is_markov() && policy.is_monotone() && policy.sample_law().is_some()
}

/// Whether the exact law at given times is computed: what a cap leaves out is bounded by order.
fn is_exact_at_times(policy: &Policy) -> bool {
    policy.is_markov() && policy.is_monotone()
}

/// Writes the page.
pub fn explain(page: &mut Page) {
    if !page.is_empty() {
        page.gap();
    }
    let canonical = [
        "A policy says how a task chooses among its servers. It is a list of items separated by \
         commas, in any order:",
        "one base, and what differs from the defaults. Outputs have the order base, sampling, \
         ties, weights, sight,",
        "always with the sampling of jsq(D) and longest(D), and never with another default:",
        "`ties lowest, jsq(2)` is `jsq(2), replacement, ties lowest`.",
    ]
    .join(" ");
    page.paragraph(2, &[(Strong, "policies: "), (Plain, &canonical)]);
    let numbers = format!(
        "D is a number from 1 to {MAX_CHOICES}, K one from 1 to {MAX_LATE}. -d 3 is short for \
         `jsq(3), replacement`, and `jsq(2), replacement` is the default."
    );
    page.paragraph(2, &[(Plain, "  "), (Plain, &numbers)]);
    for (kind, items) in KINDS {
        page.gap();
        page.paragraph(2, &[(Strong, kind)]);
        for (item, meaning) in items.iter().copied().chain(rules_of(kind)) {
            page.paragraph(20, &[(Strong, &format!("  {item:<18}")), (Plain, meaning)]);
        }
    }
    page.gap();
    let methods = [
        "critical load (`inspect`), exact steady state (`exact`), exact law at given times (`exact \
         --times`),",
        "order of two systems on the same marks, limit (3.5).",
        "`simulate` and `simulate --transient` take every policy.",
        "With weights of samples and more than 14 servers the critical load has bounds only; \
         `regular` means graphs where all task types have as many servers.",
    ]
    .join(" ");
    page.paragraph(2, &[(Strong, "what is known of which: "), (Plain, &methods)]);
    let row = |name: &str, cells: &mut dyn Iterator<Item = &'static str>| {
        let cells: Vec<String> = cells.map(|cell| format!("{cell:<9}")).collect();
        format!("  {name:<33}{}", cells.concat()).trim_end().to_owned()
    };
    page.line(&[(Faint, &row("", &mut METHODS.iter().map(|(name, _)| *name)))]);
    for policy in Policy::declared() {
        let mut cells = METHODS.iter().map(|(_, takes)| takes(&policy));
        page.line(&[(Plain, &row(&policy.to_string(), &mut cells))]);
    }
}

/// The rules, for the kind that they belong to.
fn rules_of(kind: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rules = if kind == KINDS[0].0 { rules::RULES } else { &[] };
    rules.iter().map(|rule| (rule.name, rule.about))
}

/// The same for programs.
pub fn object() -> Value {
    let items = KINDS.iter().flat_map(|&(kind, items)| {
        let all = items.iter().copied().chain(rules_of(kind));
        all.map(move |(item, meaning)| json!({ "item": item, "kind": kind, "meaning": meaning }))
    });
    let policy = |policy: &Policy| {
        json!({
            "policy": policy.to_string(),
            "critical_load": policy.sample_law().is_some(),
            "exact_steady_state": is_solved(policy),
            "exact_at_times": is_exact_at_times(policy),
            "monotone": policy.is_monotone(),
            "limit_d": policy.limit_d(),
        })
    };
    json!({
        "items": items.collect::<Vec<_>>(),
        "declared": Policy::declared().iter().map(policy).collect::<Vec<_>>(),
        "default": "jsq(2), replacement",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::page::Look;

    #[test]
    fn every_item_is_read_as_it_stands_there() {
        for (kind, items) in KINDS {
            for (item, _) in items.iter().copied().chain(rules_of(kind)) {
                let item = item.replace("(D)", "(2)").replace("(K)", "(2)");
                let base = if kind == KINDS[0].0 { "" } else { "jsq(2), " };
                let read = format!("{base}{item}").parse::<Policy>();
                assert!(read.is_ok(), "{item}: {read:?}");
            }
        }
    }

    #[test]
    fn the_page_keeps_to_80_columns() {
        let mut page = Page::new(Look::PLAIN);
        explain(&mut page);
        let text = page.into_text();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
