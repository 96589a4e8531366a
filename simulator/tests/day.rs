//! A day in the life of a module: 10,000 random operations with random faults on each firmware, in virtual time.
#![allow(missing_docs)]

mod common;

use common::{builder_of, ms};
use core::time::Duration;
use std::time::Instant;
use wifi_at_simulator::{Builder, Dialect, Fault, MemoryNetwork, Simulator, SocketId, When};

const DAY: usize = 10_000;

/// Xorshift, apart from the simulator's own numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % sides
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.roll(items.len() as u64)).unwrap()]
    }
}

/// Queries and settings that every firmware answers somehow, if only by an error.
const COMMANDS: &[&str] = &[
    "AT",
    "AT",
    "ATE0",
    "ATE1",
    "AT+GMR",
    "AT+CWMODE=1",
    "AT+CWMODE=3",
    "AT+CWMODE?",
    "AT+CWJAP?",
    "AT+CWLAP",
    "AT+CWQAP",
    "AT+CIFSR",
    "AT+CIPSTATUS",
    "AT+CIPSTATE?",
    "AT+CIPMUX?",
    "AT+CIPRECVLEN?",
    "AT+CIPSTA?",
    "AT+SYSLOG=1",
    "AT+CIPDINFO=1",
    "AT+CIPDINFO=0",
    "AT+CIPRECVMODE=1",
    "AT+CIPRECVMODE=0",
    "AT+CIPDOMAIN=\"example.org\"",
    "AT+CIPDOMAIN=\"nowhere.test\"",
    "AT+PING=\"10.0.0.1\"",
    "AT+UART_CUR=115200,8,1,0,0",
    "AT+UART_CUR=9600,8,1,0,0",
    "AT+CIPSNTPTIME?",
    "AT+FAKE=1",
    "at",
    "",
];

const PEERS: &[&str] = &[
    "\"TCP\",\"10.0.0.1\",7",
    "\"TCP\",\"10.0.0.1\",7",
    "\"TCP\",\"example.org\",7",
    "\"TCP\",\"10.0.0.2\",1",
    "\"TCP\",\"10.0.0.3\",1",
    "\"TCP\",\"10.0.0.4\",1",
    "\"UDP\",\"10.0.0.5\",9,4000",
    "\"TCP\",\"nowhere.test\",7",
];

struct Day {
    module: Simulator,
    network: MemoryNetwork,
    dice: Dice,
    now: Duration,
    clients: Vec<SocketId>,
    hash: u64,
    transmitted: u64,
    answers: u64,
}

impl Day {
    fn new(builder: Builder, seed: u64) -> Self {
        let network = MemoryNetwork::new();
        network.add_host("example.org", "10.0.0.1".parse().unwrap());
        network.serve("10.0.0.1:7".parse().unwrap(), || |data: &[u8]| data.to_vec());
        network.serve_bytes("10.0.0.2:1".parse().unwrap(), vec![0x55; 10_000]);
        network.refuse("10.0.0.3:1".parse().unwrap());
        network.ignore("10.0.0.4:1".parse().unwrap());
        network.serve_udp("10.0.0.5:9".parse().unwrap(), |_, data| vec![data.to_vec(), b"more".to_vec()]);
        network.add_ping("10.0.0.1".parse().unwrap(), ms(3));
        let module = builder.network(network.clone()).seed(seed).build();
        Self {
            module,
            network,
            dice: Dice(seed.wrapping_mul(2).wrapping_add(0x9e37_79b9)),
            now: Duration::ZERO,
            clients: Vec::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            transmitted: 0,
            answers: 0,
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.note(bytes);
        self.module.receive(self.now, bytes);
    }

    /// Lets time pass. The module must come to rest.
    fn run(&mut self, time: Duration) -> Vec<u8> {
        let end = self.now + time;
        let mut all = Vec::new();
        for round in 0.. {
            assert!(round < 100_000, "no end at {:?}", self.now);
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
        self.transmitted += all.len() as u64;
        self.note(&all);
        all
    }

    /// Mostly one that is open.
    fn link(&mut self) -> u64 {
        let links = self.module.links();
        if links.is_empty() || self.dice.roll(8) == 0 {
            self.dice.roll(5)
        } else {
            u64::from(self.dice.pick(&links).id)
        }
    }

    /// With the link in front, now and then as for a single one.
    fn of_link(&mut self) -> String {
        let id = self.link();
        if self.dice.roll(8) > 0 { format!("{id},") } else { String::new() }
    }

    fn peer_sends(&mut self) {
        let links = self.module.links();
        if !links.is_empty() {
            let socket = self.dice.pick(&links).socket;
            self.network.push(socket, &[b'x'; 1000]);
        }
    }

    fn client(&mut self) {
        let port = u16::try_from(1024 + self.dice.roll(60_000)).unwrap();
        let client = self.network.connect_to_module(([192, 168, 3, 50], port).into(), 80);
        self.clients.extend(client);
        if let Some(client) = client {
            self.network.push(client, b"GET / HTTP/1.0\r\n\r\n");
        }
    }

    /// What a host does that finds itself without a network.
    fn set_up(&mut self) {
        let lines = [
            "ATE0",
            "AT+CWMODE=1",
            "AT+CWJAP=\"home\",\"secret password\"",
            "AT+CIPMUX=1",
            "AT+CIPSERVER=1,80",
            *self.dice.pick(&["AT+CIPRECVMODE=0", "AT+CIPRECVMODE=1"]),
        ];
        for line in lines {
            self.send(format!("{line}\r\n").as_bytes());
            self.run(ms(3000));
        }
    }

    fn operate(&mut self) {
        let from = "10.0.0.5:9".parse().unwrap();
        if !self.module.is_joined() && self.dice.roll(3) == 0 {
            self.set_up();
        }
        match self.dice.roll(34) {
            0..6 => {
                let line = format!("{}\r\n", self.dice.pick(COMMANDS));
                self.send(line.as_bytes());
            }
            6 => self.send(b"AT+CWMODE=1\r\n"),
            7 | 8 => {
                self.send(b"AT+CWJAP=\"home\",\"secret password\"\r\n");
                self.run(ms(3000));
                self.send(b"AT+CIPMUX=1\r\n");
            }
            9 => {
                let (ssid, password) =
                    self.dice.pick(&[("home", "wrong password"), ("nowhere", "12345678"), ("cafe", "")]);
                self.send(format!("AT+CWJAP=\"{ssid}\",\"{password}\"\r\n").as_bytes());
            }
            10..14 => {
                let (link, peer) = (self.dice.roll(5), self.dice.pick(PEERS));
                self.send(format!("AT+CIPSTART={link},{peer}\r\n").as_bytes());
            }
            14..18 => {
                let (link, count) = (self.of_link(), 1 + self.dice.roll(3000));
                self.send(format!("AT+CIPSEND={link}{count}\r\n").as_bytes());
                self.run(ms(20));
                if self.dice.roll(4) == 0 {
                    // The peer does not wait.
                    self.peer_sends();
                    self.run(ms(20));
                }
                if self.module.in_data_mode() || self.dice.roll(20) == 0 {
                    // Now and then too few, or too many.
                    let count = count + self.dice.roll(20) / 19 * 9 - self.dice.roll(20) / 19;
                    let data: Vec<u8> = (0..count).map(|at| u8::try_from(at % 251).unwrap()).collect();
                    self.send(&data);
                }
            }
            18 | 19 => {
                let (link, count) = (self.of_link(), 1 + self.dice.roll(3000));
                self.send(format!("AT+CIPRECVDATA={link}{count}\r\n").as_bytes());
            }
            20 | 21 => {
                let link = if self.dice.roll(8) == 0 { 5 } else { self.link() };
                self.send(format!("AT+CIPCLOSE={link}\r\n").as_bytes());
            }
            22 => {
                let line = self.dice.pick(&["AT+CIPSERVER=1,80\r\n", "AT+CIPSERVER=1,80\r\n", "AT+CIPSERVER=0\r\n"]);
                self.send(line.as_bytes());
            }
            23 | 24 => {
                if self.dice.roll(3) == 0 {
                    // While the module is about to connect somewhere.
                    self.send(b"AT+CIPSTART=0,\"TCP\",\"10.0.0.4\",1\r\n");
                    self.run(ms(20));
                }
                self.client();
            }
            32 | 33 if !self.module.links().is_empty() => {
                let link = self.link();
                self.send(format!("AT+CIPRECVDATA={link},2000\r\n").as_bytes());
            }
            25 if !self.clients.is_empty() && self.dice.roll(3) == 0 => {
                let index = usize::try_from(self.dice.roll(self.clients.len() as u64)).unwrap();
                let client = self.clients.swap_remove(index);
                self.network.close_peer(client);
            }
            25 => self.peer_sends(),
            26 => self.network.push_datagram(from, 4000, b"unasked"),
            27 => {
                let up = self.dice.roll(2) == 1;
                self.module.set_access_point_up(self.now, "home", up);
                self.run(ms(500));
                self.module.set_access_point_up(self.now, "home", true);
            }
            28 => self.module.drop_wifi(self.now),
            29 => match self.dice.roll(12) {
                0 => self.module.reset(self.now),
                1 => self.module.restart(self.now, b"wdt reset\r\n"),
                2 => self.send(b"AT+RESTORE\r\n"),
                3 | 4 => self.send(b"AT+RST\r\n"),
                5 => self.send(b"AT+GSLP=5000\r\n"),
                6 => {
                    self.send(b"AT+CIPMODE=1\r\nAT+CIPSEND\r\n");
                    self.run(ms(100));
                    self.send(b"through");
                    self.run(ms(1500));
                    self.send(b"+++");
                    self.run(ms(1500));
                    self.send(b"AT+CIPMODE=0\r\n");
                }
                _ => {
                    let noise: Vec<u8> = (0..40).map(|_| u8::try_from(self.dice.roll(256)).unwrap()).collect();
                    self.send(&noise);
                }
            },
            // What a host does that has lost its way: as many bytes as a send can wait for.
            30 if self.module.in_data_mode() => self.send(&[b'\n'; 8192]),
            _ => self.send(b"AT\r\n"),
        }
        let time = ms(self.dice.roll(17_000));
        let seen = self.run(time);
        self.answers += u64::from(seen.ends_with(b"OK\r\n"));
    }

    fn fault(&mut self) {
        let fault = *self.dice.pick(Fault::ALL);
        let when = match self.dice.roll(4) {
            0 => When::Next,
            1 => When::Nth(1 + u32::try_from(self.dice.roll(5)).unwrap()),
            2 => When::At(self.now + ms(self.dice.roll(60_000))),
            _ => When::Random(20_000),
        };
        // Refused where the firmware cannot show it.
        let _ = self.module.inject_fault(fault, when);
    }

    /// The reset pin, and nothing goes wrong any more.
    fn power_cycle(&mut self) {
        self.module.clear_faults();
        self.module.reset(self.now);
        self.run(ms(30_000));
        self.send(b"AT\r\n");
        let answer = self.run(ms(1000));
        assert!(answer.starts_with(b"AT\r") && answer.ends_with(b"\r\nOK\r\n"), "{}", answer.escape_ascii());
        assert!(!self.module.is_busy() && !self.module.in_data_mode());
        assert_eq!(self.module.counters().transmitted, self.transmitted);
    }
}

fn live(builder: Builder, seed: u64, operations: usize) -> Day {
    let mut day = Day::new(builder, seed);
    for number in 1..=operations {
        if day.dice.roll(6) == 0 {
            day.fault();
        }
        day.operate();
        if number % 200 == 0 {
            day.power_cycle();
        }
    }
    day
}

#[test]
fn a_day_of_ten_thousand_operations() {
    let days = std::thread::scope(|scope| {
        let days: Vec<_> = Dialect::ALL.iter().map(|&dialect| scope.spawn(move || summary(dialect))).collect();
        days.into_iter().map(|day| day.join().unwrap()).collect::<Vec<String>>()
    });
    println!("{}", days.join("\n"));
}

/// Lives through a day twice and looks back at it.
fn summary(dialect: Dialect) -> String {
    let start = Instant::now();
    let day = live(builder_of(dialect), 1, DAY);
    let took = start.elapsed().as_secs_f32();
    let again = live(builder_of(dialect), 1, DAY);
    assert!(day.hash == again.hash && day.transmitted == again.transmitted, "{}", dialect.name());
    let shown = day.module.shown_faults();
    let kinds: Vec<Fault> =
        Fault::ALL.iter().copied().filter(|&kind| shown.iter().any(|shown| shown.fault == kind)).collect();
    let possible: Vec<Fault> = Fault::ALL.iter().copied().filter(|kind| kind.applies_to(dialect)).collect();
    let unseen: Vec<&str> = possible.iter().filter(|kind| !kinds.contains(kind)).map(|kind| kind.name()).collect();
    let name = dialect.name();
    assert!(unseen.len() * 10 < possible.len(), "{name}: never shown: {unseen:?}");
    assert!(shown.len() > 300, "{name}: {} faults", shown.len());
    assert!(day.answers > 1000, "{name}: {} answers", day.answers);
    assert!(day.now > Duration::from_secs(20 * 3600), "{name}: {:?}", day.now);
    format!(
        "{name}: {} s of its time in {took:.1} s of ours, {} bytes in, {} bytes out, {} OK, {} faults of {} kinds, not {unseen:?}, hash {:016x}",
        day.now.as_secs(),
        day.module.counters().received,
        day.transmitted,
        day.answers,
        shown.len(),
        kinds.len(),
        day.hash
    )
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for &dialect in Dialect::ALL {
        let first = live(builder_of(dialect), 7, 1000);
        let again = live(builder_of(dialect), 7, 1000);
        assert_eq!(again.hash, first.hash, "{}", dialect.name());
        assert_eq!(again.module.shown_faults(), first.module.shown_faults());
        assert_ne!(live(builder_of(dialect), 8, 1000).hash, first.hash, "{}", dialect.name());
    }
}

/// The host does the same; only the module's own chances differ.
#[test]
fn the_seed_of_the_module_counts() {
    let hash = |seed| {
        let mut day = Day::new(builder_of(Dialect::EspAt), seed);
        day.dice = Dice(1);
        day.run(ms(1000));
        day.module.inject_fault(Fault::BusyBeforeAnswer, When::Random(100_000)).unwrap();
        for _ in 0..100 {
            day.send(b"AT\r\n");
            day.run(ms(100));
        }
        day.hash
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

/// With bit times and small FIFOs, with and without flow control.
#[test]
fn on_a_real_line() {
    for (&dialect, flow_control) in Dialect::ALL.iter().zip([true, false].into_iter().cycle()) {
        let builder = builder_of(dialect).baud(Some(115_200)).flow_control(flow_control);
        let day = live(builder.module_fifo(Some(128)).host_fifo(Some(128)), 3, 200);
        let counters = day.module.counters();
        // The host reads in time, and with flow control the module takes all that comes.
        assert_eq!((counters.host_overrun, counters.lost, counters.flipped), (0, 0, 0));
        assert!(!flow_control || counters.module_overrun == 0);
        assert!(day.answers > 20, "{}: {}", dialect.name(), day.answers);
    }
}
