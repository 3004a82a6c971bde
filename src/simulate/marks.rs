//! Marks: everything random about an event, drawn without a look at the state.
//!
//! The process is uniformised. Events come at rate (1 + lambda) N; an event is the arrival of a
//! task of a uniform type w (of a type in proportion to the rates, where they differ) together with
//! d samples of N_w with probability lambda / (1 + lambda), else a ring of the service clock of a
//! uniform server. The state only decides what a mark does, by the deterministic map of
//! [`first_shortest`].
//!
//! | statement | here |
//! |---|---|
//! | arrivals at rate lambda N / M per type (times its relative rate), services at rate 1 per server (section 2) | [`RandomMarks`], [`super::all_marks`] |
//! | d samples with replacement | `draw_samples` |
//! | "ties are broken at random" and (4.12) | [`first_shortest`] |
//!
//! The first sampled server of minimal length breaks ties at random, since the samples are
//! exchangeable: given which lengths were sampled, each server of the minimal length is as likely
//! as any other to come first.
//!
//! A stream of marks comes from a generator, from a recording, from bytes (a fuzzer), or is the
//! list of all marks with their exact probabilities.
//!
//! # Source
//! Section 2 and (4.12); uniformisation is classical.

use std::ops::Range;
use std::sync::Arc;

use num_traits::One;
use rand::rand_core::TryRng;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::graph::Neighbours;
use crate::model::Model;
use crate::num::ratio::Ratio;
use crate::random::alias_table::AliasTable;
use crate::random::{Coin, below};

/// One mark; samples are server ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// A task arrives. Without samples its type is isolated, and the task is lost.
    Arrival {
        /// The type of the task.
        task_type: u32,
        /// The sampled servers in the order of sampling, repetitions included.
        samples: &'a [u32],
    },
    /// The service clock of a server rings.
    Service {
        /// The server.
        server: u32,
    },
}

/// A [`Mark`] that holds its samples.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OwnedMark {
    /// See [`Mark::Arrival`].
    Arrival {
        /// The type of the task.
        task_type: u32,
        /// The sampled servers.
        samples: Vec<u32>,
    },
    /// See [`Mark::Service`].
    Service {
        /// The server.
        server: u32,
    },
}

impl OwnedMark {
    /// The same mark, borrowed.
    pub fn as_mark(&self) -> Mark<'_> {
        match self {
            Self::Arrival { task_type, samples } => {
                Mark::Arrival { task_type: *task_type, samples }
            }
            Self::Service { server } => Mark::Service { server: *server },
        }
    }
}

impl From<Mark<'_>> for OwnedMark {
    fn from(mark: Mark<'_>) -> Self {
        match mark {
            Mark::Arrival { task_type, samples } => {
                Self::Arrival { task_type, samples: samples.to_vec() }
            }
            Mark::Service { server } => Self::Service { server },
        }
    }
}

/// What a head in a block stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Arrival,
    Lost,
    Service,
}

/// Marks in flat memory: a head each, and d samples per arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkBlock {
    d: usize,
    heads: Vec<(Kind, u32)>,
    // d entries for every mark, so that no mark needs an offset. A service repeats its server, so
    // that the fold can read every mark alike; those of a lost arrival mean nothing.
    samples: Vec<u32>,
}

impl MarkBlock {
    /// An empty block for arrivals of `d` samples.
    pub fn new(d: u32) -> Self {
        Self { d: d as usize, heads: Vec::new(), samples: Vec::new() }
    }

    /// d.
    pub fn d(&self) -> u32 {
        self.d as u32
    }

    /// Removes all marks, keeping the memory.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.samples.clear();
    }

    /// Appends a mark.
    ///
    /// # Panics
    /// If an arrival has samples, but not d.
    pub fn push(&mut self, mark: Mark<'_>) {
        match mark {
            Mark::Arrival { task_type, samples: [] } => {
                self.push_repeated((Kind::Lost, task_type), 0)
            }
            Mark::Arrival { task_type, samples } => {
                assert_eq!(samples.len(), self.d, "as many samples as the block has room for");
                self.heads.push((Kind::Arrival, task_type));
                self.samples.extend_from_slice(samples);
            }
            Mark::Service { server } => self.push_repeated((Kind::Service, server), server),
        }
    }

    fn push_repeated(&mut self, head: (Kind, u32), server: u32) {
        self.heads.push(head);
        self.samples.resize(self.heads.len() * self.d, server);
    }

    /// Kinds and samples, the latter d to a mark, for code that treats all marks alike.
    pub(crate) fn parts(&self, range: Range<usize>) -> (&[(Kind, u32)], &[u32]) {
        (&self.heads[range.clone()], &self.samples[range.start * self.d..range.end * self.d])
    }

    /// How many marks there are.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The mark at position `i`.
    ///
    /// # Panics
    /// If `i >= len()`.
    #[inline]
    pub fn get(&self, i: usize) -> Mark<'_> {
        match self.heads[i] {
            (Kind::Service, server) => Mark::Service { server },
            (Kind::Arrival, task_type) => {
                Mark::Arrival { task_type, samples: &self.samples[i * self.d..(i + 1) * self.d] }
            }
            (Kind::Lost, task_type) => Mark::Arrival { task_type, samples: &[] },
        }
    }

    /// The marks in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Mark<'_>> + Clone {
        (0..self.len()).map(|i| self.get(i))
    }
}

/// A source of marks.
pub trait MarkStream {
    /// Appends up to `count` marks; fewer only where the stream ends.
    fn fill(&mut self, block: &mut MarkBlock, count: usize);
}

impl<S: MarkStream + ?Sized> MarkStream for Box<S> {
    fn fill(&mut self, block: &mut MarkBlock, count: usize) {
        (**self).fill(block, count);
    }
}

/// The first of the sampled servers whose queue is shortest among them.
///
/// ```
/// use fluidcheck::simulate::marks::first_shortest;
/// assert_eq!(first_shortest(&[2, 0, 1], &[4, 4, 5]), 0);
/// ```
///
/// # Panics
/// If there is no sample, or a sample has no length.
#[inline]
pub fn first_shortest(samples: &[u32], lengths: &[u32]) -> u32 {
    let mut best = samples[0];
    let mut shortest = lengths[best as usize];
    for &server in &samples[1..] {
        let length = lengths[server as usize];
        // Strictly shorter: an equally long later sample never wins.
        if length < shortest {
            (best, shortest) = (server, length);
        }
    }
    best
}

/// Appends `d` independent uniform samples of `servers`, with replacement.
///
/// # Panics
/// If `servers` is empty and d > 0.
#[inline]
pub(crate) fn draw_samples(
    rng: &mut impl Rng,
    servers: Neighbours<'_>,
    d: u32,
    samples: &mut Vec<u32>,
) {
    let n = servers.len() as u32;
    samples.extend((0..d).map(|_| servers.at(below(rng, n) as usize)));
}

/// The coin that tells whether an event is an arrival: lambda / (1 + lambda).
pub(crate) fn arrival_coin(model: &Model) -> Coin {
    let lambda = model.load().exact();
    Coin::new(&(lambda / (Ratio::one() + lambda)))
}

/// Independent marks of a model, from a generator of random numbers.
///
/// ```
/// use fluidcheck::{graph::BipartiteGraph, model::Model, random::stream_rng};
/// use fluidcheck::simulate::marks::{MarkBlock, MarkStream, RandomMarks};
/// let model = Model::new(BipartiteGraph::complete(10, 10)?, 0.8, 2)?;
/// let mut block = MarkBlock::new(model.d());
/// RandomMarks::new(&model, stream_rng(1, 0)).fill(&mut block, 5);
/// assert_eq!(block.len(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RandomMarks<R = ChaCha8Rng> {
    model: Model,
    rng: R,
    coin: Coin,
    types: Option<Arc<AliasTable>>,
    /// How samples are drawn where it is not d times with replacement.
    drawing: Option<Drawing>,
    // What is left of the last batch.
    spare: MarkBlock,
    next: usize,
}

/// Marks are drawn in batches of this many: first who they are about, then the samples of the
/// arrivals among them. One mark after the other would cost a mispredicted branch each, since
/// nothing foretells which marks are arrivals. The size is a constant, so that the marks do not
/// depend on how many are asked for at a time.
const BATCH: usize = 64;

impl<R: Rng> RandomMarks<R> {
    /// The marks that this generator gives.
    pub fn new(model: &Model, rng: R) -> Self {
        let (spare, types) = (MarkBlock::new(model.d()), model.types().cloned());
        let drawing = Drawing::of(model);
        let coin = arrival_coin(model);
        Self { model: model.clone(), rng, coin, types, drawing, spare, next: 0 }
    }

    /// The same marks with another law of the type of a task: what a wrong table gives.
    pub(crate) fn with_types(mut self, types: AliasTable) -> Self {
        self.types = Some(Arc::new(types));
        self
    }

    /// The model whose marks these are.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn draw_batch(&mut self, block: &mut MarkBlock) {
        let (graph, d) = (self.model.graph(), block.d);
        let (n_servers, n_task_types) = (graph.n_servers(), graph.n_task_types());
        let (mut arrivals, mut n_arrivals) = ([0; BATCH], 0);
        let from = block.len();
        block.samples.reserve(BATCH * d);
        for i in 0..BATCH {
            let is_arrival = self.coin.toss(&mut self.rng);
            let value = below(&mut self.rng, if is_arrival { n_task_types } else { n_servers });
            block.heads.push((if is_arrival { Kind::Arrival } else { Kind::Service }, value));
            block.samples.extend(std::iter::repeat_n(value, d));
            arrivals[n_arrivals] = i;
            n_arrivals += usize::from(is_arrival);
        }
        if let Some(types) = &self.types {
            // So far every type is as likely as any other: a column of the table.
            for &i in &arrivals[..n_arrivals] {
                let (_, task_type) = &mut block.heads[from + i];
                *task_type = types.settle(*task_type, &mut self.rng);
            }
        }
        for &i in &arrivals[..n_arrivals] {
            let at = from + i;
            let (kind, task_type) = &mut block.heads[at];
            let servers = graph.servers_of(*task_type);
            let samples = &mut block.samples[at * d..(at + 1) * d];
            if servers.is_empty() {
                *kind = Kind::Lost;
                samples.fill(0);
            } else if let Some(drawing) = &mut self.drawing {
                drawing.fill(&self.model, *task_type, samples, &mut self.rng);
            } else {
                let n = servers.len() as u32;
                samples
                    .iter_mut()
                    .for_each(|sample| *sample = servers.at(below(&mut self.rng, n) as usize));
            }
        }
    }
}

/// How samples are drawn where it is not d times with replacement.
#[derive(Clone, Debug)]
struct Drawing {
    /// The picks so far; for each type where the policy counts them apart.
    turns: Vec<u64>,
    /// The weights of each type's servers.
    weights: Option<Arc<[Vec<u64>]>>,
}

impl Drawing {
    fn of(model: &Model) -> Option<Self> {
        let policy = model.policy();
        if policy.paper_d().is_some() {
            return None;
        }
        let types = model.graph().n_task_types();
        let counters = if policy.per_type() { types as usize } else { 1 };
        let weights = (0..types).map(|w| model.weights_of(w)).collect::<Option<_>>();
        Some(Self { turns: vec![0; counters], weights })
    }

    fn fill(&mut self, model: &Model, task_type: u32, samples: &mut [u32], rng: &mut impl Rng) {
        let policy = model.policy();
        let servers = model.graph().servers_of(task_type);
        let turn = &mut self.turns[if policy.per_type() { task_type as usize } else { 0 }];
        let weights = self.weights.as_ref().map(|all| all[task_type as usize].as_slice());
        let places = policy.samples(servers.len() as u32, weights, *turn, rng);
        *turn += 1;
        padded(&places, servers, samples);
    }
}

/// The servers at these places; the last is repeated where there is room for more, which changes no
/// pick.
pub(crate) fn padded(places: &[u32], servers: Neighbours<'_>, samples: &mut [u32]) {
    let last = places.len() - 1;
    for (at, sample) in samples.iter_mut().enumerate() {
        *sample = servers.at(places[at.min(last)] as usize);
    }
}

impl<R: Rng> MarkStream for RandomMarks<R> {
    fn fill(&mut self, block: &mut MarkBlock, count: usize) {
        assert_eq!(block.d, self.spare.d, "a block for the d of the model");
        let mut left = count;
        while left > 0 {
            if self.next == self.spare.len() {
                if left >= BATCH {
                    self.draw_batch(block);
                    left -= BATCH;
                    continue;
                }
                let mut spare = std::mem::replace(&mut self.spare, MarkBlock::new(0));
                spare.clear();
                self.draw_batch(&mut spare);
                (self.spare, self.next) = (spare, 0);
            }
            let end = self.spare.len().min(self.next + left);
            for i in self.next..end {
                block.push(self.spare.get(i));
            }
            left -= end - self.next;
            self.next = end;
        }
    }
}

/// The marks of a stream, drawn ahead in blocks.
///
/// Marks do not depend on the state, so a block of them is drawn in one go, which overlaps the
/// memory accesses of the graph's rows.
#[derive(Clone, Debug)]
pub struct DrawnAhead<S = RandomMarks> {
    stream: S,
    block: MarkBlock,
    next: usize,
    size: usize,
}

impl<S: MarkStream> DrawnAhead<S> {
    /// A stream whose arrivals have `d` samples.
    pub fn new(stream: S, d: u32) -> Self {
        // 512 marks overlap enough; many samples get fewer marks, so that a block stays in a near
        // cache. Whole batches.
        Self::in_blocks(stream, d, (4096 / d.max(1) as usize).clamp(BATCH, 512) / BATCH * BATCH)
    }

    /// The same with `size` marks a block: fewer for short paths, which leave most of them unused.
    pub fn in_blocks(stream: S, d: u32, size: usize) -> Self {
        Self { stream, block: MarkBlock::new(d), next: 0, size }
    }

    /// The stream behind.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The next mark; none at the end of the stream.
    #[inline]
    pub fn next_mark(&mut self) -> Option<Mark<'_>> {
        let (block, range) = self.take_range(1);
        range.last().map(|i| block.get(i))
    }

    /// The next marks, between 1 and `at_most` of them; none only at the end of the stream.
    #[inline]
    pub fn take(&mut self, at_most: usize) -> impl ExactSizeIterator<Item = Mark<'_>> {
        let (block, range) = self.take_range(at_most);
        range.map(|i| block.get(i))
    }

    /// The same as a range of a block.
    #[inline]
    pub(crate) fn take_range(&mut self, at_most: usize) -> (&MarkBlock, Range<usize>) {
        if self.next == self.block.len() {
            self.block.clear();
            self.next = 0;
            self.stream.fill(&mut self.block, self.size);
        }
        let from = self.next;
        self.next = self.block.len().min(from.saturating_add(at_most));
        (&self.block, from..self.next)
    }
}

/// Marks that were recorded, once through.
#[derive(Clone, Debug)]
pub struct ReplayedMarks {
    recorded: MarkBlock,
    next: usize,
}

impl ReplayedMarks {
    /// Replays this block from its start.
    pub fn new(recorded: MarkBlock) -> Self {
        Self { recorded, next: 0 }
    }
}

impl MarkStream for ReplayedMarks {
    fn fill(&mut self, block: &mut MarkBlock, count: usize) {
        let end = self.recorded.len().min(self.next.saturating_add(count));
        for i in self.next..end {
            block.push(self.recorded.get(i));
        }
        self.next = end;
    }
}

/// A generator whose first words are given bytes; after them ChaCha8 takes over, so that no draw
/// waits forever.
///
/// A word of which only some bytes are left is filled up with zeros.
#[derive(Clone, Debug)]
pub struct BytesRng {
    bytes: Vec<u8>,
    next: usize,
    tail: ChaCha8Rng,
}

impl BytesRng {
    /// The bytes, least significant first in each word, then the stream of seed 0.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), next: 0, tail: ChaCha8Rng::seed_from_u64(0) }
    }

    fn head<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let left = self.bytes.get(self.next..).filter(|left| !left.is_empty())?;
        let taken = left.len().min(LENGTH);
        let mut word = [0; LENGTH];
        word[..taken].copy_from_slice(&left[..taken]);
        self.next += taken;
        Some(word)
    }
}

impl TryRng for BytesRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.head().map_or_else(|| self.tail.next_u32(), u32::from_le_bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.head().map_or_else(|| self.tail.next_u64(), u64::from_le_bytes))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Self::Error> {
        for byte in destination {
            *byte = match self.head::<1>() {
                Some([byte]) => byte,
                None => self.tail.next_u32() as u8,
            };
        }
        Ok(())
    }
}

/// Marks that a fuzzer steers: [`RandomMarks`] over [`BytesRng`], so that there is no second way of
/// drawing to test.
pub type BytesMarks = RandomMarks<BytesRng>;

impl BytesMarks {
    /// The marks that these bytes, then ChaCha8, give.
    pub fn from_bytes(model: &Model, bytes: &[u8]) -> Self {
        Self::new(model, BytesRng::new(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_gives_back_what_was_pushed() {
        let marks = [
            Mark::Arrival { task_type: 3, samples: &[5, 5] },
            Mark::Service { server: 1 },
            Mark::Arrival { task_type: 0, samples: &[] },
            Mark::Arrival { task_type: 1, samples: &[0, 2] },
        ];
        let mut block = MarkBlock::new(2);
        marks.iter().for_each(|&mark| block.push(mark));
        assert!(block.iter().eq(marks));
        let mut replayed = MarkBlock::new(2);
        let mut stream = ReplayedMarks::new(block);
        stream.fill(&mut replayed, 3);
        stream.fill(&mut replayed, 3);
        assert!(replayed.iter().eq(marks));
    }
}
