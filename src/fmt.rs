//! One name for each log level, whichever of `defmt`, `log` or nothing is chosen.
//!
//! No macro here is ever handed a parameter of a command: a password must not reach a log.

#![allow(unused_macros)]

#[cfg(all(feature = "defmt", feature = "log"))]
compile_error!("the features `defmt` and `log` exclude each other: choose one");

macro_rules! log_at {
    ($level:ident, $($argument:expr),+) => {{
        #[cfg(all(feature = "defmt", not(feature = "log")))]
        ::defmt::$level!($($argument),+);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        ::log::$level!($($argument),+);
        #[cfg(not(any(feature = "defmt", feature = "log")))]
        {
            let _ = ($(&$argument),+);
        }
    }};
}

macro_rules! trace { ($($argument:expr),+) => { log_at!(trace, $($argument),+) }; }
macro_rules! debug { ($($argument:expr),+) => { log_at!(debug, $($argument),+) }; }
macro_rules! info { ($($argument:expr),+) => { log_at!(info, $($argument),+) }; }
macro_rules! warn { ($($argument:expr),+) => { log_at!(warn, $($argument),+) }; }
