//! MQTT commands (`ESP-AT 3.6`).

use super::declare::commands;

commands! {}
