//! Basic commands (`ESP-AT 3.1`).

use super::declare::{commands, masks};
use crate::firmware::Firmware;

masks! {
    /// Which further messages the module sends (`ESP-AT 3.1.15`).
    Messages: u8 {
        /// `+QUITT` when passthrough mode is left.
        QUIT_PASSTHROUGH = 0,
        /// `+LINK_CONN:...` in place of `<link>,CONNECT`.
        LINK_DETAILS = 1,
        /// State messages in passthrough mode, too.
        STATE_IN_PASSTHROUGH = 2,
    }
}

commands! {
    /// Asks for the versions of the firmware (`ESP-AT 3.1.4`).
    execute QueryFirmware -> Firmware, within 5 s;
    on EspAt "AT+GMR" "3.1.4";

    /// Sets which further messages the module sends (`ESP-AT 3.1.15`).
    set SetMessages {
        /// The messages that are wanted.
        pub messages: Messages [0..=7],
    } -> (), within 5 s;
    on EspAt "AT+SYSMSG" "3.1.15";
}
