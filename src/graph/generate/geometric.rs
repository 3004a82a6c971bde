//! Geometric graphs on the unit torus.

use std::fmt;

use statrs::function::gamma::ln_gamma;

use super::random::Stream;
use super::{GenerateError, outside};
use crate::graph::{BipartiteGraph, Isolated};
use crate::num::input_limits::MAX_DIMENSION;
use crate::num::ratio::shortest;

/// The p-norm by which distance is measured, 1 <= p <= infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm(f64);

impl Norm {
    /// The usual distance, p = 2.
    pub const EUCLIDEAN: Self = Self(2.0);

    /// The p-norm; `f64::INFINITY` is the maximum norm.
    ///
    /// # Errors
    /// p below 1 or NaN.
    pub fn new(p: f64) -> Result<Self, GenerateError> {
        let refused = || outside("p", p, "1 to inf", "below 1 it is no norm");
        (p >= 1.0).then_some(Self(p)).ok_or_else(refused)
    }

    /// p.
    pub fn p(self) -> f64 {
        self.0
    }

    /// The volume of the unit ball in `dim` dimensions, (2 Gamma(1 + 1/p))^dim / Gamma(1 + dim/p).
    pub fn unit_ball(self, dim: u32) -> f64 {
        let dim = f64::from(dim);
        // 1 / infinity is 0, and Gamma(1) is 1: the maximum norm needs no case of its own.
        (dim * (std::f64::consts::LN_2 + ln_gamma(1.0 + 1.0 / self.0))
            - ln_gamma(1.0 + dim / self.0))
        .exp()
    }

    /// Whether two points of the torus are within `radius` of each other.
    fn within(self, x: &[f64], y: &[f64], radius: f64) -> bool {
        let apart = x.iter().zip(y).map(|(a, b)| {
            let straight = (a - b).abs();
            straight.min(1.0 - straight)
        });
        if self.0 == 1.0 {
            apart.sum::<f64>() <= radius
        } else if self.0 == 2.0 {
            apart.map(|t| t * t).sum::<f64>() <= radius * radius
        } else if self.0 == f64::INFINITY {
            apart.fold(0.0, f64::max) <= radius
        } else {
            // Scaled by the radius, so that a large p does not underflow.
            apart.map(|t| (t / radius).powf(self.0)).sum::<f64>() <= 1.0
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortest(self.0))
    }
}

/// How far a task type reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// To every server within this distance; a radius above 1/2 is allowed, the torus is finite.
    Radius(f64),
    /// As far as gives this expected number of compatible servers.
    MeanDegree(f64),
}

impl Reach {
    /// The radius among n servers in `dim` dimensions.
    ///
    /// # Errors
    /// What is not positive and finite, and a mean degree that needs a radius above 1/2, where the
    /// ball meets itself around the torus and its volume is no longer the mean degree over n.
    pub fn radius(self, n: u32, dim: u32, norm: Norm) -> Result<f64, GenerateError> {
        let (parameter, given) = match self {
            Self::Radius(radius) => ("radius", radius),
            Self::MeanDegree(degree) => ("degree", degree),
        };
        if !(given > 0.0 && given.is_finite()) {
            return Err(outside(parameter, given, "(0, inf)", "it must be a positive number"));
        }
        if let Self::Radius(radius) = self {
            return Ok(radius);
        }
        let density = f64::from(n) * norm.unit_ball(dim);
        let radius = (given / density).powf(1.0 / f64::from(dim));
        if radius > 0.5 {
            let largest = density * 0.5f64.powi(dim as i32);
            return Err(GenerateError::BallWraps { degree: given, radius, largest });
        }
        Ok(radius)
    }
}

/// Places of servers and task types on the unit torus.
#[derive(Clone, Debug, PartialEq)]
pub struct Sites {
    dim: u32,
    servers: Vec<f64>,
    task_types: Vec<f64>,
}

impl Sites {
    /// n servers, then m task types, independent and uniform.
    ///
    /// # Errors
    /// An empty side, a dimension outside 1 to 8, more than [`MAX_EDGES`](super::MAX_EDGES)
    /// coordinates.
    pub fn uniform(n: u32, m: u32, dim: u32, seed: u64) -> Result<Self, GenerateError> {
        BipartiteGraph::not_empty(n, m)?;
        if dim == 0 || dim > MAX_DIMENSION {
            let range = format!("1 to {MAX_DIMENSION}");
            return Err(outside("dim", dim, range, "a point has dim coordinates"));
        }
        super::check_edges((u64::from(n) + u64::from(m)) * u64::from(dim))?;
        let mut stream = Stream::new(seed);
        let mut draw =
            |count: u32| (0..count as usize * dim as usize).map(|_| stream.unit()).collect();
        Ok(Self { dim, servers: draw(n), task_types: draw(m) })
    }

    /// How many servers there are.
    pub fn n_servers(&self) -> u32 {
        (self.servers.len() / self.dim as usize) as u32
    }

    /// How many task types there are.
    pub fn n_task_types(&self) -> u32 {
        (self.task_types.len() / self.dim as usize) as u32
    }

    /// The place of a server: `dim` coordinates in [0, 1).
    ///
    /// # Panics
    /// If there is no such server.
    pub fn server(&self, server: u32) -> &[f64] {
        point(&self.servers, self.dim, server)
    }

    /// The place of a task type.
    ///
    /// # Panics
    /// If there is no such task type.
    pub fn task_type(&self, task_type: u32) -> &[f64] {
        point(&self.task_types, self.dim, task_type)
    }

    /// The graph in which a server and a task type are compatible if their distance is at most
    /// `radius`.
    ///
    /// Servers are sorted into cells no smaller than the radius, so that the time is linear in n +
    /// m plus the pairs of neighbouring cells.
    ///
    /// # Errors
    /// A radius that is not positive and finite, too many edges, isolated task types where they are
    /// refused.
    pub fn within(
        &self,
        radius: f64,
        norm: Norm,
        isolated: Isolated,
    ) -> Result<BipartiteGraph, GenerateError> {
        let dim = self.dim as usize;
        let (n, m) = (self.n_servers(), self.n_task_types());
        let radius = Reach::Radius(radius).radius(n, self.dim, norm)?;
        // A cell is wider than the radius by more than any rounding of x * side, and there are at
        // most n cells.
        let by_radius = ((1.0 - 1e-9) / radius).floor();
        let by_count = f64::from(n).powf(1.0 / f64::from(self.dim)).floor();
        let side = by_radius.min(by_count).max(1.0) as usize;
        let cell_of = |x: &f64| ((x * side as f64) as usize).min(side - 1);
        let index = |place: &[f64]| place.iter().fold(0, |at, x| at * side + cell_of(x));

        let mut starts = vec![0usize; side.pow(self.dim) + 1];
        self.servers.chunks(dim).for_each(|place| starts[index(place) + 1] += 1);
        (1..starts.len()).for_each(|c| starts[c] += starts[c - 1]);
        let mut next = starts.clone();
        let mut in_cell = vec![0u32; n as usize];
        for v in 0..n {
            let cell = index(self.server(v));
            in_cell[next[cell]] = v;
            next[cell] += 1;
        }

        // Neighbours wrap around; with one or two cells a side some coincide, and must count once.
        let around = |c: usize| {
            let mut cells = vec![(c + side - 1) % side, c, (c + 1) % side];
            cells.sort_unstable();
            cells.dedup();
            cells
        };
        let mut edges = Vec::new();
        let (mut cells, mut wider) = (Vec::new(), Vec::new());
        for w in 0..m {
            let place = self.task_type(w);
            cells.clear();
            cells.push(0);
            for x in place {
                let ring = around(cell_of(x));
                wider.clear();
                wider.extend(cells.iter().flat_map(|&at| ring.iter().map(move |&c| at * side + c)));
                std::mem::swap(&mut cells, &mut wider);
            }
            for &cell in &cells {
                let near = &in_cell[starts[cell]..starts[cell + 1]];
                let within = near.iter().filter(|&&v| norm.within(self.server(v), place, radius));
                edges.extend(within.map(|&v| (v, w)));
            }
            super::check_edges(edges.len() as u64)?;
        }
        Ok(BipartiteGraph::from_edges(n, m, &edges, isolated)?)
    }
}

fn point(all: &[f64], dim: u32, i: u32) -> &[f64] {
    &all[i as usize * dim as usize..(i as usize + 1) * dim as usize]
}

/// n servers and m task types at uniform places of the unit torus, compatible within reach in the
/// p-norm.
///
/// # Errors
/// As [`Sites::uniform`], [`Reach::radius`] and [`Sites::within`].
///
/// ```
/// use fluidcheck::graph::{Isolated, generate::{Norm, Reach, geometric}};
/// let graph = geometric(1000, 1000, 2, Norm::new(2.0)?, Reach::MeanDegree(30.0), 1, Isolated::Refuse)?;
/// assert!((graph.n_edges() as f64 / 1000.0 - 30.0).abs() < 3.0);
/// # Ok::<(), fluidcheck::graph::generate::GenerateError>(())
/// ```
pub fn geometric(
    n: u32,
    m: u32,
    dim: u32,
    norm: Norm,
    reach: Reach,
    seed: u64,
    isolated: Isolated,
) -> Result<BipartiteGraph, GenerateError> {
    let sites = Sites::uniform(n, m, dim, seed)?;
    sites.within(reach.radius(n, dim, norm)?, norm, isolated)
}
