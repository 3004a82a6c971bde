//! The text form of a policy: read in any order, written in one.

use std::fmt;
use std::str::FromStr;

use super::error::samples_out_of_range;
use super::rules;
use super::{Base, MAX_CHOICES, MAX_LATE, Of, Policy, PolicyError, Sampling, Sight, Ties};

/// Every item but the rules, and examples of those with a number, for suggestions.
const ITEMS: [&str; 19] = [
    "jsq(2)",
    "jsq(all)",
    "random",
    "round-robin",
    "longest(2)",
    "replacement",
    "distinct",
    "ties fair",
    "ties lowest",
    "ties highest",
    "ties round-robin",
    "weights=FILE",
    "early",
    "late(1)",
    "of=in-flight",
    "of=given",
    "per-type",
    "jsq(3)",
    "late(2)",
];

/// A base with its sampling.
pub(super) struct BaseText(pub(super) Base);

impl fmt::Display for BaseText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |f: &mut fmt::Formatter<'_>, name, d, sampling| match sampling {
            Sampling::Replacement => write!(f, "{name}({d}), replacement"),
            Sampling::Distinct => write!(f, "{name}({d}), distinct"),
        };
        match self.0 {
            Base::Jsq { d, sampling } => of(f, "jsq", d, sampling),
            Base::Longest { d, sampling } => of(f, "longest", d, sampling),
            Base::JsqAll => f.write_str("jsq(all)"),
            Base::Random => f.write_str("random"),
            Base::RoundRobin => f.write_str("round-robin"),
            Base::Rule(rule) => f.write_str(rule.name),
        }
    }
}

impl fmt::Display for Policy {
    /// The canonical text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", BaseText(self.base))?;
        match self.ties {
            Ties::Fair => {}
            Ties::Lowest => f.write_str(", ties lowest")?,
            Ties::Highest => f.write_str(", ties highest")?,
            Ties::RoundRobin => f.write_str(", ties round-robin")?,
        }
        if let Some(file) = &self.weights {
            write!(f, ", weights={file}")?;
        }
        match self.sight {
            Sight::Now => {}
            Sight::Early => f.write_str(", early")?,
            Sight::Late(k) => write!(f, ", late({k})")?,
        }
        if self.of == Of::Given {
            f.write_str(", of=given")?;
        }
        if self.per_type {
            f.write_str(", per-type")?;
        }
        Ok(())
    }
}

/// An item of a policy's text.
enum Item {
    Base(Base),
    Sampling(Sampling),
    Ties(Ties),
    Weights(String),
    Sight(Sight),
    Of(Of),
    PerType,
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let (mut base, mut sampling, mut ties) = (None, None, None);
        let (mut weights, mut sight, mut of, mut per_type) = (None, None, None, None);
        for (at, item) in (1..).zip(text.split(',').map(str::trim)) {
            let (kind, twice) = match parse_item(at, item)? {
                Item::Base(value) => ("base", base.replace(value).is_some()),
                Item::Sampling(value) => ("sampling", sampling.replace(value).is_some()),
                Item::Ties(value) => ("ties", ties.replace(value).is_some()),
                Item::Weights(value) => ("weights", weights.replace(value).is_some()),
                Item::Sight(value) => ("sight", sight.replace(value).is_some()),
                Item::Of(value) => ("of=", of.replace(value).is_some()),
                Item::PerType => ("per-type", per_type.replace(()).is_some()),
            };
            if twice {
                // The name of a file may be long.
                return Err(PolicyError::Twice { at, item: item.chars().take(60).collect(), kind });
            }
        }
        let Some(base) = base else {
            return Err(PolicyError::NoBase { text: text.chars().take(60).collect() });
        };
        let base = match (base, sampling) {
            (base, None) => base,
            (Base::Jsq { d, .. }, Some(sampling)) => Base::Jsq { d, sampling },
            (Base::Longest { d, .. }, Some(sampling)) => Base::Longest { d, sampling },
            (base, Some(_)) => {
                return Err(PolicyError::Combination {
                    base: BaseText(base).to_string(),
                    item: "sampling",
                    instead: "replacement and distinct are for jsq(D) and longest(D)",
                });
            }
        };
        Self {
            base,
            ties: ties.unwrap_or_default(),
            weights,
            sight: sight.unwrap_or_default(),
            of: of.unwrap_or_default(),
            per_type: per_type.is_some(),
        }
        .checked()
    }
}

fn parse_item(at: usize, item: &str) -> Result<Item, PolicyError> {
    let unknown = || {
        let item: String = item.chars().take(60).collect();
        let words: Vec<&str> = item.split_whitespace().collect();
        if words.len() > 1 && words.iter().all(|word| parse_item(at, word).is_ok()) {
            // The comma was forgotten.
            return PolicyError::Unknown { at, nearest: words.join(", "), item: item.clone() };
        }
        if words.is_empty() {
            return PolicyError::Unknown { at, item, nearest: "jsq(2)".to_owned() };
        }
        let distance = |known: &&str| strsim::osa_distance(&item.to_lowercase(), known);
        let all = ITEMS.into_iter().chain(rules::RULES.iter().map(|rule| rule.name));
        let nearest = all.min_by_key(distance).unwrap_or("jsq(2)").to_owned();
        PolicyError::Unknown { at, item, nearest }
    };
    let words: Vec<&str> = item.split_whitespace().collect();
    if let ["ties", which] = words[..] {
        return Ok(Item::Ties(match which {
            "fair" => Ties::Fair,
            "lowest" => Ties::Lowest,
            "highest" => Ties::Highest,
            "round-robin" => Ties::RoundRobin,
            _ => return Err(unknown()),
        }));
    }
    if let Some(file) = item.strip_prefix("weights=").filter(|file| !file.is_empty()) {
        return Ok(Item::Weights(file.to_owned()));
    }
    if let Some((name, rest)) = item.split_once('(') {
        let Some(inside) = rest.strip_suffix(')') else { return Err(unknown()) };
        let (name, inside) = (name.trim(), inside.trim());
        if name == "jsq" && inside == "all" {
            return Ok(Item::Base(Base::JsqAll));
        }
        let number = inside.parse::<u32>().ok();
        let digits = !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit());
        let sampling = Sampling::default();
        return match (name, number) {
            ("jsq" | "longest", Some(d)) if (1..=MAX_CHOICES).contains(&d) => {
                Ok(Item::Base(if name == "jsq" {
                    Base::Jsq { d, sampling }
                } else {
                    Base::Longest { d, sampling }
                }))
            }
            ("jsq" | "longest", _) if digits => Err(samples_out_of_range(at, inside)),
            ("late", Some(k)) if (1..=MAX_LATE).contains(&k) => Ok(Item::Sight(Sight::Late(k))),
            ("late", _) if digits => Err(PolicyError::Range {
                at,
                what: "the number of picks k",
                given: inside.chars().take(30).collect(),
                most: MAX_LATE,
            }),
            _ => Err(unknown()),
        };
    }
    if let Some(rule) = rules::RULES.iter().find(|rule| rule.name == item) {
        return Ok(Item::Base(Base::Rule(rule)));
    }
    Ok(match item {
        "random" => Item::Base(Base::Random),
        "round-robin" => Item::Base(Base::RoundRobin),
        "replacement" => Item::Sampling(Sampling::Replacement),
        "distinct" => Item::Sampling(Sampling::Distinct),
        "early" => Item::Sight(Sight::Early),
        "of=in-flight" => Item::Of(Of::InFlight),
        "of=given" => Item::Of(Of::Given),
        "per-type" => Item::PerType,
        _ => return Err(unknown()),
    })
}
