//! A WebSocket on a [`Stream`]: the links of the WebSocket commands, and MQTT over WebSocket.

use crate::net::{Network, SocketId};
use crate::stream::Stream;
use core::time::Duration;
use tungstenite::client::IntoClientRequest;
use tungstenite::error::Error;
use tungstenite::handshake::client::{ClientHandshake, Request};
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::http::{HeaderName, HeaderValue};
use tungstenite::{Message, WebSocket};

enum State {
    Shaking(Option<Box<MidHandshake<ClientHandshake<Stream>>>>),
    Open(Box<WebSocket<Stream>>),
    Failed,
}

/// A WebSocket connection from its handshake to its end.
pub(crate) struct Channel {
    socket: SocketId,
    state: State,
}

impl core::fmt::Debug for Channel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Channel").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// What a channel has to say.
pub(crate) enum Heard {
    Nothing,
    /// The payload of a text or binary message.
    Data(Vec<u8>),
    Pong,
    /// The peer wants to close; the answer is on its way.
    Closing,
    /// Closed by both sides.
    Closed,
    /// Gone without a word.
    Lost,
}

/// A request for `uri` with these headers, each `key: value`. `None` if one of them is not allowed.
pub(crate) fn request(uri: &str, subprotocol: Option<&str>, headers: &[(String, String)]) -> Option<Request> {
    let mut request = uri.into_client_request().ok()?;
    let fields = request.headers_mut();
    for (name, value) in headers {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        fields.append(name, HeaderValue::from_str(value).ok()?);
    }
    if let Some(subprotocol) = subprotocol {
        fields.insert("Sec-WebSocket-Protocol", HeaderValue::from_str(subprotocol).ok()?);
    }
    Some(request)
}

impl Channel {
    /// Begins the handshake on an open connection.
    pub(crate) fn start(request: Request, stream: Stream) -> Self {
        let socket = stream.socket;
        let state = match ClientHandshake::start(stream, request, None) {
            Ok(middle) => State::Shaking(Some(Box::new(middle))),
            Err(_) => State::Failed,
        };
        let mut channel = Self { socket, state };
        channel.shake();
        channel
    }

    /// A channel whose request could not be made.
    pub(crate) const fn failed(stream: &Stream) -> Self {
        Self { socket: stream.socket, state: State::Failed }
    }

    pub(crate) const fn socket(&self) -> SocketId {
        self.socket
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    pub(crate) const fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed)
    }

    /// Lets the handshake go on.
    pub(crate) fn shake(&mut self) {
        let State::Shaking(middle) = &mut self.state else {
            return;
        };
        let Some(middle) = middle.take() else {
            self.state = State::Failed;
            return;
        };
        self.state = match middle.handshake() {
            Ok((socket, _)) => State::Open(Box::new(socket)),
            Err(HandshakeError::Interrupted(middle)) => State::Shaking(Some(Box::new(middle))),
            Err(HandshakeError::Failure(_)) => State::Failed,
        };
    }

    fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.state {
            State::Shaking(middle) => Some(middle.as_mut()?.get_mut().get_mut()),
            State::Open(socket) => Some(socket.get_mut()),
            State::Failed => None,
        }
    }

    /// Moves bytes between the channel and the network.
    pub(crate) fn exchange(&mut self, now: Duration, network: &mut dyn Network) -> bool {
        if let State::Open(socket) = &mut self.state {
            // What could not be written before; errors show when reading.
            let _ = socket.flush();
        }
        self.stream().is_some_and(|stream| stream.exchange(now, network))
    }

    /// Whether all that was sent has left.
    pub(crate) fn is_sent(&mut self) -> bool {
        self.stream().is_some_and(|stream| !stream.has_output() && !stream.is_broken())
    }

    /// Sends a message or a single frame. An error if the connection does not take it.
    pub(crate) fn send(&mut self, message: Message) -> Result<(), ()> {
        let State::Open(socket) = &mut self.state else {
            return Err(());
        };
        match socket.send(message) {
            Ok(()) => Ok(()),
            // It is queued.
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(()),
        }
    }

    /// Sends a close frame.
    pub(crate) fn close(&mut self) {
        if let State::Open(socket) = &mut self.state {
            let _ = socket.close(None);
            let _ = socket.flush();
        }
    }

    pub(crate) fn hear(&mut self) -> Heard {
        let State::Open(socket) = &mut self.state else {
            return if self.has_failed() { Heard::Lost } else { Heard::Nothing };
        };
        loop {
            return match socket.read() {
                // Pings are answered by the crate.
                Ok(Message::Ping(_) | Message::Frame(_)) => continue,
                Ok(Message::Text(text)) => Heard::Data(text.as_bytes().to_vec()),
                Ok(Message::Binary(data)) => Heard::Data(data.to_vec()),
                Ok(Message::Pong(_)) => Heard::Pong,
                Ok(Message::Close(_)) => Heard::Closing,
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => Heard::Nothing,
                Err(Error::ConnectionClosed) => Heard::Closed,
                Err(_) => {
                    self.state = State::Failed;
                    Heard::Lost
                }
            };
        }
    }
}
