//! User commands (`ESP-AT 3.14`).

use super::declare::commands;

commands! {}
