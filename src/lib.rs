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
//! | verdict | holds, violated, inconclusive, or not applicable ([`claims::Verdict`]) |
//! | fault | a wrong model that some claim must reject ([`faults::Fault`]) |
//! | checkpoint | what a long run has found so far, in a file from which it goes on ([`checkpoint`]) |
//! | mark | one event of the uniformised chain, drawn without looking at the state ([`crate::simulate::marks::Mark`]) |
//!
//! # Statement of the paper -> where it lives -> claim
//! Statements without a claim, each with its reason, are in `docs/catalogue.md`.
//!
//! <!-- table of claims: begin -->
//!
//! | statement | computed in | checked in `claims` | claims |
//! |---|---|---|---|
//! | Section 1.2 | `subject` | `convergence::counterexample` | `counterexample-1.2` |
//! | Section 2 | `model` | `invariants::conservation` | `conservation` |
//! | Section 2 | `model` | `invariants::looks` | `looks` |
//! | Section 2 | `model` | `statistical` | `transition-law` |
//! | Section 2 | `model` | `laws` | `exact-law` |
//! | Section 2 | `model` | `instruments::clocks` | `event-times`, `oracle-law` |
//! | Section 2 | `model` | `instruments::mark_enumeration` | `enumerated-marks` |
//! | Section 2 | `model` | `instruments::mark_draws` | `marks-law` |
//! | Section 2 | `model` | `instruments::estimates` | `transient-law`, `steady-law` |
//! | Section 2 | `model` | `instruments::graph_parts` | `graph-sides`, `named-graphs` |
//! | (2.1) | `model::loads` | `section_2` | `eq-2.1` |
//! | Remark 1 | `theory::stability` | `section_2` | `rem-1`, `rem-1-graph` |
//! | Remark 1 | `theory::stability` | `stability_growth` | `rem-1-growth` |
//! | Remark 1 | `theory::stability` | `errata::printed_graphs` | `err-2.2-corrected` |
//! | Remark 1 | `theory::stability` | `errata::printed_graphs` | `err-rem-1-*` |
//! | Remark 1 | `theory::stability` | `errata::printed_graphs` | `err-5-steady-state-corrected` |
//! | (2.2) | `theory::stability` | `errata::printed_graphs` | `err-2.2-*` |
//! | (2.3) | `graph::metrics` | `section_2` | `eq-2.3` |
//! | (2.3) | `graph::metrics` | `errata::printed_graphs` | `err-rem-1-corrected` |
//! | Theorem 3.1 | `estimate::bracketing` | `section_3` | `ode-fixed-point` |
//! | Theorem 3.1 | `estimate::bracketing` | `convergence::theorem_3_1` | `thm-3.1` |
//! | Theorem 3.1 | `estimate::bracketing` | `errata::printed_equations` | `err-cor-3.4-corrected` |
//! | (3.1) | `theory::mean_field::fixed_point` | `convergence::theorem_3_1` | `thm-3.1` |
//! | Corollary 3.2 | `estimate::bracketing` | `convergence::corollary_3_2` | `cor-3.2` |
//! | Remark 2 | `estimate::bracketing` | `convergence::theorem_3_1` | `thm-3.1` |
//! | Remark 2 | `estimate::bracketing` | `convergence::corollary_3_2` | `rem-2` |
//! | Definition 3.3 | `graph::generate::geometric` | `section_3` | `def-3.3` |
//! | Definition 3.3 | `graph::generate::geometric` | `instruments::graph_parts` | `random-graphs` |
//! | Corollary 3.4 | `graph::generate::geometric` | `convergence::corollary_3_4` | `cor-3.4` |
//! | Corollary 3.4 | `graph::generate::geometric` | `errata::printed_equations` | `err-cor-3.4-*` |
//! | Definition 3.5 | `graph::metrics` | `section_3` | `eq-3.3`, `eq-3.3-graph` |
//! | Definition 3.5 | `graph::metrics` | `errata::printed_graphs` | `err-def-3.5-*` |
//! | Corollary 3.6 | `graph::generate::regular` | `section_3` | `eq-3.3` |
//! | Corollary 3.6 | `graph::generate::regular` | `convergence::corollary_3_6` | `cor-3.6` |
//! | (3.3) | `graph::metrics` | `section_3` | `eq-3.3`, `eq-3.3-graph` |
//! | (3.3) | `graph::metrics` | `errata::printed_graphs` | `err-3.3-*`, `err-def-3.5-*` |
//! | Theorem 3.8 | `theory::constants` | `transients::theorem_3_8` | `thm-3.8`, `mixing-in-N` |
//! | Theorem 3.8 | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | Theorem 3.8 | `theory::constants` | `errata::printed_constants` | `err-thm-3.8-*` |
//! | (3.4) | `theory::constants` | `transients::theorem_3_8` | `thm-3.8` |
//! | Proposition 3.9 | `simulate::coupled` | `section_4::assignment_law` | `eq-4.13` |
//! | Proposition 3.9 | `simulate::coupled` | `invariants::proposition_3_9` | `prop-3.9-mass` |
//! | Proposition 3.9 | `simulate::coupled` | `invariants::proposition_3_9` | `prop-3.9-samples` |
//! | Proposition 3.9 | `simulate::coupled` | `perfect_sampling` | `perfect-sampling` |
//! | Proposition 3.9 | `simulate::coupled` | `instruments::coupled_laws` | `coupling-law` |
//! | Theorem 3.10 | `theory::constants` | `transients::theorem_3_10` | `thm-3.10` |
//! | Theorem 3.10 | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | Theorem 3.10 | `theory::constants` | `errata::printed_steps` | `err-thm-3.10-corrected` |
//! | (3.5) | `theory::mean_field::right_hand_side` | `section_3` | `ode-fixed-point`, `ode-order` |
//! | (3.5) | `theory::mean_field::right_hand_side` | `instruments::solutions` | `ode-solution` |
//! | (3.6) | `theory::constants` | `transients::theorem_3_10` | `thm-3.10` |
//! | (3.6) | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | Corollary 3.11 | `theory::mean_field::stepper` | `transients::theorem_3_10` | `cor-3.11` |
//! | (3.7) | `theory::mean_field::stepper` | `transients::theorem_3_10` | `cor-3.11` |
//! | Proposition 4.1 | `estimate::bracketing` | `section_2` | `rem-1` |
//! | Proposition 4.1 | `estimate::bracketing` | `section_4::drift_identities` | `prop-4.1-drift` |
//! | Proposition 4.1 | `estimate::bracketing` | `statistical` | `prop-4.1-ergodic` |
//! | Lemma 4.2 | `model` | `section_4::drift_identities` | `lemma-4.2` |
//! | (4.1), (4.3) | `model` | `section_4::drift_identities` | `lemma-4.2` |
//! | (4.4) | `simulate::occupancy` | `section_4::load_inequalities` | `eq-4.4` |
//! | (4.5), (4.9) | `model` | `section_4::drift_identities` | `prop-4.1-drift` |
//! | Corollary 4.3 | `estimate::bracketing` | `statistical` | `cor-4.3` |
//! | (4.10) | `estimate::bracketing` | `statistical` | `flow-balance` |
//! | (4.10) | `estimate::bracketing` | `errata::printed_steps` | `err-4.10-corrected` |
//! | Lemma 4.4 | `model` | `section_4::divided_differences` | `lemma-4.4` |
//! | (4.11) | `model` | `section_4::divided_differences` | `lemma-4.4` |
//! | (4.12) | `model` | `section_4::assignment_law` | `eq-4.12` |
//! | (4.12) | `model` | `statistical` | `transition-law` |
//! | (4.12) | `model` | `instruments::clocks` | `oracle-law` |
//! | (4.13) | `simulate::coupled::shared_mass` | `section_4::assignment_law` | `eq-4.13` |
//! | (4.13) | `simulate::coupled::shared_mass` | `invariants::proposition_3_9` | `prop-3.9-mass` |
//! | (4.13) | `simulate::coupled::shared_mass` | `instruments::coupled_laws` | `coupling-law` |
//! | (4.14) | `simulate::occupancy` | `invariants::proposition_3_9` | `eq-4.14` |
//! | (4.19) | `model` | `section_4::divided_differences` | `eq-4.19` |
//! | (4.20) | `simulate::occupancy` | `section_4::load_inequalities` | `eq-4.20` |
//! | (4.23) to (4.25) |  | `section_4::scalar_inequalities` | `eq-4.23` |
//! | (4.27) | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | (4.28) | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | (4.28) | `theory::constants` | `errata::printed_constants` | `err-thm-3.8-corrected` |
//! | (4.29) | `theory::constants` | `transients::theorem_3_8` | `thm-3.8` |
//! | (4.29) | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | (4.29) | `theory::constants` | `errata::printed_constants` | `err-thm-3.8-corrected` |
//! | Lemma 4.5 | `model` | `section_4::drift_identities` | `lemma-4.5-drift` |
//! | Lemma 4.5 | `model` | `transients::lemmas_4_5_and_c_2` | `lemma-4.5` |
//! | (4.30) | `model` | `section_4::drift_identities` | `lemma-4.5-drift` |
//! | (4.30) | `model` | `transients::lemmas_4_5_and_c_2` | `lemma-4.5` |
//! | (4.31) | `model` | `section_4::drift_identities` | `lemma-4.5-drift` |
//! | (4.31) | `model` | `transients::lemmas_4_5_and_c_2` | `lemma-4.5` |
//! | (4.31) | `model` | `errata::printed_steps` | `err-b.6-corrected` |
//! | (4.33) to (4.35) | `theory::constants` | `errata::printed_steps` | `err-thm-3.10-corrected` |
//! | (4.39) | `simulate::occupancy` | `section_4::load_inequalities` | `eq-4.39` |
//! | (4.41) | `simulate::occupancy` | `errata::printed_steps` | `err-4.41-*` |
//! | (4.42) | `simulate::occupancy` | `section_4::load_inequalities` | `eq-4.42` |
//! | (4.44) | `theory::mean_field::linearisation` | `section_3` | `eq-4.44` |
//! | (4.44) | `theory::mean_field::linearisation` | `instruments::solutions` | `ode-solution` |
//! | (4.44) | `theory::mean_field::linearisation` | `errata::printed_equations` | `err-4.44-*` |
//! | (4.46) | `theory::constants` | `section_4::scalar_inequalities` | `eq-4.46` |
//! | (4.46) | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | (4.46) | `theory::constants` | `errata::printed_constants` | `err-4.47-corrected` |
//! | (4.47) | `theory::constants` | `errata::printed_constants` | `err-4.47-*` |
//! | (4.48) |  | `section_4::scalar_inequalities` | `eq-4.48` |
//! | (4.49) |  | `section_4::scalar_inequalities` | `eq-4.49` |
//! | (4.50) | `graph::generate::geometric` | `convergence::corollary_3_4` | `cor-3.4` |
//! | (4.51) | `graph::metrics` | `convergence::corollary_3_4` | `cor-3.4` |
//! | (4.52) | `graph::metrics` | `convergence::corollary_3_4` | `cor-3.4` |
//! | (4.52) | `graph::metrics` | `errata::printed_graphs` | `err-4.52-*` |
//! | (4.53) | `graph::metrics` | `convergence::corollary_3_4` | `cor-3.4` |
//! | Section 5 | `figures` | `invariants::independent_streams` | `independent-streams` |
//! | Section 5 | `figures` | `instruments::graph_parts` | `named-graphs`, `random-graphs` |
//! | Section 5 | `figures` | `errata::printed_graphs` | `err-5-multi-edges-*` |
//! | Section 5 | `figures` | `errata::printed_graphs` | `err-5-steady-state-*` |
//! | Figure 2 | `figures::draw::figure_2` | `convergence::figures_2_to_4` | `fig-2` |
//! | Figure 2 | `figures::draw::figure_2` | `errata::printed_graphs` | `err-5-steady-state-printed` |
//! | Figure 3 | `figures::draw::figure_3` | `convergence::figures_2_to_4` | `fig-3` |
//! | Figure 4 | `figures::draw::figure_4` | `convergence::figures_2_to_4` | `fig-4` |
//! | Figure 4 | `figures::draw::figure_4` | `errata::printed_graphs` | `err-5-steady-state-printed` |
//! | (A.1) | `model` | `appendices` | `eq-A.1` |
//! | (A.2) | `model` | `appendices` | `eq-A.2` |
//! | (B.3) | `model` | `section_4::drift_identities` | `lemma-4.5-drift` |
//! | (B.6) | `model` | `section_4::drift_identities` | `lemma-4.5-drift` |
//! | (B.6) | `model` | `errata::printed_steps` | `err-b.6-*` |
//! | Lemma C.1 | `model` | `appendices` | `lemma-c.1`, `lemma-c.1-sharp` |
//! | Lemma C.1 | `model` | `errata::printed_constants` | `err-c.1-*` |
//! | (C.1) | `model` | `appendices` | `lemma-c.1`, `lemma-c.1-sharp` |
//! | (C.2) | `model` | `appendices` | `eq-A.1` |
//! | (C.3) | `model` | `appendices` | `lemma-c.1` |
//! | (C.3) | `model` | `errata::printed_constants` | `err-c.1-printed` |
//! | Lemma C.2 | `theory::constants` | `transients::lemmas_4_5_and_c_2` | `lemma-c.2` |
//! | (C.4) | `theory::constants` | `transients::lemmas_4_5_and_c_2` | `lemma-c.2` |
//! | (C.4) | `theory::constants` | `transients::proof_constants` | `bounds-constants` |
//! | (C.5) | `model` | `errata::printed_steps` | `err-c.5-*` |
//! | none, the crate's own | | `instruments::graph_parts` | `formats` |
//! | none, the crate's own | | `instruments::procedures` | `sequential-tests` |
//! | none, the crate's own | | `instruments::procedures` | `intervals-cover` |
//! | none, the crate's own | | `instruments::procedures` | `distribution-test` |
//!
//! <!-- table of claims: end -->

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
