//! Espressif ESP-AT 2.x to 4.x.

use super::rules::{Busy, ConnectFailure, JoinFailure};
use super::{Limits, Profile, UartRules, Wording};
use crate::command::{basic, connect, receive, server, socket, softap, time, transfer, wifi};
use crate::config::{ReceiveCommand, Variant};
use crate::request::Reason;
use core::time::Duration;

pub(super) static PROFILE: Profile = Profile {
    name: "esp-at",
    chapters: &[
        basic::COMMANDS,
        wifi::COMMANDS,
        softap::COMMANDS,
        socket::COMMANDS,
        connect::COMMANDS,
        transfer::COMMANDS,
        receive::COMMANDS,
        server::COMMANDS,
        time::COMMANDS,
    ],
    rows: &[],
    variant,
    factory: |_| {},
    hostname: |_| "espressif".into(),
    mac: [0x24, 0x0a, 0xc4, 0x00, 0x11, 0x22],
    baud: 115_200,
    uart: UART,
    wording: WORDING,
    limits: LIMITS,
};

pub(super) const UART: UartRules =
    UartRules { baud: |baud| (80..=5_000_000).contains(&baud), stop_bits: &[2, 3, 4], flow_controls: 3 };

pub(super) const WORDING: Wording = Wording {
    echoed_line_end: b"\n",
    unended: &["+CIPSNTPTIME", "+CIPRECVLEN"],
    prompt: b"\r\n>",
    passthrough_prompt: b"\r\n>",
    busy: Busy { at_line_end: false, processing: "busy p...\r\n", sending: "busy p...\r\n" },
    join_failure: JoinFailure { label: Some("+CWJAP"), end: "ERROR" },
    connect_failure: ConnectFailure { before: None, after: None },
    reason,
    gone_under_send: "SEND FAIL",
    ping: "+PING:",
    ping_timeout: "+PING:TIMEOUT",
    quoted_domain: true,
    receive_data: (':', ','),
    absent_length: "-1",
    leaves_after_ok: false,
    restart_disconnects: false,
    zero_padded_day: false,
    tells_clock_set: true,
    no_hostname: None,
    memory: "148408,84044",
};

pub(super) const LIMITS: Limits = Limits {
    line: 256,
    send: 8192,
    chunk: 2920,
    packet: 2920,
    read: i32::MAX as i64,
    least_wifi_mode: 0,
    mode_connects: true,
    join_values: 9,
    join_fields: 9,
    scan_values: 6,
    scan_option_values: 4,
    scan_fields: 0x7ff,
    softap_channels: 14,
    softap_encryptions: &[0, 2, 3, 4],
    softap_stations: 10,
    message_bits: 7,
    sleep_modes: 3,
    sleep_at_start: 0,
    ipv6: true,
    local_address: true,
    domain: 128,
    server_values: 4,
    closes_all_of_server: true,
    closes_ended: true,
    passive_udp: true,
    all_lengths: false,
    least_status: 0,
    zones: (-1259, 1459),
    noise_before_at: false,
    escape_silence: Duration::from_millis(20),
};

pub(super) fn reason(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::AlreadyConnected => Some("ALREADY CONNECTED"),
        Reason::LinkNotValid | Reason::Unlinked => Some("link is not valid"),
        Reason::LinkBuilt => Some("link is builded"),
        Reason::NameNotFound => Some("DNS Fail"),
        _ => None,
    }
}

pub(super) fn variant() -> Variant {
    Variant {
        receive_command: ReceiveCommand::Both,
        peer_in_receive_data: true,
        quoted_peer: true,
        blank_after_prompt: false,
        closed_withheld: true,
        reasons: true,
        closed_after_failed_connect: false,
        closed_on_wifi_loss: true,
        empty_receive_length: false,
        has_cipstate: true,
        has_cipstatus: true,
        boot_text: Vec::new(),
        peer_info: false,
        version: vec![
            "AT version:3.4.0.0(s-simulator - ESP32 - Jun  7 2024 03:45:55)".into(),
            "SDK version:v5.0.6-dirty".into(),
            "compile time(70ff5889):Jun  7 2024 11:46:52".into(),
            "Bin version:v3.4.0.0(WROOM-32)".into(),
        ],
        window: 5760,
    }
}
