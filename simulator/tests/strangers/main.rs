//! Programs that know nothing of this one talk to it: Python with pyserial over a pseudo-terminal, socat as the README
//! shows; and the module talks to openssl and mosquitto.
#![cfg(all(feature = "program", unix))]
#![allow(missing_docs)]

mod services;
#[path = "../common/tls.rs"]
mod tls;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A program that ends with the test.
struct Program(Child);

impl Program {
    /// The simulator and the line that it prints first.
    fn simulator(arguments: &[&str]) -> (Self, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wifi-at-simulator"));
        command.args(arguments).args(["--fast", "--ap", "home:12345678", "--host", "web.test=127.0.0.1"]);
        let mut program = Self(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let line = program.output().next().unwrap();
        (program, line)
    }

    fn output(&mut self) -> impl Iterator<Item = String> + use<> {
        BufReader::new(self.0.stdout.take().unwrap()).lines().map(Result::unwrap)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a program runs and ends well. `WIFI_AT_STRANGERS=required` (the gate sets it) makes it a failure that one is
/// not installed; without, its test says so and does nothing.
fn works(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) {
        return true;
    }
    let required = std::env::var_os("WIFI_AT_STRANGERS").is_some_and(|value| value == "required");
    assert!(!required, "{program} {arguments:?} does not work, and WIFI_AT_STRANGERS=required");
    println!("skipped: {program} {arguments:?} does not work here");
    false
}

/// A port that is free now; nobody else takes it before the module does.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A web server for one request; gives its port, and in the end the request.
fn web(page: &'static str) -> (u16, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 18];
        stream.read_exact(&mut request).unwrap();
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", page.len());
        stream.write_all((head + page).as_bytes()).unwrap();
        request
    });
    (port, server)
}

/// Tries until the module listens.
fn connect(port: u16) -> TcpStream {
    let start = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(5), "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// `WIFI_AT_PYTHON` names a Python with pyserial; without it is `python3`.
#[test]
fn python_over_a_pseudo_terminal() {
    let python = std::env::var("WIFI_AT_PYTHON").unwrap_or_else(|_| "python3".into());
    if works(&python, &["-c", "import serial"]) {
        // One after the other takes longer than all at once: passthrough ends after a silence.
        let dialects = ["esp-at", "wizfi360", "esp8266-nonos", "esp8266-idf", "esp32-v1"];
        let hosts = dialects.map(|dialect| {
            let python = python.clone();
            (dialect, thread::spawn(move || serial_host(&python, dialect)))
        });
        for (dialect, host) in hosts {
            assert!(host.join().is_ok(), "{dialect}: see above");
        }
    }
}

fn serial_host(python: &str, dialect: &str) {
    let (_simulator, line) = Program::simulator(&["--pty", "--dialect", dialect]);
    let (web_port, server) = web("hello, stranger");
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let udp_port = udp.local_addr().unwrap().port();
    let module_port = free_port();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strangers/serial_host.py");
    let ports = [web_port, udp_port, module_port].map(|port| port.to_string());
    let mut command = Command::new(python);
    command.args([script, dialect, &line]).args(ports);
    let mut host =
        Program(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap());
    let mut lines = host.output();

    assert_eq!(lines.next().as_deref(), Some("listening"), "{dialect}: the script has failed, see above");
    assert_eq!(server.join().unwrap(), b"GET / HTTP/1.0\r\n\r\n");
    let mut client = connect(module_port);
    let own_port = client.local_addr().unwrap().port();
    writeln!(host.0.stdin.as_mut().unwrap(), "{own_port}").unwrap();
    client.write_all(b"hello module").unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello client");
    drop(client);

    // One for the datagram, one for what passes through.
    for wanted in [&b"datagram"[..], b"as it is\r\nat+gmr\r\n"] {
        let mut datagram = [0; 100];
        let (count, from) = udp.recv_from(&mut datagram).unwrap();
        assert_eq!(&datagram[..count], wanted, "{dialect}");
        udp.send_to(&datagram[..count].to_ascii_uppercase(), from).unwrap();
    }

    assert_eq!(lines.next().as_deref(), Some("done"), "{dialect}: the script has failed, see above");
    assert!(host.0.wait().unwrap().success());
}

/// What a person types and sees with socat: the session of the README, with another port, page and date.
struct Terminal {
    input: ChildStdin,
    output: std::process::ChildStdout,
    _socat: Program,
}

impl Terminal {
    fn open(address: &str) -> Self {
        let mut command = Command::new("socat");
        command.args(["-", &format!("tcp:{address},crnl")]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut socat = command.spawn().unwrap();
        let (input, output) = (socat.stdin.take().unwrap(), socat.stdout.take().unwrap());
        Self { input, output, _socat: Program(socat) }
    }

    /// A typed text and what appears behind it.
    fn types(&mut self, text: &str, wanted: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
        let mut seen = vec![0; wanted.len()];
        self.output.read_exact(&mut seen).unwrap();
        assert_eq!(String::from_utf8(seen).unwrap(), wanted);
    }
}

#[test]
fn socat_at_a_tcp_port() {
    if !works("socat", &["-V"]) {
        return;
    }
    let (_simulator, line) = Program::simulator(&["--tcp", "127.0.0.1:0"]);
    let (web_port, server) = web("hello from the web\n");
    // What the module says while it boots goes into the void.
    thread::sleep(Duration::from_millis(300));
    let mut terminal = Terminal::open(line.strip_prefix("listening on ").unwrap());
    let readme = include_str!("../../README.md");
    let steps = [
        ("ATE0\n", "ATE0\n\nOK\n"),
        ("AT+CWMODE=1\n", "\nOK\n"),
        ("AT+CWJAP=\"home\",\"12345678\"\n", "WIFI CONNECTED\nWIFI GOT IP\n\nOK\n"),
        ("AT+CIPSTART=\"TCP\",\"127.0.0.1\",8080\n", "CONNECT\n\nOK\n"),
        ("AT+CIPSEND=18\n", "\nOK\n\n>"),
        ("GET / HTTP/1.0\n\n", "\nRecv 18 bytes\n\nSEND OK\n"),
    ];
    let mut rest = readme;
    for (text, wanted) in steps {
        let (_, behind) = rest.split_once(text).unwrap_or_else(|| panic!("the README does not show {text:?}"));
        assert!(behind.starts_with(wanted), "the README shows something else behind {text:?}");
        rest = behind;
        terminal.types(&text.replace("8080", &web_port.to_string()), wanted);
    }
    let page = "HTTP/1.0 200 OK\nContent-Length: 19\n\nhello from the web\n";
    terminal.types("", &format!("\n+IPD,58:{page}CLOSED\n"));
    assert_eq!(server.join().unwrap(), b"GET / HTTP/1.0\r\n\r\n");
}
