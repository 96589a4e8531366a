//! The table as it is kept in the repository, and compared.

use core::fmt::Write;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::case::Case;
use super::table::Cell;

/// A figure may differ from the kept one by so many points of percent. Time is virtual, so that it does not differ at all
/// unless something was changed; this much is not worth a line in a change.
pub const TOLERANCE: f64 = 0.5;

const HEAD: &str = "firmware,baud,direction,links,module,size,goodput,bound,esp-at-nal";

/// Fields of a row that say which it is.
const KEY: usize = 6;

/// The kept table: rows of `benches/goodput.csv` by their first fields.
#[derive(Debug, Default, Clone)]
pub struct Snapshot {
    rows: BTreeMap<String, [String; 3]>,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("goodput.csv")
}

fn values(cell: &Cell) -> [String; 3] {
    [format!("{:.2}", cell.measured), format!("{:.2}", cell.bound), cell.other()]
}

/// Whether two figures are as good as the same. Words are the same or not.
fn is_near(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= TOLERANCE,
        _ => one == other,
    }
}

impl Snapshot {
    /// Reads the kept one.
    ///
    /// # Errors
    /// When there is none.
    pub fn read() -> io::Result<Self> {
        Ok(Self::parse(&std::fs::read_to_string(path())?))
    }

    fn parse(text: &str) -> Self {
        let rows = text.lines().skip(1).filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let values = fields.get(KEY..)?.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
            Some((fields[..KEY].join(","), values.try_into().ok()?))
        });
        Self { rows: rows.collect() }
    }

    /// Puts cells in the place of what was there.
    pub fn take(&mut self, cells: &[Cell]) {
        self.rows.extend(cells.iter().map(|cell| (cell.case.to_string(), values(cell))));
    }

    /// Keeps it, in the table's order. Rows that are in no table any more go.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self) -> io::Result<()> {
        let mut text = format!("{HEAD}\n");
        for case in Case::all() {
            if let Some(values) = self.rows.get(&case.to_string()) {
                let _ = writeln!(text, "{case},{}", values.join(","));
            }
        }
        std::fs::write(path(), text)
    }

    /// What differs, for people: a line for each row.
    #[must_use]
    pub fn differences(&self, cells: &[Cell]) -> Vec<String> {
        let differs = cells.iter().filter_map(|cell| {
            let (key, new) = (cell.case.to_string(), values(cell));
            match self.rows.get(&key) {
                None => Some(format!("{key}: not in the snapshot, now {}", new.join(","))),
                Some(old) if old.iter().zip(&new).all(|(old, new)| is_near(old, new)) => None,
                Some(old) => Some(format!("{key}: {} in the snapshot, now {}", old.join(","), new.join(","))),
            }
        });
        differs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told() {
        let case = Case::some()[0];
        let cell = |measured, esp_at_nal| Cell { case, measured, bound: 98.0, esp_at_nal, timed: 0 };
        let mut kept = Snapshot::default();
        assert_eq!(kept.differences(&[cell(97.0, Ok(50.0))]).len(), 1);
        kept.take(&[cell(97.0, Ok(50.0))]);
        assert!(kept.differences(&[cell(96.6, Ok(50.4))]).is_empty());
        assert_eq!(kept.differences(&[cell(96.4, Ok(50.0))]).len(), 1);
        assert_eq!(kept.differences(&[cell(97.6, Ok(50.0))]).len(), 1);
        assert_eq!(kept.differences(&[cell(97.0, Err("stalls"))]).len(), 1);
    }

    #[test]
    fn a_row_outlives_the_file() {
        let case = Case::some()[0];
        let kept = Snapshot::parse(&format!("{HEAD}\n{case},97.00,98.00,stalls\n"));
        let cell = Cell { case, measured: 97.0, bound: 98.0, esp_at_nal: Err("stalls"), timed: 0 };
        assert_eq!(kept.differences(&[cell]), Vec::<String>::new());
    }
}
