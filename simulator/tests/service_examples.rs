//! The manual's examples of MQTT, HTTP and WebSocket, replayed line by line against servers in memory. `tests/data` holds
//! them.
#![allow(missing_docs)]
#![cfg(feature = "tls")]

#[path = "common/broker.rs"]
mod broker;
mod common;
#[path = "common/layers.rs"]
mod layers;
#[path = "common/service_world.rs"]
mod service_world;
#[path = "common/tls.rs"]
mod tls;

use common::{Bench, ms};
use core::time::Duration;
use serde_json::Value;
use service_world::{World, bytes_of, prepare};
use wifi_at_simulator::Dialect;

/// What has to be there before an example of the reference chapters, which stand alone.
fn before(world: &mut World, bench: &mut Bench, line: &str, rx: &[Value]) {
    let name = line.split(['=', '?']).next().unwrap();
    // The scheme that the example's answer shows.
    let shown = rx.iter().filter_map(Value::as_str).find_map(|line| line.strip_prefix("+MQTTCONNECTED:0,"));
    let scheme: u8 = shown.map_or(1, |rest| rest.split(',').next().unwrap().parse().unwrap());
    // The check of a certificate needs the time.
    bench.ask_for("AT+CIPSNTPCFG=1,0", ms(10));
    if name.starts_with("AT+MQTT") && name != "AT+MQTTUSERCFG" {
        let path = if scheme > 5 { "mqtt" } else { "" };
        bench.ok(&format!("AT+MQTTUSERCFG=0,{scheme},\"ESP32\",\"espressif\",\"1234567890\",0,0,\"{path}\""));
    }
    if matches!(name, "AT+MQTTPUB" | "AT+MQTTPUBRAW" | "AT+MQTTSUB" | "AT+MQTTUNSUB") {
        world.mqtt("10.0.0.9", 1883, 1);
        assert!(bench.ask_for("AT+MQTTCONN=0,\"10.0.0.9\",1883,0", ms(10)).ends_with("\r\nOK\r\n"));
        let shown = rx.iter().filter_map(Value::as_str).any(|line| line.starts_with("+MQTTSUBRECV"));
        if shown {
            bench.ok("AT+MQTTSUB=0,\"topic/esp32at\",1");
        }
    }
    if name == "AT+WSCLOSE" {
        prepare(world, "AT+WSOPEN=0,\"wss://ws.example/\"", &[], 1);
        let opened = bench.ask_for("AT+WSOPEN=0,\"wss://ws.example/\"", ms(10));
        assert_eq!(opened, "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    }
    prepare(world, line, rx, scheme);
}

#[test]
fn examples() {
    let mut printed = Vec::new();
    for (dialect, text) in [
        (Dialect::EspAt, include_str!("data/esp-at-services.json")),
        (Dialect::Esp8266Idf, include_str!("data/esp8266-idf.json")),
    ] {
        let catalogue: Value = serde_json::from_str(text).unwrap();
        let (mut done, mut all) = (0, 0);
        let services = |name: &str| ["AT+MQTT", "AT+HTTP", "AT+WS"].iter().any(|start| name.starts_with(start));
        for command in catalogue["commands"].as_array().unwrap() {
            let name = command["name"].as_str().unwrap();
            if !services(name) {
                continue;
            }
            assert!(dialect.commands().iter().any(|known| known.name == name), "{name}");
            for example in command["examples"].as_array().unwrap() {
                let line = example["tx"].as_str().unwrap();
                // Setup lines of other chapters, and payloads.
                if !services(line) {
                    continue;
                }
                all += 1;
                // Three of five parameters: damage of the text.
                if line == "AT+MQTTPUB=0,\"topic\",1" {
                    continue;
                }
                let rx = example["rx"].as_array().unwrap();
                let mut world = World::new();
                let mut bench = world.module(dialect, true);
                before(&mut world, &mut bench, line, rx);
                let got = bench.ask_for(line, ms(100));
                let end = rx.last().and_then(Value::as_str).filter(|last| matches!(*last, "OK" | ">")).unwrap_or("OK");
                let ended = got.ends_with("\r\nOK\r\n\r\n>") || (end == "OK" && got.ends_with("\r\nOK\r\n"));
                assert!(ended && !got.contains("ERROR"), "{line}: {got:?}");
                for shown in rx.iter().filter(|shown| !matches!(shown.as_str(), Some("OK" | ">"))) {
                    let wanted = String::from_utf8_lossy(&bytes_of(shown)).into_owned();
                    assert!(got.contains(&wanted), "{line}: {wanted:?} wanted, got {got:?}");
                }
                done += 1;
            }
        }
        println!("{}: examples of services {done} of {all}", dialect.name());
        printed.push((done, all));
    }
    assert_eq!(printed, [(53, 53), (9, 10)]);
}
#[test]
fn handshakes_that_fail() {
    let mut world = World::new();
    let mut bench = world.module(Dialect::EspAt, true);
    bench.ok("AT+SYSLOG=1");
    world.mqtt("10.0.0.9", 8883, 5);
    let connect = |bench: &mut Bench, scheme: u8| {
        bench.ok(&format!("AT+MQTTUSERCFG=0,{scheme},\"ESP32\",\"\",\"\",0,0,\"\""));
        let got = bench.ask_for("AT+MQTTCONN=0,\"10.0.0.9\",8883,1", ms(11_000));
        assert_eq!(world.network.connections().len(), usize::from(got.ends_with("OK\r\n")), "{scheme}: {got}");
        got
    };
    let failed = "ERR CODE:0x0000600b\r\n\r\nERROR\r\n";
    // The server wants a certificate of the client.
    assert_eq!(connect(&mut bench, 2), failed);
    // The module's clock stands in 1970.
    assert_eq!(connect(&mut bench, 5), failed);
    assert_eq!(bench.ask_for("AT+CIPSNTPCFG=1,0", ms(10)), "\r\nOK\r\n+TIME_UPDATED\r\n");
    let authority = world.authority.pem();
    assert!(bench.module.certificates_mut().remove("mqtt_ca", 0));
    assert_eq!(connect(&mut bench, 5), failed);
    // Plain MQTT to a TLS server: what comes back is no CONNACK.
    assert_eq!(connect(&mut bench, 1), failed);
    bench.module.certificates_mut().set("mqtt_ca", 0, authority);
    assert_eq!(connect(&mut bench, 5), "+MQTTCONNECTED:0,5,\"10.0.0.9\",\"8883\",\"\",1\r\n\r\nOK\r\n");
    // TLS to a plain web server.
    world.web("http://10.0.0.6/");
    let got = bench.ask_for("AT+HTTPCGET=\"https://10.0.0.6:80/\"", Duration::from_secs(30));
    assert_eq!(got, "ERR CODE:0x00007000\r\n\r\nERROR\r\n");
}
