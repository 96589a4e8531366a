//! The same sessions through both shells: what they put on the wire is the same.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use embassy_time::Instant;
use wifi_at::blocking::Modem;
use wifi_at::command::tcpip::AddressKind;
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::udp::UdpSocket;
use wifi_at::power::SleepMode;
use wifi_at::wifi::{JoinOptions, ScanOptions, SoftApOptions};
use wifi_at::{Config, Pins, Resources};
use wifi_at_simulator::blocking::{Port, Silent, port};
use wifi_at_simulator::{AccessPoint, MemoryNetwork, Simulator};
use wifi_at_support::device::Device;
use wifi_at_support::virtual_time::Line;

use super::Subject;
use super::common::*;

/// All bytes that a host has written.
type Written = Rc<RefCell<Vec<u8>>>;

/// A module that remembers them.
struct Tapped(Simulator, Written);

impl Device for Tapped {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.1.borrow_mut().extend_from_slice(bytes);
        Device::receive(&mut self.0, now, bytes);
    }

    fn poll(&mut self, now: Duration) {
        Device::poll(&mut self.0, now);
    }

    fn transmit(&mut self, now: Duration, out: &mut [u8]) -> usize {
        Device::transmit(&mut self.0, now, out)
    }

    fn next_wake(&self) -> Option<Duration> {
        Device::next_wake(&self.0)
    }
}

/// A port that does.
struct TappedPort(Port, Written);

impl embedded_io::ErrorType for TappedPort {
    type Error = Silent;
}

impl embedded_io::Read for TappedPort {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Silent> {
        self.0.read(buffer)
    }
}

impl embedded_io::ReadReady for TappedPort {
    fn read_ready(&mut self) -> Result<bool, Silent> {
        self.0.read_ready()
    }
}

impl embedded_io::Write for TappedPort {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Silent> {
        let count = self.0.write(bytes)?;
        self.1.borrow_mut().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), Silent> {
        self.0.flush()
    }
}

fn world() -> MemoryNetwork {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    network.serve_udp(server(), |_, data| vec![data.iter().rev().copied().collect()]);
    network
}

fn simulator(network: &MemoryNetwork) -> Simulator {
    builder(network).access_point(AccessPoint::new("the neighbour's", "secret word").rssi(-80)).build()
}

/// Runs a session through each shell, and compares what was written.
fn same_bytes(session: impl AsyncFn(Handles<'_>, &MemoryNetwork)) {
    let network = world();
    let with_executor = Written::default();
    let line = Line::new(Tapped(simulator(&network), Rc::clone(&with_executor)));
    let resources = &mut Resources::<3, 512, 512>::new();
    with_resources(&line, resources, Config::default(), async |handles| session(handles, &network).await);

    let network = world();
    let without = Written::default();
    let port = port(simulator(&network));
    // Both modules have been on for a second.
    port.advance(Duration::from_secs(1));
    let mut clock = {
        let port = port.clone();
        move || {
            port.advance(Duration::from_micros(500));
            Instant::from_micros(port.now().as_micros() as u64)
        }
    };
    let resources = &mut Resources::<3, 512, 512>::new();
    let serial = TappedPort(port.clone(), Rc::clone(&without));
    let mut modem = Modem::<Subject, _>::new(serial, Pins::none(), resources, Config::default(), &mut clock);
    let handles = (modem.control(), modem.stack());
    modem.run(&mut clock, embassy_time::Duration::from_secs(300), session(handles, &network)).unwrap();

    let (one, two) = (with_executor.borrow(), without.borrow());
    assert!(one.len() > 100);
    if *one != *two {
        let at = one.iter().zip(&*two).take_while(|(one, two)| one == two).count();
        let from = at.saturating_sub(60);
        let excerpt = |bytes: &[u8]| bytes[from..bytes.len().min(at + 60)].escape_ascii().to_string();
        panic!("with an executor: {}\nwithout:          {}", excerpt(&one), excerpt(&two));
    }
}

async fn expect(socket: &mut TcpSocket<'_>, expected: &[u8]) {
    let mut back = Vec::new();
    let mut buffer = [0; 100];
    while back.len() < expected.len() {
        let count = socket.read(&mut buffer).await.unwrap();
        back.extend_from_slice(&buffer[..count]);
    }
    assert!(back == expected);
}

#[test]
fn a_client() {
    same_bytes(async |(control, stack), _| {
        join(control).await;
        assert_eq!(stack.resolve("example.org", AddressKind::PreferIpv4).await, Ok(host()));
        let mut socket = connect(stack).await;
        for piece in nasty(5000).chunks(250) {
            write_all(&mut socket, piece).await;
            socket.flush().await.unwrap();
            expect(&mut socket, piece).await;
        }
        socket.close().await.unwrap();
    });
}

#[test]
fn a_server() {
    same_bytes(async |(control, stack), network| {
        join(control).await;
        let listener = TcpListener::bind(stack, 8080).await.unwrap();
        for number in 0..2 {
            let from = SocketAddr::new([192, 0, 2, 7].into(), 40_000 + number);
            let client = network.connect_to_module(from, 8080).unwrap();
            network.push(client, b"GET / HTTP/1.0\r\n\r\n");
            let (mut socket, remote) = listener.accept().await.unwrap();
            assert_eq!(remote, from);
            expect(&mut socket, b"GET / HTTP/1.0\r\n\r\n").await;
            write_all(&mut socket, b"HTTP/1.0 200 OK\r\n\r\n").await;
            socket.close().await.unwrap();
        }
    });
}

#[test]
fn datagrams() {
    same_bytes(async |(control, stack), _| {
        join(control).await;
        let socket = UdpSocket::bind(stack, 7000).await.unwrap();
        for text in ["a", "bcd", "OK\r\n"] {
            socket.send_to(text.as_bytes(), server()).await.unwrap();
            let mut buffer = [0; 20];
            let (count, from) = socket.recv_from(&mut buffer).await.unwrap();
            assert!(buffer[..count].iter().rev().eq(text.as_bytes()));
            assert_eq!(from, server());
        }
    });
}

#[test]
fn wifi() {
    same_bytes(async |(control, _), _| {
        let wifi = control.wifi();
        let mut scan = wifi.scan(ScanOptions::new()).await.unwrap();
        let mut found = 0;
        while scan.next().await.unwrap().is_some() {
            found += 1;
        }
        assert_eq!(found, 2);
        wifi.start_soft_ap(SoftApOptions::new("sensor", "a long secret")).await.unwrap();
        assert!(wifi.join(SSID, JoinOptions::new("wrong")).await.is_err());
        join(control).await;
        assert!(wifi.address().await.unwrap().is_some());
        wifi.leave().await.unwrap();
        wifi.stop_soft_ap().await.unwrap();
    });
}

#[test]
fn a_module_that_restarts() {
    same_bytes(async |(control, stack), _| {
        join(control).await;
        let mut socket = connect(stack).await;
        write_all(&mut socket, b"hello").await;
        expect(&mut socket, b"hello").await;
        control.recover();
        assert!(socket.read(&mut [0; 9]).await.is_err());
        drop(socket);
        join(control).await;
        let mut socket = connect(stack).await;
        write_all(&mut socket, b"again").await;
        expect(&mut socket, b"again").await;
    });
}

#[test]
fn sleep_and_factory_settings() {
    same_bytes(async |(control, stack), _| {
        let power = control.power();
        join(control).await;
        if super::MODULE != wifi_at_simulator::Dialect::WizFi360 {
            power.set_sleep_mode(SleepMode::Modem).await.unwrap();
            power.deep_sleep(embassy_time::Duration::from_secs(2)).await.unwrap();
            assert!(power.is_asleep());
            join(control).await;
            assert!(!power.is_asleep());
        }
        power.restore().await.unwrap();
        join(control).await;
        echo(stack).await;
    });
}
