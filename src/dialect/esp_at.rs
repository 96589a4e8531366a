//! Espressif ESP-AT 2.x and later.

use super::{ActiveReceive, Driven, EspAt, Family, Profile, Resolver, Sets, Step, Tls, TlsAuthentication};
use crate::engine::Span;

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
            Step { commands: &["AT+CIPDINFO=1"], required: false, sets: Sets::Nothing },
            // The name changed with version 3.3; binaries know one or both.
            Step {
                commands: &["AT+CIPRECVTYPE=5,1", "AT+CIPRECVMODE=5,1", "AT+CIPRECVMODE=1"],
                required: false,
                sets: Sets::PassiveReceive,
            },
        ],
        // The oldest binaries know no modes of single links.
        active_receive: &[
            ActiveReceive::Link("AT+CIPRECVTYPE"),
            ActiveReceive::Link("AT+CIPRECVMODE"),
            ActiveReceive::Module("AT+CIPRECVMODE"),
        ],
        link_messages: Some("AT+SYSMSG=2"),
        client_limit: Some("AT+CIPSERVERMAXCONN"),
        ipv6_server: true,
        link_queries: &["AT+CIPSTATE?", "AT+CIPSTATUS"],
        tcp_options: Some("AT+CIPTCPOPT"),
        // Older releases take 2048, newer ones 8192.
        send_limit: 2048,
        long_send: Some("AT+CIPSENDLCFG"),
        // The manual sets no limit; what one command may take on a slow line does.
        receive_limit: 8192,
        // Twice what the manual asks for before it, and a second after it.
        escape_guard: [Span::from_millis(40), Span::from_millis(1100)],
        resolver: Resolver { longest_name: 255, explains: false, ipv6: true },
        full_flow_control: 3,
        tls: Tls {
            authentication: Some(TlsAuthentication::Link("AT+CIPSSLCCONF")),
            names: true,
            buffer: None,
            several: true,
            ipv6: true,
            timestamp: Some("AT+SYSTIMESTAMP"),
        },
        family: Family::EspAt,
    };
}
