//! Espressif's AT 1.7 for the ESP8266, made with the NONOS SDK 3.0.

use super::esp_at;
use super::rules::{Busy, ConnectFailure, JoinFailure, SmartConfigWords};
use super::{Limits, Profile, UartRules, Wording};
use crate::command::{Row, row};
use crate::config::{ReceiveCommand, Variant};
use crate::request::Reason;
use crate::settings::Settings;

pub(super) static PROFILE: Profile = Profile {
    name: "esp8266-nonos",
    chapters: &[],
    rows: ROWS,
    variant,
    factory,
    hostname: |mac| name("ESP_", mac),
    mac: [0x18, 0xfe, 0x34, 0x97, 0xd5, 0x7b],
    baud: 115_200,
    uart: UART,
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
    row("+SLEEP", "qs"),
    row("+SYSRAM", "q"),
    row("+WAKEUPGPIO", "s"),
    row("+RFPOWER", "s").like("power limit"),
    row("+RFVDD", "qsx"),
    row("+SYSADC", "q"),
    row("+SYSIOSETCFG", "s"),
    row("+SYSIOGETCFG", "s"),
    row("+SYSGPIODIR", "s"),
    row("+SYSGPIOWRITE", "s"),
    row("+SYSGPIOREAD", "s"),
    row("+SYSMSG_CUR", "s").like("+SYSMSG"),
    row("+SYSMSG_DEF", "s").like("+SYSMSG"),
    row("+CWMODE", "tqs").like("mode with range"),
    row("+CWMODE_CUR", "tqs").like("mode with range"),
    row("+CWMODE_DEF", "tqs").like("mode with range"),
    row("+CWJAP", "qs"),
    row("+CWJAP_CUR", "qs").like("+CWJAP"),
    row("+CWJAP_DEF", "qs").like("+CWJAP"),
    row("+CWLAPOPT", "s"),
    row("+CWLAP", "sx"),
    row("+CWQAP", "x"),
    row("+CWSAP", "qs"),
    row("+CWSAP_CUR", "qs").like("+CWSAP"),
    row("+CWSAP_DEF", "qs").like("+CWSAP"),
    row("+CWLIF", "x"),
    row("+CWDHCP", "qs").like("dhcp by interface"),
    row("+CWDHCP_CUR", "qs").like("dhcp by interface"),
    row("+CWDHCP_DEF", "qs").like("dhcp by interface"),
    row("+CWAUTOCONN", "s"),
    row("+CIPSTAMAC", "qs"),
    row("+CIPSTAMAC_CUR", "qs").like("+CIPSTAMAC"),
    row("+CIPSTAMAC_DEF", "qs").like("+CIPSTAMAC"),
    row("+CIPAPMAC", "qs"),
    row("+CIPAPMAC_CUR", "qs").like("+CIPAPMAC"),
    row("+CIPAPMAC_DEF", "qs").like("+CIPAPMAC"),
    row("+CIPSTA", "qs"),
    row("+CIPSTA_CUR", "qs").like("+CIPSTA"),
    row("+CIPSTA_DEF", "qs").like("+CIPSTA"),
    row("+CIPAP", "qs"),
    row("+CIPAP_CUR", "qs").like("+CIPAP"),
    row("+CIPAP_DEF", "qs").like("+CIPAP"),
    row("+CWDHCPS_CUR", "qs").like("+CWDHCPS"),
    row("+CWDHCPS_DEF", "qs").like("+CWDHCPS"),
    row("+CWSTARTSMART", "sx"),
    row("+CWSTOPSMART", "x"),
    row("+CWSTARTDISCOVER", "s"),
    row("+CWSTOPDISCOVER", "x"),
    row("+WPS", "s"),
    row("+MDNS", "s"),
    row("+CWCOUNTRY_CUR", "qs").like("+CWCOUNTRY"),
    row("+CWCOUNTRY_DEF", "qs").like("+CWCOUNTRY"),
    row("+CWHOSTNAME", "qs"),
    row("+CIPSTATUS", "x"),
    row("+CIPDOMAIN", "s"),
    row("+CIPSTART", "s"),
    row("+CIPSEND", "sx"),
    row("+CIPSENDEX", "s"),
    row("+CIPCLOSE", "sx"),
    row("+CIFSR", "x"),
    row("+CIPMUX", "qs"),
    row("+CIPSERVER", "s"),
    row("+CIPSERVERMAXCONN", "qs"),
    row("+CIPMODE", "qs"),
    row("+CIPSTO", "qs"),
    row("+PING", "s"),
    row("+CIPDINFO", "s"),
    row("+CIPRECVMODE", "qs"),
    row("+CIPRECVDATA", "s"),
    row("+CIPRECVLEN", "q"),
    row("+CIPSNTPCFG", "qs"),
    row("+CIPSNTPTIME", "q"),
    row("+CIPSSLSIZE", "s"),
    row("+CIPSENDBUF", "s"),
    row("+CIPBUFRESET", "sx"),
    row("+CIPBUFSTATUS", "sx"),
    row("+CIPCHECKSEQ", "s"),
    row("+CIPCLOSEMODE", "s"),
    row("+SAVETRANSLINK", "s"),
    row("+CIUPDATE", "x"),
    row("+CIPSSLCONF", "qs"),
    row("+CIPDNS_CUR", "qs").like("dns in lines"),
    row("+CIPDNS_DEF", "qs").like("dns in lines"),
];

pub(super) const UART: UartRules =
    UartRules { baud: |baud| (110..=4_608_000).contains(&baud), stop_bits: &[2, 3, 4], flow_controls: 3 };

pub(super) const WORDING: Wording = Wording {
    echoed_line_end: b"\r\n",
    unended: &["+GMR", "+CIPSNTPTIME", "+CIPRECVLEN"],
    prompt: b">",
    passthrough_prompt: b"\r\n>",
    busy: Busy { at_line_end: true, processing: "\r\nbusy p...\r\n", sending: "\r\nbusy s...\r\n" },
    join_failure: JoinFailure { label: None, end: "FAIL" },
    connect_failure: ConnectFailure { before: None, after: Some("CLOSED") },
    reason,
    ping: "+",
    ping_timeout: "+timeout",
    quoted_domain: false,
    receive_data: (',', ':'),
    absent_length: "0",
    leaves_after_ok: true,
    restart_disconnects: true,
    zero_padded_day: true,
    zone_before_sync: false,
    tells_clock_set: false,
    no_hostname: Some("<null>"),
    update: "+CIUPDATE",
    forced_restart: "",
    memory: "47432",
    pool_mark: '=',
    station_list: "",
    smart_config: SmartConfigWords {
        kind: Some("smartconfig type: "),
        got: "smart get wifi info",
        tells_credentials: true,
        connected: "smartconfig connected wifi",
        failed: Some("smartconfig connect fail"),
    },
    ..esp_at::WORDING
};

pub(super) const LIMITS: Limits = Limits {
    send_buffer: 5840,
    send: 2048,
    chunk: 1460,
    packet: 2048,
    read: 2048,
    least_wifi_mode: 1,
    mode_connects: false,
    join_values: 4,
    join_fields: 5,
    scan_option_values: 2,
    provisioning_values: 1,
    softap_stations: 8,
    message_bits: 3,
    sleep_modes: 2,
    sleep_at_start: 2,
    light_sleep: Some(1),
    rx_pin: 3,
    single_ssl: true,
    ipv6: false,
    local_address: false,
    domain: 63,
    server_values: 2,
    closes_all_of_server: false,
    closes_ended: false,
    passive_udp: false,
    all_lengths: true,
    least_status: 2,
    zones: (-11, 13),
    #[cfg(feature = "services")]
    mqtt_message: 1024,
    #[cfg(feature = "services")]
    mqtt_text: 64,
    noise_before_at: true,
    ..esp_at::LIMITS
};

/// What the ROM prints at 74880 baud, as a receiver at 115200 baud sees it.
const BOOT_TEXT: &[u8] =
    b"rl\x00l\x9c\x9e|\x00\x8cl\xe0|\x02\x0c\x0c\x0c\x8c\x0cl\xec\x0cc|\x8e\x82\x02\xec\x12\x93s\x93b\x8c\
    \x0cc\x8c\xf3nn\x9floo\x9c\xe2\xec\x0cb\x1cp\x8c\x8elrlrlp\xf3n\xe0\x10\x02\x0c\x0c\x83\x0cl\x0c\x0c\
    \x0c\x0c\x0c\x0cb\x0cn\xe3|\x03\x8cl\x8f|\x8c\x0cc\x8c\xf3nn\xef\x00l\x8c\x8el`\x02\x90\x12\x13on\
    \x0cl`\x02\x0f\x03ns\x8e\x92\x92o\x0c\x0c\xe3rl`\x02p\xf3n\xe0\x10\x02\x0c\x0cs\x8c\x9c\x9c\xe2\xe0\
    \x0c\x0c\x0c\x0cb\x0cn\xe3|\x03\xec\x8e\x8f\x8fc\x8c\xf3nn\xee\x00\x0c\x0cl`\x03\x90\x12\x12oo\x0c\
    \x8e\x0el\x0e\x02os\x8f\x93\x92n\x0c\x0c\x13\x8cl`\x02p\xf2o\xe0\x10\x03\x0c\x0cr\x8c\x9c\x9c\xe2\
    \xe0\x8c\x8c\x9cpp\x0c\x0cn\xe2|\x02\x8c\x8e\x8e\x8eb\x8c\xf2oo\xee\x00\x0c\x8fl`\x02\x90\x13\x13nn\
    \x0cl`\x03\x0e\x02nr\x8e\x92\x93o\x0c\x0cb\x8cl`\x03\x0er\x92\x92o\x0c\x0cc\x8cl`\x02";

pub(super) fn variant() -> Variant {
    Variant {
        receive_command: ReceiveCommand::Mode,
        peer_in_receive_data: false,
        quoted_peer: false,
        blank_after_prompt: true,
        closed_withheld: false,
        has_cipstate: false,
        boot_text: BOOT_TEXT.to_vec(),
        version: vec![
            "AT version:1.7.4.0(May 11 2020 19:13:04)".into(),
            "SDK version:3.0.4(9532ceb)".into(),
            "compile time:May 27 2020 10:12:17".into(),
            "Bin version(Wroom 02):1.7.4".into(),
        ],
        window: 2920,
        mqtt_buffer: 1024,
        ..esp_at::variant()
    }
}

/// A prefix and the last three bytes of the MAC address.
pub(super) fn name(prefix: &str, mac: [u8; 6]) -> String {
    format!("{prefix}{:02X}{:02X}{:02X}", mac[3], mac[4], mac[5])
}

fn factory(settings: &mut Settings) {
    settings.wifi_mode = 2;
    common_factory(settings);
}

/// ESP8266 and WizFi360: the `SoftAP` has the station's MAC address with the bit for local ones, and a lost access point
/// is looked for without being asked.
pub(super) fn common_factory(settings: &mut Settings) {
    settings.softap_mac = settings.station_mac;
    settings.softap_mac[0] |= 2;
    settings.reconnect_interval = 1;
}

pub(super) fn reason(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::AlreadyConnected => "ALREADY CONNECTED",
        Reason::LinkNotValid => "link is not valid",
        Reason::Unlinked => "UNLINK",
        Reason::LinkBuilt => "link is builded",
        Reason::NameNotFound => "DNS Fail",
        Reason::NoAddress => "no ip",
        Reason::BadLinkId => "ID ERROR",
        Reason::BadLinkType => "Link typ ERROR",
        Reason::BadAddress => "IP ERROR",
        Reason::SingleLink => "MUX=0",
        Reason::SeveralLinks => "MUX=1",
        Reason::PassthroughOn => "IPMODE must be 0",
        Reason::ServerOn => "CIPSERVER must be 0",
        Reason::SeveralLinksOrServer => "CIPMUX and CIPSERVER must be 0",
        Reason::TooLong => "too long",
        Reason::NoStationForMdns => "opmode mismatch when mdns",
    })
}
