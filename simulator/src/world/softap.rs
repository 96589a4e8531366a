//! The stations of the module's own access point.

use super::Client;
use crate::script::Point;
use crate::settings::Ipv4Config;
use crate::simulator::Simulator;
use crate::station::mac_text;
use core::time::Duration;
use std::net::Ipv4Addr;

/// A station that has joined the module's access point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedStation {
    /// The [`Client`]'s name.
    pub name: String,
    /// Its MAC address.
    pub mac: [u8; 6],
    /// Its address: its own or that of the module's DHCP server.
    pub address: Option<Ipv4Addr>,
}

#[derive(Debug, PartialEq, Eq)]
enum Presence {
    Away,
    /// Joins at this time.
    Coming(Duration),
    Joined {
        /// When DHCP is done.
        lease_at: Option<Duration>,
        /// The address that DHCP gave.
        lease: Option<Ipv4Addr>,
    },
}

/// A client and how it stands to the module.
#[derive(Debug)]
pub(crate) struct Guest {
    client: Client,
    wants: bool,
    presence: Presence,
    /// The address that it had last: it gets it again.
    last: Option<Ipv4Addr>,
}

impl Guest {
    pub(super) const fn new(client: Client) -> Self {
        Self { client, wants: false, presence: Presence::Away, last: None }
    }

    pub(super) const fn next_at(&self) -> Option<Duration> {
        match self.presence {
            Presence::Coming(at) => Some(at),
            Presence::Joined { lease_at, .. } => lease_at,
            Presence::Away => None,
        }
    }

    const fn joined(&self) -> bool {
        matches!(self.presence, Presence::Joined { .. })
    }

    const fn lease(&self) -> Option<Ipv4Addr> {
        match self.presence {
            Presence::Joined { lease, .. } => lease,
            _ => None,
        }
    }
}

/// The pool of `AT+CWDHCPS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) minutes: i64,
    pub(crate) first: Ipv4Addr,
    pub(crate) last: Ipv4Addr,
}

impl Pool {
    /// Addresses that one pool can hold.
    pub(crate) const MOST: u32 = 101;

    /// From `.2` to `.101`, 2 h.
    pub(crate) fn of_network(softap: Ipv4Config) -> Self {
        let [a, b, c, _] = softap.ip.octets();
        Self { minutes: 120, first: Ipv4Addr::new(a, b, c, 2), last: Ipv4Addr::new(a, b, c, 101) }
    }

    fn addresses(self) -> impl Iterator<Item = Ipv4Addr> {
        (self.first.to_bits()..=self.last.to_bits()).map(Ipv4Addr::from_bits)
    }
}

/// Whether two addresses share a network.
pub(crate) fn same_network(one: Ipv4Addr, other: Ipv4Addr, netmask: Ipv4Addr) -> bool {
    one.to_bits() & netmask.to_bits() == other.to_bits() & netmask.to_bits()
}

impl Simulator {
    /// The stations that have joined the module's access point, in the order of the world's clients.
    #[must_use]
    pub fn joined_stations(&self) -> Vec<JoinedStation> {
        let joined = self.world.guests.iter().filter(|guest| guest.joined());
        joined
            .map(|guest| JoinedStation {
                name: guest.client.name.clone(),
                mac: guest.client.mac,
                address: guest.lease().or(guest.client.address),
            })
            .collect()
    }

    /// Address and MAC of the stations that the module's DHCP server knows.
    pub(crate) fn leases(&self) -> Vec<(Ipv4Addr, [u8; 6])> {
        let guests = self.world.guests.iter();
        guests.filter_map(|guest| Some((guest.lease()?, guest.client.mac))).collect()
    }

    const fn softap_runs(&self) -> bool {
        self.awake() && self.settings.softap_on() && !self.station_off()
    }

    /// The pool that `AT+CWDHCPS` set, if it fits the network, or the usual one.
    pub(crate) fn dhcp_pool(&self, pool: Option<Pool>, softap: Ipv4Config) -> Pool {
        let fits = |pool: &Pool| same_network(pool.first, softap.ip, softap.netmask);
        pool.filter(fits).unwrap_or_else(|| Pool::of_network(softap))
    }

    pub(super) fn guest_wants(&mut self, name: &str, wants: bool) {
        for index in 0..self.world.guests.len() {
            let guest = &mut self.world.guests[index];
            if guest.client.name != name {
                continue;
            }
            guest.wants = wants;
            if wants {
                self.invite(index, Duration::ZERO);
            } else {
                self.dismiss(index);
            }
        }
    }

    /// The access point has come, gone or changed: who is in tries anew.
    pub(crate) fn softap_changed(&mut self) {
        let delay = self.latency.join;
        for index in 0..self.world.guests.len() {
            self.dismiss(index);
            self.invite(index, delay);
        }
    }

    /// Only throws the stations out if there is no access point any more.
    pub(crate) fn softap_switched(&mut self) {
        let delay = self.latency.join;
        for index in 0..self.world.guests.len() {
            if self.softap_runs() {
                self.invite(index, delay);
            } else {
                self.dismiss(index);
            }
        }
    }

    fn invite(&mut self, index: usize, delay: Duration) {
        let at = self.now + delay;
        let runs = self.softap_runs();
        let guest = &mut self.world.guests[index];
        if runs && guest.wants && guest.presence == Presence::Away {
            guest.presence = Presence::Coming(at);
        }
    }

    fn dismiss(&mut self, index: usize) {
        let guest = &mut self.world.guests[index];
        let joined = guest.joined();
        guest.presence = Presence::Away;
        if joined {
            let line = format!("+STA_DISCONNECTED:\"{}\"", mac_text(guest.client.mac));
            self.say_state(&Point::WifiState, &line);
        }
    }

    pub(super) fn drop_guests_silently(&mut self) {
        for guest in &mut self.world.guests {
            guest.presence = Presence::Away;
        }
    }

    /// `AT+CWQIF`: those with this MAC address, or all. `false` if there is none.
    pub(crate) fn throw_out(&mut self, mac: Option<[u8; 6]>) -> bool {
        let mut found = false;
        for index in 0..self.world.guests.len() {
            let guest = &mut self.world.guests[index];
            if guest.joined() && mac.is_none_or(|mac| mac == guest.client.mac) {
                guest.wants = false;
                found = true;
                self.dismiss(index);
            }
        }
        found
    }

    pub(super) fn on_guest_timer(&mut self) {
        let now = self.now;
        for index in 0..self.world.guests.len() {
            match self.world.guests[index].presence {
                Presence::Coming(at) if at <= now => self.admit(index),
                Presence::Joined { lease_at: Some(at), .. } if at <= now => self.give_address(index),
                _ => {}
            }
        }
    }

    fn admit(&mut self, index: usize) {
        let taken = self.world.guests.iter().filter(|guest| guest.joined()).count();
        let room = taken < usize::try_from(self.settings.softap.max_stations).unwrap_or(0);
        let lease_at = self.settings.softap_dhcp.then(|| self.now + self.latency.dhcp);
        let softap = &self.settings.softap;
        let runs = self.softap_runs();
        let guest = &mut self.world.guests[index];
        let password = guest.client.password.as_ref();
        let knows = softap.encryption == 0 || password.is_none_or(|password| *password == softap.password);
        if !(runs && room && knows) {
            guest.presence = Presence::Away;
            return;
        }
        let lease_at = lease_at.filter(|_| guest.client.address.is_none());
        guest.presence = Presence::Joined { lease_at, lease: None };
        let line = format!("+STA_CONNECTED:\"{}\"", mac_text(guest.client.mac));
        self.say_state(&Point::WifiState, &line);
    }

    fn give_address(&mut self, index: usize) {
        let softap = self.settings.softap_ip;
        let taken: Vec<Ipv4Addr> = self.leases().into_iter().map(|(address, _)| address).collect();
        let free = |address: &Ipv4Addr| *address != softap.ip && !taken.contains(address);
        let pool = self.dhcp_pool(self.settings.dhcp_pool, softap);
        let last = self.world.guests[index].last;
        // An address that another station had is given out only when there is no fresh one.
        let reserved: Vec<Ipv4Addr> = self.world.guests.iter().filter_map(|guest| guest.last).collect();
        let again = last.filter(|last| pool.addresses().any(|address| address == *last) && free(last));
        let fresh = || pool.addresses().find(|address| free(address) && !reserved.contains(address));
        let address = again.or_else(fresh).or_else(|| pool.addresses().find(free));
        let guest = &mut self.world.guests[index];
        guest.presence = Presence::Joined { lease_at: None, lease: address };
        // A pool that is used up leaves the station without address, and nothing is said.
        if let Some(address) = address {
            guest.last = Some(address);
            let line = format!("+DIST_STA_IP:\"{}\",\"{address}\"", mac_text(guest.client.mac));
            self.say_state(&Point::WifiState, &line);
        }
    }
}
