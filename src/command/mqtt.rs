//! MQTT commands (`ESP-AT 3.6`, `IDF 5`).
//!
//! Firmware has one MQTT client. Its link ID, always 0, is written by the commands themselves.
//!
//! The order is: [`SetMqttUser`], then what else there is to set, [`ConnectMqtt`], subscriptions and messages, and
//! [`CloseMqtt`], after which all settings have to be made again.

use heapless::String;

use super::answer::value_of;
use super::declare::{codes, commands, records};
use super::{Answer, Counted, Record, Secret, Value};
use crate::at::{FieldError, Fields};

/// Most bytes of a topic.
const TOPIC: i64 = 128;

codes! {
    /// What MQTT runs over, and which certificates are used.
    MqttScheme {
        /// TCP.
        Tcp = 1,
        /// TLS without a check of the broker's certificate.
        Tls = 2,
        /// TLS; the broker's certificate is checked.
        TlsCheckServer = 3,
        /// TLS; the module shows its certificate.
        TlsShowClient = 4,
        /// TLS; both sides show and check certificates.
        TlsMutual = 5,
        /// WebSocket over TCP.
        WebSocket = 6,
        /// WebSocket over TLS without a check of the broker's certificate.
        SecureWebSocket = 7,
        /// WebSocket over TLS; the broker's certificate is checked.
        SecureWebSocketCheckServer = 8,
        /// WebSocket over TLS; the module shows its certificate.
        SecureWebSocketShowClient = 9,
        /// WebSocket over TLS; both sides show and check certificates.
        SecureWebSocketMutual = 10,
    }

    /// How often a message is delivered.
    MqttQos {
        /// Once or not at all.
        AtMostOnce = 0,
        /// Once or several times.
        AtLeastOnce = 1,
        /// Once.
        ExactlyOnce = 2,
    }

    /// What the MQTT client has come to.
    MqttState {
        /// Nothing has been set.
        NotInitialized = 0,
        /// [`SetMqttUser`] has been carried out.
        UserSet = 1,
        /// [`SetMqttConnection`] has been carried out.
        ConnectionSet = 2,
        /// The connection is lost.
        Disconnected = 3,
        /// Connected.
        Connected = 4,
        /// Connected, without subscriptions.
        ConnectedWithoutTopics = 5,
        /// Connected, with subscriptions.
        ConnectedWithTopics = 6,
    }
}

commands! {
    /// Sets who the client is and how it connects: the first command of a session (`ESP-AT 3.6.2`, `IDF 5.1`).
    ///
    /// The module's clock must be right for schemes that check a certificate. Names that make the line longer than
    /// the module takes are set afterwards, by [`WriteMqttClientId`], [`WriteMqttUserName`] and
    /// [`WriteMqttPassword`].
    set SetMqttUser<'a> with 0 {
        /// What it connects over.
        pub scheme: MqttScheme,
        /// 0 to 256 bytes.
        pub client_id: &'a str [0..=256],
        /// 0 to 64 bytes.
        pub user_name: &'a str [0..=64],
        /// 0 to 64 bytes.
        pub password: Secret<'a> [0..=64],
        /// Which of the module's client certificates is shown; there is only 0.
        pub certificate: u8 [0..=0],
        /// Which of the module's CA certificates is checked against; there is only 0.
        pub ca: u8 [0..=0],
        /// Path of the resource, for WebSocket: 0 to 32 bytes.
        pub path: &'a str [0..=32],
    } -> (), within 10 s;
    on EspAt "AT+MQTTUSERCFG" "3.6.2";
    on Esp8266Idf "AT+MQTTUSERCFG" "5.1";

    /// Replaces the client ID of [`SetMqttUser`] with a long one, which follows as data (`ESP-AT 3.6.3`).
    set WriteMqttClientId with 0 {
        /// Bytes of the client ID, 1 to 1024.
        pub length: u16 [1..=1024],
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+MQTTLONGCLIENTID" "3.6.3";

    /// Replaces the user name of [`SetMqttUser`] with a long one, which follows as data (`ESP-AT 3.6.4`).
    set WriteMqttUserName with 0 {
        /// Bytes of the user name, 1 to 1024.
        pub length: u16 [1..=1024],
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+MQTTLONGUSERNAME" "3.6.4";

    /// Replaces the password of [`SetMqttUser`] with a long one, which follows as data (`ESP-AT 3.6.5`).
    set WriteMqttPassword with 0 {
        /// Bytes of the password, 1 to 1024.
        pub length: u16 [1..=1024],
    } data length ends OkAfterData -> (), within 10 s;
    on EspAt "AT+MQTTLONGPASSWORD" "3.6.5";

    /// Replaces the client ID of [`SetMqttUser`] (`IDF 5`, printed as 4.2).
    set SetMqttClientId<'a> with 0 {
        /// 1 to 256 bytes, and no more than fit the line.
        pub client_id: &'a str [1..=256],
    } -> (), within 10 s;
    on Esp8266Idf "AT+MQTTCLIENTID" "4.2";

    /// Replaces the user name of [`SetMqttUser`] (`IDF 5`, printed as 4.3).
    set SetMqttUserName<'a> with 0 {
        /// 1 to 256 bytes, and no more than fit the line.
        pub user_name: &'a str [1..=256],
    } -> (), within 10 s;
    on Esp8266Idf "AT+MQTTUSERNAME" "4.3";

    /// Replaces the password of [`SetMqttUser`] (`IDF 5`, printed as 4.4).
    set SetMqttPassword<'a> with 0 {
        /// 1 to 256 bytes, and no more than fit the line.
        pub password: Secret<'a> [1..=256],
    } -> (), within 10 s;
    on Esp8266Idf "AT+MQTTPASSWORD" "4.4";

    /// Sets keep-alive, session and last will (`ESP-AT 3.6.6`, `IDF 5`, printed as 4.5).
    ///
    /// The last will is what the broker publishes when the client vanishes.
    set SetMqttConnection<'a> with 0 {
        /// Seconds between signs of life, up to 7200. 0 stands for 120; IDF firmware asks for 60 or more otherwise.
        pub keep_alive: u16 [0..=7200],
        /// Whether the broker keeps the session's state; otherwise each connection starts afresh.
        pub keep_session: bool,
        /// Topic of the last will: up to 128 bytes, 64 with IDF firmware.
        pub will_topic: &'a str [0..=128],
        /// The last will: up to 128 bytes, 64 with IDF firmware.
        pub will_message: &'a str [0..=128],
        /// How the last will is delivered.
        pub will_qos: MqttQos,
        /// Whether the broker retains the last will.
        pub will_retain: bool,
    } -> (), within 10 s;
    on EspAt "AT+MQTTCONNCFG" "3.6.6";
    on Esp8266Idf "AT+MQTTCONNCFG" "4.5";

    /// Sets which protocols are offered to the broker in the TLS handshake, by ALPN (`ESP-AT 3.6.7`).
    ///
    /// Comes after [`SetMqttUser`], and counts for schemes with TLS.
    set SetMqttAlpn<'a> with 0 {
        /// One to five names.
        pub protocols: Counted<'a, &'a str> [1..=5],
    } -> (), within 10 s;
    on EspAt "AT+MQTTALPN" "3.6.7";

    /// Offers no protocols by ALPN any more (`ESP-AT 3.6.7`).
    set ClearMqttAlpn with 0, 0 -> (), within 10 s;
    on EspAt "AT+MQTTALPN" "3.6.7";

    /// Sets the name of the broker for the TLS handshake, by SNI (`ESP-AT 3.6.8`).
    ///
    /// Comes after [`SetMqttUser`], and counts for schemes with TLS.
    set SetMqttServerName<'a> with 0 {
        /// The name.
        pub name: &'a str [1..=255],
    } -> (), within 10 s;
    on EspAt "AT+MQTTSNI" "3.6.8";

    /// Asks what the client has come to, and its broker (`ESP-AT 3.6.9`, `IDF 5`, printed as 4.6).
    query QueryMqttConnection -> MqttConnection, within 5 s;
    on EspAt "AT+MQTTCONN" "3.6.9";
    on Esp8266Idf "AT+MQTTCONN" "4.6";

    /// Connects to a broker (`ESP-AT 3.6.9`, `IDF 5`, printed as 4.6).
    ///
    /// With TLS the module allows 10 s for each packet of the handshake.
    set ConnectMqtt<'a> with 0 {
        /// Name or address of the broker, up to 128 bytes.
        pub host: &'a str [1..=128],
        /// Its port.
        pub port: u16 [1..=65535],
        /// Whether the module connects again by itself when the connection is lost. If not, [`CloseMqtt`] and all
        /// settings have to be made again then.
        pub reconnect: bool,
    } -> Option<MqttConnected>, within 60 s;
    on EspAt "AT+MQTTCONN" "3.6.9";
    on Esp8266Idf "AT+MQTTCONN" "4.6";

    /// Publishes a message that fits the command (`ESP-AT 3.6.10`, `IDF 5`, printed as 4.7).
    ///
    /// [`PublishMqttData`] is for long messages and for any bytes.
    set PublishMqtt<'a> with 0 {
        /// Up to 128 bytes, 64 with IDF firmware.
        pub topic: &'a str [1..=TOPIC],
        /// The message. The line with it and its escapes must not be longer than the module takes.
        pub message: &'a str,
        /// How it is delivered.
        pub qos: MqttQos,
        /// Whether the broker retains it.
        pub retain: bool,
    } -> (), within 20 s;
    on EspAt "AT+MQTTPUB" "3.6.10";
    on Esp8266Idf "AT+MQTTPUB" "4.7";

    /// Publishes a message that follows as data (`ESP-AT 3.6.11`, `IDF 5`, printed as 4.8).
    set PublishMqttData<'a> with 0 {
        /// Up to 128 bytes, 64 with IDF firmware.
        pub topic: &'a str [1..=TOPIC],
        /// Bytes of the message. The module's memory is the limit, in IDF firmware 1024 bytes.
        pub length: u32 [1..=0xffff_ffff],
        /// How it is delivered.
        pub qos: MqttQos,
        /// Whether the broker retains it.
        pub retain: bool,
    } data length ends Published -> (), within 20 s;
    on EspAt "AT+MQTTPUBRAW" "3.6.11";
    on Esp8266Idf "AT+MQTTPUBRAW" "4.8";

    /// Asks for the subscriptions (`ESP-AT 3.6.12`, `IDF 5`, printed as 4.9).
    query QueryMqttSubscriptions -> super::List<MqttSubscription, 8>, within 5 s;
    on EspAt "AT+MQTTSUB" "3.6.12";
    on Esp8266Idf "AT+MQTTSUB" "4.9";

    /// Subscribes to a topic (`ESP-AT 3.6.12`, `IDF 5`, printed as 4.9).
    set SubscribeMqtt<'a> with 0 {
        /// Up to 128 bytes, 64 with IDF firmware.
        pub topic: &'a str [1..=TOPIC],
        /// How its messages are delivered at best.
        pub qos: MqttQos,
    } -> MqttSubscribed, within 20 s;
    on EspAt "AT+MQTTSUB" "3.6.12";
    on Esp8266Idf "AT+MQTTSUB" "4.9";

    /// Ends a subscription (`ESP-AT 3.6.13`, `IDF 5`, printed as 4.10).
    set UnsubscribeMqtt<'a> with 0 {
        /// Up to 128 bytes, 64 with IDF firmware.
        pub topic: &'a str [1..=TOPIC],
    } -> MqttUnsubscribed, within 20 s;
    on EspAt "AT+MQTTUNSUB" "3.6.13";
    on Esp8266Idf "AT+MQTTUNSUB" "4.10";

    /// Closes the connection and forgets all settings of MQTT (`ESP-AT 3.6.14`, `IDF 5`, printed as 4.11).
    set CloseMqtt with 0 -> (), within 20 s;
    on EspAt "AT+MQTTCLEAN" "3.6.14";
    on Esp8266Idf "AT+MQTTCLEAN" "4.11";
}

records! {
    /// A connection to a broker that has come up.
    "+MQTTCONNECTED" MqttConnected {
        /// The client, 0.
        pub link: u8,
        /// What it runs over.
        pub scheme: MqttScheme,
        /// The broker.
        pub host: String<128>,
        /// Its port.
        pub port: u16,
        /// Path of the resource, for WebSocket.
        pub path: Option<String<33>>,
        /// Whether the module connects again by itself when the connection is lost.
        pub reconnect: Option<bool>,
    }

    /// A subscription.
    "+MQTTSUB" MqttSubscription {
        /// The client, 0.
        pub link: u8,
        /// What the client has come to.
        pub state: MqttState,
        /// The topic.
        pub topic: String<128>,
        /// How its messages are delivered at best.
        pub qos: MqttQos,
    }
}

/// What the MQTT client has come to, and its broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttConnection {
    /// The client, 0.
    pub link: u8,
    /// What it has come to.
    pub state: MqttState,
    /// What it connects over, once that has been set.
    pub scheme: Option<MqttScheme>,
    /// The broker; empty before the first connection.
    pub host: String<128>,
    /// The broker's port, if there is a broker.
    pub port: Option<u16>,
    /// Path of the resource, for WebSocket.
    pub path: Option<String<33>>,
    /// Whether the module connects again by itself when the connection is lost.
    pub reconnect: Option<bool>,
}

impl Record for MqttConnection {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let fields = &mut Fields::new(value_of(line, "+MQTTCONN")?);
        let read = |fields: &mut Fields<'_>| {
            Ok(Self {
                link: u8::take(fields)?,
                state: MqttState::take(fields)?,
                // 0 and an empty host until they have been set.
                scheme: MqttScheme::from_code(i32::take(fields)?),
                host: Value::take(fields)?,
                port: Value::take(fields)?,
                path: Value::take(fields)?,
                reconnect: Value::take(fields)?,
            })
        };
        Some(read(fields))
    }
}

/// A subscription was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MqttSubscribed {
    /// There was one already.
    pub was_subscribed: bool,
}

impl Answer for MqttSubscribed {
    type Partial = bool;

    fn line(partial: &mut bool, line: &[u8]) {
        *partial |= line.eq_ignore_ascii_case(b"ALREADY SUBSCRIBE");
    }

    fn finish(was_subscribed: bool) -> Result<Self, FieldError> {
        Ok(Self { was_subscribed })
    }
}

/// A subscription was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MqttUnsubscribed {
    /// There was one.
    pub was_subscribed: bool,
}

impl Answer for MqttUnsubscribed {
    type Partial = bool;

    fn line(absent: &mut bool, line: &[u8]) {
        *absent |= line.eq_ignore_ascii_case(b"NO UNSUBSCRIBE");
    }

    fn finish(absent: bool) -> Result<Self, FieldError> {
        Ok(Self { was_subscribed: !absent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{EncodeError, Encoder};
    use crate::command::Command;

    fn refused(command: impl Command) -> Option<EncodeError> {
        let mut buffer = [0; 300];
        let mut line = Encoder::new(&mut buffer);
        command.encode("AT+X", &mut line);
        line.finish().err()
    }

    #[test]
    fn what_the_module_would_refuse_is_not_sent() {
        let long = "x".repeat(250);
        let user = SetMqttUser {
            scheme: MqttScheme::Tcp,
            client_id: "id",
            user_name: "user",
            password: Secret("secret"),
            certificate: 0,
            ca: 0,
            path: "",
        };
        assert_eq!(refused(user), None);
        assert_eq!(refused(SetMqttUser { certificate: 1, ..user }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(SetMqttUser { password: Secret(&long[..65]), ..user }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(SetMqttUser { client_id: &long, ..user }), Some(EncodeError::TooLong));
        assert_eq!(refused(SetMqttUser { user_name: "a\r\nb", ..user }), Some(EncodeError::ForbiddenByte));
        let connect = ConnectMqtt { host: "broker", port: 0, reconnect: false };
        assert_eq!(refused(connect), Some(EncodeError::OutOfRange));
        assert_eq!(refused(SetMqttAlpn { protocols: Counted(&[]) }), Some(EncodeError::OutOfRange));
        assert_eq!(refused(SetMqttAlpn { protocols: Counted(&["a"; 6]) }), Some(EncodeError::OutOfRange));
        assert_eq!(std::format!("{:?}", user.password), "***");
    }
}
