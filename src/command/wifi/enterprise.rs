//! Access points with an authentication server (WPA2 Enterprise).

use heapless::String;

use super::{SecretString, Ssid};
use crate::at::{Encoder, FieldError, after_name};
use crate::command::declare::{codes, commands, masks, records};
use crate::command::parameter::put;
use crate::command::{Answer, Bytes, CommandError, Failure, Parameter, Secret};

codes! {
    /// How the station proves who it is.
    EapMethod {
        /// By a certificate.
        Tls = 0,
        /// By name and password in a tunnel of the PEAP kind.
        Peap = 1,
        /// By name and password in a tunnel of the TTLS kind.
        Ttls = 2,
    }
}

masks! {
    /// Which certificates take part.
    Certificates: u8 {
        /// The module shows its own. EAP-TLS needs this.
        CLIENT = 0,
        /// The module checks that of the server.
        SERVER = 1,
    }
}

/// Who the station is, in strings of 1 to 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EapCredentials<'a> {
    /// EAP-TLS: the certificate that is in the module's flash.
    Tls {
        /// The identity of the first phase.
        identity: &'a str,
    },
    /// EAP-PEAP
    Peap {
        /// The identity of the first phase, which is not encrypted.
        identity: &'a str,
        /// The name in the second phase.
        username: &'a str,
        /// The password in the second phase.
        password: Secret<'a>,
    },
    /// EAP-TTLS
    Ttls {
        /// The identity of the first phase, which is not encrypted.
        identity: &'a str,
        /// The name in the second phase.
        username: &'a str,
        /// The password in the second phase.
        password: Secret<'a>,
    },
}

/// Method, identity, name and password; the last two are empty fields for EAP-TLS.
impl Parameter for EapCredentials<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        let (method, identity, phase2) = match self {
            Self::Tls { identity } => (EapMethod::Tls, identity, None),
            Self::Peap { identity, username, password } => (EapMethod::Peap, identity, Some((username, password))),
            Self::Ttls { identity, username, password } => (EapMethod::Ttls, identity, Some((username, password))),
        };
        method.encode(line);
        put(identity, line, 1, 32);
        put(&phase2.map(|(username, _)| *username), line, 1, 32);
        put(&phase2.map(|(_, password)| *password), line, 1, 32);
    }

    fn sample(low: i64) -> Self {
        Self::Peap { identity: <&str>::sample(low), username: <&str>::sample(low), password: Secret::sample(low) }
    }
}

records! {
    /// The Enterprise access point that the station uses.
    "+CWJEAP" EnterpriseAccessPoint {
        /// The network's name.
        pub ssid: Ssid,
        /// How the station proves who it is.
        pub method: EapMethod,
        /// The identity of the first phase.
        pub identity: String<32>,
        /// The name in the second phase.
        pub username: Option<String<32>>,
        /// The password in the second phase.
        pub password: Option<SecretString<32>>,
        /// Which certificates take part.
        pub certificates: Certificates,
    }
}

commands! {
    /// Asks which Enterprise access point the station uses (`ESP-AT 3.2.26`, `IDF 3.20`). `None` if none.
    query QueryEnterprise -> Option<EnterpriseAccessPoint>, within 5 s;
    on EspAt "AT+CWJEAP" "3.2.26";
    on Esp8266Idf "AT+CWJEAP" "3.20";

    /// Joins an Enterprise access point (`ESP-AT 3.2.26`, `IDF 3.20`).
    ///
    /// The module must be a station. ESP-AT has this only in firmware that was built for it. Certificates must be in
    /// the module's flash.
    set JoinEnterprise<'a> {
        /// The network's name, 1 to 32 bytes, not necessarily UTF-8.
        pub ssid: Bytes<'a> [1..=32],
        /// Who the station is.
        pub credentials: EapCredentials<'a>,
        /// Which certificates take part.
        pub certificates: Certificates [0..=3],
    } fails EnterpriseJoinError -> EnterpriseJoined, within 40 s;
    on EspAt "AT+CWJEAP" "3.2.26";
    on Esp8266Idf "AT+CWJEAP" "3.20";

    /// As [`JoinEnterprise`], and says when the module gives up (`ESP-AT 3.2.26`).
    set JoinEnterpriseWithTimeout<'a> {
        /// The network's name, 1 to 32 bytes, not necessarily UTF-8.
        pub ssid: Bytes<'a> [1..=32],
        /// Who the station is.
        pub credentials: EapCredentials<'a>,
        /// Which certificates take part.
        pub certificates: Certificates [0..=3],
        /// Seconds after which the module gives up, 3 to 600. Its default is 15.
        pub timeout_s: u16 [3..=600],
    } fails EnterpriseJoinError -> EnterpriseJoined, within 620 s;
    on EspAt "AT+CWJEAP" "3.2.26";
}

/// Why an Enterprise access point was not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EnterpriseJoinError {
    /// The access point or the server did not answer in time.
    Timeout,
    /// The module gave another reason, by a number of its firmware.
    Failed(u32),
    /// The command itself failed. Its error code tells about missing certificates and the like.
    Command(CommandError),
}

impl core::fmt::Display for EnterpriseJoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Timeout => f.write_str("the access point did not answer"),
            Self::Failed(code) => write!(f, "the module could not join (code {code})"),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EnterpriseJoinError {}

impl From<CommandError> for EnterpriseJoinError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// The answer to a join: nothing, or the reason why it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnterpriseJoined;

impl Answer for EnterpriseJoined {
    type Partial = Option<EnterpriseJoinError>;

    fn line(partial: &mut Self::Partial, line: &[u8]) {
        let Some(reason) = after_name(line, b"+CWJEAP") else { return };
        if reason.eq_ignore_ascii_case(b"timeout") {
            *partial = Some(EnterpriseJoinError::Timeout);
        } else if let Some(code) = crate::at::parse_unsigned(reason) {
            *partial = Some(EnterpriseJoinError::Failed(code));
        }
    }

    fn finish(_: Self::Partial) -> Result<Self, FieldError> {
        Ok(Self)
    }
}

impl Failure<Option<Self>> for EnterpriseJoinError {
    fn from_answer(reason: &Option<Self>, error: CommandError) -> Self {
        match (error, reason) {
            (CommandError::Refused(_), Some(reason)) => *reason,
            (error, _) => Self::Command(error),
        }
    }
}
