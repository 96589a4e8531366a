//! TCP/IP commands (`ESP-AT 3.3`, `ESP32 v1 5.2`, `IDF 4`, `NONOS 5.2`, `WizFi360 3.2.3`).
//!
//! The submodules hold the commands by subject; all their names are here, too.

pub mod connect;
pub mod dns;
pub mod passthrough;
pub mod ping;
pub mod receive;
pub mod segments;
pub mod send;
pub mod server;
pub mod settings;
pub mod sntp;
pub mod status;
pub mod tls;
pub mod update;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Parameter;
use crate::at::{EncodeError, Encoder};

pub use connect::{
    CloseConnection, CloseLink, ConnectSsl, ConnectSslFrom, ConnectSslIpv6, ConnectSslIpv6OnFreeLink,
    ConnectSslOnFreeLink, ConnectTcp, ConnectTcpHost, ConnectTcpHostFrom, ConnectTcpIpv6, ConnectTcpIpv6OnFreeLink,
    ConnectTcpOnFreeLink, ConnectUdp, ConnectUdpFrom, ConnectUdpIpv6, ConnectUdpIpv6OnFreeLink, ConnectUdpOnFreeLink,
    OpenedLink, SetCloseMode, SslHost, SslIpv6Host, TcpHost, TcpIpv6Host, TcpRemote, UdpHost, UdpIpv6Host, UdpLocal,
    UdpPeerMode,
};
pub use dns::{
    AddressKind, NameServerConfig, NameServers, QueryNameServers, ResolveIpv4Name, ResolveName, ResolveShortName,
    ResolvedName, SetIpv4NameServers, SetNameServers, SetTwoNameServers, UseAutomaticNameServers,
};
pub use passthrough::{
    QueryReconnectInterval, QueryTransmissionMode, ReconnectInterval, RemoveSavedPassthrough, SaveTcpPassthrough,
    SaveUdpPassthrough, SavedTcp, SavedUdp, SetReconnectInterval, SetTransmissionMode, TransmissionMode,
    TransmissionModeSetting,
};
pub use ping::{PartialPing, Ping, PingError, PingIpv6, PingTime};
pub use receive::{
    FetchData, FetchShortData, LinkReceiveMode, QueryLinkReceiveModes, QueryReceiveMode, QueryReceiveTypes,
    QueryReceivedLengths, QuerySenderAddress, RECEIVED_DATA, ReceiveMode, ReceiveModeSetting, ReceivedData,
    ReceivedLengths, SenderAddressSetting, SetLinkReceiveMode, SetReceiveMode, SetReceiveType, SetSenderAddress,
};
pub use segments::{
    QueryLinkSendBuffer, QuerySegment, QuerySendBuffer, ResetLinkSegments, ResetSegments, SegmentNumbers, SegmentState,
    SendBuffer, WriteLongSegment, WriteSegment,
};
pub use send::{
    EnterPassthrough, LeaveDataMode, LongSent, QuerySendLongConfig, SendData, SendDataTo, SendEscapedData,
    SendEscapedDataTo, SendLong, SendLongConfig, SendLongError, SendLongTo, SendProgress, SendShortData,
    SendShortDataTo, SendShortEscapedData, SendShortEscapedDataTo, SetSendLongConfig,
};
pub use server::{
    ClientLimit, QueryClientLimit, QueryServer, QueryServerTimeout, ServerProtocol, ServerState, ServerTimeout,
    SetClientLimit, SetServerTimeout, StartServer, StartTcpServer, StopServer, StopServerAndClients,
};
pub use settings::{
    Ipv6Setting, LinkTcpOptions, MultipleConnections, QueryIpv6, QueryMultipleConnections, QueryTcpOptions, SetIpv6,
    SetMultipleConnections, SetTcpOptions, TcpOptions,
};
pub use sntp::{
    ClearSntpServers, DateTime, DisableSntp, EnableSntp, QuerySntp, QuerySntpInterval, QueryTime, SetSntp,
    SetSntpInterval, SetSntpServers, SntpConfig, SntpInterval, TimeZone, Weekday,
};
pub use status::{
    InterfaceAddresses, LinkProtocol, LinkState, LocalAddresses, QueryLinks, QueryLocalAddresses, QueryStatus,
    StationStatus, Status,
};
pub use tls::{
    AlpnProtocols, LinkAlpnProtocols, LinkCommonName, LinkPreSharedKey, LinkPreSharedKeyDigits, LinkServerName,
    LinkSslAuthentication, QuerySslAuthentication, QuerySslCertificates, QuerySslCommonNames,
    QuerySslPreSharedKeyDigits, QuerySslPreSharedKeys, QuerySslProtocols, QuerySslServerNames, SecretHex, SecretText,
    SetSslAuthentication, SetSslAuthenticationInFull, SetSslBuffer, SetSslCertificates, SetSslCommonName,
    SetSslPreSharedKey, SetSslPreSharedKeyBytes, SetSslProtocols, SetSslServerName, SslAuthentication,
    SslCertificateSetting, SslCertificates,
};
pub use update::{
    QueryServerVersion, QueryUpdate, ServerVersion, UpdateError, UpdateFirmware, UpdateFirmwareTo, UpdatePartition,
    UpdateProgress, UpdateStep, UpdateTransport,
};

macro_rules! hosts {
    ($($(#[$meta:meta])* $name:ident($address:ty);)*) => {$(
        $(#[$meta])*
        ///
        /// A range is that of the length of a name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name<'a> {
            /// An address.
            Address($address),
            /// A name, which the module resolves.
            Name(&'a str),
        }

        impl Parameter for $name<'_> {
            fn encode(&self, line: &mut Encoder<'_>) {
                match self {
                    Self::Address(address) => address.encode(line),
                    Self::Name(name) => name.encode(line),
                }
            }

            fn is_within(&self, low: i64, high: i64) -> bool {
                match self {
                    Self::Address(_) => true,
                    Self::Name(name) => name.is_within(low, high),
                }
            }

            fn sample(low: i64) -> Self {
                Self::Address(<$address>::sample(low))
            }
        }
    )*};
}

hosts! {
    /// A host that is reached over IPv4.
    Host(Ipv4Addr);
    /// A host that is reached over IPv6.
    Ipv6Host(Ipv6Addr);
    /// A host that is reached over IPv4 or IPv6.
    AnyHost(IpAddr);
}

/// Up to `MAX` parameters of a kind, one after the other. A range is that of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpTo<'a, T, const MAX: usize>(pub &'a [T]);

impl<T: Parameter, const MAX: usize> Parameter for UpTo<'_, T, MAX> {
    fn encode(&self, line: &mut Encoder<'_>) {
        if self.0.len() > MAX {
            line.fail(EncodeError::OutOfRange);
        }
        self.0.encode(line);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.0.is_within(low, high)
    }

    fn sample(_: i64) -> Self {
        Self(&[])
    }
}

#[cfg(test)]
mod tests;
