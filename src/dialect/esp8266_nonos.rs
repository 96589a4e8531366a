//! Espressif AT 1.7 and earlier for ESP8266, on the NONOS SDK.

use super::{Driven, Esp8266Nonos, Family, Profile, Resolver, Sets, Step, Tls, TlsAuthentication};
use crate::engine::Span;

impl Driven for Esp8266Nonos {
    const PROFILE: &'static Profile = &Profile {
        name: "ESP8266 AT (NONOS)",
        bring_up: &[
            Step { commands: &["ATE0"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+GMR"], required: false, sets: Sets::Firmware },
            Step { commands: &["AT+CIPMUX=1"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+CIPDINFO=1"], required: false, sets: Sets::Nothing },
            Step { commands: &["AT+CIPRECVMODE=1"], required: false, sets: Sets::PassiveReceive },
        ],
        send_limit: 2048,
        long_send: None,
        receive_limit: 2048,
        // Passive receive is for TCP only.
        active_receive: &[],
        link_messages: None,
        client_limit: Some("AT+CIPSERVERMAXCONN"),
        ipv6_server: false,
        link_queries: &["AT+CIPSTATUS"],
        tcp_options: None,
        escape_guard: [Span::from_millis(40), Span::from_millis(1100)],
        resolver: Resolver { longest_name: 63, explains: true, ipv6: false },
        full_flow_control: 3,
        tls: Tls {
            authentication: Some(TlsAuthentication::Module("AT+CIPSSLCONF")),
            names: false,
            buffer: Some("AT+CIPSSLSIZE"),
            several: false,
            ipv6: false,
            timestamp: None,
        },
        family: Family::Esp8266Nonos,
    };
}
