//! (e) Everything.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use wifi_at_footprint::{client, passthrough, server, services, start, udp};

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (control, stack) = start(spawner);
    if let Ok(task) = client(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = udp(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = server(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = services(control, stack) {
        spawner.spawn(task);
    }
    if let Ok(task) = passthrough(control, stack) {
        spawner.spawn(task);
    }
}
