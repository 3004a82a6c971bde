//! Do the picks of one path follow the promised law, and which others are excluded?
//!
//! Only picks are bet on: whose task arrives, and who serves it, is the business of
//! [`super::EventTest`]. So a picker is decided on its picks.
//!
//! | wealth against the promise | of |
//! |---|---|
//! | every declared rival at every share | [`super::rivals`] |
//! | each small state, their mean and their product | [`super::by_state`] |
//! | lengths, ranks, servers, learned | [`super::learned`] |
//!
//! *Violated*: the mean of these four reaches 2 / alpha, or a pick is one that the promise never
//! makes. What a pass excludes has the other half of alpha, half of it for the share of the picks
//! that a rival decides, half for the distance in the states.
//!
//! # Source
//! Ville's inequality.

use rustc_hash::FxHashMap;

use super::by_state::States;
use super::learned::{self, Candidates, Learned};
use super::picks::{Pick, Picks};
use super::rivals::{Rival, Rivals};
use crate::claims::Excluded;
use crate::model::policy::Policy;
use crate::model::{Event, Model};
use crate::stats::{log_mean_exp, spending};

/// The mixture is taken when the picks have grown by one part in so many: a verdict comes later by
/// no more than that.
const LOOKS: u64 = 50;

/// Candidates for which everything is learned at every pick; of more at one pick of so many times
/// that.
const LEARNED_AT_EVERY_PICK: u64 = 1024;

/// What the picks of a path tell of the promised policy.
#[derive(Clone, Debug)]
pub struct PickTest {
    model: Model,
    promise: Picks,
    rivals: Rivals,
    states: States,
    learned: Learned,
    edges: FxHashMap<u32, usize>,
    alpha: f64,
    picks: u64,
    next_look: u64,
    violated: bool,
    impossible: Option<String>,
}

impl PickTest {
    /// A test of the picks of paths of `model`, from the queue lengths `start`; wrong with
    /// probability at most `alpha`.
    ///
    /// # Panics
    /// Unless `start` has one length per server and 0 < alpha < 1.
    pub fn new(model: &Model, start: &[u32], alpha: f64) -> Self {
        let graph = model.graph();
        assert_eq!(start.len(), graph.n_servers() as usize, "one queue length per server");
        assert!(alpha > 0.0 && alpha < 1.0, "alpha = {alpha} is no probability");
        spending::record(alpha);
        let degrees = (0..graph.n_task_types()).map(|w| graph.task_degree(w));
        Self {
            model: model.clone(),
            promise: Picks::of(model, start),
            rivals: Rivals::of(model, start),
            states: States::default(),
            learned: Learned::new(),
            edges: learned::edge_offsets(degrees),
            alpha,
            picks: 0,
            next_look: 1,
            violated: false,
            impossible: None,
        }
    }

    /// Goes on with another path from these lengths; nothing is remembered of the path before.
    pub fn restart(&mut self, start: &[u32]) {
        self.promise.restart(start);
        self.rivals.restart(start);
        self.learned.restart();
    }

    /// Takes the next event, given all lengths before it. What is no pick among the servers of a
    /// type is not its business.
    pub fn observe(&mut self, event: Event, lengths: &[u32]) {
        match event {
            Event::Service { server } => {
                if lengths.get(server as usize).is_some_and(|&length| length > 0) {
                    self.promise.served(server);
                    self.rivals.served(server);
                }
            }
            Event::Arrival { task_type, server } => {
                let graph = self.model.graph();
                if task_type < graph.n_task_types()
                    && let Some(place) = graph.servers_of(task_type).position(server)
                {
                    self.observe_pick(task_type, server, place, lengths);
                }
            }
            Event::Lost { .. } => {}
        }
    }

    fn observe_pick(&mut self, task_type: u32, server: u32, place: usize, lengths: &[u32]) {
        if self.impossible.is_some() {
            return;
        }
        self.picks += 1;
        let seen = self.promise.seen(task_type, lengths);
        let turn = self.promise.turn(task_type);
        let pick = self.promise.next(task_type, &seen);
        if !pick.allows(place) {
            self.rivals.refute_those_that_never(task_type, place, lengths);
            self.impossible = Some(format!(
                "server {server} got a task of type {task_type} at lengths {seen:?}, where {} \
                 gives it to others",
                self.model.policy()
            ));
            self.violated = true;
            return;
        }
        if let Pick::Law(law) = &pick {
            self.states.observe(task_type, turn, &seen, law, place);
            let every = 1 + (seen.len() as u64 - 1) / LEARNED_AT_EVERY_PICK;
            if self.picks.is_multiple_of(every) {
                let servers: Vec<u32> = self.model.graph().servers_of(task_type).iter().collect();
                let edge = self.edges.get(&task_type).copied().unwrap_or(usize::MAX / 2);
                let (servers, seen) = (&servers[..], &seen[..]);
                self.learned.observe(&Candidates { task_type, servers, edge, seen, law }, place);
            }
        }
        let promised = match &pick {
            Pick::Law(law) => Some(law[place]),
            Pick::OneOf(_) => None,
        };
        self.rivals.observe(task_type, place, promised, lengths);
        self.promise.joined(task_type, place, lengths);
        if self.picks >= self.next_look {
            self.next_look = self.picks + 1 + self.picks / LOOKS;
            self.violated |= self.log_e() >= (2.0 / self.alpha).ln();
        }
    }

    /// How many picks there were.
    pub fn picks(&self) -> u64 {
        self.picks
    }

    /// Whether the promise is rejected.
    pub fn is_violated(&self) -> bool {
        self.violated
    }

    /// ln of the mixture's wealth against the promise; of the picks that it allows.
    fn log_of_allowed(&self) -> f64 {
        let states = [self.states.log_mean(), self.states.log_product()];
        let others = [self.rivals.log_e(), self.learned.log_e()];
        log_mean_exp(states.into_iter().chain(others))
    }

    /// ln of the wealth against the promise.
    pub fn log_e(&self) -> f64 {
        if self.impossible.is_some() { f64::INFINITY } else { self.log_of_allowed() }
    }

    /// The error probability of the largest share, and of the distances.
    fn alpha_of_pass(&self) -> f64 {
        self.alpha / 4.0
    }

    /// Whether every declared policy of another law is rejected as a whole policy.
    pub fn tells_all(&self) -> bool {
        let all = self.rivals.all().iter();
        all.map(|rival| rival.excluded_share(self.alpha_of_pass())).all(|share| share.is_some())
    }

    /// What a pass excludes, rival by rival.
    pub fn excluded(&self) -> Excluded {
        let names = |all: &[Policy]| all.iter().map(Policy::to_string).collect();
        let alpha = self.alpha_of_pass();
        let of = |rival: &Rival| (rival.policy.to_string(), rival.excluded_share(alpha));
        Excluded {
            share: self.rivals.excluded_share(alpha).map_or(Some(0.0), |(share, _)| share),
            rivals: self.rivals.all().iter().map(of).collect(),
            same_law: names(&self.others_of_the_same_law()),
            not_tried: names(&self.rivals.left_out),
            mixture: self.rivals.mixture(),
        }
    }

    fn others_of_the_same_law(&self) -> Vec<Policy> {
        let own = self.model.policy();
        self.rivals.equal.iter().filter(|policy| *policy != own).cloned().collect()
    }

    /// What a pass excludes, in words.
    pub fn excludes(&self) -> String {
        let mut words = self.share_in_words();
        if let Some((states, picks, distance)) = self.states.usual_distance(self.alpha_of_pass()) {
            words.push_str(&format!(
                "; in the {states} commonest states, with {picks} picks or more, the counts allow \
                 a distance of {distance:.3} from the law"
            ));
        }
        words
    }

    fn share_in_words(&self) -> String {
        let policies = |all: &[Policy]| {
            all.iter().map(|policy| format!("`{policy}`")).collect::<Vec<_>>().join(", ")
        };
        let mut words = match self.rivals.excluded_share(self.alpha_of_pass()) {
            None => "no declared policy has another law here".to_owned(),
            Some((Some(share), policy)) => format!(
                "no single rival of this list decides more than {} % of the picks, in every state \
                 alike (most: `{policy}`)",
                percent(share)
            ),
            Some((None, _)) => {
                let all = self.rivals.all().iter();
                let standing =
                    all.filter(|rival| rival.excluded_share(self.alpha_of_pass()).is_none());
                let standing: Vec<Policy> = standing.map(|rival| rival.policy.clone()).collect();
                format!("not told from {} yet", policies(&standing))
            }
        };
        let equal = self.others_of_the_same_law();
        if !equal.is_empty() {
            words.push_str(&format!("; the same law here: {}", policies(&equal)));
        }
        if !self.rivals.left_out.is_empty() {
            words.push_str(&format!("; not tried: {}", policies(&self.rivals.left_out)));
        }
        if let Some(mixture) = self.rivals.mixture() {
            words.push_str(&format!("; mixtures of rivals are not excluded, {mixture}"));
        }
        words
    }

    /// What speaks most against the promise: the pick that it never makes, or the richest bet, with
    /// the counts of a state; then the declared policies that stand instead.
    pub fn strongest(&self) -> String {
        let found = self.impossible.clone().unwrap_or_else(|| self.richest());
        let standing = self.rivals.standing(self.log_of_allowed(), self.alpha / 2.0);
        let names: Vec<String> = standing.iter().map(|policy| format!("`{policy}`")).collect();
        match names.as_slice() {
            [] => format!("{found}; no declared policy stands"),
            [name] => format!("{found}; {name} stands"),
            names if names.len() <= 3 => format!("{found}; {} stand", names.join(", ")),
            names => format!("{found}; {} declared policies stand", names.len()),
        }
    }

    fn richest(&self) -> String {
        let of_learned = learned::NAMES.into_iter().zip(self.learned.log_wealths());
        let mut best = (self.states.log_mean(), "picks in one state".to_owned());
        let product = (self.states.log_product(), "picks in all small states".to_owned());
        let rivals = (self.rivals.log_e(), "picks of a rival".to_owned());
        let others = [product, rivals].into_iter();
        for other in others.chain(of_learned.map(|(name, log)| (log, name.to_owned()))) {
            if other.0 > best.0 {
                best = other;
            }
        }
        let state = self.states.worst().filter(|state| state.log_wealth() > 0.0);
        let state = state.map_or(String::new(), |state| {
            let law: Vec<String> = state.law.iter().map(|p| format!("{p:.3}")).collect();
            format!(
                "; worst state: type {} at lengths {:?} joined {:?} times of {}, law ({})",
                state.task_type,
                state.lengths,
                state.counts,
                state.picks,
                law.join(", ")
            )
        });
        format!("{}{state}", best.1)
    }
}

/// A share in per cent, with two digits at least.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 10.0 { format!("{percent:.0}") } else { format!("{percent:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::model::Load;
    use crate::random::stream_rng;
    use rand::RngExt;

    fn model(n: u32, policy: &str) -> Model {
        let graph = BipartiteGraph::complete(n, 1).unwrap();
        let load = Load::try_from(0.5).unwrap();
        Model::with_policy(graph, load, policy.parse().unwrap(), None).unwrap()
    }

    /// The test after so many picks by another policy with this share, else by the promised one, in
    /// states drawn anew.
    fn after(picks: u64, promise: &str, other: &str, share: f64) -> PickTest {
        let other: Policy = other.parse().unwrap();
        let own: Policy = promise.parse().unwrap();
        let model = model(4, promise);
        let mut test = PickTest::new(&model, &[0; 4], 1e-6);
        let mut rng = stream_rng(11, 0);
        for _ in 0..picks {
            let lengths: Vec<u32> = (0..4).map(|_| rng.random_range(0..4)).collect();
            test.restart(&lengths);
            let policy = if rng.random_bool(share) { &other } else { &own };
            let samples = policy.samples(4, None, 0, &mut rng);
            let server = policy.pick(&samples, &lengths, None, 0).place;
            test.observe(Event::Arrival { task_type: 0, server }, &lengths);
        }
        test
    }

    #[test]
    fn a_right_picker_excludes_more_the_longer_it_runs() {
        // A fixed seed: a regression test.
        let shares = [1_000, 10_000, 60_000].map(|picks| {
            let test = after(picks, "jsq(2), replacement", "random", 0.0);
            assert!(!test.is_violated(), "{}", test.strongest());
            // Sights differ only along paths, which begin anew here at each pick.
            let sees_now =
                |(policy, _): &(String, _)| policy.parse::<Policy>().unwrap().is_markov();
            let all = test.excluded().rivals.into_iter().filter(sees_now);
            all.map(|(_, share)| share.unwrap_or(2.0)).fold(0.0, f64::max)
        });
        assert!(shares[0] > shares[1] && shares[1] > shares[2], "{shares:?}");
        assert!(shares[2] <= 0.25, "{shares:?}");
    }

    #[test]
    fn a_contaminated_picker_is_violated() {
        for (other, share) in [("random", 0.1), ("idle-first", 0.2), ("jsq(2), ties lowest", 0.3)] {
            let test = after(40_000, "jsq(2), replacement", other, share);
            assert!(test.is_violated(), "{other} for {share}: {}", test.log_e());
        }
    }

    #[test]
    fn a_pick_that_the_promise_never_makes_names_what_stands() {
        let mut test = PickTest::new(&model(3, "jsq(all)"), &[1, 0, 1], 1e-6);
        test.observe(Event::Arrival { task_type: 0, server: 1 }, &[1, 0, 1]);
        assert!(!test.is_violated() && test.picks() == 1);
        test.observe(Event::Arrival { task_type: 0, server: 0 }, &[1, 1, 1]);
        test.observe(Event::Arrival { task_type: 0, server: 0 }, &[2, 1, 1]);
        assert!(test.is_violated() && test.log_e() == f64::INFINITY);
        assert!(test.strongest().contains("[2, 1, 1]"), "{}", test.strongest());
    }

    #[test]
    fn shares_are_written_in_per_cent() {
        assert_eq!([0.5, 0.015_625, 0.125].map(percent), ["50", "1.56", "12"]);
    }
}
