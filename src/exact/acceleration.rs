//! Anderson acceleration: the combination of past iterates that would have moved least.
//!
//! It may change how fast a fixed point is found, never which one: what comes out is only another start for the next step.
//!
//! # Source
//! Anderson, "Iterative procedures for nonlinear integral equations"; Walker and Ni, "Anderson acceleration for fixed-point iterations".

/// Past steps that are remembered.
const MEMORY: usize = 8;

/// The memory of a fixed-point iteration on positive vectors.
#[derive(Default)]
pub(super) struct Anderson {
    /// The last iterate's image and what the step moved.
    last: Option<(Vec<f64>, Vec<f64>)>,
    /// Differences of images and of moves.
    differences: Vec<(Vec<f64>, Vec<f64>)>,
    oldest: usize,
}

impl Anderson {
    /// Replaces `image`, the image of `before`, by the next iterate.
    pub(super) fn step(&mut self, before: &[f64], image: &mut [f64]) {
        let moved: Vec<f64> = image.iter().zip(before).map(|(after, before)| after - before).collect();
        if let Some((last_image, last_moved)) = self.last.take() {
            let images: Vec<f64> = image.iter().zip(&last_image).map(|(a, b)| a - b).collect();
            let moves: Vec<f64> = moved.iter().zip(&last_moved).map(|(a, b)| a - b).collect();
            if self.differences.len() < MEMORY {
                self.differences.push((images, moves));
            } else {
                self.differences[self.oldest] = (images, moves);
                self.oldest = (self.oldest + 1) % MEMORY;
            }
        }
        self.last = Some((image.to_vec(), moved));
        let Some((_, moved)) = &self.last else { return };
        // In the norm of the stationary law, in which the chain's slow modes are nearly orthogonal.
        let weights: Vec<f64> = image.iter().map(|p| 1.0 / (p + 1e-18)).collect();
        let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).zip(&weights).map(|((a, b), w)| a * b * w).sum() };
        let size = self.differences.len();
        let mut rows: Vec<Vec<f64>> = (0..size)
            .map(|i| {
                let mut row: Vec<f64> =
                    (0..size).map(|j| if j < i { 0.0 } else { product(&self.differences[i].1, &self.differences[j].1) }).collect();
                row.push(product(&self.differences[i].1, moved));
                row
            })
            .collect();
        for i in 0..size {
            for j in 0..i {
                rows[i][j] = rows[j][i];
            }
            rows[i][i] *= 1.0 + 1e-12;
        }
        let Some(shares) = eliminate(rows) else {
            self.differences.clear();
            self.oldest = 0;
            return;
        };
        for (i, p) in image.iter_mut().enumerate() {
            let correction: f64 = shares.iter().zip(&self.differences).map(|(share, (images, _))| share * images[i]).sum();
            // A law stays positive.
            *p = (*p - correction).max(0.2 * *p);
        }
    }
}

/// Solves the system by elimination with the largest pivot; `None` where it is singular.
fn eliminate(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if !(rows[column][column].abs() > 0.0 && rows[column][column].is_finite()) {
            return None;
        }
        for row in column + 1..size {
            let factor = rows[row][column] / rows[column][column];
            for k in column..=size {
                let above = rows[column][k];
                rows[row][k] -= factor * above;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| rows[row][k] * solution[k]).sum();
        solution[row] = (rows[row][size] - known) / rows[row][row];
    }
    solution.iter().all(|x| x.is_finite()).then_some(solution)
}
