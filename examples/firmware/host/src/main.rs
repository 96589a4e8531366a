//! Runs firmware in an emulator, with a simulated module at its UART and real servers on this machine.
//!
//! - `wifi-at-firmware-host exchange ELF EMULATOR ARGUMENT...`: firmware that exchanges 200 kB with a server.
//! - `wifi-at-firmware-host node DIALECT ELF EMULATOR ARGUMENT...`: a board's whole firmware.
//!
//! In the emulator's command `{uart}`, `{reset}` and `{log}` stand for TCP ports at which this program waits for it.
//! The status is 0 if all has gone well and the bytes were right. In each, the module restarts in the middle once.

use std::env::args;
use std::process::ExitCode;

use wifi_at_firmware_host::{exchange, node};
use wifi_at_simulator::Dialect;

fn run(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [test, elf, emulator @ ..] if test == "exchange" => exchange::run(elf.into(), emulator),
        [test, dialect, elf, emulator @ ..] if test == "node" => {
            let dialect = match dialect.as_str() {
                "esp-at" => Dialect::EspAt,
                "wizfi360" => Dialect::WizFi360,
                other => return Err(format!("no dialect {other}: esp-at, wizfi360")),
            };
            node::run(dialect, elf.into(), emulator)
        }
        _ => Err("usage: exchange ELF EMULATOR.. or node esp-at|wizfi360 ELF EMULATOR..".into()),
    }
}

fn main() -> ExitCode {
    match run(&args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}
