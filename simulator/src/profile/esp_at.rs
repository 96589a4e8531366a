//! Espressif ESP-AT 2.x to 4.x.

use super::rules::{Busy, ConnectFailure, JoinFailure, SmartConfigWords};
use super::{Limits, Profile, UartRules, Wording};
use crate::command::{Row, row};
use crate::command::{
    basic, connect, driver, enterprise, ethernet, provisioning, radio, receive, server, socket, softap, system, time,
    transfer, user, wifi,
};
use crate::command::{ble, ble_gatt, ble_profiles, ble_security, bt};
use crate::command::{flash, message_filter};
#[cfg(feature = "services")]
use crate::command::{http, mqtt, websocket};
use crate::config::{ReceiveCommand, Variant};
use crate::request::Reason;
use core::time::Duration;

pub(super) static PROFILE: Profile = Profile {
    name: "esp-at",
    chapters: &[
        basic::COMMANDS,
        wifi::COMMANDS,
        softap::COMMANDS,
        radio::COMMANDS,
        provisioning::COMMANDS,
        provisioning::WEB,
        enterprise::COMMANDS,
        ethernet::COMMANDS,
        driver::COMMANDS,
        socket::COMMANDS,
        connect::COMMANDS,
        transfer::COMMANDS,
        receive::COMMANDS,
        server::COMMANDS,
        time::COMMANDS,
        system::COMMANDS,
        system::FACTORY_TEST,
        user::COMMANDS,
        message_filter::COMMANDS,
        flash::COMMANDS,
        ble::COMMANDS,
        ble_gatt::SERVER,
        ble_gatt::CLIENT,
        ble_profiles::SPP,
        ble_security::COMMANDS,
        ble_profiles::INPUT,
        ble_profiles::BLUFI,
        bt::COMMANDS,
        #[cfg(feature = "services")]
        mqtt::COMMANDS,
        #[cfg(feature = "services")]
        mqtt::LONG_COMMANDS,
        #[cfg(feature = "services")]
        http::COMMANDS,
        #[cfg(feature = "services")]
        websocket::COMMANDS,
    ],
    rows: ROWS,
    variant,
    factory: |_| {},
    hostname: |_| "espressif".into(),
    mac: [0x24, 0x0a, 0xc4, 0x00, 0x11, 0x22],
    baud: 115_200,
    uart: UART,
    wording: WORDING,
    limits: LIMITS,
};

/// Those of chapters that other firmwares have more of.
const ROWS: &[Row] = &[
    row("+CIPSSLCCONF", "qs"),
    row("+SAVETRANSLINK", "s"),
    row("+CIUPDATE", "qsx"),
    row("+CIPFWVER", "q"),
    row("+USEROTA", "s"),
    row("+CIPSSLCCN", "qs"),
    row("+CIPSSLCSNI", "qs"),
    row("+CIPSSLCALPN", "qs"),
    row("+CIPSSLCPSK", "qs"),
    row("+CIPSSLCPSKHEX", "qs"),
];

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
    zone_before_sync: true,
    tells_clock_set: true,
    no_hostname: None,
    update: "+CIPUPDATE",
    forced_restart: "Will force to restart!!!\r\n",
    memory: "148408,84044",
    pool_mark: ':',
    quoted_pool: false,
    station_list: "+CWLIF:",
    smart_config: SmartConfigWords {
        kind: Some("smartconfig type:"),
        got: "Smart get wifi info",
        tells_credentials: false,
        connected: "smartconfig connected wifi",
        failed: None,
    },
};

/// What the manuals of ESP8266 with the RTOS SDK and of the first ESP32 print.
pub(super) const OLDER_SMART_CONFIG: SmartConfigWords = SmartConfigWords {
    kind: None,
    got: "Smart get Wi-Fi info",
    tells_credentials: false,
    connected: "Smartconfig connected Wi-Fi",
    failed: None,
};

pub(super) const LIMITS: Limits = Limits {
    update_values: 4,
    send_buffer: 0,
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
    provisioning_values: 3,
    enterprise_values: 7,
    scan_fields: 0x7ff,
    softap_channels: 14,
    softap_encryptions: &[0, 2, 3, 4],
    softap_stations: 10,
    message_bits: 7,
    wifi_power: (40, 84),
    sleep_modes: 3,
    sleep_at_start: 0,
    light_sleep: Some(2),
    rx_pin: 16,
    single_ssl: false,
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
    #[cfg(feature = "services")]
    mqtt_message: 100 * 1024,
    #[cfg(feature = "services")]
    mqtt_text: 128,
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
        garbage_on_wake: false,
        closed_on_wifi_loss: true,
        empty_receive_length: false,
        has_cipstate: true,
        has_cipstatus: true,
        classic_bluetooth: true,
        file_system: true,
        boot_text: Vec::new(),
        peer_info: false,
        version: vec![
            "AT version:3.4.0.0(s-simulator - ESP32 - Jun  7 2024 03:45:55)".into(),
            "SDK version:v5.0.6-dirty".into(),
            "compile time(70ff5889):Jun  7 2024 11:46:52".into(),
            "Bin version:v3.4.0.0(WROOM-32)".into(),
        ],
        window: 5760,
        mqtt_buffer: 1024,
    }
}
