//! Data that comes in by itself, is announced, or is asked for.

use serde_json::json;
use wifi_at::decode::Family;

use crate::helpers::{ALL, data, done, echo, expect, linked, prompt};

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
