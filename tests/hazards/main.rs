//! How real modules go wrong: each row of the list `tests/data/hazards.json` has a test that is named after it, or a
//! line in `list.rs` that says why not. One file holds the rows of one letter.
//!
//! A: commands and answers. B: sending. C: receiving with `+IPD`. D: receiving on demand. E: the life of connections.
//! F: TLS, time, settings. G: restarts, serial port, power. H: Bluetooth, MQTT, HTTP and others.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy of the tests")]

mod list;
mod scripted;

macro_rules! dialects {
    ($($module:ident $dialect:ident;)*) => {$(
        #[path = "."]
        mod $module {
            pub(crate) use wifi_at::dialect::$dialect as Subject;
            pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;

            #[path = "../common/mod.rs"]
            mod common;
            #[path = "bench.rs"]
            mod bench;
            #[path = "a.rs"]
            mod a;
            #[path = "b.rs"]
            mod b;
            #[path = "c.rs"]
            mod c;
            #[path = "d.rs"]
            mod d;
            #[path = "e.rs"]
            mod e;
            #[path = "f.rs"]
            mod f;
            #[path = "g.rs"]
            mod g;
        }
    )*};
}

dialects! {
    esp_at EspAt;
    esp32_v1 Esp32V1;
    esp8266_idf Esp8266Idf;
    esp8266_nonos Esp8266Nonos;
    wizfi360 WizFi360;
}
