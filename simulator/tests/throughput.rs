//! 1 MB over TCP in each direction on every dialect: what the line allows is what goes through.
//!
//! The line runs at 921600 baud with 10 bits a byte in virtual time, and the module takes no time of its own
//! ([`Latency::none`]). What is left is the protocol: the time must be that of the bytes which are really on the wire.
//! The only other thing that may take time is that the module cannot begin to answer before it has heard the end of a
//! command, and the host not to send before it has heard the end of the answer: no byte is on its way then in both.
#![allow(missing_docs)]

mod common;

use common::builder_of;
use core::time::Duration;
use wifi_at_simulator::{Dialect, Latency, MemoryNetwork, Simulator, SocketId};

const BAUD: u32 = 921_600;
const SIZE: usize = 1 << 20;

struct Wire {
    module: Simulator,
    network: MemoryNetwork,
    now: Duration,
    to_host: u64,
    to_module: u64,
}

/// The time that so many bytes take on the line.
fn line_time(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let bytes = bytes as f64;
    bytes * 10.0 / f64::from(BAUD)
}

impl Wire {
    fn new(dialect: Dialect) -> Self {
        let network = MemoryNetwork::new();
        network.serve("10.0.0.1:7".parse().unwrap(), || |_: &[u8]| Vec::new());
        let builder = builder_of(dialect).latency(Latency::none()).baud(Some(BAUD)).network(network.clone());
        let mut wire = Self { module: builder.build(), network, now: Duration::ZERO, to_host: 0, to_module: 0 };
        wire.read_until(b"ready\r\n");
        for command in ["ATE0", "AT+CWMODE=1", "AT+CWJAP=\"home\",\"secret password\""] {
            wire.write(format!("{command}\r\n").as_bytes());
            wire.read_until(b"\r\nOK\r\n");
        }
        wire.write(b"AT+CIPSTART=\"TCP\",\"10.0.0.1\",7\r\n");
        wire.read_until(b"\r\nOK\r\n");
        (wire.to_host, wire.to_module) = (0, 0);
        wire
    }

    fn socket(&self) -> SocketId {
        self.module.links()[0].socket
    }

    /// Sends bytes; for many, time goes on to just before the last one is through.
    fn write(&mut self, bytes: &[u8]) {
        self.to_module += bytes.len() as u64;
        self.module.receive(self.now, bytes);
        if bytes.len() > 100 {
            self.now += Duration::from_secs_f64(line_time(bytes.len() as u64 - 2));
        }
    }

    /// What has come by the next millisecond.
    fn read_on(&mut self) -> Vec<u8> {
        self.now += Duration::from_millis(1);
        self.module.poll(self.now);
        let bytes = self.module.drain(self.now);
        self.to_host += bytes.len() as u64;
        bytes
    }

    /// Everything that is there now; goes on in time if that is nothing.
    fn read(&mut self) -> Vec<u8> {
        loop {
            self.module.poll(self.now);
            let bytes = self.module.drain(self.now);
            if !bytes.is_empty() {
                self.to_host += bytes.len() as u64;
                return bytes;
            }
            self.now = self.module.next_wake().expect("the module goes on").max(self.now);
        }
    }

    fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        while !all.ends_with(end) {
            all.extend(self.read());
        }
        all
    }
}

/// Moves the payload of the frames that are whole from the line, on which there is nothing else.
fn take_frames(line: &mut Vec<u8>, all: &mut Vec<u8>) {
    while let Some(colon) = line.iter().position(|&byte| byte == b':') {
        let head = std::str::from_utf8(&line[..colon]).unwrap();
        let count = head.strip_prefix("\r\n+IPD,").unwrap().split(',').next().unwrap();
        let end = colon + 1 + count.parse::<usize>().unwrap();
        if line.len() < end {
            return;
        }
        all.extend_from_slice(&line[colon + 1..end]);
        line.drain(..end);
    }
}

fn pattern() -> Vec<u8> {
    (0..SIZE).map(|index| u8::try_from(index * 7 % 251).unwrap()).collect()
}

/// Module to host: the line never rests. Gives the time and the part of it in which the line was busy.
fn download(dialect: Dialect) -> (f64, f64) {
    let mut wire = Wire::new(dialect);
    let data = pattern();
    wire.network.push(wire.socket(), &data);
    let start = wire.now;
    let mut line = Vec::new();
    let mut got = Vec::new();
    while got.len() < SIZE {
        line.extend(wire.read_on());
        take_frames(&mut line, &mut got);
    }
    assert!(got == data, "{}", dialect.name());
    // The last millisecond may not be full; it is 0.01 % of the time.
    let time = (wire.now - start).as_secs_f64();
    (time, line_time(wire.to_host) / time)
}

/// Host to module with counted sends of the greatest size, the host reacting at once.
fn upload(dialect: Dialect, size: usize) -> (f64, f64) {
    let mut wire = Wire::new(dialect);
    let data = pattern();
    let start = wire.now;
    for chunk in data.chunks(size) {
        wire.write(format!("AT+CIPSEND={}\r\n", chunk.len()).as_bytes());
        let prompt = if matches!(dialect, Dialect::Esp8266Nonos | Dialect::WizFi360) { b"> ".as_slice() } else { b">" };
        wire.read_until(prompt);
        wire.write(chunk);
        wire.read_until(b"SEND OK\r\n");
    }
    let time = (wire.now - start).as_secs_f64();
    // One direction waits for the other, so their times add up.
    (time, line_time(wire.to_host + wire.to_module) / time)
}

#[test]
fn one_megabyte_each_way() {
    println!("{:14} {:>10} {:>10} {:>10} {:>10}", "", "down s", "line busy", "up s", "line busy");
    let mut rows = Vec::new();
    for &dialect in Dialect::ALL {
        let size = if dialect == Dialect::EspAt { 8192 } else { 2048 };
        let (down, down_busy) = download(dialect);
        let (up, up_busy) = upload(dialect, size);
        println!("{:14} {down:10.3} {:9.2}% {up:10.3} {:9.2}%", dialect.name(), down_busy * 100.0, up_busy * 100.0);
        rows.push((dialect.name(), down_busy, up_busy));
    }
    for (name, down, up) in rows {
        assert!((0.99..=1.000_01).contains(&down), "{name}: line busy {down} in download");
        assert!((0.99..=1.000_01).contains(&up), "{name}: line busy {up} in upload");
    }
}
