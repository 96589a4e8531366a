//! The engine on its own: streams at any split give the same result, and no stream does harm.

use std::string::String;
use std::vec::Vec;

use embassy_time::Duration;

use super::*;
use crate::dialect::{Driven, EspAt};
use crate::exchange::Request;

const RING: usize = 256;

/// Deadlines are late by up to two of the engine's units.
const ROUNDING: Duration = Duration::from_millis(2);

struct Bench {
    core: Core,
    received: Vec<[u8; RING]>,
    to_send: Vec<[u8; RING]>,
    now: Instant,
}

/// All that a stream can change.
#[derive(Debug, PartialEq, Eq, Default)]
struct Outcome {
    data: [Vec<u8>; MAX_LINKS],
    pieces: Vec<u8>,
    phases: Vec<Phase>,
    counters: Counters,
}

impl Bench {
    /// A module that is up, with two open links and a receive mode.
    fn new(passive: bool) -> Self {
        let mut core = Core::new();
        core.start(EspAt::PROFILE, &Config::new(), MAX_LINKS, true);
        core.life = Life::Up;
        core.settings = Settings { passive, ..Settings::NEW };
        core.next_length_poll = Moment::NEVER;
        let mut bench = Self {
            core,
            received: std::vec![[0; RING]; MAX_LINKS],
            to_send: std::vec![[0; RING]; MAX_LINKS],
            now: Instant::MIN,
        };
        for _ in 0..2 {
            let (index, _, _) = bench.core.claim(Kind::Stream, None).unwrap();
            bench.core.sockets[index].up = true;
            bench.core.sockets[index].accepted = true;
            bench.core.sockets[index].open_if_complete();
        }
        bench
    }

    /// The same with a UDP socket on link 2.
    fn with_datagrams(passive: bool) -> Self {
        let mut bench = Self::new(passive);
        bench.core.datagrams = Some(&DATAGRAM_DUTIES);
        let (index, _, link) = bench.core.claim(Kind::Datagram, None).unwrap();
        bench.core.settings.active_links = 1 << link;
        bench.core.sockets[index].up = true;
        bench.core.sockets[index].accepted = true;
        bench.core.sockets[index].open_if_complete();
        bench
    }

    fn engine(&mut self) -> Engine<'_> {
        Engine::new(&mut self.core, &mut self.received, &mut self.to_send)
    }

    /// Lets the engine send what it wants.
    fn send(&mut self) -> Vec<u8> {
        let now = self.now;
        let mut out = Vec::new();
        let mut engine = self.engine();
        engine.poll(now);
        let mut buffer = [0; 7];
        loop {
            match engine.take_output(now, &mut buffer) {
                0 => return out,
                count => out.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// A user's command on the wire.
    fn command(&mut self, takes_data: bool) {
        let encode = |line: &mut crate::at::Encoder<'_>| _ = line.name("AT+TEST").query();
        let request = Request {
            encode: &encode,
            line_end: true,
            timeout: Span::from_millis(5000),
            connecting: None,
            end: crate::command::End::Ok,
            takes_data,
            counter: Some(crate::urc::counted::count),
            data: &[],
        };
        self.core.queue(&request).unwrap();
        assert_eq!(self.send(), b"AT+TEST?\r\n");
    }

    /// Feeds `stream` in pieces of these sizes, and reads whatever comes, as a user would.
    fn feed(&mut self, stream: &[u8], sizes: &mut dyn FnMut() -> usize) -> Outcome {
        let mut outcome = Outcome::default();
        let mut at = 0;
        while at < stream.len() {
            let end = stream.len().min(at + sizes().max(1));
            while at < end {
                let now = self.now;
                at += self.engine().feed(now, &stream[at..end]);
                self.collect(&mut outcome);
            }
        }
        // A line may have waited for the room that is there now.
        self.engine().check_held();
        self.collect(&mut outcome);
        outcome.phases = self.core.sockets.iter().map(|socket| socket.phase).collect();
        outcome.counters = self.core.counters;
        outcome
    }

    fn collect(&mut self, outcome: &mut Outcome) {
        for (index, data) in outcome.data.iter_mut().enumerate() {
            let mut engine = Engine::new(&mut self.core, &mut self.received, &mut self.to_send);
            let mut buffer = [0; RING];
            if engine.core.sockets[index].is_datagram() {
                while let Some(head) = engine.pop_datagram(index, &mut buffer) {
                    assert!(head.length <= RING);
                    data.extend_from_slice(&(head.length as u32).to_be_bytes());
                    data.extend_from_slice(&buffer[..head.length]);
                }
                continue;
            }
            let (socket, ring, _) = engine.socket(index);
            let count = socket.received.pop(ring, &mut buffer);
            data.extend_from_slice(&buffer[..count]);
        }
        while let Some(piece) = self.core.user.answer.pop() {
            match piece {
                // Lines are whole at any split; data may come in any pieces.
                Piece::Line(line) => {
                    outcome.pieces.extend_from_slice(line);
                    outcome.pieces.push(b'\n');
                }
                Piece::Data(data) => outcome.pieces.extend_from_slice(data),
            }
        }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize
    }
}

/// Pieces of the protocol, whole and broken, in any order.
fn stream(random: &mut Random, length: usize) -> Vec<u8> {
    let words: &[&[u8]] = &[
        b"\r\nOK\r\n",
        b"\r\nERROR\r\n",
        b"+TEST:1,\"a\"\r\n",
        b"+IPD,4,12:",
        b"\r\n+IPD,3,5,\"1.2.3.4\",80:",
        b"+IPD,3,300,fe80::1,80:",
        b"+IPD,2,5,\"1.2.3.4\",80:",
        b"+IPD,2,30:",
        b"+IPD,2,7\r\n",
        b"+IPD,2,3000:",
        b"+IPD,4,450\r\n",
        b"+IPD,7,3:",
        b"+IPD,",
        b"+CIPRECVDATA:20,\"10.0.0.1\",80,",
        b"+CIPRECVDATA:20,",
        b"+CIPRECVDATA,9:",
        b"+CIPRECVDATA=4,9,",
        b"+MQTTSUBRECV:0,\"topic\",5,",
        b">",
        b"> ",
        b"busy p...\r\n",
        b"ERR CODE:0x01090000\r\n",
        b"4,CLOSED\r\n",
        b"3,CONNECT\r\n",
        b"0,CONNECT\r\n",
        b"0,CLOSED\r\n",
        b"+LINK_CONN:0,1,\"TCP\",1,\"1.2.3.4\",80,50\r\n",
        b"SEND OK\r\n",
        b"Recv 5 bytes\r\n",
        b"\r\r\n",
        b"\0\xff",
        b"abcdefghijklmnopqrstuvwxyz0123456789",
        b"\n",
        b"WIFI GOT IP\r\n",
    ];
    let mut bytes = Vec::new();
    while bytes.len() < length {
        match random.next() % 8 {
            0 => bytes.extend((0..random.next() % 40).map(|at| (at * 37) as u8)),
            1 => bytes.push(random.next() as u8),
            2 => {
                let word = words[random.next() % words.len()];
                bytes.extend_from_slice(&word[..random.next() % word.len()]);
            }
            _ => bytes.extend_from_slice(words[random.next() % words.len()]),
        }
    }
    bytes
}

#[test]
fn the_same_result_at_any_split() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let bytes = stream(&mut random, 600);
        let (passive, pulling) = (seed % 2 == 0, seed % 3 == 0);
        let run = |sizes: &mut dyn FnMut() -> usize| {
            let mut bench = Bench::new(passive);
            if passive && pulling {
                bench.core.sockets[0].pending = true;
                assert!(bench.send().starts_with(b"AT+CIPRECVDATA=4,"));
            } else {
                bench.command(true);
            }
            bench.feed(&bytes, sizes)
        };
        let whole = run(&mut || usize::MAX);
        assert_eq!(run(&mut || 1), whole, "seed {seed}: {}", bytes.escape_ascii());
        let mut sizes = Random(seed + 1);
        assert_eq!(run(&mut || sizes.next() % 9), whole, "seed {seed}: {}", bytes.escape_ascii());
    }
}

#[test]
fn any_stream_and_any_time_leave_a_working_engine() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut bench = Bench::with_datagrams(seed % 2 == 0);
        if seed % 5 == 0 {
            let options = ServerOptions { port: 80, ipv6: false, max_clients: None, idle_timeout: None };
            assert!(bench.core.claim_server(options));
            bench.core.server.state = ServerState::On;
        }
        for _ in 0..60 {
            if random.next().is_multiple_of(4) && bench.core.sockets[2].phase == Phase::Open {
                let peer = Some("1.2.3.4:5".parse().unwrap()).filter(|_| seed % 3 == 0);
                let data = std::vec![7; 1 + random.next() % 60];
                bench.engine().push_datagram(2, &data, peer).unwrap();
            }
            match random.next() % 6 {
                0 if bench.core.user.state == UserState::Free => {
                    let encode = |line: &mut crate::at::Encoder<'_>| _ = line.name("AT+TEST");
                    let request = Request {
                        encode: &encode,
                        line_end: true,
                        timeout: Span::from_millis(5000),
                        connecting: None,
                        end: crate::command::End::OkAfterData,
                        takes_data: true,
                        counter: Some(crate::urc::counted::count),
                        data: &[1; 300],
                    };
                    bench.core.queue(&request).unwrap();
                }
                1 => bench.core.abandon(),
                2 => bench.now += Duration::from_millis(random.next() as u64 % 4000),
                _ => {
                    let bytes = stream(&mut random, 50);
                    bench.feed(&bytes, &mut || 13);
                }
            }
            bench.core.supply(&[1; 300]);
            bench.send();
            if bench.core.user.state == UserState::Done {
                bench.core.user.release();
            }
        }
        bench.core.release_server();
        // A module that answers again is brought into step, or brought up anew.
        for _ in 0..400 {
            bench.now += Duration::from_millis(700);
            let sent = bench.send();
            let answer: &[u8] = match &sent[..] {
                b"AT+CIPMUX?\r\n" => b"+CIPMUX:1\r\n\r\nOK\r\n",
                _ => b"\r\nOK\r\n",
            };
            bench.feed(b"\n", &mut || 1);
            if sent.ends_with(b"\r\n") {
                bench.feed(answer, &mut || 3);
            }
            bench.core.abandon();
        }
        assert!(bench.core.is_up(), "seed {seed}: {:?}", bench.core.life);
        bench.core.user.release();
        bench.send();
        bench.feed(b"\r\nOK\r\n", &mut || 1);
        bench.command(false);
        let outcome = bench.feed(b"+TEST:5\r\n\r\nOK\r\n", &mut || 1);
        assert_eq!(outcome.pieces, b"+TEST:5\n", "seed {seed}");
    }
}

// Each of these once went wrong.

fn sent(bench: &mut Bench) -> std::string::String {
    std::string::String::from_utf8_lossy(&bench.send()).into_owned()
}

fn take(bench: &mut Bench, bytes: &[u8]) {
    bench.feed(bytes, &mut || usize::MAX);
}

fn queue(bench: &mut Bench, name: &str, data: &[u8], connecting: Option<usize>) {
    let encode = |line: &mut crate::at::Encoder<'_>| _ = line.name(name);
    let timeout = Span::from_millis(5000);
    let end = crate::command::End::Ok;
    let request =
        Request { encode: &encode, line_end: true, timeout, connecting, end, takes_data: false, counter: None, data };
    bench.core.queue(&request).unwrap();
}

fn write(bench: &mut Bench, data: &[u8]) {
    let mut engine = bench.engine();
    let (socket, _, ring) = engine.socket(0);
    assert_eq!(socket.to_send.push(ring, data), data.len());
}

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(core::sync::atomic::AtomicUsize);

impl std::task::Wake for Wakes {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
    }
}

impl Wakes {
    fn new() -> (std::sync::Arc<Self>, core::task::Waker) {
        let wakes = std::sync::Arc::<Self>::default();
        (wakes.clone(), wakes.into())
    }

    fn any(&self) -> bool {
        self.0.load(core::sync::atomic::Ordering::Relaxed) > 0
    }
}

#[test]
fn a_place_is_not_claimed_under_a_running_command() {
    let mut bench = Bench::new(true);
    while bench.core.claim(Kind::Stream, None).is_some() {}
    (bench.core.sockets[0].held, bench.core.sockets[0].closing) = (false, true);
    assert_eq!(sent(&mut bench), "AT+CIPCLOSE=4\r\n");
    take(&mut bench, b"4,CLOSED\r\n");
    assert!(bench.core.claim(Kind::Stream, None).is_none() && bench.core.will_have_room());
    take(&mut bench, b"\r\nOK\r\n");
    assert!(bench.core.claim(Kind::Stream, None).is_some());

    let mut bench = Bench::new(true);
    bench.core.settings.address_in_data = Some(Fact::No);
    while bench.core.claim(Kind::Stream, None).is_some() {}
    bench.core.sockets[0].pending = true;
    assert!(sent(&mut bench).starts_with("AT+CIPRECVDATA=4,"));
    (bench.core.sockets[0].held, bench.core.sockets[0].closing) = (false, true);
    take(&mut bench, b"4,CLOSED\r\n");
    assert!(bench.core.claim(Kind::Stream, None).is_none());
}

#[test]
fn a_late_result_does_not_end_the_question_that_brings_into_step() {
    for late in [&b"\r\nOK\r\n"[..], b"\r\nERROR\r\n"] {
        let mut bench = Bench::new(true);
        queue(&mut bench, "AT+A", &[], None);
        assert_eq!(sent(&mut bench), "AT+A\r\n");
        bench.now += Duration::from_secs(5) + ROUNDING;
        assert_eq!(sent(&mut bench), "AT+CIPMUX?\r\n");
        bench.core.user.release();
        take(&mut bench, late);
        assert_eq!(sent(&mut bench), "");
        take(&mut bench, b"+CIPMUX:1\r\n\r\nOK\r\n");
        queue(&mut bench, "AT+B", &[], None);
        assert_eq!(sent(&mut bench), "AT+B\r\n");
        assert_eq!(bench.core.user.state, UserState::Running);
    }
}

#[test]
fn an_unanswered_probe_is_followed_by_a_question() {
    let mut bench = Bench::new(true);
    bench.core.life = Life::Probe { silent: 0, busy: 0, restart: false };
    bench.core.sockets = Sockets::new();
    bench.core.sockets.set_count(MAX_LINKS);
    assert_eq!(sent(&mut bench), "AT\r\n");
    bench.now += Duration::from_millis(500) + ROUNDING;
    assert_eq!(sent(&mut bench), "AT\r\n");
    while !bench.core.is_up() {
        take(&mut bench, b"\r\nOK\r\n");
        if bench.core.is_up() {
            break;
        }
        sent(&mut bench);
    }
    queue(&mut bench, "AT+B", &[], None);
    assert_eq!(sent(&mut bench), "AT+CIPMUX?\r\n");
}

#[test]
fn a_second_ok_that_is_late_ends_nothing_else() {
    let mut bench = Bench::new(true);
    queue(&mut bench, "AT+A", b"abc", None);
    assert_eq!(sent(&mut bench), "AT+A\r\n");
    take(&mut bench, b"\r\nOK\r\n>");
    bench.core.supply(b"abc");
    assert_eq!(sent(&mut bench), "abc");
    bench.now += Duration::from_secs(1) + ROUNDING;
    assert_eq!(sent(&mut bench), "AT+CIPMUX?\r\n");
    assert_eq!(bench.core.user.state, UserState::Done);
}

#[test]
fn data_never_goes_out_as_commands_when_the_link_closes_before_the_prompt() {
    let mut bench = Bench::new(true);
    write(&mut bench, b"AT+RESTORE\r\n");
    assert_eq!(sent(&mut bench), "AT+CIPSEND=4,12\r\n");
    take(&mut bench, b"\r\nOK\r\n4,CLOSED\r\n");
    bench.now += Duration::from_secs(2) + ROUNDING;
    assert_eq!(sent(&mut bench), "AT+CIPMUX?\r\n");
}

#[test]
fn a_link_that_closes_before_the_ok_was_never_open() {
    let mut bench = Bench::new(true);
    let (index, ..) = bench.core.claim(Kind::Stream, None).unwrap();
    queue(&mut bench, "AT+CIPSTART", &[], Some(index));
    sent(&mut bench);
    take(&mut bench, b"2,CONNECT\r\n2,CLOSED\r\n\r\nOK\r\n");
    assert_eq!((bench.core.sockets[index].phase, bench.core.sockets[index].accepted), (Phase::Ended, false));
}

#[test]
fn whoever_waits_is_woken() {
    // For the end of a send, when the peer closes and then the module restarts.
    let mut bench = Bench::new(true);
    let (wakes, waker) = Wakes::new();
    write(&mut bench, b"hello");
    assert_eq!(sent(&mut bench), "AT+CIPSEND=4,5\r\n");
    take(&mut bench, b"\r\nOK\r\n>");
    assert_eq!(sent(&mut bench), "hello");
    take(&mut bench, b"4,CLOSED\r\n");
    bench.core.sockets[0].write_waker.register(&waker);
    take(&mut bench, b"\r\nready\r\n");
    assert!(wakes.any());

    // For room in the send ring, when the peer closes with data unread.
    let mut bench = Bench::new(true);
    let (wakes, waker) = Wakes::new();
    bench.core.sockets[0].pending = true;
    write(&mut bench, &[7; RING]);
    queue(&mut bench, "AT+A", &[], None);
    assert_eq!(sent(&mut bench), "AT+A\r\n");
    bench.core.sockets[0].write_waker.register(&waker);
    take(&mut bench, b"4,CLOSED\r\n");
    assert!(wakes.any());

    // For a free place, when a link without a socket has closed by itself.
    let mut bench = Bench::new(true);
    let (wakes, waker) = Wakes::new();
    queue(&mut bench, "AT+A", &[], None);
    sent(&mut bench);
    take(&mut bench, b"0,CONNECT\r\n");
    bench.core.waiters.register(&waker);
    take(&mut bench, b"0,CLOSED\r\n");
    assert!(wakes.any());
}

#[test]
fn an_overrun_while_data_is_fetched_fails_the_stream() {
    let mut bench = Bench::new(true);
    bench.core.settings.address_in_data = Some(Fact::No);
    bench.core.sockets[0].pending = true;
    assert!(sent(&mut bench).starts_with("AT+CIPRECVDATA=4,"));
    bench.engine().serial_error();
    take(&mut bench, b"+CIPRECTA:5,hello\r\n\r\nOK\r\n");
    assert_eq!(bench.core.sockets[0].end, End::DataLost(1));
}

#[test]
fn an_overrun_costs_one_datagram_only() {
    let mut bench = Bench::with_datagrams(true);
    take(&mut bench, b"+IPD,2,3,\"1.2.3.4\",5:one+IPD,2,5,\"1.2.3.4\",5:th");
    bench.engine().serial_error();
    let outcome = bench.feed(b"ree+IPD,2,4,\"1.2.3.4\",5:four+IPD,4,2:hi", &mut || 1);
    assert_eq!(outcome.data[2], b"\0\0\0\x04four");
    assert_eq!(outcome.data[0], b"hi");
    assert_eq!((bench.core.sockets[2].dropped, bench.core.sockets[2].phase), (1, Phase::Open));
    assert_eq!(bench.core.sockets[0].phase, Phase::Open);
}

#[test]
fn half_a_datagram_is_not_shown_and_is_taken_back() {
    let mut bench = Bench::with_datagrams(true);
    let mut buffer = [0; 9];
    take(&mut bench, b"+IPD,2,3,\"1.2.3.4\",5:on");
    assert_eq!(bench.engine().pop_datagram(2, &mut buffer), None);
    take(&mut bench, b"e+IPD,2,9:broken");
    assert_eq!(bench.core.sockets[2].received.len(), 3 + 6);
    assert_eq!(bench.engine().pop_datagram(2, &mut buffer), None);
    bench.now += Config::new().payload_timeout + ROUNDING;
    assert_eq!(sent(&mut bench), "AT+CIPMUX?\r\n");
    assert_eq!((bench.core.sockets[2].dropped, bench.core.sockets[2].received.len()), (1, 0));
    let outcome = bench.feed(b"\r\n+CIPMUX:1\r\n\r\nOK\r\n+IPD,2,4:next", &mut || 1);
    assert_eq!(outcome.data[2], b"\0\0\0\x04next");
}

#[test]
fn a_busy_link_does_not_keep_another_from_being_asked_for() {
    let mut bench = Bench::new(true);
    bench.core.settings.address_in_data = Some(Fact::No);
    bench.core.clock.set(bench.now);
    bench.core.next_length_poll = bench.core.clock.now;
    bench.core.sockets[1].reading = true;
    let mut polls = 0;
    for _ in 0..20 {
        bench.now += Duration::from_millis(900);
        take(&mut bench, b"+IPD,4,5\r\n");
        let out = sent(&mut bench);
        polls += usize::from(out.contains("AT+CIPRECVLEN?"));
        let data = out.contains("AT+CIPRECVDATA");
        take(&mut bench, if data { b"+CIPRECVDATA:5,hello\r\n\r\nOK\r\n" } else { b"\r\nOK\r\n" });
    }
    assert!(polls > 5, "{polls}");
}

#[test]
fn what_was_missed_is_told_before_what_follows() {
    let mut messages = message::Messages::new();
    assert!(messages.subscribe());
    let line = [b'x'; 150];
    assert!(messages.push_line(&line) && messages.push_line(&line) && !messages.push_line(&line));
    messages.give_up();
    assert!(messages.pop().unwrap().is_some());
    assert!(messages.push_line(b"+NEXT"));
    assert!(messages.pop().unwrap().is_some());
    assert_eq!(messages.pop(), Err(2));
    assert_eq!(messages.pop(), Ok(None));
}

#[test]
fn a_tls_link_is_read_until_nothing_is_left() {
    let mut bench = Bench::new(true);
    let (index, _, link) = bench.core.claim(Kind::Tls, None).unwrap();
    assert_eq!((index, link), (2, 2));
    bench.core.sockets[index].up = true;
    bench.core.sockets[index].accepted = true;
    bench.core.sockets[index].open_if_complete();
    // Two records of 50 and 42 bytes, of which the module announces the encrypted length of the first.
    bench.feed(b"+IPD,2,79\r\n", &mut || 1);
    for (answer, data) in [
        (std::format!("+CIPRECVDATA:50,{}\r\nOK\r\n", "x".repeat(50)), "x".repeat(50)),
        (std::format!("+CIPRECVDATA:42,{}\r\nOK\r\n", "y".repeat(42)), "y".repeat(42)),
        ("\r\nERROR\r\n".into(), String::new()),
    ] {
        assert_eq!(bench.send(), b"AT+CIPRECVDATA=2,256\r\n");
        let outcome = bench.feed(answer.as_bytes(), &mut || 3);
        assert_eq!(outcome.data[index], data.as_bytes());
        assert_eq!(outcome.phases[index], Phase::Open);
    }
    assert_eq!(bench.send(), b"");
}
