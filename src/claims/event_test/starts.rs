//! Where the paths of `transition-law` begin.

use rand::{Rng, RngExt};

use crate::subject::random_lengths;

/// A path goes on for that many events a server, and at least the square of it.
const SEGMENT: u64 = 16;

/// The longest queues of a start.
const LONGEST: u32 = 64;

/// The events of a path among so many servers.
pub(crate) fn events_of_segment(n: u32) -> u64 {
    SEGMENT * u64::from(n).max(SEGMENT)
}

/// The lengths at which a segment of the path begins. At low loads a path from empty hardly ever
/// has a choice between queues; what saturates or rounds is seen among long ones only, equal and
/// nearly equal.
pub(crate) fn start_of_segment(rng: &mut impl Rng, n: u32, segment: u64) -> Vec<u32> {
    match segment % 5 {
        0 | 1 => random_lengths(rng, n, 3),
        2 => random_lengths(rng, n, 8),
        3 => random_lengths(rng, n, 16),
        _ => {
            let apart = (segment / 5 % 3) as u32;
            let least = rng.random_range(4..=LONGEST - apart);
            (0..n).map(|_| rng.random_range(least..=least + apart)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream_rng;

    #[test]
    fn every_fifth_start_has_long_queues_that_are_equal_or_nearly_so() {
        let mut rng = stream_rng(1, 0);
        for segment in 0..60 {
            let lengths = start_of_segment(&mut rng, 50, segment);
            let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
            let apart = u64::from(most - least);
            match segment % 5 {
                4 => assert!(apart == segment / 5 % 3 && *least >= 4 && *most <= LONGEST),
                at => assert!(*least == 0 && *most == [3, 3, 8, 16][at as usize]),
            }
        }
        assert_eq!((events_of_segment(2), events_of_segment(100)), (256, 1600));
    }
}
