//! Figure 2, drawn.

use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::style::{
    DrawError, Entry, INK, Line, Panel, Stroke, anchored, axes, builder, draw_line, page,
    power_of_ten,
};
use super::{regime_lines, regimes_caption};
use crate::figures::lengths::Row;
use crate::figures::{DegreeRule, Family};

/// Two panels: regular graphs, and geometric ones on a logarithmic axis.
pub(super) fn svg(rows: &[Row]) -> Result<String, DrawError> {
    let fixed_point = rows.first().map_or(0.0, |row| row.fixed_point);
    let mut legend: Vec<Entry> = DegreeRule::ALL
        .into_iter()
        .map(|rule| Entry::of_rule(rule, "steady state", Stroke::Solid))
        .collect();
    for rule in DegreeRule::ALL {
        if rows.iter().any(|row| row.degree_rule == rule && row.time.is_some()) {
            legend.push(Entry::of_rule(rule, "transient", Stroke::Dashed(7, 5)));
        }
    }
    legend.push(Entry::line(format!("fixed point q*, {fixed_point:.4}"), Stroke::Dashed(2, 4)));
    let caption = regimes_caption(
        rows.iter().map(|row| (row.seed, row.replications)),
        "Bars are 95 % intervals.",
    );
    let largest_n = rows.iter().map(|row| row.n).max().unwrap_or(100);
    page(
        "Figure 2. Mean queue lengths against N (M = N, d = 2, λ = 0.8)",
        500,
        &legend,
        &caption,
        |area| {
            let panels = area.split_evenly((1, 2));
            for (panel, family) in panels.iter().zip(Family::ALL) {
                let here = rows.iter().filter(|row| row.family == family);
                let lines = regime_lines(here.map(|row| {
                    let point = (f64::from(row.n), row.estimate, row.lower, row.upper);
                    (row.degree_rule, row.time, point)
                }));
                // Room to the right for the times.
                let right =
                    f64::from(largest_n) * if family == Family::Geometric { 3.2 } else { 1.4 };
                let highest = lines
                    .iter()
                    .flat_map(|(_, line)| &line.points)
                    .map(|point| point.3)
                    .fold(2.0, f64::max);
                let decades = (2..=5).map(|k| 10f64.powi(k)).filter(|&n| n <= right).collect();
                let x = (80.0..right).log_scale().with_key_points(decades);
                let name = format!("random {} graphs", family.name());
                let mut builder = builder(panel, &name, [12, 48, 62]);
                if family == Family::Geometric {
                    let y = (1.2..highest * 1.3).log_scale();
                    let y = y.with_key_points(ones_twos_fives(highest));
                    let mut chart = builder.build_cartesian_2d(x, y)?;
                    draw(&mut chart, &|y| format!("{y}"), &lines, fixed_point, right)?;
                } else {
                    let mut chart = builder.build_cartesian_2d(x, 1.5..highest)?;
                    draw(&mut chart, &|y| format!("{y:.2}"), &lines, fixed_point, right)?;
                }
            }
            Ok(())
        },
    )
}

/// Labels of a logarithmic axis that do not crowd.
fn ones_twos_fives(highest: f64) -> Vec<f64> {
    (0..12)
        .flat_map(|k| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(k)))
        .filter(|&y| y > 1.2 && y < 1.3 * highest)
        .collect()
}

fn draw<'a, X, Y>(
    chart: &mut Panel<'a, X, Y>,
    y: &dyn Fn(&f64) -> String,
    lines: &[(Option<f64>, Line)],
    fixed_point: f64,
    right: f64,
) -> Result<(), DrawError>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    axes(chart, ("N", 11, &|n| power_of_ten(*n)), ("mean queue length", y))?;
    let ends = [(80.0, fixed_point), (right, fixed_point)];
    chart.draw_series(DashedLineSeries::new(ends, 2, 4, INK.stroke_width(2)))?;
    for (time, line) in lines {
        draw_line(chart, line)?;
        if let (Some(time), Some(&(x, y, ..))) = (time, line.points.last()) {
            let style = anchored(14, HPos::Left, VPos::Center);
            let text = Text::new(format!("t = {time}"), (12, 0), style);
            chart.draw_series(std::iter::once(EmptyElement::at((x, y)) + text))?;
        }
    }
    Ok(())
}
