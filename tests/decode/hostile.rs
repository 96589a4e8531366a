//! What no module should print.

use serde_json::json;
use wifi_at::decode::Family;

use crate::helpers::{ALL, Random, check_splits, done, echo, expect, linked, unknown};
use crate::rows::parse_sent;

#[test]
fn bytes_of_nothing_known() {
    for junk in [&b"hello world"[..], b"\x80\x81\x82", b"lo", b"a\x01b"] {
        let log = [b"\r\nOK\r\n", junk, b"\r\n0,CONNECT\r\n\r\nOK\r\n"].concat();
        let start = "AT+CIPSTART=0,\"TCP\",\"a\",1";
        expect(
            Family::EspAt,
            &format!("AT\n{start}\n"),
            &log,
            json!([done("OK", "AT"), unknown(junk), linked("CONNECT", 0), done("OK", start),]),
        );
        let log = [b"AT\r\r\n\r\nOK\r\n", junk, b"\r\n0,CONNECT\r\n"].concat();
        expect(Family::EspAt, "", &log, json!([echo("AT"), done("OK", "AT"), unknown(junk), linked("CONNECT", 0)]));
    }
}

#[test]
fn hostile_bytes() {
    const WORDS: &[&[u8]] = &[
        b"OK\r\n",
        b"\r\n",
        b"ERROR\r\n",
        b">",
        b"> ",
        b"busy p...\r\n",
        b"ready\r\n",
        b"+IPD,",
        b"+IPD,0,",
        b"5:",
        b"12,",
        b"0,CONNECT\r\n",
        b"AT+CIPSEND=0,",
        b"AT",
        b"+CIPRECVDATA:3,",
        b"\"1.2.3.4\",",
        b"80,",
        b"+CIPRECVDATA,",
        b"\0\0",
        b"\xff\xfe",
        b"ets Jan",
        b"+MQTTSUBRECV:0,\"a",
        b"\",3,",
        b"SEND OK\r\n",
        b"Recv 4 bytes\r\n",
        b"+FOO:1\r\n",
        b"\r",
        b"AT+CIPDINFO=1\r\n",
        b"AT+RST\r\n",
        b"ATE0\r\n",
        b" -> ",
        b"+",
        b":",
        b",",
        b"WIFI GOT IP\r\n",
        b"4294967295:",
        b"+WRITE:0,1,3,,2,",
        b"+SYSMFG:\"a\",\"b\",7,2,",
        b"+MQTTPUB:OK\r\n",
        b"+CWJAP:1\r\n",
        b"x",
    ];
    let sent = parse_sent(
        b"AT\nATE0\nAT+CIPDINFO=1\nAT+CIPSEND=0,5\n<5 bytes>\nAT+CWJAP?\nAT+RST\nAT+CIPRECVDATA=0,3\nAT+FOO\n",
    );
    let mut random = Random(7);
    for round in 0..3000 {
        let mut log = Vec::new();
        for _ in 0..random.below(40) {
            match random.below(8) {
                0 => log.push(random.below(256) as u8),
                _ => log.extend_from_slice(WORDS[random.below(WORDS.len())]),
            }
        }
        let sent = if round % 2 == 0 { &sent[..] } else { &[] };
        check_splits(ALL[round % ALL.len()], sent, &log, &mut random);
    }
    for size in [1, 100, 1023, 1024, 1025, 5000, 20_000] {
        let log: Vec<u8> = (0..size).map(|_| random.below(256) as u8).collect();
        check_splits(Family::EspAt, &[], &log, &mut random);
        check_splits(Family::EspAt, &sent, &log, &mut random);
    }
}
