//! Servers in memory for the commands of MQTT, HTTP and WebSocket: a broker, web servers that give the answers of the
//! catalogue, and modules among them.
#![allow(dead_code, unreachable_pub)]

use crate::broker::Broker;
use crate::common::{Bench, builder_of, ms};
use crate::layers::{self, Answering, Frames, Tls};
use crate::tls::Authority;
use core::time::Duration;
use serde_json::Value;
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use wifi_at_simulator::{AccessPoint, Builder, CertificateStore, Dialect, Latency, MemoryNetwork};

/// 2026-05-28.
pub const NOW: u64 = 1_780_000_000;
pub const WEB: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);

/// An HTTP server that gives one answer.
pub fn web(answer: Rc<RefCell<Vec<u8>>>) -> impl FnMut(&[u8]) -> Vec<u8> {
    let mut got = Vec::new();
    move |data: &[u8]| {
        got.extend_from_slice(data);
        let text = String::from_utf8_lossy(&got).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return Vec::new() };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            return Vec::new();
        }
        got.clear();
        answer.borrow().clone()
    }
}

/// What the blocks of an example hold, with the head that puts their borders where they are.
pub fn answer_of(rx: &[Value], all: usize) -> Vec<u8> {
    let blocks: Vec<Vec<u8>> = rx.iter().filter_map(block).map(|(_, data)| data).collect();
    let head = |field: &str| rx.iter().any(|line| block(line).is_some_and(|(head, _)| head.ends_with(field)));
    if head(" ") {
        return [b"HTTP/1.1 200 OK\r\n".to_vec(), blocks.join(&b"\r\n"[..]), b"\r\n\r\n".to_vec()].concat();
    }
    let body = blocks.concat();
    let begin = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Pad: ", body.len());
    // The module reads 512 bytes at a time, head and body together.
    let first = blocks.first().map_or(0, Vec::len);
    let pad = if blocks.len() > 1 { all - first - begin.len() - 4 } else { 0 };
    [begin.into_bytes(), vec![b'x'; pad], b"\r\n\r\n".to_vec(), body].concat()
}

pub fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

/// Head and data of counted data: an object of the sessions, or a string of the examples.
pub fn block(line: &Value) -> Option<(String, Vec<u8>)> {
    if let Some(text) = line.as_str() {
        let (head, data) = text.split_once(',').filter(|(head, _)| head.starts_with("+HTTP"))?;
        let blank = data.starts_with(' ') && head.starts_with("+HTTPCLIENT");
        let count: usize = head.split_once(':')?.1.parse().ok()?;
        let blank = usize::from(blank && data.len() == count + 1);
        return Some((format!("{head},{}", &data[..blank]), latin(&data[blank..])));
    }
    let head = line["head"].as_str()?.to_owned();
    Some((head, line["raw"].as_str().map(latin)?))
}

/// The bytes that a line of the catalogue stands for.
pub fn bytes_of(line: &Value) -> Vec<u8> {
    match block(line) {
        Some((head, data)) => [head.into_bytes(), data, b"\r\n".to_vec()].concat(),
        None => [line.as_str().unwrap().as_bytes(), b"\r\n"].concat(),
    }
}

/// All modules of a test share a network with a broker, a web server and a WebSocket server at every address they ask.
pub struct World {
    pub network: MemoryNetwork,
    pub broker: Broker,
    pub authority: Authority,
    pub certificates: CertificateStore,
    pub answer: Rc<RefCell<Vec<u8>>>,
    pub known: Vec<SocketAddr>,
}

impl World {
    pub fn new() -> Self {
        let network = MemoryNetwork::new();
        let broker = Broker::new(&network);
        let authority = Authority::new("authority");
        let own = authority.issue("module", 2020..2040);
        let mut certificates = CertificateStore::new();
        for service in ["mqtt", "https", "wss"] {
            certificates = certificates
                .with(&format!("{service}_ca"), 0, authority.pem())
                .with(&format!("{service}_cert"), 0, &own.certificate)
                .with(&format!("{service}_key"), 0, &own.key);
        }
        Self { network, broker, authority, certificates, answer: Rc::default(), known: Vec::new() }
    }

    /// A module in the network, with the access points of the sessions.
    pub fn module(&self, dialect: Dialect, joins: bool) -> Bench {
        self.module_with(dialect, joins, |builder| builder)
    }

    /// The same with more.
    pub fn module_with(&self, dialect: Dialect, joins: bool, more: impl FnOnce(Builder) -> Builder) -> Bench {
        let builder = builder_of(dialect)
            .latency(Latency::none())
            .clock(NOW)
            .certificates(self.certificates.clone())
            .access_point(AccessPoint::new("espressif", "1234567890"))
            .access_point(AccessPoint::open("MERCURY_407"));
        let module = more(builder).network(self.network.clone()).build();
        let mut bench = Bench { module, network: self.network.clone(), now: Duration::ZERO };
        bench.run(ms(10));
        bench.ask_for("ATE0", ms(10));
        if joins {
            bench.ask_for("AT+CWMODE=1", ms(10));
            let joined = bench.ask_for("AT+CWJAP=\"home\",\"secret password\"", ms(10));
            assert_eq!(joined, "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
        }
        bench
    }

    fn address(&mut self, host: &str, port: u16) -> Option<SocketAddr> {
        let ip = host.parse::<Ipv4Addr>().unwrap_or(WEB);
        let address = SocketAddr::from((ip, port));
        if host.parse::<Ipv4Addr>().is_err() {
            self.network.add_host(host, WEB.into());
        }
        (!self.known.contains(&address)).then(|| {
            self.known.push(address);
            address
        })
    }

    /// A broker at the address that `AT+MQTTCONN` names.
    pub fn mqtt(&mut self, host: &str, port: u16, scheme: u8) {
        let Some(address) = self.address(host, port) else { return };
        let server = self.authority.issue("server", 2020..2040);
        let clients = matches!(scheme, 4 | 5 | 9 | 10).then_some(&self.authority);
        let config = server.server(clients, &["mqtt-ca.cn"]);
        let broker = self.broker.clone();
        self.network.serve(address, move || {
            broker.client_on(match scheme {
                1 => Rc::new(RefCell::new(layers::plain())),
                2..=5 => Rc::new(RefCell::new(Tls::new(&config, layers::plain()))),
                6 => Rc::new(RefCell::new(Frames::default())),
                _ => Rc::new(RefCell::new(Tls::new(&config, Frames::default()))),
            })
        });
    }

    pub fn web(&mut self, url: &str) {
        let (scheme, rest) = url.split_once("://").unwrap();
        let host = rest.split(['/', '?']).next().unwrap();
        let secure = matches!(scheme, "https" | "wss");
        let Some(address) = self.address(host, if secure { 443 } else { 80 }) else { return };
        let answer = Rc::clone(&self.answer);
        let config = self.authority.issue("server", 2020..2040).server(None, &[]);
        match scheme {
            "http" => self.network.serve(address, move || web(Rc::clone(&answer))),
            "https" => self.network.serve(address, move || Answering {
                layer: Tls::new(&config, layers::plain()),
                reply: web(Rc::clone(&answer)),
            }),
            _ => self.network.serve(address, move || Answering {
                layer: Tls::new(&config, Frames::default()),
                reply: |_: &[u8]| Vec::new(),
            }),
        }
    }
}

pub fn values(line: &str) -> Vec<&str> {
    let (_, rest) = line.split_once('=').unwrap_or((line, ""));
    rest.split(',').map(|value| value.trim_matches('"')).collect()
}

/// Puts up what a command needs in the world.
pub fn prepare(world: &mut World, line: &str, rx: &[Value], scheme: u8) {
    let values = values(line);
    let name = line.split(['=', '?']).next().unwrap();
    match name {
        "AT+MQTTCONN" if line.contains('=') => world.mqtt(values[1], values[2].parse().unwrap(), scheme),
        _ if name.starts_with("AT+HTTP") || name == "AT+WSOPEN" => {
            let size = if name == "AT+HTTPCLIENT" || line.contains("HTTPCP") { 512 } else { 2048 };
            *world.answer.borrow_mut() = answer_of(rx, size);
            if let Some(url) = values.iter().find(|value| value.contains("://")) {
                world.web(url);
            }
        }
        _ => {}
    }
}
