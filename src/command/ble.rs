//! Bluetooth LE commands (`ESP-AT 3.4`).

use super::declare::commands;

commands! {}
