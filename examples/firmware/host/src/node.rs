//! The test of a board's whole firmware (`../node`): the access point, a web server, a time server, and a client of the
//! firmware's own server. The module restarts in the middle.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use wifi_at_simulator::{AccessPoint, Builder, Dialect};

use crate::board::Board;
use crate::pattern::{hash, pattern};
use crate::ports::MappedNetwork;

const BAUD: u32 = 115_200;
/// Bytes that the echo client sends, and wants back.
const AMOUNT: usize = 50_000;
/// The module restarts once the client has so many back.
const RESTART_AT: usize = 15_000;
/// Bytes of the page.
const PAGE: usize = 20_000;
/// What the time server shows, in seconds since 1970.
const TIME: u64 = 1_800_000_000;
/// Between 1900, with which NTP begins, and 1970.
const NTP_OFFSET: u64 = 2_208_988_800;
/// Longer than the whole takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(240);

/// Serves the page to whoever asks for it properly.
fn serve_page(mut client: TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        request.extend_from_slice(&byte);
    }
    let request = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let proper = request.starts_with("get / http/1.1\r\n") && request.contains("\r\nhost: example.org\r\n");
    let status = if proper { "200 OK" } else { "400 Bad Request" };
    write!(client, "HTTP/1.1 {status}\r\nContent-Length: {PAGE}\r\nConnection: close\r\n\r\n")?;
    client.write_all(&pattern(3, PAGE))
}

/// Answers one request for the time (RFC 5905: client's mode is 3, server's 4).
fn serve_time(socket: &UdpSocket) -> io::Result<()> {
    let mut request = [0; 128];
    let (count, client) = socket.recv_from(&mut request)?;
    if count != 48 || request[0] & 7 != 3 {
        return Ok(());
    }
    let mut answer = [0; 48];
    answer[0] = (request[0] & 0x38) | 4;
    answer[1] = 1;
    answer[24..32].copy_from_slice(&request[40..48]);
    let seconds = u32::try_from(TIME + NTP_OFFSET).expect("before 2036").to_be_bytes();
    for field in [16, 32, 40] {
        answer[field..field + 4].copy_from_slice(&seconds);
    }
    socket.send_to(&answer, client).map(drop)
}

/// Bytes that the client has under way at most.
///
/// Where the module hands over data unasked and the line has no flow control, as on WIZnet's board, nothing holds back a
/// client but its own restraint.
const fn window(dialect: Dialect) -> usize {
    match dialect {
        Dialect::WizFi360 => 1024,
        _ => AMOUNT,
    }
}

/// Sends the pattern to the firmware's server and reads it back. `Ok(None)` if there is no server, or not any more.
fn echo(port: u16, window: usize, progress: &Sender<usize>) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    server.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut exchange = || {
        let (sending, mut sent, mut received) = (pattern(4, AMOUNT), 0, Vec::new());
        let mut buffer = [0; 2048];
        while received.len() < AMOUNT {
            let end = AMOUNT.min(received.len() + window);
            server.write_all(&sending[sent..end])?;
            sent = end;
            match server.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => received.extend_from_slice(&buffer[..count]),
            }
            let _ = progress.send(received.len());
        }
        Ok(received)
    };
    exchange().map_err(|error: io::Error| println!("client: the server is gone ({error})")).ok()
}

/// Echoes again and again, until all came back once and the module has restarted before.
fn echo_until_restarted(port: u16, window: usize, board: &Board, end: Instant) -> Result<Vec<u8>, String> {
    let (progress, count) = channel();
    let mut restarted = false;
    while Instant::now() < end {
        let client = thread::spawn({
            let progress = progress.clone();
            move || echo(port, window, &progress)
        });
        while !client.is_finished() {
            match count.recv_timeout(Duration::from_millis(50)) {
                Ok(bytes) if bytes > RESTART_AT && !restarted => {
                    restarted = true;
                    println!("module: restarts, with {bytes} bytes back at the client");
                    board.restart_module();
                }
                _ => {}
            }
        }
        match client.join() {
            Ok(Some(received)) if restarted => return Ok(received),
            _ => thread::sleep(Duration::from_millis(500)),
        }
    }
    Err(format!("no echo of {AMOUNT} bytes after {LIMIT:?}"))
}

/// What the log must have told by the end.
fn expected() -> [(&'static str, String); 5] {
    [
        ("an event", "ModuleReady".into()),
        ("the address", "StationGotAddress".into()),
        ("the page", format!("http://example.org/: status 200, {PAGE} bytes")),
        ("the time", format!("{TIME} seconds since 1970")),
        ("the server", "serving at port 7".into()),
    ]
}

fn wait_for_log(lines: &Receiver<String>, end: Instant) -> Result<(), String> {
    let mut missing = expected().to_vec();
    while !missing.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(line) = lines.recv_timeout(left) else {
            let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
            return Err(format!("the log does not tell {}", names.join(", ")));
        };
        missing.retain(|(_, text)| !line.contains(text));
    }
    Ok(())
}

/// Runs it.
///
/// # Errors
/// What went wrong, if anything did.
pub fn run(dialect: Dialect, elf: PathBuf, emulator: &[String]) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let end = Instant::now() + LIMIT;
    let pages = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
    let page_port = pages.local_addr().map_err(text)?.port();
    thread::spawn(move || pages.incoming().flatten().for_each(|client| drop(serve_page(client))));
    let times = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
    let time_port = times.local_addr().map_err(text)?.port();
    thread::spawn(move || while serve_time(&times).is_ok() {});
    // Free a moment ago, and for the module's server in a moment.
    let echo_port =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).map_err(text)?.port();

    let mut board = Board::new(move || {
        let network = MappedNetwork::default()
            .with("example.org", 80, page_port)
            .with("pool.ntp.org", 123, time_port)
            .with("node.test", 7, echo_port);
        let access_point = AccessPoint::new("home", "12345678");
        Builder::new(dialect).baud(Some(BAUD)).access_point(access_point).network(network).build()
    })
    .map_err(text)?;
    let (sender, lines) = channel();
    board.follow_log(elf, sender).map_err(text)?;

    let mut running = board.start(emulator)?;
    let received = echo_until_restarted(echo_port, window(dialect), &board, end)?;
    if received != pattern(4, AMOUNT) {
        return Err("the echo is not what was sent".into());
    }
    wait_for_log(&lines, end)?;
    if let Some(status) = running.ended()? {
        return Err(format!("the emulator ended with {status}"));
    }
    match board.resets() {
        0 => return Err("the firmware never used the reset pin".into()),
        count => println!("module: reset {count} times by its pin"),
    }
    println!("client: {} bytes echoed, all right, sha256 {}", received.len(), hash(&received));
    Ok(())
}
