//! fluidcheck checks what mean-field theory claims about load balancing on compatibility graphs: by
//! exact computation, and by statistics with guaranteed error rates.
//!
//! Servers and task types form a bipartite graph. Tasks of each type arrive as a Poisson process,
//! sample d compatible servers with replacement and join the shortest queue, JSQ(d), or choose by
//! another [policy](model::policy). Types may have arrival [rates](graph::rates) of their own.
//! Rutten and Mukherjee, *Mean-field analysis for load balancing on spatial graphs*, prove when
//! such a system behaves like the fully flexible one. Every statement of theirs that can be checked
//! is a [claim](claims), every check is shown to reject [wrong models](faults), and what is checked
//! is [replaceable](subject): the reference, a policy, the code of a real load balancer.
//!
//! ```
//! use fluidcheck::{estimate::Options, graph::spec::Spec, model::Model};
//! let graph = Spec::parse("path:n=3")?.build(1, Default::default())?;
//! let model = Model::new(graph, 0.6, 2)?;
//! let system = model.steady_state(&Options { replications: Some(200), ..Options::default() })?;
//! let limit = model.mean_field(&[1.0, 10.0])?;
//! println!("{:?}, mean-field limit {}", system.mean_queue_length, limit.fixed_point[1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Does my picker really sample two servers uniformly? One call checks any [claim](claims) on any
//! [subject]:
//!
//! ```
//! use fluidcheck::{claims, graph::BipartiteGraph, model::Model, subject::Picker};
//! use rand::RngExt;
//! let model = Model::new(BipartiteGraph::complete(10, 1)?, 0.8, 2)?;
//! let picker = Picker::new("mine", |_task_type, servers, lengths, rng| {
//!     let [a, b] = [(); 2].map(|()| servers.at(rng.random_range(0..servers.len())));
//!     if lengths[a as usize] <= lengths[b as usize] { a } else { b }
//! });
//! let evidence = claims::find("transition-law")?.check(&picker, &model);
//! assert_eq!(evidence.verdict, claims::Verdict::Holds, "{:?}", evidence.witness);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A crate that depends on this one for its tests takes it with `default-features = false`, which
//! leaves out the command and the crates that only it needs, and has it optimised by
//! `[profile.dev.package."*"]` with `opt-level = 3`.
//!
//! # The one idea
//! A path is a fold of monotone maps over a stream of [marks](simulate::marks). From it follow the
//! [simulator](simulate), the [couplings](simulate::coupled), the
//! [brackets of the steady state](estimate::bracketing), the exact laws (enumerate the marks), and
//! the faults (another map, or another stream).
//!
//! # The stages
//! A folder is a stage; it imports from itself and from those above it in this list only, and a
//! test reads the imports.
//!
//! | stage | what it knows |
//! |---|---|
//! | [`num`] | exact fractions, floats as bits, maxima of inputs |
//! | [`random`] | seeds, streams, coins, alias tables, the clock of events |
//! | [`stats`] | tests and intervals over plain numbers |
//! | [`graph`] | bipartite graphs: made, read, written, measured |
//! | [`model`] | a graph, a load and a policy; laws of a pick, transitions, starts |
//! | [`theory`] | what follows without chance: mean field, exact laws, stability, constants |
//! | [`simulate`] | marks, queues, couplings, a second simulator |
//! | [`subject`] | what is under check |
//! | [`estimate`] | steady states and transients with intervals |
//! | [`figures`] | the rows of the paper's figures, and their drawings |
//! | [`instruments`] | the harness's own formulas and procedures, replaceable |
//! | [`faults`] | wrong models, each of which some claim rejects |
//! | [`claims`] | the statements, each with its check |
//! | [`suite`] | every claim on every graph; power and calibration |
//! | [`checkpoint`] | runs that are resumed |
//! | [`report`] | text and JSON |
//! | [`fuzzing`] | what the fuzz targets call |
//! | [`cli`] | the command, a file for each subcommand |
//!
//! # Words
//! | word | meaning |
//! |---|---|
//! | claim | one statement in the form in which it is checked ([`claims::Claim`]) |
//! | case | one input of a check, replayable by its index |
//! | evidence | what a check saw: verdict, slack, vacuity, cases, witness ([`claims::Evidence`]) |
//! | slack | distance from the bound at its closest |
//! | verdict | holds, violated, inconclusive, not applicable, or crashed ([`claims::Verdict`]) |
//! | fault | a wrong model that some claim must reject ([`faults::Fault`]) |
//! | checkpoint | what a long run has found so far, in a file from which it goes on ([`checkpoint`]) |
//! | policy | how a task chooses among its servers, as a value with an exact law ([`model::policy`]); `jsq(2), replacement` is the paper's with d = 2 |
//! | mark | one event of the uniformised chain, drawn without looking at the state ([`crate::simulate::marks::Mark`]) |
#![doc = include_str!("../docs/statements.md")]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::todo, clippy::unimplemented))]

pub mod claims;
pub mod estimate;
pub mod graph;
pub mod model;
pub mod simulate;
pub mod subject;

#[doc(inline)]
pub use num::ratio::Ratio;
#[doc(inline)]
pub use theory::{exact, mean_field, stability};

// What the command, the tests and the fuzz targets use besides; it may change at any time.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod checkpoint;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod faults;
#[doc(hidden)]
pub mod figures;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod instruments;
#[doc(hidden)]
pub mod num;
#[doc(hidden)]
pub mod random;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod stats;
#[doc(hidden)]
pub mod suite;
#[doc(hidden)]
pub mod theory;
