//! A host at the other end of the wire, in virtual time.
#![allow(dead_code, unreachable_pub)]

use core::time::Duration;
use wifi_at_simulator::{AccessPoint, Builder, Dialect, Latency, MemoryNetwork, Simulator, SocketId};

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub struct Bench {
    pub module: Simulator,
    pub network: MemoryNetwork,
    pub now: Duration,
}

pub fn builder() -> Builder {
    builder_of(Dialect::EspAt)
}

pub fn builder_of(dialect: Dialect) -> Builder {
    Builder::new(dialect)
        .access_point(AccessPoint::new("home", "secret password").bssid([2, 0, 0, 0, 0, 1]))
        .access_point(AccessPoint::open("cafe").bssid([2, 0, 0, 0, 0, 2]).rssi(-80).channel(11))
}

impl Bench {
    pub fn new(builder: Builder) -> Self {
        let network = MemoryNetwork::new();
        network.add_host("example.org", "10.0.0.1".parse().unwrap());
        network.serve("10.0.0.1:7".parse().unwrap(), || |data: &[u8]| data.to_vec());
        let module = builder.network(network.clone()).build();
        let now = Duration::ZERO;
        Self { module, network, now }
    }

    /// Booted, echo off.
    pub fn booted(builder: Builder) -> Self {
        let mut bench = Self::new(builder);
        assert_eq!(bench.run(ms(1000)), "\r\nready\r\n");
        assert_eq!(bench.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
        bench
    }

    /// Booted, echo off, and in the network with a single link, whatever the dialect.
    pub fn online(builder: Builder) -> Self {
        let mut bench = Self::new(builder);
        let boot = bench.run(ms(1000));
        assert!(boot.ends_with("\r\nready\r\n"), "{boot}");
        bench.ask("ATE0");
        bench.ok("AT+CWMODE=1");
        let joined = bench.ask("AT+CWJAP=\"home\",\"secret password\"");
        assert_eq!(joined, "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
        bench
    }

    /// Sends what the module has asked for with its prompt, gives everything that comes within 100 ms.
    pub fn payload(&mut self, bytes: &[u8]) -> String {
        self.send(bytes);
        self.run(ms(100))
    }

    /// A client for the module's server.
    pub fn client(&self, port: u16, to: u16) -> SocketId {
        let from = std::net::SocketAddr::from(([192, 168, 3, 50], port));
        self.network.connect_to_module(from, to).unwrap()
    }

    /// In the network, several links.
    pub fn joined(builder: Builder) -> Self {
        let mut bench = Self::booted(builder);
        bench.ok("AT+CWMODE=1");
        let join = "AT+CWJAP=\"home\",\"secret password\"";
        assert_eq!(bench.ask(join), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
        bench.ok("AT+CIPMUX=1");
        bench
    }

    /// Lets time pass; gives what the module sent.
    pub fn run(&mut self, time: Duration) -> String {
        String::from_utf8_lossy(&self.run_bytes(time)).into_owned()
    }

    pub fn run_bytes(&mut self, time: Duration) -> Vec<u8> {
        let end = self.now + time;
        let mut all = Vec::new();
        loop {
            self.module.poll(self.now);
            all.extend(self.module.drain(self.now));
            match self.module.next_wake() {
                Some(at) if at <= end => self.now = at.max(self.now),
                _ => break,
            }
        }
        self.now = end;
        self.module.poll(end);
        all.extend(self.module.drain(end));
        all
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.module.receive(self.now, bytes);
    }

    /// A command and everything that comes within 30 s.
    pub fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.run(Duration::from_secs(30))
    }

    /// A command and everything that comes within this time.
    pub fn ask_for(&mut self, command: &str, time: Duration) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.run(time)
    }

    #[track_caller]
    pub fn ok(&mut self, command: &str) {
        assert_eq!(self.ask(command), "\r\nOK\r\n", "{command}");
    }

    #[track_caller]
    pub fn error(&mut self, command: &str) {
        assert_eq!(self.ask(command), "\r\nERROR\r\n", "{command}");
    }
}

pub fn quick() -> Builder {
    builder().latency(Latency::none())
}

/// Payload that looks like everything that a parser waits for.
pub const CONTROL_WORDS: &[u8] =
    b"\r\nOK\r\n\r\nERROR\r\n+IPD,0,5:xxxxx0,CLOSED\r\n>\r\nready\r\nSEND OK\r\n\0\xff+++\r\n";

/// These parts one after the other.
pub fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
