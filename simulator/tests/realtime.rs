//! A module in real time with the sockets of this machine.
#![allow(missing_docs)]

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Instant;
use wifi_at_simulator::realtime::{self, Module, StreamReader, StreamWriter};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, Fault, HostNetwork, Latency, When};

struct Host {
    module: Module,
    reader: StreamReader,
    writer: StreamWriter,
    seen: Vec<u8>,
}

impl Host {
    /// Joined, several links, echo off.
    fn joined() -> Self {
        let (module, stream) = realtime::spawn(|| {
            let mut network = HostNetwork::new();
            network.add_host("server.test", "127.0.0.1".parse().unwrap());
            Builder::new(Dialect::EspAt)
                .access_point(AccessPoint::open("home"))
                .latency(Latency::none())
                .network(network)
                .build()
        })
        .unwrap();
        let (reader, writer) = stream.split();
        let seen = Vec::new();
        let mut host = Self { module, reader, writer, seen };
        host.wait("\r\nready\r\n");
        for command in ["ATE0", "AT+CWMODE=1", "AT+CWJAP=\"home\",\"\"", "AT+CIPMUX=1"] {
            host.ask(command, "\r\nOK\r\n");
        }
        host
    }

    /// Reads until this text has come; gives everything up to its end.
    #[track_caller]
    fn wait(&mut self, text: &str) -> Vec<u8> {
        let text = text.as_bytes();
        loop {
            let found = self.seen.windows(text.len()).position(|part| part == text);
            if let Some(at) = found {
                return self.seen.drain(..at + text.len()).collect();
            }
            self.fill();
        }
    }

    #[track_caller]
    fn fill(&mut self) {
        let mut buffer = [0; 16384];
        let count = self.reader.read_timeout(&mut buffer, Duration::from_secs(10));
        let count = count.unwrap_or_else(|error| panic!("{error}: {}", self.seen.escape_ascii()));
        self.seen.extend(&buffer[..count]);
    }

    #[track_caller]
    fn ask(&mut self, command: &str, end: &str) -> Vec<u8> {
        self.writer.write_all(format!("{command}\r\n").as_bytes()).unwrap();
        self.wait(end)
    }
}

#[test]
fn echo_over_a_real_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = [0; 5];
        stream.read_exact(&mut text).unwrap();
        stream.write_all(&text.to_ascii_uppercase()).unwrap();
    });
    let mut host = Host::joined();
    let start = format!("AT+CIPSTART=1,\"TCP\",\"server.test\",{port}");
    assert_eq!(host.ask(&start, "OK\r\n"), b"1,CONNECT\r\n\r\nOK\r\n");
    host.ask("AT+CIPSEND=1,5", "\r\n>");
    host.writer.write_all(b"hello").unwrap();
    host.wait("\r\n+IPD,1,5:HELLO");
    host.wait("1,CLOSED\r\n");
    server.join().unwrap();
    let commands = host.module.with(|simulator, _| simulator.commands().len());
    assert_eq!(commands, Some(6));
}

#[test]
fn refused_and_unknown() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut host = Host::joined();
    let start = format!("AT+CIPSTART=0,\"TCP\",\"127.0.0.1\",{port}");
    assert_eq!(host.ask(&start, "ERROR\r\n"), b"\r\nERROR\r\n");
    let unknown = host.ask("AT+CIPDOMAIN=\"no-such-host.invalid\"", "ERROR\r\n");
    assert_eq!(unknown, b"DNS Fail\r\n\r\nERROR\r\n");
}

#[test]
fn a_download_on_request() {
    const SIZE: usize = 8 << 20;
    let data: Vec<u8> =
        (0..SIZE as u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes().into_iter().take(1)).collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = data.clone();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&sent).unwrap();
    });
    let mut host = Host::joined();
    host.ask("AT+CIPRECVTYPE=5,1", "\r\nOK\r\n");
    host.ask(&format!("AT+CIPSTART=0,\"TCP\",\"127.0.0.1\",{port}"), "\r\nOK\r\n");
    let start = Instant::now();
    let mut got: Vec<u8> = Vec::new();
    let mut ended = false;
    while !ended {
        if host.seen.windows(5).all(|part| part != b"+IPD,") {
            host.wait("+IPD,0,");
        }
        host.writer.write_all(b"AT+CIPRECVDATA=0,8192\r\n").unwrap();
        let head = host.wait("+CIPRECVDATA:");
        ended |= head.ends_with(b"CLOSED\r\n");
        let count = host.wait(",");
        let count: usize = std::str::from_utf8(&count[..count.len() - 1]).unwrap().parse().unwrap();
        while host.seen.len() < count + 6 {
            host.fill();
        }
        got.extend(host.seen.drain(..count));
        assert_eq!(host.seen.drain(..6).as_slice(), b"\r\nOK\r\n");
        if got.len() == SIZE {
            host.wait("0,CLOSED\r\n");
            ended = true;
        }
    }
    let rate = SIZE as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("{rate:.1} MB/s");
    assert!(got == data);
    server.join().unwrap();
}

#[test]
fn server_and_udp() {
    let mut host = Host::joined();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    host.ask(&format!("AT+CIPSERVER=1,{port}"), "\r\nOK\r\n");
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    host.wait("0,CONNECT\r\n");
    client.write_all(b"question").unwrap();
    host.wait("\r\n+IPD,0,8:question");
    host.ask("AT+CIPSEND=0,6", "\r\n>");
    host.writer.write_all(b"answer").unwrap();
    host.wait("\r\nSEND OK\r\n");
    let mut text = [0; 6];
    client.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"answer");
    host.ask("AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
    assert_eq!(client.read(&mut text).unwrap(), 0);

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    host.ask(&format!("AT+CIPSTART=2,\"UDP\",\"127.0.0.1\",{port}"), "\r\nOK\r\n");
    host.ask("AT+CIPSEND=2,4", "\r\n>");
    host.writer.write_all(b"ping").unwrap();
    let (_, from) = socket.recv_from(&mut text).unwrap();
    socket.send_to(b"pong", from).unwrap();
    host.wait("+IPD,2,4:pong");
}

#[test]
fn the_host_holds_the_module_and_sees_a_fault() {
    let (module, mut stream) =
        realtime::spawn(|| Builder::new(Dialect::EspAt).latency(Latency::none()).flow_control(true).build()).unwrap();
    let mut text = [0; 9];
    stream.read_exact(&mut text).unwrap();
    module.with(|module, now| module.set_host_ready(now, false)).unwrap();
    module.with(|module, _| module.inject_fault(Fault::UnknownLine, When::Next)).unwrap().unwrap();
    stream.write_all(b"AT\r\n").unwrap();
    let (mut reader, _writer) = stream.split();
    let mut text = [0; 64];
    let held = reader.read_timeout(&mut text, Duration::from_millis(100));
    assert_eq!(held.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    module.with(|module, now| module.set_host_ready(now, true)).unwrap();
    let mut seen = [0; 16];
    reader.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"AT\r\n+FOO:1\r\nOK\r\n");
}
