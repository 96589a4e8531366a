//! HTTP commands (`ESP-AT 3.7`).

use super::declare::commands;

commands! {}
