//! Scans.

use wifi_at::command::wifi::{
    AccessPoint, Cipher, FindAccessPoints, FindAccessPointsWithOptions, ListAccessPoints, Protocols, ScanFields,
    ScanKind, ScanTimes, Security, SecurityFilter, SetScanFields, SetScanFilter, Ssid,
};
use wifi_at::command::{Bytes, Command, List, Mac, On};
use wifi_at::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use super::wires;
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    let mac = Mac([0xca, 0xd7, 0x19, 0xd8, 0xa6, 0x44]);
    let name = FindAccessPoints { ssid: "Wi-Fi", bssid: None, channel: None };
    let exact = FindAccessPoints { bssid: Some(mac), channel: Some(6), ..name };
    let options = FindAccessPointsWithOptions {
        ssid: Some(Bytes(b"Wi-Fi")),
        bssid: Some(mac),
        channel: Some(6),
        kind: Some(ScanKind::Active),
        times: ScanTimes::Milliseconds { minimum: Some(400), maximum: 1000 },
    };
    let all = SetScanFields { sort_by_signal: true, fields: ScanFields::ALL };
    let first = SetScanFields { sort_by_signal: true, fields: ScanFields::from_bits(31) };
    wires!(cases EspAt: ListAccessPoints, name, options, first, SetScanFilter {
        sort_by_signal: true,
        fields: ScanFields::from_bits(31),
        minimum_signal_dbm: Some(-100),
        security: Some(SecurityFilter::OPEN),
    });
    wires!(cases Esp32V1: ListAccessPoints, name, exact, first);
    wires!(cases Esp8266Idf: ListAccessPoints, name, options, first);
    let passive = FindAccessPointsWithOptions {
        ssid: None,
        bssid: None,
        channel: None,
        kind: Some(ScanKind::Passive),
        times: ScanTimes::Empty,
    };
    wires!(cases Esp8266Nonos: ListAccessPoints, name, exact, passive, all);
    let wiznet = FindAccessPoints { ssid: "WIZNETSZ", ..name };
    let mac = Mac([0x00, 0x08, 0xdc, 0x9c, 0xef, 0xb6]);
    wires!(cases WizFi360:
        ListAccessPoints, wiznet, FindAccessPoints { bssid: Some(mac), channel: Some(12), ..wiznet }, first,
    );
    answers(cases);
}

fn scan<D: Dialect, C>(cases: &mut Cases, lines: &[&str]) -> List<AccessPoint, 16>
where
    C: Command<Response = List<AccessPoint, 16>> + On<D>,
    C::Error: core::fmt::Debug,
{
    cases.answer::<D, C>(lines).unwrap()
}

fn answers(cases: &mut Cases) {
    let five = |ssid: &str, signal, last, channel| AccessPoint {
        security: Some(Security::Wpa2Psk),
        ssid: Ssid::new(ssid.as_bytes()),
        signal_dbm: Some(signal),
        bssid: Some(Mac([0x00, 0x08, 0xdc, 0x9c, 0xef, last])),
        channel: Some(channel),
        ..AccessPoint::default()
    };
    let eleven = AccessPoint {
        frequency_offset_khz: Some(-19),
        frequency_calibration: Some(0),
        pairwise_cipher: Some(Cipher::Ccmp),
        group_cipher: Some(Cipher::Tkip),
        protocols: Some(Protocols::B | Protocols::G | Protocols::N),
        wps: Some(true),
        ..five("net", -60, 0xb6, 1)
    };
    let long = r#"+CWLAP:(3,"net",-60,"00:08:dc:9c:ef:b6",1,-19,0,4,3,7,1)"#;
    let bare = r#"+CWLAP:3,net,-60,00:08:dc:9c:ef:b6,1,-19,0,4,3,7,1"#;
    let short = r#"+CWLAP:(3,"net",-60,"00:08:dc:9c:ef:b6",1)"#;
    for line in [long, bare] {
        assert_eq!(scan::<EspAt, ListAccessPoints>(cases, &[line]).records, std::slice::from_ref(&eleven));
        assert_eq!(scan::<EspAt, FindAccessPoints<'_>>(cases, &[line]).records, std::slice::from_ref(&eleven));
        assert_eq!(
            scan::<EspAt, FindAccessPointsWithOptions<'_>>(cases, &[line]).records,
            std::slice::from_ref(&eleven)
        );
        assert_eq!(scan::<Esp8266Nonos, ListAccessPoints>(cases, &[line]).records, std::slice::from_ref(&eleven));
        assert_eq!(
            scan::<Esp8266Nonos, FindAccessPointsWithOptions<'_>>(cases, &[line]).records,
            std::slice::from_ref(&eleven)
        );
    }
    let net = five("net", -60, 0xb6, 1);
    assert_eq!(scan::<Esp32V1, ListAccessPoints>(cases, &[short]).records, std::slice::from_ref(&net));
    assert_eq!(scan::<Esp32V1, FindAccessPoints<'_>>(cases, &[short]).records, std::slice::from_ref(&net));
    assert_eq!(scan::<Esp8266Idf, ListAccessPoints>(cases, &[short]).records, std::slice::from_ref(&net));
    assert_eq!(
        scan::<Esp8266Idf, FindAccessPointsWithOptions<'_>>(cases, &[short]).records,
        std::slice::from_ref(&net)
    );

    let found = scan::<WizFi360, ListAccessPoints>(
        cases,
        &[
            r#"+CWLAP: (4,"WIZnet",-57,"00:08:dc:6a:46:2e",1)"#,
            r#"+CWLAP:(3,"WIZNETSZ",-75,"00:08:dc:9c:ef:b6",12)"#,
            r#"+CWLAP:(3,"",-80,"00:08:dc:9c:ef:b7",12,0)"#,
            "",
        ],
    );
    let other = AccessPoint {
        security: Some(Security::WpaWpa2Psk),
        bssid: Some(Mac([0x00, 0x08, 0xdc, 0x6a, 0x46, 0x2e])),
        ..five("WIZnet", -57, 0, 1)
    };
    let hidden = AccessPoint { wps: Some(false), ..five("", -80, 0xb7, 12) };
    assert_eq!(found.records, [other, five("WIZNETSZ", -75, 0xb6, 12), hidden]);
    assert_eq!((found.dropped, found.malformed), (0, 0));
    let line = r#"+CWLAP:(3,"WIZNETSZ",-75,"00:08:dc:9c:ef:b6",12)"#;
    assert_eq!(scan::<WizFi360, FindAccessPoints<'_>>(cases, &[line, ""]).records, [five("WIZNETSZ", -75, 0xb6, 12)]);

    // More than there is room for, and a line that lost its end.
    let lines = [vec![line; 20], vec![r#"+CWLAP:(3,"WIZNETSZ",-7"#]].concat();
    let found = scan::<EspAt, ListAccessPoints>(cases, &lines);
    assert_eq!((found.records.len(), found.dropped, found.malformed), (16, 4, 1));
    assert_eq!(scan::<EspAt, ListAccessPoints>(cases, &[]), List::default());
}
