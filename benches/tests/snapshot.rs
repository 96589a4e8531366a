//! A part of the table that takes seconds, compared with the one that is kept; `--check` of the bench compares all of it.

use wifi_at_benches::goodput::{Case, Cell, Snapshot};

#[test]
fn goodput_is_what_it_was() {
    let kept = Snapshot::read().expect("benches/goodput.csv");
    let cells: Vec<Cell> = Case::some().into_iter().map(Cell::measure).collect();
    let differences = kept.differences(&cells);
    assert!(
        differences.is_empty(),
        "to keep what is measured now: cargo bench --manifest-path benches/Cargo.toml --bench goodput -- --update\n{}",
        differences.join("\n")
    );
}
