//! The line itself: bit times, RTS, change of rate, hooks, random bytes.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, builder_of, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{Action, Dialect, Hook, Latency, Point};

/// 10 bits a byte.
fn bytes_at(baud: u64, count: u64) -> Duration {
    Duration::from_nanos((count * 10 * 1_000_000_000).div_ceil(baud))
}

#[test]
fn bytes_leave_bit_by_bit() {
    let mut bench = Bench::new(quick().baud(Some(9600)));
    let mut seen = Vec::new();
    for count in 1..=9 {
        let at = bytes_at(9600, count);
        bench.module.poll(at - Duration::from_nanos(1));
        seen.extend(bench.module.drain(at - Duration::from_nanos(1)));
        assert_eq!(seen.len() as u64, count - 1);
        assert_eq!(bench.module.next_wake(), Some(at));
        seen.extend(bench.module.drain(at));
        assert_eq!(seen.len() as u64, count);
    }
    assert_eq!(seen, b"\r\nready\r\n");
    // 6 bytes in, each echoed when it is in, then the answer behind the echo.
    let start = ms(1000);
    bench.module.receive(start, b"AT\r\nAT");
    let echo = start + bytes_at(9600, 2);
    let before = echo - Duration::from_nanos(1);
    bench.module.poll(before);
    assert_eq!(bench.module.drain(before), b"");
    bench.module.poll(echo);
    assert_eq!(bench.module.drain(echo), b"A");
    let last = start + bytes_at(9600, 5 + 6 + 2);
    bench.module.poll(last);
    let all = bench.module.drain(last);
    assert!(all.starts_with(b"T\r\n"), "{}", all.escape_ascii());
}

#[test]
fn a_download_takes_what_the_line_allows() {
    const SIZE: usize = 200_000;
    for &dialect in Dialect::ALL {
        let mut bench = Bench::online(builder_of(dialect).latency(Latency::none()).baud(Some(921_600)));
        bench.ok("AT+CIPMUX=1");
        bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), vec![0x55; SIZE]);
        let start = bench.now;
        bench.send(b"AT+CIPSTART=0,\"TCP\",\"10.0.0.3\",1\r\n");
        // Everything that the module sends counts for the line: 200 kB and the heads of the frames.
        let (mut payload, mut all) = (0, 0_u64);
        let mut last = start;
        while payload < SIZE {
            bench.now = bench.module.next_wake().unwrap();
            bench.module.poll(bench.now);
            let got = bench.module.drain(bench.now);
            payload += got.iter().filter(|&&byte| byte == 0x55).count();
            all += got.len() as u64;
            last = bench.now;
        }
        let took = (last - start).as_secs_f64();
        let line = bytes_at(921_600, all).as_secs_f64();
        assert!((took / line - 1.0).abs() < 0.01, "{}: {took} s, the line allows {line} s", dialect.name());
    }
}

#[test]
fn the_host_stops_the_module() {
    let mut bench = Bench::new(quick().baud(Some(10_000)));
    // One byte a millisecond.
    assert_eq!(bench.run_bytes(ms(3)), b"\r\nr");
    bench.module.set_host_ready(Duration::from_micros(3500), false);
    assert_eq!(bench.run_bytes(ms(100)), b"e");
    assert_eq!(bench.module.next_wake(), None);
    let now = bench.now;
    bench.module.set_host_ready(now, true);
    assert_eq!(bench.run_bytes(ms(5)), b"ady\r\n");
}

#[test]
fn change_of_rate() {
    let mut bench = Bench::booted(builder().baud(Some(10_000)));
    let start = bench.now;
    let command = b"AT+UART_CUR=100000,8,1,0,0\r\n";
    bench.send(command);
    let answer = bench.run(bytes_at(10_000, command.len() as u64 + 6) + ms(1));
    assert_eq!(answer, "\r\nOK\r\n");
    assert_eq!(bench.now - start, bytes_at(10_000, 28 + 6) + ms(1));
    assert_eq!(bench.module.baud(), 100_000);
    bench.send(b"AT\r\n");
    assert_eq!(bench.run(bytes_at(100_000, 4 + 6) + ms(1)), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+UART_DEF?"), "+UART_DEF:10000,8,1,0,0\r\n\r\nOK\r\n");
    let now = bench.now;
    bench.module.reset(now);
    bench.run(ms(1000));
    assert_eq!(bench.module.baud(), 10_000);
}

fn connected() -> Bench {
    let mut bench = Bench::joined(builder());
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
    bench
}

#[test]
fn hooks_around_a_send() {
    let mut bench = connected();
    let urc = b"\r\n+IPD,3,1:x".to_vec();
    bench.module.on(Point::Prompt, Action::Before(urc));
    assert_eq!(bench.ask("AT+CIPSEND=0,4"), "\r\nOK\r\n\r\n+IPD,3,1:x\r\n>");
    bench.module.on(Point::SendResult, Action::Drop);
    bench.send(b"test");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test");

    bench.module.on(Point::Prompt, Action::Drop);
    assert_eq!(bench.ask("AT+CIPSEND=0,4"), "\r\nOK\r\n");
    bench.module.on(Point::SendResult, Action::Delay(Duration::from_secs(9)));
    bench.module.on(Point::Data, Action::Inside(2, b"SEND OK\r\n".to_vec()));
    bench.send(b"test");
    assert_eq!(bench.run(ms(8999)), "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:teSEND OK\r\nst");
    assert_eq!(bench.run(ms(10)), "\r\nSEND OK\r\n");

    bench.module.on(Point::Prompt, Action::CloseLink(0));
    assert_eq!(bench.ask("AT+CIPSEND=0,4"), "\r\nOK\r\n0,CLOSED\r\n\r\n>");
    assert!(bench.module.pending_hooks().is_empty());
}

#[test]
fn hooks_around_an_answer() {
    let mut bench = connected();
    let busy = Action::Before(b"busy p...\r\n".to_vec());
    bench.module.hook(Hook::new(Point::Answer("CIPMUX".into()), busy).skip(1));
    bench.ok("AT");
    assert_eq!(bench.ask("AT+CIPMUX?"), "+CIPMUX:1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPMUX?"), "busy p...\r\n+CIPMUX:1\r\n\r\nOK\r\n");
    bench.module.on(Point::Answer("RST".into()), Action::Drop);
    assert_eq!(bench.ask("AT+RST"), "");
    bench.ok("AT");
    let error = Action::Replace(b"\r\nERROR\r\n".to_vec());
    bench.module.on(Point::Answer("*".into()), error);
    bench.error("AT");
    bench.module.on(Point::Answer(String::new()), Action::Delay(ms(500)));
    bench.send(b"AT\r\n");
    assert_eq!(bench.run(ms(500)), "");
    assert_eq!(bench.run(ms(10)), "\r\nOK\r\n");
    let now = bench.now;
    bench.module.inject_at(now + ms(7), b"\xff\x00noise");
    assert_eq!(bench.run_bytes(ms(6)), b"");
    assert_eq!(bench.run_bytes(ms(1)), b"\xff\x00noise");
}

#[test]
fn a_restart_inside_a_payload() {
    let mut bench = connected();
    bench.ok("AT+CIPRECVTYPE=5,1");
    let socket = bench.module.links()[0].socket;
    bench.network.push(socket, &[b'x'; 100]);
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,0,100\r\n");
    let text = b"ets Jun  8 2016 00:22:57\r\n".to_vec();
    bench.module.on(Point::Data, Action::Restart(3, text));
    assert_eq!(
        bench.ask_for("AT+CIPRECVDATA=0,100", ms(400)),
        "+CIPRECVDATA:100,xxxets Jun  8 2016 00:22:57\r\n\r\nready\r\n"
    );
    assert!(bench.module.links().is_empty());
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }
}

/// Random bytes, random commands with random parameters, random times: nothing panics, and the same seed gives the same
/// bytes.
#[test]
fn random_input() {
    // WIFI_AT_FUZZ=20000 for a longer search.
    let rounds = std::env::var("WIFI_AT_FUZZ").map_or(1000, |rounds| rounds.parse().unwrap());
    let run = |dialect: Dialect, seed: u64| {
        let mut random = Random(seed);
        let builder = builder_of(dialect).baud(seed.is_multiple_of(2).then_some(115_200));
        let mut bench = Bench::online(builder);
        bench.ok("AT+CIPMUX=1");
        bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
        let forms = bench.module.command_list();
        let parameters = [
            "0",
            "1",
            "2",
            "5",
            "-1",
            "99999999999999999999",
            "\"TCP\"",
            "\"UDP\"",
            "\"home\"",
            "7",
            "\"10.0.0.1\"",
            "\"example.org\"",
            "\"secret password\"",
            "",
            "\"",
            "\\",
            "4",
            "100",
        ];
        let mut digest = 0_u64;
        for _ in 0..rounds {
            match random.next(10) {
                0..=1 => {
                    let bytes: Vec<u8> = (0..random.next(40)).map(|_| random.next(256).to_le_bytes()[0]).collect();
                    bench.send(&bytes);
                }
                2..=6 => {
                    let index = usize::try_from(random.next(forms.len() as u64)).unwrap();
                    let mut line = forms[index].name.clone();
                    line += ["=", "?", "", "=?"][usize::try_from(random.next(4)).unwrap()];
                    let count = random.next(6);
                    let values: Vec<&str> =
                        (0..count).map(|_| parameters[usize::try_from(random.next(18)).unwrap()]).collect();
                    line += &values.join(",");
                    bench.send(format!("{line}\r\n").as_bytes());
                }
                7 => bench.send(b"+++"),
                8 => {
                    let from = std::net::SocketAddr::from(([10, 0, 0, 9], 1));
                    for port in [1, 5, 7, 100] {
                        let _ = bench.network.connect_to_module(from, port);
                        bench.network.push_datagram(from, port, b"datagram");
                    }
                    for socket in bench.network.connections() {
                        bench.network.push(socket, &[b'+'; 500]);
                        if random.next(3) == 0 {
                            bench.network.close_peer(socket);
                        }
                    }
                }
                _ => {
                    let now = bench.now;
                    match random.next(20) {
                        0 => bench.module.reset(now),
                        1 => bench.module.drop_wifi(now),
                        _ => {}
                    }
                }
            }
            let time = [0, 1, 25, 3000][usize::try_from(random.next(4)).unwrap()];
            for byte in bench.run_bytes(ms(time)) {
                digest = digest.wrapping_mul(31).wrapping_add(u64::from(byte));
            }
        }
        digest
    };
    for &dialect in Dialect::ALL {
        for seed in 1..=3 {
            assert_eq!(run(dialect, seed), run(dialect, seed), "{} {seed}", dialect.name());
        }
    }
}
