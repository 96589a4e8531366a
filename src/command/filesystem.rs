//! File system commands (`ESP-AT 3.8`).
//!
//! They are in firmware that was built with them only. The manual does not say how answers with content look; what
//! firmware prints is `+FS:`, perhaps a word for the operation, and the value. It is read with and without the word.

use heapless::{String, Vec};

use super::Record;
use super::answer::value_of;
use super::declare::{codes, commands};
use crate::at::{FieldError, Fields, parse_unsigned, starts_with_ignore_case};

codes! {
    /// Whether the file system can be used.
    FileSystemState {
        /// It cannot, and takes no memory.
        Unmounted = 0,
        /// It can.
        Mounted = 1,
    }
}

commands! {
    /// Deletes a file (`ESP-AT 3.8.2`).
    set DeleteFile<'a> with 0, 0 {
        /// Its name.
        pub name: &'a str [1..=255],
    } -> (), within 10 s;
    on EspAt "AT+FS" "3.8.2";

    /// Writes to a file, with data that follow (`ESP-AT 3.8.2`).
    set WriteFile<'a> with 0, 1 {
        /// Its name.
        pub name: &'a str [1..=255],
        /// Where to write, in bytes from the start.
        pub offset: u32,
        /// Bytes to write.
        pub length: u32 [1..=0xffff_ffff],
    } data length ends OkAfterData -> (), within 20 s;
    on EspAt "AT+FS" "3.8.2";

    /// Reads a part of a file (`ESP-AT 3.8.2`).
    ///
    /// At the end of the file there are fewer bytes than asked for.
    set ReadFile<'a> with 0, 2 {
        /// Its name.
        pub name: &'a str [1..=255],
        /// Where to read, in bytes from the start.
        pub offset: u32,
        /// Bytes to read.
        pub length: u32 [1..=0xffff_ffff],
    } -> Option<FileContent>, within 10 s;
    on EspAt "AT+FS" "3.8.2";

    /// Asks how large a file is (`ESP-AT 3.8.2`).
    set QueryFileSize<'a> with 0, 3 {
        /// Its name.
        pub name: &'a str [1..=255],
    } -> Option<FileSize>, within 10 s;
    on EspAt "AT+FS" "3.8.2";

    /// Lists the files of a directory (`ESP-AT 3.8.2`).
    set ListFiles<'a> with 0, 4 {
        /// The directory: `.` for the root, which is the only one.
        pub directory: &'a str [1..=255],
    } -> super::List<FileName, 16>, within 10 s;
    on EspAt "AT+FS" "3.8.2";

    /// Mounts or unmounts the file system (`ESP-AT 3.8.3`).
    ///
    /// The other commands mount it by themselves. Unmounting gives back a lot of the module's memory.
    set MountFileSystem {
        /// Whether it is to be mounted.
        pub state: FileSystemState,
    } -> (), within 10 s;
    on EspAt "AT+FSMOUNT" "3.8.3";
}

/// What follows `+FS:` and the word for the operation.
fn value<'a>(line: &'a [u8], operation: &[u8]) -> Option<&'a [u8]> {
    let value = value_of(line, "+FS")?;
    let rest = if starts_with_ignore_case(value, operation) { &value[operation.len()..] } else { value };
    Some(rest.strip_prefix(b",").unwrap_or(rest))
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// Its bytes, as far as they stand in one line.
    pub bytes: Vec<u8, 256>,
}

impl Record for FileContent {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let value = value(line, b"READ")?;
        let comma = value.iter().position(|&byte| byte == b',');
        // A number that can be the length is the length; blanks at the end of the line have been cut off.
        let counted =
            comma.filter(|&at| parse_unsigned(&value[..at]).is_some_and(|n| n as usize > value.len() - at - 2));
        let content = counted.map_or(value, |at| &value[at + 1..]);
        Some(Vec::from_slice(content).map(|bytes| Self { bytes }).map_err(|_| FieldError::TooLong))
    }
}

/// The size of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FileSize {
    /// In bytes.
    pub size: u32,
}

impl Record for FileSize {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let field = Fields::new(value(line, b"SIZE")?).field();
        Some(field.and_then(|field| field.unsigned()).map(|size| Self { size }))
    }
}

/// The name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The name.
    pub name: String<64>,
}

impl Record for FileName {
    fn parse_line(line: &[u8]) -> Option<Result<Self, FieldError>> {
        let field = Fields::new(value(line, b"LIST")?).field();
        Some(field.and_then(|field| field.text()).map(|name| Self { name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{EncodeError, Encoder};
    use crate::command::Command;

    #[test]
    fn what_the_module_would_refuse_is_not_sent() {
        for (name, length, error) in
            [("", 1, EncodeError::OutOfRange), ("a", 0, EncodeError::OutOfRange), ("\n", 1, EncodeError::ForbiddenByte)]
        {
            let mut buffer = [0; 300];
            let mut line = Encoder::new(&mut buffer);
            WriteFile { name, offset: 0, length }.encode("AT+FS", &mut line);
            assert_eq!(line.finish(), Err(error), "{name:?}");
        }
    }
}
