//! Espressif ESP-AT 2.x to 4.x.

use super::Profile;
use crate::command::{basic, connect, receive, server, socket, softap, time, transfer, wifi};
use crate::config::{ReceiveCommand, Variant};

pub(super) static PROFILE: Profile = Profile {
    name: "esp-at",
    chapters: &[
        basic::COMMANDS,
        wifi::COMMANDS,
        softap::COMMANDS,
        socket::COMMANDS,
        connect::COMMANDS,
        transfer::COMMANDS,
        receive::COMMANDS,
        server::COMMANDS,
        time::COMMANDS,
    ],
    variant,
    line_limit: 256,
    send_limit: 8192,
    chunk: 2920,
    baud: 115_200,
};

fn variant() -> Variant {
    Variant {
        receive_command: ReceiveCommand::Both,
        peer_in_receive_data: true,
        quoted_peer: true,
        blank_after_prompt: false,
        closed_withheld: true,
        reasons: true,
        closed_after_failed_connect: false,
        closed_on_wifi_loss: true,
        empty_receive_length: false,
        has_cipstate: true,
        has_cipstatus: true,
        boot_text: Vec::new(),
        version: [
            "AT version:3.4.0.0(s-simulator - ESP32 - Jun  7 2024 03:45:55)".into(),
            "SDK version:v5.0.6-dirty".into(),
            "compile time(70ff5889):Jun  7 2024 11:46:52".into(),
            "Bin version:v3.4.0.0(WROOM-32)".into(),
        ],
        window: 5760,
    }
}
