//! (c) Station, TCP client, UDP, DNS.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use wifi_at_footprint::{client, start, udp};

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (control, stack) = start(spawner);
    if let Ok(task) = client(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = udp(control, stack) {
        spawner.spawn(task);
    }
}
