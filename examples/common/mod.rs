//! What the examples share: the way to a module, and how a step is shown.

mod line;
pub(crate) mod page;

use std::time::Instant;

pub(crate) use line::{HOST, Line, LineOptions};

/// Prints what has been done, each step with the time since the start.
pub(crate) struct Steps(Instant);

impl Steps {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Shows a step that has been done.
    pub(crate) fn done(&self, text: impl std::fmt::Display) {
        println!("{:9.3} s  {text}", self.0.elapsed().as_secs_f64());
    }
}
