//! Data that goes out, and messages inside its echo.

use serde_json::json;
use wifi_at::decode::Family;

use crate::helpers::{answer, data, done, echo, expect, linked, prompt, urc};

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
