//! A WebSocket server in memory, with tungstenite's server side.
#![allow(dead_code, unreachable_pub)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use tungstenite::handshake::MidHandshake;
use tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response, ServerHandshake};
use tungstenite::{HandshakeError, Message, WebSocket};
use wifi_at_simulator::{MemoryNetwork, Peer, PeerSocket, SocketId};

#[derive(Default)]
struct Bytes {
    inbox: VecDeque<u8>,
    outbox: Vec<u8>,
}

#[derive(Clone, Default)]
struct Pipe(Rc<RefCell<Bytes>>);

impl Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.borrow_mut().inbox.read(out)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().outbox.extend(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
pub struct Log {
    pub requests: Vec<Vec<(String, String)>>,
    pub paths: Vec<String>,
    pub messages: Vec<Message>,
    /// Messages come back.
    pub echo: bool,
    /// Nothing is read any more.
    pub deaf: bool,
}

/// What accepts the request: it agrees to any subprotocol.
struct Accept(Rc<RefCell<Log>>);

impl Callback for Accept {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let mut log = self.0.borrow_mut();
        let fields = request.headers().iter();
        log.requests.push(fields.map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned())).collect());
        log.paths.push(request.uri().to_string());
        if let Some(protocol) = request.headers().get("Sec-WebSocket-Protocol") {
            response.headers_mut().insert("Sec-WebSocket-Protocol", protocol.clone());
        }
        Ok(response)
    }
}

enum State {
    Shaking(Option<Box<MidHandshake<ServerHandshake<Pipe, Accept>>>>),
    Open(Box<WebSocket<Pipe>>),
    Dead,
}

/// Answers the payload of a binary message with one.
pub type Responder = Box<dyn FnMut(&[u8]) -> Vec<u8>>;

struct Client {
    log: Rc<RefCell<Log>>,
    pipe: Pipe,
    state: State,
    /// Gets the payloads of binary messages in place of the log.
    responder: Option<Responder>,
}

#[derive(Clone)]
pub struct WsServer {
    pub log: Rc<RefCell<Log>>,
    network: MemoryNetwork,
}

impl WsServer {
    pub fn serve(network: &MemoryNetwork, address: SocketAddr) -> Self {
        Self::serve_with(network, address, || None)
    }

    /// With something behind the WebSocket for each connection.
    pub fn serve_with(
        network: &MemoryNetwork,
        address: SocketAddr,
        mut responder: impl FnMut() -> Option<Responder> + 'static,
    ) -> Self {
        let server = Self { log: Rc::default(), network: network.clone() };
        let log = server.log.clone();
        network.serve(address, move || {
            let pipe = Pipe::default();
            let state = match tungstenite::accept_hdr(pipe.clone(), Accept(log.clone())) {
                Err(HandshakeError::Interrupted(middle)) => State::Shaking(Some(Box::new(middle))),
                _ => State::Dead,
            };
            Client { log: log.clone(), pipe, state, responder: responder() }
        });
        server
    }

    /// Sends frames as they are: unmasked, as servers do.
    pub fn push_frame(&self, socket: SocketId, opcode: u8, fin: bool, data: &[u8]) {
        let mut frame = vec![opcode | if fin { 0x80 } else { 0 }];
        match u8::try_from(data.len()) {
            Ok(length) if length < 126 => frame.push(length),
            _ => {
                frame.push(126);
                frame.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend(data);
        self.network.push(socket, &frame);
    }
}

impl Client {
    fn go_on(&mut self, socket: &mut PeerSocket) {
        if let State::Shaking(middle) = &mut self.state {
            self.state = match middle.take().unwrap().handshake() {
                Ok(open) => State::Open(Box::new(open)),
                Err(HandshakeError::Interrupted(middle)) => State::Shaking(Some(Box::new(middle))),
                Err(HandshakeError::Failure(_)) => State::Dead,
            };
        }
        if let State::Open(open) = &mut self.state {
            loop {
                let mut log = self.log.borrow_mut();
                if log.deaf {
                    break;
                }
                match open.read() {
                    Ok(message) => {
                        if let (Some(responder), Message::Binary(data)) = (&mut self.responder, &message) {
                            let answer = responder(data);
                            if !answer.is_empty() {
                                open.send(Message::Binary(answer.into())).unwrap();
                            }
                            continue;
                        }
                        if log.echo && (message.is_text() || message.is_binary()) {
                            open.send(message.clone()).unwrap();
                        }
                        log.messages.push(message);
                    }
                    Err(tungstenite::Error::ConnectionClosed) => {
                        socket.close();
                        break;
                    }
                    Err(_) => break,
                }
            }
            let _ = open.flush();
        }
        let out = core::mem::take(&mut self.pipe.0.borrow_mut().outbox);
        socket.send(&out);
    }
}

impl Peer for Client {
    fn on_data(&mut self, socket: &mut PeerSocket, data: &[u8]) {
        self.pipe.0.borrow_mut().inbox.extend(data);
        self.go_on(socket);
    }
}
