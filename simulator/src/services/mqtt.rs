//! The MQTT client of the module: its configuration, the connection and what it reports (ESP-AT 3.6).

use super::channel::{self, Channel};
use super::mqtt_session::{Phase, Protocol, Said, Session, Transport, protocol, quality};
use crate::engine::{Job, Running};
use crate::fault::Fault;
use crate::request::Failure;
use crate::script::Point;
use crate::simulator::Simulator;
use crate::stream::{Dial, Dialed};
use crate::tls::ClientSettings;
use core::time::Duration;
use mqtt_protocol_core::mqtt::packet::v3_1_1;

/// A command gives up after so long.
pub(crate) const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Between the end of a connection and the next attempt.
const RECONNECT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: i64 = 120;

/// The codes of ESP-AT 3.6.15 that have no parameter to name.
pub(crate) mod codes {
    pub(crate) const NOT_CONFIGURED: u32 = 0x6001;
    pub(crate) const NOT_IN_CONFIGURED_STATE: u32 = 0x6002;
    pub(crate) const ALREADY_CLEAN: u32 = 0x6003;
    pub(crate) const ALREADY_CONNECTED: u32 = 0x6004;
    pub(crate) const COUNT: u32 = 0x6008;
    pub(crate) const START_FAILED: u32 = 0x600b;
    pub(crate) const PUBLISH_FAILED: u32 = 0x600c;
    pub(crate) const SUBSCRIBE_FAILED: u32 = 0x600d;
    pub(crate) const UNSUBSCRIBE_FAILED: u32 = 0x600e;
    pub(crate) const DISCONNECTED: u32 = 0x6051;
}

/// `AT+MQTTUSERCFG` and its long relatives.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) scheme: i64,
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) password: Vec<u8>,
    pub(crate) path: String,
}

impl User {
    const fn over_web_socket(&self) -> bool {
        self.scheme > 5
    }

    /// `None` without TLS, else which certificates are in use, by bit.
    const fn authentication(&self) -> Option<i64> {
        match self.scheme {
            2 | 7 => Some(0),
            3 | 8 => Some(2),
            4 | 9 => Some(1),
            5 | 10 => Some(3),
            _ => None,
        }
    }
}

/// `AT+MQTTCONNCFG`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) keep_alive: i64,
    pub(crate) keeps_session: bool,
    pub(crate) will_topic: String,
    pub(crate) will_message: Vec<u8>,
    pub(crate) will_qos: i64,
    pub(crate) will_retain: bool,
}

impl Terms {
    fn seconds(&self) -> u16 {
        let seconds = if self.keep_alive == 0 { KEEP_ALIVE } else { self.keep_alive };
        u16::try_from(seconds).unwrap_or(u16::MAX)
    }
}

/// `AT+MQTTCONN`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broker {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) reconnect: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) topic: String,
    pub(crate) qos: i64,
}

/// A command that waits for the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Connect,
    /// With the number of the message; `raw` ends with a line of its own.
    Publish {
        id: u16,
        raw: bool,
    },
    Subscribe {
        id: u16,
        subscription: Subscription,
    },
    Unsubscribe {
        id: u16,
        topic: String,
    },
}

#[derive(Debug, Default)]
enum Link {
    #[default]
    Off,
    Dialing(Dial),
    /// With the time by which the broker has to accept.
    Open(Box<Session>, Option<Duration>),
    /// The next attempt is made then.
    Retry(Duration),
}

#[derive(Default)]
pub(crate) struct Mqtt {
    /// 0: nothing, 1: `AT+MQTTUSERCFG`, 2: `AT+MQTTCONNCFG` was done.
    pub(crate) configured: u8,
    pub(crate) user: User,
    pub(crate) terms: Terms,
    pub(crate) protocols: Vec<Vec<u8>>,
    pub(crate) server_name: Option<String>,
    pub(crate) broker: Broker,
    pub(crate) subscriptions: Vec<Subscription>,
    /// There was a connection, and it is gone.
    lost: bool,
    /// There was a subscription on this connection.
    subscribed: bool,
    link: Link,
    protocol: Option<Protocol>,
}

impl core::fmt::Debug for Mqtt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Mqtt").field("link", &self.link).finish_non_exhaustive()
    }
}

impl Mqtt {
    pub(crate) fn is_online(&self) -> bool {
        matches!(&self.link, Link::Open(session, _) if session.phase == Phase::Online)
    }

    /// As `AT+MQTTCONN?` numbers it.
    pub(crate) fn state(&self) -> u8 {
        match self.is_online() {
            true if !self.subscriptions.is_empty() => 6,
            true if self.subscribed => 5,
            true => 4,
            false if self.lost => 3,
            false => self.configured,
        }
    }

    /// With the slash that the module puts in front.
    pub(crate) fn path(&self) -> String {
        match self.user.path.as_str() {
            "" => String::new(),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/{path}"),
        }
    }

    /// What follows the link number in `+MQTTCONNECTED` (and the state in `+MQTTCONN`).
    pub(crate) fn description(&self) -> String {
        let Broker { host, port, reconnect } = &self.broker;
        let port = if host.is_empty() { String::new() } else { port.to_string() };
        let path = self.path();
        format!("{},\"{host}\",\"{port}\",\"{path}\",{}", self.user.scheme, u8::from(*reconnect))
    }

    pub(super) fn next_wake(&self, now: Duration) -> Option<Duration> {
        match &self.link {
            Link::Off => None,
            Link::Dialing(dial) => dial.next_wake(now),
            Link::Open(session, deadline) => [session.next_wake(), *deadline].into_iter().flatten().min(),
            Link::Retry(at) => Some(*at),
        }
    }

    fn connect_packet(&self) -> Option<v3_1_1::Connect> {
        let (user, terms) = (&self.user, &self.terms);
        let mut builder = v3_1_1::Connect::builder().client_id(user.client_id.as_str()).ok()?;
        builder = builder.clean_session(!terms.keeps_session).keep_alive(terms.seconds());
        if !user.name.is_empty() {
            builder = builder.user_name(user.name.as_str()).ok()?;
            if !user.password.is_empty() {
                builder = builder.password(user.password.clone()).ok()?;
            }
        }
        if !terms.will_topic.is_empty() {
            let (topic, message) = (terms.will_topic.as_str(), terms.will_message.clone());
            builder = builder.will_message(topic, message, quality(terms.will_qos), terms.will_retain).ok()?;
        }
        builder.build().ok()
    }

    fn security(&self) -> Option<ClientSettings> {
        let authentication = self.user.authentication()?;
        Some(ClientSettings {
            authentication,
            server_name: Some(self.server_name.as_ref().unwrap_or(&self.broker.host).clone()),
            protocols: self.protocols.clone(),
            ..ClientSettings::of("mqtt")
        })
    }
}

impl Simulator {
    /// Starts to connect to the broker.
    pub(crate) fn connect_mqtt(&mut self) {
        let Broker { host, port, .. } = self.services.mqtt.broker.clone();
        let security = self.services.mqtt.security();
        let dial = self.dial(&host, port, security);
        self.services.mqtt.link = Link::Dialing(dial);
    }

    /// Ends the connection without a word to the host.
    pub(super) fn drop_mqtt(&mut self) {
        let now = self.now;
        match core::mem::take(&mut self.services.mqtt.link) {
            Link::Dialing(mut dial) => self.drop_dial(&mut dial),
            Link::Open(session, _) => {
                let (protocol, socket) = session.end();
                self.services.mqtt.protocol = Some(protocol);
                self.network.close(now, socket);
            }
            Link::Off | Link::Retry(_) => {}
        }
    }

    /// `AT+MQTTCLEAN`: says goodbye to the broker and forgets everything.
    pub(crate) fn clean_mqtt(&mut self) {
        let now = self.now;
        if let Link::Open(session, _) = &mut self.services.mqtt.link
            && session.phase == Phase::Online
        {
            session.disconnect(now);
            session.pump(now, self.network.as_mut(), false);
        }
        self.drop_mqtt();
        self.services.mqtt = Mqtt::default();
    }

    /// Does something with the open connection.
    pub(crate) fn with_mqtt<T>(&mut self, act: impl FnOnce(&mut Session, Duration) -> Result<T, ()>) -> Result<T, ()> {
        let now = self.now;
        match &mut self.services.mqtt.link {
            Link::Open(session, _) if session.phase == Phase::Online => act(session, now),
            _ => Err(()),
        }
    }

    pub(super) fn pump_mqtt(&mut self) -> bool {
        let now = self.now;
        match core::mem::take(&mut self.services.mqtt.link) {
            Link::Off => false,
            Link::Retry(at) if at > now => {
                self.services.mqtt.link = Link::Retry(at);
                false
            }
            Link::Retry(_) if !self.has_network() => {
                self.services.mqtt.link = Link::Retry(now + RECONNECT);
                false
            }
            Link::Retry(_) => {
                self.connect_mqtt();
                true
            }
            Link::Dialing(mut dial) => match self.advance_dial(&mut dial) {
                Dialed::Pending => {
                    self.services.mqtt.link = Link::Dialing(dial);
                    false
                }
                Dialed::Failed => {
                    self.end_mqtt();
                    true
                }
                Dialed::Open(stream) => {
                    let transport = self.mqtt_transport(stream);
                    let protocol = self.services.mqtt.protocol.take().unwrap_or_else(protocol);
                    let mut session = Session::new(protocol, transport);
                    if session.phase == Phase::Connecting {
                        self.send_connect(&mut session);
                    }
                    self.services.mqtt.link = Link::Open(Box::new(session), Some(now + COMMAND_TIMEOUT));
                    true
                }
            },
            Link::Open(session, deadline) => self.pump_session(session, deadline),
        }
    }

    fn mqtt_transport(&self, stream: crate::stream::Stream) -> Transport {
        let mqtt = &self.services.mqtt;
        if !mqtt.user.over_web_socket() {
            return Transport::Plain(stream);
        }
        let secure = if mqtt.user.authentication().is_some() { "s" } else { "" };
        let path = mqtt.path();
        let path = if path.is_empty() { "/" } else { &path };
        let uri = format!("ws{secure}://{}:{}{path}", mqtt.broker.host, mqtt.broker.port);
        match channel::request(&uri, Some("mqtt"), &[]) {
            Some(request) => Transport::WebSocket(Channel::start(request, stream)),
            None => Transport::WebSocket(Channel::failed(&stream)),
        }
    }

    fn send_connect(&self, session: &mut Session) {
        let seconds = u64::from(self.services.mqtt.terms.seconds());
        match self.services.mqtt.connect_packet() {
            Some(packet) => session.connect(self.now, packet, seconds),
            None => session.give_up(),
        }
    }

    fn pump_session(&mut self, mut session: Box<Session>, mut deadline: Option<Duration>) -> bool {
        let now = self.now;
        if !self.has_network() || deadline.is_some_and(|at| at <= now) {
            session.give_up();
        }
        let may_receive = self.has_room_for_messages();
        let mut moved = session.pump(now, self.network.as_mut(), may_receive);
        if session.wants_connect() {
            self.send_connect(&mut session);
            moved = true;
        }
        let mut ended = false;
        while let Some(said) = session.next_said() {
            moved = true;
            match said {
                Said::Accepted { session_present } => {
                    deadline = None;
                    self.resubscribe(&mut session, session_present);
                    self.tell_connected();
                }
                Said::Message { topic, payload, head } => self.report_message(&topic, &payload, head),
                Said::Refused | Said::Gone => {
                    ended = true;
                    break;
                }
                said => self.answer_mqtt(&said),
            }
        }
        let was_online = session.phase == Phase::Online;
        self.services.mqtt.link = Link::Open(session, deadline);
        if ended {
            self.drop_mqtt();
            if was_online {
                self.services.mqtt.lost = true;
                self.say_service_state("+MQTTDISCONNECTED:0");
            }
            self.end_mqtt();
        }
        moved
    }

    fn tell_connected(&mut self) {
        self.services.mqtt.lost = false;
        let line = format!("+MQTTCONNECTED:0,{}", self.services.mqtt.description());
        self.say_service_state(&line);
        if self.mqtt_pending() == Some(&Pending::Connect) {
            self.finish_ok();
        }
    }

    /// After a reconnection: the broker has forgotten what the module still lists.
    fn resubscribe(&self, session: &mut Session, session_present: bool) {
        if !session_present {
            for Subscription { topic, qos } in &self.services.mqtt.subscriptions {
                let _ = session.subscribe(self.now, topic, *qos);
            }
        }
    }

    /// No connection came up, or it is gone: what waits for it fails, and the next attempt is planned.
    fn end_mqtt(&mut self) {
        let again = self.services.mqtt.lost && self.services.mqtt.broker.reconnect;
        self.services.mqtt.link = if again { Link::Retry(self.now + RECONNECT) } else { Link::Off };
        if let Some(pending) = self.mqtt_pending().cloned() {
            self.fail_mqtt(&pending);
        }
    }

    /// The running command has failed.
    pub(super) fn fail_mqtt(&mut self, pending: &Pending) {
        let code = match pending {
            Pending::Connect => {
                self.drop_mqtt();
                codes::START_FAILED
            }
            Pending::Publish { raw: true, .. } => return self.finish_with("+MQTTPUB:FAIL\r\n"),
            Pending::Publish { .. } => codes::PUBLISH_FAILED,
            Pending::Subscribe { .. } => codes::SUBSCRIBE_FAILED,
            Pending::Unsubscribe { .. } => codes::UNSUBSCRIBE_FAILED,
        };
        self.finish_error(Failure::numbered(code));
    }

    /// Ends the command that an answer of the broker belongs to.
    fn answer_mqtt(&mut self, said: &Said) {
        let Some(pending) = self.mqtt_pending().cloned() else {
            return;
        };
        match (said, pending) {
            (Said::Published(done), Pending::Publish { id, raw }) if *done == id => self.finish_publish(raw),
            (Said::Subscribed { id: done, granted }, Pending::Subscribe { id, subscription }) if *done == id => {
                if *granted {
                    self.services.mqtt.subscribed = true;
                    self.services.mqtt.subscriptions.push(subscription);
                    self.finish_ok();
                } else {
                    self.finish_error(Failure::numbered(codes::SUBSCRIBE_FAILED));
                }
            }
            (Said::Unsubscribed(done), Pending::Unsubscribe { id, topic }) if *done == id => {
                self.services.mqtt.subscriptions.retain(|known| known.topic != topic);
                self.finish_ok();
            }
            _ => {}
        }
    }

    pub(crate) fn finish_publish(&mut self, raw: bool) {
        if raw {
            self.finish_with("+MQTTPUB:OK\r\n");
        } else {
            self.finish_ok();
        }
    }

    /// A message that is longer than the client's buffer comes in pieces, each like a message of its own: the first one
    /// shares the buffer with the packet's head.
    fn report_message(&mut self, topic: &str, payload: &[u8], head: usize) {
        let buffer = self.variant.mqtt_buffer.max(1);
        let mut room = buffer.saturating_sub(head).max(1);
        let cut = payload.len() > 1 && self.fault(Fault::MessageHeadCut);
        if cut || payload.len() > 1 && self.fault(Fault::MessageInPieces) {
            room = room.min(payload.len() / 2);
        }
        let mut rest = payload;
        loop {
            let (piece, tail) = rest.split_at(rest.len().min(room));
            let mut text = format!("+MQTTSUBRECV:0,\"{topic}\",{},", piece.len()).into_bytes();
            if cut && rest.len() < payload.len() {
                // From the last bytes of the topic on.
                text.drain(..text.len().min(16 + topic.len().saturating_sub(3)));
            }
            let begin = text.len();
            text.extend(piece);
            text.extend(b"\r\n");
            self.say_message(Point::Message, text, begin);
            rest = tail;
            room = buffer;
            if rest.is_empty() {
                break;
            }
        }
    }

    /// Waits for the broker's answer to a command.
    pub(crate) fn wait_for_mqtt(&mut self, pending: Pending) -> crate::command::Reply {
        // The connect has time limits of its own.
        let at = (pending != Pending::Connect).then_some(self.now + COMMAND_TIMEOUT);
        self.running = Some(Running { job: Job::Service(super::Waiting::Mqtt(pending)), at });
        crate::command::Reply::Pending
    }
}
