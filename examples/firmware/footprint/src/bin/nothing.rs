//! (a) Nothing but executor, clock and port.
#![no_std]
#![no_main]

use core::hint::black_box;

use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_time::Timer;
use embedded_io_async::{Read, Write};
use wifi_at_footprint::board;
use wifi_at_mps2::uart::{Receiver, Transmitter};

#[embassy_executor::task]
async fn echo(mut receiver: Receiver, mut transmitter: Transmitter) {
    let mut buffer = [0; 4];
    loop {
        select(receiver.read(&mut buffer), Timer::after_millis(1)).await;
        let _ = transmitter.write(black_box(&buffer)).await;
        let _ = transmitter.flush().await;
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (receiver, transmitter) = board();
    if let Ok(task) = echo(receiver, transmitter) {
        spawner.spawn(task);
    }
}
