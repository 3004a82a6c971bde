//! The catalogue: every numbered statement of the paper, in its order, with the claims that cover
//! it or the reason why none does.
//!
//! It starts from the paper's side, so that nothing is forgotten: a test counts the numbers of each
//! section, and fails on a statement without a claim and without a reason. Which claims cover a
//! statement is not written here: they [say so](Claim::paper).
//!
//! # Source
//! Rutten and Mukherjee, *Mean-field analysis for load balancing on spatial graphs*.

use super::{Claim, all};

/// A numbered statement of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its label, as claims name it: `(2.1)`, `Theorem 3.8`, `Figure 2`.
    pub label: &'static str,
    /// The label of the statement that it belongs to, its own where it stands for itself: an
    /// equation of a proof belongs to what is proved.
    pub group: &'static str,
    /// What it says, in at most 100 characters.
    pub text: &'static str,
    /// The file under `src/` that computes it; empty where only the claims do.
    pub here: &'static str,
    /// Why no claim covers it; `None` where one does.
    pub uncovered: Option<&'static str>,
}

const fn at(
    label: &'static str,
    group: &'static str,
    here: &'static str,
    text: &'static str,
) -> Statement {
    Statement { label, group, text, here, uncovered: None }
}

impl Statement {
    const fn no_claim(self, why: &'static str) -> Self {
        Self { uncovered: Some(why), ..self }
    }

    /// The claims that cover it, in the order of the registry.
    pub fn claims(&self) -> impl Iterator<Item = &'static Claim> + use<> {
        let label = self.label;
        all().filter(move |claim| claim.paper.contains(&label))
    }
}

const MODEL: &str = "Section 2";
const REM_1: &str = "Remark 1";
const THM_3_1: &str = "Theorem 3.1";
const COR_3_4: &str = "Corollary 3.4";
const COR_3_6: &str = "Corollary 3.6";
const THM_3_8: &str = "Theorem 3.8";
const PROP_3_9: &str = "Proposition 3.9";
const THM_3_10: &str = "Theorem 3.10";
const PROP_4_1: &str = "Proposition 4.1";
const COR_4_3: &str = "Corollary 4.3";
const LEMMA_4_4: &str = "Lemma 4.4";
const LEMMA_4_5: &str = "Lemma 4.5";
const LEMMA_C_1: &str = "Lemma C.1";
const LEMMA_C_2: &str = "Lemma C.2";
const FIGURES: &str = "Section 5";

/// Every numbered statement, in the order of the paper.
// A row is a line, its reason another.
#[rustfmt::skip]
pub const STATEMENTS: &[Statement] = &[
    at("Section 1.2", "Section 1.2", "subject/mod.rs",
        "a counterexample, congestion in one place of a spatial graph"),
    at("Figure 1", FIGURES, "figures/draw/figure_1.rs", "global against local edges")
        .no_claim("a picture of two graphs, which `fluidcheck figures` draws"),
    at("Section 2", MODEL, "model/mod.rs", "the model of graph, arrivals, samples and queues"),
    at("(2.1)", MODEL, "model/loads.rs", "rho(G), the largest load of random routing"),
    at("Remark 1", REM_1, "theory/stability/mod.rs", "when the queue lengths are ergodic"),
    at("(2.2)", REM_1, "theory/stability/mod.rs",
        "the criterion of ergodicity, by a split over the servers sampled"),
    at("(2.3)", MODEL, "graph/metrics.rs",
        "phi(G), the irregularity, and gamma(G), the mean inverse degree"),
    at("(2.4)", THM_3_1, "", "the bound of Theorem 3.1, announced")
        .no_claim("the right-hand side of (3.1), which `thm-3.1` checks"),
    at("Theorem 3.1", THM_3_1, "estimate/bracketing.rs",
        "the steady state is close to q* where phi and gamma are small"),
    at("(3.1)", THM_3_1, "theory/mean_field/fixed_point.rs",
        "the bound on the l2 distance of the steady state from q*"),
    at("Corollary 3.2", THM_3_1, "estimate/bracketing.rs",
        "convergence to q* as max(phi, gamma) tends to 0"),
    at("Remark 2", THM_3_1, "estimate/bracketing.rs", "the same in every l_p distance"),
    at("Definition 3.3", COR_3_4, "graph/generate/geometric.rs",
        "random bipartite geometric graphs"),
    at("Corollary 3.4", COR_3_4, "graph/generate/geometric.rs",
        "convergence to q* on geometric graphs of growing degree"),
    at("(3.2)", COR_3_4, "", "mean degrees that grow faster than ln N")
        .no_claim("a hypothesis; `cor-3.4` takes mean degrees (ln N)^2 and sqrt(N)"),
    at("Remark 3", COR_3_4, "", "why Corollary 3.4 speaks of all N large enough")
        .no_claim("a comment; `fig-2` shows geometric graphs without a steady state"),
    at("Definition 3.5", COR_3_6, "graph/metrics.rs", "regular bipartite graphs"),
    at("Corollary 3.6", COR_3_6, "graph/generate/regular.rs",
        "convergence to q* on regular graphs of growing degree"),
    at("(3.3)", COR_3_6, "graph/metrics.rs", "regular graphs have phi(G) = 0"),
    at("Definition 3.7", PROP_3_9, "", "stochastic order")
        .no_claim("a definition; the couplings of `prop-3.9-mass` and `prop-3.9-samples` are its \
            spaces"),
    at("Theorem 3.8", THM_3_8, "theory/constants.rs",
        "the time to come close to the steady state does not grow with N"),
    at("(3.4)", THM_3_8, "theory/constants.rs", "the bound on the distance at time t"),
    at("Proposition 3.9", PROP_3_9, "simulate/coupled/mod.rs",
        "coupled systems stay ordered along every path"),
    at("Theorem 3.10", THM_3_10, "theory/constants.rs",
        "paths stay close to (3.5) where phi, gamma and the start's spread are small"),
    at("(3.5)", THM_3_10, "theory/mean_field/right_hand_side.rs", "the mean-field equations"),
    at("(3.6)", THM_3_10, "theory/constants.rs", "the bound on the largest distance until t"),
    at("Corollary 3.11", THM_3_10, "theory/mean_field/stepper.rs",
        "paths converge to (3.5) from i.i.d. queues"),
    at("(3.7)", THM_3_10, "theory/mean_field/stepper.rs",
        "the limit of the largest distance until t"),
    at("Remark 4", THM_3_10, "", "comparison with earlier process-level limits")
        .no_claim("a comparison with other papers"),
    at("Proposition 4.1", PROP_4_1, "estimate/bracketing.rs",
        "rho(G) < 1 gives a unique steady state"),
    at("Lemma 4.2", PROP_4_1, "model/mod.rs",
        "the drift of the number of tasks at level i and above"),
    at("(4.1)", PROP_4_1, "model/mod.rs", "that drift"),
    at("(4.2)", PROP_4_1, "", "the expected change over a short time h")
        .no_claim("no claim yet: its term of first order is `lemma-4.2`, its bound on the rest is \
            not checked"),
    at("(4.3)", PROP_4_1, "model/mod.rs", "the derivative, from (4.2)"),
    at("(4.4)", PROP_4_1, "simulate/occupancy.rs", "local occupancies sum to at most rho Q_i"),
    at("(4.5)", PROP_4_1, "model/mod.rs", "the drift of V, the sum over all levels"),
    at("(4.6)", PROP_4_1, "", "V at time 0 is finite")
        .no_claim("a finite sum; it serves the exchange of derivative and sum in (4.5)"),
    at("(4.7)", PROP_4_1, "", "the derivative of partial sums of V")
        .no_claim("a finite sum of (4.1), which `lemma-4.2` checks"),
    at("(4.8)", PROP_4_1, "", "partial sums converge uniformly")
        .no_claim("no claim yet: an exchange of limits; its inequality at each time is (4.4)"),
    at("(4.9)", PROP_4_1, "model/mod.rs", "the drift of V is negative outside a finite set"),
    at("Corollary 4.3", COR_4_3, "estimate/bracketing.rs", "E q_i(infinity) <= rho^i"),
    at("(4.10)", COR_4_3, "estimate/bracketing.rs",
        "the balance of flow at level i in steady state"),
    at("Lemma 4.4", LEMMA_4_4, "model/mod.rs", "the divided difference of x^d is nondecreasing"),
    at("(4.11)", LEMMA_4_4, "model/mod.rs", "its inequality for ordered pairs"),
    at("(4.12)", PROP_3_9, "model/mod.rs", "the probability that a task joins a server"),
    at("(4.13)", PROP_3_9, "simulate/coupled/shared_mass.rs",
        "the coupling by shared probability mass"),
    at("(4.14)", PROP_3_9, "simulate/occupancy.rs",
        "ordered queues have ordered local occupancies"),
    at("(4.15)", PROP_3_9, "", "a server of equal queues is not likelier in the lower system")
        .no_claim("no claim yet: follows from (4.11), (4.12) and (4.14); `eq-4.13` checks its \
            purpose, every U keeps the order"),
    at("(4.16)", THM_3_8, "theory/constants.rs", "the weighted distance V falls at a rate"),
    at("(4.17)", THM_3_8, "", "V at time 0 is finite")
        .no_claim("a sum that converges; it serves the exchange of derivative and sum in (4.16)"),
    at("(4.18)", THM_3_8, "model/mod.rs", "the derivative of partial sums of V"),
    at("(4.19)", LEMMA_4_4, "model/mod.rs", "x^d - y^d <= d (x - y)"),
    at("(4.20)", THM_3_8, "simulate/occupancy.rs", "(4.4) for the difference of ordered systems"),
    at("(4.21)", THM_3_8, "simulate/occupancy.rs", "V as one sum over levels"),
    at("(4.22)", THM_3_8, "theory/constants.rs",
        "V against the sum of the distances, from both sides"),
    at("(4.23)", THM_3_8, "", "a linear program and its dual"),
    at("(4.24)", THM_3_8, "", "the value of a dual solution"),
    at("(4.25)", THM_3_8, "", "that value at the best level"),
    at("(4.26)", THM_3_8, "theory/constants.rs", "the rate of (4.16) as a power of V")
        .no_claim("no claim yet: (4.25) with (4.22); its constants are checked in \
            `bounds-constants`"),
    at("(4.27)", THM_3_8, "theory/constants.rs", "the solution of the differential inequality, c1"),
    at("(4.28)", THM_3_8, "theory/constants.rs", "V at time 0 is at most c2"),
    at("(4.29)", THM_3_8, "theory/constants.rs", "the bound with its constants"),
    at("Lemma 4.5", LEMMA_4_5, "model/mod.rs",
        "Q_i^w without its drift is a martingale of known variation"),
    at("(4.30)", LEMMA_4_5, "model/mod.rs", "the martingale M_i^w"),
    at("(4.31)", LEMMA_4_5, "model/mod.rs", "its expected quadratic variation"),
    at("(4.32)", THM_3_10, "", "the distance of q_i^w from (3.5), in four parts")
        .no_claim("no claim yet: (4.30) less (3.5) and the triangle inequality"),
    at("(4.33)", THM_3_10, "theory/constants.rs", "the arrivals' part, first step"),
    at("(4.34)", THM_3_10, "theory/constants.rs", "the arrivals' part, by Lemma C.1 and phi(G)"),
    at("(4.35)", THM_3_10, "theory/constants.rs", "the arrivals' part, summed over task types"),
    at("(4.36)", THM_3_10, "", "the departures' part")
        .no_claim("the triangle inequality"),
    at("(4.37)", THM_3_10, "theory/constants.rs", "the square of the distance at level i, c1")
        .no_claim("no claim yet: Cauchy and Schwarz on (4.33) to (4.36); its c1 is checked in \
            `bounds-constants`"),
    at("(4.38)", THM_3_10, "theory/constants.rs", "the same, summed over levels, c2")
        .no_claim("no claim yet: the sum of (4.37); its c2 is checked in `bounds-constants`"),
    at("(4.39)", THM_3_10, "simulate/occupancy.rs",
        "the squares of the shares of all lengths sum to at most M"),
    at("(4.40)", THM_3_10, "theory/constants.rs", "the bound on the local distances"),
    at("(4.41)", THM_3_10, "simulate/occupancy.rs", "from local to global distances"),
    at("(4.42)", THM_3_10, "simulate/occupancy.rs", "local occupancies sum to Q_i within phi Q_i"),
    at("(4.43)", THM_3_10, "theory/constants.rs",
        "(4.40) and (4.41) together: (3.6) with its constant"),
    at("(4.44)", THM_3_1, "theory/mean_field/linearisation.rs",
        "(3.5) comes close to q* exponentially fast"),
    at("(4.45)", THM_3_1, "", "Theorems 3.8 and 3.10 and (4.44), added up")
        .no_claim("(a + b + c)^2 <= 3 (a^2 + b^2 + c^2) and x^2 <= |x| for |x| <= 1, which no \
            system can fail; the bounds are `thm-3.8`, `thm-3.10` and `eq-4.44`, their sum is \
            compared in `err-4.47-corrected` and `err-4.48-corrected`"),
    at("(4.46)", THM_3_1, "theory/constants.rs", "the time at which the bounds meet"),
    at("(4.47)", THM_3_1, "theory/constants.rs", "(3.1) where eta is small"),
    at("(4.48)", THM_3_1, "", "(3.1) where eta is not small"),
    at("(4.49)", COR_3_4, "", "the Chernoff bound on a degree"),
    at("(4.50)", COR_3_4, "graph/generate/geometric.rs", "all degrees are close to their means"),
    at("(4.51)", COR_3_4, "graph/metrics.rs", "then all loads are close to lambda"),
    at("(4.52)", COR_3_4, "graph/metrics.rs", "then phi is small"),
    at("(4.53)", COR_3_4, "graph/metrics.rs", "then gamma is small"),
    at("Section 5", FIGURES, "figures/mod.rs", "the experiments on random graphs"),
    at("Figure 2", FIGURES, "figures/draw/figure_2.rs", "mean queue lengths against N"),
    at("Figure 3", FIGURES, "figures/draw/figure_3.rs", "paths from empty against (3.5)"),
    at("Figure 4", FIGURES, "figures/draw/figure_4.rs", "tails of the queue lengths"),
    at("(A.1)", LEMMA_4_4, "model/mod.rs", "the divided difference, expanded"),
    at("(A.2)", LEMMA_4_4, "model/mod.rs", "its derivative in y, expanded"),
    at("(A.3)", LEMMA_4_4, "", "from the first pair to the second")
        .no_claim("the chain of (A.1) and (A.2); `lemma-4.4` checks its ends"),
    at("(B.1)", LEMMA_4_5, "", "the probability that an arriving task joins a server")
        .no_claim("(4.12) averaged over task types; `lemma-4.5-drift` sums it over the servers of \
            a length"),
    at("(B.2)", LEMMA_4_5, "", "the expected change of Q_i^w over a short time h")
        .no_claim("no claim yet: its term of first order is `lemma-4.5-drift`, its bound on the \
            rest is not checked"),
    at("(B.3)", LEMMA_4_5, "model/mod.rs", "the drift of Q_i^w"),
    at("(B.4)", LEMMA_4_5, "", "the drift, integrated")
        .no_claim("(B.3) by Fubini's theorem; along paths it is `lemma-4.5`"),
    at("(B.5)", LEMMA_4_5, "", "M_i^w is bounded, so square-integrable")
        .no_claim("Q_i^w is at most d_w and both rates are at most their values with all servers \
            busy: it bounds a formula, whatever the path, so that no system can fail it; the \
            martingale itself is `lemma-c.2`"),
    at("(B.6)", LEMMA_4_5, "model/mod.rs", "the rate of the jumps of Q_i^w"),
    at("Lemma C.1", LEMMA_C_1, "model/mod.rs", "the divided difference of x^d is Lipschitz"),
    at("(C.1)", LEMMA_C_1, "model/mod.rs", "its inequality"),
    at("(C.2)", LEMMA_C_1, "model/mod.rs", "(A.1) again"),
    at("(C.3)", LEMMA_C_1, "model/mod.rs", "the constant K = (2^d - 1)(d - 1)"),
    at("Lemma C.2", LEMMA_C_2, "theory/constants.rs",
        "the martingales of Lemma 4.5 are small where gamma is"),
    at("(C.4)", LEMMA_C_2, "theory/constants.rs", "the bound on their squares"),
    at("(C.5)", LEMMA_C_2, "model/mod.rs", "Doob's inequality and the rate of the jumps"),
    at("(C.6)", LEMMA_C_2, "theory/constants.rs", "(C.5) summed over levels and task types")
        .no_claim("the sum of (C.5), which is (C.4)"),
];

/// The statement with this label.
pub fn find(label: &str) -> Option<&'static Statement> {
    STATEMENTS.iter().find(|statement| statement.label == label)
}

/// The statements that others belong to, in the order of the paper: one for each group.
pub fn groups() -> impl Iterator<Item = &'static Statement> {
    STATEMENTS.iter().filter(|statement| statement.group == statement.label)
}

/// The statement to whose group a claim belongs, by the first of its labels; `None` for the claims
/// on the crate's own parts that no statement of the paper is about.
pub fn group_of(claim: &Claim) -> Option<&'static Statement> {
    find(find(claim.paper.first()?)?.group)
}

/// Claims that are reported together: those about one statement and what belongs to it, in the
/// order of the paper; the claims that no statement is about come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(usize);

impl Group {
    /// The group of a claim.
    pub fn of(claim: &Claim) -> Self {
        let statement = group_of(claim);
        let place = groups().position(|group| Some(group) == statement);
        Self(place.unwrap_or_else(|| groups().count()))
    }

    /// What reports call it.
    pub fn title(self) -> String {
        groups().nth(self.0).map_or_else(
            || "The harness itself: clocks, estimates, files, tests".to_owned(),
            |group| format!("{}: {}", group.label, group.text),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of equations and of named statements, Section by Section.
    const NUMBERED: [(&str, usize, usize); 6] =
        [("2", 4, 0), ("3", 7, 11), ("4", 53, 5), ("A", 3, 0), ("B", 6, 0), ("C", 6, 2)];

    #[test]
    fn no_number_of_the_paper_is_missing_out_of_order_or_there_twice() {
        let mut expected = 0;
        for (section, equations, named) in NUMBERED {
            let numbers = |prefix: &str, suffix: &str| -> Vec<String> {
                let named = prefix.is_empty();
                let number = |label: &'static str| match label.split_once(' ') {
                    Some(("Theorem" | "Corollary" | "Lemma" | "Proposition" | "Definition", n)) => {
                        named.then_some(n)
                    }
                    Some(_) => None,
                    None => label.strip_prefix('(')?.strip_suffix(')').filter(|_| !named),
                };
                let start = format!("{section}.");
                let all = STATEMENTS.iter().filter_map(|statement| number(statement.label));
                all.filter(|n| n.starts_with(&start))
                    .map(|n| format!("{prefix}{n}{suffix}"))
                    .collect()
            };
            let counted = |prefix: &str, suffix: &str, count| -> Vec<String> {
                (1..=count).map(|n| format!("{prefix}{section}.{n}{suffix}")).collect()
            };
            assert_eq!(numbers("(", ")"), counted("(", ")", equations));
            assert_eq!(numbers("", ""), counted("", "", named));
            expected += equations + named;
        }
        for (kind, count) in [("Remark", 4), ("Figure", 4)] {
            let labels = STATEMENTS.iter().filter(|statement| statement.label.starts_with(kind));
            let labels: Vec<&str> = labels.map(|statement| statement.label).collect();
            assert_eq!(labels, (1..=count).map(|n| format!("{kind} {n}")).collect::<Vec<_>>());
            expected += count;
        }
        // Sections 1.2, 2 and 5 have no number of this kind.
        assert_eq!(STATEMENTS.len(), expected + 3);
    }

    #[test]
    fn every_statement_has_a_claim_or_a_reason_and_not_both() {
        for statement in STATEMENTS {
            let claims: Vec<_> = statement.claims().map(|claim| claim.id).collect();
            let reason = statement.uncovered;
            assert_eq!(claims.is_empty(), reason.is_some(), "{}: {claims:?}", statement.label);
            assert!(statement.text.len() <= 100, "{}", statement.label);
            let named = reason.into_iter().flat_map(|reason| reason.split('`').skip(1).step_by(2));
            for id in named.filter(|id| !id.contains(' ')) {
                assert!(crate::claims::find(id).is_ok(), "{}: no claim {id}", statement.label);
            }
        }
    }

    #[test]
    fn every_label_of_a_claim_is_in_the_catalogue_and_every_group_is_a_statement() {
        for claim in all() {
            for label in claim.paper {
                assert!(find(label).is_some(), "{}: no statement {label}", claim.id);
            }
            assert_eq!(group_of(claim).is_none(), claim.paper.is_empty(), "{}", claim.id);
        }
        for statement in STATEMENTS {
            assert!(groups().any(|group| group.label == statement.group), "{}", statement.label);
        }
    }
}
