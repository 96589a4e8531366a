//! Joining and leaving access points.

use wifi_at::command::wifi::{
    Certificates, EapCredentials, EnterpriseJoinError, EnterpriseJoined, JoinAccessPoint, JoinAccessPointDeprecated,
    JoinAccessPointRefusingOpen, JoinAccessPointWithOptions, JoinAccessPointWithReconnection, JoinEnterprise,
    JoinEnterpriseWithTimeout, JoinError, JoinLastAccessPoint, Joined, JoinedAccessPoint, LeaveAccessPoint,
    ManagementFrameProtection, QueryAccessPoint, SetAutoConnect, SetReconnection, SetWifiMode, Ssid, WhichMatch,
    WifiMode,
};
use wifi_at::command::{Bytes, Mac, On, Saved, Secret};
use wifi_at::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use super::wires;
use crate::Cases;

const fn join<'a>(ssid: &'a str, passphrase: &'a str) -> JoinAccessPoint<'a> {
    JoinAccessPoint { ssid, passphrase: Secret(passphrase), bssid: None }
}

const MAC: Mac = Mac([0xca, 0xd7, 0x19, 0xd8, 0xa6, 0x44]);

/// The three examples that all of Espressif's manuals have.
fn joins<D: Dialect>(cases: &mut Cases)
where
    for<'a> JoinAccessPoint<'a>: On<D>,
{
    cases.wire::<D, _>(join("abc", "0123456789"));
    cases.wire::<D, _>(join("ab\\,c", "0123456789\"\\"));
    cases.wire::<D, _>(JoinAccessPoint { bssid: Some(MAC), ..join("abc", "0123456789") });
}

pub(super) fn cases(cases: &mut Cases) {
    wires(cases);
    impossible(cases);
    joined(cases);
    failed(cases);
    enterprise(cases);
}

fn wires(cases: &mut Cases) {
    joins::<EspAt>(cases);
    joins::<Esp32V1>(cases);
    joins::<Esp8266Idf>(cases);
    joins::<Esp8266Nonos>(cases);
    let options = JoinAccessPointWithOptions {
        ssid: Some(Bytes(b"abc")),
        passphrase: Some(Secret("0123456789")),
        bssid: None,
        refuse_open_and_wep: None,
        reconnect_interval_s: None,
        listen_interval: None,
        which: None,
        timeout_s: None,
        protection: None,
    };
    wires!(cases EspAt:
        JoinAccessPointWithOptions {
            protection: Some(ManagementFrameProtection::CAPABLE | ManagementFrameProtection::REQUIRED), ..options
        },
        join("ssid", "password"),
        JoinAccessPoint { bssid: Some(Mac([0x11, 0x22, 0x33, 0x44, 0x55, 0x66])), ..join("ssid", "password") },
        JoinAccessPointWithOptions {
            ssid: Some(Bytes(b"ssid")), passphrase: Some(Secret("password")), refuse_open_and_wep: Some(true),
            ..options
        },
        join("comma,backslash\\ssid", "1234567890"),
        join("1234567890", "1234567890"),
        join("SSID", "password"),
        join("test", "1234567890"),
        JoinLastAccessPoint,
        LeaveAccessPoint,
        SetReconnection { interval_s: 1, attempts: 100 },
        SetReconnection { interval_s: 0, attempts: 0 },
        SetAutoConnect { enabled: true },
    );
    wires!(cases Esp32V1:
        join("SSID", "password"),
        LeaveAccessPoint,
        SetAutoConnect { enabled: true },
    );
    wires!(cases Esp8266Idf:
        join("SSID", "password"),
        LeaveAccessPoint,
        SetAutoConnect { enabled: true },
        JoinAccessPointWithReconnection {
            ssid: "abc", passphrase: Secret("0123456789"), bssid: None, refuse_open_and_wep: None,
            reconnect: Some(true), listen_interval: Some(3),
        },
    );
    wires!(cases Esp8266Nonos:
        Saved(join("abc", "0123456789")),
        Saved(join("ab\\,c", "0123456789\"\\")),
        Saved(JoinAccessPoint { bssid: Some(MAC), ..join("abc", "0123456789") }),
        JoinAccessPointRefusingOpen {
            ssid: "abc", passphrase: Secret("0123456789"), bssid: None, refuse_open_and_wep: true,
        },
        JoinAccessPointDeprecated { ssid: "SSID", passphrase: Secret("password"), bssid: None },
        JoinAccessPointDeprecated { ssid: "SSID", passphrase: Secret("PASSWORD"), bssid: None },
        JoinAccessPointDeprecated { ssid: "DemoAP", passphrase: Secret("password"), bssid: None },
        LeaveAccessPoint,
        SetAutoConnect { enabled: true },
    );
    let mac = Some(Mac([0x00, 0x08, 0xdc, 0x11, 0x12, 0x13]));
    let escaped = JoinAccessPoint { bssid: mac, ..join("ab\\c", "12345678\\") };
    wires!(cases WizFi360:
        SetWifiMode { mode: WifiMode::Station },
        Saved(SetWifiMode { mode: WifiMode::Station }),
        Saved(join("WIZNETSZ", "12345678")),
        escaped,
        Saved(escaped),
        QueryAccessPoint,
        Saved(QueryAccessPoint),
        LeaveAccessPoint,
        SetAutoConnect { enabled: true },
    );
}

/// Hexadecimal digits of MAC addresses are always sent in lower case, which both manuals have as well.
fn impossible(cases: &mut Cases) {
    for line in [
        r#"AT+CWJAP_CUR="ab\\c","12345678\\","00:08:DC:11:12:13""#,
        r#"AT+CWJAP_DEF="ab\\c","12345678\\","00:08:DC:11:12:13""#,
        r#"AT+CIPSTAMAC_CUR="00:08:DC:11:12:13""#,
        r#"AT+CIPSTAMAC_DEF="00:08:DC:11:12:13""#,
        r#"AT+CIPAPMAC_CUR="00:08:DC:11:12:13""#,
        r#"AT+CIPAPMAC_DEF="00:08:DC:11:12:13""#,
    ] {
        cases.impossible("wizfi360", line, "the same in lower case is shown: a MAC address is the same in either");
    }
    let line = r#"AT+CIPSTAMAC_DEF="14:CF:11:22:33:05""#;
    cases.impossible("esp8266-nonos", line, "the same in lower case is shown: a MAC address is the same in either");
}

fn of<D: Dialect, C>(cases: &mut Cases, line: &str) -> JoinedAccessPoint
where
    C: wifi_at::command::Command<Response = Option<JoinedAccessPoint>> + On<D>,
    C::Error: core::fmt::Debug,
{
    cases.answer::<D, C>(&[line]).unwrap().unwrap()
}

fn joined(cases: &mut Cases) {
    let four = JoinedAccessPoint {
        ssid: Ssid::new(b"WIZNETSZ").unwrap(),
        bssid: Mac([0x00, 0x08, 0xdc, 0x9c, 0xef, 0xb6]),
        channel: 12,
        signal_dbm: -75,
        refuse_open_and_wep: None,
        reconnect_interval_s: None,
        listen_interval: None,
        which: None,
        protection: None,
    };
    let five = JoinedAccessPoint { refuse_open_and_wep: Some(false), ..four.clone() };
    let seven = JoinedAccessPoint { reconnect_interval_s: Some(1), listen_interval: Some(3), ..five.clone() };
    let nine = JoinedAccessPoint {
        which: Some(WhichMatch::Strongest),
        protection: Some(ManagementFrameProtection::CAPABLE),
        ..seven.clone()
    };
    let fields = r#""WIZNETSZ","00:08:dc:9c:ef:b6",12,-75"#;
    assert_eq!(of::<EspAt, QueryAccessPoint>(cases, &format!("+CWJAP:{fields},0,1,3,1,1")), nine);
    assert_eq!(of::<EspAt, QueryAccessPoint>(cases, &format!("+CWJAP:{fields},0,1,3,1,1,7,8")), nine);
    assert_eq!(of::<Esp32V1, QueryAccessPoint>(cases, &format!("+CWJAP:{fields}")), four);
    assert_eq!(of::<Esp32V1, QueryAccessPoint>(cases, "+CWJAP:WIZNETSZ,00:08:dc:9c:ef:b6,12,-75"), four);
    assert_eq!(of::<Esp8266Idf, QueryAccessPoint>(cases, &format!("+CWJAP:{fields},0,1,3")), seven);
    assert_eq!(of::<Esp8266Nonos, QueryAccessPoint>(cases, &format!("+CWJAP_CUR:{fields},0")), five);
    assert_eq!(of::<Esp8266Nonos, Saved<QueryAccessPoint>>(cases, &format!("+CWJAP_DEF:{fields},0")), five);
    assert_eq!(of::<WizFi360, QueryAccessPoint>(cases, &format!("+CWJAP_CUR={fields}")), four);
    assert_eq!(of::<WizFi360, Saved<QueryAccessPoint>>(cases, &format!("+CWJAP_CUR:{fields}")), four);
    let odd = of::<EspAt, QueryAccessPoint>(cases, r#"+CWJAP:"a",1,"b"","00:08:dc:9c:ef:b6",12,-75,0"#);
    assert_eq!(odd.ssid, r#"a",1,"b""#);
    assert_eq!(cases.answer::<EspAt, QueryAccessPoint>(&["No AP"]), Ok(None));
    // An attempt to join again that failed in between.
    assert_eq!(cases.answer::<EspAt, QueryAccessPoint>(&["+CWJAP:1"]), Ok(None));
    assert!(cases.answer::<EspAt, QueryAccessPoint>(&["+CWJAP:\"a\",7"]).is_err());

    let lines = &["WIFI CONNECTED", "WIFI GOT IP"];
    assert_eq!(cases.answer::<EspAt, JoinAccessPoint<'_>>(lines), Ok(Joined));
    assert_eq!(cases.answer::<EspAt, JoinLastAccessPoint>(lines), Ok(Joined));
    assert_eq!(cases.answer::<EspAt, JoinAccessPointWithOptions<'_>>(lines), Ok(Joined));
}

fn failed(cases: &mut Cases) {
    let mut code = |line| cases.failure::<EspAt, JoinAccessPoint<'_>>(&[line]);
    assert_eq!(code("+CWJAP:1"), Some(JoinError::Timeout));
    assert_eq!(code("+CWJAP:2"), Some(JoinError::WrongPassword));
    assert_eq!(code("+CWJAP:3"), Some(JoinError::NoSuchAccessPoint));
    assert_eq!(code("+CWJAP:4"), Some(JoinError::Failed(4)));
    assert!(matches!(code("WIFI DISCONNECT"), Some(JoinError::Command(_))));
    let error = cases.failure::<EspAt, JoinLastAccessPoint>(&["+CWJAP:3"]);
    assert_eq!(error, Some(JoinError::NoSuchAccessPoint));
    let error = cases.failure::<Esp8266Nonos, Saved<JoinAccessPoint<'_>>>(&["+CWJAP_DEF:2"]);
    assert_eq!(error, Some(JoinError::WrongPassword));
    for line in ["+CWJAP_CUR:2", "+CWJAP:2", "+CWJAP_CUR:-2"] {
        let error = cases.failure::<WizFi360, JoinAccessPoint<'_>>(&[line, ""]);
        assert_eq!(error, Some(JoinError::WrongPassword), "{line}");
    }
}

fn enterprise(cases: &mut Cases) {
    let tls = JoinEnterprise {
        ssid: Bytes(b"dlink11111"),
        credentials: EapCredentials::Tls { identity: "example@espressif.com" },
        certificates: Certificates::CLIENT | Certificates::SERVER,
    };
    let peap = JoinEnterprise {
        credentials: EapCredentials::Peap {
            identity: "example@espressif.com",
            username: "espressif",
            password: Secret("test11"),
        },
        certificates: Certificates::NONE,
        ..tls
    };
    let JoinEnterprise { ssid, credentials, certificates } = tls;
    wires!(cases EspAt: tls, peap, JoinEnterpriseWithTimeout { ssid, credentials, certificates, timeout_s: 30 });
    wires!(cases Esp8266Idf: tls, peap);
    assert_eq!(cases.answer::<EspAt, JoinEnterprise<'_>>(&["WIFI CONNECTED"]), Ok(EnterpriseJoined));
    assert_eq!(cases.failure::<EspAt, JoinEnterprise<'_>>(&["+CWJEAP:Timeout"]), Some(EnterpriseJoinError::Timeout));
    assert_eq!(cases.failure::<Esp8266Idf, JoinEnterprise<'_>>(&["+CWJEAP:4"]), Some(EnterpriseJoinError::Failed(4)));
    let error = cases.failure::<EspAt, JoinEnterpriseWithTimeout<'_>>(&[]);
    assert!(matches!(error, Some(EnterpriseJoinError::Command(_))));
}
