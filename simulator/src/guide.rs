//! Chapters about parts of the simulator.

/// Virtual time, hooks, the serial line, features.
#[doc = include_str!("../docs/library.md")]
pub mod library {}

/// Sockets, SNTP, TLS, MQTT, HTTP and WebSocket.
#[doc = include_str!("../docs/network.md")]
pub mod network {}

/// What real modules do wrong.
#[doc = include_str!("../docs/faults.md")]
pub mod faults {}

/// Access points, stations, hosts and what happens.
#[doc = include_str!("../docs/world.md")]
pub mod world {}

/// Other devices, or other modules, in the air.
#[doc = include_str!("../docs/bluetooth.md")]
pub mod bluetooth {}

/// Voltages, registers and memory at the module's pins.
#[doc = include_str!("../docs/pins.md")]
pub mod pins {}

/// What the module's flash and its chip keep.
#[doc = include_str!("../docs/flash_and_chip.md")]
pub mod flash_and_chip {}
