//! A driver at one end of a virtual line, a simulated module at the other.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

use std::net::{IpAddr, SocketAddr};

use embassy_futures::select::{Either, select};
use embedded_hal::digital::{ErrorType, OutputPin};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::{Split, Whole};
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, Control, Pins, Resources, Stack};
use wifi_at_simulator::{AccessPoint, Builder, MemoryNetwork, Simulator};
use wifi_at_support::device::Device;
use wifi_at_support::virtual_time::{Line, run};

// The dialect that the tests are for, and the module.
use super::{MODULE, Subject};

pub const SSID: &str = "home, \"sweet\" home\\";
pub const PASSWORD: &str = "correct, \"horse\"";

pub fn server() -> SocketAddr {
    "10.0.0.1:80".parse().unwrap()
}

pub fn host() -> IpAddr {
    server().ip()
}

pub fn network() -> MemoryNetwork {
    let network = MemoryNetwork::new();
    network.add_host("example.org", host());
    network
}

pub fn builder(network: &MemoryNetwork) -> Builder {
    Builder::new(MODULE).access_point(AccessPoint::new(SSID, PASSWORD)).network(network.clone())
}

pub fn module(network: &MemoryNetwork) -> Line<Simulator> {
    Line::new(builder(network).build())
}

pub type Handles<'a> = (Control<'a, Subject>, Stack<'a>);

/// Runs `test` beside the driver.
pub fn with_driver<D: Device, T>(line: &Line<D>, test: impl AsyncFnOnce(Handles<'_>) -> T) -> T {
    with_resources(line, &mut Resources::<5, 1024, 512>::new(), Config::default(), test)
}

/// As [`with_driver`], with sizes of one's own.
pub fn with_resources<const L: usize, const RX: usize, const TX: usize, D: Device, T>(
    line: &Line<D>,
    resources: &mut Resources<L, RX, TX>,
    config: Config,
    test: impl AsyncFnOnce(Handles<'_>) -> T,
) -> T {
    run(line, async {
        let serial = Split::new(line.clone(), line.clone());
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, Pins::none(), resources, config);
        match select(parts.runner.run(), test((parts.control, parts.stack))).await {
            Either::First(Err(error)) => panic!("the runner ended: {error}"),
            Either::First(Ok(never)) => match never {},
            Either::Second(output) => output,
        }
    })
}

/// The same over a port in one piece.
pub fn with_whole_port<D: Device, T>(line: &Line<D>, test: impl AsyncFnOnce(Handles<'_>) -> T) -> T {
    let resources = &mut Resources::<5, 1024, 512>::new();
    run(line, async {
        let serial = Whole::new(line.clone());
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, Pins::none(), resources, Config::default());
        match select(parts.runner.run(), test((parts.control, parts.stack))).await {
            Either::First(_) => panic!("the runner ended"),
            Either::Second(output) => output,
        }
    })
}

/// The module's reset pin.
pub struct Reset(Line<Simulator>);

impl ErrorType for Reset {
    type Error = core::convert::Infallible;
}

impl OutputPin for Reset {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.0.with(|module, now| module.reset(now));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// With the reset pin at the driver's hand.
pub fn with_reset_pin<T>(line: &Line<Simulator>, config: Config, test: impl AsyncFnOnce(Handles<'_>) -> T) -> T {
    let resources = &mut Resources::<5, 1024, 512>::new();
    run(line, async {
        let (serial, pins) = (Split::new(line.clone(), line.clone()), Pins::reset(Reset(line.clone())));
        let mut parts = wifi_at::new::<Subject, _, _, _>(serial, pins, resources, config);
        match select(parts.runner.run(), test((parts.control, parts.stack))).await {
            Either::First(_) => panic!("the runner ended"),
            Either::Second(output) => output,
        }
    })
}

pub async fn join(control: Control<'_, Subject>) {
    control.wifi().join(SSID, JoinOptions::new(PASSWORD)).await.unwrap();
}

pub async fn connect(stack: Stack<'_>) -> TcpSocket<'_> {
    TcpSocket::connect(stack, server()).await.unwrap()
}

/// Sends something to a server that sends it back, over a new connection.
pub async fn echo(stack: Stack<'_>) {
    let mut socket = connect(stack).await;
    write_all(&mut socket, b"hello").await;
    let mut got = Vec::new();
    while got.len() < 5 {
        let mut buffer = [0; 8];
        let count = socket.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "the peer has closed");
        got.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(got, b"hello");
}

/// Everything until the peer closes.
pub async fn read_to_end(socket: &mut TcpSocket<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 700];
    loop {
        match socket.read(&mut buffer).await.unwrap() {
            0 => return all,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

pub async fn write_all(socket: &mut TcpSocket<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = socket.write(bytes).await.unwrap();
        bytes = &bytes[count..];
    }
}

/// Bytes that look like everything that the protocol has.
pub fn nasty(length: usize) -> Vec<u8> {
    let words: [&[u8]; 10] = [
        b"\r\nOK\r\n",
        b"+IPD,0,5:",
        b">",
        b"\r\nERROR\r\n",
        b"\0\xff\xfe",
        b"0,CLOSED\r\n",
        b"\r\nready\r\n",
        b"+CIPRECVDATA:9,",
        b"SEND OK\r\n",
        b"\"1.2.3.4\",80,",
    ];
    let mut state = 12345u32;
    let mut bytes = Vec::new();
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(words[(state >> 24) as usize % words.len()]);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(length);
    bytes
}
