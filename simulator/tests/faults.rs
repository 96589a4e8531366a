//! Every fault, shown by the bytes that a host sees.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, builder_of, ms};
use core::time::Duration;
use wifi_at_simulator::{Dialect, Fault, ResetMoment, When};

const SECOND: Duration = Duration::from_secs(1);
const OK: &str = "\r\nOK\r\n";
const ERROR: &str = "\r\nERROR\r\n";
const READY: &str = "\r\nready\r\n";
/// What the flash remembers.
const REJOINED: &str = "WIFI CONNECTED\r\nWIFI GOT IP\r\n";
const PROMPT: &str = "\r\nOK\r\n\r\n>";

impl Bench {
    #[track_caller]
    fn inject(&mut self, fault: Fault) {
        self.module.inject_fault(fault, When::Next).unwrap();
    }

    /// Nothing is armed any more, and the module does as always.
    #[track_caller]
    fn shown(&mut self, fault: Fault) {
        assert_eq!(self.module.pending_faults(), [], "{fault} was not shown");
        assert_eq!(self.module.shown_faults().iter().filter(|shown| shown.fault == fault).count(), 1);
    }

    /// The peer of the first connection sends this.
    fn push(&mut self, data: &[u8]) {
        let socket = self.network.connections()[0];
        self.network.push(socket, data);
    }
}

/// Booted, echo off, not joined.
fn booted(fault: Fault) -> Bench {
    let mut bench = Bench::booted(builder());
    bench.inject(fault);
    bench
}

/// Joined, with link 0 to a peer that sends back what it gets.
fn linked(fault: Fault) -> Bench {
    let mut bench = open_link();
    bench.inject(fault);
    bench
}

fn open_link() -> Bench {
    let mut bench = Bench::joined(builder());
    assert_eq!(bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7"), "0,CONNECT\r\n\r\nOK\r\n");
    bench
}

/// The same with passive receiving.
fn passive(fault: Fault) -> Bench {
    let mut bench = open_link();
    bench.ok("AT+CIPRECVMODE=1");
    bench.inject(fault);
    bench
}

/// Joined, with a server on port 80.
fn server(fault: Fault) -> Bench {
    let mut bench = Bench::joined(builder());
    bench.ok("AT+CIPSERVER=1,80");
    bench.inject(fault);
    bench
}

/// A send of 4 bytes to a peer that sends them back: the answer to the command, the answer to the data.
fn send(bench: &mut Bench) -> (String, String) {
    let answer = bench.ask_for("AT+CIPSEND=0,4", ms(100));
    (answer, bench.payload(b"test"))
}

#[track_caller]
fn check_send(fault: Fault, prompt: &str, result: &str) {
    let mut bench = linked(fault);
    assert_eq!(send(&mut bench), (prompt.to_owned(), result.to_owned()), "{fault}");
    bench.shown(fault);
}

#[track_caller]
fn check_command(mut bench: Bench, fault: Fault, command: &str, answer: &str) -> Bench {
    assert_eq!(bench.ask(command), answer, "{fault}");
    bench.shown(fault);
    bench
}

/// What the peer sends, and what comes of it.
#[track_caller]
fn check_data(mut bench: Bench, fault: Fault, data: &[u8], seen: &str) -> Bench {
    bench.push(data);
    assert_eq!(bench.run(ms(100)), seen, "{fault}");
    bench.shown(fault);
    bench
}

/// A read of 5 bytes.
#[track_caller]
fn check_read(fault: Fault, answer: &str) -> Bench {
    let mut bench = passive(fault);
    bench.push(b"hello");
    assert_eq!(bench.run(ms(100)), "\r\n+IPD,0,5\r\n");
    check_command(bench, fault, "AT+CIPRECVDATA=0,9", answer)
}

const DONE: &str = "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test\r\nSEND OK\r\n";

fn show_command(fault: Fault) -> bool {
    match fault {
        Fault::BusyBeforeAnswer => {
            check_command(booted(fault), fault, "AT+SYSRAM?", "busy p...\r\n+SYSRAM:148408,84044\r\n\r\nOK\r\n");
        }
        Fault::LongBusy => {
            let mut bench = Bench::booted(builder());
            bench.ok("AT+CWMODE=1");
            bench.inject(fault);
            assert_eq!(bench.ask_for("AT+CWJAP=\"home\",\"secret password\"", ms(14_900)), "");
            assert_eq!(bench.ask_for("AT", ms(100)), "busy p...\r\n");
            assert_eq!(bench.run(ms(2100)), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
            bench.shown(fault);
        }
        Fault::BusyAfterBoot => {
            let mut bench = booted(fault);
            assert_eq!(bench.ask_for("AT+RST", ms(400)), format!("{OK}{READY}"));
            assert_eq!(bench.ask_for("AT", ms(9800)), "busy p...\r\n");
            assert_eq!(bench.ask_for("AT", ms(200)), "busy p...\r\n");
            assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
            bench.shown(fault);
        }
        Fault::NoticeInsideEcho => {
            let mut bench = Bench::joined(builder());
            bench.ask("ATE1");
            bench.inject(fault);
            check_command(bench, fault, "AT+CIPMUX?", "AT+CIWIFI GOT IP\r\nPMUX?\r\n+CIPMUX:1\r\n\r\nOK\r\n");
        }
        Fault::DoubleCarriageReturn => {
            let mut bench = Bench::online(builder_of(Dialect::Esp8266Nonos));
            bench.inject(fault);
            check_command(bench, fault, "AT+CIPMUX?", "+CIPMUX:0\r\r\n\r\nOK\r\n");
        }
        Fault::OddScanNames => {
            let mut bench = Bench::booted(builder());
            bench.ok("AT+CWMODE=1");
            bench.ok("AT+CWLAPOPT=0,7");
            bench.inject(fault);
            let scan = "+CWLAP:(3,\"home\",-47)\r\n+CWLAP:(0,\"cafe\",-80)\r\n\
                        +CWLAP:(0,\"1\"1\"1,2\\2\"\"2,,\",-70)\r\n+CWLAP:(0,\"a\",-40,\"b\",-70)\r\n\
                        +CWLAP:(0,\"\",-70)\r\n\r\nOK\r\n";
            check_command(bench, fault, "AT+CWLAP", scan);
        }
        Fault::UnknownLine => {
            check_command(booted(fault), fault, "AT", "+FOO:1\r\nOK\r\n");
        }
        Fault::LongLine => {
            let line = format!("+LONG:{}\r\n", "x".repeat(292));
            assert_eq!(line.len(), 300);
            check_command(booted(fault), fault, "AT", &format!("{line}{OK}"));
        }
        Fault::RestartIgnored => {
            let mut bench = check_command(booted(fault), fault, "AT+RST", OK);
            bench.ok("AT");
        }
        Fault::LateResult => {
            let mut bench = booted(fault);
            assert_eq!(bench.ask_for("AT+SYSRAM?", SECOND), "+SYSRAM:148408,84044\r\n\r\n");
            assert_eq!(bench.ask_for("AT+FAKE", SECOND), format!("{OK}{ERROR}"));
            bench.shown(fault);
            bench.inject(fault);
            assert_eq!(bench.ask_for("AT", ms(20_000)), "\r\n");
            assert_eq!(bench.run(ms(2)), OK);
        }
        Fault::OkCut => {
            let mut bench = booted(fault);
            assert_eq!(bench.ask("AT+UART_CUR=9600,8,1,0,0"), "\r\nO");
            assert_eq!(bench.module.baud(), 9600);
            bench.ok("AT");
            bench.shown(fault);
        }
        Fault::BaudLost => {
            let mut bench = booted(fault);
            assert_eq!(bench.module.pending_faults(), [(fault, When::Next)]);
            assert_eq!(bench.ask("AT+UART_CUR=9600,8,1,0,0"), format!("{OK}{READY}"));
            assert_eq!(bench.module.baud(), 115_200);
            bench.shown(fault);
        }
        _ => return false,
    }
    true
}

fn show_send(fault: Fault) -> bool {
    match fault {
        Fault::PromptBlank => check_send(fault, "\r\nOK\r\n\r\n> ", DONE),
        Fault::LostPrompt => check_send(fault, OK, DONE),
        Fault::LostSendOk => check_send(fault, PROMPT, "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test"),
        Fault::FailThenOk => {
            let seen = "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test\r\nSEND FAIL\r\n\r\nSEND OK\r\n";
            check_send(fault, PROMPT, seen);
        }
        Fault::OkThenFail => check_send(fault, PROMPT, &format!("{DONE}\r\nSEND FAIL\r\n")),
        Fault::ErrorForSend => {
            let mut bench = check_command(linked(fault), fault, "AT+CIPSEND=0,4", ERROR);
            assert_eq!(send(&mut bench), (PROMPT.into(), DONE.into()));
        }
        Fault::DataBeforePrompt => {
            let mut bench = linked(fault);
            assert_eq!(bench.ask_for("AT+CIPSEND=0,4", ms(900)), OK);
            bench.push(b"early");
            assert_eq!(bench.run(ms(10)), "\r\n+IPD,0,5:early\r\n>");
            bench.shown(fault);
            assert_eq!(bench.payload(b"test"), DONE);
            bench.inject(fault);
            assert_eq!(bench.ask_for("AT+CIPSEND=0,4", ms(1000)), OK, "without data it waits for a second");
            assert_eq!(bench.run(ms(10)), "\r\n>");
        }
        Fault::DataBeforeSendOk => {
            // A peer that answers after 0.5 s: without the fault SEND OK is long out by then.
            let mut bench = open_link();
            bench.network.set_latency(ms(500));
            bench.ask_for("AT+CIPSEND=0,4", ms(100));
            bench.inject(fault);
            assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n");
            assert_eq!(bench.run(SECOND), "\r\n+IPD,0,4:test\r\nSEND OK\r\n");
            bench.shown(fault);
        }
        Fault::DeafWhileSending => {
            let mut bench = linked(fault);
            assert_eq!(bench.ask_for("AT+CIPSEND=0,4", ms(100)), PROMPT);
            bench.push(b"lost");
            assert_eq!(bench.run(ms(100)), "");
            bench.shown(fault);
            assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\nSEND OK\r\n");
            let socket = bench.network.connections()[0];
            bench.network.close_peer(socket);
            assert_eq!(bench.run(SECOND), "", "the end is not told either");
            assert_eq!(bench.ask("AT+CIPSTATE?").lines().filter(|line| line.starts_with("+CIPSTATE:0")).count(), 1);
            assert_eq!(send(&mut bench), (PROMPT.into(), "\r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n".into()));
        }
        Fault::ClosedBeforePrompt => {
            check_send(fault, "\r\nOK\r\n0,CLOSED\r\n\r\n>", "\r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n");
        }
        Fault::PromptGlued => {
            let mut bench = linked(fault);
            assert_eq!(bench.ask_for("AT+CIPSEND=0,4", ms(100)), PROMPT);
            bench.push(b"early");
            assert_eq!(bench.run(ms(100)), "+IPD,0,5:early");
            bench.shown(fault);
            assert_eq!(bench.payload(b"test"), DONE);
        }
        _ => return false,
    }
    true
}

fn show_data(fault: Fault) -> bool {
    let info = |fault| {
        let mut bench = open_link();
        bench.ok("AT+CIPDINFO=1");
        bench.inject(fault);
        bench
    };
    match fault {
        Fault::HeaderQuotes => _ = check_data(info(fault), fault, b"ab", "\r\n+IPD,0,2,10.0.0.1,7:ab"),
        Fault::HeaderPeer => {
            check_data(linked(fault), fault, b"ab", "\r\n+IPD,0,2,\"10.0.0.1\",7:ab");
            let mut bench = check_data(info(fault), fault, b"ab", "\r\n+IPD,0,2:ab");
            bench.push(b"ab");
            assert_eq!(bench.run(ms(10)), "\r\n+IPD,0,2,\"10.0.0.1\",7:ab", "only once");
        }
        Fault::HeaderIpv6 => _ = check_data(info(fault), fault, b"ab", "\r\n+IPD,0,2,\"::ffff:10.0.0.1\",7:ab"),
        Fault::SplitFrame => {
            let mut bench = linked(fault);
            bench.push(b"ab");
            let start = bench.now;
            let mut seen = Vec::new();
            for _ in 0..13 {
                bench.module.poll(bench.now);
                seen.push((bench.now - start, bench.module.drain(bench.now)));
                bench.now = bench.module.next_wake().unwrap_or(bench.now);
            }
            let frame = b"\r\n+IPD,0,2:ab";
            let bytes: Vec<_> = frame.iter().zip(0..).map(|(&byte, at)| (ms(at), vec![byte])).collect();
            assert_eq!(seen, bytes);
            bench.shown(fault);
        }
        Fault::ControlWords => {
            let mut bench = linked(fault);
            bench.push(b"ab");
            let words = "\r\nOK\r\n\r\nERROR\r\n\r\n+IPD,0,5:0,CLOSED\r\n\r\n> SEND OK\r\nready\r\n\0\u{fffd}";
            assert_eq!(bench.run(ms(10)), format!("\r\n+IPD,0,60:ab{words}"));
            bench.shown(fault);
        }
        Fault::UnknownLink => {
            check_data(linked(fault), fault, b"ab", "\r\n+IPD,246,6:aaaaaa\r\n+IPD,0,2:ab");
            check_data(passive(fault), fault, b"ab", "\r\n+IPD,246,6\r\n\r\n+IPD,0,2\r\n");
        }
        Fault::LongFrame => {
            let mut bench = linked(fault);
            bench.push(&[b'x'; 20_000]);
            let seen = bench.run(ms(100));
            assert!(seen.starts_with("\r\n+IPD,0,16384:xxxx"), "{}", &seen[..30]);
            assert!(seen[16_399..].starts_with("\r\n+IPD,0,2920:xxxx"), "{}", &seen[16_399..16_420]);
            assert_eq!(seen.bytes().filter(|&byte| byte == b'x').count(), 20_000);
            bench.shown(fault);
        }
        Fault::LostByte => _ = check_data(linked(fault), fault, b"abcd", "\r\n+IPD,0,4:abd"),
        Fault::FlippedByte => _ = check_data(linked(fault), fault, b"abcd", "\r\n+IPD,0,4:absd"),
        Fault::MergedDatagrams => {
            let mut bench = Bench::joined(builder());
            bench.ask("AT+CIPSTART=0,\"UDP\",\"10.0.0.9\",9,4000");
            bench.inject(fault);
            let from = "10.0.0.9:9".parse().unwrap();
            bench.network.push_datagram(from, 4000, b"one");
            assert_eq!(bench.run(ms(4000)), "");
            bench.network.push_datagram(from, 4000, b"three");
            assert_eq!(bench.run(ms(10)), "\r\n+IPD,0,8:onethree");
            bench.shown(fault);
            bench.inject(fault);
            bench.network.push_datagram(from, 4000, b"alone");
            assert_eq!(bench.run(ms(5010)), "\r\n+IPD,0,5:alone");
        }
        _ => return show_passive(fault),
    }
    true
}

fn show_passive(fault: Fault) -> bool {
    const NOTICE: &str = "\r\n+IPD,0,5\r\n";
    match fault {
        Fault::OldReadHeader => _ = check_read(fault, "+CIPRECVDATA=0,5,hello\r\nOK\r\n"),
        Fault::OtherReadHeader => _ = check_read(fault, "+CIPRECVDATA,5:hello\r\nOK\r\n"),
        Fault::ToReadLine => _ = check_read(fault, "to read 5 bytes\r\n+CIPRECVDATA:5,hello\r\nOK\r\n"),
        Fault::ErrorForRead => {
            let bench = check_read(fault, "\r\nERROR\r\n0,CLOSED\r\n");
            assert_eq!(bench.module.links(), []);
        }
        Fault::OtherEmptyLength => {
            let mut bench = check_command(passive(fault), fault, "AT+CIPRECVLEN?", "+CIPRECVLEN:0,0,0,0,0\r\nOK\r\n");
            assert_eq!(bench.ask("AT+CIPRECVLEN?"), "+CIPRECVLEN:0,-1,-1,-1,-1\r\nOK\r\n");
        }
        Fault::NoNoticeAfterConnect => {
            let mut bench = Bench::joined(builder());
            bench.ok("AT+CIPRECVMODE=1");
            bench.ok("AT+CIPSERVER=1,80");
            bench.inject(fault);
            let client = bench.client(5000, 80);
            bench.network.push(client, b"hello");
            assert_eq!(bench.run(SECOND), "0,CONNECT\r\n");
            bench.shown(fault);
            assert_eq!(bench.ask("AT+CIPRECVDATA=0,9"), "+CIPRECVDATA:5,hello\r\nOK\r\n");
            bench.network.push(client, b"again");
            assert_eq!(bench.run(SECOND), NOTICE);
        }
        Fault::NoticesStop => {
            let mut bench = check_data(passive(fault), fault, b"hello", "");
            bench.push(b"more");
            assert_eq!(bench.run(SECOND), "");
            assert_eq!(bench.ask("AT+CIPRECVDATA=0,99"), "+CIPRECVDATA:9,hellomore\r\nOK\r\n");
            bench.push(b"again");
            assert_eq!(bench.run(SECOND), NOTICE);
        }
        Fault::NoticeInsideAnswer => {
            let mut bench = passive(fault);
            bench.push(b"hello");
            assert_eq!(bench.run(SECOND), NOTICE);
            check_command(bench, fault, "AT+CIPRECVDATA=0,2", "+CIPRECVDATA:2,he\r\n+IPD,0,3\r\n\r\nOK\r\n");
        }
        Fault::ClosedBeforeRead => {
            let mut bench = check_data(passive(fault), fault, b"hello", "\r\n+IPD,0,5\r\n0,CLOSED\r\n");
            assert_eq!(bench.ask("AT+CIPRECVDATA=0,9"), "+CIPRECVDATA:5,hello\r\nOK\r\n");
            assert_eq!(bench.ask("AT+CIPRECVDATA=0,9"), ERROR);
        }
        Fault::LessThanAnnounced => {
            let mut bench = check_data(passive(fault), fault, b"hello", "\r\n+IPD,0,34\r\n");
            assert_eq!(bench.ask("AT+CIPRECVDATA=0,34"), "+CIPRECVDATA:5,hello\r\nOK\r\n");
            assert_eq!(bench.ask("AT+CIPRECVDATA=0,29"), ERROR);
        }
        Fault::MoreThanAsked => {
            let mut bench = passive(fault);
            bench.push(b"hello");
            assert_eq!(bench.run(SECOND), NOTICE);
            check_command(bench, fault, "AT+CIPRECVDATA=0,2", "+CIPRECVDATA:4,hell\r\nOK\r\n");
        }
        _ => return false,
    }
    true
}

fn show_link(fault: Fault) -> bool {
    const OPEN: &str = "AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7";
    match fault {
        Fault::StolenLink => {
            let mut bench = server(fault);
            bench.network.ignore("10.0.0.7:7".parse().unwrap());
            assert_eq!(bench.ask_for("AT+CIPSTART=0,\"TCP\",\"10.0.0.7\",7", ms(100)), "");
            bench.client(5000, 80);
            assert_eq!(bench.run(ms(100)), "0,CONNECT\r\nALREADY CONNECTED\r\n\r\nERROR\r\n");
            assert!(bench.module.links()[0].server);
            bench.shown(fault);
        }
        Fault::LinkMessage => {
            let mut bench = Bench::joined(builder());
            bench.inject(fault);
            let seen = bench.ask(OPEN);
            assert!(seen.starts_with("+LINK_CONN:0,0,\"TCP\",0,\"10.0.0.1\",7,"), "{seen}");
            bench.shown(fault);
        }
        Fault::LinkKept => {
            let mut bench = check_command(linked(fault), fault, "AT+CIPCLOSE=0", "0,CLOSED\r\n\r\nOK\r\n");
            assert_eq!(bench.ask(OPEN), "ALREADY CONNECTED\r\n\r\nERROR\r\n");
            assert_eq!(bench.ask("AT+CIPCLOSE=0"), "0,CLOSED\r\n\r\nOK\r\n");
            assert_eq!(bench.ask(OPEN), "0,CONNECT\r\n\r\nOK\r\n");
        }
        Fault::LinkReused => {
            let mut bench = server(fault);
            let first = bench.client(5000, 80);
            assert_eq!(bench.run(SECOND), "0,CONNECT\r\n");
            bench.network.close_peer(first);
            assert_eq!(bench.run(SECOND), "");
            bench.client(5001, 80);
            assert_eq!(bench.run(SECOND), "0,CLOSED\r\n0,CONNECT\r\n");
            bench.shown(fault);
        }
        Fault::ClosedWithOk => {
            let mut bench = Bench::joined(builder());
            bench.inject(fault);
            check_command(bench, fault, OPEN, "0,CLOSED\r\n\r\nOK\r\n");
        }
        Fault::AlreadyClosed => {
            let seen = "0,CLOSED\r\nlink is not valid\r\n\r\nERROR\r\n";
            check_command(linked(fault), fault, "AT+CIPCLOSE=0", seen);
        }
        Fault::CloseUnanswered => {
            let mut bench = check_command(linked(fault), fault, "AT+CIPCLOSE=0", "");
            assert_eq!(bench.module.links().len(), 1);
            bench.ok("AT");
        }
        Fault::RestartOnClose => {
            let seen = format!("close() reach to max timeout: 5s, esp_restart() now!\r\n{READY}{REJOINED}");
            check_command(linked(fault), fault, "AT+CIPCLOSE=0", &seen);
        }
        Fault::LinkLost => {
            let mut bench = linked(fault);
            assert_eq!(bench.run(SECOND), "");
            bench.shown(fault);
            assert_eq!(bench.ask("AT+CIPSEND=0,4"), "link is not valid\r\n\r\nERROR\r\n");
        }
        Fault::WifiDrop => {
            let mut bench = linked(fault);
            assert_eq!(bench.run(SECOND), "WIFI DISCONNECT\r\n0,CLOSED\r\n");
            bench.shown(fault);
        }
        Fault::WifiDropSilent => {
            let mut bench = linked(fault);
            assert_eq!(bench.run(SECOND), "WIFI DISCONNECT\r\n");
            assert_eq!(bench.module.links().len(), 1);
            bench.shown(fault);
        }
        _ => return false,
    }
    true
}

fn show_boot(fault: Fault) -> bool {
    match fault {
        Fault::BootGarbage => {
            let mut bench = booted(fault);
            bench.send(b"AT+RST\r\n");
            let all: Vec<u8> = (0..=255).collect();
            assert_eq!(bench.run_bytes(SECOND), [OK.as_bytes(), &all, READY.as_bytes()].concat());
            bench.shown(fault);
        }
        Fault::NulFlood => {
            let mut bench = booted(fault);
            assert_eq!(bench.run_bytes(SECOND), [0; 4096]);
            bench.shown(fault);
            bench.ok("AT");
        }
        Fault::NoReady => {
            let mut bench = check_command(booted(fault), fault, "AT+RST", OK);
            assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
        }
        Fault::ReadyGlued => {
            let mut bench = booted(fault);
            bench.send(b"AT+RST\r\n");
            assert_eq!(bench.run_bytes(SECOND), b"\r\nOK\r\n\x8c\x0c\xf8\x00ready\r\n");
            bench.shown(fault);
        }
        Fault::Silent => {
            let mut bench = linked(fault);
            bench.push(b"hello");
            assert_eq!(bench.ask("AT"), "");
            let now = bench.now;
            bench.module.reset(now);
            assert_eq!(bench.run(SECOND), READY);
            assert_eq!(bench.ask_for("AT", ms(100)), "AT\r\n\r\nOK\r\n");
            bench.shown(fault);
        }
        Fault::Reset(moment) => show_reset(moment),
        _ => return false,
    }
    true
}

fn show_reset(moment: ResetMoment) {
    let fault = Fault::Reset(moment);
    let mut bench = linked(fault);
    let seen = match moment {
        ResetMoment::Idle => bench.run(SECOND),
        ResetMoment::Joining => bench.ask("AT+CWJAP=\"home\",\"secret password\""),
        ResetMoment::Answer => bench.ask("AT+CIPMUX?"),
        ResetMoment::Prompt => bench.ask("AT+CIPSEND=0,4"),
        ResetMoment::TakingData => {
            bench.ask_for("AT+CIPSEND=0,4", ms(100));
            bench.payload(b"te") + &bench.run(SECOND)
        }
        ResetMoment::Sending => {
            bench.ask_for("AT+CIPSEND=0,4", ms(100));
            bench.payload(b"test") + &bench.run(SECOND)
        }
        ResetMoment::Payload => {
            bench.push(b"hello");
            bench.run(SECOND)
        }
        _ => panic!("no test for {fault}"),
    };
    let before = match moment {
        ResetMoment::Joining => "WIFI DISCONNECT\r\n0,CLOSED\r\nWIFI CONNECTED\r\n",
        ResetMoment::Answer => "+CIPM",
        ResetMoment::Prompt => OK,
        ResetMoment::Sending => "\r\nRecv 4 bytes\r\n",
        ResetMoment::Payload => "\r\n+IPD,0,5:he",
        _ => "",
    };
    let seen = seen + &bench.run(ms(3000));
    assert_eq!(seen, format!("{before}{READY}{REJOINED}"), "{fault}");
    bench.shown(fault);
    assert_eq!(bench.module.links(), []);
    assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n", "{fault}");
}

/// Those of MQTT are shown in `mqtt.rs`, those of Bluetooth in `bluetooth_faults.rs`.
const ELSEWHERE: [Fault; 5] =
    [Fault::MessageInPieces, Fault::MessageHeadCut, Fault::BleLostAtPrompt, Fault::BleControlWords, Fault::BleCutAtNul];

#[test]
fn every_fault_is_shown() {
    for &fault in Fault::ALL.iter().filter(|fault| !ELSEWHERE.contains(fault)) {
        let shown = show_command(fault) || show_send(fault) || show_data(fault) || show_link(fault) || show_boot(fault);
        assert!(shown, "no test for {fault}");
    }
}

#[test]
fn other_firmwares_say_it_in_their_words() {
    let mut bench = Bench::online(builder_of(Dialect::Esp8266Nonos));
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.inject(Fault::AlreadyClosed);
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\nUNLINK\r\n\r\nERROR\r\n");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.inject(Fault::PromptBlank);
    assert_eq!(bench.ask_for("AT+CIPSEND=4", ms(100)), "\r\nOK\r\n>");
    bench.inject(Fault::Reset(ResetMoment::Sending));
    let seen = bench.payload(b"test");
    assert!(seen.starts_with("\r\nRecv 4 bytes\r\n\r\nwdt reset\r\n"), "{seen}");
}
