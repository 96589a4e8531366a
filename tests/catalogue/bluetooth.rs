//! bluetooth: every example and every answer of the manuals.

use wifi_at::command::CommandError;
use wifi_at::command::ble::{ConnectionError, Passkey};
use wifi_at::command::bluetooth::*;
use wifi_at::dialect::EspAt;

use crate::Cases;
use crate::ble::mac;

const REFUSED: ConnectionError =
    ConnectionError::Command(CommandError::Refused(wifi_at::Refusal { code: None, reason: None }));

pub(crate) fn cases(cases: &mut Cases) {
    stack(cases);
    search(cases);
    spp(cases);
    a2dp(cases);
    security(cases);
}

fn stack(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetBluetooth { enabled: true });
    for (line, enabled) in [("+BTINIT:0", false), ("+BTINIT:1", true)] {
        assert_eq!(cases.answer::<EspAt, QueryBluetooth>(&[line]), Ok(BluetoothState { enabled }));
    }
    for name in ["esp_demo", "EXAMPLE"] {
        cases.wire::<EspAt, _>(SetDeviceName { name });
    }
    for line in ["+BTNAME:ESP32_AT", r#"+BTNAME:"ESP32_AT""#] {
        assert_eq!(cases.answer::<EspAt, QueryDeviceName>(&[line]).unwrap().name, "ESP32_AT");
    }
    cases.wire::<EspAt, _>(SetScanMode { mode: ScanMode::DiscoverableAndConnectable });
    cases.wire::<EspAt, _>(SetDeviceClass {
        major: MajorDeviceClass::Imaging,
        minor: 32,
        services: ServiceClasses::RENDERING,
    });
    cases.wire::<EspAt, _>(SetTransmitPower { min: 5, max: 6 });
    assert_eq!(cases.answer::<EspAt, QueryTransmitPower>(&["+BTPOWER:5,6"]), Ok(TransmitPower { min: 5, max: 6 }));
}

fn search(cases: &mut Cases) {
    cases.wire::<EspAt, _>(FindDevices { mode: InquiryMode::General, duration: 10, max_responses: 10 });
    let answer = cases.answer::<EspAt, FindDevices>(&[
        r#"+BTSTARTDISC:"10:f6:05:f9:bc:4f",realme V11 5G,0x2,0x3,0x2d0,-34"#,
        r#"+BTSTARTDISC:"24:0a:c4:d6:e4:46",EXAMPLE,,,,-27"#,
        r#"+BTSTARTDISC:"ac:d6:18:47:0c:ae",,0x2,0x3,0x2d0,-72"#,
        r#"+BTSTARTDISC:"24:0a:c4:2c:a8:a2",,,,,-50"#,
        r#"+BTSTARTDISC:"24:0a:c4:2c:a8:a2""#,
        r#"+BTSTARTDISC:"b4:a5:ac:16:14:8c",,0x1F,0x0,0x1,-72"#,
        r#"+BTSTARTDISC:"b4:a5:ac:16:14:8c",no fields"#,
    ]);
    let answer = answer.unwrap();
    assert_eq!((answer.dropped, answer.malformed), (0, 1));
    let bare = |address| FoundDevice {
        address: mac(address),
        name: None,
        major_class: None,
        minor_class: None,
        services: None,
        rssi_dbm: None,
    };
    let phone = |address, rssi_dbm| FoundDevice {
        major_class: Some(MajorDeviceClass::Phone),
        minor_class: Some(3),
        services: Some(
            ServiceClasses::NETWORKING
                | ServiceClasses::CAPTURING
                | ServiceClasses::OBJECT_TRANSFER
                | ServiceClasses::TELEPHONY,
        ),
        rssi_dbm: Some(rssi_dbm),
        ..bare(address)
    };
    assert_eq!(
        answer.records,
        [
            FoundDevice { name: "realme V11 5G".try_into().ok(), ..phone("10:f6:05:f9:bc:4f", -34) },
            FoundDevice { name: "EXAMPLE".try_into().ok(), rssi_dbm: Some(-27), ..bare("24:0a:c4:d6:e4:46") },
            phone("ac:d6:18:47:0c:ae", -72),
            FoundDevice { rssi_dbm: Some(-50), ..bare("24:0a:c4:2c:a8:a2") },
            bare("24:0a:c4:2c:a8:a2"),
            FoundDevice {
                major_class: Some(MajorDeviceClass::Uncategorized),
                minor_class: Some(0),
                services: Some(ServiceClasses::LIMITED_DISCOVERABLE),
                rssi_dbm: Some(-72),
                ..bare("b4:a5:ac:16:14:8c")
            },
        ]
    );
}

fn spp(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetSppRole { role: SppRole::Master });
    cases.wire::<EspAt, _>(SetSppRole { role: SppRole::Slave });
    for (line, role) in [("+BTSPPINIT:0", SppRole::Off), ("+BTSPPINIT:2", SppRole::Slave)] {
        assert_eq!(cases.answer::<EspAt, QuerySppRole>(&[line]), Ok(CurrentSppRole { role }));
    }

    for peer in ["24:0a:c4:09:34:23", "24:0a:c4:d6:e4:46"] {
        cases.wire::<EspAt, _>(ConnectSpp { connection: 0, security: SppSecurity::None, peer: mac(peer) });
    }
    let line = r#"+BTSPPCONN:0,"24:0a:c4:d6:e4:46""#;
    let connection = SppConnection { connection: 0, peer: mac("24:0a:c4:d6:e4:46") };
    assert_eq!(cases.answer::<EspAt, ConnectSpp>(&[line]), Ok(Some(connection)));
    assert_eq!(cases.answer::<EspAt, ConnectSpp>(&[]), Ok(None));
    assert_eq!(cases.answer::<EspAt, ConnectSpp>(&["+BTSPPCONN:0,-1"]), Err(ConnectionError::Failed));
    assert_eq!(cases.failure::<EspAt, ConnectSpp>(&["+BTSPPCONN:0,-1"]), Some(ConnectionError::Failed));
    assert_eq!(cases.failure::<EspAt, ConnectSpp>(&[]), Some(REFUSED));
    assert_eq!(cases.answer::<EspAt, QuerySppConnection>(&[line]), Ok(Some(connection)));
    assert_eq!(cases.answer::<EspAt, QuerySppConnection>(&["+BTSPPCONN:-1"]), Ok(None));

    cases.wire::<EspAt, _>(DisconnectSpp { connection: 0 });
    let answer = cases.answer::<EspAt, DisconnectSpp>(&[r#"+BTSPPDISCONN:0,"e0:24:81:47:90:bc""#]);
    assert_eq!(answer, Ok(Some(SppDisconnection { connection: 0, peer: mac("e0:24:81:47:90:bc") })));
    assert_eq!(cases.answer::<EspAt, DisconnectSpp>(&[]), Ok(None));
    assert_eq!(cases.answer::<EspAt, DisconnectSpp>(&["+BTSPPDISCONN:-1"]), Err(ConnectionError::Failed));
    assert_eq!(cases.failure::<EspAt, DisconnectSpp>(&["+BTSPPDISCONN:-1"]), Some(ConnectionError::Failed));

    cases.wire::<EspAt, _>(SendSpp { connection: 0, length: 100 });
    cases.wire::<EspAt, _>(SendSpp { connection: 0, length: 4 });
    cases.impossible("esp-at", "test", "data after a prompt");
    cases.wire::<EspAt, _>(StartSppPassthrough);
    cases.wire::<EspAt, _>(StartSpp);
}

fn a2dp(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetA2dpRole { role: A2dpRole::Sink });
    let sink = CurrentA2dpRole { role: A2dpRole::Sink };
    assert_eq!(cases.answer::<EspAt, QueryA2dpRole>(&["+BTA2DPINIT:2"]), Ok(sink));

    cases.wire::<EspAt, _>(ConnectA2dp { connection: 0, peer: mac("24:0a:c4:09:34:23") });
    cases.impossible(
        "esp-at",
        r#"AT+BTA2DPCONN=0,0,0,"24:0a:c4:09:34:23""#,
        "two fields that the manual's own syntax and list of parameters do not have",
    );
    let line = r#"+BTA2DPCONN:0,"24:0a:c4:09:34:23""#;
    let connection = A2dpConnection { connection: 0, peer: mac("24:0a:c4:09:34:23") };
    assert_eq!(cases.answer::<EspAt, ConnectA2dp>(&[line]), Ok(Some(connection)));
    assert_eq!(cases.answer::<EspAt, ConnectA2dp>(&[]), Ok(None));
    assert_eq!(cases.answer::<EspAt, ConnectA2dp>(&["+BTA2DPCONN:0,-1"]), Err(ConnectionError::Failed));
    assert_eq!(cases.failure::<EspAt, ConnectA2dp>(&["+BTA2DPCONN:0,-1"]), Some(ConnectionError::Failed));
    assert_eq!(cases.answer::<EspAt, QueryA2dpConnection>(&[line]), Ok(Some(connection)));
    assert_eq!(cases.answer::<EspAt, QueryA2dpConnection>(&["+BTA2DPCONN:"]), Ok(None));

    cases.wire::<EspAt, _>(DisconnectA2dp { connection: 0 });
    let answer = cases.answer::<EspAt, DisconnectA2dp>(&[r#"+BTA2DPDISCONN:0,"e0:24:81:47:90:bc""#]);
    assert_eq!(answer, Ok(Some(A2dpDisconnection { connection: 0, peer: mac("e0:24:81:47:90:bc") })));

    for url in ["https://dl.espressif.com/dl/audio/ff-16b-2c-44100hz.mp3", "flash://spiffs/zhifubao.mp3"] {
        cases.wire::<EspAt, _>(SetA2dpSource { connection: 0, url });
    }
    for line in [r#"+BTA2DPSRC:"http://a/b,c.mp3","mp3""#, "+BTA2DPSRC:http://a/b,c.mp3,mp3"] {
        let source = cases.answer::<EspAt, QueryA2dpSource>(&[line]).unwrap().unwrap();
        assert_eq!((source.url.as_str(), source.kind.as_str()), ("http://a/b,c.mp3", "mp3"));
    }
    cases.wire::<EspAt, _>(ControlSink { connection: 0, control: SinkControl::Start });
    cases.wire::<EspAt, _>(ControlSource { connection: 0, control: SourceControl::Stop });
}

fn security(cases: &mut Cases) {
    use wifi_at::command::Secret;

    let pin = Secret("9527");
    cases.wire::<EspAt, _>(SetSecurity {
        io_capability: BluetoothIoCapability::NoInputNoOutput,
        pin_type: PinType::Fixed,
        pin,
    });
    cases.wire::<EspAt, _>(SetSecurity {
        io_capability: BluetoothIoCapability::KeyboardOnly,
        pin_type: PinType::Variable,
        pin,
    });
    for line in [r#"+BTSECPARAM:3,1,"9527""#, "+BTSECPARAM:3,1,9527"] {
        assert_eq!(
            cases.answer::<EspAt, QuerySecurity>(&[line]).unwrap(),
            BluetoothSecurity {
                io_capability: BluetoothIoCapability::NoInputNoOutput,
                pin_type: PinType::Fixed,
                pin: Some(Pin("9527".try_into().unwrap())),
            }
        );
    }
    for key in [123_456, 676_572] {
        cases.wire::<EspAt, _>(EnterPasskey { connection: 0, key: Passkey(key) });
    }
    cases.wire::<EspAt, _>(EnterPin { connection: 0, pin: Secret("6688") });
    cases.wire::<EspAt, _>(ConfirmComparison { connection: 0, equal: true });

    cases.wire::<EspAt, _>(QueryBonds);
    let bonds = cases.answer::<EspAt, QueryBonds>(&[r#"+BTENCDEV:0,"e0:24:81:47:90:bc""#]).unwrap();
    assert_eq!(bonds.records, [BondedDevice { bond: 0, address: mac("e0:24:81:47:90:bc") }]);
    assert!(cases.answer::<EspAt, QueryBonds>(&[]).unwrap().records.is_empty());
    cases.wire::<EspAt, _>(RemoveBond { bond: 0 });
    cases.wire::<EspAt, _>(RemoveBonds);
}
