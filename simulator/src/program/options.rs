//! What the program is told at its command line.

use clap::{ArgGroup, Parser};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use wifi_at_simulator::{AccessPoint, Dialect, Fault, When, World};

/// Simulates a Wi-Fi module with AT firmware at its serial port, with real sockets behind it.
///
/// The module boots at once, joins the access points given with --ap, and reaches whatever this machine reaches.
#[derive(Parser, Debug)]
#[command(version, max_term_width = 100)]
#[command(group(ArgGroup::new("line").required(true)))]
pub(crate) struct Options {
    /// Firmware to simulate: esp-at, wizfi360, esp8266-nonos, esp8266-idf, esp32-v1.
    #[arg(long, value_name = "NAME", default_value = "esp-at")]
    pub(crate) dialect: Dialect,

    /// Serve the serial line at this TCP address, one host at a time; 127.0.0.1:0 takes a free port.
    #[arg(long, value_name = "ADDR", group = "line")]
    pub(crate) tcp: Option<SocketAddr>,

    /// Serve it at a new pseudo-terminal and print its path. With --baud the host has to set the module's rate there.
    #[cfg(unix)]
    #[arg(long, group = "line")]
    pub(crate) pty: bool,

    /// Serve it at standard input and output; ends when the input ends and the module is quiet.
    #[arg(long, group = "line")]
    pub(crate) stdio: bool,

    /// Pace the line at this rate in both directions (without: as fast as possible).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(80..=5_000_000))]
    pub(crate) baud: Option<u32>,

    /// RTS and CTS are wired and in use: the module's flow control setting is on from the start.
    #[arg(long)]
    pub(crate) rtscts: bool,

    /// Let the module do something wrong. WHEN is the opportunity (3: the third one), a time (10s), a chance (1%), or
    /// random (the same as 1%); without it the next opportunity. Repeatable.
    #[arg(long, value_name = "NAME[@WHEN]", value_parser = parse_fault)]
    pub(crate) fault: Vec<(Fault, When)>,

    /// Which random moments faults choose: the same number, the same opportunities.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// An access point in reach; without PASSWORD an open one. Repeatable.
    #[arg(long, value_name = "SSID:PASSWORD", value_parser = parse_ap)]
    pub(crate) ap: Vec<AccessPoint>,

    /// A TOML file with what surrounds the module and what happens there; see simulator/worlds/flat.toml.
    #[arg(long, value_name = "FILE", value_parser = read_world)]
    pub(crate) world: Option<World>,

    /// A name that resolves to this address, before the resolver of this machine is asked. Repeatable.
    #[arg(long, value_name = "NAME=IP", value_parser = parse_host)]
    pub(crate) host: Vec<(String, IpAddr)>,

    /// A certificate or key in PEM or DER for TLS, by its namespace in the flash, with .INDEX if it is not 0. Repeatable.
    #[arg(long, value_name = "NAMESPACE=FILE", value_parser = parse_certificate)]
    pub(crate) certificate: Vec<Certificate>,

    /// A folder with the files of AT+FS (without: a memory that is empty at first).
    #[arg(long, value_name = "DIR", value_parser = parse_folder)]
    pub(crate) files: Option<PathBuf>,

    /// Address on which servers of the module listen.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,

    /// Answer at once: no boot time, no time to join.
    #[arg(long)]
    pub(crate) fast: bool,

    /// Reset the module when a host connects (with --tcp), as boards do that wire DTR to the reset pin.
    #[arg(long, requires = "tcp")]
    pub(crate) reset_on_connect: bool,

    /// Show both directions on standard error, with the time in seconds.
    #[arg(long)]
    pub(crate) trace: bool,

    /// Print the commands of the dialect with their forms, and end.
    #[arg(long, group = "line")]
    pub(crate) list_commands: bool,

    /// Print the faults that the dialect can show, and end.
    #[arg(long, group = "line")]
    pub(crate) list_faults: bool,
}

fn parse_ap(text: &str) -> Result<AccessPoint, String> {
    let (ssid, password) = text.split_once(':').ok_or("give SSID:PASSWORD, or SSID: for an open access point")?;
    if ssid.is_empty() || ssid.len() > 32 {
        return Err("an SSID has 1 to 32 bytes".into());
    }
    match password {
        "" => Ok(AccessPoint::open(ssid)),
        password if password.len() < 8 || password.len() > 63 => Err("a password has 8 to 63 bytes".into()),
        password => Ok(AccessPoint::new(ssid, password)),
    }
}

fn read_world(path: &str) -> Result<World, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    World::from_toml(&text).map_err(|error| error.to_string())
}

fn parse_folder(path: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(path);
    if path.is_dir() { Ok(path) } else { Err("it is no folder".into()) }
}

fn parse_host(text: &str) -> Result<(String, IpAddr), String> {
    let (name, address) = text.split_once('=').ok_or("give NAME=IP")?;
    let address = address.parse().map_err(|_| format!("{address} is no IP address"))?;
    Ok((name.to_owned(), address))
}

#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) namespace: String,
    pub(crate) index: usize,
    pub(crate) data: Vec<u8>,
}

/// Without the data: it may be a key.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.namespace, self.index)
    }
}

fn parse_certificate(text: &str) -> Result<Certificate, String> {
    let (place, file) = text.split_once('=').ok_or("give NAMESPACE=FILE")?;
    let (namespace, index) = match place.split_once('.') {
        None => (place, 0),
        Some((namespace, index)) => (namespace, index.parse().map_err(|_| format!("{index} is no index"))?),
    };
    let (owners, kinds) = (["client", "server", "mqtt", "https", "wss"], ["ca", "cert", "key"]);
    let known = namespace.split_once('_').is_some_and(|(owner, kind)| owners.contains(&owner) && kinds.contains(&kind));
    if !known {
        return Err(format!(
            "{namespace} is not one of {}, then _, then one of {}",
            owners.join(", "),
            kinds.join(", ")
        ));
    }
    let data = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    Ok(Certificate { namespace: namespace.to_owned(), index, data })
}

fn parse_fault(text: &str) -> Result<(Fault, When), String> {
    let (name, when) = text.split_once('@').unwrap_or((text, "next"));
    let fault = name.parse().map_err(|error: wifi_at_simulator::UnknownFault| error.to_string())?;
    let when = when.parse().map_err(|error: wifi_at_simulator::UnknownWhen| error.to_string())?;
    Ok((fault, when))
}
