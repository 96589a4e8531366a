//! The scenarios.

use std::cell::Cell;

use embassy_futures::join::{join as join_both, join_array};
use embassy_futures::select::select;
use embassy_time::{Duration, Timer};
use embedded_io_async::{Read, Write};
use wifi_at::net::tcp::{Error, TcpSocket};
use wifi_at::serial::Split;
use wifi_at::{Config, Pins, Resources};
use wifi_at_simulator::{Dialect, Latency, Peer, PeerSocket, Simulator};
use wifi_at_support::virtual_time::Line;

use super::common::*;
use super::{MODULE, Subject};

/// Deterministic noise.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

/// Byte `at` of the stream with this seed.
fn byte(seed: usize, at: usize) -> u8 {
    ((at.wrapping_mul(2_654_435_761) >> 13) ^ seed) as u8
}

/// Verifies what it gets, and sends as much of its own stream, in pieces of any size, from the first byte on.
struct Exchange {
    received: usize,
    to_send: usize,
    random: Random,
}

impl Peer for Exchange {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        for &value in data {
            assert_eq!(value, byte(1, self.received), "upload, byte {}", self.received);
            self.received += 1;
        }
        // Runs ahead of the upload by as much as it likes.
        let mut left = (data.len() + self.random.below(3000)).min(self.to_send);
        while left > 0 {
            let count = (1 + self.random.below(2000)).min(left);
            let start = AMOUNT - self.to_send;
            let piece: Vec<u8> = (start..start + count).map(|at| byte(2, at)).collect();
            socket.send(&piece);
            self.to_send -= count;
            left -= count;
        }
    }
}

/// Bytes of each link and direction. All that a debug build can do in a few seconds, unless `WIFI_AT_LOAD` says how many
/// when this is built.
const AMOUNT: usize = match option_env!("WIFI_AT_LOAD") {
    Some(number) => match usize::from_str_radix(number, 10) {
        Ok(number) => number,
        Err(_) => panic!("WIFI_AT_LOAD is a number of bytes"),
    },
    None => 12_000,
};

fn exchange(rate: u32, stall: Duration, seed: u64) {
    let network = network();
    let start = Cell::new(seed);
    network.serve(server(), move || {
        start.set(start.get() + 77);
        Exchange { received: 0, to_send: AMOUNT, random: Random(start.get()) }
    });
    let module = builder(&network).latency(Latency::none()).baud(Some(rate)).build();
    let line = Line::new(module).with_quantum(core::time::Duration::from_micros(200));
    let mut resources = Box::new(Resources::<5, 2048, 1024>::new());
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let link = async |number: usize| {
            let mut socket = connect(stack).await;
            let (mut reader, mut writer) = socket.split();
            let mut random = Random(seed * 31 + number as u64 + 1);
            let send = async {
                let mut random = Random(seed * 17 + number as u64 + 1);
                let mut at = 0;
                while at < AMOUNT {
                    let count = (1 + random.below(3000)).min(AMOUNT - at);
                    let piece: Vec<u8> = (at..at + count).map(|at| byte(1, at)).collect();
                    writer.write_all(&piece).await.unwrap();
                    at += count;
                }
                writer.flush().await.unwrap();
            };
            let receive = async {
                let mut buffer = vec![0; 4000];
                let mut at = 0;
                while at < AMOUNT {
                    let room = 1 + random.below(buffer.len());
                    let count = reader.read(&mut buffer[..room]).await.unwrap();
                    assert!(count > 0, "link {number} ended after {at} bytes");
                    for &value in &buffer[..count] {
                        assert_eq!(value, byte(2, at), "link {number}, download, byte {at}");
                        at += 1;
                    }
                    if stall > Duration::MIN && random.below(400) == 0 {
                        Timer::after(stall * random.below(1000) as u32 / 1000).await;
                    }
                }
            };
            join_both(send, receive).await;
        };
        join_array([0, 1, 2, 3, 4].map(link)).await;
        let counters = control.counters();
        assert_eq!((counters.dropped_bytes, counters.broken_payloads, counters.timeouts), (0, 0, 0));
    });
}

#[test]
fn five_links_both_ways_at_every_rate() {
    for rate in [115_200, 921_600, 3_000_000] {
        // The line that a reader holds up is held up by RTS, or by the module's own window.
        exchange(rate, Duration::MIN, 1);
        exchange(rate, Duration::from_secs(2), 2);
    }
}

/// Where data comes unasked, what nobody reads stands in front of everybody's answers, and is given up for them.
#[test]
fn a_reader_that_sleeps_does_not_hold_up_the_others_for_ever() {
    const EACH: usize = 60_000;
    let passive = !matches!(MODULE, Dialect::Esp32V1 | Dialect::WizFi360);
    let network = network();
    network.serve(server(), || {
        let mut to_send = EACH;
        move |data: &[u8]| match data {
            b"go" => (EACH - core::mem::take(&mut to_send)..EACH).map(|at| byte(2, at)).collect(),
            data => data.to_vec(),
        }
    });
    let module = builder(&network).latency(Latency::none()).baud(Some(921_600)).build();
    with_driver(&Line::new(module), async |(control, stack)| {
        join(control).await;
        let mut sleeper = connect(stack).await;
        let mut other = connect(stack).await;
        sleeper.write_all(b"go").await.unwrap();
        Timer::after(Duration::from_secs(1)).await;
        for round in 0..3 {
            let start = embassy_time::Instant::now();
            other.write_all(b"hello").await.unwrap();
            let mut answer = [0; 5];
            other.read_exact(&mut answer).await.unwrap();
            let limit = if passive || round > 0 { 2 } else { 30 };
            assert!(start.elapsed() < Duration::from_secs(limit), "round {round}: {:?}", start.elapsed());
        }
        let mut buffer = [0; 700];
        let mut at = 0;
        let end = loop {
            match sleeper.read(&mut buffer).await {
                Ok(count) => {
                    assert!(buffer[..count].iter().enumerate().all(|(more, &value)| value == byte(2, at + more)));
                    at += count;
                    if at == EACH {
                        break None;
                    }
                }
                Err(error) => break Some(error),
            }
        };
        if passive {
            assert_eq!(end, None);
        } else {
            assert!(matches!(end, Some(Error::DataLost { at_least: 1.. })), "{end:?} after {at} bytes");
        }
    });
}

/// The limit is the reader's, not that of the command which waits: a connect would have a minute.
#[test]
fn a_reader_that_sleeps_holds_up_a_connect_for_no_longer() {
    let passive = !matches!(MODULE, Dialect::Esp32V1 | Dialect::WizFi360);
    let network = network();
    network.serve(server(), || |data: &[u8]| if data == b"go" { vec![b'x'; 60_000] } else { data.to_vec() });
    let module = builder(&network).latency(Latency::none()).baud(Some(921_600)).build();
    with_driver(&Line::new(module), async |(control, stack)| {
        join(control).await;
        let mut sleeper = connect(stack).await;
        sleeper.write_all(b"go").await.unwrap();
        // While nobody waits, it may sleep for longer than the limit, and that does not count.
        Timer::after(Duration::from_secs(60)).await;
        let start = embassy_time::Instant::now();
        let mut other = connect(stack).await;
        let held_up = start.elapsed();
        let limits = if passive { 0..2 } else { 19..23 };
        assert!(limits.contains(&held_up.as_secs()), "{held_up:?}");
        other.write_all(b"hello").await.unwrap();
        let mut answer = [0; 5];
        other.read_exact(&mut answer).await.unwrap();
    });
}

/// A port whose receive FIFO runs over when the driver does not read it, and says so, as UARTs do.
struct Overrunning(Line<Simulator>, u64);

#[derive(Debug)]
struct Overrun;

impl core::fmt::Display for Overrun {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("overrun")
    }
}

impl core::error::Error for Overrun {}

impl embedded_io_async::Error for Overrun {
    fn kind(&self) -> embedded_io_async::ErrorKind {
        embedded_io_async::ErrorKind::Other
    }
}

impl embedded_io_async::ErrorType for Overrunning {
    type Error = Overrun;
}

impl Read for Overrunning {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Overrun> {
        let lost = self.0.with(|module, _| module.counters().host_overrun);
        if core::mem::replace(&mut self.1, lost) != lost {
            return Err(Overrun);
        }
        let Ok(count) = self.0.read(buffer).await;
        Ok(count)
    }
}

impl Write for Overrunning {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        let Ok(count) = self.0.write(bytes).await;
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Overrun> {
        Ok(())
    }
}

/// Without flow control, readers that stall cost nothing where data waits in the module. Elsewhere bytes are lost: each
/// socket that may have lost some says so, and none gives a byte that is wrong.
#[test]
fn stalled_readers_without_flow_control() {
    const EACH: usize = 12_000;
    let passive = !matches!(MODULE, Dialect::Esp32V1 | Dialect::WizFi360);
    let network = network();
    network.serve(server(), || {
        let mut to_send = EACH;
        move |_: &[u8]| (EACH - core::mem::take(&mut to_send)..EACH).map(|at| byte(2, at)).collect()
    });
    let module = builder(&network).latency(Latency::none()).baud(Some(921_600)).host_fifo(Some(128)).build();
    let line = Line::new(module).with_quantum(core::time::Duration::from_micros(200));
    let mut resources = Box::new(Resources::<5, 2048, 1024>::new());
    let (whole, failed) = (Cell::new(0), Cell::new(0));
    wifi_at_support::virtual_time::run(&line, async {
        let serial = Split::new(Overrunning(line.clone(), 0), Overrunning(line.clone(), 0));
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, Pins::none(), &mut *resources, Config::default());
        let (control, stack) = (parts.control, parts.stack);
        let test = async {
            join(control).await;
            // The text that a module prints while it starts may overrun the port as well.
            let before = control.counters().serial_errors;
            // All of them first: an overrun may swallow the answer to a connect as well.
            let mut sockets = Vec::new();
            for _ in 0..5 {
                sockets.push(connect(stack).await);
            }
            let link = async |(number, mut socket): (usize, TcpSocket<'_>)| {
                socket.write_all(b"go").await.unwrap();
                let mut random = Random(number as u64 + 1);
                let mut buffer = [0; 700];
                let mut at = 0;
                while at < EACH {
                    match socket.read(&mut buffer).await {
                        Ok(0) => panic!("link {number} has ended after {at} bytes, without a word of loss"),
                        Ok(count) => {
                            for &value in &buffer[..count] {
                                assert_eq!(value, byte(2, at), "link {number}, byte {at}");
                                at += 1;
                            }
                        }
                        Err(error) => {
                            assert!(matches!(error, Error::DataLost { .. }), "link {number}: {error:?}");
                            return failed.set(failed.get() + 1);
                        }
                    }
                    Timer::after(Duration::from_millis(random.below(100) as u64)).await;
                }
                whole.set(whole.get() + 1);
            };
            let links: [_; 5] = sockets.into_iter().enumerate().collect::<Vec<_>>().try_into().unwrap();
            join_array(links.map(link)).await;
            // What comes after is as if nothing had been.
            let mut socket = connect(stack).await;
            socket.write_all(b"go").await.unwrap();
            let mut first = [0; 100];
            socket.read_exact(&mut first).await.unwrap();
            assert!(first.iter().enumerate().all(|(at, &value)| value == byte(2, at)));
            control.counters().serial_errors - before
        };
        match embassy_futures::select::select(parts.runner.run(), test).await {
            embassy_futures::select::Either::First(error) => panic!("the runner ended: {error:?}"),
            embassy_futures::select::Either::Second(errors) => assert_eq!(errors > 0, !passive),
        }
    });
    assert_eq!(whole.get() + failed.get(), 5);
    assert_eq!(failed.get() > 0, !passive);
}

#[test]
fn a_link_with_much_to_write_starves_nobody() {
    let network = network();
    let line = {
        network.serve(server(), || |_: &[u8]| Vec::new());
        Line::new(builder(&network).latency(Latency::none()).baud(Some(921_600)).build())
    };
    let mut resources = Box::new(Resources::<5, 512, 4096>::new());
    let written = [const { Cell::new(0_usize) }; 5];
    with_resources(&line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let mut sockets = Vec::new();
        for _ in 0..5 {
            sockets.push(connect(stack).await);
        }
        let mut sockets = sockets.into_iter();
        let writers = [0, 1, 2, 3, 4].map(|number| {
            let mut socket = sockets.next().unwrap();
            let written = &written[number];
            // One has always more to write, the others write what a command takes.
            let piece = vec![0x55; if number == 0 { 16_384 } else { 2048 }];
            async move {
                loop {
                    written.set(written.get() + socket.write(&piece).await.unwrap());
                }
            }
        });
        select(join_array(writers), Timer::after(Duration::from_secs(3))).await;
    });
    let all: usize = written.iter().map(Cell::get).sum();
    // 90 % of what the line can carry.
    assert!(all > 240_000, "{all}");
    for (number, written) in written.iter().enumerate() {
        let share = written.get() * 100 / all;
        assert!(share >= 15, "link {number} has {share} % of {all}");
    }
}
