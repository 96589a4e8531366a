//! Advertising, and connections that the module opens and closes.

use super::air::{Address, Advert, LinkId, quoted};
use super::{BluetoothJob, Connection};
use crate::command::Reply;
use crate::engine::Job;
use crate::request::{Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;

/// How often the module looks for a device that it is to connect with.
const TICK: Duration = Duration::from_millis(100);

/// One field of an advertising payload.
pub(crate) fn field(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len() + 1).unwrap_or(u8::MAX);
    [&[length, kind], bytes].concat()
}

/// General discoverable, no Classic Bluetooth.
pub(crate) const FLAGS: [u8; 3] = [2, 1, 6];

impl Simulator {
    /// The random address if that is to be used.
    fn own_address(&self, random: bool) -> Result<(Address, u8), Code> {
        if random {
            let address = self.settings.bluetooth.random.ok_or(Code::Failed)?;
            Ok((address, 1))
        } else {
            Ok((self.bluetooth.public, 0))
        }
    }

    /// `AT+BLEADVSTART`
    pub(crate) fn start_advertising(&mut self) -> Result<(), Code> {
        let stored = &self.settings.bluetooth;
        let parameters = stored.advert;
        let (address, address_type) = self.own_address(parameters.own_address == 1)?;
        let full = self.bluetooth.connections.iter().all(Option::is_some);
        let directed = matches!(parameters.kind, 1 | 4);
        // Nobody is in the white list: no command fills it.
        let connectable = matches!(parameters.kind, 0 | 1 | 4) && parameters.filter < 2;
        if full && connectable {
            return Err(Code::Failed);
        }
        let advert = Advert {
            address,
            address_type,
            data: stored.data.clone(),
            response: stored.response.clone(),
            connectable,
            only: directed.then_some(parameters.peer),
            scannable: matches!(parameters.kind, 0 | 2) && matches!(parameters.filter, 0 | 2),
        };
        self.advertise(Some(advert));
        Ok(())
    }

    /// Advertises a name and a service, as an input device and for `BluFi`.
    pub(crate) fn advertise_service(&mut self, name: &[u8], service: u16) {
        let mut response = field(9, name);
        response.truncate(31);
        let advert = Advert {
            address: self.bluetooth.public,
            address_type: 0,
            data: [&FLAGS[..], &field(3, &service.to_le_bytes())].concat(),
            response,
            connectable: true,
            only: None,
            scannable: true,
        };
        self.advertise(Some(advert));
    }

    pub(crate) fn advertise(&mut self, advert: Option<Advert>) {
        self.bluetooth.lock().radios[self.bluetooth.radio].advert = advert;
    }

    pub(crate) fn advertises(&self) -> bool {
        self.bluetooth.air.look().radios[self.bluetooth.radio].advert.is_some()
    }

    /// `AT+BLECONN` of a client.
    pub(crate) fn start_connect(
        &mut self,
        index: usize,
        address: Address,
        address_type: u8,
        limit: Duration,
    ) -> Result<Reply, Failure> {
        self.own_address(self.settings.bluetooth.scan.own_address % 2 == 1)?;
        let deadline = self.now + limit;
        let job = BluetoothJob::Connect { index, address, address_type, deadline };
        let at = self.now + self.latency.bluetooth;
        Ok(self.run(Job::Bluetooth(job), Some(at)))
    }

    /// Opens a connection if the other device takes it now.
    pub(super) fn try_connect(&mut self, index: usize, address: Address, address_type: u8) -> bool {
        let random = self.settings.bluetooth.scan.own_address % 2 == 1;
        let Ok((own, _)) = self.own_address(random) else {
            return false;
        };
        let (now, radio) = (self.now, self.bluetooth.radio);
        let mut medium = self.bluetooth.lock();
        let peripheral = medium.connectable(own, address, address_type).filter(|other| *other != radio);
        let link = peripheral.and_then(|peripheral| medium.connect(now, (radio, own), peripheral));
        drop(medium);
        let Some(link) = link else {
            return false;
        };
        self.add_connection(index, link, true);
        true
    }

    /// A connection is there.
    pub(super) fn add_connection(&mut self, index: usize, link: LinkId, central: bool) {
        let radio = self.bluetooth.radio;
        let address = self.bluetooth.air.look().link(link).map(|link| link.other_address(radio));
        let Some(address) = address else {
            return;
        };
        let client = central;
        let connection = Connection { link, address, central, client, discovered: false, explored: Vec::new() };
        self.bluetooth.connections[index] = Some(connection);
        self.say_state(&Point::LinkState, &format!("+BLECONN:{index},{}", quoted(address)));
    }

    pub(crate) fn on_bluetooth_job(&mut self, job: BluetoothJob) {
        match job {
            BluetoothJob::Connect { index, address, address_type, deadline } => {
                if self.try_connect(index, address, address_type) {
                    self.finish_ok();
                } else if self.now >= deadline {
                    self.emit(&Point::Information, format!("+BLECONN:{index},-1\r\n").as_bytes());
                    self.finish_error(Code::Failed);
                } else {
                    let at = deadline.min(self.now + TICK);
                    self.run(
                        Job::Bluetooth(BluetoothJob::Connect { index, address, address_type, deadline }),
                        Some(at),
                    );
                }
            }
            BluetoothJob::Sent => self.finish_ok(),
            BluetoothJob::Inquiry(inquiry) => self.go_on_with_inquiry(inquiry),
            BluetoothJob::Page(profile, address) => self.fail_page(profile, address),
        }
    }

    /// The bytes behind a prompt are on their way; `OK` comes when they are there.
    pub(crate) fn bluetooth_sent(&mut self, sent: bool) {
        if !sent {
            self.finish_error(Code::Failed);
            if core::mem::take(&mut self.faults.told_twice) {
                self.say_result(b"\r\nERROR\r\n");
            }
            return;
        }
        if self.latency.send.is_zero() {
            return self.finish_ok();
        }
        let at = self.now + self.latency.send;
        self.run(Job::Bluetooth(BluetoothJob::Sent), Some(at));
    }
}
