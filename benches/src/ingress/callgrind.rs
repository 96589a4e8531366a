//! Instructions, counted by valgrind's callgrind.

use std::process::Command;

use super::{FRAME, Mode, Receiver};

/// Frames of the two runs.
const FEW: usize = 100;
const MANY: usize = 300;

/// Instructions for each byte. This program runs itself under callgrind twice, with different amounts; the difference
/// is without the start and the bring-up. `None` where there is no valgrind.
///
/// The program must take `--receive RECEIVER MODE SLICE FRAMES`, the first two as numbers in their tables.
#[must_use]
pub fn instructions(receiver: Receiver, mode: Mode, slice: usize) -> Option<f64> {
    let few = collected(receiver, mode, slice, FEW)?;
    let many = collected(receiver, mode, slice, MANY)?;
    Some((many - few) / ((MANY - FEW) * FRAME) as f64)
}

fn collected(receiver: Receiver, mode: Mode, slice: usize, frames: usize) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let numbers = [receiver as usize, mode as usize, slice, frames];
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg("--receive")
        .args(numbers.map(|number| number.to_string()))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let count = text.lines().find_map(|line| line.split_once("Collected : "))?.1;
    count.trim().parse().ok()
}
