//! One connection to a broker: MQTT 3.1.1 over a byte stream or a WebSocket.

use super::channel::{Channel, Heard};
use crate::net::{Network, SocketId};
use crate::stream::Stream;
use core::time::Duration;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{Event, TimerKind};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, Packet, Qos, SubEntry, SubOpts, v3_1_1};
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use tungstenite::Message;

/// The state of the protocol, which outlives a connection if the session is not a clean one.
pub(crate) type Protocol = Connection<role::Client>;

/// The protocol before the first connection.
pub(crate) fn protocol() -> Protocol {
    let mut protocol = Protocol::new(Version::V3_1_1);
    protocol.set_auto_pub_response(true);
    protocol
}

pub(crate) enum Transport {
    Plain(Stream),
    WebSocket(Channel),
}

impl Transport {
    pub(crate) const fn socket(&self) -> SocketId {
        match self {
            Self::Plain(stream) => stream.socket,
            Self::WebSocket(channel) => channel.socket(),
        }
    }

    fn exchange(&mut self, now: Duration, network: &mut dyn Network) -> bool {
        match self {
            Self::Plain(stream) => stream.exchange(now, network),
            Self::WebSocket(channel) => channel.exchange(now, network),
        }
    }

    fn send(&mut self, bytes: Vec<u8>) -> Result<(), ()> {
        match self {
            Self::Plain(stream) => stream.write_all(&bytes).map_err(|_| ()),
            Self::WebSocket(channel) => channel.send(Message::Binary(bytes.into())),
        }
    }

    /// What has come in, empty for nothing. An error at the end of the connection.
    fn receive(&mut self) -> Result<Vec<u8>, ()> {
        match self {
            Self::Plain(stream) => {
                let mut chunk = [0; 4096];
                match stream.read(&mut chunk) {
                    Ok(0) => Err(()),
                    Ok(count) => Ok(chunk[..count].to_vec()),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Vec::new()),
                    Err(_) => Err(()),
                }
            }
            Self::WebSocket(channel) => match channel.hear() {
                Heard::Data(data) => Ok(data),
                Heard::Nothing | Heard::Pong => Ok(Vec::new()),
                Heard::Closing | Heard::Closed | Heard::Lost => Err(()),
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The WebSocket below is not open yet.
    Shaking,
    /// CONNECT is out.
    Connecting,
    Online,
}

/// What the broker has said.
#[derive(Debug)]
pub(crate) enum Said {
    Accepted {
        session_present: bool,
    },
    Refused,
    Message {
        topic: String,
        payload: Vec<u8>,
        /// Bytes of the packet in front of the payload.
        head: usize,
    },
    /// A message of the module arrived, as its quality of service demands.
    Published(u16),
    Subscribed {
        id: u16,
        granted: bool,
    },
    Unsubscribed(u16),
    Gone,
}

pub(crate) struct Session {
    protocol: Protocol,
    transport: Transport,
    pub(crate) phase: Phase,
    ping_at: Option<Duration>,
    pong_at: Option<Duration>,
    said: VecDeque<Said>,
    gone: bool,
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session").field("phase", &self.phase).finish_non_exhaustive()
    }
}

/// The quality of service with this number; at most 2.
pub(crate) const fn quality(number: i64) -> Qos {
    match number {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        _ => Qos::ExactlyOnce,
    }
}

impl Session {
    pub(crate) const fn new(protocol: Protocol, transport: Transport) -> Self {
        let phase = match transport {
            Transport::Plain(_) => Phase::Connecting,
            Transport::WebSocket(_) => Phase::Shaking,
        };
        Self { protocol, transport, phase, ping_at: None, pong_at: None, said: VecDeque::new(), gone: false }
    }

    /// The protocol's state after the end of the connection, and the socket to close.
    pub(crate) fn end(self) -> (Protocol, SocketId) {
        // The old state may hold half a packet; only what a kept session needs goes on.
        let mut next = protocol();
        next.restore_qos2_publish_handled(self.protocol.get_qos2_publish_handled());
        next.restore_packets(self.protocol.get_stored_packets());
        (next, self.transport.socket())
    }

    /// Sends CONNECT.
    pub(crate) fn connect(&mut self, now: Duration, packet: v3_1_1::Connect, keep_alive: u64) {
        self.phase = Phase::Connecting;
        let millis = keep_alive.saturating_mul(500);
        // A ping at half of the keep-alive time, and as long again for its answer, as esp-mqtt does.
        let _ = self.protocol.set_pingreq_send_interval(Some(millis));
        self.protocol.set_pingresp_recv_timeout(millis);
        let events = self.protocol.checked_send(packet);
        self.act(now, events);
    }

    /// The connection counts as gone.
    pub(crate) const fn give_up(&mut self) {
        self.gone = true;
    }

    pub(crate) fn disconnect(&mut self, now: Duration) {
        if let Ok(packet) = v3_1_1::Disconnect::builder().build() {
            let events = self.protocol.checked_send(packet);
            self.act(now, events);
        }
    }

    /// Publishes a message. Gives the number under which its arrival will be told; `None` for one that is done.
    pub(crate) fn publish(
        &mut self,
        now: Duration,
        topic: &str,
        payload: &[u8],
        qos: i64,
        retain: bool,
    ) -> Result<Option<u16>, ()> {
        let mut builder = v3_1_1::Publish::builder().topic_name(topic).map_err(|_| ())?;
        builder = builder.qos(quality(qos)).retain(retain).payload(payload);
        let id = if qos == 0 { None } else { Some(self.protocol.acquire_packet_id().map_err(|_| ())?) };
        if let Some(id) = id {
            builder = builder.packet_id(id);
        }
        let packet = builder.build().map_err(|_| ())?;
        let events = self.protocol.checked_send(packet);
        self.act(now, events);
        if self.gone { Err(()) } else { Ok(id) }
    }

    /// Asks for messages with this topic; gives the number of the answer.
    pub(crate) fn subscribe(&mut self, now: Duration, topic: &str, qos: i64) -> Result<u16, ()> {
        let entry = SubEntry::new(topic, SubOpts::new().set_qos(quality(qos))).map_err(|_| ())?;
        let id = self.protocol.acquire_packet_id().map_err(|_| ())?;
        let packet = v3_1_1::Subscribe::builder().packet_id(id).entries(vec![entry]).build().map_err(|_| ())?;
        let events = self.protocol.checked_send(packet);
        self.act(now, events);
        if self.gone { Err(()) } else { Ok(id) }
    }

    pub(crate) fn unsubscribe(&mut self, now: Duration, topic: &str) -> Result<u16, ()> {
        let id = self.protocol.acquire_packet_id().map_err(|_| ())?;
        let builder = v3_1_1::Unsubscribe::builder().packet_id(id).entries(vec![topic]).map_err(|_| ())?;
        let packet = builder.build().map_err(|_| ())?;
        let events = self.protocol.checked_send(packet);
        self.act(now, events);
        if self.gone { Err(()) } else { Ok(id) }
    }

    pub(crate) fn next_wake(&self) -> Option<Duration> {
        [self.ping_at, self.pong_at].into_iter().flatten().min()
    }

    /// Sends what waits, and takes what has come in if there is room for it; `true` if something moved.
    pub(crate) fn pump(&mut self, now: Duration, network: &mut dyn Network, may_receive: bool) -> bool {
        for (kind, due) in [(TimerKind::PingreqSend, self.ping_at), (TimerKind::PingrespRecv, self.pong_at)] {
            if due.is_some_and(|at| at <= now) {
                match kind {
                    TimerKind::PingreqSend => self.ping_at = None,
                    _ => self.pong_at = None,
                }
                let events = self.protocol.notify_timer_fired(kind);
                self.act(now, events);
            }
        }
        let mut moved = self.transport.exchange(now, network);
        if self.phase == Phase::Shaking
            && let Transport::WebSocket(channel) = &mut self.transport
        {
            channel.shake();
            self.gone |= channel.has_failed();
            moved |= channel.is_open() || self.gone;
        } else if may_receive {
            moved |= self.receive(now);
        }
        // Answers to what came in.
        moved |= self.transport.exchange(now, network);
        moved
    }

    /// Whether the WebSocket below has just opened, so that CONNECT is due.
    pub(crate) const fn wants_connect(&self) -> bool {
        matches!((&self.transport, self.phase), (Transport::WebSocket(channel), Phase::Shaking) if channel.is_open())
    }

    fn receive(&mut self, now: Duration) -> bool {
        if self.gone {
            return false;
        }
        let Ok(bytes) = self.transport.receive() else {
            self.gone = true;
            return true;
        };
        let mut cursor = Cursor::new(&bytes[..]);
        while cursor.position() < bytes.len() as u64 && !self.gone {
            let events = self.protocol.recv(&mut cursor);
            self.act(now, events);
        }
        !bytes.is_empty()
    }

    pub(crate) fn next_said(&mut self) -> Option<Said> {
        self.said.pop_front().or_else(|| self.gone.then_some(Said::Gone))
    }

    fn act(&mut self, now: Duration, events: Vec<Event>) {
        for event in events {
            match event {
                Event::RequestSendPacket { packet, .. } => {
                    self.gone |= self.transport.send(packet.to_continuous_buffer()).is_err();
                }
                Event::NotifyPacketReceived(packet) => self.heard(&packet),
                Event::RequestTimerReset { kind, duration_ms } => {
                    let at = Some(now + Duration::from_millis(duration_ms));
                    match kind {
                        TimerKind::PingreqSend => self.ping_at = at,
                        TimerKind::PingrespRecv => self.pong_at = at,
                        TimerKind::PingreqRecv => {}
                    }
                }
                Event::RequestTimerCancel(TimerKind::PingreqSend) => self.ping_at = None,
                Event::RequestTimerCancel(TimerKind::PingrespRecv) => self.pong_at = None,
                Event::RequestClose => self.gone = true,
                _ => {}
            }
        }
    }

    fn heard(&mut self, packet: &Packet) {
        let said = match packet {
            Packet::V3_1_1Connack(packet) if packet.return_code().is_success() => {
                self.phase = Phase::Online;
                Said::Accepted { session_present: packet.session_present() }
            }
            Packet::V3_1_1Connack(_) => Said::Refused,
            Packet::V3_1_1Publish(packet) => Said::Message {
                topic: packet.topic_name().to_owned(),
                payload: packet.payload().as_slice().to_vec(),
                head: packet.size().saturating_sub(packet.payload().len()),
            },
            Packet::V3_1_1Puback(packet) => Said::Published(packet.packet_id()),
            Packet::V3_1_1Pubcomp(packet) => Said::Published(packet.packet_id()),
            Packet::V3_1_1Suback(packet) => {
                let granted = packet.return_codes().iter().all(|code| code.is_success());
                Said::Subscribed { id: packet.packet_id(), granted }
            }
            Packet::V3_1_1Unsuback(packet) => Said::Unsubscribed(packet.packet_id()),
            _ => return,
        };
        self.said.push_back(said);
    }
}
