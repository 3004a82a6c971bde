//! Errata: where the print is wrong, the printed form is a claim that must be violated, and the
//! right form one that must hold.
//!
//! A printed form that suddenly holds means that its check lost its power. It is itself the wrong
//! model that is rejected, so that it lists no fault of its own.
//!
//! | where | printed | right | claims |
//! |---|---|---|---|
//! | (2.2) | samples distinct servers, and divides by a binomial that is 0 where a type has less than d | with replacement | `err-2.2-*` |
//! | section 5 | multi-edges have negligible probability | they are a negligible share of the edges | `err-5-multi-edges-*` |
//! | section 5 | tails at fixed degree are double exponential "with a slightly lower value of d" | exponential | `err-5-tail-printed`, `tail-from-below` |
//! | section 5 | steady state of geometric graphs of mean degree 3 | there is none at lambda = 0.8 | `err-5-steady-state-*` |
//! | (4.44) | a rate that depends on lambda only | on d and on the start too | `err-4.44-*` |
//! | (4.33), (4.34) | divide by qbar_(i-1) - qbar_i, which is 0 from empty at s = 0 | the quotient extended by continuity, d x^(d-1) | `err-4.33-*` |
//! | (4.41), last step | N_a(t) / N + sum of q_i(0)^2 | 2 N_a(t) / N | `err-4.41-*` |
//! | (4.47), first step | c2' sqrt(ln(1/eta)) | c2' sqrt(ln(1/eta) / (2 c3)) | `err-4.47-*` |
//! | (4.48) for (3.1) | ln(1/eta) with the power 1/2, where (4.47) has alpha/2 | (2 c3 / ln(1/eta))^(alpha/2) and x <= (ln(1/x))^(-alpha/2) | `err-4.48-*` |
//! | (4.10) | a stationary expectation has derivative 0 | as argued it needs sum_j E Q_j finite, which the drift of z^X gives where rho(G) < 1; sums that are cut off give (4.10) for every ergodic system | `err-4.10-corrected`, `eq-4.10` |
//!
//! The paper was read by OCR. These are slips of an index or a letter, and may be the reader's;
//! their claims [say so](Erratum::Symbol), and so does every report:
//!
//! | where | printed | right | claims |
//! |---|---|---|---|
//! | Remark 1 | gamma | phi | `err-rem-1-*` |
//! | Corollary 3.4 | exponent (d_i - 1)/(d - 1) | (d^i - 1)/(d - 1) | `err-cor-3.4-*` |
//! | (3.3) | M / (N d_w) | M / (N d_v) | `err-3.3-*` |
//! | (4.52) | sum over W_N | sum over N_v | `err-4.52-*` |
//! | (B.6) | Q_i - Q_i | Q_i - Q_(i+1) | `err-b.6-*` |
//! | (C.5) | lambda M / N | lambda N / M | `err-c.5-*` |
//!
//! Without a claim, since there is nothing to compute:
//!
//! | where | printed | right | why no claim |
//! |---|---|---|---|
//! | figure 4 | caption N = 10^4 | the text says 10^5 | a label |
//! | (4.41), second line | qbar_i(s) | qbar_i(t) | s is not defined there; it may be the OCR's |
//! | (4.3) | Delta Q_j(t + h) - Delta Q_j(t) | Delta Q_j(t) | a second difference over h tends to 0 by any generator, so that the printed limit only says that typesetting doubled a Delta; the right form is `lemma-4.2` |
//! | (4.8) | Q_(i-1)(t) under a supremum over s | Q_(i-1)(s) | the variable of the supremum, which may be the OCR's; the right form is (4.4) at s |
//! | (4.17) | no expectation of the starts | E of it | starts are random there; nothing else changes |
//! | Theorem 3.10, first term | 2 phi^2 lambda t | 4 phi^2 lambda t | follows from (4.41); whether the printed bound fails somewhere is open |
//! | section 5 | gamma -> 0 is "necessary and sufficient", seen in one simulation | necessary, by the bound of `tail-from-below` | the statement is true: what is wrong is the inference, and one figure at one degree can neither show nor refute it |
//!
//! No errors, though they look like some:
//!
//! | where | why not |
//! |---|---|
//! | Definition 3.5 | it implies phi(G) = 0 wherever (2.1) and (2.3) are defined, see `eq-3.3` |
//! | Theorem 3.8 | its alpha <= 1 is 1 / alpha of its proof, where alpha >= 1: one letter for two things, see `bounds-constants` |
//! | Theorem 3.10 | its c is not said; the proof gives 6 (2 (rho0 K + d + 1)^2 + 1), with the sharp K too, see `thm-3.10-arrivals` |
//! | Lemma C.1 | K = (2^d - 1)(d - 1) holds (`lemma-c.1`); the best is `lemma-c.1-sharp` |
//!
//! # Source
//! The places named; found by checking.

pub(super) mod printed_constants;
pub(super) mod printed_equations;
pub(super) mod printed_graphs;
pub(super) mod printed_integrand;
pub(super) mod printed_steps;

use super::{Claim, Erratum, Evidence, Expected, Kind, Policies, Scope, Setting};
use crate::faults::Fault;

/// A form as printed, wrong in substance; it is itself the wrong model, so that it needs no fault.
const fn printed(
    id: &'static str,
    source: &'static str,
    paper: &'static [&'static str],
    statement: &'static str,
    run: fn(&Claim, &Setting<'_>) -> Evidence,
) -> Claim {
    let expected = Expected::Violated(Erratum::Substance);
    Claim { expected, ..corrected(id, source, paper, statement, &[], run) }
}

/// The same, wrong in an index or a letter, which may be a slip of the OCR.
const fn misread(
    id: &'static str,
    source: &'static str,
    paper: &'static [&'static str],
    statement: &'static str,
    run: fn(&Claim, &Setting<'_>) -> Evidence,
) -> Claim {
    let expected = Expected::Violated(Erratum::Symbol);
    Claim { expected, ..corrected(id, source, paper, statement, &[], run) }
}

/// The form that is right.
const fn corrected(
    id: &'static str,
    source: &'static str,
    paper: &'static [&'static str],
    statement: &'static str,
    rejects: &'static [&'static Fault],
    run: fn(&Claim, &Setting<'_>) -> Evidence,
) -> Claim {
    Claim {
        id,
        source,
        paper,
        statement,
        kind: Kind::Exact,
        scope: Scope::Theory,
        expected: Expected::Holds,
        effect: None,
        policies: Policies::Any,
        hypotheses: &[],
        rejects,
        run,
    }
}
