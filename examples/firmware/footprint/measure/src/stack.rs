//! How deep the stacks get: the firmware runs in an emulator against a simulated module, on painted memory.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use wifi_at_firmware_host::board::Board;
use wifi_at_firmware_host::ports::MappedNetwork;
use wifi_at_simulator::{AccessPoint, Builder, Dialect};

use crate::elf::Firmware;

/// Where the stacks begin, from which they grow down: that of tasks (`../src/stack.rs`) and that of interrupts.
const TOPS: [u64; 2] = [0x2030_0000, 0x2040_0000];
/// Bytes that are painted below.
const DEPTH: usize = 32 * 1024;
const PAINT: u8 = 0xc5;
const BAUD: u32 = 921_600;
/// Longer than it takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Bytes of stack that were used.
pub struct Depths {
    pub tasks: u64,
    pub interrupts: u64,
}

/// The emulator's monitor.
struct Monitor {
    stream: BufReader<TcpStream>,
    file: PathBuf,
}

impl Monitor {
    fn new(stream: TcpStream, file: PathBuf) -> io::Result<Self> {
        let mut monitor = Self { stream: BufReader::new(stream), file };
        monitor.stream.read_line(&mut String::new())?;
        monitor.execute("\"qmp_capabilities\"")?;
        Ok(monitor)
    }

    fn execute(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.stream.get_mut(), "{{\"execute\": {command}}}")?;
        loop {
            let mut line = String::new();
            match self.stream.read_line(&mut line)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ if line.contains("\"error\"") => return Err(io::Error::other(line)),
                _ if line.contains("\"return\"") => return Ok(()),
                _ => {}
            }
        }
    }

    fn memory(&mut self, address: u64, size: usize) -> io::Result<Vec<u8>> {
        let file = self.file.display();
        let arguments = format!("{{\"val\": {address}, \"size\": {size}, \"filename\": \"{file}\"}}");
        self.execute(&format!("\"pmemsave\", \"arguments\": {arguments}"))?;
        fs::read(&self.file)
    }
}

/// Answers who asks, and closes.
fn serve(mut client: TcpStream) -> io::Result<()> {
    client.read_exact(&mut [0; 5])?;
    client.write_all(&[b'.'; 4000])
}

/// Greets the firmware's server again and again.
fn visit(port: u16) {
    loop {
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(|mut server| {
            server.read_exact(&mut [0; 5])?;
            server.write_all(&[b'.'; 2000])
        });
        thread::sleep(Duration::from_millis(200));
    }
}

/// Runs the firmware until the tasks of the mask have come to their end.
///
/// # Errors
/// If it cannot be run, or does not come to the end.
pub fn measure(elf: &Path, firmware: &Firmware, mask: u32) -> Result<Depths, Box<dyn std::error::Error>> {
    let pages = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let page_port = pages.local_addr()?.port();
    thread::spawn(move || pages.incoming().flatten().for_each(|client| drop(thread::spawn(|| serve(client)))));
    let echo = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let echo_port = echo.local_addr()?.port();
    thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((count, client)) = echo.recv_from(&mut buffer) {
            let _ = echo.send_to(&buffer[..count], client);
        }
    });
    // Free a moment ago, and for the module's server in a moment.
    let server_port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    thread::spawn(move || visit(server_port));

    let mut board = Board::new(move || {
        let network = MappedNetwork::default().with("page.test", 80, page_port).with("udp.test", 123, echo_port).with(
            "server.test",
            8080,
            server_port,
        );
        let access_point = AccessPoint::new("emulated", "open sesame");
        Builder::new(Dialect::EspAt).baud(Some(BAUD)).access_point(access_point).network(network).build()
    })?;
    let (sender, monitor) = channel();
    board.wire("{monitor}", move |stream| drop(sender.send(stream)))?;

    let directory = std::env::temp_dir().join(format!("wifi-at-footprint-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let paint = directory.join("paint");
    fs::write(&paint, [PAINT; DEPTH])?;
    let mut command: Vec<String> =
        ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-kernel"]
            .map(String::from)
            .to_vec();
    command.push(elf.display().to_string());
    let uart = "socket,id=uart,host=127.0.0.1,port={uart},nodelay=on";
    command.extend(["-chardev", uart, "-serial", "chardev:uart", "-qmp", "tcp:127.0.0.1:{monitor}"].map(String::from));
    for top in TOPS {
        let start = top - DEPTH as u64;
        command.push("-device".into());
        command.push(format!("loader,file={},addr={start:#x},force-raw=on", paint.display()));
    }
    let mut emulator = board.start(&command)?;
    let mut monitor = Monitor::new(monitor.recv_timeout(LIMIT)?, directory.join("memory"))?;
    let done = firmware.value("DONE")?;
    let start = Instant::now();
    loop {
        let bits = u32::from_le_bytes(monitor.memory(done, 4)?.try_into().map_err(|_| "four bytes")?);
        if bits & mask == mask {
            break;
        }
        if start.elapsed() > LIMIT {
            let commands = board.last_commands().join("\n");
            return Err(
                format!("tasks {bits:#b} of {mask:#b} were done after {LIMIT:?}; last commands:\n{commands}").into()
            );
        }
        if let Some(status) = emulator.ended()? {
            return Err(format!("the emulator ended with {status}").into());
        }
        thread::sleep(Duration::from_millis(100));
    }
    let mut depths = [0; 2];
    for (top, depth) in TOPS.into_iter().zip(&mut depths) {
        let memory = monitor.memory(top - DEPTH as u64, DEPTH)?;
        let untouched = memory.iter().take_while(|byte| **byte == PAINT).count();
        if untouched == 0 {
            return Err("the stack is deeper than what was painted".into());
        }
        // The last byte that was written may be the paint's by chance; a frame's size is a multiple of 8.
        *depth = (DEPTH - untouched).next_multiple_of(8) as u64;
    }
    drop(emulator);
    fs::remove_dir_all(&directory)?;
    let [tasks, interrupts] = depths;
    Ok(Depths { tasks, interrupts })
}
