//! The SoftAP: the module's own network.

use core::fmt;
use core::net::Ipv4Addr;

use super::dialect::WifiDialect;
use super::{Wifi, radio};
use crate::at::EncodeError;
use crate::command::wifi::{
    DhcpPool, DhcpPoolAnswer, DisconnectAllStations, DisconnectStation, JoinedStation, ListJoinedStations, Passphrase,
    QueryDhcpPool, QuerySoftAp, SetDhcpPool, SetSoftAp, SetWifiMode, SoftApConfig, SoftApSecurity, WifiMode,
};
use crate::command::{CommandError, List, Mac, On, Secret};
use crate::control::send;

/// The SoftAP's network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SoftApOptions<'a> {
    ssid: &'a str,
    passphrase: &'a str,
    channel: u8,
    security: SoftApSecurity,
    max_stations: Option<u8>,
    hidden: Option<bool>,
}

impl fmt::Debug for SoftApOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the passphrase.
        f.debug_struct("SoftApOptions")
            .field("ssid", &self.ssid)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl<'a> SoftApOptions<'a> {
    /// A network with WPA2 and a passphrase of 8 to 64 bytes (63 with ESP-AT). The SSID has 1 to 32 bytes.
    #[must_use]
    pub const fn new(ssid: &'a str, passphrase: &'a str) -> Self {
        Self { ssid, passphrase, channel: 1, security: SoftApSecurity::Wpa2Psk, max_stations: None, hidden: None }
    }

    /// An open network.
    #[must_use]
    pub const fn open(ssid: &'a str) -> Self {
        Self { security: SoftApSecurity::Open, ..Self::new(ssid, "") }
    }

    /// The channel, 1 to 14; 1 by default. While the station has joined an access point, it is that one's.
    #[must_use]
    pub const fn channel(mut self, channel: u8) -> Self {
        self.channel = channel;
        self
    }

    /// Another encryption than WPA2.
    #[must_use]
    pub const fn security(mut self, security: SoftApSecurity) -> Self {
        self.security = security;
        self
    }

    /// How many stations it takes; see [`SetSoftAp`] for the limits of the firmwares.
    #[must_use]
    pub const fn max_stations(mut self, stations: u8) -> Self {
        self.max_stations = Some(stations);
        self
    }

    /// Whether its name is hidden.
    #[must_use]
    pub const fn hidden(mut self, hidden: bool) -> Self {
        self.hidden = Some(hidden);
        self
    }

    fn command(&self) -> Result<SetSoftAp<'a>, CommandError> {
        let Self { ssid, passphrase, channel, security, max_stations, hidden } = *self;
        let open = security == SoftApSecurity::Open;
        // Firmware would take a passphrase for an open network, and offer the network without.
        if open != passphrase.is_empty() {
            return Err(CommandError::Encode(EncodeError::OutOfRange));
        }
        // One field cannot be left out if the next is there.
        let max_stations = max_stations.or(hidden.map(|_| 4));
        Ok(SetSoftAp { ssid, passphrase: Passphrase(Secret(passphrase)), channel, security, max_stations, hidden })
    }
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// Makes the module an access point. A station that is switched on goes on.
    ///
    /// Its stations come as [`Event`](crate::Event)s where the firmware tells of them, and as a list from
    /// [`stations`](Self::stations).
    ///
    /// # Errors
    /// [`CommandError::Encode`] for a name, passphrase or number out of range, and for a passphrase where the network
    /// is open or none where it is not.
    pub async fn start_soft_ap<'c>(&self, options: SoftApOptions<'c>) -> Result<(), CommandError>
    where
        SetSoftAp<'c>: On<D>,
    {
        let command = options.command()?;
        self.set_radio(radio::SOFT_AP).await?;
        self.control.send(&command).await
    }

    /// Ends the SoftAP. The radio is a station afterwards, which keeps its access point.
    ///
    /// # Errors
    /// The command's.
    pub async fn stop_soft_ap(&self) -> Result<(), CommandError> {
        send(self.control.shared, &SetWifiMode { mode: WifiMode::Station }, D::FORMS.mode_name).await
    }

    /// The SoftAP's network as the module has it.
    ///
    /// # Errors
    /// The command's. Firmware refuses while the module is no SoftAP.
    pub async fn soft_ap(&self) -> Result<SoftApConfig, CommandError>
    where
        QuerySoftAp: On<D>,
    {
        self.control.send(&QuerySoftAp).await
    }

    /// The SoftAP's stations, with MAC address and IPv4 address; only those that have their address from the SoftAP.
    ///
    /// # Errors
    /// The command's.
    pub async fn stations(&self) -> Result<List<JoinedStation, 10>, CommandError>
    where
        ListJoinedStations: On<D>,
    {
        self.control.send(&ListJoinedStations).await
    }

    /// Throws one station off the SoftAP. It may join again.
    ///
    /// # Errors
    /// The command's, also when there is no such station.
    pub async fn kick(&self, station: Mac) -> Result<(), CommandError>
    where
        DisconnectStation: On<D>,
    {
        self.control.send(&DisconnectStation { mac: station }).await
    }

    /// Throws all stations off the SoftAP.
    ///
    /// # Errors
    /// The command's.
    pub async fn kick_all(&self) -> Result<(), CommandError>
    where
        DisconnectAllStations: On<D>,
    {
        self.control.send(&DisconnectAllStations).await
    }

    /// Sets which addresses the SoftAP gives to its stations, and for how many minutes, 1 to 2880.
    ///
    /// The addresses must be in the SoftAP's network, and its DHCP on.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_dhcp_pool(&self, first: Ipv4Addr, last: Ipv4Addr, lease_minutes: u16) -> Result<(), CommandError>
    where
        SetDhcpPool: On<D>,
    {
        self.control.send(&SetDhcpPool { pool: DhcpPool::Range { lease_minutes, first, last } }).await
    }

    /// Leaves the choice of these addresses to the module again.
    ///
    /// # Errors
    /// The command's.
    pub async fn reset_dhcp_pool(&self) -> Result<(), CommandError>
    where
        SetDhcpPool: On<D>,
    {
        self.control.send(&SetDhcpPool { pool: DhcpPool::Default }).await
    }

    /// The addresses that the SoftAP gives to its stations.
    ///
    /// # Errors
    /// The command's.
    pub async fn dhcp_pool(&self) -> Result<DhcpPoolAnswer, CommandError>
    where
        QueryDhcpPool: On<D>,
    {
        self.control.send(&QueryDhcpPool).await
    }
}
