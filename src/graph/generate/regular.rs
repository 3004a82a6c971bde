//! Random regular bipartite graphs by half-edge matching and switches.

use super::random::Stream;
use super::{GenerateError, check_edges, outside};
use crate::graph::{BipartiteGraph, Isolated};

/// Draws at random before a switch is looked for systematically.
const RANDOM_DRAWS: u32 = 256;

/// A random graph in which every server has k task types and every task type n k / m servers.
///
/// The half-edges of both sides are matched uniformly at random. Such a matching is simple only
/// with probability about exp(-(k - 1)(l - 1) / 2), l = n k / m, so surplus copies of an edge are
/// then switched away: an edge drawn uniformly exchanges its task type with the copy, if neither of
/// the two new edges exists yet. Each switch lowers the number of surplus copies. The repair
/// touches about (k - 1)(l - 1) of n k edges; the law is uniform over simple graphs only
/// approximately, ever better as n grows. For 2 k > m the complement is drawn, whose law is the
/// same by symmetry.
///
/// Always ends: for 2 k <= m at most 2 k l - k - l < n k edges are blocked for a given copy (its
/// server has at most k - 1 distinct task types, its task type at most l - 1 distinct servers), so
/// a switch exists.
///
/// # Errors
/// `k` outside 1 to m, n k not a multiple of m, an empty side, more than
/// [`MAX_EDGES`](super::MAX_EDGES) edges. `k = m` is the complete graph.
pub fn random_regular(n: u32, m: u32, k: u32, seed: u64) -> Result<BipartiteGraph, GenerateError> {
    BipartiteGraph::not_empty(n, m)?;
    if k == 0 || k > m {
        return Err(outside("k", k, format!("1 to m = {m}"), "a server has k distinct task types"));
    }
    if !(u64::from(n) * u64::from(k)).is_multiple_of(u64::from(m)) {
        return Err(GenerateError::NotDivisible { n, m, k });
    }
    if k == m {
        return super::complete(n, m);
    }
    check_edges(u64::from(n) * u64::from(k))?;
    let mut stream = Stream::new(seed);
    let edges: Vec<(u32, u32)> = if u64::from(k) * 2 > u64::from(m) {
        let absent = matching(n, m, m - k, &mut stream);
        let mut present = Vec::with_capacity(n as usize * k as usize);
        let mut is_absent = vec![false; m as usize];
        for (v, row) in (0..n).zip(absent.chunks((m - k) as usize)) {
            row.iter().for_each(|&w| is_absent[w as usize] = true);
            present.extend((0..m).filter(|&w| !is_absent[w as usize]).map(|w| (v, w)));
            row.iter().for_each(|&w| is_absent[w as usize] = false);
        }
        present
    } else {
        let types = matching(n, m, k, &mut stream);
        types.iter().enumerate().map(|(i, &w)| ((i / k as usize) as u32, w)).collect()
    };
    Ok(BipartiteGraph::from_edges(n, m, &edges, Isolated::Refuse)?)
}

/// The task types of server v at `v * k..(v + 1) * k`, all distinct; needs 2 k <= m.
fn matching(n: u32, m: u32, k: u32, stream: &mut Stream) -> Vec<u32> {
    let (k, total) = (k as usize, n as usize * k as usize);
    let l = total / m as usize;
    let mut types: Vec<u32> = (0..total).map(|i| (i / l) as u32).collect();
    stream.shuffle(&mut types);
    let row = |i: usize| i / k * k..i / k * k + k;
    // Where each task type was last seen, so that surplus copies are found in linear time.
    let mut last_server = vec![usize::MAX; m as usize];
    let mut surplus = Vec::new();
    for (i, &w) in types.iter().enumerate() {
        if last_server[w as usize] == i / k {
            surplus.push(i);
        }
        last_server[w as usize] = i / k;
    }
    for i in surplus {
        let w = types[i];
        // An earlier switch may have taken the other copy away.
        if types[row(i)].iter().filter(|&&x| x == w).count() < 2 {
            continue;
        }
        let fits = |j: usize, types: &[u32]| {
            !types[row(i)].contains(&types[j]) && !types[row(j)].contains(&w)
        };
        let drawn = (0..RANDOM_DRAWS)
            .map(|_| stream.below(total as u64) as usize)
            .find(|&j| fits(j, &types));
        let j = drawn.or_else(|| {
            let start = stream.below(total as u64) as usize;
            (start..total).chain(0..start).find(|&j| fits(j, &types))
        });
        types.swap(
            i,
            j.expect(
                "at most (k - 1) l + (l - 1) k of the n k = l m places are blocked, \
            fewer than all for 2 k <= m",
            ),
        );
    }
    types
}
