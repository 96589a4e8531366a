//! Bluetooth devices of a world file.
#![allow(missing_docs)]
#![cfg(feature = "world")]

mod common;

use common::{Bench, quick};
use core::time::Duration;
use wifi_at_simulator::World;

const FLAT: &str = include_str!("../worlds/flat.toml");

#[test]
fn devices_do_what_the_file_says() {
    let mut bench = Bench::new(quick().world(World::from_toml(FLAT).unwrap()));
    bench.run(Duration::from_secs(1));
    bench.ask_for("ATE0", Duration::from_secs(1));
    assert!(bench.ask_for("AT+BLEINIT=1", Duration::from_secs(1)).starts_with("\r\nOK\r\n"));
    let seen = "\r\nOK\r\n+BLESCAN:\"24:12:5f:9d:91:98\",-70,0201060409542d31,,0\r\n+BLESCANDONE\r\n";
    assert_eq!(bench.ask_for("AT+BLESCAN=1,1", Duration::from_secs(2)), seen);
    assert!(bench.ask_for("AT+BLECONN=0,\"24:12:5f:9d:91:98\"", Duration::from_secs(1)).ends_with("\r\nOK\r\n"));
    for line in ["AT+BLEGATTCPRIMSRV=0", "AT+BLEGATTCCHAR=0,3"] {
        assert!(bench.ask_for(line, Duration::from_secs(1)).ends_with("\r\nOK\r\n"));
    }
    bench.send(b"AT+BLEGATTCRD=0,3,1\r\n");
    assert_eq!(bench.run_bytes(Duration::from_secs(1)), b"+BLEGATTCRD:0,2,\x66\x08\r\n\r\nOK\r\n");
    bench.ask_for("AT+RST", Duration::from_secs(1));
    bench.ask_for("ATE0", Duration::from_secs(1));
    for line in ["AT+BLEINIT=2", "AT+BLEGATTSSRVCRE", "AT+BLEGATTSSRVSTART", "AT+BLEADVSTART"] {
        assert_eq!(bench.ask_for(line, Duration::from_secs(1)), "\r\nOK\r\n", "{line}");
    }
    for line in ["AT+BTINIT=1", "AT+BTSCANMODE=1", "AT+BTSPPINIT=2", "AT+BTSPPSTART"] {
        assert_eq!(bench.ask_for(line, Duration::from_secs(1)), "\r\nOK\r\n", "{line}");
    }
    assert!(bench.now < Duration::from_secs(390));
    bench.run(Duration::from_secs(390) - bench.now);
    assert_eq!(
        bench.run(Duration::from_secs(20)),
        "+BLECONN:0,\"60:51:42:fe:98:aa\"\r\n+BLECONNPARAM:0,0,0,24,0,500\r\n+WRITE:0,1,3,,2,\r\n\r\n\
         +WRITE:0,1,6,1,2,\x01\0\r\n+BLEDISCONN:0,\"60:51:42:fe:98:aa\"\r\n\
         +BTSPPCONN:0,\"e0:24:81:47:90:bc\"\r\n+BTDATA:2,hi\r\n"
    );
}

#[test]
fn mistakes_are_named_with_their_line() {
    let ble = "[[ble]]\nname = \"a\"\naddress = \"02:00:00:00:00:01\"\n";
    for (text, wanted) in [
        ("[[ble]]\nname = \"a\"\naddress = \"02:00\"\n".to_owned(), "line 1: \"02:00\" is no MAC address"),
        (format!("{ble}advertising = \"0\"\n"), "line 1: \"0\" is no row of bytes in hex digits"),
        (format!("{ble}[[ble.service]]\nuuid = \"18\"\n"), "line 1: \"18\" is no UUID of 16 or 128 bits"),
        (format!("{ble}io = \"mouse\"\n"), "line 4: unknown variant `mouse`"),
        (
            format!("{ble}[[event]]\nat = 1\nble = {{ peer = \"b\", does = \"connect\" }}\n"),
            "line 4: there is no ble device \"b\"",
        ),
        (
            format!("{ble}[[event]]\nat = 1\nbt = {{ peer = \"a\", does = \"connect-spp\" }}\n"),
            "line 4: there is no bt device \"a\"",
        ),
    ] {
        let found = World::from_toml(&text).unwrap_err().to_string();
        assert!(found.starts_with(wanted), "{found}");
    }
}
