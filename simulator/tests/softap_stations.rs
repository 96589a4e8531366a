//! Stations that join the module's own access point, on all firmwares.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms, quick};
use core::time::Duration;
use wifi_at_simulator::{Builder, Client, Dialect, Event, Latency, World};

const PHONE: &str = "3c:22:fb:01:02:03";
const LAPTOP: &str = "3c:22:fb:01:02:04";

fn world() -> World {
    World::new()
        .client(Client::new("phone", [0x3c, 0x22, 0xfb, 1, 2, 3]))
        .client(Client::new("laptop", [0x3c, 0x22, 0xfb, 1, 2, 4]).password("1234567890"))
        .client(Client::new("fixed", [0x3c, 0x22, 0xfb, 1, 2, 5]).address([192, 168, 4, 200].into()))
}

fn names(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::WizFi360 | Dialect::Esp8266Nonos => ("_CUR", "_DEF"),
        _ => ("", ""),
    }
}

fn softap_of(dialect: Dialect, builder: Builder) -> Bench {
    let mut bench = Bench::new(builder);
    bench.run(Duration::from_secs(1));
    bench.ask("ATE0");
    bench.ok("AT+CWMODE=2");
    let (_, def) = names(dialect);
    bench.ok(&format!("AT+CWSAP{def}=\"ap\",\"1234567890\",5,3"));
    bench
}

fn softap(dialect: Dialect) -> Bench {
    softap_of(dialect, builder_of(dialect).latency(Latency::none()).world(world()))
}

fn happens(bench: &mut Bench, event: Event) -> String {
    let now = bench.now;
    bench.module.happen(now, event);
    bench.run(ms(1))
}

fn joins(bench: &mut Bench, name: &str) -> String {
    happens(bench, Event::ClientJoins(name.into()))
}

fn leaves(bench: &mut Bench, name: &str) -> String {
    happens(bench, Event::ClientLeaves(name.into()))
}

fn joined(mac: &str, ip: &str) -> String {
    format!("+STA_CONNECTED:\"{mac}\"\r\n+DIST_STA_IP:\"{mac}\",\"{ip}\"\r\n")
}

#[test]
fn join_list_leave() {
    for &dialect in Dialect::ALL {
        let mut bench = softap(dialect);
        assert_eq!(bench.ask("AT+CWLIF"), "\r\nOK\r\n");
        assert_eq!(joins(&mut bench, "phone"), joined(PHONE, "192.168.4.2"));
        assert_eq!(joins(&mut bench, "laptop"), joined(LAPTOP, "192.168.4.3"));
        assert_eq!(joins(&mut bench, "fixed"), "+STA_CONNECTED:\"3c:22:fb:01:02:05\"\r\n");
        // A fixed address is not known to the module.
        let name = if dialect == Dialect::EspAt { "+CWLIF:" } else { "" };
        let list = format!("{name}192.168.4.2,{PHONE}\r\n{name}192.168.4.3,{LAPTOP}\r\n\r\nOK\r\n");
        assert_eq!(bench.ask("AT+CWLIF"), list, "{}", dialect.name());
        let addresses: Vec<_> = bench.module.joined_stations().into_iter().map(|station| station.address).collect();
        let wanted = [2, 3, 200].map(|last| Some([192, 168, 4, last].into()));
        assert_eq!(addresses, wanted);
        assert_eq!(leaves(&mut bench, "phone"), format!("+STA_DISCONNECTED:\"{PHONE}\"\r\n"));
        assert_eq!(leaves(&mut bench, "phone"), "");
        // The address stays with who had it.
        assert_eq!(joins(&mut bench, "phone"), joined(PHONE, "192.168.4.2"));
        // The access point goes: so do its stations. It comes back: so do they, with the settings of the flash.
        bench.ask("AT+CWMODE=1");
        assert!(bench.module.joined_stations().is_empty());
        assert_eq!(bench.ask("AT+CWLIF"), "\r\nERROR\r\n");
        let answer = bench.ask("AT+CWMODE=2");
        assert!(answer.contains(&format!("+DIST_STA_IP:\"{PHONE}\",\"192.168.4.2\"\r\n")), "{answer}");
        assert_eq!(bench.module.joined_stations().len(), 3);
        let answer = bench.ask("AT+RST");
        assert!(!answer.contains("STA_DISCONNECTED") && answer.contains("+STA_CONNECTED:"), "{answer}");
        assert_eq!(bench.module.joined_stations().len(), 3);
    }
}

#[test]
fn who_does_not_get_in() {
    let mut bench = softap(Dialect::EspAt);
    bench.ok("AT+CWSAP=\"ap\",\"other password\",5,3,1");
    assert_eq!(joins(&mut bench, "laptop"), "");
    assert_eq!(joins(&mut bench, "phone"), joined(PHONE, "192.168.4.2"));
    // There is room for one.
    assert_eq!(joins(&mut bench, "fixed"), "");
    assert_eq!(leaves(&mut bench, "phone"), format!("+STA_DISCONNECTED:\"{PHONE}\"\r\n"));
    assert_eq!(leaves(&mut bench, "fixed"), "");
    assert_eq!(joins(&mut bench, "nobody"), "");
    // An open one asks for no password; the laptop has been waiting.
    assert_eq!(bench.ask("AT+CWSAP=\"ap\",\"\",5,0"), format!("\r\nOK\r\n{}", joined(LAPTOP, "192.168.4.3")));
}

#[test]
fn thrown_out() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Idf] {
        let mut bench = softap(dialect);
        for name in ["phone", "laptop"] {
            joins(&mut bench, name);
        }
        bench.error("AT+CWQIF=\"00:01:02:03:04:05\"");
        bench.error("AT+CWQIF=5");
        let gone = format!("+STA_DISCONNECTED:\"{PHONE}\"\r\n\r\nOK\r\n");
        assert_eq!(bench.ask(&format!("AT+CWQIF=\"{PHONE}\"")), gone);
        bench.error(&format!("AT+CWQIF=\"{PHONE}\""));
        let gone = format!("+STA_DISCONNECTED:\"{LAPTOP}\"\r\n\r\nOK\r\n");
        assert_eq!(bench.ask("AT+CWQIF"), gone);
        bench.ok("AT+CWQIF");
        bench.ok("AT+CWMODE=1");
        bench.error("AT+CWQIF");
    }
}

#[test]
fn the_driver_is_switched_off() {
    let mut bench = softap(Dialect::EspAt);
    joins(&mut bench, "phone");
    assert_eq!(bench.ask("AT+CWINIT=0"), format!("+STA_DISCONNECTED:\"{PHONE}\"\r\n\r\nOK\r\n"));
    assert_eq!(bench.ask("AT+CWINIT=1"), format!("\r\nOK\r\n{}", joined(PHONE, "192.168.4.2")));
    assert_eq!(bench.module.joined_stations().len(), 1);
}

#[test]
fn times() {
    let builder = builder_of(Dialect::EspAt).with_latency(|latency| latency.dhcp = ms(700)).world(world());
    let mut bench = softap_of(Dialect::EspAt, builder);
    let now = bench.now;
    bench.module.happen_at(now + ms(300), Event::ClientJoins("phone".into()));
    assert_eq!(bench.run(ms(299)), "");
    assert_eq!(bench.run(ms(600)), format!("+STA_CONNECTED:\"{PHONE}\"\r\n"));
    // Not yet in the list: it has no address.
    assert_eq!(bench.ask_for("AT+CWLIF", ms(20)), "\r\nOK\r\n");
    assert_eq!(bench.run(ms(100)), format!("+DIST_STA_IP:\"{PHONE}\",\"192.168.4.2\"\r\n"));
}

#[test]
fn no_dhcp_no_address() {
    let mut bench = softap(Dialect::EspAt);
    bench.ok("AT+CWDHCP=0,2");
    assert_eq!(joins(&mut bench, "phone"), format!("+STA_CONNECTED:\"{PHONE}\"\r\n"));
    assert_eq!(bench.ask("AT+CWLIF"), "\r\nOK\r\n");
    bench.error("AT+CWDHCPS=1,3,\"192.168.4.10\",\"192.168.4.15\"");
}

#[test]
fn the_pool() {
    for &dialect in Dialect::ALL {
        let mut bench = softap(dialect);
        let (cur, def) = names(dialect);
        let (mark, quote, end) = match dialect {
            Dialect::WizFi360 => (':', "\"", ""),
            Dialect::EspAt => (':', "", "\r\n"),
            _ => ('=', "", "\r\n"),
        };
        let shown = |name: &str, minutes: u32, first: &str, last: &str| {
            format!(
                "+CWDHCPS{name}{mark}{minutes},{quote}192.168.{first}{quote},{quote}192.168.{last}{quote}{end}\r\nOK\r\n"
            )
        };
        let query = format!("AT+CWDHCPS{cur}?");
        assert_eq!(bench.ask(&query), shown(cur, 120, "4.2", "4.101"), "{}", dialect.name());
        bench.ok(&format!("AT+CWDHCPS{cur}=1,3,\"192.168.4.10\",\"192.168.4.11\""));
        assert_eq!(bench.ask(&query), shown(cur, 3, "4.10", "4.11"));
        assert_eq!(joins(&mut bench, "phone"), joined(PHONE, "192.168.4.10"));
        for bad in [
            "1",
            "1,3,\"192.168.4.10\"",
            "1,0,\"192.168.4.10\",\"192.168.4.15\"",
            "1,2881,\"192.168.4.10\",\"192.168.4.15\"",
            "1,3,\"192.168.4.15\",\"192.168.4.10\"",
            "1,3,\"192.168.5.10\",\"192.168.5.15\"",
            "1,3,\"192.168.4.10\",\"192.168.4.111\"",
            "1,3,\"192.168.4.10\",\"192.168.4.x\"",
            "1,3,192.168.4.10,192.168.4.15",
        ] {
            assert_eq!(bench.ask(&format!("AT+CWDHCPS{cur}={bad}")), "\r\nERROR\r\n", "{} {bad}", dialect.name());
        }
        // What the names without suffix set is stored; so is what _DEF set.
        bench.ok(&format!("AT+CWDHCPS{def}=1,5,\"192.168.4.20\",\"192.168.4.25\""));
        bench.ask("AT+RST");
        bench.ask("ATE0");
        assert_eq!(bench.ask(&query), shown(cur, 5, "4.20", "4.25"));
        bench.ok(&format!("AT+CWDHCPS{cur}=0"));
        assert_eq!(bench.ask(&query), shown(cur, 120, "4.2", "4.101"));
        bench.ask("AT+CWMODE=1");
        bench.error(&format!("AT+CWDHCPS{cur}=0"));
    }
}

#[test]
fn a_pool_that_is_used_up() {
    let mut bench = softap(Dialect::EspAt);
    bench.ok("AT+CWDHCPS=1,3,\"192.168.4.10\",\"192.168.4.10\"");
    assert_eq!(joins(&mut bench, "phone"), joined(PHONE, "192.168.4.10"));
    assert_eq!(joins(&mut bench, "laptop"), format!("+STA_CONNECTED:\"{LAPTOP}\"\r\n"));
    leaves(&mut bench, "phone");
    leaves(&mut bench, "laptop");
    assert_eq!(joins(&mut bench, "laptop"), joined(LAPTOP, "192.168.4.10"));
}

#[test]
fn the_pool_follows_the_network() {
    let mut bench = softap(Dialect::EspAt);
    bench.ok("AT+CIPAP=\"10.0.5.1\"");
    assert_eq!(bench.ask("AT+CWDHCPS?"), "+CWDHCPS:120,10.0.5.2,10.0.5.101\r\n\r\nOK\r\n");
    assert_eq!(joins(&mut bench, "phone"), joined(PHONE, "10.0.5.2"));
}

#[test]
fn a_client_of_the_server() {
    let mut bench = softap_of(Dialect::EspAt, quick().world(world()));
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CIPSERVER=1");
    joins(&mut bench, "phone");
    let address = bench.module.joined_stations()[0].address.unwrap();
    let socket = bench.network.connect_to_module((address, 50000).into(), 333).unwrap();
    assert_eq!(bench.run(ms(1)), "0,CONNECT\r\n");
    bench.network.push(socket, b"test");
    assert_eq!(bench.run(ms(1)), "\r\n+IPD,0,4:test");
    let state = bench.ask("AT+CIPSTATE?");
    assert!(state.contains("\"192.168.4.2\",50000,333,1"), "{state}");
}

/// `AT+SYSMSG` bit 2: state lines in passthrough, too.
#[test]
fn in_passthrough_only_when_wanted() {
    for wanted in [false, true] {
        let mut bench = Bench::online(quick().world(world()));
        bench.ok("AT+CWMODE=3");
        bench.ok(&format!("AT+SYSMSG={}", u8::from(wanted) * 4));
        bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7");
        bench.ok("AT+CIPMODE=1");
        bench.ask("AT+CIPSEND");
        let lines = if wanted { joined(PHONE, "192.168.4.2") } else { String::new() };
        assert_eq!(joins(&mut bench, "phone"), lines);
    }
}
