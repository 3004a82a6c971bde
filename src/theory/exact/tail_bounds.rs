//! What a cap leaves out, from both sides.
//!
//! **Below.** The chain that loses tasks at the cap B is monotone and stays below the chain without
//! a cap.
//!
//! **Above.** Let A = {no queue is longer than B}. Given A, the law of the chain without a cap is
//! that of the chain watched only while in A: where a task leads out of A it comes back somewhere
//! in A, which is below the full state (B, ..., B). So that law is below that of the chain which
//! goes to the full state instead, and for 0 <= f <= 1
//!
//! E f(X) <= E_upper f + P(not A).
//!
//! **P(not A).** With kappa = lambda / lambda_c every set S of servers is offered tasks that only S
//! can serve at a rate of at most kappa |S|; the rate from below to above level i is that of S =
//! {v: X_v >= i}, so E q_(i+1) <= kappa E q_i: Corollary 4.3 with kappa in place of rho(G), and it
//! needs no rho(G) < 1, only that the system is ergodic. Hence for every j <= B, with n servers and
//! c = n kappa^(B+1-j),
//!
//! P(not A) <= n E q_(B+1) <= c E q_j <= c (E_upper q_j + P(not A)), so that P(not A) <= c E_upper
//! q_j / (1 - c) where c < 1.
//!
//! **Weights** in `jsq(all)` compare (length + 1) / weight, so that levels differ from server to
//! server: with m_v(i) = floor(i w_v / w_min), a task joins one of S = {v: X_v >= m_v(i)} only if
//! all its servers are in S, hence T_(i+1) <= kappa T_i for T_i = sum_v P(X_v >= m_v(i)), since
//! m_v(i + 1) >= m_v(i) + 1. With r = w_max / w_min, floor(l / r) levels of these lie within l
//! tasks: in the bounds above kappa^(B+1-j) becomes kappa^(floor((B+1)/r) - j), and no level alone
//! falls by kappa.
//!
//! **The mean queue length** adds the levels above B: sum_(i>B) E q_i <= kappa / (1 - kappa) E q_B.
//!
//! # Source
//! Remark 1 for kappa; censored chains are classical.

/// Lower and upper ends of E q_1, E q_2, ..., and of the mean queue length.
#[derive(Clone, Debug)]
pub(super) struct Bracket {
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
    pub(super) mean: (f64, f64),
    /// E q_(i+1) <= kappa E q_i beyond the lists, where the spread is 1.
    pub(super) kappa: f64,
    /// A bound on E q_i beyond the lists, where it is not.
    beyond: f64,
    spread: f64,
}

/// The bracket from upper ends of E_lower (below) and E_upper (above) of q_1, ..., q_B, mean.
pub(super) fn bracket(
    servers: usize,
    (kappa, spread): (f64, f64),
    lower: (&[f64], &[f64]),
    upper: (&[f64], &[f64]),
) -> Bracket {
    let cap = lower.0.len() - 1;
    let low: Vec<f64> =
        lower.0.iter().zip(lower.1).map(|(value, error)| (value - error).max(0.0)).collect();
    let mut high: Vec<f64> =
        upper.0.iter().zip(upper.1).map(|(value, error)| value + error).collect();
    // Levels of the comparison within cap + 1 tasks.
    let levels = ((cap + 1) as f64 / spread) as usize;
    let outside = (1..=cap)
        .filter(|&j| j <= levels)
        .filter_map(|j| {
            let c = servers as f64 * kappa.powi((levels - j) as i32) * (1.0 + 1e-12);
            (c < 1.0).then(|| c * high[j - 1] / (1.0 - c))
        })
        .fold(1.0, f64::min);
    let mean_inside = high.pop().unwrap_or(0.0);
    let mut before = 1.0f64;
    for end in &mut high {
        *end = (*end + outside).min(1.0);
        if spread == 1.0 {
            // Corollary 4.3 again, which is the better one near the cap.
            *end = end.min(kappa * before);
        }
        before = *end;
    }
    let above = if spread == 1.0 {
        kappa / (1.0 - kappa) * before
    } else {
        // Each level of the comparison holds at most this many tasks; n E q_l <= T_floor(l / r).
        spread.ceil() * outside / (1.0 - kappa)
    };
    let mean = mean_inside + cap as f64 * outside + above;
    let beyond = outside.min(before);
    Bracket {
        mean: (low[cap], mean),
        lower: low[..cap].to_vec(),
        upper: high,
        kappa,
        beyond,
        spread,
    }
}

impl Bracket {
    /// E q_i from below and from above, i >= 1.
    pub(super) fn q(&self, i: usize) -> (f64, f64) {
        let cap = self.upper.len();
        let lower = self.lower.get(i - 1).copied().unwrap_or(0.0);
        let upper = self.upper.get(i - 1).copied();
        let falling = || self.upper[cap - 1] * self.kappa.powi((i - cap) as i32);
        (lower, upper.unwrap_or_else(|| if self.spread == 1.0 { falling() } else { self.beyond }))
    }

    /// The distances between the ends, that of the mean queue length last.
    pub(super) fn widths(&self) -> Vec<f64> {
        let widths = self.lower.iter().zip(&self.upper).map(|(lower, upper)| upper - lower);
        widths.chain([self.mean.1 - self.mean.0]).collect()
    }
}
