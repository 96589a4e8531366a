//! (b) and twenty further commands.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use wifi_at_footprint::{client, start, twenty_commands};

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (control, stack) = start(spawner);
    if let Ok(task) = client(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = twenty_commands(control) {
        spawner.spawn(task);
    }
}
