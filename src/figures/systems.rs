//! The systems of section 5: which graph, of which degree, how large.
//!
//! # Source
//! Section 5, first paragraph: M = N; geometric graphs with k = 2, p = 2, and random regular
//! graphs.

use serde::Serialize;

use super::FigureError;
use crate::graph::spec::Spec;
use crate::graph::{BipartiteGraph, Isolated};
use crate::random::fingerprint;

/// The two sequences of graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Random regular bipartite graphs.
    Regular,
    /// Random bipartite geometric graphs on the unit torus, two dimensions, Euclidean distance.
    Geometric,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Regular, Self::Geometric];

    /// The name in rows and legends.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Geometric => "geometric",
        }
    }
}

/// How the (mean) degree depends on N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum DegreeRule {
    /// 3, whatever N.
    #[serde(rename = "3")]
    Three,
    /// ln N.
    #[serde(rename = "ln N")]
    Log,
    /// (ln N)^2.
    #[serde(rename = "(ln N)^2")]
    LogSquared,
    /// The square root of N.
    #[serde(rename = "sqrt N")]
    Root,
}

impl DegreeRule {
    /// All four, in the order of the paper.
    pub const ALL: [Self; 4] = [Self::Three, Self::Log, Self::LogSquared, Self::Root];

    /// The names in rows and in file names.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Three => ("3", "3"),
            Self::Log => ("ln N", "ln"),
            Self::LogSquared => ("(ln N)^2", "ln-squared"),
            Self::Root => ("sqrt N", "sqrt"),
        }
    }

    /// The degree at N servers, before rounding.
    pub fn degree(self, n: u32) -> f64 {
        let n = f64::from(n);
        match self {
            Self::Three => 3.0,
            Self::Log => n.ln(),
            Self::LogSquared => n.ln().powi(2),
            Self::Root => n.sqrt(),
        }
    }
}

/// One system of section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct System {
    /// The sequence of graphs.
    pub family: Family,
    /// The degree.
    pub rule: DegreeRule,
    /// N = M.
    pub n: u32,
}

impl System {
    /// The (mean) degree asked for: whole for regular graphs, two decimals for geometric ones, so
    /// that a spec is short and no platform's logarithm matters.
    pub fn degree(&self) -> f64 {
        let degree = self.rule.degree(self.n);
        match self.family {
            Family::Regular => degree.round(),
            Family::Geometric => (100.0 * degree).round() / 100.0,
        }
    }

    /// The graph spec, which every command takes.
    ///
    /// ```
    /// use fluidcheck::figures::{DegreeRule, Family, System};
    /// let system = System { family: Family::Geometric, rule: DegreeRule::Log, n: 10_000 };
    /// assert_eq!(system.spec(), "geometric:n=10000,degree=9.21");
    /// ```
    pub fn spec(&self) -> String {
        match self.family {
            Family::Regular => format!("regular:n={},k={}", self.n, self.degree()),
            Family::Geometric => format!("geometric:n={},degree={}", self.n, self.degree()),
        }
    }

    /// The realisation of this seed; tasks of types without a server are lost.
    ///
    /// # Errors
    /// [`FigureError`] where N is so small that the degree does not exist.
    pub fn graph(&self, seed: u64) -> Result<BipartiteGraph, FigureError> {
        Ok(Spec::parse(&self.spec())?.build(seed, Isolated::Drop)?)
    }

    /// The seed of its simulations, apart from that of the graph and from those of the other
    /// systems.
    pub(super) fn simulation_seed(&self, seed: u64) -> u64 {
        seed ^ fingerprint(&self.spec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_those_of_section_5() {
        let spec = |family, rule| System { family, rule, n: 100 }.spec();
        assert_eq!(
            DegreeRule::ALL.map(|rule| spec(Family::Regular, rule)),
            [3, 5, 21, 10].map(|k| format!("regular:n=100,k={k}"))
        );
        assert_eq!(
            DegreeRule::ALL.map(|rule| spec(Family::Geometric, rule)),
            ["3", "4.61", "21.21", "10"].map(|k| format!("geometric:n=100,degree={k}"))
        );
    }
}
