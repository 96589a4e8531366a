//! Scripted sessions with AT 1.0 on an ESP32, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, CONTROL_WORDS, builder_of, bytes, ms};
use wifi_at_simulator::{Builder, Dialect};

fn builder() -> Builder {
    builder_of(Dialect::Esp32V1)
}

#[test]
fn boot_and_basics() {
    let mut bench = Bench::new(builder());
    assert_eq!(bench.run(ms(1000)), "\r\nready\r\n");
    assert_eq!(bench.ask("AT"), "AT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("ATE0"), "ATE0\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+GMR"),
        "AT version:1.0.0.0(f89bb63 - Jan 19 2017 09:25:16)\r\nSDK version:v1.0-318-g5d9a6ad\r\n\
         compile time:Jan 19 2017 17:46:16\r\n\r\nOK\r\n"
    );
    for unknown in ["AT+SYSLOG=1", "AT+PING=\"10.0.0.1\"", "AT+CIPRECVMODE=1", "AT+CIPSTATE?", "AT+UART_CUR?"] {
        bench.error(unknown);
    }
    assert_eq!(bench.ask("AT+CWMODE=?"), "+CWMODE:(1-3)\r\n\r\nOK\r\n");
    bench.error("AT+CWMODE=0");
    assert_eq!(bench.ask("AT+CWMODE?"), "+CWMODE:1\r\n\r\nOK\r\n");
    bench.ok("AT+UART=115200,8,1,0,3");
    bench.ok("AT+SLEEP=1");
    bench.error("AT+SLEEP=2");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:5\r\n\r\nOK\r\n");
}

#[test]
fn join() {
    let mut bench = Bench::new(builder());
    bench.run(ms(1000));
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWJAP=\"home\",\"wrong password\""), "+CWJAP:2\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CWJAP=\"nowhere\",\"12345678\""), "+CWJAP:3\r\n\r\nERROR\r\n");
    bench.error("AT+CWJAP=\"home\",\"secret password\",,1");
    let join = "AT+CWJAP=\"home\",\"secret password\"";
    assert_eq!(bench.ask(join), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWJAP?"), "+CWJAP:\"home\",\"02:00:00:00:00:01\",6,-47\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWLAP=\"home\""), "+CWLAP:(3,\"home\",-47,\"02:00:00:00:00:01\",6)\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPDOMAIN=\"example.org\""), "+CIPDOMAIN:10.0.0.1\r\n\r\nOK\r\n");
    bench.ok("AT+CIPSNTPCFG=8,\"cn.ntp.org.cn\",\"ntp.sjtu.edu.cn\"");
    assert_eq!(bench.ask("AT+RST"), "\r\nOK\r\n\r\nready\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWQAP"), "WIFI DISCONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:5\r\n\r\nOK\r\n");
}

#[test]
fn single_link() {
    let mut bench = Bench::online(builder());
    bench.error("AT+CIPSTART=\"TCP\",\"10.0.0.1\",8");
    bench.error("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7,,\"192.168.3.112\"");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "CONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "ALREADY CONNECT\r\n\r\nERROR\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\n+IPD,4:test\r\nSEND OK\r\n");
    bench.ok("AT+CIPDINFO=1");
    bench.ask("AT+CIPSEND=4");
    assert_eq!(bench.payload(b"testm"), "\r\nRecv 4 bytes\r\nbusy p...\r\n\r\n+IPD,4,10.0.0.1,7:test\r\nSEND OK\r\n");
    bench.error("AT+CIPSEND=2049");
    bench.ask("AT+CIPSEND=4");
    let now = bench.now;
    bench.module.close_link(now, 0);
    assert_eq!(bench.run(ms(10)), "CLOSED\r\n");
    assert_eq!(bench.payload(b"test"), "\r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n");
    bench.ok("AT+CIPDINFO=0");
    bench.network.serve_bytes("10.0.0.3:1".parse().unwrap(), CONTROL_WORDS);
    bench.send(b"AT+CIPSTART=\"TCP\",\"10.0.0.3\",1\r\n");
    let head = format!("CONNECT\r\n\r\nOK\r\n\r\n+IPD,{}:", CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(100)), bytes(&[head.as_bytes(), CONTROL_WORDS, b"CLOSED\r\n"]));
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}
