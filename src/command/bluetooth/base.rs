//! The Classic Bluetooth stack itself, and the search for devices.

use heapless::String;

use crate::at::{Field, FieldError, Fields};
use crate::command::answer::value_of;
use crate::command::ble::{hex_number, whole_text};
use crate::command::declare::{codes, commands, masks, records};
use crate::command::{List, Mac, Record, Value};

codes! {
    /// Whether the module can be found and connected to.
    ScanMode {
        /// Neither.
        Hidden = 0,
        /// It can be connected to by those who know it.
        Connectable = 1,
        /// Both.
        DiscoverableAndConnectable = 2,
        /// It can only be found.
        Discoverable = 3,
    }

    /// Which devices a search is for.
    InquiryMode {
        /// All that can be found.
        General = 0,
        /// Those that can be found for a limited time.
        Limited = 1,
    }

    /// What a device is, roughly.
    MajorDeviceClass {
        /// Something else.
        Miscellaneous = 0,
        /// A computer.
        Computer = 1,
        /// A phone.
        Phone = 2,
        /// An access point.
        AccessPoint = 3,
        /// For sound or pictures.
        AudioVideo = 4,
        /// A keyboard, a mouse or the like.
        Peripheral = 5,
        /// A printer, a camera or the like.
        Imaging = 6,
        /// Worn on the body.
        Wearable = 7,
        /// A toy.
        Toy = 8,
        /// For health.
        Health = 9,
        /// Not told.
        Uncategorized = 31,
    }
}

masks! {
    /// What a device can do, roughly.
    ServiceClasses: u16 {
        /// It can be found for a limited time.
        LIMITED_DISCOVERABLE = 0,
        /// It knows where it is.
        POSITIONING = 3,
        /// It gives access to a network.
        NETWORKING = 4,
        /// It prints or plays.
        RENDERING = 5,
        /// It scans or records.
        CAPTURING = 6,
        /// It takes or gives files.
        OBJECT_TRANSFER = 7,
        /// It is for sound.
        AUDIO = 8,
        /// It is for calls.
        TELEPHONY = 9,
        /// It gives information.
        INFORMATION = 10,
    }
}

records! {
    /// Whether the stack runs.
    "+BTINIT" BluetoothState {
        /// Whether it does.
        pub enabled: bool,
    }

    /// How strongly the module sends.
    "+BTPOWER" TransmitPower {
        /// Least level, 0 to 7.
        pub min: u8,
        /// Greatest level, 0 to 7.
        pub max: u8,
    }
}

/// The device's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName {
    /// The name. From the factory `ESP32_AT`.
    pub name: String<32>,
}

impl Record for DeviceName {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(whole_text(value_of(line, "+BTNAME")?).map(|name| Self { name }))
    }
}

/// A device that a search has found. Devices come again and again, not each time with all that is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDevice {
    /// The device's address.
    pub address: Mac,
    /// Its name, cut where it is longer than this.
    pub name: Option<String<64>>,
    /// What it is, where that is one of the known ones.
    pub major_class: Option<MajorDeviceClass>,
    /// What it is, in detail: a number whose meaning hangs on the major class.
    pub minor_class: Option<u16>,
    /// What it can do.
    pub services: Option<ServiceClasses>,
    /// Signal strength in dBm.
    pub rssi_dbm: Option<i16>,
}

impl Record for FoundDevice {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        value_of(line, "+BTSTARTDISC").map(Self::parse_value)
    }
}

impl FoundDevice {
    fn parse_value(value: &[u8]) -> Result<Self, FieldError> {
        let address = Mac::take(&mut Fields::new(value))?;
        let mut device =
            Self { address, name: None, major_class: None, minor_class: None, services: None, rssi_dbm: None };
        let Some(comma) = value.iter().position(|&byte| byte == b',') else { return Ok(device) };
        // The name has no quotes and may hold commas, so the four fields behind it are taken from the end.
        let mut rest = value[comma + 1..].rsplitn(5, |&byte| byte == b',');
        let mut last = [&b""[..]; 4];
        for place in last.iter_mut().rev() {
            *place = rest.next().unwrap_or_default().trim_ascii();
        }
        let [major, minor, services, rssi] = last.map(|bytes| Field { bytes, quoted: false });
        device.name = cut(rest.next().ok_or(FieldError::Missing)?);
        let hex = |field: Field<'_>| if field.is_empty() { Ok(None) } else { hex_number(field).map(Some) };
        device.major_class = hex(major)?.and_then(|code| MajorDeviceClass::from_code(code as i32));
        device.minor_class = hex(minor)?.map(|class| class as u16);
        device.services = hex(services)?.map(|bits| ServiceClasses::from_bits(bits as u16));
        device.rssi_dbm = Value::parse(rssi)?;
        Ok(device)
    }
}

/// As much of a name as fits and is text.
fn cut(name: &[u8]) -> Option<String<64>> {
    let name = name.trim_ascii();
    let name = &name[..name.len().min(64)];
    let text = match core::str::from_utf8(name) {
        Ok(text) => text,
        Err(error) => core::str::from_utf8(&name[..error.valid_up_to()]).ok()?,
    };
    if text.is_empty() { None } else { String::try_from(text).ok() }
}

commands! {
    /// Asks whether the stack runs (`ESP-AT 3.5.2`).
    query QueryBluetooth -> BluetoothState, within 5 s;
    on EspAt "AT+BTINIT" "3.5.2";

    /// Starts the stack or shuts it down (`ESP-AT 3.5.2`). Comes before all others of this chapter. While it runs there
    /// is no passthrough mode for sockets.
    set SetBluetooth {
        /// Whether it runs from now on.
        pub enabled: bool,
    } -> (), within 10 s;
    on EspAt "AT+BTINIT" "3.5.2";

    /// Asks for the device's name (`ESP-AT 3.5.3`).
    query QueryDeviceName -> DeviceName, within 5 s;
    on EspAt "AT+BTNAME" "3.5.3";

    /// Sets the device's name (`ESP-AT 3.5.3`). Kept in flash unless that is switched off (`AT+SYSSTORE`).
    set SetDeviceName<'a> {
        /// At most 32 bytes.
        pub name: &'a str [0..=32],
    } -> (), within 5 s;
    on EspAt "AT+BTNAME" "3.5.3";

    /// Sets whether the module can be found and connected to (`ESP-AT 3.5.4`).
    set SetScanMode {
        /// What it can be.
        pub mode: ScanMode,
    } -> (), within 5 s;
    on EspAt "AT+BTSCANMODE" "3.5.4";

    /// Searches for devices (`ESP-AT 3.5.5`). `OK` comes at the end of the search.
    set FindDevices {
        /// Which devices are searched for.
        pub mode: InquiryMode,
        /// For how long: 1 to 48. In units of 1.28 s by the Bluetooth standard; the manual has no unit, and in an example
        /// calls them seconds.
        pub duration: u8 [1..=48],
        /// After how many answers it ends. 0: no limit.
        pub max_responses: u8,
    } -> List<FoundDevice, 16>, within 75 s;
    on EspAt "AT+BTSTARTDISC" "3.5.5";

    /// Sets what kind of device the module claims to be (`ESP-AT 3.5.22`). The numbers are those of the Bluetooth
    /// standard.
    set SetDeviceClass {
        /// What it is, roughly.
        pub major: MajorDeviceClass,
        /// What it is, in detail: 0 to 63, with a meaning that hangs on the former.
        pub minor: u8 [0..=63],
        /// What it can do.
        pub services: ServiceClasses [0..=2047],
    } -> (), within 5 s;
    on EspAt "AT+BTCOD" "3.5.22";

    /// Asks how strongly the module sends (`ESP-AT 3.5.23`).
    query QueryTransmitPower -> TransmitPower, within 5 s;
    on EspAt "AT+BTPOWER" "3.5.23";

    /// Sets how strongly the module sends (`ESP-AT 3.5.23`).
    set SetTransmitPower {
        /// Least level, 0 to 7.
        pub min: u8 [0..=7],
        /// Greatest level, 0 to 7. Not below the least one.
        pub max: u8 [0..=7],
    } -> (), within 5 s;
    on EspAt "AT+BTPOWER" "3.5.23";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> FoundDevice {
        FoundDevice::parse_line(line.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn names_may_hold_commas() {
        let device = parse(r#"+BTSTARTDISC:"10:f6:05:f9:bc:4f",Ann, Bob, and me,0x2,0x3,0x2d0,-34"#);
        assert_eq!(device.name.as_deref(), Some("Ann, Bob, and me"));
        assert_eq!(device.rssi_dbm, Some(-34));
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        let name = std::string::String::from("x") + &"ä".repeat(40);
        let device = parse(&std::format!(r#"+BTSTARTDISC:"10:f6:05:f9:bc:4f",{name},,,,-1"#));
        assert_eq!(device.name.as_deref(), Some(&name[..63]));
    }
}
