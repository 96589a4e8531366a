//! The firmware's log: what defmt has left of it is made text again, with the firmware's ELF file.

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::Sender;

use defmt_decoder::{DecodeError, Table};

/// Decodes frames of `log` until it ends, prints each and hands it on.
///
/// # Errors
/// If the ELF file has no table, or what comes is not defmt's.
pub fn follow(elf: &Path, mut log: impl Read, lines: &Sender<String>) -> Result<(), String> {
    let file = std::fs::read(elf).map_err(|error| format!("{}: {error}", elf.display()))?;
    let table = Table::parse(&file).map_err(|error| error.to_string())?.ok_or("no defmt in the firmware")?;
    let mut decoder = table.new_stream_decoder();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = log.read(&mut buffer) {
        decoder.received(&buffer[..count]);
        loop {
            match decoder.decode() {
                Ok(frame) => {
                    let level = frame.level().map_or("print", |level| level.as_str());
                    let line = format!("{level} {}", frame.display_message());
                    println!("firmware: {line}");
                    let _ = lines.send(line);
                }
                Err(DecodeError::UnexpectedEof) => break,
                Err(DecodeError::Malformed) => return Err("the log is damaged".into()),
            }
        }
    }
    Ok(())
}
