//! Classic Bluetooth commands (`ESP-AT 3.5`).
//!
//! Only the ESP32 has Classic Bluetooth, and the standard firmware does not: these commands need one that was built
//! with them. There is one connection of each kind, with number 0.

pub mod a2dp;
pub mod base;
pub mod security;
pub mod spp;

pub use a2dp::*;
pub use base::*;
pub use security::*;
pub use spp::*;

/// The forms stand in the tables of the modules below. (Without this one their names would clash here.)
#[doc(hidden)]
pub const FORMS: &[super::Form] = &[];
