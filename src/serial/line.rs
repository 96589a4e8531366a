//! The baud rate and flow control of the line.

use core::fmt;

use crate::command::basic::FlowControl;

/// How the module is to use the serial line: 8 data bits, no parity, 1 stop bit, and what is chosen here.
///
/// The driver tells the module (`AT+UART_CUR`, `ESP-AT 3.1.11`), which keeps it until its next restart, each time that
/// it brings the module up. Then it sets the port to the same rate and probes; where the module is not heard at the new
/// rate, both go back to the old one and [`Event::BaudRateFailed`](crate::Event::BaudRateFailed) tells.
///
/// A module that is silent at the first rate is also looked for at the other, so that it is found where its flash holds
/// the higher rate, or where only the host has restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Line {
    pub(crate) initial: u32,
    pub(crate) baud_rate: u32,
    pub(crate) flow_control: FlowControl,
}

impl Line {
    /// A port that was opened at `baud_rate`, the one that the module has after a restart. Without flow control, and no
    /// other rate is wanted.
    #[must_use]
    pub const fn new(baud_rate: u32) -> Self {
        Self { initial: baud_rate, baud_rate, flow_control: FlowControl::Off }
    }

    /// The rate that the line is to have. ESP modules take 80 to 5000000 baud, a WizFi360 those of
    /// [`WizFi360BaudRate`](crate::command::basic::WizFi360BaudRate).
    #[must_use]
    pub const fn raised_to(mut self, baud_rate: u32) -> Self {
        self.baud_rate = baud_rate;
        self
    }

    /// Turns the module's flow control on. The lines have to be wired, and the port set up for it. A WizFi360 has only
    /// both or none.
    #[must_use]
    pub const fn flow_control(mut self, flow_control: FlowControl) -> Self {
        self.flow_control = flow_control;
        self
    }
}

/// The serial port does not have this rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UnsupportedRate;

impl fmt::Display for UnsupportedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the serial port does not have this baud rate")
    }
}

impl core::error::Error for UnsupportedRate {}

/// Why the line goes on at its old rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LineError {
    /// The driver has been given no way to set the port's rate: see [`Split::with_line`](super::Split::with_line).
    FixedLine,
    /// No module has such a rate (80 to 5000000 baud), or not this kind of flow control. Nothing was sent.
    Invalid,
    /// The serial port does not have the rate. Nothing was sent.
    UnsupportedByPort,
    /// There are sockets, and what they receive meanwhile could be damaged: close them first. Nothing was sent.
    SocketsOpen,
    /// The module has refused it.
    Refused,
    /// The module was not heard at the new rate, and both are back at the old one.
    NotHeard,
    /// The module does not answer at all. It is told once it does.
    ModuleSilent,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FixedLine => "the driver cannot set the rate of the serial port",
            Self::Invalid => "no module has such a baud rate or flow control",
            Self::UnsupportedByPort => "the serial port does not have this baud rate",
            Self::SocketsOpen => "there are sockets, which could lose data",
            Self::Refused => "the module has refused the baud rate",
            Self::NotHeard => "the module was not heard at the new baud rate",
            Self::ModuleSilent => "the module does not answer",
        })
    }
}

impl core::error::Error for LineError {}

/// Sets the rate of a serial port that is in use.
pub trait SetBaudRate {
    /// Whether it ever can be set.
    const ADJUSTABLE: bool;

    /// Sets the rate of both directions, between two bytes. What is still in the port's transmit buffer may be lost; the
    /// driver calls this when there is nothing.
    ///
    /// # Errors
    /// If the port does not have the rate. It keeps the old one.
    fn set_baud_rate(&mut self, baud_rate: u32) -> Result<(), UnsupportedRate>;
}

/// What a serial port can do about its rate: [`FixedLine`] or [`Adjustable`].
pub trait PortLine<P> {
    /// Whether the driver has a say in the line at all.
    const ADJUSTABLE: bool;

    /// How the module is to use the line, where the driver has a say in it.
    fn line(&self) -> Option<Line>;

    /// Sets the port's rate.
    ///
    /// # Errors
    /// If the port does not have the rate. It keeps the old one.
    fn set(&mut self, port: &mut P, baud_rate: u32) -> Result<(), UnsupportedRate>;
}

/// Nothing: whatever the module's baud rate is, it stays, and so does its flow control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedLine;

impl<P> PortLine<P> for FixedLine {
    const ADJUSTABLE: bool = false;

    fn line(&self) -> Option<Line> {
        None
    }

    fn set(&mut self, _: &mut P, _: u32) -> Result<(), UnsupportedRate> {
        Err(UnsupportedRate)
    }
}

/// A [`Line`], and a function that sets the port's rate.
#[derive(Clone, Copy)]
pub struct Adjustable<F> {
    line: Line,
    set: F,
}

impl<F> Adjustable<F> {
    pub(crate) const fn new(line: Line, set: F) -> Self {
        Self { line, set }
    }
}

impl<F> fmt::Debug for Adjustable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adjustable").field("line", &self.line).finish_non_exhaustive()
    }
}

impl<P, F: FnMut(&mut P, u32) -> Result<(), UnsupportedRate>> PortLine<P> for Adjustable<F> {
    const ADJUSTABLE: bool = true;

    fn line(&self) -> Option<Line> {
        Some(self.line)
    }

    fn set(&mut self, port: &mut P, baud_rate: u32) -> Result<(), UnsupportedRate> {
        (self.set)(port, baud_rate)
    }
}

/// For [`Split::with_line`](super::Split::with_line), where flow control is to be set and the port's rate cannot be.
///
/// # Errors
/// Always.
pub fn fixed_rate<P>(_: &mut P, _: u32) -> Result<(), UnsupportedRate> {
    Err(UnsupportedRate)
}
