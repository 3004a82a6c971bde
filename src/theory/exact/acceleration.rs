//! Anderson acceleration: the combination of past iterates that would have moved least.
//!
//! It may change how fast a fixed point is found, never which one: what comes out is only another
//! start for the next step.
//!
//! # Source
//! Anderson, "Iterative procedures for nonlinear integral equations"; Walker and Ni, "Anderson
//! acceleration for fixed-point iterations".

/// Past steps that are remembered.
const MEMORY: usize = 6;

/// What a step leaves of a probability at least.
const LEAST_SHARE: f64 = 0.2;

/// The memory of a fixed-point iteration on positive vectors.
#[derive(Default)]
pub(super) struct Anderson {
    /// The last iterate's image and what the step moved.
    last: Option<(Vec<f64>, Vec<f64>)>,
    /// Differences of images and of moves.
    differences: Vec<(Vec<f64>, Vec<f64>)>,
    /// Products of the moves' differences.
    products: Vec<Vec<f64>>,
    oldest: usize,
    weights: Vec<f64>,
}

impl Anderson {
    /// Forgets the past.
    fn clear(&mut self) {
        self.differences.clear();
        self.products.clear();
        self.oldest = 0;
    }

    /// Replaces `image`, the image of `before`, by the next iterate.
    pub(super) fn step(&mut self, before: &[f64], image: &mut [f64]) {
        let moved: Vec<f64> =
            image.iter().zip(before).map(|(after, before)| after - before).collect();
        if self.differences.is_empty() {
            // In the norm of the stationary law, in which the chain's slow modes are nearly
            // orthogonal; states that hardly matter must not outweigh the others while mass is on
            // its way to them.
            let floor = 1e-4 / image.len() as f64;
            self.weights = image.iter().map(|p| 1.0 / (p + floor)).collect();
        }
        if let Some((mut images, mut moves)) = self.last.take() {
            images.iter_mut().zip(&*image).for_each(|(last, now)| *last = now - *last);
            moves.iter_mut().zip(&moved).for_each(|(last, now)| *last = now - *last);
            let at = if self.differences.len() < MEMORY {
                self.differences.push((images, moves));
                self.products.iter_mut().for_each(|row| row.push(0.0));
                self.products.push(vec![0.0; self.differences.len()]);
                self.differences.len() - 1
            } else {
                self.differences[self.oldest] = (images, moves);
                let at = self.oldest;
                self.oldest = (at + 1) % MEMORY;
                at
            };
            for i in 0..self.differences.len() {
                let product = self.product(&self.differences[i].1, &self.differences[at].1);
                self.products[i][at] = product;
                self.products[at][i] = product;
            }
        }
        self.last = Some((image.to_vec(), moved));
        let Some((_, moved)) = &self.last else { return };
        let mut rows = self.products.clone();
        for (i, row) in rows.iter_mut().enumerate() {
            row[i] *= 1.0 + 1e-12;
            row.push(self.product(&self.differences[i].1, moved));
        }
        let Some(shares) = eliminate(rows) else {
            self.clear();
            return;
        };
        let moved_in_all: f64 = moved.iter().map(|change| change.abs()).sum();
        let corrected = |i: usize| {
            let terms = shares.iter().zip(&self.differences);
            let correction: f64 = terms.map(|(share, (images, _))| share * images[i]).sum();
            image[i] - correction
        };
        let corrected: Vec<f64> = (0..image.len()).map(corrected).collect();
        // A law stays positive. Where that costs more than the step itself moves, the past has
        // nothing to say yet.
        let least = |p: f64| LEAST_SHARE * p;
        let cut: f64 =
            corrected.iter().zip(&*image).map(|(new, p)| (least(*p) - new).max(0.0)).sum();
        if cut > 0.1 * moved_in_all {
            self.clear();
            return;
        }
        image.iter_mut().zip(corrected).for_each(|(p, new)| *p = new.max(least(*p)));
    }

    fn product(&self, a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).zip(&self.weights).map(|((a, b), weight)| a * b * weight).sum()
    }
}

/// Solves the system by elimination with the largest pivot; `None` where it is singular.
fn eliminate(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if !(rows[column][column].abs() > 0.0 && rows[column][column].is_finite()) {
            return None;
        }
        let (above, below) = rows.split_at_mut(column + 1);
        let above = &above[column];
        for row in below {
            let factor = row[column] / above[column];
            let pairs = row[column..].iter_mut().zip(&above[column..]);
            pairs.for_each(|(value, above)| *value -= factor * above);
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| rows[row][k] * solution[k]).sum();
        solution[row] = (rows[row][size] - known) / rows[row][row];
    }
    solution.iter().all(|x| x.is_finite()).then_some(solution)
}
