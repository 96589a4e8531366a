//! `BluFi`: a phone tells the module over Bluetooth LE which access point to join.

use heapless::String;

use super::whole_text;
use crate::at::FieldError;
use crate::command::Record;
use crate::command::answer::value_of;
use crate::command::declare::{codes, commands, records};

codes! {
    /// Least security of an access point that is accepted.
    LeastSecurity {
        /// Open.
        Open = 0,
        /// WEP.
        Wep = 1,
        /// WPA, with a passphrase.
        Wpa = 2,
        /// WPA2, with a passphrase.
        Wpa2 = 3,
        /// WPA and WPA2, with a passphrase.
        WpaWpa2 = 4,
        /// WPA2 Enterprise.
        Wpa2Enterprise = 5,
        /// WPA3, with a passphrase.
        Wpa3 = 6,
        /// WPA2 and WPA3, with a passphrase.
        Wpa2Wpa3 = 7,
    }
}

records! {
    /// Whether phones are waited for.
    "+BLUFI" BlufiState {
        /// Whether they are.
        pub started: bool,
    }
}

/// The name that phones see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlufiName {
    /// The name. From the factory `BLUFI_DEVICE`.
    pub name: String<26>,
}

impl Record for BlufiName {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(whole_text(value_of(line, "+BLUFINAME")?).map(|name| Self { name }))
    }
}

commands! {
    /// Asks whether phones are waited for (`ESP-AT 3.4.45`).
    query QueryBlufi -> BlufiState, within 5 s;
    on EspAt "AT+BLUFI" "3.4.45";

    /// Waits for a phone (`ESP-AT 3.4.45`). Not while the Bluetooth LE stack runs in a [`Role`](super::Role).
    set StartBlufi with 1 {
        /// Least security of an access point that is accepted. Left out: any.
        pub least_security: Option<LeastSecurity>,
    } -> (), within 10 s;
    on EspAt "AT+BLUFI" "3.4.45";

    /// No longer waits for a phone (`ESP-AT 3.4.45`).
    set StopBlufi with 0 -> (), within 10 s;
    on EspAt "AT+BLUFI" "3.4.45";

    /// Asks for the name that phones see (`ESP-AT 3.4.46`).
    query QueryBlufiName -> BlufiName, within 5 s;
    on EspAt "AT+BLUFINAME" "3.4.46";

    /// Sets the name that phones see (`ESP-AT 3.4.46`). To be done before [`StartBlufi`].
    set SetBlufiName<'a> {
        /// At most 26 bytes.
        pub name: &'a str [0..=26],
    } -> (), within 5 s;
    on EspAt "AT+BLUFINAME" "3.4.46";

    /// Sends data of one's own to the phone (`ESP-AT 3.4.47`). What it sends comes as `+BLUFIDATA`.
    set SendBlufi {
        /// 1 to 600 bytes of data.
        pub length: u16 [1..=600],
    } data length -> (), within 10 s;
    on EspAt "AT+BLUFISEND" "3.4.47";
}
