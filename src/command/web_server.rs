//! The module's web server for provisioning and upgrades (`ESP-AT 3.12`). Not in firmware as it comes: it has to be
//! compiled in.

use super::declare::commands;

commands! {
    /// Starts the web server (`ESP-AT 3.12.2`).
    ///
    /// To provision, the module has to be station and SoftAP, with several links (`AT+CIPMUX=1`). Firmware that was
    /// uploaded runs after a restart.
    set StartWebServer with 1 {
        /// The server's port.
        pub port: u16 [1..=65535],
        /// Seconds after which a connection without traffic is closed, 21 to 60.
        pub connection_timeout: u8 [21..=60],
    } -> (), within 5 s;
    on EspAt "AT+WEBSERVER" "3.12.2";

    /// Stops the web server (`ESP-AT 3.12.2`).
    set StopWebServer with 0 -> (), within 5 s;
    on EspAt "AT+WEBSERVER" "3.12.2";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::{EncodeError, Encoder};
    use crate::command::Command;

    #[test]
    fn ranges() {
        for (port, connection_timeout) in [(0, 21), (80, 20), (80, 61)] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            StartWebServer { port, connection_timeout }.encode("AT+WEBSERVER", &mut line);
            assert_eq!(line.finish(), Err(EncodeError::OutOfRange));
        }
    }
}
