//! Passthrough mode from power-on, and its pace (`ESP-AT 3.1.9`, `3.1.10`).

use crate::at::Encoder;
use crate::command::declare::{codes, commands, records};
use crate::command::{Mac, Parameter};

/// What a stored connection runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StreamTransport {
    /// TCP over IPv4. The default.
    Tcp,
    /// TCP over IPv6.
    TcpV6,
    /// TLS over IPv4.
    Ssl,
    /// TLS over IPv6.
    SslV6,
}

impl Parameter for StreamTransport {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string(match self {
            Self::Tcp => "TCP",
            Self::TcpV6 => "TCPv6",
            Self::Ssl => "SSL",
            Self::SslV6 => "SSLv6",
        });
    }

    fn sample(_: i64) -> Self {
        Self::Tcp
    }
}

/// What stored UDP runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DatagramTransport {
    /// IPv4.
    Udp,
    /// IPv6.
    UdpV6,
}

impl Parameter for DatagramTransport {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string(match self {
            Self::Udp => "UDP",
            Self::UdpV6 => "UDPv6",
        });
    }

    fn sample(_: i64) -> Self {
        Self::Udp
    }
}

codes! {
    /// What the module is in a Bluetooth LE connection of passthrough mode.
    BlePassthroughRole {
        /// Client.
        Client = 1,
        /// Server.
        Server = 2,
    }
}

records! {
    /// How long data is collected in passthrough mode before it is sent.
    "+TRANSINTVL" PassthroughInterval {
        /// Milliseconds.
        pub interval: u16,
    }
}

commands! {
    /// Enters passthrough mode over TCP or TLS at every start from now on (`ESP-AT 3.1.9`). Always kept in flash.
    ///
    /// The module then takes no commands after a start until it gets `+++`. For IPv6, `AT+CIPV6=1` has to be set and the
    /// access point has to support it.
    set SaveStreamPassthrough<'a> with 1 {
        /// Name or address of the peer, 1 to 64 bytes.
        pub host: &'a str [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// TCP or TLS. TCP over IPv4 if left out.
        pub transport: Option<StreamTransport>,
        /// Seconds of silence before a keep-alive probe, 0 to 7200; 0 for no probes. As it was set before if left out.
        pub keep_alive: Option<u16> [0..=7200],
    } -> (), within 5 s;
    on EspAt "AT+SAVETRANSLINK" "3.1.9";

    /// Enters passthrough mode over UDP at every start from now on (`ESP-AT 3.1.9`). As [`SaveStreamPassthrough`].
    set SaveDatagramPassthrough<'a> with 1 {
        /// Name or address of the peer, 1 to 64 bytes.
        pub host: &'a str [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// IPv4 or IPv6.
        pub transport: DatagramTransport,
        /// Own port.
        pub local_port: Option<u16> [1..=65535],
    } -> (), within 5 s;
    on EspAt "AT+SAVETRANSLINK" "3.1.9";

    /// Enters passthrough mode over Bluetooth LE at every start from now on (`ESP-AT 3.1.9`). Always kept in flash.
    ///
    /// The indices are those that the Bluetooth LE commands list.
    set SaveBlePassthrough with 2 {
        /// Client or server.
        pub role: BlePassthroughRole,
        /// Index of the service that is sent through.
        pub send_service: u8,
        /// Index of its characteristic.
        pub send_characteristic: u8,
        /// Index of the service that is received through.
        pub receive_service: u8,
        /// Index of its characteristic.
        pub receive_characteristic: u8,
        /// The peer.
        pub peer: Mac,
    } -> (), within 5 s;
    on EspAt "AT+SAVETRANSLINK" "3.1.9";

    /// No passthrough mode at the next start (`ESP-AT 3.1.9`). Always kept in flash.
    ///
    /// Sent as `=0` alone, as firmware of all families takes it; the manual's syntax has a host and a port behind it.
    set ForgetPassthrough with 0 -> (), within 5 s;
    on EspAt "AT+SAVETRANSLINK" "3.1.9";

    /// Asks how long data is collected in passthrough mode (`ESP-AT 3.1.10`).
    query QueryPassthroughInterval -> PassthroughInterval, within 5 s;
    on EspAt "AT+TRANSINTVL" "3.1.10";

    /// Sets how long data is collected in passthrough mode, and by `AT+CIPSENDL` (`ESP-AT 3.1.10`).
    ///
    /// 2920 bytes are sent at once in any case. Less delay costs more packets.
    set SetPassthroughInterval {
        /// Milliseconds, 0 to 1000, 20 by default; 0 to send at once.
        pub interval: u16 [0..=1000],
    } -> (), within 5 s;
    on EspAt "AT+TRANSINTVL" "3.1.10";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::EncodeError;
    use crate::command::Command;

    #[test]
    fn hosts_and_ports() {
        let long = "a".repeat(65);
        for (host, port, expected) in [
            ("", 1, EncodeError::OutOfRange),
            (&long, 1, EncodeError::OutOfRange),
            ("a\r\nAT+RESTORE", 1, EncodeError::ForbiddenByte),
            ("a", 0, EncodeError::OutOfRange),
        ] {
            let mut buffer = [0; 256];
            let mut line = Encoder::new(&mut buffer);
            SaveStreamPassthrough { host, port, transport: None, keep_alive: None }.encode("AT+X", &mut line);
            assert_eq!(line.finish(), Err(expected), "{host} {port}");
        }
    }
}
