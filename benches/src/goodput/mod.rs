//! How much of the serial line's rate reaches the user, in virtual time.
//!
//! A simulated module stands at the other end of a paced line, with peers that send and take at once. Each figure is
//! payload over what the line could have carried in one direction meanwhile, in percent: a line that is always busy with
//! payload gives 100. Where both directions are in use, each carries the same amount, and the time is that of both.

mod bound;
mod case;
mod esp_at_nal;
mod measure;
mod plot;
mod reach;
mod snapshot;
mod table;
mod trace;

pub use bound::bound;
pub use case::{Case, Direction, Pace};
pub use measure::trace;
pub use plot::plot;
pub use reach::{Reach, reaches};
pub use snapshot::{Snapshot, TOLERANCE};
pub use table::{Cell, markdown};
pub use trace::Trace;
