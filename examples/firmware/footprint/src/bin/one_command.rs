//! (b) and one further command.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use wifi_at_footprint::{client, one_command, start};

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (control, stack) = start(spawner);
    if let Ok(task) = client(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = one_command(control) {
        spawner.spawn(task);
    }
}
