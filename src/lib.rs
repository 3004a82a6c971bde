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
//!
//! | statement | computed in `src/` | checked in `src/claims/` | claims |
//! |---|---|---|---|
//! | Section 1.2 | `subject/mod.rs` | `convergence/counterexample.rs` | `counterexample-1.2` |
//! | Section 2 | `model/mod.rs` | `invariants/conservation.rs` | `conservation` |
//! | Section 2 | `model/mod.rs` | `invariants/looks.rs` | `looks` |
//! | Section 2 | `model/mod.rs` | `statistical.rs` | `transition-law` |
//! | Section 2 | `model/mod.rs` | `laws.rs` | `exact-law` |
//! | Section 2 | `model/mod.rs` | `instruments/clocks.rs` | `event-times`, `oracle-law` |
//! | Section 2 | `model/mod.rs` | `instruments/mark_enumeration.rs` | `enumerated-marks` |
//! | Section 2 | `model/mod.rs` | `instruments/mark_draws.rs` | `marks-law` |
//! | Section 2 | `model/mod.rs` | `instruments/estimates.rs` | `transient-law`, `steady-law` |
//! | Section 2 | `model/mod.rs` | `instruments/graph_parts.rs` | `graph-sides`, `named-graphs` |
//! | (2.1) | `model/loads.rs` | `section_2.rs` | `eq-2.1` |
//! | Remark 1 | `theory/stability/mod.rs` | `section_2.rs` | `rem-1`, `rem-1-graph` |
//! | Remark 1 | `theory/stability/mod.rs` | `stability_growth.rs` | `rem-1-growth` |
//! | Remark 1 | `theory/stability/mod.rs` | `errata/printed_graphs.rs` | `err-2.2-corrected` |
//! | Remark 1 | `theory/stability/mod.rs` | `errata/printed_graphs.rs` | `err-rem-1-printed` |
//! | Remark 1 | `theory/stability/mod.rs` | `errata/printed_graphs.rs` | `err-rem-1-corrected` |
//! | Remark 1 | `theory/stability/mod.rs` | `errata/printed_graphs.rs` | `err-5-steady-state-corrected` |
//! | (2.2) | `theory/stability/mod.rs` | `errata/printed_graphs.rs` | `err-2.2-printed` |
//! | (2.2) | `theory/stability/mod.rs` | `errata/printed_graphs.rs` | `err-2.2-corrected` |
//! | (2.3) | `graph/metrics.rs` | `section_2.rs` | `eq-2.3` |
//! | (2.3) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-rem-1-corrected` |
//! | Theorem 3.1 | `estimate/bracketing.rs` | `section_3.rs` | `ode-fixed-point` |
//! | Theorem 3.1 | `estimate/bracketing.rs` | `convergence/theorem_3_1.rs` | `thm-3.1` |
//! | Theorem 3.1 | `estimate/bracketing.rs` | `errata/printed_equations.rs` | `err-cor-3.4-corrected` |
//! | (3.1) | `theory/mean_field/fixed_point.rs` | `convergence/theorem_3_1.rs` | `thm-3.1` |
//! | Corollary 3.2 | `estimate/bracketing.rs` | `convergence/corollary_3_2.rs` | `cor-3.2` |
//! | Remark 2 | `estimate/bracketing.rs` | `convergence/theorem_3_1.rs` | `thm-3.1` |
//! | Remark 2 | `estimate/bracketing.rs` | `convergence/corollary_3_2.rs` | `rem-2` |
//! | Definition 3.3 | `graph/generate/geometric.rs` | `section_3.rs` | `def-3.3` |
//! | Definition 3.3 | `graph/generate/geometric.rs` | `instruments/graph_parts.rs` | `random-graphs` |
//! | Corollary 3.4 | `graph/generate/geometric.rs` | `convergence/corollary_3_4.rs` | `cor-3.4` |
//! | Corollary 3.4 | `graph/generate/geometric.rs` | `errata/printed_equations.rs` | `err-cor-3.4-printed` |
//! | Corollary 3.4 | `graph/generate/geometric.rs` | `errata/printed_equations.rs` | `err-cor-3.4-corrected` |
//! | Definition 3.5 | `graph/metrics.rs` | `section_3.rs` | `eq-3.3`, `eq-3.3-graph` |
//! | Definition 3.5 | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-def-3.5-printed` |
//! | Definition 3.5 | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-def-3.5-corrected` |
//! | Corollary 3.6 | `graph/generate/regular.rs` | `section_3.rs` | `eq-3.3` |
//! | Corollary 3.6 | `graph/generate/regular.rs` | `convergence/corollary_3_6.rs` | `cor-3.6` |
//! | (3.3) | `graph/metrics.rs` | `section_3.rs` | `eq-3.3`, `eq-3.3-graph` |
//! | (3.3) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-3.3-printed` |
//! | (3.3) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-3.3-corrected` |
//! | (3.3) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-def-3.5-printed` |
//! | (3.3) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-def-3.5-corrected` |
//! | Theorem 3.8 | `theory/constants.rs` | `transients/theorem_3_8.rs` | `thm-3.8`, `mixing-in-N` |
//! | Theorem 3.8 | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | Theorem 3.8 | `theory/constants.rs` | `errata/printed_constants.rs` | `err-thm-3.8-printed` |
//! | Theorem 3.8 | `theory/constants.rs` | `errata/printed_constants.rs` | `err-thm-3.8-corrected` |
//! | (3.4) | `theory/constants.rs` | `transients/theorem_3_8.rs` | `thm-3.8` |
//! | Proposition 3.9 | `simulate/coupled/mod.rs` | `section_4/assignment_law.rs` | `eq-4.13` |
//! | Proposition 3.9 | `simulate/coupled/mod.rs` | `invariants/proposition_3_9.rs` | `prop-3.9-mass` |
//! | Proposition 3.9 | `simulate/coupled/mod.rs` | `invariants/proposition_3_9.rs` | `prop-3.9-samples` |
//! | Proposition 3.9 | `simulate/coupled/mod.rs` | `perfect_sampling.rs` | `perfect-sampling` |
//! | Proposition 3.9 | `simulate/coupled/mod.rs` | `instruments/coupled_laws.rs` | `coupling-law` |
//! | Theorem 3.10 | `theory/constants.rs` | `transients/theorem_3_10.rs` | `thm-3.10` |
//! | Theorem 3.10 | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | Theorem 3.10 | `theory/constants.rs` | `errata/printed_steps.rs` | `err-thm-3.10-corrected` |
//! | (3.5) | `theory/mean_field/right_hand_side.rs` | `section_3.rs` | `ode-fixed-point` |
//! | (3.5) | `theory/mean_field/right_hand_side.rs` | `section_3.rs` | `ode-order` |
//! | (3.5) | `theory/mean_field/right_hand_side.rs` | `instruments/solutions.rs` | `ode-solution` |
//! | (3.6) | `theory/constants.rs` | `transients/theorem_3_10.rs` | `thm-3.10` |
//! | (3.6) | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | Corollary 3.11 | `theory/mean_field/stepper.rs` | `transients/theorem_3_10.rs` | `cor-3.11` |
//! | (3.7) | `theory/mean_field/stepper.rs` | `transients/theorem_3_10.rs` | `cor-3.11` |
//! | Proposition 4.1 | `estimate/bracketing.rs` | `section_2.rs` | `rem-1` |
//! | Proposition 4.1 | `estimate/bracketing.rs` | `section_4/drift_identities.rs` | `prop-4.1-drift` |
//! | Proposition 4.1 | `estimate/bracketing.rs` | `statistical.rs` | `prop-4.1-ergodic` |
//! | Lemma 4.2 | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.2` |
//! | (4.1), (4.3) | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.2` |
//! | (4.4) | `simulate/occupancy.rs` | `section_4/load_inequalities.rs` | `eq-4.4` |
//! | (4.5), (4.9) | `model/mod.rs` | `section_4/drift_identities.rs` | `prop-4.1-drift` |
//! | Corollary 4.3 | `estimate/bracketing.rs` | `statistical.rs` | `cor-4.3` |
//! | (4.10) | `estimate/bracketing.rs` | `statistical.rs` | `flow-balance` |
//! | (4.10) | `estimate/bracketing.rs` | `errata/printed_steps.rs` | `err-4.10-corrected` |
//! | Lemma 4.4 | `model/mod.rs` | `section_4/divided_differences.rs` | `lemma-4.4` |
//! | (4.11) | `model/mod.rs` | `section_4/divided_differences.rs` | `lemma-4.4` |
//! | (4.12) | `model/mod.rs` | `section_4/assignment_law.rs` | `eq-4.12` |
//! | (4.12) | `model/mod.rs` | `statistical.rs` | `transition-law` |
//! | (4.12) | `model/mod.rs` | `instruments/clocks.rs` | `oracle-law` |
//! | (4.13) | `simulate/coupled/shared_mass.rs` | `section_4/assignment_law.rs` | `eq-4.13` |
//! | (4.13) | `simulate/coupled/shared_mass.rs` | `invariants/proposition_3_9.rs` | `prop-3.9-mass` |
//! | (4.13) | `simulate/coupled/shared_mass.rs` | `instruments/coupled_laws.rs` | `coupling-law` |
//! | (4.14) | `simulate/occupancy.rs` | `invariants/proposition_3_9.rs` | `eq-4.14` |
//! | (4.19) | `model/mod.rs` | `section_4/divided_differences.rs` | `eq-4.19` |
//! | (4.20) | `simulate/occupancy.rs` | `section_4/load_inequalities.rs` | `eq-4.20` |
//! | (4.23) to (4.25) |  | `section_4/scalar_inequalities.rs` | `eq-4.23` |
//! | (4.27) | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | (4.28) | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | (4.28) | `theory/constants.rs` | `errata/printed_constants.rs` | `err-thm-3.8-corrected` |
//! | (4.29) | `theory/constants.rs` | `transients/theorem_3_8.rs` | `thm-3.8` |
//! | (4.29) | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | (4.29) | `theory/constants.rs` | `errata/printed_constants.rs` | `err-thm-3.8-corrected` |
//! | Lemma 4.5 | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.5-drift` |
//! | Lemma 4.5 | `model/mod.rs` | `transients/lemmas_4_5_and_c_2.rs` | `lemma-4.5` |
//! | (4.30) | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.5-drift` |
//! | (4.30) | `model/mod.rs` | `transients/lemmas_4_5_and_c_2.rs` | `lemma-4.5` |
//! | (4.31) | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.5-drift` |
//! | (4.31) | `model/mod.rs` | `transients/lemmas_4_5_and_c_2.rs` | `lemma-4.5` |
//! | (4.31) | `model/mod.rs` | `errata/printed_steps.rs` | `err-b.6-corrected` |
//! | (4.33) to (4.35) | `theory/constants.rs` | `errata/printed_steps.rs` | `err-thm-3.10-corrected` |
//! | (4.39) | `simulate/occupancy.rs` | `section_4/load_inequalities.rs` | `eq-4.39` |
//! | (4.41) | `simulate/occupancy.rs` | `errata/printed_steps.rs` | `err-4.41-printed` |
//! | (4.41) | `simulate/occupancy.rs` | `errata/printed_steps.rs` | `err-4.41-corrected` |
//! | (4.42) | `simulate/occupancy.rs` | `section_4/load_inequalities.rs` | `eq-4.42` |
//! | (4.44) | `theory/mean_field/linearisation.rs` | `section_3.rs` | `eq-4.44` |
//! | (4.44) | `theory/mean_field/linearisation.rs` | `instruments/solutions.rs` | `ode-solution` |
//! | (4.44) | `theory/mean_field/linearisation.rs` | `errata/printed_equations.rs` | `err-4.44-printed` |
//! | (4.44) | `theory/mean_field/linearisation.rs` | `errata/printed_equations.rs` | `err-4.44-corrected` |
//! | (4.46) | `theory/constants.rs` | `section_4/scalar_inequalities.rs` | `eq-4.46` |
//! | (4.46) | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | (4.46) | `theory/constants.rs` | `errata/printed_constants.rs` | `err-4.47-corrected` |
//! | (4.47) | `theory/constants.rs` | `errata/printed_constants.rs` | `err-4.47-printed` |
//! | (4.47) | `theory/constants.rs` | `errata/printed_constants.rs` | `err-4.47-corrected` |
//! | (4.48) |  | `section_4/scalar_inequalities.rs` | `eq-4.48` |
//! | (4.49) |  | `section_4/scalar_inequalities.rs` | `eq-4.49` |
//! | (4.50) | `graph/generate/geometric.rs` | `convergence/corollary_3_4.rs` | `cor-3.4` |
//! | (4.51) | `graph/metrics.rs` | `convergence/corollary_3_4.rs` | `cor-3.4` |
//! | (4.52) | `graph/metrics.rs` | `convergence/corollary_3_4.rs` | `cor-3.4` |
//! | (4.52) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-4.52-printed` |
//! | (4.52) | `graph/metrics.rs` | `errata/printed_graphs.rs` | `err-4.52-corrected` |
//! | (4.53) | `graph/metrics.rs` | `convergence/corollary_3_4.rs` | `cor-3.4` |
//! | Section 5 | `figures/mod.rs` | `invariants/independent_streams.rs` | `independent-streams` |
//! | Section 5 | `figures/mod.rs` | `instruments/graph_parts.rs` | `named-graphs` |
//! | Section 5 | `figures/mod.rs` | `instruments/graph_parts.rs` | `random-graphs` |
//! | Section 5 | `figures/mod.rs` | `errata/printed_graphs.rs` | `err-5-multi-edges-printed` |
//! | Section 5 | `figures/mod.rs` | `errata/printed_graphs.rs` | `err-5-multi-edges-corrected` |
//! | Section 5 | `figures/mod.rs` | `errata/printed_graphs.rs` | `err-5-steady-state-printed` |
//! | Section 5 | `figures/mod.rs` | `errata/printed_graphs.rs` | `err-5-steady-state-corrected` |
//! | Figure 2 | `figures/draw/figure_2.rs` | `convergence/figures_2_to_4.rs` | `fig-2` |
//! | Figure 2 | `figures/draw/figure_2.rs` | `errata/printed_graphs.rs` | `err-5-steady-state-printed` |
//! | Figure 3 | `figures/draw/figure_3.rs` | `convergence/figures_2_to_4.rs` | `fig-3` |
//! | Figure 4 | `figures/draw/figure_4.rs` | `convergence/figures_2_to_4.rs` | `fig-4` |
//! | Figure 4 | `figures/draw/figure_4.rs` | `errata/printed_graphs.rs` | `err-5-steady-state-printed` |
//! | (A.1) | `model/mod.rs` | `appendices.rs` | `eq-A.1` |
//! | (A.2) | `model/mod.rs` | `appendices.rs` | `eq-A.2` |
//! | (B.3) | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.5-drift` |
//! | (B.6) | `model/mod.rs` | `section_4/drift_identities.rs` | `lemma-4.5-drift` |
//! | (B.6) | `model/mod.rs` | `errata/printed_steps.rs` | `err-b.6-printed`, `err-b.6-corrected` |
//! | Lemma C.1 | `model/mod.rs` | `appendices.rs` | `lemma-c.1`, `lemma-c.1-sharp` |
//! | Lemma C.1 | `model/mod.rs` | `errata/printed_constants.rs` | `err-c.1-printed` |
//! | Lemma C.1 | `model/mod.rs` | `errata/printed_constants.rs` | `err-c.1-corrected` |
//! | (C.1) | `model/mod.rs` | `appendices.rs` | `lemma-c.1`, `lemma-c.1-sharp` |
//! | (C.2) | `model/mod.rs` | `appendices.rs` | `eq-A.1` |
//! | (C.3) | `model/mod.rs` | `appendices.rs` | `lemma-c.1` |
//! | (C.3) | `model/mod.rs` | `errata/printed_constants.rs` | `err-c.1-printed` |
//! | Lemma C.2 | `theory/constants.rs` | `transients/lemmas_4_5_and_c_2.rs` | `lemma-c.2` |
//! | (C.4) | `theory/constants.rs` | `transients/lemmas_4_5_and_c_2.rs` | `lemma-c.2` |
//! | (C.4) | `theory/constants.rs` | `transients/proof_constants.rs` | `bounds-constants` |
//! | (C.5) | `model/mod.rs` | `errata/printed_steps.rs` | `err-c.5-printed`, `err-c.5-corrected` |
//! | none, the crate's own | | `instruments/graph_parts.rs` | `formats` |
//! | none, the crate's own | | `instruments/procedures.rs` | `sequential-tests` |
//! | none, the crate's own | | `instruments/procedures.rs` | `intervals-cover` |
//! | none, the crate's own | | `instruments/procedures.rs` | `distribution-test` |
//!
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
