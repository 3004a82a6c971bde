//! The figures as files: CSV and SVG for each, section 5's table also as a text, with the sets that
//! prove it.
//!
//! | figure | files |
//! |---|---|
//! | 1 to 4 | `fig-1.csv`, `fig-1.svg`, ... |
//! | section 5's geometric graphs | `section-5.csv`, `section-5.md`, a set of servers for each graph without a steady state |
//!
//! # Source
//! [`crate::figures`].

mod figure_1;
mod figure_2;
mod figure_3;
mod figure_4;
mod geometric_table;
mod style;

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::figures::{self, DegreeRule, FigureError, Study, System};
use style::{DrawError, Line, Stroke, of_rule};

/// One of the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Global against local edges.
    Fig1,
    /// Mean queue lengths.
    Fig2,
    /// Paths from empty.
    Fig3,
    /// Tails.
    Fig4,
    /// Which geometric graphs have a steady state.
    Section5,
}

/// Why there are no files of a figure.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Its rows were not made.
    #[error(transparent)]
    Rows(#[from] FigureError),
    /// It was not drawn.
    #[error("{figure} was not drawn: {reason}")]
    Draw {
        /// The id of the figure.
        figure: &'static str,
        /// What the drawing library says.
        reason: DrawError,
    },
    /// Its rows do not make a CSV file or JSON.
    #[error("the rows of {figure} were not written: {reason}")]
    Write {
        /// The id of the figure.
        figure: &'static str,
        /// What the writer says.
        reason: String,
    },
}

/// A figure in all its forms.
#[derive(Clone, Debug)]
pub struct Made {
    /// Names and contents of the files.
    pub files: Vec<(String, Vec<u8>)>,
    /// The rows, as in the CSV file.
    pub rows: Value,
    /// One line that says what there is.
    pub summary: String,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fig1, Self::Fig2, Self::Fig3, Self::Fig4, Self::Section5];

    /// The id: the name of its files.
    pub fn id(self) -> &'static str {
        match self {
            Self::Fig1 => "fig-1",
            Self::Fig2 => "fig-2",
            Self::Fig3 => "fig-3",
            Self::Fig4 => "fig-4",
            Self::Section5 => "section-5",
        }
    }

    /// The figure of this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.id() == id)
    }

    /// The systems that it measures.
    pub fn systems(self, study: &Study) -> Vec<System> {
        let options = study.options();
        match self {
            Self::Fig1 => Vec::new(),
            Self::Fig2 => figures::lengths::shown(options),
            Self::Fig3 => figures::paths::shown(options),
            Self::Fig4 => figures::tails::shown(options),
            Self::Section5 => figures::geometric_rows::shown(options),
        }
    }

    /// Makes the figure; `done` hears of each system measured for it.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn make(self, study: &Study, done: &(dyn Fn(&System) + Sync)) -> Result<Made, ReportError> {
        match self {
            Self::Fig1 => {
                let rows = figures::topologies::rows(study.options())?;
                let places = figures::topologies::Topologies::new(study.options().seed)?.sites;
                let place = |p: &[f64]| (p[0], p[1]);
                let servers: Vec<_> =
                    (0..places.n_servers()).map(|v| place(places.server(v))).collect();
                let task_types: Vec<_> =
                    (0..places.n_task_types()).map(|w| place(places.task_type(w))).collect();
                let svg = figure_1::svg(&rows, &servers, &task_types);
                self.made(&rows, svg, "global against local edges".to_owned())
            }
            Self::Fig2 => {
                let rows = figures::lengths::rows(study, done)?;
                let transient = rows.iter().filter(|row| row.time.is_some()).count();
                let summary =
                    format!("{} mean queue lengths, {transient} of them transients", rows.len());
                self.made(&rows, figure_2::svg(&rows), summary)
            }
            Self::Fig3 => {
                let rows = figures::paths::rows(study.options(), done)?;
                self.made(&rows, figure_3::svg(&rows), "paths from empty".to_owned())
            }
            Self::Fig4 => {
                let rows = figures::tails::rows(study, done)?;
                let summary = format!("tails at N = {}", study.options().largest());
                self.made(&rows, figure_4::svg(&rows), summary)
            }
            Self::Section5 => self.section_5(study, done),
        }
    }

    fn made<T: Serialize>(
        self,
        rows: &[T],
        svg: Result<String, DrawError>,
        summary: String,
    ) -> Result<Made, ReportError> {
        let svg = svg.map_err(|reason| ReportError::Draw { figure: self.id(), reason })?;
        let files = vec![
            (format!("{}.csv", self.id()), self.csv(rows)?),
            (format!("{}.svg", self.id()), svg.into_bytes()),
        ];
        Ok(Made { files, rows: self.json(rows)?, summary })
    }

    fn section_5(
        self,
        study: &Study,
        done: &(dyn Fn(&System) + Sync),
    ) -> Result<Made, ReportError> {
        let rows = figures::geometric_rows::rows(study, done)?;
        let mut files = vec![
            ("section-5.csv".to_owned(), self.csv(&rows)?),
            ("section-5.md".to_owned(), geometric_table::text(&rows).into_bytes()),
        ];
        for row in rows.iter().filter(|row| figures::geometric_rows::is_last(row)) {
            if let Some(name) = &row.bottleneck_file {
                let servers: String = row.bottleneck.iter().map(|v| format!("{v}\n")).collect();
                files.push((name.clone(), servers.into_bytes()));
            }
        }
        Ok(Made { files, rows: self.json(&rows)?, summary: geometric_table::summary(&rows) })
    }

    fn csv<T: Serialize>(self, rows: &[T]) -> Result<Vec<u8>, ReportError> {
        let refused = |reason: String| ReportError::Write { figure: self.id(), reason };
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).map_err(|error| refused(error.to_string()))?;
        }
        writer.into_inner().map_err(|error| refused(error.to_string()))
    }

    fn json<T: Serialize>(self, rows: &[T]) -> Result<Value, ReportError> {
        serde_json::to_value(rows)
            .map_err(|error| ReportError::Write { figure: self.id(), reason: error.to_string() })
    }
}

/// Steady states are solid; of transients the later has the longer dashes.
fn regime_stroke(time: Option<f64>) -> Stroke {
    match time {
        None => Stroke::Solid,
        Some(time) if time < 100.0 => Stroke::Dashed(3, 4),
        Some(_) => Stroke::Dashed(9, 5),
    }
}

/// A line for each degree and time of transients, in the order of the rows; a point is x, y and the
/// ends of its interval.
fn regime_lines(
    rows: impl Iterator<Item = (DegreeRule, Option<f64>, (f64, f64, f64, f64))>,
) -> Vec<(Option<f64>, Line)> {
    let mut lines: Vec<(DegreeRule, Option<f64>, Line)> = Vec::new();
    for (rule, time, point) in rows {
        if let Some((.., line)) = lines.iter_mut().find(|line| (line.0, line.1) == (rule, time)) {
            line.points.push(point);
            continue;
        }
        let (colour, mark, _) = of_rule(rule);
        let stroke = regime_stroke(time);
        lines.push((rule, time, Line { colour, mark: Some(mark), stroke, points: vec![point] }));
    }
    lines.into_iter().map(|(_, time, line)| (time, line)).collect()
}

/// What figures 2 and 4 say of steady states and transients.
fn regimes_caption(mut rows: impl Iterator<Item = (u64, u64)>, bars: &str) -> Vec<String> {
    let (seed, replications) = rows.next().unwrap_or_default();
    vec![
        "Filled marks, solid lines: steady state, where λ is certified to be below the critical \
         load; estimated from below and from above."
            .to_owned(),
        "Open marks, dashed lines: no steady state (λ at or above the critical load, or not \
         decided): the state at time t from empty, a transient that"
            .to_owned(),
        format!("goes on growing. Graphs of seed {seed}, {replications} replications. {bars}"),
    ]
}
