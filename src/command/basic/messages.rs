//! Which messages the module sends (`ESP-AT 3.1.15` to `3.1.17`, `3.1.24`, `IDF 2.11`, `2.17`, `NONOS 3.2.20`).

use heapless::Vec;

use crate::at::{EncodeError, Encoder, FieldError, after_name, parse_unsigned};
use crate::command::declare::{commands, masks, records};
use crate::command::parameter::DataLength;
use crate::command::{Answer, List, Parameter, Record};

masks! {
    /// Which further messages the module sends.
    Messages: u8 {
        /// `+QUITT` when passthrough mode is left.
        QUIT_PASSTHROUGH = 0,
        /// `+LINK_CONN:...` in place of `<link>,CONNECT`.
        LINK_DETAILS = 1,
        /// State messages in passthrough mode, too, in the middle of the data. ESP-AT only.
        STATE_IN_PASSTHROUGH = 2,
    }
}

records! {
    /// Which further messages the module sends.
    "+SYSMSG" MessageState {
        /// The messages.
        pub messages: Messages,
    }

    /// Whether the filter of messages works.
    "+SYSMSGFILTER" MessageFilterState {
        /// Whether it does. Off by default.
        pub enabled: bool,
    }

    /// Whether the module gives error codes.
    "+SYSLOG" ErrorCodeState {
        /// Whether it does.
        pub enabled: bool,
    }
}

/// A filter: messages that both expressions match are not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFilter {
    /// Its number.
    pub index: u8,
    /// POSIX basic regular expression for the start of a message. Empty if there is none.
    pub head: Vec<u8, 64>,
    /// POSIX basic regular expression for the end of a message. Empty if there is none.
    pub tail: Vec<u8, 64>,
}

/// Bytes of the expressions of a filter, 0 to 64 each. At least one of them has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FilterLengths {
    /// Of the POSIX basic regular expression for the start of a message, which should begin with `^`.
    pub head: u8,
    /// Of the POSIX basic regular expression for the end of a message, which should end with `$`.
    pub tail: u8,
}

impl Parameter for FilterLengths {
    fn encode(&self, line: &mut Encoder<'_>) {
        if (self.head, self.tail) == (0, 0) {
            line.fail(EncodeError::OutOfRange);
        }
        line.ranged(self.head.into(), 0, 64).ranged(self.tail.into(), 0, 64);
    }

    fn sample(_: i64) -> Self {
        Self { head: 17, tail: 0 }
    }
}

impl DataLength for FilterLengths {
    fn bytes(self) -> usize {
        usize::from(self.head) + usize::from(self.tail)
    }
}

/// `0,"` and `","` and `"`, the expressions, and the name before them.
const FILTER_LINE: usize = 64 + 64 + 32;

/// All filters.
///
/// An expression may hold line ends, so that a filter may take several lines of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageFilters {
    /// The filters.
    pub list: List<MessageFilter, 8>,
}

/// The filters that have been read, and the lines of the one that is being read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartialMessageFilters {
    filters: MessageFilters,
    lines: Vec<u8, FILTER_LINE>,
    too_long: bool,
}

impl PartialMessageFilters {
    fn append(&mut self, bytes: &[u8]) {
        self.too_long |= self.lines.extend_from_slice(bytes).is_err();
    }

    fn end_filter(&mut self) {
        if self.too_long {
            self.filters.list.malformed += 1;
        } else if !self.lines.is_empty() {
            List::line(&mut self.filters.list, &self.lines);
        }
        self.lines.clear();
        self.too_long = false;
    }
}

impl Record for MessageFilter {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        Some(parse_filter(after_name(line, b"+SYSMSGFILTERCFG")?))
    }
}

/// Fields would end an expression at a quote and a comma, which may stand in it.
fn parse_filter(value: &[u8]) -> Result<MessageFilter, FieldError> {
    let comma = value.iter().position(|&byte| byte == b',').ok_or(FieldError::Missing)?;
    let index = parse_unsigned(value[..comma].trim_ascii()).ok_or(FieldError::Malformed)?;
    let quoted = value[comma + 1..].trim_ascii();
    let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).ok_or(FieldError::Malformed)?;
    let middle = inner.windows(3).position(|window| window == b"\",\"").ok_or(FieldError::Missing)?;
    let expression = |bytes| Vec::from_slice(bytes).map_err(|_| FieldError::TooLong);
    Ok(MessageFilter {
        index: u8::try_from(index).map_err(|_| FieldError::Malformed)?,
        head: expression(&inner[..middle])?,
        tail: expression(&inner[middle + 3..])?,
    })
}

impl Answer for MessageFilters {
    type Partial = PartialMessageFilters;

    fn line(partial: &mut PartialMessageFilters, line: &[u8]) {
        if after_name(line, b"+SYSMSGFILTERCFG").is_some() {
            partial.end_filter();
            partial.append(line);
        } else if !partial.lines.is_empty() && !matches!(MessageFilter::parse_line(&partial.lines), Some(Ok(_))) {
            partial.append(b"\r\n");
            partial.append(line);
        }
    }

    fn finish(mut partial: PartialMessageFilters) -> Result<Self, FieldError> {
        partial.end_filter();
        Ok(partial.filters)
    }
}

commands! {
    /// Asks which further messages the module sends (`ESP-AT 3.1.15`, `IDF 2.11`).
    query QueryMessages -> MessageState, within 5 s;
    on EspAt "AT+SYSMSG" "3.1.15";
    on Esp8266Idf "AT+SYSMSG" "2.11";

    /// Sets which further messages the module sends (`ESP-AT 3.1.15`). Kept in flash if
    /// [`SetStoreMode`](super::SetStoreMode) says so.
    ///
    /// The driver understands all of them.
    set SetMessages {
        /// The messages that are wanted.
        pub messages: Messages [0..=7],
    } -> (), within 5 s;
    on EspAt "AT+SYSMSG" "3.1.15";

    /// Sets which further messages the module sends, but for state in passthrough mode (`NONOS 3.2.20`, `IDF 2.11`).
    ///
    /// Always kept in flash by the IDF-style firmware. With [`Saved`](crate::command::Saved) kept in flash by the NONOS
    /// firmware (`NONOS 3.2.21`). None by default.
    set SetEsp8266Messages {
        /// The messages that are wanted.
        pub messages: Messages [0..=3],
    } -> (), within 5 s;
    on Esp8266Idf "AT+SYSMSG" "2.11";
    on Esp8266Nonos "AT+SYSMSG_CUR" "3.2.20";
    on Esp8266Nonos saved "AT+SYSMSG_DEF" "3.2.21";

    /// Asks whether the filter of messages works (`ESP-AT 3.1.16`).
    query QueryMessageFilter -> MessageFilterState, within 5 s;
    on EspAt "AT+SYSMSGFILTER" "3.1.16";

    /// Switches the filter of messages (`ESP-AT 3.1.16`).
    ///
    /// The driver follows the state of the module by its messages: what is filtered out, it does not know.
    set SetMessageFilter {
        /// Whether it works. Off by default.
        pub enabled: bool,
    } -> (), within 5 s;
    on EspAt "AT+SYSMSGFILTER" "3.1.16";

    /// Asks for the filters (`ESP-AT 3.1.17`).
    query QueryMessageFilters -> MessageFilters, within 5 s;
    on EspAt "AT+SYSMSGFILTERCFG" "3.1.17";

    /// Removes all filters (`ESP-AT 3.1.17`).
    set ClearMessageFilters with 0 -> (), within 5 s;
    on EspAt "AT+SYSMSGFILTERCFG" "3.1.17";

    /// Adds a filter (`ESP-AT 3.1.17`). The data is the expression for the head, and directly behind it that for the tail,
    /// as they are. A bad expression is refused after the data.
    set AddMessageFilter with 1 {
        /// How long the expressions are.
        pub lengths: FilterLengths,
    } data lengths ends OkAfterData -> (), within 10 s;
    on EspAt "AT+SYSMSGFILTERCFG" "3.1.17";

    /// Removes a filter (`ESP-AT 3.1.17`). The data is what the filter was added with.
    set RemoveMessageFilter with 2 {
        /// How long the expressions are.
        pub lengths: FilterLengths,
    } data lengths ends OkAfterData -> (), within 10 s;
    on EspAt "AT+SYSMSGFILTERCFG" "3.1.17";

    /// Asks whether the module gives error codes (`ESP-AT 3.1.24`, `IDF 2.17`).
    query QueryErrorCodes -> ErrorCodeState, within 5 s;
    on EspAt "AT+SYSLOG" "3.1.24";
    on Esp8266Idf "AT+SYSLOG" "2.17";

    /// Sets whether the module says with a code why it refuses a command (`ESP-AT 3.1.24`, `IDF 2.17`).
    ///
    /// The code is then in [`Refusal::code`](crate::Refusal::code).
    set SetErrorCodes {
        /// Whether it does.
        pub enabled: bool,
    } -> (), within 5 s;
    on EspAt "AT+SYSLOG" "3.1.24";
    on Esp8266Idf "AT+SYSLOG" "2.17";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    #[test]
    fn the_data_of_a_filter_is_both_expressions() {
        for (head, tail, expected) in [
            (17, 3, Ok("AT+X=1,17,3\r\n".len())),
            (0, 0, Err(EncodeError::OutOfRange)),
            (65, 0, Err(EncodeError::OutOfRange)),
        ] {
            let filter = AddMessageFilter { lengths: FilterLengths { head, tail } };
            assert_eq!(filter.data_length(), Some(usize::from(head + tail)));
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            filter.encode("AT+X", &mut line);
            assert_eq!(line.finish(), expected);
        }
    }

    #[test]
    fn a_filter_that_is_too_long_does_not_spoil_the_next_one() {
        let mut partial = PartialMessageFilters::default();
        MessageFilters::line(&mut partial, b"+SYSMSGFILTERCFG:0,\"^a");
        MessageFilters::line(&mut partial, &[b'x'; 200]);
        MessageFilters::line(&mut partial, b"+SYSMSGFILTERCFG:1,\"^b\",\"c$\"");
        let filters = MessageFilters::finish(partial).unwrap();
        assert_eq!((filters.list.records.len(), filters.list.malformed), (1, 1));
        assert_eq!(filters.list.records[0].tail, b"c$");
    }
}
