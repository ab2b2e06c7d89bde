//! Times as people read them: near ones by their distance, others as a date. The exact time stands in
//! the title, and a script turns clock times into the reader's own zone.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use keyway_core::time::Timestamp;

use crate::answer::wire;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Days ahead that are still counted.
const DAYS_AHEAD_MAX: i64 = 120;

/// For a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For `datetime`.
    pub iso: String,
    /// For `title`.
    pub exact: String,
    pub words: String,
    /// Whether the words are a time of day, which differs from zone to zone.
    pub is_clock: bool,
}

pub(crate) fn utc(at: Timestamp) -> DateTime {
    Offset::UTC.to_datetime(wire::moment(at))
}

fn moment(at: Timestamp, words: String, is_clock: bool) -> Moment {
    Moment {
        iso: format!("{:.0}", wire::moment(at)),
        exact: utc(at).strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        words,
        is_clock,
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.micros().saturating_sub(from.micros()) / 1_000_000
}

/// How long ago.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> Moment {
    let words = match seconds(at, now) {
        ..MINUTE => "just now".to_owned(),
        it @ MINUTE..HOUR => format!("{} min ago", it / MINUTE),
        it @ HOUR..DAY => format!("{} h ago", it / HOUR),
        _ => date(at, now),
    };
    moment(at, words, false)
}

/// How long until then; what has passed is told by its date.
pub(crate) fn ahead(at: Timestamp, now: Timestamp) -> Moment {
    let words = match seconds(now, at) {
        ..=0 => date(at, now),
        it @ 1..HOUR => format!("in {} min", (it / MINUTE).max(1)),
        it @ HOUR..DAY => format!("in {} h", it / HOUR),
        it if it / DAY == 1 => "in 1 day".to_owned(),
        it if it / DAY <= DAYS_AHEAD_MAX => format!("in {} days", it / DAY),
        _ => date(at, now),
    };
    moment(at, words, false)
}

/// The time of day, with the date where that is another.
pub(crate) fn clock(at: Timestamp, now: Timestamp) -> Moment {
    let (then, today) = (utc(at), utc(now));
    let words = if then.date() == today.date() {
        format!("today, {}", then.strftime("%H:%M"))
    } else {
        format!("{}, {}", date(at, now), then.strftime("%H:%M"))
    };
    moment(at, words, true)
}

/// The day, with the year where that is another.
pub(crate) fn day(at: Timestamp, now: Timestamp) -> Moment {
    moment(at, date(at, now), false)
}

fn date(at: Timestamp, now: Timestamp) -> String {
    let (then, today) = (utc(at), utc(now));
    let form = if then.year() == today.year() {
        "%-d %b"
    } else {
        "%-d %b %Y"
    };
    then.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        wire::timestamp(text.parse().unwrap())
    }

    #[test]
    fn what_is_near_is_told_by_its_distance() {
        let now = at("2026-11-22T14:03:00Z");
        let words = |it: Moment| it.words;
        assert_eq!(words(ago(at("2026-11-22T14:02:30Z"), now)), "just now");
        assert_eq!(words(ago(at("2026-11-22T14:01:00Z"), now)), "2 min ago");
        assert_eq!(words(ago(at("2026-11-22T04:01:00Z"), now)), "10 h ago");
        assert_eq!(words(ago(at("2026-11-02T04:01:00Z"), now)), "2 Nov");
        assert_eq!(words(ago(at("2025-11-02T04:01:00Z"), now)), "2 Nov 2025");
        assert_eq!(words(ahead(at("2026-11-22T14:33:00Z"), now)), "in 30 min");
        assert_eq!(words(ahead(at("2026-11-28T23:59:59Z"), now)), "in 6 days");
        assert_eq!(words(ahead(at("2028-11-28T23:59:59Z"), now)), "28 Nov 2028");
    }

    #[test]
    fn a_time_of_day_names_its_day_and_is_exact_in_the_title() {
        let now = at("2026-11-22T14:03:00Z");
        let today = clock(at("2026-11-22T13:58:02Z"), now);
        assert_eq!(today.words, "today, 13:58");
        assert_eq!(today.exact, "2026-11-22 13:58:02 UTC");
        assert_eq!(today.iso, "2026-11-22T13:58:02Z");
        assert_eq!(
            clock(at("2026-11-21T17:04:19Z"), now).words,
            "21 Nov, 17:04"
        );
    }
}
