//! Which commands the running firmware has.

use crate::at::{EncodeError, FieldError, Fields, after_name};
use crate::command::basic::QueryCommands;
use crate::command::{CommandError, Within};
use crate::control::{Control, terms, transact};
use crate::dialect::{Dialect, Family};
use crate::engine::Piece;
use crate::resources::AccessExt;

/// Four hundred lines of 40 bytes at 9600 baud take 17 s.
const LIMIT_S: u32 = 30;

/// Most names that one look at the list is for.
const MOST_NAMES: usize = u32::BITS as usize;

/// Which of the commands that were asked about there are: see [`Control::supports`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Supported(u32);

impl Supported {
    /// Whether there is the command whose name was the one with this index, counted from 0. `false` for an index without
    /// a name.
    #[must_use]
    pub const fn has(self, index: usize) -> bool {
        index < MOST_NAMES && self.0 >> index & 1 == 1
    }

    /// Bit n: the command with index n.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// Without the `AT` that all of them begin with, if it is there.
fn bare(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"AT").unwrap_or(name)
}

/// The name in a line of the list.
fn listed_name(line: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields::new(after_name(line, b"+CMD")?);
    fields.next()?.unsigned().ok()?;
    Some(bare(fields.next()?.bytes))
}

impl<D: Dialect> Control<'_, D> {
    /// Asks the firmware which of these commands it has, all in one pass through its list (`ESP-AT 3.1.5`, `AT+CMD?`). Up
    /// to 32 names, such as `AT+CIPSTATE`, or `+CIPSTATE`, in capitals and without `?` or `=`.
    ///
    /// The list has a line for each command. Two hundred take 0.6 s at 115200 baud, in which other commands wait and
    /// received data comes only between the lines. So the driver does not ask when it sets the module up. It finds out by trying: a setting
    /// that is refused has another wording, or is done without. Programs can do the same, as a command that the firmware
    /// lacks is [refused](CommandError::Refused), with the code 0x01090000 where there is one. This is for those who want to
    /// know before, or of many.
    ///
    /// No buffer holds the list: each line is compared when it comes. Dropping the future leaves the module to finish
    /// the list, which goes to nobody.
    ///
    /// # Errors
    /// [`Unsupported`](CommandError::Unsupported) where the manual of the firmware has no such list: all dialects but
    /// [`EspAt`](crate::EspAt). [`Refused`](CommandError::Refused) where it is older than that.
    /// [`OutOfRange`](EncodeError::OutOfRange) for more than 32 names. [`Overrun`](CommandError::Overrun) if lines were lost
    /// because the future was not polled for a second, and [`Answer`](CommandError::Answer) if one was damaged: what is
    /// missing in the rest is unknown. The command's others.
    pub async fn supports(&self, names: &[&str]) -> Result<Supported, CommandError> {
        if names.len() > MOST_NAMES {
            return Err(CommandError::Encode(EncodeError::OutOfRange));
        }
        let mut has_list = false;
        self.shared.0.get(|engine| has_list = matches!(engine.core.profile().family, Family::EspAt));
        if !has_list {
            return Err(CommandError::Unsupported);
        }
        let mut found = Supported(0);
        let mut result = Err(CommandError::Answer(FieldError::Missing));
        let mut sink = |piece: Piece<'_>| {
            let Piece::Line(line) = piece else { return };
            if after_name(line, b"+CMD").is_none() {
                return;
            }
            let Some(listed) = listed_name(line) else {
                result = Err(CommandError::Answer(FieldError::Malformed));
                return;
            };
            if result == Err(CommandError::Answer(FieldError::Missing)) {
                result = Ok(());
            }
            for (index, name) in names.iter().enumerate() {
                if bare(name.as_bytes()) == listed && !name.is_empty() {
                    found.0 |= 1 << index;
                }
            }
        };
        let terms = terms::<Within<LIMIT_S, QueryCommands>>();
        transact(self.shared, "AT+CMD", &QueryCommands, terms, &[], false, &mut sink).await?;
        result.map(|()| found)
    }
}
