//! The module's serial port (`ESP-AT 3.1.11`, `NONOS 3.2.7`, `WizFi360 3.2.1.5`).
//!
//! The driver does not follow a change of the baud rate by these commands. To have it change the rate of both sides, and
//! find the module again after a restart, see [`Line`](crate::serial::Line) and
//! [`Control::set_baud_rate`](crate::Control::set_baud_rate).

use crate::at::{Encoder, Field, FieldError};
use crate::command::declare::{codes, commands, records};
use crate::command::{Parameter, Value};

codes! {
    /// Data bits of a byte on the line.
    DataBits {
        /// 5 bits.
        Five = 5,
        /// 6 bits.
        Six = 6,
        /// 7 bits.
        Seven = 7,
        /// 8 bits.
        Eight = 8,
    }

    /// Stop bits as Espressif's firmware numbers them. WIZnet's are [`WizFi360StopBits`].
    StopBits {
        /// 1 bit.
        One = 1,
        /// 1.5 bits.
        OneAndHalf = 2,
        /// 2 bits.
        Two = 3,
    }

    /// Stop bits of the WizFi360.
    WizFi360StopBits {
        /// 1 bit.
        One = 1,
        /// 2 bits.
        Two = 2,
    }

    /// Parity bit.
    Parity {
        /// None.
        None = 0,
        /// Odd.
        Odd = 1,
        /// Even.
        Even = 2,
    }

    /// Hardware flow control of Espressif's firmware. The lines have to be wired. WIZnet's is [`WizFi360FlowControl`].
    FlowControl {
        /// None.
        Off = 0,
        /// The module's RTS: it asks this side to wait.
        Rts = 1,
        /// The module's CTS: this side asks it to wait.
        Cts = 2,
        /// Both.
        RtsAndCts = 3,
    }

    /// Hardware flow control of the WizFi360. The lines have to be wired.
    WizFi360FlowControl {
        /// None.
        Off = 0,
        /// RTS and CTS.
        RtsAndCts = 1,
    }
}

macro_rules! baud_rates {
    ($($variant:ident = $rate:literal)*) => {
        /// The baud rates of the WizFi360.
        ///
        /// The manual prints 406800 for 460800.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[repr(u32)]
        #[expect(missing_docs, reason = "the names say it all")]
        pub enum WizFi360BaudRate {$(
            $variant = $rate,
        )*}

        impl WizFi360BaudRate {
            /// The rate of this many bits per second, if the module has it.
            #[must_use]
            pub const fn from_rate(rate: u32) -> Option<Self> {
                match rate {
                    $($rate => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Bits per second.
            #[must_use]
            pub const fn rate(self) -> u32 {
                self as u32
            }
        }
    };
}

baud_rates! {
    Baud600 = 600
    Baud1200 = 1200
    Baud1800 = 1800
    Baud2400 = 2400
    Baud4800 = 4800
    Baud9600 = 9600
    Baud14400 = 14_400
    Baud19200 = 19_200
    Baud38400 = 38_400
    Baud57600 = 57_600
    Baud115200 = 115_200
    Baud230400 = 230_400
    Baud460800 = 460_800
    Baud921600 = 921_600
    Baud1000000 = 1_000_000
    Baud1500000 = 1_500_000
    Baud2000000 = 2_000_000
}

impl Parameter for WizFi360BaudRate {
    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(self.rate().into());
    }

    fn sample(_: i64) -> Self {
        Self::Baud115200
    }
}

impl Value for WizFi360BaudRate {
    fn parse(field: Field<'_>) -> Result<Self, FieldError> {
        Self::from_rate(field.unsigned()?).ok_or(FieldError::Malformed)
    }
}

records! {
    /// Settings of the serial port of Espressif's firmware.
    "+UART" UartSettings {
        /// Bits per second. The rate in force may be a neighbour of the one that was set, such as 115273.
        pub baud_rate: u32,
        /// Data bits.
        pub data_bits: DataBits,
        /// Stop bits.
        pub stop_bits: StopBits,
        /// Parity.
        pub parity: Parity,
        /// Flow control.
        pub flow_control: FlowControl,
    }

    /// Settings of the serial port of the WizFi360.
    "+UART" WizFi360UartSettings {
        /// Bits per second.
        pub baud_rate: u32,
        /// Data bits.
        pub data_bits: DataBits,
        /// Stop bits.
        pub stop_bits: WizFi360StopBits,
        /// Parity.
        pub parity: Parity,
        /// Flow control.
        pub flow_control: WizFi360FlowControl,
    }
}

commands! {
    /// Asks for the settings of the serial port (`ESP-AT 3.1.11`, `IDF 2.7`, `NONOS 3.2.7`).
    query QueryUart -> UartSettings, within 5 s;
    on EspAt "AT+UART_CUR" "3.1.11";
    on EspAt saved "AT+UART_DEF" "3.1.12";
    on Esp8266Idf "AT+UART_CUR" "2.7";
    on Esp8266Idf saved "AT+UART_DEF" "2.8";
    on Esp8266Nonos "AT+UART_CUR" "3.2.7";
    on Esp8266Nonos saved "AT+UART_DEF" "3.2.8";

    /// Sets the serial port until the next restart (`ESP-AT 3.1.11`, `ESP32 v1 3.2.8`, `IDF 2.7`).
    ///
    /// With [`Saved`](crate::command::Saved) for good (`ESP-AT 3.1.12`).
    set SetUart {
        /// Bits per second, 80 to 5000000.
        pub baud_rate: u32 [80..=5_000_000],
        /// Data bits.
        pub data_bits: DataBits,
        /// Stop bits.
        pub stop_bits: StopBits,
        /// Parity.
        pub parity: Parity,
        /// Flow control.
        pub flow_control: FlowControl,
    } -> (), within 5 s;
    on EspAt "AT+UART_CUR" "3.1.11";
    on EspAt saved "AT+UART_DEF" "3.1.12";
    on Esp32V1 "AT+UART_CUR" "3.2.8";
    on Esp32V1 saved "AT+UART_DEF" "3.2.9";
    on Esp8266Idf "AT+UART_CUR" "2.7";
    on Esp8266Idf saved "AT+UART_DEF" "2.8";

    /// The same as [`SetUart`] with [`Saved`](crate::command::Saved), under its third name (`ESP32 v1 3.2.7`).
    set SetUartForGood {
        /// Bits per second, 80 to 5000000.
        pub baud_rate: u32 [80..=5_000_000],
        /// Data bits.
        pub data_bits: DataBits,
        /// Stop bits.
        pub stop_bits: StopBits,
        /// Parity.
        pub parity: Parity,
        /// Flow control.
        pub flow_control: FlowControl,
    } -> (), within 5 s;
    on Esp32V1 "AT+UART" "3.2.7";

    /// Sets the serial port until the next restart (`NONOS 3.2.7`). As [`SetUart`] but for the range of rates.
    ///
    /// With [`Saved`](crate::command::Saved) for good (`NONOS 3.2.8`).
    set SetUartNonos {
        /// Bits per second, 110 to 4608000. 115200 by factory default.
        pub baud_rate: u32 [110..=4_608_000],
        /// Data bits.
        pub data_bits: DataBits,
        /// Stop bits.
        pub stop_bits: StopBits,
        /// Parity.
        pub parity: Parity,
        /// Flow control.
        pub flow_control: FlowControl,
    } -> (), within 5 s;
    on Esp8266Nonos "AT+UART_CUR" "3.2.7";
    on Esp8266Nonos saved "AT+UART_DEF" "3.2.8";

    /// Asks for the settings of the serial port (`WizFi360 3.2.1.5`, `3.2.1.6`).
    query QueryWizFi360Uart -> WizFi360UartSettings, within 5 s;
    on WizFi360 "AT+UART_CUR" "3.2.1.5";
    on WizFi360 saved "AT+UART_DEF" "3.2.1.6";

    /// Sets the serial port until the next restart (`WizFi360 3.2.1.5`).
    ///
    /// With [`Saved`](crate::command::Saved) for good (`WizFi360 3.2.1.6`). By factory default 115200 baud, 8 data bits,
    /// 1 stop bit, no parity, no flow control.
    set SetWizFi360Uart {
        /// One of the module's rates.
        pub baud_rate: WizFi360BaudRate,
        /// Data bits.
        pub data_bits: DataBits,
        /// Stop bits.
        pub stop_bits: WizFi360StopBits,
        /// Parity.
        pub parity: Parity,
        /// Flow control.
        pub flow_control: WizFi360FlowControl,
    } -> (), within 5 s;
    on WizFi360 "AT+UART_CUR" "3.2.1.5";
    on WizFi360 saved "AT+UART_DEF" "3.2.1.6";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::EncodeError;
    use crate::command::Command;

    #[test]
    fn a_rate_out_of_range_is_not_sent() {
        for (baud_rate, expected) in [
            (79, Err(EncodeError::OutOfRange)),
            (80, Ok("AT+UART_CUR=80,8,3,2,0\r\n".len())),
            (5_000_001, Err(EncodeError::OutOfRange)),
        ] {
            let mut buffer = [0; 64];
            let mut line = Encoder::new(&mut buffer);
            let uart = SetUart {
                baud_rate,
                data_bits: DataBits::Eight,
                stop_bits: StopBits::Two,
                parity: Parity::Even,
                flow_control: FlowControl::Off,
            };
            uart.encode("AT+UART_CUR", &mut line);
            assert_eq!(line.finish(), expected, "{baud_rate}");
        }
    }

    #[test]
    fn rates_are_what_their_names_say() {
        for rate in [600, 460_800, 2_000_000] {
            assert_eq!(WizFi360BaudRate::from_rate(rate).map(WizFi360BaudRate::rate), Some(rate));
        }
        assert_eq!(WizFi360BaudRate::from_rate(406_800), None);
    }
}
