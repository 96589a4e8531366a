//! basic: every example and every answer of the manuals.

mod flash;
mod messages;
mod power;
mod uart;

use wifi_at::Version;
use wifi_at::command::basic::*;
use wifi_at::command::wifi::{JoinAccessPoint, SetWifiMode, WifiMode};
use wifi_at::command::{Mac, Secret};
use wifi_at::dialect::{Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    general(cases);
    system(cases);
    passthrough(cases);
    other_chapters(cases);
    uart::cases(cases);
    power::cases(cases);
    messages::cases(cases);
    flash::cases(cases);
}

fn general(cases: &mut Cases) {
    cases.wire::<EspAt, _>(Probe);
    cases.wire::<Esp32V1, _>(Probe);
    cases.wire::<Esp8266Idf, _>(Probe);
    cases.wire::<Esp8266Nonos, _>(Probe);
    cases.wire::<WizFi360, _>(Probe);
    assert_eq!(cases.answer::<WizFi360, Probe>(&[""]), Ok(()));
    cases.wire::<WizFi360, _>(Restart);
    cases.wire::<WizFi360, _>(RestoreFactorySettings);

    cases.wire::<Esp8266Nonos, _>(SetEcho { echo: Echo::Off });
    cases.wire::<Esp8266Nonos, _>(SetEcho { echo: Echo::On });
    cases.wire::<WizFi360, _>(SetEcho { echo: Echo::On });
    cases.wire::<Esp32V1, _>(EchoWithoutDigit);

    cases.wire::<EspAt, _>(QueryFirmware);
    cases.wire::<Esp8266Nonos, _>(QueryFirmware);
    cases.wire::<WizFi360, _>(QueryFirmware);
    let firmware = cases.answer::<EspAt, QueryFirmware>(&[
        "AT version:2.2.0.0-dev(ca41ec4 - ESP32 - Sep 16 2020 11:28:17)",
        "SDK version:v4.0.1-193-ge7ac221b4",
        "compile time(98b95fc):Oct 29 2020 11:23:25",
        "Bin version:2.1.0(MINI-1)",
    ]);
    let firmware = firmware.unwrap();
    assert_eq!(firmware.at, Version { major: 2, minor: 2, ..Version::default() });
    assert_eq!(firmware.image, Some(Version { major: 2, minor: 1, ..Version::default() }));
    assert_eq!(firmware.sdk, "v4.0.1-193-ge7ac221b4");

    let lines = ["AT version:0.23.0.0(Apr 24 2015 21:11:01)", "SDK version:1.0.1", "compile time:Apr 24 2015 21:19:31"];
    let old = Version { minor: 23, ..Version::default() };
    assert_eq!(cases.answer::<Esp8266Nonos, QueryFirmware>(&lines).unwrap().at, old);
    assert_eq!(cases.answer::<Esp32V1, QueryFirmware>(&lines).unwrap().at, old);
    assert_eq!(cases.answer::<Esp8266Idf, QueryFirmware>(&lines).unwrap().sdk, "1.0.1");
    let firmware = cases.answer::<WizFi360, QueryFirmware>(&[
        "AT version: 1.0.1.0 (Jun 6 2019 17:49:31)",
        "SDK version: 3.0.0 (a0ffff9f)",
        "compile time: Jun 6 2019 17:49:31",
    ]);
    let firmware = firmware.unwrap();
    assert_eq!(firmware.at, Version { major: 1, minor: 0, patch: 1, build: 0 });
    assert_eq!(firmware.sdk, "3.0.0 (a0ffff9f)");

    for name in ["AT+CWJAP", "\"AT+CWJAP\""] {
        let lines = [&format!("+CMD:27,{name},0,1,1,0"), "+CMD:28,AT+GMR,0,0,0,1"];
        let commands = cases.answer::<EspAt, QueryCommands>(&lines).unwrap();
        assert_eq!((commands.records.len(), commands.malformed), (2, 0));
        let first = &commands.records[0];
        assert_eq!((first.index, first.name.as_str()), (27, "AT+CWJAP"));
        assert_eq!((first.test, first.query, first.set, first.execute), (false, true, true, false));
    }
}

fn system(cases: &mut Cases) {
    cases.wire::<EspAt, _>(QueryFreeMemory);
    cases.wire::<Esp32V1, _>(QueryFreeMemory);
    cases.wire::<Esp8266Idf, _>(QueryFreeMemory);
    let free = cases.answer::<EspAt, QueryFreeMemory>(&["+SYSRAM:148408,84044"]);
    assert_eq!(free, Ok(FreeMemory { free: 148_408, minimum: Some(84_044) }));
    let free = Ok(FreeMemory { free: 148_408, minimum: None });
    assert_eq!(cases.answer::<Esp32V1, QueryFreeMemory>(&["+SYSRAM:148408"]), free);
    assert_eq!(cases.answer::<Esp8266Idf, QueryFreeMemory>(&["+SYSRAM:148408"]), free);
    assert_eq!(cases.answer::<Esp8266Nonos, QueryFreeMemory>(&["+SYSRAM:148408"]), free);

    let time = SetTimestamp { seconds: 1_565_853_509 };
    cases.wire::<EspAt, _>(time);
    cases.wire::<Esp8266Idf, _>(time);
    let time = Ok(Timestamp { seconds: 1_565_853_509 });
    assert_eq!(cases.answer::<EspAt, QueryTimestamp>(&["+SYSTIMESTAMP:1565853509"]), time);
    assert_eq!(cases.answer::<Esp8266Idf, QueryTimestamp>(&["+SYSTIMESTAMP:1565853509"]), time);

    cases.wire::<EspAt, _>(SetStoreMode { stored: false });
    cases.wire::<EspAt, _>(SetStoreMode { stored: true });
    assert_eq!(cases.answer::<EspAt, QueryStoreMode>(&["+SYSSTORE:1"]), Ok(StoreMode { stored: true }));

    cases.wire::<EspAt, _>(WriteRegister { address: 0x3ff4_4004, value: u32::MAX });
    for line in ["+SYSREG:3735928559", "+SYSREG:0xdeadbeef", "+SYSREG: 0xDEADBEEF"] {
        assert_eq!(cases.answer::<EspAt, ReadRegister>(&[line]), Ok(RegisterValue(0xdead_beef)));
    }
    assert!(cases.answer::<EspAt, ReadRegister>(&["+SYSREG:beef"]).is_err());
}

fn passthrough(cases: &mut Cases) {
    let tcp = |host, port, transport| SaveStreamPassthrough { host, port, transport, keep_alive: None };
    let v6 = "240e:3a1:2070:11c0:55ce:4e19:9649:b75";
    cases.wire::<EspAt, _>(tcp("192.168.6.110", 1002, Some(StreamTransport::Tcp)));
    cases.wire::<EspAt, _>(tcp("www.baidu.com", 443, Some(StreamTransport::Ssl)));
    cases.wire::<EspAt, _>(tcp(v6, 8080, Some(StreamTransport::TcpV6)));
    cases.wire::<EspAt, _>(tcp(v6, 8080, Some(StreamTransport::SslV6)));
    cases.wire::<EspAt, _>(tcp("192.168.6.10", 1001, None));
    let udp = |host, port, transport| SaveDatagramPassthrough { host, port, transport, local_port: Some(1005) };
    cases.wire::<EspAt, _>(udp("192.168.6.110", 1002, DatagramTransport::Udp));
    cases.wire::<EspAt, _>(udp(v6, 8081, DatagramTransport::UdpV6));
    cases.wire::<EspAt, _>(SaveBlePassthrough {
        role: BlePassthroughRole::Server,
        send_service: 1,
        send_characteristic: 7,
        receive_service: 1,
        receive_characteristic: 5,
        peer: Mac([0x26, 0xa2, 0x11, 0x22, 0x33, 0x88]),
    });
    cases.wire::<EspAt, _>(ForgetPassthrough);
    cases.wire::<EspAt, _>(SetPassthroughInterval { interval: 0 });
    let interval = cases.answer::<EspAt, QueryPassthroughInterval>(&["+TRANSINTVL:20"]);
    assert_eq!(interval, Ok(PassthroughInterval { interval: 20 }));
}

/// Commands of other chapters in the examples of this one.
fn other_chapters(cases: &mut Cases) {
    cases.wire::<EspAt, _>(SetWifiMode { mode: WifiMode::Station });
    cases.wire::<EspAt, _>(SetWifiMode { mode: WifiMode::StationAndSoftAp });
    for (ssid, passphrase) in [("ssid", "password"), ("test", "1234567890")] {
        cases.wire::<EspAt, _>(JoinAccessPoint { ssid, passphrase: Secret(passphrase), bssid: None });
    }
}
