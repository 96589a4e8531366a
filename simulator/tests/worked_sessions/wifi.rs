//! Sessions of Wi-Fi, TCP/IP and sleep: the world plays the phone, the router and the user, the network in memory the PC.
use crate::Replay;
use crate::common::ms;
use crate::tls::{self, Authority};
use core::time::Duration;
use serde_json::Value;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::rc::Rc;
use wifi_at_simulator::{
    AccessPoint, Builder, Client, Dialect, Ethernet, Event, Latency, Lease, MemoryNetwork, Peer, PeerSocket, Simulator,
    SocketId, World,
};

/// The PC's end of a TLS connection, whichever side it is.
type Openssl = Rc<RefCell<Option<rustls::Connection>>>;

/// Takes encrypted bytes, gives those to send.
fn exchange(openssl: &Openssl, mut data: &[u8]) -> Vec<u8> {
    let mut connection = openssl.borrow_mut();
    let connection = connection.as_mut().expect("a connection");
    while !data.is_empty() {
        connection.read_tls(&mut data).unwrap();
        connection.process_new_packets().unwrap();
        let mut plain = Vec::new();
        // Ends by an error that says that there is no more yet.
        let _ = connection.reader().read_to_end(&mut plain);
        assert!(matches!(&plain[..], b"" | b"test"), "the module sends what the session says");
    }
    let mut out = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut out).unwrap();
    }
    out
}

/// `openssl s_server`
struct TlsServer(Openssl);

impl Peer for TlsServer {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        socket.send(&exchange(&self.0, data));
    }
}

/// A board, and everything around it.
struct Board {
    module: Simulator,
    network: MemoryNetwork,
    now: Duration,
    authority: Authority,
    openssl: Openssl,
    /// The connection of `openssl s_client`.
    tls_client: Option<SocketId>,
}

impl Board {
    fn new(section: &str) -> Self {
        let lease = |address: [u8; 4], gateway: [u8; 4]| Lease {
            address: address.into(),
            gateway: gateway.into(),
            netmask: [255, 255, 255, 0].into(),
        };
        let mut world = World::new()
            .lease(lease([192, 168, 3, 112], [192, 168, 3, 1]))
            .access_point(AccessPoint::new("espressif", "1234567890"))
            .access_point(AccessPoint::new("hotspot of the phone", "0987654321").down())
            .client(Client::new("phone", [0x3c, 0x22, 0xfb, 1, 2, 3]));
        if section == "4.6.1" {
            world = world.ethernet(Ethernet { lease: lease([192, 168, 105, 24], [192, 168, 105, 1]), plugged: true });
        }
        let network = MemoryNetwork::new();
        // The PC takes what comes.
        network.serve(([192, 168, 3, 102], 8080).into(), || |_: &[u8]| Vec::new());
        let authority = Authority::new("authority");
        let server = authority.issue("server", 2020..2040);
        // 4.2.7 demands a certificate.
        let config = server.server((section == "4.2.7").then_some(&authority), &[]);
        let openssl = Openssl::default();
        let shared = Rc::clone(&openssl);
        network.serve(([192, 168, 3, 102], 8070).into(), move || {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            *shared.borrow_mut() = Some(connection.into());
            TlsServer(Rc::clone(&shared))
        });
        let builder = Builder::new(Dialect::EspAt).latency(Latency::none()).network(network.clone()).world(world);
        // A send and a scan last, so that something else can come meanwhile.
        let builder = builder.with_latency(|latency| {
            latency.send = ms(5);
            latency.scan = Duration::from_secs(2);
        });
        let builder = builder.certificates(tls::store(&authority, &authority.issue("module", 2020..2040)));
        // When 4.2.7 was written, less than its first steps.
        let builder = builder.clock(1_634_559_147);
        let mut board =
            Self { module: builder.build(), network, now: Duration::ZERO, authority, openssl, tls_client: None };
        board.run(ms(10));
        board.module.receive(board.now, b"ATE0\r\n");
        board.run(ms(10));
        board
    }

    fn run(&mut self, time: Duration) -> String {
        self.now += time;
        self.module.poll(self.now);
        if let Some(socket) = self.tls_client {
            let out = exchange(&self.openssl, &self.network.take_received(socket));
            self.network.push(socket, &out);
            self.module.poll(self.now);
        }
        self.module.drain(self.now).into_iter().map(char::from).collect()
    }

    /// A step of preparation that has to work.
    fn prepare(&mut self, lines: &[&str]) {
        for line in lines {
            self.module.receive(self.now, format!("{line}\r\n").as_bytes());
            let answer = self.run(ms(100));
            assert!(answer.ends_with("\r\nOK\r\n") || answer.ends_with('>'), "{line}: {answer}");
        }
    }

    fn join(&mut self) {
        self.prepare(&["AT+CWMODE=1", "AT+CWJAP=\"espressif\",\"1234567890\""]);
    }

    fn connect(&mut self) {
        self.prepare(&["AT+CIPSTART=\"TCP\",\"192.168.3.102\",8080"]);
    }

    /// What comes before the first step.
    fn preconditions(&mut self, session: &Value) {
        for condition in session["preconditions"].as_array().unwrap() {
            match condition.as_str().unwrap() {
                "as after the steps of 4.2.1: one TCP connection, AT+CIPMUX=0" => {
                    self.join();
                    self.connect();
                }
                "station connected to an AP" => self.join(),
                "AT+SYSLOG=1" => self.prepare(&["AT+SYSLOG=1"]),
                "a command is running" => {
                    self.prepare(&["AT+CWMODE=1"]);
                    self.module.receive(self.now, b"AT+CWLAP\r\n");
                    assert_eq!(self.run(ms(10)), "");
                }
                text if text.starts_with("configured as") => {
                    self.prepare(&["AT+CWMODE=3", "AT+CIPMUX=1", "AT+WEBSERVER=1,80,25"]);
                    self.happen(Event::ClientJoins("phone".into()));
                    assert!(self.run(ms(10)).contains("+STA_CONNECTED:"));
                }
                // Holds for every board here, and is no state of the module.
                text => {
                    let known =
                        ["router", "no connections", "AT+CIPMUX=0", "AT+SYSLOG=0", "firmware", "captive portal"];
                    let known = known.iter().chain(&["cable", "wake source", "ESP-AT newer", "certificates"]);
                    assert!(known.into_iter().any(|start| text.starts_with(start)), "unknown: {text}");
                }
            }
        }
    }

    fn happen(&mut self, event: Event) {
        self.module.happen(self.now, event);
    }

    /// Connects the PC to the module's server.
    fn client(&mut self, port: u16) -> SocketId {
        let stations = self.module.joined_stations();
        let address = stations.first().and_then(|station| station.address).unwrap_or([192, 168, 3, 102].into());
        let socket = self.network.connect_to_module((address, 50_000).into(), port).expect("the module listens");
        self.module.poll(self.now);
        socket
    }

    /// The same with TLS and a certificate, if the module asks for one.
    fn tls_client(&mut self, port: u16) {
        // 4.2.8 does not set the clock: for the module it is 1970.
        let own = self.authority.issue("client", 1970..2040);
        let config = tls::client(&self.authority, Some(&own));
        let connection = rustls::ClientConnection::new(config, "module".try_into().unwrap()).unwrap();
        *self.openssl.borrow_mut() = Some(connection.into());
        self.tls_client = Some(self.client(port));
    }

    /// The other end of the only link sends.
    fn peer_sends(&mut self, data: &[u8]) {
        let link = self.module.links().into_iter().next().expect("a link");
        if link.kind == "SSL" {
            let mut connection = self.openssl.borrow_mut();
            connection.as_mut().expect("a connection").writer().write_all(data).unwrap();
            drop(connection);
            let out = exchange(&self.openssl, b"");
            self.network.push(link.socket, &out);
        } else if link.kind == "UDP" {
            self.network.push_datagram(link.remote, link.local_port, data);
        } else {
            self.network.push(link.socket, data);
        }
        self.module.poll(self.now);
    }

    fn credentials(&mut self, ssid: &str, password: &str) {
        self.happen(Event::WebCredentials { ssid: ssid.into(), password: password.into() });
    }

    /// What people and peers do. `false` if the text says nothing that is known.
    fn act(&mut self, event: &str) -> bool {
        let has = |part: &str| event.contains(part);
        if has("joins the SoftAP") {
            self.happen(Event::ClientJoins("phone".into()));
            if has("SSID and key of the router") {
                self.credentials("espressif", "1234567890");
            }
        } else if has("enters SSID and key of the router") {
            self.credentials("espressif", "1234567890");
        } else if has("cannot connect") {
            self.credentials("espressif", "not the key");
        } else if has("hotspot option") {
            self.happen(Event::AccessPointUp("hotspot of the phone".into()));
            self.credentials("hotspot of the phone", "0987654321");
        } else if has("starts the upgrade") || has("sends the firmware") {
            self.happen(Event::WebUpload(true));
        } else if has("the upgrade begins") {
            self.happen(Event::WebUpload(false));
        } else if has("sends 4 bytes, test") {
            self.peer_sends(b"test");
        } else if has("openssl s_client") {
            self.tls_client(8070);
        } else if has("TCP connection to") || has("connects to") {
            let port = event.rsplit(':').next().and_then(|end| end.split(' ').next()).unwrap();
            self.client(port.parse().unwrap());
        } else if has("the AP goes down") {
            self.happen(Event::AccessPointDown("espressif".into()));
        } else if has("while a command is still running") {
            self.module.receive(self.now, b"AT\r\n");
        } else if has("enters passthrough") {
            self.connect();
            self.prepare(&["AT+CIPMODE=1", "AT+CIPSEND"]);
        } else {
            // These are under way already, or true from the start.
            return has("all data have come in")
                || has("receiving fails")
                || has("runs a TCP server on 192.168.3.102:8080")
                || has("runs openssl s_server on port 8070")
                || has("the PC is put into the network of the module")
                || has("has a UDP socket on");
        }
        true
    }
}

/// A line, or a head with its counted data.
fn piece(entry: &Value) -> String {
    match entry.as_str() {
        Some(line) => line.to_owned(),
        None => format!("{}{}", entry["head"].as_str().unwrap(), entry["raw"].as_str().unwrap()),
    }
}

fn pieces(list: &Value) -> Vec<String> {
    list.as_array().map(|list| list.iter().map(piece).collect()).unwrap_or_default()
}

/// The lines that came, without empty ones, the echo, and those that the session leaves out.
fn seen(text: &str, step: &Value) -> Vec<String> {
    let mut hidden: Vec<String> = pieces(&step["urc_not_shown"]);
    if step["restart"] == true {
        // After a restart the module and its stations come together again, which is said elsewhere.
        hidden.extend(["WIFI CONNECTED", "WIFI GOT IP", "+STA_CONNECTED:", "+DIST_STA_IP:"].map(str::to_owned));
    }
    if step["event"] == "the AP goes down" {
        // Bit 2 of AT+SYSMSG lets this line through, too (3.1.15).
        hidden.push("CLOSED".to_owned());
    }
    // Up to the first value.
    for pattern in &mut hidden {
        let end = pattern.find(": <").map_or(pattern.len(), |colon| colon + 1);
        pattern.truncate(end);
    }
    let wanted = [pieces(&step["rx"]), pieces(&step["urc"])].concat();
    let lines = text.split("\r\n").filter(|line| !line.is_empty() && step["tx"].as_str() != Some(line));
    let shown = |line: &&str| {
        wanted.iter().any(|wanted| wanted == line) || !hidden.iter().any(|start| line.starts_with(start.as_str()))
    };
    lines.filter(shown).map(str::to_owned).collect()
}

/// What the step may give.
fn choices(step: &Value) -> Vec<Vec<String>> {
    let urc = pieces(&step["urc"]);
    let alternatives = step["alt_rx"].as_array().into_iter().flatten();
    let all = core::iter::once(&step["rx"]).chain(alternatives);
    all.map(|rx| [pieces(rx), urc.clone()].concat()).collect()
}

fn same(found: &[String], wanted: &[String], any_order: bool) -> bool {
    let (mut found, mut wanted) = (found.to_vec(), wanted.to_vec());
    if any_order {
        found.sort();
        wanted.sort();
    }
    found == wanted
}

/// Plays one step; what went wrong if it did.
fn play(board: &mut Board, step: &Value) -> Result<(), String> {
    let sends_escape = step["tx_raw"] == "+++";
    if sends_escape {
        board.run(ms(50));
    }
    if let Some(line) = step["tx"].as_str() {
        board.module.receive(board.now, format!("{line}\r\n").as_bytes());
    } else if let Some(raw) = step["tx_raw"].as_str() {
        let bytes: Vec<u8> = raw.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        board.module.receive(board.now, &bytes);
    } else if !board.act(step["event"].as_str().unwrap_or_default()) {
        return Err(format!("nobody knows how: {}", step["event"]));
    }
    let wanted = choices(step);
    let any_order = step["order_open"].is_array();
    let silent = wanted.iter().any(Vec::is_empty);
    let mut text = String::new();
    // A step that gives nothing, and one after which more may come, is watched a while.
    let least = if sends_escape {
        1000
    } else if silent || step["urc_not_shown"].is_array() {
        100
    } else {
        0
    };
    for waited in (0..10_000).step_by(10) {
        text += &board.run(ms(10));
        let found = seen(&text, step);
        if waited >= least && wanted.iter().any(|wanted| same(&found, wanted, any_order)) {
            return Ok(());
        }
    }
    Err(format!("{} {}: wanted {wanted:?}, got {text:?}", step["tx"], step["event"]))
}

/// Plays a session on a new board.
pub(crate) fn replay(session: &Value) -> Replay {
    let mut board = Board::new(session["section"].as_str().unwrap());
    board.preconditions(session);
    let mut steps = 0;
    for step in session["steps"].as_array().unwrap() {
        if let Err(failure) = play(&mut board, step) {
            return Replay { steps, failure: Some(failure) };
        }
        steps += 1;
    }
    // Nothing more comes, but for a module that wakes, boots or ends its scan.
    let rest = board.run(ms(500));
    let failure = (!rest.is_empty()).then(|| format!("then came {rest:?}"));
    Replay { steps, failure }
}
