//! How much of the serial line's rate reaches the user, in virtual time: `cargo bench --bench goodput`.
//!
//! A simulated module at the other end of a paced line, peers that send and take at once, rings of 4096 bytes. Each figure
//! is payload bits over the bits that the line could have carried in one direction, in percent (8 of 10 bits on the wire
//! are data, so a line that is always busy with payload gives 100). Beside it stands the bound: what the protocol itself
//! leaves when nothing is ever waited for but the module.
//!
//! `--markdown` prints only the table, as it stands in `benches/goodput.md`; `--only TEXT` prints the rows that hold it.

use std::time::Duration;

use embassy_futures::join::{join, join_array};
use embassy_futures::select::{Either, select};
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::wifi::JoinOptions;
use wifi_at::{Config, EspAt, Pins, Resources, Stack};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, Latency, MemoryNetwork, Peer, PeerSocket};
use wifi_at_support::virtual_time::{Line, now, run};

const RATES: [u32; 3] = [115_200, 921_600, 3_000_000];
const SIZES: [usize; 5] = [1, 64, 512, 2048, 16_384];
const RING: usize = 4096;
/// Bytes of one `AT+CIPSEND` and of one `AT+CIPRECVDATA`.
const CHUNK: usize = 2048;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Direction {
    Download,
    Upload,
    Both,
}

const DIRECTIONS: [Direction; 3] = [Direction::Download, Direction::Upload, Direction::Both];

/// One cell of the table.
#[derive(Clone, Copy)]
struct Case {
    rate: u32,
    direction: Direction,
    links: usize,
    size: usize,
    /// From `OK` to the prompt, and from `Recv` to `SEND OK`.
    latency: [Duration; 2],
}

fn server() -> std::net::SocketAddr {
    "10.0.0.1:1".parse().unwrap()
}

/// A peer that takes everything, and sends so many bytes from the first one on that it gets.
struct Server(usize);

impl Peer for Server {
    fn on_data(&mut self, socket: &mut PeerSocket, _: &[u8]) {
        socket.send(&vec![0x55; std::mem::take(&mut self.0)]);
    }
}

impl Case {
    /// Seconds on the line for so many bytes.
    fn line(&self, bytes: usize) -> f64 {
        bytes as f64 * 10.0 / f64::from(self.rate)
    }

    /// Bytes that all links carry together in each direction.
    fn amount(&self) -> usize {
        (self.rate as usize / 10).max(40_000) / self.links * self.links
    }

    /// What an ideal host gets from this module, in percent: one command after the other, each with as much as it takes.
    fn bound(&self) -> f64 {
        let [prompt, sent] = self.latency.map(|time| time.as_secs_f64());
        let chunk = CHUNK.min(RING);
        // Turn-arounds: the module answers when it has the whole line, the host goes on when it has the whole answer.
        let upload = self.line("AT+CIPSEND=4,2048\r\n".len() + "\r\nOK\r\n\r\n>".len() + chunk)
            + self.line("\r\nRecv 2048 bytes\r\n\r\nSEND OK\r\n".len())
            + prompt
            + sent;
        let download = self.line("AT+CIPRECVDATA=4,2048\r\n".len())
            + self.line("+CIPRECVDATA:2048,\"10.0.0.1\",80,".len() + chunk + "\r\n\r\nOK\r\n".len());
        let time = match self.direction {
            Direction::Download => download,
            Direction::Upload => upload,
            // One exchange at a time.
            Direction::Both => download + upload,
        };
        self.line(chunk) / time * 100.0
    }

    /// Runs it, and gives percent.
    fn measure(&self) -> f64 {
        let network = MemoryNetwork::new();
        let amount = self.amount() / self.links;
        let to_send = if self.direction == Direction::Upload { 0 } else { amount };
        network.serve(server(), move || Server(to_send));
        let [prompt, send] = self.latency;
        let mut latency = Latency::none();
        (latency.prompt, latency.send) = (prompt, send);
        let module = Builder::new(Dialect::EspAt)
            .access_point(AccessPoint::new("home", "secret word"))
            .latency(latency)
            .network(network)
            .baud(Some(self.rate))
            .build();
        let line = Line::new(module);
        let mut resources = Box::new(Resources::<5, RING, RING>::new());
        let time = run(&line, async {
            let serial = Split::new(line.clone(), line.clone());
            let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), &mut *resources, Config::default());
            let test = async {
                parts.control.wifi().join("home", JoinOptions::new("secret word")).await.unwrap();
                match self.links {
                    1 => self.transfer::<1>(parts.stack, amount).await,
                    _ => self.transfer::<5>(parts.stack, amount).await,
                }
            };
            match select(parts.runner.run(), test).await {
                Either::First(error) => panic!("the runner ended: {error:?}"),
                Either::Second(time) => time,
            }
        });
        self.line(amount * self.links) / time.as_secs_f64() * 100.0
    }

    async fn transfer<const N: usize>(&self, stack: Stack<'_>, amount: usize) -> Duration {
        let mut sockets = Vec::new();
        for _ in 0..N {
            sockets.push(TcpSocket::connect(stack, server()).await.unwrap());
        }
        let start = now();
        let mut sockets: [TcpSocket<'_>; N] = sockets.try_into().ok().unwrap();
        let tasks = sockets.each_mut().map(|socket| async {
            let (mut reader, mut writer) = socket.split();
            let receive = async {
                use embedded_io_async::Read;
                let mut buffer = vec![0; self.size];
                let mut left = if self.direction == Direction::Upload { 0 } else { amount };
                while left > 0 {
                    left -= reader.read(&mut buffer).await.unwrap();
                }
            };
            let send = async {
                use embedded_io_async::Write;
                let buffer = vec![0xaa; self.size];
                // A download begins with one byte.
                let mut left = if self.direction == Direction::Download { 1 } else { amount };
                while left > 0 {
                    let count = left.min(buffer.len());
                    writer.write_all(&buffer[..count]).await.unwrap();
                    left -= count;
                }
                writer.flush().await.unwrap();
            };
            join(receive, send).await;
        });
        join_array(tasks).await;
        now() - start
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let markdown = arguments.iter().any(|argument| argument == "--markdown");
    let only = arguments.iter().position(|argument| argument == "--only").map(|at| arguments[at + 1].as_str());
    if !markdown {
        println!("goodput, in % of the line's rate (bound in parentheses)\n");
    }
    println!("| baud | direction | links | latency | {} |", SIZES.map(|size| format!("{size} B")).join(" | "));
    println!("|---|---|---|---|{}", "---|".repeat(SIZES.len()));
    for rate in RATES {
        for direction in DIRECTIONS {
            for links in [1, 5] {
                for latency in [[Duration::from_millis(1), Duration::from_millis(5)], [Duration::ZERO; 2]] {
                    let name = format!(
                        "{rate} | {direction:?} | {links} | {} ms",
                        latency[0].as_millis() + latency[1].as_millis()
                    );
                    if only.is_some_and(|only| !name.contains(only)) {
                        continue;
                    }
                    let cells = SIZES.map(|size| {
                        let case = Case { rate, direction, links, size, latency };
                        format!("{:.1} ({:.1})", case.measure(), case.bound())
                    });
                    println!("| {name} | {} |", cells.join(" | "));
                }
            }
        }
    }
}
