//! Bounds on the steady state that are not in print, against the exact law of small systems.
//!
//! | statement | claim |
//! |---|---|
//! | E q_(i+1) <= rho E q_i, E q_i <= rho^i, where rho(G) < 1 | `cor-4.3-step` |
//! | E q_(i+1) <= kappa E q_i, kappa = lambda / lambda_c | `cor-4.3-critical` |
//! | E q_i >= q*_i where phi(G) = 0; distinct samples where servers are alike | `q-star-from-below` |
//! | E q_i >= N^-1 sum_v mu_v^i >= (lambda gamma^(d-1))^i | `tail-from-below` |
//!
//! **`cor-4.3-step`.** By (4.10) and (4.4), E Q_(i+1) <= rho E Q_i at each level, which is more
//! than the product over the levels that is printed, and sees a single level that is wrong.
//!
//! **`cor-4.3-critical`.** Let S be the servers of length i or more, and a(S) the rate of the tasks
//! that only S can serve: those whose samples all lie within S. In steady state they are what
//! raises Q_(i+1), so that E Q_(i+1) = E a(S). The critical load is the least |S| / f(S) with a(S)
//! = lambda f(S), hence a(S) <= kappa |S|: E Q_(i+1) <= kappa E Q_i. Nothing is asked of rho(G).
//!
//! **`q-star-from-below`.** By the same balance E q_(i+1) is lambda times the mean over task types
//! of E (q_i^w)^d, weighted with their rates. By Jensen's inequality, for the law and then for the
//! types, it is at least lambda (mean of E q_i^w)^d, and where phi(G) = 0 the mean of q_i^w is q_i.
//! So E q_(i+1) >= lambda (E q_i)^d, and q* is the solution with equality. With m = min(d, n)
//! distinct samples of n servers, the probability that all of m given servers have i tasks is at
//! least the product of theirs, since queue lengths of a monotone policy are associated (Harris
//! 1977). Where an automorphism that keeps the rates takes every server to every other (here:
//! complete graphs and cycles), each of these is E q_i, so that E q_(i+1) >= lambda (E q_i)^m.
//!
//! **`tail-from-below`.** A task whose d samples are all v joins v whatever the state. Such tasks
//! arrive at the rate mu_v = (lambda N / M) sum_(w in N_v) r_w d_w^-d, so that X_v stays above a
//! queue of load mu_v on the same clock, and P(X_v >= i) >= mu_v^i. By Jensen's inequality over v
//! the mean of mu_v^i is at least the i-th power of the mean, lambda M^-1 sum_w r_w d_w^(1-d); by
//! that of the power mean over w this is at least lambda gamma^(d-1). Tails are exponential where
//! gamma is bounded away from 0, and q* is not their limit.
//!
//! # Source
//! None in the paper, which has Corollary 4.3 and (4.10).

use num_traits::{One, Zero};
use rand::{Rng, RngExt};

use super::cases::Outcome;
use super::small_graphs::{self, Loads};
use super::{Claim, Evidence, Expected, Kind, Policies, Scope, Setting, show};
use crate::faults;
use crate::graph::BipartiteGraph;
use crate::graph::generate;
use crate::model::policy::Policy;
use crate::model::sample_law::SampleLaw;
use crate::model::{Load, Model};
use crate::num::ratio::{self, Ratio, ratio};
use crate::theory::exact::{Law, Options};

/// Corollary 4.3 level by level.
pub(crate) const COR_4_3_STEP: Claim = Claim {
    id: "cor-4.3-step",
    source: "Corollary 4.3 and its proof",
    paper: &["Corollary 4.3"],
    statement: "E q_(i+1)(infinity) <= rho(G) E q_i(infinity) and E q_i(infinity) <= rho(G)^i for \
        every i",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::MOMENT_BOUND_SHIFTED],
    run: cor_4_3_step,
};

/// Corollary 4.3 with the critical load in place of rho.
pub(crate) const COR_4_3_CRITICAL: Claim = Claim {
    id: "cor-4.3-critical",
    source: "Corollary 4.3 with the critical load, not in print",
    paper: &["Corollary 4.3"],
    statement: "E q_(i+1)(infinity) <= (lambda / lambda_c) E q_i(infinity) for every i, whatever \
        rho(G)",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LAW_ONE_SAMPLE_LESS],
    run: cor_4_3_critical,
};

/// No graph with phi(G) = 0 does better than q*.
pub(crate) const Q_STAR_FROM_BELOW: Claim = Claim {
    id: "q-star-from-below",
    source: "(4.10) and Jensen's inequality, not in print",
    paper: &["(4.10)"],
    statement: "E q_i(infinity) >= q*_i, every i, N, d, where phi(G) = 0 with replacement, or \
        servers are alike",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LAW_ONE_SAMPLE_MORE],
    run: q_star_from_below,
};

/// The tail is no lighter than that of the samples that are all one server.
pub(crate) const TAIL_FROM_BELOW: Claim = Claim {
    id: "tail-from-below",
    source: "samples that are all one server, not in print",
    paper: &["Section 5"],
    statement: "E q_i(infinity) >= N^-1 sum_v mu_v^i >= (lambda gamma^(d-1))^i, with \
        replacement: no tail is lighter",
    kind: Kind::Exact,
    scope: Scope::Theory,
    expected: Expected::Holds,
    effect: None,
    policies: Policies::Any,
    hypotheses: &[],
    rejects: &[faults::LAW_WITHOUT_REPLACEMENT],
    run: tail_from_below,
};

/// Queues are followed up to this length: a few thousand states, solved at once.
const CAP: u32 = 16;

/// Servers of a graph at most.
const SERVERS: u32 = 3;

/// A system with a steady state: graph, load, policy, critical load.
struct System {
    model: Model,
    d: u32,
    critical: Ratio,
}

impl System {
    /// A listed graph, or a random one, at so many tenths of its critical load.
    fn draw(case: u64, rng: &mut impl Rng, laws: &[SampleLaw]) -> Option<Self> {
        let listed = small_graphs::listed();
        let graph = match listed.into_iter().nth(case as usize) {
            Some((_, graph)) => graph,
            None => Self::graph(rng)?,
        };
        if graph.n_servers() > SERVERS {
            return None;
        }
        let law = laws[rng.random_range(0..laws.len())];
        let (policy, d) = match law {
            SampleLaw::Replacement(d) => (format!("jsq({d})"), d),
            SampleLaw::Distinct(d) => (format!("jsq({d}), distinct"), d),
            SampleLaw::All => ("jsq(all)".to_owned(), graph.n_servers()),
        };
        let policy: Policy = policy.parse().ok()?;
        let critical = small_graphs::critical_load(&graph, law)?;
        let load = Load::new(&critical * ratio(rng.random_range(2..=9), 10)).ok()?;
        let model = Model::with_policy(graph, load, policy, None).ok()?;
        Some(Self { model, d, critical })
    }

    /// Distinct samples on a graph each of whose servers an automorphism takes to each other one;
    /// d is the number of different servers that a task looks at.
    fn alike(rng: &mut impl Rng) -> Option<Self> {
        let (graph, degree) = match rng.random_range(0..4) {
            0 => (generate::complete(2, rng.random_range(1..=3)), 2),
            1 => (generate::complete(3, rng.random_range(1..=3)), 3),
            2 => (generate::circulant(3, 2), 2),
            _ => (generate::circulant(2, 1), 1),
        };
        let (law, policy, d): (_, Policy, _) = match rng.random_range(0..3) {
            0 => (SampleLaw::All, "jsq(all)".parse().ok()?, degree),
            at => {
                let d = at + 1;
                let policy = format!("jsq({d}), distinct").parse().ok()?;
                (SampleLaw::Distinct(d), policy, d.min(degree))
            }
        };
        let graph = graph.ok()?;
        let critical = small_graphs::critical_load(&graph, law)?;
        let load = Load::new(ratio(rng.random_range(2..=9), 10)).ok()?;
        let model = Model::with_policy(graph, load, policy, None).ok()?;
        Some(Self { model, d, critical })
    }

    fn graph(rng: &mut impl Rng) -> Option<BipartiteGraph> {
        let graph = loop {
            let graph = small_graphs::random(rng).ok()?;
            if graph.n_servers() <= SERVERS {
                break graph;
            }
        };
        if rng.random_bool(0.5) {
            return Some(graph);
        }
        let rates = (0..graph.n_task_types()).map(|_| ratio::whole(rng.random_range(1..=4)));
        graph.with_rates(&rates.collect::<Vec<_>>()).ok()
    }

    fn law(&self, setting: &Setting<'_>) -> Result<Law, Outcome> {
        let options = Options { cap: Some(CAP), ..Options::default() };
        (setting.instruments.stationary)(&self.model, &options).map_err(|error| {
            Outcome::violated(format!("below the critical load: {error}; {}", self.name()))
        })
    }

    fn name(&self) -> String {
        let graph = self.model.graph();
        let types: Vec<Vec<u32>> =
            (0..graph.n_task_types()).map(|w| graph.servers_of(w).iter().collect()).collect();
        let rates: Vec<String> =
            (0..graph.n_task_types()).map(|w| show(&graph.relative_rate(w))).collect();
        let (lambda, policy) = (show(self.model.load().exact()), self.model.policy());
        format!("{policy}, lambda = {lambda}, task types {types:?}, rates {rates:?}")
    }
}

const WITH_REPLACEMENT: [SampleLaw; 3] =
    [SampleLaw::Replacement(1), SampleLaw::Replacement(2), SampleLaw::Replacement(3)];

/// Samples that are servers chosen evenly, in the ways that a policy can draw them.
const LAWS: [SampleLaw; 6] = [
    SampleLaw::Replacement(1),
    SampleLaw::Replacement(2),
    SampleLaw::Replacement(3),
    SampleLaw::Distinct(2),
    SampleLaw::Distinct(3),
    SampleLaw::All,
];

fn cor_4_3_step(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let count = 60 * u64::from(setting.plan.effort);
    setting.cases(claim, count, "small systems with rho(G) < 1, every i", |case, rng| {
        let Some(system) = System::draw(case, rng, &LAWS) else { return Outcome::Skipped };
        let rho = (setting.instruments.rho)(&system.model);
        if rho >= Ratio::one() {
            return Outcome::Skipped;
        }
        let law = match system.law(setting) {
            Ok(law) => law,
            Err(outcome) => return outcome,
        };
        // Rounded upwards by more than the few roundings.
        let upwards = |value: &Ratio| ratio::to_f64(value) * (1.0 + 1e-12);
        let (step, mut least) = (upwards(&rho), f64::INFINITY);
        for (at, value) in law.q.iter().enumerate() {
            let i = at as u32 + 1;
            let moment = upwards(&(setting.instruments.moment_bound)(&rho, i));
            let before = if at == 0 { 1.0 } else { law.q[at - 1].upper };
            let bound = moment.min(step * before);
            if value.lower > bound {
                let found = format!(
                    "E q_{i} is at least {:e}, rho^{i} = {moment:e}, rho E q_{at} = {:e}; {}",
                    value.lower,
                    step * before,
                    system.name()
                );
                return Outcome::violated(found).by(bound - value.lower);
            }
            least = least.min(bound - value.lower);
        }
        Outcome::least(least, false)
    })
}

fn cor_4_3_critical(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let count = 60 * u64::from(setting.plan.effort);
    setting.cases(claim, count, "small systems, every i", |case, rng| {
        let Some(system) = System::draw(case, rng, &LAWS) else { return Outcome::Skipped };
        let law = match system.law(setting) {
            Ok(law) => law,
            Err(outcome) => return outcome,
        };
        // Rounded upwards by more than the two roundings.
        let kappa =
            ratio::to_f64(&(system.model.load().exact() / &system.critical)) * (1.0 + 1e-12);
        let mut least = f64::INFINITY;
        for (i, pair) in (1..).zip(law.q.windows(2)) {
            let (value, bound) = (pair[1].lower, kappa * pair[0].upper);
            if value > bound {
                let found = format!(
                    "E q_{} is at least {value:e}, kappa E q_{i} at most {bound:e}; {}",
                    i + 1,
                    system.name()
                );
                return Outcome::violated(found).by(bound - value);
            }
            least = least.min(bound - value);
        }
        Outcome::least(least, false)
    })
}

fn q_star_from_below(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let count = 120 * u64::from(setting.plan.effort);
    let of =
        "small systems with phi(G) = 0, or distinct samples of servers that are alike, every i";
    setting.cases(claim, count, of, |case, rng| {
        let drawn = if case % 4 == 3 {
            System::alike(rng)
        } else {
            System::draw(case, rng, &WITH_REPLACEMENT)
        };
        let Some(system) = drawn else { return Outcome::Skipped };
        if !Loads::of(system.model.graph()).are_equal() {
            return Outcome::Skipped;
        }
        let law = match system.law(setting) {
            Ok(law) => law,
            Err(outcome) => return outcome,
        };
        let (lambda, mut least, mut before) = (system.model.lambda(), f64::INFINITY, 1.0);
        for (i, value) in (1..).zip(&law.q) {
            // By the recursion, which gives q*_i from q*_0 = 1, and by q*_i itself: both from
            // below, since the relative error is far smaller.
            let step = lambda * f64::powi(before, system.d as i32);
            let limit = step.max((setting.instruments.fixed_point)(lambda, system.d, i));
            let limit = limit * (1.0 - 1e-12);
            if value.upper < limit {
                let found = format!(
                    "E q_{i} is at most {:e}, q*_{i} or lambda (E q_{})^d at least {limit:e}; {}",
                    value.upper,
                    i - 1,
                    system.name()
                );
                return Outcome::violated(found).by(value.upper - limit);
            }
            (least, before) = (least.min(value.upper - limit), value.lower.max(0.0));
        }
        Outcome::least(least, false)
    })
}

fn tail_from_below(claim: &Claim, setting: &Setting<'_>) -> Evidence {
    let count = 60 * u64::from(setting.plan.effort);
    setting.cases(claim, count, "small systems, every i", |case, rng| {
        let Some(system) = System::draw(case, rng, &WITH_REPLACEMENT) else {
            return Outcome::Skipped;
        };
        let law = match system.law(setting) {
            Ok(law) => law,
            Err(outcome) => return outcome,
        };
        let (graph, lambda) = (system.model.graph(), system.model.load().exact());
        let servers = ratio::whole(graph.n_servers().into());
        let types = ratio::whole(graph.n_task_types().into());
        let mut alone = vec![Ratio::zero(); graph.n_servers() as usize];
        for w in 0..graph.n_task_types() {
            let of_type = graph.servers_of(w);
            let all = ratio::power(&ratio::whole(of_type.len() as u64), system.d);
            let rate = lambda * &servers / &types * graph.relative_rate(w) / all;
            of_type.iter().for_each(|v| alone[v as usize] += &rate);
        }
        let gamma = lambda * ratio::power(&small_graphs::gamma(graph), system.d - 1);
        let mean = alone.iter().sum::<Ratio>() / &servers;
        let (mut powers, mut least) = (vec![Ratio::one(); alone.len()], f64::INFINITY);
        for (i, value) in (1..).zip(&law.q) {
            powers.iter_mut().zip(&alone).for_each(|(power, mu)| *power *= mu);
            let bound = powers.iter().sum::<Ratio>() / &servers;
            if bound < ratio::power(&mean, i) || mean < gamma {
                let [bound, mean, gamma] = [&bound, &mean, &gamma].map(show);
                let found = format!(
                    "N^-1 sum_v mu_v^{i} = {bound}, N^-1 sum_v mu_v = {mean}, lambda gamma^(d-1) = \
                     {gamma}; {}",
                    system.name()
                );
                return Outcome::violated(found);
            }
            let bound = ratio::to_f64(&bound) * (1.0 - 1e-12);
            if value.upper < bound {
                let found = format!(
                    "E q_{i} is at most {:e}, N^-1 sum_v mu_v^{i} = {bound:e}; {}",
                    value.upper,
                    system.name()
                );
                return Outcome::violated(found).by(value.upper - bound);
            }
            least = least.min(value.upper - bound);
        }
        Outcome::least(least, false)
    })
}
