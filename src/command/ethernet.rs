//! Ethernet commands (`ESP-AT 3.10`).

use super::declare::commands;

commands! {}
