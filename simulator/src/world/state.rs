//! How far the world is, and what its events do to the module.

use super::provisioning::Provisioning;
use super::softap::Guest;
use super::{Ethernet, Event, MdnsService, World};
use crate::engine::Mode;
use crate::script::Point;
use crate::settings::Ipv4Config;
use crate::simulator::Simulator;
use core::time::Duration;

/// The Ethernet port as the module sees it.
#[derive(Debug)]
pub(crate) struct Port {
    plug: Ethernet,
    /// `+ETH_CONNECTED` was said.
    up: bool,
    /// When the address is there.
    at: Option<Duration>,
    address: Option<Ipv4Config>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// In the order of time.
    events: Vec<(Duration, Event)>,
    pub(super) guests: Vec<Guest>,
    pub(crate) ethernet: Option<Port>,
    pub(crate) provisioning: Provisioning,
    pub(crate) mdns: Option<MdnsService>,
    /// Seconds between the packets of `AT+CWSTARTDISCOVER`.
    pub(crate) discovery: Option<i64>,
}

impl State {
    pub(crate) fn new(world: &World) -> Self {
        let port = |plug: &Ethernet| Port { plug: plug.clone(), up: false, at: None, address: None };
        let mut state = Self {
            events: Vec::new(),
            guests: world.clients.iter().cloned().map(Guest::new).collect(),
            ethernet: world.ethernet.as_ref().map(port),
            ..Default::default()
        };
        for (at, event) in &world.events {
            state.schedule(*at, event.clone());
        }
        state
    }

    /// Behind the events of the same time.
    pub(crate) fn schedule(&mut self, at: Duration, event: Event) {
        let place = self.events.partition_point(|(other, _)| *other <= at);
        self.events.insert(place, (at, event));
    }

    /// When something happens by itself.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        let event = self.events.first().map(|(at, _)| *at);
        let guests = self.guests.iter().filter_map(Guest::next_at).min();
        let ethernet = self.ethernet.as_ref().and_then(|port| port.at);
        [event, guests, ethernet, self.provisioning.next_at()].into_iter().flatten().min()
    }

    pub(crate) const fn ethernet_address(&self) -> Option<Ipv4Config> {
        match &self.ethernet {
            Some(port) => port.address,
            None => None,
        }
    }
}

impl Simulator {
    /// Lets something happen around the module at `now`.
    pub fn happen(&mut self, now: Duration, event: Event) {
        self.poll(now);
        self.on_event(event);
        self.poll(now);
    }

    /// Lets something happen at a later time.
    pub fn happen_at(&mut self, at: Duration, event: Event) {
        self.world.schedule(at, event);
    }

    /// What the module announces by mDNS in the network that its station is in.
    #[must_use]
    pub fn mdns_service(&self) -> Option<&MdnsService> {
        self.world.mdns.as_ref().filter(|_| self.station.online())
    }

    pub(crate) const fn awake(&self) -> bool {
        !matches!(self.mode, Mode::Boot | Mode::Off)
    }

    pub(crate) fn on_world_timer(&mut self) {
        let now = self.now;
        if self.world.events.first().is_some_and(|(at, _)| *at <= now) {
            let (_, event) = self.world.events.remove(0);
            self.on_event(event);
            return;
        }
        self.on_guest_timer();
        self.on_provisioning_timer();
        self.on_ethernet_timer();
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::AccessPointDown(ssid) => self.switch_access_point(&ssid, false),
            Event::AccessPointUp(ssid) => self.switch_access_point(&ssid, true),
            Event::Signal(ssid, rssi) => {
                for point in self.access_points.iter_mut().filter(|point| point.ssid == ssid) {
                    point.rssi = rssi;
                }
            }
            Event::DropWifi => self.lose_wifi(),
            Event::ClientJoins(name) => self.guest_wants(&name, true),
            Event::ClientLeaves(name) => self.guest_wants(&name, false),
            Event::WpsButton(ssid) => self.press_wps_button(ssid),
            Event::SmartConfig(phone) => self.hear_phone(phone),
            Event::WebCredentials { ssid, password } => self.web_credentials(ssid, password),
            Event::WebUpload(whole) => self.web_upload(whole),
            Event::EthernetPlugged => self.plug_ethernet(true),
            Event::EthernetPulled => self.plug_ethernet(false),
            Event::Voltage { channel, millivolts } => self.set_voltage(channel, millivolts),
            Event::Pin { number, level } => self.set_pin(usize::from(number), level),
            Event::I2cRegister { port, address, register, value } => {
                self.set_i2c_register(port, address, register, value);
            }
            Event::SpiMemory { start, bytes } => self.set_spi_memory(start, &bytes),
            Event::Ble(name, action) => self.ble_peer_acts(&name, action),
            Event::Bt(name, action) => self.bt_peer_acts(&name, action),
        }
    }

    pub(crate) fn switch_access_point(&mut self, ssid: &[u8], up: bool) {
        for point in self.access_points.iter_mut().filter(|point| point.ssid == ssid) {
            point.up = up;
        }
        if !up && self.station.ssid(&self.access_points) == Some(ssid) {
            self.lose_wifi();
        }
    }

    /// The module starts anew; it knows nothing of what it did.
    pub(crate) fn world_restarts(&mut self) {
        self.drop_guests_silently();
        self.world.provisioning.restart();
        self.world.mdns = None;
        self.world.discovery = None;
        if let Some(port) = &mut self.world.ethernet {
            port.up = false;
            port.at = None;
            port.address = None;
        }
    }

    /// `ready` is out.
    pub(crate) fn world_boots(&mut self) {
        self.softap_changed();
        self.raise_ethernet();
    }

    fn plug_ethernet(&mut self, plugged: bool) {
        let Some(port) = &mut self.world.ethernet else {
            return;
        };
        port.plug.plugged = plugged;
        if plugged {
            self.raise_ethernet();
        } else if port.up {
            port.up = false;
            port.at = None;
            port.address = None;
            self.say_state(&Point::WifiState, "+ETH_DISCONNECTED");
            if !self.has_network() {
                self.break_links();
            }
        }
    }

    fn raise_ethernet(&mut self) {
        let (now, dhcp) = (self.now, self.latency.dhcp);
        let awake = self.awake();
        let wait = if self.settings.ethernet_static.is_some() { Duration::ZERO } else { dhcp };
        if let Some(port) = self.world.ethernet.as_mut().filter(|port| awake && port.plug.plugged && !port.up) {
            port.up = true;
            port.at = Some(now + wait);
            self.say_state(&Point::WifiState, "+ETH_CONNECTED");
        }
    }

    fn on_ethernet_timer(&mut self) {
        let now = self.now;
        let fixed = self.settings.ethernet_static;
        let Some(port) = self.world.ethernet.as_mut().filter(|port| port.at.is_some_and(|at| at <= now)) else {
            return;
        };
        port.at = None;
        let config = fixed.unwrap_or_else(|| port.plug.lease.into());
        port.address = Some(config);
        self.say_state(&Point::WifiState, &format!("+ETH_GOT_IP:{}", config.ip));
    }

    /// `AT+CIPETH` with an address.
    pub(crate) fn fix_ethernet_address(&mut self, config: Ipv4Config) {
        if let Some(port) = self.world.ethernet.as_mut().filter(|port| port.up) {
            port.at = None;
            port.address = Some(config);
        }
    }
}
