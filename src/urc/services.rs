//! Messages about MQTT and WebSocket.

use super::{is, read};
use crate::at::after_name;
use crate::command::Value;
use crate::command::mqtt::MqttScheme;

/// About MQTT. Messages of topics are counted: [`Payload::MqttMessage`](super::counted::Payload::MqttMessage).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MqttUrc<'a> {
    /// `+MQTTCONNECTED:...`: the broker is connected.
    Connected(MqttBroker<'a>),
    /// `+MQTTDISCONNECTED:...`: the connection to the broker has ended.
    Disconnected {
        /// The client, 0.
        link: u8,
    },
    /// `+MQTTPUB:OK`: a message that was sent as data has been published.
    Published,
    /// `+MQTTPUB:FAIL`: a message that was sent as data could not be published.
    PublishFailed,
    /// `ALREADY SUBSCRIBE`: a topic was subscribed to that was subscribed to.
    AlreadySubscribed,
    /// `NO UNSUBSCRIBE`: a subscription was ended that was not there.
    NotSubscribed,
}

/// A broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MqttBroker<'a> {
    /// The client, 0.
    pub link: u8,
    /// What the connection runs over.
    pub scheme: MqttScheme,
    /// Name or address, as it was given.
    pub host: &'a [u8],
    /// The broker's port.
    pub port: u16,
    /// Path of the resource, for WebSocket; otherwise empty.
    pub path: &'a [u8],
    /// Whether the module connects again by itself when the connection is lost.
    pub reconnect: bool,
}

impl<'a> MqttUrc<'a> {
    pub(super) fn named(line: &'a [u8]) -> Option<Self> {
        if let Some(result) = after_name(line, b"+MQTTPUB") {
            return match result {
                _ if is(result, "OK") => Some(Self::Published),
                _ if is(result, "FAIL") => Some(Self::PublishFailed),
                _ => None,
            };
        }
        let disconnected = read(line, "+MQTTDISCONNECTED", u8::take).map(|link| Self::Disconnected { link });
        disconnected.or_else(|| {
            read(line, "+MQTTCONNECTED", |fields| {
                Ok(Self::Connected(MqttBroker {
                    link: u8::take(fields)?,
                    scheme: MqttScheme::take(fields)?,
                    host: fields.field()?.bytes,
                    port: u16::take(fields)?,
                    path: fields.next().map_or(&[], |field| field.bytes),
                    reconnect: <Option<bool> as Value>::take(fields)?.unwrap_or(false),
                }))
            })
        })
    }

    pub(super) fn words(line: &[u8]) -> Option<Self> {
        match line {
            _ if is(line, "ALREADY SUBSCRIBE") => Some(Self::AlreadySubscribed),
            _ if is(line, "NO UNSUBSCRIBE") => Some(Self::NotSubscribed),
            _ => None,
        }
    }
}

/// About WebSocket connections. Data are counted: [`Payload::WebSocket`](super::counted::Payload::WebSocket).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WebSocketUrc {
    /// `+WS_CONNECTED:...`: a connection is open.
    Connected {
        /// Its number.
        link: u8,
    },
    /// `+WS_DISCONNECTED:...`: a connection was lost.
    Disconnected {
        /// Its number.
        link: u8,
    },
    /// `+WS_CLOSED:...`: a connection has been closed.
    Closed {
        /// Its number.
        link: u8,
    },
}

impl WebSocketUrc {
    pub(super) fn named(line: &[u8]) -> Option<Self> {
        let link = |name| read(line, name, u8::take);
        link("+WS_CONNECTED")
            .map(|link| Self::Connected { link })
            .or_else(|| link("+WS_DISCONNECTED").map(|link| Self::Disconnected { link }))
            .or_else(|| link("+WS_CLOSED").map(|link| Self::Closed { link }))
    }
}
