//! Figure 4, drawn.

use plotters::prelude::*;

use super::style::{DrawError, Entry, GRID, INK, Line, Stroke, draw_line, of_rule, page, power_of_ten, rule_name, text};
use super::{regime_stroke, regimes_caption};
use crate::figures::tails::Row;
use crate::figures::{D, DegreeRule, Family, LAMBDA};
use crate::meanfield::fixed_point;

/// What is below is not shown.
pub(super) const FLOOR: f64 = 1e-6;

/// The last i that is shown.
pub(super) const LAST: usize = 20;

/// Two panels with logarithmic axes: q_i against i.
pub(super) fn svg(rows: &[Row]) -> Result<String, DrawError> {
    let n = rows.first().map_or(0, |row| row.n);
    let mut legend: Vec<Entry> = Vec::new();
    for (steady, name) in [(true, "steady state"), (false, "transient")] {
        for rule in DegreeRule::ALL {
            let mut times: Vec<Option<f64>> = rows.iter().filter(|row| row.degree_rule == rule && row.time.is_none() == steady).map(|row| row.time).collect();
            times.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            times.dedup();
            for time in times {
                let (colour, mark) = of_rule(rule);
                let at = time.map_or(String::new(), |time| format!(", t = {time}"));
                legend.push(Entry { label: format!("{}, {name}{at}", rule_name(rule)), colour, mark: Some(mark), stroke: regime_stroke(time) });
            }
        }
    }
    legend.push(Entry { label: "λ^(2^i − 1), double exponential".to_owned(), colour: INK, mark: None, stroke: Stroke::Solid });
    legend.push(Entry { label: "λ^i, exponential".to_owned(), colour: INK, mark: None, stroke: Stroke::Dashed(2, 4) });
    let caption = regimes_caption(rows.iter().map(|row| (row.seed, row.replications)), &format!("Bars are 95 % intervals; values below {} are left out.", power_of_ten(FLOOR)));
    page(&format!("Figure 4. The share q_i of servers with at least i tasks, N = {n} (M = N, d = 2, λ = 0.8)"), 520, &legend, &caption, |area| {
        let panels = area.split_evenly((1, 2));
        for (panel, family) in panels.iter().zip(Family::ALL) {
            let mut chart = ChartBuilder::on(panel)
                .margin(12)
                .caption(format!("random {} graphs", family.name()), text(16))
                .x_label_area_size(48)
                .y_label_area_size(66)
                .build_cartesian_2d(0.5..LAST as f64 + 0.5, (FLOOR..1.3).log_scale())?;
            chart
                .configure_mesh()
                .bold_line_style(GRID)
                .light_line_style(WHITE)
                .axis_style(INK)
                .label_style(text(14))
                .axis_desc_style(text(15))
                .x_labels(10)
                .x_label_formatter(&|i| if i.fract() == 0.0 { format!("{i}") } else { String::new() })
                .y_label_formatter(&|q| power_of_ten(*q))
                .x_desc("i")
                .y_desc("q_i")
                .draw()?;
            let reference = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
                (1..=LAST).map(|i| (i as f64, of(i))).filter(|&(_, q)| q >= FLOOR).collect()
            };
            chart.draw_series(LineSeries::new(reference(&|i| fixed_point(LAMBDA, D, i as u32)), INK.stroke_width(2)))?;
            let exponential = reference(&|i| LAMBDA.powi(i as i32));
            chart.draw_series(DashedLineSeries::new(exponential.iter().copied(), 2, 4, INK.stroke_width(2)))?;
            for line in lines(rows, family) {
                draw_line(&mut chart, &line)?;
            }
        }
        Ok(())
    })
}

fn lines(rows: &[Row], family: Family) -> Vec<Line> {
    let mut lines: Vec<(DegreeRule, Option<f64>, Line)> = Vec::new();
    let shown = rows.iter().filter(|row| row.family == family && row.i <= LAST && row.estimate >= FLOOR);
    for row in shown {
        let point = (row.i as f64, row.estimate, row.lower.max(FLOOR), row.upper);
        let known = lines.iter_mut().find(|(rule, time, _)| (*rule, *time) == (row.degree_rule, row.time));
        if let Some((.., line)) = known {
            line.points.push(point);
            continue;
        }
        let (colour, mark) = of_rule(row.degree_rule);
        lines.push((row.degree_rule, row.time, Line { colour, mark: Some(mark), stroke: regime_stroke(row.time), points: vec![point] }));
    }
    lines.into_iter().map(|(.., line)| line).collect()
}
