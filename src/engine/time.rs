//! The engine's own time. Small processors take several instructions for each step of 64-bit arithmetic, so that it has
//! 32 bits: moments wrap around, and are compared by their distance. Instants and durations become moments and spans
//! at the engine's border, and nowhere else.

use embassy_time::{Duration, Instant, TICK_HZ};

/// A unit is so many binary digits of a tick, between a half and a whole millisecond: a division would be a large
/// function for this alone.
const SHIFT: u32 = if TICK_HZ < 2000 { 0 } else { (TICK_HZ / 1000).ilog2() };

/// The longest span, with room for the rounding of a deadline.
const LONGEST: u32 = i32::MAX as u32 - 2;

/// The longest step that the clock makes, so that nothing due can come to lie in the future.
const LONGEST_STEP: u64 = 1 << 30;

/// A length of time in units, less than 2^31: 12 days or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Span(pub(super) u32);

impl Span {
    pub(crate) const ZERO: Self = Self(0);

    /// Rounded up. What is too long becomes the longest.
    pub(crate) const fn of(duration: Duration) -> Self {
        let ticks = duration.as_ticks();
        let units = (ticks >> SHIFT) + (ticks & ((1 << SHIFT) - 1) != 0) as u64;
        Self(if units > LONGEST as u64 { LONGEST } else { units as u32 })
    }

    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self::of(Duration::from_millis(millis))
    }

    /// The sum, or the longest.
    pub(super) const fn plus(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        Self(if sum > LONGEST { LONGEST } else { sum })
    }
}

/// A point in time, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moment(u32);

impl Moment {
    /// The deadline of what has none.
    pub(crate) const NEVER: Self = Self(0);

    pub(super) const fn is_never(self) -> bool {
        self.0 == Self::NEVER.0
    }

    /// The other one in place of never.
    pub(super) const fn or(self, other: Self) -> Self {
        if self.is_never() { other } else { self }
    }

    /// How far it is away: 0 if it is over, and more than any other for never.
    pub(super) const fn left(self, now: Self) -> u32 {
        let left = self.0.wrapping_sub(now.0);
        if self.is_never() {
            u32::MAX
        } else if left > i32::MAX as u32 {
            0
        } else {
            left
        }
    }

    /// The earlier of both.
    pub(super) const fn min(self, other: Self, now: Self) -> Self {
        if self.left(now) < other.left(now) { self } else { other }
    }

    /// Whether it has come.
    #[inline(never)]
    pub(super) const fn is_due(self, now: Self) -> bool {
        self.left(now) == 0
    }

    /// How long ago `earlier` was.
    pub(super) const fn since(self, earlier: Self) -> Span {
        Span(self.0.wrapping_sub(earlier.0))
    }

    const fn plus(self, units: u32) -> Self {
        let sum = self.0.wrapping_add(units);
        // Zero stands for something else.
        Self(if sum == 0 { 1 } else { sum })
    }
}

/// A deadline: not before `span` is over, and not at once, so that even none lets time pass.
#[inline(never)]
pub(crate) fn after(now: Moment, span: Span) -> Moment {
    // A part of the present unit is over already.
    let whole = if SHIFT > 0 { span.0 + 1 } else { span.0.max(1) };
    now.plus(whole)
}

/// Translates the shell's instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Units until the last instant that was told.
    units: u64,
    pub(super) now: Moment,
}

impl Clock {
    pub(super) const fn new() -> Self {
        Self { units: 0, now: Moment::NEVER }
    }

    /// It is so late now, and never earlier than it was.
    pub(super) fn set(&mut self, instant: Instant) {
        let units = instant.as_ticks() >> SHIFT;
        let step = units.saturating_sub(self.units);
        self.units += step;
        self.now = self.now.plus(step.min(LONGEST_STEP) as u32);
    }

    /// A number that is another one each time.
    pub(super) const fn units(&self) -> u64 {
        self.units
    }

    /// The instant that is so many units away.
    pub(super) const fn instant(&self, left: u32) -> Instant {
        Instant::from_ticks((self.units + left as u64) << SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_early_and_hardly_late() {
        let mut clock = Clock::new();
        for start in [0, 1, 511, 512, 999_999, u64::MAX >> 2] {
            for millis in [0, 1, 2, 10, 500, 86_400_000] {
                let begin = Instant::from_ticks(start);
                clock.set(begin);
                let deadline = after(clock.now, Span::from_millis(millis));
                let due = clock.instant(deadline.left(clock.now));
                assert!(due >= begin + Duration::from_millis(millis) && due > begin, "{start} {millis}");
                assert!(due <= begin + Duration::from_millis(millis + 2), "{start} {millis}");
                clock.set(due - Duration::from_ticks(1));
                assert!(!deadline.is_due(clock.now));
                clock.set(due);
                assert!(deadline.is_due(clock.now));
                clock = Clock::new();
            }
        }
    }

    #[test]
    fn a_long_pause_leaves_the_past_in_the_past() {
        let mut clock = Clock::new();
        clock.set(Instant::from_secs(5));
        let deadline = after(clock.now, Span::from_millis(1000));
        for days in [1, 13, 26, 100, 365] {
            let mut later = clock;
            later.set(Instant::from_secs(5 + days * 86_400));
            assert!(deadline.is_due(later.now), "{days}");
            assert!(!after(later.now, Span::of(Duration::MAX)).is_due(later.now));
        }
    }

    #[test]
    fn wraps_around() {
        let now = Moment(u32::MAX - 5);
        for units in 0..20 {
            let deadline = after(now, Span(units));
            assert!(deadline != Moment::NEVER && !deadline.is_due(now));
            assert!(deadline.is_due(now.plus(units + 3)));
        }
        assert!(!Moment::NEVER.is_due(now));
        assert_eq!(Moment::NEVER.left(now), u32::MAX);
    }
}
