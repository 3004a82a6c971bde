//! Figure 3, drawn.

use plotters::prelude::*;

use super::style::{
    COLOURS, DrawError, Entry, INK, Line, Mark, Stroke, axes, builder, draw_line, draw_marks, page,
};
use crate::figures::Family;
use crate::figures::paths::{LEVELS, Row};

/// The marks of q_1 to q_4.
const MARKS: [Mark; LEVELS] = [Mark::Circle, Mark::Triangle, Mark::Square, Mark::Diamond];

/// A panel for each family and N.
pub(super) fn svg(rows: &[Row]) -> Result<String, DrawError> {
    let entry = |i: usize| {
        let label = format!("q{}(t), simulated", ['₁', '₂', '₃', '₄'][i]);
        Entry { label, colour: COLOURS[i], mark: Some(MARKS[i]), stroke: Stroke::Solid }
    };
    let mut legend: Vec<Entry> = (0..LEVELS).map(entry).collect();
    legend.push(Entry::line("fluid limit (3.5)", Stroke::Dashed(6, 4)));
    let (seed, replications) = rows.first().map_or((0, 0), |row| (row.seed, row.replications));
    let caption = [
        format!("Transients from empty, t in mean service times; means of {replications} \
            replications with 95 % intervals (Student's t), graphs of seed {seed}; mean degrees in \
            parentheses."),
        "Nothing here is a steady state: on these geometric graphs none need exist at λ = 0.8 (see \
         section-5.md), and queues then go on growing after the times shown.".to_owned(),
    ];
    let mut sizes: Vec<u32> = rows.iter().map(|row| row.n).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let height = 340 * sizes.len() as u32;
    page(
        "Figure 3. Paths from empty against the fluid limit, degree ln N (M = N, d = 2, λ = 0.8)",
        height,
        &legend,
        &caption,
        |area| {
            let panels = area.split_evenly((sizes.len(), 2));
            let shown = sizes.iter().flat_map(|&n| Family::ALL.map(|family| (n, family)));
            for (panel, (n, family)) in panels.iter().zip(shown) {
                let here: Vec<&Row> =
                    rows.iter().filter(|row| row.n == n && row.family == family).collect();
                let degree = here.first().map_or(0.0, |row| row.mean_degree);
                let end = here.iter().map(|row| row.time).fold(1.0, f64::max);
                let name = format!("{}, N = {n} ({degree:.2})", family.name());
                let mut chart =
                    builder(panel, &name, [10, 44, 56]).build_cartesian_2d(0.0..end, 0.0..0.9)?;
                let share = |q: &f64| format!("{q:.1}");
                axes(&mut chart, ("t", 11, &|t| format!("{t}")), ("share of servers", &share))?;
                for i in 1..=LEVELS {
                    let of_level: Vec<&&Row> = here.iter().filter(|row| row.i == i).collect();
                    let points = of_level.iter();
                    let points = points.map(|row| (row.time, row.estimate, row.lower, row.upper));
                    let points = points.collect();
                    // Marks at every other whole time: more would hide the line.
                    let whole = of_level.iter().filter(|row| row.time % 2.0 == 0.0);
                    let whole = whole.map(|row| (row.time, row.estimate));
                    let colour = COLOURS[i - 1];
                    let line = Line { colour, mark: None, stroke: Stroke::Solid, points };
                    draw_line(&mut chart, &line)?;
                    chart.draw_series(DashedLineSeries::new(
                        of_level.iter().map(|row| (row.time, row.fluid_limit)),
                        6,
                        4,
                        INK.stroke_width(2),
                    ))?;
                    draw_marks(&chart, whole, MARKS[i - 1], colour, true)?;
                }
            }
            Ok(())
        },
    )
}
