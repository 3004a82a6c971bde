//! How many queues have at least i tasks, kept exactly from event to event.
//!
//! | symbol | here |
//! |---|---|
//! | Q_i, q_i | [`Occupancy`] |
//! | Q_i^w | [`LocalOccupancy`] |
//!
//! Counts are integers: adding up fractions event by event drifts.
//!
//! # Source
//! Section 2.

use crate::graph::BipartiteGraph;

/// Q_i for all i >= 0, with Q_0 = N.
///
/// Its memory grows with the longest queue.
///
/// ```
/// use fluidcheck::simulate::occupancy::Occupancy;
/// let mut occupancy = Occupancy::of(&[2, 0, 1]);
/// assert_eq!(occupancy.counts(), [2, 1]);
/// occupancy.raise(2); // a queue of length 2 gets a third task
/// assert_eq!(occupancy.counts(), [2, 1, 1]);
/// assert_eq!((occupancy.total(), occupancy.fraction(1)), (4, 2.0 / 3.0));
/// ```
#[derive(Clone, Debug)]
pub struct Occupancy {
    // Q_0, Q_1, ...; zeros above the longest queue stay, so that lowering never looks beyond its
    // own level.
    counts: Vec<u64>,
}

impl Occupancy {
    /// The occupancy of these queue lengths.
    pub fn of(lengths: &[u32]) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0) as usize;
        let mut counts = vec![0u64; longest + 1];
        for &length in lengths {
            counts[length as usize] += 1;
        }
        for i in (0..longest).rev() {
            counts[i] += counts[i + 1];
        }
        Self { counts }
    }

    /// A queue of this length gets one more task.
    #[inline]
    pub fn raise(&mut self, length_before: u32) {
        self.shift(length_before as usize + 1, 1);
    }

    /// A queue of this length loses a task.
    ///
    /// # Panics
    /// If no queue has that length or it is 0: the occupancy then belongs to other queues.
    #[inline]
    pub fn lower(&mut self, length_before: u32) {
        assert!(length_before > 0, "an empty queue loses no task");
        let count = &mut self.counts[length_before as usize];
        assert!(*count > 0, "no queue has {length_before} tasks");
        *count -= 1;
    }

    /// Q at `level` changes by -1, 0 or 1: [`Occupancy::raise`] and [`Occupancy::lower`] without a
    /// branch between them.
    #[inline]
    pub(crate) fn shift(&mut self, level: usize, change: i64) {
        if level >= self.counts.len() {
            self.counts.resize(level + 1, 0);
        }
        self.counts[level] = self.counts[level].wrapping_add_signed(change);
    }

    /// Q_i, the number of queues with at least `i` tasks; 0 beyond the longest.
    #[inline]
    pub fn at_least(&self, i: usize) -> u64 {
        self.counts.get(i).copied().unwrap_or(0)
    }

    /// Q_1, Q_2, ... up to the longest queue.
    pub fn counts(&self) -> &[u64] {
        // They fall: this is asked for at every look at a steady state.
        let busy = &self.counts[1..];
        &busy[..busy.partition_point(|&count| count > 0)]
    }

    /// N.
    pub fn n_servers(&self) -> u64 {
        self.counts[0]
    }

    /// q_i = Q_i / N.
    pub fn fraction(&self, i: usize) -> f64 {
        self.at_least(i) as f64 / self.counts[0] as f64
    }

    /// The number of tasks, the sum of Q_i over i >= 1.
    pub fn total(&self) -> u64 {
        self.counts[1..].iter().sum()
    }
}

impl PartialEq for Occupancy {
    fn eq(&self, other: &Self) -> bool {
        self.counts[0] == other.counts[0] && self.counts() == other.counts()
    }
}

impl Eq for Occupancy {}

/// Q_i^w, the number of servers compatible with task type w that have at least i tasks, for every
/// w.
///
/// An event at server v costs d_v steps, so M steps on the complete graph.
#[derive(Clone, Debug)]
pub struct LocalOccupancy {
    graph: BipartiteGraph,
    by_task_type: Vec<Occupancy>,
}

impl LocalOccupancy {
    /// The local occupancies of these queue lengths.
    ///
    /// # Panics
    /// If `lengths.len() != N`.
    pub fn of(graph: &BipartiteGraph, lengths: &[u32]) -> Self {
        assert_eq!(lengths.len(), graph.n_servers() as usize, "one queue length per server");
        let of = |w| graph.servers_of(w).iter().map(|v| lengths[v as usize]).collect::<Vec<_>>();
        let local = |w| Occupancy::of(&of(w));
        Self { graph: graph.clone(), by_task_type: (0..graph.n_task_types()).map(local).collect() }
    }

    /// `server`, whose queue had this length, gets one more task.
    pub fn raise(&mut self, server: u32, length_before: u32) {
        for w in self.graph.task_types_of(server).iter() {
            self.by_task_type[w as usize].raise(length_before);
        }
    }

    /// `server`, whose queue had this length, loses a task.
    ///
    /// # Panics
    /// As [`Occupancy::lower`].
    pub fn lower(&mut self, server: u32, length_before: u32) {
        for w in self.graph.task_types_of(server).iter() {
            self.by_task_type[w as usize].lower(length_before);
        }
    }

    /// Q_i^w.
    #[inline]
    pub fn at_least(&self, task_type: u32, i: usize) -> u64 {
        self.by_task_type[task_type as usize].at_least(i)
    }

    /// All Q_i^w of one task type; its Q_0 is d_w.
    pub fn of_task_type(&self, task_type: u32) -> &Occupancy {
        &self.by_task_type[task_type as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_occupancies_are_equal_whatever_their_past() {
        let mut visited = Occupancy::of(&[1, 0]);
        visited.raise(1);
        visited.lower(2);
        assert_eq!(visited, Occupancy::of(&[1, 0]));
        assert_ne!(visited, Occupancy::of(&[1, 0, 0]));
        assert_eq!(Occupancy::of(&[0, 0]).counts(), [0u64; 0]);
    }

    #[test]
    fn a_server_counts_at_each_of_its_task_types() {
        let edges = [(0, 0), (1, 0), (1, 1), (2, 1)];
        let graph = BipartiteGraph::from_edges(3, 2, &edges, Default::default()).unwrap();
        let mut local = LocalOccupancy::of(&graph, &[0, 1, 1]);
        local.raise(1, 1);
        local.lower(2, 1);
        assert_eq!((local.at_least(0, 0), local.at_least(0, 1), local.at_least(0, 2)), (2, 1, 1));
        assert_eq!(local.of_task_type(1), &Occupancy::of(&[2, 0]));
    }
}
