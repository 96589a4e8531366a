//! MQTT, HTTP, BLE and the others that bring data of their own.

use serde_json::json;
use wifi_at::decode::Family;

use crate::helpers::{data, done, expect, prompt};

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
