//! The three classic mistakes of perfect sampling, each in the pipeline of
//! [`crate::estimate::from_the_past`].

use crate::estimate::from_the_past::{BLOCK, MOST_BLOCKS, NotMet, Past};
use crate::simulate::Queues;

fn met(states: &[Queues; 2]) -> Option<Vec<u32>> {
    (states[0].lengths() == states[1].lengths()).then(|| states[0].lengths().to_vec())
}

const NOT_MET: NotMet = NotMet { events: MOST_BLOCKS * BLOCK as u64 };

/// Both copies run forward until they meet, and their state then is taken for a sample.
pub(super) fn forward(past: &Past<'_>) -> Result<Vec<u32>, NotMet> {
    let mut states = past.extremes();
    let mut first = None;
    for k in 0..MOST_BLOCKS {
        past.replay(k, &mut states, |states| first = first.take().or_else(|| met(states)));
        if let Some(state) = first {
            return Ok(state);
        }
    }
    Err(NOT_MET)
}

/// The past is replayed from further and further back, but the state is read when the copies meet,
/// not at time 0.
pub(super) fn at_coalescence(past: &Past<'_>) -> Result<Vec<u32>, NotMet> {
    let mut blocks = 1;
    while blocks < MOST_BLOCKS {
        let (mut states, mut first) = (past.extremes(), None);
        for k in (0..blocks).rev() {
            past.replay(k, &mut states, |states| first = first.take().or_else(|| met(states)));
        }
        if let Some(state) = first {
            return Ok(state);
        }
        blocks *= 2;
    }
    Err(NOT_MET)
}

/// Each doubling draws marks of its own: only those that meet soon are kept.
pub(super) fn fresh(past: &Past<'_>) -> Result<Vec<u32>, NotMet> {
    let (mut blocks, mut from) = (1, 0);
    while blocks < MOST_BLOCKS {
        let mut states = past.extremes();
        (from..from + blocks).rev().for_each(|k| past.replay(k, &mut states, |_| ()));
        if let Some(state) = met(&states) {
            return Ok(state);
        }
        from += blocks;
        blocks *= 2;
    }
    Err(NOT_MET)
}
