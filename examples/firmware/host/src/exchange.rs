//! The test of `../exchange`: a server with which the firmware exchanges 200 kB, both ways at once.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use wifi_at_simulator::{AccessPoint, Builder, Dialect};

use crate::board::{Board, Emulator};
use crate::pattern::{hash, pattern, read_amount};
use crate::ports::MappedNetwork;

const BAUD: u32 = 921_600;
const PORT: u16 = 4000;
/// Bytes each way.
const AMOUNT: usize = 200_000;
/// The module restarts once the server has so many.
const RESTART_AT: usize = 60_000;
/// Longer than the whole takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(240);

/// What the server has seen.
enum Seen {
    /// So many bytes of a connection have come in.
    Progress(usize),
    /// All of them.
    All(Vec<u8>),
}

/// Sends and receives as many bytes as the client says, at once. A client that vanishes is not an error.
fn serve(mut client: TcpStream, seen: &Sender<Seen>) -> io::Result<()> {
    let mut amount = [0; 4];
    client.read_exact(&mut amount)?;
    let amount = u32::from_be_bytes(amount) as usize;
    let mut out = client.try_clone()?;
    let sender = thread::spawn(move || out.write_all(&pattern(1, amount)));
    let received = read_amount(&mut client, amount, |count| drop(seen.send(Seen::Progress(count))))?;
    sender.join().expect("the sender does not panic")?;
    let _ = seen.send(Seen::All(received));
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

/// Restarts the module in the first exchange. Gives what the server got in a complete one.
fn watch(board: &Board, seen: &Receiver<Seen>, emulator: &mut Emulator) -> Result<Vec<u8>, String> {
    let start = Instant::now();
    let mut restarted = false;
    let mut complete = None;
    loop {
        match seen.recv_timeout(Duration::from_millis(100)) {
            Ok(Seen::Progress(bytes)) if bytes > RESTART_AT && !restarted => {
                restarted = true;
                println!("module: restarts, with {bytes} bytes at the server");
                board.restart_module();
            }
            Ok(Seen::All(received)) => complete = Some(received),
            _ => {}
        }
        if let Some(status) = emulator.ended()? {
            // What the server has to say may come a moment later.
            while let Ok(last) = seen.recv_timeout(Duration::from_millis(100)) {
                if let Seen::All(received) = last {
                    complete = Some(received);
                }
            }
            if !status.success() {
                return Err(format!("the emulator ended with {status}"));
            }
            if !restarted {
                return Err("the module never came to restart".into());
            }
            return complete.ok_or("the server never got all bytes".into());
        }
        if start.elapsed() > LIMIT {
            return Err(format!("not over after {LIMIT:?}"));
        }
    }
}

/// Runs it. The firmware says by its status that it has got all bytes, that it saw the module restart once, and that its
/// UART lost nothing; the server compares what it got.
///
/// # Errors
/// What went wrong, if anything did.
pub fn run(elf: PathBuf, emulator: &[String]) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
    let port = server.local_addr().map_err(text)?.port();
    let (sender, seen) = channel();
    thread::spawn(move || accept(server, sender));
    let mut board = Board::new(move || {
        let network = MappedNetwork::default().with("server.test", PORT, port);
        let access_point = AccessPoint::new("emulated", "open sesame");
        Builder::new(Dialect::EspAt).baud(Some(BAUD)).access_point(access_point).network(network).build()
    })
    .map_err(text)?;
    board.follow_log(elf, channel().0).map_err(text)?;
    let received = watch(&board, &seen, &mut board.start(emulator)?)?;
    if received != pattern(2, AMOUNT) {
        return Err(format!("the server got {} bytes, and not the right ones", received.len()));
    }
    if emulator.iter().any(|word| word.contains("{reset}")) {
        match board.resets() {
            0 => return Err("the firmware never used the reset pin".into()),
            count => println!("module: reset {count} times by its pin"),
        }
    }
    println!("server: {} bytes, all right, sha256 {}", received.len(), hash(&received));
    Ok(())
}
