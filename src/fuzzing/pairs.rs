//! Two systems at once: the order of Proposition 3.9 at every event.

use num_traits::{One, Zero};

use super::input::Input;
use crate::model::Model;
use crate::num::ratio::Ratio;
use crate::simulate::Queues;
use crate::simulate::coupled::{Coupled, Interval, SharedMass, check_order, shared_mass_intervals};
use crate::simulate::marks::{BytesRng, Mark};

/// Bytes as a graph, two ordered starts and marks: Proposition 3.9 by shared marks, capped, thinned
/// and by (4.13).
///
/// # Panics
/// If an order breaks, two equal systems part, one of two is not what it is alone, or (4.13) is not
/// a partition of [0, 1) with the marginals of (4.12).
pub fn couplings(bytes: &[u8]) {
    let mut input = Input(bytes);
    let model = input.model(6, 5);
    let n = model.graph().n_servers();
    let lower = input.lengths(n, 4);
    let upper: Vec<u32> =
        input.lengths(n, 4).iter().zip(&lower).map(|(more, length)| more + length).collect();
    let cap = upper.iter().max().expect("a server") + input.below(3);
    // Bit i tells whether the thinned system takes the arrivals whose number is i modulo 8.
    let taken = input.byte();
    let block = input.marks(&model, 128);

    let pair = |cap| {
        Coupled::capped(lower.clone(), upper.clone(), cap).expect("ordered starts below the cap")
    };
    let (mut shared, mut capped, mut thinned) = (pair(u32::MAX), pair(cap), pair(u32::MAX));
    // Each of the two alone.
    let mut alone =
        [(); 3].map(|()| [&lower, &upper].map(|start| Queues::from_lengths(start.clone())));
    let mut arrivals = 0u32;
    for mark in block.iter() {
        let is_taken = !matches!(mark, Mark::Arrival { .. }) || taken >> (arrivals % 8) & 1 == 1;
        for (pair, (cap, both)) in
            alone.iter_mut().zip([(u32::MAX, true), (cap, true), (u32::MAX, is_taken)])
        {
            pair[1].apply_capped(mark, cap);
            if both {
                pair[0].apply_capped(mark, cap);
            }
        }
        let equal = [shared.coalesced(), capped.coalesced()];
        shared.apply(mark).expect("shared marks keep the order");
        capped.apply(mark).expect("shared marks keep the order below a cap");
        match mark {
            Mark::Arrival { .. } if !is_taken => {
                thinned.apply_upper(mark).expect("an arrival above")
            }
            _ => thinned.apply(mark).expect("shared marks keep the order of two loads"),
        }
        arrivals += u32::from(matches!(mark, Mark::Arrival { .. }));
        for (pair, alone) in [&shared, &capped, &thinned].into_iter().zip(&alone) {
            ordered(pair);
            assert_eq!([pair.lower(), pair.upper()], alone.each_ref(), "each as if it were alone");
        }
        let highest = capped.upper().lengths().iter().max();
        assert!(highest <= Some(&cap), "no queue is above the cap");
        assert!(!equal[0] || shared.coalesced(), "equal systems stay equal");
        assert!(!equal[1] || capped.coalesced(), "equal systems stay equal below a cap");
    }

    let mut mass = SharedMass::new(&model, BytesRng::new(input.0));
    let mut pair = pair(u32::MAX);
    // (4.13) is looked at for every type and every U, in exact fractions that take their time: a
    // few events are enough.
    for event in 0..block.len().min(32) {
        for w in (0..model.graph().n_task_types()).filter(|_| event < 3) {
            partition_of_mass(&model, w, pair.lower().lengths(), pair.upper().lengths());
        }
        mass.step(&mut pair).expect("shared mass keeps the order");
        ordered(&pair);
    }
}

/// The pair's own order check looks at the servers of the event; this one at all.
fn ordered(pair: &Coupled) {
    assert_eq!(check_order(pair.lower(), pair.upper()), Ok(()));
    let differing =
        pair.lower().lengths().iter().zip(pair.upper().lengths()).filter(|(l, u)| l != u).count();
    assert_eq!(pair.differing() as usize, differing, "the servers that differ");
}

/// (4.13) at one pair of states: it covers [0, 1) once, has both marginals, and every U keeps the
/// order.
pub(super) fn partition_of_mass(model: &Model, task_type: u32, lower: &[u32], upper: &[u32]) {
    let cells = shared_mass_intervals(model, task_type, lower, upper);
    let mut to = Ratio::zero();
    for cell in &cells {
        assert!(cell.from == to && cell.from < cell.to, "{cell:?} after {to}");
        to.clone_from(&cell.to);
        let (one, two) = (cell.server1 as usize, cell.server2 as usize);
        let keeps = one == two || lower[one] < upper[one];
        assert!(keeps, "{cell:?} breaks the order of {lower:?} and {upper:?}");
    }
    let is_isolated = model.graph().task_degree(task_type) == 0;
    assert_eq!(to, if is_isolated { Ratio::zero() } else { Ratio::one() });
    let marginal = |server, first: bool| -> Ratio {
        let of_it = |cell: &&Interval| server == if first { cell.server1 } else { cell.server2 };
        cells.iter().filter(of_it).map(|cell| &cell.to - &cell.from).sum()
    };
    for (lengths, first) in [(lower, true), (upper, false)] {
        for (server, probability) in model.assignment(task_type, lengths) {
            assert_eq!(marginal(server, first), probability, "server {server} at {lengths:?}");
        }
    }
}
