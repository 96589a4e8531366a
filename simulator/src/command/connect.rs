//! Opening and closing links, names, ping.

use super::{Entry, Reply, command};
use crate::engine::{Job, Running};
use crate::fault::Fault;
use crate::link::{Kind, LINKS};
use crate::net::{ConnectState, Lookup, NetworkError, Ping, PingId, SocketId};
use crate::request::{Call, Code, Failure, Reason};
use crate::send::DataMode;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+CIPSTART").set(start),
    command("+CIPSTARTEX").set(start_free),
    command("+CIPCLOSE").set(close).execute(close_single),
    command("+CIPDOMAIN").set(domain),
    command("+PING").set(ping),
];

/// A link that is being opened.
#[derive(Debug)]
pub(crate) struct ConnectPlan {
    pub(crate) id: usize,
    kind: Kind,
    secure: bool,
    v6: bool,
    port: u16,
    local_port: u16,
    udp_mode: i64,
    keep_alive: Option<i64>,
    remote: Option<SocketAddr>,
}

/// What a name is looked up for.
#[derive(Debug)]
pub(crate) enum LookupUse {
    /// `AT+CIPDOMAIN`, with its choice of network.
    Domain(i64),
    Connect(Box<ConnectPlan>),
    Ping,
    /// A datagram to another host.
    Send(Box<DataMode>, u16),
}

fn start(module: &mut Simulator, call: &Call) -> Answer {
    if module.sockets.mux {
        let id = link_id(call, LINKS as i64 - 1)?;
        open(module, call, usize::try_from(id).unwrap_or(0), 1)
    } else {
        open(module, call, 0, 0)
    }
}

/// The link in front of the other parameters.
pub(super) fn link_id(call: &Call, most: i64) -> Result<i64, Failure> {
    call.int(0, 0, most).map_err(|code| code.because(Reason::BadLinkId))
}

fn start_free(module: &mut Simulator, call: &Call) -> Answer {
    if !module.sockets.mux {
        return Err(Code::Failed.into());
    }
    let free = (0..LINKS).find(|&id| module.sockets.get(id).is_none_or(|link| link.closed_told));
    open(module, call, free.ok_or(Code::Failed)?, 0)
}

/// Kind, whether with TLS, and whether over IPv6.
pub(super) fn link_type(module: &Simulator, call: &Call, index: usize) -> Result<(Kind, bool, bool), Failure> {
    let found = match call.opt_text(index, 6)?.unwrap_or("TCP") {
        "TCP" => (Kind::Tcp, false, false),
        "TCPv6" => (Kind::Tcp, false, true),
        "UDP" => (Kind::Udp, false, false),
        "UDPv6" => (Kind::Udp, false, true),
        "SSL" => (Kind::Tcp, true, false),
        "SSLv6" => (Kind::Tcp, true, true),
        _ => return Err(Code::Invalid.because(Reason::BadLinkType)),
    };
    if found.2 && !module.profile.limits.ipv6 { Err(Code::Invalid.because(Reason::BadLinkType)) } else { Ok(found) }
}

/// Opens link `id`; parameters begin at `first`.
fn open(module: &mut Simulator, call: &Call, id: usize, first: usize) -> Answer {
    call.count(first + 3, first + 6)?;
    let (kind, secure, v6) = link_type(module, call, first)?;
    let local = usize::from(module.profile.limits.local_address);
    let host = call.text(first + 1, 1, 64)?.to_owned();
    let port = call.int(first + 2, i64::from(kind == Kind::Tcp), 65535)?;
    let port = u16::try_from(port).map_err(|_| Code::Invalid)?;
    let mut plan =
        ConnectPlan { id, kind, secure, v6, port, local_port: 0, udp_mode: 0, keep_alive: None, remote: None };
    if kind == Kind::Tcp {
        call.count(first + 3, first + 4 + local)?;
        plan.keep_alive = call.opt_int(first + 3, 0, 7200)?;
        local_address(call, first + 4)?;
    } else {
        call.count(first + 3, first + 5 + local)?;
        let local_port = call.opt_int(first + 3, 0, 65535)?;
        let mode = call.opt_int(first + 4, 0, 2)?;
        local_address(call, first + 5)?;
        if mode.is_some() && local_port.is_none() {
            return Err(Code::Count.into());
        }
        let local_port = u16::try_from(local_port.unwrap_or(0));
        plan.local_port = local_port.map_err(|_| Code::Invalid)?;
        plan.udp_mode = mode.unwrap_or(0);
    }
    if module.sockets.get(id).is_some_and(|link| !link.closed_told) {
        return Err(Failure::because(Reason::AlreadyConnected));
    }
    if v6 && !module.settings.ipv6 || !module.has_network() {
        return Err(Failure::because(Reason::NoAddress));
    }
    if secure && module.profile.limits.single_ssl {
        // One such link at a time, and none in passthrough.
        let other = module.sockets.open().any(|(_, link)| link.secure);
        if other || module.sockets.passthrough {
            return Err(Code::Failed.into());
        }
    }
    // What is left of the link before it is given up.
    module.close_now(id);
    if let Ok(address) = host.parse::<IpAddr>() {
        if address.is_ipv6() != v6 {
            return Err(Code::Invalid.because(Reason::BadAddress));
        }
        return module.connect(plan, address);
    }
    Ok(module.look_up(&host, LookupUse::Connect(Box::new(plan))))
}

fn local_address(call: &Call, index: usize) -> Result<(), Code> {
    match call.opt_text(index, 45)? {
        Some(text) if text.parse::<IpAddr>().is_err() => Err(Code::Invalid),
        _ => Ok(()),
    }
}

fn close(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    if !module.sockets.mux {
        return Err(Failure::because(Reason::SingleLink));
    }
    let id = usize::try_from(link_id(call, LINKS as i64)?).unwrap_or(0);
    if id == LINKS {
        if module.sockets.server.is_some() && !module.profile.limits.closes_all_of_server {
            return Err(Code::Failed.into());
        }
        for id in 0..LINKS {
            module.close_now(id);
        }
        return Ok(Reply::Ok);
    }
    let ended = module.profile.limits.closes_ended;
    if module.sockets.get(id).is_none_or(|link| link.closed_told && !ended) {
        return Err(Failure::because(Reason::Unlinked));
    }
    if let Some(answer) = module.close_faults(id) {
        return answer;
    }
    module.close_now(id);
    Ok(Reply::Ok)
}

fn close_single(module: &mut Simulator, _: &Call) -> Answer {
    // With several links only a passthrough server with its one client knows this form.
    if module.sockets.mux && module.sockets.max_clients != 1 {
        return Err(Failure::because(Reason::SeveralLinks));
    }
    if !module.sockets.any_open() {
        return Err(Failure::because(Reason::Unlinked));
    }
    if let Some(answer) = module.close_faults(0) {
        return answer;
    }
    module.close_now(0);
    Ok(Reply::Ok)
}

fn domain(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1 + usize::from(module.profile.limits.ipv6))?;
    let name = call.text(0, 1, module.profile.limits.domain)?.to_owned();
    let choice = call.opt_int(1, 1, 3)?.unwrap_or(1);
    if choice == 3 && !module.settings.ipv6 || !module.station.online() {
        return Err(Failure::because(Reason::NoAddress));
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(module.tell_domain(address));
    }
    Ok(module.look_up(&name, LookupUse::Domain(choice)))
}

fn ping(module: &mut Simulator, call: &Call) -> Answer {
    call.count(1, 1)?;
    let host = call.text(0, 1, 128)?.to_owned();
    if !module.has_network() {
        return Err(Code::Failed.into());
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(module.begin_ping(address));
    }
    Ok(module.look_up(&host, LookupUse::Ping))
}

/// After so long a ping without answer fails.
const PING_TIMEOUT: Duration = Duration::from_secs(5);

impl Simulator {
    pub(crate) fn look_up(&mut self, name: &str, then: LookupUse) -> Reply {
        let now = self.now;
        let lookup = self.network.resolve(now, name);
        let not_before = now + self.latency.dns;
        let job = Job::Lookup { lookup, not_before, then };
        self.run(job, Some(not_before))
    }

    /// The link that a running command is opening.
    pub(crate) fn connecting_id(&self) -> Option<usize> {
        match self.running_job()? {
            Job::Connect { plan, .. } => Some(plan.id),
            Job::Lookup { then: LookupUse::Connect(plan), .. } => Some(plan.id),
            _ => None,
        }
    }

    fn connect(&mut self, mut plan: ConnectPlan, address: IpAddr) -> Answer {
        let now = self.now;
        let remote = SocketAddr::new(address, plan.port);
        plan.remote = Some(remote);
        if plan.kind == Kind::Udp {
            let socket = self.network.bind_udp(now, plan.local_port, plan.v6);
            let socket = socket.map_err(|_| Code::Failed)?;
            self.finish_connect(&plan, socket);
            return Ok(Reply::Pending);
        }
        match self.open_stream(plan.id, remote, plan.secure) {
            Ok(socket) => {
                let at = now + self.latency.connect_timeout;
                let plan = Box::new(plan);
                Ok(self.run(Job::Connect { socket, plan }, Some(at)))
            }
            Err(_) => {
                self.fail_connect_of(plan.id);
                Ok(Reply::Pending)
            }
        }
    }

    /// Begins a TCP connection for a link, with TLS as the link is set up for it.
    pub(crate) fn open_stream(
        &mut self,
        id: usize,
        remote: SocketAddr,
        secure: bool,
    ) -> Result<SocketId, NetworkError> {
        let now = self.now;
        let socket = self.network.connect(now, remote)?;
        if secure {
            let settings = self.ssl_settings(id);
            let unix = self.unix_time();
            self.network.secure_client(now, socket, &settings, &self.certificates, unix);
        }
        Ok(socket)
    }

    fn finish_connect(&mut self, plan: &ConnectPlan, socket: SocketId) {
        let Some(remote) = plan.remote else { return };
        self.running = None;
        if plan.kind == Kind::Tcp && self.fault(Fault::ClosedWithOk) {
            let now = self.now;
            self.network.close(now, socket);
            let line = format!("{}CLOSED\r\n", self.prefix(plan.id));
            self.emit(&crate::script::Point::LinkState, line.as_bytes());
            return self.finish_ok();
        }
        self.open_link(plan.id, plan.kind, socket, remote, false);
        if let Some(link) = self.sockets.get_mut(plan.id) {
            link.udp_mode = plan.udp_mode;
            link.secure = plan.secure;
            if let Some(keep_alive) = plan.keep_alive {
                link.options.keep_alive = keep_alive;
            }
        }
        self.announce_open(plan.id);
        self.finish_ok();
    }

    pub(crate) fn fail_connect_of(&mut self, id: usize) {
        if self.variant.closed_after_failed_connect {
            let line = format!("{}CLOSED\r\n", self.prefix(id));
            self.emit(&crate::script::Point::LinkState, line.as_bytes());
        }
        let told = &self.profile.wording.connect_failure;
        if let Some(line) = told.before {
            let line = format!("{}{line}\r\n", self.prefix(id));
            self.emit(&crate::script::Point::LinkState, line.as_bytes());
        }
        self.finish_error(Code::Failed);
        if let Some(line) = told.after {
            let line = format!("{}{line}\r\n", self.prefix(id));
            self.emit(&crate::script::Point::LinkState, line.as_bytes());
        }
    }

    fn tell_domain(&mut self, address: IpAddr) -> Reply {
        let quote = if self.profile.wording.quoted_domain { "\"" } else { "" };
        self.info(&format!("+CIPDOMAIN:{quote}{address}{quote}"));
        Reply::Ok
    }

    /// Lets a job go on that waits for the network; `true` if something moved.
    pub(crate) fn pump_job(&mut self) -> bool {
        match self.running_job() {
            Some(Job::Send(_)) => self.pump_send(),
            Some(Job::Connect { .. }) => self.pump_connect(),
            Some(&Job::Ping(ping)) => self.pump_ping(ping),
            #[cfg(feature = "services")]
            Some(Job::Service(_)) => self.pump_service_job(),
            Some(Job::Lookup { not_before, .. }) if *not_before <= self.now => self.pump_lookup(),
            _ => false,
        }
    }

    fn pump_connect(&mut self) -> bool {
        let now = self.now;
        let Some(Running { job: Job::Connect { socket, plan }, at }) = self.running.take() else {
            return false;
        };
        match self.network.connect_state(now, socket) {
            ConnectState::Pending => {
                self.running = Some(Running { job: Job::Connect { socket, plan }, at });
                return false;
            }
            ConnectState::Open => self.finish_connect(&plan, socket),
            ConnectState::Failed(_) => self.fail_connect_of(plan.id),
        }
        true
    }

    fn pump_lookup(&mut self) -> bool {
        let now = self.now;
        let Some(Running { job: Job::Lookup { lookup, not_before, then }, at }) = self.running.take() else {
            return false;
        };
        let found = match self.network.lookup(now, lookup) {
            Lookup::Pending => {
                self.running = Some(Running { job: Job::Lookup { lookup, not_before, then }, at });
                return false;
            }
            Lookup::Found(found) => found,
            Lookup::Failed => Vec::new(),
        };
        self.use_lookup(&found, then);
        true
    }

    fn use_lookup(&mut self, found: &[IpAddr], then: LookupUse) {
        let v4 = found.iter().copied().find(IpAddr::is_ipv4);
        let v6 = found.iter().copied().find(IpAddr::is_ipv6);
        let v6 = v6.filter(|_| self.settings.ipv6);
        let address = match &then {
            LookupUse::Domain(2) => v4,
            LookupUse::Domain(3) => v6,
            LookupUse::Connect(plan) if plan.v6 => v6,
            LookupUse::Connect(_) => v4,
            _ => v4.or(v6),
        };
        let Some(address) = address else {
            if matches!(then, LookupUse::Ping) {
                return self.finish_ping(None);
            }
            return self.finish_error(Failure::because(Reason::NameNotFound));
        };
        let answer = match then {
            LookupUse::Domain(_) => Ok(self.tell_domain(address)),
            LookupUse::Connect(plan) => self.connect(*plan, address),
            LookupUse::Ping => Ok(self.begin_ping(address)),
            LookupUse::Send(mut data, port) => {
                data.target = Some(SocketAddr::new(address, port));
                Ok(self.prompt(crate::engine::PromptFor::Data(data)))
            }
        };
        match answer {
            Ok(Reply::Ok) => self.finish_ok(),
            Ok(Reply::Pending) => {}
            Err(failure) => self.finish_error(failure),
        }
    }

    fn begin_ping(&mut self, address: IpAddr) -> Reply {
        let now = self.now;
        let ping = self.network.ping(now, address);
        self.run(Job::Ping(ping), Some(now + PING_TIMEOUT))
    }

    fn pump_ping(&mut self, ping: PingId) -> bool {
        match self.network.pinged(self.now, ping) {
            Ping::Answered(time) => self.finish_ping(Some(time)),
            // Whoever does not answer takes all the time that the module has.
            Ping::Pending | Ping::Lost => return false,
        }
        true
    }

    pub(crate) fn finish_ping(&mut self, time: Option<Duration>) {
        match time {
            Some(time) => {
                let label = self.profile.wording.ping;
                self.info(&format!("{label}{}", time.as_millis()));
                self.finish_ok();
            }
            None => {
                self.info(self.profile.wording.ping_timeout);
                self.finish_error(Code::Failed);
            }
        }
    }
}
