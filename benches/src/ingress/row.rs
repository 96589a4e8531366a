//! The table, and whether its figures are as good as they are meant to be.

use core::fmt::Write;

use super::{Mode, Receiver, SLICES, instructions, receive};

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Who receives.
    pub receiver: Receiver,
    /// How data comes.
    pub mode: Mode,
    /// Most bytes of one read.
    pub slice: usize,
    /// For each byte of payload, if they could be counted.
    pub instructions: Option<f64>,
    /// For each byte of payload, on this machine.
    pub nanoseconds: f64,
}

/// Frames of one run against the clock.
const FRAMES: usize = 2000;

/// Runs against the clock. The best counts: what disturbs only ever makes it slower.
const RUNS: usize = 5;

/// Most instructions for each byte, by the bytes of a slice.
pub(super) const AIMS: [(usize, f64); 4] = [(1460, 0.5), (256, 1.0), (64, 2.5), (1, 20.0)];

impl Row {
    /// All rows.
    pub fn all() -> impl Iterator<Item = (Receiver, Mode, usize)> {
        let pairs = Receiver::ALL.into_iter().flat_map(|receiver| Mode::ALL.map(|mode| (receiver, mode)));
        let pairs = pairs.filter(|(receiver, mode)| receiver.can(*mode));
        pairs.flat_map(|(receiver, mode)| SLICES.map(|slice| (receiver, mode, slice)))
    }

    /// Measures one.
    #[must_use]
    pub fn measure((receiver, mode, slice): (Receiver, Mode, usize)) -> Self {
        let instructions = instructions(receiver, mode, slice);
        let frames = if slice < 16 { FRAMES / 10 } else { FRAMES };
        let nanoseconds = (0..RUNS).map(|_| receive(receiver, mode, slice, frames)).fold(f64::INFINITY, f64::min);
        Self { receiver, mode, slice, instructions, nanoseconds }
    }
}

/// For people.
#[must_use]
pub fn markdown(rows: &[Row]) -> String {
    let mut text =
        "| receiver | frames | bytes of a slice | instructions/byte | ns/byte |\n|---|---|---|---|---|\n".to_owned();
    for Row { receiver, mode, slice, instructions, nanoseconds } in rows {
        let cost = instructions.map_or("no valgrind".to_owned(), |cost| format!("{cost:.2}"));
        let _ = writeln!(text, "| {} | `{}` | {slice} | {cost} | {nanoseconds:.2} |", receiver.name(), mode.name());
    }
    text
}

/// A line for each aim.
#[must_use]
pub fn reaches(rows: &[Row]) -> Vec<String> {
    let lines = AIMS.into_iter().map(|(slice, aim)| {
        let head = format!("reach ingress: instructions/byte in slices of {slice} <= {aim}, with 4 kB reads");
        let ours = rows.iter().filter(|row| row.receiver == Receiver::WifiAtLarge && row.slice == slice);
        let costs = ours.filter_map(|row| Some((row.instructions?, row.mode.name())));
        let Some((worst, mode)) = costs.max_by(|one, other| one.0.total_cmp(&other.0)) else {
            return format!("{head}: not measured");
        };
        format!("{head}: worst {worst:.2} with {mode}; {}", if worst <= aim { "held" } else { "missed" })
    });
    lines.collect()
}
