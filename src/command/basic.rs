//! Basic commands (`ESP-AT 3.1`).

use embassy_time::Duration;

use super::{Command, CommandError, On};
use crate::at::Encoder;
use crate::dialect::EspAt;
use crate::firmware::Firmware;

/// Asks for the versions of the firmware (`ESP-AT 3.1.4`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryFirmware;

impl Command for QueryFirmware {
    type Response = Firmware;
    type Error = CommandError;
    type Answer = Firmware;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn encode(&self, name: &str, line: &mut Encoder<'_>) {
        line.name(name);
    }

    fn line(answer: &mut Firmware, line: &[u8]) {
        answer.parse_line(line);
    }

    fn finish(answer: Firmware, result: Result<(), CommandError>) -> Result<Firmware, CommandError> {
        result.map(|()| answer)
    }
}

impl On<EspAt> for QueryFirmware {
    const NAME: &'static str = "AT+GMR";
    const SECTION: &'static str = "3.1.4";
}
