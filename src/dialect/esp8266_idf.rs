//! Espressif ESP-AT 2.x for ESP8266, on the IDF-style SDK.

use super::{ActiveReceive, Driven, Esp8266Idf, Family, Profile, Resolver, Sets, Step, Tls, TlsAuthentication};
use crate::engine::Span;

impl Driven for Esp8266Idf {
    const PROFILE: &'static Profile = &Profile {
        name: "ESP8266 ESP-AT",
        bring_up: &[
            Step { commands: &["ATE0"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+GMR"], required: false, sets: Sets::Firmware },
            Step { commands: &["AT+SYSSTORE=0"], required: false, sets: Sets::Nothing },
            Step { commands: &["AT+CIPMUX=1"], required: true, sets: Sets::Nothing },
            Step { commands: &["AT+CIPDINFO=1"], required: false, sets: Sets::Nothing },
            Step { commands: &["AT+CIPRECVMODE=1"], required: false, sets: Sets::PassiveReceive },
        ],
        send_limit: 2048,
        long_send: None,
        receive_limit: 2048,
        active_receive: &[ActiveReceive::Module("AT+CIPRECVMODE")],
        // The setting would be kept in flash.
        link_messages: None,
        client_limit: Some("AT+CIPSERVERMAXCONN"),
        ipv6_server: false,
        link_queries: &["AT+CIPSTATUS"],
        tcp_options: None,
        escape_guard: [Span::from_millis(40), Span::from_millis(1100)],
        resolver: Resolver { longest_name: 255, explains: false, ipv6: false },
        full_flow_control: 3,
        tls: Tls {
            authentication: Some(TlsAuthentication::Link("AT+CIPSSLCCONF")),
            names: false,
            buffer: None,
            several: false,
            ipv6: false,
            timestamp: Some("AT+SYSTIMESTAMP"),
        },
        family: Family::Esp8266Idf,
    };
}
