//! Classic Bluetooth commands (`ESP-AT 3.5`).

use super::declare::commands;

commands! {}
