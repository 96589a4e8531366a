//! The table as curves.

use std::io;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::row::{AIMS, Row};
use super::{Mode, Receiver, SLICES};
use crate::draw::{Area, BLUE, GREEN, GREY, ORANGE, Pen, curve, failed, legend, letters, path};

/// Draws `benches/ingress.svg`: instructions and nanoseconds over the size of a slice.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(rows: &[Row]) -> io::Result<()> {
    let file = path("ingress.svg");
    let root = SVGBackend::new(&file, (1080, 520)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let (head, fields) = root.split_vertically(92);
    let (title, legends) = head.split_vertically(36);
    let text = "Receiving 1460-byte frames, from the serial port's read to the user's buffer";
    title.draw(&Text::new(text, (540, 20), letters(18, HPos::Center))).map_err(failed)?;
    for (strip, mode) in legends.split_evenly((2, 1)).iter().zip(Mode::ALL) {
        let kinds = kinds().filter(|(_, of)| *of == mode);
        let entries: Vec<_> = kinds.map(|(receiver, mode)| (pen(receiver, mode), name(receiver, mode))).collect();
        let entries: Vec<_> = entries.iter().map(|(pen, name)| (*pen, name.as_str())).collect();
        legend(strip, &entries, 264)?;
    }
    let halves = fields.split_evenly((1, 2));
    let instructions = curves(rows, |row| row.instructions);
    let nanoseconds = curves(rows, |row| Some(row.nanoseconds));
    draw(&halves[0], "instructions for each byte (crosses: at most, as aimed at)", &instructions, &AIMS)?;
    draw(&halves[1], "nanoseconds for each byte, on the machine that drew this", &nanoseconds, &[])?;
    root.present().map_err(failed)
}

fn kinds() -> impl Iterator<Item = (Receiver, Mode)> {
    let pairs = Receiver::ALL.into_iter().flat_map(|receiver| Mode::ALL.map(|mode| (receiver, mode)));
    pairs.filter(|(receiver, mode)| receiver.can(*mode))
}

fn pen(receiver: Receiver, mode: Mode) -> Pen {
    let color = match receiver {
        Receiver::WifiAt => BLUE,
        Receiver::WifiAtLarge => GREEN,
        Receiver::Atat => ORANGE,
        Receiver::EspAtNal => GREY,
    };
    Pen { color, dashed: mode == Mode::Passive, marked: true }
}

fn name(receiver: Receiver, mode: Mode) -> String {
    format!("{}, {}", receiver.name(), mode.name())
}

type Points = Vec<(f64, f64)>;

fn curves(rows: &[Row], figure: impl Fn(&Row) -> Option<f64>) -> Vec<(Pen, Points)> {
    let curve = |(receiver, mode)| {
        let of_kind = rows.iter().filter(|row| (row.receiver, row.mode) == (receiver, mode));
        (pen(receiver, mode), of_kind.filter_map(|row| Some((row.slice as f64, figure(row)?))).collect())
    };
    kinds().map(curve).collect()
}

fn draw(field: &Area<'_>, title: &str, curves: &[(Pen, Points)], aims: &[(usize, f64)]) -> io::Result<()> {
    let slices = (SLICES[0] as f64..SLICES[SLICES.len() - 1] as f64).log_scale();
    let mut chart = ChartBuilder::on(field)
        .margin(8)
        .margin_right(16)
        .caption(title, ("sans-serif", 16))
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(slices, (0.1..1000.0).log_scale())
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .x_desc("most bytes of one read of the port")
        .x_label_formatter(&|slice| format!("{slice:.0}"))
        .draw()
        .map_err(failed)?;
    for (pen, points) in curves {
        curve(&mut chart, points, *pen)?;
    }
    let crosses = aims.iter().map(|(slice, aim)| Cross::new((*slice as f64, *aim), 6, BLACK.stroke_width(2)));
    chart.draw_series(crosses).map_err(failed)?;
    Ok(())
}
