//! Checking one claim on one subject by one call, as a crate that depends on this one does.

use fluidcheck::claims::{self, CheckOptions, Evidence, Verdict};
use fluidcheck::graph::BipartiteGraph;
use fluidcheck::model::Model;
use fluidcheck::random::Coins;
use fluidcheck::subject::{Picker, Reference, Subject};
use rand::RngExt;

fn model() -> Model {
    Model::new(BipartiteGraph::complete(10, 1).unwrap(), 0.8, 2).unwrap()
}

/// Ties go to the first server of the list.
fn herding() -> impl Subject {
    Picker::new("herding", |_, servers, lengths: &[u32], rng: &mut Coins| {
        let mut draw = || servers.at(rng.random_range(0..servers.len()));
        let (a, b) = (draw(), draw());
        std::cmp::min_by_key(a.min(b), a.max(b), |&v| lengths[v as usize])
    })
}

fn check(id: &str, subject: &dyn Subject) -> Evidence {
    claims::find(id).unwrap().check(subject, &model())
}

/// The same, as a function of the samples.
struct Lowest;

impl Subject for Lowest {
    fn name(&self) -> String {
        "lowest".to_owned()
    }

    fn pick(&self, _: &Model, _: u32, samples: &[u32], lengths: &[u32], _: &mut Coins) -> u32 {
        *samples.iter().min_by_key(|&&v| (lengths[v as usize], v)).unwrap()
    }
}

#[test]
fn a_sound_picker_holds_and_one_that_herds_is_violated() {
    let sound = Picker::new("sound", |_, servers, lengths, rng: &mut Coins| {
        let mut draw = || servers.at(rng.random_range(0..servers.len()));
        let (a, b) = (draw(), draw());
        if lengths[a as usize] <= lengths[b as usize] { a } else { b }
    });
    assert_eq!(check("transition-law", &sound).verdict, Verdict::Holds);
    assert_eq!(check("transition-law", &herding()).verdict, Verdict::Violated);
}

#[test]
fn a_violation_carries_its_state_its_event_and_the_call_that_sees_it_again() {
    let evidence = check("transition-law", &herding());
    let witness = evidence.witness.unwrap();
    assert_eq!(witness.event, Some(evidence.cases - 1));
    assert_eq!(witness.states.len(), 1, "the queues before the event");
    assert_eq!(witness.states[0].len(), 10, "one length for each server");
    // What the event says of its server's queue is what the state has.
    let event = witness.found.split("; the last event: ").nth(1).unwrap();
    let words: Vec<&str> = event.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let after = |word: &str| {
        let at = words.iter().position(|&other| other == word).unwrap();
        words[at + 1].parse::<u32>().unwrap()
    };
    assert_eq!(witness.states[0][after("server") as usize], after("had"), "{event}");
    assert_eq!(
        witness.replay,
        "fluidcheck::claims::find(\"transition-law\")?.check_with(&subject, &model, \
         &CheckOptions { seed: 1, alpha: 1e-6, effort: 1, ..CheckOptions::default() }) \
         // herding: N = 10, M = 1, 10 edges, lambda = 4/5, jsq(2), replacement"
    );
    let again = claims::find("transition-law").unwrap().check_with(
        &herding(),
        &model(),
        &CheckOptions { seed: 1, alpha: 1e-6, effort: 1, ..CheckOptions::default() },
    );
    assert_eq!(again.witness, Some(witness));
}

#[test]
fn an_exact_violation_replays_by_its_case_and_other_seeds_are_other_paths() {
    let witness = check("eq-4.12", &Lowest).witness.unwrap();
    assert!(witness.replay.contains(&format!("case: Some({})", witness.case)), "{witness:?}");
    let claim = claims::find("eq-4.12").unwrap();
    let only = CheckOptions { case: Some(witness.case), ..CheckOptions::default() };
    assert_eq!(claim.check_with(&Lowest, &model(), &only).witness.unwrap().found, witness.found);
    let found = |seed| {
        let options = CheckOptions { seed, ..CheckOptions::default() };
        let claim = claims::find("transition-law").unwrap();
        claim.check_with(&Reference, &model(), &options).summary
    };
    assert_ne!(found(1), found(2));
}
