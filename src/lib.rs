//! fluidcheck checks what mean-field theory claims about load balancing on compatibility graphs: by
//! exact computation, and by statistics with guaranteed error rates.
//!
//! Servers and task types form a bipartite graph. Tasks of each type arrive as a Poisson process,
//! sample d compatible servers with replacement and join the shortest queue, JSQ(d). Types may have
//! arrival [rates](graph::rates) of their own. Rutten and Mukherjee, *Mean-field analysis for load
//! balancing on spatial graphs*, prove when such a system behaves like the fully flexible one.
//! Every statement of theirs that can be checked is a [claim](claims), every check is shown to
//! reject [wrong models](faults), and what is checked is [replaceable](subject): the reference, a
//! policy, the code of a real load balancer.
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
//! | verdict | holds, violated, inconclusive, or not applicable ([`claims::Verdict`]) |
//! | fault | a wrong model that some claim must reject ([`faults::Fault`]) |
//! | checkpoint | what a long run has found so far, in a file from which it goes on ([`checkpoint`]) |
//! | mark | one event of the uniformised chain, drawn without looking at the state ([`crate::simulate::marks::Mark`]) |
//!
//! # Statement of the paper -> where it lives -> claim
//! Statements without a claim, each with its reason, are in `docs/catalogue.md`.
//!
//! <!-- table of claims: begin -->
//! <!-- table of claims: end -->

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::todo, clippy::unimplemented))]

pub mod checkpoint;
pub mod claims;
#[doc(hidden)]
pub mod cli;
pub mod estimate;
pub mod faults;
pub mod figures;
pub mod fuzzing;
pub mod graph;
pub mod instruments;
pub mod model;
pub mod num;
pub mod random;
pub mod report;
pub mod simulate;
pub mod stats;
pub mod subject;
pub mod suite;
pub mod theory;
