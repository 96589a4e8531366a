//! File system commands (`ESP-AT 3.8`).

use super::declare::commands;

commands! {}
