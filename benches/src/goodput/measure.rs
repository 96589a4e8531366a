//! The driver's own figure.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use embassy_futures::join::{join, join_array};
use embassy_futures::select::{Either, select};
use embedded_io_async::{ErrorType, Read, Write};
use wifi_at::dialect::Driven;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, Pins, Resources, Stack, WizFi360};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, MemoryNetwork, Peer, PeerSocket, Simulator};
use wifi_at_support::virtual_time::{Line, now};
use wifi_at_virtual_time::{World, run_with};

use super::case::{Case, LINKS, RING, payload, server};
use super::trace::Trace;

/// What came of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) percent: f64,
    /// How often the driver went on because a timer had run out, and not because of what was on the line.
    pub(crate) timed: u32,
}

/// A peer that takes everything and counts it.
pub(crate) struct Counter(pub(crate) Rc<Cell<usize>>);

impl Peer for Counter {
    fn on_data(&mut self, _: &mut PeerSocket, data: &[u8]) {
        self.0.set(self.0.get() + data.len());
    }
}

/// The module of a case, its network, and how much its peers have got.
pub(crate) type Site = (Simulator, MemoryNetwork, Rc<Cell<usize>>);

pub(crate) fn site(case: &Case) -> Site {
    let network = MemoryNetwork::new();
    let taken = Rc::new(Cell::new(0));
    let counter = Rc::clone(&taken);
    network.serve(server(), move || Counter(Rc::clone(&counter)));
    let module = Builder::new(case.dialect)
        .access_point(AccessPoint::new("home", "secret word"))
        .latency(case.pace.latency())
        .network(network.clone())
        .baud(Some(case.rate))
        .build();
    (module, network, taken)
}

/// Runs a case with the driver.
pub(crate) fn measure(case: &Case) -> Measured {
    run(case, false).0
}

/// Runs a case with the driver, and gives what was on the wire.
#[must_use]
pub fn trace(case: &Case) -> Trace {
    run(case, true).1
}

fn run(case: &Case, traced: bool) -> (Measured, Trace) {
    let site = site(case);
    match case.dialect {
        Dialect::EspAt => with_dialect::<EspAt>(case, site, traced),
        Dialect::Esp8266Idf => with_dialect::<Esp8266Idf>(case, site, traced),
        Dialect::Esp8266Nonos => with_dialect::<Esp8266Nonos>(case, site, traced),
        Dialect::Esp32V1 => with_dialect::<Esp32V1>(case, site, traced),
        Dialect::WizFi360 => with_dialect::<WizFi360>(case, site, traced),
        other => panic!("no driver for {}", other.name()),
    }
}

/// The host's end of the line. A clone is the same.
#[derive(Clone)]
struct Host {
    line: Line<Simulator>,
    /// Bytes to the module.
    written: Rc<Cell<u64>>,
    /// Payload is on its way.
    running: Rc<Cell<bool>>,
    trace: Rc<RefCell<Trace>>,
    traced: bool,
}

impl Host {
    fn note(&self, note: impl FnOnce(&mut Trace)) {
        if self.traced && self.running.get() {
            note(&mut self.trace.borrow_mut());
        }
    }
}

impl ErrorType for Host {
    type Error = Infallible;
}

impl Read for Host {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let count = self.line.read(buffer).await?;
        self.note(|trace| trace.received(now(), &buffer[..count]));
        Ok(count)
    }
}

impl Write for Host {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let count = self.line.write(bytes).await?;
        self.note(|trace| trace.sent(now(), &bytes[..count]));
        self.written.set(self.written.get() + count as u64);
        Ok(count)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.line.flush().await
    }
}

/// The world, seen by somebody who wants to know why the host writes.
struct Watch<'a> {
    host: &'a Host,
    /// Bytes from the host when time moved on the last time, and when that was.
    before: Cell<u64>,
    now: Cell<u64>,
    /// The line had no part in it: a timer had run out.
    timed: Cell<bool>,
    count: Cell<u32>,
}

impl<'a> Watch<'a> {
    fn new(host: &'a Host) -> Self {
        Self { host, before: Cell::default(), now: Cell::default(), timed: Cell::default(), count: Cell::default() }
    }
}

impl World for Watch<'_> {
    fn next_event(&self) -> Option<u64> {
        self.host.line.next_event()
    }

    fn advance(&self, now: u64) {
        let written = self.host.written.get();
        if self.timed.get() && self.host.running.get() && written > self.before.get() {
            self.timed.set(false);
            self.count.set(self.count.get() + 1);
        }
        if now > self.now.get() {
            self.now.set(now);
            self.before.set(written);
            self.timed.set(self.next_event().is_none_or(|at| at > now));
        }
        self.host.line.advance(now);
    }
}

fn with_dialect<D: Driven>(case: &Case, (module, network, taken): Site, traced: bool) -> (Measured, Trace) {
    let host = Host {
        line: Line::new(module),
        written: Rc::default(),
        running: Rc::default(),
        trace: Rc::new(RefCell::new(Trace::new(*case))),
        traced,
    };
    let watch = Watch::new(&host);
    let mut resources = Box::new(Resources::<LINKS, RING, RING>::new());
    let time = run_with(&watch, async {
        let serial = Split::new(host.clone(), host.clone());
        let mut parts = wifi_at::new::<D, _, _, _>(serial, Pins::none(), &mut *resources, Config::default());
        let test = async {
            parts.control.wifi().join("home", JoinOptions::new("secret word")).await.expect("to join");
            match case.links {
                1 => transfer::<1>(case, parts.stack, &host, &network).await,
                _ => transfer::<LINKS>(case, parts.stack, &host, &network).await,
            }
        };
        match select(parts.runner.run(), test).await {
            Either::First(Err(error)) => panic!("the runner ended: {error}"),
            Either::First(Ok(never)) => match never {},
            Either::Second(time) => time,
        }
    });
    let time = time.unwrap_or_else(|stalled| panic!("{case}: {stalled}"));
    let amount = case.amount() * case.links;
    assert_eq!(taken.get(), if case.direction.sends() { amount } else { 0 }, "{case}: what the peers got");
    let trace = host.trace.replace(Trace::new(*case));
    (Measured { percent: case.percent(amount, time), timed: watch.count.get() }, trace)
}

async fn transfer<const N: usize>(case: &Case, stack: Stack<'_>, host: &Host, network: &MemoryNetwork) -> Duration {
    let mut sockets = Vec::new();
    for _ in 0..N {
        sockets.push(TcpSocket::connect(stack, server()).await.expect("a connection"));
    }
    let Ok(mut sockets) = <[TcpSocket<'_>; N]>::try_from(sockets) else { unreachable!("so many were made") };
    let data = payload(case.amount());
    let start = now();
    host.running.set(true);
    if case.direction.receives() {
        for connection in network.connections() {
            network.push(connection, &data);
        }
        host.line.with(Simulator::poll);
    }
    let tasks = sockets.each_mut().map(|socket| async {
        let (mut reader, mut writer) = socket.split();
        let receive = async {
            let mut buffer = vec![0; case.size];
            let mut rest = if case.direction.receives() { &data[..] } else { &[] };
            while !rest.is_empty() {
                let count = reader.read(&mut buffer).await.expect("data");
                assert!(rest.starts_with(&buffer[..count]), "{case}: other data than was sent");
                rest = &rest[count..];
            }
        };
        let send = async {
            let rest = if case.direction.sends() { &data[..] } else { &[] };
            for piece in rest.chunks(case.size) {
                writer.write_all(piece).await.expect("room");
            }
            writer.flush().await.expect("confirmation");
        };
        join(receive, send).await;
    });
    join_array(tasks).await;
    host.running.set(false);
    now() - start
}

#[cfg(test)]
mod tests {
    use wifi_at_simulator::{Fault, When};

    use super::*;
    use crate::goodput::{Direction, Pace};

    #[test]
    fn a_wait_for_a_timer_is_seen() {
        let (direction, pace) = (Direction::Download, Pace::Ideal);
        let case = Case { dialect: Dialect::EspAt, rate: 921_600, direction, links: 1, pace, size: 2048 };
        assert_eq!(measure(&case).timed, 0);
        let mut site = site(&case);
        site.0.inject_fault(Fault::NoticesStop, When::Next).expect("a fault of this firmware");
        let (measured, trace) = with_dialect::<EspAt>(&case, site, true);
        assert!(measured.timed > 0, "{trace}");
        assert!(trace.to_string().contains("AT+CIPRECVLEN?"), "{trace}");
    }
}
