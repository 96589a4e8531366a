//! WIZnet WizFi360, 1.x.

use super::{Driven, Family, Profile, Resolver, Sets, Step, Tls, WizFi360};
use crate::engine::Span;

impl Driven for WizFi360 {
    const PROFILE: &'static Profile = &Profile {
        name: "WizFi360",
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
        escape_guard: [Span::from_millis(1100), Span::from_millis(1100)],
        resolver: Resolver { longest_name: 63, explains: true, ipv6: false },
        full_flow_control: 1,
        tls: Tls {
            authentication: None,
            names: false,
            buffer: Some("AT+CIPSSLSIZE"),
            several: false,
            ipv6: false,
            timestamp: None,
        },
        family: Family::WizFi360,
    };
}
