//! What it costs to receive: instructions and nanoseconds for each byte of payload, from the serial port's read to the
//! user's buffer: `cargo bench --bench ingress`.
//!
//! A port in memory gives the frames in slices of a fixed size, as a UART's FIFO or DMA does; the runner reads them, and
//! a socket's user reads 2048 bytes at a time. All of that counts, the port and the executor included. Instructions are
//! counted by callgrind (`valgrind` must be installed, or the column stays empty): the program runs itself under it twice
//! with different amounts, and takes the difference, so that the bring-up does not count.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::process::Command;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Instant;

use embassy_futures::select::{Either, select};
use embedded_io_async::{ErrorType, Read, Write};
use wifi_at::dialect::EspAt;
use wifi_at::net::tcp::TcpSocket;
use wifi_at::serial::Split;
use wifi_at::{Config, Pins, Resources};
use wifi_at_virtual_time::run;

/// Bytes of payload in one frame: what one segment of TCP on Ethernet carries.
const FRAME: usize = 1460;
const SLICES: [usize; 6] = [1, 16, 64, 256, 1460, 4096];

/// A module that agrees to all, opens what it is told to, and has as much data as anybody wants.
struct Module {
    passive: bool,
    slice: usize,
    /// Text that goes out before frames do.
    text: Vec<u8>,
    /// One frame, its position, and how many are still to come.
    frame: Vec<u8>,
    at: usize,
    frames: usize,
    line: Vec<u8>,
    reader: Option<Waker>,
}

impl Module {
    fn new(passive: bool, slice: usize) -> Self {
        let head = if passive { format!("+CIPRECVDATA:{FRAME},") } else { format!("\r\n+IPD,4,{FRAME}:") };
        let payload = (0..FRAME).map(|at| (at * 7) as u8);
        let tail = if passive { "\r\nOK\r\n" } else { "" };
        let frame = head.bytes().chain(payload).chain(tail.bytes()).collect();
        Self { passive, slice, text: Vec::new(), frame, at: 0, frames: 0, line: Vec::new(), reader: None }
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let limit = buffer.len().min(self.slice);
        if !self.text.is_empty() {
            let count = limit.min(self.text.len());
            buffer[..count].copy_from_slice(&self.text[..count]);
            self.text.drain(..count);
            return count;
        }
        let mut count = 0;
        while count < limit && self.frames > 0 {
            let part = (limit - count).min(self.frame.len() - self.at);
            buffer[count..count + part].copy_from_slice(&self.frame[self.at..self.at + part]);
            count += part;
            self.at += part;
            if self.at == self.frame.len() {
                self.at = 0;
                self.frames -= 1;
            }
        }
        count
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.wake();
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = self.line.drain(..end + 2).collect();
            if line.starts_with(b"AT+CIPRECVDATA=") {
                self.frames += 1;
                continue;
            }
            let refused = line.starts_with(b"AT+CIPRECV") && !self.passive;
            self.text.extend_from_slice(match &line[..] {
                line if line.starts_with(b"AT+CIPSTART=") => b"4,CONNECT\r\n\r\nOK\r\n",
                _ if refused => b"\r\nERROR\r\n",
                _ => b"\r\nOK\r\n",
            });
            if line.starts_with(b"AT+RST") {
                self.text.extend_from_slice(b"\r\nready\r\n");
            }
        }
    }
}

#[derive(Clone)]
struct Port(Rc<RefCell<Module>>);

impl ErrorType for Port {
    type Error = Infallible;
}

impl Read for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut module = self.0.borrow_mut();
            match module.read(buffer) {
                0 => {
                    module.reader = Some(context.waker().clone());
                    Poll::Pending
                }
                count => Poll::Ready(Ok(count)),
            }
        })
        .await
    }
}

impl Write for Port {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().write(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Receives so many frames, and gives the nanoseconds for each byte.
fn receive(passive: bool, slice: usize, frames: usize) -> f64 {
    let module = Rc::new(RefCell::new(Module::new(passive, slice)));
    let port = Port(Rc::clone(&module));
    let mut resources = Box::new(Resources::<1, 8192, 256, 4096>::new());
    let received = run(async {
        let serial = Split::new(port.clone(), port);
        let mut parts = wifi_at::new::<EspAt, _, _, _>(serial, Pins::none(), &mut *resources, Config::default());
        let user = async {
            let remote = "10.0.0.1:80".parse().expect("an address");
            let mut socket = TcpSocket::connect(parts.stack, remote).await.expect("a link");
            let amount = frames * FRAME;
            let start = Instant::now();
            {
                let mut module = module.borrow_mut();
                if passive {
                    module.text.extend_from_slice(format!("+IPD,4,{amount}\r\n").as_bytes());
                } else {
                    module.frames = frames;
                }
                module.wake();
            }
            let mut buffer = [0; 2048];
            let mut received = 0;
            while received < amount {
                received += socket.read(&mut buffer).await.expect("data");
            }
            start.elapsed().as_nanos() as f64 / amount as f64
        };
        match select(parts.runner.run(), user).await {
            Either::First(Err(error)) => panic!("the runner ended: {error}"),
            Either::First(Ok(never)) => match never {},
            Either::Second(time) => time,
        }
    });
    received.unwrap_or_else(|stalled| panic!("{stalled}"))
}

/// Instructions of this program under callgrind.
fn instructions(passive: bool, slice: usize, frames: usize) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--receive", &passive.to_string(), &slice.to_string(), &frames.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let count = text.lines().find_map(|line| line.split_once("Collected : "))?.1;
    count.trim().parse().ok()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--receive") {
        let number = |index: usize| arguments[at + index].parse().expect("a number");
        receive(arguments[at + 1] == "true", number(2), number(3));
        return;
    }
    println!("| frames | bytes of a slice | instructions/byte | ns/byte |\n| --- | --- | --- | --- |");
    for passive in [false, true] {
        for slice in SLICES {
            let few = instructions(passive, slice, 100);
            let many = instructions(passive, slice, 300);
            let cost = few.zip(many).map(|(few, many)| (many - few) / (200 * FRAME) as f64);
            let cost = cost.map_or("no valgrind".to_owned(), |cost| format!("{cost:.2}"));
            // The best of some: what disturbs only ever makes it slower.
            let time = (0..5).map(|_| receive(passive, slice, 2000)).fold(f64::INFINITY, f64::min);
            let kind = if passive { "+CIPRECVDATA" } else { "+IPD" };
            println!("| `{kind}` | {slice} | {cost} | {time:.2} |");
        }
    }
}
