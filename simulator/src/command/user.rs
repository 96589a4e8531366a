//! Commands for the host's own use: spare memory, waking the host, where the manual is.

use super::system::HIGHEST_PIN;
use super::{Entry, Reply, command};
use crate::request::{Call, Code, Failure};
use crate::script::Point;
use crate::simulator::Simulator;
use core::time::Duration;

type Answer = Result<Reply, Failure>;

pub(crate) static COMMANDS: &[Entry] = &[
    command("+USERRAM")
        .query(|module, call| {
            let size = module.user.memory.as_ref().map_or(0, Vec::len);
            module.tell(call, size)
        })
        .set(memory),
    command("+USERDOCS").query(|module, call| {
        for language in ["en", "zh_CN"] {
            let address = format!("https://docs.espressif.com/projects/esp-at/{language}/latest/esp32/index.html");
            module.info(&format!("{}:\"{address}\"", call.name));
        }
        Ok(Reply::Ok)
    }),
    command("+USERWKMCUCFG").set(wake_configuration),
    command("+USERMCUSLEEP").set(host_sleeps),
];

/// As much as a module can give away.
const MOST_MEMORY: i64 = 100 * 1024;
/// Most bytes of a line of `AT+USERRAM=3`.
const BLOCK: usize = 1024;

/// How the host is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    /// This pin gets this level.
    Pin(i64, bool),
    Byte(u8),
}

#[derive(Clone, Copy, Debug)]
struct Waking {
    by: Wake,
    delay: Duration,
    /// Bit 0: `AT+USERMCUSLEEP` tells whether the host sleeps; bit 1: `AT+SLEEP` does; bit 2: it is awake after the delay.
    signs: i64,
}

/// What a restart forgets.
#[derive(Debug, Default)]
pub(crate) struct User {
    memory: Option<Vec<u8>>,
    waking: Option<Waking>,
    asleep: bool,
    /// What waits for the host to wake up.
    held: Vec<(Point, Vec<u8>, usize)>,
    /// That is being sent.
    released: bool,
    /// When it is sent all the same.
    pub(crate) at: Option<Duration>,
}

fn memory(module: &mut Simulator, call: &Call) -> Answer {
    let operation = call.int(0, 0, 4)?;
    let (least, most) = match operation {
        1 => (2, 2),
        2 | 3 => (2, 3),
        _ => (1, 1),
    };
    call.count(least, most)?;
    if operation == 1 {
        let size = usize::try_from(call.int(1, 1, MOST_MEMORY)?).map_err(|_| Code::Invalid)?;
        if module.user.memory.is_some() {
            return Err(Code::Failed.into());
        }
        module.user.memory = Some(vec![0; size]);
        return Ok(Reply::Ok);
    }
    let part = if operation == 2 || operation == 3 {
        let size = usize::try_from(call.int(1, 1, i64::from(i32::MAX))?).map_err(|_| Code::Invalid)?;
        let offset = call.opt_int(2, 0, i64::from(i32::MAX))?.unwrap_or(0);
        let offset = usize::try_from(offset).map_err(|_| Code::Invalid)?;
        offset..offset + size
    } else {
        0..0
    };
    let memory = module.user.memory.as_mut().ok_or(Code::Failed)?;
    let bytes = memory.get(part.clone()).ok_or(Code::Invalid)?;
    match operation {
        0 => module.user.memory = None,
        2 => {
            return Ok(module.prompt_for(part.len(), move |module, data| {
                if let Some(place) = module.user.memory.as_mut().and_then(|memory| memory.get_mut(part)) {
                    place.copy_from_slice(&data);
                }
                module.say_result(b"\r\nWRITE OK\r\n");
            }));
        }
        3 => {
            // Nothing ends a block but its length.
            let mut lines = Vec::new();
            for block in bytes.chunks(BLOCK) {
                lines.extend(format!("{}:{},", call.name, block.len()).bytes());
                lines.extend(block);
            }
            module.emit(&Point::Information, &lines);
        }
        _ => memory.fill(0),
    }
    Ok(Reply::Ok)
}

fn wake_configuration(module: &mut Simulator, call: &Call) -> Answer {
    if module.user.asleep {
        return Err(Code::Failed.into());
    }
    if !call.flag(0)? {
        if module.user.waking.is_some() {
            call.count(1, 1)?;
        }
        module.user.waking = None;
        return Ok(Reply::Ok);
    }
    call.count(5, 6)?;
    if module.user.waking.is_some() {
        return Err(Code::Failed.into());
    }
    let by = if call.int(1, 1, 2)? == 1 {
        Wake::Pin(call.int(2, 0, HIGHEST_PIN)?, call.flag(3)?)
    } else {
        call.int(2, 1, 1)?;
        Wake::Byte(u8::try_from(call.int(3, 0, 255)?).map_err(|_| Code::Invalid)?)
    };
    let delay = Duration::from_millis(call.int(4, 0, 60_000)?.unsigned_abs());
    let signs = call.opt_int(5, 0, 7)?.unwrap_or(1);
    module.user.waking = Some(Waking { by, delay, signs });
    Ok(Reply::Ok)
}

fn host_sleeps(module: &mut Simulator, call: &Call) -> Answer {
    let waking = module.user.waking.ok_or(Code::Failed)?;
    call.count(1, 1)?;
    let asleep = call.flag(0)?;
    if waking.signs & 1 == 0 {
        return Ok(Reply::Ok);
    }
    module.finish_ok();
    module.user.asleep = asleep;
    if !asleep {
        module.release_held();
    }
    Ok(Reply::Pending)
}

impl Simulator {
    /// `AT+SLEEP` has been carried out.
    pub(crate) fn sleep_tells_host(&mut self, mode: i64) {
        if self.user.waking.is_some_and(|waking| waking.signs & 2 != 0) {
            self.user.asleep = mode != 0;
            if mode == 0 {
                self.release_held();
            }
        }
    }

    /// Whether these bytes wait until the host is awake. The first ones of a pause wake it.
    pub(crate) fn hold_for_host(&mut self, point: &Point, bytes: &[u8], payload: usize) -> bool {
        let Some(waking) = self.user.waking.filter(|_| self.user.asleep && !self.user.released) else {
            return false;
        };
        let unsolicited = matches!(
            point,
            Point::Data | Point::Notice | Point::Message | Point::ServiceState | Point::LinkState | Point::WifiState
        );
        if !unsolicited || self.running.is_some() || self.mode.passes_through() {
            return false;
        }
        if self.user.at.is_none() {
            if let Wake::Byte(byte) = waking.by {
                self.put(&[byte]);
            }
            self.user.at = Some(self.now + waking.delay);
        }
        self.user.held.push((point.clone(), bytes.to_vec(), payload));
        true
    }

    /// The host has not said that it is awake.
    pub(crate) fn on_host_wake_timer(&mut self) {
        if self.user.waking.is_some_and(|waking| waking.signs & 4 != 0) {
            self.user.asleep = false;
        }
        self.release_held();
    }

    fn release_held(&mut self) {
        self.user.at = None;
        self.user.released = true;
        for (point, bytes, payload) in core::mem::take(&mut self.user.held) {
            self.emit_from(&point, &bytes, payload);
        }
        self.user.released = false;
    }

    /// The pin that wakes the host and the level it has now (`AT+USERWKMCUCFG` with a pin).
    #[must_use]
    pub fn host_wake_pin(&self) -> Option<(u8, bool)> {
        match self.user.waking?.by {
            Wake::Pin(pin, level) => Some((u8::try_from(pin).ok()?, level == self.user.at.is_some())),
            Wake::Byte(_) => None,
        }
    }
}
