//! Nothing but executors, clock and port.
#![no_std]
#![no_main]

use core::hint::black_box;

use embassy_time::{Duration, Instant};
use embedded_io_06::Write;
use embedded_io_async_06::Read;
use wifi_at_footprint_esp_at_nal::{Reader, board};

#[embassy_executor::task]
async fn receive(mut reader: Reader) {
    let mut buffer = [0; 4];
    loop {
        let _ = reader.read(&mut buffer).await;
        black_box(&buffer);
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let (reader, mut writer, spawner) = board();
    if let Ok(task) = receive(reader) {
        spawner.spawn(task);
    }
    let mut next = Instant::now();
    loop {
        if Instant::now() > next {
            next += Duration::from_millis(1);
            let _ = writer.write_all(black_box(b"hello"));
            let _ = writer.flush();
        }
    }
}
