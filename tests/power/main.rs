//! Sleep, waking up and factory settings, on every dialect, in virtual time.
#![allow(clippy::duplicate_mod, reason = "each dialect has a copy of the scenarios")]

macro_rules! dialects {
    ($($module:ident $dialect:ident;)*) => {$(
        #[path = "."]
        mod $module {
            pub(crate) use wifi_at::dialect::$dialect as Subject;
            pub(crate) const MODULE: wifi_at_simulator::Dialect = wifi_at_simulator::Dialect::$dialect;

            #[path = "../common/mod.rs"]
            mod common;
            #[path = "modes.rs"]
            mod modes;
            #[path = "deep_sleep.rs"]
            mod deep_sleep;
            #[path = "restore.rs"]
            mod restore;
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
