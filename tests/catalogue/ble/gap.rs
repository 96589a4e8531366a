//! Role, names, scans, advertising.

use wifi_at::command::ble::*;
use wifi_at::command::{Hex, Mac};
use wifi_at::dialect::EspAt;

use super::{hex, mac};
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    stack(cases);
    scans(cases);
    advertising(cases);
    blufi(cases);
}

fn stack(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetRole { role: Role::Client });
    cases.wire::<EspAt, _>(SetRole { role: Role::Server });
    for (code, role) in [(0, Role::Off), (1, Role::Client), (2, Role::Server)] {
        let answer = cases.answer::<EspAt, QueryRole>(&[&format!("+BLEINIT:{code}")]);
        assert_eq!(answer.unwrap(), CurrentRole { role });
    }

    cases.wire::<EspAt, _>(QueryPublicAddress);
    cases.wire::<EspAt, _>(SetOwnAddress { address: OwnAddress::Public });
    cases.wire::<EspAt, _>(SetOwnAddress { address: OwnAddress::RandomPrivate });
    for address in ["f8:7f:24:87:1c:7b", "c2:34:45:78:66:89"] {
        cases.wire::<EspAt, _>(SetOwnAddress { address: OwnAddress::RandomStatic(mac(address)) });
    }
    for line in [r#"+BLEADDR:"24:0a:c4:d6:e4:46""#, "+BLEADDR: 24:0a:c4:d6:e4:46"] {
        let answer = cases.answer::<EspAt, QueryPublicAddress>(&[line]);
        assert_eq!(answer.unwrap(), PublicAddress { address: mac("24:0a:c4:d6:e4:46") });
    }

    cases.wire::<EspAt, _>(SetDeviceName { name: "esp_demo" });
    for (line, name) in [("+BLENAME:ESP-AT", "ESP-AT"), (r#"+BLENAME:"a,b""#, "a,b"), ("+BLENAME:a,b", "a,b")] {
        let answer = cases.answer::<EspAt, QueryDeviceName>(&[line]);
        assert_eq!(answer.unwrap().name, name);
    }
}

fn scans(cases: &mut Cases) {
    for scan_type in [ScanType::Passive, ScanType::Active] {
        cases.wire::<EspAt, _>(SetScanParameters {
            scan_type,
            own_address: AddressType::Public,
            policy: ScanPolicy::All,
            timing: ScanTiming { interval: 100, window: 50 },
        });
    }
    let answer = cases.answer::<EspAt, QueryScanParameters>(&["+BLESCANPARAM:1,3,2,100,50"]);
    assert_eq!(
        answer.unwrap(),
        ScanParameters {
            scan_type: ScanType::Active,
            own_address: AddressType::ResolvableOrRandom,
            policy: ScanPolicy::AllAndPrivateDirected,
            interval: 100,
            window: 50,
        }
    );

    cases.wire::<EspAt, _>(StopScan);
    cases.wire::<EspAt, _>(StartScan { duration_s: None, filter: None });
    cases.wire::<EspAt, _>(StartScan { duration_s: Some(3), filter: None });
    let filter = Some(ScanFilter::Address(mac("24:0a:c4:96:e6:88")));
    cases.wire::<EspAt, _>(StartScan { duration_s: Some(3), filter });
    let filter = Some(ScanFilter::Name("ESP-AT"));
    cases.wire::<EspAt, _>(StartScan { duration_s: Some(3), filter });
    let answer = cases.answer::<EspAt, StartScan<'_>>(&[
        r#"+BLESCAN:"5b:3b:6c:51:90:49",-87,02011a020a0c0aff4c001005071c3024dc,,1"#,
        r#"+BLESCAN:"c4:5b:be:93:ec:66",-84,0201060303111809095647543147572d58020a03,,0"#,
        r#"+BLESCAN:"24:0a:c4:d6:e4:46",-29,,,0"#,
        "+BLESCANDONE",
    ]);
    let answer = answer.unwrap();
    assert_eq!((answer.dropped, answer.malformed), (0, 0));
    let report = |address, rssi_dbm, data, address_type| ScanReport {
        address: mac(address),
        rssi_dbm,
        data: hex(data),
        scan_response: hex(""),
        address_type: Some(address_type),
    };
    assert_eq!(
        answer.records,
        [
            report("5b:3b:6c:51:90:49", -87, "02011a020a0c0aff4c001005071c3024dc", AddressType::Random),
            report("c4:5b:be:93:ec:66", -84, "0201060303111809095647543147572d58020a03", AddressType::Public),
            report("24:0a:c4:d6:e4:46", -29, "", AddressType::Public),
        ]
    );
    assert!(cases.answer::<EspAt, StartScan<'_>>(&[]).unwrap().records.is_empty());
}

fn advertising(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetScanResponse { data: Hex(&[0x11, 0x22, 0x33, 0x44, 0x55]) });
    let parameters = SetAdvertisingParameters {
        interval: Interval { min: 50, max: 50 },
        kind: AdvertisingType::Connectable,
        own_address: AddressType::Public,
        channels: AdvertisingChannels::ALL,
        policy: Some(AdvertisingPolicy::Anybody),
        peer: Some(AdvertisingPeer::Empty),
    };
    cases.wire::<EspAt, _>(parameters);
    cases.wire::<EspAt, _>(SetAdvertisingParameters {
        own_address: AddressType::Random,
        channels: AdvertisingChannels::CHANNEL_39,
        peer: Some(AdvertisingPeer::Device(AddressType::Random, mac("12:34:45:78:66:88"))),
        ..parameters
    });
    cases.wire::<EspAt, _>(SetAdvertisingParameters {
        interval: Interval { min: 1600, max: 1600 },
        peer: Some(AdvertisingPeer::Device(AddressType::Public, Mac([0; 6]))),
        ..parameters
    });
    for peer in [r#""00:00:00:00:00:00""#, "00:00:00:00:00:00"] {
        let line = format!("+BLEADVPARAM:50,60,3,1,7,0,0,{peer}");
        assert_eq!(
            cases.answer::<EspAt, QueryAdvertisingParameters>(&[&line]).unwrap(),
            AdvertisingParameters {
                interval_min: 50,
                interval_max: 60,
                kind: AdvertisingType::NotConnectable,
                own_address: AddressType::Random,
                channels: AdvertisingChannels::ALL,
                policy: Some(AdvertisingPolicy::Anybody),
                peer_type: Some(AddressType::Public),
                peer: Some(Mac([0; 6])),
            }
        );
    }

    cases.wire::<EspAt, _>(SetAdvertisingData { data: Hex(&[0x11, 0x22, 0x33, 0x44, 0x55]) });
    let data = b"\x02\x01\x06\x0a\x09Espressif\x03\x03\x02\xa0";
    cases.wire::<EspAt, _>(SetAdvertisingData { data: Hex(data) });

    cases.wire::<EspAt, _>(SetAdvertisingFields {
        name: "ESP-AT",
        uuid: Uuid::Uuid16(0xa002),
        manufacturer_data: Hex(&[1, 2, 3, 4, 5]),
        with_power: true,
    });
    for line in [r#"+BLEADVDATAEX:"ESP-AT","A002","0102030405",1"#, "+BLEADVDATAEX:ESP-AT,0xA002,0102030405,1"] {
        assert_eq!(
            cases.answer::<EspAt, QueryAdvertisingFields>(&[line]).unwrap(),
            AdvertisingFields {
                name: "ESP-AT".try_into().unwrap(),
                uuid: Some(Uuid::Uuid16(0xa002)),
                manufacturer_data: hex("0102030405"),
                with_power: true,
            }
        );
    }

    cases.wire::<EspAt, _>(StartAdvertising);
    cases.wire::<EspAt, _>(StopAdvertising);
}

fn blufi(cases: &mut Cases) {
    cases.wire::<EspAt, _>(StartBlufi { least_security: None });
    for (line, started) in [("+BLUFI:0", false), ("+BLUFI:1", true)] {
        assert_eq!(cases.answer::<EspAt, QueryBlufi>(&[line]).unwrap(), BlufiState { started });
    }
    cases.wire::<EspAt, _>(QueryBlufiName);
    cases.wire::<EspAt, _>(SetBlufiName { name: "BLUFI_DEV" });
    for line in ["+BLUFINAME:BLUFI_DEVICE", r#"+BLUFINAME:"BLUFI_DEVICE""#] {
        assert_eq!(cases.answer::<EspAt, QueryBlufiName>(&[line]).unwrap().name, "BLUFI_DEVICE");
    }
    cases.wire::<EspAt, _>(SendBlufi { length: 4 });
}
