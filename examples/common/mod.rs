//! What the examples share: the way to a module and to its network, and how a step is shown.
#![allow(dead_code, reason = "each example uses a part")]

mod line;
pub(crate) mod page;

use std::net::TcpListener;
use std::time::Instant;

use wifi_at::command::On;
use wifi_at::command::wifi::QueryStationAddress;
use wifi_at::dialect::Driven;
use wifi_at::wifi::JoinError;
use wifi_at::{Control, NotReady};

#[allow(unused_imports, reason = "each example uses a part")]
pub(crate) use line::{HOST, Line, LineOptions, PortOptions, Simulated, module};

/// Prints what has been done, each step with the time since the start.
pub(crate) struct Steps(Instant);

impl Steps {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Shows a step that has been done.
    pub(crate) fn done(&self, text: impl std::fmt::Display) {
        println!("{:9.3} s  {text}", self.0.elapsed().as_secs_f64());
    }
}

/// Waits for the module, joins the access point, and shows the address.
pub(crate) async fn start<D: Driven>(control: Control<'_, D>, line: &LineOptions, steps: &Steps) -> Result<(), String>
where
    QueryStationAddress: On<D>,
{
    // The driver has begun to reset the module and to set it up by itself, and would go on trying after an error.
    let firmware = control.wait_until_ready().await.map_err(|error| match error {
        NotReady::WrongFirmware { .. } => format!("{error}: see whether the program has --dialect"),
        _ => "no module answers. Check its power, that TX goes to RX and RX to TX, --baud, and that it has AT firmware"
            .into(),
    })?;
    steps.done(format_args!("the module is ready: AT firmware {}", firmware.at));

    let (ssid, how) = line.network();
    control.wifi().join(ssid, how).await.map_err(|error| explain_join(error, ssid))?;
    steps.done(format_args!("joined {ssid}"));

    let own = control.wifi().address().await.map_err(|error| format!("asking for the address: {error}"))?;
    let own = own.ok_or("the access point gave no address: check its DHCP server")?;
    steps.done(format_args!("own address {}, gateway {}", own.address, own.gateway));
    Ok(())
}

fn explain_join(error: JoinError, ssid: &str) -> String {
    let check = match error {
        JoinError::InvalidSsid => "--ssid",
        JoinError::WrongPassword | JoinError::InvalidPassphrase => "--password",
        JoinError::NoSuchAccessPoint => "--ssid, and that it is a 2.4 GHz network",
        JoinError::Timeout | JoinError::Failed(_) => "--password, and how far away the access point is",
        JoinError::NoAddress => "the network's DHCP server",
        _ => "the serial line and the module's power supply",
    };
    format!("{ssid}: {error}. Check {check}")
}

/// A port of 127.0.0.1 for the server of a simulated module.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| format!("no free port on 127.0.0.1: {error}"))
}
