//! How hard the driver tries to get a module back, and what it made of it.

use embassy_time::Duration;

/// How hard the driver tries to get back a module that has fallen silent, and links that may be gone.
///
/// A part of [`Config`](crate::Config). The pauses are in `Config`, too: `reset_pulse`, `boot_time`,
/// `retry_interval`.
///
/// ```
/// let mut config = wifi_at::Config::default();
/// // Somebody else looks after the reset pin, and wants to be told after ten attempts.
/// config.recovery.reset_pin = false;
/// config.recovery.attempts = Some(10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryPolicy {
    /// Probes (`AT`, half a second each) without any answer before an attempt has failed, at least 1. Default 8.
    pub probes: u8,
    /// Probes that find the module busy, with its join at start-up for example, before an attempt has failed, at least
    /// 1. Default 60.
    pub busy_probes: u8,
    /// Whether the module may be restarted with `AT+RST` where there is no reset pin. Without, it is only set up; links
    /// that it may have from before are closed. Default `true`.
    pub restart: bool,
    /// Whether the reset pin may be used, if there is one. Default `true`.
    pub reset_pin: bool,
    /// Attempts in a row to reach a silent module after which the driver gives up, until
    /// [`Control::recover`](crate::Control::recover). Default `None`: never.
    pub attempts: Option<u32>,
    /// How long the station may be without an address before the module is asked which links are left, and UDP sockets
    /// are closed. Until then sockets are left alone, as Wi-Fi may come back. Default 10 s.
    pub address_limit: Duration,
    /// How long a reader waits without a byte before the module is asked whether it still has the link, and how often
    /// after that. A link that it does not know twice in a row, one `poll_interval` apart, has failed. Default 30 s.
    pub link_check: Duration,
    /// Connects in a row that the module refuses, until all links that have no socket are closed, as the module may have
    /// forgotten to. At least 1; default 5.
    pub failed_connects: u8,
}

impl RecoveryPolicy {
    /// The default policy, in a constant.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            probes: 8,
            busy_probes: 60,
            restart: true,
            reset_pin: true,
            attempts: None,
            address_limit: Duration::from_secs(10),
            link_check: Duration::from_secs(30),
            failed_connects: 5,
        }
    }
}

impl Default for RecoveryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Why the module's state was lost the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum ResetCause {
    // Not 0, so that none is: memory that is all zero takes no code to make.
    /// The module restarted by itself and said so: power, a watchdog, a crash.
    Announced = 1,
    /// The module was found to have forgotten its settings: it restarted by itself, and its `ready` was lost.
    Unnoticed,
    /// The module had fallen silent, and the driver has brought it up anew.
    Silence,
    /// The user has asked for it: a restart, a reset to factory settings, deep sleep, or
    /// [`Control::recover`](crate::Control::recover).
    Requested,
}
