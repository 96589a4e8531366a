//! An echo server on a Wi-Fi module with AT firmware: several clients at once, each gets back what it sends.
//!
//! `cargo run --example tcp_echo_server` needs no hardware: the module is simulated in this process and listens at a
//! real port of 127.0.0.1, where this program's own clients connect and check what they get. With `--serial` it serves
//! at a module until it is stopped.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use clap::Parser;
use common::{Line, LineOptions, Steps, free_port, start};
use embassy_futures::join::join_array;
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::Timer;
use embedded_io_async::Write as _;
use wifi_at::net::listener::{ListenOptions, TcpListener};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources, Stack};
use wifi_at_support::real_time;

/// Clients that are served at once.
const WORKERS: usize = 4;
/// Bytes that each of the program's own clients sends.
const BYTES: usize = 100_000;

/// Sends back to each client what it sends, over a Wi-Fi module with AT firmware.
///
/// Without arguments the module is simulated, and clients in this program check it.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  tcp_echo_server
  tcp_echo_server --clients 20
  tcp_echo_server --port 7 --serial /dev/ttyUSB0 --ssid home --password 'my password'"
)]
struct Options {
    /// Port of the server; without it 7 with --serial, and any free one otherwise
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,

    /// Let so many clients connect, of this program's own
    #[arg(long, value_name = "N", default_value_t = 8)]
    clients: u32,

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
    let name = options.line.name();
    let Line { reader, writer, module: _module } = options.line.open()?;
    steps.done(format_args!("opened {name}"));
    // One socket more than clients: the next client may come before the last one's end is confirmed.
    let mut resources = Resources::<{ WORKERS + 1 }, 2048, 1024>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, stack }: Parts<'_, EspAt, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());
    let application = application(options, &steps, control, stack);
    match real_time::block_on(select(runner.run(), application)) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

async fn application(
    options: &Options,
    steps: &Steps,
    control: Control<'_, EspAt>,
    stack: Stack<'_>,
) -> Result<(), String> {
    start(control, &options.line, steps).await?;
    let simulated = options.line.port.serial.is_none();
    let port = match options.port {
        Some(port) => port,
        None if simulated => free_port()?,
        None => 7,
    };
    // With as many clients as workers, nobody waits to be accepted while all are busy.
    let listen = ListenOptions::new(port).max_clients(WORKERS as u8);
    let listener = TcpListener::bind(stack, listen).await.map_err(|error| format!("port {port}: {error}"))?;
    steps.done(format_args!("serving at port {port}"));

    let workers = join_array([(); WORKERS].map(|()| worker(&listener, steps)));
    if !simulated {
        return match select(workers, core::future::pending::<()>()).await {
            Either::First(results) => results.into_iter().collect::<Result<(), String>>(),
            Either::Second(()) => Ok(()),
        };
    }
    let done = clients(port, options.clients);
    let finished = async {
        loop {
            if let Ok(result) = done.try_recv() {
                return result;
            }
            Timer::after_millis(5).await;
        }
    };
    let bytes = match select3(workers, finished, Timer::after_secs(120)).await {
        Either3::First(results) => return results.into_iter().collect(),
        Either3::Second(result) => result?,
        Either3::Third(()) => return Err("the clients were not served in time".into()),
    };
    println!("{} clients got back the {bytes} bytes that they sent", options.clients);
    Ok(())
}

/// Serves one client after the other.
async fn worker(listener: &TcpListener<'_>, steps: &Steps) -> Result<(), String> {
    loop {
        let (socket, remote) = listener.accept().await.map_err(|error| format!("the server has ended: {error}"))?;
        match echo(socket).await {
            Ok(bytes) => steps.done(format_args!("{remote} got back {bytes} bytes")),
            Err(error) => steps.done(format_args!("{remote}: {error}")),
        }
    }
}

/// Sends back what comes until the client closes. Gives how much that was.
async fn echo(mut socket: TcpSocket<'_>) -> Result<usize, wifi_at::net::tcp::Error> {
    let mut buffer = [0; 1024];
    let mut bytes = 0;
    loop {
        let count = socket.read(&mut buffer).await?;
        if count == 0 {
            return Ok(bytes);
        }
        socket.write_all(&buffer[..count]).await?;
        bytes += count;
    }
}

/// Lets clients connect, some at the same time, from threads. Gives how many bytes they got back.
fn clients(port: u16, count: u32) -> Receiver<Result<usize, String>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Ok(0);
        for first in (0..count).step_by(WORKERS) {
            let threads =
                (first..count.min(first + WORKERS as u32)).map(|number| thread::spawn(move || client(port, number)));
            for client in threads.collect::<Vec<_>>() {
                let result = client.join().unwrap_or_else(|_| Err("a client broke down".into()));
                bytes = bytes.and_then(|bytes| Ok::<_, String>(bytes + result?));
            }
        }
        let _ = sender.send(bytes);
    });
    receiver
}

fn client(port: u16, number: u32) -> Result<usize, String> {
    let explain = |error: std::io::Error| format!("client {number}: {error}");
    // The module may still have the link of the client before.
    let stream = (0..50).find_map(|_| {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok();
        if stream.is_none() {
            thread::sleep(Duration::from_millis(20));
        }
        stream
    });
    let mut stream = stream.ok_or_else(|| format!("client {number}: cannot connect to port {port}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(explain)?;
    let data: Vec<u8> =
        (0..BYTES).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ number as u8).collect();
    let mut writer = stream.try_clone().map_err(explain)?;
    let sent = data.clone();
    let write = thread::spawn(move || writer.write_all(&sent));
    let mut back = vec![0; data.len()];
    stream.read_exact(&mut back).map_err(explain)?;
    write.join().map_err(|_| format!("client {number} broke down"))?.map_err(explain)?;
    // The module has room for the next client once it has closed this one.
    stream.shutdown(Shutdown::Write).map_err(explain)?;
    if stream.read(&mut [0; 1]).map_err(explain)? != 0 {
        return Err(format!("client {number} got back more than it sent"));
    }
    if back != data {
        return Err(format!("client {number} got back something else than it sent"));
    }
    Ok(back.len())
}
