send! {
    "commands-1": wifi_at::command::basic::QueryFirmware;
}
