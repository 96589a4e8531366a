//! Web server commands (`ESP-AT 3.13`).

use super::declare::commands;

commands! {}
