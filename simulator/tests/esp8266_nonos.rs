//! Scripted sessions with AT 1.7 on an ESP8266 (NONOS SDK), byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, CONTROL_WORDS, builder_of, bytes, ms};
use core::time::Duration;
use wifi_at_simulator::{Builder, Dialect};

fn builder() -> Builder {
    builder_of(Dialect::Esp8266Nonos)
}

#[test]
fn boot_and_basics() {
    let mut bench = Bench::new(builder());
    // What the ROM prints at 74880 baud is garbage at 115200.
    let garbage = bench.run_bytes(ms(299));
    assert!(garbage.starts_with(b"rl\0l\x9c\x9e|\0\x8cl") && !garbage.windows(5).any(|part| part == b"ready"));
    assert_eq!(bench.run(ms(1000)), "\r\nready\r\n");
    // The echo has a CR more.
    assert_eq!(bench.ask("AT"), "AT\r\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("ATE0"), "ATE0\r\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+GMR"),
        "AT version:1.7.4.0(May 11 2020 19:13:04)\r\nSDK version:3.0.4(9532ceb)\r\n\
         compile time:May 27 2020 10:12:17\r\nBin version(Wroom 02):1.7.4\r\nOK\r\n"
    );
    for unknown in ["AT+SYSLOG=1", "AT+SYSSTORE?", "AT+CIPRECVTYPE=1", "AT+CIPSTATE?", "AT+CMD?", "hello", ""] {
        bench.error(unknown);
    }
    // Noise in front of a command does not matter.
    bench.ok("\u{1}noiseAT");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:2\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWMODE_DEF=?"), "+CWMODE_DEF:(1-3)\r\n\r\nOK\r\n");
    bench.error("AT+CWMODE_CUR=0");
    assert_eq!(bench.ask("AT+CWHOSTNAME?"), "+CWHOSTNAME:<null>\r\n\r\nOK\r\n");
    bench.error("AT+CWHOSTNAME=\"my_test\"");
    bench.ok("AT+CWMODE_CUR=3");
    assert_eq!(bench.ask("AT+CWHOSTNAME?"), "+CWHOSTNAME:ESP_97D57B\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+CIFSR"),
        "+CIFSR:APIP,\"192.168.4.1\"\r\n+CIFSR:APMAC,\"1a:fe:34:97:d5:7b\"\r\n\
         +CIFSR:STAIP,\"0.0.0.0\"\r\n+CIFSR:STAMAC,\"18:fe:34:97:d5:7b\"\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+UART_CUR?"), "+UART_CUR:115200,8,1,0,0\r\n\r\nOK\r\n");
    bench.error("AT+UART_CUR=109,8,1,0,0");
    bench.ok("AT+UART_CUR=115200,8,3,0,3");
    assert_eq!(bench.ask("AT+SLEEP?"), "+SLEEP:2\r\n\r\nOK\r\n");
    bench.error("AT+SYSMSG_CUR?");
    bench.error("AT+SYSMSG_CUR=4");
    bench.error("AT+CWSAP_CUR=\"ESP8266\",\"1234567890\",5,3,9");
    bench.ok("AT+CWSAP_CUR=\"ESP8266\",\"1234567890\",5,3,8");
}

#[test]
fn join() {
    let mut bench = Bench::new(builder().with_variant(|variant| variant.boot_text.clear()));
    bench.run(ms(1000));
    bench.ask("ATE0");
    bench.ok("AT+CWMODE_DEF=1");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:5\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "no ip\r\n\r\nERROR\r\n");
    // The code has the command's own name.
    assert_eq!(bench.ask("AT+CWJAP_CUR=\"home\",\"wrong password\""), "+CWJAP_CUR:2\r\n\r\nFAIL\r\n");
    assert_eq!(bench.ask("AT+CWJAP_DEF=\"nowhere\",\"12345678\""), "+CWJAP_DEF:3\r\n\r\nFAIL\r\n");
    assert_eq!(bench.ask("AT+CWJAP=\"nowhere\",\"12345678\""), "+CWJAP:3\r\n\r\nFAIL\r\n");
    bench.send(b"AT+CWJAP_DEF=\"home\",\"secret password\"\r\nAT\r\n");
    assert_eq!(bench.run(ms(100)), "\r\nbusy p...\r\n");
    assert_eq!(bench.run(ms(3000)), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP_CUR?"), "+CWJAP_CUR:\"home\",\"02:00:00:00:00:01\",6,-47,0\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+CWLAP=\"home\""),
        "+CWLAP:(3,\"home\",-47,\"02:00:00:00:00:01\",6,-1,-1,4,4,7,0)\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"example.org\""), "+CIPDOMAIN:10.0.0.1\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"nobody.example\""), "DNS Fail\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+PING=\"10.0.0.1\""), "+timeout\r\n\r\nERROR\r\n");
    bench.ok("AT+CIPDNS_CUR=1,\"208.67.220.220\"");
    assert_eq!(bench.ask("AT+CIPDNS_CUR?"), "+CIPDNS_CUR:208.67.220.220\r\n\r\nOK\r\n");
    // A restart leaves the network with a word.
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\nWIFI DISCONNECT\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWQAP"), "\r\nOK\r\nWIFI DISCONNECT\r\n");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:5\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP_CUR?"), "No AP\r\n\r\nOK\r\n");
}

#[test]
fn single_link() {
    let mut bench = Bench::online(builder());
    // With CLOSED behind the ERROR.
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",8"), "\r\nERROR\r\nCLOSED\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TPC\",\"10.0.0.1\",7"), "Link typ ERROR\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCPv6\",\"::1\",7"), "Link typ ERROR\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "CONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "ALREADY CONNECTED\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPMUX=1"), "link is builded\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "\r\nOK\r\n> ");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\n+IPD,4:test\r\nSEND OK\r\n");
    bench.ok("AT+CIPDINFO=1");
    bench.ask("AT+CIPSEND=4");
    assert_eq!(
        bench.payload(b"test\r\n"),
        "\r\nRecv 4 bytes\r\n\r\nbusy s...\r\n\r\n+IPD,4,10.0.0.1,7:test\r\nSEND OK\r\n"
    );
    assert_eq!(bench.ask("AT+CIPSEND=2049"), "too long\r\n\r\nERROR\r\n");
    bench.ask("AT+CIPSEND=4");
    let now = bench.now;
    bench.module.close_link(now, 0);
    assert_eq!(bench.run(ms(10)), "CLOSED\r\n");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "link is not valid\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "UNLINK\r\n\r\nERROR\r\n");
    bench.ok("AT+CIPDINFO=0");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    bench.send(b"AT+CIPSTART=\"TCP\",\"10.0.0.3\",1\r\n");
    let head = format!("CONNECT\r\n\r\nOK\r\n\r\n+IPD,{}:", CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(100)), bytes(&[head.as_bytes(), CONTROL_WORDS, b"CLOSED\r\n"]));
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
    bench.ok("AT+CIPMUX=1");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "MUX=1\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=5,\"TCP\",\"10.0.0.1\",7"), "ID ERROR\r\n\r\nERROR\r\n");
}

#[test]
fn passive_receiving() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPRECVMODE=1");
    assert_eq!(bench.ask("AT+CIPRECVMODE?"), "+CIPRECVMODE:1\r\n\r\nOK\r\n");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    let len = CONTROL_WORDS.len();
    // CLOSED does not wait until the data is read.
    assert_eq!(
        bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.3\",1"),
        format!("0,CONNECT\r\n\r\nOK\r\n\r\n+IPD,0,{len}\r\n0,CLOSED\r\n")
    );
    assert_eq!(bench.ask("AT+CIPCLOSE=0"), "UNLINK\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPRECVLEN?"), format!("+CIPRECVLEN:{len},0,0,0,0\r\nOK\r\n"));
    bench.send(b"AT+CIPRECVDATA=0,10\r\n");
    let wanted = bytes(&[b"+CIPRECVDATA,10:", &CONTROL_WORDS[..10], b"\r\nOK\r\n"]);
    assert_eq!(bench.run_bytes(ms(10)), wanted);
    bench.error("AT+CIPRECVDATA=0,2049");
    bench.send(b"AT+CIPRECVDATA=0,2048\r\n");
    let head = format!("+CIPRECVDATA,{}:", len - 10);
    let wanted = bytes(&[head.as_bytes(), &CONTROL_WORDS[10..], b"\r\nOK\r\n"]);
    assert_eq!(bench.run_bytes(ms(10)), wanted);
    bench.error("AT+CIPRECVDATA=0,1");
    // The buffer holds 2920 bytes, the rest waits at the peer.
    bench.network.serve_bytes("10.0.0.3:2".parse().unwrap(), vec![b'x'; 5000]);
    assert_eq!(bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.3\",2"), "0,CONNECT\r\n\r\nOK\r\n\r\n+IPD,0,2920\r\n");
    assert_eq!(bench.module.links()[0].buffered, 2920);
    // UDP is always active.
    bench.ask("AT+CIPSTART=1,\"UDP\",\"10.0.0.5\",9000,1112,0");
    bench.network.push_datagram("10.0.0.5:9000".parse().unwrap(), 1112, b"one");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,1,3:one");
}

#[test]
fn udp() {
    let mut bench = Bench::online(builder());
    assert_eq!(bench.ask("AT+CIPSTART=\"UDP\",\"10.0.0.5\",9000,1112,2"), "CONNECT\r\n\r\nOK\r\n");
    bench.network.push_datagram("10.0.0.7:1".parse().unwrap(), 1112, CONTROL_WORDS);
    let head = format!("\r\n+IPD,{}:", CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(10)), bytes(&[head.as_bytes(), CONTROL_WORDS]));
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:3\r\n+CIPSTATUS:0,\"UDP\",\"10.0.0.7\",1,1112,0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=2,\"10.0.0.6\",7777"), "\r\nOK\r\n> ");
    assert_eq!(bench.payload(b"hi"), "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}

#[test]
fn server() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+CIPMUX=1");
    assert_eq!(bench.ask("AT+CIPSERVER=0"), "no change\r\n\r\nOK\r\n");
    bench.ok("AT+CIPSERVERMAXCONN=2");
    bench.ok("AT+CIPSERVER=1,1001");
    bench.ok("AT+CIPSTO=10");
    let first = bench.client(1000, 1001);
    let second = bench.client(1001, 1001);
    assert_eq!(bench.run(ms(10)), "0,CONNECT\r\n1,CONNECT\r\n");
    let third = bench.client(1002, 1001);
    assert_eq!(bench.run(ms(10)), "");
    assert!(bench.network.is_closed_by_module(third));
    bench.network.push(second, b"hello");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,1,5:hello");
    bench.ask_for("AT+CIPSEND=0,3", ms(10));
    assert_eq!(bench.payload(b"abc"), "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.network.take_received(first), b"abc");
    bench.network.close_peer(second);
    assert_eq!(bench.run(ms(10)), "1,CLOSED\r\n");
    assert_eq!(bench.run(Duration::from_secs(11)), "0,CLOSED\r\n");
    assert_eq!(bench.ask("AT+CIPMUX=0"), "CIPSERVER must be 0\r\n\r\nERROR\r\n");
    bench.ok("AT+CIPSERVER=0");
}

#[test]
fn passthrough() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+SYSMSG_CUR=1");
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.ok("AT+CIPMODE=1");
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n> ");
    bench.send(b"AT\r\n+++");
    assert_eq!(bench.run(ms(19)), "");
    assert_eq!(bench.run(ms(1000)), "AT\r\n+++");
    bench.send(b"+++");
    assert_eq!(bench.run(ms(1000)), "+QUITT\r\n");
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n> ");
    bench.send(b"+++");
    bench.run(ms(1000));
    bench.ok("AT+CIPMODE=0");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}

#[test]
fn new_style_messages() {
    let mut bench = Bench::online(builder());
    bench.ok("AT+SYSMSG_DEF=2");
    assert_eq!(
        bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"),
        "+LINK_CONN:0,0,\"TCP\",0,\"10.0.0.1\",7,49152\r\n\r\nOK\r\n"
    );
}
