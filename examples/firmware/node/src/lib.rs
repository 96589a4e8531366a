//! A sensor node behind a Wi-Fi module: what the firmware of each board does once the module is wired up.
//!
//! It stays joined, fetches a page each minute, learns the time over UDP, and serves whoever connects. Each function is
//! an endless task; a board's `main` gives each an executor's task of its own. Where one fails it says so over defmt and
//! tries again: no task depends on another.
#![no_std]

use core::net::SocketAddr;

use defmt::{Debug2Format, debug, error, info, warn};
use embassy_futures::join::join;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::{Read, Write};
use reqwless::client::HttpClient;
use reqwless::request::Method;
use wifi_at::net::listener::{ListenOptions, TcpListener};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::udp::UdpSocket;
use wifi_at::net::{AddressKind, Stack};
use wifi_at::wifi::{JoinOptions, RejoinPolicy};
use wifi_at::{Control, Resources};

/// The module's firmware.
#[cfg(not(feature = "wizfi360"))]
pub type Firmware = wifi_at::EspAt;
/// The module's firmware.
#[cfg(feature = "wizfi360")]
pub type Firmware = wifi_at::dialect::WizFi360;

/// The driver's memory: four sockets (page, time, and two clients), of which each has room for 2 kB that came and 1 kB
/// that goes.
pub type Memory = Resources<4, 2048, 1024>;

/// The access point: `WIFI_SSID=.. WIFI_PASSWORD=.. cargo run --release`.
pub const SSID: &str = match option_env!("WIFI_SSID") {
    Some(ssid) => ssid,
    None => "home",
};
/// Its password.
pub const PASSWORD: &str = match option_env!("WIFI_PASSWORD") {
    Some(password) => password,
    None => "12345678",
};

const PAGE: &str = "http://example.org/";
const TIME_SERVER: &str = "pool.ntp.org";
/// Port of the server; it sends back what it gets (RFC 862).
const ECHO_PORT: u16 = 7;
/// Clients that are served at once.
const CLIENTS: u8 = 2;

/// Joins, and joins again when the access point was lost and the module does not find it by itself, or has restarted.
pub async fn stay_joined(control: Control<'_, Firmware>) -> ! {
    info!("module: {}", Debug2Format(&control.wait_until_ready().await));
    loop {
        let joined = control.wifi().stay_joined(SSID, JoinOptions::new(PASSWORD), RejoinPolicy::new()).await;
        // Neither does anybody leave here, nor does it give up, unless the name or the password cannot be right.
        error!("{}: {}", SSID, Debug2Format(&joined));
        Timer::after_secs(60).await;
    }
}

/// Tells what happens to the module.
pub async fn tell_events(control: Control<'_, Firmware>) -> ! {
    let mut events = control.events();
    loop {
        match events.next().await {
            Ok(event) => info!("{}, so far {}", event, control.counters()),
            Err(missed) => warn!("{}", missed),
        }
    }
}

/// Fetches [`PAGE`] each minute.
pub async fn fetch_pages(control: Control<'_, Firmware>, stack: Stack<'_>) -> ! {
    loop {
        control.wifi().wait_for_address().await;
        let start = Instant::now();
        match with_timeout(Duration::from_secs(30), fetch(stack)).await {
            Ok(Ok((status, length))) => {
                info!("{}: status {}, {} bytes in {} ms", PAGE, status, length, start.elapsed().as_millis());
            }
            Ok(Err(error)) => warn!("{}: {}", PAGE, Debug2Format(&error)),
            Err(_) => warn!("{}: no answer in time", PAGE),
        }
        Timer::after_secs(60).await;
    }
}

/// Gives the answer's status and how many bytes the page has.
async fn fetch(stack: Stack<'_>) -> Result<(u16, usize), reqwless::Error> {
    let mut client = HttpClient::new(&stack, &stack);
    let mut request = client.request(Method::GET, PAGE).await?;
    let mut header = [0; 1024];
    let response = request.send(&mut header).await?;
    let status = response.status.0;
    let mut body = response.body().reader();
    let (mut piece, mut length) = ([0; 256], 0);
    loop {
        match body.read(&mut piece).await? {
            0 => return Ok((status, length)),
            count => length += count,
        }
    }
}

/// Learns the time each hour, and each minute until it is known.
pub async fn learn_time(control: Control<'_, Firmware>, stack: Stack<'_>) -> ! {
    loop {
        control.wifi().wait_for_address().await;
        let pause = match with_timeout(Duration::from_secs(20), ask_time(stack)).await {
            Ok(Ok(seconds)) => {
                info!("{} seconds since 1970", seconds);
                Duration::from_secs(3600)
            }
            Ok(Err(why)) => {
                warn!("{}: {}", TIME_SERVER, why);
                Duration::from_secs(60)
            }
            Err(_) => {
                warn!("{}: no answer", TIME_SERVER);
                Duration::from_secs(60)
            }
        };
        Timer::after(pause).await;
    }
}

async fn ask_time(stack: Stack<'_>) -> Result<u64, &'static str> {
    let server = stack.resolve(TIME_SERVER, AddressKind::Ipv4).await.map_err(|_| "no such name")?;
    let server: SocketAddr = (server, 123).into();
    let socket = UdpSocket::connect(stack, server).await.map_err(|_| "no socket")?;
    let time = sntpc::get_time(server, &Datagrams(&socket), sntpc::NtpContext::new(Uptime::default())).await;
    // Dropping would close it as well, without waiting until the module has done it.
    let _ = socket.close().await;
    time.map(|time| time.sec()).map_err(|_| "not a valid answer")
}

/// A socket with a peer, as sntpc wants it.
struct Datagrams<'s, 'a>(&'s UdpSocket<'a>);

impl sntpc::NtpUdpSocket for Datagrams<'_, '_> {
    async fn send_to(&self, data: &[u8], _server: SocketAddr) -> sntpc::Result<usize> {
        self.0.send(data).await.map_err(|_| sntpc::Error::Network)?;
        Ok(data.len())
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> sntpc::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await.map_err(|_| sntpc::Error::Network)
    }
}

/// The clock before anyone has told the time: as if it had been started at the beginning of 2026.
#[derive(Clone, Copy, Default)]
struct Uptime(u64);

impl sntpc::NtpTimestampGenerator for Uptime {
    fn init(&mut self) {
        self.0 = Instant::now().as_micros();
    }

    fn timestamp_sec(&self) -> u64 {
        1_767_225_600 + self.0 / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        (self.0 % 1_000_000) as u32
    }
}

/// Sends back to each client what it sends.
pub async fn serve(control: Control<'_, Firmware>, stack: Stack<'_>) -> ! {
    loop {
        control.wifi().wait_for_address().await;
        match TcpListener::bind(stack, ListenOptions::new(ECHO_PORT).max_clients(CLIENTS)).await {
            Ok(listener) => {
                info!("serving at port {}", ECHO_PORT);
                join(accept(&listener), accept(&listener)).await;
            }
            Err(error) => error!("port {}: {}", ECHO_PORT, error),
        }
        Timer::after_secs(5).await;
    }
}

/// Serves one client after the other, until the module has restarted and forgotten the server.
async fn accept(listener: &TcpListener<'_>) {
    loop {
        match listener.accept().await {
            Ok((socket, client)) => {
                debug!("client {}", Debug2Format(&client));
                if let Err(error) = echo(socket).await {
                    debug!("client {}: {}", Debug2Format(&client), error);
                }
            }
            Err(error) => return warn!("the server has ended: {}", error),
        }
    }
}

async fn echo(mut socket: TcpSocket<'_>) -> Result<(), wifi_at::net::tcp::Error> {
    let mut buffer = [0; 256];
    loop {
        match socket.read(&mut buffer).await? {
            0 => return Ok(()),
            count => socket.write_all(&buffer[..count]).await?,
        }
    }
}
