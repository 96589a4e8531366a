//! mqtt: every example and every answer of the manuals.

use wifi_at::command::mqtt::{
    ClearMqttAlpn, CloseMqtt, ConnectMqtt, MqttConnected, MqttConnection, MqttQos, MqttScheme, MqttState,
    MqttSubscription, PublishMqtt, PublishMqttData, QueryMqttConnection, QueryMqttSubscriptions, SetMqttAlpn,
    SetMqttClientId, SetMqttConnection, SetMqttPassword, SetMqttServerName, SetMqttUser, SetMqttUserName,
    SubscribeMqtt, UnsubscribeMqtt, WriteMqttClientId, WriteMqttPassword, WriteMqttUserName,
};
use wifi_at::command::tcpip::{SetSntp, TimeZone, UpTo};
use wifi_at::command::wifi::{JoinAccessPoint, SetWifiMode, WifiMode};
use wifi_at::command::{Command, CommandError, Counted, End, Secret};
use wifi_at::dialect::{Esp8266Idf, EspAt};

use crate::Cases;

/// The user of most examples.
const fn user<'a>(scheme: MqttScheme, client_id: &'a str, password: &'a str, path: &'a str) -> SetMqttUser<'a> {
    SetMqttUser { scheme, client_id, user_name: "espressif", password: Secret(password), certificate: 0, ca: 0, path }
}

pub(crate) fn cases(cases: &mut Cases) {
    settings(cases);
    connections(cases);
    messages(cases);
}

fn settings(cases: &mut Cases) {
    use MqttScheme::{SecureWebSocket, Tcp, TlsCheckServer, TlsMutual, TlsShowClient};

    cases.wire::<EspAt, _>(SetWifiMode { mode: WifiMode::Station });
    cases.wire::<EspAt, _>(JoinAccessPoint { ssid: "ssid", passphrase: Secret("password"), bssid: None });
    cases.wire::<EspAt, _>(user(TlsMutual, "ESP32", "1234567890", ""));
    cases.wire::<EspAt, _>(user(Tcp, "ESP32", "1234567890", ""));
    cases.wire::<EspAt, _>(user(Tcp, "publisher", "123456789", ""));
    cases.wire::<EspAt, _>(user(Tcp, "subscriber", "123456789", ""));
    cases.wire::<EspAt, _>(user(TlsShowClient, "publisher", "123456789", ""));
    cases.wire::<EspAt, _>(user(TlsShowClient, "subscriber", "123456789", ""));
    cases.wire::<EspAt, _>(user(SecureWebSocket, "publisher", "1234567890", "mqtt"));
    cases.wire::<EspAt, _>(user(SecureWebSocket, "subscriber", "1234567890", "mqtt"));
    cases.wire::<EspAt, _>(user(TlsMutual, "esp32", "1234567890", ""));
    cases.wire::<Esp8266Idf, _>(user(Tcp, "ESP", "1234567890", ""));
    cases.wire::<Esp8266Idf, _>(user(TlsCheckServer, "ESP", "1234567890", ""));
    cases.wire::<Esp8266Idf, _>(user(SecureWebSocket, "ESP", "1234567890", "wss"));

    let will = SetMqttConnection {
        keep_alive: 0,
        keep_session: false,
        will_topic: "lwtt",
        will_message: "lwtm",
        will_qos: MqttQos::AtMostOnce,
        will_retain: false,
    };
    cases.wire::<EspAt, _>(will);
    cases.wire::<Esp8266Idf, _>(will);
    cases.wire::<EspAt, _>(SetMqttAlpn { protocols: Counted(&["mqtt-ca.cn", "mqtt-ca.us"]) });
    cases.wire::<EspAt, _>(ClearMqttAlpn);
    let servers = UpTo(&["ntp1.aliyun.com", "ntp2.aliyun.com"][..]);
    cases.wire::<EspAt, _>(SetSntp { enabled: true, time_zone: TimeZone::Hours(8), servers });
    cases.wire::<EspAt, _>(SetMqttServerName { name: "my_specific_prefix.iot.my_aws_region.amazonaws.com" });
    cases.wire::<EspAt, _>(WriteMqttClientId { length: 1024 });
    cases.wire::<EspAt, _>(WriteMqttUserName { length: 1 });
    cases.wire::<EspAt, _>(WriteMqttPassword { length: 300 });
    assert_eq!(WriteMqttPassword { length: 300 }.data_length(), Some(300));
    assert_eq!(WriteMqttPassword::END, End::OkAfterData);
    cases.wire::<Esp8266Idf, _>(SetMqttClientId { client_id: "id" });
    cases.wire::<Esp8266Idf, _>(SetMqttUserName { user_name: "user" });
    cases.wire::<Esp8266Idf, _>(SetMqttPassword { password: Secret("secret") });
}

fn connections(cases: &mut Cases) {
    for (host, port, reconnect) in [
        ("192.168.200.2", 8883, true),
        ("my_specific_prefix.iot.my_aws_region.amazonaws.com", 8883, true),
        ("192.168.10.234", 1883, false),
        ("192.168.3.102", 8883, true),
        ("mqtt.eclipseprojects.io", 443, true),
        ("a108b8vm1g634q-ats.iot.us-east-2.amazonaws.com", 8883, true),
    ] {
        cases.wire::<EspAt, _>(ConnectMqtt { host, port, reconnect });
    }
    cases.wire::<Esp8266Idf, _>(ConnectMqtt { host: "192.168.31.113", port: 1883, reconnect: false });
    cases.wire::<Esp8266Idf, _>(ConnectMqtt { host: "iot.eclipse.org", port: 443, reconnect: false });

    let connected = |scheme, host: &str, path: &str| {
        Ok(Some(MqttConnected {
            link: 0,
            scheme,
            host: host.try_into().unwrap(),
            port: if path.is_empty() { 8883 } else { 443 },
            path: if path.is_empty() { None } else { Some(path.try_into().unwrap()) },
            reconnect: Some(true),
        }))
    };
    let line = r#"+MQTTCONNECTED:0,1,"192.168.3.102","8883","",1"#;
    let answer = cases.answer::<EspAt, ConnectMqtt<'_>>(&[line]);
    assert_eq!(answer, connected(MqttScheme::Tcp, "192.168.3.102", ""));
    let line = r#"+MQTTCONNECTED:0,4,"192.168.3.102","8883","",1"#;
    let answer = cases.answer::<EspAt, ConnectMqtt<'_>>(&[line]);
    assert_eq!(answer, connected(MqttScheme::TlsShowClient, "192.168.3.102", ""));
    let line = r#"+MQTTCONNECTED:0,7,"mqtt.eclipseprojects.io","443","/mqtt",1"#;
    let answer = cases.answer::<EspAt, ConnectMqtt<'_>>(&[line]);
    assert_eq!(answer, connected(MqttScheme::SecureWebSocket, "mqtt.eclipseprojects.io", "/mqtt"));
    let line = r#"+MQTTCONNECTED:0,5,"a108b8vm1g634q-ats.iot.us-east-2.amazonaws.com","8883","",1"#;
    let answer = cases.answer::<EspAt, ConnectMqtt<'_>>(&[line]);
    assert_eq!(answer, connected(MqttScheme::TlsMutual, "a108b8vm1g634q-ats.iot.us-east-2.amazonaws.com", ""));
    assert_eq!(cases.answer::<Esp8266Idf, ConnectMqtt<'_>>(&[]), Ok(None));

    let line = r#"+MQTTCONN:0,4,1,"192.168.31.113",1883,"",0"#;
    let expected = MqttConnection {
        link: 0,
        state: MqttState::Connected,
        scheme: Some(MqttScheme::Tcp),
        host: "192.168.31.113".try_into().unwrap(),
        port: Some(1883),
        path: None,
        reconnect: Some(false),
    };
    assert_eq!(cases.answer::<EspAt, QueryMqttConnection>(&[line]), Ok(expected.clone()));
    assert_eq!(cases.answer::<Esp8266Idf, QueryMqttConnection>(&[line]), Ok(expected));
    let nothing = cases.answer::<EspAt, QueryMqttConnection>(&[r#"+MQTTCONN:0,0,0,"","","",0"#]).unwrap();
    assert_eq!((nothing.state, nothing.scheme, nothing.port), (MqttState::NotInitialized, None, None));

    cases.wire::<EspAt, _>(CloseMqtt);
    cases.wire::<Esp8266Idf, _>(CloseMqtt);
}

fn messages(cases: &mut Cases) {
    use MqttQos::{AtLeastOnce, AtMostOnce, ExactlyOnce};

    let publish = |topic, message, qos| PublishMqtt { topic, message, qos, retain: false };
    cases.wire::<EspAt, _>(publish("topic", r#""{"timestamp":"20201121085253"}""#, AtMostOnce));
    cases.wire::<EspAt, _>(publish("topic", r#""{"sensor":012}""#, AtLeastOnce));
    cases.wire::<EspAt, _>(publish("topic", "test", AtLeastOnce));
    cases.wire::<EspAt, _>(publish("topic/esp32at", "hello aws!", AtLeastOnce));
    cases.wire::<Esp8266Idf, _>(publish("topic", "test", AtLeastOnce));
    cases.impossible("esp8266-idf", "AT+MQTTPUB=0,\"topic\",1", "message and retain flag are missing in the manual");

    let raw = PublishMqttData { topic: "topic", length: 427, qos: AtMostOnce, retain: false };
    cases.wire::<EspAt, _>(raw);
    cases.wire::<Esp8266Idf, _>(raw);
    assert_eq!(raw.data_length(), Some(427));
    assert_eq!(PublishMqttData::END, End::Published);

    cases.wire::<EspAt, _>(SubscribeMqtt { topic: "topic", qos: AtLeastOnce });
    cases.wire::<EspAt, _>(SubscribeMqtt { topic: "topic/esp32at", qos: AtLeastOnce });
    cases.wire::<Esp8266Idf, _>(SubscribeMqtt { topic: "topic", qos: AtLeastOnce });
    assert!(!cases.answer::<EspAt, SubscribeMqtt<'_>>(&[]).unwrap().was_subscribed);
    assert!(cases.answer::<EspAt, SubscribeMqtt<'_>>(&["ALREADY SUBSCRIBE"]).unwrap().was_subscribed);
    let refused = cases.failure::<EspAt, SubscribeMqtt<'_>>(&["ALREADY SUBSCRIBE"]);
    assert!(matches!(refused, Some(CommandError::Refused(_))));
    assert!(cases.answer::<EspAt, UnsubscribeMqtt<'_>>(&[]).unwrap().was_subscribed);
    assert!(!cases.answer::<Esp8266Idf, UnsubscribeMqtt<'_>>(&["NO UNSUBSCRIBE"]).unwrap().was_subscribed);
    cases.wire::<EspAt, _>(UnsubscribeMqtt { topic: "topic" });

    let lines = [r#"+MQTTSUB:0,6,"topic1",1"#, r#"+MQTTSUB:0,6,"a,b/c",2"#];
    let subscription = |topic: &str, qos| MqttSubscription {
        link: 0,
        state: MqttState::ConnectedWithTopics,
        topic: topic.try_into().unwrap(),
        qos,
    };
    let expected = [subscription("topic1", AtLeastOnce), subscription("a,b/c", ExactlyOnce)];
    assert_eq!(cases.answer::<EspAt, QueryMqttSubscriptions>(&lines).unwrap().records, expected);
    assert_eq!(cases.answer::<Esp8266Idf, QueryMqttSubscriptions>(&lines).unwrap().records, expected);
}
