//! Passthrough over Bluetooth: `AT+BLESPP` and `AT+BTSPPSEND` without parameters.

use super::air::{Address, LinkId};
use super::classic::ClassicSignal;
use super::gatt::{INDICATE, NOTIFY, Place};
use super::stored::StoredTunnel;
use super::{Connection, SppChannels};
use crate::engine::Mode;
use crate::escape::Escape;
use crate::request::Code;
use crate::simulator::Simulator;
use core::time::Duration;

/// How often a lost connection is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Most bytes that wait for a lost connection.
const BACKLOG: usize = 8192;
/// Most bytes of one packet of a serial port.
const SERIAL_PACKET: usize = 990;

/// Where the bytes go.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// Bluetooth LE: to this characteristic of the connection, from that one.
    LowEnergy { index: usize, client: bool, transmit: Place, receive: Place },
    /// The serial port of Classic Bluetooth.
    Serial,
}

/// Everything is data, both ways.
#[derive(Debug)]
pub(crate) struct Tunnel {
    route: Route,
    escape: Escape,
    data: Vec<u8>,
    /// A lost connection is tried again then, with this device.
    retry: Option<(Duration, Address, u8)>,
}

impl Tunnel {
    pub(crate) const fn new(route: Route, silence: Duration) -> Self {
        Self { route, escape: Escape::new(silence), data: Vec::new(), retry: None }
    }

    pub(crate) const fn blocked(&self) -> bool {
        self.data.len() >= BACKLOG
    }

    /// Whether bytes from there belong to it.
    pub(super) fn takes(&self, from: usize, place: Place) -> bool {
        matches!(&self.route, Route::LowEnergy { index, receive, .. } if *index == from && *receive == place)
    }

    pub(super) const fn is_serial(&self) -> bool {
        matches!(self.route, Route::Serial)
    }
}

impl Simulator {
    /// The way of `AT+BLESPP`, if everything for it is there. A client that does not listen yet begins to.
    pub(crate) fn low_energy_route(&mut self) -> Result<Route, Code> {
        let channels = self.bluetooth.spp.ok_or(Code::Failed)?;
        let (now, radio) = (self.now, self.bluetooth.radio);
        let found = self.bluetooth.open().next();
        let (index, client, link) = found.map(|(index, at)| (index, at.central, at.link)).ok_or(Code::Failed)?;
        let mut medium = self.bluetooth.lock();
        let at = medium.link(link).ok_or(Code::Failed)?;
        let server = if client { at.other(radio) } else { radio };
        let table = &medium.radios[server].server;
        let place = |(service, characteristic): (usize, usize)| {
            let service = if client {
                table.visible().nth(service.checked_sub(1)?)?
            } else {
                super::own_place(service, 1, None)?.service
            };
            let place = Place { service, characteristic: characteristic.checked_sub(1)?, descriptor: None };
            table.characteristic(place).map(|_| place)
        };
        let transmit = place(channels.transmit).ok_or(Code::Failed)?;
        let receive = place(channels.receive).ok_or(Code::Failed)?;
        let can = |place: Place, bits: u8| table.characteristic(place).is_some_and(|found| found.can(bits));
        let (says, writes) = if client { (receive, transmit) } else { (transmit, receive) };
        if !can(says, NOTIFY | INDICATE) || !can(writes, super::gatt::WRITE | super::gatt::WRITE_COMMAND) {
            return Err(Code::Failed);
        }
        let indicates = can(says, INDICATE);
        let listens = medium.listens(link, server, says, indicates);
        if !client && !listens {
            return Err(Code::Failed);
        }
        if client && !listens {
            let configuration = medium.radios[server].server.configuration(says).ok_or(Code::Failed)?;
            medium.write(now, link, radio, configuration, if indicates { &[2, 0] } else { &[1, 0] });
        }
        Ok(Route::LowEnergy { index, client, transmit, receive })
    }

    pub(crate) fn has_low_energy(&self) -> bool {
        self.profile.find("+BLESPP", &self.variant).is_some()
    }

    /// At the end of the boot: a server waits for its client, a client tries until its server is there.
    pub(crate) fn enter_stored_tunnel(&mut self, stored: StoredTunnel) {
        let role = if stored.client { 1 } else { 2 };
        self.bluetooth.role = role;
        self.bluetooth.first_role = Some(role);
        self.raise_low_energy();
        self.bluetooth.spp = Some(SppChannels { transmit: stored.transmit, receive: stored.receive, reconnect: true });
        // For a client these are not right before it knows its server's table.
        let place = |(service, characteristic)| super::own_place(service, characteristic, None);
        let (Some(transmit), Some(receive)) = (place(stored.transmit), place(stored.receive)) else {
            return;
        };
        let route = Route::LowEnergy { index: 0, client: stored.client, transmit, receive };
        let mut tunnel = Tunnel::new(route, self.profile.limits.escape_silence);
        if stored.client {
            tunnel.retry = Some((self.now, stored.peer, self.address_type(&stored.peer)));
        } else {
            let (name, radio) = (self.settings.bluetooth.name.clone(), self.bluetooth.radio);
            self.bluetooth.create_services(&name);
            let mut medium = self.bluetooth.lock();
            medium.radios[radio].server.services.iter_mut().for_each(|service| service.started = true);
            drop(medium);
            // Without the random address that it is to use it stays silent.
            let _ = self.start_advertising();
        }
        self.mode_at = tunnel.retry.map(|(at, ..)| at);
        self.mode = Mode::Tunnel(Box::new(tunnel));
    }

    /// 0 if somebody has this as public address, 1 for a random one.
    fn address_type(&self, address: &Address) -> u8 {
        u8::from(!self.bluetooth.air.look().radios.iter().any(|radio| radio.public == *address))
    }

    pub(crate) fn take_tunnel(&mut self) {
        let rate = self.host_rate();
        let now = self.now;
        let Mode::Tunnel(tunnel) = &mut self.mode else {
            return;
        };
        let mut taken = Vec::new();
        let room = BACKLOG.saturating_sub(tunnel.data.len()).max(1);
        self.inbound.take(now, room, rate, &mut taken);
        for byte in taken {
            tunnel.escape.feed(now, byte, &mut tunnel.data);
        }
        self.pump_tunnel(false);
    }

    pub(crate) fn on_tunnel_timer(&mut self) {
        let now = self.now;
        let Mode::Tunnel(tunnel) = &mut self.mode else {
            return;
        };
        let silent = tunnel.escape.timer().is_some_and(|at| at <= now);
        if silent && tunnel.escape.is_whole() {
            self.pump_tunnel(true);
            self.mode = Mode::Command;
            self.mode_at = None;
            self.tell_quit();
            return;
        }
        if silent {
            tunnel.escape.release(&mut tunnel.data);
        }
        if let Some((_, address, address_type)) = tunnel.retry.take_if(|(at, ..)| *at <= now) {
            self.reconnect_tunnel(address, address_type);
        }
        self.pump_tunnel(silent);
    }

    /// Sends whole packets, with `all` the rest, too.
    fn pump_tunnel(&mut self, all: bool) {
        let packet = self.tunnel_packet();
        loop {
            let Mode::Tunnel(tunnel) = &mut self.mode else {
                return;
            };
            let count = tunnel.data.len().min(packet);
            if count == 0 || count < packet && !all {
                break;
            }
            let bytes: Vec<u8> = tunnel.data[..count].to_vec();
            let route = tunnel.route.clone();
            if !self.send_by(&route, &bytes) {
                break;
            }
            if let Mode::Tunnel(tunnel) = &mut self.mode {
                tunnel.data.drain(..count);
            }
        }
        let now = self.now;
        let Mode::Tunnel(tunnel) = &self.mode else {
            return;
        };
        let silence = tunnel.escape.timer().filter(|at| *at > now);
        let retry = tunnel.retry.map(|(at, ..)| at);
        self.mode_at = [silence, retry].into_iter().flatten().min();
    }

    fn tunnel_packet(&self) -> usize {
        let Mode::Tunnel(tunnel) = &self.mode else {
            return SERIAL_PACKET;
        };
        match tunnel.route {
            Route::Serial => SERIAL_PACKET,
            Route::LowEnergy { index, .. } => self.bluetooth.connection(index).map_or(20, |at| self.mtu(at.link) - 3),
        }
    }

    pub(crate) fn mtu(&self, link: LinkId) -> usize {
        self.bluetooth.air.look().link(link).map_or(23, |link| link.mtu)
    }

    fn send_by(&mut self, route: &Route, bytes: &[u8]) -> bool {
        match route {
            Route::Serial => self.send_serial(bytes),
            Route::LowEnergy { index, client, transmit, .. } => {
                let (now, radio) = (self.now, self.bluetooth.radio);
                let Some(link) = self.bluetooth.connection(*index).map(|at| at.link) else {
                    return false;
                };
                let mut medium = self.bluetooth.lock();
                if *client {
                    medium.write(now, link, radio, *transmit, bytes)
                } else {
                    medium.push(now, link, radio, *transmit, bytes, true)
                        || medium.push(now, link, radio, *transmit, bytes, false)
                }
            }
        }
    }

    /// Bytes to the other end of the serial port.
    pub(crate) fn send_serial(&mut self, bytes: &[u8]) -> bool {
        let now = self.now;
        let Some(address) = self.bluetooth.classic.serial else {
            return false;
        };
        self.bluetooth.lock().tell_classic(now, address, ClassicSignal::Data(bytes.to_vec()))
    }

    /// A client tries again by itself, a server waits for its client.
    pub(super) fn tunnel_disconnected(&mut self, connection: &Connection, lost: usize) {
        let reconnects = self.bluetooth.spp.is_some_and(|channels| channels.reconnect);
        let now = self.now;
        let address_type = self.address_type(&connection.address);
        let Mode::Tunnel(tunnel) = &mut self.mode else {
            return;
        };
        if !reconnects || !matches!(tunnel.route, Route::LowEnergy { index, .. } if index == lost) {
            return;
        }
        if connection.central {
            let at = now + RETRY;
            tunnel.retry = Some((at, connection.address, address_type));
            self.mode_at = Some(self.mode_at.map_or(at, |before| before.min(at)));
        } else {
            // Without the random address that it used it stays silent.
            let _ = self.start_advertising();
        }
    }

    /// The server's client is back; it has to switch notifications on again.
    pub(super) fn tunnel_connected(&mut self, connected: usize) {
        if let Mode::Tunnel(tunnel) = &mut self.mode
            && let Route::LowEnergy { index, client: false, .. } = &mut tunnel.route
        {
            *index = connected;
        }
    }

    fn reconnect_tunnel(&mut self, address: Address, address_type: u8) {
        let Mode::Tunnel(tunnel) = &self.mode else {
            return;
        };
        let Route::LowEnergy { index, .. } = tunnel.route else {
            return;
        };
        let connected = self.try_connect(index, address, address_type);
        if connected {
            // It listens again; where there is no way back, the next bytes will fail.
            let route = self.low_energy_route().ok();
            if let (Mode::Tunnel(tunnel), Some(route)) = (&mut self.mode, route) {
                tunnel.route = route;
            }
        } else if let Mode::Tunnel(tunnel) = &mut self.mode {
            tunnel.retry = Some((self.now + RETRY, address, address_type));
        }
    }
}
