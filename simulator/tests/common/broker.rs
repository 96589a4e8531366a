//! An MQTT broker in memory, written by hand so that it shares no code with the module's client.
#![allow(dead_code, unreachable_pub)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use wifi_at_simulator::{MemoryNetwork, Peer, PeerSocket, SocketId};

/// A CONNECT as the broker got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    pub client_id: String,
    pub user: Option<String>,
    pub password: Option<Vec<u8>>,
    pub keep_alive: u16,
    pub clean: bool,
    pub will: Option<Message>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
}

#[derive(Default)]
pub struct State {
    pub connects: Vec<Connect>,
    pub published: Vec<Message>,
    pub retained: BTreeMap<String, Message>,
    pub subscriptions: Vec<(SocketId, String, u8)>,
    pub pings: usize,
    pub goodbyes: usize,
    /// The return code of CONNACK.
    pub refuse: u8,
    /// CONNACK says that the session goes on.
    pub session_present: bool,
    /// Subscriptions are refused.
    pub no_subscriptions: bool,
    /// PUBLISH, SUBSCRIBE and PINGREQ get no answer.
    pub deaf: bool,
    next: u16,
    /// What stands between the broker and the bytes of a connection.
    layers: BTreeMap<SocketId, Shared>,
}

/// TLS, WebSocket or nothing on a connection, seen from the server.
pub trait Layer {
    /// What the client says in these bytes, and bytes that the layer itself answers.
    fn incoming(&mut self, data: &[u8]) -> (Vec<u8>, Vec<u8>);
    /// The bytes for what the server says.
    fn outgoing(&mut self, data: &[u8]) -> Vec<u8>;
}

/// The bytes as they are.
pub struct Plain;

impl Layer for Plain {
    fn incoming(&mut self, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        (data.to_vec(), Vec::new())
    }

    fn outgoing(&mut self, data: &[u8]) -> Vec<u8> {
        data.to_vec()
    }
}

pub type Shared = Rc<RefCell<dyn Layer>>;

/// A handle; a clone is the same broker.
#[derive(Clone)]
pub struct Broker {
    pub state: Rc<RefCell<State>>,
    network: MemoryNetwork,
}

struct Client {
    broker: Broker,
    id: Option<SocketId>,
    layer: Shared,
    buffer: Vec<u8>,
    will: Option<Message>,
    /// Messages with quality of service 2 that wait for PUBREL.
    held: BTreeMap<u16, Message>,
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![head];
    let mut left = body.len();
    loop {
        let byte = u8::try_from(left % 128).unwrap();
        left /= 128;
        packet.push(byte | if left > 0 { 0x80 } else { 0 });
        if left == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// Takes one packet from the front: its first byte and its body.
fn take(buffer: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let head = *buffer.first()?;
    let (mut length, mut shift, mut at) = (0_usize, 0, 1);
    loop {
        let byte = *buffer.get(at)?;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    if buffer.len() < at + length {
        return None;
    }
    let body = buffer[at..at + length].to_vec();
    buffer.drain(..at + length);
    Some((head, body))
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self) -> u16 {
        let (number, rest) = self.0.split_first_chunk::<2>().unwrap();
        self.0 = rest;
        u16::from_be_bytes(*number)
    }

    fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap();
        self.0 = rest;
        *byte
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.number());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes.to_vec()
    }

    fn text(&mut self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (part, Some(level)) if part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

impl Broker {
    pub fn new(network: &MemoryNetwork) -> Self {
        Self { state: Rc::default(), network: network.clone() }
    }

    /// A broker at this address.
    pub fn serve(network: &MemoryNetwork, address: SocketAddr) -> Self {
        let broker = Self::new(network);
        let server = broker.clone();
        network.serve(address, move || server.client());
        broker
    }

    pub fn client(&self) -> impl Peer + 'static + use<> {
        self.client_on(Rc::new(RefCell::new(Plain)))
    }

    pub fn client_on(&self, layer: Shared) -> impl Peer + 'static + use<> {
        Client { broker: self.clone(), id: None, layer, buffer: Vec::new(), will: None, held: BTreeMap::new() }
    }

    /// The bytes of PUBLISH for each subscriber.
    fn deliveries(&self, message: &Message, retained: bool) -> Vec<(SocketId, Vec<u8>)> {
        let mut state = self.state.borrow_mut();
        let wanted: Vec<(SocketId, u8)> = state
            .subscriptions
            .iter()
            .filter(|(_, filter, _)| matches(filter, &message.topic))
            .map(|(id, _, qos)| (*id, (*qos).min(message.qos)))
            .collect();
        let mut all = Vec::new();
        for (id, qos) in wanted {
            let mut body = string(message.topic.as_bytes());
            if qos > 0 {
                state.next += 1;
                body.extend(state.next.to_be_bytes());
            }
            body.extend(&message.payload);
            all.push((id, packet(0x30 | (qos << 1) | u8::from(retained), &body)));
        }
        all
    }

    /// Another client publishes this.
    pub fn publish(&self, topic: &str, payload: &[u8], qos: u8) {
        self.spread(Message { topic: topic.into(), payload: payload.into(), qos, retain: false });
    }

    fn push(&self, id: SocketId, bytes: &[u8]) {
        let layer = self.state.borrow().layers[&id].clone();
        let bytes = layer.borrow_mut().outgoing(bytes);
        self.network.push(id, &bytes);
    }

    fn spread(&self, message: Message) {
        for (id, bytes) in self.deliveries(&message, false) {
            self.push(id, &bytes);
        }
        let mut state = self.state.borrow_mut();
        if message.retain {
            state.retained.insert(message.topic.clone(), message.clone());
        }
        state.published.push(message);
    }
}

impl Client {
    /// Whether the connection ends with that.
    fn answer(&mut self, id: SocketId, out: &mut Vec<u8>, head: u8, body: &[u8]) -> bool {
        let mut fields = Fields(body);
        match head >> 4 {
            1 => {
                assert_eq!((fields.text().as_str(), fields.byte()), ("MQTT", 4));
                let flags = fields.byte();
                let mut connect = Connect { clean: flags & 2 != 0, keep_alive: fields.number(), ..Connect::default() };
                connect.client_id = fields.text();
                if flags & 4 != 0 {
                    let topic = fields.text();
                    let payload = fields.bytes();
                    let qos = (flags >> 3) & 3;
                    connect.will = Some(Message { topic, payload, qos, retain: flags & 0x20 != 0 });
                }
                connect.user = (flags & 0x80 != 0).then(|| fields.text());
                connect.password = (flags & 0x40 != 0).then(|| fields.bytes());
                self.will.clone_from(&connect.will);
                let mut state = self.broker.state.borrow_mut();
                state.connects.push(connect);
                out.extend(packet(0x20, &[u8::from(state.session_present), state.refuse]));
                return state.refuse != 0;
            }
            3 => {
                let topic = fields.text();
                let qos = (head >> 1) & 3;
                let number = if qos > 0 { fields.number() } else { 0 };
                let message = Message { topic, payload: fields.0.to_vec(), qos, retain: head & 1 != 0 };
                let deaf = self.broker.state.borrow().deaf;
                if qos == 2 {
                    self.held.insert(number, message);
                } else {
                    self.spread(id, out, message);
                }
                match qos {
                    1 if !deaf => out.extend(packet(0x40, &number.to_be_bytes())),
                    2 if !deaf => out.extend(packet(0x50, &number.to_be_bytes())),
                    _ => {}
                }
            }
            5 => out.extend(packet(0x62, body)),
            6 => {
                let message = self.held.remove(&fields.number()).unwrap();
                self.spread(id, out, message);
                out.extend(packet(0x70, body));
            }
            8 => {
                assert_eq!(head, 0x82);
                let number = fields.number();
                let topic = fields.text();
                let qos = fields.byte();
                let mut state = self.broker.state.borrow_mut();
                if state.deaf {
                    return false;
                }
                if state.no_subscriptions {
                    out.extend(packet(0x90, &[&number.to_be_bytes()[..], &[0x80]].concat()));
                    return false;
                }
                state.subscriptions.push((id, topic.clone(), qos));
                out.extend(packet(0x90, &[&number.to_be_bytes()[..], &[qos]].concat()));
                let retained: Vec<Message> =
                    state.retained.values().filter(|message| matches(&topic, &message.topic)).cloned().collect();
                drop(state);
                for message in retained {
                    let mine = self.broker.deliveries(&message, true).into_iter().filter(|(to, _)| *to == id);
                    out.extend(mine.flat_map(|(_, bytes)| bytes));
                }
            }
            10 => {
                let number = fields.number();
                let topic = fields.text();
                self.broker.state.borrow_mut().subscriptions.retain(|(_, known, _)| *known != topic);
                out.extend(packet(0xb0, &number.to_be_bytes()));
            }
            12 => {
                let mut state = self.broker.state.borrow_mut();
                state.pings += 1;
                if !state.deaf {
                    out.extend(packet(0xd0, &[]));
                }
            }
            14 => {
                self.will = None;
                self.broker.state.borrow_mut().goodbyes += 1;
            }
            // PUBACK, PUBCOMP
            4 | 7 => {}
            _ => panic!("packet {head:x}"),
        }
        false
    }

    /// To all subscribers; to the sender itself before its acknowledgement.
    fn spread(&self, own: SocketId, out: &mut Vec<u8>, message: Message) {
        for (id, bytes) in self.broker.deliveries(&message, false) {
            if id == own {
                out.extend(bytes);
            } else {
                self.broker.push(id, &bytes);
            }
        }
        let mut state = self.broker.state.borrow_mut();
        if message.retain {
            state.retained.insert(message.topic.clone(), message.clone());
        }
        state.published.push(message);
    }
}

impl Peer for Client {
    fn on_connect(&mut self, socket: &mut PeerSocket) {
        self.id = Some(socket.id());
        self.broker.state.borrow_mut().layers.insert(socket.id(), self.layer.clone());
    }

    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        let (plain, own) = self.layer.borrow_mut().incoming(data);
        socket.send(&own);
        self.buffer.extend(plain);
        let mut out = Vec::new();
        let mut ends = false;
        while let Some((head, body)) = take(&mut self.buffer) {
            ends |= self.answer(socket.id(), &mut out, head, &body);
        }
        if !out.is_empty() {
            socket.send(&self.layer.borrow_mut().outgoing(&out));
        }
        if ends {
            socket.close();
        }
    }

    fn on_close(&mut self) {
        let gone = self.id;
        self.broker.state.borrow_mut().subscriptions.retain(|(id, _, _)| Some(*id) != gone);
        if let Some(will) = self.will.take() {
            self.broker.spread(will);
        }
    }
}
