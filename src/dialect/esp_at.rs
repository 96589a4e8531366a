//! Espressif ESP-AT 2.x and later.

use embassy_time::Duration;

use super::{Driven, EspAt, Profile, Sets, Step};

impl Driven for EspAt {
    const PROFILE: &'static Profile = &Profile {
        name: "ESP-AT",
        bring_up: &[
            Step { commands: &["ATE0"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+GMR"], required: false, sets: Sets::Firmware },
            // Reasons for an ERROR are worth a line.
            Step { commands: &["AT+SYSLOG=1"], required: false, sets: Sets::Nothing },
            // Otherwise each join wears the flash.
            Step { commands: &["AT+SYSSTORE=0"], required: false, sets: Sets::Nothing },
            Step { commands: &["AT+CIPMUX=1"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+CIPDINFO=1"], required: false, sets: Sets::PeerAddress },
            // The name changed with version 3.3; binaries know one or both.
            Step { commands: &["AT+CIPRECVTYPE=5,1", "AT+CIPRECVMODE=1"], required: false, sets: Sets::PassiveReceive },
        ],
        // Older releases take 2048, newer ones 8192.
        send_limit: 2048,
        receive_limit: 2048,
        escape_guard: Duration::from_millis(1100),
    };
}
