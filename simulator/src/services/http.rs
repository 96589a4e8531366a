//! The HTTP client of the module: one request at a time, each on a connection of its own (ESP-AT 3.7).

use super::Waiting;
use super::http_response::{Part, Response};
use crate::command::Reply;
use crate::engine::{Job, OUTPUT_LIMIT, Running};
use crate::net::Received;
use crate::request::Failure;
use crate::script::Point;
use crate::simulator::Simulator;
use crate::stream::{Dial, Dialed, Stream};
use crate::tls::ClientSettings;
use core::time::Duration;
use std::io::Write;

/// Plus the status of the answer; alone for a connection that did not come up.
const CODES: u32 = 0x7000;

#[derive(Debug, Default)]
pub(crate) struct Http {
    /// `AT+HTTPURLCFG`.
    pub(crate) url: Vec<u8>,
    /// `AT+HTTPCHEAD`.
    pub(crate) headers: Vec<String>,
}

/// What the host gets of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The lines of the head.
    Headers,
    Body,
    /// The length that the head tells.
    Size,
}

/// A request as a command puts it together.
#[derive(Debug)]
pub(crate) struct Request {
    /// The command's name: `+HTTPCGET`.
    pub(crate) label: &'static str,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) secure: bool,
    pub(crate) bytes: Vec<u8>,
    pub(crate) wanted: Wanted,
    /// `SEND OK` and `SEND FAIL` end the command.
    pub(crate) upload: bool,
    /// Bytes that are read from the network at a time.
    pub(crate) buffer: usize,
    /// Silence of the network after which the module gives up.
    pub(crate) timeout: Duration,
}

#[derive(Debug)]
enum Link {
    Dialing(Dial),
    Open(Stream),
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Exchange {
    request: Request,
    link: Link,
    response: Response,
    status: u16,
    /// The network may be silent until then.
    deadline: Duration,
}

impl Simulator {
    pub(crate) fn start_http(&mut self, request: Request) -> Reply {
        let server_name = Some(request.host.clone());
        let security = request.secure.then(|| ClientSettings { server_name, ..ClientSettings::of("https") });
        let dial = self.dial(&request.host, request.port, security);
        let response = Response::new(request.wanted != Wanted::Body);
        let exchange = Exchange { request, link: Link::Dialing(dial), response, status: 0, deadline: self.now };
        self.wait_for_http(Box::new(exchange))
    }

    fn wait_for_http(&mut self, exchange: Box<Exchange>) -> Reply {
        let at = match &exchange.link {
            Link::Dialing(dial) => dial.next_wake(self.now),
            Link::Open(_) => Some(exchange.deadline),
        };
        self.running = Some(Running { job: Job::Service(Waiting::Http(exchange)), at });
        Reply::Pending
    }

    pub(super) fn drop_exchange(&mut self, exchange: &mut Exchange) {
        let now = self.now;
        match &mut exchange.link {
            Link::Dialing(dial) => self.drop_dial(dial),
            Link::Open(stream) => self.network.close(now, stream.socket),
        }
    }

    pub(super) fn on_http_timeout(&mut self, exchange: Box<Exchange>) {
        if matches!(exchange.link, Link::Dialing(_)) {
            // The least time of a name query, or the time for the connection.
            self.pump_http(exchange);
        } else {
            self.fail_http(exchange, 0);
        }
    }

    /// Lets the request go on; `true` if something moved.
    pub(super) fn pump_http(&mut self, mut exchange: Box<Exchange>) -> bool {
        let now = self.now;
        if !self.has_network() {
            self.fail_http(exchange, 0);
            return true;
        }
        let moved = match &mut exchange.link {
            Link::Dialing(dial) => match self.advance_dial(dial) {
                Dialed::Pending => false,
                Dialed::Failed => {
                    self.fail_http(exchange, 0);
                    return true;
                }
                Dialed::Open(stream) => {
                    exchange.link = Link::Open(stream);
                    true
                }
            },
            Link::Open(stream) => {
                let mut moved = stream.flush_to(now, self.network.as_mut());
                if !exchange.request.bytes.is_empty()
                    && let Ok(sent) = stream.write(&exchange.request.bytes)
                {
                    exchange.request.bytes.drain(..sent);
                    moved = true;
                }
                if stream.is_broken() {
                    self.fail_http(exchange, 0);
                    return true;
                }
                if moved {
                    true
                } else if self.waiting_output() >= OUTPUT_LIMIT {
                    // The host is slow, not the network.
                    exchange.deadline = now + exchange.request.timeout;
                    false
                } else {
                    return self.read_http(exchange);
                }
            }
        };
        if moved {
            exchange.deadline = now + exchange.request.timeout;
        }
        self.wait_for_http(exchange);
        moved
    }

    fn read_http(&mut self, exchange: Box<Exchange>) -> bool {
        let now = self.now;
        let Link::Open(Stream { socket, .. }) = exchange.link else {
            return false;
        };
        let mut buffer = vec![0; exchange.request.buffer];
        match self.network.receive(now, socket, &mut buffer) {
            Received::Nothing => {
                self.wait_for_http(exchange);
                return false;
            }
            Received::Data(count) => self.hear_http(exchange, &buffer[..count]),
            Received::Closed if exchange.response.close() && exchange.status != 0 => self.finish_http(exchange),
            Received::Closed => self.fail_http(exchange, 0),
        }
        true
    }

    fn hear_http(&mut self, mut exchange: Box<Exchange>, bytes: &[u8]) {
        for part in exchange.response.feed(bytes) {
            match part {
                Part::Head { status, headers, length } => {
                    exchange.status = status;
                    match exchange.request.wanted {
                        Wanted::Headers => {
                            for (name, value) in headers {
                                let line = [name.as_bytes(), b": ", &value].concat();
                                // The blank is not in the count (4.8.1).
                                self.say_block(exchange.request.label, " ", &line);
                            }
                        }
                        Wanted::Size if status < 400 => match length {
                            Some(length) => self.info(&format!("{}:{length}", exchange.request.label)),
                            None => return self.fail_http(exchange, 0),
                        },
                        _ => {}
                    }
                }
                Part::Body(data) => self.say_block(exchange.request.label, "", &data),
                Part::End => return self.finish_http(exchange),
                Part::Bad => return self.fail_http(exchange, 0),
            }
        }
        exchange.deadline = self.now + exchange.request.timeout;
        self.wait_for_http(exchange);
    }

    fn say_block(&mut self, label: &str, blank: &str, data: &[u8]) {
        let mut text = format!("{label}:{},{blank}", data.len()).into_bytes();
        let begin = text.len();
        text.extend(data);
        text.extend(b"\r\n");
        self.emit_from(&Point::HttpBlock, &text, begin);
    }

    fn finish_http(&mut self, mut exchange: Box<Exchange>) {
        let status = exchange.status;
        if status >= 400 {
            return self.fail_http(exchange, status);
        }
        self.drop_exchange(&mut exchange);
        if exchange.request.upload {
            self.finish_with("\r\nSEND OK\r\n");
        } else {
            self.finish_ok();
        }
    }

    /// With the status of the answer, 0 without one.
    fn fail_http(&mut self, mut exchange: Box<Exchange>, status: u16) {
        self.drop_exchange(&mut exchange);
        let failure = Failure::numbered(CODES + u32::from(status));
        let end = if exchange.request.upload { "SEND FAIL" } else { "ERROR" };
        self.finish_failure(failure, end);
    }
}
