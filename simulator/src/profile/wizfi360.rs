//! WIZnet WizFi360: the manual 1.0.0, and where the released firmware 1.0 and 1.1 shows other words, those.

use super::nonos;
use super::rules::{ConnectFailure, JoinFailure};
use super::{Limits, Profile, UartRules, Wording};
use crate::command::{Row, row};
use crate::config::{ReceiveCommand, Variant};
use crate::request::Reason;
use crate::settings::Settings;
use core::time::Duration;

pub(super) static PROFILE: Profile = Profile {
    name: "wizfi360",
    chapters: &[],
    rows: ROWS,
    variant,
    factory,
    hostname: |mac| nonos::name("WizFi360_", mac),
    mac: [0x00, 0x08, 0xdc, 0x11, 0x12, 0x13],
    baud: 115_200,
    uart: UartRules { baud: |baud| BAUDS.contains(&baud), stop_bits: &[2, 4], flow_controls: 1 },
    wording: WORDING,
    limits: LIMITS,
};

const BAUDS: [u32; 17] = [
    600, 1200, 1800, 2400, 4800, 9600, 14_400, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_000_000,
    1_500_000, 2_000_000,
];

/// Those of the manual; those that only the firmware's own table has: the names without suffix, `+GSLP`, `+SLEEP`,
/// `+CIPSERVERMAXCONN`, and the value of `+RESTORE`.
const ROWS: &[Row] = &[
    row("", "x"),
    row("E0", "x"),
    row("E1", "x"),
    row("+RST", "x"),
    row("+GMR", "x"),
    row("+GSLP", "s"),
    row("+RESTORE", "sx").like("restore by kind"),
    row("+UART_CUR", "qs"),
    row("+UART_DEF", "qs"),
    row("+SLEEP", "qs"),
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
    row("+CIPSSLSIZE", "s"),
    row("+CIPSENDBUF", "s"),
    row("+CIPBUFRESET", "sx"),
    row("+CIPBUFSTATUS", "sx"),
    row("+CIPCHECKSEQ", "s"),
    row("+SAVETRANSLINK", "s"),
    row("+CIUPDATE", "x"),
    row("+CIPSNTPCFG", "qs"),
    row("+CIPSNTPTIME", "q"),
    row("+CIPDNS_CUR", "qs").like("dns in pairs"),
    row("+CIPDNS_DEF", "qs").like("dns in pairs"),
];

const WORDING: Wording = Wording {
    echoed_line_end: b"\n",
    unended: &[
        "+UART_CUR",
        "+UART_DEF",
        "+CWDHCP",
        "+CWDHCP_CUR",
        "+CWDHCP_DEF",
        "+CWDHCPS_CUR",
        "+CWDHCPS_DEF",
        "+CIPSNTPCFG",
        "+CIPSNTPTIME",
    ],
    join_failure: JoinFailure { label: Some("+CWJAP"), end: "FAIL" },
    connect_failure: ConnectFailure { before: Some("CONNECT FAIL"), after: None },
    reason,
    gone_under_send: "SEND Canceled",
    quoted_domain: true,
    pool_mark: ':',
    quoted_pool: true,
    restart_disconnects: false,
    update: "+CIPUPDATE",
    ..nonos::WORDING
};

const LIMITS: Limits = Limits {
    send_buffer: 21_900,
    join_values: 3,
    join_fields: 4,
    scan_values: 3,
    scan_fields: 31,
    softap_channels: 13,
    softap_encryptions: &[0, 2, 3],
    softap_stations: 4,
    noise_before_at: false,
    escape_silence: Duration::from_secs(1),
    light_sleep: None,
    ..nonos::LIMITS
};

fn variant() -> Variant {
    Variant {
        receive_command: ReceiveCommand::Neither,
        peer_info: true,
        boot_text: Vec::new(),
        version: vec![
            "AT version:1.1.1.7(May  4 2021 15:13:14)".into(),
            "SDK version:3.2.0(a0ffff9f)".into(),
            "compile time:May  4 2021 15:13:14".into(),
        ],
        window: 5760,
        ..nonos::variant()
    }
}

fn factory(settings: &mut Settings) {
    nonos::common_factory(settings);
    settings.wifi_mode = 1;
    settings.softap.ssid = nonos::name("WizFi360_", settings.station_mac).into_bytes();
}

fn reason(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::BadLinkType => Some("Link type ERROR"),
        reason => nonos::reason(reason),
    }
}
