//! What firmwares of different families do differently, as data: the command handlers ask here.

use crate::request::Reason;
use core::time::Duration;

/// The texts that a firmware prints.
#[derive(Debug)]
pub(crate) struct Wording {
    /// What the echo makes of LF: NONOS puts a CR in front of it.
    pub(crate) echoed_line_end: &'static [u8],
    /// Commands whose last information line has no line end of its own.
    pub(crate) unended: &'static [&'static str],
    /// The prompt of a counted send; a blank may follow ([`crate::Variant::blank_after_prompt`]).
    pub(crate) prompt: &'static [u8],
    pub(crate) passthrough_prompt: &'static [u8],
    pub(crate) busy: Busy,
    pub(crate) join_failure: JoinFailure,
    pub(crate) connect_failure: ConnectFailure,
    /// The line in front of `ERROR`, where the firmware has one.
    pub(crate) reason: fn(Reason) -> Option<&'static str>,
    /// What ends a send whose link went away before all data was in.
    pub(crate) gone_under_send: &'static str,
    /// In front of the milliseconds.
    pub(crate) ping: &'static str,
    pub(crate) ping_timeout: &'static str,
    /// Whether `+CIPDOMAIN` has its address in quotes.
    pub(crate) quoted_domain: bool,
    /// Between name and length, and between length and data, of `+CIPRECVDATA`.
    pub(crate) receive_data: (char, char),
    /// What `AT+CIPRECVLEN?` says of a link that is not open.
    pub(crate) absent_length: &'static str,
    /// Whether `OK` comes before the `WIFI DISCONNECT` that `AT+CWQAP` causes.
    pub(crate) leaves_after_ok: bool,
    /// Whether `AT+RST` says `WIFI DISCONNECT`.
    pub(crate) restart_disconnects: bool,
    /// Whether days of one digit in `+CIPSNTPTIME` have a zero in front, not a blank.
    pub(crate) zero_padded_day: bool,
    /// Whether `+CIPSNTPTIME` shows the zone's time of 1970 before the clock is set, and not that of Greenwich.
    pub(crate) zone_before_sync: bool,
    /// Whether the module says that the clock was set.
    pub(crate) tells_clock_set: bool,
    /// What `AT+CWHOSTNAME?` says without station mode; `None` is an error.
    pub(crate) no_hostname: Option<&'static str>,
    /// Between `+CWDHCPS` and its values.
    pub(crate) pool_mark: char,
    /// Whether the addresses of `+CWDHCPS` are in quotes.
    pub(crate) quoted_pool: bool,
    /// In front of the lines of `AT+CWLIF`.
    pub(crate) station_list: &'static str,
    pub(crate) smart_config: SmartConfigWords,
    /// The name in the progress lines of `AT+CIUPDATE`.
    pub(crate) update: &'static str,
    /// What an update says behind `OK` before the module restarts.
    pub(crate) forced_restart: &'static str,
    /// The values of `+SYSRAM`.
    pub(crate) memory: &'static str,
}

/// Input while a command runs.
#[derive(Debug)]
pub(crate) struct Busy {
    /// Told when a line of input ends, in place of when it begins.
    pub(crate) at_line_end: bool,
    pub(crate) processing: &'static str,
    /// While data is being sent.
    pub(crate) sending: &'static str,
}

/// The lines of `SmartConfig`.
#[derive(Debug)]
pub(crate) struct SmartConfigWords {
    /// In front of the protocol; `None` where no line tells it.
    pub(crate) kind: Option<&'static str>,
    pub(crate) got: &'static str,
    /// Whether SSID and password are shown.
    pub(crate) tells_credentials: bool,
    pub(crate) connected: &'static str,
    pub(crate) failed: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct JoinFailure {
    /// The name in front of the code; `None`: the command's own.
    pub(crate) label: Option<&'static str>,
    pub(crate) end: &'static str,
}

/// Lines around the `ERROR` of a connect that failed; the link number goes in front of them.
#[derive(Debug)]
pub(crate) struct ConnectFailure {
    pub(crate) before: Option<&'static str>,
    pub(crate) after: Option<&'static str>,
}

/// Ranges and counts of parameters.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Longest command line with its line end.
    pub(crate) line: usize,
    /// Most bytes of a counted send.
    pub(crate) send: i64,
    /// Most parameters of `AT+CIUPDATE`.
    pub(crate) update_values: usize,
    /// Bytes of the send buffer of `AT+CIPSENDBUF`.
    pub(crate) send_buffer: usize,
    /// Most bytes of one `+IPD`.
    pub(crate) chunk: usize,
    /// Most bytes of one passthrough packet.
    pub(crate) packet: usize,
    /// Most bytes that `AT+CIPRECVDATA` may ask for.
    pub(crate) read: i64,
    pub(crate) least_wifi_mode: i64,
    /// Whether `AT+CWMODE` takes a second value.
    pub(crate) mode_connects: bool,
    /// Most parameters of `AT+CWJAP`.
    pub(crate) join_values: usize,
    /// Fields of the answer to `AT+CWJAP?`.
    pub(crate) join_fields: usize,
    /// Most parameters of `AT+CWLAP` and of `AT+CWLAPOPT`.
    pub(crate) scan_values: usize,
    pub(crate) scan_option_values: usize,
    /// Most parameters of `AT+CWSTARTSMART`.
    pub(crate) provisioning_values: usize,
    /// Most parameters of `AT+CWJEAP`.
    pub(crate) enterprise_values: usize,
    /// Bits of `AT+CWLAPOPT`, all set at first.
    pub(crate) scan_fields: i64,
    pub(crate) softap_channels: i64,
    pub(crate) softap_encryptions: &'static [i64],
    pub(crate) softap_stations: i64,
    /// Most bits of `AT+SYSMSG`.
    pub(crate) message_bits: i64,
    /// Least and greatest Wi-Fi power of `AT+RFPOWER`.
    pub(crate) wifi_power: (i64, i64),
    pub(crate) sleep_modes: i64,
    pub(crate) sleep_at_start: i64,
    /// The number of light sleep.
    pub(crate) light_sleep: Option<i64>,
    /// The GPIO that the UART of the commands receives with.
    pub(crate) rx_pin: usize,
    /// Whether there are `TCPv6` and `UDPv6`, and `AT+CIPDOMAIN` takes a choice of network.
    pub(crate) ipv6: bool,
    /// Whether `AT+CIPSTART` takes the module's own address.
    pub(crate) local_address: bool,
    /// Whether there is one link with TLS at most, and none in passthrough.
    pub(crate) single_ssl: bool,
    /// Longest name for `AT+CIPDOMAIN`.
    pub(crate) domain: usize,
    /// Parameters of `AT+CIPSERVER`: with kind and CA, or without.
    pub(crate) server_values: usize,
    /// Whether `AT+CIPCLOSE=5` closes links while the server runs.
    pub(crate) closes_all_of_server: bool,
    /// Whether `AT+CIPCLOSE` takes a link whose `CLOSED` is out while unread data is left, and drops the data.
    pub(crate) closes_ended: bool,
    /// Whether UDP links receive passively, too.
    pub(crate) passive_udp: bool,
    /// Whether `AT+CIPRECVLEN?` lists all links with a single connection, too.
    pub(crate) all_lengths: bool,
    /// The least `STATUS` of `AT+CIPSTATUS`.
    pub(crate) least_status: u8,
    /// Least and greatest time zone of `AT+CIPSNTPCFG`.
    pub(crate) zones: (i64, i64),
    /// Most bytes that `AT+MQTTPUBRAW` takes.
    #[cfg(feature = "services")]
    pub(crate) mqtt_message: i64,
    /// Most bytes of a topic, and of the last will.
    #[cfg(feature = "services")]
    pub(crate) mqtt_text: usize,
    /// Whether input in front of `AT` is skipped.
    pub(crate) noise_before_at: bool,
    /// Silence on both sides of `+++`.
    pub(crate) escape_silence: Duration,
}

/// Which line settings there are.
#[derive(Debug)]
pub(crate) struct UartRules {
    pub(crate) baud: fn(u32) -> bool,
    /// Half bits for the codes 1, 2, ...
    pub(crate) stop_bits: &'static [u8],
    pub(crate) flow_controls: i64,
}

impl UartRules {
    /// The half stop bits that a code stands for.
    pub(crate) fn half_stop_bits(&self, code: u8) -> u8 {
        let index = usize::from(code).saturating_sub(1);
        self.stop_bits.get(index).copied().unwrap_or(2)
    }
}
