//! The states of a component with a cap: queue lengths up to B, states that a symmetry of the graph
//! exchanges counted once.
//!
//! Lumping by symmetries is exact for the chain and for every function that the symmetries leave
//! alone, such as q_i. A graph without symmetry keeps all its states.

use std::collections::HashSet;

/// How a state finds its number.
#[derive(Clone, Debug)]
enum Numbering {
    /// No symmetry: the lengths are digits.
    Digits,
    /// All servers alike: the lengths in descending order, by the combinatorial number system.
    Sorted,
    /// Some symmetry: the greatest image, by a table over the digits.
    Table { symmetries: Vec<Vec<usize>>, number: Vec<u32> },
}

/// The states of a component.
#[derive(Clone, Debug)]
pub(super) struct Space {
    servers: usize,
    cap: u32,
    numbering: Numbering,
    /// The lengths of all states, one after the other.
    lengths: Vec<u32>,
}

fn binomial(n: u64, k: u64) -> f64 {
    (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64).round()
}

/// The binomial coefficient where it is a number of states.
fn choose(n: u64, k: u64) -> usize {
    binomial(n, k) as usize
}

impl Space {
    /// How many states there are, at least; exact but for graphs with some symmetry, where it may
    /// be a little low.
    pub(super) fn size(servers: usize, cap: u32, symmetries: &[Vec<usize>]) -> f64 {
        let factorial: usize = (1..=servers).product();
        if symmetries.len() == factorial {
            return binomial(u64::from(cap) + servers as u64, servers as u64);
        }
        (f64::from(cap) + 1.0).powi(servers as i32) / symmetries.len() as f64
    }

    /// The states of `servers` queues of up to `cap` tasks.
    pub(super) fn new(servers: usize, cap: u32, symmetries: &[Vec<usize>]) -> Self {
        let factorial: usize = (1..=servers).product();
        let mut lengths = Vec::new();
        let mut state = vec![0; servers];
        let sorted = symmetries.len() == factorial && servers > 1;
        let trivial = symmetries.len() == 1;
        let mut number = Vec::new();
        // All states, ascending as numbers with these digits.
        loop {
            let kept = sorted || trivial || !symmetries.iter().any(|by| greater(&state, by));
            if !(sorted || trivial) {
                number.push(if kept { (lengths.len() / servers) as u32 } else { u32::MAX });
            }
            if kept {
                lengths.extend_from_slice(&state);
            }
            let mut at = servers;
            loop {
                if at == 0 {
                    let numbering = if trivial {
                        Numbering::Digits
                    } else if sorted {
                        Numbering::Sorted
                    } else {
                        Numbering::Table { symmetries: symmetries.to_vec(), number }
                    };
                    return Self { servers, cap, numbering, lengths };
                }
                at -= 1;
                let most = if sorted && at > 0 { state[at - 1] } else { cap };
                if state[at] < most {
                    state[at] += 1;
                    state[at + 1..].iter_mut().for_each(|length| *length = 0);
                    break;
                }
            }
        }
    }

    /// How many states.
    pub(super) fn len(&self) -> usize {
        self.lengths.len() / self.servers
    }

    /// Servers.
    pub(super) fn servers(&self) -> usize {
        self.servers
    }

    /// B.
    pub(super) fn cap(&self) -> u32 {
        self.cap
    }

    /// The queue lengths of a state.
    pub(super) fn state(&self, number: usize) -> &[u32] {
        &self.lengths[number * self.servers..][..self.servers]
    }

    /// Whether some states stand for several.
    pub(super) fn has_symmetry(&self) -> bool {
        !matches!(self.numbering, Numbering::Digits)
    }

    /// The number of the state that stands for these queue lengths.
    pub(super) fn number(&self, state: &[u32]) -> usize {
        match &self.numbering {
            Numbering::Digits => self.digits(state.iter().copied()),
            Numbering::Sorted => {
                let mut sorted = state.to_vec();
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                let n = self.servers as u64;
                // States with the same beginning and a smaller length at position i.
                (0..)
                    .zip(sorted)
                    .map(|(i, length)| choose(u64::from(length) + n - i - 1, n - i))
                    .sum()
            }
            Numbering::Table { symmetries, number } => {
                let greatest = self.images(symmetries, state).max();
                let greatest = greatest.expect("the identity is among the symmetries");
                number[greatest] as usize
            }
        }
    }

    fn digits(&self, state: impl Iterator<Item = u32>) -> usize {
        state.fold(0, |number, digit| number * (self.cap as usize + 1) + digit as usize)
    }

    /// The numbers that the digits of all images of a state make.
    fn images(&self, symmetries: &[Vec<usize>], state: &[u32]) -> impl Iterator<Item = usize> {
        symmetries.iter().map(|symmetry| self.digits(symmetry.iter().map(|&v| state[v])))
    }

    /// How many states of the graph a state stands for.
    pub(super) fn weight(&self, number: usize) -> f64 {
        let state = self.state(number);
        match &self.numbering {
            Numbering::Digits => 1.0,
            Numbering::Sorted => {
                let mut weight = 1.0;
                let mut run = 0;
                for (i, length) in state.iter().enumerate() {
                    run = if i > 0 && state[i - 1] == *length { run + 1 } else { 1 };
                    weight = weight * (i + 1) as f64 / f64::from(run);
                }
                weight
            }
            Numbering::Table { symmetries, .. } => {
                let images: HashSet<usize> = self.images(symmetries, state).collect();
                images.len() as f64
            }
        }
    }
}

/// Whether the image of a state is greater than the state.
fn greater(state: &[u32], symmetry: &[usize]) -> bool {
    symmetry.iter().map(|&v| state[v]).gt(state.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(servers: usize, cap: u32, symmetries: &[Vec<usize>]) {
        let space = Space::new(servers, cap, symmetries);
        let all: f64 = (0..space.len()).map(|number| space.weight(number)).sum();
        assert_eq!(all, f64::from(cap + 1).powi(servers as i32));
        assert!(Space::size(servers, cap, symmetries) <= space.len() as f64);
        for number in 0..space.len() {
            for symmetry in symmetries {
                let image: Vec<u32> = symmetry.iter().map(|&v| space.state(number)[v]).collect();
                assert_eq!(space.number(&image), number, "{image:?}");
            }
        }
    }

    #[test]
    fn every_state_is_counted_once_and_found_from_all_its_images() {
        let identity = |n: usize| (0..n).collect::<Vec<_>>();
        check(3, 4, &[identity(3)]);
        check(1, 7, &[identity(1)]);
        check(3, 4, &[identity(3), vec![2, 1, 0]]);
        check(2, 6, &[identity(2), vec![1, 0]]);
        let all =
            [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(|p| p.to_vec());
        check(3, 5, &all);
    }
}
