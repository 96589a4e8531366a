//! WebSocket commands (`ESP-AT 3.9`).

use super::declare::commands;

commands! {}
