//! (b) and ten further commands.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use wifi_at_footprint::{client, start, ten_commands};

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (control, stack) = start(spawner);
    if let Ok(task) = client(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = ten_commands(control) {
        spawner.spawn(task);
    }
}
