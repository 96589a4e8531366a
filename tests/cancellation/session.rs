//! The session.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::common::*;
use super::MODULE;
use embassy_time::{Duration, Timer, with_timeout};
use wifi_at::Event;
use wifi_at::command::basic::{Probe, QueryFirmware};
use wifi_at::command::tcpip::{AddressKind, QueryLocalAddresses};
use wifi_at::net::listener::TcpListener;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::udp::UdpSocket;
use wifi_at::wifi::{JoinOptions, ScanOptions};
use wifi_at_simulator::{MemoryNetwork, PeerSocket, Simulator};
use wifi_at_support::virtual_time::{Line, drop_after};

const PORT: u16 = 8080;
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const PAGE: usize = 1500;

fn echo_server() -> SocketAddr {
    "10.0.0.1:81".parse().unwrap()
}

fn datagram_server() -> SocketAddr {
    "10.0.0.1:7".parse().unwrap()
}

fn client() -> SocketAddr {
    "192.0.2.7:40000".parse().unwrap()
}

/// Sends a page and closes when it has seen the end of a request.
#[derive(Clone)]
struct Page(Rc<Vec<u8>>);

impl wifi_at_simulator::Peer for Page {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        if data.ends_with(b"\r\n\r\n") {
            socket.send(&self.0);
            socket.close();
        }
    }
}

fn world() -> MemoryNetwork {
    let network = network();
    let page = Page(Rc::new(nasty(PAGE)));
    network.serve(server(), move || page.clone());
    network.serve(echo_server(), || |data: &[u8]| data.to_vec());
    network.serve_udp(datagram_server(), |_, data| vec![data.to_vec()]);
    network
}

/// Which operation is dropped, after how many polls, and whether it ever was.
struct Sweep {
    operation: &'static str,
    polls: usize,
    came: Cell<u32>,
    dropped: Cell<u32>,
}

/// Does an operation. If it is the one that is swept, it is dropped first, and then done again: that must be all the
/// same, as an operation that was dropped has taken nothing and given nothing.
macro_rules! attempt {
    ($sweep:ident, $name:literal, $future:expr) => {
        if $sweep.operation == $name {
            $sweep.came.set($sweep.came.get() + 1);
            match drop_after($sweep.polls, $future).await {
                Some(output) => output,
                None => {
                    $sweep.dropped.set($sweep.dropped.get() + 1);
                    $future.await
                }
            }
        } else {
            $future.await
        }
    };
}

/// All operations, by the names that they have in the session.
const OPERATIONS: [&str; 27] = [
    "wait_until_ready",
    "join",
    "scan",
    "scan.next",
    "resolve",
    "command",
    "command with an answer",
    "listen",
    "connect",
    "write",
    "flush",
    "read",
    "readable",
    "local_address",
    "shutdown",
    "close",
    "accept",
    "server read",
    "server write",
    "udp connect",
    "udp send",
    "udp flush",
    "udp receive",
    "udp close",
    "events",
    "leave",
    "wait_for_disconnection",
];

async fn session(sweep: &Sweep, line: &Line<Simulator>, network: &MemoryNetwork, (control, stack): Handles<'_>) {
    let mut events = control.events();
    let wifi = control.wifi();
    attempt!(sweep, "wait_until_ready", control.wait_until_ready()).unwrap();
    attempt!(sweep, "join", wifi.join(SSID, JoinOptions::new(PASSWORD))).unwrap();
    for expected in [Event::ModuleReady, Event::StationConnected, Event::StationGotAddress] {
        assert_eq!(attempt!(sweep, "events", events.next()), Ok(expected));
    }

    let mut scan = attempt!(sweep, "scan", wifi.scan(ScanOptions::new())).unwrap();
    let mut names = Vec::new();
    while let Some(point) = attempt!(sweep, "scan.next", scan.next()).unwrap() {
        names.push(point.ssid.unwrap().as_bytes().to_vec());
    }
    names.sort();
    assert_eq!(names, [SSID.as_bytes(), b"other"]);

    let resolve = || stack.resolve("example.org", AddressKind::PreferIpv4);
    assert_eq!(attempt!(sweep, "resolve", resolve()), Ok(host()));
    assert_eq!(attempt!(sweep, "command", control.send(&Probe)), Ok(()));
    let addresses = attempt!(sweep, "command with an answer", control.send(&QueryLocalAddresses)).unwrap();
    assert!(format!("{addresses:?}").contains("192"), "{addresses:?}");

    let listener = attempt!(sweep, "listen", TcpListener::bind(stack, PORT)).unwrap();
    clients(sweep, network, &listener).await;
    echoes(sweep, stack).await;
    page(sweep, stack).await;
    clients(sweep, network, &listener).await;
    drop(listener);
    datagrams(sweep, network, stack).await;

    attempt!(sweep, "leave", wifi.leave()).unwrap();
    attempt!(sweep, "wait_for_disconnection", wifi.wait_for_disconnection());
    assert_eq!(attempt!(sweep, "events", events.next()), Ok(Event::StationDisconnected));
    let firmware = control.send(&QueryFirmware).await.unwrap();
    assert!(!format!("{firmware:?}").is_empty());
    // Nothing is left open.
    Timer::after(Duration::from_secs(3)).await;
    line.with(|module, _| assert!(module.links().is_empty(), "{:?}", module.links()));
    let counters = control.counters();
    assert_eq!((counters.stray_results, counters.timeouts, counters.resets), (0, 0, 0));
}

async fn echoes(sweep: &Sweep, stack: wifi_at::Stack<'_>) {
    let mut socket = attempt!(sweep, "connect", TcpSocket::connect(stack, echo_server())).unwrap();
    assert!(attempt!(sweep, "local_address", socket.local_address()).unwrap().ip().is_ipv4());
    // More than the rings hold, so that writes wait.
    let data = nasty(1300);
    let mut back = Vec::new();
    for piece in data.chunks(650) {
        let mut rest = piece;
        while !rest.is_empty() {
            let count = attempt!(sweep, "write", socket.write(rest)).unwrap();
            rest = &rest[count..];
        }
        attempt!(sweep, "flush", socket.flush()).unwrap();
        while back.len() < data.len().min(if piece.as_ptr() == data.as_ptr() { 650 } else { 1300 }) {
            let mut buffer = [0; 300];
            attempt!(sweep, "readable", socket.readable());
            let count = attempt!(sweep, "read", socket.read(&mut buffer)).unwrap();
            assert!(count > 0);
            back.extend_from_slice(&buffer[..count]);
        }
    }
    assert!(back == data);
    write_all(&mut socket, b"the end").await;
    attempt!(sweep, "shutdown", socket.shutdown()).unwrap();
    attempt!(sweep, "close", socket.close()).unwrap();
}

async fn page(sweep: &Sweep, stack: wifi_at::Stack<'_>) {
    let mut socket = attempt!(sweep, "connect", TcpSocket::connect(stack, server())).unwrap();
    write_all(&mut socket, REQUEST).await;
    let mut page = Vec::new();
    let mut buffer = [0; 500];
    loop {
        match attempt!(sweep, "read", socket.read(&mut buffer)).unwrap() {
            0 => break,
            count => page.extend_from_slice(&buffer[..count]),
        }
    }
    assert!(page == nasty(PAGE));
}

async fn clients(sweep: &Sweep, network: &MemoryNetwork, listener: &TcpListener<'_>) {
    let peer = network.connect_to_module(client(), PORT).expect("the server runs");
    network.push(peer, b"hello");
    let (mut socket, remote) = attempt!(sweep, "accept", listener.accept()).unwrap();
    assert_eq!(remote, client());
    let mut buffer = [0; 9];
    assert_eq!(attempt!(sweep, "server read", socket.read(&mut buffer)), Ok(5));
    assert_eq!(&buffer[..5], b"hello");
    assert_eq!(attempt!(sweep, "server write", socket.write(b"and you")), Ok(7));
    socket.flush().await.unwrap();
    assert_eq!(network.take_received(peer), b"and you");
    network.close_peer(peer);
    assert_eq!(attempt!(sweep, "server read", socket.read(&mut buffer)), Ok(0));
}

async fn datagrams(sweep: &Sweep, network: &MemoryNetwork, stack: wifi_at::Stack<'_>) {
    let socket = attempt!(sweep, "udp connect", UdpSocket::connect(stack, datagram_server())).unwrap();
    let before = network.datagrams().len();
    for byte in 0..4 {
        attempt!(sweep, "udp send", socket.send(&[byte; 200])).unwrap();
    }
    attempt!(sweep, "udp flush", socket.flush()).unwrap();
    let mut buffer = [0; 300];
    for byte in 0..4 {
        let received = with_timeout(Duration::from_secs(9), async { attempt!(sweep, "udp receive", socket.recv(&mut buffer)) });
        assert_eq!(received.await.expect("a datagram is lost"), Ok(200));
        assert_eq!(buffer[..200], [byte; 200]);
    }
    assert_eq!(network.datagrams().len(), before + 4, "none twice");
    // It takes the socket with it, so that it cannot be done again.
    if sweep.operation == "udp close" {
        sweep.came.set(1);
        if drop_after(sweep.polls, socket.close()).await.is_none() {
            sweep.dropped.set(1);
        }
    } else {
        socket.close().await.unwrap();
    }
}

#[test]
fn every_future_dropped_at_every_await_point() {
    let mut sessions = 0;
    for operation in OPERATIONS {
        for polls in 0.. {
            let sweep = Sweep { operation, polls, came: Cell::new(0), dropped: Cell::new(0) };
            let network = world();
            let other = wifi_at_simulator::AccessPoint::new("other", "12345678");
            let line = Line::new(builder(&network).access_point(other).build());
            with_driver(&line, async |handles| session(&sweep, &line, &network, handles).await);
            sessions += 1;
            assert!(sweep.came.get() > 0, "{operation} is not in the session");
            if sweep.dropped.get() == 0 {
                assert!(polls > 0, "{operation}");
                break;
            }
        }
    }
    println!("{MODULE:?}: {sessions} sessions");
    assert!(sessions > 3 * OPERATIONS.len());
}

