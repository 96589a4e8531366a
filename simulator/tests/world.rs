//! A world from a file and from the test: access points that come and go, on all firmwares; Ethernet; a country; mDNS.
#![cfg(feature = "world")]
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{
    AccessPoint, Builder, Client, Dialect, EnterpriseAccess, Ethernet, Event, Host, Latency, Lease, MdnsService, World,
};

const FLAT: &str = include_str!("../worlds/flat.toml");

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A module in a world, echo off, everything at once.
fn bench(dialect: Dialect, world: World) -> Bench {
    let network = world.memory_network();
    let builder = Builder::new(dialect).latency(Latency::none()).network(network.clone()).world(world);
    let mut bench = Bench { module: builder.build(), network, now: Duration::ZERO };
    bench.run(ms(1));
    bench.ask_for("ATE0", ms(1));
    bench
}

/// Lets time pass until this second.
fn until(bench: &mut Bench, second: f64) -> String {
    let time = Duration::from_secs_f64(second) - bench.now;
    bench.run(time)
}

#[test]
fn a_day_in_the_flat() {
    let mut bench = bench(Dialect::EspAt, World::from_toml(FLAT).unwrap());
    let ask = |bench: &mut Bench, line: &str| bench.ask_for(line, ms(1));
    assert_eq!(ask(&mut bench, "AT+CWMODE=3"), "\r\nOK\r\n");
    assert_eq!(
        ask(&mut bench, "AT+CWLAP"),
        "+CWLAP:(3,\"home\",-47,\"02:00:00:00:00:01\",6,-1,-1,4,4,7,0)\r\n\
         +CWLAP:(5,\"office\",-70,\"02:00:00:00:00:03\",1,-1,-1,4,4,7,0)\r\n\r\nOK\r\n"
    );
    assert_eq!(ask(&mut bench, "AT+CWJAP=\"home\",\"secret password\""), "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+CIPDOMAIN=\"printer.home\""), "+CIPDOMAIN:\"192.168.3.20\"\r\n\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+PING=\"printer.home\""), "");
    assert_eq!(bench.run(ms(5)), "+PING:3\r\n\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+CIPSTART=\"TCP\",\"printer.home\",9100"), "CONNECT\r\n\r\nOK\r\n");
    assert_eq!(until(&mut bench, 9.9), "");
    assert_eq!(until(&mut bench, 14.9), "WIFI DISCONNECT\r\nCLOSED\r\n");
    assert_eq!(ask(&mut bench, "AT+CWSTATE?"), "+CWSTATE:4,\"home\"\r\n\r\nOK\r\n");
    // Looked for each second.
    assert_eq!(until(&mut bench, 16.4), "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    assert!(ask(&mut bench, "AT+CWJAP?").contains(",6,-47,"));
    assert_eq!(until(&mut bench, 19.9), "");
    assert!(ask(&mut bench, "AT+CWJAP?").contains(",6,-60,"));
    assert_eq!(
        until(&mut bench, 21.0),
        "+STA_CONNECTED:\"3c:22:fb:01:02:03\"\r\n+DIST_STA_IP:\"3c:22:fb:01:02:03\",\"192.168.4.2\"\r\n"
    );
    assert_eq!(ask(&mut bench, "AT+CWLIF"), "+CWLIF:192.168.4.2,3c:22:fb:01:02:03\r\n\r\nOK\r\n");
    assert_eq!(until(&mut bench, 29.0), "+STA_DISCONNECTED:\"3c:22:fb:01:02:03\"\r\n");
    assert_eq!(until(&mut bench, 39.0), "WIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n");
    assert_eq!(until(&mut bench, 42.0), "+ETH_CONNECTED\r\n+ETH_GOT_IP:192.168.105.24\r\n");
    assert_eq!(until(&mut bench, 50.0), "+ETH_DISCONNECTED\r\n");
    assert_eq!(ask(&mut bench, "AT+CWQAP"), "WIFI DISCONNECT\r\n\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+WPS=1"), "\r\nOK\r\n");
    assert_eq!(until(&mut bench, 61.0), "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    assert_eq!(ask(&mut bench, "AT+CWMODE=1"), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+CWSTARTSMART"), "WIFI DISCONNECT\r\n\r\nOK\r\n");
    assert_eq!(
        until(&mut bench, 201.0),
        "smartconfig type:ESPTOUCH\r\nSmart get wifi info\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n\
         smartconfig connected wifi\r\n"
    );
    assert_eq!(ask(&mut bench, "AT+CWSTOPSMART"), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+CWMODE=3"), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+CIPMUX=1"), "\r\nOK\r\n");
    assert_eq!(ask(&mut bench, "AT+WEBSERVER=1,80,25"), "\r\nOK\r\n");
    assert_eq!(
        until(&mut bench, 301.0),
        "+WEBSERVERRSP:1\r\nWIFI DISCONNECT\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n+WEBSERVERRSP:2\r\n"
    );
    assert_eq!(until(&mut bench, 314.9), "+WEBSERVERRSP:3\r\n");
    assert_eq!(until(&mut bench, 315.0), "+WEBSERVERRSP:4\r\n");
    assert_eq!(until(&mut bench, 400.0), "");
}

#[test]
fn the_file_says_what_the_test_can_say() {
    let file = World::from_toml(
        "[lease]\naddress = '10.1.1.5'\ngateway = '10.1.1.1'\nnetmask = '255.255.255.0'\n\
         [[access_point]]\nssid = 'a'\npassword = '12345678'\nbssid = '02:00:00:00:00:09'\ncountry = 'US'\n\
         [[access_point]]\nssid = 'b'\nenterprise = { identity = 'me' }\n\
         [[client]]\nname = 'c'\nmac = '00:01:02:03:04:05'\n\
         [[host]]\naddress = '10.1.1.9'\necho = [7]\n\
         [[event]]\nat = 1.5\nclient_joins = 'c'\n",
    );
    let lease =
        Lease { address: [10, 1, 1, 5].into(), gateway: [10, 1, 1, 1].into(), netmask: [255, 255, 255, 0].into() };
    let access = EnterpriseAccess { identity: "me".into(), username: String::new(), password: String::new() };
    let test = World::new()
        .lease(lease)
        .access_point(AccessPoint::new("a", "12345678").bssid([2, 0, 0, 0, 0, 9]).country(*b"US"))
        .access_point(AccessPoint::open("b").enterprise(access))
        .client(Client::new("c", [0, 1, 2, 3, 4, 5]))
        .host(Host::new([10, 1, 1, 9].into()).echo(7))
        .at(ms(1500), Event::ClientJoins("c".into()));
    assert_eq!(file, Ok(test));
}

#[test]
fn errors_of_the_file_have_line_numbers() {
    for (text, error) in [
        ("[[access_point]]\nssid = 'a'\npasword = 'x'\n", "line 3: unknown field `pasword`"),
        ("[[access_point]]\nchannel = 3\n", "line 1: missing field `ssid`"),
        ("\n[[access_point]]\nssid = 'a'\nchannel = 15\n", "line 2: channels are 1 to 14"),
        ("[[access_point]]\nssid = 'a'\nsecurity = 'wpa9'\n", "line 3: unknown variant `wpa9`"),
        ("[[access_point]]\nssid = 'a'\npassword = '123'\n", "line 1: a password has 8 to 63 characters"),
        ("[[access_point]]\nssid = 'a'\nsecurity = 'wpa2'\n", "line 1: an open access point has no password"),
        ("[[access_point]]\nssid = 'a'\nsecurity = 'wpa2-enterprise'\n", "line 1: security \"wpa2-enterprise\" and"),
        ("[[client]]\nname = 'a'\nmac = '1:2:3'\n", "line 1: \"1:2:3\" is no MAC address"),
        ("[[event]]\nat = 1\n\n[[event]]\nat = 2\n", "line 1: nothing happens in this event"),
        ("[[event]]\nat = -1\ndrop_wifi = true\n", "line 1: at is a time in seconds"),
        ("\n\n[[event]]\nat = 1\nclient_joins = 'x'\n", "line 3: there is no client \"x\""),
        ("[[event]]\nat = 1\naccess_point_up = 'x'\n", "line 1: there is no access point \"x\""),
        ("[[event]]\nat = 1\nethernet_plugged = true\n", "line 1: there is no [ethernet]"),
        ("[[event]]\nat = 1\ndrop_wifi = true\nweb_upload = true\n", "line 1: one event is one thing"),
        ("[lease]\naddress = '10.1.1.300'\n", "line 2: "),
        ("a = \n", "line 1: "),
    ] {
        let found = World::from_toml(text).unwrap_err().to_string();
        assert!(found.starts_with(error), "{text}\n{found}");
    }
}

/// What each firmware says for the failures of a join.
#[test]
fn joins_that_fail() {
    for &dialect in Dialect::ALL {
        let world = World::new()
            .access_point(AccessPoint::new("home", "12345678"))
            .access_point(AccessPoint { dhcp: false, ..AccessPoint::open("silent") })
            .access_point(AccessPoint::new("off", "12345678").down());
        let builder = Builder::new(dialect).world(world);
        let mut bench = Bench::new(builder);
        bench.run(seconds(1));
        bench.ask("ATE0");
        bench.ask("AT+CWMODE=1");
        let (end, after) = match dialect {
            Dialect::EspAt | Dialect::Esp8266Idf | Dialect::Esp32V1 => ("ERROR", 15),
            _ => ("FAIL", 15),
        };
        for (line, code, time, before) in [
            ("\"home\",\"wrong password\"", 2, 4, ""),
            ("\"nowhere\",\"12345678\"", 3, after, ""),
            ("\"off\",\"12345678\"", 3, after, ""),
            ("\"silent\",\"\"", 1, after, "WIFI CONNECTED\r\n"),
        ] {
            bench.send(format!("AT+CWJAP={line}\r\n").as_bytes());
            let first = bench.run(seconds(time) - ms(10));
            assert_eq!(first, before, "{} {line}", dialect.name());
            let answer = bench.run(ms(100));
            assert_eq!(answer, format!("+CWJAP:{code}\r\n\r\n{end}\r\n"), "{} {line}", dialect.name());
        }
    }
}

/// Policy of `AT+CWRECONNCFG`: interval and count; 0 as interval is never, 0 as count is for ever.
#[test]
fn reconnecting_by_policy() {
    let down_and_up = |world: World| {
        let world = world.at(seconds(100), Event::AccessPointDown("home".into()));
        world.at(seconds(200), Event::AccessPointUp("home".into()))
    };
    for (policy, finds) in [("0,0", false), ("7,0", true), ("7,3", false), ("7,10", true)] {
        let world = down_and_up(World::new().access_point(AccessPoint::new("home", "12345678")));
        let mut bench = Bench::booted(Builder::new(Dialect::EspAt).world(world));
        bench.ok("AT+CWMODE=1");
        assert!(bench.ask("AT+CWJAP=\"home\",\"12345678\"").ends_with("GOT IP\r\n\r\nOK\r\n"));
        bench.ask_for(&format!("AT+CWRECONNCFG={policy}"), ms(10));
        assert_eq!(bench.ask_for("AT+CWRECONNCFG?", ms(10)), format!("+CWRECONNCFG:{policy}\r\n\r\nOK\r\n"));
        let time = seconds(199) - bench.now;
        assert_eq!(bench.run(time), "WIFI DISCONNECT\r\n", "{policy}");
        let again = if finds { "WIFI CONNECTED\r\nWIFI GOT IP\r\n" } else { "" };
        assert_eq!(bench.run(seconds(60)), again, "{policy}");
        let state = if finds { 2 } else { 4 };
        assert_eq!(bench.ask("AT+CWSTATE?"), format!("+CWSTATE:{state},\"home\"\r\n\r\nOK\r\n"), "{policy}");
    }
}

fn port(plugged: bool) -> Ethernet {
    let lease = Lease {
        address: [192, 168, 105, 24].into(),
        gateway: [192, 168, 105, 1].into(),
        netmask: [255, 255, 255, 0].into(),
    };
    Ethernet { lease, plugged }
}

#[test]
fn ethernet() {
    let world = World::new().ethernet(port(true));
    let mut bench = Bench::new(quick().station_mac([0x24, 0x0a, 0xc4, 0, 0x11, 0x22]).world(world));
    assert_eq!(bench.run(ms(1)), "\r\nready\r\n+ETH_CONNECTED\r\n+ETH_GOT_IP:192.168.105.24\r\n");
    bench.ask("ATE0");
    assert_eq!(
        bench.ask("AT+CIPETH?"),
        "+CIPETH:ip:192.168.105.24\r\n+CIPETH:gateway:192.168.105.1\r\n+CIPETH:netmask:255.255.255.0\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CIPETHMAC?"), "+CIPETHMAC:\"24:0a:c4:00:11:25\"\r\n\r\nOK\r\n");
    assert_eq!(
        bench.ask("AT+CIFSR"),
        "+CIFSR:ETHIP,\"192.168.105.24\"\r\n+CIFSR:ETHMAC,\"24:0a:c4:00:11:25\"\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CWDHCP?"), "+CWDHCP:7\r\n\r\nOK\r\n");
    // The cable is a way to the network without Wi-Fi.
    assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "CONNECT\r\n\r\nOK\r\n");
    let now = bench.now;
    bench.module.happen(now, Event::EthernetPulled);
    assert_eq!(bench.run(ms(1)), "+ETH_DISCONNECTED\r\nCLOSED\r\n");
    bench.ok("AT+CIPETH=\"192.168.6.100\",\"192.168.6.1\",\"255.255.255.0\"");
    bench.ok("AT+CIPETHMAC=\"1a:fe:35:98:d4:7b\"");
    for bad in ["\"15:fe:35:98:d4:7b\"", "\"00:00:00:00:00:00\"", "\"24:0a:c4:00:11:22\"", "1", "\"1a:fe\""] {
        bench.error(&format!("AT+CIPETHMAC={bad}"));
    }
    bench.error("AT+CIPETH=\"192.168.6.100\",\"192.168.6.1\"");
    bench.error("AT+CIPETH=\"192.168.6.300\"");
    assert_eq!(bench.ask("AT+CWDHCP?"), "+CWDHCP:3\r\n\r\nOK\r\n");
    bench.ask("AT+RST");
    bench.ask("ATE0");
    let now = bench.now;
    bench.module.happen(now, Event::EthernetPlugged);
    assert_eq!(bench.run(ms(1)), "+ETH_CONNECTED\r\n+ETH_GOT_IP:192.168.6.100\r\n");
    assert_eq!(bench.ask("AT+CIPETHMAC?"), "+CIPETHMAC:\"1a:fe:35:98:d4:7b\"\r\n\r\nOK\r\n");
    assert!(bench.ask("AT+RESTORE").contains("+ETH_GOT_IP:192.168.105.24\r\n"));
}

#[test]
fn a_board_without_port_still_has_the_commands() {
    let mut bench = Bench::booted(quick());
    assert_eq!(
        bench.ask("AT+CIPETH?"),
        "+CIPETH:ip:0.0.0.0\r\n+CIPETH:gateway:0.0.0.0\r\n+CIPETH:netmask:0.0.0.0\r\n\r\nOK\r\n"
    );
    assert_eq!(bench.ask("AT+CWDHCP?"), "+CWDHCP:3\r\n\r\nOK\r\n");
}

#[test]
fn country_of_esp_at() {
    let german = AccessPoint::open("de").country(*b"DE").channel(13);
    let mut bench = Bench::booted(quick().access_point(german));
    bench.ok("AT+CWMODE=3");
    let unset = "+CWCOUNTRY:0,\"CN\",1,13\r\n\r\nOK\r\n";
    assert_eq!(bench.ask("AT+CWCOUNTRY?"), unset);
    bench.ask("AT+CWJAP=\"de\"");
    assert_eq!(bench.ask("AT+CWCOUNTRY?"), "+CWCOUNTRY:0,\"DE\",1,13\r\n\r\nOK\r\n");
    bench.ok("AT+CWCOUNTRY=1,\"US\",1,11");
    assert_eq!(bench.ask("AT+CWCOUNTRY?"), "+CWCOUNTRY:1,\"US\",1,11\r\n\r\nOK\r\n");
    // Channel 13 is not allowed there.
    assert!(!bench.ask("AT+CWLAP").contains("\"de\""));
    assert!(bench.ask("AT+CWJAP=\"de\"").ends_with("+CWJAP:3\r\n\r\nERROR\r\n"));
    for bad in ["2,\"US\",1,11", "1,US,1,11", "1,\"USAX\",1,11", "1,\"us\",1,11", "1,\"US\",0,11", "1,\"US\",5,11", "1"]
    {
        bench.error(&format!("AT+CWCOUNTRY={bad}"));
    }
    // Not stored, whatever AT+SYSSTORE says.
    bench.ask("AT+RST");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWCOUNTRY?"), "+CWCOUNTRY:0,\"DE\",1,13\r\n\r\nOK\r\n");
    bench.ask("AT+CWQAP");
    assert_eq!(bench.ask("AT+CWCOUNTRY?"), unset);
    bench.ok("AT+CWAPPROTO=3");
    assert_eq!(bench.ask("AT+CWAPPROTO?"), "+CWAPPROTO:3\r\n\r\nOK\r\n");
    bench.error("AT+CWAPPROTO=16");
}

#[test]
fn country_of_nonos() {
    let mut bench = Bench::online(builder_of(Dialect::Esp8266Nonos).latency(Latency::none()));
    bench.ok("AT+CWCOUNTRY_CUR=1,\"JPI\",1,14");
    // The third character is not shown.
    assert_eq!(bench.ask("AT+CWCOUNTRY_CUR?"), "+CWCOUNTRY_CUR:1,\"JP\",1,14\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+CWCOUNTRY_DEF?"), "+CWCOUNTRY_DEF:0,\"CN\",1,13\r\n\r\nOK\r\n");
    bench.ok("AT+CWCOUNTRY_DEF=1,\"DE\",1,13");
    bench.ask("AT+RST");
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+CWCOUNTRY_CUR?"), "+CWCOUNTRY_CUR:1,\"DE\",1,13\r\n\r\nOK\r\n");
}

#[test]
fn mdns() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Idf, Dialect::Esp8266Nonos] {
        let mut bench = Bench::online(builder_of(dialect).latency(Latency::none()));
        bench.ok("AT+MDNS=1,\"espressif\",\"_iot\",8080");
        let service = MdnsService { hostname: "espressif".into(), service: "_iot".into(), port: 8080 };
        assert_eq!(bench.module.mdns_service(), Some(&service));
        let now = bench.now;
        bench.module.happen(now, Event::AccessPointDown("home".into()));
        assert_eq!(bench.module.mdns_service(), None);
        bench.run(ms(1));
        bench.ok("AT+MDNS=0");
        for bad in ["1", "1,\"a\",\"b\"", "1,\"a.b\",\"_iot\",80", "1,\"a\",\"b\",0", "2"] {
            bench.error(&format!("AT+MDNS={bad}"));
        }
        bench.ask("AT+CWMODE=2");
        let words = if dialect == Dialect::Esp8266Nonos { "opmode mismatch when mdns\r\n" } else { "" };
        assert_eq!(bench.ask("AT+MDNS=1,\"a\",\"b\",80"), format!("{words}\r\nERROR\r\n"), "{}", dialect.name());
    }
}

#[test]
fn discovery_by_wechat() {
    let mut bench = Bench::online(builder_of(Dialect::Esp8266Nonos).latency(Latency::none()));
    bench.ok("AT+CWSTARTDISCOVER=\"gh_9e2cff3dfa51\",\"122475\",10");
    bench.error("AT+CWSTARTDISCOVER=\"gh_9e2cff3dfa51\",\"122475\",86401");
    bench.error("AT+CWSTARTDISCOVER=\"gh_9e2cff3dfa51\",122475,10");
    bench.ok("AT+CWSTOPDISCOVER");
    bench.ask("AT+CWQAP");
    bench.error("AT+CWSTARTDISCOVER=\"gh_9e2cff3dfa51\",\"122475\",10");
}
