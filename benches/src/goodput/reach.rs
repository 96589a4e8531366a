//! Whether the figures are as good as they are meant to be.

use core::fmt;

use wifi_at_simulator::Dialect;

use super::case::{Direction, RING};
use super::table::Cell;

/// One aim, and how far it is reached.
#[derive(Debug, Clone)]
pub struct Reach {
    aim: String,
    /// The worst figure, and where it is.
    worst: String,
    missed: usize,
    /// Those of them for which the protocol leaves less than what is aimed at.
    out_of_reach: usize,
    of: usize,
}

impl Reach {
    /// At least so much percent; `figure` is made of a cell what is to reach that.
    fn least<'a>(
        what: &str,
        aim: f64,
        figure: impl Fn(&Cell) -> f64,
        cells: impl Iterator<Item = &'a Cell> + Clone,
    ) -> Option<Self> {
        let missed = || cells.clone().filter(|cell| figure(cell) < aim);
        let worst = cells.clone().min_by(|one, other| figure(one).total_cmp(&figure(other)))?;
        // Of the bound, all can be reached.
        let out_of_reach = missed().filter(|cell| figure(&Cell { measured: cell.bound, ..(*cell).clone() }) < aim);
        Some(Self {
            aim: format!("{what} >= {aim} %"),
            worst: format!("worst {:.1} at {}", figure(worst), worst.case),
            missed: missed().count(),
            out_of_reach: out_of_reach.count(),
            of: cells.count(),
        })
    }

    fn no_timer(cells: &[Cell]) -> Option<Self> {
        let worst = cells.iter().max_by_key(|cell| cell.timed)?;
        Some(Self {
            aim: "nothing waits for a timer".to_owned(),
            worst: format!("at most {} waits, at {}", worst.timed, worst.case),
            missed: cells.iter().filter(|cell| cell.timed > 0).count(),
            out_of_reach: 0,
            of: cells.len(),
        })
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aim, worst, missed, out_of_reach, of } = self;
        write!(f, "reach {aim}: {worst}; ")?;
        match (missed, out_of_reach) {
            (0, _) => write!(f, "held by all {of} cells"),
            (_, 0) => write!(f, "missed by {missed} of {of} cells"),
            _ => write!(f, "missed by {missed} of {of} cells, in {out_of_reach} of which the bound is lower"),
        }
    }
}

/// All aims, as far as there are cells for them.
#[must_use]
pub fn reaches(cells: &[Cell]) -> Vec<Reach> {
    let toward = |direction| cells.iter().filter(move |cell| cell.case.direction == direction);
    let small = toward(Direction::Upload).filter(|cell| cell.case.size == 2048);
    let is_long = |cell: &&Cell| cell.case.dialect == Dialect::EspAt && cell.case.size > RING;
    let long = toward(Direction::Upload).filter(is_long);
    let aims = [
        Reach::least("download: of the bound", 97.0, Cell::of_bound, toward(Direction::Download)),
        Reach::least("upload of 2 kB writes: of the bound", 95.0, Cell::of_bound, small),
        Reach::least("upload with CIPSENDL: of the line", 97.0, |cell| cell.measured, long),
        Reach::no_timer(cells),
    ];
    aims.into_iter().flatten().collect()
}
