//! Boot output, and restarts in the middle of a session.

use serde_json::json;
use wifi_at::decode::Family;

use crate::helpers::{ALL, answer, done, echo, expect, prompt, urc};

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
