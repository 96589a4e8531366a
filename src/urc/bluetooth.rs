//! Messages about Bluetooth LE and classic Bluetooth.

use super::read;
use crate::at::{FieldError, Fields};
use crate::command::declare::codes;
use crate::command::{Mac, Value};

codes! {
    /// What kind of address a Bluetooth LE device uses.
    BleAddressKind {
        /// Its own.
        Public = 0,
        /// One that it made up.
        Random = 1,
    }
}

/// About Bluetooth LE. Notifications, indications and writes are counted: [`Payload`](super::counted::Payload).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BleUrc<'a> {
    /// `+BLECONN:0,"..."`: a connection is open.
    Connected {
        /// Its number.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
    /// `+BLECONN:0,-1`: a connection was not made, or broke.
    ConnectFailed {
        /// Its number; 65535 where firmware had none yet.
        connection: u16,
    },
    /// `+BLEDISCONN:0,"..."`: a connection has ended.
    Disconnected {
        /// Its number.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
    /// `+BLECONNPARAM:...`: a connection has other parameters. Intervals in 1.25 ms.
    Parameters {
        /// The number of the connection.
        connection: u16,
        /// The shortest interval that was asked for.
        minimum_interval: u16,
        /// The longest interval that was asked for.
        maximum_interval: u16,
        /// The interval.
        interval: u16,
        /// Events that the peripheral may stay away from.
        latency: u16,
        /// Time without a sign of life after which the connection ends, in 10 ms.
        timeout: u16,
    },
    /// `+BLECONNPARAM:0,-1`: the parameters could not be changed.
    ParametersRefused {
        /// The number of the connection.
        connection: u16,
    },
    /// `+BLESCAN:...`: a device is in reach.
    Scanned {
        /// The device.
        device: Mac,
        /// Strength of its signal in dBm.
        rssi: i16,
        /// What it advertises, in hexadecimal digits.
        advertisement: &'a [u8],
        /// What it answered to the scan, in hexadecimal digits.
        scan_response: &'a [u8],
        /// What kind of address it uses.
        address_kind: BleAddressKind,
    },
    /// `+BLESCANDONE`: the scan has ended.
    ScanDone,
    /// `+READ:...`: the peer has read a characteristic of the module.
    Read {
        /// The number of the connection.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
    /// `+BLESECREQ:...`: the peer asks for encryption.
    EncryptionRequest {
        /// The number of the connection.
        connection: u16,
    },
    /// `+BLESECNTFYKEY:...`: a key that is to be shown to people.
    PassKey {
        /// The number of the connection.
        connection: u16,
        /// The key, six digits.
        key: u32,
    },
    /// `+BLESECKEYREQ:...`: the key that the peer shows is to be entered.
    PassKeyRequest {
        /// The number of the connection.
        connection: u16,
    },
    /// `+BLESECKEYTYPE:...`: a key has been exchanged.
    KeyExchanged {
        /// The number of the connection.
        connection: u16,
        /// Which one.
        kind: u8,
    },
    /// `+BLEAUTHCMPL:...`: pairing has ended.
    PairingDone {
        /// The number of the connection.
        connection: u16,
        /// Whether the connection is encrypted now.
        encrypted: bool,
    },
}

/// A number and an address, or `-1` for failure.
fn connection(fields: &mut Fields<'_>) -> Result<(u16, Option<Mac>), FieldError> {
    let number = u16::take(fields)?;
    let address = fields.field()?;
    if address.bytes == b"-1" { Ok((number, None)) } else { Ok((number, Some(Mac::parse(address)?))) }
}

impl<'a> BleUrc<'a> {
    pub(super) fn named(line: &'a [u8]) -> Option<Self> {
        if super::is(line, "+BLESCANDONE") {
            return Some(Self::ScanDone);
        }
        let number = |name| read(line, name, u16::take);
        read(line, "+BLECONN", connection)
            .map(|(connection, peer)| match peer {
                Some(peer) => Self::Connected { connection, peer },
                None => Self::ConnectFailed { connection },
            })
            .or_else(|| {
                let (connection, peer) = read(line, "+BLEDISCONN", connection)?;
                Some(Self::Disconnected { connection, peer: peer? })
            })
            .or_else(|| read(line, "+BLECONNPARAM", Self::parameters))
            .or_else(|| read(line, "+BLESCAN", Self::scanned))
            .or_else(|| {
                let (connection, peer) = read(line, "+READ", connection)?;
                Some(Self::Read { connection, peer: peer? })
            })
            .or_else(|| number("+BLESECREQ").map(|connection| Self::EncryptionRequest { connection }))
            .or_else(|| number("+BLESECKEYREQ").map(|connection| Self::PassKeyRequest { connection }))
            .or_else(|| {
                read(line, "+BLESECNTFYKEY", |fields| {
                    Ok(Self::PassKey { connection: u16::take(fields)?, key: u32::take(fields)? })
                })
            })
            .or_else(|| {
                read(line, "+BLESECKEYTYPE", |fields| {
                    Ok(Self::KeyExchanged { connection: u16::take(fields)?, kind: u8::take(fields)? })
                })
            })
            .or_else(|| {
                read(line, "+BLEAUTHCMPL", |fields| {
                    Ok(Self::PairingDone { connection: u16::take(fields)?, encrypted: u32::take(fields)? == 0 })
                })
            })
    }

    fn parameters(fields: &mut Fields<'a>) -> Result<Self, FieldError> {
        let connection = u16::take(fields)?;
        let minimum_interval = fields.field()?;
        if minimum_interval.bytes == b"-1" {
            return Ok(Self::ParametersRefused { connection });
        }
        Ok(Self::Parameters {
            connection,
            minimum_interval: u16::parse(minimum_interval)?,
            maximum_interval: u16::take(fields)?,
            interval: u16::take(fields)?,
            latency: u16::take(fields)?,
            timeout: u16::take(fields)?,
        })
    }

    fn scanned(fields: &mut Fields<'a>) -> Result<Self, FieldError> {
        Ok(Self::Scanned {
            device: Mac::take(fields)?,
            rssi: i16::take(fields)?,
            advertisement: fields.field()?.bytes,
            scan_response: fields.field()?.bytes,
            address_kind: BleAddressKind::take(fields)?,
        })
    }
}

/// About classic Bluetooth. Data of the serial port profile are counted:
/// [`Payload::Bluetooth`](super::counted::Payload::Bluetooth).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BluetoothUrc {
    /// `+BTSPPCONN:0,"..."`: a serial connection is open.
    SerialConnected {
        /// Its number.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
    /// `+BTSPPCONN:0,-1`: a serial connection was not made.
    SerialConnectFailed {
        /// Its number.
        connection: u16,
    },
    /// `+BTSPPDISCONN:0,"..."`: a serial connection has ended.
    SerialDisconnected {
        /// Its number.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
    /// `+BTSPPDISCONN:-1`: a serial connection could not be ended.
    SerialDisconnectFailed,
    /// `+BTA2DPCONN:0,"..."`: an audio connection is open.
    AudioConnected {
        /// Its number.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
    /// `+BTA2DPCONN:0,-1`: an audio connection was not made.
    AudioConnectFailed {
        /// Its number.
        connection: u16,
    },
    /// `+BTA2DPDISCONN:0,"..."`: an audio connection has ended.
    AudioDisconnected {
        /// Its number.
        connection: u16,
        /// The peer.
        peer: Mac,
    },
}

impl BluetoothUrc {
    pub(super) fn named(line: &[u8]) -> Option<Self> {
        read(line, "+BTSPPCONN", connection)
            .map(|(connection, peer)| match peer {
                Some(peer) => Self::SerialConnected { connection, peer },
                None => Self::SerialConnectFailed { connection },
            })
            .or_else(|| read(line, "+BTSPPDISCONN", Self::serial_disconnected))
            .or_else(|| {
                read(line, "+BTA2DPCONN", connection).map(|(connection, peer)| match peer {
                    Some(peer) => Self::AudioConnected { connection, peer },
                    None => Self::AudioConnectFailed { connection },
                })
            })
            .or_else(|| {
                let (connection, peer) = read(line, "+BTA2DPDISCONN", connection)?;
                Some(Self::AudioDisconnected { connection, peer: peer? })
            })
    }

    fn serial_disconnected(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let number = fields.field()?;
        if number.bytes == b"-1" {
            return Ok(Self::SerialDisconnectFailed);
        }
        Ok(Self::SerialDisconnected { connection: u16::parse(number)?, peer: Mac::take(fields)? })
    }
}
