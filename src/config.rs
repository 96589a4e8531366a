//! What a user may set before the start.

use embassy_time::Duration;

use crate::recovery::RecoveryPolicy;

/// Settings of the driver. [`Config::default`] suits a module at 115200 baud or more.
///
/// ```
/// use embassy_time::Duration;
/// let mut config = wifi_at::Config::default();
/// config.boot_time = Duration::from_secs(3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How long the reset pin is held low. Default 10 ms.
    pub reset_pulse: Duration,
    /// How long to wait for `ready` after a reset before the module is probed without it. Default 2 s.
    pub boot_time: Duration,
    /// How long a command of the driver itself may take. Default 5 s.
    pub command_timeout: Duration,
    /// How long the module may take for the `>` after `AT+CIPSEND` was accepted. Default 2 s.
    pub prompt_timeout: Duration,
    /// How long the module may take for `SEND OK`. It waits for the peer's window, so seconds are normal under
    /// packet loss. Default 15 s.
    pub send_timeout: Duration,
    /// Longest silence inside a counted payload. After it the payload is given up, the socket fails and the module
    /// is probed. Default 500 ms.
    pub payload_timeout: Duration,
    /// How long a socket whose receive ring is full may hold up a command, where data comes unasked: the serial port is not
    /// read meanwhile, and the answer stands behind that data. Then the socket fails with
    /// [`DataLost`](crate::net::tcp::Error::DataLost). While no command runs it may hold up the port for ever. Default 20 s.
    pub reader_limit: Duration,
    /// How often the module is asked for data that it forgot to announce, while a reader waits and the line is idle. In
    /// light sleep it is [`RecoveryPolicy::link_check`] instead. Default 1 s.
    pub poll_interval: Duration,
    /// How long to wait before the next attempt to reach a silent module. Default 2 s.
    pub retry_interval: Duration,
    /// How long a join may take, in place of 40 s and of what [`JoinOptions::timeout`](crate::wifi::JoinOptions::timeout)
    /// asks for. The module's own limit should be shorter. Default `None`.
    pub join_timeout: Option<Duration>,
    /// How long a connect may take, in place of the command's usual limit. The module's own limit should be shorter: a
    /// connect that comes about after the driver has given up is closed. Default `None`.
    pub connect_timeout: Option<Duration>,
    /// How hard to try to get back a module that has fallen silent.
    pub recovery: RecoveryPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// The default settings, in a constant.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            reset_pulse: Duration::from_millis(10),
            boot_time: Duration::from_secs(2),
            command_timeout: Duration::from_secs(5),
            prompt_timeout: Duration::from_secs(2),
            send_timeout: Duration::from_secs(15),
            payload_timeout: Duration::from_millis(500),
            reader_limit: Duration::from_secs(20),
            poll_interval: Duration::from_secs(1),
            retry_interval: Duration::from_secs(2),
            join_timeout: None,
            connect_timeout: None,
            recovery: RecoveryPolicy::new(),
        }
    }
}
