//! Espressif AT 1.0 for the ESP32.

use super::{Limits, Profile, Wording, esp_at};
use crate::command::{Row, row};
use crate::config::{ReceiveCommand, Variant};
use crate::request::Reason;

pub(super) static PROFILE: Profile = Profile {
    name: "esp32-v1",
    chapters: &[],
    rows: ROWS,
    variant,
    factory: |settings| {
        settings.wifi_mode = 1;
        settings.reconnect_interval = 1;
    },
    hostname: |_| "espressif".into(),
    mac: [0x24, 0x0a, 0xc4, 0x00, 0x11, 0x22],
    baud: 115_200,
    uart: esp_at::UART,
    wording: WORDING,
    limits: LIMITS,
};

const ROWS: &[Row] = &[
    row("", "x"),
    row("E0", "x"),
    row("E1", "x"),
    row("+RST", "x"),
    row("+GMR", "x"),
    row("+GSLP", "s"),
    row("+RESTORE", "x"),
    row("+UART", "s").like("+UART_DEF"),
    row("+UART_CUR", "s"),
    row("+UART_DEF", "s"),
    row("+SLEEP", "s"),
    row("+SYSRAM", "q"),
    row("+CWMODE", "tqs").like("mode with range"),
    row("+CWJAP", "qs"),
    row("+CWLAPOPT", "s"),
    row("+CWLAP", "sx"),
    row("+CWQAP", "x"),
    row("+CWSAP", "qs"),
    row("+CWLIF", "x"),
    row("+CWDHCP", "qs"),
    row("+CWDHCPS", "qs"),
    row("+CWAUTOCONN", "s"),
    row("+CIPSTAMAC", "qs"),
    row("+CIPAPMAC", "qs"),
    row("+CIPSTA", "qs"),
    row("+CIPAP", "qs"),
    row("+CWSTARTSMART", "sx"),
    row("+CWSTOPSMART", "x"),
    row("+WPS", "s"),
    row("+CIPSTATUS", "x"),
    row("+CIPDOMAIN", "s"),
    row("+CIPSTART", "s"),
    row("+CIPSEND", "sx"),
    row("+CIPSENDEX", "s"),
    row("+CIPCLOSE", "sx"),
    row("+CIFSR", "x"),
    row("+CIPMUX", "qs"),
    row("+CIPSERVER", "s"),
    row("+CIPMODE", "qs"),
    row("+CIPSTO", "qs"),
    row("+CIPSNTPCFG", "qsx").like("sntp by zone"),
    row("+CIPSNTPTIME", "q"),
    row("+CIPDINFO", "s"),
    row("+SAVETRANSLINK", "s"),
    row("+CIUPDATE", "x"),
];

const WORDING: Wording = Wording {
    reason,
    quoted_domain: false,
    zone_before_sync: true,
    tells_clock_set: false,
    memory: "148408",
    pool_mark: '=',
    station_list: "",
    smart_config: esp_at::OLDER_SMART_CONFIG,
    forced_restart: "",
    ..esp_at::WORDING
};

const LIMITS: Limits = Limits {
    send: 2048,
    packet: 2048,
    least_wifi_mode: 1,
    mode_connects: false,
    provisioning_values: 1,
    join_values: 3,
    join_fields: 4,
    scan_values: 3,
    scan_option_values: 2,
    scan_fields: 31,
    sleep_modes: 1,
    light_sleep: None,
    single_ssl: true,
    ipv6: false,
    local_address: false,
    server_values: 2,
    least_status: 2,
    zones: (-11, 13),
    ..esp_at::LIMITS
};

fn variant() -> Variant {
    Variant {
        receive_command: ReceiveCommand::Neither,
        quoted_peer: false,
        has_cipstate: false,
        version: vec![
            "AT version:1.0.0.0(f89bb63 - Jan 19 2017 09:25:16)".into(),
            "SDK version:v1.0-318-g5d9a6ad".into(),
            "compile time:Jan 19 2017 17:46:16".into(),
        ],
        ..esp_at::variant()
    }
}

fn reason(reason: Reason) -> Option<&'static str> {
    match reason {
        // As the manual spells it.
        Reason::AlreadyConnected => Some("ALREADY CONNECT"),
        reason => esp_at::reason(reason),
    }
}
