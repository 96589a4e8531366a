//! The module's control pins.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin};

use crate::power::Level;

/// The pins that the driver may use, both optional.
///
/// With a reset pin the driver can bring the module back from any state. Without one it relies on `AT+RST`, which a
/// module that waits for the rest of some data takes for that data.
#[derive(Debug)]
pub struct Pins<R = NoPin, E = NoPin, W = NoPin> {
    reset: Option<R>,
    enable: Option<E>,
    /// With the level that wakes.
    wake: Option<(W, Level)>,
}

impl Pins {
    /// No pin at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { reset: None, enable: None, wake: None }
    }
}

impl<R: OutputPin> Pins<R> {
    /// A reset pin (`RST`, or `EN` of an ESP32 module): low resets.
    pub const fn reset(pin: R) -> Self {
        Self { reset: Some(pin), enable: None, wake: None }
    }
}

impl<R, E> Pins<R, E> {
    /// Adds an enable pin (`CH_PD`): set high when the runner starts, and left so.
    pub fn with_enable<P: OutputPin>(self, pin: P) -> Pins<R, P> {
        Pins { reset: self.reset, enable: Some(pin), wake: None }
    }

    /// Adds a pin that wakes the module from light sleep.
    pub(crate) fn with_wake<P: OutputPin>(self, pin: P, level: Level) -> Pins<R, E, P> {
        Pins { reset: self.reset, enable: self.enable, wake: Some((pin, level)) }
    }

    pub(crate) const fn has_reset(&self) -> bool {
        self.reset.is_some()
    }
}

impl<R: OutputPin, E: OutputPin, W: OutputPin> Pins<R, E, W> {
    /// Low while `asserted`. A pin that fails is as good as none: the driver notices that the module does not answer.
    pub(crate) fn set_reset(&mut self, asserted: bool) {
        if let Some(pin) = &mut self.reset {
            let _ = if asserted { pin.set_low() } else { pin.set_high() };
        }
    }

    /// At the level that wakes while `asserted`.
    pub(crate) fn set_wake(&mut self, asserted: bool) {
        if let Some((pin, level)) = &mut self.wake {
            let high = asserted == (*level == Level::High);
            let _ = if high { pin.set_high() } else { pin.set_low() };
        }
    }

    pub(crate) fn enable(&mut self) {
        if let Some(pin) = &mut self.enable {
            let _ = pin.set_high();
        }
    }
}

/// Stands for a pin that is not connected.
#[derive(Debug, Clone, Copy)]
pub enum NoPin {}

impl ErrorType for NoPin {
    type Error = Infallible;
}

impl OutputPin for NoPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        match *self {}
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}
