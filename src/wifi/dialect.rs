//! What the firmwares' Wi-Fi commands have in common under different names and forms.

use core::future::Future;
use core::net::{IpAddr, Ipv4Addr};

use heapless::Vec;

use crate::at::EncodeError;
use crate::command::tcpip::{
    NameServers, QueryNameServers, SetIpv4NameServers, SetNameServers, SetTwoNameServers, UseAutomaticNameServers,
};
use crate::command::wifi::{
    DhcpInterface, DhcpInterfaces, DhcpState, InterfaceDhcpState, JoinAccessPoint, ListAccessPoints, QueryDhcp,
    QueryDhcpByInterface, QueryDnsServers, SetDhcp, SetDhcpByInterface, SetDnsServers, SetWifiMode, UserDns,
};
use crate::command::{Command, CommandError, On};
use crate::control::Control;
use crate::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

/// The forms that a firmware's commands for joining and scanning have.
///
/// Implemented by the types of [`dialect`](crate::dialect) only.
pub trait WifiDialect: Dialect {
    #[doc(hidden)]
    const FORMS: &'static Forms;
}

/// The forms themselves, and names on the wire.
#[derive(Debug)]
pub struct Forms {
    pub(super) join: JoinForm,
    pub(super) join_name: &'static str,
    pub(super) scan: ScanForm,
    pub(super) scan_name: &'static str,
    pub(super) mode_name: &'static str,
}

/// What may be said behind SSID, passphrase and BSSID. Each form has what the one before it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum JoinForm {
    Nothing,
    /// Whether open networks are refused.
    RefusingOpen,
    /// Also whether to join again, and the listen interval.
    Reconnecting,
    /// All that there is.
    Everything,
}

/// What a scan may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanForm {
    /// SSID, BSSID and channel, each with those before it only.
    Filter,
    /// Each by itself, and how to scan.
    Options,
}

macro_rules! forms {
    ($($dialect:ident: $join:ident, $scan:ident;)*) => {$(
        impl WifiDialect for $dialect {
            const FORMS: &'static Forms = &Forms {
                join: JoinForm::$join,
                join_name: <JoinAccessPoint<'_> as On<Self>>::NAME,
                scan: ScanForm::$scan,
                scan_name: <ListAccessPoints as On<Self>>::NAME,
                mode_name: <SetWifiMode as On<Self>>::NAME,
            };
        }
    )*};
}

forms! {
    EspAt: Everything, Options;
    Esp32V1: Nothing, Filter;
    Esp8266Idf: Reconnecting, Options;
    Esp8266Nonos: RefusingOpen, Options;
    WizFi360: Nothing, Filter;
}

/// How a firmware names the two ends of DHCP.
///
/// Implemented by the types of [`dialect`](crate::dialect) only.
pub trait DhcpDialect: Dialect {
    #[doc(hidden)]
    type Query: Command<Response: Into<Dhcp>, Error = CommandError> + On<Self>;
    #[doc(hidden)]
    type Set: Command<Response = (), Error = CommandError> + On<Self>;
    #[doc(hidden)]
    const QUERY: Self::Query;

    #[doc(hidden)]
    fn set(interface: Interface, enabled: bool) -> Self::Set;
}

/// One of the module's own ends of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Interface {
    /// The station: its DHCP client.
    Station,
    /// The SoftAP: its DHCP server.
    SoftAp,
}

/// Where DHCP is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Dhcp {
    /// The station asks for an address.
    pub station: bool,
    /// The SoftAP gives addresses.
    pub soft_ap: bool,
}

impl From<DhcpState> for Dhcp {
    fn from(state: DhcpState) -> Self {
        Self { station: state.station, soft_ap: state.soft_ap }
    }
}

impl From<InterfaceDhcpState> for Dhcp {
    fn from(state: InterfaceDhcpState) -> Self {
        Self { station: state.station, soft_ap: state.soft_ap }
    }
}

macro_rules! dhcp {
    ($($dialect:ident)*: $query:ident, |$interface:ident, $enabled:ident| $set:ident $fields:tt) => {$(
        impl DhcpDialect for $dialect {
            type Query = $query;
            type Set = $set;
            const QUERY: $query = $query;

            fn set($interface: Interface, $enabled: bool) -> $set {
                $set $fields
            }
        }
    )*};
}

dhcp! {
    EspAt Esp32V1 Esp8266Idf: QueryDhcp, |interface, enabled| SetDhcp {
        enabled,
        interfaces: match interface {
            Interface::Station => DhcpInterfaces::STATION,
            Interface::SoftAp => DhcpInterfaces::SOFT_AP,
        },
    }
}

dhcp! {
    Esp8266Nonos WizFi360: QueryDhcpByInterface, |interface, enabled| SetDhcpByInterface {
        interface: match interface {
            Interface::Station => DhcpInterface::Station,
            Interface::SoftAp => DhcpInterface::SoftAp,
        },
        enabled,
    }
}

/// Firmware whose name servers can be chosen: all but [`Esp32V1`].
///
/// Implemented by types of [`dialect`](crate::dialect) only.
pub trait NameServerDialect: Dialect {
    #[doc(hidden)]
    fn set_servers(control: Control<'_, Self>, servers: &[IpAddr]) -> impl Future<Output = Result<(), CommandError>>;

    #[doc(hidden)]
    fn servers(control: Control<'_, Self>) -> impl Future<Output = Result<Vec<IpAddr, 3>, CommandError>>;
}

/// What the firmware cannot do: IPv6 servers, or more of them than it takes.
const OUT_OF_RANGE: CommandError = CommandError::Encode(EncodeError::OutOfRange);

fn ipv4_only<const N: usize>(servers: &[IpAddr]) -> Result<Vec<Ipv4Addr, N>, CommandError> {
    let mut addresses = Vec::new();
    for server in servers {
        let IpAddr::V4(address) = *server else { return Err(CommandError::Unsupported) };
        addresses.push(address).map_err(|_| OUT_OF_RANGE)?;
    }
    Ok(addresses)
}

impl NameServerDialect for EspAt {
    async fn set_servers(control: Control<'_, Self>, servers: &[IpAddr]) -> Result<(), CommandError> {
        if servers.is_empty() {
            return control.send(&UseAutomaticNameServers).await;
        }
        control.send(&SetNameServers { servers: NameServers(servers) }).await
    }

    async fn servers(control: Control<'_, Self>) -> Result<Vec<IpAddr, 3>, CommandError> {
        Ok(control.send(&QueryNameServers).await?.servers)
    }
}

macro_rules! ipv4_servers {
    ($($dialect:ident: $set:ident;)*) => {$(
        impl NameServerDialect for $dialect {
            async fn set_servers(control: Control<'_, Self>, servers: &[IpAddr]) -> Result<(), CommandError> {
                if servers.is_empty() {
                    return control.send(&UseAutomaticNameServers).await;
                }
                // The command counts them.
                let servers = ipv4_only::<4>(servers)?;
                control.send(&$set { servers: NameServers(&servers) }).await
            }

            async fn servers(control: Control<'_, Self>) -> Result<Vec<IpAddr, 3>, CommandError> {
                Ok(control.send(&QueryNameServers).await?.servers)
            }
        }
    )*};
}

ipv4_servers! {
    Esp8266Idf: SetIpv4NameServers;
    Esp8266Nonos: SetTwoNameServers;
}

/// Two servers or none: its command takes no single one.
impl NameServerDialect for WizFi360 {
    async fn set_servers(control: Control<'_, Self>, servers: &[IpAddr]) -> Result<(), CommandError> {
        let servers = match *ipv4_only::<2>(servers)? {
            [] => UserDns::Default,
            [first, second] => UserDns::Servers { first, second },
            _ => return Err(OUT_OF_RANGE),
        };
        control.send(&SetDnsServers { servers }).await
    }

    async fn servers(control: Control<'_, Self>) -> Result<Vec<IpAddr, 3>, CommandError> {
        let answer = control.send(&QueryDnsServers).await?;
        Ok([Some(answer.first), answer.second].into_iter().flatten().map(IpAddr::V4).collect())
    }
}
