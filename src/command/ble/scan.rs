//! Scanning.

use core::fmt::Write;

use heapless::String;

use super::{AddressType, HexBytes};
use crate::at::{EncodeError, Encoder};
use crate::command::declare::{codes, commands, records};
use crate::command::{List, Mac, Parameter};

codes! {
    /// Whether a scan asks advertisers for more.
    ScanType {
        /// Only listens.
        Passive = 0,
        /// Asks for scan responses.
        Active = 1,
    }

    /// Which advertisements a scan lets through.
    ScanPolicy {
        /// All, but for directed ones to others.
        All = 0,
        /// Those of devices on the allow list.
        AllowList = 1,
        /// All, and directed ones to a resolvable private address.
        AllAndPrivateDirected = 2,
        /// Those of devices on the allow list, and directed ones to a resolvable private address.
        AllowListAndPrivateDirected = 3,
    }
}

/// How often and how long a scan listens, in units of 0.625 ms: 4 to 16384, which is 2.5 ms to 10.24 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScanTiming {
    /// From the start of one window to that of the next.
    pub interval: u16,
    /// How long it listens each time: not longer than the interval.
    pub window: u16,
}

impl Parameter for ScanTiming {
    fn encode(&self, line: &mut Encoder<'_>) {
        if self.window > self.interval {
            line.fail(EncodeError::OutOfRange);
        }
        line.number(self.interval.into()).number(self.window.into());
    }

    fn is_within(&self, low: i64, high: i64) -> bool {
        self.interval.is_within(low, high) && self.window.is_within(low, high)
    }

    fn sample(low: i64) -> Self {
        Self { interval: u16::sample(low), window: u16::sample(low) }
    }
}

/// Which devices a scan reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanFilter<'a> {
    /// The one with this address.
    Address(Mac),
    /// Those with this name.
    Name(&'a str),
}

impl Parameter for ScanFilter<'_> {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::Address(mac) => {
                // The manual has capital letters here, other than elsewhere. Nothing says that it does not matter.
                let mut text = String::<17>::new();
                let _ = write!(text, "{mac}");
                text.make_ascii_uppercase();
                line.number(1).string(&text)
            }
            Self::Name(name) => line.number(2).string(name),
        };
    }

    fn sample(_: i64) -> Self {
        Self::Address(Mac::sample(0))
    }
}

records! {
    /// How scans are made.
    "+BLESCANPARAM" ScanParameters {
        /// Whether advertisers are asked for scan responses.
        pub scan_type: ScanType,
        /// The module's own address while it asks.
        pub own_address: AddressType,
        /// Which advertisements get through.
        pub policy: ScanPolicy,
        /// From the start of one window to that of the next, in units of 0.625 ms.
        pub interval: u16,
        /// How long it listens each time, in units of 0.625 ms.
        pub window: u16,
    }

    /// A device that a scan has found. Devices come again and again.
    "+BLESCAN" ScanReport {
        /// The device's address.
        pub address: Mac,
        /// Signal strength in dBm.
        pub rssi_dbm: i16,
        /// Its advertisement. May be empty.
        pub data: HexBytes<31>,
        /// Its scan response. Empty where it was not asked for, or has none.
        pub scan_response: HexBytes<31>,
        /// The kind of its address.
        pub address_type: Option<AddressType>,
    }
}

commands! {
    /// Asks how scans are made (`ESP-AT 3.4.5`).
    query QueryScanParameters -> ScanParameters, within 5 s;
    on EspAt "AT+BLESCANPARAM" "3.4.5";

    /// Sets how scans are made (`ESP-AT 3.4.5`).
    set SetScanParameters {
        /// Whether advertisers are asked for scan responses.
        pub scan_type: ScanType,
        /// The module's own address while it asks.
        pub own_address: AddressType,
        /// Which advertisements get through.
        pub policy: ScanPolicy,
        /// How often and how long it listens.
        pub timing: ScanTiming [4..=16384],
    } -> (), within 5 s;
    on EspAt "AT+BLESCANPARAM" "3.4.5";

    /// Starts a scan (`ESP-AT 3.4.6`). Needs the role of a client.
    ///
    /// The module says `OK` before, between or after what it finds. The response holds what came before it; all
    /// else comes as lines that nobody has asked for, `+BLESCANDONE` when the time is over the last of them.
    set StartScan<'a> with 1 {
        /// For how long, in seconds. 0, or left out: until [`StopScan`].
        pub duration_s: Option<u16>,
        /// Which devices are reported; left out: all.
        pub filter: Option<ScanFilter<'a>>,
    } -> List<ScanReport, 8>, within 30 s;
    on EspAt "AT+BLESCAN" "3.4.6";

    /// Ends a scan that was started without a duration (`ESP-AT 3.4.6`).
    set StopScan with 0 -> (), within 5 s;
    on EspAt "AT+BLESCAN" "3.4.6";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    #[test]
    fn a_window_fits_its_interval() {
        for (interval, window, allowed) in [(4, 4, true), (100, 101, false), (3, 3, false), (16385, 4, false)] {
            let command = SetScanParameters {
                scan_type: ScanType::Passive,
                own_address: AddressType::Public,
                policy: ScanPolicy::All,
                timing: ScanTiming { interval, window },
            };
            let mut buffer = [0; 256];
            let mut line = Encoder::new(&mut buffer);
            command.encode("AT+BLESCANPARAM", &mut line);
            let expected = if allowed { None } else { Some(EncodeError::OutOfRange) };
            assert_eq!(line.finish().err(), expected, "{interval} {window}");
        }
    }
}
