//! Runs firmware in an emulator, with a simulated module at its UART and a real server on this machine.
//!
//! `wifi-at-firmware-host EMULATOR ARGUMENT...`: the emulator's command; in it, `{uart}` stands for the TCP port at
//! which the module's serial line waits for the emulator. Ends with status 0 if the emulator does, and if the server
//! has got, in an exchange that was not disturbed, exactly what the firmware had to send. The first exchange is
//! disturbed: the module restarts in the middle of it.

use std::env::args;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, HostNetwork, realtime};

const BAUD: u32 = 921_600;
const PORT: u16 = 4000;
/// Longer than the whole takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(240);

/// The same bytes as in the firmware.
fn pattern(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// What the server has seen.
enum Seen {
    /// So many bytes of a connection have come in.
    Progress(usize),
    /// All of them, and whether they are right.
    All { bytes: usize, hash: String, right: bool },
}

/// Sends and receives as many bytes as the client says, at once. A client that vanishes is not an error.
fn serve(mut client: TcpStream, seen: &Sender<Seen>) -> io::Result<()> {
    let mut amount = [0; 4];
    client.read_exact(&mut amount)?;
    let amount = u32::from_be_bytes(amount) as usize;
    let mut out = client.try_clone()?;
    let sender = thread::spawn(move || out.write_all(&pattern(1, amount)));
    let mut received = Vec::with_capacity(amount);
    let mut buffer = [0; 4096];
    while received.len() < amount {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(&buffer[..count]);
        let _ = seen.send(Seen::Progress(received.len()));
    }
    sender.join().expect("the sender does not panic")?;
    let hash = Sha256::digest(&received).iter().map(|byte| format!("{byte:02x}")).collect();
    let right = received == pattern(2, amount);
    let _ = seen.send(Seen::All { bytes: received.len(), hash, right });
    client.shutdown(Shutdown::Both)
}

fn accept(listener: TcpListener, seen: Sender<Seen>) {
    for client in listener.incoming().flatten() {
        let seen = seen.clone();
        thread::spawn(move || {
            if let Err(error) = serve(client, &seen) {
                println!("server: the client is gone ({error})");
            }
        });
    }
}

/// Restarts the module in the first exchange. Gives the last complete one.
fn watch(module: &realtime::Module, seen: &Receiver<Seen>, emulator: &mut std::process::Child) -> Result<Seen, String> {
    let start = Instant::now();
    let mut restarted = false;
    let mut complete = None;
    loop {
        match seen.recv_timeout(Duration::from_millis(100)) {
            Ok(Seen::Progress(bytes)) if bytes > 60_000 && !restarted => {
                restarted = true;
                println!("module: restarts, with {bytes} bytes at the server");
                let text = b"\r\nets Jan  8 2013,rst cause:4, boot mode:(3,7)\r\n";
                let _ = module.with(|module, now| module.restart(now, text));
            }
            Ok(all @ Seen::All { .. }) => complete = Some(all),
            _ => {}
        }
        if let Some(status) = emulator.try_wait().map_err(|error| error.to_string())? {
            // What the server has to say may come a moment later.
            while let Ok(last) = seen.recv_timeout(Duration::from_millis(100)) {
                if matches!(last, Seen::All { .. }) {
                    complete = Some(last);
                }
            }
            return match (status.success(), restarted, complete) {
                (false, ..) => Err(format!("the emulator ended with {status}")),
                (_, false, _) => Err("the module never came to restart".into()),
                (.., None) => Err("the server never got all bytes".into()),
                (.., Some(all)) => Ok(all),
            };
        }
        if start.elapsed() > LIMIT {
            return Err(format!("not over after {LIMIT:?}"));
        }
    }
}

/// Joins the simulated module to the emulator's UART.
fn connect(uart: TcpListener, stream: realtime::Stream) {
    thread::spawn(move || {
        let Ok((line, _)) = uart.accept() else { return };
        let (mut from_module, mut to_module) = stream.split();
        let mut to_host = line.try_clone().expect("a second handle");
        let _ = to_host.set_nodelay(true);
        thread::spawn(move || io::copy(&mut from_module, &mut to_host));
        let mut from_host = line;
        let _ = io::copy(&mut from_host, &mut to_module);
    });
}

fn run() -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).map_err(|error| format!("port {PORT}: {error}"))?;
    let (sender, seen) = channel();
    thread::spawn(move || accept(server, sender));
    let (module, stream) = realtime::spawn(|| {
        let mut network = HostNetwork::new();
        network.add_host("server.test", Ipv4Addr::LOCALHOST.into());
        let access_point = AccessPoint::new("emulated", "open sesame");
        Builder::new(Dialect::EspAt).baud(Some(BAUD)).access_point(access_point).network(network).build()
    })
    .map_err(text)?;
    let uart = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
    let port = uart.local_addr().map_err(text)?.port().to_string();
    connect(uart, stream);

    let mut command = args().skip(1).map(|argument| argument.replace("{uart}", &port));
    let program = command.next().ok_or("usage: wifi-at-firmware-host EMULATOR ARGUMENT...")?;
    let emulator = Command::new(&program).args(command).spawn();
    let mut emulator = emulator.map_err(|error| format!("{program}: {error}"))?;
    let result = watch(&module, &seen, &mut emulator);
    let _ = emulator.kill();
    match result? {
        Seen::All { bytes, hash, right: true } => {
            println!("server: {bytes} bytes, all right, sha256 {hash}");
            Ok(())
        }
        _ => Err("the server got wrong bytes".into()),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}
