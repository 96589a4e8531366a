//! Answers about modes, states and other settings.

use wifi_at::command::wifi::{
    AutoConnect, Certificates, Country, CountryPolicy, DriverState, EapMethod, HostName, Protocols, QueryAutoConnect,
    QueryCountry, QueryDriver, QueryEnterprise, QueryHostName, QueryReconnection, QuerySoftApProtocols,
    QueryStationProtocols, QueryStationState, QueryWifiMode, Reconnection, SoftApProtocols, Ssid, StationPhase,
    StationProtocols, StationState, TestWifiMode, WifiMode, WifiModeAnswer, WifiModeRange,
};
use wifi_at::command::{Command, CommandError, On, Saved};
use wifi_at::dialect::{Dialect, Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt, WizFi360};

use crate::Cases;

fn mode<D: Dialect, C>(cases: &mut Cases, line: &str, mode: WifiMode)
where
    C: Command<Response = WifiModeAnswer, Error = CommandError> + On<D>,
{
    assert_eq!(cases.answer::<D, C>(&[line]), Ok(WifiModeAnswer { mode }));
}

fn modes<D: Dialect, C>(cases: &mut Cases, line: &str)
where
    C: Command<Response = WifiModeRange, Error = CommandError> + On<D>,
{
    let range = WifiModeRange { lowest: WifiMode::Station, highest: WifiMode::StationAndSoftAp };
    assert_eq!(cases.answer::<D, C>(&[line]), Ok(range));
}

fn host_name<D: Dialect>(cases: &mut Cases, line: &str, name: Option<&str>)
where
    QueryHostName: On<D>,
{
    let name = name.map(|name| name.try_into().unwrap());
    assert_eq!(cases.answer::<D, QueryHostName>(&[line]), Ok(HostName { name }));
}

pub(super) fn cases(cases: &mut Cases) {
    mode::<EspAt, QueryWifiMode>(cases, "+CWMODE:0", WifiMode::Off);
    mode::<Esp32V1, QueryWifiMode>(cases, "+CWMODE:1", WifiMode::Station);
    mode::<Esp8266Idf, QueryWifiMode>(cases, "+CWMODE:2", WifiMode::SoftAp);
    mode::<Esp8266Nonos, QueryWifiMode>(cases, "+CWMODE_CUR: 3", WifiMode::StationAndSoftAp);
    mode::<Esp8266Nonos, Saved<QueryWifiMode>>(cases, "+CWMODE_DEF:3", WifiMode::StationAndSoftAp);
    mode::<WizFi360, QueryWifiMode>(cases, "+CWMODE_CUR:1", WifiMode::Station);
    mode::<WizFi360, Saved<QueryWifiMode>>(cases, "+CWMODE_DEF:1", WifiMode::Station);
    modes::<Esp32V1, TestWifiMode>(cases, "+CWMODE:(1-3)");
    modes::<Esp8266Nonos, TestWifiMode>(cases, "+CWMODE_CUR:(1-3)");
    modes::<Esp8266Nonos, Saved<TestWifiMode>>(cases, "+CWMODE_DEF: 1,2,3");
    assert!(cases.answer::<Esp32V1, TestWifiMode>(&["+CWMODE:(1-9)"]).is_err());

    assert_eq!(cases.answer::<EspAt, QueryDriver>(&["+CWINIT:1"]), Ok(DriverState { initialized: true }));
    let state = |phase, ssid: &[u8]| Ok(StationState { phase, ssid: Ssid::new(ssid).unwrap() });
    let mut answer = |line| cases.answer::<EspAt, QueryStationState>(&[line]);
    assert_eq!(answer("+CWSTATE:2,\"net\""), state(StationPhase::HasAddress, b"net"));
    assert_eq!(answer("+CWSTATE:3,\"a\",\"b,\""), state(StationPhase::Joining, b"a\",\"b,"));
    assert_eq!(answer("+CWSTATE:0,\"\""), state(StationPhase::Idle, b""));
    assert_eq!(answer("+CWSTATE:4"), state(StationPhase::Disconnected, b""));
    assert!(answer("+CWSTATE:9,\"\"").is_err());
    let reconnection = Reconnection { interval_s: 1, attempts: 100 };
    assert_eq!(cases.answer::<EspAt, QueryReconnection>(&["+CWRECONNCFG:1,100"]), Ok(reconnection));
    assert_eq!(cases.answer::<EspAt, QueryAutoConnect>(&["+CWAUTOCONN:1"]), Ok(AutoConnect { enabled: true }));
    let protocols = Protocols::B | Protocols::G | Protocols::N;
    let answer = cases.answer::<EspAt, QuerySoftApProtocols>(&["+CWAPPROTO:7"]);
    assert_eq!(answer, Ok(SoftApProtocols { protocols }));
    let answer = cases.answer::<EspAt, QueryStationProtocols>(&["+CWSTAPROTO:7"]);
    assert_eq!(answer, Ok(StationProtocols { protocols }));

    let country =
        Country { policy: CountryPolicy::Keep, code: "CN".try_into().unwrap(), first_channel: 1, channels: 13 };
    let answer = cases.answer::<EspAt, QueryCountry>(&["+CWCOUNTRY:1,CN,1,13"]);
    assert_eq!(answer, Ok(country.clone()));
    let answer = cases.answer::<Esp8266Nonos, QueryCountry>(&["+CWCOUNTRY_CUR:1,\"CN\",1,13"]);
    assert_eq!(answer, Ok(country.clone()));
    let answer = cases.answer::<Esp8266Nonos, Saved<QueryCountry>>(&["+CWCOUNTRY_DEF:1,\"CN\",1,13"]);
    assert_eq!(answer, Ok(country));

    host_name::<EspAt>(cases, "+CWHOSTNAME:my_test", Some("my_test"));
    host_name::<Esp8266Idf>(cases, "+CWHOSTNAME:my_test", Some("my_test"));
    host_name::<Esp8266Nonos>(cases, "+CWHOSTNAME:<ESP_A378DA>", Some("ESP_A378DA"));
    host_name::<Esp8266Nonos>(cases, "+CWHOSTNAME:<null>", None);
    host_name::<WizFi360>(cases, "+CWHOSTNAME:\"WizFi360_FF6179\"", Some("WizFi360_FF6179"));
    host_name::<WizFi360>(cases, "+CWHOSTNAME:<NULL>", None);

    let line = r#"+CWJEAP:"dlink11111",1,"example@espressif.com","espressif","test11",0"#;
    let point = cases.answer::<EspAt, QueryEnterprise>(&[line]).unwrap().unwrap();
    assert_eq!(point.ssid, "dlink11111");
    assert_eq!((point.method, point.certificates), (EapMethod::Peap, Certificates::NONE));
    assert_eq!(point.identity, "example@espressif.com");
    assert_eq!(point.username.as_deref(), Some("espressif"));
    assert_eq!(point.password.as_ref().unwrap().as_str(), "test11");
    assert!(!format!("{point:?}").contains("test11"));
    let line = r#"+CWJEAP:"dlink11111",0,"example@espressif.com",,,3"#;
    let point = cases.answer::<Esp8266Idf, QueryEnterprise>(&[line]).unwrap().unwrap();
    assert_eq!((point.username, point.password), (None, None));
    assert_eq!(point.certificates, Certificates::CLIENT | Certificates::SERVER);
    assert_eq!(cases.answer::<EspAt, QueryEnterprise>(&[]), Ok(None));
}
