//! Proposition 3.9: two coupled systems keep X1_v <= X2_v at every server and every event.

mod common_claims;

mod prop_3_9 {
    use fluidcheck::claims::Verdict;
    use fluidcheck::faults;
    use fluidcheck::instruments::{Instruments, REFERENCE};
    use fluidcheck::model::Model;
    use fluidcheck::num::ratio::{Ratio, whole};
    use fluidcheck::random::Coins;
    use fluidcheck::simulate::Queues;
    use fluidcheck::simulate::marks::Mark;
    use fluidcheck::subject::{Reference, Subject};
    use proptest::prelude::*;

    use super::common_claims::{counterexample, evidence, private2, small_system};

    /// Servers, task types as bit masks, ordered states, d, and events as (arrival?, type or
    /// server, randomness).
    type Raw = (u8, Vec<u8>, Vec<(u8, u8)>, u8, Vec<(bool, u8, u16)>);

    fn ordered(lower: &[u32], upper: &[u32]) -> Result<(), String> {
        if lower.iter().zip(upper).all(|(l, u)| l <= u) {
            Ok(())
        } else {
            Err(format!("{lower:?} is not below {upper:?}"))
        }
    }

    /// d samples of the type's servers from the digits of a number.
    fn samples(model: &Model, task_type: u32, code: u16) -> Vec<u32> {
        let servers = model.graph().servers_of(task_type);
        let mut code = usize::from(code);
        (0..model.d())
            .map(|_| {
                let server = servers.at(code % servers.len());
                code /= servers.len();
                server
            })
            .collect()
    }

    /// Shared samples: the subject's coupling of the two systems, and a cap at the longest queue of
    /// the start.
    fn shared_samples(
        subject: &dyn Subject,
        (n, masks, lengths, d, events): Raw,
    ) -> Result<(), String> {
        let (model, lower, upper) = small_system(n, &masks, &lengths, d);
        let cap = upper.iter().copied().max().unwrap_or(0);
        let [mut low, mut high] = [&lower, &upper].map(|x| Queues::from_lengths(x.clone()));
        let [mut low_capped, mut high_capped] =
            [&lower, &upper].map(|x| Queues::from_lengths(x.clone()));
        let mut rng = Coins::new(1, 0);
        for (arrival, which, code) in events {
            rng.next_event();
            let task_type = u32::from(which) % model.graph().n_task_types();
            let drawn = samples(&model, task_type, code);
            let mark = if arrival {
                Mark::Arrival { task_type, samples: &drawn }
            } else {
                Mark::Service { server: u32::from(which) % model.graph().n_servers() }
            };
            subject.couple(&model, &mut low, &mut high, mark, &mut rng);
            ordered(low.lengths(), high.lengths())?;
            low_capped.apply_capped(mark, cap);
            high_capped.apply_capped(mark, cap);
            ordered(low_capped.lengths(), high_capped.lengths())?;
        }
        Ok(())
    }

    /// The paper's coupling: U = code / 2^16 in the subject's partition of [0, 1).
    fn shared_mass(
        instruments: &Instruments,
        (n, masks, lengths, d, events): Raw,
    ) -> Result<(), String> {
        let (model, mut lower, mut upper) = small_system(n, &masks, &lengths, d);
        for (arrival, which, code) in events {
            if arrival {
                let task_type = u32::from(which) % model.graph().n_task_types();
                let u = whole(code.into()) / whole(1 << 16);
                let intervals = (instruments.shared_mass)(&model, task_type, &lower, &upper);
                let interval = intervals
                    .iter()
                    .find(|i| i.from <= u && u < i.to)
                    .ok_or("no interval holds U")?;
                lower[interval.server1 as usize] += 1;
                upper[interval.server2 as usize] += 1;
            } else {
                let v = usize::from(which) % lower.len();
                lower[v] = lower[v].saturating_sub(1);
                upper[v] = upper[v].saturating_sub(1);
            }
            ordered(&lower, &upper)?;
        }
        Ok(())
    }

    fn raw() -> impl Strategy<Value = Raw> + Clone {
        let events = proptest::collection::vec(any::<(bool, u8, u16)>(), 0..60);
        let masks = proptest::collection::vec(any::<u8>(), 1..5);
        (any::<u8>(), masks, proptest::collection::vec(any::<(u8, u8)>(), 6), any::<u8>(), events)
    }

    proptest! {
        #[test]
        fn shared_samples_keep_the_order(case in raw()) {
            prop_assert_eq!(shared_samples(&Reference, case), Ok(()));
        }

        #[test]
        fn shared_mass_keeps_the_order(case in raw()) {
            prop_assert_eq!(shared_mass(&REFERENCE, case), Ok(()));
        }
    }

    #[test]
    fn shared_samples_keep_the_order_of_quickcheck() {
        quickcheck::quickcheck(
            (|case: Raw| shared_samples(&Reference, case)) as fn(Raw) -> Result<(), String>,
        );
    }

    #[test]
    fn shared_mass_keeps_the_order_of_quickcheck() {
        quickcheck::quickcheck(
            (|case: Raw| shared_mass(&REFERENCE, case)) as fn(Raw) -> Result<(), String>,
        );
    }

    #[test]
    fn one_event_keeps_the_order_of_all_small_pairs_of_states() {
        // Three servers that share one type: all ordered pairs with lengths up to 2, all samples,
        // all breakpoints.
        for d in 1..=3 {
            for code in 0..6u32.pow(3) {
                const PAIRS: [(u32, u32); 6] = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
                let (lower, upper): (Vec<u32>, Vec<u32>) =
                    (0..3).map(|v| PAIRS[(code / 6u32.pow(v) % 6) as usize]).unzip();
                let graph = fluidcheck::graph::BipartiteGraph::complete(3, 1).unwrap();
                let model = Model::new(graph, 0.8, d).unwrap();
                for interval in (REFERENCE.shared_mass)(&model, 0, &lower, &upper) {
                    let (mut x1, mut x2) = (lower.clone(), upper.clone());
                    x1[interval.server1 as usize] += 1;
                    x2[interval.server2 as usize] += 1;
                    ordered(&x1, &x2).unwrap();
                }
                for samples in 0..3u16.pow(d) {
                    let drawn = self::samples(&model, 0, samples);
                    let [mut low, mut high] =
                        [&lower, &upper].map(|x| Queues::from_lengths(x.clone()));
                    for queues in [&mut low, &mut high] {
                        queues.apply(Mark::Arrival { task_type: 0, samples: &drawn });
                    }
                    ordered(low.lengths(), high.lengths()).unwrap();
                }
            }
        }
    }

    #[test]
    fn named_pairs_go_where_they_must() {
        let model =
            Model::new(fluidcheck::graph::BipartiteGraph::complete(2, 1).unwrap(), 0.8, 2).unwrap();
        // Lengths (0, 0) below (1, 0): a quarter of U sends the task to 0 in the lower and to 1 in
        // the upper system.
        let split: Ratio = (REFERENCE.shared_mass)(&model, 0, &[0, 0], &[1, 0])
            .iter()
            .filter(|i| (i.server1, i.server2) == (0, 1))
            .map(|i| &i.to - &i.from)
            .sum();
        assert_eq!(split, Ratio::new(1.into(), 4.into()));
        // Equal states move together.
        assert!(
            (REFERENCE.shared_mass)(&model, 0, &[3, 1], &[3, 1])
                .iter()
                .all(|i| i.server1 == i.server2)
        );
        // The last sampled of two equal servers in one system and the first in the other would
        // break this pair.
        let [mut low, mut high] = [vec![1, 1], vec![1, 1]].map(Queues::from_lengths);
        let mark = Mark::Arrival { task_type: 0, samples: &[0, 1] };
        faults::FIRST_AND_LAST_MINIMISER.couple(
            &model,
            &mut low,
            &mut high,
            mark,
            &mut Coins::new(1, 0),
        );
        assert!(ordered(low.lengths(), high.lengths()).is_err());
    }

    #[test]
    fn wrong_couplings_break_the_order_and_shrink() {
        for fault in [
            faults::INDEPENDENT_TIE_COINS,
            faults::FIRST_AND_LAST_MINIMISER,
            faults::DEPARTURES_NOT_COUPLED,
            faults::INDEPENDENT_SYSTEMS,
        ] {
            let found = counterexample(raw(), |case| shared_samples(fault, case))
                .unwrap_or_else(|| panic!("{} survives", fault.id));
            // The others draw coins, which a shorter list of events changes: only this one shrinks
            // to the end.
            if fault == faults::FIRST_AND_LAST_MINIMISER {
                assert!(
                    found.4.len() <= 2,
                    "{}: {} events after shrinking",
                    fault.id,
                    found.4.len()
                );
            }
        }
        let found = counterexample(raw(), |case| {
            shared_mass(&faults::PRODUCT_INSTEAD_OF_MINIMUM.instruments, case)
        })
        .expect("the product survives");
        assert!(found.4.len() <= 2, "{} events after shrinking", found.4.len());
    }

    #[test]
    fn the_claims_hold_for_the_reference_and_reject_their_faults() {
        for (id, fault) in [
            ("prop-3.9-mass", faults::PRODUCT_INSTEAD_OF_MINIMUM),
            ("eq-4.13", faults::PRODUCT_INSTEAD_OF_MINIMUM),
            ("prop-3.9-samples", faults::INDEPENDENT_TIE_COINS),
            ("prop-3.9-samples", faults::FIRST_AND_LAST_MINIMISER),
            ("prop-3.9-samples", faults::DEPARTURES_NOT_COUPLED),
            ("prop-3.9-samples", faults::INDEPENDENT_SYSTEMS),
        ] {
            assert_eq!(evidence(id, &Reference, &private2()).verdict, Verdict::Holds, "{id}");
            let evidence = evidence(id, fault, &private2());
            assert_eq!(evidence.verdict, Verdict::Violated, "{id} and {}", fault.id);
            let witness = evidence.witness.expect("a violation has a witness");
            assert_eq!(witness.states.len(), 2, "{id}: both states");
            assert!(id == "eq-4.13" || witness.event.is_some(), "{id}: the event");
        }
    }
}
