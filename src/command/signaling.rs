//! Signaling test commands (`ESP-AT 3.12`).

use super::declare::commands;

commands! {}
