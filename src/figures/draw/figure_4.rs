//! Figure 4, drawn.

use plotters::prelude::*;

use super::style::{
    DrawError, Entry, INK, Line, Stroke, axes, builder, draw_line, page, power_of_ten,
};
use super::{regime_lines, regime_stroke, regimes_caption};
use crate::figures::tails::Row;
use crate::figures::{D, DegreeRule, Family, LAMBDA};
use crate::theory::mean_field::fixed_point;

/// What is below is not shown.
pub(super) const FLOOR: f64 = 1e-6;

/// How the exponential tail below degree 3 is drawn.
const LEAST: Stroke = Stroke::Dashed(8, 4);

/// The last i that is shown.
pub(super) const LAST: usize = 20;

/// Two panels with logarithmic axes: q_i against i.
pub(super) fn svg(rows: &[Row]) -> Result<String, DrawError> {
    let n = rows.first().map_or(0, |row| row.n);
    let mut legend: Vec<Entry> = Vec::new();
    for (steady, name) in [(true, "steady state"), (false, "transient")] {
        for rule in DegreeRule::ALL {
            let mut times: Vec<Option<f64>> = rows
                .iter()
                .filter(|row| row.degree_rule == rule && row.time.is_none() == steady)
                .map(|row| row.time)
                .collect();
            times.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            times.dedup();
            for time in times {
                let at = time.map_or(String::new(), |time| format!(", t = {time}"));
                legend.push(Entry::of_rule(rule, &format!("{name}{at}"), regime_stroke(time)));
            }
        }
    }
    legend.extend([
        Entry::line("q*_i = λ^(2^i − 1)", Stroke::Solid),
        Entry::line("λ^i", Stroke::Dashed(2, 4)),
        Entry::line("(λ/3)^i ≤ q_i for degree 3", LEAST),
    ]);
    let mut caption = regimes_caption(
        rows.iter().map(|row| (row.seed, row.replications)),
        &format!("Bars are 95 % intervals; values below {} are left out.", power_of_ten(FLOOR)),
    );
    caption.push(
        "Both samples of a task may be one server: on a k-regular graph q_i is at least \
        (λ/k)^i in steady state, an exponential tail for each fixed k."
            .to_owned(),
    );
    page(
        &format!(
            "Figure 4. The share q_i of servers with at least i tasks, N = {n} (M = N, d = 2, λ = \
             0.8)"
        ),
        520,
        &legend,
        &caption,
        |area| {
            let panels = area.split_evenly((1, 2));
            for (panel, family) in panels.iter().zip(Family::ALL) {
                let decades = (-6..=0).map(|k| 10f64.powi(k)).collect();
                let y = (FLOOR..1.3).log_scale().with_key_points(decades);
                let mut chart =
                    builder(panel, &format!("random {} graphs", family.name()), [12, 48, 66])
                        .build_cartesian_2d(0.5..LAST as f64 + 0.5, y)?;
                let whole = |i: &f64| if i.fract() == 0.0 { format!("{i}") } else { String::new() };
                axes(&mut chart, ("i", 10, &whole), ("q_i", &|q| power_of_ten(*q)))?;
                chart.draw_series(LineSeries::new(
                    reference(&|i| fixed_point(LAMBDA, D, i as u32)),
                    INK.stroke_width(2),
                ))?;
                let tail = reference(&|i| LAMBDA.powi(i as i32));
                let style = INK.stroke_width(2);
                chart.draw_series(DashedLineSeries::new(tail.iter().copied(), 2, 4, style))?;
                if family == Family::Regular {
                    let least = reference(&|i| crate::figures::tails::least(3.0, i));
                    let points = least.iter().map(|&(i, q)| (i, q, q, q)).collect();
                    let line = Line { colour: INK, mark: None, stroke: LEAST, points };
                    draw_line(&mut chart, &line)?;
                }
                let here = rows
                    .iter()
                    .filter(|row| row.family == family && row.i <= LAST && row.estimate >= FLOOR);
                let points = here.map(|row| {
                    let point = (row.i as f64, row.estimate, row.lower.max(FLOOR), row.upper);
                    (row.degree_rule, row.time, point)
                });
                for (_, line) in regime_lines(points) {
                    draw_line(&mut chart, &line)?;
                }
            }
            Ok(())
        },
    )
}

/// A tail down to the floor, its last piece cut there.
fn reference(of: &dyn Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> =
        (1..=LAST).map(|i| (i as f64, of(i))).take_while(|&(_, q)| q >= FLOOR).collect();
    if let Some(&(i, q)) = points.last().filter(|_| points.len() < LAST) {
        let below = of(points.len() + 1).max(f64::MIN_POSITIVE);
        points.push((i + (FLOOR / q).ln() / (below / q).ln(), FLOOR));
    }
    points
}
