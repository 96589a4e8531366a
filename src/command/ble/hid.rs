//! The module as a keyboard, a mouse or a remote control.
//!
//! Apple's devices ask for certified ones. Key codes and usages are those of the HID Usage Tables for USB.

use crate::at::Encoder;
use crate::command::Parameter;
use crate::command::declare::{commands, masks, records};

masks! {
    /// Keys that change the meaning of others.
    Modifiers: u8 {
        /// Control, on the left.
        LEFT_CONTROL = 0,
        /// Shift, on the left.
        LEFT_SHIFT = 1,
        /// Alt, on the left.
        LEFT_ALT = 2,
        /// The operating system's key, on the left.
        LEFT_GUI = 3,
        /// Control, on the right.
        RIGHT_CONTROL = 4,
        /// Shift, on the right.
        RIGHT_SHIFT = 5,
        /// Alt, on the right.
        RIGHT_ALT = 6,
        /// The operating system's key, on the right.
        RIGHT_GUI = 7,
    }

    /// Buttons of a mouse. The manual does not say which are which; these are those of the HID boot protocol.
    MouseButtons: u8 {
        /// The first, on the left.
        LEFT = 0,
        /// The second, on the right.
        RIGHT = 1,
        /// The third, in the middle.
        MIDDLE = 2,
    }
}

/// Codes of the keys that are down, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PressedKeys(pub [u8; 6]);

impl Parameter for PressedKeys {
    fn encode(&self, line: &mut Encoder<'_>) {
        self.0.as_slice().encode(line);
    }

    fn sample(_: i64) -> Self {
        Self([4, 0, 0, 0, 0, 0])
    }
}

records! {
    /// Whether the module is an input device.
    "+BLEHIDINIT" HidState {
        /// Whether it is.
        pub enabled: bool,
    }
}

commands! {
    /// Asks whether the module is an input device (`ESP-AT 3.4.41`).
    query QueryHid -> HidState, within 5 s;
    on EspAt "AT+BLEHIDINIT" "3.4.41";

    /// Makes the module an input device, or ends that (`ESP-AT 3.4.41`).
    ///
    /// The commands for services and advertising cannot be used meanwhile.
    set SetHid {
        /// Whether it is one from now on.
        pub enabled: bool,
    } -> (), within 10 s;
    on EspAt "AT+BLEHIDINIT" "3.4.41";

    /// Says which keys of a keyboard are down (`ESP-AT 3.4.42`).
    set SendKeys {
        /// Those that change the meaning of others.
        pub modifiers: Modifiers,
        /// All others, at most six.
        pub keys: PressedKeys,
    } -> (), within 5 s;
    on EspAt "AT+BLEHIDKB" "3.4.42";

    /// Says what a mouse does (`ESP-AT 3.4.43`).
    set SendMouse {
        /// Buttons that are down.
        pub buttons: MouseButtons,
        /// Steps to the right.
        pub x: i8 [-127..=127],
        /// Steps down.
        pub y: i8 [-127..=127],
        /// Steps of the wheel.
        pub wheel: i8 [-127..=127],
    } -> (), within 5 s;
    on EspAt "AT+BLEHIDMUS" "3.4.43";

    /// Says which key of a remote control is down (`ESP-AT 3.4.44`).
    set SendConsumerKey {
        /// The usage of the consumer page, for example 233 for more volume.
        pub usage: u16,
    } -> (), within 5 s;
    on EspAt "AT+BLEHIDCONSUMER" "3.4.44";
}
