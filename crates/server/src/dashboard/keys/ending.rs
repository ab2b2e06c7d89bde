//! Until when a key works, in the words of a list and of a key's page.

use keyway_core::key::{Key, KeyState, KeyStatus, Lifetime};
use keyway_core::time::{Span, Timestamp};

use super::super::moments::{self, Moment};
use super::desk::Desk;

/// From then on a list warns.
const SOON: Span = Span::from_secs(7 * 24 * 60 * 60);
/// Width of the bar beside the time that is left.
const BAR: i64 = 96;

#[derive(Clone, Debug)]
pub(crate) enum Ending {
    Never,
    At(Moment),
    Soon(Moment),
    /// An old key beside its successor.
    Left {
        words: String,
        exact: Moment,
        /// Of the bar.
        width: i64,
    },
    Revoked {
        at: Moment,
        by: String,
    },
}

/// A replaced key that still works.
pub(crate) fn is_outgoing(key: &Key, now: Timestamp) -> bool {
    key.successor.is_some() && key.status(now) == KeyStatus::Active
}

impl Ending {
    /// `rotated_at` is when the key's successor was made.
    pub(crate) fn of(desk: &Desk, key: &Key, rotated_at: Option<Timestamp>) -> Self {
        let now = desk.now();
        if let KeyState::Revoked(revocation) = &key.state {
            return Self::Revoked {
                at: moments::ago(revocation.at, now),
                by: desk.person(&revocation.by),
            };
        }
        match key.lifetime {
            Lifetime::Forever => Self::Never,
            Lifetime::Until(end) if is_outgoing(key, now) => Self::Left {
                words: format!("{} left", span_words(end.micros() - now.micros())),
                exact: moments::ahead(end, now),
                width: bar(rotated_at, end, now),
            },
            Lifetime::Until(end) if end > now && end <= now.plus(SOON) => {
                Self::Soon(moments::ahead(end, now))
            }
            Lifetime::Until(end) => Self::At(moments::ahead(end, now)),
        }
    }
}

/// The part of the grace that is left; all of it where nobody knows when it began.
fn bar(began: Option<Timestamp>, end: Timestamp, now: Timestamp) -> i64 {
    let whole = began.map_or(0, |began| end.micros() - began.micros());
    if whole <= 0 {
        return BAR;
    }
    let left = (end.micros() - now.micros()).clamp(0, whole);
    (left / (whole / BAR).max(1)).clamp(1, BAR)
}

/// `23 h 12 min`, `6 days`.
pub(crate) fn span_words(micros: i64) -> String {
    let minutes = micros.max(0) / 60_000_000;
    match (minutes / 60, minutes % 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) if hours < 48 => format!("{hours} h"),
        (hours, minutes) if hours < 48 => format!("{hours} h {minutes} min"),
        (hours, _) => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_two_units_at_most() {
        let words = |minutes: i64| span_words(minutes * 60_000_000);
        assert_eq!(words(0), "less than a minute");
        assert_eq!(words(59), "59 min");
        assert_eq!(words(60), "1 h");
        assert_eq!(words(23 * 60 + 12), "23 h 12 min");
        assert_eq!(words(7 * 24 * 60), "7 days");
    }

    #[test]
    fn the_bar_is_as_long_as_what_is_left() {
        let at = |secs: u32| Timestamp::from_micros(0).plus(Span::from_secs(secs));
        assert_eq!(bar(Some(at(0)), at(96), at(0)), 96);
        assert_eq!(bar(Some(at(0)), at(96), at(48)), 48);
        assert_eq!(bar(Some(at(0)), at(96), at(96)), 1);
        assert_eq!(bar(None, at(96), at(5)), 96);
    }
}
