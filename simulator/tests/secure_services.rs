//! MQTT and HTTP over TLS, where it goes wrong.
#![allow(missing_docs)]

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
use service_world::World;
use wifi_at_simulator::Dialect;

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
