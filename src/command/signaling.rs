//! Signaling test commands (`ESP-AT 3.11`).

use super::declare::{codes, commands};

codes! {
    /// Length of the preamble of a transmission (PLCP).
    Preamble {
        /// Short. The default.
        Short = 0,
        /// Long.
        Long = 1,
    }
}

commands! {
    /// Chooses the preamble for tests of transmission (`ESP-AT 3.11.2`).
    set SetPreamble {
        /// Whether the choice counts. If not, the firmware chooses.
        pub manual: bool,
        /// The choice.
        pub preamble: Preamble,
    } -> (), within 5 s;
    on EspAt "AT+FACTPLCP" "3.11.2";
}
