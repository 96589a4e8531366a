//! What stands around firmware that runs in an emulator: a simulated module at its UART and reset pin, servers and
//! clients on this machine, and the verdict.

pub mod board;
pub mod defmt_log;
pub mod exchange;
pub mod node;
pub mod pattern;
pub mod ports;
