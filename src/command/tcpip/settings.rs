//! Settings of the network stack: `AT+CIPV6`, `AT+CIPMUX`, `AT+CIPTCPOPT`.

use crate::at::Encoder;
use crate::command::declare::{commands, records};
use crate::command::{Link, List, Parameter};

records! {
    /// Whether IPv6 is on.
    "+CIPV6" Ipv6Setting {
        /// Whether it is.
        pub enabled: bool,
    }

    /// Whether there can be several connections.
    "+CIPMUX" MultipleConnections {
        /// Whether there can.
        pub enabled: bool,
    }

    /// The options of a link's TCP connection.
    "+CIPTCPOPT" LinkTcpOptions {
        /// The link.
        pub link: u8,
        /// Seconds that closing waits for data to be sent; -1 for no such wait.
        pub linger: Option<i32>,
        /// Whether small pieces are sent at once.
        pub no_delay: Option<bool>,
        /// Milliseconds after which sending is given up.
        pub send_timeout: Option<u32>,
        /// Seconds of silence before keep-alive probes; 0 for none.
        pub keep_alive: Option<u16>,
    }
}

/// Options of TCP connections. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpOptions {
    /// Seconds that closing waits for data to be sent, from 0 on; -1 for no such wait, which is the default. The
    /// module answers no command in this time.
    pub linger: Option<i16>,
    /// Whether small pieces are sent at once.
    pub no_delay: Option<bool>,
    /// Milliseconds after which sending is given up. 5000 to 10000 suit where keep-alive is off.
    pub send_timeout: Option<u32>,
    /// Seconds of silence before keep-alive probes, up to 7200; 0 for none. Better not below 60.
    pub keep_alive: Option<u16>,
}

impl Parameter for TcpOptions {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self.linger {
            Some(seconds) => line.ranged(seconds.into(), -1, i16::MAX.into()),
            None => line.skip(),
        };
        self.no_delay.encode(line);
        // The first three have their commas even at the end of the line.
        match self.send_timeout {
            Some(milliseconds) => line.ranged(milliseconds.into(), 0, i32::MAX.into()),
            None => line.bare(""),
        };
        match self.keep_alive {
            Some(seconds) => line.ranged(seconds.into(), 0, 7200),
            None => line.skip(),
        };
    }

    fn sample(_: i64) -> Self {
        Self { linger: Some(-1), no_delay: Some(true), send_timeout: Some(5000), keep_alive: Some(60) }
    }
}

commands! {
    /// Asks whether IPv6 is on (`ESP-AT 3.3.2`).
    query QueryIpv6 -> Ipv6Setting, within 5 s;
    on EspAt "AT+CIPV6" "3.3.2";

    /// Switches IPv6 on or off (`ESP-AT 3.3.2`). Kept in flash as `AT+SYSSTORE` says.
    set SetIpv6 {
        /// Whether it is on from now on.
        pub enabled: bool,
    } -> (), within 5 s;
    on EspAt "AT+CIPV6" "3.3.2";

    /// Asks whether there can be several connections (`ESP-AT 3.3.15`, `ESP32 v1 5.2.8`, `IDF 4.9`, `NONOS 5.2.15`,
    /// `WizFi360 3.2.3.3`).
    query QueryMultipleConnections -> MultipleConnections, within 5 s;
    on EspAt "AT+CIPMUX" "3.3.15";
    on Esp32V1 "AT+CIPMUX" "5.2.8";
    on Esp8266Idf "AT+CIPMUX" "4.9";
    on Esp8266Nonos "AT+CIPMUX" "5.2.15";
    on WizFi360 "AT+CIPMUX" "3.2.3.3";

    /// Sets whether there can be several connections (`ESP-AT 3.3.15`, `ESP32 v1 5.2.8`, `IDF 4.9`, `NONOS 5.2.15`,
    /// `WizFi360 3.2.3.3`).
    ///
    /// Only while none is open; several only without passthrough, and one only without a server. The driver's sockets
    /// need several.
    set SetMultipleConnections {
        /// Whether there can be several from now on.
        pub enabled: bool,
    } -> (), within 5 s;
    on EspAt "AT+CIPMUX" "3.3.15";
    on Esp32V1 "AT+CIPMUX" "5.2.8";
    on Esp8266Idf "AT+CIPMUX" "4.9";
    on Esp8266Nonos "AT+CIPMUX" "5.2.15";
    on WizFi360 "AT+CIPMUX" "3.2.3.3";

    /// Asks for the options of TCP connections (`ESP-AT 3.3.38`).
    query QueryTcpOptions -> List<LinkTcpOptions, 5>, within 5 s;
    on EspAt "AT+CIPTCPOPT" "3.3.38";

    /// Sets options of TCP connections (`ESP-AT 3.3.38`). Kept in flash as `AT+SYSSTORE` says.
    set SetTcpOptions {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// What is to change.
        pub options: TcpOptions,
    } -> (), within 5 s;
    on EspAt "AT+CIPTCPOPT" "3.3.38";
}
