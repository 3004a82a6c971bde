//! Figure 1, drawn.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::style::{
    COLOURS, DrawError, Entry, GRID, INK, Mark, Stroke, anchored, draw_marks, page,
};
use crate::figures::topologies::{N, Row};

/// Two panels: Erdos-Renyi, and geometric on a torus that is cut open.
pub(super) fn svg(
    rows: &[Row],
    servers: &[(f64, f64)],
    task_types: &[(f64, f64)],
) -> Result<String, DrawError> {
    let (seed, degree) = rows.first().map_or((0, 0.0), |row| (row.seed, row.degree));
    let entry = |label: &str, colour, mark| {
        let (label, mark) = (label.to_owned(), Some(mark));
        Entry { label, colour, mark, stroke: Stroke::None }
    };
    let legend =
        [entry("server", COLOURS[0], Mark::Circle), entry("task type", COLOURS[1], Mark::Square)];
    let caption = [
        format!(
            "N = M = {N}, mean degree ln N = {degree} in both, seed {seed}; the same places in \
             both. The square is a torus: edges of the geometric graph"
        ),
        "that leave it on one side come back on the other. Static graphs: no state, neither \
         transient nor steady, is shown."
            .to_owned(),
    ];
    page(
        "Figure 1. The same mean degree: edges that reach everywhere, and edges that are local",
        560,
        &legend,
        &caption,
        |area| {
            let panels = area.split_evenly((1, 2));
            let names = [("erdos-renyi", "Erdős–Rényi"), ("geometric", "random geometric")];
            for (panel, (graph, name)) in panels.iter().zip(names) {
                panel.draw(&Text::new(name, (290, 6), anchored(16, HPos::Center, VPos::Top)))?;
                let mut builder = ChartBuilder::on(panel);
                builder.margin(30).margin_bottom(10);
                let mut chart = builder.build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
                chart.draw_series(std::iter::once(PathElement::new(
                    [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)],
                    GRID.stroke_width(1),
                )))?;
                for row in rows.iter().filter(|row| row.graph == graph) {
                    let (from, to) =
                        ((row.server_x, row.server_y), (row.task_type_x, row.task_type_y));
                    let pieces =
                        if graph == "geometric" { around(from, to) } else { vec![[from, to]] };
                    chart.draw_series(
                        pieces
                            .into_iter()
                            .map(|piece| PathElement::new(piece, INK.mix(0.55).stroke_width(1))),
                    )?;
                }
                draw_marks(&chart, task_types.iter().copied(), Mark::Square, COLOURS[1], true)?;
                draw_marks(&chart, servers.iter().copied(), Mark::Circle, COLOURS[0], true)?;
            }
            Ok(())
        },
    )
}

/// The shortest segment from a to b on the unit torus, cut where it leaves the unit square.
fn around(a: (f64, f64), b: (f64, f64)) -> Vec<[(f64, f64); 2]> {
    let near = |a: f64, b: f64| b - (b - a).round();
    let end = (near(a.0, b.0), near(a.1, b.1));
    let mut pieces = Vec::new();
    for right in -1..=1 {
        for up in -1..=1 {
            let moved = |p: (f64, f64)| (p.0 + f64::from(right), p.1 + f64::from(up));
            pieces.extend(inside(moved(a), moved(end)));
        }
    }
    pieces
}

/// The part of a segment that lies in the unit square.
fn inside(a: (f64, f64), b: (f64, f64)) -> Option<[(f64, f64); 2]> {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (start, end) in [(a.0, b.0), (a.1, b.1)] {
        let step = end - start;
        if step == 0.0 {
            if !(0.0..=1.0).contains(&start) {
                return None;
            }
            continue;
        }
        let (enter, leave) = (-start / step, (1.0 - start) / step);
        (from, to) = (from.max(enter.min(leave)), to.min(enter.max(leave)));
    }
    let at = |s: f64| (a.0 + s * (b.0 - a.0), a.1 + s * (b.1 - a.1));
    (from < to).then(|| [at(from), at(to)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_around_the_torus_is_cut_into_pieces_of_its_own_length() {
        let length = |pieces: &[[(f64, f64); 2]]| -> f64 {
            pieces.iter().map(|[a, b]| (a.0 - b.0).hypot(a.1 - b.1)).sum()
        };
        let straight = around((0.2, 0.2), (0.5, 0.6));
        assert_eq!(straight.len(), 1);
        assert!((length(&straight) - 0.5).abs() < 1e-12);
        let over_a_corner = around((0.9, 0.9), (0.1, 0.2));
        assert_eq!(over_a_corner.len(), 3);
        assert!((length(&over_a_corner) - 0.2f64.hypot(0.3)).abs() < 1e-12);
    }
}
