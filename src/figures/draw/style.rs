//! How all figures look: one page with title, panels, legend and caption; colours that colour-blind
//! readers tell apart.
//!
//! Filled marks and solid lines are steady states, open marks and dashed lines are transients.
//!
//! # Source
//! The palette of Okabe and Ito.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::figures::DegreeRule;

/// Why a figure was not drawn; with a text as the target only coordinates beyond all bounds could
/// be a reason.
pub(super) type DrawError = Box<dyn std::error::Error + Send + Sync>;

/// A part of the page.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A panel with its axes.
pub(super) type Panel<'a, X, Y> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>;

/// The font of all texts.
const FONT: &str = "Helvetica, Arial, sans-serif";

/// Ink of axes and texts.
pub(super) const INK: RGBColor = RGBColor(30, 30, 30);

/// Lines behind the data.
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);

/// Blue, vermilion, green, purple.
pub(super) const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(170, 68, 153)];

/// The pixels between two lines of text.
const LINE: u32 = 21;

/// The width of every page.
const WIDTH: u32 = 1160;

/// A text style.
pub(super) fn text(size: u32) -> TextStyle<'static> {
    // The backend divides by 1.24.
    (FONT, f64::from(size) * 1.24).into_font().color(&INK)
}

/// The same, by where it is held.
pub(super) fn anchored(size: u32, h: HPos, v: VPos) -> TextStyle<'static> {
    text(size).pos(Pos::new(h, v))
}

/// The shape of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Circle,
    Triangle,
    Square,
    Diamond,
}

/// Colour, mark and name of a degree.
pub(super) fn of_rule(rule: DegreeRule) -> (RGBColor, Mark, &'static str) {
    match rule {
        DegreeRule::Three => (COLOURS[1], Mark::Circle, "degree 3"),
        DegreeRule::Log => (COLOURS[3], Mark::Triangle, "degree ln N"),
        DegreeRule::LogSquared => (COLOURS[2], Mark::Square, "degree (ln N)²"),
        DegreeRule::Root => (COLOURS[0], Mark::Diamond, "degree √N"),
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    None,
    Solid,
    /// Pixels on and off.
    Dashed(u32, u32),
}

/// One line of a panel, with its marks.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) colour: RGBColor,
    pub(super) mark: Option<Mark>,
    pub(super) stroke: Stroke,
    /// x, y, lower and upper end.
    pub(super) points: Vec<(f64, f64, f64, f64)>,
}

/// One entry of a legend.
pub(super) struct Entry {
    pub(super) label: String,
    pub(super) colour: RGBColor,
    pub(super) mark: Option<Mark>,
    pub(super) stroke: Stroke,
}

impl Entry {
    /// A line that is no data.
    pub(super) fn line(label: impl Into<String>, stroke: Stroke) -> Self {
        Self { label: label.into(), colour: INK, mark: None, stroke }
    }

    /// A line of a degree, named by the degree and `what`.
    pub(super) fn of_rule(rule: DegreeRule, what: &str, stroke: Stroke) -> Self {
        let (colour, mark, name) = of_rule(rule);
        Self { label: format!("{name}, {what}"), colour, mark: Some(mark), stroke }
    }
}

/// A panel's margin, and the room for the labels of its axes, in pixels.
pub(super) fn builder<'a, 'b>(
    panel: &'a Area<'b>,
    name: &str,
    [margin, below, left]: [u32; 3],
) -> ChartBuilder<'a, 'a, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(panel);
    builder.margin(margin).caption(name, text(16)).x_label_area_size(below);
    builder.y_label_area_size(left);
    builder
}

/// How a number on an axis is written.
type Written<'a> = &'a dyn Fn(&f64) -> String;

/// Draws the axes, each with its name and the text of its labels, of which x has at most so many.
pub(super) fn axes<X, Y>(
    chart: &mut Panel<'_, X, Y>,
    (x_name, x_labels, x): (&str, usize, Written<'_>),
    (y_name, y): (&str, Written<'_>),
) -> Result<(), DrawError>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(WHITE)
        .axis_style(INK)
        .label_style(text(14))
        .axis_desc_style(text(15))
        .x_labels(x_labels)
        .x_label_formatter(&x)
        .y_label_formatter(&y)
        .x_desc(x_name)
        .y_desc(y_name)
        .draw()?;
    Ok(())
}

impl Stroke {
    /// Marks on dashed lines are open.
    fn is_dashed(self) -> bool {
        matches!(self, Self::Dashed(..))
    }
}

/// An SVG page: title, whatever `draw` puts between, a legend of two rows of columns, and the lines
/// of the caption.
pub(super) fn page(
    title: &str,
    height: u32,
    legend: &[Entry],
    caption: &[String],
    draw: impl FnOnce(&Area<'_>) -> Result<(), DrawError>,
) -> Result<String, DrawError> {
    const COLUMNS: u32 = 4;
    let legend_height = LINE * (legend.len() as u32).div_ceil(COLUMNS) + 8;
    let caption_height = LINE * caption.len() as u32 + 12;
    let mut svg = String::new();
    {
        let size = (WIDTH, 44 + height + legend_height + caption_height);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let style = anchored(19, HPos::Center, VPos::Top);
        root.draw(&Text::new(title.to_owned(), (WIDTH as i32 / 2, 12), style))?;
        let (_, below) = root.split_vertically(44);
        let (panels, below) = below.split_vertically(height);
        let (entries, words) = below.split_vertically(legend_height);
        draw(&panels)?;
        for (k, entry) in (0..).zip(legend) {
            let x = 24 + (k % COLUMNS * ((WIDTH - 40) / COLUMNS)) as i32;
            let y = (k / COLUMNS * LINE + LINE / 2) as i32;
            draw_entry(&entries, entry, (x, y))?;
        }
        for (k, line) in (0..).zip(caption) {
            let style = anchored(14, HPos::Left, VPos::Top);
            words.draw(&Text::new(line.clone(), (24, (k * LINE) as i32 + 4), style))?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn draw_entry(area: &Area<'_>, entry: &Entry, (x, y): (i32, i32)) -> Result<(), DrawError> {
    let style = entry.colour.stroke_width(2);
    let ends = [(x, y), (x + 44, y)];
    match entry.stroke {
        Stroke::None => {}
        Stroke::Solid => area.draw(&PathElement::new(ends, style))?,
        Stroke::Dashed(on, off) => area.draw(&DashedPathElement::new(ends, on, off, style))?,
    }
    if let Some(mark) = entry.mark {
        area.draw(&marked((x + 22, y), mark, entry.colour, !entry.stroke.is_dashed()))?;
    }
    let style = anchored(14, HPos::Left, VPos::Center);
    area.draw(&Text::new(entry.label.clone(), (x + 54, y), style))?;
    Ok(())
}

/// A mark at a place; open ones are white inside, so that lines do not run through them.
fn marked<'a, C: Clone + 'a>(
    at: C,
    mark: Mark,
    colour: RGBColor,
    filled: bool,
) -> DynElement<'a, SVGBackend<'a>, C> {
    let inside = if filled { colour.filled() } else { WHITE.filled() };
    let outline = colour.stroke_width(2);
    let corners: &[(i32, i32)] = match mark {
        Mark::Circle => {
            let circle = |style: ShapeStyle| Circle::new((0, 0), 5, style);
            return (EmptyElement::at(at) + circle(inside) + circle(outline)).into_dyn();
        }
        Mark::Triangle => &[(0, -6), (6, 5), (-6, 5)],
        Mark::Square => &[(-5, -5), (5, -5), (5, 5), (-5, 5)],
        Mark::Diamond => &[(0, -7), (6, 0), (0, 7), (-6, 0)],
    };
    // Around, and along the first side again, so that no corner is blunt.
    let around: Vec<_> = corners.iter().chain(&corners[..2]).copied().collect();
    (EmptyElement::at(at) + Polygon::new(corners, inside) + PathElement::new(around, outline))
        .into_dyn()
}

/// Draws marks at these places of a panel.
pub(super) fn draw_marks<X, Y>(
    panel: &Panel<'_, X, Y>,
    places: impl IntoIterator<Item = (f64, f64)>,
    mark: Mark,
    colour: RGBColor,
    filled: bool,
) -> Result<(), DrawError>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    // One by one: a series would ask for marks that outlive the page.
    places
        .into_iter()
        .try_for_each(|at| Ok(panel.plotting_area().draw(&marked(at, mark, colour, filled))?))
}

/// Draws a line, its intervals and its marks.
pub(super) fn draw_line<'a, X, Y>(panel: &mut Panel<'a, X, Y>, line: &Line) -> Result<(), DrawError>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let style = line.colour.stroke_width(2);
    let path: Vec<(f64, f64)> = line.points.iter().map(|&(x, y, ..)| (x, y)).collect();
    match line.stroke {
        Stroke::None => {}
        Stroke::Solid => {
            panel.draw_series(LineSeries::new(path.iter().copied(), style))?;
        }
        Stroke::Dashed(on, off) => {
            panel.draw_series(DashedLineSeries::new(path.iter().copied(), on, off, style))?;
        }
    }
    let thin = line.colour.stroke_width(1);
    panel.draw_series(
        line.points
            .iter()
            .filter(|(.., lower, upper)| upper > lower)
            .map(|&(x, _, lower, upper)| PathElement::new([(x, lower), (x, upper)], thin)),
    )?;
    if let Some(mark) = line.mark {
        draw_marks(panel, path, mark, line.colour, !line.stroke.is_dashed())?;
    }
    Ok(())
}

/// A power of ten as people write it; nothing for what lies between, whose ticks have no label.
pub(super) fn power_of_ten(value: f64) -> String {
    let exponent = value.log10().round() as i32;
    if (value.log10() - f64::from(exponent)).abs() > 1e-6 {
        return String::new();
    }
    let digits: String = exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            c => char::from_u32(c as u32 - '0' as u32 + '⁰' as u32).unwrap_or(c),
        })
        .collect();
    format!("10{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_are_written_with_raised_digits() {
        let texts = [1e2, 1e-6, 1e10, 1e3, 2e3].map(power_of_ten);
        assert_eq!(texts, ["10²", "10⁻⁶", "10¹⁰", "10³", ""]);
    }
}
