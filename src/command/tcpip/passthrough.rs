//! Passthrough: `AT+CIPMODE`, `AT+SAVETRANSLINK`, `AT+CIPRECONNINTV`. It is entered with
//! [`EnterPassthrough`](super::EnterPassthrough).

use super::Host;
use crate::at::Encoder;
use crate::command::Parameter;
use crate::command::declare::{codes, commands, records};

codes! {
    /// How data goes through the serial line.
    TransmissionMode {
        /// Between commands, each piece with its length.
        Normal = 0,
        /// As it is, once passthrough is entered.
        Passthrough = 1,
    }
}

records! {
    /// How data goes through the serial line.
    "+CIPMODE" TransmissionModeSetting {
        /// The mode.
        pub mode: TransmissionMode,
    }

    /// How long passthrough waits between attempts to connect again.
    "+CIPRECONNINTV" ReconnectInterval {
        /// In units of 100 ms.
        pub interval_100ms: u16,
    }
}

/// What else is kept of a TCP link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedTcp {
    /// Seconds of silence before keep-alive probes, up to 7200; 0 for none, which is the default.
    pub keep_alive: Option<u16>,
}

impl Parameter for SavedTcp {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string("TCP");
        match self.keep_alive {
            Some(seconds) => line.ranged(seconds.into(), 0, 7200),
            None => line.skip(),
        };
    }

    fn sample(_: i64) -> Self {
        Self { keep_alive: Some(60) }
    }
}

/// What else is kept of a UDP link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavedUdp {
    /// Own port, 1 to 65535.
    pub local_port: Option<u16>,
}

impl Parameter for SavedUdp {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string("UDP");
        match self.local_port {
            Some(port) => line.ranged(port.into(), 1, 65535),
            None => line.skip(),
        };
    }

    fn sample(_: i64) -> Self {
        Self { local_port: Some(1005) }
    }
}

commands! {
    /// Asks how data goes through the serial line (`ESP-AT 3.3.18`, `ESP32 v1 5.2.10`, `IDF 4.12`, `NONOS 5.2.18`,
    /// `WizFi360 3.2.3.1`).
    query QueryTransmissionMode -> TransmissionModeSetting, within 5 s;
    on EspAt "AT+CIPMODE" "3.3.18";
    on Esp32V1 "AT+CIPMODE" "5.2.10";
    on Esp8266Idf "AT+CIPMODE" "4.12";
    on Esp8266Nonos "AT+CIPMODE" "5.2.18";
    on WizFi360 "AT+CIPMODE" "3.2.3.1";

    /// Sets how data goes through the serial line (`ESP-AT 3.3.18`, `ESP32 v1 5.2.10`, `IDF 4.12`, `NONOS 5.2.18`,
    /// `WizFi360 3.2.3.1`). Lost with the next reset.
    ///
    /// Passthrough needs `AT+CIPMUX=0` and a TCP connection, or UDP with a fixed peer; TLS only on ESP-AT.
    set SetTransmissionMode {
        /// The mode from now on.
        pub mode: TransmissionMode,
    } -> (), within 5 s;
    on EspAt "AT+CIPMODE" "3.3.18";
    on Esp32V1 "AT+CIPMODE" "5.2.10";
    on Esp8266Idf "AT+CIPMODE" "4.12";
    on Esp8266Nonos "AT+CIPMODE" "5.2.18";
    on WizFi360 "AT+CIPMODE" "3.2.3.1";

    /// Makes every start of the module end in passthrough over TCP (`ESP32 v1 5.2.11`, `IDF 4.13`, `NONOS 5.2.19`,
    /// `WizFi360 3.2.3.2`). Kept in flash, whether the peer can be reached or not. `+++` leads out of it.
    set SaveTcpPassthrough<'a> with 1 {
        /// Where to; a name has 1 to 64 bytes.
        pub host: Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// What else; the firmware takes TCP without it.
        pub tcp: Option<SavedTcp>,
    } -> (), within 5 s;
    on Esp32V1 "AT+SAVETRANSLINK" "5.2.11";
    on Esp8266Idf "AT+SAVETRANSLINK" "4.13";
    on Esp8266Nonos "AT+SAVETRANSLINK" "5.2.19";
    on WizFi360 "AT+SAVETRANSLINK" "3.2.3.2";

    /// Makes every start of the module end in passthrough over UDP (`ESP32 v1 5.2.11`, `IDF 4.13`, `NONOS 5.2.19`,
    /// `WizFi360 3.2.3.2`). Kept in flash, whether the peer can be reached or not. `+++` leads out of it.
    set SaveUdpPassthrough<'a> with 1 {
        /// Where to; a name has 1 to 64 bytes.
        pub host: Host<'a> [1..=64],
        /// The peer's port.
        pub port: u16 [1..=65535],
        /// What else.
        pub udp: SavedUdp,
    } -> (), within 5 s;
    on Esp32V1 "AT+SAVETRANSLINK" "5.2.11";
    on Esp8266Idf "AT+SAVETRANSLINK" "4.13";
    on Esp8266Nonos "AT+SAVETRANSLINK" "5.2.19";
    on WizFi360 "AT+SAVETRANSLINK" "3.2.3.2";

    /// Makes the module start without passthrough again (`ESP32 v1 5.2.11`, `IDF 4.13`, `NONOS 5.2.19`,
    /// `WizFi360 3.2.3.2`). Kept in flash.
    ///
    /// The manuals leave open whether the peer has to be given for this, too; firmware is known not to need it.
    set RemoveSavedPassthrough with 0 -> (), within 5 s;
    on Esp32V1 "AT+SAVETRANSLINK" "5.2.11";
    on Esp8266Idf "AT+SAVETRANSLINK" "4.13";
    on Esp8266Nonos "AT+SAVETRANSLINK" "5.2.19";
    on WizFi360 "AT+SAVETRANSLINK" "3.2.3.2";

    /// Asks how long passthrough waits between attempts to connect again (`ESP-AT 3.3.32`).
    query QueryReconnectInterval -> ReconnectInterval, within 5 s;
    on EspAt "AT+CIPRECONNINTV" "3.3.32";

    /// Sets how long passthrough waits between attempts to connect again (`ESP-AT 3.3.32`, `IDF 4.21`).
    ///
    /// Kept in flash by ESP-AT as `AT+SYSSTORE` says.
    set SetReconnectInterval {
        /// In units of 100 ms, 1 to 36000. The default is 1.
        pub interval_100ms: u16 [1..=36000],
    } -> (), within 5 s;
    on EspAt "AT+CIPRECONNINTV" "3.3.32";
    on Esp8266Idf "AT+CIPRECONNINTV" "4.21";
}
