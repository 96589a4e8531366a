//! Services of the module and of its peers.

use wifi_at::command::ble::*;
use wifi_at::dialect::EspAt;

use crate::Cases;

/// What stands for data that follows a prompt.
const PAYLOADS: [&str; 6] = ["1234", "1234567890", "8", "9", "123456", "12"];

pub(super) fn cases(cases: &mut Cases) {
    for payload in PAYLOADS {
        cases.impossible("esp-at", payload, "data after a prompt");
    }
    server(cases);
    client(cases);
}

fn server(cases: &mut Cases) {
    cases.wire::<EspAt, _>(CreateServices);
    cases.wire::<EspAt, _>(StartServices);
    cases.wire::<EspAt, _>(StopServices);
    cases.wire::<EspAt, _>(QueryServices);
    let answer = cases.answer::<EspAt, QueryServices>(&["+BLEGATTSSRV:1,1,0xA002,1", "+BLEGATTSSRV:2,0,0xA003,1"]);
    let service = |service, started, uuid| LocalService { service, started, uuid: Uuid::Uuid16(uuid), primary: true };
    assert_eq!(answer.unwrap().records, [service(1, true, 0xa002), service(2, false, 0xa003)]);

    cases.wire::<EspAt, _>(QueryCharacteristics);
    let answer = cases.answer::<EspAt, QueryCharacteristics>(&[
        r#"+BLEGATTSCHAR:"char",1,1,0xC300,0x02"#,
        r#"+BLEGATTSCHAR:"desc",1,1,1,0x2901"#,
        r#"+BLEGATTSCHAR:"char",2,7,0x6E400001B5A3F393E0A9E50E24DCCA9E,0x30"#,
        r#"+BLEGATTSCHAR:"desc",2,7,1"#,
        r#"+BLEGATTSCHAR:"else",2,7,1"#,
        r#"+BLEGATTSCHAR:"char",2,7,0xC300"#,
    ]);
    let answer = answer.unwrap();
    let long = *b"\x6e\x40\x00\x01\xb5\xa3\xf3\x93\xe0\xa9\xe5\x0e\x24\xdc\xca\x9e";
    assert_eq!(answer.malformed, 2);
    assert_eq!(
        answer.records,
        [
            LocalAttribute::Characteristic {
                service: 1,
                characteristic: 1,
                uuid: Uuid::Uuid16(0xc300),
                properties: Properties::READ,
            },
            LocalAttribute::Descriptor {
                service: 1,
                characteristic: 1,
                descriptor: 1,
                uuid: Some(Uuid::Uuid16(0x2901)),
            },
            LocalAttribute::Characteristic {
                service: 2,
                characteristic: 7,
                uuid: Uuid::Uuid128(long),
                properties: Properties::NOTIFY | Properties::INDICATE,
            },
            LocalAttribute::Descriptor { service: 2, characteristic: 7, descriptor: 1, uuid: None },
        ]
    );

    cases.wire::<EspAt, _>(SendNotification { connection: 0, service: 3, characteristic: 6, length: 4 });
    cases.wire::<EspAt, _>(SendNotification { connection: 0, service: 1, characteristic: 6, length: 10 });
    cases.wire::<EspAt, _>(SendIndication { connection: 0, service: 3, characteristic: 7, length: 4 });
    cases.wire::<EspAt, _>(SendIndication { connection: 0, service: 1, characteristic: 7, length: 3 });
    for characteristic in [1, 8] {
        cases.wire::<EspAt, _>(SetAttribute { service: 1, characteristic, descriptor: None, length: 1 });
    }
}

fn client(cases: &mut Cases) {
    cases.wire::<EspAt, _>(DiscoverServices { connection: 0 });
    let answer =
        cases.answer::<EspAt, DiscoverServices>(&["+BLEGATTCPRIMSRV:0,1,0x1801,1", "+BLEGATTCPRIMSRV:0,3,0xA002,1"]);
    let service = |service, uuid| PeerService { connection: 0, service, uuid: Uuid::Uuid16(uuid), primary: true };
    assert_eq!(answer.unwrap().records, [service(1, 0x1801), service(3, 0xa002)]);

    cases.wire::<EspAt, _>(DiscoverIncludedServices { connection: 0, service: 1 });
    let answer = cases.answer::<EspAt, DiscoverIncludedServices>(&["+BLEGATTCINCLSRV:0,1,0xA002,1,0x180F,0"]);
    assert_eq!(
        answer.unwrap().records,
        [IncludedService {
            connection: 0,
            service: 1,
            uuid: Uuid::Uuid16(0xa002),
            primary: true,
            included_uuid: Uuid::Uuid16(0x180f),
            included_primary: false,
        }]
    );
    assert!(cases.answer::<EspAt, DiscoverIncludedServices>(&[]).unwrap().records.is_empty());

    cases.wire::<EspAt, _>(DiscoverCharacteristics { connection: 0, service: 1 });
    cases.wire::<EspAt, _>(DiscoverCharacteristics { connection: 0, service: 3 });
    let answer = cases.answer::<EspAt, DiscoverCharacteristics>(&[
        r#"+BLEGATTCCHAR:"char",0,3,6,0xC305,0x10"#,
        r#"+BLEGATTCCHAR:"desc",0,3,6,1,0x2902"#,
    ]);
    assert_eq!(
        answer.unwrap().records,
        [
            PeerAttribute::Characteristic {
                connection: 0,
                service: 3,
                characteristic: 6,
                uuid: Uuid::Uuid16(0xc305),
                properties: Properties::NOTIFY,
            },
            PeerAttribute::Descriptor {
                connection: 0,
                service: 3,
                characteristic: 6,
                descriptor: 1,
                uuid: Some(Uuid::Uuid16(0x2902)),
            },
        ]
    );

    let read = ReadAttribute { connection: 0, service: 3, characteristic: 1, descriptor: None };
    cases.wire::<EspAt, _>(read);
    cases.wire::<EspAt, _>(ReadAttribute { characteristic: 2, descriptor: Some(OrEmpty::Is(1)), ..read });
    cases.wire::<EspAt, _>(ReadAttribute { characteristic: 8, descriptor: Some(OrEmpty::Empty), ..read });
    for (line, value) in [("+BLEGATTCRD:0,1,0", &b"0"[..]), ("+BLEGATTCRD:0,4,0123", b"0123")] {
        let answer = cases.answer::<EspAt, ReadAttribute>(&[line]);
        assert_eq!(answer, Ok(AttributeValue { connection: 0, value: value.try_into().unwrap() }));
    }

    let write = WriteAttribute { connection: 0, service: 3, characteristic: 4, descriptor: None, length: 6 };
    cases.wire::<EspAt, _>(write);
    cases.wire::<EspAt, _>(WriteAttribute { characteristic: 3, length: 2, ..write });
    for characteristic in [6, 7] {
        cases.wire::<EspAt, _>(WriteAttribute { characteristic, descriptor: Some(1), length: 2, ..write });
    }
}
