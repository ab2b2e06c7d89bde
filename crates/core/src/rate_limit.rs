//! How often a key may be used: so many times in a window, by the generic cell rate algorithm.
//!
//! All that is remembered of a key is the moment at which its whole quota is there again. A use puts
//! that moment off by a part of the window, one over the limit; a use that would put it off by more
//! than a window is refused and puts nothing off. So whoever keeps to the limit is never refused, and
//! whoever does not gets no more than the limit at once and the limit in each window after that.
//!
//! Moments are counted in milliseconds times the limit, in which a part of the window is a whole
//! number: nothing is rounded, so nothing drifts.

use std::fmt;
use std::str::FromStr;

use crate::time::{Span, Uptime};

/// Largest number of uses in one window.
pub const LIMIT_MAX: u32 = 1_000_000;
/// Longest window.
pub const WINDOW_MAX: Span = Span::from_secs(86_400);

const MS: i64 = 1_000;
const SECOND_MS: u64 = 1_000;
/// Longest unit first.
const UNITS: [(u32, char); 4] = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];

/// So many uses in each window. Absent where there is one of these: as many as there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    limit: u32,
    window_seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRateLimit {
    #[error("a limit is from 1 to {LIMIT_MAX}")]
    Limit,
    #[error("a window is a whole number and a unit, from 1s to 24h")]
    Window,
    #[error("a rate limit is a limit and a window, such as 100/1m")]
    Shape,
}

/// What is left to a key at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub of: RateLimit,
    pub remaining: u32,
    /// Whole seconds until more remains; rounded up, so that nobody comes too early.
    pub more_in_seconds: u64,
}

impl RateLimit {
    pub fn new(limit: u32, window: Span) -> Result<Self, InvalidRateLimit> {
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(InvalidRateLimit::Limit);
        }
        let seconds = u32::try_from(window.micros() / (MS * MS));
        match seconds {
            Ok(seconds) if seconds >= 1 && window <= WINDOW_MAX => Ok(Self {
                limit,
                window_seconds: seconds,
            }),
            _ => Err(InvalidRateLimit::Window),
        }
    }

    /// A limit and a window in words, such as 100 and `1m`.
    pub fn parse(limit: u32, window: &str) -> Result<Self, InvalidRateLimit> {
        let window = window.parse().map_err(|_| InvalidRateLimit::Window)?;
        Self::new(limit, window)
    }

    pub fn limit(self) -> u32 {
        self.limit
    }

    pub fn window_seconds(self) -> u32 {
        self.window_seconds
    }

    /// A number and the longest unit that needs no fraction.
    pub fn window_text(self) -> String {
        let whole = UNITS
            .iter()
            .find(|(seconds, _)| self.window_seconds.is_multiple_of(*seconds));
        whole.map_or_else(String::new, |(seconds, unit)| {
            format!("{}{unit}", self.window_seconds / seconds)
        })
    }

    /// Whether it lets nobody do more than `other` does, in any window.
    pub fn is_within(self, other: Self) -> bool {
        let rate = u64::from(self.limit) * u64::from(other.window_seconds);
        let other_rate = u64::from(other.limit) * u64::from(self.window_seconds);
        self.limit <= other.limit && rate <= other_rate
    }

    fn window_ms(self) -> u64 {
        u64::from(self.window_seconds) * SECOND_MS
    }

    /// A moment in this limit's own measure.
    fn moment(self, at: Uptime) -> u64 {
        at.millis().saturating_mul(u64::from(self.limit))
    }

    /// How far off the whole quota is, in the same measure; never more than a window, whatever a
    /// limit with a longer one put it off by.
    fn debt(self, full_at: u64, at: Uptime) -> u64 {
        let debt = full_at.saturating_sub(self.moment(at));
        debt.min(self.window_ms() * u64::from(self.limit))
    }

    /// Uses once: the moment at which the whole quota is there again; None when nothing is left.
    pub fn spend(self, full_at: u64, at: Uptime) -> Option<u64> {
        let debt = self.debt(full_at, at) + self.window_ms();
        let is_left = debt <= self.window_ms() * u64::from(self.limit);
        is_left.then(|| self.moment(at).saturating_add(debt))
    }

    pub fn quota(self, full_at: u64, at: Uptime) -> Quota {
        let debt = self.debt(full_at, at);
        let used = debt.div_ceil(self.window_ms());
        let until_more = debt.saturating_sub(used.saturating_sub(1) * self.window_ms());
        let until_more_ms = until_more.div_ceil(u64::from(self.limit));
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        Quota {
            of: self,
            remaining: self.limit.saturating_sub(used),
            more_in_seconds: until_more_ms.div_ceil(SECOND_MS),
        }
    }

    /// The same moment in the measure of this limit, which takes the place of `before`.
    pub fn carry_over(self, before: Self, full_at: u64) -> u64 {
        let carried =
            u128::from(full_at) * u128::from(self.limit) / u128::from(before.limit.max(1));
        u64::try_from(carried).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.limit, self.window_text())
    }
}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    fn from_str(raw: &str) -> Result<Self, InvalidRateLimit> {
        let (limit, window) = raw.split_once('/').ok_or(InvalidRateLimit::Shape)?;
        if !limit.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidRateLimit::Shape);
        }
        let limit = limit.parse().map_err(|_| InvalidRateLimit::Limit)?;
        Self::parse(limit, window)
    }
}

#[cfg(test)]
mod tests;
