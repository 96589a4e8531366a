//! The SoftAP.

use core::net::Ipv4Addr;

use wifi_at::command::wifi::{
    DhcpPool, DhcpPoolAnswer, DisconnectAllStations, DisconnectStation, JoinedStation, ListJoinedStations, Passphrase,
    QueryDhcpPool, QuerySoftAp, SetDhcpPool, SetSoftAp, SetSoftApDeprecated, SoftApConfig, SoftApSecurity, Ssid,
};
use wifi_at::command::{Command, Mac, On, Saved, Secret};
use wifi_at::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use super::wires;
use crate::Cases;

const fn soft_ap<'a>(ssid: &'a str, passphrase: &'a str, channel: u8, security: SoftApSecurity) -> SetSoftAp<'a> {
    let passphrase = Passphrase(Secret(passphrase));
    SetSoftAp { ssid, passphrase, channel, security, max_stations: None, hidden: None }
}

const fn pool(lease_minutes: u16, first: [u8; 4], last: [u8; 4]) -> SetDhcpPool {
    let (first, last) = (Ipv4Addr::from_octets(first), Ipv4Addr::from_octets(last));
    SetDhcpPool { pool: DhcpPool::Range { lease_minutes, first, last } }
}

pub(super) fn cases(cases: &mut Cases) {
    use SoftApSecurity::{Wpa2Psk, WpaPsk, WpaWpa2Psk};

    let quoted = soft_ap("ESP756290", "21030826", 1, WpaWpa2Psk);
    let SetSoftAp { ssid, passphrase, channel, security, .. } = quoted;
    let esp_pool = pool(3, [192, 168, 4, 10], [192, 168, 4, 15]);
    let no_pool = SetDhcpPool { pool: DhcpPool::Default };
    let mac = Mac([0x18, 0xcf, 0x5e, 0xc5, 0xce, 0x76]);
    wires!(cases EspAt:
        soft_ap("ESP", "1234567890", 5, Wpa2Psk), quoted, esp_pool, no_pool, ListJoinedStations,
        DisconnectAllStations, DisconnectStation { mac },
    );
    wires!(cases Esp32V1:
        soft_ap("ESP32", "1234567890", 5, Wpa2Psk), soft_ap("ESP32", "12345678", 5, Wpa2Psk), quoted, esp_pool, no_pool,
    );
    wires!(cases Esp8266Idf:
        soft_ap("ESP", "1234567890", 5, Wpa2Psk), esp_pool, no_pool, DisconnectAllStations, DisconnectStation { mac },
    );
    wires!(cases Esp8266Nonos:
        soft_ap("ESP8266", "1234567890", 5, Wpa2Psk),
        Saved(soft_ap("ESP8266", "1234567890", 5, Wpa2Psk)),
        Saved(soft_ap("ESP8266", "12345678", 5, Wpa2Psk)),
        SetSoftApDeprecated { ssid, passphrase, channel, security },
        esp_pool, no_pool, Saved(esp_pool), Saved(no_pool),
    );
    let wiznet = soft_ap("WizFi360", "12345678", 5, Wpa2Psk);
    let wiznet_full = SetSoftAp { max_stations: Some(4), hidden: Some(false), ..wiznet };
    let wiznet_pool = pool(120, [192, 168, 0, 100], [192, 168, 0, 200]);
    wires!(cases WizFi360:
        wiznet, Saved(wiznet), wiznet_full, Saved(wiznet_full), Saved(soft_ap("WizFi360", "12345678", 1, WpaPsk)),
        QuerySoftAp, Saved(QuerySoftAp), ListJoinedStations,
        wiznet_pool, Saved(wiznet_pool), QueryDhcpPool, Saved(QueryDhcpPool),
    );
    networks(cases);
    stations(cases);
    pools(cases);
}

fn network<D: Dialect, C>(cases: &mut Cases, line: &str) -> SoftApConfig
where
    C: Command<Response = SoftApConfig> + On<D>,
    C::Error: core::fmt::Debug,
{
    cases.answer::<D, C>(&[line]).unwrap()
}

fn networks(cases: &mut Cases) {
    let fields = r#""WizFi360","12345678",5,3,4,0"#;
    let all = [
        network::<EspAt, QuerySoftAp>(cases, &format!("+CWSAP:{fields}")),
        network::<Esp32V1, QuerySoftAp>(cases, "+CWSAP:WizFi360,12345678,5,3,4,0"),
        network::<Esp8266Idf, QuerySoftAp>(cases, &format!("+CWSAP:{fields}")),
        network::<Esp8266Nonos, QuerySoftAp>(cases, &format!("+CWSAP_CUR:{fields}")),
        network::<Esp8266Nonos, Saved<QuerySoftAp>>(cases, &format!("+CWSAP_DEF:{fields}")),
        network::<WizFi360, QuerySoftAp>(cases, &format!("+CWSAP_CUR={fields}")),
        network::<WizFi360, Saved<QuerySoftAp>>(cases, &format!("+CWSAP_DEF={fields}")),
    ];
    for config in all {
        assert_eq!(config.ssid, "WizFi360");
        assert_eq!(config.passphrase.as_str(), "12345678");
        assert_eq!((config.channel, config.security), (5, SoftApSecurity::Wpa2Psk));
        assert_eq!((config.max_stations, config.hidden), (Some(4), Some(false)));
        assert!(!format!("{config:?}").contains("12345678"));
    }
    let odd = network::<EspAt, QuerySoftAp>(cases, r#"+CWSAP:"a",b"","pass","\w,d",11,0,10,1"#);
    assert_eq!(odd.ssid, Ssid::new(br#"a",b""#).unwrap());
    assert_eq!(odd.passphrase.as_str(), r#"pass","\w,d"#);
    let open = network::<EspAt, QuerySoftAp>(cases, r#"+CWSAP:"ESP_C3","",1,0"#);
    assert_eq!((open.passphrase.as_str(), open.max_stations, open.hidden), ("", None, None));
}

fn stations(cases: &mut Cases) {
    let station =
        JoinedStation { address: Ipv4Addr::new(192, 168, 4, 2), mac: Mac([0x18, 0xcf, 0x5e, 0xc5, 0xce, 0x76]) };
    let quoted = &[r#""192.168.4.2","18:cf:5e:c5:ce:76""#, ""];
    let bare = &["192.168.4.2, 18:cf:5e:c5:ce:76", "WIFI CONNECTED"];
    let named = &["+CWLIF:192.168.4.2,18:cf:5e:c5:ce:76", r#"+CWLIF:"192.168.4.2","18:cf:5e:c5:ce:76""#];
    assert_eq!(cases.answer::<EspAt, ListJoinedStations>(named).unwrap().records, [station; 2]);
    assert_eq!(cases.answer::<Esp32V1, ListJoinedStations>(bare).unwrap().records, [station]);
    assert_eq!(cases.answer::<Esp8266Idf, ListJoinedStations>(bare).unwrap().records, [station]);
    let list = cases.answer::<Esp8266Nonos, ListJoinedStations>(bare).unwrap();
    assert_eq!((list.records.as_slice(), list.malformed), (&[station][..], 0));
    assert_eq!(cases.answer::<WizFi360, ListJoinedStations>(quoted).unwrap().records, [station]);
    assert!(cases.answer::<WizFi360, ListJoinedStations>(&[]).unwrap().records.is_empty());
}

fn pools(cases: &mut Cases) {
    let answer = |lease_minutes, last| DhcpPoolAnswer {
        lease_minutes,
        first: Ipv4Addr::new(192, 168, 0, 2),
        last: Ipv4Addr::new(192, 168, 0, last),
    };
    let fields = r#"120,"192.168.0.2","192.168.0.101""#;
    let bare = "120,192.168.0.2,192.168.0.101";
    let line = format!("+CWDHCPS:{bare}");
    assert_eq!(cases.answer::<EspAt, QueryDhcpPool>(&[&line]), Ok(answer(120, 101)));
    let line = format!("+CWDHCPS={bare}");
    assert_eq!(cases.answer::<Esp32V1, QueryDhcpPool>(&[&line]), Ok(answer(120, 101)));
    assert_eq!(cases.answer::<Esp8266Idf, QueryDhcpPool>(&[&line]), Ok(answer(120, 101)));
    let line = format!("+CWDHCPS_CUR={fields}");
    assert_eq!(cases.answer::<Esp8266Nonos, QueryDhcpPool>(&[&line]), Ok(answer(120, 101)));
    let line = format!("+CWDHCPS_DEF={fields}");
    assert_eq!(cases.answer::<Esp8266Nonos, Saved<QueryDhcpPool>>(&[&line]), Ok(answer(120, 101)));
    let line = format!("+CWDHCPS_CUR: {fields}");
    assert_eq!(cases.answer::<WizFi360, QueryDhcpPool>(&[&line]), Ok(answer(120, 101)));
    let line = r#"+CWDHCPS_DEF:120,"192.168.0.2","192.168.0.102""#;
    assert_eq!(cases.answer::<WizFi360, Saved<QueryDhcpPool>>(&[line, ""]), Ok(answer(120, 102)));
}
