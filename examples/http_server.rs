//! A web server on a Wi-Fi module with AT firmware: a page with the state of a lamp, and a way to switch it.
//!
//! The server is picoserve, which runs on microcontrollers too. `cargo run --example http_server` needs no hardware: the
//! module is simulated in this process and listens at a real port of 127.0.0.1, where this program fetches its pages
//! with an HTTP client and checks them. With `--stay`, or with `--serial`, it serves until it is stopped: open it in a
//! browser.

mod common;
#[path = "common/http_socket.rs"]
mod http_socket;

use std::cell::Cell;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use clap::Parser;
use common::{Line, LineOptions, Steps, free_port, start};
use embassy_futures::join::join_array;
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::{Instant, Timer};
use heapless::String as Text;
use http_socket::{Clock, HttpSocket};
use picoserve::response::{File, StatusCode};
use picoserve::routing::{PathRouter, get, get_service, parse_path_segment, post};
use picoserve::time::Duration;
use picoserve::{Router, Server, Timeouts};
use wifi_at::net::listener::TcpListener;
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources, Stack};
use wifi_at_support::real_time;

/// Connections that are served at once. A browser opens several.
const WORKERS: usize = 4;
/// A module has so many links.
const LINKS: usize = 5;
/// Bytes of a request's line and headers.
const REQUEST: usize = 2048;

const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>A lamp</title>
<h1>A lamp</h1>
<p id="status">...</p>
<button onclick="lamp('on')">On</button> <button onclick="lamp('off')">Off</button>
<script>
const show = async (answer) => document.getElementById('status').textContent = await (await answer).text();
const lamp = async (state) => { await fetch('/lamp/' + state, { method: 'POST' }); show(fetch('/status')); };
show(fetch('/status'));
</script>
</html>
"#;

/// Serves a web page over a Wi-Fi module with AT firmware.
///
/// Without arguments the module is simulated, and an HTTP client in this program checks the pages.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  http_server --clients 4
  http_server --stay --port 8080
  http_server --serial /dev/ttyUSB0 --ssid home --password 'my password'"
)]
struct Options {
    /// Port of the server; without it 80 with --serial, and any free one otherwise
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,

    /// Let so many clients of this program's own fetch pages at once
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=WORKERS as i64))]
    clients: u8,

    /// Serve until stopped, without clients of this program's own
    #[arg(long)]
    stay: bool,

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
    let mut resources = Resources::<LINKS, 1024, 1024>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, stack }: Parts<'_, EspAt, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());
    match real_time::block_on(select(runner.run(), application(options, &steps, control, stack))) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

/// What the pages show.
struct Device {
    start: Instant,
    lamp: Cell<bool>,
    requests: Cell<u32>,
}

impl Device {
    fn status(&self) -> Text<80> {
        self.requests.update(|requests| requests + 1);
        let lamp = if self.lamp.get() { "on" } else { "off" };
        let (requests, seconds) = (self.requests.get(), self.start.elapsed().as_secs());
        // The longest numbers fit.
        heapless::format!("The lamp is {lamp}. {requests} requests in {seconds} s.").unwrap_or_default()
    }

    fn switch(&self, state: &str) -> (StatusCode, &'static str) {
        self.requests.update(|requests| requests + 1);
        match state {
            "on" => self.lamp.set(true),
            "off" => self.lamp.set(false),
            _ => return (StatusCode::BAD_REQUEST, "The lamp is on or off.\n"),
        }
        (StatusCode::OK, "Switched.\n")
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
        None => 80,
    };
    let listener = TcpListener::bind(stack, port).await.map_err(|error| format!("port {port}: {error}"))?;

    let device = Device { start: Instant::now(), lamp: Cell::new(false), requests: Cell::new(0) };
    let app = Router::new()
        .route("/", get_service(File::html(PAGE)))
        .route("/status", get(async || device.status()))
        .route(("/lamp", parse_path_segment::<Text<8>>()), post(async |state: Text<8>| device.switch(&state)));
    // A connection that is silent for so long makes room for others.
    let config = picoserve::Config::new(Timeouts {
        start_read_request: Duration::from_secs(5),
        persistent_start_read_request: Duration::from_secs(5),
        read_request: Duration::from_secs(5),
        write: Duration::from_secs(10),
    })
    .keep_connection_alive();
    let workers = join_array([(); WORKERS].map(|()| worker(&listener, &app, &config, steps)));

    if !simulated || options.stay {
        steps.done(match simulated {
            true => format!("serving at http://127.0.0.1:{port}/"),
            false => format!("serving at port {port} of the module's address"),
        });
        return workers.await.into_iter().collect();
    }
    steps.done(format_args!("serving at port {port}"));
    let done = clients(port, options.clients);
    let finished = async {
        loop {
            if let Ok(result) = done.try_recv() {
                return result;
            }
            Timer::after_millis(5).await;
        }
    };
    match select3(workers, finished, Timer::after_secs(60)).await {
        Either3::First(results) => return results.into_iter().collect(),
        Either3::Second(result) => result?,
        Either3::Third(()) => return Err("the clients were not served in time".into()),
    }
    println!("{} clients got all pages as they should be, and switched the lamp", options.clients);
    Ok(())
}

/// Serves one connection after the other.
async fn worker(
    listener: &TcpListener<'_>,
    app: &Router<impl PathRouter>,
    config: &picoserve::Config,
    steps: &Steps,
) -> Result<(), String> {
    let mut buffer = [0; REQUEST];
    loop {
        let (socket, remote) = listener.accept().await.map_err(|error| format!("the server has ended: {error}"))?;
        match Server::custom(app, Clock, config, &mut buffer).serve(HttpSocket(socket)).await {
            Ok(connection) => steps.done(format_args!("{remote}: {} requests", connection.handled_requests_count)),
            Err(error) => steps.done(format_args!("{remote}: {error}")),
        }
    }
}

/// Lets clients fetch the pages, from threads.
fn clients(port: u16, count: u8) -> Receiver<Result<(), String>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let switched = switch(port);
        let threads: Vec<_> = (0..count).map(|_| thread::spawn(move || browse(port))).collect();
        let browsed = threads.into_iter().map(|client| client.join().unwrap_or(Err("a client broke down".into())));
        let _ = sender.send(switched.and(browsed.collect()));
    });
    receiver
}

/// Sends a request and compares what comes back.
fn fetch(agent: &ureq::Agent, method: &str, url: String, expected: impl Fn(u16, &str) -> bool) -> Result<(), String> {
    let answer = match method {
        "POST" => agent.post(&url).send_empty(),
        _ => agent.get(&url).call(),
    };
    let mut answer = answer.map_err(|error| format!("{method} {url}: {error}"))?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().map_err(|error| format!("{method} {url}: {error}"))?;
    if expected(status, &text) { Ok(()) } else { Err(format!("{method} {url}: status {status}, {text}")) }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Switches the lamp on and off.
fn switch(port: u16) -> Result<(), String> {
    let agent = agent();
    let lamp = |state| format!("http://127.0.0.1:{port}/lamp/{state}");
    let shows = |state| {
        let text = format!("The lamp is {state}.");
        fetch(&agent, "GET", format!("http://127.0.0.1:{port}/status"), |status, page| {
            status == 200 && page.starts_with(&text)
        })
    };
    shows("off")?;
    for state in ["on", "off"] {
        fetch(&agent, "POST", lamp(state), |status, _| status == 200)?;
        shows(state)?;
    }
    fetch(&agent, "POST", lamp("green"), |status, _| status == 400)
}

/// Fetches the page several times over one connection, and one that is not there.
fn browse(port: u16) -> Result<(), String> {
    let agent = agent();
    for _ in 0..5 {
        fetch(&agent, "GET", format!("http://127.0.0.1:{port}/"), |status, page| status == 200 && page == PAGE)?;
    }
    fetch(&agent, "GET", format!("http://127.0.0.1:{port}/none"), |status, _| status == 404)
}
