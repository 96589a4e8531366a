//! Single lines: whose answer they are, how long they may be, how their rows are printed.

use serde_json::json;
use wifi_at::decode::Family;

use crate::helpers::{answer, data, done, echo, expect, linked, prompt, unknown, urc};
use crate::rows;

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
