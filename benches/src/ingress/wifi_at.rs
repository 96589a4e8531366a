//! The driver.

use std::time::{Duration, Instant};

use embassy_futures::select::{Either, select};
use wifi_at::dialect::EspAt;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::{Config, Pins, Resources};
use wifi_at_virtual_time::run;

use super::port::Port;
use super::{FRAME, Mode, READ, RING};

pub(super) fn receive<const READ_BUFFER: usize>(
    mode: Mode,
    slice: usize,
    frames: usize,
    mut look: impl FnMut(&[u8]),
) -> Duration {
    let port = Port::new(mode, slice);
    let mut resources = Box::new(Resources::<1, RING, 256, READ_BUFFER>::new());
    let received = run(async {
        let serial = Split::new(port.clone(), port.clone());
        let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), &mut *resources, Config::default());
        let user = async {
            let remote = "10.0.0.1:80".parse().expect("an address");
            let mut socket = TcpSocket::connect(parts.stack, remote).await.expect("a link");
            let amount = frames * FRAME;
            let mut buffer = [0; READ];
            let start = Instant::now();
            port.begin(frames);
            let mut received = 0;
            while received < amount {
                let count = socket.read(&mut buffer).await.expect("data");
                look(&buffer[..count]);
                received += count;
            }
            start.elapsed()
        };
        match select(parts.runner.run(), user).await {
            Either::First(Err(error)) => panic!("the runner ended: {error}"),
            Either::First(Ok(never)) => match never {},
            Either::Second(time) => time,
        }
    });
    received.unwrap_or_else(|stalled| panic!("{stalled}"))
}
