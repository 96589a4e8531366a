//! Fetches a page over HTTP through a Wi-Fi module.
//!
//! `cargo run --example http_get` needs no module and no network: it simulates the module and serves the page itself.
//! `cargo run --example http_get -- --help` tells how to use a real module and another page.

mod common;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use common::{Line, LineOptions, Simulated, Steps, page, start};
use embassy_futures::join::join_array;
use embassy_futures::select::{Either, select};
use embedded_io_async::{ErrorKind, Read};
use indicatif::{ProgressBar, ProgressStyle};
use nourl::{Url, UrlScheme};
use reqwless::client::HttpClient;
use reqwless::request::Method;
use sha2::{Digest, Sha256};
use wifi_at::command::On;
use wifi_at::command::tcpip::AddressKind;
use wifi_at::command::wifi::{LeaveAccessPoint, QueryStationAddress};
use wifi_at::dialect::{Dialect as _, Driven, Esp32V1, Esp8266Idf, Esp8266Nonos, WizFi360};
use wifi_at::serial::Split;
use wifi_at::{Config, Control, EspAt, Parts, Pins, Resources, Stack};
use wifi_at_support::real_time;

/// A module has so many links.
const LINKS: usize = 5;
/// Bytes of the page that the example serves.
const PAGE_SIZE: usize = 2 << 20;

/// Fetches a page over HTTP through a Wi-Fi module with AT firmware.
///
/// Without arguments the module is simulated and the page is served by this program.
#[derive(Parser)]
#[command(
    max_term_width = 100,
    after_help = "Examples:
  http_get http://127.0.0.1:8000/file --output copy
  http_get --dialect wizfi360
  http_get http://example.org/ --serial /dev/ttyUSB0 --ssid home --password 'my password'
  http_get http://127.0.0.1:8000/file --serial tcp:127.0.0.1:3333 --ssid home --password 'my password'"
)]
struct Options {
    /// What to fetch (http only); without it, a page of this program's own
    url: Option<String>,

    /// Store the page here (with --parallel: FILE.1, FILE.2, ...)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Take so many bytes of the page at a time
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    read_size: u32,

    /// Fetch the page so many times at once, each over a connection of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=LINKS as i64))]
    parallel: u8,

    /// Firmware of the module
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Dialect::EspAt)]
    dialect: Dialect,

    #[command(flatten)]
    line: LineOptions,
}

/// The types of [`wifi_at::dialect`] by name.
#[derive(Clone, Copy, ValueEnum)]
enum Dialect {
    #[value(name = EspAt::NAME)]
    EspAt,
    #[value(name = Esp32V1::NAME)]
    Esp32V1,
    #[value(name = Esp8266Idf::NAME)]
    Esp8266Idf,
    #[value(name = Esp8266Nonos::NAME)]
    Esp8266Nonos,
    #[value(name = WizFi360::NAME)]
    WizFi360,
}

fn main() -> ExitCode {
    let options = &Options::parse();
    let result = match options.dialect {
        Dialect::EspAt => run::<EspAt>(options),
        Dialect::Esp32V1 => run::<Esp32V1>(options),
        Dialect::Esp8266Idf => run::<Esp8266Idf>(options),
        Dialect::Esp8266Nonos => run::<Esp8266Nonos>(options),
        Dialect::WizFi360 => run::<WizFi360>(options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run<D: Simulated>(options: &Options) -> Result<(), String>
where
    QueryStationAddress: On<D>,
    LeaveAccessPoint: On<D>,
{
    let steps = Steps::start();
    let (url, hash) = match &options.url {
        Some(url) => (url.clone(), None),
        None if options.line.port.serial.is_some() => return Err("with --serial a URL is needed: see --help".into()),
        None => {
            let (url, hash) = page::serve(PAGE_SIZE)?;
            (url, Some(hash))
        }
    };
    let host = match Url::parse(&url) {
        Ok(parsed) if parsed.scheme() == UrlScheme::HTTP => parsed.host(),
        Ok(_) => return Err(format!("{url}: only http:// works, as this example has no TLS")),
        Err(error) => return Err(format!("{url} is no URL ({error:?}): give http://HOST:PORT/PATH")),
    };
    let name = options.line.name();
    let Line { reader, writer, module: _module } = options.line.open_for::<D>()?;
    steps.done(format_args!("opened {name}"));

    // The driver. All its memory is here, and no allocator is needed; firmware would put it into a `static`.
    let mut resources = Resources::<LINKS, 2048, 1024>::new();
    let (reader, writer) = real_time::serial(reader, writer);
    let Parts { mut runner, control, stack }: Parts<'_, D, _> =
        wifi_at::new(Split::new(reader, writer), Pins::none(), &mut resources, Config::default());

    // Nothing moves unless the runner is polled. Firmware would give it a task of its own. Here it lives as long as
    // the application, which ends early if the serial line does.
    let application = application(options, &url, host, hash, &steps, control, stack);
    match real_time::block_on(select(runner.run(), application)) {
        Either::First(Err(error)) => Err(format!("{error}. Check the other end of {name}")),
        Either::Second(result) => result,
    }
}

async fn application<D: Driven>(
    options: &Options,
    url: &str,
    host: &str,
    hash: Option<String>,
    steps: &Steps,
    control: Control<'_, D>,
    stack: Stack<'_>,
) -> Result<(), String>
where
    QueryStationAddress: On<D>,
    LeaveAccessPoint: On<D>,
{
    start(control, &options.line, steps).await?;

    // The HTTP client resolves the name again, but does not tell why it could not.
    let address = stack.resolve(host, AddressKind::PreferIpv4).await;
    let address = address.map_err(|error| format!("{host}: {error}. Check the name, and that the network has DNS"))?;
    steps.done(format_args!("{host} is {address}"));

    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
            .map_err(|error| error.to_string())?,
    );
    let start = Instant::now();
    // Every download has a socket of its own; the driver shares the line between them.
    let pages = join_array(std::array::from_fn::<_, LINKS, _>(|index| {
        let (stack, bar) = (&stack, &bar);
        async move {
            if index >= usize::from(options.parallel) {
                return Ok(None);
            }
            let output = options.output.as_deref().map(|path| numbered(path, index, options.parallel));
            let (size, hash) = fetch(stack, url, output.as_deref(), options.read_size as usize, bar).await?;
            bar.suspend(|| steps.done(format_args!("fetched {size} bytes, SHA-256 {hash}")));
            Ok::<_, String>(Some((size, hash)))
        }
    }))
    .await;
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let mut bytes = 0;
    let mut expected = hash;
    for page in pages {
        let Some((size, hash)) = page? else { continue };
        bytes += size;
        if *expected.get_or_insert_with(|| hash.clone()) != hash {
            return Err("the page did not arrive as it was served: its SHA-256 is wrong".into());
        }
    }
    if options.url.is_none() {
        steps.done("this is the SHA-256 of the page that was served");
    }
    // Leaving closes what is still open. It is a courtesy: the page is here.
    let _ = control.wifi().leave().await;
    steps.done("left the access point");
    println!("{bytes} bytes in {seconds:.3} s: {:.1} kB/s", bytes as f64 / seconds / 1e3);
    Ok(())
}

/// Fetches a page with an HTTP client that knows nothing of the module: the stack implements `embedded_nal_async`.
/// Gives its size and its SHA-256.
async fn fetch(
    stack: &Stack<'_>,
    url: &str,
    output: Option<&Path>,
    read_size: usize,
    bar: &ProgressBar,
) -> Result<(usize, String), String> {
    let mut client = HttpClient::new(stack, stack);
    let mut headers = [0; 4096];
    let mut request = client.request(Method::GET, url).await.map_err(|error| explain_http(error, url))?;
    let response = request.send(&mut headers).await.map_err(|error| explain_http(error, url))?;
    if response.status.0 != 200 {
        return Err(format!("{url}: the server answered with HTTP status {}. Check the URL", response.status.0));
    }
    let length = response.content_length;
    bar.inc_length(length.unwrap_or(0) as u64);

    let cannot_write = |error| format!("cannot write the page: {error}. Check --output");
    let mut file = output.map(File::create).transpose().map_err(cannot_write)?.map(std::io::BufWriter::new);
    let mut body = response.body().reader();
    let mut buffer = vec![0; read_size];
    let mut size = 0;
    let mut hash = Sha256::new();
    loop {
        // More than this would be the fault of the server, which the client takes for its own.
        let room = length.map_or(read_size, |length| read_size.min(length - size));
        let count = body.read(&mut buffer[..room]).await.map_err(|error| explain_http(error, url))?;
        if count == 0 {
            break;
        }
        size += count;
        hash.update(&buffer[..count]);
        bar.inc(count as u64);
        if let Some(file) = &mut file {
            file.write_all(&buffer[..count]).map_err(cannot_write)?;
        }
    }
    if length.is_some_and(|length| length != size) {
        return Err(format!("{url}: the connection ended early, after {size} bytes. Check the server"));
    }
    if let Some(file) = &mut file {
        file.flush().map_err(cannot_write)?;
    }
    Ok((size, page::hex(hash.finalize())))
}

fn explain_http(error: reqwless::Error, url: &str) -> String {
    match error {
        reqwless::Error::Network(ErrorKind::ConnectionRefused) => {
            format!("{url}: the host refused the connection or cannot be reached. Check host and port")
        }
        reqwless::Error::Network(ErrorKind::BrokenPipe) | reqwless::Error::ConnectionAborted => {
            format!("{url}: the server closed the connection without an answer. Check that it speaks HTTP")
        }
        error => format!("{url}: {error:?}. Check the server, and with --trace what the module says"),
    }
}

fn numbered(path: &Path, index: usize, count: u8) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    if count > 1 {
        path.push(format!(".{}", index + 1));
    }
    path.into()
}
