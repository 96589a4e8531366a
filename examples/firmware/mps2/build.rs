//! The memory's layout and the interrupts, for the linker script of cortex-m-rt.

use std::env::var_os;
use std::fs::write;
use std::path::PathBuf;

const MEMORY: &str = "\
MEMORY {
    FLASH : ORIGIN = 0x00000000, LENGTH = 4M
    RAM   : ORIGIN = 0x20000000, LENGTH = 4M
}
";

/// The interrupts that `uart.rs` serves, and one for firmware.
const DEVICE: &str = "\
PROVIDE(UART0_RECEIVE = DefaultHandler);
PROVIDE(UART0_TRANSMIT = DefaultHandler);
PROVIDE(SPARE = DefaultHandler);
";

fn main() {
    let out = PathBuf::from(var_os("OUT_DIR").unwrap());
    write(out.join("memory.x"), MEMORY).unwrap();
    write(out.join("device.x"), DEVICE).unwrap();
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=build.rs");
}
