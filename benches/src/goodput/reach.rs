//! Whether the figures are as good as they are meant to be.

use core::fmt;

use wifi_at_simulator::Dialect;

use super::case::{Direction, RING};
use super::table::Cell;

/// One aim, and how far it is reached.
#[derive(Debug, Clone)]
pub struct Reach {
    aim: String,
    worst: Option<(f64, String)>,
    missed: usize,
    of: usize,
}

impl Reach {
    fn least(what: &str, aim: f64, figures: impl Iterator<Item = (f64, String)>) -> Self {
        let figures: Vec<_> = figures.collect();
        let missed = figures.iter().filter(|(figure, _)| *figure < aim).count();
        let of = figures.len();
        let worst = figures.into_iter().min_by(|one, other| one.0.total_cmp(&other.0));
        Self { aim: format!("{what} >= {aim} %"), worst, missed, of }
    }

    /// Whether there is something to tell about.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        self.worst.is_some()
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aim, worst, missed, of } = self;
        let Some((figure, at)) = worst else { return write!(f, "reach {aim}: not measured") };
        write!(f, "reach {aim}: worst {figure:.1} at {at}; ")?;
        if *missed == 0 { write!(f, "held by all {of} cells") } else { write!(f, "missed by {missed} of {of} cells") }
    }
}

/// All aims, for the cells that there are.
#[must_use]
pub fn reaches(cells: &[Cell]) -> Vec<Reach> {
    let of_bound = |cell: &Cell| (cell.of_bound(), cell.case.to_string());
    let of_line = |cell: &Cell| (cell.measured, format!("{} (bound {:.1})", cell.case, cell.bound));
    let downloads = cells.iter().filter(|cell| cell.case.direction == Direction::Download);
    let uploads = || cells.iter().filter(|cell| cell.case.direction == Direction::Upload);
    let long = uploads().filter(|cell| cell.case.dialect == Dialect::EspAt && cell.case.size > RING);
    vec![
        Reach::least("download: of the bound", 97.0, downloads.map(of_bound)),
        Reach::least(
            "upload of 2 kB writes: of the bound",
            95.0,
            uploads().filter(|cell| cell.case.size == 2048).map(of_bound),
        ),
        Reach::least("upload with CIPSENDL: of the line", 97.0, long.map(of_line)),
        Reach {
            aim: "no wait for a timer".into(),
            worst: cells
                .iter()
                .max_by_key(|cell| cell.timed)
                .map(|cell| (f64::from(cell.timed), format!("{} (times)", cell.case))),
            missed: cells.iter().filter(|cell| cell.timed > 0).count(),
            of: cells.len(),
        },
    ]
}
