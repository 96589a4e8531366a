//! Looking for access points.

use super::text::{split_mac, split_numbers, unquoted, without_parentheses};
use super::{Protocols, Security, Ssid};
use crate::at::{Encoder, FieldError, Fields, after_name};
use crate::command::declare::{codes, commands, masks};
use crate::command::parameter::put;
use crate::command::{Bytes, List, Mac, Parameter, Record, Value};

codes! {
    /// How access points are looked for.
    ScanKind {
        /// By asking. Sees hidden networks, too, and is fast.
        Active = 0,
        /// By listening for their beacons.
        Passive = 1,
    }

    /// How frames are encrypted.
    Cipher {
        /// Not at all.
        None = 0,
        /// WEP with 40 bits.
        Wep40 = 1,
        /// WEP with 104 bits.
        Wep104 = 2,
        /// TKIP
        Tkip = 3,
        /// CCMP, which is AES
        Ccmp = 4,
        /// TKIP and CCMP
        TkipAndCcmp = 5,
        /// AES-CMAC-128. The NONOS firmware says 6 where it does not know.
        AesCmac128 = 6,
        /// Something that the module does not know.
        Unknown = 7,
    }
}

masks! {
    /// What is told of each access point.
    ScanFields: u16 {
        /// [`AccessPoint::security`]
        SECURITY = 0,
        /// [`AccessPoint::ssid`]
        SSID = 1,
        /// [`AccessPoint::signal_dbm`]
        SIGNAL = 2,
        /// [`AccessPoint::bssid`]
        BSSID = 3,
        /// [`AccessPoint::channel`]
        CHANNEL = 4,
        /// [`AccessPoint::frequency_offset_khz`]. This and the following only with ESP-AT and the NONOS firmware.
        FREQUENCY_OFFSET = 5,
        /// [`AccessPoint::frequency_calibration`]
        FREQUENCY_CALIBRATION = 6,
        /// [`AccessPoint::pairwise_cipher`]
        PAIRWISE_CIPHER = 7,
        /// [`AccessPoint::group_cipher`]
        GROUP_CIPHER = 8,
        /// [`AccessPoint::protocols`]
        PROTOCOLS = 9,
        /// [`AccessPoint::wps`]
        WPS = 10,
    }

    /// Kinds of access points that are listed, by how they secure their network.
    SecurityFilter: u16 {
        /// [`Security::Open`]
        OPEN = 0,
        /// [`Security::Wep`]
        WEP = 1,
        /// [`Security::WpaPsk`]
        WPA_PSK = 2,
        /// [`Security::Wpa2Psk`]
        WPA2_PSK = 3,
        /// [`Security::WpaWpa2Psk`]
        WPA_WPA2_PSK = 4,
        /// [`Security::Wpa2Enterprise`]
        WPA2_ENTERPRISE = 5,
        /// [`Security::Wpa3Psk`]
        WPA3_PSK = 6,
        /// [`Security::Wpa2Wpa3Psk`]
        WPA2_WPA3_PSK = 7,
        /// [`Security::WapiPsk`]
        WAPI_PSK = 8,
        /// [`Security::Owe`]
        OWE = 9,
    }
}

/// An access point that was found.
///
/// Firmware tells five to eleven things, and what was left out by [`SetScanFields`] is not told. Where a line does not
/// say what its numbers are, those behind the channel are taken to be there without a gap: choose fields from the
/// first of them on. What the driver cannot name, such as an encryption newer than it is, is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AccessPoint {
    /// How it secures its network.
    pub security: Option<Security>,
    /// Its network's name, empty where that is hidden.
    pub ssid: Option<Ssid>,
    /// How strong it is here, in dBm.
    pub signal_dbm: Option<i8>,
    /// Its MAC address.
    pub bssid: Option<Mac>,
    /// Its channel.
    pub channel: Option<u8>,
    /// How far its frequency is off, in kHz.
    pub frequency_offset_khz: Option<i16>,
    /// The correction for that.
    pub frequency_calibration: Option<i16>,
    /// How frames to one station are encrypted.
    pub pairwise_cipher: Option<Cipher>,
    /// How frames to all are encrypted.
    pub group_cipher: Option<Cipher>,
    /// Its variants of 802.11.
    pub protocols: Option<Protocols>,
    /// Whether it has WPS.
    pub wps: Option<bool>,
}

/// The next number if it is one that is known here.
fn known<V: Value>(fields: &mut Fields<'_>) -> Option<V> {
    fields.next().and_then(|field| V::parse(field).ok())
}

impl AccessPoint {
    /// Reads the fields from both ends: the SSID in the middle may hold quotes, commas and whatever else.
    fn parse(value: &[u8]) -> Result<Self, FieldError> {
        let mut point = Self::default();
        let (mut head, mut tail) = split_numbers(value);
        if let Some((before, mac)) = split_mac(head)
            && !is_name(before, &tail)
        {
            let (text, mut numbers) = split_numbers(before);
            (head, point.bssid) = (text, Some(mac));
            if head.is_empty() && !begins_negative(&numbers) {
                point.security = known(&mut numbers);
            }
            point.signal_dbm = known(&mut numbers);
        } else {
            if head.is_empty() && !begins_negative(&tail) {
                point.security = known(&mut tail);
            }
            if begins_negative(&tail) {
                point.signal_dbm = known(&mut tail);
            }
        }
        point.take_name(head)?;
        point.channel = known(&mut tail);
        // The WizFi360 has nothing but WPS behind the channel.
        if tail.clone().count() == 1 && tail.clone().all(|field| matches!(field.bytes, b"0" | b"1")) {
            point.wps = known(&mut tail);
            return Ok(point);
        }
        point.frequency_offset_khz = known(&mut tail);
        point.frequency_calibration = known(&mut tail);
        point.pairwise_cipher = known(&mut tail);
        point.group_cipher = known(&mut tail);
        point.protocols = known(&mut tail);
        point.wps = known(&mut tail);
        Ok(point)
    }

    /// What stands before the signal: the encryption, the SSID, or both.
    fn take_name(&mut self, head: &[u8]) -> Result<(), FieldError> {
        if head.is_empty() {
            return Ok(());
        }
        let (security, name) = split_security(head);
        self.security = security.or(self.security);
        self.ssid = Some(Ssid::new(unquoted(name)).ok_or(FieldError::TooLong)?);
        Ok(())
    }
}

/// The encryption at the start of a line, and the rest. A name that begins with a quote has none before it.
fn split_security(head: &[u8]) -> (Option<Security>, &[u8]) {
    let comma = head.iter().position(|&byte| byte == b',').filter(|_| !head.starts_with(b"\""));
    let Some(comma) = comma else { return (None, head) };
    match super::text::number(&head[..comma]) {
        Some(code) => (Security::from_code(code), &head[comma + 1..]),
        None => (None, head),
    }
}

/// Whether what looks like a MAC address is a name: it is followed by the signal then, and not by a channel.
fn is_name(before: &[u8], tail: &Fields<'_>) -> bool {
    split_numbers(before).0.is_empty() && begins_negative(tail)
}

fn begins_negative(fields: &Fields<'_>) -> bool {
    fields.clone().next().is_some_and(|field| field.bytes.starts_with(b"-"))
}

impl Record for AccessPoint {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = after_name(line, b"+CWLAP")?;
        Some(without_parentheses(value).ok_or(FieldError::Malformed).and_then(Self::parse))
    }
}

/// How long to stay on each channel: the last two parameters of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ScanTimes {
    /// As long as the module's default: up to 120 ms for an active scan, 360 ms for a passive one.
    #[default]
    LeftOut,
    /// As before, written as two empty fields. So the manual of the NONOS firmware has it.
    Empty,
    /// Milliseconds.
    Milliseconds {
        /// At least so long in an active scan, up to 1500.
        minimum: Option<u16>,
        /// At most so long, up to 1500. 0 for the default.
        maximum: u16,
    },
}

impl Parameter for ScanTimes {
    fn encode(&self, line: &mut Encoder<'_>) {
        match self {
            Self::LeftOut => {}
            Self::Empty => {
                line.skip().bare("");
            }
            Self::Milliseconds { minimum, maximum } => {
                put(minimum, line, 0, 1500);
                put(maximum, line, 0, 1500);
            }
        }
    }

    fn sample(_: i64) -> Self {
        Self::Milliseconds { minimum: Some(0), maximum: 120 }
    }
}

commands! {
    /// Looks for all access points (`ESP-AT 3.2.8`, `ESP32 v1 4.2.4`, `IDF 3.4`, `NONOS 4.2.6`, `WizFi360 3.2.2.13`).
    ///
    /// The module must be a station. The list keeps the first 16 and counts the others: sort by signal
    /// ([`SetScanFields`]) or filter ([`SetScanFilter`]) where there are many.
    execute ListAccessPoints -> List<AccessPoint, 16>, within 15 s;
    on EspAt "AT+CWLAP" "3.2.8";
    on Esp32V1 "AT+CWLAP" "4.2.4";
    on Esp8266Idf "AT+CWLAP" "3.4";
    on Esp8266Nonos "AT+CWLAP" "4.2.6";
    on WizFi360 "AT+CWLAP" "3.2.2.13";

    /// Looks for the access points of one network
    /// (`ESP-AT 3.2.8`, `ESP32 v1 4.2.4`, `IDF 3.4`, `NONOS 4.2.6`, `WizFi360 3.2.2.13`).
    set FindAccessPoints<'a> {
        /// The network's name, 1 to 32 bytes.
        pub ssid: &'a str [1..=32],
        /// The one access point to look for.
        pub bssid: Option<Mac>,
        /// The one channel to look at. The ESP32 v1 and WizFi360 firmware take it together with the address only.
        pub channel: Option<u8>,
    } -> List<AccessPoint, 16>, within 15 s;
    on EspAt "AT+CWLAP" "3.2.8";
    on Esp32V1 "AT+CWLAP" "4.2.4";
    on Esp8266Idf "AT+CWLAP" "3.4";
    on Esp8266Nonos "AT+CWLAP" "4.2.6";
    on WizFi360 "AT+CWLAP" "3.2.2.13";

    /// Looks for access points in the given way (`ESP-AT 3.2.8`, `IDF 3.4`, `NONOS 4.2.6`).
    ///
    /// With the longest times on all channels this takes about 20 s.
    set FindAccessPointsWithOptions<'a> {
        /// The network's name, 1 to 32 bytes, not necessarily UTF-8. Any if left out.
        pub ssid: Option<Bytes<'a>> [1..=32],
        /// The one access point to look for.
        pub bssid: Option<Mac>,
        /// The one channel to look at. All if left out.
        pub channel: Option<u8>,
        /// Whether to ask or to listen. ESP-AT asks if this is left out.
        pub kind: Option<ScanKind>,
        /// How long to stay on each channel.
        pub times: ScanTimes,
    } -> List<AccessPoint, 16>, within 40 s;
    on EspAt "AT+CWLAP" "3.2.8";
    on Esp8266Idf "AT+CWLAP" "3.4";
    on Esp8266Nonos "AT+CWLAP" "4.2.6";

    /// Chooses what a scan tells, until the next reset
    /// (`ESP-AT 3.2.7`, `ESP32 v1 4.2.3`, `IDF 3.3`, `NONOS 4.2.5`, `WizFi360 3.2.2.14`).
    ///
    /// The ESP32 v1, IDF and WizFi360 firmware know the first five fields only.
    set SetScanFields {
        /// Whether the strongest access points come first. Newer ESP-AT ignores this.
        pub sort_by_signal: bool,
        /// What is told of each access point. All of it from the factory.
        pub fields: ScanFields [0..=2047],
    } -> (), within 5 s;
    on EspAt "AT+CWLAPOPT" "3.2.7";
    on Esp32V1 "AT+CWLAPOPT" "4.2.3";
    on Esp8266Idf "AT+CWLAPOPT" "3.3";
    on Esp8266Nonos "AT+CWLAPOPT" "4.2.5";
    on WizFi360 "AT+CWLAPOPT" "3.2.2.14";

    /// Chooses what a scan tells and of which access points, until the next reset (`ESP-AT 3.2.7`).
    set SetScanFilter {
        /// Whether the strongest access points come first. Newer ESP-AT ignores this.
        pub sort_by_signal: bool,
        /// What is told of each access point. All of it from the factory.
        pub fields: ScanFields [0..=2047],
        /// Weaker ones are not listed, in dBm: -100 to 40. -100 if left out.
        pub minimum_signal_dbm: Option<i8> [-100..=40],
        /// Others are not listed. All are if this is left out.
        pub security: Option<SecurityFilter>,
    } -> (), within 5 s;
    on EspAt "AT+CWLAPOPT" "3.2.7";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> AccessPoint {
        AccessPoint::parse_line(line.as_bytes()).unwrap().unwrap()
    }

    const MAC: Mac = Mac([0xca, 0xd7, 0x19, 0xd8, 0xa6, 0x44]);

    fn five(ssid: &str) -> AccessPoint {
        AccessPoint {
            security: Some(Security::Wpa2Psk),
            ssid: Ssid::new(ssid.as_bytes()),
            signal_dbm: Some(-40),
            bssid: Some(MAC),
            channel: Some(6),
            ..AccessPoint::default()
        }
    }

    #[test]
    fn ssids_are_raw() {
        let ssids = [
            "net",
            "",
            "a,b",
            "\"",
            "\"\"",
            ",",
            "\",",
            "\",\"",
            r"1\1",
            r"2\\2\",
            "-1,2",
            "\",-70,\"aa:bb:cc:dd:ee:ff\",1",
            "aa:bb:cc:dd:ee:ff",
            "x\",1",
            "(x)",
            ")",
            "3,\"x\"",
            "caf\u{e9} \u{1f980}",
        ];
        for ssid in ssids {
            for (open, close) in [("", ""), ("(", ")")] {
                let line = std::format!("+CWLAP:{open}3,\"{ssid}\",-40,\"ca:d7:19:d8:a6:44\",6{close}");
                assert_eq!(read(&line), five(ssid), "{line}");
            }
        }
        // The bytes of the report espressif/esp-at#290.
        assert_eq!(read(r#"+CWLAP:(3,"1\1"1,2\\2""2,,",-40,"ca:d7:19:d8:a6:44",6)"#), five(r#"1\1"1,2\\2""2,,"#));
    }

    #[test]
    fn a_name_that_is_not_utf8_is_kept() {
        let point = AccessPoint::parse_line(b"+CWLAP:(3,\"\xff\xfe\",-40,\"ca:d7:19:d8:a6:44\",6)").unwrap().unwrap();
        assert_eq!(point.ssid.unwrap().as_bytes(), b"\xff\xfe");
    }

    #[test]
    fn five_to_eleven_fields_and_more() {
        let all = AccessPoint {
            frequency_offset_khz: Some(-12),
            frequency_calibration: Some(-1),
            pairwise_cipher: Some(Cipher::TkipAndCcmp),
            group_cipher: Some(Cipher::Tkip),
            protocols: Some(Protocols::from_bits(7)),
            wps: Some(true),
            ..five("net")
        };
        let line = "+CWLAP:(3,\"net\",-40,\"ca:d7:19:d8:a6:44\",6,-12,-1,5,3,7,1";
        assert_eq!(read(&std::format!("{line})")), all);
        assert_eq!(read(&std::format!("{line},9,8)")), all);
        assert_eq!(
            read("+CWLAP:(3,\"net\",-40,\"ca:d7:19:d8:a6:44\",6,-12,-1)"),
            AccessPoint { frequency_offset_khz: Some(-12), frequency_calibration: Some(-1), ..five("net") }
        );
        // The WizFi360's sixth.
        assert_eq!(
            read("+CWLAP:(3,\"net\",-40,\"ca:d7:19:d8:a6:44\",6,1)"),
            AccessPoint { wps: Some(true), ..five("net") }
        );
        assert_eq!(
            read("+CWLAP:(99,\"net\",-40,\"ca:d7:19:d8:a6:44\",6)"),
            AccessPoint { security: None, ..five("net") }
        );
    }

    #[test]
    fn every_choice_of_the_first_five_fields() {
        let fields = ["3", "\"net\"", "-40", "\"ca:d7:19:d8:a6:44\"", "6"];
        for mask in 1..32u16 {
            let shown: std::vec::Vec<_> =
                fields.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, field)| *field).collect();
            // A lone number may be anything.
            if mask == ScanFields::CHANNEL.bits() {
                continue;
            }
            let shows = |field: ScanFields| ScanFields::from_bits(mask).contains(field);
            let mut expected = five("net");
            expected.security = expected.security.filter(|_| shows(ScanFields::SECURITY));
            expected.ssid = expected.ssid.filter(|_| shows(ScanFields::SSID));
            expected.signal_dbm = expected.signal_dbm.filter(|_| shows(ScanFields::SIGNAL));
            expected.bssid = expected.bssid.filter(|_| shows(ScanFields::BSSID));
            expected.channel = expected.channel.filter(|_| shows(ScanFields::CHANNEL));
            let line = std::format!("+CWLAP:({})", shown.join(","));
            assert_eq!(read(&line), expected, "{line}");
        }
    }

    #[test]
    fn a_name_may_look_like_an_address() {
        let point = read("+CWLAP:(3,\"aa:bb:cc:dd:ee:ff\",-40,6)");
        assert_eq!(point, AccessPoint { bssid: None, ..five("aa:bb:cc:dd:ee:ff") });
    }

    #[test]
    fn broken_lines_are_known_as_such() {
        for line in ["+CWLAP:(3,\"net\",-40,\"ca:d7:19", "+CWLAP:(3,\"0123456789abcdef0123456789abcdef0\",-40,1)"] {
            assert!(AccessPoint::parse_line(line.as_bytes()).unwrap().is_err(), "{line}");
        }
        assert!(AccessPoint::parse_line(b"WIFI CONNECTED").is_none());
    }
}
