//! Lists the access points in reach of a Wi-Fi module.
//!
//! `cargo run --example scan` needs no module: it simulates one with a dozen access points, some of which have names
//! that are hard to read. `cargo run --example scan -- --help` tells how to use a real module.

mod common;

use std::process::ExitCode;

use clap::Parser;
use common::{Line, PortOptions, Steps};
use embassy_futures::select::{Either, select};
use wifi_at::serial::Split;
use wifi_at::wifi::{AccessPoint, ScanKind, ScanOptions};
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources};
use wifi_at_simulator::{AccessPoint as Simulated, Builder, Dialect, Simulator};
use wifi_at_support::real_time;

/// Lists the access points in reach of a Wi-Fi module with AT firmware.
///
/// Without arguments the module is simulated.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  scan --channel 6 --minimum-signal=-70
  scan --serial /dev/ttyUSB0 --passive"
)]
struct Options {
    /// List the access points of this network only
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// List the access points on this channel only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=14))]
    channel: Option<u8>,

    /// List the access points that are at least so strong, in dBm
    #[arg(long, value_name = "DBM")]
    minimum_signal: Option<i8>,

    /// Listen for beacons instead of asking; takes longer
    #[arg(long)]
    passive: bool,

    #[command(flatten)]
    port: PortOptions,
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

/// A module with a dozen access points around it.
fn module() -> Simulator {
    let names: [&[u8]; 12] = [
        b"home",
        b"Home, sweet home",
        b"say \"friend\"",
        b"back\\slash",
        b"\",-40,\"aa:bb:cc:dd:ee:ff\",1",
        b"OK",
        b"",
        b"latin-1: caf\xe9",
        "caf\u{e9} \u{1f980}".as_bytes(),
        b"  blanks  ",
        b"12345",
        b"exactly 32 bytes are the longest",
    ];
    let mut builder = Builder::new(Dialect::EspAt);
    for (index, name) in names.into_iter().enumerate() {
        let index = index as u8;
        let point = if index % 4 == 3 { Simulated::open(name) } else { Simulated::new(name, "password") };
        let channel = 1 + index * 5 % 13;
        builder =
            builder.access_point(point.bssid([2, 0, 0, 0, 0, index]).channel(channel).rssi(-35 - 5 * index as i8));
    }
    builder.build()
}

fn run(options: &Options) -> Result<(), String> {
    let steps = Steps::start();
    let name = options.port.name();
    let Line { reader, writer, module: _module } = options.port.open(module)?;
    steps.done(format_args!("opened {name}"));

    // A scan needs no sockets, and its records need no memory: one small socket is the least there can be.
    let mut resources = Resources::<1, 64, 16>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, .. }: Parts<'_, EspAt, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());
    match real_time::block_on(select(runner.run(), application(options, &steps, control))) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

async fn application(options: &Options, steps: &Steps, control: Control<'_, EspAt>) -> Result<(), String> {
    let firmware = control.wait_until_ready().await.map_err(
        |_| "no module answers. Check its power, that TX goes to RX and RX to TX, --baud, and that it has AT firmware",
    )?;
    steps.done(format_args!("the module is ready: AT firmware {}", firmware.at));

    let mut wanted = ScanOptions::new();
    if let Some(name) = &options.name {
        wanted = wanted.ssid(name.as_bytes());
    }
    if let Some(channel) = options.channel {
        wanted = wanted.channel(channel);
    }
    if let Some(dbm) = options.minimum_signal {
        wanted = wanted.minimum_signal(dbm);
    }
    if options.passive {
        wanted = wanted.kind(ScanKind::Passive);
    }

    let explain = |error| format!("the scan failed: {error}. Check --name, and with --trace what the module says");
    let mut scan = control.wifi().scan(wanted).await.map_err(explain)?;
    println!("{:>7}  {:>7}  {:17}  {:16}  name", "signal", "channel", "address", "security");
    let mut count = 0;
    while let Some(point) = scan.next().await.map_err(explain)? {
        count += 1;
        show(&point);
    }
    steps.done(format_args!("{count} access points"));
    if scan.malformed() > 0 {
        println!("{} more could not be read: bytes were lost on the serial line", scan.malformed());
    }
    Ok(())
}

/// One line of the table. `-` stands for what the module does not tell.
fn show(point: &AccessPoint) {
    fn or_dash(text: Option<String>) -> String {
        text.unwrap_or_else(|| "-".into())
    }
    let signal = or_dash(point.signal_dbm.map(|dbm| format!("{dbm} dBm")));
    let channel = or_dash(point.channel.map(|channel| channel.to_string()));
    let address = or_dash(point.bssid.map(|mac| mac.to_string()));
    let security = or_dash(point.security.map(|security| format!("{security:?}")));
    let name = match &point.ssid {
        Some(ssid) if ssid.is_hidden() => "(hidden)".into(),
        // The name comes from a stranger: `Debug` shows control characters as escapes.
        Some(ssid) => ssid.as_str().map_or_else(|| format!("{ssid:?}"), |text| format!("{text:?}")),
        None => "-".into(),
    };
    println!("{signal:>7}  {channel:>7}  {address:17}  {security:16}  {name}");
}
