//! The serial line: to a module in this process, at a serial port, or at a TCP port.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use clap::Args;
use wifi_at::dialect::{Driven, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};
use wifi_at::wifi::JoinOptions;
use wifi_at_simulator::{AccessPoint, Builder, Dialect, HostNetwork, Simulator, realtime};
use wifi_at_support::trace::traced;

/// The network of the simulated module, and a name that only it knows.
const SSID: &str = "simulated";
const PASSWORD: &str = "open sesame";
pub(crate) const HOST: &str = "wifi-at.test";

/// A dialect of the driver, and the simulated module that speaks it.
pub(crate) trait Simulated: Driven {
    const MODULE: Dialect;
}

macro_rules! simulated {
    ($($dialect:ident)*) => {$(
        impl Simulated for $dialect {
            const MODULE: Dialect = Dialect::$dialect;
        }
    )*};
}

simulated!(EspAt Esp32V1 Esp8266Idf Esp8266Nonos WizFi360);

/// Which module.
#[derive(Args)]
pub(crate) struct PortOptions {
    /// Serial port of a module, or tcp:HOST:PORT of a simulator; without it a module is simulated in this process
    #[arg(long, value_name = "PORT")]
    pub(crate) serial: Option<String>,

    /// Baud rate of the serial port
    #[arg(long, value_name = "N", default_value_t = 115_200)]
    baud: u32,

    /// Show what goes over the serial line, on standard error and without the password
    #[arg(long)]
    trace: bool,
}

/// Which module, and which access point.
// Not `Debug`, as it holds the password.
#[derive(Args)]
pub(crate) struct LineOptions {
    #[command(flatten)]
    pub(crate) port: PortOptions,

    /// Access point to join; needed with --serial
    #[arg(long, value_name = "NAME")]
    ssid: Option<String>,

    /// Its password; without it an open network is joined
    #[arg(long, value_name = "TEXT", env = "WIFI_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// Both ends of an open line. A simulated module at its other end stops when this is dropped.
pub(crate) struct Line {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) writer: Box<dyn Write + Send>,
    pub(crate) module: Option<realtime::Module>,
}

impl PortOptions {
    /// The line's name, for people.
    pub(crate) fn name(&self) -> &str {
        self.serial.as_deref().unwrap_or("a simulated module in this process")
    }

    /// Opens the line, to what `module` makes where none is given. The error says what to check.
    pub(crate) fn open(&self, module: impl FnOnce() -> Simulator + Send + 'static) -> Result<Line, String> {
        let mut line = match self.serial.as_deref().map(|port| (port, port.strip_prefix("tcp:"))) {
            None => simulated(module)?,
            Some((_, Some(address))) => remote(address)?,
            Some((path, None)) => serial(path, self.baud)?,
        };
        if self.trace {
            (line.reader, line.writer) = traced(line.reader, line.writer);
        }
        Ok(line)
    }
}

impl LineOptions {
    /// The line's name, for people.
    pub(crate) fn name(&self) -> &str {
        self.port.name()
    }

    /// As [`open_for`](Self::open_for) with ESP-AT.
    pub(crate) fn open(&self) -> Result<Line, String> {
        self.open_for::<EspAt>()
    }

    /// Opens the line; a module in this process has firmware `D`. The error says what to check.
    pub(crate) fn open_for<D: Simulated>(&self) -> Result<Line, String> {
        self.open_to(|| module::<D>().build())
    }

    /// Opens the line, to what `module` makes where none is given. The error says what to check.
    pub(crate) fn open_to(&self, module: impl FnOnce() -> Simulator + Send + 'static) -> Result<Line, String> {
        if self.port.serial.is_some() && self.ssid.is_none() {
            return Err("with --serial an access point is needed: give --ssid, and --password if it has one".into());
        }
        self.port.open(module)
    }

    /// The access point and how to join it.
    pub(crate) fn network(&self) -> (&str, JoinOptions<'_>) {
        let simulated = self.port.serial.is_none().then_some(PASSWORD);
        let password = self.password.as_deref().or(simulated);
        (self.ssid.as_deref().unwrap_or(SSID), password.map_or(JoinOptions::open(), JoinOptions::new))
    }
}

/// A module with one access point. What it connects to are real hosts.
pub(crate) fn module<D: Simulated>() -> Builder {
    let mut network = HostNetwork::new();
    network.add_host(HOST, Ipv4Addr::LOCALHOST.into());
    let point = AccessPoint::new(SSID, PASSWORD);
    Builder::new(D::MODULE).access_point(point).network(network)
}

/// A module in a thread of this process.
fn simulated(module: impl FnOnce() -> Simulator + Send + 'static) -> Result<Line, String> {
    let (module, stream) = realtime::spawn(module).map_err(|error| format!("cannot start the simulator: {error}"))?;
    let (reader, writer) = stream.split();
    Ok(Line { reader: Box::new(reader), writer: Box::new(writer), module: Some(module) })
}

fn remote(address: &str) -> Result<Line, String> {
    let open = || {
        let writer = TcpStream::connect(address)?;
        // A command is one small packet, and must not wait for the next one.
        writer.set_nodelay(true)?;
        let reader = writer.try_clone()?;
        Ok(Line { reader: Box::new(reader), writer: Box::new(writer), module: None })
    };
    open().map_err(|error: io::Error| {
        format!("cannot connect to {address}: {error}. Check that wifi-at-simulator runs with --tcp {address}")
    })
}

fn serial(path: &str, baud: u32) -> Result<Line, String> {
    let open = || {
        // Reads end soon, as some systems do not write while a read waits.
        let writer = serialport::new(path, baud).timeout(Duration::from_millis(10)).open()?;
        let reader = writer.try_clone()?;
        Ok(Line { reader: Box::new(reader), writer: Box::new(writer), module: None })
    };
    open().map_err(|error: serialport::Error| {
        format!("cannot open {path}: {error}. Check its name, your right to use it, and that no other program does")
    })
}
