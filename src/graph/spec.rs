//! Graphs named in one line: `regular:n=1000,k=10`, `3*cycle:n=4+complete:n=2`.
//!
//! ```text
//! spec   = term { "+" term }               the disjoint union of the terms
//! term   = [ count "*" ] family ":" pairs  count copies of one graph
//! pairs  = key "=" value { "," key "=" value }
//! ```
//!
//! | family | keys |
//! |---|---|
//! | `complete` | n, m (default n) |
//! | `regular` | n, m (default n), k = degree of a server |
//! | `geometric` | n, m (default n), degree or radius, dim (default 2), p (default 2, up to `inf`) |
//! | `erdos-renyi` | n, m (default n), degree = mean degree of a task type |
//! | `circulant` | n, k |
//! | `cycle`, `path`, `star` | n |
//! | `edges` | n, m (default n), e = `server-task_type` pairs joined by `;` |
//!
//! n is the number of servers, m of task types. The i-th term (from 0) of a random spec draws from
//! seed `graph_seed + i`, so that `regular:n=9,k=3+regular:n=9,k=3` joins two independent graphs,
//! while `2*regular:n=9,k=3` joins two copies of one.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::generate::{self, GenerateError, Norm, Reach};
use super::{BipartiteGraph, Isolated};
use crate::num::input_limits::{MAX_DIMENSION, MAX_EDGES};
use crate::num::ratio::shortest;

pub use crate::num::input_limits::{MAX_COPIES, MAX_VERTICES};

/// The families, as they are written, with their keys.
const FAMILIES: [(&str, &str); 9] = [
    ("complete", "n, m"),
    ("regular", "n, m, k"),
    ("geometric", "n, m, degree, radius, dim, p"),
    ("erdos-renyi", "n, m, degree"),
    ("circulant", "n, k"),
    ("cycle", "n"),
    ("path", "n"),
    ("star", "n"),
    ("edges", "n, m, e"),
];

/// A family and its keys, by its name between blanks.
fn find(name: &str) -> Option<(&'static str, &'static str)> {
    FAMILIES.into_iter().find(|(family, _)| *family == name.trim())
}

pub(super) fn family_names() -> String {
    FAMILIES.map(|(family, _)| family).join(", ")
}

/// Why a text is not a graph spec.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A term without text, such as in `cycle:n=3+`, by its position from 1.
    #[error(
        "graph spec: term {0} is empty: write a family and its keys, such as regular:n=1000,k=10"
    )]
    Empty(usize),
    /// More terms than [`MAX_COPIES`].
    #[error(
        "graph spec: {0} terms, at most {MAX_COPIES} are allowed: write equal ones as \
        3*cycle:n=4"
    )]
    TooManyTerms(usize),
    /// No family of this name.
    #[error("graph spec: unknown family `{given}`: the families are {}", family_names())]
    UnknownFamily {
        /// What was given.
        given: String,
    },
    /// The count before `*` is no number from 1 to [`MAX_COPIES`].
    #[error("graph spec: `{0}` copies: the number before * must be from 1 to {MAX_COPIES}")]
    Copies(String),
    /// A part between commas that is not `key=value`.
    #[error("graph spec {family}: `{given}` is not key=value: the keys are {known}")]
    NotAPair {
        /// The family.
        family: &'static str,
        /// What was given.
        given: String,
        /// The keys of the family.
        known: &'static str,
    },
    /// A key that the family does not have.
    #[error("graph spec {family}: unknown key `{key}`: the keys are {known}")]
    UnknownKey {
        /// The family.
        family: &'static str,
        /// What was given.
        key: String,
        /// The keys of the family.
        known: &'static str,
    },
    /// A key without which there is no graph.
    #[error("graph spec {family}: {key} is missing: the keys are {known}")]
    MissingKey {
        /// The family.
        family: &'static str,
        /// The missing key.
        key: &'static str,
        /// The keys of the family.
        known: &'static str,
    },
    /// A key given twice.
    #[error("graph spec {family}: {key} is given twice (`{first}`, `{second}`): give it once")]
    DuplicateKey {
        /// The family.
        family: &'static str,
        /// The key.
        key: &'static str,
        /// Its first value.
        first: String,
        /// Its second value.
        second: String,
    },
    /// Two keys of which only one may be given.
    #[error("graph spec {family}: both {first} and {second} are given: one determines the other")]
    Conflict {
        /// The family.
        family: &'static str,
        /// One key.
        first: &'static str,
        /// The other key.
        second: &'static str,
    },
    /// A value that is no number of the right kind, or is outside its range.
    #[error("graph spec {family}: {key} = `{value}` must be {rule}")]
    Value {
        /// The family.
        family: &'static str,
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        rule: String,
    },
    /// An edge of `e=` that is not `server-task_type`.
    #[error(
        "graph spec edges: edge {position} of e is `{given}`: write pairs server-task_type of ids \
        from 0, such as 0-1;1-1"
    )]
    Edge {
        /// Position in the list, from 1.
        position: usize,
        /// What was given.
        given: String,
    },
}

/// Why a spec that can be read describes no graph.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SpecBuildError {
    /// A term cannot be built.
    #[error("graph spec {term}: {source}")]
    Term {
        /// The term, in canonical form.
        term: String,
        /// Why.
        source: GenerateError,
    },
    /// The terms cannot be joined.
    #[error("graph spec: {0}")]
    Union(GenerateError),
}

#[derive(Clone, Debug, PartialEq)]
enum Family {
    Complete { n: u32, m: u32 },
    Regular { n: u32, m: u32, k: u32 },
    Geometric { n: u32, m: u32, reach: Reach, dim: u32, norm: Norm },
    ErdosRenyi { n: u32, m: u32, degree: f64 },
    Circulant { n: u32, k: u32 },
    Cycle { n: u32 },
    Path { n: u32 },
    Star { n: u32 },
    Edges { n: u32, m: u32, edges: Vec<(u32, u32)> },
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    copies: u32,
    family: Family,
}

/// A graph named in one line; see the [module](self) for the grammar.
///
/// ```
/// use fluidcheck::graph::{Isolated, spec::Spec};
/// let spec = Spec::parse("2*cycle:n=4+complete:n=3")?;
/// assert_eq!(spec.to_string(), "2*cycle:n=4+complete:n=3,m=3");
/// assert_eq!(spec.build(0, Isolated::Refuse)?.n_servers(), 11);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    terms: Vec<Term>,
}

impl Spec {
    /// Reads a spec. Blanks around names, keys and values are ignored.
    ///
    /// # Errors
    /// [`SpecError`], with the key, the value and the rule.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let terms = text.split('+').count();
        if terms > MAX_COPIES as usize {
            return Err(SpecError::TooManyTerms(terms));
        }
        let terms = text
            .split('+')
            .enumerate()
            .map(|(i, term)| Term::parse(i + 1, term))
            .collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Whether the text is meant as a spec rather than as a file path: the name of a family and a
    /// colon, perhaps after a count.
    pub(crate) fn looks_like(text: &str) -> bool {
        let text = text.trim_start();
        let text = match text.split_once('*') {
            Some((copies, rest)) if copies.trim_end().bytes().all(|b| b.is_ascii_digit()) => {
                rest.trim_start()
            }
            _ => text,
        };
        text.split_once(':').is_some_and(|(family, _)| find(family).is_some())
    }

    /// Whether a term is random, so that the seed matters.
    pub fn is_random(&self) -> bool {
        use Family::{ErdosRenyi, Geometric, Regular};
        let random =
            |f: &Family| matches!(f, Regular { .. } | Geometric { .. } | ErdosRenyi { .. });
        self.terms.iter().any(|term| random(&term.family))
    }

    /// Makes the graph.
    ///
    /// # Errors
    /// [`SpecBuildError`] where the parameters contradict each other, the graph is too large, or
    /// has isolated task types that are refused.
    pub fn build(
        &self,
        graph_seed: u64,
        isolated: Isolated,
    ) -> Result<BipartiteGraph, SpecBuildError> {
        let (mut edges, mut servers, mut task_types) = (0u64, 0u64, 0u64);
        let mut parts = Vec::new();
        for (i, term) in self.terms.iter().enumerate() {
            let refused = |source| SpecBuildError::Term { term: term.to_string(), source };
            let graph =
                term.family.build(graph_seed.wrapping_add(i as u64), isolated).map_err(refused)?;
            edges = edges.saturating_add(graph.n_edges().saturating_mul(term.copies.into()));
            // Before the copies are made; a single complete graph stays implicit and has no limit.
            if edges > MAX_EDGES && (self.terms.len() > 1 || term.copies > 1) {
                return Err(refused(GenerateError::TooManyEdges(edges)));
            }
            servers = servers.saturating_add(u64::from(graph.n_servers()) * u64::from(term.copies));
            task_types =
                task_types.saturating_add(u64::from(graph.n_task_types()) * u64::from(term.copies));
            generate::check_vertices(servers, task_types).map_err(SpecBuildError::Union)?;
            parts.extend(std::iter::repeat_n(graph, term.copies as usize));
        }
        generate::disjoint_union(&parts).map_err(SpecBuildError::Union)
    }
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        Self::parse(text)
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_str("+")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.copies != 1 {
            write!(f, "{}*", self.copies)?;
        }
        match &self.family {
            Family::Complete { n, m } => write!(f, "complete:n={n},m={m}"),
            Family::Regular { n, m, k } => write!(f, "regular:n={n},m={m},k={k}"),
            Family::Geometric { n, m, reach, dim, norm } => {
                write!(f, "geometric:n={n},m={m},")?;
                match reach {
                    Reach::Radius(radius) => write!(f, "radius={}", shortest(*radius))?,
                    Reach::MeanDegree(degree) => write!(f, "degree={}", shortest(*degree))?,
                }
                write!(f, ",dim={dim},p={norm}")
            }
            Family::ErdosRenyi { n, m, degree } => {
                write!(f, "erdos-renyi:n={n},m={m},degree={}", shortest(*degree))
            }
            Family::Circulant { n, k } => write!(f, "circulant:n={n},k={k}"),
            Family::Cycle { n } => write!(f, "cycle:n={n}"),
            Family::Path { n } => write!(f, "path:n={n}"),
            Family::Star { n } => write!(f, "star:n={n}"),
            Family::Edges { n, m, edges } => {
                write!(f, "edges:n={n},m={m},e=")?;
                for (i, (v, w)) in edges.iter().enumerate() {
                    write!(f, "{}{v}-{w}", if i > 0 { ";" } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl Family {
    fn build(&self, seed: u64, isolated: Isolated) -> Result<BipartiteGraph, GenerateError> {
        match *self {
            Self::Complete { n, m } => generate::complete(n, m),
            Self::Regular { n, m, k } => generate::random_regular(n, m, k, seed),
            Self::Geometric { n, m, reach, dim, norm } => {
                generate::geometric(n, m, dim, norm, reach, seed, isolated)
            }
            Self::ErdosRenyi { n, m, degree } => {
                generate::erdos_renyi(n, m, degree, seed, isolated)
            }
            Self::Circulant { n, k } => generate::circulant(n, k),
            Self::Cycle { n } => generate::cycle(n),
            Self::Path { n } => generate::path(n),
            Self::Star { n } => generate::star(n),
            Self::Edges { n, m, ref edges } => {
                Ok(BipartiteGraph::from_edges(n, m, edges, isolated)?)
            }
        }
    }
}

impl Term {
    fn parse(position: usize, text: &str) -> Result<Self, SpecError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SpecError::Empty(position));
        }
        let (copies, text) = match text.split_once('*') {
            None => (1, text),
            Some((count, rest)) => {
                let copies = digits::<u32>(count.trim()).filter(|c| (1..=MAX_COPIES).contains(c));
                let refused = || SpecError::Copies(shown(count.trim()));
                (copies.ok_or_else(refused)?, rest.trim_start())
            }
        };
        let (name, pairs) = text.split_once(':').unwrap_or((text, ""));
        let unknown = || SpecError::UnknownFamily { given: shown(name) };
        let (family, known) = find(name).ok_or_else(unknown)?;
        let keys = Keys::read(family, known, pairs)?;
        let n = keys.vertices("n")?;
        let m = || if keys.get("m").is_some() { keys.vertices("m") } else { Ok(n) };
        let family = match family {
            "complete" => Family::Complete { n, m: m()? },
            "regular" => Family::Regular { n, m: m()?, k: keys.vertices("k")? },
            "geometric" => {
                let reach = match (keys.get("degree"), keys.get("radius")) {
                    (Some(_), Some(_)) => {
                        let (first, second) = ("degree", "radius");
                        return Err(SpecError::Conflict { family, first, second });
                    }
                    (None, Some(_)) => Reach::Radius(keys.positive("radius")?),
                    (_, None) => Reach::MeanDegree(keys.positive("degree")?),
                };
                let dim =
                    if keys.get("dim").is_some() { keys.whole("dim", MAX_DIMENSION)? } else { 2 };
                let norm = match keys.get("p") {
                    None => Norm::EUCLIDEAN,
                    Some(value) => {
                        let p = if value == "inf" { Some(f64::INFINITY) } else { decimal(value) };
                        let refused =
                            || keys.refuse("p", value, "a number of at least 1, or inf".to_owned());
                        p.and_then(|p| Norm::new(p).ok()).ok_or_else(refused)?
                    }
                };
                Family::Geometric { n, m: m()?, reach, dim, norm }
            }
            "erdos-renyi" => Family::ErdosRenyi { n, m: m()?, degree: keys.positive("degree")? },
            "circulant" => Family::Circulant { n, k: keys.vertices("k")? },
            "cycle" => Family::Cycle { n },
            "path" => Family::Path { n },
            "star" => Family::Star { n },
            _ => {
                let missing = SpecError::MissingKey { family, key: "e", known };
                Family::Edges { n, m: m()?, edges: edges(keys.get("e").ok_or(missing)?)? }
            }
        };
        Ok(Self { copies, family })
    }
}

/// The pairs of one term.
struct Keys<'a> {
    family: &'static str,
    known: &'static str,
    pairs: Vec<(&'static str, &'a str)>,
}

impl<'a> Keys<'a> {
    fn read(family: &'static str, known: &'static str, text: &'a str) -> Result<Self, SpecError> {
        let mut pairs: Vec<(&'static str, &'a str)> = Vec::new();
        let parts = if text.trim().is_empty() { None } else { Some(text.split(',')) };
        for part in parts.into_iter().flatten() {
            let not_a_pair = || SpecError::NotAPair { family, given: shown(part.trim()), known };
            let (key, value) = part.split_once('=').ok_or_else(not_a_pair)?;
            let (key, value) = (key.trim(), value.trim());
            let unknown = || SpecError::UnknownKey { family, key: shown(key), known };
            let key = known.split(", ").find(|k| *k == key).ok_or_else(unknown)?;
            if let Some((_, first)) = pairs.iter().find(|(k, _)| *k == key) {
                let (first, second) = (shown(first), shown(value));
                return Err(SpecError::DuplicateKey { family, key, first, second });
            }
            pairs.push((key, value));
        }
        Ok(Self { family, known, pairs })
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(k, _)| *k == key).map(|&(_, value)| value)
    }

    fn need(&self, key: &'static str) -> Result<&'a str, SpecError> {
        self.get(key).ok_or(SpecError::MissingKey { family: self.family, key, known: self.known })
    }

    fn refuse(&self, key: &'static str, value: &str, rule: String) -> SpecError {
        SpecError::Value { family: self.family, key, value: shown(value), rule }
    }

    fn whole(&self, key: &'static str, most: u32) -> Result<u32, SpecError> {
        let value = self.need(key)?;
        let refused = || self.refuse(key, value, format!("a whole number from 1 to {most}"));
        digits(value).filter(|n| (1..=most).contains(n)).ok_or_else(refused)
    }

    fn vertices(&self, key: &'static str) -> Result<u32, SpecError> {
        self.whole(key, MAX_VERTICES)
    }

    fn positive(&self, key: &'static str) -> Result<f64, SpecError> {
        let value = self.need(key)?;
        let refused = || self.refuse(key, value, "a positive number, such as 14 or 0.5".to_owned());
        decimal(value).filter(|x| *x > 0.0).ok_or_else(refused)
    }
}

/// `FromStr` of integers also takes a sign; a spec does not.
pub(super) fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A finite decimal number; `FromStr` of `f64` also takes `nan` and `infinity`.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    plain.then(|| text.parse().ok()).flatten().filter(|x: &f64| x.is_finite())
}

fn edges(text: &str) -> Result<Vec<(u32, u32)>, SpecError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let edge = |(i, text): (usize, &str)| {
        let pair = text
            .trim()
            .split_once('-')
            .and_then(|(v, w)| Some((digits(v.trim())?, digits(w.trim())?)));
        pair.ok_or_else(|| SpecError::Edge { position: i + 1, given: shown(text.trim()) })
    };
    text.split(';').enumerate().map(edge).collect()
}

/// Input as it may stand in a message of one line.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push_str("...");
    }
    short
}

/// Reads text as a spec; if it is one, writes it and reads it again. The subject of the fuzzer.
///
/// Returns whether the text was a spec.
///
/// # Panics
/// If the spec does not come back, which is a bug.
#[doc(hidden)]
pub fn fuzz_round_trip(text: &str) -> bool {
    match Spec::parse(text) {
        Ok(spec) => {
            assert_eq!(Spec::parse(&spec.to_string()), Ok(spec), "the spec did not come back");
            true
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains('\n'), "an error is one line: {message:?}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_text_of_a_spec_is_a_spec_and_means_the_same() {
        let table = [
            ("complete:n=100,m=50", "complete:n=100,m=50"),
            (" regular : k = 10 , n = 1000 ", "regular:n=1000,m=1000,k=10"),
            ("geometric:n=9,degree=1.4e1", "geometric:n=9,m=9,degree=14,dim=2,p=2"),
            ("geometric:n=9,radius=0.1,dim=3,p=inf", "geometric:n=9,m=9,radius=0.1,dim=3,p=inf"),
            ("erdos-renyi:n=9,m=8,degree=2.5", "erdos-renyi:n=9,m=8,degree=2.5"),
            ("1*circulant:n=9,k=2", "circulant:n=9,k=2"),
            ("3*cycle:n=4+complete:n=2,m=2", "3*cycle:n=4+complete:n=2,m=2"),
            ("path:n=3+star:n=4", "path:n=3+star:n=4"),
            ("edges:n=2,m=2,e=0-0;0-1; 1-1", "edges:n=2,m=2,e=0-0;0-1;1-1"),
        ];
        for (text, canonical) in table {
            let spec = Spec::parse(text).unwrap();
            assert_eq!(spec.to_string(), canonical);
            assert_eq!(Spec::parse(canonical), Ok(spec));
            assert!(Spec::looks_like(text), "{text}");
        }
    }

    #[test]
    fn a_path_is_not_taken_for_a_spec() {
        for text in
            ["graph.csv", "cycle", "C:\\cycle.txt", "./cycle:n=4", "cycles:n=4", "x*cycle:n=3", ""]
        {
            assert!(!Spec::looks_like(text), "{text}");
        }
    }

    #[test]
    fn copies_are_equal_and_terms_are_independent() {
        let build = |text: &str| Spec::parse(text).unwrap().build(7, Isolated::Refuse).unwrap();
        let half = |text: &str, v: u32| {
            let graph = build(text);
            (0..20)
                .map(|i| graph.task_types_of(v + i).iter().map(|w| w % 20).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert_eq!(half("2*regular:n=20,k=3", 0), half("2*regular:n=20,k=3", 20));
        assert_ne!(
            half("regular:n=20,k=3+regular:n=20,k=3", 0),
            half("regular:n=20,k=3+regular:n=20,k=3", 20)
        );
    }
}
