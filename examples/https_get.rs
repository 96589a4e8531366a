//! Fetches a page over HTTPS through a Wi-Fi module: with the module's own TLS, or with embedded-tls on this side.
//!
//! `cargo run --example https_get` needs no module and no network: it simulates the module and serves the page itself.
//! `cargo run --example https_get -- --help` tells how to use a real module and another page.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use common::{Line, LineOptions, Steps, module, page, start};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Timer};
use embedded_io_async::{Read, Write};
use embedded_tls::pki::CertVerifier;
use embedded_tls::{
    Aes128GcmSha256, Certificate, CryptoProvider, TlsConfig, TlsConnection, TlsContext, TlsVerifier, UnsecureProvider,
};
use nourl::{Url, UrlScheme};
use rand_core::{CryptoRngCore, OsRng};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use wifi_at::command::tcpip::{AddressKind, QueryTime, SetSntp, TimeZone, UpTo};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::net::tls::{TlsError, TlsOptions, TlsSocket};
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources, Stack};
use wifi_at_simulator::CertificateStore;
use wifi_at_support::real_time;

/// Bytes of the page that the example serves.
const PAGE_SIZE: usize = 512 << 10;
/// A server may send records of this size, with what encryption adds.
const LARGEST_RECORD: usize = 16_640;
/// How long SNTP servers have to answer.
const SNTP_LIMIT: u32 = 30;

/// Fetches a page over HTTPS through a Wi-Fi module with ESP-AT firmware.
///
/// Without arguments the module is simulated, has the authority's certificate in its flash, and the page is served by
/// this program.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  https_get --embedded-tls
  https_get https://example.org/ --serial /dev/ttyUSB0 --ssid home --password 'my password'
  https_get https://example.org/ --embedded-tls --authority root.pem --serial /dev/ttyUSB0 --ssid home"
)]
struct Options {
    /// What to fetch (https only); without it, a page of this program's own
    url: Option<String>,

    /// Encrypt on this side of the module (TLS 1.3), not in the module
    #[arg(long)]
    embedded_tls: bool,

    /// Certificate, PEM or DER, of the authority that signs the server's, for --embedded-tls; the module has its own
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,

    /// Take any server for the right one
    #[arg(long)]
    insecure: bool,

    #[command(flatten)]
    line: LineOptions,
}

/// What to fetch, and how to know that it is right.
struct Target {
    url: String,
    hash: Option<String>,
    /// In DER.
    authority: Option<Vec<u8>>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let steps = Steps::start();
    let target = &target(options)?;
    let certificates = match &target.authority {
        Some(authority) => CertificateStore::new().with("client_ca", 0, authority),
        None => CertificateStore::new(),
    };
    let name = options.line.name();
    let opened = options.line.open_to(|| module::<EspAt>().certificates(certificates).build());
    let Line { reader, writer, module: _module } = opened?;
    steps.done(format_args!("opened {name}"));

    // The driver. All its memory is here, and no allocator is needed; firmware would put it into a `static`.
    let mut resources = Resources::<5, 2048, 1024>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, stack }: Parts<'_, EspAt, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());

    let application = application(options, target, &steps, control, stack);
    match real_time::block_on(select(runner.run(), application)) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

fn target(options: &Options) -> Result<Target, String> {
    let Some(url) = &options.url else {
        if options.line.port.serial.is_some() {
            return Err("with --serial a URL is needed: see --help".into());
        }
        let (url, hash, authority) = page::serve_tls(PAGE_SIZE)?;
        return Ok(Target { url, hash: Some(hash), authority: Some(authority) });
    };
    let authority = options.authority.as_ref().map(|path| {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let pem = CertificateDer::from_pem_slice(&bytes);
        Ok::<_, String>(pem.map_or(bytes, |certificate| certificate.to_vec()))
    });
    let authority = authority.transpose()?;
    if options.embedded_tls && authority.is_none() && !options.insecure {
        return Err("--embedded-tls needs --authority to know the right server, or --insecure".into());
    }
    Ok(Target { url: url.clone(), hash: None, authority })
}

async fn application(
    options: &Options,
    target: &Target,
    steps: &Steps,
    control: Control<'_, EspAt>,
    stack: Stack<'_>,
) -> Result<(), String> {
    let url = &target.url;
    let parsed = match Url::parse(url) {
        Ok(parsed) if parsed.scheme() == UrlScheme::HTTPS => parsed,
        Ok(_) => return Err(format!("{url}: only https:// works; see the example http_get")),
        Err(error) => return Err(format!("{url} is no URL ({error:?}): give https://HOST:PORT/PATH")),
    };
    let host = parsed.host();
    start(control, &options.line, steps).await?;
    let address = stack.resolve(host, AddressKind::PreferIpv4).await;
    let address = address.map_err(|error| format!("{host}: {error}. Check the name, and that the network has DNS"))?;
    let remote = core::net::SocketAddr::new(address, parsed.port_or_default());
    steps.done(format_args!("{host} is {address}"));

    if !options.embedded_tls && !options.insecure {
        // A certificate is valid from one day to another, and the module has to know what day it is.
        learn_time(control, steps).await?;
    }
    let begin = Instant::now();
    let (size, hash) = if options.embedded_tls {
        let socket = TcpSocket::connect(stack, remote).await;
        let socket = socket.map_err(|error| format!("{url}: {error}. Check host and port"))?;
        let authority = target.authority.as_deref().filter(|_| !options.insecure);
        with_embedded_tls(socket, authority, host, parsed.path(), steps).await
    } else {
        with_the_modules_tls(options.insecure, stack, remote, host, parsed.path(), steps).await
    }
    .map_err(|error| format!("{url}: {error}"))?;
    let seconds = begin.elapsed().as_secs_f64();

    steps.done(format_args!("fetched {size} bytes, SHA-256 {hash}"));
    match &target.hash {
        Some(expected) if *expected != hash => {
            return Err("the page did not arrive as it was served: its SHA-256 is wrong".into());
        }
        Some(_) => steps.done("this is the SHA-256 of the page that was served"),
        None => {}
    }
    // Leaving closes what is still open. It is a courtesy: the page is here.
    let _ = control.wifi().leave().await;
    println!("{size} bytes in {seconds:.3} s: {:.1} kB/s", size as f64 / seconds / 1e3);
    Ok(())
}

async fn with_the_modules_tls(
    insecure: bool,
    stack: Stack<'_>,
    remote: core::net::SocketAddr,
    host: &str,
    path: &str,
    steps: &Steps,
) -> Result<(usize, String), String> {
    let mut tls = TlsOptions::new().server_name(host);
    if insecure {
        tls = tls.without_verification();
    }
    let mut socket = TlsSocket::connect(stack, remote, &tls).await.map_err(|error| match error {
        TlsError::Failed(_) => format!("{error}. Check host and port, and the authority in the module's flash"),
        error => error.to_string(),
    })?;
    steps.done("connected, with TLS by the module");
    let page = get(&mut socket, host, path).await?;
    let _ = socket.close().await;
    Ok(page)
}

/// Has the module ask for the time until it knows it.
async fn learn_time(control: Control<'_, EspAt>, steps: &Steps) -> Result<(), String> {
    let sntp = SetSntp { enabled: true, time_zone: TimeZone::Hours(0), servers: UpTo(&["pool.ntp.org"]) };
    control.send(&sntp).await.map_err(|error| format!("turning SNTP on: {error}"))?;
    for _ in 0..SNTP_LIMIT {
        let time = control.send(&QueryTime).await.map_err(|error| format!("asking for the time: {error}"))?;
        if time.is_synchronized() {
            steps.done(format_args!("the module's clock shows {:04}-{:02}-{:02}", time.year, time.month, time.day));
            return Ok(());
        }
        Timer::after(Duration::from_secs(1)).await;
    }
    Err(format!("no time within {SNTP_LIMIT} s: check that the network lets UDP port 123 through"))
}

/// This machine's clock. A node would have it from SNTP.
struct WallClock;

impl embedded_tls::TlsClock for WallClock {
    fn now() -> Option<u64> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs())
    }
}

/// Checks the server's certificate with an authority's.
struct Verified<'a>(CertVerifier<'a, Aes128GcmSha256, WallClock, 4096>);

impl CryptoProvider for Verified<'_> {
    type CipherSuite = Aes128GcmSha256;
    type Signature = &'static [u8];

    fn rng(&mut self) -> impl CryptoRngCore {
        OsRng
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, embedded_tls::TlsError> {
        Ok(&mut self.0)
    }
}

async fn with_embedded_tls(
    socket: TcpSocket<'_>,
    authority: Option<&[u8]>,
    host: &str,
    path: &str,
    steps: &Steps,
) -> Result<(usize, String), String> {
    let (mut incoming, mut outgoing) = (vec![0; LARGEST_RECORD], vec![0; 4096]);
    let config = TlsConfig::new().with_server_name(host);
    let mut tls = TlsConnection::new(socket, &mut incoming, &mut outgoing);
    let opened = match authority {
        Some(authority) => {
            let verifier = Verified(CertVerifier::new(Certificate::X509(authority)));
            tls.open(TlsContext::new(&config, verifier)).await
        }
        None => tls.open(TlsContext::new(&config, UnsecureProvider::new::<Aes128GcmSha256>(OsRng))).await,
    };
    opened.map_err(|error| format!("the TLS handshake has failed: {error:?}. Check --authority"))?;
    steps.done("connected, with TLS on this side of the module");
    let page = get(&mut tls, host, path).await?;
    let _ = tls.close().await;
    Ok(page)
}

/// Fetches a page, over whatever TLS. Gives its size and its SHA-256.
async fn get(connection: &mut (impl Read + Write), host: &str, path: &str) -> Result<(usize, String), String> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.map_err(|error| format!("{error:?}"))?;
    connection.flush().await.map_err(|error| format!("{error:?}"))?;

    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        let count = connection.read(&mut buffer).await.map_err(|error| format!("{error:?}"))?;
        head.extend_from_slice(&buffer[..count]);
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if count == 0 || head.len() > 16 * 1024 {
            return Err("the server does not speak HTTP".into());
        }
    };
    let body = head.split_off(end);
    let head = String::from_utf8_lossy(&head);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status != "200" {
        return Err(format!("the server answered with HTTP status {status}. Check the URL"));
    }
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.trim().parse::<usize>().ok());

    let mut size = body.len();
    let mut hash = Sha256::new_with_prefix(body);
    while length.is_none_or(|length| size < length) {
        let count = match connection.read(&mut buffer).await {
            Ok(count) => count,
            // Without a length, the end of the connection is the end of the page.
            Err(_) if length.is_none() => 0,
            Err(error) => return Err(format!("{error:?}")),
        };
        if count == 0 {
            break;
        }
        size += count;
        hash.update(&buffer[..count]);
    }
    if length.is_some_and(|length| length != size) {
        return Err(format!("the connection ended early, after {size} bytes. Check the server"));
    }
    Ok((size, page::hex(hash.finalize())))
}
