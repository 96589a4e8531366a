//! Messages about the station, the module's own access point and Ethernet.

use core::net::Ipv4Addr;

use super::{after, is, read};
use crate::command::{Mac, Value};

/// About the station, and how it is given its access point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StationUrc<'a> {
    /// `WIFI CONNECTED`: it has joined its access point.
    Connected,
    /// `WIFI GOT IP`: it has an IPv4 address.
    GotIpv4,
    /// `WIFI GOT IPv6 LL`: it has an IPv6 address for its link.
    GotIpv6LinkLocal,
    /// `WIFI GOT IPv6 GL`: it has an IPv6 address for everywhere.
    GotIpv6Global,
    /// `WIFI DISCONNECT`, or with `ED`: it has lost or left its access point.
    Disconnected,
    /// `smartconfig type:...`: which kind of `SmartConfig` a phone uses.
    SmartConfigKind(&'a [u8]),
    /// `Smart get wifi info`: a phone has sent name and passphrase.
    SmartConfigReceived,
    /// `ssid:...`: the name that a phone has sent.
    SmartConfigSsid(&'a [u8]),
    /// `password:...`: the passphrase that a phone has sent.
    SmartConfigPassphrase(Hidden<'a>),
    /// `smartconfig connected wifi`: it has joined the access point that a phone named.
    SmartConfigConnected,
    /// `smartconfig connect fail`: it could not.
    SmartConfigFailed,
}

/// Bytes that must not be seen: `Debug` does not show them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hidden<'a>(pub &'a [u8]);

impl core::fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl<'a> StationUrc<'a> {
    pub(super) fn words(line: &'a [u8]) -> Option<Self> {
        let words = [
            ("WIFI CONNECTED", Self::Connected),
            ("WIFI GOT IP", Self::GotIpv4),
            ("WIFI GOT IPv6 LL", Self::GotIpv6LinkLocal),
            ("WIFI GOT IPv6 GL", Self::GotIpv6Global),
            ("WIFI DISCONNECT", Self::Disconnected),
            ("WIFI DISCONNECTED", Self::Disconnected),
            ("Smart get wifi info", Self::SmartConfigReceived),
            ("Smart get Wi-Fi info", Self::SmartConfigReceived),
            ("smartconfig connected wifi", Self::SmartConfigConnected),
            ("smartconfig connected Wi-Fi", Self::SmartConfigConnected),
            ("smartconfig connect fail", Self::SmartConfigFailed),
        ];
        if let Some((_, urc)) = words.into_iter().find(|(word, _)| is(line, word)) {
            return Some(urc);
        }
        after(line, "smartconfig type:")
            .map(Self::SmartConfigKind)
            .or_else(|| after(line, "ssid:").map(Self::SmartConfigSsid))
            .or_else(|| after(line, "password:").map(|text| Self::SmartConfigPassphrase(Hidden(text))))
    }
}

/// About stations of the module's own access point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoftApUrc {
    /// `+STA_CONNECTED`: a station has joined.
    StationConnected(Mac),
    /// `+DIST_STA_IP`: a station has been given an address.
    StationAddress {
        /// The station.
        station: Mac,
        /// Its address.
        address: Ipv4Addr,
    },
    /// `+STA_DISCONNECTED`: a station has left.
    StationDisconnected(Mac),
}

impl SoftApUrc {
    pub(super) fn named(line: &[u8]) -> Option<Self> {
        let station = |name| read(line, name, Mac::take);
        station("+STA_CONNECTED")
            .map(Self::StationConnected)
            .or_else(|| station("+STA_DISCONNECTED").map(Self::StationDisconnected))
            .or_else(|| {
                read(line, "+DIST_STA_IP", |fields| {
                    Ok(Self::StationAddress { station: Mac::take(fields)?, address: Ipv4Addr::take(fields)? })
                })
            })
    }
}

/// About Ethernet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EthernetUrc {
    /// `+ETH_CONNECTED`: the link is up.
    Connected,
    /// `+ETH_GOT_IP`: there is an IPv4 address. Not all firmware says which.
    GotIpv4(Option<Ipv4Addr>),
    /// `+ETH_DISCONNECTED`: the link is down.
    Disconnected,
}

impl EthernetUrc {
    pub(super) fn named(line: &[u8]) -> Option<Self> {
        match line {
            _ if is(line, "+ETH_CONNECTED") => Some(Self::Connected),
            _ if is(line, "+ETH_DISCONNECTED") => Some(Self::Disconnected),
            _ if is(line, "+ETH_GOT_IP") => Some(Self::GotIpv4(None)),
            _ => read(line, "+ETH_GOT_IP", <Option<Ipv4Addr> as Value>::take).map(Self::GotIpv4),
        }
    }
}
