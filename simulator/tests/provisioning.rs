//! Credentials that come from outside: `SmartConfig`, the WPS button, the web page; and WPA2-Enterprise.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{
    AccessPoint, Builder, Dialect, EnterpriseAccess, Event, Latency, SmartConfig, SmartConfigKind, World,
};

const JOINED: &str = "WIFI CONNECTED\r\nWIFI GOT IP\r\n";

/// A station without credentials, everything at once; waits that wait for nothing keep their time.
fn station(dialect: Dialect) -> Bench {
    let mut bench = Bench::new(builder_of(dialect).latency(Latency::none()));
    bench.run(ms(100));
    bench.ask_for("ATE0", ms(10));
    bench.ok("AT+CWMODE=1");
    bench
}

fn happens(bench: &mut Bench, event: Event) -> String {
    let now = bench.now;
    bench.module.happen(now, event);
    bench.run(ms(1))
}

fn phone() -> SmartConfig {
    SmartConfig::new("home", "secret password")
}

#[test]
fn smart_config_of_each_firmware() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Nonos, Dialect::Esp8266Idf, Dialect::Esp32V1] {
        let mut bench = station(dialect);
        bench.ok("AT+CWSTARTSMART");
        // Once is enough, and the radio does nothing else.
        bench.error("AT+CWSTARTSMART");
        let failed = bench.ask("AT+CWJAP=\"home\",\"secret password\"");
        assert_eq!(failed, "\r\nERROR\r\n", "{}", dialect.name());
        bench.error("AT+CWLAP");
        let lines = match dialect {
            Dialect::EspAt => [
                "smartconfig type:ESPTOUCH\r\nSmart get wifi info\r\n",
                "smartconfig connected wifi\r\n",
                "smartconfig type:ESPTOUCH\r\nSmart get wifi info\r\n",
            ],
            Dialect::Esp8266Nonos => [
                "smartconfig type: ESPTOUCH\r\nsmart get wifi info\r\nssid:home\r\npassword:secret password\r\n",
                "smartconfig connected wifi\r\n",
                "smartconfig type: ESPTOUCH\r\nsmart get wifi info\r\nssid:home\r\npassword:wrong one\r\n\
                 smartconfig connect fail\r\n",
            ],
            _ => ["Smart get Wi-Fi info\r\n", "Smartconfig connected Wi-Fi\r\n", "Smart get Wi-Fi info\r\n"],
        };
        let [got, connected, failed] = lines;
        let answer = happens(&mut bench, Event::SmartConfig(phone()));
        assert_eq!(answer, format!("{got}{JOINED}{connected}"), "{}", dialect.name());
        bench.ok("AT+CWSTOPSMART");
        // The credentials are stored.
        let answer = bench.ask("AT+RST");
        assert!(answer.contains(JOINED), "{}: {answer}", dialect.name());
        bench.ask("ATE0");
        bench.ask("AT+CWQAP");
        bench.ok("AT+CWSTARTSMART=1");
        let wrong = Event::SmartConfig(SmartConfig::new("home", "wrong one"));
        assert_eq!(happens(&mut bench, wrong), failed, "{}", dialect.name());
        bench.ok("AT+CWSTOPSMART");
        bench.error("AT+CWSTARTSMART=0");
        bench.error(if dialect == Dialect::EspAt { "AT+CWSTARTSMART=5" } else { "AT+CWSTARTSMART=4" });
        // Not beside an access point.
        bench.ask("AT+CWMODE=3");
        bench.error("AT+CWSTARTSMART");
    }
}

#[test]
fn protocols_of_smart_config() {
    use SmartConfigKind::{AirKiss, EspTouch, EspTouchV2};
    for (command, kind, heard) in [
        ("AT+CWSTARTSMART=1", EspTouch, Some("ESPTOUCH")),
        ("AT+CWSTARTSMART=1", AirKiss, None),
        ("AT+CWSTARTSMART=2", AirKiss, Some("AIRKISS")),
        ("AT+CWSTARTSMART=3", AirKiss, Some("AIRKISS")),
        ("AT+CWSTARTSMART=3", EspTouchV2, None),
        ("AT+CWSTARTSMART=4", EspTouchV2, Some("ESPTOUCH_V2")),
        ("AT+CWSTARTSMART=4", EspTouch, None),
    ] {
        let mut bench = station(Dialect::EspAt);
        bench.ok(command);
        let answer = happens(&mut bench, Event::SmartConfig(phone().kind(kind)));
        let wanted = heard.map(|word| {
            format!("smartconfig type:{word}\r\nSmart get wifi info\r\n{JOINED}smartconfig connected wifi\r\n")
        });
        assert_eq!(answer, wanted.unwrap_or_default(), "{command} {kind:?}");
    }
}

#[test]
fn esptouch_v2_with_key_and_reserved_data() {
    let mut sender = phone().kind(SmartConfigKind::EspTouchV2);
    sender.key = Some(b"1234567890123456".to_vec());
    sender.reserved = Some(b"serial 7".to_vec());
    let mut bench = station(Dialect::EspAt);
    bench.error("AT+CWSTARTSMART=4,0,\"too short\"");
    bench.error("AT+CWSTARTSMART=1,0,\"1234567890123456\"");
    bench.ok("AT+CWSTARTSMART=4,0,\"another key 1234\"");
    assert_eq!(happens(&mut bench, Event::SmartConfig(sender)), "");
    bench.ok("AT+CWSTOPSMART");
    // The phone goes on for a minute.
    assert_eq!(
        bench.ask_for("AT+CWSTARTSMART=4,0,\"1234567890123456\"", ms(1)),
        format!(
            "\r\nOK\r\nsmartconfig type:ESPTOUCH_V2\r\nSmart get wifi info\r\n+SCRD:8,serial 7\r\n{JOINED}\
             smartconfig connected wifi\r\n"
        )
    );
}

#[test]
fn a_phone_that_was_first_and_an_access_point_that_is_too_weak() {
    let mut bench = station(Dialect::EspAt);
    assert_eq!(happens(&mut bench, Event::SmartConfig(phone())), "");
    let answer = bench.ask("AT+CWSTARTSMART");
    assert!(answer.starts_with("\r\nOK\r\nsmartconfig type:ESPTOUCH\r\n"), "{answer}");
    bench.ok("AT+CWSTOPSMART");
    bench.ask("AT+CWQAP");
    // WPA3 or better: home has WPA2.
    bench.ok("AT+CWSTARTSMART=3,6");
    let answer = happens(&mut bench, Event::SmartConfig(phone()));
    assert_eq!(answer, "smartconfig type:ESPTOUCH\r\nSmart get wifi info\r\n");
    bench.ok("AT+CWSTOPSMART");
    // After a minute the phone is silent.
    happens(&mut bench, Event::SmartConfig(phone()));
    bench.run(Duration::from_secs(61));
    bench.ok("AT+CWSTARTSMART");
}

#[test]
fn wps_button() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Nonos, Dialect::Esp8266Idf, Dialect::Esp32V1] {
        let mut bench = station(dialect);
        bench.ok("AT+WPS=1");
        assert_eq!(happens(&mut bench, Event::WpsButton("home".into())), JOINED, "{}", dialect.name());
        assert!(bench.ask("AT+CWJAP?").starts_with("+CWJAP:\"home\""));
        bench.ask("AT+CWQAP");
        // The button first.
        assert_eq!(happens(&mut bench, Event::WpsButton("home".into())), "");
        assert_eq!(bench.ask("AT+WPS=1"), format!("\r\nOK\r\n{JOINED}"));
        bench.ask("AT+CWQAP");
        // Two minutes, then neither waits any more.
        bench.ok("AT+WPS=1");
        bench.run(Duration::from_secs(121));
        assert_eq!(happens(&mut bench, Event::WpsButton("home".into())), "");
        bench.run(Duration::from_secs(121));
        bench.ok("AT+WPS=1");
        bench.ok("AT+WPS=0");
        assert_eq!(happens(&mut bench, Event::WpsButton("home".into())), "");
        bench.error("AT+WPS=2");
        bench.error(if dialect == Dialect::EspAt { "AT+WPS=1,8" } else { "AT+WPS=1,3" });
        bench.ask("AT+CWMODE=2");
        bench.error("AT+WPS=1");
    }
}

#[test]
fn wps_wants_good_encryption() {
    let mut bench = station(Dialect::EspAt);
    bench.ok("AT+WPS=1,6");
    assert_eq!(happens(&mut bench, Event::WpsButton("home".into())), "");
}

fn web() -> Bench {
    let mut bench = Bench::booted(quick());
    bench.ok("AT+CWMODE=3");
    bench
}

fn credentials(password: &str) -> Event {
    Event::WebCredentials { ssid: "home".into(), password: password.into() }
}

#[test]
fn web_page() {
    let mut bench = web();
    // Several links are needed.
    bench.error("AT+WEBSERVER=1,80,25");
    bench.ok("AT+CIPMUX=1");
    assert_eq!(happens(&mut bench, credentials("secret password")), "");
    for bad in ["1", "1,80", "1,80,20", "1,80,61", "1,0,25", "2", "1,80,25,1"] {
        bench.error(&format!("AT+WEBSERVER={bad}"));
    }
    bench.ok("AT+CIPSERVER=1,80");
    bench.error("AT+WEBSERVER=1,80,25");
    bench.ok("AT+CIPSERVER=0");
    bench.ok("AT+WEBSERVER=1,80,25");
    bench.error("AT+WEBSERVER=1,80,25");
    // With the wrong password nothing else comes.
    assert_eq!(happens(&mut bench, credentials("wrong")), "+WEBSERVERRSP:1\r\n");
    assert_eq!(bench.run(Duration::from_secs(60)), "");
    let answer = happens(&mut bench, credentials("secret password"));
    assert_eq!(answer, format!("+WEBSERVERRSP:1\r\n{JOINED}+WEBSERVERRSP:2\r\n"));
    for (whole, end) in [(true, 4), (false, 5)] {
        assert_eq!(happens(&mut bench, Event::WebUpload(whole)), "+WEBSERVERRSP:3\r\n");
        assert_eq!(bench.run(Duration::from_secs(5)), format!("+WEBSERVERRSP:{end}\r\n"));
    }
    bench.ok("AT+WEBSERVER=0");
    assert_eq!(happens(&mut bench, Event::WebUpload(true)), "");
}

/// With `AT+SYSSTORE=0` what the phone gave is not stored.
#[test]
fn credentials_that_are_not_stored() {
    let mut bench = web();
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+WEBSERVER=1,80,25");
    bench.ok("AT+SYSSTORE=0");
    happens(&mut bench, credentials("secret password"));
    assert!(bench.module.is_joined());
    bench.ask("AT+RST");
    assert!(!bench.module.is_joined());
}

fn enterprise(dialect: Dialect, latency: Latency) -> Bench {
    let access = EnterpriseAccess {
        identity: "example@espressif.com".into(),
        username: "espressif".into(),
        password: "test11".into(),
    };
    let world = World::new().access_point(AccessPoint::open("dlink11111").enterprise(access));
    let world = world.access_point(AccessPoint::new("home", "secret password"));
    let mut bench = Bench::new(Builder::new(dialect).latency(latency).world(world));
    bench.run(Duration::from_secs(1));
    bench.ask("ATE0");
    bench.ok("AT+CWMODE=1");
    bench
}

const PEAP: &str = "\"dlink11111\",1,\"example@espressif.com\",\"espressif\",\"test11\",0";

#[test]
fn wpa2_enterprise() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Idf] {
        let mut bench = enterprise(dialect, Latency::none());
        bench.ok("AT+CWJEAP?");
        assert_eq!(bench.ask(&format!("AT+CWJEAP={PEAP}")), format!("{JOINED}\r\nOK\r\n"));
        assert_eq!(bench.ask("AT+CWJEAP?"), format!("+CWJEAP:{PEAP}\r\n\r\nOK\r\n"));
        // Stored, and joined again after a restart.
        assert!(bench.ask("AT+RST").ends_with(&format!("\r\nready\r\n{JOINED}")));
        bench.ask("ATE0");
        bench.ask("AT+CWQAP");
        let tls = "AT+CWJEAP=\"dlink11111\",0,\"example@espressif.com\",,,3";
        assert_eq!(bench.ask(tls), format!("{JOINED}\r\nOK\r\n"));
        let shown = "+CWJEAP:\"dlink11111\",0,\"example@espressif.com\",\"\",\"\",3\r\n\r\nOK\r\n";
        assert_eq!(bench.ask("AT+CWJEAP?"), shown);
        bench.ask("AT+CWQAP");
        // A password alone does not help, and a user not in a network with a password.
        let answer = bench.ask("AT+CWJAP=\"dlink11111\",\"12345678\"");
        assert_eq!(answer, "+CWJAP:4\r\n\r\nERROR\r\n", "{}", dialect.name());
        let home = PEAP.replace("dlink11111", "home");
        assert_eq!(bench.ask(&format!("AT+CWJEAP={home}")), "+CWJEAP:Timeout\r\n\r\nERROR\r\n");
        bench.ask("AT+CWMODE=2");
        bench.error(&format!("AT+CWJEAP={PEAP}"));
    }
}

#[test]
fn failures_of_wpa2_enterprise() {
    let mut bench = enterprise(Dialect::EspAt, Latency::realistic());
    let wrong = PEAP.replace("test11", "wrong");
    bench.send(format!("AT+CWJEAP={wrong},20\r\n").as_bytes());
    assert_eq!(bench.run(Duration::from_secs(19)), "");
    assert_eq!(bench.run(Duration::from_secs(2)), "+CWJEAP:Timeout\r\n\r\nERROR\r\n");
    bench.ok("AT+SYSLOG=1");
    for (line, code) in [
        (format!("{wrong},3"), "+CWJEAP:Timeout\r\nERR CODE:0x00008016"),
        ("\"\",1,\"i\",\"u\",\"p\",0".into(), "ERR CODE:0x00008014"),
        ("\"s\",3,\"i\",\"u\",\"p\",0".into(), "ERR CODE:0x00008024"),
        ("\"s\",1,\"\",\"u\",\"p\",0".into(), "ERR CODE:0x00008018"),
        ("\"s\",1,\"i\",,\"p\",0".into(), "ERR CODE:0x0000801a"),
        (format!("\"s\",1,\"i\",\"u\",\"{}\",0", "p".repeat(33)), "ERR CODE:0x0000801c"),
        ("\"s\",1,\"i\",\"u\",\"p\",4".into(), "ERR CODE:0x0000801e"),
        ("\"s\",0,\"i\",,,2".into(), "ERR CODE:0x0000801f"),
        ("\"s\",1,\"i\",\"u\",\"p\"".into(), "ERR CODE:0x00008020"),
    ] {
        assert_eq!(bench.ask(&format!("AT+CWJEAP={line}")), format!("{code}\r\n\r\nERROR\r\n"), "{line}");
    }
    bench.ask("AT+CWMODE=2");
    assert_eq!(bench.ask(&format!("AT+CWJEAP={PEAP}")), "ERR CODE:0x00008022\r\n\r\nERROR\r\n");
}
