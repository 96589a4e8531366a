//! Faults by name: what real modules are known to do wrong, each shown at a chosen moment or at random ones.
//!
//! The letters and numbers behind the descriptions are rows of the project's list of hazards.

mod effect;
mod plan;
mod random;

use crate::profile::{Dialect, Profile};

pub(crate) use plan::{Faults, Hold};
pub use plan::{ShownFault, UnknownWhen, When};
pub(crate) use random::Random;

/// Where the module stands when it restarts by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetMoment {
    /// No command runs.
    Idle,
    /// The station has found its access point, `AT+CWJAP` has not ended.
    Joining,
    /// Inside an answer.
    Answer,
    /// Between `OK` and the prompt.
    Prompt,
    /// Part of the data of a send is in.
    TakingData,
    /// Between `Recv <n> bytes` and `SEND OK`.
    Sending,
    /// Inside the payload of `+IPD` or `+CIPRECVDATA`.
    Payload,
}

impl ResetMoment {
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Idle => ("reset-idle", "The module restarts while no command runs (G1, G19)"),
            Self::Joining => ("reset-joining", "The module restarts while it joins (G1)"),
            Self::Answer => ("reset-inside-answer", "The module restarts inside an answer (G1, G19)"),
            Self::Prompt => ("reset-before-prompt", "The module restarts between OK and the prompt (G1)"),
            Self::TakingData => ("reset-taking-data", "The module restarts while it takes the data of a send (G1)"),
            Self::Sending => ("reset-sending", "The module restarts before SEND OK (G1)"),
            Self::Payload => {
                ("reset-inside-payload", "The module restarts inside a payload, the rest is missing (D18, G1)")
            }
        }
    }
}

/// Whether a firmware can show a fault.
mod needs {
    use super::Profile;
    use crate::config::ReceiveCommand;

    pub(super) fn nothing(_: &Profile) -> bool {
        true
    }

    pub(super) fn passive(profile: &Profile) -> bool {
        profile.variant().receive_command != ReceiveCommand::Neither
    }

    pub(super) fn link_messages(profile: &'static Profile) -> bool {
        profile.limits.message_bits & 2 != 0
            && ["+SYSMSG", "+SYSMSG_CUR"].iter().any(|name| profile.find(name, &profile.variant()).is_some())
    }

    pub(super) fn mqtt(profile: &'static Profile) -> bool {
        profile.find("+MQTTSUB", &profile.variant()).is_some()
    }

    pub(super) fn bluetooth(profile: &'static Profile) -> bool {
        profile.find("+BLEINIT", &profile.variant()).is_some()
    }

    pub(super) fn ipv6(profile: &Profile) -> bool {
        profile.limits.ipv6
    }

    /// Firmware that descends from the NONOS SDK.
    pub(super) fn older_lines(profile: &Profile) -> bool {
        profile.wording.busy.at_line_end
    }

    /// Firmware whose answers to a read changed their form over the versions.
    pub(super) fn espressif_read(profile: &Profile) -> bool {
        passive(profile) && profile.wording.receive_data == (':', ',')
    }
}

macro_rules! faults {
    ($($variant:ident $name:literal $kind:ident $needs:ident $rows:literal $text:literal)*) => {
        /// Something that modules do wrong, or do otherwise than expected. See [`Simulator::inject_fault`].
        ///
        /// [`Simulator::inject_fault`]: crate::Simulator::inject_fault
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = concat!($text, " (", $rows, ").")] $variant,)*
            /// The module restarts by itself, its links are gone, it prints `ready` after the boot time (G1, G19, D18).
            Reset(ResetMoment),
        }

        impl Fault {
            /// All faults.
            pub const ALL: &'static [Self] = &[
                $(Self::$variant,)*
                Self::Reset(ResetMoment::Idle),
                Self::Reset(ResetMoment::Joining),
                Self::Reset(ResetMoment::Answer),
                Self::Reset(ResetMoment::Prompt),
                Self::Reset(ResetMoment::TakingData),
                Self::Reset(ResetMoment::Sending),
                Self::Reset(ResetMoment::Payload),
            ];

            /// The name on the command line: `lost-prompt`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Reset(moment) => moment.text().0,
                }
            }

            /// One sentence without its full stop, with the rows of the list of hazards.
            #[must_use]
            pub const fn describe(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($text, " (", $rows, ")"),)*
                    Self::Reset(moment) => moment.text().1,
                }
            }

            fn possible(self, profile: &'static Profile) -> bool {
                match self {
                    $(Self::$variant => needs::$needs(profile),)*
                    Self::Reset(_) => true,
                }
            }

            /// Whether it needs no place in the output and can come at any time.
            pub(crate) const fn spontaneous(self) -> bool {
                match self {
                    $(Self::$variant => faults!(@ $kind),)*
                    Self::Reset(moment) => matches!(moment, ResetMoment::Idle),
                }
            }
        }
    };
    (@ place) => { false };
    (@ any) => { true };
}

faults! {
    BusyBeforeAnswer "busy-before-answer" place nothing "A1" "One `busy p...` before the true answer of a command"
    LongBusy "long-busy" place nothing "A2" "A join, connect or name query takes 15 s longer, input meanwhile is answered by `busy p...`"
    BusyAfterBoot "busy-after-boot" place nothing "A3" "For 10 s after `ready` all input is answered by `busy p...`"
    NoticeInsideEcho "notice-inside-echo" place nothing "A15" "A Wi-Fi notice in the middle of an echoed command"
    DoubleCarriageReturn "double-carriage-return" place older_lines "A17" "CR CR LF ends the lines of an answer"
    PromptBlank "prompt-blank" place nothing "A17" "The prompt has a blank where the firmware prints none, and none where it prints one"
    OddScanNames "odd-scan-names" place nothing "A12, A13" "A scan shows names with quotes, commas and backslashes, and an empty one"
    UnknownLine "unknown-line" place nothing "A31" "A line of unknown meaning directly before OK or ERROR, without an empty line between"
    LongLine "long-line" place nothing "A32" "A line of 300 bytes before OK or ERROR"
    DataBeforePrompt "data-before-prompt" place nothing "B1" "The prompt waits until data for the host went out, at most 1 s"
    DataBeforeSendOk "data-before-send-ok" place nothing "B2" "SEND OK waits until data for the host went out, at most 1 s"
    LostSendOk "lost-send-ok" place nothing "B3" "SEND OK is missing although the data went out"
    FailThenOk "fail-then-ok" place nothing "B4" "SEND FAIL and then SEND OK for one send"
    OkThenFail "ok-then-fail" place nothing "B5" "SEND OK and then SEND FAIL for one send"
    LostPrompt "lost-prompt" place nothing "B8" "The prompt is missing; the module waits for the data"
    ErrorForSend "error-for-send" place nothing "B9" "ERROR in place of OK and the prompt"
    DeafWhileSending "deaf-while-sending" place nothing "B10" "Data that comes while the module takes data for a send: nothing is received any more until a restart"
    ClosedBeforePrompt "closed-before-prompt" place nothing "B11" "The link of a send is closed between OK and the prompt"
    PromptGlued "prompt-glued" place nothing "B20" "What follows the prompt stands in the same line: `>+IPD,...`"
    HeaderQuotes "header-quotes" place nothing "C2" "`+IPD` shows the peer's address with quotes where the firmware has none, and without where it has"
    HeaderPeer "header-peer" place nothing "C2" "`+IPD` shows the peer if it should not, and does not if it should"
    HeaderIpv6 "header-ipv6" place ipv6 "C2" "`+IPD` shows the peer's IPv4 address in IPv6 form"
    SplitFrame "split-frame" place nothing "C3" "A frame or notice comes byte by byte, 1 ms apart"
    ControlWords "control-words" place nothing "C4" "The peer sends words that look like those of the module"
    UnknownLink "unknown-link" place nothing "C6" "A frame or notice for link 246"
    LongFrame "long-frame" place nothing "C9" "One frame with all the data that there is, up to 16 KiB"
    LostByte "lost-byte" place nothing "C10" "A byte in the middle of a payload is missing"
    FlippedByte "flipped-byte" place nothing "C10" "A byte in the middle of a payload has a wrong bit"
    OldReadHeader "old-read-header" place espressif_read "D1" "`+CIPRECVDATA=<id>,<len>,` as the first versions had it"
    OtherReadHeader "other-read-header" place passive "D1" "`+CIPRECVDATA` has colon and comma the other way round"
    ToReadLine "to-read-line" place passive "D2" "A line `to read <n> bytes` before `+CIPRECVDATA`"
    OtherEmptyLength "other-empty-length" place passive "D3" "`AT+CIPRECVLEN?` says 0 for links that are not open where the firmware says -1, and -1 where it says 0"
    NoNoticeAfterConnect "no-notice-after-connect" place passive "D4" "No notice for the first data of a server's client"
    NoticesStop "notices-stop" place passive "D5" "A notice is missing, and so are all others of the link until its data is read"
    NoticeInsideAnswer "notice-inside-answer" place passive "D6" "A notice between the data that was read and OK"
    ErrorForRead "error-for-read" place passive "D7" "A read of announced data: ERROR, then CLOSED; the data is lost"
    ClosedBeforeRead "closed-before-read" place passive "D8" "CLOSED directly after a notice; the data can still be read"
    LessThanAnnounced "less-than-announced" place passive "D10" "A notice announces 29 bytes more than there are, as for SSL records"
    MergedDatagrams "merged-datagrams" place nothing "D13" "Two datagrams come in one frame (the first waits for the second, at most 5 s)"
    MoreThanAsked "more-than-asked" place passive "D14" "A read gives more than was asked for, if there is more"
    StolenLink "stolen-link" place nothing "E1" "A client of the server gets the link that a connect is about to use; the connect fails"
    LinkMessage "link-message" place link_messages "E2" "`+LINK_CONN:` in place of CONNECT without being asked for"
    LinkKept "link-kept" place nothing "E3" "CLOSED and OK, but the module keeps the link: the next connect is told ALREADY CONNECTED"
    LinkReused "link-reused" place nothing "E4" "CLOSED of a server's client waits (at most 5 s) until the next client has come, and CONNECT of the same link follows"
    ClosedWithOk "closed-with-ok" place nothing "E7" "A connect ends with CLOSED and OK"
    AlreadyClosed "already-closed" place nothing "E8" "The peer closes just before `AT+CIPCLOSE`, which ends with ERROR"
    CloseUnanswered "close-unanswered" place nothing "E9" "`AT+CIPCLOSE` is not answered, and the link stays"
    RestartOnClose "restart-on-close" place nothing "E10, E11" "`AT+CIPCLOSE` restarts the module"
    LinkLost "link-lost" any nothing "E13, A28" "The lowest TCP link ends without CLOSED"
    WifiDrop "wifi-drop" any nothing "E13" "The Wi-Fi connection is lost, TCP links report CLOSED"
    WifiDropSilent "wifi-drop-silent" any nothing "E13" "The Wi-Fi connection is lost, links report nothing"
    BootGarbage "boot-garbage" place nothing "G2" "A starting module prints all 256 byte values"
    NulFlood "nul-flood" any nothing "G3" "4096 NUL bytes"
    NoReady "no-ready" place nothing "G4" "A starting module does not print `ready`"
    ReadyGlued "ready-glued" place nothing "G4" "`ready` stands behind garbage in the same line"
    RestartIgnored "restart-ignored" place nothing "G5" "`AT+RST` is answered by OK, and nothing happens"
    BaudLost "baud-lost" any nothing "G7" "The module restarts and is back at the rate of its flash (only while it uses another)"
    OkCut "ok-cut" place nothing "G8" "The OK at the old rate is cut off by the change of the rate"
    Silent "silent" any nothing "G12" "The module says nothing and takes nothing until its reset pin is pulled"
    MessageInPieces "message-in-pieces" place mqtt "H1" "An MQTT message comes in two pieces although it fits the buffer, each with its head"
    MessageHeadCut "message-head-cut" place mqtt "H1" "Of an MQTT message in two pieces the second lacks the beginning of its head: `pic\",12,...`"
    BleLostAtPrompt "ble-lost-at-prompt" place bluetooth "H6" "The Bluetooth LE connection ends at a prompt, `>+BLEDISCONN:...` in one line, and the command ends with two ERROR"
    BleControlWords "ble-control-words" place bluetooth "H7" "A Bluetooth LE value has words of the module, line ends, NUL and bytes above 127"
    BleCutAtNul "ble-cut-at-nul" place bluetooth "H7" "A Bluetooth LE value ends at its first NUL byte, its length is that of all (only for values with NUL)"
    LateResult "late-result" place nothing "G18" "OK or ERROR comes before the answer to the next command, or after 20 s"
}

/// A fault name that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl core::fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "unknown fault {:?}; --list-faults shows all", self.0)
    }
}

impl std::error::Error for UnknownFault {}

/// A fault that this firmware cannot show, for example one of passive receiving where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultNotApplicable {
    /// The fault.
    pub fault: Fault,
    /// The name of the firmware.
    pub dialect: &'static str,
}

impl core::fmt::Display for FaultNotApplicable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} cannot show the fault {}", self.dialect, self.fault.name())
    }
}

impl std::error::Error for FaultNotApplicable {}

impl core::str::FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let known = Self::ALL.iter().find(|fault| fault.name() == name);
        known.copied().ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl Fault {
    /// Whether this firmware can show the fault at all.
    #[must_use]
    pub fn applies_to(self, dialect: Dialect) -> bool {
        self.possible(dialect.profile())
    }

    pub(crate) fn check(self, profile: &'static Profile) -> Result<(), FaultNotApplicable> {
        if self.possible(profile) { Ok(()) } else { Err(FaultNotApplicable { fault: self, dialect: profile.name }) }
    }
}
