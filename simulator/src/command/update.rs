//! Updates over the network: the module asks a server for the newest version and takes the image from there.
//!
//! The conversation with the server is HTTP as Espressif's cloud speaks it, two requests on a connection each: one for
//! the version, one for the image.

use super::{Entry, Reply, command};
use crate::engine::{Job, PromptFor};
use crate::net::{ConnectState, Lookup, LookupId, Received, SocketId};
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::send::{DataMode, SendKind};
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIUPDATE").query(query).set(set).execute(execute),
    command("+CIPFWVER").query(|module, _| begin(module, false, None, None, Purpose::Version)),
    command("+USEROTA").set(|module, call| {
        call.count(1, 1)?;
        let length = call.int(0, 1, 8192)?.unsigned_abs();
        let data = DataMode::new(SendKind::Address, 0, SocketId(0), length);
        Ok(module.prompt(PromptFor::Data(Box::new(data))))
    }),
];

/// After so long an update has failed.
const TIMEOUT: Duration = Duration::from_mins(3);
/// More than any partition holds.
const LARGEST_IMAGE: usize = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// `AT+CIPFWVER?`
    Version,
    /// No other command runs meanwhile.
    Blocking,
    Background,
}

#[derive(Debug)]
enum Stage {
    Lookup(LookupId),
    Connect(SocketId),
    Exchange(SocketId),
}

/// A running update.
#[derive(Debug)]
pub(crate) struct Update {
    purpose: Purpose,
    secure: bool,
    host: String,
    port: u16,
    /// Where the image is, if the host said so.
    path: Option<String>,
    file: String,
    remote: Option<SocketAddr>,
    version: Option<String>,
    /// The version is known, the image is next.
    image: bool,
    stage: Stage,
    request: Vec<u8>,
    answer: Vec<u8>,
    pub(crate) deadline: Duration,
}

fn query(module: &mut Simulator, _: &Call) -> Answer {
    let state = module.update_state;
    module.info(&format!("+CIPUPDATE:{state}"));
    Ok(Reply::Ok)
}

fn execute(module: &mut Simulator, _: &Call) -> Answer {
    begin(module, false, None, None, Purpose::Blocking)
}

fn set(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, module.profile.limits.update_values)?;
    let secure = call.flag(0)?;
    let version = call.opt_text(1, 32)?.map(str::to_owned);
    let file = call.opt_text(2, 32)?.map(str::to_owned);
    let background = call.opt_int(3, 0, 1)? == Some(1);
    begin(module, secure, version, file, if background { Purpose::Background } else { Purpose::Blocking })
}

fn begin(
    module: &mut Simulator,
    secure: bool,
    version: Option<String>,
    file: Option<String>,
    purpose: Purpose,
) -> Answer {
    let (host, plain, encrypted) = module.update_server.clone();
    let port = if secure { encrypted } else { plain };
    let mut update = Update::new(purpose, secure, host, port);
    update.version = version;
    update.file = file.unwrap_or_else(|| "ota".into());
    module.begin_update(update)?;
    Ok(if purpose == Purpose::Background { Reply::Ok } else { Reply::Pending })
}

impl Update {
    fn new(purpose: Purpose, secure: bool, host: String, port: u16) -> Self {
        Self {
            purpose,
            secure,
            host,
            port,
            path: None,
            file: String::new(),
            remote: None,
            version: None,
            image: false,
            stage: Stage::Lookup(LookupId(0)),
            request: Vec::new(),
            answer: Vec::new(),
            deadline: Duration::ZERO,
        }
    }

    /// Of `http://host[:port]/path` or the same with `https`.
    fn of_url(url: &[u8]) -> Option<Self> {
        let url = std::str::from_utf8(url).ok()?;
        let (scheme, rest) = url.split_once("://")?;
        let (secure, port) = match scheme {
            "http" => (false, 80),
            "https" => (true, 443),
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, port),
        };
        let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if host.is_empty() || !fits(host) || !fits(path) {
            return None;
        }
        let mut update = Self::new(Purpose::Blocking, secure, host.to_owned(), port);
        update.path = Some(if path.is_empty() { "/".into() } else { path.to_owned() });
        update.image = true;
        Some(update)
    }

    /// Whether its steps are told.
    fn tells(&self) -> bool {
        self.purpose != Purpose::Version && self.path.is_none()
    }
}

/// The body of a whole answer with status 200; `None` while there is more to come.
fn body(answer: &[u8], closed: bool) -> Option<Result<&[u8], ()>> {
    let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n") else {
        return closed.then_some(Err(()));
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let body = &answer[end + 4..];
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let length = lines.filter_map(|line| line.split_once(':'));
    let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.next().and_then(|(_, value)| value.trim().parse::<usize>().ok());
    match length {
        _ if status != Some("200") => Some(Err(())),
        Some(length) if body.len() >= length => Some(Ok(&body[..length])),
        Some(_) if closed => Some(Err(())),
        None if closed => Some(Ok(body)),
        _ => None,
    }
}

/// What stands behind `"version"` in the JSON of the server.
fn version_of(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("\"version\"")?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (value, _) = value.split_once('"')?;
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

impl Simulator {
    fn tell_update(&mut self, state: i64) {
        self.update_state = state;
        let name = self.profile.wording.update;
        self.emit(&Point::Information, format!("{name}:{state}\r\n").as_bytes());
    }

    fn begin_update(&mut self, mut update: Update) -> Result<(), Failure> {
        if self.update.is_some() || !self.station.online() {
            return Err(Code::Failed.into());
        }
        let now = self.now;
        update.stage = Stage::Lookup(self.network.resolve(now, &update.host));
        update.deadline = now + TIMEOUT;
        if update.purpose != Purpose::Background {
            self.run(Job::Update, None);
        }
        self.update = Some(Box::new(update));
        Ok(())
    }

    /// The address that `AT+USEROTA` asked for is in.
    pub(crate) fn begin_user_update(&mut self, url: &[u8]) {
        let begun = Update::of_url(url).ok_or(Code::Invalid.into()).and_then(|update| self.begin_update(update));
        match begun {
            Ok(()) => {
                self.pump();
            }
            Err(failure) => self.finish_error(failure),
        }
    }

    /// Lets the update go on; `true` if something moved.
    pub(crate) fn pump_update(&mut self) -> bool {
        let Some(mut update) = self.update.take() else {
            return false;
        };
        let late = update.deadline <= self.now || !self.station.online();
        let result = if late { Err(()) } else { self.advance_update(&mut update) };
        match result {
            Ok(Some(())) => self.end_update(&update),
            Ok(None) => {
                self.update = Some(update);
                return false;
            }
            Err(()) => self.fail_update(&update),
        }
        true
    }

    fn fail_update(&mut self, update: &Update) {
        self.close_update(update);
        match update.purpose {
            Purpose::Background => self.tell_update(-1),
            _ => self.finish_error(Code::Failed),
        }
    }

    /// Gives up an update without a word: at a reset.
    pub(crate) fn drop_update(&mut self) {
        if let Some(update) = self.update.take() {
            self.close_update(&update);
        }
    }

    fn close_update(&mut self, update: &Update) {
        let now = self.now;
        if let Stage::Connect(socket) | Stage::Exchange(socket) = update.stage {
            self.network.close(now, socket);
        }
    }

    fn end_update(&mut self, update: &Update) {
        self.other_firmware |= update.purpose != Purpose::Version;
        match update.purpose {
            Purpose::Version => {
                let version = update.version.as_deref().unwrap_or_default();
                self.info(&format!("+CIPFWVER:\"{version}\""));
                self.finish_ok();
            }
            Purpose::Blocking => {
                if update.tells() {
                    self.tell_update(4);
                }
                self.emit(&Point::Final, b"\r\nOK\r\n");
                self.put(self.profile.wording.forced_restart.as_bytes());
                let at = self.outbound.drained_at(self.line_rate()).max(self.now);
                self.run(Job::Restart, Some(at));
            }
            Purpose::Background => self.tell_update(4),
        }
    }

    /// `Ok(Some(()))` when all is done.
    fn advance_update(&mut self, update: &mut Update) -> Result<Option<()>, ()> {
        let now = self.now;
        let tells = update.tells();
        loop {
            match update.stage {
                Stage::Lookup(lookup) => {
                    let address = match (update.host.parse::<IpAddr>(), self.network.lookup(now, lookup)) {
                        (Ok(address), _) => address,
                        (_, found) => match found {
                            Lookup::Pending => return Ok(None),
                            Lookup::Failed => return Err(()),
                            Lookup::Found(found) => found.into_iter().find(IpAddr::is_ipv4).ok_or(())?,
                        },
                    };
                    update.remote = Some(SocketAddr::new(address, update.port));
                    if tells {
                        self.tell_update(1);
                    }
                    self.connect_update(update)?;
                }
                Stage::Connect(socket) => match self.network.connect_state(now, socket) {
                    ConnectState::Pending => return Ok(None),
                    ConnectState::Failed(_) => return Err(()),
                    ConnectState::Open => {
                        if tells && !update.image {
                            self.tell_update(2);
                        }
                        let host = &update.host;
                        let path = match (&update.path, &update.version) {
                            (Some(path), _) => path.clone(),
                            (_, Some(version)) if update.image => {
                                let file = &update.file;
                                format!("/v1/device/rom/?action=download_rom&version={version}&filename={file}.bin")
                            }
                            _ => "/v1/device/rom/?is_formal_newest=true".into(),
                        };
                        let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
                        update.request = request.into_bytes();
                        update.answer.clear();
                        update.stage = Stage::Exchange(socket);
                    }
                },
                Stage::Exchange(socket) => {
                    if !update.request.is_empty() {
                        let sent = self.network.send(now, socket, &update.request).map_err(|_| ())?;
                        update.request.drain(..sent);
                    }
                    let closed = self.receive_update(update, socket);
                    let Some(body) = body(&update.answer, closed) else {
                        return if update.answer.len() > LARGEST_IMAGE { Err(()) } else { Ok(None) };
                    };
                    let body = body?;
                    if update.image {
                        let empty = body.is_empty();
                        self.update_image = Some(body.to_vec());
                        self.network.close(now, socket);
                        return if empty { Err(()) } else { Ok(Some(())) };
                    }
                    let newest = version_of(body).ok_or(())?;
                    update.version.get_or_insert(newest);
                    self.network.close(now, socket);
                    if !tells {
                        return Ok(Some(()));
                    }
                    self.tell_update(3);
                    update.image = true;
                    self.connect_update(update)?;
                }
            }
        }
    }

    fn connect_update(&mut self, update: &mut Update) -> Result<(), ()> {
        let now = self.now;
        let remote = update.remote.ok_or(())?;
        let socket = self.network.connect(now, remote).map_err(|_| ())?;
        if update.secure {
            let unix = self.unix_time();
            let settings = crate::tls::ClientSettings::default();
            self.network.secure_client(now, socket, &settings, &self.certificates, unix);
        }
        update.stage = Stage::Connect(socket);
        Ok(())
    }

    /// Takes what has come; `true` at its end.
    fn receive_update(&mut self, update: &mut Update, socket: SocketId) -> bool {
        let mut chunk = [0; 4096];
        while update.answer.len() <= LARGEST_IMAGE {
            match self.network.receive(self.now, socket, &mut chunk) {
                Received::Nothing => return false,
                Received::Data(count) => update.answer.extend_from_slice(&chunk[..count]),
                Received::Closed => return true,
            }
        }
        false
    }
}
