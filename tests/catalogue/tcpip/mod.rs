//! TCP/IP: every example and every answer of the manuals.

mod esp32_v1;
mod esp8266_idf;
mod esp8266_nonos;
mod esp_at;
mod wizfi360;

use core::net::Ipv4Addr;

use wifi_at::command::Link;
use wifi_at::command::tcpip::Host;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    esp_at::cases(cases);
    esp32_v1::cases(cases);
    esp8266_idf::cases(cases);
    esp8266_nonos::cases(cases);
    wizfi360::cases(cases);
}

const ONLY: Link = Link::Only;

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn host(text: &str) -> Host<'_> {
    text.parse().map_or(Host::Name(text), Host::Address)
}
