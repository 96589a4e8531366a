//! ble: every example and every answer of the manuals.

mod connection;
mod gap;
mod gatt;
mod security;

use wifi_at::command::Mac;
use wifi_at::command::basic::RestoreFactorySettings;
use wifi_at::command::ble::HexBytes;
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    cases.wire::<EspAt, _>(RestoreFactorySettings);
    gap::cases(cases);
    connection::cases(cases);
    gatt::cases(cases);
    security::cases(cases);
}

/// A MAC address as it is written.
pub(crate) fn mac(text: &str) -> Mac {
    let mut bytes = text.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap());
    Mac(std::array::from_fn(|_| bytes.next().unwrap()))
}

/// Bytes as they are written in hexadecimal digits.
fn hex<const N: usize>(text: &str) -> HexBytes<N> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    HexBytes((0..text.len()).step_by(2).map(byte).collect())
}
