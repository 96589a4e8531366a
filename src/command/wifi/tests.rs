//! What is refused before anything is sent.

use core::net::Ipv4Addr;
use std::string::String;

use super::*;
use crate::at::{EncodeError, Encoder};
use crate::command::{Bytes, Command, Mac, Secret};

fn encode<C: Command>(command: C) -> Result<String, EncodeError> {
    let mut buffer = [0; 300];
    let mut line = Encoder::new(&mut buffer);
    command.encode("AT+X", &mut line);
    let length = line.finish()?;
    Ok(core::str::from_utf8(&buffer[..length]).unwrap().trim_end().into())
}

const REFUSED: Result<String, EncodeError> = Err(EncodeError::OutOfRange);

#[test]
fn names_and_passphrases() {
    let join = |ssid, passphrase| encode(JoinAccessPoint { ssid, passphrase: Secret(passphrase), bssid: None });
    let long = "x".repeat(65);
    assert_eq!(join("a", "").unwrap(), r#"AT+X="a","""#);
    assert!(join(&long[..32], &long[..64]).is_ok());
    assert_eq!(join("", "password"), REFUSED);
    assert_eq!(join(&long[..33], "password"), REFUSED);
    assert_eq!(join("a", &long), REFUSED);
    assert_eq!(join("a\r\nAT+RESTORE", "password"), Err(EncodeError::ForbiddenByte));
    assert_eq!(join("a", "pass\0word"), Err(EncodeError::ForbiddenByte));
    // Every byte of SSID and passphrase escaped is still a line that fits.
    assert!(join(&",".repeat(32), &"\"".repeat(64)).is_ok());

    let soft_ap = |passphrase, channel, max_stations| {
        let (passphrase, security) = (Passphrase(Secret(passphrase)), SoftApSecurity::Wpa2Psk);
        encode(SetSoftAp { ssid: "a", passphrase, channel, security, max_stations, hidden: None })
    };
    assert_eq!(soft_ap("", 1, None).unwrap(), r#"AT+X="a","",1,3"#);
    assert_eq!(soft_ap("1234567", 1, None), REFUSED);
    assert_eq!(soft_ap(&long, 1, None), REFUSED);
    assert_eq!(soft_ap("12345678", 0, None), REFUSED);
    assert_eq!(soft_ap("12345678", 15, None), REFUSED);
    assert_eq!(soft_ap("12345678", 1, Some(0)), REFUSED);

    assert_eq!(encode(SetHostName { name: &long[..33] }), REFUSED);
    let key = |key| {
        let (kind, key) = (SmartConfigKind::EspTouchV2, Some(Secret(key)));
        encode(StartSmartConfigWithOptions { kind, security_floor: None, key })
    };
    assert_eq!(key("0123456789abcdef").unwrap(), r#"AT+X=4,,"0123456789abcdef""#);
    assert_eq!(key("0123456789abcde"), REFUSED);
    assert_eq!(encode(StartSmartConfigKind { kind: SmartConfigKind::EspTouchV2 }), REFUSED);
    let credentials = EapCredentials::Ttls { identity: "i", username: "", password: Secret("p") };
    assert_eq!(encode(JoinEnterprise { ssid: Bytes(b"a"), credentials, certificates: Certificates::NONE }), REFUSED);
}

#[test]
fn secrets_are_not_shown() {
    let join = JoinAccessPoint { ssid: "a", passphrase: Secret("password"), bssid: None };
    assert!(!std::format!("{join:?}").contains("password"));
    let passphrase = Passphrase(Secret("password"));
    assert!(!std::format!("{passphrase:?}").contains("password"));
}

#[test]
fn numbers() {
    let join = JoinAccessPointWithOptions {
        ssid: None,
        passphrase: None,
        bssid: None,
        refuse_open_and_wep: None,
        reconnect_interval_s: None,
        listen_interval: None,
        which: None,
        timeout_s: None,
        protection: None,
    };
    assert_eq!(encode(JoinAccessPointWithOptions { timeout_s: Some(60), ..join }).unwrap(), "AT+X=,,,,,,,60");
    assert_eq!(encode(JoinAccessPointWithOptions { timeout_s: Some(2), ..join }), REFUSED);
    assert_eq!(encode(JoinAccessPointWithOptions { reconnect_interval_s: Some(7201), ..join }), REFUSED);
    assert_eq!(encode(JoinAccessPointWithOptions { listen_interval: Some(0), ..join }), REFUSED);
    assert_eq!(encode(SetReconnection { interval_s: 1, attempts: 1001 }), REFUSED);
    let service = |port| encode(SetMdns { service: Mdns::On(MdnsService { host_name: "h", service: "s", port }) });
    assert_eq!(service(0), REFUSED);
    assert!(service(65535).is_ok());
    let fields = ScanFields::from_bits(2048);
    assert_eq!(encode(SetScanFields { sort_by_signal: true, fields }), REFUSED);
    let times = ScanTimes::Milliseconds { minimum: None, maximum: 1501 };
    let scan = FindAccessPointsWithOptions { ssid: None, bssid: None, channel: None, kind: None, times };
    assert_eq!(encode(scan), REFUSED);
    let times = ScanTimes::Milliseconds { minimum: None, maximum: 500 };
    assert_eq!(encode(FindAccessPointsWithOptions { times, ..scan }).unwrap(), "AT+X=,,,,,500");
}

#[test]
fn addresses() {
    let mac = |first, last| encode(SetStationMac { mac: OwnMac(Mac([first, 0, 0, 0, 0, last])) });
    assert_eq!(mac(0x18, 1).unwrap(), r#"AT+X="18:00:00:00:00:01""#);
    assert_eq!(mac(0x15, 1), REFUSED);
    assert_eq!(mac(0, 0), REFUSED);
    let pool = |lease_minutes, first, last| {
        let address = |last| Ipv4Addr::new(192, 168, 4, last);
        encode(SetDhcpPool { pool: DhcpPool::Range { lease_minutes, first: address(first), last: address(last) } })
    };
    assert_eq!(pool(0, 2, 9), REFUSED);
    assert_eq!(pool(2881, 2, 9), REFUSED);
    assert_eq!(pool(120, 9, 2), REFUSED);
    let first = Ipv4Addr::new(8, 8, 8, 8);
    assert_eq!(encode(SetDnsServers { servers: UserDns::Servers { first, second: first } }), REFUSED);
    let alone = SetStationAddress { address: Ipv4Addr::new(10, 0, 0, 2), network: None };
    assert_eq!(encode(alone).unwrap(), r#"AT+X="10.0.0.2""#);
}
