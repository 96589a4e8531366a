//! What the module passes through from power-on on.

use super::connect::link_type;
use super::{Entry, Reply, command};
use crate::bluetooth::stored::StoredTunnel;
use crate::engine::Mode;
use crate::link::Kind;
use crate::net::{ConnectState, Lookup, LookupId, SocketId};
use crate::passthrough::Passthrough;
use crate::request::{Call, Code, Failure, parse_mac};
use crate::settings::StoredLink;
use crate::simulator::Simulator;
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

pub(crate) static COMMANDS: &[Entry] = &[command("+SAVETRANSLINK").set(set)];

fn set(module: &mut Simulator, call: &Call) -> Result<Reply, Failure> {
    let most = if module.has_low_energy() { 2 } else { 1 };
    let choice = call.int(0, 0, most)?;
    if choice == 2 {
        let tunnel = stored_tunnel(call)?;
        return Ok(store(module, None, Some(tunnel)));
    }
    call.count(1, 5)?;
    if choice == 0 {
        return Ok(store(module, None, None));
    }
    let host = call.text(1, 1, 64)?.to_owned();
    let port = u16::try_from(call.int(2, 1, 65535)?).map_err(|_| Code::Invalid)?;
    let (kind, secure, v6) = link_type(module, call, 3)?;
    if secure && module.profile.limits.single_ssl {
        return Err(Code::Invalid.into());
    }
    let mut link = StoredLink { host, port, udp: kind == Kind::Udp, secure, v6, local_port: 0, keep_alive: None };
    if link.udp {
        let local_port = call.opt_int(4, 1, 65535)?.unwrap_or(0);
        link.local_port = u16::try_from(local_port).map_err(|_| Code::Invalid)?;
    } else {
        link.keep_alive = call.opt_int(4, 0, 7200)?;
    }
    if link.host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6() != v6) {
        return Err(Code::Invalid.into());
    }
    Ok(store(module, Some(link), None))
}

fn store(module: &mut Simulator, link: Option<StoredLink>, tunnel: Option<StoredTunnel>) -> Reply {
    for settings in [&mut module.settings, &mut module.flash] {
        settings.stored_link.clone_from(&link);
        settings.stored_tunnel = tunnel;
    }
    Reply::Ok
}

/// Role, service and characteristic of either way, the other device.
fn stored_tunnel(call: &Call) -> Result<StoredTunnel, Failure> {
    call.count(7, 7)?;
    let number = |index| usize::try_from(call.int(index, 1, 255)?).map_err(|_| Code::Invalid);
    let peer = parse_mac(call.text(6, 17, 17)?).ok_or(Code::Invalid)?;
    let client = call.int(1, 1, 2)? == 1;
    Ok(StoredTunnel { client, transmit: (number(2)?, number(3)?), receive: (number(4)?, number(5)?), peer })
}

/// How far the stored link is.
#[derive(Debug)]
pub(crate) struct Opening {
    link: StoredLink,
    lookup: Option<LookupId>,
    socket: Option<(SocketId, SocketAddr)>,
    pub(crate) not_before: Duration,
}

impl Opening {
    pub(crate) fn socket(&self) -> Option<SocketId> {
        self.socket.map(|(socket, _)| socket)
    }
}

impl Simulator {
    /// At the end of the boot: the module is in passthrough from now on, whether or not its link is there.
    pub(crate) fn enter_stored_link(&mut self) {
        if let Some(tunnel) = self.settings.stored_tunnel {
            return self.enter_stored_tunnel(tunnel);
        }
        if let Some(link) = self.settings.stored_link.clone() {
            self.sockets.passthrough = true;
            let mut mode = Passthrough::new(self.profile, self.send_interval());
            mode.opening = Some(Opening { link, lookup: None, socket: None, not_before: self.now });
            self.mode = Mode::Passthrough(Box::new(mode));
            self.mode_at = None;
        }
    }

    /// Goes on with the stored link; `true` if something moved.
    pub(crate) fn pump_stored_link(&mut self) -> bool {
        let now = self.now;
        if !self.has_network() {
            return false;
        }
        let Mode::Passthrough(mode) = &mut self.mode else {
            return false;
        };
        let Some(mut opening) = mode.opening.take_if(|opening| opening.not_before <= now) else {
            return false;
        };
        let moved = self.advance_stored_link(&mut opening);
        if let Mode::Passthrough(mode) = &mut self.mode
            && moved != Some(true)
        {
            if moved.is_none() {
                let tenths = u64::try_from(self.settings.passthrough_reconnect).unwrap_or(1);
                opening = Opening { link: opening.link, lookup: None, socket: None, not_before: now };
                opening.not_before += Duration::from_millis(100 * tenths);
                let at = opening.not_before;
                self.mode_at = Some(self.mode_at.map_or(at, |before| before.min(at)));
            }
            mode.opening = Some(opening);
        }
        moved == Some(true)
    }

    /// `Some(true)` when the link is open, `None` when that failed.
    fn advance_stored_link(&mut self, opening: &mut Opening) -> Option<bool> {
        let now = self.now;
        let link = &opening.link;
        if let Some((socket, remote)) = opening.socket {
            return match self.network.connect_state(now, socket) {
                ConnectState::Pending => Some(false),
                ConnectState::Failed(_) => None,
                ConnectState::Open => {
                    self.open_link(0, Kind::Tcp, socket, remote, false);
                    if let Some(open) = self.sockets.get_mut(0) {
                        open.secure = link.secure;
                        open.options.keep_alive = link.keep_alive.unwrap_or(open.options.keep_alive);
                    }
                    self.announce_open(0);
                    Some(true)
                }
            };
        }
        let address = match (link.host.parse::<IpAddr>(), opening.lookup) {
            (Ok(address), _) => address,
            (_, None) => {
                opening.lookup = Some(self.network.resolve(now, &link.host));
                return self.advance_stored_link(opening);
            }
            (_, Some(lookup)) => match self.network.lookup(now, lookup) {
                Lookup::Pending => return Some(false),
                Lookup::Failed => return None,
                Lookup::Found(found) => found.into_iter().find(|found| found.is_ipv6() == link.v6)?,
            },
        };
        let remote = SocketAddr::new(address, link.port);
        if link.udp {
            let socket = self.network.bind_udp(now, link.local_port, link.v6).ok()?;
            self.open_link(0, Kind::Udp, socket, remote, false);
            self.announce_open(0);
            return Some(true);
        }
        let secure = link.secure;
        let socket = self.open_stream(0, remote, secure).ok()?;
        opening.socket = Some((socket, remote));
        self.advance_stored_link(opening)
    }
}
