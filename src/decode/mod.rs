//! Reads the log of a serial line: what a module sent, sorted into echoes, answers, messages and data.
//!
//! The [`Decoder`] takes bytes at any split and gives [`Item`]s in the order of the stream. It uses the same rules as
//! the driver's own receiver, but keeps what the driver drops: bytes that belong to nothing known come out as
//! [`Item::Noise`]. It needs no allocator and no clock, so a log can be decoded in a test, on a PC or on the target.
//!
//! Whose answer a line is can be told when the module echoes its commands, or when the decoder knows what the host
//! sent ([`Decoder::with_sent`]). Without both, answers come without a command.
//!
//! ```
//! use wifi_at::decode::{Decoder, Family, Item};
//!
//! let mut decoder = Decoder::new(Family::EspAt);
//! let mut payload = Vec::new();
//! let mut sink = |item: Item<'_>| match item {
//!     Item::Payload(bytes) => payload.extend_from_slice(bytes),
//!     item => println!("{item:?}"),
//! };
//! decoder.feed(b"AT\r\nOK\r\n\r\n+IPD,0,4:\r\nOK", &mut sink);
//! decoder.finish(&mut sink);
//! assert_eq!(payload, b"\r\nOK");
//! ```

mod commands;
mod counted;
mod echo;
mod known;
mod line;
mod machine;
mod meaning;

use core::net::SocketAddr;
use core::str::FromStr;

use heapless::Vec;

use commands::Commands;

/// Most bytes of a line that are looked at together. What a line has beyond them is given out as [`Item::Noise`].
pub const MAX_LINE: usize = 1024;

/// The firmware that wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Family {
    /// ESP-AT 2.0 and later.
    EspAt,
    /// AT 1.x of the ESP32.
    Esp32V1,
    /// AT of the ESP8266 on the IDF-style SDK.
    Esp8266Idf,
    /// AT of the ESP8266 on the NONOS SDK.
    Esp8266Nonos,
    /// WIZnet's firmware of the WizFi360.
    WizFi360,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::EspAt, Self::Esp32V1, Self::Esp8266Idf, Self::Esp8266Nonos, Self::WizFi360];

    /// The name that [`Dialect::NAME`](crate::dialect::Dialect::NAME) gives it, too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EspAt => "esp-at",
            Self::Esp32V1 => "esp32-v1",
            Self::Esp8266Idf => "esp8266-idf",
            Self::Esp8266Nonos => "esp8266-nonos",
            Self::WizFi360 => "wizfi360",
        }
    }
}

/// The name of a [`Family`] that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UnknownFamily;

impl core::fmt::Display for UnknownFamily {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("one of esp-at, esp32-v1, esp8266-idf, esp8266-nonos, wizfi360 is expected")
    }
}

impl core::error::Error for UnknownFamily {}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        Self::ALL.into_iter().find(|family| family.name() == name).ok_or(UnknownFamily)
    }
}

/// Something that the host sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Sent<'t> {
    /// A command line, without CR LF.
    Command(&'t [u8]),
    /// So many bytes of data, after a prompt.
    Raw(u32),
}

/// What `busy p...` refused, where no echo tells.
///
/// Logs differ: some hosts send while a command runs, others send a stray byte, others try until the module is ready.
/// Who has the whole log can decode it with each rule, and keep the result with the fewest [`Decoder::doubts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BusyRule {
    /// The command after the running one: it was sent too early.
    #[default]
    Next,
    /// The command that seemed to run. The next final belongs to the one after it.
    Running,
    /// Nothing but stray bytes: the command that runs gets its final later.
    Nothing,
}

/// A message that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Urc<'a> {
    /// `+IPD`, `CONNECT`, `WIFI GOT IP`, `ERR CODE`, ...: the part that says what it is.
    pub name: &'a [u8],
    /// The whole line.
    pub raw: &'a [u8],
    /// The connection that it is about.
    pub link: Option<u32>,
    /// Bytes that wait in the module to be read.
    pub avail: Option<u32>,
}

/// The head of a payload that is counted, not ended by a line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data<'a> {
    /// The name that it came with: `+IPD`, `+CIPRECVDATA`, `+MQTTSUBRECV`, ...
    pub via: &'a [u8],
    /// The connection that it is from. For `+CIPRECVDATA` that of the command that asked.
    pub link: Option<u32>,
    /// Bytes that were announced. Fewer follow when the log ends before.
    pub len: u32,
    /// Who sent it.
    pub remote: Option<SocketAddr>,
    /// The MQTT topic.
    pub topic: Option<&'a [u8]>,
    /// The whole head.
    pub raw: &'a [u8],
}

/// A piece of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// The module repeats a command. It is whole even where a message was printed into its middle; that one comes first.
    Echo(&'a [u8]),
    /// An information line of the running command. The lines of an answer end with an [`Item::Final`] of the same
    /// command; messages may come in between.
    ResponseLine {
        /// The command, if it is known.
        command: Option<&'a [u8]>,
        /// The line without its end.
        line: &'a [u8],
    },
    /// `OK`, `ERROR`, `SEND OK` and their kin, or a busy line, which refuses a command while another one goes on.
    Final {
        /// The line.
        result: &'a [u8],
        /// The command, if it is known.
        command: Option<&'a [u8]>,
    },
    /// A message.
    Urc(Urc<'a>),
    /// A counted payload begins.
    Data(Data<'a>),
    /// The next bytes of the payload of the last [`Item::Data`]. How they are cut depends on how the log was fed.
    Payload(&'a [u8]),
    /// `>`: the module waits for data.
    Prompt,
    /// Bytes that belong to nothing known. Whether it was a boot is said by the [`Item::Boot`] or [`Item::Unknown`]
    /// that ends them.
    Noise {
        /// The bytes, without line ends.
        bytes: &'a [u8],
        /// More of the same line follows.
        continues: bool,
    },
    /// All [`Item::Noise`] since the last other item was what comes before `ready`.
    Boot {
        /// The bytes from the first to the CR LF before `ready`, inner line ends included.
        len: u64,
    },
    /// All [`Item::Noise`] since the last other item was something else.
    Unknown {
        /// As in [`Item::Boot`].
        len: u64,
    },
}

/// Where the bytes go, one item at a time.
pub type Sink<'s> = &'s mut dyn FnMut(Item<'_>);

/// Sorts the bytes of a log into [`Item`]s.
///
/// The result does not depend on how the log is cut into pieces, but for the cuts of [`Item::Payload`].
#[derive(Debug)]
pub struct Decoder<'t> {
    family: Family,
    commands: Commands<'t>,
    mode: machine::Mode,
    line: Vec<u8, MAX_LINE>,
    /// The line was too long: its beginning has been given out as noise.
    tail: bool,
    run: machine::Run,
    /// The begin of an echo that something was printed into.
    partial: Vec<u8, { crate::at::MAX_COMMAND }>,
    /// The module is starting, as far as is known.
    booting: bool,
    /// Whether `AT+CIPDINFO` is on.
    peer_address: Option<bool>,
    doubts: u32,
}

impl<'t> Decoder<'t> {
    /// A decoder for a log of which nothing is known but the firmware.
    #[must_use]
    pub const fn new(family: Family) -> Self {
        Self {
            family,
            commands: Commands::new(),
            mode: machine::Mode::Line,
            line: Vec::new(),
            tail: false,
            run: machine::Run::new(),
            partial: Vec::new(),
            booting: false,
            peer_address: None,
            doubts: 0,
        }
    }

    /// Says what the host sent during the log, in its order.
    #[must_use]
    pub const fn with_sent(mut self, sent: &'t [Sent<'t>]) -> Self {
        self.commands.sent = sent;
        self
    }

    /// Says how to read busy lines where no echo tells.
    #[must_use]
    pub const fn with_busy_rule(mut self, rule: BusyRule) -> Self {
        self.commands.busy_rule = rule;
        self
    }

    /// Says that a command ran when the module started anew, and never got its end. Where no echo tells, this is
    /// another thing to try.
    #[must_use]
    pub const fn with_lost_on_restart(mut self) -> Self {
        self.commands.lost_on_restart = true;
        self
    }

    /// How much of what was decoded so far does not fit what the host sent: lines that the running command does not
    /// answer, finals without a command, commands without a final.
    #[must_use]
    pub fn doubts(&self) -> u32 {
        self.doubts.saturating_add(self.commands.doubts())
    }
}
