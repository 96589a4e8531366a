//! What the numbers of `ERR CODE:0x...` mean.
//!
//! Firmware prints such a line before `ERROR` once [`SetErrorCodes`](super::basic::SetErrorCodes) has asked for it;
//! the driver does so when it sets the module up. The number is then in [`Refusal::code`](crate::Refusal::code).
//!
//! There are two kinds. Numbers that begin with 0x01 say in general what is wrong with a command: a [`Category`], and
//! sixteen more bits. Small numbers belong to a service: [`EapError`], [`MqttError`], [`HttpError`].
//!
//! The texts are in `description` functions and in [`ErrorCode::explain`]. What does not call them does not hold them.

use core::fmt;

/// The number of `ERR CODE:0x...`, or of `+ERRNO:0x...` in the words of newer firmware (`ESP-AT 3.1.24`, `IDF 2.17`).
///
/// [`cause`](Self::cause) says what it means. `Display` writes the number; [`explain`](Self::explain) adds the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ErrorCode(pub u32);

/// What an [`ErrorCode`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Cause {
    /// Something about the command, whichever it was.
    General(Category),
    /// Something about WPA2 Enterprise.
    Eap(EapError),
    /// Something about MQTT.
    Mqtt(MqttError),
    /// Something about HTTP.
    Http(HttpError),
    /// The server said so by a status that has no name in [`HttpError`].
    HttpStatus(u16),
    /// No manual lists the number.
    Unknown,
}

macro_rules! causes {
    ($(
        $(#[$meta:meta])*
        $name:ident: $type:ident {$(
            $(#[$variant_meta:meta])*
            $variant:ident = $code:literal, $text:literal;
        )+}
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        #[repr($type)]
        pub enum $name {$(
            $(#[$variant_meta])*
            $variant = $code,
        )+}

        impl $name {
            /// What a number stands for.
            #[must_use]
            pub const fn from_code(code: $type) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The number.
            #[must_use]
            pub const fn code(self) -> $type {
                self as $type
            }

            /// In words.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.description())
            }
        }
    )*};
}

causes! {
    /// What is wrong with a command: the second byte of a general error code (`ESP-AT 3.1.24`).
    Category: u8 {
        /// There is no error.
        NoError = 0x00, "there is no error";
        /// The reason has no name.
        Reserved = 0x01, "the reason has no name";
        /// The line of the command does not end with CR LF.
        NoTerminator = 0x02, "the line of the command does not end with CR LF";
        /// The line of the command does not start with `AT`.
        NoAt = 0x03, "the line of the command does not start with AT";
        /// A parameter has a wrong length.
        ParameterLength = 0x04, "a parameter has a wrong length";
        /// A parameter is of a wrong type.
        ParameterType = 0x05, "a parameter is of a wrong type";
        /// The number of parameters is wrong.
        ParameterCount = 0x06, "the number of parameters is wrong";
        /// A parameter is not valid.
        ParameterInvalid = 0x07, "a parameter is not valid";
        /// A parameter cannot be read.
        ParameterUnreadable = 0x08, "a parameter cannot be read";
        /// The firmware does not have the command.
        Unsupported = 0x09, "the firmware does not have the command";
        /// The command failed while it was carried out.
        Execution = 0x0a, "the command failed while it was carried out";
        /// Another command is still being carried out.
        Processing = 0x0b, "another command is still being carried out";
        /// The command does not have this form.
        Operation = 0x0c, "the command does not have this form";
    }

    /// What is wrong with WPA2 Enterprise (`ESP-AT 3.2.26`). The manual has no more than a name for each.
    EapError: u16 {
        /// The module has no memory left.
        OutOfMemory = 0x8001, "the module has no memory left";
        /// The stored configuration cannot be read.
        StoredConfig = 0x8002, "the stored configuration cannot be read";
        /// The connection cannot be made.
        Connect = 0x8003, "the connection cannot be made";
        /// Wi-Fi cannot be configured so.
        WifiConfig = 0x8004, "Wi-Fi cannot be configured so";
        /// The identity cannot be set.
        IdentityRefused = 0x8005, "the identity cannot be set";
        /// The name of the user cannot be set.
        UsernameRefused = 0x8006, "the name of the user cannot be set";
        /// The password cannot be set.
        PasswordRefused = 0x8007, "the password cannot be set";
        /// The length of the authority's certificate cannot be read.
        CaLength = 0x8008, "the length of the authority's certificate cannot be read";
        /// The authority's certificate cannot be read.
        CaUnreadable = 0x8009, "the authority's certificate cannot be read";
        /// The authority's certificate cannot be set.
        CaRefused = 0x800a, "the authority's certificate cannot be set";
        /// The length of the certificate cannot be read.
        CertLength = 0x800b, "the length of the certificate cannot be read";
        /// The certificate cannot be read.
        CertUnreadable = 0x800c, "the certificate cannot be read";
        /// The length of the private key cannot be read.
        KeyLength = 0x800d, "the length of the private key cannot be read";
        /// The private key cannot be read.
        KeyUnreadable = 0x800e, "the private key cannot be read";
        /// The certificate and its key cannot be set.
        CertKeyRefused = 0x800f, "the certificate and its key cannot be set";
        /// Enterprise authentication cannot be turned on.
        Enable = 0x8010, "Enterprise authentication cannot be turned on";
        /// The station is connected.
        AlreadyConnected = 0x8011, "the station is connected";
        /// The SSID cannot be read.
        SsidUnreadable = 0x8012, "the SSID cannot be read";
        /// The SSID is empty.
        SsidMissing = 0x8013, "the SSID is empty";
        /// The SSID has a wrong length.
        SsidLength = 0x8014, "the SSID has a wrong length";
        /// The method cannot be read.
        MethodUnreadable = 0x8015, "the method cannot be read";
        /// The connection was not made in time.
        Timeout = 0x8016, "the connection was not made in time";
        /// The identity cannot be read.
        IdentityUnreadable = 0x8017, "the identity cannot be read";
        /// The identity has a wrong length.
        IdentityLength = 0x8018, "the identity has a wrong length";
        /// The name of the user cannot be read.
        UsernameUnreadable = 0x8019, "the name of the user cannot be read";
        /// The name of the user has a wrong length.
        UsernameLength = 0x801a, "the name of the user has a wrong length";
        /// The password cannot be read.
        PasswordUnreadable = 0x801b, "the password cannot be read";
        /// The password has a wrong length.
        PasswordLength = 0x801c, "the password has a wrong length";
        /// The kind of security cannot be read.
        SecurityUnreadable = 0x801d, "the kind of security cannot be read";
        /// The kind of security is wrong.
        SecurityWrong = 0x801e, "the kind of security is wrong";
        /// The kind of security does not suit the method.
        SecurityMismatch = 0x801f, "the kind of security does not suit the method";
        /// The number of parameters is wrong.
        ParameterCount = 0x8020, "the number of parameters is wrong";
        /// The Wi-Fi mode cannot be read.
        WifiModeUnreadable = 0x8021, "the Wi-Fi mode cannot be read";
        /// The Wi-Fi mode has no station.
        NoStation = 0x8022, "the Wi-Fi mode has no station";
        /// The configuration cannot be set.
        ConfigRefused = 0x8023, "the configuration cannot be set";
        /// The method is wrong.
        MethodWrong = 0x8024, "the method is wrong";
    }

    /// What is wrong with MQTT (`ESP-AT 3.6.15`, `IDF 5`). The manuals have no more than a name for each.
    MqttError: u16 {
        /// Nothing has been configured.
        NotConfigured = 0x6001, "nothing has been configured";
        /// The client is not in the configured state.
        NotInConfiguredState = 0x6002, "the client is not in the configured state";
        /// The client has not been set up, or has been closed.
        NotInitialized = 0x6003, "the client has not been set up, or has been closed";
        /// The client is connected.
        AlreadyConnected = 0x6004, "the client is connected";
        /// The module has no memory left.
        OutOfMemory = 0x6005, "the module has no memory left";
        /// There is no such client.
        NoLink = 0x6006, "there is no such client";
        /// A parameter is empty.
        NoParameter = 0x6007, "a parameter is empty";
        /// The number of parameters is wrong.
        ParameterCount = 0x6008, "the number of parameters is wrong";
        /// TLS cannot be configured so.
        TlsConfig = 0x6009, "TLS cannot be configured so";
        /// The parameters cannot be prepared.
        ParameterPreparation = 0x600a, "the parameters cannot be prepared";
        /// The client cannot be started.
        Start = 0x600b, "the client cannot be started";
        /// The message cannot be published.
        Publish = 0x600c, "the message cannot be published";
        /// The topic cannot be subscribed to.
        Subscribe = 0x600d, "the topic cannot be subscribed to";
        /// The subscription cannot be ended.
        Unsubscribe = 0x600e, "the subscription cannot be ended";
        /// The client cannot be disconnected.
        Disconnect = 0x600f, "the client cannot be disconnected";
        /// The link ID cannot be read.
        LinkIdUnreadable = 0x6010, "the link ID cannot be read";
        /// The link ID has a wrong value.
        LinkIdWrong = 0x6011, "the link ID has a wrong value";
        /// The scheme cannot be read.
        SchemeUnreadable = 0x6012, "the scheme cannot be read";
        /// The scheme has a wrong value.
        SchemeWrong = 0x6013, "the scheme has a wrong value";
        /// The client ID cannot be read.
        ClientIdUnreadable = 0x6014, "the client ID cannot be read";
        /// The client ID is empty.
        ClientIdMissing = 0x6015, "the client ID is empty";
        /// The client ID is too long.
        ClientIdTooLong = 0x6016, "the client ID is too long";
        /// The name of the user cannot be read.
        UsernameUnreadable = 0x6017, "the name of the user cannot be read";
        /// The name of the user is empty.
        UsernameMissing = 0x6018, "the name of the user is empty";
        /// The name of the user is too long.
        UsernameTooLong = 0x6019, "the name of the user is too long";
        /// The password cannot be read.
        PasswordUnreadable = 0x601a, "the password cannot be read";
        /// The password is empty.
        PasswordMissing = 0x601b, "the password is empty";
        /// The password is too long.
        PasswordTooLong = 0x601c, "the password is too long";
        /// The number of the certificate and key cannot be read.
        CertKeyIdUnreadable = 0x601d, "the number of the certificate and key cannot be read";
        /// The number of the certificate and key has a wrong value.
        CertKeyIdWrong = 0x601e, "the number of the certificate and key has a wrong value";
        /// The number of the authority's certificate cannot be read.
        CaIdUnreadable = 0x601f, "the number of the authority's certificate cannot be read";
        /// The number of the authority's certificate has a wrong value.
        CaIdWrong = 0x6020, "the number of the authority's certificate has a wrong value";
        /// The authority's certificate has a wrong length.
        CaLength = 0x6021, "the authority's certificate has a wrong length";
        /// The authority's certificate cannot be read.
        CaUnreadable = 0x6022, "the authority's certificate cannot be read";
        /// The certificate has a wrong length.
        CertLength = 0x6023, "the certificate has a wrong length";
        /// The certificate cannot be read.
        CertUnreadable = 0x6024, "the certificate cannot be read";
        /// The private key has a wrong length.
        KeyLength = 0x6025, "the private key has a wrong length";
        /// The private key cannot be read.
        KeyUnreadable = 0x6026, "the private key cannot be read";
        /// The path cannot be read.
        PathUnreadable = 0x6027, "the path cannot be read";
        /// The path is empty.
        PathMissing = 0x6028, "the path is empty";
        /// The path is too long.
        PathTooLong = 0x6029, "the path is too long";
        /// The protocol version cannot be read.
        VersionUnreadable = 0x602a, "the protocol version cannot be read";
        /// The keep-alive time cannot be read.
        KeepaliveUnreadable = 0x602b, "the keep-alive time cannot be read";
        /// The keep-alive time is empty.
        KeepaliveMissing = 0x602c, "the keep-alive time is empty";
        /// The keep-alive time has a wrong value.
        KeepaliveWrong = 0x602d, "the keep-alive time has a wrong value";
        /// The flag of the session cannot be read.
        DisableCleanSessionUnreadable = 0x602e, "the flag of the session cannot be read";
        /// The flag of the session has a wrong value.
        DisableCleanSessionWrong = 0x602f, "the flag of the session has a wrong value";
        /// The topic of the last will cannot be read.
        LwtTopicUnreadable = 0x6030, "the topic of the last will cannot be read";
        /// The topic of the last will is empty.
        LwtTopicMissing = 0x6031, "the topic of the last will is empty";
        /// The topic of the last will is too long.
        LwtTopicTooLong = 0x6032, "the topic of the last will is too long";
        /// The message of the last will cannot be read.
        LwtMsgUnreadable = 0x6033, "the message of the last will cannot be read";
        /// The message of the last will is empty.
        LwtMsgMissing = 0x6034, "the message of the last will is empty";
        /// The message of the last will is too long.
        LwtMsgTooLong = 0x6035, "the message of the last will is too long";
        /// The quality of service of the last will cannot be read.
        LwtQosUnreadable = 0x6036, "the quality of service of the last will cannot be read";
        /// The quality of service of the last will has a wrong value.
        LwtQosWrong = 0x6037, "the quality of service of the last will has a wrong value";
        /// The retain flag of the last will cannot be read.
        LwtRetainUnreadable = 0x6038, "the retain flag of the last will cannot be read";
        /// The retain flag of the last will has a wrong value.
        LwtRetainWrong = 0x6039, "the retain flag of the last will has a wrong value";
        /// The host cannot be read.
        HostUnreadable = 0x603a, "the host cannot be read";
        /// The host is empty.
        HostMissing = 0x603b, "the host is empty";
        /// The host is too long.
        HostTooLong = 0x603c, "the host is too long";
        /// The port cannot be read.
        PortUnreadable = 0x603d, "the port cannot be read";
        /// The port has a wrong value.
        PortWrong = 0x603e, "the port has a wrong value";
        /// The reconnection flag cannot be read.
        ReconnectUnreadable = 0x603f, "the reconnection flag cannot be read";
        /// The reconnection flag has a wrong value.
        ReconnectWrong = 0x6040, "the reconnection flag has a wrong value";
        /// The topic cannot be read.
        TopicUnreadable = 0x6041, "the topic cannot be read";
        /// The topic is empty.
        TopicMissing = 0x6042, "the topic is empty";
        /// The topic is too long.
        TopicTooLong = 0x6043, "the topic is too long";
        /// The data cannot be read.
        DataUnreadable = 0x6044, "the data cannot be read";
        /// The data are empty.
        DataMissing = 0x6045, "the data are empty";
        /// The data are too long.
        DataTooLong = 0x6046, "the data are too long";
        /// The quality of service cannot be read.
        QosUnreadable = 0x6047, "the quality of service cannot be read";
        /// The quality of service has a wrong value.
        QosWrong = 0x6048, "the quality of service has a wrong value";
        /// The retain flag cannot be read.
        RetainUnreadable = 0x6049, "the retain flag cannot be read";
        /// The retain flag has a wrong value.
        RetainWrong = 0x604a, "the retain flag has a wrong value";
        /// The length of the message cannot be read.
        PublishLengthUnreadable = 0x604b, "the length of the message cannot be read";
        /// The length of the message has a wrong value.
        PublishLengthWrong = 0x604c, "the length of the message has a wrong value";
        /// What was received has a wrong length.
        ReceivedLength = 0x604d, "what was received has a wrong length";
        /// The firmware cannot create a semaphore.
        Semaphore = 0x604e, "the firmware cannot create a semaphore";
        /// The firmware cannot create an event group.
        EventGroup = 0x604f, "the firmware cannot create an event group";
        /// The URI cannot be read.
        Uri = 0x6050, "the URI cannot be read";
        /// The client is not connected.
        Disconnected = 0x6051, "the client is not connected";
        /// The broker's certificate is for another host.
        HostnameMismatch = 0x6052, "the broker's certificate is for another host";
    }

    /// What is wrong with HTTP (`ESP-AT 3.7.9`): 0x7000, and a server's status added to it.
    HttpError: u16 {
        /// The server cannot be reached.
        NoConnection = 0x7000, "the server cannot be reached";
        /// The server said 400: bad request.
        BadRequest = 0x7190, "the server said 400: bad request";
        /// The server said 401: unauthorized.
        Unauthorized = 0x7191, "the server said 401: unauthorized";
        /// The server said 402: payment required.
        PaymentRequired = 0x7192, "the server said 402: payment required";
        /// The server said 403: forbidden.
        Forbidden = 0x7193, "the server said 403: forbidden";
        /// The server said 404: not found.
        NotFound = 0x7194, "the server said 404: not found";
        /// The server said 405: method not allowed.
        MethodNotAllowed = 0x7195, "the server said 405: method not allowed";
        /// The server said 406: not acceptable.
        NotAcceptable = 0x7196, "the server said 406: not acceptable";
        /// The server said 407: proxy authentication required.
        ProxyAuthenticationRequired = 0x7197, "the server said 407: proxy authentication required";
        /// The server said 408: request timeout.
        RequestTimeout = 0x7198, "the server said 408: request timeout";
        /// The server said 409: conflict.
        Conflict = 0x7199, "the server said 409: conflict";
        /// The server said 410: gone.
        Gone = 0x719a, "the server said 410: gone";
        /// The server said 411: length required.
        LengthRequired = 0x719b, "the server said 411: length required";
        /// The server said 412: precondition failed.
        PreconditionFailed = 0x719c, "the server said 412: precondition failed";
        /// The server said 413: request entity too large.
        RequestEntityTooLarge = 0x719d, "the server said 413: request entity too large";
        /// The server said 414: request URI too long.
        UriTooLong = 0x719e, "the server said 414: request URI too long";
        /// The server said 415: unsupported media type.
        UnsupportedMediaType = 0x719f, "the server said 415: unsupported media type";
        /// The server said 416: requested range not satisfiable.
        RequestedRangeNotSatisfiable = 0x71a0, "the server said 416: requested range not satisfiable";
        /// The server said 417: expectation failed.
        ExpectationFailed = 0x71a1, "the server said 417: expectation failed";
        /// The server said 500: internal server error.
        InternalServerError = 0x71f4, "the server said 500: internal server error";
        /// The server said 501: not implemented.
        NotImplemented = 0x71f5, "the server said 501: not implemented";
        /// The server said 502: bad gateway.
        BadGateway = 0x71f6, "the server said 502: bad gateway";
        /// The server said 503: service unavailable.
        ServiceUnavailable = 0x71f7, "the server said 503: service unavailable";
        /// The server said 504: gateway timeout.
        GatewayTimeout = 0x71f8, "the server said 504: gateway timeout";
        /// The server said 505: HTTP version not supported.
        VersionNotSupported = 0x71f9, "the server said 505: HTTP version not supported";
    }
}

impl ErrorCode {
    /// What it means.
    #[must_use]
    pub const fn cause(self) -> Cause {
        if let Some(category) = self.category() {
            return Cause::General(category);
        }
        if self.0 > 0xffff {
            return Cause::Unknown;
        }
        let code = self.0 as u16;
        if let Some(error) = MqttError::from_code(code) {
            return Cause::Mqtt(error);
        }
        if let Some(error) = HttpError::from_code(code) {
            return Cause::Http(error);
        }
        if let Some(error) = EapError::from_code(code) {
            return Cause::Eap(error);
        }
        match self.http_status() {
            Some(status) => Cause::HttpStatus(status),
            None => Cause::Unknown,
        }
    }

    /// What is wrong in general. `None` for codes of services, and for categories that no manual lists.
    #[must_use]
    pub const fn category(self) -> Option<Category> {
        let [family, category, ..] = self.0.to_be_bytes();
        if family == 1 { Category::from_code(category) } else { None }
    }

    /// The lower half, which may tell more about a [`category`](Self::category). No manual says what.
    #[must_use]
    pub const fn extension(self) -> u16 {
        self.0 as u16
    }

    /// The status of an HTTP server, 100 to 999, such as 404.
    #[must_use]
    pub const fn http_status(self) -> Option<u16> {
        match self.0 {
            code @ 0x7064..=0x73e7 => Some(code as u16 - 0x7000),
            _ => None,
        }
    }

    /// Whether the module still carried out another command. The same command may work later.
    #[must_use]
    pub const fn is_busy(self) -> bool {
        matches!(self.category(), Some(Category::Processing))
    }

    /// Whether the firmware lacks the command, or this form of it.
    #[must_use]
    pub const fn is_unsupported(self) -> bool {
        matches!(self.category(), Some(Category::Unsupported | Category::Operation))
    }

    /// Whether something is wrong with a parameter, or with how many there are. The same command will fail again.
    #[must_use]
    pub const fn is_parameter(self) -> bool {
        matches!(
            self.category(),
            Some(
                Category::ParameterLength
                    | Category::ParameterType
                    | Category::ParameterCount
                    | Category::ParameterInvalid
                    | Category::ParameterUnreadable
            )
        )
    }

    /// Writes the number and what it means. The texts of all codes become part of the program.
    #[must_use]
    pub const fn explain(self) -> Explained {
        Explained(self)
    }
}

/// As a number: `0x010b0000`.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// An error code that is written with its meaning: `0x00007194 (the server said 404: not found)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained(ErrorCode);

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        match self.0.cause() {
            Cause::General(category) => write!(f, " ({category})"),
            Cause::Eap(error) => write!(f, " ({error})"),
            Cause::Mqtt(error) => write!(f, " ({error})"),
            Cause::Http(error) => write!(f, " ({error})"),
            Cause::HttpStatus(status) => write!(f, " (the server said {status})"),
            Cause::Unknown => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn codes_are_taken_apart() {
        let code = ErrorCode(0x0104_0007);
        assert_eq!((code.category(), code.extension()), (Some(Category::ParameterLength), 7));
        assert!(code.is_parameter() && !code.is_busy() && !code.is_unsupported());
        assert!(ErrorCode(0x010b_0000).is_busy());
        assert!(ErrorCode(0x0109_0000).is_unsupported());
        assert!(ErrorCode(0x010c_0000).is_unsupported());
        // What nobody lists.
        for code in [0, 1, 0x010d_0000, 0x0209_0000, 0x6000, 0x6053, 0x7063, 0x73e8, 0x8025, 0x0001_6001, u32::MAX] {
            assert_eq!(ErrorCode(code).cause(), Cause::Unknown, "{code:#x}");
        }
        assert_eq!(ErrorCode(0x7000).http_status(), None);
        assert_eq!(ErrorCode(0x712d).cause(), Cause::HttpStatus(301));
    }

    #[test]
    fn text_is_on_demand() {
        assert_eq!(ErrorCode(0x010b_0000).to_string(), "0x010b0000");
        let texts = [
            (0x0109_0000, "0x01090000 (the firmware does not have the command)"),
            (0x6052, "0x00006052 (the broker's certificate is for another host)"),
            (0x7194, "0x00007194 (the server said 404: not found)"),
            (0x712d, "0x0000712d (the server said 301)"),
            (0x8013, "0x00008013 (the SSID is empty)"),
            (0x9999, "0x00009999"),
        ];
        for (code, text) in texts {
            assert_eq!(ErrorCode(code).explain().to_string(), text);
        }
    }
}
