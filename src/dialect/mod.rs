//! Firmware families, one type each.
//!
//! A dialect is a type, so that a command which a firmware lacks does not compile for it. What the engine needs to
//! know of a firmware stands in its [`Profile`].
//!
//! | Type | received data | names for the resolver | `AT+CIPTCPOPT` |
//! |---|---|---|---|
//! | [`EspAt`] | waits in the module until there is room | 255 bytes, IPv4 and IPv6 | yes |
//! | [`Esp8266Idf`] | waits in the module until there is room | 255 bytes, IPv4 | no |
//! | [`Esp8266Nonos`] | waits in the module for TCP, from 1.7 on | 63 bytes, IPv4 | no |
//! | [`Esp32V1`] | comes at once | 255 bytes, IPv4 | no |
//! | [`WizFi360`] | comes at once | 63 bytes, IPv4 | no |
//!
//! All of them can be brought up, join access points, and have TCP and UDP sockets, a TCP server and names, and TLS of the
//! module's own: see [`TlsSocket`](crate::net::tls::TlsSocket) for which of them check a server's certificate. One send
//! takes 2048 bytes at most; longer writes become several.
//!
//! Where data comes at once and a socket is not read, the driver stops reading the serial port when the socket's ring
//! is full. With RTS/CTS the module waits then, and so do the answers and the data of all other sockets: what they have
//! received already can still be read. Without RTS/CTS the UART overruns, and the socket that has lost bytes fails
//! with [`DataLost`](crate::net::tcp::Error::DataLost).
//!
//! The versions that the module tells at its start are compared with the dialect that was chosen. If they contradict
//! it, [`wait_until_ready`](crate::Control::wait_until_ready) gives
//! [`NotReady::WrongFirmware`](crate::NotReady::WrongFirmware), which names the dialects that suit. What versions do not
//! tell is found out by trying: settings that the firmware refuses have fall-backs, or are done without. Asking which
//! commands there are ([`supports`](crate::Control::supports)) would take half a second at each start.

mod esp32_v1;
mod esp8266_idf;
mod esp8266_nonos;
mod esp_at;
mod wizfi360;

use crate::engine::Span;
use crate::power::PowerDialect;
use crate::wifi::WifiDialect;

/// A firmware family, by which commands are chosen.
///
/// Implemented by the types of this module only.
pub trait Dialect: sealed::Sealed + Copy + 'static {
    /// A short name in lower case, such as `esp-at`.
    const NAME: &'static str;
}

/// A firmware family that the driver can bring up and use.
pub trait Driven: Dialect + WifiDialect + PowerDialect {
    /// What the engine needs to know of the firmware.
    const PROFILE: &'static Profile;
}

macro_rules! dialects {
    ($($(#[$meta:meta])* $type:ident $name:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $type;

        impl sealed::Sealed for $type {}

        impl Dialect for $type {
            const NAME: &'static str = $name;
        }
    )*};
}

dialects! {
    /// Espressif's ESP-AT firmware, version 2.0 and later, for the ESP32 family and ESP8266.
    ///
    /// Received data waits in the module (`AT+CIPRECVTYPE` or, before 3.3, `AT+CIPRECVMODE`), settings are not kept in
    /// flash (`AT+SYSSTORE=0`), and refusals have reasons (`AT+SYSLOG=1`). A UDP link receives actively where the
    /// firmware can set this by link.
    EspAt "esp-at";
    /// Espressif's first AT firmware for ESP32, version 1.x.
    ///
    /// It hands over received data at once, asked for or not: use RTS/CTS, or rings that hold all that a peer may send
    /// before it is read. It keeps what a join sets in flash, and has no command against that: do not join more often
    /// than needed.
    Esp32V1 "esp32-v1";
    /// Espressif's AT firmware for ESP8266 on the IDF-style SDK, version 2.x.
    ///
    /// Received data waits in the module (`AT+CIPRECVMODE`), for all links or for none: while there is a UDP socket, all
    /// data comes at once. Releases that have `AT+SYSSTORE` are told not to keep settings in flash; the manual of the
    /// first ones does not know it. [`EspAt`] suits this firmware, too, but has commands that it lacks.
    Esp8266Idf "esp8266-idf";
    /// Espressif's AT firmware for ESP8266 on the NONOS SDK, version 1.7 and earlier.
    ///
    /// From 1.7 on, data that TCP links receive waits in the module (`AT+CIPRECVMODE`). Before, it is handed over at
    /// once: see [`Esp32V1`]. What is set is for the running module (`_CUR` commands), not kept in flash.
    Esp8266Nonos "esp8266-nonos";
    /// WIZnet's firmware for the WizFi360, version 1.x.
    ///
    /// It hands over received data at once, asked for or not: see [`Esp32V1`]. `+++` needs a second of silence on both
    /// sides, so that without a reset pin bring-up takes a second longer. What is set is for the running module (`_CUR`
    /// commands), not kept in flash.
    WizFi360 "wizfi360";
}

mod sealed {
    pub trait Sealed {}
}

/// What differs between firmwares and is not the business of a single command.
#[derive(Debug)]
pub struct Profile {
    /// The firmware's usual name, for messages to people.
    pub name: &'static str,
    pub(crate) bring_up: &'static [Step],
    /// Most bytes of one `AT+CIPSEND`.
    pub(crate) send_limit: usize,
    /// Sets how often a long send tells how far it is. Firmware that has it may have `AT+CIPSENDL`.
    pub(crate) long_send: Option<&'static str>,
    /// Most bytes of one `AT+CIPRECVDATA`.
    pub(crate) receive_limit: usize,
    /// How links receive actively although the step that [`Sets::PassiveReceive`] was taken, for each wording of it.
    pub(crate) active_receive: &'static [ActiveReceive],
    /// Makes the module tell a new link's peer, as `+LINK_CONN`.
    pub(crate) link_messages: Option<&'static str>,
    /// Limits how many clients the server takes.
    pub(crate) client_limit: Option<&'static str>,
    /// Whether the server speaks IPv6.
    pub(crate) ipv6_server: bool,
    /// Asks for the links with their addresses, in order of preference.
    pub(crate) link_queries: &'static [&'static str],
    /// Sets the options of a TCP link.
    pub(crate) tcp_options: Option<&'static str>,
    /// Silence that `+++` needs before it, and after it.
    pub(crate) escape_guard: [Span; 2],
    pub(crate) resolver: Resolver,
    /// How `AT+UART_CUR` calls RTS and CTS together. Above 1, there is also each alone.
    pub(crate) full_flow_control: u8,
    pub(crate) tls: Tls,
    /// Which of the dialects it is, to be compared with what `AT+GMR` shows.
    pub(crate) family: Family,
}

impl Profile {
    /// Stands for one before there is any.
    pub(crate) const NONE: Self = Self {
        name: "",
        bring_up: &[],
        send_limit: 0,
        long_send: None,
        receive_limit: 0,
        active_receive: &[],
        link_messages: None,
        client_limit: None,
        ipv6_server: false,
        link_queries: &[],
        tcp_options: None,
        escape_guard: [Span::ZERO; 2],
        full_flow_control: 0,
        resolver: Resolver { longest_name: 0, explains: false, ipv6: false },
        tls: Tls { authentication: None, names: false, buffer: None, several: false, ipv6: false, timestamp: None },
        family: Family::EspAt,
    };
}

/// One thing to set after a reset: the first of `commands` that the module accepts.
#[derive(Debug)]
pub(crate) struct Step {
    /// Without CR LF, in order of preference.
    pub(crate) commands: &'static [&'static str],
    /// Whether the module cannot be used when all are refused.
    pub(crate) required: bool,
    /// What the driver then knows.
    pub(crate) sets: Sets,
}

/// What the acceptance or the answer of a [`Step`] tells the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sets {
    Nothing,
    /// The answer is the text of `AT+GMR`.
    Firmware,
    /// Received data waits in the module until it is asked for.
    PassiveReceive,
}

/// How a UDP link is made to receive actively, datagram by datagram and with their senders, while TCP links are passive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ActiveReceive {
    /// It is as it is: passive receive is for TCP only, or nothing can be done about it.
    #[default]
    Fixed,
    /// By this command with a link and a mode.
    Link(&'static str),
    /// Only together with all other links, by this command with a mode.
    Module(&'static str),
}

/// What `AT+CIPDOMAIN` can do.
#[derive(Debug)]
pub(crate) struct Resolver {
    /// Bytes of a name, at most.
    pub(crate) longest_name: usize,
    /// Whether it says `DNS Fail` when a name has no address, so that a mere `ERROR` means something else.
    pub(crate) explains: bool,
    /// Whether it can be asked for an IPv6 address.
    pub(crate) ipv6: bool,
}

/// What links with TLS can do.
#[derive(Debug)]
pub(crate) struct Tls {
    /// Tells who proves who he is. `None`: nobody can.
    pub(crate) authentication: Option<TlsAuthentication>,
    /// Whether a link has names, protocols and a pre-shared key of its own: `AT+CIPSSLCCN` and its kin.
    pub(crate) names: bool,
    /// Sets the size of the buffer.
    pub(crate) buffer: Option<&'static str>,
    /// Whether there can be several such links.
    pub(crate) several: bool,
    /// Whether it speaks IPv6.
    pub(crate) ipv6: bool,
    /// Asks for the seconds since 1970. `AT+CIPSNTPTIME` exists everywhere.
    pub(crate) timestamp: Option<&'static str>,
}

/// How a module is told which certificates a TLS link uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsAuthentication {
    /// By this command with a link, [`SslAuthentication`](crate::command::tcpip::SslAuthentication) and the numbers of
    /// the certificates.
    Link(&'static str),
    /// For all links, by this command with [`SslCertificates`](crate::command::tcpip::SslCertificates). There is one
    /// certificate of each kind.
    Module(&'static str),
}

/// The dialects as values: one for each type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    EspAt,
    Esp32V1,
    Esp8266Idf,
    Esp8266Nonos,
    WizFi360,
}

/// The dialects that suit the versions which a firmware tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suitable {
    pub(crate) families: &'static [Family],
    /// For people.
    pub(crate) names: &'static str,
}

#[cfg(test)]
mod tests;
