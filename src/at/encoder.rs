//! Writes a command line.

use core::fmt;
use core::net::IpAddr;

use super::address::longest_gap;

/// Longest command line that a module takes, CR LF included, in bytes (`ESP-AT 3.15`).
pub const MAX_COMMAND: usize = 256;

/// Why a command was refused before a byte of it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The line, with its escapes and CR LF, would be longer than the module takes ([`MAX_COMMAND`]).
    TooLong,
    /// A string holds CR, LF or NUL, which could end the line and start another command.
    ForbiddenByte,
    /// A value lies outside the range that the manual gives for it.
    OutOfRange,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the command is longer than the module takes",
            Self::ForbiddenByte => "a string holds CR, LF or NUL",
            Self::OutOfRange => "a value is out of the command's range",
        })
    }
}

impl core::error::Error for EncodeError {}

/// Writes one command line into a buffer.
///
/// Errors stick: the first one is kept, later calls write nothing, and [`finish`](Self::finish) returns it. So a
/// command chains its parameters without a check after each.
///
/// A parameter that is left out keeps its comma when another one follows, and costs nothing at the end of the
/// line (`ESP-AT 3.15`):
///
/// ```
/// use wifi_at::at::Encoder;
/// let mut buffer = [0; 64];
/// let mut line = Encoder::new(&mut buffer);
/// line.name("AT+CWJAP").string("my \"net\"").string("pass,word").skip().flag(true).skip();
/// let length = line.finish().unwrap();
/// assert_eq!(&buffer[..length], b"AT+CWJAP=\"my \\\"net\\\"\",\"pass\\,word\",,1\r\n");
/// ```
#[derive(Debug)]
pub struct Encoder<'a> {
    buffer: &'a mut [u8],
    length: usize,
    /// Commas owed before the next parameter; `None` while `=` has not been written.
    commas: u8,
    started: bool,
    error: Option<EncodeError>,
}

impl<'a> Encoder<'a> {
    /// Starts a line in `buffer`. No more than [`MAX_COMMAND`] bytes of it are used.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        let limit = buffer.len().min(MAX_COMMAND);
        Self { buffer: &mut buffer[..limit], length: 0, commas: 0, started: false, error: None }
    }

    /// Writes the command's name as it stands on the wire, for example `AT+CWJAP`.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.put(name.as_bytes())
    }

    /// Ends a query (`?`).
    pub fn query(&mut self) -> &mut Self {
        self.byte(b'?')
    }

    /// Ends a test command (`=?`).
    pub fn test(&mut self) -> &mut Self {
        self.put(b"=?")
    }

    /// Leaves a parameter out.
    pub fn skip(&mut self) -> &mut Self {
        self.commas = self.commas.saturating_add(1);
        self
    }

    /// A string in double quotes; `"`, `\` and `,` in it are escaped with `\`.
    pub fn string(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// As [`string`](Self::string), for text that need not be UTF-8 (an SSID).
    pub fn bytes(&mut self, text: &[u8]) -> &mut Self {
        self.separate();
        self.byte(b'"');
        for &byte in text {
            match byte {
                b'\r' | b'\n' | 0 => self.fail(EncodeError::ForbiddenByte),
                b'"' | b'\\' | b',' => _ = self.byte(b'\\').byte(byte),
                _ => _ = self.byte(byte),
            }
        }
        self.byte(b'"')
    }

    /// A value without quotes that the caller knows to be free of commas, such as a word of an enumeration.
    pub fn bare(&mut self, text: &str) -> &mut Self {
        self.separate();
        if text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            self.fail(EncodeError::ForbiddenByte);
        }
        self.put(text.as_bytes())
    }

    /// A number of at most 32 bits, with or without sign.
    pub fn number(&mut self, value: i64) -> &mut Self {
        self.separate();
        let Ok(rest) = u32::try_from(value.unsigned_abs()) else {
            self.fail(EncodeError::OutOfRange);
            return self;
        };
        if value < 0 {
            self.byte(b'-');
        }
        self.decimal(rest)
    }

    /// A number without a sign.
    pub(crate) fn unsigned(&mut self, value: u32) -> &mut Self {
        self.separate();
        self.decimal(value)
    }

    fn decimal(&mut self, mut rest: u32) -> &mut Self {
        // Small processors do not divide: a division is a large function for this alone.
        const POWERS: [u32; 9] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10];
        let mut begun = false;
        for power in POWERS {
            let mut digit = b'0';
            while rest >= power {
                rest -= power;
                digit += 1;
            }
            begun |= digit != b'0';
            if begun {
                self.byte(digit);
            }
        }
        self.byte(b'0' + rest as u8)
    }

    /// A number that must lie in `low..=high`.
    pub fn ranged(&mut self, value: i64, low: i64, high: i64) -> &mut Self {
        if !(low..=high).contains(&value) {
            self.fail(EncodeError::OutOfRange);
        }
        self.number(value)
    }

    /// A yes or no: `1` or `0`.
    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.separate();
        self.byte(b'0' + u8::from(value))
    }

    /// An IP address in double quotes, IPv6 in lower case with `::` where that is shorter.
    pub fn address(&mut self, address: IpAddr) -> &mut Self {
        self.separate();
        self.byte(b'"');
        match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                self.decimal(a.into()).byte(b'.').decimal(b.into()).byte(b'.');
                self.decimal(c.into()).byte(b'.').decimal(d.into());
            }
            IpAddr::V6(address) => self.ipv6(address.segments()),
        }
        self.byte(b'"')
    }

    fn ipv6(&mut self, groups: [u16; 8]) {
        let (gap, gap_end) = longest_gap(&groups);
        let mut at = 0;
        while let Some(&group) = groups.get(at) {
            if at == gap && gap < gap_end {
                self.put(b"::");
                at = gap_end;
                continue;
            }
            if at != 0 && at != gap_end {
                self.byte(b':');
            }
            self.hex_digits(group.into(), digits_of(group.into()), b"0123456789abcdef");
            at += 1;
        }
    }

    /// A MAC address in double quotes, in lower case with colons.
    pub fn mac(&mut self, mac: [u8; 6]) -> &mut Self {
        self.separate();
        let mut before = b'"';
        for byte in mac {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            self.byte(before).byte(digit(byte >> 4)).byte(digit(byte & 15));
            before = b':';
        }
        self.byte(b'"')
    }

    /// Bytes as hexadecimal digits in upper case, in double quotes.
    pub fn hex(&mut self, bytes: &[u8]) -> &mut Self {
        self.separate();
        self.byte(b'"');
        for &byte in bytes {
            self.hex_digits(byte.into(), 2, b"0123456789ABCDEF");
        }
        self.byte(b'"')
    }

    /// A number in hexadecimal, with `0x` and without quotes.
    pub fn hex_number(&mut self, value: u32) -> &mut Self {
        self.separate();
        self.put(b"0x");
        self.hex_digits(value, digits_of(value), b"0123456789ABCDEF")
    }

    /// Marks the command as refused. The first error stays.
    pub fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// Writes CR LF and gives the length of the line.
    ///
    /// # Errors
    /// The first thing that went wrong since [`new`](Self::new).
    pub fn finish(&mut self) -> Result<usize, EncodeError> {
        self.put(b"\r\n");
        match self.error {
            None => Ok(self.length),
            Some(error) => Err(error),
        }
    }

    /// As [`finish`](Self::finish) without CR LF, for `+++`.
    ///
    /// # Errors
    /// The first thing that went wrong since [`new`](Self::new).
    pub fn finish_bare(&mut self) -> Result<usize, EncodeError> {
        match self.error {
            None => Ok(self.length),
            Some(error) => Err(error),
        }
    }

    fn separate(&mut self) {
        if !self.started {
            self.started = true;
            self.byte(b'=');
        }
        while self.commas > 0 {
            self.commas -= 1;
            self.byte(b',');
        }
        self.commas = 1;
    }

    /// One byte costs its caller less than a slice of one.
    #[inline(never)]
    fn byte(&mut self, byte: u8) -> &mut Self {
        self.put(&[byte])
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        if self.error.is_none() {
            match self.buffer.get_mut(self.length..self.length + bytes.len()) {
                Some(room) => {
                    room.copy_from_slice(bytes);
                    self.length += bytes.len();
                }
                None => self.fail(EncodeError::TooLong),
            }
        }
        self
    }

    fn hex_digits(&mut self, value: u32, count: u32, digits: &[u8; 16]) -> &mut Self {
        for place in (0..count).rev() {
            let digit = (value >> (4 * place) & 15) as usize;
            self.byte(digits[digit]);
        }
        self
    }
}

/// Hexadecimal digits of a number, at least one.
const fn digits_of(value: u32) -> u32 {
    let mut count = 1;
    let mut rest = value >> 4;
    while rest != 0 {
        count += 1;
        rest >>= 4;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    fn encode(write: impl FnOnce(&mut Encoder<'_>)) -> Result<std::string::String, EncodeError> {
        let mut buffer = [0; 300];
        let mut line = Encoder::new(&mut buffer);
        write(&mut line);
        let length = line.finish()?;
        Ok(std::str::from_utf8(&buffer[..length]).unwrap().into())
    }

    #[test]
    fn parameters_may_be_left_out_at_the_start_in_the_middle_and_at_the_end() {
        let line = encode(|e| {
            e.name("AT+X").skip().number(2).skip().skip().flag(false).skip().skip();
        });
        assert_eq!(line.unwrap(), "AT+X=,2,,,0\r\n");
    }

    #[test]
    fn strings_are_quoted_and_escaped() {
        let line = encode(|e| {
            e.name("AT+X").string("a\"b\\c,d");
        });
        assert_eq!(line.unwrap(), "AT+X=\"a\\\"b\\\\c\\,d\"\r\n");
    }

    #[test]
    fn a_string_cannot_end_the_line() {
        for text in ["a\rb", "a\nb", "a\0b", "x\r\nAT+RESTORE\r\n"] {
            let line = encode(|e| {
                e.name("AT+X").string(text);
            });
            assert_eq!(line, Err(EncodeError::ForbiddenByte), "{text:?}");
        }
        let line = encode(|e| {
            e.name("AT+X").bare("1\r\n");
        });
        assert_eq!(line, Err(EncodeError::ForbiddenByte));
    }

    #[test]
    fn the_limit_counts_escapes_and_line_end() {
        // AT+X="" and CR LF take nine bytes.
        let fits = "a".repeat(MAX_COMMAND - 9);
        let line = encode(|e| {
            e.name("AT+X").string(&fits);
        });
        assert_eq!(line.unwrap().len(), MAX_COMMAND);
        let escaped = ",".repeat(MAX_COMMAND / 2 - 4);
        for long in [fits.clone() + "a", escaped] {
            let line = encode(|e| {
                e.name("AT+X").string(&long);
            });
            assert_eq!(line, Err(EncodeError::TooLong));
        }
    }

    #[test]
    fn numbers() {
        let line = encode(|e| {
            e.name("AT+X")
                .number(0)
                .number(-70)
                .number(u32::MAX.into())
                .hex(b"\x01\xaf")
                .hex_number(0)
                .hex_number(0x1e0);
        });
        assert_eq!(line.unwrap(), "AT+X=0,-70,4294967295,\"01AF\",0x0,0x1E0\r\n");
        let line = encode(|e| {
            e.name("AT+X").number(1 << 32);
        });
        assert_eq!(line, Err(EncodeError::OutOfRange));
    }

    #[test]
    fn the_first_error_is_the_one_reported() {
        let line = encode(|e| {
            e.name("AT+X").ranged(6, 0, 5).string("\n");
        });
        assert_eq!(line, Err(EncodeError::OutOfRange));
    }

    #[test]
    fn addresses_queries_and_tests() {
        let line = encode(|e| {
            e.name("AT+X").address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 255)));
        });
        assert_eq!(line.unwrap(), "AT+X=\"10.0.0.255\"\r\n");
        let line = encode(|e| {
            e.name("AT+X").mac([0xca, 0xd7, 0x19, 0xd8, 0x0a, 0x44]);
        });
        assert_eq!(line.unwrap(), "AT+X=\"ca:d7:19:d8:0a:44\"\r\n");
        assert_eq!(encode(|e| _ = e.name("AT+X").query()).unwrap(), "AT+X?\r\n");
        assert_eq!(encode(|e| _ = e.name("AT+X").test()).unwrap(), "AT+X=?\r\n");
        assert_eq!(encode(|e| _ = e.name("AT")).unwrap(), "AT\r\n");
    }
}
