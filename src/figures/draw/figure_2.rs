//! Figure 2, drawn.

use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::style::{
    Area, DrawError, Entry, GRID, INK, Line, Panel, Stroke, anchored, draw_line, of_rule, page,
    power_of_ten, rule_name, text,
};
use super::{regime_lines, regimes_caption};
use crate::figures::lengths::Row;
use crate::figures::{DegreeRule, Family};

/// Two panels: regular graphs, and geometric ones on a logarithmic axis.
pub(super) fn svg(rows: &[Row]) -> Result<String, DrawError> {
    let fixed_point = rows.first().map_or(0.0, |row| row.fixed_point);
    let mut legend: Vec<Entry> = DegreeRule::ALL
        .into_iter()
        .map(|rule| {
            let (colour, mark) = of_rule(rule);
            Entry {
                label: format!("{}, steady state", rule_name(rule)),
                colour,
                mark: Some(mark),
                stroke: Stroke::Solid,
            }
        })
        .collect();
    for rule in DegreeRule::ALL {
        let (colour, mark) = of_rule(rule);
        if rows.iter().any(|row| row.degree_rule == rule && row.time.is_some()) {
            legend.push(Entry {
                label: format!("{}, transient", rule_name(rule)),
                colour,
                mark: Some(mark),
                stroke: Stroke::Dashed(7, 5),
            });
        }
    }
    legend.push(Entry {
        label: format!("fixed point q*, {fixed_point:.4}"),
        colour: INK,
        mark: None,
        stroke: Stroke::Dashed(2, 4),
    });
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
                if family == Family::Geometric {
                    let mut chart = builder(panel, "random geometric graphs").build_cartesian_2d(
                        x,
                        (1.2..highest * 1.3).log_scale().with_key_points(ones_twos_fives(highest)),
                    )?;
                    mesh(&mut chart, &|y| format!("{y}"))?;
                    draw(&mut chart, &lines, fixed_point, right)?;
                } else {
                    let mut chart = builder(panel, "random regular graphs")
                        .build_cartesian_2d(x, 1.5..highest)?;
                    mesh(&mut chart, &|y| format!("{y:.2}"))?;
                    draw(&mut chart, &lines, fixed_point, right)?;
                }
            }
            Ok(())
        },
    )
}

fn builder<'a, 'b>(panel: &'a Area<'b>, name: &str) -> ChartBuilder<'a, 'a, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(panel);
    builder.margin(12).caption(name, text(16)).x_label_area_size(48).y_label_area_size(62);
    builder
}

fn mesh<'a, X, Y>(chart: &mut Panel<'a, X, Y>, y: &dyn Fn(&f64) -> String) -> Result<(), DrawError>
where
    X: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .axis_style(INK)
        .label_style(text(14))
        .axis_desc_style(text(15))
        .x_label_formatter(&|n| power_of_ten(*n))
        .y_label_formatter(y)
        .x_desc("N")
        .y_desc("mean queue length")
        .draw()?;
    Ok(())
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
    lines: &[(Option<f64>, Line)],
    fixed_point: f64,
    right: f64,
) -> Result<(), DrawError>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    chart.draw_series(DashedLineSeries::new(
        [(80.0, fixed_point), (right, fixed_point)],
        2,
        4,
        INK.stroke_width(2),
    ))?;
    for (time, line) in lines {
        draw_line(chart, line)?;
        if let (Some(time), Some(&(x, y, ..))) = (time, line.points.last()) {
            chart.draw_series(std::iter::once(
                EmptyElement::at((x, y))
                    + Text::new(
                        format!("t = {time}"),
                        (12, 0),
                        anchored(14, HPos::Left, VPos::Center),
                    ),
            ))?;
        }
    }
    Ok(())
}
