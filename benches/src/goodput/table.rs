//! The table, computed cell by cell, and how it is shown.

use core::fmt::Write;

use super::case::{Case, LONG_SIZE, SIZES};
use super::{bound, esp_at_nal, measure};

/// What stands in one place of the table, in percent of the line's rate.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What was measured.
    pub case: Case,
    /// What the driver reaches.
    pub measured: f64,
    /// What the protocol lets through.
    pub bound: f64,
    /// What esp-at-nal reaches, or in what it fails.
    pub esp_at_nal: Result<f64, &'static str>,
    /// How often the driver went on because a timer had run out.
    pub timed: u32,
}

/// A figure above its bound by more is a wrong bound: the clock counts whole microseconds.
const ROUNDING: f64 = 0.02;

impl Cell {
    /// Measures one.
    ///
    /// # Panics
    /// When bytes are lost or changed, when nothing moves any more, and when the bound does not hold.
    #[must_use]
    pub fn measure(case: Case) -> Self {
        let measured = measure::measure(&case);
        let bound = bound(&case);
        assert!(
            measured.percent <= bound + ROUNDING,
            "{case}: {:.3} is more than the bound of {bound:.3}, which is wrong",
            measured.percent
        );
        let esp_at_nal = esp_at_nal::measure(&case);
        Self { case, measured: measured.percent, bound, esp_at_nal, timed: measured.timed }
    }

    /// Percent of the bound.
    #[must_use]
    pub fn of_bound(&self) -> f64 {
        self.measured / self.bound * 100.0
    }

    /// The last field of its row.
    pub(crate) fn other(&self) -> String {
        match self.esp_at_nal {
            Ok(percent) => format!("{percent:.2}"),
            Err(word) => word.to_owned(),
        }
    }
}

/// For people: a row for all sizes.
#[must_use]
pub fn markdown(cells: &[Cell]) -> String {
    let sizes: Vec<usize> = SIZES.into_iter().chain([LONG_SIZE]).collect();
    let heads: String = sizes.iter().map(|size| format!(" {size} B |")).collect();
    let mut text =
        format!("| firmware | baud | direction | links | module |{heads}\n|{}\n", "---|".repeat(5 + sizes.len()));
    let same = |one: &Cell, other: &Cell| Case { size: 0, ..one.case } == Case { size: 0, ..other.case };
    for row in cells.chunk_by(same) {
        let Case { dialect, rate, direction, links, pace, .. } = row[0].case;
        let _ = write!(text, "| {} | {rate} | {} | {links} | {} |", dialect.name(), direction.name(), pace.name());
        for size in &sizes {
            let cell = row.iter().find(|cell| cell.case.size == *size);
            let shown = cell.map(|cell| format!("{:.1} / {:.1} / {}", cell.measured, cell.bound, short(cell)));
            let _ = write!(text, " {} |", shown.unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

fn short(cell: &Cell) -> String {
    cell.esp_at_nal.map_or_else(str::to_owned, |percent| format!("{percent:.1}"))
}
