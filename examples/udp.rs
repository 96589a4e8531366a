//! Sends datagrams through a Wi-Fi module with AT firmware and shows what comes back.
//!
//! `cargo run --example udp` needs no hardware: the module is simulated in this process, and the echo service is a real
//! UDP socket on 127.0.0.1. `--serial` takes a module at a serial port, and a service in its network.

mod common;

use std::net::{SocketAddr, UdpSocket as HostSocket};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use clap::Parser;
use common::{Line, LineOptions, Steps, start};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, with_timeout};
use wifi_at::net::udp::{Error, UdpSocket};
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources, Stack};
use wifi_at_support::real_time;

/// So long an answer is waited for.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Sends datagrams to an echo service through a Wi-Fi module with AT firmware, and checks the answers.
///
/// Without arguments the module is simulated and the service is in this program.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  udp
  udp --count 100 --size 1472
  udp 192.168.1.2:7 --serial /dev/ttyUSB0 --ssid home --password 'my password'"
)]
struct Options {
    /// Address and port of a service that sends back each datagram; without it, one of this program's own
    service: Option<SocketAddr>,

    /// Send so many datagrams
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: u32,

    /// Bytes of the longest one
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=1472))]
    size: u16,

    #[command(flatten)]
    line: LineOptions,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let steps = Steps::start();
    let service = match options.service {
        Some(service) => service,
        None if options.line.port.serial.is_some() => {
            return Err("with --serial a service is needed: see --help".into());
        }
        None => serve().map_err(|error| format!("cannot open a UDP socket on 127.0.0.1: {error}"))?,
    };
    let name = options.line.name();
    let Line { reader, writer, module: _module } = options.line.open()?;
    steps.done(format_args!("opened {name}"));

    // Rings for one datagram of full length each way, and a few short ones.
    let mut resources = Resources::<2, 2048, 2048>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, stack }: Parts<'_, EspAt, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());
    let application = application(options, service, &steps, control, stack);
    match real_time::block_on(select(runner.run(), application)) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

/// An echo service on loopback, in a thread.
fn serve() -> std::io::Result<SocketAddr> {
    let socket = HostSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, sender)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..length], sender);
        }
    });
    Ok(address)
}

async fn application(
    options: &Options,
    service: SocketAddr,
    steps: &Steps,
    control: Control<'_, EspAt>,
    stack: Stack<'_>,
) -> Result<(), String> {
    start(control, &options.line, steps).await?;

    // A socket with a peer: it sends there and hears nobody else.
    let socket = UdpSocket::connect(stack, service).await.map_err(|error| format!("{service}: {error}"))?;
    steps.done(format_args!("port {} talks to {service}", socket.local_port()));
    let mut lost = 0;
    let mut best = f64::INFINITY;
    for number in 0..options.count {
        let length = 1 + usize::from(options.size - 1) * number as usize / (options.count.max(2) - 1) as usize;
        let datagram: Vec<u8> = (0..length).map(|at| (at as u32 ^ number) as u8).collect();
        let start = Instant::now();
        match exchange(&socket, &datagram).await? {
            Some(answer) if answer == datagram => best = best.min(start.elapsed().as_secs_f64()),
            Some(answer) => return Err(format!("sent {length} bytes, and {} others came back", answer.len())),
            // UDP promises nothing.
            None => lost += 1,
        }
    }
    let back = options.count - lost;
    steps.done(format_args!("{back} of {} datagrams came back, of 1 to {} bytes", options.count, options.size));
    if back == 0 {
        return Err(format!("{service} sends nothing back. Check that an echo service runs there"));
    }
    steps.done(format_args!("the fastest took {:.3} ms, there and back", best * 1e3));
    socket.close().await.map_err(|error| error.to_string())?;

    // A socket without one: whoever writes to it gets an answer.
    let socket = UdpSocket::bind(stack, 0).await.map_err(|error| format!("cannot bind: {error}"))?;
    let local = socket.local_address().await.map_err(|error| format!("cannot ask for the address: {error}"))?;
    steps.done(format_args!("listening at {local}"));
    if options.line.port.serial.is_none() {
        // The simulated module's ports are ports of this machine.
        let somebody = HostSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = somebody.local_addr().map_err(|error| error.to_string())?;
        let sent = somebody.send_to(b"who is there?", ("127.0.0.1", socket.local_port()));
        sent.map_err(|error| error.to_string())?;
        let mut buffer = [0; 100];
        let (length, sender) = with_timeout(ANSWER_LIMIT, socket.recv_from(&mut buffer))
            .await
            .map_err(|_| "the question did not arrive")?
            .map_err(|error| error.to_string())?;
        steps.done(format_args!("{sender} asks {:?}", String::from_utf8_lossy(&buffer[..length])));
        if (&buffer[..length], sender) != (&b"who is there?"[..], address) {
            return Err("that is not what was asked".into());
        }
        socket.send_to(b"a module", sender).await.map_err(|error| error.to_string())?;
        socket.flush().await.map_err(|error| error.to_string())?;
        let length = somebody.recv(&mut buffer).map_err(|error| error.to_string())?;
        steps.done(format_args!("it is told {:?}", String::from_utf8_lossy(&buffer[..length])));
        if &buffer[..length] != b"a module" {
            return Err("that is not what was answered".into());
        }
    }
    // Leaving is a courtesy.
    let _ = control.wifi().leave().await;
    println!("{back} of {} datagrams answered, {} dropped for want of room", options.count, socket.dropped());
    Ok(())
}

/// Sends a datagram and waits for one.
async fn exchange(socket: &UdpSocket<'_>, datagram: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let explain = |error: Error| format!("{error}. Check with --trace what the module says");
    socket.send(datagram).await.map_err(explain)?;
    let mut buffer = [0; 2048];
    match with_timeout(ANSWER_LIMIT, socket.recv(&mut buffer)).await {
        Ok(length) => Ok(Some(buffer[..length.map_err(explain)?].to_vec())),
        Err(_) => Ok(None),
    }
}
