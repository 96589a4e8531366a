//! The memory that the driver works in, and the way into it.

use core::cell::RefCell;
use core::task::Poll;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};

use crate::engine::{Core, Engine, MAX_LINKS};
use crate::runner::Shared;

/// All the memory of a driver: the engine's state and the rings of its sockets.
///
/// - `LINKS`: sockets that may exist at the same time, 1 to 5. A module has 5 links.
/// - `RX`, `TX`: bytes of each socket's receive and send ring. Larger rings mean fewer commands for the same data:
///   2048 is as much as one command carries.
/// - `READ`: bytes that are read from the serial port in one piece. More cost less each where the port has them.
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
pub struct Resources<
    const LINKS: usize,
    const RX: usize,
    const TX: usize,
    const READ: usize = 256,
    M: RawMutex = CriticalSectionRawMutex,
> {
    guarded: Guarded<LINKS, RX, TX, M>,
    /// On their way from the serial port, and to it. Only the runner touches them.
    read: [u8; READ],
    write: [u8; WRITE],
}

/// Bytes that are handed to the serial port in one piece.
const WRITE: usize = 256;

struct Guarded<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex>(
    Mutex<M, RefCell<Inner<LINKS, RX, TX>>>,
);

struct Inner<const LINKS: usize, const RX: usize, const TX: usize> {
    core: Core,
    received: [[u8; RX]; LINKS],
    to_send: [[u8; TX]; LINKS],
}

impl<const LINKS: usize, const RX: usize, const TX: usize, const READ: usize, M: RawMutex>
    Resources<LINKS, RX, TX, READ, M>
{
    /// Empty resources. Does not compile with sizes that cannot work.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(LINKS >= 1 && LINKS <= MAX_LINKS, "a module has 1 to 5 links") };
        const { assert!(RX >= 64 && TX >= 16, "the rings are too small") };
        const { assert!(READ >= 16, "the serial port is read in pieces of 16 bytes or more") };
        Self {
            guarded: Guarded(Mutex::new(RefCell::new(Inner {
                core: Core::new(),
                received: [[0; RX]; LINKS],
                to_send: [[0; TX]; LINKS],
            }))),
            read: [0; READ],
            write: [0; WRITE],
        }
    }
}

impl<const LINKS: usize, const RX: usize, const TX: usize, const READ: usize, M: RawMutex> Default
    for Resources<LINKS, RX, TX, READ, M>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const LINKS: usize, const RX: usize, const TX: usize, const READ: usize, M: RawMutex> core::fmt::Debug
    for Resources<LINKS, RX, TX, READ, M>
{
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Resources").finish_non_exhaustive()
    }
}

/// A way to the engine that carries neither sizes nor the mutex in its type.
pub(crate) trait Access: Sync {
    /// Has `visitor` see the engine. Not to be nested.
    fn with(&self, visitor: &mut dyn Visit);
}

/// What a closure is to those who do not know its type. `dyn FnMut` would bring two functions more for each.
pub(crate) trait Visit {
    fn visit(&mut self, engine: &mut Engine<'_>);
}

/// A closure, and what it has given.
struct Visitor<F, T> {
    f: F,
    out: T,
}

impl<F: FnMut(&mut Engine<'_>) -> T, T> Visit for Visitor<F, T> {
    fn visit(&mut self, engine: &mut Engine<'_>) {
        self.out = (self.f)(engine);
    }
}

impl<const LINKS: usize, const RX: usize, const TX: usize, M: RawMutex + Sync> Access for Guarded<LINKS, RX, TX, M> {
    fn with(&self, visitor: &mut dyn Visit) {
        self.0.lock(|inner| {
            // Never nested, so never refused.
            if let Ok(mut inner) = inner.try_borrow_mut() {
                let Inner { core, received, to_send } = &mut *inner;
                if core.is_started() {
                    visitor.visit(&mut Engine::new(core, received, to_send));
                }
            }
        });
    }
}

/// [`Resources`] of any size.
pub trait Memory: sealed::Sealed {}

impl<const LINKS: usize, const RX: usize, const TX: usize, const READ: usize, M: RawMutex + Sync> Memory
    for Resources<LINKS, RX, TX, READ, M>
{
}

/// What the runner gets of the resources.
#[derive(Debug)]
#[allow(unnameable_types, reason = "in the signature of a sealed trait")]
pub struct Working<'a> {
    pub(crate) access: Shared<'a>,
    pub(crate) input: Chunk<'a>,
    pub(crate) output: Chunk<'a>,
}

/// Bytes on their way that outlive a dropped future.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a> Chunk<'a> {
    const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, start: 0, end: 0 }
    }

    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

pub(crate) mod sealed {
    use super::{Chunk, RawMutex, Resources, Shared, Working};
    use crate::config::Config;
    use crate::dialect::Profile;

    pub trait Sealed {
        #[allow(private_interfaces, reason = "sealed: nobody outside can name it")]
        fn start(&mut self, profile: &'static Profile, config: Config, has_reset_pin: bool) -> Working<'_>;
    }

    impl<const LINKS: usize, const RX: usize, const TX: usize, const READ: usize, M: RawMutex + Sync> Sealed
        for Resources<LINKS, RX, TX, READ, M>
    {
        #[allow(private_interfaces, reason = "sealed: nobody outside can name it")]
        fn start(&mut self, profile: &'static Profile, config: Config, has_reset_pin: bool) -> Working<'_> {
            let Self { guarded, read, write } = self;
            guarded.0.lock(|inner| {
                if let Ok(mut inner) = inner.try_borrow_mut() {
                    inner.core.start(profile, &config, LINKS, has_reset_pin);
                }
            });
            Working { access: Shared(guarded), input: Chunk::new(read), output: Chunk::new(write) }
        }
    }
}

/// Shortcuts for closures that give something back.
pub(crate) trait AccessExt {
    /// What `f` gives, or the default if it could not run.
    fn get<T: Default>(&self, f: impl FnMut(&mut Engine<'_>) -> T) -> T;

    /// For futures: what `f` gives.
    fn poll<T>(&self, f: impl FnMut(&mut Engine<'_>) -> Poll<T>) -> Poll<T>;
}

impl AccessExt for dyn Access + '_ {
    fn get<T: Default>(&self, f: impl FnMut(&mut Engine<'_>) -> T) -> T {
        let mut visitor = Visitor { f, out: T::default() };
        self.with(&mut visitor);
        visitor.out
    }

    fn poll<T>(&self, f: impl FnMut(&mut Engine<'_>) -> Poll<T>) -> Poll<T> {
        let mut visitor = Visitor { f, out: Poll::Pending };
        self.with(&mut visitor);
        visitor.out
    }
}
