//! Espressif ESP-AT 2.0 for the ESP8266, made with `ESP8266_RTOS_SDK` (IDF style).

use super::{Limits, Profile, Wording, esp_at, nonos};
#[cfg(feature = "services")]
use crate::command::mqtt;
use crate::command::{Row, row};
use crate::config::{ReceiveCommand, Variant};

pub(super) static PROFILE: Profile = Profile {
    name: "esp8266-idf",
    chapters: &[
        #[cfg(feature = "services")]
        mqtt::COMMANDS,
        #[cfg(feature = "services")]
        mqtt::NAMED_COMMANDS,
    ],
    rows: ROWS,
    variant,
    factory: nonos::common_factory,
    hostname: |_| "espressif".into(),
    mac: [0x18, 0xfe, 0x34, 0x97, 0xd5, 0x7b],
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
    row("+UART_CUR", "qs"),
    row("+UART_DEF", "qs"),
    row("+SLEEP", "s"),
    row("+SYSRAM", "q"),
    row("+SYSMSG", "qs"),
    row("+SYSLOG", "qs"),
    row("+RFPOWER", "qs"),
    row("+SYSROLLBACK", "x"),
    row("+SYSTIMESTAMP", "qs"),
    row("+CWMODE", "qs"),
    row("+CWJAP", "qs"),
    row("+CWLAPOPT", "s"),
    row("+CWLAP", "sx"),
    row("+CWQAP", "x"),
    row("+CWSAP", "qs"),
    row("+CWLIF", "x"),
    row("+CWQIF", "sx"),
    row("+CWDHCP", "qs"),
    row("+CWDHCPS", "qs"),
    row("+CWAUTOCONN", "s"),
    row("+CIPSTAMAC", "qs"),
    row("+CIPAPMAC", "qs"),
    row("+CIPSTA", "qs"),
    row("+CIPAP", "qs"),
    row("+CWHOSTNAME", "qs"),
    row("+CWSTARTSMART", "sx"),
    row("+CWSTOPSMART", "x"),
    row("+WPS", "s"),
    row("+MDNS", "s"),
    row("+CWJEAP", "qs"),
    row("+CIPSTATUS", "x"),
    row("+CIPDOMAIN", "s"),
    row("+CIPSTART", "s"),
    row("+CIPSTARTEX", "s"),
    row("+CIPSEND", "sx"),
    row("+CIPSENDEX", "s"),
    row("+CIPCLOSE", "sx"),
    row("+CIFSR", "x"),
    row("+CIPMUX", "qs"),
    row("+CIPSERVER", "s"),
    row("+CIPSERVERMAXCONN", "qs"),
    row("+CIPMODE", "qs"),
    row("+CIPSTO", "qs"),
    row("+CIPSNTPCFG", "qsx").like("sntp by zone"),
    row("+CIPSNTPTIME", "q"),
    row("+CIPDINFO", "s"),
    row("+CIPRECONNINTV", "s"),
    row("+CIPRECVMODE", "qs"),
    row("+CIPRECVDATA", "s"),
    row("+CIPRECVLEN", "q"),
    row("+PING", "s"),
    row("+CIPDNS", "qs"),
    row("+CIPSSLCCONF", "qs"),
    row("+SAVETRANSLINK", "s"),
    row("+CIUPDATE", "sx"),
];

const WORDING: Wording = Wording {
    ping_timeout: "+timeout",
    quoted_domain: false,
    zone_before_sync: true,
    tells_clock_set: false,
    forced_restart: "",
    memory: "148408",
    pool_mark: '=',
    station_list: "",
    smart_config: esp_at::OLDER_SMART_CONFIG,
    ..esp_at::WORDING
};

const LIMITS: Limits = Limits {
    update_values: 2,
    send: 2048,
    packet: 2048,
    read: 2048,
    mode_connects: false,
    provisioning_values: 1,
    enterprise_values: 6,
    join_values: 6,
    join_fields: 7,
    scan_option_values: 2,
    scan_fields: 31,
    message_bits: 3,
    wifi_power: (40, 82),
    sleep_modes: 1,
    light_sleep: None,
    single_ssl: true,
    ipv6: false,
    server_values: 2,
    all_lengths: true,
    #[cfg(feature = "services")]
    mqtt_message: 1024,
    #[cfg(feature = "services")]
    mqtt_text: 64,
    zones: (-11, 13),
    ..esp_at::LIMITS
};

fn variant() -> Variant {
    Variant {
        receive_command: ReceiveCommand::Mode,
        quoted_peer: false,
        has_cipstate: false,
        empty_receive_length: true,
        version: vec![
            "AT version:2.0.0.0(b9ba28d - Nov 15 2019 07:02:07)".into(),
            "SDK version:v3.2-92-g8f2c1f9c".into(),
            "compile time(5b3ddb4):Nov 15 2019 15:27:14".into(),
        ],
        window: 5840,
        ..esp_at::variant()
    }
}
