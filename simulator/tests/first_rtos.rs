//! What the two first firmwares on an RTOS, on ESP32 and ESP8266, have in common.
#![allow(missing_docs)]

mod common;

use common::{Bench, CONTROL_WORDS, builder_of, bytes, ms};
use core::time::Duration;
use wifi_at_simulator::Dialect;

#[test]
fn both() {
    for dialect in [Dialect::Esp32V1, Dialect::Esp8266Idf] {
        udp(dialect);
        server(dialect);
        passthrough(dialect);
    }
}

fn udp(dialect: Dialect) {
    let mut bench = Bench::online(builder_of(dialect));
    bench.ok("AT+CIPMUX=1");
    assert_eq!(bench.ask("AT+CIPSTART=4,\"UDP\",\"10.0.0.5\",9000,1112,2"), "4,CONNECT\r\n\r\nOK\r\n");
    bench.network.push_datagram("10.0.0.7:1".parse().unwrap(), 1112, CONTROL_WORDS);
    let head = format!("\r\n+IPD,4,{}:", CONTROL_WORDS.len());
    assert_eq!(bench.run_bytes(ms(10)), bytes(&[head.as_bytes(), CONTROL_WORDS]));
    assert_eq!(bench.ask("AT+CIPSTATUS"), "STATUS:3\r\n+CIPSTATUS:4,\"UDP\",\"10.0.0.7\",1,1112,0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPSEND=4,2,\"10.0.0.6\",7777"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"hi"), "\r\nRecv 2 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=4"), "4,CLOSED\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CIPCLOSE=4"), "link is not valid\r\n\r\nERROR\r\n");
}

fn server(dialect: Dialect) {
    let mut bench = Bench::online(builder_of(dialect));
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPSERVER=1");
    bench.error("AT+CIPSERVER?");
    bench.ok("AT+CIPSTO=10");
    let first = bench.client(1000, 333);
    let second = bench.client(1001, 333);
    assert_eq!(bench.run(ms(10)), "0,CONNECT\r\n1,CONNECT\r\n");
    bench.network.push(second, b"hello");
    assert_eq!(bench.run(ms(10)), "\r\n+IPD,1,5:hello");
    bench.ask_for("AT+CIPSEND=0,3", ms(10));
    assert_eq!(bench.payload(b"abc"), "\r\nRecv 3 bytes\r\n\r\nSEND OK\r\n");
    assert_eq!(bench.network.take_received(first), b"abc");
    bench.network.close_peer(second);
    assert_eq!(bench.run(ms(10)), "1,CLOSED\r\n");
    assert_eq!(bench.run(Duration::from_secs(11)), "0,CLOSED\r\n");
    bench.error("AT+CIPMUX=0");
    bench.ok("AT+CIPSERVER=0");
    bench.ok("AT+CIPMUX=0");
}

fn passthrough(dialect: Dialect) {
    let mut bench = Bench::online(builder_of(dialect));
    bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
    bench.ok("AT+CIPMODE=1");
    assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n>");
    bench.send(b"AT\r\n+++");
    assert_eq!(bench.run(ms(19)), "");
    assert_eq!(bench.run(ms(1000)), "AT\r\n+++");
    bench.send(b"+++");
    assert_eq!(bench.run(ms(1000)), "");
    bench.ok("AT+CIPMODE=0");
    assert_eq!(bench.ask("AT+CIPCLOSE"), "CLOSED\r\n\r\nOK\r\n");
}
