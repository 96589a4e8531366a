//! The memory that the driver works in, and the way into it.

use core::cell::RefCell;
use core::task::Poll;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};

use crate::engine::{Core, Engine, MAX_LINKS};

/// All the memory of a driver: the engine's state and the rings of its sockets.
///
/// - `LINKS`: sockets that may exist at the same time, 1 to 5. A module has 5 links.
/// - `RX`, `TX`: bytes of each socket's receive and send ring. Larger rings mean fewer commands for the same data:
///   2048 is as much as one command carries.
/// - `M`: what guards it. The default disables interrupts for the time of a short copy, and suits any executor;
///   [`ThreadModeRawMutex`](embassy_sync::blocking_mutex::raw) does without on a single core without interrupt
///   executors.
///
/// ```
/// use wifi_at::Resources;
/// static RESOURCES: static_cell::StaticCell<Resources<2, 2048, 1024>> = static_cell::StaticCell::new();
/// let resources = RESOURCES.init(Resources::new());
/// # let _ = resources;
/// ```
pub struct Resources<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex = CriticalSectionRawMutex> {
    inner: Mutex<M, RefCell<Inner<LINKS, RX, TX>>>,
}

struct Inner<const LINKS: usize, const RX: usize, const TX: usize> {
    state: State,
    received: [[u8; RX]; LINKS],
    to_send: [[u8; TX]; LINKS],
}

/// The engine, once the driver has been started.
///
/// Before that it is all zeros, so that a static of these resources takes no room in flash.
#[repr(u8)]
#[allow(clippy::large_enum_variant, reason = "it becomes the large one in place")]
enum State {
    Unused = 0,
    Started(Core) = 1,
}

impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex> Resources<LINKS, RX, TX, M> {
    /// Empty resources. Does not compile with sizes that cannot work.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(LINKS >= 1 && LINKS <= MAX_LINKS, "a module has 1 to 5 links") };
        const { assert!(RX >= 64 && TX >= 16, "the rings are too small") };
        Self {
            inner: Mutex::new(RefCell::new(Inner {
                state: State::Unused,
                received: [[0; RX]; LINKS],
                to_send: [[0; TX]; LINKS],
            })),
        }
    }
}

impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex> Default for Resources<LINKS, RX, TX, M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex> core::fmt::Debug
    for Resources<LINKS, RX, TX, M>
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Resources").finish_non_exhaustive()
    }
}

/// A way to the engine that carries neither sizes nor the mutex in its type.
pub(crate) trait Access: Sync {
    /// Runs `f` with the engine. Not to be nested.
    fn with(&self, f: &mut dyn FnMut(&mut Engine<'_>));
}

impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex + Sync> Access for Resources<LINKS, RX, TX, M> {
    fn with(&self, f: &mut dyn FnMut(&mut Engine<'_>)) {
        self.inner.lock(|inner| {
            // Never nested, so never refused.
            if let Ok(mut inner) = inner.try_borrow_mut() {
                let Inner { state, received, to_send } = &mut *inner;
                if let State::Started(core) = state {
                    f(&mut Engine::new(core, received, to_send));
                }
            }
        });
    }
}

/// [`Resources`] of any size.
pub trait Memory: sealed::Sealed {}

impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex + Sync> Memory for Resources<LINKS, RX, TX, M> {}

pub(crate) mod sealed {
    use super::{Access, Core, RawMutex, Resources, State};
    use crate::config::Config;
    use crate::dialect::Profile;

    pub trait Sealed {
        #[allow(private_interfaces, reason = "sealed: nobody outside can name it")]
        fn start(&mut self, profile: &'static Profile, config: Config, has_reset_pin: bool) -> &dyn Access;
    }

    impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex + Sync> Sealed for Resources<LINKS, RX, TX, M> {
        #[allow(private_interfaces, reason = "sealed: nobody outside can name it")]
        fn start(&mut self, profile: &'static Profile, config: Config, has_reset_pin: bool) -> &dyn Access {
            self.inner.lock(|inner| {
                if let Ok(mut inner) = inner.try_borrow_mut() {
                    inner.state = State::Started(Core::new(profile, config, LINKS, has_reset_pin));
                }
            });
            self
        }
    }
}

/// Shortcuts for closures that give something back.
pub(crate) trait AccessExt {
    /// What `f` gives, or the default if it could not run.
    fn get<T: Default>(&self, f: impl FnOnce(&mut Engine<'_>) -> T) -> T;

    /// For futures: what `f` gives.
    fn poll<T>(&self, f: impl FnOnce(&mut Engine<'_>) -> Poll<T>) -> Poll<T>;
}

impl AccessExt for dyn Access + '_ {
    fn get<T: Default>(&self, f: impl FnOnce(&mut Engine<'_>) -> T) -> T {
        let mut f = Some(f);
        let mut out = T::default();
        self.with(&mut |engine| {
            if let Some(f) = f.take() {
                out = f(engine);
            }
        });
        out
    }

    fn poll<T>(&self, f: impl FnOnce(&mut Engine<'_>) -> Poll<T>) -> Poll<T> {
        let mut f = Some(f);
        let mut out = Poll::Pending;
        self.with(&mut |engine| {
            if let Some(f) = f.take() {
                out = f(engine);
            }
        });
        out
    }
}
