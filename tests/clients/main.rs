//! Clients and servers that nobody here wrote, over the driver and a simulated module, with real sockets, on every
//! dialect.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy of the tests")]

#[path = "../../examples/common/http_socket.rs"]
mod http_socket;

macro_rules! dialects {
    ($($module:ident $dialect:ident;)*) => {$(
        #[path = "."]
        mod $module {
            use wifi_at::dialect::$dialect as Subject;
            const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;

            use super::{HOST, LOOPBACK, bytes, free_port, free_udp_port, on_thread};
            use module::with_module;

            mod edge;
            mod http;
            mod module;
            mod mqtt;
            mod pico;
            mod sntp;
            mod tls;
            mod traits;
        }
    )*};
}

dialects! {
    esp_at EspAt;
    esp32_v1 Esp32V1;
    esp8266_idf Esp8266Idf;
    esp8266_nonos Esp8266Nonos;
    wizfi360 WizFi360;
}

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::thread;

use embassy_time::Timer;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// A name that the module's DNS knows.
const HOST: &str = "server.test";

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    TcpListener::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap()
}

/// The same for UDP. The driver's own choice is free on its module only, and here all modules have this PC's ports.
fn free_udp_port() -> u16 {
    UdpSocket::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap().port()
}

/// Bytes of every value, without a period that anything here has.
fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

/// Runs a blocking program on a thread of its own.
async fn on_thread<T: Send + 'static>(program: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(program);
    while !thread.is_finished() {
        Timer::after_millis(5).await;
    }
    thread.join().unwrap()
}
