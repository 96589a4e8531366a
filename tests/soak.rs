//! A sensor that publishes every minute for days, while the world drops its access point, resets its module and loses
//! its bytes. Prints how long it took to recover from what.
//!
//! `WIFI_AT_SOAK_DAYS=30 cargo test --release --test soak -- --nocapture` for a month on each dialect.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy")]

macro_rules! dialects {
    ($($module:ident $dialect:ident;)*) => {$(
        #[path = "soak"]
        mod $module {
            pub(crate) use wifi_at::dialect::$dialect as Subject;
            pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;

            #[path = "../common/mod.rs"]
            mod common;
            #[path = "sensor.rs"]
            mod sensor;
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
