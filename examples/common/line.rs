//! The serial line: to a module in this process, at a serial port, or at a TCP port.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use clap::Args;
use wifi_at::wifi::JoinOptions;
use wifi_at_simulator::{AccessPoint, Builder, Dialect, HostNetwork, realtime};

use super::trace::traced;

/// The network of the simulated module, and a name that only it knows.
const SSID: &str = "simulated";
const PASSWORD: &str = "open sesame";
pub(crate) const HOST: &str = "wifi-at.test";

/// Which module, and which access point.
#[derive(Args, Debug)]
pub(crate) struct LineOptions {
    /// Serial port of a module, or tcp:HOST:PORT of a simulator; without it a module is simulated in this process
    #[arg(long, value_name = "PORT", requires = "ssid")]
    pub(crate) serial: Option<String>,

    /// Baud rate of the serial port
    #[arg(long, value_name = "N", default_value_t = 115_200)]
    baud: u32,

    /// Access point to join
    #[arg(long, value_name = "NAME")]
    ssid: Option<String>,

    /// Its password; without it an open network is joined
    #[arg(long, value_name = "TEXT", env = "WIFI_PASSWORD", hide_env_values = true)]
    password: Option<String>,

    /// Show what goes over the serial line, on standard error and without the password
    #[arg(long)]
    trace: bool,
}

/// Both ends of an open line.
pub(crate) struct Line {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) writer: Box<dyn Write + Send>,
    /// What it is, for people.
    pub(crate) name: String,
    /// A simulated module stops when this is dropped.
    pub(crate) module: Option<realtime::Module>,
}

impl LineOptions {
    /// Opens the line. The error says what to check.
    pub(crate) fn open(&self) -> Result<Line, String> {
        let mut line = match self.serial.as_deref() {
            None => simulated(),
            Some(port) => match port.strip_prefix("tcp:") {
                Some(address) => remote(address),
                None => serial(port, self.baud),
            },
        }?;
        if self.trace {
            (line.reader, line.writer) = traced(line.reader, line.writer);
        }
        Ok(line)
    }

    /// The access point and how to join it.
    pub(crate) fn network(&self) -> (&str, JoinOptions<'_>) {
        let simulated = self.serial.is_none().then_some(PASSWORD);
        let password = self.password.as_deref().or(simulated);
        (self.ssid.as_deref().unwrap_or(SSID), password.map_or(JoinOptions::open(), JoinOptions::new))
    }
}

/// A module in a thread of this process. What it connects to are real hosts.
fn simulated() -> Result<Line, String> {
    let (module, stream) = realtime::spawn(|| {
        let mut network = HostNetwork::new();
        network.add_host(HOST, Ipv4Addr::LOCALHOST.into());
        let point = AccessPoint::new(SSID, PASSWORD);
        Builder::new(Dialect::EspAt).access_point(point).network(network).build()
    })
    .map_err(|error| format!("cannot start the simulator: {error}"))?;
    let (reader, writer) = stream.split();
    let name = "a simulated module in this process".into();
    Ok(Line { reader: Box::new(reader), writer: Box::new(writer), name, module: Some(module) })
}

fn remote(address: &str) -> Result<Line, String> {
    let open = || {
        let stream = TcpStream::connect(address)?;
        // A command is one small packet, and must not wait for the next one.
        stream.set_nodelay(true)?;
        Ok((stream.try_clone()?, stream))
    };
    let (reader, writer) = open().map_err(|error: std::io::Error| {
        format!("cannot connect to {address}: {error}. Check that wifi-at-simulator runs with --tcp {address}")
    })?;
    Ok(Line { reader: Box::new(reader), writer: Box::new(writer), name: format!("tcp:{address}"), module: None })
}

fn serial(path: &str, baud: u32) -> Result<Line, String> {
    let open = || {
        // Reads end soon, as some systems do not write while a read waits.
        let port = serialport::new(path, baud).timeout(Duration::from_millis(10)).open()?;
        Ok((port.try_clone()?, port))
    };
    let (reader, writer) = open().map_err(|error: serialport::Error| {
        format!(
            "cannot open {path} at {baud} baud: {error}. Check the name, that you may use it, and that no other \
             program does"
        )
    })?;
    Ok(Line {
        reader: Box::new(reader),
        writer: Box::new(writer),
        name: format!("{path} at {baud} baud"),
        module: None,
    })
}
