//! Scripted sessions, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, ms};

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
fn tcp_client() {
    let mut bench = Bench::joined(builder());
    assert_eq!(bench.ask("AT+CIPSTART=0,\"TCP\",\"example.org\",7"), "0,CONNECT\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=0,4"), "\r\nOK\r\n\r\n>");
    bench.send(b"test");
    assert_eq!(bench.run(ms(100)), "\r\nRecv 4 bytes\r\n\r\n+IPD,0,4:test\r\nSEND OK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=0"), "0,CLOSED\r\n\r\nOK\r\n");
}
