//! Scripted sessions, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, CONTROL_WORDS, builder, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{AccessPoint, PeerSocket};

#[test]
fn boot_and_echo() {
    let mut bench = Bench::new(builder());
    assert_eq!(bench.run(ms(299)), "");
    assert_eq!(bench.run(ms(1)), "\r\nready\r\n");
    assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
    bench.ok("AT");
    assert_eq!(
        bench.ask("AT+GMR"),
        "AT version:3.4.0.0(s-simulator - ESP32 - Jun  7 2024 03:45:55)\r\n\
         SDK version:v5.0.6-dirty\r\n\
         compile time(70ff5889):Jun  7 2024 11:46:52\r\n\
         Bin version:v3.4.0.0(WROOM-32)\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\n");
    assert_eq!(bench.ask("ATE1"), "ATE1\r\n\r\nOK\r\n");
}

#[test]
fn bad_lines_and_error_codes() {
    let mut bench = Bench::booted(builder());
    bench.error("AT+FAKE");
    bench.ok("AT+SYSLOG=1");
    let code = |code: &str| format!("ERR CODE:0x01{code}0000\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+FAKE"), code("09"));
    assert_eq!(bench.ask("AT+cwmode=1"), code("09"));
    assert_eq!(bench.ask("at"), code("03"));
    assert_eq!(bench.ask(""), code("03"));
    assert_eq!(bench.ask("hello"), code("03"));
    assert_eq!(bench.ask("AT+CWMODE"), code("0c"));
    assert_eq!(bench.ask("AT+CWMODE=?"), code("0c"));
    assert_eq!(bench.ask("AT+CWMODE=9"), code("07"));
    assert_eq!(bench.ask("AT+CWMODE=\"1\""), code("05"));
    assert_eq!(bench.ask("AT+CWMODE=1,0,0"), code("06"));
    assert_eq!(bench.ask("AT+CWJAP=\"abc"), code("08"));
    let long = "x".repeat(33);
    assert_eq!(bench.ask(&format!("AT+CWJAP=\"{long}\",\"\"")), code("04"));
    // 256 bytes with the line end are the limit.
    let fits = format!("AT+CIPDOMAIN=\"{}\"", "a".repeat(256 - 2 - 15));
    assert_eq!(bench.ask(&fits), code("04"));
    let too_long = format!("AT+CIPDOMAIN=\"{}\"", "a".repeat(257 - 2 - 15));
    assert_eq!(bench.ask(&too_long), code("03"));
    bench.send(b"AT\n");
    assert_eq!(bench.run(ms(10)), code("02"));
    bench.send(b"AT");
    assert_eq!(bench.run(Duration::from_secs(60)), "");
    bench.send(b"\r\n");
    assert_eq!(bench.run(ms(10)), "\r\nOK\r\n");
}

#[test]
fn busy() {
    let mut bench = Bench::booted(builder());
    bench.send(b"AT+GMR\r\n ");
    let answer = bench.run(ms(10));
    assert!(answer.starts_with("busy p...\r\nAT version:"), "{answer}");
    bench.ok("AT+SYSLOG=1");
    bench.ok("AT+CWMODE=1");
    bench.send(b"AT+CWJAP=\"nowhere\",\"12345678\"\r\n");
    assert_eq!(bench.run(ms(500)), "");
    let busy = "ERR CODE:0x010b0000\r\nbusy p...\r\n";
    assert_eq!(bench.ask_for("AT", ms(500)), busy);
    assert_eq!(bench.ask_for("AT\r\nAT+GMR", ms(500)), busy.repeat(2));
    assert_eq!(bench.module.counters().busy, 4);
    assert_eq!(bench.run(Duration::from_secs(15)), "+CWJAP:3\r\nERR CODE:0x010a0000\r\n\r\nERROR\r\n");
    let seen = bench.module.commands().last().map(|entry| entry.line.as_str());
    assert_eq!(seen, Some("AT+CWJAP=\"nowhere\",\"12345678\""));
}

#[test]
fn join_and_its_failures() {
    let mut bench = Bench::booted(builder());
    bench.error("AT+CWJAP=\"home\",\"secret password\"");
    bench.ok("AT+CWMODE=1");
    assert_eq!(bench.ask("AT+CWJAP?"), "No AP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWSTATE?"), "+CWSTATE:0,\"\"\r\n\r\nOK\r\n");
    let wrong = bench.ask("AT+CWJAP=\"home\",\"wrong password\"");
    assert_eq!(wrong, "+CWJAP:2\r\n\r\nERROR\r\n");
    let missing = bench.ask("AT+CWJAP=\"nowhere\",\"12345678\"");
    assert_eq!(missing, "+CWJAP:3\r\n\r\nERROR\r\n");
    bench.send(b"AT+CWJAP=\"nowhere\",\"12345678\",,,,,,5\r\n");
    assert_eq!(bench.run(ms(4900)), "");
    assert_eq!(bench.run(ms(200)), "+CWJAP:1\r\n\r\nERROR\r\n");
    bench.send(b"AT+CWJAP=\"home\",\"secret password\"\r\n");
    assert_eq!(bench.run(ms(1499)), "");
    assert_eq!(bench.run(ms(400)), "WIFI CONNECTED\r\n");
    assert_eq!(bench.run(ms(200)), "WIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP?"), "+CWJAP:\"home\",\"02:00:00:00:00:01\",6,-47,0,1,3,0,1\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+CIPSTA?"),
        "+CIPSTA:ip:\"192.168.3.112\"\r\n+CIPSTA:gateway:\"192.168.3.1\"\r\n\
         +CIPSTA:netmask:\"255.255.255.0\"\r\n\r\nOK\r\n"
    );
    assert_eq!(
        bench.ask("AT+CIFSR"),
        "+CIFSR:STAIP,\"192.168.3.112\"\r\n+CIFSR:STAMAC,\"24:0a:c4:00:11:22\"\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CWJAP=\"cafe\",\"\""), "WIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWQAP"), "WIFI DISCONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWSTATE?"), "+CWSTATE:4,\"cafe\"\r\n\r\nOK\r\n");
}

#[test]
fn names_with_special_characters() {
    let odd = AccessPoint::new(br#"a,b"c\d"#, "pass,\"word\\");
    let mut bench = Bench::booted(quick().access_point(odd.bssid([2, 0, 0, 0, 0, 9])));
    bench.ok("AT+CWMODE=1");
    assert_eq!(bench.ask(r#"AT+CWJAP="a\,b\"c\\d","pass\,\"word\\""#), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    bench.ok("AT+CWLAPOPT=0,31");
    let list = bench.ask("AT+CWLAP");
    assert_eq!(list.lines().count(), 5);
    assert!(list.contains("+CWLAP:(3,\"home\",-47,\"02:00:00:00:00:01\",6)\r\n"), "{list}");
    assert!(list.contains("+CWLAP:(3,\"a,b\"c\\d\",-47,\"02:00:00:00:00:09\",6)\r\n"), "{list}");
}

#[test]
fn the_access_point_goes_and_comes_back() {
    let mut bench = Bench::joined(builder());
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
    let now = bench.now;
    bench.module.set_access_point_up(now, "home", false);
    assert_eq!(bench.run(ms(10)), "WIFI DISCONNECT\r\n0,CLOSED\r\n");
    assert_eq!(bench.run(Duration::from_secs(60)), "");
    let now = bench.now;
    bench.module.set_access_point_up(now, "home", true);
    let back = bench.run(Duration::from_secs(40));
    assert_eq!(back, "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
}

#[test]
fn flash_survives_a_restart() {
    let mut bench = Bench::joined(quick());
    bench.ok("AT+SYSSTORE=0");
    bench.ok("AT+CWMODE=3");
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPMUX?"), "+CIPMUX:0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+RESTORE"), "\r\nOK\r\n\r\nready\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:0\r\n\r\nOK\r\n");
}

#[test]
fn tcp_client() {
    let mut bench = Bench::joined(builder());
    bench.error("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPSTART=0,\"TCP\",\"example.org\",7"), "0,CONNECT\r\n\r\nOK\r\n");
    let again = bench.ask("AT+CIPSTART=0,\"TCP\",\"example.org\",7");
    assert_eq!(again, "ALREADY CONNECTED\r\n\r\nERROR\r\n");
    bench.send(b"AT+CIPSEND=0,4\r\n");
    assert_eq!(bench.run(ms(1)), "\r\nOK\r\n");
    assert_eq!(bench.run(ms(1)), "\r\n>");
    bench.send(b"te");
    assert_eq!(bench.run(ms(1000)), "");
    bench.send(b"st");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test\r\nSEND OK\r\n");
    let state = bench.ask("AT+CIPSTATE?");
    assert_eq!(state, "+CIPSTATE:0,\"TCP\",\"10.0.0.1\",7,49152,0\r\n\r\nOK\r\n");
    bench.ok("AT+CIPDINFO=1");
    assert_eq!(bench.ask("AT+CIPSEND=0,2"), "\r\nOK\r\n\r\n>");
    bench.send(b"hi");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 2 bytes\r\n\r\n+IPD,0,2,\"10.0.0.1\",7:hi\r\nSEND OK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=0"), "0,CLOSED\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=0,4"), "link is not valid\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=0"), "link is not valid\r\n\r\nERROR\r\n");
}

#[test]
fn more_bytes_than_announced() {
    let mut bench = Bench::joined(builder());
    bench.ok("AT+CIPMUX=0");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "\r\nOK\r\n\r\n>");
    bench.send(b"testmore");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 4 bytes\r\nbusy p...\r\n\r\n+IPD,4:test\r\nSEND OK\r\n");
}

#[test]
fn connects_that_fail() {
    let mut bench = Bench::joined(builder());
    bench.network.ignore("10.0.0.2:80".parse().unwrap());
    bench.error("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",8");
    bench.error("AT+CIPSTART=0,\"TCP\",\"10.9.9.9\",80");
    bench.error("AT+CIPSTART=0,\"SSL\",\"10.0.0.1\",443");
    let name = bench.ask("AT+CIPSTART=0,\"TCP\",\"nobody.example\",80");
    assert_eq!(name, "DNS Fail\r\n\r\nERROR\r\n");
    bench.send(b"AT+CIPSTART=0,\"TCP\",\"10.0.0.2\",80\r\n");
    assert_eq!(bench.run(Duration::from_secs(17)), "");
    assert_eq!(bench.run(Duration::from_secs(2)), "\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTATE?"), "\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"example.org\""), "+CIPDOMAIN:\"10.0.0.1\"\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+PING=\"example.org\""), "+PING:TIMEOUT\r\n\r\nERROR\r\n");
    bench.network.add_ping("10.0.0.1".parse().unwrap(), ms(12));
    assert_eq!(bench.ask("AT+PING=\"example.org\""), "+PING:12\r\n\r\nOK\r\n");
}

#[test]
fn active_receiving() {
    let mut bench = Bench::joined(quick());
    let data: Vec<u8> = (0..10_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), data.clone());
    bench.send(b"AT+CIPSTART=2,\"TCP\",\"10.0.0.3\",1\r\n");
    let got = bench.run_bytes(ms(100));
    let mut wanted = b"2,CONNECT\r\n\r\nOK\r\n".to_vec();
    let mut rest = &data[..];
    while !rest.is_empty() {
        // At most 2920 bytes a frame; a window of 5760 is read 4096 bytes at a time.
        let start = got[wanted.len()..].iter().position(|&byte| byte == b':').unwrap();
        let head = &got[wanted.len()..wanted.len() + start];
        let head = std::str::from_utf8(head).unwrap();
        let count: usize = head.strip_prefix("\r\n+IPD,2,").unwrap().parse().unwrap();
        assert!(count <= 2920);
        wanted.extend(format!("\r\n+IPD,2,{count}:").bytes());
        wanted.extend(&rest[..count]);
        rest = &rest[count..];
    }
    wanted.extend(b"2,CLOSED\r\n");
    assert_eq!(got, wanted);
}

#[test]
fn passive_receiving() {
    let mut bench = Bench::joined(quick());
    bench.ok("AT+CIPRECVTYPE=5,1");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    let len = CONTROL_WORDS.len();
    assert_eq!(
        bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.3\",1"),
        format!("0,CONNECT\r\n\r\nOK\r\n\r\n+IPD,0,{len}\r\n")
    );
    assert_eq!(bench.ask("AT+CIPRECVLEN?"), format!("+CIPRECVLEN:{len},-1,-1,-1,-1\r\nOK\r\n"));
    bench.send(b"AT+CIPRECVDATA=0,10\r\n");
    let mut wanted = b"+CIPRECVDATA:10,".to_vec();
    wanted.extend(&CONTROL_WORDS[..10]);
    wanted.extend(b"\r\nOK\r\n");
    assert_eq!(bench.run_bytes(ms(10)), wanted);
    // CLOSED waits for the last byte.
    bench.send(b"AT+CIPRECVDATA=0,2000\r\n");
    let mut wanted = format!("+CIPRECVDATA:{},", len - 10).into_bytes();
    wanted.extend(&CONTROL_WORDS[10..]);
    wanted.extend(b"\r\nOK\r\n0,CLOSED\r\n");
    assert_eq!(bench.run_bytes(ms(10)), wanted);
    bench.error("AT+CIPRECVDATA=0,2000");
}

#[test]
fn passive_window_and_notices() {
    let mut bench = Bench::joined(quick());
    bench.ok("AT+CIPRECVMODE=1");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), vec![b'x'; 20_000]);
    bench.send(b"AT+CIPSTART=0,\"TCP\",\"10.0.0.3\",1\r\n");
    assert_eq!(bench.run(ms(10)), "0,CONNECT\r\n\r\nOK\r\n\r\n+IPD,0,4096\r\n");
    assert_eq!(bench.module.links()[0].buffered, 5760);
    let mut left = 20_000;
    while left > 0 {
        bench.send(b"AT+CIPRECVDATA=0,5760\r\n");
        let answer = bench.run(ms(10));
        let count: usize =
            answer.strip_prefix("+CIPRECVDATA:").and_then(|rest| rest.split_once(',')?.0.parse().ok()).unwrap();
        left -= count;
        let notice = answer.contains("+IPD,0,");
        let closed = answer.ends_with("\r\nOK\r\n0,CLOSED\r\n");
        assert_eq!((notice, closed), (left > 0, left == 0), "{left} left: {answer}");
    }
}

#[test]
fn the_peer_closes_with_data_unread() {
    let variant = quick().with_variant(|variant| variant.closed_withheld = false);
    let mut bench = Bench::joined(variant);
    bench.ok("AT+CIPRECVTYPE=5,1");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), *b"data");
    assert_eq!(
        bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.3\",1"),
        "0,CONNECT\r\n\r\nOK\r\n\r\n+IPD,0,4\r\n0,CLOSED\r\n"
    );
    assert_eq!(bench.ask("AT+CIPRECVDATA=0,9"), "+CIPRECVDATA:4,data\r\nOK\r\n");
    bench.error("AT+CIPRECVDATA=0,9");
}

#[test]
fn the_peer_closes_under_a_send() {
    let mut bench = Bench::joined(builder());
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPSEND=0,4"), "\r\nOK\r\n\r\n>");
    let now = bench.now;
    bench.module.close_link(now, 0);
    assert_eq!(bench.run(ms(10)), "0,CLOSED\r\n");
    assert!(bench.module.in_data_mode());
    bench.send(b"test");
    assert_eq!(bench.run(ms(10)), "\r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n");
}

#[test]
fn a_slow_peer_delays_send_ok() {
    struct Slow;
    impl wifi_at_simulator::Peer for Slow {
        fn on_connect(&mut self, socket: &mut PeerSocket) {
            socket.set_window(0);
        }
    }
    let mut bench = Bench::joined(builder());
    bench.network.serve("10.0.0.4:1".parse().unwrap(), || Slow);
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.4\",1");
    bench.ask("AT+CIPSEND=0,4");
    bench.send(b"test");
    assert_eq!(bench.run(Duration::from_secs(60)), "\r\nRecv 4 bytes\r\n");
    let socket = bench.module.links()[0].socket;
    bench.network.set_window(socket, None);
    assert_eq!(bench.run(ms(10)), "\r\nSEND OK\r\n");
    bench.network.set_window(socket, Some(0));
    bench.ok("AT+CIPTCPOPT=0,,,5000");
    bench.ask("AT+CIPSEND=0,4");
    bench.send(b"test");
    assert_eq!(bench.run(ms(4900)), "\r\nRecv 4 bytes\r\n");
    assert_eq!(bench.run(ms(200)), "\r\nSEND FAIL\r\n");
}

#[test]
fn escaped_and_long_sends() {
    let mut bench = Bench::joined(builder());
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
    bench.ask("AT+CIPSENDEX=0,100");
    bench.send(br"a\\0b\0");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:a\\0b\r\nSEND OK\r\n");
    assert_eq!(bench.ask("AT+CIPSENDL=0,5000"), "\r\nOK\r\n\r\n>");
    bench.send(&[b'x'; 2500]);
    let first = bench.run(ms(100));
    assert!(first.contains("+CIPSENDL:2500,2500\r\n"), "{first}");
    bench.send(&[b'y'; 2500]);
    let second = bench.run(ms(100));
    assert!(second.contains("+CIPSENDL:5000,5000\r\n") && second.ends_with("\r\nSEND OK\r\n"), "{second}");
    assert_eq!(bench.ask("AT+CIPSENDL=0,5000"), "\r\nOK\r\n\r\n>");
    bench.send(b"+++");
    assert_eq!(bench.run(ms(100)), "\r\nSEND CANCELLED\r\n");
    bench.ok("AT");
}

#[test]
fn udp() {
    let mut bench = Bench::joined(builder());
    let peer = "10.0.0.5:9000".parse().unwrap();
    bench.network.serve_udp(peer, |_, data| vec![data.to_ascii_uppercase()]);
    assert_eq!(bench.ask("AT+CIPSTART=4,\"UDP\",\"10.0.0.5\",9000,1112,2"), "4,CONNECT\r\n\r\nOK\r\n");
    bench.ask("AT+CIPSEND=4,3");
    bench.send(b"abc");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 3 bytes\r\n\r\n+IPD,4,3:ABC\r\nSEND OK\r\n");
    bench.ask("AT+CIPSEND=4,2,\"10.0.0.6\",7777");
    bench.send(b"hi");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    let sent = bench.network.datagrams();
    assert_eq!(sent[1], ("10.0.0.6:7777".parse().unwrap(), b"hi".to_vec()));
    // Mode 2: the peer is whoever spoke last.
    bench.network.push_datagram("10.0.0.7:1".parse().unwrap(), 1112, b"one");
    bench.network.push_datagram("10.0.0.7:1".parse().unwrap(), 1112, b"two");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,4,3:one\r\n+IPD,4,3:two");
    assert_eq!(bench.ask("AT+CIPSTATE?"), "+CIPSTATE:4,\"UDP\",\"10.0.0.7\",1,1112,0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=4"), "4,CLOSED\r\n\r\nOK\r\n");
}

#[test]
fn server_with_two_clients() {
    let mut bench = Bench::joined(quick());
    assert_eq!(bench.ask("AT+CIPSERVER=0"), "no change\r\n\r\nOK\r\n");
    bench.ok("AT+CIPSERVERMAXCONN=2");
    bench.ok("AT+CIPSERVER=1,8080");
    assert_eq!(bench.ask("AT+CIPSERVER?"), "+CIPSERVER:1,8080,\"TCP\"\r\n\r\nOK\r\n");
    let connect = |bench: &Bench, port| {
        let from = std::net::SocketAddr::from(([192, 168, 3, 50], port));
        bench.network.connect_to_module(from, 8080).unwrap()
    };
    let first = connect(&bench, 1000);
    assert_eq!(bench.run(ms(10)), "0,CONNECT\r\n");
    let second = connect(&bench, 1001);
    assert_eq!(bench.run(ms(10)), "1,CONNECT\r\n");
    let third = connect(&bench, 1002);
    assert_eq!(bench.run(ms(10)), "");
    assert!(bench.network.is_closed_by_module(third));
    bench.network.push(second, b"hello");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,1,5:hello");
    bench.ask_for("AT+CIPSEND=0,3", ms(10));
    bench.send(b"abc");
    assert_eq!(bench.run(ms(10)), "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.network.take_received(first), b"abc");
    assert_eq!(
        bench.ask_for("AT+CIPSTATE?", ms(10)),
        "+CIPSTATE:0,\"TCP\",\"192.168.3.50\",1000,8080,1\r\n\
         +CIPSTATE:1,\"TCP\",\"192.168.3.50\",1001,8080,1\r\n\r\nOK\r\n"
    );
    bench.network.close_peer(second);
    assert_eq!(bench.run(ms(10)), "1,CLOSED\r\n");
    // Silent clients are dropped after 180 s.
    assert_eq!(bench.run(Duration::from_secs(179)), "");
    assert_eq!(bench.run(Duration::from_secs(2)), "0,CLOSED\r\n");
    let last = connect(&bench, 1003);
    assert_eq!(bench.run(ms(10)), "0,CONNECT\r\n");
    assert_eq!(bench.ask("AT+CIPSERVER=0,1"), "0,CLOSED\r\n\r\nOK\r\n");
    assert!(bench.network.is_closed_by_module(last));
}

#[test]
fn passthrough() {
    let mut bench = Bench::joined(builder());
    bench.ok("AT+CIPMUX=0");
    bench.ok("AT+SYSMSG=1");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.error("AT+CIPSEND");
    bench.ok("AT+CIPMODE=1");
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n>");
    bench.send(b"AT\r\n+++");
    assert_eq!(bench.run(ms(19)), "");
    assert_eq!(bench.run(ms(1000)), "AT\r\n+++");
    bench.send(b"++");
    assert_eq!(bench.run(ms(1000)), "++");
    bench.send(b"+++");
    assert_eq!(bench.run(ms(1000)), "+QUITT\r\n");
    bench.ok("AT+CIPMODE=0");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}

#[test]
fn passthrough_connects_again() {
    let mut bench = Bench::joined(builder());
    bench.ok("AT+CIPMUX=0");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.ok("AT+CIPMODE=1");
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n>");
    let socket = bench.module.links()[0].socket;
    bench.network.close_peer(socket);
    assert_eq!(bench.run(ms(500)), "");
    bench.send(b"again");
    assert_eq!(bench.run(ms(100)), "again");
    assert_eq!(bench.network.connections().len(), 1);
}

#[test]
fn clock() {
    let mut bench = Bench::joined(builder().clock(1_634_600_000));
    bench.error("AT+CIPSNTPTIME?");
    assert_eq!(bench.ask("AT+CIPSNTPCFG=1,8,\"pool.ntp.org\""), "\r\nOK\r\n+TIME_UPDATED\r\n");
    let now = bench.now;
    bench.module.set_clock(now, 1_634_636_876);
    assert_eq!(bench.ask("AT+CIPSNTPTIME?"), "+CIPSNTPTIME:Tue Oct 19 17:47:56 2021\r\nOK\r\n");
}

#[test]
fn commands_are_listed_once() {
    let mut bench = Bench::booted(quick());
    let list = bench.ask("AT+CMD?");
    let lines: Vec<&str> = list.lines().filter(|line| line.starts_with("+CMD:")).collect();
    assert_eq!(lines[0], "+CMD:0,\"AT\",0,0,0,1");
    assert_eq!(lines.len(), bench.module.command_list().len());
    let names: std::collections::BTreeSet<&str> = lines.iter().filter_map(|line| line.split(',').nth(1)).collect();
    assert_eq!(names.len(), lines.len());
}
