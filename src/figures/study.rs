//! The systems of all figures, each measured once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::{DegreeRule, Family, FigureError, Measured, System};

/// What the figures are functions of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The seed of the graphs, and from which those of the simulations come.
    pub seed: u64,
    /// The largest N.
    pub max_n: u32,
    /// Replications of each estimate; intervals need two.
    pub replications: u64,
}

/// The smallest N, as in the paper's figures.
pub const LEAST_N: u32 = 100;

/// The largest N of the paper's figures.
pub const MOST_N: u32 = 100_000;

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, max_n: 10_000, replications: 8 }
    }
}

impl Options {
    /// Two N a decade from [`LEAST_N`] up to `max_n`.
    pub fn sizes(&self) -> Vec<u32> {
        [LEAST_N, 316, 1_000, 3_162, 10_000, 31_623, MOST_N]
            .into_iter()
            .filter(|&n| n <= self.max_n)
            .collect()
    }

    /// The powers of ten among them.
    pub fn decades(&self) -> Vec<u32> {
        [LEAST_N, 1_000, 10_000, MOST_N].into_iter().filter(|&n| n <= self.max_n).collect()
    }

    /// The largest N of figures 3 and 4.
    pub fn largest(&self) -> u32 {
        self.sizes().last().copied().unwrap_or(LEAST_N)
    }
}

/// Measures systems when first asked for, and keeps what was found; the graphs are not kept.
#[derive(Debug)]
pub struct Study {
    options: Options,
    measured: Mutex<BTreeMap<System, Arc<Measured>>>,
}

impl Study {
    /// Nothing is measured yet.
    pub fn new(options: Options) -> Self {
        Self { options, measured: Mutex::default() }
    }

    /// What the figures are functions of.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The measured systems, in the order asked for. `done` hears of each that was not known, on
    /// any thread.
    ///
    /// # Errors
    /// The first [`FigureError`].
    pub fn measure(
        &self,
        systems: &[System],
        done: &(dyn Fn(&System) + Sync),
    ) -> Result<Vec<Arc<Measured>>, FigureError> {
        let known = || self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing: Vec<System> =
            systems.iter().filter(|system| !known().contains_key(system)).copied().collect();
        // The dearest first, so that no thread ends up alone with one.
        missing.sort_by_key(|system| std::cmp::Reverse((system.n, system.family)));
        missing.dedup();
        missing.into_par_iter().with_max_len(1).try_for_each(|system| {
            let found = Measured::new(system, self.options.seed, self.options.replications)?;
            known().insert(system, Arc::new(found));
            done(&system);
            Ok::<(), FigureError>(())
        })?;
        Ok(systems.iter().map(|system| known()[system].clone()).collect())
    }
}

/// The type of a figure's rows: what every row says of its graph, what is the figure's `own`, up to
/// the estimate, how sure that is, and what it is `compared` with.
macro_rules! row_type {
    ($(#[$about:meta])* own { $($own:tt)* } compared { $($compared:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct Row {
            /// The seed of the graph.
            pub seed: u64,
            /// N = M.
            pub n: u32,
            /// The sequence of graphs.
            pub family: Family,
            /// The rule of the degree.
            pub degree_rule: DegreeRule,
            /// The spec of the graph.
            pub graph: String,
            /// Its mean degree.
            pub mean_degree: f64,
            /// Task types without a server; their tasks are lost.
            pub isolated_task_types: u32,
            $($own)*
            /// Its lower end.
            pub lower: f64,
            /// Its upper end.
            pub upper: f64,
            /// The level of the interval.
            pub level: f64,
            /// How many replications it rests on.
            pub replications: u64,
            $($compared)*
        }
    };
}
pub(super) use row_type;

/// A row of a system with this estimate; of its graph the edges and isolated task types are given.
macro_rules! row_of {
    ($options:expr, $system:expr, $graph:expr, $estimate:expr, { $($own:tt)* }) => {
        Row {
            seed: $options.seed,
            n: $system.n,
            family: $system.family,
            degree_rule: $system.rule,
            graph: $system.spec(),
            mean_degree: $graph.0 as f64 / f64::from($system.n),
            isolated_task_types: $graph.1,
            estimate: $estimate.mean,
            lower: $estimate.lower,
            upper: $estimate.upper,
            level: CONFIDENCE,
            replications: $options.replications,
            $($own)*
        }
    };
}
pub(super) use row_of;

/// All rules of these families at these sizes.
pub(super) fn systems(families: &[Family], sizes: &[u32]) -> Vec<System> {
    let mut systems = Vec::new();
    for &family in families {
        for rule in DegreeRule::ALL {
            systems.extend(sizes.iter().map(|&n| System { family, rule, n }));
        }
    }
    systems
}
