//! Espressif AT 1.x for ESP32.

use super::{Driven, Esp32V1, Family, Profile, Resolver, Sets, Step, Tls};
use crate::engine::Span;

impl Driven for Esp32V1 {
    const PROFILE: &'static Profile = &Profile {
        name: "ESP32 AT 1.x",
        bring_up: &[
            Step { commands: &["ATE0"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+GMR"], required: false, sets: Sets::Firmware },
            Step { commands: &["AT+CIPMUX=1"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+CIPDINFO=1"], required: false, sets: Sets::Nothing },
        ],
        send_limit: 2048,
        long_send: None,
        receive_limit: 2048,
        active_receive: &[],
        link_messages: None,
        client_limit: None,
        ipv6_server: false,
        link_queries: &["AT+CIPSTATUS"],
        tcp_options: None,
        escape_guard: [Span::from_millis(40), Span::from_millis(1100)],
        resolver: Resolver { longest_name: 255, explains: false, ipv6: false },
        full_flow_control: 3,
        tls: Tls { authentication: None, names: false, buffer: None, several: false, ipv6: false, timestamp: None },
        family: Family::Esp32V1,
    };
}
