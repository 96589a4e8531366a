//! The server: `AT+CIPSERVER`, `AT+CIPSERVERMAXCONN`, `AT+CIPSTO`.

use crate::at::{Encoder, Field, FieldError};
use crate::command::declare::{commands, records};
use crate::command::{Parameter, Value};

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ServerProtocol {
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6.
    TcpIpv6,
    /// TLS over IPv4.
    Ssl,
    /// TLS over IPv6.
    SslIpv6,
}

impl Parameter for ServerProtocol {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.string(match self {
            Self::Tcp => "TCP",
            Self::TcpIpv6 => "TCPv6",
            Self::Ssl => "SSL",
            Self::SslIpv6 => "SSLv6",
        });
    }

    fn sample(_: i64) -> Self {
        Self::Tcp
    }
}

impl Value for ServerProtocol {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        let words = [("TCP", Self::Tcp), ("TCPv6", Self::TcpIpv6), ("SSL", Self::Ssl), ("SSLv6", Self::SslIpv6)];
        let known = words.into_iter().find(|(word, _)| field.bytes.eq_ignore_ascii_case(word.as_bytes()));
        known.map(|(_, protocol)| protocol).ok_or(FieldError::Malformed)
    }
}

records! {
    /// The state of the server.
    "+CIPSERVER" ServerState {
        /// Whether it runs. If not, there is nothing else.
        pub running: bool,
        /// Its port.
        pub port: Option<u16>,
        /// What it speaks.
        pub protocol: Option<ServerProtocol>,
        /// Whether it checks the certificates of clients.
        pub checks_clients: Option<bool>,
    }

    /// How many clients the server takes.
    "+CIPSERVERMAXCONN" ClientLimit {
        /// At the same time.
        pub clients: u8,
    }

    /// How long the server keeps a silent client.
    "+CIPSTO" ServerTimeout {
        /// Seconds; 0 for ever.
        pub seconds: u16,
    }
}

commands! {
    /// Asks for the state of the server (`ESP-AT 3.3.16`).
    query QueryServer -> ServerState, within 5 s;
    on EspAt "AT+CIPSERVER" "3.3.16";

    /// Starts a TCP server over IPv4 (`ESP-AT 3.3.16`, `ESP32 v1 5.2.9`, `IDF 4.10`, `NONOS 5.2.16`,
    /// `WizFi360 3.2.3.4`). Needs `AT+CIPMUX=1`. There is only one server; each client takes a link.
    set StartTcpServer with 1 {
        /// Its port. The default is 333.
        pub port: Option<u16> [1..=65535],
    } -> (), within 5 s;
    on EspAt "AT+CIPSERVER" "3.3.16";
    on Esp32V1 "AT+CIPSERVER" "5.2.9";
    on Esp8266Idf "AT+CIPSERVER" "4.10";
    on Esp8266Nonos "AT+CIPSERVER" "5.2.16";
    on WizFi360 "AT+CIPSERVER" "3.2.3.4";

    /// Starts a server (`ESP-AT 3.3.16`). Needs `AT+CIPMUX=1`, and `AT+CIPV6=1` for IPv6. There is only one server;
    /// each client takes a link.
    set StartServer with 1 {
        /// Its port. The default is 333.
        pub port: Option<u16> [1..=65535],
        /// What it speaks. The default is TCP over IPv4.
        pub protocol: Option<ServerProtocol>,
        /// Whether it checks the certificates of clients. For TLS only.
        pub checks_clients: Option<bool>,
    } -> (), within 5 s;
    on EspAt "AT+CIPSERVER" "3.3.16";

    /// Stops the server (`ESP-AT 3.3.16`, `ESP32 v1 5.2.9`, `IDF 4.10`, `NONOS 5.2.16`, `WizFi360 3.2.3.4`). Clients
    /// stay connected.
    set StopServer with 0 -> (), within 5 s;
    on EspAt "AT+CIPSERVER" "3.3.16";
    on Esp32V1 "AT+CIPSERVER" "5.2.9";
    on Esp8266Idf "AT+CIPSERVER" "4.10";
    on Esp8266Nonos "AT+CIPSERVER" "5.2.16";
    on WizFi360 "AT+CIPSERVER" "3.2.3.4";

    /// Stops the server, and says what is to become of its clients (`ESP-AT 3.3.16`).
    set StopServerAndClients with 0 {
        /// Whether their connections are closed.
        pub close_connections: bool,
    } -> (), within 15 s;
    on EspAt "AT+CIPSERVER" "3.3.16";

    /// Asks how many clients the server takes (`ESP-AT 3.3.17`, `IDF 4.11`, `NONOS 5.2.17`).
    query QueryClientLimit -> ClientLimit, within 5 s;
    on EspAt "AT+CIPSERVERMAXCONN" "3.3.17";
    on Esp8266Idf "AT+CIPSERVERMAXCONN" "4.11";
    on Esp8266Nonos "AT+CIPSERVERMAXCONN" "5.2.17";

    /// Sets how many clients the server takes (`ESP-AT 3.3.17`, `IDF 4.11`, `NONOS 5.2.17`). Before it is started.
    set SetClientLimit {
        /// At the same time, 1 to 5.
        pub clients: u8 [1..=5],
    } -> (), within 5 s;
    on EspAt "AT+CIPSERVERMAXCONN" "3.3.17";
    on Esp8266Idf "AT+CIPSERVERMAXCONN" "4.11";
    on Esp8266Nonos "AT+CIPSERVERMAXCONN" "5.2.17";

    /// Asks how long the server keeps a silent client (`ESP-AT 3.3.19`, `ESP32 v1 5.2.12`, `IDF 4.14`,
    /// `NONOS 5.2.20`, `WizFi360 3.2.3.17`).
    query QueryServerTimeout -> ServerTimeout, within 5 s;
    on EspAt "AT+CIPSTO" "3.3.19";
    on Esp32V1 "AT+CIPSTO" "5.2.12";
    on Esp8266Idf "AT+CIPSTO" "4.14";
    on Esp8266Nonos "AT+CIPSTO" "5.2.20";
    on WizFi360 "AT+CIPSTO" "3.2.3.17";

    /// Sets how long the server keeps a silent client (`ESP-AT 3.3.19`, `ESP32 v1 5.2.12`, `IDF 4.14`,
    /// `NONOS 5.2.20`, `WizFi360 3.2.3.17`). Some firmware wants the server to run.
    set SetServerTimeout {
        /// Seconds, up to 7200; 0 for ever, by which dead clients may take all links.
        pub seconds: u16 [0..=7200],
    } -> (), within 5 s;
    on EspAt "AT+CIPSTO" "3.3.19";
    on Esp32V1 "AT+CIPSTO" "5.2.12";
    on Esp8266Idf "AT+CIPSTO" "4.14";
    on Esp8266Nonos "AT+CIPSTO" "5.2.20";
    on WizFi360 "AT+CIPSTO" "3.2.3.17";
}
