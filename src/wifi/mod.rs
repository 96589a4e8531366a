//! The radio: joining an access point, and what address one has then.

use core::future::poll_fn;
use core::task::Poll;

use embassy_time::{Duration, WithTimeout};

pub use crate::command::wifi::{Ipv4Config, JoinError, WifiMode};

use crate::command::wifi::{JoinAccessPoint, LeaveAccessPoint, QueryStationAddress, SetWifiMode};
use crate::command::{CommandError, Mac, On, Secret};
use crate::control::Control;
use crate::dialect::Dialect;
use crate::resources::AccessExt;

/// How long after `OK` the address may still be announced.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

/// How to join an access point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct JoinOptions<'a> {
    passphrase: Option<&'a str>,
    bssid: Option<[u8; 6]>,
}

impl core::fmt::Debug for JoinOptions<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Never the passphrase.
        f.debug_struct("JoinOptions").field("bssid", &self.bssid).finish_non_exhaustive()
    }
}

impl<'a> JoinOptions<'a> {
    /// For a network with a passphrase of 8 to 64 bytes.
    #[must_use]
    pub const fn new(passphrase: &'a str) -> Self {
        Self { passphrase: Some(passphrase), bssid: None }
    }

    /// For an open network.
    #[must_use]
    pub const fn open() -> Self {
        Self { passphrase: None, bssid: None }
    }

    /// Only the access point with this MAC address, where several have the same name.
    #[must_use]
    pub const fn bssid(mut self, bssid: [u8; 6]) -> Self {
        self.bssid = Some(bssid);
        self
    }
}

/// The handle for the radio.
#[derive(Debug, Clone, Copy)]
pub struct Wifi<'a, D> {
    control: Control<'a, D>,
}

impl<'a, D: Dialect> Wifi<'a, D> {
    pub(crate) const fn new(control: Control<'a, D>) -> Self {
        Self { control }
    }

    /// Joins an access point and waits for an address.
    ///
    /// Takes 2 to 40 s. The module cannot be stopped on the way: if the future is dropped, it goes on, and may join.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn join(&self, ssid: &str, options: JoinOptions<'_>) -> Result<(), JoinError>
    where
        SetWifiMode: On<D>,
        for<'c> JoinAccessPoint<'c>: On<D>,
    {
        if options.passphrase == Some("") {
            return Err(JoinError::InvalidPassphrase);
        }
        let passphrase = Secret(options.passphrase.unwrap_or(""));
        let command = JoinAccessPoint { ssid, passphrase, bssid: options.bssid.map(Mac) };
        command.check()?;
        self.control.send(&SetWifiMode { mode: WifiMode::Station }).await?;
        self.control.send(&command).await?;
        // Most firmware says GOT IP before OK, some after it.
        let address = self.wait_for_address().with_timeout(ADDRESS_LIMIT).await;
        address.map_err(|_| JoinError::NoAddress)
    }

    /// Leaves the access point, and stays away.
    ///
    /// # Errors
    /// The command's.
    pub async fn leave(&self) -> Result<(), CommandError>
    where
        LeaveAccessPoint: On<D>,
    {
        self.control.send(&LeaveAccessPoint).await
    }

    /// The station's addresses. `None` while it has none.
    ///
    /// # Errors
    /// The command's.
    pub async fn address(&self) -> Result<Option<Ipv4Config>, CommandError>
    where
        QueryStationAddress: On<D>,
    {
        let config = self.control.send(&QueryStationAddress).await?;
        Ok((!config.address.is_unspecified()).then_some(config))
    }

    /// Whether the station is associated with an access point, as far as the module has said.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.control.shared.0.get(|engine| engine.core.station.associated)
    }

    /// Waits until the station has an IPv4 address.
    pub async fn wait_for_address(&self) {
        let access = self.control.shared.0;
        poll_fn(|context| {
            access.poll(|engine| {
                if engine.core.station.has_address {
                    return Poll::Ready(());
                }
                engine.core.waiters.register(context.waker());
                Poll::Pending
            })
        })
        .await;
    }
}
