//! TLS: `AT+CIPSSLSIZE`, `AT+CIPSSLCONF`, `AT+CIPSSLCCONF` and what ESP-AT has beside it.
//!
//! What is set here holds for connections that are opened later.

use heapless::{String, Vec};

use crate::at::{EncodeError, Encoder, Field, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, masks, records};
use crate::command::{Link, List, Parameter, Record, Secret, Value};

codes! {
    /// Who proves who he is when a TLS connection is opened.
    SslAuthentication {
        /// Nobody.
        Nobody = 0,
        /// The module, by its certificate.
        Client = 1,
        /// The server, whose certificate the module checks. For this the module needs the time.
        Server = 2,
        /// Both.
        Both = 3,
    }
}

masks! {
    /// Which certificates are used.
    SslCertificates: u8 {
        /// The module's own, so that the server can check it.
        CLIENT = 0,
        /// Those of an authority, by which the module checks the server.
        AUTHORITY = 1,
    }
}

/// Up to five names of protocols for the server to choose from. None clears them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlpnProtocols<'a>(pub &'a [&'a str]);

impl Parameter for AlpnProtocols<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.ranged(self.0.len() as i64, 0, 5);
        for name in self.0 {
            if name.is_empty() {
                line.fail(EncodeError::OutOfRange);
            }
            line.string(name);
        }
    }

    fn sample(_: i64) -> Self {
        Self(&["h2", "http/1.1"])
    }
}

/// A secret as hexadecimal digits in double quotes, in lower case. A range counts bytes, not digits. Its `Debug` does
/// not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHex<'a>(pub &'a [u8]);

impl core::fmt::Debug for SecretHex<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl Parameter for SecretHex<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        let mut digits = String::<128>::new();
        let nibbles = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for digit in nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)) {
            if digits.push(digit).is_err() {
                line.fail(EncodeError::OutOfRange);
            }
        }
        line.string(&digits);
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        (low..=high).contains(&(self.0.len() as i64))
    }

    fn sample(_: i64) -> Self {
        Self(b"psk")
    }
}

/// A secret that the module tells. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText<const N: usize>(pub String<N>);

impl<const N: usize> core::fmt::Debug for SecretText<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl<const N: usize> Value for SecretText<N> {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        field.text().map(Self)
    }
}

records! {
    /// Which certificates are used.
    "+CIPSSLCONF" SslCertificateSetting {
        /// These.
        pub certificates: SslCertificates,
    }

    /// How a link authenticates.
    "+CIPSSLCCONF" LinkSslAuthentication {
        /// The link.
        pub link: u8,
        /// Who proves who he is.
        pub authentication: SslAuthentication,
        /// Which certificate and key of the module are used.
        pub client_certificate: Option<u8>,
        /// Which authority's certificate is used.
        pub authority_certificate: Option<u8>,
    }

    /// The common name that a link's server must have.
    "+CIPSSLCCN" LinkCommonName {
        /// The link.
        pub link: u8,
        /// The name in the certificate; empty if it does not matter.
        pub common_name: Option<String<64>>,
    }

    /// The name of the server that a link asks for.
    "+CIPSSLCSNI" LinkServerName {
        /// The link.
        pub link: u8,
        /// The name.
        pub server_name: Option<String<64>>,
    }

    /// The pre-shared key of a link.
    "+CIPSSLCPSK" LinkPreSharedKey {
        /// The link.
        pub link: u8,
        /// The key as text.
        pub key: Option<SecretText<32>>,
        /// Which key it is.
        pub hint: Option<String<32>>,
    }

    /// The pre-shared key of a link, in hexadecimal digits.
    "+CIPSSLCPSKHEX" LinkPreSharedKeyDigits {
        /// The link.
        pub link: u8,
        /// The key, two digits for each byte.
        pub key: Option<SecretText<64>>,
        /// Which key it is.
        pub hint: Option<String<32>>,
    }
}

commands! {
    /// Sets the size of the TLS buffer (`NONOS 5.2.4`, `WizFi360 3.2.3.6`).
    set SetSslBuffer {
        /// Bytes, 2048 to 4096.
        pub bytes: u16 [2048..=4096],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CIPSSLSIZE" "5.2.4";
    on WizFi360 "AT+CIPSSLSIZE" "3.2.3.6";

    /// Asks which certificates are used (`NONOS 5.2.5`).
    query QuerySslCertificates -> SslCertificateSetting, within 5 s;
    on Esp8266Nonos "AT+CIPSSLCONF" "5.2.5";

    /// Sets which certificates are used (`NONOS 5.2.5`). Kept in flash.
    set SetSslCertificates {
        /// These.
        pub certificates: SslCertificates [0..=3],
    } -> (), within 5 s;
    on Esp8266Nonos "AT+CIPSSLCONF" "5.2.5";

    /// Asks how links authenticate (`ESP-AT 3.3.26`, `IDF 4.20`).
    query QuerySslAuthentication -> List<LinkSslAuthentication, 5>, within 5 s;
    on EspAt "AT+CIPSSLCCONF" "3.3.26";
    on Esp8266Idf "AT+CIPSSLCCONF" "4.20";

    /// Sets how a link authenticates (`ESP-AT 3.3.26`). Kept in flash as `AT+SYSSTORE` says.
    set SetSslAuthentication {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// Who proves who he is.
        pub authentication: SslAuthentication,
        /// Which certificate and key of the module are used, from 0 on.
        pub client_certificate: Option<u8>,
        /// Which authority's certificate is used, from 0 on.
        pub authority_certificate: Option<u8>,
    } -> (), within 5 s;
    on EspAt "AT+CIPSSLCCONF" "3.3.26";

    /// Sets how a link authenticates, with all parameters (`IDF 4.20`). Kept in flash.
    set SetSslAuthenticationInFull {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// Who proves who he is.
        pub authentication: SslAuthentication,
        /// Which certificate and key of the module are used, from 0 on.
        pub client_certificate: u8,
        /// Which authority's certificate is used, from 0 on.
        pub authority_certificate: u8,
    } -> (), within 5 s;
    on Esp8266Idf "AT+CIPSSLCCONF" "4.20";

    /// Asks for the common names that servers must have (`ESP-AT 3.3.27`).
    query QuerySslCommonNames -> List<LinkCommonName, 5>, within 5 s;
    on EspAt "AT+CIPSSLCCN" "3.3.27";

    /// Sets the common name that a link's server must have (`ESP-AT 3.3.27`).
    set SetSslCommonName<'a> {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// The name, up to 64 bytes.
        pub common_name: &'a str [0..=64],
    } -> (), within 5 s;
    on EspAt "AT+CIPSSLCCN" "3.3.27";

    /// Asks for the names of servers that links ask for (`ESP-AT 3.3.28`).
    query QuerySslServerNames -> List<LinkServerName, 5>, within 5 s;
    on EspAt "AT+CIPSSLCSNI" "3.3.28";

    /// Sets the name of the server that a link asks for, SNI (`ESP-AT 3.3.28`).
    set SetSslServerName<'a> {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// The name, up to 64 bytes.
        pub server_name: &'a str [0..=64],
    } -> (), within 5 s;
    on EspAt "AT+CIPSSLCSNI" "3.3.28";

    /// Asks for the protocols that links offer (`ESP-AT 3.3.29`).
    query QuerySslProtocols -> List<LinkAlpnProtocols, 5>, within 5 s;
    on EspAt "AT+CIPSSLCALPN" "3.3.29";

    /// Sets the protocols that a link offers, ALPN (`ESP-AT 3.3.29`).
    set SetSslProtocols<'a> {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// Up to five.
        pub protocols: AlpnProtocols<'a>,
    } -> (), within 5 s;
    on EspAt "AT+CIPSSLCALPN" "3.3.29";

    /// Asks for the pre-shared keys of links (`ESP-AT 3.3.30`).
    query QuerySslPreSharedKeys -> List<LinkPreSharedKey, 5>, within 5 s;
    on EspAt "AT+CIPSSLCPSK" "3.3.30";

    /// Sets the pre-shared key of a link (`ESP-AT 3.3.30`).
    set SetSslPreSharedKey<'a> {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// The key, 1 to 32 bytes of text.
        pub key: Secret<'a> [1..=32],
        /// Which key it is, up to 32 bytes.
        pub hint: &'a str [0..=32],
    } -> (), within 5 s;
    on EspAt "AT+CIPSSLCPSK" "3.3.30";

    /// Asks for the pre-shared keys of links in hexadecimal digits (`ESP-AT 3.3.31`).
    query QuerySslPreSharedKeyDigits -> List<LinkPreSharedKeyDigits, 5>, within 5 s;
    on EspAt "AT+CIPSSLCPSKHEX" "3.3.31";

    /// Sets the pre-shared key of a link, of any bytes (`ESP-AT 3.3.31`).
    set SetSslPreSharedKeyBytes<'a> {
        /// The link, 0 to 4, or 5 for all.
        pub link: Link [0..=5],
        /// The key, 1 to 32 bytes: the manual has no limit of its own here, so that of the key as text is taken.
        pub key: SecretHex<'a> [1..=32],
        /// Which key it is, up to 32 bytes.
        pub hint: &'a str [0..=32],
    } -> (), within 5 s;
    on EspAt "AT+CIPSSLCPSKHEX" "3.3.31";
}

/// The protocols that a link offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAlpnProtocols {
    /// The link.
    pub link: u8,
    /// Their names.
    pub protocols: Vec<String<32>, 5>,
}

impl Record for LinkAlpnProtocols {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let mut fields = Fields::new(after_name(line, b"+CIPSSLCALPN")?);
        let mut read = || {
            let link = u8::take(&mut fields)?;
            let mut protocols = Vec::new();
            for field in fields.by_ref().filter(|field| !field.is_empty()) {
                protocols.push(field.text()?).map_err(|_| FieldError::TooLong)?;
            }
            Ok(Self { link, protocols })
        };
        Some(read())
    }
}
