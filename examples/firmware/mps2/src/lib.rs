//! Arm's MPS2 board with the AN386 image (Cortex-M4F), as far as firmware with a Wi-Fi module needs it: a UART with
//! interrupts, and a clock for embassy-time. QEMU emulates it as `mps2-an386`.
//!
//! `uart` shows what the driver wants of a UART. Firmware for `thumbv6m-none-eabi` runs here as well.
#![no_std]

pub mod time;
pub mod uart;

/// An interrupt that no peripheral here raises, for an executor that is to interrupt the program. Its handler is `SPARE`.
pub const SPARE_LINE: uart::Line = uart::Line::Spare;
