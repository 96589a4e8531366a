//! A client without an executor, on `embedded-nal`: resolves, connects, sends a request and reads the answer.
//!
//! The module is simulated, in virtual time, and so is the server. In firmware the port is a UART with the traits of
//! `embedded-io`, and the clock a timer or a delay ([`wifi_at::blocking::Delays`]).

use core::time::Duration;

use embassy_time::Instant;
use embedded_nal::{AddrType, Dns, TcpClientStack, nb};
use wifi_at::blocking::{Error, Modem};
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, EspAt, Pins, Resources};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, MemoryNetwork, blocking};

/// Knows nothing of the module: any stack will do.
fn fetch<S>(stack: &mut S, host: &str) -> Result<Vec<u8>, Error>
where
    S: TcpClientStack<Error = Error> + Dns<Error = Error>,
{
    let address = nb::block!(stack.get_host_by_name(host, AddrType::IPv4))?;
    let mut socket = stack.socket()?;
    nb::block!(stack.connect(&mut socket, (address, 80).into()))?;
    let request = format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
    let mut rest = request.as_bytes();
    while !rest.is_empty() {
        rest = &rest[nb::block!(stack.send(&mut socket, rest))?..];
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 256];
    loop {
        match nb::block!(stack.receive(&mut socket, &mut buffer)) {
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(Error::Tcp(wifi_at::net::tcp::Error::ClosedByPeer)) => break,
            Err(error) => return Err(error),
        }
    }
    stack.close(socket)?;
    Ok(answer)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network = MemoryNetwork::new();
    network.add_host("example.org", "10.0.0.1".parse()?);
    network.serve_bytes("10.0.0.1:80".parse()?, b"HTTP/1.0 200 OK\r\n\r\nhello from far away\n");
    let access_point = AccessPoint::new("home", "secret word");
    let port = blocking::port(Builder::new(Dialect::EspAt).access_point(access_point).network(network).build());

    let time = port.clone();
    let mut clock = move || {
        time.advance(Duration::from_micros(100));
        Instant::from_micros(time.now().as_micros() as u64)
    };
    let mut resources = Resources::<2, 1024, 512>::new();
    let mut modem = Modem::<EspAt, _>::new(port.clone(), Pins::none(), &mut resources, Config::default(), &mut clock);
    let wifi = modem.control().wifi();
    let limit = embassy_time::Duration::from_secs(40);
    modem.run(&mut clock, limit, wifi.join("home", JoinOptions::new("secret word")))??;
    println!("joined after {:.1} s that took no time", port.now().as_secs_f64());
    let answer = fetch(&mut modem.network(clock), "example.org")?;
    print!("{}", String::from_utf8(answer)?);
    Ok(())
}
