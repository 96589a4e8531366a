//! The WebSocket client of the module (ESP-AT 3.9).

use super::Waiting;
use super::channel::{self, Channel, Heard};
use crate::command::Reply;
use crate::engine::{Job, Running};
use crate::request::Code;
use crate::script::Point;
use crate::simulator::Simulator;
use crate::stream::{Dial, Dialed};
use crate::tls::ClientSettings;
use core::time::Duration;
use tungstenite::Message;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

pub(crate) const LINKS: usize = 3;
/// Between the loss of a connection and the next attempt.
const RECONNECT: Duration = Duration::from_secs(10);
/// For the peer's answer to a close frame.
const CLOSE: Duration = Duration::from_secs(10);

/// `AT+WSCFG`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(crate) ping: u64,
    pub(crate) timeout: u64,
    pub(crate) buffer: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { ping: 10, timeout: 120, buffer: 1024 }
    }
}

/// `AT+WSOPEN`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) uri: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) subprotocol: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) timeout: Duration,
}

/// A command that waits for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Open(usize),
    Send(usize),
    Close(usize),
}

#[derive(Debug)]
enum Phase {
    Dialing(Dial),
    Open(Box<Channel>),
    /// The own close frame is out until then.
    Closing(Box<Channel>, Duration),
    /// The connection is lost; the next attempt is made then.
    Retry(Duration),
}

#[derive(Debug)]
pub(crate) struct Link {
    target: Target,
    config: Config,
    phase: Option<Phase>,
    /// The handshake has to be done by then.
    deadline: Option<Duration>,
    ping_at: Option<Duration>,
    pong_by: Option<Duration>,
    /// It was open once.
    established: bool,
}

impl Link {
    /// As `AT+WSOPEN?` numbers it.
    pub(crate) fn state(&self) -> u8 {
        match &self.phase {
            Some(Phase::Open(channel)) if channel.is_open() => 2,
            Some(Phase::Dialing(_) | Phase::Open(_)) => 1,
            Some(Phase::Closing(..)) => 4,
            Some(Phase::Retry(_)) => 3,
            None => 0,
        }
    }

    pub(crate) fn uri(&self) -> &str {
        &self.target.uri
    }

    pub(crate) const fn buffer(&self) -> usize {
        self.config.buffer
    }

    fn next_wake(&self, now: Duration) -> Option<Duration> {
        let phase = match &self.phase {
            Some(Phase::Dialing(dial)) => dial.next_wake(now),
            Some(Phase::Closing(_, at) | Phase::Retry(at)) => Some(*at),
            _ => None,
        };
        [phase, self.deadline, self.ping_at, self.pong_by].into_iter().flatten().min()
    }
}

#[derive(Debug, Default)]
pub(crate) struct WebSockets {
    pub(crate) configs: [Config; LINKS],
    pub(crate) headers: Vec<String>,
    pub(crate) links: [Option<Link>; LINKS],
}

impl WebSockets {
    pub(super) fn next_wake(&self, now: Duration) -> Option<Duration> {
        self.links.iter().flatten().filter_map(|link| link.next_wake(now)).min()
    }
}

/// A frame with this opcode, or the message that means the same.
fn frame(opcode: u8, data: Vec<u8>) -> Message {
    let code = match opcode {
        0 => OpCode::Data(Data::Continue),
        1 => OpCode::Data(Data::Text),
        2 => OpCode::Data(Data::Binary),
        3..=7 => OpCode::Data(Data::Reserved(opcode)),
        8 => {
            let close = data.split_first_chunk::<2>().map(|(code, reason)| CloseFrame {
                code: CloseCode::from(u16::from_be_bytes(*code)),
                reason: String::from_utf8_lossy(reason).into_owned().into(),
            });
            return Message::Close(close);
        }
        9 => return Message::Ping(data.into()),
        10 => return Message::Pong(data.into()),
        _ => OpCode::Control(Control::Reserved(opcode)),
    };
    Message::Frame(Frame::message(data, code, true))
}

impl Simulator {
    fn web_socket_pending(&self) -> Option<Pending> {
        match self.running_job() {
            Some(Job::Service(Waiting::WebSocket(pending))) => Some(*pending),
            _ => None,
        }
    }

    pub(super) fn drop_web_sockets(&mut self) {
        for id in 0..LINKS {
            self.drop_web_socket(id);
        }
    }

    /// Takes a link away without a word to the host.
    fn drop_web_socket(&mut self, id: usize) {
        let link = self.services.web_sockets.links.get_mut(id).and_then(Option::take);
        if let Some(phase) = link.and_then(|link| link.phase) {
            self.drop_phase(phase);
        }
    }

    fn drop_phase(&mut self, phase: Phase) {
        let now = self.now;
        match phase {
            Phase::Dialing(mut dial) => self.drop_dial(&mut dial),
            Phase::Open(channel) | Phase::Closing(channel, _) => self.network.close(now, channel.socket()),
            Phase::Retry(_) => {}
        }
    }

    fn wait_for_web_socket(&mut self, pending: Pending, at: Option<Duration>) -> Reply {
        self.running = Some(Running { job: Job::Service(Waiting::WebSocket(pending)), at });
        Reply::Pending
    }

    pub(crate) fn open_web_socket(&mut self, id: usize, target: Target) -> Reply {
        let config = self.services.web_sockets.configs.get(id).copied().unwrap_or_default();
        let deadline = Some(self.now + target.timeout);
        let mut link = Link { target, config, phase: None, deadline, ping_at: None, pong_by: None, established: false };
        self.dial_web_socket(&mut link);
        if let Some(slot) = self.services.web_sockets.links.get_mut(id) {
            *slot = Some(link);
        }
        self.wait_for_web_socket(Pending::Open(id), None)
    }

    fn dial_web_socket(&mut self, link: &mut Link) {
        let Target { host, port, secure, timeout, .. } = link.target.clone();
        let security = secure.then(|| ClientSettings { server_name: Some(host.clone()), ..ClientSettings::of("wss") });
        link.phase = Some(Phase::Dialing(self.dial(&host, port, security)));
        link.deadline = Some(self.now + timeout);
    }

    /// Sends one frame; the command ends when it has left.
    pub(crate) fn send_web_socket(&mut self, id: usize, opcode: u8, data: Vec<u8>, timeout: Duration) {
        let link = self.services.web_sockets.links.get_mut(id).and_then(Option::as_mut);
        let sent = match link.and_then(|link| link.phase.as_mut()) {
            Some(Phase::Open(channel)) => channel.send(frame(opcode, data)),
            _ => Err(()),
        };
        if sent.is_err() {
            return self.finish_error(Code::Failed);
        }
        let at = self.now + timeout;
        self.wait_for_web_socket(Pending::Send(id), Some(at));
    }

    /// Closes a link; the command ends when the peer has agreed, or was waited for in vain.
    pub(crate) fn close_web_socket(&mut self, id: usize) -> Reply {
        let now = self.now;
        let Some(mut link) = self.services.web_sockets.links.get_mut(id).and_then(Option::take) else {
            return Reply::Ok;
        };
        match link.phase.take() {
            Some(Phase::Open(mut channel)) if channel.is_open() => {
                channel.close();
                link.phase = Some(Phase::Closing(channel, now + CLOSE));
                link.ping_at = None;
                link.pong_by = None;
                if let Some(slot) = self.services.web_sockets.links.get_mut(id) {
                    *slot = Some(link);
                }
                self.wait_for_web_socket(Pending::Close(id), None)
            }
            phase => {
                if let Some(phase) = phase {
                    self.drop_phase(phase);
                }
                self.say_service_state(&format!("+WS_CLOSED:{id}"));
                Reply::Ok
            }
        }
    }

    pub(super) fn on_web_socket_timeout(&mut self, pending: &Pending) {
        // Only sends have a time limit of their own.
        if let Pending::Send(_) = pending {
            self.finish_error(Code::Failed);
        }
    }

    pub(super) fn pump_web_sockets(&mut self) -> bool {
        let mut moved = false;
        for id in 0..LINKS {
            let link = self.services.web_sockets.links.get_mut(id).and_then(Option::take);
            if let Some(mut link) = link {
                moved |= self.pump_web_socket(id, &mut link);
                // An ended one has no phase.
                if link.phase.is_some()
                    && let Some(slot) = self.services.web_sockets.links.get_mut(id)
                {
                    *slot = Some(link);
                }
            }
        }
        moved
    }

    fn pump_web_socket(&mut self, id: usize, link: &mut Link) -> bool {
        let now = self.now;
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        if due(link.deadline) || due(link.pong_by) {
            self.lose_web_socket(id, link);
            return true;
        }
        match link.phase.take() {
            None => false,
            Some(Phase::Retry(at)) if at > now => {
                link.phase = Some(Phase::Retry(at));
                false
            }
            Some(Phase::Retry(_)) => {
                self.dial_web_socket(link);
                true
            }
            Some(Phase::Dialing(mut dial)) => match self.advance_dial(&mut dial) {
                Dialed::Pending => {
                    link.phase = Some(Phase::Dialing(dial));
                    false
                }
                Dialed::Failed => {
                    self.lose_web_socket(id, link);
                    true
                }
                Dialed::Open(stream) => {
                    let target = &link.target;
                    let request = channel::request(&target.uri, target.subprotocol.as_deref(), &target.headers);
                    let channel = match request {
                        Some(request) => Channel::start(request, stream),
                        None => Channel::failed(&stream),
                    };
                    link.phase = Some(Phase::Open(Box::new(channel)));
                    true
                }
            },
            Some(Phase::Open(channel)) => self.pump_channel(id, link, channel, None),
            Some(Phase::Closing(channel, until)) => self.pump_channel(id, link, channel, Some(until)),
        }
    }

    /// `until`: the own close frame is out until then.
    fn pump_channel(&mut self, id: usize, link: &mut Link, mut channel: Box<Channel>, until: Option<Duration>) -> bool {
        let now = self.now;
        let online = self.has_network();
        let mut moved = online && channel.exchange(now, self.network.as_mut());
        if !channel.is_open() {
            channel.shake();
            if channel.is_open() {
                moved = true;
                link.deadline = None;
                link.established = true;
                link.ping_at = Some(now + Duration::from_secs(link.config.ping));
                self.say_service_state(&format!("+WS_CONNECTED:{id}"));
                if self.web_socket_pending() == Some(Pending::Open(id)) {
                    self.finish_ok();
                }
            }
        }
        if link.ping_at.is_some_and(|at| at <= now) {
            let _ = channel.send(Message::Ping(Vec::new().into()));
            link.ping_at = Some(now + Duration::from_secs(link.config.ping));
            link.pong_by.get_or_insert(now + Duration::from_secs(link.config.timeout));
        }
        // Before what the peer answers to it.
        if online && channel.is_sent() && self.web_socket_pending() == Some(Pending::Send(id)) {
            self.finish_with("\r\nSEND OK\r\n");
            moved = true;
        }
        let mut end = None;
        while online && self.has_room_for_messages() {
            match channel.hear() {
                Heard::Nothing => break,
                Heard::Data(data) => self.report_web_socket(id, link, &data),
                Heard::Pong => link.pong_by = None,
                // The answer to a close frame leaves below.
                Heard::Closing | Heard::Closed => end = Some(true),
                // Without a close frame of the peer, although one was sent.
                Heard::Lost => end = Some(until.is_some()),
            }
            moved = true;
            if end.is_some() {
                break;
            }
        }
        moved |= online && channel.exchange(now, self.network.as_mut());
        if !online {
            end = end.or(Some(until.is_some()));
        }
        if until.is_some_and(|until| until <= now) {
            end = Some(true);
        }
        link.phase = Some(match until {
            Some(until) => Phase::Closing(channel, until),
            None => Phase::Open(channel),
        });
        match end {
            Some(true) => self.end_web_socket(id, link),
            Some(false) => self.lose_web_socket(id, link),
            None => return moved,
        }
        true
    }

    /// Both sides have closed.
    fn end_web_socket(&mut self, id: usize, link: &mut Link) {
        if let Some(phase) = link.phase.take() {
            self.drop_phase(phase);
        }
        self.say_service_state(&format!("+WS_CLOSED:{id}"));
        match self.web_socket_pending() {
            Some(Pending::Close(closing)) if closing == id => self.finish_ok(),
            Some(Pending::Send(sending)) if sending == id => self.finish_error(Code::Failed),
            _ => {}
        }
    }

    /// The connection is gone or did not come up. One that was open once comes back by itself.
    fn lose_web_socket(&mut self, id: usize, link: &mut Link) {
        if let Some(phase) = link.phase.take() {
            let was_open = matches!(&phase, Phase::Open(_)) && link.deadline.is_none();
            self.drop_phase(phase);
            if was_open {
                self.say_service_state(&format!("+WS_DISCONNECTED:{id}"));
            }
        }
        link.deadline = None;
        link.ping_at = None;
        link.pong_by = None;
        match self.web_socket_pending() {
            Some(Pending::Open(waiting) | Pending::Send(waiting)) if waiting == id => self.finish_error(Code::Failed),
            _ => {}
        }
        if link.established {
            link.phase = Some(Phase::Retry(self.now + RECONNECT));
        }
    }

    /// A message, in pieces of the buffer's size.
    fn report_web_socket(&mut self, id: usize, link: &Link, data: &[u8]) {
        let pieces = if data.is_empty() { vec![data] } else { data.chunks(link.config.buffer).collect() };
        for piece in pieces {
            let mut text = format!("+WS_DATA:{id},{},", piece.len()).into_bytes();
            let begin = text.len();
            text.extend(piece);
            text.extend(b"\r\n");
            self.say_message(Point::Message, text, begin);
        }
    }
}
