//! HTTP commands (`ESP-AT 3.7`).
//!
//! The module follows no redirection. A URL that makes the line too long is stored with [`WriteHttpUrl`] first; the
//! empty URL stands for it then. Headers that are stored with [`AddHttpHeader`] go with every request, and win over
//! those of the command.
//!
//! What a server sends comes in blocks, each with its length and as raw bytes. The responses here count them; the
//! bytes are not part of a response, as there may be any number.

use heapless::{String, Vec};

use super::answer::value_of;
use super::declare::{codes, commands, records};
use super::{Answer, Counted, Record};
use crate::at::{FieldError, parse_unsigned};

codes! {
    /// What the body of a request is. A header of the request can say something else.
    HttpContent {
        /// `application/x-www-form-urlencoded`
        Form = 0,
        /// `application/json`
        Json = 1,
        /// `multipart/form-data`
        Multipart = 2,
        /// `text/xml`
        Xml = 3,
    }

    /// What HTTP runs over.
    HttpTransport {
        /// TCP. This is the default.
        Tcp = 1,
        /// TLS.
        Tls = 2,
    }
}

commands! {
    /// Asks a server for the header of a resource (`ESP-AT 3.7.2`).
    set RequestHttpHead<'a> with 1 {
        /// What the body of the request would be.
        pub content: HttpContent,
        /// Where to, before `host` and `path`. When empty, these or the stored URL are used.
        pub url: &'a str,
        /// Name or address of the server.
        pub host: Option<&'a str> [1..=255],
        /// Path on the server.
        pub path: Option<&'a str>,
        /// What it runs over.
        pub transport: HttpTransport,
        /// Further header lines, each like `Name: value`.
        pub headers: &'a [&'a str],
    } -> super::List<HttpHeader, 8>, within 60 s;
    on EspAt "AT+HTTPCLIENT" "3.7.2";

    /// Asks a server for a resource (`ESP-AT 3.7.2`).
    set RequestHttpGet<'a> with 2 {
        /// What the body of the request would be.
        pub content: HttpContent,
        /// Where to, before `host` and `path`. When empty, these or the stored URL are used.
        pub url: &'a str,
        /// Name or address of the server.
        pub host: Option<&'a str> [1..=255],
        /// Path on the server.
        pub path: Option<&'a str>,
        /// What it runs over.
        pub transport: HttpTransport,
        /// Further header lines, each like `Name: value`.
        pub headers: &'a [&'a str],
    } -> HttpReceived, within 60 s;
    on EspAt "AT+HTTPCLIENT" "3.7.2";

    /// Sends a server a short text by POST (`ESP-AT 3.7.2`).
    ///
    /// [`PostHttp`] is for more.
    set RequestHttpPost<'a> with 3 {
        /// What the body of the request is.
        pub content: HttpContent,
        /// Where to, before `host` and `path`. When empty, these or the stored URL are used.
        pub url: &'a str,
        /// Name or address of the server.
        pub host: Option<&'a str> [1..=255],
        /// Path on the server.
        pub path: Option<&'a str>,
        /// What it runs over.
        pub transport: HttpTransport,
        /// The body.
        pub body: &'a str,
        /// Further header lines, each like `Name: value`.
        pub headers: &'a [&'a str],
    } -> HttpReceived, within 60 s;
    on EspAt "AT+HTTPCLIENT" "3.7.2";

    /// Sends a server a PUT without a body (`ESP-AT 3.7.2`).
    ///
    /// [`PutHttp`] sends one.
    set RequestHttpPut<'a> with 4 {
        /// What the body of the request would be.
        pub content: HttpContent,
        /// Where to, before `host` and `path`. When empty, these or the stored URL are used.
        pub url: &'a str,
        /// Name or address of the server.
        pub host: Option<&'a str> [1..=255],
        /// Path on the server.
        pub path: Option<&'a str>,
        /// What it runs over.
        pub transport: HttpTransport,
        /// Further header lines, each like `Name: value`.
        pub headers: &'a [&'a str],
    } -> HttpReceived, within 60 s;
    on EspAt "AT+HTTPCLIENT" "3.7.2";

    /// Asks a server to delete a resource (`ESP-AT 3.7.2`).
    set RequestHttpDelete<'a> with 5 {
        /// What the body of the request would be.
        pub content: HttpContent,
        /// Where to, before `host` and `path`. When empty, these or the stored URL are used.
        pub url: &'a str,
        /// Name or address of the server.
        pub host: Option<&'a str> [1..=255],
        /// Path on the server.
        pub path: Option<&'a str>,
        /// What it runs over.
        pub transport: HttpTransport,
        /// Further header lines, each like `Name: value`.
        pub headers: &'a [&'a str],
    } -> HttpReceived, within 60 s;
    on EspAt "AT+HTTPCLIENT" "3.7.2";

    /// Asks how large a resource is (`ESP-AT 3.7.3`).
    set QueryHttpSize<'a> {
        /// Where it is; when empty, the stored URL.
        pub url: &'a str,
        /// Bytes of the module's buffer for sending, up to 10240. The default is 2048.
        pub send_buffer: Option<u16> [0..=10240],
        /// Bytes of the module's buffer for receiving, up to 10240. The default is 2048.
        pub receive_buffer: Option<u16> [0..=10240],
        /// Milliseconds that one step of the network may take, up to 180000. The default is 5000.
        pub timeout_ms: Option<u32> [0..=180_000],
    } -> HttpSize, within 190 s;
    on EspAt "AT+HTTPGETSIZE" "3.7.3";

    /// Asks a server for a resource of any size (`ESP-AT 3.7.4`).
    set FetchHttp<'a> {
        /// Where it is; when empty, the stored URL.
        pub url: &'a str,
        /// Bytes of the module's buffer for sending, up to 10240. The default is 2048.
        pub send_buffer: Option<u16> [0..=10240],
        /// Bytes of the module's buffer for receiving, up to 10240. The default is 2048.
        pub receive_buffer: Option<u16> [0..=10240],
        /// Milliseconds that one step of the network may take, up to 180000. The default is 5000.
        pub timeout_ms: Option<u32> [0..=180_000],
    } -> HttpReceived, within 190 s;
    on EspAt "AT+HTTPCGET" "3.7.4";

    /// Sends a server a body by POST, which follows as data (`ESP-AT 3.7.5`).
    ///
    /// It is declared as `application/x-www-form-urlencoded` unless a header says otherwise.
    set PostHttp<'a> {
        /// Where to; when empty, the stored URL.
        pub url: &'a str,
        /// Bytes of the body. The module's memory is the limit.
        pub length: u32 [1..=0xffff_ffff],
        /// Further header lines, each like `Name: value`.
        pub headers: Option<Counted<'a, &'a str>>,
    } data length ends SendOk -> HttpReceived, within 60 s;
    on EspAt "AT+HTTPCPOST" "3.7.5";

    /// Sends a server a body by PUT, which follows as data (`ESP-AT 3.7.6`).
    ///
    /// It is declared as `application/x-www-form-urlencoded` unless a header says otherwise.
    set PutHttp<'a> {
        /// Where to; when empty, the stored URL.
        pub url: &'a str,
        /// Bytes of the body. The module's memory is the limit.
        pub length: u32 [1..=0xffff_ffff],
        /// Further header lines, each like `Name: value`.
        pub headers: Option<Counted<'a, &'a str>>,
    } data length ends SendOk -> HttpReceived, within 60 s;
    on EspAt "AT+HTTPCPUT" "3.7.6";

    /// Asks for the stored URL (`ESP-AT 3.7.7`). `None` if there is none.
    query QueryHttpUrl -> Option<HttpUrl>, within 5 s;
    on EspAt "AT+HTTPURLCFG" "3.7.7";

    /// Stores a URL, which follows as data (`ESP-AT 3.7.7`).
    set WriteHttpUrl {
        /// Bytes of the URL, 8 to 8192.
        pub length: u16 [8..=8192],
    } data length ends SetOk -> (), within 10 s;
    on EspAt "AT+HTTPURLCFG" "3.7.7";

    /// Forgets the stored URL (`ESP-AT 3.7.7`).
    set ClearHttpUrl with 0 -> (), within 5 s;
    on EspAt "AT+HTTPURLCFG" "3.7.7";

    /// Asks for the stored headers (`ESP-AT 3.7.8`).
    query QueryHttpHeaders -> super::List<HttpRequestHeader, 8>, within 5 s;
    on EspAt "AT+HTTPCHEAD" "3.7.8";

    /// Stores one more header line, which follows as data, like `Name: value` (`ESP-AT 3.7.8`).
    set AddHttpHeader {
        /// Bytes of the line, without a line end.
        pub length: u16 [1..=65535],
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+HTTPCHEAD" "3.7.8";

    /// Forgets all stored headers (`ESP-AT 3.7.8`).
    set ClearHttpHeaders with 0 -> (), within 5 s;
    on EspAt "AT+HTTPCHEAD" "3.7.8";
}

records! {
    /// How large a resource is.
    "+HTTPGETSIZE" HttpSize {
        /// In bytes.
        pub size: u32,
    }

    /// A stored header line.
    "+HTTPCHEAD" HttpRequestHeader {
        /// Its place among them.
        pub index: u16,
        /// The line, like `Name: value`.
        pub header: String<128>,
    }
}

/// How much a server has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HttpReceived {
    /// The blocks in which it came.
    pub blocks: u32,
    /// Bytes in all blocks together.
    pub bytes: u32,
}

impl Answer for HttpReceived {
    type Partial = Self;

    fn line(partial: &mut Self, line: &[u8]) {
        let block = ["+HTTPCLIENT", "+HTTPCGET", "+HTTPCPOST", "+HTTPCPUT"].iter().find_map(|name| block(line, name));
        if let Some((length, _)) = block {
            partial.blocks = partial.blocks.saturating_add(1);
            partial.bytes = partial.bytes.saturating_add(length);
        }
    }

    fn finish(partial: Self) -> Result<Self, FieldError> {
        Ok(partial)
    }
}

/// A header line of a server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHeader {
    /// The line, like `Name: value`. It need not be UTF-8.
    pub line: Vec<u8, 128>,
}

impl Record for HttpHeader {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let (_, header) = block(line, "+HTTPCLIENT")?;
        Some(Vec::from_slice(header.trim_ascii()).map(|line| Self { line }).map_err(|_| FieldError::TooLong))
    }
}

/// The stored URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl {
    /// Its length in bytes.
    pub length: u32,
    /// The URL, unless it is longer than what is kept of it.
    pub url: Option<String<256>>,
}

impl Record for HttpUrl {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        value_of(line, "+HTTPURLCFG")?;
        let url = |text| String::try_from(core::str::from_utf8(text).ok()?).ok();
        let read = |(length, text)| Self { length, url: url(text).filter(|url| url.len() == length as usize) };
        Some(block(line, "+HTTPURLCFG").map(read).ok_or(FieldError::Malformed))
    }
}

/// Length and bytes of `<name>:<length>,<bytes>`.
fn block<'a>(line: &'a [u8], name: &str) -> Option<(u32, &'a [u8])> {
    let value = value_of(line, name)?;
    let comma = value.iter().position(|&byte| byte == b',').unwrap_or(value.len());
    Some((parse_unsigned(value[..comma].trim_ascii())?, value.get(comma + 1..).unwrap_or(&[])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{EncodeError, Encoder};
    use crate::command::Command;

    fn refused(command: impl Command) -> Option<EncodeError> {
        let mut buffer = [0; 300];
        let mut line = Encoder::new(&mut buffer);
        command.encode("AT+X", &mut line);
        line.finish().err()
    }

    #[test]
    fn what_the_module_would_refuse_is_not_sent() {
        assert_eq!(refused(WriteHttpUrl { length: 7 }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(WriteHttpUrl { length: 8 }), None);
        assert_eq!(refused(WriteHttpUrl { length: 8193 }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(AddHttpHeader { length: 0 }), Some(EncodeError::OutOfRange));
        let fetch = FetchHttp { url: "", send_buffer: None, receive_buffer: Some(10241), timeout_ms: None };
        assert_eq!(refused(fetch), Some(EncodeError::OutOfRange));
        let headers = Some(Counted(&["A: b\r\nC: d"][..]));
        assert_eq!(refused(PostHttp { url: "", length: 1, headers }), Some(EncodeError::ForbiddenByte));
    }
}
