//! The table as curves.

use std::io;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use wifi_at_simulator::Dialect;

use super::case::{Direction, Pace, RATES, SIZES};
use super::table::Cell;
use crate::draw::{Area, BLUE, GREEN, GREY, ORANGE, Pen, curve, failed, legend, letters, path};

/// What is shown of five firmwares: one with and one without `AT+CIPSENDL`, both passive, and an active one.
const SHOWN: [(Dialect, RGBColor); 3] =
    [(Dialect::EspAt, BLUE), (Dialect::Esp8266Nonos, GREEN), (Dialect::WizFi360, ORANGE)];

/// Draws `benches/goodput.svg`: one link, a module as fast as in the wild, a field for each rate and direction.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(cells: &[Cell]) -> io::Result<()> {
    let file = path("goodput.svg");
    let root = SVGBackend::new(&file, (1080, 1000)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let (head, fields) = root.split_vertically(92);
    let (title, legends) = head.split_vertically(36);
    let text = "Goodput of one TCP link, in % of the line's rate (module: 1 ms to the prompt, 5 ms to SEND OK)";
    title.draw(&Text::new(text, (540, 20), letters(18, HPos::Center))).map_err(failed)?;
    let (solid, dashed) = legends.split_vertically(26);
    let names = ["ESP-AT", "ESP8266 NONOS", "WizFi360"];
    let measured: Vec<_> = SHOWN.iter().zip(names).map(|((_, color), name)| (Pen::solid(*color), name)).collect();
    let bounds: Vec<_> = SHOWN.iter().map(|(_, color)| (Pen::dashed(*color), "bound of the protocol")).collect();
    legend(&solid, &[&measured[..], &[(Pen::solid(GREY), "esp-at-nal 0.5 on ESP-AT")]].concat(), 260)?;
    legend(&dashed, &bounds, 260)?;
    for (rate, row) in RATES.into_iter().zip(fields.split_evenly((RATES.len(), 1))) {
        for (direction, field) in Direction::ALL.into_iter().zip(row.split_evenly((1, Direction::ALL.len()))) {
            let belongs = |cell: &&Cell| {
                let case = cell.case;
                (case.rate, case.direction, case.links, case.pace) == (rate, direction, 1, Pace::Wild)
                    && SIZES.contains(&case.size)
            };
            let cells: Vec<&Cell> = cells.iter().filter(belongs).collect();
            draw(&field, &format!("{}, {rate} baud", words(direction)), &cells)?;
        }
    }
    root.present().map_err(failed)
}

const fn words(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "as much each way at once",
        other => other.name(),
    }
}

fn draw(field: &Area<'_>, title: &str, cells: &[&Cell]) -> io::Result<()> {
    let sizes = (SIZES[0] as f64..SIZES[SIZES.len() - 1] as f64).log_scale();
    let mut chart = ChartBuilder::on(field)
        .margin(8)
        .margin_right(16)
        .caption(title, ("sans-serif", 16))
        .x_label_area_size(42)
        .y_label_area_size(48)
        .build_cartesian_2d(sizes, 0.0..100.0)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .x_desc("bytes of one write or read")
        .y_desc("% of the line")
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|percent| format!("{percent:.0}"))
        .draw()
        .map_err(failed)?;
    for (dialect, color) in SHOWN {
        let cells = || cells.iter().filter(|cell| cell.case.dialect == dialect);
        let bounds: Vec<_> = cells().map(|cell| (cell.case.size as f64, cell.bound)).collect();
        let measured: Vec<_> = cells().map(|cell| (cell.case.size as f64, cell.measured)).collect();
        curve(&mut chart, &bounds, Pen::dashed(color))?;
        curve(&mut chart, &measured, Pen::solid(color))?;
    }
    let others = cells.iter().filter(|cell| cell.case.dialect == Dialect::EspAt);
    let others: Vec<_> =
        others.filter_map(|cell| Some((cell.case.size as f64, *cell.esp_at_nal.as_ref().ok()?))).collect();
    curve(&mut chart, &others, Pen::solid(GREY))
}
