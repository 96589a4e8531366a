//! What the examples of the chapters MQTT, HTTP and WebSocket need.

use crate::common::{Bench, ms};
use crate::service_world::{World, prepare};
use serde_json::Value;
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
    let asks = line.ends_with('?');
    if matches!(name, "AT+MQTTPUB" | "AT+MQTTPUBRAW" | "AT+MQTTSUB" | "AT+MQTTUNSUB") || line == "AT+MQTTCONN?" {
        world.mqtt("10.0.0.9", 1883, 1);
        assert!(bench.ask_for("AT+MQTTCONN=0,\"10.0.0.9\",1883,0", ms(10)).ends_with("\r\nOK\r\n"));
        let shown = rx.iter().filter_map(Value::as_str).any(|line| line.starts_with("+MQTTSUBRECV"));
        if shown {
            bench.ok("AT+MQTTSUB=0,\"topic/esp32at\",1");
        }
        if asks || name == "AT+MQTTUNSUB" {
            bench.ask_for("AT+MQTTSUB=0,\"topic\",1", ms(10));
        }
    }
    if asks && name.ends_with("HEAD") {
        bench.ask_for(&format!("{name}=10"), ms(10));
        assert_eq!(bench.payload(b"Name: text"), "\r\nOK\r\n");
    }
    if line == "AT+HTTPURLCFG?" {
        bench.ask_for("AT+HTTPURLCFG=19", ms(10));
        assert_eq!(bench.payload(b"http://example.org/"), "\r\nSET OK\r\n");
    }
    if matches!(name, "AT+WSCLOSE" | "AT+WSSEND") || line == "AT+WSOPEN?" {
        prepare(world, "AT+WSOPEN=0,\"wss://ws.example/\"", &[], 1);
        let opened = bench.ask_for("AT+WSOPEN=0,\"wss://ws.example/\"", ms(10));
        assert_eq!(opened, "+WS_CONNECTED:0\r\n\r\nOK\r\n");
    }
    prepare(world, line, rx, scheme);
}

/// A module in the world that a line needs, after what comes before it.
pub(crate) fn bench(dialect: Dialect, line: &str, rx: &[Value]) -> Bench {
    let mut world = World::new();
    let mut bench = world.module(dialect, true);
    before(&mut world, &mut bench, line, rx);
    bench
}
