//! The decoder for captured logs, through what `examples/decode.rs` prints.

#[path = "../examples/decode/rows.rs"]
#[expect(dead_code, reason = "offsets and texts are for the example")]
mod rows;

use rows::{Rows, latin1, parse_sent};
use serde_json::{Value, json};
use wifi_at::decode::{BusyRule, Decoder, Family, Item, Sent};

/// Small, and the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

fn values(family: Family, sent: &str, log: &[u8]) -> Vec<Value> {
    rows::decode(family, &parse_sent(sent.as_bytes()), log).into_iter().map(|row| row.value).collect()
}

/// The rows and the payloads of a log that is fed in pieces of the sizes that `size` gives.
fn in_pieces(family: Family, sent: &[Sent<'_>], log: &[u8], mut size: impl FnMut() -> usize) -> Vec<(Value, Vec<u8>)> {
    let mut decoder = Decoder::new(family).with_sent(sent);
    let mut rows = Rows::default();
    let mut rest = log;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
        decoder.feed(piece, &mut |item| rows.add(&item));
        rest = after;
    }
    decoder.finish(&mut |item| rows.add(&item));
    rows.finish().into_iter().map(|row| (row.value, row.detail)).collect()
}

/// Any split gives the same, and each byte comes out once unless it is a line end.
fn check_splits(family: Family, sent: &[Sent<'_>], log: &[u8], random: &mut Random) {
    let whole = in_pieces(family, sent, log, || usize::MAX);
    assert_eq!(in_pieces(family, sent, log, || 1), whole, "{}", log.escape_ascii());
    assert_eq!(in_pieces(family, sent, log, || 1 + random.below(7)), whole, "{}", log.escape_ascii());
    assert_eq!(in_pieces(family, sent, log, || 1 + random.below(200)), whole, "{}", log.escape_ascii());

    let mut bytes = Vec::new();
    let mut decoder = Decoder::new(family).with_sent(sent).with_busy_rule(BusyRule::Nothing);
    let mut sink = |item: Item<'_>| match item {
        Item::Echo(text) => bytes.extend_from_slice(text),
        Item::ResponseLine { line, .. } => bytes.extend_from_slice(line),
        Item::Final { result, .. } => bytes.extend_from_slice(result),
        Item::Urc(urc) => bytes.extend_from_slice(urc.raw),
        Item::Data(data) => bytes.extend_from_slice(data.raw),
        Item::Payload(payload) => bytes.extend_from_slice(payload),
        Item::Prompt => bytes.push(b'>'),
        Item::Noise { bytes: noise, .. } => bytes.extend_from_slice(noise),
        Item::Boot { .. } | Item::Unknown { .. } => {}
    };
    decoder.feed(log, &mut sink);
    decoder.finish(&mut sink);
    let count = |bytes: &[u8]| {
        let mut counts = [0usize; 256];
        bytes.iter().filter(|byte| !b"\r\n \t\0".contains(byte)).for_each(|byte| counts[usize::from(*byte)] += 1);
        counts
    };
    assert_eq!(count(&bytes), count(log), "{}", log.escape_ascii());
}

#[track_caller]
fn expect(family: Family, sent: &str, log: &[u8], expected: Value) {
    let found = values(family, sent, log);
    let expected = expected.as_array().unwrap();
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found, expected, "row {index} of {}", log.escape_ascii());
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    check_splits(family, &parse_sent(sent.as_bytes()), log, &mut Random(1));
}

fn done(result: &str, command: &str) -> Value {
    json!({"type": "final", "result": result, "command": command})
}

fn urc(name: &str) -> Value {
    json!({"type": "urc", "name": name})
}

fn linked(name: &str, link: u32) -> Value {
    json!({"type": "urc", "name": name, "link": link})
}

fn data(via: &str, link: Option<u32>, len: u32, remote: Option<&str>) -> Value {
    json!({"type": "data", "via": via, "link": link, "len": len, "remote": remote})
}

fn answer(command: &str, lines: &[&str]) -> Value {
    json!({"type": "response", "command": command, "lines": lines})
}

fn echo(text: &str) -> Value {
    json!({"type": "echo", "text": text})
}

fn unknown(raw: &[u8]) -> Value {
    json!({"type": "unknown", "len": raw.len(), "raw": latin1(raw)})
}

fn prompt() -> Value {
    json!({"type": "prompt"})
}

const ALL: [Family; 5] = Family::ALL;

#[test]
fn headers_of_received_data() {
    for family in ALL {
        for (head, link, len, remote) in [
            ("+IPD,5:", None, 5, None),
            ("+IPD,3,5:", Some(3), 5, None),
            ("+IPD,246,5:", Some(246), 5, None),
            ("+IPD,5,1.2.3.4,80:", None, 5, Some("1.2.3.4:80")),
            ("+IPD,5,\"1.2.3.4\",80:", None, 5, Some("1.2.3.4:80")),
            ("+IPD,0,5,1.2.3.4,80:", Some(0), 5, Some("1.2.3.4:80")),
            ("+IPD,0,5,\"1.2.3.4\",80:", Some(0), 5, Some("1.2.3.4:80")),
            ("+IPD,0,5,fe80::1,80:", Some(0), 5, Some("[fe80::1]:80")),
            ("+IPD,0,5,\"fe80::1\",80:", Some(0), 5, Some("[fe80::1]:80")),
            ("+IPD,0,0:", Some(0), 0, None),
        ] {
            let payload: &[u8] = if len == 0 { b"" } else { b">\0\xff\r\n" };
            let log = [b"\r\n", head.as_bytes(), payload, b"0,CLOSED\r\n"].concat();
            expect(family, "", &log, json!([data("+IPD", link, len, remote), linked("CLOSED", 0)]));
        }
    }
}

#[test]
fn payloads_that_look_like_lines() {
    for word in ["\r\nOK\r\n", "+IPD,0,9:", "ready\r\n", "0,CLOSED\r\n", "\r\nERROR\r\n", ">>>", "busy p...\r\n"] {
        let log = format!("+IPD,0,{}:{word}\r\nSEND OK\r\n", word.len());
        let len = u32::try_from(word.len()).unwrap();
        expect(
            Family::EspAt,
            "AT+CIPSEND=0,4\n<4 bytes>\n",
            format!("OK\r\n> {log}").as_bytes(),
            json!([
                done("OK", "AT+CIPSEND=0,4"),
                prompt(),
                data("+IPD", Some(0), len, None),
                done("SEND OK", "AT+CIPSEND=0,4"),
            ]),
        );
    }
}

#[test]
fn passive_notices() {
    expect(
        Family::Esp8266Nonos,
        "",
        b"\r\n+IPD,0,450\r\n+IPD,77\r\n+IPD, 2, 5\r\n",
        json!([
            {"type": "urc", "name": "+IPD", "link": 0, "avail": 450},
            {"type": "urc", "name": "+IPD", "avail": 77},
            {"type": "urc", "name": "+IPD", "link": 2, "avail": 5},
        ]),
    );
}

#[test]
fn received_data_that_was_asked_for() {
    let asked = |dinfo: &str, head: &str, link: Option<u32>, remote: Option<&str>| {
        let command = if link.is_some() { "AT+CIPRECVDATA=3,100" } else { "AT+CIPRECVDATA=100" };
        let sent = format!("{dinfo}\n{command}\n");
        let log = format!("OK\r\n{head}\r\nO>\r\nOK\r\n");
        expect(
            Family::EspAt,
            &sent,
            log.as_bytes(),
            json!([done("OK", dinfo), data("+CIPRECVDATA", link, 4, remote), done("OK", command),]),
        );
        // The same with echoes only.
        let log = format!("{dinfo}\r\r\nOK\r\n{command}\r\r\n{head}\r\nO>\r\nOK\r\n");
        expect(
            Family::EspAt,
            "",
            log.as_bytes(),
            json!([
                echo(dinfo),
                done("OK", dinfo),
                echo(command),
                data("+CIPRECVDATA", link, 4, remote),
                done("OK", command),
            ]),
        );
    };
    for link in [Some(3), None] {
        asked("AT+CIPDINFO=0", "+CIPRECVDATA:4,", link, None);
        asked("AT+CIPDINFO=1", "+CIPRECVDATA:4,", link, None);
        asked("AT+CIPDINFO=1", "+CIPRECVDATA:4,\"1.2.3.4\",80,", link, Some("1.2.3.4:80"));
        asked("AT+CIPDINFO=1", "+CIPRECVDATA:4,1.2.3.4,80,", link, Some("1.2.3.4:80"));
        asked("AT+CIPDINFO=1", "+CIPRECVDATA:4,\"fe80::1\",80,", link, Some("[fe80::1]:80"));
        asked("AT+CIPMUX=1", "+CIPRECVDATA:4,\"1.2.3.4\",80,", link, Some("1.2.3.4:80"));
        asked("AT+CIPMUX=1", "+CIPRECVDATA,4:", link, None);
    }
    asked("AT+CIPMUX=1", "+CIPRECVDATA=3,4,", Some(3), None);
    // Data that looks like an address, where no address comes.
    expect(
        Family::EspAt,
        "AT+CIPDINFO=0\nAT+CIPRECVDATA=13",
        b"OK\r\n+CIPRECVDATA:13,\"1.2.3.4\",80,\r\nOK\r\n",
        json!([done("OK", "AT+CIPDINFO=0"), data("+CIPRECVDATA", None, 13, None), done("OK", "AT+CIPRECVDATA=13"),]),
    );
    // Nobody knows who asked; the debug line of an early version.
    expect(
        Family::EspAt,
        "",
        b"to read 2 bytes\r\n+CIPRECVDATA:2,ab\r\nOK\r\n",
        json!([
            data("+CIPRECVDATA", None, 2, None),
            {"type": "response", "command": null, "lines": ["to read 2 bytes"]},
            {"type": "final", "result": "OK", "command": null},
        ]),
    );
}

#[test]
fn busy_lines() {
    // One that was sent too early.
    expect(
        Family::EspAt,
        "AT+CWJAP=\"a\",\"b\"\nAT+CIFSR\nAT+CIFSR\n",
        b"busy p...\r\nWIFI CONNECTED\r\n\r\nOK\r\n+CIFSR:STAIP,\"1.2.3.4\"\r\nOK\r\n",
        json!([
            done("busy p...", "AT+CIFSR"),
            urc("WIFI CONNECTED"),
            done("OK", "AT+CWJAP=\"a\",\"b\""),
            answer("AT+CIFSR", &["+CIFSR:STAIP,\"1.2.3.4\""]),
            done("OK", "AT+CIFSR"),
        ]),
    );
    // Stray input: the true answer still comes, and what follows has its own.
    expect(
        Family::EspAt,
        "AT+CIPRECVDATA=0,9\nAT+CIPCLOSE=0\n",
        b"ERR CODE:0x010b0000\r\nbusy p...\r\n+CIPRECVDATA:2,ab\r\nOK\r\n0,CLOSED\r\n\r\nOK\r\n",
        json!([
            urc("ERR CODE"),
            done("busy p...", "AT+CIPRECVDATA=0,9"),
            data("+CIPRECVDATA", Some(0), 2, None),
            done("OK", "AT+CIPRECVDATA=0,9"),
            linked("CLOSED", 0),
            done("OK", "AT+CIPCLOSE=0"),
        ]),
    );
    // A module that is not ready yet.
    expect(
        Family::Esp8266Nonos,
        "AT\nAT\nAT+GMR\n",
        b"busy p...\r\nbusy p...\r\nAT version:1.7\r\nOK\r\n",
        json!([
            done("busy p...", "AT"),
            done("busy p...", "AT"),
            answer("AT+GMR", &["AT version:1.7"]),
            done("OK", "AT+GMR"),
        ]),
    );
    // Echoes tell.
    expect(
        Family::Esp8266Nonos,
        "",
        b"AT+CWJAP_CUR=\"a\",\"b\"\r\r\nAT+CIFSR\r\r\nbusy p...\r\nWIFI GOT IP\r\n\r\nOK\r\nAT+CIFSR\r\r\nOK\r\n",
        json!([
            echo("AT+CWJAP_CUR=\"a\",\"b\""),
            echo("AT+CIFSR"),
            done("busy p...", "AT+CIFSR"),
            urc("WIFI GOT IP"),
            done("OK", "AT+CWJAP_CUR=\"a\",\"b\""),
            echo("AT+CIFSR"),
            done("OK", "AT+CIFSR"),
        ]),
    );
    // A send before the last one has ended.
    let (one, two) = ("AT+CIPSEND=0,4", "AT+CIPSEND=1,4");
    expect(
        Family::Esp8266Nonos,
        "AT+CIPSEND=0,4\n<4 bytes>\nAT+CIPSEND=1,4\nAT+CIPSEND=1,4\n<4 bytes>\n",
        b"OK\r\n> busy s...\r\nRecv 4 bytes\r\nSEND OK\r\nOK\r\n> Recv 4 bytes\r\nSEND OK\r\n",
        json!([
            done("OK", one),
            prompt(),
            done("busy s...", two),
            answer(one, &["Recv 4 bytes"]),
            done("SEND OK", one),
            done("OK", two),
            prompt(),
            answer(two, &["Recv 4 bytes"]),
            done("SEND OK", two),
        ]),
    );
    // More data than announced.
    expect(
        Family::EspAt,
        "AT+CIPSEND=4\n<6 bytes>\nAT\n",
        b"\r\nOK\r\n\r\n>busy p...\r\nRecv 4 bytes\r\n\r\nSEND OK\r\n\r\nOK\r\n",
        json!([
            done("OK", "AT+CIPSEND=4"),
            prompt(),
            done("busy p...", "AT+CIPSEND=4"),
            answer("AT+CIPSEND=4", &["Recv 4 bytes"]),
            done("SEND OK", "AT+CIPSEND=4"),
            done("OK", "AT"),
        ]),
    );
}

#[test]
fn echoes_with_messages_inside() {
    let send = "AT+CIPSEND=0,98";
    for sent in ["", "AT+CIPSEND=0,98\n<98 bytes>\n"] {
        expect(
            Family::Esp8266Nonos,
            sent,
            b"AT+CIPSEND=0,1,CONNECT\r\n98\r\n\r\nOK\r\n> ",
            json!([linked("CONNECT", 1), echo(send), done("OK", send), prompt(),]),
        );
        expect(
            Family::Esp8266Nonos,
            sent,
            b"AT+CIPSEND=0,\r\n1,CONNECT\r\n98\r\r\n\r\nOK\r\n> ",
            json!([linked("CONNECT", 1), echo(send), done("OK", send), prompt(),]),
        );
        expect(
            Family::Esp8266Nonos,
            sent,
            b"AT+CIPSEND=0,+IPD,1,4:\r\n\r\n98\r\r\n\r\nOK\r\n> ",
            json!([data("+IPD", Some(1), 4, None), echo(send), done("OK", send), prompt(),]),
        );
    }
    expect(
        Family::Esp8266Nonos,
        "AT+CIPSEND=0,98\nAT\n",
        b"AT+CIP\r\n+IPD,1,9\r\nSEND=0,98\r\nERROR\r\nAT\r\nOK\r\n",
        json!([
            {"type": "urc", "name": "+IPD", "link": 1, "avail": 9},
            echo(send),
            done("ERROR", send),
            echo("AT"),
            done("OK", "AT"),
        ]),
    );
}

#[test]
fn sends() {
    let send = "AT+CIPSEND=0,4";
    let sent = "AT+CIPSEND=0,4\n<4 bytes>\nAT\n";
    // Messages between OK and the prompt, and before SEND OK.
    expect(
        Family::EspAt,
        sent,
        b"\r\nOK\r\n+IPD,1,2:OKWIFI DISCONNECT\r\n>+IPD,1,1:>\r\nRecv 4 bytes\r\n+IPD,1,3\r\n\r\nSEND OK\r\n\r\nOK\r\n",
        json!([
            done("OK", send),
            data("+IPD", Some(1), 2, None),
            urc("WIFI DISCONNECT"),
            prompt(),
            data("+IPD", Some(1), 1, None),
            {"type": "urc", "name": "+IPD", "link": 1, "avail": 3},
            answer(send, &["Recv 4 bytes"]),
            done("SEND OK", send),
            done("OK", "AT"),
        ]),
    );
    // FAIL, then OK for one send.
    expect(
        Family::Esp8266Nonos,
        sent,
        b"OK\r\r\n> \r\nRecv 4 bytes\r\n\r\nSEND FAIL\r\n\r\nSEND OK\r\n\r\nOK\r\n",
        json!([
            done("OK", send),
            prompt(),
            answer(send, &["Recv 4 bytes"]),
            done("SEND FAIL", send),
            {"type": "final", "result": "SEND OK", "command": null},
            done("OK", "AT"),
        ]),
    );
    // A link that is gone.
    expect(
        Family::Esp8266Nonos,
        "AT+CIPSEND=0,4\nAT\n",
        b"link is not valid\r\n\r\nERROR\r\n\r\nOK\r\n",
        json!([answer(send, &["link is not valid"]), done("ERROR", send), done("OK", "AT"),]),
    );
    // SEND OK is missing.
    expect(
        Family::EspAt,
        "AT+CIPSEND=0,4\n<4 bytes>\nAT+CIPSTATE?\n",
        b"OK\r\n> +CIPSTATE:0\r\n\r\nOK\r\n",
        json!([done("OK", send), prompt(), answer("AT+CIPSTATE?", &["+CIPSTATE:0"]), done("OK", "AT+CIPSTATE?"),]),
    );
    // The prompt alone, and one that a message is glued to.
    expect(
        Family::EspAt,
        "AT+BLEGATTCWR=0,3,6,1,2\n<2 bytes>\nAT\n",
        b">+BLEDISCONN:0,\"24:0a:c4:09:34:23\"\r\n\r\nERROR\r\nOK\r\n",
        json!([prompt(), linked("+BLEDISCONN", 0), done("ERROR", "AT+BLEGATTCWR=0,3,6,1,2"), done("OK", "AT"),]),
    );
    // Segments of a buffered send.
    expect(
        Family::WizFi360,
        "AT+CIPSENDBUF=0,4\n<4 bytes>",
        b"1,0\r\n\r\nOK\r\n> \r\nRecv 4 bytes\r\n\r\n0,1,SEND OK\r\n",
        json!([
            answer("AT+CIPSENDBUF=0,4", &["1,0"]),
            done("OK", "AT+CIPSENDBUF=0,4"),
            prompt(),
            linked("SEND OK", 0),
            answer("AT+CIPSENDBUF=0,4", &["Recv 4 bytes"]),
        ]),
    );
}

#[test]
fn boots() {
    let rom = b"\r\n ets Jan  8 2013,rst cause:4, boot mode:(3,6)\r\n\r\nwdt reset\r\nload 0x40100000, len 816, room 16 \r\ntail 0\r\n";
    let stack = b"Fatal exception 28(LoadProhibitedCause):\r\n>>>stack>>>\r\n3ffffe00:  00000000 >1\r\n<<<stack<<<\r\n";
    let noise: Vec<u8> = (0..=255).filter(|byte| !b"\r\n\0".contains(byte)).chain([0xfe]).collect();
    let ends = b"\r\n \t";
    for family in ALL {
        for boot in [&rom[..], stack, &noise] {
            let text = boot.trim_ascii_start();
            let log = [boot, b"\r\nready\r\nWIFI CONNECTED\r\n"].concat();
            let rows = json!([{"type": "boot", "len": text.len()}, urc("ready"), urc("WIFI CONNECTED")]);
            expect(family, "", &log, rows.clone());
            expect(family, "AT\n", &log, rows);
            // In the middle of a session.
            let log = [b"AT+RST\r\r\n\r\nOK\r\n", boot, b"\r\nready\r\n"].concat();
            expect(
                family,
                "",
                &log,
                json!([
                    echo("AT+RST"),
                    done("OK", "AT+RST"),
                    {"type": "boot", "len": text.len()},
                    urc("ready"),
                ]),
            );
        }
    }
    assert!(ends.contains(&rom[0]));
    // Glued, without a line end; and all NUL.
    expect(Family::EspAt, "", b"\xfe\0\xf8ready\r\n", json!([{"type": "boot", "len": 3}, urc("ready")]));
    expect(
        Family::EspAt,
        "",
        &[&[0; 300][..], b"\r\nready\r\n"].concat(),
        json!([{"type": "boot", "len": 300}, urc("ready")]),
    );
    let long: Vec<u8> = [&[0xa5; 5000][..], b"ready\r\n"].concat();
    expect(Family::EspAt, "", &long, json!([{"type": "boot", "len": 5000}, urc("ready")]));
}

#[test]
fn names_and_shapes() {
    // WizFi360 wording.
    expect(Family::WizFi360, "AT+CWJAP_CUR=\"a\",\"b\"\nAT+PING=\"x\"\nAT+CIFSR\nAT+CIPSTATUS\nAT+MQTTDIS\n",
        b"WIFI DISCONNECT\r\n+CWJAP:1\r\n\r\nFAIL\r\n+12\r\n\r\nOK\r\n+CIFSR:STAIP,\"0.0.0.0\"\r\n\r\nOK\r\nSTATUS:3\r\n+CIPSTATUS:0,\"TCP\",\"1.2.3.4\",80,5,0\r\n\r\nOK\r\nhome/light -> on\r\nCLOSED\r\n",
        json!([
        urc("WIFI DISCONNECT"),
        answer("AT+CWJAP_CUR=\"a\",\"b\"", &["+CWJAP:1"]),
        done("FAIL", "AT+CWJAP_CUR=\"a\",\"b\""),
        answer("AT+PING=\"x\"", &["+12"]),
        done("OK", "AT+PING=\"x\""),
        answer("AT+CIFSR", &["+CIFSR:STAIP,\"0.0.0.0\""]),
        done("OK", "AT+CIFSR"),
        answer("AT+CIPSTATUS", &["STATUS:3", "+CIPSTATUS:0,\"TCP\",\"1.2.3.4\",80,5,0"]),
        done("OK", "AT+CIPSTATUS"),
        urc("->"),
        urc("CLOSED"),
    ]));
    // The same name as an answer and as a message.
    expect(
        Family::EspAt,
        "AT+BLECONN?\nAT+BLECONN=1,\"a\"\nAT\n",
        b"+BLECONN:0,\"a\"\r\n\r\nOK\r\n+BLECONN:1,\"a\"\r\n\r\nOK\r\n+STA_CONNECTED:\"a\"\r\nOK\r\n",
        json!([
            answer("AT+BLECONN?", &["+BLECONN:0,\"a\""]),
            done("OK", "AT+BLECONN?"),
            linked("+BLECONN", 1),
            done("OK", "AT+BLECONN=1,\"a\""),
            urc("+STA_CONNECTED"),
            done("OK", "AT"),
        ]),
    );
    // Unknown names directly before a final, and between commands; what is no line of anything.
    expect(
        Family::EspAt,
        "",
        b"AT+CWMODE=1\r\n+FOO:1\r\nOK\r\n+BAR:2\r\nhello\r\nERR CODE:0x01090000\r\n",
        json!([
            echo("AT+CWMODE=1"),
            urc("+FOO"),
            done("OK", "AT+CWMODE=1"),
            urc("+BAR"),
            unknown(b"hello"),
            urc("ERR CODE"),
        ]),
    );
    // Answers at the end of a log, and one without its final.
    expect(
        Family::EspAt,
        "",
        b"AT+CIPSTA?\r\n+CIPSTA:ip:\"1.2.3.4\"\r\n+CIPSTA:gate",
        json!([echo("AT+CIPSTA?"), answer("AT+CIPSTA?", &["+CIPSTA:ip:\"1.2.3.4\"", "+CIPSTA:gate"]),]),
    );
    // Echo goes off.
    expect(
        Family::EspAt,
        "",
        b"ATE0\r\nOK\r\n+CWMODE:1\r\n\r\nOK\r\n",
        json!([
            echo("ATE0"),
            done("OK", "ATE0"),
            {"type": "response", "command": null, "lines": ["+CWMODE:1"]},
            {"type": "final", "result": "OK", "command": null},
        ]),
    );
}

#[test]
fn services() {
    let topic = |topic: &str, len: u32| json!({"type": "data", "via": "+MQTTSUBRECV", "link": 0, "len": len, "remote": null, "topic": topic});
    // A topic may hold anything but what ends the head.
    expect(
        Family::EspAt,
        "",
        b"+MQTTSUBRECV:0,\"a,\"b\"/c\",4,\r\nOK\r\n+MQTTSUBRECV:0,\"\xe9\",0,\r\n",
        json!([topic("a,\"b\"/c", 4), topic("\u{e9}", 0),]),
    );
    expect(
        Family::EspAt,
        "AT+HTTPCLIENT=2,0,\"http://x/\",,,1\n",
        b"+HTTPCLIENT:4,\r\nOK\r\n+HTTPCLIENT:1,>\r\n\r\nOK\r\n",
        json!([
            data("+HTTPCLIENT", None, 4, None),
            data("+HTTPCLIENT", None, 1, None),
            done("OK", "AT+HTTPCLIENT=2,0,\"http://x/\",,,1"),
        ]),
    );
    expect(Family::EspAt, "", b"+NOTIFY:0,3,6,3,\r\n>+WRITE:0,1,3,,2,\0\xff+WRITE:1,1,7,1,1,:+INDICATE:0,3,7,1,,+BTDATA:1,>\r\n+WS_DATA:0,2,>>\r\n+BLUFIDATA:1,x+SCRD:1,y", json!([
        data("+NOTIFY", Some(0), 3, None),
        data("+WRITE", Some(0), 2, None),
        data("+WRITE", Some(1), 1, None),
        data("+INDICATE", Some(0), 1, None),
        data("+BTDATA", None, 1, None),
        data("+WS_DATA", Some(0), 2, None),
        data("+BLUFIDATA", None, 1, None),
        data("+SCRD", None, 1, None),
    ]));
    expect(
        Family::EspAt,
        "AT+MQTTPUBRAW=0,\"t\",2,0,0\n<2 bytes>\nAT\n",
        b"\r\nOK\r\n\r\n>+MQTTPUB:OK\r\n\r\nOK\r\n",
        json!([
            done("OK", "AT+MQTTPUBRAW=0,\"t\",2,0,0"),
            prompt(),
            done("+MQTTPUB:OK", "AT+MQTTPUBRAW=0,\"t\",2,0,0"),
            done("OK", "AT"),
        ]),
    );
}

#[test]
fn restarts_in_the_middle() {
    let head = "AT+CIPSEND=0,4\n<4 bytes>\nAT\nAT+CWMODE?\n";
    let log = b"\r\nOK\r\n\r\n>\xff\xfe\r\nready\r\n\r\nOK\r\n+CWMODE:1\r\n\r\nOK\r\n";
    expect(
        Family::EspAt,
        head,
        log,
        json!([
            done("OK", "AT+CIPSEND=0,4"),
            prompt(),
            {"type": "boot", "len": 2},
            urc("ready"),
            done("OK", "AT"),
            answer("AT+CWMODE?", &["+CWMODE:1"]),
            done("OK", "AT+CWMODE?"),
        ]),
    );
    // A command that never got its end.
    let log = b"\r\nOK\r\nready\r\n\r\nOK\r\n+CWMODE:1\r\n\r\nOK\r\n";
    expect(
        Family::EspAt,
        "ATE0\nAT+CWLAP\nAT\nAT+CWMODE?\n",
        log,
        json!([
            done("OK", "ATE0"),
            urc("ready"),
            done("OK", "AT"),
            answer("AT+CWMODE?", &["+CWMODE:1"]),
            done("OK", "AT+CWMODE?"),
        ]),
    );
    // One that was sent after it.
    expect(
        Family::EspAt,
        "ATE0\nAT\nAT+CWMODE?\n",
        log,
        json!([
            done("OK", "ATE0"),
            urc("ready"),
            done("OK", "AT"),
            answer("AT+CWMODE?", &["+CWMODE:1"]),
            done("OK", "AT+CWMODE?"),
        ]),
    );
}

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
fn rows_are_ascii() {
    let rows = rows::decode(Family::EspAt, &[], b"AT\r\nOK\r\n\x85\xe9\x01\"\r\n");
    let lines: Vec<String> = rows.iter().map(rows::Row::json).collect();
    assert_eq!(
        lines,
        [
            r#"{"type":"echo","text":"AT"}"#,
            r#"{"type":"final","result":"OK","command":"AT"}"#,
            r#"{"type":"unknown","len":4,"raw":"\u0085\u00e9\u0001\""}"#,
        ]
    );
}

#[test]
fn long_lines() {
    let line = format!("+CWLAP:(3,\"{}\",-40)", "x".repeat(300));
    expect(
        Family::EspAt,
        "AT+CWLAP\n",
        format!("{line}\r\nOK\r\n").as_bytes(),
        json!([answer("AT+CWLAP", &[&line]), done("OK", "AT+CWLAP"),]),
    );
    let line = format!("+CWLAP:{}", "x".repeat(3000));
    expect(
        Family::EspAt,
        "AT+CWLAP\n",
        format!("{line}\r\nOK\r\n").as_bytes(),
        json!([unknown(&line.as_bytes()[1024..]), answer("AT+CWLAP", &[&line[..1024]]), done("OK", "AT+CWLAP"),]),
    );
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

// The sessions of the catalogues.

const CATALOGUES: [(&str, Family); 3] = [
    (include_str!("data/commands/esp-at.sessions.json"), Family::EspAt),
    (include_str!("data/commands/esp32-v1.json"), Family::Esp32V1),
    (include_str!("data/commands/esp8266-idf.json"), Family::Esp8266Idf),
];

/// What a module prints in a session, and what is to come of it.
#[derive(Default)]
struct Replay {
    sent: String,
    log: Vec<u8>,
    rows: Vec<Value>,
    command: String,
    lines: Vec<String>,
}

/// The bytes of a text in Latin-1.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter).unwrap()).collect()
}

impl Replay {
    fn step(&mut self, step: &Value, echo_on: bool) {
        let raw = step["tx_raw"].as_str().or_else(|| step["payload_only"].as_bool().and(step["tx"].as_str()));
        if let Some(raw) = raw {
            self.sent += &format!("<{} bytes>\n", raw.chars().count());
        } else if let Some(command) = step["tx"].as_str() {
            self.sent += &format!("{command}\n");
            self.command = command.to_string();
            if echo_on {
                self.log.extend_from_slice(format!("{command}\r\r\n").as_bytes());
                self.rows.push(echo(command));
            }
        }
        let unsolicited: Vec<usize> =
            step["unsolicited_in_rx"].as_array().into_iter().flatten().map(|n| n.as_u64().unwrap() as usize).collect();
        let lines = step["rx"].as_array().unwrap().clone();
        for (index, line) in lines.iter().enumerate() {
            self.line(line, unsolicited.contains(&index) || step["tx"].is_null() && raw.is_none());
        }
        for line in step["urc"].as_array().into_iter().flatten() {
            self.line(line, true);
        }
    }

    fn line(&mut self, line: &Value, unsolicited: bool) {
        if let Some(head) = line["head"].as_str() {
            let (payload, then) = (bytes(line["raw"].as_str().unwrap()), line["then"].as_str().unwrap_or("\r\n"));
            self.log.extend_from_slice(&[&bytes(head), &payload, then.as_bytes()].concat());
            let via = head.split([':', ',']).next().unwrap();
            let fields: Vec<&str> = head[via.len() + 1..].trim_end_matches([',', ':']).split(',').collect();
            let linked = !via.contains("HTTP") && fields.len() > 1;
            let mut row =
                data(via, linked.then(|| fields[0].parse().unwrap()), line["len"].as_u64().unwrap() as u32, None);
            if via == "+MQTTSUBRECV" {
                row["topic"] = fields[1].trim_matches('"').into();
            }
            self.rows.push(row);
            return;
        }
        let line = line.as_str().unwrap();
        if line == ">" {
            self.log.extend_from_slice(b"\r\n>");
            self.rows.push(prompt());
            return;
        }
        self.log.extend_from_slice(format!("{line}\r\n").as_bytes());
        let finals =
            ["OK", "ERROR", "FAIL", "SEND OK", "SEND FAIL", "SEND CANCELLED", "SET OK", "+MQTTPUB:OK", "busy p..."];
        let name = line.split([':', ',']).next().unwrap();
        if line.is_empty() {
            return;
        }
        if finals.contains(&line) {
            if line != "busy p..." && !self.lines.is_empty() {
                self.rows.push(
                    json!({"type": "response", "command": self.command, "lines": std::mem::take(&mut self.lines)}),
                );
            }
            let command = (!self.command.is_empty()).then_some(self.command.as_str());
            self.rows.push(json!({"type": "final", "result": line, "command": command}));
        } else if name == "ERR CODE" {
            self.rows.push(urc(name));
        } else if unsolicited
            || matches!(line, "CONNECT" | "CLOSED" | "0,CLOSED" | "4,CLOSED" | "4,CONNECT")
            || line.starts_with("+IPD")
        {
            self.rows.push(match line.split_once(',') {
                Some((link, word)) if link.parse::<u32>().is_ok() => linked(word, link.parse().unwrap()),
                Some(("+IPD", avail)) if avail.contains(',') => {
                    let (link, avail) = avail.split_once(',').unwrap();
                    json!({"type": "urc", "name": "+IPD", "link": link.parse::<u32>().unwrap(), "avail": avail.parse::<u32>().unwrap()})
                }
                Some(("+IPD", avail)) => json!({"type": "urc", "name": "+IPD", "avail": avail.parse::<u32>().unwrap()}),
                _ => urc(name),
            });
        } else {
            self.lines.push(line.to_string());
        }
    }
}

/// Some messages have a link in their first field, which is tested elsewhere.
fn without_link(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        if row["type"] == "urc" && row["name"].as_str().unwrap().starts_with('+') && row["name"] != "+IPD" {
            row.as_object_mut().unwrap().remove("link");
        }
    }
    rows
}

#[test]
fn sessions_of_the_manuals() {
    let (mut replayed, mut rows) = (0, 0);
    for (text, family) in CATALOGUES {
        let catalogue: Value = serde_json::from_str(text).unwrap();
        for session in catalogue["sessions"].as_array().unwrap() {
            let title = &session["title"];
            for module in ["A", "B"] {
                let steps: Vec<&Value> = session["steps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|step| step["module"].as_str().unwrap_or("A") == module)
                    .collect();
                // Transparent data has no mark, and a manual may leave out what ends a command.
                let all = || {
                    steps
                        .iter()
                        .flat_map(|step| [&step["rx"], &step["urc"]])
                        .flat_map(|lines| lines.as_array().into_iter().flatten())
                };
                let transparent = all().any(|line| line["head"] == "" || line.is_object() && !line["raw"].is_string());
                let answered = |step: &&Value| {
                    step["tx"].is_null()
                        || step["rx"].as_array().is_some_and(|rx| {
                            rx.last()
                                .is_some_and(|line| matches!(line.as_str(), Some("OK" | "ERROR" | ">" | "SEND OK")))
                        })
                };
                let template = all().any(|line| line.as_str().is_some_and(|line| line.contains("n:xxx")));
                if steps.is_empty() || transparent || template || !steps.iter().all(answered) {
                    continue;
                }
                for (echo_on, list) in [(false, true), (true, true), (true, false)] {
                    let mut replay = Replay::default();
                    steps.iter().for_each(|step| replay.step(step, echo_on));
                    // ATE0 among the steps would have to be followed.
                    if echo_on && replay.sent.contains("ATE0") {
                        continue;
                    }
                    let sent = if list { replay.sent.as_str() } else { "" };
                    let found = without_link(values(family, sent, &replay.log));
                    let expected = without_link(replay.rows);
                    for (found, expected) in found.iter().zip(&expected) {
                        assert_eq!(
                            found,
                            expected,
                            "{title} echo {echo_on} list {list}\n{}",
                            replay.log.escape_ascii()
                        );
                    }
                    assert_eq!(found.len(), expected.len(), "{title} {found:?}");
                    check_splits(family, &parse_sent(sent.as_bytes()), &replay.log, &mut Random(3));
                    replayed += 1;
                    rows += found.len();
                }
            }
        }
    }
    println!("{replayed} replays, {rows} rows");
    assert!(replayed > 140, "{replayed}");
}
