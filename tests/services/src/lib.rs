//! A broker on this machine, and a module in real time with a host at its line.

use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use wifi_at_simulator::realtime::{self, Module, StreamReader, StreamWriter};
use wifi_at_simulator::{AccessPoint, Builder, Dialect, HostNetwork, Latency};

/// A version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1
    V4,
    /// 5.0
    V5,
}

/// Starts an MQTT broker (rumqttd) on a free port of 127.0.0.1; it runs until the process ends. Gives its address once
/// it takes connections.
///
/// # Errors
///
/// There is no free port, or the broker has not come up within 10 s.
pub fn broker(version: Version) -> io::Result<SocketAddr> {
    // The broker binds by itself: the port is free a moment before.
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let connections = ConnectionSettings {
        connection_timeout_ms: 5000,
        max_payload_size: 1 << 20,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings { name: "only".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    let router = RouterConfig {
        max_connections: 100,
        max_outgoing_packet_count: 200,
        max_segment_size: 1 << 20,
        max_segment_count: 10,
        ..RouterConfig::default()
    };
    let servers = Some([("only".to_owned(), server)].into());
    let config = match version {
        Version::V4 => Config { router, v4: servers, ..Config::default() },
        Version::V5 => Config { router, v5: servers, ..Config::default() },
    };
    let _ = thread::Builder::new().name("broker".into()).spawn(move || Broker::new(config).start().is_ok())?;
    let begin = Instant::now();
    loop {
        match TcpStream::connect(listen) {
            Ok(_) => return Ok(listen),
            Err(error) if begin.elapsed() > Duration::from_secs(10) => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// A host at the line of an ESP-AT module that has joined a network with the sockets of this machine, echo off.
#[derive(Debug)]
pub struct Host {
    reader: StreamReader,
    writer: StreamWriter,
    seen: Vec<u8>,
    /// Ends the module when it is dropped.
    _module: Module,
}

impl Host {
    /// Starts the module and joins.
    ///
    /// # Errors
    ///
    /// There is no thread for it, or it does not answer.
    pub fn joined() -> io::Result<Self> {
        let (module, stream) = realtime::spawn(|| {
            Builder::new(Dialect::EspAt)
                .access_point(AccessPoint::open("home"))
                .latency(Latency::none())
                .network(HostNetwork::new())
                .build()
        })?;
        let (reader, writer) = stream.split();
        let mut host = Self { reader, writer, seen: Vec::new(), _module: module };
        host.wait("\r\nready\r\n")?;
        for command in ["ATE0", "AT+CWMODE=1", "AT+CWJAP=\"home\",\"\""] {
            host.ask(command, "\r\nOK\r\n")?;
        }
        Ok(host)
    }

    /// Reads until this text has come; gives everything up to its end.
    ///
    /// # Errors
    ///
    /// Nothing came for 10 s; the error has what was there.
    pub fn wait(&mut self, text: &str) -> io::Result<String> {
        let text = text.as_bytes();
        loop {
            if let Some(at) = self.seen.windows(text.len()).position(|part| part == text) {
                let all: Vec<u8> = self.seen.drain(..at + text.len()).collect();
                return Ok(String::from_utf8_lossy(&all).into_owned());
            }
            let mut buffer = [0; 16_384];
            let count = self.reader.read_timeout(&mut buffer, Duration::from_secs(10));
            let count = count.map_err(|error| io::Error::other(format!("{error}: {}", self.seen.escape_ascii())))?;
            self.seen.extend(&buffer[..count]);
        }
    }

    /// Sends a command and waits for this text.
    ///
    /// # Errors
    ///
    /// As for [`wait`](Self::wait).
    pub fn ask(&mut self, command: &str, text: &str) -> io::Result<String> {
        self.send(format!("{command}\r\n").as_bytes())?;
        self.wait(text)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// The module is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }
}
