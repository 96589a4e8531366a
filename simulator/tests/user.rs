//! The commands for the host's own use of ESP-AT, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder, bytes, ms, quick};
use core::time::Duration;
use wifi_at_simulator::Dialect;

#[test]
fn spare_memory() {
    let mut bench = Bench::booted(quick());
    assert_eq!(bench.ask("AT+USERRAM?"), "+USERRAM:0\r\n\r\nOK\r\n");
    for early in ["0", "2,10", "3,10", "4"] {
        bench.error(&format!("AT+USERRAM={early}"));
    }
    bench.ok("AT+USERRAM=1,3000");
    assert_eq!(bench.ask("AT+USERRAM?"), "+USERRAM:3000\r\n\r\nOK\r\n");
    for wrong in ["1,10", "1", "2", "2,0", "2,3001", "2,1,3000", "3,3000,1", "3,-1", "5", "0,1", "4,1", "2,10,0,0"] {
        bench.error(&format!("AT+USERRAM={wrong}"));
    }
    assert_eq!(bench.ask("AT+USERRAM=2,12,1020"), "\r\nOK\r\n\r\n>");
    // Counted: a line end or `+++` is data like any other.
    bench.send(b"\r\nOK\r\n+++\0\xffz");
    assert_eq!(bench.run(ms(100)), "\r\nWRITE OK\r\n");
    bench.send(b"AT+USERRAM=3,1040\r\n");
    let zeros = [0; 1020];
    let read = bench.run_bytes(ms(100));
    let wanted = bytes(&[b"+USERRAM:1024,", &zeros, b"\r\nOK", b"+USERRAM:16,\r\n+++\0\xffz", &[0; 8], b"\r\nOK\r\n"]);
    assert_eq!(read, wanted);
    bench.ok("AT+USERRAM=4");
    assert_eq!(bench.ask("AT+USERRAM=3,4,1022"), "+USERRAM:4,\0\0\0\0\r\nOK\r\n");
    bench.ok("AT+USERRAM=0");
    assert_eq!(bench.ask("AT+USERRAM?"), "+USERRAM:0\r\n\r\nOK\r\n");
    bench.ok("AT+USERRAM=1,10");
    assert!(bench.ask("AT+RST").ends_with("\r\nready\r\n"));
    bench.ask("ATE0");
    assert_eq!(bench.ask("AT+USERRAM?"), "+USERRAM:0\r\n\r\nOK\r\n");
}

#[test]
fn where_the_manual_is() {
    let mut bench = Bench::booted(quick());
    assert_eq!(
        bench.ask("AT+USERDOCS?"),
        "+USERDOCS:\"https://docs.espressif.com/projects/esp-at/en/latest/esp32/index.html\"\r\n\
         +USERDOCS:\"https://docs.espressif.com/projects/esp-at/zh_CN/latest/esp32/index.html\"\r\n\r\nOK\r\n"
    );
    for dialect in Dialect::ALL.iter().filter(|dialect| **dialect != Dialect::EspAt) {
        assert!(dialect.commands().iter().all(|command| !command.name.starts_with("AT+USER")), "{}", dialect.name());
    }
}

#[test]
fn wrong_settings_of_waking() {
    let mut bench = Bench::booted(quick());
    for wrong in ["2", "1", "1,1,18,1", "1,0,18,1,10", "1,3,18,1,10", "1,1,40,1,10", "1,1,18,2,10", "1,2,0,65,10"] {
        bench.error(&format!("AT+USERWKMCUCFG={wrong}"));
    }
    for wrong in ["1,2,1,256,10", "1,2,1,65,60001", "1,2,1,65,10,8", "1,2,1,65,10,1,1"] {
        bench.error(&format!("AT+USERWKMCUCFG={wrong}"));
    }
    bench.error("AT+USERMCUSLEEP=1");
    bench.ok("AT+USERWKMCUCFG=0");
    bench.ok("AT+USERWKMCUCFG=1,1,18,1,10000,3");
    // Once only; not while the host sleeps.
    bench.error("AT+USERWKMCUCFG=1,1,18,1,10000,3");
    bench.error("AT+USERMCUSLEEP=2");
    bench.ok("AT+USERMCUSLEEP=1");
    bench.error("AT+USERWKMCUCFG=0");
    bench.ok("AT+USERMCUSLEEP=0");
    bench.ok("AT+USERWKMCUCFG=0");
}

#[test]
fn a_sleeping_host_is_woken_by_a_byte() {
    let mut bench = Bench::joined(builder());
    bench.ok("AT+USERWKMCUCFG=1,2,1,65,500");
    bench.ask("AT+CIPSTART=0,\"TCP\",\"10.0.0.1\",7");
    bench.ok("AT+USERMCUSLEEP=1");
    let socket = bench.module.links()[0].socket;
    bench.network.push(socket, b"one");
    assert_eq!(bench.run(ms(100)), "A");
    bench.network.push(socket, b"two");
    assert_eq!(bench.run(ms(100)), "");
    // The host is awake: what has waited comes behind OK.
    assert_eq!(bench.ask("AT+USERMCUSLEEP=0"), "\r\nOK\r\n\r\n+IPD,0,3:one\r\n+IPD,0,3:two");
    bench.network.push(socket, b"three");
    assert_eq!(bench.run(ms(100)), "\r\n+IPD,0,5:three");
    // A host that says nothing gets it after the time, and is woken again by the next.
    bench.ok("AT+USERMCUSLEEP=1");
    for _ in 0..2 {
        bench.network.push(socket, b"four");
        assert_eq!(bench.run(ms(499)), "A");
        assert_eq!(bench.run(ms(1)), "\r\n+IPD,0,4:four");
    }
}

#[test]
fn a_sleeping_host_is_woken_by_a_pin() {
    let mut bench = Bench::joined(builder());
    // AT+SLEEP tells that the host sleeps, and a host that has been woken is awake.
    bench.ok("AT+USERWKMCUCFG=1,1,18,1,2000,6");
    assert_eq!(bench.module.host_wake_pin(), Some((18, false)));
    bench.ok("AT+SLEEP=1");
    let now = bench.now;
    bench.module.set_access_point_up(now, "home", false);
    assert_eq!(bench.run(ms(1999)), "");
    assert_eq!(bench.module.host_wake_pin(), Some((18, true)));
    assert_eq!(bench.run(ms(2)), "WIFI DISCONNECT\r\n");
    assert_eq!(bench.module.host_wake_pin(), Some((18, false)));
    let now = bench.now;
    bench.module.set_access_point_up(now, "home", true);
    assert_eq!(bench.run(Duration::from_secs(30)), "WIFI CONNECTED\r\nWIFI GOT IP\r\n");
    bench.ok("AT+USERWKMCUCFG=0");
    assert_eq!(bench.module.host_wake_pin(), None);
}
