//! What both plots share: colours, letters, the legend, and curves.

use std::io;
use std::path::PathBuf;

use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(crate) const BLUE: RGBColor = RGBColor(31, 99, 180);
pub(crate) const ORANGE: RGBColor = RGBColor(222, 120, 20);
pub(crate) const GREEN: RGBColor = RGBColor(44, 140, 60);
pub(crate) const GREY: RGBColor = RGBColor(110, 110, 110);

/// How a curve is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Pen {
    pub(crate) color: RGBColor,
    pub(crate) dashed: bool,
    /// What was measured has marks, what was computed has none.
    pub(crate) marked: bool,
}

impl Pen {
    /// For what was measured.
    pub(crate) const fn solid(color: RGBColor) -> Self {
        Self { color, dashed: false, marked: true }
    }

    /// For what was computed.
    pub(crate) const fn dashed(color: RGBColor) -> Self {
        Self { color, dashed: true, marked: false }
    }

    fn style(self) -> ShapeStyle {
        self.color.stroke_width(2)
    }
}

/// A file beside the benches.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// For `map_err`.
pub(crate) fn failed(error: impl std::error::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// Text of this size, placed by its middle, and by its left end.
pub(crate) fn letters(size: u32, horizontal: HPos) -> TextStyle<'static> {
    let style: TextStyle<'_> = ("sans-serif", size).into();
    style.pos(Pos::new(horizontal, VPos::Center))
}

/// Length of a dash, and of the space behind it.
const DASH: (u32, u32) = (6, 4);

/// A curve through the points.
pub(crate) fn curve<'a, 'b, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>,
    points: &[(X::ValueType, Y::ValueType)],
    pen: Pen,
) -> io::Result<()>
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let points = points.iter().copied();
    if pen.dashed {
        chart.draw_series(DashedLineSeries::new(points.clone(), DASH.0, DASH.1, pen.style())).map_err(failed)?;
    } else {
        chart.draw_series(LineSeries::new(points.clone(), pen.style())).map_err(failed)?;
    }
    if pen.marked {
        chart.draw_series(points.map(|point| Circle::new(point, 3, pen.color.filled()))).map_err(failed)?;
    }
    Ok(())
}

/// Samples of the pens with what they stand for, side by side; `width` pixels for each.
pub(crate) fn legend(area: &Area<'_>, entries: &[(Pen, &str)], width: i32) -> io::Result<()> {
    let middle = area.dim_in_pixel().1 as i32 / 2;
    for (index, (pen, text)) in entries.iter().enumerate() {
        let left = 20 + index as i32 * width;
        let step = if pen.dashed { DASH.0 + DASH.1 } else { 30 } as i32;
        let length = if pen.dashed { DASH.0 } else { 30 } as i32;
        for from in (left..left + 30).step_by(step as usize) {
            area.draw(&PathElement::new(vec![(from, middle), (from + length, middle)], pen.style())).map_err(failed)?;
        }
        if pen.marked {
            area.draw(&Circle::new((left + 15, middle), 3, pen.color.filled())).map_err(failed)?;
        }
        area.draw(&Text::new((*text).to_owned(), (left + 38, middle), letters(15, HPos::Left))).map_err(failed)?;
    }
    Ok(())
}
