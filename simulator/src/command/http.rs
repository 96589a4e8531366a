//! The HTTP commands (ESP-AT 3.7).

use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::services::http::{Request, Wanted};
use crate::simulator::Simulator;
use core::fmt::Write as _;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+HTTPCLIENT").set(client),
    command("+HTTPGETSIZE").set(|module, call| get(module, call, "+HTTPGETSIZE", Wanted::Size)),
    command("+HTTPCGET").set(|module, call| get(module, call, "+HTTPCGET", Wanted::Body)),
    command("+HTTPCPOST").set(|module, call| upload(module, call, "+HTTPCPOST", "POST")),
    command("+HTTPCPUT").set(|module, call| upload(module, call, "+HTTPCPUT", "PUT")),
    command("+HTTPURLCFG").query(url).set(set_url),
    command("+HTTPCHEAD")
        .query(|module, call| list_headers(module, call, stored_headers))
        .set(|module, call| add_header(module, call, stored_headers)),
];

const METHODS: [&str; 5] = ["HEAD", "GET", "POST", "PUT", "DELETE"];
const CONTENT_TYPES: [&str; 4] =
    ["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/xml"];
/// Bytes that the client reads at a time, unless the command says so.
const BUFFER: usize = 512;
/// Silence of the network that is allowed, unless the command says so.
const TIMEOUT: u64 = 5000;
/// Longest upload: what the heap of a module has room for.
const UPLOAD: i64 = 100 * 1024;

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: String,
    /// An IPv6 address stands in brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// With the query; begins with a slash.
    pub(crate) path: String,
}

impl Address {
    /// `None` for what is no URL, or has a scheme that the module does not know.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "http" | "ws" => 80,
            "https" | "wss" => 443,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, usual),
        };
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        // What would break the lines of a request.
        let clean = |text: &str| text.bytes().all(|byte| byte > b' ' && byte != 0x7f);
        (!host.is_empty() && clean(host) && clean(&path)).then(|| Self { scheme, host: host.to_owned(), port, path })
    }

    fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// As the `Host` header has it.
    fn host_header(&self) -> String {
        let usual = if self.is_secure() { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Name and value of `key: value`.
pub(crate) fn header_parts(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_owned(), value.trim().to_owned()))
}

/// A request in the making.
struct Draft<'a> {
    method: &'a str,
    address: Address,
    /// The command's own headers, in its order; later ones win.
    headers: Vec<(String, String)>,
    body: Option<&'a [u8]>,
}

impl Draft<'_> {
    /// The bytes on the wire. What `AT+HTTPCHEAD` stored wins over the command's own.
    fn bytes(&self, stored: &[String]) -> Vec<u8> {
        let mut fields: Vec<(String, String)> =
            vec![("User-Agent".into(), "ESP32 HTTP Client/1.0".into()), ("Host".into(), self.address.host_header())];
        let stored = stored.iter().filter_map(|line| header_parts(line));
        for (name, value) in self.headers.iter().cloned().chain(stored) {
            match fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                Some(field) => field.1 = value,
                None => fields.push((name, value)),
            }
        }
        let length = self.body.map_or(0, <[u8]>::len);
        if self.body.is_some() || !matches!(self.method, "GET" | "HEAD") {
            fields.retain(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
            fields.push(("Content-Length".into(), length.to_string()));
        }
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.address.path);
        for (name, value) in fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text += "\r\n";
        [text.as_bytes(), self.body.unwrap_or_default()].concat()
    }
}

/// The URL in the command, or the stored one for an empty string.
fn url_of(module: &Simulator, call: &Call, index: usize) -> Result<String, Failure> {
    let given = call.bytes(index, 0, 8192)?;
    let url = if given.is_empty() { &module.services.http.url[..] } else { given };
    let url = String::from_utf8(url.to_vec()).map_err(|_| Code::Invalid)?;
    if url.is_empty() { Err(Code::Invalid.into()) } else { Ok(url) }
}

fn http_address(url: &str) -> Result<Address, Failure> {
    let address = Address::parse(url).filter(|address| matches!(address.scheme.as_str(), "http" | "https"));
    address.ok_or_else(|| Code::Invalid.into())
}

fn own_headers(call: &Call, range: core::ops::Range<usize>) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    for index in range {
        if let Some(line) = call.opt_text(index, 256)? {
            headers.push(header_parts(line).filter(|_| is_line(line.as_bytes())).ok_or(Code::Invalid)?);
        }
    }
    Ok(headers)
}

/// Whether a header is one line.
fn is_line(text: &[u8]) -> bool {
    !text.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

fn begin(module: &mut Simulator, label: &'static str, draft: &Draft<'_>, wanted: Wanted, upload: bool) -> Request {
    let bytes = draft.bytes(&module.services.http.headers);
    Request {
        label,
        host: draft.address.host.clone(),
        port: draft.address.port,
        secure: draft.address.is_secure(),
        bytes,
        wanted,
        upload,
        buffer: BUFFER,
        timeout: Duration::from_millis(TIMEOUT),
    }
}

fn client(module: &mut Simulator, call: &Call) -> Answer {
    call.count(6, 64)?;
    let option = usize::try_from(call.int(0, 1, 5)?).unwrap_or(1);
    let method = METHODS.get(option - 1).copied().unwrap_or("GET");
    let content_type = usize::try_from(call.int(1, 0, 3)?).unwrap_or(0);
    let content_type = CONTENT_TYPES.get(content_type).copied().unwrap_or_default();
    let url = call.opt_text(2, 256)?;
    let host = call.opt_text(3, 256)?;
    let path = call.opt_text(4, 256)?;
    let transport = call.opt_int(5, 1, 2)?.unwrap_or(1);
    let url = match (url, host) {
        (Some(url), _) => url.to_owned(),
        (None, Some(host)) if module.services.http.url.is_empty() => {
            let scheme = if transport == 2 { "https" } else { "http" };
            let path = path.unwrap_or("/");
            let slash = if path.starts_with('/') { "" } else { "/" };
            format!("{scheme}://{host}{slash}{path}")
        }
        _ => String::from_utf8(module.services.http.url.clone()).map_err(|_| Code::Invalid)?,
    };
    let address = http_address(&url)?;
    // Only a POST has data.
    let first = if method == "POST" { 7 } else { 6 };
    let body = if method == "POST" { Some(call.bytes(6, 0, 256)?) } else { None };
    let mut headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    headers.extend(own_headers(call, first..call.args.len())?);
    let draft = Draft { method, address, headers, body };
    let wanted = if method == "HEAD" { Wanted::Headers } else { Wanted::Body };
    let request = begin(module, "+HTTPCLIENT", &draft, wanted, false);
    Ok(module.start_http(request))
}

fn get(module: &mut Simulator, call: &Call, label: &'static str, wanted: Wanted) -> Answer {
    call.count(1, 4)?;
    let url = url_of(module, call, 0)?;
    call.opt_int(1, 0, 10_240)?;
    let buffer = call.opt_int(2, 0, 10_240)?.filter(|size| *size > 0).unwrap_or(2048);
    let timeout = call.opt_int(3, 0, 180_000)?.filter(|time| *time > 0);
    let address = http_address(&url)?;
    let method = if wanted == Wanted::Size { "HEAD" } else { "GET" };
    let draft = Draft { method, address, headers: Vec::new(), body: None };
    let mut request = begin(module, label, &draft, wanted, false);
    request.buffer = usize::try_from(buffer).unwrap_or(2048);
    request.timeout = Duration::from_millis(timeout.map_or(TIMEOUT, i64::unsigned_abs));
    Ok(module.start_http(request))
}

fn upload(module: &mut Simulator, call: &Call, label: &'static str, method: &'static str) -> Answer {
    call.count(2, 64)?;
    let url = url_of(module, call, 0)?;
    let length = usize::try_from(call.int(1, 1, UPLOAD)?).unwrap_or(1);
    let count = usize::try_from(call.opt_int(2, 0, 61)?.unwrap_or(0)).unwrap_or(0);
    if call.args.len() > 3 || count > 0 {
        call.count(3 + count, 3 + count)?;
    }
    let mut headers = vec![("Content-Type".to_owned(), CONTENT_TYPES[0].to_owned())];
    headers.extend(own_headers(call, 3..3 + count)?);
    let address = http_address(&url)?;
    Ok(module.prompt_for(length, move |module, data| {
        let draft = Draft { method, address, headers, body: Some(&data) };
        let request = begin(module, label, &draft, Wanted::Body, true);
        module.start_http(request);
    }))
}

fn url(module: &mut Simulator, call: &Call) -> Answer {
    let url = module.services.http.url.clone();
    if !url.is_empty() {
        let mut line = format!("{}:{},", call.name, url.len()).into_bytes();
        line.extend(url);
        line.extend(b"\r\n");
        module.emit(&crate::script::Point::Information, &line);
    }
    Ok(Reply::Ok)
}

fn set_url(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let length = call.int(0, 0, 8192)?;
    match length {
        0 => {
            module.services.http.url.clear();
            Ok(Reply::Ok)
        }
        1..8 => Err(Code::Invalid.into()),
        _ => {
            let length = usize::try_from(length).unwrap_or(8);
            Ok(module.prompt_for(length, |module, url| {
                module.services.http.url = url;
                module.finish_with("\r\nSET OK\r\n");
            }))
        }
    }
}

fn stored_headers(module: &mut Simulator) -> &mut Vec<String> {
    &mut module.services.http.headers
}

/// One line per stored header.
pub(super) fn list_headers(module: &mut Simulator, call: &Call, headers: Headers) -> Answer {
    let lines = headers(module).iter().enumerate();
    let lines: Vec<String> = lines.map(|(index, text)| format!("{}:{index},\"{text}\"", call.name)).collect();
    if !lines.is_empty() {
        module.info(&lines.join("\r\n"));
    }
    Ok(Reply::Ok)
}

/// Takes a header of so many bytes behind a prompt and adds it to the list; forgets them all for none.
pub(super) fn add_header(module: &mut Simulator, call: &Call, headers: Headers) -> Answer {
    call.count(1, 1)?;
    let length = usize::try_from(call.int(0, 0, 8192)?).unwrap_or(1);
    if length == 0 {
        headers(module).clear();
        return Ok(Reply::Ok);
    }
    Ok(module.prompt_for(length, move |module, bytes| {
        let line = String::from_utf8(bytes).ok();
        match line.filter(|line| header_parts(line).is_some() && is_line(line.as_bytes())) {
            Some(line) => {
                headers(module).push(line);
                module.finish_ok();
            }
            None => module.finish_error(Code::Invalid),
        }
    }))
}

/// A service's list of headers.
pub(super) type Headers = fn(&mut Simulator) -> &mut Vec<String>;

#[cfg(test)]
mod tests {
    use super::Address;

    fn parts(url: &str) -> Option<(String, u16, String)> {
        Address::parse(url).map(|address| (address.host, address.port, address.path))
    }

    #[test]
    fn addresses() {
        let of = |host: &str, port, path: &str| Some((host.to_owned(), port, path.to_owned()));
        assert_eq!(parts("http://a.org"), of("a.org", 80, "/"));
        assert_eq!(parts("HTTPS://a.org/x?y=http://z"), of("a.org", 443, "/x?y=http://z"));
        assert_eq!(parts("ws://u:p@a.org:81?q#f"), of("a.org", 81, "/?q"));
        assert_eq!(parts("http://[::1]:8/"), of("[::1]", 8, "/"));
        assert_eq!(parts("http://[::1]"), of("[::1]", 80, "/"));
        for bad in ["a.org", "ftp://a.org", "http://", "http://a:b/", "http://a/x y", "http://a/\r\nX: y"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
