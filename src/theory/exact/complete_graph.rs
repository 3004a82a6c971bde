//! The steady state of the complete graph by its occupancy, Q_1 >= Q_2 >= ..., with a proved error.
//!
//! The occupancy is a Markov chain: Q_i goes up at rate lambda N (q_(i-1)^d - q_i^d) and down at
//! rate N (q_i - q_(i+1)). It is solved on a window, lower_i <= Q_i <= upper_i for i <= L and
//! Q_(L+1) = 0, whose borders what would cross them does not cross.
//!
//! # The error
//! Let A be the generator *without* a window, pi its law, f a function of q, and h the solution of
//! A h = pi f - f. Every probability vector p on finitely many states has
//!
//! pi f - p f = p A h = sum_x r(x) h(x), r = p A, sum_x r(x) = 0.
//!
//! So any p will do, however it was found, if the differences of h are bounded. Let |f(q) - f(q')|
//! <= sum_(i <= L) w_i |q_i - q'_i|. For two coupled states in order, Delta_i = q'_i - q_i >= 0
//! stays so (Proposition 3.9), and by Lemma 4.2
//!
//! d/dt E sum_(j >= i) Delta_j = lambda E ((q'_(i-1))^d - (q_(i-1))^d) - E Delta_i <= lambda d E
//! Delta_(i-1) - E Delta_i, Delta_0 = 0.
//!
//! With y_i = w_i + lambda d y_(i+1), y_(L+1) = 0, the function V = sum_i y_i sum_(j >= i) Delta_j
//! has a drift of at most -sum_i w_i E Delta_i: the integral of |E f(X'(t)) - E f(X(t))| over all t
//! is at most V(0). Through the meet of two states, which need not be in order,
//!
//! |h(x) - h(x')| <= sum_j Y_j |q_j(x) - q_j(x')|, Y_j = y_1 + ... + y_j (y_1 + ... + y_L for j > L).
//!
//! The error is therefore at most sum_j Y_j T_j, where T_j gathers |r(x)| |q_j(x) - q_j(m)| inside
//! the window, for any fixed state m, and the flow over each border of Q_j, 1/N for each crossing.
//! (4.22) is the same argument with y_i = theta^i; here the weights are those of f, and the bound
//! is of the order of the true error.
//!
//! Above L, E q_(L+1) = lambda E q_L^d by (4.10), and E q_(i+1) <= lambda E q_i from there on.
//!
//! Windows start around q* with the covariance of [`refined`] and grow where the flow over a border
//! counts most, until the error is as small as asked for. Rates are exact in doubles up to one
//! rounding while N^d < 2^53; the roundings of sums are part of |r|.
//!
//! # Source
//! (4.10), Lemma 4.2 and the proof of Theorem 3.8, which they sharpen; classical for h.

use super::error::ExactError;
use super::occupancy_residual::{CompleteLaw, Solved};
use super::occupancy_window::{Numbers, Rates, Window, guess, moved};
use crate::theory::mean_field::refined;

/// Windows that are tried.
const MOST_WINDOWS: usize = 60;

/// The steady state of JSQ(d) on N servers that serve all tasks, the mean queue length within
/// `accuracy`.
///
/// # Errors
/// [`ExactError::Parameters`] for lambda outside of (0, 1), d below 2 or N^d from 2^53 on, where
/// rates are no longer exact; [`ExactError::TooManyStates`] where more than `most_states` are
/// needed.
///
/// ```
/// use fluidcheck::theory::exact::complete_graph;
/// let law = complete_graph(16, 0.5, 2, 1e-6, 100_000)?;
/// // E q_1 = lambda.
/// assert!(law.q[0].lower <= 0.5 && 0.5 <= law.q[0].upper);
/// assert!(law.mean_queue_length.error() <= 1e-6);
/// # Ok::<(), fluidcheck::theory::exact::ExactError>(())
/// ```
pub fn complete_graph(
    n: u32,
    lambda: f64,
    d: u32,
    accuracy: f64,
    most_states: u64,
) -> Result<CompleteLaw, ExactError> {
    let constants = refined(lambda, d)?;
    let exact = f64::from(n).powi(d as i32) < 9e15;
    if d < 2 || n == 0 || !exact {
        return Err(ExactError::Complete { n, d });
    }
    let rates = Rates::new(n, lambda, d);
    let mut window = Window::first(n, lambda, d, &constants);
    let mut law = Vec::new();
    for _ in 0..MOST_WINDOWS {
        let states = window.count();
        if states > most_states as f64 {
            break;
        }
        let numbers = Numbers::new(&window);
        law = match law.as_slice() {
            [] => guess(&window, &numbers, n, &constants),
            _ => law,
        };
        let solved = Solved::new(&rates, &window, &numbers, law, accuracy / 10.0);
        let found = solved.law(&rates, &window, &numbers);
        if found.mean_queue_length.error() <= accuracy {
            return Ok(found);
        }
        let larger = window.widened(&solved.borders, &rates, accuracy);
        law = moved(&window, &numbers, &larger, &solved.law);
        window = larger;
    }
    Err(ExactError::TooManyStates {
        servers: n,
        cap: window.levels() as u32,
        needed: format!("{:.0}", window.count()),
        most: most_states,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::BipartiteGraph;
    use crate::model::Model;
    use crate::theory::exact::{Options, stationary};

    #[test]
    fn small_systems_agree_with_the_solver_of_any_graph() {
        for (n, lambda, d) in [(2, 0.5, 2), (3, 0.6, 2), (4, 0.4, 3)] {
            let model = Model::new(BipartiteGraph::complete(n, 1).unwrap(), lambda, d).unwrap();
            let other = stationary(&model, &Options::default()).unwrap();
            let law = complete_graph(n, lambda, d, 1e-7, 200_000).unwrap();
            for (i, (a, b)) in law.q.iter().zip(&other.q).enumerate() {
                assert!(a.lower <= b.upper && b.lower <= a.upper, "q_{} {a:?} {b:?}", i + 1);
            }
            let (a, b) = (law.mean_queue_length, other.mean_queue_length);
            assert!(a.lower <= b.upper && b.lower <= a.upper && a.error() <= 1e-7, "{a:?} {b:?}");
        }
    }
}
