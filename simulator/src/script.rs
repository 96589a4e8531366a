//! Hooks: what a test changes in the byte stream, and where.

/// A place in the module's output.
///
/// Each place names one emission; a [`Hook`] acts on one of them. What a command prints in one go (its information
/// lines) is one emission.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// Before the first byte of the answer to the next command with this name (`"CIPSEND"`, `"GMR"`, `""` for plain
    /// `AT`, `"*"` for any command). The emission is empty, so [`Action::Before`] and [`Action::After`] do the same;
    /// [`Action::Drop`] makes the module swallow the command without an answer; [`Action::Replace`] answers these
    /// bytes and does not run the command.
    Answer(String),
    /// The information lines of an answer (`+CIPSTA:...`), without the final result.
    Information,
    /// A final result: `OK`, `ERROR` with its lines (not `SEND OK`). `"\r\nOK\r\n"` before a prompt is one, too.
    Final,
    /// The prompt `>` (for ESP-AT `"\r\n>"`, for NONOS and WizFi360 `"> "`). [`Action::Before`] puts bytes between `OK` and `>`.
    Prompt,
    /// `Recv <n> bytes`.
    Received,
    /// `SEND OK`, `SEND FAIL`, `SEND CANCELLED`, `SEND Canceled`, `+MQTTPUB:OK`, `+MQTTPUB:FAIL`. [`Action::Before`] puts bytes between `Recv` and `SEND OK`.
    SendResult,
    /// A frame with payload: `+IPD,...:<data>` or `+CIPRECVDATA:<len>,<data>`, head and payload together.
    Data,
    /// A notice of passive receiving: `+IPD,<id>,<len>`.
    Notice,
    /// A message with payload of a service or of Bluetooth: `+MQTTSUBRECV:...,<len>,<data>`, `+WS_DATA:...`,
    /// `+NOTIFY:...`, `+WRITE:...`, `+BTDATA:...`, `+BLEGATTCRD:...`, or one piece of it, head,
    /// payload and line end together. In it offsets count from the first payload byte, as in [`Point::Data`].
    Message,
    /// A block of what an HTTP server answers: `+HTTPCGET:<len>,<data>` and its relatives, with its line end; offsets as
    /// in [`Point::Message`].
    HttpBlock,
    /// `+MQTTCONNECTED:...`, `+MQTTDISCONNECTED:0`, `+WS_CONNECTED:0`, `+WS_DISCONNECTED:0`, `+WS_CLOSED:0`.
    ServiceState,
    /// `CONNECT`, `CLOSED`, `+LINK_CONN:...`; what Bluetooth says without payload: `+BLECONN:...`, `+BLESCAN:...`.
    LinkState,
    /// `WIFI CONNECTED`, `WIFI GOT IP`, `WIFI DISCONNECT`; the lines about stations of the own access point, Ethernet,
    /// `SmartConfig` and the web server.
    WifiState,
    /// The text that a starting module prints, ending with `ready`.
    Ready,
    /// `busy p...` with its error code, `busy s...`.
    Busy,
}

impl Point {
    fn covers(&self, place: &Self) -> bool {
        match (self, place) {
            (Self::Answer(wanted), Self::Answer(name)) => wanted == "*" || wanted == name,
            (wanted, place) => wanted == place,
        }
    }
}

/// What happens at a [`Point`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// These bytes first, then the emission.
    Before(Vec<u8>),
    /// The emission, then these bytes.
    After(Vec<u8>),
    /// These bytes inside the emission, before its byte with this number (at the end if it is shorter). In
    /// [`Point::Data`] the number counts from the first payload byte.
    Inside(usize, Vec<u8>),
    /// These bytes in place of the emission.
    Replace(Vec<u8>),
    /// No emission. What should have followed goes on: a module whose prompt is lost still waits for data.
    Drop,
    /// The emission up to its byte with this number (counted as in [`Action::Inside`]); then the module restarts, its
    /// links are gone, it prints these bytes at once and `ready` after the boot time.
    Restart(usize, Vec<u8>),
    /// The module waits so long before it goes on; for [`Point::Answer`], [`Point::Prompt`] and [`Point::SendResult`].
    Delay(core::time::Duration),
    /// A link loses its peer at this moment, as if the peer had closed.
    CloseLink(u8),
    /// The Wi-Fi connection is lost at this moment.
    DropWifi,
}

/// One change of the output, used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Where it acts.
    pub point: Point,
    /// How many emissions of that kind pass untouched before it acts.
    pub skip: u32,
    /// What it does.
    pub action: Action,
}

impl Hook {
    /// A hook for the next emission of this kind.
    #[must_use]
    pub const fn new(point: Point, action: Action) -> Self {
        Self { point, skip: 0, action }
    }

    /// Lets `count` emissions pass first.
    #[must_use]
    pub const fn skip(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }
}

/// The hooks that have not acted yet.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) hooks: Vec<Hook>,
}

impl Script {
    /// How long the module is to wait before this emission.
    pub(crate) fn take_delay(&mut self, point: &Point) -> core::time::Duration {
        let mut delay = core::time::Duration::ZERO;
        self.hooks.retain(|hook| match hook.action {
            Action::Delay(time) if hook.skip == 0 && hook.point.covers(point) => {
                delay += time;
                false
            }
            _ => true,
        });
        delay
    }

    /// The actions for this emission, in the order in which they were added.
    pub(crate) fn take(&mut self, point: &Point) -> Vec<Action> {
        if self.hooks.is_empty() {
            return Vec::new();
        }
        let mut actions = Vec::new();
        self.hooks.retain_mut(|hook| {
            if !hook.point.covers(point) {
                return true;
            }
            if hook.skip > 0 {
                hook.skip -= 1;
                return true;
            }
            actions.push(hook.action.clone());
            false
        });
        actions
    }
}
