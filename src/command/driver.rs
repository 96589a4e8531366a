//! Peripheral driver commands (`ESP-AT 3.11`).

use super::declare::commands;

commands! {}
